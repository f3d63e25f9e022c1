// SPDX-License-Identifier: Apache-2.0
//
// The Walsh-Hadamard rotation: spreads outliers of an activation over its channels, and leaves the product with a rotated weight as it was.
//
//   x W^T = (x D H) (W D H)^T      H: Sylvester's Hadamard matrix / sqrt(block), once per block of the row; D: signs, or 1
//
// H is symmetric and its own inverse, D too; so one rotation serves activation and weight, and its reverse is H, then D. Sums and
// differences are taken in FP32 in log2(block) stages, then scaled once: the same bits in every build and with any executor.
// A NaN or an Inf reaches its whole block. Used like this by QuaRot (arXiv:2404.00456) and SpinQuant (arXiv:2405.16406).
// Not here: Hadamard matrices of sizes that are not powers of two.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/precision/executor.hpp"

namespace quantroof {

/// What D is.
enum class hadamard_signs : std::uint8_t {
  none,   // 1
  random  // +1 or -1 for each column, from the seed
};

struct hadamard_options {
  std::size_t block =
      0;  // columns that are rotated together, a power of two; 0: the largest that divides the row
  hadamard_signs signs = hadamard_signs::none;
  std::uint64_t seed =
      0;  // read with hadamard_signs::random only; activation and weight need the same one
};

/// The largest power of two that divides the number of columns; 1 for odd numbers, which cannot be rotated.
///
/// requires  cols > 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::size_t largest_hadamard_block(std::size_t cols) {
  detail::expects(cols > 0, "largest_hadamard_block: needs at least one column");
  return std::size_t{1} << static_cast<unsigned>(std::countr_zero(cols));
}

namespace detail {

inline constexpr name_table<hadamard_signs, 2> hadamard_signs_names{{
    {hadamard_signs::none, "none"},
    {hadamard_signs::random, "random"},
}};
static_assert(names_are_complete(hadamard_signs_names));

/// The sign bits of 64 columns: output number `index` of SplitMix64 (Steele, Lea, Flood 2014) started from the seed.
[[nodiscard]] constexpr std::uint64_t sign_word(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// The signs of all columns as masks for a float's bits.
[[nodiscard]] constexpr std::vector<std::uint32_t> sign_masks(std::size_t cols,
                                                              const hadamard_options& options) {
  std::vector<std::uint32_t> masks(cols, 0U);
  for (std::size_t c = 0; options.signs == hadamard_signs::random && c < cols; ++c) {
    const std::uint64_t word = sign_word(options.seed, c / 64);
    masks[c] = ((word >> (c % 64)) & 1U) != 0 ? 0x80000000U : 0U;
  }
  return masks;
}

/// Eight consecutive values: one or two vector registers.
struct alignas(32) hadamard_group {
  std::array<float, 8> lanes{};
};

/// Sylvester's matrix of 8, row by row.
inline constexpr std::array<hadamard_group, 8> hadamard_8 = [] {
  std::array<hadamard_group, 8> h{};
  for (unsigned i = 0; i < 8; ++i) {
    for (unsigned j = 0; j < 8; ++j) {
      h[i].lanes[j] = std::popcount(i & j) % 2 == 0 ? 1.0F : -1.0F;
    }
  }
  return h;
}();

/// The three stages inside a group, as a product with the matrix: products with 1 and -1 are exact, and vectors need no shuffles.
constexpr void rotate_group(hadamard_group& group) {
  const std::array<float, 8> x = group.lanes;
  const auto& h = hadamard_8;
  hadamard_group sums;
  for (std::size_t l = 0; l < 8; ++l) {
    const float even = (x[0] * h[0].lanes[l] + x[4] * h[4].lanes[l]) +
                       (x[2] * h[2].lanes[l] + x[6] * h[6].lanes[l]);
    const float odd = (x[1] * h[1].lanes[l] + x[5] * h[5].lanes[l]) +
                      (x[3] * h[3].lanes[l] + x[7] * h[7].lanes[l]);
    sums.lanes[l] = even + odd;
  }
  group = sums;
}

/// Two stages of the four groups at distance `step`.
constexpr void rotate_four(hadamard_group* v, std::size_t step) {
  hadamard_group s0;
  hadamard_group s1;
  hadamard_group s2;
  hadamard_group s3;
  for (std::size_t l = 0; l < 8; ++l) {
    const float sum0 = v[0].lanes[l] + v[step].lanes[l];
    const float difference0 = v[0].lanes[l] - v[step].lanes[l];
    const float sum1 = v[2 * step].lanes[l] + v[3 * step].lanes[l];
    const float difference1 = v[2 * step].lanes[l] - v[3 * step].lanes[l];
    s0.lanes[l] = sum0 + sum1;
    s1.lanes[l] = difference0 + difference1;
    s2.lanes[l] = sum0 - sum1;
    s3.lanes[l] = difference0 - difference1;
  }
  v[0] = s0;
  v[step] = s1;
  v[2 * step] = s2;
  v[3 * step] = s3;
}

/// One stage of the two groups at distance `step`.
constexpr void rotate_two(hadamard_group* v, std::size_t step) {
  hadamard_group sum;
  hadamard_group difference;
  for (std::size_t l = 0; l < 8; ++l) {
    sum.lanes[l] = v[0].lanes[l] + v[step].lanes[l];
    difference.lanes[l] = v[0].lanes[l] - v[step].lanes[l];
  }
  v[0] = sum;
  v[step] = difference;
}

/// The stages across groups of a block of 8, 16, 32 ... values, in place, not scaled.
constexpr void rotate_groups(hadamard_group* v, std::size_t groups) {
  std::size_t step = 1;
  for (; 4 * step <= groups; step *= 4) {
    for (std::size_t first = 0; first < groups; first += 4 * step) {
      for (std::size_t i = first; i < first + step; ++i) {
        rotate_four(v + i, step);
      }
    }
  }
  for (std::size_t i = 0; 2 * step <= groups && i < step; ++i) {
    rotate_two(v + i, step);
  }
}

[[nodiscard]] constexpr float with_sign(float x, std::uint32_t mask) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) ^ mask);
}

constexpr void load_block(const float* from, const std::uint32_t* signs, hadamard_group* to,
                          std::size_t groups) {
  for (std::size_t i = 0; i < groups; ++i) {
    hadamard_group group;
    for (std::size_t l = 0; l < 8; ++l) {
      group.lanes[l] = with_sign(from[8 * i + l], signs[8 * i + l]);
    }
    rotate_group(group);
    to[i] = group;
  }
}

constexpr void store_block(const hadamard_group* from, const std::uint32_t* signs, float scale,
                           float* to, std::size_t groups) {
  for (std::size_t i = 0; i < groups; ++i) {
    hadamard_group group;
    for (std::size_t l = 0; l < 8; ++l) {
      group.lanes[l] = with_sign(from[i].lanes[l] * scale, signs[8 * i + l]);
    }
    for (std::size_t l = 0; l < 8; ++l) {
      to[8 * i + l] = group.lanes[l];
    }
  }
}

/// All of a block of 2 or 4 values.
constexpr void rotate_few(const float* from, const std::uint32_t* before,
                          const std::uint32_t* after, float scale, float* to, std::size_t block) {
  std::array<float, 4> x{};
  for (std::size_t i = 0; i < block; ++i) {
    x[i] = with_sign(from[i], before[i]);
  }
  const std::array<float, 4> y{x[0] + x[1], x[0] - x[1], x[2] + x[3], x[2] - x[3]};
  for (std::size_t i = 0; i < block; ++i) {
    const float other = y[(i + 2) % 4];
    const float value = block == 2 ? y[i] : (i < 2 ? y[i] + other : other - y[i]);
    to[i] = with_sign(value * scale, after[i]);
  }
}

enum class hadamard_direction : std::uint8_t { forward, backward };

template <Executor E>
constexpr void hadamard(matrix_view<const float> x, matrix_view<float> out,
                        const hadamard_options& options, hadamard_direction direction,
                        const E& executor) {
  expects(out.rows() == x.rows() && out.cols() == x.cols(), "hadamard: out must be as large as x");
  if (x.empty()) {
    return;
  }
  const std::size_t block = options.block > 0 ? options.block : largest_hadamard_block(x.cols());
  expects(block >= 2 && std::has_single_bit(block) && x.cols() % block == 0,
          "hadamard: the block must be a power of two of at least 2 that divides the columns");
  const std::vector<std::uint32_t> masks = sign_masks(x.cols(), options);
  const auto scale = static_cast<float>(1.0 / sqrt(static_cast<double>(block)));
  const bool forward = direction == hadamard_direction::forward;
  const std::vector<std::uint32_t> none(x.cols(), 0U);
  const std::uint32_t* const before = (forward ? masks : none).data();
  const std::uint32_t* const after = (forward ? none : masks).data();
  const auto rotate = [&](std::size_t first, std::size_t last) {
    std::vector<hadamard_group> buffer(block / 8);
    for (std::size_t r = first; r < last; ++r) {
      const float* const in = x.row(r).data();
      float* const to = out.row(r).data();
      for (std::size_t start = 0; start < x.cols(); start += block) {
        if (block < 8) {
          rotate_few(in + start, before + start, after + start, scale, to + start, block);
        } else {
          load_block(in + start, before + start, buffer.data(), block / 8);
          rotate_groups(buffer.data(), block / 8);
          store_block(buffer.data(), after + start, scale, to + start, block / 8);
        }
      }
    }
  };
  for_each_range(executor, x.rows(), rows_per_part(x.cols() * sizeof(float)), rotate);
}

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(hadamard_signs s) {
  return detail::name_of(detail::hadamard_signs_names, s);
}
[[nodiscard]] constexpr std::optional<hadamard_signs> find_hadamard_signs(std::string_view name) {
  return detail::find_name(detail::hadamard_signs_names, name);
}

/// Every row of x, rotated: x D H. For activations [tokens, k] and, folded in once, for weights [n, k]. out may be x.
///
/// shapes    x, out [rows, k]
/// formula   block by block of the row: multiply by the signs, by Sylvester's matrix (-1)^popcount(i & j), by 1 / sqrt(block)
/// requires  the block a power of two of at least 2 that divides k; |x| at most FLT_MAX / block, else sums may become infinite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <Executor E = serial_executor>
constexpr void hadamard_rotate(matrix_view<const float> x, matrix_view<float> out,
                               const hadamard_options& options = {}, const E& executor = {}) {
  detail::hadamard(x, out, options, detail::hadamard_direction::forward, executor);
}

/// What hadamard_rotate did, undone but for rounding: x H D. out may be x.
///
/// shapes    x, out [rows, k]
/// requires  as hadamard_rotate, with the same options
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <Executor E = serial_executor>
constexpr void hadamard_rotate_back(matrix_view<const float> x, matrix_view<float> out,
                                    const hadamard_options& options = {}, const E& executor = {}) {
  detail::hadamard(x, out, options, detail::hadamard_direction::backward, executor);
}

}  // namespace quantroof

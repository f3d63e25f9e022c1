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

/// One stage: sums of neighbours into the first half, differences into the second. After log2(block) stages every bit of the index
/// has been the lowest one once and is back in its place. The loop is the same in all stages, which is what makes it fast.
constexpr void hadamard_stage(const float* from, float* to, std::size_t half) {
  for (std::size_t i = 0; i < half; ++i) {
    const float a = from[2 * i];
    const float b = from[2 * i + 1];
    to[i] = a + b;
    to[half + i] = a - b;
  }
}

enum class hadamard_direction : std::uint8_t { forward, backward };

/// Rotates one block: `values` in, `values` or `other` out; returns which.
[[nodiscard]] constexpr float* hadamard_block(float* values, float* other, std::size_t block) {
  for (std::size_t size = block; size > 1; size /= 2) {
    hadamard_stage(values, other, block / 2);
    float* const result = other;
    other = values;
    values = result;
  }
  return values;
}

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
  const auto rotate = [&](std::size_t first, std::size_t last) {
    std::vector<float> buffer(2 * block, 0.0F);
    for (std::size_t r = first; r < last; ++r) {
      for (std::size_t start = 0; start < x.cols(); start += block) {
        const float* const in = x.row(r).data() + start;
        const std::uint32_t* const signs = masks.data() + start;
        float* const values = buffer.data();
        for (std::size_t i = 0; i < block; ++i) {
          const std::uint32_t sign = forward ? signs[i] : 0U;
          values[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(in[i]) ^ sign);
        }
        const float* const rotated = hadamard_block(values, values + block, block);
        float* const to = out.row(r).data() + start;
        for (std::size_t i = 0; i < block; ++i) {
          const std::uint32_t sign = forward ? 0U : signs[i];
          to[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(rotated[i] * scale) ^ sign);
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

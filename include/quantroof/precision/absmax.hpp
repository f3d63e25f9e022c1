// SPDX-License-Identifier: Apache-2.0
//
// The largest magnitudes of tensors: of all values, per row, per column, per group along the row, per block.
//
// Magnitudes are compared as integers (the bits of |x| order as |x| does), in 64 lanes, which compilers turn into vectors where a
// float maximum stays scalar. NaN and Inf lie above every finite number, so one look at the maximum tells whether there are any;
// only then are values read again, to count them and to leave them out.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"

namespace quantroof {

/// The largest finite |x| of some values (0 when none is finite), and how many were none.
struct absmax_result {
  float value = 0.0F;
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;

  [[nodiscard]] constexpr std::int64_t special_count() const { return nan_count + inf_count; }
  /// Adds what was found in other values.
  constexpr void merge(const absmax_result& other) {
    value = other.value > value ? other.value : value;
    nan_count += other.nan_count;
    inf_count += other.inf_count;
  }

  friend constexpr bool operator==(const absmax_result&, const absmax_result&) = default;
};

namespace detail {

inline constexpr std::int32_t inf_bits = 0x7F800000;
inline constexpr std::size_t lane_count =
    64;  // of a vectorised loop: 4 registers of 512 bits, 8 of 256
using lane_bits = std::array<std::int32_t, lane_count>;

/// One of `count`, scattered over the values of `i`: for samples that regular outlier channels must not fall in step with.
///
/// requires  count > 0
/// source    Knuth, The Art of Computer Programming 3, 6.4: multiplication by 2^32 over the golden ratio
[[nodiscard]] constexpr std::size_t scattered(std::size_t i, std::size_t count) {
  const auto hashed = static_cast<std::uint32_t>(static_cast<std::uint64_t>(i) * 2654435769ULL);
  return static_cast<std::size_t>((static_cast<std::uint64_t>(hashed) * count) >> 32U);
}

/// The bits of |x|; above inf_bits for NaN.
[[nodiscard]] constexpr std::int32_t magnitude_bits(float x) {
  return static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU);
}

/// |x| as an integer that orders as |x| does; -1 for NaN and Inf.
[[nodiscard]] constexpr std::int32_t magnitude_key(float x) {
  const std::int32_t bits = magnitude_bits(x);
  return bits < inf_bits ? bits : -1;
}

[[nodiscard]] constexpr float magnitude_of(std::int32_t key) {
  return key < 0 ? 0.0F : std::bit_cast<float>(static_cast<std::uint32_t>(key));
}

[[nodiscard]] constexpr std::int32_t higher(std::int32_t a, std::int32_t b) {
  return a > b ? a : b;
}

[[nodiscard]] constexpr std::int32_t lower(std::int32_t a, std::int32_t b) { return a < b ? a : b; }

template <std::size_t N>
[[nodiscard, gnu::always_inline]] constexpr std::int32_t highest_of(
    const std::array<std::int32_t, N>& values) {
  std::int32_t highest = 0;
  for (std::size_t i = 0; i < N; ++i) {
    highest = higher(highest, values[i]);
  }
  return highest;
}

/// Sixteen lanes of 64: lane l of l, l + 16, l + 32 and l + 48.
[[nodiscard]] constexpr std::array<std::int32_t, 16> fold_lanes(const lane_bits& lanes) {
  std::array<std::int32_t, 16> folded{};
  for (std::size_t i = 0; i < 16; ++i) {
    folded[i] = higher(higher(lanes[i], lanes[i + 16]), higher(lanes[i + 32], lanes[i + 48]));
  }
  return folded;
}
[[nodiscard]] constexpr std::int32_t highest_lane(std::array<std::int32_t, 16> lanes) {
  for (std::size_t i = 0; i < 8; ++i) {
    lanes[i] = higher(lanes[i], lanes[i + 8]);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    lanes[i] = higher(lanes[i], lanes[i + 4]);
  }
  return higher(higher(lanes[0], lanes[2]), higher(lanes[1], lanes[3]));
}
[[nodiscard]] constexpr std::int32_t highest_lane(const lane_bits& lanes) {
  return highest_lane(fold_lanes(lanes));
}

/// Raises lane l to the largest magnitude_bits of x[l], x[l + 64] ... x[l + size - 64].
///
/// requires  size is a multiple of 64
[[gnu::noinline]] constexpr void raise_lanes(lane_bits& lanes, const float* x, std::size_t size) {
  // Quarters of 16: one register of 512 bits each, which stays one at -O2 as well, where g++ keeps longer arrays in memory.
  using quarter = std::array<std::int32_t, 16>;
  quarter a{};
  quarter b{};
  quarter c{};
  quarter d{};
  for (std::size_t first = 0; first < size; first += lane_count) {
    const float* const from = x + first;
    for (std::size_t i = 0; i < 16; ++i) {
      a[i] = higher(a[i], magnitude_bits(from[i]));
      b[i] = higher(b[i], magnitude_bits(from[i + 16]));
      c[i] = higher(c[i], magnitude_bits(from[i + 32]));
      d[i] = higher(d[i], magnitude_bits(from[i + 48]));
    }
  }
  for (std::size_t i = 0; i < 16; ++i) {
    lanes[i] = higher(lanes[i], a[i]);
    lanes[i + 16] = higher(lanes[i + 16], b[i]);
    lanes[i + 32] = higher(lanes[i + 32], c[i]);
    lanes[i + 48] = higher(lanes[i + 48], d[i]);
  }
}

/// The largest magnitude_bits, NaN and Inf included; 0 of nothing.
[[nodiscard]] constexpr std::int32_t highest_bits(const float* x, std::size_t size) {
  const std::size_t whole = size / lane_count * lane_count;
  std::int32_t best = 0;
  if (whole > 0) {
    lane_bits lanes{};
    raise_lanes(lanes, x, whole);
    best = highest_lane(lanes);
  }
  for (std::size_t i = whole; i < size; ++i) {
    best = higher(best, magnitude_bits(x[i]));
  }
  return best;
}

/// All ones for a finite number, else 0: from its magnitude_bits.
[[nodiscard]] constexpr std::int32_t finite_mask(std::int32_t bits) {
  return (bits - inf_bits) >> 31;
}

/// For values among which there are NaN or Inf.
///
/// requires  size < 2^31
[[nodiscard]] constexpr absmax_result absmax_with_specials(const float* x, std::size_t size) {
  std::int32_t best = 0;
  std::int32_t specials = 0;
  std::int32_t nans = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t bits = magnitude_bits(x[i]);
    best = higher(best, bits & finite_mask(bits));
    specials += 1 + finite_mask(bits);
    nans -= (inf_bits - bits) >> 31;
  }
  return {magnitude_of(best), nans, specials - nans};
}

}  // namespace detail

/// The largest finite |x|; 0 when there is none.
[[nodiscard]] constexpr absmax_result absmax(std::span<const float> values) {
  constexpr std::size_t chunk = 65536;  // 256 KiB: what is read again is still in the cache
  absmax_result result;
  for (std::size_t first = 0; first < values.size(); first += chunk) {
    const std::size_t size = values.size() - first < chunk ? values.size() - first : chunk;
    const float* const x = values.data() + first;
    const std::int32_t best = detail::highest_bits(x, size);
    result.merge(best < detail::inf_bits ? absmax_result{.value = detail::magnitude_of(best)}
                                         : detail::absmax_with_specials(x, size));
  }
  return result;
}
[[nodiscard]] constexpr absmax_result absmax(matrix_view<const float> x) {
  if (!x.empty() && x.stride() == x.cols()) {
    return absmax(std::span<const float>{x.row(0).data(), x.rows() * x.cols()});
  }
  absmax_result result;
  for (std::size_t r = 0; r < x.rows(); ++r) {
    result.merge(absmax(x.row(r)));
  }
  return result;
}

namespace detail {
/// Largest finite |x|; 0 when there is none.
[[nodiscard]] constexpr float finite_absmax(std::span<const float> values) {
  return absmax(values).value;
}

/// out[c] = the larger of out[c] and |x| in column c of four rows (the last one may repeat), with `keep` on the bits of |x|.
template <class Keep>
constexpr void raise_by_rows(const std::array<const float*, 4>& rows, std::span<float> out,
                             Keep keep) {
  const std::size_t cols = out.size();
  float* const to = out.data();
  const auto raised = [&](std::int32_t best, std::size_t c) {
    best = higher(best, keep(magnitude_bits(rows[0][c])));
    best = higher(best, keep(magnitude_bits(rows[1][c])));
    best = higher(best, keep(magnitude_bits(rows[2][c])));
    return higher(best, keep(magnitude_bits(rows[3][c])));
  };
  const std::size_t whole = cols / lane_count * lane_count;
  lane_bits lanes{};  // apart from `out`, so that the compiler needs no proof that out is no row
  for (std::size_t first = 0; first < whole; first += lane_count) {
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      lanes[lane] = raised(std::bit_cast<std::int32_t>(to[first + lane]), first + lane);
    }
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      to[first + lane] = std::bit_cast<float>(lanes[lane]);
    }
  }
  for (std::size_t c = whole; c < cols; ++c) {
    to[c] = std::bit_cast<float>(raised(std::bit_cast<std::int32_t>(to[c]), c));
  }
}

template <class Keep>
constexpr void raise_by_matrix(matrix_view<const float> x, std::span<float> out, Keep keep) {
  for (float& best : out) {
    best = 0.0F;
  }
  const std::size_t last = x.rows() - 1;
  for (std::size_t r = 0; r < x.rows(); r += 4) {
    const auto row = [&](std::size_t i) { return x.row(r + i < last ? r + i : last).data(); };
    raise_by_rows({row(0), row(1), row(2), row(3)}, out, keep);
  }
}

/// Largest magnitude of each group of 16 neighbours.
constexpr void fold_16(std::array<std::int32_t, 1024>& lanes) {
  for (std::size_t size = 512; size >= 64; size /= 2) {
    for (std::size_t first = 0; first < size; first += 64) {
      for (std::size_t i = 0; i < 64; ++i) {
        lanes[first + i] = higher(lanes[2 * (first + i)], lanes[2 * (first + i) + 1]);
      }
    }
  }
}

/// Per group of a multiple of 16 values, NaN and Inf included; 64 groups at a time. Returns the highest.
constexpr std::int32_t highest_bits_per_group(const float* x, std::size_t group,
                                              std::span<float> out) {
  std::int32_t highest = 0;
  std::array<std::int32_t, 1024> lanes{};
  for (std::size_t first = 0; first < out.size(); first += 64) {
    const std::size_t groups = out.size() - first < 64 ? out.size() - first : 64;
    for (std::size_t g = 0; g < groups; ++g) {
      const float* const from = x + (first + g) * group;
      std::array<std::int32_t, 16> best{};
      for (std::size_t i = 0; i < group; i += 16) {
        for (std::size_t lane = 0; lane < 16; ++lane) {
          best[lane] = higher(best[lane], magnitude_bits(from[i + lane]));
        }
      }
      for (std::size_t lane = 0; lane < 16; ++lane) {
        lanes[g * 16 + lane] = best[lane];
      }
    }
    fold_16(lanes);
    for (std::size_t g = 0; g < groups; ++g) {
      out[first + g] = std::bit_cast<float>(lanes[g]);
      highest = higher(highest, lanes[g]);
    }
  }
  return highest;
}

constexpr absmax_result absmax_per_group(std::span<const float> row, std::size_t group,
                                         std::span<float> out) {
  std::size_t done = 0;
  absmax_result result;
  if (group % 16 == 0) {
    done = row.size() / group;
    const std::int32_t highest = highest_bits_per_group(row.data(), group, out.first(done));
    done = highest < inf_bits ? done : 0;
    result.value = done > 0 ? magnitude_of(highest) : 0.0F;
  }
  for (std::size_t g = done; g < out.size(); ++g) {
    const std::size_t rest = row.size() - g * group;
    const absmax_result one = absmax(row.subspan(g * group, rest < group ? rest : group));
    out[g] = one.value;
    result.merge(one);
  }
  return result;
}
}  // namespace detail

/// The largest finite |x| of each row.
///
/// shapes    x [rows, cols]; out [rows]; returns what absmax(x) does
/// requires  out.size() == x.rows()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr absmax_result row_absmax(matrix_view<const float> x, std::span<float> out) {
  detail::expects(out.size() == x.rows(), "row_absmax: out must have one element per row");
  absmax_result result;
  for (std::size_t r = 0; r < x.rows(); ++r) {
    const absmax_result row = absmax(x.row(r));
    out[r] = row.value;
    result.merge(row);
  }
  return result;
}

/// The largest finite |x| of each column.
///
/// shapes    x [rows, cols]; out [cols], apart from x; returns what absmax(x) does
/// requires  out.size() == x.cols()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr absmax_result column_absmax(matrix_view<const float> x, std::span<float> out) {
  detail::expects(out.size() == x.cols(), "column_absmax: out must have one element per column");
  if (x.empty()) {
    for (float& best : out) {
      best = 0.0F;
    }
    return {};
  }
  detail::raise_by_matrix(x, out, [](std::int32_t bits) { return bits; });
  const std::int32_t highest = detail::highest_bits(out.data(), out.size());
  if (highest < detail::inf_bits) {
    return {.value = detail::magnitude_of(highest)};
  }
  detail::raise_by_matrix(x, out,
                          [](std::int32_t bits) { return bits & detail::finite_mask(bits); });
  return absmax(x);
}

/// The largest finite |x| of each group of `group` neighbours in a row; a short last group stands for itself.
///
/// shapes    x [rows, cols]; out [rows, ceil(cols / group)] row-major; returns what absmax(x) does
/// requires  group > 0; out as long as there are groups
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr absmax_result group_absmax(matrix_view<const float> x, std::size_t group,
                                     std::span<float> out) {
  detail::expects(group > 0, "group_absmax: the group must not be empty");
  const std::size_t per_row = x.cols() / group + (x.cols() % group != 0 ? 1 : 0);
  detail::expects(out.size() == x.rows() * per_row,
                  "group_absmax: out must have one element per group");
  absmax_result result;
  if (!x.empty() && x.stride() == x.cols() && x.cols() % group == 0) {
    return detail::absmax_per_group({x.row(0).data(), x.rows() * x.cols()}, group, out);
  }
  for (std::size_t r = 0; r < x.rows() && per_row > 0; ++r) {
    result.merge(detail::absmax_per_group(x.row(r), group, out.subspan(r * per_row, per_row)));
  }
  return result;
}

/// The largest finite |x| of each block of rows x cols elements; blocks at the edges may be short.
///
/// shapes    x [rows, cols]; out [ceil(rows / block_rows), ceil(cols / block_cols)] row-major; returns what absmax(x) does
/// requires  block_rows > 0; block_cols > 0; out as long as there are blocks
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr absmax_result block_absmax(matrix_view<const float> x, std::size_t block_rows,
                                     std::size_t block_cols, std::span<float> out) {
  detail::expects(block_rows > 0 && block_cols > 0, "block_absmax: the block must not be empty");
  const std::size_t down = x.rows() / block_rows + (x.rows() % block_rows != 0 ? 1 : 0);
  const std::size_t across = x.cols() / block_cols + (x.cols() % block_cols != 0 ? 1 : 0);
  detail::expects(out.size() == down * across, "block_absmax: out must have one element per block");
  absmax_result result;
  if (x.empty()) {
    return result;
  }
  std::vector<float> columns(x.cols(), 0.0F);
  for (std::size_t b = 0; b < down; ++b) {
    const std::size_t first = b * block_rows;
    const std::size_t rows = x.rows() - first < block_rows ? x.rows() - first : block_rows;
    const matrix_view<const float> band{x.row(first).data(), rows, x.cols(), x.stride()};
    result.merge(column_absmax(band, columns));
    detail::absmax_per_group(columns, block_cols, out.subspan(b * across, across));
  }
  return result;
}

}  // namespace quantroof

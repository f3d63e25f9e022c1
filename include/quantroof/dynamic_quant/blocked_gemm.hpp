// SPDX-License-Identifier: Apache-2.0
//
// The product of gemm_policy.hpp at the speed of a CPU's multipliers, in plain C++ that compilers vectorise.
//
//   out is cut into tiles of 96 x 96, the parts of an executor; k into pieces of 512
//   a tile packs its rows of a (192 KiB, second-level cache), then six rows of b at a time (12 KiB, first-level cache)
//   4 rows of a x 3 rows of b x 8 lanes of k are summed in registers
//
// Packed rows lie in panels: for each 8 consecutive k, the 8 elements of every row of the panel. Missing rows and elements are 0.
// With fewer than four rows of a, b is read where it lies. Measured on one core of an AMD EPYC (Zen 4, FMA peak 118 GFLOP/s), 1024^3,
// g++ 12 and clang 14, -O2 and -O3: 46 to 69 GFLOP/s with AVX2 or AVX-512, 22 to 29 with SSE2 alone (tests/bench/gemm_bench.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/dynamic_quant/gemm_policy.hpp"
#include "quantroof/precision/executor.hpp"

namespace quantroof {

namespace detail {

inline constexpr std::size_t gemm_a_rows = 4;  // of a register tile
inline constexpr std::size_t gemm_b_rows = 3;  // of a register tile
inline constexpr std::size_t gemm_few =
    4;  // rows of b at a time when there are fewer rows of a than in a register tile
inline constexpr std::size_t gemm_b_panels = 2;    // of b in the first-level cache
inline constexpr std::size_t gemm_part_rows = 96;  // rows of a and rows of b of a part
inline constexpr std::size_t gemm_products = gemm_a_rows * gemm_b_rows;
using gemm_register_tile = std::array<lane_group, gemm_products>;

/// The sums of a panel of a with a panel of b. g++ and clang turn the loop over lanes into vectors and keep the sums in registers
/// because it is the inner one, around all products; a loop over products around it they leave in memory, at half the speed or less.
template <std::size_t... Product>
[[nodiscard]] constexpr gemm_register_tile multiply_panels(
    const lane_group* a, const lane_group* b, std::size_t groups,
    std::index_sequence<Product...> /*products*/) {
  gemm_register_tile s{};
  for (std::size_t group = 0; group < groups; ++group) {
    for (std::size_t lane = 0; lane < gemm_lanes; ++lane) {
      ((s[Product].lanes[lane] +=
        a[Product / gemm_b_rows].lanes[lane] * b[Product % gemm_b_rows].lanes[lane]),
       ...);
    }
    a += gemm_a_rows;
    b += gemm_b_rows;
  }
  return s;
}

/// The sums of one row of a with a few rows of b where they lie, `groups` whole groups of each.
template <std::size_t... Row>
constexpr void multiply_rows(const lane_group* a, const std::array<const float*, sizeof...(Row)>& b,
                             std::size_t groups, std::array<lane_group, sizeof...(Row)>& sums,
                             std::index_sequence<Row...> /*rows*/) {
  std::array<lane_group, sizeof...(Row)> s = sums;
  for (std::size_t group = 0; group < groups; ++group) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 1  // g++ -O3 unrolls this loop before it could be made a vector
#endif
    for (std::size_t lane = 0; lane < gemm_lanes; ++lane) {
      ((s[Row].lanes[lane] += a[group].lanes[lane] * b[Row][group * gemm_lanes + lane]), ...);
    }
  }
  sums = s;
}

[[nodiscard]] constexpr std::size_t groups_of(std::size_t size) {
  return size / gemm_lanes + (size % gemm_lanes != 0 ? 1 : 0);
}

/// Rows [row, row + count) of m, elements [first, first + size) of each, as panels of PanelRows rows.
template <std::size_t PanelRows>
constexpr void pack_panels(matrix_view<const float> m, std::size_t row, std::size_t count,
                           std::size_t first, std::size_t size, lane_group* to) {
  const std::size_t whole = size / gemm_lanes;
  const std::size_t groups = groups_of(size);
  const std::size_t rows = (count + PanelRows - 1) / PanelRows * PanelRows;
  for (std::size_t r = 0; r < rows; ++r) {
    lane_group* const out = to + r / PanelRows * groups * PanelRows + r % PanelRows;
    if (r >= count) {
      for (std::size_t group = 0; group < groups; ++group) {
        out[group * PanelRows] = lane_group{};
      }
      continue;
    }
    const float* const in = m.row(row + r).data() + first;
    for (std::size_t group = 0; group < whole; ++group) {
      for (std::size_t lane = 0; lane < gemm_lanes; ++lane) {
        out[group * PanelRows].lanes[lane] = in[group * gemm_lanes + lane];
      }
    }
    if (whole < groups) {
      lane_group last;
      for (std::size_t k = whole * gemm_lanes; k < size; ++k) {
        last.lanes[k - whole * gemm_lanes] = in[k];
      }
      out[whole * PanelRows] = last;
    }
  }
}

/// One tile of out: rows and cols at (row, col).
template <class Sum>
class gemm_part {
 public:
  constexpr gemm_part(matrix_view<const float> a, matrix_view<const float> b, std::size_t row,
                      std::size_t col)
      : a_(a),
        b_(b),
        row_(row),
        col_(col),
        rows_(a.rows() - row < gemm_part_rows ? a.rows() - row : gemm_part_rows),
        cols_(b.rows() - col < gemm_part_rows ? b.rows() - col : gemm_part_rows),
        sums_(rows_ * cols_, Sum{0}) {}

  constexpr void operator()(matrix_view<float> out) {
    if (rows_ < gemm_a_rows) {
      sum_few_rows();
    } else {
      sum_tiles();
    }
    for (std::size_t r = 0; r < rows_; ++r) {
      float* const to = out.row(row_ + r).data() + col_;
      for (std::size_t c = 0; c < cols_; ++c) {
        to[c] = static_cast<float>(sums_[r * cols_ + c]);
      }
    }
  }

 private:
  constexpr void sum_tiles() {
    const std::size_t k = a_.cols();
    const std::size_t panel_rows = (rows_ + gemm_a_rows - 1) / gemm_a_rows * gemm_a_rows;
    constexpr std::size_t step = gemm_b_panels * gemm_b_rows;
    // As much of k as the packed rows of a may take, in whole pieces: with few rows, those of b are read from end to end.
    const std::size_t span = gemm_part_rows / panel_rows * gemm_piece;
    std::vector<lane_group> packed_a(panel_rows * groups_of(k < span ? k : span));
    std::vector<lane_group> packed_b(step * groups_of(k < gemm_piece ? k : gemm_piece));
    for (std::size_t begin = 0; begin < k; begin += span) {
      const std::size_t end = k - begin < span ? k : begin + span;
      for (std::size_t first = begin; first < end; first += gemm_piece) {
        pack_panels<gemm_a_rows>(a_, row_, rows_, first, piece_size(first),
                                 packed_a.data() + panel_rows * groups_of(first - begin));
      }
      for (std::size_t c = 0; c < cols_; c += step) {
        const std::size_t count = cols_ - c < step ? cols_ - c : step;
        for (std::size_t first = begin; first < end; first += gemm_piece) {
          pack_panels<gemm_b_rows>(b_, col_ + c, count, first, piece_size(first), packed_b.data());
          multiply(packed_a.data() + panel_rows * groups_of(first - begin), packed_b.data(), c,
                   count, groups_of(piece_size(first)));
        }
      }
    }
  }

  // A token or a few: b is read once, where it lies, which is all that costs time.
  constexpr void sum_few_rows() {
    const std::size_t k = a_.cols();
    const std::size_t row_groups = groups_of(k);
    std::vector<lane_group> packed_a(rows_ * row_groups);
    for (std::size_t r = 0; r < rows_; ++r) {
      pack_panels<1>(a_, row_ + r, 1, 0, k, packed_a.data() + r * row_groups);
    }
    for (std::size_t c = 0; c < cols_; c += gemm_few) {
      for (std::size_t first = 0; first < k; first += gemm_piece) {
        const std::size_t size = piece_size(first);
        const std::size_t whole = size / gemm_lanes;
        std::array<const float*, gemm_few> b{};
        std::array<lane_group, gemm_few> last{};
        std::array<const float*, gemm_few> last_b{};
        for (std::size_t p = 0; p < gemm_few; ++p) {
          const std::size_t col = c + p < cols_ ? c + p : cols_ - 1;
          b[p] = b_.row(col_ + col).data() + first;
          for (std::size_t i = whole * gemm_lanes; i < size; ++i) {
            last[p].lanes[i - whole * gemm_lanes] = b[p][i];
          }
          last_b[p] = last[p].lanes.data();
        }
        for (std::size_t r = 0; r < rows_; ++r) {
          const lane_group* const a = packed_a.data() + r * row_groups + first / gemm_lanes;
          std::array<lane_group, gemm_few> s{};
          multiply_rows(a, b, whole, s, std::make_index_sequence<gemm_few>{});
          if (whole * gemm_lanes < size) {
            multiply_rows(a + whole, last_b, 1, s, std::make_index_sequence<gemm_few>{});
          }
          for (std::size_t p = 0; p < gemm_few && c + p < cols_; ++p) {
            sums_[r * cols_ + c + p] += static_cast<Sum>(add_lanes(s[p]));
          }
        }
      }
    }
  }

  [[nodiscard]] constexpr std::size_t piece_size(std::size_t first) const {
    return a_.cols() - first < gemm_piece ? a_.cols() - first : gemm_piece;
  }

  // All panels of a with those of b that hold the tile's columns [col, col + count).
  constexpr void multiply(const lane_group* a, const lane_group* b, std::size_t col,
                          std::size_t count, std::size_t groups) {
    for (std::size_t r = 0; r < rows_; r += gemm_a_rows) {
      for (std::size_t c = 0; c < count; c += gemm_b_rows) {
        const gemm_register_tile s = multiply_panels(a + r * groups, b + c * groups, groups,
                                                     std::make_index_sequence<gemm_products>{});
        for (std::size_t p = 0; p < gemm_products; ++p) {
          const std::size_t i = r + p / gemm_b_rows;
          const std::size_t j = c + p % gemm_b_rows;
          if (i < rows_ && j < count) {
            sums_[i * cols_ + col + j] += static_cast<Sum>(add_lanes(s[p]));
          }
        }
      }
    }
  }

  matrix_view<const float> a_;
  matrix_view<const float> b_;
  std::size_t row_;
  std::size_t col_;
  std::size_t rows_;
  std::size_t cols_;
  std::vector<Sum> sums_;
};

}  // namespace detail

/// The product of reference_gemm, blocked for registers and caches, its tiles shared out by an executor.
///
/// shapes    a [m, k]; b [n, k]; out [m, n], which overlaps neither; out is 0 where k is 0
/// formula   as reference_gemm, with the same bits where every product is exact in FP32 (quantized elements): with any m, n, strides,
///           executor, compiler and flags. Other operands: the same bits for any m, n, strides and executor in one build
/// requires  as reference_gemm
/// errors    quantroof::domain_error, std::bad_alloc and what the executor throws at run time (out is then unspecified); does not
///           compile in a constant expression
/// example   blocked_gemm<>{}(a, b, out); blocked_gemm<thread_executor>{.sums = accumulation::int32}(a, b, out)
template <Executor E = serial_executor>
struct blocked_gemm {
  accumulation sums = accumulation::fp32;
  [[no_unique_address]] E executor{};

  constexpr void operator()(matrix_view<const float> a, matrix_view<const float> b,
                            matrix_view<float> out) const {
    detail::expects_gemm_shapes(a, b, out);
    if (sums == accumulation::int32) {
      run<double>(a, b, out);
    } else {
      run<float>(a, b, out);
    }
  }

 private:
  template <class Sum>
  constexpr void run(matrix_view<const float> a, matrix_view<const float> b,
                     matrix_view<float> out) const {
    constexpr std::size_t tile = detail::gemm_part_rows;
    constexpr double worth_a_thread = 4e6;  // multiply-adds: about 0.1 ms, some thread starts
    const std::size_t across = b.rows() / tile + (b.rows() % tile != 0 ? 1 : 0);
    const std::size_t down = a.rows() / tile + (a.rows() % tile != 0 ? 1 : 0);
    const auto part = [&](std::size_t i) {
      detail::gemm_part<Sum>{a, b, i / across * tile, i % across * tile}(out);
    };
    const double work = static_cast<double>(a.rows()) * static_cast<double>(b.rows()) *
                        static_cast<double>(a.cols());
    if (work < worth_a_thread) {
      serial_executor{}(down * across, part);
    } else {
      executor(down * across, part);
    }
  }
};
template <Executor E>
blocked_gemm(accumulation, E) -> blocked_gemm<E>;
static_assert(Gemm<blocked_gemm<>> && Gemm<const blocked_gemm<>>);

}  // namespace quantroof

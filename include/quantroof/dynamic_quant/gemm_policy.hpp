// SPDX-License-Identifier: Apache-2.0
//
// The matrix product of the dynamic quantizer, as something a caller can replace by BLAS, Eigen or a GPU; and what ours compute.
//
// The order of the sum depends on k alone: pieces of 512 along k; in a piece, eight interleaved partial sums from 0, added pairwise;
// then the pieces in order. Elements of at most 11 significant bits (FP16, BF16, FP8, FP6, FP4, INT8, INT4) have products that FP32
// holds exactly (short of underflow), so that a fused multiply-add changes nothing and every build gives the same bits.
// Not here: the fast product (blocked_gemm.hpp), scales (gemm_scales.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/detail/names.hpp"

namespace quantroof {

/// Writes a * b^T: a [m, k], b [n, k] as torch.nn.Linear stores weights, out [m, n], all row-major.
template <class G>
concept Gemm = requires(G& gemm, matrix_view<const float> a, matrix_view<const float> b,
                        matrix_view<float> out) {
  gemm(a, b, out);
};

/// In what the pieces of a sum over k are added.
enum class accumulation : std::uint8_t {
  fp32,  // FP32, as tensor cores and CUDA cores do for floating-point operands
  int32  // exactly, then rounded to FP32 once, as hardware does with INT8: INT32, converted to float
};

namespace detail {

inline constexpr name_table<accumulation, 2> accumulation_names{{
    {accumulation::fp32, "fp32"},
    {accumulation::int32, "int32"},
}};
static_assert(names_are_complete(accumulation_names));

inline constexpr std::size_t gemm_lanes = 8;
// 512 products of INT8 are at most 512 * 128 * 128 = 2^23, so FP32 adds them exactly in any order.
inline constexpr std::size_t gemm_piece = 512;
/// Eight consecutive elements along k, or the partial sums of such: one or two vector registers.
struct alignas(32) lane_group {
  std::array<float, gemm_lanes> lanes{};
};

/// The lanes of a piece, added pairwise: 0 + 4, 1 + 5 ..., then 0 + 2, 1 + 3, then 0 + 1.
[[nodiscard]] constexpr float add_lanes(const lane_group& group) {
  const std::array<float, gemm_lanes>& s = group.lanes;
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

[[nodiscard]] constexpr float dot_piece(const float* x, const float* w, std::size_t size) {
  const std::size_t whole = size / gemm_lanes * gemm_lanes;
  lane_group s;
  for (std::size_t k = 0; k < whole; k += gemm_lanes) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 1  // g++ -O3 unrolls this loop before it could be made a vector
#endif
    for (std::size_t lane = 0; lane < gemm_lanes; ++lane) {
      s.lanes[lane] += x[k + lane] * w[k + lane];
    }
  }
  for (std::size_t k = whole; k < size; ++k) {
    s.lanes[k - whole] += x[k] * w[k];
  }
  return add_lanes(s);
}

template <class Sum>
[[nodiscard]] constexpr Sum dot(const float* x, const float* w, std::size_t k) {
  Sum sum = 0;
  for (std::size_t first = 0; first < k; first += gemm_piece) {
    const std::size_t size = k - first < gemm_piece ? k - first : gemm_piece;
    sum += static_cast<Sum>(dot_piece(x + first, w + first, size));
  }
  return sum;
}

constexpr void expects_gemm_shapes(matrix_view<const float> a, matrix_view<const float> b,
                                   matrix_view<float> out) {
  expects(a.cols() == b.cols(), "gemm: a and b must have the same number of columns");
  expects(out.rows() == a.rows() && out.cols() == b.rows(),
          "gemm: out must be [rows of a, rows of b]");
}

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(accumulation a) {
  return detail::name_of(detail::accumulation_names, a);
}
[[nodiscard]] constexpr std::optional<accumulation> find_accumulation(std::string_view name) {
  return detail::find_name(detail::accumulation_names, name);
}

/// The product as it is defined, one element at a time.
///
/// shapes    a [m, k]; b [n, k]; out [m, n], which overlaps neither; out is 0 where k is 0
/// formula   out[i, j] = sum over k of a[i, k] * b[j, k] in the order above, pieces added as `sums` says
/// requires  a.cols() == b.cols(); out is [a.rows(), b.rows()]; accumulation::int32: elements are integers in [-128, 128]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   fused multiply-add on operands of more than 11 significant bits (-ffp-contract); that int32 wraps beyond 2^31 on hardware
struct reference_gemm {
  accumulation sums = accumulation::fp32;

  constexpr void operator()(matrix_view<const float> a, matrix_view<const float> b,
                            matrix_view<float> out) const {
    detail::expects_gemm_shapes(a, b, out);
    for (std::size_t i = 0; i < a.rows(); ++i) {
      for (std::size_t j = 0; j < b.rows(); ++j) {
        const float* const x = a.row(i).data();
        const float* const w = b.row(j).data();
        out(i, j) = sums == accumulation::int32
                        ? static_cast<float>(detail::dot<double>(x, w, a.cols()))
                        : detail::dot<float>(x, w, a.cols());
      }
    }
  }
};
static_assert(Gemm<reference_gemm> && Gemm<const reference_gemm>);

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The matrix product of the dynamic quantizer, as something a caller can replace by BLAS, Eigen or a GPU.
//
// Ours is a reference: FP32, sums in an order that depends on k alone. Not here: cache blocking, threads.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"

namespace quantroof {

/// Writes a * b^T: a [m, k], b [n, k] as torch.nn.Linear stores weights, out [m, n], all row-major.
template <class G>
concept Gemm = requires(G& gemm, matrix_view<const float> a, matrix_view<const float> b,
                        matrix_view<float> out) {
  gemm(a, b, out);
};

/// The product in plain C++.
///
/// shapes    a [m, k]; b [n, k]; out [m, n]
/// formula   out[i, j] = sum over k of a[i, k] * b[j, k] in FP32: 32 interleaved partial sums, added pairwise
/// requires  a.cols() == b.cols(); out is [a.rows(), b.rows()]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   fused multiply-add, which a compiler may use where the target has it (-ffp-contract)
struct reference_gemm {
  constexpr void operator()(matrix_view<const float> a, matrix_view<const float> b,
                            matrix_view<float> out) const {
    detail::expects(a.cols() == b.cols(),
                    "reference_gemm: a and b must have the same number of columns");
    detail::expects(out.rows() == a.rows() && out.cols() == b.rows(),
                    "reference_gemm: out must be [rows of a, rows of b]");
    for (std::size_t i = 0; i < a.rows(); ++i) {
      for (std::size_t j = 0; j < b.rows(); ++j) {
        out(i, j) = dot(a.row(i), b.row(j));
      }
    }
  }

 private:
  [[nodiscard]] static constexpr float dot(std::span<const float> x, std::span<const float> w) {
    constexpr std::size_t lanes = 32;
    const float* const a = x.data();
    const float* const b = w.data();
    const std::size_t whole = x.size() / lanes * lanes;
    std::array<float, lanes> sums{};
    for (std::size_t k = 0; k < whole; k += lanes) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        sums[lane] += a[k + lane] * b[k + lane];
      }
    }
    for (std::size_t k = whole; k < x.size(); ++k) {
      sums[k - whole] += a[k] * b[k];
    }
    for (std::size_t half = lanes / 2; half > 0; half /= 2) {
      for (std::size_t lane = 0; lane < half; ++lane) {
        sums[lane] += sums[lane + half];
      }
    }
    return sums[0];
  }
};
static_assert(Gemm<reference_gemm> && Gemm<const reference_gemm>);

}  // namespace quantroof

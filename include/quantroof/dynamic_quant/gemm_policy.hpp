// SPDX-License-Identifier: Apache-2.0
//
// The matrix product of the dynamic quantizer, as something a caller can replace by BLAS, Eigen or a GPU.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"

namespace quantroof {

/// Writes a * b^T: a [m, k], b [n, k] as torch.nn.Linear stores weights, out [m, n], all row-major.
template <class G>
concept Gemm = requires(const G& gemm, matrix_view<const float> a, matrix_view<const float> b,
                        matrix_view<float> out) {
  gemm(a, b, out);
};

/// The product in plain C++: FP32 accumulation in the order of k.
struct reference_gemm {
  constexpr void operator()(matrix_view<const float> a, matrix_view<const float> b,
                            matrix_view<float> out) const {
    detail::expects(a.cols() == b.cols(),
                    "reference_gemm: a and b must have the same number of columns");
    detail::expects(out.rows() == a.rows() && out.cols() == b.rows(),
                    "reference_gemm: out must be [rows of a, rows of b]");
    for (std::size_t i = 0; i < a.rows(); ++i) {
      const std::span<const float> x = a.row(i);
      for (std::size_t j = 0; j < b.rows(); ++j) {
        const std::span<const float> w = b.row(j);
        float sum = 0.0F;
        for (std::size_t k = 0; k < x.size(); ++k) {
          sum += x[k] * w[k];
        }
        out(i, j) = sum;
      }
    }
  }
};
static_assert(Gemm<reference_gemm>);

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The product of quantized matrices as a device computes it: elements multiply, sums are in FP32 (INT32 for integers), scales come
// after.
//
//   scale per tensor or row       sum * scale of the row of a * scale of the row of b
//   MX, NVFP4 blocks              element * block scale, exact in FP32, multiplies; NVFP4's tensor scale comes after
//   scale per group along k       a sum per group, times its scales, added in FP32 (as DeepSeek-V3 promotes its partial sums)
//   scale per column of k, other  the value, rounded to FP32, multiplies: hardware folds such scales into the other operand
//
// Products of elements of at most 11 significant bits are exact in FP32, so compilers cannot change them by fusing. Not here: the
// multiplication itself (gemm_policy.hpp), choosing scales (quantize.hpp).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/dynamic_quant/gemm_policy.hpp"
#include "quantroof/dynamic_quant/gemm_scales.hpp"
#include "quantroof/precision/dequantize.hpp"
#include "quantroof/precision/executor.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantized_tensor.hpp"

namespace quantroof {
namespace detail {

/// One operand: what multiplies, and the scales that come after, one per row or one for all.
struct product_operand {
  std::vector<float> values{};
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<float> scales{};
  bool integers = false;

  [[nodiscard]] constexpr matrix_view<const float> matrix() const {
    return {values.data(), rows, cols};
  }
};

/// True where all scales of a row are one: per tensor, per row, or blocks of rows as wide as the matrix.
[[nodiscard]] constexpr bool has_row_scales(const quantized_storage& q) {
  return !q.scales.empty() && q.grid.cols == 1;
}
/// True where FP32 scales lie along the row, shared by `group` neighbours.
[[nodiscard]] constexpr bool has_group_scales(const quantized_storage& q) {
  return q.grid.cols > 1 && q.grid.block_cols > 1 && !q.scales.empty() && q.zeros.empty() &&
         format_of(q.format).scales.bits_per_block != 16;
}

template <Executor E>
[[nodiscard]] constexpr product_operand make_operand(const quantized_storage& q, bool by_group,
                                                     const E& executor) {
  product_operand operand{.rows = q.rows, .cols = q.cols};
  const bool whole = !has_row_scales(q) && !by_group && !q.scales.empty();
  operand.integers = !format_of(q.format).element && !whole && q.zeros.empty() &&
                     q.scale_codes.empty() && !q.scales.empty();
  operand.values.assign(q.rows * q.cols, 0.0F);
  dequantize_into(q, matrix_view<float>{operand.values.data(), q.rows, q.cols},
                  whole ? scale_levels::all : scale_levels::blocks_only, executor);
  if (has_row_scales(q) && !by_group) {
    operand.scales.reserve(q.rows);
    for (std::size_t r = 0; r < q.rows; ++r) {
      operand.scales.push_back(q.scales[r / q.grid.block_rows]);
    }
  } else {
    operand.scales.push_back(q.tensor_scale);
  }
  return operand;
}

/// The scale of one row in one group along k.
[[nodiscard]] constexpr float scale_at(const quantized_storage& q, std::size_t row, std::size_t k) {
  return q.scales[row / q.grid.block_rows * q.grid.cols + k / q.grid.block_cols];
}

/// A Gemm that can add exactly does so for integers.
template <Gemm G>
constexpr void multiply(G& gemm, bool integers, matrix_view<const float> a,
                        matrix_view<const float> b, matrix_view<float> out) {
  if constexpr (requires(G g) { g.sums = accumulation::int32; }) {
    if (integers) {
      G exact = gemm;
      exact.sums = accumulation::int32;
      exact(a, b, out);
      return;
    }
  }
  gemm(a, b, out);
}

/// Sums per group of a's columns, scaled and added. b: as `b_groups` where its scales have the same groups, else b_operand.
template <Gemm G>
constexpr void multiply_by_group(G& gemm, const quantized_storage& a,
                                 matrix_view<const float> a_elements, const product_operand& b,
                                 const quantized_storage* b_groups, matrix_view<float> out) {
  const std::size_t group = a.grid.block_cols;
  std::vector<float> partial(out.rows() * out.cols(), 0.0F);
  const matrix_view<float> sums{partial.data(), out.rows(), out.cols()};
  for (std::size_t r = 0; r < out.rows(); ++r) {
    for (float& x : out.row(r)) {
      x = 0.0F;
    }
  }
  const auto part = [](matrix_view<const float> m, std::size_t first, std::size_t count) {
    return matrix_view<const float>{m.row(0).data() + first, m.rows(), count, m.stride()};
  };
  for (std::size_t first = 0; first < a.cols; first += group) {
    const std::size_t count = a.cols - first < group ? a.cols - first : group;
    multiply(gemm, !format_of(a.format).element && b.integers, part(a_elements, first, count),
             part(b.matrix(), first, count), sums);
    for (std::size_t r = 0; r < out.rows(); ++r) {
      const float row_scale = scale_at(a, r, first);
      for (std::size_t c = 0; c < out.cols(); ++c) {
        const float scale =
            b_groups != nullptr ? product(row_scale, scale_at(*b_groups, c, first)) : row_scale;
        out(r, c) += product(sums(r, c), scale);  // rounded before it is added: no fusing
      }
    }
  }
}

}  // namespace detail

/// a * b^T of quantized matrices, or of one with a matrix of floats.
///
/// shapes    a [m, k]; b [n, k], as torch.nn.Linear stores weights; out [m, n]
/// formula   as the head of this file; INT8 and INT4 operands without zero points are added exactly where the Gemm has accumulation::int32
/// requires  equal k; out of that shape; tensors as quantize() makes them
/// errors    quantroof::domain_error at run time; does not compile in a constant expression; and what the Gemm throws
/// ignores   that weight-only kernels round dequantized weights to 16 bits before they multiply
/// example   examples/quantize_tensor.cpp
template <Gemm G, Executor E = serial_executor>
constexpr void multiply_quantized(const quantized_storage& a, matrix_view<const float> b,
                                  matrix_view<float> out, G& gemm, const E& executor = {}) {
  detail::expects(a.cols == b.cols(),
                  "multiply_quantized: a [m, k] and b [n, k] must have the same k");
  const bool by_group = detail::has_group_scales(a);
  const detail::product_operand left = detail::make_operand(a, by_group, executor);
  if (by_group) {
    detail::product_operand right{.rows = b.rows(), .cols = b.cols(), .scales = {1.0F}};
    right.values.reserve(b.rows() * b.cols());
    for (std::size_t r = 0; r < b.rows(); ++r) {
      for (const float v : b.row(r)) {
        right.values.push_back(v);
      }
    }
    detail::multiply_by_group(gemm, a, left.matrix(), right, nullptr, out);
    return;
  }
  gemm(left.matrix(), b, out);
  const float one = 1.0F;
  apply_scales(out, left.scales, std::span<const float>{&one, 1}, scale_arithmetic::fp64, executor);
}
template <Gemm G, Executor E = serial_executor>
constexpr void multiply_quantized(const quantized_storage& a, const quantized_storage& b,
                                  matrix_view<float> out, G& gemm, const E& executor = {}) {
  detail::expects(a.cols == b.cols,
                  "multiply_quantized: a [m, k] and b [n, k] must have the same k");
  const bool by_group = detail::has_group_scales(a);
  const bool same_groups =
      by_group && detail::has_group_scales(b) && b.grid.block_cols == a.grid.block_cols;
  const detail::product_operand left = detail::make_operand(a, by_group, executor);
  const detail::product_operand right = detail::make_operand(b, same_groups, executor);
  if (by_group) {
    detail::multiply_by_group(gemm, a, left.matrix(), right, same_groups ? &b : nullptr, out);
    const float one = 1.0F;
    if (!same_groups) {
      apply_scales(out, std::span<const float>{&one, 1}, right.scales, scale_arithmetic::fp64,
                   executor);
    }
    return;
  }
  detail::multiply(gemm, left.integers && right.integers, left.matrix(), right.matrix(), out);
  apply_scales(out, left.scales, right.scales, scale_arithmetic::fp64, executor);
}

}  // namespace quantroof

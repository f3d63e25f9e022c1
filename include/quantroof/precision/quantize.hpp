// SPDX-License-Identifier: Apache-2.0
//
// Matrices into quantized tensors: the format in the type (quantize<P>) or known at run time (quantize(p, ...)), one implementation.
//
//   auto q = quantize<precision::nvfp4>(matrix_view<const float>{data, rows, cols});
//   auto back = dequantize(q);                                      // dequantize.hpp
//
// Reads float, float16_t and bfloat16_t with any row stride; works in constant expressions. Rows are spread over an executor; the
// result has the same bits with any number of threads, on every compiler and at compile time.
// Not here: what a row becomes (tensor_quantizer.hpp), how scales are chosen (scale_choice.hpp).
#pragma once

#include <type_traits>

#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/executor.hpp"
#include "quantroof/precision/format_family.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/quantized_tensor.hpp"
#include "quantroof/precision/storage_types.hpp"
#include "quantroof/precision/tensor_quantizer.hpp"

namespace quantroof {

/// Quantizes into `out`, whose memory is used again: a second tensor of the same shape allocates only what a part of rows needs.
///
/// errors    as quantize(); after an error `out` is not to be used
template <precision P, class T, Executor E = serial_executor>
requires(StoredFloat<T>) constexpr void quantize_into(quantized_tensor<P>& out, matrix_view<T> x,
                                                      const quantize_options& options = {},
                                                      const E& executor = {}) {
  detail::quantize_tensor(detail::static_coding<P>{}, P, out,
                          matrix_view<const std::remove_cv_t<T>>{x}, options, executor);
}
template <class T, Executor E = serial_executor>
requires(StoredFloat<T>) constexpr void quantize_into(quantized_storage& out, precision p,
                                                      matrix_view<T> x,
                                                      const quantize_options& options = {},
                                                      const E& executor = {}) {
  detail::expects_quantizable(p, options);
  detail::quantize_tensor(detail::make_element_coding(p), p, out,
                          matrix_view<const std::remove_cv_t<T>>{x}, options, executor);
}

/// Quantizes a matrix into a format known at compile time.
///
/// shapes    x [rows, cols], rows are tokens or output channels; the result's codes [rows, row_bytes], scales on result.grid
/// formula   scale by options (grid, calibration) or by the format's rule; code = element nearest to x / scale or x * (1 / scale), ties to
///           even, saturated; see quantize_rows.hpp, quantize_affine.hpp, quantize_blocks.hpp, quantize_gguf.hpp
/// requires  x not empty; is_quantizable(P); group_size > 0; percentile in (0, 100]; given scales normal, positive, finite, one per cell;
///           asymmetric: INT8, INT4 with calibration absmax; stochastic and toward-zero rounding: not GGUF, not asymmetric;
///           four_over_six: NVFP4 with the rule transformer_engine. A tail shorter than a block is a block of its own
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   options that the format does not read (mx_rule for NVFP4, granularity for MX ...)
/// post      counts hold the NaN, the Inf and the clipped values met; storage_bytes(P, rows, cols) == result.bytes() for formats with
///           scales of their own; the same bits with any executor
/// example   examples/quantize_tensor.cpp
template <precision P, class T, Executor E = serial_executor>
requires(StoredFloat<T>)
    [[nodiscard]] constexpr quantized_tensor<P> quantize(matrix_view<T> x,
                                                         const quantize_options& options = {},
                                                         const E& executor = {}) {
  static_assert(is_quantizable(P),
                "quantize: the format must hold values of at most 16 bits that can be encoded "
                "without a search");
  quantized_tensor<P> out;
  quantize_into(out, x, options, executor);
  return out;
}

/// The same for a format known at run time.
template <class T, Executor E = serial_executor>
requires(StoredFloat<T>) [[nodiscard]] constexpr quantized_storage
    quantize(precision p, matrix_view<T> x, const quantize_options& options = {},
             const E& executor = {}) {
  quantized_storage out;
  quantize_into(out, p, x, options, executor);
  return out;
}

}  // namespace quantroof

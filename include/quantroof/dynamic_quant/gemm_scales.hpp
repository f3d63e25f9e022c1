// SPDX-License-Identifier: Apache-2.0
//
// The scales of quantized operands, applied to their product: one per row of a (token) and one per row of b (output channel).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/precision/executor.hpp"

namespace quantroof {

/// How a sum meets its two scales.
enum class scale_arithmetic : std::uint8_t {
  fp64,  // float(sum * (row * column)) in double: the product of the scales is exact, the result within 0.5000001 units in the last place
  fp32  // row * (column * sum), each product rounded to FP32: the scaled epilogue of GPU kernels (CUTLASS as vLLM uses it)
};

namespace detail {
inline constexpr name_table<scale_arithmetic, 2> scale_arithmetic_names{{
    {scale_arithmetic::fp64, "fp64"},
    {scale_arithmetic::fp32, "fp32"},
}};
static_assert(names_are_complete(scale_arithmetic_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(scale_arithmetic a) {
  return detail::name_of(detail::scale_arithmetic_names, a);
}
[[nodiscard]] constexpr std::optional<scale_arithmetic> find_scale_arithmetic(
    std::string_view name) {
  return detail::find_name(detail::scale_arithmetic_names, name);
}

/// Multiplies every element of a product by the scale of its row and that of its column.
///
/// shapes    out [m, n]; row_scales [m] or [1]; column_scales [n] or [1]: one scale stands for all (per tensor)
/// formula   out[i, j] * row_scales[i] * column_scales[j], rounded as `how` says; the same bits in every build and with any executor
/// requires  the sizes above
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <Executor E = serial_executor>
constexpr void apply_scales(matrix_view<float> out, std::span<const float> row_scales,
                            std::span<const float> column_scales,
                            scale_arithmetic how = scale_arithmetic::fp64, const E& executor = {}) {
  detail::expects(row_scales.size() == out.rows() || row_scales.size() == 1,
                  "apply_scales: needs one row scale, or one for each row of out");
  detail::expects(column_scales.size() == out.cols() || column_scales.size() == 1,
                  "apply_scales: needs one column scale, or one for each column of out");
  const bool one_row = row_scales.size() == 1;
  const bool one_column = column_scales.size() == 1;
  const auto scale_rows = [=](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      float* const x = out.row(r).data();
      const float* const columns = column_scales.data();
      const float row = row_scales[one_row ? 0 : r];
      const std::size_t step = one_column ? 0 : 1;
      if (how == scale_arithmetic::fp32) {
        for (std::size_t c = 0; c < out.cols(); ++c) {
          x[c] = row * (columns[c * step] * x[c]);
        }
      } else {
        const auto wide = static_cast<double>(row);
        for (std::size_t c = 0; c < out.cols(); ++c) {
          const double scale = wide * static_cast<double>(columns[c * step]);
          x[c] = static_cast<float>(static_cast<double>(x[c]) * scale);
        }
      }
    }
  };
  for_each_range(executor, out.rows(), rows_per_part(out.cols() * sizeof(float)), scale_rows);
}

}  // namespace quantroof

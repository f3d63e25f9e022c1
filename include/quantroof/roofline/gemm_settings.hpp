// SPDX-License-Identifier: Apache-2.0
//
// Which kernel computes a weight in one precision with an activation in another on a device, and with how many bytes and at which rate.
//
//   16-bit x 16-bit            dense16        FP8 x FP8, per tensor or channel   fp8        INT8 x INT8   int8
//   FP8 blocks, groups, MXFP8  fp8_block128   FP4 x FP4                          nvfp4
//   weight alone narrow        w8a16, w4a16: dequantized, multiplied at the activation's rate
#pragma once

#include <array>
#include <cstddef>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/compute_precision.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/gemm.hpp"

namespace quantroof {

/// The setting in which a kernel was measured: its formats as benchmarks use them.
///
/// formula   bytes of a weight and of an activation: dense16 2, 2; fp8, fp8_block128, int8 1, 1; nvfp4 0.5625 both; w8a16 1, 2; w4a16 0.5, 2.
///           Bytes that quantizing an activation moves: read 2 (twice for a dynamic per-tensor scale), written 1 or 0.5625
/// requires  is_valid(hw)
/// errors    quantroof::domain_error where the device has no matrix unit for the kernel
[[nodiscard]] constexpr gemm_setting gemm_setting_of(const hardware_spec& hw, gemm_kernel kernel) {
  const auto rate = [&hw](element_kind kind) {
    const auto peak = matrix_rate(hw, kind).tflops();
    detail::expects(peak.has_value(),
                    "gemm_setting_of: the device has no matrix unit for this kernel");
    return *peak * 1e6;
  };
  const auto dense16 = [&hw] {
    const double fp16 = hw.fp16_tflops.tflops().value_or(0);
    const double bf16 = hw.bf16_tflops.tflops().value_or(0);
    return (fp16 > bf16 ? fp16 : bf16) * 1e6;
  };
  switch (kernel) {
    case gemm_kernel::dense16:
      return {.matrix_flop_us = dense16()};
    case gemm_kernel::fp8:
      return {.matrix_flop_us = rate(element_kind::fp8),
              .weight_bytes = 1,
              .activation_bytes = 1,
              .quantize_bytes = 5};
    case gemm_kernel::fp8_block128:
      return {.matrix_flop_us = rate(element_kind::fp8),
              .weight_bytes = 1,
              .activation_bytes = 1,
              .quantize_bytes = 3};
    case gemm_kernel::nvfp4:
      return {.matrix_flop_us = rate(element_kind::fp4),
              .weight_bytes = 0.5625,
              .activation_bytes = 0.5625,
              .quantize_bytes = 2.5625};
    case gemm_kernel::int8:
      return {.matrix_flop_us = rate(element_kind::int8), .weight_bytes = 1, .activation_bytes = 1};
    case gemm_kernel::w8a16:
      return {.matrix_flop_us = dense16(), .weight_bytes = 1};
    case gemm_kernel::w4a16:
      return {.matrix_flop_us = dense16(), .weight_bytes = 0.5};
  }
  detail::expects(false, "gemm_setting_of: the kernel is not an enumerator");
  return {};
}

namespace detail {

/// bytes_per_element of every precision, so that a prediction looks it up.
[[nodiscard]] constexpr auto all_element_bytes() {
  std::array<double, precision_count> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = bytes_per_element(static_cast<precision>(i));
  }
  return bytes;
}
inline constexpr auto element_bytes = all_element_bytes();

/// The kind of kernel for operands that the matrix units multiply as they are.
[[nodiscard]] constexpr gemm_kernel native_kernel(const precision_format& w) {
  switch (w.kind) {
    case element_kind::fp8:
      return w.scales.block_cols > 1 ? gemm_kernel::fp8_block128 : gemm_kernel::fp8;
    case element_kind::fp4:
    case element_kind::fp6:
      return gemm_kernel::nvfp4;
    case element_kind::int8:
      return gemm_kernel::int8;
    default:
      return gemm_kernel::dense16;
  }
}

}  // namespace detail

/// A kernel and the setting in which it computes a linear layer.
struct gemm_choice {
  gemm_kernel kernel = gemm_kernel::dense16;
  gemm_setting setting{};
};

/// The kernel that computes weight x activation on a device, with its bytes and rates in exact formats.
///
/// formula   see the head of this file
/// requires  is_valid(hw)
/// errors    quantroof::domain_error where the device's 16-bit peak is unknown
[[nodiscard]] constexpr gemm_choice choose_gemm(const hardware_spec& hw, precision weight,
                                                precision activation) {
  const precision_format& w = format_of(weight);
  const precision_format& a = format_of(activation);
  gemm_choice c;
  c.setting.weight_bytes = detail::element_bytes[static_cast<std::size_t>(weight)];
  c.setting.activation_bytes = detail::element_bytes[static_cast<std::size_t>(activation)];
  const bool native =
      w.kind == a.kind && supports_natively(hw, weight) && supports_natively(hw, activation);
  if (native) {
    c.kernel = detail::native_kernel(w);
    c.setting.matrix_flop_us = matrix_rate(hw, w.kind).tflops().value_or(0) * 1e6;
  } else {
    if (w.element_bits < 16) {
      c.kernel = w.element_bits > 4 ? gemm_kernel::w8a16 : gemm_kernel::w4a16;
    }
    c.setting.matrix_flop_us = compute_tflops(hw, weight, activation) * 1e6;
  }
  switch (c.kernel) {
    case gemm_kernel::fp8:
      c.setting.quantize_bytes = 5;
      break;
    case gemm_kernel::fp8_block128:
      c.setting.quantize_bytes = 3;
      break;
    case gemm_kernel::nvfp4:
      c.setting.quantize_bytes = 2 + c.setting.activation_bytes;
      break;
    default:
      break;
  }
  return c;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// At which rate a weight in one precision and an activation in another are multiplied on a device.
//
// A weight-only format saves bytes, not arithmetic: it is dequantized and multiplied at the activation's rate. Low-precision rates
// need both operands in that kind and a unit for it. Source: NVIDIA Model Optimizer's scheme table, Marlin and Machete (W4A16).
#pragma once

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// The precision whose matrix rate applies to weight x activation.
///
/// formula   equal element kinds with native support: that precision; else the wider operand, when native; else 16 bits
/// example   (INT4_G128, FP16) -> FP16; (FP8_E4M3, FP8_E4M3) -> FP8_E4M3 on Hopper, FP16 on A100; (NVFP4, FP16) -> FP16
[[nodiscard]] constexpr precision compute_precision(const hardware_spec& hw, precision weight,
                                                    precision activation) {
  const precision_format& w = format_of(weight);
  const precision_format& a = format_of(activation);
  if (w.kind == a.kind && supports_natively(hw, weight) && supports_natively(hw, activation)) {
    return activation;
  }
  const precision wider = w.element_bits > a.element_bits ? weight : activation;
  return supports_natively(hw, wider) ? wider : native_16bit(hw);
}

/// Dense peak of weight x activation on the device.
///
/// units     TFLOPS (TOPS for integers)
/// requires  a known 16-bit peak (is_valid(hw))
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr double compute_tflops(const hardware_spec& hw, precision weight,
                                              precision activation) {
  const std::optional<double> peak = peak_tflops(hw, compute_precision(hw, weight, activation));
  detail::expects(peak.has_value(), "compute_tflops: the device's 16-bit peak must be known");
  return *peak;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The small kernels of a step: norms, RoPE, activation functions, residual additions, the pass that quantizes activations. Each is a launch
// and bytes; in decode the launch is nearly all of it.
//
//   time = kernels * launch + bytes / (share * bandwidth)
//
// Sources: aiconfigurator's FP8 quantization tables and vidur's operator profiles (measured); gpu-benches small-kernel times.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// How kernels reach the device: replayed as a CUDA graph, or launched one by one by the host.
enum class launch_mode : std::uint8_t { graph, stream };

/// Time that one small kernel adds to a step whatever it computes.
///
/// units     microseconds
/// formula   graph 2.0: 1.3 us from kernel to kernel and the latency of reading and writing. stream 5.0: the host launches no faster
/// source    measured: gpu-benches on H200, 1.26 us in a graph, 2.43 us in a stream back to back; whole steps of TensorRT-LLM and vLLM on
///           H100 and B200 fit 2 us a kernel; torch.compile decode on A100 and H100 fits 58 us a layer of a dozen kernels
[[nodiscard]] constexpr double small_kernel_us(launch_mode mode) {
  return mode == launch_mode::graph ? 2.0 : 5.0;
}

/// Share of the bandwidth that elementwise kernels reach on tensors larger than L2.
///
/// source    measured: FP8 quantization of 16384 x 8192 on H100 to B300, 0.60 to 0.85; whole prefill steps fit 0.7
inline constexpr double elementwise_memory_share = 0.7;

/// Elementwise kernels in a row.
///
/// units     bytes read and written by all of them together
/// requires  kernels >= 0; bytes >= 0 and finite; is_valid(hw)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   L2: tensors that stay in it are read faster
[[nodiscard]] constexpr kernel_estimate estimate_elementwise(
    const hardware_spec& hw, double kernels, double bytes, launch_mode mode = launch_mode::graph) {
  detail::expects(kernels >= 0 && bytes >= 0 && detail::is_finite(bytes),
                  "estimate_elementwise: kernels and bytes must not be negative");
  const double launch = kernels * small_kernel_us(mode);
  const double memory = bytes / (elementwise_memory_share * hw.memory_gb_s * 1e3);
  kernel_estimate e{.time_us = launch + memory, .dram_bytes = bytes};
  e.bottleneck = launch > memory ? bottleneck::launch : bottleneck::memory;
  // 80 % of the measured quantization passes lie within a third below and a half above
  e.lower_us = 0.67 * e.time_us;
  e.upper_us = 1.5 * e.time_us;
  e.achieved = e.time_us > 0 ? bytes / (hw.memory_gb_s * 1e3) / e.time_us : 0.0;
  return e;
}

/// One elementwise kernel alone, with constants measured on the device.
///
/// units     elements that it computes, bytes that it moves
/// formula   fixed + max(elements / (SMs * rate), bytes not in L2 / (share * bandwidth))
/// requires  elements, bytes >= 0 and finite; c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr kernel_estimate estimate_elementwise(const device_rates& d,
                                                             const elementwise_constants& c,
                                                             double elements, double bytes) {
  detail::expects(elements >= 0 && bytes >= 0 && bytes < 1e18 && elements < 1e18,
                  "estimate_elementwise: elements and bytes must be in [0, 1e18)");
  detail::expects(c.fit.is_measured(),
                  "estimate_elementwise: the constants must have been measured");
  const double units = elements / (d.sm_count * c.gelem_s * 1e3);
  const double passed = detail::pow4(bytes);
  const double missed = passed / (passed + detail::pow4(d.l2_bytes));
  const double memory = missed * bytes / (c.memory_share * d.bytes_us);
  kernel_estimate e{.time_us = c.fixed_us + (units > memory ? units : memory),
                    .dram_bytes = missed * bytes,
                    .l2_bytes = bytes - missed * bytes};
  const error_band* band = units > memory ? &c.fit.compute : &c.fit.memory;
  e.bottleneck = units > memory ? bottleneck::compute : bottleneck::memory;
  if (2 * c.fixed_us > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  e.achieved = bytes / (d.bytes_us * e.time_us);
  return e;
}

}  // namespace quantroof

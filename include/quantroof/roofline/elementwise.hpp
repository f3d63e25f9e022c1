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
#include "quantroof/hardware/hardware_spec.hpp"
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

}  // namespace quantroof

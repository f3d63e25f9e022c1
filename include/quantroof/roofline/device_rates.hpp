// SPDX-License-Identifier: Apache-2.0
//
// A device as the calibrated formulas see it: rates per microsecond and per clock, counts, cache. What a data sheet leaves open gets a
// stated stand-in, so that every device can be asked.
#pragma once

#include <cstdint>

#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof {

/// Where a call finds its weights or its KV cache. In a step of a model every other weight has passed through L2 since the last use: they are cold.
/// A benchmark calls the same kernel again and again, on at most five copies of the weights, which a large L2 keeps.
enum class l2_residency : std::uint8_t { cold, benchmark_loop };

/// Rates of a device; 16-bit peaks where nothing else is said.
struct device_rates {
  double dense16_flop_us = 0;  // FLOP per microsecond on the matrix units
  double vector_flop_us = 0;   // FP32, on the vector units
  double bytes_us = 0;         // DRAM bytes per microsecond
  double sm_count = 0;
  double clock_mhz = 0;  // cycles per microsecond
  double l2_bytes = 0;
  double flop_per_clock_sm = 0;  // dense 16-bit FLOP per clock and SM
  double exp_per_clock_sm = 0;

  friend constexpr bool operator==(const device_rates&, const device_rates&) = default;
};

/// The rates of a device.
///
/// formula   clock: the one that reproduces the peak, else boost, else 1700 MHz. SMs: as given, else, and for
///           chips whose cores are no SMs (TPU, Gaudi, Apple), as many as peak / (4096 FLOP per clock).
///           L2: as given, else 4 MiB. Exponentials: as given, else 16 per clock and SM (NVIDIA since Volta). FLOP per clock and SM:
///           peak / (SMs * clock)
///           Vector units: FP32 as given, else a sixteenth of the 16-bit peak, as on GA100 and GH100
/// requires  is_valid(hw)
[[nodiscard]] constexpr device_rates rates_of(const hardware_spec& hw) {
  const double fp16 = hw.fp16_tflops.tflops().value_or(0);
  const double bf16 = hw.bf16_tflops.tflops().value_or(0);
  device_rates r;
  r.dense16_flop_us = (fp16 > bf16 ? fp16 : bf16) * 1e6;
  const auto vector = hw.fp32_vector_tflops.tflops();
  r.vector_flop_us = vector ? *vector * 1e6 : r.dense16_flop_us * (1.0 / 16);
  r.bytes_us = hw.memory_gb_s * 1e3;
  r.clock_mhz = hw.tensor_clock_mhz ? *hw.tensor_clock_mhz : hw.boost_clock_mhz.value_or(1700);
  const bool is_gpu = hw.vendor == vendor::nvidia || hw.vendor == vendor::amd;
  if (hw.sm_count && is_gpu) {
    r.sm_count = *hw.sm_count;
  } else {
    const double sms = r.dense16_flop_us / (4096 * r.clock_mhz);
    r.sm_count = sms > 1 ? static_cast<double>(static_cast<std::int64_t>(sms)) : 1;
  }
  r.l2_bytes = hw.l2_mb.value_or(4) * 1048576.0;
  r.flop_per_clock_sm = r.dense16_flop_us / (r.sm_count * r.clock_mhz);
  r.exp_per_clock_sm = hw.exp_per_clock_per_sm.value_or(16);
  return r;
}

/// The same device for kernels that multiply with mma.sync (FA1, FA2), which newer matrix units run below their own rate.
///
/// formula   FLOP per clock and SM: 2300 on Hopper (measured: FA2 there reaches 370 of 989 TFLOPS, which no constant of FA2 on A100
///           explains otherwise), 2048 on data-centre Blackwell (as GA100); elsewhere the data sheet's
/// source    github.com/Dao-AILab/flash-attention, assets/flash3_fp16_fwd.png; tritonbench#171
[[nodiscard]] constexpr device_rates with_mma_sync(device_rates r, architecture arch) {
  double rate = r.flop_per_clock_sm;
  if (arch == architecture::hopper) {
    rate = 2300;
  } else if (arch == architecture::blackwell || arch == architecture::blackwell_ultra ||
             arch == architecture::blackwell_sm110) {
    rate = 2048;
  }
  r.flop_per_clock_sm = rate < r.flop_per_clock_sm ? rate : r.flop_per_clock_sm;
  return r;
}

}  // namespace quantroof

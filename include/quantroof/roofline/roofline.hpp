// SPDX-License-Identifier: Apache-2.0
//
// The roofline itself: an amount of work, the time it takes on a device, and which of the two ceilings sets that time.
//
//   time = max(flops / peak, bytes / bandwidth)
//
// Source: Williams, Waterman, Patterson, "Roofline", CACM 2009. Not here: how much work an operator is (gemm.hpp, flash_attention.hpp).
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/names.hpp"

namespace quantroof {

/// What limits an operator. A textbook roofline knows memory and compute only.
enum class bottleneck : std::uint8_t {
  memory,       // DRAM
  compute,      // arithmetic of any kind
  launch,       // fixed costs: launches, prologues, latency
  l2,           // the last cache, or operands on their way from it into the SMs
  matrix,       // matrix units
  exponential,  // the exponential units of softmax
  network,      // links between devices
};

namespace detail {
inline constexpr name_table<bottleneck, 7> bottleneck_names{
    {{bottleneck::memory, "memory"},
     {bottleneck::compute, "compute"},
     {bottleneck::launch, "launch"},
     {bottleneck::l2, "l2"},
     {bottleneck::matrix, "matrix"},
     {bottleneck::exponential, "exponential"},
     {bottleneck::network, "network"}}};
static_assert(names_are_complete(bottleneck_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(bottleneck b) {
  return detail::name_of(detail::bottleneck_names, b);
}
[[nodiscard]] constexpr bottleneck parse_bottleneck(std::string_view name) {
  return detail::parse_name(detail::bottleneck_names, name, "parse_bottleneck");
}

/// True where arithmetic sets the time: compute, matrix, exponential.
[[nodiscard]] constexpr bool is_arithmetic(bottleneck b) {
  return b == bottleneck::compute || b == bottleneck::matrix || b == bottleneck::exponential;
}

/// Work of one kernel call.
struct work {
  double flops = 0;
  double bytes = 0;

  /// FLOP per byte; 0 for no work.
  [[nodiscard]] constexpr double arithmetic_intensity() const {
    return bytes > 0 ? flops / bytes : 0.0;
  }
  friend constexpr bool operator==(const work&, const work&) = default;
};

/// A time and what set it.
struct roofline_time {
  double time_us = 0;
  double lower_us = 0;  // a roofline states no error: both are time_us
  double upper_us = 0;
  double memory_time_us = 0;
  double compute_time_us = 0;
  quantroof::bottleneck bottleneck = quantroof::bottleneck::memory;

  friend constexpr bool operator==(const roofline_time&, const roofline_time&) = default;
};

/// What a calibrated model says of one call, so that a person sees why.
struct kernel_estimate {
  double time_us = 0;
  double lower_us = 0;  // 80 % of measurements lie between lower_us and upper_us
  double upper_us = 0;
  quantroof::bottleneck bottleneck = quantroof::bottleneck::memory;
  double flops = 0;
  double dram_bytes = 0;
  double l2_bytes = 0;    // served by L2 instead of DRAM, or moved from it into the SMs
  double link_bytes = 0;  // per device, to others
  double achieved = 0;    // data-sheet roofline of the same work / time_us

  friend constexpr bool operator==(const kernel_estimate&, const kernel_estimate&) = default;
};

/// The roofline of one call.
///
/// units     microseconds; TFLOPS = 10^12 FLOP/s; GB/s = 10^9 byte/s
/// formula   max(flops / (tflops * 10^6), bytes / (gb_s * 10^3)); equal times count as memory bound
/// requires  flops >= 0, bytes >= 0 and finite; tflops > 0; gb_s > 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr roofline_time roofline(const work& w, double tflops, double gb_s) {
  detail::expects(
      w.flops >= 0 && w.bytes >= 0 && detail::is_finite(w.flops) && detail::is_finite(w.bytes),
      "roofline: flops and bytes must be finite and not negative");
  detail::expects(tflops > 0 && gb_s > 0, "roofline: peak and bandwidth must be positive");
  const double compute = w.flops / (tflops * 1e6);
  const double memory = w.bytes / (gb_s * 1e3);
  const bool compute_bound = compute > memory;
  const double time = compute_bound ? compute : memory;
  return {.time_us = time,
          .lower_us = time,
          .upper_us = time,
          .memory_time_us = memory,
          .compute_time_us = compute,
          .bottleneck = compute_bound ? bottleneck::compute : bottleneck::memory};
}

}  // namespace quantroof

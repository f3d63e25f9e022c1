// SPDX-License-Identifier: Apache-2.0
//
// Exchange among the devices of one node: all-reduce, all-gather, reduce-scatter, all-to-all.
//
//   wire bytes   all-reduce 2 (n - 1) / n of the message, the others (n - 1) / n
//   time = latency + wire / bandwidth + ramp * sqrt(wire / MB) * log2 n
//
// Source: NCCL's bus-bandwidth convention (nccl-tests, PERFORMANCE.md); measured NCCL and TensorRT-LLM all-reduces of aiconfigurator. Not here:
// several nodes, overlap with computation.
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

enum class collective : std::uint8_t { all_reduce, all_gather, reduce_scatter, all_to_all };

namespace detail {
inline constexpr name_table<collective, 4> collective_names{{
    {collective::all_reduce, "all_reduce"},
    {collective::all_gather, "all_gather"},
    {collective::reduce_scatter, "reduce_scatter"},
    {collective::all_to_all, "all_to_all"},
}};
static_assert(names_are_complete(collective_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(collective c) {
  return detail::name_of(detail::collective_names, c);
}
[[nodiscard]] constexpr collective parse_collective(std::string_view name) {
  return detail::parse_name(detail::collective_names, name, "parse_collective");
}

/// Bytes that each device sends for a message.
///
/// requires  devices >= 2; bytes > 0
[[nodiscard]] constexpr double wire_bytes(collective op, std::int64_t devices, double bytes) {
  const auto n = static_cast<double>(devices);
  return (op == collective::all_reduce ? 2.0 : 1.0) * (n - 1.0) / n * bytes;
}

/// How long one collective takes, with the interval that holds 80 % of measurements.
///
/// units     microseconds; bytes of the whole message
/// formula   see the head of this file; bandwidth grows with (devices / 2)^growth where links fan out, falls where devices share them
/// requires  devices in [2, 1024]; bytes positive and finite; c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr kernel_estimate estimate_collective(const collective_constants& c,
                                                            collective op, std::int64_t devices,
                                                            double bytes) {
  detail::expects(devices >= 2 && devices <= 1024,
                  "estimate_collective: devices must be in [2, 1024]");
  detail::expects(bytes > 0 && bytes < 1e18, "estimate_collective: bytes must be in (0, 1e18)");
  detail::expects(c.fit.is_measured(),
                  "estimate_collective: the constants must have been measured");
  const auto n = static_cast<double>(devices);
  const double wire = wire_bytes(op, devices, bytes);
  const double doublings = detail::coarse_log2(n);
  // 2^(growth (doublings - 1)), at most 2^(4 * 9)
  double grown = 1;
  const double factor = detail::small_exp(c.growth * 0.25 * 0.6931471805599453);
  const double quarter = factor * factor * factor * factor;
  const auto whole = static_cast<int>(doublings - 1.0);
  for (int i = 0; i < whole; ++i) {
    grown *= quarter;
  }
  grown *= 1.0 + (quarter - 1.0) * (doublings - 1.0 - whole);
  const double bandwidth = c.bandwidth_gb_s * 1e3 * grown;
  const double latency = c.latency_us + c.latency_per_device_us * (n - 2.0);
  const double transfer = wire / bandwidth;
  const double ramp = c.ramp_us * doublings * detail::root(wire * 1e-6);
  kernel_estimate e{.time_us = latency + transfer + ramp, .link_bytes = wire};
  const bool waits = 2 * latency > e.time_us;
  e.bottleneck = waits ? bottleneck::launch : bottleneck::network;
  const error_band& band = waits ? c.fit.overhead : c.fit.memory;
  e.lower_us = e.time_us * band.lower;
  e.upper_us = e.time_us * band.upper;
  e.achieved = transfer / e.time_us;
  return e;
}

}  // namespace quantroof

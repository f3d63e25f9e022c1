// SPDX-License-Identifier: Apache-2.0
//
// The constants of mixtures of experts, elementwise kernels and collectives on one device from measured times.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/io/fit.hpp"
#include "quantroof/io/fit_family.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/collective.hpp"
#include "quantroof/roofline/elementwise.hpp"
#include "quantroof/roofline/gemm_settings.hpp"
#include "quantroof/roofline/moe.hpp"

namespace quantroof::io {

/// The layer that a moe.csv row measured.
[[nodiscard]] inline moe_shape moe_shape_of(const measurement& row) {
  return {.tokens = row.tokens,
          .hidden = row.hidden,
          .inter = row.inter,
          .experts = row.experts,
          .top_k = row.top_k,
          .tensor_parallel = row.tensor_parallel,
          .expert_parallel = row.expert_parallel};
}
[[nodiscard]] inline moe_routing moe_routing_of(const measurement& row) {
  return row.skewed_routing ? moe_routing::skewed : moe_routing::balanced;
}

/// MoE constants of one weight format on one device.
///
/// requires  rows of one device and one gemm_kernel, not empty
[[nodiscard]] inline moe_constants fit_moe(const row_list& rows) {
  using c = moe_constants;
  const double inf = internal::unbounded;
  const std::vector<free_constant<c>> free{{"fixed_us", &c::fixed_us, 25, 0, inf},
                                           {"matrix_share", &c::matrix_share, 0.5, 0, 1.2},
                                           {"memory_share", &c::memory_share, 0.85, 0, 1.2},
                                           {"token_bytes", &c::token_bytes, 8, 0, inf},
                                           {"skew", &c::skew, 1.3, 1, inf},
                                           {"distinct_skew", &c::distinct_skew, 0.8, 0, 1}};
  const device_rates rates = rates_of(*rows.front()->device);
  const gemm_setting setting = gemm_setting_of(*rows.front()->device, rows.front()->gemm);
  return fit_family(
      c{}, free, {{}, {{1, 0.2}}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_moe(rates, constants, setting, moe_shape_of(row), moe_routing_of(row));
      },
      no_refinement{});
}

/// Elementwise constants of one device.
///
/// requires  rows of one device, not empty
[[nodiscard]] inline elementwise_constants fit_elementwise(const row_list& rows) {
  using c = elementwise_constants;
  const double inf = internal::unbounded;
  const std::vector<free_constant<c>> free{{"fixed_us", &c::fixed_us, 2, 0, inf},
                                           {"gelem_s", &c::gelem_s, 8, 0, inf},
                                           {"memory_share", &c::memory_share, 0.7, 0, 1.2}};
  const device_rates rates = rates_of(*rows.front()->device);
  return fit_family(
      c{}, free, {{}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_elementwise(
            rates, constants, static_cast<double>(row.shape.m) * static_cast<double>(row.shape.n),
            row.bytes);
      },
      no_refinement{});
}

/// The collective that a row names, or nothing.
[[nodiscard]] inline std::optional<collective> find_collective(std::string_view op) {
  return op == "alltoall" ? collective::all_to_all
                          : quantroof::detail::find_name(quantroof::detail::collective_names, op);
}

/// Collective constants of one library on one device.
///
/// requires  rows of one device and one library, not empty
[[nodiscard]] inline collective_constants fit_collective(const row_list& rows) {
  using c = collective_constants;
  const double inf = internal::unbounded;
  const std::vector<free_constant<c>> free{
      {"latency_us", &c::latency_us, 6, 0, inf},
      {"latency_per_device_us", &c::latency_per_device_us, 0.5, 0, inf},
      {"bandwidth_gb_s", &c::bandwidth_gb_s, 200, 0, inf},
      {"growth", &c::growth, 0.1, -3, 2},
      {"ramp_us", &c::ramp_us, 3, 0, inf}};
  return fit_family(
      c{}, free, {{}, {{2, 20.0}, {3, -1.0}}}, rows,
      [](const c& constants, const measurement& row) {
        return estimate_collective(constants,
                                   find_collective(row.op).value_or(collective::all_reduce),
                                   row.devices, row.bytes);
      },
      no_refinement{});
}

}  // namespace quantroof::io

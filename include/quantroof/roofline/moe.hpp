// SPDX-License-Identifier: Apache-2.0
//
// A mixture-of-experts layer: T tokens choose k of E experts each; an expert that anybody chose reads its weights once and multiplies its
// tokens in whole tiles.
//
//   distinct experts   D = E (1 - (1 - k / E)^T)
//   time = fixed + sqrt(products^2 + weights^2) + tokens moved
//
// Source: measured fused layers of aiconfigurator (TensorRT-LLM). Not here: shared experts (dense GEMMs), the router's GEMM.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// One routed layer with gated experts: gate, up and down of [inter, hidden].
struct moe_shape {
  std::int64_t tokens = 0;
  std::int64_t hidden = 0;
  std::int64_t inter = 0;
  std::int64_t experts = 0;
  std::int64_t top_k = 0;
  std::int64_t tensor_parallel = 1;  // each expert divided among devices
  std::int64_t expert_parallel = 1;  // experts divided among devices

  friend constexpr bool operator==(const moe_shape&, const moe_shape&) = default;
};

/// How tokens spread over experts.
enum class moe_routing : std::uint8_t { balanced, skewed };

/// Refuses a layer that cannot exist; returns true otherwise.
///
/// requires  sizes positive; tokens <= 2^31, hidden and inter <= 2^24, experts <= 2^16, top_k <= experts; parallel degrees positive
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const moe_shape& s) {
  const auto in = [](std::int64_t x, std::int64_t most) { return x > 0 && x <= most; };
  detail::expects(in(s.tokens, std::int64_t{1} << 31), "moe_shape: tokens must be in [1, 2^31]");
  detail::expects(in(s.hidden, 1 << 24) && in(s.inter, 1 << 24),
                  "moe_shape: hidden and inter must be in [1, 2^24]");
  detail::expects(in(s.experts, 1 << 16), "moe_shape: experts must be in [1, 2^16]");
  detail::expects(in(s.top_k, s.experts), "moe_shape: top_k must be in [1, experts]");
  detail::expects(in(s.tensor_parallel, 1 << 16) && in(s.expert_parallel, s.experts),
                  "moe_shape: parallel degrees must be positive, at most one device an expert");
  return true;
}

/// Experts that at least one of `tokens` tokens chose, expected for independent choices: E (1 - (1 - k / E)^T).
///
/// requires  is_valid(s)
[[nodiscard]] constexpr double distinct_experts(const moe_shape& s) {
  const auto experts = static_cast<double>(s.experts);
  double missed = 1;  // (1 - k / E)^T by squaring
  double factor = 1.0 - static_cast<double>(s.top_k) / experts;
  for (std::int64_t t = s.tokens; t > 0; t /= 2) {
    missed *= t % 2 == 1 ? factor : 1.0;
    factor *= factor;
  }
  return experts * (1.0 - missed);
}

/// How long one routed layer takes, with the interval that holds 80 % of measurements and the reason.
///
/// units     microseconds, bytes; `set` gives bytes per weight and the rate of the products (gemm_setting_of)
/// formula   products = 6 hidden inter / tp * padded rows / (share * peak); padded rows: each distinct expert's tokens in tiles of 64, half of
///           the last tile's rest paid. weights = D / ep * 3 hidden inter / tp * bytes / (share * bandwidth). Skewed routing hits fewer
///           experts and waits for the fullest
/// requires  is_valid(s); c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr kernel_estimate estimate_moe(const device_rates& d, const moe_constants& c,
                                                     const gemm_setting& set, const moe_shape& s,
                                                     moe_routing routing = moe_routing::balanced) {
  is_valid(s);
  detail::expects(c.fit.is_measured(), "estimate_moe: the constants must have been measured");
  const bool skewed = routing == moe_routing::skewed;
  const auto chosen = static_cast<double>(s.tokens) * static_cast<double>(s.top_k);
  const auto parallel = static_cast<double>(s.expert_parallel);
  const double distinct = distinct_experts(s) * (skewed && s.tokens > 1 ? c.distinct_skew : 1.0);
  const double local = distinct / parallel;
  const double rows_each = chosen / distinct;
  const double padded = 0.5 * (rows_each + 64.0 * detail::ceil(rows_each / 64.0)) * local;
  const double matrix = static_cast<double>(s.hidden) * static_cast<double>(s.inter) /
                        static_cast<double>(s.tensor_parallel);
  const double flops = 6.0 * matrix * chosen / parallel;
  const double compute =
      6.0 * matrix * padded / (c.matrix_share * set.matrix_flop_us) * (skewed ? c.skew : 1.0);
  const double weights = local * 3.0 * matrix * set.weight_bytes;
  const double bandwidth = c.memory_share * d.bytes_us;
  const double memory = weights / bandwidth;
  const double moved = c.token_bytes * chosen / parallel * static_cast<double>(s.hidden);

  kernel_estimate e;
  e.time_us = c.fixed_us + detail::hypotenuse(compute, memory) + moved / d.bytes_us;
  e.flops = flops;
  e.dram_bytes = weights + moved;
  const error_band* band = &c.fit.compute;
  if (2 * c.fixed_us > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  } else if (memory >= compute) {
    band = &c.fit.memory;
    e.bottleneck = bottleneck::memory;
  } else {
    e.bottleneck = bottleneck::matrix;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const double compute_bound = flops / set.matrix_flop_us;
  const double memory_bound = e.dram_bytes / d.bytes_us;
  e.achieved = (compute_bound > memory_bound ? compute_bound : memory_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

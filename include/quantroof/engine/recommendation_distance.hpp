// SPDX-License-Identifier: Apache-2.0
//
// How far recommend(), which follows the specification's rules, is from optimize(), which searches: time, quality, and whether an engine runs it.
#pragma once

#include <cstddef>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/engine/engine.hpp"
#include "quantroof/engine/engine_support.hpp"
#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/scenario.hpp"

namespace quantroof {

/// How far the specification's rules are from the search, on the first point of a workload.
struct recommendation_distance {
  double recommended_us = 0;
  double optimized_us = 0;
  double slower_by =
      0;  // share of the optimum: 0.1 is 10 % slower; negative: the rules leave the limits or the engines
  quality_estimate quality{};     // of the recommendation
  bool keeps_to_quality = false;  // loss and grade
  bool is_offered = false;        // an engine that was asked for runs each of its formats
  short_string<64> strategy{};

  friend constexpr bool operator==(const recommendation_distance&,
                                   const recommendation_distance&) = default;
};

/// requires  optimize's; `answer` is feasible and of the same question
template <PerformanceModel M>
[[nodiscard]] constexpr recommendation_distance distance_of_recommendation(
    const M& model, const hardware_spec& hw, const model_config& m, const optimize_request& r,
    const optimization& answer) {
  detail::expects(answer.feasible, "distance_of_recommendation: the answer must be feasible");
  const workload_point& p = answer.best.workload[0];
  const scenario s{
      .phase = p.phase, .seq_len = p.seq_len, .batch = p.batch, .plan = answer.best.devices};
  const quantization_recommendation rec =
      integrated_quantization_engine<dynamic_hardware, M>{dynamic_hardware{hw}, model}.recommend(m,
                                                                                                 s);
  recommendation_distance d{.optimized_us = answer.best.step_us[0],
                            .strategy = rec.config.strategy_name};
  optimized_plan as_plan{.config = rec.mixed_precision, .devices = answer.best.devices};
  (p.phase == phase::decode ? as_plan.decode_attention : as_plan.prefill_attention) = rec.fa_config;
  d.recommended_us = detail::step_of(model, hw, m, as_plan, p,
                                     r.engine.empty() ? nullptr : find_engine(r.engine.view()))
                         .time_us;
  d.slower_by = d.recommended_us / d.optimized_us - 1;
  d.quality = estimate_quality(m, rec.mixed_precision, r.quality);
  d.keeps_to_quality = static_cast<int>(d.quality.grade) <= static_cast<int>(r.limits.min_grade) &&
                       (!r.limits.quality_loss || d.quality.loss.upper <= *r.limits.quality_loss);
  d.is_offered = true;
  for (const operator_type op : operator_types) {
    const precision weight = rec.mixed_precision.get_precision(op, 0);
    if (block_linears.contains(op) && format_of(weight).element_bits < 16) {
      const engine_set with =
          engines_with(hw.arch, weight, rec.mixed_precision.get_activation_precision(weight)) &
          detail::engines_asked(hw.arch, r);
      d.is_offered = d.is_offered && !with.empty();
    }
  }
  return d;
}

}  // namespace quantroof

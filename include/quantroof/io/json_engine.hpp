// SPDX-License-Identifier: Apache-2.0
//
// The question and the answer of the engine as JSON. Members have the names of the structs, which are the specification's.
#pragma once

#include <string_view>

#include "quantroof/engine/recommendation.hpp"
#include "quantroof/engine/scenario.hpp"
#include "quantroof/engine/substitution.hpp"
#include "quantroof/io/json_dynamic_quant.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_roofline.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, confidence c) {
  json = to_string(c);
}
template <JsonValue Json>
void from_json(const Json& json, confidence& c) {
  detail::read_name(json, c, &parse_confidence);
}

template <>
struct detail::json_record<scenario> {
  static constexpr std::string_view name = "scenario";
  static constexpr void members(auto& m, auto& s) {
    m.required("phase", s.phase);
    m.required("seq_len", s.seq_len);
    m.optional("batch", s.batch);
    m.optional("enable_dynamic", s.enable_dynamic);
    m.optional("enable_adaptive", s.enable_adaptive);
    m.optional("plan", s.plan);
  }
};

template <>
struct detail::json_record<substitution> {
  static constexpr std::string_view name = "substitution";
  static constexpr void members(auto& m, auto& s) {
    m.required("from", s.from);
    m.required("to", s.to);
  }
};

template <>
struct detail::json_record<integrated_quant_config> {
  static constexpr std::string_view name = "integrated_quant_config";
  static constexpr void members(auto& m, auto& c) {
    m.required("strategy_name", c.strategy_name);
    m.required("fa_version", c.fa_version);
    m.required("kv_cache_precision", c.kv_cache_precision);
    m.if_any("value_cache_precision", c.value_cache_precision);
    m.required("activation_precision", c.activation_precision);
    m.optional("dynamic", c.dynamic);
    m.optional("adaptive", c.adaptive);
  }
};

template <>
struct detail::json_record<quantization_recommendation> {
  static constexpr std::string_view name = "quantization_recommendation";
  static constexpr void members(auto& m, auto& r) {
    m.required("config", r.config);
    m.required("mixed_precision", r.mixed_precision);
    m.required("fa_config", r.fa_config);
    m.required("substitutions", r.substitutions);
    m.amount("predicted_speedup", r.predicted_speedup);
    m.amount("predicted_time_us", r.predicted_time_us);
    m.amount("lower_us", r.lower_us);
    m.amount("upper_us", r.upper_us);
    m.amount("baseline_time_us", r.baseline_time_us);
    m.required("memory_savings_pct", r.memory_savings_pct);
    m.amount("kv_cache_bytes", r.kv_cache_bytes);
    m.amount("weight_bytes", r.weight_bytes);
    m.required("expected_quality_loss", r.expected_quality_loss);
    m.required("confidence", r.confidence);
    m.required("reason", r.reason);
    m.required("bottleneck_analysis", r.bottleneck_analysis);
  }
};

}  // namespace quantroof

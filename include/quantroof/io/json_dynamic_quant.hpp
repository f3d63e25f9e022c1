// SPDX-License-Identifier: Apache-2.0
//
// Dynamic quantization as JSON: options, statistics, decisions, and what a quantizer remembers between calls.
//
// A quantizer's state is {"config": {...}, "history": [{"operator_name": ..., "averages": [...], "steps": ..., "weight": ...}]}. It
// is read back into a quantizer with the same options only: averages of other scales mean something else.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/adaptive_precision.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"
#include "quantroof/dynamic_quant/scale_history.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_quantize.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, error_report r) {
  json = to_string(r);
}
template <JsonValue Json>
void from_json(const Json& json, error_report& r) {
  detail::read_name(json, r, &parse_error_report);
}

template <>
struct detail::json_record<dynamic_quant_config> {
  static constexpr std::string_view name = "dynamic_quant_config";
  static constexpr void members(auto& m, auto& c) {
    m.optional("precision", c.precision);
    m.optional("granularity", c.granularity);
    m.optional("group_size", c.group_size);
    m.optional("calibration_mode", c.calibration_mode);
    m.optional("percentile", c.percentile);
    m.optional("fallback_to_fp16", c.fallback_to_fp16);
    m.optional("outlier_threshold", c.outlier_threshold);
    m.optional("smoothing", c.smoothing);
    m.optional("error_report", c.error_report);
  }
};

template <>
struct detail::json_record<adaptive_quant_config> {
  static constexpr std::string_view name = "adaptive_quant_config";
  static constexpr void members(auto& m, auto& c) {
    m.optional("precision_candidates", c.precision_candidates);
    m.optional("high_outlier_threshold", c.high_outlier_threshold);
    m.optional("medium_outlier_threshold", c.medium_outlier_threshold);
    m.optional("low_outlier_threshold", c.low_outlier_threshold);
    m.optional("history_limit", c.history_limit);
  }
};

template <>
struct detail::json_record<adaptive_context> {
  static constexpr std::string_view name = "adaptive_context";
  static constexpr void members(auto& m, auto& c) {
    m.required("phase", c.phase);
    m.amount("seq_len", c.seq_len);
    m.optional("is_kv_cache", c.is_kv_cache);
  }
};

template <>
struct detail::json_record<activation_stats> {
  static constexpr std::string_view name = "activation_stats";
  static constexpr void members(auto& m, auto& s) {
    m.amount("absmax", s.absmax);
    m.required("mean", s.mean);
    m.amount("std", s.std);
    m.amount("percentile_99", s.percentile_99);
    m.amount("percentile_999", s.percentile_999);
    m.amount("rows", s.rows);
    m.amount("cols", s.cols);
    m.amount("nan_count", s.nan_count);
    m.amount("inf_count", s.inf_count);
  }
};

template <>
struct detail::json_record<quantization_metadata> {
  static constexpr std::string_view name = "quantization_metadata";
  static constexpr void members(auto& m, auto& q) {
    m.amount("scale", q.scale);
    m.required("scales", q.scales);
    m.required("precision", q.precision);
    m.required("fallback", q.fallback);
    m.amount("outlier_ratio", q.outlier_ratio);
    m.amount("dynamic_range", q.dynamic_range);
    m.amount("clipped_count", q.clipped_count);
    m.amount("nan_count", q.nan_count);
    m.amount("inf_count", q.inf_count);
    m.optional("error", q.error);
  }
};

template <>
struct detail::json_record<precision_decision> {
  static constexpr std::string_view name = "precision_decision";
  static constexpr void members(auto& m, auto& d) {
    m.required("operator_name", d.operator_name);
    m.required("precision", d.precision);
    m.amount("outlier_ratio", d.outlier_ratio);
  }
};

/// {"operator_name": "q_proj", "counts": {"NVFP4": 3}}: precisions that were never chosen are left out.
template <JsonValue Json>
void to_json(Json& json, const precision_distribution& d) {
  Json object = Json::object();
  object["operator_name"] = d.operator_name.view();
  Json counts = Json::object();
  for (const precision_format& format : precision_formats) {
    if (d.count(format.id) > 0) {
      counts[typename Json::string_t(format.name)] = d.count(format.id);
    }
  }
  object["counts"] = counts;
  json = std::move(object);
}

template <>
struct detail::json_record<scale_average> {
  static constexpr std::string_view name = "scale_average";
  static constexpr void members(auto& m, auto& a) {
    m.required("operator_name", a.operator_name);
    m.required("averages", a.averages);
    m.amount("steps", a.steps);
    m.amount("weight", a.weight);
  }
};

/// An array of scale_average.
template <JsonValue Json>
void to_json(Json& json, const scale_history& history) {
  detail::write_value(json, history.entries());
}
template <JsonValue Json>
void from_json(const Json& json, scale_history& history) {
  std::vector<scale_average> entries;
  detail::read_value(json, entries);
  history.set_entries(std::move(entries));
}

/// What a dynamic_quantizer is made of and remembers.
struct quantizer_state {
  dynamic_quant_config config{};
  scale_history history{};
};
template <>
struct detail::json_record<quantizer_state> {
  static constexpr std::string_view name = "quantizer_state";
  static constexpr void members(auto& m, auto& s) {
    m.required("config", s.config);
    m.required("history", s.history);
  }
};

template <JsonValue Json, Gemm G, Executor E>
void to_json(Json& json, const dynamic_quantizer<G, E>& quantizer) {
  to_json(json, quantizer_state{quantizer.config(), quantizer.history()});
}
/// Replaces what `quantizer` remembers.
///
/// requires  the options in the JSON are those of `quantizer`
/// errors    io::input_error with the place; `quantizer` is then as it was
template <JsonValue Json, Gemm G, Executor E>
void from_json(const Json& json, dynamic_quantizer<G, E>& quantizer) {
  quantizer_state state;
  from_json(json, state);
  if (!(state.config == quantizer.config())) {
    throw io::input_error{"", "/config", "must be the options of the quantizer it is read into"};
  }
  quantizer.history() = std::move(state.history);
}

}  // namespace quantroof

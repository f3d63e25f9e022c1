// SPDX-License-Identifier: Apache-2.0
//
// Quality as JSON: options, published rows, the estimate with its grade, evidence and rule.
//
// Not here: a user's own sensitivities (sensitivities.hpp).
#pragma once

#include <string_view>

#include "quantroof/engine/quality.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_quantize.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, quality_grade g) {
  json = to_string(g);
}
template <JsonValue Json>
void from_json(const Json& json, quality_grade& g) {
  detail::read_name(json, g, &parse_quality_grade);
}
template <JsonValue Json>
void to_json(Json& json, quality_metric m) {
  json = to_string(m);
}
template <JsonValue Json>
void from_json(const Json& json, quality_metric& m) {
  detail::read_name(json, m, &parse_quality_metric);
}
template <JsonValue Json>
void to_json(Json& json, measured_model m) {
  json = to_string(m);
}
template <JsonValue Json>
void from_json(const Json& json, measured_model& m) {
  detail::read_name(json, m, &parse_measured_model);
}
template <JsonValue Json>
void to_json(Json& json, weight_method m) {
  json = to_string(m);
}
template <JsonValue Json>
void from_json(const Json& json, weight_method& m) {
  detail::read_name(json, m, &parse_weight_method);
}
template <JsonValue Json>
void to_json(Json& json, evidence_source s) {
  json = to_string(s);
}
template <JsonValue Json>
void from_json(const Json& json, evidence_source& s) {
  detail::read_name(json, s, &parse_evidence_source);
}

/// An object with what the rule says; reading takes its name. null: no rule.
template <JsonValue Json>
void to_json(Json& json, quality_rule r) {
  json = nullptr;
  if (r != quality_rule::none) {
    const quality_rule_text& text = text_of(r);
    json = Json::object();
    json["name"] = text.name;
    json["reason"] = text.reason;
    json["source"] = text.source;
  }
}
template <JsonValue Json>
void from_json(const Json& json, quality_rule& r) {
  if (json.is_null()) {
    r = quality_rule::none;
    return;
  }
  if (!json.is_object()) {
    detail::wrong_type(json, "an object (quality_rule) or null");
  }
  detail::member_names names;
  for (const std::string_view key : {"name", "reason", "source"}) {
    names.known.push_back(key);
  }
  detail::refuse_unknown_members(json, names);
  const auto found = json.find("name");
  if (found == json.end()) {
    throw io::input_error("", "/name", "is missing");
  }
  detail::read_at(std::string_view{"name"},
                  [&] { detail::read_name(*found, r, &parse_quality_rule); });
}

template <>
struct detail::json_record<quality_band> {
  static constexpr std::string_view name = "quality_band";
  static constexpr void members(auto& m, auto& b) {
    m.required("lower", b.lower);
    m.required("typical", b.typical);
    m.required("upper", b.upper);
  }
};

/// Without the sensitivities, which are a document of their own.
template <>
struct detail::json_record<quality_options> {
  static constexpr std::string_view name = "quality_options";
  static constexpr void members(auto& m, auto& o) {
    m.optional("metric", o.metric);
    m.optional("calibrated", o.calibrated);
    m.optional("kv_calibrated", o.kv_calibrated);
    m.optional("long_reasoning", o.long_reasoning);
    m.optional("use_evidence", o.use_evidence);
    m.optional("activation_granularity", o.activation_granularity);
  }
};

template <>
struct detail::json_record<quality_row> {
  static constexpr std::string_view name = "quality_row";
  static constexpr void members(auto& m, auto& r) {
    m.required("model", r.model);
    m.required("weight", r.weight);
    m.required("activation", r.activation);
    m.required("kv", r.kv);
    m.required("method", r.method);
    m.required("metric", r.metric);
    m.amount("baseline", r.baseline);
    m.amount("quantized", r.quantized);
    m.required("source", r.source);
  }
};

/// A row of the tables, or null.
template <JsonValue Json>
void to_json(Json& json, const quality_row* const& row) {
  json = nullptr;
  if (row != nullptr) {
    to_json(json, *row);
  }
}
/// errors    io::input_error where the tables have no such row
template <JsonValue Json>
void from_json(const Json& json, const quality_row*& row) {
  row = nullptr;
  if (json.is_null()) {
    return;
  }
  quality_row wanted;
  from_json(json, wanted);
  const auto look = [&](const auto& rows) {
    for (const quality_row& r : rows) {
      row = row == nullptr && r == wanted ? &r : row;
    }
  };
  look(detail::quality_data::perplexities);
  look(detail::quality_data::scores);
  if (row == nullptr) {
    throw io::input_error("", "", "is not one of the published rows");
  }
}

template <>
struct detail::json_record<quality_estimate> {
  static constexpr std::string_view name = "quality_estimate";
  static constexpr void members(auto& m, auto& e) {
    m.required("grade", e.grade);
    m.required("metric", e.metric);
    m.required("loss", e.loss);
    m.required("nats", e.nats);
    m.amount("divergence", e.divergence);
    m.required("rule", e.rule);
    m.required("rule_operator", e.rule_operator);
    m.required("rows", e.rows);
    m.required("evidence", e.evidence);
  }
};

}  // namespace quantroof

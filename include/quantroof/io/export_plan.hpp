// SPDX-License-Identifier: Apache-2.0
//
// A plan for any tool: a neutral JSON with a versioned schema, which says the plan, the model that it is for, what each operator gets, and on which
// evidence.
//
//   {"schema": "quantroof.plan", "version": 1, "generator": "quantroof 0.1.0",
//    "hardware": "h100_sxm",                                            optional: the key of the device that the plan was made for
//    "model": {...}, "plan": {...},                                     as json_model.hpp: complete, what a reader uses
//    "operators": [{"operator": "q_proj", "first_layer": 0, "last_layer": 31, "weight": "FP8_E4M3", "activation": "FP8_E4M3",
//                   "rows": 4096, "cols": 4096, "copies": 1, "layers": 32, "bytes": 536871040}, ...],
//    "ends": {"embeddings": "FP16", "lm_head": "FP16", "kv_cache": "FP8_E4M3"},
//    "evidence": [{"grade": "A", "statement": "...", "source": "..."}],  grade A measured, B measured for similar models, C estimated, D risky
//    "notes": ["..."]}
//
// "operators" and "ends" follow from model and plan: written for tools that know neither, and checked when read. Within version 1 members are
// added only as optional ones; unknown members are refused by name, and so are other versions. read(write(x)) == x.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/export_json.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/version.hpp"

namespace quantroof {

inline constexpr std::string_view plan_schema = "quantroof.plan";
inline constexpr std::int64_t plan_schema_version = 1;

/// On what a plan rests.
struct plan_evidence {
  short_string<1> grade{"C"};  // A, B, C, D
  json_string statement{};
  json_string source{};

  friend bool operator==(const plan_evidence&, const plan_evidence&) = default;
};

/// What one operator gets in consecutive layers that are alike.
struct planned_operator {
  operator_type op = operator_type::q_proj;
  std::int64_t first_layer = 0;
  std::int64_t last_layer = 0;
  precision weight = precision::fp16;
  precision activation = precision::fp16;
  std::int64_t rows = 0;  // of one matrix
  std::int64_t cols = 0;
  std::int64_t copies = 1;  // in a layer: experts
  std::int64_t layers = 0;  // first_layer..last_layer that have the operator
  std::int64_t bytes = 0;   // of all of them, scales included

  friend constexpr bool operator==(const planned_operator&, const planned_operator&) = default;
};

/// What is not in the layers.
struct planned_ends {
  precision embeddings = precision::fp16;
  precision lm_head = precision::fp16;
  precision kv_cache = precision::fp16;
  std::optional<precision> value_cache{};  // of V where it has a format of its own

  friend constexpr bool operator==(const planned_ends&, const planned_ends&) = default;
};

/// A plan with all that a reader needs.
struct plan_document {
  std::string hardware{};  // empty: none
  model_config model{};
  mixed_precision_config plan{};
  std::vector<plan_evidence> evidence{};
  std::vector<json_string> notes{};

  friend bool operator==(const plan_document&, const plan_document&) = default;
};

/// Refuses a document that cannot be written or was not written here; returns true otherwise.
///
/// requires  is_valid(model); is_valid(plan); grades A to D
/// errors    quantroof::domain_error
inline bool is_valid(const plan_document& d) {
  is_valid(d.model);
  is_valid(d.plan);
  for (const plan_evidence& e : d.evidence) {
    detail::expects(e.grade == "A" || e.grade == "B" || e.grade == "C" || e.grade == "D",
                    "plan_document: evidence needs grade A, B, C or D");
  }
  return true;
}

/// What each operator gets, in the order of the layers.
///
/// formula   a row ends where format or shape change; a layer without the operator does not end it. Weights of 16 bits and more are multiplied
///           with 16-bit activations
/// requires  is_valid(m); is_valid(plan)
[[nodiscard]] inline std::vector<planned_operator> planned_operators(
    const model_config& m, const mixed_precision_config& plan) {
  std::vector<planned_operator> rows;
  constexpr std::size_t most = 4;  // matrices of one operator in a layer
  std::vector<std::optional<std::size_t>> open(operator_count * most);
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    std::array<std::size_t, operator_count> seen{};
    for (const weight_matrix& w :
         weight_matrices(layer_kind(m, layer_kind_of(m, layer)), m.hidden_size)) {
      const auto op = static_cast<std::size_t>(w.op);
      const precision weight = plan.get_precision(w.op, layer);
      const std::int64_t bytes =
          detail::checked_mul(w.copies, storage_bytes(weight, w.rows, w.cols));
      detail::expects(seen[op] < most, "planned_operators: too many matrices of one operator");
      auto& slot = open[op * most + seen[op]++];
      if (slot) {
        planned_operator& row = rows[*slot];
        if (row.weight == weight && row.rows == w.rows && row.cols == w.cols &&
            row.copies == w.copies) {
          row.last_layer = layer;
          ++row.layers;
          row.bytes = detail::checked_add(row.bytes, bytes);
          continue;
        }
      }
      slot = rows.size();
      const bool wide = format_of(weight).element_bits >= 16;
      rows.push_back({.op = w.op,
                      .first_layer = layer,
                      .last_layer = layer,
                      .weight = weight,
                      .activation = wide ? (weight == precision::bf16 ? weight : precision::fp16)
                                         : plan.get_activation_precision(weight),
                      .rows = w.rows,
                      .cols = w.cols,
                      .copies = w.copies,
                      .layers = 1,
                      .bytes = bytes});
    }
  }
  return rows;
}

template <>
struct detail::json_record<plan_evidence> {
  static constexpr std::string_view name = "evidence";
  static constexpr void members(auto& m, auto& e) {
    m.required("grade", e.grade);
    m.required("statement", e.statement);
    m.required("source", e.source);
  }
};

template <>
struct detail::json_record<planned_operator> {
  static constexpr std::string_view name = "operator of a plan";
  static constexpr void members(auto& m, auto& o) {
    m.required("operator", o.op);
    m.required("first_layer", o.first_layer);
    m.required("last_layer", o.last_layer);
    m.required("weight", o.weight);
    m.required("activation", o.activation);
    m.required("rows", o.rows);
    m.required("cols", o.cols);
    m.required("copies", o.copies);
    m.required("layers", o.layers);
    m.required("bytes", o.bytes);
  }
};

template <>
struct detail::json_record<planned_ends> {
  static constexpr std::string_view name = "ends of a plan";
  static constexpr void members(auto& m, auto& e) {
    m.required("embeddings", e.embeddings);
    m.required("lm_head", e.lm_head);
    m.required("kv_cache", e.kv_cache);
    m.if_any("value_cache", e.value_cache);
  }
};

namespace detail {

[[nodiscard]] inline planned_ends planned_ends_of(const mixed_precision_config& plan) {
  return {.embeddings = plan.get_precision(operator_type::embeddings),
          .lm_head = plan.get_precision(operator_type::lm_head),
          .kv_cache = plan.kv_cache_precision,
          .value_cache = plan.get_cache_format().own_value()};
}

/// The document as it stands in the file.
struct plan_file {
  json_string schema{};
  std::int64_t version = 0;
  json_string generator{};
  json_member<json_string> hardware{};
  model_config model{};
  mixed_precision_config plan{};
  std::vector<planned_operator> operators{};
  planned_ends ends{};
  std::vector<plan_evidence> evidence{};
  std::vector<json_string> notes{};
};

}  // namespace detail

template <>
struct detail::json_record<detail::plan_file> {
  static constexpr std::string_view name = "plan";
  static constexpr void members(auto& m, auto& p) {
    m.required("schema", p.schema);
    m.required("version", p.version);
    m.required("generator", p.generator);
    m.if_any("hardware", p.hardware);
    m.required("model", p.model);
    m.required("plan", p.plan);
    m.required("operators", p.operators);
    m.required("ends", p.ends);
    m.optional("evidence", p.evidence);
    m.optional("notes", p.notes);
  }
};

/// errors    io::input_error where a member is_valid refuses
template <JsonValue Json>
void to_json(Json& json, const plan_document& d) {
  is_valid(d);
  const std::string library = std::to_string(version.major) + "." + std::to_string(version.minor) +
                              "." + std::to_string(version.patch);
  detail::plan_file file{.schema = {std::string{plan_schema}},
                         .version = plan_schema_version,
                         .generator = {"quantroof " + library},
                         .model = d.model,
                         .plan = d.plan,
                         .operators = planned_operators(d.model, d.plan),
                         .ends = detail::planned_ends_of(d.plan),
                         .evidence = d.evidence,
                         .notes = d.notes};
  if (!d.hardware.empty()) {
    file.hardware = json_string{d.hardware};
  }
  to_json(json, file);
}

/// errors    io::input_error with the place: another schema or version, unknown members, operators that contradict the plan
template <JsonValue Json>
void from_json(const Json& json, plan_document& d) {
  if (!json.is_object()) {
    detail::wrong_type(json, "an object (plan)");
  }
  const auto refuse = [](std::string_view key, const std::string& rule) {
    throw io::input_error("", "", rule).under(key);
  };
  // schema and version first: they say whether the rest can be read at all
  detail::member_reader<Json> reader{json};
  json_string schema;
  std::int64_t revision = 0;
  reader.required("schema", schema);
  if (schema.text != plan_schema) {
    refuse("schema", "is not known; known: " + std::string{plan_schema});
  }
  reader.required("version", revision);
  if (revision != plan_schema_version) {
    refuse("version", "is not known; known: " + std::to_string(plan_schema_version));
  }
  detail::plan_file file;
  from_json(json, file);
  if (file.operators != planned_operators(file.model, file.plan)) {
    refuse("operators", "contradict model and plan");
  }
  if (file.ends != detail::planned_ends_of(file.plan)) {
    refuse("ends", "contradict the plan");
  }
  if (file.hardware.has_value() && file.hardware.value().text.empty()) {
    refuse("hardware", "must not be empty");
  }
  plan_document fresh{.hardware = file.hardware.value().text,
                      .model = file.model,
                      .plan = file.plan,
                      .evidence = std::move(file.evidence),
                      .notes = std::move(file.notes)};
  is_valid(fresh);
  d = std::move(fresh);
}

namespace io {

/// A plan and its model as a document.
///
/// example   examples/export_plan.cpp
[[nodiscard]] inline plan_document export_plan(const model_config& m,
                                               const mixed_precision_config& plan,
                                               const hardware_spec* hw = nullptr) {
  plan_document d{.model = m, .plan = plan};
  if (hw != nullptr) {
    d.hardware = hw->key.view();
  }
  is_valid(d);
  return d;
}

}  // namespace io
}  // namespace quantroof

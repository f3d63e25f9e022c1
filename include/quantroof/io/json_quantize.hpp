// SPDX-License-Identifier: Apache-2.0
//
// Quantization as JSON: options, what was met, how large the error is. Enumerators are their names.
//
//   {"granularity": "per_group", "group_size": 64, "calibration_mode": "mse_optimal", "rounding": "stochastic", "seed": 7}
//
// All members of the options may be left out. Not here: given scales and tensors, which are data; a text cannot hold a seed of 2^63
// or more.
#pragma once

#include <limits>
#include <optional>
#include <string_view>

#include "quantroof/detail/math.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/quantization_error.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/rounding.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, granularity g) {
  json = to_string(g);
}
template <JsonValue Json>
void from_json(const Json& json, granularity& g) {
  detail::read_name(json, g, &parse_granularity);
}

template <JsonValue Json>
void to_json(Json& json, calibration c) {
  json = to_string(c);
}
template <JsonValue Json>
void from_json(const Json& json, calibration& c) {
  detail::read_name(json, c, &parse_calibration);
}

template <JsonValue Json>
void to_json(Json& json, rounding r) {
  json = to_string(r);
}
template <JsonValue Json>
void from_json(const Json& json, rounding& r) {
  detail::read_name(json, r, &parse_rounding);
}

template <JsonValue Json>
void to_json(Json& json, mx_scale_rule r) {
  json = to_string(r);
}
template <JsonValue Json>
void from_json(const Json& json, mx_scale_rule& r) {
  detail::read_name(json, r, &parse_mx_scale_rule);
}

template <JsonValue Json>
void to_json(Json& json, nvfp4_rule r) {
  json = to_string(r);
}
template <JsonValue Json>
void from_json(const Json& json, nvfp4_rule& r) {
  detail::read_name(json, r, &parse_nvfp4_rule);
}

template <JsonValue Json>
void to_json(Json& json, four_over_six f) {
  json = to_string(f);
}
template <JsonValue Json>
void from_json(const Json& json, four_over_six& f) {
  detail::read_name(json, f, &parse_four_over_six);
}

template <JsonValue Json>
void to_json(Json& json, symmetry s) {
  json = to_string(s);
}
template <JsonValue Json>
void from_json(const Json& json, symmetry& s) {
  detail::read_name(json, s, &parse_symmetry);
}

template <JsonValue Json>
void to_json(Json& json, scaling s) {
  json = to_string(s);
}
template <JsonValue Json>
void from_json(const Json& json, scaling& s) {
  detail::read_name(json, s, &parse_scaling);
}

template <>
struct detail::json_record<quantize_options> {
  static constexpr std::string_view name = "quantize_options";
  static constexpr void members(auto& m, auto& o) {
    m.optional("granularity", o.granularity);
    m.optional("group_size", o.group_size);
    m.optional("calibration_mode", o.calibration_mode);
    m.optional("percentile", o.percentile);
    m.optional("symmetry", o.symmetry);
    m.optional("scaling", o.scaling);
    m.optional("rounding", o.rounding);
    m.optional("seed", o.seed);
    m.optional("mx_rule", o.mx_rule);
    m.optional("nvfp4", o.nvfp4);
    m.optional("four_over_six", o.four_over_six);
    m.optional("tensor_absmax", o.tensor_absmax);
  }
};

template <>
struct detail::json_record<quantization_counts> {
  static constexpr std::string_view name = "quantization_counts";
  static constexpr void members(auto& m, auto& c) {
    m.amount("nan", c.nan);
    m.amount("inf", c.inf);
    m.amount("clipped", c.clipped);
  }
};

namespace detail {
/// A quantization_error as JSON has it: what is infinite is null.
struct quantization_error_record {
  quantization_error finite{};
  std::optional<double> relative_mse{};
  std::optional<double> sqnr_db{};
};
template <>
struct json_record<quantization_error_record> {
  static constexpr std::string_view name = "quantization_error";
  static constexpr void members(auto& m, auto& e) {
    m.amount("count", e.finite.count);
    m.amount("nan_mismatches", e.finite.nan_mismatches);
    m.amount("inf_mismatches", e.finite.inf_mismatches);
    m.amount("mse", e.finite.mse);
    m.required("relative_mse", e.relative_mse);
    m.required("sqnr_db", e.sqnr_db);
    m.amount("max_abs_error", e.finite.max_abs_error);
    m.amount("max_relative_error", e.finite.max_relative_error);
    m.required("mean_error", e.finite.mean_error);
    m.required("cosine", e.finite.cosine);
  }
};
}  // namespace detail

/// Infinite relative_mse and sqnr_db are written as null: an error against a reference of zeros (relative_mse = infinity, -infinity
/// decibels) or none at all (+infinity decibels).
template <JsonValue Json>
void to_json(Json& json, const quantization_error& e) {
  detail::quantization_error_record record{.finite = e};
  if (detail::is_finite(e.relative_mse)) {
    record.relative_mse = e.relative_mse;
  }
  if (detail::is_finite(e.sqnr_db)) {
    record.sqnr_db = e.sqnr_db;
  }
  to_json(json, record);
}
template <JsonValue Json>
void from_json(const Json& json, quantization_error& e) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  detail::quantization_error_record record;
  from_json(json, record);
  e = record.finite;
  e.relative_mse = record.relative_mse.value_or(infinity);
  e.sqnr_db = record.sqnr_db.value_or(record.relative_mse ? infinity : -infinity);
}

}  // namespace quantroof

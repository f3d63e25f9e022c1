// SPDX-License-Identifier: Apache-2.0
//
// The quantization_config of a checkpoint as a document: every member that published files have, typed, and whether it was there, null or a
// value, so that what is read is written back equal. Unknown members are refused by name; nothing is dropped.
//
//   compressed-tensors   config_groups of targets with arguments for weights and activations, ignore, kv_cache_scheme
//   modelopt             quant_algo, quantized_layers, exclude_modules or ignore; inside "quantization" of hf_quant_config.json
//   fp8, mxfp4           modules_to_not_convert, weight_block_size
//
// Source: QuantizationArgs, QuantizationScheme, QuantizationConfig of compressed-tensors 52792be, whose models forbid other members; ModelOpt's
// process_layer_quant_config and 27 hf_quant_config.json files; 37 config.json files with a quantization_config.
// Not here: which formats a document means (hf_quantization.hpp), documents of a plan (export_compressed_tensors.hpp, export_modelopt.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/io/export_json.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

/// When the scales of an activation are chosen: before serving, each time, or each time by blocks below a fixed scale of the tensor.
enum class scale_timing : std::uint8_t { fixed, dynamic, local };

template <JsonValue Json>
void to_json(Json& json, scale_timing timing) {
  if (timing == scale_timing::local) {
    json = "local";
  } else {
    json = timing == scale_timing::dynamic;
  }
}
template <JsonValue Json>
void from_json(const Json& json, scale_timing& timing) {
  const bool local = json.is_string() && detail::json_text(json) == "local";
  if (!local && !json.is_boolean()) {
    throw io::input_error{"", "", "must be true, false or \"local\""};
  }
  timing = local                       ? scale_timing::local
           : json.template get<bool>() ? scale_timing::dynamic
                                       : scale_timing::fixed;
}

/// How one tensor is quantized, by compressed-tensors' names.
struct quantization_arguments {
  json_member<std::int64_t> num_bits{};
  json_member<short_string<8>> type{};  // "int", "float"
  json_member<bool> symmetric{};
  json_member<short_string<16>> strategy{};  // "tensor", "channel", "group", "block", "token" ...
  json_member<std::int64_t> group_size{};
  json_member<static_vector<std::int64_t, 2>> block_structure{};
  json_member<scale_timing> dynamic{};
  json_member<short_string<16>> actorder{};
  json_member<short_string<32>> observer{};
  json_member<json_any> observer_kwargs{};
  json_member<short_string<32>> scale_dtype{};
  json_member<short_string<32>> zp_dtype{};

  friend bool operator==(const quantization_arguments&, const quantization_arguments&) = default;
};

template <>
struct detail::json_record<quantization_arguments> {
  static constexpr std::string_view name = "quantization arguments";
  static constexpr void members(auto& m, auto& a) {
    m.if_any("num_bits", a.num_bits);
    m.if_any("type", a.type);
    m.if_any("symmetric", a.symmetric);
    m.if_any("strategy", a.strategy);
    m.if_any("group_size", a.group_size);
    m.if_any("block_structure", a.block_structure);
    m.if_any("dynamic", a.dynamic);
    m.if_any("actorder", a.actorder);
    m.if_any("observer", a.observer);
    m.if_any("observer_kwargs", a.observer_kwargs);
    m.if_any("scale_dtype", a.scale_dtype);
    m.if_any("zp_dtype", a.zp_dtype);
  }
};

/// A KV cache: ModelOpt's older files name a format, others describe it.
struct cache_scheme {
  std::string name;  // empty: arguments
  quantization_arguments arguments{};

  friend bool operator==(const cache_scheme&, const cache_scheme&) = default;
};
template <JsonValue Json>
void to_json(Json& json, const cache_scheme& scheme) {
  if (scheme.name.empty()) {
    to_json(json, scheme.arguments);
  } else {
    json = std::string_view{scheme.name};
  }
}
template <JsonValue Json>
void from_json(const Json& json, cache_scheme& scheme) {
  scheme = {};
  if (json.is_string()) {
    scheme.name = detail::json_text(json);
    if (scheme.name.empty()) {
      throw io::input_error{"", "", "must not be empty"};
    }
  } else {
    from_json(json, scheme.arguments);
  }
}

/// Modules and what is done to them.
struct scheme_group {
  json_member<std::vector<json_string>> targets{};
  json_member<quantization_arguments> weights{};
  json_member<quantization_arguments> input_activations{};
  json_member<quantization_arguments> output_activations{};
  json_member<short_string<32>> format{};

  friend bool operator==(const scheme_group&, const scheme_group&) = default;
};

template <>
struct detail::json_record<scheme_group> {
  static constexpr std::string_view name = "group of config_groups";
  static constexpr void members(auto& m, auto& g) {
    m.if_any("targets", g.targets);
    m.if_any("weights", g.weights);
    m.if_any("input_activations", g.input_activations);
    m.if_any("output_activations", g.output_activations);
    m.if_any("format", g.format);
  }
};

/// One entry of quantized_layers.
struct layer_algorithm {
  json_member<json_string> quant_algo{};
  json_member<std::int64_t> group_size{};
  json_member<bool> has_zero_point{};
  json_member<bool> pre_quant_scale{};

  friend bool operator==(const layer_algorithm&, const layer_algorithm&) = default;
};

template <>
struct detail::json_record<layer_algorithm> {
  static constexpr std::string_view name = "layer of quantized_layers";
  static constexpr void members(auto& m, auto& l) {
    m.if_any("quant_algo", l.quant_algo);
    m.if_any("group_size", l.group_size);
    m.if_any("has_zero_point", l.has_zero_point);
    m.if_any("pre_quant_scale", l.pre_quant_scale);
  }
};

/// Who wrote a document.
struct document_producer {
  json_member<json_string> name{};
  json_member<json_string> version{};

  friend bool operator==(const document_producer&, const document_producer&) = default;
};

template <>
struct detail::json_record<document_producer> {
  static constexpr std::string_view name = "producer";
  static constexpr void members(auto& m, auto& p) {
    m.if_any("name", p.name);
    m.if_any("version", p.version);
  }
};

/// A quantization_config, or the "quantization" of an hf_quant_config.json.
struct quantization_record {
  json_member<json_string> quant_method{};
  json_member<document_producer> producer{};
  // compressed-tensors
  json_member<json_string> format{};
  json_member<json_string> quantization_status{};
  json_member<json_map<scheme_group>> config_groups{};
  json_member<cache_scheme> kv_cache_scheme{};
  json_member<std::vector<json_string>> ignore{};
  json_member<double> global_compression_ratio{};
  json_member<json_any> sparsity_config{};
  json_member<json_any> transform_config{};
  json_member<json_string> version{};
  // ModelOpt
  json_member<json_string> quant_algo{};
  json_member<json_string> kv_cache_quant_algo{};
  json_member<json_string> moe_quant_algo{};
  json_member<std::int64_t> group_size{};
  json_member<bool> has_zero_point{};
  json_member<bool> pre_quant_scale{};
  json_member<std::vector<json_string>> exclude_modules{};
  json_member<json_map<layer_algorithm>> quantized_layers{};
  // fp8, mxfp4
  json_member<json_string> fmt{};
  json_member<json_string> activation_scheme{};
  json_member<static_vector<std::int64_t, 2>> weight_block_size{};
  json_member<json_string> scale_fmt{};
  json_member<std::vector<json_string>> modules_to_not_convert{};

  friend bool operator==(const quantization_record&, const quantization_record&) = default;
};

template <>
struct detail::json_record<quantization_record> {
  static constexpr std::string_view name = "quantization_config";
  static constexpr void members(auto& m, auto& q) {
    m.if_any("quant_method", q.quant_method);
    m.if_any("format", q.format);
    m.if_any("quantization_status", q.quantization_status);
    m.if_any("quant_algo", q.quant_algo);
    m.if_any("kv_cache_quant_algo", q.kv_cache_quant_algo);
    m.if_any("group_size", q.group_size);
    m.if_any("has_zero_point", q.has_zero_point);
    m.if_any("pre_quant_scale", q.pre_quant_scale);
    m.if_any("config_groups", q.config_groups);
    m.if_any("quantized_layers", q.quantized_layers);
    m.if_any("kv_cache_scheme", q.kv_cache_scheme);
    m.if_any("ignore", q.ignore);
    m.if_any("exclude_modules", q.exclude_modules);
    m.if_any("global_compression_ratio", q.global_compression_ratio);
    m.if_any("sparsity_config", q.sparsity_config);
    m.if_any("transform_config", q.transform_config);
    m.if_any("version", q.version);
    m.if_any("moe_quant_algo", q.moe_quant_algo);
    m.if_any("producer", q.producer);
    m.if_any("fmt", q.fmt);
    m.if_any("activation_scheme", q.activation_scheme);
    m.if_any("weight_block_size", q.weight_block_size);
    m.if_any("scale_fmt", q.scale_fmt);
    m.if_any("modules_to_not_convert", q.modules_to_not_convert);
  }
};

/// ModelOpt's hf_quant_config.json.
struct modelopt_document {
  json_member<document_producer> producer{};
  json_member<json_string> quant_method{};
  json_member<quantization_record> quantization{};

  friend bool operator==(const modelopt_document&, const modelopt_document&) = default;
};

template <>
struct detail::json_record<modelopt_document> {
  static constexpr std::string_view name = "hf_quant_config.json";
  static constexpr void members(auto& m, auto& d) {
    m.if_any("producer", d.producer);
    m.if_any("quant_method", d.quant_method);
    m.required("quantization", d.quantization);
  }
};

}  // namespace quantroof

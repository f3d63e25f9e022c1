// SPDX-License-Identifier: Apache-2.0
//
// A plan as compressed-tensors' quantization_config, which vLLM, SGLang and transformers read, and back.
//
//   quantization_record q = io::export_compressed_tensors(models::llama3_8b, get_strategy("fp8_balanced"));
//   nlohmann::ordered_json j = q;                                  // "quantization_config" of a config.json
//   io::hf_quantization back = io::plan_from_compressed_tensors(j, models::llama3_8b);
//
// One format: targets ["Linear"], and ignore lists what stays in 16 bits. Several: a group each, with regular expressions. Modules that the model
// here does not have (vision towers, layers that predict further tokens) belong into also_ignore.
// Not here: llm-compressor's recipe (export_recipe.hpp), which engine runs it (export_launch.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/export_modules.hpp"
#include "quantroof/io/export_patterns.hpp"
#include "quantroof/io/export_reader.hpp"
#include "quantroof/io/export_record.hpp"
#include "quantroof/io/export_schemes.hpp"
#include "quantroof/io/hf_quantization.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace detail {

inline constexpr std::string_view compressed_tensors_name = "compressed-tensors";

/// Refuses weights and activations that compressed-tensors has no arguments for.
inline void check_compressed_tensors(const export_modules& all,
                                     const mixed_precision_config& plan) {
  const auto formats = quantized_formats(all);
  for (const precision p : formats) {
    if (find_weight_scheme(p) == nullptr) {
      cannot_export(
          compressed_tensors_name, to_string(p),
          "has no quantization arguments for weights; known: " +
              names_in(weight_schemes, [](const tensor_scheme& s) { return to_string(s.format); }));
    }
  }
  for (const precision p : formats) {
    const precision activation = activation_of(plan, p);
    if (!is_unquantized(activation) && find_activation_scheme(activation) == nullptr) {
      cannot_export(compressed_tensors_name, to_string(activation),
                    "has no quantization arguments for activations; known: FP16, BF16, " +
                        names_in(activation_schemes,
                                 [](const tensor_scheme& s) { return to_string(s.format); }));
    }
  }
  const precision all_inputs = without_16bit_kind(plan.default_activation_precision);
  if (!is_unquantized(all_inputs) && formats.empty()) {
    cannot_export(compressed_tensors_name, to_string(all_inputs),
                  "cannot be said of activations where no weight is quantized");
  }
}

/// The KV cache's arguments: engines read 8-bit floats with one scale.
[[nodiscard]] inline json_member<cache_scheme> compressed_tensors_cache(
    const mixed_precision_config& plan, io::kv_cache_place place) {
  const precision cache = single_cache(compressed_tensors_name, plan);
  if (is_unquantized(cache) || place == io::kv_cache_place::at_launch) {
    return json_member<cache_scheme>::null();
  }
  if (cache != precision::fp8_e4m3) {
    cannot_export(compressed_tensors_name, "kv_cache_scheme",
                  std::string{to_string(cache)} +
                      " cannot be said: engines read FP8_E4M3 with one scale; leave it to the "
                      "launch line with kv_cache_place::at_launch");
  }
  return cache_scheme{.name = "", .arguments = arguments_of(*find_weight_scheme(cache))};
}

/// Names of the modules that stay in 16 bits.
[[nodiscard]] inline std::vector<json_string> ignored_modules(
    const export_modules& all, const std::vector<std::string>& also) {
  std::vector<json_string> list;
  if (is_unquantized(all.head)) {
    list.push_back({"lm_head"});
  }
  for (const export_module& m : all.modules) {
    for (const std::string& pattern : module_patterns_with(all, m, precision::fp16)) {
      list.push_back({"re:" + pattern});
    }
  }
  for (const std::string& entry : also) {
    list.push_back({entry});
  }
  return list;
}

/// What a group of one format has as targets.
[[nodiscard]] inline std::vector<json_string> targets_with(const export_modules& all, precision p,
                                                           bool all_linears) {
  std::vector<json_string> targets;
  bool has_linear = p == all.head;
  for (const export_module& m : all.modules) {
    for (const std::string& pattern : module_patterns_with(all, m, p)) {
      has_linear = true;
      if (!all_linears) {
        targets.push_back({"re:" + pattern});
      }
    }
  }
  if (all_linears && has_linear) {
    targets.push_back({"Linear"});
  } else if (p == all.head) {
    targets.push_back({"re:lm_head$"});
  }
  if (p == all.embeddings) {
    targets.push_back({all.prefix + "embed_tokens"});
  }
  return targets;
}

}  // namespace detail

namespace io {

/// A plan as quantization_config.
///
/// requires  is_valid(m); is_valid(plan)
/// errors    io::input_error that names the format, operator or cache which compressed-tensors cannot say
/// example   examples/export_plan.cpp
[[nodiscard]] inline quantization_record export_compressed_tensors(
    const model_config& m, const mixed_precision_config& plan,
    const checkpoint_options& options = {}) {
  const detail::export_modules all =
      detail::modules_of_plan(detail::compressed_tensors_name, m, plan, options.naming);
  detail::check_compressed_tensors(all, plan);
  const auto formats = detail::quantized_formats(all);
  const bool all_linears =
      formats.size() == 1 && !detail::quantizes_unusual(all, options.naming.model_type);
  json_map<scheme_group> groups;
  std::string_view container = formats.empty() ? "dense" : "";
  for (const precision p : formats) {
    const detail::tensor_scheme& scheme = *detail::find_weight_scheme(p);
    scheme_group group{.targets = detail::targets_with(all, p, all_linears),
                       .weights = detail::arguments_of(scheme),
                       .input_activations = json_member<quantization_arguments>::null(),
                       .output_activations = json_member<quantization_arguments>::null(),
                       .format = short_string<32>{scheme.container}};
    if (const auto* const activation =
            detail::find_activation_scheme(plan.get_activation_precision(p))) {
      group.input_activations = detail::arguments_of(*activation);
    }
    container =
        container.empty() || container == scheme.container ? scheme.container : "mixed-precision";
    groups.entries.emplace("group_" + std::to_string(groups.entries.size()), std::move(group));
  }
  return {.quant_method = json_string{std::string{detail::compressed_tensors_name}},
          .format = json_string{std::string{container}},
          .quantization_status = json_string{"compressed"},
          .config_groups = std::move(groups),
          .kv_cache_scheme = detail::compressed_tensors_cache(plan, options.kv_cache),
          .ignore = detail::ignored_modules(all, options.also_ignore),
          .global_compression_ratio = json_member<double>::null()};
}

/// The plan that a quantization_config of compressed-tensors describes.
///
/// requires  m is the model of the same checkpoint
/// errors    io::input_error with the place: not compressed-tensors, members or formats that are not known here, more ranges of layers than a
///           plan holds
template <JsonValue Json>
[[nodiscard]] hf_quantization plan_from_compressed_tensors(const Json& json, const model_config& m,
                                                           const checkpoint_naming& naming = {},
                                                           std::string_view file_name = "") {
  return detail::plan_of_document(json, m, naming, file_name, [](const Json& document) {
    quantization_record record;
    from_json(document, record);
    if (record.quant_method.value().text != detail::compressed_tensors_name) {
      throw input_error("", "", "must be compressed-tensors").under("quant_method");
    }
    return record;
  });
}

}  // namespace io
}  // namespace quantroof

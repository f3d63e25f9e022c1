// SPDX-License-Identifier: Apache-2.0
//
// A plan as llm-compressor's recipe: the YAML that makes the checkpoint which export_compressed_tensors describes.
//
//   io::export_recipe(models::llama3_8b, get_strategy("fp8_balanced"))
//
//   quant_stage:
//     quant_modifiers:
//       QuantizationModifier:
//         targets: ["Linear"]
//         scheme: FP8
//         ignore: ["lm_head"]
//
// A preset where one says weights and activations, else config_groups in full. W4A16 and the other integer formats are rounded to nearest: for
// GPTQ or AWQ put their modifier in QuantizationModifier's place.
// Source: llm-compressor ab1ba3e, examples/ and modifiers/quantization (published).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/io/export_compressed_tensors.hpp"
#include "quantroof/io/export_patterns.hpp"
#include "quantroof/io/export_record.hpp"
#include "quantroof/io/export_schemes.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace detail {

[[nodiscard]] inline std::string yaml_list(const std::vector<json_string>& entries) {
  std::string text{"["};
  for (const json_string& entry : entries) {
    text.append(text.size() > 1 ? ", " : "").append(in_quotes(entry.text));
  }
  return text += ']';
}

/// Arguments as a flow mapping; null members are left out.
[[nodiscard]] inline std::string yaml_arguments(const quantization_arguments& a) {
  std::string text = "{num_bits: " + std::to_string(a.num_bits.value()) + ", type: ";
  text.append(a.type.value().view()).append(", symmetric: ");
  text.append(a.symmetric.value() ? "true" : "false").append(", strategy: ");
  text.append(a.strategy.value().view());
  if (a.group_size.has_value()) {
    text += ", group_size: " + std::to_string(a.group_size.value());
  }
  if (a.block_structure.has_value()) {
    text += ", block_structure: [" + std::to_string(a.block_structure.value()[0]) + ", " +
            std::to_string(a.block_structure.value()[1]) + "]";
  }
  const scale_timing timing = a.dynamic.value();
  text.append(", dynamic: ");
  text.append(timing == scale_timing::local     ? "local"
              : timing == scale_timing::dynamic ? "true"
                                                : "false");
  if (a.scale_dtype.has_value()) {
    text.append(", scale_dtype: ").append(a.scale_dtype.value().view());
  }
  return text += '}';
}

}  // namespace detail

namespace io {

/// A plan as an llm-compressor recipe.
///
/// requires  is_valid(m); is_valid(plan)
/// errors    io::input_error as export_compressed_tensors; where no weight is quantized, for there is nothing to do
/// example   examples/export_plan.cpp
[[nodiscard]] inline std::string export_recipe(const model_config& m,
                                               const mixed_precision_config& plan,
                                               const checkpoint_options& options = {}) {
  const quantization_record record = export_compressed_tensors(m, plan, options);
  const auto& groups = record.config_groups.value().entries;
  if (groups.empty() && !record.kv_cache_scheme.has_value()) {
    detail::cannot_export("llm-compressor", plan.name.view(), "quantizes nothing");
  }
  std::string text = "quant_stage:\n  quant_modifiers:\n    QuantizationModifier:\n";
  const auto line = [&text](std::size_t spaces, std::string_view key, std::string_view value) {
    text.append(spaces, ' ').append(key).append(":");
    text.append(value.empty() ? "" : " ").append(value).append("\n");
  };
  const detail::scheme_preset* preset = nullptr;
  if (groups.size() == 1) {
    const auto formats = detail::quantized_formats(
        detail::modules_of_plan("llm-compressor", m, plan, options.naming));
    preset = detail::find_preset(formats.front(), detail::activation_of(plan, formats.front()));
  }
  if (preset != nullptr) {
    line(8, "targets", detail::yaml_list(groups.begin()->second.targets.value()));
    line(8, "scheme", preset->name);
  } else if (!groups.empty()) {
    line(8, "config_groups", "");
    for (const auto& [name, group] : groups) {
      line(10, name, "");
      line(12, "targets", detail::yaml_list(group.targets.value()));
      line(12, "weights", detail::yaml_arguments(group.weights.value()));
      if (group.input_activations.has_value()) {
        line(12, "input_activations", detail::yaml_arguments(group.input_activations.value()));
      }
    }
  }
  line(8, "ignore", detail::yaml_list(record.ignore.value()));
  if (record.kv_cache_scheme.has_value()) {
    line(8, "kv_cache_scheme", detail::yaml_arguments(record.kv_cache_scheme.value().arguments));
  }
  return text;
}

}  // namespace io
}  // namespace quantroof

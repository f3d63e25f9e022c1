// SPDX-License-Identifier: Apache-2.0
//
// A plan as torchao's FqnToConfig: Python that quantizes a model's modules one format at a time, by regular expressions over their names.
//
//   io::export_torchao(models::llama3_8b, plan)     ->     config = FqnToConfig({"re:model\\.layers\\.\\d+\\.mlp\\.up_proj$": ..., "lm_head": None})
//
// torchao quantizes linear layers; KV cache and embeddings are not its business, and plans that quantize them are refused. 4-bit integers get a
// 16-bit zero point a group beside the scale: INT4_G128 is stored as INT4_G128_ZP16.
// Source: torchao 36027d8, torchao/quantization/quant_api.py (published).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/io/export_modules.hpp"
#include "quantroof/io/export_patterns.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace detail {

inline constexpr std::string_view torchao_name = "torchao";

struct torchao_config {
  precision weight;
  precision activation;  // FP16: 16 bits
  std::string_view module;
  std::string_view imports;
  std::string_view expression;
};
// clang-format off
inline constexpr std::string_view torchao_main = "torchao.quantization";
inline constexpr std::string_view torchao_mx = "torchao.prototype.mx_formats";
inline constexpr std::array torchao_configs = {
    torchao_config{precision::fp8_e4m3, precision::fp8_e4m3, torchao_main, "Float8DynamicActivationFloat8WeightConfig, PerTensor", "Float8DynamicActivationFloat8WeightConfig(granularity=PerTensor())"},
    torchao_config{precision::fp8_e4m3_channel, precision::fp8_e4m3_channel, torchao_main, "Float8DynamicActivationFloat8WeightConfig, PerRow", "Float8DynamicActivationFloat8WeightConfig(granularity=PerRow())"},
    torchao_config{precision::fp8_e4m3_block128, precision::fp8_e4m3_group128, torchao_main, "Float8DynamicActivationFloat8WeightConfig, PerBlock", "Float8DynamicActivationFloat8WeightConfig(granularity=(PerBlock([1, 128]), PerBlock([128, 128])))"},
    torchao_config{precision::fp8_e4m3_channel, precision::fp16, torchao_main, "Float8WeightOnlyConfig", "Float8WeightOnlyConfig()"},
    torchao_config{precision::int8_channel, precision::int8_channel, torchao_main, "Int8DynamicActivationInt8WeightConfig", "Int8DynamicActivationInt8WeightConfig()"},
    torchao_config{precision::int8_channel, precision::fp16, torchao_main, "Int8WeightOnlyConfig", "Int8WeightOnlyConfig()"},
    torchao_config{precision::int4_g128_zp16, precision::fp16, torchao_main, "Int4WeightOnlyConfig", "Int4WeightOnlyConfig(group_size=128)"},
    torchao_config{precision::int4_g128, precision::fp16, torchao_main, "Int4WeightOnlyConfig", "Int4WeightOnlyConfig(group_size=128)"},
    torchao_config{precision::int4_g64, precision::fp16, torchao_main, "Int4WeightOnlyConfig", "Int4WeightOnlyConfig(group_size=64)"},
    torchao_config{precision::int4_g32, precision::fp16, torchao_main, "Int4WeightOnlyConfig", "Int4WeightOnlyConfig(group_size=32)"},
    torchao_config{precision::int4_g128, precision::fp8_e4m3_channel, torchao_main, "Float8DynamicActivationInt4WeightConfig", "Float8DynamicActivationInt4WeightConfig()"},
    torchao_config{precision::mxfp8_e4m3, precision::mxfp8_e4m3, torchao_mx, "MXDynamicActivationMXWeightConfig", "MXDynamicActivationMXWeightConfig(activation_dtype=torch.float8_e4m3fn, weight_dtype=torch.float8_e4m3fn)"},
    torchao_config{precision::mxfp4, precision::mxfp4, torchao_mx, "MXDynamicActivationMXWeightConfig", "MXDynamicActivationMXWeightConfig(activation_dtype=torch.float4_e2m1fn_x2, weight_dtype=torch.float4_e2m1fn_x2)"},
    torchao_config{precision::nvfp4, precision::nvfp4, torchao_mx, "NVFP4DynamicActivationNVFP4WeightConfig", "NVFP4DynamicActivationNVFP4WeightConfig()"},
    torchao_config{precision::nvfp4, precision::fp16, torchao_mx, "NVFP4WeightOnlyConfig", "NVFP4WeightOnlyConfig()"},
};
// clang-format on

[[nodiscard]] inline const torchao_config& torchao_config_of(precision weight,
                                                             const mixed_precision_config& plan) {
  const precision activation = activation_of(plan, weight);
  std::string known;
  for (const torchao_config& c : torchao_configs) {
    if (c.weight == weight && c.activation == activation) {
      return c;
    }
    known.append(known.empty() ? "" : ", ").append(to_string(c.weight)).append(" with ");
    known.append(to_string(c.activation));
  }
  cannot_export(torchao_name, to_string(weight),
                "with activations in " + std::string{to_string(activation)} +
                    " has no config; known weights with activations: " + known);
}

}  // namespace detail

namespace io {

/// A plan as Python for torchao.
///
/// requires  is_valid(m); is_valid(plan)
/// errors    io::input_error that names what torchao cannot say: weights with these activations, a quantized KV cache (unless it is left to the
///           launch line), quantized embeddings
/// example   examples/export_plan.cpp
[[nodiscard]] inline std::string export_torchao(const model_config& m,
                                                const mixed_precision_config& plan,
                                                const checkpoint_options& options = {}) {
  using namespace detail;
  const export_modules all = modules_of_plan(torchao_name, m, plan, options.naming);
  if (!is_unquantized(single_cache(torchao_name, plan)) &&
      options.kv_cache == kv_cache_place::in_file) {
    cannot_export(torchao_name, "kv_cache",
                  std::string{to_string(plan.kv_cache_precision)} +
                      " cannot be said: torchao quantizes weights and activations; leave it to the "
                      "launch line with kv_cache_place::at_launch");
  }
  if (!is_unquantized(all.embeddings)) {
    cannot_export(torchao_name, "embeddings",
                  std::string{to_string(all.embeddings)} +
                      " cannot be said: these configs are for linear layers");
  }
  std::vector<std::string> imports{"import torch",
                                   "from torchao.quantization import FqnToConfig, quantize_"};
  std::string entries;
  const auto add = [&](const std::string& name, precision p) {
    if (is_unquantized(p)) {
      entries += "    " + in_quotes(name) + ": None,\n";
      return;
    }
    const torchao_config& c = torchao_config_of(p, plan);
    entries += "    " + in_quotes(name) + ": " + std::string{c.expression} + ",";
    entries += p == precision::int4_g128 || p == precision::int4_g64 || p == precision::int4_g32
                   ? "  # and a zero point a group\n"
                   : "\n";
    std::string line = "from " + std::string{c.module} + " import " + std::string{c.imports};
    bool known = false;
    for (const std::string& other : imports) {
      known = known || other == line;
    }
    if (!known) {
      imports.push_back(std::move(line));
    }
  };
  std::vector<precision> formats = quantized_formats(all);
  formats.push_back(precision::fp16);
  for (const precision p : formats) {
    for (const export_module& module : all.modules) {
      for (const std::string& pattern : module_patterns_with(all, module, p)) {
        add("re:" + pattern, p);
      }
    }
  }
  add("lm_head", all.head);
  for (const std::string& entry : options.also_ignore) {
    add(entry, precision::fp16);
  }
  std::string text;
  for (const std::string& line : imports) {
    text += line + "\n";
  }
  return text + "\nconfig = FqnToConfig({\n" + entries +
         "})\nquantize_(model, config, filter_fn=None)\n";
}

}  // namespace io
}  // namespace quantroof

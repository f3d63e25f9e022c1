// SPDX-License-Identifier: Apache-2.0
//
// Which format each module of a quantized checkpoint has, by its quantization_config: a method for all linear layers, groups of targets, lists
// of modules one by one, and lists of those left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/io/export_schemes.hpp"
#include "quantroof/io/hf_modules.hpp"
#include "quantroof/io/hf_quant_format.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/io/module_pattern.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof::detail {

/// Names of modules with their wildcards: plain names and globs, and regular expressions behind "re:".
class module_patterns {
 public:
  void add(std::string_view entry, hf_notes& notes) {
    if (entry.substr(0, 3) == "re:") {
      try {
        expressions_.emplace_back(entry.substr(3));
      } catch (const domain_error& error) {
        hf_note(notes,
                "\"" + std::string{utf8_prefix(entry, 80)} + "\" is read over: " + error.what());
      }
    } else if (entry.find('*') == entry.npos) {
      names_.emplace(entry);
    } else {
      expects(globs_.size() < 4096, "config.json: lists more than 4096 names with *");
      globs_.emplace_back(entry);
    }
  }
  /// True where an entry means the module `name`, whatever stands before it.
  [[nodiscard]] bool mean(std::string_view name) const {
    for (const std::string_view prefix : hf_prefixes) {
      const std::string full = std::string{prefix} + std::string{name};
      if (has_part(full)) {
        return true;
      }
      for (const std::string& entry : globs_) {
        if (names_part_of(entry, full)) {
          return true;
        }
      }
      for (const small_regex& expression : expressions_) {
        if (expression.matches(full) || expression.matches(name)) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  /// As names_part_of, for all plain names at once.
  [[nodiscard]] bool has_part(std::string_view name) const {
    bool found = false;
    for_each_part(name, [&](std::string_view part) { found = found || names_.contains(part); });
    return !names_.empty() && found;
  }

  std::set<std::string, std::less<>> names_;
  std::vector<std::string> globs_;
  std::vector<small_regex> expressions_;
};

/// The strings of an array, or none.
template <JsonValue Json>
[[nodiscard]] std::vector<std::string_view> hf_texts(const hf_reader<Json>& config,
                                                     std::string_view key) {
  std::vector<std::string_view> texts;
  const Json* const json = config.find(key);
  if (json == nullptr) {
    return texts;
  }
  if (!json->is_array()) {
    config.refuse(key, "must be an array");
  }
  texts.reserve(json->size());
  for (std::size_t i = 0; i < json->size(); ++i) {
    if (!(*json)[i].is_string()) {
      config.refuse(key, i, "must be a string");
    }
    texts.push_back(json_text((*json)[i]));
  }
  return texts;
}

/// Which format each module has.
struct hf_module_formats {
  std::string name;
  struct group {
    module_patterns modules;
    precision format;
  };
  std::vector<group> groups;                            // the first that means a module decides
  std::map<std::string, precision, std::less<>> named;  // modules one by one, with what is inside
  std::optional<precision> others;                      // of all linear layers in neither
  module_patterns excluded;
  bool head_is_linear = false;  // the LM head counts as a linear layer
  precision plain = precision::fp16;
  std::optional<precision> cache;
  std::map<precision, precision> inputs;  // of quantized weights; none: 16 bits
  hf_notes notes;

  /// Inputs that weights of a format multiply; FP16 for 16 bits.
  void add_inputs(precision weight, precision input) {
    const auto [at, fresh] = inputs.emplace(weight, input);
    if (!fresh && at->second != input) {
      hf_note(notes, std::string{to_string(weight)} +
                         " weights have inputs of several formats; the plan has " +
                         std::string{to_string(at->second)});
    }
  }

  [[nodiscard]] std::optional<precision> listed(std::string_view module) const {
    if (const auto found = named.find(std::string{module}); found != named.end()) {
      return found->second;  // beside the layers: the LM head
    }
    for (const std::string_view prefix : hf_prefixes) {
      std::string full = std::string{prefix} + std::string{module};
      while (!full.empty()) {
        if (const auto found = named.find(full); found != named.end()) {
          return found->second;
        }
        const std::size_t dot = full.rfind('.');
        full.resize(dot == std::string::npos ? 0 : dot);
      }
    }
    for (const group& g : groups) {
      if (g.modules.mean(module)) {
        return g.format;
      }
    }
    return std::nullopt;
  }
  /// The format of a module called any of `names`.
  [[nodiscard]] precision of(const std::vector<std::string>& names, bool linear) const {
    for (const std::string& module : names) {
      if (excluded.mean(module)) {
        return plain;
      }
    }
    for (const std::string& module : names) {
      if (const auto own = listed(module)) {
        return *own;
      }
    }
    return linear ? others.value_or(plain) : plain;
  }
};

/// config_groups: targets and a scheme each.
template <JsonValue Json>
void hf_read_groups(const hf_reader<Json>& config, hf_module_formats& formats) {
  const auto groups = config.member("config_groups");
  const Json& object = *config.find("config_groups");
  for (auto entry = object.begin(); entry != object.end(); ++entry) {
    const std::string& key = entry.key();
    const auto group = groups.member(key);
    if (group.find("weights") == nullptr) {
      continue;
    }
    const std::string_view own = group.text("format");
    const precision format =
        hf_scheme_format(group.member("weights"), own.empty() ? config.text("format") : own);
    const Json* const input = group.find("input_activations");
    formats.add_inputs(format, input == nullptr || input->is_null()
                                   ? precision::fp16
                                   : hf_input_format(group.member("input_activations")));
    const auto targets = hf_texts(group, "targets");
    bool all = targets.empty();
    module_patterns modules;
    for (const std::string_view target : targets) {
      if (target == "Linear") {
        all = true;
      } else if (target.find('*') == target.npos && target.substr(0, 3) != "re:") {
        formats.named.emplace(target, format);
      } else {
        modules.add(target, formats.notes);
      }
    }
    if (all) {
      if (formats.others && *formats.others != format) {
        config.refuse("config_groups", "two groups have all linear layers as targets");
      }
      formats.others = format;
    } else {
      formats.groups.push_back({std::move(modules), format});
    }
  }
}

/// The inputs that one of ModelOpt's algorithms has.
inline void hf_add_algorithm_inputs(hf_module_formats& formats, precision weight,
                                    std::string_view algorithm) {
  const modelopt_algorithm* const known = find_algorithm(algorithm);
  formats.add_inputs(weight, known != nullptr ? known->activation : precision::fp16);
}

/// quantized_layers of MIXED_PRECISION: modules one by one.
template <JsonValue Json>
void hf_read_quantized_layers(const hf_reader<Json>& config, hf_module_formats& formats) {
  const auto layers = config.member("quantized_layers");
  const Json& object = *config.find("quantized_layers");
  for (auto entry = object.begin(); entry != object.end(); ++entry) {
    const std::string& key = entry.key();
    const auto layer = layers.member(key);
    const precision format = hf_algorithm_format(layer, "quant_algo", formats.notes);
    formats.named[key] = format;
    hf_add_algorithm_inputs(formats, format, layer.text("quant_algo"));
  }
}

/// ModelOpt: quant_algo for all, or lists.
template <JsonValue Json>
void hf_read_modelopt(const hf_reader<Json>& config, hf_module_formats& formats) {
  const std::string_view algorithm = config.text("quant_algo");
  formats.name = "modelopt " + std::string{utf8_prefix(algorithm, 40)};
  if (config.find("quantized_layers") != nullptr) {
    hf_read_quantized_layers(config, formats);
  } else if (config.find("config_groups") != nullptr) {
    hf_read_groups(config, formats);
  }
  if (algorithm == "MIXED_PRECISION") {
    if (formats.named.empty() && formats.groups.empty()) {
      config.refuse("quantized_layers", "is missing");
    }
  } else if (!algorithm.empty()) {
    const precision format = hf_algorithm_format(config, "quant_algo", formats.notes);
    if (formats.others &&
        format_of(*formats.others).element_bits != format_of(format).element_bits) {
      config.refuse("quant_algo", "contradicts config_groups");
    }
    formats.others = format;
    if (formats.inputs.empty()) {  // groups say more
      hf_add_algorithm_inputs(formats, format, algorithm);
    }
  } else if (!formats.others && formats.named.empty() && formats.groups.empty()) {
    config.refuse("quant_algo", "is missing");
  }
}

template <JsonValue Json>
[[nodiscard]] hf_module_formats hf_read_formats(const hf_reader<Json>& config) {
  hf_module_formats formats;
  const std::string_view method = config.text("quant_method");
  const bool modelopt = config.find("quant_algo") != nullptr;
  // ModelOpt over a checkpoint of FP8 blocks: what it did not quantize, and lists as ignored, stays in those
  const bool over_fp8 = method == "fp8" && config.find("quantized_layers") != nullptr &&
                        config.text("quant_algo") == "MIXED_PRECISION";
  formats.name = method;
  if (method == "modelopt" || (method.empty() && modelopt)) {
    hf_read_modelopt(config, formats);
  } else if (modelopt && !over_fp8) {
    config.refuse("quant_algo", "contradicts quant_method");
  } else if (method == "fp8") {
    if (over_fp8) {
      hf_read_quantized_layers(config, formats);
    }
    formats.others = hf_fp8_format(config);
    formats.add_inputs(*formats.others, *formats.others == precision::fp8_e4m3_block128
                                            ? precision::fp8_e4m3_group128
                                            : *formats.others);
  } else if (method == "mxfp4") {
    formats.groups.push_back({{}, precision::mxfp4});
    formats.groups[0].modules.add("experts", formats.notes);
  } else if (method == "compressed-tensors") {
    formats.head_is_linear = true;
    hf_read_groups(config, formats);
  } else if (method == "awq") {
    formats.others = hf_group_format(config, config.flag("zero_point", true), formats.notes);
  } else if (method == "gptq" || method == "auto-round") {
    // zero points are stored even where they are all alike
    const bool rows = config.integer("group_size", -1, hf_long) == -1;
    formats.others = hf_group_format(config, !rows, formats.notes);
    formats.head_is_linear = config.flag("lm_head", false);
  } else if (method == "bitsandbytes") {
    formats.others = hf_bitsandbytes_format(config, formats.notes);
    if (*formats.others == precision::int8_channel) {
      formats.add_inputs(precision::int8_channel, precision::int8_channel);  // LLM.int8()
    }
  } else {
    config.refuse("quant_method",
                  method.empty() ? "is missing; known: fp8, mxfp4, compressed-tensors, modelopt, "
                                   "awq, gptq, auto-round, bitsandbytes"
                                 : "is not known; known: fp8, mxfp4, compressed-tensors, modelopt, "
                                   "awq, gptq, auto-round, bitsandbytes");
  }
  for (const std::string_view key :
       {"modules_to_not_convert", "ignore", "exclude_modules", "llm_int8_skip_modules"}) {
    for (const std::string_view entry : hf_texts(config, key)) {
      if (over_fp8) {
        continue;
      }
      formats.excluded.add(entry, formats.notes);
    }
  }
  formats.cache = hf_cache_format(config, formats.notes);
  return formats;
}

}  // namespace quantroof::detail

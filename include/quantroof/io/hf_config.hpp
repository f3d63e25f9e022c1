// SPDX-License-Identifier: Apache-2.0
//
// A model from the config.json of Hugging Face: llama, mistral, qwen2 and qwen3.
//
// Members that are absent or null take the defaults of transformers' configuration classes, per model type. Nothing is guessed: other
// model types, quantized shapes and sliding windows in force are refused by name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_file.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::io {

namespace detail {

/// What transformers' configuration classes assume for a model type; nullopt: the member must be there.
struct hf_family {
  std::string_view model_type;
  std::int64_t hidden_size;
  std::int64_t intermediate_size;
  std::int64_t num_hidden_layers;
  std::int64_t num_attention_heads;
  std::int64_t vocab_size;
  std::optional<std::int64_t> num_key_value_heads;  // nullopt: as many as attention heads
  std::optional<std::int64_t> head_dim;             // nullopt: hidden_size / num_attention_heads
  bool qkv_bias;                                    // always; llama decides by attention_bias
  bool qk_norm;
};

// transformers 4.5x: LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config.
inline constexpr std::array hf_families{
    hf_family{"llama", 4096, 11008, 32, 32, 32000, std::nullopt, std::nullopt, false, false},
    hf_family{"mistral", 4096, 14336, 32, 32, 32000, 8, std::nullopt, false, false},
    hf_family{"qwen2", 4096, 22016, 32, 32, 151936, 32, std::nullopt, true, false},
    hf_family{"qwen3", 4096, 22016, 32, 32, 151936, 32, 128, false, true},
};

/// Members of a config.json, with absent and null alike.
class hf_object {
 public:
  explicit hf_object(const nlohmann::json& json) : json_(json) {}

  [[nodiscard]] const nlohmann::json* find(std::string_view key) const {
    const auto member = json_.find(std::string{key});
    return member == json_.end() || member->is_null() ? nullptr : &*member;
  }
  [[nodiscard]] std::optional<std::int64_t> count(std::string_view key) const {
    const nlohmann::json* member = find(key);
    if (member == nullptr) {
      return std::nullopt;
    }
    std::int64_t value = 0;
    quantroof::detail::read_at(key, [&] {
      quantroof::detail::read_value(*member, value);
      if (value <= 0) {
        throw input_error("", "", "must be positive");
      }
    });
    return value;
  }
  [[nodiscard]] bool flag(std::string_view key, bool otherwise) const {
    const nlohmann::json* member = find(key);
    if (member == nullptr) {
      return otherwise;
    }
    bool value = false;
    quantroof::detail::read_at(key, [&] { quantroof::detail::read_value(*member, value); });
    return value;
  }

 private:
  const nlohmann::json& json_;
};

[[nodiscard]] inline const hf_family& hf_family_of(const hf_object& config) {
  const nlohmann::json* type = config.find("model_type");
  if (type == nullptr || !type->is_string()) {
    throw input_error("", "/model_type", type == nullptr ? "is missing" : "must be a string");
  }
  const auto& name = type->get_ref<const std::string&>();
  for (const hf_family& family : hf_families) {
    if (family.model_type == name) {
      return family;
    }
  }
  short_string<400> rule{"is not a model type that this reader builds: \""};
  rule.append(quantroof::detail::utf8_prefix(name, 60)).append("\"; known: ");
  for (std::size_t i = 0; i < hf_families.size(); ++i) {
    rule.append(i == 0 ? "" : ", ").append(hf_families[i].model_type);
  }
  throw input_error("", "/model_type", rule);
}

/// Refuses attention windows in force, which the library does not model.
inline void refuse_windows(const hf_object& config, const nlohmann::json& json,
                           const hf_family& family) {
  const char* rule = "sliding windows are not modelled";
  if (family.model_type == "mistral" &&
      (config.find("sliding_window") != nullptr || !json.contains("sliding_window"))) {
    throw input_error("", "/sliding_window",
                      json.contains("sliding_window")
                          ? rule
                          : "sliding windows are not modelled, and an absent member means 4096; "
                            "null turns it off");
  }
  if (config.flag("use_sliding_window", false)) {
    throw input_error("", "/use_sliding_window", rule);
  }
}

}  // namespace detail

/// The model a config.json describes. `name` names the result and is cut to fit.
///
/// requires  an object with model_type llama, mistral, qwen2 or qwen3
/// errors    input_error with the place in the document: unknown model type (listing the known), wrong type, not positive, a model that
///           cannot exist, a sliding window in force
/// source    transformers' configuration_llama.py, configuration_mistral.py, configuration_qwen2.py, configuration_qwen3.py
/// example   examples/advise.cpp
[[nodiscard]] inline model_config model_from_hf_config(const nlohmann::json& json,
                                                       std::string_view name = "config.json") {
  if (!json.is_object()) {
    throw input_error("", "", "must be an object");
  }
  const detail::hf_object config(json);
  const detail::hf_family& family = detail::hf_family_of(config);
  detail::refuse_windows(config, json, family);

  model_config m;
  m.name = quantroof::detail::utf8_prefix(name.empty() ? "config.json" : name, 64);
  m.hidden_size = config.count("hidden_size").value_or(family.hidden_size);
  m.ffn_dim = config.count("intermediate_size").value_or(family.intermediate_size);
  m.num_layers = config.count("num_hidden_layers").value_or(family.num_hidden_layers);
  m.num_heads = config.count("num_attention_heads").value_or(family.num_attention_heads);
  m.num_kv_heads = config.count("num_key_value_heads")
                       .value_or(family.num_key_value_heads.value_or(m.num_heads));
  m.vocab_size = config.count("vocab_size").value_or(family.vocab_size);
  if (const auto head_dim = config.count("head_dim")) {
    m.head_dim = *head_dim;
  } else if (family.head_dim) {
    m.head_dim = *family.head_dim;
  } else {
    if (m.hidden_size % m.num_heads != 0) {
      throw input_error("", "/hidden_size",
                        "must be a multiple of num_attention_heads where head_dim is absent");
    }
    m.head_dim = m.hidden_size / m.num_heads;
  }
  m.tie_word_embeddings = config.flag("tie_word_embeddings", false);
  const bool attention_bias = config.flag("attention_bias", false);
  m.qkv_bias = family.qkv_bias || attention_bias;
  m.o_bias = attention_bias && !family.qkv_bias;
  m.ffn_bias = config.flag("mlp_bias", false);
  m.qk_norm = family.qk_norm;
  try {
    is_valid(m);
  } catch (const domain_error& error) {
    throw input_error("", "", error.what());
  }
  return m;
}

/// The model in a config.json file, named after its folder or file.
///
/// errors    input_error with the file and the place in it
[[nodiscard]] inline model_config read_hf_config(const std::string& path) {
  const nlohmann::json json = read_json_file(path);
  std::string_view name = path;
  constexpr std::string_view file = "config.json";
  if (name.size() > file.size() + 1 && name.substr(name.size() - file.size()) == file) {
    name = name.substr(0, name.size() - file.size() - 1);  // the folder says which model it is
  }
  const std::size_t slash = name.find_last_of('/');
  name = slash == std::string_view::npos ? name : name.substr(slash + 1);
  try {
    return model_from_hf_config(json, name);
  } catch (const input_error& error) {
    throw error.in_file(path);
  }
}

}  // namespace quantroof::io

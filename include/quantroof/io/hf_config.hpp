// SPDX-License-Identifier: Apache-2.0
//
// A model_config from a Hugging Face config.json: dense decoders of the types llama, mistral, qwen2 and qwen3.
//
// Absent members take the defaults of transformers' configuration classes: num_key_value_heads = heads (llama), 8 (mistral), 32 (qwen2,
// qwen3); head_dim = hidden / heads, 128 (qwen3); no biases but qwen2's on Q, K, V. The four sizes that every checkpoint states must be
// there, unless the model is a text_config inside a multimodal one, which leaves out what is default.
//
// Refused by name, because model_config cannot say them: other model types, sliding windows in force, experts.
// Read over: rotary embeddings, dtypes, max_position_embeddings, quantization_config, vision and audio towers.
// Source: transformers' LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config (read 2026-08).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_file.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace detail {

/// What a model type says without being asked: transformers' class defaults.
struct hf_family {
  std::string_view model_type;
  std::string_view architecture;  // tells the type where model_type is absent
  std::int64_t ffn_dim;
  std::int64_t vocab_size;
  std::int64_t kv_heads = 0;    // 0: as many as heads
  std::int64_t head_dim = 0;    // 0: hidden / heads
  bool qkv_bias = false;        // always there
  bool attention_bias = false;  // the member attention_bias is read: Q, K, V and O
  bool mlp_bias = false;        // the member mlp_bias is read
  bool qk_norm = false;
};

// clang-format off
inline constexpr std::array hf_families = {
    hf_family{.model_type = "llama", .architecture = "LlamaForCausalLM", .ffn_dim = 11008, .vocab_size = 32000,
              .attention_bias = true, .mlp_bias = true},
    hf_family{.model_type = "mistral", .architecture = "MistralForCausalLM", .ffn_dim = 14336, .vocab_size = 32000,
              .kv_heads = 8},
    hf_family{.model_type = "qwen2", .architecture = "Qwen2ForCausalLM", .ffn_dim = 22016, .vocab_size = 151936,
              .kv_heads = 32, .qkv_bias = true},
    hf_family{.model_type = "qwen3", .architecture = "Qwen3ForCausalLM", .ffn_dim = 22016, .vocab_size = 151936,
              .kv_heads = 32, .head_dim = 128, .attention_bias = true, .qk_norm = true},
};
// clang-format on

/// Looks members up, in the text_config first; null counts as absent.
template <JsonValue Json>
class hf_reader {
 public:
  explicit hf_reader(const Json& root) : root_(root), text_(&root) {
    if (!root.is_object()) {
      wrong_type(root, "an object (config.json)");
    }
    if (const auto nested = root.find("text_config"); nested != root.end() && nested->is_object()) {
      text_ = &*nested;
    }
  }

  [[nodiscard]] bool is_nested() const { return text_ != &root_; }

  /// The value of a member of the text model, or nullptr.
  [[nodiscard]] const Json* find(std::string_view key) const { return find_in(*text_, key); }

  /// Refuses with the place of a member of the text model.
  [[noreturn]] void refuse(std::string_view key, std::string_view rule) const {
    throw placed(io::input_error("", "", rule).under(key), text_);
  }

  /// True where the member is there at all, null or not.
  [[nodiscard]] bool has(std::string_view key) const {
    return text_->contains(typename Json::string_t(key));
  }

  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                                    std::int64_t most) const {
    return value<std::int64_t>(*text_, key,
                               [=](const Json& json) { return json_integer(json, least, most); });
  }
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const {
    return flag_in(*text_, key);
  }
  /// A flag that may stand beside the text_config as well as in it.
  [[nodiscard]] std::optional<bool> flag_anywhere(std::string_view key) const {
    const auto own = flag(key);
    return own ? own : flag_in(root_, key);
  }

  /// A size of the model: at least 1.
  [[nodiscard]] std::int64_t size(std::string_view key, std::int64_t most,
                                  std::int64_t class_default) const {
    const auto given = integer(key, 0, most);
    if (given == 0) {
      refuse(key, "must be positive");
    }
    if (!given && !is_nested()) {
      refuse(key, "is missing");
    }
    return given.value_or(class_default);
  }

  /// A text, or an empty one.
  [[nodiscard]] std::string_view text(std::string_view key) const {
    return value<std::string_view>(*text_, key, [](const Json& json) { return json_text(json); })
        .value_or("");
  }

 private:
  [[nodiscard]] static const Json* find_in(const Json& object, std::string_view key) {
    const auto found = object.find(typename Json::string_t(key));
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  [[nodiscard]] io::input_error placed(const io::input_error& error, const Json* object) const {
    return object == &root_ ? error : error.under("text_config");
  }
  template <class T, class Read>
  [[nodiscard]] std::optional<T> value(const Json& object, std::string_view key, Read read) const {
    const Json* const json = find_in(object, key);
    if (json == nullptr) {
      return std::nullopt;
    }
    try {
      return read(*json);
    } catch (const io::input_error& error) {
      throw placed(error.under(key), &object);
    }
  }
  [[nodiscard]] std::optional<bool> flag_in(const Json& object, std::string_view key) const {
    return value<bool>(object, key, [](const Json& json) {
      bool flag = false;
      read_value(json, flag);
      return flag;
    });
  }

  const Json& root_;
  const Json* text_;
};

/// The family of a model by model_type, or by its first architecture where model_type is absent.
template <JsonValue Json>
[[nodiscard]] const hf_family& hf_family_of(const hf_reader<Json>& config) {
  const std::string_view type = config.text("model_type");
  std::string_view architecture;
  if (const Json* const list = config.find("architectures"); type.empty() && list != nullptr &&
                                                             list->is_array() && !list->empty() &&
                                                             list->front().is_string()) {
    architecture = json_text(list->front());
  }
  for (const hf_family& family : hf_families) {
    if (type.empty() ? family.architecture == architecture : family.model_type == type) {
      return family;
    }
  }
  const std::string_view name = utf8_prefix(type.empty() ? architecture : type, 80);
  short_string<240> rule{name.empty() ? "is missing" : "\""};
  rule.append(name).append(name.empty() ? "; known: " : "\" is not a known model type; known: ");
  for (const hf_family& family : hf_families) {
    rule.append(&family == hf_families.data() ? "" : ", ").append(family.model_type);
  }
  config.refuse("model_type", rule);
}

/// Refuses what a dense model with full attention does not have.
template <JsonValue Json>
void refuse_unmodelled(const hf_reader<Json>& config, const hf_family& family,
                       std::int64_t layers) {
  for (const std::string_view key : {"num_experts", "num_local_experts", "n_routed_experts"}) {
    if (config.integer(key, 0, std::int64_t{1} << 31).value_or(0) > 1) {
      config.refuse(key, "mixtures of experts are not read here");
    }
  }
  if (const Json* const types = config.find("layer_types"); types != nullptr) {
    if (!types->is_array()) {
      config.refuse("layer_types", "must be an array");
    }
    for (const auto& type : *types) {
      if (!type.is_string() || json_text(type) != "full_attention") {
        config.refuse("layer_types", "only full_attention is read here");
      }
    }
  }
  constexpr std::string_view sliding =
      "a sliding window is in force; models with one are not read here";
  constexpr std::int64_t most = std::int64_t{1} << 31;
  const auto window = config.integer("sliding_window", 0, most);
  if (family.model_type == "mistral") {
    const auto longest = config.integer("max_position_embeddings", 0, most);
    const bool cuts = window ? !longest || *window < *longest : !config.has("sliding_window");
    if (cuts) {  // transformers slides over 4096 tokens where the member is absent
      config.refuse("sliding_window", window
                                          ? sliding
                                          : "a sliding window of 4096 is in force where this "
                                            "member is absent; models with one are not read here");
    }
  } else if (family.model_type != "llama" && config.flag("use_sliding_window").value_or(false)) {
    const bool has_window = window || !config.has("sliding_window");
    if (has_window && config.integer("max_window_layers", 0, most).value_or(28) < layers) {
      config.refuse("use_sliding_window", sliding);
    }
  }
}

/// "llama-3.1-8b" for ".../llama-3.1-8b/config.json", the name without extension for other files.
[[nodiscard]] inline short_string<64> model_name(std::string_view file_name,
                                                 std::string_view fallback) {
  const std::filesystem::path path{file_name};
  const auto stem = path.stem() == "config" ? path.parent_path().filename() : path.stem();
  const std::string name = stem.string();
  return utf8_prefix(name.empty() ? fallback : name, 64);
}

}  // namespace detail

namespace io {

/// The model in a parsed config.json. Its name is the file's folder ("config.json") or stem, else the model type.
///
/// requires  sizes in [1, 2^24] (layers and heads 2^16, vocabulary 2^31); heads a multiple of KV heads
/// errors    io::input_error with the file and the place
/// example   examples/advise.cpp
template <JsonValue Json>
[[nodiscard]] model_config model_from_hf_config(const Json& json, std::string_view file_name = "") {
  constexpr std::int64_t wide = 1 << 24;
  constexpr std::int64_t many = 1 << 16;
  try {
    const detail::hf_reader<Json> config{json};
    const detail::hf_family& family = detail::hf_family_of(config);
    model_config m;
    m.name = detail::model_name(file_name, family.model_type);
    m.hidden_size = config.size("hidden_size", wide, 4096);
    m.num_layers = config.size("num_hidden_layers", many, 32);
    m.num_heads = config.size("num_attention_heads", many, 32);
    m.ffn_dim = config.size("intermediate_size", wide, family.ffn_dim);
    m.vocab_size = config.size("vocab_size", std::int64_t{1} << 31, family.vocab_size);
    detail::refuse_unmodelled(config, family, m.num_layers);

    const bool unsaid = !config.has("num_key_value_heads");
    m.num_kv_heads = config.integer("num_key_value_heads", 0, many)
                         .value_or(unsaid && family.kv_heads > 0 ? family.kv_heads : m.num_heads);
    if (m.num_kv_heads == 0 || m.num_heads % m.num_kv_heads != 0) {
      config.refuse("num_key_value_heads", "must be positive and divide num_attention_heads");
    }
    if (const auto head_dim = config.integer("head_dim", 0, many)) {
      m.head_dim = *head_dim;
      if (m.head_dim == 0) {
        config.refuse("head_dim", "must be positive");
      }
    } else if (family.head_dim > 0) {
      m.head_dim = family.head_dim;
    } else if (m.hidden_size % m.num_heads == 0) {
      m.head_dim = m.hidden_size / m.num_heads;
    } else {
      config.refuse("hidden_size",
                    "must be a multiple of num_attention_heads where head_dim is absent");
    }

    m.tie_word_embeddings = config.flag_anywhere("tie_word_embeddings").value_or(false);
    const bool bias = family.attention_bias && config.flag("attention_bias").value_or(false);
    m.qkv_bias = family.qkv_bias || bias;
    m.o_bias = bias;
    m.ffn_bias = family.mlp_bias && config.flag("mlp_bias").value_or(false);
    m.qk_norm = family.qk_norm;
    is_valid(m);
    return m;
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  } catch (const domain_error& error) {
    throw input_error{file_name, "", error.what()};
  }
}

/// The model in a config.json, or in the folder that holds one.
///
/// errors    io::input_error with the file and the place
[[nodiscard]] inline model_config model_from_hf_config(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, ignored) ? path / "config.json" : path;
  return model_from_hf_config(read_json_file(file), file.string());
}

}  // namespace io
}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// A model_config from a GGUF file, and the formats of its tensors.
//
//   io::gguf_model m = io::read_gguf_model("llama-3.1-8b-Q4_K_M.gguf");      m.model      m.formats
//
// An architecture of llama.cpp is a family of hf_family.hpp under another name: the keys become the members of a config.json of that family, so that
// one set of rules builds the layers. What keys do not say, tensors do: biases, norms of Q and K, a head of its own. The parameters that the model
// then has are compared with those in the file; a difference is in the notes. An architecture that is not in the table is refused.
// Source: llama.cpp, gguf-py/gguf/constants.py and convert_hf_to_gguf.py (names of keys and tensors).
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/io/checkpoint.hpp"
#include "quantroof/io/gguf_model_keys.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/hf_quantization.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace io {

/// What a GGUF file holds.
struct gguf_model {
  model_config model{};
  std::optional<mixed_precision_config>
      formats{};  // nothing: a tensor has a type of no format here
  std::vector<std::string> notes{};
};

}  // namespace io

namespace detail {

/// An architecture of llama.cpp and the family that has the same layers.
struct gguf_family {
  std::string_view architecture;
  std::string_view model_type;
  std::string_view with_experts;  // empty: the same
};
inline constexpr std::array gguf_families = {
    gguf_family{"llama", "llama", "mixtral"},    gguf_family{"qwen2", "qwen2", ""},
    gguf_family{"qwen3", "qwen3", ""},           gguf_family{"qwen2moe", "qwen2_moe", ""},
    gguf_family{"qwen3moe", "qwen3_moe", ""},    gguf_family{"phi3", "phi3", ""},
    gguf_family{"gemma", "gemma", ""},           gguf_family{"gemma2", "gemma2", ""},
    gguf_family{"gemma3", "gemma3_text", ""},    gguf_family{"olmo2", "olmo2", ""},
    gguf_family{"starcoder2", "starcoder2", ""}, gguf_family{"gpt-oss", "gpt_oss", ""},
    gguf_family{"deepseek2", "deepseek_v3", ""}, gguf_family{"glm4moe", "glm4_moe", ""},
};

[[nodiscard]] inline const gguf_family& gguf_family_of(std::string_view architecture) {
  std::string known;
  for (const gguf_family& family : gguf_families) {
    if (family.architecture == architecture) {
      return family;
    }
    known += (known.empty() ? "" : ", ") + std::string{family.architecture};
  }
  io::gguf_metadata::refuse("general.architecture",
                            "\"" + std::string{utf8_prefix(architecture, 80)} +
                                "\" is not a known architecture; known: " + known);
}

[[nodiscard]] inline bool has_tensor(const io::checkpoint& all, std::string_view name) {
  return std::any_of(all.tensors.begin(), all.tensors.end(),
                     [name](const io::checkpoint_tensor& t) { return t.name == name; });
}

/// The members of a config.json that say what the keys and tensors say.
[[nodiscard]] inline nlohmann::json hf_members_of(const io::gguf_model_keys& k,
                                                  const io::checkpoint& all) {
  const gguf_family& family = gguf_family_of(k.architecture);
  nlohmann::json config;
  const auto put = [&config](const char* member, const std::optional<std::int64_t>& value) {
    if (value) {
      config[member] = *value;
    }
  };
  const auto need = [&](const char* key, const std::optional<std::int64_t>& value) {
    if (!value) {
      io::gguf_metadata::refuse(k.architecture + "." + key, "is missing");
    }
    return *value;
  };
  const auto one = [&](const char* key, const io::gguf_layer_sizes& sizes) {
    if (sizes.is_given() && !sizes.is_uniform()) {
      io::gguf_metadata::refuse(k.architecture + "." + key,
                                "differs from layer to layer, which is not modelled here");
    }
    return sizes.at(0);
  };
  const bool experts = k.expert_count.value_or(0) > 0;
  config["model_type"] =
      experts && !family.with_experts.empty() ? family.with_experts : family.model_type;
  config["hidden_size"] = need("embedding_length", k.embedding_length);
  config["num_hidden_layers"] =
      need("block_count", k.block_count) - k.nextn_predict_layers.value_or(0);
  config["num_attention_heads"] =
      need("attention.head_count", one("attention.head_count", k.head_count));
  put("num_key_value_heads", one("attention.head_count_kv", k.head_count_kv));
  put("intermediate_size", one("feed_forward_length", k.feed_forward_length));
  config["vocab_size"] = need("vocab_size", k.vocab_size);
  put("max_position_embeddings", k.context_length);
  put("sliding_window", k.sliding_window);
  put("sliding_window_pattern",
      k.sliding_window_pattern.values.size() == 1 ? k.sliding_window_pattern.at(0) : std::nullopt);
  config["tie_word_embeddings"] = !has_tensor(all, "output.weight");
  config["attention_bias"] =
      has_tensor(all, "blk.0.attn_q.bias") || has_tensor(all, "blk.0.attn_qkv.bias");
  config["mlp_bias"] = has_tensor(all, "blk.0.ffn_down.bias");
  config["use_bias"] = config["attention_bias"];
  config["use_qk_norm"] = has_tensor(all, "blk.0.attn_q_norm.weight");

  const std::int64_t rope = k.rope_dimension_count.value_or(0);
  if (k.kv_lora_rank) {
    const std::int64_t key =
        need("attention.key_length", k.key_length_mla ? k.key_length_mla : k.key_length);
    if (rope <= 0 || rope >= key) {
      io::gguf_metadata::refuse(k.architecture + ".rope.dimension_count",
                                "must be positive and below attention.key_length");
    }
    put("kv_lora_rank", k.kv_lora_rank);
    put("q_lora_rank", k.q_lora_rank);
    config["qk_rope_head_dim"] = rope;
    config["qk_nope_head_dim"] = key - rope;
    config["v_head_dim"] =
        need("attention.value_length", k.value_length_mla ? k.value_length_mla : k.value_length);
    config.erase("num_key_value_heads");
  } else {
    put("head_dim", k.key_length);
  }
  if (experts) {
    for (const char* const member : {"num_local_experts", "num_experts", "n_routed_experts"}) {
      put(member, k.expert_count);
    }
    put("num_experts_per_tok", k.expert_used_count);
    put("moe_intermediate_size", k.expert_feed_forward_length);
    put("shared_expert_intermediate_size", k.expert_shared_feed_forward_length);
    put("n_shared_experts", k.expert_shared_count);
    put("first_k_dense_replace", k.leading_dense_block_count);
    if (family.model_type == "gpt_oss") {  // its experts are its only networks
      put("intermediate_size", k.expert_feed_forward_length);
    }
    const std::string first =
        "blk." + std::to_string(k.leading_dense_block_count.value_or(0)) + ".exp_probs_b";
    if (has_tensor(all, first + ".bias") || has_tensor(all, first)) {
      config["topk_method"] = "noaux_tc";
    }
  }
  return config;
}

/// The operator of a tensor's name within its block; nullopt for norms, biases and the like.
[[nodiscard]] inline std::optional<operator_type> operator_of_gguf(std::string_view name) {
  using enum operator_type;
  struct entry {
    std::string_view name;
    operator_type op;
  };
  constexpr std::array entries = {entry{"attn_q", q_proj},
                                  entry{"attn_qkv", q_proj},
                                  entry{"attn_k", k_proj},
                                  entry{"attn_v", v_proj},
                                  entry{"attn_output", o_proj},
                                  entry{"attn_q_a", q_a_proj},
                                  entry{"attn_q_b", q_proj},
                                  entry{"attn_kv_a_mqa", kv_a_proj},
                                  entry{"attn_kv_b", kv_b_proj},
                                  entry{"attn_k_b", kv_b_proj},
                                  entry{"attn_v_b", kv_b_proj},
                                  entry{"ffn_gate", ffn_gate},
                                  entry{"ffn_up", ffn_up},
                                  entry{"ffn_down", ffn_down},
                                  entry{"ffn_gate_inp", router},
                                  entry{"ffn_gate_exps", expert_gate},
                                  entry{"ffn_up_exps", expert_up},
                                  entry{"ffn_down_exps", expert_down},
                                  entry{"ffn_gate_shexp", shared_gate},
                                  entry{"ffn_up_shexp", shared_up},
                                  entry{"ffn_down_shexp", shared_down}};
  for (const entry& e : entries) {
    if (e.name == name) {
      return e.op;
    }
  }
  return std::nullopt;
}

/// The format of a tensor type; nullopt where the library has none.
[[nodiscard]] constexpr std::optional<precision> precision_of_ggml(std::string_view dtype) {
  struct entry {
    std::string_view dtype;
    precision format;
  };
  constexpr std::array entries = {
      entry{"F32", precision::fp32},        entry{"F16", precision::fp16},
      entry{"BF16", precision::bf16},       entry{"Q8_0", precision::gguf_q8_0},
      entry{"Q4_0", precision::gguf_q4_0},  entry{"Q4_K", precision::gguf_q4_k},
      entry{"Q6_K", precision::gguf_q6_k},  entry{"MXFP4", precision::gguf_mxfp4},
      entry{"NVFP4", precision::gguf_nvfp4}};
  for (const entry& e : entries) {
    if (e.dtype == dtype) {
      return e.format;
    }
  }
  return std::nullopt;
}

/// "blk.<layer>.<name>.weight" apart; nullopt for other tensors.
struct gguf_place {
  std::int64_t layer = 0;
  std::string_view name{};
};
[[nodiscard]] inline std::optional<gguf_place> gguf_place_of(std::string_view tensor) {
  constexpr std::string_view before = "blk.";
  constexpr std::string_view after = ".weight";
  if (!tensor.starts_with(before) || !tensor.ends_with(after)) {
    return std::nullopt;
  }
  tensor.remove_prefix(before.size());
  gguf_place place;
  const auto [end, error] =
      std::from_chars(tensor.data(), tensor.data() + tensor.size(), place.layer);
  const auto digits = static_cast<std::size_t>(end - tensor.data());
  if (error != std::errc{} || digits + 1 + after.size() >= tensor.size() || tensor[digits] != '.') {
    return std::nullopt;
  }
  place.name = tensor.substr(digits + 1, tensor.size() - digits - 1 - after.size());
  return place;
}

/// The formats of the tensors, operator by operator; nullopt with a note where a type is none of the library's formats.
[[nodiscard]] inline std::optional<mixed_precision_config> formats_of_gguf(
    const io::checkpoint& all, const model_config& m, hf_notes& notes) {
  std::vector<hf_operator_formats> operators;
  mixed_precision_config c{.name = "checkpoint"};
  const auto layers = static_cast<std::size_t>(m.num_layers);
  bool has_head = false;
  std::optional<precision> embedding;
  for (const io::checkpoint_tensor& t : all.tensors) {
    const auto place = gguf_place_of(t.name);
    const auto op = place ? operator_of_gguf(place->name) : std::nullopt;
    const bool end = t.name == "token_embd.weight" || t.name == "output.weight";
    if ((!op && !end) || (place && static_cast<std::size_t>(place->layer) >= layers)) {
      continue;
    }
    const auto format = precision_of_ggml(t.dtype);
    if (!format) {
      hf_note(notes, t.name + " has type " + t.dtype + ", which is no format here");
      return std::nullopt;
    }
    if (end) {
      const bool head = t.name == "output.weight";
      has_head = has_head || head;
      embedding = head ? embedding : format;
      c.operator_precisions.set(head ? operator_type::lm_head : operator_type::embeddings, *format);
      continue;
    }
    const bool joined = place->name == "attn_qkv";
    for (const operator_type each :
         joined ? std::vector{operator_type::q_proj, operator_type::k_proj, operator_type::v_proj}
                : std::vector{*op}) {
      auto entry = std::find_if(operators.begin(), operators.end(),
                                [each](const auto& e) { return e.op == each; });
      if (entry == operators.end()) {
        operators.push_back({each, std::vector<std::optional<precision>>(layers)});
        entry = operators.end() - 1;
      }
      entry->layers[static_cast<std::size_t>(place->layer)] = *format;
    }
  }
  if (!has_head && embedding) {
    c.operator_precisions.set(operator_type::lm_head, *embedding);
  }
  c = hf_summed_up(c, operators, notes);
  is_valid(c);
  return c;
}

/// Elements of the tensors that belong to the model's layers: not rotation tables, not layers that predict further tokens.
[[nodiscard]] inline std::uint64_t gguf_parameters(const io::checkpoint& all, std::int64_t layers) {
  std::uint64_t sum = 0;
  for (const io::checkpoint_tensor& t : all.tensors) {
    const std::string prefix = "blk.";
    std::int64_t layer = 0;
    if (t.name.starts_with(prefix)) {
      static_cast<void>(
          std::from_chars(t.name.data() + prefix.size(), t.name.data() + t.name.size(), layer));
    }
    if (layer < layers && !t.name.starts_with("rope_")) {
      sum += t.elements;
    }
  }
  return sum;
}

}  // namespace detail

namespace io {

/// The model in a GGUF file, or in the split files that `path` is one of.
///
/// errors    io::input_error with the file and the key: what read_checkpoint and make_gguf_model_keys refuse, an unknown architecture, a missing key
/// example   examples/advise.cpp
[[nodiscard]] inline gguf_model read_gguf_model(const std::filesystem::path& path) {
  const checkpoint all = read_checkpoint(path);
  if (all.format != checkpoint_format::gguf) {
    throw input_error{path.string(), "", "is not a GGUF model"};
  }
  const std::string file = all.files.front().path.string();
  try {
    const gguf_model_keys keys = make_gguf_model_keys(read_gguf(file));
    gguf_model result;
    result.model = model_from_hf_config(detail::hf_members_of(keys, all));
    const std::string stem = path.stem().string();
    const auto shard = detail::parse_shard_name(path);
    result.model.name = detail::utf8_prefix(shard ? shard->stem : stem, 64);
    detail::hf_notes notes;
    result.formats = detail::formats_of_gguf(all, result.model, notes);
    const std::uint64_t held = detail::gguf_parameters(all, result.model.num_layers);
    const std::int64_t counted = parameter_count(result.model);
    if (held != static_cast<std::uint64_t>(counted)) {
      detail::hf_note(notes, "the tensors hold " + std::to_string(held) +
                                 " parameters, the model that the keys describe has " +
                                 std::to_string(counted));
    }
    result.notes = std::move(notes);
    return result;
  } catch (const input_error& error) {
    throw error.in_file(file);
  }
}

}  // namespace io
}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What the families of Hugging Face models have in common: the ends of a model, its heads, windows and experts, and the list of its
// distinct layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

/// What a model type says without being asked: transformers' class defaults. The first five stand in for what a text_config leaves out; 0:
/// the member must be there.
struct hf_defaults {
  std::int64_t hidden = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t ffn = 0;
  std::int64_t vocab = 0;
  std::int64_t kv_heads = 0;  // 0: as many as heads
  std::int64_t head_dim = 0;  // 0: hidden / heads
  std::int64_t window = 0;    // where sliding_window is absent; 0: none
  bool tied = false;
  bool qkv_bias = false;        // always there
  bool attention_bias = false;  // the member attention_bias is read: Q, K, V and O
  bool mlp_bias = false;        // the member mlp_bias is read
  bool qk_norm = false;
};

/// hidden_size, num_layers, vocab_size, tie_word_embeddings.
template <JsonValue Json>
[[nodiscard]] model_config hf_ends(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m;
  m.hidden_size = config.size({"hidden_size", "n_embd", "d_model"}, hf_wide, d.hidden);
  m.num_layers = config.size({"num_hidden_layers", "n_layer"}, hf_many, d.layers);
  m.vocab_size = config.size("vocab_size", hf_long, d.vocab);
  m.tie_word_embeddings = config.flag_anywhere("tie_word_embeddings", d.tied);
  return m;
}

/// The feed-forward width.
template <JsonValue Json>
[[nodiscard]] std::int64_t hf_ffn(const hf_reader<Json>& config, const hf_defaults& d) {
  return config.size("intermediate_size", hf_wide, d.ffn);
}

/// num_heads, num_kv_heads and head_dim, from members of these names.
template <JsonValue Json>
[[nodiscard]] attention_block hf_heads(const hf_reader<Json>& config, const hf_defaults& d,
                                       std::int64_t hidden) {
  attention_block a{.qk_norm = d.qk_norm};
  a.num_heads = config.size({"num_attention_heads", "n_head"}, hf_many, d.heads);
  const bool unsaid = !config.has("num_key_value_heads") && !config.has("num_attention_groups");
  const auto kv =
      config.integer({"num_key_value_heads", "num_attention_groups", "n_head_kv"}, 0, hf_many);
  a.num_kv_heads = kv.value_or(unsaid && d.kv_heads > 0 ? d.kv_heads : a.num_heads);
  if (a.num_kv_heads == 0 || a.num_heads % a.num_kv_heads != 0) {
    config.refuse("num_key_value_heads", "must be positive and divide num_attention_heads");
  }
  a.head_dim = config.size_or({"head_dim", "attention_head_dim"}, hf_many, d.head_dim);
  if (a.head_dim == 0) {
    if (hidden % a.num_heads != 0) {
      config.refuse("hidden_size",
                    "must be a multiple of num_attention_heads where head_dim is absent");
    }
    a.head_dim = hidden / a.num_heads;
  }
  return a;
}

/// Elements of Q, and of K or V, of one token.
[[nodiscard]] constexpr std::int64_t hf_q_width(const attention_block& a) {
  return a.num_heads * a.head_dim;
}
[[nodiscard]] constexpr std::int64_t hf_kv_width(const attention_block& a) {
  return a.num_kv_heads * a.head_dim;
}

/// The window of each layer, 0 where it sees all tokens: from layer_types, "sliding_attention" having `window`. Empty where there is no list.
template <JsonValue Json>
[[nodiscard]] std::vector<std::int64_t> hf_listed_windows(const hf_reader<Json>& config,
                                                          std::int64_t layers,
                                                          std::int64_t window) {
  std::vector<std::int64_t> windows;
  windows.reserve(static_cast<std::size_t>(layers));
  for (const std::string_view type :
       config.names_per_layer("layer_types", layers, {"full_attention", "sliding_attention"})) {
    windows.push_back(type == "sliding_attention" ? window : 0);
    if (type == "sliding_attention" && window == 0) {
      config.refuse("layer_types", windows.size() - 1, "slides, but no sliding window is in force");
    }
  }
  return windows;
}

/// Routed experts: a number of them and how many a token takes.
template <JsonValue Json>
[[nodiscard]] expert_mixture hf_experts(const hf_reader<Json>& config, std::int64_t experts = 0,
                                        std::int64_t top_k = 0) {
  expert_mixture x;
  x.experts =
      config.size({"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"},
                  hf_many, experts);
  x.top_k = config.size({"num_experts_per_tok", "experts_per_token", "num_experts_per_token",
                         "top_k_experts", "moe_top_k"},
                        hf_many, top_k);
  if (x.top_k > x.experts) {
    config.refuse("num_experts_per_tok", "must be at most the number of experts");
  }
  return x;
}

/// Refuses members that say a model has what its type does not.
template <JsonValue Json>
void hf_refuse_experts(const hf_reader<Json>& config) {
  for (const std::string_view key : {"num_experts", "num_local_experts", "n_routed_experts"}) {
    if (config.count(key, hf_long) > 1) {
      config.refuse(key, "a model of this type has no experts");
    }
  }
}

/// The layers of a model one by one; those alike are kept once, with the order they come in.
class hf_layers {
 public:
  void add(const layer_shape& layer) {
    std::size_t kind = 0;
    while (kind < kinds_.size() && !(kinds_[kind] == layer)) {
      ++kind;
    }
    if (kind == kinds_.size()) {
      expects(kind < max_layer_kinds, "config.json: the model has more than 12 distinct layers");
      kinds_.push_back(layer);
    }
    order_.push_back(static_cast<std::uint8_t>(kind));
  }

  /// Puts the layers into m, their order as the shortest list that repeats to it.
  void put_into(model_config& m) const {
    m.layers = kinds_;
    std::size_t period = 1;
    while (period < order_.size() && period <= max_layer_pattern && !repeats_after(period)) {
      ++period;
    }
    expects(period <= max_layer_pattern,
            "config.json: the order of the layers does not repeat within 256 of them");
    for (std::size_t i = 0; period > 1 && i < period; ++i) {
      m.layer_pattern.push_back(order_[i]);
    }
  }

 private:
  [[nodiscard]] bool repeats_after(std::size_t period) const {
    for (std::size_t i = period; i < order_.size(); ++i) {
      if (order_[i] != order_[i - period]) {
        return false;
      }
    }
    return true;
  }

  static_vector<layer_shape, max_layer_kinds> kinds_;
  std::vector<std::uint8_t> order_;
};

}  // namespace quantroof::detail

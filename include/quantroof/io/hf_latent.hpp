// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention, with or without an index that selects tokens, and mixtures of experts: deepseek_v2, deepseek_v3, deepseek_v32,
// kimi_k2, glm_moe_dsa.
//
// Sources: transformers' modeling_deepseek_v2.py, _v3.py, _v32.py and modeling_glm_moe_dsa.py (read 2026-09).
// Not counted: layers that predict further tokens (num_nextn_predict_layers), as in the published totals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantroof/io/hf_moe.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

/// A layer of latent attention, its norms and the norms of its latents.
template <JsonValue Json>
[[nodiscard]] layer_shape hf_latent_layer(const hf_reader<Json>& config, const hf_defaults& d,
                                          std::int64_t hidden) {
  latent_attention a{.num_heads = config.size("num_attention_heads", hf_many, d.heads),
                     .q_rank = config.size_or("q_lora_rank", 1 << 20, 0),
                     .kv_rank = config.size("kv_lora_rank", hf_many, 512),
                     .nope_dim = config.size("qk_nope_head_dim", hf_narrow, 128),
                     .rope_dim = config.size("qk_rope_head_dim", hf_narrow, 64),
                     .v_dim = config.size("v_head_dim", hf_narrow, 128)};
  if (config.integer("qk_head_dim", 0, hf_many).value_or(a.nope_dim + a.rope_dim) !=
      a.nope_dim + a.rope_dim) {
    config.refuse("qk_head_dim", "contradicts qk_nope_head_dim and qk_rope_head_dim");
  }
  layer_shape layer{.latent = a, .vector_parameters = 2 * hidden + a.q_rank + a.kv_rank};
  if (config.flag("attention_bias", false)) {
    layer.vector_parameters += a.q_rank + a.kv_rank + a.rope_dim + hidden;
  }
  return layer;
}

/// The index of a layer, with the norm of its keys.
template <JsonValue Json>
void hf_add_index(const hf_reader<Json>& config, layer_shape& layer, std::int64_t hidden) {
  const std::int64_t input = layer.latent->q_rank > 0 ? layer.latent->q_rank : hidden;
  layer.index = token_index{.num_heads = config.size("index_n_heads", hf_narrow),
                            .head_dim = config.size("index_head_dim", hf_narrow),
                            .query_input = input};
  layer.vector_parameters += 2 * layer.index->head_dim;
}

/// Experts with shared ones; a correction of the router's scores for each expert where topk_method is noaux_tc.
template <JsonValue Json>
void hf_add_deepseek_experts(const hf_reader<Json>& config, layer_shape& layer) {
  layer.experts = hf_experts(config);
  layer.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
  layer.experts->shared_dim = config.count("n_shared_experts", hf_many) * layer.experts->expert_dim;
  layer.vector_parameters += config.text("topk_method") == "noaux_tc" ? layer.experts->experts : 0;
}

/// Which layers run an index of their own, and which take over what the one before selected.
template <JsonValue Json>
[[nodiscard]] std::vector<bool> hf_index_layers(const hf_reader<Json>& config,
                                                std::int64_t layers) {
  std::vector<bool> own(static_cast<std::size_t>(layers), true);
  const auto types = config.names_per_layer("indexer_types", layers, {"full", "shared"});
  if (!types.empty()) {
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i] = types[i] == "full";
    }
    return own;
  }
  if (config.find("index_topk_pattern") != nullptr) {
    config.refuse("index_topk_pattern", "is not read; indexer_types is");
  }
  const std::int64_t every = config.size_or("index_topk_freq", hf_many, 1);
  const std::int64_t first = config.integer("index_skip_topk_offset", 0, hf_many).value_or(2);
  for (std::int64_t i = 0; i < layers; ++i) {
    own[static_cast<std::size_t>(i)] = i < first || (i - first + 1) % every == 0;
  }
  return own;
}

template <JsonValue Json>
[[nodiscard]] model_config hf_latent_model(const hf_reader<Json>& config, const hf_defaults& d,
                                           std::int64_t selected) {
  model_config m = hf_ends(config, d);
  layer_shape dense = hf_latent_layer(config, d, m.hidden_size);
  dense.latent->selected = selected;
  layer_shape sparse = dense;
  auto experts = hf_moe_layers(config, m.num_layers);
  const auto types = config.names_per_layer("mlp_layer_types", m.num_layers, {"dense", "sparse"});
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (experts[i] != (types[i] == "sparse")) {
      config.refuse("mlp_layer_types", i, "contradicts first_k_dense_replace");
    }
  }
  const auto index = hf_index_layers(config, m.num_layers);
  hf_layers list;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    layer_shape layer = dense;
    if (experts[i]) {
      if (!sparse.experts) {
        hf_add_deepseek_experts(config, sparse);
      }
      layer = sparse;
    } else {
      layer.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    }
    if (selected > 0 && index[i]) {
      hf_add_index(config, layer, m.hidden_size);
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// deepseek_v2, deepseek_v3, kimi_k2: all tokens are read.
template <JsonValue Json>
[[nodiscard]] model_config hf_deepseek(const hf_reader<Json>& config, const hf_defaults& d) {
  if (config.count("index_topk", hf_long) > 0) {
    config.refuse("index_topk", "a model of this type has no index");
  }
  return hf_latent_model(config, d, 0);
}
/// deepseek_v32, glm_moe_dsa: an index selects the tokens that attention reads.
template <JsonValue Json>
[[nodiscard]] model_config hf_deepseek_sparse(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_latent_model(config, d, config.size("index_topk", hf_long));
}

}  // namespace quantroof::detail

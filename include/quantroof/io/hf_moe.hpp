// SPDX-License-Identifier: Apache-2.0
//
// Mixtures of experts over softmax attention with KV heads: mixtral, qwen2_moe, qwen3_moe, llama4, gpt_oss, glm4_moe. Those whose layers
// differ in attention too are in hf_moe_windows.hpp.
//
// Sources: transformers' configuration and modeling files of these types (read 2026-08).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantroof/io/hf_dense.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

/// A layer of two RMS norms and attention, no feed-forward part yet.
[[nodiscard]] constexpr layer_shape hf_attention_layer(const attention_block& a,
                                                       std::int64_t hidden) {
  return {.attention = a, .vector_parameters = 2 * hidden + (a.qk_norm ? 2 * a.head_dim : 0)};
}
/// The biases of Q, K and V.
[[nodiscard]] constexpr std::int64_t hf_qkv_biases(const attention_block& a) {
  return hf_q_width(a) + 2 * hf_kv_width(a);
}

/// mixtral.
template <JsonValue Json>
[[nodiscard]] model_config hf_mixtral(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  layer_shape layer = hf_attention_layer(hf_heads(config, d, m.hidden_size), m.hidden_size);
  layer.experts = hf_experts(config, 8, 2);
  layer.experts->expert_dim = hf_ffn(config, d);
  const auto windows = hf_windows(config, d, m.num_layers, hf_windowing::all_layers);
  hf_layers list;
  for (std::int64_t i = 0; i < m.num_layers; ++i) {
    layer.attention->window = windows.empty() ? 0 : windows[static_cast<std::size_t>(i)];
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// Which layers have experts: every decoder_sparse_step-th but those of mlp_only_layers.
template <JsonValue Json>
[[nodiscard]] std::vector<bool> hf_sparse_layers(const hf_reader<Json>& config,
                                                 std::int64_t layers) {
  const std::int64_t step = config.size_or("decoder_sparse_step", hf_many, 1);
  std::vector<bool> sparse = config.layer_set("mlp_only_layers", layers);
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    sparse[i] = !sparse[i] && (static_cast<std::int64_t>(i) + 1) % step == 0;
  }
  return sparse;
}

/// Routed experts of their own width, and one shared expert behind a gate of one output, if there is one.
template <JsonValue Json>
void hf_add_qwen_experts(const hf_reader<Json>& config, std::int64_t hidden, bool shared,
                         layer_shape& layer) {
  layer.experts = hf_experts(config);
  layer.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
  if (shared) {
    layer.experts->shared_dim = config.size("shared_expert_intermediate_size", hf_wide);
    layer.vector_parameters += hidden;
  }
}

template <JsonValue Json>
[[nodiscard]] model_config hf_qwen_moe(const hf_reader<Json>& config, const hf_defaults& d,
                                       bool shared) {
  model_config m = hf_ends(config, d);
  const attention_block a = hf_heads(config, d, m.hidden_size);
  layer_shape dense = hf_attention_layer(a, m.hidden_size);
  const bool bias = d.attention_bias && config.flag("attention_bias", false);
  dense.vector_parameters += d.qkv_bias || bias ? hf_qkv_biases(a) : 0;
  dense.vector_parameters += bias ? m.hidden_size : 0;
  layer_shape sparse = dense;
  hf_add_qwen_experts(config, m.hidden_size, shared, sparse);
  const auto is_sparse = hf_sparse_layers(config, m.num_layers);
  const auto windows = hf_windows(config, d, m.num_layers, hf_windowing::upper_layers);
  hf_layers list;
  for (std::size_t i = 0; i < is_sparse.size(); ++i) {
    if (!is_sparse[i] && !dense.ffn) {
      dense.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    }
    layer_shape layer = is_sparse[i] ? sparse : dense;
    layer.attention->window = windows.empty() ? 0 : windows[i];
    list.add(layer);
  }
  list.put_into(m);
  return m;
}
template <JsonValue Json>
[[nodiscard]] model_config hf_qwen2_moe(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_qwen_moe(config, d, true);
}
template <JsonValue Json>
[[nodiscard]] model_config hf_qwen3_moe(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_qwen_moe(config, d, false);
}

/// llama4: chunks of attention_chunk_size tokens in the layers with rotary positions, all tokens in the others; one shared expert; dense
/// layers between where interleave_moe_layer_step says so.
template <JsonValue Json>
[[nodiscard]] model_config hf_llama4(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  attention_block a = hf_heads(config, d, m.hidden_size);
  const bool qk_norm = config.flag("use_qk_norm", true);  // without parameters
  const std::int64_t chunk = config.integer("attention_chunk_size", 0, hf_long)
                                 .value_or(config.has("attention_chunk_size") ? 0 : 8192);
  layer_shape common = hf_attention_layer(a, m.hidden_size);
  if (config.flag("attention_bias", false)) {
    common.vector_parameters += hf_qkv_biases(a) + m.hidden_size;
  }
  expert_mixture experts = hf_experts(config, 16, 1);
  experts.expert_dim = hf_ffn(config, d);
  experts.shared_dim = experts.expert_dim;
  const std::int64_t dense_width = config.size("intermediate_size_mlp", hf_wide, 16384);
  const std::int64_t step = config.size_or("interleave_moe_layer_step", hf_many, 1);
  std::vector<bool> sparse = config.layer_set("moe_layers", m.num_layers);
  if (config.find("moe_layers") == nullptr) {
    for (std::size_t i = 0; i < sparse.size(); ++i) {
      sparse[i] = (static_cast<std::int64_t>(i) + 1) % step == 0;
    }
  }
  const std::int64_t interval = config.size_or("no_rope_layer_interval", hf_many, 4);
  const Json* const listed = config.find("no_rope_layers");  // 1: with rotary positions
  const auto rope = listed != nullptr && listed->is_array() && listed->empty()
                        ? std::vector<std::int64_t>{}
                        : config.switches_per_layer("no_rope_layers", m.num_layers);
  const auto types =
      config.names_per_layer("layer_types", m.num_layers, {"full_attention", "chunked_attention"});
  hf_layers list;
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    const bool rotary =
        rope.empty() ? (static_cast<std::int64_t>(i) + 1) % interval != 0 : rope[i] != 0;
    const bool chunked = types.empty() ? rotary : types[i] == "chunked_attention";
    layer_shape layer = common;
    layer.attention->window = chunked ? chunk : 0;
    layer.attention->qk_norm = qk_norm && rotary;
    if (sparse[i]) {
      layer.experts = experts;
    } else {
      layer.ffn = feed_forward{.ffn_dim = dense_width};
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// gpt_oss: windows in every other layer, the first included; a learned sink for each head; biases at every matrix.
template <JsonValue Json>
[[nodiscard]] model_config hf_gpt_oss(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const attention_block a = hf_heads(config, d, m.hidden_size);
  layer_shape layer = hf_attention_layer(a, m.hidden_size);
  layer.experts = hf_experts(config, 128, 4);
  layer.experts->expert_dim = hf_ffn(config, d);
  layer.experts->bias = true;
  layer.vector_parameters += a.num_heads + layer.experts->experts;
  if (config.flag("attention_bias", true)) {
    layer.vector_parameters += hf_qkv_biases(a) + m.hidden_size;
  }
  const std::int64_t window = config.size_or("sliding_window", hf_long, d.window);
  const auto listed = hf_listed_windows(config, m.num_layers, window);
  hf_layers list;
  for (std::int64_t i = 0; i < m.num_layers; ++i) {
    layer.attention->window =
        listed.empty() ? (i % 2 == 0 ? window : 0) : listed[static_cast<std::size_t>(i)];
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// The first layers dense, the others with experts: from a list of 0 and 1, or a number of layers, or a number and every how many.
template <JsonValue Json>
[[nodiscard]] std::vector<bool> hf_moe_layers(const hf_reader<Json>& config, std::int64_t layers) {
  std::vector<bool> sparse(static_cast<std::size_t>(layers), false);
  const std::int64_t dense = config.count("first_k_dense_replace", hf_many);
  const Json* const frequency = config.find("moe_layer_freq");
  if (frequency != nullptr && frequency->is_array()) {
    const auto listed = config.switches_per_layer("moe_layer_freq", layers);
    for (std::size_t i = 0; i < sparse.size(); ++i) {
      sparse[i] = listed[i] != 0;
    }
    return sparse;
  }
  const std::int64_t every = config.size_or("moe_layer_freq", hf_many, 1);
  for (std::int64_t i = dense; i < layers; ++i) {
    sparse[static_cast<std::size_t>(i)] = i % every == 0;
  }
  return sparse;
}

/// glm4_moe (GLM-4.5): biases at Q, K and V, shared experts, a correction of the router's scores for each expert.
template <JsonValue Json>
[[nodiscard]] model_config hf_glm4_moe(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  attention_block a = hf_heads(config, d, m.hidden_size);
  a.qk_norm = config.flag("use_qk_norm", false);
  layer_shape dense = hf_attention_layer(a, m.hidden_size);
  dense.vector_parameters += config.flag("attention_bias", false) ? hf_qkv_biases(a) : 0;
  layer_shape sparse = dense;
  dense.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
  sparse.experts = hf_experts(config);
  sparse.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
  sparse.experts->shared_dim =
      config.count("n_shared_experts", hf_many) * sparse.experts->expert_dim;
  sparse.vector_parameters += sparse.experts->experts;
  hf_layers list;
  for (const bool experts : hf_moe_layers(config, m.num_layers)) {
    list.add(experts ? sparse : dense);
  }
  list.put_into(m);
  return m;
}

}  // namespace quantroof::detail

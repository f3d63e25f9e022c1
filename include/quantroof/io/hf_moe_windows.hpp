// SPDX-License-Identifier: Apache-2.0
//
// Models whose layers differ in attention and in experts at once: gemma4, minimax_m2, minimax_m3, step3p7, mimo_v2_flash.
//
// Sources: transformers' modeling_gemma4.py; vLLM's models of minimax_m3 and step3p5 (read 2026-09); the modeling files in the models' own
// repositories for minimax_m2 and mimo_v2_flash.
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

/// gemma4: wider heads in global layers, where one projection serves keys and values; experts beside a dense network, both with norms before
/// and after.
template <JsonValue Json>
[[nodiscard]] model_config hf_gemma4(const hf_reader<Json>& config, const hf_defaults& d) {
  for (const std::string_view key : {"hidden_size_per_layer_input", "num_kv_shared_layers"}) {
    if (config.count(key, hf_wide) > 0) {
      config.refuse(key, "embeddings for each layer and caches shared by layers are not modelled");
    }
  }
  model_config m = hf_ends(config, d);
  const attention_block local = hf_heads(config, d, m.hidden_size);
  const bool one_projection = config.flag("attention_k_eq_v", false);
  attention_block global = local;
  global.head_dim = config.size_or("global_head_dim", hf_many, local.head_dim);
  global.v_is_k = one_projection;
  if (one_projection) {
    global.num_kv_heads = config.size("num_global_key_value_heads", hf_many);
    if (global.num_heads % global.num_kv_heads != 0) {
      config.refuse("num_global_key_value_heads", "must divide num_attention_heads");
    }
  }
  const std::int64_t window = config.size("sliding_window", hf_long);
  const auto windows = hf_listed_windows(config, m.num_layers, window);
  if (windows.empty()) {
    config.refuse("layer_types", "is missing");
  }
  const bool bias = config.flag("attention_bias", false);
  const bool experts = config.flag("enable_moe_block", false);
  hf_layers list;
  for (const std::int64_t each : windows) {
    layer_shape layer = hf_attention_layer(each > 0 ? local : global, m.hidden_size);
    attention_block& a = *layer.attention;
    a.window = each;
    layer.norms = 4;
    layer.vector_parameters += 2 * m.hidden_size + 1;  // and a scale of the whole layer
    if (bias) {
      layer.vector_parameters +=
          hf_q_width(a) + (a.v_is_k ? 1 : 2) * hf_kv_width(a) + m.hidden_size;
    }
    layer.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    if (experts) {
      layer.experts = hf_experts(config);
      layer.experts->expert_dim =
          config.size({"moe_intermediate_size", "expert_intermediate_size"}, hf_wide);
      layer.norms = 7;
      // three norms, the router's scale of its input and one scale for each expert
      layer.vector_parameters += 4 * m.hidden_size + layer.experts->experts;
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// minimax_m2, minimax_m3: norms over each head or over all heads of Q and K; in m3 an index chooses blocks of tokens.
template <JsonValue Json>
[[nodiscard]] model_config hf_minimax(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  attention_block a = hf_heads(config, d, m.hidden_size);
  if (config.flag("attention_output_gate", false)) {
    config.refuse("attention_output_gate", "is not modelled for this type");
  }
  layer_shape common = hf_attention_layer(a, m.hidden_size);
  if (config.flag("use_qk_norm", true)) {
    common.attention->qk_norm = true;
    const std::string_view over = config.text("qk_norm_type");
    if (!over.empty() && over != "per_layer" && over != "per_head") {
      config.refuse("qk_norm_type", "must be per_layer or per_head");
    }
    common.attention->qk_norm_over_heads = over != "per_head";
    common.vector_parameters +=
        over == "per_head" ? 2 * a.head_dim : hf_q_width(a) + hf_kv_width(a);
  }
  layer_shape sparse = common;
  sparse.experts = hf_experts(config);
  sparse.experts->expert_dim = hf_ffn(config, d);
  sparse.experts->shared_dim = config.count("shared_intermediate_size", hf_wide);
  sparse.vector_parameters += config.flag("use_routing_bias", false) ? sparse.experts->experts : 0;
  const auto experts = hf_moe_layers(config, m.num_layers);
  std::vector<std::int64_t> indexed(static_cast<std::size_t>(m.num_layers), 0);
  token_index index{.query_input = m.hidden_size, .head_weights = false};
  std::int64_t selected = 0;
  if (config.find("sparse_attention_config") != nullptr) {
    const auto chosen = config.member("sparse_attention_config");
    if (chosen.flag("use_sparse_attention", false)) {
      index.num_heads = chosen.size("sparse_num_index_heads", 1 << 12);
      index.head_dim = chosen.size("sparse_index_dim", 1 << 12);
      selected =
          chosen.size("sparse_topk_blocks", hf_many) * chosen.size("sparse_block_size", 1 << 12);
      indexed = chosen.switches_per_layer("sparse_attention_freq", m.num_layers);
      const auto valueless = chosen.switches_per_layer("sparse_disable_index_value", m.num_layers);
      if (indexed.empty()) {
        chosen.refuse("sparse_attention_freq", "is missing");
      }
      for (std::size_t i = 0; i < indexed.size(); ++i) {
        if (indexed[i] != 0 && (valueless.empty() || valueless[i] == 0)) {
          chosen.refuse("sparse_disable_index_value",
                        "an index with values of its own is not modelled");
        }
      }
    }
  }
  hf_layers list;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    layer_shape layer = experts[i] ? sparse : common;
    if (!experts[i]) {
      layer.ffn = feed_forward{.ffn_dim = config.size("dense_intermediate_size", hf_wide)};
    }
    if (indexed[i] != 0) {
      layer.index = index;
      layer.attention->selected = selected;
      layer.vector_parameters += 2 * index.head_dim;  // norms of the index's queries and keys
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// step3p5, step3p7: sliding layers may have other head counts; a gate of one value a head where asked for.
template <JsonValue Json>
[[nodiscard]] model_config hf_step3(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const attention_block full = hf_heads(config, d, m.hidden_size);
  attention_block sliding = full;
  if (config.find("attention_other_setting") != nullptr) {
    const auto other = config.member("attention_other_setting");
    sliding.num_heads = other.size("num_attention_heads", hf_many);
    sliding.num_kv_heads = other.size("num_attention_groups", hf_many);
    sliding.head_dim = other.size_or("head_dim", hf_many, full.head_dim);
    if (sliding.num_heads % sliding.num_kv_heads != 0) {
      other.refuse("num_attention_groups", "must divide num_attention_heads");
    }
  }
  const auto windows =
      hf_listed_windows(config, m.num_layers, config.size("sliding_window", hf_long));
  if (windows.empty()) {
    config.refuse("layer_types", "is missing");
  }
  if (config.find("moe_layers_enum") != nullptr) {
    config.refuse("moe_layers_enum", "is not read; first_k_dense_replace is");
  }
  const auto experts = hf_moe_layers(config, m.num_layers);
  const bool gate = config.flag("use_head_wise_attn_gate", false);
  hf_layers list;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    attention_block a = windows[i] > 0 ? sliding : full;
    a.window = windows[i];
    layer_shape layer = hf_attention_layer(a, m.hidden_size);
    layer.vector_parameters += gate ? a.num_heads * m.hidden_size : 0;
    if (experts[i]) {
      layer.experts = hf_experts(config);
      layer.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
      layer.experts->shared_dim = config.size("share_expert_dim", hf_wide);
      layer.vector_parameters +=
          config.flag("use_moe_router_bias", false) ? layer.experts->experts : 0;
    } else {
      layer.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// mimo_v2_flash: other heads and a learned sink in sliding layers, values narrower than keys.
template <JsonValue Json>
[[nodiscard]] model_config hf_mimo_v2(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  attention_block full = hf_heads(config, d, m.hidden_size);
  full.v_head_dim = config.size("v_head_dim", hf_many);
  attention_block sliding{
      .num_heads = config.size("swa_num_attention_heads", hf_many),
      .num_kv_heads = config.size("swa_num_key_value_heads", hf_many),
      .head_dim = config.size("swa_head_dim", hf_many),
      .v_head_dim = config.size("swa_v_head_dim", hf_many),
      .window = config.size({"sliding_window", "sliding_window_size"}, hf_long)};
  if (sliding.num_heads % sliding.num_kv_heads != 0) {
    config.refuse("swa_num_key_value_heads", "must divide swa_num_attention_heads");
  }
  if (config.flag("attention_bias", false)) {
    config.refuse("attention_bias", "is not modelled for this type");
  }
  const auto slides = config.switches_per_layer("hybrid_layer_pattern", m.num_layers);
  if (slides.empty()) {
    config.refuse("hybrid_layer_pattern", "is missing");
  }
  const auto experts = hf_moe_layers(config, m.num_layers);
  const bool full_sink = config.flag("add_full_attention_sink_bias", false);
  const bool sliding_sink = config.flag("add_swa_attention_sink_bias", false);
  hf_layers list;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    const attention_block& a = slides[i] != 0 ? sliding : full;
    layer_shape layer = hf_attention_layer(a, m.hidden_size);
    layer.vector_parameters += (slides[i] != 0 ? sliding_sink : full_sink) ? a.num_heads : 0;
    if (experts[i]) {
      layer.experts = hf_experts(config);
      layer.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
      layer.experts->shared_dim =
          config.count("n_shared_experts", hf_many) * layer.experts->expert_dim;
      layer.vector_parameters +=
          config.text("topk_method") == "noaux_tc" ? layer.experts->experts : 0;
    } else {
      layer.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

}  // namespace quantroof::detail

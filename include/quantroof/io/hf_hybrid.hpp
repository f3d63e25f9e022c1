// SPDX-License-Identifier: Apache-2.0
//
// Hybrids of attention with linear attention or state space layers: qwen3_next, qwen3_5, qwen3_5_moe (gated delta rule), nemotron_h (Mamba-2),
// kimi_linear and kimi_k3's text model (Kimi delta attention with latent attention).
//
// Sources: transformers' modeling_qwen3_next.py, modeling_qwen3_5.py and modeling_kimi_linear.py, NVIDIA's modeling_nemotron_h.py (read
// 2026-09). Not counted: layers that predict further tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantroof/io/hf_latent.hpp"
#include "quantroof/io/hf_moe.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

/// The gated delta rule of Qwen3-Next: q and k of the key heads; v, an output gate, and two numbers a head of the value heads.
template <JsonValue Json>
[[nodiscard]] layer_shape hf_gated_delta(const hf_reader<Json>& config, std::int64_t hidden) {
  const std::int64_t key_heads = config.size("linear_num_key_heads", hf_many, 16);
  const std::int64_t value_heads = config.size("linear_num_value_heads", hf_many, 32);
  const std::int64_t key_dim = config.size("linear_key_head_dim", hf_narrow, 128);
  const std::int64_t value_dim = config.size("linear_value_head_dim", hf_narrow, 128);
  if (value_heads % key_heads != 0) {
    config.refuse("linear_num_value_heads", "must be a multiple of linear_num_key_heads");
  }
  const std::int64_t inner = value_heads * value_dim;
  const std::int64_t channels = 2 * key_heads * key_dim + inner;
  const std::int64_t width = config.size("linear_conv_kernel_dim", 1 << 10, 4);
  return {.linear = linear_attention{.projected = channels + inner + 2 * value_heads,
                                     .inner = inner,
                                     .state = value_heads * key_dim * value_dim,
                                     .conv_channels = channels,
                                     .conv_width = width},
          .vector_parameters = 2 * hidden + channels * width + 2 * value_heads + value_dim};
}

/// qwen3_next, qwen3_5 and their mixtures: every full_attention_interval-th layer has softmax attention whose output is gated.
template <JsonValue Json>
[[nodiscard]] model_config hf_qwen_hybrid(const hf_reader<Json>& config, const hf_defaults& d,
                                          const std::vector<bool>& experts) {
  model_config m = hf_ends(config, d);
  attention_block a = hf_heads(config, d, m.hidden_size);
  a.output_gate = config.flag("attn_output_gate", true);
  layer_shape full = hf_attention_layer(a, m.hidden_size);
  if (config.flag("attention_bias", false)) {
    full.vector_parameters +=
        hf_qkv_biases(a) + (a.output_gate ? hf_q_width(a) : 0) + m.hidden_size;
  }
  const layer_shape linear = hf_gated_delta(config, m.hidden_size);
  const auto types =
      config.names_per_layer("layer_types", m.num_layers, {"linear_attention", "full_attention"});
  const std::int64_t interval = config.size_or("full_attention_interval", hf_many, 4);
  hf_layers list;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    const bool is_full = types.empty() ? (static_cast<std::int64_t>(i) + 1) % interval == 0
                                       : types[i] == "full_attention";
    layer_shape layer = is_full ? full : linear;
    if (experts[i]) {
      hf_add_qwen_experts(config, m.hidden_size, true, layer);
    } else {
      layer.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// qwen3_5.
template <JsonValue Json>
[[nodiscard]] model_config hf_qwen_dense_hybrid(const hf_reader<Json>& config,
                                                const hf_defaults& d) {
  hf_refuse_experts(config);
  const std::int64_t layers = config.size("num_hidden_layers", hf_many);
  return hf_qwen_hybrid(config, d, std::vector<bool>(static_cast<std::size_t>(layers), false));
}
/// qwen3_next, qwen3_5_moe.
template <JsonValue Json>
[[nodiscard]] model_config hf_qwen_sparse_hybrid(const hf_reader<Json>& config,
                                                 const hf_defaults& d) {
  return hf_qwen_hybrid(config, d,
                        hf_sparse_layers(config, config.size("num_hidden_layers", hf_many)));
}

/// Mamba-2: a gate and the convolved x, B and C, and one time step a head.
template <JsonValue Json>
[[nodiscard]] layer_shape hf_mamba2(const hf_reader<Json>& config, std::int64_t hidden) {
  const std::int64_t heads = config.size("mamba_num_heads", hf_many);
  const std::int64_t inner = heads * config.size("mamba_head_dim", hf_narrow);
  const std::int64_t state = config.size("ssm_state_size", hf_narrow);
  const std::int64_t channels = inner + 2 * config.size("n_groups", hf_narrow) * state;
  const std::int64_t width = config.size("conv_kernel", 1 << 10);
  layer_shape layer{
      .linear = linear_attention{.projected = inner + channels + heads,
                                 .inner = inner,
                                 .state = inner * state,
                                 .conv_channels = channels,
                                 .conv_width = width},
      // norm of the input, of the gated output; a decay, a skip and a time step a head
      .vector_parameters = hidden + inner + 3 * heads + channels * width,
      .norms = 1};
  layer.vector_parameters += config.flag("use_conv_bias", true) ? channels : 0;
  if (config.flag("mamba_proj_bias", false) || config.flag("use_bias", false)) {
    layer.vector_parameters += layer.linear->projected + hidden;
  }
  return layer;
}

/// nemotron_h: each layer is one of Mamba-2, attention, a network or experts, in the order of a text (M, *, -, E) or a list.
template <JsonValue Json>
[[nodiscard]] model_config hf_nemotron_h(const hf_reader<Json>& config, const hf_defaults& d) {
  std::vector<char> order;
  if (const Json* const list = config.find("layers_block_type"); list != nullptr) {
    const auto length = list->is_array() ? static_cast<std::int64_t>(list->size()) : 1;
    for (const std::string_view name : config.names_per_layer(
             "layers_block_type", length, {"mamba", "attention", "mlp", "moe"})) {
      order.push_back(name == "mamba"       ? 'M'
                      : name == "attention" ? '*'
                      : name == "mlp"       ? '-'
                                            : 'E');
    }
  } else {
    const std::string_view pattern = config.text("hybrid_override_pattern");
    order.assign(pattern.begin(), pattern.end());
  }
  const std::string_view named =
      config.find("layers_block_type") != nullptr ? "layers_block_type" : "hybrid_override_pattern";
  if (order.empty() || order.size() > static_cast<std::size_t>(hf_many)) {
    config.refuse(named, "must name 1 to 2^16 layers");
  }
  const auto layers = static_cast<std::int64_t>(order.size());
  if (config.integer("num_hidden_layers", 0, hf_many).value_or(layers) != layers) {
    config.refuse("num_hidden_layers", "contradicts the list of layers");
  }
  model_config m;
  m.hidden_size = config.size("hidden_size", hf_wide);
  m.num_layers = layers;
  m.vocab_size = config.size("vocab_size", hf_long);
  m.tie_word_embeddings = config.flag_anywhere("tie_word_embeddings", d.tied);
  const std::int64_t hidden = m.hidden_size;
  const bool ffn_bias = config.flag("mlp_bias", false);
  const auto layer_of = [&](std::size_t place) {
    layer_shape layer{.vector_parameters = hidden, .norms = 1};
    switch (order[place]) {
      case 'M':
        return hf_mamba2(config, hidden);
      case '*':
        layer.attention = hf_heads(config, d, hidden);
        layer.vector_parameters +=
            config.flag("attention_bias", false) ? hf_qkv_biases(*layer.attention) + hidden : 0;
        return layer;
      case '-':
        layer.ffn =
            feed_forward{.ffn_dim = config.size("intermediate_size", hf_wide), .gated = false};
        layer.vector_parameters += ffn_bias ? layer.ffn->ffn_dim + hidden : 0;
        return layer;
      case 'E': {
        expert_mixture x = hf_experts(config);
        x.gated = false;
        x.bias = ffn_bias;
        x.expert_dim = config.size("moe_intermediate_size", hf_wide);
        x.shared_dim = config.count("n_shared_experts", hf_many) *
                       config.size("moe_shared_expert_intermediate_size", hf_wide);
        x.latent_dim = config.count("moe_latent_size", hf_wide);
        layer.experts = x;
        layer.vector_parameters += x.experts;  // a correction of the router's scores
        layer.vector_parameters += ffn_bias && x.shared_dim > 0 ? x.shared_dim + hidden : 0;
        return layer;
      }
      default:
        config.refuse(named, "has a letter that is not one of M, *, -, E");
    }
  };
  hf_layers list;
  for (std::size_t i = 0; i < order.size(); ++i) {
    list.add(layer_of(i));
  }
  list.put_into(m);
  return m;
}

/// Kimi delta attention: q, k, v and short convolutions of each; a decay for each channel through a narrow projection; an output gate, wide or
/// through a narrow projection. The second halves of narrow projections are counted with the vectors.
template <JsonValue Json>
[[nodiscard]] layer_shape hf_kimi_delta(const hf_reader<Json>& linear, std::int64_t hidden) {
  const std::int64_t heads = linear.size("num_heads", hf_many);
  const std::int64_t head_dim = linear.size("head_dim", hf_narrow);
  const std::int64_t width = linear.size("short_conv_kernel_size", 1 << 10);
  const bool wide_gate = linear.flag("use_full_rank_gate", false);
  const std::int64_t inner = heads * head_dim;
  return {.linear = linear_attention{.projected = 3 * inner + head_dim + heads +
                                                  (wide_gate ? inner : head_dim),
                                     .inner = inner,
                                     .state = inner * head_dim,
                                     .conv_channels = 3 * inner,
                                     .conv_width = width},
          .vector_parameters = 2 * hidden + 3 * inner * width +
                               (wide_gate ? 1 : 2) * head_dim * inner + heads + inner + head_dim};
}

/// kimi_linear: Kimi delta attention and latent attention; with attention residuals (kimi_k3) two more norms and scores a layer.
template <JsonValue Json>
[[nodiscard]] model_config hf_kimi_linear(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const std::int64_t hidden = m.hidden_size;
  const auto settings = config.member("linear_attn_config");
  const auto is_linear = settings.layer_set("kda_layers", m.num_layers, 1);
  const auto is_full = settings.layer_set("full_attn_layers", m.num_layers, 1);
  const layer_shape linear = hf_kimi_delta(settings, hidden);
  layer_shape full = hf_latent_layer(config, d, hidden);
  full.latent->output_gate = config.flag("mla_use_output_gate", false);
  const bool residuals = config.count("attn_res_block_size", hf_many) > 0;
  const auto experts = hf_moe_layers(config, m.num_layers);
  hf_layers list;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    if (is_linear[i] == is_full[i]) {
      settings.refuse("kda_layers", "and full_attn_layers must name each layer once");
    }
    layer_shape layer = is_linear[i] ? linear : full;
    if (residuals) {
      layer.norms = 4;
      layer.vector_parameters += 4 * hidden;
    }
    if (experts[i]) {
      layer.experts = hf_experts(config);
      layer.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
      layer.experts->shared_dim =
          config.count("num_shared_experts", hf_many) * layer.experts->expert_dim;
      layer.experts->latent_dim = config.count("routed_expert_hidden_size", hf_wide);
      layer.vector_parameters += layer.experts->experts;
      layer.vector_parameters +=
          config.flag("latent_moe_use_norm", false) ? layer.experts->latent_dim : 0;
    } else {
      layer.ffn = feed_forward{.ffn_dim = hf_ffn(config, d)};
    }
    list.add(layer);
  }
  list.put_into(m);
  m.extra_parameters = residuals ? 2 * hidden : 0;
  return m;
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Dense decoders with RMS norms and gated feed-forward networks: llama, mistral, phi3, qwen2, qwen3, gemma, gemma2, gemma3, olmo2,
// nemotron-nas.
//
// Sources: transformers' configuration and modeling files of these types (read 2026-08); DeciLM's modeling_decilm.py for nemotron-nas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantroof/detail/math.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

/// Which layers sliding_window is for where layer_types does not say it.
enum class hf_windowing : std::uint8_t {
  none,
  all_layers,
  upper_layers,  // from max_window_layers on, if use_sliding_window
};

/// The window of each layer, 0 where it sees all tokens. Empty: none has one.
template <JsonValue Json>
[[nodiscard]] std::vector<std::int64_t> hf_windows(const hf_reader<Json>& config,
                                                   const hf_defaults& d, std::int64_t layers,
                                                   hf_windowing which) {
  const auto given = config.integer("sliding_window", 0, hf_long);
  std::int64_t window = given.value_or(config.has("sliding_window") ? 0 : d.window);
  const auto longest = config.integer("max_position_embeddings", 0, hf_long);
  const bool reached = !given || !longest || window < *longest;
  const bool wanted =
      which == hf_windowing::all_layers ||
      (which == hf_windowing::upper_layers && config.flag("use_sliding_window", false));
  if (!reached || !wanted) {
    window = 0;
  }
  auto windows = hf_listed_windows(config, layers, window);
  if (windows.empty() && window > 0) {
    const std::int64_t below = which == hf_windowing::upper_layers
                                   ? config.integer("max_window_layers", 0, hf_many).value_or(28)
                                   : 0;
    for (std::int64_t i = 0; i < layers; ++i) {
      windows.push_back(i >= below ? window : 0);
    }
  }
  return windows;
}

/// A dense model that has these windows; one without stays in the flat form.
inline void hf_put_windows(model_config& m, const std::vector<std::int64_t>& windows) {
  bool any = false;
  for (const std::int64_t window : windows) {
    any = any || window > 0;
  }
  if (!any) {
    return;
  }
  const layer_shape alike = layer_kind(m, 0);
  hf_layers list;
  for (const std::int64_t window : windows) {
    layer_shape layer = alike;
    layer.attention->window = window;
    list.add(layer);
  }
  model_config listed{.name = m.name,
                      .hidden_size = m.hidden_size,
                      .num_layers = m.num_layers,
                      .vocab_size = m.vocab_size,
                      .tie_word_embeddings = m.tie_word_embeddings};
  list.put_into(listed);
  m = listed;
}

/// Two RMS norms a layer, all layers alike but for windows.
template <JsonValue Json>
[[nodiscard]] model_config hf_llama_like(const hf_reader<Json>& config, const hf_defaults& d,
                                         hf_windowing windowing) {
  hf_refuse_experts(config);
  model_config m = hf_ends(config, d);
  const attention_block heads = hf_heads(config, d, m.hidden_size);
  m.num_heads = heads.num_heads;
  m.num_kv_heads = heads.num_kv_heads;
  m.head_dim = heads.head_dim;
  m.ffn_dim = hf_ffn(config, d);
  m.o_bias = d.attention_bias && config.flag("attention_bias", false);
  m.qkv_bias = d.qkv_bias || m.o_bias;
  m.ffn_bias = d.mlp_bias && config.flag("mlp_bias", false);
  m.qk_norm = d.qk_norm;
  is_valid(m);
  hf_put_windows(m, hf_windows(config, d, m.num_layers, windowing));
  return m;
}

/// llama, gemma: no windows, whatever other members say.
template <JsonValue Json>
[[nodiscard]] model_config hf_llama(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_llama_like(config, d, hf_windowing::none);
}
/// mistral, phi3.
template <JsonValue Json>
[[nodiscard]] model_config hf_mistral(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_llama_like(config, d, hf_windowing::all_layers);
}
/// qwen2, qwen3, mimo.
template <JsonValue Json>
[[nodiscard]] model_config hf_qwen(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_llama_like(config, d, hf_windowing::upper_layers);
}

/// A layer of RMS norms over hidden, a gated network and attention with the biases that attention_bias asks for.
template <JsonValue Json>
[[nodiscard]] layer_shape hf_rms_layer(const hf_reader<Json>& config, const hf_defaults& d,
                                       std::int64_t hidden, std::int64_t norms) {
  const attention_block a = hf_heads(config, d, hidden);
  layer_shape layer{.attention = a,
                    .ffn = feed_forward{.ffn_dim = hf_ffn(config, d)},
                    .vector_parameters = norms * hidden + (d.qk_norm ? 2 * a.head_dim : 0),
                    .norms = norms};
  if (d.attention_bias && config.flag("attention_bias", false)) {
    layer.vector_parameters += hf_q_width(a) + 2 * hf_kv_width(a) + hidden;
  }
  return layer;
}

/// gemma2, gemma3: norms before and after both halves of a layer; local layers with a window and global ones. Where layer_types is absent
/// every `period`-th layer is global.
template <JsonValue Json>
[[nodiscard]] model_config hf_gemma_windows(const hf_reader<Json>& config, const hf_defaults& d,
                                            std::int64_t period) {
  hf_refuse_experts(config);
  model_config m = hf_ends(config, d);
  layer_shape layer = hf_rms_layer(config, d, m.hidden_size, 4);
  const std::int64_t window = config.integer("sliding_window", 0, hf_long)
                                  .value_or(config.has("sliding_window") ? 0 : d.window);
  const auto listed = hf_listed_windows(config, m.num_layers, window);
  hf_layers list;
  for (std::int64_t i = 0; i < m.num_layers; ++i) {
    const bool global = (i + 1) % period == 0;
    layer.attention->window =
        listed.empty() ? (global ? 0 : window) : listed[static_cast<std::size_t>(i)];
    list.add(layer);
  }
  list.put_into(m);
  return m;
}
template <JsonValue Json>
[[nodiscard]] model_config hf_gemma2(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_gemma_windows(config, d, 2);
}
template <JsonValue Json>
[[nodiscard]] model_config hf_gemma3(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_gemma_windows(
      config, d, config.size_or({"sliding_window_pattern", "_sliding_window_pattern"}, hf_many, 6));
}

/// olmo2, olmo3: norms after both halves, and over all heads of Q and of K together.
template <JsonValue Json>
[[nodiscard]] model_config hf_olmo2(const hf_reader<Json>& config, const hf_defaults& d) {
  hf_refuse_experts(config);
  model_config m = hf_ends(config, d);
  layer_shape layer = hf_rms_layer(config, d, m.hidden_size, 2);
  layer.attention->qk_norm = true;
  layer.attention->qk_norm_over_heads = true;
  layer.vector_parameters += hf_q_width(*layer.attention) + hf_kv_width(*layer.attention);
  const std::int64_t window =
      d.window > 0 ? config.size_or("sliding_window", hf_long, d.window) : 0;
  const auto listed = hf_listed_windows(config, m.num_layers, window);
  hf_layers list;
  for (std::int64_t i = 0; i < m.num_layers; ++i) {
    const bool global = (i + 1) % 4 == 0;  // olmo3
    layer.attention->window =
        listed.empty() ? (global ? 0 : window) : listed[static_cast<std::size_t>(i)];
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

/// nemotron-nas: each layer has its own number of KV heads and feed-forward width, or lacks a half.
template <JsonValue Json>
[[nodiscard]] model_config hf_nemotron_nas(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const std::int64_t heads = config.size("num_attention_heads", hf_many);
  if (m.hidden_size % heads != 0) {
    config.refuse("hidden_size", "must be a multiple of num_attention_heads");
  }
  struct block {
    std::int64_t group = 0;  // query heads of one KV head; 0: no attention
    std::int64_t ffn = 0;    // 0: none
  };
  if (config.find("block_configs") == nullptr) {
    config.refuse("block_configs", "is missing");
  }
  const auto blocks =
      config.template per_layer<block>("block_configs", m.num_layers, [&](const Json& json) {
        const hf_reader<Json> entry{json};
        const auto attention = entry.member("attention");
        const auto ffn = entry.member("ffn");
        for (const auto& part : {attention, ffn}) {
          if (part.flag("replace_with_linear", false)) {
            part.refuse("replace_with_linear",
                        "linear layers in place of a block are not modelled");
          }
        }
        block b;
        if (!attention.flag("no_op", false)) {
          b.group = attention.size("n_heads_in_group", heads);
          if (heads % b.group != 0) {
            attention.refuse("n_heads_in_group", "must divide num_attention_heads");
          }
          if (attention.count("window_length", hf_long) > 0) {
            attention.refuse("window_length", "windows of this type are not modelled");
          }
        }
        if (!ffn.flag("no_op", false)) {
          const double times = ffn.number("ffn_mult").value_or(0);
          if (!(times > 0 && times <= 1024)) {
            ffn.refuse("ffn_mult", "must be in (0, 1024]");
          }
          const auto exact =
              static_cast<std::int64_t>(2 * times * static_cast<double>(m.hidden_size) / 3);
          b.ffn = ceil_div(exact, std::int64_t{256}) * 256;
        }
        return b;
      });
  hf_layers list;
  for (const block& b : blocks) {
    layer_shape layer{.norms = (b.group > 0 ? 1 : 0) + (b.ffn > 0 ? 1 : 0)};
    layer.vector_parameters = layer.norms * m.hidden_size;
    if (b.group > 0) {
      layer.attention = attention_block{
          .num_heads = heads, .num_kv_heads = heads / b.group, .head_dim = m.hidden_size / heads};
    }
    if (b.ffn > 0) {
      layer.ffn = feed_forward{.ffn_dim = b.ffn};
    }
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

}  // namespace quantroof::detail

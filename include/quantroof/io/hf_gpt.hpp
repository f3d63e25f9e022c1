// SPDX-License-Identifier: Apache-2.0
//
// Decoders of the GPT line: layer norms with biases, two matrices in the feed-forward network. gpt2, gptj, gpt_neox, opt, falcon, phi (phi-2),
// starcoder2.
//
// Sources: transformers' configuration and modeling files of these types (read 2026-08).
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/io/hf_dense.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

/// Which matrices of a layer have biases.
struct hf_biases {
  bool qkv = true;
  bool o = true;
  bool ffn = true;
};

/// A layer of `norms` layer norms, attention and an ungated network of width `ffn`.
[[nodiscard]] constexpr layer_shape hf_gpt_layer(const attention_block& a, std::int64_t hidden,
                                                 std::int64_t ffn, std::int64_t norms,
                                                 const hf_biases& biases) {
  return {.attention = a,
          .ffn = feed_forward{.ffn_dim = ffn, .gated = false},
          .vector_parameters = 2 * norms * hidden +
                               (biases.qkv ? hf_q_width(a) + 2 * hf_kv_width(a) : 0) +
                               (biases.o ? hidden : 0) + (biases.ffn ? ffn + hidden : 0),
          .norms = norms};
}

/// m with this layer throughout; its final norm has a bias.
[[nodiscard]] inline model_config hf_all_alike(model_config m, const layer_shape& layer) {
  m.layers.push_back(layer);
  m.extra_parameters += m.hidden_size;
  return m;
}

/// gpt2: a table of learned positions.
template <JsonValue Json>
[[nodiscard]] model_config hf_gpt2(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const attention_block a = hf_heads(config, d, m.hidden_size);
  const std::int64_t ffn = config.size_or("n_inner", hf_wide, 4 * m.hidden_size);
  m.extra_parameters =
      config.size({"n_positions", "max_position_embeddings"}, hf_wide) * m.hidden_size;
  return hf_all_alike(m, hf_gpt_layer(a, m.hidden_size, ffn, 2, {}));
}

/// gptj, phi: one norm for both halves of a layer, which run side by side; a bias at the LM head.
template <JsonValue Json>
[[nodiscard]] model_config hf_parallel_gpt(const hf_reader<Json>& config, const hf_defaults& d,
                                           const hf_biases& biases) {
  model_config m = hf_ends(config, d);
  const attention_block a = hf_heads(config, d, m.hidden_size);
  const std::int64_t ffn =
      config.size_or({"n_inner", "intermediate_size"}, hf_wide, 4 * m.hidden_size);
  m.extra_parameters = *m.vocab_size;
  return hf_all_alike(m, hf_gpt_layer(a, m.hidden_size, ffn, 1, biases));
}
template <JsonValue Json>
[[nodiscard]] model_config hf_gptj(const hf_reader<Json>& config, const hf_defaults& d) {
  return hf_parallel_gpt(config, d, {.qkv = false, .o = false});
}
template <JsonValue Json>
[[nodiscard]] model_config hf_phi(const hf_reader<Json>& config, const hf_defaults& d) {
  if (config.flag("qk_layernorm", false)) {
    config.refuse("qk_layernorm", "norms over Q and K of this type are not modelled");
  }
  return hf_parallel_gpt(config, d, {});
}

/// gpt_neox (Pythia).
template <JsonValue Json>
[[nodiscard]] model_config hf_gpt_neox(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const attention_block a = hf_heads(config, d, m.hidden_size);
  const bool bias = config.flag("attention_bias", true);
  return hf_all_alike(
      m, hf_gpt_layer(a, m.hidden_size, hf_ffn(config, d), 2, {.qkv = bias, .o = bias}));
}

/// opt: learned positions, two more of them than max_position_embeddings.
template <JsonValue Json>
[[nodiscard]] model_config hf_opt(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const attention_block a = hf_heads(config, d, m.hidden_size);
  if (config.size_or("word_embed_proj_dim", hf_wide, m.hidden_size) != m.hidden_size) {
    config.refuse("word_embed_proj_dim", "embeddings narrower than hidden_size are not modelled");
  }
  for (const std::string_view key :
       {"do_layer_norm_before", "enable_bias", "layer_norm_elementwise_affine"}) {
    if (!config.flag(key, true)) {
      config.refuse(key, "is not modelled when false");
    }
  }
  m.extra_parameters = (config.size("max_position_embeddings", hf_wide) + 2) * m.hidden_size;
  return hf_all_alike(
      m, hf_gpt_layer(a, m.hidden_size, config.size({"ffn_dim", "intermediate_size"}, hf_wide), 2,
                      {}));
}

/// falcon: one KV head, or groups of them in the newer form, which has a norm for each half.
template <JsonValue Json>
[[nodiscard]] model_config hf_falcon(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  const bool grouped = config.flag("new_decoder_architecture", false);
  attention_block a;
  a.num_heads = config.size({"num_attention_heads", "n_head"}, hf_many);
  if (m.hidden_size % a.num_heads != 0) {
    config.refuse("hidden_size", "must be a multiple of num_attention_heads");
  }
  a.head_dim = m.hidden_size / a.num_heads;
  a.num_kv_heads = a.num_heads;
  if (grouped) {
    a.num_kv_heads = config.size_or({"num_kv_heads", "n_head_kv"}, hf_many, a.num_heads);
  } else if (config.flag("multi_query", true)) {
    a.num_kv_heads = 1;
  }
  if (a.num_heads % a.num_kv_heads != 0) {
    config.refuse("num_kv_heads", "must divide num_attention_heads");
  }
  const std::int64_t ffn =
      config.size_or({"ffn_hidden_size", "intermediate_size"}, hf_wide, 4 * m.hidden_size);
  const bool parallel = config.flag("parallel_attn", true);
  std::int64_t norms = grouped || !parallel ? 2 : 1;
  if (grouped && parallel) {
    norms = config.size_or("num_ln_in_parallel_attn", 2, 2);
  }
  const bool bias = config.flag("bias", false);
  return hf_all_alike(
      m, hf_gpt_layer(a, m.hidden_size, ffn, norms, {.qkv = bias, .o = bias, .ffn = bias}));
}

/// starcoder2: a window for all layers.
template <JsonValue Json>
[[nodiscard]] model_config hf_starcoder2(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  attention_block a = hf_heads(config, d, m.hidden_size);
  const auto windows = hf_windows(config, d, m.num_layers, hf_windowing::all_layers);
  const bool bias = config.flag("use_bias", true);
  hf_layers list;
  for (std::int64_t i = 0; i < m.num_layers; ++i) {
    a.window = windows.empty() ? 0 : windows[static_cast<std::size_t>(i)];
    list.add(hf_gpt_layer(a, m.hidden_size, hf_ffn(config, d), 2,
                          {.qkv = bias, .o = bias, .ffn = bias}));
  }
  list.put_into(m);
  m.extra_parameters = m.hidden_size;
  return m;
}

}  // namespace quantroof::detail

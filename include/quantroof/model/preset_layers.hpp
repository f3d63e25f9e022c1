// SPDX-License-Identifier: Apache-2.0
//
// Layers and their order as the well-known models of presets.hpp have them.
#pragma once

#include <cstdint>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::models {

/// A dense layer with `norms` RMS norms over hidden.
[[nodiscard]] constexpr layer_shape dense_layer(const attention_block& attention,
                                                std::int64_t hidden, std::int64_t ffn_dim,
                                                std::int64_t norms) {
  return {.attention = attention,
          .ffn = feed_forward{.ffn_dim = ffn_dim},
          .vector_parameters = norms * hidden + (attention.qk_norm ? 2 * attention.head_dim : 0),
          .norms = norms};
}

/// A layer of experts with two RMS norms over hidden; `more` vector parameters.
[[nodiscard]] constexpr layer_shape expert_layer(const attention_block& attention,
                                                 std::int64_t hidden, const expert_mixture& experts,
                                                 std::int64_t more = 0) {
  return {
      .attention = attention,
      .experts = experts,
      .vector_parameters = 2 * hidden + (attention.qk_norm ? 2 * attention.head_dim : 0) + more};
}

/// The same layer with another window.
[[nodiscard]] constexpr attention_block windowed(attention_block attention, std::int64_t window) {
  attention.window = window;
  return attention;
}

/// `first` layers of kind 0, all others of kind 1.
[[nodiscard]] constexpr static_vector<std::uint8_t, max_layer_pattern> first_then(
    std::int64_t first, std::int64_t layers) {
  static_vector<std::uint8_t, max_layer_pattern> pattern;
  for (std::int64_t i = 0; i < layers; ++i) {
    pattern.push_back(i < first ? 0 : 1);
  }
  return pattern;
}

/// gpt-oss: biases at Q, K, V, O and the router, a sink for each head; every other layer slides over 128 tokens.
[[nodiscard]] constexpr layer_shape gpt_oss_layer(std::int64_t experts, std::int64_t window) {
  return expert_layer({.num_heads = 64, .num_kv_heads = 8, .head_dim = 64, .window = window}, 2880,
                      {.experts = experts, .top_k = 4, .expert_dim = 2880, .bias = true},
                      64 * 64 + 2 * 8 * 64 + 2880 + 64 + experts);
}

/// DeepSeek-V3's latent attention, with another number of heads in Kimi-K2: norms of both latents.
[[nodiscard]] constexpr latent_attention deepseek_attention(std::int64_t heads) {
  return {.num_heads = heads,
          .q_rank = 1536,
          .kv_rank = 512,
          .nope_dim = 128,
          .rope_dim = 64,
          .v_dim = 128};
}
[[nodiscard]] constexpr layer_shape deepseek_dense_layer(std::int64_t heads) {
  return {.latent = deepseek_attention(heads),
          .ffn = feed_forward{.ffn_dim = 18432},
          .vector_parameters = 2 * 7168 + 1536 + 512};
}
[[nodiscard]] constexpr layer_shape deepseek_expert_layer(std::int64_t heads,
                                                          std::int64_t experts) {
  return {
      .latent = deepseek_attention(heads),
      .experts =
          expert_mixture{.experts = experts, .top_k = 8, .expert_dim = 2048, .shared_dim = 2048},
      .vector_parameters = 2 * 7168 + 1536 + 512 + experts};
}

}  // namespace quantroof::models

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

/// What the layers of a DeepSeek-V4 share.
struct deepseek_v4_sizes {
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t q_rank = 0;
  std::int64_t o_groups = 0;
  std::int64_t selected = 0;
  expert_mixture experts{};
};

inline constexpr deepseek_v4_sizes deepseek_v4_flash_sizes{
    .hidden = 4096,
    .heads = 64,
    .q_rank = 1024,
    .o_groups = 8,
    .selected = 512,
    .experts = {.experts = 256, .top_k = 6, .expert_dim = 2048, .shared_dim = 2048}};
inline constexpr deepseek_v4_sizes deepseek_v4_pro_sizes{
    .hidden = 7168,
    .heads = 128,
    .q_rank = 1536,
    .o_groups = 16,
    .selected = 1024,
    .experts = {.experts = 384, .top_k = 6, .expert_dim = 3072, .shared_dim = 3072}};

/// A layer with one entry for `ratio` tokens: an index for 4, no entries for 0. Norms, sinks, hyper-connections, positions in an entry, and but
/// in `hashed` layers a correction of the score of each expert.
[[nodiscard]] constexpr layer_shape deepseek_v4_layer(const deepseek_v4_sizes& s,
                                                      std::int64_t ratio, bool hashed) {
  const bool indexed = ratio == 4;
  constexpr std::int64_t mixing = 54;  // 24 offsets and 3 factors for each of two parts
  layer_shape l{.compressed = compressed_attention{.num_heads = s.heads,
                                                   .head_dim = 512,
                                                   .rope_dim = 64,
                                                   .q_rank = s.q_rank,
                                                   .o_groups = s.o_groups,
                                                   .o_rank = 1024,
                                                   .window = 128,
                                                   .ratio = ratio,
                                                   .overlap = indexed,
                                                   .selected = indexed ? s.selected : 0},
                .experts = s.experts,
                .vector_parameters = 2 * s.hidden + s.q_rank + 512 + s.heads + mixing +
                                     (hashed ? 0 : s.experts.experts),
                .streams = 4};
  l.vector_parameters += ratio > 0 ? (ratio * (indexed ? 2 : 1) + 1) * 512 : 0;
  if (indexed) {
    l.index = token_index{.num_heads = 64, .head_dim = 128, .query_input = s.q_rank};
    l.vector_parameters += (2 * ratio + 1) * 128;
  }
  return l;
}

/// Kinds 0 and 1 in the three hashed layers, then 2 and 3 by turns.
[[nodiscard]] constexpr static_vector<std::uint8_t, max_layer_pattern> deepseek_v4_pattern(
    std::int64_t layers) {
  static_vector<std::uint8_t, max_layer_pattern> pattern{0, 0, 1};
  for (std::int64_t i = 3; i < layers; ++i) {
    pattern.push_back(i % 2 == 1 ? 2 : 3);
  }
  return pattern;
}

}  // namespace quantroof::models

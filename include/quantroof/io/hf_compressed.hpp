// SPDX-License-Identifier: Apache-2.0
//
// DeepSeek-V4: attention over compressed caches, hyper-connections and a mixture of experts in every layer: deepseek_v4, deepseek_ref (the same
// with the names of the model's own code).
//
//   compress_ratios 0     a window only (layer_types: sliding_attention)
//   compress_ratios 4     and one entry for 4 tokens, an index selects entries (compressed_sparse_attention)
//   compress_ratios 128   and one entry for 128 tokens, all are read (heavily_compressed_attention)
//
// Sources: transformers' configuration_deepseek_v4.py and modeling_deepseek_v4.py, the model's own inference code (read 2026-11); totals as on
// the model cards: 284 B with 13 B active, 1.6 T with 49 B.
// Not counted: layers that predict further tokens, tables that send a token to its experts in the first layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantroof/io/hf_moe.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

inline constexpr std::int64_t hf_indexed_ratio = 4;  // these entries overlap and have an index

/// Tokens an entry of each layer.
template <JsonValue Json>
[[nodiscard]] std::vector<std::int64_t> hf_compress_ratios(const hf_reader<Json>& config,
                                                           std::int64_t layers) {
  auto ratios =
      config.template per_layer<std::int64_t>("compress_ratios", layers, [](const Json& json) {
        const std::int64_t ratio = json_integer(json, 0, hf_many);
        if (ratio != 0 && ratio != hf_indexed_ratio && ratio != 128) {
          throw io::input_error{"", "", "must be 0, 4 or 128"};
        }
        return ratio;
      });
  if (!ratios.empty()) {
    return ratios;
  }
  std::int64_t sparse = hf_indexed_ratio;
  std::int64_t heavy = 128;
  if (config.find("compress_rates") != nullptr) {
    const auto rates = config.member("compress_rates");
    sparse = rates.size_or("compressed_sparse_attention", hf_many, sparse);
    heavy = rates.size_or("heavily_compressed_attention", hf_many, heavy);
  }
  for (const std::string_view type : config.names_per_layer(
           "layer_types", layers,
           {"sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention"})) {
    ratios.push_back(type == "sliding_attention"             ? 0
                     : type == "compressed_sparse_attention" ? sparse
                                                             : heavy);
  }
  if (ratios.empty()) {
    config.refuse("compress_ratios", "is missing, and layer_types too");
  }
  if (sparse == heavy) {
    config.refuse("compress_rates", "must differ for the two kinds of layers");
  }
  if (sparse != hf_indexed_ratio) {
    config.refuse("compress_rates",
                  "compressed_sparse_attention must be 4: other rates do not "
                  "overlap in the model's code");
  }
  return ratios;
}

/// The rotated part of a head.
template <JsonValue Json>
[[nodiscard]] std::int64_t hf_rotated(const hf_reader<Json>& config, std::int64_t head_dim) {
  const double part = config.number("partial_rotary_factor").value_or(0.125);
  if (!(part >= 0 && part <= 1)) {
    config.refuse("partial_rotary_factor", "must be in [0, 1]");
  }
  const auto derived = static_cast<std::int64_t>(part * static_cast<double>(head_dim));
  const std::int64_t rotated = config.size_or("qk_rope_head_dim", hf_narrow, derived);
  if (rotated > head_dim) {
    config.refuse("qk_rope_head_dim", "must be at most head_dim");
  }
  return rotated;
}

/// A layer without entries, with its norms, sinks and hyper-connections.
template <JsonValue Json>
[[nodiscard]] layer_shape hf_window_layer(const hf_reader<Json>& config, const hf_defaults& d,
                                          std::int64_t hidden) {
  if (config.flag("attention_bias", false)) {
    config.refuse("attention_bias", "a model of this type has no biases");
  }
  if (config.integer("num_key_value_heads", 0, hf_many).value_or(1) != 1) {
    config.refuse("num_key_value_heads", "must be 1: one vector is key and value of all heads");
  }
  compressed_attention a{.num_heads = config.size("num_attention_heads", hf_many, d.heads),
                         .head_dim = config.size("head_dim", hf_narrow, d.head_dim),
                         .q_rank = config.size("q_lora_rank", 1 << 20),
                         .o_groups = config.size("o_groups", hf_many),
                         .o_rank = config.size("o_lora_rank", hf_many),
                         .window = config.size("sliding_window", hf_long, d.window)};
  a.rope_dim = hf_rotated(config, a.head_dim);
  if (a.num_heads % a.o_groups != 0) {
    config.refuse("o_groups", "must divide num_attention_heads");
  }
  const std::int64_t streams = config.size_or("hc_mult", 16, 4);
  if (streams < 2) {
    config.refuse("hc_mult", "must be at least 2");
  }
  const std::int64_t mixed = (2 + streams) * streams;
  return {.compressed = a,
          .vector_parameters = 2 * hidden + a.q_rank + a.head_dim + a.num_heads + 2 * (mixed + 3),
          .streams = streams};
}

/// Entries before the window, their positions and norms, and the index of those that overlap.
template <JsonValue Json>
void hf_add_entries(const hf_reader<Json>& config, std::int64_t ratio, layer_shape& layer) {
  compressed_attention& a = *layer.compressed;
  a.ratio = ratio;
  a.overlap = ratio == hf_indexed_ratio;
  const std::int64_t wide = a.overlap ? 2 : 1;
  layer.vector_parameters += (ratio * wide + 1) * a.head_dim;
  if (a.overlap) {
    a.selected = config.size("index_topk", hf_long);
    layer.index = token_index{.num_heads = config.size("index_n_heads", hf_narrow),
                              .head_dim = config.size("index_head_dim", hf_narrow),
                              .query_input = a.q_rank};
    layer.vector_parameters += (ratio * wide + 1) * layer.index->head_dim;
  }
}

/// Which layers send a token to its experts by a table instead of scores.
template <JsonValue Json>
[[nodiscard]] std::vector<bool> hf_hashed_layers(const hf_reader<Json>& config,
                                                 std::int64_t layers) {
  std::vector<bool> hashed(static_cast<std::size_t>(layers));
  const auto types = config.names_per_layer("mlp_layer_types", layers, {"hash_moe", "moe"});
  const std::int64_t first = config.integer("num_hash_layers", 0, hf_many).value_or(3);
  for (std::size_t i = 0; i < hashed.size(); ++i) {
    hashed[i] = types.empty() ? static_cast<std::int64_t>(i) < first : types[i] == "hash_moe";
  }
  return hashed;
}

template <JsonValue Json>
[[nodiscard]] model_config hf_deepseek_v4(const hf_reader<Json>& config, const hf_defaults& d) {
  model_config m = hf_ends(config, d);
  layer_shape plain = hf_window_layer(config, d, m.hidden_size);
  plain.experts = hf_experts(config);
  plain.experts->expert_dim = config.size("moe_intermediate_size", hf_wide);
  plain.experts->shared_dim =
      config.size_or("n_shared_experts", hf_many, 1) * plain.experts->expert_dim;
  const std::int64_t s = plain.streams;
  m.extra_parameters = s * s * m.hidden_size + s + 1;  // the streams become one before the head
  const auto ratios = hf_compress_ratios(config, m.num_layers);
  const auto hashed = hf_hashed_layers(config, m.num_layers);
  hf_layers list;
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    layer_shape layer = plain;
    if (ratios[i] > 0) {
      hf_add_entries(config, ratios[i], layer);
    }
    layer.vector_parameters += hashed[i] ? 0 : layer.experts->experts;  // corrections of the scores
    list.add(layer);
  }
  list.put_into(m);
  return m;
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// A decoder-only transformer: its ends and its layers, and how many parameters it has.
//
// Field names follow Hugging Face where the specification uses letters: H hidden_size, L num_layers, nh num_heads, nkv num_kv_heads,
// dh head_dim, dff ffn_dim. A model whose layers are all alike and dense says so in these members. Any other lists the distinct layers
// (layer_shape.hpp) and the order they come in.
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

inline constexpr std::size_t max_layer_kinds = 12;  // distinct layers of one model
inline constexpr std::size_t max_layer_pattern = 256;

/// A decoder-only transformer.
struct model_config {
  short_string<64> name{};
  std::int64_t hidden_size = 0;              // H
  std::int64_t num_layers = 0;               // L
  std::int64_t num_heads = 0;                // nh, query heads
  std::int64_t num_kv_heads = 0;             // nkv
  std::int64_t head_dim = 0;                 // dh
  std::int64_t ffn_dim = 0;                  // dff
  std::optional<std::int64_t> vocab_size{};  // nullopt: embeddings and LM head are not counted
  bool tie_word_embeddings = false;          // one [vocab, hidden] matrix serves both ends
  bool gated_ffn = true;                     // gate, up and down (SwiGLU) instead of up and down
  bool qkv_bias = false;
  bool o_bias = false;
  bool ffn_bias = false;
  bool qk_norm = false;  // RMSNorm over head_dim on Q and on K

  // Layers that are not all alike, or not dense: then num_heads to ffn_dim above are 0.
  static_vector<layer_shape, max_layer_kinds> layers{};
  static_vector<std::uint8_t, max_layer_pattern>
      layer_pattern{};  // layer i is layers[layer_pattern[i % size]]; empty: layers[0]
  std::int64_t extra_parameters = 0;  // beside layers, embeddings, head and the final norm's H

  friend constexpr bool operator==(const model_config&, const model_config&) = default;
};

/// True where the model lists its layers instead of describing one in num_heads to qk_norm.
[[nodiscard]] constexpr bool lists_layers(const model_config& m) { return !m.layers.empty(); }

/// Refuses a model that cannot exist; returns true otherwise.
///
/// requires  every dimension positive; num_heads a multiple of num_kv_heads; hidden, ffn and head sizes <= 2^24, layers and heads <= 2^16,
///           vocab_size <= 2^31, so that no count overflows. With `layers`: each is_valid, the pattern names them, num_heads, num_kv_heads,
///           head_dim and ffn_dim are 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const model_config& m) {
  const auto in = [](std::int64_t x, std::int64_t most) { return x > 0 && x <= most; };
  detail::expects(in(m.hidden_size, 1 << 24), "model_config: hidden_size must be in [1, 2^24]");
  detail::expects(in(m.num_layers, 1 << 16), "model_config: num_layers must be in [1, 2^16]");
  detail::expects(!m.vocab_size || in(*m.vocab_size, std::int64_t{1} << 31),
                  "model_config: vocab_size must be in [1, 2^31]");
  detail::expects(detail::within(m.extra_parameters, 0, std::int64_t{1} << 50),
                  "model_config: extra_parameters must be in [0, 2^50]");
  if (lists_layers(m)) {
    detail::expects(m.num_heads == 0 && m.num_kv_heads == 0 && m.head_dim == 0 && m.ffn_dim == 0,
                    "model_config: with layers, num_heads, num_kv_heads, head_dim and ffn_dim must "
                    "be 0");
    for (const layer_shape& l : m.layers) {
      is_valid(l);
    }
    for (const std::uint8_t kind : m.layer_pattern) {
      detail::expects(kind < m.layers.size(), "model_config: layer_pattern must name layers");
    }
    return true;
  }
  detail::expects(m.layer_pattern.empty(), "model_config: layer_pattern needs layers");
  detail::expects(in(m.num_heads, 1 << 16), "model_config: num_heads must be in [1, 2^16]");
  detail::expects(in(m.num_kv_heads, 1 << 16), "model_config: num_kv_heads must be in [1, 2^16]");
  detail::expects(m.num_heads % m.num_kv_heads == 0,
                  "model_config: num_heads must be a multiple of num_kv_heads");
  detail::expects(in(m.head_dim, 1 << 16), "model_config: head_dim must be in [1, 2^16]");
  detail::expects(m.num_heads * m.head_dim <= (1 << 24),
                  "model_config: num_heads * head_dim must be at most 2^24");
  detail::expects(in(m.ffn_dim, 1 << 24), "model_config: ffn_dim must be in [1, 2^24]");
  return true;
}

/// How many distinct layers the model has.
[[nodiscard]] constexpr std::size_t layer_kind_count(const model_config& m) {
  return lists_layers(m) ? m.layers.size() : 1;
}

/// One of the model's distinct layers.
///
/// requires  kind < layer_kind_count(m)
[[nodiscard]] constexpr layer_shape layer_kind(const model_config& m, std::size_t kind) {
  if (lists_layers(m)) {
    return m.layers[kind];
  }
  detail::expects(kind == 0, "layer_kind: the model has one kind of layer");
  const std::int64_t q = m.num_heads * m.head_dim;
  const std::int64_t kv = m.num_kv_heads * m.head_dim;
  const std::int64_t ffn_bias = (m.gated_ffn ? 2 : 1) * m.ffn_dim + m.hidden_size;
  return {.attention = attention_block{.num_heads = m.num_heads,
                                       .num_kv_heads = m.num_kv_heads,
                                       .head_dim = m.head_dim,
                                       .qk_norm = m.qk_norm},
          .ffn = feed_forward{.ffn_dim = m.ffn_dim, .gated = m.gated_ffn},
          .vector_parameters = 2 * m.hidden_size + (m.qkv_bias ? q + 2 * kv : 0) +
                               (m.o_bias ? m.hidden_size : 0) + (m.ffn_bias ? ffn_bias : 0) +
                               (m.qk_norm ? 2 * m.head_dim : 0)};
}

/// Which of the distinct layers layer i is.
///
/// requires  layer >= 0
[[nodiscard]] constexpr std::size_t layer_kind_of(const model_config& m, std::int64_t layer) {
  return m.layer_pattern.empty()
             ? 0
             : m.layer_pattern[static_cast<std::size_t>(layer) % m.layer_pattern.size()];
}

/// How many of the layers first..first + count - 1 are of a kind.
///
/// requires  0 <= first; first + count <= num_layers
[[nodiscard]] constexpr std::int64_t count_layers(const model_config& m, std::size_t kind,
                                                  std::int64_t first, std::int64_t count) {
  if (m.layer_pattern.empty()) {
    return kind == 0 ? count : 0;
  }
  const std::size_t cycle = m.layer_pattern.size();
  std::size_t at = static_cast<std::size_t>(first) % cycle;  // one division for all layers
  std::int64_t n = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    n += m.layer_pattern[at] == kind ? 1 : 0;
    at = at + 1 == cycle ? 0 : at + 1;
  }
  return n;
}
[[nodiscard]] constexpr std::int64_t count_layers(const model_config& m, std::size_t kind) {
  return count_layers(m, kind, 0, m.num_layers);
}

/// The weight matrix of one operator as checkpoints store it: rows outputs, cols inputs.
struct weight_shape {
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  friend constexpr bool operator==(const weight_shape&, const weight_shape&) = default;
};

/// Shape of the weight of `op`, in the first distinct layer that has one; nullopt for operators without (the gate of a plain FFN, the ends
/// without a vocabulary).
///
/// shapes    weight_matrices' (weight_matrix.hpp); embeddings, lm_head [vocab, H]
/// requires  is_valid(m)
[[nodiscard]] constexpr std::optional<weight_shape> weight_shape_of(const model_config& m,
                                                                    operator_type op) {
  if (op == operator_type::embeddings || op == operator_type::lm_head) {
    return m.vocab_size ? std::optional{weight_shape{*m.vocab_size, m.hidden_size}} : std::nullopt;
  }
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    for (const weight_matrix& w : weight_matrices(layer_kind(m, kind), m.hidden_size)) {
      if (w.op == op) {
        return weight_shape{w.rows, w.cols};
      }
    }
  }
  return std::nullopt;
}

namespace detail {

/// Sum of count * f(layer) over the distinct layers.
template <class F>
[[nodiscard]] constexpr std::int64_t sum_over_layers(const model_config& m, F f) {
  std::int64_t total = 0;
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    total = checked_add(total, checked_mul(count_layers(m, kind), f(layer_kind(m, kind))));
  }
  return total;
}

}  // namespace detail

/// All parameters: Llama-3.1-8B has 8,030,261,248, DeepSeek-V3 671,026,419,200.
///
/// formula   layers * (matrices + vectors) + final norm + extra_parameters + embeddings (+ LM head unless tied)
/// requires  is_valid(m)
/// source    checked against the published totals of the presets (presets.hpp)
[[nodiscard]] constexpr std::int64_t parameter_count(const model_config& m) {
  is_valid(m);
  const std::int64_t inner = detail::sum_over_layers(
      m, [&](const layer_shape& l) { return parameter_count(l, m.hidden_size); });
  const std::int64_t end = m.vocab_size ? detail::checked_mul(*m.vocab_size, m.hidden_size) : 0;
  const std::int64_t ends = m.tie_word_embeddings ? end : detail::checked_add(end, end);
  return detail::checked_add(detail::checked_add(inner, m.hidden_size + m.extra_parameters), ends);
}

/// Whether a layer routes its tokens to experts.
[[nodiscard]] constexpr bool has_experts(const model_config& m) {
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    if (layer_kind(m, kind).experts) {
      return true;
    }
  }
  return false;
}

/// Whether layers cache one row that is key and value of all heads: latent and compressed attention.
[[nodiscard]] constexpr bool has_shared_rows(const model_config& m) {
  for (const layer_shape& l : m.layers) {
    if (l.latent || l.compressed) {
      return true;
    }
  }
  return false;
}

/// Residual streams of hidden_size that a token has between layers.
[[nodiscard]] constexpr std::int64_t residual_streams(const model_config& m) {
  std::int64_t most = 1;
  for (const layer_shape& l : m.layers) {
    most = l.streams > most ? l.streams : most;
  }
  return most;
}

/// Parameters that one token passes through: without the experts that it does not choose and without the embedding it only looks up.
///
/// formula   parameter_count - idle experts - vocab * H where the embedding is a matrix of its own
/// requires  is_valid(m)
[[nodiscard]] constexpr std::int64_t active_parameter_count(const model_config& m) {
  const std::int64_t idle = detail::sum_over_layers(
      m, [&](const layer_shape& l) { return idle_parameter_count(l, m.hidden_size); });
  const std::int64_t looked_up =
      m.vocab_size && !m.tie_word_embeddings ? *m.vocab_size * m.hidden_size : 0;
  return parameter_count(m) - idle - looked_up;
}

/// KV-cache elements one token adds over all layers: 65,536 for Llama-3-8B, 35,136 for DeepSeek-V3.
///
/// formula   sum over layers of nkv (dk + dv), latent + rotated key for latent attention, head_dim / ratio for compressed, 0 for linear
/// ignores   windows (memory.hpp caps them) and the keys of an index
[[nodiscard]] constexpr std::int64_t kv_elements_per_token(const model_config& m) {
  return detail::sum_over_layers(m, [](const layer_shape& l) { return kv_elements(l); });
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The shape of a decoder-only transformer, and how many parameters it has.
//
// Field names follow Hugging Face where the specification uses letters: H hidden_size, L num_layers, nh num_heads, nkv num_kv_heads,
// dh head_dim, dff ffn_dim. Not here: MLA, mixtures of experts, sliding windows, linear attention.
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/model/operator_type.hpp"

namespace quantroof {

/// A dense decoder-only transformer with grouped-query attention.
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

  friend constexpr bool operator==(const model_config&, const model_config&) = default;
};

/// Refuses a model that cannot exist; returns true otherwise.
///
/// requires  every dimension positive; num_heads a multiple of num_kv_heads; hidden, ffn and head sizes <= 2^24, layers and heads <= 2^16,
///           vocab_size <= 2^31, so that no count overflows
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const model_config& m) {
  const auto in = [](std::int64_t x, std::int64_t most) { return x > 0 && x <= most; };
  detail::expects(in(m.hidden_size, 1 << 24), "model_config: hidden_size must be in [1, 2^24]");
  detail::expects(in(m.num_layers, 1 << 16), "model_config: num_layers must be in [1, 2^16]");
  detail::expects(in(m.num_heads, 1 << 16), "model_config: num_heads must be in [1, 2^16]");
  detail::expects(in(m.num_kv_heads, 1 << 16), "model_config: num_kv_heads must be in [1, 2^16]");
  detail::expects(m.num_heads % m.num_kv_heads == 0,
                  "model_config: num_heads must be a multiple of num_kv_heads");
  detail::expects(in(m.head_dim, 1 << 16), "model_config: head_dim must be in [1, 2^16]");
  detail::expects(m.num_heads * m.head_dim <= (1 << 24),
                  "model_config: num_heads * head_dim must be at most 2^24");
  detail::expects(in(m.ffn_dim, 1 << 24), "model_config: ffn_dim must be in [1, 2^24]");
  detail::expects(!m.vocab_size || in(*m.vocab_size, std::int64_t{1} << 31),
                  "model_config: vocab_size must be in [1, 2^31]");
  return true;
}

/// The weight matrix of one operator as checkpoints store it: rows outputs, cols inputs.
struct weight_shape {
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  friend constexpr bool operator==(const weight_shape&, const weight_shape&) = default;
};

/// Shape of the weight of `op`; nullopt for operators without one (and for the gate of a plain FFN, the ends without a vocabulary).
///
/// shapes    q [nh*dh, H]  k, v [nkv*dh, H]  o [H, nh*dh]  gate, up [dff, H]  down [H, dff]  embeddings, lm_head [vocab, H]
/// requires  is_valid(m)
[[nodiscard]] constexpr std::optional<weight_shape> weight_shape_of(const model_config& m,
                                                                    operator_type op) {
  switch (op) {
    case operator_type::q_proj:
      return weight_shape{m.num_heads * m.head_dim, m.hidden_size};
    case operator_type::k_proj:
    case operator_type::v_proj:
      return weight_shape{m.num_kv_heads * m.head_dim, m.hidden_size};
    case operator_type::o_proj:
      return weight_shape{m.hidden_size, m.num_heads * m.head_dim};
    case operator_type::ffn_gate:
      return m.gated_ffn ? std::optional{weight_shape{m.ffn_dim, m.hidden_size}} : std::nullopt;
    case operator_type::ffn_up:
      return weight_shape{m.ffn_dim, m.hidden_size};
    case operator_type::ffn_down:
      return weight_shape{m.hidden_size, m.ffn_dim};
    case operator_type::embeddings:
    case operator_type::lm_head:
      return m.vocab_size ? std::optional{weight_shape{*m.vocab_size, m.hidden_size}}
                          : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// Parameters that are not matrices, per layer: the two block norms, biases, Q and K norms.
[[nodiscard]] constexpr std::int64_t vector_parameters_per_layer(const model_config& m) {
  const std::int64_t q = m.num_heads * m.head_dim;
  const std::int64_t kv = m.num_kv_heads * m.head_dim;
  const std::int64_t ffn_bias = (m.gated_ffn ? 2 : 1) * m.ffn_dim + m.hidden_size;
  return 2 * m.hidden_size + (m.qkv_bias ? q + 2 * kv : 0) + (m.o_bias ? m.hidden_size : 0) +
         (m.ffn_bias ? ffn_bias : 0) + (m.qk_norm ? 2 * m.head_dim : 0);
}

/// All parameters: Llama-3.1-8B has 8,030,261,248.
///
/// formula   layers * (matrices + vectors) + final norm + embeddings (+ LM head unless tied)
/// requires  is_valid(m)
/// source    checked against the published totals of the presets (presets.hpp)
[[nodiscard]] constexpr std::int64_t parameter_count(const model_config& m) {
  is_valid(m);
  std::int64_t per_layer = vector_parameters_per_layer(m);
  for (const operator_type op : operator_types) {
    if (const auto shape = weight_shape_of(m, op); shape && block_linears.contains(op)) {
      per_layer += detail::checked_mul(shape->rows, shape->cols);
    }
  }
  const std::int64_t end = m.vocab_size ? detail::checked_mul(*m.vocab_size, m.hidden_size) : 0;
  const std::int64_t ends = m.tie_word_embeddings ? end : detail::checked_add(end, end);
  return detail::checked_add(
      detail::checked_add(detail::checked_mul(m.num_layers, per_layer), m.hidden_size), ends);
}

/// KV-cache elements one token adds over all layers: 2 * L * nkv * dh (65,536 for Llama-3-8B).
[[nodiscard]] constexpr std::int64_t kv_elements_per_token(const model_config& m) {
  return detail::checked_mul(2 * m.num_layers, m.num_kv_heads * m.head_dim);
}

}  // namespace quantroof

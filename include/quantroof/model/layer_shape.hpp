// SPDX-License-Identifier: Apache-2.0
//
// One layer of a transformer as a shape: at most one way of mixing tokens, and feed-forward parts.
//
//   attention   softmax attention with KV heads (MHA, GQA, MQA), over all tokens or a window
//   latent      multi-head latent attention (DeepSeek): one cached latent for all heads
//   linear      linear attention and state space layers: a state of fixed size instead of a cache
//   index       selects the tokens that sparse attention reads
//   ffn         gate, up, down; experts   a routed mixture of them with shared ones
//
// A layer may lack any part (hybrids alternate them). Matrices are listed once, by weight_matrices; counts, bytes and times all use that list.
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/model/operator_type.hpp"

namespace quantroof {

/// Softmax attention; queries share KV heads in equal groups.
struct attention_block {
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t v_head_dim = 0;  // 0: head_dim
  std::int64_t window = 0;      // tokens that a query sees and the cache keeps; 0: all
  std::int64_t selected = 0;    // tokens that sparse attention reads of the cache; 0: all
  bool output_gate = false;     // q_proj yields a gate of the output beside the query
  bool qk_norm = false;
  bool qk_norm_over_heads = false;  // one norm over all heads: divided heads must exchange its sum
  bool v_is_k = false;              // one projection serves keys and values; both are cached

  friend constexpr bool operator==(const attention_block&, const attention_block&) = default;
};

/// Multi-head latent attention.
struct latent_attention {
  std::int64_t num_heads = 0;
  std::int64_t q_rank = 0;   // 0: queries come from hidden directly
  std::int64_t kv_rank = 0;  // cached, with rope_dim
  std::int64_t nope_dim = 0;
  std::int64_t rope_dim = 0;
  std::int64_t v_dim = 0;
  std::int64_t selected = 0;  // tokens that sparse attention reads of the cache; 0: all
  bool output_gate = false;   // a gate of the heads' outputs from hidden

  friend constexpr bool operator==(const latent_attention&, const latent_attention&) = default;
};

/// Linear attention (gated delta rule) or a state space layer (Mamba-2).
struct linear_attention {
  std::int64_t projected = 0;      // outputs of all projections of the input
  std::int64_t inner = 0;          // inputs of the output projection
  std::int64_t state = 0;          // elements of the recurrent state of one sequence, FP32
  std::int64_t conv_channels = 0;  // of the short convolution; its window is kept in 16 bits
  std::int64_t conv_width = 0;

  friend constexpr bool operator==(const linear_attention&, const linear_attention&) = default;
};

/// The light scoring pass that selects tokens for sparse attention.
struct token_index {
  std::int64_t num_heads = 0;
  std::int64_t head_dim = 0;     // one key of this width a token is cached
  std::int64_t query_input = 0;  // inputs of the query projection: the query latent, or hidden
  bool head_weights = true;      // a third projection says how much each head counts

  friend constexpr bool operator==(const token_index&, const token_index&) = default;
};

/// A feed-forward network.
struct feed_forward {
  std::int64_t ffn_dim = 0;
  bool gated = true;  // gate, up and down instead of up and down

  friend constexpr bool operator==(const feed_forward&, const feed_forward&) = default;
};

/// A routed mixture of experts.
struct expert_mixture {
  std::int64_t experts = 0;
  std::int64_t top_k = 0;
  std::int64_t expert_dim = 0;
  std::int64_t shared_dim = 0;  // width of all shared experts together; 0: none
  std::int64_t latent_dim = 0;  // routed experts work in a space this wide; 0: hidden
  bool gated = true;
  bool bias = false;  // every matrix of every expert has one

  friend constexpr bool operator==(const expert_mixture&, const expert_mixture&) = default;
};

struct layer_shape {
  std::optional<attention_block> attention{};
  std::optional<latent_attention> latent{};
  std::optional<linear_attention> linear{};
  std::optional<token_index> index{};
  std::optional<feed_forward> ffn{};
  std::optional<expert_mixture> experts{};
  std::int64_t vector_parameters = 0;  // norms, biases, convolutions, sinks: all but matrices
  std::int64_t norms = 2;              // over hidden; each a small kernel

  friend constexpr bool operator==(const layer_shape&, const layer_shape&) = default;
};

namespace detail {

[[nodiscard]] constexpr bool within(std::int64_t x, std::int64_t least, std::int64_t most) {
  return x >= least && x <= most;
}

constexpr bool is_valid(const attention_block& a) {
  expects(within(a.num_heads, 1, 1 << 16), "attention_block: num_heads must be in [1, 2^16]");
  expects(within(a.num_kv_heads, 1, 1 << 16), "attention_block: num_kv_heads must be in [1, 2^16]");
  expects(a.num_heads % a.num_kv_heads == 0,
          "attention_block: num_heads must be a multiple of num_kv_heads");
  expects(within(a.head_dim, 1, 1 << 16) && within(a.v_head_dim, 0, 1 << 16),
          "attention_block: head_dim must be in [1, 2^16], v_head_dim in [0, 2^16]");
  expects(a.num_heads * a.head_dim <= (1 << 24) && a.num_heads * a.v_head_dim <= (1 << 24),
          "attention_block: num_heads * head_dim must be at most 2^24");
  expects(!a.v_is_k || a.v_head_dim == 0 || a.v_head_dim == a.head_dim,
          "attention_block: with v_is_k, v_head_dim must be head_dim");
  expects(
      within(a.window, 0, std::int64_t{1} << 31) && within(a.selected, 0, std::int64_t{1} << 31),
      "attention_block: window and selected must be in [0, 2^31]");
  return true;
}

constexpr bool is_valid(const latent_attention& a) {
  expects(within(a.num_heads, 1, 1 << 16), "latent_attention: num_heads must be in [1, 2^16]");
  expects(within(a.q_rank, 0, 1 << 20) && within(a.kv_rank, 1, 1 << 16) &&
              within(a.nope_dim, 1, 1 << 12) && within(a.rope_dim, 0, 1 << 12) &&
              within(a.v_dim, 1, 1 << 12),
          "latent_attention: ranks and head widths must be positive (q_rank and rope_dim may be 0) "
          "and at most 2^16 (kv_rank), 2^20 (q_rank), 2^12 (widths)");
  expects(
      a.num_heads * (a.nope_dim + a.rope_dim) <= (1 << 24) && a.num_heads * a.v_dim <= (1 << 24),
      "latent_attention: num_heads * head width must be at most 2^24");
  expects(within(a.selected, 0, std::int64_t{1} << 31),
          "latent_attention: selected must be in [0, 2^31]");
  return true;
}

constexpr bool is_valid(const linear_attention& a) {
  expects(within(a.projected, 1, 1 << 24) && within(a.inner, 1, 1 << 24),
          "linear_attention: projected and inner must be in [1, 2^24]");
  expects(within(a.state, 0, std::int64_t{1} << 31) && within(a.conv_channels, 0, 1 << 24) &&
              within(a.conv_width, 0, 1 << 10),
          "linear_attention: state must be in [0, 2^31], conv_channels in [0, 2^24], conv_width in "
          "[0, 2^10]");
  return true;
}

constexpr bool is_valid(const expert_mixture& x) {
  expects(within(x.experts, 1, 1 << 16), "expert_mixture: experts must be in [1, 2^16]");
  expects(within(x.top_k, 1, x.experts), "expert_mixture: top_k must be in [1, experts]");
  expects(
      within(x.expert_dim, 1, 1 << 24) && within(x.shared_dim, 0, 1 << 24) &&
          within(x.latent_dim, 0, 1 << 24),
      "expert_mixture: expert_dim must be in [1, 2^24], shared_dim and latent_dim in [0, 2^24]");
  return true;
}

}  // namespace detail

/// Refuses a layer that cannot exist; returns true otherwise.
///
/// requires  at most one of attention, latent, linear; an index only beside attention or latent; sizes as the messages say
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const layer_shape& l) {
  const int mixers = (l.attention ? 1 : 0) + (l.latent ? 1 : 0) + (l.linear ? 1 : 0);
  detail::expects(mixers <= 1, "layer_shape: a layer has at most one of attention, latent, linear");
  detail::expects(mixers + (l.ffn ? 1 : 0) + (l.experts ? 1 : 0) > 0,
                  "layer_shape: a layer must have a part");
  if (l.attention) {
    detail::is_valid(*l.attention);
  }
  if (l.latent) {
    detail::is_valid(*l.latent);
  }
  if (l.linear) {
    detail::is_valid(*l.linear);
  }
  if (l.index) {
    detail::expects(l.attention || l.latent,
                    "layer_shape: an index selects tokens for attention or latent");
    detail::expects(detail::within(l.index->num_heads, 1, 1 << 12) &&
                        detail::within(l.index->head_dim, 1, 1 << 12) &&
                        detail::within(l.index->query_input, 1, 1 << 24),
                    "token_index: num_heads and head_dim must be in [1, 2^12], query_input in "
                    "[1, 2^24]");
  }
  if (l.ffn) {
    detail::expects(detail::within(l.ffn->ffn_dim, 1, 1 << 24),
                    "feed_forward: ffn_dim must be in [1, 2^24]");
  }
  if (l.experts) {
    detail::is_valid(*l.experts);
  }
  detail::expects(detail::within(l.vector_parameters, 0, std::int64_t{1} << 40) &&
                      detail::within(l.norms, 0, 16),
                  "layer_shape: vector_parameters must be in [0, 2^40], norms in [0, 16]");
  return true;
}

/// A weight matrix as checkpoints store it: rows outputs, cols inputs, `copies` of it in the layer (experts).
struct weight_matrix {
  operator_type op = operator_type::q_proj;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t copies = 1;

  friend constexpr bool operator==(const weight_matrix&, const weight_matrix&) = default;
};

namespace detail {

using matrix_list = static_vector<weight_matrix, 20>;

constexpr void add_mixer(matrix_list& list, const layer_shape& l, std::int64_t hidden) {
  using enum operator_type;
  if (l.attention) {
    const attention_block& a = *l.attention;
    const std::int64_t v = a.v_head_dim > 0 ? a.v_head_dim : a.head_dim;
    list.push_back({q_proj, a.num_heads * a.head_dim * (a.output_gate ? 2 : 1), hidden});
    list.push_back({k_proj, a.num_kv_heads * a.head_dim, hidden});
    if (!a.v_is_k) {
      list.push_back({v_proj, a.num_kv_heads * v, hidden});
    }
    list.push_back({o_proj, hidden, a.num_heads * v});
  }
  if (l.latent) {
    const latent_attention& a = *l.latent;
    const std::int64_t queries = a.num_heads * (a.nope_dim + a.rope_dim);
    const std::int64_t gate = a.output_gate ? a.num_heads * a.v_dim : 0;
    if (a.q_rank > 0) {
      list.push_back({q_a_proj, a.q_rank + gate, hidden});
      list.push_back({q_proj, queries, a.q_rank});
    } else {
      list.push_back({q_proj, queries + gate, hidden});
    }
    list.push_back({kv_a_proj, a.kv_rank + a.rope_dim, hidden});
    list.push_back({kv_b_proj, a.num_heads * (a.nope_dim + a.v_dim), a.kv_rank});
    list.push_back({o_proj, hidden, a.num_heads * a.v_dim});
  }
  if (l.linear) {
    list.push_back({linear_in, l.linear->projected, hidden});
    list.push_back({linear_out, hidden, l.linear->inner});
  }
  if (l.index) {
    list.push_back({index_proj, l.index->num_heads * l.index->head_dim, l.index->query_input});
    list.push_back(
        {index_proj, l.index->head_dim + (l.index->head_weights ? l.index->num_heads : 0), hidden});
  }
}

constexpr void add_feed_forward(matrix_list& list, const layer_shape& l, std::int64_t hidden) {
  using enum operator_type;
  if (l.ffn) {
    if (l.ffn->gated) {
      list.push_back({ffn_gate, l.ffn->ffn_dim, hidden});
    }
    list.push_back({ffn_up, l.ffn->ffn_dim, hidden});
    list.push_back({ffn_down, hidden, l.ffn->ffn_dim});
  }
  if (l.experts) {
    const expert_mixture& x = *l.experts;
    const std::int64_t width = x.latent_dim > 0 ? x.latent_dim : hidden;
    list.push_back({router, x.experts, hidden});
    if (x.latent_dim > 0) {
      list.push_back({latent_in, x.latent_dim, hidden});
      list.push_back({latent_out, hidden, x.latent_dim});
    }
    if (x.gated) {
      list.push_back({expert_gate, x.expert_dim, width, x.experts});
    }
    list.push_back({expert_up, x.expert_dim, width, x.experts});
    list.push_back({expert_down, width, x.expert_dim, x.experts});
    if (x.shared_dim > 0) {
      if (x.gated) {
        list.push_back({shared_gate, x.shared_dim, hidden});
      }
      list.push_back({shared_up, x.shared_dim, hidden});
      list.push_back({shared_down, hidden, x.shared_dim});
    }
  }
}

}  // namespace detail

/// Every weight matrix of a layer.
///
/// shapes    attention: q [nh dh, H]  k, v [nkv dh, H]  o [H, nh dv]. latent: q_a [rq, H]  q [nh (nope + rope), rq]  kv_a [rkv + rope, H]
///           kv_b [nh (nope + v), rkv]  o [H, nh v]. ffn: gate, up [dff, H]  down [H, dff]. experts: the same, `copies` of them
/// requires  is_valid(l); hidden in [1, 2^24]
[[nodiscard]] constexpr static_vector<weight_matrix, 20> weight_matrices(const layer_shape& l,
                                                                         std::int64_t hidden) {
  detail::matrix_list list;
  detail::add_mixer(list, l, hidden);
  detail::add_feed_forward(list, l, hidden);
  return list;
}

/// Biases of all experts of a layer.
[[nodiscard]] constexpr std::int64_t expert_bias_count(const layer_shape& l, std::int64_t hidden) {
  if (!l.experts || !l.experts->bias) {
    return 0;
  }
  const std::int64_t width = l.experts->latent_dim > 0 ? l.experts->latent_dim : hidden;
  return detail::checked_mul(l.experts->experts,
                             (l.experts->gated ? 2 : 1) * l.experts->expert_dim + width);
}

/// Parameters of one layer, all experts.
///
/// errors    quantroof::domain_error where the count exceeds 2^63
[[nodiscard]] constexpr std::int64_t parameter_count(const layer_shape& l, std::int64_t hidden) {
  std::int64_t total = l.vector_parameters;
  for (const weight_matrix& w : weight_matrices(l, hidden)) {
    total = detail::checked_add(total,
                                detail::checked_mul(w.copies, detail::checked_mul(w.rows, w.cols)));
  }
  return detail::checked_add(total, expert_bias_count(l, hidden));
}

/// Parameters of one layer that a token does not pass through: experts that it did not choose.
[[nodiscard]] constexpr std::int64_t idle_parameter_count(const layer_shape& l,
                                                          std::int64_t hidden) {
  if (!l.experts) {
    return 0;
  }
  layer_shape routed{.experts = l.experts};
  routed.experts->shared_dim = 0;
  const std::int64_t width = l.experts->latent_dim > 0 ? l.experts->latent_dim : hidden;
  const std::int64_t fixed =
      l.experts->experts * hidden + (l.experts->latent_dim > 0 ? 2 * hidden * width : 0);
  const std::int64_t each = (parameter_count(routed, hidden) - fixed) / l.experts->experts;
  return (l.experts->experts - l.experts->top_k) * each;
}

/// Elements of K and V that one token adds to the cache in one layer: nkv (dk + dv), or the latent and the rotated key.
[[nodiscard]] constexpr std::int64_t kv_elements(const layer_shape& l) {
  if (l.attention) {
    const attention_block& a = *l.attention;
    return a.num_kv_heads * (a.head_dim + (a.v_head_dim > 0 ? a.v_head_dim : a.head_dim));
  }
  return l.latent ? l.latent->kv_rank + l.latent->rope_dim : 0;
}

}  // namespace quantroof

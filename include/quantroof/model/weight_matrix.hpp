// SPDX-License-Identifier: Apache-2.0
//
// The weight matrices of a layer, listed once: counts, bytes and times all use that list.
#pragma once

#include <cstdint>

#include "quantroof/detail/math.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/operator_type.hpp"

namespace quantroof {

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

/// What makes one entry of several tokens projects `width` numbers and a gate of each; twice where entries overlap.
[[nodiscard]] constexpr std::int64_t compressor_outputs(const compressed_attention& a,
                                                        std::int64_t width) {
  return (a.overlap ? 4 : 2) * width;
}

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
  if (l.compressed) {
    const compressed_attention& a = *l.compressed;
    list.push_back({q_a_proj, a.q_rank, hidden});
    list.push_back({kv_a_proj, a.head_dim, hidden});
    list.push_back({q_proj, a.num_heads * a.head_dim, a.q_rank});
    if (a.ratio > 0) {
      list.push_back({compressor, compressor_outputs(a, a.head_dim), hidden});
    }
    list.push_back({o_a_proj, a.o_groups * a.o_rank, a.num_heads / a.o_groups * a.head_dim});
    list.push_back({o_proj, hidden, a.o_groups * a.o_rank});
  }
  if (l.linear) {
    list.push_back({linear_in, l.linear->projected, hidden});
    list.push_back({linear_out, hidden, l.linear->inner});
  }
  if (l.index) {
    const std::int64_t weights = l.index->head_weights ? l.index->num_heads : 0;
    list.push_back({index_proj, l.index->num_heads * l.index->head_dim, l.index->query_input});
    if (l.compressed) {
      list.push_back(
          {compressor, compressor_outputs(*l.compressed, l.index->head_dim) + weights, hidden});
    } else {
      list.push_back({index_proj, l.index->head_dim + weights, hidden});
    }
  }
  if (l.streams > 1) {  // one before the tokens are mixed and one before the feed-forward part
    list.push_back({stream_mix, 2 * (2 + l.streams) * l.streams, l.streams * hidden});
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
///           kv_b [nh (nope + v), rkv]  o [H, nh v]. compressed: q_a [rq, H]  q [nh dh, rq]  kv_a [dh, H]  o_a [groups ro, nh dh / groups]
///           o [H, groups ro]  compressor [2 dh, H]. ffn: gate, up [dff, H]  down [H, dff]. experts: the same, `copies` of them
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

/// Elements of K and V that one token adds to the cache in one layer: nkv (dk + dv), or the latent and the rotated key, or its share of an entry.
[[nodiscard]] constexpr std::int64_t kv_elements(const layer_shape& l) {
  if (l.attention) {
    const attention_block& a = *l.attention;
    return a.num_kv_heads * (a.head_dim + (a.v_head_dim > 0 ? a.v_head_dim : a.head_dim));
  }
  if (l.compressed) {
    return l.compressed->head_dim / tokens_per_entry(l);
  }
  return l.latent ? l.latent->kv_rank + l.latent->rope_dim : 0;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// One layer of a transformer as a shape: at most one way of mixing tokens, and feed-forward parts.
//
//   attention   softmax attention with KV heads (MHA, GQA, MQA), over all tokens or a window
//   latent      multi-head latent attention (DeepSeek): one cached latent for all heads
//   compressed  a window of tokens and, before it, entries that each stand for several (DeepSeek-V4)
//   linear      linear attention and state space layers: a state of fixed size instead of a cache
//   index       selects the tokens that sparse attention reads
//   ffn         gate, up, down; experts   a routed mixture of them with shared ones
//
// A layer may lack any part (hybrids alternate them). Not here: the weight matrices of these parts (weight_matrix.hpp).
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"

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

/// Attention whose cache holds single tokens only in a window: before it, one entry stands for `ratio` of them, a weighted sum that the layer
/// learns. One vector an entry is key and value of all heads.
///
/// source    DeepSeek-V4: transformers' modeling_deepseek_v4.py and the model's own inference code (read 2026-11)
struct compressed_attention {
  std::int64_t num_heads = 0;
  std::int64_t head_dim = 0;  // of queries, keys and values
  std::int64_t rope_dim = 0;  // the rotated part of head_dim
  std::int64_t q_rank = 0;    // queries come from a latent of this width
  std::int64_t o_groups = 0;  // the heads' outputs go through o_groups * o_rank numbers to hidden,
  std::int64_t o_rank = 0;    // each group of heads into its own o_rank
  std::int64_t window = 0;    // tokens that a query sees one by one
  std::int64_t ratio = 0;     // tokens an entry; 0: nothing before the window is seen
  bool overlap = false;       // an entry also sums the tokens of the one before
  std::int64_t selected = 0;  // entries that a query reads; 0: all

  friend constexpr bool operator==(const compressed_attention&,
                                   const compressed_attention&) = default;
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
  std::int64_t head_dim = 0;     // one key of this width is cached for each token or entry
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
  std::optional<compressed_attention> compressed{};
  std::optional<linear_attention> linear{};
  std::optional<token_index> index{};
  std::optional<feed_forward> ffn{};
  std::optional<expert_mixture> experts{};
  std::int64_t vector_parameters = 0;  // norms, biases, convolutions, sinks: all but matrices
  std::int64_t norms = 2;              // over hidden; each a small kernel
  std::int64_t streams = 1;  // residual streams that hyper-connections mix; 1: plain residuals

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

constexpr bool is_valid(const compressed_attention& a) {
  expects(within(a.num_heads, 1, 1 << 16) && within(a.head_dim, 1, 1 << 12),
          "compressed_attention: num_heads must be in [1, 2^16], head_dim in [1, 2^12]");
  expects(a.num_heads * a.head_dim <= (1 << 24),
          "compressed_attention: num_heads * head_dim must be at most 2^24");
  expects(within(a.rope_dim, 0, a.head_dim) && within(a.q_rank, 1, 1 << 20),
          "compressed_attention: rope_dim must be in [0, head_dim], q_rank in [1, 2^20]");
  expects(within(a.o_groups, 1, a.num_heads) && a.num_heads % a.o_groups == 0 &&
              within(a.o_rank, 1, 1 << 16) && a.o_groups * a.o_rank <= (1 << 24),
          "compressed_attention: o_groups must divide num_heads, o_rank be in [1, 2^16] and their "
          "product at most 2^24");
  expects(within(a.window, 1, std::int64_t{1} << 31) && within(a.ratio, 0, 1 << 16) &&
              within(a.selected, 0, std::int64_t{1} << 31),
          "compressed_attention: window must be in [1, 2^31], ratio in [0, 2^16], selected in "
          "[0, 2^31]");
  expects(a.ratio > 0 || (!a.overlap && a.selected == 0),
          "compressed_attention: without entries (ratio 0) none overlap and none are selected");
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
/// requires  at most one of attention, latent, compressed, linear; an index only beside attention, latent or the entries of compressed; sizes as
///           the messages say
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const layer_shape& l) {
  const int mixers =
      (l.attention ? 1 : 0) + (l.latent ? 1 : 0) + (l.compressed ? 1 : 0) + (l.linear ? 1 : 0);
  detail::expects(mixers <= 1,
                  "layer_shape: a layer has at most one of attention, latent, compressed, linear");
  detail::expects(mixers + (l.ffn ? 1 : 0) + (l.experts ? 1 : 0) > 0,
                  "layer_shape: a layer must have a part");
  if (l.attention) {
    detail::is_valid(*l.attention);
  }
  if (l.latent) {
    detail::is_valid(*l.latent);
  }
  if (l.compressed) {
    detail::is_valid(*l.compressed);
  }
  if (l.linear) {
    detail::is_valid(*l.linear);
  }
  if (l.index) {
    detail::expects(l.attention || l.latent || (l.compressed && l.compressed->ratio > 0),
                    "layer_shape: an index selects tokens for attention or latent, or entries of "
                    "compressed");
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
                      detail::within(l.norms, 0, 16) && detail::within(l.streams, 1, 16),
                  "layer_shape: vector_parameters must be in [0, 2^40], norms in [0, 16], streams "
                  "in [1, 16]");
  return true;
}

/// True where a layer attends over a cache that grows with its sequence.
[[nodiscard]] constexpr bool has_cache(const layer_shape& l) {
  return l.attention || l.latent || l.compressed;
}

/// Tokens that one entry of the cache stands for: 1 but where attention is compressed.
[[nodiscard]] constexpr std::int64_t tokens_per_entry(const layer_shape& l) {
  return l.compressed && l.compressed->ratio > 0 ? l.compressed->ratio : 1;
}

}  // namespace quantroof

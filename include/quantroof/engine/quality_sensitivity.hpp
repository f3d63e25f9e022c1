// SPDX-License-Identifier: Apache-2.0
//
// How much an operator's error matters beside the others of its layer: down 0.31, v 0.23, up 0.16, gate 0.11, o 0.11, q 0.036, k 0.032 of a
// dense block, which sum to 1 (0.99 as published).
//
// Not here: the errors (quality_error.hpp), sums over a model (quality_model.hpp), how sensitive a whole model is (quality_traits.hpp).
#pragma once

#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/operator_type.hpp"

namespace quantroof {

/// How much the error of an operator's weight and input counts, relative to all linear layers of a dense block together.
///
/// formula   the seven of a dense block: perplexity that LLaMA-7B at 2 bits regains when one class is left in 16 bits, normalized. Latent
///           attention: q_a as q, kv_a and kv_b each take k's and v's, because their errors multiply. Linear
///           attention: in takes q, k and v's, out o's. Index: as k. What narrows o's inputs: as o, compressors: as the index, hyper-connections: as
///           routers (assumed). LM head: INT4 costs 0.1 to 0.4 % perplexity; embeddings: INT4 at most 0.1 %.
///           Routers: a flipped expert is an error of a whole block, as v. Attention products: Q as K's cache, P as V's, which they are multiplied with
/// source    llama.cpp issue #1256; auto-round docs/tips_and_tricks.md (LM head); llm-compressor's embedding example; KV: llama.cpp PR #7412 for
///           K : V = 1.36, the level from 4-bit caches (+2.2 % median of 10 models)
[[nodiscard]] constexpr double operator_sensitivity(operator_type op) {
  using enum operator_type;
  switch (op) {
    case ffn_down:
    case expert_down:
    case shared_down:
      return 0.31;
    case v_proj:
    case router:
    case stream_mix:
      return 0.23;
    case ffn_up:
    case expert_up:
    case shared_up:
      return 0.16;
    case ffn_gate:
    case expert_gate:
    case shared_gate:
    case o_proj:
    case o_a_proj:
    case linear_out:
      return 0.11;
    case q_proj:
    case q_a_proj:
      return 0.036;
    case k_proj:
    case index_proj:
    case compressor:
      return 0.032;
    case kv_a_proj:
    case kv_b_proj:
      return 0.262;
    case linear_in:
      return 0.298;
    case latent_in:
    case latent_out:
      return 0.16;
    case lm_head:
      return 0.04;
    case embeddings:
      return 0.01;
    case qk_matmul:
      return 0.18;
    case sv_matmul:
      return 0.13;
    case kv_cache:
      return 0.31;
    default:
      return 0;
  }
}

inline constexpr double key_sensitivity = 0.18;
inline constexpr double value_sensitivity = 0.13;
static_assert(key_sensitivity + value_sensitivity <=
              operator_sensitivity(operator_type::kv_cache) + 1e-12);

namespace detail {

/// Where a layer has routed and shared experts, each counts by its share of the width that a token passes through.
[[nodiscard]] constexpr double expert_share(const layer_shape& l, operator_type op) {
  if (!l.experts || l.experts->shared_dim == 0) {
    return 1;
  }
  const auto shared = static_cast<double>(l.experts->shared_dim);
  const auto routed = static_cast<double>(l.experts->top_k * l.experts->expert_dim);
  if (expert_operators.contains(op)) {
    return routed / (routed + shared);
  }
  const bool is_shared = op == operator_type::shared_gate || op == operator_type::shared_up ||
                         op == operator_type::shared_down;
  return is_shared ? shared / (routed + shared) : 1;
}

}  // namespace detail

}  // namespace quantroof

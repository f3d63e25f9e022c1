// SPDX-License-Identifier: Apache-2.0
//
// What the kernels of a layer move and compute that are neither GEMMs nor calls of a measured attention kernel. Not here: how long they take
// (layer_step.hpp).
#pragma once

#include <cstdint>

#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/step_tokens.hpp"

namespace quantroof::detail {

/// Scores of the index over all cached keys, and the keys.
[[nodiscard]] constexpr work index_work(const layer_shape& l, const step_tokens& t) {
  const token_index& x = *l.index;
  const auto each = static_cast<double>(tokens_per_entry(l));
  const auto heads = static_cast<double>(x.num_heads * x.head_dim);
  const double decoded = static_cast<double>(t.decodes) * static_cast<double>(t.context);
  const double prompted =
      static_cast<double>(t.prompts) * seen_pairs(t.tokens, t.past, t.past + t.tokens);
  const double keys =
      decoded + static_cast<double>(t.prompts) * static_cast<double>(t.past + t.tokens);
  return {.flops = 2.0 * heads * (decoded + prompted) / each,
          .bytes = keys * static_cast<double>(x.head_dim + 4) / each};
}

/// States read and written once a sequence, inputs and outputs once a token.
[[nodiscard]] constexpr work linear_state_work(const linear_attention& a, const step_tokens& t,
                                               const parallel_plan& plan) {
  const auto tensor = static_cast<double>(plan.tensor);
  const double state = static_cast<double>(a.state) / tensor;
  const double row = static_cast<double>(a.projected + a.inner) / tensor;
  const auto sequences = static_cast<double>(t.decodes + t.prompts);
  const auto rows = static_cast<double>(t.rows);
  return {.flops = 6.0 * state * rows, .bytes = sequences * 8.0 * state + rows * 2.0 * row};
}

/// Rows of a compressed cache that a query with `context` tokens before it reads: those of the window and the entries.
[[nodiscard]] constexpr std::int64_t rows_read(const compressed_attention& a,
                                               std::int64_t context) {
  const std::int64_t seen = a.window < context ? a.window : context;
  const std::int64_t entries = a.ratio > 0 ? context / a.ratio : 0;
  return seen + (a.selected > 0 && a.selected < entries ? a.selected : entries);
}

/// Prompts over a compressed cache: 4 FLOPs a head, number and row that is read; queries, outputs and the cache's rows once.
[[nodiscard]] constexpr work compressed_prefill_work(const compressed_attention& a,
                                                     std::int64_t heads, double row_bytes,
                                                     const step_tokens& t) {
  const std::int64_t end = t.past + t.tokens;
  double pairs = seen_pairs(t.tokens, t.past, a.window);
  double rows = static_cast<double>(a.window < end ? a.window : end);
  if (a.ratio > 0) {
    const std::int64_t most =
        a.selected > 0 && a.selected * a.ratio < end ? a.selected * a.ratio : end;
    pairs += seen_pairs(t.tokens, t.past, most) / static_cast<double>(a.ratio);
    const std::int64_t entries = end / a.ratio;
    rows += static_cast<double>(entries);
  }
  const auto prompts = static_cast<double>(t.prompts);
  const auto width = static_cast<double>(heads * a.head_dim);
  return {.flops = 4.0 * prompts * width * pairs,
          .bytes = prompts * (4.0 * width * static_cast<double>(t.tokens) + rows * row_bytes)};
}

/// Norms, RoPE and cache writes, residuals, activation: launches and what they move.
struct small_kernels {
  double launches = 0;
  work moved{};
};

/// source    launches a layer of TensorRT-LLM and vLLM: 5 dense, 4 more for latent attention, 6 for linear (whole steps fit 2 us each).
///           Compressed attention: as latent, two that make entries, two more for an index's keys; hyper-connections: one before and
///           one after each part, over all residual streams, and the second of two products (estimates from the kernels that SGLang launches)
[[nodiscard]] constexpr small_kernels small_kernels_of(const layer_shape& l, std::int64_t hidden,
                                                       const step_tokens& t,
                                                       const parallel_plan& plan) {
  const auto tensor = static_cast<double>(plan.tensor);
  double launches = static_cast<double>(l.norms);
  double mixed = 0;
  double rotated = 0;
  if (l.attention) {
    launches += 2.0 + (l.attention->qk_norm_over_heads && plan.tensor > 1 ? 8.0 : 0.0);
    const auto q = static_cast<double>(l.attention->num_heads * l.attention->head_dim) / tensor;
    const auto k = static_cast<double>(local_kv_heads(*l.attention, plan) * l.attention->head_dim);
    mixed = q + 2 * k;
    rotated = q + k;
  }
  if (l.latent) {
    launches += 6.0;
    mixed = static_cast<double>(l.latent->num_heads * (l.latent->nope_dim + l.latent->rope_dim)) /
            tensor;
    rotated = static_cast<double>(l.latent->num_heads * l.latent->rope_dim) / tensor;
  }
  if (l.compressed) {
    const compressed_attention& a = *l.compressed;
    launches += 6.0 + (a.ratio > 0 ? 2.0 : 0.0) + (l.index ? 2.0 : 0.0);
    mixed = static_cast<double>(a.num_heads * a.head_dim) / tensor;
    rotated = 2.0 * static_cast<double>(a.num_heads * a.rope_dim) / tensor;  // outputs are too
  }
  if (l.linear) {
    launches += 8.0;
    mixed = static_cast<double>(l.linear->projected) / tensor;
  }
  double inner = 0;
  if (l.ffn || l.experts) {
    launches += 1.0;
    inner = static_cast<double>((l.ffn ? l.ffn->ffn_dim : 0) +
                                (l.experts ? l.experts->shared_dim : 0)) /
            tensor;
  }
  const auto rows = static_cast<double>(t.rows);
  const auto width = static_cast<double>(hidden) * static_cast<double>(l.norms) / 2.0;
  double streams = 0;  // numbers a token read and written
  if (l.streams > 1) {
    launches += 5.0;
    streams = 2.0 * static_cast<double>(hidden) * static_cast<double>(3 * l.streams + 2);
  }
  return {.launches = launches,
          .moved = {.flops = rows * (10 * width + 3 * rotated + 5 * inner + 2 * streams),
                    .bytes = rows * (16 * width + 4 * mixed + 6 * inner + 2 * streams)}};
}

}  // namespace quantroof::detail

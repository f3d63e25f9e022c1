// SPDX-License-Identifier: Apache-2.0
//
// How many bytes a model takes: weights in mixed precision and the KV cache, to the byte, on one device or on the fullest of several.
//
//   weights  = sum over matrices and layers of storage_bytes(precision, rows, cols), vectors in 16 bits
//   KV cache = batch * (tokens that a layer keeps * (K row + V row) + recurrent states), rows of num_kv_heads * head_dim elements
//
// Not here: activations, what a runtime reserves, whether it all fits (fit.hpp).
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace detail {

/// Bytes of one layer on one device.
[[nodiscard]] constexpr std::int64_t layer_bytes(const layer_shape& l, std::int64_t hidden,
                                                 const mixed_precision_config& c,
                                                 const parallel_plan& plan, std::int64_t layer) {
  std::int64_t total = 2 * l.vector_parameters;
  for (const weight_matrix& w : weight_matrices(l, hidden)) {
    const weight_matrix part = local_part(w, l, plan);
    total = checked_add(total, checked_mul(part.copies, storage_bytes(c.get_precision(w.op, layer),
                                                                      part.rows, part.cols)));
  }
  if (l.experts && l.experts->bias) {
    total = checked_add(total, 2 * ceil_div(expert_bias_count(l, hidden), plan.expert));
  }
  return total;
}

/// Bytes of one row of K or V: `elements` numbers of one token, block scales included, scales of whole tensors left to the weights.
[[nodiscard]] constexpr std::int64_t cache_row_bytes(precision p, std::int64_t elements) {
  if (elements == 0) {
    return 0;
  }
  const scale_layout& s = format_of(p).scales;
  const bool per_row = s.bits_per_block > 0 && s.block_cols == 0 && s.block_rows == 0;
  return storage_bytes(p, 1, elements) - s.bits_per_tensor / 8 -
         (per_row ? s.bits_per_block / 8 : 0);
}

/// Bytes of `tokens` rows; formats whose blocks span several tokens count whole blocks.
[[nodiscard]] constexpr std::int64_t cache_rows_bytes(precision p, std::int64_t elements,
                                                      std::int64_t tokens) {
  const scale_layout& s = format_of(p).scales;
  return s.block_rows > 1 && tokens > 0 ? storage_bytes(p, tokens, elements) - s.bits_per_tensor / 8
                                        : checked_mul(tokens, cache_row_bytes(p, elements));
}

/// Bytes of a row that is key and value of all heads, where the cache's kernels select rows: below 16 bits they keep the rotated part in 16 bits
/// and a scale for each block of the rest.
///
/// formula   DeepSeek-V3.2: 512 FP8, 4 scales in FP32, 64 in 16 bits, 656 bytes. DeepSeek-V4: 448 FP8, 7 scales of a byte (8 with padding), 64 in
///           16 bits, 584 bytes
/// source    FlashMLA's README; vLLM's fp8_ds_mla layout
[[nodiscard]] constexpr std::int64_t selected_row_bytes(precision p, std::int64_t plain,
                                                        std::int64_t rotated,
                                                        std::int64_t scale_bytes) {
  return format_of(p).element_bits >= 16
             ? cache_row_bytes(p, plain + rotated)
             : checked_add(cache_row_bytes(p, plain), scale_bytes + 2 * rotated);
}
[[nodiscard]] constexpr std::int64_t compressed_row_bytes(precision p,
                                                          const compressed_attention& a) {
  const std::int64_t plain = a.head_dim - a.rope_dim;
  return selected_row_bytes(p, plain, a.rope_dim, 8 * ceil_div<std::int64_t>(plain, 512));
}

/// Sums of tokens that do not fill an entry yet, and their gates, in FP32; with overlap those of the entry before too.
[[nodiscard]] constexpr std::int64_t compressor_state_bytes(const compressed_attention& a,
                                                            std::int64_t width) {
  const std::int64_t wide = a.overlap ? 2 : 1;
  return checked_mul(8 * wide * a.ratio, wide * width);
}

/// Bytes that one sequence of `tokens` tokens keeps in one layer on one device.
[[nodiscard]] constexpr std::int64_t sequence_bytes(const layer_shape& l, cache_format f,
                                                    std::int64_t tokens, std::int64_t page_tokens,
                                                    const parallel_plan& plan) {
  const auto paged = [page_tokens](std::int64_t n) {
    return checked_mul(ceil_div(n, page_tokens), page_tokens);
  };
  std::int64_t total = 0;
  if (l.attention) {
    const attention_block& a = *l.attention;
    const std::int64_t kept = paged(a.window > 0 && a.window < tokens ? a.window : tokens);
    const std::int64_t heads = local_kv_heads(a, plan);
    const std::int64_t v = a.v_head_dim > 0 ? a.v_head_dim : a.head_dim;
    total = checked_add(cache_rows_bytes(f.key, heads * a.head_dim, kept),
                        cache_rows_bytes(f.value, heads * v, kept));
  }
  if (l.latent) {
    const latent_attention& a = *l.latent;
    total = a.selected > 0
                ? checked_mul(paged(tokens),
                              selected_row_bytes(f.key, a.kv_rank, a.rope_dim,
                                                 4 * ceil_div<std::int64_t>(a.kv_rank, 128)))
                : cache_rows_bytes(f.key, a.kv_rank + a.rope_dim, paged(tokens));
  }
  if (l.compressed) {
    const compressed_attention& a = *l.compressed;
    const std::int64_t seen = paged(a.window < tokens ? a.window : tokens);
    const std::int64_t entries = a.ratio > 0 ? paged(tokens) / a.ratio : 0;
    total = checked_mul(checked_add(seen, entries), compressed_row_bytes(f.key, a));
    total = checked_add(total, tokens > 0 ? compressor_state_bytes(a, a.head_dim) : 0);
    total = checked_add(total,
                        tokens > 0 && l.index ? compressor_state_bytes(a, l.index->head_dim) : 0);
  }
  if (l.index) {  // keys in FP8 with a scale of four bytes, as DeepSeek and vLLM keep them
    total =
        checked_add(total, checked_mul(paged(tokens) / tokens_per_entry(l), l.index->head_dim + 4));
  }
  if (l.linear && tokens > 0) {
    total = checked_add(
        total, ceil_div(4 * l.linear->state + 2 * l.linear->conv_channels * l.linear->conv_width,
                        plan.tensor));
  }
  return total;
}

}  // namespace detail

/// Bytes of the weights on the fullest of several devices.
///
/// formula   local_part of every matrix; embeddings in the first pipeline stage, LM head and final norm in the last, both divided by tensor
/// requires  is_valid(m); is_valid(c); is_dividable(m, plan)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::int64_t weight_bytes(const model_config& m,
                                                  const mixed_precision_config& c,
                                                  const parallel_plan& plan) {
  is_valid(m);
  is_valid(c);
  is_dividable(m, plan);
  const auto end_bytes = [&](operator_type op) {
    return m.vocab_size ? storage_bytes(c.get_precision(op),
                                        detail::ceil_div(*m.vocab_size, plan.tensor), m.hidden_size)
                        : std::int64_t{0};
  };
  const static_vector<layer_band, 33> bands = layer_bands(c, m.num_layers);
  std::int64_t fullest = 0;
  for (std::int64_t stage = 0; stage < plan.pipeline; ++stage) {
    const stage_layers held = layers_of_stage(m, plan, stage);
    const bool last = stage + 1 == plan.pipeline;
    std::int64_t total = last ? 2 * (m.hidden_size + m.extra_parameters) : 0;
    for (const layer_band& band : bands) {
      const std::int64_t first = band.first_layer > held.first ? band.first_layer : held.first;
      const std::int64_t band_end = band.first_layer + band.count;
      const std::int64_t held_end = held.first + held.count;
      const std::int64_t count = (band_end < held_end ? band_end : held_end) - first;
      for (std::size_t kind = 0; count > 0 && kind < layer_kind_count(m); ++kind) {
        const std::int64_t n = count_layers(m, kind, first, count);
        total = detail::checked_add(
            total,
            detail::checked_mul(n, n == 0 ? 0
                                          : detail::layer_bytes(layer_kind(m, kind), m.hidden_size,
                                                                c, plan, band.first_layer)));
      }
    }
    if (stage == 0 && !(m.tie_word_embeddings && last)) {
      total = detail::checked_add(
          total,
          end_bytes(m.tie_word_embeddings ? operator_type::lm_head : operator_type::embeddings));
    }
    if (last) {
      total = detail::checked_add(total, end_bytes(operator_type::lm_head));
    }
    fullest = total > fullest ? total : fullest;
  }
  return fullest;
}

/// Bytes of all weights, scales included.
///
/// units     bytes
/// formula   matrices at get_precision(op, layer); norms and biases 2 bytes each; a tied embedding is stored once, in the LM head's
///           precision (the head reads all of it in every step)
/// requires  is_valid(m); is_valid(c)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::int64_t weight_bytes(const model_config& m,
                                                  const mixed_precision_config& c) {
  return weight_bytes(m, c, parallel_plan{});
}

/// Bytes of the KV cache of `batch` sequences of `tokens` tokens, with the states of linear attention.
///
/// units     bytes
/// formula   sum over layers of batch * (min(tokens, window) * (K row + V row) + state); a row is nkv * dh elements with the scales of their
///           blocks, latent + rotated key in the key's format for latent attention; compressed attention: a window of rows, one row for
///           `ratio` tokens, FP32 sums of the tokens between; page_tokens > 1: whole pages.
///           Llama-3-8B, 32,768 tokens: FP16 4096 MiB, FP8 2048 MiB, NVFP4 1152 MiB
/// requires  is_valid(m); tokens >= 0; batch > 0; page_tokens > 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   scales per layer (a few bytes that engines keep with the weights)
[[nodiscard]] constexpr std::int64_t kv_cache_bytes(const model_config& m, cache_format f,
                                                    std::int64_t tokens, std::int64_t batch = 1,
                                                    std::int64_t page_tokens = 1) {
  is_valid(m);
  detail::expects(tokens >= 0, "kv_cache_bytes: tokens must not be negative");
  detail::expects(batch > 0, "kv_cache_bytes: batch must be positive");
  detail::expects(page_tokens > 0, "kv_cache_bytes: page_tokens must be positive");
  return detail::checked_mul(batch, detail::sum_over_layers(m, [&](const layer_shape& l) {
                               return detail::sequence_bytes(l, f, tokens, page_tokens, {});
                             }));
}

/// Bytes of the cache on the fullest of several devices.
///
/// formula   KV heads divided by tensor, never below one; latents whole on every device; sequences divided among the data groups; layers of the
///           longest pipeline stage
/// requires  those of the other form; is_dividable(m, plan)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::int64_t kv_cache_bytes(const model_config& m, cache_format f,
                                                    std::int64_t tokens, std::int64_t batch,
                                                    std::int64_t page_tokens,
                                                    const parallel_plan& plan) {
  static_cast<void>(kv_cache_bytes(m, f, 0, batch, page_tokens));
  detail::expects(tokens >= 0, "kv_cache_bytes: tokens must not be negative");
  is_dividable(m, plan);
  std::int64_t fullest = 0;
  for (std::int64_t stage = 0; stage < plan.pipeline; ++stage) {
    const stage_layers held = layers_of_stage(m, plan, stage);
    std::int64_t total = 0;
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      total = detail::checked_add(
          total, detail::checked_mul(
                     count_layers(m, kind, held.first, held.count),
                     detail::sequence_bytes(layer_kind(m, kind), f, tokens, page_tokens, plan)));
    }
    fullest = total > fullest ? total : fullest;
  }
  return detail::checked_mul(detail::ceil_div(batch, plan.data), fullest);
}

/// Share of memory saved against everything in FP16, per cent, by weights and a cache of so many bytes.
///
/// formula   100 * (1 - (weights + cache) / (2 parameters + FP16 cache))
/// requires  is_valid(m); bytes not negative; tokens >= 0; batch > 0
[[nodiscard]] constexpr double memory_savings_pct(const model_config& m, std::int64_t weights,
                                                  std::int64_t cache, std::int64_t tokens,
                                                  std::int64_t batch) {
  const std::int64_t fp16 = detail::checked_add(detail::checked_mul(2, parameter_count(m)),
                                                kv_cache_bytes(m, precision::fp16, tokens, batch));
  return 100.0 * (1.0 - static_cast<double>(detail::checked_add(weights, cache)) /
                            static_cast<double>(fp16));
}

/// The same for a configuration, weights and KV cache together.
///
/// requires  is_valid(m); is_valid(c); tokens >= 0; batch > 0
[[nodiscard]] constexpr double memory_savings_pct(const model_config& m,
                                                  const mixed_precision_config& c,
                                                  std::int64_t tokens, std::int64_t batch = 1) {
  return memory_savings_pct(m, weight_bytes(m, c),
                            kv_cache_bytes(m, c.get_cache_format(), tokens, batch), tokens, batch);
}

}  // namespace quantroof

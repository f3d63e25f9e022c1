// SPDX-License-Identifier: Apache-2.0
//
// How many bytes a model takes: weights in mixed precision and the KV cache, to the byte.
//
//   weights  = sum over operators and layers of storage_bytes(precision, rows, cols), vectors in FP16
//   KV cache = batch * tokens * layers * (K row + V row), rows of num_kv_heads * head_dim elements
//
// Not here: activations, workspace, what a runtime reserves, padding of pages.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Bytes of all weights, scales included.
///
/// units     bytes
/// formula   matrices at get_precision(op, layer); norms and biases 2 bytes each; a tied embedding is stored once, in the LM head's
///           precision (the head reads all of it in every step)
/// requires  is_valid(m); is_valid(c)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::int64_t weight_bytes(const model_config& m,
                                                  const mixed_precision_config& c) {
  is_valid(m);
  is_valid(c);
  const auto bytes_of = [&](operator_type op, std::int64_t layer) {
    const auto shape = weight_shape_of(m, op);
    return shape ? storage_bytes(c.get_precision(op, layer), shape->rows, shape->cols)
                 : std::int64_t{0};
  };
  std::int64_t total = 2 * (m.hidden_size + m.num_layers * vector_parameters_per_layer(m));
  for (const layer_band& band : layer_bands(c, m.num_layers)) {
    for (const operator_type op : operator_types) {
      if (block_linears.contains(op)) {
        total = detail::checked_add(
            total, detail::checked_mul(band.count, bytes_of(op, band.first_layer)));
      }
    }
  }
  total = detail::checked_add(total, bytes_of(operator_type::lm_head, 0));
  return m.tie_word_embeddings ? total
                               : detail::checked_add(total, bytes_of(operator_type::embeddings, 0));
}

/// Bytes of the KV cache of `batch` sequences of `tokens` tokens.
///
/// units     bytes
/// formula   2 * L * batch * tokens * row, row = nkv * dh elements with the scales of their blocks
///           Llama-3-8B, 32,768 tokens: FP16 4096 MiB, FP8 2048 MiB, NVFP4 1152 MiB
/// requires  is_valid(m); tokens >= 0; batch > 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   scales per layer (a few bytes that engines keep with the weights), page rounding
[[nodiscard]] constexpr std::int64_t kv_cache_bytes(const model_config& m, precision p,
                                                    std::int64_t tokens, std::int64_t batch = 1) {
  is_valid(m);
  detail::expects(tokens >= 0, "kv_cache_bytes: tokens must not be negative");
  detail::expects(batch > 0, "kv_cache_bytes: batch must be positive");
  const precision_format& f = format_of(p);
  const std::int64_t row =
      storage_bytes(p, 1, m.num_kv_heads * m.head_dim) - f.scales.bits_per_tensor / 8 -
      (f.scales.bits_per_block > 0 && f.scales.block_cols == 0 && f.scales.block_rows == 0
           ? f.scales.bits_per_block / 8
           : 0);
  return detail::checked_mul(
      detail::checked_mul(2 * m.num_layers, detail::checked_mul(batch, tokens)), row);
}

/// Share of memory saved against everything in FP16, per cent, weights and KV cache together.
///
/// formula   100 * (1 - (weights + cache) / (FP16 weights + FP16 cache))
[[nodiscard]] constexpr double memory_savings_pct(const model_config& m,
                                                  const mixed_precision_config& c,
                                                  std::int64_t tokens, std::int64_t batch = 1) {
  const mixed_precision_config fp16{.name = "fp16"};
  const auto total = [&](const mixed_precision_config& x) {
    return static_cast<double>(detail::checked_add(
        weight_bytes(m, x),
        kv_cache_bytes(m, x.get_precision(operator_type::kv_cache), tokens, batch)));
  };
  return 100.0 * (1.0 - total(c) / total(fp16));
}

}  // namespace quantroof

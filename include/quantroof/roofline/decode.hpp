// SPDX-License-Identifier: Apache-2.0
//
// How long attention of one new token per sequence over its KV cache takes. One work item per sequence and KV head reads whole tiles of
// keys and values; where there are too few items the keys are divided among CTAs, whose parts a second kernel joins.
//
//   time = fixed + sqrt(memory^2 + compute^2) + query heads of an SM's items + joining
//
// Sources: measured serving kernels of aiconfigurator; arXiv:2311.01282 (split keys); constants and their errors in
// hardware/calibration_data.hpp. Not here: pages so small that they break a tile (16 tokens and fewer), speculative tokens.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/attention_tiles.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// Bytes and rates of one kind of decode call.
struct decode_setting {
  attention_width width = attention_width::bits16;  // of the KV cache
  double kv_bytes = 2;                              // per element of the cache
  double density = 1;                               // share of blocks read (block-sparse attention)
  l2_residency residency = l2_residency::cold;

  friend constexpr bool operator==(const decode_setting&, const decode_setting&) = default;
};

/// Into how many parts a kernel divides the keys of one work item.
///
/// formula   FA2: none for MHA, else FlashAttention's rule over two CTAs per SM. FA3: its rule over the SMs, not below five tiles.
///           TensorRT-LLM: SMs / items, at least 512 keys a part. FlashInfer: two CTAs per SM
[[nodiscard]] constexpr double decode_splits(attention_kernel kernel, double items,
                                             std::int64_t group, double seq_len_kv, double tiles,
                                             double sm_count) {
  switch (kernel) {
    case attention_kernel::fa1:
      return 1;
    case attention_kernel::fa2:
      return group == 1 ? 1 : detail::fullest_split(items, 2 * sm_count, tiles < 128 ? tiles : 128);
    case attention_kernel::fa3:
      return tiles <= 4 ? 1 : detail::fullest_split(items, sm_count, tiles < 128 ? tiles : 128);
    case attention_kernel::trtllm:
    case attention_kernel::cudnn:
    case attention_kernel::fa4: {
      if (items > 0.5 * sm_count) {
        return 1;
      }
      double parts = detail::floor(sm_count / items);
      const double most = detail::floor(seq_len_kv * (1.0 / 512));
      parts = parts < most ? parts : most;
      return parts < 1 ? 1 : parts;
    }
    case attention_kernel::flashinfer: {
      if (items > sm_count) {
        return 1;
      }
      const double parts = detail::floor(2.0 * sm_count / items);
      return parts < tiles ? parts : tiles;
    }
  }
  return 1;
}

/// The share of an item's cost that grows with head_dim (item_us holds it at 128): FA3 loads an item's first tile before it can overlap
/// anything, and transposes V of an 8-bit cache in shared memory.
[[nodiscard]] constexpr double item_growth(attention_kernel kernel, attention_width width) {
  if (kernel != attention_kernel::fa3) {
    return 0;
  }
  return width == attention_width::bits8 ? 1.0 : 0.5;
}

/// How often head_us is paid: on each SM for every query head of its items. FlashInfer: once a call, where the heads of an item overflow its
/// smallest tile of 16 rows.
[[nodiscard]] constexpr double paid_heads(attention_kernel kernel, std::int64_t group,
                                          double waves) {
  const auto heads = static_cast<double>(group);
  if (kernel == attention_kernel::flashinfer) {
    return group > 16 ? heads : 0.0;
  }
  return waves * heads;
}

/// How long one decode call takes, with the interval that holds 80 % of measurements and the reason.
///
/// shapes    q, o [batch, num_heads, 1, head_dim]   k, v [batch, num_kv_heads, seq_len_kv, head_dim]
/// units     microseconds, bytes
/// formula   memory = (K, V, q, o) * (miss + hit / l2_speedup) / (share * bandwidth); a cache that a benchmark reads again and again stays
///           in L2 when it fits, in a step of a model miss is 1. compute = (items beyond the first on an SM) * item + tiles * padded rows * columns * 4 d / R;
///           joining = combine + parts * split + 8 d bytes a part and output through L2
/// requires  is_valid(s); s.seq_len_q query tokens count as rows of one group; c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    as at the head of this file
[[nodiscard]] constexpr kernel_estimate estimate_decode(const device_rates& d,
                                                        const decode_constants& c,
                                                        const decode_setting& set,
                                                        const attention_shape& s) {
  is_valid(s);
  detail::expects(c.fit.is_measured(), "estimate_decode: the constants must have been measured");
  const attention_kernel kernel = c.kernel;
  const std::int64_t group = s.num_heads / s.num_kv_heads * s.seq_len_q;
  const auto batch = static_cast<double>(s.batch);
  const double items = batch * static_cast<double>(s.num_kv_heads);
  const double outputs =
      batch * static_cast<double>(s.num_heads) * static_cast<double>(s.seq_len_q);
  const auto dim = static_cast<double>(s.head_dim);
  const auto length = static_cast<double>(s.seq_len_kv);
  const double keys = set.density < 1 ? detail::ceil(length * set.density) : length;
  const auto columns = static_cast<double>(decode_cols(kernel, s.head_dim));
  const double tiles = detail::ceil(keys / columns);
  const auto rows = static_cast<double>(decode_rows(kernel, group));
  const double parts = decode_splits(kernel, items, group, keys, tiles, d.sm_count);

  // Divisors that only the device and the constants decide are turned into factors: they wait for nothing.
  const double per_sm = 1.0 / d.sm_count;
  const double per_byte = 1.0 / d.bytes_us;
  const double cache = 2.0 * items * keys * dim * set.kv_bytes;
  const double ends = 4.0 * outputs * dim;
  double fill = cache * (1.0 / (c.l2_share * d.l2_bytes));
  fill = detail::pow16(fill < 1e6 ? fill : 1e6);
  const double miss = set.residency == l2_residency::cold ? 1.0 : fill / (1.0 + fill);
  const double memory = (cache + ends) * (miss + (1.0 - miss) * (1.0 / c.l2_speedup)) *
                        (1.0 / c.memory_share) * per_byte;

  const bool fp8_products =
      set.width == attention_width::bits8 && kernel != attention_kernel::flashinfer;
  const double rate = fp8_products ? 0.5 : 1.0;
  double waves = items * parts * per_sm;
  waves = waves > 1 ? waves : 1;
  const double deepest = parts > 1 ? detail::ceil(tiles / parts) : tiles;
  const double tile_us =
      rows * columns * 4.0 * dim * rate * c.matmul / (d.flop_per_clock_sm * d.clock_mhz);
  const double products = waves * deepest * tile_us;
  const double growth = item_growth(kernel, set.width);
  const double item_us = c.item_us * (1.0 + growth * (dim * (1.0 / 128) - 1.0));
  const double compute = (waves - 1.0) * item_us + products;

  kernel_estimate e;
  const bool swaps =
      kernel == attention_kernel::fa2 && group > 1 && s.num_kv_heads > 1 && s.batch > 1;
  // parts leave their outputs in FP32 in L2, where the second kernel finds them
  const double partial = 8.0 * outputs * parts * dim * per_byte / (c.memory_share * c.l2_speedup);
  const double joining = parts > 1 ? c.combine_us + c.split_us * parts + partial : 0.0;
  const double heads = paid_heads(kernel, group, waves) * c.head_us;
  const double fixed = c.fixed_us + joining + heads + (swaps ? c.swap_us : 0.0);
  e.time_us = fixed + detail::hypotenuse(memory, compute);
  e.flops = 4.0 * outputs * keys * dim;
  e.dram_bytes = miss * (cache + ends);
  e.l2_bytes = (1.0 - miss) * (cache + ends);
  const error_band* band = &c.fit.compute;
  if (2 * fixed > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  } else if (memory >= compute) {
    band = &c.fit.memory;
    e.bottleneck = miss > 0.5 ? bottleneck::memory : bottleneck::l2;
  } else {
    e.bottleneck = 2 * products > compute ? bottleneck::matrix : bottleneck::launch;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const double flop_bound = e.flops * rate * (1.0 / d.dense16_flop_us);
  const double byte_bound = (cache + ends) * per_byte;
  e.achieved = (flop_bound > byte_bound ? flop_bound : byte_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

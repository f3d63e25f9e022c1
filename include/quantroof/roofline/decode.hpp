// SPDX-License-Identifier: Apache-2.0
//
// How long attention of one new token per sequence over its KV cache takes. One work item per sequence and KV head reads whole tiles of
// keys and values; where there are too few items the keys are divided among CTAs, whose parts a second kernel joins.
//
//   time = fixed + sqrt(memory^2 + compute^2) + joining
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
      double parts = detail::floor(sm_count / items);
      const double most = detail::floor(seq_len_kv * (1.0 / 512));
      parts = parts < most ? parts : most;
      return parts < 1 ? 1 : parts;
    }
    case attention_kernel::flashinfer: {
      double parts = detail::floor(2.0 * sm_count / items);
      parts = parts < tiles ? parts : tiles;
      return parts < 1 ? 1 : parts;
    }
  }
  return 1;
}

/// How long one decode call takes, with the interval that holds 80 % of measurements and the reason.
///
/// shapes    q, o [batch, num_heads, 1, head_dim]   k, v [batch, num_kv_heads, seq_len_kv, head_dim]
/// units     microseconds, bytes
/// formula   memory = (K, V, q, o) * (miss + hit / l2_speedup) / (share * bandwidth); a cache that a benchmark reads again and again stays
///           in L2 when it fits. compute = (items beyond the first on an SM) * item + tiles * padded rows * columns * 4 d / R
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
  const double items = static_cast<double>(s.batch) * static_cast<double>(s.num_kv_heads);
  const auto dim = static_cast<double>(s.head_dim);
  const double keys = detail::ceil(static_cast<double>(s.seq_len_kv) * set.density);
  const auto columns = static_cast<double>(decode_cols(kernel, s.head_dim));
  const double tiles = detail::ceil(keys / columns);
  const auto rows = static_cast<double>(decode_rows(kernel, group));
  const double parts = decode_splits(kernel, items, group, keys, tiles, d.sm_count);

  const double cache = 2.0 * items * keys * dim * set.kv_bytes;
  const double ends = 4.0 * static_cast<double>(s.batch) * static_cast<double>(s.num_heads) *
                      static_cast<double>(s.seq_len_q) * dim;
  const double miss = 1.0 / (1.0 + detail::pow4(detail::pow4(c.l2_share * d.l2_bytes / cache)));
  const double memory =
      (cache + ends) * (miss + (1.0 - miss) / c.l2_speedup) / (c.memory_share * d.bytes_us);

  const bool fp8_products =
      set.width == attention_width::bits8 && kernel != attention_kernel::flashinfer;
  const double rate = d.flop_per_clock_sm * (fp8_products ? 2.0 : 1.0);
  double waves = items * parts / d.sm_count;
  waves = waves > 1 ? waves : 1;
  const double products = waves * detail::ceil(tiles / parts) * rows * columns * 4.0 * dim / rate *
                          c.matmul / d.clock_mhz;
  const double compute = (waves - 1.0) * c.item_us + products;

  kernel_estimate e;
  const bool swaps =
      kernel == attention_kernel::fa2 && group > 1 && s.num_kv_heads > 1 && s.batch > 1;
  const double joining = parts > 1 ? c.combine_us + c.split_us * parts : 0.0;
  const double fixed = c.fixed_us + joining + (swaps ? c.swap_us : 0.0);
  e.time_us = fixed + detail::hypotenuse(memory, compute);
  e.flops = 4.0 * static_cast<double>(s.batch) * static_cast<double>(s.num_heads) *
            static_cast<double>(s.seq_len_q) * keys * dim;
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
  const double flop_bound = e.flops / (d.dense16_flop_us * (fp8_products ? 2.0 : 1.0));
  const double byte_bound = (cache + ends) / d.bytes_us;
  e.achieved = (flop_bound > byte_bound ? flop_bound : byte_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

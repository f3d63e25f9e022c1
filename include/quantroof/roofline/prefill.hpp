// SPDX-License-Identifier: Apache-2.0
//
// How long attention over whole prompts takes, one FlashAttention release after the other, each as the algorithm it is:
//
//   FA1   walks over columns of keys outside, rows inside: its FP32 output accumulator travels to memory and back for each column
//   FA2   walks over rows outside: the accumulator stays on chip; parallel over rows too
//   FA3   overlaps softmax of one tile with the products of the next on Hopper, in part
//   FA4   (and TensorRT-LLM, cuDNN) on data-centre Blackwell: products and exponentials in different warps, which overlap as sqrt(m^2 + e^2)
//
//   time = fixed + write K and V + max(blocks of rows in waves over the SMs, DRAM)
//
// Sources: arXiv:2205.14135, 2307.08691, 2407.08608, 2603.05451; measured serving kernels of aiconfigurator; constants and their errors in
// hardware/calibration_data.hpp. Not here: backward passes but for their published totals, dropout, ALiBi.
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

/// A serving engine's call writes K and V into the cache and launches several kernels; a kernel alone is what papers time.
enum class attention_call : std::uint8_t { serving, kernel_only };

/// Forward, or forward and backward as papers add them up (3.5 x the products).
enum class attention_pass : std::uint8_t { forward, forward_backward };

/// Whether softmax runs beside the products of another tile (FA3's warp specialization and pipelining) or after them.
enum class softmax_overlap : std::uint8_t { as_released, none };

/// Bytes and rates of one kind of attention call.
struct prefill_setting {
  attention_width width =
      attention_width::bits16;  // of the products: bits8 multiplies at twice the rate
  double query_bytes = 2;       // per element
  double kv_bytes = 2;          // per element of the cache
  std::int64_t value_dim = 0;   // head_dim of V; 0: as K's (MLA: 128 beside 192)
  double density = 1;           // share of blocks computed (block-sparse attention)
  attention_call call = attention_call::serving;
  attention_pass pass = attention_pass::forward;
  softmax_overlap overlap = softmax_overlap::as_released;
  double shared_memory_kb = 164;  // decides FA2's tiles

  friend constexpr bool operator==(const prefill_setting&, const prefill_setting&) = default;
};

namespace detail {

/// Tiles that all blocks of rows of one head compute together, and those of the longest block.
struct tile_count {
  double sum = 0;
  double longest = 0;
};
/// `group` query heads share keys and lie in the rows; causal: row r sees the keys up to r / group + (seq_kv - seq_q).
[[nodiscard]] constexpr tile_count count_tiles(const attention_shape& s, std::int64_t rows,
                                               std::int64_t group, const attention_tile& tile) {
  const std::int64_t blocks = ceil_div(rows, tile.rows);
  const std::int64_t columns = ceil_div(s.seq_len_kv, tile.cols);
  if (!s.causal) {
    return {static_cast<double>(blocks) * static_cast<double>(columns),
            static_cast<double>(columns)};
  }
  // block i in [1, blocks) ends at row i * tile.rows: ceil((ahead + i tile.rows) / (group tile.cols)) tiles; the last one sees all keys
  const std::int64_t step = group * tile.cols;
  const std::int64_t ahead = (s.seq_len_kv - s.seq_len_q) * group;
  const double before =
      blocks > 1 ? floor_sum(blocks - 1, step, tile.rows, ahead + tile.rows + step - 1) : 0.0;
  return {before + static_cast<double>(columns), static_cast<double>(columns)};
}

}  // namespace detail

/// How long one call over prompts takes, with the interval that holds 80 % of measurements and the reason.
///
/// shapes    q, o [batch, num_heads, seq_len_q, head_dim]   k, v [batch, num_kv_heads, seq_len_kv, head_dim]
/// units     microseconds, bytes
/// formula   cycles of a score: products 2 (d + d_v) / R, exponential softmax_fixed + softmax / E, added, or as a hypotenuse on Blackwell's
///           kernels; FA1 adds 8 d / columns bytes of accumulator at 8.6 bytes per clock and SM.
///           work = blocks * (tiles * tile + block_cycles) / SMs; time = max(longest block, work + tail * longest block)
/// requires  is_valid(s); c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   power: long calls on boards that throttle
/// source    as at the head of this file
[[nodiscard]] constexpr kernel_estimate estimate_prefill(const device_rates& d,
                                                         const prefill_constants& c,
                                                         const prefill_setting& set,
                                                         const attention_shape& s) {
  is_valid(s);
  detail::expects(c.fit.is_measured(), "estimate_prefill: the constants must have been measured");
  const attention_kernel kernel = c.kernel;
  const bool overlaps = kernel == attention_kernel::trtllm || kernel == attention_kernel::fa4 ||
                        kernel == attention_kernel::cudnn;
  const bool packs = set.call == attention_call::serving &&
                     (kernel == attention_kernel::fa3 || kernel == attention_kernel::flashinfer);
  const std::int64_t group = packs ? s.num_heads / s.num_kv_heads : 1;
  const std::int64_t rows = s.seq_len_q * group;
  const double heads =
      static_cast<double>(s.batch) * static_cast<double>(packs ? s.num_kv_heads : s.num_heads);
  const attention_tile tile =
      prefill_tile(kernel, s.head_dim, rows, s.causal, set.width, set.shared_memory_kb);
  const auto blocks = static_cast<double>(detail::ceil_div(rows, tile.rows));
  const auto columns = static_cast<double>(detail::ceil_div(s.seq_len_kv, tile.cols));
  const detail::tile_count tiles = detail::count_tiles(s, rows, group, tile);
  const double items = heads * blocks;

  // Cycles of one score.
  const auto dim = static_cast<double>(s.head_dim);
  const double value_dim = set.value_dim > 0 ? static_cast<double>(set.value_dim) : dim;
  const double rate = d.flop_per_clock_sm * (set.width == attention_width::bits8 ? 2.0 : 1.0);
  const bool both = set.pass == attention_pass::forward_backward;
  double products = c.matmul * 2.0 * (dim + value_dim) / rate * (both ? 3.5 : 1.0);
  products *= s.head_dim > 192 ? c.wide_head : 1.0;
  const bool alone = set.overlap == softmax_overlap::none;
  detail::expects(!alone || c.softmax_alone > 0,
                  "estimate_prefill: nobody measured this kernel without overlap");
  const double exponential = c.softmax_fixed + (alone ? c.softmax_alone : c.softmax) *
                                                   (both ? c.backward_softmax : 1.0) /
                                                   d.exp_per_clock_sm;
  const double score =
      overlaps ? detail::hypotenuse(products, exponential) : products + exponential;
  const double accumulator =
      kernel == attention_kernel::fa1
          ? c.accumulator_cycles * 8.0 * dim / static_cast<double>(tile.cols) * (both ? 3.5 : 1.0)
          : 0.0;
  const double tile_cycles =
      static_cast<double>(tile.rows) * static_cast<double>(tile.cols) * (score + accumulator);
  const double block_cycles = c.block_cycles * (both ? 3.5 : 1.0);

  // Parts of the keys, where one block of rows per CTA leaves SMs idle.
  double parts = 1;
  if (packs && kernel == attention_kernel::fa3 && columns > 4) {
    double most = columns < 128 ? columns : 128;
    most = most < d.sm_count ? most : d.sm_count;
    parts = detail::fullest_split(items, d.sm_count, most);
  } else if (packs && kernel == attention_kernel::flashinfer) {
    parts = detail::floor(2.0 * d.sm_count / items);
    const double most = detail::ceil(static_cast<double>(s.seq_len_kv) * (1.0 / 128));
    parts = parts < 1 ? 1 : (parts < most ? parts : most);
  }
  // FlashInfer's parts shorten the longest block but are not paid for as blocks of their own
  const double paid_parts = kernel == attention_kernel::flashinfer ? 1.0 : parts;
  const double longest = detail::ceil(columns / parts) * tile_cycles * set.density + block_cycles;
  double cycles = heads *
                  (tiles.sum * tile_cycles * set.density + blocks * paid_parts * block_cycles) /
                  d.sm_count;
  cycles += items * parts > d.sm_count ? c.tail * longest : 0.0;
  cycles = cycles > longest ? cycles : longest;
  double compute = cycles / d.clock_mhz;
  compute += parts > 1 ? c.merge_us * items : 0.0;

  // Bytes.
  const double tokens = static_cast<double>(s.batch) * static_cast<double>(s.seq_len_q);
  const double keys = static_cast<double>(s.batch) * static_cast<double>(s.seq_len_kv);
  const auto q_heads = static_cast<double>(s.num_heads);
  const auto kv_heads = static_cast<double>(s.num_kv_heads);
  const double read = tokens * q_heads * (dim * set.query_bytes + value_dim * 2.0) +
                      keys * kv_heads * (dim + value_dim) * set.kv_bytes;
  const bool quantizes_q = set.width == attention_width::bits8;
  const double written = set.call == attention_call::serving
                             ? tokens * (kv_heads * (dim + value_dim) * (2.0 + set.kv_bytes) +
                                         (quantizes_q ? 3.0 * q_heads * dim : 0.0))
                             : 0.0;
  const double miss = 1.0 / (1.0 + detail::pow4(c.l2_share * d.l2_bytes / (read + written)));
  const double slowness = (miss + (1.0 - miss) / c.l2_speedup) / d.bytes_us;
  double write = 0;
  double memory = 0;
  if (set.call == attention_call::serving) {
    double load = 1;
    if (c.token_heads_dim > 0 && kv_heads * dim < c.token_heads_dim) {
      load = kv_heads * dim / c.token_heads_dim;
    }
    write = written / c.write_share * slowness + c.token_us * tokens * load;
    memory = read / c.memory_share * slowness;
  }

  kernel_estimate e;
  e.time_us = c.fixed_us + write + (compute > memory ? compute : memory);
  const double attended =
      tokens * q_heads * static_cast<double>(s.seq_len_kv) * attended_share(s) * set.density;
  e.flops = attended * 2.0 * (dim + value_dim) * (both ? 3.5 : 1.0);
  e.dram_bytes = miss * (read + written);
  e.l2_bytes = (1.0 - miss) * (read + written);
  const error_band* band = &c.fit.compute;
  if (2 * (c.fixed_us + write) > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  } else if (memory >= compute) {
    band = &c.fit.memory;
    e.bottleneck = miss > 0.5 ? bottleneck::memory : bottleneck::l2;
  } else {
    e.bottleneck = exponential > products ? bottleneck::exponential : bottleneck::matrix;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const double flop_bound =
      e.flops / (d.dense16_flop_us * (set.width == attention_width::bits8 ? 2.0 : 1.0));
  const double byte_bound = read / d.bytes_us;
  e.achieved = (flop_bound > byte_bound ? flop_bound : byte_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

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
  std::int64_t latent_dim =
      0;               // numbers a token leaves in the cache; 0: K and V of all heads (MLA: 576)
  double density = 1;  // share of blocks computed (block-sparse attention)
  attention_call call = attention_call::serving;
  attention_pass pass = attention_pass::forward;
  softmax_overlap overlap = softmax_overlap::as_released;
  double shared_memory_kb = 164;  // decides FA2's tiles

  friend constexpr bool operator==(const prefill_setting&, const prefill_setting&) = default;
};

namespace detail {

/// How one head's scores are cut: blocks of rows, columns of tiles, and the tiles that all blocks compute together.
struct tile_count {
  double blocks = 0;
  double columns = 0;
  double sum = 0;
};
/// `group` query heads share keys and lie in the rows; causal: row r sees the keys up to r / group + (seq_kv - seq_q).
[[nodiscard]] constexpr tile_count count_tiles(const attention_shape& s, std::int64_t rows,
                                               std::int64_t group, const attention_tile& tile) {
  const std::int64_t blocks = ceil_div(rows, tile.rows);
  const auto columns = static_cast<double>(ceil_div(s.seq_len_kv, tile.cols));
  const auto all = static_cast<double>(blocks);
  if (!s.causal) {
    return {all, columns, all * columns};
  }
  // block i in [1, blocks) ends at row i * tile.rows: ceil((ahead + i tile.rows) / (group tile.cols)) tiles, one more than
  // floor((ahead + i tile.rows - 1) / ...); the last one sees all keys
  const std::int64_t step = group * tile.cols;
  const std::int64_t ahead = (s.seq_len_kv - s.seq_len_q) * group;
  const double more = floor_sum(blocks - 1, step, tile.rows, ahead + tile.rows - 1);
  return {all, columns, more + (all - 1.0) + columns};
}

/// Cycles of one score on one SM.
struct score_cycles {
  double products = 0;
  double exponential = 0;
  double all = 0;  // with FA1's accumulator
};
/// A call as long as this loses half of what power takes from the clock in longer ones.
inline constexpr double throttling_us = 1e4;

/// GeForce boards accumulate FP32 at half the rate of the same chip's workstation boards: 512 FLOP per clock and SM instead of 1024.
inline constexpr double half_rate_flop = 768;

/// formula   products 2 (d + d_v) / R, exponential softmax_fixed + softmax / E, added, or as a hypotenuse on Blackwell's kernels; FA1 adds
///           8 d / columns bytes of accumulator. mma.sync on GeForce: issuing products costs what it does on the full-rate board, and the
///           matrix units need at least 0.95 of their own time (FA2 reaches 173 of 165 TFLOPS on RTX 4090, whose clock exceeds its rating)
[[nodiscard]] constexpr score_cycles cycles_of_score(const device_rates& d,
                                                     const prefill_constants& c,
                                                     const prefill_setting& set, double dim,
                                                     double value_dim, double columns) {
  const double rate = d.flop_per_clock_sm * (set.width == attention_width::bits8 ? 2.0 : 1.0);
  const bool both = set.pass == attention_pass::forward_backward;
  const bool alone = set.overlap == softmax_overlap::none;
  expects(!alone || c.softmax_alone > 0,
          "estimate_prefill: nobody measured this kernel without overlap");
  const double passes = both ? 3.5 : 1.0;
  score_cycles cycles;
  cycles.products =
      c.matmul * (dim > 192 ? c.wide_head : 1.0) * passes * 2.0 * (dim + value_dim) / rate;
  cycles.exponential = c.softmax_fixed + (alone ? c.softmax_alone : c.softmax) *
                                             (both ? c.backward_softmax : 1.0) / d.exp_per_clock_sm;
  switch (c.kernel) {
    case attention_kernel::trtllm:
    case attention_kernel::fa4:
    case attention_kernel::cudnn:
      cycles.all = hypotenuse(cycles.products, cycles.exponential);
      break;
    case attention_kernel::fa1:
      cycles.all = cycles.products + cycles.exponential +
                   c.accumulator_cycles * 8.0 * dim * passes / columns;
      break;
    case attention_kernel::fa2:
    case attention_kernel::flashinfer:
      if (d.flop_per_clock_sm < half_rate_flop) {
        const double units = 0.95 * passes * 2.0 * (dim + value_dim) / rate;
        cycles.all = 0.5 * cycles.products + cycles.exponential;
        cycles.all = cycles.all > units ? cycles.all : units;
        break;
      }
      cycles.all = cycles.products + cycles.exponential;
      break;
    default:
      cycles.all = cycles.products + cycles.exponential;
  }
  return cycles;
}

/// Into how many parts a kernel divides the keys of a prompt where one CTA per block of rows leaves SMs idle.
[[nodiscard]] constexpr double prefill_splits(attention_kernel kernel, double items, double columns,
                                              std::int64_t seq_len_kv, double sm_count) {
  if (kernel == attention_kernel::fa3 && columns > 4) {
    double most = columns < 128 ? columns : 128;
    most = most < sm_count ? most : sm_count;
    return fullest_split(items, sm_count, most);
  }
  if (kernel == attention_kernel::flashinfer && 2.0 * sm_count >= 2.0 * items) {
    const double parts = floor(2.0 * sm_count / items);
    const double most = ceil(static_cast<double>(seq_len_kv) * (1.0 / 128));
    return parts < most ? parts : most;
  }
  return 1;
}

}  // namespace detail

/// How long one call over prompts takes, with the interval that holds 80 % of measurements and the reason.
///
/// shapes    q, o [batch, num_heads, seq_len_q, head_dim]   k, v [batch, num_kv_heads, seq_len_kv, head_dim]
/// units     microseconds, bytes
/// formula   tile = rows * columns * cycles_of_score;
///           work = blocks * (tiles * tile + block_cycles) / SMs; time = max(longest block, work + tail * longest block), without a mask in
///           whole waves of blocks; up to clock_loss longer in calls of many milliseconds
/// requires  is_valid(s); c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   the board's power limit beyond clock_loss: what it draws at other times
/// source    as at the head of this file
[[nodiscard]] constexpr kernel_estimate estimate_prefill(const device_rates& d,
                                                         const prefill_constants& c,
                                                         const prefill_setting& set,
                                                         const attention_shape& s) {
  is_valid(s);
  detail::expects(c.fit.is_measured(), "estimate_prefill: the constants must have been measured");
  const attention_kernel kernel = c.kernel;
  const bool serves = set.call == attention_call::serving;
  const bool packs =
      serves && (kernel == attention_kernel::fa3 || kernel == attention_kernel::flashinfer);
  const std::int64_t group = packs ? s.num_heads / s.num_kv_heads : 1;
  const std::int64_t rows = s.seq_len_q * group;
  const auto batch = static_cast<double>(s.batch);
  const auto q_heads = static_cast<double>(s.num_heads);
  const auto kv_heads = static_cast<double>(s.num_kv_heads);
  const double heads = batch * (packs ? kv_heads : q_heads);
  const attention_tile tile =
      serves && kernel == attention_kernel::fa2
          ? paged_tile(s.head_dim)
          : prefill_tile(kernel, s.head_dim, rows, s.causal, set.width, set.shared_memory_kb);
  const detail::tile_count tiles = detail::count_tiles(s, rows, group, tile);
  const double items = heads * tiles.blocks;
  const auto dim = static_cast<double>(s.head_dim);
  const double value_dim = set.value_dim > 0 ? static_cast<double>(set.value_dim) : dim;

  // Cycles.
  const auto columns = static_cast<double>(tile.cols);
  const detail::score_cycles score = detail::cycles_of_score(d, c, set, dim, value_dim, columns);
  const double tile_cycles = static_cast<double>(tile.rows) * columns * score.all * set.density;
  const double passes = set.pass == attention_pass::forward_backward ? 3.5 : 1.0;
  const double block_cycles = c.block_cycles * passes;
  const double parts =
      packs ? detail::prefill_splits(kernel, items, tiles.columns, s.seq_len_kv, d.sm_count) : 1.0;
  // FlashInfer's parts shorten the longest block but are not paid for as blocks of their own
  const double paid_parts = kernel == attention_kernel::flashinfer ? 1.0 : parts;
  const double longest =
      (parts > 1 ? detail::ceil(tiles.columns / parts) : tiles.columns) * tile_cycles +
      block_cycles;
  const double per_sm = 1.0 / d.sm_count;
  double cycles =
      heads * (tiles.sum * tile_cycles + tiles.blocks * paid_parts * block_cycles) * per_sm;
  const double waves = items * parts * per_sm;
  if (waves > 1) {
    cycles += (s.causal ? c.tail : detail::ceil(waves) - waves) * longest;
  }
  cycles = cycles > longest ? cycles : longest;
  double compute = cycles * (1.0 / d.clock_mhz);
  // power goes into products: exponentials throttle nothing
  compute += c.clock_loss * score.products * compute * compute /
             (score.all * (compute + detail::throttling_us));
  compute += parts > 1 ? c.merge_us * items : 0.0;

  // Bytes. Divisors that only the device and the constants decide are turned into factors: they wait for nothing.
  const double tokens = batch * static_cast<double>(s.seq_len_q);
  const double keys = batch * static_cast<double>(s.seq_len_kv);
  const double per_byte = 1.0 / d.bytes_us;
  const double read = tokens * q_heads * (dim * set.query_bytes + value_dim * 2.0) +
                      keys * kv_heads * (dim + value_dim) * set.kv_bytes;
  const bool quantizes_q = set.width == attention_width::bits8;
  const double heads_dim = kv_heads * (dim + value_dim);
  const bool is_latent = set.latent_dim > 0;
  const double cached = is_latent ? static_cast<double>(set.latent_dim) : heads_dim;
  // MLA quantizes the K and V that it expands as well
  const double narrowed = quantizes_q ? q_heads * dim + (is_latent ? heads_dim : 0.0) : 0.0;
  const double written =
      serves ? tokens * (cached * (2.0 + set.kv_bytes) + c.quantize_bytes * narrowed) : 0.0;
  const double all_bytes = detail::pow4(read + written);
  const double miss = all_bytes / (all_bytes + detail::pow4(c.l2_share * d.l2_bytes));
  double write = 0;
  double memory = 0;
  if (serves) {
    const double slowness = (miss + (1.0 - miss) * (1.0 / c.l2_speedup)) * per_byte;
    const double width = kv_heads * dim;
    const double load = width < c.token_heads_dim ? width / c.token_heads_dim : 1.0;
    write = written * (1.0 / c.write_share) * slowness + c.token_us * tokens * load;
    memory = read * (1.0 / c.memory_share) * slowness;
  }

  kernel_estimate e;
  e.time_us = c.fixed_us + write + (compute > memory ? compute : memory);
  e.flops = tokens * q_heads * static_cast<double>(s.seq_len_kv) * attended_share(s) * set.density *
            2.0 * (dim + value_dim) * passes;
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
    e.bottleneck =
        score.exponential > score.products ? bottleneck::exponential : bottleneck::matrix;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const double flop_bound =
      e.flops * (set.width == attention_width::bits8 ? 0.5 : 1.0) * (1.0 / d.dense16_flop_us);
  const double byte_bound = read * per_byte;
  e.achieved = (flop_bound > byte_bound ? flop_bound : byte_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

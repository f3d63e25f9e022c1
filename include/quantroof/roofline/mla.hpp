// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention (DeepSeek): all heads share one latent of 512 numbers and 64 rotated ones per token.
//
//   decode    absorbed: scores over 576 numbers, values over 512; the cache is read once for all heads
//   prefill   unabsorbed: heads of 192 for Q and K, 128 for V (prefill.hpp with value_dim)
//
// Source: DeepSeek-V2, arXiv:2405.04434; FlashMLA README; measured kernels of aiconfigurator. Not here: sparse attention, the projections.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// Decode of `batch` sequences with `heads` heads on this device over `seq_len_kv` cached tokens.
struct mla_shape {
  std::int64_t batch = 1;
  std::int64_t heads = 0;
  std::int64_t seq_len_kv = 0;
  std::int64_t latent = 512;  // kv_lora_rank
  std::int64_t rotated = 64;  // qk_rope_head_dim; 0: keys are values

  friend constexpr bool operator==(const mla_shape&, const mla_shape&) = default;
};

/// Refuses a shape that cannot exist; returns true otherwise.
///
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const mla_shape& s) {
  const auto in = [](std::int64_t x, std::int64_t most) { return x > 0 && x <= most; };
  detail::expects(in(s.batch, 1 << 20) && in(s.heads, 1 << 16),
                  "mla_shape: batch must be in [1, 2^20], heads in [1, 2^16]");
  detail::expects(in(s.seq_len_kv, std::int64_t{1} << 31),
                  "mla_shape: seq_len_kv must be in [1, 2^31]");
  detail::expects(in(s.latent, 1 << 16) && in(s.rotated + 1, 1 << 16),
                  "mla_shape: latent must be in [1, 2^16], rotated in [0, 2^16)");
  return true;
}

/// Query rows of one work item: a sequence's heads in tiles.
inline constexpr std::int64_t mla_rows = 64;

/// How long one decode call takes, with the interval that holds 80 % of measurements and the reason.
///
/// units     microseconds, bytes
/// formula   items = batch * tiles of 64 heads; where a kernel divides the keys, into SMs / items parts of at least part_keys.
///           memory = batch L (latent + rotated) bytes / (share * bandwidth), faster from L2; compute = (items beyond the first on an SM) * item +
///           products of an SM's items, 2 * 64 L (2 latent + rotated) / (share * R) each. Undivided keys: one CTA reads and multiplies in turn, both
///           times add up; else sqrt(memory^2 + compute^2) + joining
/// requires  is_valid(s); c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr kernel_estimate estimate_mla_decode(const device_rates& d,
                                                            const mla_constants& c,
                                                            attention_width width, double kv_bytes,
                                                            const mla_shape& s) {
  is_valid(s);
  detail::expects(c.fit.is_measured(),
                  "estimate_mla_decode: the constants must have been measured");
  const auto batch = static_cast<double>(s.batch);
  const auto length = static_cast<double>(s.seq_len_kv);
  const auto wide = static_cast<double>(2 * s.latent + s.rotated);
  const double items = batch * static_cast<double>(detail::ceil_div(s.heads, mla_rows));
  double parts = 1;
  if (c.part_keys > 0 && 2.0 * items <= d.sm_count) {
    parts = detail::floor(d.sm_count / items);
    const double most = detail::floor(length / c.part_keys);
    parts = parts < most ? parts : most;
    parts = parts < 1 ? 1 : parts;
  }
  double waves = items * parts / d.sm_count;
  waves = waves > 1 ? waves : 1;

  const double cache = batch * length * static_cast<double>(s.latent + s.rotated) * kv_bytes;
  const double kept = detail::pow4(c.l2_share * d.l2_bytes);
  const double missed = detail::pow4(cache);
  const double miss = missed / (missed + kept);
  const double memory =
      cache * (miss + (1.0 - miss) / c.l2_speedup) / (c.memory_share * d.bytes_us);
  const double narrow = width == attention_width::bits8 ? 0.5 : 1.0;
  const double token_us = 2.0 * static_cast<double>(mla_rows) * wide * narrow /
                          (c.matrix_share * d.flop_per_clock_sm * d.clock_mhz);
  const double compute = waves * (length / parts) * token_us + (waves - 1.0) * c.item_us;
  const double fixed = c.fixed_us + (parts > 1 ? c.split_us * parts : 0.0);

  kernel_estimate e;
  e.time_us = fixed + (c.part_keys == 0 ? memory + compute : detail::hypotenuse(memory, compute));
  e.flops = 2.0 * batch * static_cast<double>(s.heads) * length * wide;
  e.dram_bytes = miss * cache;
  e.l2_bytes = cache - e.dram_bytes;
  const error_band* band = &c.fit.compute;
  if (2 * fixed > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  } else if (memory >= compute) {
    band = &c.fit.memory;
    e.bottleneck = miss > 0.5 ? bottleneck::memory : bottleneck::l2;
  } else {
    e.bottleneck = bottleneck::matrix;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const double flop_bound = e.flops * narrow / d.dense16_flop_us;
  const double byte_bound = cache / d.bytes_us;
  e.achieved = (flop_bound > byte_bound ? flop_bound : byte_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

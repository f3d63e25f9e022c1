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
  std::int64_t rotated = 64;  // qk_rope_head_dim

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
  detail::expects(in(s.latent, 1 << 16) && in(s.rotated, 1 << 16),
                  "mla_shape: latent and rotated must be in [1, 2^16]");
  return true;
}

/// How long one decode call takes, with the interval that holds 80 % of measurements and the reason.
///
/// units     microseconds, bytes
/// formula   memory = batch L (latent + rotated) bytes / (share * bandwidth), faster from L2; products = 2 batch rows L (2 latent + rotated) /
///           (share * peak), rows: heads in tiles of 64; items beyond one a SM cost item_us each
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
  const double rows = static_cast<double>(detail::ceil_div(s.heads, std::int64_t{64}) * 64);
  const double cache = batch * length * static_cast<double>(s.latent + s.rotated) * kv_bytes;
  const double miss = 1.0 / (1.0 + detail::pow4(c.l2_share * d.l2_bytes / cache));
  const double memory =
      cache * (miss + (1.0 - miss) / c.l2_speedup) / (c.memory_share * d.bytes_us);
  const double rate = d.dense16_flop_us * (width == attention_width::bits8 ? 2.0 : 1.0);
  const double waves = batch / d.sm_count;
  const double products = 2.0 * batch * rows * length * wide / (c.matrix_share * rate);
  const double compute = products + (waves > 1 ? (waves - 1) * c.item_us : 0.0);

  kernel_estimate e;
  e.time_us = c.fixed_us + detail::hypotenuse(memory, compute);
  e.flops = 2.0 * batch * static_cast<double>(s.heads) * length * wide;
  e.dram_bytes = miss * cache;
  e.l2_bytes = cache - e.dram_bytes;
  const error_band* band = &c.fit.compute;
  if (2 * c.fixed_us > e.time_us) {
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
  const double flop_bound = e.flops / rate;
  const double byte_bound = cache / d.bytes_us;
  e.achieved = (flop_bound > byte_bound ? flop_bound : byte_bound) / e.time_us;
  return e;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Everything that measurements say about one device: the constants of each kernel family (kernel_constants.hpp).
//
// The constants themselves stand in measured_*.hpp, which examples/calibrate prints; which of them a device takes: calibration_lookup.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/hardware/kernel_constants.hpp"

namespace quantroof {

/// Everything measured on one device. Families that were not measured have fit.rows == 0.
struct device_calibration {
  short_string<32> device{};  // key of the hardware_spec that was measured
  architecture arch = architecture::other;
  short_string<16> date{};  // of the fit
  int sm_count = 0;         // of that device: boards that agree in SMs and clock are alike
  double clock_mhz = 0;
  std::array<gemm_constants, gemm_kernel_count> gemm{};
  std::array<prefill_constants, 2> prefill{};         // by attention_width of the products
  std::array<decode_constants, 2> decode{};           // by attention_width of the KV cache
  std::array<moe_constants, moe_kernel_count> moe{};  // by moe_kernel
  std::array<prefill_constants, 2> mla_prefill{};     // by attention_width of the cache
  std::array<mla_constants, 2> mla_decode{};          // by attention_width of the cache
  std::array<elementwise_constants, 1> elementwise{};
  std::array<collective_constants, 2> collectives{};  // by collective_library

  friend constexpr bool operator==(const device_calibration&, const device_calibration&) = default;
};

/// Refuses constants that cannot be meant; returns true otherwise.
///
/// requires  a device; in each measured family shares in (0, 1.2], positive times and rates, bands that contain 1 or are finite and ordered
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const device_calibration& c) {
  const auto good = [](double x) { return x >= 0 && detail::is_finite(x); };
  const auto is_share = [](double x) { return x > 0 && x <= 2.0; };
  const auto is_band = [](const error_band& b) {
    return b.lower > 0 && b.lower <= b.upper && detail::is_finite(b.upper);
  };
  detail::expects(!c.device.empty(), "device_calibration: device must not be empty");
  for (const gemm_constants& g : c.gemm) {
    if (!g.fit.is_measured()) {
      continue;
    }
    detail::expects(!g.tiles.empty(), "device_calibration: gemm needs at least one tile");
    for (const gemm_tile& t : g.tiles) {
      detail::expects(t.rows > 0 && t.rows <= 1024 && (t.rows & (t.rows - 1)) == 0 && t.cols > 0 &&
                          t.cols <= 1024 && (t.cols & (t.cols - 1)) == 0,
                      "device_calibration: gemm tiles must be powers of two up to 1024");
      detail::expects(
          t.rows_loaded > 0 && t.rows_loaded <= 1 && t.cols_loaded > 0 && t.cols_loaded <= 1,
          "device_calibration: the loaded share of a gemm tile must be in (0, 1]");
    }
    detail::expects(is_share(g.matrix_share) && is_share(g.memory_share) && good(g.soft_waves) &&
                        g.soft_waves <= 1 && good(g.clock_loss) && g.clock_loss < 1,
                    "device_calibration: gemm shares must be in (0, 2], soft_waves in [0, 1]");
    detail::expects(good(g.fixed_us) && g.feed_bytes_per_clock > 0 &&
                        detail::is_finite(g.feed_bytes_per_clock) && g.epilogue_gb_s > 0 &&
                        detail::is_finite(g.epilogue_gb_s) && g.l2_share > 0 &&
                        detail::is_finite(g.l2_share) && good(g.quantize_gelem_s) &&
                        good(g.quantize_row_us) && good(g.dequantize_us) && good(g.ragged),
                    "device_calibration: gemm times and rates must be finite and not negative");
    detail::expects(g.overlap_power == 2 || g.overlap_power == 4,
                    "device_calibration: gemm overlap_power must be 2 or 4");
    detail::expects(g.vector_rows >= 0 && good(g.vector_us) && good(g.vector_k_us) &&
                        good(g.vector_share) && good(g.vector_l2_share) &&
                        (g.vector_rows == 0 || is_share(g.vector_memory_share)),
                    "device_calibration: a gemm with vector_rows needs a vector_memory_share in "
                    "(0, 2], its other times and rates must be finite and not negative");
    for (const double x : g.correction) {
      detail::expects(x >= -1 && x <= 1, "device_calibration: gemm correction must be in [-1, 1]");
    }
    detail::expects(is_band(g.fit.overhead) && is_band(g.fit.memory) && is_band(g.fit.compute),
                    "device_calibration: gemm error bands must be positive and ordered");
  }
  const auto check_prefill = [&](const prefill_constants& p) {
    detail::expects(
        !p.fit.is_measured() ||
            (is_share(p.memory_share) && is_share(p.write_share) && good(p.fixed_us) &&
             p.matmul > 0 && detail::is_finite(p.matmul) && good(p.softmax) &&
             good(p.softmax_fixed) && p.wide_head > 0 && detail::is_finite(p.wide_head) &&
             good(p.block_cycles) && good(p.tail) && good(p.token_us) && p.l2_speedup >= 1 &&
             detail::is_finite(p.l2_speedup) && p.l2_share > 0 && detail::is_finite(p.l2_share) &&
             good(p.merge_us) && good(p.token_heads_dim) && good(p.quantize_bytes) &&
             good(p.clock_loss) && is_band(p.fit.overhead) && is_band(p.fit.memory) &&
             is_band(p.fit.compute)),
        "device_calibration: prefill constants must be finite, shares in (0, 2], l2_speedup at "
        "least 1");
  };
  for (std::size_t i = 0; i < 2; ++i) {
    check_prefill(c.prefill[i]);
    check_prefill(c.mla_prefill[i]);
  }
  const auto measured = [&](const fit_record& fit, bool sound, const char* rule) {
    detail::expects(!fit.is_measured() || (sound && is_band(fit.overhead) && is_band(fit.memory) &&
                                           is_band(fit.compute)),
                    rule);
  };
  for (const moe_constants& m : c.moe) {
    measured(m.fit,
             good(m.fixed_us) && is_share(m.matrix_share) && is_share(m.memory_share) &&
                 good(m.token_bytes) && m.skew >= 1 && detail::is_finite(m.skew) &&
                 m.distinct_skew > 0 && m.distinct_skew <= 1,
             "device_calibration: moe constants must be finite, shares in (0, 2]");
  }
  for (const mla_constants& m : c.mla_decode) {
    measured(m.fit,
             good(m.fixed_us) && is_share(m.matrix_share) && is_share(m.memory_share) &&
                 m.l2_speedup >= 1 && detail::is_finite(m.l2_speedup) && m.l2_share > 0 &&
                 detail::is_finite(m.l2_share) && good(m.item_us) && good(m.split_us) &&
                 good(m.part_keys),
             "device_calibration: mla constants must be finite, shares in (0, 2]");
  }
  for (const elementwise_constants& x : c.elementwise) {
    measured(x.fit,
             good(x.fixed_us) && x.gelem_s > 0 && detail::is_finite(x.gelem_s) &&
                 is_share(x.memory_share),
             "device_calibration: elementwise constants must be positive and finite");
  }
  for (const collective_constants& x : c.collectives) {
    measured(x.fit,
             good(x.latency_us) && good(x.latency_per_device_us) && x.bandwidth_gb_s > 0 &&
                 detail::is_finite(x.bandwidth_gb_s) && x.growth > -4 && x.growth < 4 &&
                 good(x.ramp_us),
             "device_calibration: collective constants must be finite and not negative");
  }
  for (const decode_constants& d : c.decode) {
    detail::expects(
        !d.fit.is_measured() ||
            (is_share(d.memory_share) && good(d.fixed_us) && d.l2_speedup >= 1 &&
             detail::is_finite(d.l2_speedup) && d.l2_share > 0 && detail::is_finite(d.l2_share) &&
             good(d.item_us) && good(d.matmul) && good(d.combine_us) && good(d.split_us) &&
             good(d.swap_us) && good(d.head_us) && is_band(d.fit.overhead) &&
             is_band(d.fit.memory) && is_band(d.fit.compute)),
        "device_calibration: decode constants must be finite, shares in (0, 2], l2_speedup at "
        "least 1");
  }
  return true;
}

}  // namespace quantroof

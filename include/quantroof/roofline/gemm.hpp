// SPDX-License-Identifier: Apache-2.0
//
// A linear layer y[m, n] = x[m, k] * W[n, k]^T with weight and activation in precisions of their own: how much work it is, and how long a
// real kernel takes. In short (estimate_gemm has all of it):
//
//   tiles of a x b outputs run in waves over the SMs, each as fast as the matrix units or its operand feed allow; DRAM works at the same
//   time; a launch comes before, quantizing the activations too where that is a pass of its own
//
//   time = fixed + sqrt(tiles^2 + memory^2) + quantize
//
// Sources: measured kernels of aiconfigurator (TensorRT-LLM, cuBLAS); the constants and their errors are in hardware/calibration_data.hpp.
#pragma once

#include <bit>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// One linear layer call: m rows of activations, n outputs, k inputs.
struct gemm_shape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;

  friend constexpr bool operator==(const gemm_shape&, const gemm_shape&) = default;
};

/// Refuses a shape that cannot exist; returns true otherwise.
///
/// requires  m, n, k in [1, 2^31]
constexpr bool is_valid(const gemm_shape& g) {
  const auto in = [](std::int64_t x) { return x > 0 && x <= (std::int64_t{1} << 31); };
  detail::expects(in(g.m) && in(g.n) && in(g.k), "gemm_shape: m, n and k must be in [1, 2^31]");
  return true;
}

/// Multiplications and additions: 2 m n k.
[[nodiscard]] constexpr double gemm_flops(const gemm_shape& g) {
  is_valid(g);
  return 2.0 * static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k);
}

/// Work of one call with a given number of bytes per element.
///
/// units     bytes per element; flops; bytes
/// formula   m k activation + n k weight + m n output
/// requires  is_valid(g); byte counts positive
[[nodiscard]] constexpr work gemm_work(const gemm_shape& g, double weight_bytes,
                                       double activation_bytes, double output_bytes = 2.0) {
  detail::expects(weight_bytes > 0 && activation_bytes > 0 && output_bytes > 0,
                  "gemm_work: bytes per element must be positive");
  const auto m = static_cast<double>(g.m);
  const auto n = static_cast<double>(g.n);
  const auto k = static_cast<double>(g.k);
  return {.flops = gemm_flops(g),
          .bytes = m * k * activation_bytes + n * k * weight_bytes + m * n * output_bytes};
}

// ---- How long a real kernel takes ----------------------------------------------------------------------------------------------

/// Where a call finds its weights. In a step of a model every other weight has passed through L2 since the last use: they are cold. A
/// benchmark calls the same layer again and again with at most five copies of its weights, which a large L2 keeps.
enum class weight_residency : std::uint8_t { cold, benchmark_loop };

/// Whether the pass that quantizes activations belongs to the call or was fused into the kernel before it.
enum class activation_quantization : std::uint8_t { separate, fused };

/// Bytes and rates of one kind of GEMM on one device.
struct gemm_setting {
  double matrix_flop_us = 0;    // dense peak at the precision of the products, FLOP per microsecond
  double weight_bytes = 2;      // per element, scales included
  double activation_bytes = 2;  // per element, as the products read them
  double quantize_bytes = 0;    // per activation moved by the pass that quantizes them
  weight_residency residency = weight_residency::cold;
  activation_quantization quantization = activation_quantization::separate;

  friend constexpr bool operator==(const gemm_setting&, const gemm_setting&) = default;
};

namespace detail {

/// Time of the tiles, in microseconds: the fastest of the family's tile shapes, as an autotuner finds it.
[[nodiscard]] constexpr double tile_time(const device_rates& d, const gemm_constants& c,
                                         const gemm_setting& s, const gemm_shape& g,
                                         double flop_us_sm, double inverse_sms) {
  const auto n = static_cast<double>(g.n);
  const auto k = static_cast<double>(g.k);
  const double mn = static_cast<double>(g.m) * n;
  const double inverse_rate = 2.0 / flop_us_sm;
  const double inverse_feed = 1.0 / (c.feed_bytes_per_clock * d.clock_mhz);
  double best = 0;
  for (const gemm_tile& t : c.tiles) {
    const int rows_log2 = std::countr_zero(static_cast<unsigned>(t.rows));
    const int cols_log2 = std::countr_zero(static_cast<unsigned>(t.cols));
    const std::int64_t row_tiles = (g.m + t.rows - 1) >> rows_log2;
    const std::int64_t col_tiles = (g.n + t.cols - 1) >> cols_log2;
    const auto tiles = static_cast<double>(row_tiles) * static_cast<double>(col_tiles);
    const double rows = t.rows;
    const double cols = t.cols;
    const double products = rows * cols * inverse_rate;
    const double operands =
        (rows * t.rows_loaded * s.activation_bytes + cols * t.cols_loaded * s.weight_bytes) *
        inverse_feed;
    const double per_k =
        (products > operands ? products : operands) + c.dequantize_us * 1e-6 * cols;
    const double ragged =
        c.ragged > 0 ? c.ragged * static_cast<double>((row_tiles << rows_log2) - g.m) / rows : 0.0;
    const auto time = [&](double parts) {
      const double per_tile = per_k * k / parts;
      const double waves = tiles * parts * inverse_sms;
      double steps = 1.0;
      if (waves > 1.0) {
        const double whole = ceil(waves);
        steps = whole + c.soft_waves * (waves - whole);
      }
      return (steps + ragged) * per_tile;
    };
    double fastest = time(1.0);
    if (c.split == split_k::fills_device && 2 * tiles <= d.sm_count && k >= 512) {
      double parts = floor(d.sm_count / tiles);
      const double most = floor(k * (1.0 / 256));
      parts = parts < most ? parts : most;
      parts = parts < 16 ? parts : 16;
      // joining the parts: a fixed cost, and FP32 partial sums written and read
      const double split = time(parts) + 2.5 + 4.0 * parts * mn / d.bytes_us;
      fastest = split < fastest ? split : fastest;
    }
    best = best == 0 || fastest < best ? fastest : best;
  }
  return best;
}

/// Factor e^correction: bilinear in log2 m and log2 (n k), constant outside the grid.
[[nodiscard]] constexpr double gemm_correction(const std::array<double, 8>& table,
                                               const gemm_shape& g) {
  constexpr double per_nk = 1.0 / (correction_log2_nk[1] - correction_log2_nk[0]);
  constexpr std::array<double, 3> per_m{1.0 / (correction_log2_m[1] - correction_log2_m[0]),
                                        1.0 / (correction_log2_m[2] - correction_log2_m[1]),
                                        1.0 / (correction_log2_m[3] - correction_log2_m[2])};
  const double m = coarse_log2(static_cast<double>(g.m));
  const double nk = coarse_log2(static_cast<double>(g.n) * static_cast<double>(g.k));
  const auto unit = [](double x) { return x < 0 ? 0.0 : (x > 1 ? 1.0 : x); };
  const double y = unit((nk - correction_log2_nk[0]) * per_nk);
  const std::size_t i = m > correction_log2_m[2] ? 2U : (m > correction_log2_m[1] ? 1U : 0U);
  const double x = unit((m - correction_log2_m[i]) * per_m[i]);
  const double low = table[2 * i] + (table[2 * i + 2] - table[2 * i]) * x;
  const double high = table[2 * i + 1] + (table[2 * i + 3] - table[2 * i + 1]) * x;
  return small_exp(low + (high - low) * y);
}

}  // namespace detail

/// How long one call takes on a device, with the interval that holds 80 % of measurements and the reason.
///
/// units     microseconds, bytes
/// formula   T1 = min over tiles (a, b) and splits Q of k of  waves(tiles Q / SMs) * max(2 a b, operands / feed) * k / Q  [+ joining]
///                + output / epilogue rate
///           T2 = (weights and activations not in L2 + output) / (bandwidth * share)
///           Tq = m k / min(quantizer's rate, bandwidth), where activations are quantized apart
///           time = (fixed + sqrt(T1^2 + T2^2) + Tq) e^correction;  m <= 4 on kernels with a vector path: vector_us + T2
///           A matrix rate that falls by clock_loss in calls of several milliseconds (power)
/// requires  is_valid(g); c.fit.is_measured()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   which kernel a library picks beyond the tiles above; alignment of m, n, k
/// source    fitted by examples/calibrate
[[nodiscard]] constexpr kernel_estimate estimate_gemm(const device_rates& d,
                                                      const gemm_constants& c,
                                                      const gemm_setting& s, const gemm_shape& g) {
  is_valid(g);
  detail::expects(c.fit.is_measured() && !c.tiles.empty(),
                  "estimate_gemm: the constants must have been measured");
  const auto m = static_cast<double>(g.m);
  const auto n = static_cast<double>(g.n);
  const auto k = static_cast<double>(g.k);
  const double flops = 2.0 * m * n * k;
  const double weight = n * k * s.weight_bytes;
  const double input = m * k * s.activation_bytes;
  const double output = 2.0 * m * n;
  const double l2 = c.l2_share * d.l2_bytes;

  // What a loop over a few copies of the weights finds in L2; input and output stay there when they fit.
  double weight_miss = 1.0;
  if (s.residency == weight_residency::benchmark_loop) {
    double copies = detail::ceil(d.l2_bytes / weight);
    copies = copies > 5 ? 5 : copies;
    weight_miss = 1.0 - 1.0 / (1.0 + detail::pow16((copies * weight + input + output) / l2));
  }
  const double reached = detail::pow4(weight + input + output);
  const double other_miss = reached / (reached + detail::pow4(l2));
  const double dram = weight_miss * weight + other_miss * (input + output);
  const double bandwidth = c.memory_share * d.bytes_us;
  const double memory = dram / bandwidth;
  const double inverse_sms = 1.0 / d.sm_count;

  kernel_estimate e{.flops = flops, .dram_bytes = dram};
  double quantize = 0;
  double tiles = 0;
  if (c.vector_us > 0 && g.m <= 4) {
    e.time_us = c.vector_us + memory;
  } else {
    const double rate =
        c.matrix_share * (1.0 - c.clock_loss * flops / (flops + 600.0 * s.matrix_flop_us));
    tiles = detail::tile_time(d, c, s, g, rate * s.matrix_flop_us * inverse_sms, inverse_sms) +
            output * inverse_sms / (c.epilogue_gb_s * 1e3);
    if (c.quantize_gelem_s > 0 && s.quantization == activation_quantization::separate) {
      const double passed = detail::pow4(3.0 * m * k);
      const double missed = passed / (passed + detail::pow4(l2));
      const double units = m * k * inverse_sms / (c.quantize_gelem_s * 1e3);
      const double moved = missed * m * k * s.quantize_bytes / bandwidth;
      quantize = units > moved ? units : moved;
      const double rows = c.quantize_row_us * m;
      quantize = rows > quantize ? rows : quantize;
      e.dram_bytes += missed * m * k * s.quantize_bytes;
    }
    e.time_us = (c.fixed_us + detail::hypotenuse(tiles, memory) + quantize) *
                detail::gemm_correction(c.correction, g);
  }
  e.l2_bytes = weight + input + output - dram;

  const double fixed = (tiles > 0 ? c.fixed_us : c.vector_us) + quantize;
  const error_band* band = &c.fit.compute;
  const bool fed = tiles > memory;
  if (2 * fixed > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  } else if (!fed) {
    band = &c.fit.memory;
    e.bottleneck = weight_miss > 0.5 ? bottleneck::memory : bottleneck::l2;
  } else {
    // the tiles set the time: do their products, or their operands on the way from L2?
    e.bottleneck =
        2 * flops > tiles * c.matrix_share * s.matrix_flop_us ? bottleneck::matrix : bottleneck::l2;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const double bytes = weight + input + output;
  e.achieved = flops * d.bytes_us > bytes * s.matrix_flop_us
                   ? flops / (s.matrix_flop_us * e.time_us)
                   : bytes / (d.bytes_us * e.time_us);
  return e;
}

}  // namespace quantroof

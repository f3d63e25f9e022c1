// SPDX-License-Identifier: Apache-2.0
//
// A linear layer y[m, n] = x[m, k] * W[n, k]^T with weight and activation in precisions of their own: how much work it is, and how long a
// real kernel takes. In short (estimate_gemm has all of it):
//
//   tiles of a x b outputs run in waves over the SMs, each as fast as the matrix units or its operand feed allow; DRAM works at the same
//   time; a launch comes before, quantizing the activations too where that is a pass of its own
//
//   time = fixed + sqrt(tiles^2 + memory^2) + quantize     (powers 2 or 4)
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
  const auto over = [](std::int64_t x) { return static_cast<std::uint64_t>(x) - 1; };
  detail::expects((over(g.m) | over(g.n) | over(g.k)) >> 31U == 0,
                  "gemm_shape: m, n and k must be in [1, 2^31]");
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

/// Whether the pass that quantizes activations belongs to the call or was fused into the kernel before it.
enum class activation_quantization : std::uint8_t { separate, fused };

/// Bytes and rates of one kind of GEMM on one device.
struct gemm_setting {
  double matrix_flop_us = 0;    // dense peak at the precision of the products, FLOP per microsecond
  double weight_bytes = 2;      // per element, scales included
  double activation_bytes = 2;  // per element, as the products read them
  double quantize_bytes = 0;    // per activation moved by the pass that quantizes them
  l2_residency residency = l2_residency::cold;
  activation_quantization quantization = activation_quantization::separate;
  double fused_fixed_us = 0;  // fixed time that is left where an earlier kernel quantized; 0: all

  friend constexpr bool operator==(const gemm_setting&, const gemm_setting&) = default;
};

namespace detail {

/// What the tiles of a call cost on one SM: inverse rates, so that no tile shape divides.
struct tile_rates {
  double product_us = 0;  // of a multiplication and an addition
  double byte_us = 0;     // of an operand's byte on its way into the SM
  double inverse_sms = 0;
};

/// Time of the tiles, in microseconds: the fastest of the family's tile shapes, as an autotuner finds it.
[[nodiscard]] constexpr double tile_time(const device_rates& d, const gemm_constants& c,
                                         const gemm_setting& s, const gemm_shape& g,
                                         const tile_rates& r) {
  const auto k = static_cast<double>(g.k);
  const double activation_us = s.activation_bytes * r.byte_us;
  const double weight_us = s.weight_bytes * r.byte_us;
  const double dequantize_us = c.dequantize_us * 1e-6;
  const bool splits = c.split != split_k::never && g.k >= 512;
  const bool serial = c.split == split_k::serial;
  const double most_parts = serial ? 4 : 16;
  const double joining_us = serial ? 8 : 2.5;
  double best = 0;
  for (const gemm_tile& t : c.tiles) {
    const int rows_log2 = std::countr_zero(static_cast<unsigned>(t.rows));
    const int cols_log2 = std::countr_zero(static_cast<unsigned>(t.cols));
    const std::int64_t row_tiles = (g.m + t.rows - 1) >> rows_log2;
    const std::int64_t col_tiles = (g.n + t.cols - 1) >> cols_log2;
    const auto tiles = static_cast<double>(row_tiles * col_tiles);
    const double rows = t.rows;
    const double cols = t.cols;
    const double products = rows * cols * r.product_us;
    const double operands = rows * t.rows_loaded * activation_us + cols * t.cols_loaded * weight_us;
    const double tile = k * ((products > operands ? products : operands) + dequantize_us * cols);
    const double ragged =
        c.ragged > 0 ? c.ragged * static_cast<double>((row_tiles << rows_log2) - g.m) / rows : 0.0;
    const auto steps = [&](double waves) {
      const double whole = ceil(waves);
      const double softened = whole + c.soft_waves * (waves - whole);
      return (waves > 1.0 ? softened : 1.0) + ragged;
    };
    const double waves = tiles * r.inverse_sms;
    double fastest = steps(waves) * tile;
    if (splits && 2 * tiles <= d.sm_count) {
      double parts = floor(d.sm_count / tiles);
      const double most = floor(k * (1.0 / 256));
      parts = parts < most ? parts : most;
      parts = parts < most_parts ? parts : most_parts;
      // joining the parts: a fixed cost, and FP32 partial sums written and read
      const double sums = 4.0 * parts * static_cast<double>(g.m) * static_cast<double>(g.n);
      const double split = steps(waves * parts) * tile / parts + joining_us + sums / d.bytes_us;
      fastest = split < fastest ? split : fastest;
    }
    best = best == 0 || fastest < best ? fastest : best;
  }
  return best;
}

/// Time of two parts that overlap: (a^power + b^power)^(1/power), power 2 or 4.
[[nodiscard]] constexpr double overlapped(double a, double b, int power) {
  return power == 4 ? root(root(pow4(a) + pow4(b))) : hypotenuse(a, b);
}

/// How much of the weights a loop over a few copies of them reads from DRAM: all but what L2 kept since the last call.
///
/// formula   up to five copies, as many as fill L2, pass between two calls, with input and output: below the usable L2 they stay, above it
///           the oldest is always the next (LRU). Calls on vector units fill it less well, but keep some of a weight that is alone in the loop
[[nodiscard]] constexpr double loop_miss(const device_rates& d, const gemm_constants& c,
                                         bool on_vector_units, double weight, double other) {
  double copies = ceil(d.l2_bytes / weight);
  copies = copies > 5 ? 5 : copies;
  const bool keeps = on_vector_units && c.vector_l2_share > 0;
  const double usable = (keeps ? 0.9 : 1.0) * c.l2_share * d.l2_bytes;
  const double fill = (copies * weight + other) / usable;
  const double step = pow16(fill < 1e9 ? fill : 1e9);
  const double hit = 1.0 / (1.0 + step * step);
  const double kept = keeps ? c.vector_l2_share * d.l2_bytes / (copies * copies * weight) : 0.0;
  return 1.0 - (hit > kept ? hit : (kept < 1 ? kept : 1.0));
}

/// The parts of a call without matrix units, in microseconds; they overlap.
struct vector_parts {
  double memory = 0;
  double products = 0;
  double along_k = 0;  // one CTA's way

  [[nodiscard]] constexpr double time() const {
    return root(root(pow4(memory) + pow4(products) + pow4(along_k)));
  }
};

[[nodiscard]] constexpr vector_parts vector_parts_of(const device_rates& d, const gemm_constants& c,
                                                     double flops, double k, double dram) {
  return {.memory = dram / (c.vector_memory_share * d.bytes_us),
          .products = c.vector_share > 0 ? flops / (c.vector_share * d.vector_flop_us) : 0.0,
          .along_k = 1e-3 * c.vector_k_us * k};
}

/// Factor 1 + correction: bilinear in log2 m and log2 (n k), constant outside the grid.
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
  return 1.0 + low + (high - low) * y;
}

}  // namespace detail

/// How long one call takes on a device, with the interval that holds 80 % of measurements and the reason.
///
/// units     microseconds, bytes
/// formula   T1 = min over tiles (a, b) and splits Q of k of  waves(tiles Q / SMs) * max(2 a b, operands / feed) * k / Q  [+ joining]
///                + output / epilogue rate
///           T2 = (weights and activations not in L2 + output) / (bandwidth * share)
///           Tq = m k / min(quantizer's rate, bandwidth), where activations are quantized apart
///           time = (fixed + (T1^p + T2^p)^(1/p) + Tq) (1 + correction), p = overlap_power
///           m <= vector_rows: a kernel without matrix units, vector_us + (T2^4 + (m n k / rate)^4 + (k * vector_k_us)^4)^(1/4)
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
  const double bytes = weight + input + output;
  const double full_l2 = detail::pow4(c.l2_share * d.l2_bytes);
  const bool on_vector_units = g.m <= c.vector_rows;

  // A step of a model has read every other weight since the last use; input and output stay in L2 when they fit.
  const double weight_miss = s.residency == l2_residency::cold
                                 ? 1.0
                                 : detail::loop_miss(d, c, on_vector_units, weight, input + output);
  const double reached = detail::pow4(bytes);
  const double dram = weight_miss * weight + reached / (reached + full_l2) * (input + output);
  const double inverse_sms = 1.0 / d.sm_count;
  const double inverse_bandwidth = 1.0 / (c.memory_share * d.bytes_us);

  kernel_estimate e{.flops = flops, .dram_bytes = dram};
  double memory = dram * inverse_bandwidth;
  double tiles = 0;  // what the SMs take
  double quantize = 0;
  double fixed = c.fixed_us;
  bool along_k = false;  // one CTA's way along k, a latency, is longer than its arithmetic
  if (on_vector_units) {
    const detail::vector_parts parts = detail::vector_parts_of(d, c, flops, k, dram);
    memory = parts.memory;
    along_k = parts.along_k > parts.products;
    tiles = along_k ? parts.along_k : parts.products;
    fixed = c.vector_us;
    e.time_us = fixed + parts.time();
  } else {
    // the matrix rate: matrix_share * (1 - clock_loss * flops / (flops + 600 us of peak))
    const double long_call = flops + 600.0 * s.matrix_flop_us;
    const double rate = c.matrix_share * s.matrix_flop_us * (long_call - c.clock_loss * flops);
    const detail::tile_rates rates{.product_us = 2.0 * d.sm_count * long_call / rate,
                                   .byte_us = 1.0 / (c.feed_bytes_per_clock * d.clock_mhz),
                                   .inverse_sms = inverse_sms};
    tiles = detail::tile_time(d, c, s, g, rates) + output * inverse_sms / (c.epilogue_gb_s * 1e3);
    if (c.quantize_gelem_s > 0 && s.quantization == activation_quantization::separate) {
      const double passed = detail::pow4(3.0 * m * k);
      const double moved = passed / (passed + full_l2) * m * k * s.quantize_bytes;
      const double units = m * k * inverse_sms / (c.quantize_gelem_s * 1e3);
      const double transfer = moved * inverse_bandwidth;
      quantize = units > transfer ? units : transfer;
      const double rows = c.quantize_row_us * m;
      quantize = rows > quantize ? rows : quantize;
      e.dram_bytes += moved;
    }
    e.time_us = (fixed + detail::overlapped(tiles, memory, c.overlap_power) + quantize) *
                detail::gemm_correction(c.correction, g);
  }
  e.l2_bytes = bytes - dram;

  const error_band* band = &c.fit.compute;
  if (2 * (fixed + quantize) > e.time_us) {
    band = &c.fit.overhead;
    e.bottleneck = bottleneck::launch;
  } else if (tiles <= memory) {
    band = &c.fit.memory;
    e.bottleneck = weight_miss > 0.5 ? bottleneck::memory : bottleneck::l2;
  } else if (on_vector_units) {
    e.bottleneck = along_k ? bottleneck::launch : bottleneck::compute;
  } else {
    // the tiles set the time: do their products, or their operands on the way from L2?
    e.bottleneck =
        2 * flops > tiles * c.matrix_share * s.matrix_flop_us ? bottleneck::matrix : bottleneck::l2;
  }
  const double saved = fixed - s.fused_fixed_us;
  if (s.fused_fixed_us > 0 && saved > 0 && saved < e.time_us) {
    e.time_us -= saved;
  }
  e.lower_us = e.time_us * band->lower;
  e.upper_us = e.time_us * band->upper;
  const bool computes = flops * d.bytes_us > bytes * s.matrix_flop_us;
  e.achieved =
      (computes ? flops : bytes) / ((computes ? s.matrix_flop_us : d.bytes_us) * e.time_us);
  return e;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Relative error of a format: ||x - q||^2 / ||x||^2 of what is stored in it, for weights, for activations and for the KV cache.
//
//   weights      Student's t with 8 degrees of freedom: trained matrices have tails a little heavier than a Gaussian's
//   activations  geometric mean of a heavy tail (t with 5) and of outlier channels (8 of 4096 at 30 times the rest, error of the rest):
//                what a real activation has lies between them. Floats do not care; integers lose by a factor 7 to 15
//   K, V         K has outlier channels as activations have, V has not
//
// Formats of 16 bits and more count as exact: checkpoints are published in them. Not here: what an error does to a model (quality.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Relative mean squared error of one format under four distributions.
struct format_error {
  precision format = precision::fp16;
  double gaussian = 0;
  double student_t8 = 0;
  double student_t5 = 0;
  double outlier_channels =
      0;  // of the channels that are no outliers, relative to their own energy

  friend constexpr bool operator==(const format_error&, const format_error&) = default;
};

namespace detail {

// measured: quantize() of this library, absmax scales, 256 x 4096 values a column (tests/unit/engine/quality_error_test.cpp repeats it). Formats
// with one scale per tensor saw 2^20 values. GGUF_Q4_K and GGUF_Q6_K, which need a search, are derived: Q4_1's error (6.1e-3) times the ratio
// of KL divergences to Q4_1's on Llama-3-8B, 0.0431 / 0.0717 and (0.00545 - 0.00136) / 0.0717 (llama.cpp examples/perplexity/README.md).
inline constexpr std::array format_errors{
    format_error{precision::fp8_e4m3, 7.02e-4, 7.01e-4, 7.03e-4, 7.05e-4},
    format_error{precision::fp8_e5m2, 2.77e-3, 2.78e-3, 2.77e-3, 2.79e-3},
    format_error{precision::fp8_e4m3fnuz, 6.99e-4, 7.03e-4, 7.00e-4, 7.06e-4},
    format_error{precision::fp8_e5m2fnuz, 2.77e-3, 2.78e-3, 2.77e-3, 2.79e-3},
    format_error{precision::fp8_e4m3_ieee, 6.99e-4, 7.03e-4, 7.00e-4, 7.06e-4},
    format_error{precision::fp8_e3m4, 1.75e-4, 1.77e-4, 1.93e-4, 1.07e-3},
    format_error{precision::fp8_e4m3_channel, 7.01e-4, 6.96e-4, 6.88e-4, 7.02e-4},
    format_error{precision::fp8_e4m3_block128, 6.98e-4, 6.97e-4, 6.98e-4, 7.01e-4},
    format_error{precision::fp8_e4m3_group128, 6.61e-4, 6.31e-4, 6.06e-4, 6.70e-4},
    format_error{precision::fp6_e2m3, 9.49e-4, 3.40e-3, 1.48e-2, 2.92e-1},
    format_error{precision::fp6_e3m2, 2.77e-3, 2.78e-3, 2.82e-3, 5.93e-3},
    format_error{precision::fp4_e2m1, 1.84e-2, 8.37e-2, 3.31e-1, 1.00},
    format_error{precision::mxfp8_e4m3, 8.58e-4, 9.23e-4, 9.87e-4, 8.54e-4},
    format_error{precision::mxfp8_e5m2, 2.91e-3, 2.95e-3, 3.00e-3, 2.91e-3},
    format_error{precision::mxfp6_e2m3, 8.04e-4, 8.53e-4, 9.29e-4, 3.28e-3},
    format_error{precision::mxfp6_e3m2, 2.91e-3, 2.95e-3, 3.00e-3, 2.92e-3},
    format_error{precision::mxfp4, 1.32e-2, 1.44e-2, 1.59e-2, 3.55e-2},
    format_error{precision::mxint8, 6.82e-5, 8.09e-5, 1.00e-4, 7.06e-4},
    format_error{precision::nvfp4, 9.06e-3, 8.69e-3, 8.55e-3, 1.93e-2},
    format_error{precision::nvfp4_kv, 9.06e-3, 8.69e-3, 8.55e-3, 1.93e-2},
    format_error{precision::int8, 1.30e-4, 7.44e-4, 3.30e-3, 6.53e-2},
    format_error{precision::int8_channel, 7.60e-5, 1.96e-4, 3.76e-4, 1.66e-2},
    format_error{precision::int8_g32, 2.86e-5, 3.74e-5, 4.57e-5, 3.22e-4},
    format_error{precision::int4, 4.28e-2, 2.40e-1, 6.45e-1, 1.00},
    format_error{precision::int4_channel, 2.50e-2, 6.47e-2, 1.19e-1, 9.81e-1},
    format_error{precision::int4_g128, 1.37e-2, 2.13e-2, 2.94e-2, 1.52e-1},
    format_error{precision::int4_g128_zp4, 1.01e-2, 1.41e-2, 1.77e-2, 8.37e-2},
    format_error{precision::int4_g128_zp16, 9.95e-3, 1.39e-2, 1.74e-2, 1.18e-1},
    format_error{precision::int4_g64, 1.16e-2, 1.64e-2, 2.13e-2, 8.01e-2},
    format_error{precision::int4_g32, 9.41e-3, 1.23e-2, 1.50e-2, 4.30e-2},
    format_error{precision::gguf_q8_0, 2.86e-5, 3.74e-5, 4.57e-5, 3.22e-4},
    format_error{precision::gguf_q4_0, 7.37e-3, 9.55e-3, 1.16e-2, 3.81e-2},
    format_error{precision::gguf_q4_k, 3.70e-3, 4.80e-3, 5.80e-3, 1.90e-2},
    format_error{precision::gguf_q6_k, 3.50e-4, 4.20e-4, 4.90e-4, 1.60e-3},
    format_error{precision::gguf_mxfp4, 1.32e-2, 1.44e-2, 1.59e-2, 3.55e-2},
    format_error{precision::gguf_nvfp4, 9.05e-3, 8.69e-3, 8.54e-3, 1.93e-2},
};

/// INT8 and INT4 with one scale per 128 values, as per_group and KV caches with a scale per token and head have it; measured as above.
inline constexpr format_error int8_group128{precision::int8, 4.18e-5, 6.50e-5, 8.99e-5, 1.25e-3};
inline constexpr format_error int4_group128{precision::int4, 1.37e-2, 2.13e-2, 2.94e-2, 1.52e-1};

/// The row of each precision in format_errors; -1 for those that count as exact.
[[nodiscard]] constexpr auto make_error_rows() {
  std::array<int, precision_count> rows{};
  for (int& row : rows) {
    row = -1;
  }
  for (std::size_t i = 0; i < format_errors.size(); ++i) {
    rows[static_cast<std::size_t>(format_errors[i].format)] = static_cast<int>(i);
  }
  return rows;
}
inline constexpr auto error_rows = make_error_rows();

[[nodiscard]] constexpr bool errors_are_complete() {
  for (const precision_format& f : precision_formats) {
    const bool exact = f.element_bits >= 16 || f.kind == element_kind::scale_only;
    if ((error_rows[static_cast<std::size_t>(f.id)] < 0) != exact) {
      return false;
    }
  }
  return true;
}
static_assert(errors_are_complete(), "format_errors: one row for every precision below 16 bits");

}  // namespace detail

/// The errors of a format as this library's codecs make them.
///
/// formula   formats with scales of their own have one row; INT8 and INT4 follow the granularity: per_token and per_channel are the row of
///           INT8_CHANNEL and INT4_CHANNEL, per_group that of 128 values
/// requires  p is a precision of values (not E8M0)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr format_error error_of(precision p,
                                              granularity g = granularity::per_tensor) {
  const element_kind kind = format_of(p).kind;
  detail::expects(kind != element_kind::scale_only, "error_of: E8M0 holds scales, not values");
  if ((p == precision::int8 || p == precision::int4) && g != granularity::per_tensor) {
    if (g == granularity::per_group) {
      return p == precision::int8 ? detail::int8_group128 : detail::int4_group128;
    }
    p = p == precision::int8 ? precision::int8_channel : precision::int4_channel;
  }
  const int row = detail::error_rows[static_cast<std::size_t>(p)];
  return row < 0 ? format_error{.format = p} : detail::format_errors[static_cast<std::size_t>(row)];
}

/// What is stored: it decides which distribution counts.
enum class tensor_role : std::uint8_t { weight, activation, key, value };

/// Relative mean squared error of a tensor stored in p.
///
/// formula   weight: t8; value: t5; activation and key: sqrt(t5 * outlier channels)
/// requires  as error_of
[[nodiscard]] constexpr double relative_mse(precision p, tensor_role role = tensor_role::weight,
                                            granularity g = granularity::per_tensor) {
  const format_error e = error_of(p, g);
  switch (role) {
    case tensor_role::weight:
      return e.student_t8;
    case tensor_role::value:
      return e.student_t5;
    default:
      return detail::root(e.student_t5 * e.outlier_channels);
  }
}

/// Relative error of Gaussian values in integers -most..most whose scale is the largest of `group` values.
///
/// formula   E[k^2] / (12 most^2) * (1 - 1 / group): k the largest magnitude of the group in standard deviations, E[k^2] the integral of
///           2 t (1 - F(t)^group) over 0 .. 9, F the distribution of |x|; the largest value itself is exact. Within 1 % of what codecs do
/// requires  most in [1, 2^15]; group in [2, 2^40]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr double uniform_mse(int most, std::int64_t group) {
  detail::expects(most >= 1 && most <= (1 << 15), "uniform_mse: most must be in [1, 2^15]");
  detail::expects(group >= 2 && group <= (std::int64_t{1} << 40),
                  "uniform_mse: group must be in [2, 2^40]");
  constexpr int steps = 128;
  constexpr double h = 9.0 / steps;
  constexpr double peak = 0.79788456080286536;  // sqrt(2 / pi), the density of |x| at 0
  const auto density = [](double t) {
    return peak * detail::exp2(detail::unfused(-0.5 * detail::log2_e * t * t));
  };
  const auto n = static_cast<double>(group);
  double below = 0;  // F at the left end of the step
  double square = 0;
  for (int i = 0; i < steps; ++i) {
    const double t = (i + 0.5) * h;
    const double f = below + 0.5 * h * density(t - 0.25 * h);
    square += 2 * t * h * (1 - (f < 1 ? detail::pow(f, n) : 1.0));
    below += h * density(t);
  }
  return square / (12.0 * most * most) * (1 - 1 / n);
}

/// Relative error of floating-point values with m mantissa bits, neither overflowing nor subnormal, whatever their distribution.
///
/// formula   2^(-2 m) / 22.3: half a step is uniform, the mean of 1 / x^2 over an octave weighted by x^2
/// source    derived; 7.0e-4 for E4M3, 2.8e-3 for E5M2
/// requires  mantissa_bits in [1, 52]
[[nodiscard]] constexpr double float_mse(int mantissa_bits) {
  detail::expects(mantissa_bits >= 1 && mantissa_bits <= 52,
                  "float_mse: mantissa_bits must be in [1, 52]");
  return detail::pow2(-2 * mantissa_bits) / 22.3;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Which scale maps a group of real values onto a small format, by each calibration of granularity.hpp.
//
//   scale = clip / element_max(precision); values beyond the clip saturate; x is stored as round(x / scale)
//
// absmax clips nothing; percentile clips the tail; mse_optimal searches the clip with the least squared round-trip error.
// NaN and Inf never enter a scale. Not here: formats that bring scales of their own per block (block_format.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_rounder.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/percentile.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// The scale that puts `clip` on the largest element of the format.
///
/// formula   clip / element_max(p), at least the smallest normal float, and such that scale * element_max(p) stays finite;
///           1 when clip is 0: a group without information is stored as it is
/// requires  clip finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float scale_for_clip(float clip, precision p) {
  detail::expects(clip >= 0.0F && clip <= std::numeric_limits<float>::max(),
                  "scale_for_clip: the clip must be finite and not negative");
  if (clip == 0.0F) {
    return 1.0F;
  }
  const float top = element_max(p);
  float scale = clip / top;
  if (scale < std::numeric_limits<float>::min()) {
    return std::numeric_limits<float>::min();
  }
  while (static_cast<double>(scale) * static_cast<double>(top) >
         static_cast<double>(std::numeric_limits<float>::max())) {
    scale = std::bit_cast<float>(std::bit_cast<std::uint32_t>(scale) -
                                 1U);  // the next float towards zero
  }
  return scale;
}

/// Sum of squared differences between the finite values and their round trip through p.
///
/// formula   sum over i of (round_trip(p, x_i, scale) - x_i)^2 in double, as eight interleaved partial sums; ends early once it passes
///           `give_up`
/// requires  scale positive and finite; elements of at most 16 bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr double round_trip_error(
    std::span<const float> values, precision p, float scale,
    double give_up = std::numeric_limits<double>::infinity()) {
  constexpr std::size_t lanes = 8;
  constexpr std::size_t chunk = 64;
  const element_rounder rounder{p, scale};
  std::array<float, chunk> original{};
  std::array<float, chunk> rounded{};
  std::array<double, lanes> sums{};
  double error = 0.0;
  for (std::size_t first = 0; first < values.size() && error <= give_up; first += chunk) {
    const std::size_t count = values.size() - first < chunk ? values.size() - first : chunk;
    const float* const x = values.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits =
          std::bit_cast<std::uint32_t>(x[i]);  // NaN and Inf count as 0, which has no error
      original[i] = std::bit_cast<float>(detail::magnitude_key(x[i]) < 0 ? 0U : bits);
    }
    rounder(std::span<const float>{original.data(), count},
            std::span<float>{rounded.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
      const double d = static_cast<double>(rounded[i]) - static_cast<double>(original[i]);
      sums[i % lanes] += d * d;
    }
    error =
        ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  }
  return error;
}

/// The scale that clips nothing: largest finite |x| on the largest element.
[[nodiscard]] constexpr float absmax_scale(std::span<const float> values, precision p) {
  return scale_for_clip(detail::finite_absmax(values), p);
}

/// The scale that clips |x| at its q-th percentile.
///
/// formula   scale_for_clip(abs_percentile(values, q)); absmax when that percentile is 0 (more than q % of exact zeros)
/// requires  0 < q <= 100
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float percentile_scale(std::span<const float> values, precision p,
                                               double q = 99.9) {
  detail::expects(q > 0.0 && q <= 100.0, "percentile_scale: q must be in (0, 100]");
  if (values.empty()) {
    return 1.0F;
  }
  const auto clip = static_cast<float>(abs_percentile(values, q));
  return clip > 0.0F ? scale_for_clip(clip, p) : absmax_scale(values, p);
}

namespace detail {

/// 2^(-1/8): eight steps of the clip search halve it.
inline constexpr double eighth_octave_down = 1.0 / sqrt(sqrt(sqrt(2.0)));

/// The best scale so far; replaced only by a strictly smaller error, so that ties keep the larger clip and absmax wins over equals.
struct scale_search {
  std::span<const float> values;
  precision p;
  float scale;
  double error;
  double clip;

  constexpr void consider(double candidate) {
    if (error == 0.0 || !(candidate > 0.0) ||
        candidate > static_cast<double>(std::numeric_limits<float>::max())) {
      return;
    }
    const float next = scale_for_clip(static_cast<float>(candidate), p);
    const double next_error = round_trip_error(values, p, next, error);
    if (next_error < error) {
      scale = next;
      error = next_error;
      clip = candidate;
    }
  }
};

}  // namespace detail

/// The scale with the least squared round-trip error among the clips searched; never worse than absmax.
///
/// formula   clips absmax * 2^(-i/8): i = 0 ... 56 (down to 1/128), for float elements also i = -1 ... -7 (a maximum that lands on a
///           lower code can sit better on a coarse grid, as NVFP4's "4 over 6" shows); then steps of 1/16, 1/32, 1/64 octave to
///           both sides of the best one
/// ignores   optima below absmax / 128 and between grid points narrower than 1/64 octave (1.1 %)
/// source    derived; grid searches of the same kind: llm-compressor's mse observer, NVIDIA ModelOpt
[[nodiscard]] constexpr float mse_optimal_scale(std::span<const float> values, precision p) {
  const float absmax = detail::finite_absmax(values);
  const float start = scale_for_clip(absmax, p);
  if (absmax == 0.0F) {
    return start;
  }
  detail::scale_search search{values, p, start, round_trip_error(values, p, start),
                              static_cast<double>(absmax)};
  double clip = static_cast<double>(absmax);
  for (int i = 1; i <= 56; ++i) {
    clip *= detail::eighth_octave_down;
    search.consider(clip);
  }
  clip = static_cast<double>(absmax);
  for (int i = 1; format_of(p).element && i <= 7; ++i) {
    clip /= detail::eighth_octave_down;
    search.consider(clip);
  }
  double step = detail::eighth_octave_down;
  for (int halving = 0; halving < 3; ++halving) {
    step = detail::sqrt(step);
    const double centre = search.clip;
    search.consider(centre * step);
    search.consider(centre / step);
  }
  return search.scale;
}

/// The scale of one group by the calibration asked for; `q` is read by calibration::percentile only.
///
/// requires  0 < q <= 100
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float choose_scale(calibration how, std::span<const float> values,
                                           precision p, double q = 99.9) {
  switch (how) {
    case calibration::absmax:
      return absmax_scale(values, p);
    case calibration::percentile:
      return percentile_scale(values, p, q);
    case calibration::mse_optimal:
      return mse_optimal_scale(values, p);
  }
  detail::expects(false, "choose_scale: the value is not a calibration");
  return 1.0F;
}

}  // namespace quantroof

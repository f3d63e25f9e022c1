// SPDX-License-Identifier: Apache-2.0
//
// Which scale maps a group of real values onto a small format, by each calibration of granularity.hpp.
//
//   absmax        clips nothing: largest finite |x| on the largest element (clip_scale.hpp)
//   percentile    clips the tail at an exact percentile of |x| (percentile.hpp)
//   mse_optimal   clips where the squared error of the round trip is least (mse_clip.hpp)
//   entropy       clips where the distribution of |x| is kept best (entropy_clip.hpp)
//
// A group is what shares a scale: a tensor, a token, a channel or a group along the row; the caller cuts them.
// NaN and Inf never enter a scale. Not here: formats that bring scales of their own per block (block_format.hpp).
#pragma once

#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/clip_scale.hpp"
#include "quantroof/precision/entropy_clip.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/mse_clip.hpp"
#include "quantroof/precision/percentile.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

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
    case calibration::entropy:
      return entropy_scale(values, p);
  }
  detail::expects(false, "choose_scale: the value is not a calibration");
  return 1.0F;
}

}  // namespace quantroof

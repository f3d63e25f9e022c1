// SPDX-License-Identifier: Apache-2.0
//
// The groups of an activation whose scales are averaged over calls, and activations without NaN and Inf. What dynamic_quantizer.hpp
// is made of.
//
// A group is the matrix or a column. Its range is scale * element_max, by the calibration asked for; a group of zeros has none. NaN
// and Inf never enter a range. Not here: memory of scales (scale_history.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_choice.hpp"

namespace quantroof::detail {

/// scale * element_max of one group; 0 when it holds nothing but zeros, NaN and Inf.
[[nodiscard]] constexpr double group_range(std::span<const float> group,
                                           const dynamic_quant_config& config, precision target) {
  if (absmax(group).value == 0.0F) {
    return 0.0;
  }
  const float scale = choose_scale(config.calibration_mode, group, target, config.percentile);
  return static_cast<double>(scale) * static_cast<double>(element_max(target));
}

/// The ranges of the groups whose scales are averaged: the matrix, or each column.
///
/// shapes    x [tokens, channels], not empty
/// requires  granularity per_tensor or per_channel
[[nodiscard]] constexpr std::vector<double> group_ranges(matrix_view<const float> x,
                                                         const dynamic_quant_config& config,
                                                         precision target) {
  constexpr std::size_t tile = 16;  // columns gathered in one pass over the rows
  std::vector<double> ranges;
  std::vector<float> storage;
  if (config.granularity == granularity::per_tensor) {
    ranges.push_back(group_range(contiguous(x, storage), config, target));
    return ranges;
  }
  expects(config.granularity == granularity::per_channel,
          "group_ranges: only scales per tensor and per channel are averaged");
  ranges.reserve(x.cols());
  storage.assign(tile * x.rows(), 0.0F);
  for (std::size_t first = 0; first < x.cols(); first += tile) {
    const std::size_t count = x.cols() - first < tile ? x.cols() - first : tile;
    for (std::size_t r = 0; r < x.rows(); ++r) {
      for (std::size_t c = 0; c < count; ++c) {
        storage[c * x.rows() + r] = x(r, first + c);
      }
    }
    for (std::size_t c = 0; c < count; ++c) {
      const std::span<const float> column{storage.data() + c * x.rows(), x.rows()};
      ranges.push_back(group_range(column, config, target));
    }
  }
  return ranges;
}

/// A matrix without NaN and Inf: NaN becomes 0, Inf the largest finite magnitude of its row, else of the matrix, else `otherwise`.
///
/// requires  absmax_of_x: the largest finite magnitude of x
[[nodiscard]] constexpr std::vector<float> without_specials(matrix_view<const float> x,
                                                            float absmax_of_x, float otherwise) {
  std::vector<float> clean;
  clean.reserve(x.rows() * x.cols());
  for (std::size_t r = 0; r < x.rows(); ++r) {
    const float range = absmax(x.row(r)).value;
    const float inf_as = range > 0.0F ? range : (absmax_of_x > 0.0F ? absmax_of_x : otherwise);
    for (const float v : x.row(r)) {
      const std::int32_t bits = magnitude_bits(v);
      const float special = bits > inf_bits ? 0.0F : (v > 0.0F ? inf_as : -inf_as);
      clean.push_back(bits < inf_bits ? v : special);
    }
  }
  return clean;
}

}  // namespace quantroof::detail

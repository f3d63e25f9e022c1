// SPDX-License-Identifier: Apache-2.0
//
// The groups of an activation that share a scale: their ranges, and their values rounded. What dynamic_quantizer.hpp is made of.
//
// A group is the matrix, a row or a column. Its range is scale * element_max, by the calibration asked for; a group of zeros has
// none. NaN and Inf never enter a range. Not here: memory of scales (scale_history.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_rounder.hpp"
#include "quantroof/precision/percentile.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_choice.hpp"

namespace quantroof::detail {

/// Finite values above the limit by more than two steps of float, which is what rounding the scale and the limit can amount to.
[[nodiscard]] constexpr std::int64_t count_clipped(std::span<const float> x, float limit) {
  const std::int32_t highest = magnitude_key(limit) + 2;
  const float* const data = x.data();
  std::int64_t count = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    count += magnitude_key(data[i]) > highest ? 1 : 0;
  }
  return count;
}

/// scale * element_max of one group; 0 when it holds nothing but zeros, NaN and Inf.
[[nodiscard]] constexpr double group_range(std::span<const float> group,
                                           const dynamic_quant_config& config, precision target) {
  if (finite_absmax(group) == 0.0F) {
    return 0.0;
  }
  const float scale = choose_scale(config.calibration_mode, group, target, config.percentile);
  return static_cast<double>(scale) * static_cast<double>(element_max(target));
}

/// The ranges of all groups: one, one per row or one per column.
///
/// shapes    x [tokens, channels], not empty
[[nodiscard]] constexpr std::vector<double> group_ranges(matrix_view<const float> x,
                                                         const dynamic_quant_config& config,
                                                         precision target) {
  constexpr std::size_t tile = 16;  // columns gathered in one pass over the rows
  std::vector<double> ranges;
  std::vector<float> storage;
  switch (config.granularity) {
    case granularity::per_tensor:
      ranges.push_back(group_range(contiguous(x, storage), config, target));
      break;
    case granularity::per_token:
      for (std::size_t r = 0; r < x.rows(); ++r) {
        ranges.push_back(group_range(x.row(r), config, target));
      }
      break;
    case granularity::per_channel:
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
      break;
    case granularity::per_group:
      expects(false, "group_ranges: per_group is not a granularity of the dynamic quantizer");
  }
  return ranges;
}

/// Rounds every value under the scale of its group; returns how many finite values were clipped.
///
/// requires  as many scales as groups; result as large as x
constexpr std::int64_t round_groups(matrix_view<const float> x, matrix_view<float> result,
                                    granularity groups, precision target,
                                    std::span<const float> scales) {
  const float top = element_max(target);
  std::int64_t clipped = 0;
  if (groups != granularity::per_channel) {
    for (std::size_t r = 0; r < x.rows(); ++r) {
      const float scale = scales[groups == granularity::per_token ? r : 0];
      element_rounder{target, scale}(x.row(r), result.row(r));
      clipped += count_clipped(x.row(r), product(scale, top));
    }
    return clipped;
  }
  std::vector<element_rounder> rounders;
  std::vector<std::int32_t> highest;  // as in count_clipped
  for (const float scale : scales) {
    rounders.emplace_back(target, scale);
    highest.push_back(magnitude_key(product(scale, top)) + 2);
  }
  for (std::size_t r = 0; r < x.rows(); ++r) {
    const std::span<const float> in = x.row(r);
    const std::span<float> out = result.row(r);
    for (std::size_t c = 0; c < in.size(); ++c) {
      out[c] = rounders[c](in[c]);
      clipped += magnitude_key(in[c]) > highest[c] ? 1 : 0;
    }
  }
  return clipped;
}

/// Rounds every row to a format with blocks of its own. A NaN or an Inf would make its whole block NaN: NaN is taken out and put
/// back, Inf becomes the largest finite magnitude of its row, else of the matrix, else element_max.
///
/// requires  can_hold_activations(target); stats are those of x; result as large as x
constexpr void round_blocks(matrix_view<const float> x, matrix_view<float> result, precision target,
                            const activation_stats& stats) {
  const auto absmax = static_cast<float>(stats.absmax);
  if (stats.nan_count == 0 && stats.inf_count == 0) {
    for (std::size_t r = 0; r < x.rows(); ++r) {
      round_trip_blocks(target, x.row(r), result.row(r), absmax);
    }
    return;
  }
  std::vector<float> clean(x.cols(), 0.0F);
  for (std::size_t r = 0; r < x.rows(); ++r) {
    const std::span<const float> row = x.row(r);
    const std::span<float> out = result.row(r);
    const float range = finite_absmax(row);
    const float saturated = range > 0.0F ? range : (absmax > 0.0F ? absmax : element_max(target));
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool finite = magnitude_key(row[c]) >= 0;
      const float inf_as = row[c] > 0.0F ? saturated : -saturated;
      clean[c] = finite ? row[c] : (is_nan(row[c]) ? 0.0F : inf_as);
    }
    round_trip_blocks(target, clean, out, absmax);
    for (std::size_t c = 0; c < row.size(); ++c) {
      out[c] = is_nan(row[c]) ? row[c] : out[c];
    }
  }
}

}  // namespace quantroof::detail

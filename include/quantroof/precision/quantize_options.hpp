// SPDX-License-Identifier: Apache-2.0
//
// How a tensor is quantized: which elements share a scale, how the scale is chosen, whose rules a block format follows.
//
// Formats read what applies to them: FP8_E4M3, INT8 and the like the granularity; formats with scales of their own (MX, NVFP4, groups,
// channels, GGUF) have it built in. Not here: the work (quantize.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof {

/// Options of quantize(); aggregate, written with designated initializers.
struct quantize_options {
  quantroof::granularity granularity = quantroof::granularity::per_tensor;
  std::size_t group_size = 128;  // elements along a row, read by per_group
  calibration calibration_mode = calibration::absmax;
  double percentile = 99.9;  // read by calibration::percentile
  quantroof::symmetry symmetry =
      quantroof::symmetry::symmetric;  // INT8, INT4 without blocks of their own
  quantroof::scaling scaling = quantroof::scaling::reciprocal;  // formats with FP32 or FP16 scales
  quantroof::rounding rounding =
      rounding::nearest_even;  // of the elements; scales are always rounded by their format's rule
  std::uint64_t seed = 0;      // read by rounding::stochastic
  mx_scale_rule mx_rule = mx_scale_rule::floor;
  nvfp4_rule nvfp4 = nvfp4_rule::transformer_engine;
  quantroof::four_over_six four_over_six = quantroof::four_over_six::off;  // NVFP4
  std::optional<float>
      tensor_absmax{};  // NVFP4: of the whole tensor, when x is a part of it or a calibrated value is wanted
  std::span<const float>
      scales{};  // given instead of chosen: one per tensor, row, column or group, row by row; not owned
};

/// Refuses options that make no sense in any format; returns true otherwise.
///
/// requires  percentile in (0, 100]; group_size > 0 where per_group reads it; tensor_absmax, where given, finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const quantize_options& o) {
  detail::expects(o.percentile > 0.0 && o.percentile <= 100.0,
                  "quantize: percentile must be in (0, 100]");
  detail::expects(o.granularity != granularity::per_group || o.group_size > 0,
                  "quantize: group_size must be positive");
  detail::expects(!o.tensor_absmax || (*o.tensor_absmax >= 0.0F &&
                                       *o.tensor_absmax <= std::numeric_limits<float>::max()),
                  "quantize: tensor_absmax must be finite and not negative");
  return true;
}

/// One scale per block_rows x block_cols elements; a short last block has one as well.
struct scale_grid {
  std::size_t block_rows = 0;
  std::size_t block_cols = 0;
  std::size_t rows = 0;  // of the grid
  std::size_t cols = 0;

  [[nodiscard]] constexpr std::size_t size() const { return rows * cols; }
  friend constexpr bool operator==(const scale_grid&, const scale_grid&) = default;
};

/// Which elements of a [rows, cols] tensor in precision p share a scale.
///
/// formula   the format's own blocks, channels or groups where it has them, else the granularity; no grid for formats without scales
/// requires  group_size > 0 for per_group
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr scale_grid make_scale_grid(precision p, std::size_t rows, std::size_t cols,
                                                   const quantize_options& options = {}) {
  const scale_layout& s = format_of(p).scales;
  scale_grid g{.block_rows = rows, .block_cols = cols};
  if (s.bits_per_block > 0) {
    g.block_rows = s.block_rows > 0 ? static_cast<std::size_t>(s.block_rows) : rows;
    g.block_cols = s.block_cols > 0 ? static_cast<std::size_t>(s.block_cols) : cols;
  } else if (s.bits_per_tensor == 0) {
    return {};
  } else {
    switch (options.granularity) {
      case granularity::per_tensor:
        break;
      case granularity::per_token:
        g.block_rows = 1;
        break;
      case granularity::per_channel:
        g.block_cols = 1;
        break;
      case granularity::per_group:
        detail::expects(options.group_size > 0, "quantize: group_size must be positive");
        g.block_rows = 1;
        g.block_cols = options.group_size;
        break;
    }
  }
  g.rows = rows == 0 ? 0 : detail::ceil_div(rows, g.block_rows);
  g.cols = cols == 0 ? 0 : detail::ceil_div(cols, g.block_cols);
  return g;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What a tensor of activations looks like: range, spread, tail, outliers. The specification's ActivationStats.
//
// NaN and Inf are counted and left out of every other figure. Mean and standard deviation are taken in double in two passes
// (population form, divided by n). Not here: what follows from the figures (adaptive_precision.hpp, dynamic_quantizer.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/precision/percentile.hpp"

namespace quantroof {

/// Figures of one tensor of activations, over its finite values.
struct activation_stats {
  double absmax = 0;
  double mean = 0;
  double std = 0;
  double percentile_99 = 0;   // of |x|
  double percentile_999 = 0;  // of |x|: the 99.9th
  std::int64_t rows = 1;      // tokens
  std::int64_t cols = 0;      // channels
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;

  /// How far the largest value stands out: absmax / (|mean| + 3 std); 0 where absmax is 0.
  ///
  /// formula   about 1.7 for a million Gaussian values; above 2 the specification calls outliers severe
  [[nodiscard]] constexpr double outlier_ratio() const {
    const double spread = detail::abs(mean) + 3.0 * std;
    return spread > 0 ? absmax / spread : 0.0;
  }
  /// The effective range: the 99.9th percentile of |x|.
  [[nodiscard]] constexpr double dynamic_range() const { return percentile_999; }

  friend constexpr bool operator==(const activation_stats&, const activation_stats&) = default;
};

/// Statistics of a row-major matrix.
///
/// shapes    [tokens, channels]
/// formula   percentiles as numpy.percentile's default (linear between order statistics)
/// requires  at least one element
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// example   examples/dynamic_quant_demo.cpp
[[nodiscard]] constexpr activation_stats compute_activation_stats(matrix_view<const float> x) {
  detail::expects(!x.empty(), "compute_activation_stats: the activation must not be empty");
  activation_stats s{.rows = static_cast<std::int64_t>(x.rows()),
                     .cols = static_cast<std::int64_t>(x.cols())};
  std::vector<float> finite;
  finite.reserve(x.rows() * x.cols());
  double sum = 0;
  for (std::size_t r = 0; r < x.rows(); ++r) {
    for (const float v : x.row(r)) {
      if (detail::is_nan(v)) {
        ++s.nan_count;
      } else if (!detail::is_finite(v)) {
        ++s.inf_count;
      } else {
        finite.push_back(v);
        sum += static_cast<double>(v);
      }
    }
  }
  if (finite.empty()) {
    return s;
  }
  const auto n = static_cast<double>(finite.size());
  s.mean = sum / n;
  double squares = 0;
  for (const float v : finite) {
    const double d = static_cast<double>(v) - s.mean;
    squares += d * d;
  }
  s.std = detail::sqrt(squares / n);
  s.absmax = static_cast<double>(detail::finite_absmax(finite));
  s.percentile_99 = abs_percentile(finite, 99.0);
  s.percentile_999 = abs_percentile(finite, 99.9);
  return s;
}
/// Statistics of one row.
[[nodiscard]] constexpr activation_stats compute_activation_stats(std::span<const float> x) {
  return compute_activation_stats(matrix_view<const float>{x, 1, x.size()});
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What a tensor of activations looks like: range, spread, tail, outliers. The specification's ActivationStats.
//
// NaN and Inf are counted and left out of every other figure. Mean and standard deviation are taken in double in two passes
// (population form, divided by n: numpy's default; torch.std divides by n - 1). Percentiles of |x| are exact (precision/percentile.hpp).
// Not here: what follows from the figures (adaptive_precision.hpp, dynamic_quantizer.hpp).
#pragma once

#include <array>
#include <bit>
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

namespace detail {

/// Sum of (x - centre)^Power in eight interleaved partial sums, which compilers keep in vector registers.
template <int Power>
[[nodiscard]] constexpr double centred_sum(std::span<const float> values, double centre) {
  constexpr std::size_t lanes = 8;
  const float* const x = values.data();
  const std::size_t whole = values.size() / lanes * lanes;
  std::array<double, lanes> sums{};
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double d = static_cast<double>(x[i + lane]) - centre;
      sums[lane] += Power == 1 ? d : d * d;
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    const double d = static_cast<double>(x[i]) - centre;
    sums[i - whole] += Power == 1 ? d : d * d;
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// The elements of a matrix one after the other: the matrix itself where its rows touch, else a copy in `storage`.
[[nodiscard]] constexpr std::span<const float> contiguous(matrix_view<const float> x,
                                                          std::vector<float>& storage) {
  if (x.rows() == 1 || x.stride() == x.cols()) {
    return {x.row(0).data(), x.rows() * x.cols()};
  }
  storage.reserve(x.rows() * x.cols());
  for (std::size_t r = 0; r < x.rows(); ++r) {
    for (const float v : x.row(r)) {
      storage.push_back(v);
    }
  }
  return storage;
}

}  // namespace detail

/// Statistics of a row-major matrix.
///
/// shapes    [tokens, channels]
/// formula   percentiles as numpy.percentile's default (linear between order statistics); 0 everywhere when no value is finite
/// requires  at least one element
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// example   examples/dynamic_quant_demo.cpp
[[nodiscard]] constexpr activation_stats compute_activation_stats(matrix_view<const float> x) {
  detail::expects(!x.empty(), "compute_activation_stats: the activation must not be empty");
  std::vector<float> storage;
  std::span<const float> values = detail::contiguous(x, storage);
  std::size_t finite = 0;
  std::size_t nans = 0;
  const float* const data = values.data();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(data[i]) & 0x7FFFFFFFU;
    finite += magnitude < 0x7F800000U ? 1U : 0U;
    nans += magnitude > 0x7F800000U ? 1U : 0U;
  }
  activation_stats s{.rows = static_cast<std::int64_t>(x.rows()),
                     .cols = static_cast<std::int64_t>(x.cols()),
                     .nan_count = static_cast<std::int64_t>(nans),
                     .inf_count = static_cast<std::int64_t>(values.size() - finite - nans)};
  if (finite == 0) {
    return s;
  }
  std::vector<float> kept;
  if (finite != values.size()) {
    kept.reserve(finite);
    for (const float v : values) {
      if (detail::magnitude_key(v) >= 0) {
        kept.push_back(v);
      }
    }
    values = kept;
  }
  const auto n = static_cast<double>(values.size());
  const auto first =
      static_cast<double>(values[0]);  // around a value of the tensor: exact for a constant one
  s.mean = first + detail::centred_sum<1>(values, first) / n;
  s.std = detail::sqrt(detail::centred_sum<2>(values, s.mean) / n);
  s.absmax = static_cast<double>(detail::finite_absmax(values));
  s.percentile_99 = abs_percentile(values, 99.0);
  s.percentile_999 = abs_percentile(values, 99.9);
  return s;
}
/// Statistics of one row.
[[nodiscard]] constexpr activation_stats compute_activation_stats(std::span<const float> x) {
  return compute_activation_stats(matrix_view<const float>{x, 1, x.size()});
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// SmoothQuant (Xiao et al. 2022, arXiv:2211.10438): moves the outliers of activation channels into the weight before both are quantized.
//
//   x W^T = (x / s) (W s)^T      s_j = max|x_j|^alpha / max|W_j|^(1 - alpha) for each channel j of k
//
// The weight is changed once, offline; the activation divides by s, which usually folds into the layer norm before it.
// Not here: the maxima themselves, the choice of alpha by search.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/precision/executor.hpp"

namespace quantroof {

/// Which numbers the factors may be.
enum class smooth_factor : std::uint8_t {
  any,          // s itself; x / s and W s are rounded to FP32
  power_of_two  // the nearest power of two on a logarithmic scale: x / s and W s are exact short of underflow, and so is the product
};

struct smooth_quant_options {
  double alpha =
      0.5;  // 0: all of the range stays in the activation's weight-given scale; 1: all of it moves to the weight. 0.5 is the paper's default
  smooth_factor factor = smooth_factor::any;
};

namespace detail {

inline constexpr name_table<smooth_factor, 2> smooth_factor_names{{
    {smooth_factor::any, "any"},
    {smooth_factor::power_of_two, "power_of_two"},
}};
static_assert(names_are_complete(smooth_factor_names));

/// log2 of the factor of one channel, kept where a float and its reciprocal are normal.
[[nodiscard]] constexpr double smooth_exponent(double x, double w, double alpha) {
  const double e = unfused(alpha * log2(x)) - unfused((1.0 - alpha) * log2(w));
  return e > 126 ? 126.0 : (e < -126 ? -126.0 : e);
}

template <class Function>
constexpr void expects_smoothing(matrix_view<const float> in, std::span<const float> factors,
                                 matrix_view<float> out, const Function& text) {
  expects(factors.size() == in.cols(), text(0));
  expects(out.rows() == in.rows() && out.cols() == in.cols(), text(1));
  for (const float s : factors) {
    expects(s > 0.0F && s <= std::numeric_limits<float>::max(), text(2));
  }
}

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(smooth_factor f) {
  return detail::name_of(detail::smooth_factor_names, f);
}
[[nodiscard]] constexpr std::optional<smooth_factor> find_smooth_factor(std::string_view name) {
  return detail::find_name(detail::smooth_factor_names, name);
}

/// The factor of each channel.
///
/// shapes    x_absmax, w_absmax, factors [k]: the largest |x| of each column of the activation, the largest |w| of each column of the weight
/// formula   max|x_j|^alpha / max|W_j|^(1 - alpha), in [2^-126, 2^126]; 1 where either maximum is 0: there is nothing to move
/// requires  equal sizes; maxima finite and not negative; alpha in [0, 1]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is written then
/// source    equation 4 of arXiv:2211.10438; the guards are ours
constexpr void smooth_factors(std::span<const float> x_absmax, std::span<const float> w_absmax,
                              std::span<float> factors, const smooth_quant_options& options = {}) {
  detail::expects(x_absmax.size() == w_absmax.size() && factors.size() == x_absmax.size(),
                  "smooth_factors: x_absmax, w_absmax and factors must have the same size");
  detail::expects(options.alpha >= 0 && options.alpha <= 1,
                  "smooth_factors: alpha must be in [0, 1]");
  for (std::size_t j = 0; j < factors.size(); ++j) {
    constexpr float most = std::numeric_limits<float>::max();
    detail::expects(
        x_absmax[j] >= 0 && x_absmax[j] <= most && w_absmax[j] >= 0 && w_absmax[j] <= most,
        "smooth_factors: the maxima must be finite and not negative");
  }
  for (std::size_t j = 0; j < factors.size(); ++j) {
    if (x_absmax[j] == 0 || w_absmax[j] == 0) {
      factors[j] = 1.0F;
      continue;
    }
    const double e = detail::smooth_exponent(static_cast<double>(x_absmax[j]),
                                             static_cast<double>(w_absmax[j]), options.alpha);
    const bool whole = options.factor == smooth_factor::power_of_two;
    factors[j] = static_cast<float>(detail::exp2(whole ? detail::round_even(e) : e));
  }
}

/// The activation without its outliers; out may be x.
///
/// shapes    x, out [tokens, k]; factors [k]
/// formula   out[t, j] = x[t, j] / factors[j], rounded to FP32; NaN and Inf stay what they are
/// requires  factors positive and finite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is written then
template <Executor E = serial_executor>
constexpr void smooth_activation(matrix_view<const float> x, std::span<const float> factors,
                                 matrix_view<float> out, const E& executor = {}) {
  detail::expects_smoothing(x, factors, out, [](int rule) {
    return rule == 0   ? "smooth_activation: needs one factor for each column"
           : rule == 1 ? "smooth_activation: out must be as large as x"
                       : "smooth_activation: the factors must be positive and finite";
  });
  const auto divide = [=](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      const float* const from = x.row(r).data();
      const float* const by = factors.data();
      float* const to = out.row(r).data();
      for (std::size_t j = 0; j < x.cols(); ++j) {
        to[j] = from[j] / by[j];
      }
    }
  };
  for_each_range(executor, x.rows(), rows_per_part(x.cols() * sizeof(float)), divide);
}

/// The weight that takes the outliers up; out may be w.
///
/// shapes    w, out [n, k]; factors [k]
/// formula   out[i, j] = w[i, j] * factors[j], rounded to FP32
/// requires  factors positive and finite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is written then
template <Executor E = serial_executor>
constexpr void smooth_weight(matrix_view<const float> w, std::span<const float> factors,
                             matrix_view<float> out, const E& executor = {}) {
  detail::expects_smoothing(w, factors, out, [](int rule) {
    return rule == 0   ? "smooth_weight: needs one factor for each column"
           : rule == 1 ? "smooth_weight: out must be as large as w"
                       : "smooth_weight: the factors must be positive and finite";
  });
  const auto multiply = [=](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      const float* const from = w.row(r).data();
      const float* const by = factors.data();
      float* const to = out.row(r).data();
      for (std::size_t j = 0; j < w.cols(); ++j) {
        to[j] = from[j] * by[j];
      }
    }
  };
  for_each_range(executor, w.rows(), rows_per_part(w.cols() * sizeof(float)), multiply);
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Robust fits of a few constants to many measurements: the smallest mean |ln(predicted / measured)|, by the simplex method of Nelder and
// Mead from several starting points. Deterministic: the same rows give the same constants.
//
// Source: Nelder, Mead, "A simplex method for function minimization", Computer Journal 7 (1965).
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::io {

/// Minimizes f from x with initial steps; x becomes the best point found. Returns f(x).
template <class F>
double minimize(F f, std::vector<double>& x, const std::vector<double>& steps, int iterations) {
  const std::size_t n = x.size();
  std::vector<std::vector<double>> corners(n + 1, x);
  std::vector<double> values(n + 1);
  for (std::size_t i = 0; i < n; ++i) {
    corners[i + 1][i] += steps[i];
  }
  for (std::size_t i = 0; i <= n; ++i) {
    values[i] = f(corners[i]);
  }
  std::vector<std::size_t> order(n + 1);
  std::vector<double> centre(n);
  std::vector<double> trial(n);
  std::vector<double> further(n);
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    const std::size_t best = order.front();
    const std::size_t worst = order.back();
    const std::size_t second = order[n - 1];
    if (values[worst] - values[best] < 1e-7) {
      break;
    }
    std::fill(centre.begin(), centre.end(), 0.0);
    for (std::size_t i = 0; i <= n; ++i) {
      for (std::size_t j = 0; j < n && i != worst; ++j) {
        centre[j] += corners[i][j] / static_cast<double>(n);
      }
    }
    const auto point = [&](double t, std::vector<double>& to) {
      for (std::size_t j = 0; j < n; ++j) {
        to[j] = centre[j] + t * (corners[worst][j] - centre[j]);
      }
      return f(to);
    };
    const double reflected = point(-1, trial);
    if (reflected < values[best]) {
      const double expanded = point(-2, further);
      corners[worst] = expanded < reflected ? further : trial;
      values[worst] = std::min(expanded, reflected);
    } else if (reflected < values[second]) {
      corners[worst] = trial;
      values[worst] = reflected;
    } else {
      const double contracted = point(reflected < values[worst] ? -0.5 : 0.5, further);
      if (contracted < std::min(reflected, values[worst])) {
        corners[worst] = further;
        values[worst] = contracted;
      } else {
        for (std::size_t i = 0; i <= n; ++i) {
          if (i == best) {
            continue;
          }
          for (std::size_t j = 0; j < n; ++j) {
            corners[i][j] = corners[best][j] + 0.5 * (corners[i][j] - corners[best][j]);
          }
          values[i] = f(corners[i]);
        }
      }
    }
  }
  const auto best =
      static_cast<std::size_t>(std::min_element(values.begin(), values.end()) - values.begin());
  x = corners[best];
  return values[best];
}

/// A constant that a fit may move: the member, where it starts, and its range.
template <class Constants>
struct free_constant {
  std::string_view name;
  double Constants::*member;
  double start;
  double least;  // 0 and most infinite: any positive number; else between least and most
  double most;

  [[nodiscard]] bool is_bounded() const { return std::isfinite(most); }
  [[nodiscard]] double value(double x) const {
    return is_bounded() ? least + (most - least) / (1 + std::exp(-x)) : least + std::exp(x);
  }
  [[nodiscard]] double place(double v) const {
    if (!is_bounded()) {
      return std::log(std::max(v - least, 1e-9));
    }
    const double share = std::clamp((v - least) / (most - least), 1e-3, 1 - 1e-3);
    return std::log(share / (1 - share));
  }
};

/// A number as it is printed: four significant digits.
[[nodiscard]] inline double rounded(double x) {
  std::array<char, 32> text{};
  char* const first = text.data();
  const auto end = std::to_chars(first, first + text.size(), x, std::chars_format::general, 4).ptr;
  double y = 0;
  std::from_chars(first, end, y);
  return y;
}

/// Value below which a share p of the numbers lie; 0 for none.
[[nodiscard]] inline double quantile(std::vector<double> numbers, double p) {
  if (numbers.empty()) {
    return 0;
  }
  std::sort(numbers.begin(), numbers.end());
  const double at = p * static_cast<double>(numbers.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, numbers.size() - 1);
  return numbers[low] + (at - static_cast<double>(low)) * (numbers[high] - numbers[low]);
}

/// Fits the free constants to rows; the others keep their value.
///
/// `predict(constants, row)` gives a time, `time(row)` the measured one. `starts` are alternatives for the first guesses, each a list of
/// (index of a constant, its first value).
template <class Constants, class Row, class Predict, class Time>
Constants fit_constants(const Constants& structure,
                        const std::vector<free_constant<Constants>>& constants,
                        const std::vector<const Row*>& rows, Predict predict, Time time,
                        const std::vector<std::vector<std::pair<std::size_t, double>>>& starts,
                        int iterations = 400) {
  const auto apply = [&](const std::vector<double>& x) {
    Constants c = structure;
    for (std::size_t i = 0; i < constants.size(); ++i) {
      c.*constants[i].member = constants[i].value(x[i]);
    }
    return c;
  };
  const auto error = [&](const std::vector<double>& x) {
    const Constants c = apply(x);
    double sum = 0;
    for (const Row* row : rows) {
      sum += std::abs(std::log(predict(c, *row) / time(*row)));
    }
    double unusual = 0;  // keeps constants that the rows do not determine near where they started
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double away = x[i] - constants[i].place(constants[i].start);
      unusual += away * away;
    }
    return sum / static_cast<double>(rows.size()) + 2e-5 * unusual;
  };
  std::vector<double> best;
  double least = 0;
  for (const auto& start : starts) {
    std::vector<double> x;
    x.reserve(constants.size());
    for (const auto& c : constants) {
      x.push_back(c.place(c.start));
    }
    for (const auto& [index, value] : start) {
      x[index] = constants[index].place(value);
    }
    double value = 0;
    for (const double step : {0.5, 0.4, 0.3, 0.3}) {
      value = minimize(error, x, std::vector<double>(x.size(), step), iterations);
    }
    if (best.empty() || value < least) {
      best = x;
      least = value;
    }
  }
  Constants c = apply(best);
  for (const auto& constant : constants) {
    c.*constant.member = rounded(c.*constant.member);
  }
  return c;
}

}  // namespace quantroof::io

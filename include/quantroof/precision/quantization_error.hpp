// SPDX-License-Identifier: Apache-2.0
//
// How far approximate values are from the ones they stand for.
//
// Sums are in double, in eight interleaved partial sums by the position in the row, row after row; no product can be fused with the
// addition after it, so the figures have the same bits in every build. Values that are NaN or infinite in one or both are counted and
// take no part in the sums. Not here: errors over outputs of a model (quality).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"

namespace quantroof {

/// What `compare` found; d is approximate - reference over the pairs of finite values.
struct quantization_error {
  std::int64_t count = 0;           // pairs in all
  std::int64_t nan_mismatches = 0;  // NaN in exactly one of the two
  std::int64_t inf_mismatches = 0;  // no NaN, but an infinity that the other one is not
  double mse = 0;                   // mean of d^2; 0 without finite pairs
  double relative_mse =
      0;  // sum of d^2 / sum of reference^2; infinity when the reference is all zeros and d is not; 0 when both are
  double sqnr_db = std::numeric_limits<double>::
      infinity();  // -10 log10(relative_mse): +infinity without error, -infinity for relative_mse = infinity
  double max_abs_error = 0;       // largest |d|
  double max_relative_error = 0;  // largest |d / reference| where the reference is not 0
  double mean_error = 0;          // mean of d: the bias
  double cosine = 1;  // of the angle between the two; 1 when both are all zeros, 0 when one is

  friend constexpr bool operator==(const quantization_error&, const quantization_error&) = default;
};

namespace detail {

/// The sums behind a quantization_error.
class error_sums {
 public:
  constexpr void add(std::span<const float> reference, std::span<const float> approximate) {
    const float* const x = reference.data();
    const float* const y = approximate.data();
    const std::size_t size = reference.size();
    const std::size_t whole = size / lanes * lanes;
    for (std::size_t first = 0; first < whole; first += lanes) {
      add_group(x + first, y + first);
    }
    if (whole < size) {
      std::array<float, lanes> last_x{};
      std::array<float, lanes> last_y{};
      for (std::size_t i = whole; i < size; ++i) {
        last_x[i - whole] = x[i];
        last_y[i - whole] = y[i];
      }
      add_group(last_x.data(), last_y.data());
    }
    count_ += static_cast<std::int64_t>(size);
  }

  [[nodiscard]] constexpr quantization_error result() const {
    const double finite = static_cast<double>(count_ - left_out_);
    const double errors = sum(squares_);
    const double xx = sum(reference_);
    const double yy = sum(approximate_);
    quantization_error e{.count = count_, .nan_mismatches = nan_, .inf_mismatches = inf_};
    if (finite > 0) {
      e.mse = errors / finite;
      e.mean_error = sum(differences_) / finite;
    }
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (errors > 0) {
      e.relative_mse = xx > 0 ? errors / xx : infinity;
      e.sqnr_db = -10.0 * log10(e.relative_mse);
    }
    e.max_abs_error = largest(largest_);
    e.max_relative_error = largest(relative_);
    if (xx > 0 && yy > 0) {
      const double cosine = sum(products_) / (sqrt(xx) * sqrt(yy));
      e.cosine = cosine > 1 ? 1.0 : (cosine < -1 ? -1.0 : cosine);
    } else {
      e.cosine = xx > 0 || yy > 0 ? 0.0 : 1.0;
    }
    return e;
  }

 private:
  static constexpr std::size_t lanes = 8;
  static constexpr std::int64_t infinity_bits = 0x7FF0000000000000;
  using sums = std::array<double, lanes>;
  using magnitudes =
      std::array<std::int64_t, lanes>;  // bits of doubles: integers compare in vectors

  [[nodiscard]] static constexpr std::int64_t magnitude_bits(double x) {
    return std::bit_cast<std::int64_t>(x) & 0x7FFFFFFFFFFFFFFF;
  }
  [[nodiscard]] static constexpr double largest(const magnitudes& m) {
    std::int64_t most = 0;
    for (const std::int64_t bits : m) {
      most = bits > most ? bits : most;
    }
    return std::bit_cast<double>(most);
  }

  [[nodiscard]] static constexpr bool is_finite_bits(float x) {
    return (std::bit_cast<std::uint32_t>(x) & 0x7F800000U) != 0x7F800000U;
  }

  constexpr void add_group(const float* x, const float* y) {
    std::array<float, lanes> finite_x{};
    std::array<float, lanes> finite_y{};
    std::uint32_t odd = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const auto a = std::bit_cast<std::uint32_t>(x[lane]);
      const auto b = std::bit_cast<std::uint32_t>(y[lane]);
      const bool finite = (a & 0x7F800000U) != 0x7F800000U && (b & 0x7F800000U) != 0x7F800000U;
      const std::uint32_t mask = finite ? 0xFFFFFFFFU : 0U;
      finite_x[lane] = std::bit_cast<float>(a & mask);
      finite_y[lane] = std::bit_cast<float>(b & mask);
      odd |= ~mask;
    }
    if (odd != 0) {
      count_odd(x, y);
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const auto a = static_cast<double>(finite_x[lane]);
      const auto b = static_cast<double>(finite_y[lane]);
      const double d = b - a;
      // A reference of 0 is divided by as if it were infinite: no relative error, and no branch.
      const std::int64_t zero =
          (std::bit_cast<std::uint32_t>(finite_x[lane]) & 0x7FFFFFFFU) == 0 ? infinity_bits : 0;
      const auto divisor = std::bit_cast<double>(magnitude_bits(a) | zero);
      const std::int64_t magnitude = magnitude_bits(d);
      const std::int64_t relative = magnitude_bits(d / divisor);
      squares_[lane] += unfused(d * d);
      reference_[lane] += a * a;  // exact in double, as all products of two floats
      approximate_[lane] += b * b;
      products_[lane] += a * b;
      differences_[lane] += d;
      largest_[lane] = magnitude > largest_[lane] ? magnitude : largest_[lane];
      relative_[lane] = relative > relative_[lane] ? relative : relative_[lane];
    }
  }

  constexpr void count_odd(const float* x, const float* y) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const bool x_nan = x[lane] != x[lane];
      const bool y_nan = y[lane] != y[lane];
      if (is_finite_bits(x[lane]) && is_finite_bits(y[lane])) {
        continue;
      }
      ++left_out_;
      nan_ += x_nan != y_nan ? 1 : 0;
      inf_ += !x_nan && !y_nan && x[lane] != y[lane] ? 1 : 0;
    }
  }

  [[nodiscard]] static constexpr double sum(const sums& s) {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  }

  std::int64_t count_ = 0;
  std::int64_t left_out_ = 0;
  std::int64_t nan_ = 0;
  std::int64_t inf_ = 0;
  sums squares_{};
  sums reference_{};
  sums approximate_{};
  sums products_{};
  sums differences_{};
  magnitudes largest_{};
  magnitudes relative_{};
};

}  // namespace detail

/// How far `approximate` is from `reference`.
///
/// shapes    both [rows, cols], any strides; or both spans of one length
/// formula   see the fields; NaN in both is equal, NaN in one is counted; infinities of one sign in both are equal
/// requires  equal shapes
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr quantization_error compare(matrix_view<const float> reference,
                                                   matrix_view<const float> approximate) {
  detail::expects(reference.rows() == approximate.rows() && reference.cols() == approximate.cols(),
                  "compare: reference and approximate must have the same shape");
  detail::error_sums sums;
  for (std::size_t r = 0; r < reference.rows(); ++r) {
    sums.add(reference.row(r), approximate.row(r));
  }
  return sums.result();
}
[[nodiscard]] constexpr quantization_error compare(std::span<const float> reference,
                                                   std::span<const float> approximate) {
  detail::expects(reference.size() == approximate.size(),
                  "compare: reference and approximate must have the same size");
  detail::error_sums sums;
  sums.add(reference, approximate);
  return sums.result();
}

}  // namespace quantroof

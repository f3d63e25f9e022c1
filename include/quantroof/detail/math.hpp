// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic that constexpr code needs and <cmath> cannot give on clang 14: rounding division, powers of two, logarithms of
// integers, square root, finite checks. All functions are exact unless their comment says otherwise.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "quantroof/detail/expects.hpp"

namespace quantroof::detail {

/// Smallest integer q with q * b >= a.
///
/// requires  a >= 0; b > 0
template <std::integral T>
[[nodiscard]] constexpr T ceil_div(T a, T b) {
  expects(a >= 0 && b > 0, "ceil_div: needs a >= 0 and b > 0");
  return static_cast<T>(a / b + (a % b != 0 ? 1 : 0));
}

/// a * b, refusing to overflow.
///
/// requires  a >= 0; b >= 0; a * b fits 63 bits
[[nodiscard]] constexpr std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  expects(a >= 0 && b >= 0, "checked_mul: counts must not be negative");
  expects(b == 0 || a <= std::numeric_limits<std::int64_t>::max() / b,
          "checked_mul: the product does not fit 63 bits");
  return a * b;
}

/// a + b, refusing to overflow.
///
/// requires  a >= 0; b >= 0; a + b fits 63 bits
[[nodiscard]] constexpr std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  expects(a >= 0 && b >= 0, "checked_add: counts must not be negative");
  expects(a <= std::numeric_limits<std::int64_t>::max() - b,
          "checked_add: the sum does not fit 63 bits");
  return a + b;
}

/// Floor of the base-2 logarithm.
///
/// requires  x > 0
[[nodiscard]] constexpr int ilog2(std::uint64_t x) {
  expects(x > 0, "ilog2: needs x > 0");
  return 63 - std::countl_zero(x);
}

/// 2 to the power e, exact, for normal doubles.
///
/// requires  -1022 <= e <= 1023
[[nodiscard]] constexpr double pow2(int e) {
  expects(e >= -1022 && e <= 1023, "pow2: the exponent must be in [-1022, 1023]");
  return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52U);
}

[[nodiscard]] constexpr bool is_nan(double x) { return x != x; }
[[nodiscard]] constexpr bool is_finite(double x) {
  return x >= -std::numeric_limits<double>::max() && x <= std::numeric_limits<double>::max();
}
[[nodiscard]] constexpr double abs(double x) { return x < 0 ? -x : x; }
[[nodiscard]] constexpr float abs(float x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU);
}

/// Square root by Newton's method, within one unit in the last place; NaN for negative input.
[[nodiscard]] constexpr double sqrt(double x) {
  if (!(x > 0) || !is_finite(x)) {
    return x < 0 ? std::numeric_limits<double>::quiet_NaN() : x;
  }
  if (x < std::numeric_limits<double>::min()) {
    return sqrt(x * pow2(108)) * pow2(-54);  // subnormal: its exponent field says nothing
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  double y =
      std::bit_cast<double>((bits >> 1U) + (std::uint64_t{1023} << 51U));  // halves the exponent
  for (int i = 0; i < 6; ++i) {
    y = 0.5 * (y + x / y);
  }
  return y;
}

/// Square root, correctly rounded, bit by bit: what the processor's instruction gives, for constant expressions.
///
/// requires  x normal and positive
[[nodiscard]] constexpr double exact_sqrt(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52U) - 1023;
  std::uint64_t mantissa = (bits & 0xFFFFFFFFFFFFFULL) | (1ULL << 52U);
  if (exponent % 2 != 0) {
    mantissa <<= 1U;
    --exponent;
  }
  // root of mantissa * 2^54: 54 bits, one more than a double keeps; digits of the radicand come in pairs
  std::uint64_t root = 0;
  std::uint64_t rest = 0;
  for (int pair = 53; pair >= 0; --pair) {
    const int shift = 2 * pair - 54;
    const std::uint64_t digits = shift >= 0 ? (mantissa >> static_cast<unsigned>(shift)) & 3U : 0;
    rest = (rest << 2U) | digits;
    const std::uint64_t trial = (root << 2U) | 1U;
    root <<= 1U;
    if (rest >= trial) {
      rest -= trial;
      root |= 1U;
    }
  }
  // a root is never halfway between two doubles
  const std::uint64_t rounded = (root >> 1U) + (root & 1U);
  return static_cast<double>(rounded) * pow2(exponent / 2 - 52);
}

/// Square root for times and sizes: the processor's instruction at run time, the same bits at compile time.
///
/// requires  x finite, and normal or 0
[[nodiscard]] constexpr double root(double x) {
  if (!(x > 0)) {
    return 0;
  }
  return std::is_constant_evaluated() ? exact_sqrt(x) : __builtin_sqrt(x);
}

/// Length of the hypotenuse, sqrt(a^2 + b^2), for sums of two times; the same at compile time and at run time.
///
/// requires  a >= 0; b >= 0; a^2 + b^2 finite, and normal or 0
[[nodiscard]] constexpr double hypotenuse(double a, double b) { return root(a * a + b * b); }

/// x to the powers 4 and 16, for smooth steps.
[[nodiscard]] constexpr double pow4(double x) {
  x *= x;
  return x * x;
}
[[nodiscard]] constexpr double pow16(double x) { return pow4(pow4(x)); }

/// Smallest integer that is not below x, as a double.
///
/// requires  |x| < 2^62
[[nodiscard]] constexpr double ceil(double x) {
  const auto truncated = static_cast<double>(static_cast<std::int64_t>(x));
  return truncated < x ? truncated + 1.0 : truncated;
}
/// Largest integer that is not above x, as a double.
///
/// requires  |x| < 2^62
[[nodiscard]] constexpr double floor(double x) {
  const auto truncated = static_cast<double>(static_cast<std::int64_t>(x));
  return truncated > x ? truncated - 1.0 : truncated;
}

/// e to the power x for small corrections, within 1e-10 relative.
///
/// requires  |x| <= 1
[[nodiscard]] constexpr double small_exp(double x) {
  const double e = x * 0.125;
  double y = 1.0 + e * (1.0 / 7.0);
  y = 1.0 + e * (1.0 / 6.0) * y;
  y = 1.0 + e * (1.0 / 5.0) * y;
  y = 1.0 + e * (1.0 / 4.0) * y;
  y = 1.0 + e * (1.0 / 3.0) * y;
  y = 1.0 + e * (1.0 / 2.0) * y;
  y = 1.0 + e * y;
  y *= y;
  y *= y;
  return y * y;
}

/// Base-2 logarithm, piecewise linear between powers of two: exact there, at most 0.0861 too small between them.
///
/// requires  x >= 1, normal
[[nodiscard]] constexpr double coarse_log2(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<std::int64_t>(bits >> 52U) - 1023;
  const double mantissa = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFULL) | (1023ULL << 52U));
  return static_cast<double>(exponent) + (mantissa - 1.0);
}

/// Nearest integer, ties to even.
///
/// requires  |x| < 2^51
[[nodiscard]] constexpr double round_even(double x) {
  expects(abs(x) < 2251799813685248.0, "round_even: needs |x| < 2^51");
  const auto truncated = static_cast<std::int64_t>(x);
  const double rest = x - static_cast<double>(truncated);
  const std::int64_t step = x < 0 ? -1 : 1;
  const bool away = abs(rest) > 0.5 || (abs(rest) == 0.5 && truncated % 2 != 0);
  return static_cast<double>(truncated + (away ? step : 0));
}

}  // namespace quantroof::detail

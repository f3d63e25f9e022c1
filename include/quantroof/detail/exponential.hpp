// SPDX-License-Identifier: Apache-2.0
//
// Logarithms, powers and products that give the same bits at compile time, at run time and with every compiler flag.
//
// A compiler may fuse a product with the addition after it (FMA) or not, and a constant expression never does. Here every product
// that is not exact passes through `unfused`, so all of them agree. Relative errors, measured against
// long double over 10^6 arguments: ln, log2 and log10 below 7e-16, exp2 below 3e-16, pow below 3e-16 * (1 + |y log2 x|).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"

namespace quantroof::detail {

/// A product as it was rounded, but for its last bit, which becomes 0: no compiler can fuse it with the sum it goes into.
///
/// post      |unfused(p) - p| is at most one unit in the last place of p
[[nodiscard]] constexpr double unfused(double product) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(product) & ~std::uint64_t{1});
}

/// x = m * 2^e with m in [sqrt(1/2), sqrt(2)), and the natural logarithm of m.
struct split_logarithm {
  double exponent = 0;
  double ln_m = 0;
};

/// formula   ln m = 2 (s + s^3/3 + s^5/5 + ... + s^23/23), s = (m - 1) / (m + 1): |s| < 0.1716, the rest is below 1e-19
/// requires  x positive and finite
[[nodiscard]] constexpr split_logarithm split_log(double x) {
  int e = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= pow2(54);
    e = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  e += static_cast<int>(bits >> 52U) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFU) | (std::uint64_t{1023} << 52U));
  if (m >= 1.4142135623730951) {
    m *= 0.5;
    ++e;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double z = unfused(s * s);
  double rest = 0;
  for (int odd = 23; odd >= 3; odd -= 2) {
    rest = unfused(z * (rest + 1.0 / odd));
  }
  return {static_cast<double>(e), 2.0 * s + unfused(2.0 * s * rest)};
}

// The logarithm of 2 in two parts; the first has 21 bits free, so that its product with an exponent is exact.
inline constexpr double ln2_high = 0x1.62e42fee00000p-1;
inline constexpr double ln2_low = 0x1.a39ef35793c76p-33;
inline constexpr double log10_2_high = 0x1.3441350800000p-2;
inline constexpr double log10_2_low = 0x1.f79fef311f12bp-34;
inline constexpr double log2_e = 1.4426950408889634;
inline constexpr double log10_e = 0.43429448190325182;

/// A logarithm from its parts: exponent * (high + low) + ln_m * factor.
[[nodiscard]] constexpr double scaled_log(double x, double high, double low, double factor) {
  if (!(x > 0)) {
    return x == 0 ? -std::numeric_limits<double>::infinity()
                  : std::numeric_limits<double>::quiet_NaN();
  }
  if (!is_finite(x)) {
    return x;
  }
  const split_logarithm parts = split_log(x);
  const double small = unfused(parts.exponent * low) + unfused(parts.ln_m * factor);
  return parts.exponent * high + small;
}

/// Natural logarithm; -infinity for 0, NaN for negative x and NaN.
[[nodiscard]] constexpr double ln(double x) { return scaled_log(x, ln2_high, ln2_low, 1.0); }
/// Logarithm to the base 2, exact for powers of two; edges as ln.
[[nodiscard]] constexpr double log2(double x) { return scaled_log(x, 1.0, 0.0, log2_e); }
/// Logarithm to the base 10; edges as ln.
[[nodiscard]] constexpr double log10(double x) {
  return scaled_log(x, log10_2_high, log10_2_low, log10_e);
}

/// 1 / i! for i = 0 .. 13.
inline constexpr auto inverse_factorials = [] {
  std::array<double, 14> inverse{1.0};
  double factorial = 1;
  for (std::size_t i = 1; i < inverse.size(); ++i) {
    factorial *= static_cast<double>(i);
    inverse[i] = 1.0 / factorial;
  }
  return inverse;
}();

/// 2 to the power y, exact for integers; infinity from 1024 on, 0 below -1075, NaN for NaN.
///
/// formula   2^n * (1 + g + g^2/2! + ... + g^13/13!), n = nearest integer of y, g = (y - n) ln 2: the rest is below 1e-17; even and odd
///           powers are added apart, as two short chains of operations
[[nodiscard]] constexpr double exp2(double y) {
  if (is_nan(y) || y >= 1024.0) {
    return is_nan(y) ? y : std::numeric_limits<double>::infinity();
  }
  if (y < -1075.0) {
    return 0.0;
  }
  const double n = round_even(y);
  const double g = unfused((y - n) * 0.69314718055994531);
  const double z = unfused(g * g);
  double even = 0;
  double odd = 0;
  for (std::size_t i = inverse_factorials.size(); i > 0; i -= 2) {
    odd = unfused(z * odd) + inverse_factorials[i - 1];
    even = unfused(z * even) + inverse_factorials[i - 2];
  }
  const double sum = even + unfused(g * odd);
  const int e = static_cast<int>(n);
  const int half = e / 2;
  return sum * pow2(half) * pow2(e - half);
}

/// x to the power y.
///
/// formula   2^(y log2 x); 1 for y = 0; 0^y is 0 for y > 0
/// requires  x >= 0 and finite; y finite; not x = 0 with y < 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr double pow(double x, double y) {
  expects(x >= 0 && is_finite(x) && is_finite(y), "pow: needs a finite x >= 0 and a finite y");
  if (y == 0 || x == 1) {
    return 1.0;
  }
  if (x == 0) {
    expects(y > 0, "pow: 0 has no negative power");
    return 0.0;
  }
  return exp2(unfused(y * log2(x)));
}

}  // namespace quantroof::detail

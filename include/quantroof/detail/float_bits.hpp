// SPDX-License-Identifier: Apache-2.0
//
// A float as bits, and its magnitude as a fixed-point number: what every codec starts from.
//
//   float   s | eeeeeeee | mmm mmmmmmmmmm mmmmmmmmmm      |x| = significand * 2^(exponent - 23)
#pragma once

#include <cstdint>

namespace quantroof::detail {

inline constexpr std::uint32_t float_magnitude = 0x7FFFFFFF;  // all bits but the sign
inline constexpr std::uint32_t float_inf = 0x7F800000;  // the code of Inf; magnitudes above are NaN
inline constexpr std::uint32_t float_leading_one = 0x00800000;
inline constexpr std::uint32_t float_fraction = 0x007FFFFF;

/// The lowest `count` bits.
///
/// requires  0 <= count < 32
[[nodiscard]] constexpr std::uint32_t low_bits(int count) {
  return (std::uint32_t{1} << static_cast<unsigned>(count)) - 1;
}

/// The exponent of a magnitude; that of the smallest normal float for subnormal floats and 0.
[[nodiscard]] constexpr int exponent_of(std::uint32_t magnitude) {
  const auto field = static_cast<int>(magnitude >> 23U);
  return (field > 1 ? field : 1) - 127;
}

/// A magnitude in units of 2^unit, as 32 bits before and 32 bits after the point; what lies below 2^-32 units is cut.
///
/// requires  a finite magnitude whose exponent is at most unit + 23
[[nodiscard]] constexpr std::uint64_t fixed_point(std::uint32_t magnitude, int unit) {
  const std::uint32_t significand =
      (magnitude & float_fraction) | (magnitude >= float_leading_one ? float_leading_one : 0U);
  const int shift = unit + 23 - exponent_of(magnitude);
  return (std::uint64_t{significand} << 32U) >> static_cast<unsigned>(shift < 63 ? shift : 63);
}

}  // namespace quantroof::detail

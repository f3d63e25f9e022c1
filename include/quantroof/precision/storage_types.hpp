// SPDX-License-Identifier: Apache-2.0
//
// FP16 and BF16 as types, so that a matrix of them can be read where it lies: matrix_view<const bfloat16_t>.
//
//   float16_t   s | eeeee | mmmmmmmmmm        bfloat16_t   s | eeeeeeee | mmmmmmm
//
// The conversions are those of minifloat.hpp to the bit, written without branches so that loops over them become vector code: masks
// instead of conditions, integer minima, and one float addition that does the rounding (in the default rounding mode of the machine).
// Not here: arithmetic; other roundings and other producers' NaN (minifloat.hpp).
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "quantroof/detail/float_bits.hpp"

namespace quantroof {

/// An IEEE 754 binary16 in memory. == compares the bits: NaN equals itself, 0 and -0 differ.
struct float16_t {
  std::uint16_t bits;

  friend constexpr bool operator==(const float16_t&, const float16_t&) = default;
};

/// The upper half of a float in memory. == compares the bits: NaN equals itself, 0 and -0 differ.
struct bfloat16_t {
  std::uint16_t bits;

  friend constexpr bool operator==(const bfloat16_t&, const bfloat16_t&) = default;
};

/// What a matrix that the library reads may be made of.
template <class T>
concept StoredFloat = std::same_as < std::remove_cv_t<T>,
float > || std::same_as<std::remove_cv_t<T>, float16_t> ||
    std::same_as<std::remove_cv_t<T>, bfloat16_t>;

namespace detail {
/// All ones where a < b, else 0. Both below 2^31.
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t mask_less(std::uint32_t a,
                                                                    std::uint32_t b) {
  return static_cast<std::uint32_t>((static_cast<std::int32_t>(a) - static_cast<std::int32_t>(b)) >>
                                    31);
}
/// a where the mask is ones, b where it is zeros.
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t select(std::uint32_t mask,
                                                                 std::uint32_t a, std::uint32_t b) {
  return (a & mask) | (b & ~mask);
}
inline constexpr std::uint32_t float_quiet_nan = 0x7FC00000;
inline constexpr std::uint32_t half_min_normal = 113U << 23U;  // the float 2^-14
}  // namespace detail

/// The value, exact; every NaN becomes the positive quiet NaN.
///
/// post      bits of to_float(float16_t{c}) == bits of decode(float16, c) for all c
[[nodiscard, gnu::always_inline]] constexpr float to_float(float16_t x) {
  const std::uint32_t magnitude = x.bits & 0x7FFFU;
  const std::uint32_t sign = (x.bits & 0x8000U) << 16U;
  const std::uint32_t shifted = magnitude << 13U;  // exponent and mantissa where float has them
  // Normal: the bias differs by 112. Subnormal: 2^-14 * (1 + m / 2^10) - 2^-14 == m * 2^-24.
  const std::uint32_t normal = shifted + (112U << 23U);
  const auto subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(shifted + detail::half_min_normal) -
                                   std::bit_cast<float>(detail::half_min_normal));
  const std::uint32_t finite =
      detail::select(detail::mask_less(magnitude, 0x0400), subnormal, normal);
  // Inf: its exponent bits are a part of those of float's Inf.
  const std::uint32_t value =
      sign | finite | (detail::mask_less(0x7BFF, magnitude) & detail::float_inf);
  return std::bit_cast<float>(
      detail::select(detail::mask_less(0x7C00, magnitude), detail::float_quiet_nan, value));
}

/// The value, exact; every NaN becomes the positive quiet NaN.
///
/// post      bits of to_float(bfloat16_t{c}) == bits of decode(bfloat16, c) for all c
[[nodiscard, gnu::always_inline]] constexpr float to_float(bfloat16_t x) {
  const std::uint32_t value = static_cast<std::uint32_t>(x.bits) << 16U;
  const std::uint32_t nan = detail::mask_less(detail::float_inf, value & detail::float_magnitude);
  return std::bit_cast<float>(detail::select(nan, detail::float_quiet_nan, value));
}

/// Itself, so that a reader of any StoredFloat needs one name.
[[nodiscard]] constexpr float to_float(float x) { return x; }

/// The nearest value that T holds, of two equally near ones the even code; beyond the largest, Inf; NaN becomes 7FFF.
///
/// formula   float16_t: |x| + 2^(e + 13), e the exponent of x and at least -14, leaves |x| / 2^(e - 10) in the low bits of the sum,
///           rounded to nearest even; bfloat16_t: bits + 7FFF + lowest kept bit, then the upper half
/// requires  the machine rounds to nearest even, which is how every program starts
/// post      from_float<float16_t>(x).bits == encode(float16, x, rounding::nearest_even, overflow::to_special), and so for bfloat16_t
template <StoredFloat T>
[[nodiscard, gnu::always_inline]] constexpr T from_float(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & detail::float_magnitude;
  const std::uint32_t nan = detail::mask_less(detail::float_inf, magnitude);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U & ~nan;
  if constexpr (std::same_as<std::remove_cv_t<T>, float>) {
    return x;
  } else if constexpr (std::same_as<std::remove_cv_t<T>, float16_t>) {
    constexpr std::uint32_t beyond = (127U + 16U) << 23U;  // 2^16, which becomes Inf
    const std::uint32_t limited =
        detail::select(detail::mask_less(magnitude, beyond), magnitude, beyond);
    const std::uint32_t field = limited & detail::float_inf;
    const std::uint32_t exponent = detail::select(detail::mask_less(detail::half_min_normal, field),
                                                  field, detail::half_min_normal);
    const auto sum = std::bit_cast<std::uint32_t>(std::bit_cast<float>(limited) +
                                                  std::bit_cast<float>(exponent + (13U << 23U)));
    const std::uint32_t code =
        (sum & detail::float_fraction) + ((exponent - detail::half_min_normal) >> 13U);
    return {static_cast<std::uint16_t>(sign | code | (nan & 0x7FFFU))};
  } else {
    const std::uint32_t code = (magnitude + 0x7FFFU + ((magnitude >> 16U) & 1U)) >> 16U;
    return {static_cast<std::uint16_t>(sign | ((code | nan) & 0x7FFFU))};
  }
}

static_assert(to_float(float16_t{0x3C00}) == 1.0F && to_float(bfloat16_t{0x3F80}) == 1.0F);
static_assert(from_float<float16_t>(65504.0F) == float16_t{0x7BFF} &&
              from_float<bfloat16_t>(-2.0F) == bfloat16_t{0xC000});

}  // namespace quantroof

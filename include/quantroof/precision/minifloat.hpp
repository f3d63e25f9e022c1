// SPDX-License-Identifier: Apache-2.0
//
// From float to a code of a small format and back: one codec for every format that float_format can describe up to 16 bits, and for
// INT8 and INT4. Exact: every step is integer arithmetic on the bits, with one rounding.
//
//   code    s | e ... e | m ... m        value = (-1)^s * 2^(e - bias) * 1.m   (e > 0),   (-1)^s * 2^(1 - bias) * 0.m   (e == 0)
//
// NaN, Inf and -0 follow CUDA's conversions (cuda_fp8.hpp, cuda_fp6.hpp, cuda_fp4.hpp, CUDA 13.0), FNUZ formats ml_dtypes.
// Not here: scales (block_format.hpp, quantize.hpp), stochastic rounding.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

enum class rounding : std::uint8_t { nearest_even, toward_zero };

/// What becomes of values beyond the largest finite code: the largest finite code, or the format's Inf or NaN.
enum class overflow : std::uint8_t { saturate, to_special };

namespace detail {
inline constexpr name_table<rounding, 2> rounding_names{{
    {rounding::nearest_even, "nearest_even"},
    {rounding::toward_zero, "toward_zero"},
}};
inline constexpr name_table<overflow, 2> overflow_names{{
    {overflow::saturate, "saturate"},
    {overflow::to_special, "to_special"},
}};
static_assert(names_are_complete(rounding_names) && names_are_complete(overflow_names));

/// The sign bit of a format; 0 for unsigned ones.
[[nodiscard]] constexpr std::uint32_t sign_bit(const float_format& f) {
  return f.is_signed ? std::uint32_t{1} << static_cast<unsigned>(f.exponent_bits + f.mantissa_bits)
                     : 0;
}

/// What NaN becomes: all ones without the sign (CUDA), the code of -0 (FNUZ), the largest number where there is no NaN (CUDA).
[[nodiscard]] constexpr std::uint32_t nan_code(const float_format& f) {
  const std::uint32_t all_ones =
      (std::uint32_t{1} << static_cast<unsigned>(f.exponent_bits + f.mantissa_bits)) - 1;
  return f.specials == special_values::nan_is_neg0 ? sign_bit(f) : all_ones;
}

/// What a magnitude beyond the largest finite one becomes, without sign where the format has one NaN only.
[[nodiscard]] constexpr std::uint32_t overflow_code(const float_format& f, std::uint32_t sign,
                                                    overflow policy) {
  if (policy == overflow::saturate || f.specials == special_values::none) {
    return sign | max_code(f);
  }
  switch (f.specials) {
    case special_values::ieee:
      return sign | (max_code(f) + 1);  // Inf
    case special_values::nan_only:
      return sign | nan_code(f);
    default:
      return nan_code(f);
  }
}

/// E8M0 holds powers of two: the exponent of |x|, cut or rounded up.
[[nodiscard]] constexpr std::uint32_t encode_e8m0(float x, bool up, overflow policy) {
  const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) {
    return 0xFF;  // NaN
  }
  const std::uint32_t exponent = magnitude >> 23U;
  const std::uint32_t fraction = magnitude & 0x7FFFFFU;
  // Below 2^-126 code 0 is 2^-127 = 0x00400000; above that point rounding up gives code 1.
  const bool above = exponent == 0 ? fraction > 0x400000U : fraction != 0;
  const std::uint32_t code = exponent + (up && above ? 1U : 0U);
  return code < 0xFF ? code : (policy == overflow::saturate ? 0xFEU : 0xFFU);
}
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(rounding r) {
  return detail::name_of(detail::rounding_names, r);
}
[[nodiscard]] constexpr std::string_view to_string(overflow o) {
  return detail::name_of(detail::overflow_names, o);
}
[[nodiscard]] constexpr rounding parse_rounding(std::string_view name) {
  return detail::parse_name(detail::rounding_names, name, "parse_rounding");
}
[[nodiscard]] constexpr overflow parse_overflow(std::string_view name) {
  return detail::parse_name(detail::overflow_names, name, "parse_overflow");
}

/// The E8M0 code of the smallest power of two that is not below |x| (PTX cvt.rp.ue8m0x2): what MX scales by rounding up use.
///
/// formula   0 -> 00; NaN -> FF; Inf and beyond 2^127 -> FE
[[nodiscard]] constexpr std::uint8_t encode_e8m0_up(float x) {
  return static_cast<std::uint8_t>(detail::encode_e8m0(x, true, overflow::saturate));
}

/// The code of x in a format of at most 16 bits.
///
/// formula   nearest value, ties to the even code; or toward zero. E8M0 takes the exponent of |x| (rounds toward zero in both modes)
/// requires  bits_of(f) <= 16; mantissa at most 10 bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    CUDA 13.0 __nv_cvt_float_to_fp8/fp6/fp4, __float2half_rn; ml_dtypes for FNUZ
/// post      decode(f, encode(f, decode(f, c))) == decode(f, c) for every finite code c
[[nodiscard]] constexpr std::uint32_t encode(const float_format& f, float x,
                                             rounding mode = rounding::nearest_even,
                                             overflow policy = overflow::saturate) {
  detail::expects(bits_of(f) <= 16 && f.mantissa_bits <= 10,
                  "encode: the format must have at most 16 bits");
  if (!f.is_signed) {
    return detail::encode_e8m0(x, false, policy);
  }
  // 1. Take the float apart.
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  const std::uint32_t sign = (bits >> 31U) != 0 ? detail::sign_bit(f) : 0;
  const bool fnuz = f.specials == special_values::nan_is_neg0;
  // 2. NaN and Inf.
  if (magnitude > 0x7F800000U) {
    return detail::nan_code(f);
  }
  if (magnitude == 0x7F800000U) {
    return fnuz ? detail::nan_code(f) : detail::overflow_code(f, sign, policy);
  }
  // 3. |x| = significand * 2^(exponent - 23), the significand with its leading one unless x is a subnormal float.
  const bool normal = magnitude >= 0x00800000U;
  const std::uint32_t significand = (magnitude & 0x007FFFFFU) | (normal ? 0x00800000U : 0U);
  const int exponent = normal ? static_cast<int>(magnitude >> 23U) - 127 : -126;
  // 4. Below the smallest normal number of the format the spacing of codes stays the same.
  const int lowest = 1 - f.bias;
  const int target = exponent > lowest ? exponent : lowest;
  // 5. Drop what the mantissa cannot hold, with one rounding. 26 dropped bits and more leave less than half a code.
  const int dropped = (23 - f.mantissa_bits) + (target - exponent);
  std::uint32_t kept = 0;
  if (dropped < 26) {
    const auto shift = static_cast<unsigned>(dropped);
    kept = significand >> shift;
    const std::uint32_t rest = significand & ((std::uint32_t{1} << shift) - 1);
    const std::uint32_t half = std::uint32_t{1} << (shift - 1);
    if (mode == rounding::nearest_even && (rest > half || (rest == half && (kept & 1U) != 0))) {
      ++kept;
    }
  }
  // 6. The exponent is added one short, so that the leading one of `kept`, or a carry out of the mantissa, completes it.
  const std::uint32_t code =
      (static_cast<std::uint32_t>(target - lowest) << static_cast<unsigned>(f.mantissa_bits)) +
      kept;
  // 7. Beyond the largest finite number; cutting never leaves the finite numbers.
  if (code > max_code(f)) {
    return mode == rounding::toward_zero ? sign | max_code(f)
                                         : detail::overflow_code(f, sign, policy);
  }
  return fnuz && code == 0 ? 0 : sign | code;
}

/// The value of a code; NaN codes give a quiet NaN.
///
/// requires  bits_of(f) <= 16; code < 2^bits_of(f)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float decode(const float_format& f, std::uint32_t code) {
  detail::expects(
      bits_of(f) <= 16 && code < (std::uint32_t{1} << static_cast<unsigned>(bits_of(f))),
      "decode: the code must fit the format, of at most 16 bits");
  const std::uint32_t sign = detail::sign_bit(f);
  const std::uint32_t magnitude = code & ~sign;
  const bool negative = (code & sign) != 0;
  if (f.specials == special_values::nan_is_neg0 && code == sign) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  if (magnitude > max_code(f)) {
    const bool infinite = f.specials == special_values::ieee && magnitude == max_code(f) + 1;
    const float inf = std::numeric_limits<float>::infinity();
    return infinite ? (negative ? -inf : inf) : std::numeric_limits<float>::quiet_NaN();
  }
  const auto value = static_cast<float>(finite_value(f, magnitude));
  return negative ? -value : value;
}

/// The narrowest unsigned type that holds a code of P's element.
template <precision P>
using code_t = std::conditional_t<(format_of(P).element_bits <= 8), std::uint8_t, std::uint16_t>;

namespace detail {
/// Largest magnitude of a symmetric integer format: 127 or 7.
[[nodiscard]] constexpr int integer_max(const precision_format& f) {
  return (1 << (f.element_bits - 1)) - 1;
}

[[nodiscard]] constexpr std::uint32_t encode_integer(const precision_format& f, float x,
                                                     rounding mode) {
  const auto most = static_cast<float>(integer_max(f));
  if (is_nan(x)) {
    return 0;
  }
  const float clamped = x > most ? most : (x < -most ? -most : x);
  const int value = mode == rounding::nearest_even ? static_cast<int>(round_even(clamped))
                                                   : static_cast<int>(clamped);
  return static_cast<std::uint32_t>(value) &
         ((std::uint32_t{1} << static_cast<unsigned>(f.element_bits)) - 1);
}

[[nodiscard]] constexpr float decode_integer(const precision_format& f, std::uint32_t code) {
  const auto range = std::int32_t{1} << static_cast<unsigned>(f.element_bits);
  const auto value = static_cast<std::int32_t>(code);
  return static_cast<float>(value >= range / 2 ? value - range : value);
}
}  // namespace detail

/// The element code of x in precision p: floating-point formats as above; integers two's complement, clamped to +-127 or +-7, NaN to 0.
///
/// requires  an element of at most 16 bits
/// ignores   the scales of p
[[nodiscard]] constexpr std::uint32_t encode(precision p, float x,
                                             rounding mode = rounding::nearest_even,
                                             overflow policy = overflow::saturate) {
  const precision_format& f = format_of(p);
  detail::expects(f.element_bits <= 16, "encode: the element must have at most 16 bits");
  return f.element ? encode(*f.element, x, mode, policy) : detail::encode_integer(f, x, mode);
}

/// The value of an element code of precision p, before its scale.
[[nodiscard]] constexpr float decode(precision p, std::uint32_t code) {
  const precision_format& f = format_of(p);
  detail::expects(f.element_bits <= 16, "decode: the element must have at most 16 bits");
  return f.element ? decode(*f.element, code) : detail::decode_integer(f, code);
}

/// The code of x in P, all constants folded.
template <precision P>
[[nodiscard]] constexpr code_t<P> encode(float x, rounding mode = rounding::nearest_even,
                                         overflow policy = overflow::saturate) {
  return static_cast<code_t<P>>(encode(P, x, mode, policy));
}
/// The value of a code of P, before its scale.
template <precision P>
[[nodiscard]] constexpr float decode(code_t<P> code) {
  return decode(P, code);
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// From float to a code of a small format and back: one codec for every format that float_format can describe in 16 bits, and the
// way in to the integers (integer_codec.hpp) and the scales (e8m0.hpp). Exact: integer arithmetic on the bits with a single rounding,
// the same at compile time and at run time.
//
//   float   s | eeeeeeee | mmm mmmmmmmmmm mmmmmmmmmm      E4M3   s | eeee | mmm      E2M1   s | ee | m      E8M0   eeeeeeee
//
// NaN, Inf and -0 follow the conversions of CUDA 13.0, or those of another producer (special_rule in rounding.hpp).
// Not here: scales (block_format.hpp, quantize.hpp).
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/float_bits.hpp"
#include "quantroof/precision/e8m0.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/integer_codec.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/rounding.hpp"
#include "quantroof/precision/special_codes.hpp"

namespace quantroof {

/// True for formats this header converts: E8M0, and signed formats of at most 16 bits whose normal numbers are normal floats.
[[nodiscard]] constexpr bool is_codable(const float_format& f) {
  if (!f.is_signed) {
    return f == float8_e8m0fnu;
  }
  if (f.exponent_bits < 1 || f.mantissa_bits < 0 || bits_of(f) > 16 || f.bias > 127) {
    return false;
  }
  return static_cast<int>(max_code(f) >> static_cast<unsigned>(f.mantissa_bits)) - f.bias <= 127;
}

namespace detail {

/// requires  what encode(float_format, ...) checks; a signed format
[[nodiscard]] constexpr std::uint32_t encode_float(const float_format& f, float x, rounding mode,
                                                   overflow policy, special_rule rule,
                                                   std::uint32_t random_bits) {
  // 1. Take the float apart.
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & float_magnitude;
  const std::uint32_t sign = (bits >> 31U)
                             << static_cast<unsigned>(f.exponent_bits + f.mantissa_bits);
  // 2. NaN and Inf.
  if (magnitude >= float_inf) {
    return magnitude > float_inf ? nan_code(f, sign, rule) : inf_code(f, sign, policy, rule);
  }
  // 3. Codes lie 2^(exponent - M) apart, but below the smallest normal number no closer than there.
  const int exponent = exponent_of(magnitude);
  const int lowest = 1 - f.bias;
  const int spacing = exponent > lowest ? exponent : lowest;
  // 4. |x| as a number of such distances, rounded once.
  const std::uint32_t kept =
      round_fixed(fixed_point(magnitude, spacing - f.mantissa_bits), mode, random_bits);
  // 5. Put the code together. The exponent field is one short: the leading one of `kept` completes it, and a carry out of the
  //    mantissa moves on to the next exponent. Subnormal codes have no leading one and the field stays 0.
  const auto field = static_cast<std::uint32_t>(spacing - lowest);
  const std::uint32_t code = (field << static_cast<unsigned>(f.mantissa_bits)) + kept;
  // 6. Beyond the largest finite number. Toward zero a finite x stays finite.
  if (code > max_code(f)) {
    return mode == rounding::toward_zero ? sign | max_code(f) : overflow_code(f, sign, policy);
  }
  // 7. Zeros that lose their sign.
  const bool unsigned_zero = (f.specials == special_values::nan_is_neg0 && code == 0) ||
                             (rule == special_rule::modelopt && magnitude == 0);
  return unsigned_zero ? 0 : sign | code;
}

}  // namespace detail

/// The code of x in a small floating-point format.
///
/// formula   NaN, Inf  by `rule`; cuda: NaN all ones without sign (E4M3 7F, FP16 7FFF), FP6 and FP4 the maximum; Inf as overflow; fnuz 80
///           overflow  saturate: the largest finite code; to_special: Inf (E5M2 7C), NaN (E4M3 7F or FF, fnuz 80), else the largest
///           -0        keeps its sign; fnuz: 00, also for negative numbers that round to 0
///           E8M0      the exponent field of |x|, 0 -> 00. That is toward_zero, and nearest_even as well: CUDA has no nearest mode
///                     for scales, and a scale rounded to the nearer power of two would follow no published rule. See encode_e8m0_up
///           stochastic  away from zero when `random_bits` + floor(fraction * 2^32) carries beyond 32 bits, where fraction is the part
///                     of the distance between the two neighbouring codes that x is above the lower one. So:
///                     P(away) = floor(fraction * 2^32) / 2^32 for uniform random bits, all 32 of which are used.
///                     Exactly `fraction`, and so no bias, where a code drops at most 32 bits of the float: all normal codes (9 to 23
///                     bits), and subnormal ones for |x| >= 2^-9 of the smallest code. Below that the mean is low by less than
///                     2^-32 of the smallest code, and |x| < 2^-32 of it always becomes 0.
///                     A number that has a code gets it under any random bits; NaN and Inf as above. Between the largest finite
///                     code and where the next one would be, rounding away is an overflow; from there on x always overflows (saturate:
///                     the mean is cut at the maximum). E8M0: between the two powers of two; up to 2^-127 -> 00
/// requires  is_codable(f); pytorch: to_special and a format that it has; modelopt: E2M1
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    CUDA 13.0 __nv_cvt_float_to_{fp8,fp6,fp4,e8m0}, __float2half_{rn,rz}; ml_dtypes b793a6e for fnuz; rounding.hpp for `rule`
/// post      decode(f, encode(f, decode(f, c))) == decode(f, c) for every code c that is a number
[[nodiscard]] constexpr std::uint32_t encode(const float_format& f, float x,
                                             rounding mode = rounding::nearest_even,
                                             overflow policy = overflow::saturate,
                                             special_rule rule = special_rule::cuda,
                                             std::uint32_t random_bits = 0) {
  detail::expects(is_codable(f),
                  "encode: the format must have at most 16 bits and a sign, or be E8M0, and "
                  "stay within the range of float");
  detail::expects_rule_covers(f, policy, rule);
  return f.is_signed ? detail::encode_float(f, x, mode, policy, rule, random_bits)
                     : detail::encode_e8m0(x, mode, policy, rule, random_bits);
}

/// The value of a code, exact; NaN codes of either sign give the positive quiet NaN.
///
/// requires  is_codable(f); code < 2^bits_of(f)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float decode(const float_format& f, std::uint32_t code) {
  detail::expects(is_codable(f),
                  "decode: the format must have at most 16 bits and a sign, or be E8M0, and "
                  "stay within the range of float");
  detail::expects(code <= detail::low_bits(bits_of(f)), "decode: the code must fit the format");
  const std::uint32_t sign = code & detail::sign_bit(f);
  const std::uint32_t magnitude = code ^ sign;
  const std::uint32_t float_sign = sign != 0 ? ~detail::float_magnitude : 0U;
  // 1. The codes that are no numbers.
  if (magnitude > max_code(f) ||
      (f.specials == special_values::nan_is_neg0 && sign != 0 && magnitude == 0)) {
    const bool inf = f.specials == special_values::ieee && magnitude == max_code(f) + 1;
    return inf ? std::bit_cast<float>(float_sign | detail::float_inf)
               : std::numeric_limits<float>::quiet_NaN();
  }
  // 2. |x| = significand * 2^unit. E8M0 has an implicit one in every code.
  const auto m = static_cast<unsigned>(f.mantissa_bits);
  const std::uint32_t field = magnitude >> m;
  const bool leading_one = field != 0 || !f.is_signed;
  const std::uint32_t significand =
      (magnitude & detail::low_bits(f.mantissa_bits)) | (leading_one ? std::uint32_t{1} << m : 0U);
  const int unit =
      (field != 0 || !f.is_signed ? static_cast<int>(field) : 1) - f.bias - f.mantissa_bits;
  if (significand == 0) {
    return std::bit_cast<float>(float_sign);
  }
  // 3. Move the leading one to bit 23; what lies below 2^-126 stays a subnormal float.
  const int top = static_cast<int>(std::bit_width(significand)) - 1;
  const int exponent = unit + top;
  const std::uint32_t bits = exponent >= -126
                                 ? (static_cast<std::uint32_t>(exponent + 126) << 23U) +
                                       (significand << static_cast<unsigned>(23 - top))
                                 : significand << static_cast<unsigned>(unit + 149);
  return std::bit_cast<float>(float_sign | bits);
}

/// True when elements of p have codes here: at most 16 bits. FP32, TF32 and FP64 have none.
[[nodiscard]] constexpr bool has_codes(precision p) { return format_of(p).element_bits <= 16; }

/// The narrowest unsigned type that holds a code of an element of P.
template <precision P>
requires(has_codes(P)) using code_t =
    std::conditional_t<(format_of(P).element_bits <= 8), std::uint8_t, std::uint16_t>;

/// The code of x in an element of p, before any scale; block formats give the code of their element.
///
/// formula   floating point as encode(float_format, ...); integers: two's complement, rounded by the same rules (one unit is the distance
///           between two codes), clamped to +-127 (INT8) or +-7 (INT4) under either overflow policy, Inf as well; NaN -> 0 under every
///           special_rule; the code of -128 or -8 is never made. GGUF_Q6_K: its 6-bit integer
/// requires  has_codes(p); for `rule` as encode(float_format, ...)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::uint32_t encode(precision p, float x,
                                             rounding mode = rounding::nearest_even,
                                             overflow policy = overflow::saturate,
                                             special_rule rule = special_rule::cuda,
                                             std::uint32_t random_bits = 0) {
  detail::expects(has_codes(p), "encode: the element must have at most 16 bits");
  const precision_format& f = format_of(p);
  return f.element ? encode(*f.element, x, mode, policy, rule, random_bits)
                   : detail::encode_integer(f, x, mode, random_bits);
}

/// The value of an element code of p, before any scale.
///
/// requires  has_codes(p); code < 2^element_bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float decode(precision p, std::uint32_t code) {
  detail::expects(has_codes(p), "decode: the element must have at most 16 bits");
  const precision_format& f = format_of(p);
  return f.element ? decode(*f.element, code) : detail::decode_integer(f, code);
}

/// The same with P as a constant: the result has the width of the code, and the format folds.
template <precision P>
[[nodiscard]] constexpr code_t<P> encode(float x, rounding mode = rounding::nearest_even,
                                         overflow policy = overflow::saturate,
                                         special_rule rule = special_rule::cuda,
                                         std::uint32_t random_bits = 0) {
  if constexpr (format_v<P>.element.has_value()) {
    constexpr float_format f = *format_v<P>.element;
    detail::expects_rule_covers(f, policy, rule);
    return static_cast<code_t<P>>(f.is_signed
                                      ? detail::encode_float(f, x, mode, policy, rule, random_bits)
                                      : detail::encode_e8m0(x, mode, policy, rule, random_bits));
  } else {
    return static_cast<code_t<P>>(detail::encode_integer(format_v<P>, x, mode, random_bits));
  }
}
template <precision P>
[[nodiscard]] constexpr float decode(code_t<P> code) {
  if constexpr (format_v<P>.element.has_value()) {
    constexpr float_format f = *format_v<P>.element;
    return decode(f, code);
  } else {
    return detail::decode_integer(format_v<P>, code);
  }
}

static_assert(encode<precision::fp8_e4m3>(448.0F) == 0x7E &&
              decode<precision::fp8_e4m3>(0x7E) == 448.0F);
static_assert(encode<precision::fp4_e2m1>(-6.0F) == 0xF && encode<precision::int8>(-1.0F) == 0xFF);

}  // namespace quantroof

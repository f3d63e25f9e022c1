// SPDX-License-Identifier: Apache-2.0
//
// From float to a code of a small format and back: one codec for every format that float_format can describe in 16 bits, and for
// INT8 and INT4. Exact: integer arithmetic on the bits with a single rounding, the same at compile time and at run time.
//
//   float   s | eeeeeeee | mmm mmmmmmmmmm mmmmmmmmmm      E4M3   s | eeee | mmm      E2M1   s | ee | m      E8M0   eeeeeeee
//
// NaN, Inf and -0 follow the conversions of CUDA 13.0 (cuda_fp8.hpp, cuda_fp6.hpp, cuda_fp4.hpp); FNUZ formats follow ml_dtypes.
// Not here: scales (block_format.hpp, scale_choice.hpp), stochastic rounding.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Where a value between two codes goes: to the nearer one, of two equally near ones to the even code; or to the smaller magnitude.
enum class rounding : std::uint8_t { nearest_even, toward_zero };

/// Where a value beyond the largest finite code goes: to that code; or to Inf, or to NaN in a format without Inf.
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
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(rounding r) {
  return detail::name_of(detail::rounding_names, r);
}
[[nodiscard]] constexpr std::string_view to_string(overflow o) {
  return detail::name_of(detail::overflow_names, o);
}
[[nodiscard]] constexpr std::optional<rounding> find_rounding(std::string_view name) {
  return detail::find_name(detail::rounding_names, name);
}
[[nodiscard]] constexpr std::optional<overflow> find_overflow(std::string_view name) {
  return detail::find_name(detail::overflow_names, name);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr rounding parse_rounding(std::string_view name) {
  return detail::parse_name(detail::rounding_names, name, "parse_rounding");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr overflow parse_overflow(std::string_view name) {
  return detail::parse_name(detail::overflow_names, name, "parse_overflow");
}

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

inline constexpr std::uint32_t float_magnitude = 0x7FFFFFFF;  // all bits but the sign
inline constexpr std::uint32_t float_inf = 0x7F800000;  // the code of Inf; magnitudes above are NaN
inline constexpr std::uint32_t float_leading_one = 0x00800000;
inline constexpr std::uint32_t float_fraction = 0x007FFFFF;

/// The lowest `count` bits.
[[nodiscard]] constexpr std::uint32_t low_bits(int count) {
  return (std::uint32_t{1} << static_cast<unsigned>(count)) - 1;
}

/// The bit that carries the sign; 0 for an unsigned format.
[[nodiscard]] constexpr std::uint32_t sign_bit(const float_format& f) {
  return f.is_signed ? low_bits(f.exponent_bits + f.mantissa_bits) + 1 : 0;
}

/// What NaN of either sign becomes: the code of -0 (fnuz); else all ones, which is NaN or, in a format without NaN, the maximum.
[[nodiscard]] constexpr std::uint32_t nan_code(const float_format& f) {
  return f.specials == special_values::nan_is_neg0 ? sign_bit(f)
                                                   : low_bits(f.exponent_bits + f.mantissa_bits);
}

/// What a magnitude beyond the largest finite number becomes.
[[nodiscard]] constexpr std::uint32_t overflow_code(const float_format& f, std::uint32_t sign,
                                                    overflow policy) {
  if (policy == overflow::saturate || f.specials == special_values::none) {
    return sign | max_code(f);
  }
  return f.specials == special_values::nan_is_neg0
             ? nan_code(f)
             : sign | (max_code(f) + 1);  // Inf, or the only NaN of an "fn" format
}

/// The exponent field of |x|; with `up` the next one unless |x| is a power of two itself.
[[nodiscard]] constexpr std::uint32_t encode_e8m0(float x, bool up, overflow policy) {
  const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(x) & float_magnitude;
  if (magnitude > float_inf) {
    return 0xFF;
  }
  const std::uint32_t code = magnitude >> 23U;
  const std::uint32_t fraction = magnitude & float_fraction;
  // Code c > 0 is a float of fraction 0. Code 0 is 2^-127, the subnormal float of fraction 0x400000.
  const bool above = fraction > (code == 0 ? 0x00400000U : 0U);
  const std::uint32_t rounded = code + (up && above ? 1U : 0U);
  return rounded < 0xFF ? rounded : (policy == overflow::saturate ? 0xFEU : 0xFFU);
}

}  // namespace detail

/// The E8M0 code of the smallest power of two not below |x|: for scales that must not clip.
///
/// formula   0 and up to 2^-127 -> 00; NaN -> FF; Inf and beyond 2^127 -> FE; the sign is ignored
/// source    CUDA 13.0 __nv_cvt_float_to_e8m0(x, __NV_SATFINITE, cudaRoundPosInf)
[[nodiscard]] constexpr std::uint8_t encode_e8m0_up(float x) {
  return static_cast<std::uint8_t>(detail::encode_e8m0(x, true, overflow::saturate));
}

/// The code of x in a small floating-point format.
///
/// formula   NaN       "fn" and IEEE-like: all ones without sign (E4M3 7F, E5M2 7F, FP16 7FFF); fnuz: 80; FP6, FP4: the maximum
///           Inf       saturate: the largest finite code; to_special: as overflow. fnuz: 80 under both
///           overflow  saturate: the largest finite code; to_special: Inf (E5M2 7C), NaN (E4M3 7F or FF, fnuz 80), else the largest
///           -0        keeps its sign; fnuz: 00, also for negative numbers that round to 0
///           E8M0      the exponent field of |x|, 0 -> 00. That is toward_zero, and nearest_even as well: CUDA has no nearest mode
///                     for scales, and a scale rounded to the nearer power of two would follow no published rule. See encode_e8m0_up
/// requires  is_codable(f)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    CUDA 13.0 __nv_cvt_float_to_{fp8,fp6,fp4,e8m0}, __float2half_{rn,rz}; ml_dtypes b793a6e for fnuz
/// post      decode(f, encode(f, decode(f, c))) == decode(f, c) for every code c that is a number
[[nodiscard]] constexpr std::uint32_t encode(const float_format& f, float x,
                                             rounding mode = rounding::nearest_even,
                                             overflow policy = overflow::saturate) {
  detail::expects(is_codable(f),
                  "encode: the format must have at most 16 bits and a sign, or be E8M0, and "
                  "stay within the range of float");
  if (!f.is_signed) {
    return detail::encode_e8m0(x, false, policy);
  }
  // 1. Take the float apart.
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & detail::float_magnitude;
  const std::uint32_t sign = bits != magnitude ? detail::sign_bit(f) : 0;
  const bool fnuz = f.specials == special_values::nan_is_neg0;
  // 2. NaN and Inf.
  if (magnitude > detail::float_inf || (fnuz && magnitude == detail::float_inf)) {
    return detail::nan_code(f);
  }
  if (magnitude == detail::float_inf) {
    return detail::overflow_code(f, sign, policy);
  }
  // 3. |x| = significand * 2^(exponent - 23); the significand has its leading one at bit 23 unless x is a subnormal float.
  const bool normal = magnitude >= detail::float_leading_one;
  const std::uint32_t significand =
      (magnitude & detail::float_fraction) | (normal ? detail::float_leading_one : 0U);
  const int exponent = normal ? static_cast<int>(magnitude >> 23U) - 127 : -126;
  // 4. Codes lie 2^(exponent - M) apart, but below the smallest normal number no closer than there.
  const int lowest = 1 - f.bias;
  const int spacing = exponent > lowest ? exponent : lowest;
  // 5. Drop the bits below that distance, rounding once. Of 25 dropped bits the highest, the half, is above the leading one:
  //    nothing is kept and nothing rounds up; more dropped bits change nothing.
  int dropped = 23 - f.mantissa_bits + (spacing - exponent);
  dropped = dropped < 25 ? dropped : 25;
  std::uint32_t kept = significand >> static_cast<unsigned>(dropped);
  const std::uint32_t rest = significand & detail::low_bits(dropped);
  const std::uint32_t half = std::uint32_t{1} << static_cast<unsigned>(dropped - 1);
  if (mode == rounding::nearest_even && (rest > half || (rest == half && (kept & 1U) != 0))) {
    ++kept;
  }
  // 6. Put the code together. The exponent field is one short: the leading one of `kept` completes it, and a carry out of the
  //    mantissa moves on to the next exponent. Subnormal codes have no leading one and the field stays 0.
  const auto field = static_cast<std::uint32_t>(spacing - lowest);
  const std::uint32_t code = (field << static_cast<unsigned>(f.mantissa_bits)) + kept;
  // 7. Beyond the largest finite number. Toward zero a finite x stays finite.
  if (code > max_code(f)) {
    return mode == rounding::toward_zero ? sign | max_code(f)
                                         : detail::overflow_code(f, sign, policy);
  }
  return fnuz && code == 0 ? 0 : sign | code;
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

namespace detail {
/// Largest magnitude of a symmetric integer: 127 of 8 bits, 7 of 4.
[[nodiscard]] constexpr int integer_max(const precision_format& f) {
  return static_cast<int>(low_bits(f.element_bits - 1));
}

[[nodiscard]] constexpr std::uint32_t encode_integer(const precision_format& f, float x,
                                                     rounding mode) {
  if (is_nan(x)) {
    return 0;
  }
  const auto most = static_cast<float>(integer_max(f));
  const float clamped = x > most ? most : (x < -most ? -most : x);
  const auto value = mode == rounding::nearest_even ? static_cast<std::int32_t>(round_even(clamped))
                                                    : static_cast<std::int32_t>(clamped);
  return static_cast<std::uint32_t>(value) & low_bits(f.element_bits);
}

[[nodiscard]] constexpr float decode_integer(const precision_format& f, std::uint32_t code) {
  expects(code <= low_bits(f.element_bits), "decode: the code must fit the element");
  const auto value = static_cast<std::int32_t>(code);
  return static_cast<float>(value > integer_max(f) ? value - (integer_max(f) + 1) * 2 : value);
}
}  // namespace detail

/// The code of x in an element of p, before any scale; block formats give the code of their element.
///
/// formula   floating point as encode(float_format, ...); integers: two's complement, nearest integer (ties to even) or toward zero,
///           clamped to +-127 (INT8) or +-7 (INT4) under either overflow policy, Inf as well; NaN -> 0; the code of -128 or -8 is
///           never made. GGUF_Q6_K: its 6-bit integer
/// requires  has_codes(p)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr std::uint32_t encode(precision p, float x,
                                             rounding mode = rounding::nearest_even,
                                             overflow policy = overflow::saturate) {
  detail::expects(has_codes(p), "encode: the element must have at most 16 bits");
  const precision_format& f = format_of(p);
  return f.element ? encode(*f.element, x, mode, policy) : detail::encode_integer(f, x, mode);
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
                                         overflow policy = overflow::saturate) {
  return static_cast<code_t<P>>(encode(P, x, mode, policy));
}
template <precision P>
[[nodiscard]] constexpr float decode(code_t<P> code) {
  return decode(P, code);
}

static_assert(encode<precision::fp8_e4m3>(448.0F) == 0x7E &&
              decode<precision::fp8_e4m3>(0x7E) == 448.0F);
static_assert(encode<precision::fp4_e2m1>(-6.0F) == 0xF && encode<precision::int8>(-1.0F) == 0xFF);

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// A floating-point format as data: how many exponent and mantissa bits, which bias, what the top codes mean.
//
//   value = (-1)^s * 2^(e - bias) * (1 + m / 2^M)      0 < e
//   value = (-1)^s * 2^(1 - bias) * (m / 2^M)          e == 0 (subnormal)
//
// Sources: OCP 8-bit Floating Point Specification 1.0 (E4M3, E5M2), OCP Microscaling Formats v1.0 (E2M1, E2M3, E3M2, E8M0),
// IEEE 754, ml_dtypes' naming (f = finite only, n = NaN only, uz = unsigned zero). Not here: conversion (minifloat.hpp).
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"

namespace quantroof {

/// What the codes outside the finite numbers mean.
enum class special_values : std::uint8_t {
  ieee,         // all-ones exponent: Inf (mantissa 0) and NaN (others)
  nan_only,     // "fn": the all-ones code of either sign is NaN; no Inf
  nan_is_neg0,  // "fnuz": the code of -0 is the only NaN; no Inf, no -0
  none,         // "fn" without NaN: every code is a finite number
};

/// One sign-exponent-mantissa format.
struct float_format {
  int exponent_bits = 0;
  int mantissa_bits = 0;
  int bias = 0;
  special_values specials = special_values::ieee;
  bool is_signed = true;

  friend constexpr bool operator==(const float_format&, const float_format&) = default;
};

/// Storage bits of one code: sign + exponent + mantissa.
[[nodiscard]] constexpr int bits_of(const float_format& f) {
  return (f.is_signed ? 1 : 0) + f.exponent_bits + f.mantissa_bits;
}

/// Largest finite code of positive sign.
///
/// requires  exponent_bits + mantissa_bits < 32: every format here but FP64
[[nodiscard]] constexpr std::uint32_t max_code(const float_format& f) {
  detail::expects(f.exponent_bits + f.mantissa_bits < 32,
                  "max_code: exponent and mantissa must have fewer than 32 bits");
  const std::uint32_t all_ones =
      (std::uint32_t{1} << static_cast<unsigned>(f.exponent_bits + f.mantissa_bits)) - 1;
  switch (f.specials) {
    case special_values::ieee:
      return all_ones - (std::uint32_t{1} << static_cast<unsigned>(f.mantissa_bits));  // below Inf
    case special_values::nan_only:
      return all_ones - 1;  // below the NaN
    case special_values::nan_is_neg0:
    case special_values::none:
      return all_ones;
  }
  return all_ones;
}

/// Value of a finite code with the sign bit cleared; exact.
///
/// requires  code <= max_code(f), format no wider than 16 bits of exponent + mantissa (FP32 and FP64 are not coded here)
[[nodiscard]] constexpr double finite_value(const float_format& f, std::uint32_t code) {
  detail::expects(code <= max_code(f),
                  "finite_value: the code is not a finite positive number of this format");
  const std::uint32_t mantissa =
      code & ((std::uint32_t{1} << static_cast<unsigned>(f.mantissa_bits)) - 1);
  const auto exponent = static_cast<int>(code >> static_cast<unsigned>(f.mantissa_bits));
  if (f.mantissa_bits == 0 && !f.is_signed) {
    return detail::pow2(exponent -
                        f.bias);  // E8M0: powers of two only, code 0 is 2^-bias and not zero
  }
  const double fraction = static_cast<double>(mantissa) / detail::pow2(f.mantissa_bits);
  return exponent == 0 ? fraction * detail::pow2(1 - f.bias)
                       : (1.0 + fraction) * detail::pow2(exponent - f.bias);
}

[[nodiscard]] constexpr double max_value(const float_format& f) {
  return finite_value(f, max_code(f));
}
[[nodiscard]] constexpr double min_normal(const float_format& f) {
  return detail::pow2(1 - f.bias);
}
[[nodiscard]] constexpr double min_subnormal(const float_format& f) {
  return detail::pow2(1 - f.bias - f.mantissa_bits);
}

// The formats, by ml_dtypes' names. Maximum with its arithmetic.
inline constexpr float_format float16{5, 10, 15,
                                      special_values::ieee};  // (2 - 2^-10) * 2^15 = 65504
inline constexpr float_format bfloat16{8, 7, 127,
                                       special_values::ieee};  // (2 - 2^-7) * 2^127 = 3.39e38
inline constexpr float_format float32{8, 23, 127, special_values::ieee};    // IEEE 754 binary32
inline constexpr float_format float64{11, 52, 1023, special_values::ieee};  // IEEE 754 binary64
inline constexpr float_format tensor_float32{8, 10, 127,
                                             special_values::ieee};  // 19 bits used of 32 stored
inline constexpr float_format float8_e4m3fn{4, 3, 7,
                                            special_values::nan_only};  // (1 + 6/8) * 2^8 = 448
inline constexpr float_format float8_e5m2{5, 2, 15,
                                          special_values::ieee};  // (1 + 3/4) * 2^15 = 57344
inline constexpr float_format float8_e4m3fnuz{
    4, 3, 8, special_values::nan_is_neg0};  // (1 + 7/8) * 2^7 = 240
inline constexpr float_format float8_e5m2fnuz{
    5, 2, 16, special_values::nan_is_neg0};  // (1 + 3/4) * 2^15 = 57344
inline constexpr float_format float8_e4m3{4, 3, 7, special_values::ieee};  // (1 + 7/8) * 2^7 = 240
inline constexpr float_format float8_e3m4{3, 4, 3,
                                          special_values::ieee};  // (1 + 15/16) * 2^3 = 15.5
inline constexpr float_format float6_e2m3fn{2, 3, 1,
                                            special_values::none};  // (1 + 7/8) * 2^2 = 7.5
inline constexpr float_format float6_e3m2fn{3, 2, 3, special_values::none};  // (1 + 3/4) * 2^4 = 28
inline constexpr float_format float4_e2m1fn{2, 1, 1, special_values::none};  // (1 + 1/2) * 2^2 = 6
inline constexpr float_format float8_e8m0fnu{8, 0, 127, special_values::nan_only,
                                             false};  // 2^(254 - 127) = 2^127

// Checked against the published limits (OCP 8-bit FP 1.0 table 1; OCP MX v1.0 table 1; ml_dtypes documentation).
static_assert(max_value(float16) == 65504.0 && min_subnormal(float16) == 1.0 / 16777216.0);
static_assert(max_value(float8_e4m3fn) == 448.0 && min_normal(float8_e4m3fn) == 1.0 / 64 &&
              min_subnormal(float8_e4m3fn) == 1.0 / 512);
static_assert(max_value(float8_e5m2) == 57344.0 && min_subnormal(float8_e5m2) == 1.0 / 65536);
static_assert(max_value(float8_e4m3fnuz) == 240.0 && max_value(float8_e5m2fnuz) == 57344.0);
static_assert(max_value(float8_e4m3) == 240.0 && max_value(float8_e3m4) == 15.5);
static_assert(max_value(float6_e2m3fn) == 7.5 && min_subnormal(float6_e2m3fn) == 0.125);
static_assert(max_value(float6_e3m2fn) == 28.0 && min_subnormal(float6_e3m2fn) == 0.0625);
static_assert(max_value(float4_e2m1fn) == 6.0 && min_subnormal(float4_e2m1fn) == 0.5);
static_assert(max_value(float8_e8m0fnu) == detail::pow2(127) &&
              finite_value(float8_e8m0fnu, 0) == detail::pow2(-127));

namespace detail {
/// The limits of a format once more, counted from 1.0 instead of computed from the fields: halving down to the smallest numbers,
/// and up through the codes that lie above that of 1.0.
struct counted_limits {
  double max = 1.0;
  double min_normal = 1.0;
  double min_subnormal = 1.0;
};
[[nodiscard]] constexpr counted_limits count_limits(const float_format& f) {
  counted_limits limits;
  const auto per_binade = std::uint64_t{1} << static_cast<unsigned>(f.mantissa_bits);
  const auto binades = std::uint64_t{1} << static_cast<unsigned>(f.exponent_bits);
  const std::uint64_t not_finite = f.specials == special_values::ieee       ? per_binade
                                   : f.specials == special_values::nan_only ? 1
                                                                            : 0;
  const std::uint64_t below_one = per_binade * static_cast<std::uint64_t>(f.bias);
  std::uint64_t above_one = per_binade * binades - not_finite - below_one - 1;
  for (; above_one >= per_binade; above_one -= per_binade) {
    limits.max *= 2;
  }
  limits.max *= 1 + static_cast<double>(above_one) / static_cast<double>(per_binade);
  for (int i = 1; i < f.bias; ++i) {
    limits.min_normal /= 2;
  }
  limits.min_subnormal = limits.min_normal;
  for (int i = 0; i < f.mantissa_bits; ++i) {
    limits.min_subnormal /= 2;
  }
  return limits;
}
[[nodiscard]] constexpr bool limits_agree(const float_format& f) {
  const counted_limits counted = count_limits(f);
  return counted.max == max_value(f) && counted.min_normal == min_normal(f) &&
         counted.min_subnormal == min_subnormal(f);
}
}  // namespace detail
static_assert(detail::limits_agree(float16) && detail::limits_agree(bfloat16) &&
              detail::limits_agree(float32) && detail::limits_agree(tensor_float32));
static_assert(detail::limits_agree(float8_e4m3fn) && detail::limits_agree(float8_e5m2) &&
              detail::limits_agree(float8_e4m3fnuz) && detail::limits_agree(float8_e5m2fnuz) &&
              detail::limits_agree(float8_e4m3) && detail::limits_agree(float8_e3m4));
static_assert(detail::limits_agree(float6_e2m3fn) && detail::limits_agree(float6_e3m2fn) &&
              detail::limits_agree(float4_e2m1fn));
static_assert(detail::count_limits(float8_e8m0fnu).max == max_value(float8_e8m0fnu));

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The codes of what is no number in a small format, and of numbers too large for it, by special_rule (rounding.hpp has the sources).
//
//                E4M3 (fn)      E5M2 (ieee)           E2M3, E3M2, E2M1 (none)   FNUZ
//   cuda         NaN 7F         NaN 7F  Inf 7C 7B     NaN = max                 80
//   ml_dtypes    NaN 7F FF      NaN 7E FE  Inf 7C     NaN = -0 +0               80
//   pytorch      NaN 7F FF      NaN 7F FF  Inf 7C     -                         80
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/float_bits.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/rounding.hpp"

namespace quantroof::detail {

/// The bit that carries the sign; 0 for an unsigned format.
[[nodiscard]] constexpr std::uint32_t sign_bit(const float_format& f) {
  return f.is_signed ? low_bits(f.exponent_bits + f.mantissa_bits) + 1 : 0;
}

/// What a finite magnitude beyond the largest number becomes.
[[nodiscard]] constexpr std::uint32_t overflow_code(const float_format& f, std::uint32_t sign,
                                                    overflow policy) {
  if (policy == overflow::saturate || f.specials == special_values::none) {
    return sign | max_code(f);
  }
  return f.specials == special_values::nan_is_neg0
             ? sign_bit(f)
             : sign | (max_code(f) + 1);  // Inf, or the only NaN of an "fn" format
}

[[nodiscard]] constexpr std::uint32_t nan_code(const float_format& f, std::uint32_t sign,
                                               special_rule rule) {
  const std::uint32_t all_ones = low_bits(f.exponent_bits + f.mantissa_bits);
  if (f.specials == special_values::nan_is_neg0) {
    return sign_bit(f);
  }
  if (rule == special_rule::cuda || rule == special_rule::modelopt) {
    return all_ones;  // NaN, or the largest number of a format without NaN
  }
  const std::uint32_t quiet =
      (max_code(f) + 1) | (std::uint32_t{1} << static_cast<unsigned>(f.mantissa_bits)) >> 1U;
  if (rule == special_rule::pytorch) {
    return f == bfloat16 ? quiet : sign | (f == float16 ? quiet : all_ones);
  }
  switch (f.specials) {
    case special_values::ieee:
      return sign | quiet;
    case special_values::none:
      return sign ^ sign_bit(f);  // zero of the other sign
    default:
      return sign | all_ones;
  }
}

[[nodiscard]] constexpr std::uint32_t inf_code(const float_format& f, std::uint32_t sign,
                                               overflow policy, special_rule rule) {
  if (f.specials == special_values::nan_is_neg0) {
    return sign_bit(f);
  }
  const bool follows_policy = rule == special_rule::cuda || rule == special_rule::modelopt;
  return overflow_code(f, sign, follows_policy ? policy : overflow::to_special);
}

/// Refuses what the source of a rule does not have.
constexpr void expects_rule_covers(const float_format& f, overflow policy, special_rule rule) {
  if (rule == special_rule::pytorch) {
    expects(policy == overflow::to_special,
            "encode: special_rule::pytorch never saturates; it needs overflow::to_special");
    expects(f == float16 || f == bfloat16 || f == float8_e4m3fn || f == float8_e5m2 ||
                f == float8_e4m3fnuz || f == float8_e5m2fnuz,
            "encode: special_rule::pytorch covers FP16, BF16, E4M3, E5M2, E4M3FNUZ and E5M2FNUZ");
  } else if (rule == special_rule::modelopt) {
    expects(f == float4_e2m1fn, "encode: special_rule::modelopt covers E2M1 only");
  }
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// E8M0, the powers of two that MX formats use as scales: code c is 2^(c - 127), FF is NaN; no sign and no zero.
//
//   float   s | eeeeeeee | mmm mmmmmmmmmm mmmmmmmmmm      E8M0   eeeeeeee
//
// Not here: which scale a block gets (block_format.hpp), decoding (minifloat.hpp).
#pragma once

#include <bit>
#include <cstdint>

#include "quantroof/detail/float_bits.hpp"
#include "quantroof/precision/rounding.hpp"

namespace quantroof {
namespace detail {

inline constexpr std::uint32_t two_to_minus_127 = 0x00400000;  // a subnormal float: code 00

/// A code that may have left the range at the top.
[[nodiscard]] constexpr std::uint32_t finish_e8m0(std::uint32_t code, overflow policy) {
  return code < 0xFF ? code : (policy == overflow::saturate ? 0xFEU : 0xFFU);
}

/// How far |x| is on its way from code c to code c + 1, in 2^-32.
[[nodiscard]] constexpr std::uint32_t e8m0_fraction(std::uint32_t magnitude) {
  if (magnitude >= float_leading_one) {
    return (magnitude & float_fraction) << 9U;
  }
  return magnitude > two_to_minus_127 ? (magnitude - two_to_minus_127) << 10U : 0U;
}

[[nodiscard]] constexpr std::uint32_t encode_e8m0(float x, rounding mode, overflow policy,
                                                  special_rule rule, std::uint32_t random_bits) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & float_magnitude;
  if (magnitude > float_inf) {
    return 0xFF;
  }
  const bool ml_dtypes = rule == special_rule::ml_dtypes;
  if (ml_dtypes && magnitude == float_inf) {
    return 0xFF;
  }
  if (ml_dtypes && (bits != magnitude || magnitude == 0)) {
    return policy == overflow::saturate ? 0x00 : 0xFF;
  }
  if (mode == rounding::stochastic && magnitude < float_inf) {
    const std::uint64_t fixed = std::uint64_t{magnitude >> 23U} << 32U | e8m0_fraction(magnitude);
    return finish_e8m0(round_fixed(fixed, mode, random_bits), policy);
  }
  if (ml_dtypes && mode == rounding::nearest_even) {  // half of the gap or more rounds up
    return finish_e8m0(magnitude > two_to_minus_127 ? (magnitude + two_to_minus_127) >> 23U : 0U,
                       policy);
  }
  return finish_e8m0(magnitude >> 23U, policy);
}

}  // namespace detail

/// The E8M0 code of the smallest power of two not below |x|: for scales that must not clip.
///
/// formula   0 and up to 2^-127 -> 00; NaN -> FF; Inf and beyond 2^127 -> FE; the sign is ignored
/// source    CUDA 13.0 __nv_cvt_float_to_e8m0(x, __NV_SATFINITE, cudaRoundPosInf)
[[nodiscard]] constexpr std::uint8_t encode_e8m0_up(float x) {
  const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(x) & detail::float_magnitude;
  if (magnitude > detail::float_inf) {
    return 0xFF;
  }
  const std::uint32_t up = detail::e8m0_fraction(magnitude) != 0 ? 1U : 0U;
  return static_cast<std::uint8_t>(
      detail::finish_e8m0((magnitude >> 23U) + up, overflow::saturate));
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// How a conversion to a small format decides: between two neighbouring codes, beyond the largest one, and for NaN, Inf and -0.
//
// The last is a matter of who converts: CUDA's headers, ml_dtypes, PyTorch and ModelOpt write different codes for the same float.
// Not here: the codes themselves (special_codes.hpp) and the conversion (minifloat.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"

namespace quantroof {

/// Where a value between two codes goes. A value that has a code of its own always gets it.
enum class rounding : std::uint8_t {
  nearest_even,  // to the nearer one; of two equally near ones to the even code
  toward_zero,   // to the smaller magnitude; a finite value never overflows
  stochastic,  // to the larger magnitude with the probability of the dropped fraction, by the caller's random bits
};

/// Where a finite value beyond the largest finite code goes: to that code; or to Inf, or to NaN in a format without Inf.
enum class overflow : std::uint8_t { saturate, to_special };

/// Whose codes NaN, Inf and -0 get. Finite values differ only where a line says so.
enum class special_rule : std::uint8_t {
  // NaN: all ones without sign (E4M3, E5M2 7F, FP16, BF16 7FFF), the largest number in FP6 and FP4. Inf: follows `overflow`. -0: keeps
  // its sign. CUDA has no FNUZ formats: NaN and Inf 80, -0 and what rounds to it 00, as ml_dtypes; nor IEEE-like E4M3 and E3M4: as E5M2.
  // Source: CUDA 13.0 cuda_fp8.hpp, cuda_fp6.hpp, cuda_fp4.hpp, cuda_fp16.hpp, cuda_bf16.hpp.
  cuda,
  // NaN: keeps its sign; E4M3 7F, with Inf in the format the quiet one (E5M2 7E, FP16 7E00, BF16 7FC0); FP6 and FP4: zero of the other
  // sign. Inf: stays Inf under either `overflow`, NaN in E4M3, the largest number in FP6 and FP4. FNUZ and -0 as above. E8M0: negative
  // numbers and 0 are FF, or 00 where `overflow` saturates; Inf FF; nearest rounds 1.5 * 2^k up, and all above 2^-127 to 2^-126 or more.
  // Source: ml_dtypes b793a6e; Eigen for FP16 and BF16, which there have no saturating form.
  ml_dtypes,
  // Never saturates: needs overflow::to_special. NaN: keeps its sign; E4M3, E5M2 7F, FP16 7E00; BF16 7FC0 without sign. Inf: NaN in
  // E4M3, else Inf. FNUZ as above. For FP16, BF16, E4M3, E5M2, E4M3FNUZ, E5M2FNUZ. FP16 is c10's portable form: F16C keeps NaN's payload.
  // Source: PyTorch c10/util Float8_e4m3fn.h 0316fdc, Float8_e5m2.h 1239cc5, Float8_e*fnuz.h 0697b0b, Half.h 01055e8, BFloat16.h 00b01c1.
  pytorch,
  // E2M1 only: the sign is that of x < 0, so -0 becomes 00 while a negative number that rounds to 0 keeps its sign. NaN: the largest number, as cuda.
  // Source: Model-Optimizer a2fbac7, NVFP4QTensor._cast_fp4.
  modelopt,
};

namespace detail {
inline constexpr name_table<rounding, 3> rounding_names{{
    {rounding::nearest_even, "nearest_even"},
    {rounding::toward_zero, "toward_zero"},
    {rounding::stochastic, "stochastic"},
}};
inline constexpr name_table<overflow, 2> overflow_names{{
    {overflow::saturate, "saturate"},
    {overflow::to_special, "to_special"},
}};
inline constexpr name_table<special_rule, 4> special_rule_names{{
    {special_rule::cuda, "cuda"},
    {special_rule::ml_dtypes, "ml_dtypes"},
    {special_rule::pytorch, "pytorch"},
    {special_rule::modelopt, "modelopt"},
}};
static_assert(names_are_complete(rounding_names) && names_are_complete(overflow_names) &&
              names_are_complete(special_rule_names));

/// A fixed-point magnitude of 32 bits before and after the point, rounded to an integer: one addition below the point, then a cut.
///
/// formula   nearest_even   + 1/2, less 2^-32 when the integer is even
///           toward_zero    + 0
///           stochastic     + random_bits * 2^-32: away from zero for `fraction` * 2^32 of the 2^32 values of random_bits
[[nodiscard]] constexpr std::uint32_t round_fixed(std::uint64_t fixed, rounding mode,
                                                  std::uint32_t random_bits) {
  std::uint64_t addend = 0;
  if (mode == rounding::nearest_even) {
    addend = 0x7FFFFFFFU + ((fixed >> 32U) & 1U);
  } else if (mode == rounding::stochastic) {
    addend = random_bits;
  }
  return static_cast<std::uint32_t>((fixed + addend) >> 32U);
}
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(rounding r) {
  return detail::name_of(detail::rounding_names, r);
}
[[nodiscard]] constexpr std::string_view to_string(overflow o) {
  return detail::name_of(detail::overflow_names, o);
}
[[nodiscard]] constexpr std::string_view to_string(special_rule s) {
  return detail::name_of(detail::special_rule_names, s);
}
[[nodiscard]] constexpr std::optional<rounding> find_rounding(std::string_view name) {
  return detail::find_name(detail::rounding_names, name);
}
[[nodiscard]] constexpr std::optional<overflow> find_overflow(std::string_view name) {
  return detail::find_name(detail::overflow_names, name);
}
[[nodiscard]] constexpr std::optional<special_rule> find_special_rule(std::string_view name) {
  return detail::find_name(detail::special_rule_names, name);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr rounding parse_rounding(std::string_view name) {
  return detail::parse_name(detail::rounding_names, name, "parse_rounding");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr overflow parse_overflow(std::string_view name) {
  return detail::parse_name(detail::overflow_names, name, "parse_overflow");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr special_rule parse_special_rule(std::string_view name) {
  return detail::parse_name(detail::special_rule_names, name, "parse_special_rule");
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The power of two of an MX block, by the four rules that producers use.
//
// Sources: OCP MX v1.0 section 6.3 as torchao 36027d8 computes it; PTX cvt.rp.ue8m0x2.f32. Not here: elements (quantize_blocks.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof {

namespace detail {

/// Exponent of the largest element: 8 for E4M3, 15 E5M2, 2 E2M3, 4 E3M2, 2 E2M1; 0 MXINT8, whose elements are codes * 2^-6.
[[nodiscard]] constexpr int largest_exponent(const precision_format& f) {
  return f.element ? static_cast<int>(max_code(*f.element) >>
                                      static_cast<unsigned>(f.element->mantissa_bits)) -
                         f.element->bias
                   : 0;
}

/// The constants of one MX rule for one element.
struct mx_rule_constants {
  mx_scale_rule rule = mx_scale_rule::floor;
  std::int32_t emax = 0;
  std::int32_t half = 0;     // even: half a unit in the last place of the element's mantissa
  float inverse_max = 0.0F;  // rceil: 1 / largest element
};

/// The code from the bits of absmax: 0xFF for NaN and Inf. No branches but on the rule, which loops take out of themselves.
template <mx_scale_rule Rule>
[[nodiscard, gnu::always_inline]] constexpr std::int32_t mx_code(const mx_rule_constants& c,
                                                                 std::int32_t absmax) {
  std::int32_t exponent = 0;  // with the bias of E8M0, which is that of float
  // NaN and Inf are put aside: constant expressions do not multiply NaN, and sums with their bits pass 2^31.
  const auto bits = static_cast<std::uint32_t>(absmax < inf_bits ? absmax : 0);
  if constexpr (Rule == mx_scale_rule::floor) {
    exponent = static_cast<std::int32_t>(bits >> 23U) - c.emax;
  } else if constexpr (Rule == mx_scale_rule::ceil) {
    exponent = static_cast<std::int32_t>((bits + float_fraction) >> 23U) - c.emax;
  } else if constexpr (Rule == mx_scale_rule::even) {
    const std::uint32_t rounded = bits + static_cast<std::uint32_t>(c.half);
    exponent = rounded < float_inf ? static_cast<std::int32_t>(rounded >> 23U) - c.emax : 0xFF;
  } else {
    const auto wanted = std::bit_cast<std::uint32_t>(std::bit_cast<float>(bits) * c.inverse_max);
    // Code 0 stands for 2^-127, the subnormal float 0x00400000.
    const std::uint32_t above = wanted < 0x00800000U ? 0x003FFFFFU : float_fraction;
    exponent = static_cast<std::int32_t>((wanted + above) >> 23U);
  }
  const std::int32_t stored = exponent > 0 ? exponent : 0;
  return absmax < inf_bits ? stored : 0xFF;
}

template <mx_scale_rule Rule, std::size_t N>
constexpr void mx_codes(const mx_rule_constants& c, const std::array<std::int32_t, N>& absmax,
                        std::array<std::int32_t, N>& codes) {
  const mx_rule_constants constants = c;  // locals cannot alias what is written
  std::array<std::int32_t, N> code;
  for (std::size_t i = 0; i < N; ++i) {
    code[i] = mx_code<Rule>(constants, absmax[i]);
  }
  codes = code;
}
template <std::size_t N>
constexpr void mx_codes(const mx_rule_constants& c, const std::array<std::int32_t, N>& absmax,
                        std::array<std::int32_t, N>& codes) {
  switch (c.rule) {
    case mx_scale_rule::floor:
      return mx_codes<mx_scale_rule::floor>(c, absmax, codes);
    case mx_scale_rule::rceil:
      return mx_codes<mx_scale_rule::rceil>(c, absmax, codes);
    case mx_scale_rule::even:
      return mx_codes<mx_scale_rule::even>(c, absmax, codes);
    case mx_scale_rule::ceil:
      return mx_codes<mx_scale_rule::ceil>(c, absmax, codes);
  }
}

/// What values are multiplied by under a scale code: 2^(127 - code); 2^-127 is a subnormal float. Not for FF.
[[nodiscard, gnu::always_inline]] constexpr float mx_factor(std::int32_t code) {
  return std::bit_cast<float>(code < 254 ? (254 - code) << 23 : 0x00400000);
}
/// The scale a code stands for; FF is NaN.
[[nodiscard, gnu::always_inline]] constexpr float mx_scale_value(std::uint32_t code) {
  const std::uint32_t normal = code > 0 ? code << 23U : 0x00400000U;
  return std::bit_cast<float>(code < 0xFF ? normal : 0x7FC00000U);
}

[[nodiscard]] constexpr mx_rule_constants make_mx_rule(precision p, mx_scale_rule rule) {
  const precision_format& f = format_of(p);
  expects(f.scales == mx, "mx_scale_code: the precision must be an MX format");
  const int mantissa = f.element ? f.element->mantissa_bits : f.element_bits - 2;
  const double most = f.element ? max_value(*f.element) : 127.0 / 64.0;
  return {.rule = rule,
          .emax = largest_exponent(f),
          .half = std::int32_t{1} << (22 - mantissa),
          .inverse_max = 1.0F / static_cast<float>(most)};
}

}  // namespace detail

/// The E8M0 code of the scale of an MX block.
///
/// formula   floor  exponent field of absmax - emax; emax: exponent of the largest element (8 for E4M3, 15 E5M2, 2 E2M3, 4 E3M2, 2 E2M1,
///                  0 MXINT8, whose elements are codes * 2^-6). Clips: up to 12.5 % in E4M3, 25 % in E2M1
///           ceil   the same, one more unless absmax is a power of two; never clips
///           even   floor of absmax rounded to the element's mantissa
///           rceil  the smallest power of two not below absmax / largest element; never clips. Multiplying by 1.0F / max and a true
///                  division give the same code for every float
///           at least 00 (2^-127), which is also the code of a block of zeros; NaN or Inf -> FF, which makes the block NaN
/// requires  p is an MX format; absmax not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    OCP MX v1.0 section 6.3 (floor); torchao 36027d8 to_mx (all four); PTX cvt.rp.ue8m0x2.f32 (rceil). By the exponent field,
///           since floor(log2f(x)) is wrong just below powers of two
[[nodiscard]] constexpr std::uint8_t mx_scale_code(precision p, float absmax,
                                                   mx_scale_rule rule = mx_scale_rule::floor) {
  detail::expects(!(absmax < 0.0F), "mx_scale_code: absmax must not be negative");
  const std::array<std::int32_t, 1> bits{detail::magnitude_bits(absmax)};
  std::array<std::int32_t, 1> code{};
  detail::mx_codes(detail::make_mx_rule(p, rule), bits, code);
  return static_cast<std::uint8_t>(code[0]);
}

}  // namespace quantroof

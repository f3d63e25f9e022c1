// SPDX-License-Identifier: Apache-2.0
//
// What values become in a format with one scale, for loops over whole tensors: round_trip (block_format.hpp) without making codes.
//
//   v = min(|x|, scale * element_max) / scale      (v + 2^(e + 23 - M)) - 2^(e + 23 - M)      e: exponent of v, at least the lowest
//
// One float addition rounds to nearest even at the spacing of the format. Integers are fixed-point numbers whose M and lowest
// exponent are those of their largest power of two. NaN stays NaN and Inf saturates, in every format.
// Not here: codes and other roundings (minifloat.hpp), scales per block (block_format.hpp).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Rounds values to the elements of one precision under one scale.
///
/// requires  has_codes(p); p is not E8M0, which holds scales and no values; scale positive and finite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// post      element_rounder{p, s}(x) == round_trip(p, x, s) for finite x, also in the sign of 0
class element_rounder {
 public:
  constexpr element_rounder(precision p, float scale) : precision_(p), scale_(scale) {
    const precision_format& f = format_of(p);
    detail::expects(has_codes(p) && f.kind != element_kind::scale_only,
                    "element_rounder: the element must be a value of at most 16 bits");
    detail::expects(scale > 0.0F && detail::is_a_number(scale),
                    "element_rounder: the scale must be positive and finite");
    const float top = element_max(p);
    const int lowest = f.element ? 1 - f.element->bias : f.element_bits - 2;
    const int mantissa = f.element ? f.element->mantissa_bits : f.element_bits - 2;
    most_ = std::bit_cast<std::uint32_t>(top);
    limit_ = std::bit_cast<std::uint32_t>(detail::product(scale, top));
    lowest_ = static_cast<std::uint32_t>(lowest + 127) << 23U;
    step_ = static_cast<std::uint32_t>(23 - mantissa) << 23U;
    no_negative_zero_ = !f.element || f.element->specials == special_values::nan_is_neg0;
    // The power of two that is added must be a float, which rules out BF16, and so must scale * element_max.
    by_addition_ = (most_ & detail::float_inf) + step_ < detail::float_inf &&
                   static_cast<double>(scale) * static_cast<double>(top) <=
                       static_cast<double>(std::numeric_limits<float>::max());
  }

  [[nodiscard]] constexpr float operator()(float x) const {
    return by_addition_ ? by_addition(x) : by_code(x);
  }

  /// Every value of `in`; out may be in itself.
  ///
  /// requires  out.size() == in.size()
  constexpr void operator()(std::span<const float> in, std::span<float> out) const {
    detail::expects(in.size() == out.size(), "element_rounder: out must be as long as in");
    const element_rounder rounder =
        *this;  // a local: what is written through `to` cannot change it
    const float* const from = in.data();
    float* const to = out.data();
    if (by_addition_) {
      for (std::size_t i = 0; i < in.size(); ++i) {
        to[i] = rounder.by_addition(from[i]);
      }
    } else {
      for (std::size_t i = 0; i < in.size(); ++i) {
        to[i] = rounder.by_code(from[i]);
      }
    }
  }

 private:
  // Integer minima and selections only, so that compilers can vectorise loops over this.
  [[nodiscard]] constexpr float by_addition(float x) const {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t magnitude = bits & detail::float_magnitude;
    const float clipped = std::bit_cast<float>(magnitude < limit_ ? magnitude : limit_);
    const auto quotient = std::bit_cast<std::uint32_t>(clipped / scale_);
    const std::uint32_t element = quotient < most_ ? quotient : most_;
    const std::uint32_t exponent = element & detail::float_inf;
    const auto spacing = std::bit_cast<float>((exponent > lowest_ ? exponent : lowest_) + step_);
    const float rounded = (std::bit_cast<float>(element) + spacing) - spacing;
    const auto value = std::bit_cast<std::uint32_t>(rounded * scale_);
    const bool unsigned_zero = no_negative_zero_ && std::bit_cast<std::uint32_t>(rounded) == 0;
    const std::uint32_t sign = unsigned_zero ? 0U : bits ^ magnitude;
    return std::bit_cast<float>(magnitude > detail::float_inf ? bits : sign | value);
  }

  [[nodiscard]] constexpr float by_code(float x) const {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t magnitude = bits & detail::float_magnitude;
    if (magnitude > detail::float_inf) {
      return x;
    }
    const std::uint32_t finite =
        magnitude < detail::float_inf ? bits : (bits ^ magnitude) | (detail::float_inf - 1);
    return round_trip(precision_, std::bit_cast<float>(finite), scale_);
  }

  precision precision_;
  float scale_;
  std::uint32_t most_ = 0;    // bits of element_max
  std::uint32_t limit_ = 0;   // bits of scale * element_max
  std::uint32_t lowest_ = 0;  // exponent field of the smallest normal element
  std::uint32_t step_ = 0;    // from there to that of the power of two that is added
  bool no_negative_zero_ = false;
  bool by_addition_ = true;
};

}  // namespace quantroof

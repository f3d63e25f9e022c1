// SPDX-License-Identifier: Apache-2.0
//
// The scale that brings a largest magnitude to the largest element, as floats or halves store it, and what it does to values.
//
// Without branches, so that a loop over the scales of groups is one of vectors.
// Not here: other choices of a scale (scale_choice.hpp), scales that formats have rules for (mx_scale.hpp, nvfp4_scale.hpp).
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_rules.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// absmax / largest element on the grid of FP16, at most 65504.
[[nodiscard, gnu::always_inline]] constexpr float half_scale(float absmax, float top) {
  return nearest_half(absmax / top);
}

/// absmax / largest element as scale_for_clip has it.
[[nodiscard, gnu::always_inline]] constexpr float float_scale(float absmax, float top) {
  constexpr float smallest = std::numeric_limits<float>::min();
  const float scale = absmax / top;
  // One step down where rounding the scale up would put the largest element beyond float.
  const bool beyond = static_cast<double>(scale) * static_cast<double>(top) >
                      static_cast<double>(std::numeric_limits<float>::max());
  const float kept = std::bit_cast<float>(std::bit_cast<std::uint32_t>(scale) - (beyond ? 1U : 0U));
  const float lifted = kept > smallest ? kept : smallest;
  return absmax > 0.0F ? lifted : 1.0F;
}

/// What a scale is turned into before it meets the values: itself or its inverse; of 0 what makes 0 of them.
[[nodiscard, gnu::always_inline]] constexpr float applied(float scale, scaling how) {
  const std::uint32_t positive = mask_less(0, std::bit_cast<std::uint32_t>(scale));
  constexpr auto largest = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::max());
  const float divisor =
      std::bit_cast<float>(select(positive, std::bit_cast<std::uint32_t>(scale), largest));
  if (how == scaling::division) {
    return divisor;
  }
  return std::bit_cast<float>(select(positive, std::bit_cast<std::uint32_t>(1.0F / divisor), 0U));
}

/// Of times(x, factor) or over(x, divisor), whichever `how` asks for, where x has these magnitude_bits; NaN and Inf stay what they are.
[[nodiscard]] constexpr std::int32_t scaled_bits(std::int32_t bits, float value, scaling how) {
  const float x = std::bit_cast<float>(bits);
  const float scaled = how == scaling::division ? over(x, value) : times(x, value);
  const auto number = static_cast<std::uint32_t>(finite_mask(bits));
  return static_cast<std::int32_t>(select(number,
                                          static_cast<std::uint32_t>(magnitude_bits(scaled)),
                                          static_cast<std::uint32_t>(bits)));
}

}  // namespace quantroof::detail

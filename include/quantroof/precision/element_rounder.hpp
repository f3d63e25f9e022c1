// SPDX-License-Identifier: Apache-2.0
//
// What values become in a format with one scale, for loops over whole tensors: round_trip (block_format.hpp) without making codes.
//
//   v = min(|x|, scale * element_max) / scale      (v + 2^(e + 23 - M)) - 2^(e + 23 - M)      e: exponent of v, at least the lowest
//
// One float addition rounds to nearest even at the spacing of the format. Integers are fixed-point numbers whose M and lowest
// exponent are those of their largest power of two. BF16, whose spacing lies beyond float at the top, is rounded on the bits of v:
// its exponents are those of float. NaN stays NaN and Inf saturates, in every format.
// Not here: codes and other roundings (minifloat.hpp), scales per block (block_format.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {
namespace detail {

/// The elements of a precision, as bits of floats: how far they reach and how far apart they lie.
struct rounding_grid {
  std::int32_t most = 0;    // element_max
  std::int32_t lowest = 0;  // exponent field of the smallest normal element
  std::int32_t step =
      0;  // from an exponent field to that of the power of two whose addition rounds
  std::int32_t dropped = 0;  // bits of a float that an element does not have
  bool fixed_point = false;  // one spacing for all elements
  bool by_addition = true;   // that power of two is a float, also for the largest element

  /// The power of two whose addition and subtraction rounds a float of these bits.
  [[nodiscard]] constexpr float spacing(std::int32_t element) const {
    const std::int32_t exponent = element & 0x7F800000;
    return std::bit_cast<float>((exponent > lowest ? exponent : lowest) + step);
  }
};

/// requires  has_codes(p); p is not E8M0
[[nodiscard]] constexpr rounding_grid rounding_grid_of(precision p) {
  const precision_format& f = format_of(p);
  const int mantissa = f.element ? f.element->mantissa_bits : f.element_bits - 2;
  const int lowest = f.element ? 1 - f.element->bias : f.element_bits - 2;
  rounding_grid grid{.most = std::bit_cast<std::int32_t>(element_max(p)),
                     .lowest = (lowest + 127) << 23,
                     .step = (23 - mantissa) << 23,
                     .dropped = 23 - mantissa,
                     .fixed_point = !f.element};
  grid.by_addition = grid.step < 0x7F800000 - (grid.most & 0x7F800000);
  return grid;
}

class error_sum;  // clip_scale.hpp

/// How a value is rounded: by adding a power of two, the same for all (integers) or by exponent; on its bits where that is no float; by
/// its code where scale * element_max or 1 / scale is none.
enum class rounding_way : std::uint8_t { fixed, addition, bits, code };

struct scaled_grid {
  rounding_grid grid{};
  precision p = precision::fp16;
  float scale = 1.0F;
  float inverse = 1.0F;
  std::int32_t limit = 0;         // bits of scale * element_max
  std::int32_t sign_of_zero = 0;  // all ones where -0 exists
};

/// Rounds in one way. Signed integers, minima and masks only: unsigned comparisons and selections around floating-point operations
/// do not vectorise on every target.
template <rounding_way Way>
struct scaled_rounding {
  scaled_grid to;

  /// |round trip of x| for a finite |x|.
  [[nodiscard]] constexpr float operator()(float magnitude) const {
    if constexpr (Way == rounding_way::code) {
      return round_trip(to.p, magnitude, to.scale);
    } else {
      return element(clipped(std::bit_cast<std::int32_t>(magnitude)) / to.scale) * to.scale;
    }
  }

  /// The same by a product with 1 / scale in place of the division, which takes the other side of some ties: for errors, which are the
  /// same on both sides.
  [[nodiscard]] constexpr float up_to_ties(float magnitude) const {
    if constexpr (Way == rounding_way::code) {
      return round_trip(to.p, magnitude, to.scale);
    } else {
      // Only a constant expression minds a product that is no float; any other clips it afterwards.
      const auto bits = std::bit_cast<std::int32_t>(magnitude);
      const float x = std::is_constant_evaluated() ? clipped(bits) : magnitude;
      return element(x * to.inverse) * to.scale;
    }
  }

  /// The round trip of any x.
  [[nodiscard]] constexpr float with_sign(float x) const {
    constexpr std::int32_t infinity = 0x7F800000;
    const auto bits = std::bit_cast<std::int32_t>(x);
    const std::int32_t magnitude = bits & 0x7FFFFFFF;
    std::int32_t value = 0;
    std::int32_t zero = 0;  // all ones where the element is 0
    if constexpr (Way == rounding_way::code) {
      const std::int32_t finite = magnitude < infinity ? magnitude : infinity - 1;
      value = std::bit_cast<std::int32_t>((*this)(std::bit_cast<float>(finite)));
      zero = (value - 1) >> 31;
    } else {
      const float rounded = element(clipped(magnitude) / to.scale);
      value = std::bit_cast<std::int32_t>(rounded * to.scale);
      zero = (std::bit_cast<std::int32_t>(rounded) - 1) >> 31;
    }
    const std::int32_t sign = (bits ^ magnitude) & (~zero | to.sign_of_zero);
    const std::int32_t nan = (infinity - magnitude) >> 31;  // all ones for NaN
    return std::bit_cast<float>(((sign | value) & ~nan) | (bits & nan));
  }

 private:
  [[nodiscard]] constexpr float clipped(std::int32_t magnitude) const {
    return std::bit_cast<float>(magnitude < to.limit ? magnitude : to.limit);
  }
  // The element nearest to a magnitude over the scale.
  [[nodiscard]] constexpr float element(float quotient) const {
    const auto bits = std::bit_cast<std::int32_t>(quotient);
    const std::int32_t v = bits < to.grid.most ? bits : to.grid.most;
    if constexpr (Way == rounding_way::fixed || Way == rounding_way::addition) {
      const float spacing = to.grid.spacing(Way == rounding_way::fixed ? 0 : v);
      return (std::bit_cast<float>(v) + spacing) - spacing;
    } else {
      const int dropped = to.grid.dropped;
      const std::int32_t half = (1 << (dropped - 1)) - 1 + ((v >> dropped) & 1);
      return std::bit_cast<float>(((v + half) >> dropped) << dropped);
    }
  }
};

}  // namespace detail

/// Rounds values to the elements of one precision under one scale.
///
/// requires  has_codes(p); p is not E8M0, which holds scales and no values; scale positive and finite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// post      element_rounder{p, s}(x) == round_trip(p, x, s) for finite x, also in the sign of 0
class element_rounder {
  // Chunks of a constant length through a copy that overlaps nothing: what compilers vectorise at -O2 as well.
  template <class Round>
  static constexpr void each(std::span<const float> in, std::span<float> out, Round round) {
    constexpr std::size_t chunk = 64;
    const float* const from = in.data();
    float* const to = out.data();
    const std::size_t whole = in.size() / chunk * chunk;
    std::array<float, chunk> rounded{};
    for (std::size_t first = 0; first < whole; first += chunk) {
      for (std::size_t i = 0; i < chunk; ++i) {
        rounded[i] = round.with_sign(from[first + i]);
      }
      for (std::size_t i = 0; i < chunk; ++i) {
        to[first + i] = rounded[i];
      }
    }
    for (std::size_t i = whole; i < in.size(); ++i) {
      to[i] = round.with_sign(from[i]);
    }
  }

 public:
  constexpr element_rounder(precision p, float scale) {
    const precision_format& f = format_of(p);
    detail::expects(has_codes(p) && f.kind != element_kind::scale_only,
                    "element_rounder: the element must be a value of at most 16 bits");
    detail::expects(scale > 0.0F && detail::is_a_number(scale),
                    "element_rounder: the scale must be positive and finite");
    const bool no_negative_zero = !f.element || f.element->specials == special_values::nan_is_neg0;
    to_ = {.grid = detail::rounding_grid_of(p), .p = p, .sign_of_zero = no_negative_zero ? 0 : -1};
    rescale(scale);
  }

  /// The same precision under another scale, for less than a new one costs.
  ///
  /// requires  scale positive and finite
  [[nodiscard]] constexpr element_rounder at(float scale) const {
    detail::expects(scale > 0.0F && detail::is_a_number(scale),
                    "element_rounder: the scale must be positive and finite");
    element_rounder other = *this;
    other.rescale(scale);
    return other;
  }

  /// Calls use(round) once, with an object that rounds in the way this one has to: round(|x|) is |round trip of x| for finite x. For loops
  /// that have the magnitudes. A copy: what the loop writes cannot change it.
  template <class Use>
  constexpr void visit(Use use) const {
    using enum detail::rounding_way;
    switch (way_) {
      case fixed:
        return use(detail::scaled_rounding<fixed>{to_});
      case addition:
        return use(detail::scaled_rounding<addition>{to_});
      case bits:
        return use(detail::scaled_rounding<bits>{to_});
      case code:
        return use(detail::scaled_rounding<code>{to_});
    }
  }

  [[nodiscard]] constexpr float operator()(float x) const {
    float result = 0.0F;
    visit([&](auto round) { result = round.with_sign(x); });
    return result;
  }

  /// Every value of `in`; out may be in itself.
  ///
  /// requires  out.size() == in.size()
  constexpr void operator()(std::span<const float> in, std::span<float> out) const {
    detail::expects(in.size() == out.size(), "element_rounder: out must be as long as in");
    visit([&](auto round) { each(in, out, round); });
  }

 private:
  friend class detail::error_sum;  // has arrays of them, to be filled by at()
  constexpr element_rounder() = default;

  constexpr void rescale(float scale) {
    const auto top = std::bit_cast<float>(to_.grid.most);
    const bool has_inverse = scale >= std::numeric_limits<float>::min();
    const bool in_range = static_cast<double>(scale) * static_cast<double>(top) <=
                          static_cast<double>(std::numeric_limits<float>::max());
    to_.scale = scale;
    to_.inverse = has_inverse ? 1.0F / scale : 1.0F;
    to_.limit = std::bit_cast<std::int32_t>(detail::product(scale, top));
    using enum detail::rounding_way;
    if (!in_range || !has_inverse) {
      way_ = code;
    } else if (to_.grid.fixed_point) {
      way_ = fixed;
    } else {
      way_ = to_.grid.by_addition ? addition : bits;
    }
  }

  detail::scaled_grid to_{};
  detail::rounding_way way_ = detail::rounding_way::addition;
};

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Largest elements, single round trips, and the scales of blocks with one FP32 or FP16 scale.
//
//   INT4, INT8 groups   FP16 scale, absmax / 7 or / 127; with zero point: minimum .. maximum on 0 .. 15
//   FP8 groups of 128   FP32 scale, absmax / 448
//   GGUF Q8_0, Q4_0     FP16 scale per 32: absmax / 127, value of largest magnitude / -8
//
// Sources: GPTQ, AWQ and HQQ; ggml d99724f. Not here: MX and NVFP4 (mx_scale.hpp, nvfp4_scale.hpp), what a row becomes (quantize.hpp).
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace detail {

[[nodiscard]] constexpr bool is_a_number(float x) {
  return (std::bit_cast<std::uint32_t>(x) & float_magnitude) < float_inf;  // neither NaN nor Inf
}

/// The value a scale, which is a number, has once stored: nearest FP16, at most 65504, for scales of 16 bits; otherwise itself.
[[nodiscard]] constexpr float stored_scale(float scale, int bits) {
  return bits == 16 ? nearest_half(scale) : scale;
}

/// A quotient to the nearest integer, ties to even, without branches. Not for a product: a compiler could join it with the sum.
///
/// requires  |x| < 2^51
[[nodiscard]] constexpr double rounded_quotient(double x) {
  constexpr double magic = 0x1.8p52;  // integers lie 1 apart
  return (x + magic) - magic;
}

}  // namespace detail

/// Largest magnitude an element of p holds before scaling: 448 for E4M3, 6 for E2M1, 127 for INT8, 7 for INT4.
///
/// requires  has_codes(p)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float element_max(precision p) {
  detail::expects(has_codes(p), "element_max: the element must have at most 16 bits");
  const precision_format& f = format_of(p);
  return f.element ? decode(*f.element, max_code(*f.element))
                   : static_cast<float>(detail::integer_max(f));
}

/// What x becomes when stored as an element of p with a scale, and read back.
///
/// formula   decode(p, encode(p, x / scale)) * scale: a true division and a product, each rounded to float and kept finite;
///           values beyond the element saturate; NaN and Inf become what encode makes of them
/// requires  scale > 0; has_codes(p)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float round_trip(precision p, float x, float scale) {
  detail::expects(scale > 0.0F, "round_trip: the scale must be positive");
  const float value = decode(p, encode(p, detail::is_a_number(x) ? detail::quotient(x, scale) : x));
  return detail::is_a_number(value) ? detail::product(value, scale) : value;
}

/// The scale, as stored, of a block of an integer or FP8 format without zero point.
///
/// formula   absmax / element_max(p), FP16 or FP32 as the format stores it; 0 when that underflows: the block becomes zeros
/// requires  p has one scale of 16 or 32 bits per block and no zero point; absmax finite and not negative
/// ignores   FP16 scales end at 65504 and round by up to 2^-11; what exceeds the element then saturates
[[nodiscard]] constexpr float symmetric_scale(precision p, float absmax) {
  const scale_layout& s = format_of(p).scales;
  detail::expects(has_blocks(p) && !s.whole_blocks && p != precision::int4_g128_zp16 &&
                      (s.bits_per_block == 16 || s.bits_per_block == 32),
                  "symmetric_scale: the format must have one scale per block and no zero point");
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "symmetric_scale: absmax must be finite and not negative");
  return detail::stored_scale(detail::quotient(absmax, element_max(p)), s.bits_per_block);
}

/// A block with a zero point stands for (code - zero) * scale, code in 0 .. 15.
struct affine_scale {
  float scale = 0.0F;  // as stored, FP16; 0: the block becomes zeros
  float zero = 0.0F;   // ZP4: an integer in 0 .. 15; ZP16: an FP16
};

/// The scale and zero point, as stored, of a block of INT4_G128_ZP4 or INT4_G128_ZP16.
///
/// formula   the range is first widened to hold 0: low <= 0 <= high; scale = (high - low) / 15; zero = -low / scale, ZP4 to nearest
/// requires  low <= high, both finite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   AWQ's search for activations, GPTQ's error feedback, HQQ's refinement of the zero point: this is where they start
[[nodiscard]] constexpr affine_scale zero_point_scale(precision p, float low, float high) {
  detail::expects(p == precision::int4_g128_zp4 || p == precision::int4_g128_zp16,
                  "zero_point_scale: the format must have zero points");
  detail::expects(detail::is_a_number(low) && detail::is_a_number(high) && low <= high,
                  "zero_point_scale: needs finite low <= high");
  low = low < 0.0F ? low : 0.0F;
  high = high > 0.0F ? high : 0.0F;
  const float range = detail::finite_float(static_cast<double>(high) - static_cast<double>(low));
  const float scale = detail::stored_scale(range / 15.0F, 16);
  if (scale == 0.0F) {
    return {};
  }
  const float zero = detail::quotient(-low, scale);
  if (p == precision::int4_g128_zp16) {
    return {.scale = scale, .zero = detail::stored_scale(zero, 16)};
  }
  return {.scale = scale,
          .zero = static_cast<float>(detail::rounded_quotient(zero < 15.0F ? zero : 15.0F))};
}

namespace detail {
/// The same with an FP32 scale and an integer zero point for codes 0 .. most.
[[nodiscard]] constexpr affine_scale whole_zero_scale(int most, float low, float high) {
  const auto range = static_cast<double>(high) - static_cast<double>(low);
  const float scale = finite_float(range / most);
  if (scale < std::numeric_limits<float>::min()) {
    return {};
  }
  const double zero = -static_cast<double>(low) / static_cast<double>(scale);
  return {.scale = scale, .zero = static_cast<float>(rounded_quotient(zero < most ? zero : most))};
}
}  // namespace detail

/// A block of GGUF Q8_0 or Q4_0: values are multiplied by one number, codes by another.
struct gguf_scale {
  float stored = 0.0F;   // FP16
  float inverse = 0.0F;  // of the scale before it was rounded to FP16; 0 for a block of zeros
};

/// The scale of a GGUF block.
///
/// formula   Q8_0: |extreme| / 127; Q4_0: extreme / -8, so that the value of largest magnitude gets code 0 = -8
/// requires  p is GGUF_Q8_0 or GGUF_Q4_0; extreme, the value of largest magnitude with its sign, is finite
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    ggml d99724f, quantize_row_q8_0_ref and quantize_row_q4_0_ref; there an FP16 beyond 65504 is Inf, here it saturates
[[nodiscard]] constexpr gguf_scale make_gguf_scale(precision p, float extreme) {
  detail::expects(p == precision::gguf_q8_0 || p == precision::gguf_q4_0,
                  "make_gguf_scale: the format must be GGUF_Q8_0 or GGUF_Q4_0");
  detail::expects(detail::is_a_number(extreme), "make_gguf_scale: the value must be finite");
  const float scale = p == precision::gguf_q8_0 ? detail::abs(extreme) / 127.0F : extreme / -8.0F;
  return {.stored = detail::stored_scale(scale, 16),
          .inverse = scale != 0.0F ? detail::quotient(1.0F, scale) : 0.0F};
}

}  // namespace quantroof

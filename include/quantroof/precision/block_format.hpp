// SPDX-License-Identifier: Apache-2.0
//
// Formats whose elements share scales within a block of the row: which scale a block gets.
//
//   MXFP8/6/4, MXINT8   E8M0 per 32: a power of two from the largest magnitude, by one of four rules (mx_scale_rule)
//   NVFP4, NVFP4_KV     E4M3 per 16 times one FP32 per tensor, in one producer's order of operations (nvfp4_rule)
//   INT4, INT8 groups   FP16 scale, absmax / 7 or / 127; with zero point: minimum .. maximum on 0 .. 15
//   FP8 groups of 128   FP32 scale, absmax / 448
//   GGUF Q8_0, Q4_0     FP16 scale per 32: absmax / 127, value of largest magnitude / -8
//
// Sources: OCP MX v1.0 section 6.3 as torchao 36027d8 computes it; TransformerEngine d0067d0; Model-Optimizer a2fbac7;
// compressed-tensors ac8e2ba; GPTQ, AWQ and HQQ; ggml d99724f.
// Not here: what a row becomes (quantize.hpp), how options spell the rules (quantize_options.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof {

namespace detail {

[[nodiscard]] constexpr bool is_a_number(float x) {
  return (std::bit_cast<std::uint32_t>(x) & float_magnitude) < float_inf;  // neither NaN nor Inf
}

/// The value a scale has once stored: nearest FP16, at most 65504, for scales of 16 bits; otherwise itself.
[[nodiscard]] constexpr float stored_scale(float scale, int bits) {
  return bits == 16 ? decode(float16, encode(float16, scale)) : scale;
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
  const auto bits = static_cast<std::uint32_t>(absmax);  // unsigned: sums with NaN pass 2^31
  if constexpr (Rule == mx_scale_rule::floor) {
    exponent = (absmax >> 23) - c.emax;
  } else if constexpr (Rule == mx_scale_rule::ceil) {
    exponent = static_cast<std::int32_t>((bits + float_fraction) >> 23U) - c.emax;
  } else if constexpr (Rule == mx_scale_rule::even) {
    const std::uint32_t rounded = bits + static_cast<std::uint32_t>(c.half);
    exponent = rounded < float_inf ? static_cast<std::int32_t>(rounded >> 23U) - c.emax : 0xFF;
  } else {
    const auto wanted = std::bit_cast<std::uint32_t>(std::bit_cast<float>(absmax) * c.inverse_max);
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
  for (std::size_t i = 0; i < N; ++i) {
    codes[i] = mx_code<Rule>(c, absmax[i]);
  }
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

/// The second level of NVFP4: what values are multiplied by before, and after, the block scale is taken.
struct nvfp4_tensor_scale {
  float encode = 1.0F;  // 448 * 6 / absmax, 256 * 6 / absmax for "4 over 6"
  float decode =
      1.0F;  // the FP32 that belongs to the tensor: value = element * block scale * decode
};

/// The tensor scale that puts the largest block scale on 448 when the largest element is on 6.
///
/// formula   transformer_engine   encode = min(2688 / absmax, largest float); decode = 1 / encode
///           torchao, modelopt    decode = absmax / 2688; encode = 1 / decode
///           compressed_tensors   encode = 2688 / max(absmax, smallest normal float), 1 where that is Inf; decode = 1 / encode
///           torchao_single_level 1 and 1
///           a tensor of zeros: 1 and 1 (torchao and modelopt would divide by zero)
/// requires  absmax finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    TransformerEngine d0067d0 compute_global_encode_scaling_factor_FP4; torchao 36027d8 per_tensor_amax_to_scale; Model-Optimizer
///           a2fbac7 NVFP4QTensor; compressed-tensors ac8e2ba generate_gparam
[[nodiscard]] constexpr nvfp4_tensor_scale make_nvfp4_tensor_scale(
    float absmax, nvfp4_rule rule = nvfp4_rule::transformer_engine,
    four_over_six candidates = four_over_six::off) {
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "make_nvfp4_tensor_scale: absmax must be finite and not negative");
  const float most = (candidates == four_over_six::off ? 448.0F : 256.0F) * 6.0F;
  if (absmax == 0.0F || rule == nvfp4_rule::torchao_single_level) {
    return {};
  }
  if (rule == nvfp4_rule::torchao || rule == nvfp4_rule::modelopt) {
    const float decode = absmax / most;
    // Below 2^-149 * 2688 the quotient is 0; the smallest float keeps it usable.
    const float stored = decode > 0.0F ? decode : std::numeric_limits<float>::denorm_min();
    return {.encode = detail::quotient(1.0F, stored), .decode = stored};
  }
  const float floor =
      rule == nvfp4_rule::compressed_tensors && absmax < std::numeric_limits<float>::min()
          ? std::numeric_limits<float>::min()
          : absmax;
  const float encode = detail::quotient(most, floor);
  return {.encode = encode, .decode = 1.0F / encode};
}

/// One NVFP4 block: the E4M3 code of its scale, and what its values are multiplied by or divided by.
struct nvfp4_block_scale {
  std::uint32_t code = 0;
  float factor = 1.0F;
};

namespace detail {

[[nodiscard, gnu::always_inline]] constexpr float bits_max(float a,
                                                           float b) {  // of positive numbers
  const auto x = std::bit_cast<std::int32_t>(a);
  const auto y = std::bit_cast<std::int32_t>(b);
  return std::bit_cast<float>(x > y ? x : y);
}

/// The E4M3 code of a positive number, and its value (not for 7F, NaN).
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t scale_code_e4m3(float wanted) {
  constexpr element_coding c = make_element_coding(precision::fp8_e4m3);
  return encode_minifloat(c, wanted) & c.magnitude;
}
[[nodiscard, gnu::always_inline]] constexpr float scale_value_e4m3(std::uint32_t code) {
  const std::uint32_t extra = code < 8 ? 0x00800000U : 0U;  // read as if there were a leading one,
  const std::uint32_t leading = code < 8 ? 0x3C800000U : 0U;  // 2^-6, which is taken off again
  return std::bit_cast<float>((code << 20U) + (120U << 23U) + extra) -
         std::bit_cast<float>(leading);
}

/// True for producers that divide by the scale; the others multiply by its inverse.
[[nodiscard]] constexpr bool divides(nvfp4_rule rule) {
  return rule == nvfp4_rule::modelopt || rule == nvfp4_rule::compressed_tensors;
}

/// The scale code of a block whose largest magnitude is absmax.
template <nvfp4_rule Rule>
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t nvfp4_code(nvfp4_tensor_scale tensor,
                                                                     float absmax) {
  if constexpr (Rule == nvfp4_rule::transformer_engine) {
    return scale_code_e4m3(times(absmax, tensor.encode * (1.0F / 6.0F)));
  } else if constexpr (Rule == nvfp4_rule::torchao || Rule == nvfp4_rule::torchao_single_level) {
    return scale_code_e4m3(bits_max(over(absmax / 6.0F, tensor.decode), 0.015625F));
  } else if constexpr (Rule == nvfp4_rule::modelopt) {
    const float wanted = over(absmax, 6.0F * tensor.decode);
    const float lifted = bits_max(wanted, 0.001953125F);
    return scale_code_e4m3(std::bit_cast<std::int32_t>(wanted) == 0 ? 1.0F : lifted);
  } else {
    const std::uint32_t code = scale_code_e4m3(times(tensor.encode, absmax / 6.0F));
    return code == 0 ? 0x20U : code;
  }
}

/// What the values of a block are multiplied by, or divided by where divides(Rule).
template <nvfp4_rule Rule>
[[nodiscard, gnu::always_inline]] constexpr float nvfp4_factor(nvfp4_tensor_scale tensor,
                                                               std::uint32_t code) {
  const float scale = scale_value_e4m3(code);
  if constexpr (Rule == nvfp4_rule::transformer_engine) {
    // min(1 / step, largest float) without a division by zero: below, the inverse is beyond a float.
    constexpr float shortest = 0x1.000008p-128F;
    const float step = scale * tensor.decode;
    const auto inverse = std::bit_cast<std::int32_t>(1.0F / bits_max(step, shortest));
    const bool tiny = std::bit_cast<std::int32_t>(step) < std::bit_cast<std::int32_t>(shortest);
    return std::bit_cast<float>(tiny ? inf_bits - 1 : inverse);
  } else if constexpr (Rule == nvfp4_rule::torchao || Rule == nvfp4_rule::torchao_single_level) {
    return tensor.encode / scale;
  } else if constexpr (Rule == nvfp4_rule::modelopt) {
    return scale * tensor.decode;
  } else {
    return scale / tensor.encode;
  }
}

/// Both for the blocks of a chunk.
template <nvfp4_rule Rule, std::size_t N>
constexpr void nvfp4_scales(nvfp4_tensor_scale tensor, const std::array<std::int32_t, N>& absmax,
                            std::array<std::uint32_t, N>& codes, std::array<float, N>& factors) {
  std::array<std::uint32_t, N> code;  // locals cannot alias each other
  std::array<float, N> factor;
  for (std::size_t i = 0; i < N; ++i) {
    code[i] = nvfp4_code<Rule>(tensor, std::bit_cast<float>(absmax[i]));
  }
  for (std::size_t i = 0; i < N; ++i) {
    factor[i] = nvfp4_factor<Rule>(tensor, code[i]);
  }
  codes = code;
  factors = factor;
}
template <std::size_t N>
constexpr void nvfp4_scales(nvfp4_rule rule, nvfp4_tensor_scale tensor,
                            const std::array<std::int32_t, N>& absmax,
                            std::array<std::uint32_t, N>& codes, std::array<float, N>& factors) {
  switch (rule) {
    case nvfp4_rule::transformer_engine:
      return nvfp4_scales<nvfp4_rule::transformer_engine>(tensor, absmax, codes, factors);
    case nvfp4_rule::torchao:
      return nvfp4_scales<nvfp4_rule::torchao>(tensor, absmax, codes, factors);
    case nvfp4_rule::torchao_single_level:
      return nvfp4_scales<nvfp4_rule::torchao_single_level>(tensor, absmax, codes, factors);
    case nvfp4_rule::modelopt:
      return nvfp4_scales<nvfp4_rule::modelopt>(tensor, absmax, codes, factors);
    case nvfp4_rule::compressed_tensors:
      return nvfp4_scales<nvfp4_rule::compressed_tensors>(tensor, absmax, codes, factors);
  }
}

}  // namespace detail

/// The scale of an NVFP4 block, and what its values go through before they are rounded to E2M1.
///
/// formula   transformer_engine    code of absmax * (encode * (1 / 6)), 00 for a tiny block; x * min(1 / (scale * decode), largest float)
///           torchao, single level code of max((absmax / 6) / decode, 2^-6); x * (encode / scale)
///           modelopt              code of max(absmax / (6 * decode), 2^-9), 1.0 for a block of zeros; x / (scale * decode)
///           compressed_tensors    code of encode * (absmax / 6), 0.125 where that is 00; x / (scale / encode)
///           codes to nearest, at most 448. Each product and quotient is one float operation, in the order written
/// requires  absmax finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    as make_nvfp4_tensor_scale
[[nodiscard]] constexpr nvfp4_block_scale make_nvfp4_block_scale(
    nvfp4_tensor_scale tensor, float absmax, nvfp4_rule rule = nvfp4_rule::transformer_engine) {
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "make_nvfp4_block_scale: absmax must be finite and not negative");
  const std::array<std::int32_t, 1> bits{detail::magnitude_bits(absmax)};
  std::array<std::uint32_t, 1> code{};
  std::array<float, 1> factor{};
  detail::nvfp4_scales(rule, tensor, bits, code, factor);
  return {code[0], factor[0]};
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
          .zero = static_cast<float>(detail::round_even(zero < 15.0F ? zero : 15.0F))};
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
  return {.scale = scale, .zero = static_cast<float>(round_even(zero < most ? zero : most))};
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

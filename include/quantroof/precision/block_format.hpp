// SPDX-License-Identifier: Apache-2.0
//
// Formats whose elements share scales within a block of the row: which scale a block gets, and what a row becomes.
//
//   MXFP8/6/4, MXINT8   E8M0 per 32: exponent of the largest magnitude minus that of the largest element (OCP floor rule)
//   NVFP4, NVFP4_KV     E4M3 per 16 times one FP32 per tensor, in TransformerEngine's order of operations
//   INT4, INT8 groups   FP16 scale, absmax / 7 or / 127; with zero point: minimum .. maximum on 0 .. 15
//   FP8 groups of 128   FP32 scale, absmax / 448
//   GGUF Q8_0, Q4_0     FP16 scale per 32: absmax / 127, value of largest magnitude / -8
//
// Sources: OCP MX v1.0 section 6.3 as torchao 36027d8 computes it; TransformerEngine d0067d0; GPTQ, AWQ and HQQ; ggml d99724f.
// Not here: packed storage, encoders that search (GGUF K-quants, "4 over 6"), FP8 blocks of 128 x 128 (one round_trip per block).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace detail {

[[nodiscard]] constexpr bool is_a_number(float x) {
  return (std::bit_cast<std::uint32_t>(x) & float_magnitude) < float_inf;  // neither NaN nor Inf
}

/// The float nearest a product or quotient of two floats computed in double; beyond the largest float, that one.
/// A product is exact in double, and a quotient has more than twice 24 bits: the result is that of float arithmetic.
[[nodiscard]] constexpr float to_float(double x) {
  constexpr double most = std::numeric_limits<float>::max();
  return static_cast<float>(x > most ? most : (x < -most ? -most : x));
}
[[nodiscard]] constexpr float product(float a, float b) {
  return to_float(static_cast<double>(a) * static_cast<double>(b));
}
[[nodiscard]] constexpr float quotient(float a, float b) {
  return to_float(static_cast<double>(a) / static_cast<double>(b));
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

/// The E8M0 code of the scale of an MX block.
///
/// formula   exponent field of absmax - emax, at least 0. emax: exponent of the largest element, 8 for E4M3, 15 E5M2, 2 E2M3, 4 E3M2,
///           2 E2M1, 0 MXINT8 (elements are codes * 2^-6). NaN or Inf -> FF, which makes the block NaN
/// requires  p is an MX format; absmax not negative
/// ignores   clipping: elements above element_max * scale saturate (up to 12.5 % in E4M3, 25 % in E2M1)
/// source    OCP MX v1.0 section 6.3; by the exponent field, since floor(log2f(x)) is wrong just below powers of two
[[nodiscard]] constexpr std::uint8_t mx_scale_code(precision p, float absmax) {
  const precision_format& f = format_of(p);
  detail::expects(f.scales == detail::mx, "mx_scale_code: the precision must be an MX format");
  detail::expects(!(absmax < 0.0F), "mx_scale_code: absmax must not be negative");
  if (!detail::is_a_number(absmax)) {
    return 0xFF;
  }
  const int emax = f.element ? static_cast<int>(max_code(*f.element) >>
                                                static_cast<unsigned>(f.element->mantissa_bits)) -
                                   f.element->bias
                             : 0;
  const auto field = static_cast<int>(std::bit_cast<std::uint32_t>(absmax) >> 23U);
  return static_cast<std::uint8_t>(field > emax ? field - emax : 0);
}

/// The second level of NVFP4: what values are multiplied by before, and after, the block scale is taken.
struct nvfp4_tensor_scale {
  float encode = 1.0F;  // 448 * 6 / absmax
  float decode = 1.0F;  // 1 / encode: the FP32 stored with the tensor
};

/// The tensor scale that puts the largest block scale on 448 when the largest element is on 6.
///
/// formula   encode = min(2688 / absmax, largest float), 1 for a tensor of zeros; decode = 1 / encode
/// requires  absmax finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    TransformerEngine d0067d0, compute_global_encode_scaling_factor_FP4
[[nodiscard]] constexpr nvfp4_tensor_scale make_nvfp4_tensor_scale(float absmax) {
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "make_nvfp4_tensor_scale: absmax must be finite and not negative");
  const float encode = absmax > 0.0F ? detail::quotient(448.0F * 6.0F, absmax) : 1.0F;
  return {.encode = encode, .decode = 1.0F / encode};
}

/// The E4M3 code of the scale of an NVFP4 block.
///
/// formula   absmax * (encode * (1 / 6)) to nearest, at most 448; the code of a tiny block is 00
/// requires  absmax finite and not negative
/// source    TransformerEngine d0067d0; torchao and ModelOpt keep tiny blocks at 2^-6 and 2^-9 instead
[[nodiscard]] constexpr std::uint8_t nvfp4_scale_code(nvfp4_tensor_scale tensor, float absmax) {
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "nvfp4_scale_code: absmax must be finite and not negative");
  const float wanted = detail::product(absmax, tensor.encode * (1.0F / 6.0F));
  return static_cast<std::uint8_t>(encode(float8_e4m3fn, wanted));
}

/// What the elements of an NVFP4 block are multiplied by before they are rounded to E2M1.
///
/// formula   1 / (block scale * decode), at most the largest float; so under the block scale 0 non-zero values get the code of 6
/// requires  the code of a finite, positive E4M3 number
[[nodiscard]] constexpr float nvfp4_multiplier(nvfp4_tensor_scale tensor, std::uint8_t scale_code) {
  detail::expects(scale_code <= 0x7E, "nvfp4_multiplier: the scale must be a positive number");
  const float step = decode(float8_e4m3fn, scale_code) * tensor.decode;
  return step > 0.0F ? detail::quotient(1.0F, step) : std::numeric_limits<float>::max();
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
  const float range = detail::to_float(static_cast<double>(high) - static_cast<double>(low));
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

namespace detail {

struct block_range {
  float low = 0.0F;      // at most 0
  float high = 0.0F;     // at least 0
  float extreme = 0.0F;  // of largest magnitude, the first of equals, with its sign
  bool finite = true;    // false: the block holds a NaN or an Inf
};

[[nodiscard]] constexpr block_range range_of(std::span<const float> block) {
  block_range r;
  for (const float x : block) {
    if (!is_a_number(x)) {
      r.finite = false;
      return r;
    }
    r.low = x < r.low ? x : r.low;
    r.high = x > r.high ? x : r.high;
    r.extreme = detail::abs(x) > detail::abs(r.extreme) ? x : r.extreme;
  }
  return r;
}

constexpr void round_trip_mx(precision p, float absmax, std::span<const float> in,
                             std::span<float> out) {
  const double unit = format_of(p).element ? 1.0 : 1.0 / 64.0;
  const double scale =
      pow2(mx_scale_code(p, absmax) - 127) * unit;  // a power of two: both steps exact
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::uint32_t code = encode(p, to_float(static_cast<double>(in[i]) / scale));
    out[i] = to_float(static_cast<double>(decode(p, code)) * scale);
  }
}

constexpr void round_trip_nvfp4(nvfp4_tensor_scale tensor, float absmax, std::span<const float> in,
                                std::span<float> out) {
  const std::uint8_t scale_code = nvfp4_scale_code(tensor, absmax);
  const float scale = decode(float8_e4m3fn, scale_code);
  const float multiplier = nvfp4_multiplier(tensor, scale_code);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float element = decode(float4_e2m1fn, encode(float4_e2m1fn, product(in[i], multiplier)));
    out[i] = product(element * scale, tensor.decode);  // element * scale has 6 bits: one rounding
  }
}

constexpr void round_trip_symmetric(precision p, float absmax, std::span<const float> in,
                                    std::span<float> out) {
  const float scale = symmetric_scale(p, absmax);
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = scale > 0.0F ? round_trip(p, in[i], scale) : 0.0F;
  }
}

constexpr void round_trip_zero_point(precision p, const block_range& r, std::span<const float> in,
                                     std::span<float> out) {
  const affine_scale s = zero_point_scale(p, r.low, r.high);
  const auto zero = static_cast<double>(s.zero);
  const bool integer_zero = p == precision::int4_g128_zp4;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (s.scale == 0.0F) {
      out[i] = 0.0F;
      continue;
    }
    double steps = quotient(in[i], s.scale);
    steps =
        steps > 65536.0 ? 65536.0 : (steps < -65536.0 ? -65536.0 : steps);  // far beyond 0 .. 15
    // An integer zero point is added to the rounded value (GPTQ), another one before rounding (HQQ).
    const double code = integer_zero ? round_even(steps) + zero : round_even(steps + zero);
    const double stored = code < 0.0 ? 0.0 : (code > 15.0 ? 15.0 : code);
    out[i] = to_float((stored - zero) * static_cast<double>(s.scale));
  }
}

constexpr void round_trip_gguf(precision p, float extreme, std::span<const float> in,
                               std::span<float> out) {
  const gguf_scale s = make_gguf_scale(p, extreme);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto scaled = static_cast<double>(product(in[i], s.inverse));
    int code = 0;
    if (p == precision::gguf_q8_0) {
      code =
          static_cast<int>(scaled + (scaled < 0.0 ? -0.5 : 0.5));  // ties away from zero, as roundf
    } else {
      code = static_cast<int>(static_cast<float>(scaled + 8.5));  // one float addition, then cut
      code = (code > 15 ? 15 : code) - 8;
    }
    out[i] = product(static_cast<float>(code), s.stored);
  }
}

}  // namespace detail

/// What a row becomes in a format with blocks along it: quantized with the format's own scales and read back.
///
/// shapes    row, out [cols]; a short last block has a scale of its own; out may be row itself
/// formula   the rules at the head of this file; the codes are those of the sources, the values code * scale with one rounding
/// requires  has_blocks(p) with blocks of one row; not GGUF_Q4_K or GGUF_Q6_K, whose encoders search; out.size() == row.size();
///           tensor_absmax: largest magnitude of the whole tensor, finite and not negative (read by NVFP4 only)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   nothing silently: a NaN or an Inf makes its whole block NaN, in every format (as OCP's scale FF does); the caller counts
constexpr void round_trip_blocks(precision p, std::span<const float> row, std::span<float> out,
                                 float tensor_absmax) {
  const scale_layout& s = format_of(p).scales;
  detail::expects(has_blocks(p) && s.block_rows == 1,
                  "round_trip_blocks: the format must have blocks along a row");
  detail::expects(p != precision::gguf_q4_k && p != precision::gguf_q6_k,
                  "round_trip_blocks: GGUF_Q4_K and GGUF_Q6_K are encoded by search, which this "
                  "library does not do");
  detail::expects(out.size() == row.size(), "round_trip_blocks: out must be as long as row");
  detail::expects(tensor_absmax >= 0.0F && detail::is_a_number(tensor_absmax),
                  "round_trip_blocks: tensor_absmax must be finite and not negative");
  const nvfp4_tensor_scale tensor = make_nvfp4_tensor_scale(tensor_absmax);
  const auto block = static_cast<std::size_t>(s.block_cols);
  for (std::size_t first = 0; first < row.size(); first += block) {
    const std::size_t count = row.size() - first < block ? row.size() - first : block;
    const std::span<const float> in = row.subspan(first, count);
    const std::span<float> result = out.subspan(first, count);
    const detail::block_range range = detail::range_of(in);
    const float absmax = detail::abs(range.extreme);
    if (!range.finite) {
      for (float& x : result) {
        x = std::numeric_limits<float>::quiet_NaN();
      }
      continue;
    }
    switch (p) {
      case precision::nvfp4:
      case precision::nvfp4_kv:
        detail::round_trip_nvfp4(tensor, absmax, in, result);
        break;
      case precision::int4_g128_zp4:
      case precision::int4_g128_zp16:
        detail::round_trip_zero_point(p, range, in, result);
        break;
      case precision::gguf_q8_0:
      case precision::gguf_q4_0:
        detail::round_trip_gguf(p, range.extreme, in, result);
        break;
      default:
        if (s == detail::mx) {
          detail::round_trip_mx(p, absmax, in, result);
        } else {
          detail::round_trip_symmetric(p, absmax, in, result);
        }
    }
  }
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Formats whose elements share scales within a block of the row: how the scale is chosen, and what a row becomes.
//
//   MXFP8/6/4, MXINT8  2^e per 32, e by the OCP floor rule: exponent of the largest magnitude minus that of the largest element
//   NVFP4, NVFP4_KV    E4M3 per 16, times one FP32 per tensor, in TransformerEngine's order of operations
//   INT4, INT8 groups  FP16 or FP32 scale, absmax on 7 or 127; with zero point: minimum to maximum on 0 .. 15
//   GGUF Q8_0, Q4_0    FP16 scale per 32, absmax / 127 and signed maximum / -8
//
// Sources: OCP MX v1.0 section 6.3; TransformerEngine d0067d0 (nvfp4); ggml d99724f. Not here: packed storage, search-based encoders.
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

/// Largest magnitude an element of p holds before scaling: 448 for E4M3, 6 for E2M1, 127 for INT8, 7 for INT4.
///
/// requires  an element of at most 16 bits
[[nodiscard]] constexpr float element_max(precision p) {
  const precision_format& f = format_of(p);
  detail::expects(f.element_bits <= 16, "element_max: the element must have at most 16 bits");
  return f.element ? static_cast<float>(max_value(*f.element))
                   : static_cast<float>(detail::integer_max(f));
}

/// What x becomes when stored as round(x / scale) in an element of p and read back.
///
/// formula   decode(encode(x / scale)) * scale, with a true division; values beyond the element saturate; NaN follows minifloat.hpp
/// requires  scale > 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float round_trip(precision p, float x, float scale) {
  detail::expects(scale > 0.0F, "round_trip: the scale must be positive");
  return decode(p, encode(p, x / scale)) * scale;
}

namespace detail {

/// Largest |x| of a block; NaN when the block holds a NaN.
[[nodiscard]] constexpr float block_absmax(std::span<const float> block) {
  float most = 0.0F;
  for (const float x : block) {
    if (is_nan(x)) {
      return x;
    }
    const float magnitude = detail::abs(x);
    most = magnitude > most ? magnitude : most;
  }
  return most;
}

constexpr void fill(std::span<float> out, float value) {
  for (float& x : out) {
    x = value;
  }
}

/// Exponent of the largest element: 8 for E4M3 (448 = 1.75 * 2^8), 2 for E2M1; MXINT8 elements are codes * 2^-6, so 0.
[[nodiscard]] constexpr int element_emax(const precision_format& f) {
  return f.element ? static_cast<int>(max_code(*f.element) >>
                                      static_cast<unsigned>(f.element->mantissa_bits)) -
                         f.element->bias
                   : 0;
}

constexpr void round_trip_mx(precision p, std::span<const float> in, std::span<float> out) {
  const precision_format& f = format_of(p);
  const float most = block_absmax(in);
  if (is_nan(most) || !is_finite(most)) {
    fill(out, std::numeric_limits<float>::quiet_NaN());  // scale code FF: the whole block is NaN
    return;
  }
  int e = static_cast<int>(std::bit_cast<std::uint32_t>(most) >> 23U) - 127 - element_emax(f);
  e = e < -127 ? -127 : e;
  const double scale = f.element ? pow2(e) : pow2(e) / 64.0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto scaled =
        static_cast<float>(static_cast<double>(in[i]) / scale);  // exact: a power of two
    out[i] = static_cast<float>(static_cast<double>(decode(p, encode(p, scaled))) * scale);
  }
}

constexpr void round_trip_nvfp4(std::span<const float> in, std::span<float> out,
                                float tensor_absmax) {
  const float most = block_absmax(in);
  if (is_nan(most) || !is_finite(most)) {
    fill(out, std::numeric_limits<float>::quiet_NaN());
    return;
  }
  const float largest = std::numeric_limits<float>::max();
  float global = tensor_absmax > 0.0F ? 448.0F * 6.0F / tensor_absmax : 1.0F;
  global = global > largest ? largest : (global == 0.0F ? 1.0F : global);
  const float global_decode = 1.0F / global;
  float wanted = most * (global * (1.0F / 6.0F));
  wanted = wanted > largest ? largest : wanted;
  const float scale = decode(float8_e4m3fn, encode(float8_e4m3fn, wanted));
  const float product = scale * global_decode;
  float multiplier = product > 0.0F ? 1.0F / product : largest;
  multiplier = multiplier > largest ? largest : multiplier;
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] =
        decode(float4_e2m1fn, encode(float4_e2m1fn, in[i] * multiplier)) * scale * global_decode;
  }
}

/// The value a scale has once stored: FP16 for 16-bit scales.
[[nodiscard]] constexpr float stored_scale(float scale, int bits) {
  return bits == 16 ? decode(float16, encode(float16, scale)) : scale;
}

constexpr void round_trip_symmetric(precision p, int scale_bits, std::span<const float> in,
                                    std::span<float> out) {
  const float most = block_absmax(in);
  const float scale = stored_scale(most / element_max(p), scale_bits);
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = is_nan(most) || !is_finite(most) ? std::numeric_limits<float>::quiet_NaN()
             : scale > 0.0F                   ? round_trip(p, in[i], scale)
                                              : 0.0F;
  }
}

constexpr void round_trip_zero_point(bool integer_zero, std::span<const float> in,
                                     std::span<float> out) {
  float low = 0.0F;
  float high = 0.0F;
  for (const float x : in) {
    if (!is_finite(x)) {
      fill(out, std::numeric_limits<float>::quiet_NaN());
      return;
    }
    low = x < low ? x : low;
    high = x > high ? x : high;
  }
  const float scale = stored_scale((high - low) / 15.0F, 16);
  if (!(scale > 0.0F)) {
    fill(out, 0.0F);
    return;
  }
  const double exact_zero = -static_cast<double>(low) / static_cast<double>(scale);
  const double zero = integer_zero
                          ? round_even(exact_zero)
                          : static_cast<double>(stored_scale(static_cast<float>(exact_zero), 16));
  for (std::size_t i = 0; i < in.size(); ++i) {
    double code = round_even(static_cast<double>(in[i]) / static_cast<double>(scale) + zero);
    code = code < 0.0 ? 0.0 : (code > 15.0 ? 15.0 : code);
    out[i] = static_cast<float>((code - zero) * static_cast<double>(scale));
  }
}

constexpr void round_trip_q4_0(std::span<const float> in, std::span<float> out) {
  float extreme = 0.0F;  // of largest magnitude, with its sign
  for (const float x : in) {
    if (!is_finite(x)) {
      fill(out, std::numeric_limits<float>::quiet_NaN());
      return;
    }
    extreme = detail::abs(x) > detail::abs(extreme) ? x : extreme;
  }
  const float d = extreme / -8.0F;
  const float inverse = d != 0.0F ? 1.0F / d : 0.0F;
  const float stored = stored_scale(d, 16);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const int code = static_cast<int>(in[i] * inverse + 8.5F);
    out[i] = static_cast<float>((code > 15 ? 15 : code) - 8) * stored;
  }
}

}  // namespace detail

/// What a row becomes in a format with blocks along it: quantized with the format's own scales and read back.
///
/// shapes    row, out [cols]; a short last block has a scale of its own
/// requires  has_blocks(p) with blocks of one row; not GGUF_Q4_K or GGUF_Q6_K, whose encoders search; out.size() == row.size();
///           tensor_absmax: largest magnitude of the whole tensor, finite and not negative (read by NVFP4 only)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   a NaN or Inf makes its whole block NaN, as in the OCP rule; the caller counts them
/// source    see the head of this file
constexpr void round_trip_blocks(precision p, std::span<const float> row, std::span<float> out,
                                 float tensor_absmax) {
  const precision_format& f = format_of(p);
  detail::expects(has_blocks(p) && f.scales.block_rows == 1,
                  "round_trip_blocks: the format must have blocks along a row");
  detail::expects(p != precision::gguf_q4_k && p != precision::gguf_q6_k,
                  "round_trip_blocks: GGUF_Q4_K and GGUF_Q6_K are encoded by search, which this "
                  "library does not do");
  detail::expects(out.size() == row.size(), "round_trip_blocks: out must be as long as row");
  detail::expects(tensor_absmax >= 0.0F && detail::is_finite(tensor_absmax),
                  "round_trip_blocks: tensor_absmax must be finite and not negative");
  const auto block = static_cast<std::size_t>(f.scales.block_cols);
  for (std::size_t first = 0; first < row.size(); first += block) {
    const std::size_t count = row.size() - first < block ? row.size() - first : block;
    const std::span<const float> in = row.subspan(first, count);
    const std::span<float> result = out.subspan(first, count);
    switch (p) {
      case precision::nvfp4:
      case precision::nvfp4_kv:
        detail::round_trip_nvfp4(in, result, tensor_absmax);
        break;
      case precision::int4_g128_zp4:
      case precision::int4_g128_zp16:
        detail::round_trip_zero_point(p == precision::int4_g128_zp4, in, result);
        break;
      case precision::gguf_q4_0:
        detail::round_trip_q4_0(in, result);
        break;
      default:
        if (f.scales == detail::mx) {
          detail::round_trip_mx(p, in, result);
        } else {
          detail::round_trip_symmetric(p, f.scales.bits_per_block, in, result);
        }
    }
  }
}

}  // namespace quantroof

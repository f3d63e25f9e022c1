// SPDX-License-Identifier: Apache-2.0
//
// Blocks as GGUF files hold them: scale and codes together, the halves of a block in the low and the high nibbles.
//
//   Q8_0    fp16 d | 32 x int8                                       34 bytes per 32     value = code * d
//   Q4_0    fp16 d | 16 bytes: element i low, element i + 16 high    18 bytes per 32     value = (code - 8) * d
//   MXFP4   E8M0   | 16 bytes: element i low, element i + 16 high    17 bytes per 32     value = E2M1 * 2^(e - 127)
//   NVFP4   4 x E4M3 | 4 x 8 bytes: element i low, i + 8 high        36 bytes per 64     value = E2M1 * scale of its 16
//
// Q8_0 and Q4_0 round as ggml d99724f does. MXFP4 and NVFP4 have ggml's layout and OCP's arithmetic: elements and scales to nearest
// even, where ggml breaks ties toward zero, never writes -0 and turns scales of 256 and more into 448.
// A row ends with a whole block, filled up with zeros. A block with a NaN or an Inf gets the scale NaN and zeros (Q4_0: codes 8);
// MXFP4 the code FF, NVFP4 7F for the 16 elements concerned. Not here: K-quants, whose encoders search.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantized_tensor.hpp"
#include "quantroof/precision/scale_rules.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof {

/// Elements and bytes of one block.
struct gguf_layout {
  std::size_t block = 32;
  std::size_t bytes = 34;
};

/// requires  p is GGUF_Q8_0, GGUF_Q4_0, GGUF_MXFP4 or GGUF_NVFP4
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr gguf_layout gguf_layout_of(precision p) {
  const precision_format& f = format_of(p);
  detail::expects(f.scales.whole_blocks && p != precision::gguf_q4_k && p != precision::gguf_q6_k,
                  "gguf_layout_of: the format must be GGUF_Q8_0, GGUF_Q4_0, GGUF_MXFP4 or "
                  "GGUF_NVFP4 (K-quants are encoded by search, which this library does not do)");
  const auto block = static_cast<std::size_t>(f.scales.block_cols);
  return {.block = block,
          .bytes = (block * static_cast<std::size_t>(f.element_bits) +
                    static_cast<std::size_t>(f.scales.bits_per_block)) /
                   8};
}

namespace detail {

constexpr void put_half(float scale, std::uint8_t* out) {
  const std::uint32_t bits = encode(float16, scale);
  out[0] = static_cast<std::uint8_t>(bits);
  out[1] = static_cast<std::uint8_t>(bits >> 8U);
}
[[nodiscard]] constexpr float get_half(const std::uint8_t* in) {
  return to_float(float16_t{static_cast<std::uint16_t>(in[0] | (in[1] << 8))});
}
constexpr void put_nibbles(const std::uint32_t* codes, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count / 2; ++i) {
    out[i] = static_cast<std::uint8_t>((codes[i] & 15U) | (codes[i + count / 2] & 15U) << 4U);
  }
}
constexpr void get_nibbles(const std::uint8_t* in, std::size_t count, std::uint32_t* codes) {
  for (std::size_t i = 0; i < count / 2; ++i) {
    codes[i] = in[i] & 15U;
    codes[i + count / 2] = static_cast<std::uint32_t>(in[i]) >> 4U;
  }
}

/// The value of largest magnitude, the first of equals, with its sign; its magnitude_bits tell NaN and Inf.
[[nodiscard]] constexpr float extreme_of(std::span<const float> values) {
  float extreme = 0.0F;
  for (const float x : values) {
    extreme = magnitude_bits(x) > magnitude_bits(extreme) ? x : extreme;
  }
  return extreme;
}

constexpr void encode_gguf_integers(precision p, const float* x, bool finite, std::uint8_t* out,
                                    quantization_counts& counts) {
  const bool wide = p == precision::gguf_q8_0;
  const std::span<const float> block{x, 32};
  const float extreme = finite ? extreme_of(block) : 0.0F;
  const gguf_scale s = make_gguf_scale(p, extreme);
  std::array<std::uint32_t, 32> codes{};
  for (std::size_t i = 0; i < 32; ++i) {
    const auto scaled = finite ? static_cast<double>(product(x[i], s.inverse)) : 0.0;
    if (wide) {
      // Ties away from zero, as roundf; the scale is rounded to FP16 after the codes are made.
      codes[i] = static_cast<std::uint32_t>(
          static_cast<std::int32_t>(scaled + (scaled < 0.0 ? -0.5 : 0.5)));
    } else {
      const auto code = static_cast<std::int32_t>(
          static_cast<float>(scaled + 8.5));  // one float addition, then cut
      codes[i] = static_cast<std::uint32_t>(code > 15 ? 15 : code);
    }
  }
  put_half(finite ? s.stored : std::numeric_limits<float>::quiet_NaN(), out);
  if (wide) {
    for (std::size_t i = 0; i < 32; ++i) {
      out[2 + i] = static_cast<std::uint8_t>(codes[i]);
    }
  } else {
    put_nibbles(codes.data(), 32, out + 2);
  }
  counts.clipped += finite && abs(static_cast<double>(extreme)) > 127.0 * 65504.0 && wide ? 1 : 0;
}

/// `count` E2M1 codes under one factor.
constexpr void encode_e2m1(const float* x, std::size_t count, float factor, std::uint32_t* codes) {
  constexpr element_coding c = make_element_coding(precision::fp4_e2m1);
  for (std::size_t i = 0; i < count; ++i) {
    codes[i] = encode_minifloat(c, times(x[i], factor)) & 15U;
  }
}
constexpr void decode_e2m1(const std::uint32_t* codes, std::size_t count, float scale, float* out) {
  constexpr element_coding c = make_element_coding(precision::fp4_e2m1);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = times(decode_minifloat(c, codes[i]), scale);
  }
}

}  // namespace detail

/// One block of values as a GGUF block.
///
/// shapes    values [gguf_layout_of(p).block], out [gguf_layout_of(p).bytes]
/// formula   Q8_0: d = absmax / 127, code = round(x * (1 / d)) with ties away from zero; Q4_0: d = extreme / -8, code = min(15, floor(x * (1 / d)
///           + 8.5)); MXFP4: OCP's floor rule; NVFP4: E4M3 of absmax / 6 per 16, x * (1 / scale), a block that rounds to scale 0 zeros
/// requires  p as gguf_layout_of; spans of those sizes
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    ggml d99724f quantize_row_q8_0_ref, quantize_row_q4_0_ref, block_mxfp4, block_nvfp4
constexpr void encode_gguf_block(precision p, std::span<const float> values,
                                 std::span<std::uint8_t> out, quantization_counts& counts) {
  const gguf_layout layout = gguf_layout_of(p);
  detail::expects(values.size() == layout.block && out.size() == layout.bytes,
                  "encode_gguf_block: values and out must hold one block");
  for (const float x : values) {
    const auto magnitude = detail::magnitude_bits(x);
    counts.nan += magnitude > detail::inf_bits ? 1 : 0;
    counts.inf += magnitude == detail::inf_bits ? 1 : 0;
  }
  std::array<std::uint32_t, 32> codes{};
  if (p == precision::gguf_nvfp4) {
    for (std::size_t b = 0; b < 4; ++b) {
      const float* const x = values.data() + 16 * b;
      const std::int32_t most = detail::highest_bits(x, 16);
      const bool finite = most < detail::inf_bits;
      const std::uint32_t code =
          finite ? detail::scale_code_e4m3(std::bit_cast<float>(most) / 6.0F) : detail::e4m3_nan;
      out[b] = static_cast<std::uint8_t>(code);
      const float factor = finite && code > 0 ? 1.0F / detail::scale_value_e4m3(code) : 0.0F;
      if (factor > 0.0F) {
        detail::encode_e2m1(x, 16, factor, codes.data());
      } else {
        codes = {};
      }
      detail::put_nibbles(codes.data(), 16, out.data() + 4 + 8 * b);
    }
    return;
  }
  const std::int32_t most = detail::highest_bits(values.data(), 32);
  if (p == precision::gguf_mxfp4) {
    const std::int32_t code = detail::mx_code<mx_scale_rule::floor>(
        detail::make_mx_rule(precision::mxfp4, mx_scale_rule::floor), most);
    out[0] = static_cast<std::uint8_t>(code);
    if (code != 0xFF) {
      const float factor = std::bit_cast<float>(code < 254 ? (254 - code) << 23 : 0x00400000);
      detail::encode_e2m1(values.data(), 32, factor, codes.data());
    }
    detail::put_nibbles(codes.data(), 32, out.data() + 1);
    return;
  }
  detail::encode_gguf_integers(p, values.data(), most < detail::inf_bits, out.data(), counts);
}

/// The values of one GGUF block.
///
/// shapes    block [gguf_layout_of(p).bytes], out [gguf_layout_of(p).block]
/// requires  p as gguf_layout_of; spans of those sizes
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr void decode_gguf_block(precision p, std::span<const std::uint8_t> block,
                                 std::span<float> out) {
  const gguf_layout layout = gguf_layout_of(p);
  detail::expects(block.size() == layout.bytes && out.size() == layout.block,
                  "decode_gguf_block: block and out must hold one block");
  std::array<std::uint32_t, 32> codes{};
  switch (p) {
    case precision::gguf_q8_0:
      for (std::size_t i = 0; i < 32; ++i) {
        out[i] = detail::times(static_cast<float>(static_cast<std::int8_t>(block[2 + i])),
                               detail::get_half(block.data()));
      }
      return;
    case precision::gguf_q4_0:
      detail::get_nibbles(block.data() + 2, 32, codes.data());
      for (std::size_t i = 0; i < 32; ++i) {
        out[i] = detail::times(static_cast<float>(static_cast<std::int32_t>(codes[i]) - 8),
                               detail::get_half(block.data()));
      }
      return;
    case precision::gguf_mxfp4:
      detail::get_nibbles(block.data() + 1, 32, codes.data());
      detail::decode_e2m1(codes.data(), 32, decode(float8_e8m0fnu, block[0]), out.data());
      return;
    default:
      for (std::size_t b = 0; b < 4; ++b) {
        detail::get_nibbles(block.data() + 4 + 8 * b, 16, codes.data());
        detail::decode_e2m1(codes.data(), 16, decode(float8_e4m3fn, block[b] & 0x7FU),
                            out.data() + 16 * b);
      }
  }
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Rows into GGUF's blocks, scales and codes together; a row that ends inside a block is filled up with zeros.
//
//   Q8_0    d = absmax / 127          code = round(x * (1 / d)), ties away from zero; d is rounded to FP16 after that
//   Q4_0    d = extreme / -8          code = min(15, floor(x * (1 / d) + 8.5)); the value of largest magnitude, the first of equals, gets 0
//   MXFP4   OCP's floor rule          code = E2M1 of x * 2^-e
//   NVFP4   E4M3 of absmax / 6        code = E2M1 of x * (1 / scale); a block whose scale rounds to 0 is zeros
//
// Source: ggml d99724f quantize_row_q8_0_ref, quantize_row_q4_0_ref, block_mxfp4, block_nvfp4. Not here: where the bytes go
// (gguf_block.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/chunk_reading.hpp"
#include "quantroof/precision/chunk_scaling.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/gguf_block.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// The bits of |x|, at most `limit`, by a mask: g++ makes a branch of a condition, for what follows from a constant.
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t lower_bits(float x, std::uint32_t limit) {
  const auto magnitude = static_cast<std::uint32_t>(magnitude_bits(x));
  return select(mask_less(magnitude, limit), magnitude, limit);
}

/// Encodes scaled values of one GGUF format, a byte each. The bits of a magnitude are limited first: NaN becomes a number, and no compiler
/// joins the product before with the sum after. `kind` only chooses the form of convert_chunk's loop.
template <precision P>
struct gguf_encoder {
  static constexpr int bits = 8;
  static constexpr coding_kind kind =
      P == precision::gguf_q4_0 ? coding_kind::integer : coding_kind::minifloat;
  [[gnu::always_inline]] constexpr std::uint32_t operator()(float scaled) const {
    if constexpr (P == precision::gguf_q8_0) {
      constexpr auto limit = std::bit_cast<std::uint32_t>(255.0F);
      const float limited = std::bit_cast<float>(lower_bits(scaled, limit));
      // Ties away from zero without a sum that rounds: 0.49999997 + 0.5 would be 1.
      const std::int32_t rounded = (static_cast<std::int32_t>(2.0F * limited) + 1) >> 1;
      const std::int32_t sign = std::bit_cast<std::int32_t>(scaled) >> 31;
      return static_cast<std::uint32_t>((rounded ^ sign) - sign);
    } else if constexpr (P == precision::gguf_q4_0) {
      constexpr auto limit = std::bit_cast<std::uint32_t>(8.5F);
      const std::uint32_t limited = lower_bits(scaled, limit);
      const std::uint32_t sign = std::bit_cast<std::uint32_t>(scaled) & ~float_magnitude;
      const auto code = static_cast<std::int32_t>(std::bit_cast<float>(limited | sign) + 8.5F);
      return static_cast<std::uint32_t>(code < 15 ? code : 15);
    } else {
      return encode_minifloat(static_coding<precision::fp4_e2m1>::value, scaled);
    }
  }
};

/// The signs of the first value of largest magnitude of each block, as bits of a float; 0 for a block of zeros.
constexpr void extreme_signs(const float* x, const std::array<std::int32_t, chunk_size / 32>& most,
                             std::array<std::uint32_t, chunk_size / 32>& signs) {
  for (std::size_t b = 0; b < most.size(); ++b) {
    std::int32_t first = 64;
    for (std::size_t i = 0; i < 32; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(x[b * 32 + i]);
      const auto place = static_cast<std::int32_t>(2 * i + (bits >> 31U));
      const std::int32_t candidate = magnitude_bits(x[b * 32 + i]) == most[b] ? place : 64;
      first = candidate < first ? candidate : first;
    }
    signs[b] = most[b] > 0 ? static_cast<std::uint32_t>(first) << 31U : 0U;
  }
}

/// Those of make_gguf_scale for all blocks of a chunk: scales as FP16, and their inverses before they were rounded to it; where there is no
/// number, NaN and 0.
template <precision P>
[[gnu::noinline]] constexpr void integer_scales(
    const float* x, const std::array<std::int32_t, chunk_size / 32>& most,
    std::array<std::uint32_t, chunk_size / 32>& halves,
    std::array<float, chunk_size / 32>& factors) {
  constexpr element_coding half = make_element_coding(precision::fp16);
  constexpr bool wide = P == precision::gguf_q8_0;
  std::array<std::uint32_t, chunk_size / 32> signs{};
  if constexpr (!wide) {
    extreme_signs(x, most, signs);
    for (std::uint32_t& sign : signs) {
      sign ^= ~float_magnitude;  // divided by -8
    }
  }
  std::array<std::uint32_t, chunk_size / 32> stored;  // locals cannot alias `most`
  std::array<float, chunk_size / 32> inverses;
  for (std::size_t b = 0; b < most.size(); ++b) {  // without branches, for vectors
    const auto number = static_cast<std::uint32_t>(finite_mask(most[b]));
    const auto absmax = std::bit_cast<float>(static_cast<std::uint32_t>(most[b]) & number);
    const auto scale = std::bit_cast<std::uint32_t>(absmax / (wide ? 127.0F : 8.0F));
    const std::uint32_t positive = mask_less(0, scale);
    constexpr auto one = std::bit_cast<std::uint32_t>(1.0F);
    const float divisor = std::bit_cast<float>(select(positive, scale, one));
    const auto inverse = std::bit_cast<std::int32_t>(over(1.0F, divisor));
    const std::int32_t finite = inverse < inf_bits ? inverse : inf_bits - 1;
    inverses[b] = std::bit_cast<float>((static_cast<std::uint32_t>(finite) | signs[b]) & positive);
    const std::uint32_t code = encode_minifloat(half, std::bit_cast<float>(scale | signs[b]));
    stored[b] = select(number, code & 0xFFFFU, half.nan);
  }
  halves = stored;
  factors = inverses;
}

/// Scale codes of MXFP4 or NVFP4 and what values are multiplied by.
template <precision P, std::size_t N>
[[gnu::noinline]] constexpr void float_scales(const std::array<std::int32_t, N>& most,
                                              std::array<std::uint32_t, N>& scales,
                                              std::array<float, N>& factors) {
  if constexpr (P == precision::gguf_mxfp4) {
    constexpr mx_rule_constants rule = make_mx_rule(precision::mxfp4, mx_scale_rule::floor);
    std::array<std::int32_t, N> codes;
    mx_codes(rule, most, codes);
    for (std::size_t b = 0; b < N; ++b) {
      scales[b] = static_cast<std::uint32_t>(codes[b]);
      factors[b] = mx_factor(codes[b]);
    }
  } else {
    std::array<std::uint32_t, N> stored;  // locals cannot alias `most`
    std::array<float, N> inverses;
    for (std::size_t b = 0; b < N; ++b) {  // without branches, for vectors
      const auto number = static_cast<std::uint32_t>(finite_mask(most[b]));
      const auto absmax = std::bit_cast<float>(static_cast<std::uint32_t>(most[b]) & number);
      const std::uint32_t code = scale_code_e4m3(absmax / 6.0F);
      const std::uint32_t positive = mask_less(0, code);
      const float inverse = 1.0F / scale_value_e4m3(select(positive, code, 1U));
      inverses[b] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(inverse) & positive);
      stored[b] = select(number, code, e4m3_nan);
    }
    scales = stored;
    factors = inverses;
  }
}

/// Counts NaN and Inf of the first `count` values.
constexpr void count_no_numbers(const float* x, std::size_t count, quantization_counts& counts) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t magnitude = magnitude_bits(x[i]);
    counts.nan += magnitude > inf_bits ? 1 : 0;
    counts.inf += magnitude == inf_bits ? 1 : 0;
  }
}

/// Gives the value 0 to what shares a scale that is NaN, or, of NVFP4, 0.
template <precision P, std::size_t N>
constexpr void blank_groups(const std::array<std::int32_t, N>& most,
                            const std::array<std::uint32_t, N>& scales,
                            chunk<std::uint8_t>& codes) {
  for (std::size_t i = 0; i < chunk_size; ++i) {
    const std::size_t b = i / gguf_scaled<P>;
    const bool blank = most[b] >= inf_bits || (P == precision::gguf_nvfp4 && scales[b] == 0);
    codes[i] = blank ? (P == precision::gguf_q4_0 ? 8 : 0) : codes[i];
  }
}

template <precision P>
constexpr void write_gguf_row(std::span<const float> row, std::uint8_t* out,
                              quantization_counts& counts) {
  constexpr gguf_layout layout = gguf_layout_of(P);
  constexpr std::size_t scaled = gguf_scaled<P>;
  constexpr std::size_t per_block = layout.block / scaled;
  constexpr bool integers = P == precision::gguf_q8_0 || P == precision::gguf_q4_0;
  std::array<std::int32_t, chunk_size / scaled> most;
  std::array<std::uint32_t, chunk_size / scaled> scales;
  std::array<float, chunk_size / scaled> factors;
  chunk<std::uint8_t> codes;
  for_chunks(row, read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
    std::uint8_t* const to = out + first / layout.block * layout.bytes;
    const std::size_t blocks = (count + layout.block - 1) / layout.block;
    block_magnitudes<scaled>(x, most.data());
    if constexpr (integers) {
      integer_scales<P>(x, most, scales, factors);
    } else {
      float_scales<P>(most, scales, factors);
    }
    convert_chunk<tracking::none>(x, times_blocks<scaled>{factors.data()}, gguf_encoder<P>{},
                                  codes.data());
    const std::int32_t highest = highest_of(most);
    bool blanks = highest >= inf_bits;
    for (std::size_t b = 0; P == precision::gguf_nvfp4 && b < most.size(); ++b) {
      blanks = blanks || scales[b] == 0;
    }
    if (blanks) {
      blank_groups<P>(most, scales, codes);
      count_no_numbers(x, count, counts);
    }
    constexpr auto beyond = std::bit_cast<std::int32_t>(127.0F * 65504.0F);
    for (std::size_t b = 0; P == precision::gguf_q8_0 && highest > beyond && b < blocks; ++b) {
      counts.clipped += most[b] > beyond && most[b] < inf_bits ? 1 : 0;
    }
    for (std::size_t b = 0; b < blocks * per_block; ++b) {
      std::uint8_t* const head = to + b / per_block * layout.bytes;
      head[integers ? 0 : b % per_block] = static_cast<std::uint8_t>(scales[b]);
      if constexpr (integers) {
        head[1] = static_cast<std::uint8_t>(scales[b] >> 8U);
      }
    }
    put_gguf_codes<P>(codes, blocks, to);
  });
}

/// One row: NaN and Inf are counted, and blocks of Q8_0 whose scale is beyond FP16.
///
/// requires  p is a GGUF format with codes; room for all blocks of the row at `out`
constexpr void write_gguf_row(precision p, std::span<const float> row, std::uint8_t* out,
                              quantization_counts& counts) {
  with_gguf(p, [&]<precision P>() { write_gguf_row<P>(row, out, counts); });
}

}  // namespace quantroof::detail

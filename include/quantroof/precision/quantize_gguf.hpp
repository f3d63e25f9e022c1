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

/// The blocks of a batch of chunks, or of NVFP4 their 16 elements with a scale of their own.
template <precision P>
struct gguf_batch {
  static constexpr std::size_t per_chunk = chunk_size / gguf_scaled<P>;
  static constexpr std::size_t count = batch_chunks * per_chunk;
  std::array<std::int32_t, count> most{};  // magnitude_bits, NaN and Inf included
  // Q4_0: of the first value of largest magnitude, as bits of a float
  std::array<std::uint32_t, count> signs{};
  std::array<std::uint32_t, count> scales{};  // as they are stored
  std::array<float, count> factors{};
  std::int32_t highest = 0;
  bool blanks = false;  // whether elements are 0 because their scale is NaN or 0

  /// Looks at chunk k.
  constexpr void add(std::size_t k, const float* x) {
    block_magnitudes<gguf_scaled<P>>(x, most.data() + k * per_chunk);
    if constexpr (P == precision::gguf_q4_0) {
      add_signs(k, x);
    }
  }
  /// The scales, once all chunks have been looked at.
  constexpr void choose() {
    highest = highest_of(most);
    blanks = highest >= inf_bits;
    if constexpr (P == precision::gguf_mxfp4) {
      choose_mx();
    } else if constexpr (P == precision::gguf_nvfp4) {
      choose_nvfp4();
    } else {
      choose_integer();
    }
  }
  /// Whether the value 0 takes the place of elements that share scale b.
  [[nodiscard]] constexpr bool blank(std::size_t b) const {
    return most[b] >= inf_bits || (P == precision::gguf_nvfp4 && scales[b] == 0);
  }

 private:
  [[gnu::noinline]] constexpr void add_signs(std::size_t k, const float* x) {
    for (std::size_t b = 0; b < per_chunk; ++b) {
      const std::int32_t largest = most[k * per_chunk + b];
      std::int32_t first = 64;
      for (std::size_t i = 0; i < 32; ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(x[b * 32 + i]);
        const auto place = static_cast<std::int32_t>(2 * i + (bits >> 31U));
        first = lower(first, magnitude_bits(x[b * 32 + i]) == largest ? place : 64);
      }
      signs[k * per_chunk + b] = static_cast<std::uint32_t>(first) << 31U;
    }
  }
  /// As make_gguf_scale: scales as FP16, and their inverses before they were rounded to it; where there is no number, NaN and 0.
  [[gnu::noinline]] constexpr void choose_integer() {
    constexpr element_coding half = make_element_coding(precision::fp16);
    constexpr bool wide = P == precision::gguf_q8_0;
    const std::array<std::int32_t, count> magnitudes = most;
    const std::array<std::uint32_t, count> sign = signs;
    std::array<std::uint32_t, count> stored;  // locals cannot alias each other
    std::array<float, count> inverses;
    for (std::size_t b = 0; b < count; ++b) {  // without branches, for vectors
      const auto number = static_cast<std::uint32_t>(finite_mask(magnitudes[b]));
      const auto absmax = std::bit_cast<float>(static_cast<std::uint32_t>(magnitudes[b]) & number);
      const auto scale = std::bit_cast<std::uint32_t>(absmax / (wide ? 127.0F : 8.0F));
      const std::uint32_t positive = mask_less(0, scale);
      constexpr auto one = std::bit_cast<std::uint32_t>(1.0F);
      const float divisor = std::bit_cast<float>(select(positive, scale, one));
      const auto inverse = std::bit_cast<std::int32_t>(over(1.0F, divisor));
      const auto finite = static_cast<std::uint32_t>(lower(inverse, inf_bits - 1));
      const std::uint32_t own = sign[b] & mask_less(0, static_cast<std::uint32_t>(magnitudes[b]));
      // Divided by -8; a block of zeros counts as positive.
      const std::uint32_t negated = wide ? 0U : own ^ ~float_magnitude;
      inverses[b] = std::bit_cast<float>((finite | negated) & positive);
      const std::uint32_t code = encode_minifloat(half, std::bit_cast<float>(scale | negated));
      stored[b] = select(number, code & 0xFFFFU, half.nan);
    }
    scales = stored;
    factors = inverses;
  }
  [[gnu::noinline]] constexpr void choose_mx() {
    constexpr mx_rule_constants rule = make_mx_rule(precision::mxfp4, mx_scale_rule::floor);
    std::array<std::int32_t, count> codes;
    mx_codes(rule, most, codes);
    for (std::size_t b = 0; b < count; ++b) {
      scales[b] = static_cast<std::uint32_t>(codes[b]);
      factors[b] = mx_factor(codes[b]);
    }
  }
  [[gnu::noinline]] constexpr void choose_nvfp4() {
    const std::array<std::int32_t, count> magnitudes = most;
    std::array<std::uint32_t, count> stored;  // locals cannot alias each other
    std::array<float, count> inverses;
    std::uint32_t zeros = 0;
    for (std::size_t b = 0; b < count; ++b) {  // without branches, for vectors
      const auto number = static_cast<std::uint32_t>(finite_mask(magnitudes[b]));
      const auto absmax = std::bit_cast<float>(static_cast<std::uint32_t>(magnitudes[b]) & number);
      const std::uint32_t code = scale_code_e4m3(absmax / 6.0F);
      const std::uint32_t positive = mask_less(0, code);
      const float inverse = 1.0F / scale_value_e4m3(select(positive, code, 1U));
      inverses[b] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(inverse) & positive);
      stored[b] = select(number, code, e4m3_nan);
      zeros |= ~positive;
    }
    blanks = blanks || zeros != 0;
    scales = stored;
    factors = inverses;
  }
};

template <precision P>
constexpr void write_gguf_row(std::span<const float> row, std::uint8_t* out,
                              quantization_counts& counts) {
  constexpr gguf_layout layout = gguf_layout_of(P);
  constexpr std::size_t scaled = gguf_scaled<P>;
  // Q8_0: its scale would be beyond FP16.
  constexpr auto beyond = std::bit_cast<std::int32_t>(127.0F * 65504.0F);
  std::array<gguf_batch<P>, batches_at_once> batches;
  alignas(line_size) chunk<std::uint8_t> codes;
  std::array<std::uint8_t, gguf_chunk<P>::bytes> part;
  for_batches(
      row,
      [&](const float* x, std::size_t /*count*/, std::size_t batch, std::size_t k) {
        batches[batch].add(k, x);
      },
      [&](std::size_t /*start*/, std::size_t /*size*/, std::size_t batch) {
        batches[batch].choose();
      },
      [&](const float* x, std::size_t count, std::size_t first, std::size_t batch, std::size_t k) {
        const gguf_batch<P>& blocks = batches[batch];
        const std::size_t own = k * blocks.per_chunk;  // the first scale of the chunk
        convert_chunk<tracking::none>(x, times_blocks<scaled>{blocks.factors.data() + own},
                                      gguf_encoder<P>{}, codes.data());
        if (blocks.blanks) {
          for (std::size_t i = 0; i < chunk_size; ++i) {
            constexpr std::uint8_t zero = P == precision::gguf_q4_0 ? 8 : 0;
            codes[i] = blocks.blank(own + i / scaled) ? zero : codes[i];
          }
          count_no_numbers(x, count, counts);
        }
        if (P == precision::gguf_q8_0 && blocks.highest > beyond) {
          for (std::size_t b = 0; b * scaled < count; ++b) {
            const std::int32_t most = blocks.most[own + b];
            counts.clipped += most > beyond && most < inf_bits ? 1 : 0;
          }
        }
        std::uint8_t* const to = out + first / layout.block * layout.bytes;
        const bool whole = count == chunk_size;
        put_gguf_chunk<P>(blocks.scales.data() + own, codes, whole ? to : part.data());
        const std::size_t bytes = (count + layout.block - 1) / layout.block * layout.bytes;
        for (std::size_t i = 0; !whole && i < bytes; ++i) {
          to[i] = part[i];
        }
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

// SPDX-License-Identifier: Apache-2.0
//
// Rows into codes in formats with rules for their blocks: MX, x * 2^-e per 32; NVFP4, x * factor or x / divisor per 16.
//
// A block with a NaN or an Inf gets the scale NaN, and all its elements the code of NaN; both are counted. Not here: the rules
// (mx_scale.hpp, nvfp4_scale.hpp), GGUF (quantize_gguf.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/detail/math.hpp"
#include "quantroof/detail/uncontracted.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/chunk_reading.hpp"
#include "quantroof/precision/chunk_scaling.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/element_writer.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof::detail {

/// The blocks of a batch of chunks: largest magnitudes, scale codes, what values are multiplied or divided by.
template <std::size_t Block, class Code>
struct block_batch {
  static constexpr std::size_t per_chunk = chunk_size / Block;
  static constexpr std::size_t count = batch_chunks * per_chunk;
  std::array<std::int32_t, count> most{};
  std::array<Code, count> codes{};
  std::array<float, count> factors{};
  bool spoilt = false;  // whether a block has the scale NaN

  /// Looks at chunk k.
  constexpr void add(std::size_t k, const float* x) {
    block_magnitudes<Block>(x, most.data() + k * per_chunk);
  }
  /// Counts NaN and Inf of chunk k, and gives a copy of it that is NaN throughout the blocks whose code is `nan`.
  constexpr void spoil(std::size_t k, const float* x, Code nan, chunk<float>& copy,
                       quantization_counts& counts) const {
    count_no_numbers(x, chunk_size, counts);
    for (std::size_t i = 0; i < chunk_size; ++i) {
      copy[i] =
          codes[k * per_chunk + i / Block] == nan ? std::numeric_limits<float>::quiet_NaN() : x[i];
    }
  }
  /// Writes the codes of the blocks that `elements` elements reach into.
  constexpr void store(std::size_t elements, std::uint8_t* out) const {
    std::array<std::uint8_t, count> narrow;
    for (std::size_t b = 0; b < count; ++b) {
      narrow[b] = static_cast<std::uint8_t>(codes[b]);
    }
    store_batch(narrow, (elements + Block - 1) / Block, out);
  }
};
using mx_batch = block_batch<32, std::int32_t>;
using nvfp4_batch = block_batch<16, std::uint32_t>;

/// One row of an MX format: scale codes and element codes.
template <class Coding>
constexpr void write_mx_row(const element_writer<Coding>& writer, const mx_rule_constants& rule,
                            std::span<const float> row, std::uint64_t position,
                            std::uint8_t* scale_codes, std::uint8_t* out,
                            quantization_counts& counts) {
  constexpr std::size_t block = 32;
  const element_coding c = coding_of(writer.coding);
  chunk<float> copy;
  std::array<mx_batch, batches_at_once> batches;
  for_batches(
      row,
      [&](const float* x, std::size_t /*count*/, std::size_t batch, std::size_t k) {
        batches[batch].add(k, x);
      },
      [&](std::size_t start, std::size_t size, std::size_t batch) {
        mx_batch& blocks = batches[batch];
        mx_codes(rule, blocks.most, blocks.codes);
        for (std::size_t b = 0; b < blocks.count; ++b) {
          blocks.factors[b] = mx_factor(blocks.codes[b]);
        }
        // NaN, Inf, or so large that the rule even makes Inf of it
        blocks.spoilt = highest_of(blocks.codes) == 0xFF;
        blocks.store(size, scale_codes + start / block);
      },
      [&](const float* x, std::size_t count, std::size_t first, std::size_t batch, std::size_t k) {
        const mx_batch& blocks = batches[batch];
        if (blocks.spoilt) {
          blocks.spoil(k, x, 0xFF, copy, counts);
          x = copy.data();
        }
        const float* const factors = blocks.factors.data() + k * blocks.per_chunk;
        std::uint8_t* const to = out + packed_bytes(first, c.bits);
        const std::uint64_t at = position + first;
        if (c.kind == coding_kind::integer) {  // MXINT8: codes count in steps of 2^-6
          const times_blocks_and_one<block> scale{factors, 64.0F};
          writer.uncounted(x, count, scale, at, blocks.spoilt, to);
        } else {
          writer.uncounted(x, count, times_blocks<block>{factors}, at, blocks.spoilt, to);
        }
      });
}

/// The scales of chunk k of a batch with 4 instead of 6 for the largest magnitude of a block where the error is smaller.
///
/// formula   s6 = (absmax / 6) * encode, s4 = 1.5 * s6, both to E4M3, at most 448; error of a block: the sum over its elements, in order,
///           of |x - v| or (x - v)^2, v the value stored; 4 is taken when its error is smaller
/// source    NVIDIA's "4 over 6" as TransformerEngine d0067d0 has it
constexpr void scale_four_over_six(nvfp4_tensor_scale tensor, four_over_six error_kind,
                                   const float* x, std::size_t k, nvfp4_batch& blocks) {
  constexpr element_coding e2m1 = make_element_coding(precision::fp4_e2m1);
  for (std::size_t i = 0; i < blocks.per_chunk; ++i) {
    const std::size_t b = k * blocks.per_chunk + i;
    const float* const values = x + i * 16;
    const std::int32_t most = blocks.most[b] < inf_bits ? blocks.most[b] : 0;
    const float six = times(std::bit_cast<float>(most) / 6.0F, tensor.encode);
    double least = 0.0;
    for (int candidate = 0; candidate < 2; ++candidate) {
      const std::uint32_t code = scale_code_e4m3(candidate == 0 ? six : times(1.5F, six));
      const float factor = nvfp4_factor<nvfp4_rule::transformer_engine>(tensor, code);
      const float step = scale_value_e4m3(code);
      double error = 0.0;
      for (std::size_t j = 0; j < 16; ++j) {
        const float value = values[j];  // of a block with NaN the result is not used
        const std::uint32_t element = encode_minifloat(e2m1, times(value, factor)) & 15U;
        // Magnitudes, whose signs agree. No compiler may join the product and the difference; the square of a float is exact in double.
        const float stored = abs_product(decode_minifloat(e2m1, element) * step, tensor.decode);
        const auto difference = static_cast<double>(abs(value) - stored);
        error += error_kind == four_over_six::mean_squared_error ? difference * difference
                                                                 : abs(difference);
      }
      if (candidate == 0 || error < least) {
        blocks.codes[b] = code;
        blocks.factors[b] = factor;
        least = error;
      }
    }
    blocks.codes[b] = blocks.most[b] < inf_bits ? blocks.codes[b] : e4m3_nan;
  }
}

/// One row of NVFP4: scale codes and element codes.
template <class Coding>
constexpr void write_nvfp4_row(const element_writer<Coding>& writer,
                               const quantize_options& options, nvfp4_tensor_scale tensor,
                               std::span<const float> row, std::uint64_t position,
                               std::uint8_t* scale_codes, std::uint8_t* out,
                               quantization_counts& counts) {
  constexpr std::size_t block = 16;
  const nvfp4_rule rule = options.nvfp4;
  const bool plain = options.four_over_six == four_over_six::off;
  chunk<float> copy;
  std::array<nvfp4_batch, batches_at_once> batches;
  for_batches(
      row,
      [&](const float* x, std::size_t /*count*/, std::size_t batch, std::size_t k) {
        batches[batch].add(k, x);
        if (!plain) {
          scale_four_over_six(tensor, options.four_over_six, x, k, batches[batch]);
        }
      },
      [&](std::size_t start, std::size_t size, std::size_t batch) {
        nvfp4_batch& blocks = batches[batch];
        blocks.spoilt = highest_of(blocks.most) >= inf_bits;
        if (plain) {
          nvfp4_scales(rule, tensor, blocks.most, blocks.codes, blocks.factors);
        }
        blocks.store(size, scale_codes + start / block);
      },
      [&](const float* x, std::size_t count, std::size_t first, std::size_t batch, std::size_t k) {
        const nvfp4_batch& blocks = batches[batch];
        if (blocks.spoilt) {
          blocks.spoil(k, x, e4m3_nan, copy, counts);
          x = copy.data();
        }
        if (rule == nvfp4_rule::modelopt) {
          for (std::size_t i = 0; i < chunk_size; ++i) {
            copy[i] = x[i] + 0.0F;  // -0 becomes 0, as this producer has it
          }
          x = copy.data();
        }
        const float* const factors = blocks.factors.data() + k * blocks.per_chunk;
        std::uint8_t* const to = out + packed_bytes(first, 4);
        const std::uint64_t at = position + first;
        if (divides(rule)) {
          writer.uncounted(x, count, over_blocks<block>{factors}, at, blocks.spoilt, to);
        } else {
          writer.uncounted(x, count, times_blocks<block>{factors}, at, blocks.spoilt, to);
        }
      });
}

}  // namespace quantroof::detail

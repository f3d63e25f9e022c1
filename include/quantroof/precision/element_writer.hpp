// SPDX-License-Identifier: Apache-2.0
//
// Writes the elements of a chunk: values in, packed codes out, by any rounding, NaN and Inf counted.
//
// Not here: the scales they go through (quantize_rows.hpp, quantize_groups.hpp, quantize_blocks.hpp), where chunks come from
// (chunk_reading.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/rounding.hpp"

namespace quantroof::detail {

/// 32 bits that depend on the seed and the position alone: the same with any number of threads.
///
/// source    the finaliser of SplitMix64 (Steele, Lea, Flood 2014)
[[nodiscard]] constexpr std::uint32_t random_bits_at(std::uint64_t seed, std::uint64_t position) {
  std::uint64_t z = seed + (position + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<std::uint32_t>((z ^ (z >> 31U)) >> 32U);
}

/// How elements are written: the coding, and what applies when it is not to nearest even.
template <class Coding>
struct element_writer {
  Coding coding;
  precision format;
  rounding mode = rounding::nearest_even;
  std::uint64_t seed = 0;
  /// Above this a scaled magnitude counts as clipped.
  std::int32_t clip = clip_bits(coding_of(coding), format_of(format).scales.bits_per_block);
  /// Up to this one the quick codes are right and there is nothing to count.
  std::int32_t quick = mode == rounding::nearest_even ? clip : -1;

  // Inlined, down to the loop over a chunk and what is rare: a frame of their own would put a dozen stores between those of two chunks, and
  // all of them wait for memory in one queue.

  /// Writes `count` codes of the chunk that starts at element `position` of the tensor; counts what is no number or clipped.
  template <class Scaling>
  [[gnu::always_inline]] constexpr void operator()(const float* x, std::size_t count, Scaling scale,
                                                   std::uint64_t position, std::uint8_t* out,
                                                   quantization_counts& counts) const {
    std::array<std::uint8_t, 2 * chunk_size> part;
    std::uint8_t* const to = count == chunk_size ? out : part.data();
    const std::int32_t most = encode_chunk<tracking::largest>(coding, x, scale, to);
    if (most > quick) {
      mend(most, x, scale, position, to, counts);
    }
    if (count != chunk_size) {
      move(count, to, out);
    }
  }
  /// The same where no scaled magnitude_bits exceed `most`, so that none has to be looked for.
  template <class Scaling>
  [[gnu::always_inline]] constexpr void bounded(std::int32_t most, const float* x,
                                                std::size_t count, Scaling scale,
                                                std::uint64_t position, std::uint8_t* out,
                                                quantization_counts& counts) const {
    std::array<std::uint8_t, 2 * chunk_size> part;
    std::uint8_t* const to = count == chunk_size ? out : part.data();
    encode_chunk<tracking::none>(coding, x, scale, to);
    if (most > quick) {
      mend(most, x, scale, position, to, counts);
    }
    if (count != chunk_size) {
      move(count, to, out);
    }
  }
  /// The same without counting; NaN and Inf get their codes where there are `specials`.
  template <class Scaling>
  [[gnu::always_inline]] constexpr void uncounted(const float* x, std::size_t count, Scaling scale,
                                                  std::uint64_t position, bool specials,
                                                  std::uint8_t* out) const {
    std::array<std::uint8_t, 2 * chunk_size> part;
    std::uint8_t* const to = count == chunk_size ? out : part.data();
    encode_chunk<tracking::none>(coding, x, scale, to);
    if (specials || mode != rounding::nearest_even) {
      write_one_by_one(x, scale, position, to);
    }
    if (count != chunk_size) {
      move(count, to, out);
    }
  }

  /// Counts what is no number or clipped in a chunk whose quick codes are written, and writes what those are no good for.
  template <class Scaling>
  [[gnu::noinline]] constexpr void mend(std::int32_t most, const float* x, Scaling scale,
                                        std::uint64_t position, std::uint8_t* to,
                                        quantization_counts& counts) const {
    if (most > clip) {
      count_specials(x, scale, clip, counts);
    }
    if (most >= inf_bits || mode != rounding::nearest_even) {
      write_one_by_one(x, scale, position, to);
    }
  }

 private:
  /// The codes of a chunk that is not whole, to where they belong.
  [[gnu::noinline]] constexpr void move(std::size_t count, const std::uint8_t* from,
                                        std::uint8_t* out) const {
    for (std::size_t i = 0; i < packed_bytes(count, coding_of(coding).bits); ++i) {
      out[i] = from[i];
    }
  }
  template <class Scaling>
  [[gnu::noinline]] constexpr void write_one_by_one(const float* x, Scaling scale,
                                                    std::uint64_t position,
                                                    std::uint8_t* to) const {
    const element_coding c = coding_of(coding);
    chunk<std::uint32_t> codes;
    for (std::size_t i = 0; i < chunk_size; ++i) {
      const float scaled = scale(x[i], i);
      const std::int32_t magnitude = magnitude_bits(x[i]);
      if (magnitude > inf_bits || (magnitude == inf_bits && c.kind == coding_kind::unsigned_zero)) {
        codes[i] = c.nan;
      } else if (magnitude == inf_bits || mode == rounding::nearest_even) {
        codes[i] = with_encoder(coding, [&](auto encode_value) { return encode_value(scaled); });
      } else {
        codes[i] =
            encode(format, finite_float(static_cast<double>(scaled)), mode, overflow::saturate,
                   special_rule::cuda, random_bits_at(seed, position + i));
      }
    }
    pack_chunk(codes, c.bits, chunk_size, to);
  }
};

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Writes the elements of a chunk: values in, packed codes out, by any rounding, NaN and Inf counted.
//
// Not here: the scales they go through (quantize_rows.hpp, quantize_blocks.hpp).
#pragma once

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

/// How many floats further on the memory is asked for while a chunk is encoded: 8 KiB.
///
/// source    measured, 64 MiB on one core of a Zen 5 server, g++ 12 -march=native, of a plain loop's speed: INT8 with a given scale 0.78 without,
///           0.93 with 8 KiB, 0.86 with 16 KiB
inline constexpr std::size_t read_ahead = 2048;
/// Conversions to 16 bits wait for what they write: reading ahead makes them slower (FP16 0.96 without, 0.89 with).
inline constexpr std::size_t no_read_ahead = 0;

/// Asks for the lines of a chunk that lies `ahead` floats behind x, in this row or what follows it: a hint, no access. No result depends on it.
inline void prefetch_chunk(const float* x, std::size_t ahead) {
#if defined(__GNUC__)
  const auto from = reinterpret_cast<std::uintptr_t>(x) + ahead * sizeof(float);
  for (std::size_t line = 0; line < chunk_size * sizeof(float); line += 64) {
    __builtin_prefetch(
        reinterpret_cast<const void*>(from + line));  // NOLINT(performance-no-int-to-ptr)
  }
#else
  static_cast<void>(x);
  static_cast<void>(ahead);
#endif
}

/// 256 values: those of the row, or a copy filled up with zeros.
[[nodiscard]] constexpr const float* load_chunk(const float* row, std::size_t count,
                                                chunk<float>& buffer,
                                                std::size_t ahead = read_ahead) {
  if (!std::is_constant_evaluated() && ahead != no_read_ahead) {
    prefetch_chunk(row, ahead);
  }
  if (count == chunk_size) {
    return row;
  }
  for (std::size_t i = 0; i < chunk_size; ++i) {
    buffer[i] = i < count ? row[i] : 0.0F;
  }
  return buffer.data();
}

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

  /// Writes `count` codes of the chunk that starts at element `position` of the tensor; counts what is no number or clipped.
  template <class Scaling>
  constexpr void operator()(const float* x, std::size_t count, Scaling scale,
                            std::uint64_t position, std::uint8_t* out,
                            quantization_counts& counts) const {
    chunk<std::uint32_t> codes;
    const std::int32_t most = encode_chunk<tracking::largest>(coding, x, scale, codes);
    const std::int32_t clip = clip_bits(coding_of(coding), format_of(format).scales.bits_per_block);
    if (most > clip) {
      mend_specials(coding, x, scale, most, clip, codes, counts);
    }
    finish(x, count, scale, position, codes, out);
  }
  /// The same without counting; NaN gets its code where `spoilt`, and there is no Inf.
  template <class Scaling>
  constexpr void uncounted(const float* x, std::size_t count, Scaling scale, std::uint64_t position,
                           bool spoilt, std::uint8_t* out) const {
    chunk<std::uint32_t> codes;
    encode_chunk<tracking::none>(coding, x, scale, codes);
    if (spoilt) {
      quantization_counts ignored;
      mend_specials(coding, x, scale, inf_bits, inf_bits, codes, ignored);
    }
    finish(x, count, scale, position, codes, out);
  }

 private:
  template <class Scaling>
  constexpr void finish(const float* x, std::size_t count, Scaling scale, std::uint64_t position,
                        chunk<std::uint32_t>& codes, std::uint8_t* out) const {
    if (mode != rounding::nearest_even) {
      for (std::size_t i = 0; i < count; ++i) {
        if (magnitude_bits(x[i]) < inf_bits) {
          const float scaled = finite_float(static_cast<double>(scale(x[i], i)));  // no Inf
          codes[i] = encode(format, scaled, mode, overflow::saturate, special_rule::cuda,
                            random_bits_at(seed, position + i));
        }
      }
    }
    for (std::size_t i = count; i < chunk_size; ++i) {
      codes[i] = 0;  // the bits beyond the row
    }
    pack_chunk(codes, coding_of(coding).bits, count, out);
  }
};

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Loops over chunks of a row: largest magnitudes, encoding, packing, and back. What the tensor quantizer (quantize.hpp) is made of.
//
// All work is done on chunks of 256 elements in local arrays. A constant trip count over memory that cannot alias is what compilers
// vectorise at -O2; a chunk stays in the first-level cache. A row that ends inside a chunk is filled up with zeros.
//
//   4-bit codes   byte i = code 2i | code 2i+1 << 4                                 element 2i in the low nibble
//   6-bit codes   3 bytes = code 4i | code 4i+1 << 6 | code 4i+2 << 12 | code 4i+3 << 18    a stream of bits, lowest first
//   16-bit codes  low byte first
//
// Not here: scales (block_format.hpp), which blocks share one (quantize.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/quantization_counts.hpp"

namespace quantroof::detail {

inline constexpr std::size_t chunk_size = 256;
template <class T>
using chunk = std::array<T, chunk_size>;

/// What values go through before they are encoded or after they are decoded: a factor or divisor for all, for each block, or for each
/// element. `block` elements in a row share what at(b) gives.
struct times_one {
  float factor;
  static constexpr std::size_t block = chunk_size;
  [[nodiscard]] constexpr times_one at(std::size_t /*b*/) const { return *this; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t /*i*/ = 0) const {
    return times(x, factor);
  }
};
struct over_one {
  float divisor;
  static constexpr std::size_t block = chunk_size;
  [[nodiscard]] constexpr over_one at(std::size_t /*b*/) const { return *this; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t /*i*/ = 0) const {
    return over(x, divisor);
  }
};
/// Two steps where one factor would be beyond a float, or rounding must wait for the second.
struct times_two {
  float first;
  float second;
  [[gnu::always_inline]] constexpr float operator()(float x) const {
    return times(times(x, first), second);
  }
};

template <std::size_t Block>
struct times_blocks {
  const float* factors;
  static constexpr std::size_t block = Block;
  [[nodiscard]] constexpr float value(std::size_t b) const { return factors[b]; }
  [[nodiscard]] constexpr times_one with(float factor) const { return {factor}; }
  [[nodiscard]] constexpr times_one at(std::size_t b) const { return {factors[b]}; }
  constexpr float operator()(float x, std::size_t i) const { return times(x, factors[i / Block]); }
};
template <std::size_t Block>
struct over_blocks {
  const float* divisors;
  static constexpr std::size_t block = Block;
  [[nodiscard]] constexpr float value(std::size_t b) const { return divisors[b]; }
  [[nodiscard]] constexpr over_one with(float divisor) const { return {divisor}; }
  [[nodiscard]] constexpr over_one at(std::size_t b) const { return {divisors[b]}; }
  constexpr float operator()(float x, std::size_t i) const { return over(x, divisors[i / Block]); }
};
template <std::size_t Block>
struct times_blocks_and_one {
  const float* factors;
  float factor;
  static constexpr std::size_t block = Block;
  [[nodiscard]] constexpr float value(std::size_t b) const { return factors[b]; }
  [[nodiscard]] constexpr times_two with(float first) const { return {first, factor}; }
  [[nodiscard]] constexpr times_two at(std::size_t b) const { return {factors[b], factor}; }
  constexpr float operator()(float x, std::size_t i) const { return at(i / Block)(x); }
};

struct times_each {
  const float* factors;
  static constexpr std::size_t block = 1;
  [[nodiscard]] constexpr float value(std::size_t i) const { return factors[i]; }
  [[nodiscard]] constexpr times_one with(float factor) const { return {factor}; }
  [[nodiscard]] constexpr times_one at(std::size_t i) const { return {factors[i]}; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t i) const {
    return times(x, factors[i]);
  }
};
struct over_each {
  const float* divisors;
  static constexpr std::size_t block = 1;
  [[nodiscard]] constexpr float value(std::size_t i) const { return divisors[i]; }
  [[nodiscard]] constexpr over_one with(float divisor) const { return {divisor}; }
  [[nodiscard]] constexpr over_one at(std::size_t i) const { return {divisors[i]}; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t i) const {
    return over(x, divisors[i]);
  }
};

/// The higher of each pair of neighbours.
template <std::size_t N>
[[nodiscard]] constexpr std::array<std::int32_t, N / 2> higher_neighbours(
    const std::array<std::int32_t, N>& values) {
  std::array<std::int32_t, N / 2> result;
  for (std::size_t i = 0; i < N / 2; ++i) {
    result[i] = higher(values[2 * i], values[2 * i + 1]);
  }
  return result;
}

/// The largest magnitude_bits of each block of `Block` elements of a chunk.
///
/// ignores   nothing; the two forms give the same: g++ vectorises the inner loop of the first, clang that of the second (3 to 6 times as
///           fast on either as the other form)
template <std::size_t Block>
[[gnu::noinline]] constexpr void block_magnitudes(
    const float* x, std::array<std::int32_t, chunk_size / Block>& most) {
  constexpr std::size_t blocks = chunk_size / Block;
#if defined(__clang__)
  chunk<std::int32_t> magnitudes;
  for (std::size_t i = 0; i < chunk_size; ++i) {
    magnitudes[i] = magnitude_bits(x[i]);
  }
  std::array<std::int32_t, blocks> result{};
  for (std::size_t i = 0; i < Block; ++i) {
    for (std::size_t b = 0; b < blocks; ++b) {
      result[b] = higher(result[b], magnitudes[b * Block + i]);
    }
  }
  most = result;
#else
  if constexpr (Block == 16) {  // eight of each half side by side, then neighbours
    std::array<std::int32_t, chunk_size / 2> halves;
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t i = 0; i < 8; ++i) {
        halves[b * 8 + i] =
            higher(magnitude_bits(x[b * 16 + i]), magnitude_bits(x[b * 16 + 8 + i]));
      }
    }
    most = higher_neighbours(higher_neighbours(higher_neighbours(halves)));
    return;
  }
  for (std::size_t b = 0; b < blocks; ++b) {
    std::int32_t result = 0;
    for (std::size_t i = 0; i < Block; ++i) {
      result = higher(result, magnitude_bits(x[b * Block + i]));
    }
    most[b] = result;
  }
#endif
}

/// How long the loops are that use one scale for all their elements: that of long blocks, else the chunk, over scales spread out.
template <std::size_t Block>
inline constexpr std::size_t loop_length = Block >= 32 ? Block : chunk_size;

/// The scale of each element.
template <class Scaling>
constexpr void spread(const Scaling& scaling, chunk<float>& each) {
  for (std::size_t first = 0; first < chunk_size; first += Scaling::block) {
    const float scale = scaling.value(first / Scaling::block);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#endif
    for (std::size_t i = 0; i < Scaling::block; ++i) {
      each[first + i] = scale;
    }
  }
}

/// Whether a loop also finds the largest scaled magnitude.
enum class tracking : std::uint8_t { none, largest };

// The loops over chunks are functions of their own: inlined next to others they run out of registers and reload their constants.
template <tracking Track, class Scaling, class Convert>
[[gnu::noinline]] constexpr std::int32_t convert_chunk(const float* x, Scaling scaling,
                                                       Convert convert,
                                                       chunk<std::uint32_t>& codes) {
  std::int32_t most = 0;
  constexpr std::size_t run = loop_length<Scaling::block>;
  chunk<float> each;
  if constexpr (run != Scaling::block) {
    spread(scaling, each);
  }
  for (std::size_t first = 0; first < chunk_size; first += run) {
    const auto scale = scaling.at(first / Scaling::block);
// clang unrolls a short loop before it looks at vectors, and then finds none.
#if defined(__clang__)
#pragma clang loop unroll(disable)
#endif
    for (std::size_t i = 0; i < run; ++i) {
      float scaled = 0.0F;
      if constexpr (run == Scaling::block) {
        scaled = scale(x[first + i]);
      } else {
        scaled = scaling.with(each[i])(x[i]);
      }
      if constexpr (Track == tracking::largest) {
        most = higher(most, magnitude_bits(scaled));
      }
      codes[first + i] = convert(scaled);
    }
  }
  return most;
}

/// Codes of 256 values, in the low bits of 32; returns the largest magnitude_bits of the scaled values if that is tracked.
///
/// ignores   the codes of NaN, and of Inf where zero has no sign: mend_specials
template <tracking Track, class Coding, class Scaling>
constexpr std::int32_t encode_chunk(const Coding& coding, const float* x, Scaling scale,
                                    chunk<std::uint32_t>& codes) {
  // The functions capture the coding itself: a static_coding is empty and its constants fold.
  switch (coding_of(coding).kind) {
    case coding_kind::minifloat:
      return convert_chunk<Track>(
          x, scale, [coding](float v) { return encode_minifloat(coding_of(coding), v); }, codes);
    case coding_kind::unsigned_zero:
      return convert_chunk<Track>(
          x, scale, [coding](float v) { return encode_unsigned_zero(coding_of(coding), v); },
          codes);
    case coding_kind::bfloat16:
      return convert_chunk<Track>(
          x, scale, [coding](float v) { return encode_bfloat16(coding_of(coding), v); }, codes);
    case coding_kind::integer:
      break;
  }
  return convert_chunk<Track>(
      x, scale, [coding](float v) { return encode_integer(coding_of(coding), v); }, codes);
}

/// Scaled magnitudes above this count as clipped: the largest element and what rounding the scale can amount to, two steps of float
/// (the scale and its inverse) or, for scales stored as FP16, 2^-10.
[[nodiscard]] constexpr std::int32_t clip_bits(const element_coding& c, int scale_bits) {
  return c.most + (scale_bits == 16 ? 1 << 13 : 2);
}

/// Counts finite values beyond the largest element; NaN and Inf among 256 values are counted and get their codes.
template <class Coding, class Scaling>
constexpr void mend_specials(const Coding& coding, const float* x, Scaling scale, std::int32_t most,
                             std::int32_t clip, chunk<std::uint32_t>& codes,
                             quantization_counts& counts) {
  const element_coding c = coding;
  std::int32_t clipped = 0;
  for (std::size_t i = 0; i < chunk_size; ++i) {
    const std::int32_t finite = magnitude_bits(x[i]) < inf_bits ? 1 : 0;
    clipped += magnitude_bits(scale(x[i], i)) > clip ? finite : 0;
  }
  counts.clipped += clipped;
  if (most < inf_bits) {
    return;
  }
  for (std::size_t i = 0; i < chunk_size; ++i) {
    const std::int32_t magnitude = magnitude_bits(x[i]);
    if (magnitude > inf_bits) {
      codes[i] = c.nan;
      ++counts.nan;
    } else if (magnitude == inf_bits) {
      codes[i] = c.kind == coding_kind::unsigned_zero ? c.nan : codes[i];
      ++counts.inf;
    }
  }
}

/// Bytes that `count` codes of `bits` bits take.
[[nodiscard]] constexpr std::size_t packed_bytes(std::size_t count, int bits) {
  return (count * static_cast<std::size_t>(bits) + 7) / 8;
}

/// Packs 256 codes of `Bits` bits as the head of this file shows.
template <int Bits>
[[gnu::noinline]] constexpr void pack_whole(const chunk<std::uint32_t>& codes, std::uint8_t* out) {
  constexpr std::size_t bytes = chunk_size * Bits / 8;
  std::array<std::uint8_t, bytes> packed;
  if constexpr (Bits == 16) {
    chunk<std::uint16_t> narrow;
    for (std::size_t i = 0; i < chunk_size; ++i) {
      narrow[i] = static_cast<std::uint16_t>(codes[i]);
    }
    if constexpr (std::endian::native == std::endian::little) {
      packed = std::bit_cast<std::array<std::uint8_t, bytes>>(narrow);
    } else {
      for (std::size_t i = 0; i < bytes; ++i) {
        packed[i] = static_cast<std::uint8_t>(narrow[i / 2] >> (i % 2 * 8));
      }
    }
  } else if constexpr (Bits == 6) {
    chunk<std::uint8_t> narrow;
    for (std::size_t i = 0; i < chunk_size; ++i) {
      narrow[i] = static_cast<std::uint8_t>(codes[i] & 63U);
    }
    for (std::size_t i = 0; i < chunk_size / 4; ++i) {
      const std::uint8_t a = narrow[4 * i];
      const std::uint8_t b = narrow[4 * i + 1];
      const std::uint8_t c = narrow[4 * i + 2];
      const std::uint8_t d = narrow[4 * i + 3];
      packed[3 * i] = static_cast<std::uint8_t>(a | b << 6);
      packed[3 * i + 1] = static_cast<std::uint8_t>(b >> 2 | c << 4);
      packed[3 * i + 2] = static_cast<std::uint8_t>(c >> 4 | d << 2);
    }
  } else {
    chunk<std::uint8_t> narrow;
    for (std::size_t i = 0; i < chunk_size; ++i) {
      narrow[i] = static_cast<std::uint8_t>(codes[i]);
    }
    if constexpr (Bits == 4) {
      for (std::size_t i = 0; i < bytes; ++i) {
        packed[i] = static_cast<std::uint8_t>((narrow[2 * i] & 15U) |
                                              static_cast<unsigned>(narrow[2 * i + 1]) << 4U);
      }
    } else {
      packed = narrow;
    }
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    out[i] = packed[i];
  }
}

/// The codes pack_whole wrote.
template <int Bits>
[[gnu::noinline]] constexpr void unpack_whole(const std::uint8_t* in, chunk<std::uint32_t>& codes) {
  constexpr std::size_t bytes = chunk_size * Bits / 8;
  std::array<std::uint8_t, bytes> packed;
  for (std::size_t i = 0; i < bytes; ++i) {
    packed[i] = in[i];
  }
  if constexpr (Bits == 16) {
    for (std::size_t i = 0; i < chunk_size; ++i) {
      codes[i] = static_cast<std::uint32_t>(packed[2 * i]) |
                 static_cast<std::uint32_t>(packed[2 * i + 1]) << 8U;
    }
  } else if constexpr (Bits == 6) {
    for (std::size_t i = 0; i < chunk_size / 4; ++i) {
      const std::uint32_t word = static_cast<std::uint32_t>(packed[3 * i]) |
                                 static_cast<std::uint32_t>(packed[3 * i + 1]) << 8U |
                                 static_cast<std::uint32_t>(packed[3 * i + 2]) << 16U;
      for (std::size_t k = 0; k < 4; ++k) {
        codes[4 * i + k] = (word >> static_cast<unsigned>(6 * k)) & 63U;
      }
    }
  } else if constexpr (Bits == 4) {
    chunk<std::uint8_t> wide;
    for (std::size_t i = 0; i < bytes; ++i) {
      wide[2 * i] = packed[i] & 15U;
      wide[2 * i + 1] = static_cast<std::uint8_t>(packed[i] >> 4U);
    }
    for (std::size_t i = 0; i < chunk_size; ++i) {
      codes[i] = wide[i];
    }
  } else {
    for (std::size_t i = 0; i < chunk_size; ++i) {
      codes[i] = packed[i];
    }
  }
}

/// Writes the first `count` codes of a chunk.
///
/// requires  bits is 4, 6, 8 or 16; room for packed_bytes(count, bits) at `out`
constexpr void pack_chunk(const chunk<std::uint32_t>& codes, int bits, std::size_t count,
                          std::uint8_t* out) {
  std::array<std::uint8_t, 2 * chunk_size> part;
  std::uint8_t* const to = count == chunk_size ? out : part.data();
  switch (bits) {
    case 4:
      pack_whole<4>(codes, to);
      break;
    case 6:
      pack_whole<6>(codes, to);
      break;
    case 8:
      pack_whole<8>(codes, to);
      break;
    default:
      pack_whole<16>(codes, to);
  }
  const std::size_t bytes = count == chunk_size ? 0 : packed_bytes(count, bits);
  for (std::size_t i = 0; i < bytes; ++i) {
    out[i] = part[i];
  }
}

/// The codes pack_chunk wrote; zeros beyond `count`.
constexpr void unpack_chunk(const std::uint8_t* in, int bits, std::size_t count,
                            chunk<std::uint32_t>& codes) {
  std::array<std::uint8_t, 2 * chunk_size> part;
  const std::uint8_t* from = in;
  if (count != chunk_size) {
    part.fill(0);
    for (std::size_t i = 0; i < packed_bytes(count, bits); ++i) {
      part[i] = in[i];
    }
    from = part.data();
  }
  switch (bits) {
    case 4:
      unpack_whole<4>(from, codes);
      break;
    case 6:
      unpack_whole<6>(from, codes);
      break;
    case 8:
      unpack_whole<8>(from, codes);
      break;
    default:
      unpack_whole<16>(from, codes);
  }
}

template <class Convert, class Scaling>
[[gnu::noinline]] constexpr void values_of_chunk(const chunk<std::uint32_t>& codes, Convert convert,
                                                 Scaling scaling, float* values) {
  chunk<float> own;  // a local: the factors do not lie in it
  constexpr std::size_t run = loop_length<Scaling::block>;
  chunk<float> each;
  if constexpr (run != Scaling::block) {
    spread(scaling, each);
  }
  for (std::size_t first = 0; first < chunk_size; first += run) {
    const auto scale = scaling.at(first / Scaling::block);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#endif
    for (std::size_t i = 0; i < run; ++i) {
      const float value = convert(codes[first + i]);
      if constexpr (run == Scaling::block) {
        own[first + i] = scale(value);
      } else {
        own[first + i] = scaling.with(each[i])(value);
      }
    }
  }
  for (std::size_t i = 0; i < chunk_size; ++i) {
    values[i] = own[i];
  }
}

/// The values of 256 codes, scaled.
template <class Coding, class Scaling>
constexpr void decode_chunk(const Coding& coding, const chunk<std::uint32_t>& codes, Scaling scale,
                            float* values) {
  switch (coding_of(coding).kind) {
    case coding_kind::minifloat:
      return values_of_chunk(
          codes, [coding](std::uint32_t c) { return decode_minifloat(coding_of(coding), c); },
          scale, values);
    case coding_kind::unsigned_zero:
      return values_of_chunk(
          codes, [coding](std::uint32_t c) { return decode_unsigned_zero(coding_of(coding), c); },
          scale, values);
    case coding_kind::bfloat16:
      return values_of_chunk(
          codes, [coding](std::uint32_t c) { return decode_bfloat16(coding_of(coding), c); }, scale,
          values);
    case coding_kind::integer:
      return values_of_chunk(
          codes, [coding](std::uint32_t c) { return decode_integer(coding_of(coding), c); }, scale,
          values);
  }
}

}  // namespace quantroof::detail

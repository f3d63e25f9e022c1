// SPDX-License-Identifier: Apache-2.0
//
// Loops over chunks of a row: largest magnitudes of blocks, encoding, and back. What the tensor quantizer (quantize.hpp) is made of.
//
// Not here: scales (block_format.hpp), which blocks share one (quantize.hpp), how codes are packed (code_packing.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/chunk_scaling.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/quantization_counts.hpp"

namespace quantroof::detail {

/// The higher of each pair of neighbours.
template <std::size_t N>
[[nodiscard]] constexpr std::array<std::int32_t, N / 2> higher_neighbours(
    const std::array<std::int32_t, N>& values) {
  std::array<std::int32_t, N / 2> result;
// g++ -O2 makes vectors first, and leaves them in a loop, and what they write in memory, if not told.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
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
[[gnu::noinline]] constexpr void block_magnitudes(const float* x, std::int32_t* most) {
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
  for (std::size_t b = 0; b < blocks; ++b) {
    most[b] = result[b];
  }
#else
  if constexpr (Block == 16) {  // eight of each half side by side, then neighbours
    std::array<std::int32_t, chunk_size / 2> halves;
// Else -O2 stores half vectors here, and loads of whole ones below wait for them.
#if defined(__GNUC__)
#pragma GCC unroll 16
#endif
    for (std::size_t b = 0; b < blocks; ++b) {
#if defined(__GNUC__)
#pragma GCC unroll 8
#endif
      for (std::size_t i = 0; i < 8; ++i) {
        halves[b * 8 + i] =
            higher(magnitude_bits(x[b * 16 + i]), magnitude_bits(x[b * 16 + 8 + i]));
      }
    }
    const auto found = higher_neighbours(higher_neighbours(higher_neighbours(halves)));
    for (std::size_t b = 0; b < blocks; ++b) {
      most[b] = found[b];
    }
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

/// The scale of each element.
template <class Scaling>
constexpr void spread(const Scaling& scaling, chunk<float>& each) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 16  // -O2 keeps the loop if not told
#endif
  for (std::size_t first = 0; first < chunk_size; first += Scaling::block) {
    const float scale = scaling.value(first / Scaling::block);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#elif defined(__GNUC__)
#pragma GCC unroll 1  // else it vectorises over blocks, with gathers
#endif
    for (std::size_t i = 0; i < Scaling::block; ++i) {
      each[first + i] = scale;
    }
  }
}

/// Whether a loop also finds the largest scaled magnitude.
enum class tracking : std::uint8_t { none, largest };

/// Encodes scaled values to nearest even, by the rules of one kind of elements.
template <coding_kind Kind, int Bits, class Coding>
struct value_encoder {
  static constexpr coding_kind kind = Kind;
  static constexpr int bits = Bits;
  Coding coding;

  [[gnu::always_inline]] constexpr std::uint32_t operator()(float scaled) const {
    const element_coding& c = coding_of(coding);
    if constexpr (Kind == coding_kind::minifloat) {
      return encode_minifloat(c, scaled);
    } else if constexpr (Kind == coding_kind::unsigned_zero) {
      return encode_unsigned_zero(c, scaled);
    } else if constexpr (Kind == coding_kind::bfloat16) {
      return encode_bfloat16(c, scaled);
    } else {
      return encode_integer(c, scaled);
    }
  }
};

/// Calls work(value_encoder) with the one of a coding.
template <class Coding, class Work>
[[gnu::always_inline]] constexpr auto with_encoder(const Coding& coding, Work work) {
  using enum coding_kind;
  if constexpr (requires { Coding::value; }) {
    return work(value_encoder<Coding::value.kind, Coding::value.bits, Coding>{coding});
  } else {
    switch (coding.kind) {
      case unsigned_zero:
        return work(value_encoder<unsigned_zero, 8, Coding>{coding});
      case bfloat16:
        return work(value_encoder<bfloat16, 16, Coding>{coding});
      case integer:
        return coding.bits == 4 ? work(value_encoder<integer, 4, Coding>{coding})
                                : work(value_encoder<integer, 8, Coding>{coding});
      case minifloat:
        break;
    }
    switch (coding.bits) {
      case 4:
        return work(value_encoder<minifloat, 4, Coding>{coding});
      case 6:
        return work(value_encoder<minifloat, 6, Coding>{coding});
      case 8:
        return work(value_encoder<minifloat, 8, Coding>{coding});
      default:
        return work(value_encoder<minifloat, 16, Coding>{coding});
    }
  }
}

/// How compilers like the loop over a chunk; results do not depend on it. `narrows`: codes are stored as bytes or halves, so that four vectors of
/// floats become one of bytes without leaving the registers; where there are 16 of those, g++ spills them in all but the shortest conversion,
/// and does better with 32 bits a code and a quarter of a chunk. `shortest_run`: scales of blocks below it are spread over the elements first.
#if defined(__clang__)
template <class Encode>
inline constexpr bool narrows = true;
inline constexpr std::size_t shortest_run = 32;
#elif defined(__AVX512F__) || defined(__aarch64__)
template <class Encode>
inline constexpr bool narrows = true;
inline constexpr std::size_t shortest_run = 64;  // else vectors of half the width
#else
template <class Encode>
inline constexpr bool narrows = Encode::bits == 8 && Encode::kind == coding_kind::integer;
inline constexpr std::size_t shortest_run = 32;
#endif

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"  // builds with sanitizers make no vectors
#endif
// The loops over chunks are functions of their own: inlined next to others they run out of registers and reload their constants.
template <tracking Track, class Scaling, class Encode>
[[gnu::noinline]] constexpr std::int32_t convert_chunk(const float* x, Scaling scaling,
                                                       Encode encode, std::uint8_t* out) {
  constexpr int bits = Encode::bits;
  constexpr bool spreads = Scaling::block < shortest_run;
  constexpr std::size_t part = narrows<Encode> || bits < 8 ? chunk_size : 64;
  constexpr std::size_t run = spreads || Scaling::block > part ? part : Scaling::block;
  using narrow = std::conditional_t<bits == 16, std::uint16_t, std::uint8_t>;
  using code = std::conditional_t<narrows<Encode>, narrow, std::uint32_t>;
  chunk<float> each;
  if constexpr (spreads) {
    spread(scaling, each);
  }
  std::int32_t most = 0;
  for (std::size_t start = 0; start < chunk_size; start += part) {
    std::array<code, part> codes;
    for (std::size_t first = 0; first < part; first += run) {
      const auto scale = scaling.at((start + first) / Scaling::block);
// clang unrolls a short loop before it looks at vectors, and then finds none; with 32 at a time, four vectors of codes become one (a tenth
// faster with AVX2). g++ -O2 makes vectors first, and leaves them in a loop if not told.
#if defined(__clang__)
#pragma clang loop unroll(disable) vectorize_width(32)
#elif defined(__GNUC__)
#pragma GCC unroll 8
#endif
      for (std::size_t i = 0; i < run; ++i) {
        float scaled = 0.0F;
        if constexpr (spreads) {
          scaled = scaling.with(each[start + first + i])(x[start + first + i]);
        } else {
          scaled = scale(x[start + first + i]);
        }
        if constexpr (Track == tracking::largest) {
          most = higher(most, magnitude_bits(scaled));
        }
        codes[first + i] = static_cast<code>(encode(scaled));
      }
    }
    if constexpr (bits < 8) {
      pack_whole<bits>(codes, out);
    } else {
      pack_codes<bits>(codes, out + start * bits / 8);
    }
  }
  return most;
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// Codes of 256 values, packed; returns the largest magnitude_bits of the scaled values if that is tracked.
///
/// ignores   the codes of NaN, and of Inf where zero has no sign: element_writer mends them
template <tracking Track, class Coding, class Scaling>
constexpr std::int32_t encode_chunk(const Coding& coding, const float* x, Scaling scale,
                                    std::uint8_t* out) {
  return with_encoder(coding,
                      [&](auto encode) { return convert_chunk<Track>(x, scale, encode, out); });
}

/// Scaled magnitudes above this count as clipped: the largest element and what rounding the scale can amount to, two steps of float
/// (the scale and its inverse) or, for scales stored as FP16, 2^-10.
[[nodiscard]] constexpr std::int32_t clip_bits(const element_coding& c, int scale_bits) {
  return c.most + (scale_bits == 16 ? 1 << 13 : 2);
}

/// Counts NaN and Inf of the first `count` values of a chunk.
constexpr void count_no_numbers(const float* x, std::size_t count, quantization_counts& counts) {
  std::int32_t nan = 0;
  std::int32_t inf = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t magnitude = magnitude_bits(x[i]);
    nan += magnitude > inf_bits ? 1 : 0;
    inf += magnitude == inf_bits ? 1 : 0;
  }
  counts.nan += nan;
  counts.inf += inf;
}

/// Counts finite values beyond the largest element, NaN and Inf among 256 values.
template <class Scaling>
[[gnu::noinline]] constexpr void count_specials(const float* x, Scaling scale, std::int32_t clip,
                                                quantization_counts& counts) {
  std::int32_t clipped = 0;
  for (std::size_t i = 0; i < chunk_size; ++i) {
    const std::int32_t finite = magnitude_bits(x[i]) < inf_bits ? 1 : 0;
    clipped += magnitude_bits(scale(x[i], i)) > clip ? finite : 0;
  }
  counts.clipped += clipped;
  count_no_numbers(x, chunk_size, counts);
}

/// Decodes codes whose upper bits are zero, by the rules of one kind of elements.
template <coding_kind Kind, class Coding>
struct value_decoder {
  static constexpr coding_kind kind = Kind;
  Coding coding;

  [[gnu::always_inline]] constexpr float operator()(std::uint32_t code) const {
    const element_coding& c = coding_of(coding);
    if constexpr (Kind == coding_kind::minifloat) {
      return decode_minifloat(c, code);
    } else if constexpr (Kind == coding_kind::unsigned_zero) {
      return decode_unsigned_zero(c, code);
    } else if constexpr (Kind == coding_kind::bfloat16) {
      return decode_bfloat16(c, code);
    } else {
      return decode_integer(c, code);
    }
  }
};

/// How compilers like codes before they are decoded; results do not depend on it. `at_once`: how many share a loop; g++ takes loops of 16 apart
/// and makes no vectors of them, and makes short ones of 32. `copied`: how many are copied, by a loop of its own, so that no value is written
/// into them. `wide_code`: widened by that copy, else g++ splits bytes and widens every part, and clang does what it can in bytes, by which
/// only integers gain.
#if defined(__clang__)
inline constexpr std::size_t codes_at_once = 32;
inline constexpr std::size_t codes_copied = chunk_size;
template <class Decode, class Code>
using wide_code = std::conditional_t<Decode::kind == coding_kind::integer, Code, std::uint32_t>;
#else
inline constexpr std::size_t codes_at_once = 64;
inline constexpr std::size_t codes_copied = 64;
template <class Decode, class Code>
using wide_code = std::uint32_t;
#endif

/// The values of 256 codes, written straight to where they belong: copied there from a local array, they take up to twice as long where the
/// two lie alike modulo 1 KiB.
template <class Code, class Decode, class Scaling>
[[gnu::noinline]] constexpr void values_of_chunk(const Code* codes, Decode decode, Scaling scaling,
                                                 float* values) {
  constexpr std::size_t run = codes_at_once;
  chunk<float> each;
  if constexpr (Scaling::block < run) {
    spread(scaling, each);
  }
  for (std::size_t start = 0; start < chunk_size; start += codes_copied) {
    std::array<wide_code<Decode, Code>, codes_copied> wide;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (std::size_t i = 0; i < codes_copied; ++i) {
      wide[i] = codes[start + i];
    }
    for (std::size_t first = start; first < start + codes_copied; first += run) {
      const auto scale = scaling.at(first / Scaling::block);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#elif defined(__GNUC__)
#pragma GCC unroll 8
#endif
      for (std::size_t i = 0; i < run; ++i) {
        const float value = decode(wide[first - start + i]);
        if constexpr (Scaling::block >= run) {
          values[first + i] = scale(value);
        } else {
          values[first + i] = scaling.with(each[first + i])(value);
        }
      }
    }
  }
}

/// The values of 256 codes, scaled; `packed` are those of a whole chunk.
template <class Coding, class Scaling>
constexpr void decode_chunk(const Coding& coding, const std::uint8_t* packed, Scaling scale,
                            float* values) {
  using enum coding_kind;
  const int bits = coding_of(coding).bits;
  if (bits == 16) {
    alignas(line_size) chunk<std::uint16_t> halves;
    unpack_halves(packed, halves);
    if (coding_of(coding).kind == bfloat16) {
      return values_of_chunk(halves.data(), value_decoder<bfloat16, Coding>{coding}, scale, values);
    }
    return values_of_chunk(halves.data(), value_decoder<minifloat, Coding>{coding}, scale, values);
  }
  alignas(line_size) chunk<std::uint8_t> bytes;
  const std::uint8_t* codes = packed;
  if (bits != 8) {
    unpack_chunk(packed, bits, bytes);
    codes = bytes.data();
  }
  switch (coding_of(coding).kind) {
    case unsigned_zero:
      return values_of_chunk(codes, value_decoder<unsigned_zero, Coding>{coding}, scale, values);
    case integer:
      return values_of_chunk(codes, value_decoder<integer, Coding>{coding}, scale, values);
    default:
      return values_of_chunk(codes, value_decoder<minifloat, Coding>{coding}, scale, values);
  }
}

}  // namespace quantroof::detail

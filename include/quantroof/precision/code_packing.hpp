// SPDX-License-Identifier: Apache-2.0
//
// Codes of 4, 6, 8 and 16 bits as bytes.
//
//   4-bit codes   byte i = code 2i | code 2i+1 << 4                                 element 2i in the low nibble
//   6-bit codes   3 bytes = code 4i | code 4i+1 << 6 | code 4i+2 << 12 | code 4i+3 << 18    a stream of bits, lowest first
//   16-bit codes  low byte first
//
// Not here: GGUF's nibbles, whose order differs (gguf_block.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "quantroof/precision/chunk_scaling.hpp"

namespace quantroof::detail {

/// Bytes that `count` codes of `bits` bits take.
[[nodiscard]] constexpr std::size_t packed_bytes(std::size_t count, int bits) {
  return (count * static_cast<std::size_t>(bits) + 7) / 8;
}

/// Packs codes of 6 bits, the lowest of a byte each, by shifts of words of eight: where clang has no vectors that take bytes apart by threes and
/// fours, half the time of the loop in pack_codes; elsewhere two to three times as long. The result is the same.
///
/// requires  N is a multiple of 32; the low byte of a word comes first
#if defined(__clang__) && defined(__AVX2__) && !defined(__AVX512F__)
template <std::size_t N>
[[gnu::always_inline]] constexpr void pack_sixes(const std::array<std::uint8_t, N>& codes,
                                                 std::uint8_t* out) {
  std::array<std::uint64_t, N / 8> joined;
  for (std::size_t i = 0; i < N / 8; ++i) {
    std::array<std::uint8_t, 8> part;
    for (std::size_t k = 0; k < 8; ++k) {
      part[k] = codes[8 * i + k];
    }
    const auto eight = std::bit_cast<std::uint64_t>(part);
    const std::uint64_t twos = (eight & 0x003F003F003F003FU) | (eight >> 2U & 0x0FC00FC00FC00FC0U);
    const std::uint64_t fours = (twos & 0x00000FFF00000FFFU) | (twos >> 4U & 0x00FFF00000FFF000U);
    joined[i] = (fours & 0xFFFFFFU) | (fours >> 8U & 0xFFFFFF000000U);
  }
#pragma clang loop vectorize(disable) unroll(disable)
  for (std::size_t i = 0; i < N / 32; ++i) {
    const std::uint64_t b = joined[4 * i + 1];
    const std::uint64_t c = joined[4 * i + 2];
    const std::array<std::uint64_t, 3> words{joined[4 * i] | b << 48U, b >> 16U | c << 32U,
                                             c >> 32U | joined[4 * i + 3] << 16U};
    const auto part = std::bit_cast<std::array<std::uint8_t, 24>>(words);
    for (std::size_t k = 0; k < 24; ++k) {
      out[24 * i + k] = part[k];
    }
  }
}
#endif

/// Packs codes of `Bits` bits as the head of this file shows; bits above them are dropped.
///
/// requires  a whole number of bytes
template <int Bits, class Code, std::size_t N>
[[gnu::always_inline]] constexpr void pack_codes(const std::array<Code, N>& codes,
                                                 std::uint8_t* out) {
  constexpr std::size_t bytes = N * Bits / 8;
#if defined(__clang__) && defined(__AVX2__) && !defined(__AVX512F__)
  if constexpr (Bits == 6 && sizeof(Code) == 1 && N % 32 == 0) {
    return pack_sixes(codes, out);
  }
#endif
  std::array<std::uint8_t, bytes> packed;
  if constexpr (Bits == 16) {
    std::array<std::uint16_t, N> narrow;
    for (std::size_t i = 0; i < N; ++i) {
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
    std::array<std::uint8_t, N> narrow;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8  // -O2 keeps the loop if not told
#endif
    for (std::size_t i = 0; i < N; ++i) {
      narrow[i] = static_cast<std::uint8_t>(codes[i] & 63U);
    }
    for (std::size_t i = 0; i < N / 4; ++i) {
      const std::uint8_t a = narrow[4 * i];
      const std::uint8_t b = narrow[4 * i + 1];
      const std::uint8_t c = narrow[4 * i + 2];
      const std::uint8_t d = narrow[4 * i + 3];
      packed[3 * i] = static_cast<std::uint8_t>(a | b << 6);
      packed[3 * i + 1] = static_cast<std::uint8_t>(b >> 2 | c << 4);
      packed[3 * i + 2] = static_cast<std::uint8_t>(c >> 4 | d << 2);
    }
  } else {
    std::array<std::uint8_t, N> narrow;
    for (std::size_t i = 0; i < N; ++i) {
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
template <int Bits, class Code>
[[gnu::noinline]] constexpr void pack_whole(const chunk<Code>& codes, std::uint8_t* out) {
  pack_codes<Bits>(codes, out);
}

/// The codes pack_whole wrote, of 8 bits or fewer.
template <int Bits>
[[gnu::noinline]] constexpr void unpack_bytes(const std::uint8_t* in, chunk<std::uint8_t>& codes) {
  constexpr std::size_t bytes = chunk_size * Bits / 8;
  std::array<std::uint8_t, bytes> packed;
  for (std::size_t i = 0; i < bytes; ++i) {
    packed[i] = in[i];
  }
  if constexpr (Bits == 8) {
    codes = packed;
  } else {
    chunk<std::uint8_t> wide;
    if constexpr (Bits == 6) {
      chunk<std::uint32_t> words;
      for (std::size_t i = 0; i < chunk_size / 4; ++i) {
        const std::uint32_t word = static_cast<std::uint32_t>(packed[3 * i]) |
                                   static_cast<std::uint32_t>(packed[3 * i + 1]) << 8U |
                                   static_cast<std::uint32_t>(packed[3 * i + 2]) << 16U;
        for (std::size_t k = 0; k < 4; ++k) {
          words[4 * i + k] = (word >> static_cast<unsigned>(6 * k)) & 63U;
        }
      }
      for (std::size_t i = 0; i < chunk_size; ++i) {
        wide[i] = static_cast<std::uint8_t>(words[i]);
      }
    } else {
      for (std::size_t i = 0; i < bytes; ++i) {
        wide[2 * i] = packed[i] & 15U;
        wide[2 * i + 1] = static_cast<std::uint8_t>(packed[i] >> 4U);
      }
    }
    codes = wide;
  }
}

/// The codes of 16 bits that pack_whole wrote.
[[gnu::noinline]] constexpr void unpack_halves(const std::uint8_t* in,
                                               chunk<std::uint16_t>& codes) {
  std::array<std::uint8_t, 2 * chunk_size> packed;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    packed[i] = in[i];
  }
  for (std::size_t i = 0; i < chunk_size; ++i) {
    codes[i] =
        static_cast<std::uint16_t>(packed[2 * i] | static_cast<unsigned>(packed[2 * i + 1]) << 8U);
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

/// A whole chunk of what pack_chunk wrote: where it lies, or a copy filled up with zeros.
[[nodiscard]] constexpr const std::uint8_t* load_codes(
    const std::uint8_t* in, int bits, std::size_t count,
    std::array<std::uint8_t, 2 * chunk_size>& buffer) {
  if (count == chunk_size) {
    return in;
  }
  buffer.fill(0);
  for (std::size_t i = 0; i < packed_bytes(count, bits); ++i) {
    buffer[i] = in[i];
  }
  return buffer.data();
}

/// The 256 codes of 8 bits or fewer at `in`.
///
/// requires  bits is 4, 6 or 8
constexpr void unpack_chunk(const std::uint8_t* in, int bits, chunk<std::uint8_t>& codes) {
  switch (bits) {
    case 4:
      unpack_bytes<4>(in, codes);
      break;
    case 6:
      unpack_bytes<6>(in, codes);
      break;
    default:
      unpack_bytes<8>(in, codes);
  }
}

}  // namespace quantroof::detail

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
// MXFP4 the code FF, NVFP4 7F for the 16 elements concerned. Not here: the arithmetic (quantize_gguf.hpp, dequantize_gguf.hpp);
// K-quants, whose encoders search.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/chunk_scaling.hpp"
#include "quantroof/precision/precision.hpp"

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

/// Elements that share a scale.
template <precision P>
inline constexpr std::size_t gguf_scaled = P == precision::gguf_nvfp4 ? 16 : 32;
/// Where the codes of a block begin.
template <precision P>
inline constexpr std::size_t gguf_codes_at = P == precision::gguf_mxfp4
                                                 ? 1
                                                 : (P == precision::gguf_nvfp4 ? 4 : 2);

/// Half of the elements that share a scale, whose codes are the low or the high nibbles of as many bytes; in words of 8 codes, one byte each.
template <precision P>
inline constexpr std::size_t gguf_half_words = gguf_scaled<P> / 16;
inline constexpr std::uint64_t low_nibbles = 0x0F0F0F0F0F0F0F0FU;

/// Codes of a chunk, one byte each, as the bytes of its blocks one after the other.
template <precision P>
[[gnu::always_inline]] constexpr auto pack_gguf_codes(const chunk<std::uint8_t>& codes) {
  if constexpr (P == precision::gguf_q8_0) {
    return codes;
  } else {
    const auto in = std::bit_cast<std::array<std::uint64_t, chunk_size / 8>>(codes);
    std::array<std::uint64_t, chunk_size / 16> out;
// g++ -O2 keeps these loops, and what they write in memory, if not told, and -O3 takes copies of 16 bytes apart.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 16
#endif
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t low = i + i / gguf_half_words<P> * gguf_half_words<P>;
      out[i] = (in[low] & low_nibbles) | (in[low + gguf_half_words<P>] & low_nibbles) << 4U;
    }
    return std::bit_cast<std::array<std::uint8_t, chunk_size / 2>>(out);
  }
}
/// The reverse, of nibbles.
template <precision P>
[[gnu::always_inline]] constexpr chunk<std::uint8_t> unpack_gguf_codes(
    const std::array<std::uint8_t, chunk_size / 2>& packed) {
  const auto in = std::bit_cast<std::array<std::uint64_t, chunk_size / 16>>(packed);
  std::array<std::uint64_t, chunk_size / 8> out;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 16
#endif
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t low = i + i / gguf_half_words<P> * gguf_half_words<P>;
    out[low] = in[i] & low_nibbles;
    out[low + gguf_half_words<P>] = (in[i] >> 4U) & low_nibbles;
  }
  return std::bit_cast<chunk<std::uint8_t>>(out);
}

/// The bytes of a chunk of blocks.
template <precision P>
struct gguf_chunk {
  static constexpr gguf_layout layout = gguf_layout_of(P);
  static constexpr std::size_t blocks = chunk_size / layout.block;
  static constexpr std::size_t bytes = blocks * layout.bytes;
  static constexpr std::size_t head = gguf_codes_at<P>;     // of a block: its scales
  static constexpr std::size_t body = layout.bytes - head;  // of a block: its codes
  static constexpr std::size_t scale = P == precision::gguf_nvfp4 ? 1 : head;  // of a scale
};

/// Writes a chunk of blocks: the bits of their scales and the codes of their elements, one byte each.
template <precision P>
[[gnu::noinline]] constexpr void put_gguf_chunk(const std::uint32_t* scales,
                                                const chunk<std::uint8_t>& codes,
                                                std::uint8_t* out) {
  using of = gguf_chunk<P>;
  const auto packed = pack_gguf_codes<P>(codes);
  std::array<std::uint8_t, of::blocks * of::head> heads;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 16
#endif
  for (std::size_t i = 0; i < heads.size(); ++i) {
    heads[i] = static_cast<std::uint8_t>(scales[i / of::scale] >> (i % of::scale * 8));
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (std::size_t b = 0; b < of::blocks; ++b) {
    std::uint8_t* const to = out + b * of::layout.bytes;
    for (std::size_t k = 0; k < of::head; ++k) {
      to[k] = heads[b * of::head + k];
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 1
#endif
    for (std::size_t i = 0; i < of::body; ++i) {
      to[of::head + i] = packed[b * of::body + i];
    }
  }
}

/// Reads a chunk of blocks: the reverse.
template <precision P>
[[gnu::noinline]] constexpr void get_gguf_chunk(const std::uint8_t* in, std::uint32_t* scales,
                                                chunk<std::uint8_t>& codes) {
  using of = gguf_chunk<P>;
  std::array<std::uint8_t, of::blocks * of::body> packed;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 16
#endif
  for (std::size_t k = 0; k < of::blocks * of::head / of::scale; ++k) {
    constexpr std::size_t per_block = of::head / of::scale;
    const std::uint8_t* const from = in + k / per_block * of::layout.bytes + k % per_block;
    const std::uint32_t low = from[0];
    scales[k] = of::scale == 1 ? low : low | static_cast<std::uint32_t>(from[1]) << 8U;
  }
  // Codes of 8 bits go where they belong at once: read back from here, vectors of two blocks would wait for both.
  std::uint8_t* const bodies = P == precision::gguf_q8_0 ? codes.data() : packed.data();
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (std::size_t b = 0; b < of::blocks; ++b) {
    const std::uint8_t* const from = in + b * of::layout.bytes;
    std::array<std::uint8_t, of::body> body;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 1
#endif
    for (std::size_t i = 0; i < of::body; ++i) {
      body[i] = from[of::head + i];
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 1
#endif
    for (std::size_t i = 0; i < of::body; ++i) {
      bodies[b * of::body + i] = body[i];
    }
  }
  if constexpr (P != precision::gguf_q8_0) {
    codes = unpack_gguf_codes<P>(packed);
  }
}

/// Calls work.template operator()<P>() for a GGUF format known at run time.
///
/// requires  p is GGUF_Q8_0, GGUF_Q4_0, GGUF_MXFP4 or GGUF_NVFP4
template <class Work>
constexpr void with_gguf(precision p, Work work) {
  switch (p) {
    case precision::gguf_q8_0:
      return work.template operator()<precision::gguf_q8_0>();
    case precision::gguf_q4_0:
      return work.template operator()<precision::gguf_q4_0>();
    case precision::gguf_mxfp4:
      return work.template operator()<precision::gguf_mxfp4>();
    default:
      return work.template operator()<precision::gguf_nvfp4>();
  }
}

}  // namespace detail
}  // namespace quantroof

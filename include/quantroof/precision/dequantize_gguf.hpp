// SPDX-License-Identifier: Apache-2.0
//
// GGUF's blocks into rows of floats: element * scale, rounded once.
//
// Not here: where the bytes are (gguf_block.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/precision/chunk_scaling.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/gguf_block.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// The values of codes of one byte, before the scale.
template <precision P>
struct gguf_decoder {
  static constexpr coding_kind kind = P == precision::gguf_q8_0 || P == precision::gguf_q4_0
                                          ? coding_kind::integer
                                          : coding_kind::minifloat;
  [[gnu::always_inline]] constexpr float operator()(std::uint32_t code) const {
    if constexpr (P == precision::gguf_q8_0) {
      return decode_integer(static_coding<precision::int8>::value, code);
    } else if constexpr (P == precision::gguf_q4_0) {
      return static_cast<float>(static_cast<std::int32_t>(code) - 8);
    } else {
      return decode_minifloat(static_coding<precision::fp4_e2m1>::value, code);
    }
  }
};

/// The scale that its bits stand for.
template <precision P>
[[nodiscard, gnu::always_inline]] constexpr float gguf_scale_of(std::uint32_t bits) {
  if constexpr (P == precision::gguf_mxfp4) {
    return mx_scale_value(bits);
  } else if constexpr (P == precision::gguf_nvfp4) {
    return nvfp4_scale_value(bits);
  } else {
    return decode_minifloat(static_coding<precision::fp16>::value, bits);
  }
}

/// The values of a chunk of blocks.
template <precision P>
constexpr void read_gguf_chunk(const std::uint8_t* in, float* out) {
  constexpr std::size_t scaled = gguf_scaled<P>;
  std::array<std::uint32_t, chunk_size / scaled> bits;
  std::array<float, chunk_size / scaled> scales;
  alignas(line_size) chunk<std::uint8_t> codes;
  get_gguf_chunk<P>(in, bits.data(), codes);
  bool large = false;  // a value could leave the range of float
#if defined(__clang__)
#pragma clang loop unroll(disable)
#elif defined(__GNUC__)
#pragma GCC unroll 1
#endif
  for (std::size_t k = 0; k < bits.size(); ++k) {
    scales[k] = gguf_scale_of<P>(bits[k]);
  }
  for (std::size_t k = 0; P == precision::gguf_mxfp4 && k < bits.size(); ++k) {
    large = large || scales[k] > 0x1p120F;
  }
  if (large) {
    values_of_chunk(codes.data(), gguf_decoder<P>{}, saturated_blocks<scaled>{scales.data(), 1.0F},
                    out);
  } else {
    values_of_chunk(codes.data(), gguf_decoder<P>{}, times_blocks<scaled>{scales.data()}, out);
  }
}

template <precision P>
constexpr void read_gguf_row(const std::uint8_t* in, std::span<float> row) {
  constexpr gguf_layout layout = gguf_layout_of(P);
  const std::size_t whole = row.size() / chunk_size * chunk_size;
  for (std::size_t first = 0; first < whole; first += chunk_size) {
    read_gguf_chunk<P>(in + first / layout.block * layout.bytes, row.data() + first);
  }
  if (const std::size_t left = row.size() - whole; left > 0) {
    const std::uint8_t* const from = in + whole / layout.block * layout.bytes;
    std::array<std::uint8_t, gguf_chunk<P>::bytes> blocks{};
    for (std::size_t i = 0; i < (left + layout.block - 1) / layout.block * layout.bytes; ++i) {
      blocks[i] = from[i];
    }
    chunk<float> values;
    read_gguf_chunk<P>(blocks.data(), values.data());
    for (std::size_t i = 0; i < left; ++i) {
      row[whole + i] = values[i];
    }
  }
}

/// The values of one row.
///
/// requires  p is a GGUF format with codes; `in` holds all blocks of the row
constexpr void read_gguf_row(precision p, const std::uint8_t* in, std::span<float> row) {
  with_gguf(p, [&]<precision P>() { read_gguf_row<P>(in, row); });
}

}  // namespace quantroof::detail

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

/// The scale of element group k of a block.
template <precision P>
[[nodiscard]] constexpr float gguf_scale_of(const std::uint8_t* block, std::size_t k) {
  if constexpr (P == precision::gguf_mxfp4) {
    return mx_scale_value(block[0]);
  } else if constexpr (P == precision::gguf_nvfp4) {
    return nvfp4_scale_value(block[k]);
  } else {
    return to_float(float16_t{static_cast<std::uint16_t>(block[0] | (block[1] << 8))});
  }
}

template <precision P>
constexpr void read_gguf_row(const std::uint8_t* in, std::span<float> row) {
  constexpr gguf_layout layout = gguf_layout_of(P);
  constexpr std::size_t scaled = gguf_scaled<P>;
  constexpr std::size_t per_block = layout.block / scaled;
  std::array<float, chunk_size / scaled> scales{};
  chunk<float> part;
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t left = row.size() - first;
    const std::size_t count = left < chunk_size ? left : chunk_size;
    const std::size_t blocks = (count + layout.block - 1) / layout.block;
    const std::uint8_t* const from = in + first / layout.block * layout.bytes;
    const chunk<std::uint8_t> codes = get_gguf_codes<P>(from, blocks);
    bool large = false;  // a value could leave the range of float
    for (std::size_t k = 0; k < blocks * per_block; ++k) {
      scales[k] = gguf_scale_of<P>(from + k / per_block * layout.bytes, k % per_block);
      large = large || scales[k] > 0x1p120F;
    }
    float* const to = count == chunk_size ? row.data() + first : part.data();
    if (large) {
      values_of_chunk(codes.data(), gguf_decoder<P>{},
                      saturated_blocks<scaled>{scales.data(), 1.0F}, to);
    } else {
      values_of_chunk(codes.data(), gguf_decoder<P>{}, times_blocks<scaled>{scales.data()}, to);
    }
    for (std::size_t i = 0; count < chunk_size && i < count; ++i) {
      row[first + i] = part[i];
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

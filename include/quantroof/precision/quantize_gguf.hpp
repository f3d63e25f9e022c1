// SPDX-License-Identifier: Apache-2.0
//
// Rows into GGUF's blocks, scales and codes together; a row that ends inside a block is filled up with zeros.
//
// Not here: the blocks (gguf_block.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/precision/gguf_block.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantization_counts.hpp"

namespace quantroof::detail {

/// requires  p is a GGUF format; room for all blocks of the row at `out`
constexpr void write_gguf_row(precision p, std::span<const float> row, std::uint8_t* out,
                              quantization_counts& counts) {
  const gguf_layout layout = gguf_layout_of(p);
  std::array<float, 64> block{};
  std::uint8_t* to = out;
  for (std::size_t first = 0; first < row.size(); first += layout.block, to += layout.bytes) {
    for (std::size_t i = 0; i < layout.block; ++i) {
      block[i] = first + i < row.size() ? row[first + i] : 0.0F;
    }
    encode_gguf_block(p, std::span<const float>{block.data(), layout.block},
                      std::span<std::uint8_t>{to, layout.bytes}, counts);
  }
}

}  // namespace quantroof::detail

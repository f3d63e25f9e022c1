// SPDX-License-Identifier: Apache-2.0
//
// A quantized matrix in memory: packed codes, scales, zero points, and what happened on the way.
//
//   codes        row after row, each row starting on a byte; packing as code_packing.hpp shows
//   scale_codes  MX: E8M0, NVFP4: E4M3; one byte per block, row after row of the grid
//   scales       all other formats with scales, as values: FP32, or on the FP16 grid where the format stores FP16
//   GGUF         the whole blocks, scales included, as the file holds them (gguf_block.hpp); no other scales
//
// The parts are what checkpoints store as separate tensors. Not here: the 128 x 4 tiling of scales for tensor cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/quantize_options.hpp"

namespace quantroof {

/// A quantized matrix whose format is known at run time.
struct quantized_storage {
  precision format = precision::fp16;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_bytes = 0;
  scale_grid grid{};
  std::vector<std::uint8_t> codes{};
  std::vector<std::uint8_t> scale_codes{};
  std::vector<float> scales{};
  std::vector<float> zeros{};  // value = (code - zero) * scale; empty for symmetric formats
  float tensor_scale = 1.0F;   // NVFP4: value = element * block scale * tensor_scale
  quantization_counts counts{};

  /// The packed codes of one row.
  [[nodiscard]] constexpr std::span<const std::uint8_t> row(std::size_t r) const {
    detail::expects(r < rows, "quantized_storage: row out of range");
    return {codes.data() + r * row_bytes, row_bytes};
  }
  /// Bytes as stored: codes, scales at the width of the format, zero points (a byte each without a width of their own).
  [[nodiscard]] constexpr std::size_t bytes() const {
    const precision_format& f = format_of(format);
    if (f.scales.whole_blocks) {
      return codes.size();
    }
    const std::size_t per_cell = f.scales.bits_per_block > 0
                                     ? static_cast<std::size_t>(f.scales.bits_per_block)
                                     : (scales.empty() ? 0U : 32U) + (zeros.empty() ? 0U : 8U);
    const std::size_t tensor =
        f.scales.bits_per_block > 0 ? static_cast<std::size_t>(f.scales.bits_per_tensor) / 8 : 0U;
    return codes.size() + (grid.size() * per_cell + 7) / 8 + (codes.empty() ? 0U : tensor);
  }

  friend constexpr bool operator==(const quantized_storage&, const quantized_storage&) = default;
};

/// The same with the format in the type.
template <precision P>
struct quantized_tensor : quantized_storage {
  static constexpr precision static_format = P;
};

}  // namespace quantroof

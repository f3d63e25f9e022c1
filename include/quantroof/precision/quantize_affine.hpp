// SPDX-License-Identifier: Apache-2.0
//
// Rows into integers with a zero point: round(x / scale) + zero on 0 .. 2^bits - 1.
//
// NaN gets the code of 0, Inf saturates; both are counted. Not here: scale and zero point of a range (block_format.hpp).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/absmax_scale.hpp"
#include "quantroof/precision/chunk_reading.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/quantize_rows.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof::detail {

/// Minimum and maximum of finite values, together with 0.
class finite_range {
 public:
  constexpr void add(std::span<const float> values) {
    const float* const x = values.data();
    std::int32_t low = low_;
    std::int32_t high = high_;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto bits = std::bit_cast<std::int32_t>(x[i]);
      const std::int32_t key = ordered(bits) & finite_mask(magnitude_bits(x[i]));
      low = key < low ? key : low;
      high = key > high ? key : high;
    }
    low_ = low;
    high_ = high;
  }
  [[nodiscard]] constexpr float low() const { return std::bit_cast<float>(ordered(low_)); }
  [[nodiscard]] constexpr float high() const { return std::bit_cast<float>(ordered(high_)); }

 private:
  /// Bits of a float as an integer of the same order, and back.
  [[nodiscard]] static constexpr std::int32_t ordered(std::int32_t bits) {
    return bits ^ ((bits >> 31) & 0x7FFFFFFF);
  }
  std::int32_t low_ = 0;
  std::int32_t high_ = 0;
};

/// An integer with a zero point: (code - zero) * scale, code in 0 .. most.
struct affine_coding {
  int bits = 4;
  int most = 15;
  bool whole_zero = true;  // added to the rounded value (GPTQ), else before rounding (HQQ)
};

/// Codes of elements begin .. end - 1 of a chunk, whose group has this scale and zero point; counts what is no number or clipped.
constexpr void write_affine_chunk(const affine_coding& c, const float* x, float scale, float zero,
                                  scaling how, std::size_t begin, std::size_t end,
                                  chunk<std::uint32_t>& codes, quantization_counts& counts) {
  constexpr std::int32_t far = 0x49000000;  // 2^19, far beyond all codes
  constexpr float magic = 12582912.0F;      // 1.5 * 2^23: integers lie 1 apart
  constexpr std::int32_t magic_bits = 0x4B400000;
  const float value = applied(scale, how);
  const auto whole = static_cast<std::int32_t>(c.whole_zero ? zero : 0.0F);
  const float before = c.whole_zero ? 0.0F : zero;
  for (std::size_t i = begin; i < end; ++i) {
    const float scaled = how == scaling::division ? over(x[i], value) : times(x[i], value);
    const auto bits = std::bit_cast<std::uint32_t>(scaled);
    const auto magnitude = static_cast<std::int32_t>(bits & float_magnitude);
    const bool is_number = magnitude_bits(x[i]) <= static_cast<std::int32_t>(float_inf);
    const std::int32_t clamped = is_number ? (magnitude < far ? magnitude : far) : 0;
    const float near =
        std::bit_cast<float>(static_cast<std::uint32_t>(clamped) | (bits & ~float_magnitude));
    const std::int32_t code =
        std::bit_cast<std::int32_t>((near + before) + magic) - magic_bits + whole;
    const std::int32_t stored = code < 0 ? 0 : (code > c.most ? c.most : code);
    codes[i] = static_cast<std::uint32_t>(stored);
    const bool finite = magnitude_bits(x[i]) < static_cast<std::int32_t>(float_inf);
    counts.nan += is_number ? 0 : 1;
    counts.inf += is_number && !finite ? 1 : 0;
    counts.clipped += finite && (code < -1 || code > c.most + 1) ? 1 : 0;
  }
}

/// One row of an affine format under the scales and zero points of its groups.
constexpr void write_affine_row(const affine_coding& c, std::span<const float> row,
                                std::span<const float> scales, std::span<const float> zeros,
                                std::size_t group, scaling how, std::uint8_t* out,
                                quantization_counts& counts) {
  chunk<std::uint32_t> codes;
  for_chunks(row, read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
    codes.fill(0);
    for (std::size_t begin = 0; begin < count;) {
      const std::size_t g = (first + begin) / group;
      const std::size_t end = (g + 1) * group - first < count ? (g + 1) * group - first : count;
      write_affine_chunk(c, x, scales[g], zeros[g], how, begin, end, codes, counts);
      begin = end;
    }
    pack_chunk(codes, c.bits, count, out + packed_bytes(first, c.bits));
  });
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Rows into codes under scales by the largest magnitudes of their groups, found on the way: 32, 64 or 128 columns a group.
//
// Not here: scales that are given or chosen otherwise (quantize_rows.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/absmax_scale.hpp"
#include "quantroof/precision/chunk_reading.hpp"
#include "quantroof/precision/chunk_scaling.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/element_writer.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof::detail {

/// The scales of a batch of chunks in groups of `Group` columns, by their largest finite magnitudes.
template <std::size_t Group>
struct group_batch {
  static constexpr std::size_t per_chunk = chunk_size / Group;
  static constexpr std::size_t count = batch_chunks * per_chunk;
  std::array<std::int32_t, count> most{};  // magnitude_bits, NaN and Inf included
  std::array<float, count> finite{};
  std::array<float, count> scales{};
  std::array<float, count> values{};  // the scales, applied()
  std::int32_t highest = 0;           // what the highest of `most` becomes by them

  /// Looks at chunk k.
  constexpr void add(std::size_t k, const float* x) {
    block_magnitudes<Group>(x, most.data() + k * per_chunk);
  }
  /// The scales, once all chunks of `batch` have been looked at.
  constexpr void choose(std::span<const float> batch, float top, bool half, scaling how) {
    for (std::size_t g = 0; g < count; ++g) {
      finite[g] = std::bit_cast<float>(most[g]);
    }
    if (highest_of(most) >= inf_bits) {
      for (std::size_t g = 0; g < count; ++g) {
        const std::size_t first = g * Group < batch.size() ? g * Group : batch.size();
        const std::size_t left = batch.size() - first;
        finite[g] = absmax(batch.subspan(first, left < Group ? left : Group)).value;
      }
    }
    if (half) {
// g++ -O2 makes vectors of these loops, and passes them on through memory if it is not told to unroll.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
      for (std::size_t g = 0; g < count; ++g) {
        scales[g] = half_scale(finite[g], top);
      }
    } else {
      for (std::size_t g = 0; g < count; ++g) {
        scales[g] = float_scale(finite[g], top);
      }
    }
    if (how == scaling::division) {
      apply<scaling::division>();
    } else {
      apply<scaling::reciprocal>();
    }
  }

 private:
  template <scaling How>
  constexpr void apply() {
    std::array<std::int32_t, count> scaled;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (std::size_t g = 0; g < count; ++g) {
      values[g] = applied(scales[g], How);
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (std::size_t g = 0; g < count; ++g) {
      scaled[g] = scaled_bits(most[g], values[g], How);
    }
    highest = highest_of(scaled);
  }
};

/// One row whose groups of `Group` columns get scales by their largest finite magnitudes.
///
/// requires  scales.size() >= ceil(cols / Group)
template <std::size_t Group, class Coding>
constexpr void write_grouped_row(const element_writer<Coding>& writer, std::span<const float> row,
                                 std::span<float> scales, bool half, scaling how,
                                 std::uint64_t position, std::uint8_t* out,
                                 quantization_counts& counts) {
  const element_coding c = coding_of(writer.coding);
  std::array<group_batch<Group>, batches_at_once> batches;
  for_batches(
      row,
      [&](const float* x, std::size_t /*count*/, std::size_t batch, std::size_t k) {
        batches[batch].add(k, x);
      },
      [&](std::size_t start, std::size_t size, std::size_t batch) {
        group_batch<Group>& groups = batches[batch];
        groups.choose(row.subspan(start, size), std::bit_cast<float>(c.most), half, how);
        store_batch(groups.scales, (size + Group - 1) / Group, scales.data() + start / Group);
      },
      [&](const float* x, std::size_t count, std::size_t first, std::size_t batch, std::size_t k) {
        const group_batch<Group>& groups = batches[batch];
        const float* const values = groups.values.data() + k * groups.per_chunk;
        std::uint8_t* const to = out + packed_bytes(first, c.bits);
        const std::uint64_t at = position + first;
        if (how == scaling::division) {
          writer.bounded(groups.highest, x, count, over_blocks<Group>{values}, at, to, counts);
        } else {
          writer.bounded(groups.highest, x, count, times_blocks<Group>{values}, at, to, counts);
        }
      });
}

}  // namespace quantroof::detail

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
  std::array<float, count> values{};         // the scales, applied()
  std::array<std::int32_t, count> scaled{};  // what `most` becomes by them

  /// Looks at chunk k.
  constexpr void add(std::size_t k, const float* x) {
    std::array<std::int32_t, per_chunk> found;
    block_magnitudes<Group>(x, found);
    std::int32_t highest = 0;
    for (std::size_t g = 0; g < per_chunk; ++g) {
      most[k * per_chunk + g] = found[g];
      finite[k * per_chunk + g] = std::bit_cast<float>(found[g]);
      highest = higher(highest, found[g]);
    }
    for (std::size_t g = 0; highest >= inf_bits && g < per_chunk; ++g) {
      finite[k * per_chunk + g] = absmax(std::span<const float>{x + g * Group, Group}).value;
    }
  }
  constexpr void choose(float top, bool half, scaling how) {
    if (half) {
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
  [[nodiscard]] constexpr std::int32_t highest_scaled(std::size_t k) const {
    std::int32_t highest = 0;
    for (std::size_t g = 0; g < per_chunk; ++g) {
      highest = higher(highest, scaled[k * per_chunk + g]);
    }
    return highest;
  }

 private:
  template <scaling How>
  constexpr void apply() {
    for (std::size_t g = 0; g < count; ++g) {
      values[g] = applied(scales[g], How);
    }
    for (std::size_t g = 0; g < count; ++g) {
      scaled[g] = scaled_bits(most[g], values[g], How);
    }
  }
};

/// One row whose groups of `Group` columns get scales by their largest finite magnitudes.
///
/// requires  scales.size() == ceil(cols / Group)
template <std::size_t Group, class Coding>
constexpr void write_grouped_row(const element_writer<Coding>& writer, std::span<const float> row,
                                 std::span<float> scales, bool half, scaling how,
                                 std::uint64_t position, std::uint8_t* out,
                                 quantization_counts& counts) {
  const element_coding c = coding_of(writer.coding);
  group_batch<Group> groups;
  for_batches(
      row, [&](const float* x, std::size_t /*count*/, std::size_t k) { groups.add(k, x); },
      [&](std::size_t start, std::size_t size) {
        groups.choose(std::bit_cast<float>(c.most), half, how);
        for (std::size_t g = 0; g * Group < size; ++g) {
          scales[start / Group + g] = groups.scales[g];
        }
      },
      [&](const float* x, std::size_t count, std::size_t first, std::size_t k) {
        const float* const values = groups.values.data() + k * groups.per_chunk;
        const std::int32_t most = groups.highest_scaled(k);
        std::uint8_t* const to = out + packed_bytes(first, c.bits);
        if (how == scaling::division) {
          writer.bounded(most, x, count, over_blocks<Group>{values}, position + first, to, counts);
        } else {
          writer.bounded(most, x, count, times_blocks<Group>{values}, position + first, to, counts);
        }
      });
}

}  // namespace quantroof::detail

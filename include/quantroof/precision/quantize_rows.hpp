// SPDX-License-Identifier: Apache-2.0
//
// Rows into codes under scales of their own: x / scale to the nearest element, scale per tensor, row, column or group.
//
// NaN gets the code minifloat.hpp says, Inf saturates; both are counted. Not here: which scale (quantize.hpp), scales by the groups'
// largest magnitudes (quantize_groups.hpp), formats with rules for their blocks (quantize_blocks.hpp), zero points (quantize_affine.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

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
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// Fills `each` with applied(scale of its group) for the 256 elements from `first` on; `scales` are those of the row.
constexpr void spread_scales(std::span<const float> scales, std::size_t group, std::size_t first,
                             scaling how, chunk<float>& each) {
  std::size_t i = 0;
  for (std::size_t g = first / group; i < chunk_size; ++g) {
    const float value = g < scales.size() ? applied(scales[g], how) : 1.0F;
    const std::size_t left = (g + 1) * group - first;  // up to the end of group g
    for (const std::size_t end = left < chunk_size ? left : chunk_size; i < end; ++i) {
      each[i] = value;
    }
  }
}

/// A chunk of whole groups of `Group` elements; `scales` are those of the groups that hold elements.
template <std::size_t Group, class Coding>
constexpr void write_groups(const element_writer<Coding>& writer, const float* x, std::size_t count,
                            std::span<const float> scales, scaling how, std::uint64_t position,
                            std::uint8_t* out, quantization_counts& counts) {
  std::array<float, chunk_size / Group> values;
  for (std::size_t g = 0; g < values.size(); ++g) {
    values[g] = g < scales.size() ? applied(scales[g], how) : 1.0F;
  }
  if (how == scaling::division) {
    writer(x, count, over_blocks<Group>{values.data()}, position, out, counts);
  } else {
    writer(x, count, times_blocks<Group>{values.data()}, position, out, counts);
  }
}

/// Where quick_chunks stopped, and the largest scaled magnitude_bits there.
struct stopped_at {
  std::size_t first = 0;
  std::int32_t most = 0;
};

/// Encodes whole chunks up to one where scaled magnitude_bits exceed `quick`, that one included. A function of its own, and eight chunks one
/// after the other, so that it needs no stack and asks for memory from many places of the code: the machine then keeps more of it on its way.
///
/// source    measured as read_ahead was, 64 MiB, of a plain loop's speed without the two and with: INT8 0.87, 1.09; E4M3 0.86, 1.09; E2M1 0.90,
///           1.21; sixteen are no better than one
template <class Coding, class Scaling>
[[gnu::noinline]] constexpr stopped_at quick_chunks(const Coding& coding,
                                                    std::span<const float> whole, Scaling scale,
                                                    std::size_t ahead, std::int32_t quick,
                                                    std::uint8_t* out) {
  const std::size_t bytes = packed_bytes(chunk_size, coding_of(coding).bits);
  const float* const begin = whole.data();
  const float* const end = begin + whole.size();
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (const float* x = begin; x != end; x += chunk_size, out += bytes) {
    if (!std::is_constant_evaluated() && ahead != no_read_ahead) {
      prefetch_chunk(x, ahead);
    }
    const std::int32_t most = encode_chunk<tracking::largest>(coding, x, scale, out);
    if (most > quick) {
      return {static_cast<std::size_t>(x - begin), most};
    }
  }
  return {whole.size(), 0};
}

/// One row under one scale.
template <class Scaling, class Coding>
constexpr void write_row(const element_writer<Coding>& writer, std::span<const float> row,
                         Scaling scale, std::uint64_t position, std::uint8_t* out,
                         quantization_counts& counts, std::size_t ahead) {
  const int bits = coding_of(writer.coding).bits;
  const std::size_t whole = row.size() / chunk_size * chunk_size;
  for (std::size_t first = 0; first < whole; first += chunk_size) {
    const stopped_at stop = quick_chunks(writer.coding, row.subspan(first, whole - first), scale,
                                         ahead, writer.quick, out + packed_bytes(first, bits));
    first += stop.first;
    if (first < whole) {
      writer.mend(stop.most, row.data() + first, scale, position + first,
                  out + packed_bytes(first, bits), counts);
    }
  }
  for_chunks(row.subspan(whole), ahead,
             [&](const float* x, std::size_t count, std::size_t /*first*/) {
               writer(x, count, scale, position + whole, out + packed_bytes(whole, bits), counts);
             });
}

/// Encodes whole chunks in which there is nothing to count; a function of its own as well.
///
/// source    the same, INT8 per token: 0.86 without, 0.95 with; 0.90 with eight chunks one after the other
template <class Coding, class Scaling>
[[gnu::noinline]] constexpr void bounded_chunks(const Coding& coding, std::span<const float> whole,
                                                Scaling scale, std::size_t ahead,
                                                std::uint8_t* out) {
  const std::size_t bytes = packed_bytes(chunk_size, coding_of(coding).bits);
  const float* const end = whole.data() + whole.size();
  for (const float* x = whole.data(); x != end; x += chunk_size, out += bytes) {
    if (!std::is_constant_evaluated()) {
      prefetch_chunk(x, ahead);
    }
    encode_chunk<tracking::none>(coding, x, scale, out);
  }
}

/// One row under a scale of its own, where no element has larger magnitude_bits than `most`.
template <class Coding>
constexpr void write_bounded_row(const element_writer<Coding>& writer, std::span<const float> row,
                                 float scale, std::int32_t most, scaling how,
                                 std::uint64_t position, std::uint8_t* out,
                                 quantization_counts& counts, std::size_t ahead) {
  const int bits = coding_of(writer.coding).bits;
  const float value = applied(scale, how);
  const std::int32_t bound = scaled_bits(most, value, how);
  const std::size_t done = bound <= writer.quick ? row.size() / chunk_size * chunk_size : 0;
  const auto write = [&](auto scaled) {
    bounded_chunks(writer.coding, row.first(done), scaled, ahead, out);
    for_chunks(row.subspan(done), ahead, [&](const float* x, std::size_t count, std::size_t first) {
      first += done;
      writer.bounded(bound, x, count, scaled, position + first, out + packed_bytes(first, bits),
                     counts);
    });
  };
  if (how == scaling::division) {
    write(over_one{value});
  } else {
    write(times_one{value});
  }
}

/// One row under the scales of its groups of `group` columns; what is `ahead` floats behind it is asked for.
///
/// requires  group > 0; scales.size() == ceil(cols / group)
template <class Coding>
constexpr void write_scaled_row(const element_writer<Coding>& writer, std::span<const float> row,
                                std::span<const float> scales, std::size_t group, scaling how,
                                std::uint64_t position, std::uint8_t* out,
                                quantization_counts& counts, std::size_t ahead = read_ahead) {
  if (group >= row.size()) {  // of a tensor or a row: without divisions on the way
    const float value = applied(scales[0], how);
    if (how == scaling::division) {
      write_row(writer, row, over_one{value}, position, out, counts, ahead);
    } else {
      write_row(writer, row, times_one{value}, position, out, counts, ahead);
    }
    return;
  }
  const int bits = coding_of(writer.coding).bits;
  chunk<float> each;
  for_chunks(row, ahead, [&](const float* x, std::size_t count, std::size_t first) {
    std::uint8_t* const to = out + packed_bytes(first, bits);
    const std::uint64_t at = position + first;
    if (first / group == (first + count - 1) / group) {
      const float value = applied(scales[first / group], how);
      if (how == scaling::division) {
        writer(x, count, over_one{value}, at, to, counts);
      } else {
        writer(x, count, times_one{value}, at, to, counts);
      }
    } else if (group == 32) {
      write_groups<32>(writer, x, count, scales.subspan(first / 32), how, at, to, counts);
    } else if (group == 64) {
      write_groups<64>(writer, x, count, scales.subspan(first / 64), how, at, to, counts);
    } else if (group == 128) {
      write_groups<128>(writer, x, count, scales.subspan(first / 128), how, at, to, counts);
    } else {
      spread_scales(scales, group, first, how, each);
      if (how == scaling::division) {
        writer(x, count, over_each{each.data()}, at, to, counts);
      } else {
        writer(x, count, times_each{each.data()}, at, to, counts);
      }
    }
  });
}

/// One row under a scale of its own for each column, already applied() and filled up to whole chunks.
template <class Coding>
constexpr void write_columns_row(const element_writer<Coding>& writer, std::span<const float> row,
                                 std::span<const float> applied_scales, scaling how,
                                 std::uint64_t position, std::uint8_t* out,
                                 quantization_counts& counts) {
  const int bits = coding_of(writer.coding).bits;
  for_chunks(row, read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
    const float* const each = applied_scales.data() + first;
    std::uint8_t* const to = out + packed_bytes(first, bits);
    if (how == scaling::division) {
      writer(x, count, over_each{each}, position + first, to, counts);
    } else {
      writer(x, count, times_each{each}, position + first, to, counts);
    }
  });
}

}  // namespace quantroof::detail

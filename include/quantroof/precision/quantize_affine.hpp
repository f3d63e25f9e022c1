// SPDX-License-Identifier: Apache-2.0
//
// Rows into integers with a zero point, and chunks back: round(x / scale) + zero on 0 .. 2^bits - 1, (code - zero) * scale.
//
// NaN gets the code of 0, Inf saturates; both are counted. Not here: scale and zero point of a range (block_format.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quantroof/detail/math.hpp"
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
  [[gnu::noinline]] constexpr void add(std::span<const float> values) {
    const float* const x = values.data();
    // Two registers of 16 lanes side by side: g++ takes a shorter loop apart.
    using lanes = std::array<std::int32_t, 16>;
    lanes low_a{};
    lanes low_b{};
    lanes high_a{};
    lanes high_b{};
    const std::size_t whole = values.size() / 32 * 32;
    for (std::size_t first = 0; first < whole; first += 32) {
      for (std::size_t i = 0; i < 16; ++i) {
        const std::int32_t a = finite_key(x[first + i]);
        const std::int32_t b = finite_key(x[first + 16 + i]);
        low_a[i] = lower(low_a[i], a);
        low_b[i] = lower(low_b[i], b);
        high_a[i] = higher(high_a[i], a);
        high_b[i] = higher(high_b[i], b);
      }
    }
    for (std::size_t i = 0; i < 16; ++i) {
      low_ = lower(low_, lower(low_a[i], low_b[i]));
      high_ = higher(high_, higher(high_a[i], high_b[i]));
    }
    for (std::size_t i = whole; i < values.size(); ++i) {
      add(x[i]);
    }
  }
  constexpr void add(float x) {
    low_ = lower(low_, finite_key(x));
    high_ = higher(high_, finite_key(x));
  }
  [[nodiscard]] constexpr float low() const { return std::bit_cast<float>(ordered(low_)); }
  [[nodiscard]] constexpr float high() const { return std::bit_cast<float>(ordered(high_)); }

 private:
  /// Bits of a float as an integer of the same order, and back.
  [[nodiscard]] static constexpr std::int32_t ordered(std::int32_t bits) {
    return bits ^ ((bits >> 31) & 0x7FFFFFFF);
  }
  [[nodiscard]] static constexpr std::int32_t finite_key(float x) {
    return ordered(std::bit_cast<std::int32_t>(x)) & finite_mask(magnitude_bits(x));
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

/// Scales and zero points of a chunk, those of each `Group` elements in a row.
template <std::size_t Group>
struct affine_groups {
  static constexpr std::size_t size = Group;
  std::array<float, chunk_size / Group> scales;
  std::array<float, chunk_size / Group> zeros;
};
/// Calls work(affine_groups) for the chunk at column `first`, of whose row these are the scales and zero points, for `group` columns each.
/// Behind the last group they are 0.
template <class Work>
constexpr void with_affine_groups(std::span<const float> scales, std::span<const float> zeros,
                                  std::size_t group, std::size_t first, std::size_t count,
                                  Work work) {
  const auto of_width = [&]<std::size_t Group>(affine_groups<Group> groups) {
    const std::size_t begin = first / group;
    if (group == Group) {
      const std::size_t left = scales.size() - begin;
      for (std::size_t i = 0; i < groups.scales.size() && i < left; ++i) {
        groups.scales[i] = scales[begin + i];
        groups.zeros[i] = zeros[begin + i];
      }
      return work(groups);
    }
    std::size_t i = 0;
    for (std::size_t g = begin; i < groups.scales.size() && g < scales.size(); ++g) {
      const std::size_t end = ceil_div((g + 1) * group - first, Group);
      for (; i < groups.scales.size() && i < end; ++i) {
        groups.scales[i] = scales[g];
        groups.zeros[i] = zeros[g];
      }
    }
    work(groups);
  };
  if (first / group == (first + count - 1) / group) {
    of_width(affine_groups<chunk_size>{});
  } else if (group == 128) {
    of_width(affine_groups<128>{});
  } else if (group == 64) {
    of_width(affine_groups<64>{});
  } else if (group == 32) {
    of_width(affine_groups<32>{});
  } else {
    of_width(affine_groups<1>{});
  }
}

inline constexpr std::int32_t affine_far = 0x49000000;  // 2^19, far beyond all codes

/// round(scaled) + whole zero, or round(scaled + zero), not yet limited to 0 .. most. NaN becomes a number far away.
[[nodiscard, gnu::always_inline]] constexpr std::int32_t affine_code(float scaled, float before,
                                                                     std::int32_t whole) {
  constexpr float magic = 12582912.0F;  // 1.5 * 2^23: integers lie 1 apart
  constexpr std::int32_t magic_bits = 0x4B400000;
  const std::int32_t magnitude = lower(magnitude_bits(scaled), affine_far);
  const std::uint32_t sign = std::bit_cast<std::uint32_t>(scaled) & ~float_magnitude;
  const float near = std::bit_cast<float>(static_cast<std::uint32_t>(magnitude) | sign);
  return std::bit_cast<std::int32_t>((near + before) + magic) - magic_bits + whole;
}

/// The codes of a chunk; returns the lowest and the highest before they were limited.
template <scaling How, class Groups>
[[gnu::noinline]] constexpr std::array<std::int32_t, 2> affine_codes(const affine_coding& c,
                                                                     const float* x,
                                                                     const Groups& groups,
                                                                     chunk<std::uint8_t>& codes) {
  chunk<std::uint8_t> result;  // a local: nothing written to it changes what is read
  const std::int32_t most = c.most;
  std::int32_t lowest = 0;
  std::int32_t highest = 0;
  for (std::size_t first = 0; first < chunk_size; first += Groups::size) {
    const std::size_t g = first / Groups::size;
    const float value = applied(groups.scales[g], How);
    const float before = c.whole_zero ? 0.0F : groups.zeros[g];
    const auto whole = static_cast<std::int32_t>(c.whole_zero ? groups.zeros[g] : 0.0F);
    for (std::size_t i = 0; i < Groups::size; ++i) {
      const float v = x[first + i];
      const float scaled = How == scaling::division ? over(v, value) : times(v, value);
      const std::int32_t code = affine_code(scaled, before, whole);
      lowest = lower(lowest, code);
      highest = higher(highest, code);
      result[first + i] = static_cast<std::uint8_t>(lower(higher(code, 0), most));
    }
  }
  codes = result;
  return {lowest, highest};
}

/// Gives NaN the code of 0 and counts what is no number or clipped, among the first `count` elements of a chunk.
template <scaling How, class Groups>
[[gnu::noinline]] constexpr void mend_affine(const affine_coding& c, const float* x,
                                             std::size_t count, const Groups& groups,
                                             chunk<std::uint8_t>& codes,
                                             quantization_counts& counts) {
  for (std::size_t i = 0; i < count; ++i) {
    const float zero = groups.zeros[i / Groups::size];
    const float before = c.whole_zero ? 0.0F : zero;
    const auto whole = static_cast<std::int32_t>(c.whole_zero ? zero : 0.0F);
    const std::int32_t magnitude = magnitude_bits(x[i]);
    if (magnitude > inf_bits) {
      counts.nan += 1;
      const std::int32_t code = affine_code(0.0F, before, whole);
      codes[i] = static_cast<std::uint8_t>(lower(higher(code, 0), c.most));
    } else if (magnitude == inf_bits) {
      counts.inf += 1;
    } else {
      const float value = applied(groups.scales[i / Groups::size], How);
      const float scaled = How == scaling::division ? over(x[i], value) : times(x[i], value);
      const std::int32_t code = affine_code(scaled, before, whole);
      counts.clipped += code < -1 || code > c.most + 1 ? 1 : 0;
    }
  }
}

/// One row of an affine format under the scales and zero points of its groups.
template <scaling How>
constexpr void write_affine_row(const affine_coding& c, std::span<const float> row,
                                std::span<const float> scales, std::span<const float> zeros,
                                std::size_t group, std::uint8_t* out, quantization_counts& counts) {
  chunk<std::uint8_t> codes;
  chunk<std::uint32_t> wide;
  for_chunks(row, read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
    with_affine_groups(scales, zeros, group, first, count, [&](const auto& groups) {
      const auto [lowest, highest] = affine_codes<How>(c, x, groups, codes);
      if (lowest < -1 || highest > c.most + 1) {
        mend_affine<How>(c, x, count, groups, codes, counts);
      }
    });
    for (std::size_t i = 0; i < chunk_size; ++i) {
      wide[i] = codes[i];
    }
    pack_chunk(wide, c.bits, count, out + packed_bytes(first, c.bits));
  });
}

constexpr void write_affine_row(const affine_coding& c, std::span<const float> row,
                                std::span<const float> scales, std::span<const float> zeros,
                                std::size_t group, scaling how, std::uint8_t* out,
                                quantization_counts& counts) {
  if (how == scaling::division) {
    write_affine_row<scaling::division>(c, row, scales, zeros, group, out, counts);
  } else {
    write_affine_row<scaling::reciprocal>(c, row, scales, zeros, group, out, counts);
  }
}

/// The values of codes: (code - zero) * scale.
template <class Groups>
[[gnu::noinline]] constexpr void affine_values(const chunk<std::uint8_t>& codes,
                                               const Groups& groups, float* values) {
  constexpr std::size_t run = Groups::size < codes_at_once ? Groups::size : codes_at_once;
  for (std::size_t first = 0; first < chunk_size; first += run) {
    const float scale = groups.scales[first / Groups::size];
    const float zero = groups.zeros[first / Groups::size];
    std::array<std::uint32_t, run> wide;  // a local: no value is written into it
// As in values_of_chunk.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (std::size_t i = 0; i < run; ++i) {
      wide[i] = codes[first + i];
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (std::size_t i = 0; i < run; ++i) {
      values[first + i] =
          times(static_cast<float>(static_cast<std::int32_t>(wide[i])) - zero, scale);
    }
  }
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Rows into codes, one function per family of formats. What quantize() calls for each row or band of rows.
//
//   scaled   x / scale to the element, scale per tensor, row, column, group or block
//   affine   round(x / scale) + zero on 0 .. 2^bits - 1
//   mx       x * 2^-e per 32
//   nvfp4    x * factor per 16, or x / divisor, as the producer has it
//
// NaN and Inf: scaled and affine give NaN the code minifloat.hpp says (affine: that of 0) and saturate Inf; mx and nvfp4 mark the block
// with a NaN scale and give all its elements the code of NaN. All are counted. Not here: which scale (quantize.hpp), GGUF (gguf_block.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>

#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/quantized_tensor.hpp"
#include "quantroof/precision/scale_rules.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// 256 values: those of the row, or a copy filled up with zeros.
[[nodiscard]] constexpr const float* load_chunk(const float* row, std::size_t count,
                                                chunk<float>& buffer) {
  if (count == chunk_size) {
    return row;
  }
  for (std::size_t i = 0; i < chunk_size; ++i) {
    buffer[i] = i < count ? row[i] : 0.0F;
  }
  return buffer.data();
}

/// 32 bits that depend on the seed and the position alone: the same with any number of threads.
///
/// source    the finaliser of SplitMix64 (Steele, Lea, Flood 2014)
[[nodiscard]] constexpr std::uint32_t random_bits_at(std::uint64_t seed, std::uint64_t position) {
  std::uint64_t z = seed + (position + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<std::uint32_t>((z ^ (z >> 31U)) >> 32U);
}

/// How elements are written: the coding, and what applies when it is not to nearest even.
template <class Coding>
struct element_writer {
  Coding coding;
  precision format;
  rounding mode = rounding::nearest_even;
  std::uint64_t seed = 0;

  /// Writes `count` codes of the chunk that starts at element `position` of the tensor; counts what is no number or clipped.
  template <class Scaling>
  constexpr void operator()(const float* x, std::size_t count, Scaling scale,
                            std::uint64_t position, std::uint8_t* out,
                            quantization_counts& counts) const {
    chunk<std::uint32_t> codes;
    const std::int32_t most = encode_chunk<tracking::largest>(coding, x, scale, codes);
    const std::int32_t clip = clip_bits(coding_of(coding), format_of(format).scales.bits_per_block);
    if (most > clip) {
      mend_specials(coding, x, scale, most, clip, codes, counts);
    }
    finish(x, count, scale, position, codes, out);
  }
  /// The same without counting; NaN gets its code where `spoilt`, and there is no Inf.
  template <class Scaling>
  constexpr void uncounted(const float* x, std::size_t count, Scaling scale, std::uint64_t position,
                           bool spoilt, std::uint8_t* out) const {
    chunk<std::uint32_t> codes;
    encode_chunk<tracking::none>(coding, x, scale, codes);
    if (spoilt) {
      quantization_counts ignored;
      mend_specials(coding, x, scale, inf_bits, inf_bits, codes, ignored);
    }
    finish(x, count, scale, position, codes, out);
  }

 private:
  template <class Scaling>
  constexpr void finish(const float* x, std::size_t count, Scaling scale, std::uint64_t position,
                        chunk<std::uint32_t>& codes, std::uint8_t* out) const {
    if (mode != rounding::nearest_even) {
      for (std::size_t i = 0; i < count; ++i) {
        if (magnitude_bits(x[i]) < inf_bits) {
          const float scaled = finite_float(static_cast<double>(scale(x[i], i)));  // no Inf
          codes[i] = encode(format, scaled, mode, overflow::saturate, special_rule::cuda,
                            random_bits_at(seed, position + i));
        }
      }
    }
    for (std::size_t i = count; i < chunk_size; ++i) {
      codes[i] = 0;  // the bits beyond the row
    }
    pack_chunk(codes, coding_of(coding).bits, count, out);
  }
};

/// What a scale is turned into before it meets the values.
[[nodiscard]] constexpr float applied(float scale, scaling how) {
  if (how == scaling::division) {
    return scale > 0.0F ? scale : std::numeric_limits<float>::max();
  }
  return scale > 0.0F ? 1.0F / scale : 0.0F;
}

/// Fills `each` with applied(scale of its group) for the 256 elements from `first` on; `scales` are those of the row.
constexpr void spread_scales(std::span<const float> scales, std::size_t group, std::size_t first,
                             scaling how, chunk<float>& each) {
  std::size_t current = first / group;
  float value = applied(scales[current], how);
  std::size_t left = (current + 1) * group - first;
  for (std::size_t i = 0; i < chunk_size; ++i) {
    if (left == 0) {
      ++current;
      value = current < scales.size() ? applied(scales[current], how) : 1.0F;
      left = group;
    }
    each[i] = value;
    --left;
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

/// One row under the scales of its groups of `group` columns.
///
/// requires  group > 0; scales.size() == ceil(cols / group)
template <class Coding>
constexpr void write_scaled_row(const element_writer<Coding>& writer, std::span<const float> row,
                                std::span<const float> scales, std::size_t group, scaling how,
                                std::uint64_t position, std::uint8_t* out,
                                quantization_counts& counts) {
  const int bits = coding_of(writer.coding).bits;
  chunk<float> buffer;
  chunk<float> each;
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t count = row.size() - first < chunk_size ? row.size() - first : chunk_size;
    const float* const x = load_chunk(row.data() + first, count, buffer);
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
  }
}

/// absmax / largest element as scale_for_clip has it, or on the FP16 grid, at most 65504.
[[nodiscard, gnu::always_inline]] constexpr float group_scale(float absmax, float top, bool half) {
  constexpr float smallest = std::numeric_limits<float>::min();
  const float scale = absmax / top;
  if (half) {
    return quantroof::to_float(from_float<float16_t>(scale < 65504.0F ? scale : 65504.0F));
  }
  const float lifted = scale > smallest ? scale : smallest;
  return absmax > 0.0F ? lifted : 1.0F;
}

/// One row whose groups of `Group` columns get scales by their largest finite magnitudes.
///
/// requires  scales.size() == ceil(cols / Group)
template <std::size_t Group, class Coding>
constexpr void write_grouped_row(const element_writer<Coding>& writer, std::span<const float> row,
                                 std::span<float> scales, bool half, scaling how,
                                 std::uint64_t position, std::uint8_t* out,
                                 quantization_counts& counts) {
  constexpr std::size_t groups = chunk_size / Group;
  const element_coding c = coding_of(writer.coding);
  const float top = std::bit_cast<float>(c.most);
  chunk<float> buffer;
  std::array<std::int32_t, groups> most;
  std::array<float, groups> chosen;
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t count = row.size() - first < chunk_size ? row.size() - first : chunk_size;
    const float* const x = load_chunk(row.data() + first, count, buffer);
    block_magnitudes<Group>(x, most);
    std::int32_t highest = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      highest = higher(highest, most[g]);
    }
    for (std::size_t g = 0; g < groups && highest >= inf_bits; ++g) {
      most[g] = magnitude_bits(absmax(std::span<const float>{x + g * Group, Group}).value);
    }
    for (std::size_t g = 0; g < groups; ++g) {
      chosen[g] = group_scale(std::bit_cast<float>(most[g]), top, half);
    }
    const std::size_t used = (count + Group - 1) / Group;
    for (std::size_t g = 0; g < used; ++g) {
      scales[first / Group + g] = chosen[g];
    }
    write_groups<Group>(writer, x, count, chosen, how, position + first,
                        out + packed_bytes(first, c.bits), counts);
  }
}

/// One row under a scale of its own for each column, already applied() and filled up to whole chunks.
template <class Coding>
constexpr void write_columns_row(const element_writer<Coding>& writer, std::span<const float> row,
                                 std::span<const float> applied_scales, scaling how,
                                 std::uint64_t position, std::uint8_t* out,
                                 quantization_counts& counts) {
  const int bits = coding_of(writer.coding).bits;
  chunk<float> buffer;
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t count = row.size() - first < chunk_size ? row.size() - first : chunk_size;
    const float* const x = load_chunk(row.data() + first, count, buffer);
    const float* const each = applied_scales.data() + first;
    std::uint8_t* const to = out + packed_bytes(first, bits);
    if (how == scaling::division) {
      writer(x, count, over_each{each}, position + first, to, counts);
    } else {
      writer(x, count, times_each{each}, position + first, to, counts);
    }
  }
}

/// The blocks of a chunk: largest magnitudes, scale codes, what values are multiplied or divided by.
template <std::size_t Block, class Code>
struct chunk_blocks {
  static constexpr std::size_t count = chunk_size / Block;
  std::array<std::int32_t, count> most{};
  std::array<Code, count> codes{};
  std::array<float, count> factors{};

  [[nodiscard]] constexpr bool all_finite() const {
    std::int32_t highest = 0;
    for (std::size_t b = 0; b < count; ++b) {
      highest = higher(highest, most[b]);
    }
    return highest < inf_bits;
  }
  /// Counts NaN and Inf, and gives a copy of the chunk that is NaN throughout the blocks whose code is `nan`.
  constexpr void spoil(const float* x, Code nan, chunk<float>& copy,
                       quantization_counts& counts) const {
    for (std::size_t i = 0; i < chunk_size; ++i) {
      const std::int32_t magnitude = magnitude_bits(x[i]);
      counts.nan += magnitude > inf_bits ? 1 : 0;
      counts.inf += magnitude == inf_bits ? 1 : 0;
      copy[i] = codes[i / Block] == nan ? std::numeric_limits<float>::quiet_NaN() : x[i];
    }
  }
  /// Writes the codes of the blocks that `elements` elements reach into.
  constexpr void store(std::size_t elements, std::uint8_t* out) const {
    std::array<std::uint8_t, count> narrow;
    for (std::size_t b = 0; b < count; ++b) {
      narrow[b] = static_cast<std::uint8_t>(codes[b]);
    }
    if (elements == chunk_size) {
      for (std::size_t b = 0; b < count; ++b) {
        out[b] = narrow[b];
      }
      return;
    }
    for (std::size_t b = 0; b * Block < elements; ++b) {
      out[b] = narrow[b];
    }
  }
};

/// One row of an MX format: scale codes and element codes.
template <class Coding>
constexpr void write_mx_row(const element_writer<Coding>& writer, const mx_rule_constants& rule,
                            std::span<const float> row, std::uint64_t position,
                            std::uint8_t* scale_codes, std::uint8_t* out,
                            quantization_counts& counts) {
  constexpr std::size_t block = 32;
  const element_coding c = coding_of(writer.coding);
  chunk<float> buffer;
  chunk<float> copy;
  chunk_blocks<block, std::int32_t> blocks;
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t count = row.size() - first < chunk_size ? row.size() - first : chunk_size;
    const float* x = load_chunk(row.data() + first, count, buffer);
    block_magnitudes<block>(x, blocks.most);
    mx_codes(rule, blocks.most, blocks.codes);
    std::int32_t highest = 0;
    for (std::size_t b = 0; b < blocks.count; ++b) {
      // 2^(127 - code); 2^-127 is a subnormal float.
      const std::int32_t code = blocks.codes[b];
      const std::int32_t factor = code < 254 ? (254 - code) << 23 : 0x00400000;
      blocks.factors[b] = std::bit_cast<float>(factor);
      highest = higher(highest, code);
    }
    const bool spoilt =
        highest == 0xFF;  // NaN, Inf, or so large that the rule even makes Inf of it
    if (spoilt) {
      blocks.spoil(x, 0xFF, copy, counts);
      x = copy.data();
    }
    blocks.store(count, scale_codes + first / block);
    std::uint8_t* const to = out + packed_bytes(first, c.bits);
    const std::uint64_t at = position + first;
    if (c.kind == coding_kind::integer) {  // MXINT8: codes count in steps of 2^-6
      const times_blocks_and_one<block> scale{blocks.factors.data(), 64.0F};
      writer.uncounted(x, count, scale, at, spoilt, to);
    } else {
      const times_blocks<block> scale{blocks.factors.data()};
      writer.uncounted(x, count, scale, at, spoilt, to);
    }
  }
}

/// The scales of a chunk with 4 instead of 6 for the largest magnitude of a block where the error is smaller.
///
/// formula   s6 = (absmax / 6) * encode, s4 = 1.5 * s6, both to E4M3, at most 448; error of a block: the sum over its elements, in order,
///           of |x - v| or (x - v)^2, v the value stored; 4 is taken when its error is smaller
/// source    NVIDIA's "4 over 6" as TransformerEngine d0067d0 has it
constexpr void scale_four_over_six(nvfp4_tensor_scale tensor, four_over_six error_kind,
                                   const float* x, chunk_blocks<16, std::uint32_t>& blocks) {
  constexpr element_coding e2m1 = make_element_coding(precision::fp4_e2m1);
  for (std::size_t b = 0; b < blocks.count; ++b) {
    const float six = times(std::bit_cast<float>(blocks.most[b]) / 6.0F, tensor.encode);
    double least = 0.0;
    for (int candidate = 0; candidate < 2; ++candidate) {
      const std::uint32_t code = scale_code_e4m3(candidate == 0 ? six : times(1.5F, six));
      const float factor = nvfp4_factor<nvfp4_rule::transformer_engine>(tensor, code);
      const float step = scale_value_e4m3(code);
      double error = 0.0;
      for (std::size_t i = 0; i < 16; ++i) {
        const float value = x[b * 16 + i];  // of a block with NaN the result is not used
        const std::uint32_t element = encode_minifloat(e2m1, times(value, factor)) & 15U;
        const float stored = times(decode_minifloat(e2m1, element) * step, tensor.decode);
        // The square of a float is exact in double: the sum is the same with and without fused multiply-add.
        const auto difference = static_cast<double>(value - stored);
        error += error_kind == four_over_six::mean_squared_error ? difference * difference
                                                                 : abs(difference);
      }
      if (candidate == 0 || error < least) {
        blocks.codes[b] = code;
        blocks.factors[b] = factor;
        least = error;
      }
    }
  }
}

/// One row of NVFP4: scale codes and element codes.
template <class Coding>
constexpr void write_nvfp4_row(const element_writer<Coding>& writer,
                               const quantize_options& options, nvfp4_tensor_scale tensor,
                               std::span<const float> row, std::uint64_t position,
                               std::uint8_t* scale_codes, std::uint8_t* out,
                               quantization_counts& counts) {
  constexpr std::size_t block = 16;
  const nvfp4_rule rule = options.nvfp4;
  chunk<float> buffer;
  chunk<float> copy;
  chunk_blocks<block, std::uint32_t> blocks;
  std::array<std::int32_t, blocks.count> most{};
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t count = row.size() - first < chunk_size ? row.size() - first : chunk_size;
    const float* x = load_chunk(row.data() + first, count, buffer);
    block_magnitudes<block>(x, blocks.most);
    const bool all_finite = blocks.all_finite();
    if (!all_finite) {
      most = blocks.most;
      for (std::size_t b = 0; b < blocks.count; ++b) {
        blocks.most[b] = most[b] < inf_bits ? most[b] : 0;
      }
    }
    if (options.four_over_six == four_over_six::off) {
      nvfp4_scales(rule, tensor, blocks.most, blocks.codes, blocks.factors);
    } else {
      scale_four_over_six(tensor, options.four_over_six, x, blocks);
    }
    if (!all_finite) {
      for (std::size_t b = 0; b < blocks.count; ++b) {
        blocks.codes[b] = most[b] < inf_bits ? blocks.codes[b] : 0x7FU;
      }
      blocks.spoil(x, 0x7FU, copy, counts);
      x = copy.data();
    }
    if (rule == nvfp4_rule::modelopt) {
      for (std::size_t i = 0; i < chunk_size; ++i) {
        copy[i] = x[i] + 0.0F;  // -0 becomes 0, as this producer has it
      }
      x = copy.data();
    }
    blocks.store(count, scale_codes + first / block);
    std::uint8_t* const to = out + packed_bytes(first, 4);
    const std::uint64_t at = position + first;
    if (divides(rule)) {
      const over_blocks<block> scale{blocks.factors.data()};
      writer.uncounted(x, count, scale, at, !all_finite, to);
    } else {
      const times_blocks<block> scale{blocks.factors.data()};
      writer.uncounted(x, count, scale, at, !all_finite, to);
    }
  }
}

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

/// Writes elements first .. first + count of a row whose group has this scale and zero point.
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
  chunk<float> buffer;
  chunk<std::uint32_t> codes;
  for (std::size_t first = 0; first < row.size(); first += chunk_size) {
    const std::size_t count = row.size() - first < chunk_size ? row.size() - first : chunk_size;
    const float* const x = load_chunk(row.data() + first, count, buffer);
    codes.fill(0);
    for (std::size_t begin = 0; begin < count;) {
      const std::size_t g = (first + begin) / group;
      const std::size_t end = (g + 1) * group - first < count ? (g + 1) * group - first : count;
      write_affine_chunk(c, x, scales[g], zeros[g], how, begin, end, codes, counts);
      begin = end;
    }
    pack_chunk(codes, c.bits, count, out + packed_bytes(first, c.bits));
  }
}

}  // namespace quantroof::detail

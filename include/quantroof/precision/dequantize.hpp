// SPDX-License-Identifier: Apache-2.0
//
// Quantized tensors back to floats, with all of their scales or with those alone that belong to the operands of a product.
//
//   value = element * scale        (code - zero) * scale        element * block scale * tensor scale
//
// Not here: quantization (quantize.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/dequantize_gguf.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_kernels.hpp"
#include "quantroof/precision/executor.hpp"
#include "quantroof/precision/float_rows.hpp"
#include "quantroof/precision/format_family.hpp"
#include "quantroof/precision/gguf_block.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantize_affine.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/quantized_tensor.hpp"

namespace quantroof {

/// Which scales dequantize() applies.
enum class scale_levels : std::uint8_t {
  all,
  blocks_only,  // MX and NVFP4 blocks, GGUF: exact in float; FP32 scales of tensors, rows and groups are left out
};

namespace detail {

template <class Coding, Executor E>
struct tensor_dequantizer {
  Coding coding;
  const quantized_storage& q;
  matrix_view<float> out;
  scale_levels levels;
  const E& executor;

  template <class Scaling>
  constexpr void read_chunk(std::size_t r, std::size_t first, std::size_t count,
                            Scaling scale) const {
    std::array<std::uint8_t, 2 * chunk_size> part;
    const int bits = coding_of(coding).bits;
    const std::uint8_t* const codes =
        load_codes(q.codes.data() + r * q.row_bytes + packed_bytes(first, bits), bits, count, part);
    float* const to = out.row(r).data() + first;
    if (count == chunk_size) {
      decode_chunk(coding, codes, scale, to);
      return;
    }
    chunk<float> values;
    decode_chunk(coding, codes, scale, values.data());
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = values[i];
    }
  }

  /// Calls work(first column, how many) for the chunks of a row.
  template <class Work>
  static constexpr void for_columns(std::size_t cols, Work work) {
    for (std::size_t first = 0; first < cols; first += chunk_size) {
      work(first, cols - first < chunk_size ? cols - first : chunk_size);
    }
  }

  /// A row whose groups of `Group` columns have these scales.
  template <std::size_t Group>
  constexpr void read_groups(std::size_t r, std::size_t cols, std::span<const float> scales) const {
    constexpr std::size_t per_chunk = chunk_size / Group;
    for_columns(cols, [&](std::size_t first, std::size_t count) {
      const std::span<const float> own = scales.subspan(first / Group);
      if (own.size() >= per_chunk) {
        read_chunk(r, first, count, times_blocks<Group>{own.data()});
        return;
      }
      std::array<float, per_chunk> factors{};
      for (std::size_t g = 0; g < own.size(); ++g) {
        factors[g] = own[g];
      }
      read_chunk(r, first, count, times_blocks<Group>{factors.data()});
    });
  }

  /// How many rows are read as one: where they lie side by side, and chunks that reach from one into the next find their scales in order.
  [[nodiscard]] constexpr std::size_t rows_at_once() const {
    const scale_grid& g = q.grid;
    const bool in_order = g.size() <= 1 || (g.block_rows == 1 && q.cols % g.block_cols == 0 &&
                                            chunk_size % g.block_cols == 0);
    return in_order ? float_rows<float>{out}.at_once(whole_bytes) : 1;
  }

  // Each reads `cols` columns from row r on: those of one row, or of rows_at_once().

  constexpr void read_scaled(std::size_t r, std::size_t cols) const {
    const scale_grid& g = q.grid;
    const bool plain = q.scales.empty() || levels == scale_levels::blocks_only;
    const std::size_t width = g.size() <= 1 ? cols : g.block_cols;
    const std::span<const float> scales =
        plain ? std::span<const float>{}
              : std::span<const float>{q.scales}.subspan(r / g.block_rows * g.cols,
                                                         ceil_div(cols, width));
    constexpr auto most = std::bit_cast<std::int32_t>(0x1p96F);  // times 57344 still a float
    const bool large = highest_bits(scales.data(), scales.size()) > most;
    if (plain || (width >= cols && !large)) {
      const float scale = plain ? 1.0F : scales[0];
      return for_columns(cols, [&](std::size_t first, std::size_t count) {
        read_chunk(r, first, count, times_one{scale});
      });
    }
    if (width == 32 && !large) {
      return read_groups<32>(r, cols, scales);
    }
    if (width == 64 && !large) {
      return read_groups<64>(r, cols, scales);
    }
    if (width == 128 && !large) {
      return read_groups<128>(r, cols, scales);
    }
    chunk<float> each;
    for_columns(cols, [&](std::size_t first, std::size_t count) {
      if (large) {
        spread_cells(scales, width, first, each);
        read_chunk(r, first, count, saturated_blocks<1>{each.data(), 1.0F});
      } else if (width == 1 && count == chunk_size) {
        read_chunk(r, first, count, times_each{scales.data() + first});
      } else if (first / width == (first + count - 1) / width) {
        read_chunk(r, first, count, times_one{scales[first / width]});
      } else {
        spread_cells(scales, width, first, each);
        read_chunk(r, first, count, times_each{each.data()});
      }
    });
  }
  /// Scales of 256 columns, one by one; `width` columns share one.
  constexpr void spread_cells(std::span<const float> scales, std::size_t width, std::size_t first,
                              chunk<float>& each) const {
    for (std::size_t i = 0; i < chunk_size;) {
      const std::size_t c = (first + i) / width;
      const float value = c < scales.size() ? scales[c] : 0.0F;
      for (const std::size_t end = (c + 1) * width - first; i < chunk_size && i < end; ++i) {
        each[i] = value;
      }
    }
  }

  constexpr void read_affine(std::size_t r, std::size_t cols) const {
    const scale_grid& g = q.grid;
    const std::size_t width = g.size() == 1 ? cols : g.block_cols;
    const std::size_t cell = r / g.block_rows * g.cols;
    const auto scales = std::span<const float>{q.scales}.subspan(cell, ceil_div(cols, width));
    const auto zeros = std::span<const float>{q.zeros}.subspan(cell, ceil_div(cols, width));
    const int bits = coding_of(coding).bits;
    std::array<std::uint8_t, 2 * chunk_size> part;
    alignas(line_size) chunk<std::uint8_t> codes;
    chunk<float> values;
    for (std::size_t first = 0; first < cols; first += chunk_size) {
      const std::size_t count = cols - first < chunk_size ? cols - first : chunk_size;
      const std::uint8_t* const from = q.codes.data() + r * q.row_bytes + packed_bytes(first, bits);
      unpack_chunk(load_codes(from, bits, count, part), bits, codes);
      float* const to = out.row(r).data() + first;
      with_affine_groups(scales, zeros, width, first, count, [&](auto groups) {
        if (levels != scale_levels::all) {
          groups.scales.fill(1.0F);
        }
        affine_values(codes, groups, count == chunk_size ? to : values.data());
      });
      for (std::size_t i = 0; count < chunk_size && i < count; ++i) {
        to[i] = values[i];
      }
    }
  }

  // Compilers take loops over the scales of a chunk apart, and then make no vectors of them, if not told.

  /// The codes of the scales of a chunk, of which there are `held`.
  template <std::size_t N>
  static constexpr void load_scale_codes(const std::uint8_t* from, std::size_t held,
                                         std::array<std::uint32_t, N>& codes) {
    if (held == N) {
#if defined(__clang__)
#pragma clang loop unroll(disable)
#elif defined(__GNUC__)
#pragma GCC unroll 1
#endif
      for (std::size_t b = 0; b < N; ++b) {
        codes[b] = from[b];
      }
      return;
    }
    for (std::size_t b = 0; b < held; ++b) {
      codes[b] = from[b];
    }
  }
  /// Block scales of a chunk as floats; NaN codes give NaN. `large`: a value could leave the range of float.
  constexpr void read_mx(std::size_t r, std::size_t cols) const {
    constexpr std::size_t blocks = chunk_size / 32;
    const std::uint8_t* const scales = q.scale_codes.data() + r * q.grid.cols;
    const float unit = coding_of(coding).kind == coding_kind::integer ? 1.0F / 64.0F : 1.0F;
    std::array<std::uint32_t, blocks> codes{};
    std::array<float, blocks> factors{};
    for (std::size_t first = 0; first < cols; first += chunk_size) {
      const std::size_t count = cols - first < chunk_size ? cols - first : chunk_size;
      load_scale_codes(scales + first / 32, (count + 31) / 32, codes);
      std::uint32_t highest = 0;
#if defined(__clang__)
#pragma clang loop unroll(disable)
#endif
      for (std::size_t b = 0; b < blocks; ++b) {
        factors[b] = mx_scale_value(codes[b]);
        highest = codes[b] > highest ? codes[b] : highest;
      }
      const bool large = highest > 230;
      if (large) {
        read_chunk(r, first, count, saturated_blocks<32>{factors.data(), unit});
      } else if (unit == 1.0F) {
        read_chunk(r, first, count, times_blocks<32>{factors.data()});
      } else {
        read_chunk(r, first, count, times_blocks_and_one<32>{factors.data(), unit});
      }
    }
  }

  constexpr void read_nvfp4(std::size_t r, std::size_t cols) const {
    constexpr std::size_t blocks = chunk_size / 16;
    const std::uint8_t* const scales = q.scale_codes.data() + r * q.grid.cols;
    const float tensor = levels == scale_levels::all ? q.tensor_scale : 1.0F;
    const bool large = tensor > 0x1p100F;
    std::array<std::uint32_t, blocks> codes{};
    std::array<float, blocks> factors{};
    for (std::size_t first = 0; first < cols; first += chunk_size) {
      const std::size_t count = cols - first < chunk_size ? cols - first : chunk_size;
      load_scale_codes(scales + first / 16, (count + 15) / 16, codes);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#elif defined(__GNUC__)
#pragma GCC unroll 1
#endif
      for (std::size_t b = 0; b < blocks; ++b) {
        factors[b] = nvfp4_scale_value(codes[b]);
      }
      // element * block scale has 6 bits: the product with the tensor scale is the only rounding.
      if (large) {
        read_chunk(r, first, count, saturated_blocks<16>{factors.data(), tensor});
      } else if (levels == scale_levels::all) {
        read_chunk(r, first, count, times_blocks_and_one<16>{factors.data(), tensor});
      } else {
        read_chunk(r, first, count, times_blocks<16>{factors.data()});
      }
    }
  }

  constexpr void read_gguf(std::size_t r, std::size_t cols) const {
    read_gguf_row(q.format, q.codes.data() + r * q.row_bytes,
                  std::span<float>{out.row(r).data(), cols});
  }

  constexpr void run() const {
    const format_family family =
        family_of(q.format, q.zeros.empty() ? symmetry::symmetric : symmetry::asymmetric);
    const std::size_t at_once = rows_at_once();
    for_each_range(executor, q.rows, rows_per_part(q.cols * sizeof(float)),
                   [&](std::size_t first, std::size_t last) {
                     for (std::size_t r = first; r < last; r += at_once) {
                       const std::size_t cols = (last - r < at_once ? last - r : at_once) * q.cols;
                       switch (family) {
                         case format_family::scaled:
                           read_scaled(r, cols);
                           break;
                         case format_family::affine:
                           read_affine(r, cols);
                           break;
                         case format_family::mx_blocks:
                           read_mx(r, cols);
                           break;
                         case format_family::nvfp4_blocks:
                           read_nvfp4(r, cols);
                           break;
                         case format_family::gguf_blocks:
                           read_gguf(r, cols);
                           break;
                       }
                     }
                   });
  }
};

/// Stops unless the parts of a quantized tensor fit each other: they may come from a file.
constexpr void expects_consistent(const quantized_storage& q) {
  expects(is_quantizable(q.format), "dequantize: the format must be one that quantize() writes");
  expects(q.cols <= std::numeric_limits<std::size_t>::max() / 16,
          "dequantize: the size of the codes does not fit size_t");
  expects(format_of(q.format).scales.bits_per_block == 0 || q.rows == 0 || q.cols == 0 ||
              q.grid == make_scale_grid(q.format, q.rows, q.cols),
          "dequantize: the grid of scales must be that of the format");
  const format_family family =
      family_of(q.format, q.zeros.empty() ? symmetry::symmetric : symmetry::asymmetric);
  const std::size_t row_bytes = family == format_family::gguf_blocks
                                    ? q.grid.cols * gguf_layout_of(q.format).bytes
                                    : packed_bytes(q.cols, format_of(q.format).element_bits);
  expects(q.rows > 0 && q.cols > 0 && q.row_bytes == row_bytes &&
              q.codes.size() / q.rows == row_bytes && q.codes.size() % q.rows == 0,
          "dequantize: codes must be rows * row_bytes for rows of cols elements");
  const bool has_grid = q.grid.size() > 0;
  expects(!has_grid || (q.grid.block_rows > 0 && q.grid.block_cols > 0 &&
                        q.grid.rows == ceil_div(q.rows, q.grid.block_rows) &&
                        q.grid.cols == ceil_div(q.cols, q.grid.block_cols)),
          "dequantize: the grid of scales must cover rows and cols");
  const auto expected = [&](bool used) { return used ? q.grid.size() : std::size_t{0}; };
  const bool wide = format_of(q.format).element_bits == 16;
  expects(q.scales.size() == expected((family == format_family::scaled && !wide) ||
                                      family == format_family::affine) &&
              q.zeros.size() == expected(family == format_family::affine) &&
              q.scale_codes.size() == expected(family == format_family::mx_blocks ||
                                               family == format_family::nvfp4_blocks) &&
              (wide || has_grid),
          "dequantize: there must be one scale (and zero point) per cell of the grid");
}

}  // namespace detail

/// Writes the values of a quantized tensor.
///
/// shapes    out [q.rows, q.cols], any row stride
/// formula   element * scale with one rounding; NVFP4: (element * block scale, exact) * tensor scale; beyond the largest float: that one.
///           Codes that are NaN, and blocks whose scale is, give NaN
/// requires  out of that shape; q as quantize() makes it (checked: sizes that do not fit are an error)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <Executor E = serial_executor>
constexpr void dequantize_into(const quantized_storage& q, matrix_view<float> out,
                               scale_levels levels = scale_levels::all, const E& executor = {}) {
  detail::expects_consistent(q);
  detail::expects(out.rows() == q.rows && out.cols() == q.cols,
                  "dequantize_into: out must have the shape of the tensor");
  detail::tensor_dequantizer<detail::element_coding, E>{detail::make_element_coding(q.format), q,
                                                        out, levels, executor}
      .run();
}
/// The same with the constants of the format folded.
template <precision P, Executor E = serial_executor>
constexpr void dequantize_into(const quantized_tensor<P>& q, matrix_view<float> out,
                               scale_levels levels = scale_levels::all, const E& executor = {}) {
  detail::expects(q.format == P, "dequantize_into: the tensor's format must be that of its type");
  detail::expects_consistent(q);
  detail::expects(out.rows() == q.rows && out.cols() == q.cols,
                  "dequantize_into: out must have the shape of the tensor");
  detail::tensor_dequantizer<detail::static_coding<P>, E>{{}, q, out, levels, executor}.run();
}

/// The values of a quantized tensor, row by row.
///
/// errors    as dequantize_into
template <class Tensor, Executor E = serial_executor>
requires(std::is_base_of_v<quantized_storage, Tensor>)
    [[nodiscard]] constexpr std::vector<float> dequantize(const Tensor& q, const E& executor = {}) {
  detail::expects_consistent(q);
  std::vector<float> values(q.rows * q.cols, 0.0F);
  dequantize_into(q, matrix_view<float>{values.data(), q.rows, q.cols}, scale_levels::all,
                  executor);
  return values;
}

}  // namespace quantroof

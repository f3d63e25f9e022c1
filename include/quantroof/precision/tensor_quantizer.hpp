// SPDX-License-Identifier: Apache-2.0
//
// A matrix being quantized: which family the format belongs to, what each row does, in which order. The inside of quantize.hpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/absmax_scale.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/chunk_reading.hpp"
#include "quantroof/precision/code_packing.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/element_writer.hpp"
#include "quantroof/precision/executor.hpp"
#include "quantroof/precision/float_rows.hpp"
#include "quantroof/precision/format_family.hpp"
#include "quantroof/precision/gguf_block.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantize_affine.hpp"
#include "quantroof/precision/quantize_blocks.hpp"
#include "quantroof/precision/quantize_gguf.hpp"
#include "quantroof/precision/quantize_groups.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/quantize_rows.hpp"
#include "quantroof/precision/quantized_tensor.hpp"
#include "quantroof/precision/scale_choice.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// A tensor being quantized: what all rows share.
template <class Coding, StoredFloat T, Executor E>
struct tensor_quantizer {
  element_writer<Coding> writer;
  matrix_view<const T> x;
  const quantize_options& options;
  const E& executor;
  quantized_storage& out;

  [[nodiscard]] constexpr float_rows<T> rows() const { return {x}; }
  [[nodiscard]] constexpr std::uint64_t position(std::size_t r) const {
    return static_cast<std::uint64_t>(r) * x.cols();
  }
  [[nodiscard]] constexpr std::uint8_t* codes(std::size_t r) const {
    return out.codes.data() + r * out.row_bytes;
  }

  /// The values of a row that lie in column c of the grid.
  [[nodiscard]] constexpr std::span<const float> cell_of(std::span<const float> values,
                                                         std::size_t c) const {
    const std::size_t first = c * out.grid.block_cols;
    const std::size_t left = values.size() - first;
    return values.subspan(first, left < out.grid.block_cols ? left : out.grid.block_cols);
  }

  /// Calls work(row index, its floats, counts) for all rows, or for several at once, in parts.
  template <class Work>
  constexpr void for_rows(Work work, std::size_t at_once = 1) const {
    const std::size_t part = rows_per_part(x.cols() * sizeof(T));
    const auto work_on = [&](std::size_t first, std::size_t last, quantization_counts& counts) {
      std::vector<float> buffer;
      for (std::size_t r = first; r < last; r += at_once) {
        work(r, rows().read(r, last - r < at_once ? last - r : at_once, buffer), counts);
      }
    };
    if (x.rows() <= part) {
      return work_on(0, x.rows(), out.counts);
    }
    std::vector<quantization_counts> counts(ceil_div(x.rows(), part), quantization_counts{});
    for_each_range(executor, x.rows(), part, [&](std::size_t first, std::size_t last) {
      quantization_counts mine;
      work_on(first, last, mine);
      counts[first / part] = mine;
    });
    for (const quantization_counts& c : counts) {
      out.counts.add(c);
    }
  }

  /// The scale of one group as the format stores it.
  [[nodiscard]] constexpr float choose(std::span<const float> group) const {
    const bool stored_as_half = format_of(writer.format).scales.bits_per_block == 16;
    if (options.calibration_mode != calibration::absmax) {
      const float scale =
          choose_scale(options.calibration_mode, group, writer.format, options.percentile);
      return stored_as_half ? stored_scale(scale, 16) : scale;
    }
    return scale_of_absmax(absmax(group).value, stored_as_half);
  }
  [[nodiscard]] constexpr float scale_of_absmax(float absmax, bool stored_as_half) const {
    const float top = std::bit_cast<float>(coding_of(writer.coding).most);
    return stored_as_half ? half_scale(absmax, top) : float_scale(absmax, top);
  }

  constexpr void quantize_scaled() {
    const scale_grid& g = out.grid;
    if (format_of(writer.format).element_bits == 16) {
      const float one = 1.0F;
      return for_rows(
          [&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
            write_scaled_row(writer, values, std::span<const float>{&one, 1}, values.size(),
                             options.scaling, position(r), codes(r), counts, no_read_ahead);
          },
          rows().at_once(1));
    }
    out.scales.resize(g.size(), 0.0F);
    const bool given = !options.scales.empty();
    if (given) {
      expects(options.scales.size() == g.size(),
              "quantize: there must be one scale per tensor, row, column or group");
      for (std::size_t i = 0; i < g.size(); ++i) {
        expects(options.scales[i] >= std::numeric_limits<float>::min() &&
                    is_a_number(options.scales[i]),
                "quantize: scales must be positive and finite, and normal numbers");
        out.scales[i] = options.scales[i];
      }
    }
    const bool by_row = g.block_rows == 1;
    const bool by_column = g.block_cols == 1 && g.rows == 1;
    if (!given && (!by_row || by_column)) {
      choose_cells();
    }
    if (by_column) {
      return write_by_column();
    }
    if (!given && by_row && options.calibration_mode == calibration::absmax) {
      switch (g.block_cols) {
        case 32:
          return write_grouped<32>();
        case 64:
          return write_grouped<64>();
        case 128:
          return write_grouped<128>();
        default:
          if (g.cols == 1) {
            return write_whole_rows();
          }
      }
    }
    const bool alone = g.size() == 1;
    for_rows(
        [&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
          const std::span<float> scales{out.scales.data() + r / g.block_rows * g.cols, g.cols};
          if (!given && by_row) {
            for (std::size_t c = 0; c < g.cols; ++c) {
              scales[c] = choose(cell_of(values, c));
            }
          }
          write_scaled_row(writer, values, scales, alone ? values.size() : g.block_cols,
                           options.scaling, position(r), codes(r), counts);
        },
        alone ? rows().at_once(whole_bytes) : 1);
  }

  /// Rows under scales of their own, by their largest finite magnitudes.
  constexpr void write_whole_rows() {
    const bool half = format_of(writer.format).scales.bits_per_block == 16;
    for_rows([&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
      const std::int32_t most = highest_bits(values.data(), values.size());
      const float finite = most < inf_bits ? std::bit_cast<float>(most) : absmax(values).value;
      out.scales[r] = scale_of_absmax(finite, half);
      write_bounded_row(writer, values, out.scales[r], most, options.scaling, position(r), codes(r),
                        counts, next_row_ahead(x.cols()));
    });
  }

  template <std::size_t Group>
  constexpr void write_grouped() {
    const bool half = format_of(writer.format).scales.bits_per_block == 16;
    for_rows(
        [&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
          const std::span<float> scales = std::span<float>{out.scales}.subspan(r * out.grid.cols);
          write_grouped_row<Group>(writer, values, scales, half, options.scaling, position(r),
                                   codes(r), counts);
        },
        rows().at_once(Group));
  }

  constexpr void write_by_column() {
    std::vector<float> ready(ceil_div(x.cols(), chunk_size) * chunk_size, 0.0F);
    for (std::size_t c = 0; c < x.cols(); ++c) {
      ready[c] = applied(out.scales[c], options.scaling);
    }
    for (std::size_t c = x.cols(); c < ready.size(); ++c) {
      ready[c] = 1.0F;
    }
    for_rows([&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
      write_columns_row(writer, values, ready, options.scaling, position(r), codes(r), counts);
    });
  }

  /// Scales of cells of more than one row: maxima of maxima, or the cell gathered for a calibration that sees all its values.
  constexpr void choose_cells() {
    const scale_grid& g = out.grid;
    if (options.calibration_mode == calibration::absmax) {
      // By parts of rows that do not depend on the executor; a maximum does not depend on the parts anyway.
      const std::size_t part = g.rows == 1 ? rows_per_part(x.cols() * sizeof(T)) : g.block_rows;
      std::vector<std::int32_t> most(ceil_div(x.rows(), part) * g.cols, 0);
      for_each_range(executor, x.rows(), part, [&](std::size_t first, std::size_t last) {
        std::vector<float> buffer;
        for (std::size_t r = first; r < last; ++r) {
          cell_magnitudes(rows().read(r, 1, buffer),
                          std::span<std::int32_t>{most.data() + first / part * g.cols, g.cols});
        }
      });
      for (std::size_t p = 0; g.rows == 1 && p * g.cols < most.size(); ++p) {
        for (std::size_t c = 0; c < g.cols; ++c) {
          most[c] = higher(most[c], most[p * g.cols + c]);
        }
      }
      for (std::size_t i = 0; i < g.size(); ++i) {
        out.scales[i] = scale_of_absmax(std::bit_cast<float>(most[i]), false);
      }
      return;
    }
    executor(g.size(), [&](std::size_t i) {
      const std::size_t top = i / g.cols * g.block_rows;
      const std::size_t left = i % g.cols * g.block_cols;
      const std::size_t bottom = x.rows() - top < g.block_rows ? x.rows() : top + g.block_rows;
      const std::size_t right = x.cols() - left < g.block_cols ? x.cols() : left + g.block_cols;
      std::vector<float> cell;
      cell.reserve((bottom - top) * (right - left));
      for (std::size_t r = top; r < bottom; ++r) {
        for (std::size_t c = left; c < right; ++c) {
          cell.push_back(quantroof::to_float(x(r, c)));
        }
      }
      out.scales[i] = choose(cell);
    });
  }

  /// Largest finite magnitudes of a row, cell by cell.
  constexpr void cell_magnitudes(std::span<const float> values,
                                 std::span<std::int32_t> most) const {
    const std::size_t width = out.grid.block_cols;
    if (width == 1) {
      const float* const from = values.data();
      std::int32_t* const to = most.data();
      for (std::size_t c = 0; c < values.size(); ++c) {
        const std::int32_t bits = magnitude_bits(from[c]);
        to[c] = higher(to[c], bits & finite_mask(bits));
      }
      return;
    }
    for (std::size_t c = 0; c < most.size(); ++c) {
      const std::span<const float> cell = cell_of(values, c);
      std::int32_t bits = highest_bits(cell.data(), cell.size());
      if (bits >= inf_bits) {
        bits = std::bit_cast<std::int32_t>(absmax(cell).value);
      }
      most[c] = higher(most[c], bits);
    }
  }

  constexpr void quantize_affine() {
    const scale_grid& g = out.grid;
    const precision_format& f = format_of(writer.format);
    const affine_coding coding{.bits = f.element_bits,
                               .most = (1 << f.element_bits) - 1,
                               .whole_zero = writer.format != precision::int4_g128_zp16};
    out.scales.resize(g.size(), 0.0F);
    out.zeros.resize(g.size(), 0.0F);
    const auto store = [&](std::size_t i, const finite_range& range) {
      const affine_scale s = f.scales.bits_per_block > 0
                                 ? zero_point_scale(writer.format, range.low(), range.high())
                                 : whole_zero_scale(coding.most, range.low(), range.high());
      out.scales[i] = s.scale;
      out.zeros[i] = s.zero;
    };
    const bool by_row = g.block_rows == 1;
    if (!by_row) {  // per tensor and per column
      std::vector<finite_range> ranges(g.size(), finite_range{});
      std::vector<float> buffer;
      for (std::size_t r = 0; r < x.rows(); ++r) {
        const std::span<const float> values = rows().read(r, 1, buffer);
        for (std::size_t c = 0; g.block_cols == 1 && c < g.cols; ++c) {
          ranges[c].add(values[c]);
        }
        for (std::size_t c = 0; g.block_cols > 1 && c < g.cols; ++c) {
          ranges[c].add(cell_of(values, c));
        }
      }
      for (std::size_t i = 0; i < g.size(); ++i) {
        store(i, ranges[i]);
      }
    }
    for_rows([&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
      const std::size_t first = r / g.block_rows * g.cols;
      for (std::size_t c = 0; by_row && c < g.cols; ++c) {
        finite_range range;
        range.add(cell_of(values, c));
        store(first + c, range);
      }
      write_affine_row(coding, values, std::span<const float>{out.scales}.subspan(first, g.cols),
                       std::span<const float>{out.zeros}.subspan(first, g.cols), g.block_cols,
                       options.scaling, codes(r), counts);
    });
  }

  constexpr void quantize_mx() {
    const mx_rule_constants rule = make_mx_rule(writer.format, options.mx_rule);
    out.scale_codes.resize(out.grid.size(), 0);
    for_rows(
        [&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
          write_mx_row(writer, rule, values, position(r),
                       out.scale_codes.data() + r * out.grid.cols, codes(r), counts);
        },
        rows().at_once(out.grid.block_cols));
  }

  constexpr void quantize_nvfp4() {
    float most = options.tensor_absmax.value_or(0.0F);
    if (!options.tensor_absmax && options.nvfp4 != nvfp4_rule::torchao_single_level) {
      const std::size_t part = rows_per_part(x.cols() * sizeof(T));
      std::vector<float> maxima(ceil_div(x.rows(), part), 0.0F);
      for_each_range(executor, x.rows(), part, [&](std::size_t first, std::size_t last) {
        std::vector<float> buffer;
        for (std::size_t r = first; r < last; ++r) {
          const float value = absmax(rows().read(r, 1, buffer)).value;
          maxima[first / part] = value > maxima[first / part] ? value : maxima[first / part];
        }
      });
      for (const float m : maxima) {
        most = m > most ? m : most;
      }
    }
    const nvfp4_tensor_scale tensor =
        make_nvfp4_tensor_scale(most, options.nvfp4, options.four_over_six);
    out.tensor_scale = tensor.decode;
    out.scale_codes.resize(out.grid.size(), 0);
    for_rows(
        [&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
          write_nvfp4_row(writer, options, tensor, values, position(r),
                          out.scale_codes.data() + r * out.grid.cols, codes(r), counts);
        },
        rows().at_once(out.grid.block_cols));
  }

  constexpr void quantize_gguf() {
    for_rows(
        [&](std::size_t r, std::span<const float> values, quantization_counts& counts) {
          write_gguf_row(writer.format, values, codes(r), counts);
        },
        rows().at_once(gguf_layout_of(writer.format).block));
  }
};

template <class Coding, StoredFloat T, Executor E>
constexpr void quantize_tensor(const Coding& coding, precision p, quantized_storage& out,
                               matrix_view<const T> x, const quantize_options& options,
                               const E& executor) {
  expects_quantizable(p, options);
  expects(!x.empty(), "quantize: the matrix must not be empty");
  const format_family family = family_of(p, options.symmetry);
  const int bits = format_of(p).element_bits;
  out.grid = make_scale_grid(p, x.rows(), x.cols(), options);
  out.row_bytes = family == format_family::gguf_blocks ? out.grid.cols * gguf_layout_of(p).bytes
                                                       : packed_bytes(x.cols(), bits);
  expects(out.row_bytes <= std::numeric_limits<std::size_t>::max() / x.rows(),
          "quantize: the size of the codes does not fit size_t");
  out.format = p;
  out.rows = x.rows();
  out.cols = x.cols();
  out.codes.resize(x.rows() * out.row_bytes, 0);
  out.scale_codes.clear();
  out.zeros.clear();
  if (family != format_family::scaled && family != format_family::affine) {
    out.scales.clear();
  }
  out.tensor_scale = 1.0F;
  out.counts = {};
  tensor_quantizer<Coding, T, E> work{
      {coding, p, options.rounding, options.seed}, x, options, executor, out};
  switch (family) {
    case format_family::scaled:
      return work.quantize_scaled();
    case format_family::affine:
      return work.quantize_affine();
    case format_family::mx_blocks:
      return work.quantize_mx();
    case format_family::nvfp4_blocks:
      return work.quantize_nvfp4();
    case format_family::gguf_blocks:
      return work.quantize_gguf();
  }
}

}  // namespace quantroof::detail

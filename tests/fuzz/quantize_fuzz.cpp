// SPDX-License-Identifier: Apache-2.0
//
// Any format, options, shape, stride and bits of floats through quantize() and dequantize(): only domain_error may come out, sizes and
// counts must be right, and what comes back must be a number, the same again on a second trip, and the same from every kind of input.
// Then the storage is damaged as a broken file would be: that may give wrong values, but reads nothing outside of it.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "fuzz_input.hpp"
#include "quantroof/precision/dequantize.hpp"
#include "quantroof/precision/quantize.hpp"

namespace {

using namespace quantroof;
using fuzz::must;

struct job {
  precision format = precision::fp16;
  quantize_options options{};
  std::vector<float> scales{};
  std::size_t rows = 1;
  std::size_t cols = 1;
  std::size_t gap = 0;  // between rows
  std::uint8_t stored = 0;
};

/// A size that is mostly small, sometimes any of 64 bits.
std::size_t any_size(fuzz::input& in) {
  const std::uint8_t kind = in.byte();
  return kind < 240 ? kind % 200 : in.raw<std::size_t>();
}

job read_job(fuzz::input& in) {
  job j;
  j.format = in.enumerator<precision>(precision_count);
  quantize_options& o = j.options;
  o.granularity = in.enumerator<granularity>(4);
  o.group_size = any_size(in);
  o.calibration_mode = in.enumerator<calibration>(4);
  const std::uint8_t how = in.byte();
  if (how % 16 == 0) {
    o.percentile = in.raw<double>();
  } else if (how % 16 < 4) {
    o.percentile = in.byte() / 2.55;
  }
  const std::uint8_t switches = in.byte();
  if (switches % 4 == 0) {
    o.symmetry = in.enumerator<symmetry>(2);
  }
  o.scaling = in.enumerator<scaling>(2);
  if (switches / 4 % 4 == 0) {
    o.rounding = in.enumerator<rounding>(3);
    o.seed = in.raw<std::uint64_t>();
  }
  o.mx_rule = in.enumerator<mx_scale_rule>(4);
  o.nvfp4 = in.enumerator<nvfp4_rule>(5);
  if (switches / 16 % 4 == 0) {
    o.four_over_six = in.enumerator<four_over_six>(3);
  }
  if (switches / 64 == 0) {
    o.tensor_absmax = in.raw<float>();
  }
  j.rows = 1 + in.below(5);
  const std::size_t shape = in.below(700);
  j.cols = 1 + (shape < 350 ? shape % 70 : shape);
  j.gap = in.byte() % 5;
  j.stored = in.byte() % 3;
  const std::uint8_t given = in.byte();
  if (given >= 192) {
    const std::size_t cells = given % 4 != 0 && is_quantizable(j.format) && o.group_size > 0
                                  ? make_scale_grid(j.format, j.rows, j.cols, o).size()
                                  : in.below(10);
    for (std::size_t i = 0; i < cells; ++i) {
      j.scales.push_back(i < 16 ? in.raw<float>() : j.scales[i % 16]);
    }
    o.scales = j.scales;
  }
  return j;
}

/// The matrix of `j` with NaN between the rows, of elements of type T.
template <class T>
std::vector<T> stored_as(const job& j, const std::vector<float>& x) {
  std::vector<T> all(j.rows * (j.cols + j.gap) - j.gap,
                     from_float<T>(std::numeric_limits<float>::quiet_NaN()));
  for (std::size_t r = 0; r < j.rows; ++r) {
    for (std::size_t c = 0; c < j.cols; ++c) {
      all[r * (j.cols + j.gap) + c] = from_float<T>(x[r * j.cols + c]);
    }
  }
  return all;
}

/// Quantizes the values as floats side by side, and as elements of type T with gaps between the rows: the same.
template <class T>
quantized_storage quantize_as(const job& j, std::vector<float>& x) {
  const std::vector<T> all = stored_as<T>(j, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = to_float(all[i / j.cols * (j.cols + j.gap) + i % j.cols]);
  }
  quantized_storage q = quantize(
      j.format, matrix_view<const T>{all.data(), j.rows, j.cols, j.cols + j.gap}, j.options);
  must(q == quantize(j.format, matrix_view<const float>{x.data(), j.rows, j.cols}, j.options));
  return q;
}

template <precision P>
void must_equal_typed(const job& j, const std::vector<float>& x, const quantized_storage& q) {
  if (j.format != P) {
    return;
  }
  const auto typed = quantize<P>(matrix_view<const float>{x.data(), j.rows, j.cols}, j.options);
  must(static_cast<const quantized_storage&>(typed) == q);
  const std::vector<float> one = dequantize(typed);
  const std::vector<float> two = dequantize(q);
  for (std::size_t i = 0; i < one.size(); ++i) {
    must(std::bit_cast<std::uint32_t>(one[i]) == std::bit_cast<std::uint32_t>(two[i]));
  }
}

void check_sizes(const job& j, const std::vector<float>& x, const quantized_storage& q) {
  must(q.format == j.format && q.rows == j.rows && q.cols == j.cols);
  must(q.codes.size() == q.rows * q.row_bytes);
  const scale_layout& s = format_of(q.format).scales;
  if (s.bits_per_block > 0) {
    must(q.bytes() ==
         static_cast<std::size_t>(storage_bytes(q.format, static_cast<std::int64_t>(q.rows),
                                                static_cast<std::int64_t>(q.cols))));
  }
  must(q.scales.empty() || q.scales.size() == q.grid.size());
  must(q.zeros.empty() || q.zeros.size() == q.grid.size());
  must(q.scale_codes.empty() || q.scale_codes.size() == q.grid.size());
  for (const float scale : q.scales) {
    must(scale >= 0.0F && std::isfinite(scale));
  }
  for (const float zero : q.zeros) {
    must(std::isfinite(zero));
  }
  std::int64_t nan = 0;
  std::int64_t inf = 0;
  for (const float v : x) {
    nan += std::isnan(v) ? 1 : 0;
    inf += std::isinf(v) ? 1 : 0;
  }
  must(q.counts.nan == nan && q.counts.inf == inf);
  must(q.counts.clipped >= 0 &&
       q.counts.clipped <= static_cast<std::int64_t>(x.size()) - nan - inf);
}

bool is_mx(precision p) {
  const scale_layout& s = format_of(p).scales;
  return s == detail::mx || p == precision::gguf_mxfp4;
}

/// Finite values come back finite; quantized again, as themselves, where the format says so.
void check_values(const job& j, const std::vector<float>& x, const quantized_storage& q) {
  float most = 0;
  bool finite = true;
  for (const float v : x) {
    finite = finite && std::isfinite(v);
    most = std::fmax(most, std::fabs(v));
  }
  for (const float scale : j.scales) {
    if (!std::isfinite(scale * element_max(j.format))) {
      return;  // a scale that was given: its largest elements are beyond float
    }
  }
  const std::vector<float> back = dequantize(q);
  // MX: the largest floats can need a power of two that E8M0 does not have, and the rule says NaN.
  if (!finite || (is_mx(j.format) && most >= 0x1p126F)) {
    return;
  }
  for (const float v : back) {
    must(std::isfinite(v));
  }
  if (j.options.rounding != rounding::nearest_even) {
    return;
  }
  const matrix_view<const float> again{back.data(), j.rows, j.cols};
  quantize_options o = j.options;
  if (!q.scales.empty() && q.zeros.empty()) {
    // Under the same scales. Products near the bottom of the float range have lost bits.
    o.scales = q.scales;
    o.scaling = scaling::division;
    for (const float scale : q.scales) {
      if (!(scale > 0x1p-100F)) {
        return;
      }
    }
  } else if (format_of(j.format).element_bits != 16 && !is_mx(j.format)) {
    return;  // the scales of NVFP4, zero points and Q8_0 follow from values that rounding has moved
  }
  const std::vector<float> twice = dequantize(quantize(j.format, again, o));
  for (std::size_t i = 0; i < back.size(); ++i) {
    must(twice[i] == back[i]);
  }
}

void damage(fuzz::input& in, quantized_storage& q) {
  const auto resize = [&](auto& values) {
    values.resize(in.byte() < 128 ? in.below(2 * values.size() + 2) : values.size());
  };
  for (int changes = in.byte() % 4; changes >= 0; --changes) {
    switch (in.byte() % 16) {
      case 0:
        q.format = in.enumerator<precision>(precision_count);
        break;
      case 1:
        q.rows = any_size(in);
        break;
      case 2:
        q.cols = any_size(in);
        break;
      case 3:
        q.row_bytes = any_size(in);
        break;
      case 4:
        q.grid.block_rows = any_size(in);
        break;
      case 5:
        q.grid.block_cols = any_size(in);
        break;
      case 6:
        q.grid.rows = any_size(in);
        break;
      case 7:
        q.grid.cols = any_size(in);
        break;
      case 8:
        resize(q.codes);
        break;
      case 9:
        resize(q.scale_codes);
        break;
      case 10:
        resize(q.scales);
        break;
      case 11:
        resize(q.zeros);
        break;
      case 12:
        q.tensor_scale = in.raw<float>();
        break;
      case 13:  // one scale for all, in a grid to match: sizes fit each other, not the format
        q.grid = {q.rows, q.cols, 1, 1};
        q.scales.resize(q.scales.empty() ? 0U : 1U);
        q.scale_codes.resize(q.scale_codes.empty() ? 0U : 1U);
        q.zeros.resize(q.zeros.empty() ? 0U : 1U);
        break;
      default:
        for (std::size_t i = 0; i < 8 && !q.codes.empty(); ++i) {
          q.codes[in.below(q.codes.size())] = in.byte();
        }
        if (!q.scale_codes.empty()) {
          q.scale_codes[in.below(q.scale_codes.size())] = in.byte();
        }
        if (!q.scales.empty()) {
          q.scales[in.below(q.scales.size())] = in.raw<float>();
        }
        if (!q.zeros.empty()) {
          q.zeros[in.below(q.zeros.size())] = in.raw<float>();
        }
    }
  }
}

void read_damaged(fuzz::input& in, quantized_storage q) {
  damage(in, q);
  try {
    must(dequantize(q).size() == q.rows * q.cols);
    std::vector<float> out(q.rows * q.cols, 0.0F);
    dequantize_into(q, matrix_view<float>{out.data(), q.rows, q.cols}, scale_levels::blocks_only);
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in{{data, size}};
  try {
    const job j = read_job(in);
    fuzz::input changes = in;
    std::vector<float> x = in.floats(j.rows * j.cols);
    const quantized_storage q = j.stored == 0   ? quantize_as<float>(j, x)
                                : j.stored == 1 ? quantize_as<float16_t>(j, x)
                                                : quantize_as<bfloat16_t>(j, x);
    check_sizes(j, x, q);
    check_values(j, x, q);
    must_equal_typed<precision::fp8_e4m3>(j, x, q);
    must_equal_typed<precision::int8>(j, x, q);
    must_equal_typed<precision::int4_g128_zp16>(j, x, q);
    must_equal_typed<precision::mxfp6_e3m2>(j, x, q);
    must_equal_typed<precision::nvfp4>(j, x, q);
    must_equal_typed<precision::gguf_q8_0>(j, x, q);
    read_damaged(changes, q);
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Calibrations as C++: the text of hardware/calibration_data.hpp, so that the shipped constants are what a fit prints and nothing else.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::io {

namespace internal {

/// One line of a designated initializer, left out where the number is the default.
inline void put_member(std::string& to, std::string_view indent, std::string_view name, double x,
                       double otherwise = 0) {
  if (x != otherwise) {
    fmt::format_to(std::back_inserter(to), "{}.{} = {:.4g}, ", indent, name, x);
  }
}

inline void put_fit(std::string& to, std::string_view indent, const fit_record& f) {
  fmt::format_to(
      std::back_inserter(to),
      "{0}.fit = {{.source = \"{1}\", .rows = {2}, .error = {3:.4g}, .overhead = {{{4:.4g}, "
      "{5:.4g}}}, .memory = {{{6:.4g}, {7:.4g}}}, .compute = {{{8:.4g}, {9:.4g}}}}}",
      indent, f.source.view(), f.rows, f.error, f.overhead.lower, f.overhead.upper, f.memory.lower,
      f.memory.upper, f.compute.lower, f.compute.upper);
}

inline void put_constants(std::string& to, std::string_view indent, const gemm_constants& c) {
  std::string tiles;
  for (const gemm_tile& t : c.tiles) {
    fmt::format_to(std::back_inserter(tiles), "{}{{{}, {}", tiles.empty() ? "" : ", ", t.rows,
                   t.cols);
    if (t.rows_loaded != 1 || t.cols_loaded != 1) {
      fmt::format_to(std::back_inserter(tiles), ", {:.4g}, {:.4g}", t.rows_loaded, t.cols_loaded);
    }
    tiles += "}";
  }
  fmt::format_to(std::back_inserter(to), "{}.tiles = {{{}}}, {}.split = split_k::{}, ", indent,
                 tiles, indent, to_string(c.split));
  put_member(to, indent, "l2_share", c.l2_share);
  put_member(to, indent, "clock_loss", c.clock_loss);
  put_member(to, indent, "matrix_share", c.matrix_share);
  put_member(to, indent, "memory_share", c.memory_share);
  put_member(to, indent, "fixed_us", c.fixed_us);
  put_member(to, indent, "feed_bytes_per_clock", c.feed_bytes_per_clock);
  put_member(to, indent, "soft_waves", c.soft_waves);
  put_member(to, indent, "epilogue_gb_s", c.epilogue_gb_s);
  put_member(to, indent, "quantize_gelem_s", c.quantize_gelem_s);
  put_member(to, indent, "quantize_row_us", c.quantize_row_us);
  put_member(to, indent, "dequantize_us", c.dequantize_us);
  put_member(to, indent, "vector_us", c.vector_us);
  put_member(to, indent, "ragged", c.ragged);
  std::string correction;
  bool corrects = false;
  for (const double x : c.correction) {
    fmt::format_to(std::back_inserter(correction), "{}{:.4g}", correction.empty() ? "" : ", ", x);
    corrects = corrects || x != 0;
  }
  if (corrects) {
    fmt::format_to(std::back_inserter(to), "{}.correction = {{{}}}, ", indent, correction);
  }
}

inline void put_constants(std::string& to, std::string_view indent, const prefill_constants& c) {
  fmt::format_to(std::back_inserter(to), "{}.kernel = attention_kernel::{}, ", indent,
                 to_string(c.kernel));
  put_member(to, indent, "token_heads_dim", c.token_heads_dim);
  put_member(to, indent, "fixed_us", c.fixed_us);
  put_member(to, indent, "matmul", c.matmul);
  put_member(to, indent, "softmax", c.softmax);
  put_member(to, indent, "softmax_fixed", c.softmax_fixed);
  put_member(to, indent, "wide_head", c.wide_head, 1);
  put_member(to, indent, "block_cycles", c.block_cycles);
  put_member(to, indent, "tail", c.tail);
  put_member(to, indent, "token_us", c.token_us);
  put_member(to, indent, "write_share", c.write_share);
  put_member(to, indent, "memory_share", c.memory_share);
  put_member(to, indent, "l2_speedup", c.l2_speedup, 1);
  put_member(to, indent, "l2_share", c.l2_share);
  put_member(to, indent, "merge_us", c.merge_us);
  put_member(to, indent, "accumulator_cycles", c.accumulator_cycles);
  put_member(to, indent, "backward_softmax", c.backward_softmax, 1);
  put_member(to, indent, "softmax_alone", c.softmax_alone);
}

inline void put_constants(std::string& to, std::string_view indent, const decode_constants& c) {
  fmt::format_to(std::back_inserter(to), "{}.kernel = attention_kernel::{}, ", indent,
                 to_string(c.kernel));
  put_member(to, indent, "fixed_us", c.fixed_us);
  put_member(to, indent, "memory_share", c.memory_share);
  put_member(to, indent, "l2_speedup", c.l2_speedup, 1);
  put_member(to, indent, "l2_share", c.l2_share);
  put_member(to, indent, "item_us", c.item_us);
  put_member(to, indent, "matmul", c.matmul);
  put_member(to, indent, "combine_us", c.combine_us);
  put_member(to, indent, "split_us", c.split_us);
  put_member(to, indent, "swap_us", c.swap_us);
}

inline void put_constants(std::string& to, std::string_view indent, const moe_constants& c) {
  put_member(to, indent, "fixed_us", c.fixed_us);
  put_member(to, indent, "matrix_share", c.matrix_share);
  put_member(to, indent, "memory_share", c.memory_share);
  put_member(to, indent, "token_bytes", c.token_bytes);
  put_member(to, indent, "skew", c.skew, 1);
  put_member(to, indent, "distinct_skew", c.distinct_skew, 1);
}

inline void put_constants(std::string& to, std::string_view indent, const mla_constants& c) {
  put_member(to, indent, "fixed_us", c.fixed_us);
  put_member(to, indent, "memory_share", c.memory_share);
  put_member(to, indent, "matrix_share", c.matrix_share);
  put_member(to, indent, "l2_speedup", c.l2_speedup, 1);
  put_member(to, indent, "l2_share", c.l2_share);
  put_member(to, indent, "item_us", c.item_us);
}

inline void put_constants(std::string& to, std::string_view indent,
                          const elementwise_constants& c) {
  put_member(to, indent, "fixed_us", c.fixed_us);
  put_member(to, indent, "gelem_s", c.gelem_s);
  put_member(to, indent, "memory_share", c.memory_share);
}

inline void put_constants(std::string& to, std::string_view indent, const collective_constants& c) {
  put_member(to, indent, "latency_us", c.latency_us);
  put_member(to, indent, "latency_per_device_us", c.latency_per_device_us);
  put_member(to, indent, "bandwidth_gb_s", c.bandwidth_gb_s);
  put_member(to, indent, "growth", c.growth);
  put_member(to, indent, "ramp_us", c.ramp_us);
}

/// An array of families, `{}` for those not measured.
template <class Families>
void put_families(std::string& to, std::string_view name, const Families& families) {
  bool any = false;
  for (const auto& family : families) {
    any = any || family.fit.is_measured();
  }
  if (!any) {
    return;
  }
  fmt::format_to(std::back_inserter(to), ".{} = {{{{\n", name);
  for (const auto& family : families) {
    if (!family.fit.is_measured()) {
      to += "{},\n";
      continue;
    }
    to += "{";
    put_constants(to, "", family);
    put_fit(to, "", family.fit);
    to += "},\n";
  }
  to += "}},\n";
}

}  // namespace internal

/// Breaks lines at commas so that none is longer than 120 characters.
[[nodiscard]] inline std::string wrapped(const std::string& text) {
  std::string lines;
  std::size_t length = 0;
  std::size_t last_break = 0;  // in lines: after the last ", "
  for (const char c : text) {
    lines += c;
    length = c == '\n' ? 0 : length + 1;
    if (length > 118 && last_break > 0) {
      lines[last_break] = '\n';
      length = lines.size() - last_break - 1;
      last_break = 0;
    }
    if (c == ' ' && lines.size() > 1 && lines[lines.size() - 2] == ',') {
      last_break = lines.size() - 1;
    } else if (c == '\n') {
      last_break = 0;
    }
  }
  return lines;
}

/// One device as a constant of C++.
[[nodiscard]] inline std::string to_cpp(const device_calibration& c) {
  std::string text = fmt::format(
      "inline constexpr device_calibration {}{{.device = \"{}\", .arch = architecture::{}, .date = "
      "\"{}\",\n.sm_count = {}, .clock_mhz = {:.4g},\n",
      c.device.view(), c.device.view(), to_string(c.arch), c.date.view(), c.sm_count, c.clock_mhz);
  internal::put_families(text, "gemm", c.gemm);
  internal::put_families(text, "prefill", c.prefill);
  internal::put_families(text, "decode", c.decode);
  internal::put_families(text, "moe", c.moe);
  internal::put_families(text, "mla_prefill", c.mla_prefill);
  internal::put_families(text, "mla_decode", c.mla_decode);
  internal::put_families(text, "elementwise", c.elementwise);
  internal::put_families(text, "collectives", c.collectives);
  return text + "};\n";
}

/// The text of hardware/measured_<device>.hpp (before clang-format).
[[nodiscard]] inline std::string to_header(const device_calibration& c) {
  return "// SPDX-License-Identifier: Apache-2.0\n//\n"
         "// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it "
         "again. What each means: calibration.hpp.\n"
         "// Every number is measured: fitted to the kernels that `source` names, of "
         "github.com/ai-dynamo/aiconfigurator at 095f58a\n"
         "// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.\n"
         "#pragma once\n\n#include \"quantroof/hardware/calibration.hpp\"\n\n"
         "namespace quantroof::measured {\n\n// clang-format off\n" +
         wrapped(to_cpp(c)) +
         fmt::format(
             "// clang-format on\nstatic_assert(is_valid({}));\n\n}}  // namespace "
             "quantroof::measured\n",
             c.device.view());
}

/// The text of hardware/calibration_data.hpp, which joins them (before clang-format).
[[nodiscard]] inline std::string to_index_header(const std::vector<device_calibration>& devices) {
  std::string includes;
  std::string list;
  for (const device_calibration& c : devices) {
    includes += fmt::format("#include \"quantroof/hardware/measured_{}.hpp\"\n", c.device.view());
    list += fmt::format("{}&measured::{}", list.empty() ? "" : ", ", c.device.view());
  }
  return "// SPDX-License-Identifier: Apache-2.0\n//\n"
         "// The devices that were measured, as `calibrate --write-headers` lists them. Who uses "
         "which: calibration_lookup.hpp.\n"
         "#pragma once\n\n#include <array>\n\n#include \"quantroof/hardware/calibration.hpp\"\n" +
         includes +
         fmt::format(
             "\nnamespace quantroof {{\n\ninline constexpr std::array device_calibrations = "
             "{{{}}};\n\n}}  // namespace quantroof\n",
             list);
}

/// The text of hardware/published_attention.hpp (before clang-format).
[[nodiscard]] inline std::string to_published_header(
    const std::vector<prefill_constants>& kernels) {
  std::string text =
      "// SPDX-License-Identifier: Apache-2.0\n//\n"
      "// FlashAttention 1-4 and cuDNN alone, as `calibrate --published FILE --write-headers` "
      "prints them: do not edit, run it again.\n"
      "// Fitted to published TFLOPS: figures of github.com/Dao-AILab/flash-attention (assets/, "
      "issues), arXiv:2307.08691, 2407.08608,\n"
      "// 2603.05451 and NVIDIA/cudnn-frontend (benchmark/). One set a kernel, all its head sizes, "
      "masks and devices together.\n"
      "#pragma once\n\n#include <array>\n\n#include \"quantroof/hardware/calibration.hpp\"\n\n"
      "namespace quantroof {\n\n/// Constants of the kernels alone, without a serving engine "
      "around them.\n"
      "// clang-format off\ninline constexpr std::array<prefill_constants, " +
      std::to_string(kernels.size()) + "> published_attention{{\n";
  std::string rows;
  for (const prefill_constants& c : kernels) {
    rows += "{";
    internal::put_constants(rows, "", c);
    internal::put_fit(rows, "", c.fit);
    rows += "},\n";
  }
  return text + wrapped(rows) + "}};\n// clang-format on\n\n}  // namespace quantroof\n";
}

}  // namespace quantroof::io

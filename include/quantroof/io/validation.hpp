// SPDX-License-Identifier: Apache-2.0
//
// How good the predictions are: every measured row beside what the calibrated model says of it, summed up by file, device, format and
// source; and rows that no hardware could have produced.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "quantroof/io/fit.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof::io {

/// What a row's work is at the least: arithmetic, compulsory bytes, and the dense peak that its format may use.
struct row_bound {
  double flops = 0;
  double bytes = 0;
  double flop_us = 0;  // FLOP per microsecond

  /// The textbook roofline of the row, microseconds.
  [[nodiscard]] double roofline_us(const hardware_spec& hw) const {
    return std::max(flop_us > 0 ? flops / flop_us : 0.0, bytes / (hw.memory_gb_s * 1e3));
  }
  /// Below this no device of this data sheet can be: an L2 full of operands costs no DRAM.
  [[nodiscard]] double least_us(const hardware_spec& hw) const {
    const double cached = std::max(0.0, bytes - hw.l2_mb.value_or(0) * 1048576.0);
    return std::max(flop_us > 0 ? flops / flop_us : 0.0, cached / (hw.memory_gb_s * 1e3));
  }
};

/// The least work of a row, or nothing where the row does not say enough.
[[nodiscard]] inline std::optional<row_bound> bound_of(const measurement& row) {
  const hardware_spec& hw = *row.device;
  const device_rates rates = rates_of(hw);
  const auto fp8 = hw.fp8_tflops.tflops();
  switch (row.kind) {
    case measurement_kind::gemm: {
      const gemm_setting s = gemm_setting_of(hw, row.gemm);
      const work w = gemm_work(row.shape, s.weight_bytes, s.activation_bytes);
      return row_bound{w.flops, w.bytes, s.matrix_flop_us};
    }
    case measurement_kind::prefill:
    case measurement_kind::decode: {
      const attention_shape& a = row.attention;
      const double pairs = static_cast<double>(a.batch) * static_cast<double>(a.num_heads) *
                           static_cast<double>(a.seq_len_q) * static_cast<double>(a.seq_len_kv) *
                           attended_share(a);
      const bool fp8_products = row.format.starts_with("fp8") && fp8;
      const double ends = 2.0 * 2.0 * static_cast<double>(a.batch) *
                          static_cast<double>(a.num_heads) * static_cast<double>(a.seq_len_q) *
                          static_cast<double>(a.head_dim);
      const double cache = 2.0 * static_cast<double>(a.batch) *
                           static_cast<double>(a.num_kv_heads) * static_cast<double>(a.seq_len_kv) *
                           static_cast<double>(a.head_dim) * (row.fp8_cache ? 1.0 : 2.0);
      return row_bound{4.0 * pairs * static_cast<double>(a.head_dim), cache + ends,
                       fp8_products ? *fp8 * 1e6 : rates.dense16_flop_us};
    }
    default:
      return std::nullopt;
  }
}

/// What the model says of a row, or nothing where it has no operator of this kind.
///
/// errors    quantroof::domain_error where the device cannot run the row's format
[[nodiscard]] inline std::optional<kernel_estimate> predict(const measurement& row,
                                                            calibrated_model model) {
  model.residency = weight_residency::benchmark_loop;  // what the benchmarks behind such tables do
  model.quantization = row.quantization_included ? activation_quantization::separate
                                                 : activation_quantization::fused;
  switch (row.kind) {
    case measurement_kind::gemm:
      return model.gemm(*row.device, row.shape, row.gemm);
    case measurement_kind::prefill:
    case measurement_kind::decode:
      return model.serving_attention(*row.device, row.attention, row.width,
                                     row.fp8_cache ? 1.0 : 2.0, 1.0);
    default:
      return std::nullopt;
  }
}

/// One row beside its prediction.
struct validated_row {
  const measurement* row = nullptr;
  kernel_estimate estimate{};
  double error = 0;  // predicted / measured - 1
};

/// All rows of one file, device, format and source. Shares, not per cent.
struct validation_summary {
  std::string file;
  std::string gpu;
  std::string format;
  std::string source;
  std::size_t n = 0;
  double mape = 0;
  double median = 0;
  double p90 = 0;
  double bias = 0;        // geometric mean of predicted / measured, less 1
  double coverage80 = 0;  // rows between lower_us and upper_us
  double textbook_mape = 0;
};

/// A row, or a slice of rows, that no hardware could have produced.
struct lint_finding {
  std::string file;
  std::size_t line = 0;  // 0: a whole slice
  std::string gpu;
  std::string format;
  std::string source;
  std::string reason;
  double factor = 0;  // how many times faster than the bound; slices: share of equal rows
};

struct validation_report {
  std::vector<validation_summary> summaries;
  std::vector<validated_row> rows;
  std::vector<skipped_rows> skipped;
};

/// Predicts every row and sums up.
[[nodiscard]] inline validation_report validate(const measurement_set& set,
                                                const calibrated_model& model) {
  validation_report report;
  report.skipped = set.skipped;
  using key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<key, std::vector<std::pair<validated_row, double>>> groups;
  measurement_set rest;
  for (const measurement& row : set.rows) {
    try {
      const auto estimate = predict(row, model);
      if (!estimate) {
        rest.skip(row.file, "no model of " + std::string{to_string(row.kind)} + " " + row.format);
        continue;
      }
      const validated_row seen{&row, *estimate, estimate->time_us / row.time_us - 1};
      const auto bound = bound_of(row);
      const double textbook =
          bound ? std::abs(bound->roofline_us(*row.device) / row.time_us - 1) : 0;
      // a kernel that a framework bundles beside the device's own is a source apart
      const std::string source =
          internal::is_bundled(row) ? row.source + " " + row.kernel : row.source;
      groups[{row.file, row.gpu, row.format, source}].push_back({seen, textbook});
      report.rows.push_back(seen);
    } catch (const domain_error& error) {
      rest.skip(row.file, row.gpu + " " + row.format + ": " + error.what());
    }
  }
  report.skipped.insert(report.skipped.end(), rest.skipped.begin(), rest.skipped.end());
  for (const auto& [name, rows] : groups) {
    validation_summary s;
    std::tie(s.file, s.gpu, s.format, s.source) = name;
    s.n = rows.size();
    std::vector<double> errors;
    for (const auto& [seen, textbook] : rows) {
      errors.push_back(std::abs(seen.error));
      s.mape += std::abs(seen.error);
      s.bias += std::log(1 + seen.error);
      s.textbook_mape += textbook;
      s.coverage80 +=
          seen.row->time_us >= seen.estimate.lower_us && seen.row->time_us <= seen.estimate.upper_us
              ? 1
              : 0;
    }
    const auto n = static_cast<double>(rows.size());
    s.mape /= n;
    s.textbook_mape /= n;
    s.coverage80 /= n;
    s.bias = std::exp(s.bias / n) - 1;
    s.median = quantile(errors, 0.5);
    s.p90 = quantile(errors, 0.9);
    report.summaries.push_back(std::move(s));
  }
  return report;
}

/// Rows faster than their data sheet allows by more than 5 %, and slices that repeat another device's times.
///
/// formula   bound = max(FLOPs / dense peak of the format, (bytes - L2) / bandwidth); a slice is a copy where at least 20 rows have a twin of the
///           same shape on another device and 95 % of them the same time
[[nodiscard]] inline std::vector<lint_finding> lint(const measurement_set& set) {
  constexpr double tolerance = 1.05;
  std::vector<lint_finding> findings;
  using slice = std::tuple<std::string, std::string, std::string>;  // file, format, source
  using shape = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                           std::int64_t>;
  std::map<slice, std::map<std::string, std::map<shape, double>>> slices;
  for (const measurement& row : set.rows) {
    std::optional<row_bound> bound;
    try {
      bound = bound_of(row);
    } catch (const domain_error& error) {
      findings.push_back({row.file, row.line, row.gpu, row.format, row.source,
                          std::string{"the device cannot run this format: "} + error.what(), 0});
      continue;
    }
    if (!bound) {
      continue;
    }
    const double least = bound->least_us(*row.device);
    if (least > tolerance * row.time_us) {
      const bool arithmetic = bound->flops / bound->flop_us >= least;
      findings.push_back({row.file, row.line, row.gpu, row.format, row.source,
                          arithmetic
                              ? "more arithmetic than the dense peak of this format allows"
                              : "more bytes than the DRAM bandwidth allows, L2 already taken off",
                          least / row.time_us});
    }
    const bool is_gemm = row.kind == measurement_kind::gemm;
    const attention_shape& a = row.attention;
    slices[{row.file, row.format, row.source}][row.gpu]
          [is_gemm ? shape{row.shape.m, row.shape.n, row.shape.k, 0, 0, 0}
                   : shape{a.batch, a.num_heads, a.num_kv_heads, a.seq_len_q, a.seq_len_kv,
                           a.head_dim}] = row.time_us;
  }
  for (const auto& [name, devices] : slices) {
    for (auto one = devices.begin(); one != devices.end(); ++one) {
      for (auto other = std::next(one); other != devices.end(); ++other) {
        std::size_t common = 0;
        std::size_t equal = 0;
        for (const auto& [where, time] : one->second) {
          const auto twin = other->second.find(where);
          common += twin != other->second.end() ? 1U : 0U;
          equal += twin != other->second.end() && twin->second == time ? 1U : 0U;
        }
        if (common >= 20 && static_cast<double>(equal) >= 0.95 * static_cast<double>(common)) {
          const auto& [file, format, source] = name;
          findings.push_back({file, 0, one->first + " and " + other->first, format, source,
                              "one device's times repeat the other's: a copied table",
                              static_cast<double>(equal) / static_cast<double>(common)});
        }
      }
    }
  }
  return findings;
}

}  // namespace quantroof::io

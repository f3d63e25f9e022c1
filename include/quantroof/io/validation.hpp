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
#include "quantroof/io/fit_other.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof::io {

/// Whether a row's bytes must pass, or are what is to be expected (which experts tokens choose, how a collective routes).
enum class row_bytes : std::uint8_t { compulsory, expected };

/// What a row's work is at the least: arithmetic, compulsory bytes, and the dense peak that its format may use.
struct row_bound {
  double flops = 0;
  double bytes = 0;
  double flop_us = 0;  // FLOP per microsecond
  row_bytes kind = row_bytes::compulsory;
  double bandwidth_gb_s = 0;  // 0: the DRAM's

  /// The textbook roofline of the row, microseconds.
  [[nodiscard]] double roofline_us(const hardware_spec& hw) const {
    const double bandwidth = bandwidth_gb_s > 0 ? bandwidth_gb_s : hw.memory_gb_s;
    return std::max(flop_us > 0 ? flops / flop_us : 0.0, bytes / (bandwidth * 1e3));
  }
  /// Below this no device of this data sheet can be: an L2 full of operands costs no DRAM.
  [[nodiscard]] double least_us(const hardware_spec& hw) const {
    const double cached = kind == row_bytes::compulsory
                              ? std::max(0.0, bytes - hw.l2_mb.value_or(0) * 1048576.0)
                              : 0.0;
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
    case measurement_kind::moe: {
      const gemm_setting set = gemm_setting_of(hw, gemm_kernel_of(row.moe));
      const moe_shape shape = moe_shape_of(row);
      const double matrix = 3.0 * static_cast<double>(row.hidden) * static_cast<double>(row.inter) /
                            static_cast<double>(row.tensor_parallel * row.expert_parallel);
      return row_bound{2.0 * matrix * static_cast<double>(row.tokens * row.top_k),
                       distinct_experts(shape) * matrix * set.weight_bytes, set.matrix_flop_us,
                       row_bytes::expected};
    }
    case measurement_kind::mla: {
      const attention_shape& a = row.attention;
      const double pairs = static_cast<double>(a.batch) * static_cast<double>(a.num_heads) *
                           static_cast<double>(a.seq_len_q) * static_cast<double>(a.seq_len_kv) *
                           attended_share(a);
      const bool prefill = row.op == "context";
      const double cache = static_cast<double>(a.batch) * static_cast<double>(a.seq_len_kv) *
                           576.0 * (row.fp8_cache ? 1.0 : 2.0);
      const double rate = row.fp8_cache && fp8 ? *fp8 * 1e6 : rates.dense16_flop_us;
      return row_bound{2.0 * pairs * (prefill ? 320.0 : 1088.0), prefill ? 0.0 : cache, rate};
    }
    case measurement_kind::elementwise:
      if (row.op == "quant_fp8_dynamic_minus_static") {  // a difference of two kernels
        return std::nullopt;
      }
      return row_bound{0, row.bytes, rates.dense16_flop_us};
    case measurement_kind::collective: {
      // the data sheet's links, one direction; nothing where it names none
      const auto op = find_collective(row.op);
      if (!op || !hw.link_gb_s || row.devices < 2) {
        return std::nullopt;
      }
      row_bound b{0, wire_bytes(*op, row.devices, row.bytes), 0, row_bytes::expected};
      b.bandwidth_gb_s = 0.5 * *hw.link_gb_s;
      return b;
    }
  }
  return std::nullopt;
}

/// What the model says of a row, or nothing where it has no operator of this kind.
///
/// errors    quantroof::domain_error where the device cannot run the row's format
[[nodiscard]] inline std::optional<kernel_estimate> predict(const measurement& row,
                                                            calibrated_model model) {
  model.residency = l2_residency::benchmark_loop;  // what the benchmarks behind such tables do
  model.quantization = row.quantization_included ? activation_quantization::separate
                                                 : activation_quantization::fused;
  switch (row.kind) {
    case measurement_kind::gemm:
      return model.gemm(*row.device, row.shape, row.gemm);
    case measurement_kind::prefill:
    case measurement_kind::decode:
      return model.serving_attention(*row.device, row.attention, row.width,
                                     row.fp8_cache ? 1.0 : 2.0, 1.0);
    case measurement_kind::moe:
      return model.moe(*row.device, moe_shape_of(row), row.moe, moe_routing_of(row));
    case measurement_kind::mla:
      if (row.op == "context") {
        return model.mla_prefill(*row.device, row.attention, row.width);
      }
      return model.mla_decode(*row.device,
                              {.batch = row.attention.batch,
                               .heads = row.attention.num_heads,
                               .seq_len_kv = row.attention.seq_len_kv},
                              row.width);
    case measurement_kind::collective:
      if (const auto op = find_collective(row.op)) {
        return model.exchange(
            *row.device, *op, row.devices, row.bytes,
            row.kernel == "nccl" ? collective_library::nccl : collective_library::custom);
      }
      return std::nullopt;
    case measurement_kind::elementwise:
      if (row.op == "quant_fp8_dynamic_minus_static") {  // a difference of two kernels
        return std::nullopt;
      }
      return model.elementwise_kernel(
          *row.device, static_cast<double>(row.shape.m) * static_cast<double>(row.shape.n),
          row.bytes);
  }
  return std::nullopt;
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
      const bool arithmetic = bound->flop_us > 0 && bound->flops / bound->flop_us >= least;
      findings.push_back({row.file, row.line, row.gpu, row.format, row.source,
                          arithmetic
                              ? "more arithmetic than the dense peak of this format allows"
                              : "more bytes than the DRAM bandwidth allows, L2 already taken off",
                          least / row.time_us});
    }
    if (row.kind != measurement_kind::gemm && row.kind != measurement_kind::prefill &&
        row.kind != measurement_kind::decode) {
      continue;
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

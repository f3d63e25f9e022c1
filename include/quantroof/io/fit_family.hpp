// SPDX-License-Identifier: Apache-2.0
//
// Fitting one family of kernels: which rows count, cross-validation over shapes, intervals.
//
// Shapes, not rows, are dealt into four parts ((n, k) pairs for GEMM, heads x length for attention); each part is predicted with constants
// fitted to the other three. Errors and intervals come from those predictions, constants from all rows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/calibration_lookup.hpp"
#include "quantroof/io/fit.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof::io {

/// The sources whose kernels a calibration follows, best first; where none of them is present, the source with most rows.
inline constexpr std::array<std::string_view, 3> reference_gemm_sources{
    "aic:trtllm-1.3.0rc20", "aic:trtllm-1.2.0rc5", "aic:trtllm-1.0.0"};
inline constexpr std::array<std::string_view, 3> reference_attention_sources{
    "aic:vllm-0.24.0", "aic:vllm-0.14.0", "aic:sglang-0.5.14"};

using row_list = std::vector<const measurement*>;

namespace internal {

/// Of these rows, those of the source that a fit follows.
[[nodiscard]] inline row_list reference_rows(const row_list& rows, measurement_kind kind) {
  std::map<std::string, row_list> by_source;
  for (const measurement* row : rows) {
    const bool on_host =
        row->kernel.find("hostclock") != std::string::npos;  // launch and wait included
    // bundled kernels of experts have constants of their own
    if ((row->kind == measurement_kind::moe || !is_bundled(*row)) && !on_host) {
      by_source[row->source].push_back(row);
    }
  }
  const bool attention = kind == measurement_kind::prefill || kind == measurement_kind::decode;
  const auto& preferred = attention ? reference_attention_sources : reference_gemm_sources;
  for (const std::string_view source : preferred) {
    if (const auto found = by_source.find(std::string{source}); found != by_source.end()) {
      return found->second;
    }
  }
  row_list most;
  for (const auto& [source, list] : by_source) {
    if (list.size() > most.size()) {
      most = list;
    }
  }
  return most;
}

/// Which part a row belongs to, by its shape.
[[nodiscard]] inline std::vector<int> deal(const row_list& rows, int parts) {
  using shape_key = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  const auto key = [](const measurement& r) {
    switch (r.kind) {
      case measurement_kind::gemm:
      case measurement_kind::elementwise:
        return shape_key{r.shape.n, r.shape.k, 0, 0};
      case measurement_kind::moe:
        return shape_key{r.hidden, r.inter, r.experts, r.top_k};
      case measurement_kind::collective:
        return shape_key{static_cast<std::int64_t>(r.bytes), 0, 0, 0};
      default:
        return shape_key{r.attention.head_dim, r.attention.num_heads, r.attention.num_kv_heads,
                         r.attention.seq_len_kv};
    }
  };
  std::map<shape_key, int> part;
  for (const measurement* row : rows) {
    part[key(*row)] = 0;
  }
  int next = 0;
  for (auto& entry : part) {
    entry.second = (next++ * 7) % parts;
  }
  std::vector<int> result;
  for (const measurement* row : rows) {
    result.push_back(part.at(key(*row)));
  }
  return result;
}

/// Bands that say which one an estimate took: the upper edge is 1, 2 or 3 times the time.
[[nodiscard]] inline fit_record marked_bands(fit_record fit) {
  fit.overhead = {1, 1};
  fit.memory = {1, 2};
  fit.compute = {1, 3};
  return fit;
}

/// 80 % band of measured / predicted, widened by a tenth: shapes of a user differ more from those measured than these among each other.
[[nodiscard]] inline error_band band_of(const std::vector<double>& logs) {
  constexpr double widening = 1.1;
  return {rounded(std::exp(std::min(-0.005, widening * quantile(logs, 0.1)))),
          rounded(std::exp(std::max(0.005, widening * quantile(logs, 0.9))))};
}

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

}  // namespace internal

/// For families without a correction of their own.
struct no_refinement {
  template <class Constants>
  void operator()(Constants& /*constants*/, const row_list& /*rows*/) const {}
};

/// Fits one family: `structure` with its free constants; `estimate(constants, row)` gives a kernel_estimate.
template <class Constants, class Estimate, class Refine>
Constants fit_family(Constants structure, const std::vector<free_constant<Constants>>& constants,
                     const std::vector<std::vector<std::pair<std::size_t, double>>>& starts,
                     const row_list& rows, Estimate estimate, Refine refine) {
  structure.fit.rows = static_cast<std::int64_t>(rows.size());
  structure.fit = internal::marked_bands(structure.fit);
  const auto time_of = [](const measurement& row) { return row.time_us; };
  const auto predict = [&](const Constants& c, const measurement& row) {
    return estimate(c, row).time_us;
  };
  const auto fit = [&](const row_list& some) {
    Constants c =
        fit_constants<Constants, measurement>(structure, constants, some, predict, time_of, starts);
    refine(c, some);
    return c;
  };
  constexpr int parts = 4;
  const std::vector<int> part_of = internal::deal(rows, parts);
  std::array<std::vector<double>, 3> logs;
  std::vector<double> all;
  double error = 0;
  for (int part = 0; part < parts; ++part) {
    row_list others;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (part_of[i] != part) {
        others.push_back(rows[i]);
      }
    }
    if (others.size() == rows.size() || others.size() < constants.size()) {
      continue;
    }
    const Constants c = fit(others);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (part_of[i] == part) {
        const kernel_estimate e = estimate(c, *rows[i]);
        const double ratio = std::log(rows[i]->time_us / e.time_us);
        error += std::abs(e.time_us / rows[i]->time_us - 1);
        logs[static_cast<std::size_t>(std::lround(e.upper_us / e.time_us)) - 1].push_back(ratio);
        all.push_back(ratio);
      }
    }
  }
  Constants c = fit(rows);
  c.fit.source = std::string_view{rows.front()->source}.substr(0, 96);
  if (all.empty()) {  // too few shapes to hold any back: an error that says so
    c.fit.error = 1;
    c.fit.overhead = c.fit.memory = c.fit.compute = {0.5, 2};
    return c;
  }
  c.fit.error = rounded(error / static_cast<double>(all.size()));
  const auto band = [&](std::size_t i) {
    return internal::band_of(logs[i].size() >= 25 ? logs[i] : all);
  };
  c.fit.overhead = band(0);
  c.fit.memory = band(1);
  c.fit.compute = band(2);
  return c;
}

/// Rows below which a fit starts from what the device inherits and moves the few constants that every row tells of.
inline constexpr std::size_t few_rows = 120;

/// The constants that a device inherits for a family, where rows are few; nullptr where there are enough, or nothing to inherit.
template <class Pick>
[[nodiscard]] auto inherited_constants(const row_list& rows, Pick family) {
  const auto match = find_calibration(*rows.front()->device, nullptr, family);
  return rows.size() < few_rows ? match.constants : nullptr;
}

/// Fits a family of few rows: `inherited` with the constants in `moved`, which start from what they are.
template <class Constants, class Estimate>
Constants fit_few(const Constants& inherited, std::vector<free_constant<Constants>> moved,
                  const row_list& rows, Estimate estimate) {
  Constants structure = inherited;
  structure.fit = {};
  for (free_constant<Constants>& one : moved) {
    one.start = inherited.*one.member;
  }
  return fit_family(structure, moved, {{}}, rows, estimate, no_refinement{});
}

}  // namespace quantroof::io

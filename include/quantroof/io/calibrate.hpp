// SPDX-License-Identifier: Apache-2.0
//
// A device's calibration from measured kernel times: which rows count, which constants are free, cross-validation over shapes, intervals.
// examples/calibrate is a thin program around it; the constants in hardware/calibration_data.hpp are its output.
//
// Cross-validation: shapes, not rows, are dealt into four parts ((n, k) pairs for GEMM, heads x length for attention); each part is
// predicted with constants fitted to the other three. Errors and intervals come from those predictions, constants from all rows.
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
#include <vector>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/kernel_structure.hpp"
#include "quantroof/io/fit.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/decode.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/gemm_settings.hpp"
#include "quantroof/roofline/prefill.hpp"

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
    if (!is_bundled(*row) && !on_host) {
      by_source[row->source].push_back(row);
    }
  }
  const auto& preferred =
      kind == measurement_kind::gemm ? reference_gemm_sources : reference_attention_sources;
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
    return r.kind == measurement_kind::gemm
               ? shape_key{r.shape.n, r.shape.k, 0, 0}
               : shape_key{r.attention.head_dim, r.attention.num_heads, r.attention.num_kv_heads,
                           r.attention.seq_len_kv};
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

/// The smooth rest: eight numbers on a grid over log2 m and log2 (n k), by robust ridge regression on the log of what the formula misses.
template <class Residual>
void fit_correction(gemm_constants& c, const row_list& rows, Residual residual) {
  constexpr std::size_t n = 8;
  std::vector<std::array<double, n>> weights;
  std::vector<double> rest;
  for (const measurement* row : rows) {
    std::array<double, n> w{};
    for (std::size_t j = 0; j < n; ++j) {  // the factor is linear in the table: read it off
      std::array<double, n> unit{};
      unit[j] = 1;
      w[j] = std::log(quantroof::detail::gemm_correction(unit, row->shape));
    }
    weights.push_back(w);
    rest.push_back(residual(*row));
  }
  std::array<double, n> table{};
  std::vector<double> trust(rest.size(), 1.0);
  for (int round = 0; round < 12; ++round) {
    std::array<std::array<double, n + 1>, n> a{};
    for (std::size_t i = 0; i < rest.size(); ++i) {
      for (std::size_t p = 0; p < n; ++p) {
        for (std::size_t q = 0; q < n; ++q) {
          a[p][q] += trust[i] * weights[i][p] * weights[i][q];
        }
        a[p][n] += trust[i] * weights[i][p] * rest[i];
      }
    }
    for (std::size_t p = 0; p < n; ++p) {
      a[p][p] += 4;  // as if four rows said 0 at each corner
    }
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t r = 0; r < n; ++r) {
        if (r != p) {
          const double f = a[r][p] / a[p][p];
          for (std::size_t q = p; q <= n; ++q) {
            a[r][q] -= f * a[p][q];
          }
        }
      }
    }
    for (std::size_t p = 0; p < n; ++p) {
      table[p] = a[p][n] / a[p][p];
    }
    for (std::size_t i = 0; i < rest.size(); ++i) {
      double left = rest[i];
      for (std::size_t p = 0; p < n; ++p) {
        left -= weights[i][p] * table[p];
      }
      trust[i] = 0.05 / std::max(0.03, std::abs(left));
    }
  }
  for (std::size_t p = 0; p < n; ++p) {
    c.correction[p] = rounded(std::round(std::clamp(table[p], -0.5, 0.5) * 1e4) / 1e4);
  }
}

/// GEMM constants of one kernel on one device.
///
/// requires  rows of one device and one gemm_kernel, not empty
[[nodiscard]] inline gemm_constants fit_gemm(const row_list& rows) {
  using c = gemm_constants;
  const hardware_spec& hw = *rows.front()->device;
  const gemm_kernel kernel = rows.front()->gemm;
  const kernel_generation generation = generation_of(hw.arch);
  const double inf = internal::unbounded;
  std::vector<free_constant<c>> free{
      {"matrix_share", &c::matrix_share, 0.8, 0, 0.98},
      {"memory_share", &c::memory_share, 0.85, 0, 0.96},
      {"fixed_us", &c::fixed_us, 4, 0, inf},
      {"feed_bytes_per_clock", &c::feed_bytes_per_clock, 60, 0, inf},
      {"soft_waves", &c::soft_waves, 0.5, 0, 1},
      {"epilogue_gb_s", &c::epilogue_gb_s, 30, 0, inf},
  };
  const bool integer =
      kernel == gemm_kernel::int8 || kernel == gemm_kernel::w8a16 || kernel == gemm_kernel::w4a16;
  if (integer) {
    free.push_back({"vector_us", &c::vector_us, 7, 0, inf});
    free.push_back({"dequantize_us", &c::dequantize_us, 1, 0, inf});
  } else if (kernel != gemm_kernel::dense16 && rows.front()->quantization_included) {
    free.push_back({"quantize_gelem_s", &c::quantize_gelem_s, 5, 0, inf});
    if (kernel == gemm_kernel::fp8_block128 && generation == kernel_generation::blackwell_rtx) {
      free.push_back({"quantize_row_us", &c::quantize_row_us, 0.02, 0, inf});
    }
  }
  if (kernel == gemm_kernel::fp8_block128 && generation == kernel_generation::hopper) {
    free.push_back({"ragged", &c::ragged, 0.6, 0, inf});
  }
  const device_rates rates = rates_of(hw);
  gemm_setting setting = gemm_setting_of(hw, kernel);
  setting.residency = weight_residency::benchmark_loop;
  const double clock = rates.clock_mhz * 1e-3;  // feeds of 60, 150 and 300 GB/s per SM
  return fit_family(
      gemm_structure(hw.arch, kernel), free,
      {{{3, 60 / clock}, {4, 0.2}}, {{3, 150 / clock}}, {{3, 300 / clock}, {4, 0.8}}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_gemm(rates, constants, setting, row.shape);
      },
      [=](c& constants, const row_list& some) {
        // at most four families an architecture, 32 numbers
        if ((kernel == gemm_kernel::w8a16 || kernel == gemm_kernel::w4a16) &&
            generation != kernel_generation::ampere) {
          return;
        }
        fit_correction(constants, some, [&](const measurement& row) {
          return std::log(row.time_us /
                          estimate_gemm(rates, constants, setting, row.shape).time_us);
        });
      });
}

/// The call that an attention row measured.
[[nodiscard]] inline prefill_setting prefill_setting_of(const measurement& row,
                                                        attention_kernel kernel) {
  const bool fp8_products = row.fp8_cache && kernel != attention_kernel::flashinfer;
  return {.width = fp8_products ? attention_width::bits8 : attention_width::bits16,
          .query_bytes = fp8_products ? 1.0 : 2.0,
          .kv_bytes = row.fp8_cache ? 1.0 : 2.0,
          .shared_memory_kb = row.device->shared_memory_kb.value_or(164)};
}
[[nodiscard]] inline decode_setting decode_setting_of(const measurement& row) {
  return {.width = row.width, .kv_bytes = row.fp8_cache ? 1.0 : 2.0};
}

/// Constants of attention over prompts on one device.
///
/// requires  rows of one device and one width, not empty
[[nodiscard]] inline prefill_constants fit_prefill(const row_list& rows) {
  using c = prefill_constants;
  const hardware_spec& hw = *rows.front()->device;
  c structure{.kernel = serving_kernel(hw.arch, rows.front()->width)};
  // vLLM writes a token's K and V with a block of min(heads * dim, 512) threads, SGLang with a full one
  structure.token_heads_dim = rows.front()->source.find("sglang") == std::string::npos ? 512 : 0;
  structure.l2_speedup = 1;
  const bool overlaps = structure.kernel == attention_kernel::trtllm;
  const double inf = internal::unbounded;
  std::vector<free_constant<c>> free{
      {"fixed_us", &c::fixed_us, 6, 0, inf},
      {"matmul", &c::matmul, 1.2, 0, inf},
      {"softmax", &c::softmax, 1, 0, inf},
      {"block_cycles", &c::block_cycles, 5500, 0, inf},
      {"tail", &c::tail, 0.5, 0, 2},
      {"token_us", &c::token_us, 0.002, 0, inf},
      {"write_share", &c::write_share, 0.8, 0, 1.2},
      {"memory_share", &c::memory_share, 0.7, 0, 1},
      {"l2_speedup", &c::l2_speedup, 3, 1, inf},
      {"l2_share", &c::l2_share, 0.7, 0, inf},
  };
  if (structure.kernel == attention_kernel::flashinfer) {
    free.push_back({"merge_us", &c::merge_us, 0.37, 0, inf});
  }
  if (overlaps) {
    structure.softmax_fixed = 0.02;  // between the two published joint fits of FA4 and cuDNN
    bool wide = false;
    for (const measurement* row : rows) {
      wide = wide || row->attention.head_dim > 192;
    }
    if (wide) {
      free.push_back({"wide_head", &c::wide_head, 1.2, 0, inf});
    }
  }
  const device_rates rates = rates_of(hw);
  return fit_family(
      structure, free, {{}, {{1, 1.6}, {2, 0.5}}, {{1, 1.0}, {2, 1.5}}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_prefill(rates, constants, prefill_setting_of(row, constants.kernel),
                                row.attention);
      },
      [](c&, const row_list&) {});
}

/// Constants of attention over a cache on one device.
///
/// requires  rows of one device and one width of the cache, not empty
[[nodiscard]] inline decode_constants fit_decode(const row_list& rows) {
  using c = decode_constants;
  const hardware_spec& hw = *rows.front()->device;
  const c structure{.kernel = serving_kernel(hw.arch, rows.front()->width)};
  const double inf = internal::unbounded;
  std::vector<free_constant<c>> free{
      {"fixed_us", &c::fixed_us, 9, 0, inf},       {"memory_share", &c::memory_share, 0.85, 0, 1},
      {"l2_speedup", &c::l2_speedup, 2.5, 1, inf}, {"l2_share", &c::l2_share, 0.7, 0, inf},
      {"item_us", &c::item_us, 1.5, 0, inf},       {"matmul", &c::matmul, 1.3, 0, inf},
      {"combine_us", &c::combine_us, 0.5, 0, inf}, {"split_us", &c::split_us, 0.1, 0, inf},
  };
  if (structure.kernel == attention_kernel::fa2) {
    free.push_back({"swap_us", &c::swap_us, 5, 0, inf});
  }
  const device_rates rates = rates_of(hw);
  return fit_family(
      structure, free, {{}, {{5, 0.5}, {4, 3.0}}, {{5, 3.0}, {4, 0.8}}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_decode(rates, constants, decode_setting_of(row), row.attention);
      },
      [](c&, const row_list&) {});
}

/// Fewest measurements that a family is fitted to.
inline constexpr std::size_t fewest_rows = 20;

/// Everything that the rows of one device tell. Families with fewer than `fewest_rows` measurements are left out.
///
/// requires  rows of one device (others are ignored)
[[nodiscard]] inline device_calibration calibrate(const measurement_set& set,
                                                  const hardware_spec& hw, std::string_view date) {
  device_calibration c;
  c.device = hw.key;
  c.arch = hw.arch;
  c.date = date.substr(0, 16);
  std::array<row_list, gemm_kernel_count> gemm;
  std::array<row_list, 2> prefill;
  std::array<row_list, 2> decode;
  for (const measurement& row : set.rows) {
    if (row.device->key != hw.key) {
      continue;
    }
    if (row.kind == measurement_kind::gemm) {
      gemm[static_cast<std::size_t>(row.gemm)].push_back(&row);
    } else if (row.kind == measurement_kind::prefill) {
      prefill[static_cast<std::size_t>(row.width)].push_back(&row);
    } else if (row.kind == measurement_kind::decode) {
      decode[static_cast<std::size_t>(row.width)].push_back(&row);
    }
  }
  const auto fit = [](auto& to, const row_list& all, measurement_kind kind, auto function) {
    const row_list rows = internal::reference_rows(all, kind);
    if (rows.size() >= fewest_rows) {
      to = function(rows);
    }
  };
  for (std::size_t i = 0; i < gemm.size(); ++i) {
    fit(c.gemm[i], gemm[i], measurement_kind::gemm, fit_gemm);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    fit(c.prefill[i], prefill[i], measurement_kind::prefill, fit_prefill);
    fit(c.decode[i], decode[i], measurement_kind::decode, fit_decode);
  }
  return c;
}

}  // namespace quantroof::io

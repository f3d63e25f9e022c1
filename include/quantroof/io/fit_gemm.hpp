// SPDX-License-Identifier: Apache-2.0
//
// The constants of one kind of GEMM kernel on one device from measured times: seven to nine numbers by simplex, then the smooth rest.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/kernel_structure.hpp"
#include "quantroof/io/fit.hpp"
#include "quantroof/io/fit_family.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/gemm_settings.hpp"

namespace quantroof::io {

/// The smooth rest: eight numbers on a grid over log2 m and log2 (n k), by robust ridge regression on what the formula misses.
template <class Residual>
void fit_correction(gemm_constants& c, const row_list& rows, Residual residual) {
  constexpr std::size_t n = 8;
  std::vector<std::array<double, n>> weights;
  std::vector<double> rest;
  for (const measurement* row : rows) {
    if (row->shape.m <= c.vector_rows) {  // calls on vector units have none
      continue;
    }
    std::array<double, n> w{};
    for (std::size_t j = 0; j < n; ++j) {  // the factor is linear in the table: read it off
      std::array<double, n> unit{};
      unit[j] = 1;
      w[j] = quantroof::detail::gemm_correction(unit, row->shape) - 1;
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

/// The constants of calls on vector units, from the rows that are such calls: no other row depends on them.
template <class Estimate>
void fit_vector(gemm_constants& constants, const row_list& rows, Estimate estimate,
                bool weight_only) {
  using c = gemm_constants;
  row_list few;
  for (const measurement* row : rows) {
    if (row->shape.m <= constants.vector_rows) {
      few.push_back(row);
    }
  }
  if (few.size() < 8) {  // nobody measured them: no kernel apart
    constants.vector_rows = 0;
    constants.vector_l2_share = constants.vector_memory_share = 0;
    return;
  }
  const double inf = internal::unbounded;
  std::vector<free_constant<c>> free{
      {"vector_us", &c::vector_us, 7, 0, inf},
      {"vector_memory_share", &c::vector_memory_share, 0.85, 0, 0.96},
  };
  if (constants.vector_rows > 1) {  // one row asks for nothing but its weights
    free.push_back({"vector_share", &c::vector_share, 0.5, 0, inf});
  }
  if (weight_only) {  // a CTA dequantizes its columns one after another
    free.push_back({"vector_k_us", &c::vector_k_us, 1, 0, inf});
  }
  constants = fit_constants<c, measurement>(
      constants, free, few,
      [&](const c& some, const measurement& row) { return estimate(some, row).time_us; },
      [](const measurement& row) { return row.time_us; }, {{}});
}

/// GEMM constants of one kernel on one device; of few rows (few_rows) shares and fixed time, the rest inherited.
///
/// requires  rows of one device and one gemm_kernel, not empty
[[nodiscard]] inline gemm_constants fit_gemm(const row_list& rows) {
  using c = gemm_constants;
  const hardware_spec& hw = *rows.front()->device;
  const gemm_kernel kernel = rows.front()->gemm;
  const kernel_generation generation = generation_of(hw.arch);
  const double inf = internal::unbounded;
  // an operand feed that binds first tells little of DRAM: no more of it than other kernels reach
  const bool weight_only = kernel == gemm_kernel::w8a16 || kernel == gemm_kernel::w4a16;
  std::vector<free_constant<c>> free{
      {"matrix_share", &c::matrix_share, 0.8, 0, 0.98},
      {"memory_share", &c::memory_share, weight_only ? 0.8 : 0.85, 0, weight_only ? 0.9 : 0.96},
      {"fixed_us", &c::fixed_us, 4, 0, inf},
      {"feed_bytes_per_clock", &c::feed_bytes_per_clock, 60, 0, inf},
      {"soft_waves", &c::soft_waves, 0.5, 0, 1},
      {"epilogue_gb_s", &c::epilogue_gb_s, 30, 0, inf},
  };
  const bool integer =
      kernel == gemm_kernel::int8 || kernel == gemm_kernel::w8a16 || kernel == gemm_kernel::w4a16;
  if (integer) {
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
  setting.residency = l2_residency::benchmark_loop;
  const auto estimate = [=](const c& constants, const measurement& row) {
    return estimate_gemm(rates, constants, setting, row.shape);
  };
  const auto index = static_cast<std::size_t>(kernel);
  if (const auto* inherited = inherited_constants(
          rows, [index](const device_calibration& d) -> const c& { return d.gemm[index]; })) {
    return fit_few(*inherited, {free[0], free[1], free[2]}, rows, estimate);
  }
  c structure = gemm_structure(hw.arch, kernel);
  structure.vector_memory_share = structure.vector_rows > 0 ? 0.85 : 0;  // until they are fitted
  const double clock = rates.clock_mhz * 1e-3;  // feeds of 60, 150 and 300 GB/s per SM
  std::vector<std::vector<std::pair<std::size_t, double>>> starts{
      {{3, 60 / clock}, {4, 0.2}}, {{3, 150 / clock}}, {{3, 300 / clock}, {4, 0.8}}};
  if (weight_only) {  // or a CTA's dequantization sets the pace, not its feed
    starts.push_back({{2, 10}, {3, 60 / clock}, {5, 20}, {6, 10}});
  }
  return fit_family(structure, free, starts, rows, estimate,
                    [=](c& constants, const row_list& some) {
                      fit_vector(constants, some, estimate, weight_only);
                      // at most four families an architecture, 32 numbers
                      if (!weight_only || generation == kernel_generation::ampere) {
                        fit_correction(constants, some, [&](const measurement& row) {
                          return row.time_us / estimate(constants, row).time_us - 1;
                        });
                      }
                    });
}

}  // namespace quantroof::io

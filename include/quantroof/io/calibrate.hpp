// SPDX-License-Identifier: Apache-2.0
//
// A device's calibration from measured kernel times: every family that has enough rows. examples/calibrate is a thin program around it; the
// constants in hardware/measured_*.hpp are its output. How a family is fitted and validated: fit_family.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/fit_attention.hpp"
#include "quantroof/io/fit_family.hpp"
#include "quantroof/io/fit_gemm.hpp"
#include "quantroof/io/fit_other.hpp"
#include "quantroof/io/measurements.hpp"

namespace quantroof::io {

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
  c.sm_count = hw.sm_count.value_or(0);
  c.clock_mhz = hw.tensor_clock_mhz.value_or(0);
  std::array<row_list, gemm_kernel_count> gemm;
  std::array<row_list, 2> prefill;
  std::array<row_list, 2> decode;
  std::array<row_list, gemm_kernel_count> moe;
  std::array<row_list, 2> mla_prefill;
  std::array<row_list, 2> mla_decode;
  row_list elementwise;
  std::array<row_list, 2> collectives;
  for (const measurement& row : set.rows) {
    if (row.device->key != hw.key) {
      continue;
    }
    const auto width = static_cast<std::size_t>(row.width);
    switch (row.kind) {
      case measurement_kind::gemm:
        gemm[static_cast<std::size_t>(row.gemm)].push_back(&row);
        break;
      case measurement_kind::prefill:
        prefill[width].push_back(&row);
        break;
      case measurement_kind::decode:
        decode[width].push_back(&row);
        break;
      case measurement_kind::moe:
        if (!internal::is_bundled(row)) {
          moe[static_cast<std::size_t>(row.gemm)].push_back(&row);
        }
        break;
      case measurement_kind::mla:
        (row.op == "context" ? mla_prefill : mla_decode)[width].push_back(&row);
        break;
      case measurement_kind::elementwise:
        if (row.op == "quant_fp8_static") {  // the one operator measured everywhere
          elementwise.push_back(&row);
        }
        break;
      case measurement_kind::collective:
        collectives[row.kernel == "nccl" ? 1 : 0].push_back(&row);
        break;
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
    fit(c.mla_prefill[i], mla_prefill[i], measurement_kind::mla, fit_mla_prefill);
    fit(c.mla_decode[i], mla_decode[i], measurement_kind::mla, fit_mla_decode);
    fit(c.collectives[i], collectives[i], measurement_kind::collective, fit_collective);
  }
  for (std::size_t i = 0; i < moe.size(); ++i) {
    fit(c.moe[i], moe[i], measurement_kind::moe, fit_moe);
  }
  fit(c.elementwise[0], elementwise, measurement_kind::elementwise, fit_elementwise);
  return c;
}

}  // namespace quantroof::io

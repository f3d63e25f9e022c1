// SPDX-License-Identifier: Apache-2.0
//
// Which attention kernels a plan takes: of those that an engine offers and that read the cache, the fastest of each phase.
#pragma once

#include <array>
#include <cstddef>

#include "quantroof/engine/engine_support.hpp"
#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/phase.hpp"

namespace quantroof::detail {

/// The attention of both phases in one engine: the fastest kernels that read the cache.
struct kernel_choice {
  bool found = false;
  bool fp8_products = false;
  std::array<std::size_t, 2> kernel{no_flash_attention, no_flash_attention};
};

/// The kernels of an engine for a cache, both as indices; with or without those that multiply in FP8.
[[nodiscard]] constexpr kernel_choice kernels_of(const optimize_tables& t, const hardware_spec& hw,
                                                 std::size_t engine, std::size_t cache,
                                                 bool fp8_allowed) {
  kernel_choice c;
  const cache_format kv = t.caches[cache].kv;
  if (t.runs[no_flash_attention]) {  // separate kernels read 16 bits
    c.found = kv.is_single() && format_of(kv.key).element_bits == 16;
    return c;
  }
  const auto time_of = [&](phase ph, std::size_t kernel) {
    double sum = 0;
    for (std::size_t p = 0; p < t.workload.size(); ++p) {
      sum +=
          t.workload[p].phase == ph ? t.workload[p].weight * t.attention_us[cache][kernel][p] : 0.0;
    }
    return sum;
  };
  for (const phase ph : {phase::prefill, phase::decode}) {
    std::size_t& kernel = c.kernel[static_cast<std::size_t>(ph)];
    for (const attention_support& row : support::attention) {
      const auto v = static_cast<std::size_t>(row.version);
      if (!row.engines.contains(engine) || !row.devices.contains(hw.arch) || !t.runs[v] ||
          !reads_cache(row, kv) || (!fp8_allowed && multiplies_fp8(hw, kv, v))) {
        continue;
      }
      // decode takes the kernel of prefill where it is no slower
      const bool same = ph == phase::decode && v == c.kernel[0];
      if (kernel == no_flash_attention || time_of(ph, v) < time_of(ph, kernel) ||
          (same && time_of(ph, v) <= time_of(ph, kernel))) {
        kernel = v;
      }
    }
  }
  c.found = c.kernel[0] != no_flash_attention && c.kernel[1] != no_flash_attention;
  c.fp8_products =
      c.found && (multiplies_fp8(hw, kv, c.kernel[0]) || multiplies_fp8(hw, kv, c.kernel[1]));
  return c;
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// The constants of attention over prompts, over a cache, and of MLA on one device from measured times.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/kernel_structure.hpp"
#include "quantroof/io/fit.hpp"
#include "quantroof/io/fit_family.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/roofline/decode.hpp"
#include "quantroof/roofline/mla.hpp"
#include "quantroof/roofline/prefill.hpp"

namespace quantroof::io {

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
  return {.width = row.width,
          .kv_bytes = row.fp8_cache ? 1.0 : 2.0,
          .residency = l2_residency::benchmark_loop};
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
  } else if (rows.front()->fp8_cache) {
    structure.quantize_bytes = 3;  // Q read in 16 bits, written in 8
    if (overlaps) {                // vLLM fuses this pass on Blackwell, SGLang takes several
      free.push_back({"quantize_bytes", &c::quantize_bytes, 3, 0, 16});
    }
  }
  free.push_back({"clock_loss", &c::clock_loss, 0.05, 0, 1});
  if (overlaps) {
    structure.softmax_fixed = 0.02;  // between the two published joint fits of FA4 and cuDNN
    bool wide = false;
    for (const measurement* row : rows) {
      wide = wide || row->attention.head_dim > 192;
    }
    // where nobody measured d 256: between what B200 and GB200 take
    structure.wide_head = rows.front()->width == attention_width::bits16 ? 1.3 : 1.2;
    if (wide) {
      free.push_back({"wide_head", &c::wide_head, 1.2, 0, inf});
    }
  }
  const device_rates rates = rates_of(hw);
  const auto estimate = [=](const c& constants, const measurement& row) {
    return estimate_prefill(rates, constants, prefill_setting_of(row, constants.kernel),
                            row.attention);
  };
  const auto width = static_cast<std::size_t>(rows.front()->width);
  const auto* inherited = inherited_constants(
      rows, [width](const device_calibration& d) -> const c& { return d.prefill[width]; });
  if (inherited != nullptr && inherited->kernel == structure.kernel) {
    return fit_few(*inherited, {free[0], free[1], free[2]}, rows, estimate);
  }
  return fit_family(structure, free, {{}, {{1, 1.6}, {2, 0.5}}, {{1, 1.0}, {2, 1.5}}}, rows,
                    estimate, no_refinement{});
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
      {"head_us", &c::head_us, 0.02, 0, inf},
  };
  if (structure.kernel == attention_kernel::fa2) {
    free.push_back({"swap_us", &c::swap_us, 5, 0, inf});
  }
  const device_rates rates = rates_of(hw);
  const auto estimate = [=](const c& constants, const measurement& row) {
    return estimate_decode(rates, constants, decode_setting_of(row), row.attention);
  };
  const auto width = static_cast<std::size_t>(rows.front()->width);
  const auto* inherited = inherited_constants(
      rows, [width](const device_calibration& d) -> const c& { return d.decode[width]; });
  if (inherited != nullptr && inherited->kernel == structure.kernel) {
    return fit_few(*inherited, {free[0], free[1], free[4]}, rows, estimate);
  }
  return fit_family(structure, free, {{}, {{5, 0.5}, {4, 3.0}}, {{5, 3.0}, {4, 0.8}}}, rows,
                    estimate, no_refinement{});
}

/// MLA's prefill call: 192 numbers a head for Q and K, 128 for V.
[[nodiscard]] inline prefill_setting mla_prefill_setting_of(const measurement& row) {
  return {.width = row.width,
          .query_bytes = row.fp8_cache ? 1.0 : 2.0,
          .kv_bytes = row.fp8_cache ? 1.0 : 2.0,
          .value_dim = 128,
          .latent_dim = 576,
          .shared_memory_kb = row.device->shared_memory_kb.value_or(164)};
}

/// Constants of MLA over prompts on one device.
///
/// requires  rows of one device and one width of the cache, not empty
[[nodiscard]] inline prefill_constants fit_mla_prefill(const row_list& rows) {
  using c = prefill_constants;
  const double inf = internal::unbounded;
  c structure{.kernel = serving_kernel(rows.front()->device->arch, attention_width::bits16),
              .softmax = 0.8,
              .tail = 0.5,
              .write_share = 0.8,
              .memory_share = 0.7,
              .l2_share = 0.7,
              .quantize_bytes = rows.front()->fp8_cache ? 3.0 : 0.0};
  const std::vector<free_constant<c>> free{{"fixed_us", &c::fixed_us, 15, 0, inf},
                                           {"matmul", &c::matmul, 1.2, 0, inf},
                                           {"block_cycles", &c::block_cycles, 5500, 0, inf},
                                           {"token_us", &c::token_us, 0.002, 0, inf},
                                           {"clock_loss", &c::clock_loss, 0.05, 0, 1}};
  const device_rates rates = rates_of(*rows.front()->device);
  return fit_family(
      structure, free, {{}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_prefill(rates, constants, mla_prefill_setting_of(row), row.attention);
      },
      no_refinement{});
}

/// Fewest keys that TensorRT-LLM's MLA kernels give a part of a sequence; 0 on workstation Blackwell, where one CTA walks all of it.
///
/// source    exploration on aiconfigurator's tables (1.3.0rc20): time there grows with the length alone up to a sequence a SM
[[nodiscard]] inline double mla_part_keys(architecture arch) {
  switch (generation_of(arch)) {
    case kernel_generation::blackwell_rtx:
      return 0;
    case kernel_generation::blackwell:
      return 512;
    default:
      return 256;
  }
}

/// Constants of MLA over a cache on one device.
///
/// requires  rows of one device and one width of the cache, not empty
[[nodiscard]] inline mla_constants fit_mla_decode(const row_list& rows) {
  using c = mla_constants;
  const double inf = internal::unbounded;
  const hardware_spec& hw = *rows.front()->device;
  const c structure{.part_keys = mla_part_keys(hw.arch)};
  std::vector<free_constant<c>> free{{"fixed_us", &c::fixed_us, 10, 0, inf},
                                     {"memory_share", &c::memory_share, 0.8, 0, 1.2},
                                     {"matrix_share", &c::matrix_share, 0.5, 0, 1.2},
                                     {"l2_speedup", &c::l2_speedup, 2, 1, inf},
                                     {"l2_share", &c::l2_share, 0.7, 0, inf},
                                     {"item_us", &c::item_us, 1, 0, inf}};
  if (structure.part_keys > 0) {
    free.push_back({"split_us", &c::split_us, 0.1, 0, inf});
  }
  const device_rates rates = rates_of(hw);
  return fit_family(
      structure, free, {{}, {{2, 0.2}}}, rows,
      [=](const c& constants, const measurement& row) {
        return estimate_mla_decode(rates, constants, row.width, row.fp8_cache ? 1.0 : 2.0,
                                   {.batch = row.attention.batch,
                                    .heads = row.attention.num_heads,
                                    .seq_len_kv = row.attention.seq_len_kv});
      },
      no_refinement{});
}

}  // namespace quantroof::io

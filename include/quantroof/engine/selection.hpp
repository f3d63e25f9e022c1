// SPDX-License-Identifier: Apache-2.0
//
// The specification's context-aware rules: which strategy and which FlashAttention version for a workload on a device.
//
//   prefill            fp8_balanced where the device has FP8, else fp16_baseline (weight-only formats save no arithmetic)
//   decode             nvfp4_blackwell where it has FP4, else w4a16_aggressive
//   decode, > 8K       hybrid_long_context
//   any, > 16K         FA4 with 30 % of the blocks skipped, where it runs and the KV cache is quantized
//   otherwise          FA3, else FA4, FA2, FA1: the first that runs; none: attention as separate kernels
//
// Rules, not a search: engine/optimize answers what is best.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/engine/scenario.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/roofline/attention.hpp"

namespace quantroof {

inline constexpr std::int64_t long_context_tokens = 8192;  // the specification: ">8K context"
inline constexpr std::int64_t very_long_context_tokens =
    16384;  // the specification: "Very long context (>16K)"
inline constexpr double long_context_sparsity = 0.3;  // the specification: "30% of blocks skipped"

/// A rule that applied: the strategy it names and why.
struct strategy_choice {
  std::string_view strategy;
  std::string_view why;
};

/// The strategy the rules above give.
///
/// requires  is_valid(s)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr strategy_choice select_strategy(const hardware_spec& hw,
                                                        const scenario& s) {
  is_valid(s);
  if (s.phase == phase::prefill) {
    return has_fp8(hw) ? strategy_choice{"fp8_balanced",
                                         "prefill is compute bound and the device multiplies FP8 "
                                         "at twice the 16-bit rate"}
                       : strategy_choice{"fp16_baseline",
                                         "prefill is compute bound and the device has no FP8 "
                                         "units; weight-only formats save no arithmetic"};
  }
  if (s.seq_len > long_context_tokens) {
    return {"hybrid_long_context",
            "decode beyond 8K tokens reads more KV cache than weights: the cache goes to the "
            "smallest format"};
  }
  return has_fp4(hw)
             ? strategy_choice{"nvfp4_blackwell",
                               "decode is memory bound and the device has FP4 units: all weights "
                               "in 4 bits"}
             : strategy_choice{
                   "w4a16_aggressive",
                   "decode is memory bound; the device has no FP4 units, so weights go to INT4 and "
                   "are multiplied in 16 bits"};
}

/// The FlashAttention configuration the rules above give; nullopt where no release runs on the device.
///
/// formula   Q, K, V in FP8 where the version and the device take it and the strategy stores the KV cache in 8 bits or fewer
/// requires  is_valid(s); kv_cache is a format of the strategy as the device runs it
[[nodiscard]] constexpr std::optional<flash_attention_config> select_attention(
    const hardware_spec& hw, const scenario& s, cache_format kv_cache) {
  using enum flash_attention_version;
  const bool quantized =
      format_of(kv_cache.key).element_bits <= 8 && format_of(kv_cache.value).element_bits <= 8;
  const bool sparse =
      s.seq_len > very_long_context_tokens && quantized && runs_flash_attention(hw, fa4);
  for (const flash_attention_version v : {fa3, fa4, fa2, fa1}) {
    if (!runs_flash_attention(hw, v) || (sparse && v != fa4)) {
      continue;
    }
    const bool fp8 = quantized && takes_precision(v, precision::fp8_e4m3) &&
                     supports_natively(hw, precision::fp8_e4m3);
    return flash_attention_config{.version = v,
                                  .qkv_precision = fp8 ? precision::fp8_e4m3 : native_16bit(hw),
                                  .kv_cache_precision = kv_cache.key,
                                  .value_cache_precision = kv_cache.own_value(),
                                  .use_native_fp8 = fp8,
                                  .block_sparse = sparse,
                                  .sparsity_ratio = sparse ? long_context_sparsity : 0.0};
  }
  return std::nullopt;
}

/// The attention of the 16-bit baseline: FA2, as in the specification, else the oldest version that runs.
[[nodiscard]] constexpr std::optional<flash_attention_config> baseline_attention(
    const hardware_spec& hw) {
  using enum flash_attention_version;
  for (const flash_attention_version v : {fa2, fa1, fa3, fa4}) {
    if (runs_flash_attention(hw, v)) {
      return flash_attention_config{
          .version = v, .qkv_precision = native_16bit(hw), .kv_cache_precision = native_16bit(hw)};
    }
  }
  return std::nullopt;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The six named strategies of the specification. Each is a function that returns a mixed_precision_config; `strategies` lists them.
//
// What the specification's table claims of each stands in `claims`. Where it is silent, we keep the LM head and vector operators in
// 16 bits, as every published FP8 and W4A16 checkpoint does (27 hf_quant_config.json files read).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/model/mixed_precision.hpp"

namespace quantroof {

namespace detail {
constexpr void set_all(operator_precision_map& map, operator_set ops, precision p) {
  for (const operator_type op : operator_types) {
    if (ops.contains(op)) {
      map.set(op, p);
    }
  }
}
}  // namespace detail

/// Everything in FP16: the reference.
[[nodiscard]] constexpr mixed_precision_config create_fp16_baseline() {
  return {.name = "fp16_baseline",
          .description = "All weights, activations and the KV cache in FP16.",
          .claims = {.speedup = 1.0,
                     .quality_loss = "None",
                     .memory_savings_pct = 0,
                     .best_for = "Accuracy reference"}};
}

/// Linear layers, their inputs, the attention products and the KV cache in FP8 E4M3.
[[nodiscard]] constexpr mixed_precision_config create_fp8_balanced() {
  mixed_precision_config c{.name = "fp8_balanced",
                           .description =
                               "Linear layers, activations, attention and KV cache in FP8 E4M3; "
                               "embeddings and LM head in FP16.",
                           .default_activation_precision = precision::fp8_e4m3,
                           .kv_cache_precision = precision::fp8_e4m3,
                           .claims = {.speedup = 2.0,
                                      .quality_loss = "<1%",
                                      .memory_savings_pct = 50,
                                      .best_for = "Hopper/Blackwell, balanced"}};
  detail::set_all(c.operator_precisions, block_linears, precision::fp8_e4m3);
  return c;
}

/// Weights of the linear layers in INT4 by groups of 128, everything else in FP16.
[[nodiscard]] constexpr mixed_precision_config create_w4a16_aggressive() {
  mixed_precision_config c{
      .name = "w4a16_aggressive",
      .description = "Linear layers in INT4 (groups of 128), multiplied in FP16; KV cache in FP16.",
      .claims = {.speedup = 4.0,
                 .quality_loss = "2-5%",
                 .memory_savings_pct = 75,
                 .best_for = "Max speed, decode"}};
  detail::set_all(c.operator_precisions, block_linears, precision::int4_g128);
  return c;
}

/// All weights in NVFP4, activations in FP16, KV cache in NVFP4_KV.
///
/// ignores   the LM head, which the specification does not list: kept in FP16, as published NVFP4 checkpoints keep it
[[nodiscard]] constexpr mixed_precision_config create_nvfp4_blackwell() {
  mixed_precision_config c{
      .name = "nvfp4_blackwell",
      .description =
          "All weights in NVFP4, activations in FP16, KV cache in NVFP4; LM head in FP16.",
      .kv_cache_precision = precision::nvfp4_kv,
      .claims = {.speedup = 4.0,
                 .quality_loss = "<1%",
                 .memory_savings_pct = 72,
                 .best_for = "GB10/B200, best accuracy/speed"}};
  detail::set_all(c.operator_precisions, block_linears, precision::nvfp4);
  c.operator_precisions.set(operator_type::embeddings, precision::nvfp4);
  return c;
}

/// FFN in NVFP4, attention projections in FP8, KV cache in NVFP4_KV: for contexts in which the cache outweighs the weights.
[[nodiscard]] constexpr mixed_precision_config create_hybrid_long_context() {
  mixed_precision_config c{.name = "hybrid_long_context",
                           .description =
                               "FFN in NVFP4, attention projections in FP8 E4M3, KV cache in "
                               "NVFP4; activations in FP16.",
                           .kv_cache_precision = precision::nvfp4_kv,
                           .claims = {.speedup = 3.0,
                                      .quality_loss = "1-2%",
                                      .memory_savings_pct = 60,
                                      .best_for = ">8K context, aggressive KV cache"}};
  detail::set_all(
      c.operator_precisions,
      {operator_type::q_proj, operator_type::k_proj, operator_type::v_proj, operator_type::o_proj},
      precision::fp8_e4m3);
  detail::set_all(c.operator_precisions,
                  {operator_type::ffn_gate, operator_type::ffn_up, operator_type::ffn_down},
                  precision::nvfp4);
  return c;
}

/// The first third of the layers in FP16, the second in FP8 E4M3, the last in NVFP4.
///
/// formula   FP16 below ceil(n / 3), FP8 below ceil(2 n / 3), NVFP4 from there: 32 layers give 0-10, 11-21, 22-31
/// requires  num_layers in [1, 2^16]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr mixed_precision_config create_layerwise_gradient(std::int64_t num_layers) {
  detail::expects(num_layers > 0 && num_layers <= (1 << 16),
                  "create_layerwise_gradient: num_layers must be in [1, 2^16]");
  mixed_precision_config c{.name = "layerwise_gradient",
                           .description =
                               "Early layers in FP16, middle layers in FP8 E4M3, late layers in "
                               "NVFP4; KV cache in FP8 E4M3.",
                           .kv_cache_precision = precision::fp8_e4m3,
                           .claims = {.speedup = 2.5,
                                      .quality_loss = "0.5-1%",
                                      .memory_savings_pct = 55,
                                      .best_for = "Progressive quantization"}};
  const std::int64_t fp8_from = detail::ceil_div(num_layers, std::int64_t{3});
  const std::int64_t nvfp4_from = detail::ceil_div(2 * num_layers, std::int64_t{3});
  const auto add = [&c](std::int64_t first, std::int64_t end, precision p) {
    if (first < end) {
      c.layer_overrides.push_back({.first_layer = first,
                                   .last_layer = end - 1,
                                   .operators = block_linears,
                                   .precision = p});
    }
  };
  add(0, fp8_from, precision::fp16);
  add(fp8_from, nvfp4_from, precision::fp8_e4m3);
  add(nvfp4_from, num_layers, precision::nvfp4);
  return c;
}

/// A named strategy: what get_strategy and list_strategies run over.
struct strategy_entry {
  std::string_view name;
  mixed_precision_config (*create)(std::int64_t num_layers);
};

/// To add a strategy, write a create_ function and one line here.
inline constexpr std::array strategies = {
    strategy_entry{"fp16_baseline", [](std::int64_t) { return create_fp16_baseline(); }},
    strategy_entry{"fp8_balanced", [](std::int64_t) { return create_fp8_balanced(); }},
    strategy_entry{"w4a16_aggressive", [](std::int64_t) { return create_w4a16_aggressive(); }},
    strategy_entry{"nvfp4_blackwell", [](std::int64_t) { return create_nvfp4_blackwell(); }},
    strategy_entry{"hybrid_long_context",
                   [](std::int64_t) { return create_hybrid_long_context(); }},
    strategy_entry{"layerwise_gradient",
                   [](std::int64_t num_layers) { return create_layerwise_gradient(num_layers); }},
};

namespace detail {
[[nodiscard]] constexpr bool strategies_are_valid() {
  for (const strategy_entry& entry : strategies) {
    const mixed_precision_config c = entry.create(32);
    if (!is_valid(c) || !(c.name == entry.name)) {
      return false;
    }
  }
  return true;
}
}  // namespace detail
static_assert(detail::strategies_are_valid());

/// The names and makers of all strategies, in the order of the specification's table.
[[nodiscard]] constexpr const auto& list_strategies() { return strategies; }

/// The strategy called `name`; num_layers matters for layerwise_gradient only.
///
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr mixed_precision_config get_strategy(std::string_view name,
                                                            std::int64_t num_layers = 32) {
  for (const strategy_entry& entry : strategies) {
    if (entry.name == name) {
      return entry.create(num_layers);
    }
  }
  detail::unknown_name("get_strategy", name, strategies,
                       [](const strategy_entry& entry) { return entry.name; });
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What no sum of errors foresees: combinations that failed wherever they were tried. Each rule is a name, a reason and who saw it.
//
// A rule makes a plan grade D: never to be ranked first, whatever its estimate. Not here: the estimate (quality.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/engine/quality_error.hpp"
#include "quantroof/engine/quality_options.hpp"
#include "quantroof/engine/quality_traits.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

enum class quality_rule : std::uint8_t {
  none,
  int4_channel_llama3_70b,
  int8_llama3_70b,
  int4_channel_rounded,
  small_model_4bit,
  mxfp4_rounded,
  int4_activations,
  bulk_erased,
  latent_factors,
  router_quantized,
  moe_per_tensor_fp8,
  kv4_long_reasoning,
  kv4_small_model,
  kv4_sinks,
  kv_fp8_scale_one,
  beyond_linear,
  reasoning_unmeasured,
};

/// A rule as it is told.
struct quality_rule_text {
  quality_rule value = quality_rule::none;
  std::string_view name{};
  std::string_view reason{};
  std::string_view source{};
};

namespace detail {
inline constexpr std::array quality_rules{
    quality_rule_text{quality_rule::none, "none", "", ""},
    quality_rule_text{quality_rule::int4_channel_llama3_70b, "int4_channel_llama3_70b",
                      "INT4 with a scale per channel breaks Llama-3-70B (perplexity 1e5), rounded "
                      "or by GPTQ",
                      "SpinQuant README"},
    quality_rule_text{quality_rule::int8_llama3_70b, "int8_llama3_70b",
                      "INT8 weights and inputs cost Llama-3-70B 4 to 15 % perplexity and a third "
                      "of its scores",
                      "DeepCompressor README; SmoothQuant README; arXiv 2408.15301"},
    quality_rule_text{quality_rule::int4_channel_rounded, "int4_channel_rounded",
                      "INT4 with a scale per channel, rounded: +31 % perplexity in the median",
                      "SpinQuant README; auto-round paper_acc.md"},
    quality_rule_text{quality_rule::small_model_4bit, "small_model_4bit",
                      "models up to 3 B lose 8 to 34 % perplexity with 4-bit weights",
                      "Model-Optimizer examples/windows/Benchmark.md; torchao qat.md"},
    quality_rule_text{quality_rule::mxfp4_rounded, "mxfp4_rounded",
                      "MXFP4 by rounding keeps 93 % of scores, 62 % of GSM8K on Llama-3.1-8B",
                      "auto-round opt_rtn.md and auto_scheme_acc.md"},
    quality_rule_text{quality_rule::int4_activations, "int4_activations",
                      "INT4 inputs without rotation diverge (perplexity 1e2 to 1e5)",
                      "SpinQuant README"},
    quality_rule_text{quality_rule::bulk_erased, "bulk_erased",
                      "one integer scale per tensor erases all channels but the outliers",
                      "derived: relative error above 0.05, where additivity ends"},
    quality_rule_text{quality_rule::latent_factors, "latent_factors",
                      "errors of the low-rank factors of latent attention multiply; vendors keep "
                      "them in 8 bits or more",
                      "llama.cpp PR #8194; NVIDIA's DeepSeek NVFP4 checkpoints"},
    quality_rule_text{quality_rule::router_quantized, "router_quantized",
                      "a quantized router sends tokens to other experts; every vendor keeps it in "
                      "16 bits",
                      "27 published hf_quant_config.json files"},
    quality_rule_text{
        quality_rule::moe_per_tensor_fp8, "moe_per_tensor_fp8",
        "one FP8 scale for the inputs of all experts cost Mixtral 2 % of GSM8K; casts "
        "that do not saturate made answers random",
        "vLLM PR #15587; vLLM PR #4570"},
    quality_rule_text{quality_rule::kv4_long_reasoning, "kv4_long_reasoning",
                      "4-bit KV caches cost 21 to 53 % of AIME25 and 3 to 37 % of GPQA",
                      "SGLang docs quantized_kv_cache.md"},
    quality_rule_text{quality_rule::kv4_small_model, "kv4_small_model",
                      "a 4-bit KV cache destroyed a 0.6 B model (+254 % perplexity)",
                      "ik_llama.cpp #1509 (Qwen3-0.6B, q4_0 with Hadamard)"},
    quality_rule_text{quality_rule::kv4_sinks, "kv4_sinks",
                      "a 4-bit KV cache with attention sinks: gpt-oss-120b AIME25 0.753 to 0.353",
                      "SGLang docs quantized_kv_cache.md"},
    quality_rule_text{quality_rule::kv_fp8_scale_one, "kv_fp8_scale_one",
                      "an FP8 KV cache with scale 1.0 and keys that nothing normalizes: large key "
                      "biases overflow it",
                      "verl PR #4435 (Qwen2.5); vLLM blog 2026-04-22"},
    quality_rule_text{quality_rule::beyond_linear, "beyond_linear",
                      "dlnPPL above 0.3, where errors no longer add: do not use",
                      "derived: largest loss that the model was fitted to"},
    quality_rule_text{quality_rule::reasoning_unmeasured, "reasoning_unmeasured",
                      "long reasoning does not follow from perplexity; it must be measured",
                      "derived: 57 % of 28 published figures within a band of 80 %"},
};
[[nodiscard]] constexpr bool rules_are_complete() {
  for (std::size_t i = 0; i < quality_rules.size(); ++i) {
    if (static_cast<std::size_t>(quality_rules[i].value) != i || quality_rules[i].name.empty() ||
        (i > 0 && (quality_rules[i].reason.empty() || quality_rules[i].source.empty()))) {
      return false;
    }
  }
  return true;
}
static_assert(rules_are_complete());
}  // namespace detail

/// What a rule says and who saw it.
[[nodiscard]] constexpr const quality_rule_text& text_of(quality_rule r) {
  detail::expects(static_cast<std::size_t>(r) < detail::quality_rules.size(),
                  "text_of: the value is not a quality_rule");
  return detail::quality_rules[static_cast<std::size_t>(r)];
}
[[nodiscard]] constexpr std::string_view to_string(quality_rule r) { return text_of(r).name; }
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr quality_rule parse_quality_rule(std::string_view name) {
  for (const quality_rule_text& r : detail::quality_rules) {
    if (r.name == name) {
      return r.value;
    }
  }
  detail::unknown_name("parse_quality_rule", name, detail::quality_rules,
                       [](const quality_rule_text& r) { return r.name; });
}

namespace detail {

[[nodiscard]] constexpr bool is_int4_per_channel(precision p) {
  return p == precision::int4_channel || p == precision::int4;
}
[[nodiscard]] constexpr bool is_int8(precision p) {
  return format_of(p).kind == element_kind::int8;
}
inline constexpr operator_set latent_factors{operator_type::q_a_proj, operator_type::kv_a_proj,
                                             operator_type::kv_b_proj};

}  // namespace detail

/// The rule against one operator's weight and input format; none for 16 bits and for formats that the model was trained in.
[[nodiscard]] constexpr quality_rule operator_rule(const model_traits& t, operator_type op,
                                                   precision weight, precision activation,
                                                   const quality_options& o) {
  using enum quality_rule;
  const precision_format& w = format_of(weight);
  const bool trained = is_trained_in(t, op, weight);
  if (format_of(activation).kind == element_kind::int4) {
    return int4_activations;
  }
  if (format_of(activation).element_bits == 8 && !o.calibrated &&
      relative_mse(activation, tensor_role::activation, o.activation_granularity) > 0.01 &&
      o.activation_granularity == granularity::per_tensor) {
    return bulk_erased;
  }
  if (w.element_bits >= 16 || !weight_operators.contains(op) || op == operator_type::embeddings) {
    return none;
  }
  if (op == operator_type::router) {
    return router_quantized;
  }
  if (detail::is_int4_per_channel(weight) && (t.llama3_70b || !o.calibrated)) {
    return t.llama3_70b ? int4_channel_llama3_70b : int4_channel_rounded;
  }
  if (t.llama3_70b && detail::is_int8(weight) && detail::is_int8(activation)) {
    return int8_llama3_70b;
  }
  if (w.element_bits < 5 && t.size == model_size::small) {
    return small_model_4bit;
  }
  if (w.kind == element_kind::fp4 && !o.calibrated && !trained &&
      (weight == precision::mxfp4 || weight == precision::gguf_mxfp4)) {
    return mxfp4_rounded;
  }
  if (detail::latent_factors.contains(op) && w.element_bits < 8) {
    return latent_factors;
  }
  if (expert_operators.contains(op) && format_of(activation).kind == element_kind::fp8 &&
      o.activation_granularity == granularity::per_tensor) {
    return moe_per_tensor_fp8;
  }
  return none;
}

/// The rule against a KV cache.
[[nodiscard]] constexpr quality_rule kv_rule(const model_traits& t, precision key, precision value,
                                             const quality_options& o) {
  using enum quality_rule;
  const int k = format_of(key).element_bits;
  const int v = format_of(value).element_bits;
  if (k < 5 || v < 5) {
    if (t.sinks) {
      return kv4_sinks;
    }
    if (t.size == model_size::small) {
      return kv4_small_model;
    }
    if (o.long_reasoning || o.metric == quality_metric::reasoning_score) {
      return kv4_long_reasoning;
    }
  }
  const bool fp8 =
      format_of(key).kind == element_kind::fp8 || format_of(value).kind == element_kind::fp8;
  return fp8 && !o.kv_calibrated && !t.qk_norm ? kv_fp8_scale_one : none;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What the engine answers: the specification's QuantizationRecommendation as one value without allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/dynamic_quant/adaptive_precision.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/engine/scenario.hpp"
#include "quantroof/engine/substitution.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/step.hpp"

namespace quantroof {

/// How far a recommendation can be trusted; one step down from high for each of:
/// a format was replaced because the device does not run it; attention is block sparse or has no released kernel; the prediction is unsure:
/// its interval spans more than a factor 1.5, nobody measured a device of this architecture, or, from a model without intervals, an operator is compute bound, where datasheet peaks are
/// least reached.
enum class confidence : std::uint8_t { low, medium, high };

namespace detail {
inline constexpr name_table<confidence, 3> confidence_names{
    {{confidence::low, "low"}, {confidence::medium, "medium"}, {confidence::high, "high"}}};
static_assert(names_are_complete(confidence_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(confidence c) {
  return detail::name_of(detail::confidence_names, c);
}
[[nodiscard]] constexpr confidence parse_confidence(std::string_view name) {
  return detail::parse_name(detail::confidence_names, name, "parse_confidence");
}

/// Everything an inference engine has to set, in one place.
struct integrated_quant_config {
  short_string<64> strategy_name{};
  std::optional<flash_attention_version> fa_version{};  // nullopt: no release runs on the device
  precision kv_cache_precision = precision::fp16;
  std::optional<precision> value_cache_precision{};  // of V where it has a format of its own
  precision activation_precision = precision::fp16;
  std::optional<dynamic_quant_config> dynamic{};    // set by scenario::enable_dynamic
  std::optional<adaptive_quant_config> adaptive{};  // set by scenario::enable_adaptive

  [[nodiscard]] constexpr cache_format cache() const {
    return {kv_cache_precision, value_cache_precision.value_or(kv_cache_precision)};
  }

  friend constexpr bool operator==(const integrated_quant_config&,
                                   const integrated_quant_config&) = default;
};

/// The answer for one model, device and workload.
struct quantization_recommendation {
  // Configuration
  integrated_quant_config config{};
  mixed_precision_config mixed_precision{};  // as the device runs it
  std::optional<flash_attention_config> fa_config{};
  static_vector<substitution, precision_count> substitutions{};

  // Performance
  double predicted_speedup = 1;  // baseline_time_us / predicted_time_us
  double predicted_time_us = 0;  // one step
  double lower_us = 0;           // 80 % of measurements lie between lower_us and upper_us
  double upper_us = 0;
  double baseline_time_us = 0;  // the same step in 16 bits with FA2

  // Memory
  double memory_savings_pct = 0;    // weights and KV cache against 16 bits
  std::int64_t kv_cache_bytes = 0;  // batch * seq_len tokens, all layers
  std::int64_t weight_bytes = 0;

  // Quality
  short_string<192>
      expected_quality_loss{};  // the specification's wording, then ours: "<1% perplexity; estimated +2.4..17 % perplexity, grade C"
  quantroof::confidence confidence = quantroof::confidence::high;

  // Analysis
  short_string<512> reason{};
  operator_estimates bottleneck_analysis{};

  friend constexpr bool operator==(const quantization_recommendation&,
                                   const quantization_recommendation&) = default;
};

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What is asked about quality: of which benchmark, after which care, with which measurements of the user's own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// What a loss is a fraction of: perplexity, which rises, or a class of benchmarks, whose scores fall.
enum class quality_metric : std::uint8_t {
  perplexity,       // of a token
  word_perplexity,  // as lm_eval prints it: of a word, about 1.2 tokens
  general_score,    // knowledge and common sense: MMLU, averages of multiple choice
  math_score,       // short generated answers: GSM8K
  reasoning_score,  // long chains of thought: AIME, GPQA, MMLU-Pro
};

namespace detail {
inline constexpr name_table<quality_metric, 5> quality_metric_names{{
    {quality_metric::perplexity, "perplexity"},
    {quality_metric::word_perplexity, "word_perplexity"},
    {quality_metric::general_score, "general_score"},
    {quality_metric::math_score, "math_score"},
    {quality_metric::reasoning_score, "reasoning_score"},
}};
static_assert(names_are_complete(quality_metric_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(quality_metric m) {
  return detail::name_of(detail::quality_metric_names, m);
}
[[nodiscard]] constexpr quality_metric parse_quality_metric(std::string_view name) {
  return detail::parse_name(detail::quality_metric_names, name, "parse_quality_metric");
}

/// A band of 80 % and what is most likely: nats of dlnPPL, or a fraction of a metric. Adds as losses of one cause of doubt do.
struct quality_band {
  double lower = 0;
  double typical = 0;
  double upper = 0;

  constexpr quality_band& operator+=(const quality_band& other) {
    lower += other.lower;
    typical += other.typical;
    upper += other.upper;
    return *this;
  }
  friend constexpr quality_band operator+(quality_band a, const quality_band& b) { return a += b; }
  friend constexpr quality_band operator*(double k, const quality_band& b) {
    return {k * b.lower, k * b.typical, k * b.upper};
  }
  friend constexpr bool operator==(const quality_band&, const quality_band&) = default;
};

/// What a user measured: what one operator of one layer costs in a format, in place of our estimate.
///
/// units     nats of dlnPPL or of KL divergence, as Model-Optimizer's AutoQuantize or a KL run writes them
struct operator_loss {
  operator_type op = operator_type::q_proj;
  std::int64_t first_layer = 0;
  std::int64_t last_layer = 1 << 16;  // both included; each layer of the range costs `nats`
  quantroof::precision precision = quantroof::precision::fp16;  // of the weight; of K and V
  double nats = 0;  // in that format, its input as the plan has it

  friend constexpr bool operator==(const operator_loss&, const operator_loss&) = default;
};

/// What is done to keep quality, and what is asked of the model.
struct quality_options {
  quality_metric metric = quality_metric::perplexity;
  bool calibrated =
      false;  // 4- and 6-bit weights by GPTQ, AWQ, AutoRound or an importance matrix; INT8 inputs smoothed
  bool kv_calibrated = true;    // KV scales from data, not 1.0
  bool long_reasoning = false;  // long chains of thought or contexts, where 4-bit caches fail
  bool use_evidence = true;     // measured rows, where there are some, in place of the estimate
  granularity activation_granularity = granularity::per_token;  // of INT8, INT4 and FP8 inputs
  std::span<const operator_loss> sensitivities{};  // replace ours where they apply; not owned
};

/// Refuses measurements that make no sense; returns true otherwise.
///
/// requires  sensitivities with 0 <= first_layer <= last_layer, a precision of values and finite nats
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const quality_options& o) {
  for (const operator_loss& s : o.sensitivities) {
    detail::expects(s.first_layer >= 0 && s.first_layer <= s.last_layer,
                    "quality_options: sensitivities need 0 <= first_layer <= last_layer");
    detail::expects(format_of(s.precision).kind != element_kind::scale_only,
                    "quality_options: sensitivities need a precision of values, not of scales");
    detail::expects(detail::is_finite(s.nats), "quality_options: sensitivities must be finite");
  }
  return true;
}

}  // namespace quantroof

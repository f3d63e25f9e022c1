// SPDX-License-Identifier: Apache-2.0
//
// Chooses an operator's precision from the activations it sees: the specification's AdaptivePrecisionSelector.
//
//   outlier_ratio > high: FP16     > medium: FP8     <= low: NVFP4     between low and medium: the context decides
//
// Decisions are kept, the latest history_limit of them, and counted per operator. Statistics leave out NaN and Inf, and so does the
// choice: look at nan_count and inf_count yourself. Not here: how a precision changes quality (engine/).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/operator_list.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Options of an adaptive_precision_selector.
struct adaptive_quant_config {
  static_vector<precision, 8> precision_candidates{precision::nvfp4, precision::fp8_e4m3,
                                                   precision::fp16};
  double high_outlier_threshold = 2.0;    // above: 16 bits
  double medium_outlier_threshold = 1.5;  // above: 8 bits
  double low_outlier_threshold = 1.0;     // up to here: 4 bits
  std::int64_t history_limit = 4096;      // decisions kept

  friend constexpr bool operator==(const adaptive_quant_config&,
                                   const adaptive_quant_config&) = default;
};

/// Refuses options that make no sense; returns true otherwise.
///
/// requires  at least one candidate, none of them E8M0; 0 < low <= medium <= high, finite; history_limit in [0, 2^24]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const adaptive_quant_config& c) {
  detail::expects(!c.precision_candidates.empty(),
                  "adaptive_quant_config: precision_candidates must not be empty");
  for (const precision candidate : c.precision_candidates) {
    detail::expects(format_of(candidate).kind != element_kind::scale_only,
                    "adaptive_quant_config: E8M0 holds scales, it is no candidate for values");
  }
  detail::expects(c.low_outlier_threshold > 0 &&
                      c.low_outlier_threshold <= c.medium_outlier_threshold &&
                      c.medium_outlier_threshold <= c.high_outlier_threshold &&
                      detail::is_finite(c.high_outlier_threshold),
                  "adaptive_quant_config: thresholds must be finite and 0 < low <= medium <= high");
  detail::expects(c.history_limit >= 0 && c.history_limit <= (1 << 24),
                  "adaptive_quant_config: history_limit must be in [0, 2^24]");
  return true;
}

/// Where the activations come from.
struct adaptive_context {
  quantroof::phase phase = quantroof::phase::decode;
  std::int64_t seq_len = 0;
  bool is_kv_cache = false;

  friend constexpr bool operator==(const adaptive_context&, const adaptive_context&) = default;
};

/// One decision of the past.
struct precision_decision {
  operator_name_text operator_name{};
  quantroof::precision precision = quantroof::precision::fp16;
  double outlier_ratio = 0;

  friend constexpr bool operator==(const precision_decision&, const precision_decision&) = default;
};

/// How often an operator got each precision.
struct precision_distribution {
  operator_name_text operator_name{};
  std::array<std::int64_t, precision_count> counts{};

  [[nodiscard]] constexpr std::int64_t count(precision p) const {
    return counts[static_cast<std::size_t>(format_of(p).id)];
  }
};

/// The precision the rule gives, before and without history.
///
/// formula   above; between low and medium a KV cache beyond 8192 tokens and a decode step (both memory bound) take NVFP4, a prefill FP8.
///           Not among the candidates: the narrowest that is at least as wide, the first of equals (MXFP4 stands for NVFP4, BF16 for
///           FP16), else the widest one
/// requires  is_valid(c); outlier_ratio finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr precision adaptive_precision(const adaptive_quant_config& c,
                                                     double outlier_ratio,
                                                     const adaptive_context& context) {
  is_valid(c);
  detail::expects(detail::is_finite(outlier_ratio) && outlier_ratio >= 0,
                  "adaptive_precision: the outlier ratio must be finite and not negative");
  detail::expects(context.seq_len >= 0, "adaptive_precision: seq_len must not be negative");
  const bool memory_bound =
      context.phase == phase::decode || (context.is_kv_cache && context.seq_len > 8192);
  precision wanted = precision::nvfp4;
  if (outlier_ratio > c.high_outlier_threshold) {
    wanted = precision::fp16;
  } else if (outlier_ratio > c.medium_outlier_threshold ||
             (outlier_ratio > c.low_outlier_threshold && !memory_bound)) {
    wanted = precision::fp8_e4m3;
  }
  const double needed = format_of(wanted).element_bits;
  precision best = c.precision_candidates[0];
  for (const precision candidate : c.precision_candidates) {
    if (candidate == wanted) {
      return wanted;
    }
    const double bits = format_of(candidate).element_bits;
    const double best_bits = format_of(best).element_bits;
    const bool enough = bits >= needed;
    const bool best_enough = best_bits >= needed;
    if ((enough && (!best_enough || bits < best_bits)) ||
        (!enough && !best_enough && bits > best_bits)) {
      best = candidate;
    }
  }
  return best;
}

/// Chooses precisions and remembers what it chose.
class adaptive_precision_selector {
 public:
  constexpr explicit adaptive_precision_selector(const adaptive_quant_config& config = {})
      : config_(config) {
    is_valid(config_);
  }

  /// The precision for these activations; see adaptive_precision.
  ///
  /// requires  a name of 1 to 128 bytes; finite statistics; at most 65536 operators
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  /// example   examples/dynamic_quant_demo.cpp
  constexpr precision select_precision(std::string_view operator_name,
                                       const activation_stats& stats,
                                       const adaptive_context& context) {
    detail::expects(!operator_name.empty(), "select_precision: the operator needs a name");
    distribution_.expects_room(operator_name);
    const double ratio = stats.outlier_ratio();
    const precision chosen = adaptive_precision(config_, ratio, context);
    remember({.operator_name = operator_name, .precision = chosen, .outlier_ratio = ratio});
    return chosen;
  }

  [[nodiscard]] constexpr const adaptive_quant_config& config() const { return config_; }
  /// The latest decisions, oldest first, at most history_limit; valid until the next call.
  [[nodiscard]] constexpr std::span<const precision_decision> history() const {
    const std::span<const precision_decision> all{decisions_};
    const auto limit = static_cast<std::size_t>(config_.history_limit);
    return all.size() > limit ? all.last(limit) : all;
  }
  /// All decisions, counted per operator, in order of first use.
  [[nodiscard]] constexpr const std::vector<precision_distribution>& distribution() const {
    return distribution_.entries();
  }
  /// The counts of one operator, or nullptr.
  [[nodiscard]] constexpr const precision_distribution* find_distribution(
      std::string_view operator_name) const {
    return distribution_.find(operator_name);
  }
  constexpr void reset() {
    decisions_.clear();
    distribution_.clear();
  }

 private:
  constexpr void remember(const precision_decision& decision) {
    const auto limit = static_cast<std::size_t>(config_.history_limit);
    if (limit > 0) {
      if (decisions_.size() >=
          2 * limit) {  // now and then, so that a decision costs the same however many are kept
        decisions_.erase(decisions_.begin(), decisions_.end() - static_cast<std::ptrdiff_t>(limit));
      }
      decisions_.push_back(decision);
    }
    precision_distribution* counts = distribution_.find(decision.operator_name);
    if (counts == nullptr) {
      counts = &distribution_.put({.operator_name = decision.operator_name});
    }
    ++counts->counts[static_cast<std::size_t>(decision.precision)];
  }

  adaptive_quant_config config_{};
  std::vector<precision_decision> decisions_{};  // at most twice history_limit
  detail::operator_list<precision_distribution> distribution_{};
};

}  // namespace quantroof

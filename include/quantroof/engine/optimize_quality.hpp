// SPDX-License-Identifier: Apache-2.0
//
// Quality as a limit of a search: a sum of nats that a plan must keep to, and what was measured of plans in one format.
//
//   a mixed plan        its upper end of the sum of losses keeps to the limit (grade C)
//   one format for all  where rows were measured, their worst counts instead (grade A or B), better or worse than the sum
//   a rule              closes the format for the operators, or the cache, that it speaks of (grade D)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/exponential.hpp"
#include "quantroof/engine/optimize_request.hpp"
#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/engine/quality.hpp"

namespace quantroof {

/// The largest upper end of dlnPPL that a loss of a metric allows.
///
/// formula   ln(1 + loss) for perplexity; for other metrics the largest nats whose metric_loss keeps to it, the band as wide as the estimate's, or
///           of no width where a user's sensitivities replace it, which is the stricter
/// requires  loss >= 0
[[nodiscard]] constexpr double nats_within(double loss, const quality_options& o) {
  if (o.metric == quality_metric::perplexity) {
    return detail::ln(1 + loss);
  }
  const double spread = o.sensitivities.empty() ? alpha_spread : 1.0;
  double low = 0;
  double high = 8;
  for (int i = 0; i < 50; ++i) {
    const double u = 0.5 * (low + high);
    const bool within = metric_loss({u / (spread * spread), u / spread, u}, o.metric).upper <= loss;
    (within ? low : high) = u;
  }
  return low;
}

namespace detail {

/// What was measured of all linear layers in one class of formats over one cache.
struct class_evidence {
  bool asked = false;
  bool known = false;
  quality_grade grade = quality_grade::c;
  double upper = 0;  // of the loss, a fraction of the metric
};

/// Which plans a question admits; answers are kept.
class quality_gate {
 public:
  constexpr quality_gate(const optimize_tables& t, const optimize_limits& limits,
                         const quality_options& options)
      : t_(&t), limits_(limits), options_(options) {
    for (std::size_t s = 0; s < t.pairs.size(); ++s) {
      class_[s] = s;
      for (std::size_t i = s; i > 0; --i) {
        if (published_format(t.pairs[i - 1].weight) == published_format(t.pairs[s].weight) &&
            published_format(t.pairs[i - 1].activation) ==
                published_format(t.pairs[s].activation)) {
          class_[s] = i - 1;
        }
      }
    }
    if (limits.quality_loss) {
      nats_ = nats_within(*limits.quality_loss, options);
    }
    if (limits.min_grade != quality_grade::d) {  // beyond it errors no longer add: grade D
      const double most = 0.3 * (options.sensitivities.empty() ? alpha_spread : 1.0);
      nats_ = nats_ && *nats_ < most ? *nats_ : most;
    }
  }

  /// The limit of the sum; nullopt: none.
  [[nodiscard]] constexpr const std::optional<double>& nats() const { return nats_; }

  /// Whether sums of errors may speak for a plan at all.
  [[nodiscard]] constexpr bool admits_sums() const {
    return limits_.min_grade == quality_grade::d ||
           (limits_.min_grade == quality_grade::c &&
            options_.metric != quality_metric::reasoning_score);
  }

  /// The class of a pair: formats that publications do not tell apart. The index of its first pair.
  [[nodiscard]] constexpr std::size_t class_of(std::size_t s) const { return class_[s]; }

  /// Whether measured rows admit a plan that is all of one class.
  [[nodiscard]] constexpr bool admits_class(std::size_t s, std::size_t cache) {
    const class_evidence e = evidence(s, cache);
    return e.known && keeps(e);
  }
  /// Whether measured rows forbid it, whatever the sum says.
  [[nodiscard]] constexpr bool forbids_class(std::size_t s, std::size_t cache) {
    const class_evidence e = evidence(s, cache);
    return e.known && !keeps(e);
  }

 private:
  [[nodiscard]] constexpr bool keeps(const class_evidence& e) const {
    return static_cast<int>(e.grade) <= static_cast<int>(limits_.min_grade) &&
           (!limits_.quality_loss || e.upper <= *limits_.quality_loss);
  }

  [[nodiscard]] constexpr class_evidence evidence(std::size_t s, std::size_t cache) {
    const std::size_t first = class_of(s);
    class_evidence& e = known_[first][cache];
    if (e.asked) {
      return e;
    }
    e.asked = true;
    const cache_format formats = t_->caches[cache].kv;
    const precision kv = published_format(formats.key);
    if (kv != published_format(formats.value)) {
      return e;  // nobody published a scheme with K and V apart
    }
    const precision weight = published_format(t_->pairs[s].weight);
    const bool wide = format_of(weight).element_bits >= 16;
    if (wide && kv == precision::fp16) {  // nothing is quantized
      e.known = true;
      e.grade = quality_grade::a;
      return e;
    }
    if (!options_.use_evidence || !options_.sensitivities.empty()) {
      return e;
    }
    const precision activation = wide ? precision::fp16 : published_format(t_->pairs[s].activation);
    const bool by_data = options_.calibrated && (format_of(weight).element_bits < 8 ||
                                                 format_of(activation).kind == element_kind::int8);
    const quality_scheme scheme{
        .weight = weight,
        .activation = activation,
        .kv = kv,
        .method = by_data ? weight_method::calibrated : weight_method::rounded};
    if (const auto same = find_same(t_->traits, scheme, options_.metric)) {
      e.known = true;
      e.grade = quality_grade::a;
      e.upper = same->loss.upper;
    } else if (const auto similar = find_similar(t_->traits, scheme, options_.metric)) {
      e.known = true;
      e.grade = quality_grade::b;
      e.upper = similar->loss.upper;
    }
    return e;
  }

  const optimize_tables* t_;
  optimize_limits limits_;
  quality_options options_;
  std::optional<double> nats_{};
  std::array<std::size_t, max_format_pairs> class_{};
  std::array<std::array<class_evidence, cache_formats.size()>, max_format_pairs> known_{};
};

}  // namespace detail

}  // namespace quantroof

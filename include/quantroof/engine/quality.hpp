// SPDX-License-Identifier: Apache-2.0
//
// What a precision plan costs in quality, honestly: a band and how well it is founded, never a bare number.
//
//   A  measured      this model in this scheme, the row is named; or nothing is quantized
//   B  similar       the scheme on models of the same size and time: median and worst
//   C  estimated     alpha times the sum of relative errors, a band of 80 %
//   D  risky         a rule says why; never to be ranked first
//
// Not here: the terms that the estimate adds (quality_model.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/engine/quality_evidence.hpp"
#include "quantroof/engine/quality_model.hpp"
#include "quantroof/engine/quality_options.hpp"
#include "quantroof/engine/quality_rules.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

/// How well a statement about quality is founded; a is best.
enum class quality_grade : std::uint8_t { a, b, c, d };

namespace detail {
inline constexpr name_table<quality_grade, 4> quality_grade_names{{{quality_grade::a, "A"},
                                                                   {quality_grade::b, "B"},
                                                                   {quality_grade::c, "C"},
                                                                   {quality_grade::d, "D"}}};
static_assert(names_are_complete(quality_grade_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(quality_grade g) {
  return detail::name_of(detail::quality_grade_names, g);
}
[[nodiscard]] constexpr quality_grade parse_quality_grade(std::string_view name) {
  return detail::parse_name(detail::quality_grade_names, name, "parse_quality_grade");
}
/// The answer for one model and plan.
struct quality_estimate {
  quality_grade grade = quality_grade::c;
  quality_metric metric = quality_metric::perplexity;
  quality_band loss{};  // fractions: 0.02 is 2 % more perplexity, or 2 % less score
  quality_band
      nats{};  // dlnPPL from the sum of errors or the user's sensitivities, whatever the grade
  double divergence = 0;                                  // D, the weighted relative error
  quality_rule rule = quality_rule::none;                 // why grade D
  operator_type rule_operator = operator_type::kv_cache;  // what the rule is about
  std::size_t rows = 0;                   // of evidence that `loss` comes from; 0: estimated
  const quality_row* evidence = nullptr;  // the median of them

  friend constexpr bool operator==(const quality_estimate&, const quality_estimate&) = default;
};

/// What a dlnPPL means for a metric.
///
/// formula   perplexity exp(nats) - 1, of a word exp(1.2 nats) - 1; scores beta * nats, the band widened by beta's: knowledge and common sense 0.27
///           times or by 2.2, short mathematics 0.6 times or by 2.7, reasoning 1 with the same. Two runs of the same weights differ by
///           0.005 of a score, which the band holds as well
/// source    beta: 17 points of SpinQuant's table (0.13 to 0.45), GSM8K 0.2 to 1.3; noise: test-retest of 16 x 5 runs, 0.35 points in the mean
[[nodiscard]] constexpr quality_band metric_loss(const quality_band& nats, quality_metric metric) {
  if (nats.upper <= 0) {
    return {};
  }
  const auto growth = [](double x) {
    constexpr double most = 6.9;  // a thousandfold
    return x < most ? detail::exp2(detail::unfused(x * detail::log2_e)) - 1 : 1e3;
  };
  if (metric <= quality_metric::word_perplexity) {
    const double power = metric == quality_metric::perplexity ? 1 : tokens_per_word;
    return {growth(power * nats.lower), growth(power * nats.typical), growth(power * nats.upper)};
  }
  const double beta = metric == quality_metric::general_score ? 0.27
                      : metric == quality_metric::math_score  ? 0.6
                                                              : 1.0;
  const double own = detail::ln(metric == quality_metric::general_score ? 2.2 : 2.7);
  const double typical = beta * nats.typical;
  const auto widened = [&](double ratio) {
    const double other = detail::ln(ratio > 1 ? ratio : 1);
    return detail::exp2(detail::log2_e * detail::hypotenuse(own, other));
  };
  constexpr double noise = 0.005;
  const double down = nats.lower > 0 ? widened(nats.typical / nats.lower) : 1e3;
  const double up = nats.typical > 0 ? widened(nats.upper / nats.typical) : 1;
  const auto at_most_all = [](double x) { return x < 1 ? x : 1; };
  return {at_most_all(typical / down) - noise, at_most_all(typical),
          at_most_all(typical * up + noise)};
}

namespace detail {

/// D, nats and the first rule of a whole plan.
struct plan_quality {
  double divergence = 0;
  quality_band nats{};
  quality_rule rule = quality_rule::none;
  operator_type rule_operator = operator_type::kv_cache;
};

/// Adds up a plan, operator by operator, equal layers once.
class plan_sum {
 public:
  constexpr plan_sum(const quality_model& q, const model_config& m, const mixed_precision_config& c)
      : q_(&q), m_(&m), c_(&c) {}

  [[nodiscard]] constexpr plan_quality result() {
    const cache_format kv = c_->get_cache_format();
    note(kv_rule(q_->traits(), kv.key, kv.value, q_->options()), operator_type::kv_cache);
    if (m_->vocab_size) {
      add(operator_type::embeddings, 0, 1);
      add(operator_type::lm_head, 0, 1);
    }
    for (const layer_band& band : layer_bands(*c_, m_->num_layers)) {
      for (std::size_t kind = 0; kind < layer_kind_count(*m_); ++kind) {
        add_kind(band, kind);
      }
    }
    return sum_;
  }

 private:
  constexpr void note(quality_rule rule, operator_type op) {
    if (sum_.rule == quality_rule::none && rule != quality_rule::none) {
      sum_.rule = rule;
      sum_.rule_operator = op;
    }
  }
  /// The layers of a kind in a band: one for all, or each where the user's figures may differ.
  constexpr void add_kind(const layer_band& band, std::size_t kind) {
    const bool alike = q_->options().sensitivities.empty();
    const std::int64_t count = count_layers(*m_, kind, band.first_layer, band.count);
    std::int64_t left = alike && count > 0 ? 1 : count;
    for (std::int64_t i = band.first_layer; left > 0; ++i) {
      if (layer_kind_of(*m_, i) == kind) {
        add_layer(i, alike ? static_cast<double>(count) : 1.0);
        --left;
      }
    }
  }
  constexpr void add_layer(std::int64_t layer, double times) {
    for (const operator_type op : operator_types) {
      if (q_->has(op, layer)) {
        add(op, layer, times);
      }
    }
  }
  constexpr void add_cache(std::int64_t layer, double times) {
    const cache_format kv = c_->get_cache_format();
    const double d = times * q_->kv_divergence(layer, kv.key, kv.value);
    sum_.divergence += d;
    sum_.nats += q_->options().sensitivities.empty() ? q_->expected_loss(d)
                                                     : times * q_->kv_loss(layer, kv.key, kv.value);
  }
  constexpr void add(operator_type op, std::int64_t layer, double times) {
    if (op == operator_type::kv_cache) {
      add_cache(layer, times);
      return;
    }
    const bool product = attention_matmuls.contains(op);
    const precision p = c_->get_precision(op, layer);
    const precision weight = product ? precision::fp16 : p;
    const bool wide = format_of(p).element_bits >= 16;
    if (wide && !product) {
      return;
    }
    const precision input = product ? p
                            : op == operator_type::embeddings
                                ? precision::fp16
                                : c_->get_activation_precision(weight);
    const double d = times * q_->divergence(op, layer, weight, input);
    sum_.divergence += d;
    sum_.nats += q_->options().sensitivities.empty() ? q_->expected_loss(d)
                                                     : times * q_->loss(op, layer, weight, input);
    note(operator_rule(q_->traits(), op, weight, input, q_->options()), op);
  }

  const quality_model* q_;
  const model_config* m_;
  const mixed_precision_config* c_;
  plan_quality sum_{};
};

}  // namespace detail

/// What a plan costs, and how well that is founded.
///
/// formula   a rule makes it D; else rows of this model and scheme A, of similar models B, the sum of errors C. The loss is that of the best
///           evidence, whatever the rule; a user's sensitivities stand before published rows
/// requires  is_valid(m); is_valid(c); is_valid(options); sensitivities begin at layers that the model has
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr quality_estimate estimate_quality(const model_config& m,
                                                          const mixed_precision_config& c,
                                                          const quality_options& options = {}) {
  is_valid(c);
  const quality_model q{m, options};
  const detail::plan_quality sum = detail::plan_sum{q, m, c}.result();
  quality_estimate e{.metric = options.metric,
                     .loss = metric_loss(sum.nats, options.metric),
                     .nats = sum.nats,
                     .divergence = sum.divergence,
                     .rule = sum.rule,
                     .rule_operator = sum.rule_operator};
  if (sum.divergence == 0 && sum.nats.upper == 0) {
    e.grade = quality_grade::a;  // nothing is quantized
  } else if (options.use_evidence && options.sensitivities.empty()) {
    if (const auto scheme = uniform_scheme(m, c, options.calibrated)) {
      auto found = find_same(q.traits(), *scheme, options.metric);
      e.grade = found ? quality_grade::a : quality_grade::b;
      if (!found) {
        found = find_similar(q.traits(), *scheme, options.metric);
      }
      if (found) {
        e.loss = found->loss;
        e.rows = found->rows;
        e.evidence = found->row;
      } else {
        e.grade = quality_grade::c;
      }
    }
  }
  if (e.rule == quality_rule::none && e.grade == quality_grade::c && sum.nats.typical > 0) {
    e.rule = sum.nats.typical > 0.3 ? quality_rule::beyond_linear
             : options.metric == quality_metric::reasoning_score
                 ? quality_rule::reasoning_unmeasured
                 : quality_rule::none;
  }
  e.grade = e.rule != quality_rule::none ? quality_grade::d : e.grade;
  return e;
}

}  // namespace quantroof

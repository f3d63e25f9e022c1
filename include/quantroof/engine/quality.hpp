// SPDX-License-Identifier: Apache-2.0
//
// What a precision plan costs in quality, honestly: a band and how well it is founded, never a bare number.
//
//   A  measured      this model in this scheme, the row is named
//   B  similar       the scheme on models of the same size and time: median and worst
//   C  estimated     alpha times the sum of relative errors, a band of 80 %
//   D  risky         a rule says why; never to be ranked first
//
// Not here: the terms that the estimate adds (quality_model.hpp).
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/engine/quality_model.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

/// How well a statement about quality is founded; a is best.
enum class quality_grade : std::uint8_t { a, b, c, d };

/// What the loss is a fraction of: of perplexity, which rises, or of a benchmark's score, which falls.
enum class quality_metric : std::uint8_t { perplexity, score };

namespace detail {
inline constexpr name_table<quality_grade, 4> quality_grade_names{{{quality_grade::a, "A"},
                                                                   {quality_grade::b, "B"},
                                                                   {quality_grade::c, "C"},
                                                                   {quality_grade::d, "D"}}};
inline constexpr name_table<quality_metric, 2> quality_metric_names{
    {{quality_metric::perplexity, "perplexity"}, {quality_metric::score, "score"}}};
static_assert(names_are_complete(quality_grade_names) && names_are_complete(quality_metric_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(quality_grade g) {
  return detail::name_of(detail::quality_grade_names, g);
}
[[nodiscard]] constexpr quality_grade parse_quality_grade(std::string_view name) {
  return detail::parse_name(detail::quality_grade_names, name, "parse_quality_grade");
}
[[nodiscard]] constexpr std::string_view to_string(quality_metric m) {
  return detail::name_of(detail::quality_metric_names, m);
}
[[nodiscard]] constexpr quality_metric parse_quality_metric(std::string_view name) {
  return detail::parse_name(detail::quality_metric_names, name, "parse_quality_metric");
}

/// The answer for one model and plan.
struct quality_estimate {
  quality_grade grade = quality_grade::c;
  quality_metric metric = quality_metric::perplexity;
  quality_band loss{};    // fractions: 0.02 is 2 % more perplexity, or 2 % less score
  double divergence = 0;  // D, the weighted relative error
  double nats = 0;        // dlnPPL that D, or the user's sensitivities, give

  friend constexpr bool operator==(const quality_estimate&, const quality_estimate&) = default;
};

/// dlnPPL as a fraction of perplexity.
///
/// formula   exp(nats) - 1, at most 1e3
[[nodiscard]] constexpr double perplexity_loss(double nats) {
  constexpr double most = 6.9;
  return nats < most ? detail::exp2(detail::unfused(nats * detail::log2_e)) - 1 : 1e3;
}

namespace detail {

/// D and nats of a whole plan.
struct plan_divergence {
  double divergence = 0;
  quality_band nats{};
};

[[nodiscard]] constexpr plan_divergence sum_divergence(const quality_model& q,
                                                       const model_config& m,
                                                       const mixed_precision_config& c) {
  plan_divergence sum;
  const auto add = [&](operator_type op, std::int64_t layer, double times) {
    const bool product = attention_matmuls.contains(op);
    const precision p = c.get_precision(op, layer);
    const precision weight = product ? precision::fp16 : p;
    const bool wide = format_of(p).element_bits >= 16;
    const precision input = product ? p
                            : wide || op == operator_type::embeddings
                                ? precision::fp16
                                : c.default_activation_precision;
    sum.divergence += times * q.divergence(op, layer, weight, input);
    sum.nats += times * q.loss(op, layer, weight, input);
  };
  add(operator_type::embeddings, 0, 1);
  add(operator_type::lm_head, 0, 1);
  const bool each_layer = !q.options().sensitivities.empty();
  for (const layer_band& band : layer_bands(c, m.num_layers)) {
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      std::int64_t first = band.first_layer;
      std::int64_t alike = 0;  // layers of this kind in the band
      for (std::int64_t i = band.first_layer; i < band.first_layer + band.count; ++i) {
        if (layer_kind_of(m, i) == kind) {
          first = alike == 0 ? i : first;
          ++alike;
        }
      }
      for (std::int64_t i = first; alike > 0 && i < band.first_layer + band.count; ++i) {
        if (layer_kind_of(m, i) == kind) {
          for (const operator_type op : operator_types) {
            if (q.has(op, i)) {
              add(op, i, each_layer ? 1.0 : static_cast<double>(alike));
            }
          }
        }
        if (!each_layer) {
          break;
        }
      }
    }
  }
  return sum;
}

}  // namespace detail

/// What a plan costs.
///
/// requires  is_valid(m); is_valid(c)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr quality_estimate estimate_quality(const model_config& m,
                                                          const mixed_precision_config& c,
                                                          const quality_options& options = {}) {
  is_valid(c);
  const quality_model q{m, options};
  const detail::plan_divergence sum = detail::sum_divergence(q, m, c);
  return {.loss = {perplexity_loss(sum.nats.lower), perplexity_loss(sum.nats.typical),
                   perplexity_loss(sum.nats.upper)},
          .divergence = sum.divergence,
          .nats = sum.nats.typical};
}

}  // namespace quantroof

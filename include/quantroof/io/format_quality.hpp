// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of quality: a row and an estimate as sentences that name who measured what. One line each:
//
//   quality_row       Llama-3(.1)-8B, FP8_E4M3 weights, FP8_E4M3 inputs, FP8_E4M3 KV cache: word_perplexity 9.4281 -> 9.5093 (vLLM blog ...)
//   quality_estimate  +0.4..+1.1 % perplexity, grade A: measured, 2 figures, the median Llama-3(.1)-8B, ...
//                     +2.4..+17 % perplexity (typically +6.3), grade C: estimated from relative errors (D = 0.0122), not measured; to measure: llama-perplexity ...
//                     +4.1..+31 % perplexity, grade D: kv4_sinks at kv_cache: a 4-bit KV cache ... (SGLang docs ...)
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "quantroof/engine/quality.hpp"
#include "quantroof/engine/quality_text.hpp"
#include "quantroof/io/format_text.hpp"

template <>
struct fmt::formatter<quantroof::quality_row> : quantroof::detail::line_formatter {
  auto format(const quantroof::quality_row& r, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}, ", quantroof::to_string(r.model));
    if (r.weight != quantroof::precision::fp16) {
      quantroof::detail::add_to(
          line, "{} weights{}, ", r.weight,
          r.method == quantroof::weight_method::calibrated ? " (calibrated)" : "");
    }
    if (r.activation != quantroof::precision::fp16) {
      quantroof::detail::add_to(line, "{} inputs, ", r.activation);
    }
    if (r.kv != quantroof::precision::fp16) {
      quantroof::detail::add_to(line, "{} KV cache, ", r.kv);
    }
    line.resize(line.size() - 2);
    quantroof::detail::add_to(line, ": {} {:g} -> {:g} ({})", r.metric, r.baseline, r.quantized,
                              r.source);
    return print(context, line);
  }
};

template <>
struct fmt::formatter<quantroof::quality_estimate> : quantroof::detail::line_formatter {
  auto format(const quantroof::quality_estimate& e, auto& context) const {
    using enum quantroof::quality_grade;
    if (e.divergence == 0 && e.nats.upper == 0) {
      return print(context,
                   std::string_view{"none: nothing is quantized, or as it was trained; grade A"});
    }
    const double sign = e.metric <= quantroof::quality_metric::word_perplexity ? 1 : -1;
    const auto percent = [sign](double fraction) {
      quantroof::short_string<16> text;
      quantroof::detail::append_percent(text, sign * fraction);
      return text;
    };
    memory_buffer line;
    quantroof::detail::add_to(line, "{}..{} % {} (typically {}), grade {}: ", percent(e.loss.lower),
                              percent(e.loss.upper), e.metric, percent(e.loss.typical), e.grade);
    if (e.grade == d) {
      const quantroof::quality_rule_text& rule = quantroof::text_of(e.rule);
      quantroof::detail::add_to(line, "{} at {}: {} ({}); ", rule.name, e.rule_operator,
                                rule.reason, rule.source);
    }
    if (e.evidence == nullptr) {
      quantroof::detail::add_to(line,
                                "estimated from relative errors (D = {:.3g}), not measured; to "
                                "measure: {}",
                                e.divergence, quantroof::measuring_command(e.metric));
    } else {
      quantroof::detail::add_to(line, "{} figure{}{}, the median {}", e.rows,
                                e.rows == 1 ? "" : "s", e.grade == b ? " of similar models" : "",
                                *e.evidence);
    }
    return print(context, line);
  }
};

// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of answers: predictions, statistics, recommendations. One line each:
//
//   flash_attention_metrics      fa3: 15.4 us, memory bound, 29.1 FLOP/byte
//   operator_estimate            ffn_up: 3711.8 us, memory bound, 3.5 FLOP/byte
//   activation_stats             1024 x 4096: absmax 10, mean 0, std 2, p99 8, p99.9 9.5, outlier ratio 1.67
//   quantization_recommendation  nvfp4_blackwell with fa3, KV cache NVFP4_KV: 2.59x (17693.6 us against 45780.3 us), 71.7 % less
//                                memory, quality loss <1% perplexity, confidence high
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/adaptive_precision.hpp"
#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"
#include "quantroof/dynamic_quant/scale_history.hpp"
#include "quantroof/engine/recommendation.hpp"
#include "quantroof/engine/selection.hpp"
#include "quantroof/engine/substitution.hpp"
#include "quantroof/io/format_spec.hpp"
#include "quantroof/io/format_text.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/flash_attention.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/step.hpp"

// ---- Predictions ---------------------------------------------------------------------------------------------------------------

/// "1.2e+09 FLOP, 4.1e+07 bytes, 29.1 FLOP/byte"
template <>
struct fmt::formatter<quantroof::work> : quantroof::detail::line_formatter {
  auto format(const quantroof::work& w, auto& context) const {
    return print(context, "{:.4g} FLOP, {:.4g} bytes, {:.1f} FLOP/byte", w.flops, w.bytes,
                 w.arithmetic_intensity());
  }
};

/// "15.4 us, memory bound"
template <>
struct fmt::formatter<quantroof::roofline_time> : quantroof::detail::line_formatter {
  auto format(const quantroof::roofline_time& t, auto& context) const {
    return print(context, "{:.1f} us, {} bound", t.time_us, t.bottleneck);
  }
};

template <>
struct fmt::formatter<quantroof::flash_attention_metrics> : quantroof::detail::line_formatter {
  auto format(const quantroof::flash_attention_metrics& m, auto& context) const {
    return print(context, "{}: {:.1f} us, {} bound, {:.1f} FLOP/byte", m.version,
                 m.predicted_time_us, m.bottleneck, m.arithmetic_intensity);
  }
};

/// The metrics of each version, separated by "; "
template <>
struct fmt::formatter<quantroof::fa_comparison> : quantroof::detail::line_formatter {
  auto format(const quantroof::fa_comparison& c, auto& context) const {
    memory_buffer line;
    for (const quantroof::flash_attention_metrics& m : c.versions) {
      quantroof::detail::add_to(line, "{}{}", line.size() > 0 ? "; " : "", m);
    }
    return line.size() > 0 ? print(context, line)
                           : print(context, std::string_view{"no version runs"});
  }
};

/// "1.074e+09 bytes with the score matrix, 6.711e+07 without: 16.0x"
template <>
struct fmt::formatter<quantroof::attention_memory> : quantroof::detail::line_formatter {
  auto format(const quantroof::attention_memory& m, auto& context) const {
    return print(context, "{:.4g} bytes with the score matrix, {:.4g} without: {:.1f}x",
                 m.standard_bytes, m.flash_bytes, m.ratio);
  }
};

template <>
struct fmt::formatter<quantroof::operator_estimate> : quantroof::detail::line_formatter {
  auto format(const quantroof::operator_estimate& e, auto& context) const {
    return print(context, "{}: {:.1f} us, {} bound, {:.1f} FLOP/byte", e.op, e.time_us,
                 e.bottleneck, e.arithmetic_intensity());
  }
};

/// "17693.6 us: ffn_gate 21.0 %, ffn_up 21.0 %, ..."
template <>
struct fmt::formatter<quantroof::step_estimate> : quantroof::detail::line_formatter {
  auto format(const quantroof::step_estimate& s, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{:.1f} us", s.time_us);
    for (const quantroof::operator_estimate& e : s.operators) {
      quantroof::detail::add_to(line, "{} {} {:.1f} %", &e == s.operators.begin() ? ":" : ",", e.op,
                                s.time_us > 0 ? 100 * e.time_us / s.time_us : 0.0);
    }
    return print(context, line);
  }
};

// ---- Activations ---------------------------------------------------------------------------------------------------------------

template <>
struct fmt::formatter<quantroof::activation_stats> : quantroof::detail::line_formatter {
  auto format(const quantroof::activation_stats& s, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(
        line,
        "{} x {}: absmax {:.4g}, mean {:.4g}, std {:.4g}, p99 {:.4g}, p99.9 {:.4g}, outlier "
        "ratio {:.3g}",
        s.rows, s.cols, s.absmax, s.mean, s.std, s.percentile_99, s.percentile_999,
        s.outlier_ratio());
    if (s.nan_count > 0 || s.inf_count > 0) {
      quantroof::detail::add_to(line, ", {} NaN, {} Inf", s.nan_count, s.inf_count);
    }
    return print(context, line);
  }
};

/// "FP8_E4M3, scale 0.04, outlier ratio 0.72, 8 clipped"; "FP16 (fallback), ..."; "..., SQNR 31.4 dB" where the error is known
template <>
struct fmt::formatter<quantroof::quantization_metadata> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantization_metadata& q, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}{}, scale {:.4g}, outlier ratio {:.3g}, {} clipped",
                              q.precision, q.fallback ? " (fallback)" : "", q.scale,
                              q.outlier_ratio, q.clipped_count);
    if (q.nan_count > 0 || q.inf_count > 0) {
      quantroof::detail::add_to(line, ", {} NaN, {} Inf", q.nan_count, q.inf_count);
    }
    if (q.error) {
      quantroof::detail::add_to(line, ", SQNR {:.1f} dB", q.error->sqnr_db);
    }
    return print(context, line);
  }
};

/// "8 x 8: " and the metadata
template <>
struct fmt::formatter<quantroof::dynamic_quant_result> : quantroof::detail::line_formatter {
  auto format(const quantroof::dynamic_quant_result& r, auto& context) const {
    return print(context, "{} x {}: {}", r.rows, r.cols, r.metadata);
  }
};

/// "q_proj: FP8_E4M3 at outlier ratio 1.7"
template <>
struct fmt::formatter<quantroof::precision_decision> : quantroof::detail::line_formatter {
  auto format(const quantroof::precision_decision& d, auto& context) const {
    return print(context, "{}: {} at outlier ratio {:.3g}", d.operator_name, d.precision,
                 d.outlier_ratio);
  }
};

/// "q_proj: 12 FP16, 3 NVFP4"
template <>
struct fmt::formatter<quantroof::precision_distribution> : quantroof::detail::line_formatter {
  auto format(const quantroof::precision_distribution& d, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}", d.operator_name);
    std::string_view separator = ":";
    for (const quantroof::precision_format& format : quantroof::precision_formats) {
      if (d.count(format.id) > 0) {
        quantroof::detail::add_to(line, "{} {} {}", separator, d.count(format.id), format.id);
        separator = ",";
      }
    }
    return print(context, line);
  }
};

/// "q_proj: 1 scale after 12 steps"
template <>
struct fmt::formatter<quantroof::scale_average> : quantroof::detail::line_formatter {
  auto format(const quantroof::scale_average& a, auto& context) const {
    return print(context, "{}: {} scale{} after {} step{}", a.operator_name, a.averages.size(),
                 a.averages.size() == 1 ? "" : "s", a.steps, a.steps == 1 ? "" : "s");
  }
};

// ---- Recommendations -----------------------------------------------------------------------------------------------------------

/// "fp8_balanced: prefill is compute bound ..."
template <>
struct fmt::formatter<quantroof::strategy_choice> : quantroof::detail::line_formatter {
  auto format(const quantroof::strategy_choice& c, auto& context) const {
    return print(context, "{}: {}", c.strategy, c.why);
  }
};

/// "INT4_G128 for NVFP4"
template <>
struct fmt::formatter<quantroof::substitution> : quantroof::detail::line_formatter {
  auto format(const quantroof::substitution& s, auto& context) const {
    return print(context, "{} for {}", s.to, s.from);
  }
};

/// The configuration, then "; INT4_G128 for NVFP4" for each format replaced
template <>
struct fmt::formatter<quantroof::adapted_strategy> : quantroof::detail::line_formatter {
  auto format(const quantroof::adapted_strategy& a, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}", a.config);
    for (const quantroof::substitution& s : a.substitutions) {
      quantroof::detail::add_to(line, "; {}", s);
    }
    return print(context, line);
  }
};

/// "nvfp4_blackwell with fa3, KV cache NVFP4_KV, activations FP16"
template <>
struct fmt::formatter<quantroof::integrated_quant_config> : quantroof::detail::line_formatter {
  auto format(const quantroof::integrated_quant_config& c, auto& context) const {
    return print(context, "{} with {}, KV cache {}, activations {}", c.strategy_name,
                 c.fa_version ? quantroof::to_string(*c.fa_version) : "separate attention kernels",
                 c.cache(), c.activation_precision);
  }
};

template <>
struct fmt::formatter<quantroof::quantization_recommendation> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantization_recommendation& r, auto& context) const {
    return print(context,
                 "{} with {}, KV cache {}: {:.2f}x ({:.1f} us against {:.1f} us), {:.1f} % less "
                 "memory, quality loss {}, confidence {}",
                 r.config.strategy_name,
                 r.config.fa_version ? quantroof::to_string(*r.config.fa_version)
                                     : "separate attention kernels",
                 r.config.cache(), r.predicted_speedup, r.predicted_time_us, r.baseline_time_us,
                 r.memory_savings_pct, r.expected_quality_loss, r.confidence);
  }
};

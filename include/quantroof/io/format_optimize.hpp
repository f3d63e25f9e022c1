// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of the optimizer's answers, one sentence each:
//
//   engine_set          vllm, sglang
//   optimized_plan      4248.3 us, 11.21 GB, inputs FP16, KV cache FP16, runs on vllm, sglang; +0.2..+1.9 % perplexity ..., grade C: ...
//   limit_price         quality (at most 2 %): 17.9 % of the objective
//   limit_conflict      tpot: 1000 us asked, 5166.4 us is the nearest
//   alternative         ffn_in in INT4_G128 with inputs in FP16: no plan with it keeps to the quality limit
//   kernel_alternative  prefill by FLASHINFER (fa2, vllm): 31.0 % slower
//   batch_winner        from batch 7: FP8_E4M3 with inputs in FP8_E4M3
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/optimize_alternatives.hpp"
#include "quantroof/engine/optimize_reasons.hpp"
#include "quantroof/io/format_quality.hpp"
#include "quantroof/io/format_spec.hpp"
#include "quantroof/io/format_text.hpp"

template <>
struct fmt::formatter<quantroof::engine_set> : quantroof::detail::line_formatter {
  auto format(const quantroof::engine_set& set, auto& context) const {
    memory_buffer line;
    for (std::size_t i = 0; i < quantroof::engines::all.size(); ++i) {
      if (set.contains(i)) {
        quantroof::detail::add_to(line, "{}{}", line.size() > 0 ? ", " : "",
                                  quantroof::engines::all[i].name);
      }
    }
    return line.size() > 0 ? print(context, line) : print(context, std::string_view{"no engine"});
  }
};

template <>
struct fmt::formatter<quantroof::optimized_plan> : quantroof::detail::line_formatter {
  auto format(const quantroof::optimized_plan& p, auto& context) const {
    memory_buffer line;
    for (const double us : p.step_us) {
      quantroof::detail::add_to(line, "{:.1f} us, ", us);
    }
    quantroof::detail::add_to(line, "{:.2f} GB, inputs {}",
                              static_cast<double>(p.memory_bytes) / 1e9,
                              p.config.default_activation_precision);
    for (const quantroof::activation_rule& rule : p.config.activation_rules) {
      quantroof::detail::add_to(line, ", {}", rule);
    }
    quantroof::detail::add_to(line, ", KV cache {}, runs on {}; {}", p.config.get_cache_format(),
                              p.engines, p.quality);
    return print(context, line);
  }
};

namespace quantroof::detail {

/// The value of a limit in its own unit.
inline void add_limit(fmt::memory_buffer& line, limit_kind kind, double value) {
  switch (kind) {
    case limit_kind::memory:
      add_to(line, "{:.2f} GB", value / 1e9);
      break;
    case limit_kind::quality:
      add_to(line, "{:.4g} %", 100 * value);
      break;
    case limit_kind::grade:
      add_to(line, "{}", to_string(static_cast<quality_grade>(value)));
      break;
    default:
      add_to(line, "{:.1f} us", value);
      break;
  }
}

}  // namespace quantroof::detail

template <>
struct fmt::formatter<quantroof::limit_price> : quantroof::detail::line_formatter {
  auto format(const quantroof::limit_price& p, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{} (at most ", p.kind);
    quantroof::detail::add_limit(line, p.kind, p.limit);
    if (p.price > 0) {
      quantroof::detail::add_to(line, "): {:.1f} % of the objective", 100 * p.price);
    } else {
      quantroof::detail::add_to(line, "): costs nothing");
    }
    return print(context, line);
  }
};

template <>
struct fmt::formatter<quantroof::limit_conflict> : quantroof::detail::line_formatter {
  auto format(const quantroof::limit_conflict& c, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}: ", c.kind);
    quantroof::detail::add_limit(line, c.kind, c.limit);
    if (c.nearest) {
      quantroof::detail::add_to(line, " asked, ");
      quantroof::detail::add_limit(line, c.kind, *c.nearest);
      quantroof::detail::add_to(line, " is the nearest");
    } else {
      quantroof::detail::add_to(line, " asked; the other limits leave nothing, whatever this one");
      if (c.least && *c.least > c.limit) {
        quantroof::detail::add_to(line, ", and without them ");
        quantroof::detail::add_limit(line, c.kind, *c.least);
        quantroof::detail::add_to(line, " is the least");
      }
    }
    return print(context, line);
  }
};

template <>
struct fmt::formatter<quantroof::alternative> : quantroof::detail::line_formatter {
  auto format(const quantroof::alternative& a, auto& context) const {
    using enum quantroof::rejection_reason;
    memory_buffer line;
    if (a.group) {
      quantroof::detail::add_to(line, "{} in {}", *a.group, a.weight);
      if (a.activation != a.weight) {
        quantroof::detail::add_to(line, " with inputs in {}", a.activation);
      }
    } else {
      quantroof::detail::add_to(line, "KV cache in {}",
                                quantroof::cache_format{a.weight, a.activation});
    }
    switch (a.reason) {
      case chosen:
        quantroof::detail::add_to(line, ": chosen");
        break;
      case not_on_device:
        quantroof::detail::add_to(line, ": the device does not run it");
        break;
      case no_engine:
        quantroof::detail::add_to(line, ": no engine that was asked for runs it here");
        break;
      case not_asked:
        quantroof::detail::add_to(line, ": left out by the question");
        break;
      case rule:
        quantroof::detail::add_to(line, ": {} ({})", quantroof::text_of(a.rule).reason,
                                  quantroof::text_of(a.rule).source);
        break;
      case worse:
        quantroof::detail::add_to(line, ": the best plan with it is {:.1f} % worse",
                                  100 * a.worse_by);
        break;
      case too_large:
        quantroof::detail::add_to(line, ": no plan with it fits the memory");
        break;
      case too_slow:
        quantroof::detail::add_to(line, ": no plan with it keeps to the time limits");
        break;
      case too_lossy:
        quantroof::detail::add_to(line, ": no plan with it keeps to the quality limit");
        break;
    }
    return print(context, line);
  }
};

template <>
struct fmt::formatter<quantroof::kernel_alternative> : quantroof::detail::line_formatter {
  auto format(const quantroof::kernel_alternative& k, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{} by {} ({}, {})", k.phase, k.backend, k.version, k.engines);
    if (k.chosen) {
      quantroof::detail::add_to(line, ": chosen");
    } else if (k.reads_cache && k.slower_by > 0.0005) {
      quantroof::detail::add_to(line, ": {:.1f} % slower", 100 * k.slower_by);
    } else if (k.reads_cache && k.slower_by < -0.0005) {
      quantroof::detail::add_to(line,
                                ": {:.1f} % faster, but it multiplies in FP8, which costs quality",
                                -100 * k.slower_by);
    } else if (k.reads_cache) {
      quantroof::detail::add_to(line, ": as fast");
    } else {
      quantroof::detail::add_to(line, ": does not read this cache");
    }
    return print(context, line);
  }
};

template <>
struct fmt::formatter<quantroof::batch_winner> : quantroof::detail::line_formatter {
  auto format(const quantroof::batch_winner& w, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "from batch {}: {}", w.from_batch, w.weight);
    if (w.activation != w.weight) {
      quantroof::detail::add_to(line, " with inputs in {}", w.activation);
    }
    return print(context, line);
  }
};

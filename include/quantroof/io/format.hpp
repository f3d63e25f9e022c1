// SPDX-License-Identifier: Apache-2.0
//
// Text: fmt formatters for the library's enums, names and results.
//
// Enums and names print as to_string() does and take width, fill and alignment. Results print one line; "{}" only.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string_view>

#include "quantroof/core.hpp"
#include "quantroof/io/enum_names.hpp"

namespace quantroof::detail {

/// An enum of this library that has a name.
template <class T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) {
  { quantroof::to_string(value) } -> std::same_as<std::string_view>;
};

/// A result that writes itself as one line.
template <class T>
concept OneLine = requires(const T& value, fmt::memory_buffer& out) {
  write_line(out, value);
};

}  // namespace quantroof::detail

namespace quantroof {

inline void write_line(fmt::memory_buffer& out, const hardware_spec& hw) {
  fmt::format_to(fmt::appender(out), "{}: {} GB/s", hw.key.view(), hw.memory_gb_s);
  const auto rate = [&out](std::string_view name, const peak_rate& r) {
    if (const auto tflops = r.tflops()) {
      fmt::format_to(fmt::appender(out), ", {} {} TFLOPS", name, *tflops);
    }
  };
  rate("FP16", hw.fp16_tflops);
  rate("BF16", hw.bf16_tflops);
  rate("FP8", hw.fp8_tflops);
  rate("FP4", hw.fp4_tflops);
  rate("INT8", hw.int8_tops);
}

inline void write_line(fmt::memory_buffer& out, const peak_rate& r) {
  if (const auto tflops = r.tflops()) {
    fmt::format_to(fmt::appender(out), "{}", *tflops);
  } else {
    fmt::format_to(fmt::appender(out), "{}", r.is_absent() ? "none" : "unknown");
  }
}

inline void write_line(fmt::memory_buffer& out, const model_config& m) {
  fmt::format_to(fmt::appender(out),
                 "{}: {} layers, hidden {}, {} heads on {} KV heads of {}, FFN {}", m.name.view(),
                 m.num_layers, m.hidden_size, m.num_heads, m.num_kv_heads, m.head_dim, m.ffn_dim);
}

inline void write_line(fmt::memory_buffer& out, const mixed_precision_config& c) {
  fmt::format_to(fmt::appender(out), "{}: ", c.name.view());
  for (const operator_type op : operator_types) {
    if (const auto p = c.operator_precisions.find(op)) {
      fmt::format_to(fmt::appender(out), "{} {}, ", to_string(op), to_string(*p));
    }
  }
  for (const layer_override& o : c.layer_overrides) {
    fmt::format_to(fmt::appender(out), "layers {}-{} {}, ", o.first_layer, o.last_layer,
                   to_string(o.precision));
  }
  fmt::format_to(fmt::appender(out), "KV cache {}, activations {}, rest {}",
                 to_string(c.kv_cache_precision), to_string(c.default_activation_precision),
                 to_string(c.default_weight_precision));
}

inline void write_line(fmt::memory_buffer& out, const scenario& s) {
  fmt::format_to(fmt::appender(out), "{} at {} tokens, batch {}", to_string(s.phase), s.seq_len,
                 s.batch);
}

inline void write_line(fmt::memory_buffer& out, const attention_shape& s) {
  fmt::format_to(fmt::appender(out), "{} x {} heads ({} KV) x {} x {}, d {}{}", s.batch,
                 s.num_heads, s.num_kv_heads, s.seq_len_q, s.seq_len_kv, s.head_dim,
                 s.causal ? ", causal" : "");
}

inline void write_line(fmt::memory_buffer& out, const gemm_shape& g) {
  fmt::format_to(fmt::appender(out), "{} x {} x {}", g.m, g.n, g.k);
}

inline void write_line(fmt::memory_buffer& out, const flash_attention_config& c) {
  fmt::format_to(fmt::appender(out), "{} in {}{}, KV cache {}", to_string(c.version),
                 to_string(c.qkv_precision), c.use_native_fp8 ? " (native)" : "",
                 to_string(c.kv_cache_precision));
  if (c.block_sparse) {
    fmt::format_to(fmt::appender(out), ", {:.0f} % of the blocks skipped", 100 * c.sparsity_ratio);
  }
}

inline void write_line(fmt::memory_buffer& out, const flash_attention_metrics& m) {
  fmt::format_to(fmt::appender(out), "{}: {:.1f} us, {}-bound, {:.1f} FLOP/byte, {:.1f} MB",
                 to_string(m.version), m.predicted_time_us, to_string(m.bottleneck),
                 m.arithmetic_intensity, m.total_bytes / 1e6);
}

inline void write_line(fmt::memory_buffer& out, const roofline_time& t) {
  fmt::format_to(fmt::appender(out), "{:.1f} us, {}-bound", t.time_us, to_string(t.bottleneck));
}

inline void write_line(fmt::memory_buffer& out, const operator_estimate& e) {
  fmt::format_to(fmt::appender(out), "{}: {:.1f} us, {}-bound", to_string(e.op), e.time_us,
                 to_string(e.bottleneck));
}

inline void write_line(fmt::memory_buffer& out, const activation_stats& s) {
  fmt::format_to(
      fmt::appender(out),
      "absmax {:.4g}, mean {:.4g}, std {:.4g}, p99 {:.4g}, p99.9 {:.4g}, outlier ratio {:.2f}",
      s.absmax, s.mean, s.std, s.percentile_99, s.percentile_999, s.outlier_ratio());
  if (s.nan_count + s.inf_count > 0) {
    fmt::format_to(fmt::appender(out), ", {} NaN, {} Inf", s.nan_count, s.inf_count);
  }
}

inline void write_line(fmt::memory_buffer& out, const dynamic_quant_config& c) {
  fmt::format_to(fmt::appender(out), "{} {} by {}{}", to_string(c.precision),
                 to_string(c.granularity), to_string(c.calibration_mode),
                 c.fallback_to_fp16 ? ", falls back to FP16" : "");
}

inline void write_line(fmt::memory_buffer& out, const substitution& s) {
  fmt::format_to(fmt::appender(out), "{} for {}", to_string(s.to), to_string(s.from));
}

inline void write_line(fmt::memory_buffer& out, const quantization_recommendation& r) {
  fmt::format_to(fmt::appender(out),
                 "{}, attention {}, KV cache {}: {:.2f}x ({:.1f} us for {:.1f} us), {:.1f} % less "
                 "memory, quality loss {}, "
                 "confidence {}",
                 r.config.strategy_name.view(),
                 r.config.fa_version ? to_string(*r.config.fa_version) : "separate kernels",
                 to_string(r.config.kv_cache_precision), r.predicted_speedup, r.predicted_time_us,
                 r.baseline_time_us, r.memory_savings_pct, r.expected_quality_loss.view(),
                 to_string(r.confidence));
}

}  // namespace quantroof

/// Enums print their names.
template <quantroof::detail::NamedEnum T>
struct fmt::formatter<T> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(T value, Context& context) const {
    return fmt::formatter<std::string_view>::format(quantroof::to_string(value), context);
  }
};

/// Names print as text.
template <std::size_t N>
struct fmt::formatter<quantroof::short_string<N>> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const quantroof::short_string<N>& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(value.view(), context);
  }
};

/// Results print as one line.
template <quantroof::detail::OneLine T>
struct fmt::formatter<T> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const T& value, Context& context) const {
    fmt::memory_buffer line;
    write_line(line, value);
    return fmt::formatter<std::string_view>::format({line.data(), line.size()}, context);
  }
};

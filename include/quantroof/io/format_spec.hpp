// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of what goes into a question: number formats, devices, strategies, shapes, options. One line each:
//
//   hardware_spec           b10 (Blackwell B10): 62 TFLOPS FP16, 124 FP8, 1000 FP4, 287 GB/s
//   mixed_precision_config  mine: weights FP16 but ffn_up+ffn_down NVFP4, activations FP16, KV cache NVFP4_KV, 2 layer overrides
//   flash_attention_config  fa4, QKV FP8_E4M3 on FP8 units, KV cache NVFP4_KV, 30 % of the blocks skipped
//   scenario                decode at 4096 tokens, batch 1
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "quantroof/dynamic_quant/adaptive_precision.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/engine/scenario.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/format_text.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/step.hpp"
#include "quantroof/version.hpp"

/// "0.1.0"
template <>
struct fmt::formatter<quantroof::version_number> : quantroof::detail::line_formatter {
  auto format(const quantroof::version_number& v, auto& context) const {
    return print(context, "{}.{}.{}", v.major, v.minor, v.patch);
  }
};

// ---- Number formats ------------------------------------------------------------------------------------------------------------

/// "E4M3, bias 7, nan_only"
template <>
struct fmt::formatter<quantroof::float_format> : quantroof::detail::line_formatter {
  auto format(const quantroof::float_format& f, auto& context) const {
    return print(context, "E{}M{}, bias {}, {}{}", f.exponent_bits, f.mantissa_bits, f.bias,
                 f.specials, f.is_signed ? "" : ", unsigned");
  }
};

/// "NVFP4: 4-bit fp4 elements, 4.5 bits with scales"
template <>
struct fmt::formatter<quantroof::precision_format> : quantroof::detail::line_formatter {
  auto format(const quantroof::precision_format& f, auto& context) const {
    return print(context, "{}: {}-bit {} elements, {:.6g} bits with scales", f.name, f.element_bits,
                 f.kind, quantroof::bits_per_element(f.id));
  }
};

/// "8 bits per 1 x 16, 32 per tensor"; "whole" for an extent that is not divided
template <>
struct fmt::formatter<quantroof::scale_layout> : quantroof::detail::line_formatter {
  auto format(const quantroof::scale_layout& s, auto& context) const {
    memory_buffer line;
    if (s.bits_per_block > 0) {
      quantroof::detail::add_to(line, "{} bits per ", s.bits_per_block);
      extent(line, s.block_rows);
      quantroof::detail::add_to(line, " x ");
      extent(line, s.block_cols);
    }
    if (s.bits_per_tensor > 0) {
      quantroof::detail::add_to(line, "{}{} {}per tensor", line.size() > 0 ? ", " : "",
                                s.bits_per_tensor, line.size() > 0 ? "" : "bits ");
    }
    return line.size() > 0 ? print(context, line) : print(context, std::string_view{"no scales"});
  }

 private:
  static void extent(memory_buffer& line, std::int64_t elements) {
    if (elements > 0) {
      quantroof::detail::add_to(line, "{}", elements);
    } else {
      quantroof::detail::add_to(line, "whole");
    }
  }
};

// ---- Devices -------------------------------------------------------------------------------------------------------------------

/// "989.5", "unknown" or "none"
template <>
struct fmt::formatter<quantroof::peak_rate> : quantroof::detail::line_formatter {
  auto format(const quantroof::peak_rate& rate, auto& context) const {
    return rate.is_known()
               ? print(context, "{}", *rate.tflops())
               : print(context, std::string_view{rate.is_absent() ? "none" : "unknown"});
  }
};

template <>
struct fmt::formatter<quantroof::hardware_spec> : quantroof::detail::line_formatter {
  auto format(const quantroof::hardware_spec& hw, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{} ({}):", hw.key, hw.name);
    std::string_view unit = " TFLOPS";
    const auto peak = [&](const quantroof::peak_rate& rate, std::string_view name) {
      if (rate.is_known()) {
        quantroof::detail::add_to(line, " {}{} {},", rate, unit, name);
        unit = "";
      }
    };
    peak(hw.fp16_tflops, "FP16");
    if (!hw.fp16_tflops.is_known()) {
      peak(hw.bf16_tflops, "BF16");
    }
    peak(hw.fp8_tflops, "FP8");
    peak(hw.fp4_tflops, "FP4");
    quantroof::detail::add_to(line, " {} GB/s", hw.memory_gb_s);
    if (hw.memory_gb) {
      quantroof::detail::add_to(line, ", {} GB", *hw.memory_gb);
    }
    return print(context, line);
  }
};

// ---- Strategies ----------------------------------------------------------------------------------------------------------------

/// "q_proj+k_proj", "none"
template <>
struct fmt::formatter<quantroof::operator_set> : quantroof::detail::line_formatter {
  auto format(const quantroof::operator_set& set, auto& context) const {
    memory_buffer line;
    for (const quantroof::operator_type op : quantroof::operator_types) {
      if (set.contains(op)) {
        quantroof::detail::add_to(line, "{}{}", line.size() > 0 ? "+" : "", op);
      }
    }
    return line.size() > 0 ? print(context, line) : print(context, std::string_view{"none"});
  }
};

/// "q_proj+k_proj FP8_E4M3, ffn_up NVFP4", "none": operators of one precision together
template <>
struct fmt::formatter<quantroof::operator_precision_map> : quantroof::detail::line_formatter {
  auto format(const quantroof::operator_precision_map& map, auto& context) const {
    memory_buffer line;
    for (const quantroof::precision_format& format : quantroof::precision_formats) {
      quantroof::operator_set group;
      for (const quantroof::operator_type op : quantroof::operator_types) {
        if (map.find(op) == format.id) {
          group.add(op);
        }
      }
      if (!group.empty()) {
        quantroof::detail::add_to(line, "{}{} {}", line.size() > 0 ? ", " : "", group, format.id);
      }
    }
    return line.size() > 0 ? print(context, line) : print(context, std::string_view{"none"});
  }
};

/// "layers 0-10: q_proj+k_proj FP16"
template <>
struct fmt::formatter<quantroof::layer_override> : quantroof::detail::line_formatter {
  auto format(const quantroof::layer_override& o, auto& context) const {
    return print(context, "layers {}-{}: {} {}", o.first_layer, o.last_layer, o.operators,
                 o.precision);
  }
};

/// "layers 0-10"
template <>
struct fmt::formatter<quantroof::layer_band> : quantroof::detail::line_formatter {
  auto format(const quantroof::layer_band& b, auto& context) const {
    return print(context, "layers {}-{}", b.first_layer, b.first_layer + b.count - 1);
  }
};

/// "FP8_E4M3", or "K GGUF_Q8_0, V GGUF_Q4_0"
template <>
struct fmt::formatter<quantroof::cache_format> : quantroof::detail::line_formatter {
  auto format(const quantroof::cache_format& f, auto& context) const {
    return f.is_single() ? print(context, "{}", f.key)
                         : print(context, "K {}, V {}", f.key, f.value);
  }
};

/// "inputs of INT4_G128 weights FP16"
template <>
struct fmt::formatter<quantroof::activation_rule> : quantroof::detail::line_formatter {
  auto format(const quantroof::activation_rule& r, auto& context) const {
    return print(context, "inputs of {} weights {}", r.weight, r.activation);
  }
};

/// "2x, 50 % less memory, quality loss <1%, best for Hopper/Blackwell, balanced"
template <>
struct fmt::formatter<quantroof::strategy_claims> : quantroof::detail::line_formatter {
  auto format(const quantroof::strategy_claims& c, auto& context) const {
    return print(context, "{}x, {} % less memory, quality loss {}, best for {}", c.speedup,
                 c.memory_savings_pct, c.quality_loss, c.best_for);
  }
};

template <>
struct fmt::formatter<quantroof::mixed_precision_config> : quantroof::detail::line_formatter {
  auto format(const quantroof::mixed_precision_config& c, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}: weights {}", c.name, c.default_weight_precision);
    if (!(c.operator_precisions == quantroof::operator_precision_map{})) {
      quantroof::detail::add_to(line, " but {}", c.operator_precisions);
    }
    quantroof::detail::add_to(line, ", activations {}", c.default_activation_precision);
    for (const quantroof::activation_rule& rule : c.activation_rules) {
      quantroof::detail::add_to(line, ", {}", rule);
    }
    quantroof::detail::add_to(line, ", KV cache {}", c.get_cache_format());
    if (!c.layer_overrides.empty()) {
      quantroof::detail::add_to(line, ", {} layer override{}", c.layer_overrides.size(),
                                c.layer_overrides.size() > 1 ? "s" : "");
    }
    return print(context, line);
  }
};

// ---- Shapes and options --------------------------------------------------------------------------------------------------------

/// "m 1, n 14336, k 4096"
template <>
struct fmt::formatter<quantroof::gemm_shape> : quantroof::detail::line_formatter {
  auto format(const quantroof::gemm_shape& g, auto& context) const {
    return print(context, "m {}, n {}, k {}", g.m, g.n, g.k);
  }
};

/// "batch 1, 32 heads on 8 KV heads of 128, 1 x 4096 tokens, causal"
template <>
struct fmt::formatter<quantroof::attention_shape> : quantroof::detail::line_formatter {
  auto format(const quantroof::attention_shape& s, auto& context) const {
    return print(context, "batch {}, {} heads on {} KV heads of {}, {} x {} tokens{}", s.batch,
                 s.num_heads, s.num_kv_heads, s.head_dim, s.seq_len_q, s.seq_len_kv,
                 s.causal ? ", causal" : "");
  }
};

template <>
struct fmt::formatter<quantroof::flash_attention_config> : quantroof::detail::line_formatter {
  auto format(const quantroof::flash_attention_config& c, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{}, QKV {}{}, KV cache {}", c.version, c.qkv_precision,
                              c.use_native_fp8 ? " on FP8 units" : "", c.kv_cache_precision);
    if (c.block_sparse) {
      quantroof::detail::add_to(line, ", {:.3g} % of the blocks skipped", 100 * c.sparsity_ratio);
    }
    if (c.participation < 1) {
      quantroof::detail::add_to(line, ", {:.3g} % of the tokens take part", 100 * c.participation);
    }
    return print(context, line);
  }
};

template <>
struct fmt::formatter<quantroof::scenario> : quantroof::detail::line_formatter {
  auto format(const quantroof::scenario& s, auto& context) const {
    return print(context, "{} at {} tokens, batch {}", s.phase, s.seq_len, s.batch);
  }
};

/// As scenario, then the attention: "decode at 4096 tokens, batch 1, fa3, ..." or "..., attention as separate kernels"
template <>
struct fmt::formatter<quantroof::step_request> : quantroof::detail::line_formatter {
  auto format(const quantroof::step_request& r, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{} at {} tokens, batch {}, ", r.phase, r.seq_len, r.batch);
    if (r.attention) {
      quantroof::detail::add_to(line, "{}", *r.attention);
    } else {
      quantroof::detail::add_to(line, "attention as separate kernels");
    }
    return print(context, line);
  }
};

/// "FP8_E4M3 per_token, percentile 99.9, FP16 above outlier ratio 2, smoothing 0.9"
template <>
struct fmt::formatter<quantroof::dynamic_quant_config> : quantroof::detail::line_formatter {
  auto format(const quantroof::dynamic_quant_config& c, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "{} {}, {}", c.precision, c.granularity, c.calibration_mode);
    if (c.calibration_mode == quantroof::calibration::percentile) {
      quantroof::detail::add_to(line, " {}", c.percentile);
    }
    if (c.fallback_to_fp16) {
      quantroof::detail::add_to(line, ", FP16 above outlier ratio {}", c.outlier_threshold);
    }
    quantroof::detail::add_to(line, ", smoothing {}", c.smoothing);
    return print(context, line);
  }
};

/// "NVFP4 FP8_E4M3 FP16 at outlier ratios 1, 1.5, 2"
template <>
struct fmt::formatter<quantroof::adaptive_quant_config> : quantroof::detail::line_formatter {
  auto format(const quantroof::adaptive_quant_config& c, auto& context) const {
    memory_buffer line;
    for (const quantroof::precision p : c.precision_candidates) {
      quantroof::detail::add_to(line, "{} ", p);
    }
    quantroof::detail::add_to(line, "at outlier ratios {}, {}, {}", c.low_outlier_threshold,
                              c.medium_outlier_threshold, c.high_outlier_threshold);
    return print(context, line);
  }
};

/// "decode at 4096 tokens, KV cache"
template <>
struct fmt::formatter<quantroof::adaptive_context> : quantroof::detail::line_formatter {
  auto format(const quantroof::adaptive_context& c, auto& context) const {
    return print(context, "{} at {} tokens{}", c.phase, c.seq_len,
                 c.is_kv_cache ? ", KV cache" : "");
  }
};

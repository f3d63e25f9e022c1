// SPDX-License-Identifier: Apache-2.0
//
// What a device runs instead of a format that it has no units or kernels for. A strategy is written for the device that suits it; this
// turns it into one that the device at hand runs, and keeps a list of what was changed.
//
//   weights       NVFP4 -> MXFP4 on CDNA4, INT4_G128 (dequantized to 16 bits by every weight-only kernel) where there is no FP4 unit
//   FP8 anywhere  OCP -> FNUZ on CDNA3; INT8 where there is no FP8 unit but an INT8 unit; FP16 elsewhere
//   KV cache      NVFP4_KV -> FP8 -> INT8 (storage only: it is read back as 16 bits); rows that are key and value of all heads: FP8 or 16 bits
//   16 bits       FP16 -> BF16 where BF16 is faster; BF16 -> FP16 where there is no BF16
#pragma once

#include <optional>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/mixed_precision.hpp"

namespace quantroof {

/// `from` was replaced by `to` because the device does not run it.
struct substitution {
  precision from = precision::fp16;
  precision to = precision::fp16;

  friend constexpr bool operator==(const substitution&, const substitution&) = default;
};

/// A strategy as the device runs it.
struct adapted_strategy {
  mixed_precision_config config{};
  static_vector<substitution, precision_count> substitutions{};
};

/// The format a device uses in place of p for weights and activations; p itself where it runs.
///
/// ignores   formats that are only stored and dequantized (INT4 groups, GGUF): every device stores them
[[nodiscard]] constexpr precision runnable_precision(const hardware_spec& hw, precision p) {
  switch (format_of(p).kind) {
    case element_kind::fp8:
      if (supports_natively(hw, p)) {
        return p;
      }
      if (hw.fp8 == fp8_kind::fnuz && hw.fp8_tflops.is_known()) {
        return p == precision::fp8_e5m2 ? precision::fp8_e5m2fnuz : precision::fp8_e4m3fnuz;
      }
      if (hw.fp8 == fp8_kind::ocp && hw.fp8_tflops.is_known()) {
        return precision::fp8_e4m3;
      }
      return hw.int8_tops.is_known() ? precision::int8_channel : native_16bit(hw);
    case element_kind::fp4:
      if (supports_natively(hw, p) ||
          (p == precision::nvfp4_kv && supports_natively(hw, precision::nvfp4))) {
        return p;
      }
      return supports_natively(hw, precision::mxfp4) ? precision::mxfp4 : precision::int4_g128;
    case element_kind::fp16:  // a strategy's 16 bits: BF16 where that is faster (Gaudi 3, TPU)
      return native_16bit(hw);
    case element_kind::bf16:
      return supports_natively(hw, p) ? p : native_16bit(hw);
    default:
      return p;
  }
}

/// The format a device uses in place of p for its KV cache.
[[nodiscard]] constexpr precision runnable_kv_precision(const hardware_spec& hw, precision p) {
  const element_kind kind = format_of(p).kind;
  if (kind == element_kind::fp4 && supports_natively(hw, precision::nvfp4)) {
    return p;
  }
  if (kind == element_kind::fp4 || kind == element_kind::fp8) {
    const precision fp8 = kind == element_kind::fp8 ? p : precision::fp8_e4m3;
    return has_fp8(hw) ? runnable_precision(hw, fp8) : precision::int8;
  }
  return runnable_precision(hw, p);
}

/// The format of inputs that a device uses in place of p: as for weights, but 16 bits where those would be kept in INT4, which holds no inputs.
[[nodiscard]] constexpr precision runnable_input(const hardware_spec& hw, precision p) {
  const precision to = runnable_precision(hw, p);
  return to != p && format_of(to).kind == element_kind::int4 ? native_16bit(hw) : to;
}

namespace detail {

/// Notes a replacement, each once.
constexpr void note_substitution(adapted_strategy& result, precision from, precision to) {
  for (const substitution& s : result.substitutions) {
    if (s.from == from && s.to == to) {
      return;
    }
  }
  if (from != to) {
    result.substitutions.push_back({.from = from, .to = to});
  }
}

}  // namespace detail

/// The strategy with every format that the device lacks replaced.
///
/// requires  is_valid(hw); is_valid(config)
/// post      every weight, activation and KV format of the result is one that the device runs or dequantizes
[[nodiscard]] constexpr adapted_strategy adapt_to(const hardware_spec& hw,
                                                  const mixed_precision_config& config) {
  is_valid(config);
  adapted_strategy result{.config = config};
  mixed_precision_config& c = result.config;
  const auto note = [&result](precision from, precision to) {
    detail::note_substitution(result, from, to);
  };
  std::optional<precision> asked;  // most operators of a strategy have one precision
  precision answered{};
  const auto replace = [&](precision p) {
    if (asked == p) {
      return answered;
    }
    const precision to = runnable_precision(hw, p);
    asked = p;
    answered = to;
    const bool same_width =
        (p == precision::fp16 || p == precision::bf16) && format_of(to).element_bits == 16;
    if (!same_width) {
      note(p, to);
    }
    return to;
  };
  for (const operator_type op : operator_types) {
    if (const auto own = c.operator_precisions.find(op); own && op != operator_type::kv_cache) {
      c.operator_precisions.set(op, replace(*own));
    }
  }
  for (const operator_type op : operator_types) {
    const precision half = runnable_precision(hw, precision::fp16);  // what get_precision gives
    if (wide_operators.contains(op) && half != precision::fp16 && !c.operator_precisions.find(op)) {
      c.operator_precisions.set(op, half);
    }
  }
  for (layer_override& o : c.layer_overrides) {
    o.precision = replace(o.precision);
  }
  c.default_weight_precision = replace(c.default_weight_precision);
  const auto replace_input = [&](precision p) {
    const precision to = runnable_input(hw, p);
    if (format_of(p).element_bits < 16) {
      note(p, to);
    }
    return to;
  };
  c.default_activation_precision = replace_input(c.default_activation_precision);
  c.activation_rules.clear();
  for (const activation_rule& rule : config.activation_rules) {
    const precision weight = replace(rule.weight);
    const precision activation = replace_input(rule.activation);
    bool known = format_of(weight).element_bits >= 16;  // or two formats became one: the first says
    for (const activation_rule& other : c.activation_rules) {
      known = known || other.weight == weight;
    }
    if (!known) {
      c.activation_rules.push_back({.weight = weight, .activation = activation});
    }
  }
  const cache_format asked_cache = c.get_cache_format();
  const cache_format cache{runnable_kv_precision(hw, asked_cache.key),
                           runnable_kv_precision(hw, asked_cache.value)};
  const auto note_cache = [&](precision from, precision to) {
    if (format_of(to).element_bits != 16 || format_of(from).element_bits != 16) {
      note(from, to);
    }
  };
  note_cache(asked_cache.key, cache.key);
  note_cache(asked_cache.value, cache.value);
  c.kv_cache_precision = cache.key;
  c.value_cache_precision = cache.own_value();
  if (c.operator_precisions.find(operator_type::kv_cache)) {
    c.operator_precisions.set(operator_type::kv_cache, cache.key);
  }
  return result;
}

/// Whether kernels read rows that are key and value of all heads in this format: 16 bits, FP8, and llama.cpp's 8 bits.
///
/// source    caches of FlashMLA, FlashInfer, CUTLASS MLA and TensorRT-LLM; llama.cpp's -ctk with DeepSeek
[[nodiscard]] constexpr bool holds_shared_rows(cache_format f) {
  const precision_format& key = format_of(f.key);
  return f.is_single() && (key.element_bits >= 16 || key.kind == element_kind::fp8 ||
                           key.id == precision::gguf_q8_0);
}

/// The same formats with a cache that holds_shared_rows: FP8 where the device has it, else 16 bits.
[[nodiscard]] constexpr adapted_strategy with_shared_rows(const hardware_spec& hw,
                                                          adapted_strategy adapted) {
  const cache_format asked = adapted.config.get_cache_format();
  if (holds_shared_rows(asked)) {
    return adapted;
  }
  const precision row =
      has_fp8(hw) ? runnable_precision(hw, precision::fp8_e4m3) : native_16bit(hw);
  detail::note_substitution(adapted, asked.key, row);
  adapted.config = adapted.config.with_cache(row);
  return adapted;
}

/// A checkpoint's formats as the device computes with them: weights as they are stored, inputs in 16 bits where it does not multiply theirs.
///
/// formula   inputs that the device multiplies, or FP8 in the pattern that it has, stay; others become 16 bits, as engines do with weights that
///           they dequantize (Marlin: NVFP4 and MXFP4 before Blackwell, FP8 before Ada). The cache as in adapt_to
/// requires  is_valid(hw); is_valid(config)
[[nodiscard]] constexpr adapted_strategy read_as_stored(const hardware_spec& hw,
                                                        const mixed_precision_config& config) {
  is_valid(config);
  mixed_precision_config stored{.name = config.name,
                                .kv_cache_precision = config.kv_cache_precision,
                                .value_cache_precision = config.value_cache_precision};
  adapted_strategy result = adapt_to(hw, stored);  // the cache
  const mixed_precision_config cache = result.config;
  mixed_precision_config& c = result.config;
  c = config.with_cache(cache.get_cache_format());
  const auto input = [&](precision p) {
    const precision_format& f = format_of(p);
    if (f.element_bits >= 16 || supports_natively(hw, p)) {
      return p;
    }
    const precision other = runnable_precision(hw, p);
    const bool same_kind =
        f.kind == element_kind::fp8 && format_of(other).kind == element_kind::fp8;
    const precision to = same_kind ? other : native_16bit(hw);
    detail::note_substitution(result, p, to);
    return to;
  };
  c.default_activation_precision = input(c.default_activation_precision);
  for (activation_rule& rule : c.activation_rules) {
    rule.activation = input(rule.activation);
  }
  return result;
}

}  // namespace quantroof

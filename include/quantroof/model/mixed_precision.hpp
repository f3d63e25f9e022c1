// SPDX-License-Identifier: Apache-2.0
//
// Which precision each operator of each layer has: a plain value with a few rules for what is not said.
//
// An operator takes, in this order: the last layer override that covers it, its own entry, the default of its group. Inputs follow the weight they
// multiply: NVFP4 weights may have NVFP4 inputs while FP8 weights of the same plan have FP8 ones.
// Not here: the named strategies (strategies.hpp), what a device can run (engine/recommendation rules).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/precision/cache_format.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// One entry of operator_precision_map, as a braced pair.
struct operator_precision {
  operator_type op;
  quantroof::precision precision;
};

/// Operator -> precision, written as a braced list of pairs; operators not listed take the configuration's defaults.
///
/// requires  no operator twice
class operator_precision_map {
 public:
  constexpr operator_precision_map() = default;
  constexpr operator_precision_map(std::initializer_list<operator_precision> entries)
      : slots_(stored(entries)) {}

  constexpr void set(operator_type op, precision p) { slots_[index(op)] = code(p); }
  [[nodiscard]] constexpr std::optional<precision> find(operator_type op) const {
    const std::uint8_t slot = slots_[index(op)];
    return slot == 0 ? std::nullopt : std::optional<precision>{static_cast<precision>(slot - 1)};
  }

  friend constexpr bool operator==(const operator_precision_map&,
                                   const operator_precision_map&) = default;

 private:
  using slots = std::array<std::uint8_t, operator_count>;  // 0: not listed, else precision + 1

  [[nodiscard]] static constexpr std::size_t index(operator_type op) {
    detail::expects(static_cast<std::size_t>(op) < operator_count,
                    "operator_precisions: the value is not an operator");
    return static_cast<std::size_t>(op);
  }
  [[nodiscard]] static constexpr std::uint8_t code(precision p) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(format_of(p).id) + 1U);
  }
  [[nodiscard]] static constexpr slots stored(std::initializer_list<operator_precision> entries) {
    slots result{};
    for (const operator_precision& entry : entries) {
      detail::expects(result[index(entry.op)] == 0,
                      "operator_precisions: an operator is listed twice");
      result[index(entry.op)] = code(entry.precision);
    }
    return result;
  }

  slots slots_{};
};

/// Layers first_layer..last_layer (both included) give `operators` another precision.
struct layer_override {
  std::int64_t first_layer = 0;
  std::int64_t last_layer = 0;
  operator_set operators = block_linears;
  quantroof::precision precision = quantroof::precision::fp16;

  friend constexpr bool operator==(const layer_override&, const layer_override&) = default;
};

/// Weights in `weight` multiply inputs in `activation`.
struct activation_rule {
  precision weight = precision::fp16;
  precision activation = precision::fp16;

  friend constexpr bool operator==(const activation_rule&, const activation_rule&) = default;
};

/// What the specification's strategy table says of a strategy; printed beside what the models compute, never used in a prediction.
struct strategy_claims {
  double speedup = 1.0;
  short_string<16> quality_loss = "unknown";
  double memory_savings_pct = 0.0;
  short_string<64> best_for{};

  friend constexpr bool operator==(const strategy_claims&, const strategy_claims&) = default;
};

/// Per-operator, per-layer precision of a model.
struct mixed_precision_config {
  short_string<64> name{};
  short_string<160> description{};
  operator_precision_map operator_precisions{};
  precision default_activation_precision = precision::fp16;
  precision kv_cache_precision = precision::fp16;    // of K, and of V but where it has its own
  std::optional<precision> value_cache_precision{};  // of V
  precision default_weight_precision = precision::fp16;
  static_vector<layer_override, 16> layer_overrides{};
  static_vector<activation_rule, 8> activation_rules{};  // else default_activation_precision
  strategy_claims claims{};

  /// The precision of `op` in `layer`.
  ///
  /// formula   last override that covers (op, layer), else the operator's entry, else that of the operator that decides for it (an expert's
  ///           gate follows ffn_gate), else: wide_operators (routers, indexes) FP16, other weights default_weight_precision, the KV cache
  ///           kv_cache_precision, the attention products default_activation_precision, vector operators FP16
  /// requires  layer >= 0
  [[nodiscard]] constexpr precision get_precision(operator_type op, std::int64_t layer = 0) const {
    detail::expects(layer >= 0, "get_precision: layer must not be negative");
    const auto own = operator_precisions.find(op);
    const operator_type decides = decided_by(op);
    for (std::size_t i = layer_overrides.size(); i > 0; --i) {
      const layer_override& o = layer_overrides[i - 1];
      if (layer >= o.first_layer && layer <= o.last_layer &&
          (o.operators.contains(op) || (!own && o.operators.contains(decides)))) {
        return o.precision;
      }
    }
    if (own) {
      return *own;
    }
    if (const auto decided = operator_precisions.find(decides)) {
      return *decided;
    }
    if (wide_operators.contains(op)) {
      return precision::fp16;
    }
    if (weight_operators.contains(op)) {
      return default_weight_precision;
    }
    if (op == operator_type::kv_cache) {
      return kv_cache_precision;
    }
    return attention_matmuls.contains(op) ? default_activation_precision : precision::fp16;
  }

  /// The precision of the inputs that weights in `weight` multiply.
  ///
  /// formula   weights of 16 bits and more: their own; else the rule of this weight format, else default_activation_precision
  [[nodiscard]] constexpr precision get_activation_precision(precision weight) const {
    if (format_of(weight).element_bits >= 16) {
      return weight;
    }
    for (const activation_rule& rule : activation_rules) {
      if (rule.weight == weight) {
        return rule.activation;
      }
    }
    return default_activation_precision;
  }

  [[nodiscard]] constexpr cache_format get_cache_format() const {
    return {kv_cache_precision, value_cache_precision.value_or(kv_cache_precision)};
  }

  /// A copy in which `op` has precision p: the builder's form of the aggregate.
  [[nodiscard]] constexpr mixed_precision_config with(operator_type op, precision p) const {
    mixed_precision_config copy = *this;
    copy.operator_precisions.set(op, p);
    if (op == operator_type::kv_cache) {
      copy.kv_cache_precision = p;
    }
    return copy;
  }
  /// A copy with this cache.
  [[nodiscard]] constexpr mixed_precision_config with_cache(cache_format cache) const {
    mixed_precision_config copy = *this;
    copy.kv_cache_precision = cache.key;
    copy.value_cache_precision = cache.own_value();
    if (operator_precisions.find(operator_type::kv_cache)) {
      copy.operator_precisions.set(operator_type::kv_cache, cache.key);
    }
    return copy;
  }
  /// A copy in which weights in `weight` multiply inputs in `activation`.
  [[nodiscard]] constexpr mixed_precision_config with_activation(precision weight,
                                                                 precision activation) const {
    mixed_precision_config copy = *this;
    for (activation_rule& rule : copy.activation_rules) {
      if (rule.weight == weight) {
        rule.activation = activation;
        return copy;
      }
    }
    copy.activation_rules.push_back({.weight = weight, .activation = activation});
    return copy;
  }
  /// A copy in which layers first..last give `operators` precision p.
  [[nodiscard]] constexpr mixed_precision_config with_layers(
      std::int64_t first, std::int64_t last, precision p,
      operator_set operators = block_linears) const {
    mixed_precision_config copy = *this;
    copy.layer_overrides.push_back(
        {.first_layer = first, .last_layer = last, .operators = operators, .precision = p});
    return copy;
  }

  friend constexpr bool operator==(const mixed_precision_config&,
                                   const mixed_precision_config&) = default;
};

/// Refuses a configuration that contradicts itself; returns true otherwise.
///
/// requires  a name; layer ranges in order; the KV-cache entry and kv_cache_precision agree; the KV cache has one precision in all layers;
///           activation_rules of weights below 16 bits, each at most once
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const mixed_precision_config& c) {
  detail::expects(!c.name.empty(), "mixed_precision_config: name must not be empty");
  static_cast<void>(format_of(c.default_activation_precision));
  static_cast<void>(format_of(c.kv_cache_precision));
  static_cast<void>(format_of(c.value_cache_precision.value_or(c.kv_cache_precision)));
  static_cast<void>(format_of(c.default_weight_precision));
  const auto kv = c.operator_precisions.find(operator_type::kv_cache);
  detail::expects(
      !kv || *kv == c.kv_cache_precision,
      "mixed_precision_config: operator_precisions[kv_cache] and kv_cache_precision must agree");
  for (const layer_override& o : c.layer_overrides) {
    detail::expects(
        o.first_layer >= 0 && o.first_layer <= o.last_layer,
        "mixed_precision_config: a layer override needs 0 <= first_layer <= last_layer");
    detail::expects(!o.operators.empty(),
                    "mixed_precision_config: a layer override needs at least one operator");
    detail::expects(!o.operators.contains(operator_type::kv_cache),
                    "mixed_precision_config: the KV cache has one precision in all layers; set "
                    "kv_cache_precision");
    static_cast<void>(format_of(o.precision));
  }
  for (std::size_t i = 0; i < c.activation_rules.size(); ++i) {
    const activation_rule& rule = c.activation_rules[i];
    static_cast<void>(format_of(rule.activation));
    detail::expects(format_of(rule.weight).element_bits < 16,
                    "mixed_precision_config: activation_rules are of weights below 16 bits");
    for (std::size_t j = 0; j < i; ++j) {
      detail::expects(c.activation_rules[j].weight != rule.weight,
                      "mixed_precision_config: activation_rules name a weight format twice");
    }
  }
  return true;
}

/// Consecutive layers in which every operator has the same precision.
struct layer_band {
  std::int64_t first_layer = 0;
  std::int64_t count = 0;
};

/// Splits num_layers layers into bands of equal precision; identical layers need to be looked at once.
///
/// requires  num_layers > 0
[[nodiscard]] constexpr static_vector<layer_band, 33> layer_bands(const mixed_precision_config& c,
                                                                  std::int64_t num_layers) {
  detail::expects(num_layers > 0, "layer_bands: num_layers must be positive");
  static_vector<layer_band, 33> bands;  // 16 overrides make at most 32 cuts
  std::int64_t first = 0;
  while (first < num_layers) {
    std::int64_t next = num_layers;
    for (const layer_override& o : c.layer_overrides) {
      if (o.first_layer > first && o.first_layer < next) {
        next = o.first_layer;
      }
      if (o.last_layer >= first && o.last_layer < next - 1) {
        next = o.last_layer + 1;
      }
    }
    bands.push_back({.first_layer = first, .count = next - first});
    first = next;
  }
  return bands;
}

}  // namespace quantroof

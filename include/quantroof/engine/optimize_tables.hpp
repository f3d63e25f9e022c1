// SPDX-License-Identifier: Apache-2.0
//
// What every choice of the optimizer costs: time of each step, bytes, loss, once per group of operators, band of layers and format.
//
// A decision is one group of operators that engines fuse, in one band of layers. Given the cache, the time of a step is the sum over decisions of
// predict_step's own pieces and a part that no decision changes; bytes and losses are sums as well. Not here: the search (optimize_search.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_problem.hpp"
#include "quantroof/engine/engine_support.hpp"
#include "quantroof/engine/operator_group.hpp"
#include "quantroof/engine/optimize_request.hpp"
#include "quantroof/engine/quality.hpp"
#include "quantroof/engine/substitution.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

/// A weight format with the format of its inputs, and who runs the pair on this device.
struct format_pair {
  precision weight = precision::fp16;
  precision activation = precision::fp16;
  engine_set engines{};

  [[nodiscard]] constexpr bool is_16bit() const { return format_of(weight).element_bits >= 16; }
};

/// One decision: a group of operators in a band of layers.
struct decision {
  std::size_t band = 0;  // of optimize_tables::bands
  operator_group group = operator_group::attention_in;
};

/// A format of the cache, and what it costs.
struct cache_choice {
  cache_format kv{};
  double bytes = 0;  // with activations, for the point that needs most
  double nats = 0;   // upper end of what it costs in quality
  quality_rule rule = quality_rule::none;
  bool closed = false;  // by the rule
};

inline constexpr std::size_t max_format_pairs = 24;
inline constexpr std::size_t no_flash_attention =
    flash_attention_versions.size();  // attention as separate kernels

/// Sums to choose from. Indices: pair, decision, point, cache, kernel (a FlashAttention version or no_flash_attention).
struct optimize_tables {
  parallel_plan plan{};
  engine_set engines{};  // that the question is about
  static_vector<workload_point, max_workload_points> workload{};
  static_vector<layer_band, 4> bands{};
  static_vector<decision, max_choice_lists> decisions{};
  static_vector<format_pair, max_format_pairs> pairs{};
  static_vector<cache_choice, cache_formats.size()> caches{};

  template <class T>
  using by_choice = std::array<std::array<T, max_choice_lists>, max_format_pairs>;
  by_choice<std::array<double, max_workload_points>> time_us{};
  by_choice<double> bytes{};
  by_choice<double> nats{};        // upper end
  by_choice<bool> closed{};        // the question or a rule forbids it
  by_choice<quality_rule> rule{};  // which
  model_traits traits{};
  std::array<double, max_workload_points> fixed_us{};  // what no decision changes
  double fixed_bytes = 0;                              // weights in 16 bits and the runtime
  std::array<std::array<std::array<double, max_workload_points>, no_flash_attention + 1>,
             cache_formats.size()>
      attention_us{};
  double products_nats = 0;                         // what attention products in FP8 cost
  std::array<bool, no_flash_attention + 1> runs{};  // kernels of this device
  std::optional<double> usable_bytes{};             // of a device; nullopt: unknown
};

namespace detail {

/// True where a kernel multiplies Q, K, V in FP8, because the cache is narrow and kernel and device can.
[[nodiscard]] constexpr bool multiplies_fp8(const hardware_spec& hw, cache_format kv,
                                            std::size_t kernel) {
  const auto is_narrow_float = [](precision p) {
    return format_of(p).kind == element_kind::fp8 || format_of(p).kind == element_kind::fp4;
  };
  return is_narrow_float(kv.key) && is_narrow_float(kv.value) && kernel < no_flash_attention &&
         takes_precision(flash_attention_versions[kernel], precision::fp8_e4m3) &&
         supports_natively(hw, precision::fp8_e4m3);
}

/// The attention of a step with a kernel over a cache.
[[nodiscard]] constexpr std::optional<flash_attention_config> attention_with(
    const hardware_spec& hw, cache_format kv, std::size_t kernel) {
  if (kernel >= no_flash_attention) {
    return std::nullopt;
  }
  const bool fp8 = multiplies_fp8(hw, kv, kernel);
  return flash_attention_config{.version = flash_attention_versions[kernel],
                                .qkv_precision = fp8 ? precision::fp8_e4m3 : native_16bit(hw),
                                .kv_cache_precision = kv.key,
                                .value_cache_precision = kv.own_value(),
                                .use_native_fp8 = fp8};
}

[[nodiscard]] constexpr mixed_precision_config uniform_config(precision weight,
                                                              precision activation,
                                                              cache_format kv) {
  return {.name = "uniform",
          .default_activation_precision = activation,
          .kv_cache_precision = kv.key,
          .value_cache_precision = kv.own_value(),
          .default_weight_precision = weight};
}

template <class List>
[[nodiscard]] constexpr bool is_listed(const List& list, precision p) {
  for (const precision each : list) {
    const bool both_wide = format_of(each).element_bits == 16 && format_of(p).element_bits == 16;
    if (each == p || both_wide) {
      return true;
    }
  }
  return list.empty();
}

/// The engines that a question is about: the one it names, else those that serve many requests, else, where none of them runs, any.
///
/// ignores   torch_compile and llama_cpp unless they are named: their kernels were measured for single streams only
[[nodiscard]] constexpr engine_set engines_asked(architecture a, const optimize_request& r) {
  if (!r.engine.empty()) {
    return {r.engine.view()};
  }
  const engine_set there = engines_with(a, precision::fp16, precision::fp16);
  const engine_set serving = there & engine_set{"tensorrt_llm", "vllm", "sglang"};
  return serving.empty() ? there : serving;
}

/// Pairs that the device runs, an engine offers and the caller allows; 16 bits are always among them where an engine runs there.
constexpr void add_pairs(optimize_tables& t, const hardware_spec& hw, const optimize_request& r) {
  const precision half = native_16bit(hw);
  t.engines = engines_asked(hw.arch, r);
  for (const format_support& row : support::formats) {
    const precision weight = row.weight == precision::fp16 ? half : row.weight;
    const precision input = row.activation == precision::fp16 ? half : row.activation;
    bool known = false;
    for (const format_pair& p : t.pairs) {
      known = known || (p.weight == weight && p.activation == input);
    }
    if (known || (format_of(input).element_bits < 16 && !supports_natively(hw, input))) {
      continue;
    }
    const engine_set engines = engines_with(hw.arch, row.weight, row.activation) & t.engines;
    if (!engines.empty() &&
        (weight == half || (is_listed(r.formats, weight) && is_listed(r.activations, input)))) {
      t.pairs.push_back({.weight = weight, .activation = input, .engines = engines});
    }
  }
}

/// Decisions that the model has: groups of operators in bands of layers.
constexpr void add_decisions(optimize_tables& t, const model_config& m) {
  for (std::size_t band = 0; band < t.bands.size(); ++band) {
    std::array<bool, operator_group_names.size()> has{};
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      if (count_layers(m, kind, t.bands[band].first_layer, t.bands[band].count) == 0) {
        continue;
      }
      for (const weight_matrix& w : weight_matrices(layer_kind(m, kind), m.hidden_size)) {
        if (const auto group = group_of(w.op)) {
          has[static_cast<std::size_t>(*group)] = true;
        }
      }
    }
    for (std::size_t g = 0; g < has.size(); ++g) {
      if (has[g]) {
        t.decisions.push_back({.band = band, .group = static_cast<operator_group>(g)});
      }
    }
  }
  if (m.vocab_size) {
    t.decisions.push_back({.band = 0, .group = operator_group::lm_head});
  }
}

/// Bytes of each choice, and what no decision changes.
constexpr void add_bytes(optimize_tables& t, const hardware_spec& hw, const model_config& m,
                         const optimize_request& r) {
  const precision half = native_16bit(hw);
  double decided = 0;  // in 16 bits
  const auto bytes_of = [&](const decision& d, precision p) {
    if (d.group == operator_group::lm_head) {
      return storage_bytes(p, ceil_div(*m.vocab_size, t.plan.tensor), m.hidden_size);
    }
    const layer_band& band = t.bands[d.band];
    std::int64_t total = 0;
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      const std::int64_t n = count_layers(m, kind, band.first_layer, band.count);
      const layer_shape l = layer_kind(m, kind);
      for (const weight_matrix& w : weight_matrices(l, m.hidden_size)) {
        if (n > 0 && group_of(w.op) == d.group) {
          const weight_matrix part = local_part(w, l, t.plan);
          total = checked_add(total,
                              checked_mul(n * part.copies, storage_bytes(p, part.rows, part.cols)));
        }
      }
    }
    return total;
  };
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    for (std::size_t s = 0; s < t.pairs.size(); ++s) {
      t.bytes[s][d] = static_cast<double>(bytes_of(t.decisions[d], t.pairs[s].weight));
    }
    decided += static_cast<double>(bytes_of(t.decisions[d], half));
  }
  t.fixed_bytes = static_cast<double>(weight_bytes(m, uniform_config(half, half, half), t.plan)) -
                  decided + static_cast<double>(r.memory.reserved_bytes);
  if (hw.memory_gb) {
    t.usable_bytes =
        static_cast<double>(static_cast<std::int64_t>(*hw.memory_gb * 1e9 * r.memory.usable_share));
  }
}

/// The caches that a kernel of the device reads, with their bytes.
constexpr void add_caches(optimize_tables& t, const hardware_spec& hw, const model_config& m,
                          const optimize_request& r) {
  const bool shared = has_shared_rows(m);
  const auto on_device = [&hw](precision p) {
    return p == precision::fp16                                   ? native_16bit(hw)
           : hw.fp8 == fp8_kind::fnuz && p == precision::fp8_e4m3 ? precision::fp8_e4m3fnuz
                                                                  : p;
  };
  for (const cache_format& offered : cache_formats) {
    const cache_format kv{on_device(offered.key), on_device(offered.value)};
    if (!is_listed(r.kv_formats, kv.key) || !is_listed(r.kv_formats, kv.value) ||
        (shared && !holds_shared_rows(kv))) {
      continue;
    }
    std::int64_t most = 0;
    for (const workload_point& p : t.workload) {
      const std::int64_t local = ceil_div(p.batch, t.plan.data);
      const std::int64_t waiting = checked_mul(local, p.seq_len);
      const std::int64_t in_flight =
          waiting < r.memory.tokens_in_flight ? waiting : r.memory.tokens_in_flight;
      const std::int64_t needed =
          checked_add(kv_cache_bytes(m, kv, p.seq_len, p.batch, r.memory.page_tokens, t.plan),
                      activation_bytes(m, t.plan, in_flight, local));
      most = needed > most ? needed : most;
    }
    t.caches.push_back({.kv = kv, .bytes = static_cast<double>(most)});
  }
}

/// Closes what the question or a rule forbids.
constexpr void close_choices(optimize_tables& t, const model_config& m, const optimize_request& r) {
  const bool risky_too = r.limits.min_grade == quality_grade::d;
  t.traits = traits_of(m);
  static_vector<operator_type, operator_count> present;
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    for (const weight_matrix& w : weight_matrices(layer_kind(m, kind), m.hidden_size)) {
      bool known = false;
      for (const operator_type op : present) {
        known = known || op == w.op;
      }
      if (!known) {
        present.push_back(w.op);
      }
    }
  }
  present.push_back(operator_type::lm_head);
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    const operator_group group = t.decisions[d].group;
    for (std::size_t s = 0; s < t.pairs.size(); ++s) {
      const format_pair& p = t.pairs[s];
      for (const operator_type op : present) {
        if (t.rule[s][d] == quality_rule::none && !p.is_16bit() && group_of(op) == group) {
          t.rule[s][d] = operator_rule(t.traits, op, p.weight, p.activation, r.quality);
        }
      }
      t.closed[s][d] = (group == operator_group::lm_head && !r.quantize_lm_head && !p.is_16bit()) ||
                       (!risky_too && t.rule[s][d] != quality_rule::none);
    }
  }
  for (cache_choice& c : t.caches) {
    c.rule = kv_rule(t.traits, c.kv.key, c.kv.value, r.quality);
    c.closed = !risky_too && c.rule != quality_rule::none;
  }
}

/// What each choice costs in quality, upper ends.
constexpr void add_losses(optimize_tables& t, const model_config& m,
                          const quality_options& options) {
  const quality_model q{m, options};
  const bool each_layer = !options.sensitivities.empty();
  /// Sum of f(layer) over a band, or f of one layer of each kind times their number where layers are alike.
  const auto sum_over = [&](const layer_band& band, auto f) {
    std::array<std::int64_t, max_layer_kinds> first{};
    std::array<std::int64_t, max_layer_kinds> alike{};
    double sum = 0;
    for (std::int64_t i = band.first_layer; i < band.first_layer + band.count; ++i) {
      const std::size_t kind = layer_kind_of(m, i);
      if (each_layer) {
        sum += f(i);
      } else if (alike[kind]++ == 0) {
        first[kind] = i;
      }
    }
    for (std::size_t kind = 0; !each_layer && kind < layer_kind_count(m); ++kind) {
      sum += alike[kind] > 0 ? static_cast<double>(alike[kind]) * f(first[kind]) : 0.0;
    }
    return sum;
  };
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    const operator_set ops = operators_of(t.decisions[d].group);
    for (std::size_t s = 0; s < t.pairs.size(); ++s) {
      const format_pair& p = t.pairs[s];
      if (p.is_16bit()) {
        continue;
      }
      t.nats[s][d] = t.decisions[d].group == operator_group::lm_head
                         ? q.loss(operator_type::lm_head, 0, p.weight, p.activation).upper
                         : sum_over(t.bands[t.decisions[d].band], [&](std::int64_t layer) {
                             return q.loss(ops, layer, p.weight, p.activation).upper;
                           });
    }
  }
  const layer_band all{.first_layer = 0, .count = m.num_layers};
  for (cache_choice& c : t.caches) {
    c.nats = sum_over(
        all, [&](std::int64_t layer) { return q.kv_loss(layer, c.kv.key, c.kv.value).upper; });
  }
  t.products_nats = sum_over(
      all, [&](std::int64_t layer) { return q.attention_loss(layer, precision::fp8_e4m3).upper; });
}

}  // namespace detail

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The optimizer: of all precision plans that the device runs and an engine offers, the best one for a workload within limits, exactly.
//
//   variables    weight format of each group of operators that engines fuse, in each band of layers; the format of the inputs of each weight
//                format; cache format; attention kernel of each phase; the plan of devices; the batch, where throughput or cost is asked
//   objective    least time, memory or cost, most throughput
//   limits       memory, time to first token, time per output token, quality loss (upper end), what a rule calls risky
//
// Where recommend() follows rules, this searches: branch and bound with a proof (choice_problem.hpp). Reasons, prices and frontiers:
// optimize_reasons.hpp, pareto.hpp. No allocation; usable in constant expressions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/engine_support.hpp"
#include "quantroof/engine/optimize_request.hpp"
#include "quantroof/engine/optimize_search.hpp"
#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/engine/optimize_times.hpp"
#include "quantroof/engine/quality.hpp"
#include "quantroof/engine/serving.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/fit.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/roofline/performance_model.hpp"
#include "quantroof/roofline/step.hpp"

namespace quantroof {

/// A whole plan, as predict_step and the engines' exporters take it.
struct optimized_plan {
  mixed_precision_config config{};
  std::optional<flash_attention_config> prefill_attention{};  // nullopt: separate kernels
  std::optional<flash_attention_config> decode_attention{};
  parallel_plan devices{};
  engine_set engines{};                                           // that run all of it
  static_vector<workload_point, max_workload_points> workload{};  // with the batch chosen
  static_vector<double, max_workload_points> step_us{};           // of each point
  double score = 0;  // the objective: us a step (weighted mean), bytes, us or money a token
  std::int64_t memory_bytes = 0;  // of the fullest device, all together
  double nats = 0;                // upper end of dlnPPL that the search counted
  quality_estimate quality{};

  /// The configuration as checkpoints and engines are told of it: without the formats of the attention products, which follow from the cache
  /// and the kernel.
  [[nodiscard]] constexpr mixed_precision_config checkpoint() const {
    mixed_precision_config c = config;
    c.operator_precisions = {};
    for (const operator_type op : operator_types) {
      const auto own = config.operator_precisions.find(op);
      if (own && !attention_matmuls.contains(op)) {
        c.operator_precisions.set(op, *own);
      }
    }
    return c;
  }

  friend constexpr bool operator==(const optimized_plan&, const optimized_plan&) = default;
};

/// The answer of the optimizer.
struct optimization {
  bool feasible = false;
  optimized_plan best{};
  step_estimate step{};                     // of the first point of the workload
  std::optional<memory_estimate> memory{};  // of the point that needs most; nullopt: unknown device
  double bound = 0;                         // no plan scores less
  double gap = 0;                           // (score - bound) / score; 0: the best plan, proven
  std::int64_t nodes = 0;                   // of all search trees

  friend constexpr bool operator==(const optimization&, const optimization&) = default;
};

namespace detail {

/// Writes the formats of a band into a configuration: as its own entries, or as overrides of its layers.
constexpr void write_band(mixed_precision_config& c, const optimize_tables& t,
                          const plan_choice& chosen, std::size_t band, bool as_base) {
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    if (t.decisions[d].band != band || t.decisions[d].group == operator_group::lm_head) {
      continue;
    }
    const precision p = t.pairs[chosen.pair[d]].weight;
    const operator_set group = operators_of(t.decisions[d].group);
    operator_set differing;
    for (const operator_type op : operator_types) {
      if (group.contains(op)) {
        if (as_base) {
          c.operator_precisions.set(op, p);
        } else if (c.get_precision(op, t.bands[band].first_layer) != p) {
          differing.add(op);
        }
      }
    }
    if (differing.empty()) {
      continue;
    }
    bool merged = false;  // with an override of the same layers and format
    for (layer_override& o : c.layer_overrides) {
      if (o.first_layer == t.bands[band].first_layer && o.precision == p) {
        for (const operator_type op : operator_types) {
          if (differing.contains(op)) {
            o.operators.add(op);
          }
        }
        merged = true;
      }
    }
    if (!merged) {
      c.layer_overrides.push_back(
          {.first_layer = t.bands[band].first_layer,
           .last_layer = t.bands[band].first_layer + t.bands[band].count - 1,
           .operators = differing,
           .precision = p});
    }
  }
}

/// Writes the formats of inputs: the first quantized decision's for all weights, a rule each for weights that differ.
constexpr void write_activations(mixed_precision_config& c, const optimize_tables& t,
                                 const plan_choice& chosen) {
  bool first = true;
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    const format_pair& p = t.pairs[chosen.pair[d]];
    if (p.is_16bit()) {
      continue;
    }
    if (first) {
      c.default_activation_precision = p.activation;
      first = false;
    } else if (c.get_activation_precision(p.weight) != p.activation) {
      c = c.with_activation(p.weight, p.activation);
    }
  }
}

/// The configuration of a choice: the longest band speaks for the model, the others override it.
[[nodiscard]] constexpr mixed_precision_config config_of(const optimize_tables& t,
                                                         const hardware_spec& hw,
                                                         const plan_choice& chosen) {
  const precision half = native_16bit(hw);
  mixed_precision_config c{.name = "optimized",
                           .description = "Found by search: least predicted cost in the limits.",
                           .default_activation_precision = half,
                           .kv_cache_precision = t.caches[chosen.cache].kv.key,
                           .value_cache_precision = t.caches[chosen.cache].kv.own_value(),
                           .default_weight_precision = half};
  std::size_t longest = 0;
  for (std::size_t b = 1; b < t.bands.size(); ++b) {
    longest = t.bands[b].count > t.bands[longest].count ? b : longest;
  }
  write_band(c, t, chosen, longest, true);
  for (std::size_t b = 0; b < t.bands.size(); ++b) {
    if (b != longest) {
      write_band(c, t, chosen, b, false);
    }
  }
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    if (t.decisions[d].group == operator_group::lm_head) {
      c.operator_precisions.set(operator_type::lm_head, t.pairs[chosen.pair[d]].weight);
    }
  }
  write_activations(c, t, chosen);
  const precision products = chosen.fp8_products ? precision::fp8_e4m3 : half;
  c.operator_precisions.set(operator_type::qk_matmul, products);
  c.operator_precisions.set(operator_type::sv_matmul, products);
  return c;
}

/// The engines that run every part of a choice.
[[nodiscard]] constexpr engine_set engines_of(const optimize_tables& t, const hardware_spec& hw,
                                              const plan_choice& chosen) {
  engine_set all = t.engines;
  for (std::size_t d = 0; d < t.decisions.size(); ++d) {
    all = all & t.pairs[chosen.pair[d]].engines;
  }
  for (const std::size_t kernel : chosen.kernel) {
    engine_set with;
    for (std::size_t e = 0; e < engines::all.size(); ++e) {
      bool reads = kernel == no_flash_attention;
      for (const attention_support& row : support::attention) {
        reads =
            reads || (static_cast<std::size_t>(row.version) == kernel && row.engines.contains(e) &&
                      row.devices.contains(hw.arch) && reads_cache(row, t.caches[chosen.cache].kv));
      }
      if (reads) {
        with.add(e);
      }
    }
    all = all & with;
  }
  return all;
}

/// A step of the plan with the engine that the question names, or with none.
template <PerformanceModel M>
[[nodiscard]] constexpr step_estimate step_of(const M& model, const hardware_spec& hw,
                                              const model_config& m, const optimized_plan& plan,
                                              const workload_point& p,
                                              const inference_engine* engine) {
  step_request request = request_of(p, plan.devices);
  request.attention = p.phase == phase::decode ? plan.decode_attention : plan.prefill_attention;
  if constexpr (std::same_as<M, calibrated_model>) {
    if (engine != nullptr) {
      return predict_engine_step(model, hw, m, plan.config, request, *engine);
    }
  }
  return predict_step(model, hw, m, plan.config, request);
}

[[nodiscard]] constexpr optimized_plan plan_of(const optimize_tables& t, const hardware_spec& hw,
                                               const model_config& m, const optimize_request& r,
                                               const plan_choice& chosen) {
  optimized_plan plan{.config = config_of(t, hw, chosen),
                      .devices = t.plan,
                      .engines = engines_of(t, hw, chosen),
                      .workload = t.workload,
                      .score = chosen.score,
                      .memory_bytes = static_cast<std::int64_t>(chosen.bytes),
                      .nats = chosen.nats};
  const cache_format kv = t.caches[chosen.cache].kv;
  plan.prefill_attention =
      attention_with(hw, kv, chosen.kernel[static_cast<std::size_t>(phase::prefill)]);
  plan.decode_attention =
      attention_with(hw, kv, chosen.kernel[static_cast<std::size_t>(phase::decode)]);
  for (std::size_t p = 0; p < t.workload.size(); ++p) {
    plan.step_us.push_back(chosen.time_us[p]);
  }
  plan.quality = estimate_quality(m, plan.config, r.quality);
  return plan;
}

/// The batches to try: the workload's own (0), or powers of two up to the largest.
[[nodiscard]] constexpr static_vector<std::int64_t, 24> batches_of(const optimize_request& r) {
  static_vector<std::int64_t, 24> all;
  const bool free =
      r.largest_batch > 0 && (r.goal == objective::max_throughput || r.goal == objective::min_cost);
  if (!free) {
    all.push_back(0);
    return all;
  }
  for (std::int64_t b = 1; b < r.largest_batch; b *= 2) {
    all.push_back(b);
  }
  all.push_back(r.largest_batch);
  return all;
}

/// The best choice with the tables it refers to.
struct searched {
  optimize_tables tables{};
  plan_choice choice{};
};

/// Tries every plan of devices and batch; `change` may alter the goal of each search.
template <PerformanceModel M, class Change>
constexpr void search_all(searched& best, const M& model, const hardware_spec& hw,
                          const model_config& m, const optimize_request& r, Change change) {
  best.choice = {};
  best.choice.score = 1e300;
  std::int64_t nodes = 0;
  bool complete = true;
  double bound = 1e300;
  for (const parallel_plan& plan : r.plans) {
    for (const std::int64_t batch : batches_of(r)) {
      const optimize_tables t = make_optimize_tables(model, hw, m, r, plan, batch);
      search_goal goal = goal_of(r, t);
      change(goal);
      const plan_choice found = plan_search{t, hw, goal, r.quality}.best(best.choice.score);
      nodes += found.nodes;
      complete = complete && found.complete;
      bound = found.bound < bound ? found.bound : bound;
      if (found.found) {
        best.tables = t;
        best.choice = found;
      }
    }
  }
  best.choice.nodes = nodes;
  best.choice.complete = complete;
  best.choice.bound = complete ? best.choice.score : bound;
}

}  // namespace detail

/// The best plan for a workload within limits.
///
/// units     score: microseconds (mean over the workload), bytes, microseconds a token, money a token
/// formula   see the head of this file; the time of a step is what predict_step says of the plan
/// requires  is_valid(m); is_valid(hw); is_valid(r, m.num_layers); every plan divides the model
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   more than two pairs of weights and inputs in a plan, different ones of routed experts' matrices; formats of embeddings and of routers, which
///           stay in 16 bits; block-sparse attention, whose loss is not known; what queues add to a prefill step before the first token
///           (serving.hpp). In constant expressions clang's default limit (2^20 steps) holds two formats of one engine; all that one engine offers
///           takes twice, all engines four times as many (-fconstexpr-steps); g++ needs no option
/// example   examples/optimize.cpp
template <PerformanceModel M>
[[nodiscard]] constexpr optimization optimize(const M& model, const hardware_spec& hw,
                                              const model_config& m, const optimize_request& r) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {  // as predict_step
      return optimize(textbook_model{}, hw, m, r);
    }
  }
  is_valid(hw);
  is_valid(m);
  is_valid(r, m.num_layers);
  detail::searched found;
  detail::search_all(found, model, hw, m, r, [](detail::search_goal&) {});
  optimization answer{.feasible = found.choice.found,
                      .bound = found.choice.bound,
                      .gap = found.choice.gap(),
                      .nodes = found.choice.nodes};
  if (!answer.feasible) {
    return answer;
  }
  answer.best = detail::plan_of(found.tables, hw, m, r, found.choice);
  answer.step = detail::step_of(model, hw, m, answer.best, answer.best.workload[0],
                                r.engine.empty() ? nullptr : find_engine(r.engine.view()));
  if (hw.memory_gb) {
    for (const workload_point& p : answer.best.workload) {
      const memory_estimate e = estimate_memory(m, answer.best.config, hw, answer.best.devices,
                                                p.batch, p.seq_len, r.memory);
      if (!answer.memory || e.total_bytes > answer.memory->total_bytes) {
        answer.memory = e;
      }
    }
  }
  return answer;
}

}  // namespace quantroof

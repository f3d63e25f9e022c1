// SPDX-License-Identifier: Apache-2.0
//
// The times of the optimizer's tables, by the pieces that predict_step adds up: each layer once per pair of formats and point of work.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/engine/serving.hpp"
#include "quantroof/roofline/layer_step.hpp"
#include "quantroof/roofline/performance_model.hpp"
#include "quantroof/roofline/step.hpp"

namespace quantroof {

namespace detail {

[[nodiscard]] constexpr step_request request_of(const workload_point& p,
                                                const parallel_plan& plan) {
  return {.phase = p.phase, .seq_len = p.seq_len, .batch = p.batch, .plan = plan};
}

/// The model with what an engine changes in it (serving.hpp), for one point; other models know no engines.
template <PerformanceModel M>
[[nodiscard]] constexpr M in_engine(M model, const model_config& m, const workload_point& p,
                                    const inference_engine* engine) {
  if constexpr (std::same_as<M, calibrated_model>) {
    if (engine != nullptr) {
      model.launches = engine->launches;
      model.quantization = engine->quantization;
      model.weight_only_experts = engine->weight_only_experts;
      model.host_us = engine->step_us + engine->sequence_us * static_cast<double>(p.batch) +
                      engine->layer_us * static_cast<double>(m.num_layers);
    }
  }
  return model;
}

/// Adds the linear layers of one layer, or what the specification counts of it; attention too where it cannot be left out.
template <PerformanceModel M>
constexpr void add_linear_part(const layer_step<M>& one, const layer_shape& l, std::int64_t index) {
  if (one.model.scope == step_scope::whole_step) {
    one.add_linears(l, index, 1);
    if (l.experts) {
      one.add_experts(*l.experts, index, 1);
    }
  } else {
    add_specified(one, l, index, 1);
  }
}

/// The group that decides an operator's time: in the specification's step the gate decides for all of a gated FFN.
[[nodiscard]] constexpr std::optional<operator_group> timed_by(operator_type op, step_scope scope,
                                                               const layer_shape& l) {
  const bool gated = (l.ffn && l.ffn->gated) || (!l.ffn && l.experts && l.experts->gated);
  if (scope == step_scope::specification && gated && group_of(op) == operator_group::ffn_out) {
    return operator_group::ffn_in;
  }
  return group_of(op);
}

/// Times of the linear layers at one point.
template <PerformanceModel M>
constexpr void add_linear_times(optimize_tables& t, const M& model, const hardware_spec& hw,
                                const model_config& m, std::size_t point,
                                const inference_engine* engine) {
  const step_request request = request_of(t.workload[point], t.plan);
  const step_tokens tokens = tokens_of(request);
  const bool whole = model.scope == step_scope::whole_step;
  const double slower =
      engine != nullptr && hw.arch == architecture::hopper ? engine->hopper_slowdown : 1.0;
  for (std::size_t s = 0; s < t.pairs.size(); ++s) {
    const format_pair& pair = t.pairs[s];
    const mixed_precision_config c = uniform_config(pair.weight, pair.activation, pair.activation);
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      const layer_shape l = layer_kind(m, kind);
      step_estimate step;
      add_linear_part(layer_step<M>{model, hw, c, request, tokens, m.hidden_size, step}, l, 0);
      for (const operator_estimate& part : step.operators) {
        const auto group = timed_by(part.op, model.scope, l);
        for (std::size_t d = 0; group && d < t.decisions.size(); ++d) {
          if (t.decisions[d].group == *group) {
            const layer_band& band = t.bands[t.decisions[d].band];
            t.time_us[s][d][point] +=
                slower * part.time_us *
                static_cast<double>(count_layers(m, kind, band.first_layer, band.count));
          }
        }
      }
    }
    if (whole && m.vocab_size) {
      step_estimate step;
      const layer_step<M> one{model, hw, c, request, tokens, m.hidden_size, step};
      one.add_linear(operator_type::lm_head, tokens.decodes + tokens.prompts,
                     ceil_div(*m.vocab_size, t.plan.tensor), m.hidden_size, pair.weight, 1);
      t.time_us[s][t.decisions.size() - 1][point] = slower * step.time_us;
    }
  }
}

/// What no decision changes at one point: states, indexes, routers, small kernels, exchange, host.
template <PerformanceModel M>
constexpr void add_fixed_times(optimize_tables& t, const M& model, const hardware_spec& hw,
                               const model_config& m, std::size_t point,
                               const inference_engine* engine) {
  const step_request request = request_of(t.workload[point], t.plan);
  const step_tokens tokens = tokens_of(request);
  const precision half = native_16bit(hw);
  const mixed_precision_config c = uniform_config(half, half, half);
  const double slower =
      engine != nullptr && hw.arch == architecture::hopper ? engine->hopper_slowdown : 1.0;
  step_estimate step;
  const layer_step<M> one{model, hw, c, request, tokens, m.hidden_size, step};
  double routers = 0;
  if (model.scope == step_scope::whole_step) {
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      const layer_shape l = layer_kind(m, kind);
      const auto layers = static_cast<double>(count_layers(m, kind));
      if (layers == 0) {
        continue;
      }
      if (l.linear) {
        one.add_linear_state(*l.linear, layers);
      }
      if (l.index) {
        one.add_index(l, layers);
      }
      if constexpr (KernelModel<M>) {
        one.add_small_kernels(l, layers);
        one.add_exchanges(l, layers);
      }
      step_estimate linears;
      layer_step<M>{model, hw, c, request, tokens, m.hidden_size, linears}.add_linears(l, 0,
                                                                                       layers);
      for (const operator_estimate& part : linears.operators) {
        routers += group_of(part.op) ? 0.0 : slower * part.time_us;
      }
    }
    if constexpr (KernelModel<M>) {
      if (m.vocab_size) {
        one.add_exchange(collective::all_gather, t.plan.tensor,
                         2.0 * static_cast<double>(tokens.decodes + tokens.prompts) *
                             static_cast<double>(*m.vocab_size),
                         1);
      }
    }
  }
  t.fixed_us[point] = step.time_us + routers;
  if constexpr (KernelModel<M>) {
    t.fixed_us[point] += model.host_us;
  }
}

/// Attention with every cache and kernel of the device at one point.
template <PerformanceModel M>
constexpr void add_attention_times(optimize_tables& t, const M& model, const hardware_spec& hw,
                                   const model_config& m, std::size_t point) {
  step_request request = request_of(t.workload[point], t.plan);
  const step_tokens tokens = tokens_of(request);
  const precision half = native_16bit(hw);
  for (std::size_t cache = 0; cache < t.caches.size(); ++cache) {
    const cache_format kv = t.caches[cache].kv;
    const mixed_precision_config c = uniform_config(half, half, kv);
    for (std::size_t kernel = 0; kernel < t.runs.size(); ++kernel) {
      if (!t.runs[kernel]) {
        continue;
      }
      request.attention = attention_with(hw, kv, kernel);
      double total = 0;
      for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
        const layer_shape l = layer_kind(m, kind);
        const std::int64_t layers = count_layers(m, kind);
        step_estimate step;
        const layer_step<M> one{model, hw, c, request, tokens, m.hidden_size, step};
        if (model.scope != step_scope::whole_step) {
          add_specified(one, l, 0, 1);
        } else if (l.attention) {
          one.add_attention(*l.attention, 1);
        } else if (l.latent) {
          one.add_latent(*l.latent, 1);
        } else if (l.compressed) {
          one.add_compressed(*l.compressed, 1);
        }
        for (const operator_estimate& part : step.operators) {
          total += part.op == operator_type::qk_matmul ? static_cast<double>(layers) * part.time_us
                                                       : 0.0;
        }
      }
      t.attention_us[cache][kernel][point] = total;
    }
  }
}

}  // namespace detail

/// The tables of one question under one plan.
///
/// formula   see the heads of this file and of optimize_tables.hpp. decode_batch > 0 replaces the batch of the decode points
/// requires  is_valid(m); is_valid(hw); is_valid(r); is_dividable(m, plan)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <PerformanceModel M>
[[nodiscard]] constexpr optimize_tables make_optimize_tables(
    const M& model, const hardware_spec& hw, const model_config& m, const optimize_request& r,
    const parallel_plan& plan, std::int64_t decode_batch = 0) {
  is_dividable(m, plan);
  optimize_tables t;
  t.plan = plan;
  t.workload = r.workload;
  for (workload_point& p : t.workload) {
    if (decode_batch > 0 && p.phase == phase::decode) {
      p.batch = decode_batch;
    }
  }
  t.bands = r.bands.empty() ? default_bands(m.num_layers) : r.bands;
  bool any = false;
  for (std::size_t v = 0; v < no_flash_attention; ++v) {
    t.runs[v] = runs_flash_attention(hw, flash_attention_versions[v]);
    any = any || t.runs[v];
  }
  t.runs[no_flash_attention] = !any;
  detail::add_pairs(t, hw, r);
  detail::add_decisions(t, m);
  detail::add_bytes(t, hw, m, r);
  detail::add_caches(t, hw, m, r);
  detail::add_losses(t, m, r.quality);
  detail::close_choices(t, m, r);
  const inference_engine* engine = r.engine.empty() ? nullptr : find_engine(r.engine.view());
  for (std::size_t point = 0; point < t.workload.size(); ++point) {
    const M used = detail::in_engine(model, m, t.workload[point], engine);
    detail::add_linear_times(t, used, hw, m, point, engine);
    detail::add_fixed_times(t, used, hw, m, point, engine);
    detail::add_attention_times(t, used, hw, m, point);
  }
  return t;
}

}  // namespace quantroof

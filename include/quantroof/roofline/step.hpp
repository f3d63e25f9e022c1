// SPDX-License-Identifier: Apache-2.0
//
// How long one step of a model takes: the sum over its operators, each predicted by a performance model.
//
// Identical layers are predicted once and counted. Which operators belong to the step is the model's scope (textbook.hpp). A model that knows
// real kernels also counts the small ones and the exchange among devices, and joins projections that share their input (Q, K, V; gate, up)
// into one GEMM as engines do. What one layer adds: layer_step.hpp. Not here: sampling beyond host_us, serving (serving.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/roofline/layer_step.hpp"
#include "quantroof/roofline/performance_model.hpp"
#include "quantroof/roofline/step_estimate.hpp"

namespace quantroof {

namespace detail {

/// The specification's step: attention with query heads and no mask, three FFN products at the gate's precision, no ends.
template <PerformanceModel M>
constexpr void add_specified(const layer_step<M>& one, const layer_shape& l, std::int64_t index,
                             std::int64_t count) {
  const auto layers = static_cast<double>(count);
  for (const weight_matrix& w : weight_matrices(l, one.hidden)) {
    const operator_type decides = decided_by(w.op);
    const bool ffn = decides == operator_type::ffn_gate || decides == operator_type::ffn_up ||
                     decides == operator_type::ffn_down;
    if (ffn && !expert_operators.contains(w.op)) {
      const bool gated = l.ffn ? l.ffn->gated : l.experts->gated;
      one.add_linear(w.op, one.tokens.rows, w.rows, w.cols,
                     one.precisions.get_precision(gated ? operator_type::ffn_gate : w.op, index),
                     layers);
    }
  }
  if (l.experts) {
    one.add_experts(*l.experts, index, layers);
  }
  if (l.attention) {
    const std::int64_t keys = one.tokens.prompts > 0 ? one.tokens.tokens : one.tokens.context;
    one.add_attention_call({.batch = one.tokens.prompts + one.tokens.decodes,
                            .num_heads = l.attention->num_heads,
                            .num_kv_heads = l.attention->num_heads,
                            .seq_len_q = one.tokens.prompts > 0 ? one.tokens.tokens : 1,
                            .seq_len_kv = keys,
                            .head_dim = l.attention->head_dim},
                           layers);
  }
  if (l.latent) {
    one.add_latent(*l.latent, layers);
  }
  if (l.compressed) {
    one.add_compressed(*l.compressed, layers);
  }
}

}  // namespace detail

/// One prefill or decode step of a model in mixed precision on a device, or on several that divide it.
///
/// units     microseconds
/// formula   whole_step: layers * (linear layers + attention with KV heads, causal in prefill, or what a layer has in its place + experts) +
///           LM head on the last token of each sequence (all_logits: on every one). specification: layers * (attention with query heads, no mask + 3 FFN products at
///           the gate's precision). Rows of the linear layers: batch (decode) or batch * seq_len (prefill), and the sequences that decode in
///           the same step; divided among data groups. Activations have get_activation_precision(weight) where the weight is quantized and
///           16 bits where it is not. Pipeline stages run one after the other and hand over their rows
/// requires  is_valid(model); is_valid(precisions); is_valid(request); is_dividable(model, plan); attention is supported by the device
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   see the head of this file; bubbles of a pipeline with several batches under way
/// example   examples/advise.cpp
template <PerformanceModel M>
[[nodiscard]] constexpr step_estimate predict_step(const M& model, const hardware_spec& hw,
                                                   const model_config& m,
                                                   const mixed_precision_config& precisions,
                                                   const step_request& request) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {  // no kernel to count: the specification's own step
      return predict_step(textbook_model{}, hw, m, precisions, request);
    }
  }
  is_valid(m);
  is_valid(precisions);
  is_valid(request);
  is_dividable(m, request.plan);
  const bool whole = model.scope == step_scope::whole_step;
  const detail::step_tokens tokens = detail::tokens_of(request);
  detail::expects(tokens.stage_rows <= (std::int64_t{1} << 31),
                  "predict_step: a step must have at most 2^31 tokens");
  step_estimate step;
  detail::timed_gemms<M> timed;
  const detail::layer_step<M> one{model,         hw,   precisions, request, tokens,
                                  m.hidden_size, step, &timed};
  const static_vector<layer_band, 33> bands = layer_bands(precisions, m.num_layers);
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape l = layer_kind(m, kind);
    for (const layer_band& band : bands) {
      const std::int64_t count = count_layers(m, kind, band.first_layer, band.count);
      if (count == 0) {
        continue;
      }
      if (whole) {
        one.add(l, band.first_layer, count);
      } else {
        detail::add_specified(one, l, band.first_layer, count);
      }
    }
  }
  if (whole && m.vocab_size) {
    const std::int64_t rows =
        tokens.decodes + tokens.prompts * (request.all_logits ? tokens.tokens : 1);
    const std::int64_t words = detail::ceil_div(*m.vocab_size, request.plan.tensor);
    one.add_linear(operator_type::lm_head, rows, words, m.hidden_size,
                   precisions.get_precision(operator_type::lm_head), 1);
    if constexpr (KernelModel<M>) {
      one.add_exchange(collective::all_gather, request.plan.tensor,
                       2.0 * static_cast<double>(rows) * static_cast<double>(*m.vocab_size), 1);
    }
  }
  if constexpr (KernelModel<M>) {
    const double handed =
        2.0 * static_cast<double>(tokens.rows * residual_streams(m) * m.hidden_size);
    const parallel_plan& plan = request.plan;
    // neighbours in a node, or the network where a stage fills one: as all-gather, each device sends half of twice the rows
    one.add_exchange(
        collective::all_gather,
        plan.stage_devices() * 2 <= plan.devices_per_node ? 2 : 2 * plan.devices_per_node,
        2.0 * handed, static_cast<double>(plan.pipeline - 1));
    step.host_us = model.host_us;
    step.time_us += model.host_us;
  }
  detail::close_interval(step);
  return step;
}

}  // namespace quantroof

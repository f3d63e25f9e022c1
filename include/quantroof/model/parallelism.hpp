// SPDX-License-Identifier: Apache-2.0
//
// How a model is divided among devices: tensor, data, expert and pipeline parallelism, and which part of a matrix one device holds.
//
//   one pipeline stage has tensor * data devices. Attention and dense layers: `data` groups of `tensor` devices, each group with a part of the
//   batch. Routed experts: all tensor * data devices of the stage, in `expert` groups that hold different experts, each divided among the rest.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

struct parallel_plan {
  std::int64_t tensor = 1;    // devices that divide each attention and dense layer
  std::int64_t data = 1;      // groups of them, each with a part of the batch
  std::int64_t expert = 1;    // groups that hold different experts; divides tensor * data
  std::int64_t pipeline = 1;  // stages of consecutive layers
  std::int64_t devices_per_node = 8;
  double network_gb_s =
      50;  // per device between nodes: one 400 Gb/s port each (published: DGX H100)

  [[nodiscard]] constexpr std::int64_t stage_devices() const { return tensor * data; }
  [[nodiscard]] constexpr std::int64_t devices() const { return tensor * data * pipeline; }
  /// Devices that divide one expert.
  [[nodiscard]] constexpr std::int64_t expert_tensor() const { return tensor * data / expert; }

  friend constexpr bool operator==(const parallel_plan&, const parallel_plan&) = default;
};

/// Refuses a plan that cannot be laid out; returns true otherwise.
///
/// requires  degrees in [1, 1024]; tensor * data a multiple of expert; devices_per_node in [1, 1024]; network_gb_s
///           in (0, 10^6)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const parallel_plan& p) {
  const auto in = [](std::int64_t x) { return x >= 1 && x <= 1024; };
  detail::expects(in(p.tensor) && in(p.data) && in(p.expert) && in(p.pipeline),
                  "parallel_plan: tensor, data, expert and pipeline must be in [1, 1024]");
  detail::expects(p.tensor * p.data % p.expert == 0,
                  "parallel_plan: tensor * data must be a multiple of expert");
  detail::expects(in(p.devices_per_node), "parallel_plan: devices_per_node must be in [1, 1024]");
  return true;
}

/// Refuses a plan that a model cannot be divided by; returns true otherwise.
///
/// requires  is_valid(p); is_valid(m); no more stages than layers; tensor divides the heads of every attention layer and the groups of
///           their outputs; no more expert groups than experts; no expert groups without experts
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_dividable(const model_config& m, const parallel_plan& p) {
  is_valid(p);
  detail::expects(p.pipeline <= m.num_layers, "parallel_plan: no more pipeline stages than layers");
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape l = layer_kind(m, kind);
    const std::int64_t heads = l.attention    ? l.attention->num_heads
                               : l.latent     ? l.latent->num_heads
                               : l.compressed ? l.compressed->num_heads
                                              : p.tensor;
    detail::expects(heads % p.tensor == 0, "parallel_plan: tensor must divide the attention heads");
    detail::expects(!l.compressed || l.compressed->o_groups % p.tensor == 0,
                    "parallel_plan: tensor must divide the groups of the heads' outputs");
    if (l.experts) {
      detail::expects(p.expert <= l.experts->experts,
                      "parallel_plan: no more expert groups than experts");
    }
  }
  detail::expects(p.expert == 1 || has_experts(m),
                  "parallel_plan: expert needs a model with experts");
  return true;
}

/// KV heads of an attention layer on one device: below one a device they are replicated.
[[nodiscard]] constexpr std::int64_t local_kv_heads(const attention_block& a,
                                                    const parallel_plan& p) {
  return detail::ceil_div(a.num_kv_heads, p.tensor);
}

/// The part of a weight matrix that one device holds.
///
/// formula   outputs divided: q, k, v (whole KV heads), latent q and kv_b, o_a, gate, up, linear_in. Inputs divided: o, down, linear_out. Whole on
///           every device: q_a, kv_a, index, compressor, stream_mix, router, the ways into and out of the experts' latent space. Experts: copies
///           / expert groups, divided as gate, up and down among the rest
/// requires  is_valid(p); w one of weight_matrices(l, hidden)
[[nodiscard]] constexpr weight_matrix local_part(const weight_matrix& w, const layer_shape& l,
                                                 const parallel_plan& p) {
  using enum operator_type;
  weight_matrix part = w;
  switch (w.op) {
    case k_proj:
    case v_proj:
      part.rows = w.rows / l.attention->num_kv_heads * local_kv_heads(*l.attention, p);
      break;
    case q_proj:
    case kv_b_proj:
    case o_a_proj:
    case linear_in:
    case ffn_gate:
    case ffn_up:
    case shared_gate:
    case shared_up:
      part.rows = detail::ceil_div(w.rows, p.tensor);
      break;
    case o_proj:
    case linear_out:
    case ffn_down:
    case shared_down:
      part.cols = detail::ceil_div(w.cols, p.tensor);
      break;
    case expert_gate:
    case expert_up:
      part.rows = detail::ceil_div(w.rows, p.expert_tensor());
      part.copies = detail::ceil_div(w.copies, p.expert);
      break;
    case expert_down:
      part.cols = detail::ceil_div(w.cols, p.expert_tensor());
      part.copies = detail::ceil_div(w.copies, p.expert);
      break;
    default:
      break;
  }
  return part;
}

/// Layers of one pipeline stage: the first stages take one more where they do not divide.
struct stage_layers {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// requires  0 <= stage < p.pipeline
[[nodiscard]] constexpr stage_layers layers_of_stage(const model_config& m, const parallel_plan& p,
                                                     std::int64_t stage) {
  const std::int64_t each = m.num_layers / p.pipeline;
  const std::int64_t longer = m.num_layers % p.pipeline;
  return {.first = stage * each + (stage < longer ? stage : longer),
          .count = each + (stage < longer ? 1 : 0)};
}

}  // namespace quantroof

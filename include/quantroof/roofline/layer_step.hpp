// SPDX-License-Identifier: Apache-2.0
//
// The operators of one layer in one step, added to a step_estimate: linear layers joined as engines join them, attention of every kind,
// experts, small kernels, exchange among devices. step.hpp walks over the layers.
//
//   windowed and sparse prefill   rectangles: each query sees min(its past, window) keys and half a tile of masked ones
//   compressed prefill            pairs of queries and rows at 0.64 of the 16-bit peak (FlashMLA's README: sparse prefill on H800 and B200), or
//                                 queries, outputs and rows as bytes
//   linear attention              decode moves the states; prefill 6 FLOPs a state element and token at a quarter of the 16-bit peak (estimate)
//   index of sparse attention     scores over all cached keys at 0.4 of the 16-bit peak, or their bytes (estimate)
#pragma once

#include <cstdint>

#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/compute_precision.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/roofline/layer_work.hpp"
#include "quantroof/roofline/performance_model.hpp"
#include "quantroof/roofline/step_estimate.hpp"
#include "quantroof/roofline/step_tokens.hpp"
#include "quantroof/roofline/timed_gemms.hpp"

namespace quantroof::detail {

/// Outputs of one input that engines compute as one GEMM.
[[nodiscard]] constexpr int joined_group(operator_type op) {
  switch (op) {
    case operator_type::q_proj:
    case operator_type::k_proj:
    case operator_type::v_proj:
      return 1;
    case operator_type::ffn_gate:
    case operator_type::ffn_up:
      return 2;
    case operator_type::shared_gate:
    case operator_type::shared_up:
      return 3;
    case operator_type::q_a_proj:
    case operator_type::kv_a_proj:
      return 4;
    default:
      return 0;
  }
}

/// One layer of a step on one device; results go into `step`, `layers` times.
template <PerformanceModel M>
struct layer_step {
  const M& model;
  const hardware_spec& hw;
  const mixed_precision_config& precisions;
  const step_request& request;
  const step_tokens& tokens;
  std::int64_t hidden;
  step_estimate& step;
  timed_gemms<M>* timed = nullptr;  // where several layers are added

  [[nodiscard]] constexpr precision activation_of(precision weight) const {
    return format_of(weight).element_bits >= 16 ? native_16bit(hw)
                                                : precisions.get_activation_precision(weight);
  }

  /// A linear layer of its own: LM head, router.
  constexpr void add_linear(operator_type op, std::int64_t rows, std::int64_t outputs,
                            std::int64_t inputs, precision weight, double layers) const {
    const gemm_shape g{.m = rows, .n = outputs, .k = inputs};
    add_share(step, op, model.gemm(hw, g, weight, activation_of(weight)), 1.0,
              model.work_of(g, weight, activation_of(weight)), layers);
  }

  /// The linear layers of layer `index`, all but routed experts.
  constexpr void add_linears(const layer_shape& l, std::int64_t index, double layers) const {
    const auto matrices = weight_matrices(l, hidden);
    for (std::size_t i = 0; i < matrices.size();) {
      const weight_matrix first = local_part(matrices[i], l, request.plan);
      if (expert_operators.contains(first.op)) {
        ++i;
        continue;
      }
      const precision weight = precisions.get_precision(first.op, index);
      std::int64_t outputs = first.rows;
      std::size_t end = i + 1;
      if constexpr (KernelModel<M>) {
        const int group = joined_group(first.op);
        while (group != 0 && end < matrices.size() && joined_group(matrices[end].op) == group &&
               matrices[end].cols == matrices[i].cols &&
               precisions.get_precision(matrices[end].op, index) == weight) {
          outputs += local_part(matrices[end], l, request.plan).rows;
          ++end;
        }
      }
      const precision activation = activation_of(weight);
      const gemm_shape shape{.m = tokens.rows, .n = outputs, .k = first.cols};
      const auto time = timed != nullptr ? timed->of(model, hw, shape, weight, activation)
                                         : model.gemm(hw, shape, weight, activation);
      for (; i < end; ++i) {
        const std::int64_t rows = local_part(matrices[i], l, request.plan).rows;
        add_share(step, matrices[i].op, time,
                  static_cast<double>(rows) / static_cast<double>(outputs),
                  model.work_of({.m = tokens.rows, .n = rows, .k = first.cols}, weight, activation),
                  layers);
      }
    }
  }

  // ---- Mixing tokens -------------------------------------------------------------------------------------------------------------

  constexpr void add_attention_call(const attention_shape& s, double layers) const {
    step.attention = request.attention
                         ? model.attention(hw, s, *request.attention)
                         : model.standard_attention(hw, s, precisions.get_cache_format());
    const flash_attention_metrics& a = step.attention;
    add_operator(step, {.op = operator_type::qk_matmul,
                        .time_us = layers * a.predicted_time_us,
                        .lower_us = layers * a.lower_us,
                        .upper_us = layers * a.upper_us,
                        .flops = layers * a.flops,
                        .bytes = layers * a.total_bytes,
                        .bottleneck = a.bottleneck});
  }

  /// Queries of prompts over at most `most` keys each (0: all).
  [[nodiscard]] constexpr attention_shape prompt_shape(attention_shape s, std::int64_t most) const {
    const std::int64_t keys = tokens.past + tokens.tokens;
    s.batch = tokens.prompts;
    s.seq_len_q = tokens.tokens;
    s.seq_len_kv = keys;
    s.causal = true;
    if (most > 0 && most < keys) {
      const double seen = seen_pairs(tokens.tokens, tokens.past, most);
      const auto each = static_cast<std::int64_t>(seen / static_cast<double>(tokens.tokens)) + 64;
      if (each < keys) {
        s.seq_len_kv = each;
        s.causal = false;
      }
    }
    return s;
  }
  [[nodiscard]] constexpr attention_shape decode_shape(attention_shape s, std::int64_t most) const {
    s.batch = tokens.decodes;
    s.seq_len_q = 1;
    s.seq_len_kv = most > 0 && most < tokens.context ? most : tokens.context;
    return s;
  }

  constexpr void add_attention(const attention_block& a, double layers) const {
    const std::int64_t v = a.v_head_dim > 0 ? a.v_head_dim : a.head_dim;
    const std::int64_t kv_heads = local_kv_heads(a, request.plan);
    const attention_shape s{
        .num_heads = ceil_div(ceil_div(a.num_heads, request.plan.tensor), kv_heads) * kv_heads,
        .num_kv_heads = kv_heads,
        .head_dim = (a.head_dim + v) / 2};
    const std::int64_t most = a.window > 0 ? a.window : a.selected;
    if (tokens.prompts > 0) {
      add_attention_call(prompt_shape(s, most), layers);
    }
    if (tokens.decodes > 0) {
      add_attention_call(decode_shape(s, most), layers);
    }
  }

  [[nodiscard]] static constexpr attention_width width_of(precision kv) {
    return bytes_per_element(kv) <= 1.0625 ? attention_width::bits8 : attention_width::bits16;
  }

  constexpr void add_latent(const latent_attention& a, double layers) const {
    const std::int64_t heads = ceil_div(a.num_heads, request.plan.tensor);
    const attention_shape s{
        .num_heads = heads, .num_kv_heads = heads, .head_dim = a.nope_dim + a.rope_dim};
    if constexpr (KernelModel<M>) {
      if (tokens.prompts > 0) {
        add_kernel(step, operator_type::qk_matmul,
                   model.mla_prefill(hw, prompt_shape(s, a.selected),
                                     width_of(precisions.get_precision(operator_type::kv_cache))),
                   layers);
      }
    } else if (tokens.prompts > 0) {  // heads of nope + rope for scores, v for values
      attention_shape p = prompt_shape(s, a.selected);
      p.head_dim = (a.nope_dim + a.rope_dim + a.v_dim) / 2;
      add_attention_call(p, layers);
    }
    if (tokens.decodes > 0) {  // absorbed
      add_shared_row_decode(heads, decode_shape(s, a.selected).seq_len_kv, a.kv_rank, a.rope_dim,
                            layers);
    }
  }

  /// All heads over cached rows that are key and value: scores over both parts of a row, values over the first.
  constexpr void add_shared_row_decode(std::int64_t heads, std::int64_t keys, std::int64_t latent,
                                       std::int64_t rotated, double layers) const {
    const precision kv = precisions.get_precision(operator_type::kv_cache);
    if constexpr (KernelModel<M>) {
      add_kernel(step, operator_type::qk_matmul,
                 model.mla_decode(hw,
                                  {.batch = tokens.decodes,
                                   .heads = heads,
                                   .seq_len_kv = keys,
                                   .latent = latent,
                                   .rotated = rotated},
                                  width_of(kv)),
                 layers);
    } else {
      const auto length = static_cast<double>(tokens.decodes) * static_cast<double>(keys);
      const work w{.flops = 2.0 * length * static_cast<double>(heads * (2 * latent + rotated)),
                   .bytes = length * static_cast<double>(latent + rotated) * bytes_per_element(kv)};
      const precision half = native_16bit(hw);
      add_share(step, operator_type::qk_matmul,
                roofline(w, compute_tflops(hw, half, half), hw.memory_gb_s), 1.0, w, layers);
    }
  }

  constexpr void add_compressed(const compressed_attention& a, double layers) const {
    const std::int64_t heads = ceil_div(a.num_heads, request.plan.tensor);
    if (tokens.prompts > 0) {
      const double row = static_cast<double>(
          compressed_row_bytes(precisions.get_precision(operator_type::kv_cache), a));
      add_pass(operator_type::qk_matmul, compressed_prefill_work(a, heads, row, tokens), 0.64,
               layers);
    }
    if (tokens.decodes > 0) {
      add_shared_row_decode(heads, rows_read(a, tokens.context), a.head_dim, 0, layers);
    }
  }

  /// Two kernels that move bytes and compute at a share of the 16-bit peak.
  constexpr void add_pass(operator_type op, const work& w, double share, double layers) const {
    const precision half = native_16bit(hw);
    const double compute = w.flops / (share * compute_tflops(hw, half, half) * 1e6);
    kernel_estimate e{.dram_bytes = w.bytes};
    if constexpr (KernelModel<M>) {
      e = model.elementwise(hw, 2, w.bytes);
    } else {
      e.time_us = w.bytes / (hw.memory_gb_s * 1e3);
      e.lower_us = e.upper_us = e.time_us;
    }
    e.flops = w.flops;
    if (compute > e.time_us) {
      e.time_us = compute;
      e.lower_us = KernelModel<M> ? 0.5 * compute : compute;
      e.upper_us = KernelModel<M> ? 2.0 * compute : compute;
      e.bottleneck = bottleneck::matrix;
    }
    add_kernel(step, op, e, layers);
  }

  constexpr void add_index(const layer_shape& l, double layers) const {
    add_pass(operator_type::index_proj, index_work(l, tokens), 0.4, layers);
  }

  constexpr void add_linear_state(const linear_attention& a, double layers) const {
    add_pass(operator_type::linear_state, linear_state_work(a, tokens, request.plan), 0.25, layers);
  }

  // ---- Experts, small kernels, exchange ----------------------------------------------------------------------------------------------

  constexpr void add_experts(const expert_mixture& x, std::int64_t index, double layers) const {
    const moe_shape s{.tokens = tokens.stage_rows,
                      .hidden = x.latent_dim > 0 ? x.latent_dim : hidden,
                      .inter = x.expert_dim,
                      .experts = x.experts,
                      .top_k = x.top_k,
                      .tensor_parallel = request.plan.expert_tensor(),
                      .expert_parallel = request.plan.expert,
                      .matrices = x.gated ? 3 : 2};
    const precision weight = precisions.get_precision(operator_type::expert_up, index);
    const precision activation = activation_of(weight);
    const double share = 1.0 / static_cast<double>(s.matrices);
    if constexpr (KernelModel<M>) {
      const kernel_estimate e = model.moe(hw, s, weight, activation);
      const work w{.flops = share * e.flops, .bytes = share * e.dram_bytes};
      if (x.gated) {
        add_share(step, operator_type::expert_gate, e, share, w, layers);
      }
      add_share(step, operator_type::expert_up, e, share, w, layers);
      add_share(step, operator_type::expert_down, e, share, w, layers);
    } else {  // every expert that was chosen multiplies its share of the tokens
      const double distinct = distinct_experts(s);
      const double local = distinct / static_cast<double>(s.expert_parallel);
      const double chosen = static_cast<double>(s.tokens) * static_cast<double>(s.top_k);
      const auto rows = static_cast<std::int64_t>(ceil(chosen / distinct));
      const std::int64_t inter = ceil_div(s.inter, s.tensor_parallel);
      const auto add = [&](operator_type op, std::int64_t weight_rows, std::int64_t weight_cols) {
        add_linear(op, rows, weight_rows, weight_cols, precisions.get_precision(op, index),
                   layers * local);
      };
      if (x.gated) {
        add(operator_type::expert_gate, inter, s.hidden);
      }
      add(operator_type::expert_up, inter, s.hidden);
      add(operator_type::expert_down, s.hidden, inter);
    }
  }

  /// Norms, RoPE and cache writes, residuals, activation: how many launches, what they move.
  constexpr void add_small_kernels(const layer_shape& l, double layers) const {
    const small_kernels k = small_kernels_of(l, hidden, tokens, request.plan);
    kernel_estimate e = model.elementwise(hw, layers * k.launches, layers * k.moved.bytes);
    e.flops = layers * k.moved.flops;
    add_kernel(step, operator_type::rmsnorm, e, 1.0);
  }

  /// A collective of `bytes` among `devices` neighbours, over the network where they fill more than a node.
  constexpr void add_exchange(collective op, std::int64_t devices, double bytes,
                              double times) const {
    if (devices < 2 || bytes <= 0 || times <= 0) {
      return;
    }
    const std::int64_t inside =
        devices < request.plan.devices_per_node ? devices : request.plan.devices_per_node;
    if (inside > 1) {
      add_kernel(step, operator_type::exchange, model.exchange(hw, op, inside, bytes), times);
    }
    if (const std::int64_t nodes = ceil_div(devices, request.plan.devices_per_node); nodes > 1) {
      add_kernel(step, operator_type::exchange,
                 estimate_network(op, nodes, bytes / static_cast<double>(inside),
                                  request.plan.network_gb_s),
                 times);
    }
  }

  constexpr void add_exchanges(const layer_shape& l, double layers) const {
    const parallel_plan& plan = request.plan;
    const double bytes = 2.0 * static_cast<double>(tokens.rows) * static_cast<double>(hidden);
    const bool gathered = l.experts && plan.data > 1;
    const double reductions =
        (has_cache(l) || l.linear ? 1.0 : 0.0) + ((l.ffn || l.experts) && !gathered ? 1.0 : 0.0);
    add_exchange(collective::all_reduce, plan.tensor, bytes, layers * reductions);
    if (l.attention && l.attention->qk_norm_over_heads) {
      add_exchange(collective::all_reduce, plan.tensor, 8.0 * static_cast<double>(tokens.rows),
                   layers);
    }
    if (gathered) {  // every device needs the tokens of all groups
      const double all = 2.0 * static_cast<double>(tokens.stage_rows) * static_cast<double>(hidden);
      add_exchange(collective::all_gather, plan.stage_devices(), all, layers);
      add_exchange(collective::reduce_scatter, plan.stage_devices(), all, layers);
    }
  }

  /// Everything of one layer.
  constexpr void add(const layer_shape& l, std::int64_t index, std::int64_t count) const {
    const auto layers = static_cast<double>(count);
    add_linears(l, index, layers);
    if (l.attention) {
      add_attention(*l.attention, layers);
    }
    if (l.latent) {
      add_latent(*l.latent, layers);
    }
    if (l.compressed) {
      add_compressed(*l.compressed, layers);
    }
    if (l.linear) {
      add_linear_state(*l.linear, layers);
    }
    if (l.index) {
      add_index(l, layers);
    }
    if (l.experts) {
      add_experts(*l.experts, index, layers);
    }
    if constexpr (KernelModel<M>) {
      add_small_kernels(l, layers);
      add_exchanges(l, layers);
    }
  }
};

}  // namespace quantroof::detail

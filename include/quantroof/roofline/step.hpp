// SPDX-License-Identifier: Apache-2.0
//
// How long one step of a model takes: the sum over its operators, each predicted by a performance model.
//
// Identical layers are predicted once and counted. Which operators belong to the step is the model's scope (textbook.hpp).
// Not here: norms, RoPE, activation functions, sampling, collectives, gaps between kernels.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/textbook.hpp"

namespace quantroof {

/// What can predict the operators of a step on a device.
template <class M>
concept PerformanceModel = requires(const M& m, const hardware_spec& hw, const attention_shape& s,
                                    const flash_attention_config& c, const gemm_shape& g,
                                    precision p) {
  { m.attention(hw, s, c) } -> std::same_as<flash_attention_metrics>;
  { m.standard_attention(hw, s, p) } -> std::same_as<flash_attention_metrics>;
  { m.gemm(hw, g, p, p) } -> std::same_as<roofline_time>;
  { m.work_of(g, p, p) } -> std::same_as<work>;
  { m.scope } -> std::convertible_to<step_scope>;
  { M::name() } -> std::convertible_to<std::string_view>;
};
static_assert(PerformanceModel<textbook_model>);

/// What is asked of a step.
struct step_request {
  quantroof::phase phase = quantroof::phase::decode;
  std::int64_t seq_len = 0;  // decode: tokens in the cache; prefill: tokens of the prompt
  std::int64_t batch = 1;
  std::optional<flash_attention_config> attention{};  // nullopt: attention as separate kernels
};

/// One operator of a step, all layers together.
struct operator_estimate {
  operator_type op = operator_type::q_proj;  // qk_matmul stands for the whole attention call
  double time_us = 0;
  double flops = 0;
  double bytes = 0;
  quantroof::bottleneck bottleneck = quantroof::bottleneck::memory;

  /// FLOP per byte; 0 for no work.
  [[nodiscard]] constexpr double arithmetic_intensity() const {
    return bytes > 0 ? flops / bytes : 0.0;
  }
  friend constexpr bool operator==(const operator_estimate&, const operator_estimate&) = default;
};

/// One step; the operators' times add up to time_us.
struct step_estimate {
  double time_us = 0;
  static_vector<operator_estimate, 12> operators{};
  flash_attention_metrics attention{};  // one call, one layer

  friend constexpr bool operator==(const step_estimate&, const step_estimate&) = default;
};

namespace detail {

constexpr void add_operator(step_estimate& step, const operator_estimate& part) {
  step.time_us += part.time_us;
  for (operator_estimate& known : step.operators) {
    if (known.op == part.op) {
      known.bottleneck = part.time_us > known.time_us ? part.bottleneck
                                                      : known.bottleneck;  // the slower band speaks
      known.time_us += part.time_us;
      known.flops += part.flops;
      known.bytes += part.bytes;
      return;
    }
  }
  step.operators.push_back(part);
}

template <PerformanceModel M>
constexpr operator_estimate linear(const M& model, const hardware_spec& hw, operator_type op,
                                   const gemm_shape& g, precision weight, precision activation,
                                   std::int64_t layers) {
  const roofline_time t = model.gemm(hw, g, weight, activation);
  const work w = model.work_of(g, weight, activation);
  const auto n = static_cast<double>(layers);
  return {.op = op,
          .time_us = n * t.time_us,
          .flops = n * w.flops,
          .bytes = n * w.bytes,
          .bottleneck = t.bottleneck};
}

}  // namespace detail

/// One prefill or decode step of a model in mixed precision on a device.
///
/// units     microseconds
/// formula   whole_step: layers * (q, k, v, o, gate, up, down + attention with KV heads, causal in prefill) + LM head on the last token
///           of each sequence. specification: layers * (attention with query heads, no mask + 3 FFN products at the gate's precision).
///           m = batch (decode) or batch * seq_len (prefill). Activations have default_activation_precision where the weight is
///           quantized and 16 bits where it is not
/// requires  is_valid(model); is_valid(precisions); seq_len > 0; batch > 0; attention is supported by the device
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   see the head of this file
template <PerformanceModel M>
[[nodiscard]] constexpr step_estimate predict_step(const M& model, const hardware_spec& hw,
                                                   const model_config& m,
                                                   const mixed_precision_config& precisions,
                                                   const step_request& request) {
  is_valid(m);
  is_valid(precisions);
  detail::expects(request.seq_len > 0 && request.seq_len <= (std::int64_t{1} << 31),
                  "predict_step: seq_len must be in [1, 2^31]");
  detail::expects(request.batch > 0 && request.batch <= (1 << 20),
                  "predict_step: batch must be in [1, 2^20]");
  const bool decode = request.phase == phase::decode;
  const bool whole = model.scope == step_scope::whole_step;
  const std::int64_t rows =
      decode ? request.batch : detail::checked_mul(request.batch, request.seq_len);
  detail::expects(rows <= (std::int64_t{1} << 31),
                  "predict_step: batch * seq_len must be at most 2^31 in prefill");
  const auto activation_of = [&](precision weight) {
    return format_of(weight).element_bits >= 16 ? native_16bit(hw)
                                                : precisions.default_activation_precision;
  };

  step_estimate step;
  for (const layer_band& band : layer_bands(precisions, m.num_layers)) {
    for (const operator_type op : operator_types) {
      const bool ffn = op == operator_type::ffn_gate || op == operator_type::ffn_up ||
                       op == operator_type::ffn_down;
      const auto shape = weight_shape_of(m, op);
      if (!block_linears.contains(op) || !shape || !(whole || ffn)) {
        continue;
      }
      const operator_type decides = whole || !m.gated_ffn ? op : operator_type::ffn_gate;
      const precision weight = precisions.get_precision(decides, band.first_layer);
      detail::add_operator(
          step, detail::linear(model, hw, op, {.m = rows, .n = shape->rows, .k = shape->cols},
                               weight, activation_of(weight), band.count));
    }
  }

  const attention_shape shape{.batch = request.batch,
                              .num_heads = m.num_heads,
                              .num_kv_heads = whole ? m.num_kv_heads : m.num_heads,
                              .seq_len_q = decode ? 1 : request.seq_len,
                              .seq_len_kv = request.seq_len,
                              .head_dim = m.head_dim,
                              .causal = whole && !decode};
  step.attention =
      request.attention
          ? model.attention(hw, shape, *request.attention)
          : model.standard_attention(hw, shape, precisions.get_precision(operator_type::kv_cache));
  const auto layers = static_cast<double>(m.num_layers);
  detail::add_operator(step, {.op = operator_type::qk_matmul,
                              .time_us = layers * step.attention.predicted_time_us,
                              .flops = layers * step.attention.flops,
                              .bytes = layers * step.attention.total_bytes,
                              .bottleneck = step.attention.bottleneck});

  if (const auto head = weight_shape_of(m, operator_type::lm_head); whole && head) {
    const precision weight = precisions.get_precision(operator_type::lm_head);
    detail::add_operator(
        step, detail::linear(model, hw, operator_type::lm_head,
                             {.m = request.batch, .n = head->rows, .k = head->cols}, weight,
                             activation_of(weight), 1));
  }
  return step;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// How long one step of a model takes: the sum over its operators, each predicted by a performance model.
//
// Identical layers are predicted once and counted. Which operators belong to the step is the model's scope (textbook.hpp). A model that knows
// real kernels also counts the small ones, and joins projections that share their input (Q, K, V; gate, up) into one GEMM as engines do.
// Not here: sampling, collectives.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
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
#include "quantroof/roofline/calibrated.hpp"
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
  { m.gemm(hw, g, p, p).time_us } -> std::convertible_to<double>;
  { m.gemm(hw, g, p, p).lower_us } -> std::convertible_to<double>;
  { m.gemm(hw, g, p, p).upper_us } -> std::convertible_to<double>;
  { m.gemm(hw, g, p, p).bottleneck } -> std::convertible_to<bottleneck>;
  { m.work_of(g, p, p) } -> std::same_as<work>;
  { m.scope } -> std::convertible_to<step_scope>;
  { M::name() } -> std::convertible_to<std::string_view>;
};
static_assert(PerformanceModel<textbook_model> && PerformanceModel<calibrated_model>);

/// A model of real kernels: it also knows the small ones and what the host adds.
template <class M>
concept KernelModel = PerformanceModel<M> && requires(const M& m, const hardware_spec& hw) {
  { m.elementwise(hw, 1.0, 1.0) } -> std::same_as<kernel_estimate>;
  { m.host_us } -> std::convertible_to<double>;
  { M::is_specified_only(hw) } -> std::same_as<bool>;
};
static_assert(KernelModel<calibrated_model> && !KernelModel<textbook_model>);

/// What is asked of a step.
struct step_request {
  quantroof::phase phase = quantroof::phase::decode;
  std::int64_t seq_len = 0;  // decode: tokens in the cache; prefill: tokens of the prompt
  std::int64_t batch = 1;
  std::optional<flash_attention_config> attention{};  // nullopt: attention as separate kernels
};

/// One operator of a step, all layers together.
struct operator_estimate {
  operator_type op =
      operator_type::q_proj;  // qk_matmul: the whole attention call; rmsnorm: all small kernels
  double time_us = 0;
  double lower_us = 0;  // 80 % of measurements lie between lower_us and upper_us
  double upper_us = 0;
  double flops = 0;
  double bytes = 0;
  quantroof::bottleneck bottleneck = quantroof::bottleneck::memory;

  /// FLOP per byte; 0 for no work.
  [[nodiscard]] constexpr double arithmetic_intensity() const {
    return bytes > 0 ? flops / bytes : 0.0;
  }
  friend constexpr bool operator==(const operator_estimate&, const operator_estimate&) = default;
};

/// One step; the operators' times and host_us add up to time_us.
struct step_estimate {
  double time_us = 0;   // the operators and host_us
  double lower_us = 0;  // operators err independently of each other, a kernel's layers all alike
  double upper_us = 0;
  double host_us = 0;
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
      known.lower_us += part.lower_us;
      known.upper_us += part.upper_us;
      known.flops += part.flops;
      known.bytes += part.bytes;
      return;
    }
  }
  step.operators.push_back(part);
}

/// Projections of one input that engines compute as one GEMM.
inline constexpr std::array<std::array<operator_type, 3>, 4> joined_projections{{
    {operator_type::q_proj, operator_type::k_proj, operator_type::v_proj},
    {operator_type::o_proj, operator_type::o_proj, operator_type::o_proj},
    {operator_type::ffn_gate, operator_type::ffn_up, operator_type::ffn_up},
    {operator_type::ffn_down, operator_type::ffn_down, operator_type::ffn_down},
}};

/// Adds an operator whose `outputs` are a part of a GEMM that takes time t, `layers` times.
template <class Time>
constexpr void add_linear(step_estimate& step, operator_type op, const Time& t, double part,
                          const work& w, std::int64_t layers) {
  const auto n = static_cast<double>(layers);
  const double share = n * part;
  add_operator(step, {.op = op,
                      .time_us = share * t.time_us,
                      .lower_us = share * t.lower_us,
                      .upper_us = share * t.upper_us,
                      .flops = n * w.flops,
                      .bytes = n * w.bytes,
                      .bottleneck = t.bottleneck});
}

/// The whole step's interval: sides of the operators add up as independent errors do.
constexpr void close_interval(step_estimate& step) {
  double below = 0;
  double above = 0;
  for (const operator_estimate& part : step.operators) {
    below += (part.time_us - part.lower_us) * (part.time_us - part.lower_us);
    above += (part.upper_us - part.time_us) * (part.upper_us - part.time_us);
  }
  step.lower_us = step.time_us - sqrt(below);
  step.upper_us = step.time_us + sqrt(above);
}

/// Bytes that the small kernels of one layer move: norms, RoPE, residuals, activation, in 16 bits.
///
/// formula   tokens * (16 hidden + 4 (heads + 2 KV heads) d + 6 ffn)
[[nodiscard]] constexpr double small_kernel_bytes(const model_config& m, double tokens) {
  const auto hidden = static_cast<double>(m.hidden_size);
  const auto heads = static_cast<double>((m.num_heads + 2 * m.num_kv_heads) * m.head_dim);
  return tokens * (16 * hidden + 4 * heads + 6 * static_cast<double>(m.ffn_dim));
}

/// FLOPs of the same kernels.
///
/// formula   tokens * (norms and residuals 10 hidden + RoPE 3 (heads + KV heads) d + SiLU and product 5 ffn)
[[nodiscard]] constexpr double small_kernel_flops(const model_config& m, double tokens) {
  const auto hidden = static_cast<double>(m.hidden_size);
  const auto rotated = static_cast<double>((m.num_heads + m.num_kv_heads) * m.head_dim);
  return tokens * (10 * hidden + 3 * rotated + 5 * static_cast<double>(m.ffn_dim));
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
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {  // no kernel to count: the specification's own step
      return predict_step(textbook_model{}, hw, m, precisions, request);
    }
  }
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
  const static_vector<layer_band, 33> bands = layer_bands(precisions, m.num_layers);
  const auto predict = [&](std::int64_t tokens, std::int64_t outputs, std::int64_t inputs,
                           precision weight) {
    return model.gemm(hw, {.m = tokens, .n = outputs, .k = inputs}, weight, activation_of(weight));
  };
  const auto add = [&](operator_type op, const auto& t, double part, std::int64_t tokens,
                       const weight_shape& shape, precision weight, std::int64_t layers) {
    detail::add_linear(step, op, t, part,
                       model.work_of({.m = tokens, .n = shape.rows, .k = shape.cols}, weight,
                                     activation_of(weight)),
                       layers);
  };
  if constexpr (KernelModel<M>) {
    for (const layer_band& band : bands) {
      for (const auto& group : detail::joined_projections) {
        std::array<std::optional<weight_shape>, 3> shapes{};
        std::array<precision, 3> weights{};
        std::int64_t outputs = 0;
        std::int64_t inputs = 0;
        bool alike = true;
        for (std::size_t i = 0; i < group.size(); ++i) {
          weights[i] = precisions.get_precision(group[i], band.first_layer);
          if (i > 0 && group[i] == group[i - 1]) {
            continue;
          }
          shapes[i] = weight_shape_of(m, group[i]);
          if (shapes[i]) {
            outputs += shapes[i]->rows;
            inputs = shapes[i]->cols;
            alike = alike && weights[i] == weights[0];
          }
        }
        const auto whole_group = alike ? predict(rows, outputs, inputs, weights[0])
                                       : decltype(predict(rows, outputs, inputs, weights[0])){};
        for (std::size_t i = 0; i < group.size(); ++i) {
          if (!shapes[i]) {
            continue;
          }
          const weight_shape& shape = *shapes[i];
          if (alike) {
            add(group[i], whole_group,
                static_cast<double>(shape.rows) / static_cast<double>(outputs), rows, shape,
                weights[i], band.count);
          } else {
            add(group[i], predict(rows, shape.rows, shape.cols, weights[i]), 1.0, rows, shape,
                weights[i], band.count);
          }
        }
      }
    }
  } else {
    for (const layer_band& band : bands) {
      for (const operator_type op : operator_types) {
        const bool ffn = op == operator_type::ffn_gate || op == operator_type::ffn_up ||
                         op == operator_type::ffn_down;
        const auto shape = weight_shape_of(m, op);
        if (!block_linears.contains(op) || !shape || !(whole || ffn)) {
          continue;
        }
        const operator_type decides = whole || !m.gated_ffn ? op : operator_type::ffn_gate;
        const precision weight = precisions.get_precision(decides, band.first_layer);
        add(op, predict(rows, shape->rows, shape->cols, weight), 1.0, rows, *shape, weight,
            band.count);
      }
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
                              .lower_us = layers * step.attention.lower_us,
                              .upper_us = layers * step.attention.upper_us,
                              .flops = layers * step.attention.flops,
                              .bytes = layers * step.attention.total_bytes,
                              .bottleneck = step.attention.bottleneck});

  if (const auto head = weight_shape_of(m, operator_type::lm_head); whole && head) {
    const precision weight = precisions.get_precision(operator_type::lm_head);
    add(operator_type::lm_head, predict(request.batch, head->rows, head->cols, weight), 1.0,
        request.batch, *head, weight, 1);
  }
  if constexpr (KernelModel<M>) {
    // two norms, RoPE, residual and activation a layer
    const kernel_estimate small = model.elementwise(
        hw, 5 * layers, layers * detail::small_kernel_bytes(m, static_cast<double>(rows)));
    detail::add_operator(
        step, {.op = operator_type::rmsnorm,
               .time_us = small.time_us,
               .lower_us = small.lower_us,
               .upper_us = small.upper_us,
               .flops = layers * detail::small_kernel_flops(m, static_cast<double>(rows)),
               .bytes = small.dram_bytes,
               .bottleneck = small.bottleneck});
    step.host_us = model.host_us;
    step.time_us += model.host_us;
  }
  detail::close_interval(step);
  return step;
}

}  // namespace quantroof

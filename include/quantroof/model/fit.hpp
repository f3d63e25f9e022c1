// SPDX-License-Identifier: Apache-2.0
//
// Whether a model fits: weights, cache, activations and what a runtime keeps for itself, against the memory of the fullest device.
//
//   usable = memory * share;  needed = weights + cache + activations + runtime
//
// Source of the defaults: vLLM's gpu_memory_utilization 0.9 and pages of 16 tokens (its documentation); KV capacity that 1,800 served
// configurations of vLLM, SGLang and TensorRT-LLM imply: 0.9 * memory - weights - 3 GB.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

/// What a runtime does with memory.
struct runtime_memory {
  double usable_share = 0.9;                 // of the device's memory
  std::int64_t reserved_bytes = 2000000000;  // context, communication buffers, workspaces, graphs
  std::int64_t page_tokens = 16;             // of the paged KV cache
  std::int64_t tokens_in_flight = 8192;      // most tokens of one step: chunk of a prefill

  friend constexpr bool operator==(const runtime_memory&, const runtime_memory&) = default;
};

/// Memory of the fullest device.
struct memory_estimate {
  std::int64_t weight_bytes = 0;
  std::int64_t kv_cache_bytes = 0;
  std::int64_t activation_bytes = 0;
  std::int64_t runtime_bytes = 0;
  std::int64_t total_bytes = 0;
  std::int64_t usable_bytes = 0;
  std::int64_t left_bytes = 0;  // negative: that much too little
  bool fits = false;
  std::int64_t largest_batch = 0;    // sequences of this context; 0: not one
  std::int64_t largest_context = 0;  // tokens of this batch; 0: not one

  friend constexpr bool operator==(const memory_estimate&, const memory_estimate&) = default;
};

namespace detail {

/// Live activations of the widest layer and the logits, 16 and 32 bits.
[[nodiscard]] constexpr std::int64_t activation_bytes(const model_config& m,
                                                      const parallel_plan& plan,
                                                      std::int64_t tokens, std::int64_t batch) {
  std::int64_t widest = 0;
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape l = layer_kind(m, kind);
    std::int64_t mixer = 0;
    std::int64_t ffn = 0;
    for (const weight_matrix& w : weight_matrices(l, m.hidden_size)) {
      const weight_matrix part = local_part(w, l, plan);
      if (w.copies > 1) {  // each token passes top_k experts
        ffn += w.op == operator_type::expert_down
                   ? l.experts->top_k * m.hidden_size
                   : ceil_div(part.rows * l.experts->top_k, plan.expert);
      } else if (decided_by(w.op) == operator_type::ffn_gate ||
                 decided_by(w.op) == operator_type::ffn_up) {
        ffn += part.rows;
      } else if (w.op != operator_type::router) {
        mixer += part.rows;
      }
    }
    const std::int64_t layer = mixer > ffn ? mixer : ffn;
    widest = layer > widest ? layer : widest;
  }
  const std::int64_t logits =
      m.vocab_size ? checked_mul(4 * batch, ceil_div(*m.vocab_size, plan.tensor)) : 0;
  return checked_add(checked_mul(2 * tokens, (1 + residual_streams(m)) * m.hidden_size + widest),
                     logits);
}

/// The largest n in [0, most] for which holds(n), which is true up to some n and false beyond.
template <class Holds>
[[nodiscard]] constexpr std::int64_t largest_that(std::int64_t most, Holds holds) {
  std::int64_t low = 0;
  std::int64_t high = most;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (holds(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace detail

/// What `batch` sequences of `context` tokens take on the fullest device of a plan, and the most that would fit.
///
/// units     bytes
/// formula   see the head of this file. Activations: tokens_in_flight * (hidden + residual streams of hidden + widest layer's outputs) in 16 bits
///           and FP32 logits
/// requires  is_valid(m); is_valid(c); is_dividable(m, plan); hw.memory_gb known; batch and context positive, at most 2^20 and 2^31
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   fragmentation, several LoRA adapters, the encoder of a multimodal model
[[nodiscard]] constexpr memory_estimate estimate_memory(const model_config& m,
                                                        const mixed_precision_config& c,
                                                        const hardware_spec& hw,
                                                        const parallel_plan& plan,
                                                        std::int64_t batch, std::int64_t context,
                                                        const runtime_memory& runtime = {}) {
  detail::expects(hw.memory_gb.has_value(), "estimate_memory: the device's memory must be known");
  detail::expects(batch > 0 && batch <= (1 << 20), "estimate_memory: batch must be in [1, 2^20]");
  detail::expects(context > 0 && context <= (std::int64_t{1} << 31),
                  "estimate_memory: context must be in [1, 2^31]");
  detail::expects(runtime.usable_share > 0 && runtime.usable_share <= 1,
                  "runtime_memory: usable_share must be in (0, 1]");
  detail::expects(runtime.reserved_bytes >= 0 && runtime.tokens_in_flight > 0,
                  "runtime_memory: reserved_bytes must not be negative, tokens_in_flight positive");
  const cache_format kv = c.get_cache_format();
  const auto cache = [&](std::int64_t sequences, std::int64_t tokens) {
    return kv_cache_bytes(m, kv, tokens, sequences, runtime.page_tokens, plan);
  };
  const auto activations = [&](std::int64_t sequences, std::int64_t tokens) {
    const std::int64_t local = detail::ceil_div(sequences, plan.data);
    const std::int64_t waiting = detail::checked_mul(local, tokens);
    return detail::activation_bytes(
        m, plan, waiting < runtime.tokens_in_flight ? waiting : runtime.tokens_in_flight, local);
  };
  memory_estimate e;
  e.weight_bytes = weight_bytes(m, c, plan);
  e.runtime_bytes = runtime.reserved_bytes;
  e.usable_bytes = static_cast<std::int64_t>(*hw.memory_gb * 1e9 * runtime.usable_share);
  const auto needed = [&](std::int64_t sequences, std::int64_t tokens) {
    return detail::checked_add(
        detail::checked_add(e.weight_bytes, e.runtime_bytes),
        detail::checked_add(cache(sequences, tokens), activations(sequences, tokens)));
  };
  e.kv_cache_bytes = cache(batch, context);
  e.activation_bytes = activations(batch, context);
  e.total_bytes = needed(batch, context);
  e.left_bytes = e.usable_bytes - e.total_bytes;
  e.fits = e.left_bytes >= 0;
  const auto holds = [&](std::int64_t sequences, std::int64_t tokens) {
    return needed(sequences, tokens) <= e.usable_bytes;
  };
  e.largest_batch =
      detail::largest_that(1 << 20, [&](std::int64_t n) { return holds(n, context); });
  e.largest_context =
      detail::largest_that(std::int64_t{1} << 24, [&](std::int64_t n) { return holds(batch, n); });
  return e;
}

}  // namespace quantroof

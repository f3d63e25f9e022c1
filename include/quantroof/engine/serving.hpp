// SPDX-License-Identifier: Apache-2.0
//
// A model in an inference engine: one step with what the engine adds, and the steady state of many requests, each a prompt of isl tokens and osl
// tokens to write, `concurrency` of them under way.
//
//   batch   = min(concurrency, what the KV cache holds)
//   TPOT    = decode + share * (batch - 1) / osl * prefill: each token waits for the prompts that others bring meanwhile
//   TTFT    = own * prefill + others * concurrency * prefill + steps * decode + fixed
//
// share is 1, or 0.5 where prompts go first and all requests are alike: the first of a wave waits for all others, the last for none. That a prompt in
// a decode step costs as much as alone, though both read the weights once, is what served models show. Not here: queues beyond the cache, arrival
// processes, prefix caching.
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/engine/selection.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/fit.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/step.hpp"

namespace quantroof {

/// One step as an engine runs it.
///
/// units     microseconds
/// formula   predict_step + step_us + sequence_us * sequences + layer_us * layers, with the engine's launches and quantization; linear layers
///           longer by hopper_slowdown on Hopper; each side of the interval with the engine's spread as an error of its own
/// requires  predict_step's
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr step_estimate predict_engine_step(calibrated_model model,
                                                          const hardware_spec& hw,
                                                          const model_config& m,
                                                          const mixed_precision_config& precisions,
                                                          const step_request& request,
                                                          const inference_engine& engine) {
  model.launches = engine.launches;
  model.quantization = engine.quantization;
  model.weight_only_experts = engine.weight_only_experts;
  model.host_us = engine.step_us +
                  engine.sequence_us * static_cast<double>(request.batch + request.decodes) +
                  engine.layer_us * static_cast<double>(m.num_layers);
  step_estimate step = predict_step(model, hw, m, precisions, request);
  if (engine.hopper_slowdown != 1 && hw.arch == architecture::hopper) {
    const double more = engine.hopper_slowdown - 1;
    for (operator_estimate& part : step.operators) {
      if (weight_operators.contains(part.op)) {
        step.time_us += more * part.time_us;
        part.time_us += more * part.time_us;
        part.lower_us += more * part.lower_us;
        part.upper_us += more * part.upper_us;
      }
    }
    detail::close_interval(step);
  }
  const double spread =
      step.time_us * (has_experts(m) ? engine.expert_spread : engine.dense_spread);
  const auto widened = [spread](double side) {
    return detail::sqrt(side * side + spread * spread);
  };
  step.lower_us = step.time_us - widened(step.time_us - step.lower_us);
  step.upper_us = step.time_us + widened(step.upper_us - step.time_us);
  return step;
}

/// What is served.
struct serving_request {
  std::int64_t isl = 1024;       // tokens of a prompt
  std::int64_t osl = 1024;       // tokens written
  std::int64_t concurrency = 1;  // requests under way
  parallel_plan plan{};
  request_lengths lengths = request_lengths::equal;

  friend constexpr bool operator==(const serving_request&, const serving_request&) = default;
};

/// Refuses a request that cannot be; returns true otherwise.
///
/// requires  isl, osl in [1, 2^24]; concurrency in [1, 2^16]; is_valid(plan)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const serving_request& r) {
  detail::expects(r.isl > 0 && r.isl <= (1 << 24) && r.osl > 0 && r.osl <= (1 << 24),
                  "serving_request: isl and osl must be in [1, 2^24]");
  detail::expects(r.concurrency > 0 && r.concurrency <= (1 << 16),
                  "serving_request: concurrency must be in [1, 2^16]");
  return is_valid(r.plan);
}

/// A steady state.
struct serving_estimate {
  bool fits = false;       // false: everything below is 0
  std::int64_t batch = 0;  // sequences that decode together
  double tpot_us = 0;      // time per output token
  double tpot_lower_us = 0;
  double tpot_upper_us = 0;
  std::optional<double> ttft_us{};  // time to first token; nullopt: no claim for this engine
  double prefill_us = 0;            // one prompt alone
  double decode_us = 0;             // one step of `batch` sequences
  double tokens_per_s = 0;          // written, by all sequences

  friend constexpr bool operator==(const serving_estimate&, const serving_estimate&) = default;
};

namespace detail {

/// Mean length of a request: 0.9 of the nominal where lengths are drawn from 0.8 to 1.
[[nodiscard]] constexpr std::int64_t mean_length(std::int64_t nominal, request_lengths lengths) {
  const auto mean = static_cast<std::int64_t>(
      round_even(static_cast<double>(nominal) * (lengths == request_lengths::drawn ? 0.9 : 1.0)));
  return mean > 0 ? mean : 1;
}

}  // namespace detail

/// The steady state of a served model.
///
/// units     microseconds
/// formula   see the head of this file; decode at isl + osl / 2 tokens in the cache; the cache holds what memory leaves beside weights, divided
///           by isl + 0.55 osl tokens a request. Throughput: batch / TPOT
/// requires  is_valid(r); is_dividable(m, r.plan); hw.memory_gb known
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// example   examples/serving.cpp
[[nodiscard]] constexpr serving_estimate predict_serving(const calibrated_model& model,
                                                         const hardware_spec& hw,
                                                         const model_config& m,
                                                         const mixed_precision_config& precisions,
                                                         const serving_request& r,
                                                         const inference_engine& engine) {
  is_valid(r);
  const std::int64_t isl = detail::mean_length(r.isl, r.lengths);
  const std::int64_t osl = detail::mean_length(r.osl, r.lengths);
  const std::int64_t held = isl + (55 * osl) / 100;
  const memory_estimate memory = estimate_memory(m, precisions, hw, r.plan, 1, held, engine.memory);
  serving_estimate e;
  e.fits = memory.fits;
  if (!e.fits) {
    return e;
  }
  e.batch = r.concurrency < memory.largest_batch ? r.concurrency : memory.largest_batch;
  const auto attention =
      select_attention(hw, {.phase = phase::decode, .seq_len = 1}, precisions.get_cache_format());
  const step_estimate decode = predict_engine_step(model, hw, m, precisions,
                                                   {.phase = phase::decode,
                                                    .seq_len = isl + osl / 2,
                                                    .batch = e.batch,
                                                    .attention = attention,
                                                    .plan = r.plan},
                                                   engine);
  const step_estimate prefill = predict_engine_step(
      model, hw, m, precisions,
      {.phase = phase::prefill, .seq_len = isl, .batch = 1, .attention = attention, .plan = r.plan},
      engine);
  const bool waves =
      engine.order == scheduling::prefill_first && r.lengths == request_lengths::equal;
  const double others =
      (waves ? 0.5 : 1.0) * static_cast<double>(e.batch - 1) / static_cast<double>(osl);
  e.decode_us = decode.time_us;
  e.prefill_us = prefill.time_us;
  e.tpot_us = decode.time_us + others * prefill.time_us;
  e.tpot_lower_us = decode.lower_us + others * prefill.lower_us;
  e.tpot_upper_us = decode.upper_us + others * prefill.upper_us;
  if (const auto& rule = engine.first_token[static_cast<std::size_t>(r.lengths)]) {
    e.ttft_us = (rule->own_prefills + rule->other_prefills * static_cast<double>(r.concurrency)) *
                    prefill.time_us +
                rule->steps * decode.time_us + rule->fixed_us;
  }
  e.tokens_per_s = static_cast<double>(e.batch) / e.tpot_us * 1e6;
  return e;
}

}  // namespace quantroof

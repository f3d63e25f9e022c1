// SPDX-License-Identifier: Apache-2.0
//
// What is asked of one step of a model, and what a prediction says of it, operator by operator. The prediction itself: step.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// What is asked of a step.
struct step_request {
  quantroof::phase phase = quantroof::phase::decode;
  std::int64_t seq_len = 0;  // decode: tokens in the cache; prefill: new tokens of each prompt
  std::int64_t batch = 1;    // sequences, over all data groups
  std::optional<flash_attention_config> attention{};  // nullopt: attention as separate kernels
  std::int64_t past = 0;  // prefill: tokens of each prompt that earlier chunks put into the cache
  std::int64_t decodes = 0;     // prefill: sequences that decode in the same step
  std::int64_t decode_len = 0;  // tokens in their caches
  parallel_plan plan{};
  bool all_logits = false;  // prefill: the LM head on every token, as verifying drafted ones needs

  friend constexpr bool operator==(const step_request&, const step_request&) = default;
};

/// Refuses a step that cannot be; returns true otherwise.
///
/// requires  seq_len in [1, 2^31]; batch in [1, 2^20]; past in [0, 2^31]; decodes in [0, 2^20] with decode_len in [1, 2^31]; past and decodes
///           only in prefill; batch * seq_len at most 2^31 in prefill; is_valid(plan)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const step_request& r) {
  constexpr std::int64_t longest = std::int64_t{1} << 31;
  detail::expects(r.seq_len > 0 && r.seq_len <= longest,
                  "predict_step: seq_len must be in [1, 2^31]");
  detail::expects(r.batch > 0 && r.batch <= (1 << 20), "predict_step: batch must be in [1, 2^20]");
  detail::expects(r.past >= 0 && r.past <= longest, "predict_step: past must be in [0, 2^31]");
  detail::expects(r.decodes >= 0 && r.decodes <= (1 << 20),
                  "predict_step: decodes must be in [0, 2^20]");
  detail::expects(r.decodes == 0 || (r.decode_len > 0 && r.decode_len <= longest),
                  "predict_step: decode_len must be in [1, 2^31] where sequences decode");
  const bool decode = r.phase == phase::decode;
  detail::expects(!decode || (r.past == 0 && r.decodes == 0),
                  "predict_step: past and decodes belong to prefill");
  detail::expects(decode || detail::checked_mul(r.batch, r.seq_len) <= longest,
                  "predict_step: batch * seq_len must be at most 2^31 in prefill");
  return is_valid(r.plan);
}

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

/// The operators of a step: at most one entry for each.
using operator_estimates = static_vector<operator_estimate, 28>;

/// One step; the operators' times and host_us add up to time_us.
struct step_estimate {
  double time_us = 0;   // the operators and host_us
  double lower_us = 0;  // operators err independently of each other, a kernel's layers all alike
  double upper_us = 0;
  double host_us = 0;
  operator_estimates operators{};
  flash_attention_metrics attention{};  // one call, one layer; the last kind of layer that has one

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

/// Adds `share` of an estimate for `layers` layers, with work of its own.
template <class Time>
constexpr void add_share(step_estimate& step, operator_type op, const Time& t, double share,
                         const work& w, double layers) {
  const double n = layers * share;
  add_operator(step, {.op = op,
                      .time_us = n * t.time_us,
                      .lower_us = n * t.lower_us,
                      .upper_us = n * t.upper_us,
                      .flops = layers * w.flops,
                      .bytes = layers * w.bytes,
                      .bottleneck = t.bottleneck});
}

/// Adds a kernel for `layers` layers.
constexpr void add_kernel(step_estimate& step, operator_type op, const kernel_estimate& e,
                          double layers) {
  add_share(step, op, e, 1.0, {.flops = e.flops, .bytes = e.dram_bytes + e.l2_bytes + e.link_bytes},
            layers);
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

}  // namespace detail

}  // namespace quantroof

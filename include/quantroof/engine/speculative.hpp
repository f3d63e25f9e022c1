// SPDX-License-Identifier: Apache-2.0
//
// Speculative decoding: a small model drafts `drafted` tokens one after another, the model verifies them in one step and keeps those before the first
// that it would not have written, with one of its own.
//
//   tokens a round = (1 - a^(drafted + 1)) / (1 - a)        time a round = drafted * draft step + verifying step
//
// a: the chance that a drafted token is kept, the same for each and independent of the others (Leviathan et al. 2023, arXiv 2211.17192, eq. 1). The
// verifying step is a prompt of drafted + 1 tokens on a full cache, with logits for every token. Not here: trees of drafts, drafts from heads of the
// model itself, prompts of others meanwhile (serving.hpp).
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/engine/serving.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/step.hpp"

namespace quantroof {

/// How drafts are made.
struct speculation {
  std::int64_t drafted = 4;  // tokens a round
  double acceptance = 0.7;   // chance that a drafted token is kept

  friend constexpr bool operator==(const speculation&, const speculation&) = default;
};

/// Refuses drafts that cannot be; returns true otherwise.
///
/// requires  drafted in [1, 64]; acceptance in [0, 1]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const speculation& s) {
  detail::expects(s.drafted >= 1 && s.drafted <= 64, "speculation: drafted must be in [1, 64]");
  detail::expects(s.acceptance >= 0 && s.acceptance <= 1,
                  "speculation: acceptance must be in [0, 1]");
  return true;
}

/// Tokens that a round writes on average: 1 + a + a^2 + ... + a^drafted.
///
/// requires  is_valid(s)
[[nodiscard]] constexpr double expected_tokens(const speculation& s) {
  is_valid(s);
  double sum = 1;
  double kept = 1;
  for (std::int64_t i = 0; i < s.drafted; ++i) {
    kept *= s.acceptance;
    sum += kept;
  }
  return sum;
}

/// A round of drafting and verifying.
struct speculative_estimate {
  double tokens = 0;    // a round, of each sequence
  double draft_us = 0;  // all drafts of a round
  double verify_us = 0;
  double token_us = 0;  // a token of each sequence
  double lower_us = 0;
  double upper_us = 0;
  double plain_us = 0;  // a token without drafts
  double speedup = 0;   // plain_us / token_us; below 1 drafts cost more than they save

  friend constexpr bool operator==(const speculative_estimate&,
                                   const speculative_estimate&) = default;
};

/// A model and the formats it runs in.
struct running_model {
  const model_config& model;
  const mixed_precision_config& precisions;
};

/// What a token takes when a model verifies the drafts of another.
///
/// units     microseconds
/// formula   see the head of this file; steps as predict_engine_step
/// requires  request.phase decode; is_valid(s); both models are dividable by request.plan
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   that the cache grows during a round
/// source    Leviathan et al. 2023, arXiv 2211.17192
[[nodiscard]] constexpr speculative_estimate predict_speculative(
    const calibrated_model& model, const hardware_spec& hw, const running_model& target,
    const running_model& draft, const step_request& request, const speculation& s,
    const inference_engine& engine) {
  is_valid(s);
  detail::expects(request.phase == phase::decode,
                  "predict_speculative: the request must be a decode step");
  const auto step = [&](const running_model& m, const step_request& r) {
    return predict_engine_step(model, hw, m.model, m.precisions, r, engine);
  };
  step_request verifying = request;
  verifying.phase = phase::prefill;
  verifying.past = request.seq_len;
  verifying.seq_len = s.drafted + 1;
  verifying.all_logits = true;
  const step_estimate drafting = step(draft, request);
  const step_estimate verified = step(target, verifying);
  const auto drafts = static_cast<double>(s.drafted);
  speculative_estimate e;
  e.tokens = expected_tokens(s);
  e.draft_us = drafts * drafting.time_us;
  e.verify_us = verified.time_us;
  e.token_us = (e.draft_us + e.verify_us) / e.tokens;
  e.lower_us = (drafts * drafting.lower_us + verified.lower_us) / e.tokens;
  e.upper_us = (drafts * drafting.upper_us + verified.upper_us) / e.tokens;
  e.plain_us = step(target, request).time_us;
  e.speedup = e.plain_us / e.token_us;
  return e;
}

}  // namespace quantroof

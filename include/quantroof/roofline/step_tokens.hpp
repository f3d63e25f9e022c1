// SPDX-License-Identifier: Apache-2.0
//
// The tokens of a step: how many rows go through its layers, how many pairs of a query and a key its attention sees.
#pragma once

#include <cstdint>

#include "quantroof/detail/math.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/roofline/step_estimate.hpp"

namespace quantroof::detail {

/// The tokens of a step as one data group sees them.
struct step_tokens {
  std::int64_t rows = 0;        // through attention and dense layers
  std::int64_t stage_rows = 0;  // of all groups: through the experts
  std::int64_t decodes = 0;     // sequences that decode
  std::int64_t context = 0;     // tokens in their caches
  std::int64_t prompts = 0;     // sequences that prefill
  std::int64_t tokens = 0;      // new tokens of each
  std::int64_t past = 0;        // tokens of each in the cache before
};

[[nodiscard]] constexpr step_tokens tokens_of(const step_request& r) {
  const std::int64_t groups = r.plan.data;
  step_tokens t;
  if (r.phase == phase::decode) {
    t.decodes = ceil_div(r.batch, groups);
    t.context = r.seq_len;
    t.stage_rows = r.batch;
  } else {
    t.decodes = ceil_div(r.decodes, groups);
    t.context = r.decode_len;
    t.prompts = ceil_div(r.batch, groups);
    t.tokens = r.seq_len;
    t.past = r.past;
    t.stage_rows = r.batch * r.seq_len + r.decodes;
  }
  t.rows = t.decodes + t.prompts * t.tokens;
  return t;
}

/// Pairs of a query and a key that it sees, over one prompt: queries past + 1 .. past + tokens, each at most `window` back.
[[nodiscard]] constexpr double seen_pairs(std::int64_t tokens, std::int64_t past,
                                          std::int64_t window) {
  const auto n = static_cast<double>(tokens);
  const auto p = static_cast<double>(past);
  const auto w = static_cast<double>(window);
  const double growing = w - p < 0 ? 0.0 : (w - p > n ? n : w - p);  // queries that see everything
  return growing * p + 0.5 * growing * (growing + 1) + (n - growing) * w;
}

}  // namespace quantroof::detail

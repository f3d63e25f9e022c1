// SPDX-License-Identifier: Apache-2.0
//
// The question that is put to the engine: which phase, how long a context, how many sequences.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/model/phase.hpp"

namespace quantroof {

/// One workload point.
struct scenario {
  quantroof::phase phase = quantroof::phase::decode;
  std::int64_t seq_len = 0;      // decode: tokens in the cache; prefill: tokens of the prompt
  std::int64_t batch = 1;        // sequences
  bool enable_dynamic = true;    // quantize activations from their statistics at run time
  bool enable_adaptive = false;  // choose an operator's precision from its activations at run time

  friend constexpr bool operator==(const scenario&, const scenario&) = default;
};

/// Refuses a workload that cannot exist; returns true otherwise.
///
/// requires  seq_len in [1, 2^31]; batch in [1, 2^20]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const scenario& s) {
  detail::expects(s.seq_len > 0 && s.seq_len <= (std::int64_t{1} << 31),
                  "scenario: seq_len must be in [1, 2^31]");
  detail::expects(s.batch > 0 && s.batch <= (1 << 20), "scenario: batch must be in [1, 2^20]");
  return true;
}

}  // namespace quantroof

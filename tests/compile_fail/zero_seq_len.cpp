// SPDX-License-Identifier: Apache-2.0
//
// A workload of no tokens.
// expect: scenario: seq_len must be in [1, 2^31]
#include "quantroof/core.hpp"

constexpr auto rec = quantroof::integrated_quantization_engine{quantroof::hw::b10}.recommend(
    quantroof::models::llama3_8b, {.phase = quantroof::phase::decode});

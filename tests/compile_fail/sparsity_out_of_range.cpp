// SPDX-License-Identifier: Apache-2.0
//
// Not every block can be skipped.
// expect: flash_attention_config: sparsity_ratio must be in [0, 1)
#include "quantroof/roofline/attention.hpp"

static_assert(is_valid(quantroof::flash_attention_config{
    .version = quantroof::flash_attention_version::fa4,
    .block_sparse = true,
    .sparsity_ratio = 1.0}));

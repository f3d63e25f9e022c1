// SPDX-License-Identifier: Apache-2.0
//
// Only FlashAttention 4 skips blocks.
// expect: flash_attention_config: block_sparse needs FA4
#include "quantroof/roofline/attention.hpp"

static_assert(is_valid(quantroof::flash_attention_config{
    .version = quantroof::flash_attention_version::fa3,
    .block_sparse = true,
    .sparsity_ratio = 0.3}));

// SPDX-License-Identifier: Apache-2.0
//
// FlashAttention 1 multiplies 16 bits only.
// expect: flash_attention_config: FA1 and FA2 take FP16 and BF16; FA3 and FA4 also FP8_E4M3 and FP8_E5M2
#include "quantroof/roofline/flash_attention.hpp"

constexpr quantroof::flash_attention_config config{
    .version = quantroof::flash_attention_version::fa1,
    .qkv_precision = quantroof::precision::fp8_e4m3,
    .use_native_fp8 = true};
static_assert(is_supported(quantroof::hw::b10, config));

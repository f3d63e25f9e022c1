// SPDX-License-Identifier: Apache-2.0
//
// Hopper has no tcgen05: FlashAttention 4 is refused.
// expect: flash_attention: FA4 runs on data-centre Blackwell only (it needs tcgen05)
#include "quantroof/roofline/flash_attention.hpp"

constexpr auto metrics =
    quantroof::flash_attention_roofline{quantroof::get_hardware("h100_sxm")}.predict(
        1, 32, 1, 4096, 128, {.version = quantroof::flash_attention_version::fa4});

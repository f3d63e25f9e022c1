// SPDX-License-Identifier: Apache-2.0
//
// Blackwell has no wgmma: FlashAttention 3 is refused while compiling, without a device to run on.
// expect: flash_attention: FA3 runs on Hopper only (it needs wgmma)
#include "quantroof/roofline/flash_attention.hpp"

constexpr quantroof::flash_attention_roofline<quantroof::static_hardware<quantroof::hw::b200_sxm>>
    roofline;
constexpr auto metrics =
    roofline.predict(1, 32, 1, 4096, 128, {.version = quantroof::flash_attention_version::fa3});

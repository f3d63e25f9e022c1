// SPDX-License-Identifier: Apache-2.0
//
// A Hopper without FP8 units cannot use native FP8 in FlashAttention 3.
// expect: flash_attention: the device has no FP8 matrix units for use_native_fp8
#include "quantroof/roofline/flash_attention.hpp"

constexpr quantroof::hardware_spec half_a_hopper = [] {
  quantroof::hardware_spec h = quantroof::hw::h100_sxm;
  h.fp8 = quantroof::fp8_kind::none;
  h.fp8_tflops = quantroof::peak_rate::no_unit();
  return h;
}();
constexpr auto metrics =
    quantroof::flash_attention_roofline<quantroof::static_hardware<half_a_hopper>>{}.predict(
        1, 32, 1, 4096, 128,
        {.version = quantroof::flash_attention_version::fa3,
         .qkv_precision = quantroof::precision::fp8_e4m3,
         .use_native_fp8 = true});

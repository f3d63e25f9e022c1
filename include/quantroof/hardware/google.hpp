// SPDX-License-Identifier: Apache-2.0
//
// Google's TPUs, one chip each. BF16 and INT8 matrix units; FP8 runs at the BF16 rate on v6e.
//
// Source: [tpu] Google Cloud TPU documentation, "System architecture".
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec tpu_v5e{
    .key = "tpu_v5e",
    .name = "Google TPU v5e",
    .vendor = vendor::google,
    .arch = architecture::tpu_v5e,
    .fp16_tflops = peak_rate::no_unit(),  // published [tpu]: BF16 only
    .bf16_tflops = 197,                   // published [tpu]
    .fp8_tflops = peak_rate::no_unit(),   // published [tpu]
    .fp6_tflops = peak_rate::no_unit(),   // published [tpu]
    .fp4_tflops = peak_rate::no_unit(),   // published [tpu]
    .int8_tops = 393,                     // published [tpu]
    .memory_gb_s = 819,                   // published [tpu]
    .memory_gb = 16,                      // published [tpu]
    .link_gb_s = 400,                     // published [tpu]: ICI
};

inline constexpr hardware_spec tpu_v5p{
    .key = "tpu_v5p",
    .name = "Google TPU v5p",
    .vendor = vendor::google,
    .arch = architecture::tpu_v5p,
    .fp16_tflops = peak_rate::no_unit(),  // published [tpu]: BF16 only
    .bf16_tflops = 459,                   // published [tpu]
    .fp8_tflops = peak_rate::no_unit(),   // published [tpu]
    .fp6_tflops = peak_rate::no_unit(),   // published [tpu]
    .fp4_tflops = peak_rate::no_unit(),   // published [tpu]
    .int8_tops = 918,                     // published [tpu]
    .memory_gb_s = 2765,                  // published [tpu]
    .memory_gb = 95,                      // published [tpu]
    .link_gb_s = 1200,                    // published [tpu]: ICI, unverified
};

inline constexpr hardware_spec tpu_v6e{
    .key = "tpu_v6e",
    .name = "Google TPU v6e",
    .vendor = vendor::google,
    .arch = architecture::tpu_v6e,
    .fp16_tflops = peak_rate::no_unit(),  // published [tpu]: BF16 only
    .bf16_tflops = 918,                   // published [tpu]
    .fp8_tflops = 918,                    // published [tpu]: the BF16 rate
    .fp6_tflops = peak_rate::no_unit(),   // published [tpu]
    .fp4_tflops = peak_rate::no_unit(),   // published [tpu]
    .int8_tops = 1836,                    // published [tpu]
    .fp8 = fp8_kind::ocp,                 // derived: a rate is given, the pattern is not
    .memory_gb_s = 1638,                  // published [tpu]
    .memory_gb = 32,                      // published [tpu]
    .link_gb_s = 800,                     // published [tpu]: ICI
};

/// Google's devices.
inline constexpr std::array google_devices = {&tpu_v5e, &tpu_v5p, &tpu_v6e};
static_assert(is_valid(google_devices));

}  // namespace quantroof::hw

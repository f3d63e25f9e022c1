// SPDX-License-Identifier: Apache-2.0
//
// Apple's GPUs: no matrix units, so 16-bit products run on the vector units and lower precisions
// only save bytes. Low confidence.
//
// Sources: [ap] Apple's product pages, [rep] reported by users and reviews, no primary source.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec m3_ultra{
    .key = "m3_ultra",
    .name = "Apple M3 Ultra, 80 GPU cores",
    .vendor = vendor::apple,
    .arch = architecture::apple_m3,
    .fp16_tflops = 56,                   // derived: at most 2 x FP32, unverified
    .bf16_tflops = 56,                   // derived: as FP16, unverified
    .fp8_tflops = peak_rate::no_unit(),  // published [rep]: no matrix units
    .fp6_tflops = peak_rate::no_unit(),  // published [rep]: no matrix units
    .fp4_tflops = peak_rate::no_unit(),  // published [rep]: no matrix units
    .int8_tops = peak_rate::no_unit(),   // published [rep]: no matrix units
    .int4_tops = peak_rate::no_unit(),   // published [rep]: no matrix units
    .fp32_vector_tflops = 28,            // published [rep], unverified: 28 to 32.8
    .memory_gb_s = 819,                  // published [ap]
    .memory_gb = 512,                    // published [ap], unverified: the largest configuration
    .sm_count = 80,                      // published [ap]: GPU cores
};

inline constexpr hardware_spec m4_max{
    .key = "m4_max",
    .name = "Apple M4 Max, 40 GPU cores",
    .vendor = vendor::apple,
    .arch = architecture::apple_m4,
    .fp16_tflops = 36.8,                 // derived: at most 2 x FP32; reported 34 to 37
    .bf16_tflops = 36.8,                 // derived: as FP16, unverified
    .fp8_tflops = peak_rate::no_unit(),  // published [rep]: no matrix units
    .fp6_tflops = peak_rate::no_unit(),  // published [rep]: no matrix units
    .fp4_tflops = peak_rate::no_unit(),  // published [rep]: no matrix units
    .int8_tops = peak_rate::no_unit(),   // published [rep]: no matrix units
    .int4_tops = peak_rate::no_unit(),   // published [rep]: no matrix units
    .fp32_vector_tflops = 18.4,          // published [rep], unverified
    .memory_gb_s = 546,                  // published [ap]; 410 with 32 cores
    .memory_gb = 128,                    // published [ap]: the largest configuration
    .sm_count = 40,                      // published [ap]: GPU cores
};

/// Apple's devices.
inline constexpr std::array apple_devices = {&m3_ultra, &m4_max};
static_assert(is_valid(apple_devices));

}  // namespace quantroof::hw

// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's Ada GPUs (8.9): FP8 joins INT8 and INT4.
//
// Sources: [ds] NVIDIA L4 and L40S data sheets, [wp] NVIDIA Ada GPU architecture white paper, [pg]
// CUDA C++ Programming Guide (technical specifications and arithmetic throughput), [tpu]
// TechPowerUp's GPU database.
// GeForce cards halve FP16, BF16 and FP8 with FP32 accumulation: those are the rates here.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec l4{
    .key = "l4",
    .name = "NVIDIA L4",
    .vendor = vendor::nvidia,
    .arch = architecture::ada,
    .compute_capability = 89,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 60.5,                  // derived: half of FP16
    .fp16_tflops = 121,                   // derived: 242 sparse [ds] / 2; 58 SM x 1024 x 2.04 GHz
    .bf16_tflops = 121,                   // derived: 242 sparse [ds] / 2
    .fp8_tflops = 242,                    // derived: 485 sparse [ds] / 2
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]
    .int8_tops = 242,                     // derived: 485 sparse [ds] / 2
    .int4_tops = 485,                     // derived: 2 x INT8
    .fp64_vector_tflops = 0.47,           // published [tpu]: 1/64 of FP32
    .fp32_vector_tflops = 30.3,           // published [ds]
    .fp8 = fp8_kind::ocp,                 // published [wp]: E4M3 and E5M2, scaled per tensor
    .block_scaled_mma = false,            // published [wp]: scales are applied in software
    .memory_gb_s = 300,                   // published [ds]
    .memory_gb = 24,                      // published [ds]
    .l2_mb = 48,                          // published [wp]
    .sm_count = 58,                       // derived: 7424 cores / 128
    .tensor_clock_mhz = 2040,             // derived: 121e6 / (58 x 1024) = 2037, the boost clock
    .boost_clock_mhz = 2040,              // published [tpu]; the 72 W limit keeps it far lower
    .shared_memory_kb = 100,              // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 72,                          // published [ds]
};

inline constexpr hardware_spec l40s{
    .key = "l40s",
    .name = "NVIDIA L40S",
    .vendor = vendor::nvidia,
    .arch = architecture::ada,
    .compute_capability = 89,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 183,                   // published [ds]
    .fp16_tflops = 362.05,                // published [ds]; 142 SM x 1024 x 2.49 GHz = 362.1
    .bf16_tflops = 362.05,                // published [ds]
    .fp8_tflops = 733,                    // published [ds]
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]
    .int8_tops = 733,                     // published [ds]
    .int4_tops = 733,                     // published [ds]: as INT8
    .fp64_vector_tflops = 1.43,           // published [tpu]: 1/64 of FP32
    .fp32_vector_tflops = 91.6,           // published [ds]
    .fp8 = fp8_kind::ocp,                 // published [wp]: E4M3 and E5M2, scaled per tensor
    .block_scaled_mma = false,            // published [wp]: scales are applied in software
    .memory_gb_s = 864,                   // published [ds]
    .memory_gb = 48,                      // published [ds]
    .l2_mb = 96,                          // published [wp], unverified; [tpu] says 48
    .sm_count = 142,                      // published [wp]
    .tensor_clock_mhz = 2490,             // derived: 362.05e6 / (142 x 1024) = 2490
    .boost_clock_mhz = 2520,              // published [tpu]
    .shared_memory_kb = 100,              // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 350,                         // published [ds]
};

inline constexpr hardware_spec rtx4090{
    .key = "rtx4090",
    .name = "NVIDIA GeForce RTX 4090",
    .vendor = vendor::nvidia,
    .arch = architecture::ada,
    .compute_capability = 89,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 82.6,                  // published [wp], unverified
    .fp16_tflops = 165.2,                 // published [wp]: FP32 accumulate; 330.3 with FP16
    .bf16_tflops = 165.2,                 // published [wp]
    .fp8_tflops = 330.3,                  // published [wp]: FP32 accumulate; 660.6 with FP16
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]
    .int8_tops = 660.6,                   // published [wp]; not halved
    .int4_tops = 1321,                    // published [wp], unverified; not halved
    .fp64_vector_tflops = 1.29,           // published [tpu]: 1/64 of FP32
    .fp32_vector_tflops = 82.6,           // published [wp]
    .fp8 = fp8_kind::ocp,                 // published [wp]: E4M3 and E5M2, scaled per tensor
    .block_scaled_mma = false,            // published [wp]: scales are applied in software
    .memory_gb_s = 1008,                  // published [wp]
    .memory_gb = 24,                      // published [wp]
    .l2_mb = 72,                          // published [wp]
    .sm_count = 128,                      // published [wp]
    .tensor_clock_mhz = 2520,             // derived: 165.2e6 / (128 x 512) = 2521
    .boost_clock_mhz = 2520,              // published [wp]
    .shared_memory_kb = 100,              // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 450,                         // published [wp]
};

/// Ada devices of this file.
inline constexpr std::array nvidia_ada_devices = {&l4, &l40s, &rtx4090};
static_assert(is_valid(nvidia_ada_devices));

}  // namespace quantroof::hw

// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's data-centre Blackwell GPUs (10.0, 10.3): tcgen05, block-scaled FP8, FP6 and FP4.
// Blackwell Ultra (10.3) gives INT8 and FP64 away for 1.5 times the FP4 rate and twice the
// exponential rate.
//
// Sources: [ds] NVIDIA HGX B200, HGX B300, GB200 and GB300 data sheets, [pg] CUDA C++ Programming
// Guide (technical specifications), [ptx] NVIDIA PTX ISA, [fa4] FlashAttention-4, arXiv:2603.05451,
// [mle] github.com/stas00/ml-engineering, compute/accelerator at 744d01e, [aic]
// github.com/ai-dynamo/aiconfigurator, systems/*.yaml at 095f58a, [tpu] TechPowerUp's GPU database.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

// Announced, hardly shipped: ratios from the headline FP4 rate. Low confidence.
inline constexpr hardware_spec b100{
    .key = "b100",
    .name = "NVIDIA B100 192 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell,
    .compute_capability = 100,          // published [pg]
    .tf32_tflops = 875,                 // derived: FP4 / 8
    .fp16_tflops = 1750,                // derived: FP4 / 4
    .bf16_tflops = 1750,                // derived: FP4 / 4
    .fp8_tflops = 3500,                 // derived: FP4 / 2
    .fp6_tflops = 3500,                 // derived: as FP8
    .fp4_tflops = 7000,                 // derived: 14000 sparse headline / 2
    .int8_tops = 3500,                  // derived: as FP8
    .int4_tops = peak_rate::no_unit(),  // published [ptx]: no tcgen05 INT4 kind
    .fp8 = fp8_kind::ocp,               // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,           // published [ptx]: MXFP8, MXFP6, MXFP4 and NVFP4
    .memory_gb_s = 8000,                // published [mle], unverified
    .memory_gb = 192,                   // published [mle], unverified
    .l2_mb = 126,                       // derived: as B200
    .sm_count = 148,                    // derived: as B200
    .shared_memory_kb = 228,            // published [pg]
    .exp_per_clock_per_sm = 16,         // published [fa4]
    .link_gb_s = 1800,                  // published [mle]
    .tdp_w = 700,                       // published [mle], unverified
};

inline constexpr hardware_spec b200_sxm{
    .key = "b200_sxm",
    .name = "NVIDIA B200 SXM 180 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell,
    .compute_capability = 100,          // published [pg]
    .fp64_tflops = 37,                  // published [ds]
    .tf32_tflops = 1125,                // derived: half of FP16
    .fp16_tflops = 2250,                // published [ds]; 148 SM x 8192 x 1.856 GHz = 2250
    .bf16_tflops = 2250,                // published [ds]
    .fp8_tflops = 4500,                 // published [ds]
    .fp6_tflops = 4500,                 // published [ds]: as FP8
    .fp4_tflops = 9000,                 // published [ds]
    .int8_tops = 4500,                  // published [ds]
    .int4_tops = peak_rate::no_unit(),  // published [ptx]: no tcgen05 INT4 kind
    .fp64_vector_tflops = 37,           // published [ds]
    .fp32_vector_tflops = 75,           // published [ds]; [mle] says 80
    .fp8 = fp8_kind::ocp,               // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,           // published [ptx]: MXFP8, MXFP6, MXFP4 and NVFP4
    .memory_gb_s = 8000,                // published [mle, fa4]; the HGX data sheet says 7700
    .memory_gb = 180,                   // published [ds]: 192 on the package
    .l2_mb = 126,                       // published [mle]: both dies
    .sm_count = 148,                    // published [fa4]
    .tensor_clock_mhz = 1856,           // derived: 2250e6 / (148 x 8192) = 1856
    .boost_clock_mhz = 1965,            // published [tpu]
    .shared_memory_kb = 228,            // published [pg]
    .exp_per_clock_per_sm = 16,         // published [fa4]
    .link_gb_s = 1800,                  // published [ds]
    .tdp_w = 1000,                      // published [ds]
};

inline constexpr hardware_spec gb200{
    .key = "gb200",
    .name = "NVIDIA GB200, one GPU",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell,
    .compute_capability = 100,          // published [pg]
    .fp64_tflops = 40,                  // published [ds]
    .tf32_tflops = 1250,                // derived: half of FP16
    .fp16_tflops = 2500,                // published [ds]; 152 SM x 8192 x 2.008 GHz = 2500
    .bf16_tflops = 2500,                // published [ds]
    .fp8_tflops = 5000,                 // published [ds]
    .fp6_tflops = 5000,                 // published [ds]: as FP8
    .fp4_tflops = 10000,                // published [ds]
    .int8_tops = 5000,                  // published [ds]
    .int4_tops = peak_rate::no_unit(),  // published [ptx]: no tcgen05 INT4 kind
    .fp64_vector_tflops = 40,           // published [ds]
    .fp32_vector_tflops = 80,           // published [ds]
    .fp8 = fp8_kind::ocp,               // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,           // published [ptx]: MXFP8, MXFP6, MXFP4 and NVFP4
    .memory_gb_s = 8000,                // published [ds]
    .memory_gb = 186,                   // published [ds]
    .l2_mb = 126,                       // published [mle]: both dies
    .sm_count = 152,                    // derived: 4.943e12 exp2/s / (16 x 2.03 GHz), inferred
    .tensor_clock_mhz = 2008,           // derived: 2500e6 / (152 x 8192) = 2008
    .boost_clock_mhz = 2062,            // measured [mle]: device-reported maximum
    .shared_memory_kb = 228,            // published [pg]
    .exp_per_clock_per_sm = 16,         // published [fa4]
    .link_gb_s = 1800,                  // published [ds]
    .tdp_w = 1200,                      // published [ds]
};

inline constexpr hardware_spec b300_sxm{
    .key = "b300_sxm",
    .name = "NVIDIA B300 SXM 288 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_ultra,
    .compute_capability = 103,          // published [pg]
    .fp64_tflops = 1.25,                // published [ds]: all but removed
    .tf32_tflops = 1125,                // derived: half of FP16
    .fp16_tflops = 2250,                // published [ds]; 148 SM x 8192 x 1.856 GHz = 2250
    .bf16_tflops = 2250,                // published [ds]
    .fp8_tflops = 4500,                 // published [ds]
    .fp6_tflops = 4500,                 // published [ds]: as FP8
    .fp4_tflops = 14000,                // published [aic]; only 18000 sparse; [mle] says 12600
    .int8_tops = 153.5,                 // derived: 307 sparse [aic] / 2; all but removed
    .int4_tops = peak_rate::no_unit(),  // published [ptx]: no tcgen05 INT4 kind
    .fp64_vector_tflops = 1.25,         // published [ds]
    .fp32_vector_tflops = 77,           // derived: 148 SM x 256 x 2.032 GHz = 77.0
    .fp8 = fp8_kind::ocp,               // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,           // published [ptx]: MXFP8, MXFP6, MXFP4 and NVFP4
    .memory_gb_s = 8000,                // published [ds]; [aic] uses 7750
    .memory_gb = 288,                   // published [ds]
    .l2_mb = 126,                       // published [mle]: both dies
    .sm_count = 148,                    // published [tpu]
    .tensor_clock_mhz = 1856,           // derived: 2250e6 / (148 x 8192) = 1856
    .boost_clock_mhz = 2032,            // published [tpu]
    .shared_memory_kb = 228,            // published [pg]
    .exp_per_clock_per_sm = 32,         // published [fa4]: twice the rate of 10.0
    .link_gb_s = 1800,                  // published [ds]
    .tdp_w = 1100,                      // published [aic]
};

inline constexpr hardware_spec gb300{
    .key = "gb300",
    .name = "NVIDIA GB300, one GPU",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_ultra,
    .compute_capability = 103,          // published [pg]
    .fp64_tflops = 1.3,                 // published [ds]
    .tf32_tflops = 1250,                // derived: half of FP16
    .fp16_tflops = 2500,                // published [ds]; 152 SM x 8192 x 2.008 GHz = 2500
    .bf16_tflops = 2500,                // published [ds]
    .fp8_tflops = 5000,                 // published [ds]
    .fp6_tflops = 5000,                 // published [ds]: as FP8
    .fp4_tflops = 15000,                // published [ds]; only 20000 sparse
    .int8_tops = 165,                   // derived: 330 sparse [aic] / 2; all but removed
    .int4_tops = peak_rate::no_unit(),  // published [ptx]: no tcgen05 INT4 kind
    .fp64_vector_tflops = 1.3,          // published [ds]
    .fp32_vector_tflops = 80,           // published [ds]
    .fp8 = fp8_kind::ocp,               // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,           // published [ptx]: MXFP8, MXFP6, MXFP4 and NVFP4
    .memory_gb_s = 8000,                // published [ds]
    .memory_gb = 288,                   // published [ds]; nvidia-smi reports 284208 MiB
    .l2_mb = 126,                       // published [mle]: both dies
    .sm_count = 152,                    // derived: as GB200, unverified
    .tensor_clock_mhz = 2008,           // derived: 2500e6 / (152 x 8192) = 2008
    .shared_memory_kb = 228,            // published [pg]
    .exp_per_clock_per_sm = 32,         // published [fa4]: twice the rate of 10.0
    .link_gb_s = 1800,                  // published [ds]
    .tdp_w = 1400,                      // published [ds]
};

/// Data-centre Blackwell devices of this file.
inline constexpr std::array nvidia_blackwell_devices = {&b100, &b200_sxm, &gb200, &b300_sxm,
                                                        &gb300};
static_assert(is_valid(nvidia_blackwell_devices));

}  // namespace quantroof::hw

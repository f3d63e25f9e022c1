// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's Hopper GPUs (9.0): wgmma, TMA, FP8 at twice the 16-bit rate, no INT4.
//
// Sources: [ds] NVIDIA H100 and H200 data sheets, which print sparse rates, [wp] NVIDIA H100
// architecture white paper, [pg] CUDA C++ Programming Guide (technical specifications), [fa3]
// FlashAttention-3, arXiv:2407.08608, [mla] github.com/deepseek-ai/FlashMLA, README, [iss] users'
// GitHub issues, [tpu] TechPowerUp's GPU database.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec h100_sxm{
    .key = "h100_sxm",
    .name = "NVIDIA H100 SXM5 80 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::hopper,
    .compute_capability = 90,            // published [pg]
    .fp64_tflops = 67,                   // published [ds]
    .tf32_tflops = 494.5,                // derived: 989 sparse [ds] / 2
    .fp16_tflops = 989,                  // derived: 1979 sparse [ds] / 2
    .bf16_tflops = 989,                  // derived: 1979 sparse [ds] / 2
    .fp8_tflops = 1979,                  // derived: 3958 sparse [ds] / 2
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .int8_tops = 1979,                   // derived: 3958 sparse [ds] / 2
    .int4_tops = peak_rate::no_unit(),   // published [wp]: dropped after Ada
    .fp64_vector_tflops = 34,            // published [ds]
    .fp32_vector_tflops = 67,            // published [ds]
    .fp8 = fp8_kind::ocp,                // published [wp]: E4M3 and E5M2
    .block_scaled_mma = false,           // published [wp]: block scales are applied in software
    .memory_gb_s = 3350,                 // published [ds]
    .memory_gb = 80,                     // published [ds]
    .l2_mb = 50,                         // published [wp]
    .sm_count = 132,                     // published [wp]
    .tensor_clock_mhz = 1830,            // derived: 989e6 / (132 x 4096) = 1829
    .boost_clock_mhz = 1980,             // published [tpu]
    .shared_memory_kb = 228,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [fa3]
    .link_gb_s = 900,                    // published [ds]
    .tdp_w = 700,                        // published [ds]
};

inline constexpr hardware_spec h100_pcie{
    .key = "h100_pcie",
    .name = "NVIDIA H100 PCIe 80 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::hopper,
    .compute_capability = 90,            // published [pg]
    .fp64_tflops = 51,                   // published [ds]
    .tf32_tflops = 378,                  // derived: 756 sparse [ds] / 2
    .fp16_tflops = 756,                  // derived: 1513 sparse [ds] / 2
    .bf16_tflops = 756,                  // derived: 1513 sparse [ds] / 2
    .fp8_tflops = 1513,                  // derived: 3026 sparse [ds] / 2
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .int8_tops = 1513,                   // derived: 3026 sparse [ds] / 2
    .int4_tops = peak_rate::no_unit(),   // published [wp]: dropped after Ada
    .fp64_vector_tflops = 26,            // published [ds]
    .fp32_vector_tflops = 51,            // published [ds]
    .fp8 = fp8_kind::ocp,                // published [wp]: E4M3 and E5M2
    .block_scaled_mma = false,           // published [wp]: block scales are applied in software
    .memory_gb_s = 2000,                 // published [ds]; [tpu] says 2040
    .memory_gb = 80,                     // published [ds]
    .l2_mb = 50,                         // published [wp]
    .sm_count = 114,                     // published [wp]
    .tensor_clock_mhz = 1620,            // derived: 756e6 / (114 x 4096) = 1619
    .boost_clock_mhz = 1755,             // published [tpu]
    .shared_memory_kb = 228,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [fa3]
    .link_gb_s = 600,                    // published [ds]: through a bridge
    .tdp_w = 350,                        // published [ds]
};

inline constexpr hardware_spec h100_nvl{
    .key = "h100_nvl",
    .name = "NVIDIA H100 NVL 94 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::hopper,
    .compute_capability = 90,            // published [pg]
    .fp64_tflops = 60,                   // published [ds]
    .tf32_tflops = 417.5,                // derived: 835 sparse [ds] / 2
    .fp16_tflops = 835,                  // derived: 1671 sparse [ds] / 2
    .bf16_tflops = 835,                  // derived: 1671 sparse [ds] / 2
    .fp8_tflops = 1671,                  // derived: 3341 sparse [ds] / 2
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .int8_tops = 1671,                   // derived: 3341 sparse [ds] / 2
    .int4_tops = peak_rate::no_unit(),   // published [wp]: dropped after Ada
    .fp64_vector_tflops = 30,            // published [ds]
    .fp32_vector_tflops = 60,            // published [ds]
    .fp8 = fp8_kind::ocp,                // published [wp]: E4M3 and E5M2
    .block_scaled_mma = false,           // published [wp]: block scales are applied in software
    .memory_gb_s = 3938,                 // published [tpu]; [ds] rounds to 3900
    .memory_gb = 94,                     // published [ds]
    .l2_mb = 50,                         // published [wp]
    .sm_count = 132,                     // published [wp]
    .tensor_clock_mhz = 1545,            // derived: 835e6 / (132 x 4096) = 1544
    .boost_clock_mhz = 1785,             // published [tpu]
    .shared_memory_kb = 228,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [fa3]
    .link_gb_s = 600,                    // published [ds]: through a bridge
    .tdp_w = 400,                        // published [ds]
};

inline constexpr hardware_spec h200_sxm{
    .key = "h200_sxm",
    .name = "NVIDIA H200 SXM 141 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::hopper,
    .compute_capability = 90,            // published [pg]
    .fp64_tflops = 67,                   // published [ds]
    .tf32_tflops = 494.5,                // derived: 989 sparse [ds] / 2
    .fp16_tflops = 989,                  // derived: 1979 sparse [ds] / 2
    .bf16_tflops = 989,                  // derived: 1979 sparse [ds] / 2
    .fp8_tflops = 1979,                  // derived: 3958 sparse [ds] / 2
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .int8_tops = 1979,                   // derived: 3958 sparse [ds] / 2
    .int4_tops = peak_rate::no_unit(),   // published [wp]: dropped after Ada
    .fp64_vector_tflops = 34,            // published [ds]
    .fp32_vector_tflops = 67,            // published [ds]
    .fp8 = fp8_kind::ocp,                // published [wp]: E4M3 and E5M2
    .block_scaled_mma = false,           // published [wp]: block scales are applied in software
    .memory_gb_s = 4800,                 // published [ds]
    .memory_gb = 141,                    // published [ds]
    .l2_mb = 50,                         // published [wp]
    .sm_count = 132,                     // published [tpu]
    .tensor_clock_mhz = 1830,            // derived: 989e6 / (132 x 4096) = 1829
    .boost_clock_mhz = 1980,             // published [tpu]
    .shared_memory_kb = 228,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [fa3]
    .link_gb_s = 900,                    // published [ds]
    .tdp_w = 700,                        // published [ds]
};

// The export version of H100 SXM: slower NVLink, FP64 cut to an unknown rate.
inline constexpr hardware_spec h800_sxm{
    .key = "h800_sxm",
    .name = "NVIDIA H800 SXM5 80 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::hopper,
    .compute_capability = 90,            // published [pg]
    .tf32_tflops = 494.5,                // derived: as H100 SXM
    .fp16_tflops = 989,                  // derived: as H100 SXM
    .bf16_tflops = 989,                  // derived: as H100 SXM
    .fp8_tflops = 1979,                  // derived: as H100 SXM
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .int8_tops = 1979,                   // derived: as H100 SXM
    .int4_tops = peak_rate::no_unit(),   // published [wp]: dropped after Ada
    .fp8 = fp8_kind::ocp,                // published [wp]: E4M3 and E5M2
    .block_scaled_mma = false,           // published [wp]: block scales are applied in software
    .memory_gb_s = 3350,                 // published [mla]
    .memory_gb = 80,                     // published [tpu]
    .l2_mb = 50,                         // derived: as H100 SXM
    .sm_count = 132,                     // published [tpu]
    .tensor_clock_mhz = 1830,            // derived: 989e6 / (132 x 4096) = 1829
    .boost_clock_mhz = 1980,             // published [tpu]
    .shared_memory_kb = 228,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [fa3]
    .link_gb_s = 400,                    // published [tpu], unverified
    .tdp_w = 700,                        // published [tpu]
};

// The export version with few SMs and much bandwidth. Low confidence: half of the figures are
// unverified.
inline constexpr hardware_spec h20{
    .key = "h20",
    .name = "NVIDIA H20 96 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::hopper,
    .compute_capability = 90,            // published [pg]
    .tf32_tflops = 74,                   // derived: half of FP16
    .fp16_tflops = 148,                  // published [iss]
    .bf16_tflops = 148,                  // published [iss]
    .fp8_tflops = 296,                   // derived: 2 x FP16, unverified
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: not among the types
    .int8_tops = 296,                    // derived: 2 x FP16, unverified
    .int4_tops = peak_rate::no_unit(),   // published [wp]: dropped after Ada
    .fp8 = fp8_kind::ocp,                // published [wp]: E4M3 and E5M2
    .block_scaled_mma = false,           // published [wp]: block scales are applied in software
    .memory_gb_s = 4000,                 // published [iss]
    .memory_gb = 96,                     // published [tpu]
    .l2_mb = 60,                         // published [tpu], unverified
    .sm_count = 78,                      // published [tpu], unverified
    .shared_memory_kb = 228,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [fa3]
    .link_gb_s = 900,                    // published [tpu]
    .tdp_w = 400,                        // published [tpu], unverified
};

/// Hopper devices of this file.
inline constexpr std::array nvidia_hopper_devices = {&h100_sxm, &h100_pcie, &h100_nvl,
                                                     &h200_sxm, &h800_sxm,  &h20};
static_assert(is_valid(nvidia_hopper_devices));

}  // namespace quantroof::hw

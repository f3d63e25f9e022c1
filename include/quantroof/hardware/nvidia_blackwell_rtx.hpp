// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's other Blackwell GPUs: GB202 (12.0) and GB10 (12.1), which multiply with mma.sync and
// have neither wgmma nor tcgen05, and Thor (11.0), which has tcgen05.
//
// Sources: [ds] NVIDIA RTX PRO 6000 Blackwell, DGX Spark and Jetson Thor data sheets, [wp] NVIDIA
// RTX Blackwell white papers, [pg] CUDA C++ Programming Guide (technical specifications and
// arithmetic throughput), [ptx] NVIDIA PTX ISA, [gn] mmapeak measurements at gau-nernst.github.io,
// [tpu] TechPowerUp's GPU database.
// GeForce cards halve FP16, BF16, FP8 and FP6 with FP32 accumulation: those are the rates here.
// Headline "AI TOPS" are sparse FP4.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

// The real chip of DGX Spark. The specification's device of that class is hw::b10.
inline constexpr hardware_spec gb10{
    .key = "gb10",
    .name = "NVIDIA GB10 (DGX Spark)",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_sm121,
    .compute_capability = 121,            // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 62,                    // derived: half of FP16
    .fp16_tflops = 125,                   // derived: FP4 / 4; 48 SM x 1024 x 2.5 GHz = 123
    .bf16_tflops = 125,                   // derived: FP4 / 4
    .fp8_tflops = 250,                    // derived: FP4 / 2; measured 188 with CUTLASS
    .fp6_tflops = 250,                    // derived: as FP8
    .fp4_tflops = 500,                    // derived: 1000 sparse [ds] / 2; measured 356
    .int8_tops = 250,                     // derived: as FP8
    .int4_tops = peak_rate::no_unit(),    // measured [gn]: 79 TOPS on RTX 5090, emulated
    .fp64_vector_tflops = 0.46,           // published [tpu]: 1/64 of FP32
    .fp32_vector_tflops = 29.7,           // published [tpu]
    .fp8 = fp8_kind::ocp,                 // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [ptx]: mma.sync with block scales
    .memory_gb_s = 273,                   // published [ds]; measured 231 to 234 read
    .memory_gb = 128,                     // published [ds]: shared with the CPU
    .l2_mb = 24,                          // published [wp], unverified; [tpu] says 50
    .sm_count = 48,                       // published [ds]: 6144 cores / 128
    .tensor_clock_mhz = 2500,             // derived: the boost clock, rounded
    .boost_clock_mhz = 2525,              // published [tpu]
    .shared_memory_kb = 100,              // published [pg]: 99 per block
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 140,                         // published [ds]
};

inline constexpr hardware_spec rtx5090{
    .key = "rtx5090",
    .name = "NVIDIA GeForce RTX 5090",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_sm120,
    .compute_capability = 120,            // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 104.8,                 // published [wp]
    .fp16_tflops = 209.5,                 // published [wp]: FP32 accumulate; 419 with FP16
    .bf16_tflops = 209.5,                 // published [wp]
    .fp8_tflops = 419,                    // published [wp]: FP32 accumulate; MX 737 [gn]
    .fp6_tflops = 419,                    // derived: as FP8
    .fp4_tflops = 1676,                   // published [wp]: 3352 sparse / 2; not halved
    .int8_tops = 838,                     // published [wp]; not halved
    .int4_tops = peak_rate::no_unit(),    // measured [gn]: 79 TOPS on RTX 5090, emulated
    .fp64_vector_tflops = 1.64,           // published [wp]: 1/64 of FP32
    .fp32_vector_tflops = 104.8,          // published [wp]
    .fp8 = fp8_kind::ocp,                 // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [ptx]: mma.sync with block scales
    .memory_gb_s = 1792,                  // published [wp]
    .memory_gb = 32,                      // published [wp]
    .l2_mb = 96,                          // published [wp]
    .sm_count = 170,                      // published [wp]
    .tensor_clock_mhz = 2407,             // derived: 209.5e6 / (170 x 512) = 2407
    .boost_clock_mhz = 2407,              // published [wp]
    .shared_memory_kb = 100,              // published [pg]: 99 per block
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 575,                         // published [wp]
};

inline constexpr hardware_spec rtx_pro_6000{
    .key = "rtx_pro_6000",
    .name = "NVIDIA RTX PRO 6000 Blackwell",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_sm120,
    .compute_capability = 120,            // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 251.9,                 // published [wp]
    .fp16_tflops = 503.8,                 // published [wp]; 188 SM x 1024 x 2.617 GHz = 503.8
    .bf16_tflops = 503.8,                 // published [wp]
    .fp8_tflops = 1007.6,                 // published [wp]
    .fp6_tflops = 1007.6,                 // derived: as FP8
    .fp4_tflops = 2015,                   // published [wp]; the server edition at 2430 MHz: 1871
    .int8_tops = 1007.6,                  // published [wp]
    .int4_tops = peak_rate::no_unit(),    // measured [gn]: 79 TOPS on RTX 5090, emulated
    .fp64_vector_tflops = 1.97,           // published [tpu]: 1/64 of FP32
    .fp32_vector_tflops = 126,            // published [wp]
    .fp8 = fp8_kind::ocp,                 // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [ptx]: mma.sync with block scales
    .memory_gb_s = 1792,                  // published [ds]
    .memory_gb = 96,                      // published [ds]
    .l2_mb = 128,                         // published [wp]
    .sm_count = 188,                      // published [wp]
    .tensor_clock_mhz = 2617,             // derived: 503.8e6 / (188 x 1024) = 2617
    .boost_clock_mhz = 2617,              // published [wp]; Max-Q 2280
    .shared_memory_kb = 100,              // published [pg]: 99 per block
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 600,                         // published [ds]; Max-Q 300
};

inline constexpr hardware_spec rtx_pro_6000_server{
    .key = "rtx_pro_6000_server",
    .name = "NVIDIA RTX PRO 6000 Blackwell Server",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_sm120,
    .compute_capability = 120,            // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 233.9,                 // derived: half of FP16
    .fp16_tflops = 467.8,                 // published [aic]; 188 SM x 1024 x 2.430 GHz = 467.8
    .bf16_tflops = 467.8,                 // published [aic]
    .fp8_tflops = 935.6,                  // published [aic]
    .fp6_tflops = 935.6,                  // derived: as FP8
    .fp4_tflops = 1871.2,                 // published [aic]
    .int8_tops = 935.6,                   // derived: as FP8
    .int4_tops = peak_rate::no_unit(),    // measured [gn]: 79 TOPS on RTX 5090, emulated
    .fp64_vector_tflops = 1.83,           // derived: 1/64 of FP32
    .fp32_vector_tflops = 117,            // derived: 188 SM x 256 x 2.430 GHz
    .fp8 = fp8_kind::ocp,                 // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [ptx]: mma.sync with block scales
    .memory_gb_s = 1792,                  // published [ds]
    .memory_gb = 96,                      // published [ds]
    .l2_mb = 128,                         // published [wp]
    .sm_count = 188,                      // published [wp]
    .tensor_clock_mhz = 2430,             // published [aic]
    .boost_clock_mhz = 2430,              // published [aic]
    .shared_memory_kb = 100,              // published [pg]: 99 per block
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 600,                         // published [ds]
};

inline constexpr hardware_spec jetson_thor{
    .key = "jetson_thor",
    .name = "NVIDIA Jetson Thor T5000",
    .vendor = vendor::nvidia,
    .arch = architecture::blackwell_sm110,
    .compute_capability = 110,            // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [ptx]
    .tf32_tflops = 129,                   // derived: half of FP16
    .fp16_tflops = 258.5,                 // derived: FP4 / 4; 20 SM x 8192 x 1.575 GHz = 258
    .bf16_tflops = 258.5,                 // derived: FP4 / 4
    .fp8_tflops = 517,                    // derived: FP4 / 2
    .fp6_tflops = 517,                    // derived: as FP8
    .fp4_tflops = 1035,                   // derived: 2070 sparse [ds] / 2
    .int8_tops = 517,                     // derived: as FP8, unverified
    .int4_tops = peak_rate::no_unit(),    // published [ptx]: no tcgen05 INT4 kind
    .fp32_vector_tflops = 8.06,           // derived: 20 SM x 256 x 1.575 GHz
    .fp8 = fp8_kind::ocp,                 // published [ptx]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [ptx]: tcgen05, partly unverified
    .memory_gb_s = 273,                   // published [ds]
    .memory_gb = 128,                     // published [ds]: shared with the CPU
    .l2_mb = 32,                          // published [tpu], unverified
    .sm_count = 20,                       // published [ds]: 2560 cores / 128
    .tensor_clock_mhz = 1575,             // derived: 258.5e6 / (20 x 8192) = 1578
    .boost_clock_mhz = 1575,              // published [ds]; [tpu] says 2525
    .shared_memory_kb = 228,              // published [pg], unverified
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 130,                         // published [ds]
};

/// Workstation, GeForce and embedded Blackwell devices of this file.
inline constexpr std::array nvidia_blackwell_rtx_devices = {&gb10, &rtx5090, &rtx_pro_6000,
                                                            &rtx_pro_6000_server, &jetson_thor};
static_assert(is_valid(nvidia_blackwell_rtx_devices));

}  // namespace quantroof::hw

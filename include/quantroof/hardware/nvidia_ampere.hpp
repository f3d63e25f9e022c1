// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's Ampere GPUs: GA100 (8.0), GA102 (8.6) and Orin (8.7). BF16, TF32, INT8 and INT4 tensor
// cores, no FP8.
//
// Sources: [ds] NVIDIA A100, A10, A40 and Jetson AGX Orin data sheets, [wp] NVIDIA GA100, GA102 and
// Orin white papers, [pg] CUDA C++ Programming Guide (technical specifications and arithmetic
// throughput), [tpu] TechPowerUp's GPU database.
// GeForce cards halve FP16 and BF16 with FP32 accumulation: those are the rates here.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec a100_sxm_80gb{
    .key = "a100_sxm_80gb",
    .name = "NVIDIA A100 SXM4 80 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga100,
    .compute_capability = 80,            // published [pg]
    .fp64_tflops = 19.5,                 // published [ds]
    .tf32_tflops = 156,                  // published [ds]
    .fp16_tflops = 312,                  // published [ds]; 108 SM x 2048 x 1.41 GHz = 311.9
    .bf16_tflops = 312,                  // published [ds]
    .fp8_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .int8_tops = 624,                    // published [ds]
    .int4_tops = 1248,                   // published [ds]
    .fp64_vector_tflops = 9.7,           // published [ds]
    .fp32_vector_tflops = 19.5,          // published [ds]
    .memory_gb_s = 2039,                 // published [ds]
    .memory_gb = 80,                     // published [ds]
    .l2_mb = 40,                         // published [wp]
    .sm_count = 108,                     // published [wp]
    .tensor_clock_mhz = 1410,            // derived: 312e6 / (108 x 2048) = 1411, the boost clock
    .boost_clock_mhz = 1410,             // published [wp]
    .shared_memory_kb = 164,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [pg], unverified
    .link_gb_s = 600,                    // published [ds]
    .tdp_w = 400,                        // published [ds]
};

inline constexpr hardware_spec a100_sxm_40gb{
    .key = "a100_sxm_40gb",
    .name = "NVIDIA A100 SXM4 40 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga100,
    .compute_capability = 80,            // published [pg]
    .fp64_tflops = 19.5,                 // published [ds]
    .tf32_tflops = 156,                  // published [ds]
    .fp16_tflops = 312,                  // published [ds]; 108 SM x 2048 x 1.41 GHz = 311.9
    .bf16_tflops = 312,                  // published [ds]
    .fp8_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .int8_tops = 624,                    // published [ds]
    .int4_tops = 1248,                   // published [ds]
    .fp64_vector_tflops = 9.7,           // published [ds]
    .fp32_vector_tflops = 19.5,          // published [ds]
    .memory_gb_s = 1555,                 // published [ds]
    .memory_gb = 40,                     // published [ds]
    .l2_mb = 40,                         // published [wp]
    .sm_count = 108,                     // published [wp]
    .tensor_clock_mhz = 1410,            // derived: 312e6 / (108 x 2048) = 1411, the boost clock
    .boost_clock_mhz = 1410,             // published [wp]
    .shared_memory_kb = 164,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [pg], unverified
    .link_gb_s = 600,                    // published [ds]
    .tdp_w = 400,                        // published [ds]
};

inline constexpr hardware_spec a100_pcie_80gb{
    .key = "a100_pcie_80gb",
    .name = "NVIDIA A100 PCIe 80 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga100,
    .compute_capability = 80,            // published [pg]
    .fp64_tflops = 19.5,                 // published [ds]
    .tf32_tflops = 156,                  // published [ds]
    .fp16_tflops = 312,                  // published [ds]; 108 SM x 2048 x 1.41 GHz = 311.9
    .bf16_tflops = 312,                  // published [ds]
    .fp8_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .int8_tops = 624,                    // published [ds]
    .int4_tops = 1248,                   // published [ds]
    .fp64_vector_tflops = 9.7,           // published [ds]
    .fp32_vector_tflops = 19.5,          // published [ds]
    .memory_gb_s = 1935,                 // published [ds]
    .memory_gb = 80,                     // published [ds]
    .l2_mb = 40,                         // published [wp]
    .sm_count = 108,                     // published [wp]
    .tensor_clock_mhz = 1410,            // derived: 312e6 / (108 x 2048) = 1411, the boost clock
    .boost_clock_mhz = 1410,             // published [wp]
    .shared_memory_kb = 164,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [pg], unverified
    .link_gb_s = 600,                    // published [ds]: through a bridge between two cards
    .tdp_w = 300,                        // published [ds]
};

inline constexpr hardware_spec a100_pcie_40gb{
    .key = "a100_pcie_40gb",
    .name = "NVIDIA A100 PCIe 40 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga100,
    .compute_capability = 80,            // published [pg]
    .fp64_tflops = 19.5,                 // published [ds]
    .tf32_tflops = 156,                  // published [ds]
    .fp16_tflops = 312,                  // published [ds]; 108 SM x 2048 x 1.41 GHz = 311.9
    .bf16_tflops = 312,                  // published [ds]
    .fp8_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]: storage only
    .int8_tops = 624,                    // published [ds]
    .int4_tops = 1248,                   // published [ds]
    .fp64_vector_tflops = 9.7,           // published [ds]
    .fp32_vector_tflops = 19.5,          // published [ds]
    .memory_gb_s = 1555,                 // published [ds]
    .memory_gb = 40,                     // published [ds]
    .l2_mb = 40,                         // published [wp]
    .sm_count = 108,                     // published [wp]
    .tensor_clock_mhz = 1410,            // derived: 312e6 / (108 x 2048) = 1411, the boost clock
    .boost_clock_mhz = 1410,             // published [wp]
    .shared_memory_kb = 164,             // published [pg]
    .exp_per_clock_per_sm = 16,          // published [pg], unverified
    .link_gb_s = 600,                    // published [ds]: through a bridge between two cards
    .tdp_w = 250,                        // published [ds]
};

inline constexpr hardware_spec a10{
    .key = "a10",
    .name = "NVIDIA A10",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga102,
    .compute_capability = 86,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 62.5,                  // published [ds], unverified; half of FP16
    .fp16_tflops = 125,                   // published [ds]; 72 SM x 1024 x 1.695 GHz = 125.0
    .bf16_tflops = 125,                   // published [ds]
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .int8_tops = 250,                     // published [ds]
    .int4_tops = 500,                     // published [ds]
    .fp64_vector_tflops = 0.49,           // derived: 72 SM x 4 x 1.695 GHz (1/64 of FP32 [wp])
    .fp32_vector_tflops = 31.2,           // published [ds]
    .memory_gb_s = 600,                   // published [ds]; ECC costs 10 to 15 % of it
    .memory_gb = 24,                      // published [ds]
    .l2_mb = 6,                           // published [wp]
    .sm_count = 72,                       // published [tpu]
    .tensor_clock_mhz = 1695,             // derived: 125e6 / (72 x 1024) = 1695
    .boost_clock_mhz = 1695,              // published [tpu]; base 885
    .shared_memory_kb = 100,              // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 150,                         // published [ds]
};

inline constexpr hardware_spec a40{
    .key = "a40",
    .name = "NVIDIA A40",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga102,
    .compute_capability = 86,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 74.8,                  // published [ds]
    .fp16_tflops = 149.7,                 // published [ds]; 84 SM x 1024 x 1.74 GHz = 149.7
    .bf16_tflops = 149.7,                 // published [ds]
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .int8_tops = 299.3,                   // published [ds]
    .int4_tops = 598.7,                   // published [ds]
    .fp64_vector_tflops = 0.58,           // derived: 84 SM x 4 x 1.74 GHz = 0.585 (1/64 of FP32)
    .fp32_vector_tflops = 37.4,           // published [ds]
    .memory_gb_s = 696,                   // published [ds]
    .memory_gb = 48,                      // published [ds]
    .l2_mb = 6,                           // published [wp]
    .sm_count = 84,                       // published [wp]
    .tensor_clock_mhz = 1740,             // derived: 149.7e6 / (84 x 1024) = 1740
    .boost_clock_mhz = 1740,              // published [tpu]
    .shared_memory_kb = 100,              // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .link_gb_s = 112.5,                   // published [ds], unverified
    .tdp_w = 300,                         // published [ds]
};

inline constexpr hardware_spec rtx3090{
    .key = "rtx3090",
    .name = "NVIDIA GeForce RTX 3090",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga102,
    .compute_capability = 86,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 35.6,                  // published [wp], unverified
    .fp16_tflops = 71,                    // published [wp]: FP32 accumulate; 142 with FP16
    .bf16_tflops = 71,                    // published [wp]
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .int8_tops = 284,                     // published [wp], unverified; not halved
    .int4_tops = 568,                     // published [wp], unverified; not halved
    .fp64_vector_tflops = 0.56,           // published [tpu]: 1/64 of FP32
    .fp32_vector_tflops = 35.6,           // published [wp]
    .memory_gb_s = 936,                   // published [wp]
    .memory_gb = 24,                      // published [wp]
    .l2_mb = 6,                           // published [wp]
    .sm_count = 82,                       // published [wp]
    .tensor_clock_mhz = 1695,             // derived: 71e6 / (82 x 512) = 1691, the boost clock
    .boost_clock_mhz = 1695,              // published [wp]
    .shared_memory_kb = 100,              // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 350,                         // published [wp]
};

inline constexpr hardware_spec jetson_agx_orin_64gb{
    .key = "jetson_agx_orin_64gb",
    .name = "NVIDIA Jetson AGX Orin 64 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::ampere_ga10b,
    .compute_capability = 87,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = 21.3,                  // derived: half of FP16
    .fp16_tflops = 42.6,                  // derived: 16 SM x 2048 x 1.3 GHz
    .bf16_tflops = 42.6,                  // derived: as FP16
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: storage only
    .int8_tops = 85.2,                    // derived: 170 sparse / 2 (275 [ds] adds the DLA)
    .int4_tops = 170,                     // derived: 2 x INT8
    .fp32_vector_tflops = 5.3,            // derived: 16 SM x 256 x 1.3 GHz = 5.32
    .memory_gb_s = 204.8,                 // published [ds]
    .memory_gb = 64,                      // published [ds]: shared with the CPU
    .l2_mb = 4,                           // published [wp], unverified; [tpu] says 6
    .sm_count = 16,                       // published [ds]: 2048 cores / 128
    .tensor_clock_mhz = 1300,             // derived: 42.6e6 / (16 x 2048) = 1300
    .boost_clock_mhz = 1300,              // published [ds]
    .shared_memory_kb = 164,              // published [pg], unverified
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 60,                          // published [ds]
};

/// Ampere devices of this file.
inline constexpr std::array nvidia_ampere_devices = {
    &a100_sxm_80gb, &a100_sxm_40gb, &a100_pcie_80gb, &a100_pcie_40gb,
    &a10,           &a40,           &rtx3090,        &jetson_agx_orin_64gb};
static_assert(is_valid(nvidia_ampere_devices));

}  // namespace quantroof::hw

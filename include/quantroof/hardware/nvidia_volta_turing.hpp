// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's Volta (7.0) and Turing (7.5) GPUs: the first tensor cores, FP16 and later INT8 and INT4.
//
// Sources: [ds] NVIDIA V100 and T4 data sheets, [wp] NVIDIA GV100 and Turing architecture white
// papers, [pg] CUDA C++ Programming Guide (technical specifications and arithmetic throughput per
// compute capability), [tpu] TechPowerUp's GPU database.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec v100_sxm2_32gb{
    .key = "v100_sxm2_32gb",
    .name = "NVIDIA V100 SXM2 32 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::volta,
    .compute_capability = 70,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .tf32_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .fp16_tflops = 125,                   // published [ds]; 80 SM x 1024 x 1.53 GHz = 125.3
    .bf16_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .int8_tops = peak_rate::no_unit(),    // published [wp]: FP16 is the only kind
    .int4_tops = peak_rate::no_unit(),    // published [wp]: FP16 is the only kind
    .fp64_vector_tflops = 7.8,            // published [ds]
    .fp32_vector_tflops = 15.7,           // published [ds]
    .memory_gb_s = 900,                   // published [ds]
    .memory_gb = 32,                      // published [ds]
    .l2_mb = 6,                           // published [wp]
    .sm_count = 80,                       // published [wp]
    .tensor_clock_mhz = 1530,             // derived: 125e6 / (80 x 1024) = 1526, the boost clock
    .boost_clock_mhz = 1530,              // published [wp]
    .shared_memory_kb = 96,               // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .link_gb_s = 300,                     // published [ds]
    .tdp_w = 300,                         // published [ds]
};

inline constexpr hardware_spec v100_sxm2_16gb{
    .key = "v100_sxm2_16gb",
    .name = "NVIDIA V100 SXM2 16 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::volta,
    .compute_capability = 70,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .tf32_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .fp16_tflops = 125,                   // published [ds]; 80 SM x 1024 x 1.53 GHz = 125.3
    .bf16_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .int8_tops = peak_rate::no_unit(),    // published [wp]: FP16 is the only kind
    .int4_tops = peak_rate::no_unit(),    // published [wp]: FP16 is the only kind
    .fp64_vector_tflops = 7.8,            // published [ds]
    .fp32_vector_tflops = 15.7,           // published [ds]
    .memory_gb_s = 900,                   // published [ds]
    .memory_gb = 16,                      // published [ds]
    .l2_mb = 6,                           // published [wp]
    .sm_count = 80,                       // published [wp]
    .tensor_clock_mhz = 1530,             // derived: 125e6 / (80 x 1024) = 1526, the boost clock
    .boost_clock_mhz = 1530,              // published [wp]
    .shared_memory_kb = 96,               // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .link_gb_s = 300,                     // published [ds]
    .tdp_w = 300,                         // published [ds]
};

inline constexpr hardware_spec v100_pcie_32gb{
    .key = "v100_pcie_32gb",
    .name = "NVIDIA V100 PCIe 32 GB",
    .vendor = vendor::nvidia,
    .arch = architecture::volta,
    .compute_capability = 70,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .tf32_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .fp16_tflops = 112,                   // published [ds]; 80 SM x 1024 x 1.38 GHz = 113
    .bf16_tflops = peak_rate::no_unit(),  // published [wp]: FP16 is the only kind
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]: FP16 is the only kind
    .int8_tops = peak_rate::no_unit(),    // published [wp]: FP16 is the only kind
    .int4_tops = peak_rate::no_unit(),    // published [wp]: FP16 is the only kind
    .fp64_vector_tflops = 7.1,            // derived: 80 SM x 64 x 1.38 GHz
    .fp32_vector_tflops = 14.1,           // derived: 80 SM x 128 x 1.38 GHz
    .memory_gb_s = 900,                   // published [ds]
    .memory_gb = 32,                      // published [ds]
    .l2_mb = 6,                           // published [wp]
    .sm_count = 80,                       // published [wp]
    .tensor_clock_mhz = 1380,             // derived: 112e6 / (80 x 1024) = 1367, the boost clock
    .boost_clock_mhz = 1380,              // published [tpu]
    .shared_memory_kb = 96,               // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 250,                         // published [ds], unverified
};

inline constexpr hardware_spec t4{
    .key = "t4",
    .name = "NVIDIA T4",
    .vendor = vendor::nvidia,
    .arch = architecture::turing,
    .compute_capability = 75,             // published [pg]
    .fp64_tflops = peak_rate::no_unit(),  // published [wp]
    .tf32_tflops = peak_rate::no_unit(),  // published [wp]
    .fp16_tflops = 65,                    // published [ds]; 40 SM x 1024 x 1.59 GHz = 65.1
    .bf16_tflops = peak_rate::no_unit(),  // published [wp]: emulated in software
    .fp8_tflops = peak_rate::no_unit(),   // published [wp]
    .fp6_tflops = peak_rate::no_unit(),   // published [wp]
    .fp4_tflops = peak_rate::no_unit(),   // published [wp]
    .int8_tops = 130,                     // published [ds]
    .int4_tops = 260,                     // published [ds]
    .fp64_vector_tflops = 0.25,           // derived: 40 SM x 4 x 1.59 GHz
    .fp32_vector_tflops = 8.1,            // published [ds]
    .memory_gb_s = 320,                   // published [ds]; some NVIDIA pages say 300
    .memory_gb = 16,                      // published [ds]
    .l2_mb = 4,                           // published [wp]
    .sm_count = 40,                       // published [wp]
    .tensor_clock_mhz = 1590,             // derived: 65e6 / (40 x 1024) = 1587, the boost clock
    .boost_clock_mhz = 1590,              // published [ds]; the 70 W limit rarely lets it last
    .shared_memory_kb = 64,               // published [pg]
    .exp_per_clock_per_sm = 16,           // published [pg], unverified
    .tdp_w = 70,                          // published [ds]
};

/// Volta and Turing devices of this file.
inline constexpr std::array nvidia_volta_turing_devices = {&v100_sxm2_32gb, &v100_sxm2_16gb,
                                                           &v100_pcie_32gb, &t4};
static_assert(is_valid(nvidia_volta_turing_devices));

}  // namespace quantroof::hw

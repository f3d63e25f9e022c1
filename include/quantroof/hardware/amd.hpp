// SPDX-License-Identifier: Apache-2.0
//
// AMD's Instinct accelerators: CDNA2 (gfx90a), CDNA3 (gfx942, FP8 in the FNUZ patterns) and CDNA4
// (gfx950, OCP FP8 and MX blocks).
//
// Sources: [ds] AMD Instinct data sheets, [wp] AMD CDNA 2, 3 and 4 white papers, [isa] AMD Instinct
// instruction set references.
// Their exponential rate is a quarter of the vector rate by hearsay only, so exp_per_clock_per_sm
// stays unknown.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec mi210{
    .key = "mi210",
    .name = "AMD Instinct MI210",
    .vendor = vendor::amd,
    .arch = architecture::cdna2,
    .fp64_tflops = 45.3,                  // published [ds]
    .tf32_tflops = peak_rate::no_unit(),  // published [isa]
    .fp16_tflops = 181,                   // published [ds]; 104 CU x 1024 x 1.7 GHz = 181.0
    .bf16_tflops = 181,                   // published [ds]
    .fp8_tflops = peak_rate::no_unit(),   // published [isa]
    .fp6_tflops = peak_rate::no_unit(),   // published [isa]
    .fp4_tflops = peak_rate::no_unit(),   // published [isa]
    .int8_tops = 181,                     // published [ds]: the FP16 rate
    .int4_tops = peak_rate::no_unit(),    // published [isa]
    .fp64_vector_tflops = 22.6,           // published [ds]
    .fp32_vector_tflops = 22.6,           // published [ds]
    .memory_gb_s = 1638,                  // published [ds]
    .memory_gb = 64,                      // published [ds]
    .l2_mb = 8,                           // published [wp], unverified
    .sm_count = 104,                      // published [ds]
    .tensor_clock_mhz = 1700,             // derived: 181e6 / (104 x 1024) = 1700
    .boost_clock_mhz = 1700,              // published [ds]
    .shared_memory_kb = 64,               // published [isa]: LDS per CU
    .link_gb_s = 300,                     // published [ds], unverified
    .tdp_w = 300,                         // published [ds]
};

// Two dies; each appears as a device of its own with half of everything.
inline constexpr hardware_spec mi250x{
    .key = "mi250x",
    .name = "AMD Instinct MI250X",
    .vendor = vendor::amd,
    .arch = architecture::cdna2,
    .fp64_tflops = 95.7,                  // published [ds]
    .tf32_tflops = peak_rate::no_unit(),  // published [isa]
    .fp16_tflops = 383,                   // published [ds]; 220 CU x 1024 x 1.7 GHz = 383.0
    .bf16_tflops = 383,                   // published [ds]
    .fp8_tflops = peak_rate::no_unit(),   // published [isa]
    .fp6_tflops = peak_rate::no_unit(),   // published [isa]
    .fp4_tflops = peak_rate::no_unit(),   // published [isa]
    .int8_tops = 383,                     // published [ds]: the FP16 rate
    .int4_tops = peak_rate::no_unit(),    // published [isa]
    .fp64_vector_tflops = 47.9,           // published [ds]
    .fp32_vector_tflops = 47.9,           // published [ds]
    .memory_gb_s = 3277,                  // published [ds]
    .memory_gb = 128,                     // published [ds]
    .l2_mb = 16,                          // published [wp]: 8 per die, not shared
    .sm_count = 220,                      // published [ds]
    .tensor_clock_mhz = 1700,             // derived: 383e6 / (220 x 1024) = 1700
    .boost_clock_mhz = 1700,              // published [ds]
    .shared_memory_kb = 64,               // published [isa]: LDS per CU
    .link_gb_s = 800,                     // published [ds], unverified
    .tdp_w = 560,                         // published [ds]; 500 with air cooling
};

inline constexpr hardware_spec mi300x{
    .key = "mi300x",
    .name = "AMD Instinct MI300X",
    .vendor = vendor::amd,
    .arch = architecture::cdna3,
    .fp64_tflops = 163.4,                // published [ds]
    .tf32_tflops = 653.7,                // published [ds]
    .fp16_tflops = 1307.4,               // published [ds]; 304 CU x 2048 x 2.1 GHz = 1307.4
    .bf16_tflops = 1307.4,               // published [ds]
    .fp8_tflops = 2614.9,                // published [ds]
    .fp6_tflops = peak_rate::no_unit(),  // published [isa]
    .fp4_tflops = peak_rate::no_unit(),  // published [isa]
    .int8_tops = 2614.9,                 // published [ds]
    .int4_tops = peak_rate::no_unit(),   // published [isa]
    .fp64_vector_tflops = 81.7,          // published [ds]
    .fp32_vector_tflops = 163.4,         // published [ds]: packed
    .fp8 = fp8_kind::fnuz,               // published [isa]: E4M3FNUZ and E5M2FNUZ only
    .block_scaled_mma = false,           // published [isa]
    .memory_gb_s = 5300,                 // published [ds]
    .memory_gb = 192,                    // published [ds]
    .l2_mb = 256,                        // published [wp]: Infinity Cache; 4 of L2 per XCD
    .sm_count = 304,                     // published [ds]
    .tensor_clock_mhz = 2100,            // derived: 1307.4e6 / (304 x 2048) = 2100
    .boost_clock_mhz = 2100,             // published [ds]
    .shared_memory_kb = 64,              // published [isa]: LDS per CU
    .link_gb_s = 896,                    // published [ds]: 448 each way, all to all
    .tdp_w = 750,                        // published [ds]
};

inline constexpr hardware_spec mi325x{
    .key = "mi325x",
    .name = "AMD Instinct MI325X",
    .vendor = vendor::amd,
    .arch = architecture::cdna3,
    .fp64_tflops = 163.4,                // published [ds]
    .tf32_tflops = 653.7,                // published [ds]
    .fp16_tflops = 1307.4,               // published [ds]; 304 CU x 2048 x 2.1 GHz = 1307.4
    .bf16_tflops = 1307.4,               // published [ds]
    .fp8_tflops = 2614.9,                // published [ds]
    .fp6_tflops = peak_rate::no_unit(),  // published [isa]
    .fp4_tflops = peak_rate::no_unit(),  // published [isa]
    .int8_tops = 2614.9,                 // published [ds]
    .int4_tops = peak_rate::no_unit(),   // published [isa]
    .fp64_vector_tflops = 81.7,          // published [ds]
    .fp32_vector_tflops = 163.4,         // published [ds]: packed
    .fp8 = fp8_kind::fnuz,               // published [isa]: E4M3FNUZ and E5M2FNUZ only
    .block_scaled_mma = false,           // published [isa]
    .memory_gb_s = 6000,                 // published [ds]
    .memory_gb = 256,                    // published [ds]
    .l2_mb = 256,                        // published [wp]: Infinity Cache; 4 of L2 per XCD
    .sm_count = 304,                     // published [ds]
    .tensor_clock_mhz = 2100,            // derived: 1307.4e6 / (304 x 2048) = 2100
    .boost_clock_mhz = 2100,             // published [ds]
    .shared_memory_kb = 64,              // published [isa]: LDS per CU
    .link_gb_s = 896,                    // published [ds]: 448 each way, all to all
    .tdp_w = 1000,                       // published [ds]
};

inline constexpr hardware_spec mi350x{
    .key = "mi350x",
    .name = "AMD Instinct MI350X",
    .vendor = vendor::amd,
    .arch = architecture::cdna4,
    .fp64_tflops = 72.1,                  // published [ds], unverified: as the vector units
    .tf32_tflops = peak_rate::no_unit(),  // published [isa], unverified: dropped
    .fp16_tflops = 2307,                  // published [ds]; 256 CU x 4096 x 2.2 GHz = 2306.9
    .bf16_tflops = 2307,                  // published [ds]
    .fp8_tflops = 4614,                   // published [ds]
    .fp6_tflops = 9228,                   // published [ds]: the FP4 rate
    .fp4_tflops = 9228,                   // published [ds]
    .int8_tops = 4614,                    // published [ds]
    .int4_tops = peak_rate::no_unit(),    // published [isa]
    .fp64_vector_tflops = 72.1,           // published [ds]
    .fp32_vector_tflops = 144.2,          // published [ds]
    .fp8 = fp8_kind::ocp,                 // published [isa]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [isa]: MX blocks of 32; no NVFP4
    .memory_gb_s = 8000,                  // published [ds]
    .memory_gb = 288,                     // published [ds]
    .l2_mb = 256,                         // published [wp]: Infinity Cache; 4 of L2 per XCD
    .sm_count = 256,                      // published [ds]
    .tensor_clock_mhz = 2200,             // derived: 2307e6 / (256 x 4096) = 2200
    .boost_clock_mhz = 2200,              // published [ds]
    .shared_memory_kb = 160,              // published [isa]: LDS per CU
    .link_gb_s = 1075,                    // published [ds]: 537.5 each way
    .tdp_w = 1000,                        // published [ds]
};

inline constexpr hardware_spec mi355x{
    .key = "mi355x",
    .name = "AMD Instinct MI355X",
    .vendor = vendor::amd,
    .arch = architecture::cdna4,
    .fp64_tflops = 78.6,                  // published [ds], unverified: as the vector units
    .tf32_tflops = peak_rate::no_unit(),  // published [isa], unverified: dropped
    .fp16_tflops = 2516.6,                // published [ds]; 256 CU x 4096 x 2.4 GHz = 2516.6
    .bf16_tflops = 2516.6,                // published [ds]
    .fp8_tflops = 5033,                   // published [ds]
    .fp6_tflops = 10066,                  // published [ds]: the FP4 rate
    .fp4_tflops = 10066,                  // published [ds]
    .int8_tops = 5033,                    // published [ds]
    .int4_tops = peak_rate::no_unit(),    // published [isa]
    .fp64_vector_tflops = 78.6,           // published [ds]
    .fp32_vector_tflops = 157.3,          // published [ds]
    .fp8 = fp8_kind::ocp,                 // published [isa]: E4M3 and E5M2
    .block_scaled_mma = true,             // published [isa]: MX blocks of 32; no NVFP4
    .memory_gb_s = 8000,                  // published [ds]
    .memory_gb = 288,                     // published [ds]
    .l2_mb = 256,                         // published [wp]: Infinity Cache; 4 of L2 per XCD
    .sm_count = 256,                      // published [ds]
    .tensor_clock_mhz = 2400,             // derived: 2516.6e6 / (256 x 4096) = 2400
    .boost_clock_mhz = 2400,              // published [ds]
    .shared_memory_kb = 160,              // published [isa]: LDS per CU
    .link_gb_s = 1075,                    // published [ds]: 537.5 each way
    .tdp_w = 1400,                        // published [ds]
};

/// AMD's devices.
inline constexpr std::array amd_devices = {&mi210, &mi250x, &mi300x, &mi325x, &mi350x, &mi355x};
static_assert(is_valid(amd_devices));

}  // namespace quantroof::hw

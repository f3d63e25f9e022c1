// SPDX-License-Identifier: Apache-2.0
//
// Intel's accelerators: Gaudi 2 and 3, and Arc Pro B60 (Xe2).
//
// Sources: [wp] Intel Gaudi 2 and Gaudi 3 white papers, [mle] github.com/stas00/ml-engineering,
// compute/accelerator at 744d01e, [vllm] github.com/HabanaAI/vllm-fork pull request 983, [aic]
// github.com/ai-dynamo/aiconfigurator, systems/b60.yaml at 66a01e1, [ipp] Intel's Arc Pro B60
// product page as quoted at zolotukhin.ai/zinc/docs/intel-gpu-reference, [xmx] Intel oneAPI GPU
// optimization guide (XMX types).
// Gaudi multiplies INT8 as well, and Gaudi 2 FP16 and TF32, at rates these sources do not give; nor
// do they give Xe2's TF32 and INT4.
// An omitted field is unknown; device_list.hpp explains the tags.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec gaudi2{
    .key = "gaudi2",
    .name = "Intel Gaudi 2",
    .vendor = vendor::intel,
    .arch = architecture::intel_gaudi2,
    .bf16_tflops = 432,                  // published [wp]; 2 MME x 65536 MAC x 2 x 1.65 GHz = 432.5
    .fp8_tflops = 865,                   // published [wp]
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]
    .fp8 = fp8_kind::ocp,                // published [wp]; Gaudi 2 ends E4M3 at 240 [vllm]
    .memory_gb_s = 2460,                 // published [wp]
    .memory_gb = 96,                     // published [wp]
    .l2_mb = 48,                         // published [wp]: SRAM managed by software
    .sm_count = 2,                       // published [wp]: matrix engines (MME)
    .tensor_clock_mhz = 1650,            // derived: 432e6 / (2 x 131072) = 1648
    .boost_clock_mhz = 1650,             // published [wp]
    .link_gb_s = 600,                    // published [wp], unverified: 24 x 100 GbE
    .tdp_w = 600,                        // published [wp]
};

inline constexpr hardware_spec gaudi3{
    .key = "gaudi3",
    .name = "Intel Gaudi 3",
    .vendor = vendor::intel,
    .arch = architecture::intel_gaudi3,
    .tf32_tflops = 459,                  // published [wp]
    .fp16_tflops = 459,                  // published [wp]: a quarter of BF16 at 1.75 GHz
    .bf16_tflops = 1677,                 // derived: 8 MME x 131072 x 1.6 GHz; [wp] 1835 at 1.75
    .fp8_tflops = 1677,                  // derived: the BF16 rate
    .fp6_tflops = peak_rate::no_unit(),  // published [wp]
    .fp4_tflops = peak_rate::no_unit(),  // published [wp]
    .fp32_vector_tflops = 229,           // published [wp]
    .fp8 = fp8_kind::ocp,                // published [wp]
    .memory_gb_s = 3700,                 // published [wp]
    .memory_gb = 128,                    // published [wp]
    .l2_mb = 96,                         // published [wp]: SRAM
    .sm_count = 8,                       // published [wp]: matrix engines (MME)
    .tensor_clock_mhz = 1600,            // measured [mle]: real parts run at 1600
    .boost_clock_mhz = 1600,             // measured [mle]
    .link_gb_s = 1200,                   // published [wp]
    .tdp_w = 900,                        // published [wp]
};

inline constexpr hardware_spec arc_pro_b60{
    .key = "arc_pro_b60",
    .name = "Intel Arc Pro B60",
    .vendor = vendor::intel,
    .arch = architecture::intel_xe2,
    .fp64_tflops = peak_rate::no_unit(),  // published [xmx], unverified
    .fp16_tflops = 98.3,                  // derived: as BF16
    .bf16_tflops = 98.3,                  // published [aic]; 20 Xe x 2048 x 2.4 GHz = 98.3
    .fp8_tflops = peak_rate::no_unit(),   // published [aic]: computed in BF16
    .fp6_tflops = peak_rate::no_unit(),   // published [xmx], unverified
    .fp4_tflops = peak_rate::no_unit(),   // published [xmx], unverified
    .int8_tops = 197,                     // published [aic]
    .fp32_vector_tflops = 12.28,          // published [aic]
    .memory_gb_s = 456,                   // published [aic]; about 220 measured
    .memory_gb = 24,                      // published [aic]
    .sm_count = 20,                       // published [ipp]: Xe cores
    .tensor_clock_mhz = 2400,             // derived: 98.3e6 / (20 x 2048) = 2400
    .boost_clock_mhz = 2400,              // published [ipp]
    .tdp_w = 200,                         // published [aic]
};

/// Intel's devices.
inline constexpr std::array intel_devices = {&gaudi2, &gaudi3, &arc_pro_b60};
static_assert(is_valid(intel_devices));

}  // namespace quantroof::hw

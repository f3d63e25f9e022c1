// SPDX-License-Identifier: Apache-2.0
//
// The device of the quantization specification, "Blackwell B10", exactly as its tables give it, so
// that they can be reproduced.
//
// It is not a product. Its bandwidth follows from the specification's critical intensity. The real
// chip of that class is hw::gb10.
// An omitted field is unknown: the specification does not give it.
#pragma once

#include <array>

#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::hw {

inline constexpr hardware_spec b10{
    .key = "b10",
    .name = "Blackwell B10",
    .vendor = vendor::nvidia,
    .arch = architecture::spec_blackwell,
    .fp16_tflops = 62,         // published in the specification: FA3 section
    .fp8_tflops = 124,         // published in the specification: FA3 section
    .fp4_tflops = 1000,        // published in the specification: NVFP4 on Blackwell
    .fp8 = fp8_kind::ocp,      // published in the specification: FP8_E4M3
    .block_scaled_mma = true,  // published in the specification: NVFP4 tensor cores
    .memory_gb_s = 287,        // derived: 62000 / 216, its critical intensity
};

/// The device of the specification.
inline constexpr std::array spec_devices = {&b10};
static_assert(is_valid(spec_devices));

}  // namespace quantroof::hw

// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's devices of all generations. Figures and sources are in the file of each generation.
#pragma once

#include "quantroof/hardware/device_list.hpp"

// IWYU pragma: begin_exports
#include "quantroof/hardware/nvidia_ada.hpp"
#include "quantroof/hardware/nvidia_ampere.hpp"
#include "quantroof/hardware/nvidia_blackwell.hpp"
#include "quantroof/hardware/nvidia_blackwell_rtx.hpp"
#include "quantroof/hardware/nvidia_hopper.hpp"
#include "quantroof/hardware/nvidia_volta_turing.hpp"
// IWYU pragma: end_exports

namespace quantroof::hw {

/// NVIDIA's devices, oldest first.
inline constexpr auto nvidia_devices =
    join(nvidia_volta_turing_devices, nvidia_ampere_devices, nvidia_ada_devices,
         nvidia_hopper_devices, nvidia_blackwell_devices, nvidia_blackwell_rtx_devices);

}  // namespace quantroof::hw

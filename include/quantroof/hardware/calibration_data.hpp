// SPDX-License-Identifier: Apache-2.0
//
// The devices that were measured, as `calibrate --write-headers` lists them. Who uses which: calibration_lookup.hpp.
#pragma once

#include <array>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/measured_a100_sxm_80gb.hpp"
#include "quantroof/hardware/measured_b200_sxm.hpp"
#include "quantroof/hardware/measured_b300_sxm.hpp"
#include "quantroof/hardware/measured_gb200.hpp"
#include "quantroof/hardware/measured_h100_sxm.hpp"
#include "quantroof/hardware/measured_h200_sxm.hpp"
#include "quantroof/hardware/measured_l40s.hpp"
#include "quantroof/hardware/measured_rtx_pro_6000_server.hpp"

namespace quantroof {

inline constexpr std::array device_calibrations = {
    &measured::a100_sxm_80gb, &measured::l40s,
    &measured::h100_sxm,      &measured::h200_sxm,
    &measured::b200_sxm,      &measured::gb200,
    &measured::b300_sxm,      &measured::rtx_pro_6000_server};

}  // namespace quantroof

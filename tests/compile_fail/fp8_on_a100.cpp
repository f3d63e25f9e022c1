// SPDX-License-Identifier: Apache-2.0
//
// A100 has no FP8 units, so it has no FP8 ridge point.
// expect: critical_ai: the device has no matrix unit for this precision, or its peak is unknown
#include "quantroof/hardware/hardware_registry.hpp"

constexpr double ridge = critical_ai(quantroof::hw::a100_sxm_80gb, quantroof::precision::fp8_e4m3);

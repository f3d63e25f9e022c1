// SPDX-License-Identifier: Apache-2.0
//
// A device without bandwidth.
// expect: hardware_spec: memory_gb_s must be positive and finite
#include "quantroof/hardware/hardware_spec.hpp"

constexpr quantroof::hardware_spec device{.key = "mine", .fp16_tflops = 100};
static_assert(is_valid(device));

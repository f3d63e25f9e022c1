// SPDX-License-Identifier: Apache-2.0
//
// A device that nobody knows.
// expect: detail::unknown_device(
#include "quantroof/hardware/hardware_registry.hpp"

constexpr double bandwidth = quantroof::get_hardware("b9").memory_gb_s;

// SPDX-License-Identifier: Apache-2.0
//
// Layers 21 to 11.
// expect: mixed_precision_config: a layer override needs 0 <= first_layer <= last_layer
#include "quantroof/model/strategies.hpp"

constexpr auto config =
    quantroof::create_fp16_baseline().with_layers(21, 11, quantroof::precision::fp8_e4m3);
static_assert(is_valid(config));

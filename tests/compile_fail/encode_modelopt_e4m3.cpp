// SPDX-License-Identifier: Apache-2.0
//
// The rule for NaN of a producer who has no such format.
// expect: encode:
#include "quantroof/precision/quantize.hpp"

constexpr auto code = quantroof::encode<quantroof::precision::fp8_e4m3>(
    1.0F, quantroof::rounding::nearest_even, quantroof::overflow::saturate,
    quantroof::special_rule::modelopt);

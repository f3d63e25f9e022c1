// SPDX-License-Identifier: Apache-2.0
//
// A code of FP32 would have 32 bits.
// expect: code_t
#include "quantroof/precision/quantize.hpp"

constexpr auto code = quantroof::encode<quantroof::precision::fp32>(1.0F);

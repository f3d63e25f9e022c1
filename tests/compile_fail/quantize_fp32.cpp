// SPDX-License-Identifier: Apache-2.0
//
// FP32 is what is quantized, not what it becomes.
// expect: quantize: the format must hold values of at most 16 bits that can be encoded
#include "quantroof/precision/quantize.hpp"

constexpr float x[] = {1.0F};
constexpr bool made =
    quantroof::quantize<quantroof::precision::fp32>(quantroof::matrix_view<const float>{x, 1, 1})
        .rows == 1;

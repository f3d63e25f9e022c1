// SPDX-License-Identifier: Apache-2.0
//
// Groups of no elements.
// expect: quantize: group_size must be positive
#include "quantroof/precision/quantize.hpp"

constexpr float x[] = {1.0F};
constexpr bool made =
    quantroof::quantize(quantroof::precision::int8, quantroof::matrix_view<const float>{x, 1, 1},
                        {.granularity = quantroof::granularity::per_group, .group_size = 0})
        .rows == 1;

// SPDX-License-Identifier: Apache-2.0
//
// A percentile that is no number.
// expect: quantize: percentile must be in (0, 100]
#include <limits>
#include "quantroof/precision/quantize.hpp"

constexpr float x[] = {1.0F};
constexpr bool made =
    quantroof::quantize(quantroof::precision::int8, quantroof::matrix_view<const float>{x, 1, 1},
                        {.calibration_mode = quantroof::calibration::percentile,
                         .percentile = std::numeric_limits<double>::quiet_NaN()})
        .rows == 1;

// SPDX-License-Identifier: Apache-2.0
//
// One operator, two precisions.
// expect: operator_precisions: an operator is listed twice
#include "quantroof/model/mixed_precision.hpp"

using quantroof::operator_type;
using quantroof::precision;
constexpr quantroof::mixed_precision_config config{
    .name = "twice",
    .operator_precisions = {{operator_type::q_proj, precision::fp8_e4m3},
                            {operator_type::q_proj, precision::nvfp4}}};

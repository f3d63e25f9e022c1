// SPDX-License-Identifier: Apache-2.0
//
// A strategy that nobody knows.
// expect: detail::unknown_name(
#include "quantroof/model/strategies.hpp"

constexpr auto strategy = quantroof::get_strategy("nvfp5_blackwell");

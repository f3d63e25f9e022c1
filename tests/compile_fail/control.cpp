// SPDX-License-Identifier: Apache-2.0
//
// The control: with every rule kept, this compiles. If it does not, no other case says anything.
// expect: nothing
#include "quantroof/core.hpp"

static_assert(quantroof::version.major >= 0);
constexpr int rule_kept = (quantroof::detail::expects(true, "control: the rule"), 1);
static_assert(rule_kept == 1);

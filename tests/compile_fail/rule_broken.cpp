// SPDX-License-Identifier: Apache-2.0
//
// A broken rule in a constant expression stops the compiler, and the compiler shows the rule.
// expect: precondition_failed
// expect: rule_broken: the rule
#include "quantroof/detail/expects.hpp"

constexpr int rule_broken = (quantroof::detail::expects(false, "rule_broken: the rule"), 1);

// SPDX-License-Identifier: Apache-2.0
//
// A name is refused, not cut: a key has 32 characters.
// expect: short_string: the text is longer than the capacity of this field
#include "quantroof/hardware/hardware_spec.hpp"

constexpr quantroof::hardware_spec device{.key = "a_key_of_thirty_three_characters_"};

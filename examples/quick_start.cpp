// SPDX-License-Identifier: Apache-2.0
//
// Which precision does a strategy give each operator?
#include <fmt/format.h>

#include <quantroof/core.hpp>

int main() {
  constexpr quantroof::mixed_precision_config config = quantroof::get_strategy("nvfp4_blackwell");
  static_assert(config.get_precision(quantroof::operator_type::ffn_down) ==
                quantroof::precision::nvfp4);

  for (const quantroof::operator_type op : quantroof::operator_types) {
    fmt::print("{:<10} {}\n", to_string(op), to_string(config.get_precision(op)));
  }
}

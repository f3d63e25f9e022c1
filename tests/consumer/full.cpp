// SPDX-License-Identifier: Apache-2.0
//
// A user of quantroof::quantroof.
#include <fmt/format.h>

#include <quantroof/quantroof.hpp>

int main() {
  fmt::print("quantroof::quantroof {}.{}.{}\n", quantroof::version.major, quantroof::version.minor,
             quantroof::version.patch);
}

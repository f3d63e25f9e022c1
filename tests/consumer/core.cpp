// SPDX-License-Identifier: Apache-2.0
//
// A user of quantroof::core. The unused variable is here to see that our strictness does not reach users.
#include <cstdio>
#include <quantroof/core.hpp>

int main() {
  int unused_on_purpose;
  std::printf("quantroof::core %d.%d.%d\n", quantroof::version.major, quantroof::version.minor, quantroof::version.patch);
}

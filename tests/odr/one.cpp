// SPDX-License-Identifier: Apache-2.0
//
// The first of two units that include everything; the program checks that both see the same objects.
#include "all_headers.hpp"

const void* version_seen_by_two();

int main() {
  const void* const seen_here = &quantroof::version;
  return seen_here == version_seen_by_two() ? 0 : 1;
}

// SPDX-License-Identifier: Apache-2.0
//
// What quantization met that was not an ordinary number in range.
#pragma once

#include <cstdint>

namespace quantroof {

/// What quantization met among the values.
struct quantization_counts {
  std::int64_t nan = 0;
  std::int64_t inf = 0;
  std::int64_t clipped =
      0;  // finite, beyond the largest element after scaling; not counted in MX, NVFP4 and GGUF blocks

  constexpr void add(const quantization_counts& other) {
    nan += other.nan;
    inf += other.inf;
    clipped += other.clipped;
  }
  friend constexpr bool operator==(const quantization_counts&,
                                   const quantization_counts&) = default;
};

}  // namespace quantroof

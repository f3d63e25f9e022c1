// SPDX-License-Identifier: Apache-2.0
//
// How do the FlashAttention versions compare on a long context?
#include <fmt/format.h>

#include <quantroof/core.hpp>

int main() {
  for (const auto key : {"b10", "h100_sxm", "gb10"}) {
    const auto results = quantroof::compare_fa_versions(/*batch=*/1, /*num_heads=*/32,
                                                        /*seq_len=*/8192, /*head_dim=*/128, key);
    fmt::print("{}\n", key);
    for (const quantroof::flash_attention_metrics& m : results.versions) {
      fmt::print("  {}: {:8.2f} ms (AI={:.1f}, {}-bound)\n", to_string(m.version),
                 m.predicted_time_us / 1000, m.arithmetic_intensity, to_string(m.bottleneck));
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
//
// What happens to activations at run time? A loop over layers, whose activations grow outliers with depth.
#include <fmt/format.h>

#include <quantroof/core.hpp>
#include <random>
#include <vector>

int main() {
  quantroof::dynamic_quantizer quantizer{{
      .precision = quantroof::precision::fp8_e4m3,
      .granularity = quantroof::granularity::per_token,
      .calibration_mode = quantroof::calibration::percentile,
  }};

  constexpr std::size_t tokens = 16, hidden = 256, outputs = 64;
  std::mt19937 random{1};  // its numbers are the same on every platform
  const auto uniform = [&random] { return static_cast<float>(random()) / 4294967296.0F * 2 - 1; };
  std::vector<float> weight(outputs * hidden);
  for (float& w : weight) {
    w = uniform() / 16;
  }

  for (int layer = 0; layer < 5; ++layer) {
    std::vector<float> hidden_states(tokens * hidden);
    for (float& x : hidden_states) {
      x = uniform() + uniform() + uniform();
    }
    for (std::size_t token = 0; token < tokens; ++token) {
      hidden_states[token * hidden + 7] *=
          1.0F + static_cast<float>(layer);  // one channel stands out
    }

    const auto result =
        quantizer.quantize_dynamic({hidden_states, tokens, hidden}, {weight, outputs, hidden},
                                   fmt::format("layer_{}_q_proj", layer));
    const auto& meta = result.metadata;
    fmt::print("layer {}: outlier ratio {:.2f}, {} in {}, mean scale {:.5f}, {} clipped\n", layer,
               meta.outlier_ratio, meta.fallback ? "fallback, computed" : "computed",
               to_string(meta.precision), meta.scale, meta.clipped_count);
  }
}

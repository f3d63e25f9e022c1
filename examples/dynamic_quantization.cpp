// SPDX-License-Identifier: Apache-2.0
//
// What happens to activations at run time? Layers whose activations grow from batch to batch; in one of them a channel stands out.
#include <fmt/format.h>

#include <quantroof/quantroof.hpp>
#include <random>
#include <vector>

constexpr std::size_t tokens = 16, hidden = 256, outputs = 64;

std::vector<float> noise(std::size_t size, float factor) {
  static std::mt19937 random{1};  // its numbers are the same on every platform
  std::vector<float> values(size);
  for (float& x : values) {
    for (int i = 0; i < 3; ++i) {
      x += static_cast<float>(random() >> 8) * 0x1p-23F - 1;
    }
    x *= factor;
  }
  return values;
}

int main() {
  quantroof::dynamic_quantizer quantizer{{
      .precision = quantroof::precision::fp8_e4m3,
      .granularity = quantroof::granularity::per_tensor,
      .calibration_mode = quantroof::calibration::percentile,
      .error_report = quantroof::error_report::against_fp32,
  }};

  for (int layer = 0; layer < 3; ++layer) {
    const auto values = noise(outputs * hidden, 1.0F / 16);
    const auto weight = quantroof::quantize<quantroof::precision::fp8_e4m3_channel>(
        quantroof::matrix_view<const float>{values, outputs, hidden});

    for (int batch = 0; batch < 4; ++batch) {
      auto hidden_states = noise(tokens * hidden, 1 + static_cast<float>(batch) / 8);
      for (std::size_t token = 0; layer == 1 && token < tokens; ++token) {
        hidden_states[token * hidden + 7] *= static_cast<float>(1 + 2 * batch);
      }

      const auto result = quantizer.quantize_dynamic({hidden_states, tokens, hidden}, weight,
                                                     fmt::format("layer_{}_q_proj", layer));
      const auto& meta = result.metadata;
      if (meta.fallback) {
        fmt::print("layer {} batch {}: outlier ratio {:.2f}, computed in {}, SQNR {:.1f} dB\n",
                   layer, batch, meta.outlier_ratio, meta.precision, meta.error->sqnr_db);
      } else {
        fmt::print(
            "layer {} batch {}: outlier ratio {:.2f}, scale {:.5f} (of this batch alone "
            "{:.5f}), {} clipped, SQNR {:.1f} dB\n",
            layer, batch, meta.outlier_ratio, meta.scale,
            meta.dynamic_range / quantroof::element_max(meta.precision), meta.clipped_count,
            meta.error->sqnr_db);
      }
    }
  }
}

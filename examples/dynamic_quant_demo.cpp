// SPDX-License-Identifier: Apache-2.0
//
// Which granularity and calibration lose least on activations with an outlier channel, and what would an adaptive engine choose?
#include <fmt/format.h>

#include <quantroof/core.hpp>
#include <random>
#include <vector>

namespace {

using namespace quantroof;

constexpr std::size_t tokens = 32;
constexpr std::size_t channels = 256;

std::vector<float> activations(float outlier) {
  std::mt19937 random{2};
  std::vector<float> x(tokens * channels);
  for (float& v : x) {
    float sum = 0;
    for (int i = 0; i < 6; ++i) {
      sum += static_cast<float>(random()) / 4294967296.0F - 0.5F;
    }
    v = sum;
  }
  for (std::size_t t = 0; t < tokens; ++t) {
    x[t * channels + 3] *= outlier;
  }
  return x;
}

// Relative squared error of the product against the one computed from the original activations.
double relative_error(const std::vector<float>& x, const std::vector<float>& identity,
                      const dynamic_quant_config& config) {
  dynamic_quantizer quantizer{config};
  const auto result = quantizer.quantize_dynamic({x.data(), tokens, channels},
                                                 {identity.data(), channels, channels}, "demo");
  double error = 0;
  double power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += (result.values[i] - x[i]) * (result.values[i] - x[i]);
    power += x[i] * x[i];
  }
  return error / power;
}

}  // namespace

int main() {
  std::vector<float> identity(channels * channels, 0.0F);
  for (std::size_t i = 0; i < channels; ++i) {
    identity[i * channels + i] = 1;
  }

  for (const float outlier : {1.0F, 4.0F, 20.0F}) {
    const std::vector<float> x = activations(outlier);
    const activation_stats stats = compute_activation_stats({x.data(), tokens, channels});
    fmt::print(
        "outlier channel x {:.0f}: absmax {:.2f}, std {:.3f}, p99 {:.2f}, p99.9 {:.2f}, outlier "
        "ratio {:.2f}\n",
        outlier, stats.absmax, stats.std, stats.percentile_99, stats.percentile_999,
        stats.outlier_ratio());

    fmt::print("  {:<10} {:<12} {:>11} {:>11} {:>11}\n", "format", "granularity", "absmax",
               "percentile", "mse_optimal");
    for (const precision p : {precision::fp8_e4m3, precision::int8}) {
      for (const granularity g :
           {granularity::per_tensor, granularity::per_token, granularity::per_channel}) {
        fmt::print("  {:<10} {:<12}", to_string(p), to_string(g));
        for (const calibration c :
             {calibration::absmax, calibration::percentile, calibration::mse_optimal}) {
          fmt::print(" {:>11.2e}", relative_error(x, identity,
                                                  {.precision = p,
                                                   .granularity = g,
                                                   .calibration_mode = c,
                                                   .fallback_to_fp16 = false}));
        }
        fmt::print("\n");
      }
    }
    for (const precision p : {precision::nvfp4, precision::mxfp4, precision::mxfp8_e4m3}) {
      fmt::print("  {:<10} {:<12} {:>11.2e}\n", to_string(p), "its blocks",
                 relative_error(x, identity, {.precision = p, .fallback_to_fp16 = false}));
    }

    adaptive_precision_selector selector;
    fmt::print("  adaptive selection: ");
    for (const phase when : {phase::prefill, phase::decode}) {
      fmt::print(
          "{} {}  ", to_string(when),
          to_string(selector.select_precision("q_proj", stats, {.phase = when, .seq_len = 4096})));
    }
    fmt::print("\n\n");
  }
}

// SPDX-License-Identifier: Apache-2.0
//
// A user of quantroof::core. The unused variable is here to see that our strictness does not reach users.
#include <cstdio>
#include <quantroof/core.hpp>

constexpr quantroof::integrated_quantization_engine<
    quantroof::static_hardware<quantroof::hw::h100_sxm>>
    engine;
constexpr auto rec = engine.recommend(quantroof::models::llama3_8b,
                                      {.phase = quantroof::phase::decode, .seq_len = 4096});
static_assert(rec.predicted_speedup > 1);

int main() {
  int unused_on_purpose;
  const auto& gpu = quantroof::get_hardware("b10");
  std::printf("quantroof::core %d.%d.%d: %.2fx, critical AI of b10 %.0f\n",
              quantroof::version.major, quantroof::version.minor, quantroof::version.patch,
              rec.predicted_speedup, quantroof::critical_ai(gpu));
}

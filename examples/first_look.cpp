// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <quantroof/core.hpp>

namespace qr = quantroof;
static_assert(qr::critical_ai(qr::hw::h100_sxm) > 295 &&
              qr::critical_ai(qr::hw::h100_sxm) < 296);  // FLOP/byte in FP16

constexpr qr::integrated_quantization_engine<qr::static_hardware<qr::hw::h100_sxm>> engine;
constexpr auto rec =
    engine.recommend(qr::models::llama3_8b, {.phase = qr::phase::decode, .seq_len = 4096});
static_assert(rec.config.strategy_name == "w4a16_aggressive");  // decided by the compiler

int main() {
  fmt::print("{}: {:.2f}x, {}\n", rec.config.strategy_name.view(), rec.predicted_speedup,
             rec.reason.view());
}

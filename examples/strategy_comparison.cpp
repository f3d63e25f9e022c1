// SPDX-License-Identifier: Apache-2.0
//
// What do the six strategies claim, and what does arithmetic give for Llama-3 8B at 4K tokens on the specification's device?
#include <fmt/format.h>

#include <quantroof/core.hpp>

int main() {
  const quantroof::integrated_quantization_engine engine{quantroof::get_hardware("b10")};
  const quantroof::scenario decode{.phase = quantroof::phase::decode, .seq_len = 4096};

  fmt::print("{:<20} | {:>7} {:>12} {:>7} | {:>8} {:>7} {:>9} | {}\n", "", "claimed", "", "",
             "computed", "", "", "");
  fmt::print("{:<20} | {:>7} {:>12} {:>7} | {:>8} {:>7} {:>9} | {}\n", "strategy", "speedup",
             "quality loss", "memory", "ms/token", "speedup", "memory", "best for");
  for (const quantroof::strategy_entry& entry : quantroof::list_strategies()) {
    const auto strategy = quantroof::get_strategy(entry.name);
    const auto& claims = strategy.claims;
    const auto rec = engine.evaluate(quantroof::models::llama3_8b, decode, strategy);
    fmt::print("{:<20} | {:>6.1f}x {:>12} {:>6.0f}% | {:>8.2f} {:>6.2f}x {:>8.1f}% | {}\n",
               entry.name, claims.speedup, claims.quality_loss.view(), claims.memory_savings_pct,
               rec.predicted_time_us / 1e3, rec.predicted_speedup, rec.memory_savings_pct,
               claims.best_for.view());
  }
}

// SPDX-License-Identifier: Apache-2.0
//
// What does the engine say for one model on very different devices, and what does it replace where a device lacks a format?
#include <fmt/format.h>

#include <quantroof/core.hpp>

int main() {
  constexpr quantroof::textbook_model whole{.scope = quantroof::step_scope::whole_step};
  for (const auto key : {"b10", "gb10", "h100_sxm", "a100_sxm_80gb", "mi300x", "t4"}) {
    const quantroof::integrated_quantization_engine engine{quantroof::get_hardware(key), whole};
    const auto rec = engine.recommend(quantroof::models::llama3_8b,
                                      {.phase = quantroof::phase::decode, .seq_len = 16384});
    fmt::print("{}: {} with {} KV cache, {:.2f}x, {:.1f} % less memory, confidence {}\n", key,
               rec.config.strategy_name.view(), to_string(rec.config.kv_cache_precision),
               rec.predicted_speedup, rec.memory_savings_pct, to_string(rec.confidence));
    fmt::print("    {}\n", rec.reason.view());
    for (const quantroof::operator_estimate& op : rec.bottleneck_analysis) {
      fmt::print("    {:<10} {:>9.1f} us  {:>5.1f} %  {}-bound, {:.1f} FLOP/byte\n",
                 to_string(op.op), op.time_us, 100 * op.time_us / rec.predicted_time_us,
                 to_string(op.bottleneck), op.arithmetic_intensity());
    }
  }
}

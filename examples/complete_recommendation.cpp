// SPDX-License-Identifier: Apache-2.0
//
// What should a model run with, at three points of its life?
#include <fmt/format.h>

#include <quantroof/core.hpp>

int main() {
  const quantroof::integrated_quantization_engine engine{quantroof::get_hardware("b10")};

  constexpr quantroof::model_config model{.name = "my_model",
                                          .hidden_size = 4096,
                                          .num_layers = 32,
                                          .num_heads = 32,
                                          .num_kv_heads = 8,
                                          .head_dim = 128,
                                          .ffn_dim = 14336};

  using quantroof::phase;
  for (const quantroof::scenario& workload :
       {quantroof::scenario{.phase = phase::decode, .seq_len = 4096},
        quantroof::scenario{.phase = phase::decode, .seq_len = 32768},
        quantroof::scenario{.phase = phase::prefill, .seq_len = 2048}}) {
    const auto rec = engine.recommend(model, workload);
    fmt::print("\n{} @ {} tokens:\n", to_string(workload.phase), workload.seq_len);
    fmt::print("  Strategy: {}\n", rec.config.strategy_name.view());
    fmt::print("  FA version: {}\n", rec.fa_config ? to_string(rec.fa_config->version) : "none");
    fmt::print("  Speedup: {:.2f}x\n", rec.predicted_speedup);
    fmt::print("  Reason: {}\n", rec.reason.view());
  }
}

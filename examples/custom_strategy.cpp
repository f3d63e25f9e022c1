// SPDX-License-Identifier: Apache-2.0
//
// How do I write a strategy of my own, and what would it gain?
#include <fmt/format.h>

#include <quantroof/core.hpp>

using quantroof::operator_type;
using quantroof::precision;

// As an aggregate: operators that are not listed keep the defaults.
constexpr quantroof::mixed_precision_config custom{
    .name = "Custom Strategy",
    .description = "Aggressive FFN, conservative attention",
    .operator_precisions =
        {
            // Attention: FP8 for speed
            {operator_type::q_proj, precision::fp8_e4m3},
            {operator_type::k_proj, precision::fp8_e4m3},
            {operator_type::v_proj, precision::fp8_e4m3},
            {operator_type::o_proj, precision::fp8_e4m3},
            // FFN: NVFP4 for max speed (2/3 of compute!)
            {operator_type::ffn_gate, precision::nvfp4},
            {operator_type::ffn_up, precision::nvfp4},
            {operator_type::ffn_down, precision::nvfp4},
            // KV cache: NVFP4 for long context
            {operator_type::kv_cache, precision::nvfp4_kv},
        },
    .default_activation_precision = precision::fp16,
    .kv_cache_precision = precision::nvfp4_kv,
};

// Or step by step, here keeping the first and the last layer in 16 bits.
constexpr auto careful = custom.with(operator_type::lm_head, precision::fp8_e4m3)
                             .with_layers(0, 0, precision::fp16)
                             .with_layers(31, 31, precision::fp16);
static_assert(careful.get_precision(operator_type::ffn_up, 0) == precision::fp16);
static_assert(careful.get_precision(operator_type::ffn_up, 1) == precision::nvfp4);

int main() {
  constexpr quantroof::textbook_model whole{.scope = quantroof::step_scope::whole_step};
  const quantroof::integrated_quantization_engine engine{quantroof::get_hardware("b10"), whole};
  const quantroof::scenario decode{.phase = quantroof::phase::decode, .seq_len = 4096};
  for (const auto& strategy : {custom, careful}) {
    const auto rec = engine.evaluate(quantroof::models::llama3_8b, decode, strategy);
    fmt::print("{}: {:.2f} ms a token, {:.2f}x, {:.2f} GB of weights\n", strategy.name.view(),
               rec.predicted_time_us / 1e3, rec.predicted_speedup,
               static_cast<double>(rec.weight_bytes) / 1e9);
  }
}

// SPDX-License-Identifier: Apache-2.0
//
// How do I ask about a device that the registry does not have?
#include <fmt/format.h>

#include <quantroof/core.hpp>

constexpr quantroof::hardware_spec my_gpu{
    .key = "my_gpu",
    .name = "An accelerator of next year",
    .vendor = quantroof::vendor::nvidia,
    .arch = quantroof::architecture::blackwell,
    .fp16_tflops = 3000,
    .fp8_tflops = 6000,
    .fp4_tflops = 18000,
    .fp8 = quantroof::fp8_kind::ocp,
    .block_scaled_mma = true,
    .memory_gb_s = 13000,
    .memory_gb = 288,
};
static_assert(is_valid(my_gpu));

int main() {
  quantroof::hardware_registry registry;
  registry.add(my_gpu);

  constexpr quantroof::textbook_model whole{.scope = quantroof::step_scope::whole_step};
  for (const auto key : {"b200_sxm", "my_gpu"}) {
    const quantroof::hardware_spec& gpu = registry.get(key);
    const quantroof::integrated_quantization_engine engine{gpu, whole};
    const auto rec =
        engine.recommend(quantroof::models::llama3_70b,
                         {.phase = quantroof::phase::decode, .seq_len = 8192, .batch = 8});
    fmt::print("{:<9} ridge {:.0f} FLOP/byte, {:.2f} ms a step with {} ({:.2f}x)\n", key,
               critical_ai(gpu), rec.predicted_time_us / 1e3, rec.config.strategy_name.view(),
               rec.predicted_speedup);
  }
}

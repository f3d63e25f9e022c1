// SPDX-License-Identifier: Apache-2.0
//
// A model as its checkpoint is: layers, formats and bytes from config.json, and from a preset.
#include <fmt/format.h>

#include <quantroof/core.hpp>
#include <quantroof/io/format.hpp>
#include <quantroof/io/hf_config.hpp>
#include <quantroof/io/hf_quantization.hpp>

namespace qr = quantroof;
static_assert(parameter_count(qr::models::deepseek_v3) == 671'026'419'200);
static_assert(active_parameter_count(qr::models::deepseek_v3) == 36'625'618'432);
static_assert(kv_elements_per_token(qr::models::deepseek_v3) == 35'136);  // one latent a layer

int main() {
  const std::filesystem::path folder = "examples/data/gpt-oss-20b";
  const qr::model_config model = qr::io::model_from_hf_config(folder);
  fmt::print("{}\n", model);
  fmt::print("parameters: {:.2f} B, {:.2f} B of them active\n",
             static_cast<double>(parameter_count(model)) / 1e9,
             static_cast<double>(active_parameter_count(model)) / 1e9);

  const auto checkpoint = qr::io::quantization_from_hf_config(folder, model);
  const qr::mixed_precision_config formats =
      checkpoint ? checkpoint->config : qr::create_fp16_baseline();
  fmt::print("{}\n", formats);
  fmt::print("weights: {:.2f} GB; KV cache at 32768 tokens: {:.1f} MiB\n",
             static_cast<double>(weight_bytes(model, formats)) / 1e9,
             static_cast<double>(kv_cache_bytes(model, formats.kv_cache_precision, 32768)) /
                 (1024 * 1024));

  const qr::memory_estimate memory =
      estimate_memory(model, formats, qr::hw::h100_sxm, qr::parallel_plan{}, 1, 32768);
  fmt::print("h100_sxm holds {} sequences of 32768 tokens\n", memory.largest_batch);
}

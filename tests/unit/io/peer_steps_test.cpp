// SPDX-License-Identifier: Apache-2.0
//
// Whole steps against a composition of measured kernels: aiconfigurator v0.10.0 on its silicon tables, Llama-2-7B and Llama-3-8B on A100
// and H100, prefill and decode, batch 1 and 16. It runs where the table is at hand.
#include <cstdlib>
#include <filesystem>
#include <map>

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/io/csv.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "quantroof/roofline/step.hpp"
#include "test_table.hpp"

namespace peer_steps_test {

namespace {

using namespace quantroof;
using op = operator_type;

constexpr model_config llama2_7b{.name = "llama2_7b",
                                 .hidden_size = 4096,
                                 .num_layers = 32,
                                 .num_heads = 32,
                                 .num_kv_heads = 32,
                                 .head_dim = 128,
                                 .ffn_dim = 11008,
                                 .vocab_size = 32000};

mixed_precision_config strategy(precision weight, precision activation, precision cache) {
  mixed_precision_config c = create_fp16_baseline();
  c.default_weight_precision = weight;
  c.default_activation_precision = activation;
  for (const op each : operator_types) {
    if (block_linears.contains(each)) {
      c.operator_precisions.set(each, weight);
    }
  }
  c.operator_precisions.set(op::lm_head, precision::bf16);
  c.operator_precisions.set(op::kv_cache, cache);
  c.kv_cache_precision = cache;
  return c;
}

TEST_CASE("whole steps agree with the composition of measured kernels") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::filesystem::path file =
      std::filesystem::path{data != nullptr ? data : "../shared/data"} / "peer_outputs.csv";
  if (!std::filesystem::exists(file)) {
    WARN("no table at " << file);
    return;
  }
  struct group {
    precision weight;
    precision activation;
    precision cache;
    double most;  // mean error
    double error = 0;
    int n = 0;
  };
  using enum precision;
  std::map<std::string, group> groups{
      {"FP16", {bf16, bf16, bf16, 0.08}},
      {"W4A16", {int4_channel, bf16, bf16, 0.12}},
      {"FP8(w8a8)+KV8", {fp8_e4m3, fp8_e4m3, fp8_e4m3, 0.12}},
      {"FP8(w8a8)+KV16", {fp8_e4m3, fp8_e4m3, bf16, 0.12}},
      {"INT8(SmoothQuant)", {int8_channel, int8_channel, bf16, 0.12}},
  };
  const io::csv_table t = io::read_csv(file);
  for (std::size_t i = 0; i < t.size(); ++i) {
    const auto found = groups.find(std::string{t.text(i, "precision")});
    if (found == groups.end() || t.text(i, "latency_ms").empty() ||
        t.text(i, "peer").find("SILICON") == std::string_view::npos) {
      continue;
    }
    group& g = found->second;
    const hardware_spec& gpu =
        t.text(i, "gpu").starts_with("A100") ? hw::a100_sxm_80gb : hw::h100_sxm;
    const model_config& model = t.text(i, "model") == "Llama-2-7B" ? llama2_7b : models::llama3_8b;
    const bool hopper = gpu.arch == architecture::hopper;
    const step_estimate step = predict_step(
        calibrated_model{}, gpu, model, strategy(g.weight, g.activation, g.cache),
        {.phase = t.text(i, "phase") == "decode" ? phase::decode : phase::prefill,
         .seq_len = t.integer(i, "context"),
         .batch = t.integer(i, "batch"),
         .attention = flash_attention_config{
             .version = hopper ? flash_attention_version::fa3 : flash_attention_version::fa2,
             .qkv_precision = bf16,
             .kv_cache_precision = g.cache}});
    g.error += std::abs(step.time_us / 1e3 / t.number(i, "latency_ms") - 1);
    ++g.n;
  }
  for (const auto& [name, g] : groups) {
    CAPTURE(name, g.n);
    REQUIRE(g.n >= 8);
    CHECK(g.error / g.n <= g.most);
  }
}

}  // namespace

}  // namespace peer_steps_test

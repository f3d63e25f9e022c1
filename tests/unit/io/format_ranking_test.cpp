// SPDX-License-Identifier: Apache-2.0
//
// Which format is fastest, predicted and measured: every published comparison of formats on one device, model and load that is known to us. A
// planner asks nothing else of the predictions, so that the question is put the planner's way: is the format that they rank first the fastest
// one, or within 5 % of it?
//
// Checkpoints leave layers out, each its own: where a comparison needs a model's configuration, all linear layers of it are taken to be in the
// format. Two sources measured prompts and answers together: their load is a mix, one prefill and as many decode steps as there were tokens.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../catch.hpp"
#include "quantroof/engine/selection.hpp"
#include "quantroof/engine/serving.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/io/csv.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/step_measurements.hpp"
#include "quantroof/io/step_validation.hpp"
#include "quantroof/model/presets.hpp"

namespace format_ranking_test {

namespace {

using namespace quantroof;
using p = precision;

struct measured_format {
  p weight;
  p activation;
  double speed;  // any unit, more is faster
};
struct comparison {
  std::string_view source;
  std::string_view device;
  std::string_view model;  // a preset, or a file of shared/data/hf_configs
  std::string_view engine;
  std::int64_t context;  // tokens in the cache
  std::int64_t batch;
  std::int64_t prompt;  // tokens of the prefill in the load; 0: none
  std::int64_t steps;   // decode steps; 0: none
  std::vector<measured_format> formats;
};

constexpr p half = p::bf16;
constexpr p fp8 = p::fp8_e4m3;
constexpr p fp8_row = p::fp8_e4m3_channel;

// measured: tokens a second, or speed relative to 16 bits
const std::vector<comparison> comparisons{
    // Model-Optimizer examples/benchmark.md, TensorRT-LLM, Llama-3.1-8B, 2048 tokens in, 128 out
    {"Model-Optimizer",
     "h200_sxm",
     "llama3_8b",
     "tensorrt_llm",
     2112,
     1,
     2048,
     128,
     {{half, half, 1}, {fp8, fp8, 1.41}, {p::int4_g128, half, 1.33}, {p::int4_g128, fp8, 1.38}}},
    {"Model-Optimizer",
     "h200_sxm",
     "llama3_8b",
     "tensorrt_llm",
     2112,
     8,
     2048,
     128,
     {{half, half, 1}, {fp8, fp8, 1.31}, {p::int4_g128, half, 0.75}, {p::int4_g128, fp8, 1.00}}},
    {"Model-Optimizer",
     "h200_sxm",
     "llama3_8b",
     "tensorrt_llm",
     2112,
     64,
     2048,
     128,
     {{half, half, 1}, {fp8, fp8, 1.30}, {p::int4_g128, half, 0.83}, {p::int4_g128, fp8, 1.15}}},
    // sch0tten/nvfp4-benchmark, vLLM, single stream; NVFP4 as shipped: W4A16 where the checkpoint says so
    {"nvfp4-benchmark",
     "rtx_pro_6000_server",
     "nvidia--Qwen3.6-27B-NVFP4.json",
     "vllm",
     1024,
     1,
     0,
     1,
     {{half, half, 26.7}, {fp8, fp8, 48.8}, {p::int4_g128, half, 69.0}, {p::nvfp4, half, 55.6}}},
    {"nvfp4-benchmark",
     "rtx_pro_6000_server",
     "nvidia--Qwen3.6-35B-A3B-NVFP4.json",
     "vllm",
     1024,
     1,
     0,
     1,
     {{half, half, 168.6},
      {fp8, fp8, 221.4},
      {p::int4_g128, half, 194.2},
      {p::nvfp4, half, 226.3}}},
    {"nvfp4-benchmark",
     "rtx_pro_6000_server",
     "nvidia--Gemma-4-31B-IT-NVFP4.json",
     "vllm",
     1024,
     1,
     0,
     1,
     {{half, half, 22.3},
      {fp8, fp8, 42.0},
      {p::int4_g128, half, 63.9},
      {p::nvfp4, p::nvfp4, 40.8}}},
    {"nvfp4-benchmark",
     "rtx_pro_6000_server",
     "google--gemma-4-26B-A4B.json",
     "vllm",
     1024,
     1,
     0,
     1,
     {{half, half, 151.7},
      {fp8, fp8, 200.1},
      {p::int4_g128, half, 222.0},
      {p::nvfp4, p::nvfp4, 179.8}}},
    // torchao README: single stream
    {"torchao",
     "a100_sxm_80gb",
     "meta-llama--Llama-2-7b-hf.json",
     "torch_compile",
     100,
     1,
     0,
     1,
     {{half, half, 107.38}, {p::int8_channel, half, 170.83}, {p::int4_g64, half, 201.14}}},
    {"torchao",
     "a100_sxm_80gb",
     "llama3_8b",
     "torch_compile",
     100,
     1,
     0,
     1,
     {{half, half, 95.64}, {p::int8_channel, half, 153.03}, {p::int4_g64, half, 180.8}}},
    {"torchao",
     "h100_sxm",
     "llama3_8b",
     "torch_compile",
     100,
     1,
     0,
     1,
     {{half, half, 126.9},
      {p::int8_channel, half, 198.85},
      {p::int4_g64, half, 241.39},
      {fp8, half, 178.46},
      {fp8, fp8, 116.4},
      {fp8_row, fp8_row, 154.63}}},
    // gpt-fast README
    {"gpt-fast",
     "a100_sxm_80gb",
     "meta-llama--Llama-2-7b-hf.json",
     "torch_compile",
     100,
     1,
     0,
     1,
     {{half, half, 104.9}, {p::int8_channel, half, 155.58}, {p::int4_g32, half, 196.8}}},
    {"gpt-fast",
     "a100_sxm_80gb",
     "meta-llama--Llama-2-70b-hf.json",
     "torch_compile",
     100,
     1,
     0,
     1,
     {{p::int8_channel, half, 19.13}, {p::int4_g32, half, 25.25}}},
    // torchao inference.md, vLLM 0.13: 128 prompts of 32 tokens, 2048 out; 32 prompts of 4096 tokens, 32 out
    {"torchao vLLM",
     "b200_sxm",
     "llama3_8b",
     "vllm",
     1056,
     128,
     0,
     1,
     {{half, half, 14380}, {p::nvfp4, p::nvfp4, 15218.9}, {fp8_row, fp8_row, 15984}}},
    {"torchao vLLM",
     "b200_sxm",
     "llama3_8b",
     "vllm",
     4112,
     32,
     4096,
     32,
     {{half, half, 59099.9}, {p::nvfp4, p::nvfp4, 102786}, {fp8_row, fp8_row, 69313.7}}},
    {"torchao vLLM",
     "h100_sxm",
     "llama3_8b",
     "vllm",
     1056,
     128,
     0,
     1,
     {{half, half, 6612}, {fp8_row, fp8_row, 8025.95}, {p::int8_channel, half, 4309.8}}},
    {"torchao vLLM",
     "h100_sxm",
     "llama3_8b",
     "vllm",
     4112,
     32,
     4096,
     32,
     {{half, half, 30946.5}, {fp8_row, fp8_row, 45312.5}, {p::int8_channel, half, 28231.9}}},
};

double predicted_us(const comparison& c, const model_config& m, const measured_format& f) {
  const hardware_spec& hw = get_hardware(c.device);
  mixed_precision_config plan{.name = "measured",
                              .default_activation_precision = f.activation,
                              .kv_cache_precision = half,
                              .default_weight_precision = f.weight};
  plan.operator_precisions.set(operator_type::lm_head, half);
  const auto attention = select_attention(hw, {.phase = phase::decode, .seq_len = 1}, half);
  const inference_engine& engine = get_engine(c.engine);
  double us = 0;
  if (c.prompt > 0) {
    us += predict_engine_step(calibrated_model{}, hw, m, plan,
                              {.phase = phase::prefill,
                               .seq_len = c.prompt,
                               .batch = c.batch,
                               .attention = attention},
                              engine)
              .time_us;
  }
  us +=
      static_cast<double>(c.steps) *
      predict_engine_step(
          calibrated_model{}, hw, m, plan,
          {.phase = phase::decode, .seq_len = c.context, .batch = c.batch, .attention = attention},
          engine)
          .time_us;
  return us;
}

TEST_CASE("the format that is predicted to be fastest is") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::filesystem::path configs =
      std::filesystem::path{data != nullptr ? data : "../shared/data"} / "hf_configs";
  int asked = 0;
  int right = 0;
  std::string report;
  for (const comparison& c : comparisons) {
    model_config m;
    if (c.model.ends_with(".json")) {
      if (!std::filesystem::exists(configs / c.model)) {
        WARN("no configuration of " << c.model);
        continue;
      }
      m = io::model_from_hf_config(configs / c.model);
    } else {
      m = get_model(c.model);
    }
    const measured_format* fastest = &c.formats[0];
    const measured_format* first = &c.formats[0];
    double least = 1e300;
    std::string line;
    const double reference = predicted_us(c, m, c.formats[0]);
    for (const measured_format& f : c.formats) {
      const double us = predicted_us(c, m, f);
      fastest = f.speed > fastest->speed ? &f : fastest;
      if (us < least) {
        least = us;
        first = &f;
      }
      line += fmt::format(" {}x{} {:.2f}/{:.2f}", to_string(f.weight), to_string(f.activation),
                          reference / us, f.speed / c.formats[0].speed);
    }
    const bool good = first->speed >= 0.95 * fastest->speed;
    ++asked;
    right += good ? 1 : 0;
    report += fmt::format("{} {} {} {} batch {}:{}\n", good ? "right" : "WRONG", c.source, c.device,
                          c.model, c.batch, line);
  }
  INFO("speed against the first format, predicted/measured:\n" << report);
  INFO(right << " of " << asked);
  if (std::getenv("QUANTROOF_REPORT") != nullptr) {
    fmt::print("{}{} of {}\n", report, right, asked);
  }
  CHECK(static_cast<double>(right) >= 0.85 * asked);
}

TEST_CASE("served models: the format that is predicted to be fastest is") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::filesystem::path folder =
      std::filesystem::path{data != nullptr ? data : "../shared/data"};
  if (!std::filesystem::exists(folder / "measured" / "e2e_serving.csv") ||
      !std::filesystem::exists(folder / "hf_configs")) {
    WARN("no measurements in " << folder);
    return;
  }
  io::model_library library{folder / "hf_configs"};
  const io::step_measurement_set set = io::read_step_measurements(folder / "measured", library);
  // formats that different releases of an engine served are no comparison of formats
  const io::csv_table table = io::read_csv(folder / "measured" / "e2e_serving.csv");
  std::map<std::size_t, std::string> versions;
  for (std::size_t i = 0; i < table.size(); ++i) {
    versions[table.line(i)] = table.text(i, "engine_version");
  }
  struct mean {
    double predicted_us = 0;
    double measured_us = 0;
    int n = 0;
  };
  std::map<std::string, std::map<std::string, mean>> groups;
  for (const io::step_measurement& r : set.rows) {
    if (!r.served) {
      continue;
    }
    std::optional<io::validated_step> v;
    try {
      v = io::predict(r, calibrated_model{});
    } catch (const domain_error&) {
      continue;  // plans that a model cannot be divided by
    }
    if (!v) {
      continue;
    }
    const parallel_plan& plan = r.request.plan;
    const std::string load =
        fmt::format("{} {} {} {} {}/{} C{} tp{} dp{} ep{} pp{}", r.gpu, r.engine_name,
                    versions[r.line], r.model->name.view(), r.request.isl, r.request.osl,
                    r.request.concurrency, plan.tensor, plan.data, plan.expert, plan.pipeline);
    mean& m = groups[load][r.format];
    m.predicted_us += v->predicted_us;
    m.measured_us += r.time_us;
    ++m.n;
  }
  int asked = 0;
  int right = 0;
  std::string report;
  for (auto& [load, formats] : groups) {
    if (formats.size() < 2) {
      continue;
    }
    double fastest = 1e300;
    double first = 1e300;
    double least = 1e300;
    std::string line;
    for (auto& [format, m] : formats) {
      const double predicted = m.predicted_us / m.n;
      const double measured = m.measured_us / m.n;
      fastest = measured < fastest ? measured : fastest;
      if (predicted < least) {
        least = predicted;
        first = measured;
      }
      line += fmt::format(" {} {:.1f}/{:.1f} ms", format, predicted / 1e3, measured / 1e3);
    }
    const bool good = 0.95 * first <= fastest;
    ++asked;
    right += good ? 1 : 0;
    report += fmt::format("{} {}:{}\n", good ? "right" : "WRONG", load, line);
  }
  INFO("time of a token, predicted/measured:\n" << report);
  INFO(right << " of " << asked);
  if (std::getenv("QUANTROOF_REPORT") != nullptr) {
    fmt::print("{}{} of {}\n", report, right, asked);
  }
  CHECK(asked > 30);
  CHECK(static_cast<double>(right) >= 0.9 * asked);
}

}  // namespace

}  // namespace format_ranking_test

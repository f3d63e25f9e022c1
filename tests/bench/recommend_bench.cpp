// SPDX-License-Identifier: Apache-2.0
//
// What one prediction and one recommendation cost, beside their budgets and as a ratio to a std::memcpy of a recommendation's size in
// the same run. Times differ between machines and hours; ratios hardly do.
//
//   recommend_bench                       a table
//   recommend_bench "[json]" -o /dev/null the same as JSON on stdout
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "../catch.hpp"
#include "quantroof/engine/engine.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/roofline/flash_attention.hpp"

namespace {

using namespace quantroof;

const volatile void* volatile sink = nullptr;

/// Makes the compiler believe that `value` is read and that all memory may have changed.
template <class T>
void keep(const T& value) {
  sink = &value;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

constexpr int rounds = 41;
constexpr double round_ns = 1e6;

/// Median over rounds of the time of one call, in nanoseconds. `f` takes the number of the call.
template <class F>
double median_ns(F f) {
  using clock = std::chrono::steady_clock;
  const auto time_of = [&f](std::size_t calls) {
    const auto start = clock::now();
    for (std::size_t i = 0; i < calls; ++i) {
      f(i);
    }
    return std::chrono::duration<double, std::nano>(clock::now() - start).count();
  };
  std::size_t calls = 16;
  while (time_of(calls) < round_ns) {
    calls *= 2;
  }
  std::array<double, rounds> times{};
  for (double& t : times) {
    t = time_of(calls) / static_cast<double>(calls);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

struct result {
  std::string_view what;
  double ns = 0;
  double budget_ns = 0;  // 0: none
};

std::vector<result> measure() {
  constexpr std::size_t inputs = 8;  // eight different questions in turn
  std::array<std::int64_t, inputs> tokens{};
  for (std::size_t i = 0; i < inputs; ++i) {
    tokens[i] = 4096 + static_cast<std::int64_t>(i);
  }
  keep(tokens);
  const auto length = [&tokens](std::size_t i) { return tokens[i % inputs]; };

  std::string_view key = "b10";
  keep(key);
  const hardware_spec& device = get_hardware(key);  // any device, as far as the compiler knows
  const model_config& model = models::llama3_8b;
  const textbook_model textbook{};
  const textbook_model whole_step{.scope = step_scope::whole_step};
  const flash_attention_roofline roofline{device, textbook};
  const flash_attention_config fa3{.version = flash_attention_version::fa3,
                                   .qkv_precision = precision::fp8_e4m3,
                                   .kv_cache_precision = precision::nvfp4_kv,
                                   .use_native_fp8 = true};
  const mixed_precision_config nvfp4 = create_nvfp4_blackwell();
  const mixed_precision_config gradient = create_layerwise_gradient(model.num_layers);
  const integrated_quantization_engine engine{device};
  const integrated_quantization_engine replacing{
      hw::a100_sxm_80gb};  // neither FP8 nor FP4: the longest answer
  static quantization_recommendation from;
  static quantization_recommendation to;
  keep(from);

  std::vector<result> all;
  const auto add = [&all](std::string_view what, double budget_ns, auto f) {
    all.push_back({.what = what, .ns = median_ns(f), .budget_ns = budget_ns});
  };
  add("memcpy of a recommendation", 0, [&](std::size_t) {
    std::memcpy(&to, &from, sizeof to);
    keep(to);
  });
  add("predict, gemm", 50, [&](std::size_t i) {
    keep(textbook.gemm(device, {length(i), 4096, 4096}, precision::nvfp4, precision::fp16));
  });
  const calibrated_model calibrated{};
  const hardware_spec& h100 = get_hardware("h100_sxm");
  add("predict, gemm, calibrated", 50, [&](std::size_t i) {
    keep(calibrated.gemm(h100, {length(i), 4096, 4096}, precision::fp8_e4m3, precision::fp8_e4m3));
  });
  add("predict, prefill, calibrated", 50, [&](std::size_t i) {
    keep(calibrated.serving_attention(h100,
                                      {.batch = 1,
                                       .num_heads = 32,
                                       .num_kv_heads = 8,
                                       .seq_len_q = length(i),
                                       .seq_len_kv = length(i),
                                       .head_dim = 128,
                                       .causal = true},
                                      attention_width::bits16, 2, 1));
  });
  add("predict, decode, calibrated", 50, [&](std::size_t i) {
    keep(calibrated.serving_attention(h100,
                                      {.batch = 8,
                                       .num_heads = 32,
                                       .num_kv_heads = 8,
                                       .seq_len_q = 1,
                                       .seq_len_kv = length(i),
                                       .head_dim = 128},
                                      attention_width::bits16, 2, 1));
  });
  add("recommend, calibrated, H100", 2000,
      [&, on_h100 = integrated_quantization_engine{h100}](std::size_t i) {
        keep(on_h100.recommend(model, {.phase = phase::decode, .seq_len = length(i)}));
      });
  add("predict, attention", 50,
      [&](std::size_t i) { keep(roofline.predict(1, 32, 8, 1, length(i), 128, fa3)); });
  add("predict_step, specification", 0, [&](std::size_t i) {
    keep(predict_step(textbook, device, model, nvfp4, {.seq_len = length(i), .attention = fa3}));
  });
  add("predict_step, whole, 3 bands", 0, [&](std::size_t i) {
    keep(predict_step(whole_step, device, model, gradient,
                      {.seq_len = length(i), .attention = fa3}));
  });
  const flash_attention_config on_hopper{.version = flash_attention_version::fa3};
  add("predict_step, calibrated", 2000, [&](std::size_t i) {
    keep(predict_step(calibrated, h100, model, gradient,
                      {.seq_len = length(i), .attention = on_hopper}));
  });
  add("predict_step, DeepSeek-V3 on 8", 2000, [&](std::size_t i) {
    keep(predict_step(
        calibrated, h100, models::deepseek_v3, nvfp4,
        {.seq_len = length(i), .batch = 16, .attention = on_hopper, .plan = {.tensor = 8}}));
  });
  add("recommend, decode 4K", 2000, [&](std::size_t i) {
    keep(engine.recommend(model, {.phase = phase::decode, .seq_len = length(i)}));
  });
  add("recommend, decode 32K", 2000, [&](std::size_t i) {
    keep(engine.recommend(model, {.phase = phase::decode, .seq_len = 8 * length(i)}));
  });
  add("recommend, prefill", 2000, [&](std::size_t i) {
    keep(engine.recommend(model, {.phase = phase::prefill, .seq_len = length(i)}));
  });
  add("recommend, 3 replacements", 2000, [&](std::size_t i) {
    keep(replacing.recommend(model, {.phase = phase::decode, .seq_len = 8 * length(i)}));
  });
  return all;
}

TEST_CASE("what a prediction and a recommendation cost") {
  const std::vector<result> all = measure();
  const double reference = all.front().ns;
  std::printf("%-30s %10s %10s %8s\n", "", "median ns", "budget ns", "memcpys");
  for (const result& r : all) {
    std::printf("%-30.*s %10.1f ", static_cast<int>(r.what.size()), r.what.data(), r.ns);
    r.budget_ns > 0 ? std::printf("%10.0f", r.budget_ns) : std::printf("%10s", "-");
    std::printf(" %8.1f%s\n", r.ns / reference,
                r.budget_ns > 0 && r.ns > r.budget_ns ? "  over budget" : "");
  }
}

TEST_CASE("the same as JSON", "[.json]") {
  const std::vector<result> all = measure();
  std::printf("[\n");
  for (const result& r : all) {
    std::printf("  {\"what\": \"%.*s\", \"median_ns\": %.2f, \"budget_ns\": ",
                static_cast<int>(r.what.size()), r.what.data(), r.ns);
    r.budget_ns > 0 ? std::printf("%.0f", r.budget_ns) : std::printf("null");
    std::printf(", \"memcpys\": %.3f}%s\n", r.ns / all.front().ns, &r == &all.back() ? "" : ",");
  }
  std::printf("]\n");
}

}  // namespace

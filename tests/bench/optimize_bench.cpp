// SPDX-License-Identifier: Apache-2.0
//
// What one search costs, beside the budget of 1 ms for the full space of a 32-layer model, and what questions around it cost. CPU time, so that
// other programs do not count.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "../catch.hpp"
#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/optimize_alternatives.hpp"
#include "quantroof/engine/optimize_reasons.hpp"
#include "quantroof/engine/pareto.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"

namespace {

using namespace quantroof;

const volatile void* volatile sink = nullptr;

template <class T>
void keep(const T& value) {
  sink = &value;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Median of 21 rounds of at least 20 ms, in microseconds a call.
template <class F>
double median_us(F f) {
  const auto time_of = [&f](int calls) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < calls; ++i) {
      f(i);
    }
    return 1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  int calls = 1;
  while (time_of(calls) < 2e4) {
    calls *= 2;
  }
  std::array<double, 21> times{};
  for (double& t : times) {
    t = time_of(calls) / calls;
  }
  std::nth_element(times.begin(), times.begin() + 10, times.end());
  return times[10];
}

struct question {
  std::string_view device;
  std::string_view model;
  double loss;
  std::int64_t batch;
  bool mix;  // prefill too
};
constexpr question questions[] = {
    {"h100_sxm", "llama3_8b", 0.01, 1, false},       {"h100_sxm", "llama3_8b", 0.05, 8, true},
    {"b200_sxm", "llama3_8b", 0.02, 1, false},       {"b200_sxm", "llama3_8b", 0.05, 64, true},
    {"a100_sxm_80gb", "llama3_70b", 0.02, 1, false}, {"h200_sxm", "qwen3_30b_a3b", 0.03, 16, true},
    {"b200_sxm", "gpt_oss_120b", 0.05, 16, true}};

optimize_request request_of(const question& q) {
  optimize_request r;
  r.workload.push_back({.phase = phase::decode, .seq_len = 4096, .batch = q.batch});
  if (q.mix) {
    r.workload.push_back({.phase = phase::prefill, .seq_len = 2048, .weight = 0.01});
  }
  r.limits.quality_loss = q.loss;
  return r;
}

TEST_CASE("what a search costs") {
  const calibrated_model model{};
  std::printf("%-14s %-14s %6s %6s %10s %10s %9s\n", "", "", "loss", "batch", "us", "budget us",
              "nodes");
  for (const question& q : questions) {
    optimize_request r = request_of(q);
    const hardware_spec& hw = get_hardware(q.device);
    const model_config& m = get_model(q.model);
    const optimization a = optimize(model, hw, m, r);
    const double us = median_us([&](int i) {
      r.workload[0].seq_len = 4096 + i % 8;
      keep(optimize(model, hw, m, r));
    });
    std::printf("%-14.*s %-14.*s %6.2f %6lld %10.1f %10d %9lld%s%s\n",
                static_cast<int>(q.device.size()), q.device.data(),
                static_cast<int>(q.model.size()), q.model.data(), q.loss,
                static_cast<long long>(q.batch), us, 1000, static_cast<long long>(a.nodes),
                a.gap == 0 ? "" : "  not proven", us > 1000 ? "  over budget" : "");
  }
}

TEST_CASE("what the questions around it cost") {
  const calibrated_model model{};
  const optimize_request r = request_of(questions[1]);
  const auto print = [](std::string_view what, double us) {
    std::printf("%-24.*s %10.1f us\n", static_cast<int>(what.size()), what.data(), us);
  };
  print("tables of one plan", median_us([&](int) {
          keep(make_optimize_tables(model, hw::h100_sxm, models::llama3_8b, r, r.plans[0]));
        }));
  print("prices of limits",
        median_us([&](int) { keep(price_limits(model, hw::h100_sxm, models::llama3_8b, r)); }));
  print("reasons", median_us([&](int) {
          keep(explain_alternatives(model, hw::h100_sxm, models::llama3_8b, r));
        }));
  print("frontier",
        median_us([&](int) { keep(pareto_frontier(model, hw::h100_sxm, models::llama3_8b, r)); }));
  print("crossovers up to 256", median_us([&](int) {
          keep(batch_crossovers(model, hw::h100_sxm, models::llama3_8b, r, 256));
        }));
}

}  // namespace

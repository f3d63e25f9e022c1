// SPDX-License-Identifier: Apache-2.0
//
// Reasons: prices of limits, conflicts with the nearest possible value, what became of each format, crossovers, distance of the rules.
#include "quantroof/engine/optimize_reasons.hpp"

#include <string>

#include "catch.hpp"
#include "quantroof/engine/optimize_alternatives.hpp"
#include "quantroof/engine/recommendation_distance.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"

namespace optimize_reasons_test {

namespace {

using namespace quantroof;
using p = precision;

constexpr calibrated_model calibrated{};
const model_config& llama = models::llama3_8b;
const hardware_spec& h100 = hw::h100_sxm;

optimize_request decode_of(std::int64_t tokens, std::int64_t batch = 1) {
  optimize_request r;
  r.workload.push_back({.phase = phase::decode, .seq_len = tokens, .batch = batch});
  return r;
}

template <class List, class Kind>
auto find(const List& list, Kind kind) {
  for (const auto& each : list) {
    if (each.kind == kind) {
      return &each;
    }
  }
  return static_cast<decltype(&list[0])>(nullptr);
}

TEST_CASE("what a limit costs is what its absence saves") {
  optimize_request r = decode_of(4096, 4);
  r.limits.quality_loss = 0.01;
  const optimization a = optimize(calibrated, h100, llama, r);
  const limit_prices prices = price_limits(calibrated, h100, llama, r);
  REQUIRE(prices.size() == 3);  // memory, quality, grade
  const limit_price* quality = find(prices, limit_kind::quality);
  REQUIRE(quality != nullptr);
  optimize_request free = r;
  free.limits.quality_loss.reset();
  CHECK(quality->limit == 0.01);
  CHECK(quality->score_without == Approx(optimize(calibrated, h100, llama, free).best.score));
  CHECK(quality->price == Approx(1 - quality->score_without / a.best.score));
  CHECK(quality->price > 0.05);
  free.limits.quality_loss = 0.011;
  CHECK(quality->score_relaxed == Approx(optimize(calibrated, h100, llama, free).best.score));
  CHECK(find(prices, limit_kind::memory)->price == 0);
  for (const limit_price& each : prices) {
    CHECK(each.score_without <= a.best.score * (1 + 1e-12));
    CHECK(each.score_relaxed <= a.best.score * (1 + 1e-12));
  }
  r.limits.tpot_us = 1;
  CHECK_THROWS_AS(price_limits(calibrated, h100, llama, r), domain_error);
}

TEST_CASE("an impossible limit is named, and the nearest value is possible") {
  optimize_request r = decode_of(4096);
  r.limits.quality_loss = 0.002;
  CHECK(find_conflicts(calibrated, h100, llama, r).empty());
  r.limits.tpot_us = 3000;
  const limit_conflicts conflicts = find_conflicts(calibrated, h100, llama, r);
  REQUIRE(conflicts.size() == 4);
  const limit_conflict* tpot = find(conflicts, limit_kind::tpot);
  REQUIRE((tpot != nullptr && tpot->nearest));
  CHECK(*tpot->nearest > 3000);
  CHECK_FALSE(find(conflicts, limit_kind::memory)->nearest);  // more memory does not help
  r.limits.tpot_us = *tpot->nearest * (1 + 1e-9);
  CHECK(optimize(calibrated, h100, llama, r).feasible);
  r.limits.tpot_us = *tpot->nearest * (1 - 1e-6);
  CHECK_FALSE(optimize(calibrated, h100, llama, r).feasible);
}

TEST_CASE("two limits that are both impossible: how far each is from possible alone") {
  optimize_request r = decode_of(4096);
  r.limits.tpot_us = 500;
  r.limits.memory_bytes = 2'000'000'000;
  const limit_conflicts conflicts = find_conflicts(calibrated, h100, llama, r);
  for (const limit_kind k : {limit_kind::tpot, limit_kind::memory}) {
    const limit_conflict* c = find(conflicts, k);
    REQUIRE(c != nullptr);
    CHECK_FALSE(c->nearest);
    REQUIRE(c->least);
    CHECK(*c->least > c->limit);
  }
  r.limits.memory_bytes.reset();
  r.limits.tpot_us.reset();
  CHECK(*find(conflicts, limit_kind::tpot)->least ==
        Approx(optimize(calibrated, h100, llama, r).best.score));
  r.goal = objective::min_memory;
  CHECK(*find(conflicts, limit_kind::memory)->least ==
        Approx(optimize(calibrated, h100, llama, r).best.score));
}

TEST_CASE("too little memory: the least that would do") {
  optimize_request r = decode_of(4096);
  r.limits.quality_loss = 0.02;
  const limit_conflicts conflicts =
      find_conflicts(calibrated, hw::h100_sxm, models::llama3_1_405b, r);
  const limit_conflict* memory = find(conflicts, limit_kind::memory);
  REQUIRE((memory != nullptr && memory->nearest));
  CHECK(*memory->nearest > 2e11);
  r.plans = {parallel_plan{.tensor = 8}};
  CHECK(find_conflicts(calibrated, hw::h100_sxm, models::llama3_1_405b, r).empty());
}

TEST_CASE("every format that was not chosen has its reason") {
  optimize_request r = decode_of(4096);
  r.limits.quality_loss = 0.02;
  const optimization a = optimize(calibrated, h100, llama, r);
  const alternatives all = explain_alternatives(calibrated, h100, llama, r);
  const auto reason = [&](std::optional<operator_group> group, p weight, p activation) {
    for (const alternative& each : all) {
      if (each.group == group && each.weight == weight && each.activation == activation) {
        return each;
      }
    }
    FAIL("not listed: " << to_string(weight));
    return alternative{};
  };
  using enum rejection_reason;
  CHECK(reason(operator_group::ffn_out, p::nvfp4, p::nvfp4).reason == not_on_device);
  CHECK(reason(operator_group::ffn_out, p::gguf_q4_k, p::fp16).reason == no_engine);
  CHECK(reason(operator_group::ffn_out, p::mxfp4, p::fp16).reason == rule);
  CHECK(reason(operator_group::ffn_out, p::mxfp4, p::fp16).rule == quality_rule::mxfp4_rounded);
  CHECK(reason(operator_group::ffn_out, p::int4_g128, p::fp16).reason == too_lossy);
  CHECK(reason(operator_group::lm_head, p::fp8_e4m3, p::fp8_e4m3).reason == not_asked);
  const alternative wide = reason(operator_group::ffn_in, p::fp16, p::fp16);
  CHECK(wide.reason == worse);
  CHECK(wide.worse_by > 0.1);
  int chosen_formats = 0;
  for (const alternative& each : all) {
    CHECK(each.worse_by >= 0);
    if (each.group && each.reason == chosen) {
      ++chosen_formats;
      bool has = false;
      for (std::int64_t layer = 0; layer < llama.num_layers; ++layer) {
        for (const operator_type op : operator_types) {
          has = has || (group_of(op) == each.group &&
                        a.best.config.get_precision(op, layer) == each.weight);
        }
      }
      CHECK(has);
    }
  }
  CHECK(chosen_formats >= 5);
  // memory decides where a model hardly fits
  optimize_request tight = decode_of(4096);
  const alternatives large = explain_alternatives(calibrated, h100, models::llama3_70b, tight);
  for (const alternative& each : large) {
    if (each.group == operator_group::ffn_in && each.weight == p::fp16) {
      CHECK(each.reason == too_large);
    }
  }
}

TEST_CASE("every attention kernel that was not taken is slower, or does not read the cache") {
  optimize_request r = decode_of(4096);
  r.workload.push_back({.phase = phase::prefill, .seq_len = 8192});
  for (const std::string_view device : {"h100_sxm", "b200_sxm", "a100_sxm_80gb"}) {
    const kernel_alternatives all = explain_kernels(calibrated, get_hardware(device), llama, r);
    int taken = 0;
    for (const kernel_alternative& k : all) {
      CAPTURE(device, k.backend, to_string(k.version), k.slower_by);
      CHECK_FALSE(k.engines.empty());
      taken += k.chosen ? 1 : 0;
    }
    CHECK(taken >= 2);
  }
  r.kv_formats = {p::fp8_e4m3};
  r.engine = "vllm";
  bool refused = false;
  for (const kernel_alternative& k : explain_kernels(calibrated, hw::b200_sxm, llama, r)) {
    refused = refused || (k.backend == "FLASH_ATTN" && !k.reads_cache && !k.chosen);
  }
  CHECK(refused);
}

TEST_CASE("which format wins depends on the batch") {
  optimize_request r = decode_of(1024);
  r.formats = {p::int4_g128, p::fp8_e4m3};
  r.activations = {p::fp16, p::fp8_e4m3};
  r.engine = "vllm";
  r.kv_formats = {p::fp16};
  const batch_winners winners = batch_crossovers(calibrated, h100, llama, r, 256);
  REQUIRE(winners.size() == 2);
  CHECK(winners[0].weight == p::int4_g128);
  CHECK(winners[1].weight == p::fp8_e4m3);
  CHECK(winners[1].from_batch > 1);
  // the batch before has the other winner
  for (const auto& [batch, weight] : {std::pair{winners[1].from_batch - 1, p::int4_g128},
                                      std::pair{winners[1].from_batch, p::fp8_e4m3}}) {
    const auto best = detail::best_uniform(calibrated, h100, llama, r, batch);
    REQUIRE(best);
    CHECK(best->weight == weight);
  }
  CHECK_THROWS_AS(batch_crossovers(calibrated, h100, llama, r, 0), domain_error);
}

TEST_CASE("the specification's rules on its three scenarios, beside the search") {
  struct row {
    std::string_view device;
    phase ph;
    std::int64_t tokens;
  };
  for (const std::string_view device : {"b10", "gb10", "h100_sxm", "b200_sxm"}) {
    for (const auto& [ph, tokens] :
         {std::pair{phase::decode, 4096}, std::pair{phase::decode, 32768},
          std::pair{phase::prefill, 2048}}) {
      optimize_request r;
      r.workload.push_back({.phase = ph, .seq_len = tokens});
      r.limits.min_grade = quality_grade::d;
      const hardware_spec& hw = get_hardware(device);
      const optimization a = optimize(calibrated, hw, llama, r);
      REQUIRE(a.feasible);
      const recommendation_distance d = distance_of_recommendation(calibrated, hw, llama, r, a);
      CAPTURE(device, to_string(ph), tokens, d.slower_by);
      CHECK(d.optimized_us == Approx(a.best.step_us[0]));
      CHECK_FALSE(d.strategy.empty());
      // without quality limits the rules are never faster, but where they skip blocks of attention or leave what engines offer
      CHECK((d.slower_by > -1e-9 || !d.is_offered || tokens > very_long_context_tokens));
    }
  }
}

}  // namespace

}  // namespace optimize_reasons_test

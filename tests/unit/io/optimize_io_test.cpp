// SPDX-License-Identifier: Apache-2.0
//
// Answers of the optimizer as JSON and as sentences; plans that it finds are taken by the engines' exporters.
#include <nlohmann/json.hpp>
#include <string>

#include "../../catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/io/export_launch.hpp"
#include "quantroof/io/format_optimize.hpp"
#include "quantroof/io/json_optimize.hpp"
#include "quantroof/model/presets.hpp"

namespace optimize_io_test {

namespace {

using namespace quantroof;

constexpr calibrated_model calibrated{};

optimize_request question() {
  optimize_request r;
  r.workload.push_back({.phase = phase::decode, .seq_len = 4096, .batch = 2});
  r.limits.quality_loss = 0.02;
  return r;
}

template <class T>
T again(const T& value) {
  return nlohmann::ordered_json(value).template get<T>();
}

TEST_CASE("answers survive JSON") {
  const optimize_request r = question();
  const optimization a = optimize(calibrated, hw::h100_sxm, models::llama3_8b, r);
  REQUIRE(a.feasible);
  CHECK(again(a) == a);
  CHECK(again(optimization{}) == optimization{});
  for (const limit_price& price : price_limits(calibrated, hw::h100_sxm, models::llama3_8b, r)) {
    CHECK(again(price) == price);
  }
  for (const alternative& x :
       explain_alternatives(calibrated, hw::h100_sxm, models::llama3_8b, r)) {
    CHECK(again(x) == x);
  }
  for (const batch_winner& w :
       batch_crossovers(calibrated, hw::h100_sxm, models::llama3_8b, r, 8)) {
    CHECK(again(w) == w);
  }
  const frontier_point point{.score = 1, .memory_bytes = 2, .config = create_fp8_balanced()};
  CHECK(again(point) == point);
  const recommendation_distance d =
      distance_of_recommendation(calibrated, hw::h100_sxm, models::llama3_8b, r, a);
  CHECK(again(d) == d);
  const limit_conflict none{.kind = limit_kind::ttft, .limit = 3};
  CHECK(again(none) == none);
}

TEST_CASE("unknown engines and members are refused by their place") {
  nlohmann::json j = optimize(calibrated, hw::h100_sxm, models::llama3_8b, question());
  j["best"]["engines"] = {"vllm", "nobody"};
  CHECK_THROWS_WITH(j.get<optimization>(),
                    test::contains("/best/engines/1") && test::contains("known: tensorrt_llm"));
  j["best"]["engines"] = {"vllm"};
  j["best"]["speed"] = 1;
  CHECK_THROWS_WITH(j.get<optimization>(), test::contains("/best/speed"));
}

TEST_CASE("answers as sentences") {
  CHECK(fmt::format("{}", engine_set{"vllm", "sglang"}) == "vllm, sglang");
  CHECK(fmt::format("{}", engine_set{}) == "no engine");
  CHECK(
      fmt::format("{}", limit_price{.kind = limit_kind::quality, .limit = 0.02, .price = 0.179}) ==
      "quality (at most 2 %): 17.9 % of the objective");
  CHECK(fmt::format("{}", limit_price{.kind = limit_kind::memory, .limit = 72e9}) ==
        "memory (at most 72.00 GB): costs nothing");
  CHECK(fmt::format("{}",
                    limit_conflict{.kind = limit_kind::tpot, .limit = 1000, .nearest = 5166.4}) ==
        "tpot: 1000.0 us asked, 5166.4 us is the nearest");
  CHECK(fmt::format("{}", alternative{.group = operator_group::ffn_in,
                                      .weight = precision::int4_g128,
                                      .activation = precision::fp16,
                                      .reason = rejection_reason::too_lossy}) ==
        "ffn_in in INT4_G128 with inputs in FP16: no plan with it keeps to the quality limit");
  CHECK(fmt::format("{}", batch_winner{.from_batch = 7,
                                       .weight = precision::fp8_e4m3,
                                       .activation = precision::fp8_e4m3}) ==
        "from batch 7: FP8_E4M3");
  CHECK_THAT(
      fmt::format("{}", optimize(calibrated, hw::h100_sxm, models::llama3_8b, question()).best),
      test::contains(" GB, inputs ") && test::contains("grade "));
}

TEST_CASE("what the optimizer finds for an engine, that engine's launch line takes") {
  int written = 0;
  for (const std::string_view device : {"a100_sxm_80gb", "l40s", "h100_sxm", "b200_sxm"}) {
    for (const auto& [name, engine] :
         {std::pair{"vllm", serving_engine::vllm}, std::pair{"sglang", serving_engine::sglang},
          std::pair{"tensorrt_llm", serving_engine::tensorrt_llm}}) {
      for (const double loss : {0.005, 0.02, 0.1}) {
        for (const std::int64_t batch : {1, 32}) {
          optimize_request r;
          r.workload.push_back({.phase = phase::decode, .seq_len = 4096, .batch = batch});
          r.limits.quality_loss = loss;
          r.engine = name;
          const hardware_spec& hw = get_hardware(device);
          const optimization a = optimize(calibrated, hw, models::qwen3_8b, r);
          CAPTURE(device, name, loss, batch);
          REQUIRE(a.feasible);
          CAPTURE(fmt::format("{}", a.best));
          CHECK_NOTHROW(io::export_launch(engine, models::qwen3_8b, a.best.checkpoint(), hw));
          ++written;
        }
      }
    }
  }
  CHECK(written == 72);
}

}  // namespace

}  // namespace optimize_io_test

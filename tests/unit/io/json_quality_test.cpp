// SPDX-License-Identifier: Apache-2.0
//
// Quality at the edges: estimates survive JSON, sensitivities name what the model does not have, sentences name who measured.
#include "quantroof/io/json_quality.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "quantroof/io/format_quality.hpp"
#include "quantroof/io/sensitivities.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"

namespace json_quality_test {

namespace {

using namespace quantroof;
using nlohmann::json;
using op = operator_type;
using p = precision;

template <class T>
T through(const T& value) {
  const json text = value;
  return json::parse(text.dump()).get<T>();
}

std::vector<operator_loss> read(std::string_view text, const model_config& m = models::llama3_8b) {
  return io::sensitivities_from(json::parse(text), m);
}

}  // namespace

TEST_CASE("estimates survive JSON") {
  for (const model_config& m : models::all) {
    for (const strategy_entry& s : list_strategies()) {
      CAPTURE(m.name.view(), s.name);
      const quality_estimate e = estimate_quality(m, s.create(m.num_layers));
      CHECK(through(e) == e);
    }
  }
  json wrong = estimate_quality(models::llama3_8b, create_fp8_balanced());
  CHECK(wrong["grade"] == "A");
  CHECK(wrong["evidence"]["model"] == "Llama-3(.1)-8B");
  CHECK(wrong["rule"].is_null());
  wrong["evidence"]["quantized"] = 1;
  CHECK_THROWS_WITH(wrong.get<quality_estimate>(),
                    test::contains("/evidence: is not one of the published rows"));
  json risky = estimate_quality(models::gpt_oss_120b, create_nvfp4_blackwell());
  CHECK(risky["rule"]["name"] == "kv4_sinks");
  risky["rule"]["name"] = "luck";
  CHECK_THROWS_WITH(risky.get<quality_estimate>(), test::contains("/rule/name: "));
}

TEST_CASE("options survive JSON and name what is wrong") {
  const auto options =
      json::parse(R"({"metric": "math_score", "calibrated": true})").get<quality_options>();
  CHECK(options.metric == quality_metric::math_score);
  CHECK(options.calibrated);
  CHECK(options.kv_calibrated);
  CHECK_THROWS_WITH(json::parse(R"({"metric": "iq"})").get<quality_options>(),
                    test::contains("reasoning_score"));
  CHECK_THROWS_WITH(json::parse(R"({"calibration": true})").get<quality_options>(),
                    test::contains("kv_calibrated"));
}

TEST_CASE("sensitivities are read from names of modules and of operators") {
  const auto losses = read(R"({
    "model.layers.3.self_attn.v_proj": {"NVFP4": 0.002, "FP8_E4M3": 0.0001},
    "layers.0-7.ffn_down": {"INT4_G128": 0.01},
    "kv_cache": {"FP8_E4M3": 0.00002},
    "lm_head": {"FP8_E4M3": 0.0005},
    "model.embed_tokens": {"INT8": 0.0}
  })");
  REQUIRE(losses.size() == 6);
  const auto find = [&](op o, p format) {
    for (const operator_loss& l : losses) {
      if (l.op == o && l.precision == format) {
        return l;
      }
    }
    return operator_loss{.nats = -1};
  };
  CHECK(find(op::v_proj, p::nvfp4) == operator_loss{op::v_proj, 3, 3, p::nvfp4, 0.002});
  CHECK(find(op::ffn_down, p::int4_g128) == operator_loss{op::ffn_down, 0, 7, p::int4_g128, 0.01});
  CHECK(find(op::kv_cache, p::fp8_e4m3) ==
        operator_loss{op::kv_cache, 0, 31, p::fp8_e4m3, 0.00002});
  CHECK(find(op::embeddings, p::int8).nats == 0.0);
  const quality_estimate e =
      estimate_quality(models::llama3_8b, create_fp8_balanced(), {.sensitivities = losses});
  CHECK(e.grade == quality_grade::c);
  CHECK(read(io::sensitivities_to<json>(losses, models::llama3_8b).dump()).size() == 6);
}

TEST_CASE("fused modules are shared out and experts add up") {
  const auto fused = read(R"({"layers.1.self_attn.qkv_proj": {"NVFP4": 0.298}})");
  REQUIRE(fused.size() == 3);
  double sum = 0;
  for (const operator_loss& l : fused) {
    CHECK(l.nats == Approx(operator_sensitivity(l.op)));
    sum += l.nats;
  }
  CHECK(sum == Approx(0.298));
  const auto experts = read(R"({"model.layers.1.mlp.experts.0.down_proj": {"NVFP4": 0.1},
                                "model.layers.1.mlp.experts.17.down_proj": {"NVFP4": 0.2}})",
                            models::qwen3_30b_a3b);
  REQUIRE(experts.size() == 1);
  CHECK(experts[0].op == op::expert_down);
  CHECK(experts[0].nats == Approx(0.3));
}

TEST_CASE("a document around sensitivities is read strictly") {
  CHECK(read(R"({"model": "llama3_8b", "unit": "nats", "source": "my run",
                 "sensitivities": {"ffn_up": {"NVFP4": 0.01}}})")
            .size() == 1);
  const auto fails = [](std::string_view text, const char* with,
                        const model_config& m = models::llama3_8b) {
    CAPTURE(text);
    CHECK_THROWS_WITH(read(text, m), test::contains(with));
    CHECK_THROWS_AS(read(text, m), io::input_error);
  };
  fails(R"([])", "must be an object of modules");
  fails(R"({"unit": "bits", "sensitivities": {}})", "/unit: must be \"nats\"");
  fails(R"({"units": "nats", "sensitivities": {}})", "known: sensitivities, model, unit, source");
  fails(R"({"ffn_sideways": {"NVFP4": 0.1}})", "/ffn_sideways: names nothing that the model has");
  fails(R"({"ffn_sideways": {"NVFP4": 0.1}})", "ffn_down");
  fails(R"({"layers.32.ffn_up": {"NVFP4": 0.1}})", "beyond the 32 of the model");
  fails(R"({"layers.x.ffn_up": {"NVFP4": 0.1}})", "must name a layer");
  fails(R"({"layers.7-3.ffn_up": {"NVFP4": 0.1}})", "must name a layer");
  fails(R"({"layers.3": {"NVFP4": 0.1}})", "must name a module behind its layer");
  fails(R"({"layers.3.lm_head": {"NVFP4": 0.1}})", "names nothing");
  fails(R"({"expert_up": {"NVFP4": 0.1}})", "names nothing");
  fails(R"({"ffn_up": {"FP3": 0.1}})", "/ffn_up/FP3: ");
  fails(R"({"ffn_up": {"E8M0": 0.1}})", "precision of values");
  fails(R"({"ffn_up": {"NVFP4": "much"}})", "/ffn_up/NVFP4: must be a number");
  fails(R"({"ffn_up": 0.1})", "must be an object of formats");
  fails(R"({"layers.3.ffn_up": {"NVFP4": 0.1}, "model.layers.3.mlp.up_proj": {"NVFP4": 0.1}})",
        "said twice");
}

TEST_CASE("sentences name who measured what") {
  const auto said = [](const model_config& m, const char* strategy, quality_options o = {}) {
    return fmt::format("{}", estimate_quality(m, get_strategy(strategy, m.num_layers), o));
  };
  CHECK(said(models::llama3_8b, "fp16_baseline") ==
        "none: nothing is quantized, or as it was trained; grade A");
  const std::string measured = said(models::llama3_8b, "fp8_balanced");
  CHECK_THAT(measured, test::contains("grade A: 2 figures, the median Llama-3(.1)-8B, FP8_E4M3 "
                                      "weights, FP8_E4M3 inputs, FP8_E4M3 KV cache: "
                                      "word_perplexity 9.4281 -> 9.5"));
  CHECK_THAT(measured, test::contains("vLLM blog"));
  CHECK_THAT(said(models::qwen3_8b, "w4a16_aggressive"), test::contains("of similar models"));
  CHECK_THAT(said(models::llama3_8b, "nvfp4_blackwell"),
             test::contains("grade C: estimated from relative errors (D = 0.0122), not measured"));
  CHECK_THAT(said(models::gpt_oss_120b, "nvfp4_blackwell"),
             test::contains("grade D: kv4_sinks at kv_cache: a 4-bit KV cache"));
  CHECK_THAT(said(models::llama3_8b, "nvfp4_blackwell", {.metric = quality_metric::math_score}),
             test::contains("% math_score (typically -3.7)"));
}

}  // namespace json_quality_test

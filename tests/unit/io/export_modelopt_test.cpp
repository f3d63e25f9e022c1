// SPDX-License-Identifier: Apache-2.0
//
// Plans as hf_quant_config.json: known documents, algorithms by their whole names, the same plan back, published files as plans.
#include "quantroof/io/export_modelopt.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "export_plans.hpp"
#include "hf_snippets.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace export_modelopt_test {

namespace {

using namespace quantroof;
using nlohmann::json;
using op = operator_type;
using p = precision;
namespace fs = std::filesystem;

const io::checkpoint_options own_activations{.activations = io::activation_policy::of_algorithm};

json modelopt_json(const model_config& m, const mixed_precision_config& plan,
                   const io::checkpoint_options& options = {}) {
  return io::export_modelopt(m, plan, options);
}
std::string modelopt_round_trip(const model_config& m, const mixed_precision_config& plan,
                                const io::checkpoint_options& options = {}) {
  const json document = modelopt_json(m, plan, options);
  const auto back = io::plan_from_modelopt(document, m, options.naming);
  return test::difference(m, plan, back.config);
}

struct algorithm_row {
  p weight;
  p activation;
  std::string_view name;  // empty: none
};
// ModelOpt's export/quant_utils.py and TensorRT-LLM's QuantAlgo.
constexpr algorithm_row algorithms[] = {
    {p::fp8_e4m3, p::fp8_e4m3, "FP8"},
    {p::fp8_e4m3, p::fp16, ""},
    {p::fp8_e4m3_channel, p::fp8_e4m3_channel, "FP8_PER_CHANNEL_PER_TOKEN"},
    {p::fp8_e4m3_channel, p::fp8_e4m3, ""},
    {p::mxfp8_e4m3, p::mxfp8_e4m3, "MXFP8"},  // not FP8, though its name ends so
    {p::mxfp8_e4m3, p::fp8_e4m3, ""},
    {p::nvfp4, p::nvfp4, "NVFP4"},
    {p::nvfp4, p::fp16, "W4A16_NVFP4"},
    {p::nvfp4, p::fp8_e4m3, "W4A8_NVFP4_FP8"},
    {p::mxfp4, p::fp8_e4m3, "W4A8_MXFP4_FP8"},
    {p::mxfp4, p::mxfp4, ""},
    {p::int4_g128, p::fp16, "W4A16_AWQ"},
    {p::int4_g128, p::fp8_e4m3, "W4A8_AWQ"},
    {p::int4_g64, p::fp16, ""},
    {p::int8_channel, p::fp16, "W8A16"},
    {p::int8_channel, p::int8, "W8A8_SQ_PER_CHANNEL"},
    {p::int8_channel, p::int8_channel, ""},
};
constexpr auto is_named = [](const algorithm_row& r) {
  const auto* const a = detail::find_algorithm(r.weight, r.activation);
  return r.name.empty() ? a == nullptr : a != nullptr && a->name == r.name;
};
static_assert(test::first_failure(algorithms, is_named) == -1);
constexpr auto matches_whole = [](const detail::modelopt_algorithm& a) {
  return detail::find_algorithm(a.name) == &a && detail::find_algorithm(a.name.substr(1)) != &a &&
         detail::find_algorithm(a.name.substr(0, a.name.size() - 1)) != &a;
};
static_assert(test::first_failure(detail::modelopt_algorithms, matches_whole) == -1);

TEST_CASE("algorithms are matched by their whole names") {
  for (const algorithm_row& r : test::at_run_time(algorithms)) {
    CAPTURE(r.name, to_string(r.weight), to_string(r.activation));
    CHECK(is_named(r));
  }
  for (const auto& a : test::at_run_time(detail::modelopt_algorithms)) {
    CAPTURE(a.name);
    CHECK(detail::find_algorithm(a.name)->weight == a.weight);
    // The reader of formats knows it as well, and for the same weights.
    const json d{{"quantization", {{"quant_algo", a.name}}}};
    const auto back = io::plan_from_modelopt(d, models::llama3_8b);
    CHECK(back.config.get_precision(op::ffn_up) == a.weight);
    CHECK(detail::without_16bit_kind(back.config.default_activation_precision) == a.activation);
  }
}

TEST_CASE("one algorithm for all linear layers, or one for each") {
  const json d = modelopt_json(models::qwen3_30b_a3b,
                               get_strategy("nvfp4_blackwell").with(op::embeddings, p::fp16));
  CHECK(d["producer"]["name"] == "quantroof");
  CHECK(d["quant_method"] == "modelopt");
  const json& q = d["quantization"];
  CHECK(q["quant_algo"] == "W4A16_NVFP4");
  CHECK(q["group_size"] == 16);
  CHECK(q["kv_cache_quant_algo"] == "NVFP4");
  CHECK_FALSE(q.contains("quantized_layers"));
  CHECK(q["exclude_modules"].size() == 49);
  CHECK(q["exclude_modules"][0] == "lm_head");
  CHECK(q["exclude_modules"][1] == "model.layers.0.mlp.gate");

  const json awq = modelopt_json(models::llama3_8b, get_strategy("w4a16_aggressive"));
  CHECK(
      awq["quantization"] ==
      json::parse(
          R"({"quant_algo": "W4A16_AWQ", "kv_cache_quant_algo": null, "group_size": 128, "has_zero_point": false, "pre_quant_scale": true, "exclude_modules": ["lm_head"]})"));

  const json mixed =
      modelopt_json(models::llama3_8b, get_strategy("layerwise_gradient"), own_activations);
  const json& m = mixed["quantization"];
  CHECK(m["quant_algo"] == "MIXED_PRECISION");
  CHECK(m["quantized_layers"].size() == 7 * 21);
  CHECK(m["quantized_layers"]["model.layers.11.mlp.up_proj"] == json{{"quant_algo", "FP8"}});
  CHECK(m["quantized_layers"]["model.layers.31.self_attn.q_proj"] ==
        json{{"quant_algo", "W4A16_NVFP4"}, {"group_size", 16}});
  CHECK(m["exclude_modules"][1] == "model.layers.0.self_attn*");
  CHECK(m["exclude_modules"][2] == "model.layers.0.mlp*");
  CHECK(m["exclude_modules"].size() == 1 + 2 * 11);
}

TEST_CASE("experts are one entry where their matrices agree, else one each") {
  const auto plan =
      get_strategy("fp16_baseline").with(op::ffn_up, p::nvfp4).with(op::q_proj, p::nvfp4);
  const json d = modelopt_json(models::mixtral_8x7b, plan, {.naming = {.model_type = "mixtral"}});
  CHECK(d["quantization"]["quant_algo"] ==
        "W4A16_NVFP4");  // one algorithm: what is excluded is listed
  CHECK(d["quantization"]["exclude_modules"][1] == "model.layers.0.self_attn.k_proj");
  CHECK(modelopt_round_trip(models::mixtral_8x7b, plan, {.naming = {.model_type = "mixtral"}})
            .empty());
  const auto two = plan.with(op::lm_head, p::nvfp4);
  const json e = modelopt_json(models::mixtral_8x7b, two, {.naming = {.model_type = "mixtral"}});
  const json& layers = e["quantization"]["quantized_layers"];
  CHECK(layers.contains("model.layers.3.block_sparse_moe.experts.7.w3"));
  CHECK_FALSE(layers.contains("model.layers.3.block_sparse_moe.experts.7.w1"));
  CHECK(layers.contains("lm_head"));
  CHECK(modelopt_round_trip(models::mixtral_8x7b, two, {.naming = {.model_type = "mixtral"}})
            .empty());
  const auto all = two.with(op::ffn_gate, p::nvfp4).with(op::ffn_down, p::nvfp4);
  const json f = modelopt_json(models::mixtral_8x7b, all, {.naming = {.model_type = "mixtral"}});
  CHECK(f["quantization"]["quantized_layers"].contains("model.layers.3.block_sparse_moe.experts"));
  CHECK(f["quantization"]["quantized_layers"].size() == 32 * 2 + 1);
}

TEST_CASE("strategies come back the same for every preset, or name what cannot be said") {
  for (const model_config& m : models::all) {
    for (const strategy_entry& entry : list_strategies()) {
      CAPTURE(m.name.view(), entry.name);
      const auto plan = entry.create(m.num_layers);
      if (entry.name == "hybrid_long_context" || entry.name == "layerwise_gradient") {
        CHECK_THROWS_WITH(
            modelopt_json(m, plan),
            test::contains("modelopt: FP8_E4M3: with activations in FP16 has no quant_algo; known "
                           "with these weights: FP8 (activations in FP8_E4M3)"));
        // With FP8 activations where ModelOpt has no other choice, as NVIDIA publishes it, weights and cache come back.
        if (m.num_layers <= 36) {
          const auto back =
              io::plan_from_modelopt(json(io::export_modelopt(m, plan, own_activations)), m);
          const auto said = plan.with_activation(p::fp8_e4m3, p::fp8_e4m3);
          CHECK(test::difference(m, said, back.config).empty());
          CHECK(modelopt_round_trip(m, said).empty());
        }
      } else if (m.num_layers <= 64) {
        CHECK(modelopt_round_trip(m, plan).empty());
      }
    }
  }
}

TEST_CASE("ModelOpt plans come back the same for every family of models") {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    CAPTURE(s.name);
    const json config = io::parse_json(s.json);
    const model_config m = io::model_from_hf_config(config);
    const std::string type = config.value("model_type", "");
    if (m.num_layers > 32) {
      continue;  // of families that have a smaller one, too
    }
    auto plan = get_strategy("fp16_baseline");
    plan.default_activation_precision = p::fp8_e4m3;
    for (const op o : {op::ffn_down, op::o_proj}) {
      plan = plan.with(o, o == op::o_proj ? p::nvfp4 : p::fp8_e4m3);
    }
    try {
      CHECK(modelopt_round_trip(m, plan, {.naming = {.model_type = type}}).empty());
    } catch (const io::input_error& error) {
      CHECK_THAT(error.what(), test::contains("has no module of its own"));
    }
  }
}

TEST_CASE("random plans come back from ModelOpt the same or are refused") {
  constexpr std::array fp8{p::fp8_e4m3, p::nvfp4, p::mxfp4, p::int4_g128};
  constexpr std::array wide{p::nvfp4, p::int4_g128, p::int8_channel, p::fp8_e4m3_block128};
  test::generator random{11};
  int same = 0;
  for (int i = 0; i < 24; ++i) {
    const model_config& m = i % 2 == 0 ? models::qwen3_0_6b : models::gpt_oss_20b;
    const bool narrow = i % 3 == 0;
    const auto plan = narrow
                          ? test::random_plan(random, fp8, p::fp8_e4m3, p::nvfp4_kv, m.num_layers)
                          : test::random_plan(random, wide, p::fp16, p::int8, m.num_layers);
    CAPTURE(i);
    try {
      CHECK(modelopt_round_trip(m, plan).empty());
      ++same;
    } catch (const io::input_error& error) {
      CHECK_THAT(error.what(), test::contains("than a plan of 16 overrides can say"));
    }
  }
  CHECK(same >= 20);
}

TEST_CASE("modules without an operator are said") {
  json d =
      modelopt_json(models::llama3_8b, get_strategy("fp8_balanced").with(op::lm_head, p::fp8_e4m3));
  CHECK(io::plan_from_modelopt(d, models::llama3_8b).notes.empty());
  json& layers = d["quantization"]["quantized_layers"];
  layers["mtp.layers.0.mlp.up_proj"] = json{{"quant_algo", "FP8"}};
  layers["model.layers.32.mlp.up_proj"] = json{{"quant_algo", "FP8"}};
  layers["visual.merger"] = json{{"quant_algo", "FP8"}};
  const auto q = io::plan_from_modelopt(d, models::llama3_8b);
  REQUIRE(q.notes.size() == 1);
  CHECK(q.notes[0] ==
        "3 named modules have no operator here; the first: model.layers.32.mlp.up_proj");
}

TEST_CASE("a plan may quantize the KV cache alone") {
  const auto plan = get_strategy("fp16_baseline").with(op::kv_cache, p::fp8_e4m3);
  const json d = modelopt_json(models::llama3_8b, plan);
  CHECK(d["quantization"]["quant_algo"].is_null());
  CHECK(d["quantization"]["kv_cache_quant_algo"] == "FP8");
  CHECK(modelopt_round_trip(models::llama3_8b, plan).empty());
  CHECK(modelopt_round_trip(models::llama3_8b, get_strategy("fp16_baseline")).empty());
}

TEST_CASE("what modelopt cannot say is named") {
  const model_config& m = models::llama3_8b;
  const auto plan = get_strategy("fp8_balanced");
  CHECK_THROWS_WITH(
      modelopt_json(m, plan.with(op::o_proj, p::mxfp6_e2m3)),
      test::contains("modelopt: MXFP6: with activations in FP8_E4M3 has no quant_algo; known "
                     "with these weights: none") ||
          test::contains("has no quant_algo; known with these weights: none"));
  CHECK_THROWS_WITH(
      modelopt_json(m, plan.with(op::kv_cache, p::fp8_e5m2)),
      test::contains("modelopt: kv_cache_quant_algo: FP8_E5M2 cannot be said; known: FP8_E4M3"));
  mixed_precision_config nothing = get_strategy("fp16_baseline");
  nothing.default_activation_precision = p::nvfp4;
  CHECK_THROWS_WITH(modelopt_json(m, nothing),
                    test::contains("modelopt: NVFP4: cannot be said of activations"));
  json d = modelopt_json(m, plan);
  d["quantization"]["quant_algo"] = "XFP8";
  CHECK_THROWS_WITH(
      io::plan_from_modelopt(d, m, {}, "hf_quant_config.json"),
      test::contains("hf_quant_config.json: /quantization/quant_algo: \"XFP8\" is not a known"));
  d["quantization"]["quant_algo"] = "FP8";
  d["quantization"]["exclude"] = json::array();
  CHECK_THROWS_WITH(io::plan_from_modelopt(d, m),
                    test::contains("/quantization/exclude: is not a known member"));
}

TEST_CASE("published files are plans, and plans of theirs come back") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const fs::path root{data != nullptr ? data : "../shared/data"};
  if (!fs::is_directory(root / "hf_configs")) {
    WARN("no hf_configs in " << root);
    return;
  }
  int plans = 0;
  int back = 0;
  int lists = 0;
  for (const auto& entry : fs::directory_iterator(root / "hf_quant_configs")) {
    CAPTURE(entry.path());
    const fs::path beside = root / "hf_configs" / entry.path().filename();
    std::optional<model_config> m;
    std::string type;
    try {
      const json config = io::parse_json(detail::without_non_finite(io::read_text_file(beside)));
      m = io::model_from_hf_config(config, beside.string());
      type = config.value("model_type", "");
    } catch (const io::input_error&) {
      continue;  // a model that is refused by name
    }
    const json document = io::read_json_file(entry.path());
    const json& q = document["quantization"];
    if (q.value("exclude_modules", json::array()).size() > 120) {
      continue;  // read as the others, and slow without optimization
    }
    const io::checkpoint_naming naming{.model_type = type};
    const auto plan = io::plan_from_modelopt(document, *m, naming, entry.path().string());
    ++plans;
    CHECK(is_valid(plan.config));
    if (q.contains("quantized_layers") && q["quantized_layers"].contains("lm_head")) {
      CHECK_FALSE(detail::is_unquantized(plan.config.get_precision(op::lm_head)));
    }
    const bool rest =
        !plan.notes.empty() &&
        plan.notes.front().find("named modules have no operator here") != std::string::npos;
    CHECK(rest == (type == "minimax_m3_vl"));  // its index has projections of its own names
    // Lists one by one are those of the file: name for name, algorithm for algorithm.
    if (q.contains("quantized_layers") && !rest) {
      const bool each = q["quantized_layers"].size() > 1000;
      const json own = modelopt_json(
          *m, plan.config,
          {.naming = naming,
           .activations = io::activation_policy::of_algorithm,
           .experts = each ? io::expert_listing::each : io::expert_listing::together});
      const json& mine = own["quantization"];
      if (!mine.contains("quantized_layers")) {  // DeepSeek-V4's: one algorithm, shorter as such
        CHECK(mine["quant_algo"] == "NVFP4");
        CHECK(type == "deepseek_v4");
        continue;
      }
      const bool same = mine["quantized_layers"] == q["quantized_layers"];
      CHECK(same);
      ++lists;
    }
    if (m->num_layers > 52) {
      continue;  // come back as the others do, and take long without optimization
    }
    ++back;
    CHECK(
        modelopt_round_trip(*m, plan.config,
                            {.naming = naming, .activations = io::activation_policy::of_algorithm})
            .empty());
  }
  CHECK(plans == 15);
  CHECK(back == 4);
  CHECK(lists == 3);
}

}  // namespace

}  // namespace export_modelopt_test

// SPDX-License-Identifier: Apache-2.0
//
// The neutral document of a plan: the schema as documented, the same document back, contradictions and other versions refused by their place.
#include "quantroof/io/export_plan.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "export_plans.hpp"
#include "quantroof/core.hpp"
#include "quantroof/io/json_file.hpp"
#include "scratch.hpp"

namespace export_plan_test {

namespace {

using namespace quantroof;
using nlohmann::json;
using op = operator_type;
using p = precision;

TEST_CASE("the document is as its schema says") {
  plan_document d = io::export_plan(models::llama3_8b, get_strategy("fp8_balanced"), &hw::h100_sxm);
  d.evidence.push_back({.grade = "A", .statement = {"measured"}, .source = {"a table"}});
  d.notes.push_back({"a note"});
  const nlohmann::ordered_json j = d;
  CHECK(j["schema"] == "quantroof.plan");
  CHECK(j["version"] == 1);
  CHECK(j["generator"].get<std::string>().substr(0, 10) == "quantroof ");
  CHECK(j["hardware"] == "h100_sxm");
  CHECK(j["operators"].size() == 7);
  CHECK(
      j["operators"][0] ==
      nlohmann::ordered_json::parse(
          R"({"operator": "q_proj", "first_layer": 0, "last_layer": 31, "weight": "FP8_E4M3", "activation": "FP8_E4M3",
                "rows": 4096, "cols": 4096, "copies": 1, "layers": 32, "bytes": 536871040})"));  // 32 x (4096^2 + 4)
  CHECK(j["ends"] == nlohmann::ordered_json{
                         {"embeddings", "FP16"}, {"lm_head", "FP16"}, {"kv_cache", "FP8_E4M3"}});
  CHECK(j["evidence"][0]["grade"] == "A");
  CHECK(j.begin().key() == "schema");
  CHECK(j.get<plan_document>() == d);
  CHECK_FALSE(
      json(io::export_plan(models::llama3_8b, get_strategy("fp8_balanced"))).contains("hardware"));
}

TEST_CASE("what is written is read back the same: strategies, presets, random plans") {
  for (const model_config& m : models::all) {
    for (const strategy_entry& entry : list_strategies()) {
      CAPTURE(m.name.view(), entry.name);
      const plan_document d = io::export_plan(m, entry.create(m.num_layers));
      CHECK(json(d).get<plan_document>() == d);
    }
  }
  constexpr std::array pool{p::fp8_e4m3, p::nvfp4, p::gguf_q4_k, p::mxfp6_e2m3, p::fp32, p::int4};
  test::generator random{3};
  for (int i = 0; i < 20; ++i) {
    const model_config& m = i % 2 == 0 ? models::deepseek_v3 : models::gemma3_27b;
    const plan_document d =
        io::export_plan(m, test::random_plan(random, pool, p::int8, p::int8, m.num_layers));
    CHECK(json(d).get<plan_document>() == d);
    std::int64_t bytes = 0;
    for (const planned_operator& o : planned_operators(m, d.plan)) {
      bytes += o.bytes;
    }
    CHECK(bytes > 0);
  }
}

TEST_CASE("operators cover every matrix of every layer once") {
  for (const model_config& m : models::all) {
    CAPTURE(m.name.view());
    const auto plan = get_strategy("layerwise_gradient", m.num_layers);
    std::int64_t planned = 0;
    std::int64_t weights = 0;
    for (const planned_operator& o : planned_operators(m, plan)) {
      planned += o.bytes;
      CHECK(o.layers <= o.last_layer - o.first_layer + 1);
      CHECK(plan.get_precision(o.op, o.first_layer) == o.weight);
      CHECK(plan.get_precision(o.op, o.last_layer) == o.weight);
    }
    for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
      for (const weight_matrix& w :
           weight_matrices(layer_kind(m, layer_kind_of(m, layer)), m.hidden_size)) {
        weights += w.copies * storage_bytes(plan.get_precision(w.op, layer), w.rows, w.cols);
      }
    }
    CHECK(planned == weights);
  }
}

TEST_CASE("what is wrong is named by its place") {
  const plan_document d = io::export_plan(models::qwen3_8b, get_strategy("fp8_balanced"));
  struct row {
    std::string_view patch;  // merged into the document
    std::string_view pointer;
    std::string_view rule;
  };
  for (const row& r : {
           row{R"({"schema": "other.plan"})", "/schema", "is not known; known: quantroof.plan"},
           row{R"({"schema": null})", "/schema", "is missing"},
           row{R"({"version": 2, "future": {}})", "/version", "is not known; known: 1"},
           row{R"({"version": 1.5})", "/version", "must be a whole number"},
           row{R"({"future": 1})", "/future", "is not a known member; known: schema, version"},
           row{R"({"hardware": ""})", "/hardware", "must not be empty"},
           row{R"({"plan": {"kv_cache_precision": "FP4"}})", "/plan/kv_cache_precision",
               "unknown name"},
           row{R"({"plan": {"operator_precisions": {"q_proj": "NVFP4"}}})", "/operators",
               "contradict model and plan"},
           row{R"({"plan": {"operator_precisions": {"q_prj": "NVFP4"}}})",
               "/plan/operator_precisions/q_prj", "unknown name"},
           row{R"({"ends": {"lm_head": "NVFP4"}})", "/ends", "contradict the plan"},
           row{R"({"model": {"num_kv_heads": 7}})", "/model", "must be a multiple"},
           row{R"({"operators": []})", "/operators", "contradict"},
           row{R"({"evidence": [{"grade": "E", "statement": "", "source": ""}]})", "",
               "grade A, B, C or D"},
           row{R"({"evidence": [{"grade": "AA", "statement": "", "source": ""}]})",
               "/evidence/0/grade", "at most 1 byte"},
           row{R"({"evidence": [{"grade": "A"}]})", "/evidence/0/statement", "is missing"},
           row{R"({"notes": [1]})", "/notes/0", "must be a string"},
       }) {
    CAPTURE(r.patch);
    json j = d;
    j.merge_patch(json::parse(r.patch));
    plan_document out = d;
    try {
      from_json(j, out);
      FAIL("was accepted");
    } catch (const io::input_error& error) {
      CHECK(std::string{error.pointer()}.substr(0, r.pointer.size()) == r.pointer);
      CHECK_THAT(std::string{error.rule()}, test::contains(std::string{r.rule}));
    } catch (const domain_error& error) {
      CHECK(r.pointer.empty());
      CHECK_THAT(error.what(), test::contains(std::string{r.rule}));
    }
    CHECK(out == d);
  }
  plan_document bad = d;
  bad.evidence.push_back({.grade = "F", .statement = {}, .source = {}});
  CHECK_THROWS_WITH(json(bad), test::contains("plan_document: evidence needs grade A, B, C or D"));
}

TEST_CASE("files hold documents") {
  const test::scratch folder;
  const plan_document d = io::export_plan(models::gpt_oss_20b, get_strategy("w4a16_aggressive"));
  io::write(folder / "plan.json", d);
  CHECK(io::read<plan_document>(folder / "plan.json") == d);
}

}  // namespace

}  // namespace export_plan_test

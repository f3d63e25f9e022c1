// SPDX-License-Identifier: Apache-2.0
//
// Plans as compressed-tensors' quantization_config and llm-compressor's recipe: known documents, the same plan back, errors by name.
#include "quantroof/io/export_compressed_tensors.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "export_plans.hpp"
#include "hf_snippets.hpp"
#include "quantroof/core.hpp"
#include "quantroof/io/export_recipe.hpp"
#include "test_table.hpp"

namespace export_compressed_tensors_test {

namespace {

using namespace quantroof;
using nlohmann::json;
using op = operator_type;
using p = precision;

json compressed_json(const model_config& m, const mixed_precision_config& plan,
                     const io::checkpoint_options& options = {}) {
  return io::export_compressed_tensors(m, plan, options);
}

/// "" where the plan comes back, else what went wrong.
std::string compressed_round_trip(const model_config& m, mixed_precision_config plan,
                                  const io::checkpoint_options& options = {}) {
  const json document = compressed_json(m, plan, options);
  const auto back = io::plan_from_compressed_tensors(document, m, options.naming);
  if (options.kv_cache == io::kv_cache_place::at_launch) {
    plan.kv_cache_precision = p::fp16;
  }
  return test::difference(m, plan, back.config);
}

TEST_CASE("one format is a group of all linear layers") {
  const json d = compressed_json(models::llama3_8b, get_strategy("fp8_balanced"));
  const json fp8 = json::parse(
      R"({"num_bits": 8, "type": "float", "symmetric": true, "strategy": "tensor", "group_size": null, "block_structure": null, "dynamic": false})");
  CHECK(d["quant_method"] == "compressed-tensors");
  CHECK(d["format"] == "float-quantized");
  CHECK(d["ignore"] == json{"lm_head"});
  CHECK(d["kv_cache_scheme"] == fp8);
  CHECK(d["config_groups"].size() == 1);
  CHECK(d["config_groups"]["group_0"]["targets"] == json{"Linear"});
  CHECK(d["config_groups"]["group_0"]["weights"] == fp8);
  CHECK(d["config_groups"]["group_0"]["input_activations"] == fp8);
  // Experts: the router is a linear layer too.
  const json moe = compressed_json(models::qwen3_30b_a3b, get_strategy("w4a16_aggressive"));
  CHECK(moe["ignore"] == json{"lm_head", "re:model\\.layers\\.\\d+\\.mlp\\.gate$"});
  CHECK(moe["config_groups"]["group_0"]["input_activations"].is_null());
  CHECK(moe["format"] == "pack-quantized");
}

TEST_CASE("several formats are groups of their modules") {
  const json d = compressed_json(models::llama3_8b, get_strategy("layerwise_gradient"));
  CHECK(d["format"] == "mixed-precision");
  CHECK(d["config_groups"].size() == 2);
  CHECK(d["config_groups"]["group_0"]["targets"].size() == 7);
  CHECK(d["config_groups"]["group_0"]["targets"][0] ==
        "re:model\\.layers\\.(1[1-9]|2[0-1])\\.self_attn\\.q_proj$");
  CHECK(d["config_groups"]["group_1"]["format"] == "nvfp4-pack-quantized");
  CHECK(d["ignore"][0] == "lm_head");
  CHECK(d["ignore"][1] == "re:model\\.layers\\.([0-9]|10)\\.self_attn\\.q_proj$");
  const json own = compressed_json(models::qwen3_8b,
                                   get_strategy("w4a16_aggressive")
                                       .with(op::lm_head, p::fp8_e4m3)
                                       .with(op::embeddings, p::int4_g128),
                                   {.also_ignore = {"re:visual.*"}});
  CHECK(own["config_groups"]["group_1"]["targets"] == json{"re:lm_head$"});
  CHECK(own["config_groups"]["group_0"]["targets"].back() == "model.embed_tokens");
  CHECK(own["ignore"] == json{"re:visual.*"});
}

TEST_CASE("patterns match the layers that they list and no others") {
  for (std::int64_t first = 0; first < 130; first += 1) {
    for (const std::int64_t last : {first, first + 1, first + 9, first + 37, std::int64_t{199}}) {
      std::string pattern;
      for (const std::string& part : detail::number_patterns({first, last})) {
        pattern += (pattern.empty() ? "(" : "|") + part;
      }
      const detail::small_regex expression{pattern + ")$"};
      for (std::int64_t n = 0; n < 240; ++n) {
        if (expression.matches(std::to_string(n)) != (n >= first && n <= last)) {
          CAPTURE(pattern, first, last, n);
          FAIL("matches another layer");
        }
      }
    }
  }
}

TEST_CASE("strategies come back the same for every preset") {
  int said = 0;
  for (const model_config& m : models::all) {
    for (const strategy_entry& entry : list_strategies()) {
      CAPTURE(m.name.view(), entry.name);
      const auto plan = entry.create(m.num_layers);
      if (m.num_layers > 64 && entry.name != "layerwise_gradient") {
        continue;  // said of smaller models of the same kinds of layers
      }
      CHECK(compressed_round_trip(m, plan, test::at_launch).empty());
      if (plan.kv_cache_precision == p::nvfp4_kv) {
        CHECK_THROWS_WITH(compressed_json(m, plan),
                          test::contains("compressed-tensors: kv_cache_scheme: NVFP4_KV"));
      }
      ++said;
    }
  }
  CHECK(said >= 130);
}

TEST_CASE("plans come back the same for every family of models") {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    CAPTURE(s.name);
    const json config = io::parse_json(s.json);
    const model_config m = io::model_from_hf_config(config);
    const std::string type = config.value("model_type", "");
    const io::checkpoint_options options{.naming = {.model_type = type}};
    try {
      CHECK(compressed_round_trip(m, get_strategy("fp8_balanced"), options).empty());
    } catch (const io::input_error& error) {
      CHECK_THAT(error.what(),
                 test::contains("has no module of its own") || test::contains("shares the module"));
    }
  }
}

TEST_CASE("random plans come back from compressed-tensors the same or are refused") {
  constexpr std::array pool{p::fp8_e4m3, p::fp8_e4m3_channel, p::nvfp4,      p::int4_g128,
                            p::mxfp4,    p::int8_channel,     p::mxfp8_e4m3, p::fp8_e4m3_block128};
  constexpr std::array activations{
      p::fp16,       p::fp8_e4m3, p::fp8_e4m3_channel, p::fp8_e4m3_group128, p::nvfp4, p::mxfp4,
      p::mxfp8_e4m3, p::int8,     p::int8_channel};
  test::generator random{7};
  int same = 0;
  for (int i = 0; i < 24; ++i) {
    const model_config& m = i % 2 == 0 ? models::qwen3_0_6b : models::gpt_oss_20b;
    const auto plan = test::random_plan(random, pool, activations[static_cast<std::size_t>(i) % 9],
                                        i % 3 == 0 ? p::fp8_e4m3 : p::fp16, m.num_layers);
    CAPTURE(i);
    try {
      CHECK(compressed_round_trip(m, plan).empty());
      ++same;
    } catch (const io::input_error& error) {
      CHECK_THAT(error.what(), test::contains("than a plan of 16 overrides can say") ||
                                   test::contains("shares the module"));
    }
  }
  CHECK(same >= 18);
}

TEST_CASE("what compressed_tensors cannot say is named") {
  const model_config& m = models::llama3_8b;
  const auto plan = get_strategy("fp8_balanced");
  struct row {
    mixed_precision_config plan;
    std::string_view text;
  };
  mixed_precision_config activations = plan;
  activations.default_activation_precision = p::int4;
  mixed_precision_config nothing = get_strategy("fp16_baseline");
  nothing.default_activation_precision = p::fp8_e4m3;
  mixed_precision_config cache = plan;
  cache.kv_cache_precision = p::int8;
  for (const row& r : {
           row{plan.with(op::o_proj, p::gguf_q4_k),
               "compressed-tensors: GGUF_Q4_K: has no quantization arguments for weights; known: "
               "FP8_E4M3"},
           row{plan.with(op::o_proj, p::fp32), "FP32: has no quantization arguments"},
           row{activations, "INT4: has no quantization arguments for activations; known: FP16"},
           row{nothing, "FP8_E4M3: cannot be said of activations where no weight is quantized"},
           row{cache, "kv_cache_scheme: INT8 cannot be said"},
           row{plan.with(op::softmax, p::fp32), "softmax: FP32 cannot be said"},
           row{plan.with(op::qk_matmul, p::nvfp4), "qk_matmul: NVFP4 cannot be said"},
           row{plan.with_layers(0, 3, p::fp8_e4m3, {op::rmsnorm}),
               "rmsnorm: FP8_E4M3 cannot be said"},
       }) {
    CAPTURE(r.text);
    CHECK_THROWS_WITH(compressed_json(m, r.plan), test::contains(std::string{r.text}));
  }
  CHECK_THROWS_WITH(
      compressed_json(m, plan, {.naming = {.prefix = "transformer."}}),
      test::contains("compressed-tensors: prefix: \"transformer.\" is not known; known: model."));
  CHECK_THROWS_WITH(
      compressed_json(m, plan.with(op::v_proj, p::nvfp4), {.naming = {.model_type = "phi3"}}),
      test::contains("v_proj: shares the module self_attn.qkv_proj of layer 0 with q_proj"));
}

TEST_CASE("documents of others are read, or refused with the place") {
  const model_config& m = models::llama3_8b;
  json d = compressed_json(m, get_strategy("fp8_balanced"));
  d["config_groups"]["group_0"]["input_activations"] =
      json{{"num_bits", 8}, {"type", "float"}, {"dynamic", true}};  // inferred: one scale a token
  CHECK(io::plan_from_compressed_tensors(d, m).config.default_activation_precision ==
        p::fp8_e4m3_channel);
  d["config_groups"]["group_0"]["input_activations"] =
      json{{"num_bits", 4}, {"type", "float"}, {"group_size", 16}, {"dynamic", "local"}};
  CHECK(io::plan_from_compressed_tensors(d, m).config.default_activation_precision == p::nvfp4);
  d["config_groups"]["group_0"]["input_activations"]["num_bits"] = 5;
  CHECK_THROWS_WITH(
      io::plan_from_compressed_tensors(d, m, {}, "config.json"),
      test::contains(
          "config.json: /config_groups/group_0/input_activations/num_bits: with this type"));
  json other = compressed_json(m, get_strategy("fp8_balanced"));
  other["quant_method"] = "compressed_tensors";
  CHECK_THROWS_WITH(io::plan_from_compressed_tensors(other, m),
                    test::contains("/quant_method: must be compressed-tensors"));
  other["quant_method"] = "compressed-tensors";
  other["extra"] = 1;
  CHECK_THROWS_WITH(io::plan_from_compressed_tensors(other, m),
                    test::contains("/extra: is not a known member"));
  // every second layer in another format: more than a plan can say is an error, not a loss
  json striped = compressed_json(m, get_strategy("fp8_balanced"));
  for (int layer = 0; layer < 32; layer += 1) {
    if (layer % 2 == 0) {
      striped["ignore"].push_back("re:model\\.layers\\." + std::to_string(layer) +
                                  "\\.mlp\\.up_proj$");
    } else if (layer < 9) {
      striped["ignore"].push_back("re:model\\.layers\\." + std::to_string(layer) +
                                  "\\.self_attn\\.o_proj$");
    }
  }
  CHECK_THROWS_WITH(io::plan_from_compressed_tensors(striped, m),
                    test::contains("changes format more often along the layers"));
}

TEST_CASE("recipes name a preset where there is one") {
  const model_config& m = models::llama3_8b;
  CHECK(io::export_recipe(m, get_strategy("fp8_balanced")) ==
        "quant_stage:\n"
        "  quant_modifiers:\n"
        "    QuantizationModifier:\n"
        "        targets: [\"Linear\"]\n"
        "        scheme: FP8\n"
        "        ignore: [\"lm_head\"]\n"
        "        kv_cache_scheme: {num_bits: 8, type: float, symmetric: true, strategy: tensor, "
        "dynamic: false}\n");
  CHECK_THAT(io::export_recipe(m, get_strategy("w4a16_aggressive")),
             test::contains("scheme: W4A16\n"));
  const std::string mixed =
      io::export_recipe(m, get_strategy("hybrid_long_context"), test::at_launch);
  CHECK_THAT(mixed, test::contains("config_groups:\n") && test::contains("group_1:\n") &&
                        test::contains("group_size: 16") &&
                        test::contains("\"re:model\\\\.layers\\\\.\\\\d+\\\\.mlp\\\\.up_proj$\""));
  CHECK_THROWS_WITH(io::export_recipe(m, get_strategy("fp16_baseline")),
                    test::contains("llm-compressor: fp16_baseline: quantizes nothing"));
  mixed_precision_config blocks = get_strategy("fp16_baseline");
  blocks.default_activation_precision = p::fp8_e4m3_group128;
  blocks = blocks.with(op::ffn_up, p::fp8_e4m3_block128);
  CHECK_THAT(io::export_recipe(m, blocks), test::contains("scheme: FP8_BLOCK\n"));
  blocks.default_activation_precision = p::fp8_e4m3;
  CHECK_THAT(io::export_recipe(m, blocks), test::contains("block_structure: [128, 128]"));
}

constexpr auto schemes_are_apart = [](const detail::tensor_scheme& s) {
  return detail::find_weight_scheme(s.format) == &s &&
         s.num_bits * 1 == format_of(s.format).element_bits;
};
static_assert(test::first_failure(detail::weight_schemes, schemes_are_apart) == -1);
constexpr auto presets_are_known = [](const detail::scheme_preset& s) {
  return detail::find_weight_scheme(s.weight) != nullptr &&
         (s.activation == p::fp16 || detail::find_activation_scheme(s.activation) != nullptr) &&
         detail::find_preset(s.weight, s.activation) == &s;
};
static_assert(test::first_failure(detail::scheme_presets, presets_are_known) == -1);
TEST_CASE("tables of schemes name each format once") {
  for (const auto& s : test::at_run_time(detail::weight_schemes)) {
    CHECK(detail::find_weight_scheme(s.format)->strategy == s.strategy);
    CHECK(s.num_bits == format_of(s.format).element_bits);
  }
  for (const auto& s : detail::activation_schemes) {
    CHECK(detail::activation_format({.num_bits = s.num_bits,
                                     .type = s.type,
                                     .strategy = s.strategy,
                                     .group_size = s.group_size,
                                     .is_dynamic = s.dynamic != scale_timing::fixed}) == s.format);
  }
  for (const auto& s : test::at_run_time(detail::scheme_presets)) {
    CHECK(detail::find_preset(s.weight, s.activation)->name == s.name);
  }
}

}  // namespace

}  // namespace export_compressed_tensors_test

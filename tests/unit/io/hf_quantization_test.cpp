// SPDX-License-Identifier: Apache-2.0
//
// Formats of quantized checkpoints, one configuration of every method as published files write it, and every member of each broken.
#include "quantroof/io/hf_quantization.hpp"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "hf_snippets.hpp"
#include "quantroof/core.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace hf_quantization_test {

namespace {

using namespace quantroof;
using nlohmann::json;
using op = operator_type;
using p = precision;
namespace fs = std::filesystem;

/// The config.json of a snippet.
json document_of(std::string_view name) {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    if (s.name == name) {
      return io::parse_json(s.json);
    }
  }
  throw domain_error("no such snippet");
}
io::hf_quantization quantized(const json& document) {
  const auto q =
      io::quantization_from_hf_config(document, io::model_from_hf_config(document), "config.json");
  REQUIRE(q);
  return *q;
}
/// The formats of a snippet with this quantization_config.
io::hf_quantization quantized(std::string_view name, std::string_view text) {
  json document = document_of(name);
  document["quantization_config"] = io::parse_json(text);
  document["torch_dtype"] = "bfloat16";
  return quantized(document);
}

struct method_row {
  std::string_view model;
  std::string text;
  p attention;  // q_proj
  p network;    // ffn_up, or expert_up in a mixture
  p head;
  p cache;
  std::size_t notes = 0;
};
const std::string one_group =
    R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": ["lm_head"],
        "config_groups": {"group_0": {"targets": ["Linear"], "input_activations": null, "weights": )";

const method_row methods[] = {
    {"Llama-3.1-8B",
     R"({"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]})",
     p::fp8_e4m3_block128, p::fp8_e4m3_block128, p::bf16, p::bf16},
    {"Llama-3.1-8B", R"({"quant_method": "fp8", "fmt": "float8_e4m3fn"})", p::fp8_e4m3, p::fp8_e4m3,
     p::bf16, p::bf16},
    {"Llama-3.1-8B", R"({"quant_method": "fp8", "fmt": "e5m2", "weight_block_size": null})",
     p::fp8_e5m2, p::fp8_e5m2, p::bf16, p::bf16},
    {"MiniMax-M2.5",
     R"({"quant_method": "fp8", "weight_block_size": [128, 128], "modules_to_not_convert": ["gate", "e_score_correction_bias", "lm_head"]})",
     p::fp8_e4m3_block128, p::fp8_e4m3_block128, p::bf16, p::bf16},
    {"gpt-oss-20b",
     R"({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]})",
     p::bf16, p::mxfp4, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     one_group +
         R"({"num_bits": 4, "type": "int", "symmetric": true, "strategy": "group", "group_size": 128}}}})",
     p::int4_g128, p::int4_g128, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     one_group +
         R"({"num_bits": 4, "type": "int", "symmetric": false, "strategy": "group", "group_size": 128}}}})",
     p::int4_g128_zp4, p::int4_g128_zp4, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     one_group +
         R"({"num_bits": 8, "type": "float", "strategy": "channel"}}}, "kv_cache_scheme": {"num_bits": 8, "type": "float"}})",
     p::fp8_e4m3_channel, p::fp8_e4m3_channel, p::bf16, p::fp8_e4m3},
    {"Llama-3.1-8B",
     one_group +
         R"({"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [128, 128]}}}})",
     p::fp8_e4m3_block128, p::fp8_e4m3_block128, p::bf16, p::bf16},
    {"Llama-3.1-8B", one_group + R"({"num_bits": 8, "type": "int", "strategy": "channel"}}}})",
     p::int8_channel, p::int8_channel, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     one_group +
         R"({"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}}}})",
     p::nvfp4, p::nvfp4, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     one_group +
         R"({"num_bits": 4, "type": "float", "strategy": "group", "group_size": 32, "scale_dtype": "torch.uint8"}}}})",
     p::mxfp4, p::mxfp4, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}}})",
     p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3,
     p::bf16},  // nothing is ignored, so the head is quantized too
    {"Kimi-K2.5",
     R"({"quant_method": "compressed-tensors", "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*"],
      "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "group_size": 32, "strategy": "group", "symmetric": true}}}})",
     p::bf16, p::int4_g32, p::bf16, p::bf16},
    {"Llama-3.1-8B", R"({"quant_method": "compressed-tensors", "ignore": ["lm_head", "re:(?!x).*"],
      "config_groups": {"group_0": {"targets": ["re:.*self_attn.*"], "weights": {"num_bits": 8, "type": "float"}},
                        "group_1": {"targets": ["re:.*mlp.*"], "weights": {"num_bits": 4, "type": "float", "group_size": 16}}}})",
     p::fp8_e4m3, p::nvfp4, p::bf16, p::bf16, 1},
    {"Llama-3.1-8B",
     R"({"quant_method": "modelopt", "quant_algo": "NVFP4", "kv_cache_scheme": {"num_bits": 8, "type": "float"}, "ignore": ["lm_head", "model.layers.*.self_attn*"],
      "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "float", "group_size": 16}}}})",
     p::bf16, p::nvfp4, p::bf16, p::fp8_e4m3},
    {"Llama-3.1-8B", R"({"quant_algo": "FP8", "kv_cache_scheme": "FP8", "ignore": ["lm_head"]})",
     p::fp8_e4m3, p::fp8_e4m3, p::bf16, p::fp8_e4m3},
    {"Llama-3.1-8B", R"({"quant_algo": "MXFP8", "kv_cache_quant_algo": null})", p::mxfp8_e4m3,
     p::mxfp8_e4m3, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     R"({"quant_algo": "W4A16_AWQ", "group_size": 128, "kv_cache_quant_algo": "INT8"})",
     p::int4_g128, p::int4_g128, p::bf16, p::int8, 1},
    {"Llama-3.1-8B", R"({"quant_algo": "W4A16_NVFP4", "kv_cache_quant_algo": "NVFP4_AFFINE"})",
     p::nvfp4, p::nvfp4, p::bf16, p::nvfp4_kv, 1},
    {"Llama-3.1-8B",
     R"({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": true, "modules_to_not_convert": null})",
     p::int4_g128_zp4, p::int4_g128_zp4, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     R"({"quant_method": "awq", "w_bit": 4, "q_group_size": 64, "zero_point": false})", p::int4_g64,
     p::int4_g64, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     R"({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": true, "sym": true})",
     p::int4_g128_zp4, p::int4_g128_zp4, p::bf16, p::bf16, 1},
    {"Llama-3.1-8B", R"({"quant_method": "gptq", "bits": 4, "group_size": -1, "lm_head": true})",
     p::int4_channel, p::int4_channel, p::int4_channel, p::bf16},
    {"Llama-3.1-8B", R"({"quant_method": "bitsandbytes", "load_in_8bit": true})", p::int8_channel,
     p::int8_channel, p::bf16, p::bf16},
    {"Llama-3.1-8B",
     R"({"quant_method": "bitsandbytes", "load_in_4bit": true, "load_in_8bit": false, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": true,
      "llm_int8_skip_modules": ["mlp"]})",
     p::int4_g128, p::bf16, p::bf16, p::bf16, 1},
};

TEST_CASE("every method names its formats") {
  for (const method_row& r : methods) {
    CAPTURE(r.model, r.text);
    const io::hf_quantization q = quantized(r.model, r.text);
    const bool mixture = document_of(r.model).dump().find("experts") != std::string::npos;
    CHECK(q.config.get_precision(op::q_proj) == r.attention);
    CHECK(q.config.get_precision(mixture ? op::expert_up : op::ffn_up, 5) == r.network);
    CHECK(q.config.get_precision(op::lm_head) == r.head);
    CHECK(q.config.get_precision(op::embeddings) == p::bf16);
    CHECK(q.config.get_precision(op::kv_cache) == r.cache);
    CHECK(q.config.get_precision(op::router) == (mixture ? p::bf16 : p::fp16));
    CHECK(q.config.layer_overrides.empty());
    CAPTURE(q.notes);
    CHECK(q.notes.size() == r.notes);
  }
}

struct input_row {
  std::string text;
  p weight;
  p input;
};
const input_row inputs[] = {
    {R"({"quant_method": "fp8", "weight_block_size": [128, 128]})", p::fp8_e4m3_block128,
     p::fp8_e4m3_group128},
    {R"({"quant_method": "fp8"})", p::fp8_e4m3, p::fp8_e4m3},
    {R"({"quant_method": "awq", "bits": 4, "group_size": 128})", p::int4_g128_zp4, p::bf16},
    {R"({"quant_method": "bitsandbytes", "load_in_8bit": true})", p::int8_channel, p::int8_channel},
    {R"({"quant_algo": "NVFP4"})", p::nvfp4, p::nvfp4},
    {R"({"quant_algo": "W4A16_NVFP4"})", p::nvfp4, p::bf16},
    {R"({"quant_algo": "W4A8_AWQ", "group_size": 128})", p::int4_g128, p::fp8_e4m3},
    {one_group + R"({"num_bits": 8, "type": "int", "strategy": "channel"}}}})", p::int8_channel,
     p::bf16},
    {R"({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"targets": ["Linear"],
         "weights": {"num_bits": 8, "type": "int", "strategy": "channel"},
         "input_activations": {"num_bits": 8, "type": "int", "strategy": "token", "dynamic": true}}}})",
     p::int8_channel, p::int8_channel},
};

TEST_CASE("every method names the inputs of its weights") {
  for (const input_row& r : inputs) {
    CAPTURE(r.text);
    const io::hf_quantization q = quantized("Llama-3.1-8B", r.text);
    CHECK(q.config.get_precision(op::ffn_up) == r.weight);
    CHECK(q.config.get_activation_precision(r.weight) == r.input);
    CHECK(q.config.activation_rules.empty());
  }
}

TEST_CASE("weights of two formats keep their inputs apart") {
  const io::hf_quantization q = quantized("Llama-3.1-8B", R"({"quant_algo": "MIXED_PRECISION",
      "quantized_layers": {"model.layers.0.self_attn.q_proj": {"quant_algo": "FP8"},
                           "model.layers.0.mlp.up_proj": {"quant_algo": "NVFP4"},
                           "model.layers.1.mlp.up_proj": {"quant_algo": "NVFP4"}}})");
  CHECK(q.config.default_activation_precision == p::nvfp4);
  CHECK(q.config.get_activation_precision(p::fp8_e4m3) == p::fp8_e4m3);
  CHECK(q.config.activation_rules.size() == 1);
  const io::hf_quantization both = quantized("Llama-3.1-8B", R"({"quant_algo": "MIXED_PRECISION",
      "quantized_layers": {"model.layers.0.mlp.up_proj": {"quant_algo": "W4A16_NVFP4"},
                           "model.layers.1.mlp.up_proj": {"quant_algo": "NVFP4"}}})");
  REQUIRE(both.notes.size() == 1);
  CHECK_THAT(both.notes[0], test::contains("NVFP4 weights have inputs of several formats"));
}

TEST_CASE("a file without quantization has none") {
  const json document = document_of("Llama-3.1-8B");
  CHECK_FALSE(io::quantization_from_hf_config(document, io::model_from_hf_config(document)));
}

TEST_CASE("it may stand in the text_config") {
  json document = document_of("Kimi-K2.5");
  document["text_config"]["quantization_config"] = {{"quant_method", "fp8"}};
  CHECK(quantized(document).config.get_precision(op::expert_up) == p::fp8_e4m3);
}

TEST_CASE("layers left out become overrides") {
  const io::hf_quantization q = quantized(
      "Llama-3.1-8B",
      R"({"quant_algo": "NVFP4", "exclude_modules": ["model.layers.0*", "model.layers.1.*", "model.layers.31.mlp.down_proj"]})");
  CHECK(q.config.layer_overrides.size() == 2);
  CHECK(q.config.get_precision(op::q_proj, 0) == p::bf16);
  CHECK(q.config.get_precision(op::ffn_up, 1) == p::bf16);
  CHECK(q.config.get_precision(op::ffn_up, 2) == p::nvfp4);
  CHECK(q.config.get_precision(op::ffn_down, 31) == p::bf16);
  CHECK(q.config.get_precision(op::ffn_up, 31) == p::nvfp4);
  // 16 fit, more are said.
  std::string names;
  for (int layer = 0; layer < 32; layer += 2) {
    names += (layer > 0 ? ", " : "") + ("\"model.layers." + std::to_string(layer)) + ".*\"";
  }
  const io::hf_quantization half =
      quantized("Llama-3.1-8B", R"({"quant_algo": "NVFP4", "exclude_modules": [)" + names + "]}");
  CHECK(half.config.layer_overrides.size() == 16);
  CHECK(half.notes.empty());
  const io::hf_quantization third = quantized(
      "Nemotron-H-56B",
      R"({"quant_algo": "FP8", "exclude_modules": ["re:backbone\\.layers\\.\\d*[26]\\."]})");
  CHECK(third.config.layer_overrides.size() == 16);
  REQUIRE(third.notes.size() == 1);
  CHECK_THAT(third.notes[0], test::contains("ranges of layers have other formats; the first 16"));
}

TEST_CASE("modules listed one by one have their own formats") {
  json layers;
  for (int layer = 0; layer < 64; ++layer) {
    const std::string prefix = "model.language_model.layers." + std::to_string(layer) + ".";
    layers[prefix + "mlp.gate_proj"] = {{"quant_algo", "W4A16_NVFP4"}, {"group_size", 16}};
    layers[prefix + "mlp.up_proj"] = {{"quant_algo", "W4A16_NVFP4"}, {"group_size", 16}};
    layers[prefix + "mlp.down_proj"] = {{"quant_algo", "MXFP8"}};
    const bool full = layer % 4 == 3;
    layers[prefix + (full ? "self_attn.q_proj" : "linear_attn.in_proj_qkv")] = {
        {"quant_algo", "FP8"}};
  }
  const json file = {{"producer", {{"name", "modelopt"}}},
                     {"quantization",
                      {{"quant_algo", "MIXED_PRECISION"},
                       {"kv_cache_quant_algo", "FP8"},
                       {"quantized_layers", layers},
                       {"exclude_modules", {"mtp*"}}}}};
  const model_config m = io::model_from_hf_config(document_of("Qwen3.5-27B"));
  const io::hf_quantization q = io::quantization_from_hf_quant_config(file, m, "qwen3_5_text");
  CHECK(q.config.get_precision(op::ffn_gate) == p::nvfp4);
  CHECK(q.config.get_precision(op::ffn_down) == p::mxfp8_e4m3);
  CHECK(q.config.get_precision(op::q_proj, 3) == p::fp8_e4m3);
  CHECK(q.config.get_precision(op::linear_in) == p::fp8_e4m3);
  CHECK(q.config.get_precision(op::linear_out) == p::bf16);
  CHECK(q.config.get_precision(op::lm_head) == p::bf16);
  CHECK(q.config.kv_cache_precision == p::fp8_e4m3);
  CHECK(q.config.layer_overrides.empty());
}

TEST_CASE("DeepSeek-V4: experts in FP4 beside FP8 blocks, or in what ModelOpt made of them") {
  json document = document_of("DeepSeek-V4-Flash");
  document["torch_dtype"] = "bfloat16";
  document["quantization_config"] = {{"quant_method", "fp8"},
                                     {"activation_scheme", "dynamic"},
                                     {"scale_fmt", "ue8m0"},
                                     {"weight_block_size", {128, 128}}};
  const model_config m = io::model_from_hf_config(document);
  const auto check = [&](p experts, p its_inputs) {
    const auto q = io::quantization_from_hf_config(document, m);
    REQUIRE(q);
    const mixed_precision_config& c = q->config;
    CHECK(c.layer_overrides.empty());
    CHECK(q->notes.empty());
    for (const op which : {op::expert_gate, op::expert_up, op::expert_down}) {
      CHECK(c.get_precision(which) == experts);
    }
    CHECK(c.get_activation_precision(experts) == its_inputs);
    for (const op which : {op::q_a_proj, op::q_proj, op::kv_a_proj, op::o_a_proj, op::o_proj,
                           op::index_proj, op::shared_gate, op::shared_down}) {
      CHECK(c.get_precision(which) == p::fp8_e4m3_block128);
    }
    for (const op which : {op::router, op::compressor, op::stream_mix, op::lm_head}) {
      CHECK(c.get_precision(which) == p::bf16);
    }
    CHECK(c.get_activation_precision(p::fp8_e4m3_block128) == p::fp8_e4m3_group128);
  };
  check(p::fp8_e4m3_block128, p::fp8_e4m3_group128);
  document["expert_dtype"] = "fp4";
  check(p::mxfp4, p::fp8_e4m3_group128);
  json& file = document["quantization_config"];
  file["quant_algo"] = "MIXED_PRECISION";
  file["ignore"] = {"*.attn.*", "*.ffn.shared_experts.*", "head", "mtp.*"};
  for (int layer = 0; layer < 43; ++layer) {
    file["quantized_layers"]["layers." + std::to_string(layer) + ".ffn.experts"] = {
        {"quant_algo", "NVFP4"}, {"group_size", 16}};
  }
  check(p::nvfp4, p::nvfp4);
  document["expert_dtype"] = "int3";
  CHECK_THROWS_WITH(io::quantization_from_hf_config(document, m),
                    test::contains("/expert_dtype: must be fp4 or fp8"));
}

TEST_CASE("what has no format is refused by its place") {
  struct row {
    std::string text;
    std::string_view pointer;
    const char* rule;
  };
  const row rows[] = {
      {R"({})", "/quant_method", "is missing; known: fp8, mxfp4"},
      {R"({"quant_method": "aqlm"})", "/quant_method", "is not known; known: fp8, mxfp4"},
      {R"({"quant_method": 8})", "/quant_method", "must be a string"},
      {R"({"quant_method": "fp8", "weight_block_size": [64, 128]})", "/weight_block_size",
       "must be [128, 128]"},
      {R"({"quant_method": "fp8", "weight_block_size": [128]})", "/weight_block_size",
       "must be two whole numbers"},
      {R"({"quant_method": "fp8", "fmt": "e3m4"})", "/fmt", "must be e4m3"},
      {R"({"quant_method": "fp8", "quant_algo": "FP8"})", "/quant_algo", "contradicts"},
      {R"({"quant_algo": "FP9"})", "/quant_algo", "\"FP9\" is not a known algorithm; known: FP8, "},
      {R"({"quant_algo": "FP8_X"})", "/quant_algo", "is not a known algorithm"},
      {R"({"quant_algo": "NVFP4", "group_size": 32})", "/group_size", "is not the group"},
      {R"({"quant_algo": "MIXED_PRECISION"})", "/quantized_layers", "is missing"},
      {R"({"quant_method": "modelopt"})", "/quant_algo", "is missing"},
      {R"({"quant_algo": "MIXED_PRECISION", "quantized_layers": {"a": {"quant_algo": "X"}}})",
       "/quantized_layers/a/quant_algo", "is not a known algorithm"},
      {R"({"quant_algo": "MIXED_PRECISION", "quantized_layers": {"a": 1}})", "/quantized_layers/a",
       "must be an object"},
      {R"({"quant_algo": "FP8", "kv_cache_quant_algo": "FP7"})", "/kv_cache_quant_algo",
       "is not a known format"},
      {R"({"quant_algo": "FP8", "kv_cache_scheme": {"num_bits": 3, "type": "float"}})",
       "/kv_cache_scheme/num_bits", "has no format here"},
      {R"({"quant_algo": "FP8", "exclude_modules": "lm_head"})", "/exclude_modules",
       "must be an array"},
      {R"({"quant_algo": "FP8", "exclude_modules": ["lm_head", 3]})", "/exclude_modules/1",
       "must be a string"},
      {one_group + R"({"num_bits": 3, "type": "int", "group_size": 128}}}})",
       "/config_groups/group_0/weights/group_size", "have no format here"},
      {one_group + R"({"num_bits": 4, "type": "int", "group_size": 64, "symmetric": false}}}})",
       "/config_groups/group_0/weights/group_size", "have no format here"},
      {one_group + R"({"num_bits": 4, "type": "complex"}}}})",
       "/config_groups/group_0/weights/num_bits", "have no format here"},
      {one_group + R"({"type": "int"}}}})", "/config_groups/group_0/weights/num_bits",
       "is missing"},
      {R"({"quant_method": "compressed-tensors"})", "/config_groups", "is missing"},
      {R"({"quant_method": "awq", "bits": 4, "group_size": 64})", "/group_size", "no format here"},
      {R"({"quant_method": "gptq", "bits": 3})", "/num_bits", "no format here"},
      {R"({"quant_method": "gptq"})", "/bits", "is missing"},
      {R"({"quant_method": "bitsandbytes"})", "/load_in_4bit", "must be one of"},
      {R"({"quant_method": "bitsandbytes", "load_in_4bit": true, "bnb_4bit_quant_type": "int3"})",
       "/bnb_4bit_quant_type", "must be fp4 or nf4"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    std::string pointer = "read";
    std::string rule;
    try {
      static_cast<void>(quantized("Llama-3.1-8B", r.text));
    } catch (const io::input_error& error) {
      CHECK(error.file() == "config.json");
      pointer = error.pointer();
      rule = error.rule();
    }
    CHECK(pointer == "/quantization_config" + std::string{r.pointer});
    CHECK_THAT(rule, test::contains(r.rule));
  }
}

TEST_CASE("changed members are refused or name formats") {
  const json possible[] = {
      nullptr,        -1,     0,    1e300, "x", true, json::array(),
      json::object(), "re:(", 4096, "FP8", 8,   "*",  json::array({"re:(a*)*b"})};
  for (const method_row& r : methods) {
    const json original = io::parse_json(r.text);
    for (const auto& [key, ignored] : original.items()) {
      for (const json& value : possible) {
        json changed = original;
        changed[key] = value;
        CAPTURE(r.text, key, value.dump());
        try {
          const io::hf_quantization q = quantized(r.model, changed.dump());
          CHECK(is_valid(q.config));
        } catch (const io::input_error& error) {
          CHECK(error.file() == "config.json");
          CHECK_FALSE(error.rule().empty());
        }
      }
    }
  }
}

TEST_CASE("the exact bytes of published checkpoints") {
  // gpt-oss-20b: experts in 4.25 bits, all else in 16. 24 layers, 32 experts of 3 * 2880 * 2880.
  const io::hf_quantization oss = quantized(
      "gpt-oss-20b", R"({"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]})");
  const std::int64_t experts = 24LL * 32 * 3 * 2880 * 2880;
  const model_config m = io::model_from_hf_config(document_of("gpt-oss-20b"));
  CHECK(weight_bytes(m, oss.config) == experts / 2 + experts / 32 + 2 * (20'914'757'184 - experts));
}

TEST_CASE("hf_quant_config.json beside config.json is read where config.json says nothing") {
  const test::scratch folder;
  const fs::path config = folder / "config.json";
  json document = document_of("Llama-3.1-8B");
  io::write_json_file(config, document);
  const model_config m = io::model_from_hf_config((folder / ""));
  CHECK_FALSE(io::quantization_from_hf_config((folder / ""), m));
  io::write_json_file(folder / "hf_quant_config.json",
                      json{{"quantization", {{"quant_algo", "FP8"}}}});
  CHECK(io::quantization_from_hf_config((folder / ""), m)->config.get_precision(op::q_proj) ==
        p::fp8_e4m3);
  CHECK(io::quantization_from_hf_config(config, m)->config.name == "modelopt FP8");
  document["quantization_config"] = {{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}};
  io::write_json_file(config, document);
  CHECK(io::quantization_from_hf_config((folder / ""), m)->config.get_precision(op::q_proj) ==
        p::fp8_e4m3_block128);
}

struct size_row {
  std::string_view file;
  double gigabytes;  // of the text part without the layers that predict further tokens
};
constexpr size_row sizes[] = {
    {"openai--gpt-oss-20b", 13.76},    // hub: 13.8 GB
    {"moonshotai--Kimi-K2.5", 594.2},  // hub: 595 GB with the vision tower
    {"deepseek-ai--DeepSeek-V3",
     673.2},  // hub: 688 GB with 14.7 of a layer that predicts further tokens
    {"deepseek-ai--DeepSeek-V4-Flash",
     155.93},  // hub: 159.6 GB with 3.7 of a layer that predicts further tokens
    {"Qwen--Qwen3-32B-FP8", 34.33},        // hub: 34.3 GB
    {"nvidia--Qwen3.6-27B-NVFP4", 20.13},  // summed, with the LM head in NVFP4 as its list says
};

TEST_CASE("published files name their formats") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const fs::path root{data != nullptr ? data : "../shared/data"};
  if (!fs::is_directory(root / "hf_configs")) {
    WARN("no hf_configs in " << root);
    return;
  }
  int read = 0;
  for (const auto& entry : fs::directory_iterator(root / "hf_configs")) {
    const fs::path& file = entry.path();
    std::optional<model_config> m;
    if (file.extension() == ".json") {
      try {
        m = io::model_from_hf_config(file);
      } catch (const io::input_error&) {
        continue;  // a model that is refused by name
      }
    }
    if (!m) {
      continue;
    }
    CAPTURE(file);
    std::optional<io::hf_quantization> own = io::quantization_from_hf_config(file, *m);
    const fs::path beside = root / "hf_quant_configs" / file.filename();
    if (fs::exists(beside)) {
      const json document =
          io::parse_json(detail::without_non_finite(io::read_text_file(file)), file.string());
      const auto listed = io::quantization_from_hf_quant_config(
          io::read_json_file(beside), *m, document["model_type"].get<std::string>());
      if (own && own->config.name == "fp8") {  // over FP8 blocks, of which the list says nothing
        CHECK(own->config.get_precision(op::expert_up) ==
              listed.config.get_precision(op::expert_up));
      } else if (own) {  // both files say the same of the weights
        CHECK(own->config.operator_precisions == listed.config.operator_precisions);
        CHECK(own->config.layer_overrides == listed.config.layer_overrides);
      }
      own = own ? own : listed;
    }
    if (own) {
      ++read;
      CHECK(is_valid(own->config));
      const std::int64_t bytes = weight_bytes(*m, own->config);
      CHECK(bytes < 2 * parameter_count(*m));
      CHECK(2 * bytes > parameter_count(*m));
      for (const size_row& row : sizes) {
        if (file.stem() == row.file) {
          CHECK(static_cast<double>(bytes) / 1e9 == Approx(row.gigabytes).epsilon(0.001));
        }
      }
    }
  }
  CHECK(read > 0);
}

}  // namespace

}  // namespace hf_quantization_test

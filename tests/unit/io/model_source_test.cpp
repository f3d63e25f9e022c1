// SPDX-License-Identifier: Apache-2.0
//
// Models by preset, config.json, folder and GGUF file; checkpoints beside them.
#include "quantroof/io/model_source.hpp"

#include <string>

#include "catch.hpp"
#include "checkpoint_bytes.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace model_source_test {

namespace {

using namespace quantroof;

constexpr std::string_view config =
    R"({"model_type":"llama","hidden_size":64,"num_hidden_layers":1,"num_attention_heads":2,"head_dim":32,
        "num_key_value_heads":1,"intermediate_size":128,"vocab_size":100,"torch_dtype":"bfloat16"})";

/// The tensors of that model in 16 bits, with `vocab` rows of embedding and head.
std::string tensors(std::size_t vocab) {
  std::string json = "{";
  std::size_t at = 0;
  const auto add = [&](std::string_view name, std::size_t rows, std::size_t cols) {
    const std::size_t bytes = 2 * rows * (cols > 0 ? cols : 1);
    json += (at > 0 ? ",\"" : "\"") + std::string{name} + R"(":{"dtype":"BF16","shape":[)" +
            std::to_string(rows) + (cols > 0 ? "," + std::to_string(cols) : "") +
            R"(],"data_offsets":[)" + std::to_string(at) + "," + std::to_string(at + bytes) + "]}";
    at += bytes;
  };
  add("model.embed_tokens.weight", vocab, 64);
  add("lm_head.weight", vocab, 64);
  add("model.norm.weight", 64, 0);
  const std::string layer = "model.layers.0.";
  add(layer + "input_layernorm.weight", 64, 0);
  add(layer + "post_attention_layernorm.weight", 64, 0);
  add(layer + "self_attn.q_proj.weight", 64, 64);
  add(layer + "self_attn.k_proj.weight", 32, 64);
  add(layer + "self_attn.v_proj.weight", 32, 64);
  add(layer + "self_attn.o_proj.weight", 64, 64);
  add(layer + "mlp.gate_proj.weight", 128, 64);
  add(layer + "mlp.up_proj.weight", 128, 64);
  add(layer + "mlp.down_proj.weight", 64, 128);
  return test::safetensors(json + "}", at);
}

TEST_CASE("a preset by its name, a folder by what lies in it") {
  CHECK(io::read_model("llama3_8b").model == models::llama3_8b);
  CHECK_THROWS_WITH(io::read_model("llama4000"), test::contains("llama3_8b"));

  const test::scratch folder;
  const std::string path = (folder / "").string();
  CHECK(test::error_of([&] { static_cast<void>(io::read_model(path)); }).rule() ==
        "has no model: neither config.json nor a .gguf file lies in it");
  static_cast<void>(folder.write("config.json", config));
  io::model_source s = io::read_model(path);
  CHECK(s.model.hidden_size == 64);
  CHECK_FALSE(s.formats);
  CHECK_FALSE(s.checkpoint);

  static_cast<void>(folder.write("model.safetensors", tensors(100)));
  s = io::read_model(path);
  REQUIRE(s.checkpoint);
  CHECK(s.notes.empty());
  CHECK(s.checkpoint->parameters == static_cast<std::uint64_t>(parameter_count(s.model)));
  CHECK(s.checkpoint->tensor_bytes == static_cast<std::uint64_t>(io::expected_weight_bytes(s)));
}

TEST_CASE("a checkpoint of another model than its config.json is told") {
  const test::scratch folder;
  static_cast<void>(folder.write("config.json", config));
  static_cast<void>(folder.write("model.safetensors", tensors(101)));
  const io::model_source s = io::read_model((folder / "").string());
  REQUIRE(s.notes.size() == 1);
  CHECK(s.notes[0] == "the tensors hold " + std::to_string(parameter_count(s.model) + 128) +
                          " parameters, the model has " + std::to_string(parameter_count(s.model)));
}

TEST_CASE("the formats that config.json names") {
  const test::scratch folder;
  std::string quantized{config};
  quantized.insert(1, R"("quantization_config":{"quant_method":"fp8"},)");
  const auto file = folder.write("config.json", quantized);
  const io::model_source s = io::read_model(file.string());
  REQUIRE(s.formats);
  CHECK(format_of(s.formats->get_precision(operator_type::q_proj)).kind == element_kind::fp8);
}

}  // namespace

}  // namespace model_source_test

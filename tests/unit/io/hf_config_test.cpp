// SPDX-License-Identifier: Apache-2.0
//
// Models from config.json files. Parameter counts and KV-cache sizes are the published ones, or the shapes multiplied out.
#include "quantroof/io/hf_config.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace {

using namespace quantroof;
namespace fs = std::filesystem;

model_config model_of(std::string_view text) {
  return io::model_from_hf_config(io::parse_json(text), "");
}

/// A config.json with the four sizes every checkpoint states, and more.
std::string config(std::string_view type, std::string_view more = "") {
  return R"({"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
             "intermediate_size": 14336, "vocab_size": 128256, "model_type": ")" +
         std::string{type} + "\"" + std::string{more} + "}";
}

TEST_CASE("Llama 3.1 8B is read from its file") {
  const model_config m =
      io::model_from_hf_config(fs::path{"examples/data/llama-3.1-8b/config.json"});
  model_config expected = models::llama3_8b;  // the shapes of 3 and 3.1 agree
  expected.name = "llama-3.1-8b";
  CHECK(m == expected);
  CHECK(parameter_count(m) == 8'030'261'248);  // published: 8.03 B
  CHECK(kv_elements_per_token(m) == 65'536);
  CHECK(io::model_from_hf_config(fs::path{"examples/data/llama-3.1-8b"}) == m);  // its folder
}

TEST_CASE("absent members take transformers' defaults") {
  CHECK(model_of(config("llama")).num_kv_heads == 32);
  CHECK(model_of(config("llama", R"(, "num_key_value_heads": null)")).num_kv_heads == 32);
  CHECK(model_of(config("mistral", R"(, "sliding_window": null)")).num_kv_heads == 8);
  CHECK(model_of(config("qwen2")).num_kv_heads == 32);
  CHECK(model_of(config("llama")).head_dim == 128);
  CHECK(model_of(config("llama", R"(, "head_dim": 96)")).head_dim == 96);
  CHECK(model_of(config("qwen3", R"(, "hidden_size_": 1)")).head_dim == 128);
  CHECK_FALSE(model_of(config("llama")).tie_word_embeddings);
  CHECK(model_of(config("llama", R"(, "tie_word_embeddings": true)")).tie_word_embeddings);
  CHECK(model_of(config("llama", R"(, "vocab_size_": 1)")).vocab_size == 128256);
  CHECK(model_of(config("llama")).name == "llama");
}

TEST_CASE("Qwen3 0.6B has heads of 128 and not hidden / heads") {
  const model_config m =
      model_of(R"({"model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28,
      "num_attention_heads": 16, "num_key_value_heads": 8, "intermediate_size": 3072, "vocab_size": 151936,
      "tie_word_embeddings": true, "use_sliding_window": false, "sliding_window": null})");
  CHECK(m.head_dim == 128);
  CHECK(m.qk_norm);
  CHECK(parameter_count(m) == 596'049'920);  // published: 0.6 B
  CHECK(kv_elements_per_token(m) == 57'344);
}

TEST_CASE("biases stand where the model has them") {
  const model_config qwen2 = model_of(config("qwen2"));
  CHECK(qwen2.qkv_bias);
  CHECK_FALSE(qwen2.o_bias);
  const model_config llama =
      model_of(config("llama", R"(, "attention_bias": true, "mlp_bias": true)"));
  CHECK(llama.qkv_bias);
  CHECK(llama.o_bias);
  CHECK(llama.ffn_bias);
  const model_config plain = model_of(config("llama"));
  CHECK_FALSE((plain.qkv_bias || plain.o_bias || plain.ffn_bias || plain.qk_norm));
  CHECK(model_of(config("qwen3", R"(, "attention_bias": true)")).o_bias);
  CHECK_FALSE(
      model_of(config("mistral", R"(, "sliding_window": null, "attention_bias": true)")).qkv_bias);
}

TEST_CASE(
    "a text_config inside a multimodal model is read, with class defaults for what it leaves out") {
  const model_config m = model_of(R"({"model_type": "llava", "tie_word_embeddings": true,
      "text_config": {"model_type": "llama", "vocab_size": 32064}, "vision_config": {"hidden_size": 1024}})");
  CHECK(m.hidden_size == 4096);
  CHECK(m.ffn_dim == 11008);
  CHECK(m.num_layers == 32);
  CHECK(m.vocab_size == 32064);
  CHECK(m.tie_word_embeddings);
  CHECK_FALSE(model_of(R"({"tie_word_embeddings": true,
      "text_config": {"model_type": "llama", "tie_word_embeddings": false}})")
                  .tie_word_embeddings);
}

TEST_CASE("the first architecture tells the type where model_type is absent") {
  std::string text = config("x");
  text.replace(text.find("\"model_type\": \"x\""), 17, R"("architectures": ["Qwen2ForCausalLM"])");
  CHECK(model_of(text).qkv_bias);
}

TEST_CASE("windows that are not in force do not matter") {
  CHECK(model_of(config("qwen2", R"(, "use_sliding_window": false, "sliding_window": 4096)"))
            .num_layers == 32);
  CHECK(model_of(config("qwen2", R"(, "use_sliding_window": true, "sliding_window": null)"))
            .num_layers == 32);
  CHECK(model_of(config("qwen2", R"(, "use_sliding_window": true, "max_window_layers": 32)"))
            .num_layers == 32);
  CHECK(
      model_of(config("mistral", R"(, "sliding_window": 32768, "max_position_embeddings": 32768)"))
          .num_layers == 32);
  CHECK(model_of(config("llama", R"(, "sliding_window": 4096)")).num_layers ==
        32);  // llama does not read it
  CHECK(model_of(config("qwen3", R"(, "layer_types": ["full_attention", "full_attention"])"))
            .num_layers == 32);
}

TEST_CASE("what the reader cannot say is refused by its place") {
  struct row {
    std::string text;
    const char* pointer;
    const char* rule;
  };
  const std::string none = R"({"model_type": "llama")";
  const row rows[] = {
      {"[]", "", "must be an object (config.json), not an array"},
      {"{}", "/model_type", "is missing; known: llama, mistral, qwen2, qwen3"},
      {config("mixtral"), "/model_type",
       "\"mixtral\" is not a known model type; known: llama, mistral, qwen2, qwen3"},
      {config("LLAMA"), "/model_type", "\"LLAMA\" is not a known model type"},
      {R"({"model_type": 7})", "/model_type", "must be a string, not a number"},
      {R"({"architectures": ["GPT2LMHeadModel"]})", "/model_type",
       "\"GPT2LMHeadModel\" is not a known model type"},
      {R"({"model_type": "llama", "text_config": {"model_type": "gemma3_text"}})",
       "/text_config/model_type", "\"gemma3_text\" is not"},
      {none + "}", "/hidden_size", "is missing"},
      {none + R"(, "hidden_size": null})", "/hidden_size", "is missing"},
      {none + R"(, "hidden_size": "4096"})", "/hidden_size",
       "must be a whole number, not a string"},
      {none + R"(, "hidden_size": [4096]})", "/hidden_size",
       "must be a whole number, not an array"},
      {none + R"(, "hidden_size": 4096.5})", "/hidden_size", "must be a whole number"},
      {none + R"(, "hidden_size": -4096})", "/hidden_size", "must not be negative"},
      {none + R"(, "hidden_size": 0})", "/hidden_size", "must be positive"},
      {none + R"(, "hidden_size": 99999999999999999999})", "/hidden_size", "is too large"},
      {none + R"(, "hidden_size": 16777217})", "/hidden_size", "is too large"},
      {none + R"(, "text_config": {"model_type": "llama", "num_hidden_layers": 65537}})",
       "/text_config/num_hidden_layers", "is too large"},
      {config("llama", R"(, "num_key_value_heads": 5)"), "/num_key_value_heads",
       "must be positive and divide"},
      {config("llama", R"(, "num_key_value_heads": 0)"), "/num_key_value_heads",
       "must be positive and divide"},
      {config("llama", R"(, "head_dim": 0)"), "/head_dim", "must be positive"},
      {config("llama", R"(, "head_dim": 65537)"), "/head_dim", "is too large"},
      {R"({"model_type": "llama", "hidden_size": 512, "num_hidden_layers": 1, "num_attention_heads": 512,
           "intermediate_size": 1, "vocab_size": 1, "head_dim": 65536})",
       "", "num_heads * head_dim must be at most 2^24"},
      {config("llama", R"(, "tie_word_embeddings": 1)"), "/tie_word_embeddings",
       "must be true or false"},
      {config("llama", R"(, "attention_bias": "no")"), "/attention_bias", "must be true or false"},
      {R"({"model_type": "llama", "hidden_size": 100, "num_hidden_layers": 1, "num_attention_heads": 3, "intermediate_size": 1, "vocab_size": 1})",
       "/hidden_size", "must be a multiple of num_attention_heads"},
      {config("mistral"), "/sliding_window",
       "a sliding window of 4096 is in force where this member is absent"},
      {config("mistral", R"(, "sliding_window": 4096)"), "/sliding_window",
       "a sliding window is in force"},
      {config("mistral", R"(, "sliding_window": 4096, "max_position_embeddings": 32768)"),
       "/sliding_window", "in force"},
      {config("qwen2", R"(, "use_sliding_window": true, "sliding_window": 4096)"),
       "/use_sliding_window", "in force"},
      {config("qwen3", R"(, "use_sliding_window": true)"), "/use_sliding_window", "in force"},
      {config("qwen2", R"(, "layer_types": ["full_attention", "sliding_attention"])"),
       "/layer_types", "only full_attention"},
      {config("qwen2", R"(, "layer_types": 3)"), "/layer_types", "must be an array"},
      {config("llama", R"(, "num_local_experts": 8)"), "/num_local_experts", "experts"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    std::string pointer = "accepted";
    std::string rule;
    try {
      static_cast<void>(io::model_from_hf_config(io::parse_json(r.text), "config.json"));
    } catch (const io::input_error& error) {
      CHECK(error.file() == "config.json");
      pointer = error.pointer();
      rule = error.rule();
    }
    CHECK(pointer == r.pointer);
    CHECK_THAT(rule, test::contains(r.rule));
  }
}

TEST_CASE("a model is named after its folder or file") {
  const auto name = [](std::string_view file) {
    return std::string{io::model_from_hf_config(io::parse_json(config("llama")), file).name.view()};
  };
  CHECK(name("models/llama-3.1-8b/config.json") == "llama-3.1-8b");
  CHECK(name("config.json") == "llama");
  CHECK(name("org--model-7b.json") == "org--model-7b");
  CHECK(name("m/" + std::string(100, 'x') + "/config.json") == std::string(64, 'x'));
}

TEST_CASE("published configs are read right or refused") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const fs::path folder = fs::path{data != nullptr ? data : "../shared/data"} / "hf_configs";
  if (!fs::is_directory(folder)) {
    WARN("no hf_configs in " << folder);
    return;
  }
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") {
      CAPTURE(entry.path());
      ++files;
      try {
        const model_config m = io::model_from_hf_config(entry.path());
        CHECK(is_valid(m));
      } catch (const io::input_error& error) {
        CHECK(error.file() == entry.path().string());
        CHECK_FALSE(error.rule().empty());
      }
    }
  }
  CHECK(files > 0);

  // config,model_type,total parameters,active parameters,KV elements per token,embeddings
  std::ifstream csv(folder / "derived_params.csv");
  std::string line;
  int compared = 0;
  while (std::getline(csv, line)) {
    std::string file;
    std::string type;
    std::string parameters;
    std::string active;
    std::string kv;
    std::istringstream row(line);
    std::getline(std::getline(std::getline(std::getline(std::getline(row, file, ','), type, ','),
                                           parameters, ','),
                              active, ','),
                 kv, ',');
    const auto known = [&](const detail::hf_family& f) { return f.model_type == type; };
    if (std::none_of(detail::hf_families.begin(), detail::hf_families.end(), known) ||
        file == "mistralai--Mistral-7B-v0.1") {
      continue;  // another model type, or a window in force
    }
    CAPTURE(line);
    const model_config m = io::model_from_hf_config(folder / (file + ".json"));
    CHECK(std::to_string(parameter_count(m)) == parameters);
    CHECK(std::to_string(kv_elements_per_token(m)) == kv);
    ++compared;
  }
  CHECK(compared > 0);
}

}  // namespace

// SPDX-License-Identifier: Apache-2.0
//
// Models from config.json files. Parameter counts and KV-cache sizes are the published ones, or the shapes multiplied out.
#include "quantroof/io/hf_config.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace hf_config_test {

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

TEST_CASE("windows in force are those of the upper layers or of all") {
  const model_config mistral = model_of(config("mistral"));
  CHECK(mistral.layers.size() == 1);
  CHECK(mistral.layers[0].attention->window == 4096);  // transformers' default where it is absent
  const model_config qwen =
      model_of(config("qwen2", R"(, "use_sliding_window": true, "sliding_window": 1024)"));
  CHECK(qwen.layers.size() == 2);
  CHECK(layer_kind(qwen, layer_kind_of(qwen, 27)).attention->window == 0);
  CHECK(layer_kind(qwen, layer_kind_of(qwen, 28)).attention->window == 1024);
  const model_config flat = model_of(config("qwen2"));
  CHECK(parameter_count(qwen) == parameter_count(flat));
  CHECK(kv_elements_per_token(qwen) == kv_elements_per_token(flat));
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
  CHECK_FALSE(lists_layers(model_of(config("qwen2", R"(, "use_sliding_window": false)"))));
  CHECK_FALSE(lists_layers(model_of(
      config("phi3", R"(, "sliding_window": 262144, "max_position_embeddings": 131072)"))));
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
      {"{}", "/model_type", "is missing; known: llama, mistral, qwen2, "},
      {config("bert"), "/model_type",
       "\"bert\" is not a known model type; known: llama, mistral, qwen2, "},
      {config("gemma3n"), "/model_type",
       "\"gemma3n\" is not read: embeddings for each layer are not modelled; known: llama"},
      {config("deepseek_v4"), "/head_dim", "is missing"},
      {config("LLAMA"), "/model_type", "\"LLAMA\" is not a known model type"},
      {R"({"model_type": 7})", "/model_type", "must be a string, not a number"},
      {R"({"architectures": ["BertModel"]})", "/model_type",
       "\"BertModel\" is not a known model type"},
      {R"({"model_type": "llama", "text_config": {"model_type": "bert"}})",
       "/text_config/model_type", "\"bert\" is not"},
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
      {config("qwen2", R"(, "layer_types": ["full_attention", "sliding_attention"])"),
       "/layer_types", "must have one entry for each layer"},
      {R"({"model_type": "qwen2", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 4,
           "intermediate_size": 64, "vocab_size": 8, "layer_types": ["full_attention", "sliding_attention"]})",
       "/layer_types/1", "slides, but no sliding window is in force"},
      {R"({"model_type": "qwen2", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 4,
           "intermediate_size": 64, "vocab_size": 8, "layer_types": ["full_attention", "linear"]})",
       "/layer_types/1", "\"linear\" is not known here; known: full_attention, sliding_attention"},
      {config("qwen2", R"(, "layer_types": 3)"), "/layer_types", "must be an array"},
      {config("llama", R"(, "num_local_experts": 8)"), "/num_local_experts", "has no experts"},
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

TEST_CASE("NaN and infinity, which Python writes, count as null") {
  CHECK(detail::without_non_finite(R"({"a": [0.0, Infinity], "b": -Infinity, "c": NaN})") ==
        R"({"a": [0.0, null], "b": null, "c": null})");
  CHECK(detail::without_non_finite(R"({"NaN": "Infinity", "x\\": NaN, "y\"NaN": 1})") ==
        R"({"NaN": "Infinity", "x\\": null, "y\"NaN": 1})");
  CHECK(detail::without_non_finite("\"\\") == "\"\\");
  CHECK(detail::without_non_finite("") == "");
}

// ---- Published files ---------------------------------------------------------------------------------------------------------

struct published_row {
  std::string_view part;   // of the file's name; the first row that fits counts
  double billions;         // as the model is called or its card says; 0: refused
  double active_billions;  // 0: not said
  double within = 0.02;    // of the total
};
constexpr published_row published[] = {
    {"DeepSeek-V4-Flash", 284, 13},
    {"DeepSeek-V4-Pro", 1600, 49},
    {"gpt-j-6b", 6.05, 0},
    {"SmolLM2-135M", 0.1345, 0},
    {"MiniMax-M2", 229, 10},
    {"MiniMax-M3", 428, 24},
    {"Qwen1.5-MoE-A2.7B", 14.3, 2.7},
    {"Qwen2-0.5B", 0.494, 0},
    {"Qwen2-1.5B", 1.54, 0},
    {"Qwen2.5-3B", 3.09, 0},
    {"Qwen2-7B", 7.62, 0},
    {"Qwen3-0.6B", 0.6, 0},
    {"Qwen3-1.7B", 1.72, 0},
    {"Qwen3-8B", 8.19, 0},
    {"Qwen3-32B", 32.8, 0},
    {"Qwen3-30B-A3B", 30.5, 3.3},
    {"Qwen3-235B-A22B", 235, 22},
    {"Qwen3-Coder-480B-A35B", 480, 35},
    {"Qwen3-VL-2B", 1.72, 0},  // the text part of 2.1
    {"Qwen3-VL-4B", 4.02, 0},
    {"Qwen3-VL-8B", 8.19, 0},
    {"Qwen3-VL-32B", 32.8, 0},
    {"Qwen3-VL-30B-A3B", 30.5, 3.3},
    {"Qwen3-VL-235B-A22B", 235, 22},
    {"Qwen3.5-27B", 27, 0},
    {"Qwen3.6-27B", 27, 0},
    {"Qwen3.5-35B-A3B", 35, 3},
    {"Qwen3.6-35B-A3B", 35, 3},
    {"Qwen3.5-122B-A10B", 122, 10},
    {"Qwen3.5-397B-A17B", 397, 17},
    {"TinyLlama-1.1B", 1.1, 0},
    {"MiMo-7B", 7.62, 0},
    {"MiMo-V2-Flash", 309, 15},
    {"OLMo-2-1124-7B", 7.3, 0},
    {"starcoder2", 7.17, 0},
    {"DeepSeek-R1", 671, 37},
    {"DeepSeek-V2-Lite", 15.7, 2.4},
    {"DeepSeek-V2", 236, 21},
    {"DeepSeek-V3", 671, 37},
    {"opt-125m", 0.125, 0},
    {"gemma-2-2b", 2.61, 0},
    {"gemma-2-9b", 9.24, 0},
    {"gemma-2-27b", 27.2, 0},
    {"gemma-2b", 2.51, 0},
    {"gemma-3-1b", 1.0, 0},
    {"gemma-3-27b", 3.89, 0},  // a test's file with 6 of its 62 layers
    {"emma-4-26B-A4B", 25.2, 3.8},
    {"emma-4-31B", 30.7, 0},
    {"Llama-2-7b", 6.74, 0},
    {"Llama-2-13b", 13.0, 0},
    {"Llama-2-70b", 69.0, 0},
    {"Llama-3-8B", 8.03, 0},
    {"Llama-3.1-8B", 8.03, 0},
    {"Llama-3.1-70B", 70.6, 0},
    {"Llama-3.2-1B", 1.24, 0},
    {"Llama-3.2-3B", 3.21, 0},
    {"Llama-4-Scout-17B", 108, 17},
    {"Llama-4-Maverick-17B", 400, 17},
    {"Nemotron-Super-49B", 49.9, 0},
    {"Phi-3", 3.82, 0},
    {"Phi-4-mini", 3.84, 0},
    {"phi-2", 2.78, 0},
    {"Mistral-7B", 7.24, 0},
    {"Mixtral-8x7B", 46.7, 12.9},
    {"Mixtral-8x22B", 141, 39},
    {"Kimi-K2", 1026, 32},
    {"Kimi-K3", 2780, 104},  // summed
    {"GLM-5", 744, 40},
    {"Nemotron-3-Nano-30B-A3B", 31.6, 3.2},
    {"Nemotron-3.5-Lightning-30B-A3B", 31.6, 3.2},
    {"Nemotron-3-Super-120B-A12B", 120.6, 12},
    {"Nemotron-3-Ultra-550B-A55B", 550, 55},
    {"Nemotron-H-56B", 56.3, 0},
    {"gpt-oss-20b", 20.9, 3.6},
    {"gpt-oss-120b", 116.8, 5.1},
    {"gpt2-medium", 0.355, 0},
    {"gpt2", 0.1244, 0},
    {"Step-3.7-Flash", 196, 11},
    {"falcon-7b", 6.92, 0},  // tied; 7.22 with a head of its own
};

/// The folder with published files, empty where it is not there.
fs::path published_folder() {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const fs::path folder = fs::path{data != nullptr ? data : "../shared/data"} / "hf_configs";
  if (!fs::is_directory(folder)) {
    WARN("no hf_configs in " << folder);
    return {};
  }
  return folder;
}

const published_row* row_of(std::string_view file) {
  for (const published_row& row : published) {
    if (file.find(row.part) != std::string_view::npos) {
      return &row;
    }
  }
  return nullptr;
}

TEST_CASE("published files have the parameters that their names say, or are refused by name") {
  const fs::path folder = published_folder();
  if (folder.empty()) {
    return;
  }
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") {
      continue;
    }
    CAPTURE(entry.path());
    ++files;
    const published_row* const row = row_of(entry.path().stem().string());
    std::optional<model_config> m;
    std::string rule;
    try {
      m = io::model_from_hf_config(entry.path());
    } catch (const io::input_error& error) {
      CHECK(error.file() == entry.path().string());
      rule = error.rule();
    }
    if (row == nullptr) {
      continue;  // a model this table does not know: read or refused, no more is claimed
    }
    if (row->billions == 0) {
      CHECK_THAT(rule, test::contains("is not read: "));
      continue;
    }
    REQUIRE(m);
    const double total = static_cast<double>(parameter_count(*m)) / 1e9;
    CHECK(total == Approx(row->billions).epsilon(row->within));
    if (row->active_billions > 0) {
      // Some cards count the embedding that a token only looks up, some do not.
      const double active = static_cast<double>(active_parameter_count(*m)) / 1e9;
      const double looked_up =
          m->tie_word_embeddings ? 0 : static_cast<double>(*m->vocab_size * m->hidden_size) / 1e9;
      CHECK((active == Approx(row->active_billions).epsilon(0.05) ||
             active + looked_up == Approx(row->active_billions).epsilon(0.05)));
    }
  }
  CHECK(files > 0);
}

TEST_CASE("parameters, active ones and cache agree with sums made elsewhere, to the unit") {
  const fs::path folder = published_folder();
  if (folder.empty()) {
    return;
  }
  // config,model_type,total parameters,active parameters,KV elements per token,embeddings
  std::ifstream csv(folder / "derived_params.csv");
  std::string line;
  int compared = 0;
  std::getline(csv, line);
  while (std::getline(csv, line)) {
    line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
    std::istringstream row(line);
    std::string field[6];
    for (std::string& f : field) {
      std::getline(row, f, ',');
    }
    CAPTURE(line);
    const model_config m = io::model_from_hf_config(folder / (field[0] + ".json"));
    CHECK(std::to_string(parameter_count(m)) == field[2]);
    CHECK(std::to_string(active_parameter_count(m)) == field[3]);
    CHECK(std::to_string(kv_elements_per_token(m)) == field[4]);
    CHECK(std::string{m.tie_word_embeddings ? "tied" : "untied"} == field[5]);
    ++compared;
  }
  CHECK(compared > 0);
}

}  // namespace

}  // namespace hf_config_test

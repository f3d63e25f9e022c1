// SPDX-License-Identifier: Apache-2.0
//
// One model of every family against its published size, and every member of each changed in every way that a file can be wrong.
#include "quantroof/io/hf_family.hpp"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "hf_snippets.hpp"
#include "quantroof/core.hpp"
#include "quantroof/io/hf_config.hpp"
#include "test_table.hpp"

namespace hf_family_test {

namespace {

using namespace quantroof;
using nlohmann::json;

TEST_CASE("models have their published numbers of parameters") {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    CAPTURE(s.name);
    const model_config m = io::model_from_hf_config(io::parse_json(s.json));
    CHECK(parameter_count(m) == s.parameters);
    CHECK(active_parameter_count(m) == s.active);
    CHECK(kv_elements_per_token(m) == s.kv_elements);
  }
}

// H 64, 4 heads of 16 (P 64). One KDA layer: (3 P + 16 + 4 + P) H + P H and vectors 2 H + 3 P 4 + 16 P + 4 + P + 16; the latent layer:
// (32 + 4 * 8) H + 4 * 12 * 32 + (16 + 4) H + 4 * 16 * 16 + 32 H and 2 H + 32 + 16; residuals 4 H a layer; dense 3 * 96 H; experts
// 8 H + 2 * 32 H + 8 * 3 * 24 * 32 + 3 * 48 H + 8 + 32; ends 2 * 128 H + H + 2 H.
static_assert((276 * 64 + 64 * 64 + 128 + 768 + 1024 + 84) * 3 +
                  (64 * 64 + 1536 + 20 * 64 + 1024 + 2048 + 176) + 4 * 256 + 18432 +
                  3 * (512 + 4096 + 18432 + 9216 + 40) + 16384 + 192 ==
              214'372);

TEST_CASE("every family has a model here") {
  std::set<std::string_view> seen;
  for (const test::hf_snippet& s : test::hf_snippets()) {
    seen.insert(detail::hf_family_of(detail::hf_reader<json>{io::parse_json(s.json)}).types[0]);
  }
  for (const auto& family : detail::hf_families<json>) {
    CAPTURE(family.types[0]);
    // the same builders with other defaults
    const bool twin = family.types[0] == "mimo" || family.types[0] == "olmo3" ||
                      family.types[0] == "qwen3_vl_moe_text" ||
                      family.types[0] == "qwen3_5_moe_text";
    CHECK((twin || seen.count(family.types[0]) == 1));
  }
}

TEST_CASE("no two families share a name") {
  std::set<std::string_view> types;
  std::set<std::string_view> architectures;
  for (const auto& family : detail::hf_families<json>) {
    for (const std::string_view type : family.types) {
      CHECK(types.insert(type).second);
    }
    for (const std::string_view architecture : family.architectures) {
      CHECK(architectures.insert(architecture).second);
    }
  }
  for (const detail::hf_unread& unread : detail::hf_unread_types) {
    CHECK(types.count(unread.type) == 0);
  }
}

// ---- Changed members ---------------------------------------------------------------------------------------------------------

enum class outcome : std::uint8_t { read, refused };

/// What becomes of a document: a model all of whose sizes can be told, or an error with a file and a reason.
outcome outcome_of(const json& document) {
  try {
    const model_config m = io::model_from_hf_config(document, "config.json");
    CHECK(is_valid(m));
    CHECK(parameter_count(m) > 0);
    CHECK(active_parameter_count(m) > 0);
    CHECK(active_parameter_count(m) <= parameter_count(m));
    CHECK(kv_elements_per_token(m) >= 0);
    return outcome::read;
  } catch (const io::input_error& error) {
    CHECK(error.file() == "config.json");
    CHECK_FALSE(error.rule().empty());
    return outcome::refused;
  }
}

/// Every place in a document that is not an array's element.
void add_places(const json& document, const json::json_pointer& here,
                std::vector<json::json_pointer>& places) {
  for (const auto& [key, value] : document.items()) {
    places.push_back(here / key);
    if (value.is_object()) {
      add_places(value, here / key, places);
    }
  }
}

TEST_CASE("a changed member is refused or makes a model that can be counted") {
  const json wrong_numbers[] = {-1,
                                1.5,
                                1e300,
                                std::int64_t{9223372036854775807},
                                "12",
                                json::array({1, 2}),
                                json::object({{"a", 1}})};
  const json wrong_lists[] = {-1,
                              "full_attention",
                              json::array(),
                              json::array({json::array()}),
                              json(std::vector<int>(100000, 1)),
                              json::object({{"a", 1}})};
  const json possible[] = {nullptr, 0, 1, 7, 65536, 16777216, true, false, ""};
  for (const test::hf_snippet& s : test::hf_snippets()) {
    const json document = io::parse_json(s.json);
    std::vector<json::json_pointer> places;
    add_places(document, json::json_pointer{}, places);
    for (const json::json_pointer& place : places) {
      const json& original = document.at(place);
      CAPTURE(s.name, place.to_string());
      const auto with = [&](const json& value) {
        json changed = document;
        changed[place] = value;
        CAPTURE(changed[place].dump().substr(0, 60));
        return outcome_of(changed);
      };
      if (original.is_number() || original.is_boolean()) {
        for (const json& wrong : wrong_numbers) {
          CHECK(with(wrong) == outcome::refused);
        }
      }
      if (original.is_array()) {
        for (const json& wrong : wrong_lists) {
          CAPTURE(wrong.dump().substr(0, 60));
          CHECK(with(wrong) == outcome::refused);
        }
        for (const json& entry : {json(-1), json("x"), json(1e300), json(nullptr)}) {
          json list = original;
          list.back() = entry;
          CHECK(with(list) == outcome::refused);
          list.push_back(original.back());
          CHECK(with(list) == outcome::refused);
        }
      }
      for (const json& value : possible) {
        with(value);
      }
      json without = document;
      without[place.parent_pointer()].erase(place.back());
      outcome_of(without);
    }
  }
}

TEST_CASE("an absurd number is not read as a large model") {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    json document = io::parse_json(s.json);
    json& text = document.contains("text_config") ? document["text_config"] : document;
    for (const std::string_view key : {"hidden_size", "n_embd", "vocab_size"}) {
      if (text.contains(std::string{key})) {
        CAPTURE(s.name, key);
        json changed = document;
        json& inner = changed.contains("text_config") ? changed["text_config"] : changed;
        inner[std::string{key}] = std::int64_t{1} << 40;
        CHECK(outcome_of(changed) == outcome::refused);
      }
    }
  }
}

TEST_CASE("members that contradict each other are refused at one of them") {
  struct row {
    std::string_view model;
    std::string_view patch;  // merged into the model's members
    std::string_view pointer;
    std::string_view rule;
  };
  const row rows[] = {
      {"Qwen3-30B-A3B", R"({"num_local_experts": 64})", "/num_local_experts",
       "contradicts num_experts"},
      {"Qwen3-30B-A3B", R"({"num_experts_per_tok": 129})", "/num_experts_per_tok",
       "must be at most the number of experts"},
      {"Qwen3-30B-A3B", R"({"mlp_only_layers": [48]})", "/mlp_only_layers/0", "is too large"},
      {"Qwen3-30B-A3B", R"({"layer_types": ["full_attention"]})", "/layer_types",
       "must have one entry for each layer"},
      {"gpt2", R"({"n_head": 11})", "/hidden_size", "must be a multiple of num_attention_heads"},
      {"falcon-7b", R"({"num_attention_heads": 70})", "/hidden_size", "must be a multiple"},
      {"opt-125m", R"({"word_embed_proj_dim": 512})", "/word_embed_proj_dim", "not modelled"},
      {"opt-125m", R"({"do_layer_norm_before": false})", "/do_layer_norm_before", "not modelled"},
      {"phi-2", R"({"qk_layernorm": true})", "/qk_layernorm", "not modelled"},
      {"gpt-oss-20b", R"({"layer_types": 7})", "/layer_types", "must be an array"},
      {"DeepSeek-V3", R"({"index_topk": 2048})", "/index_topk", "has no index"},
      {"DeepSeek-V4-Flash", R"({"compress_ratios": [4]})", "/compress_ratios",
       "must have one entry for each layer"},
      {"DeepSeek-V4-Flash", R"({"num_hidden_layers": 2, "compress_ratios": [4, 7, 0]})",
       "/compress_ratios/1", "must be 0, 4 or 128"},
      {"DeepSeek-V4-Flash", R"({"compress_ratios": null})", "/compress_ratios",
       "is missing, and layer_types too"},
      {"DeepSeek-V4-Flash", R"({"num_key_value_heads": 8})", "/num_key_value_heads", "must be 1"},
      {"DeepSeek-V4-Flash", R"({"attention_bias": true})", "/attention_bias", "has no biases"},
      {"DeepSeek-V4-Flash", R"({"o_groups": 7})", "/o_groups", "must divide num_attention_heads"},
      {"DeepSeek-V4-Flash", R"({"hc_mult": 1})", "/hc_mult", "must be at least 2"},
      {"DeepSeek-V4-Flash", R"({"qk_rope_head_dim": 513})", "/qk_rope_head_dim",
       "must be at most head_dim"},
      {"DeepSeek-V4-Flash", R"({"index_topk": null})", "/index_topk", "is missing"},
      {"DeepSeek-V4-Pro", R"({"partial_rotary_factor": 1.5})", "/partial_rotary_factor",
       "must be in [0, 1]"},
      {"DeepSeek-V4-Pro", R"({"compress_rates": {"compressed_sparse_attention": 8}})",
       "/compress_rates", "must be 4"},
      {"GLM-5.2", R"({"qk_head_dim": 192})", "/qk_head_dim", "contradicts qk_nope_head_dim"},
      {"GLM-5.2", R"({"index_topk_pattern": "FSSF"})", "/index_topk_pattern", "indexer_types is"},
      {"Nemotron-3-Nano-30B-A3B", R"({"num_hidden_layers": 51})", "/num_hidden_layers",
       "contradicts the list of layers"},
      {"Nemotron-3-Nano-30B-A3B", R"({"hybrid_override_pattern": "MX"})",
       "/hybrid_override_pattern", "not one of M, *, -, E"},
      {"Kimi-Linear-48B-A3B", R"({"linear_attn_config": {"kda_layers": [1]}})",
       "/linear_attn_config/kda_layers", "must name each layer once"},
      {"MiniMax-M3", R"({"sparse_attention_config": {"sparse_disable_index_value": null}})",
       "/sparse_attention_config/sparse_disable_index_value", "not modelled"},
      {"gemma-4-26B-A4B", R"({"text_config": {"num_kv_shared_layers": 10}})",
       "/text_config/num_kv_shared_layers", "not modelled"},
      {"gemma-4-26B-A4B", R"({"text_config": {"hidden_size_per_layer_input": 256}})",
       "/text_config/hidden_size_per_layer_input", "not modelled"},
      {"gemma-3-27b", R"({"text_config": {"num_experts": 4}})", "/text_config/num_experts",
       "has no experts"},
  };
  for (const row& r : rows) {
    CAPTURE(r.model, r.patch);
    json document;
    for (const test::hf_snippet& s : test::hf_snippets()) {
      if (s.name == r.model) {
        document = io::parse_json(s.json);
      }
    }
    const json patch = io::parse_json(r.patch);
    const auto merge = [](auto& self, json& into, const json& from) -> void {
      for (const auto& [key, value] : from.items()) {
        if (value.is_object()) {
          self(self, into[key], value);
        } else {
          into[key] = value;
        }
      }
    };
    merge(merge, document, patch);
    std::string pointer = "read";
    std::string rule;
    try {
      static_cast<void>(io::model_from_hf_config(document, "config.json"));
    } catch (const io::input_error& error) {
      pointer = error.pointer();
      rule = error.rule();
    }
    CHECK(pointer == r.pointer);
    CHECK_THAT(rule, test::contains(std::string{r.rule}));
  }
}

// ---- Layers ------------------------------------------------------------------------------------------------------------------

model_config model_called(std::string_view name) {
  for (const test::hf_snippet& s : test::hf_snippets()) {
    if (s.name == name) {
      return io::model_from_hf_config(io::parse_json(s.json));
    }
  }
  throw domain_error("no such snippet");
}
layer_shape layer_of(const model_config& m, std::int64_t layer) {
  return layer_kind(m, layer_kind_of(m, layer));
}

TEST_CASE("windows stand in the layers that slide") {
  const model_config gemma2 = model_called("gemma-2-27b");
  CHECK(layer_of(gemma2, 0).attention->window == 4096);
  CHECK(layer_of(gemma2, 1).attention->window == 0);
  const model_config gemma3 = model_called("gemma-3-1b");
  for (std::int64_t i = 0; i < 26; ++i) {
    CHECK(layer_of(gemma3, i).attention->window == ((i + 1) % 6 == 0 ? 0 : 512));
  }
  const model_config oss = model_called("gpt-oss-20b");
  CHECK(layer_of(oss, 0).attention->window == 128);
  CHECK(layer_of(oss, 23).attention->window == 0);
  CHECK(layer_of(model_called("Mistral-7B-v0.1"), 31).attention->window == 4096);
  const model_config llama4 = model_called("Llama-4-Scout");
  CHECK(layer_of(llama4, 2).attention->window == 8192);
  CHECK(layer_of(llama4, 3).attention->window == 0);
  // Windows cap the cache: 13 layers of 4096 and 13 of 8192 tokens, 2 * 4 heads * 256 each.
  CHECK(kv_cache_bytes(gemma3, precision::fp16, 8192) == 2 * 512 * (22 * 512 + 4 * 8192));
}

TEST_CASE("experts, latents, states and indexes stand where the files say") {
  const model_config v3 = model_called("DeepSeek-V3");
  CHECK(layer_of(v3, 2).ffn);
  CHECK_FALSE(layer_of(v3, 2).experts);
  CHECK(layer_of(v3, 3).experts->top_k == 8);
  CHECK(layer_of(v3, 3).experts->shared_dim == 2048);
  CHECK_FALSE(layer_of(v3, 3).index);
  const model_config glm = model_called("GLM-5.2");
  for (std::int64_t i = 0; i < 78; ++i) {
    CHECK(layer_of(glm, i).index.has_value() == (i < 3 || (i - 2) % 4 == 0));
    CHECK(layer_of(glm, i).latent->selected == 2048);
  }
  const model_config v4 = model_called("DeepSeek-V4-Flash");
  for (std::int64_t i = 0; i < 43; ++i) {
    const compressed_attention a = *layer_of(v4, i).compressed;
    CHECK(a.window == 128);
    CHECK(a.ratio == (i < 2 ? 0 : i % 2 == 0 ? 4 : 128));
    CHECK(a.overlap == (a.ratio == 4));
    CHECK(a.selected == (a.ratio == 4 ? 512 : 0));
    CHECK(layer_of(v4, i).index.has_value() == (a.ratio == 4));
    CHECK(layer_of(v4, i).experts->top_k == 6);
    CHECK(layer_of(v4, i).streams == 4);
  }
  const model_config m3 = model_called("MiniMax-M3");
  CHECK(layer_of(m3, 0).attention->selected == 0);
  CHECK(layer_of(m3, 3).attention->selected == 2048);
  const model_config qwen = model_called("Qwen3.5-27B");
  CHECK(layer_of(qwen, 0).linear->state == 48 * 128 * 128);
  CHECK(layer_of(qwen, 3).attention->output_gate);
  const model_config nemotron = model_called("Nemotron-3-Nano-30B-A3B");
  CHECK(layer_of(nemotron, 0).linear);
  CHECK(layer_of(nemotron, 1).experts);
  CHECK(layer_of(nemotron, 5).attention->num_kv_heads == 2);
  const model_config gemma4 = model_called("gemma-4-26B-A4B");
  CHECK(layer_of(gemma4, 5).attention->v_is_k);
  CHECK(layer_of(gemma4, 5).attention->head_dim == 512);
  CHECK(layer_of(gemma4, 0).ffn);
  CHECK(layer_of(gemma4, 0).experts);
  CHECK(layer_of(model_called("OLMo-2-7B"), 0).attention->qk_norm_over_heads);
  CHECK(layer_of(model_called("MiniMax-M2.5"), 0).attention->qk_norm_over_heads);
  CHECK_FALSE(layer_of(m3, 0).attention->qk_norm_over_heads);
}

TEST_CASE("presets are what their files say") {
  struct row {
    std::string_view file;
    std::string_view preset;
  };
  const row rows[] = {
      {"Llama-3.1-8B", "llama3_8b"},
      {"Llama-3.2-1B", "llama3_2_1b"},
      {"Qwen3-0.6B", "qwen3_0_6b"},
      {"phi-4", "phi4"},
      {"gemma-2-27b", "gemma2_27b"},
      {"gemma-3-27b", "gemma3_27b"},
      {"Mixtral-8x7B", "mixtral_8x7b"},
      {"Qwen3-30B-A3B", "qwen3_30b_a3b"},
      {"gpt-oss-20b", "gpt_oss_20b"},
      {"gpt-oss-120b", "gpt_oss_120b"},
      {"DeepSeek-V3", "deepseek_v3"},
      {"Kimi-K2.5", "kimi_k2"},
      {"DeepSeek-V4-Flash", "deepseek_v4_flash"},
      {"DeepSeek-V4-Pro", "deepseek_v4_pro"},
  };
  for (const row& r : rows) {
    CAPTURE(r.preset);
    model_config read = model_called(r.file);
    read.name = r.preset;
    CHECK(read == get_model(r.preset));
  }
}

TEST_CASE("dense models without windows stay in the flat form") {
  for (const std::string_view name :
       {"Llama-3.1-8B", "Qwen2-0.5B", "Qwen3-0.6B", "phi-4", "gemma-2b"}) {
    CHECK_FALSE(lists_layers(model_called(name)));
  }
}

}  // namespace

}  // namespace hf_family_test

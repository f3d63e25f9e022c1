// SPDX-License-Identifier: Apache-2.0
//
// The preset models against counts that do not come from this library.
#include "quantroof/model/presets.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace {

using namespace quantroof;

struct preset_row {
  std::string_view name;
  std::int64_t parameters;
  std::int64_t kv_elements_per_token;
  double published_billions;  // as the model's card rounds it
};
// Parameters and KV elements: summed over the tensors that each published config.json implies, outside this library.
constexpr preset_row presets[] = {
    {"llama3_8b", 8'030'261'248, 65'536, 8.03},       // meta-llama/Meta-Llama-3-8B
    {"llama3_70b", 70'553'706'496, 163'840, 70.6},    // meta-llama/Meta-Llama-3-70B
    {"mistral_7b_v03", 7'248'023'552, 65'536, 7.25},  // mistralai/Mistral-7B-v0.3
    {"qwen2_7b", 7'615'616'512, 28'672, 7.62},        // Qwen/Qwen2-7B
    {"qwen3_8b", 8'190'735'360, 73'728, 8.19},        // Qwen/Qwen3-8B
};
static_assert(std::size(presets) == models::all.size(), "every preset has a row");

constexpr auto agrees = [](const preset_row& r) {
  const model_config& m = get_model(r.name);
  const double billions = static_cast<double>(parameter_count(m)) / 1e9;
  return is_valid(m) && m.name == r.name && parameter_count(m) == r.parameters &&
         kv_elements_per_token(m) == r.kv_elements_per_token &&
         detail::abs(billions - r.published_billions) < 0.05;
};
static_assert(test::first_failure(presets, agrees) == -1);

TEST_CASE("presets have the published number of parameters") {
  for (const preset_row& r : test::at_run_time(presets)) {
    CAPTURE(r.name);
    CHECK(agrees(r));
    CHECK(find_model(r.name) != nullptr);
  }
}

// Models that are no presets, for the switches no preset has: published config.json fields, counts as above.
struct other_row {
  model_config model;
  std::int64_t parameters;
};
constexpr other_row others[] = {
    {{.name = "Qwen/Qwen3-0.6B",
      .hidden_size = 1024,
      .num_layers = 28,
      .num_heads = 16,
      .num_kv_heads = 8,
      .head_dim = 128,
      .ffn_dim = 3072,
      .vocab_size = 151936,
      .tie_word_embeddings = true,
      .qk_norm = true},
     596'049'920},
    {{.name = "Qwen/Qwen2-0.5B",
      .hidden_size = 896,
      .num_layers = 24,
      .num_heads = 14,
      .num_kv_heads = 2,
      .head_dim = 64,
      .ffn_dim = 4864,
      .vocab_size = 151936,
      .tie_word_embeddings = true,
      .qkv_bias = true},
     494'032'768},
    {{.name = "HuggingFaceTB/SmolLM2-135M",
      .hidden_size = 576,
      .num_layers = 30,
      .num_heads = 9,
      .num_kv_heads = 3,
      .head_dim = 64,
      .ffn_dim = 1536,
      .vocab_size = 49152,
      .tie_word_embeddings = true},
     134'515'008},
    {{.name = "TinyLlama/TinyLlama-1.1B",
      .hidden_size = 2048,
      .num_layers = 22,
      .num_heads = 32,
      .num_kv_heads = 4,
      .head_dim = 64,
      .ffn_dim = 5632,
      .vocab_size = 32000},
     1'100'048'384},
};
constexpr auto counted = [](const other_row& r) {
  return parameter_count(r.model) == r.parameters;
};
static_assert(test::first_failure(others, counted) == -1);

TEST_CASE("small models with tied embeddings count them once") {
  for (const other_row& r : test::at_run_time(others)) {
    CAPTURE(r.model.name.view());
    CHECK(counted(r));
  }
}

TEST_CASE("an unknown model is refused with the list of the known ones") {
  CHECK(find_model("llama4") == nullptr);
  CHECK(find_model("") == nullptr);
  REQUIRE_THROWS_WITH(get_model("llama4"),
                      test::contains("get_model: unknown name \"llama4\"; known: llama3_8b, "
                                     "llama3_70b, mistral_7b_v03, qwen2_7b, qwen3_8b"));
}

TEST_CASE("no two presets share a name") {
  for (std::size_t i = 0; i < models::all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CHECK_FALSE(models::all[i].name == models::all[j].name);
    }
  }
}

}  // namespace

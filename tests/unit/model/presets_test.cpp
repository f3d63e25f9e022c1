// SPDX-License-Identifier: Apache-2.0
//
// The preset models against counts that do not come from this library.
#include "quantroof/model/presets.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace presets_test {

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
    {"llama3_8b", 8'030'261'248, 65'536, 8.03},        // meta-llama/Meta-Llama-3-8B
    {"llama3_70b", 70'553'706'496, 163'840, 70.6},     // meta-llama/Meta-Llama-3-70B
    {"llama3_1_405b", 405'853'388'800, 258'048, 406},  // meta-llama/Llama-3.1-405B
    {"llama3_2_1b", 1'235'814'400, 16'384, 1.24},      // meta-llama/Llama-3.2-1B
    {"llama3_2_3b", 3'212'749'824, 57'344, 3.21},      // meta-llama/Llama-3.2-3B
    {"mistral_7b_v03", 7'248'023'552, 65'536, 7.25},   // mistralai/Mistral-7B-v0.3
    {"mistral_small_24b", 23'572'403'200, 81'920,
     23.6},                                          // mistralai/Mistral-Small-24B-Instruct-2501
    {"qwen2_7b", 7'615'616'512, 28'672, 7.62},       // Qwen/Qwen2-7B
    {"qwen2_5_72b", 72'706'203'648, 163'840, 72.7},  // Qwen/Qwen2.5-72B
    {"qwen3_0_6b", 596'049'920, 57'344, 0.6},        // Qwen/Qwen3-0.6B
    {"qwen3_1_7b", 1'720'574'976, 57'344, 1.7},      // Qwen/Qwen3-1.7B
    {"qwen3_4b", 4'022'468'096, 73'728, 4.0},        // Qwen/Qwen3-4B
    {"qwen3_8b", 8'190'735'360, 73'728, 8.19},       // Qwen/Qwen3-8B
    {"qwen3_14b", 14'768'307'200, 81'920, 14.8},     // Qwen/Qwen3-14B
    {"qwen3_32b", 32'762'123'264, 131'072, 32.8},    // Qwen/Qwen3-32B
    {"phi4", 14'659'507'200, 102'400, 14.7},         // microsoft/phi-4
    {"gemma2_9b", 9'241'705'984, 172'032, 9.24},     // google/gemma-2-9b
    {"gemma2_27b", 27'227'128'320, 188'416, 27.2},   // google/gemma-2-27b
    {"gemma3_27b", 27'009'346'304, 253'952,
     27.0},  // google/gemma-3-27b-it, 27.4 with the vision tower
    {"mixtral_8x7b", 46'702'792'704, 65'536, 46.7},     // mistralai/Mixtral-8x7B-v0.1
    {"qwen3_30b_a3b", 30'532'122'624, 49'152, 30.5},    // Qwen/Qwen3-30B-A3B
    {"qwen3_235b_a22b", 235'093'634'560, 96'256, 235},  // Qwen/Qwen3-235B-A22B
    {"gpt_oss_20b", 20'914'757'184, 24'576, 20.9},      // openai/gpt-oss-20b
    {"gpt_oss_120b", 116'829'156'672, 36'864, 116.8},   // openai/gpt-oss-120b
    {"deepseek_v3", 671'026'419'200, 35'136, 671},      // deepseek-ai/DeepSeek-V3
    {"kimi_k2", 1'026'408'232'448, 35'136, 1026},       // moonshotai/Kimi-K2-Instruct, 1 T
    {"deepseek_v4_flash", 284'332'240'471, 2 * 512 + 21 * 128 + 20 * 4,
     284},  // deepseek-ai/DeepSeek-V4-Flash
    {"deepseek_v4_pro", 1'572'997'201'763, 30 * 128 + 31 * 4,
     1573},  // deepseek-ai/DeepSeek-V4-Pro, 1.6 T
};
static_assert(std::size(presets) == models::all.size(), "every preset has a row");

constexpr auto agrees = [](const preset_row& r) {
  const model_config& m = get_model(r.name);
  const double billions = static_cast<double>(parameter_count(m)) / 1e9;
  return is_valid(m) && m.name == r.name && parameter_count(m) == r.parameters &&
         kv_elements_per_token(m) == r.kv_elements_per_token &&
         detail::abs(billions - r.published_billions) < 0.05 + 0.002 * r.published_billions;
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
                                     "llama3_70b, llama3_1_405b, llama3_2_1b, "));
}

TEST_CASE("no two presets share a name") {
  for (std::size_t i = 0; i < models::all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CHECK_FALSE(models::all[i].name == models::all[j].name);
    }
  }
}

}  // namespace

}  // namespace presets_test

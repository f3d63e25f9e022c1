// SPDX-License-Identifier: Apache-2.0
//
// Well-known models as constants. Shapes are the published config.json fields; each entry is checked against its parameter count.
#pragma once

#include <array>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/preset_layers.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace models {

// meta-llama/Meta-Llama-3-8B config.json (published; 3.1 has the same shapes); the specification's example model.
inline constexpr model_config llama3_8b{.name = "llama3_8b",
                                        .hidden_size = 4096,
                                        .num_layers = 32,
                                        .num_heads = 32,
                                        .num_kv_heads = 8,
                                        .head_dim = 128,
                                        .ffn_dim = 14336,
                                        .vocab_size = 128256};
static_assert(parameter_count(llama3_8b) == 8'030'261'248);  // published: 8.03 B

// meta-llama/Meta-Llama-3-70B config.json (published; 3.1 and 3.3 have the same shapes).
inline constexpr model_config llama3_70b{.name = "llama3_70b",
                                         .hidden_size = 8192,
                                         .num_layers = 80,
                                         .num_heads = 64,
                                         .num_kv_heads = 8,
                                         .head_dim = 128,
                                         .ffn_dim = 28672,
                                         .vocab_size = 128256};
static_assert(parameter_count(llama3_70b) == 70'553'706'496);  // published: 70.6 B

// meta-llama/Llama-3.1-405B config.json (published).
inline constexpr model_config llama3_1_405b{.name = "llama3_1_405b",
                                            .hidden_size = 16384,
                                            .num_layers = 126,
                                            .num_heads = 128,
                                            .num_kv_heads = 8,
                                            .head_dim = 128,
                                            .ffn_dim = 53248,
                                            .vocab_size = 128256};
static_assert(parameter_count(llama3_1_405b) == 405'853'388'800);  // published: 406 B

// meta-llama/Llama-3.2-1B config.json (published).
inline constexpr model_config llama3_2_1b{.name = "llama3_2_1b",
                                          .hidden_size = 2048,
                                          .num_layers = 16,
                                          .num_heads = 32,
                                          .num_kv_heads = 8,
                                          .head_dim = 64,
                                          .ffn_dim = 8192,
                                          .vocab_size = 128256,
                                          .tie_word_embeddings = true};
static_assert(parameter_count(llama3_2_1b) == 1'235'814'400);  // published: 1.24 B

// meta-llama/Llama-3.2-3B config.json (published).
inline constexpr model_config llama3_2_3b{.name = "llama3_2_3b",
                                          .hidden_size = 3072,
                                          .num_layers = 28,
                                          .num_heads = 24,
                                          .num_kv_heads = 8,
                                          .head_dim = 128,
                                          .ffn_dim = 8192,
                                          .vocab_size = 128256,
                                          .tie_word_embeddings = true};
static_assert(parameter_count(llama3_2_3b) == 3'212'749'824);  // published: 3.21 B

// mistralai/Mistral-7B-v0.3 config.json (published; no sliding window).
inline constexpr model_config mistral_7b_v03{.name = "mistral_7b_v03",
                                             .hidden_size = 4096,
                                             .num_layers = 32,
                                             .num_heads = 32,
                                             .num_kv_heads = 8,
                                             .head_dim = 128,
                                             .ffn_dim = 14336,
                                             .vocab_size = 32768};
static_assert(parameter_count(mistral_7b_v03) == 7'248'023'552);  // published: 7.25 B

// mistralai/Mistral-Small-24B-Instruct-2501 config.json (published).
inline constexpr model_config mistral_small_24b{.name = "mistral_small_24b",
                                                .hidden_size = 5120,
                                                .num_layers = 40,
                                                .num_heads = 32,
                                                .num_kv_heads = 8,
                                                .head_dim = 128,
                                                .ffn_dim = 32768,
                                                .vocab_size = 131072};
static_assert(parameter_count(mistral_small_24b) == 23'572'403'200);  // published: 23.6 B

// Qwen/Qwen2-7B config.json (published; 2.5 has the same shapes).
inline constexpr model_config qwen2_7b{.name = "qwen2_7b",
                                       .hidden_size = 3584,
                                       .num_layers = 28,
                                       .num_heads = 28,
                                       .num_kv_heads = 4,
                                       .head_dim = 128,
                                       .ffn_dim = 18944,
                                       .vocab_size = 152064,
                                       .qkv_bias = true};
static_assert(parameter_count(qwen2_7b) == 7'615'616'512);  // published: 7.62 B

// Qwen/Qwen2.5-72B config.json (published).
inline constexpr model_config qwen2_5_72b{.name = "qwen2_5_72b",
                                          .hidden_size = 8192,
                                          .num_layers = 80,
                                          .num_heads = 64,
                                          .num_kv_heads = 8,
                                          .head_dim = 128,
                                          .ffn_dim = 29568,
                                          .vocab_size = 152064,
                                          .qkv_bias = true};
static_assert(parameter_count(qwen2_5_72b) == 72'706'203'648);  // published: 72.7 B

// Qwen/Qwen3-0.6B config.json (published).
inline constexpr model_config qwen3_0_6b{.name = "qwen3_0_6b",
                                         .hidden_size = 1024,
                                         .num_layers = 28,
                                         .num_heads = 16,
                                         .num_kv_heads = 8,
                                         .head_dim = 128,
                                         .ffn_dim = 3072,
                                         .vocab_size = 151936,
                                         .tie_word_embeddings = true,
                                         .qk_norm = true};
static_assert(parameter_count(qwen3_0_6b) == 596'049'920);  // published: 0.6 B

// Qwen/Qwen3-1.7B config.json (published).
inline constexpr model_config qwen3_1_7b{.name = "qwen3_1_7b",
                                         .hidden_size = 2048,
                                         .num_layers = 28,
                                         .num_heads = 16,
                                         .num_kv_heads = 8,
                                         .head_dim = 128,
                                         .ffn_dim = 6144,
                                         .vocab_size = 151936,
                                         .tie_word_embeddings = true,
                                         .qk_norm = true};
static_assert(parameter_count(qwen3_1_7b) == 1'720'574'976);  // published: 1.7 B

// Qwen/Qwen3-4B config.json (published).
inline constexpr model_config qwen3_4b{.name = "qwen3_4b",
                                       .hidden_size = 2560,
                                       .num_layers = 36,
                                       .num_heads = 32,
                                       .num_kv_heads = 8,
                                       .head_dim = 128,
                                       .ffn_dim = 9728,
                                       .vocab_size = 151936,
                                       .tie_word_embeddings = true,
                                       .qk_norm = true};
static_assert(parameter_count(qwen3_4b) == 4'022'468'096);  // published: 4.0 B

// Qwen/Qwen3-8B config.json (published).
inline constexpr model_config qwen3_8b{.name = "qwen3_8b",
                                       .hidden_size = 4096,
                                       .num_layers = 36,
                                       .num_heads = 32,
                                       .num_kv_heads = 8,
                                       .head_dim = 128,
                                       .ffn_dim = 12288,
                                       .vocab_size = 151936,
                                       .qk_norm = true};
static_assert(parameter_count(qwen3_8b) == 8'190'735'360);  // published: 8.19 B

// Qwen/Qwen3-14B config.json (published).
inline constexpr model_config qwen3_14b{.name = "qwen3_14b",
                                        .hidden_size = 5120,
                                        .num_layers = 40,
                                        .num_heads = 40,
                                        .num_kv_heads = 8,
                                        .head_dim = 128,
                                        .ffn_dim = 17408,
                                        .vocab_size = 151936,
                                        .qk_norm = true};
static_assert(parameter_count(qwen3_14b) == 14'768'307'200);  // published: 14.8 B

// Qwen/Qwen3-32B config.json (published).
inline constexpr model_config qwen3_32b{.name = "qwen3_32b",
                                        .hidden_size = 5120,
                                        .num_layers = 64,
                                        .num_heads = 64,
                                        .num_kv_heads = 8,
                                        .head_dim = 128,
                                        .ffn_dim = 25600,
                                        .vocab_size = 151936,
                                        .qk_norm = true};
static_assert(parameter_count(qwen3_32b) == 32'762'123'264);  // published: 32.8 B

// microsoft/phi-4 config.json (published).
inline constexpr model_config phi4{.name = "phi4",
                                   .hidden_size = 5120,
                                   .num_layers = 40,
                                   .num_heads = 40,
                                   .num_kv_heads = 10,
                                   .head_dim = 128,
                                   .ffn_dim = 17920,
                                   .vocab_size = 100352};
static_assert(parameter_count(phi4) == 14'659'507'200);  // published: 14.7 B

// google/gemma-2-9b config.json (published).
inline constexpr attention_block gemma2_9b_attention{
    .num_heads = 16, .num_kv_heads = 8, .head_dim = 256};
inline constexpr model_config gemma2_9b{
    .name = "gemma2_9b",
    .hidden_size = 3584,
    .num_layers = 42,
    .vocab_size = 256000,
    .tie_word_embeddings = true,
    .layers = {dense_layer(windowed(gemma2_9b_attention, 4096), 3584, 14336, 4),
               dense_layer(gemma2_9b_attention, 3584, 14336, 4)},
    .layer_pattern = {0, 1}};
static_assert(parameter_count(gemma2_9b) == 9'241'705'984);  // published: 9.24 B

// google/gemma-2-27b config.json (published).
inline constexpr attention_block gemma2_27b_attention{
    .num_heads = 32, .num_kv_heads = 16, .head_dim = 128};
inline constexpr model_config gemma2_27b{
    .name = "gemma2_27b",
    .hidden_size = 4608,
    .num_layers = 46,
    .vocab_size = 256000,
    .tie_word_embeddings = true,
    .layers = {dense_layer(windowed(gemma2_27b_attention, 4096), 4608, 36864, 4),
               dense_layer(gemma2_27b_attention, 4608, 36864, 4)},
    .layer_pattern = {0, 1}};
static_assert(parameter_count(gemma2_27b) == 27'227'128'320);  // published: 27.2 B

// google/gemma-3-27b-it config.json (published), the text model.
inline constexpr attention_block gemma3_27b_attention{
    .num_heads = 32, .num_kv_heads = 16, .head_dim = 128, .qk_norm = true};
inline constexpr model_config gemma3_27b{
    .name = "gemma3_27b",
    .hidden_size = 5376,
    .num_layers = 62,
    .vocab_size = 262208,
    .tie_word_embeddings = true,
    .layers = {dense_layer(windowed(gemma3_27b_attention, 1024), 5376, 21504, 4),
               dense_layer(gemma3_27b_attention, 5376, 21504, 4)},
    .layer_pattern = {0, 0, 0, 0, 0, 1}};
static_assert(parameter_count(gemma3_27b) ==
              27'009'346'304);  // published: 27.4 B with the vision tower

// mistralai/Mixtral-8x7B-v0.1 config.json (published).
inline constexpr model_config mixtral_8x7b{
    .name = "mixtral_8x7b",
    .hidden_size = 4096,
    .num_layers = 32,
    .vocab_size = 32000,
    .layers = {expert_layer({.num_heads = 32, .num_kv_heads = 8, .head_dim = 128}, 4096,
                            {.experts = 8, .top_k = 2, .expert_dim = 14336})}};
static_assert(parameter_count(mixtral_8x7b) == 46'702'792'704);  // published: 46.7 B
static_assert(active_parameter_count(mixtral_8x7b) ==
              12'748'853'248);  // published: 12.9 B with the embedding

// Qwen/Qwen3-30B-A3B config.json (published).
inline constexpr model_config qwen3_30b_a3b{
    .name = "qwen3_30b_a3b",
    .hidden_size = 2048,
    .num_layers = 48,
    .vocab_size = 151936,
    .layers = {expert_layer({.num_heads = 32, .num_kv_heads = 4, .head_dim = 128, .qk_norm = true},
                            2048, {.experts = 128, .top_k = 8, .expert_dim = 768})}};
static_assert(parameter_count(qwen3_30b_a3b) == 30'532'122'624);  // published: 30.5 B
static_assert(active_parameter_count(qwen3_30b_a3b) ==
              3'041'867'776);  // published: 3.3 B with the embedding

// Qwen/Qwen3-235B-A22B config.json (published).
inline constexpr model_config qwen3_235b_a22b{
    .name = "qwen3_235b_a22b",
    .hidden_size = 4096,
    .num_layers = 94,
    .vocab_size = 151936,
    .layers = {expert_layer({.num_heads = 64, .num_kv_heads = 4, .head_dim = 128, .qk_norm = true},
                            4096, {.experts = 128, .top_k = 8, .expert_dim = 1536})}};
static_assert(parameter_count(qwen3_235b_a22b) == 235'093'634'560);        // published: 235 B
static_assert(active_parameter_count(qwen3_235b_a22b) == 21'568'433'664);  // published: 22 B

// openai/gpt-oss-20b config.json (published).
inline constexpr model_config gpt_oss_20b{.name = "gpt_oss_20b",
                                          .hidden_size = 2880,
                                          .num_layers = 24,
                                          .vocab_size = 201088,
                                          .layers = {gpt_oss_layer(32, 128), gpt_oss_layer(32, 0)},
                                          .layer_pattern = {0, 1}};
static_assert(parameter_count(gpt_oss_20b) == 20'914'757'184);        // published: 20.9 B
static_assert(active_parameter_count(gpt_oss_20b) == 3'608'307'264);  // published: 3.6 B

// openai/gpt-oss-120b config.json (published).
inline constexpr model_config gpt_oss_120b{
    .name = "gpt_oss_120b",
    .hidden_size = 2880,
    .num_layers = 36,
    .vocab_size = 201088,
    .layers = {gpt_oss_layer(128, 128), gpt_oss_layer(128, 0)},
    .layer_pattern = {0, 1}};
static_assert(parameter_count(gpt_oss_120b) == 116'829'156'672);       // published: 116.8 B
static_assert(active_parameter_count(gpt_oss_120b) == 5'132'849'472);  // published: 5.1 B

// deepseek-ai/DeepSeek-V3 config.json (published; R1 and V3.1 have the same shapes), without the layer that predicts a further token.
inline constexpr model_config deepseek_v3{
    .name = "deepseek_v3",
    .hidden_size = 7168,
    .num_layers = 61,
    .vocab_size = 129280,
    .layers = {deepseek_dense_layer(128), deepseek_expert_layer(128, 256)},
    .layer_pattern = first_then(3, 61)};
static_assert(parameter_count(deepseek_v3) == 671'026'419'200);        // published: 671 B
static_assert(active_parameter_count(deepseek_v3) == 36'625'618'432);  // published: 37 B

// moonshotai/Kimi-K2-Instruct config.json (published; K2.5's text model has the same shapes).
inline constexpr model_config kimi_k2{
    .name = "kimi_k2",
    .hidden_size = 7168,
    .num_layers = 61,
    .vocab_size = 163840,
    .layers = {deepseek_dense_layer(64), deepseek_expert_layer(64, 384)},
    .layer_pattern = first_then(1, 61)};
static_assert(parameter_count(kimi_k2) == 1'026'408'232'448);      // published: 1 T
static_assert(active_parameter_count(kimi_k2) == 31'687'095'808);  // published: 32 B

// deepseek-ai/DeepSeek-V4-Flash and -Pro config.json (published), without the layer that predicts a further token.
inline constexpr model_config deepseek_v4_flash{
    .name = "deepseek_v4_flash",
    .hidden_size = 4096,
    .num_layers = 43,
    .vocab_size = 129280,
    .layers = {deepseek_v4_layer(deepseek_v4_flash_sizes, 0, true),
               deepseek_v4_layer(deepseek_v4_flash_sizes, 4, true),
               deepseek_v4_layer(deepseek_v4_flash_sizes, 128, false),
               deepseek_v4_layer(deepseek_v4_flash_sizes, 4, false)},
    .layer_pattern = deepseek_v4_pattern(43),
    .extra_parameters = 16 * 4096 + 5};  // the streams become one before the head
static_assert(parameter_count(deepseek_v4_flash) == 284'332'240'471);        // published: 284 B
static_assert(active_parameter_count(deepseek_v4_flash) == 13'270'101'591);  // published: 13 B

inline constexpr model_config deepseek_v4_pro{
    .name = "deepseek_v4_pro",
    .hidden_size = 7168,
    .num_layers = 61,
    .vocab_size = 129280,
    .layers = {deepseek_v4_layer(deepseek_v4_pro_sizes, 128, true),
               deepseek_v4_layer(deepseek_v4_pro_sizes, 4, true),
               deepseek_v4_layer(deepseek_v4_pro_sizes, 128, false),
               deepseek_v4_layer(deepseek_v4_pro_sizes, 4, false)},
    .layer_pattern = deepseek_v4_pattern(61),
    .extra_parameters = 16 * 7168 + 5};
static_assert(parameter_count(deepseek_v4_pro) == 1'572'997'201'763);      // published: 1.6 T
static_assert(active_parameter_count(deepseek_v4_pro) == 48'852'402'019);  // published: 49 B

inline constexpr std::array all{llama3_8b,     llama3_70b,      llama3_1_405b,     llama3_2_1b,
                                llama3_2_3b,   mistral_7b_v03,  mistral_small_24b, qwen2_7b,
                                qwen2_5_72b,   qwen3_0_6b,      qwen3_1_7b,        qwen3_4b,
                                qwen3_8b,      qwen3_14b,       qwen3_32b,         phi4,
                                gemma2_9b,     gemma2_27b,      gemma3_27b,        mixtral_8x7b,
                                qwen3_30b_a3b, qwen3_235b_a22b, gpt_oss_20b,       gpt_oss_120b,
                                deepseek_v3,   kimi_k2,         deepseek_v4_flash, deepseek_v4_pro};

}  // namespace models

/// The preset called `name`, or nullptr.
[[nodiscard]] constexpr const model_config* find_model(std::string_view name) {
  for (const model_config& m : models::all) {
    if (m.name == name) {
      return &m;
    }
  }
  return nullptr;
}

/// The preset called `name`.
///
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr const model_config& get_model(std::string_view name) {
  for (const model_config& m :
       models::all) {  // no pointer: g++ 12's sanitizers cannot fold its test
    if (m.name == name) {
      return m;
    }
  }
  detail::unknown_name("get_model", name, models::all,
                       [](const model_config& m) { return m.name.view(); });
}

}  // namespace quantroof

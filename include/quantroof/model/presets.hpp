// SPDX-License-Identifier: Apache-2.0
//
// Well-known models as constants. Shapes are the published config.json fields; each entry is checked against its parameter count.
#pragma once

#include <array>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace models {

// meta-llama/Meta-Llama-3-8B config.json (published); the specification's example model.
inline constexpr model_config llama3_8b{.name = "llama3_8b",
                                        .hidden_size = 4096,
                                        .num_layers = 32,
                                        .num_heads = 32,
                                        .num_kv_heads = 8,
                                        .head_dim = 128,
                                        .ffn_dim = 14336,
                                        .vocab_size = 128256};
static_assert(parameter_count(llama3_8b) == 8'030'261'248);  // published: 8.03 B

// meta-llama/Meta-Llama-3-70B config.json (published).
inline constexpr model_config llama3_70b{.name = "llama3_70b",
                                         .hidden_size = 8192,
                                         .num_layers = 80,
                                         .num_heads = 64,
                                         .num_kv_heads = 8,
                                         .head_dim = 128,
                                         .ffn_dim = 28672,
                                         .vocab_size = 128256};
static_assert(parameter_count(llama3_70b) == 70'553'706'496);  // published: 70.6 B

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

// Qwen/Qwen2-7B config.json (published).
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

inline constexpr std::array all{llama3_8b, llama3_70b, mistral_7b_v03, qwen2_7b, qwen3_8b};

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

// SPDX-License-Identifier: Apache-2.0
//
// Which Hugging Face models are read: one entry a family, with the names its config.json goes by, the defaults of its configuration class and the
// function that builds its layers. A new family is one entry here, and a function where no other builds the same layers.
//
// Source of the defaults: transformers' configuration classes (read 2026-08).
#pragma once

#include <array>
#include <string_view>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/io/hf_compressed.hpp"
#include "quantroof/io/hf_dense.hpp"
#include "quantroof/io/hf_gpt.hpp"
#include "quantroof/io/hf_hybrid.hpp"
#include "quantroof/io/hf_latent.hpp"
#include "quantroof/io/hf_moe.hpp"
#include "quantroof/io/hf_moe_windows.hpp"
#include "quantroof/io/hf_parts.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::detail {

template <JsonValue Json>
struct hf_family {
  static_vector<std::string_view, 4> types;          // model_type, of the text part or of the whole
  static_vector<std::string_view, 4> architectures;  // tell the family where model_type is absent
  model_config (*build)(const hf_reader<Json>&, const hf_defaults&);
  hf_defaults defaults{};
};

// clang-format off
template <JsonValue Json>
inline constexpr std::array hf_families = {
    // ---- dense ----
    hf_family<Json>{{"llama"}, {"LlamaForCausalLM"}, &hf_llama<Json>,
        {.hidden = 4096, .layers = 32, .heads = 32, .ffn = 11008, .vocab = 32000, .attention_bias = true, .mlp_bias = true}},
    hf_family<Json>{{"mistral"}, {"MistralForCausalLM"}, &hf_mistral<Json>,
        {.hidden = 4096, .layers = 32, .heads = 32, .ffn = 14336, .vocab = 32000, .kv_heads = 8, .window = 4096}},
    hf_family<Json>{{"qwen2", "qwen2_vl", "qwen2_5_vl", "qwen2_5_vl_text"}, {"Qwen2ForCausalLM"}, &hf_qwen<Json>,
        {.hidden = 4096, .layers = 32, .heads = 32, .ffn = 22016, .vocab = 151936, .kv_heads = 32, .window = 4096, .qkv_bias = true}},
    hf_family<Json>{{"qwen3", "qwen3_vl_text", "qwen3_vl"}, {"Qwen3ForCausalLM", "Qwen3VLForConditionalGeneration"}, &hf_qwen<Json>,
        {.hidden = 4096, .layers = 32, .heads = 32, .ffn = 22016, .vocab = 151936, .kv_heads = 32, .head_dim = 128, .window = 4096,
         .attention_bias = true, .qk_norm = true}},
    hf_family<Json>{{"mimo"}, {"MiMoForCausalLM"}, &hf_qwen<Json>, {.kv_heads = 32, .window = 4096, .qkv_bias = true}},
    hf_family<Json>{{"smollm3"}, {"SmolLM3ForCausalLM"}, &hf_qwen<Json>, {.kv_heads = 4, .tied = true, .attention_bias = true, .mlp_bias = true}},
    hf_family<Json>{{"granite"}, {"GraniteForCausalLM"}, &hf_llama<Json>, {.attention_bias = true, .mlp_bias = true}},
    hf_family<Json>{{"phi3"}, {"Phi3ForCausalLM"}, &hf_mistral<Json>, {}},
    hf_family<Json>{{"gemma"}, {"GemmaForCausalLM"}, &hf_llama<Json>,
        {.hidden = 3072, .layers = 28, .heads = 16, .ffn = 24576, .vocab = 256000, .kv_heads = 16, .head_dim = 256, .tied = true, .attention_bias = true}},
    hf_family<Json>{{"gemma2"}, {"Gemma2ForCausalLM"}, &hf_gemma2<Json>,
        {.hidden = 2304, .layers = 26, .heads = 8, .ffn = 9216, .vocab = 256000, .kv_heads = 4, .head_dim = 256, .window = 4096, .tied = true,
         .attention_bias = true}},
    hf_family<Json>{{"gemma3_text", "gemma3"}, {"Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"}, &hf_gemma3<Json>,
        {.hidden = 2304, .layers = 26, .heads = 8, .ffn = 9216, .vocab = 262208, .kv_heads = 4, .head_dim = 256, .window = 4096, .tied = true,
         .attention_bias = true, .qk_norm = true}},
    hf_family<Json>{{"olmo2"}, {"Olmo2ForCausalLM"}, &hf_olmo2<Json>, {.attention_bias = true}},
    hf_family<Json>{{"olmo3"}, {"Olmo3ForCausalLM"}, &hf_olmo2<Json>, {.window = 4096, .attention_bias = true}},
    hf_family<Json>{{"nemotron-nas"}, {"DeciLMForCausalLM"}, &hf_nemotron_nas<Json>, {}},
    // ---- layer norms with biases ----
    hf_family<Json>{{"gpt2"}, {"GPT2LMHeadModel"}, &hf_gpt2<Json>, {.tied = true}},
    hf_family<Json>{{"gptj"}, {"GPTJForCausalLM"}, &hf_gptj<Json>, {}},
    hf_family<Json>{{"gpt_neox"}, {"GPTNeoXForCausalLM"}, &hf_gpt_neox<Json>, {}},
    hf_family<Json>{{"opt"}, {"OPTForCausalLM"}, &hf_opt<Json>, {.tied = true}},
    hf_family<Json>{{"falcon"}, {"FalconForCausalLM"}, &hf_falcon<Json>, {.tied = true}},
    hf_family<Json>{{"phi", "phi-msft"}, {"PhiForCausalLM"}, &hf_phi<Json>, {}},
    hf_family<Json>{{"starcoder2"}, {"Starcoder2ForCausalLM"}, &hf_starcoder2<Json>, {.kv_heads = 2, .tied = true}},
    // ---- experts ----
    hf_family<Json>{{"mixtral"}, {"MixtralForCausalLM"}, &hf_mixtral<Json>, {.kv_heads = 8}},
    hf_family<Json>{{"qwen2_moe"}, {"Qwen2MoeForCausalLM"}, &hf_qwen2_moe<Json>, {.kv_heads = 16, .window = 4096, .qkv_bias = true}},
    hf_family<Json>{{"qwen3_moe"}, {"Qwen3MoeForCausalLM"}, &hf_qwen3_moe<Json>, {.kv_heads = 4, .window = 4096, .attention_bias = true, .qk_norm = true}},
    hf_family<Json>{{"qwen3_vl_moe_text", "qwen3_vl_moe"}, {"Qwen3VLMoeForConditionalGeneration"}, &hf_qwen3_moe<Json>,
        {.kv_heads = 16, .attention_bias = true, .qk_norm = true}},
    hf_family<Json>{{"llama4_text", "llama4"}, {"Llama4ForCausalLM", "Llama4ForConditionalGeneration"}, &hf_llama4<Json>,
        {.hidden = 5120, .layers = 48, .heads = 40, .ffn = 8192, .vocab = 202048, .kv_heads = 8, .head_dim = 128}},
    hf_family<Json>{{"gpt_oss"}, {"GptOssForCausalLM"}, &hf_gpt_oss<Json>, {.kv_heads = 8, .head_dim = 64, .window = 128}},
    hf_family<Json>{{"glm4_moe"}, {"Glm4MoeForCausalLM"}, &hf_glm4_moe<Json>, {.kv_heads = 8}},
    hf_family<Json>{{"gemma4_text", "gemma4"}, {"Gemma4ForCausalLM", "Gemma4ForConditionalGeneration"}, &hf_gemma4<Json>, {.tied = true, .qk_norm = true}},
    hf_family<Json>{{"minimax_m2", "minimax_m3", "minimax_m3_vl"}, {"MiniMaxM2ForCausalLM", "MiniMaxM3ForCausalLM", "MiniMaxM3SparseForConditionalGeneration"},
        &hf_minimax<Json>, {}},
    hf_family<Json>{{"step3p5", "step3p7"}, {"Step3p5ForCausalLM", "Step3p7FlashForCausalLM"}, &hf_step3<Json>, {.qk_norm = true}},
    hf_family<Json>{{"mimo_v2_flash"}, {"MiMoV2FlashForCausalLM"}, &hf_mimo_v2<Json>, {}},
    // ---- latent attention ----
    hf_family<Json>{{"deepseek_v2"}, {"DeepseekV2ForCausalLM"}, &hf_deepseek<Json>, {}},
    hf_family<Json>{{"deepseek_v3", "kimi_k2"}, {"DeepseekV3ForCausalLM", "KimiK2ForCausalLM"}, &hf_deepseek<Json>, {}},
    hf_family<Json>{{"deepseek_v32", "glm_moe_dsa"}, {"DeepseekV32ForCausalLM", "GlmMoeDsaForCausalLM"}, &hf_deepseek_sparse<Json>, {}},
    hf_family<Json>{{"deepseek_v4", "deepseek_ref"}, {"DeepseekV4ForCausalLM"}, &hf_deepseek_v4<Json>, {}},
    // ---- hybrids ----
    hf_family<Json>{{"qwen3_next"}, {"Qwen3NextForCausalLM"}, &hf_qwen_sparse_hybrid<Json>, {.kv_heads = 2, .head_dim = 256, .qk_norm = true}},
    hf_family<Json>{{"qwen3_5_text", "qwen3_5"}, {"Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration"}, &hf_qwen_dense_hybrid<Json>,
        {.kv_heads = 4, .head_dim = 256, .qk_norm = true}},
    hf_family<Json>{{"qwen3_5_moe_text", "qwen3_5_moe"}, {"Qwen3_5MoeForCausalLM", "Qwen3_5MoeForConditionalGeneration"}, &hf_qwen_sparse_hybrid<Json>,
        {.kv_heads = 2, .head_dim = 256, .qk_norm = true}},
    hf_family<Json>{{"nemotron_h"}, {"NemotronHForCausalLM"}, &hf_nemotron_h<Json>, {.kv_heads = 8}},
    hf_family<Json>{{"kimi_linear"}, {"KimiLinearForCausalLM"}, &hf_kimi_linear<Json>, {}},
};
// clang-format on

/// Models that are known and not read, with the reason.
struct hf_unread {
  std::string_view type;
  std::string_view reason;
};
inline constexpr std::array hf_unread_types = {
    hf_unread{"gemma3n", "embeddings for each layer are not modelled"},
};

/// The family of a model by model_type of its text part, else of the whole, else by its first architecture.
///
/// errors    io::input_error that lists the known types
template <JsonValue Json>
[[nodiscard]] const hf_family<Json>& hf_family_of(const hf_reader<Json>& config) {
  const std::string_view own = config.text("model_type");
  const std::string_view type = own.empty() ? config.outside().text("model_type") : own;
  std::string_view architecture;
  for (const hf_reader<Json>& place : {config, config.outside()}) {
    const Json* const list = place.find("architectures");
    if (architecture.empty() && list != nullptr && list->is_array() && !list->empty() &&
        list->front().is_string()) {
      architecture = json_text(list->front());
    }
  }
  for (const hf_family<Json>& family : hf_families<Json>) {
    const auto& names = type.empty() ? family.architectures : family.types;
    for (const std::string_view name : names) {
      if (name == (type.empty() ? architecture : type)) {
        return family;
      }
    }
  }
  const std::string_view name = utf8_prefix(type.empty() ? architecture : type, 80);
  short_string<1400> rule{name.empty() ? "is missing" : "\""};
  rule.append(name).append(name.empty() ? "" : "\" is not a known model type");
  for (const hf_unread& unread : hf_unread_types) {
    if (unread.type == type) {
      rule = short_string<1400>{"\""}.append(type).append("\" is not read: ").append(unread.reason);
    }
  }
  rule.append("; known: ");
  bool first = true;
  for (const hf_family<Json>& family : hf_families<Json>) {
    for (const std::string_view& known : family.types) {
      rule.append(first ? "" : ", ").append(known);
      first = false;
    }
  }
  (own.empty() ? config.outside() : config).refuse("model_type", rule);
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Any text as a config.json, and configs whose members are left out, of other types or absurd: only domain_error may come out, and a
// model that is read is valid and has parameters and a cache.
#include "quantroof/io/hf_config.hpp"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "fuzz_input.hpp"
#include "quantroof/core.hpp"

namespace {

using namespace quantroof;
using fuzz::must;
using nlohmann::json;

void check(const json& config) {
  const model_config m = io::model_from_hf_config(config, "fuzz/config.json");
  must(is_valid(m));
  must(parameter_count(m) > 0);
  must(kv_elements_per_token(m) >= 0);
}

constexpr std::string_view types[] = {
    "llama",       "mistral",      "qwen2",       "qwen3",        "mixtral",     "qwen2_moe",
    "qwen3_moe",   "gemma2",       "gemma3_text", "gemma3",       "gemma4",      "phi",
    "phi3",        "deepseek_v2",  "deepseek_v3", "deepseek_v32", "kimi_k2",     "gpt_oss",
    "olmo2",       "starcoder2",   "gpt2",        "gptj",         "opt",         "falcon",
    "nemotron_h",  "nemotron",     "minimax",     "llama4_text",  "glm4",        "glm_moe_dsa",
    "qwen3_5_moe", "qwen3_5_text", "mimo",        "step3p7",      "deepseek_v4", "no_such_type"};

constexpr std::string_view keys[] = {"hidden_size",
                                     "num_hidden_layers",
                                     "num_attention_heads",
                                     "num_key_value_heads",
                                     "head_dim",
                                     "q_lora_rank",
                                     "o_lora_rank",
                                     "o_groups",
                                     "hc_mult",
                                     "compress_ratios",
                                     "index_topk",
                                     "index_n_heads",
                                     "index_head_dim",
                                     "intermediate_size",
                                     "vocab_size",
                                     "tie_word_embeddings",
                                     "attention_bias",
                                     "mlp_bias",
                                     "sliding_window",
                                     "use_sliding_window",
                                     "max_window_layers",
                                     "max_position_embeddings",
                                     "layer_types",
                                     "sliding_window_pattern",
                                     "num_experts",
                                     "num_local_experts",
                                     "n_routed_experts",
                                     "num_experts_per_tok",
                                     "moe_intermediate_size",
                                     "n_shared_experts",
                                     "shared_expert_intermediate_size",
                                     "first_k_dense_replace",
                                     "moe_layer_freq",
                                     "decoder_sparse_step",
                                     "mlp_only_layers",
                                     "interleave_moe_layer_step",
                                     "kv_lora_rank",
                                     "q_lora_rank",
                                     "qk_nope_head_dim",
                                     "qk_rope_head_dim",
                                     "v_head_dim",
                                     "n_embd",
                                     "n_layer",
                                     "n_head",
                                     "n_inner",
                                     "n_positions",
                                     "ffn_dim",
                                     "d_model",
                                     "word_embed_proj_dim",
                                     "multi_query",
                                     "new_decoder_architecture",
                                     "num_kv_heads",
                                     "hybrid_override_pattern",
                                     "mamba_num_heads",
                                     "mamba_head_dim",
                                     "ssm_state_size",
                                     "n_groups",
                                     "conv_kernel",
                                     "linear_num_key_heads",
                                     "linear_num_value_heads",
                                     "linear_key_head_dim",
                                     "linear_value_head_dim",
                                     "linear_conv_kernel_dim",
                                     "full_attention_interval",
                                     "global_head_dim",
                                     "num_global_key_value_heads",
                                     "top_k_experts",
                                     "attention_chunk_size",
                                     "index_n_heads",
                                     "index_head_dim",
                                     "index_topk",
                                     "num_nextn_predict_layers",
                                     "quantization_config",
                                     "architectures",
                                     "intermediate_size_mlp",
                                     "block_configs"};

json value(fuzz::input& in, int depth) {
  static constexpr std::string_view words[] = {"full_attention",
                                               "sliding_attention",
                                               "linear_attention",
                                               "chunked_attention",
                                               "LlamaForCausalLM",
                                               "M*E-M",
                                               "fp8",
                                               ""};
  switch (in.byte() % 16) {
    case 0:
      return nullptr;
    case 1:
      return in.byte() % 2 == 0;
    case 2:
      return in.raw<std::int64_t>();
    case 3:
      return in.raw<float>();
    case 4:
      return -static_cast<int>(in.byte());
    case 5:
      return words[in.byte() % std::size(words)];
    case 6: {
      json list = json::array();
      for (int n = in.byte() % 5; n > 0 && depth < 3; --n) {
        list.push_back(value(in, depth + 1));
      }
      return list;
    }
    case 7: {
      json object = json::object();
      for (int n = in.byte() % 3; n > 0 && depth < 3; --n) {
        object[keys[in.byte() % std::size(keys)]] = value(in, depth + 1);
      }
      return object;
    }
    case 8:
      return std::uint64_t{1} << in.byte() % 64;
    case 9: {  // as many words as a model may have layers
      json list = json::array();
      for (int n = in.byte() % 40; n > 0; --n) {
        list.push_back(words[static_cast<std::size_t>(n * (1 + in.byte() % 2)) % 4]);
      }
      return list;
    }
    default:
      return 1 + in.byte() % 64;
  }
}

json odd_config(fuzz::input& in) {
  json config{{"model_type", types[in.byte() % std::size(types)]},
              {"hidden_size", 64},
              {"num_hidden_layers", 4},
              {"num_attention_heads", 8},
              {"num_key_value_heads", 2},
              {"intermediate_size", 128},
              {"vocab_size", 100}};
  for (int n = in.byte() % 12; n > 0; --n) {
    const std::string_view key = keys[in.byte() % std::size(keys)];
    if (in.byte() % 8 == 0) {
      config.erase(std::string{key});
    } else {
      config[key] = value(in, 0);
    }
  }
  if (in.byte() % 4 == 0) {
    return {{"model_type", "outer"}, {"text_config", config}, {"tie_word_embeddings", true}};
  }
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::span<const std::uint8_t> rest{data + 1, size - 1};
  try {
    if (data[0] % 2 == 0) {
      check(io::parse_json(std::string{rest.begin(), rest.end()}, "fuzz.json"));
    } else {
      fuzz::input in{rest};
      check(odd_config(in));
    }
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// The members of published config.json files that a model's layers follow from, one model of each family, and how many parameters the model
// has: published totals (model cards, safetensors metadata on the hub), or sums over the shapes in the file, as each line says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace test {

struct hf_snippet {
  std::string_view name;
  std::string json;
  std::int64_t parameters;
  std::int64_t active;       // that one token passes through, without the embedding it looks up
  std::int64_t kv_elements;  // of one token over all layers
};

/// "a, b, a, b, ...": `list` `times` over.
inline std::string repeated(std::string_view list, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) {
    result += (i == 0 ? "" : ", ") + std::string{list};
  }
  return result;
}

/// One entry of block_configs `times` over; group 0: no attention.
inline std::string nas_blocks(int times, int group, std::string_view ffn_mult) {
  const std::string attention =
      group > 0 ? R"({"n_heads_in_group": )" + std::to_string(group) + ", \"no_op\": false}"
                : std::string{R"({"n_heads_in_group": null, "no_op": true})"};
  return repeated(R"({"attention": )" + attention + R"(, "ffn": {"ffn_mult": )" +
                      std::string{ffn_mult} + R"(, "no_op": false}})",
                  times);
}

// clang-format off
inline const std::vector<hf_snippet>& hf_snippets() {
  static const std::vector<hf_snippet> all = {
      // ---- dense; published totals ----
      {"Llama-3.1-8B", R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": false})",
       8'030'261'248, 7'504'924'672, 65'536},
      {"Llama-3.2-1B", R"({"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256, "tie_word_embeddings": true})",
       1'235'814'400, 1'235'814'400, 16'384},
      {"Mistral-7B-v0.1", R"({"model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000, "sliding_window": 4096})",
       7'241'732'096, 7'110'660'096, 65'536},
      {"Qwen2-0.5B", R"({"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936, "tie_word_embeddings": true})",
       494'032'768, 494'032'768, 6'144},
      {"Qwen3-0.6B", R"({"model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 151936, "tie_word_embeddings": true})",
       596'049'920, 596'049'920, 57'344},
      {"SmolLM3-3B", R"({"model_type": "smollm3", "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36,
        "num_attention_heads": 16, "num_key_value_heads": 4, "vocab_size": 128256})",
       3'075'098'624, 3'075'098'624, 36'864},
      {"granite-3.1-8b", R"({"model_type": "granite", "hidden_size": 4096, "intermediate_size": 12800, "num_hidden_layers": 40,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 49155, "tie_word_embeddings": true})",
       8'170'848'256, 8'170'848'256, 81'920},
      {"phi-4", R"({"model_type": "phi3", "hidden_size": 5120, "intermediate_size": 17920, "num_hidden_layers": 40,
        "num_attention_heads": 40, "num_key_value_heads": 10, "vocab_size": 100352, "sliding_window": null})",
       14'659'507'200, 14'145'704'960, 102'400},
      {"gemma-2b", R"({"model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18,
        "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 256000})",
       2'506'172'416, 2'506'172'416, 9'216},
      {"gemma-2-27b", R"({"model_type": "gemma2", "hidden_size": 4608, "intermediate_size": 36864, "num_hidden_layers": 46,
        "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128, "vocab_size": 256000})",
       27'227'128'320, 27'227'128'320, 188'416},
      {"gemma-3-1b", R"({"model_type": "gemma3_text", "hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26,
        "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256, "sliding_window": 512, "vocab_size": 262144})",
       999'885'952, 999'885'952, 13'312},
      {"gemma-3-27b", R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 5376,
        "intermediate_size": 21504, "num_hidden_layers": 62, "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128,
        "sliding_window": 1024}})",
       27'009'346'304, 27'009'346'304, 253'952},  // 27.43 B with the vision tower
      {"OLMo-2-7B", R"({"model_type": "olmo2", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 100352})",
       7'298'617'344, 6'887'575'552, 262'144},
      {"Llama-3.3-Nemotron-Super-49B", R"({"model_type": "nemotron-nas", "hidden_size": 8192, "num_hidden_layers": 80,
        "num_attention_heads": 64, "num_key_value_heads": null, "vocab_size": 128256, "block_configs": [)" +
        nas_blocks(48, 8, "5.25") + ", " + nas_blocks(10, 0, "1.3125") + ", " + nas_blocks(8, 0, "1.0") + ", " +
        nas_blocks(6, 0, "0.5") + ", " + nas_blocks(5, 0, "2.625") + ", " + nas_blocks(1, 8, "2.625") + ", " +
        nas_blocks(1, 0, "3.28125") + ", " + nas_blocks(1, 0, "5.25") + "]}",
       49'867'145'216, 48'816'472'064, 100'352},
      // ---- layer norms; published totals ----
      {"gpt2", R"({"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "vocab_size": 50257})",
       124'439'808, 124'439'808, 18'432},
      {"gpt-j-6b", R"({"model_type": "gptj", "n_embd": 4096, "n_layer": 28, "n_head": 16, "n_inner": null, "vocab_size": 50400})",
       6'050'882'784, 5'844'444'384, 229'376},
      {"pythia-6.9b", R"({"model_type": "gpt_neox", "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32,
        "num_attention_heads": 32, "vocab_size": 50432})",
       6'857'302'016, 6'650'732'544, 262'144},
      {"opt-125m", R"({"model_type": "opt", "hidden_size": 768, "ffn_dim": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "max_position_embeddings": 2048, "vocab_size": 50272, "word_embed_proj_dim": 768, "do_layer_norm_before": true})",
       125'239'296, 125'239'296, 18'432},
      {"falcon-7b", R"({"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
        "vocab_size": 65024, "multi_query": true, "parallel_attn": true, "new_decoder_architecture": false, "bias": false})",
       6'921'720'704, 6'921'720'704, 4'096},
      {"phi-2", R"({"model_type": "phi", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 32,
        "num_attention_heads": 32, "vocab_size": 51200})",
       2'779'683'840, 2'648'611'840, 163'840},
      {"starcoder2-7b", R"({"model_type": "starcoder2", "hidden_size": 4608, "intermediate_size": 18432, "num_hidden_layers": 32,
        "num_attention_heads": 36, "num_key_value_heads": 4, "sliding_window": 4096, "use_bias": true, "vocab_size": 49152})",
       7'173'923'840, 7'173'923'840, 32'768},
      // ---- experts; published totals but where the line says summed ----
      {"Mixtral-8x7B", R"({"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000})",
       46'702'792'704, 12'748'853'248, 65'536},
      {"Qwen1.5-MoE-A2.7B", R"({"model_type": "qwen2_moe", "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16,
        "num_key_value_heads": 16, "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408,
        "shared_expert_intermediate_size": 5632, "vocab_size": 151936})",
       14'315'784'192, 2'378'008'576, 98'304},
      {"Qwen3-30B-A3B", R"({"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32,
        "num_key_value_heads": 4, "head_dim": 128, "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768,
        "vocab_size": 151936})",
       30'532'122'624, 3'041'867'776, 49'152},
      {"Llama-4-Scout", R"({"model_type": "llama4", "text_config": {"model_type": "llama4_text", "hidden_size": 5120,
        "intermediate_size": 8192, "num_hidden_layers": 48, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
        "num_local_experts": 16, "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "attention_chunk_size": 8192,
        "vocab_size": 202048}})",
       107'769'861'120, 16'138'408'960, 98'304},  // 108.6 B with the vision tower
      {"gpt-oss-20b", R"({"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 32, "experts_per_token": 4,
        "sliding_window": 128, "vocab_size": 201088})",
       20'914'757'184, 3'608'307'264, 24'576},
      {"gpt-oss-120b", R"({"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 36,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 128, "num_experts_per_tok": 4,
        "sliding_window": 128, "vocab_size": 201088})",
       116'829'156'672, 5'132'849'472, 36'864},
      {"GLM-4.5-Air", R"({"model_type": "glm4_moe", "hidden_size": 4096, "intermediate_size": 10944, "num_hidden_layers": 46,
        "num_attention_heads": 96, "num_key_value_heads": 8, "head_dim": 128, "attention_bias": true, "n_routed_experts": 128,
        "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 1408, "first_k_dense_replace": 1,
        "vocab_size": 151552})",
       106'852'251'264, 12'803'372'672, 94'208},  // summed; the card says 106 B, 12 B active
      {"gemma-4-26B-A4B", R"({"model_type": "gemma4", "text_config": {"model_type": "gemma4_text", "hidden_size": 2816,
        "intermediate_size": 2112, "num_hidden_layers": 30, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256,
        "global_head_dim": 512, "num_global_key_value_heads": 2, "attention_k_eq_v": true, "sliding_window": 1024,
        "enable_moe_block": true, "num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704, "vocab_size": 262144,
        "layer_types": [)" + repeated(repeated("\"sliding_attention\"", 5) + ", \"full_attention\"", 5) + "]}}",
       25'233'141'790, 3'822'530'590, 112'640},  // summed; the card says 25.2 B, 3.8 B active
      {"MiniMax-M2.5", R"({"model_type": "minimax_m2", "hidden_size": 3072, "intermediate_size": 1536, "num_hidden_layers": 62,
        "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 256, "num_experts_per_tok": 8,
        "qk_norm_type": "per_layer", "use_routing_bias": true, "shared_intermediate_size": 0, "vocab_size": 200064})",
       228'689'764'864, 10'415'956'480, 126'976},  // summed; the card says 230 B, 10 B active
      {"MiniMax-M3", R"({"model_type": "minimax_m3", "hidden_size": 6144, "intermediate_size": 3072, "dense_intermediate_size": 12288,
        "shared_intermediate_size": 3072, "num_hidden_layers": 60, "num_attention_heads": 64, "num_key_value_heads": 4, "head_dim": 128,
        "num_local_experts": 128, "num_experts_per_tok": 4, "qk_norm_type": "per_head", "use_routing_bias": true, "vocab_size": 200064,
        "moe_layer_freq": [0, 0, 0, )" + repeated("1", 57) + R"(], "sparse_attention_config": {"use_sparse_attention": true,
        "sparse_num_index_heads": 4, "sparse_index_dim": 128, "sparse_topk_blocks": 16, "sparse_block_size": 128,
        "sparse_attention_freq": [0, 0, 0, )" + repeated("1", 57) + R"(], "sparse_disable_index_value": [0, 0, 0, )" +
        repeated("1", 57) + "]}}",
       426'174'572'928, 24'733'280'640, 61'440},  // summed
      {"Step-3.7-Flash", R"({"model_type": "step3p7", "hidden_size": 4096, "intermediate_size": 11264, "num_hidden_layers": 45,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128, "sliding_window": 512, "num_experts": 288,
        "num_experts_per_tok": 8, "moe_intermediate_size": 1280, "share_expert_dim": 1280, "first_k_dense_replace": 3,
        "use_moe_router_bias": true, "vocab_size": 128896, "layer_types": [)" +
        repeated(R"("full_attention", "sliding_attention", "sliding_attention", "sliding_attention")", 11) + ", \"full_attention\"]}",
       195'832'712'256, 10'335'947'840, 92'160},  // summed; the card says 196 B, 11 B active
      {"MiMo-V2-Flash", R"({"model_type": "mimo_v2_flash", "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 48,
        "num_attention_heads": 64, "num_key_value_heads": 4, "head_dim": 192, "v_head_dim": 128, "swa_num_attention_heads": 64,
        "swa_num_key_value_heads": 8, "swa_head_dim": 192, "swa_v_head_dim": 128, "sliding_window": 128, "n_routed_experts": 256,
        "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "topk_method": "noaux_tc", "add_swa_attention_sink_bias": true,
        "vocab_size": 152576, "moe_layer_freq": [0, )" + repeated("1", 47) + R"(], "hybrid_layer_pattern": [0, 1, 1, 1, 1, 0, )" +
        repeated("1, 1, 1, 1, 1, 0", 7) + "]}",
       308'778'780'864, 14'820'985'024, 111'360},  // summed; the card says 309 B, 15 B active
      // ---- latent attention; published totals but V3.2 and GLM-5 ----
      {"DeepSeek-V2-Lite", R"({"model_type": "deepseek_v2", "hidden_size": 2048, "intermediate_size": 10944, "num_hidden_layers": 27,
        "num_attention_heads": 16, "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "v_head_dim": 128, "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "moe_intermediate_size": 1408,
        "first_k_dense_replace": 1, "moe_layer_freq": 1, "vocab_size": 102400})",
       15'706'484'224, 2'451'435'008, 15'552},
      {"DeepSeek-V3", R"({"model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61,
        "num_attention_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "v_head_dim": 128, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
        "topk_method": "noaux_tc", "first_k_dense_replace": 3, "vocab_size": 129280})",
       671'026'419'200, 36'625'618'432, 35'136},
      {"DeepSeek-V3.2", R"({"model_type": "deepseek_v32", "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61,
        "num_attention_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "v_head_dim": 128, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
        "topk_method": "noaux_tc", "first_k_dense_replace": 3, "index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048,
        "vocab_size": 129280})",
       671'877'944'064, 37'477'143'296, 35'136},  // summed: V3 and 61 * (1536 * 8192 + 7168 * (128 + 64) + 256)
      {"DeepSeek-V4-Flash", R"({"model_type": "deepseek_v4", "hidden_size": 4096, "num_hidden_layers": 43, "num_attention_heads": 64,
        "num_key_value_heads": 1, "head_dim": 512, "qk_rope_head_dim": 64, "q_lora_rank": 1024, "o_groups": 8, "o_lora_rank": 1024,
        "sliding_window": 128, "hc_mult": 4, "num_hash_layers": 3, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_experts_per_tok": 6, "moe_intermediate_size": 2048, "index_n_heads": 64, "index_head_dim": 128, "index_topk": 512,
        "num_nextn_predict_layers": 1, "vocab_size": 129280, "compress_ratios": [0, 0, )" + repeated("4, 128", 20) + R"(, 4, 0]})",
       284'332'240'471, 13'270'101'591, 3'792},
      {"DeepSeek-V4-Pro", R"({"model_type": "deepseek_ref", "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 128,
        "head_dim": 512, "q_lora_rank": 1536, "o_groups": 16, "o_lora_rank": 1024, "sliding_window": 128, "n_routed_experts": 384,
        "num_experts_per_tok": 6, "moe_intermediate_size": 3072, "index_n_heads": 64, "index_head_dim": 128, "index_topk": 1024,
        "vocab_size": 129280, "mlp_layer_types": ["hash_moe", "hash_moe", "hash_moe", )" + repeated("\"moe\"", 58) + R"(],
        "layer_types": ["heavily_compressed_attention", "heavily_compressed_attention", "compressed_sparse_attention", )" +
        repeated("\"heavily_compressed_attention\", \"compressed_sparse_attention\"", 29) + "]}",
       1'572'997'201'763, 48'852'402'019, 3'964},
      {"Kimi-K2.5", R"({"model_type": "kimi_k25", "text_config": {"model_type": "kimi_k2", "hidden_size": 7168,
        "intermediate_size": 18432, "num_hidden_layers": 61, "num_attention_heads": 64, "q_lora_rank": 1536, "kv_lora_rank": 512,
        "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 384, "n_shared_experts": 1,
        "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "topk_method": "noaux_tc", "first_k_dense_replace": 1,
        "vocab_size": 163840}})",
       1'026'408'232'448, 31'687'095'808, 35'136},
      {"GLM-5.2", R"({"model_type": "glm_moe_dsa", "hidden_size": 6144, "intermediate_size": 12288, "num_hidden_layers": 78,
        "num_attention_heads": 64, "q_lora_rank": 2048, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64,
        "v_head_dim": 256, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
        "topk_method": "noaux_tc", "first_k_dense_replace": 3, "index_n_heads": 32, "index_head_dim": 128, "index_topk": 2048,
        "index_topk_freq": 4, "index_skip_topk_offset": 3, "vocab_size": 154880})",
       743'377'019'904, 40'298'947'584, 44'928},  // summed; GLM-5's card says 744 B, 40 B active
      // ---- hybrids ----
      {"Qwen3-Next-80B-A3B", R"({"model_type": "qwen3_next", "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 16,
        "num_key_value_heads": 2, "head_dim": 256, "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512,
        "shared_expert_intermediate_size": 512, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_key_head_dim": 128,
        "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "vocab_size": 151936})",
       79'674'391'296, 3'563'764'480, 12'288},  // published: 79.7 B without the layer that predicts further tokens
      {"Qwen3.5-27B", R"({"model_type": "qwen3_5", "text_config": {"model_type": "qwen3_5_text", "hidden_size": 5120,
        "intermediate_size": 17408, "num_hidden_layers": 64, "num_attention_heads": 24, "num_key_value_heads": 4, "head_dim": 256,
        "full_attention_interval": 4, "linear_num_key_heads": 16, "linear_num_value_heads": 48, "linear_key_head_dim": 128,
        "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "vocab_size": 248320}})",
       26'895'998'464, 25'624'600'064, 32'768},  // summed
      {"Nemotron-3-Nano-30B-A3B", R"({"model_type": "nemotron_h", "hidden_size": 2688, "num_attention_heads": 32,
        "num_key_value_heads": 2, "head_dim": 128, "mamba_num_heads": 64, "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 8,
        "conv_kernel": 4, "use_conv_bias": true, "n_routed_experts": 128, "num_experts_per_tok": 6, "moe_intermediate_size": 1856,
        "n_shared_experts": 1, "moe_shared_expert_intermediate_size": 3712, "vocab_size": 131072,
        "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"})",
       31'577'940'288, 3'227'754'816, 3'072},  // published: 31.6 B, 3.2 B active
      {"Nemotron-H-56B", R"({"model_type": "nemotron_h", "hidden_size": 8192, "intermediate_size": 32768, "num_hidden_layers": 118,
        "num_attention_heads": 64, "num_key_value_heads": 8, "attention_head_dim": 128, "mamba_num_heads": 256, "mamba_head_dim": 64,
        "ssm_state_size": 256, "n_groups": 8, "conv_kernel": 4, "vocab_size": 131072, "hybrid_override_pattern":
        "M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-"})",
       56'324'350'464, 55'250'608'640, 20'480},  // summed
      {"Kimi-Linear-48B-A3B", R"({"model_type": "kimi_linear", "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 27,
        "num_attention_heads": 32, "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "v_head_dim": 128, "num_experts": 256, "num_experts_per_token": 8, "num_shared_experts": 1, "moe_intermediate_size": 1024,
        "first_k_dense_replace": 1, "vocab_size": 163840, "linear_attn_config": {"num_heads": 32, "head_dim": 128,
        "short_conv_kernel_size": 4, "full_attn_layers": [4, 8, 12, 16, 20, 24, 27],
        "kda_layers": [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26]}})",
       49'122'681'728, 3'106'972'544, 4'032},  // published: 49.1 B
      {"Kimi-K3 of four layers", R"({"model_type": "kimi_k3", "text_config": {"model_type": "kimi_linear", "hidden_size": 64,
        "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4, "q_lora_rank": 32, "kv_lora_rank": 16,
        "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "num_experts": 8, "num_experts_per_token": 2,
        "num_shared_experts": 2, "moe_intermediate_size": 24, "routed_expert_hidden_size": 32, "latent_moe_use_norm": true,
        "first_k_dense_replace": 1, "attn_res_block_size": 2, "mla_use_output_gate": true, "vocab_size": 128,
        "linear_attn_config": {"num_heads": 4, "head_dim": 16, "short_conv_kernel_size": 4, "use_full_rank_gate": true,
        "kda_layers": [1, 2, 3], "full_attn_layers": [4]}}})",
       214'372, 164'708, 20},  // by hand: see hf_family_test.cpp
  };
  return all;
}
// clang-format on

}  // namespace test

// SPDX-License-Identifier: Apache-2.0
//
// What the weights of an operator are called in a checkpoint: the names that lists of quantized and excluded modules use. Where an operator has
// several modules in a layer the largest stands for it, expert 0 for all.
//
// Source: names of the modules in transformers' and the models' own modeling files, and in 27 hf_quant_config.json files.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/operator_type.hpp"

namespace quantroof::detail {

/// How a family of models names the parts of a layer.
enum class hf_naming : std::uint8_t {
  common,        // self_attn, mlp
  block_sparse,  // experts in block_sparse_moe
  feed_forward,  // llama4
  beside_mlp,    // gemma4: experts and router beside mlp
  mixer,         // nemotron_h: every layer is a mixer, in backbone
};

[[nodiscard]] constexpr hf_naming hf_naming_of(std::string_view type) {
  if (type == "nemotron_h") {
    return hf_naming::mixer;
  }
  if (type == "llama4" || type == "llama4_text") {
    return hf_naming::feed_forward;
  }
  if (type == "gemma4" || type == "gemma4_text") {
    return hf_naming::beside_mlp;
  }
  for (const std::string_view sparse :
       {"mixtral", "minimax_m2", "minimax_m3", "minimax_m3_vl", "kimi_linear"}) {
    if (type == sparse) {
      return hf_naming::block_sparse;
    }
  }
  return hf_naming::common;
}

using module_list = std::vector<std::string_view>;

/// DeepSeek-V4's names in its own code, with transformers' behind them.
[[nodiscard]] inline module_list deepseek_v4_modules_of(operator_type op) {
  using enum operator_type;
  switch (op) {
    case q_a_proj:
      return {"attn.wq_a", "self_attn.q_a_proj"};
    case q_proj:
      return {"attn.wq_b", "self_attn.q_b_proj"};
    case kv_a_proj:
      return {"attn.wkv", "self_attn.kv_proj"};
    case o_a_proj:
      return {"attn.wo_a", "self_attn.o_a_proj"};
    case o_proj:
      return {"attn.wo_b", "self_attn.o_b_proj"};
    case compressor:
      return {"attn.compressor.wkv", "self_attn.compressor.kv_proj"};
    case index_proj:
      return {"attn.indexer.wq_b", "self_attn.compressor.indexer.q_b_proj"};
    case router:
      return {"ffn.gate", "mlp.gate"};
    case expert_gate:
      return {"ffn.experts.0.w1", "mlp.experts.gate_up_proj"};
    case expert_up:
      return {"ffn.experts.0.w3", "mlp.experts.gate_up_proj"};
    case expert_down:
      return {"ffn.experts.0.w2", "mlp.experts.down_proj"};
    case shared_gate:
      return {"ffn.shared_experts.w1", "mlp.shared_experts.gate_proj"};
    case shared_up:
      return {"ffn.shared_experts.w3", "mlp.shared_experts.up_proj"};
    case shared_down:
      return {"ffn.shared_experts.w2", "mlp.shared_experts.down_proj"};
    default:
      return {};  // hyper-connections are parameters of the layer, no modules
  }
}

/// The names of an operator's module within its layer; several where families differ.
[[nodiscard]] inline module_list hf_modules_of(operator_type op, const layer_shape& l,
                                               hf_naming naming) {
  using enum operator_type;
  if (l.compressed) {
    return deepseek_v4_modules_of(op);
  }
  const bool mixer = naming == hf_naming::mixer;
  const bool block = naming == hf_naming::block_sparse;
  const bool forward = naming == hf_naming::feed_forward;
  const bool beside = naming == hf_naming::beside_mlp;
  const auto choose = [](bool condition, const module_list& yes, const module_list& no) {
    return condition ? yes : no;
  };
  const auto experts = [&](std::string_view common, std::string_view w, std::string_view fused,
                           std::string_view own) {
    return mixer     ? module_list{own}
           : block   ? module_list{w}
           : forward ? module_list{fused}
                     : module_list{common};
  };
  switch (op) {
    case q_proj:
      return mixer ? module_list{"mixer.q_proj"}
             : l.latent && l.latent->q_rank > 0
                 ? module_list{"self_attn.q_b_proj"}
                 : module_list{"self_attn.q_proj", "self_attn.qkv_proj"};
    case k_proj:
      return choose(mixer, {"mixer.k_proj"}, {"self_attn.k_proj", "self_attn.qkv_proj"});
    case v_proj:
      return choose(mixer, {"mixer.v_proj"}, {"self_attn.v_proj", "self_attn.qkv_proj"});
    case o_proj:
      return choose(mixer, {"mixer.o_proj"}, {"self_attn.o_proj"});
    case q_a_proj:
      return {"self_attn.q_a_proj"};
    case kv_a_proj:
      return {"self_attn.kv_a_proj_with_mqa"};
    case kv_b_proj:
      return {"self_attn.kv_b_proj"};
    case index_proj:
      return {"self_attn.indexer.wq_b"};
    case linear_in:
      return mixer   ? module_list{"mixer.in_proj"}
             : block ? module_list{"self_attn.q_proj"}
                     : module_list{"linear_attn.in_proj_qkv", "linear_attn.in_proj_qkvz"};
    case linear_out:
      return mixer   ? module_list{"mixer.out_proj"}
             : block ? module_list{"self_attn.o_proj"}
                     : module_list{"linear_attn.out_proj"};
    case ffn_gate:
      return forward ? module_list{"feed_forward.gate_proj"}
                     : module_list{"mlp.gate_proj", "mlp.gate_up_proj"};
    case ffn_up:
      return mixer     ? module_list{"mixer.up_proj"}
             : forward ? module_list{"feed_forward.up_proj"}
                       : module_list{"mlp.up_proj", "mlp.gate_up_proj"};
    case ffn_down:
      return mixer     ? module_list{"mixer.down_proj"}
             : forward ? module_list{"feed_forward.down_proj"}
                       : module_list{"mlp.down_proj"};
    case router:
      return mixer     ? module_list{"mixer.gate"}
             : block   ? module_list{"block_sparse_moe.gate"}
             : forward ? module_list{"feed_forward.router"}
             : beside  ? module_list{"router.proj"}
                       : module_list{"mlp.gate", "mlp.router"};
    case expert_gate:
      return beside ? module_list{"experts.0.gate_proj"}
                    : experts("mlp.experts.0.gate_proj", "block_sparse_moe.experts.0.w1",
                              "feed_forward.experts.gate_up_proj", "");
    case expert_up:
      return beside ? module_list{"experts.0.up_proj"}
                    : experts("mlp.experts.0.up_proj", "block_sparse_moe.experts.0.w3",
                              "feed_forward.experts.gate_up_proj", "mixer.experts.0.up_proj");
    case expert_down:
      return beside ? module_list{"experts.0.down_proj"}
                    : experts("mlp.experts.0.down_proj", "block_sparse_moe.experts.0.w2",
                              "feed_forward.experts.down_proj", "mixer.experts.0.down_proj");
    case shared_gate:
      return block     ? module_list{"block_sparse_moe.shared_experts.gate_proj"}
             : forward ? module_list{"feed_forward.shared_expert.gate_proj"}
                       : module_list{"mlp.shared_experts.gate_proj", "mlp.shared_expert.gate_proj"};
    case shared_up:
      return mixer     ? module_list{"mixer.shared_experts.up_proj"}
             : block   ? module_list{"block_sparse_moe.shared_experts.up_proj"}
             : forward ? module_list{"feed_forward.shared_expert.up_proj"}
                       : module_list{"mlp.shared_experts.up_proj", "mlp.shared_expert.up_proj"};
    case shared_down:
      return mixer     ? module_list{"mixer.shared_experts.down_proj"}
             : block   ? module_list{"block_sparse_moe.shared_experts.down_proj"}
             : forward ? module_list{"feed_forward.shared_expert.down_proj"}
                       : module_list{"mlp.shared_experts.down_proj", "mlp.shared_expert.down_proj"};
    case latent_in:
      return choose(mixer, {"mixer.fc1_latent_proj"}, {"block_sparse_moe.routed_expert_down_proj"});
    case latent_out:
      return choose(mixer, {"mixer.fc2_latent_proj"}, {"block_sparse_moe.routed_expert_up_proj"});
    default:
      return {};
  }
}

/// What stands before the name of a module in a layer, or of one beside the layers, in different wrappings of a model.
inline constexpr std::array<std::string_view, 5> hf_prefixes = {
    "model.", "language_model.model.", "model.language_model.", "backbone.", ""};

}  // namespace quantroof::detail

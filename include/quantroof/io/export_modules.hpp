// SPDX-License-Identifier: Apache-2.0
//
// A plan spread over the modules of a checkpoint: what each weight matrix is called, in which layers it has which format.
//
//   model.layers.3.mlp.down_proj           a module                lm_head, model.embed_tokens   the ends
//   model.layers.3.mlp.experts.7.w1        one of many experts     model.layers.3.self_attn.qkv_proj   several operators in one module
//
// FP16 and BF16 count as one: a checkpoint's 16-bit type is not part of its quantization.
// Source: names of the modules as in hf_modules.hpp; alternatives decided by model type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/io/hf_modules.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace io {

/// How the checkpoint of a model names its modules.
struct checkpoint_naming {
  std::string_view model_type{};  // of config.json; empty: the names most families use
  std::string_view prefix{};      // before "layers."; empty: what the model type has, else "model."
};

/// Who says the KV cache's format: the checkpoint, or the command that serves it.
enum class kv_cache_place : std::uint8_t { in_file, at_launch };

/// Where a target has no scheme for weights with the plan's activations: an error, or the target's own activations for these weights.
enum class activation_policy : std::uint8_t { as_planned, of_algorithm };

/// ModelOpt's lists name all experts of a layer at once, or each of their matrices: published files do either.
enum class expert_listing : std::uint8_t { together, each };

/// What a plan does not say of a checkpoint.
struct checkpoint_options {
  checkpoint_naming naming{};
  kv_cache_place kv_cache = kv_cache_place::in_file;
  activation_policy activations =
      activation_policy::as_planned;  // ModelOpt: FP8 weights have FP8 activations
  expert_listing experts = expert_listing::together;
  std::vector<std::string> also_ignore{};  // in the words of the target, kept as they are
};

}  // namespace io

namespace detail {

/// True for the 16-bit formats, which no list of quantized modules names.
[[nodiscard]] constexpr bool is_unquantized(precision p) {
  return p == precision::fp16 || p == precision::bf16;
}
[[nodiscard]] constexpr precision without_16bit_kind(precision p) {
  return is_unquantized(p) ? precision::fp16 : p;
}

/// The inputs of weights of a format, 16 bits as FP16.
[[nodiscard]] constexpr precision activation_of(const mixed_precision_config& plan,
                                                precision weight) {
  return without_16bit_kind(plan.get_activation_precision(weight));
}

/// A module that holds weights, and its format in each layer that has it.
struct export_module {
  std::string name;          // below the layer: "self_attn.q_proj", "mlp.experts"
  std::string expert_part;   // of each expert: "down_proj"; empty: no experts
  std::int64_t experts = 0;  // how many there are
  operator_type op = operator_type::q_proj;
  std::vector<std::optional<precision>> layers;

  [[nodiscard]] bool is_everywhere(precision p) const {
    for (const auto& format : layers) {
      if (format && *format != p) {
        return false;
      }
    }
    return true;
  }
};

/// A plan as a checkpoint's modules hold it.
struct export_modules {
  std::string prefix;
  std::vector<export_module> modules;
  precision head = precision::fp16;
  precision embeddings = precision::fp16;
};

[[noreturn]] inline void cannot_export(std::string_view target, std::string_view what,
                                       const std::string& why) {
  throw io::input_error{target, what, why};
}

/// The format of the KV cache, 16 bits as FP16, for targets that have one for K and V.
///
/// errors    io::input_error where the plan has two
[[nodiscard]] inline precision single_cache(std::string_view target,
                                            const mixed_precision_config& plan) {
  const cache_format f = plan.get_cache_format();
  if (without_16bit_kind(f.key) != without_16bit_kind(f.value)) {
    cannot_export(target, "kv_cache",
                  "K in " + std::string{to_string(f.key)} + " and V in " +
                      std::string{to_string(f.value)} +
                      " cannot be said: both have one format (llama.cpp keeps them apart)");
  }
  return without_16bit_kind(f.key);
}

/// Which of the names of an operator's module a family uses.
[[nodiscard]] inline std::string_view chosen_name(const module_list& names, operator_type op,
                                                  std::string_view type) {
  const auto is_any = [type](std::initializer_list<std::string_view> types) {
    for (const std::string_view t : types) {
      if (t == type) {
        return true;
      }
    }
    return false;
  };
  bool last = false;
  switch (op) {
    case operator_type::q_proj:
    case operator_type::k_proj:
    case operator_type::v_proj:
    case operator_type::ffn_gate:
    case operator_type::ffn_up:
      last = is_any({"phi3"});
      break;
    case operator_type::router:
      last = is_any({"gpt_oss"});
      break;
    case operator_type::linear_in:
      last = is_any({"qwen3_next"});
      break;
    case operator_type::shared_gate:
    case operator_type::shared_up:
    case operator_type::shared_down:
      last = is_any({"qwen2_moe", "qwen3_next", "qwen3_5_moe", "qwen3_5_moe_text"});
      break;
    default:
      break;
  }
  return last ? names.back() : names.front();
}

/// Modules that an operator of a layer has beside the one that stands for it, and whether they have its format or stay in 16 bits.
struct companion_module {
  std::string_view name;
  bool quantized;
};
[[nodiscard]] inline std::vector<companion_module> companions_of(operator_type op,
                                                                 std::string_view module) {
  switch (op) {
    case operator_type::compressor:
      return {{"attn.compressor.wgate", true}};
    case operator_type::index_proj:
      if (module == "attn.indexer.wq_b") {
        return {{"attn.indexer.weights_proj", false},
                {"attn.indexer.compressor.wkv", false},
                {"attn.indexer.compressor.wgate", false}};
      }
      return {{"self_attn.indexer.wk", true}, {"self_attn.indexer.weights_proj", true}};
    case operator_type::linear_in:
      if (module == "linear_attn.in_proj_qkv") {
        return {{"linear_attn.in_proj_z", true},
                {"linear_attn.in_proj_a", false},
                {"linear_attn.in_proj_b", false}};
      }
      if (module == "linear_attn.in_proj_qkvz") {
        return {{"linear_attn.in_proj_ba", false}};
      }
      return {};
    case operator_type::shared_gate:
      if (module == "mlp.shared_expert.gate_proj") {
        return {
            {"mlp.shared_expert_gate", false}};  // one output: how much the shared expert counts
      }
      return {};
    default:
      return {};
  }
}

/// Collects the modules of a plan.
class module_collector {
 public:
  module_collector(std::string_view target, const model_config& m, std::string_view type)
      : target_(target), model_(m), type_(type), naming_(hf_naming_of(type)) {}

  void add_layer(const mixed_precision_config& plan, std::int64_t layer) {
    const layer_shape shape = layer_kind(model_, layer_kind_of(model_, layer));
    for (const weight_matrix& w : weight_matrices(shape, model_.hidden_size)) {
      const module_list names = hf_modules_of(w.op, shape, naming_);
      const std::string_view name = names.empty() ? "" : chosen_name(names, w.op, type_);
      if (name.empty() && is_unquantized(plan.get_precision(w.op, layer))) {
        continue;  // a parameter of the layer itself, which no list names
      }
      if (name.empty()) {
        cannot_export(target_, to_string(w.op), "has no module of its own in this model type");
      }
      const precision format = without_16bit_kind(plan.get_precision(w.op, layer));
      add(name, w, layer, format);
      for (const companion_module& c : companions_of(w.op, name)) {
        add(c.name, w, layer, c.quantized ? format : precision::fp16);
      }
    }
  }

  [[nodiscard]] std::vector<export_module> take() { return std::move(modules_); }

 private:
  void add(std::string_view name, const weight_matrix& w, std::int64_t layer, precision format) {
    const std::size_t expert = w.copies > 1 ? name.find(".0.") : name.npos;
    const std::string_view whole = name.substr(0, expert);
    const std::string_view part = expert == name.npos ? "" : name.substr(expert + 3);
    export_module* found = nullptr;
    for (export_module& m : modules_) {
      if (m.name == whole && m.expert_part == part) {
        found = &m;
      }
    }
    if (found == nullptr) {
      modules_.push_back({.name = std::string{whole},
                          .expert_part = std::string{part},
                          .op = w.op,
                          .layers = std::vector<std::optional<precision>>(
                              static_cast<std::size_t>(model_.num_layers))});
      found = &modules_.back();
    }
    found->experts = w.copies > found->experts ? w.copies : found->experts;
    auto& slot = found->layers[static_cast<std::size_t>(layer)];
    if (slot && *slot != format) {
      cannot_export(target_, to_string(w.op),
                    "shares the module " + std::string{whole} + " of layer " +
                        std::to_string(layer) + " with " + std::string{to_string(found->op)} +
                        ", which has " + std::string{to_string(*slot)} + ", not " +
                        std::string{to_string(format)});
    }
    slot = format;
  }

  std::string_view target_;
  const model_config& model_;
  std::string_view type_;
  hf_naming naming_;
  std::vector<export_module> modules_;
};

/// What stands before "layers." in checkpoints of a model type.
///
/// source    published hf_quant_config.json files of these types
[[nodiscard]] constexpr std::string_view prefix_of(std::string_view type) {
  if (hf_naming_of(type) == hf_naming::mixer) {
    return "backbone.";
  }
  if (type == "deepseek_v4" || type == "deepseek_ref") {
    return "";
  }
  if (type == "gemma4" || type == "qwen3_5" || type == "qwen3_5_moe") {
    return "model.language_model.";
  }
  if (type == "kimi_k25" || type == "minimax_m3_vl") {
    return "language_model.model.";
  }
  return "model.";
}

/// Refuses what a plan says of operators without weights: checkpoints do not say it, engines decide it.
inline void check_only_weights(std::string_view target, const mixed_precision_config& plan) {
  const auto check = [&](operator_type op, precision p) {
    const precision expected = attention_matmuls.contains(op)
                                   ? without_16bit_kind(plan.default_activation_precision)
                                   : precision::fp16;
    if (without_16bit_kind(p) != expected) {
      cannot_export(
          target, to_string(op),
          std::string{to_string(p)} + " cannot be said: " +
              (attention_matmuls.contains(op) ? "only default_activation_precision can"
                                              : "operators without weights have 16 bits"));
    }
  };
  for (const operator_type op : operator_types) {
    if (weight_operators.contains(op) || op == operator_type::kv_cache) {
      continue;
    }
    if (const auto own = plan.operator_precisions.find(op)) {
      check(op, *own);
    }
    for (const layer_override& o : plan.layer_overrides) {
      if (o.operators.contains(op)) {
        check(op, o.precision);
      }
    }
  }
}

/// The modules of a model with the formats of a plan.
///
/// errors    io::input_error with the target and the operator: two formats in one module, an operator without weights that has not 16 bits, a
///           prefix that no reader knows
[[nodiscard]] inline export_modules modules_of_plan(std::string_view target, const model_config& m,
                                                    const mixed_precision_config& plan,
                                                    const io::checkpoint_naming& naming) {
  is_valid(m);
  is_valid(plan);
  check_only_weights(target, plan);
  export_modules all;
  all.prefix = !naming.prefix.empty() ? naming.prefix : prefix_of(naming.model_type);
  bool known = false;
  std::string list;
  for (const std::string_view prefix : hf_prefixes) {
    known = known || prefix == all.prefix;
    list.append(list.empty() ? "" : ", ").append(prefix.empty() ? "none at all" : prefix);
  }
  if (!known) {
    cannot_export(target, "prefix", "\"" + all.prefix + "\" is not known; known: " + list);
  }
  module_collector collector{target, m, naming.model_type};
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    collector.add_layer(plan, layer);
  }
  all.modules = collector.take();
  all.head = without_16bit_kind(plan.get_precision(operator_type::lm_head));
  all.embeddings = without_16bit_kind(plan.get_precision(operator_type::embeddings));
  return all;
}

/// Consecutive layers, both included.
struct layer_range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// The layers in which a module has a format, as ranges.
[[nodiscard]] inline std::vector<layer_range> ranges_with(const export_module& m, precision p) {
  std::vector<layer_range> ranges;
  bool open = false;
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const auto layer = static_cast<std::int64_t>(i);
    if (m.layers[i] == p) {
      if (!open) {
        ranges.push_back({layer, layer});
      }
      ranges.back().last = layer;
      open = true;
    } else if (m.layers[i]) {  // a layer without the module does not end a range
      open = false;
    }
  }
  return ranges;
}

}  // namespace detail

}  // namespace quantroof

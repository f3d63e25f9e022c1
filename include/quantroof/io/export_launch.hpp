// SPDX-License-Identifier: Apache-2.0
//
// The command that serves a plan: vLLM, SGLang or TensorRT-LLM with KV-cache format and attention kernel, after a check that the engine takes what
// the plan says on this device.
//
//   io::launch_line l = io::export_launch(serving_engine::vllm, models::llama3_8b, get_strategy("fp8_balanced"), get_hardware("b200_sxm"));
//   l.command      vllm serve MODEL --kv-cache-dtype fp8_e4m3 --attention-backend FLASHINFER
//
// Refused by name: kernels that do not read the cache on this device (FLASH_ATTN with FP8 on compute capability 8.0 and 10.0), weights with
// activations that the engine does not multiply, different formats in projections that it fuses, quantized embeddings.
// Not here: the checkpoint itself (export_compressed_tensors.hpp, export_modelopt.hpp); llama.cpp (export_llama_cpp.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/hardware/flash_attention_version.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/export_compressed_tensors.hpp"
#include "quantroof/io/export_engine_support.hpp"
#include "quantroof/io/export_modelopt.hpp"
#include "quantroof/io/export_modules.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

namespace io {

struct launch_options {
  std::string model = "MODEL";                       // folder or name of the quantized checkpoint
  std::string_view attention_backend{};              // empty: what the engine would take by itself
  std::optional<flash_attention_version> version{};  // of vLLM's FLASH_ATTN; nullopt: its default
  std::int64_t tensor_parallel = 1;
  std::int64_t context = 0;  // tokens a sequence; 0: the model's
  std::int64_t batch = 0;    // sequences at once; 0: the engine's
  checkpoint_naming naming{};
};

struct launch_line {
  std::string command;
  std::string file_name;  // a file that the command reads; empty: none
  std::string file_text;
  std::string checkpoint;  // "compressed-tensors", "modelopt", "unquantized"
  std::string_view attention_backend{};
  std::vector<std::string> notes;
};

}  // namespace io

namespace detail {

/// Operators that engines hold in one matrix.
inline constexpr std::array fused_operators = {
    operator_set{operator_type::q_proj, operator_type::k_proj, operator_type::v_proj},
    operator_set{operator_type::ffn_gate, operator_type::ffn_up},
    operator_set{operator_type::shared_gate, operator_type::shared_up},
    operator_set{operator_type::q_a_proj, operator_type::kv_a_proj},
    operator_set{operator_type::expert_gate, operator_type::expert_up, operator_type::expert_down}};

inline void check_fused(std::string_view engine, const model_config& m,
                        const mixed_precision_config& plan) {
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    const layer_shape shape = layer_kind(m, layer_kind_of(m, layer));
    const auto matrices = weight_matrices(shape, m.hidden_size);
    for (const operator_set& set : fused_operators) {
      const weight_matrix* first = nullptr;
      for (const weight_matrix& w : matrices) {
        // the second of low-rank query projections stands alone
        const bool low_rank = shape.latent || shape.compressed;
        if (!set.contains(w.op) || (low_rank && w.op == operator_type::q_proj)) {
          continue;
        }
        first = first == nullptr ? &w : first;
        const precision a = without_16bit_kind(plan.get_precision(first->op, layer));
        const precision b = without_16bit_kind(plan.get_precision(w.op, layer));
        if (a != b) {
          cannot_export(engine, to_string(w.op),
                        std::string{to_string(b)} + " beside " + std::string{to_string(first->op)} +
                            " in " + std::string{to_string(a)} + " (layer " +
                            std::to_string(layer) + "): the engine holds both in one matrix");
        }
      }
    }
  }
}

inline void check_weights(serving_engine engine, const export_modules& all,
                          const mixed_precision_config& plan, int capability,
                          std::vector<std::string>& notes) {
  const std::string_view name = to_string(engine);
  if (!is_unquantized(all.embeddings)) {
    cannot_export(name, "embeddings",
                  std::string{to_string(all.embeddings)} + ": the engine reads them in 16 bits");
  }
  for (const precision p : quantized_formats(all)) {
    const engine_weights* found = nullptr;
    std::string known;
    const precision activation = activation_of(plan, p);
    for (const engine_weights& row : engine_weight_rows) {
      if (row.weight == p && is_of(row, engine)) {
        found = row.activation == activation ? &row : found;
        known.append(known.empty() ? "" : ", ").append(to_string(row.activation));
      }
    }
    const std::string what = std::string{to_string(p)} + " weights with activations in " +
                             std::string{to_string(plan.get_activation_precision(p))};
    if (found == nullptr) {
      cannot_export(name, "weights",
                    what + " are not multiplied; known activations for these weights: " +
                        (known.empty() ? "none" : known));
    }
    if (capability < found->first_capability) {
      if (found->first_fallback == 0 || capability < found->first_fallback ||
          engine == serving_engine::tensorrt_llm) {
        cannot_export(name, "weights",
                      what + " need compute capability " +
                          std::to_string(found->first_capability / 10) + "." +
                          std::to_string(found->first_capability % 10));
      }
      notes.push_back(what + ": no such matrix unit here; dequantized and multiplied in 16 bits");
    }
  }
  if (!is_unquantized(all.head)) {
    notes.emplace_back("the LM head is quantized: vLLM reads that from modelopt checkpoints only");
  }
}

/// What the model's attention layers ask; nullopt where there are none, or the engine has one kernel for them (compressed attention).
[[nodiscard]] inline std::optional<attention_demand> demand_of(serving_engine engine,
                                                               const model_config& m,
                                                               const mixed_precision_config& plan,
                                                               int capability) {
  attention_demand d{.engine = engine,
                     .capability = capability,
                     .cache = without_16bit_kind(plan.kv_cache_precision)};
  bool any = false;
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape l = layer_kind(m, kind);
    if (l.attention) {
      any = true;
      if (!holds(d.head_dims, l.attention->head_dim)) {
        d.head_dims.push_back(l.attention->head_dim);
      }
    }
    if (l.latent) {
      any = true;
      d.kind = l.latent->selected > 0 ? attention_kind::sparse_latent : attention_kind::latent;
    }
  }
  return any ? std::optional{d} : std::nullopt;
}

[[nodiscard]] inline const attention_backend& backend_for(const attention_demand& d,
                                                          std::string_view wanted) {
  const attention_backend* const found = find_attention_backend(d, wanted);
  if (found != nullptr) {
    return *found;
  }
  const std::string_view engine = to_string(d.engine);
  const std::string where = std::string{to_string(d.cache)} + " KV cache on compute capability " +
                            std::to_string(d.capability / 10) + "." +
                            std::to_string(d.capability % 10);
  std::string known;
  std::string fit;
  bool exists = false;
  for (const attention_backend& b : attention_backends) {
    if (b.engine == d.engine && b.kind == d.kind) {
      exists = exists || b.name == wanted;
      if (known.find(b.name) == known.npos) {
        known.append(known.empty() ? "" : ", ").append(b.name);
      }
      if (serves(b, d)) {
        fit.append(fit.empty() ? "" : ", ").append(b.name);
      }
    }
  }
  if (!wanted.empty() && !exists) {
    cannot_export(engine, "attention_backend",
                  "\"" + std::string{wanted} + "\" is not known for these layers; known: " + known);
  }
  cannot_export(engine, "attention_backend",
                (wanted.empty() ? "no kernel takes " : std::string{wanted} + " does not take ") +
                    where + (fit.empty() ? "" : "; use " + fit));
}

/// The containers that say the plan and that the engine reads.
[[nodiscard]] inline std::string checkpoint_for(serving_engine engine, const model_config& m,
                                                const mixed_precision_config& plan,
                                                const io::launch_options& options, bool quantized) {
  if (!quantized) {
    return "unquantized";
  }
  const io::checkpoint_options checkpoint{.naming = options.naming,
                                          .kv_cache = io::kv_cache_place::at_launch};
  std::string why;
  if (engine != serving_engine::tensorrt_llm) {
    try {
      static_cast<void>(io::export_compressed_tensors(m, plan, checkpoint));
      return "compressed-tensors";
    } catch (const io::input_error& error) {
      why = error.what();
    }
  }
  try {
    static_cast<void>(io::export_modelopt(m, plan, checkpoint));
    return "modelopt";
  } catch (const io::input_error& error) {
    why += (why.empty() ? "" : "; ") + std::string{error.what()};
  }
  cannot_export(to_string(engine), "checkpoint", "no format that it reads says this plan: " + why);
}

/// vLLM's option for a FlashAttention release; SGLang's backends are called by it, TensorRT-LLM has none.
[[nodiscard]] inline std::string version_option(serving_engine engine, const hardware_spec& hw,
                                                flash_attention_version v,
                                                std::string_view backend) {
  const std::string name{to_string(v)};
  if (engine != serving_engine::vllm || backend != "FLASH_ATTN") {
    cannot_export(to_string(engine), "version",
                  name + " is a choice of vLLM's FLASH_ATTN, not of " + std::string{backend});
  }
  if (v == flash_attention_version::fa1 || !runs_flash_attention(hw, v)) {
    cannot_export(to_string(engine), "version", name + " does not run on this device");
  }
  return " --attention-config.flash_attn_version=" + name.substr(2);
}

[[nodiscard]] inline std::string_view name_of_cache(serving_engine engine, precision cache) {
  std::string known;
  for (const cache_name& n : cache_names) {
    if (n.engine == engine) {
      if (n.format == cache) {
        return n.name;
      }
      known.append(known.empty() ? "" : ", ");
      known.append(n.format == precision::fp16 ? "16 bits" : to_string(n.format));
    }
  }
  cannot_export(to_string(engine), "kv_cache",
                std::string{to_string(cache)} + " is not a format of its cache; known: " + known);
}

inline void add_option(std::string& command, std::string_view flag, std::int64_t value,
                       std::int64_t unset) {
  if (value != unset) {
    command.append(" ").append(flag).append(" ").append(std::to_string(value));
  }
}

}  // namespace detail

namespace io {

/// The command that serves a plan on a device.
///
/// requires  is_valid(m); is_valid(plan); options.tensor_parallel >= 1
/// errors    io::input_error that names the engine, the part of the plan and what would be taken instead; a device without a compute capability
/// example   examples/export_plan.cpp
[[nodiscard]] inline launch_line export_launch(serving_engine engine, const model_config& m,
                                               const mixed_precision_config& plan,
                                               const hardware_spec& hw,
                                               const launch_options& options = {}) {
  using namespace detail;
  const std::string_view name = to_string(engine);
  if (!hw.compute_capability) {
    cannot_export(name, hw.key.view(),
                  "has no compute capability: these tables are for NVIDIA's devices");
  }
  expects(options.tensor_parallel >= 1 && options.context >= 0 && options.batch >= 0,
          "launch_options: tensor_parallel must be positive, context and batch not negative");
  const int capability = *hw.compute_capability;
  launch_line line;
  const export_modules all = modules_of_plan(name, m, plan, options.naming);
  check_fused(name, m, plan);
  check_weights(engine, all, plan, capability, line.notes);
  const precision cache = single_cache(name, plan);
  line.checkpoint = checkpoint_for(engine, m, plan, options, !quantized_formats(all).empty());
  const std::string_view cache_type = name_of_cache(engine, cache);
  if (const auto demand = demand_of(engine, m, plan, capability)) {
    line.attention_backend = backend_for(*demand, options.attention_backend).name;
  }
  const std::string backend{line.attention_backend};
  std::string& c = line.command;
  switch (engine) {
    case serving_engine::vllm:
      c = "vllm serve " + options.model;
      add_option(c, "--tensor-parallel-size", options.tensor_parallel, 1);
      add_option(c, "--max-model-len", options.context, 0);
      add_option(c, "--max-num-seqs", options.batch, 0);
      c.append(" --kv-cache-dtype ").append(cache_type);
      c.append(backend.empty() ? "" : " --attention-backend " + backend);
      break;
    case serving_engine::sglang:
      c = "python3 -m sglang.launch_server --model-path " + options.model;
      add_option(c, "--tp", options.tensor_parallel, 1);
      add_option(c, "--context-length", options.context, 0);
      add_option(c, "--max-running-requests", options.batch, 0);
      c.append(" --kv-cache-dtype ").append(cache_type);
      c.append(backend.empty() ? "" : " --attention-backend " + backend);
      break;
    case serving_engine::tensorrt_llm:
      line.file_name = "trtllm.yaml";
      line.file_text = (backend.empty() ? "" : "attn_backend: " + backend + "\n") +
                       "kv_cache_config:\n  dtype: " + std::string{cache_type} + "\n";
      c = "trtllm-serve " + options.model + " --backend pytorch";
      add_option(c, "--tp_size", options.tensor_parallel, 1);
      add_option(c, "--max_seq_len", options.context, 0);
      add_option(c, "--max_batch_size", options.batch, 0);
      c += " --config " + line.file_name;
      break;
  }
  if (options.version) {
    c += version_option(engine, hw, *options.version, backend);
  }
  if (!is_unquantized(cache)) {
    line.notes.push_back(
        std::string{to_string(cache)} +
        " KV cache: without scales in the checkpoint they are 1.0; calibrate them");
  }
  return line;
}

}  // namespace io
}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// A plan as llama.cpp's commands: llama-quantize with one --tensor-type an operator and range of layers, llama-server with -ctk and -ctv.
//
//   llama_cpp_commands c = io::export_llama_cpp(models::llama3_8b, plan);     c.quantize, c.serve
//
// llama-quantize takes the first pattern that it finds in a tensor's name, and looks at them only where the last argument names a quantized type;
// 16-bit tensors therefore are F16 entries. Formats that GGUF has bit for bit are taken as they are (INT8_G32 is Q8_0, INT4_G32 is Q4_0, MXFP4 is
// MXFP4); others are refused, or replaced by the nearest type with gguf_types::nearest, which the notes say.
// Source: llama.cpp tools/quantize/quantize.cpp and src/llama-quant.cpp (tensor_type_patterns), gguf-py constants (published).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/export_modules.hpp"
#include "quantroof/io/export_patterns.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace io {

/// Formats that GGUF does not have: an error, or the nearest type.
enum class gguf_types : std::uint8_t { exact, nearest };

struct llama_cpp_options {
  gguf_types types = gguf_types::exact;
  std::string source = "model-f16.gguf";
  std::string target = "model.gguf";
};

struct llama_cpp_commands {
  std::string quantize;  // empty: nothing to quantize
  std::string serve;
  std::vector<std::string> notes;  // what was replaced, and what llama.cpp decides itself
};

}  // namespace io

namespace detail {

inline constexpr std::string_view llama_cpp_name = "llama.cpp";

/// A format as a GGUF type of weights, and as a type of the KV cache; empty: none.
struct gguf_type_name {
  precision format;
  std::string_view weights;
  std::string_view cache;
  bool exact;  // the same elements and scales
};
// clang-format off
inline constexpr std::array gguf_type_names = {
    gguf_type_name{precision::fp32,              "F32",    "f32",  true},
    gguf_type_name{precision::fp16,              "F16",    "f16",  true},
    gguf_type_name{precision::bf16,              "BF16",   "bf16", true},
    gguf_type_name{precision::gguf_q8_0,         "Q8_0",   "q8_0", true},
    gguf_type_name{precision::gguf_q4_0,         "Q4_0",   "q4_0", true},
    gguf_type_name{precision::gguf_q4_k,         "Q4_K",   "",     true},
    gguf_type_name{precision::gguf_q6_k,         "Q6_K",   "",     true},
    gguf_type_name{precision::gguf_mxfp4,        "MXFP4",  "",     true},
    gguf_type_name{precision::gguf_nvfp4,        "NVFP4",  "",     true},
    gguf_type_name{precision::int8_g32,          "Q8_0",   "q8_0", true},   // 32 x 8 bits, FP16 scale: 8.5
    gguf_type_name{precision::int4_g32,          "Q4_0",   "q4_0", true},   // 32 x 4 bits, FP16 scale: 4.5
    gguf_type_name{precision::mxfp4,             "MXFP4",  "",     true},   // 32 x E2M1, E8M0 scale: 4.25
    gguf_type_name{precision::nvfp4,             "NVFP4",  "q4_0", false},  // without the tensor's scale: 4.5
    gguf_type_name{precision::nvfp4_kv,          "",       "q4_0", false},
    gguf_type_name{precision::fp8_e4m3,          "Q8_0",   "q8_0", false},
    gguf_type_name{precision::fp8_e5m2,          "Q8_0",   "q8_0", false},
    gguf_type_name{precision::fp8_e4m3_channel,  "Q8_0",   "q8_0", false},
    gguf_type_name{precision::fp8_e4m3_block128, "Q8_0",   "",     false},
    gguf_type_name{precision::fp8_e4m3_group128, "Q8_0",   "",     false},
    gguf_type_name{precision::mxfp8_e4m3,        "Q8_0",   "q8_0", false},
    gguf_type_name{precision::int8,              "Q8_0",   "q8_0", false},
    gguf_type_name{precision::int8_channel,      "Q8_0",   "q8_0", false},
    gguf_type_name{precision::int4_g64,          "Q4_0",   "q4_0", false},
    gguf_type_name{precision::int4_g128,         "Q4_K",   "",     false},
    gguf_type_name{precision::int4_g128_zp4,     "Q4_K",   "",     false},
    gguf_type_name{precision::int4_g128_zp16,    "Q4_K",   "",     false},
    gguf_type_name{precision::int4_channel,      "Q4_0",   "",     false},
    gguf_type_name{precision::int4,              "Q4_0",   "q4_0", false},
};

/// What llama.cpp calls the tensor of an operator; empty: another way, or none.
struct gguf_operator_name {
  operator_type op;
  std::string_view tensor;
};
inline constexpr std::array gguf_operator_names = {
    gguf_operator_name{operator_type::q_proj,      "attn_q"},
    gguf_operator_name{operator_type::k_proj,      "attn_k"},
    gguf_operator_name{operator_type::v_proj,      "attn_v"},
    gguf_operator_name{operator_type::o_proj,      "attn_output"},
    gguf_operator_name{operator_type::q_a_proj,    "attn_q_a"},
    gguf_operator_name{operator_type::kv_a_proj,   "attn_kv_a_mqa"},
    gguf_operator_name{operator_type::kv_b_proj,   "attn_(k|v|kv)_b"},
    gguf_operator_name{operator_type::ffn_gate,    "ffn_gate"},
    gguf_operator_name{operator_type::ffn_up,      "ffn_up"},
    gguf_operator_name{operator_type::ffn_down,    "ffn_down"},
    gguf_operator_name{operator_type::router,      "ffn_gate_inp"},
    gguf_operator_name{operator_type::expert_gate, "ffn_gate_exps"},
    gguf_operator_name{operator_type::expert_up,   "ffn_up_exps"},
    gguf_operator_name{operator_type::expert_down, "ffn_down_exps"},
    gguf_operator_name{operator_type::shared_gate, "ffn_gate_shexp"},
    gguf_operator_name{operator_type::shared_up,   "ffn_up_shexp"},
    gguf_operator_name{operator_type::shared_down, "ffn_down_shexp"},
};
// clang-format on

inline void add_once(std::vector<std::string>& notes, std::string note) {
  for (const std::string& known : notes) {
    if (known == note) {
      return;
    }
  }
  notes.push_back(std::move(note));
}

/// The type of a format in a place, with a note where it is not the format itself.
[[nodiscard]] inline std::string gguf_type_of(precision p, bool cache, io::gguf_types types,
                                              std::vector<std::string>& notes) {
  std::string known;
  for (const gguf_type_name& t : gguf_type_names) {
    const std::string_view name = cache ? t.cache : t.weights;
    if (t.format == p && !name.empty() && (t.exact || types == io::gguf_types::nearest)) {
      if (!t.exact) {
        add_once(notes, std::string{cache ? "KV cache: " : "weights: "} +
                            std::string{to_string(p)} + " is replaced by GGUF's " +
                            std::string{name});
      }
      return std::string{name};
    }
    if (t.exact && !name.empty()) {
      known.append(known.empty() ? "" : ", ").append(to_string(t.format));
    }
  }
  cannot_export(llama_cpp_name, cache ? "kv_cache" : "weights",
                std::string{to_string(p)} + " has no GGUF type; known: " + known +
                    "; gguf_types::nearest replaces others");
}

/// The last argument of llama-quantize: files have types of their own, and not all that tensors have.
[[nodiscard]] inline std::string file_type_of(const std::string& tensor_type) {
  for (const std::string_view both : {"Q8_0", "Q6_K", "Q4_K", "Q4_0"}) {
    if (both == tensor_type) {
      return tensor_type;
    }
  }
  return "Q8_0";
}

/// A name of a tensor: q_proj of latent attention is the second of two.
[[nodiscard]] inline std::string_view gguf_tensor_of(const export_module& m) {
  if (m.op == operator_type::q_proj && m.name == "self_attn.q_b_proj") {
    return "attn_q_b";
  }
  for (const gguf_operator_name& n : gguf_operator_names) {
    if (n.op == m.op) {
      return n.tensor;
    }
  }
  return "";
}

}  // namespace detail

namespace io {

/// A plan as llama.cpp's commands.
///
/// requires  is_valid(m); is_valid(plan)
/// errors    io::input_error that names the format which GGUF does not have, the operator whose tensor has no name here, or activations:
///           llama.cpp chooses them itself
/// ignores   inputs in FP16 and BF16: products of quantized types quantize their inputs to 8 bits
/// example   examples/export_plan.cpp
[[nodiscard]] inline llama_cpp_commands export_llama_cpp(const model_config& m,
                                                         const mixed_precision_config& plan,
                                                         const llama_cpp_options& options = {}) {
  using namespace detail;
  const export_modules all = modules_of_plan(llama_cpp_name, m, plan, {});
  llama_cpp_commands c;
  precision input = quantized_formats(all).empty()
                        ? without_16bit_kind(plan.default_activation_precision)
                        : precision::fp16;
  for (const precision p : quantized_formats(all)) {
    input = is_unquantized(input) ? activation_of(plan, p) : input;
  }
  if (!is_unquantized(input)) {
    const std::string what = std::string{to_string(input)} +
                             " cannot be said: llama.cpp quantizes activations as its kernels need";
    if (options.types == gguf_types::exact) {
      cannot_export(llama_cpp_name, "activations", what);
    }
    c.notes.push_back("activations: " + what);
  }
  std::array<std::size_t, precision_count> count{};
  std::string arguments;
  for (const export_module& module : all.modules) {
    if (module.is_everywhere(precision::fp16) && module.op == operator_type::router) {
      continue;  // never quantized
    }
    const std::string_view tensor = gguf_tensor_of(module);
    if (tensor.empty()) {
      cannot_export(llama_cpp_name, to_string(module.op), "has no name of a tensor here");
    }
    std::vector<precision> formats;
    for (const auto& format : module.layers) {
      bool known = !format;
      for (const precision p : formats) {
        known = known || p == *format;
      }
      if (!known) {
        formats.push_back(*format);
      }
      count[static_cast<std::size_t>(format.value_or(precision::fp16))] += format ? 1U : 0U;
    }
    for (const precision p : formats) {
      const std::string type = gguf_type_of(p, false, options.types, c.notes);
      for (const std::string& layers : layer_patterns(module, p)) {
        arguments.append(R"( --tensor-type 'blk\.)").append(layers).append(R"(\.)");
        arguments.append(tensor).append(R"(\.weight=)").append(type).append("'");
      }
    }
  }
  // The type of what no pattern names; patterns count only where it is quantized.
  precision most = precision::fp16;
  for (const precision p : quantized_formats(all)) {
    const auto n = count[static_cast<std::size_t>(p)];
    most = is_unquantized(most) || n > count[static_cast<std::size_t>(most)] ? p : most;
  }
  if (!is_unquantized(most)) {
    c.quantize =
        "llama-quantize" + arguments + " --output-tensor-type " +
        gguf_type_of(all.head, false, options.types, c.notes) + " --token-embedding-type " +
        gguf_type_of(all.embeddings, false, options.types, c.notes) + " " + options.source + " " +
        options.target + " " + file_type_of(gguf_type_of(most, false, options.types, c.notes));
  }
  const cache_format cache = plan.get_cache_format();
  const std::string keys =
      gguf_type_of(without_16bit_kind(cache.key), true, options.types, c.notes);
  const std::string values =
      gguf_type_of(without_16bit_kind(cache.value), true, options.types, c.notes);
  c.serve = "llama-server -m " + (c.quantize.empty() ? options.source : options.target) + " -ctk " +
            keys + " -ctv " + values;
  if (format_of(cache.key).element_bits < 16 || format_of(cache.value).element_bits < 16) {
    c.serve += " -fa on";  // quantized values need the fused kernel
  }
  if (keys != values) {
    c.notes.emplace_back(
        "KV cache: different types of K and V need a build with GGML_CUDA_FA_ALL_QUANTS=ON");
  }
  return c;
}

}  // namespace io
}  // namespace quantroof

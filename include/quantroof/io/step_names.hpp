// SPDX-License-Identifier: Apache-2.0
//
// Weight formats and engines by the names that benchmarks of whole models give them.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof::io::internal {

/// Weight formats as benchmarks call them, and whether activations are quantized with them.
struct step_format {
  std::string_view name;
  precision weight;
  precision activation;
};
// clang-format off
inline constexpr std::array step_formats = {
    step_format{"bf16", precision::bf16, precision::bf16}, step_format{"fp16", precision::fp16, precision::fp16},
    step_format{"F16", precision::fp16, precision::fp16}, step_format{"BF16", precision::bf16, precision::bf16},
    step_format{"unspecified", precision::bf16, precision::bf16}, step_format{"", precision::bf16, precision::bf16},
    step_format{"fp8", precision::fp8_e4m3, precision::fp8_e4m3},
    step_format{"fp8_block", precision::fp8_e4m3_block128, precision::fp8_e4m3_block128},
    step_format{"fp4", precision::nvfp4, precision::nvfp4}, step_format{"nvfp4", precision::nvfp4, precision::nvfp4},
    step_format{"int4", precision::int4_g32, precision::bf16}, step_format{"int4_wo", precision::int4_g32, precision::bf16},
    step_format{"int8_wo", precision::int8_channel, precision::bf16},
    step_format{"int4_wo_g32", precision::int4_g32, precision::bf16},
    step_format{"int4_wo_g64", precision::int4_g64, precision::bf16},
    step_format{"fp8_wo", precision::fp8_e4m3, precision::bf16},
    step_format{"fp8_dq_per_row", precision::fp8_e4m3, precision::fp8_e4m3},
    step_format{"fp8_dq_per_tensor", precision::fp8_e4m3, precision::fp8_e4m3},
    step_format{"Q8_0", precision::gguf_q8_0, precision::bf16}, step_format{"Q4_0", precision::gguf_q4_0, precision::bf16},
    step_format{"Q4_K", precision::gguf_q4_k, precision::bf16}, step_format{"Q4_K_S", precision::gguf_q4_k, precision::bf16},
    step_format{"Q4_K_M", precision::gguf_q4_k, precision::bf16}, step_format{"MXFP4", precision::gguf_mxfp4, precision::bf16},
};
// clang-format on

[[nodiscard]] inline const step_format* find_step_format(std::string_view name) {
  for (const step_format& f : step_formats) {
    if (f.name == name) {
      return &f;
    }
  }
  return nullptr;
}

[[nodiscard]] inline const inference_engine* find_step_engine(std::string_view name) {
  using named = std::pair<std::string_view, const inference_engine*>;
  for (const auto& [part, engine] :
       {named{"torch.compile", &engines::torch_compile}, named{"llama", &engines::llama_cpp},
        named{"trtllm", &engines::tensorrt_llm}, named{"TensorRT", &engines::tensorrt_llm},
        named{"vllm", &engines::vllm}, named{"vLLM", &engines::vllm},
        named{"sglang", &engines::sglang}}) {
    if (name.find(part) != std::string_view::npos) {
      return engine;
    }
  }
  return nullptr;
}

}  // namespace quantroof::io::internal

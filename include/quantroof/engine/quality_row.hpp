// SPDX-License-Identifier: Apache-2.0
//
// The form of a published measurement of quality: which model, in which formats, on which benchmark, before and after, who printed it.
//
// Not here: the rows (quality_perplexities.hpp, quality_scores.hpp), what is made of them (quality_evidence.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/engine/quality_options.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Models that somebody measured. Releases of one shape that a preset stands for, and instruction-tuned ones, count as one model.
enum class measured_model : std::uint8_t {
  llama3_8b,
  llama3_70b,
  llama3_2_1b,
  llama3_2_3b,
  llama_7b,
  llama_13b,
  llama_30b,
  llama_65b,
  llama2_7b,
  llama2_13b,
  llama2_70b,
  mistral_7b,
  mistral_7b_v03,
  mixtral_8x7b,
  yi_34b,
  falcon_7b,
  falcon_40b,
  falcon_180b,
  mpt_30b,
  qwen2_5_1_5b,
  qwen2_5_7b,
  qwen2_5_72b,
  r1_distill_1_5b,
  qwen3_4b,
  qwen3_8b,
  qwen3_32b,
  qwen3_30b_a3b,
  qwen3_235b_a22b,
  qwen3_5_27b,
  qwen3_6_27b,
  gpt_oss_120b,
  deepseek_r1_0528,
  phi3_5_mini,
  phi4_mini,
  gemma3_4b,
  gemma3_12b,
  gemma_2b,
  internlm2_7b,
  qwen1_5_7b,
};

/// How a model is found: canonical names (quality_traits.hpp), and the parameters that it must have within 8 %.
struct measured_model_entry {
  measured_model value = measured_model::llama3_8b;
  std::string_view name{};
  double billions = 0;
  std::array<std::string_view, 3> keys{};
};

/// Rounded to nearest, or chosen with data.
enum class weight_method : std::uint8_t { rounded, calibrated };

/// Who printed a figure.
enum class evidence_source : std::uint8_t {
  llama_cpp_perplexity,
  llama_cpp_quantize,
  llama_cpp_1684,
  llama_cpp_5361,
  llama_cpp_7412,
  llama_cpp_20247,
  llama_cpp_23572,
  auto_round_paper,
  auto_round_mxnv,
  auto_round_opt_rtn,
  auto_round_gguf,
  auto_round_rotation,
  auto_round_fp8_block,
  deepcompressor,
  modelopt_windows,
  lmdeploy_kv,
  spinquant,
  sglang_kv,
  trtllm_blog,
  torchao_inference,
  torchao_qat,
  smoothquant,
  torchao_3394,
  gptq_for_llama,
  llm_compressor_autoround,
  vllm_ptpc,
  neuralmagic,
  sglang_36172,
  llm_compressor_imatrix,
  llm_compressor_2922,
  torchao_3979,
  torchao_awq,
  fp_quant,
  mlx_lm,
  vllm_25674,
  llm_compressor_2304,
  sglang_25794,
  torchao_smoothquant,
  sglang_9783,
  llm_compressor_3001,
};

namespace detail {
inline constexpr std::array measured_models{
    measured_model_entry{
        measured_model::llama3_8b, "Llama-3(.1)-8B", 8.03, {"llama38b", "llama318b", ""}},
    measured_model_entry{measured_model::llama3_70b,
                         "Llama-3(.1, .3)-70B",
                         70.55,
                         {"llama370b", "llama3170b", "llama3370b"}},
    measured_model_entry{measured_model::llama3_2_1b, "Llama-3.2-1B", 1.24, {"llama321b", "", ""}},
    measured_model_entry{measured_model::llama3_2_3b, "Llama-3.2-3B", 3.21, {"llama323b", "", ""}},
    measured_model_entry{measured_model::llama_7b, "LLaMA-7B", 6.74, {"llama7b", "", ""}},
    measured_model_entry{measured_model::llama_13b, "LLaMA-13B", 13.02, {"llama13b", "", ""}},
    measured_model_entry{measured_model::llama_30b, "LLaMA-30B", 32.53, {"llama30b", "", ""}},
    measured_model_entry{measured_model::llama_65b, "LLaMA-65B", 65.29, {"llama65b", "", ""}},
    measured_model_entry{measured_model::llama2_7b, "Llama-2-7B", 6.74, {"llama27b", "", ""}},
    measured_model_entry{measured_model::llama2_13b, "Llama-2-13B", 13.02, {"llama213b", "", ""}},
    measured_model_entry{measured_model::llama2_70b, "Llama-2-70B", 68.98, {"llama270b", "", ""}},
    measured_model_entry{
        measured_model::mistral_7b, "Mistral-7B-v0.1", 7.24, {"mistral7b", "mistral7bv01", ""}},
    measured_model_entry{measured_model::mistral_7b_v03,
                         "Mistral-7B-v0.3",
                         7.25,
                         {"mistral7bv03", "mistral7binstructv03", ""}},
    measured_model_entry{
        measured_model::mixtral_8x7b, "Mixtral-8x7B", 46.7, {"mixtral8x7b", "mixtral8x7bv01", ""}},
    measured_model_entry{measured_model::yi_34b, "Yi-34B", 34.4, {"yi34b", "", ""}},
    measured_model_entry{measured_model::falcon_7b, "Falcon-7B", 7.2, {"falcon7b", "", ""}},
    measured_model_entry{measured_model::falcon_40b, "Falcon-40B", 41.8, {"falcon40b", "", ""}},
    measured_model_entry{measured_model::falcon_180b, "Falcon-180B", 179.5, {"falcon180b", "", ""}},
    measured_model_entry{measured_model::mpt_30b, "MPT-30B", 30.0, {"mpt30b", "", ""}},
    measured_model_entry{measured_model::qwen2_5_1_5b, "Qwen2.5-1.5B", 1.54, {"qwen2515b", "", ""}},
    measured_model_entry{measured_model::qwen2_5_7b, "Qwen2.5-7B", 7.62, {"qwen257b", "", ""}},
    measured_model_entry{measured_model::qwen2_5_72b, "Qwen2.5-72B", 72.7, {"qwen2572b", "", ""}},
    measured_model_entry{measured_model::r1_distill_1_5b,
                         "DeepSeek-R1-Distill-Qwen-1.5B",
                         1.78,
                         {"deepseekr1distillqwen15b", "", ""}},
    measured_model_entry{measured_model::qwen3_4b, "Qwen3-4B", 4.02, {"qwen34b", "", ""}},
    measured_model_entry{measured_model::qwen3_8b, "Qwen3-8B", 8.19, {"qwen38b", "", ""}},
    measured_model_entry{measured_model::qwen3_32b, "Qwen3-32B", 32.76, {"qwen332b", "", ""}},
    measured_model_entry{
        measured_model::qwen3_30b_a3b, "Qwen3-30B-A3B", 30.53, {"qwen330ba3b", "", ""}},
    measured_model_entry{
        measured_model::qwen3_235b_a22b, "Qwen3-235B-A22B", 235.1, {"qwen3235ba22b", "", ""}},
    measured_model_entry{measured_model::qwen3_5_27b, "Qwen3.5-27B", 27.0, {"qwen3527b", "", ""}},
    measured_model_entry{measured_model::qwen3_6_27b, "Qwen3.6-27B", 27.0, {"qwen3627b", "", ""}},
    measured_model_entry{
        measured_model::gpt_oss_120b, "gpt-oss-120b", 116.8, {"gptoss120b", "", ""}},
    measured_model_entry{
        measured_model::deepseek_r1_0528, "DeepSeek-R1-0528", 671.0, {"deepseekr10528", "", ""}},
    measured_model_entry{measured_model::phi3_5_mini, "Phi-3.5-mini", 3.82, {"phi35mini", "", ""}},
    measured_model_entry{measured_model::phi4_mini, "Phi-4-mini", 3.84, {"phi4mini", "", ""}},
    measured_model_entry{measured_model::gemma3_4b, "gemma-3-4b", 4.3, {"gemma34b", "", ""}},
    measured_model_entry{measured_model::gemma3_12b, "gemma-3-12b", 12.2, {"gemma312b", "", ""}},
    measured_model_entry{measured_model::gemma_2b, "gemma-2b", 2.51, {"gemma2b", "", ""}},
    measured_model_entry{
        measured_model::internlm2_7b, "internlm2-chat-7b", 7.74, {"internlm2chat7b", "", ""}},
    measured_model_entry{measured_model::qwen1_5_7b, "Qwen1.5-7B", 7.72, {"qwen157b", "", ""}},
};
inline constexpr name_table<weight_method, 2> weight_method_names{
    {{weight_method::rounded, "rounded"}, {weight_method::calibrated, "calibrated"}}};
inline constexpr name_table<evidence_source, 40> evidence_source_names{{
    {evidence_source::llama_cpp_perplexity, "llama.cpp examples/perplexity/README.md"},
    {evidence_source::llama_cpp_quantize, "llama.cpp examples/quantize README (Llama-2-70B)"},
    {evidence_source::llama_cpp_1684, "llama.cpp PR #1684"},
    {evidence_source::llama_cpp_5361, "llama.cpp PR #5361"},
    {evidence_source::llama_cpp_7412, "llama.cpp PR #7412"},
    {evidence_source::llama_cpp_20247, "llama.cpp PR #20247"},
    {evidence_source::llama_cpp_23572, "llama.cpp PR #23572"},
    {evidence_source::auto_round_paper, "auto-round b9f3d00 docs/paper_acc.md"},
    {evidence_source::auto_round_mxnv, "auto-round b9f3d00 docs/mxnv_acc.md"},
    {evidence_source::auto_round_opt_rtn, "auto-round b9f3d00 docs/opt_rtn.md"},
    {evidence_source::auto_round_gguf, "auto-round b9f3d00 docs/gguf_alg_ext_acc.md"},
    {evidence_source::auto_round_rotation, "auto-round b9f3d00 docs/rotation_details.md"},
    {evidence_source::auto_round_fp8_block, "auto-round b9f3d00 docs/fp8_block_acc.md"},
    {evidence_source::deepcompressor, "DeepCompressor examples/llm README"},
    {evidence_source::modelopt_windows, "Model-Optimizer a2fbac7 examples/windows/Benchmark.md"},
    {evidence_source::lmdeploy_kv, "LMDeploy docs kv_quant.md"},
    {evidence_source::spinquant, "SpinQuant README"},
    {evidence_source::sglang_kv, "SGLang docs quantized_kv_cache.md"},
    {evidence_source::trtllm_blog, "TensorRT-LLM blog quantization-in-TRT-LLM.md"},
    {evidence_source::torchao_inference, "torchao 36027d8 docs workflows/inference.md"},
    {evidence_source::torchao_qat, "torchao 36027d8 docs workflows/qat.md"},
    {evidence_source::smoothquant, "SmoothQuant README"},
    {evidence_source::torchao_3394, "torchao PR #3394"},
    {evidence_source::gptq_for_llama, "GPTQ-for-LLaMa README"},
    {evidence_source::llm_compressor_autoround, "llm-compressor ab1ba3e examples autoround README"},
    {evidence_source::vllm_ptpc, "vLLM blog 2025-02-24 (FP8 KV cache too)"},
    {evidence_source::neuralmagic, "RedHatAI model cards"},
    {evidence_source::sglang_36172, "SGLang PR #36172"},
    {evidence_source::llm_compressor_imatrix, "llm-compressor ab1ba3e examples imatrix README"},
    {evidence_source::llm_compressor_2922, "llm-compressor issue #2922"},
    {evidence_source::torchao_3979, "torchao PR #3979"},
    {evidence_source::torchao_awq, "torchao 36027d8 prototype/awq README"},
    {evidence_source::fp_quant, "FP-Quant model card (Llama-3.1-8B-Instruct)"},
    {evidence_source::mlx_lm, "mlx-lm benchmarks"},
    {evidence_source::vllm_25674, "vLLM PR #25674"},
    {evidence_source::llm_compressor_2304, "llm-compressor PR #2304"},
    {evidence_source::sglang_25794, "SGLang PR #25794"},
    {evidence_source::torchao_smoothquant, "torchao 36027d8 prototype/smoothquant README"},
    {evidence_source::sglang_9783, "SGLang PR #9783"},
    {evidence_source::llm_compressor_3001, "llm-compressor issue #3001"},
}};
[[nodiscard]] constexpr bool measured_models_are_complete() {
  for (std::size_t i = 0; i < measured_models.size(); ++i) {
    if (static_cast<std::size_t>(measured_models[i].value) != i ||
        measured_models[i].billions <= 0) {
      return false;
    }
  }
  return true;
}
static_assert(measured_models_are_complete());
static_assert(names_are_complete(weight_method_names) && names_are_complete(evidence_source_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(measured_model m) {
  detail::expects(static_cast<std::size_t>(m) < detail::measured_models.size(),
                  "to_string: the value is not a measured_model");
  return detail::measured_models[static_cast<std::size_t>(m)].name;
}
[[nodiscard]] constexpr std::string_view to_string(weight_method m) {
  return detail::name_of(detail::weight_method_names, m);
}
/// The document, with its commit or number, as its authors call it.
[[nodiscard]] constexpr std::string_view to_string(evidence_source s) {
  return detail::name_of(detail::evidence_source_names, s);
}

/// errors    domain_error that lists the known names
[[nodiscard]] constexpr measured_model parse_measured_model(std::string_view name) {
  for (const measured_model_entry& m : detail::measured_models) {
    if (m.name == name) {
      return m.value;
    }
  }
  detail::unknown_name("parse_measured_model", name, detail::measured_models,
                       [](const measured_model_entry& m) { return m.name; });
}
[[nodiscard]] constexpr weight_method parse_weight_method(std::string_view name) {
  return detail::parse_name(detail::weight_method_names, name, "parse_weight_method");
}
[[nodiscard]] constexpr evidence_source parse_evidence_source(std::string_view name) {
  return detail::parse_name(detail::evidence_source_names, name, "parse_evidence_source");
}

/// One measurement. Formats stand for their class: INT4_G128 with or without zero points, FP8_E4M3 with any scales.
struct quality_row {
  measured_model model = measured_model::llama3_8b;
  precision weight = precision::fp16;
  precision activation = precision::fp16;
  precision kv = precision::fp16;
  weight_method method = weight_method::rounded;
  quality_metric metric = quality_metric::perplexity;
  double baseline = 0;
  double quantized = 0;
  evidence_source source = evidence_source::llama_cpp_perplexity;

  /// Fraction lost: more perplexity, or less score.
  [[nodiscard]] constexpr double loss() const {
    const double change = quantized / baseline - 1;
    return metric <= quality_metric::word_perplexity ? change : -change;
  }
  friend constexpr bool operator==(const quality_row&, const quality_row&) = default;
};

}  // namespace quantroof

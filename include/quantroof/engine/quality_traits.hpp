// SPDX-License-Identifier: Apache-2.0
//
// What is known of a model before anyone quantizes it: its name, size and time, and how sensitive models like it were.
//
//   small   at most 3.6e9 parameters: alpha 1.7 times that of others
//   early   Llama 1 and 2 and their time: 0.6, and calibration helps more
//
// Not here: what was measured of a model (quality_evidence.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// A model's name without what does not tell models apart: organization, case, punctuation, "meta", and what was done to a checkpoint.
///
/// example   "meta-llama/Meta-Llama-3-8B-Instruct", "models--meta-llama--Meta-Llama-3-8B" and "llama3_8b" are all "llama38b"
[[nodiscard]] constexpr short_string<64> canonical_model_name(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  if (const std::size_t dashes = name.rfind("--"); dashes != std::string_view::npos) {
    name.remove_prefix(dashes + 2);  // folders of a download cache
  }
  std::array<char, 64> text{};
  std::size_t size = 0;
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) && size < text.size()) {
      text[size++] = lower;
    }
  }
  std::string_view canonical{text.data(), size};
  if (canonical.starts_with("metallama")) {
    canonical.remove_prefix(4);
  }
  constexpr std::array<std::string_view, 14> endings{"instruct", "base",  "chat",    "it",  "hf",
                                                     "bf16",     "fp16",  "fp8",     "awq", "gptq",
                                                     "int4",     "nvfp4", "dynamic", "2507"};
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view ending : endings) {
      if (canonical.size() > ending.size() && canonical.ends_with(ending)) {
        canonical.remove_suffix(ending.size());
        again = true;
      }
    }
  }
  return canonical;
}

/// How a model's size compares where figures of similar models are read.
enum class model_size : std::uint8_t { small, medium, large };  // to 3.6e9, to 20e9, beyond

[[nodiscard]] constexpr model_size size_class(double parameters) {
  return parameters <= 3.6e9  ? model_size::small
         : parameters <= 20e9 ? model_size::medium
                              : model_size::large;
}

/// What rules and factors ask of a model.
struct model_traits {
  short_string<64> name{};  // canonical
  double parameters = 0;
  model_size size = model_size::medium;
  bool early = false;
  bool llama3_70b = false;  // 3, 3.1 or 3.3: more fragile than the 8B
  bool sinks = false;       // attention sinks beside keys (gpt-oss, DeepSeek-V4)
  bool qk_norm = false;     // every attention layer normalizes its keys; latent attention does
  bool experts = false;
  bool fp8_trained = false;        // DeepSeek-V3, R1, V4 and Kimi K2 are published in FP8 blocks
  bool fp8_cache_trained = false;  // DeepSeek-V4's inference code rounds rows "to match QAT"
  bool mxfp4_trained = false;      // experts of gpt-oss and DeepSeek-V4 are published in MXFP4

  friend constexpr bool operator==(const model_traits&, const model_traits&) = default;
};

namespace detail {

template <std::size_t N>
[[nodiscard]] constexpr bool starts_with_any(std::string_view text,
                                             const std::array<std::string_view, N>& starts) {
  for (const std::string_view start : starts) {
    if (text.starts_with(start)) {
      return true;
    }
  }
  return false;
}

// Models of 2023, trained on 1 to 2 T tokens: their weights have room.
inline constexpr std::array<std::string_view, 13> early_models{
    "llama2",     "llama1", "llama7b", "llama13b",    "llama30b",  "llama65b",    "mistral7b",
    "mixtral8x7", "yi34b",  "falcon",  "wizardcoder", "internlm2", "qwen157bchat"};
inline constexpr std::array<std::string_view, 3> fragile_70b{"llama370b", "llama3170b",
                                                             "llama3370b"};
inline constexpr std::array<std::string_view, 4> fp8_models{"deepseekv3", "deepseekr1",
                                                            "deepseekv4", "kimik2"};
inline constexpr std::array<std::string_view, 1> fp8_cache_models{"deepseekv4"};
inline constexpr std::array<std::string_view, 2> mxfp4_models{"gptoss", "deepseekv4"};

}  // namespace detail

/// requires  is_valid(m)
[[nodiscard]] constexpr model_traits traits_of(const model_config& m) {
  model_traits t{.name = canonical_model_name(m.name),
                 .parameters = static_cast<double>(parameter_count(m)),
                 .qk_norm = true};
  t.size = size_class(t.parameters);
  const std::string_view name = t.name;
  t.early = detail::starts_with_any(name, detail::early_models);
  t.llama3_70b = detail::starts_with_any(name, detail::fragile_70b);
  t.fp8_trained = detail::starts_with_any(name, detail::fp8_models);
  t.fp8_cache_trained = detail::starts_with_any(name, detail::fp8_cache_models);
  t.mxfp4_trained = detail::starts_with_any(name, detail::mxfp4_models);
  t.sinks = t.mxfp4_trained;
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape l = layer_kind(m, kind);
    t.experts = t.experts || l.experts.has_value();
    t.qk_norm = t.qk_norm && (!l.attention || l.attention->qk_norm);
  }
  return t;
}

/// True where the model was trained with this weight format: there is no other to compare with.
[[nodiscard]] constexpr bool is_trained_in(const model_traits& t, operator_type op, precision p) {
  return (t.mxfp4_trained && expert_operators.contains(op) &&
          (p == precision::mxfp4 || p == precision::gguf_mxfp4)) ||
         (t.fp8_trained && p == precision::fp8_e4m3_block128);
}

/// dlnPPL per unit of relative error of all linear layers, when nothing is known of a model.
///
/// source    28 published figures: ln alpha has mean ln 5 and deviation 0.75
inline constexpr double typical_alpha = 5.0;
/// To both ends of a band of 80 %: exp(1.2816 * 0.75).
inline constexpr double alpha_spread = 2.615;

// Fitted to published perplexities; model, not measurement.
inline constexpr double small_model_factor = 1.7;  // 7 figures of 1 to 3 B models in INT4 groups
inline constexpr double early_model_factor = 0.6;  // 41 figures
inline constexpr double llama3_70b_factor = 1.7;   // GPTQ and AWQ, 4 figures
/// What calibration leaves of the error of weights below 8 bits.
inline constexpr double calibrated_factor = 0.6;  // 0.34 (torchao AWQ) to 0.95 (llm-compressor)
inline constexpr double calibrated_early_factor = 0.35;  // GPTQ and AWQ, 14 figures

/// dlnPPL per unit of relative error, by what is known of the model.
[[nodiscard]] constexpr double alpha_of(const model_traits& t) {
  return typical_alpha * (t.size == model_size::small ? small_model_factor : 1) *
         (t.early ? early_model_factor : 1) * (t.llama3_70b ? llama3_70b_factor : 1);
}

}  // namespace quantroof

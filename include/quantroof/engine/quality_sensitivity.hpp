// SPDX-License-Identifier: Apache-2.0
//
// How much an operator's error matters, and what makes a model more or less sensitive than others.
//
//   share of an operator in a layer   down 0.31, v 0.23, up 0.16, gate 0.11, o 0.11, q 0.036, k 0.032 of a dense block: they sum to 1
//   alpha                             dlnPPL per unit of relative error when all of a model has it: 5, times what is known of the model
//
// Not here: the errors (quality_error.hpp), sums over a model (quality.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

/// How much the error of an operator's weight and input counts, relative to all linear layers of a dense block together.
///
/// formula   the seven of a dense block: perplexity that LLaMA-7B at 2 bits regains when one class is left in 16 bits, normalized. Latent
///           attention: q shares q's between both factors, kv_a and kv_b each take k's and v's, because their errors multiply. Linear
///           attention: in takes q, k and v's, out o's. Index: as k. LM head: INT4 costs 0.1 to 0.4 % perplexity; embeddings: INT4 at most 0.1 %.
///           Routers: a flipped expert is an error of a whole block, as v. Attention products: Q as K's cache, P as V's, which they are multiplied with
/// source    llama.cpp issue #1256; auto-round docs/tips_and_tricks.md (LM head); llm-compressor's embedding example; KV: llama.cpp PR #7412 for
///           K : V = 1.36, the level from 4-bit caches (+2.2 % median of 10 models)
[[nodiscard]] constexpr double operator_sensitivity(operator_type op) {
  using enum operator_type;
  switch (op) {
    case ffn_down:
    case expert_down:
    case shared_down:
      return 0.31;
    case v_proj:
    case router:
      return 0.23;
    case ffn_up:
    case expert_up:
    case shared_up:
      return 0.16;
    case ffn_gate:
    case expert_gate:
    case shared_gate:
    case o_proj:
    case linear_out:
      return 0.11;
    case q_proj:
      return 0.036;
    case q_a_proj:
      return 0.036;
    case k_proj:
    case index_proj:
      return 0.032;
    case kv_a_proj:
    case kv_b_proj:
      return 0.262;
    case linear_in:
      return 0.298;
    case latent_in:
    case latent_out:
      return 0.16;
    case lm_head:
      return 0.04;
    case embeddings:
      return 0.01;
    case qk_matmul:
      return 0.18;
    case sv_matmul:
      return 0.13;
    case kv_cache:
      return 0.31;
    default:
      return 0;
  }
}

inline constexpr double key_sensitivity = 0.18;
inline constexpr double value_sensitivity = 0.13;
static_assert(key_sensitivity + value_sensitivity <=
              operator_sensitivity(operator_type::kv_cache) + 1e-12);

namespace detail {

/// Where a layer has routed and shared experts, each counts by its share of the width that a token passes through.
[[nodiscard]] constexpr double expert_share(const layer_shape& l, operator_type op) {
  if (!l.experts || l.experts->shared_dim == 0) {
    return 1;
  }
  const auto shared = static_cast<double>(l.experts->shared_dim);
  const auto routed = static_cast<double>(l.experts->top_k * l.experts->expert_dim);
  if (expert_operators.contains(op)) {
    return routed / (routed + shared);
  }
  const bool is_shared = op == operator_type::shared_gate || op == operator_type::shared_up ||
                         op == operator_type::shared_down;
  return is_shared ? shared / (routed + shared) : 1;
}

}  // namespace detail

/// How much all linear layers of one layer count: 1 for a dense block of gated FFN, less where a part is missing. Routers do not count
/// among them: they stay in 16 bits.
[[nodiscard]] constexpr double layer_sensitivity(const layer_shape& l, std::int64_t hidden) {
  double sum = 0;
  bool index = false;
  for (const weight_matrix& w : weight_matrices(l, hidden)) {
    if (w.op == operator_type::router || (w.op == operator_type::index_proj && index)) {
      continue;
    }
    index = index || w.op == operator_type::index_proj;
    sum += operator_sensitivity(w.op) * detail::expert_share(l, w.op);
  }
  return sum;
}

/// A model's name without what does not tell models apart: organization, case, punctuation, a leading "meta".
///
/// example   "meta-llama/Meta-Llama-3-8B-Instruct" and "llama3_8b_instruct" are "llama38binstruct"
[[nodiscard]] constexpr short_string<64> canonical_model_name(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
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
  return canonical;
}

inline constexpr double calibrated_factor =
    0.6;  // seen 0.34 (torchao AWQ) to 0.95 (llm-compressor AWQ and GPTQ)
inline constexpr double small_model_factor = 1.7;   // at most 3.6e9 parameters
inline constexpr double early_model_factor = 0.35;  // Llama 1 and 2 and their time
inline constexpr double llama3_70b_factor = 1.7;

/// Llama 3, 3.1 or 3.3 with 70 billion parameters: more fragile than their smaller siblings.
[[nodiscard]] constexpr bool is_llama3_70b(std::string_view canonical) {
  return canonical.starts_with("llama370b") || canonical.starts_with("llama3170b") ||
         canonical.starts_with("llama3370b");
}

/// Models of 2023, trained on 1 to 2 T tokens, which leave room in their weights.
[[nodiscard]] constexpr bool is_early_model(std::string_view canonical) {
  constexpr std::array<std::string_view, 11> starts{
      "llama2",    "llama1",      "llama7b", "llama13b", "llama30b", "llama65b",
      "mistral7b", "mixtral8x7b", "yi34b",   "falcon",   "mpt30b"};
  for (const std::string_view start : starts) {
    if (canonical.starts_with(start)) {
      return true;
    }
  }
  return false;
}

/// What is known of a model's sensitivity, by its size and name; 1 for most.
///
/// source    model, not measurement: fitted to published figures of perplexity, as the factors above
/// requires  is_valid(m)
[[nodiscard]] constexpr double alpha_factor(const model_config& m) {
  const short_string<64> name = canonical_model_name(m.name);
  const double size = parameter_count(m) <= 3'600'000'000 ? small_model_factor : 1;
  const double generation = is_llama3_70b(name)    ? llama3_70b_factor
                            : is_early_model(name) ? early_model_factor
                                                   : 1;
  return size * generation;
}

}  // namespace quantroof

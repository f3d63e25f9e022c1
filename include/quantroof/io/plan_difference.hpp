// SPDX-License-Identifier: Apache-2.0
//
// Whether two plans give every weight of a model, its inputs and its KV cache the same formats.
//
// FP16 and BF16 count as one: a checkpoint's 16-bit type is not part of its quantization.
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/io/export_modules.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof::io {

/// Where two plans first differ for a model.
struct plan_difference {
  operator_type op = operator_type::q_proj;
  std::int64_t layer = 0;
  precision first = precision::fp16;
  precision second = precision::fp16;
  bool of_inputs = false;  // the weights agree, their inputs do not
};

/// Where two plans first give a weight, the KV cache or the activations of a model different formats; nullopt where nowhere.
///
/// formula   every weight matrix of every layer with its inputs, embeddings, LM head, KV cache; without activation_rules also
///           default_activation_precision (as layer -1 of qk_matmul)
/// ignores   names, descriptions and claims; which of the 16-bit formats unquantized tensors have
/// requires  is_valid(m)
[[nodiscard]] constexpr std::optional<plan_difference> find_plan_difference(
    const model_config& m, const mixed_precision_config& a, const mixed_precision_config& b) {
  using detail::without_16bit_kind;
  const auto differ = [&](operator_type op, std::int64_t layer) -> std::optional<plan_difference> {
    const precision first = without_16bit_kind(a.get_precision(op, layer));
    const precision second = without_16bit_kind(b.get_precision(op, layer));
    if (first != second) {
      return plan_difference{op, layer, first, second};
    }
    if (detail::is_unquantized(first) || !weight_operators.contains(op) ||
        op == operator_type::embeddings) {
      return std::nullopt;
    }
    const precision input = detail::activation_of(a, first);
    const precision other = detail::activation_of(b, second);
    if (input != other) {
      return plan_difference{op, layer, input, other, true};
    }
    return std::nullopt;
  };
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    const layer_shape shape = layer_kind(m, layer_kind_of(m, layer));
    for (const weight_matrix& w : weight_matrices(shape, m.hidden_size)) {
      if (const auto d = differ(w.op, layer)) {
        return d;
      }
    }
  }
  for (const operator_type op :
       {operator_type::embeddings, operator_type::lm_head, operator_type::kv_cache}) {
    if (const auto d = differ(op, 0)) {
      return d;
    }
  }
  const precision values = without_16bit_kind(a.get_cache_format().value);
  const precision others = without_16bit_kind(b.get_cache_format().value);
  if (values != others) {
    return plan_difference{operator_type::kv_cache, 0, values, others};
  }
  if (!a.activation_rules.empty() || !b.activation_rules.empty()) {
    return std::nullopt;  // which of several formats is the default says nothing
  }
  const precision first = without_16bit_kind(a.default_activation_precision);
  const precision second = without_16bit_kind(b.default_activation_precision);
  return first == second
             ? std::nullopt
             : std::optional{plan_difference{operator_type::qk_matmul, -1, first, second, true}};
}

}  // namespace quantroof::io

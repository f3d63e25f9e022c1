// SPDX-License-Identifier: Apache-2.0
//
// Which operators share a decision about their format, because engines compute them as one or checkpoints pack them alike.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"
#include "quantroof/model/operator_type.hpp"

namespace quantroof {

/// Operators that engines compute in one format: fused into one kernel, or packed alike in every published checkpoint.
enum class operator_group : std::uint8_t {
  attention_in,   // q, k, v as one; the projections of latent and linear attention
  attention_out,  // o, with what narrows it
  ffn_in,         // gate and up as one, shared experts too
  ffn_out,        // down
  experts,        // all matrices of routed experts
  lm_head,
};

namespace detail {
inline constexpr name_table<operator_group, 6> operator_group_names{{
    {operator_group::attention_in, "attention_in"},
    {operator_group::attention_out, "attention_out"},
    {operator_group::ffn_in, "ffn_in"},
    {operator_group::ffn_out, "ffn_out"},
    {operator_group::experts, "experts"},
    {operator_group::lm_head, "lm_head"},
}};
static_assert(names_are_complete(operator_group_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(operator_group g) {
  return detail::name_of(detail::operator_group_names, g);
}
[[nodiscard]] constexpr operator_group parse_operator_group(std::string_view name) {
  return detail::parse_name(detail::operator_group_names, name, "parse_operator_group");
}

/// The group of an operator; nullopt for those that no decision changes (router, index, compressor, hyper-connections, embeddings, vectors).
[[nodiscard]] constexpr std::optional<operator_group> group_of(operator_type op) {
  using enum operator_type;
  switch (op) {
    case q_proj:
    case k_proj:
    case v_proj:
    case q_a_proj:
    case kv_a_proj:
    case kv_b_proj:
    case linear_in:
      return operator_group::attention_in;
    case o_proj:
    case o_a_proj:
    case linear_out:
      return operator_group::attention_out;
    case ffn_gate:
    case ffn_up:
    case shared_gate:
    case shared_up:
    case latent_in:
      return operator_group::ffn_in;
    case ffn_down:
    case shared_down:
    case latent_out:
      return operator_group::ffn_out;
    case expert_gate:
    case expert_up:
    case expert_down:
      return operator_group::experts;
    case operator_type::lm_head:
      return operator_group::lm_head;
    default:
      return std::nullopt;
  }
}

/// The operators of a group.
[[nodiscard]] constexpr operator_set operators_of(operator_group g) {
  operator_set ops;
  for (const operator_type op : operator_types) {
    if (group_of(op) == g) {
      ops.add(op);
    }
  }
  return ops;
}

}  // namespace quantroof

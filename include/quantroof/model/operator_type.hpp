// SPDX-License-Identifier: Apache-2.0
//
// The operators of a transformer that can have a precision of their own: the specification's thirteen and the rest of a modern
// block. Sets of operators say which hold weights and which share a decision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "quantroof/detail/names.hpp"

namespace quantroof {

enum class operator_type : std::uint8_t {
  q_proj,
  k_proj,
  v_proj,
  o_proj,
  qk_matmul,
  sv_matmul,
  softmax,
  ffn_gate,
  ffn_up,
  ffn_down,
  kv_cache,
  rmsnorm,
  embeddings,
  silu,
  gelu,
  layernorm,
  rope,
  lm_head,
};

namespace detail {
inline constexpr name_table<operator_type, 18> operator_names{{
    {operator_type::q_proj, "q_proj"},
    {operator_type::k_proj, "k_proj"},
    {operator_type::v_proj, "v_proj"},
    {operator_type::o_proj, "o_proj"},
    {operator_type::qk_matmul, "qk_matmul"},
    {operator_type::sv_matmul, "sv_matmul"},
    {operator_type::softmax, "softmax"},
    {operator_type::ffn_gate, "ffn_gate"},
    {operator_type::ffn_up, "ffn_up"},
    {operator_type::ffn_down, "ffn_down"},
    {operator_type::kv_cache, "kv_cache"},
    {operator_type::rmsnorm, "rmsnorm"},
    {operator_type::embeddings, "embeddings"},
    {operator_type::silu, "silu"},
    {operator_type::gelu, "gelu"},
    {operator_type::layernorm, "layernorm"},
    {operator_type::rope, "rope"},
    {operator_type::lm_head, "lm_head"},
}};
static_assert(names_are_complete(operator_names));

[[nodiscard]] constexpr auto all_operators() {
  std::array<operator_type, operator_names.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = operator_names[i].value;
  }
  return all;
}
}  // namespace detail

inline constexpr std::size_t operator_count = detail::operator_names.size();
/// Every operator, in enumerator order: what a loop "for each operator" runs over.
inline constexpr auto operator_types = detail::all_operators();

[[nodiscard]] constexpr std::string_view to_string(operator_type op) {
  return detail::name_of(detail::operator_names, op);
}
[[nodiscard]] constexpr operator_type parse_operator_type(std::string_view name) {
  return detail::parse_name(detail::operator_names, name, "parse_operator_type");
}

/// A set of operators.
class operator_set {
 public:
  constexpr operator_set() = default;
  constexpr operator_set(std::initializer_list<operator_type> ops) {
    for (const operator_type op : ops) {
      add(op);
    }
  }
  constexpr void add(operator_type op) {
    detail::expects(static_cast<std::size_t>(op) < operator_count,
                    "operator_set: the value is not an operator");
    bits_ |= std::uint32_t{1} << static_cast<unsigned>(op);
  }
  [[nodiscard]] constexpr bool contains(operator_type op) const {
    return static_cast<std::size_t>(op) < operator_count &&
           ((bits_ >> static_cast<unsigned>(op)) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  friend constexpr bool operator==(const operator_set&, const operator_set&) = default;

 private:
  std::uint32_t bits_ = 0;
};

/// The linear layers inside a transformer block.
inline constexpr operator_set block_linears{
    operator_type::q_proj,   operator_type::k_proj, operator_type::v_proj,  operator_type::o_proj,
    operator_type::ffn_gate, operator_type::ffn_up, operator_type::ffn_down};
/// The operators that hold a weight matrix.
inline constexpr operator_set weight_operators{
    operator_type::q_proj,   operator_type::k_proj,     operator_type::v_proj,
    operator_type::o_proj,   operator_type::ffn_gate,   operator_type::ffn_up,
    operator_type::ffn_down, operator_type::embeddings, operator_type::lm_head};
/// The two matrix products of attention.
inline constexpr operator_set attention_matmuls{operator_type::qk_matmul, operator_type::sv_matmul};

}  // namespace quantroof

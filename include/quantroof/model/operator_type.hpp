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
  q_a_proj,     // latent attention: hidden to the query latent
  kv_a_proj,    // hidden to the cached latent and the rotated key, or the one key and value
  kv_b_proj,    // the cached latent to keys and values
  index_proj,   // projections of the index that selects tokens of sparse attention
  linear_in,    // linear attention and state space layers: hidden to q, k, v, gates
  linear_out,   // and back to hidden
  router,       // hidden to experts
  expert_gate,  // routed experts
  expert_up,
  expert_down,
  shared_gate,  // experts that every token takes
  shared_up,
  shared_down,
  latent_in,     // hidden to the narrower space that routed experts work in
  latent_out,    // and back
  linear_state,  // the recurrence of linear attention and state space layers
  exchange,      // among devices
  o_a_proj,      // compressed attention: groups of heads to narrower outputs, which o_proj takes
  compressor,    // hidden to what makes one cache entry, or one key of an index, of several tokens
  stream_mix,    // hyper-connections: residual streams to the weights that mix them
};

namespace detail {
inline constexpr name_table<operator_type, 38> operator_names{{
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
    {operator_type::q_a_proj, "q_a_proj"},
    {operator_type::kv_a_proj, "kv_a_proj"},
    {operator_type::kv_b_proj, "kv_b_proj"},
    {operator_type::index_proj, "index_proj"},
    {operator_type::linear_in, "linear_in"},
    {operator_type::linear_out, "linear_out"},
    {operator_type::router, "router"},
    {operator_type::expert_gate, "expert_gate"},
    {operator_type::expert_up, "expert_up"},
    {operator_type::expert_down, "expert_down"},
    {operator_type::shared_gate, "shared_gate"},
    {operator_type::shared_up, "shared_up"},
    {operator_type::shared_down, "shared_down"},
    {operator_type::latent_in, "latent_in"},
    {operator_type::latent_out, "latent_out"},
    {operator_type::linear_state, "linear_state"},
    {operator_type::exchange, "exchange"},
    {operator_type::o_a_proj, "o_a_proj"},
    {operator_type::compressor, "compressor"},
    {operator_type::stream_mix, "stream_mix"},
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
    bits_ |= std::uint64_t{1} << static_cast<unsigned>(op);
  }
  [[nodiscard]] constexpr bool contains(operator_type op) const {
    return static_cast<std::size_t>(op) < operator_count &&
           ((bits_ >> static_cast<unsigned>(op)) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  friend constexpr bool operator==(const operator_set&, const operator_set&) = default;

 private:
  std::uint64_t bits_ = 0;
};

/// The linear layers of a dense block. Those of other blocks follow them (decided_by) unless a configuration says otherwise.
inline constexpr operator_set block_linears{
    operator_type::q_proj,   operator_type::k_proj, operator_type::v_proj,  operator_type::o_proj,
    operator_type::ffn_gate, operator_type::ffn_up, operator_type::ffn_down};
/// The operators that hold a weight matrix.
inline constexpr operator_set weight_operators{
    operator_type::q_proj,      operator_type::k_proj,      operator_type::v_proj,
    operator_type::o_proj,      operator_type::ffn_gate,    operator_type::ffn_up,
    operator_type::ffn_down,    operator_type::embeddings,  operator_type::lm_head,
    operator_type::q_a_proj,    operator_type::kv_a_proj,   operator_type::kv_b_proj,
    operator_type::index_proj,  operator_type::linear_in,   operator_type::linear_out,
    operator_type::router,      operator_type::expert_gate, operator_type::expert_up,
    operator_type::expert_down, operator_type::shared_gate, operator_type::shared_up,
    operator_type::shared_down, operator_type::latent_in,   operator_type::latent_out,
    operator_type::o_a_proj,    operator_type::compressor,  operator_type::stream_mix};
/// Weights that stay in 16 bits unless a configuration lists them: small, and what they decide cannot be mended later.
///
/// source    routers and indexes: 27 hf_quant_config.json files; compressors and hyper-connections: DeepSeek-V4's checkpoints
inline constexpr operator_set wide_operators{operator_type::router, operator_type::index_proj,
                                             operator_type::compressor, operator_type::stream_mix};
/// The matrices of routed experts.
inline constexpr operator_set expert_operators{operator_type::expert_gate, operator_type::expert_up,
                                               operator_type::expert_down};
/// The two matrix products of attention.
inline constexpr operator_set attention_matmuls{operator_type::qk_matmul, operator_type::sv_matmul};

/// The operator whose precision `op` takes where a configuration does not list it; op itself where none decides for it.
///
/// source    how published checkpoints group them: one format for the projections of attention, one for all feed-forward matrices, wide_operators in
///           16 bits (27 hf_quant_config.json files read)
[[nodiscard]] constexpr operator_type decided_by(operator_type op) {
  switch (op) {
    case operator_type::q_a_proj:
    case operator_type::linear_in:
      return operator_type::q_proj;
    case operator_type::kv_a_proj:
      return operator_type::k_proj;
    case operator_type::kv_b_proj:
      return operator_type::v_proj;
    case operator_type::linear_out:
    case operator_type::o_a_proj:
      return operator_type::o_proj;
    case operator_type::expert_gate:
    case operator_type::shared_gate:
      return operator_type::ffn_gate;
    case operator_type::expert_up:
    case operator_type::shared_up:
    case operator_type::latent_in:
      return operator_type::ffn_up;
    case operator_type::expert_down:
    case operator_type::shared_down:
    case operator_type::latent_out:
      return operator_type::ffn_down;
    default:
      return op;
  }
}

}  // namespace quantroof

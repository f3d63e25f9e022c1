// SPDX-License-Identifier: Apache-2.0
//
// Layers as JSON: a layer is an object of the parts it has.
//
//   {"latent": {"num_heads": 128, "q_rank": 1536, "kv_rank": 512, "nope_dim": 128, "rope_dim": 64, "v_dim": 128}, "ffn": {"ffn_dim": 18432},
//    "vector_parameters": 16384}
#pragma once

#include <string_view>

#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/layer_shape.hpp"

namespace quantroof {

template <>
struct detail::json_record<attention_block> {
  static constexpr std::string_view name = "attention_block";
  static constexpr void members(auto& m, auto& a) {
    m.required("num_heads", a.num_heads);
    m.required("num_kv_heads", a.num_kv_heads);
    m.required("head_dim", a.head_dim);
    m.optional("v_head_dim", a.v_head_dim);
    m.optional("window", a.window);
    m.optional("selected", a.selected);
    m.optional("output_gate", a.output_gate);
    m.optional("qk_norm", a.qk_norm);
    m.optional("qk_norm_over_heads", a.qk_norm_over_heads);
    m.optional("v_is_k", a.v_is_k);
  }
};

template <>
struct detail::json_record<latent_attention> {
  static constexpr std::string_view name = "latent_attention";
  static constexpr void members(auto& m, auto& a) {
    m.required("num_heads", a.num_heads);
    m.optional("q_rank", a.q_rank);
    m.required("kv_rank", a.kv_rank);
    m.required("nope_dim", a.nope_dim);
    m.required("rope_dim", a.rope_dim);
    m.required("v_dim", a.v_dim);
    m.optional("selected", a.selected);
    m.optional("output_gate", a.output_gate);
  }
};

template <>
struct detail::json_record<compressed_attention> {
  static constexpr std::string_view name = "compressed_attention";
  static constexpr void members(auto& m, auto& a) {
    m.required("num_heads", a.num_heads);
    m.required("head_dim", a.head_dim);
    m.optional("rope_dim", a.rope_dim);
    m.required("q_rank", a.q_rank);
    m.required("o_groups", a.o_groups);
    m.required("o_rank", a.o_rank);
    m.required("window", a.window);
    m.optional("ratio", a.ratio);
    m.optional("overlap", a.overlap);
    m.optional("selected", a.selected);
  }
};

template <>
struct detail::json_record<linear_attention> {
  static constexpr std::string_view name = "linear_attention";
  static constexpr void members(auto& m, auto& a) {
    m.required("projected", a.projected);
    m.required("inner", a.inner);
    m.required("state", a.state);
    m.optional("conv_channels", a.conv_channels);
    m.optional("conv_width", a.conv_width);
  }
};

template <>
struct detail::json_record<token_index> {
  static constexpr std::string_view name = "token_index";
  static constexpr void members(auto& m, auto& i) {
    m.required("num_heads", i.num_heads);
    m.required("head_dim", i.head_dim);
    m.required("query_input", i.query_input);
    m.optional("head_weights", i.head_weights);
  }
};

template <>
struct detail::json_record<feed_forward> {
  static constexpr std::string_view name = "feed_forward";
  static constexpr void members(auto& m, auto& f) {
    m.required("ffn_dim", f.ffn_dim);
    m.optional("gated", f.gated);
  }
};

template <>
struct detail::json_record<expert_mixture> {
  static constexpr std::string_view name = "expert_mixture";
  static constexpr void members(auto& m, auto& x) {
    m.required("experts", x.experts);
    m.required("top_k", x.top_k);
    m.required("expert_dim", x.expert_dim);
    m.optional("shared_dim", x.shared_dim);
    m.optional("latent_dim", x.latent_dim);
    m.optional("gated", x.gated);
    m.optional("bias", x.bias);
  }
};

template <>
struct detail::json_record<layer_shape> {
  static constexpr std::string_view name = "layer_shape";
  static constexpr void members(auto& m, auto& l) {
    m.if_any("attention", l.attention);
    m.if_any("latent", l.latent);
    m.if_any("compressed", l.compressed);
    m.if_any("linear", l.linear);
    m.if_any("index", l.index);
    m.if_any("ffn", l.ffn);
    m.if_any("experts", l.experts);
    m.required("vector_parameters", l.vector_parameters);
    m.optional("norms", l.norms);
    m.optional("streams", l.streams);
  }
};

}  // namespace quantroof

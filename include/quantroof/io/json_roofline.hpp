// SPDX-License-Identifier: Apache-2.0
//
// Attention shapes and configurations, and what a performance model predicts, as JSON. Members have the names of the structs;
// units are in the names (_us, _bytes), as everywhere.
#pragma once

#include <string_view>

#include "quantroof/io/json_hardware.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/flash_attention.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/step.hpp"
#include "quantroof/roofline/textbook.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, bottleneck b) {
  json = to_string(b);
}
template <JsonValue Json>
void from_json(const Json& json, bottleneck& b) {
  detail::read_name(json, b, &parse_bottleneck);
}

template <JsonValue Json>
void to_json(Json& json, step_scope s) {
  json = to_string(s);
}
template <JsonValue Json>
void from_json(const Json& json, step_scope& s) {
  detail::read_name(json, s, &parse_step_scope);
}

template <>
struct detail::json_record<work> {
  static constexpr std::string_view name = "work";
  static constexpr void members(auto& m, auto& w) {
    m.amount("flops", w.flops);
    m.amount("bytes", w.bytes);
  }
};

template <>
struct detail::json_record<roofline_time> {
  static constexpr std::string_view name = "roofline_time";
  static constexpr void members(auto& m, auto& t) {
    m.amount("time_us", t.time_us);
    m.amount("lower_us", t.lower_us);
    m.amount("upper_us", t.upper_us);
    m.amount("memory_time_us", t.memory_time_us);
    m.amount("compute_time_us", t.compute_time_us);
    m.required("bottleneck", t.bottleneck);
  }
};

template <>
struct detail::json_record<kernel_estimate> {
  static constexpr std::string_view name = "kernel_estimate";
  static constexpr void members(auto& m, auto& e) {
    m.amount("time_us", e.time_us);
    m.amount("lower_us", e.lower_us);
    m.amount("upper_us", e.upper_us);
    m.required("bottleneck", e.bottleneck);
    m.amount("flops", e.flops);
    m.amount("dram_bytes", e.dram_bytes);
    m.amount("l2_bytes", e.l2_bytes);
    m.amount("link_bytes", e.link_bytes);
    m.amount("achieved", e.achieved);
  }
};

template <>
struct detail::json_record<gemm_shape> {
  static constexpr std::string_view name = "gemm_shape";
  static constexpr void members(auto& m, auto& g) {
    m.required("m", g.m);
    m.required("n", g.n);
    m.required("k", g.k);
  }
};

template <>
struct detail::json_record<attention_shape> {
  static constexpr std::string_view name = "attention_shape";
  static constexpr void members(auto& m, auto& s) {
    m.optional("batch", s.batch);
    m.required("num_heads", s.num_heads);
    m.required("num_kv_heads", s.num_kv_heads);
    m.required("seq_len_q", s.seq_len_q);
    m.required("seq_len_kv", s.seq_len_kv);
    m.required("head_dim", s.head_dim);
    m.optional("causal", s.causal);
  }
};

template <>
struct detail::json_record<flash_attention_config> {
  static constexpr std::string_view name = "flash_attention_config";
  static constexpr void members(auto& m, auto& c) {
    m.required("version", c.version);
    m.optional("qkv_precision", c.qkv_precision);
    m.optional("kv_cache_precision", c.kv_cache_precision);
    m.if_any("value_cache_precision", c.value_cache_precision);
    m.optional("use_native_fp8", c.use_native_fp8);
    m.optional("block_sparse", c.block_sparse);
    m.optional("sparsity_ratio", c.sparsity_ratio);
    m.optional("participation", c.participation);
    m.optional("tile_q", c.tile_q);
    m.optional("tile_kv", c.tile_kv);
  }
};

template <>
struct detail::json_record<flash_attention_metrics> {
  static constexpr std::string_view name = "flash_attention_metrics";
  static constexpr void members(auto& m, auto& x) {
    m.required("version", x.version);
    m.amount("predicted_time_us", x.predicted_time_us);
    m.amount("lower_us", x.lower_us);
    m.amount("upper_us", x.upper_us);
    m.amount("memory_time_us", x.memory_time_us);
    m.amount("compute_time_us", x.compute_time_us);
    m.amount("qk_time_us", x.qk_time_us);
    m.amount("softmax_time_us", x.softmax_time_us);
    m.amount("sv_time_us", x.sv_time_us);
    m.amount("q_bytes", x.q_bytes);
    m.amount("kv_bytes", x.kv_bytes);
    m.amount("o_bytes", x.o_bytes);
    m.amount("statistics_bytes", x.statistics_bytes);
    m.amount("total_bytes", x.total_bytes);
    m.amount("flops", x.flops);
    m.amount("arithmetic_intensity", x.arithmetic_intensity);
    m.required("bottleneck", x.bottleneck);
  }
};

template <>
struct detail::json_record<attention_memory> {
  static constexpr std::string_view name = "attention_memory";
  static constexpr void members(auto& m, auto& x) {
    m.amount("standard_bytes", x.standard_bytes);
    m.amount("flash_bytes", x.flash_bytes);
    m.amount("ratio", x.ratio);
  }
};

template <>
struct detail::json_record<fa_comparison> {
  static constexpr std::string_view name = "fa_comparison";
  static constexpr void members(auto& m, auto& x) { m.required("versions", x.versions); }
};

template <>
struct detail::json_record<step_request> {
  static constexpr std::string_view name = "step_request";
  static constexpr void members(auto& m, auto& r) {
    m.required("phase", r.phase);
    m.required("seq_len", r.seq_len);
    m.optional("batch", r.batch);
    m.optional("attention", r.attention);
    m.optional("past", r.past);
    m.optional("decodes", r.decodes);
    m.optional("decode_len", r.decode_len);
    m.optional("plan", r.plan);
    m.optional("all_logits", r.all_logits);
  }
};

template <>
struct detail::json_record<operator_estimate> {
  static constexpr std::string_view name = "operator_estimate";
  static constexpr void members(auto& m, auto& e) {
    m.required("op", e.op);
    m.amount("time_us", e.time_us);
    m.amount("lower_us", e.lower_us);
    m.amount("upper_us", e.upper_us);
    m.amount("flops", e.flops);
    m.amount("bytes", e.bytes);
    m.required("bottleneck", e.bottleneck);
  }
};

template <>
struct detail::json_record<step_estimate> {
  static constexpr std::string_view name = "step_estimate";
  static constexpr void members(auto& m, auto& e) {
    m.amount("time_us", e.time_us);
    m.amount("lower_us", e.lower_us);
    m.amount("upper_us", e.upper_us);
    m.amount("host_us", e.host_us);
    m.required("operators", e.operators);
    m.required("attention", e.attention);
  }
};

}  // namespace quantroof

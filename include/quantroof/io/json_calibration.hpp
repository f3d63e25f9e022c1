// SPDX-License-Identifier: Apache-2.0
//
// Calibrations as JSON: a device's constants under the names of hardware/calibration.hpp, a family that was not measured as null.
//
//   {"device": "my_gpu", "arch": "ada", "gemm_dense16": {"tiles": [{"rows": 64, "cols": 64}, ...], ...}, "decode_bits16": null, ...}
//
// examples/calibrate writes it; calibrated_model{.own = &calibration} reads it (io::read<device_calibration>(path)).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/io/json_hardware.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, gemm_kernel k) {
  json = to_string(k);
}
template <JsonValue Json>
void from_json(const Json& json, gemm_kernel& k) {
  detail::read_name(json, k, &parse_gemm_kernel);
}

template <JsonValue Json>
void to_json(Json& json, split_k s) {
  json = to_string(s);
}
template <JsonValue Json>
void from_json(const Json& json, split_k& s) {
  detail::read_name(json, s, &parse_split_k);
}

template <JsonValue Json>
void to_json(Json& json, attention_kernel k) {
  json = to_string(k);
}
template <JsonValue Json>
void from_json(const Json& json, attention_kernel& k) {
  detail::read_name(json, k, &parse_attention_kernel);
}

namespace detail {

/// A family, null where nothing was measured.
template <class Constants>
struct if_measured {
  Constants& constants;
};

/// An array of numbers shown to JSON as a list of its length.
template <std::size_t N>
void show_array(auto& m, std::string_view key, auto& array) {
  static_vector<double, N> list;
  for (const double x : array) {
    list.push_back(x);
  }
  m.optional(key, list);
  if constexpr (requires { array[0] = 0.0; }) {
    expects(list.size() == N, "calibration: the list must have its full length");
    for (std::size_t i = 0; i < N; ++i) {
      array[i] = list[i];
    }
  }
}

}  // namespace detail

template <JsonValue Json, class Constants>
void to_json(Json& json, const detail::if_measured<Constants>& family) {
  json = nullptr;
  if (family.constants.fit.is_measured()) {
    to_json(json, family.constants);
  }
}
template <JsonValue Json, class Constants>
void from_json(const Json& json, detail::if_measured<Constants>& family) {
  family.constants = {};
  if (!json.is_null()) {
    from_json(json, family.constants);
  }
}

template <>
struct detail::json_record<error_band> {
  static constexpr std::string_view name = "error_band";
  static constexpr void members(auto& m, auto& b) {
    m.amount("lower", b.lower);
    m.amount("upper", b.upper);
  }
};

template <>
struct detail::json_record<fit_record> {
  static constexpr std::string_view name = "fit_record";
  static constexpr void members(auto& m, auto& f) {
    m.optional("source", f.source);
    m.amount("rows", f.rows);
    m.amount("error", f.error);
    m.required("overhead", f.overhead);
    m.required("memory", f.memory);
    m.required("compute", f.compute);
  }
};

template <>
struct detail::json_record<gemm_tile> {
  static constexpr std::string_view name = "gemm_tile";
  static constexpr void members(auto& m, auto& t) {
    m.required("rows", t.rows);
    m.required("cols", t.cols);
    m.optional("rows_loaded", t.rows_loaded);
    m.optional("cols_loaded", t.cols_loaded);
  }
};

template <>
struct detail::json_record<gemm_constants> {
  static constexpr std::string_view name = "gemm_constants";
  static void members(auto& m, auto& c) {
    m.required("tiles", c.tiles);
    m.optional("split", c.split);
    m.amount("l2_share", c.l2_share);
    m.optional("clock_loss", c.clock_loss);
    m.amount("matrix_share", c.matrix_share);
    m.amount("memory_share", c.memory_share);
    m.amount("fixed_us", c.fixed_us);
    m.amount("feed_bytes_per_clock", c.feed_bytes_per_clock);
    m.optional("soft_waves", c.soft_waves);
    m.amount("epilogue_gb_s", c.epilogue_gb_s);
    m.optional("quantize_gelem_s", c.quantize_gelem_s);
    m.optional("quantize_row_us", c.quantize_row_us);
    m.optional("dequantize_us", c.dequantize_us);
    m.optional("vector_us", c.vector_us);
    m.optional("ragged", c.ragged);
    detail::show_array<8>(m, "correction", c.correction);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<prefill_constants> {
  static constexpr std::string_view name = "prefill_constants";
  static constexpr void members(auto& m, auto& c) {
    m.required("kernel", c.kernel);
    m.optional("token_heads_dim", c.token_heads_dim);
    m.amount("fixed_us", c.fixed_us);
    m.amount("matmul", c.matmul);
    m.amount("softmax", c.softmax);
    m.optional("softmax_fixed", c.softmax_fixed);
    m.optional("wide_head", c.wide_head);
    m.amount("block_cycles", c.block_cycles);
    m.amount("tail", c.tail);
    m.amount("token_us", c.token_us);
    m.amount("write_share", c.write_share);
    m.amount("memory_share", c.memory_share);
    m.amount("l2_speedup", c.l2_speedup);
    m.amount("l2_share", c.l2_share);
    m.optional("merge_us", c.merge_us);
    m.optional("accumulator_cycles", c.accumulator_cycles);
    m.optional("backward_softmax", c.backward_softmax);
    m.optional("softmax_alone", c.softmax_alone);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<decode_constants> {
  static constexpr std::string_view name = "decode_constants";
  static constexpr void members(auto& m, auto& c) {
    m.required("kernel", c.kernel);
    m.amount("fixed_us", c.fixed_us);
    m.amount("memory_share", c.memory_share);
    m.amount("l2_speedup", c.l2_speedup);
    m.amount("l2_share", c.l2_share);
    m.amount("item_us", c.item_us);
    m.amount("matmul", c.matmul);
    m.amount("combine_us", c.combine_us);
    m.amount("split_us", c.split_us);
    m.optional("swap_us", c.swap_us);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<moe_constants> {
  static constexpr std::string_view name = "moe_constants";
  static constexpr void members(auto& m, auto& c) {
    m.amount("fixed_us", c.fixed_us);
    m.amount("matrix_share", c.matrix_share);
    m.amount("memory_share", c.memory_share);
    m.amount("token_bytes", c.token_bytes);
    m.optional("skew", c.skew);
    m.optional("distinct_skew", c.distinct_skew);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<mla_constants> {
  static constexpr std::string_view name = "mla_constants";
  static constexpr void members(auto& m, auto& c) {
    m.amount("fixed_us", c.fixed_us);
    m.amount("memory_share", c.memory_share);
    m.amount("matrix_share", c.matrix_share);
    m.optional("l2_speedup", c.l2_speedup);
    m.amount("l2_share", c.l2_share);
    m.amount("item_us", c.item_us);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<elementwise_constants> {
  static constexpr std::string_view name = "elementwise_constants";
  static constexpr void members(auto& m, auto& c) {
    m.amount("fixed_us", c.fixed_us);
    m.amount("gelem_s", c.gelem_s);
    m.amount("memory_share", c.memory_share);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<collective_constants> {
  static constexpr std::string_view name = "collective_constants";
  static constexpr void members(auto& m, auto& c) {
    m.amount("latency_us", c.latency_us);
    m.amount("latency_per_device_us", c.latency_per_device_us);
    m.amount("bandwidth_gb_s", c.bandwidth_gb_s);
    m.required("growth", c.growth);
    m.amount("ramp_us", c.ramp_us);
    m.required("fit", c.fit);
  }
};

template <>
struct detail::json_record<device_calibration> {
  static constexpr std::string_view name = "device_calibration";
  static void members(auto& m, auto& c) {
    const auto family = [&m](std::string_view key, auto& constants) {
      if_measured<std::remove_reference_t<decltype(constants)>> shown{constants};
      m.optional(key, shown);
    };
    m.required("device", c.device);
    m.required("arch", c.arch);
    m.optional("date", c.date);
    m.optional("sm_count", c.sm_count);
    m.optional("clock_mhz", c.clock_mhz);
    family("gemm_dense16", c.gemm[0]);
    family("gemm_fp8", c.gemm[1]);
    family("gemm_fp8_block128", c.gemm[2]);
    family("gemm_nvfp4", c.gemm[3]);
    family("gemm_int8", c.gemm[4]);
    family("gemm_w8a16", c.gemm[5]);
    family("gemm_w4a16", c.gemm[6]);
    family("prefill_bits16", c.prefill[0]);
    family("prefill_bits8", c.prefill[1]);
    family("decode_bits16", c.decode[0]);
    family("decode_bits8", c.decode[1]);
    family("moe_dense16", c.moe[0]);
    family("moe_fp8", c.moe[1]);
    family("moe_fp8_block128", c.moe[2]);
    family("moe_nvfp4", c.moe[3]);
    family("moe_int8", c.moe[4]);
    family("moe_w8a16", c.moe[5]);
    family("moe_w4a16", c.moe[6]);
    family("mla_prefill_bits16", c.mla_prefill[0]);
    family("mla_prefill_bits8", c.mla_prefill[1]);
    family("mla_decode_bits16", c.mla_decode[0]);
    family("mla_decode_bits8", c.mla_decode[1]);
    family("elementwise", c.elementwise[0]);
    family("collectives_custom", c.collectives[0]);
    family("collectives_nccl", c.collectives[1]);
  }
};

}  // namespace quantroof

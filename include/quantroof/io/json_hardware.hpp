// SPDX-License-Identifier: Apache-2.0
//
// Devices as JSON. Members have the names of hardware_spec; a peak is a number of TFLOPS (TOPS for integers), null where it is
// unknown and "none" where the device has no such unit.
//
//   {"key": "my_gpu", "name": "My GPU", "vendor": "nvidia", "arch": "hopper", "fp16_tflops": 989.5, "memory_gb_s": 3350}
//
// Left out: unknown. Needed: key, name, memory_gb_s and fp16_tflops or bf16_tflops.
#pragma once

#include <string_view>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/hardware/flash_attention_version.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/enum_names.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, vendor v) {
  json = to_string(v);
}
template <JsonValue Json>
void from_json(const Json& json, vendor& v) {
  detail::read_name(json, v, &parse_vendor);
}

template <JsonValue Json>
void to_json(Json& json, architecture a) {
  json = to_string(a);
}
template <JsonValue Json>
void from_json(const Json& json, architecture& a) {
  detail::read_name(json, a, &parse_architecture);
}

template <JsonValue Json>
void to_json(Json& json, fp8_kind k) {
  json = to_string(k);
}
template <JsonValue Json>
void from_json(const Json& json, fp8_kind& k) {
  detail::read_name(json, k, &parse_fp8_kind);
}

template <JsonValue Json>
void to_json(Json& json, flash_attention_version v) {
  json = to_string(v);
}
template <JsonValue Json>
void from_json(const Json& json, flash_attention_version& v) {
  detail::read_name(json, v, &parse_flash_attention_version);
}

/// A number, null for unknown(), "none" for no_unit().
template <JsonValue Json>
void to_json(Json& json, const peak_rate& rate) {
  json = nullptr;
  if (rate.is_known()) {
    json = *rate.tflops();
  } else if (rate.is_absent()) {
    json = std::string_view{"none"};
  }
}
template <JsonValue Json>
void from_json(const Json& json, peak_rate& rate) {
  constexpr std::string_view expected = "a number, null (unknown) or \"none\" (no such unit)";
  if (json.is_null()) {
    rate = peak_rate::unknown();
  } else if (json.is_string()) {
    if (detail::json_text(json) != "none") {
      throw io::input_error{"", "", short_string<80>{"must be "}.append(expected)};
    }
    rate = peak_rate::no_unit();
  } else {
    const double tflops = detail::json_double(json, expected);
    if (!(tflops > 0)) {
      throw io::input_error{"", "", "must be positive, null (unknown) or \"none\" (no such unit)"};
    }
    rate = tflops;
  }
}

template <>
struct detail::json_record<hardware_spec> {
  static constexpr std::string_view name = "hardware_spec";
  static constexpr void members(auto& m, auto& hw) {
    m.required("key", hw.key);
    m.required("name", hw.name);
    m.optional("vendor", hw.vendor);
    m.optional("arch", hw.arch);
    m.optional("compute_capability", hw.compute_capability);
    m.optional("fp64_tflops", hw.fp64_tflops);
    m.optional("tf32_tflops", hw.tf32_tflops);
    m.optional("fp16_tflops", hw.fp16_tflops);
    m.optional("bf16_tflops", hw.bf16_tflops);
    m.optional("fp8_tflops", hw.fp8_tflops);
    m.optional("fp6_tflops", hw.fp6_tflops);
    m.optional("fp4_tflops", hw.fp4_tflops);
    m.optional("int8_tops", hw.int8_tops);
    m.optional("int4_tops", hw.int4_tops);
    m.optional("fp64_vector_tflops", hw.fp64_vector_tflops);
    m.optional("fp32_vector_tflops", hw.fp32_vector_tflops);
    m.optional("fp8", hw.fp8);
    m.optional("block_scaled_mma", hw.block_scaled_mma);
    m.required("memory_gb_s", hw.memory_gb_s);
    m.optional("memory_gb", hw.memory_gb);
    m.optional("l2_mb", hw.l2_mb);
    m.optional("sm_count", hw.sm_count);
    m.optional("tensor_clock_mhz", hw.tensor_clock_mhz);
    m.optional("boost_clock_mhz", hw.boost_clock_mhz);
    m.optional("shared_memory_kb", hw.shared_memory_kb);
    m.optional("exp_per_clock_per_sm", hw.exp_per_clock_per_sm);
    m.optional("link_gb_s", hw.link_gb_s);
    m.optional("tdp_w", hw.tdp_w);
  }
};

}  // namespace quantroof

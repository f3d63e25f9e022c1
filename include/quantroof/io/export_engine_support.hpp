// SPDX-License-Identifier: Apache-2.0
//
// What serving engines take, as data: attention kernels by compute capability and KV-cache format, names of KV-cache formats, weights with
// activations. One line an entry; engines change monthly, and each table says when it was read.
//
// Source: vLLM docs/design/attention_backends.md at 0013943, vLLM PR 40177 (NVFP4 cache), SGLang's attention backend page, TensorRT-LLM's
// quantization and attention pages 1.4 (published; read 2026-11); llm-compressor's table of least compute capabilities (published).
// Not here: which kernel is the fastest; commands (export_launch.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Engines that a launch line is written for.
enum class serving_engine : std::uint8_t { vllm, sglang, tensorrt_llm };

namespace detail {
inline constexpr name_table<serving_engine, 3> serving_engine_names{
    {{serving_engine::vllm, "vllm"},
     {serving_engine::sglang, "sglang"},
     {serving_engine::tensorrt_llm, "tensorrt_llm"}}};
static_assert(names_are_complete(serving_engine_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(serving_engine e) {
  return detail::name_of(detail::serving_engine_names, e);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr serving_engine parse_serving_engine(std::string_view name) {
  return detail::parse_name(detail::serving_engine_names, name, "parse_serving_engine");
}

/// How a layer attends: softmax over heads, over cached latents, over latents that an index selects.
enum class attention_kind : std::uint8_t { heads, latent, sparse_latent };

/// An attention kernel of an engine. Of those that fit, the first is what the engine takes by itself.
struct attention_backend {
  serving_engine engine;
  std::string_view name;
  attention_kind kind;
  int first_capability;  // 10 * major + minor, both included
  int last_capability;
  static_vector<precision, 4> caches;        // beside 16 bits
  static_vector<std::int64_t, 4> head_dims;  // empty: any
};

namespace detail {

// clang-format off
inline constexpr std::array attention_backends = {
    attention_backend{serving_engine::vllm, "FLASHINFER",            attention_kind::heads,         100, 109, {precision::fp8_e4m3, precision::fp8_e5m2, precision::nvfp4_kv}, {64, 128, 256}},
    attention_backend{serving_engine::vllm, "FLASH_ATTN",            attention_kind::heads,         90,  99,  {precision::fp8_e4m3, precision::fp8_e5m2}, {}},  // FA3
    attention_backend{serving_engine::vllm, "FLASH_ATTN",            attention_kind::heads,         80,  89,  {}, {}},  // FA2
    attention_backend{serving_engine::vllm, "FLASH_ATTN",            attention_kind::heads,         100, 129, {}, {}},  // FA4, FA2
    attention_backend{serving_engine::vllm, "FLASHINFER",            attention_kind::heads,         75,  99,  {precision::fp8_e4m3, precision::fp8_e5m2}, {64, 128, 256}},
    attention_backend{serving_engine::vllm, "FLASHINFER",            attention_kind::heads,         110, 129, {precision::fp8_e4m3, precision::fp8_e5m2}, {64, 128, 256}},
    attention_backend{serving_engine::vllm, "TRITON_ATTN",           attention_kind::heads,         70,  129, {precision::fp8_e4m3, precision::fp8_e5m2}, {}},
    attention_backend{serving_engine::vllm, "FLEX_ATTENTION",        attention_kind::heads,         70,  129, {}, {}},
    attention_backend{serving_engine::vllm, "FLASHINFER_MLA",        attention_kind::latent,        100, 109, {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::vllm, "CUTLASS_MLA",           attention_kind::latent,        100, 109, {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::vllm, "FLASH_ATTN_MLA",        attention_kind::latent,        90,  99,  {}, {}},
    attention_backend{serving_engine::vllm, "FLASHMLA",              attention_kind::latent,        90,  109, {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::vllm, "TRITON_MLA",            attention_kind::latent,        70,  129, {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::vllm, "FLASHINFER_MLA_SPARSE", attention_kind::sparse_latent, 100, 109, {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::vllm, "FLASHMLA_SPARSE",       attention_kind::sparse_latent, 90,  109, {}, {}},  // FP8 as fp8_ds_mla, scales of its own
    attention_backend{serving_engine::sglang, "trtllm_mha",          attention_kind::heads,         100, 109, {precision::fp8_e4m3, precision::nvfp4_kv}, {}},
    attention_backend{serving_engine::sglang, "fa3",                 attention_kind::heads,         90,  99,  {precision::fp8_e4m3, precision::fp8_e5m2}, {}},
    attention_backend{serving_engine::sglang, "flashinfer",          attention_kind::heads,         75,  129, {precision::fp8_e4m3, precision::fp8_e5m2}, {64, 128, 256}},
    attention_backend{serving_engine::sglang, "triton",              attention_kind::heads,         70,  129, {}, {}},
    attention_backend{serving_engine::sglang, "trtllm_mla",          attention_kind::latent,        100, 109, {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::sglang, "fa3",                 attention_kind::latent,        90,  99,  {}, {}},
    attention_backend{serving_engine::sglang, "flashmla",            attention_kind::latent,        90,  99,  {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::sglang, "flashinfer",          attention_kind::latent,        80,  129, {}, {}},
    attention_backend{serving_engine::sglang, "triton",              attention_kind::latent,        70,  129, {}, {}},
    attention_backend{serving_engine::tensorrt_llm, "TRTLLM",        attention_kind::heads,         100, 129, {precision::fp8_e4m3, precision::nvfp4_kv}, {}},
    attention_backend{serving_engine::tensorrt_llm, "TRTLLM",        attention_kind::heads,         89,  99,  {precision::fp8_e4m3}, {}},
    attention_backend{serving_engine::tensorrt_llm, "TRTLLM",        attention_kind::heads,         80,  88,  {}, {}},
    attention_backend{serving_engine::tensorrt_llm, "FLASHINFER",    attention_kind::heads,         80,  129, {precision::fp8_e4m3}, {64, 128, 256}},
    attention_backend{serving_engine::tensorrt_llm, "TRTLLM",        attention_kind::latent,        90,  109, {precision::fp8_e4m3}, {}},
};

/// What an engine calls a KV-cache format.
struct cache_name {
  serving_engine engine;
  precision format;  // FP16: 16 bits
  std::string_view name;
};
inline constexpr std::array cache_names = {
    cache_name{serving_engine::vllm,         precision::fp16,     "auto"},
    cache_name{serving_engine::vllm,         precision::fp8_e4m3, "fp8_e4m3"},
    cache_name{serving_engine::vllm,         precision::fp8_e5m2, "fp8_e5m2"},
    cache_name{serving_engine::vllm,         precision::nvfp4_kv, "nvfp4"},
    cache_name{serving_engine::sglang,       precision::fp16,     "auto"},
    cache_name{serving_engine::sglang,       precision::fp8_e4m3, "fp8_e4m3"},
    cache_name{serving_engine::sglang,       precision::fp8_e5m2, "fp8_e5m2"},
    cache_name{serving_engine::sglang,       precision::nvfp4_kv, "nvfp4"},
    cache_name{serving_engine::tensorrt_llm, precision::fp16,     "auto"},
    cache_name{serving_engine::tensorrt_llm, precision::fp8_e4m3, "fp8"},
    cache_name{serving_engine::tensorrt_llm, precision::nvfp4_kv, "nvfp4"},
};

/// Weights with activations that an engine multiplies.
struct engine_weights {
  precision weight;
  precision activation;  // FP16: 16 bits
  int first_capability;  // with the matrix units of these formats, or as meant for 16-bit activations
  int first_fallback;    // dequantized and multiplied in 16 bits; 0: refused
  bool vllm;
  bool sglang;
  bool tensorrt_llm;
};
inline constexpr std::array engine_weight_rows = {
    engine_weights{precision::fp8_e4m3,          precision::fp8_e4m3,          89,  75, true,  true,  true},
    engine_weights{precision::fp8_e4m3_channel,  precision::fp8_e4m3_channel,  89,  75, true,  true,  true},
    engine_weights{precision::fp8_e4m3_block128, precision::fp8_e4m3_group128, 89,  0,  true,  true,  false},
    engine_weights{precision::fp8_e4m3,          precision::fp16,              75,  0,  true,  false, false},
    engine_weights{precision::fp8_e4m3_channel,  precision::fp16,              75,  0,  true,  false, false},
    engine_weights{precision::fp8_e4m3_block128, precision::fp16,              89,  0,  true,  false, false},
    engine_weights{precision::mxfp8_e4m3,        precision::mxfp8_e4m3,        100, 0,  true,  true,  false},
    engine_weights{precision::nvfp4,             precision::nvfp4,             100, 75, true,  true,  true},
    engine_weights{precision::nvfp4,             precision::fp16,              75,  0,  true,  true,  false},
    engine_weights{precision::nvfp4,             precision::fp8_e4m3,          100, 0,  false, false, true},
    engine_weights{precision::mxfp4,             precision::mxfp4,             100, 80, true,  false, false},
    engine_weights{precision::mxfp4,             precision::fp16,              80,  0,  true,  true,  false},
    engine_weights{precision::mxfp4,             precision::fp8_e4m3,          100, 0,  false, false, true},
    engine_weights{precision::int8_channel,      precision::int8_channel,      75,  0,  true,  true,  false},
    engine_weights{precision::int8_channel,      precision::fp16,              75,  0,  true,  true,  true},
    engine_weights{precision::int4_g128,         precision::fp16,              75,  0,  true,  true,  true},
    engine_weights{precision::int4_g128_zp4,     precision::fp16,              75,  0,  true,  true,  false},
    engine_weights{precision::int4_g64,          precision::fp16,              75,  0,  true,  true,  false},
    engine_weights{precision::int4_g32,          precision::fp16,              75,  0,  true,  true,  false},
    engine_weights{precision::int4_channel,      precision::fp16,              75,  0,  true,  true,  false},
    engine_weights{precision::int4_g128,         precision::fp8_e4m3_channel,  90,  0,  true,  false, false},
    engine_weights{precision::int4_g128,         precision::fp8_e4m3,          89,  0,  false, false, true},  // W4A8_AWQ
};
// clang-format on

[[nodiscard]] constexpr bool is_of(const engine_weights& w, serving_engine e) {
  return e == serving_engine::vllm     ? w.vllm
         : e == serving_engine::sglang ? w.sglang
                                       : w.tensorrt_llm;
}

template <class List, class T>
[[nodiscard]] constexpr bool holds(const List& list, const T& value) {
  for (const auto& entry : list) {
    if (entry == value) {
      return true;
    }
  }
  return false;
}

}  // namespace detail

/// What the attention layers of a model ask of a kernel.
struct attention_demand {
  serving_engine engine = serving_engine::vllm;
  attention_kind kind = attention_kind::heads;
  int capability = 0;                 // 10 * major + minor
  precision cache = precision::fp16;  // FP16: 16 bits
  static_vector<std::int64_t, 12> head_dims{};
};

/// True where a kernel takes the cache on the device.
[[nodiscard]] constexpr bool serves(const attention_backend& b, const attention_demand& d) {
  if (b.engine != d.engine || b.kind != d.kind || d.capability < b.first_capability ||
      d.capability > b.last_capability) {
    return false;
  }
  if (d.cache != precision::fp16 && !detail::holds(b.caches, d.cache)) {
    return false;
  }
  for (const std::int64_t dim : d.head_dims) {
    if (!b.head_dims.empty() && !detail::holds(b.head_dims, dim)) {
      return false;
    }
  }
  return true;
}

/// The kernel that an engine takes by itself, or the one called `name`; nullptr where none serves the demand.
///
/// example   FP8 cache on compute capability 10.0: FLASHINFER; FLASH_ATTN by name: nullptr
[[nodiscard]] constexpr const attention_backend* find_attention_backend(
    const attention_demand& d, std::string_view name = "") {
  for (const attention_backend& b : detail::attention_backends) {
    if ((name.empty() || b.name == name) && serves(b, d)) {
      return &b;
    }
  }
  return nullptr;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What released engines run: which weight with which activation, which KV cache with which attention kernel, on which architecture. Data, dated;
// a row says that the engine has a kernel for the pair, not how fast it is.
//
// Read 2026-08 to 2026-11: hardware table of TensorRT-LLM's quantization page, vLLM's --quantization and --kv-cache-dtype with its attention
// backends' priority lists, SGLang's server arguments, torchao's configurations, llama-quantize and -ctk / -ctv of llama.cpp, schemes and minimum
// compute capabilities of llm-compressor. Sets of flags change monthly: a missing row means "not read", and a new one is one line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/hardware/flash_attention_version.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/precision/cache_format.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// A set of engines, each by its place in engines::all.
class engine_set {
 public:
  constexpr engine_set() = default;
  constexpr engine_set(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      bits_ |= bit(name);
    }
  }
  [[nodiscard]] constexpr bool contains(std::string_view name) const {
    return (bits_ & bit(name)) != 0;
  }
  [[nodiscard]] constexpr bool contains(std::size_t index) const {
    return index < engines::all.size() && ((bits_ >> index) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  constexpr void add(std::size_t index) { bits_ |= 1U << index; }

  friend constexpr engine_set operator&(engine_set a, engine_set b) {
    a.bits_ &= b.bits_;
    return a;
  }
  friend constexpr engine_set operator|(engine_set a, engine_set b) {
    a.bits_ |= b.bits_;
    return a;
  }
  friend constexpr bool operator==(const engine_set&, const engine_set&) = default;

 private:
  [[nodiscard]] static constexpr std::uint32_t bit(std::string_view name) {
    for (std::size_t i = 0; i < engines::all.size(); ++i) {
      if (engines::all[i].name == name) {
        return 1U << i;
      }
    }
    detail::expects(false, "engine_set: the engine is not known");
    return 0;
  }
  std::uint32_t bits_ = 0;
};

/// A set of architectures.
class architecture_set {
 public:
  constexpr architecture_set() = default;
  constexpr architecture_set(std::initializer_list<architecture> all) {
    for (const architecture a : all) {
      bits_ |= 1U << static_cast<unsigned>(a);
    }
  }
  [[nodiscard]] constexpr bool contains(architecture a) const {
    return ((bits_ >> static_cast<unsigned>(a)) & 1U) != 0;
  }
  friend constexpr architecture_set operator|(architecture_set a, architecture_set b) {
    a.bits_ |= b.bits_;
    return a;
  }

 private:
  std::uint32_t bits_ = 0;
};

/// Weights in a format times inputs in another. 16 bits stand for both 16-bit formats.
struct format_support {
  precision weight = precision::fp16;
  precision activation = precision::fp16;
  engine_set engines{};
  architecture_set devices{};
  std::string_view name{};  // what llm-compressor, ModelOpt or the engine calls the scheme
};

/// An attention kernel with the caches it reads.
struct attention_support {
  std::string_view backend{};  // as the engine's flag spells it
  flash_attention_version version =
      flash_attention_version::fa2;  // the release it is built like (flash_attention_kernel.hpp)
  engine_set engines{};
  architecture_set devices{};
  bool fp8_cache = false;
  bool nvfp4_cache = false;
  bool gguf_cache = false;  // Q8_0 and Q4_0
};

namespace support {

using enum architecture;
inline constexpr architecture_set sm75{turing};
inline constexpr architecture_set sm8x{ampere_ga100, ampere_ga102, ampere_ga10b};
inline constexpr architecture_set sm89{ada};
inline constexpr architecture_set sm90{hopper};
inline constexpr architecture_set sm100{blackwell, blackwell_ultra, blackwell_sm110,
                                        spec_blackwell};  // the specification's device runs all
inline constexpr architecture_set sm120{blackwell_sm120, blackwell_sm121};
inline constexpr architecture_set sm100_up = sm100 | sm120;
inline constexpr architecture_set sm90_up = sm90 | sm100_up;
inline constexpr architecture_set sm89_up = sm89 | sm90_up;
inline constexpr architecture_set sm80_up = sm8x | sm89_up;
inline constexpr architecture_set sm75_up = sm75 | sm80_up;
inline constexpr architecture_set cdna{cdna2, architecture::cdna3, architecture::cdna4};
inline constexpr architecture_set others{volta,   intel_gaudi2, intel_gaudi3, intel_xe2, tpu_v5e,
                                         tpu_v5p, tpu_v6e,      apple_m3,     apple_m4,  other};
inline constexpr architecture_set everything = sm75_up | cdna | others;

// published: the sources at the head of this file
// clang-format off
inline constexpr std::array formats{
    format_support{precision::fp16, precision::fp16, {"tensorrt_llm"}, sm80_up, "NO_QUANT"},
    format_support{precision::fp16, precision::fp16, {"vllm", "sglang"}, sm75_up | cdna, "16 bits"},
    format_support{precision::fp16, precision::fp16, {"torch_compile", "llama_cpp"}, everything, "16 bits"},
    // 8-bit floats
    format_support{precision::fp8_e4m3, precision::fp8_e4m3, {"tensorrt_llm", "vllm", "sglang", "torch_compile"}, sm89_up, "FP8"},
    format_support{precision::fp8_e4m3_channel, precision::fp8_e4m3_channel, {"tensorrt_llm", "vllm", "sglang", "torch_compile"}, sm89_up, "FP8_DYNAMIC"},
    format_support{precision::fp8_e4m3_block128, precision::fp8_e4m3_group128, {"vllm", "sglang"}, sm90 | sm100, "FP8_BLOCK"},
    format_support{precision::mxfp8_e4m3, precision::mxfp8_e4m3, {"vllm", "sglang", "torch_compile"}, sm100, "MXFP8"},
    format_support{precision::fp8_e4m3, precision::fp16, {"vllm", "torch_compile"}, sm75_up, "W8A16 FP8 (Marlin)"},
    format_support{precision::fp8_e4m3fnuz, precision::fp8_e4m3fnuz, {"vllm", "sglang"}, {architecture::cdna3}, "FP8 (fnuz)"},
    format_support{precision::fp8_e4m3, precision::fp8_e4m3, {"vllm", "sglang"}, {architecture::cdna4}, "FP8"},
    // 8-bit integers; no kernels with 8-bit inputs on Blackwell
    format_support{precision::int8_channel, precision::int8_channel, {"vllm", "sglang", "torch_compile"}, sm75 | sm8x | sm89 | sm90, "W8A8"},
    format_support{precision::int8_channel, precision::fp16, {"tensorrt_llm"}, sm8x | sm89 | sm90, "W8A16"},
    format_support{precision::int8_channel, precision::fp16, {"vllm", "sglang", "torch_compile"}, sm75_up, "W8A16"},
    // 4-bit integers
    format_support{precision::int4_g128, precision::fp16, {"tensorrt_llm"}, sm8x | sm89 | sm90, "W4A16"},
    format_support{precision::int4_g128, precision::fp16, {"vllm", "sglang"}, sm75_up, "W4A16 (Marlin)"},
    format_support{precision::int4_g128, precision::fp16, {"torch_compile"}, sm80_up, "Int4WeightOnlyConfig"},
    format_support{precision::int4_g128_zp4, precision::fp16, {"vllm", "sglang"}, sm75_up, "W4A16_ASYM (AWQ)"},
    format_support{precision::int4_g32, precision::fp16, {"vllm", "sglang"}, sm75_up, "W4A16, groups of 32"},
    format_support{precision::int4_g128, precision::fp8_e4m3_channel, {"vllm"}, sm90 | sm100, "W4AFP8"},
    format_support{precision::int4_g128, precision::fp8_e4m3, {"tensorrt_llm"}, sm89 | sm90, "W4A8_AWQ"},
    // 4-bit floats
    format_support{precision::nvfp4, precision::nvfp4, {"tensorrt_llm", "vllm", "sglang", "torch_compile"}, sm100_up, "NVFP4"},
    format_support{precision::nvfp4, precision::fp16, {"vllm", "sglang"}, sm80_up, "NVFP4A16"},
    format_support{precision::nvfp4, precision::fp8_e4m3, {"tensorrt_llm"}, sm100, "W4A8_NVFP4_FP8"},
    format_support{precision::mxfp4, precision::mxfp8_e4m3, {"tensorrt_llm"}, sm100, "W4A8_MXFP4_MXFP8"},
    format_support{precision::mxfp4, precision::fp8_e4m3, {"tensorrt_llm"}, sm100, "W4A8_MXFP4_FP8"},
    format_support{precision::mxfp4, precision::fp16, {"tensorrt_llm", "vllm", "sglang"}, sm80_up, "MXFP4A16"},
    format_support{precision::mxfp4, precision::mxfp4, {"vllm"}, sm100, "MXFP4"},
    format_support{precision::mxfp4, precision::mxfp4, {"vllm", "sglang"}, {architecture::cdna4}, "quark MXFP4"},
    // GGUF: activations are quantized on the way, to 8 bits by blocks of 32, which costs nothing that is read from memory
    format_support{precision::gguf_q8_0, precision::fp16, {"llama_cpp"}, everything, "Q8_0"},
    format_support{precision::gguf_q6_k, precision::fp16, {"llama_cpp"}, everything, "Q6_K"},
    format_support{precision::gguf_q4_k, precision::fp16, {"llama_cpp"}, everything, "Q4_K"},
    format_support{precision::gguf_q4_0, precision::fp16, {"llama_cpp"}, everything, "Q4_0"},
};
// clang-format on

inline constexpr std::array attention{
    attention_support{.backend = "FLASH_ATTN",
                      .version = flash_attention_version::fa2,
                      .engines = {"vllm"},
                      .devices = sm8x | sm89 | sm120},
    attention_support{.backend = "FLASH_ATTN",
                      .version = flash_attention_version::fa3,
                      .engines = {"vllm"},
                      .devices = sm90,
                      .fp8_cache = true},
    attention_support{.backend = "FLASH_ATTN",  // no FP8 cache on compute capability 10.0
                      .version = flash_attention_version::fa4,
                      .engines = {"vllm"},
                      .devices = sm100},
    attention_support{.backend = "FLASHINFER",
                      .version = flash_attention_version::fa2,
                      .engines = {"vllm"},
                      .devices = sm8x | sm89 | sm90 | sm120,
                      .fp8_cache = true},
    attention_support{.backend = "FLASHINFER",  // TensorRT-LLM's generated kernels
                      .version = flash_attention_version::fa4,
                      .engines = {"vllm"},
                      .devices = sm100,
                      .fp8_cache = true,
                      .nvfp4_cache = true},
    attention_support{
        .backend = "TRITON_ATTN",
        .version = flash_attention_version::fa2,
        .engines = {"vllm"},
        .devices = sm8x | sm89 | sm90 | sm120 | cdna,
        .fp8_cache = true,
    },
    attention_support{.backend = "flashinfer",
                      .version = flash_attention_version::fa2,
                      .engines = {"sglang"},
                      .devices = sm80_up,
                      .fp8_cache = true},
    attention_support{.backend = "fa3",
                      .version = flash_attention_version::fa3,
                      .engines = {"sglang"},
                      .devices = sm90,
                      .fp8_cache = true},
    attention_support{.backend = "trtllm_mha",
                      .version = flash_attention_version::fa4,
                      .engines = {"sglang"},
                      .devices = sm100,
                      .fp8_cache = true,
                      .nvfp4_cache = true},
    attention_support{.backend = "triton",
                      .version = flash_attention_version::fa2,
                      .engines = {"sglang"},
                      .devices = cdna,
                      .fp8_cache = true},
    attention_support{
        .backend = "TRTLLM",
        .version = flash_attention_version::fa2,
        .engines = {"tensorrt_llm"},
        .devices = sm8x,
    },
    attention_support{
        .backend = "TRTLLM",
        .version = flash_attention_version::fa2,
        .engines = {"tensorrt_llm"},
        .devices = sm89 | sm120,
        .fp8_cache = true,
    },
    attention_support{
        .backend = "TRTLLM",
        .version = flash_attention_version::fa3,
        .engines = {"tensorrt_llm"},
        .devices = sm90,
        .fp8_cache = true,
    },
    attention_support{.backend = "TRTLLM",
                      .version = flash_attention_version::fa4,
                      .engines = {"tensorrt_llm"},
                      .devices = sm100,
                      .fp8_cache = true,
                      .nvfp4_cache = true},
    attention_support{.backend = "scaled_dot_product_attention",
                      .version = flash_attention_version::fa2,
                      .engines = {"torch_compile"},
                      .devices = sm80_up | cdna},
    attention_support{.backend = "-fa on",
                      .version = flash_attention_version::fa2,
                      .engines = {"llama_cpp"},
                      .devices = sm80_up | cdna,
                      .gguf_cache = true},
    attention_support{.backend = "-fa on",
                      .version = flash_attention_version::fa1,
                      .engines = {"llama_cpp"},
                      .devices = sm75,
                      .gguf_cache = true},
    attention_support{.backend = "FLASHINFER",
                      .version = flash_attention_version::fa1,
                      .engines = {"vllm", "sglang"},
                      .devices = sm75},
};

}  // namespace support

/// The engines that multiply a weight in one format with an input in another on an architecture.
[[nodiscard]] constexpr engine_set engines_with(architecture a, precision weight,
                                                precision activation) {
  const auto wide = [](precision p) { return p == precision::bf16 ? precision::fp16 : p; };
  engine_set found;
  for (const format_support& row : support::formats) {
    if (row.weight == wide(weight) && row.activation == wide(activation) &&
        row.devices.contains(a)) {
      for (std::size_t i = 0; i < engines::all.size(); ++i) {
        if (row.engines.contains(i)) {
          found.add(i);
        }
      }
    }
  }
  return found;
}

/// True where an attention kernel reads K or V in this format.
[[nodiscard]] constexpr bool reads_format(const attention_support& row, precision kv) {
  switch (kv) {
    case precision::fp8_e4m3:
    case precision::fp8_e4m3fnuz:
      return row.fp8_cache;
    case precision::nvfp4_kv:
      return row.nvfp4_cache;
    case precision::gguf_q8_0:
    case precision::gguf_q4_0:
      return row.gguf_cache;
    default:
      return format_of(kv).element_bits == 16;
  }
}

/// True where an attention kernel reads a cache: both formats, and different ones only where it takes GGUF's.
[[nodiscard]] constexpr bool reads_cache(const attention_support& row, cache_format kv) {
  return reads_format(row, kv.key) && reads_format(row, kv.value) &&
         (kv.is_single() || row.gguf_cache);
}

/// What an engine calls its kernel of a version that reads a cache on an architecture; empty where it has none.
[[nodiscard]] constexpr std::string_view attention_backend_name(std::string_view engine,
                                                                architecture a,
                                                                flash_attention_version v,
                                                                cache_format kv) {
  for (const attention_support& row : support::attention) {
    if (row.version == v && row.engines.contains(engine) && row.devices.contains(a) &&
        reads_cache(row, kv)) {
      return row.backend;
    }
  }
  return {};
}

/// The formats that an engine's cache may have; whether a kernel reads one on a device: reads_cache.
///
/// ignores   INT8, which flags of some engines name: no released kernel for it was measured
inline constexpr std::array cache_formats{
    cache_format{precision::fp16}, cache_format{precision::fp8_e4m3},
    cache_format{precision::nvfp4_kv}, cache_format{precision::gguf_q8_0},
    cache_format{precision::gguf_q4_0},
    // K and V apart: llama.cpp, built with GGML_CUDA_FA_ALL_QUANTS (published: ggml-cuda/fattn.cu). Values are the less sensitive: keys are never
    // the narrower of the two.
    cache_format{precision::fp16, precision::gguf_q8_0},
    cache_format{precision::fp16, precision::gguf_q4_0},
    cache_format{precision::gguf_q8_0, precision::gguf_q4_0}};

}  // namespace quantroof

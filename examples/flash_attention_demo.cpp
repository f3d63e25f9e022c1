// SPDX-License-Identifier: Apache-2.0
//
// Where does an attention call spend its bytes and its time, and what do FP8 and skipped blocks change?
#include <fmt/format.h>

#include <quantroof/core.hpp>

using quantroof::flash_attention_config;
using quantroof::flash_attention_version;
using quantroof::precision;

void print(const char* what, const quantroof::flash_attention_metrics& m) {
  fmt::print(
      "{:<22} {:>10.1f} us  {:>6}-bound  AI {:>5.1f}  Q {:>8.1f} MB  K/V {:>8.1f} MB  O {:>6.1f} "
      "MB  statistics {:>4.1f} MB\n",
      what, m.predicted_time_us, to_string(m.bottleneck), m.arithmetic_intensity, m.q_bytes / 1e6,
      m.kv_bytes / 1e6, m.o_bytes / 1e6, m.statistics_bytes / 1e6);
}

int main() {
  constexpr quantroof::flash_attention_roofline<quantroof::static_hardware<quantroof::hw::b10>>
      roofline;

  constexpr flash_attention_config fa1{.version = flash_attention_version::fa1};
  constexpr flash_attention_config fa2{.version = flash_attention_version::fa2};
  constexpr flash_attention_config fa3{.version = flash_attention_version::fa3,
                                       .qkv_precision = precision::fp8_e4m3,
                                       .kv_cache_precision = precision::fp8_e4m3,
                                       .use_native_fp8 = true};
  constexpr flash_attention_config fa4_sparse{.version = flash_attention_version::fa4,
                                              .qkv_precision = precision::fp8_e4m3,
                                              .kv_cache_precision = precision::fp8_e4m3,
                                              .use_native_fp8 = true,
                                              .block_sparse = true,
                                              .sparsity_ratio = 0.3};
  constexpr flash_attention_config half_the_tokens{.version = flash_attention_version::fa2,
                                                   .participation = 0.5};

  fmt::print("prefill, 1 x 32 heads x 4096 x 4096, d 128\n");
  print("FA1 FP16", roofline.predict(1, 32, 4096, 4096, 128, fa1));
  print("FA2 FP16", roofline.predict(1, 32, 4096, 4096, 128, fa2));
  print("FA3 FP8", roofline.predict(1, 32, 4096, 4096, 128, fa3));
  print("FA4 FP8, 30 % skipped", roofline.predict(1, 32, 4096, 4096, 128, fa4_sparse));
  print("FA2, half the tokens", roofline.predict(1, 32, 4096, 4096, 128, half_the_tokens));

  fmt::print("\ndecode, 1 token against 4096 in the cache\n");
  constexpr flash_attention_config fa3_nvfp4_kv{.version = flash_attention_version::fa3,
                                                .qkv_precision = precision::fp8_e4m3,
                                                .kv_cache_precision = precision::nvfp4_kv,
                                                .use_native_fp8 = true};
  print("FA2 FP16, 32 KV heads", roofline.predict(1, 32, 1, 4096, 128, fa2));
  print("FA2 FP16, 8 KV heads", roofline.predict(1, 32, 8, 1, 4096, 128, fa2));
  print("FA3 FP8, NVFP4 cache", roofline.predict(1, 32, 8, 1, 4096, 128, fa3_nvfp4_kv));

  const auto memory = quantroof::compare_attention_memory({.num_heads = 32,
                                                           .num_kv_heads = 32,
                                                           .seq_len_q = 4096,
                                                           .seq_len_kv = 4096,
                                                           .head_dim = 128});
  fmt::print(
      "\nbeside Q, K and V: {:.0f} MiB with the score matrix, {:.0f} MiB with FlashAttention "
      "({:.0f}x less)\n",
      memory.standard_bytes / 1048576, memory.flash_bytes / 1048576, memory.ratio);
}

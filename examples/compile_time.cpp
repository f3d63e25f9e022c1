// SPDX-License-Identifier: Apache-2.0
//
// Can an engine choose its kernels before it runs? A constant table of recommendations, one per context length.
#include <fmt/format.h>

#include <array>
#include <quantroof/core.hpp>

using quantroof::phase;

// Decode kernels of a Llama-3 8B engine on one GPU type, looked up by the length of the context. Nothing here is computed at run time.
struct kernel_choice {
  std::int64_t up_to_tokens;
  quantroof::precision ffn;
  quantroof::precision kv_cache;
  quantroof::flash_attention_version attention;
};

template <const quantroof::hardware_spec& Gpu>
constexpr auto choose_kernels() {
  constexpr quantroof::integrated_quantization_engine<quantroof::static_hardware<Gpu>> engine;
  std::array<kernel_choice, 3> table{};
  constexpr std::array<std::int64_t, 3> lengths{8192, 16384, 131072};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto rec = engine.recommend(quantroof::models::llama3_8b,
                                      {.phase = phase::decode, .seq_len = lengths[i]});
    table[i] = {lengths[i], rec.mixed_precision.get_precision(quantroof::operator_type::ffn_up),
                rec.config.kv_cache_precision, *rec.config.fa_version};
  }
  return table;
}

constexpr auto h100 = choose_kernels<quantroof::hw::h100_sxm>();
static_assert(
    h100[0].ffn ==
    quantroof::precision::int4_g128);  // no FP4 units: INT4 weights, multiplied in 16 bits
static_assert(h100[2].kv_cache == quantroof::precision::fp8_e4m3);
static_assert(h100[2].attention == quantroof::flash_attention_version::fa3);

constexpr auto b200 = choose_kernels<quantroof::hw::b200_sxm>();
static_assert(b200[0].ffn == quantroof::precision::nvfp4);
static_assert(b200[0].attention == quantroof::flash_attention_version::fa4);  // FA3 needs Hopper

// This line does not compile, "FA3 runs on Hopper only":
// constexpr auto no = quantroof::flash_attention_roofline<quantroof::static_hardware<quantroof::hw::b200_sxm>>{}.predict(
//     1, 32, 1, 4096, 128, {.version = quantroof::flash_attention_version::fa3});

int main() {
  for (const auto& [gpu, table] : {std::pair{"h100_sxm", h100}, std::pair{"b200_sxm", b200}}) {
    for (const kernel_choice& c : table) {
      fmt::print("{:<9} up to {:>6} tokens: FFN {:<9} KV cache {:<8} attention {}\n", gpu,
                 c.up_to_tokens, to_string(c.ffn), to_string(c.kv_cache), to_string(c.attention));
    }
  }
}

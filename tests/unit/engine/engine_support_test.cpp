// SPDX-License-Identifier: Apache-2.0
//
// Which engine runs what: the table against what engines' own documents say, and against the devices of the registry.
#include "quantroof/engine/engine_support.hpp"

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "test_table.hpp"

namespace engine_support_test {

namespace {

using namespace quantroof;
using p = precision;
using a = architecture;

struct row {
  a device;
  p weight;
  p activation;
  engine_set engines;
};
constexpr row rows[] = {
    {a::hopper, p::fp8_e4m3, p::fp8_e4m3, {"tensorrt_llm", "vllm", "sglang", "torch_compile"}},
    {a::ampere_ga100, p::fp8_e4m3, p::fp8_e4m3, {}},                     // weight-only there
    {a::ampere_ga100, p::fp8_e4m3, p::bf16, {"vllm", "torch_compile"}},  // Marlin
    {a::hopper, p::nvfp4, p::nvfp4, {}},
    {a::hopper, p::nvfp4, p::fp16, {"vllm", "sglang"}},  // W4A16 fallback
    {a::blackwell, p::nvfp4, p::nvfp4, {"tensorrt_llm", "vllm", "sglang", "torch_compile"}},
    {a::blackwell_sm120, p::nvfp4, p::nvfp4, {"tensorrt_llm", "vllm", "sglang", "torch_compile"}},
    {a::hopper, p::int4_g128, p::fp8_e4m3_channel, {"vllm"}},  // W4AFP8 needs 9.0
    {a::ampere_ga100, p::int4_g128, p::fp8_e4m3_channel, {}},
    {a::turing, p::int4_g128, p::fp16, {"vllm", "sglang"}},  // Marlin from 7.5
    {a::volta, p::int4_g128, p::fp16, {}},                   // no AWQ kernel for V100
    {a::volta, p::gguf_q4_k, p::fp16, {"llama_cpp"}},
    {a::apple_m4, p::gguf_q4_k, p::fp16, {"llama_cpp"}},
    {a::blackwell, p::int8_channel, p::int8_channel, {}},
    {a::cdna3, p::fp8_e4m3fnuz, p::fp8_e4m3fnuz, {"vllm", "sglang"}},
    {a::cdna3, p::fp8_e4m3, p::fp8_e4m3, {}},
};
constexpr auto is_known = [](const row& r) {
  return engines_with(r.device, r.weight, r.activation) == r.engines;
};
static_assert(test::first_failure(rows, is_known) == -1);

TEST_CASE("engines by device and formats") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(to_string(r.device), to_string(r.weight), to_string(r.activation));
    CHECK(is_known(r));
  }
}

/// An attention kernel by engine, device, version.
constexpr const attention_support* find(std::string_view engine, a device,
                                        flash_attention_version v, std::string_view backend) {
  for (const attention_support& s : support::attention) {
    if (s.engines.contains(engine) && s.devices.contains(device) && s.version == v &&
        s.backend == backend) {
      return &s;
    }
  }
  return nullptr;
}

struct cache_row {
  std::string_view engine;
  a device;
  flash_attention_version version;
  std::string_view backend;
  p cache;
  bool reads;
};
using enum flash_attention_version;
constexpr cache_row caches[] = {
    {"vllm", a::hopper, fa3, "FLASH_ATTN", p::fp8_e4m3, true},
    {"vllm", a::blackwell, fa4, "FLASH_ATTN", p::fp8_e4m3, false},  // -> FLASHINFER
    {"vllm", a::blackwell, fa4, "FLASHINFER", p::fp8_e4m3, true},
    {"vllm", a::blackwell, fa4, "FLASHINFER", p::nvfp4_kv, true},
    {"vllm", a::ampere_ga100, fa2, "FLASH_ATTN", p::fp8_e4m3, false},
    {"vllm", a::ampere_ga100, fa2, "FLASHINFER", p::fp8_e4m3, true},
    {"sglang", a::hopper, fa3, "fa3", p::fp8_e4m3, true},
    {"tensorrt_llm", a::hopper, fa3, "TRTLLM", p::nvfp4_kv, false},
    {"tensorrt_llm", a::blackwell, fa4, "TRTLLM", p::nvfp4_kv, true},
    {"llama_cpp", a::ada, fa2, "-fa on", p::gguf_q8_0, true},
    {"llama_cpp", a::ada, fa2, "-fa on", p::fp8_e4m3, false},
    {"torch_compile", a::hopper, fa2, "scaled_dot_product_attention", p::fp8_e4m3, false},
};
constexpr auto is_read = [](const cache_row& r) {
  const attention_support* found = find(r.engine, r.device, r.version, r.backend);
  return found != nullptr && reads_cache(*found, r.cache) == r.reads &&
         reads_cache(*found, p::fp16) && reads_cache(*found, p::bf16);
};
static_assert(test::first_failure(caches, is_read) == -1);

TEST_CASE("attention kernels by cache") {
  for (const cache_row& r : test::at_run_time(caches)) {
    CAPTURE(r.engine, to_string(r.device), r.backend, to_string(r.cache));
    CHECK(is_read(r));
  }
}

TEST_CASE("a kernel in the table runs on every device that it names") {
  for (const hardware_spec* hw : list_hardware()) {
    for (const attention_support& s : support::attention) {
      CAPTURE(std::string(hw->key.view()), s.backend);
      CHECK((!s.devices.contains(hw->arch) || runs_flash_attention(*hw, s.version)));
    }
    CAPTURE(std::string(hw->key.view()));
    CHECK_FALSE(engines_with(hw->arch, p::fp16, p::fp16).empty());
  }
}

TEST_CASE("a set of engines") {
  constexpr engine_set two{"vllm", "sglang"};
  static_assert(two.contains("vllm") && !two.contains("llama_cpp") && !two.empty());
  CHECK((two & engine_set{"sglang"}) == engine_set{"sglang"});
  CHECK((two | engine_set{"llama_cpp"}).contains("llama_cpp"));
  CHECK_FALSE(two.contains(std::size_t{99}));
  CHECK_THROWS_AS(engine_set{std::string_view{"no such engine"}}, domain_error);
}

}  // namespace

}  // namespace engine_support_test

// SPDX-License-Identifier: Apache-2.0
//
// The specification's context-aware rules, device by device and at the edges of 8K and 16K tokens.
#include "quantroof/engine/selection.hpp"

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace selection_test {

namespace {

using namespace quantroof;
using enum flash_attention_version;
using p = precision;

// ---- strategy ---------------------------------------------------------------------------------------------------------------

struct strategy_row {
  std::string_view device;
  quantroof::phase phase;
  std::int64_t seq_len;
  std::string_view strategy;
};
constexpr strategy_row choices[] = {
    // The specification's three scenarios.
    {"b10", phase::decode, 4096, "nvfp4_blackwell"},
    {"b10", phase::decode, 32768, "hybrid_long_context"},
    {"b10", phase::prefill, 2048, "fp8_balanced"},
    // ">8K context"
    {"b10", phase::decode, 1, "nvfp4_blackwell"},
    {"b10", phase::decode, 8192, "nvfp4_blackwell"},
    {"b10", phase::decode, 8193, "hybrid_long_context"},
    {"b10", phase::prefill, 32768, "fp8_balanced"},
    // Other devices: what they have decides.
    {"gb10", phase::decode, 4096, "nvfp4_blackwell"},
    {"b200_sxm", phase::decode, 4096, "nvfp4_blackwell"},
    {"mi355x", phase::decode, 4096, "nvfp4_blackwell"},
    {"h100_sxm", phase::decode, 4096, "w4a16_aggressive"},
    {"h100_sxm", phase::decode, 32768, "hybrid_long_context"},
    {"h100_sxm", phase::prefill, 2048, "fp8_balanced"},
    {"rtx4090", phase::prefill, 2048, "fp8_balanced"},
    {"mi300x", phase::decode, 4096, "w4a16_aggressive"},
    {"mi300x", phase::prefill, 2048, "fp8_balanced"},
    {"a100_sxm_80gb", phase::decode, 4096, "w4a16_aggressive"},
    {"a100_sxm_80gb", phase::decode, 8193, "hybrid_long_context"},
    {"a100_sxm_80gb", phase::prefill, 2048, "fp16_baseline"},
    {"v100_sxm2_32gb", phase::prefill, 1, "fp16_baseline"},
    {"t4", phase::decode, 8192, "w4a16_aggressive"},
    {"tpu_v5p", phase::prefill, 2048, "fp16_baseline"},
};
constexpr auto chosen = [](const strategy_row& r) {
  const strategy_choice c =
      select_strategy(get_hardware(r.device), {.phase = r.phase, .seq_len = r.seq_len});
  return c.strategy == r.strategy && !c.why.empty();
};
static_assert(test::first_failure(choices, chosen) == -1);

TEST_CASE("phase, context and device choose the strategy") {
  for (const strategy_row& r : test::at_run_time(choices)) {
    CAPTURE(r.device, to_string(r.phase), r.seq_len);
    CHECK(chosen(r));
  }
}

TEST_CASE("every choice is a known strategy, whatever the batch and the switches") {
  int failures = 0;
  for (const hardware_spec* device : list_hardware()) {
    for (const phase ph : {phase::prefill, phase::decode}) {
      for (const std::int64_t n : {1, 8192, 8193, 16384, 16385, 1000000}) {
        const strategy_choice one = select_strategy(*device, {.phase = ph, .seq_len = n});
        const strategy_choice other = select_strategy(*device, {.phase = ph,
                                                                .seq_len = n,
                                                                .batch = 64,
                                                                .enable_dynamic = false,
                                                                .enable_adaptive = true});
        failures += get_strategy(one.strategy).name == one.strategy ? 0 : 1;
        failures += one.strategy == other.strategy && !one.why.empty() ? 0 : 1;
      }
    }
  }
  CHECK(failures == 0);
  CHECK_THROWS_WITH(select_strategy(hw::b10, {}), test::contains("scenario: seq_len must be in"));
}

// ---- attention --------------------------------------------------------------------------------------------------------------

struct attention_row {
  std::string_view device;
  std::int64_t seq_len;
  p cache;
  int version;  // 0: none runs
  p qkv;
  bool sparse;
};
constexpr attention_row attentions[] = {
    // The specification: FA3 at 4K, FA4 with sparsity at 32K, FA3 in prefill.
    {"b10", 4096, p::nvfp4_kv, 3, p::fp8_e4m3, false},
    {"b10", 32768, p::nvfp4_kv, 4, p::fp8_e4m3, true},
    {"b10", 2048, p::fp8_e4m3, 3, p::fp8_e4m3, false},
    // ">16K", and only with a quantized cache
    {"b10", 16384, p::nvfp4_kv, 3, p::fp8_e4m3, false},
    {"b10", 16385, p::nvfp4_kv, 4, p::fp8_e4m3, true},
    {"b10", 32768, p::fp16, 3, p::fp16, false},
    {"b200_sxm", 4096, p::nvfp4_kv, 4, p::fp8_e4m3, false},
    {"b200_sxm", 4096, p::fp16, 4, p::fp16, false},
    {"b200_sxm", 32768, p::nvfp4_kv, 4, p::fp8_e4m3, true},
    {"h100_sxm", 4096, p::fp16, 3, p::fp16, false},
    {"h100_sxm", 32768, p::fp8_e4m3, 3, p::fp8_e4m3, false},  // no FA4: no skipped blocks
    {"gb10", 4096, p::nvfp4_kv, 2, p::fp16, false},
    {"gb10", 32768, p::nvfp4_kv, 2, p::fp16, false},
    {"a100_sxm_80gb", 32768, p::int8, 2, p::fp16, false},
    {"mi300x", 4096, p::fp8_e4m3fnuz, 2, p::fp16, false},
    {"t4", 4096, p::int8, 1, p::fp16, false},
    {"v100_sxm2_32gb", 4096, p::int8, 0, p::fp16, false},
    {"tpu_v5p", 32768, p::int8, 0, p::bf16, false},
};
constexpr auto attends = [](const attention_row& r) {
  const hardware_spec& device = get_hardware(r.device);
  const auto c = select_attention(device, {.seq_len = r.seq_len}, r.cache);
  if (!c || r.version == 0) {
    return !c && r.version == 0;
  }
  return is_supported(device, *c) && static_cast<int>(c->version) + 1 == r.version &&
         c->qkv_precision == r.qkv && c->kv_cache_precision == r.cache &&
         c->use_native_fp8 == (r.qkv == p::fp8_e4m3) && c->block_sparse == r.sparse &&
         c->sparsity_ratio == (r.sparse ? 0.3 : 0.0) && c->participation == 1.0;
};
static_assert(test::first_failure(attentions, attends) == -1);

TEST_CASE("device, context and cache choose the attention") {
  for (const attention_row& r : test::at_run_time(attentions)) {
    CAPTURE(r.device, r.seq_len, to_string(r.cache));
    CHECK(attends(r));
  }
  CHECK_FALSE(select_attention(hw::b10, {.phase = phase::prefill, .seq_len = 2048}, p::fp8_e4m3)
                  ->block_sparse);
  CHECK_THROWS_WITH(select_attention(hw::b10, {.seq_len = 4096}, static_cast<p>(99)),
                    test::contains("format_of: the value is not a precision"));
}

// ---- baseline ---------------------------------------------------------------------------------------------------------------

struct baseline_row {
  std::string_view device;
  int version;  // 0: none
  p format;
};
constexpr baseline_row baselines[] = {
    {"b10", 2, p::fp16},
    {"h100_sxm", 2, p::fp16},
    {"b200_sxm", 2, p::fp16},
    {"gb10", 2, p::fp16},
    {"mi300x", 2, p::fp16},
    {"t4", 1, p::fp16},
    {"v100_sxm2_32gb", 0, p::fp16},
    {"tpu_v6e", 0, p::bf16},
};
constexpr auto is_baseline = [](const baseline_row& r) {
  const auto c = baseline_attention(get_hardware(r.device));
  return c ? static_cast<int>(c->version) + 1 == r.version && c->qkv_precision == r.format &&
                 c->kv_cache_precision == r.format && !c->use_native_fp8 && !c->block_sparse
           : r.version == 0;
};
static_assert(test::first_failure(baselines, is_baseline) == -1);

TEST_CASE("the baseline is FA2 in 16 bits, or what runs instead") {
  for (const baseline_row& r : test::at_run_time(baselines)) {
    CAPTURE(r.device);
    CHECK(is_baseline(r));
  }
}

TEST_CASE("every choice runs on its device") {
  int failures = 0;
  for (const hardware_spec* device : list_hardware()) {
    bool any = false;
    for (const flash_attention_version v : flash_attention_versions) {
      any = any || runs_flash_attention(*device, v);
    }
    const auto base = baseline_attention(*device);
    failures += base.has_value() == any ? 0 : 1;
    failures += !base || is_supported(*device, *base) ? 0 : 1;
    for (const precision_format& cache : precision_formats) {
      for (const std::int64_t n : {1, 4096, 16384, 16385, 1 << 20}) {
        const auto c = select_attention(*device, {.seq_len = n}, cache.id);
        failures += c.has_value() == any ? 0 : 1;
        failures += !c || is_supported(*device, *c) ? 0 : 1;
      }
    }
  }
  CHECK(failures == 0);
}

}  // namespace

}  // namespace selection_test

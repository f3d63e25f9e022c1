// SPDX-License-Identifier: Apache-2.0
//
// One format for K and V, or two; what follows from two: bytes, losses, kernels that read them.
#include "quantroof/precision/cache_format.hpp"

#include "catch.hpp"
#include "quantroof/engine/optimize.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "test_table.hpp"

namespace cache_format_test {

namespace {

using namespace quantroof;
using p = precision;

static_assert(cache_format{} == cache_format{p::fp16} && cache_format{p::fp8_e4m3}.is_single());
static_assert(!cache_format{p::gguf_q8_0}.own_value());
static_assert(cache_format{p::gguf_q8_0, p::gguf_q4_0}.own_value() == p::gguf_q4_0);

constexpr cache_format apart{p::gguf_q8_0, p::gguf_q4_0};
constexpr mixed_precision_config plan = mixed_precision_config{.name = "apart"}.with_cache(apart);
static_assert(is_valid(plan) && plan.get_cache_format() == apart);
static_assert(plan.get_precision(operator_type::kv_cache) == p::gguf_q8_0);
static_assert(plan.with_cache(p::fp8_e4m3).get_cache_format() == cache_format{p::fp8_e4m3});

TEST_CASE("a cache takes half of what both formats take") {
  for (const model_config& m : test::at_run_time(models::all)) {
    CAPTURE(m.name.view());
    const std::int64_t both = kv_cache_bytes(m, apart, 1000, 3);
    const std::int64_t k = kv_cache_bytes(m, p::gguf_q8_0, 1000, 3);
    const std::int64_t v = kv_cache_bytes(m, p::gguf_q4_0, 1000, 3);
    const bool one_row = !layer_kind(m, 0).attention.has_value();  // key and value of all heads
    CHECK(2 * both == (one_row ? 2 * k : k + v));
  }
}

TEST_CASE("values lose less than keys, and both together the sum") {
  const auto nats = [](cache_format f) {
    return estimate_quality(models::llama3_8b,
                            mixed_precision_config{.name = "cache"}.with_cache(f))
        .nats.typical;
  };
  const double k = nats({p::gguf_q4_0, p::fp16});
  const double v = nats({p::fp16, p::gguf_q4_0});
  CHECK(v < k);
  CHECK(nats(p::gguf_q4_0) == Approx(k + v));
}

TEST_CASE("decode reads the mean of both") {
  attention_shape s{.num_heads = 32, .num_kv_heads = 8, .head_dim = 128};
  s.batch = 1;
  s.seq_len_q = 1;
  s.seq_len_kv = 131072;
  const auto bytes = [&](cache_format f) {
    return calibrated_model{}
        .attention(hw::l40s, s,
                   {.kv_cache_precision = f.key, .value_cache_precision = f.own_value()})
        .kv_bytes;
  };
  CHECK(bytes(apart) == Approx(0.5 * (bytes(p::gguf_q8_0) + bytes(p::gguf_q4_0))));
}

TEST_CASE("only llama.cpp reads different formats of K and V") {
  for (const attention_support& row : support::attention) {
    CHECK(reads_cache(row, apart) == row.gguf_cache);
    CHECK(reads_cache(row, {p::fp16, p::fp8_e4m3}) == (row.gguf_cache && row.fp8_cache));
  }
}

TEST_CASE("keys and values apart are chosen where one format loses too much") {
  optimize_request r;
  r.workload.push_back({.phase = phase::decode, .seq_len = 32768, .batch = 1});
  r.formats = {p::fp16};
  r.engine = "llama_cpp";
  r.limits.quality_loss = 0.05;
  const optimization a = optimize(calibrated_model{}, hw::gb10, models::llama3_8b, r);
  REQUIRE(a.feasible);
  CHECK(a.best.config.get_cache_format() == apart);
  // every cache alone: none that keeps to the limit is faster
  for (const cache_format& f : cache_formats) {
    const mixed_precision_config c =
        a.best.config.with_cache({f.key == p::fp16 ? native_16bit(hw::gb10) : f.key,
                                  f.value == p::fp16 ? native_16bit(hw::gb10) : f.value});
    const auto attention = a.best.decode_attention;
    REQUIRE(attention);
    flash_attention_config with = *attention;
    with.kv_cache_precision = c.kv_cache_precision;
    with.value_cache_precision = c.value_cache_precision;
    if (f.key == p::fp8_e4m3 || f.key == p::nvfp4_kv ||
        estimate_quality(models::llama3_8b, c).loss.upper > 0.05) {
      continue;
    }
    const double us = predict_engine_step(calibrated_model{}, hw::gb10, models::llama3_8b, c,
                                          {.seq_len = 32768, .attention = with}, engines::llama_cpp)
                          .time_us;
    CHECK(us >= a.best.score * (1 - 1e-9));
  }
  r.engine = "vllm";
  CHECK(optimize(calibrated_model{}, hw::gb10, models::llama3_8b, r)
            .best.config.get_cache_format()
            .is_single());
}

}  // namespace

}  // namespace cache_format_test

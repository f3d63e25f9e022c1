// SPDX-License-Identifier: Apache-2.0
//
// Bytes of weights and of the KV cache, against sums made here layer by layer with formulas of their own.
#include "quantroof/model/memory.hpp"

#include "catch.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

constexpr std::int64_t mib = 1024 * 1024;

// ---- KV cache ---------------------------------------------------------------------------------------------------------------

struct cache_row {
  p format;
  std::int64_t tokens;
  std::int64_t batch;
  std::int64_t bytes;
};
// Llama-3-8B: 65,536 elements per token. 32,768 tokens: the specification's table (it rounds NVFP4 to 1175 MB: 4.59 bits; the format
// has 4.5).
constexpr cache_row caches[] = {
    {p::fp16, 32768, 1, 4096 * mib},
    {p::fp8_e4m3, 32768, 1, 2048 * mib},
    {p::nvfp4_kv, 32768, 1, 1152 * mib},  // 65,536 * 4.5 bits * 32,768
    {p::bf16, 4096, 1, 512 * mib},
    {p::int8, 4096, 1, 256 * mib},          // one scale per tensor is not counted
    {p::int4_g128, 4096, 1, 132 * mib},     // 4 + 16/128 bits
    {p::mxfp8_e4m3, 4096, 1, 264 * mib},    // 8 + 8/32 bits
    {p::int8_channel, 4096, 1, 257 * mib},  // one FP32 scale per token, K and V: 4 of 1024 bytes
    {p::fp16, 4096, 16, 8192 * mib},
    {p::fp16, 1, 1, 131072},
    {p::nvfp4_kv, 1, 1, 36864},
    {p::fp16, 0, 1, 0},
};
constexpr auto cached = [](const cache_row& r) {
  return kv_cache_bytes(models::llama3_8b, r.format, r.tokens, r.batch) == r.bytes;
};
static_assert(test::first_failure(caches, cached) == -1);

TEST_CASE("the KV cache has the specification's sizes") {
  for (const cache_row& r : test::at_run_time(caches)) {
    CAPTURE(to_string(r.format), r.tokens, r.batch);
    CHECK(cached(r));
  }
}

TEST_CASE("the KV cache grows with tokens, sequences and bits") {
  for (const precision_format& f : precision_formats) {
    CAPTURE(f.name);
    const std::int64_t one = kv_cache_bytes(models::qwen2_7b, f.id, 1);
    CHECK(one > 0);
    CHECK(kv_cache_bytes(models::qwen2_7b, f.id, 1000) == 1000 * one);
    CHECK(kv_cache_bytes(models::qwen2_7b, f.id, 10, 7) == 70 * one);
    // 28,672 elements per token at no less than the format's bits.
    CHECK(static_cast<double>(one) >= 28672 * f.element_bits / 8.0);
  }
  CHECK(kv_cache_bytes(models::llama3_8b, p::fp16, 100) * 4 == kv_cache_bytes(
                                                                   [] {
                                                                     model_config mha =
                                                                         models::llama3_8b;
                                                                     mha.num_kv_heads = 32;
                                                                     return mha;
                                                                   }(),
                                                                   p::fp16, 100));
}

TEST_CASE("the KV cache refuses what cannot be") {
  const model_config& m = models::llama3_8b;
  REQUIRE_THROWS_WITH(kv_cache_bytes(m, p::fp16, -1),
                      test::contains("kv_cache_bytes: tokens must not be negative"));
  REQUIRE_THROWS_WITH(kv_cache_bytes(m, p::fp16, 1, 0),
                      test::contains("kv_cache_bytes: batch must be positive"));
  REQUIRE_THROWS_WITH(kv_cache_bytes(m, p::fp16, std::int64_t{1} << 62),
                      test::contains("checked_mul: the product does not fit 63 bits"));
  REQUIRE_THROWS_WITH(kv_cache_bytes({}, p::fp16, 1), test::contains("model_config: hidden_size"));
}

// ---- weights ----------------------------------------------------------------------------------------------------------------

/// Bytes of one matrix, for columns that are a multiple of 128. Written out, not taken from the library.
constexpr std::int64_t matrix_bytes(p format, std::int64_t rows, std::int64_t cols) {
  const std::int64_t n = rows * cols;
  switch (format) {
    case p::fp16:
    case p::bf16:
      return 2 * n;
    case p::fp8_e4m3:
      return n + 4;  // one FP32 scale
    case p::nvfp4:
      return n / 2 + n / 16 + 4;  // a byte per 16 elements and one FP32 scale
    case p::int4_g128:
      return n / 2 + 2 * (n / 128);  // an FP16 scale per 128 elements
    default:
      return -1;
  }
}

/// Layer by layer and matrix by matrix.
constexpr std::int64_t summed_bytes(const model_config& m, const mixed_precision_config& c) {
  const std::int64_t q = m.num_heads * m.head_dim;
  const std::int64_t kv = m.num_kv_heads * m.head_dim;
  const std::int64_t h = m.hidden_size;
  std::int64_t total = 2 * h;  // final norm
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    total += matrix_bytes(c.get_precision(op::q_proj, layer), q, h);
    total += matrix_bytes(c.get_precision(op::k_proj, layer), kv, h);
    total += matrix_bytes(c.get_precision(op::v_proj, layer), kv, h);
    total += matrix_bytes(c.get_precision(op::o_proj, layer), h, q);
    total += matrix_bytes(c.get_precision(op::ffn_gate, layer), m.ffn_dim, h);
    total += matrix_bytes(c.get_precision(op::ffn_up, layer), m.ffn_dim, h);
    total += matrix_bytes(c.get_precision(op::ffn_down, layer), h, m.ffn_dim);
    total += 2 * (2 * h + (m.qkv_bias ? q + 2 * kv : 0) + (m.qk_norm ? 2 * m.head_dim : 0));
  }
  total += matrix_bytes(c.get_precision(op::lm_head), *m.vocab_size, h);
  return m.tie_word_embeddings
             ? total
             : total + matrix_bytes(c.get_precision(op::embeddings), *m.vocab_size, h);
}

static_assert(weight_bytes(models::llama3_8b, create_fp16_baseline()) == 2 * 8'030'261'248);
static_assert(weight_bytes(models::llama3_8b, create_layerwise_gradient(32)) ==
              summed_bytes(models::llama3_8b, create_layerwise_gradient(32)));

TEST_CASE("weights of every preset and strategy, matrix by matrix") {
  for (const model_config& preset : models::all) {
    for (const bool tied : {false, true}) {
      model_config m = preset;
      m.tie_word_embeddings = tied;
      for (const strategy_entry& entry : list_strategies()) {
        const mixed_precision_config c = entry.create(m.num_layers);
        CAPTURE(m.name.view(), entry.name, tied);
        CHECK(weight_bytes(m, c) == summed_bytes(m, c));
        const mixed_precision_config patched =
            c.with_layers(1, 3, p::fp8_e4m3, {op::ffn_down, op::k_proj})
                .with_layers(3, 400, p::int4_g128, {op::q_proj})
                .with(op::embeddings, p::fp8_e4m3)
                .with(op::lm_head, p::int4_g128);
        CHECK(weight_bytes(m, patched) == summed_bytes(m, patched));
      }
      CHECK(weight_bytes(m, create_fp16_baseline()) == 2 * parameter_count(m));
    }
  }
}

TEST_CASE("a tied embedding is stored once, in the LM head's precision") {
  model_config m = models::llama3_8b;
  m.tie_word_embeddings = true;
  const mixed_precision_config fp16 = create_fp16_baseline();
  const std::int64_t end = 128256LL * 4096;
  CHECK(weight_bytes(models::llama3_8b, fp16) - weight_bytes(m, fp16) == 2 * end);
  CHECK(weight_bytes(m, fp16.with(op::embeddings, p::nvfp4)) == weight_bytes(m, fp16));
  CHECK(weight_bytes(m, fp16) - weight_bytes(m, fp16.with(op::lm_head, p::fp8_e4m3)) == end - 4);
  m.vocab_size = std::nullopt;
  m.tie_word_embeddings = false;
  CHECK(weight_bytes(models::llama3_8b, fp16) - weight_bytes(m, fp16) == 2 * 2 * end);
}

TEST_CASE("weights refuse a broken model or configuration") {
  REQUIRE_THROWS_WITH(weight_bytes({}, create_fp16_baseline()),
                      test::contains("model_config: hidden_size must be in"));
  REQUIRE_THROWS_WITH(weight_bytes(models::llama3_8b, {}),
                      test::contains("mixed_precision_config: name must not be empty"));
}

// ---- savings ----------------------------------------------------------------------------------------------------------------

TEST_CASE("savings compare weights and cache with FP16") {
  const model_config& m = models::llama3_8b;
  for (const strategy_entry& entry : list_strategies()) {
    const mixed_precision_config c = entry.create(m.num_layers);
    for (const std::int64_t tokens : {0, 1, 4096, 131072}) {
      const auto mine = static_cast<double>(summed_bytes(m, c)) +
                        static_cast<double>(kv_cache_bytes(m, c.kv_cache_precision, tokens, 3));
      const double fp16 = 2.0 * 8'030'261'248.0 + 2.0 * 65536.0 * 3.0 * static_cast<double>(tokens);
      CAPTURE(entry.name, tokens);
      CHECK(memory_savings_pct(m, c, tokens, 3) ==
            Approx(100.0 * (1.0 - mine / fp16)).margin(1e-9));
    }
  }
  CHECK(memory_savings_pct(m, create_fp16_baseline(), 4096) == 0.0);
  // Without the ends of the model, which it keeps in FP16, NVFP4 saves the 72 % that its table claims: 1 - 4.5/16 = 71.9 %.
  model_config body = m;
  body.vocab_size = std::nullopt;
  CHECK(memory_savings_pct(body, create_nvfp4_blackwell(), 4096) == Approx(71.875).margin(0.01));
  CHECK(memory_savings_pct(body, create_fp8_balanced(), 4096) == Approx(50.0).margin(0.01));
  CHECK(memory_savings_pct(body, create_w4a16_aggressive(), 0) == Approx(74.2).margin(0.05));
}

TEST_CASE("a format wider than FP16 saves less than nothing") {
  const mixed_precision_config wide{
      .name = "wide", .kv_cache_precision = p::fp32, .default_weight_precision = p::fp32};
  CHECK(memory_savings_pct(models::llama3_8b, wide, 4096) == Approx(-100.0).margin(0.01));
}

}  // namespace

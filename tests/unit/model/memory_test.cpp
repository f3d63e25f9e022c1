// SPDX-License-Identifier: Apache-2.0
//
// Bytes of weights and of the KV cache, against sums made here layer by layer with formulas of their own.
#include "quantroof/model/memory.hpp"

#include "catch.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace memory_test {

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
    if (f.scales.block_rows <= 1) {  // else tokens share a scale
      CHECK(kv_cache_bytes(models::qwen2_7b, f.id, 1000) == 1000 * one);
      CHECK(kv_cache_bytes(models::qwen2_7b, f.id, 10, 7) == 70 * one);
    }
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
        if (lists_layers(m)) {
          break;  // summed_bytes knows dense layers only
        }
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

// ---- other layers -----------------------------------------------------------------------------------------------------------

// Three layers: a window of 100 tokens with 2 KV heads of 8, a latent of 12 + 4 with an index of 16, a state.
constexpr model_config mixed{
    .name = "mixed",
    .hidden_size = 64,
    .num_layers = 6,
    .layers = {{.attention =
                    attention_block{
                        .num_heads = 4, .num_kv_heads = 2, .head_dim = 8, .window = 100},
                .ffn = feed_forward{.ffn_dim = 96}},
               {.latent =
                    latent_attention{
                        .num_heads = 4, .kv_rank = 12, .nope_dim = 8, .rope_dim = 4, .v_dim = 8},
                .index = token_index{.num_heads = 2, .head_dim = 16, .query_input = 64},
                .experts = expert_mixture{.experts = 8, .top_k = 2, .expert_dim = 32}},
               {.linear = linear_attention{.projected = 128,
                                           .inner = 64,
                                           .state = 256,
                                           .conv_channels = 96,
                                           .conv_width = 4}}},
    .layer_pattern = {0, 1, 2}};

struct other_row {
  std::int64_t tokens;
  std::int64_t page;
  std::int64_t bytes;  // two layers of each kind, FP16
};
constexpr other_row others[] = {
    {0, 1, 0},
    {50, 1, 2 * (50 * 64 + 50 * (32 + 20) + 4 * 256 + 2 * 96 * 4)},
    {1000, 1, 2 * (100 * 64 + 1000 * (32 + 20) + 4 * 256 + 2 * 96 * 4)},
    {1000, 16, 2 * (112 * 64 + 1008 * (32 + 20) + 4 * 256 + 2 * 96 * 4)},
};
constexpr auto kept = [](const other_row& r) {
  return kv_cache_bytes(mixed, p::fp16, r.tokens, 1, r.page) == r.bytes &&
         kv_cache_bytes(mixed, p::fp16, r.tokens, 3, r.page) == 3 * r.bytes;
};
static_assert(test::first_failure(others, kept) == -1);

TEST_CASE("windows, latents and states have caches of their own") {
  for (const other_row& r : test::at_run_time(others)) {
    CAPTURE(r.tokens, r.page);
    CHECK(kept(r));
  }
}

// DeepSeek-V4-Flash: 2 layers of a window of 128, 21 with an entry for 4 tokens and an index of 128 + 4 bytes, 20 with an entry for 128. A row is
// 512 numbers, or 448 in FP8 with 8 bytes of scales and 64 in 16 bits. FP32 sums and gates of tokens between entries: 2 * 8 * (1024 + 256)
// numbers where entries overlap, 2 * 128 * 512.
struct compressed_row {
  p format;
  std::int64_t tokens;
  std::int64_t page;
  std::int64_t row_bytes;
  std::int64_t seen;       // rows of the window
  std::int64_t quarter;    // entries for 4 tokens
  std::int64_t hundredth;  // entries for 128
};
constexpr compressed_row compressed[] = {
    {p::fp16, 3, 1, 1024, 3, 0, 0},
    {p::fp16, 100, 1, 1024, 100, 25, 0},
    {p::bf16, 1000, 1, 1024, 128, 250, 7},
    {p::fp8_e4m3, 1000, 1, 584, 128, 250, 7},
    {p::fp8_e4m3, 1000, 16, 584, 128, 252, 7},
    {p::fp8_e4m3, 1 << 20, 1, 584, 128, 1 << 18, 1 << 13},
    {p::fp8_e4m3, 1 << 20, 256, 584, 256, 1 << 18, 1 << 13},
    {p::fp8_e4m3, 130, 256, 584, 256, 64, 2},
};
constexpr auto compresses = [](const compressed_row& r) {
  const std::int64_t plain = 2 * r.seen;
  const std::int64_t sparse = 21 * (r.seen + r.quarter);
  const std::int64_t heavy = 20 * (r.seen + r.hundredth);
  const std::int64_t expected = (plain + sparse + heavy) * r.row_bytes +
                                21 * (r.quarter * 132 + 4 * 2 * 8 * (1024 + 256)) +
                                20 * 4 * 2 * 128 * 512;
  const model_config& m = models::deepseek_v4_flash;
  return kv_cache_bytes(m, r.format, r.tokens, 1, r.page) == expected &&
         kv_cache_bytes(m, r.format, r.tokens, 5, r.page) == 5 * expected &&
         kv_cache_bytes(m, r.format, r.tokens, 1, r.page, {.tensor = 8}) == expected;
};
static_assert(test::first_failure(compressed, compresses) == -1);
static_assert(kv_cache_bytes(models::deepseek_v4_flash, p::fp8_e4m3, 0) == 0);
// The model card: at a million tokens 10 % of DeepSeek-V3.2's cache.
constexpr model_config deepseek_v3_2 = [] {
  model_config m = models::deepseek_v3;
  for (layer_shape& l : m.layers) {
    l.latent->selected = 2048;
    l.index = token_index{.num_heads = 64, .head_dim = 128, .query_input = 1536};
  }
  return m;
}();
static_assert(kv_cache_bytes(deepseek_v3_2, p::fp8_e4m3, 1000) == 61 * 1000 * (656 + 132));
static_assert(kv_cache_bytes(deepseek_v3_2, p::bf16, 1000) == 61 * 1000 * (1152 + 132));
constexpr auto pro_share = [](p format) {
  return static_cast<double>(kv_cache_bytes(models::deepseek_v4_pro, format, 1 << 20)) /
         static_cast<double>(kv_cache_bytes(deepseek_v3_2, format, 1 << 20));
};
static_assert(pro_share(p::fp8_e4m3) > 0.09 && pro_share(p::fp8_e4m3) < 0.12);
static_assert(pro_share(p::bf16) > 0.09 && pro_share(p::bf16) < 0.12);

TEST_CASE("compressed caches keep a window, entries and what is between") {
  for (const compressed_row& r : test::at_run_time(compressed)) {
    CAPTURE(to_string(r.format), r.tokens, r.page);
    CHECK(compresses(r));
  }
  CHECK_THROWS_WITH(kv_cache_bytes(models::deepseek_v4_flash, p::fp16, 1, 1, 1, {.tensor = 16}),
                    test::contains("tensor must divide the groups of the heads' outputs"));
  // one key and value on every device, heads and groups divided
  const mixed_precision_config bf16{.name = "bf16", .default_weight_precision = p::bf16};
  const std::int64_t alone = weight_bytes(models::deepseek_v4_flash, bf16);
  CHECK(alone == 2 * parameter_count(models::deepseek_v4_flash));
  CHECK(weight_bytes(models::deepseek_v4_flash, bf16, {.tensor = 8}) > alone / 8);
  CHECK(weight_bytes(models::deepseek_v4_flash, bf16, {.tensor = 8, .expert = 8}) <
        alone / 8 + alone / 100);
}

// gpt-oss in small: 4 experts of 3 * 32 * 64 with 2 * 32 + 64 biases each.
constexpr model_config biased{
    .name = "biased",
    .hidden_size = 64,
    .num_layers = 1,
    .layers = {
        {.experts = expert_mixture{.experts = 4, .top_k = 2, .expert_dim = 32, .bias = true}}}};
static_assert(parameter_count(biased) == 4 * 64 + 4 * (3 * 32 * 64 + 2 * 32 + 64) + 64);
static_assert(weight_bytes(biased, {.name = "fp16"}) == 2 * parameter_count(biased));
static_assert(weight_bytes(biased, {.name = "fp16"}, {.tensor = 2, .expert = 2}) ==
              2 * (4 * 64 + 2 * (3 * 32 * 64 + 2 * 32 + 64) + 64));

// 8,030,261,248 parameters in 16 bits. Two devices: norms twice; four: KV heads divided; sixteen: each of the 8 twice.
constexpr mixed_precision_config fp16{.name = "fp16"};
constexpr std::int64_t norms = 65 * 4096;
constexpr std::int64_t matrices = 8'030'261'248 - norms;
constexpr std::int64_t kv_matrices = 32 * 2 * 1024 * 4096;
static_assert(weight_bytes(models::llama3_8b, fp16) == 2 * 8'030'261'248);
static_assert(weight_bytes(models::llama3_8b, fp16, {.tensor = 2}) == matrices + 2 * norms);
static_assert(weight_bytes(models::llama3_8b, fp16, {.tensor = 16}) ==
              (matrices - kv_matrices) / 8 + kv_matrices / 4 + 2 * norms);
static_assert(kv_cache_bytes(models::llama3_8b, p::fp16, 100, 8, 1, {.tensor = 4, .data = 2}) ==
              4 * 100 * 131072 / 4);
static_assert(kv_cache_bytes(models::llama3_8b, p::fp16, 100, 1, 1, {.tensor = 16}) ==
              100 * 131072 / 8);
static_assert(kv_cache_bytes(models::llama3_8b, p::fp16, 100, 1, 1, {.pipeline = 3}) ==
              11 * 100 * 4096);

TEST_CASE("stages and groups hold no less than the whole") {
  for (const std::int64_t tensor : {1, 2, 4, 8}) {
    for (const std::int64_t pipeline : {1, 2, 3, 5}) {
      const parallel_plan plan{.tensor = tensor, .pipeline = pipeline};
      CAPTURE(tensor, pipeline);
      CHECK(weight_bytes(models::llama3_8b, fp16, plan) * plan.devices() >=
            weight_bytes(models::llama3_8b, fp16));
      CHECK(kv_cache_bytes(models::llama3_8b, p::fp16, 1000, 4, 1, plan) * plan.devices() >=
            kv_cache_bytes(models::llama3_8b, p::fp16, 1000, 4));
    }
  }
  CHECK_THROWS_WITH(weight_bytes(models::llama3_8b, fp16, {.tensor = 3}),
                    test::contains("tensor must divide the attention heads"));
  CHECK_THROWS_WITH(weight_bytes(models::llama3_8b, fp16, {.tensor = 2, .expert = 2}),
                    test::contains("expert needs a model with experts"));
  CHECK_THROWS_WITH(weight_bytes(models::llama3_8b, fp16, {.pipeline = 33}),
                    test::contains("no more pipeline stages than layers"));
}

}  // namespace

}  // namespace memory_test

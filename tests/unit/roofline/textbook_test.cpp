// SPDX-License-Identifier: Apache-2.0
//
// The specification's attention model: its published times, every stream counted again here, and what must never happen.
#include "quantroof/roofline/textbook.hpp"

#include <vector>

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "test_table.hpp"

namespace textbook_test {

namespace {

using namespace quantroof;
using enum flash_attention_version;
using p = precision;

constexpr textbook_model model{};
constexpr attention_shape prompt{.batch = 1,
                                 .num_heads = 32,
                                 .num_kv_heads = 32,
                                 .seq_len_q = 4096,
                                 .seq_len_kv = 4096,
                                 .head_dim = 128};
constexpr flash_attention_config in_fp8(flash_attention_version v) {
  return {.version = v,
          .qkv_precision = p::fp8_e4m3,
          .kv_cache_precision = p::fp8_e4m3,
          .use_native_fp8 = true};
}
constexpr flash_attention_config sparse(double ratio) {
  flash_attention_config c = in_fp8(fa4);
  c.block_sparse = true;
  c.sparsity_ratio = ratio;
  return c;
}
constexpr bool near(double a, double b, double relative) {
  return detail::abs(a - b) <= relative * detail::abs(b);
}
double time_of(const attention_shape& s, const flash_attention_config& c,
               const hardware_spec& hw = hw::b10) {
  return model.attention(hw, s, c).predicted_time_us;
}

// ---- the specification's figures --------------------------------------------------------------------------------------------

struct golden_row {
  flash_attention_config config;
  double time_us;
  double intensity;
};
// "GB10, 4K context: FA1 33.8 ms, FA2 29.4, FA3 15.4, FA4 15.4"; FlashAttention about 29 FLOP per byte in FP16.
constexpr golden_row golden[] = {
    {{.version = fa1}, 33792, 28.6},
    {{.version = fa2}, 29384, 28.6},
    {in_fp8(fa3), 15362, 57.2},
    {in_fp8(fa4), 15362, 57.2},
    {sparse(0.0), 15362 * 1.05, 57.2},
    {sparse(0.3), 15362 * 0.7 * 1.05, 57.2},  // "30% of blocks skipped", "Overhead: ~5%"
    {{.version = fa3}, 29384, 28.6},          // 16 bits: no FP8 gain
};
constexpr auto is_golden = [](const golden_row& r) {
  const flash_attention_metrics m = model.attention(hw::b10, prompt, r.config);
  return near(m.predicted_time_us, r.time_us, 0.005) &&
         near(m.arithmetic_intensity, r.intensity, 0.005) && m.bottleneck == bottleneck::memory &&
         m.version == r.config.version;
};
static_assert(test::first_failure(golden, is_golden) == -1);

TEST_CASE("the specification's FlashAttention times on b10") {
  for (const golden_row& r : test::at_run_time(golden)) {
    CAPTURE(r.time_us, time_of(prompt, r.config));
    CHECK(is_golden(r));
  }
  const double first = time_of(prompt, {.version = fa1});
  const double second = time_of(prompt, {.version = fa2});
  const double third = time_of(prompt, in_fp8(fa3));
  CHECK(first / second == Approx(1.15).epsilon(1e-9));   // "FA1 -> FA2: 1.15x"
  CHECK(second / third == Approx(1.91).epsilon(0.005));  // "FA2 -> FA3: 1.91x"
  CHECK(first / third == Approx(2.20).epsilon(0.005));   // "FA1 -> FA4 with FP8: 2.20x"
  CHECK(time_of(prompt, in_fp8(fa4)) == third);          // "FA3 -> FA4: 1.0x (same for dense)"
  CHECK(third / time_of(prompt, sparse(0.3)) == Approx(1.36).epsilon(0.001));
  CHECK(third / time_of(prompt, sparse(0.33)) > 1.4);  // "1.4x+ for sparse": from a third on
}

// ---- streams, counted again -------------------------------------------------------------------------------------------------

struct stream_row {
  attention_shape shape;
  flash_attention_config config;
  double q;
  double kv;
  double o;
  double statistics;
  double flops;
};
// q: heads * rows * d * bytes * KV tiles; kv: 2 * KV heads * rows * d * bytes * Q tiles; o: once; 8 bytes of statistics per row;
// (4 d + 5) FLOPs per score.
constexpr stream_row streams[] = {
    {prompt,
     {.version = fa1},
     33554432.0 * 32,
     67108864.0 * 128,
     33554432,
     1048576,
     536870912.0 * 517},
    // Decode, four query heads to a KV head, FP8 cache of 1000 tokens (8 tiles), one row of Q (1 tile).
    {{.batch = 3,
      .num_heads = 8,
      .num_kv_heads = 2,
      .seq_len_q = 1,
      .seq_len_kv = 1000,
      .head_dim = 64},
     {.version = fa2, .kv_cache_precision = p::fp8_e4m3},
     3 * 8 * 64 * 2 * 8,
     2 * 3 * 2 * 1000 * 64,
     3 * 8 * 64 * 2,
     3 * 8 * 8,
     3 * 8 * 1000 * 261.0},
    // 33 rows take two Q tiles of 32; NVFP4 has 4.53125 bits in this model.
    {{.batch = 1,
      .num_heads = 2,
      .num_kv_heads = 1,
      .seq_len_q = 33,
      .seq_len_kv = 128,
      .head_dim = 16},
     {.version = fa3, .kv_cache_precision = p::nvfp4_kv},
     2 * 33 * 16 * 2,
     2 * 128 * 16 * 4.53125 / 8 * 2,
     2 * 33 * 16 * 2,
     2 * 33 * 8,
     2 * 33 * 128 * 69.0},
    // Q, K and V stored in FP8 and multiplied in 16 bits: O has Q's bytes.
    {{.batch = 1,
      .num_heads = 4,
      .num_kv_heads = 4,
      .seq_len_q = 32,
      .seq_len_kv = 256,
      .head_dim = 32},
     {.version = fa3, .qkv_precision = p::fp8_e4m3, .kv_cache_precision = p::fp8_e4m3},
     4 * 32 * 32 * 2,
     2 * 4 * 256 * 32,
     4 * 32 * 32,
     4 * 32 * 8,
     4 * 32 * 256 * 133.0},
    // Tiles of the caller's choice: 64 x 32.
    {{.batch = 1,
      .num_heads = 1,
      .num_kv_heads = 1,
      .seq_len_q = 128,
      .seq_len_kv = 128,
      .head_dim = 8},
     {.version = fa2, .tile_q = 64, .tile_kv = 32},
     128 * 8 * 2 * 4,
     2 * 128 * 8 * 2 * 2,
     128 * 8 * 2,
     128 * 8,
     128 * 128 * 37.0},
};
constexpr auto counted = [](const stream_row& r) {
  const flash_attention_metrics m = model.attention(hw::b10, r.shape, r.config);
  const double total = r.q + r.kv + r.o + r.statistics;
  return near(m.q_bytes, r.q, 1e-12) && near(m.kv_bytes, r.kv, 1e-12) &&
         near(m.o_bytes, r.o, 1e-12) && near(m.statistics_bytes, r.statistics, 1e-12) &&
         near(m.total_bytes, total, 1e-12) && near(m.flops, r.flops, 1e-12) &&
         near(m.arithmetic_intensity, r.flops / total, 1e-12) &&
         near(m.memory_time_us, total / 287e3, 1e-12) &&
         near(m.compute_time_us, r.flops / 62e6, 1e-12) &&
         near(m.qk_time_us + m.softmax_time_us + m.sv_time_us, m.compute_time_us, 1e-12);
};
static_assert(test::first_failure(streams, counted) == -1);

TEST_CASE("every stream of attention has the counted bytes") {
  for (const stream_row& r : test::at_run_time(streams)) {
    CAPTURE(r.shape.seq_len_q, r.shape.seq_len_kv);
    CHECK(counted(r));
  }
}

TEST_CASE("a causal mask and fewer tokens shrink the streams they touch") {
  attention_shape causal = prompt;
  causal.causal = true;
  const flash_attention_metrics full = model.attention(hw::b10, prompt, {});
  const flash_attention_metrics half = model.attention(hw::b10, causal, {});
  const double share = 4097.0 / 8192.0;  // (n + 1) / 2n of the scores
  CHECK(half.flops == Approx(full.flops * share).epsilon(1e-12));
  CHECK(half.q_bytes == Approx(full.q_bytes * share).epsilon(1e-12));
  CHECK(half.kv_bytes == Approx(full.kv_bytes * share).epsilon(1e-12));
  CHECK(half.o_bytes == full.o_bytes);
  CHECK(half.statistics_bytes == full.statistics_bytes);

  const flash_attention_metrics some = model.attention(hw::b10, prompt, {.participation = 0.5});
  attention_shape smaller = prompt;  // mixture-of-depths: as if the other tokens were not there
  smaller.seq_len_q = smaller.seq_len_kv = 2048;
  CHECK(some == model.attention(hw::b10, smaller, {}));
  smaller.seq_len_q = smaller.seq_len_kv = 1;
  CHECK(model.attention(hw::b10, prompt, {.participation = 1e-6}) ==
        model.attention(hw::b10, smaller, {}));
}

TEST_CASE("FP8 multiplies at the FP8 rate, 16 bits at the device's 16-bit rate") {
  const double flops = model.attention(hw::b10, prompt, {}).flops;
  CHECK(model.attention(hw::b10, prompt, in_fp8(fa3)).compute_time_us == Approx(flops / 124e6));
  CHECK(model.attention(hw::h100_sxm, prompt, in_fp8(fa3)).compute_time_us ==
        Approx(flops / 1979e6));
  CHECK(model.attention(hw::h100_sxm, prompt, {}).compute_time_us == Approx(flops / 989e6));
  flash_attention_config unused = in_fp8(fa3);
  unused.use_native_fp8 = false;  // FP8 storage, 16-bit products
  CHECK(model.attention(hw::h100_sxm, prompt, unused).compute_time_us == Approx(flops / 989e6));
}

// ---- what must never happen -------------------------------------------------------------------------------------------------

TEST_CASE("time never falls with work and never rises with the device") {
  std::vector<flash_attention_config> configs{
      {.version = fa1}, {.version = fa2}, in_fp8(fa3), sparse(0.3)};
  for (const flash_attention_config& c : configs) {
    double before = 0;
    for (std::int64_t n : {1, 31, 32, 33, 127, 128, 129, 1000, 4096, 32768, 1048576}) {
      attention_shape s = prompt;
      s.seq_len_q = 1;
      s.seq_len_kv = n;
      const double decode = time_of(s, c);
      s.seq_len_q = n;
      const double prefill = time_of(s, c);
      CAPTURE(to_string(c.version), n);
      CHECK(decode > 0);
      CHECK(prefill >= decode);
      CHECK(prefill > before);
      before = prefill;
      s.causal = true;
      CHECK(time_of(s, c) <= prefill);
      s.causal = false;
      for (std::int64_t kv_heads : {16, 8, 4, 2, 1}) {
        attention_shape grouped = s;
        grouped.num_kv_heads = kv_heads;
        CHECK(time_of(grouped, c) <= prefill);
      }
      hardware_spec faster = hw::b10;
      faster.memory_gb_s *= 2;
      CHECK(time_of(s, c, faster) <= prefill);
      faster.fp16_tflops = 124;
      faster.fp8_tflops = 248;
      CHECK(time_of(s, c, faster) == Approx(prefill / 2));
    }
    double all = time_of(prompt, c);
    for (double part : {0.9, 0.75, 0.5, 0.25, 0.1, 0.01}) {
      flash_attention_config fewer = c;
      fewer.participation = part;
      CHECK(time_of(prompt, fewer) < all);
      all = time_of(prompt, fewer);
    }
  }
  for (double ratio = 0.05; ratio < 1; ratio += 0.05) {
    CHECK(time_of(prompt, sparse(ratio)) < time_of(prompt, sparse(ratio - 0.05)));
  }
}

TEST_CASE("attention refuses what the shape, the configuration or the device rules out") {
  attention_shape bad = prompt;
  bad.batch = 0;
  CHECK_THROWS_WITH(model.attention(hw::b10, bad, {}), test::contains("attention_shape: batch"));
  CHECK_THROWS_WITH(model.attention(hw::b10, prompt, {.tile_q = 0}), test::contains("tile_q"));
  CHECK_THROWS_WITH(model.attention(hw::b200_sxm, prompt, in_fp8(fa3)),
                    test::contains("flash_attention: FA3 runs on Hopper only"));
  CHECK_THROWS_WITH(model.standard_attention(hw::b10, bad, p::fp16), test::contains("batch"));
}

// ---- attention without FlashAttention -----------------------------------------------------------------------------------------

TEST_CASE("standard attention moves the score matrix four times") {
  for (const p cache : {p::fp16, p::int8, p::nvfp4_kv}) {
    const double cache_bytes = cache == p::fp16 ? 2.0 : cache == p::int8 ? 1.0 : 4.53125 / 8;
    attention_shape s{.batch = 2,
                      .num_heads = 8,
                      .num_kv_heads = 4,
                      .seq_len_q = 100,
                      .seq_len_kv = 300,
                      .head_dim = 64};
    const flash_attention_metrics m = model.standard_attention(hw::v100_sxm2_32gb, s, cache);
    const double scores = 2.0 * 8 * 100 * 300;
    CHECK(m.q_bytes == 2 * 8 * 100 * 64 * 2);
    CHECK(m.o_bytes == m.q_bytes);
    CHECK(m.kv_bytes == Approx(2 * 2 * 4 * 300 * 64 * cache_bytes).epsilon(1e-12));
    CHECK(m.statistics_bytes == 4 * scores * 2);  // written, read, written as probabilities, read
    CHECK(m.total_bytes == m.q_bytes + m.kv_bytes + m.o_bytes + m.statistics_bytes);
    CHECK(m.flops == scores * (4 * 64 + 5));
    CHECK(m.qk_time_us + m.softmax_time_us + m.sv_time_us == Approx(m.compute_time_us));
    const double memory = m.total_bytes / (hw::v100_sxm2_32gb.memory_gb_s * 1e3);
    const double compute = m.flops / (*hw::v100_sxm2_32gb.fp16_tflops.tflops() * 1e6);
    CHECK(m.predicted_time_us == Approx(memory > compute ? memory : compute));
  }
  // For one row of queries there is no tile to read again: FlashAttention saves the scores only.
  attention_shape decode = prompt;
  decode.seq_len_q = 1;
  CHECK(model.standard_attention(hw::t4, decode, p::fp16).predicted_time_us >
        time_of(decode, {.version = fa1}, hw::t4) * 1.0);
}

TEST_CASE("scopes print and parse") {
  CHECK(to_string(step_scope::specification) == "specification");
  CHECK(parse_step_scope("whole_step") == step_scope::whole_step);
  CHECK(parse_step_scope(to_string(step_scope::whole_step)) == step_scope::whole_step);
  REQUIRE_THROWS_WITH(parse_step_scope("half"),
                      test::contains("parse_step_scope: unknown name \"half\"; known: "
                                     "specification, whole_step"));
  CHECK(textbook_model::name() == "textbook");
}

}  // namespace

}  // namespace textbook_test

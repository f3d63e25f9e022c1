// SPDX-License-Identifier: Apache-2.0
//
// A whole step: the specification's tables, and the same sums made here operator by operator and layer by layer.
#include "quantroof/roofline/step.hpp"

#include <vector>

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace step_test {

namespace {

using namespace quantroof;
using enum flash_attention_version;
using op = operator_type;
using p = precision;

constexpr textbook_model specification{};
constexpr textbook_model whole{.scope = step_scope::whole_step};
constexpr flash_attention_config fa2_fp16{.version = fa2};
constexpr const model_config& llama = models::llama3_8b;

// ---- the specification's tables ---------------------------------------------------------------------------------------------

constexpr flash_attention_config fa2_with(p cache) {
  return {.version = fa2, .kv_cache_precision = cache};
}

struct golden_row {
  std::string_view strategy;
  std::int64_t seq_len;
  flash_attention_config attention;
  double ms;
};
// "Llama-3 8B, 4K context" and "32K context", decode on the specification's device.
constexpr golden_row golden[] = {
    {"fp16_baseline", 4096, fa2_fp16, 45.8},
    {"fp16_baseline", 32768, fa2_fp16, 91.6},
    {"nvfp4_blackwell", 4096, fa2_fp16, 17.7},                // weights only
    {"nvfp4_blackwell", 32768, fa2_with(p::fp8_e4m3), 37.4},  // 16-bit Q, FP8 cache
};
constexpr auto is_golden = [](const golden_row& r) {
  const step_estimate s =
      predict_step(specification, hw::b10, llama, get_strategy(r.strategy),
                   {.phase = phase::decode, .seq_len = r.seq_len, .attention = r.attention});
  const double relative = s.time_us / 1000 / r.ms - 1;
  return relative < 0.01 && relative > -0.01;
};
static_assert(test::first_failure(golden, is_golden) == -1);

TEST_CASE("the specification's decode steps") {
  for (const golden_row& r : test::at_run_time(golden)) {
    CAPTURE(r.strategy, r.seq_len);
    CHECK(is_golden(r));
  }
}

// ---- a whole step, operator by operator -------------------------------------------------------------------------------------

struct linear_row {
  op of;
  double n;
  double k;
  double layers;
};
constexpr linear_row llama_linears[] = {
    // meta-llama/Meta-Llama-3-8B config.json
    {op::q_proj, 4096, 4096, 32},    {op::k_proj, 1024, 4096, 32},    {op::v_proj, 1024, 4096, 32},
    {op::o_proj, 4096, 4096, 32},    {op::ffn_gate, 14336, 4096, 32}, {op::ffn_up, 14336, 4096, 32},
    {op::ffn_down, 4096, 14336, 32}, {op::lm_head, 128256, 4096, 1},
};

const operator_estimate* find(const step_estimate& s, op which) {
  for (const operator_estimate& part : s.operators) {
    if (part.op == which) {
      return &part;
    }
  }
  return nullptr;
}

TEST_CASE("a whole decode step in FP16 on H100, from the data sheet") {
  constexpr double batch = 4;
  const step_estimate s = predict_step(whole, hw::h100_sxm, llama, create_fp16_baseline(),
                                       {.seq_len = 1000, .batch = 4, .attention = fa2_fp16});
  double total = 0;
  for (const linear_row& r : llama_linears) {
    CAPTURE(to_string(r.of));
    const double bytes = 2 * (batch * r.k + r.n * r.k + batch * r.n);
    const operator_estimate* part = find(s, r.of);
    REQUIRE(part != nullptr);
    CHECK(part->bytes == Approx(r.layers * bytes).epsilon(1e-12));
    CHECK(part->flops == Approx(r.layers * 2 * batch * r.n * r.k).epsilon(1e-12));
    CHECK(part->time_us == Approx(r.layers * bytes / 3350e3).epsilon(1e-12));
    CHECK(part->bottleneck == bottleneck::memory);
    CHECK(part->arithmetic_intensity() == Approx(part->flops / part->bytes));
    total += part->time_us;
  }
  // Attention: Q read for 8 KV tiles, K and V of the 8 KV heads once, O once, statistics; FA2 is 1.15 times faster.
  const double rows = batch * 32;
  const double attention =
      rows * 128 * 2 * 8 + 2 * batch * 8 * 1000 * 128 * 2 + rows * 128 * 2 + rows * 8;
  const operator_estimate* part = find(s, op::qk_matmul);
  REQUIRE(part != nullptr);
  CHECK(part->bytes == Approx(32 * attention).epsilon(1e-12));
  CHECK(part->time_us == Approx(32 * attention / 3350e3 / 1.15).epsilon(1e-12));
  CHECK(s.attention.total_bytes == Approx(attention).epsilon(1e-12));
  total += part->time_us;
  CHECK(s.operators.size() == 9);
  CHECK(s.time_us == Approx(total).epsilon(1e-12));
}

TEST_CASE("a whole prefill step: causal, all rows, LM head on the last token only") {
  const step_estimate s =
      predict_step(whole, hw::h100_sxm, llama, create_fp8_balanced(),
                   {.phase = phase::prefill, .seq_len = 2048, .batch = 2, .attention = fa2_fp16});
  for (const linear_row& r : llama_linears) {
    CAPTURE(to_string(r.of));
    const bool head =
        r.of ==
        op::lm_head;  // FP16, one row per sequence: memory bound; the rest FP8 and compute bound
    const double rows = head ? 2 : 4096;
    const double flops = 2 * rows * r.n * r.k;
    const double bytes =
        head ? 2 * (rows * r.k + r.n * r.k + rows * r.n) : rows * r.k + r.n * r.k + 2 * rows * r.n;
    const double us = head ? bytes / 3350e3 : flops / 1979e6;
    const operator_estimate* part = find(s, r.of);
    REQUIRE(part != nullptr);
    CHECK(part->flops == Approx(r.layers * flops).epsilon(1e-12));
    CHECK(part->bytes == Approx(r.layers * bytes).epsilon(1e-12));
    CHECK(part->time_us == Approx(r.layers * us).epsilon(1e-12));
    CHECK(part->bottleneck == (head ? bottleneck::memory : bottleneck::compute));
  }
  const double scores = 2.0 * 32 * 2048 * 2048 * (2049.0 / 4096);
  CHECK(s.attention.flops == Approx(scores * 517).epsilon(1e-12));
}

TEST_CASE(
    "the specification's step: query heads, no mask, three FFN products at the gate's precision") {
  const mixed_precision_config c = create_fp16_baseline()
                                       .with(op::ffn_gate, p::fp8_e4m3)
                                       .with(op::ffn_up, p::nvfp4)
                                       .with(op::q_proj, p::nvfp4);
  const step_estimate s =
      predict_step(specification, hw::b10, llama, c, {.seq_len = 4096, .attention = fa2_fp16});
  REQUIRE(s.operators.size() == 4);
  for (const op ffn : {op::ffn_gate, op::ffn_up, op::ffn_down}) {
    const operator_estimate* part = find(s, ffn);
    REQUIRE(part != nullptr);
    const double outputs = ffn == op::ffn_down ? 4096 : 14336;
    const double inputs = ffn == op::ffn_down ? 14336 : 4096;
    CHECK(part->bytes == 32 * (inputs + 4096.0 * 14336 + 2 * outputs));
  }
  CHECK(s.attention ==
        specification.attention(hw::b10, {1, 32, 32, 1, 4096, 128, false}, fa2_fp16));
}

// ---- layers with precisions of their own ----------------------------------------------------------------------------------

/// Every layer on its own, as a model of one layer; the LM head apart.
double summed_layers(const textbook_model& model, const hardware_spec& hw, const model_config& m,
                     const mixed_precision_config& c, const step_request& request) {
  model_config headless = m;
  headless.num_layers = 1;
  headless.vocab_size = std::nullopt;
  double total = 0;
  double last = 0;
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    mixed_precision_config one = c;
    one.layer_overrides.clear();
    for (const op each : operator_types) {
      if (block_linears.contains(each)) {
        one.operator_precisions.set(each, c.get_precision(each, layer));
      }
    }
    last = predict_step(model, hw, headless, one, request).time_us;
    total += last;
    if (layer == 0 && m.vocab_size && model.scope == step_scope::whole_step) {
      model_config with_head = headless;
      with_head.vocab_size = m.vocab_size;
      total += predict_step(model, hw, with_head, one, request).time_us - last;
    }
  }
  return total;
}

TEST_CASE("a step is the sum of its layers, for every strategy, scope and phase") {
  const mixed_precision_config patched =
      create_layerwise_gradient(32)
          .with_layers(0, 1, p::fp8_e4m3, {op::ffn_down})
          .with_layers(7, 25, p::int4_g128, {op::q_proj, op::ffn_gate});
  std::vector<mixed_precision_config> configs{patched};
  for (const strategy_entry& entry : list_strategies()) {
    configs.push_back(entry.create(32));
  }
  for (const mixed_precision_config& c : configs) {
    for (const textbook_model& model : {specification, whole}) {
      for (const step_request& request : {step_request{phase::decode, 4096, 1, fa2_fp16},
                                          step_request{phase::decode, 500, 64, std::nullopt},
                                          step_request{phase::prefill, 2048, 2, fa2_fp16}}) {
        const step_estimate s = predict_step(model, hw::b200_sxm, llama, c, request);
        CAPTURE(c.name.view(), to_string(model.scope), to_string(request.phase));
        CHECK(s.time_us ==
              Approx(summed_layers(model, hw::b200_sxm, llama, c, request)).epsilon(1e-9));
        double parts = 0;
        for (const operator_estimate& part : s.operators) {
          parts += part.time_us;
          CHECK(part.time_us > 0);
        }
        CHECK(s.time_us == Approx(parts).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("an operator's bottleneck is that of its slower layers") {
  // 64 rows: FP16 layers are memory bound on b10; NVFP4 layers multiply in FP16 and need less memory, so they are compute bound there.
  const mixed_precision_config most_narrow = create_fp16_baseline().with_layers(1, 31, p::nvfp4);
  const mixed_precision_config most_wide = create_fp16_baseline().with_layers(31, 31, p::nvfp4);
  const auto bound = [](const mixed_precision_config& c) {
    const step_estimate s = predict_step(whole, hw::b10, llama, c,
                                         {.seq_len = 64, .batch = 128, .attention = fa2_fp16});
    return find(s, op::ffn_up)->bottleneck;
  };
  CHECK(bound(create_fp16_baseline().with_layers(0, 31, p::nvfp4)) == bottleneck::compute);
  CHECK(bound(create_fp16_baseline()) == bottleneck::memory);
  CHECK(bound(most_narrow) == bottleneck::compute);
  CHECK(bound(most_wide) == bottleneck::memory);
}

// ---- models without a gate, without ends, attention without a kernel -------------------------------------------------------

TEST_CASE("what the model lacks is not counted") {
  model_config plain = llama;
  plain.gated_ffn = false;
  plain.vocab_size = std::nullopt;
  const step_estimate s = predict_step(whole, hw::h100_sxm, plain, create_fp16_baseline(),
                                       {.seq_len = 1, .attention = fa2_fp16});
  CHECK(s.operators.size() == 7);
  CHECK(find(s, op::ffn_gate) == nullptr);
  CHECK(find(s, op::lm_head) == nullptr);
  const mixed_precision_config c =
      create_fp16_baseline().with(op::ffn_gate, p::nvfp4).with(op::ffn_up, p::fp8_e4m3);
  const step_estimate t =
      predict_step(specification, hw::b10, plain, c, {.seq_len = 1, .attention = fa2_fp16});
  CHECK(t.operators.size() == 3);
  CHECK(find(t, op::ffn_up)->bytes ==
        32 * (4096 + 4096.0 * 14336 + 2 * 14336));  // its own precision: there is no gate
}

TEST_CASE("without a kernel, attention is four kernels with the strategy's cache") {
  const step_estimate s = predict_step(whole, hw::v100_sxm2_32gb, llama, create_fp8_balanced(),
                                       {.seq_len = 777, .batch = 2});
  CHECK(s.attention ==
        whole.standard_attention(hw::v100_sxm2_32gb, {2, 32, 8, 1, 777, 128, false}, p::fp8_e4m3));
}

// ---- errors -----------------------------------------------------------------------------------------------------------------

TEST_CASE("a step that cannot be is refused") {
  const auto step = [](step_request r) {
    return predict_step(whole, hw::b10, llama, create_fp16_baseline(), r);
  };
  const std::int64_t length = (std::int64_t{1} << 31) + 1;
  CHECK_THROWS_WITH(step({.seq_len = 0}),
                    test::contains("predict_step: seq_len must be in [1, 2^31]"));
  CHECK_THROWS_WITH(step({.seq_len = length}),
                    test::contains("predict_step: seq_len must be in [1, 2^31]"));
  CHECK_THROWS_WITH(step({.seq_len = 1, .batch = 0}),
                    test::contains("predict_step: batch must be in [1, 2^20]"));
  CHECK_THROWS_WITH(step({.seq_len = 1, .batch = (1 << 20) + 1}),
                    test::contains("predict_step: batch must be in [1, 2^20]"));
  CHECK_THROWS_WITH(
      step({.phase = phase::prefill, .seq_len = 1 << 20, .batch = 1 << 12}),
      test::contains("predict_step: batch * seq_len must be at most 2^31 in prefill"));
  CHECK_THROWS_WITH(step({.seq_len = 1, .attention = flash_attention_config{.tile_q = 0}}),
                    test::contains("tile_q"));
  CHECK_THROWS_WITH(predict_step(whole, hw::b10, {}, create_fp16_baseline(), {.seq_len = 1}),
                    test::contains("model_config: hidden_size"));
  CHECK_THROWS_WITH(predict_step(whole, hw::b10, llama, {}, {.seq_len = 1}),
                    test::contains("mixed_precision_config: name"));
  CHECK_THROWS_WITH(
      predict_step(whole, hw::gb10, llama, create_fp16_baseline(),
                   {.seq_len = 1, .attention = flash_attention_config{.version = fa3}}),
      test::contains("flash_attention: FA3 runs on Hopper only"));
}

}  // namespace

}  // namespace step_test

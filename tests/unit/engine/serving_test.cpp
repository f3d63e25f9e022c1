// SPDX-License-Identifier: Apache-2.0
//
// Served models: the sums of the steady state made here from single steps, what more requests do, and what an engine adds to a step.
#include "quantroof/engine/serving.hpp"

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace serving_test {

namespace {

using namespace quantroof;

constexpr calibrated_model model{};
constexpr const model_config& llama = models::llama3_8b;
constexpr mixed_precision_config bf16{.name = "bf16",
                                      .default_activation_precision = precision::bf16,
                                      .kv_cache_precision = precision::bf16,
                                      .default_weight_precision = precision::bf16};

constexpr serving_estimate serve(std::int64_t isl, std::int64_t osl, std::int64_t concurrency,
                                 const inference_engine& engine = engines::vllm,
                                 parallel_plan plan = {},
                                 request_lengths lengths = request_lengths::equal) {
  return predict_serving(
      model, hw::h100_sxm, llama, bf16,
      {.isl = isl, .osl = osl, .concurrency = concurrency, .plan = plan, .lengths = lengths},
      engine);
}

constexpr step_request decode_of(std::int64_t tokens, std::int64_t batch) {
  return {.seq_len = tokens,
          .batch = batch,
          .attention = flash_attention_config{.version = flash_attention_version::fa3,
                                              .qkv_precision = precision::bf16,
                                              .kv_cache_precision = precision::bf16}};
}

// The whole answer is a constant: one H100, eight requests.
constexpr serving_estimate eight = serve(1024, 512, 8);
static_assert(eight.fits && eight.batch == 8);
static_assert(eight.tpot_lower_us < eight.tpot_us && eight.tpot_us < eight.tpot_upper_us);

TEST_CASE("a steady state is decode steps and the prompts of others") {
  const double decode =
      predict_engine_step(model, hw::h100_sxm, llama, bf16, decode_of(1024 + 256, 8), engines::vllm)
          .time_us;
  step_request prompt = decode_of(1024, 1);
  prompt.phase = phase::prefill;
  const double prefill =
      predict_engine_step(model, hw::h100_sxm, llama, bf16, prompt, engines::vllm).time_us;
  const serving_estimate s = serve(1024, 512, 8);
  CHECK(s.decode_us == Approx(decode));
  CHECK(s.prefill_us == Approx(prefill));
  CHECK(s.tpot_us == Approx(decode + 7.0 / 512 * prefill));
  CHECK(s.tokens_per_s == Approx(8e6 / s.tpot_us));
  REQUIRE(s.ttft_us);
  CHECK(*s.ttft_us == Approx((2.5 + 0.075 * 8) * prefill + 9000));

  const serving_estimate waves = serve(1024, 512, 8, engines::sglang);
  CHECK(waves.tpot_us == Approx(waves.decode_us + 3.5 / 512 * waves.prefill_us));
  CHECK_FALSE(waves.ttft_us);  // no claim
  const serving_estimate drawn =
      serve(1000, 500, 8, engines::sglang, {}, request_lengths::drawn);  // 900 and 450 tokens
  CHECK(drawn.tpot_us == Approx(drawn.decode_us + 7.0 / 450 * drawn.prefill_us));
}

TEST_CASE("what an engine adds to a step") {
  calibrated_model bare = model;
  const step_request request = decode_of(1000, 4);
  const double kernels = predict_step(bare, hw::h100_sxm, llama, bf16, request).time_us;
  const auto with = [&](const inference_engine& e, const hardware_spec& gpu = hw::h100_sxm) {
    return predict_engine_step(model, gpu, llama, bf16, request, e);
  };
  CHECK(with(engines::vllm).time_us == Approx(kernels + 300 + 4 * 10));
  CHECK(with(engines::llama_cpp).time_us == Approx(kernels));
  inference_engine slow = engines::llama_cpp;
  slow.layer_us = 30;
  CHECK(with(slow).time_us == Approx(kernels + 32 * 30));

  const step_estimate compiled = with(engines::torch_compile);
  double sum = compiled.host_us;
  for (const operator_estimate& part : compiled.operators) {
    sum += part.time_us;
  }
  CHECK(compiled.time_us == Approx(sum));
  CHECK(compiled.time_us - compiled.host_us > 1.15 * kernels);  // its GEMVs on Hopper
  CHECK(compiled.time_us - compiled.host_us < 1.22 * kernels);
  // each engine's spread is an error beside the kernels' own
  const step_estimate served = with(engines::vllm);
  const double below = kernels - predict_step(bare, hw::h100_sxm, llama, bf16, request).lower_us;
  const double spread = engines::vllm.dense_spread * served.time_us;
  CHECK(served.time_us - served.lower_us ==
        Approx(std::sqrt(below * below + spread * spread)).epsilon(0.01));
}

TEST_CASE("more requests: each slower, all together faster, until the cache is full") {
  for (const inference_engine& engine : engines::all) {
    CAPTURE(engine.name);
    double tpot = 0;
    double rate = 0;
    for (std::int64_t concurrency = 1; concurrency <= 64; concurrency *= 2) {
      const serving_estimate s = serve(1024, 1024, concurrency, engine);
      REQUIRE(s.fits);
      CHECK(s.batch == concurrency);
      CHECK(s.tpot_us > tpot);
      CHECK(s.tokens_per_s > rate);
      tpot = s.tpot_us;
      rate = s.tokens_per_s;
    }
  }
  const serving_estimate full = serve(8192, 1024, 4096);
  CHECK(full.batch < 128);  // 72 GB less 18 GB, 1.1 GB a request
  CHECK(full.batch > 30);
}

TEST_CASE("a model that does not fit has no speed") {
  const serving_estimate s =
      predict_serving(model, hw::h100_sxm, models::llama3_70b, bf16, {}, engines::vllm);
  CHECK_FALSE(s.fits);
  CHECK(s.tpot_us == 0);
  CHECK(predict_serving(model, hw::h100_sxm, models::llama3_70b, bf16, {.plan = {.tensor = 4}},
                        engines::vllm)
            .fits);
}

TEST_CASE("requests that cannot be are refused, engines are found by name") {
  CHECK_THROWS_WITH(serve(0, 1, 1), test::contains("isl and osl must be in [1, 2^24]"));
  CHECK_THROWS_WITH(serve(1, 1, 0), test::contains("concurrency must be in [1, 2^16]"));
  CHECK_THROWS_WITH(serve(1, 1, 1, engines::vllm, {.tensor = 0}),
                    test::contains("tensor, data, expert and pipeline"));
  for (const inference_engine& engine : engines::all) {
    CHECK(find_engine(engine.name) != nullptr);
    CHECK(get_engine(engine.name).name == engine.name);
  }
  CHECK(find_engine("triton") == nullptr);
  CHECK_THROWS_WITH(get_engine("triton"), test::contains("vllm") && test::contains("llama_cpp"));
  CHECK(parse_request_lengths("drawn") == request_lengths::drawn);
}

}  // namespace

}  // namespace serving_test

// SPDX-License-Identifier: Apache-2.0
//
// Speculative decoding: tokens of a round by the series, times made here from single steps, and what must be true of any draft.
#include "quantroof/engine/speculative.hpp"

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace speculative_test {

namespace {

using namespace quantroof;

constexpr calibrated_model kernels{};
constexpr mixed_precision_config half = create_fp16_baseline();
constexpr running_model target{models::llama3_70b, half};
constexpr running_model draft{models::llama3_2_1b, half};
constexpr step_request decode{
    .seq_len = 2048,
    .batch = 1,
    .attention = flash_attention_config{.version = flash_attention_version::fa3},
    .plan = {.tensor = 4}};

constexpr speculative_estimate predict(const speculation& s, const step_request& r = decode) {
  return predict_speculative(kernels, hw::h100_sxm, target, draft, r, s, engines::vllm);
}

struct row {
  std::int64_t drafted;
  double acceptance;
  double tokens;  // (1 - a^(n + 1)) / (1 - a)
};
constexpr row rows[] = {
    {1, 0.0, 1.0}, {1, 1.0, 2.0}, {4, 0.5, 1.9375}, {4, 0.7, 2.7731}, {5, 0.8, 3.68928}};
constexpr bool holds(const row& r) {
  const double difference =
      expected_tokens({.drafted = r.drafted, .acceptance = r.acceptance}) - r.tokens;
  return difference < 1e-12 && difference > -1e-12;
}
static_assert(test::first_failure(rows, holds) == -1);

TEST_CASE("tokens of a round are those of the series") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.drafted, r.acceptance);
    CHECK(holds(r));
  }
}

constexpr speculative_estimate four = predict({});
static_assert(four.speedup > 1.3 && four.lower_us < four.token_us && four.token_us < four.upper_us);

TEST_CASE("a round is the drafts and one step that verifies them") {
  const speculation s{.drafted = 3, .acceptance = 0.6};
  const speculative_estimate e = predict(s);
  CHECK(e.draft_us == Approx(3 * predict_engine_step(kernels, hw::h100_sxm, draft.model,
                                                     draft.precisions, decode, engines::vllm)
                                     .time_us));
  step_request verify = decode;
  verify.phase = phase::prefill;
  verify.seq_len = 4;
  verify.past = 2048;
  const double last_only = predict_engine_step(kernels, hw::h100_sxm, target.model,
                                               target.precisions, verify, engines::vllm)
                               .time_us;
  CHECK(e.verify_us >= last_only);  // logits of four tokens, not of one
  CHECK(e.verify_us < 1.05 * last_only);
  CHECK(e.token_us * (1 + 0.6 + 0.36 + 0.216) == Approx(e.draft_us + e.verify_us));
}

TEST_CASE("better drafts never cost, useless ones do, a large batch leaves little to gain") {
  double before = 0;
  for (const double acceptance : {0.0, 0.3, 0.6, 0.9, 1.0}) {
    const double now = predict({.acceptance = acceptance}).speedup;
    CHECK(now > before);
    before = now;
  }
  CHECK(predict({.acceptance = 0}).speedup < 1);
  step_request many = decode;
  many.batch = 256;
  CHECK(predict({}, many).speedup < four.speedup);
}

TEST_CASE("verifying reads the cache once") {
  // five query tokens over a long cache take far less than five decode steps
  step_request longer = decode;
  longer.seq_len = 65536;
  const speculative_estimate e = predict({}, longer);
  CHECK(e.verify_us < 1.5 * e.plain_us);
}

TEST_CASE("drafts that cannot be are refused") {
  CHECK_THROWS_WITH(predict({.drafted = 0}), test::contains("drafted must be in [1, 64]"));
  CHECK_THROWS_WITH(predict({.acceptance = 1.5}), test::contains("acceptance must be in [0, 1]"));
  step_request prompt = decode;
  prompt.phase = phase::prefill;
  CHECK_THROWS_WITH(predict({}, prompt), test::contains("must be a decode step"));
}

}  // namespace

}  // namespace speculative_test

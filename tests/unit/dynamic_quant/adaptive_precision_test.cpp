// SPDX-License-Identifier: Apache-2.0
//
// Adaptive selection: the specification's thresholds and what the context decides between them.
#include "quantroof/dynamic_quant/adaptive_precision.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "catch.hpp"
#include "test_table.hpp"

namespace adaptive_precision_test {

namespace {

using namespace quantroof;
using enum precision;

struct choice_row {
  double ratio;
  adaptive_context context;
  precision expected;
};
constexpr adaptive_context decode{.phase = phase::decode, .seq_len = 4096};
constexpr adaptive_context prefill{.phase = phase::prefill, .seq_len = 4096};
constexpr adaptive_context short_cache{
    .phase = phase::prefill, .seq_len = 8192, .is_kv_cache = true};
constexpr adaptive_context long_cache{
    .phase = phase::prefill, .seq_len = 8193, .is_kv_cache = true};
constexpr choice_row rows[] = {
    {0.0, prefill, nvfp4}, {1.0, prefill, nvfp4},        {1.01, prefill, fp8_e4m3},
    {1.01, decode, nvfp4}, {1.2, short_cache, fp8_e4m3}, {1.2, long_cache, nvfp4},
    {1.5, decode, nvfp4},  {1.51, decode, fp8_e4m3},     {2.0, decode, fp8_e4m3},
    {2.01, decode, fp16},  {50.0, long_cache, fp16},
};
constexpr auto chosen = [](const choice_row& r) {
  return adaptive_precision({}, r.ratio, r.context) == r.expected;
};
static_assert(test::first_failure(rows, chosen) == -1);

// Candidates that lack the wanted format: the next wider one, else the widest.
static_assert(adaptive_precision({.precision_candidates = {int8, bf16}}, 0.5, decode) == int8);
static_assert(adaptive_precision({.precision_candidates = {bf16, int8}}, 1.7, decode) == int8);
static_assert(adaptive_precision({.precision_candidates = {nvfp4, int8}}, 9.0, decode) == int8);
// Formats of the same width stand for each other: an AMD list of candidates works as it is.
static_assert(adaptive_precision({.precision_candidates = {mxfp4, mxfp8_e4m3, bf16}}, 0.5,
                                 decode) == mxfp4);
static_assert(adaptive_precision({.precision_candidates = {mxfp4, mxfp8_e4m3, bf16}}, 1.7,
                                 decode) == mxfp8_e4m3);
static_assert(adaptive_precision({.precision_candidates = {mxfp4, mxfp8_e4m3, bf16}}, 2.5,
                                 decode) == bf16);

}  // namespace

TEST_CASE("thresholds and context") {
  for (const choice_row& r : test::at_run_time(rows)) {
    CAPTURE(r.ratio, to_string(r.context.phase), r.context.seq_len);
    CHECK(chosen(r));
  }
}

TEST_CASE("decisions are remembered and counted") {
  adaptive_precision_selector selector{adaptive_quant_config{.history_limit = 3}};
  const auto stats = [](double ratio) { return activation_stats{.absmax = 3 * ratio, .std = 1}; };
  for (const double ratio : {0.5, 1.7, 3.0, 0.5}) {
    static_cast<void>(selector.select_precision("q_proj", stats(ratio), decode));
  }
  static_cast<void>(selector.select_precision("k_proj", stats(9), decode));
  REQUIRE(selector.history().size() == 3);
  CHECK(selector.history().front().precision == fp16);
  CHECK(selector.history().back().operator_name == "k_proj");
  REQUIRE(selector.distribution().size() == 2);
  CHECK(selector.distribution()[0].count(nvfp4) == 2);
  CHECK(selector.distribution()[0].count(fp8_e4m3) == 1);
  CHECK(selector.distribution()[0].count(fp16) == 1);
  REQUIRE(selector.find_distribution("k_proj") != nullptr);
  CHECK(selector.find_distribution("k_proj")->count(fp16) == 1);
  CHECK(selector.find_distribution("v_proj") == nullptr);
  selector.reset();
  CHECK(selector.history().empty());
  CHECK(selector.distribution().empty());
}

TEST_CASE("the history holds the latest decisions, in order, at every length") {
  for (const std::int64_t limit : {0, 1, 2, 5}) {
    adaptive_precision_selector selector{adaptive_quant_config{.history_limit = limit}};
    for (std::int64_t i = 1; i <= 23; ++i) {
      const activation_stats stats{.absmax = static_cast<double>(i), .std = 1};
      static_cast<void>(selector.select_precision("op", stats, decode));
      const auto history = selector.history();
      const std::int64_t kept = i < limit ? i : limit;
      REQUIRE(static_cast<std::int64_t>(history.size()) == kept);
      for (std::int64_t k = 0; k < kept; ++k) {
        CHECK(history[static_cast<std::size_t>(k)].outlier_ratio ==
              static_cast<double>(i - kept + 1 + k) / 3);
      }
    }
    CHECK(selector.distribution().size() == 1);
  }
}

TEST_CASE("adaptive rules") {
  const auto bad = [](const adaptive_quant_config& c) { return adaptive_precision_selector{c}; };
  REQUIRE_THROWS_WITH(bad({.precision_candidates = {}}),
                      test::contains("precision_candidates must not be empty"));
  REQUIRE_THROWS_WITH(bad({.precision_candidates = {fp16, e8m0}}),
                      test::contains("E8M0 holds scales"));
  REQUIRE_THROWS_WITH(bad({.high_outlier_threshold = 1}),
                      test::contains("0 < low <= medium <= high"));
  REQUIRE_THROWS_WITH(bad({.history_limit = -1}),
                      test::contains("history_limit must be in [0, 2^24]"));
  REQUIRE_THROWS_WITH(adaptive_precision({}, std::numeric_limits<double>::quiet_NaN(), decode),
                      test::contains("outlier ratio must be finite"));
  REQUIRE_THROWS_WITH(adaptive_precision({}, 1, {.seq_len = -1}),
                      test::contains("seq_len must not be negative"));
  adaptive_precision_selector selector;
  REQUIRE_THROWS_WITH(selector.select_precision("", {}, decode), test::contains("needs a name"));
  REQUIRE_THROWS_WITH(selector.select_precision(std::string(129, 'x'), {}, decode),
                      test::contains("a name has at most 128 bytes"));
  CHECK(selector.history().empty());
}

}  // namespace adaptive_precision_test

// SPDX-License-Identifier: Apache-2.0
#include "quantroof/engine/scenario.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace scenario_test {

namespace {

using namespace quantroof;

constexpr std::int64_t longest = std::int64_t{1} << 31;
constexpr std::int64_t widest = 1 << 20;
constexpr scenario good[] = {{.seq_len = 1},
                             {.phase = phase::prefill, .seq_len = 2048},
                             {.seq_len = longest, .batch = widest}};
constexpr auto accepted = [](const scenario& s) { return is_valid(s); };
static_assert(test::first_failure(good, accepted) == -1);
// The specification's call: enable_dynamic=True, enable_adaptive=False.
static_assert(scenario{}.enable_dynamic && !scenario{}.enable_adaptive && scenario{}.batch == 1);

TEST_CASE("a workload needs tokens and sequences") {
  for (const scenario& s : test::at_run_time(good)) {
    CHECK(accepted(s));
  }
  for (const std::int64_t bad : {std::int64_t{0}, std::int64_t{-1}, longest + 1}) {
    CHECK_THROWS_WITH(is_valid(scenario{.seq_len = bad}),
                      test::contains("scenario: seq_len must be in [1, 2^31]"));
  }
  for (const std::int64_t bad : {std::int64_t{0}, std::int64_t{-1}, widest + 1}) {
    CHECK_THROWS_WITH(is_valid(scenario{.seq_len = 1, .batch = bad}),
                      test::contains("scenario: batch must be in [1, 2^20]"));
  }
}

}  // namespace

}  // namespace scenario_test

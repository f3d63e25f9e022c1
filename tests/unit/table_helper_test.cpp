// SPDX-License-Identifier: Apache-2.0
//
// tests/test_table.hpp itself: a helper that always said "no failure" would make every table test pass.
#include <array>

#include "catch.hpp"
#include "test_table.hpp"

namespace table_helper_test {

namespace {

struct row {
  int in;
  int twice;
};
constexpr row good[] = {{1, 2}, {3, 6}};
constexpr std::array<row, 3> bad{{{1, 2}, {2, 5}, {3, 7}}};
constexpr auto holds = [](const row& r) { return 2 * r.in == r.twice; };

static_assert(test::first_failure(good, holds) == -1);
static_assert(test::first_failure(bad, holds) == 1);
static_assert(test::first_failure(std::array<row, 0>{}, holds) == -1);

TEST_CASE("a table is copied row by row") {
  const auto copy = test::at_run_time(bad);
  REQUIRE(copy.size() == bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CHECK(copy[i].in == bad[i].in);
    CHECK(copy[i].twice == bad[i].twice);
  }
  CHECK(test::first_failure(copy, holds) == 1);
  CHECK(test::at_run_time_value(good[1]).twice == 6);
}

TEST_CASE("a text is matched by its part") {
  CHECK_THAT("f: the rule", test::contains("rule"));
  CHECK_THAT("f: the rule", !test::contains("rules"));
}

}  // namespace

}  // namespace table_helper_test

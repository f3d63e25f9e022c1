// SPDX-License-Identifier: Apache-2.0
//
// The moving average of ranges: by hand over three steps, groups of zeros, saving, misuse.
#include "quantroof/dynamic_quant/scale_history.hpp"

#include <array>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace scale_history_test {

namespace {

using namespace quantroof;

struct average_row {
  double smoothing;
  std::array<double, 3> ranges;
  std::array<double, 3> expected;
};
// sum of smoothing^(t - i) * (1 - smoothing) * range_i over 1 - smoothing^t, by hand; a range of 0 is a call without information.
constexpr average_row rows[] = {
    {0.5, {1, 2, 4}, {1, 1.25 / 0.75, 2.625 / 0.875}},
    {0.0, {1, 2, 4}, {1, 2, 4}},
    {0.9, {3, 3, 3}, {3, 3, 3}},
    {0.5,
     {1, 0, 4},
     {1, 1, (0.5 * 0.5 * 1 + 0.5 * 4) / 0.75}},  // as if the second call had not been
    {0.5, {0, 2, 4}, {0, 2, (0.5 * 0.5 * 2 + 0.5 * 4) / 0.75}},
    {0.5, {0, 0, 0}, {0, 0, 0}},
};
constexpr auto averages = [](const average_row& r) {
  scale_history history;
  for (std::size_t t = 0; t < 3; ++t) {
    const std::vector<double> read = history.update("op", {r.ranges[t]}, r.smoothing);
    if (detail::abs(read.at(0) - r.expected[t]) > 1e-12) {
      return false;
    }
  }
  return true;
};
static_assert(test::first_failure(rows, averages) == -1);

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("averages by hand") {
  for (const average_row& r : test::at_run_time(rows)) {
    CAPTURE(r.smoothing, r.ranges[0], r.ranges[1], r.ranges[2]);
    CHECK(averages(r));
  }
}

TEST_CASE("a channel of zeros waits for its first range") {
  scale_history history;
  CHECK(history.update("op", {8, 0}, 0.5) == std::vector<double>{8, 0});
  CHECK(history.find("op")->mean_range() == 8);
  CHECK(history.update("op", {8, 3}, 0.5) ==
        std::vector<double>{8, 3});  // not 3 averaged with nothing
  CHECK(history.update("op", {0, 5}, 0.5).at(0) == Approx(8));
  CHECK(history.find("op")->steps == 3);
  CHECK(history.update("never", {0, 0}, 0.5) == std::vector<double>{0, 0});
  CHECK(history.find("never") == nullptr);
}

TEST_CASE("next looks, store keeps") {
  scale_history history;
  const std::vector<double> one{2};
  scale_average entry = history.next("op", one, 0.9);
  CHECK(entry.range(0) == Approx(2));
  CHECK(history.entries().empty());
  history.store(entry);
  REQUIRE(history.find("op") != nullptr);
  CHECK(*history.find("op") == entry);
  CHECK(scale_average{}.mean_range() == 0);
}

TEST_CASE("saved entries go on as if nothing had happened") {
  scale_history first;
  first.update("a", {1, 0}, 0.9);
  first.update("b", {5}, 0.9);
  scale_history second;
  second.set_entries(first.entries());
  CHECK(first.update("a", {3, 4}, 0.9) == second.update("a", {3, 4}, 0.9));
  CHECK(first.entries() == second.entries());
  second.reset("a");
  CHECK(second.find("a") == nullptr);
  CHECK(second.find("b") != nullptr);
  second.reset();
  CHECK(second.entries().empty());
}

TEST_CASE("history rules") {
  scale_history h;
  REQUIRE_THROWS_WITH(h.update("", {1}, 0.5), test::contains("an operator needs a name"));
  REQUIRE_THROWS_WITH(h.update("a", {1}, 1.0), test::contains("smoothing must be in [0, 1)"));
  REQUIRE_THROWS_WITH(h.update("a", {not_a_number}, 0.5),
                      test::contains("ranges must be finite and not negative"));
  h.update("layer_3_q_proj", {1, 2}, 0.5);
  REQUIRE_THROWS_WITH(h.update("layer_3_q_proj", {1}, 0.5),
                      test::contains("number of scales changed; reset(name) forgets the old ones "
                                     "(operator \"layer_3_q_proj\")"));
  const auto before = h.entries();
  const auto refused = [&](std::vector<scale_average> entries, const char* rule) {
    REQUIRE_THROWS_WITH(h.set_entries(std::move(entries)), test::contains(rule));
    CHECK(h.entries() == before);
  };
  const scale_average a{.operator_name = "a", .averages = {1}, .steps = 1, .weight = 1};
  refused({{.operator_name = "", .averages = {1}, .steps = 1, .weight = 1}}, "needs a name");
  refused({{.operator_name = "a", .averages = {}, .steps = 1, .weight = 1}},
          "at least one average (operator \"a\")");
  refused({{.operator_name = "a", .averages = {1}, .steps = 0, .weight = 1}}, "steps > 0");
  refused({{.operator_name = "a", .averages = {1}, .steps = 1, .weight = 1.5}}, "weight in (0, 1]");
  refused({{.operator_name = "a", .averages = {-1}, .steps = 1, .weight = 1}},
          "finite and not negative (operator \"a\")");
  refused({{.operator_name = "a", .averages = {not_a_number}, .steps = 1, .weight = 1}},
          "finite and not negative");
  refused({a, a}, "listed twice");
}

}  // namespace scale_history_test

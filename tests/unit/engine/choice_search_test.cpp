// SPDX-License-Identifier: Apache-2.0
//
// The knapsack search against all combinations, over random problems of every shape.
#include "quantroof/engine/choice_search.hpp"

#include <cstdint>
#include <optional>
#include <random>

#include "catch.hpp"
#include "test_table.hpp"

namespace choice_search_test {

namespace {

using namespace quantroof;

constexpr choice_problem two_lists(double limit) {
  choice_problem p{.resources = 1, .limits = {limit}};
  for (int i = 0; i < 2; ++i) {
    p.lists.push_back({choice{.id = 0, .cost = 10, .use = {1}},
                       choice{.id = 1, .cost = 4, .use = {3}},
                       choice{.id = 2, .cost = 5, .use = {4}}});
  }
  return p;
}
struct row {
  double limit;
  bool found;
  double cost;
};
constexpr row rows[] = {
    {1.5, false, 0}, {2, true, 20}, {4, true, 14}, {6, true, 8}, {100, true, 8}};
constexpr auto is_best = [](const row& r) {
  const choice_solution s = solve(two_lists(r.limit));
  return s.found == r.found && s.complete && s.gap() == 0 && (!r.found || s.cost == r.cost);
};
static_assert(test::first_failure(rows, is_best) == -1);

TEST_CASE("two lists by hand") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.limit);
    CHECK(is_best(r));
  }
}

/// Every combination, one after the other.
std::optional<double> best_of_all(const choice_problem& p) {
  std::optional<double> best;
  std::array<std::size_t, max_choice_lists> at{};
  while (true) {
    double cost = 0;
    std::array<double, max_resources> use{};
    for (std::size_t i = 0; i < p.lists.size(); ++i) {
      const choice& c = p.lists[i][at[i]];
      cost += c.cost;
      for (std::size_t k = 0; k < p.resources; ++k) {
        use[k] += c.use[k];
      }
    }
    bool fits = true;
    for (std::size_t k = 0; k < p.resources; ++k) {
      fits = fits && use[k] <= p.limits[k] * (1 + 1e-9);
    }
    if (fits && cost < p.cost_below && (!best || cost < *best)) {
      best = cost;
    }
    std::size_t i = 0;
    while (i < p.lists.size() && ++at[i] == p.lists[i].size()) {
      at[i++] = 0;
    }
    if (i == p.lists.size()) {
      return best;
    }
  }
}

choice_problem random_problem(std::mt19937& random) {
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  choice_problem p;
  p.resources = static_cast<std::size_t>(below(4));
  const int lists = 1 + below(6);
  const bool coarse = below(2) == 0;  // few values: many equals
  for (int i = 0; i < lists; ++i) {
    p.lists.push_back({});
    const int choices = 1 + below(5);
    for (int c = 0; c < choices; ++c) {
      choice one{.id = static_cast<std::uint8_t>(c),
                 .cost = coarse ? below(4) : below(100000) / 1000.0};
      for (std::size_t k = 0; k < p.resources; ++k) {
        one.use[k] = coarse ? below(4) : below(100000) / 1000.0;
      }
      p.lists[static_cast<std::size_t>(i)].push_back(one);
    }
  }
  for (std::size_t k = 0; k < p.resources; ++k) {
    p.limits[k] = (coarse ? 2.0 : 60.0) * lists * below(100) / 100.0;
  }
  return p;
}

TEST_CASE("the search finds what trying everything finds") {
  std::mt19937 random{20261130};
  int possible = 0;
  for (int i = 0; i < 3000; ++i) {
    const choice_problem p = random_problem(random);
    const std::optional<double> best = best_of_all(p);
    const choice_solution s = solve(p);
    CAPTURE(i, p.lists.size(), p.resources);
    REQUIRE(s.found == best.has_value());
    REQUIRE(s.complete);
    possible += s.found ? 1 : 0;
    if (best) {
      REQUIRE(s.cost == Approx(*best).epsilon(1e-9).margin(1e-9));
      double cost = 0;
      for (std::size_t l = 0; l < p.lists.size(); ++l) {
        cost += p.lists[l][s.chosen[l]].cost;
      }
      REQUIRE(s.cost == Approx(cost).epsilon(1e-12).margin(1e-12));
    }
  }
  CHECK(possible > 1000);
  CHECK(possible < 2900);
}

TEST_CASE("a search that is cut off says how far it may be from the best") {
  std::mt19937 random{7};
  int incomplete = 0;
  for (int i = 0; i < 300; ++i) {
    choice_problem p = random_problem(random);
    const choice_solution whole = solve(p);
    p.most_nodes = 1 + static_cast<std::int64_t>(random() % 8);
    const choice_solution cut = solve(p);
    incomplete += cut.complete ? 0 : 1;
    if (whole.found) {
      REQUIRE(cut.bound <= whole.cost * (1 + 1e-9));
      REQUIRE((!cut.found || cut.cost >= whole.cost * (1 - 1e-9)));
      REQUIRE(cut.gap() >= 0);
    }
  }
  CHECK(incomplete > 5);
}

TEST_CASE("a bound from outside: only cheaper solutions are of interest") {
  choice_problem p = two_lists(100);
  p.cost_below = 8;
  CHECK_FALSE(solve(p).found);
  p.cost_below = 8.1;
  CHECK(solve(p).cost == 8);
}

TEST_CASE("an empty list is refused") {
  choice_problem p = two_lists(1);
  p.lists.push_back({});
  CHECK_THROWS_AS(solve(p), domain_error);
}

}  // namespace

}  // namespace choice_search_test

// SPDX-License-Identifier: Apache-2.0
//
// Percentiles of |x|: numpy's values, and those of the sorted magnitudes on every kind of distribution.
#include "quantroof/precision/percentile.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace percentile_test {

namespace {

using namespace quantroof;

struct percentile_row {
  double q;
  double value;
};
// numpy.percentile([1, 2, 3, 4, 10], q), default method "linear".
constexpr float five[] = {-3, 1, 10, -2, 4};
constexpr percentile_row percentiles[] = {{0, 1},  {10, 1.4}, {25, 2},       {50, 3},
                                          {75, 4}, {90, 7.6}, {99.9, 9.976}, {100, 10}};
constexpr auto is_percentile = [](const percentile_row& r) {
  return detail::abs(abs_percentile(five, r.q) - r.value) < 1e-9;
};
static_assert(test::first_failure(percentiles, is_percentile) == -1);
static_assert(abs_percentiles(five, std::array{50.0, 100.0}) == std::array{3.0, 10.0});

double of_sorted(const std::vector<double>& sorted, double q) {
  const double rank = static_cast<double>(sorted.size() - 1) * q / 100;
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

TEST_CASE("percentiles are numpy's") {
  for (const percentile_row& r : test::at_run_time(percentiles)) {
    CAPTURE(r.q);
    CHECK(is_percentile(r));
  }
}

TEST_CASE("a percentile is that of the sorted magnitudes") {
  for (const std::size_t n :
       {1U, 2U, 63U, 64U, 1000U, 1025U, 4096U, 4097U, 16384U, 65537U, 400000U}) {
    for (int kind = 0; kind < 6; ++kind) {
      std::vector<float> x(n);
      std::uint32_t state = static_cast<std::uint32_t>(n);
      for (std::size_t i = 0; i < n; ++i) {
        state = state * 1664525U + 1013904223U;
        const float u = static_cast<float>(state >> 8U) / 16777216.0F - 0.5F;
        const float shapes[] = {u,                                 // uniform
                                3.5F,                              // all ties
                                static_cast<float>(state >> 30U),  // many ties
                                i > n - n / 70 ? 9.0F + u : u,     // outliers at the end
                                i % 64 == 3 ? 40 * u : u,          // in one channel
                                static_cast<float>(i)};            // a ramp
        x[i] = shapes[kind];
      }
      if (kind == 0 && n > 100) {
        x[n / 2] = std::nanf("");
        x[n - 1] = -std::numeric_limits<float>::infinity();
      }
      std::vector<double> sorted;
      for (const float v : x) {
        if (std::isfinite(v)) {
          sorted.push_back(std::fabs(static_cast<double>(v)));
        }
      }
      std::sort(sorted.begin(), sorted.end());
      CAPTURE(n, kind);
      for (const double q : {0.5, 50.0, 90.0, 98.5, 99.0, 99.9, 99.99, 100.0}) {
        CAPTURE(q);
        CHECK(abs_percentile(x, q) == Approx(of_sorted(sorted, q)).epsilon(1e-12));
      }
      const auto both = abs_percentiles(x, std::array{99.0, 99.9});
      CHECK(both[0] == abs_percentile(x, 99.0));
      CHECK(both[1] == abs_percentile(x, 99.9));
    }
  }
}

TEST_CASE("without a finite value a percentile is 0") {
  const std::vector<float> x(3000, std::nanf(""));
  CHECK(abs_percentile(x, 99.9) == 0);
  CHECK(abs_percentile(std::span{x}.first(1), 50) == 0);
}

TEST_CASE("percentile rules") {
  REQUIRE_THROWS_WITH(abs_percentile({}, 50), test::contains("abs_percentile: the span is empty"));
  for (const double q : {-0.1, 100.1, std::nan("")}) {
    REQUIRE_THROWS_WITH(abs_percentile(five, q),
                        test::contains("abs_percentile: q must be in [0, 100]"));
  }
}

}  // namespace percentile_test

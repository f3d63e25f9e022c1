// SPDX-License-Identifier: Apache-2.0
//
// Statistics of activations: the specification's example, hand-made vectors, NaN and Inf.
#include "quantroof/dynamic_quant/activation_stats.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace activation_stats_test {

namespace {

using namespace quantroof;

// The specification's ActivationStats example: absmax 10, mean 0, std 2.
constexpr activation_stats example{.absmax = 10,
                                   .mean = 0,
                                   .std = 2,
                                   .percentile_99 = 8,
                                   .percentile_999 = 9.5,
                                   .rows = 1024,
                                   .cols = 4096};
static_assert(example.outlier_ratio() == 10.0 / 6.0 && example.dynamic_range() == 9.5);

struct stats_row {
  std::array<float, 4> x;
  double absmax, mean, std, p99, ratio;
};
// By hand; percentiles as numpy.percentile(|x|, 99).
constexpr stats_row rows[] = {
    {{1, 1, 1, 1}, 1, 1, 0, 1, 1},          // no spread: absmax / |mean|
    {{0, 0, 0, 0}, 0, 0, 0, 0, 0},          // nothing: 0, not NaN
    {{3, -3, 3, -3}, 3, 0, 3, 3, 1.0 / 3},  //
    {{0, 0, 0, 8}, 8, 2, 3.4641016151377544, 7.76, 8 / (2 + 3 * 3.4641016151377544)},
};
constexpr auto agrees = [](const stats_row& r) {
  const activation_stats s = compute_activation_stats(r.x);
  const auto close = [](double a, double b) { return detail::abs(a - b) < 1e-6; };
  return s.absmax == r.absmax && close(s.mean, r.mean) && close(s.std, r.std) &&
         close(s.percentile_99, r.p99) && close(s.outlier_ratio(), r.ratio) && s.nan_count == 0 &&
         s.inf_count == 0;
};
static_assert(test::first_failure(rows, agrees) == -1);

}  // namespace

TEST_CASE("statistics by hand") {
  for (const stats_row& r : test::at_run_time(rows)) {
    CAPTURE(r.x[0], r.x[3]);
    CHECK(agrees(r));
  }
}

TEST_CASE("a large mean does not drown the spread") {
  std::array<float, 1000> x{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = 1e6F + (i % 2 == 0 ? 1.0F : -1.0F);
  }
  CHECK(compute_activation_stats(x).std == Approx(1.0).epsilon(1e-9));
}

TEST_CASE("NaN and Inf are counted and left out") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::array<float, 6> x{1, std::nanf(""), -inf, 3, inf, -2};
  const activation_stats s = compute_activation_stats(matrix_view<const float>{x, 2, 3});
  CHECK(s.nan_count == 1);
  CHECK(s.inf_count == 2);
  CHECK(s.absmax == 3);
  CHECK(s.mean == Approx(2.0 / 3));
  CHECK(s.rows == 2);
  CHECK(s.cols == 3);
  const std::array<float, 2> nothing{std::nanf(""), inf};
  CHECK(compute_activation_stats(nothing).outlier_ratio() == 0);
  REQUIRE_THROWS_WITH(compute_activation_stats(std::span<const float>{}),
                      test::contains("the activation must not be empty"));
}

TEST_CASE("a constant tensor has no spread, whatever its length") {
  const std::vector<float> x(100003, 0.1F);
  const activation_stats s = compute_activation_stats(x);
  CHECK(s.std == 0);
  CHECK(s.mean == static_cast<double>(0.1F));
  CHECK(s.outlier_ratio() == 1);
}

TEST_CASE("statistics agree with plain loops over a long tensor") {
  std::vector<float> x(50021);
  std::uint32_t state = 5;
  double sum = 0;
  for (float& v : x) {
    state = state * 1664525U + 1013904223U;
    v = static_cast<float>(state >> 8U) / 16777216.0F + 0.25F;  // uniform in [0.25, 1.25)
    sum += static_cast<double>(v);
  }
  double squares = 0;
  for (const float v : x) {
    squares += std::pow(static_cast<double>(v) - sum / 50021, 2);
  }
  const activation_stats s = compute_activation_stats(x);
  CHECK(s.mean == Approx(sum / 50021).epsilon(1e-13));
  CHECK(s.std == Approx(std::sqrt(squares / 50021)).epsilon(1e-12));
  CHECK(s.std == Approx(1 / std::sqrt(12.0)).epsilon(0.01));  // of a uniform distribution
  CHECK(s.percentile_99 == Approx(1.24).epsilon(0.002));
  CHECK(s.percentile_999 == Approx(1.249).epsilon(0.001));
  CHECK(s.dynamic_range() == s.percentile_999);
}

TEST_CASE("a row stride is stepped over") {
  const std::array<float, 6> x{1, 2, 99, 3, 4, 99};
  CHECK(compute_activation_stats(matrix_view<const float>{x.data(), 2, 2, 3}).absmax == 4);
}

namespace {

// A drifting, heavy-tailed stream with NaN and Inf in it.
std::vector<float> stream(std::size_t n) {
  std::vector<float> x(n);
  std::uint32_t state = 21;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525U + 1013904223U;
    const float u = static_cast<float>(state >> 8U) / 16777216.0F - 0.5F;
    x[i] = (u / (0.501F - std::fabs(u)) + 3.0F) * (i < n / 5 ? 20.0F : 1.0F);
  }
  x[n / 4] = std::nanf("");
  x[n / 2] = std::numeric_limits<float>::infinity();
  return x;
}

double of_sorted(const std::vector<float>& x, double q) {
  std::vector<double> sorted;
  for (const float v : x) {
    if (std::isfinite(v)) {
      sorted.push_back(std::fabs(static_cast<double>(v)));
    }
  }
  std::sort(sorted.begin(), sorted.end());
  const double rank = static_cast<double>(sorted.size() - 1) * q / 100;
  const auto below = static_cast<std::size_t>(rank);
  return sorted[below] + (rank - static_cast<double>(below)) *
                             (sorted[std::min(below + 1, sorted.size() - 1)] - sorted[below]);
}

}  // namespace

TEST_CASE("figures do not depend on how the stream is cut") {
  for (const std::size_t n : {std::size_t{700}, std::size_t{4096}, std::size_t{123457}}) {
    const std::vector<float> x = stream(n);
    activation_accumulator whole{n};
    whole.add(x);
    const activation_stats expected = whole.stats();
    CAPTURE(n);
    CHECK(expected.percentile_99 == Approx(of_sorted(x, 99)).epsilon(1e-12));
    CHECK(expected.percentile_999 == Approx(of_sorted(x, 99.9)).epsilon(1e-12));
    CHECK(expected.nan_count == 1);
    CHECK(expected.inf_count == 1);
    CHECK(expected.cols == static_cast<std::int64_t>(n));
    CHECK(compute_activation_stats(x) == expected);
    for (const std::size_t cut : {1U, 7U, 64U, 1000U, 4096U, 5000U}) {
      activation_accumulator parts{n};
      for (std::size_t first = 0; first < n; first += cut) {
        parts.add(std::span<const float>{x}.subspan(first, std::min(cut, n - first)));
      }
      CHECK(parts.size() == n);
      CHECK(parts.stats() == expected);  // every bit
    }
  }
}

TEST_CASE("merged in any order: counts and percentiles exact, mean and deviation to rounding") {
  const std::size_t n = 100000;
  const std::vector<float> x = stream(n);
  const activation_stats expected = compute_activation_stats(x);
  const std::span<const float> all{x};
  const std::size_t cuts[] = {0, 333, 20000, 20001, 77777, n};
  const auto merged = [&](std::array<std::size_t, 5> order) {
    activation_accumulator sum{n};
    for (const std::size_t part : order) {
      activation_accumulator one{n};
      one.add(all.subspan(cuts[part], cuts[part + 1] - cuts[part]));
      sum.merge(one);
    }
    return sum.stats();
  };
  const activation_stats forward = merged({0, 1, 2, 3, 4});
  for (const activation_stats& s : {forward, merged({4, 2, 0, 1, 3})}) {
    CHECK(s.absmax == expected.absmax);
    CHECK(s.percentile_99 == expected.percentile_99);
    CHECK(s.percentile_999 == expected.percentile_999);
    CHECK(s.nan_count == expected.nan_count);
    CHECK(s.inf_count == expected.inf_count);
    CHECK(s.mean == Approx(expected.mean).epsilon(1e-13));
    CHECK(s.std == Approx(expected.std).epsilon(1e-13));
  }
  CHECK(merged({0, 1, 2, 3, 4}) == forward);  // the same order: the same bits
}

TEST_CASE("figures may be asked for on the way") {
  activation_accumulator a{10};
  CHECK(a.stats().absmax == 0);
  const float x[] = {1, -3};
  a.add(x);
  CHECK(a.stats().absmax == 3);
  CHECK(a.stats().mean == -1);
  a.add(matrix_view<const float>{x, 2, 1});
  CHECK(a.stats().cols == 4);
  CHECK(a.stats().std == 2);
}

TEST_CASE("a value far from the others first does not spoil the deviation") {
  std::vector<float> x(4096, 1.0F);
  for (std::size_t i = 0; i < x.size(); i += 2) {
    x[i] = 1.0F + 0x1p-10F;
  }
  std::vector<float> tail(x.begin() + 1, x.end());
  x[0] = 1e6F;
  const double n = 4096;
  const double rest = compute_activation_stats(tail).std;
  const double gap = 1e6 - compute_activation_stats(tail).mean;
  const double expected = std::sqrt(rest * rest * (n - 1) / n + gap * gap * (n - 1) / (n * n));
  CHECK(compute_activation_stats(x).std == Approx(expected).epsilon(1e-11));
  CHECK(rest == Approx(0x1p-11).epsilon(1e-6));
}

TEST_CASE("accumulator rules") {
  activation_accumulator small{3};
  const float x[] = {1, 2};
  small.add(x);
  REQUIRE_THROWS_WITH(small.add(x), test::contains("more values than expected_count"));
  CHECK(small.stats().cols == 2);  // nothing of the refused chunk
  activation_accumulator other{4};
  REQUIRE_THROWS_WITH(small.merge(other), test::contains("merge needs the same expected_count"));
  activation_accumulator same{3};
  same.add(x);
  REQUIRE_THROWS_WITH(same.merge(same), test::contains("merge needs another one"));
  const float strided[] = {1, 9, 2, 9};
  REQUIRE_THROWS_WITH(same.add(matrix_view<const float>{strided, 2, 1, 2}),
                      test::contains("more values than expected_count"));
  CHECK(same.size() == 2);
  REQUIRE_THROWS_WITH(small.merge(same), test::contains("more values than expected_count"));
}

}  // namespace activation_stats_test

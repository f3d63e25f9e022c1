// SPDX-License-Identifier: Apache-2.0
//
// Statistics of activations: the specification's example, hand-made vectors, NaN and Inf.
#include "quantroof/dynamic_quant/activation_stats.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

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

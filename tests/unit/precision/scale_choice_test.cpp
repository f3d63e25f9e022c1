// SPDX-License-Identifier: Apache-2.0
//
// Percentiles and the choice of scales.
#include "quantroof/precision/scale_choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

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

static_assert(absmax_scale(five, precision::int8) == 10.0F / 127.0F);
static_assert(percentile_scale(five, precision::int8, 50) == 3.0F / 127.0F);
static_assert(choose_scale(calibration::absmax, five, precision::fp8_e4m3) == 10.0F / 448.0F);

std::vector<float> noise(std::size_t n, std::uint32_t seed, float outlier) {
  std::vector<float> x(n);
  std::uint32_t state = seed;
  for (float& v : x) {
    float sum = 0;
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525U + 1013904223U;
      sum += static_cast<float>(state >> 8U) / 16777216.0F - 0.5F;
    }
    v = sum;
  }
  x[n / 2] *= outlier;
  return x;
}

}  // namespace

TEST_CASE("percentiles are numpy's") {
  for (const percentile_row& r : test::at_run_time(percentiles)) {
    CAPTURE(r.q);
    CHECK(is_percentile(r));
  }
}

TEST_CASE("a percentile of a long vector is that of the sorted one") {
  for (const std::size_t n : {1U, 2U, 63U, 64U, 1000U, 65537U}) {
    std::vector<float> x = noise(n, static_cast<std::uint32_t>(n), 30);
    std::vector<double> sorted;
    for (const float v : x) {
      sorted.push_back(std::fabs(static_cast<double>(v)));
    }
    std::sort(sorted.begin(), sorted.end());
    for (const double q : {0.5, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
      const double rank = static_cast<double>(n - 1) * q / 100;
      const auto below = static_cast<std::size_t>(rank);
      const std::size_t above = std::min(below + 1, n - 1);
      const double expected =
          sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
      CAPTURE(n, q);
      CHECK(abs_percentile(x, q) == Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("NaN and Inf stay out of scales") {
  const float x[] = {1, std::numeric_limits<float>::quiet_NaN(), -2,
                     std::numeric_limits<float>::infinity()};
  CHECK(absmax_scale(x, precision::int8) == 2.0F / 127.0F);
  const float none[] = {std::numeric_limits<float>::quiet_NaN()};
  for (const calibration how :
       {calibration::absmax, calibration::percentile, calibration::mse_optimal}) {
    CHECK(choose_scale(how, none, precision::int8) == 1.0F);
  }
}

TEST_CASE("the error of a round trip by hand") {
  const float x[] = {0.4F, 1.5F, std::numeric_limits<float>::quiet_NaN(), -3.0F, 9.0F};
  // INT4, scale 1: 0.4 -> 0, 1.5 -> 2, -3 exact, 9 -> 7.
  CHECK(round_trip_error(x, precision::int4, 1) == Approx(0.16 + 0.25 + 4.0));
  CHECK(round_trip_error({}, precision::int4, 1) == 0);
}

TEST_CASE("a scale keeps its largest element finite") {
  for (const precision p : {precision::int8, precision::fp8_e4m3, precision::fp4_e2m1}) {
    for (const float clip : {std::numeric_limits<float>::max(), 1e-45F, 1.0F}) {
      const float scale = scale_for_clip(clip, p);
      CHECK(scale >= std::numeric_limits<float>::min());
      CHECK(std::isfinite(scale * element_max(p)));
    }
  }
  CHECK(scale_for_clip(0, precision::int8) == 1);
  // 999 zeros and a value: the 99th percentile is 0, so the value itself is the clip.
  std::vector<float> sparse(1000, 0.0F);
  sparse[17] = 2.54F;
  CHECK(percentile_scale(sparse, precision::int8, 99) == Approx(0.02));
}

TEST_CASE("the searched scale is never worse than absmax and better under outliers") {
  for (const precision p :
       {precision::int8, precision::int4, precision::fp8_e4m3, precision::fp4_e2m1}) {
    for (const float outlier : {1.0F, 5.0F, 50.0F}) {
      const std::vector<float> x = noise(2048, 7, outlier);
      const double best = round_trip_error(x, p, mse_optimal_scale(x, p));
      const double absmax = round_trip_error(x, p, absmax_scale(x, p));
      CAPTURE(to_string(p), outlier, best, absmax);
      CHECK(best <= absmax);
      if (p == precision::int4 && outlier == 5.0F) {
        CHECK(best < 0.9 * absmax);
      }
      // No clip of a fine grid beats it by more than the grid's width allows.
      double searched = absmax;
      for (int i = 1; i <= 400; ++i) {
        searched = std::min(
            searched, round_trip_error(x, p,
                                       scale_for_clip(absmax_scale(x, p) * element_max(p) * 1.8F *
                                                          static_cast<float>(i) / 400.0F,
                                                      p)));
      }
      CHECK(best <= 1.08 * searched);
    }
  }
}

TEST_CASE("quantize rules and names") {
  REQUIRE_THROWS_WITH(scale_for_clip(-1.0F, precision::int8),
                      test::contains("scale_for_clip: the clip must be finite"));
  REQUIRE_THROWS_WITH(percentile_scale(five, precision::int8, 0),
                      test::contains("q must be in (0, 100]"));
  REQUIRE_THROWS_WITH(round_trip_error(five, precision::int8, 0),
                      test::contains("the scale must be positive"));
  REQUIRE_THROWS_WITH(abs_percentile({}, 50), test::contains("abs_percentile"));
  REQUIRE_THROWS_WITH(choose_scale(static_cast<calibration>(9), five, precision::int8),
                      test::contains("not a calibration"));
  REQUIRE_THROWS_WITH(parse_granularity("token"),
                      test::contains("known: per_tensor, per_token, per_channel"));
  REQUIRE_THROWS_WITH(parse_calibration("max"),
                      test::contains("known: absmax, percentile, mse_optimal"));
  CHECK(parse_granularity(to_string(granularity::per_channel)) == granularity::per_channel);
  CHECK(parse_calibration(to_string(calibration::mse_optimal)) == calibration::mse_optimal);
}

// SPDX-License-Identifier: Apache-2.0
//
// One scale by each calibration.
#include "quantroof/precision/scale_choice.hpp"

#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace scale_choice_test {

namespace {

using namespace quantroof;

constexpr float five[] = {-3, 1, 10, -2, 4};
constexpr calibration all[] = {calibration::absmax, calibration::percentile,
                               calibration::mse_optimal, calibration::entropy};
static_assert(choose_scale(calibration::absmax, five, precision::fp8_e4m3) == 10.0F / 448.0F);
static_assert(choose_scale(calibration::percentile, five, precision::int8, 50) == 3.0F / 127.0F);
static_assert(percentile_scale({}, precision::int8) == 1.0F);

}  // namespace

TEST_CASE("each calibration chooses by its own measure") {
  std::vector<float> x(4096, 0.0F);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 251) / 251.0F;
  }
  x[99] = 10;
  using enum calibration;
  CHECK(choose_scale(absmax, x, precision::int4) == absmax_scale(x, precision::int4));
  CHECK(choose_scale(percentile, x, precision::int4, 99) ==
        percentile_scale(x, precision::int4, 99));
  CHECK(choose_scale(mse_optimal, x, precision::int4) == find_mse_clip(x, precision::int4).scale);
  CHECK(choose_scale(entropy, x, precision::int4) == find_entropy_clip(x, precision::int4).scale);
  CHECK(choose_scale(percentile, x, precision::int4) < choose_scale(absmax, x, precision::int4));
  CHECK(choose_scale(mse_optimal, x, precision::int4) < choose_scale(absmax, x, precision::int4));
}

TEST_CASE("NaN and Inf stay out of scales") {
  const float x[] = {1, std::numeric_limits<float>::quiet_NaN(), -2,
                     std::numeric_limits<float>::infinity()};
  CHECK(absmax_scale(x, precision::int8) == 2.0F / 127.0F);
  const float none[] = {std::numeric_limits<float>::quiet_NaN()};
  for (const calibration how : all) {
    CHECK(choose_scale(how, none, precision::int8) == 1.0F);
    CHECK(choose_scale(how, {}, precision::int8) == 1.0F);
  }
}

TEST_CASE("a percentile of 0 falls back to absmax") {
  // 999 zeros and a value: the 99th percentile is 0, so the value itself is the clip.
  std::vector<float> sparse(1000, 0.0F);
  sparse[17] = 2.54F;
  CHECK(percentile_scale(sparse, precision::int8, 99) == Approx(0.02));
}

TEST_CASE("scale choice rules") {
  for (const double q : {0.0, 100.5}) {
    REQUIRE_THROWS_WITH(percentile_scale(five, precision::int8, q),
                        test::contains("percentile_scale: q must be in (0, 100]"));
  }
  REQUIRE_THROWS_WITH(choose_scale(static_cast<calibration>(9), five, precision::int8),
                      test::contains("choose_scale: the value is not a calibration"));
}

}  // namespace scale_choice_test

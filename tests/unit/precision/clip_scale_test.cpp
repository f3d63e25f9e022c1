// SPDX-License-Identifier: Apache-2.0
//
// Scales of clips, and the squared error of a scale against round_trip value by value.
#include "quantroof/precision/clip_scale.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace clip_scale_test {

namespace {

using namespace quantroof;

constexpr float five[] = {-3, 1, 10, -2, 4};
static_assert(absmax_scale(five, precision::int8) == 10.0F / 127.0F);
// INT4, scale 1: 10 -> 7, the others are exact.
static_assert(round_trip_error(five, precision::int4, 1) == 9.0);

}  // namespace

TEST_CASE("the error of a round trip by hand") {
  const float x[] = {0.4F,  1.5F, std::nanf(""),
                     -3.0F, 9.0F, -std::numeric_limits<float>::infinity()};
  // INT4, scale 1: 0.4 -> 0, 1.5 -> 2, -3 exact, 9 -> 7.
  CHECK(round_trip_error(x, precision::int4, 1) == Approx(0.16 + 0.25 + 4.0));
  CHECK(round_trip_error({}, precision::int4, 1) == 0);
}

TEST_CASE("the error is that of round_trip, in every format and at every length") {
  std::uint32_t state = 9;
  for (const precision_format& f : precision_formats) {
    if (!has_codes(f.id) || f.kind == element_kind::scale_only) {
      continue;
    }
    for (const std::size_t n : {1U, 63U, 320U, 1024U, 5000U}) {
      for (const float scale : {0.013F, 1.0F, 3e-38F, 1e-39F, 1e37F}) {
        std::vector<float> x(n);
        double expected = 0;
        for (float& v : x) {
          state = state * 1664525U + 1013904223U;
          v = static_cast<float>(static_cast<std::int32_t>(state)) * 1e-8F * scale;
          const double d = static_cast<double>(round_trip(f.id, v, scale)) - static_cast<double>(v);
          expected += static_cast<double>(static_cast<float>(d) * static_cast<float>(d));
        }
        CAPTURE(f.name, n, scale);
        CHECK(round_trip_error(x, f.id, scale) == Approx(expected).epsilon(1e-5).margin(1e-43));
      }
    }
  }
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
}

TEST_CASE("clip rules") {
  REQUIRE_THROWS_WITH(scale_for_clip(-1.0F, precision::int8),
                      test::contains("scale_for_clip: the clip must be finite"));
  REQUIRE_THROWS_WITH(scale_for_clip(std::nanf(""), precision::int8),
                      test::contains("scale_for_clip: the clip must be finite"));
  REQUIRE_THROWS_WITH(round_trip_error(five, precision::int8, 0),
                      test::contains("the scale must be positive"));
}

}  // namespace clip_scale_test

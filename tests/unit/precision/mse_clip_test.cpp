// SPDX-License-Identifier: Apache-2.0
//
// The searched clip: never worse than absmax, near the best of a fine grid, and what a sample costs.
#include "quantroof/precision/mse_clip.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace mse_clip_test {

namespace {

using namespace quantroof;

// FP4 under the scale of absmax holds 0.5, 1, 1.5 ... 6 sixths of it: 5 and 4 lie beside the grid of 6, not of 4.
constexpr float uneven[] = {6, 5, 5, 5, -5};
static_assert(find_mse_clip(uneven, precision::fp4_e2m1).mse <
              find_mse_clip(uneven, precision::fp4_e2m1).absmax_mse);

std::vector<float> noise(std::size_t n, std::uint32_t seed, float outlier) {
  std::vector<float> x(n);
  std::uint32_t state = seed;
  for (std::size_t i = 0; i < n; ++i) {
    float sum = 0;
    for (int k = 0; k < 4; ++k) {
      state = state * 1664525U + 1013904223U;
      sum += static_cast<float>(state >> 8U) / 16777216.0F - 0.5F;
    }
    x[i] = i % 1024 == 512 ? sum * outlier : sum;
  }
  return x;
}

constexpr precision formats[] = {precision::int8,     precision::int4,     precision::fp8_e4m3,
                                 precision::fp8_e5m2, precision::fp4_e2m1, precision::fp6_e2m3,
                                 precision::fp16,     precision::bf16,     precision::fp8_e4m3fnuz};

}  // namespace

TEST_CASE("the searched clip is never worse than absmax and near the best of a fine grid") {
  for (const precision p : formats) {
    for (const std::size_t n : {1U, 2U, 16U, 128U, 2048U}) {
      for (const float outlier : {1.0F, 5.0F, 50.0F}) {
        const std::vector<float> x = noise(n, 7, outlier);
        const mse_clip found = find_mse_clip(x, p);
        const float absmax_at = absmax_scale(x, p);
        const double best = round_trip_error(x, p, found.scale);
        const double at_absmax = round_trip_error(x, p, absmax_at);
        CAPTURE(to_string(p), n, outlier, best, at_absmax);
        CHECK(best <= at_absmax);
        CHECK(found.mse == best / static_cast<double>(n));
        CHECK(found.absmax_mse == at_absmax / static_cast<double>(n));
        CHECK(found.sample_mse == found.mse);
        CHECK(found.sampled_count == static_cast<std::int64_t>(n));
        CHECK(found.scale == scale_for_clip(found.clip, p));
        CHECK(mse_optimal_scale(x, p) == found.scale);
        if (n < 2048) {
          continue;
        }
        if (p == precision::int4 && outlier == 5.0F) {
          CHECK(best < 0.9 * at_absmax);
        }
        double searched = at_absmax;
        for (int i = 1; i <= 400; ++i) {
          const float clip = absmax_at * element_max(p) * 1.8F * static_cast<float>(i) / 400.0F;
          if (format_of(p).element || static_cast<float>(i) * 1.8F <= 400.0F) {
            searched = std::min(searched, round_trip_error(x, p, scale_for_clip(clip, p)));
          }
        }
        // 16-bit formats gain nothing from a clip but luck with single values; BF16 reaches beyond any scale.
        CHECK(best <= (p == precision::bf16 ? 1.2 : 1.08) * searched);
      }
    }
  }
}

TEST_CASE("dropping clips on the way does not change which one wins") {
  // Long enough for a pilot; the same values without one, as the sum of short searches over every clip.
  for (const precision p : {precision::int8, precision::fp4_e2m1, precision::fp8_e4m3}) {
    const std::vector<float> x = noise(1U << 17U, 3, 20.0F);
    const mse_clip found = find_mse_clip(x, p);
    double clip = static_cast<double>(absmax(x).value);
    CAPTURE(to_string(p));
    for (int i = 0; i <= detail::clips_below; ++i, clip /= detail::eighth_octave) {
      const float scale = scale_for_clip(static_cast<float>(clip), p);
      CHECK(found.mse <= round_trip_error(x, p, scale) / static_cast<double>(x.size()));
    }
  }
}

TEST_CASE("a sample reads less, says so, and its penalty can be told") {
  const std::vector<float> x = noise(1U << 20U, 5, 20.0F);
  for (const precision p : {precision::int8, precision::fp8_e4m3, precision::fp4_e2m1}) {
    const mse_clip all = find_mse_clip(x, p);
    const mse_clip some = find_mse_clip(x, p, {.sample_every = 4});
    CAPTURE(to_string(p), all.mse, some.mse, some.sample_mse);
    CHECK(some.sampled_count == (1 << 18));
    CHECK(some.absmax_mse == all.absmax_mse);
    CHECK(some.mse <= some.absmax_mse);
    CHECK(some.mse <= 1.02 * all.mse);
    CHECK(some.sample_mse == Approx(some.mse).epsilon(0.2));
    CHECK(some.mse == round_trip_error(x, p, some.scale) / static_cast<double>(x.size()));
  }
}

TEST_CASE("a search over NaN, Inf and zeros") {
  const float none[] = {std::nanf(""), 0, -0.0F, std::numeric_limits<float>::infinity()};
  CHECK(find_mse_clip(none, precision::int8) == mse_clip{});
  CHECK(find_mse_clip({}, precision::int8) == mse_clip{});
  std::vector<float> x = noise(300, 1, 9.0F);
  const mse_clip clean = find_mse_clip(x, precision::int4);
  x.insert(x.begin() + 70, {std::nanf(""), -std::numeric_limits<float>::infinity()});
  CHECK(find_mse_clip(x, precision::int4).scale == clean.scale);
  CHECK(find_mse_clip(x, precision::int4).mse == Approx(clean.mse).epsilon(1e-6));
}

TEST_CASE("powers of two move clips and errors along") {
  const std::vector<float> x = noise(1000, 2, 9.0F);
  for (const precision p : {precision::int8, precision::fp8_e4m3, precision::fp4_e2m1}) {
    std::vector<float> larger = x;
    for (float& v : larger) {
      v *= 1024.0F;
    }
    CHECK(find_mse_clip(larger, p).scale == 1024.0F * find_mse_clip(x, p).scale);
    CHECK(find_mse_clip(larger, p).mse == 1048576.0 * find_mse_clip(x, p).mse);
  }
}

TEST_CASE("search rules") {
  REQUIRE_THROWS_WITH(find_mse_clip(uneven, precision::int8, {.sample_every = 0}),
                      test::contains("find_mse_clip: sample_every must be positive"));
  REQUIRE_THROWS_WITH(find_mse_clip(uneven, precision::fp32), test::contains("at most 16 bits"));
}

}  // namespace mse_clip_test

// SPDX-License-Identifier: Apache-2.0
//
// The clip of least divergence against the definition, bin by bin.
#include "quantroof/precision/entropy_clip.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace entropy_clip_test {

namespace {

using namespace quantroof;

struct log_row {
  double x, log2;
};
constexpr log_row logs[] = {
    {1, 0}, {2, 1}, {3, 1.584962500721156}, {1048576, 20}, {1.5, 0.5849625007211562}};
constexpr auto is_log = [](const log_row& r) {
  return detail::abs(detail::log2_of(r.x) - r.log2) < 1e-13;
};
static_assert(test::first_failure(logs, is_log) == -1);

// Eight bins are no more than INT4 has codes: without a clip each is told from the others.
constexpr float few[] = {0.5F, 1.5F, 1.5F, 2.5F, -3.5F, 8.0F, -1.5F, 2.5F};
static_assert(find_entropy_clip(few, precision::int4, {.bins = 8, .fewest = 4, .every = 1}).clip ==
              8.0F);

/// Sum of P log(P / Q) by the definition: distributions written out, one bin after the other.
double by_definition(const std::vector<double>& histogram, precision p, std::size_t bins) {
  std::vector<double> counts(histogram.begin(), histogram.end());
  counts[0] = counts[1];
  std::vector<double> reference(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(bins));
  std::vector<double> quantized(bins, 0.0);
  const double top = static_cast<double>(element_max(p));
  for (std::size_t first = 0; first < bins;) {
    const auto code_of = [&](std::size_t bin) {
      return encode(p, static_cast<float>((static_cast<double>(bin) + 0.5) * top /
                                          static_cast<double>(bins)));
    };
    std::size_t last = first;
    double mass = 0;
    double occupied = 0;
    while (last < bins && code_of(last) == code_of(first)) {
      mass += counts[last];
      occupied += counts[last] > 0 ? 1 : 0;
      ++last;
    }
    for (std::size_t i = first; i < last; ++i) {
      quantized[i] = counts[i] > 0 ? mass / occupied : 0.0;
    }
    first = last;
  }
  for (std::size_t i = bins; i < counts.size(); ++i) {
    reference[bins - 1] += counts[i];
  }
  double p_sum = 0;
  double q_sum = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    p_sum += reference[i];
    q_sum += quantized[i];
  }
  double divergence = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    if (reference[i] > 0) {
      divergence += reference[i] / p_sum * std::log2(reference[i] / p_sum / (quantized[i] / q_sum));
    }
  }
  return divergence;
}

std::vector<float> laplace(std::size_t n, float outlier) {
  std::vector<float> x(n);
  std::uint32_t state = 17;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525U + 1013904223U;
    const double u = (static_cast<double>(state >> 8U) + 0.5) / 16777216.0 - 0.5;
    x[i] = static_cast<float>((u < 0 ? 1 : -1) * std::log(1 - 2 * std::fabs(u)));
  }
  x[n / 3] = outlier;
  return x;
}

}  // namespace

TEST_CASE("binary logarithms") {
  for (const log_row& r : test::at_run_time(logs)) {
    CHECK(is_log(r));
  }
  for (double x = 1; x < 1e15; x *= 1.0173) {
    CHECK(detail::log2_of(x) == Approx(std::log2(x)).epsilon(1e-14).margin(1e-14));
  }
}

TEST_CASE("the divergence is that of the definition") {
  const std::vector<float> x = laplace(200000, 25.0F);
  const float top = absmax(x).value;
  const auto counts = detail::magnitude_histogram(x, top, 2048);
  std::int64_t sum = 0;
  for (const std::int64_t c : counts) {
    sum += c;
  }
  CHECK(sum == 200000);
  CHECK(counts.back() == 1);
  for (const precision p : {precision::int8, precision::int4, precision::fp8_e4m3,
                            precision::fp4_e2m1, precision::fp8_e5m2, precision::fp16}) {
    const detail::entropy_search search{counts, p};
    for (const std::size_t bins : {128U, 333U, 640U, 1000U, 2048U}) {
      const double expected = by_definition({counts.begin(), counts.end()}, p, bins);
      CAPTURE(to_string(p), bins, expected);
      if (std::isinf(expected)) {
        CHECK(std::isinf(search.divergence(bins)));
      } else {
        CHECK(search.divergence(bins) == Approx(expected).epsilon(1e-9).margin(1e-12));
      }
    }
  }
}

TEST_CASE("the clip is the best of those tried and cuts an outlier off") {
  const std::vector<float> x = laplace(200000, 60.0F);
  for (const precision p : {precision::int8, precision::int4, precision::fp4_e2m1}) {
    const entropy_clip found = find_entropy_clip(x, p);
    CAPTURE(to_string(p), found.clip, found.divergence);
    CHECK(found.divergence < found.absmax_divergence);
    CHECK(found.clip < 30);
    CHECK(found.scale == scale_for_clip(found.clip, p));
    CHECK(entropy_scale(x, p) == found.scale);
    const detail::entropy_search search{detail::magnitude_histogram(x, 60.0F, 2048), p};
    for (std::size_t i = 2048; i >= 128; i -= 8) {
      CHECK(search.divergence(i) >= found.divergence);
    }
    const entropy_clip finer = find_entropy_clip(x, p, {.every = 1});
    CHECK(finer.divergence <= found.divergence);
  }
}

TEST_CASE("entropy of NaN, Inf, zeros and wide formats") {
  const float none[] = {std::nanf(""), 0, std::numeric_limits<float>::infinity()};
  CHECK(find_entropy_clip(none, precision::int8) == entropy_clip{});
  CHECK(find_entropy_clip({}, precision::int8) == entropy_clip{});
  std::vector<float> x = laplace(5000, 20.0F);
  CHECK(find_entropy_clip(x, precision::bf16).clip == 20.0F);
  const float scale = find_entropy_clip(x, precision::int8).scale;
  x.push_back(std::nanf(""));
  x.push_back(-std::numeric_limits<float>::infinity());
  CHECK(find_entropy_clip(x, precision::int8).scale == scale);
  const std::vector<float> same(100, -1.0F);
  CHECK(find_entropy_clip(same, precision::int8).clip == 1.0F);
}

TEST_CASE("entropy rules") {
  REQUIRE_THROWS_WITH(find_entropy_clip(few, precision::int8, {.bins = 64}),
                      test::contains("find_entropy_clip: needs 1 <= fewest <= bins < 2^31"));
  REQUIRE_THROWS_WITH(find_entropy_clip(few, precision::int8, {.every = 0}),
                      test::contains("find_entropy_clip: every must be positive"));
}

}  // namespace entropy_clip_test

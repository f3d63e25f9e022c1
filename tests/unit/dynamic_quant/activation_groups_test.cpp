// SPDX-License-Identifier: Apache-2.0
//
// Ranges of groups and rounding under them: which values share a scale, what NaN, Inf and zeros do, what counts as clipped.
#include "quantroof/dynamic_quant/activation_groups.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace {

using namespace quantroof;
using enum granularity;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();
// Rows of three, the last column belongs to another matrix.
constexpr float x23[] = {1, -8, not_a_number, 77, -2, 4, 0, 77};
constexpr matrix_view<const float> activation{x23, 2, 3, 4};

struct range_row {
  granularity g;
  std::size_t count;
  std::array<double, 3> expected;
};
constexpr range_row rows[] = {
    {per_tensor, 1, {8}},
    {per_token, 2, {8, 4}},
    {per_channel, 3, {2, 8, 0}},  // NaN and 0: no range
};
constexpr auto has_ranges = [](const range_row& r) {
  const dynamic_quant_config config{.granularity = r.g, .calibration_mode = calibration::absmax};
  const std::vector<double> ranges = detail::group_ranges(activation, config, precision::fp4_e2m1);
  bool same = ranges.size() == r.count;
  for (std::size_t i = 0; same && i < r.count; ++i) {
    same = detail::abs(ranges[i] - r.expected[i]) <= 1e-6 * r.expected[i];
  }
  return same;
};
static_assert(test::first_failure(rows, has_ranges) == -1);

}  // namespace

TEST_CASE("ranges per tensor, token and channel") {
  for (const range_row& r : test::at_run_time(rows)) {
    CAPTURE(to_string(r.g));
    CHECK(has_ranges(r));
  }
}

TEST_CASE("channels are gathered whatever their number") {
  for (const std::size_t cols : {1U, 15U, 16U, 17U, 40U}) {
    std::vector<float> x(3 * cols);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(i + 1);
    }
    const auto ranges = detail::group_ranges(
        {x.data(), 3, cols}, {.granularity = per_channel, .calibration_mode = calibration::absmax},
        precision::int8);
    REQUIRE(ranges.size() == cols);
    for (std::size_t c = 0; c < cols; ++c) {
      CHECK(ranges[c] == Approx(2 * cols + c + 1).epsilon(1e-6));  // the last row is the largest
    }
  }
}

TEST_CASE("the largest value is not clipped by the rounding of its own scale") {
  std::uint32_t state = 1;
  for (const precision_format& f : precision_formats) {
    if (!can_hold_activations(f.id) || has_blocks(f.id)) {
      continue;
    }
    std::int64_t clipped = 0;
    for (int i = 0; i < 2000; ++i) {
      state = state * 1664525U + 1013904223U;
      const float largest = 1e-3F + static_cast<float>(state >> 8U) * 1e-4F;
      const float x[] = {largest, -largest / 3};
      float out[2] = {};
      const float scale = absmax_scale(x, f.id);
      clipped += detail::round_groups({x, 1, 2}, {out, 1, 2}, per_tensor, f.id, {&scale, 1});
    }
    CAPTURE(f.name);
    CHECK(clipped == 0);
  }
}

TEST_CASE("clipped values are counted, NaN and Inf are not") {
  const float x[] = {1, 2, 3, -4, not_a_number, -inf};
  const float scale[] = {2.0F / 127};
  float out[6] = {};
  CHECK(detail::round_groups({x, 2, 3}, {out, 2, 3}, per_tensor, precision::int8, scale) == 2);
  CHECK(out[2] == Approx(2));
  CHECK(out[3] == Approx(-2));
  CHECK(std::isnan(out[4]));
  CHECK(out[5] == Approx(-2));
  const float scales[] = {1.0F / 127, 4.0F / 127, 1.0F / 127};
  CHECK(detail::round_groups({x, 2, 3}, {out, 2, 3}, per_channel, precision::int8, scales) == 2);
  CHECK(out[1] == Approx(2).epsilon(0.02));
  CHECK(out[2] == Approx(1));
}

TEST_CASE("in formats with blocks a NaN or Inf stays alone") {
  std::vector<float> x(2 * 64);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = 0.125F * static_cast<float>(i % 9) - 0.5F;
  }
  std::vector<float> finite = x;
  x[5] = not_a_number;
  x[70] = -inf;
  finite[5] = 0;
  finite[70] = -0.5F;  // the largest magnitude of the second row
  for (const precision_format& f : precision_formats) {
    if (!can_hold_activations(f.id) || !has_blocks(f.id)) {
      continue;
    }
    std::vector<float> out(x.size());
    std::vector<float> expected(x.size());
    const matrix_view<const float> view{x.data(), 2, 64};
    const matrix_view<const float> finite_view{finite.data(), 2, 64};
    detail::round_blocks(view, {out.data(), 2, 64}, f.id, compute_activation_stats(view));
    detail::round_blocks(finite_view, {expected.data(), 2, 64}, f.id,
                         compute_activation_stats(finite_view));
    CAPTURE(f.name);
    CHECK(std::isnan(out[5]));
    out[5] = expected[5];
    CHECK(out == expected);
  }
}

TEST_CASE("an Inf in a row without finite values") {
  const float x[] = {inf, not_a_number, 0.75F, -1.5F};
  for (const precision p : {precision::mxfp4, precision::nvfp4, precision::int8_g32}) {
    CAPTURE(to_string(p));
    float out[4] = {};
    const matrix_view<const float> both{x, 2, 2};
    detail::round_blocks(both, {out, 2, 2}, p, compute_activation_stats(both));
    CHECK(out[0] == Approx(1.5).epsilon(1e-3));  // the largest magnitude of the matrix
    CHECK(std::isnan(out[1]));
    const matrix_view<const float> first{x, 1, 2};
    detail::round_blocks(first, {out, 1, 2}, p, compute_activation_stats(first));
    CHECK(out[0] == Approx(element_max(p)).epsilon(1e-3));
  }
}

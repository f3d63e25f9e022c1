// SPDX-License-Identifier: Apache-2.0
//
// Ranges of groups and activations without NaN and Inf.
#include "quantroof/dynamic_quant/activation_groups.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace activation_groups_test {

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
    {per_tensor, 1, {8}}, {per_channel, 3, {2, 8, 0}},  // NaN and 0: no range
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

TEST_CASE("ranges per tensor and channel") {
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

TEST_CASE("only scales per tensor and channel are averaged") {
  REQUIRE_THROWS_WITH(
      detail::group_ranges(activation, {.granularity = per_token}, precision::int8),
      test::contains("group_ranges: only scales per tensor and per channel are averaged"));
}

TEST_CASE("NaN becomes zero and Inf the range of its row") {
  const float x[] = {1, -2, not_a_number, inf, inf, not_a_number, not_a_number, -inf};
  const std::vector<float> clean = detail::without_specials({x, 2, 4}, 2.0F, 6.0F);
  const std::vector<float> expected{1, -2, 0, 2,
                                    2, 0,  0, -2};  // the second row has none: the matrix's
  CHECK(clean == expected);
  const std::vector<float> alone = detail::without_specials({x + 4, 1, 4}, 0.0F, 6.0F);
  CHECK(alone == std::vector<float>{6, 0, 0, -6});
}

}  // namespace activation_groups_test

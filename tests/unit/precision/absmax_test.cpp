// SPDX-License-Identifier: Apache-2.0
//
// Largest magnitudes of every kind of group, against plain loops.
#include "quantroof/precision/absmax.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace absmax_test {

namespace {

using namespace quantroof;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct row {
  float x[4];
  absmax_result expected;
};
constexpr row rows[] = {
    {{1, -3, 2, 0}, {3, 0, 0}},
    {{0, -0.0F, 0, 0}, {0, 0, 0}},
    {{not_a_number, -2, inf, -inf}, {2, 1, 2}},
    {{not_a_number, -not_a_number, inf, -inf}, {0, 2, 2}},
    {{1e-45F, 0, 0, -3.4028235e38F}, {3.4028235e38F, 0, 0}},
};
constexpr auto agrees = [](const row& r) { return absmax(r.x) == r.expected; };
static_assert(test::first_failure(rows, agrees) == -1);

constexpr float x23[] = {1, -8, 3, 77, -2, 4, -5, 77};
constexpr bool groups_at_compile_time() {
  const matrix_view<const float> x{x23, 2, 3, 4};  // the last column belongs to another matrix
  float by_row[2] = {};
  float by_column[3] = {};
  float by_pair[4] = {};
  float by_block[2] = {};
  return row_absmax(x, by_row).value == 8 && by_row[0] == 8 && by_row[1] == 5 &&
         column_absmax(x, by_column).value == 8 && by_column[0] == 2 && by_column[1] == 8 &&
         by_column[2] == 5 && group_absmax(x, 2, by_pair).value == 8 && by_pair[0] == 8 &&
         by_pair[1] == 3 && by_pair[2] == 4 && by_pair[3] == 5 &&
         block_absmax(x, 2, 2, by_block).value == 8 && by_block[0] == 8 && by_block[1] == 5;
}
static_assert(groups_at_compile_time());

struct shape {
  std::size_t rows, cols, stride, block_rows, block_cols;
};
constexpr shape shapes[] = {
    {1, 1, 1, 1, 1},          {3, 63, 63, 2, 16},        {5, 64, 70, 2, 16},
    {9, 130, 130, 4, 32},     {130, 257, 300, 128, 128}, {7, 1000, 1000, 3, 128},
    {2, 4096, 4096, 128, 48}, {4, 640, 640, 2, 10},      {70, 32, 32, 64, 64}};

float plain(const std::vector<float>& x, const shape& s, std::size_t r0, std::size_t c0,
            std::size_t height, std::size_t width) {
  float best = 0;
  for (std::size_t r = r0; r < std::min(r0 + height, s.rows); ++r) {
    for (std::size_t c = c0; c < std::min(c0 + width, s.cols); ++c) {
      const float v = std::fabs(x[r * s.stride + c]);
      best = std::isfinite(v) ? std::max(best, v) : best;
    }
  }
  return best;
}

}  // namespace

TEST_CASE("largest magnitudes by hand") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.x[0], r.x[3]);
    CHECK(agrees(r));
  }
}

TEST_CASE("every group agrees with a plain loop, with and without NaN and Inf") {
  std::uint32_t state = 3;
  for (const shape& s : shapes) {
    for (const int specials : {0, 3}) {
      std::vector<float> x(s.rows * s.stride);
      for (float& v : x) {
        state = state * 1664525U + 1013904223U;
        v = static_cast<float>(static_cast<std::int32_t>(state)) * 1e-9F;
      }
      std::int64_t nans = 0;
      std::int64_t infs = 0;
      for (int i = 0; i < specials; ++i) {
        const std::size_t at = static_cast<std::size_t>(i) * 37 % s.rows * s.stride +
                               static_cast<std::size_t>(i) * 101 % s.cols;
        x[at] = i % 2 == 0 ? not_a_number : -inf;
      }
      for (std::size_t r = 0; r < s.rows; ++r) {
        for (std::size_t c = 0; c < s.cols; ++c) {
          nans += std::isnan(x[r * s.stride + c]) ? 1 : 0;
          infs += std::isinf(x[r * s.stride + c]) ? 1 : 0;
        }
      }
      const matrix_view<const float> view{x.data(), s.rows, s.cols, s.stride};
      const absmax_result whole{plain(x, s, 0, 0, s.rows, s.cols), nans, infs};
      CAPTURE(s.rows, s.cols, s.stride, specials);
      CHECK(absmax(view) == whole);
      std::vector<float> out(s.rows);
      CHECK(row_absmax(view, out) == whole);
      for (std::size_t r = 0; r < s.rows; ++r) {
        CHECK(out[r] == plain(x, s, r, 0, 1, s.cols));
      }
      out.resize(s.cols);
      CHECK(column_absmax(view, out) == whole);
      bool same = true;
      for (std::size_t c = 0; c < s.cols; ++c) {
        same = same && out[c] == plain(x, s, 0, c, s.rows, 1);
      }
      CHECK(same);
      const std::size_t across = (s.cols + s.block_cols - 1) / s.block_cols;
      const std::size_t down = (s.rows + s.block_rows - 1) / s.block_rows;
      out.assign(s.rows * across, -1.0F);
      CHECK(group_absmax(view, s.block_cols, out) == whole);
      for (std::size_t i = 0; i < out.size(); ++i) {
        same =
            same && out[i] == plain(x, s, i / across, i % across * s.block_cols, 1, s.block_cols);
      }
      CHECK(same);
      out.assign(down * across, -1.0F);
      CHECK(block_absmax(view, s.block_rows, s.block_cols, out) == whole);
      for (std::size_t i = 0; i < out.size(); ++i) {
        same = same && out[i] == plain(x, s, i / across * s.block_rows, i % across * s.block_cols,
                                       s.block_rows, s.block_cols);
      }
      CHECK(same);
    }
  }
}

TEST_CASE("a NaN far into a long tensor") {
  std::vector<float> x(200000, 0.5F);
  x[199999] = -7;
  x[150000] = not_a_number;
  CHECK(absmax(x) == absmax_result{7, 1, 0});
  CHECK(absmax(x).special_count() == 1);
  CHECK(absmax(std::span<const float>{}) == absmax_result{});
}

TEST_CASE("empty matrices and rules") {
  std::vector<float> two(2, 5.0F);
  const matrix_view<const float> none{two.data(), 0, 2};
  CHECK(column_absmax(none, two) == absmax_result{});
  CHECK(two[1] == 0);
  CHECK(absmax(none) == absmax_result{});
  const matrix_view<const float> x{x23, 2, 4};
  REQUIRE_THROWS_WITH(row_absmax(x, std::span<float>{two}.first(1)),
                      test::contains("row_absmax: out must have one element per row"));
  REQUIRE_THROWS_WITH(column_absmax(x, two),
                      test::contains("column_absmax: out must have one element per column"));
  REQUIRE_THROWS_WITH(group_absmax(x, 0, two), test::contains("group_absmax: the group must not"));
  REQUIRE_THROWS_WITH(group_absmax(x, 3, two),
                      test::contains("group_absmax: out must have one element per group"));
  REQUIRE_THROWS_WITH(block_absmax(x, 0, 1, two),
                      test::contains("block_absmax: the block must not be empty"));
  REQUIRE_THROWS_WITH(block_absmax(x, 1, 1, two),
                      test::contains("block_absmax: out must have one element per block"));
}

}  // namespace absmax_test

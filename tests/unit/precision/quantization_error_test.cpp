// SPDX-License-Identifier: Apache-2.0
//
// Error figures: worked examples, zeros, NaN and Inf, strides, a uniform quantizer's theory.
#include "quantroof/precision/quantization_error.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "test_table.hpp"

namespace quantization_error_test {

namespace {

using namespace quantroof;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr double far = std::numeric_limits<double>::infinity();

struct error_row {
  std::array<float, 4> reference;
  std::array<float, 4> approximate;
  quantization_error expected;
};
// By hand: d = (0, 0, 1, 0), sums 1 and 30, x.y = 33, |y|^2 = 37; and so on.
constexpr error_row rows[] = {
    {{1, 2, 3, 4}, {1, 2, 3, 4}, {.count = 4}},
    {{1, 2, 3, 4},
     {1, 2, 4, 4},
     {.count = 4,
      .mse = 0.25,
      .relative_mse = 1.0 / 30,
      .sqnr_db = 14.771212547196624,
      .max_abs_error = 1,
      .max_relative_error = 1.0 / 3,
      .mean_error = 0.25,
      .cosine = 33.0 / 33.316662497915367}},  // sqrt(30 * 37)
    {{0, 0, 0, 0}, {0, -0.0F, 0, 0}, {.count = 4}},
    {{0, 0, 0, 0},
     {0, 0, 0, -2},
     {.count = 4,
      .mse = 1,
      .relative_mse = far,
      .sqnr_db = -far,
      .max_abs_error = 2,
      .mean_error = -0.5,
      .cosine = 0}},
    {{3, 4, 0, 0},
     {0, 0, 0, 0},
     {.count = 4,
      .mse = 6.25,
      .relative_mse = 1,
      .sqnr_db = 0,
      .max_abs_error = 4,
      .max_relative_error = 1,
      .mean_error = -1.75,
      .cosine = 0}},
    {{not_a_number, not_a_number, inf, -inf},
     {not_a_number, 1, inf, inf},
     {.count = 4, .nan_mismatches = 1, .inf_mismatches = 1}},
    {{inf, 1, not_a_number, 2},
     {not_a_number, inf, inf, 2},
     {.count = 4, .nan_mismatches = 2, .inf_mismatches = 1}},
    {{1, -1, 1, -1},
     {-1, 1, -1, 1},
     {.count = 4,
      .mse = 4,
      .relative_mse = 4,
      .sqnr_db = -6.0205999132796239,
      .max_abs_error = 2,
      .max_relative_error = 2,
      .cosine = -1}},
};
constexpr bool close(double a, double b) {
  return a == b || detail::abs(a - b) <= 1e-14 * detail::abs(b);
}
constexpr auto has_error = [](const error_row& r) {
  const quantization_error e =
      compare(std::span<const float>{r.reference}, std::span<const float>{r.approximate});
  const quantization_error& x = r.expected;
  return e.count == x.count && e.nan_mismatches == x.nan_mismatches &&
         e.inf_mismatches == x.inf_mismatches && close(e.mse, x.mse) &&
         close(e.relative_mse, x.relative_mse) && close(e.sqnr_db, x.sqnr_db) &&
         e.max_abs_error == x.max_abs_error && close(e.max_relative_error, x.max_relative_error) &&
         close(e.mean_error, x.mean_error) && close(e.cosine, x.cosine);
};
static_assert(test::first_failure(rows, has_error) == -1);

}  // namespace

TEST_CASE("error figures match worked examples") {
  int index = 0;
  for (const error_row& r : test::at_run_time(rows)) {
    CAPTURE(index++);
    CHECK(has_error(r));
  }
}

TEST_CASE("long rows, tails and strides") {
  for (const std::size_t n : {1U, 7U, 8U, 9U, 64U, 1001U}) {
    const std::vector<float> x = test::draw(n, 1, &test::generator::bell);
    std::vector<float> y = x;
    double squares = 0;
    double signal = 0;
    for (std::size_t i = 0; i < n; ++i) {
      y[i] += 0.01F * x[n - 1 - i];
      squares += std::pow(static_cast<double>(y[i]) - static_cast<double>(x[i]), 2);
      signal += std::pow(static_cast<double>(x[i]), 2);
    }
    const quantization_error e = compare(std::span<const float>{x}, std::span<const float>{y});
    CAPTURE(n);
    CHECK(e.mse == Approx(squares / static_cast<double>(n)).epsilon(1e-12));
    CHECK(e.sqnr_db == Approx(10 * std::log10(signal / squares)).epsilon(1e-12));
    CHECK(compare(matrix_view<const float>{x.data(), 1, n}, {y.data(), 1, n}) == e);
  }
  // Two rows of three at distance four: what is between them does not count.
  const float a[] = {1, 2, 3, not_a_number, 4, 5, 6, not_a_number};
  const float b[] = {1, 2, 3, 9, 4, 5, 7, 9, 9};
  const quantization_error e =
      compare(matrix_view<const float>{a, 2, 3, 4}, matrix_view<const float>{b, 2, 3, 4});
  CHECK(e.count == 6);
  CHECK(e.nan_mismatches == 0);
  CHECK(e.mse == Approx(1.0 / 6));
  CHECK(compare(std::span<const float>{}, std::span<const float>{}) == quantization_error{});
}

TEST_CASE("rounding to a grid costs 6 dB a bit") {
  // Uniform values on a grid of step s: error variance s^2 / 12 against 1 / 12, so 20 log10(1 / s).
  const std::vector<float> x = test::draw(100000, 5, &test::generator::uniform);
  for (const int bits : {4, 8}) {
    const float steps = static_cast<float>(1 << bits);
    std::vector<float> y = x;
    for (float& v : y) {
      v = std::nearbyint(v * steps) / steps;
    }
    const quantization_error e = compare(std::span<const float>{x}, std::span<const float>{y});
    CHECK(e.sqnr_db == Approx(20 * std::log10(2.0) * bits).margin(0.05));
    CHECK(e.max_abs_error <= 0.5 / static_cast<double>(steps));
    CHECK(std::abs(e.mean_error) < 0.01 / static_cast<double>(steps));
  }
}

TEST_CASE("extreme values neither overflow nor vanish") {
  const float most = std::numeric_limits<float>::max();
  const float least = std::numeric_limits<float>::denorm_min();
  const float big[] = {most, -most};
  const float opposite[] = {-most, most};
  const quantization_error e =
      compare(std::span<const float>{big}, std::span<const float>{opposite});
  CHECK(e.relative_mse == 4);
  CHECK(e.max_abs_error == 2 * static_cast<double>(most));
  const float small[] = {least};
  const float none[] = {0};
  CHECK(compare(std::span<const float>{small}, std::span<const float>{none}).relative_mse == 1);
}

TEST_CASE("error rules") {
  const float a[] = {1, 2};
  REQUIRE_THROWS_WITH(compare(std::span<const float>{a, 2}, std::span<const float>{a, 1}),
                      test::contains("compare: reference and approximate must have the same size"));
  REQUIRE_THROWS_WITH(
      compare(matrix_view<const float>{a, 1, 2}, matrix_view<const float>{a, 2, 1}),
      test::contains("compare: reference and approximate must have the same shape"));
}

}  // namespace quantization_error_test

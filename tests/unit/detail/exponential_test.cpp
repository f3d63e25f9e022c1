// SPDX-License-Identifier: Apache-2.0
//
// Logarithms and powers against known values and the C library.
#include "quantroof/detail/exponential.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "noise.hpp"
#include "test_table.hpp"

namespace exponential_test {

namespace {

using namespace quantroof;

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr bool close(double a, double b, double relative) {
  return a == b || detail::abs(a - b) <= relative * detail::abs(b);
}

struct log_row {
  double x, ln, log2, log10;
};
// Decimal values to 17 digits from arbitrary-precision arithmetic (Python's decimal, 60 digits).
constexpr log_row logs[] = {
    {1, 0, 0, 0},
    {2, 0.69314718055994531, 1, 0.30102999566398120},
    {10, 2.3025850929940457, 3.3219280948873623, 1},
    {1000, 6.9077552789821371, 9.9657842846620870, 3},
    {0.5, -0.69314718055994531, -1, -0.30102999566398120},
    {0.1, -2.3025850929940457, -3.3219280948873623, -1},
    {448, 6.1047932324149849, 8.8073549220576041, 2.6512780139981440},
    {1.0000000001, 9.9999999995e-11, 1.4426950408168e-10, 4.3429448188154e-11},
    {std::numeric_limits<double>::denorm_min(), -744.44007192138126, -1074, -323.30621534311580},
};
constexpr auto has_logs = [](const log_row& r) {
  const double tolerance = r.x == 1.0000000001 ? 1e-6 : 1e-15;  // that argument is rounded
  return close(detail::ln(r.x), r.ln, tolerance) && close(detail::log2(r.x), r.log2, tolerance) &&
         close(detail::log10(r.x), r.log10, tolerance);
};
static_assert(test::first_failure(logs, has_logs) == -1);

struct power_row {
  double x, y, power;
};
constexpr power_row powers[] = {
    {4, 0.5, 2},
    {2, 10, 1024},
    {10, 3, 1000},
    {10, -2, 0.01},
    {0, 0.5, 0},
    {0, 0, 1},
    {1, 1e300, 1},
    {3, 0, 1},
    {2, -1074, std::numeric_limits<double>::denorm_min()},
    {2, 1024, infinity},
    {2, -1100, 0},
    {16, 0.75, 8},
    {7, 0.5, 2.6457513110645906},
};
constexpr auto has_power = [](const power_row& r) {
  return close(detail::pow(r.x, r.y), r.power, 2e-15);
};
static_assert(test::first_failure(powers, has_power) == -1);

static_assert(detail::ln(0.0) == -infinity && detail::is_nan(detail::ln(-1.0)) &&
              detail::log10(infinity) == infinity && detail::is_nan(detail::log2(-infinity)));
static_assert(detail::exp2(-infinity) == 0 && detail::exp2(infinity) == infinity &&
              detail::is_nan(detail::exp2(std::numeric_limits<double>::quiet_NaN())));
static_assert(detail::unfused(3.0) == 3.0 && detail::unfused(-0x1.0000000000001p0) == -1.0);

}  // namespace

TEST_CASE("logarithms and powers match their tables") {
  for (const log_row& r : test::at_run_time(logs)) {
    CAPTURE(r.x);
    CHECK(has_logs(r));
  }
  for (const power_row& r : test::at_run_time(powers)) {
    CAPTURE(r.x, r.y);
    CHECK(has_power(r));
  }
  REQUIRE_THROWS_WITH(detail::pow(-1.0, 2.0), test::contains("pow: needs a finite x >= 0"));
  REQUIRE_THROWS_WITH(detail::pow(0.0, -1.0), test::contains("pow: 0 has no negative power"));
}

TEST_CASE("powers of two are exact") {
  for (int e = -1074; e < 1024; ++e) {
    const double x = std::ldexp(1.0, e);
    if (detail::log2(x) != e || detail::exp2(e) != x) {
      CAPTURE(e);
      FAIL_CHECK("log2 or exp2 is not exact");
    }
  }
}

TEST_CASE("logarithms and powers agree with the C library") {
  test::generator g{7};
  double worst = 0;
  const auto see = [&worst](double ours, double theirs, double scale) {
    const double e = std::abs(ours - theirs) / scale;
    worst = e > worst ? e : worst;
  };
  for (int i = 0; i < 20000; ++i) {
    const double u = static_cast<double>(g.uniform()) + static_cast<double>(g.uniform()) * 0x1p-24;
    const double x = i % 2 == 0 ? std::exp2(2000 * u) : 1.0 + u;
    see(detail::ln(x), std::log(x), std::abs(std::log(x)) + 1e-300);
    see(detail::log2(x), std::log2(x), std::abs(std::log2(x)) + 1e-300);
    see(detail::log10(x), std::log10(x), std::abs(std::log10(x)) + 1e-300);
    const double y = 2040 * u;
    see(detail::exp2(y), std::exp2(y), std::exp2(y));
    const double base = std::exp2(50 * u);
    see(detail::pow(base, 0.5 + u), std::pow(base, 0.5 + u), 50 * std::pow(base, 0.5 + u));
  }
  CHECK(worst < 2e-15);
}

}  // namespace exponential_test

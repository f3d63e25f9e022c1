// SPDX-License-Identifier: Apache-2.0
//
// Products stay rounded on their own, in whatever build this test runs.
#include "quantroof/detail/uncontracted.hpp"

#include <cstdint>

#include "catch.hpp"
#include "test_table.hpp"

namespace uncontracted_test {

namespace {

using namespace quantroof::detail;

// (1 + 2^-23)^2 = 1 + 2^-22 + 2^-46 and (1 + 2^-52)^2 = 1 + 2^-51 + 2^-104: the last term is what rounding takes away.
constexpr float x = 1.00000011920928955078125F;
constexpr double y = 1.0000000000000002220446049250313;
static_assert(square(x) - (1.0F + 0x1p-22F) == 0.0F && square(-x) == square(x));
static_assert(square(y) - (1.0 + 0x1p-51) == 0.0);
static_assert(abs_product(-x, x) == square(x) && abs_product(y, -y) == square(y));

}  // namespace

TEST_CASE("a difference from the rounded product is zero") {
  const float a = test::at_run_time_value(x);
  const double b = test::at_run_time_value(y);
  CHECK(square(a) - (1.0F + 0x1p-22F) == 0.0F);
  CHECK(square(b) - (1.0 + 0x1p-51) == 0.0);
  CHECK(abs_product(a, -a) - (1.0F + 0x1p-22F) == 0.0F);
  CHECK(abs_product(-b, b) - (1.0 + 0x1p-51) == 0.0);
}

}  // namespace uncontracted_test

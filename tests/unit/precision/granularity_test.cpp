// SPDX-License-Identifier: Apache-2.0
//
// The names of granularities and calibrations.
#include "quantroof/precision/granularity.hpp"

#include "catch.hpp"

namespace granularity_test {

using namespace quantroof;

static_assert(parse_granularity("per_group") == granularity::per_group);
static_assert(parse_calibration("entropy") == calibration::entropy);

TEST_CASE("names of granularities and calibrations parse back, unknown ones list the known") {
  using enum granularity;
  for (const granularity g : {per_tensor, per_token, per_channel, per_group}) {
    CHECK(parse_granularity(to_string(g)) == g);
  }
  for (const calibration c : {calibration::absmax, calibration::percentile,
                              calibration::mse_optimal, calibration::entropy}) {
    CHECK(parse_calibration(to_string(c)) == c);
  }
  CHECK_FALSE(find_granularity("row"));
  CHECK_FALSE(find_calibration("kl"));
  REQUIRE_THROWS_WITH(parse_granularity("token"),
                      test::contains("known: per_tensor, per_token, per_channel, per_group"));
  REQUIRE_THROWS_WITH(parse_calibration("max"),
                      test::contains("known: absmax, percentile, mse_optimal, entropy"));
}

}  // namespace granularity_test

// SPDX-License-Identifier: Apache-2.0
#include "quantroof/engine/recommendation.hpp"

#include <type_traits>

#include "catch.hpp"
#include "test_table.hpp"

namespace recommendation_test {

namespace {

using namespace quantroof;

struct named_row {
  confidence value;
  std::string_view name;  // the specification: "high", "medium", "low"
};
constexpr named_row rows[] = {
    {confidence::low, "low"}, {confidence::medium, "medium"}, {confidence::high, "high"}};
constexpr auto is_named = [](const named_row& r) {
  return to_string(r.value) == r.name && parse_confidence(r.name) == r.value;
};
static_assert(test::first_failure(rows, is_named) == -1);
static_assert(confidence::low < confidence::medium && confidence::medium < confidence::high);

// No allocation and nothing to clean up: a recommendation may lie in a constant, in shared memory or in a file.
static_assert(std::is_trivially_copyable_v<quantization_recommendation>);
static_assert(std::is_trivially_destructible_v<quantization_recommendation>);
static_assert(quantization_recommendation{} == quantization_recommendation{});

TEST_CASE("confidence prints and parses") {
  for (const named_row& r : test::at_run_time(rows)) {
    CAPTURE(r.name);
    CHECK(is_named(r));
  }
  REQUIRE_THROWS_WITH(parse_confidence("certain"),
                      test::contains("parse_confidence: unknown name \"certain\"; known: low, "
                                     "medium, high"));
}

TEST_CASE("recommendations differ when any part differs") {
  const quantization_recommendation base{};
  quantization_recommendation other{};
  other.reason = "because";
  CHECK_FALSE(base == other);
  other = base;
  other.config.dynamic = dynamic_quant_config{};
  CHECK_FALSE(base == other);
  other = base;
  other.bottleneck_analysis.push_back({.op = operator_type::lm_head});
  CHECK_FALSE(base == other);
  other = base;
  other.kv_cache_bytes = 1;
  CHECK_FALSE(base == other);
}

}  // namespace

}  // namespace recommendation_test

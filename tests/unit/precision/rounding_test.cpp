// SPDX-License-Identifier: Apache-2.0
//
// The names of the rules, and the one addition that rounds.
#include "quantroof/precision/rounding.hpp"

#include <cstdint>

#include "catch.hpp"
#include "test_table.hpp"

namespace rounding_test {

namespace {

using namespace quantroof;
using enum rounding;
using enum overflow;

constexpr std::uint64_t half = std::uint64_t{1} << 31U;
constexpr std::uint64_t fixed(std::uint64_t whole, std::uint64_t fraction) {
  return (whole << 32U) + fraction;
}

struct fixed_row {
  std::uint64_t value;
  rounding mode;
  std::uint32_t random_bits;
  std::uint32_t result;
};
constexpr fixed_row fixed_rows[] = {
    {fixed(2, 0), nearest_even, 0, 2},
    {fixed(2, half - 1), nearest_even, 0, 2},
    {fixed(2, half), nearest_even, 0, 2},  // the tie goes to the even integer
    {fixed(2, half + 1), nearest_even, 0, 3},
    {fixed(3, half - 1), nearest_even, 0, 3},
    {fixed(3, half), nearest_even, 0, 4},
    {fixed(0, half), nearest_even, 0, 0},
    {fixed(2, half), nearest_even, 0xFFFFFFFF, 2},  // random bits are for stochastic only
    {fixed(2, 0xFFFFFFFF), toward_zero, 0xFFFFFFFF, 2},
    {fixed(2, 0xFFFFFFFF), stochastic, 0, 2},  // 1 of 2^32 stays
    {fixed(2, 0xFFFFFFFF), stochastic, 1, 3},
    {fixed(2, 1), stochastic, 0xFFFFFFFE, 2},  // 1 of 2^32 goes
    {fixed(2, 1), stochastic, 0xFFFFFFFF, 3},
    {fixed(2, half), stochastic, 0x7FFFFFFF, 2},  // half of them go
    {fixed(2, half), stochastic, 0x80000000, 3},
    {fixed(2, 0), stochastic, 0xFFFFFFFF, 2},  // an integer stays
    {fixed(0, 0), stochastic, 0xFFFFFFFF, 0},
};
constexpr auto rounds = [](const fixed_row& r) {
  return detail::round_fixed(r.value, r.mode, r.random_bits) == r.result;
};
static_assert(test::first_failure(fixed_rows, rounds) == -1);

template <class Enum, std::size_t N>
constexpr bool names_return(const detail::name_table<Enum, N>& table, auto find) {
  for (const auto& entry : table) {
    if (find(to_string(entry.value)) != entry.value || to_string(entry.value) != entry.name) {
      return false;
    }
  }
  return true;
}
static_assert(names_return(detail::rounding_names, find_rounding));
static_assert(names_return(detail::overflow_names, find_overflow));
static_assert(names_return(detail::special_rule_names, find_special_rule));
static_assert(!find_rounding("up") && !find_overflow("wrap") && !find_special_rule("CUDA"));

}  // namespace

TEST_CASE("fixed-point numbers round by one addition") {
  for (const fixed_row& r : test::at_run_time(fixed_rows)) {
    CAPTURE(r.value, to_string(r.mode), r.random_bits);
    CHECK(rounds(r));
  }
}

TEST_CASE("rules have names that return") {
  for (const auto& entry : test::at_run_time(detail::rounding_names)) {
    CHECK(parse_rounding(to_string(entry.value)) == entry.value);
  }
  for (const auto& entry : test::at_run_time(detail::overflow_names)) {
    CHECK(parse_overflow(to_string(entry.value)) == entry.value);
  }
  for (const auto& entry : test::at_run_time(detail::special_rule_names)) {
    CHECK(parse_special_rule(to_string(entry.value)) == entry.value);
  }
}

TEST_CASE("unknown rules list the known ones") {
  REQUIRE_THROWS_WITH(
      parse_rounding("up"),
      test::contains(
          "parse_rounding: unknown name \"up\"; known: nearest_even, toward_zero, stochastic"));
  REQUIRE_THROWS_WITH(
      parse_overflow("wrap"),
      test::contains("parse_overflow: unknown name \"wrap\"; known: saturate, to_special"));
  REQUIRE_THROWS_WITH(
      parse_special_rule("amd"),
      test::contains("parse_special_rule: unknown name \"amd\"; known: cuda, ml_dtypes, pytorch"));
  REQUIRE_THROWS_WITH(to_string(static_cast<special_rule>(17)),
                      test::contains("to_string: the value is not an enumerator"));
}

}  // namespace rounding_test

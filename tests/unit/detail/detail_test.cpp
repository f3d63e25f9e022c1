// SPDX-License-Identifier: Apache-2.0
//
// The small tools: checked arithmetic, square root, rounding, fixed-capacity text and lists, views, names.
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "catch.hpp"
#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "test_table.hpp"

namespace detail_test {

namespace {

using namespace quantroof;

struct divide_row {
  std::int64_t a, b, q;
};
constexpr divide_row divisions[] = {
    {0, 3, 0},
    {1, 3, 1},
    {3, 3, 1},
    {4, 3, 2},
    {std::numeric_limits<std::int64_t>::max(), 1, std::numeric_limits<std::int64_t>::max()}};
constexpr auto divides = [](const divide_row& r) { return detail::ceil_div(r.a, r.b) == r.q; };
static_assert(test::first_failure(divisions, divides) == -1);

struct round_row {
  double x, rounded;
};
constexpr round_row roundings[] = {{0.5, 0},  {1.5, 2},  {2.5, 2},    {-0.5, 0}, {-1.5, -2},
                                   {2.49, 2}, {2.51, 3}, {-2.51, -3}, {7, 7}};
constexpr auto rounds = [](const round_row& r) { return detail::round_even(r.x) == r.rounded; };
static_assert(test::first_failure(roundings, rounds) == -1);

static_assert(detail::sqrt(0.0) == 0.0 && detail::sqrt(4.0) == 2.0 &&
              detail::is_nan(detail::sqrt(-1.0)));
static_assert(detail::pow2(-3) == 0.125 && detail::ilog2(1023) == 9 && detail::abs(-2.5) == 2.5 &&
              detail::abs(-0.5F) == 0.5F);
static_assert(!detail::is_finite(std::numeric_limits<double>::infinity()) &&
              detail::is_nan(std::numeric_limits<double>::quiet_NaN()));
static_assert(detail::checked_mul(0, std::numeric_limits<std::int64_t>::max()) == 0);

constexpr short_string<8> text{"abc"};
static_assert(text == "abc" && text.size() == 3 && !text.empty() && short_string<8>{}.empty() &&
              text.capacity() == 8);
static_assert(short_string<8>{"ab"}.append("cd") == "abcd");

constexpr static_vector<int, 3> list{1, 2};
static_assert(list.size() == 2 && list[1] == 2 && list == static_vector<int, 3>{1, 2} &&
              !(list == static_vector<int, 3>{1, 3}));

constexpr std::array<float, 6> values{1, 2, 3, 4, 5, 6};
constexpr matrix_view<const float> view{values.data(), 2, 2, 3};
static_assert(view(1, 1) == 5 && view.row(1).size() == 2 && !view.empty() && view.stride() == 3);

enum class colour : unsigned char { red, green };
constexpr detail::name_table<colour, 2> colours{{{colour::red, "red"}, {colour::green, "green"}}};
static_assert(detail::names_are_complete(colours) &&
              detail::find_name(colours, "green") == colour::green &&
              !detail::find_name(colours, "blue"));
static_assert(!detail::names_are_complete(detail::name_table<colour, 2>{
    {{colour::green, "red"}, {colour::red, "green"}}}));
static_assert(!detail::names_are_complete(detail::name_table<colour, 2>{
    {{colour::red, "red"}, {colour::green, "red"}}}));

}  // namespace

TEST_CASE("checked arithmetic") {
  for (const divide_row& r : test::at_run_time(divisions)) {
    CAPTURE(r.a, r.b);
    CHECK(divides(r));
  }
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  REQUIRE_THROWS_WITH(detail::ceil_div(1, 0), test::contains("ceil_div: needs a >= 0 and b > 0"));
  REQUIRE_THROWS_WITH(detail::checked_mul(most, 2),
                      test::contains("checked_mul: the product does not fit 63 bits"));
  REQUIRE_THROWS_WITH(detail::checked_mul(-1, 2),
                      test::contains("checked_mul: counts must not be negative"));
  REQUIRE_THROWS_WITH(detail::checked_add(most, 1),
                      test::contains("checked_add: the sum does not fit 63 bits"));
  REQUIRE_THROWS_WITH(detail::checked_add(-1, 1),
                      test::contains("checked_add: counts must not be negative"));
}

TEST_CASE("rounding, logarithm and square root") {
  for (const round_row& r : test::at_run_time(roundings)) {
    CAPTURE(r.x);
    CHECK(rounds(r));
  }
  for (double x = 1e-300; x < 1e300; x *= 1.7e3) {
    CAPTURE(x);
    CHECK(detail::sqrt(x) == Approx(std::sqrt(x)).epsilon(4e-16));
  }
  for (const double x : {5e-324, 1e-310, 2.2250738585072009e-308, 2.2250738585072014e-308}) {
    CAPTURE(x);  // subnormal numbers and the smallest normal one
    CHECK(detail::sqrt(x) == Approx(std::sqrt(x)).epsilon(4e-16));
  }
  for (int e = 0; e < 63; ++e) {
    CHECK(detail::ilog2(std::uint64_t{1} << static_cast<unsigned>(e)) == e);
  }
  REQUIRE_THROWS_WITH(detail::round_even(1e16), test::contains("round_even: needs |x| < 2^51"));
  REQUIRE_THROWS_WITH(detail::ilog2(0), test::contains("ilog2: needs x > 0"));
  REQUIRE_THROWS_WITH(detail::pow2(2000), test::contains("pow2: the exponent must be in"));
}

TEST_CASE("text and lists do not outgrow their capacity") {
  REQUIRE_THROWS_WITH(short_string<3>{"four"}, test::contains("short_string: the text is longer"));
  short_string<3> s{"ab"};
  REQUIRE_THROWS_WITH(s.append("cd"), test::contains("short_string: the text is longer"));
  CHECK(s == "ab");
  static_vector<int, 2> v{1, 2};
  REQUIRE_THROWS_WITH(v.push_back(3), test::contains("static_vector: the list is full"));
  REQUIRE_THROWS_WITH(v[2], test::contains("static_vector: index out of range"));
  REQUIRE_THROWS_WITH((static_vector<int, 1>{1, 2}),
                      test::contains("static_vector: the list is full"));
  v.clear();
  CHECK(v.empty());
}

TEST_CASE("views are checked where they are made") {
  float x = 0;
  REQUIRE_THROWS_WITH((matrix_view<float>{&x, 1, 2, 1}),
                      test::contains("the row stride must be at least"));
  REQUIRE_THROWS_WITH((matrix_view<float>{nullptr, 1, 1}),
                      test::contains("the data pointer is null"));
  REQUIRE_THROWS_WITH((matrix_view<float>{&x, std::numeric_limits<std::size_t>::max(), 2}),
                      test::contains("does not fit size_t"));
  REQUIRE_THROWS_WITH((matrix_view<const float>{std::span<const float>{values}, 2, 2}),
                      test::contains("rows * cols elements"));
  REQUIRE_THROWS_WITH(view.row(2), test::contains("matrix_view: row out of range"));
  CHECK_NOTHROW(matrix_view<float>{nullptr, 0, 4});
}

TEST_CASE("errors carry their text") {
  CHECK_NOTHROW(detail::expects(true, "never"));
  REQUIRE_THROWS_WITH(detail::expects(false, "f: rule"), test::contains("f: rule"));
  REQUIRE_THROWS_WITH(detail::parse_name(colours, "blue", "parse_colour"),
                      test::contains("parse_colour: unknown name \"blue\"; known: red, green"));
  REQUIRE_THROWS_WITH(detail::name_of(colours, static_cast<colour>(7)),
                      test::contains("the value is not an enumerator"));
  const std::string longer(5000, 'x');
  const domain_error cut{longer};
  CHECK(std::string{cut.what()}.size() < 2048);
  CHECK(std::string{cut.what()}.substr(std::string{cut.what()}.size() - 3) == "...");
}

}  // namespace detail_test

// SPDX-License-Identifier: Apache-2.0
//
// Rounding without codes gives, bit for bit, what coding and decoding gives.
#include "quantroof/precision/element_rounder.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace element_rounder_test {

namespace {

using namespace quantroof;

constexpr float inf = std::numeric_limits<float>::infinity();

struct rounding_row {
  precision p;
  float scale;
  float x;
  float expected;
};
// By hand from the formats: spacing at the value, ties to even, saturation.
constexpr rounding_row rows[] = {
    {precision::fp8_e4m3, 1, 17, 16},     // between 16 and 18: tie, to the even code
    {precision::fp8_e4m3, 1, 19, 20},     // between 18 and 20: tie, to the even code
    {precision::fp8_e4m3, 1, 1e9F, 448},  //
    {precision::fp8_e4m3, 0x1p-100F, 1e30F, 448 * 0x1p-100F},  // x / scale is no float
    {precision::fp8_e4m3, 1, -inf, -448},                      //
    {precision::fp8_e4m3, 1, 0.0009765625F, 0},                // half the smallest subnormal 2^-9
    {precision::fp8_e4m3, 1, 0.0029296875F, 0.00390625F},      // 1.5 * 2^-9: tie, to 2 * 2^-9
    {precision::fp4_e2m1, 2, 5, 4},                            // 2.5 is a tie of 2 and 3: 2 is even
    {precision::fp4_e2m1, 2, -7, -8},                          // 3.5 is a tie of 3 and 4
    {precision::int8, 0.5F, 0.75F, 1},                         // 1.5: tie, to 2
    {precision::int8, 0.5F, 1e9F, 63.5F},                      //
    {precision::int4, 1, -8, -7},                              // symmetric
    {precision::fp16, 1, 1e5F, 65504},                         //
    {precision::bf16, 1, 1.00390625F, 1},                      // 1 + 2^-8: tie, to the even code
    {precision::bf16, 1, inf, 0x1.FEp127F},                    // largest finite BF16
    {precision::mxint8, 1, inf, 127},                          // its element
};
constexpr auto rounds = [](const rounding_row& r) {
  return element_rounder{r.p, r.scale}(r.x) == r.expected;
};
static_assert(test::first_failure(rows, rounds) == -1);

constexpr bool spans_round_at_compile_time() {
  const float in[] = {0.75F, -1e9F, 0.1F};
  float out[3] = {};
  for (const precision p : {precision::int8, precision::fp8_e4m3, precision::bf16}) {
    const element_rounder round{p, 0.5F};
    round(in, out);
    if (out[0] != round(in[0]) || out[1] != round(in[1]) || out[2] != round(in[2])) {
      return false;
    }
  }
  return true;
}
static_assert(spans_round_at_compile_time());

bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

}  // namespace

TEST_CASE("rounding by hand") {
  for (const rounding_row& r : test::at_run_time(rows)) {
    CAPTURE(to_string(r.p), r.scale, r.x);
    CHECK(rounds(r));
  }
}

TEST_CASE("rounding agrees with round_trip on every format") {
  const float scales[] = {1.0F,       0.03125F, 0.1F,
                          3.0F / 448, 1e-20F,   1e20F,
                          7.5e35F,    1e37F,    std::numeric_limits<float>::min()};
  for (const precision_format& f : precision_formats) {
    if (!has_codes(f.id) || f.kind == element_kind::scale_only) {
      continue;
    }
    std::uint32_t state = 1;
    for (const float scale : scales) {
      std::vector<float> x{0.0F, -0.0F};
      for (int i = 0; i < 20000; ++i) {
        state = state * 1664525U + 1013904223U;
        const auto any = std::bit_cast<float>(state ^ (state >> 13U));
        const float near = static_cast<float>(static_cast<int>(state >> 20U) - 2048) * scale;
        x.push_back(i % 3 == 0 ? any : near * (i % 3 == 1 ? 0.125F : 0.0009765625F));  // often ties
        x.back() = std::isfinite(x.back()) ? x.back() : 1.0F;
      }
      std::vector<float> out(x.size());
      element_rounder{f.id, scale}(x, out);
      int first = -1;
      for (std::size_t i = 0; i < x.size() && first < 0; ++i) {
        first = same(out[i], round_trip(f.id, x[i], scale)) ? -1 : static_cast<int>(i);
      }
      CAPTURE(f.name, scale, first < 0 ? 0.0F : x[static_cast<std::size_t>(first)]);
      CHECK(first == -1);
    }
  }
}

TEST_CASE("another scale, and magnitudes alone") {
  std::uint32_t state = 4;
  for (const precision_format& f : precision_formats) {
    if (!has_codes(f.id) || f.kind == element_kind::scale_only) {
      continue;
    }
    for (const float scale : {0.3F, 1e-39F, 1e37F, 2.0F}) {
      const element_rounder rounder{f.id, scale};
      const element_rounder moved = element_rounder{f.id, 7.0F}.at(scale);
      bool all_same = true;
      for (int i = 0; i < 2000; ++i) {
        state = state * 1664525U + 1013904223U;
        const float x = static_cast<float>(state >> 8U) / 16777216.0F * 9.0F * scale;
        all_same = all_same && same(moved(x), rounder(x)) && same(rounder(-x), moved(-x));
        moved.visit([&](auto round) {
          const float step = rounder(x) - x;
          const float other = round.up_to_ties(x) - x;
          all_same = all_same && round(x) == detail::abs(rounder(x)) &&
                     std::fabs(other) <= std::fabs(step) * 1.00001F + x * 1e-6F;
        });
      }
      CAPTURE(f.name, scale);
      CHECK(all_same);
    }
  }
}

TEST_CASE("NaN stays, in place") {
  std::vector<float> x{1.26F, std::nanf(""), -inf, -1.26F};
  element_rounder{precision::fp4_e2m1, 1}(x, x);
  CHECK(x[0] == 1.5F);
  CHECK(std::isnan(x[1]));
  CHECK(x[2] == -6);
  CHECK(x[3] == -1.5F);
  CHECK(std::isnan(element_rounder{precision::bf16, 1}(std::nanf(""))));
}

TEST_CASE("rounding rules") {
  REQUIRE_THROWS_WITH((element_rounder{precision::e8m0, 1}),
                      test::contains("must be a value of at most 16 bits"));
  REQUIRE_THROWS_WITH((element_rounder{precision::fp32, 1}),
                      test::contains("must be a value of at most 16 bits"));
  REQUIRE_THROWS_WITH((element_rounder{precision::int8, 0}),
                      test::contains("the scale must be positive and finite"));
  REQUIRE_THROWS_WITH((element_rounder{precision::int8, inf}),
                      test::contains("the scale must be positive and finite"));
  REQUIRE_THROWS_WITH((element_rounder{precision::int8, 1}.at(-1)),
                      test::contains("the scale must be positive and finite"));
  std::vector<float> three(3);
  std::vector<float> two(2);
  REQUIRE_THROWS_WITH((element_rounder{precision::int8, 1}(three, two)),
                      test::contains("out must be as long as in"));
}

}  // namespace element_rounder_test

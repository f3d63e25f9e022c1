// SPDX-License-Identifier: Apache-2.0
//
// Formats as data: limits, counts of numbers, and the rules of the value formula.
#include "quantroof/precision/float_format.hpp"

#include <cstdint>

#include "catch.hpp"
#include "test_table.hpp"

namespace float_format_test {

namespace {

using namespace quantroof;

struct limit_row {
  float_format format;
  int bits;
  double max;
  double min_normal;
  double min_subnormal;
};
// OCP 8-bit FP 1.0 table 1, OCP MX v1.0 tables 1 to 3, IEEE 754, ml_dtypes documentation (fnuz, E3M4, IEEE-like E4M3).
constexpr limit_row limits[] = {
    {float16, 16, 65504.0, 0x1p-14, 0x1p-24},
    {bfloat16, 16, 0x1.FEp127, 0x1p-126, 0x1p-133},
    {float8_e4m3fn, 8, 448.0, 0x1p-6, 0x1p-9},
    {float8_e5m2, 8, 57344.0, 0x1p-14, 0x1p-16},
    {float8_e4m3fnuz, 8, 240.0, 0x1p-7, 0x1p-10},
    {float8_e5m2fnuz, 8, 57344.0, 0x1p-15, 0x1p-17},
    {float8_e4m3, 8, 240.0, 0x1p-6, 0x1p-9},
    {float8_e3m4, 8, 15.5, 0.25, 0x1p-6},
    {float6_e2m3fn, 6, 7.5, 1.0, 0.125},
    {float6_e3m2fn, 6, 28.0, 0.25, 0.0625},
    {float4_e2m1fn, 4, 6.0, 1.0, 0.5},
};
constexpr auto has_limits = [](const limit_row& r) {
  return bits_of(r.format) == r.bits && max_value(r.format) == r.max &&
         min_normal(r.format) == r.min_normal && min_subnormal(r.format) == r.min_subnormal &&
         finite_value(r.format, 0) == 0.0 && finite_value(r.format, 1) == r.min_subnormal &&
         finite_value(r.format, std::uint32_t{1} << static_cast<unsigned>(
                                    r.format.mantissa_bits)) == r.min_normal;
};
static_assert(test::first_failure(limits, has_limits) == -1);

struct value_row {
  std::uint32_t code;
  double value;
};
// OCP MX v1.0 table 5: all numbers of E2M1.
constexpr value_row e2m1[] = {{0, 0.0}, {1, 0.5}, {2, 1.0}, {3, 1.5},
                              {4, 2.0}, {5, 3.0}, {6, 4.0}, {7, 6.0}};
constexpr auto is_e2m1 = [](const value_row& r) {
  return finite_value(float4_e2m1fn, r.code) == r.value;
};
static_assert(test::first_failure(e2m1, is_e2m1) == -1);

// Codes above the largest finite one, of either sign, are what a format spends on Inf and NaN.
static_assert(max_code(float8_e4m3fn) == 0x7E && max_code(float8_e5m2) == 0x7B &&
              max_code(float8_e4m3fnuz) == 0x7F && max_code(float4_e2m1fn) == 0x7 &&
              max_code(float8_e8m0fnu) == 0xFE && max_code(float16) == 0x7BFF &&
              max_code(float32) == 0x7F7FFFFF);
static_assert(bits_of(float8_e8m0fnu) == 8 && bits_of(tensor_float32) == 19 &&
              bits_of(float64) == 64);
static_assert(float8_e4m3fn == float_format{4, 3, 7, special_values::nan_only, true} &&
              !(float8_e4m3fn == float8_e4m3));

TEST_CASE("formats have their published limits") {
  for (const limit_row& r : test::at_run_time(limits)) {
    CAPTURE(r.bits, r.format.exponent_bits, r.format.bias, r.max);
    CHECK(has_limits(r));
  }
  for (const value_row& r : test::at_run_time(e2m1)) {
    CAPTURE(r.code);
    CHECK(is_e2m1(r));
  }
}

TEST_CASE("E8M0 holds the powers of two from 2^-127 to 2^127") {
  for (std::uint32_t code = 0; code <= max_code(float8_e8m0fnu); ++code) {
    CAPTURE(code);
    CHECK(finite_value(float8_e8m0fnu, code) == detail::pow2(static_cast<int>(code) - 127));
  }
}

// The second derivation, of formats that have no row above.
static_assert(detail::limits_agree({4, 3, 11, special_values::nan_is_neg0}) &&
              detail::count_limits({4, 3, 11, special_values::nan_is_neg0}).max == 30.0);
static_assert(detail::count_limits(float64).max == 0x1.FFFFFFFFFFFFFp1023 &&
              detail::count_limits(float64).min_normal == 0x1p-1022 &&
              detail::count_limits(float64).min_subnormal == 0x1p-1074);

TEST_CASE("limits counted from 1.0 are the published ones") {
  for (const limit_row& r : test::at_run_time(limits)) {
    CAPTURE(r.bits, r.format.exponent_bits, r.format.bias, r.max);
    const detail::counted_limits counted = detail::count_limits(r.format);
    CHECK(counted.max == r.max);
    CHECK(counted.min_normal == r.min_normal);
    CHECK(counted.min_subnormal == r.min_subnormal);
    CHECK(detail::limits_agree(r.format));
  }
}

TEST_CASE("format rules") {
  REQUIRE_THROWS_WITH(finite_value(float8_e4m3fn, 0x7F),
                      test::contains("finite_value: the code is not a finite positive number"));
  REQUIRE_THROWS_WITH(max_code(float64), test::contains("max_code: exponent and mantissa"));
}

}  // namespace

}  // namespace float_format_test

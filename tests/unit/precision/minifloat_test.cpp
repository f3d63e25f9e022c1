// SPDX-License-Identifier: Apache-2.0
//
// The codec against the published special values, cell by cell, against the values counted up from 0, and against what must hold for
// every format. Run lists of whole formats: golden_codec_test.cpp.
#include "quantroof/precision/minifloat.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "codec_rows.hpp"
#include "reference_codec.hpp"
#include "test_table.hpp"

namespace minifloat_test {

namespace {

using namespace quantroof;
using enum rounding;
using enum overflow;
using test::rows::e4m3b11fnuz;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct encode_row {
  float_format format;
  float value;
  rounding mode;
  overflow policy;
  std::uint32_t code;
};

// Special values as CUDA 13.0's conversions give them (SATFINITE = saturate, NOSAT = to_special), FNUZ as ml_dtypes.
constexpr encode_row special[] = {
    {float8_e4m3fn, not_a_number, nearest_even, saturate, 0x7F},
    {float8_e4m3fn, -not_a_number, nearest_even, saturate, 0x7F},
    {float8_e4m3fn, inf, nearest_even, saturate, 0x7E},
    {float8_e4m3fn, -inf, nearest_even, saturate, 0xFE},
    {float8_e4m3fn, inf, nearest_even, to_special, 0x7F},
    {float8_e4m3fn, -inf, nearest_even, to_special, 0xFF},
    {float8_e4m3fn, 464.0F, nearest_even, to_special, 0x7E},  // ties to 448
    {float8_e4m3fn, 464.00003F, nearest_even, to_special, 0x7F},
    {float8_e4m3fn, 1e30F, nearest_even, saturate, 0x7E},
    {float8_e4m3fn, 1e30F, toward_zero, to_special, 0x7E},  // cutting never overflows
    {float8_e4m3fn, -0.0F, nearest_even, saturate, 0x80},
    {float8_e4m3fn, 0x1p-10F, nearest_even, saturate,
     0x00},  // half the smallest subnormal: to even
    {float8_e4m3fn, 0x1.000002p-10F, nearest_even, saturate, 0x01},
    {float8_e4m3fn, 0x1.8p-9F, nearest_even, saturate, 0x02},
    {float8_e5m2, not_a_number, nearest_even, saturate, 0x7F},
    {float8_e5m2, inf, nearest_even, saturate, 0x7B},
    {float8_e5m2, -inf, nearest_even, to_special, 0xFC},
    {float8_e5m2, 61440.0F, nearest_even, to_special, 0x7C},  // the tie goes to Inf
    {float8_e5m2, 61439.0F, nearest_even, to_special, 0x7B},
    {float8_e5m2, 61440.0F, nearest_even, saturate, 0x7B},
    {float6_e2m3fn, not_a_number, nearest_even, saturate, 0x1F},
    {float6_e3m2fn, -inf, nearest_even, to_special, 0x3F},
    {float4_e2m1fn, not_a_number, nearest_even, saturate, 0x7},
    {float4_e2m1fn, -1e9F, nearest_even, saturate, 0xF},
    {float4_e2m1fn, 0.25F, nearest_even, saturate, 0x0},
    {float4_e2m1fn, 0.75F, nearest_even, saturate, 0x2},
    {float4_e2m1fn, 1.25F, nearest_even, saturate, 0x2},
    {float4_e2m1fn, 1.75F, nearest_even, saturate, 0x4},
    {float4_e2m1fn, 2.5F, nearest_even, saturate, 0x4},
    {float4_e2m1fn, 3.5F, nearest_even, saturate, 0x6},
    {float4_e2m1fn, 5.0F, nearest_even, saturate, 0x6},
    {float4_e2m1fn, -5.0001F, nearest_even, saturate, 0xF},
    {float8_e4m3fnuz, not_a_number, nearest_even, saturate, 0x80},
    {float8_e4m3fnuz, -inf, nearest_even, saturate, 0x80},
    {float8_e4m3fnuz, -0.0F, nearest_even, saturate, 0x00},
    {float8_e4m3fnuz, -1e-9F, nearest_even, saturate, 0x00},  // no -0
    {float8_e4m3fnuz, -300.0F, nearest_even, saturate, 0xFF},
    {float8_e4m3fnuz, 300.0F, nearest_even, to_special, 0x80},
    {float8_e5m2fnuz, 1e30F, nearest_even, saturate, 0x7F},
    {float8_e8m0fnu, 0.0F, nearest_even, saturate, 0x00},
    {float8_e8m0fnu, not_a_number, nearest_even, saturate, 0xFF},
    {float8_e8m0fnu, -3.0F, nearest_even, saturate, 0x80},  // the sign is ignored; 2 <= 3 < 4
    {float8_e8m0fnu, inf, nearest_even, saturate, 0xFE},
    {float8_e8m0fnu, inf, nearest_even, to_special, 0xFF},
    {float16, not_a_number, nearest_even, saturate, 0x7FFF},
    {float8_e4m3, 248.0F, nearest_even, to_special, 0x78},  // halfway to 256: Inf
    {float8_e4m3, 247.9F, nearest_even, to_special, 0x77},
    {float8_e3m4, inf, nearest_even, saturate, 0x6F},
    {float8_e3m4, not_a_number, nearest_even, saturate, 0x7F},
    {float8_e5m2fnuz, inf, nearest_even, to_special, 0x80},
    {float8_e8m0fnu, 0x1.FFFFFCp-127F, toward_zero, saturate, 0x00},  // a subnormal float
    // Rounding twice, to FP16 and then to E4M3, would see a tie beside these midpoints.
    {float8_e4m3fn, 1.0625F, nearest_even, saturate, 0x38},
    {float8_e4m3fn, 1.0625F + 0x1p-23F, nearest_even, saturate, 0x39},
    {float8_e4m3fn, 1.1875F - 0x1p-23F, nearest_even, saturate, 0x39},
    {float8_e4m3fn, 1.1875F, nearest_even, saturate, 0x3A},
    // The largest subnormal rounds up into the smallest normal number: a carry from mantissa to exponent.
    {float8_e4m3fn, 0x1.Ep-7F, nearest_even, saturate, 0x08},
    {float8_e4m3fn, 0x1.DFFFFEp-7F, nearest_even, saturate, 0x07},
    {float16, inf, toward_zero, to_special, 0x7C00},  // Inf is not a value to cut
    {float16, 65520.0F, nearest_even, to_special, 0x7C00},
    {float16, 65519.0F, nearest_even, to_special, 0x7BFF},
    {float16, 0x1p-25F, nearest_even, saturate, 0x0000},
    {float16, 1.0F + 0x1.8p-10F, nearest_even, saturate, 0x3C02},
    {bfloat16, not_a_number, nearest_even, saturate, 0x7FFF},
    {bfloat16, 0x1p-133F, nearest_even, saturate, 0x0001},  // fp32 subnormals are not flushed
    {bfloat16, 1.0F + 0x1p-8F, nearest_even, saturate, 0x3F80},
};
constexpr auto encodes = [](const encode_row& r) {
  return encode(r.format, r.value, r.mode, r.policy) == r.code;
};
static_assert(test::first_failure(special, encodes) == -1);

// The table of special values, cell by cell; the sources are in the rows. NaN of another payload is the same NaN.
constexpr auto special_cells = [](const test::conversion& c) {
  const auto is = [&c](float x, std::uint32_t code) {
    const bool nearest = encode(c.format, x, nearest_even, c.policy, c.rule) == code;
    // Neither NaN, Inf, -0 nor what is far beyond the largest number is a matter of chance.
    const bool by_chance = encode(c.format, x, stochastic, c.policy, c.rule, 0) == code &&
                           (detail::abs(x) < 1.0F ||
                            encode(c.format, x, stochastic, c.policy, c.rule, 0xFFFFFFFF) == code);
    return nearest && by_chance;
  };
  const bool bf16 = c.format == bfloat16;  // its largest number is beyond half of the largest float
  return is(not_a_number, c.codes.nan[0]) && is(-not_a_number, c.codes.nan[1]) &&
         is(std::bit_cast<float>(0x7F800001U), c.codes.nan[0]) &&
         is(std::bit_cast<float>(0xFFFFFFFFU), c.codes.nan[1]) && is(inf, c.codes.inf[0]) &&
         is(-inf, c.codes.inf[1]) &&
         (bf16 ||
          (is(0x1.FFFFFEp127F, c.codes.over[0]) && is(-0x1.FFFFFEp127F, c.codes.over[1]))) &&
         encode(c.format, 0x1.FFFFFEp127F, nearest_even, c.policy, c.rule) == c.codes.over[0] &&
         encode(c.format, -0x1.FFFFFEp127F, nearest_even, c.policy, c.rule) == c.codes.over[1] &&
         is(0.0F, 0) && is(-0.0F, c.codes.minus_zero) && is(0x1p-149F, 0) &&
         is(-0x1p-149F, c.codes.rounded_to_minus_zero);
};
static_assert(test::first_failure(test::conversions, special_cells) == -1);

struct scale_row {
  float value;
  rounding mode;
  overflow policy;
  special_rule rule;
  std::uint32_t code;
};
using enum special_rule;
// E8M0. cuda: CUDA 13.0 __nv_cvt_float_to_e8m0, toward zero; ml_dtypes: b793a6e float8_e8m0fnu, its run lists ml_e8m0, ml_e8m0_sat and
// ml_e8m0_trunc_sat.
constexpr scale_row scales[] = {
    {0.0F, nearest_even, saturate, cuda, 0x00},
    {-3.0F, nearest_even, saturate, cuda, 0x80},  // the sign is ignored
    {3.9F, nearest_even, saturate, cuda, 0x80},   // no nearest: the exponent field
    {0x1p-127F, toward_zero, saturate, cuda, 0x00},
    {0x1.FFFFFCp-127F, toward_zero, saturate, cuda, 0x00},
    {0x1p-126F, toward_zero, saturate, cuda, 0x01},
    {0x1.FFFFFEp127F, toward_zero, to_special, cuda, 0xFE},
    {inf, toward_zero, saturate, cuda, 0xFE},
    {inf, toward_zero, to_special, cuda, 0xFF},
    {not_a_number, toward_zero, saturate, cuda, 0xFF},
    {0.0F, nearest_even, to_special, ml_dtypes, 0xFF},
    {0.0F, nearest_even, saturate, ml_dtypes, 0x00},
    {-0.0F, nearest_even, to_special, ml_dtypes, 0xFF},
    {-3.0F, nearest_even, to_special, ml_dtypes, 0xFF},
    {-3.0F, nearest_even, saturate, ml_dtypes, 0x00},
    {-inf, nearest_even, saturate, ml_dtypes, 0xFF},
    {inf, nearest_even, saturate, ml_dtypes, 0xFF},
    {not_a_number, nearest_even, saturate, ml_dtypes, 0xFF},
    {0x1p-149F, nearest_even, to_special, ml_dtypes, 0x00},
    {0x1p-127F, nearest_even, to_special, ml_dtypes, 0x00},
    {0x1.000004p-127F, nearest_even, to_special, ml_dtypes, 0x01},  // its quirk: 00 is nearer
    {0x1.7FFFFEp-126F, nearest_even, to_special, ml_dtypes, 0x01},
    {0x1.8p-126F, nearest_even, to_special, ml_dtypes, 0x02},  // the tie goes up
    {0x1.7FFFFEp0F, nearest_even, to_special, ml_dtypes, 0x7F},
    {0x1.8p0F, nearest_even, to_special, ml_dtypes, 0x80},
    {0x1.8p127F, nearest_even, to_special, ml_dtypes, 0xFF},
    {0x1.8p127F, nearest_even, saturate, ml_dtypes, 0xFE},
    {0x1.FFFFFEp0F, toward_zero, saturate, ml_dtypes, 0x7F},
    {0x1.FFFFFCp-127F, toward_zero, saturate, ml_dtypes, 0x00},
};
constexpr auto scale_encodes = [](const scale_row& r) {
  return encode(float8_e8m0fnu, r.value, r.mode, r.policy, r.rule) == r.code &&
         encode<precision::e8m0>(r.value, r.mode, r.policy, r.rule) == r.code;
};
static_assert(test::first_failure(scales, scale_encodes) == -1);

constexpr float not_special = -1.0F;  // no value: stands for NaN and Inf among the values below

/// The value of a code, counted: `values` holds those of one sign and the one that would be next.
constexpr float counted_value(const float_format& f, const std::vector<double>& values,
                              std::uint32_t magnitude) {
  if (magnitude + 1 < values.size()) {
    return static_cast<float>(values[magnitude]);
  }
  const bool is_inf = f.specials == special_values::ieee && magnitude + 1 == values.size();
  return is_inf ? inf : not_special;
}

constexpr bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// Every code, both signs: its value is the counted one, with its sign, and the codec gives the code back.
constexpr bool all_codes_return(const float_format& f) {
  std::vector<double> values = test::counted_powers();
  if (f.is_signed) {
    values = test::counted_values(f);
  }
  const std::uint32_t top = std::uint32_t{1}
                            << static_cast<unsigned>(bits_of(f) - (f.is_signed ? 1 : 0));
  for (const std::uint32_t sign : {0U, top}) {
    if (sign != 0 && !f.is_signed) {
      break;
    }
    for (std::uint32_t magnitude = 0; magnitude < top; ++magnitude) {
      const std::uint32_t code = sign | magnitude;
      const float value = decode(f, code);
      const float counted = counted_value(f, values, magnitude);
      if (counted == not_special || (f.specials == special_values::nan_is_neg0 && code == top)) {
        if (!same_bits(value, not_a_number)) {
          return false;
        }
        continue;
      }
      if (!same_bits(value, sign != 0 ? -counted : counted)) {
        return false;
      }
      // A number of the format is exact: no rounding moves it.
      for (const std::uint32_t random_bits : {0U, 0xFFFFFFFFU}) {
        if (encode(f, value, nearest_even, to_special) != code ||
            encode(f, value, toward_zero, to_special) != code ||
            encode(f, value, stochastic, to_special, cuda, random_bits) != code) {
          return false;
        }
      }
    }
  }
  return true;
}
static_assert(all_codes_return(float8_e4m3fn));
static_assert(all_codes_return(float8_e5m2));
static_assert(all_codes_return(float8_e4m3fnuz));
static_assert(all_codes_return(float8_e5m2fnuz));
static_assert(all_codes_return(float8_e4m3));
static_assert(all_codes_return(float8_e3m4));
static_assert(all_codes_return(float6_e2m3fn));
static_assert(all_codes_return(float6_e3m2fn));
static_assert(all_codes_return(float4_e2m1fn));
static_assert(all_codes_return(float8_e8m0fnu));
static_assert(all_codes_return(e4m3b11fnuz));

constexpr bool all_integers_return(precision p) {
  const int most = detail::integer_max(format_of(p));
  for (int i = -most; i <= most; ++i) {
    const auto value = static_cast<float>(i);
    const auto code = static_cast<std::uint32_t>(i) & detail::low_bits(format_of(p).element_bits);
    if (decode(p, code) != value || encode(p, value) != code ||
        encode(p, value, toward_zero) != code || encode(p, value, stochastic) != code ||
        encode(p, value, stochastic, saturate, cuda, 0xFFFFFFFF) != code) {
      return false;
    }
  }
  return encode(p, not_a_number) == 0 && decode(p, encode(p, 1e9F)) == static_cast<float>(most) &&
         decode(p, encode(p, -inf)) == static_cast<float>(-most);
}
static_assert(all_integers_return(precision::int8) && all_integers_return(precision::int4));
static_assert(decode<precision::int8>(encode<precision::int8>(2.5F)) == 2.0F);  // ties to even

// What the codec takes, and the widths of its results.
static_assert(is_codable(float16) && is_codable(bfloat16) && is_codable(float8_e8m0fnu));
static_assert(!is_codable(float32) && !is_codable(tensor_float32) && !is_codable(float64));
static_assert(
    !is_codable({4, 3, 7, special_values::nan_only, false}),
    "no unsigned formats but E8M0: the block scales of NVFP4 are E4M3 without negative values");
static_assert(!is_codable({8, 7, 128, special_values::ieee}), "below the normal floats");
static_assert(!is_codable({8, 3, 120, special_values::ieee}), "beyond the largest float");
static_assert(std::is_same_v<code_t<precision::nvfp4>, std::uint8_t> &&
              std::is_same_v<code_t<precision::bf16>, std::uint16_t>);
template <precision P>
concept encodes_at_compile_time = requires {
  encode<P>(1.0F);
};
static_assert(encodes_at_compile_time<precision::int4_g128> &&
              !encodes_at_compile_time<precision::fp32> &&
              !encodes_at_compile_time<precision::tf32>);
static_assert(encode<precision::mxfp8_e5m2>(3.0F) == encode<precision::fp8_e5m2>(3.0F),
              "a block format gives the code of its element");

struct integer_row {
  precision p;
  float value;
  rounding mode;
  std::uint32_t code;
};
// Two's complement, symmetric: -128 and -8 are never made.
constexpr integer_row integers[] = {
    {precision::int8, -1.0F, nearest_even, 0xFF},
    {precision::int8, -128.0F, nearest_even, 0x81},
    {precision::int8, 0.5F, nearest_even, 0},
    {precision::int8, 1.5F, nearest_even, 2},
    {precision::int8, -2.5F, nearest_even, 0xFE},
    {precision::int8, 126.5F, nearest_even, 126},
    {precision::int8, 2.99F, toward_zero, 2},
    {precision::int8, -2.99F, toward_zero, 0xFE},
    {precision::int8, inf, nearest_even, 127},
    {precision::int4, -7.4F, nearest_even, 9},
    {precision::int4, -100.0F, nearest_even, 9},
    {precision::int4, 6.5F, nearest_even, 6},
    {precision::int4, not_a_number, nearest_even, 0},
    {precision::gguf_q6_k, -40.0F, nearest_even, 33},
};
constexpr auto integer_encodes = [](const integer_row& r) {
  return encode(r.p, r.value, r.mode, saturate) == r.code &&
         encode(r.p, r.value, r.mode, to_special) == r.code;
};
static_assert(test::first_failure(integers, integer_encodes) == -1);
static_assert(decode(precision::int8, 0x80) == -128.0F && decode(precision::int4, 8) == -8.0F);

constexpr const float_format* formats[] = {
    &float8_e4m3fn, &float8_e5m2,   &float8_e4m3fnuz, &float8_e5m2fnuz, &float8_e4m3, &float8_e3m4,
    &float6_e2m3fn, &float6_e3m2fn, &float4_e2m1fn,   &float16,         &bfloat16,    &e4m3b11fnuz};

/// Values of the codes of one sign, from the codec; monotone, so neighbours in this list are neighbours on the line.
struct element {
  precision p;
  std::vector<float> values{};
};
std::vector<element> elements() {
  std::vector<element> list;
  for (const precision p :
       {precision::fp16, precision::bf16, precision::fp8_e4m3, precision::fp8_e5m2,
        precision::fp8_e4m3fnuz, precision::fp8_e5m2fnuz, precision::fp8_e4m3_ieee,
        precision::fp8_e3m4, precision::fp6_e2m3, precision::fp6_e3m2, precision::fp4_e2m1,
        precision::int8, precision::int4, precision::gguf_q6_k}) {
    element e{p};
    const precision_format& f = format_of(p);
    const std::uint32_t most =
        f.element ? max_code(*f.element) : static_cast<std::uint32_t>(detail::integer_max(f));
    for (std::uint32_t code = 0; code <= most; ++code) {
      e.values.push_back(decode(p, code));
    }
    list.push_back(e);
  }
  return list;
}

/// A small generator whose numbers are the same everywhere.
/// source    splitmix64: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", figure 16
class random_source {
 public:
  [[nodiscard]] std::uint32_t operator()() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<std::uint32_t>((z ^ (z >> 31U)) >> 32U);
  }

 private:
  std::uint64_t state_ = 1;
};

/// Floats between the codes of e, of all magnitudes from far below the smallest to the largest: three between each two of 200 pairs,
/// and 40 below the smallest.
std::vector<float> between(const element& e) {
  std::vector<float> list;
  const std::size_t count = e.values.size() - 1;
  const std::size_t step = count > 200 ? count / 200 : 1;
  for (std::size_t i = 0; i < count; i += step) {
    const double low = e.values[i];
    const double high = e.values[i + 1];
    for (const double part : {0.25, 0.5, 0.8125}) {
      list.push_back(static_cast<float>(low + part * (high - low)));
    }
  }
  for (int power = 1; power <= 40; ++power) {
    list.push_back(static_cast<float>(e.values[1] * 1.25 * detail::pow2(-power)));
  }
  return list;
}

/// Index of the largest value that is not larger than x.
std::size_t floor_index(const element& e, float x) {
  std::size_t low = 0;
  std::size_t high = e.values.size();
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (e.values[middle] <= x ? low : high) = middle;
  }
  return low;
}

}  // namespace

TEST_CASE("special values follow the published conversions") {
  for (const encode_row& r : test::at_run_time(special)) {
    CAPTURE(r.value, r.code, bits_of(r.format), r.format.exponent_bits);
    CHECK(encodes(r));
  }
}

TEST_CASE("each producer's NaN, Inf, overflow and -0") {
  for (const test::conversion& c : test::at_run_time(test::conversions)) {
    CAPTURE(c.name);
    CHECK(special_cells(c));
  }
  for (const scale_row& r : test::at_run_time(scales)) {
    CAPTURE(r.value, to_string(r.mode), to_string(r.policy), to_string(r.rule));
    CHECK(scale_encodes(r));
  }
}

TEST_CASE("integers are symmetric two's complement") {
  for (const integer_row& r : test::at_run_time(integers)) {
    CAPTURE(to_string(r.p), r.value, r.code);
    CHECK(integer_encodes(r));
  }
}

TEST_CASE("all codes have the counted values and return") {
  for (const float_format* f : formats) {
    CAPTURE(f->exponent_bits, f->mantissa_bits, f->bias);
    CHECK(all_codes_return(test::at_run_time_value(*f)));
  }
  CHECK(all_codes_return(test::at_run_time_value(float8_e8m0fnu)));
  CHECK(all_integers_return(test::at_run_time_value(precision::int8)));
  CHECK(all_integers_return(test::at_run_time_value(precision::int4)));
}

TEST_CASE("encoding gives the nearest value, cutting none that is larger") {
  for (const element& e : elements()) {
    int wrong = 0;
    for (const float x : between(e)) {
      const float nearest = decode(e.p, encode(e.p, x));
      const float cut = decode(e.p, encode(e.p, x, toward_zero));
      const std::size_t i = floor_index(e, x);
      const double distance = std::abs(static_cast<double>(nearest) - static_cast<double>(x));
      for (const std::size_t k : {i, i + 1}) {
        if (k < e.values.size()) {
          wrong += distance <= std::abs(static_cast<double>(e.values[k]) - static_cast<double>(x))
                       ? 0
                       : 1;
        }
      }
      wrong += cut == e.values[i] ? 0 : 1;
      // A number of the format stays what it is.
      wrong += same_bits(decode(e.p, encode(e.p, nearest)), nearest) ? 0 : 1;
    }
    CAPTURE(to_string(e.p));
    CHECK(wrong == 0);
  }
}

TEST_CASE("encoding is monotone and odd") {
  for (const element& e : elements()) {
    for (const rounding mode : {nearest_even, toward_zero, stochastic}) {
      float before = -1.0F;
      int wrong = 0;
      for (std::uint64_t bits = 0; bits < 0x7F800000U; bits += 65521) {
        const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        const std::uint32_t random_bits =
            0x9ABCDEF0;  // the same for all: then this is monotone too
        const float value = decode(e.p, encode(e.p, x, mode, saturate, cuda, random_bits));
        const float mirrored = decode(e.p, encode(e.p, -x, mode, saturate, cuda, random_bits));
        wrong += value >= before && mirrored == -value ? 0 : 1;
        wrong += mode == toward_zero && value > x ? 1 : 0;
        before = value;
      }
      CAPTURE(to_string(e.p), to_string(mode));
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("stochastic rounding goes away for exactly the dropped fraction of the random bits") {
  for (const element& e : elements()) {
    int wrong = 0;
    for (const float x : between(e)) {
      const std::size_t i = floor_index(e, x);
      const double gap = static_cast<double>(e.values[i + 1]) - static_cast<double>(e.values[i]);
      const double fraction = (static_cast<double>(x) - static_cast<double>(e.values[i])) / gap;
      const auto away = static_cast<std::uint64_t>(fraction * detail::pow2(32));  // of 2^32
      const auto low = static_cast<std::uint32_t>(i);
      const auto code = [&e](float value, std::uint64_t random_bits) {
        return encode(e.p, value, stochastic, saturate, cuda,
                      static_cast<std::uint32_t>(random_bits));
      };
      const auto negative = [&e](std::uint32_t positive) {
        const auto f = format_of(e.p).element;
        if (f) {
          return f->specials == special_values::nan_is_neg0 && positive == 0
                     ? 0U
                     : positive | detail::sign_bit(*f);
        }
        return (0U - positive) & detail::low_bits(format_of(e.p).element_bits);
      };
      const std::uint64_t first = (std::uint64_t{1} << 32U) - away;  // the first that goes away
      wrong += code(x, 0) == low && code(-x, 0) == negative(low) ? 0 : 1;
      wrong += code(x, first - 1) == low && code(-x, first - 1) == negative(low) ? 0 : 1;
      if (away != 0) {
        wrong += code(x, first) == low + 1 && code(-x, first) == negative(low + 1) ? 0 : 1;
        wrong += code(x, 0xFFFFFFFF) == low + 1 ? 0 : 1;
      }
    }
    CAPTURE(to_string(e.p));
    CHECK(wrong == 0);
  }
}

TEST_CASE("the mean of stochastic rounding is the value") {
  random_source next;
  constexpr int draws = 4096;
  for (const element& e : elements()) {
    for (const double share : {0.001, 0.013, 0.21, 0.4999, 0.77, 0.93}) {
      // A value some way up the format, so that all binades are met, subnormal ones too.
      const auto at = static_cast<std::size_t>(share * static_cast<double>(e.values.size() - 1));
      const double low = e.values[at];
      const double gap = static_cast<double>(e.values[at + 1]) - low;
      const auto x = static_cast<float>(low + 0.3 * gap);
      double sum = 0.0;
      int strangers = 0;
      for (int i = 0; i < draws; ++i) {
        const float value = decode(e.p, encode(e.p, -x, stochastic, saturate, cuda, next()));
        sum -= static_cast<double>(value);
        strangers += -value == e.values[at] || -value == e.values[at + 1] ? 0 : 1;
      }
      CAPTURE(to_string(e.p), x);
      CHECK(strangers == 0);
      // Standard error of a mean of two values with shares 0.3 and 0.7; 4 of them, and the generator is fixed.
      const double standard_error = gap * std::sqrt(0.3 * 0.7 / draws);
      CHECK(std::abs(sum / draws - static_cast<double>(x)) < 4 * standard_error);
    }
  }
}

namespace {

struct stochastic_row {
  precision p;
  float value;
  overflow policy;
  std::uint32_t random_bits;
  std::uint32_t code;
};
// Where rounding away leaves the format, and where the distance to the next code is not what it was.
constexpr stochastic_row stochastic_rows[] = {
    {precision::fp8_e4m3, 464.0F, saturate, 0x7FFFFFFF, 0x7E},  // halfway from 448 to 480
    {precision::fp8_e4m3, 464.0F, saturate, 0x80000000, 0x7E},  // away is beyond: saturates
    {precision::fp8_e4m3, 464.0F, to_special, 0x7FFFFFFF, 0x7E},
    {precision::fp8_e4m3, 464.0F, to_special, 0x80000000, 0x7F},  // or NaN
    {precision::fp8_e4m3, -480.0F, to_special, 0, 0xFF},          // beyond by any bits
    {precision::fp8_e5m2, 61440.0F, to_special, 0x7FFFFFFF, 0x7B},
    {precision::fp8_e5m2, 61440.0F, to_special, 0x80000000, 0x7C},  // Inf
    {precision::fp4_e2m1, 7.0F, to_special, 0xFFFFFFFF, 0x7},       // no special: the largest
    {precision::fp8_e4m3fnuz, 248.0F, to_special, 0x80000000, 0x80},
    {precision::fp8_e4m3fnuz, -0x1p-12F, saturate, 0x3FFFFFFF, 0x00},  // no -0
    {precision::fp8_e4m3fnuz, -0x1p-12F, saturate, 0xC0000000, 0x81},
    {precision::fp8_e4m3, 0x1p-41F, saturate, 0xFFFFFFFF, 0x01},  // 2^-32 of 2^-9: 1 of 2^32
    {precision::fp8_e4m3, 0x1p-41F, saturate, 0xFFFFFFFE, 0x00},
    {precision::fp8_e4m3, 0x1.FFFFFEp-42F, saturate, 0xFFFFFFFF, 0x00},  // less: never
    {precision::bf16, 0x1p-149F, saturate, 0xFFFF0000, 0x0001},  // 2^-16 of the smallest code
    {precision::bf16, 0x1p-149F, saturate, 0xFFFEFFFF, 0x0000},
    {precision::int8, 126.75F, saturate, 0x40000000, 127},
    {precision::int8, 126.75F, saturate, 0x3FFFFFFF, 126},
    {precision::int8, 127.75F, to_special, 0xFFFFFFFF, 127},  // clamped before it is rounded
    {precision::int8, -0.25F, saturate, 0xC0000000, 0xFF},
    {precision::int8, -0.25F, saturate, 0xBFFFFFFF, 0x00},
    {precision::int4, inf, saturate, 0xFFFFFFFF, 7},
    {precision::int4, not_a_number, saturate, 0xFFFFFFFF, 0},
    {precision::e8m0, 1.25F, saturate, 0xC0000000, 0x80},  // a quarter of the way from 1 to 2
    {precision::e8m0, 1.25F, saturate, 0xBFFFFFFF, 0x7F},
    {precision::e8m0, 2.0F, saturate, 0xFFFFFFFF, 0x80},
    {precision::e8m0, 0.0F, saturate, 0xFFFFFFFF, 0x00},
    {precision::e8m0, 0x1p-127F, saturate, 0xFFFFFFFF, 0x00},
    {precision::e8m0, 0x1.8p-127F, saturate, 0x80000000, 0x01},
    {precision::e8m0, 0x1.8p-127F, saturate, 0x7FFFFFFF, 0x00},
    {precision::e8m0, 0x1.8p127F, saturate, 0xFFFFFFFF, 0xFE},
    {precision::e8m0, 0x1.8p127F, to_special, 0xFFFFFFFF, 0xFF},
    {precision::e8m0, inf, to_special, 0, 0xFF},
    {precision::e8m0, not_a_number, saturate, 0xFFFFFFFF, 0xFF},
};
constexpr auto stochastic_encodes = [](const stochastic_row& r) {
  return encode(r.p, r.value, stochastic, r.policy, cuda, r.random_bits) == r.code;
};
static_assert(test::first_failure(stochastic_rows, stochastic_encodes) == -1);

}  // namespace

TEST_CASE("stochastic rounding at the edges") {
  for (const stochastic_row& r : test::at_run_time(stochastic_rows)) {
    CAPTURE(to_string(r.p), r.value, r.random_bits);
    CHECK(stochastic_encodes(r));
  }
}

TEST_CASE("E8M0 rounds up where it is asked to") {
  CHECK(encode_e8m0_up(1.0F) == 127);
  CHECK(encode_e8m0_up(std::nextafter(1.0F, 2.0F)) == 128);
  CHECK(encode_e8m0_up(0x1p-127F) == 0);
  CHECK(encode_e8m0_up(std::nextafter(0x1p-127F, 1.0F)) == 1);
  CHECK(encode_e8m0_up(inf) == 0xFE);
  CHECK(encode_e8m0_up(not_a_number) == 0xFF);
}

TEST_CASE("codec rules") {
  REQUIRE_THROWS_WITH(encode(float32, 1.0F),
                      test::contains("encode: the format must have at most 16 bits"));
  REQUIRE_THROWS_WITH(encode(precision::fp32, 1.0F),
                      test::contains("encode: the element must have at most 16 bits"));
  REQUIRE_THROWS_WITH(decode(precision::fp64, 1),
                      test::contains("decode: the element must have at most 16 bits"));
  REQUIRE_THROWS_WITH(decode(float4_e2m1fn, 16),
                      test::contains("decode: the code must fit the format"));
  REQUIRE_THROWS_WITH(decode(float32, 1),
                      test::contains("decode: the format must have at most 16 bits"));
  REQUIRE_THROWS_WITH(decode(precision::int4, 16),
                      test::contains("decode: the code must fit the element"));
  REQUIRE_THROWS_WITH(decode<precision::fp4_e2m1>(16),
                      test::contains("decode: the code must fit the format"));
  REQUIRE_THROWS_WITH(encode(float8_e5m2, 1.0F, nearest_even, saturate, pytorch),
                      test::contains("encode: special_rule::pytorch never saturates"));
  REQUIRE_THROWS_WITH(encode<precision::fp8_e4m3>(1.0F, nearest_even, saturate, pytorch),
                      test::contains("encode: special_rule::pytorch never saturates"));
  REQUIRE_THROWS_WITH(encode(float4_e2m1fn, 1.0F, nearest_even, to_special, pytorch),
                      test::contains("encode: special_rule::pytorch covers FP16, BF16"));
  REQUIRE_THROWS_WITH(encode<precision::e8m0>(1.0F, nearest_even, to_special, pytorch),
                      test::contains("encode: special_rule::pytorch covers FP16, BF16"));
  REQUIRE_THROWS_WITH(encode(precision::fp8_e4m3, 1.0F, nearest_even, saturate, modelopt),
                      test::contains("encode: special_rule::modelopt covers E2M1 only"));
}

}  // namespace minifloat_test

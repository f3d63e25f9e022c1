// SPDX-License-Identifier: Apache-2.0
//
// The codec against the published special values, against an independent slow reference, and, where the data are at hand, against the
// exhaustive run lists of CUDA and ml_dtypes.
#include "quantroof/precision/minifloat.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace {

using namespace quantroof;
using enum rounding;
using enum overflow;

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

// All codes of the small formats: decoding and encoding again gives the code, and decoding is monotone in the magnitude.
constexpr bool all_codes_return(const float_format& f) {
  float before = -1.0F;
  for (std::uint32_t code = 0; code < (std::uint32_t{1} << static_cast<unsigned>(bits_of(f)));
       ++code) {
    const float value = decode(f, code);
    if (!detail::is_nan(value) && encode(f, value, nearest_even, to_special) != code) {
      return false;
    }
    if (code <= max_code(f)) {
      if (!(value > before)) {
        return false;
      }
      before = value;
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

constexpr bool all_integers_return(precision p) {
  const int most = detail::integer_max(format_of(p));
  for (int i = -most; i <= most; ++i) {
    if (decode(p, encode(p, static_cast<float>(i))) != static_cast<float>(i)) {
      return false;
    }
  }
  return encode(p, not_a_number) == 0 && decode(p, encode(p, 1e9F)) == static_cast<float>(most) &&
         decode(p, encode(p, -inf)) == static_cast<float>(-most);
}
static_assert(all_integers_return(precision::int8) && all_integers_return(precision::int4));
static_assert(decode<precision::int8>(encode<precision::int8>(2.5F)) == 2.0F);  // ties to even

constexpr const float_format* formats[] = {
    &float8_e4m3fn, &float8_e5m2,   &float8_e4m3fnuz, &float8_e5m2fnuz, &float8_e4m3,
    &float8_e3m4,   &float6_e2m3fn, &float6_e3m2fn,   &float4_e2m1fn,   &float16};

// The slow reference: the values of all codes in a row, the nearest by exact midpoints in double, ties to the even code.
class reference {
 public:
  explicit reference(const float_format& f) : format_(f) {
    for (std::uint32_t code = 0; code <= max_code(f); ++code) {
      values_.push_back(finite_value(f, code));
    }
  }
  [[nodiscard]] std::uint32_t magnitude_code(double magnitude) const {
    std::size_t low = 0;
    std::size_t high = values_.size() - 1;
    if (magnitude >= values_[high]) {
      return static_cast<std::uint32_t>(high);
    }
    while (high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      (values_[middle] <= magnitude ? low : high) = middle;
    }
    const double midpoint = (values_[low] + values_[high]) / 2;
    const bool up = magnitude > midpoint || (magnitude == midpoint && low % 2 == 1);
    return static_cast<std::uint32_t>(up ? high : low);
  }
  [[nodiscard]] std::uint32_t code(float x) const {
    const std::uint32_t magnitude = magnitude_code(static_cast<double>(detail::abs(x)));
    const bool unsigned_zero = format_.specials == special_values::nan_is_neg0 && magnitude == 0;
    return magnitude | (std::signbit(x) && !unsigned_zero ? detail::sign_bit(format_) : 0);
  }

 private:
  float_format format_;
  std::vector<double> values_;
};

}  // namespace

TEST_CASE("special values follow the published conversions") {
  for (const encode_row& r : test::at_run_time(special)) {
    CAPTURE(r.value, r.code, bits_of(r.format), r.format.exponent_bits);
    CHECK(encodes(r));
  }
}

TEST_CASE("all codes return at run time") {
  for (const float_format* f : formats) {
    CAPTURE(f->exponent_bits, f->mantissa_bits, f->bias);
    CHECK(all_codes_return(test::at_run_time_value(*f)));
  }
  CHECK(all_codes_return(test::at_run_time_value(bfloat16)));
}

TEST_CASE("encoding gives the nearest value, ties to even") {
  for (const float_format* f : formats) {
    const reference slow(*f);
    std::uint64_t different = 0;
    std::uint32_t first = 0;
    // Every 4093rd float of both signs (a prime, so that all exponents and mantissas are met), about a million a format.
    for (std::uint64_t bits = 0; bits <= 0xFFFFFFFFU; bits += 4093) {
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      if (detail::is_finite(x) && encode(*f, x) != slow.code(x)) {
        first = different++ == 0 ? static_cast<std::uint32_t>(bits) : first;
      }
    }
    // The midpoints of neighbouring values and the floats beside them.
    for (std::uint32_t code = 0; code < max_code(*f); ++code) {
      const auto middle =
          static_cast<float>((finite_value(*f, code) + finite_value(*f, code + 1)) / 2);
      const auto bits = std::bit_cast<std::uint32_t>(middle);
      for (const std::uint32_t b : {bits - 1, bits, bits + 1}) {
        const auto x = std::bit_cast<float>(b);
        if (encode(*f, x) != slow.code(x) || encode(*f, -x) != slow.code(-x)) {
          first = different++ == 0 ? b : first;
        }
      }
    }
    CAPTURE(f->exponent_bits, f->mantissa_bits, f->bias, first);
    CHECK(different == 0);
  }
}

TEST_CASE("cutting gives the largest value that is not larger") {
  for (const float_format* f : formats) {
    std::uint64_t wrong = 0;
    for (std::uint64_t bits = 0; bits < 0x7F800000U; bits += 65521) {
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      const std::uint32_t code = encode(*f, x, toward_zero);
      const bool below = finite_value(*f, code) <= static_cast<double>(x);
      const bool next_above =
          code == max_code(*f) || finite_value(*f, code + 1) > static_cast<double>(x);
      wrong += below && next_above ? 0 : 1;
    }
    CAPTURE(f->exponent_bits, f->mantissa_bits, f->bias);
    CHECK(wrong == 0);
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

TEST_CASE("the codec agrees with the run lists of CUDA and ml_dtypes") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  std::ifstream file(std::string{data != nullptr ? data : "../shared/data"} +
                     "/golden/golden_small_formats.csv");
  if (!file) {
    WARN("golden_small_formats.csv is not at hand");
    return;
  }
  struct oracle {
    const char* name;
    float_format format;
    rounding mode;
    overflow policy;
  };
  const oracle oracles[] = {
      {"cuda_e4m3_sat", float8_e4m3fn, nearest_even, saturate},
      {"cuda_e4m3_nosat", float8_e4m3fn, nearest_even, to_special},
      {"cuda_e5m2_sat", float8_e5m2, nearest_even, saturate},
      {"cuda_e5m2_nosat", float8_e5m2, nearest_even, to_special},
      {"cuda_e2m3_rn", float6_e2m3fn, nearest_even, saturate},
      {"cuda_e2m3_rz", float6_e2m3fn, toward_zero, saturate},
      {"cuda_e3m2_rn", float6_e3m2fn, nearest_even, saturate},
      {"cuda_e3m2_rz", float6_e3m2fn, toward_zero, saturate},
      {"cuda_e2m1_rn", float4_e2m1fn, nearest_even, saturate},
      {"cuda_e2m1_rz", float4_e2m1fn, toward_zero, saturate},
      {"cuda_e8m0_rz_sat", float8_e8m0fnu, nearest_even, saturate},
      {"cuda_e8m0_rz_nosat", float8_e8m0fnu, nearest_even, to_special},
      {"ml_e4m3fnuz", float8_e4m3fnuz, nearest_even, to_special},
      {"ml_e4m3fnuz_sat", float8_e4m3fnuz, nearest_even, saturate},
      {"ml_e5m2fnuz", float8_e5m2fnuz, nearest_even, to_special},
      {"ml_e5m2fnuz_sat", float8_e5m2fnuz, nearest_even, saturate},
  };
  std::map<std::string, std::vector<std::pair<std::uint32_t, std::uint32_t>>> runs;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto a = line.find(',');
    const auto b = line.find(',', a + 1);
    runs[line.substr(0, a)].emplace_back(
        static_cast<std::uint32_t>(std::stoul(line.substr(a + 1, b - a - 1), nullptr, 16)),
        static_cast<std::uint32_t>(std::stoul(line.substr(b + 1), nullptr, 16)));
  }
  for (const oracle& o : oracles) {
    const auto& list = runs[o.name];
    REQUIRE(list.size() > 10);
    int different = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::uint64_t last = i + 1 < list.size() ? list[i + 1].first - 1U : 0xFFFFFFFFU;
      for (const std::uint64_t bits :
           {std::uint64_t{list[i].first}, (list[i].first + last) / 2, last}) {
        different += encode(o.format, std::bit_cast<float>(static_cast<std::uint32_t>(bits)),
                            o.mode, o.policy) == list[i].second
                         ? 0
                         : 1;
      }
    }
    CAPTURE(o.name);
    CHECK(different == 0);
  }
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
  REQUIRE_THROWS_WITH(parse_rounding("up"), test::contains("known: nearest_even, toward_zero"));
  CHECK(parse_overflow(to_string(to_special)) == to_special);
  CHECK(parse_rounding(to_string(toward_zero)) == toward_zero);
}

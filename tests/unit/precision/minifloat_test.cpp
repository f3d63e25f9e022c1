// SPDX-License-Identifier: Apache-2.0
//
// The codec against the published special values, against an independent slow reference, and, where the data are at hand, against the
// exhaustive run lists of CUDA and ml_dtypes.
#include "quantroof/precision/minifloat.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
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

// float8_e4m3b11fnuz of ml_dtypes: a format this library has no name for.
constexpr float_format e4m3b11fnuz{4, 3, 11, special_values::nan_is_neg0};
static_assert(all_codes_return(e4m3b11fnuz));

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
static_assert(find_rounding("toward_zero") == toward_zero && !find_rounding("up") &&
              find_overflow("saturate") == saturate && !find_overflow("wrap"));

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
  /// requires  x is finite
  [[nodiscard]] std::uint32_t code(float x) const {
    const std::uint32_t magnitude = magnitude_code(static_cast<double>(detail::abs(x)));
    const bool unsigned_zero = format_.specials == special_values::nan_is_neg0 && magnitude == 0;
    return magnitude | (std::signbit(x) && !unsigned_zero ? detail::sign_bit(format_) : 0);
  }

 private:
  float_format format_;
  std::vector<double> values_;
};

// Data that come with the project's measurements, not with its sources; tests that need them pass without.
std::string golden(const std::string& name) {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  return std::string{data != nullptr ? data : "../shared/data"} + "/golden/" + name;
}

// A codec is constant between its rounding points: (first input, code) of each run, in the order of the bits, tells all 2^32.
using run_list = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// How many of the first, middle and last inputs of the runs get another code.
template <class Encode>
int differences(const run_list& list, bool finite_only, Encode encode_one) {
  int different = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::uint64_t first = list[i].first;
    const std::uint64_t last = i + 1 < list.size() ? list[i + 1].first - 1U : 0xFFFFFFFFU;
    for (const std::uint64_t bits : {first, (first + last) / 2, last}) {
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      if (!finite_only || detail::is_finite(x)) {
        different += encode_one(x) == list[i].second ? 0 : 1;
      }
    }
  }
  return different;
}

}  // namespace

TEST_CASE("special values follow the published conversions") {
  for (const encode_row& r : test::at_run_time(special)) {
    CAPTURE(r.value, r.code, bits_of(r.format), r.format.exponent_bits);
    CHECK(encodes(r));
  }
}

TEST_CASE("integers are symmetric two's complement") {
  for (const integer_row& r : test::at_run_time(integers)) {
    CAPTURE(to_string(r.p), r.value, r.code);
    CHECK(integer_encodes(r));
  }
}

TEST_CASE("all codes return at run time") {
  for (const float_format* f : formats) {
    CAPTURE(f->exponent_bits, f->mantissa_bits, f->bias);
    CHECK(all_codes_return(test::at_run_time_value(*f)));
  }
  CHECK(all_codes_return(test::at_run_time_value(float8_e8m0fnu)));
}

TEST_CASE("a decoded code has the value of the formula") {
  for (const float_format* f : formats) {
    std::uint32_t different = 0;
    for (std::uint32_t code = 0; code <= max_code(*f); ++code) {
      different += static_cast<double>(decode(*f, code)) == finite_value(*f, code) ? 0U : 1U;
    }
    CAPTURE(f->exponent_bits, f->mantissa_bits, f->bias);
    CHECK(different == 0);
  }
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
      const auto
          middle =  // exact: one bit more than the format, and BF16's subnormals end at 2^-133
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
  std::ifstream file(golden("golden_small_formats.csv"));
  if (!file) {
    WARN("golden_small_formats.csv is not at hand");
    return;
  }
  struct oracle {
    const char* name;
    float_format format;
    rounding mode;
    overflow policy;
    bool finite_only = false;  // ml_dtypes' NaN and Inf differ from CUDA's
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
      {"cuda_e8m0_rz_sat", float8_e8m0fnu, toward_zero, saturate},
      {"cuda_e8m0_rz_nosat", float8_e8m0fnu, toward_zero, to_special},
      {"cuda_e8m0_rz_sat", float8_e8m0fnu, nearest_even, saturate},
      {"cuda_e8m0_rz_nosat", float8_e8m0fnu, nearest_even, to_special},
      {"ml_e4m3fnuz", float8_e4m3fnuz, nearest_even, to_special},
      {"ml_e4m3fnuz_sat", float8_e4m3fnuz, nearest_even, saturate},
      {"ml_e5m2fnuz", float8_e5m2fnuz, nearest_even, to_special},
      {"ml_e5m2fnuz_sat", float8_e5m2fnuz, nearest_even, saturate},
      {"ml_e4m3b11fnuz", e4m3b11fnuz, nearest_even, to_special},
      {"ml_e4m3b11fnuz_sat", e4m3b11fnuz, nearest_even, saturate},
      {"ml_e4m3", float8_e4m3fn, nearest_even, to_special, true},
      {"ml_e4m3_sat", float8_e4m3fn, nearest_even, saturate, true},
      {"ml_e5m2", float8_e5m2, nearest_even, to_special, true},
      {"ml_e5m2_sat", float8_e5m2, nearest_even, saturate, true},
      {"ml_e4m3_ieee", float8_e4m3, nearest_even, to_special, true},
      {"ml_e4m3_ieee_sat", float8_e4m3, nearest_even, saturate, true},
      {"ml_e3m4", float8_e3m4, nearest_even, to_special, true},
      {"ml_e3m4_sat", float8_e3m4, nearest_even, saturate, true},
      {"ml_e2m3", float6_e2m3fn, nearest_even, saturate, true},
      {"ml_e3m2", float6_e3m2fn, nearest_even, saturate, true},
      {"ml_e2m1", float4_e2m1fn, nearest_even, saturate, true},
  };
  std::map<std::string, run_list> runs;
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
    CAPTURE(o.name);
    const auto& list = runs[o.name];
    REQUIRE(list.size() > 10);
    CHECK(differences(list, o.finite_only,
                      [&](float x) { return encode(o.format, x, o.mode, o.policy); }) == 0);
  }
  CHECK(differences(runs["cuda_e8m0_rp_sat"], false, [](float x) { return encode_e8m0_up(x); }) ==
        0);
}

TEST_CASE("FP16 and BF16 agree with the run lists of CUDA") {
  struct oracle {
    const char* file;
    float_format format;
  };
  for (const oracle& o :
       {oracle{"enc_cuda_half_rn.bin", float16}, oracle{"enc_cuda_bf16_rn.bin", bfloat16}}) {
    std::ifstream file(golden(o.file), std::ios::binary);
    if (!file) {
      WARN(o.file << " is not at hand");
      continue;
    }
    run_list list;  // records of 6 bytes, low byte first: first input of the run, its code
    for (std::array<char, 6> record{}; file.read(record.data(), 6);) {
      const auto byte = [&record](std::size_t i) {
        return std::uint32_t{static_cast<unsigned char>(record[i])};
      };
      list.emplace_back(byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U,
                        byte(4) | byte(5) << 8U);
    }
    CAPTURE(o.file);
    REQUIRE(list.size() > 60000);
    CHECK(differences(list, false,
                      [&](float x) { return encode(o.format, x, nearest_even, to_special); }) == 0);
  }
}

TEST_CASE("decoding agrees with CUDA and ml_dtypes") {
  const std::map<std::string, float_format> names = {
      {"e4m3", float8_e4m3fn},       {"e5m2", float8_e5m2},         {"e2m3", float6_e2m3fn},
      {"e3m2", float6_e3m2fn},       {"e2m1", float4_e2m1fn},       {"e8m0", float8_e8m0fnu},
      {"e4m3fnuz", float8_e4m3fnuz}, {"e5m2fnuz", float8_e5m2fnuz}, {"e4m3_ieee", float8_e4m3},
      {"e4m3b11fnuz", e4m3b11fnuz},  {"e3m4", float8_e3m4}};
  for (const auto& [name, rows] :
       {std::pair{"dec_cuda.csv", 912}, std::pair{"dec_ml_dtypes.csv", 2192}}) {
    std::ifstream file(golden(name));
    if (!file) {
      WARN(name << " is not at hand");
      continue;
    }
    int read = 0;
    int different = 0;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      const auto a = line.find(',');
      const auto b = line.find(',', a + 1);
      const auto code =
          static_cast<std::uint32_t>(std::stoul(line.substr(a + 1, b - a - 1), nullptr, 16));
      const auto bits = static_cast<std::uint32_t>(std::stoul(line.substr(b + 1), nullptr, 16));
      const float ours = decode(names.at(line.substr(0, a)), code);
      const bool same = (bits & 0x7FFFFFFFU) > 0x7F800000U
                            ? detail::is_nan(ours)
                            : std::bit_cast<std::uint32_t>(ours) == bits;
      different += same ? 0 : 1;
      ++read;
    }
    CAPTURE(name);
    CHECK(read == rows);
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
  REQUIRE_THROWS_WITH(decode(float32, 1),
                      test::contains("decode: the format must have at most 16 bits"));
  REQUIRE_THROWS_WITH(decode(precision::int4, 16),
                      test::contains("decode: the code must fit the element"));
  REQUIRE_THROWS_WITH(
      parse_rounding("up"),
      test::contains("parse_rounding: unknown name \"up\"; known: nearest_even, toward_zero"));
  REQUIRE_THROWS_WITH(
      parse_overflow("wrap"),
      test::contains("parse_overflow: unknown name \"wrap\"; known: saturate, to_special"));
  CHECK(parse_overflow(to_string(to_special)) == to_special);
  CHECK(parse_rounding(to_string(toward_zero)) == toward_zero);
}

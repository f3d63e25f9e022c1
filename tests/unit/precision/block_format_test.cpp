// SPDX-License-Identifier: Apache-2.0
//
// Scales of blocks by hand and by property, through the slow reference. The loops over tensors: quantize_test.cpp.
#include "quantroof/precision/block_format.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "reference_blocks.hpp"
#include "test_table.hpp"

namespace block_format_test {

namespace {

using namespace quantroof;
using test::round_trip_blocks;

struct max_row {
  precision p;
  float most;
};
// OCP 8-bit FP 1.0 and OCP MX v1.0 limits; symmetric integers.
constexpr max_row maxima[] = {{precision::fp8_e4m3, 448},  {precision::fp8_e5m2, 57344},
                              {precision::nvfp4, 6},       {precision::mxfp6_e2m3, 7.5F},
                              {precision::mxfp6_e3m2, 28}, {precision::int8, 127},
                              {precision::int4_g128, 7},   {precision::fp16, 65504}};
constexpr auto has_max = [](const max_row& r) { return element_max(r.p) == r.most; };
static_assert(test::first_failure(maxima, has_max) == -1);

struct trip_row {
  precision p;
  float x;
  float scale;
  float back;
};
constexpr trip_row trips[] = {{precision::fp4_e2m1, 5.1F, 2.0F, 6.0F},   // 2.55 -> 3
                              {precision::fp4_e2m1, 5.0F, 2.0F, 4.0F},   // 2.5 ties to 2
                              {precision::int8, 1000.0F, 2.0F, 254.0F},  // saturates
                              {precision::fp8_e4m3, -3.3F, 1.0F, -3.25F},
                              {precision::int4, 2.4F, 1.0F, 2.0F}};
constexpr auto comes_back = [](const trip_row& r) {
  return round_trip(r.p, r.x, r.scale) == r.back;
};
static_assert(test::first_failure(trips, comes_back) == -1);

// One block of 32 with a largest magnitude of 8: the floor rule gives MXFP4 the scale 2^(3 - 2), MXFP8 the scale 2^(3 - 8).
constexpr float mx_value(precision p, float largest, float x) {
  std::array<float, 32> in{};
  std::array<float, 32> out{};
  in[0] = largest;
  in[5] = x;
  round_trip_blocks(p, in, out, 0.0F);
  return out[5];
}
static_assert(mx_value(precision::mxfp4, 8.0F, 3.0F) == 3.0F);     // 1.5 * 2
static_assert(mx_value(precision::mxfp4, 8.0F, 2.4F) == 2.0F);     // 1.2 -> 1
static_assert(mx_value(precision::mxfp4, 15.0F, 15.0F) == 12.0F);  // the floor rule clips: 6 * 2
static_assert(mx_value(precision::mxfp8_e4m3, 8.0F, 0.3F) ==
              0.3125F);                                          // E4M3 of 0.3 * 2^5 = 9.6 -> 10
static_assert(mx_value(precision::mxint8, 8.0F, 3.0F) == 3.0F);  // 3 / 8 * 64 = 24
// A block of zeros stays zero in every format.
static_assert(mx_value(precision::mxfp4, 0.0F, 0.0F) == 0.0F &&
              mx_value(precision::nvfp4, 0.0F, 0.0F) == 0.0F &&
              mx_value(precision::int4_g128, 0.0F, 0.0F) == 0.0F &&
              mx_value(precision::gguf_q4_0, 0.0F, 0.0F) == 0.0F &&
              mx_value(precision::int4_g128_zp4, 0.0F, 0.0F) == 0.0F);

// NaN of any payload and Inf give FF by every rule; that no sum of their bits overflows is for the compiler to say.
constexpr bool marks_specials(mx_scale_rule rule) {
  for (const precision p : {precision::mxfp8_e4m3, precision::mxfp8_e5m2, precision::mxfp6_e2m3,
                            precision::mxfp6_e3m2, precision::mxfp4, precision::mxint8}) {
    for (const std::uint32_t bits : {0x7F800000U, 0x7F800001U, 0x7FC00000U, 0x7FFFFFFFU}) {
      if (mx_scale_code(p, std::bit_cast<float>(bits), rule) != 0xFF) {
        return false;
      }
    }
  }
  return true;
}
static_assert(marks_specials(mx_scale_rule::floor) && marks_specials(mx_scale_rule::rceil) &&
              marks_specials(mx_scale_rule::even) && marks_specials(mx_scale_rule::ceil));

// The scale of a block, by hand.
static_assert(mx_scale_code(precision::mxfp4, 6.0F) == 127);       // 2^(2 - 2)
static_assert(mx_scale_code(precision::mxfp4, 7.9F) == 127);       // floor: clips 7.9 to 6
static_assert(mx_scale_code(precision::mxfp8_e4m3, 1.0F) == 119);  // 2^(0 - 8)
static_assert(mx_scale_code(precision::mxfp8_e5m2, 1.0F) == 112);  // 2^(0 - 15)
static_assert(mx_scale_code(precision::mxfp6_e3m2, 1.0F) == 123 &&
              mx_scale_code(precision::mxfp6_e2m3, 1.0F) == 125 &&
              mx_scale_code(precision::mxint8, 1.0F) == 127);
static_assert(mx_scale_code(precision::mxfp4, 0x1.FFFFFEp2F) == 127 &&
              mx_scale_code(precision::mxfp4, 0x1p3F) == 128);  // floor(log2f(x)) is wrong beside 8
static_assert(mx_scale_code(precision::mxfp8_e4m3, 0.0F) == 0 &&
              mx_scale_code(precision::mxfp8_e4m3, 0x1p-149F) == 0 &&
              mx_scale_code(precision::mxfp8_e4m3, 0x1p-120F) == 0 &&
              mx_scale_code(precision::mxfp8_e4m3, 0x1p-118F) == 1);
static_assert(mx_scale_code(precision::mxint8, std::numeric_limits<float>::max()) == 254 &&
              mx_scale_code(precision::mxfp4, std::numeric_limits<float>::infinity()) == 255 &&
              mx_scale_code(precision::mxfp4, std::numeric_limits<float>::quiet_NaN()) == 255);

// A tensor with absmax 2688 = 448 * 6 has the tensor scale 1: block scales are absmax / 6 in E4M3.
constexpr nvfp4_tensor_scale unit = make_nvfp4_tensor_scale(2688.0F);
static_assert(unit.encode == 1.0F && unit.decode == 1.0F);
static_assert(make_nvfp4_block_scale(unit, 2688.0F).code == 0x7E &&
              make_nvfp4_block_scale(unit, 6.0F).code == 0x38 &&
              make_nvfp4_block_scale(unit, 0.0F).code == 0x00);
static_assert(make_nvfp4_block_scale(unit, 1e6F).code ==
              0x7E);  // a block above the tensor's absmax saturates
static_assert(make_nvfp4_block_scale(unit, 6.0F).factor == 1.0F &&
              make_nvfp4_block_scale(unit, 12.0F).factor == 0.5F);
static_assert(make_nvfp4_block_scale(unit, 0.0F).factor == std::numeric_limits<float>::max());
// 9 * 224 / 6 = 336 would tie to 320 (7A); TransformerEngine multiplies by 224 * fl(1/6), an ulp more, and gets 352.
static_assert(make_nvfp4_block_scale(make_nvfp4_tensor_scale(12.0F), 9.0F).code == 0x7B);
// Of a tiny tensor both factors end at the largest float, so that they still undo each other.
static_assert(make_nvfp4_tensor_scale(0x1p-149F).decode ==
              1.0F / std::numeric_limits<float>::max());
static_assert(make_nvfp4_tensor_scale(0.0F).encode == 1.0F &&
              make_nvfp4_tensor_scale(0x1p-149F).encode == std::numeric_limits<float>::max());

// absmax / 7 and / 127 on the FP16 grid; FP8 groups keep FP32.
static_assert(symmetric_scale(precision::int4_g128, 7.0F) == 1.0F &&
              symmetric_scale(precision::int8_g32, 254.0F) == 2.0F);
static_assert(symmetric_scale(precision::int4_g128, 0.7F) == 0x1.998p-4F);  // 0.1 in FP16
static_assert(symmetric_scale(precision::fp8_e4m3_group128, 44.8F) == 44.8F / 448.0F);
static_assert(symmetric_scale(precision::int4_g128, 1e9F) == 65504.0F &&
              symmetric_scale(precision::int4_g128, 1e-9F) == 0.0F);

struct affine_row {
  precision p;
  float low;
  float high;
  float scale;
  float zero;
};
constexpr affine_row affine[] = {
    {precision::int4_g128_zp4, -5.0F, 10.0F, 1.0F, 5.0F},
    {precision::int4_g128_zp4, -4.75F, 10.25F, 1.0F, 5.0F},    // 4.75 to nearest
    {precision::int4_g128_zp16, -4.75F, 10.25F, 1.0F, 4.75F},  // kept as FP16
    {precision::int4_g128_zp4, 3.0F, 30.0F, 2.0F, 0.0F},       // widened to 0 .. 30
    {precision::int4_g128_zp4, -30.0F, -3.0F, 2.0F, 15.0F},
    {precision::int4_g128_zp4, 0.0F, 0.0F, 0.0F, 0.0F},
    // 1.4 * 2^-24 is stored as 2^-24, and 21 steps do not fit 4 bits.
    {precision::int4_g128_zp4, -21.0F * 0x1p-24F, 0.0F, 0x1p-24F, 15.0F},
};
constexpr auto has_affine = [](const affine_row& r) {
  const affine_scale s = zero_point_scale(r.p, r.low, r.high);
  return s.scale == r.scale && s.zero == r.zero;
};
static_assert(test::first_failure(affine, has_affine) == -1);

static_assert(make_gguf_scale(precision::gguf_q8_0, -254.0F).stored == 2.0F &&
              make_gguf_scale(precision::gguf_q8_0, -254.0F).inverse == 0.5F);
static_assert(make_gguf_scale(precision::gguf_q4_0, 16.0F).stored == -2.0F &&
              make_gguf_scale(precision::gguf_q4_0, -16.0F).stored == 2.0F &&
              make_gguf_scale(precision::gguf_q4_0, 0.0F).inverse == 0.0F);

struct row_value {
  precision p;
  float largest;
  float x;
  float back;
};
constexpr row_value values[] = {
    {precision::gguf_q8_0, 127.0F, 2.5F, 3.0F},  // ties away from zero, as roundf in ggml
    {precision::gguf_q8_0, 127.0F, -2.5F, -3.0F},
    {precision::int8_g32, 127.0F, 2.5F, 2.0F},  // ties to even
    {precision::gguf_q4_0, -8.0F, 7.0F, 7.0F},
    {precision::gguf_q4_0, -8.0F, 8.0F,
     7.0F},  // of two equal magnitudes the first decides: +8 saturates
    {precision::gguf_q4_0, 8.0F, -7.0F, -7.0F},
    {precision::gguf_q4_0, -8.0F, 0.5F, 1.0F},  // x / d + 8.5 is cut: halves go up
    {precision::gguf_q4_0, -8.0F, -0.5F, 0.0F},
    {precision::int4_g128, 7.0F, -3.5F, -4.0F},
    {precision::int4_g128_zp4, 15.0F, 2.5F, 2.0F},
    {precision::int4_g128_zp4, 15.0F, -0.4F, 0.0F},
    {precision::nvfp4, 6.0F, 0.24F, 0.0F},
    {precision::nvfp4, 6.0F, 4.9F, 4.0F},
    {precision::nvfp4_kv, 6.0F, -5.1F, -6.0F},
    {precision::fp8_e4m3_group128, 448.0F, 17.0F, 16.0F},  // between 16 and 18: to the even code
    {precision::mxfp6_e3m2, 16.0F, 11.0F, 12.0F},  // 10 and 12 are neighbours: to the even code
    {precision::mxfp6_e2m3, 4.0F, 0.3F, 0.25F},
    {precision::mxfp8_e5m2, 32768.0F, 1.1F, 1.0F},
    {precision::mxint8, 1.0F, 0.02F, 0x1p-6F},  // codes stand for multiples of 2^-6: 1.28 -> 1
    {precision::mxint8, 1.99F, 1.99F, 127.0F / 64.0F},
};
constexpr auto gives_value = [](const row_value& r) {
  std::array<float, 16> in{};
  std::array<float, 16> out{};
  in[0] = r.largest;
  in[5] = r.x;
  round_trip_blocks(r.p, in, out, 2688.0F);  // a short block; tensor scale 1 for NVFP4
  return out[5] == r.back;
};
static_assert(test::first_failure(values, gives_value) == -1);

// Around an odd zero point a tie falls differently when the zero point is added before rounding: -5 .. 10, scale 1, zero 5.
constexpr float beside_zero_point(precision p, float x) {
  std::array<float, 3> in{-5.0F, 10.0F, x};
  round_trip_blocks(p, in, in, 0.0F);
  return in[2];
}
static_assert(beside_zero_point(precision::int4_g128_zp4, 0.5F) == 0.0F);   // round(0.5) + 5
static_assert(beside_zero_point(precision::int4_g128_zp16, 0.5F) == 1.0F);  // round(0.5 + 5)

constexpr precision blocked[] = {precision::mxfp8_e4m3,
                                 precision::mxfp8_e5m2,
                                 precision::mxfp6_e2m3,
                                 precision::mxfp6_e3m2,
                                 precision::mxfp4,
                                 precision::mxint8,
                                 precision::nvfp4,
                                 precision::nvfp4_kv,
                                 precision::int8_g32,
                                 precision::int4_g128,
                                 precision::int4_g64,
                                 precision::int4_g32,
                                 precision::int4_g128_zp4,
                                 precision::int4_g128_zp16,
                                 precision::gguf_q8_0,
                                 precision::gguf_q4_0,
                                 precision::fp8_e4m3_group128};

// The ends of the float range: what comes back is finite and, but for the rounding of stored scales, no larger than the block.
bool survives(precision p, float largest) {
  std::array<float, 8> in{largest,    -largest, largest / 2, 0x1p-149F,
                          -0x1p-126F, 0.0F,     -1.0F,       largest};
  std::array<float, 8> out{};
  const float most = std::fmax(largest, 1.0F);
  round_trip_blocks(p, in, out, most);
  bool good = true;
  for (const float x : out) {
    good = good && std::fabs(static_cast<double>(x)) <= 1.1 * static_cast<double>(most);
  }
  return good;
}

// Gaussian values by Box and Muller from a linear congruential generator: the same everywhere.
std::vector<float> noise(std::size_t n, float sigma) {
  std::vector<float> x(n);
  std::uint64_t state = 12345;
  const auto uniform = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (static_cast<double>(state >> 11U) + 0.5) / 9007199254740992.0;
  };
  for (float& v : x) {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    v = sigma * static_cast<float>(radius * std::cos(6.283185307179586 * uniform()));
  }
  return x;
}

float absmax(const std::vector<float>& x) {
  float most = 0;
  for (const float v : x) {
    most = std::fmax(most, std::fabs(v));
  }
  return most;
}

double relative_error(precision p, const std::vector<float>& x) {
  std::vector<float> out(x.size());
  round_trip_blocks(p, x, out, absmax(x));
  double error = 0;
  double power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(out[i]) - static_cast<double>(x[i]), 2);
    power += std::pow(static_cast<double>(x[i]), 2);
  }
  return error / power;
}

}  // namespace

TEST_CASE("scales of blocks by hand") {
  for (const affine_row& r : test::at_run_time(affine)) {
    CAPTURE(to_string(r.p), r.low, r.high);
    CHECK(has_affine(r));
  }
  for (const row_value& r : test::at_run_time(values)) {
    CAPTURE(to_string(r.p), r.largest, r.x);
    CHECK(gives_value(r));
  }
}

TEST_CASE("blocks with NaN or Inf are marked by every MX rule") {
  for (const auto& rule : detail::mx_scale_rule_names) {
    CAPTURE(rule.name);
    CHECK(marks_specials(test::at_run_time_value(rule.value)));
  }
}

TEST_CASE("element maxima and single elements") {
  for (const max_row& r : test::at_run_time(maxima)) {
    CAPTURE(to_string(r.p));
    CHECK(has_max(r));
  }
  for (const trip_row& r : test::at_run_time(trips)) {
    CAPTURE(to_string(r.p), r.x);
    CHECK(comes_back(r));
  }
}

TEST_CASE("relative error on Gaussian data is what was published") {
  struct error_row {
    precision p;
    double error;
  };
  // Relative mean squared error on Gaussian data, a million samples, computed independently in Python.
  const error_row rows[] = {{precision::nvfp4, 9.0e-3},     {precision::mxfp4, 1.3e-2},
                            {precision::int4_g128, 1.4e-2}, {precision::int8_g32, 2.9e-5},
                            {precision::gguf_q8_0, 2.9e-5}, {precision::gguf_q4_0, 7.4e-3},
                            {precision::mxfp8_e4m3, 8.6e-4}};
  const std::vector<float> x = noise(1 << 18, 0.02F);
  for (const error_row& r : rows) {
    CAPTURE(to_string(r.p));
    CHECK(relative_error(r.p, x) == Approx(r.error).epsilon(0.05));
  }
}

TEST_CASE("a row in blocks behaves") {
  const std::vector<float> x = noise(1000, 1.0F);  // 1000: a short last block in every format
  for (const precision p : blocked) {
    CAPTURE(to_string(p));
    std::vector<float> once(x.size());
    round_trip_blocks(p, x, once, absmax(x));
    CHECK(relative_error(p, x) < 0.03);
    // Scaling by a power of two scales the result.
    std::vector<float> doubled(x);
    for (float& v : doubled) {
      v *= 4.0F;
    }
    std::vector<float> scaled(x.size());
    round_trip_blocks(p, doubled, scaled, 4.0F * absmax(x));
    int different = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      different += scaled[i] == 4.0F * once[i] ? 0 : 1;
    }
    CHECK(different <=
          (p == precision::int4_g128_zp16 ? 1000 : 0));  // an FP16 zero point does not scale
    // A NaN makes its block NaN and no other.
    std::vector<float> bad(x);
    bad[0] = std::nanf("");
    std::vector<float> out(x.size());
    round_trip_blocks(p, bad, out, absmax(x));
    const auto block = static_cast<std::size_t>(format_of(p).scales.block_cols);
    int nans = 0;
    for (const float v : out) {
      nans += std::isnan(v) ? 1 : 0;
    }
    CHECK(nans == static_cast<int>(block));
  }
}

TEST_CASE("block rules") {
  std::array<float, 4> in{};
  std::array<float, 4> out{};
  std::array<float, 3> shorter{};
  REQUIRE_THROWS_WITH(round_trip(precision::int8, 1.0F, 0.0F),
                      test::contains("round_trip: the scale must be positive"));
  REQUIRE_THROWS_WITH(element_max(precision::fp32),
                      test::contains("element_max: the element must have at most 16 bits"));
  REQUIRE_THROWS_WITH(round_trip_blocks(precision::int8, in, out, 0),
                      test::contains("must have blocks along a row"));
  REQUIRE_THROWS_WITH(round_trip_blocks(precision::fp8_e4m3_block128, in, out, 0),
                      test::contains("must have blocks along a row"));
  REQUIRE_THROWS_WITH(round_trip_blocks(precision::gguf_q4_k, in, out, 0),
                      test::contains("encoded by search"));
  REQUIRE_THROWS_WITH(round_trip_blocks(precision::mxfp4, in, shorter, 0),
                      test::contains("out must be as long as row"));
  REQUIRE_THROWS_WITH(round_trip_blocks(precision::nvfp4, in, out, -1.0F),
                      test::contains("tensor_absmax must be finite"));
  REQUIRE_THROWS_WITH(round_trip_blocks(precision::gguf_q6_k, in, out, 0),
                      test::contains("encoded by search"));
  REQUIRE_THROWS_WITH(mx_scale_code(precision::nvfp4, 1.0F),
                      test::contains("mx_scale_code: the precision must be an MX format"));
  REQUIRE_THROWS_WITH(mx_scale_code(precision::mxfp4, -1.0F),
                      test::contains("mx_scale_code: absmax must not be negative"));
  REQUIRE_THROWS_WITH(make_nvfp4_tensor_scale(std::numeric_limits<float>::infinity()),
                      test::contains("make_nvfp4_tensor_scale: absmax must be finite"));
  REQUIRE_THROWS_WITH(make_nvfp4_block_scale({}, std::nanf("")),
                      test::contains("make_nvfp4_block_scale: absmax must be finite"));
  for (const precision p :
       {precision::int8, precision::mxfp4, precision::int4_g128_zp4, precision::int4_g128_zp16,
        precision::gguf_q8_0, precision::int8_channel}) {
    CAPTURE(to_string(p));
    REQUIRE_THROWS_WITH(
        symmetric_scale(p, 1.0F),
        test::contains("symmetric_scale: the format must have one scale per block"));
  }
  REQUIRE_THROWS_WITH(symmetric_scale(precision::int4_g64, -1.0F),
                      test::contains("symmetric_scale: absmax must be finite"));
  REQUIRE_THROWS_WITH(zero_point_scale(precision::int4_g128, 0.0F, 1.0F),
                      test::contains("zero_point_scale: the format must have zero points"));
  REQUIRE_THROWS_WITH(zero_point_scale(precision::int4_g128_zp4, 1.0F, 0.0F),
                      test::contains("zero_point_scale: needs finite low <= high"));
  REQUIRE_THROWS_WITH(make_gguf_scale(precision::gguf_q4_k, 1.0F),
                      test::contains("make_gguf_scale: the format must be GGUF_Q8_0 or GGUF_Q4_0"));
  REQUIRE_THROWS_WITH(make_gguf_scale(precision::gguf_q4_0, std::nanf("")),
                      test::contains("make_gguf_scale: the value must be finite"));
}

TEST_CASE("the ends of the float range come back finite") {
  for (const precision p : blocked) {
    for (const float largest : {0x1p-149F, 0x1p-126F, 1e-30F, 1e-6F, 1.0F, 65504.0F, 1e10F, 3e38F,
                                std::numeric_limits<float>::max()}) {
      CAPTURE(to_string(p), largest);
      CHECK(survives(p, largest));
    }
  }
}

TEST_CASE("a row may be rounded in place") {
  for (const precision p : blocked) {
    std::vector<float> x = noise(300, 1.0F);
    std::vector<float> out(x.size());
    const float most = absmax(x);
    round_trip_blocks(p, x, out, most);
    round_trip_blocks(p, x, x, most);
    CAPTURE(to_string(p));
    CHECK(x == out);
  }
}

TEST_CASE("single elements follow the policies of encode") {
  const float inf = std::numeric_limits<float>::infinity();
  const float not_a_number = std::numeric_limits<float>::quiet_NaN();
  CHECK(round_trip(precision::fp8_e4m3, inf, 2.0F) == 896.0F);
  CHECK(round_trip(precision::fp8_e4m3, -inf, 2.0F) == -896.0F);
  CHECK(std::isnan(round_trip(precision::fp8_e4m3, not_a_number, 2.0F)));
  CHECK(std::isnan(round_trip(precision::fp8_e4m3fnuz, inf, 2.0F)));
  CHECK(round_trip(precision::fp4_e2m1, not_a_number, 2.0F) == 12.0F);
  CHECK(round_trip(precision::int8, not_a_number, 2.0F) == 0.0F);
  // x / scale beyond the largest float is a large number, not Inf, which FNUZ formats would make NaN.
  CHECK(round_trip(precision::fp8_e4m3fnuz, 3e38F, 0x1p-20F) == 240.0F * 0x1p-20F);
  CHECK(round_trip(precision::int8, 3e38F, 3e38F) == 3e38F);
  CHECK(round_trip(precision::fp8_e4m3, 3e38F, 3e38F) == 3e38F);
}

}  // namespace block_format_test

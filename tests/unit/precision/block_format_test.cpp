// SPDX-License-Identifier: Apache-2.0
//
// Rows in formats with shared scales: by hand, by property, and against what the checkpoint producers' own code gave.
#include "quantroof/precision/block_format.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace {

using namespace quantroof;

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

// One block of 32 with a largest magnitude of 8: MXFP4's floor rule takes 2^(3 - 2) = 2 and clips 8 / 2 = 4 exactly; MXFP8's 2^(3 - 8).
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
}

TEST_CASE("blocks agree with the producers' own code") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::string folder =
      std::string{data != nullptr ? data : "../shared/data"} + "/golden/block/";
  const auto load = [&](const std::string& name) {
    std::ifstream file(folder + name, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  if (load("t0_normal.f32").empty()) {
    WARN("golden/block is not at hand");
    return;
  }
  struct golden {
    precision p;
    const char* algorithm;
  };
  const golden algorithms[] = {{precision::nvfp4, "nvfp4_te"},
                               {precision::mxfp4, "mxfp4_floor"},
                               {precision::mxfp8_e4m3, "mxfp8e4m3_floor"},
                               {precision::mxfp8_e5m2, "mxfp8e5m2_floor"},
                               {precision::mxfp6_e2m3, "mxfp6e2m3_floor"},
                               {precision::mxfp6_e3m2, "mxfp6e3m2_floor"}};
  for (const char* tensor : {"t0_normal", "t1_wide", "t2_ties"}) {
    const std::string raw = load(std::string{tensor} + ".f32");
    std::vector<float> x(raw.size() / 4);
    std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(x.data()));
    for (const golden& g : algorithms) {
      const std::string stem = std::string{tensor} + "." + g.algorithm;
      const std::string codes = load(stem + ".codes.u8");
      const std::string scales = load(stem + ".scale.u8");
      REQUIRE(!codes.empty());
      const bool nvfp4 = g.p == precision::nvfp4;
      const std::size_t block = nvfp4 ? 16 : 32;
      const float most = absmax(x);
      const float global_decode = nvfp4 ? 1.0F / (448.0F * 6.0F / most) : 1.0F;
      std::vector<float> ours(x.size());
      round_trip_blocks(g.p, x, ours, most);
      int different = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool nibbles = format_of(g.p).element_bits == 4;
        const auto byte = static_cast<unsigned char>(codes[nibbles ? i / 2 : i]);
        const std::uint32_t code =
            nibbles ? (i % 2 == 0 ? byte & 15U : static_cast<std::uint32_t>(byte) >> 4U) : byte;
        const auto scale_code = static_cast<unsigned char>(scales[i / block]);
        const double scale = nvfp4 ? static_cast<double>(decode(float8_e4m3fn, scale_code))
                                   : finite_value(float8_e8m0fnu, scale_code);
        const auto theirs =
            nvfp4 ? decode(g.p, code) * static_cast<float>(scale) * global_decode
                  : static_cast<float>(static_cast<double>(decode(g.p, code)) * scale);
        different += ours[i] == theirs ? 0 : 1;
      }
      CAPTURE(tensor, g.algorithm);
      CHECK(different == 0);
    }
  }
}

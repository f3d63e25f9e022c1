// SPDX-License-Identifier: Apache-2.0

#include "quantroof/engine/quality_error.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "quantroof/precision/dequantize.hpp"
#include "quantroof/precision/quantize.hpp"
#include "test_table.hpp"

namespace quality_error_test {

using namespace quantroof;

namespace {

// Published table of a second implementation (2^20 values, round to nearest even): relative errors of Gaussian and t5 values.
struct published_row {
  precision format;
  granularity g;
  double gaussian;
  double student_t5;
};
constexpr published_row published[] = {
    {precision::fp8_e4m3, granularity::per_tensor, 7.0119e-04, 7.0326e-04},
    {precision::fp8_e4m3_channel, granularity::per_tensor, 7.0182e-04, 6.8867e-04},
    {precision::fp8_e4m3_group128, granularity::per_tensor, 6.6020e-04, 6.0545e-04},
    {precision::fp8_e5m2, granularity::per_tensor, 2.7727e-03, 2.7734e-03},
    {precision::mxfp8_e4m3, granularity::per_tensor, 8.6216e-04, 9.8610e-04},
    {precision::int8, granularity::per_tensor, 1.2872e-04, 0},  // t5: the largest of 2^20 differs
    {precision::int8_channel, granularity::per_tensor, 7.5408e-05, 0},
    {precision::int8, granularity::per_token, 7.5408e-05, 0},
    {precision::gguf_q8_0, granularity::per_tensor, 2.8628e-05, 4.5687e-05},
    {precision::int4_channel, granularity::per_tensor, 2.4838e-02, 0},
    {precision::int4_g128, granularity::per_tensor, 1.3792e-02, 2.9623e-02},
    {precision::int4, granularity::per_group, 1.3792e-02, 2.9623e-02},
    {precision::int4_g128_zp4, granularity::per_tensor, 9.9680e-03, 1.7487e-02},
    {precision::int4_g32, granularity::per_tensor, 9.4069e-03, 1.4984e-02},
    {precision::gguf_q4_0, granularity::per_tensor, 7.3889e-03, 1.1620e-02},
    {precision::nvfp4, granularity::per_tensor, 9.0279e-03, 8.5266e-03},
    {precision::mxfp4, granularity::per_tensor, 1.3223e-02, 1.5837e-02},
};
constexpr bool near(double a, double b, double tolerance) {
  return b == 0 || detail::abs(a - b) <= tolerance * b;
}
constexpr auto agrees = [](const published_row& r) {
  const format_error e = error_of(r.format, r.g);
  return near(e.gaussian, r.gaussian, 0.03) && near(e.student_t5, r.student_t5, 0.03);
};
static_assert(test::first_failure(published, agrees) == -1);

// Closed forms against the table of what codecs do.
struct closed_row {
  double closed;
  double measured;
};
constexpr closed_row closed_forms[] = {
    {uniform_mse(127, 4096), error_of(precision::int8_channel).gaussian},
    {uniform_mse(127, 128), error_of(precision::int8, granularity::per_group).gaussian},
    {uniform_mse(127, 32), error_of(precision::int8_g32).gaussian},
    {uniform_mse(127, 1 << 20), error_of(precision::int8).gaussian},
    {uniform_mse(7, 4096), error_of(precision::int4_channel).gaussian},
    {uniform_mse(7, 128), error_of(precision::int4_g128).gaussian},
    {uniform_mse(7, 64), error_of(precision::int4_g64).gaussian},
    {uniform_mse(7, 32), error_of(precision::int4_g32).gaussian},
    {float_mse(3), error_of(precision::fp8_e4m3).gaussian},
    {float_mse(2), error_of(precision::fp8_e5m2).gaussian},
    {float_mse(4), error_of(precision::fp8_e3m4).gaussian},
};
constexpr auto follows = [](const closed_row& r) { return near(r.closed, r.measured, 0.03); };
static_assert(test::first_failure(closed_forms, follows) == -1);

// Roles: floats do not care for outliers, integers do; K as activations, V without them.
static_assert(relative_mse(precision::fp16) == 0 && relative_mse(precision::bf16) == 0);
static_assert(relative_mse(precision::fp8_e4m3, tensor_role::activation) <
              1.01 * relative_mse(precision::fp8_e4m3));
static_assert(relative_mse(precision::int8_channel, tensor_role::activation) >
              10 * relative_mse(precision::int8_channel));
static_assert(relative_mse(precision::int8, tensor_role::activation, granularity::per_token) ==
              relative_mse(precision::int8_channel, tensor_role::activation));
static_assert(relative_mse(precision::gguf_q4_0, tensor_role::key) >
              relative_mse(precision::gguf_q4_0, tensor_role::value));

/// Relative error of values after a round trip through a format; with outliers, of the channels that are none.
double round_trip_mse(const std::vector<float>& x, std::size_t cols, precision p,
                      const quantize_options& options, bool bulk) {
  const auto y =
      dequantize(quantize(p, matrix_view<const float>(x.data(), x.size() / cols, cols), options));
  double error = 0;
  double energy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (bulk && i % 512 == 100) {
      continue;
    }
    const double d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    error += d * d;
    energy += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return error / energy;
}

/// Student's t with a whole number of degrees of freedom.
std::vector<float> student(std::size_t n, int freedom, std::uint64_t seed) {
  test::uniform_source source{seed};
  std::vector<float> x(n);
  for (float& v : x) {
    double chi = 0;
    for (int i = 0; i < freedom; i += 2) {
      chi -= 2 * std::log(source());  // two degrees at a time
    }
    v = static_cast<float>(source.normal() / std::sqrt(chi / freedom));
  }
  return x;
}

}  // namespace

TEST_CASE("errors agree with a second implementation") {
  for (const published_row& r : test::at_run_time(published)) {
    CAPTURE(to_string(r.format));
    CHECK(agrees(r));
  }
}

TEST_CASE("closed forms follow the codecs") {
  for (const closed_row& r : test::at_run_time(closed_forms)) {
    CAPTURE(r.closed, r.measured);
    CHECK(follows(r));
  }
}

TEST_CASE("errors are those of this library's codecs") {
  constexpr std::size_t cols = 4096;
  const std::vector<float> gaussian = test::noise(16 * cols, 1.0F, 7);
  const std::vector<float> t8 = student(16 * cols, 8, 11);
  std::vector<float> outliers = test::noise(64 * cols, 1.0F, 13);
  for (std::size_t i = 100; i < outliers.size(); i += 512) {
    outliers[i] *= 30.0F;
  }
  for (const format_error& e : detail::format_errors) {
    if (e.format == precision::gguf_q4_k || e.format == precision::gguf_q6_k) {
      continue;  // derived: quantize() does not search
    }
    CAPTURE(to_string(e.format));
    CHECK(near(round_trip_mse(gaussian, cols, e.format, {}, false), e.gaussian,
               format_of(e.format).scales.block_cols == 0 ? 0.30 : 0.03));
    if (format_of(e.format).scales.block_cols > 1) {  // the largest of a row or tensor varies more
      CHECK(near(round_trip_mse(t8, cols, e.format, {}, false), e.student_t8, 0.05));
      CHECK(near(round_trip_mse(outliers, cols, e.format, {}, true), e.outlier_channels, 0.12));
    }
  }
}

TEST_CASE("what has no error is refused") {
  CHECK_THROWS_AS(error_of(precision::e8m0), domain_error);
  CHECK_THROWS_AS(uniform_mse(0, 32), domain_error);
  CHECK_THROWS_AS(uniform_mse(7, 1), domain_error);
  CHECK_THROWS_AS(float_mse(0), domain_error);
}

}  // namespace quality_error_test

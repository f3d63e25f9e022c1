// SPDX-License-Identifier: Apache-2.0
//
// Dynamic quantization: products, scales, fallback, memory of scales, misuse.
#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "test_table.hpp"

namespace dynamic_quantizer_test {

namespace {

using namespace quantroof;
using enum granularity;

constexpr float x24[] = {1, -2, 3, 4, 0.5F, 8, -1, 2};
constexpr float w24[] = {1, 0, 0, 0, 1, 1, 1, 1};
constexpr matrix_view<const float> activation{x24, 2, 4};
constexpr matrix_view<const float> weight{w24, 2, 4};

struct scale_row {
  granularity g;
  std::size_t count;
  float first;
  float last;
};
// absmax / 127 of the tensor (8), of the rows (4 and 8), of the columns (1 ... 4).
constexpr scale_row scales[] = {{per_tensor, 1, 8.0F / 127, 8.0F / 127},
                                {per_token, 2, 4.0F / 127, 8.0F / 127},
                                {per_channel, 4, 1.0F / 127, 4.0F / 127}};
constexpr auto has_scales = [](const scale_row& r) {
  dynamic_quantizer q{
      dynamic_quant_config{.granularity = r.g, .calibration_mode = calibration::absmax}};
  const auto result = q.quantize_dynamic(activation, weight, "ffn_gate", precision::int8);
  const auto& m = result.metadata;
  const auto close = [](float a, float b) { return detail::abs(a - b) <= 1e-6F * b; };
  return result.rows == 2 && result.cols == 2 && m.scales.size() == r.count &&
         close(m.scales.front(), r.first) && close(m.scales.back(), r.last) &&
         m.precision == precision::int8 && !m.fallback && m.clipped_count == 0 &&
         detail::abs(result.values[1] - 6.0F) < 0.1F && detail::abs(result.values[3] - 9.5F) < 0.1F;
};
static_assert(test::first_failure(scales, has_scales) == -1);

std::vector<float> noise(std::size_t n, std::uint32_t seed) {
  std::vector<float> x(n);
  for (float& v : x) {
    float sum = 0;
    for (int i = 0; i < 4; ++i) {
      seed = seed * 1664525U + 1013904223U;
      sum += static_cast<float>(seed >> 8U) / 16777216.0F - 0.5F;
    }
    v = sum;
  }
  return x;
}

double error_of(const std::vector<float>& x, std::size_t rows, std::size_t cols,
                const dynamic_quant_config& config) {
  std::vector<float> identity(cols * cols, 0.0F);
  for (std::size_t i = 0; i < cols; ++i) {
    identity[i * cols + i] = 1;
  }
  dynamic_quantizer q{config};
  const auto r = q.quantize_dynamic({x.data(), rows, cols}, {identity.data(), cols, cols}, "op");
  double error = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(r.values[i] - x[i]), 2);
  }
  return error;
}

/// The parts of a computation in the worst order.
struct backwards {
  template <class Function>
  void operator()(std::size_t count, Function&& function) const {
    for (std::size_t i = count; i > 0; --i) {
      function(i - 1);
    }
  }
};

}  // namespace

TEST_CASE("scales per tensor, token and channel") {
  for (const scale_row& r : test::at_run_time(scales)) {
    CAPTURE(to_string(r.g));
    CHECK(has_scales(r));
  }
}

TEST_CASE("severe outliers fall back to FP16") {
  std::vector<float> x = noise(512, 3);
  x[100] = 40;
  dynamic_quantizer q{dynamic_quant_config{}};
  const std::vector<float> w = noise(64, 4);
  const auto kept = q.quantize_dynamic({x.data(), 16, 32}, {w.data(), 2, 32}, "op");
  CHECK(kept.metadata.outlier_ratio > 2);
  CHECK(kept.metadata.fallback);
  CHECK(kept.metadata.precision == precision::fp16);
  CHECK(kept.metadata.dynamic_range > 0);
  dynamic_quantizer no_fallback{dynamic_quant_config{.fallback_to_fp16 = false}};
  const auto forced = no_fallback.quantize_dynamic({x.data(), 16, 32}, {w.data(), 2, 32}, "op");
  CHECK(!forced.metadata.fallback);
  CHECK(forced.metadata.precision == precision::fp8_e4m3);
  CHECK(forced.metadata.clipped_count > 0);
}

TEST_CASE("finer scales and searched clips lose less") {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    std::vector<float> x = noise(64 * 32, seed);
    for (std::size_t t = 0; t < 64; t += 7) {
      x[t * 32 + 5] *= 9;
    }
    const auto error = [&](granularity g, calibration c) {
      return error_of(x, 64, 32,
                      {.precision = precision::int8,
                       .granularity = g,
                       .calibration_mode = c,
                       .fallback_to_fp16 = false});
    };
    CHECK(error(per_token, calibration::absmax) <= error(per_tensor, calibration::absmax));
    for (const granularity g : {per_tensor, per_token, per_channel}) {
      CHECK(error(g, calibration::mse_optimal) <= error(g, calibration::absmax));
    }
  }
}

TEST_CASE("formats with blocks of their own and 16 bits") {
  const std::vector<float> x = noise(64, 9);
  const std::vector<float> w = noise(64, 10);
  for (const precision p : {precision::nvfp4, precision::mxfp8_e4m3, precision::mxfp4,
                            precision::bf16, precision::fp16}) {
    dynamic_quantizer q{dynamic_quant_config{}};
    const auto r = q.quantize_dynamic({x.data(), 2, 32}, {w.data(), 2, 32}, "op", p);
    CAPTURE(to_string(p));
    CHECK(r.metadata.precision == p);
    CHECK(r.metadata.scales.empty());
    CHECK(q.history().entries().empty());
    float exact = 0;
    for (std::size_t k = 0; k < 32; ++k) {
      exact += x[k] * w[k];
    }
    CHECK(r.values[0] == Approx(exact).margin(0.6));
  }
}

TEST_CASE("scales are smoothed per operator name, with a corrected start") {
  // INT8, one value: scales 1, 2, 4 with smoothing 1/2: averages .5, 1.25, 2.625 over weights .5, .75, .875.
  dynamic_quantizer q{dynamic_quant_config{.precision = precision::int8,
                                           .granularity = per_tensor,
                                           .calibration_mode = calibration::absmax,
                                           .smoothing = 0.5}};
  const float one[] = {1};
  const double expected[] = {1.0, 1.25 / 0.75, 2.625 / 0.875};
  for (int step = 0; step < 3; ++step) {
    const float x[] = {127.0F * static_cast<float>(1 << step)};
    const auto r = q.quantize_dynamic({x, 1, 1}, {one, 1, 1}, "a");
    CHECK(r.metadata.scale == Approx(expected[step]));
  }
  const float x[] = {127};
  CHECK(q.quantize_dynamic({x, 1, 1}, {one, 1, 1}, "b").metadata.scale ==
        Approx(1.0));  // another operator, another memory
  const float wide[] = {127, 127, 127, 127};
  CHECK_NOTHROW(
      q.quantize_dynamic({wide, 2, 2}, {wide, 2, 2}, "a"));  // another shape, the same memory
  REQUIRE(q.history().find("a") != nullptr);
  CHECK(q.history().find("a")->steps == 4);
  auto saved = q.history().entries();
  q.reset("a");
  CHECK(q.history().find("a") == nullptr);
  q.history().set_entries(saved);
  CHECK(q.history().entries() == saved);
  q.reset();
  CHECK(q.history().entries().empty());
}

TEST_CASE("the memory of an operator survives a change of its precision") {
  dynamic_quantizer q{
      dynamic_quant_config{.granularity = per_tensor, .calibration_mode = calibration::absmax}};
  const float x[] = {100, 50, -100, 3};
  const float w[] = {1, 0, 0, 0};
  for (int i = 0; i < 3; ++i) {
    CHECK(q.quantize_dynamic({x, 1, 4}, {w, 1, 4}, "op", precision::fp8_e4m3).metadata.scale ==
          Approx(100.0 / 448));
  }
  const auto r = q.quantize_dynamic({x, 1, 4}, {w, 1, 4}, "op", precision::int8);
  CHECK(r.metadata.scale == Approx(100.0 / 127));
  CHECK(r.values[0] == Approx(100));
  CHECK(r.metadata.clipped_count == 0);
  CHECK(q.scale_of("op").value() == Approx(100.0 / 448));
  CHECK(q.scale_of("op", precision::int8).value() == Approx(100.0 / 127));
  CHECK(!q.scale_of("another"));
}

TEST_CASE("a batch of zeros does not blur the next one") {
  const float x[] = {0.1F, 0.05F};
  const float zeros[] = {0, 0};
  const float w[] = {1, 0};
  for (const granularity g : {per_tensor, per_token, per_channel}) {
    dynamic_quantizer q{dynamic_quant_config{
        .precision = precision::int8, .granularity = g, .calibration_mode = calibration::absmax}};
    CAPTURE(to_string(g));
    CHECK(q.quantize_dynamic({zeros, 1, 2}, {w, 1, 2}, "op").metadata.scale == 1);
    CHECK(q.history().entries().empty());
    CHECK(q.quantize_dynamic({x, 1, 2}, {w, 1, 2}, "op").values[0] == Approx(0.1));
    CHECK(q.quantize_dynamic({zeros, 1, 2}, {w, 1, 2}, "op").values[0] == 0);
    CHECK(q.quantize_dynamic({x, 1, 2}, {w, 1, 2}, "op").values[0] == Approx(0.1));
    CHECK(q.history().find("op")->steps == 2);
  }
}

TEST_CASE("FP16 saturates and says so") {
  std::vector<float> x = noise(512, 3);
  x[100] = 1e6F;
  std::vector<float> w(32, 0.0F);
  w[100 % 32] = 1;
  dynamic_quantizer q{dynamic_quant_config{}};
  const auto r = q.quantize_dynamic({x.data(), 16, 32}, {w.data(), 1, 32}, "op");
  CHECK(r.metadata.fallback);
  CHECK(r.metadata.clipped_count == 1);
  CHECK(r.metadata.scale == 1);
  CHECK(r.values[3] == 65504);  // row 100 / 32
  CHECK(q.history().entries().empty());
}

TEST_CASE("the activation alone is what the product sees") {
  const float identity[] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  for (const precision p :
       {precision::fp8_e4m3, precision::int4, precision::nvfp4, precision::fp16}) {
    dynamic_quantizer q{dynamic_quant_config{}};
    dynamic_quantizer same{dynamic_quant_config{}};
    const auto alone = q.quantize_activation(activation, "op", p);
    const auto product = same.quantize_dynamic(activation, {identity, 4, 4}, "op", p);
    CAPTURE(to_string(p));
    CHECK(alone.values == product.values);
    CHECK(alone.cols == 4);
    CHECK(alone.metadata == product.metadata);
    CHECK(q.history().entries() == same.history().entries());
  }
}

TEST_CASE("NaN and Inf") {
  const float x[] = {1, std::nanf(""), 2, std::numeric_limits<float>::infinity()};
  const float w[] = {1, 1};
  for (const precision p : {precision::int8, precision::fp8_e4m3, precision::nvfp4,
                            precision::mxfp8_e4m3, precision::int4_g32}) {
    dynamic_quantizer q{dynamic_quant_config{.calibration_mode = calibration::absmax}};
    const auto r = q.quantize_dynamic({x, 2, 2}, {w, 1, 2}, "op", p);
    CAPTURE(to_string(p));
    CHECK(std::isnan(r.values[0]));
    CHECK(r.values[1] ==
          Approx(4.0).epsilon(1e-3));  // 2 and Inf, which saturates at the row's range
    CHECK(r.metadata.nan_count == 1);
    CHECK(r.metadata.inf_count == 1);
  }
}

TEST_CASE("the largest value is not clipped by the rounding of its own scale") {
  std::uint32_t state = 1;
  for (const precision_format& f : precision_formats) {
    if (!can_hold_activations(f.id) || has_blocks(f.id)) {
      continue;
    }
    dynamic_quantizer q{dynamic_quant_config{.granularity = per_tensor,
                                             .calibration_mode = calibration::absmax,
                                             .fallback_to_fp16 = false,
                                             .smoothing = 0}};
    std::int64_t clipped = 0;
    for (int i = 0; i < 500; ++i) {
      state = state * 1664525U + 1013904223U;
      const float largest = 1e-3F + static_cast<float>(state >> 8U) * 1e-4F;
      const float x[] = {largest, -largest / 3};
      clipped += q.quantize_activation({x, 1, 2}, "op", f.id).metadata.clipped_count;
    }
    CAPTURE(f.name);
    CHECK(clipped == 0);
  }
}

TEST_CASE("in formats with blocks a NaN or Inf stays alone") {
  std::vector<float> x(2 * 64);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = 0.125F * static_cast<float>(i % 9) - 0.5F;
  }
  std::vector<float> finite = x;
  x[5] = std::nanf("");
  x[70] = -std::numeric_limits<float>::infinity();
  finite[5] = 0;
  finite[70] = -0.5F;  // the largest magnitude of the second row
  for (const precision_format& f : precision_formats) {
    if (!can_hold_activations(f.id) || !has_blocks(f.id)) {
      continue;
    }
    dynamic_quantizer q{dynamic_quant_config{.fallback_to_fp16 = false}};
    auto bad = q.quantize_activation({x.data(), 2, 64}, "op", f.id);
    const auto good = q.quantize_activation({finite.data(), 2, 64}, "op", f.id);
    CAPTURE(f.name);
    CHECK(std::isnan(bad.values[5]));
    bad.values[5] = good.values[5];
    CHECK(bad.values == good.values);
  }
}

TEST_CASE("codes and scales of an activation") {
  dynamic_quantizer q{dynamic_quant_config{.precision = precision::int8,
                                           .granularity = per_token,
                                           .calibration_mode = calibration::absmax}};
  const auto encoded = q.encode_activation(activation, "op");
  CHECK(encoded.tensor.format == precision::int8);
  CHECK(encoded.tensor.scales == encoded.metadata.scales);
  CHECK(dequantize(encoded.tensor) == q.quantize_activation(activation, "op").values);
}

TEST_CASE("quantized operands multiply as a device multiplies them") {
  // k = 300: more than two groups of 128, the last one short.
  const std::size_t m = 24;
  const std::size_t n = 25;
  const std::size_t k = 300;
  const std::vector<float> x = test::noise(m * k, 1.0F, 1);
  const std::vector<float> w = test::noise(n * k, 0.05F, 2);
  const matrix_view<const float> a{x.data(), m, k};
  const matrix_view<const float> b{w.data(), n, k};
  std::vector<float> exact(m * n);
  struct pairing {
    precision activation;
    granularity groups;
    precision weight;
    granularity weight_groups;
    double decibels;  // at least; the errors of both formats add up
  };
  const pairing pairings[] = {
      {precision::fp8_e4m3, per_token, precision::fp8_e4m3, per_token, 26},
      {precision::fp8_e4m3, per_tensor, precision::fp8_e4m3, per_tensor, 26},
      {precision::fp8_e4m3_group128, per_tensor, precision::fp8_e4m3_block128, per_tensor, 26},
      {precision::fp8_e4m3_group128, per_tensor, precision::fp8_e4m3, per_token, 26},
      {precision::int8, per_token, precision::int8, per_token, 36},
      {precision::int8, per_group, precision::int8, per_group, 38},
      {precision::int8, per_channel, precision::int8, per_token, 36},
      {precision::mxfp8_e4m3, per_tensor, precision::mxfp8_e4m3, per_tensor, 26},
      {precision::nvfp4, per_tensor, precision::nvfp4, per_tensor, 15},
      {precision::fp16, per_tensor, precision::int4_g128, per_tensor, 15},
      {precision::fp16, per_tensor, precision::int4_g128_zp4, per_tensor, 16}};
  for (const pairing& p : pairings) {
    CAPTURE(to_string(p.activation), to_string(p.weight), to_string(p.groups));
    const quantized_storage weight_codes =
        quantize(p.weight, b, {.granularity = p.weight_groups, .group_size = 128});
    dynamic_quantizer q{dynamic_quant_config{.granularity = p.groups,
                                             .calibration_mode = calibration::absmax,
                                             .fallback_to_fp16 = false,
                                             .error_report = error_report::against_fp32}};
    const auto result = q.quantize_dynamic(a, weight_codes, "op", p.activation);
    REQUIRE(result.metadata.error.has_value());
    // Against the product of the values read back, in double: nothing but the order of FP32 sums differs.
    const std::vector<float> left = q.quantize_activation(a, "op", p.activation).values;
    const std::vector<float> right = dequantize(weight_codes);
    int off = 0;
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        double magnitude = 0;
        double wanted = 0;
        for (std::size_t l = 0; l < k; ++l) {
          const double product =
              static_cast<double>(left[i * k + l]) * static_cast<double>(right[j * k + l]);
          sum += product;
          magnitude += std::fabs(product);
          wanted += static_cast<double>(x[i * k + l]) * static_cast<double>(w[j * k + l]);
        }
        exact[i * n + j] = static_cast<float>(wanted);
        off += std::fabs(static_cast<double>(result.values[i * n + j]) - sum) <= 1e-6 * magnitude
                   ? 0
                   : 1;
      }
    }
    CHECK(off == 0);
    const quantization_error error =
        compare(matrix_view<const float>{exact.data(), m, n}, result.matrix());
    CHECK(error.sqnr_db > p.decibels);
  }
}

TEST_CASE("integers are added exactly") {
  // 127 * 127 * 4096 is far beyond 2^24, where FP32 sums of products would round.
  const std::size_t k = 4097;
  std::vector<float> x(k, 127.0F);
  std::vector<float> w(k, 127.0F);
  w[0] = 1.0F;
  w[1] = -127.0F;
  const float scale = 1.0F;
  const quantize_options unit{.scales = std::span<const float>{&scale, 1}};
  const quantized_storage a =
      quantize(precision::int8, matrix_view<const float>{x.data(), 1, k}, unit);
  const quantized_storage b =
      quantize(precision::int8, matrix_view<const float>{w.data(), 1, k}, unit);
  float out = 0;
  blocked_gemm<> gemm;
  multiply_quantized(a, b, matrix_view<float>{&out, 1, 1}, gemm);
  CHECK(out == static_cast<float>(127LL * 127 * 4095 - 127 * 127 + 127));
}

TEST_CASE("results do not depend on the executor") {
  const std::size_t rows = 700;
  const std::size_t cols = 400;
  const std::vector<float> x = test::noise(rows * cols, 1.0F);
  const matrix_view<const float> a{x.data(), rows, cols};
  for (const granularity g : {per_tensor, per_token, per_channel, per_group}) {
    const dynamic_quant_config config{.granularity = g};
    dynamic_quantizer<blocked_gemm<>, backwards> one{config};
    dynamic_quantizer two{config};
    CAPTURE(to_string(g));
    CHECK(one.encode_activation(a, "op").tensor == two.encode_activation(a, "op").tensor);
  }
}

TEST_CASE("the product is the caller's") {
  struct counting_gemm {
    int* calls;
    void operator()(matrix_view<const float> a, matrix_view<const float> b,
                    matrix_view<float> out) const {
      ++*calls;
      reference_gemm{}(a, b, out);
    }
  };
  int calls = 0;
  dynamic_quantizer q{dynamic_quant_config{}, counting_gemm{&calls}};
  static_cast<void>(q.quantize_dynamic(activation, weight, "op"));
  CHECK(calls == 1);

  struct with_state {  // a handle that changes as it is used
    int calls = 0;
    void operator()(matrix_view<const float>, matrix_view<const float>, matrix_view<float> out) {
      out(0, 0) = static_cast<float>(++calls);
    }
  };
  dynamic_quantizer changing{dynamic_quant_config{}, with_state{}};
  // Scales come after the product: the same in both calls.
  const float first = changing.quantize_dynamic(activation, weight, "op").values[0];
  CHECK(changing.quantize_dynamic(activation, weight, "op").values[0] == 2 * first);
  static_assert(!Gemm<int (*)(int)>);
}

TEST_CASE("nothing is remembered of a product that fails") {
  const auto failing = [](matrix_view<const float>, matrix_view<const float>, matrix_view<float>) {
    throw domain_error{"out of device memory"};
  };
  dynamic_quantizer q{dynamic_quant_config{}, failing};
  REQUIRE_THROWS_WITH(q.quantize_dynamic(activation, weight, "op"),
                      test::contains("out of device memory"));
  CHECK(q.history().entries().empty());
}

TEST_CASE("dynamic quantization rules") {
  dynamic_quantizer q{dynamic_quant_config{.granularity = per_channel}};
  const matrix_view<const float> empty{x24, 0, 4};
  REQUIRE_THROWS_WITH(q.quantize_dynamic(empty, weight, "op"),
                      test::contains("the activation must not be empty"));
  REQUIRE_THROWS_WITH(q.quantize_dynamic(activation, empty, "op"),
                      test::contains("the weight must not be empty"));
  REQUIRE_THROWS_WITH(q.quantize_dynamic(activation, {w24, 4, 2}, "op"),
                      test::contains("must have the same k"));
  REQUIRE_THROWS_WITH(q.quantize_dynamic(activation, weight, ""),
                      test::contains("the operator needs a name"));
  REQUIRE_THROWS_WITH(q.quantize_dynamic(activation, weight, "op", precision::fp32),
                      test::contains("at most 16 bits"));
  for (const precision p : {precision::e8m0, precision::gguf_q4_k, precision::gguf_q6_k,
                            precision::fp8_e4m3_block128}) {
    REQUIRE_THROWS_WITH(q.quantize_activation(activation, "op", p),
                        test::contains("the target must be a format that can_hold_activations"));
    REQUIRE_THROWS_WITH(dynamic_quantizer{dynamic_quant_config{.precision = p}},
                        test::contains("precision must be a format that can_hold_activations"));
  }
  REQUIRE_THROWS_WITH(q.quantize_dynamic(activation, weight, std::string(129, 'x')),
                      test::contains("a name has at most 128 bytes"));
  CHECK(q.history().entries().empty());  // nothing is remembered of failed calls
  static_cast<void>(q.quantize_dynamic(activation, weight, "op"));
  REQUIRE_THROWS_WITH(q.quantize_dynamic({x24, 4, 2}, {w24, 4, 2}, "op"),
                      test::contains("reset(name) forgets the old ones (operator \"op\")"));
  const auto bad = [](const dynamic_quant_config& c) { return dynamic_quantizer{c}; };
  REQUIRE_THROWS_WITH(bad({.precision = precision::fp64}),
                      test::contains("precision must have elements of at most 16 bits"));
  REQUIRE_THROWS_WITH(bad({.percentile = 0}), test::contains("percentile must be in (0, 100]"));
  REQUIRE_THROWS_WITH(bad({.outlier_threshold = -1}),
                      test::contains("outlier_threshold must be positive"));
  REQUIRE_THROWS_WITH(bad({.smoothing = 1}), test::contains("smoothing must be in [0, 1)"));
  REQUIRE_THROWS_WITH(reference_gemm{}(activation, {w24, 4, 2}, {}),
                      test::contains("same number of columns"));
  REQUIRE_THROWS_WITH(reference_gemm{}(activation, weight, {}),
                      test::contains("out must be [rows of a, rows of b]"));
}

}  // namespace dynamic_quantizer_test

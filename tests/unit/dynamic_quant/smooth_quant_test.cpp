// SPDX-License-Identifier: Apache-2.0
//
// SmoothQuant: factors, guards, an unchanged product, a smaller quantization error.
#include "quantroof/dynamic_quant/smooth_quant.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "quantroof/dynamic_quant/blocked_gemm.hpp"
#include "quantroof/precision/element_rounder.hpp"
#include "quantroof/precision/quantization_error.hpp"
#include "quantroof/precision/thread_executor.hpp"
#include "test_table.hpp"

namespace smooth_quant_test {

namespace {

using namespace quantroof;
using enum smooth_factor;

struct factor_row {
  float x, w;
  double alpha;
  smooth_factor factor;
  float expected;
};
// By hand from equation 4: sqrt(16 / 4), and so on; the last rows are the guards.
constexpr factor_row factor_rows[] = {
    {16, 4, 0.5, any, 2},
    {16, 4, 1, any, 16},
    {16, 4, 0, any, 0.25F},
    {16, 16, 0.75, any, 4},
    {100, 1, 0.5, any, 10},
    {100, 1, 0.5, power_of_two, 8},      // log2 10 = 3.32
    {100, 0.5F, 0.5, power_of_two, 16},  // log2 14.1 = 3.82
    {0, 4, 0.5, any, 1},
    {16, 0, 0.5, any, 1},
    {0, 0, 0.5, power_of_two, 1},
    {3e38F, 1e-40F, 0.5, any, 0x1p126F},  // sqrt(3e78) is beyond 2^126
    {1e-40F, 3e38F, 0.5, any, 0x1p-126F},
};
constexpr auto has_factor = [](const factor_row& r) {
  float s = 0;
  smooth_factors({&r.x, 1}, {&r.w, 1}, {&s, 1}, {.alpha = r.alpha, .factor = r.factor});
  return s == r.expected;
};
static_assert(test::first_failure(factor_rows, has_factor) == -1);
static_assert(find_smooth_factor("power_of_two") == power_of_two && to_string(any) == "any");

std::vector<float> column_absmax(const std::vector<float>& m, std::size_t cols) {
  std::vector<float> most(cols, 0.0F);
  for (std::size_t i = 0; i < m.size(); ++i) {
    most[i % cols] = std::max(most[i % cols], std::abs(m[i]));
  }
  return most;
}

/// Every row rounded to INT8 under its own absmax: per token for activations, per output channel for weights.
std::vector<float> int8_rows(std::vector<float> m, std::size_t cols) {
  for (std::size_t first = 0; first < m.size(); first += cols) {
    float most = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      most = std::max(most, std::abs(m[first + c]));
    }
    const std::span<float> row{m.data() + first, cols};
    element_rounder{precision::int8, most / 127.0F}(row, row);
  }
  return m;
}

constexpr std::size_t tokens = 24;
constexpr std::size_t outputs = 20;
constexpr std::size_t k = 256;

std::vector<float> product(const std::vector<float>& x, const std::vector<float>& w) {
  std::vector<float> out(tokens * outputs, 0.0F);
  blocked_gemm<>{}({x.data(), tokens, k}, {w.data(), outputs, k}, {out.data(), tokens, outputs});
  return out;
}

struct problem {
  std::vector<float> x = test::draw(tokens * k, 1, &test::generator::bell);
  std::vector<float> w = test::draw(outputs * k, 2, &test::generator::bell);
  std::vector<float> factors = std::vector<float>(k, 0.0F);

  explicit problem(const smooth_quant_options& options) {
    for (std::size_t t = 0; t < tokens; ++t) {  // channels 50 times larger, as in language models
      x[t * k + 5] *= 50;
      x[t * k + 77] *= 50;
    }
    smooth_factors(column_absmax(x, k), column_absmax(w, k), factors, options);
  }
  std::vector<float> smooth_x() const {
    std::vector<float> out = x;
    const matrix_view<float> view{out.data(), tokens, k};
    smooth_activation(view, factors, view);
    return out;
  }
  std::vector<float> smooth_w() const {
    std::vector<float> out = w;
    const matrix_view<float> view{out.data(), outputs, k};
    smooth_weight(view, factors, view);
    return out;
  }
};

double error_of(const std::vector<float>& reference, const std::vector<float>& approximate) {
  return compare(std::span<const float>{reference}, std::span<const float>{approximate})
      .relative_mse;
}

}  // namespace

TEST_CASE("factors match equation 4") {
  for (const factor_row& r : test::at_run_time(factor_rows)) {
    CAPTURE(r.x, r.w, r.alpha);
    CHECK(has_factor(r));
  }
  test::generator g{4};
  for (int i = 0; i < 1000; ++i) {
    const float x = 100 * std::abs(g.bell()) + 0.01F;
    const float w = std::abs(g.bell()) + 0.01F;
    const double alpha = 0.5 + static_cast<double>(g.uniform());
    float s = 0;
    smooth_factors({&x, 1}, {&w, 1}, {&s, 1}, {.alpha = alpha});
    CHECK(s == Approx(std::pow(static_cast<double>(x), alpha) /
                      std::pow(static_cast<double>(w), 1 - alpha))
                   .epsilon(1e-7));
  }
}

TEST_CASE("powers of two leave every bit of the product") {
  const problem p{{.factor = power_of_two}};
  CHECK(product(p.smooth_x(), p.smooth_w()) == product(p.x, p.w));
  std::size_t moved = 0;
  for (const float s : p.factors) {
    int e = 0;
    CHECK(std::frexp(s, &e) == 0.5F);
    moved += s > 2 ? 1 : 0;
  }
  CHECK(moved == 2);
}

TEST_CASE("other factors leave the product but for rounding") {
  for (const double alpha : {0.0, 0.3, 0.5, 0.8, 1.0}) {
    const problem p{{.alpha = alpha}};
    CAPTURE(alpha);
    CHECK(error_of(product(p.x, p.w), product(p.smooth_x(), p.smooth_w())) < 1e-13);
  }
}

TEST_CASE("outlier channels cost INT8 less") {
  for (const smooth_factor factor : {any, power_of_two}) {
    const problem p{{.factor = factor}};
    const std::vector<float> exact = product(p.x, p.w);
    const double before = error_of(exact, product(int8_rows(p.x, k), int8_rows(p.w, k)));
    const double after =
        error_of(exact, product(int8_rows(p.smooth_x(), k), int8_rows(p.smooth_w(), k)));
    CAPTURE(to_string(factor), before, after);
    CHECK(after < before / 3);
  }
}

TEST_CASE("threads change nothing, NaN stays in its place") {
  problem p{{}};
  p.x[3] = std::numeric_limits<float>::quiet_NaN();
  const std::size_t rows = 3000;
  std::vector<float> tall(rows * k, 0.0F);
  for (std::size_t i = 0; i < tall.size(); ++i) {
    tall[i] = p.x[i % p.x.size()];
  }
  std::vector<float> serial(tall.size(), 0.0F);
  std::vector<float> threaded(tall.size(), 1.0F);
  smooth_activation({tall.data(), rows, k}, p.factors, {serial.data(), rows, k});
  smooth_activation({tall.data(), rows, k}, p.factors, {threaded.data(), rows, k},
                    thread_executor{.threads = 3});
  CHECK(std::isnan(serial[3]));
  CHECK(error_of(serial, threaded) == 0);
  CHECK(compare(std::span<const float>{serial}, std::span<const float>{threaded}).nan_mismatches ==
        0);
}

TEST_CASE("smooth quant rules") {
  const float one[] = {1, 1};
  const float bad[] = {1, std::numeric_limits<float>::infinity()};
  const float zero[] = {0, 1};
  float out[] = {7, 7};
  const matrix_view<float> view{out, 1, 2};
  REQUIRE_THROWS_WITH(smooth_factors({one, 2}, {one, 1}, {out, 2}),
                      test::contains("smooth_factors: x_absmax, w_absmax and factors"));
  for (const double alpha : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    REQUIRE_THROWS_WITH(smooth_factors({one, 2}, {one, 2}, {out, 2}, {.alpha = alpha}),
                        test::contains("smooth_factors: alpha must be in [0, 1]"));
  }
  REQUIRE_THROWS_WITH(smooth_factors({one, 2}, {bad, 2}, {out, 2}),
                      test::contains("smooth_factors: the maxima must be finite"));
  REQUIRE_THROWS_WITH(smooth_activation({one, 1, 2}, {one, 1}, view),
                      test::contains("smooth_activation: needs one factor for each column"));
  REQUIRE_THROWS_WITH(smooth_activation({one, 2, 1}, {one, 1}, view),
                      test::contains("smooth_activation: out must be as large as x"));
  REQUIRE_THROWS_WITH(smooth_activation({one, 1, 2}, {zero, 2}, view),
                      test::contains("smooth_activation: the factors must be positive and finite"));
  REQUIRE_THROWS_WITH(smooth_weight({one, 1, 2}, {one, 1}, view),
                      test::contains("smooth_weight: needs one factor for each column"));
  REQUIRE_THROWS_WITH(smooth_weight({one, 2, 1}, {one, 1}, view),
                      test::contains("smooth_weight: out must be as large as w"));
  REQUIRE_THROWS_WITH(smooth_weight({one, 1, 2}, {bad, 2}, view),
                      test::contains("smooth_weight: the factors must be positive and finite"));
  CHECK(out[0] == 7);  // nothing was written
  CHECK(out[1] == 7);
}

}  // namespace smooth_quant_test

// SPDX-License-Identifier: Apache-2.0
//
// Scales per token and per output channel on a product: both arithmetics, broadcasting, a whole INT8 product.
#include "quantroof/dynamic_quant/gemm_scales.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "quantroof/dynamic_quant/blocked_gemm.hpp"
#include "quantroof/precision/thread_executor.hpp"
#include "test_table.hpp"

namespace gemm_scales_test {

namespace {

using namespace quantroof;

struct scale_row {
  std::size_t rows, columns;  // how many scales
  std::array<float, 4> out;
};
// [[1, 2], [3, 4]] with row scales (2, 0.5) and column scales (3, 10); one scale stands for all.
constexpr scale_row scaled[] = {{2, 2, {6, 40, 4.5F, 20}},
                                {1, 2, {6, 40, 18, 80}},
                                {2, 1, {6, 12, 4.5F, 6}},
                                {1, 1, {6, 12, 18, 24}}};
constexpr auto is_scaled = [](const scale_row& r) {
  const float row_scales[] = {2, 0.5F};
  const float column_scales[] = {3, 10};
  for (const scale_arithmetic how : {scale_arithmetic::fp64, scale_arithmetic::fp32}) {
    std::array<float, 4> out{1, 2, 3, 4};
    apply_scales({out.data(), 2, 2}, {row_scales, r.rows}, {column_scales, r.columns}, how);
    if (out != r.out) {
      return false;
    }
  }
  return true;
};
static_assert(test::first_failure(scaled, is_scaled) == -1);
static_assert(find_scale_arithmetic("fp32") == scale_arithmetic::fp32 &&
              to_string(scale_arithmetic::fp64) == "fp64");

}  // namespace

TEST_CASE("scales match worked examples") {
  for (const scale_row& r : test::at_run_time(scaled)) {
    CAPTURE(r.rows, r.columns);
    CHECK(is_scaled(r));
  }
}

TEST_CASE("fp64 rounds once, fp32 twice, neither depends on the executor") {
  const std::size_t m = 70;
  const std::size_t n = 2000;
  const std::vector<float> sums = test::draw(m * n, 1, &test::generator::bell);
  const std::vector<float> rows = test::draw(m, 2, &test::generator::bell);
  const std::vector<float> columns = test::draw(n, 3, &test::generator::bell);
  int differ = 0;
  for (const scale_arithmetic how : {scale_arithmetic::fp64, scale_arithmetic::fp32}) {
    std::vector<float> out = sums;
    apply_scales({out.data(), m, n}, rows, columns, how);
    std::vector<float> threaded = sums;
    apply_scales({threaded.data(), m, n}, rows, columns, how, thread_executor{.threads = 3});
    CHECK(out == threaded);
    double worst = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const long double exact = static_cast<long double>(sums[i]) *
                                static_cast<long double>(rows[i / n]) *
                                static_cast<long double>(columns[i % n]);
      const double ulp = std::ldexp(1.0, std::ilogb(out[i]) - 23);
      const double error =
          std::abs(static_cast<double>(static_cast<long double>(out[i]) - exact)) / ulp;
      worst = error > worst ? error : worst;
      differ += how == scale_arithmetic::fp32 && error > 0.5000001 ? 1 : 0;
    }
    CHECK(worst <= (how == scale_arithmetic::fp64 ? 0.5000001 : 1.5000001));
  }
  CHECK(differ > 0);  // the two really are two arithmetics
}

TEST_CASE("an INT8 product per token and per output channel") {
  // Codes times scales on both sides: the scaled integer product is the product of the dequantized matrices.
  const std::size_t m = 9;
  const std::size_t n = 11;
  const std::size_t k = 700;
  const std::vector<float> a = test::draw(m * k, 1, &test::generator::int8);
  const std::vector<float> b = test::draw(n * k, 2, &test::generator::int8);
  std::vector<float> rows(m, 0.0F);
  std::vector<float> columns(n, 0.0F);
  for (std::size_t i = 0; i < n; ++i) {
    columns[i] = 0.001F * static_cast<float>(i + 1);
    rows[i < m ? i : 0] = 0.02F / static_cast<float>(i + 1);
  }
  std::vector<float> out(m * n, 0.0F);
  blocked_gemm<>{.sums = accumulation::int32}({a.data(), m, k}, {b.data(), n, k},
                                              {out.data(), m, n});
  apply_scales({out.data(), m, n}, rows, columns);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double exact = 0;
      for (std::size_t c = 0; c < k; ++c) {
        exact += static_cast<double>(a[i * k + c]) * static_cast<double>(b[j * k + c]);
      }
      exact *= static_cast<double>(rows[i]) * static_cast<double>(columns[j]);
      CHECK(out[i * n + j] == Approx(exact).epsilon(2e-7));
    }
  }
}

TEST_CASE("scale rules") {
  float out[] = {1, 2, 3, 4, 5, 6};
  const float s[] = {1, 1, 1};
  REQUIRE_THROWS_WITH(apply_scales({out, 2, 3}, {s, 3}, {s, 3}),
                      test::contains("apply_scales: needs one row scale"));
  REQUIRE_THROWS_WITH(apply_scales({out, 2, 3}, {s, 2}, {s, 2}),
                      test::contains("apply_scales: needs one column scale"));
}

}  // namespace gemm_scales_test

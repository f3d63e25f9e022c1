// SPDX-License-Identifier: Apache-2.0
//
// The definition of the product: worked examples, the order of its sums, exact integers.
#include "quantroof/dynamic_quant/gemm_policy.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "test_table.hpp"

namespace gemm_policy_test {

namespace {

using namespace quantroof;

struct product_row {
  std::size_t m, n, k;
  std::array<float, 4> out;
};
constexpr float a8[] = {1, 2, 3, 4, -1, 0.5F, 8, -2};
constexpr float b8[] = {1, 0, 0, 0, 2, 1, -1, 0.25F};
// By hand.
constexpr product_row products[] = {{2, 2, 4, {1, 2, -1, -10}},
                                    {2, 2, 2, {1, 0, 3, 0}},
                                    {1, 1, 4, {1, 0, 0, 0}},
                                    {1, 1, 8, {1.0F - 2.0F + 0.5F - 8.0F - 0.5F, 0, 0, 0}},
                                    {1, 2, 0, {0, 0, 0, 0}}};
constexpr auto has_product = [](const product_row& r) {
  for (const accumulation sums : {accumulation::fp32, accumulation::int32}) {
    std::array<float, 4> out{9, 9, 9, 9};
    reference_gemm{sums}({a8, r.m, r.k}, {b8, r.n, r.k}, {out.data(), r.m, r.n});
    for (std::size_t i = 0; i < r.m * r.n; ++i) {
      if (out[i] != r.out[i]) {
        return false;
      }
    }
    if (r.m * r.n < 4 && out[r.m * r.n] != 9) {
      return false;
    }
  }
  return true;
};
static_assert(test::first_failure(products, has_product) == -1);

static_assert(find_accumulation("int32") == accumulation::int32 && !find_accumulation("fp64") &&
              to_string(accumulation::fp32) == "fp32");

}  // namespace

TEST_CASE("the product matches worked examples") {
  for (const product_row& r : test::at_run_time(products)) {
    CAPTURE(r.m, r.n, r.k);
    CHECK(has_product(r));
  }
}

TEST_CASE("pieces of 512, eight lanes, pairs") {
  // The documented order, with each FP32 sum made in double and rounded: no compiler flag can change that.
  const auto rounded = [](double x) { return static_cast<float>(x); };
  for (const std::size_t k : {1U, 7U, 8U, 9U, 511U, 512U, 513U, 1500U}) {
    const std::vector<float> a = test::draw(k, 1, &test::generator::e4m3);
    const std::vector<float> b = test::draw(k, 2, &test::generator::e4m3);
    float sum = 0;
    for (std::size_t first = 0; first < k; first += 512) {
      float s[8] = {};
      for (std::size_t i = first; i < k && i < first + 512; ++i) {
        const double product = static_cast<double>(a[i]) * static_cast<double>(b[i]);
        s[i % 8] = rounded(static_cast<double>(s[i % 8]) + product);
      }
      for (std::size_t half = 4; half > 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i) {
          s[i] = rounded(static_cast<double>(s[i]) + static_cast<double>(s[i + half]));
        }
      }
      sum = rounded(static_cast<double>(sum) + static_cast<double>(s[0]));
    }
    float out = 0;
    reference_gemm{}({a.data(), 1, k}, {b.data(), 1, k}, {&out, 1, 1});
    CAPTURE(k);
    CHECK(out == sum);
  }
}

TEST_CASE("INT8 products are the exact integer, rounded once") {
  for (const std::size_t k : {1U, 127U, 1024U, 40000U}) {
    std::vector<float> a = test::draw(k, 3, &test::generator::int8);
    std::vector<float> b = test::draw(k, 4, &test::generator::int8);
    for (const bool extreme : {false, true}) {
      if (extreme) {
        a.assign(k, -128.0F);
        b.assign(k, -128.0F);
        b[0] = -127.0F;
      }
      std::int64_t exact = 0;
      for (std::size_t i = 0; i < k; ++i) {
        exact += static_cast<std::int64_t>(a[i]) * static_cast<std::int64_t>(b[i]);
      }
      float out = 0;
      reference_gemm{accumulation::int32}({a.data(), 1, k}, {b.data(), 1, k}, {&out, 1, 1});
      CAPTURE(k, extreme);
      CHECK(out == static_cast<float>(exact));
    }
  }
}

TEST_CASE("gemm rules") {
  const float x[] = {1, 2, 3, 4};
  float out[4] = {};
  REQUIRE_THROWS_WITH(reference_gemm{}({x, 2, 2}, {x, 4, 1}, {out, 2, 2}),
                      test::contains("gemm: a and b must have the same number of columns"));
  REQUIRE_THROWS_WITH(reference_gemm{}({x, 2, 2}, {x, 2, 2}, {out, 1, 2}),
                      test::contains("gemm: out must be [rows of a, rows of b]"));
}

}  // namespace gemm_policy_test

// SPDX-License-Identifier: Apache-2.0
//
// The blocked product has the bits of its definition, whatever the shape, the strides and the executor.
#include "quantroof/dynamic_quant/blocked_gemm.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "quantroof/precision/thread_executor.hpp"
#include "test_table.hpp"

namespace blocked_gemm_test {

namespace {

using namespace quantroof;

struct shape_row {
  std::size_t m, n, k;
};

constexpr auto same_as_reference = [](const shape_row& r) {
  for (const accumulation sums : {accumulation::fp32, accumulation::int32}) {
    const std::vector<float> a = test::draw(r.m * r.k, 1, &test::generator::int8);
    const std::vector<float> b = test::draw(r.n * r.k, 2, &test::generator::int8);
    std::vector<float> out(r.m * r.n, 7.0F);
    std::vector<float> expected(r.m * r.n, 8.0F);
    blocked_gemm<>{.sums = sums}({a.data(), r.m, r.k}, {b.data(), r.n, r.k},
                                 {out.data(), r.m, r.n});
    reference_gemm{.sums = sums}({a.data(), r.m, r.k}, {b.data(), r.n, r.k},
                                 {expected.data(), r.m, r.n});
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i] != expected[i]) {
        return false;
      }
    }
  }
  return true;
};
constexpr shape_row small_shapes[] = {{3, 4, 5}, {1, 1, 1}, {2, 3, 8}, {5, 7, 17}, {4, 2, 0}};
static_assert(test::first_failure(small_shapes, same_as_reference) == -1);

// Edges of the register tile (4 x 3), of the part (96), of the pieces (512), of the span of few rows.
constexpr shape_row shapes[] = {{4, 3, 8},     {5, 4, 9},     {96, 96, 64},    {97, 95, 511},
                                {1, 200, 513}, {2, 97, 1024}, {193, 5, 1030},  {13, 100, 600},
                                {1, 7, 12300}, {33, 6, 2049}, {100, 101, 1537}};

struct product {
  std::size_t m, n, k;
  std::vector<float> a, b;

  template <class G>
  std::vector<float> by(const G& gemm) const {
    std::vector<float> out(m * n, 0.0F);
    gemm(matrix_view<const float>{a.data(), m, k}, matrix_view<const float>{b.data(), n, k},
         matrix_view<float>{out.data(), m, n});
    return out;
  }
};

product bell_product(std::size_t m, std::size_t n, std::size_t k) {
  return {m, n, k, test::draw(m * k, 11, &test::generator::bell),
          test::draw(n * k, 12, &test::generator::bell)};
}

}  // namespace

TEST_CASE("the same bits as the definition") {
  for (const shape_row& r : test::at_run_time(small_shapes)) {
    CAPTURE(r.m, r.n, r.k);
    CHECK(same_as_reference(r));
  }
  for (const shape_row& r : test::at_run_time(shapes)) {
    CAPTURE(r.m, r.n, r.k);
    CHECK(same_as_reference(r));
    const product fp8{r.m, r.n, r.k, test::draw(r.m * r.k, 5, &test::generator::e4m3),
                      test::draw(r.n * r.k, 6, &test::generator::e4m3)};
    CHECK(fp8.by(blocked_gemm<>{}) == fp8.by(reference_gemm{}));
  }
}

TEST_CASE("the same bits with any executor") {
  const auto backwards = [](std::size_t count, const auto& function) {
    for (std::size_t i = count; i > 0; --i) {
      function(i - 1);
    }
  };
  const product p = bell_product(200, 230, 700);
  const std::vector<float> serial = p.by(blocked_gemm<>{});
  CHECK(p.by(blocked_gemm{accumulation::fp32, backwards}) == serial);
  for (const std::size_t threads : {1U, 2U, 5U}) {
    CHECK(p.by(blocked_gemm<thread_executor>{.executor = {.threads = threads}}) == serial);
  }
}

TEST_CASE("an element does not depend on the rest of the matrices") {
  const product p = bell_product(110, 100, 1100);
  const std::vector<float> whole = p.by(blocked_gemm<>{});
  for (const std::size_t row : {0U, 3U, 50U, 109U}) {
    product one{1, p.n, p.k, {}, p.b};
    one.a.assign(p.a.begin() + static_cast<std::ptrdiff_t>(row * p.k),
                 p.a.begin() + static_cast<std::ptrdiff_t>((row + 1) * p.k));
    const std::vector<float> alone = one.by(blocked_gemm<>{});
    CHECK(std::vector<float>(whole.begin() + static_cast<std::ptrdiff_t>(row * p.n),
                             whole.begin() + static_cast<std::ptrdiff_t>((row + 1) * p.n)) ==
          alone);
  }
}

TEST_CASE("close to the exact product") {
  const product p = bell_product(20, 30, 3000);
  const std::vector<float> out = p.by(blocked_gemm<>{});
  double worst = 0;
  for (std::size_t i = 0; i < p.m; ++i) {
    for (std::size_t j = 0; j < p.n; ++j) {
      double exact = 0;
      double magnitude = 0;
      for (std::size_t k = 0; k < p.k; ++k) {
        const double t =
            static_cast<double>(p.a[i * p.k + k]) * static_cast<double>(p.b[j * p.k + k]);
        exact += t;
        magnitude += std::abs(t);
      }
      const double error = std::abs(static_cast<double>(out[i * p.n + j]) - exact) / magnitude;
      worst = error > worst ? error : worst;
    }
  }
  // Longest chain of roundings: 64 in a lane, 3 pairs, 6 pieces, 1 product; each at most 2^-24 of the magnitudes.
  CHECK(worst < 74 * 0x1p-24);
}

TEST_CASE("strides, and what lies between the rows") {
  const float filler = std::numeric_limits<float>::quiet_NaN();
  const std::size_t m = 7;
  const std::size_t n = 5;
  const std::size_t k = 21;
  std::vector<float> a(m * 25, filler);
  std::vector<float> b(n * 30, filler);
  std::vector<float> out(m * 9, filler);
  std::vector<float> expected(m * n, 0.0F);
  test::generator g{8};
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t r = 0; r < m; ++r) {
      a[r * 25 + c] = g.bell();
    }
    for (std::size_t r = 0; r < n; ++r) {
      b[r * 30 + c] = g.bell();
    }
  }
  const matrix_view<const float> a_view{a.data(), m, k, 25};
  const matrix_view<const float> b_view{b.data(), n, k, 30};
  blocked_gemm<>{}(a_view, b_view, {out.data(), m, n, 9});
  reference_gemm{}(a_view, b_view, {expected.data(), m, n});
  for (std::size_t r = 0; r < m; ++r) {
    for (std::size_t c = 0; c < 9; ++c) {
      if (c < n) {
        CHECK(out[r * 9 + c] == Approx(expected[r * n + c]));
      } else {
        CHECK(std::isnan(out[r * 9 + c]));
      }
    }
  }
}

TEST_CASE("NaN reaches its own row and column only") {
  product p = bell_product(6, 5, 40);
  p.a[2 * 40 + 17] = std::numeric_limits<float>::quiet_NaN();
  p.b[1 * 40 + 3] = std::numeric_limits<float>::infinity();
  const std::vector<float> out = p.by(blocked_gemm<>{});
  for (std::size_t i = 0; i < p.m; ++i) {
    for (std::size_t j = 0; j < p.n; ++j) {
      CAPTURE(i, j);
      CHECK(std::isfinite(out[i * p.n + j]) == (i != 2 && j != 1));
      CHECK(std::isnan(out[i * p.n + j]) == (i == 2));
    }
  }
}

TEST_CASE("empty products and rules") {
  const float x[] = {1, 2, 3, 4};
  float out[4] = {5, 5, 5, 5};
  blocked_gemm<>{}({x, 2, 0}, {x, 2, 0}, {out, 2, 2});
  CHECK(out[3] == 0);
  CHECK_NOTHROW(blocked_gemm<>{}({x, 0, 2}, {x, 2, 2}, {out, 0, 2}));
  CHECK_NOTHROW(blocked_gemm<>{}({x, 2, 2}, {x, 0, 2}, {out, 2, 0}));
  REQUIRE_THROWS_WITH(blocked_gemm<>{}({x, 2, 2}, {x, 4, 1}, {out, 2, 2}),
                      test::contains("gemm: a and b must have the same number of columns"));
  REQUIRE_THROWS_WITH(blocked_gemm<>{}({x, 2, 2}, {x, 2, 2}, {out, 1, 2}),
                      test::contains("gemm: out must be [rows of a, rows of b]"));
  const auto failing = [](std::size_t, const auto&) { throw domain_error{"the pool is closed"}; };
  const product p = bell_product(200, 200, 200);
  REQUIRE_THROWS_WITH(p.by(blocked_gemm{accumulation::fp32, failing}),
                      test::contains("the pool is closed"));
}

}  // namespace blocked_gemm_test

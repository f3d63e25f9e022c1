// SPDX-License-Identifier: Apache-2.0
//
// The rotation: Sylvester's matrix, its inverse, an unchanged product, outliers spread, signs from a seed.
#include "quantroof/dynamic_quant/hadamard.hpp"

#include <algorithm>
#include <bit>
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

namespace hadamard_test {

namespace {

using namespace quantroof;
constexpr hadamard_signs none = hadamard_signs::none;
constexpr hadamard_signs seeded = hadamard_signs::random;

struct block_row {
  std::size_t cols, block;
};
constexpr block_row blocks[] = {{4096, 4096}, {14336, 2048}, {5120, 1024}, {11008, 256},
                                {96, 32},     {2, 2},        {7, 1}};
constexpr auto has_block = [](const block_row& r) {
  return largest_hadamard_block(r.cols) == r.block;
};
static_assert(test::first_failure(blocks, has_block) == -1);

// Unit vectors become rows of Sylvester's matrix / sqrt(block): (-1)^popcount(i & j), block by block.
constexpr bool is_sylvester(std::size_t cols, std::size_t block) {
  const std::size_t width = block > 0 ? block : largest_hadamard_block(cols);
  for (std::size_t i = 0; i < cols; ++i) {
    std::vector<float> x(cols, 0.0F);
    x[i] = 1;
    hadamard_rotate({x.data(), 1, cols}, {x.data(), 1, cols}, {.block = block});
    const auto scale = static_cast<float>(1.0 / detail::sqrt(static_cast<double>(width)));
    for (std::size_t j = 0; j < cols; ++j) {
      const bool negative = std::popcount((i % width) & (j % width)) % 2 != 0;
      const float expected = i / width != j / width ? 0.0F : (negative ? -scale : scale);
      if (x[j] != expected) {
        return false;
      }
    }
  }
  return true;
}
struct matrix_row {
  std::size_t cols, block;
};
constexpr matrix_row small_matrices[] = {{2, 0},  {4, 0},  {8, 0}, {16, 0},
                                         {12, 0}, {16, 2}, {16, 8}};
constexpr auto is_matrix = [](const matrix_row& r) { return is_sylvester(r.cols, r.block); };
static_assert(test::first_failure(small_matrices, is_matrix) == -1);
constexpr matrix_row matrices[] = {{32, 0},   {64, 0}, {128, 0},  {256, 0}, {512, 0},
                                   {1024, 0}, {96, 0}, {256, 16}, {256, 32}};

static_assert(find_hadamard_signs("random") == seeded && to_string(none) == "none");

std::vector<float> rotated(std::vector<float> x, std::size_t cols,
                           const hadamard_options& options) {
  const matrix_view<float> view{x.data(), x.size() / cols, cols};
  hadamard_rotate(view, view, options);
  return x;
}
std::vector<float> rotated_back(std::vector<float> x, std::size_t cols,
                                const hadamard_options& options) {
  const matrix_view<float> view{x.data(), x.size() / cols, cols};
  hadamard_rotate_back(view, view, options);
  return x;
}

quantization_error error_of(const std::vector<float>& a, const std::vector<float>& b) {
  return compare(std::span<const float>{a}, std::span<const float>{b});
}

double kurtosis(const std::vector<float>& x) {
  double second = 0;
  double fourth = 0;
  for (const float v : x) {
    const double square = static_cast<double>(v) * static_cast<double>(v);
    second += square;
    fourth += square * square;
  }
  return fourth * static_cast<double>(x.size()) / (second * second);
}

std::vector<float> int4_rows(std::vector<float> m, std::size_t cols) {
  for (std::size_t first = 0; first < m.size(); first += cols) {
    float most = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      most = std::max(most, std::abs(m[first + c]));
    }
    const std::span<float> row{m.data() + first, cols};
    element_rounder{precision::int4, most / 7.0F}(row, row);
  }
  return m;
}

std::vector<float> with_outliers(std::size_t rows, std::size_t cols) {
  std::vector<float> x = test::draw(rows * cols, 1, &test::generator::bell);
  for (std::size_t r = 0; r < rows; ++r) {
    x[r * cols + 3] *= 40;
    x[r * cols + cols / 2] *= 40;
  }
  return x;
}

}  // namespace

TEST_CASE("blocks and Sylvester's matrix") {
  for (const block_row& r : test::at_run_time(blocks)) {
    CHECK(has_block(r));
  }
  for (const matrix_row& r : test::at_run_time(small_matrices)) {
    CAPTURE(r.cols, r.block);
    CHECK(is_matrix(r));
  }
  for (const matrix_row& r : test::at_run_time(matrices)) {
    CAPTURE(r.cols, r.block);
    CHECK(is_matrix(r));
  }
}

TEST_CASE("there and back, and lengths kept") {
  for (const std::size_t block : {0U, 2U, 4U, 8U, 16U, 64U}) {
    for (const hadamard_signs signs : {none, seeded}) {
      const hadamard_options options{.block = block, .signs = signs, .seed = 99};
      const std::size_t cols = 192;
      const std::vector<float> x = test::draw(5 * cols, 3, &test::generator::bell);
      const std::vector<float> y = rotated(x, cols, options);
      CAPTURE(block, to_string(signs));
      CHECK(error_of(x, y).relative_mse > 0.5);
      CHECK(error_of(x, rotated_back(y, cols, options)).max_abs_error < 1e-6);
      double before = 0;
      double after = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        before += std::pow(static_cast<double>(x[i]), 2);
        after += std::pow(static_cast<double>(y[i]), 2);
      }
      CHECK(after == Approx(before).epsilon(1e-6));
    }
  }
  // 1/sqrt(16) is a power of two and small integers have exact sums: no rounding at all.
  const std::vector<float> codes = test::draw(64, 4, &test::generator::int8);
  CHECK(rotated_back(rotated(codes, 64, {.block = 16}), 64, {.block = 16}) == codes);
}

TEST_CASE("the product with a rotated weight is unchanged") {
  const std::size_t m = 10;
  const std::size_t n = 12;
  const std::size_t k = 384;
  const std::vector<float> x = with_outliers(m, k);
  const std::vector<float> w = test::draw(n * k, 2, &test::generator::bell);
  const auto product = [&](const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> out(m * n, 0.0F);
    blocked_gemm<>{}({a.data(), m, k}, {b.data(), n, k}, {out.data(), m, n});
    return out;
  };
  for (const std::size_t block : {0U, 32U}) {
    for (const hadamard_signs signs : {none, seeded}) {
      const hadamard_options options{.block = block, .signs = signs, .seed = 5};
      CAPTURE(block, to_string(signs));
      CHECK(error_of(product(x, w), product(rotated(x, k, options), rotated(w, k, options)))
                .relative_mse < 1e-12);
    }
  }
}

TEST_CASE("outliers are spread, INT4 loses less") {
  const std::size_t cols = 512;
  const std::vector<float> x = with_outliers(32, cols);
  for (const hadamard_signs signs : {none, seeded}) {
    const hadamard_options options{.signs = signs, .seed = 1};
    const std::vector<float> y = rotated(x, cols, options);
    CHECK(kurtosis(x) > 50);
    CHECK(kurtosis(y) < 6);
    const double plain = error_of(x, int4_rows(x, cols)).relative_mse;
    const double spread = error_of(x, rotated_back(int4_rows(y, cols), cols, options)).relative_mse;
    CAPTURE(to_string(signs), plain, spread);
    CHECK(spread < plain / 2);
  }
}

TEST_CASE("signs come from the seed") {
  const std::vector<float> x = test::draw(256, 6, &test::generator::bell);
  const auto with_seed = [&x](std::uint64_t seed) {
    return rotated(x, 128, {.signs = seeded, .seed = seed});
  };
  CHECK(with_seed(1) == with_seed(1));
  CHECK(with_seed(1) != with_seed(2));
  CHECK(with_seed(1) != rotated(x, 128, {}));
  // SplitMix64 from seed 0 begins with this number (published: prng.di.unimi.it/splitmix64.c and its users' test vectors).
  static_assert(detail::sign_word(0, 0) == 0xE220A8397B1DCDAFU);
  int negative = 0;
  for (const std::uint32_t mask : detail::sign_masks(10000, {.signs = seeded, .seed = 3})) {
    negative += mask != 0 ? 1 : 0;
  }
  CHECK(std::abs(negative - 5000) < 200);  // four standard deviations of a fair coin
}

TEST_CASE("strides, threads, NaN") {
  const std::size_t rows = 700;
  const std::size_t cols = 160;
  std::vector<float> x = test::draw(rows * cols, 7, &test::generator::bell);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> serial(rows * cols, 0.0F);
  std::vector<float> threaded(rows * 200, -1.0F);
  hadamard_rotate({x.data(), rows, cols}, {serial.data(), rows, cols});
  hadamard_rotate({x.data(), rows, cols}, {threaded.data(), rows, cols, 200}, {},
                  thread_executor{.threads = 3});
  bool same = true;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < 200; ++c) {
      const float v = threaded[r * 200 + c];
      const bool poisoned = r == 0 && c < 32;  // the block of the NaN
      same =
          same && (c >= cols ? v == -1.0F : (poisoned ? std::isnan(v) : v == serial[r * cols + c]));
    }
  }
  CHECK(same);
}

TEST_CASE("hadamard rules") {
  const float x[12] = {};
  float out[12] = {};
  const auto rotate = [&](std::size_t cols, std::size_t block) {
    hadamard_rotate({x, 1, cols}, {out, 1, cols}, {.block = block});
  };
  for (const block_row& bad :
       {block_row{12, 8}, block_row{12, 3}, block_row{7, 0}, block_row{8, 1}, block_row{8, 16}}) {
    REQUIRE_THROWS_WITH(rotate(bad.cols, bad.block),
                        test::contains("hadamard: the block must be a power of two of at least 2"));
  }
  CHECK_NOTHROW(rotate(12, 4));
  CHECK_NOTHROW(rotate(0, 0));
  REQUIRE_THROWS_WITH(hadamard_rotate({x, 2, 4}, {out, 1, 4}),
                      test::contains("hadamard: out must be as large as x"));
  REQUIRE_THROWS_WITH(largest_hadamard_block(0),
                      test::contains("largest_hadamard_block: needs at least one column"));
}

}  // namespace hadamard_test

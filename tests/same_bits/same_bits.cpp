// SPDX-License-Identifier: Apache-2.0
//
// The figures of one run as one number, which every build must reproduce: other optimization levels, other instruction sets with and
// without fused multiply-add, another compiler. Prints it; fails when it is not the expected one.
#include <cstdio>
#include <vector>

#include "noise.hpp"
#include "quantroof/detail/exponential.hpp"
#include "quantroof/dynamic_quant/blocked_gemm.hpp"
#include "quantroof/dynamic_quant/gemm_scales.hpp"
#include "quantroof/dynamic_quant/hadamard.hpp"
#include "quantroof/dynamic_quant/smooth_quant.hpp"
#include "quantroof/precision/quantization_error.hpp"

namespace {

using namespace quantroof;
using test::generator;

constexpr std::size_t m = 33;
constexpr std::size_t n = 50;
constexpr std::size_t k = 1100;

void add_products(test::bit_hash& hash) {
  for (const auto element : {&generator::e4m3, &generator::int8}) {
    const std::vector<float> a = test::draw(m * k, 1, element);
    const std::vector<float> b = test::draw(n * k, 2, element);
    const std::vector<float> rows = test::draw(m, 3, &generator::bell);
    const std::vector<float> columns = test::draw(n, 4, &generator::bell);
    for (const accumulation sums : {accumulation::fp32, accumulation::int32}) {
      std::vector<float> out(m * n, 0.0F);
      blocked_gemm<>{.sums = sums}({a.data(), m, k}, {b.data(), n, k}, {out.data(), m, n});
      hash.add(out);
      reference_gemm{.sums = sums}({a.data(), m, k}, {b.data(), n, k}, {out.data(), m, n});
      hash.add(out);
      for (const scale_arithmetic how : {scale_arithmetic::fp64, scale_arithmetic::fp32}) {
        apply_scales({out.data(), m, n}, rows, columns, how);
        hash.add(out);
      }
    }
  }
}

void add_transforms(test::bit_hash& hash) {
  const std::vector<float> x = test::draw(m * 384, 5, &generator::bell);
  std::vector<float> y(x.size(), 0.0F);
  for (const std::size_t block : {2U, 4U, 8U, 128U}) {
    hadamard_rotate({x.data(), m, 384}, {y.data(), m, 384},
                    {.block = block, .signs = hadamard_signs::random, .seed = 6});
    hash.add(y);
  }
  std::vector<float> absmax_x = test::draw(384, 7, &generator::bell);
  std::vector<float> absmax_w = test::draw(384, 8, &generator::bell);
  for (std::size_t i = 0; i < 384; ++i) {
    absmax_x[i] = detail::abs(absmax_x[i]);
    absmax_w[i] = detail::abs(absmax_w[i]);
  }
  std::vector<float> factors(384, 0.0F);
  for (const double alpha : {0.5, 0.8}) {
    smooth_factors(absmax_x, absmax_w, factors, {.alpha = alpha});
    hash.add(factors);
  }
  smooth_activation({x.data(), m, 384}, factors, {y.data(), m, 384});
  hash.add(y);
}

void add_errors(test::bit_hash& hash) {
  const std::vector<float> x = test::draw(5001, 9, &generator::bell);
  std::vector<float> y = test::draw(5001, 10, &generator::bell);
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = x[i] + y[i];
  }
  const quantization_error e = compare(std::span<const float>{x}, std::span<const float>{y});
  for (const double figure : {e.mse, e.relative_mse, e.sqnr_db, e.max_abs_error,
                              e.max_relative_error, e.mean_error, e.cosine}) {
    hash.add(figure);
  }
  for (const float v : x) {
    const auto magnitude = static_cast<double>(detail::abs(v)) + 0.001;
    hash.add(detail::log10(magnitude));
    hash.add(detail::pow(magnitude, static_cast<double>(v)));
  }
}

// Operands of 24 bits, whose products may be fused: within one build, an element still depends on its own row and column alone.
bool rows_are_independent() {
  const std::vector<float> a = test::draw(m * k, 11, &generator::bell);
  const std::vector<float> b = test::draw(n * k, 12, &generator::bell);
  std::vector<float> whole(m * n, 0.0F);
  blocked_gemm<>{}({a.data(), m, k}, {b.data(), n, k}, {whole.data(), m, n});
  std::vector<float> parts(m * n, 0.0F);
  for (std::size_t row = 0; row < m; row += 3) {
    blocked_gemm<>{}({a.data() + row * k, 3, k}, {b.data(), n, k}, {parts.data() + row * n, 3, n});
  }
  return whole == parts;
}

}  // namespace

int main() {
  constexpr unsigned long long expected =
      0x12b32707fb65cc1f;  // measured: g++ 12.2 and clang 14, -O0 to -O3, x86-64, -v3 and native
  test::bit_hash hash;
  add_products(hash);
  add_transforms(hash);
  add_errors(hash);
  const unsigned long long found = hash.value();
  std::printf("%016llx, expected %016llx\n", found, expected);
  if (!rows_are_independent()) {
    std::puts("an element of the product depends on the number of rows");
    return 1;
  }
  return found == expected ? 0 : 1;
}

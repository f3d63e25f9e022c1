// SPDX-License-Identifier: Apache-2.0
//
// The blocked product beside its definition, and the transforms beside a copy. Times of one run compare; those of two runs do not.
// 2 m n k over the time is the rate: 1024^3 in 36 ms is 60 GFLOP/s.
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "quantroof/dynamic_quant/blocked_gemm.hpp"
#include "quantroof/dynamic_quant/hadamard.hpp"
#include "quantroof/precision/quantization_error.hpp"
#include "quantroof/precision/thread_executor.hpp"

using namespace quantroof;

TEST_CASE("products") {
  const std::vector<float> a = test::draw(1024 * 1024, 1, &test::generator::e4m3);
  const std::vector<float> b = test::draw(4096 * 4096, 2, &test::generator::e4m3);
  std::vector<float> out(1024 * 1024, 0.0F);
  const auto multiply = [&](const auto& gemm, std::size_t m, std::size_t n, std::size_t k) {
    gemm(matrix_view<const float>{a.data(), m, k}, matrix_view<const float>{b.data(), n, k},
         matrix_view<float>{out.data(), m, n});
    return out[0];
  };
  BENCHMARK("reference 256^3") { return multiply(reference_gemm{}, 256, 256, 256); };
  BENCHMARK("blocked 256^3") { return multiply(blocked_gemm<>{}, 256, 256, 256); };
  BENCHMARK("blocked 1024^3") { return multiply(blocked_gemm<>{}, 1024, 1024, 1024); };
  BENCHMARK("blocked 1024^3, INT32") {
    return multiply(blocked_gemm<>{.sums = accumulation::int32}, 1024, 1024, 1024);
  };
  BENCHMARK("blocked 1024^3, threads") {
    return multiply(blocked_gemm<thread_executor>{}, 1024, 1024, 1024);
  };
  BENCHMARK("blocked 1 x 4096 x 4096") { return multiply(blocked_gemm<>{}, 1, 4096, 4096); };
}

TEST_CASE("transforms, 1 MiB") {
  const std::vector<float> x = test::draw(64 * 4096, 3, &test::generator::bell);
  std::vector<float> y(x.size(), 0.0F);
  BENCHMARK("copy") {
    for (std::size_t i = 0; i < x.size(); ++i) {
      y[i] = x[i];
    }
    return y[0];
  };
  for (const std::size_t block : {32U, 128U, 4096U}) {
    BENCHMARK("hadamard, block " + std::to_string(block)) {
      hadamard_rotate({x.data(), 64, 4096}, {y.data(), 64, 4096}, {.block = block});
      return y[0];
    };
  }
  BENCHMARK("compare") {
    return compare(std::span<const float>{x}, std::span<const float>{y}).mse;
  };
}

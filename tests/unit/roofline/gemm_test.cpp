// SPDX-License-Identifier: Apache-2.0
//
// Work of a linear layer: FLOPs and bytes by hand.
#include "quantroof/roofline/gemm.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace gemm_test {

namespace {

using namespace quantroof;

struct row {
  gemm_shape shape;
  double weight_bytes;
  double activation_bytes;
  double flops;
  double bytes;
};
constexpr row rows[] = {
    {{2, 3, 5}, 2, 2, 60, 2 * 5 * 2 + 3 * 5 * 2 + 2 * 3 * 2},
    {{2, 3, 5}, 1, 4, 60, 2 * 5 * 4 + 3 * 5 * 1 + 2 * 3 * 2},
    {{1, 4096, 4096}, 2, 2, 33554432, 8192 + 33554432 + 8192},      // decode: 1 FLOP per byte
    {{1, 4096, 4096}, 0.5625, 2, 33554432, 8192 + 9437184 + 8192},  // NVFP4 weight
    {{4096, 4096, 4096}, 2, 2, 137438953472, 3 * 33554432.0},
};
constexpr auto holds = [](const row& r) {
  const work w = gemm_work(r.shape, r.weight_bytes, r.activation_bytes);
  return gemm_flops(r.shape) == r.flops && w.flops == r.flops && w.bytes == r.bytes;
};
static_assert(test::first_failure(rows, holds) == -1);
static_assert(gemm_work({2, 3, 5}, 2, 2, 4).bytes == 20 + 30 + 24);  // outputs of 4 bytes

TEST_CASE("work of a linear layer") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.shape.m, r.shape.n, r.shape.k);
    CHECK(holds(r));
  }
  // The specification's table: GEMV about 1 FLOP per byte in FP16.
  CHECK(gemm_work({1, 4096, 4096}, 2, 2).arithmetic_intensity() == Approx(1.0).margin(0.01));
}

TEST_CASE("shapes and byte counts that cannot be are refused") {
  const std::string rule = "gemm_shape: m, n and k must be in [1, 2^31]";
  const std::int64_t most = std::int64_t{1} << 31;
  CHECK(is_valid(gemm_shape{most, most, most}));
  CHECK(gemm_flops({most, most, most}) == 2.0 * 9903520314283042199192993792.0);  // 2 * 2^93
  for (const gemm_shape& bad :
       {gemm_shape{0, 1, 1}, gemm_shape{1, -1, 1}, gemm_shape{1, 1, 0}, gemm_shape{most + 1, 1, 1},
        gemm_shape{1, most + 1, 1}, gemm_shape{1, 1, most + 1}}) {
    CAPTURE(bad.m, bad.n, bad.k);
    CHECK_THROWS_WITH(is_valid(bad), test::contains(rule));
    CHECK_THROWS_WITH(gemm_flops(bad), test::contains(rule));
    CHECK_THROWS_WITH(gemm_work(bad, 2, 2), test::contains(rule));
  }
  const std::string bytes = "gemm_work: bytes per element must be positive";
  CHECK_THROWS_WITH(gemm_work({1, 1, 1}, 0, 2), test::contains(bytes));
  CHECK_THROWS_WITH(gemm_work({1, 1, 1}, 2, -1), test::contains(bytes));
  CHECK_THROWS_WITH(gemm_work({1, 1, 1}, 2, 2, 0), test::contains(bytes));
}

}  // namespace

}  // namespace gemm_test

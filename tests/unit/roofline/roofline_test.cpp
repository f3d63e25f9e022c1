// SPDX-License-Identifier: Apache-2.0
//
// The roofline: two ceilings, and which of them holds.
#include "quantroof/roofline/roofline.hpp"

#include <limits>

#include "catch.hpp"
#include "test_table.hpp"

namespace roofline_test {

namespace {

using namespace quantroof;

struct row {
  work w;
  double tflops;
  double gb_s;
  double memory_us;
  double compute_us;
  bottleneck bound;
};
constexpr row rows[] = {
    {{.flops = 1e12, .bytes = 0},
     1,
     1,
     0,
     1e6,
     bottleneck::compute},  // 1 TFLOP at 1 TFLOPS: a second
    {{.flops = 0, .bytes = 1e9}, 1, 1, 1e6, 0, bottleneck::memory},      // 1 GB at 1 GB/s: a second
    {{.flops = 0, .bytes = 0}, 1, 1, 0, 0, bottleneck::memory},          // nothing takes no time
    {{.flops = 4e9, .bytes = 2e6}, 8, 4, 500, 500, bottleneck::memory},  // on the ridge: memory
    {{.flops = 8e9, .bytes = 2e6}, 8, 4, 500, 1000, bottleneck::compute},
    {{.flops = 4e9, .bytes = 4e6}, 8, 4, 1000, 500, bottleneck::memory},
};
constexpr auto holds = [](const row& r) {
  const roofline_time t = roofline(r.w, r.tflops, r.gb_s);
  return t.memory_time_us == r.memory_us && t.compute_time_us == r.compute_us &&
         t.time_us == (r.memory_us > r.compute_us ? r.memory_us : r.compute_us) &&
         t.bottleneck == r.bound;
};
static_assert(test::first_failure(rows, holds) == -1);

TEST_CASE("the slower ceiling sets the time") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.w.flops, r.w.bytes);
    CHECK(holds(r));
  }
}

TEST_CASE("more work never takes less time, a faster device never more") {
  for (double flops = 1; flops < 1e19; flops *= 1000) {
    for (double bytes = 1; bytes < 1e16; bytes *= 1000) {
      const double t = roofline({flops, bytes}, 100, 1000).time_us;
      CHECK(roofline({2 * flops, bytes}, 100, 1000).time_us >= t);
      CHECK(roofline({flops, 2 * bytes}, 100, 1000).time_us >= t);
      CHECK(roofline({flops, bytes}, 200, 1000).time_us <= t);
      CHECK(roofline({flops, bytes}, 100, 2000).time_us <= t);
      CHECK(roofline({flops, bytes}, 200, 2000).time_us == t / 2);
    }
  }
}

TEST_CASE("intensity is FLOP per byte") {
  CHECK(work{.flops = 6, .bytes = 2}.arithmetic_intensity() == 3.0);
  CHECK(work{.flops = 6, .bytes = 0}.arithmetic_intensity() == 0.0);
}

TEST_CASE("work and peaks that cannot be are refused") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string amounts = "roofline: flops and bytes must be finite and not negative";
  for (const double bad : {-1.0, inf, nan}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(roofline({bad, 1}, 1, 1), test::contains(amounts));
    CHECK_THROWS_WITH(roofline({1, bad}, 1, 1), test::contains(amounts));
  }
  const std::string ceilings = "roofline: peak and bandwidth must be positive";
  for (const double bad : {0.0, -1.0, nan}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(roofline({1, 1}, bad, 1), test::contains(ceilings));
    CHECK_THROWS_WITH(roofline({1, 1}, 1, bad), test::contains(ceilings));
  }
}

TEST_CASE("bottlenecks print and parse") {
  CHECK(to_string(bottleneck::memory) == "memory");  // the specification: "memory" or "compute"
  CHECK(to_string(bottleneck::compute) == "compute");
  CHECK(parse_bottleneck("memory") == bottleneck::memory);
  CHECK(parse_bottleneck("compute") == bottleneck::compute);
  REQUIRE_THROWS_WITH(parse_bottleneck("latency"),
                      test::contains("parse_bottleneck: unknown name \"latency\"; known: memory, "
                                     "compute"));
}

}  // namespace

}  // namespace roofline_test

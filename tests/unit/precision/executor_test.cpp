// SPDX-License-Identifier: Apache-2.0
//
// Executors: every index once, ranges without gaps, the first exception.
#include "quantroof/precision/executor.hpp"

#include <array>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace executor_test {

namespace {

using namespace quantroof;

struct range_row {
  std::size_t count, part, ranges, last_size;
};
constexpr range_row ranges[] = {{0, 3, 0, 0}, {1, 3, 1, 1},   {3, 3, 1, 3},  {4, 3, 2, 1},
                                {9, 3, 3, 3}, {10, 1, 10, 1}, {5, 100, 1, 5}};
constexpr auto has_ranges = [](const range_row& r) {
  std::size_t calls = 0;
  std::size_t next = 0;
  std::size_t size = 0;
  bool consecutive = true;
  for_each_range(serial_executor{}, r.count, r.part, [&](std::size_t first, std::size_t last) {
    consecutive = consecutive && first == next && last > first && last - first <= r.part;
    next = last;
    size = last - first;
    ++calls;
  });
  return consecutive && next == r.count && calls == r.ranges && size == r.last_size;
};
static_assert(test::first_failure(ranges, has_ranges) == -1);

static_assert(Executor<serial_executor>);
static_assert(!Executor<int> && !Executor<void (*)(int)>);
static_assert(rows_per_part(16384) == 16 && rows_per_part(0) == 1 && rows_per_part(1 << 20) == 1);

}  // namespace

TEST_CASE("ranges are consecutive and complete") {
  for (const range_row& r : test::at_run_time(ranges)) {
    CAPTURE(r.count, r.part);
    CHECK(has_ranges(r));
  }
  REQUIRE_THROWS_WITH(for_each_range(serial_executor{}, 3, 0, [](std::size_t, std::size_t) {}),
                      test::contains("for_each_range: part must be positive"));
}

TEST_CASE("a pool of the user's is an executor") {
  struct pool {
    std::vector<std::size_t> seen{};
  } mine;
  const auto backwards = [&mine](std::size_t count, const auto& function) {
    for (std::size_t i = count; i > 0; --i) {
      mine.seen.push_back(i - 1);
      function(i - 1);
    }
  };
  static_assert(Executor<decltype(backwards)>);
  std::vector<int> hits(10, 0);
  for_each_range(backwards, 10, 4, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      ++hits[i];
    }
  });
  CHECK(hits == std::vector<int>(10, 1));
  CHECK(mine.seen == std::vector<std::size_t>{2, 1, 0});
}

TEST_CASE("the serial executor stops at the first exception") {
  std::size_t calls = 0;
  REQUIRE_THROWS_WITH(serial_executor{}(5,
                                        [&](std::size_t i) {
                                          ++calls;
                                          detail::expects(i < 2, "two");
                                        }),
                      test::contains("two"));
  CHECK(calls == 3);
}

}  // namespace executor_test

// SPDX-License-Identifier: Apache-2.0
#include "quantroof/hardware/device_list.hpp"

#include <array>

#include "catch.hpp"

namespace device_list_test {

using quantroof::hardware_spec;

namespace {

constexpr hardware_spec one{.key = "one", .fp16_tflops = 1, .memory_gb_s = 1};
constexpr hardware_spec two{.key = "two", .fp16_tflops = 1, .memory_gb_s = 1};
constexpr hardware_spec one_again{.key = "one", .fp16_tflops = 2, .memory_gb_s = 2};
constexpr hardware_spec without_bandwidth{.key = "slow", .fp16_tflops = 1};

constexpr quantroof::device_list<1> first = {&one};
constexpr quantroof::device_list<2> second = {&two, &one};
constexpr auto joined = join(first, second);

static_assert(joined.size() == 3 && joined[0] == &one && joined[1] == &two && joined[2] == &one);
static_assert(quantroof::join().empty());
static_assert(is_valid(second));
static_assert(has_unique_keys(second) && !has_unique_keys(joined));
static_assert(!has_unique_keys(quantroof::device_list<2>{&one, &one_again}));  // neighbours too

}  // namespace

TEST_CASE("a list with a key twice or with a broken device is refused") {
  const std::array duplicate = {&one, &two, &one_again};
  REQUIRE_FALSE(has_unique_keys(duplicate));
  REQUIRE_THROWS_WITH(is_valid(duplicate),
                      test::contains("device_list: two devices have the same key"));
  const std::array broken = {&one, &without_bandwidth};
  REQUIRE_THROWS_WITH(is_valid(broken),
                      test::contains("hardware_spec: memory_gb_s must be positive"));
}

}  // namespace device_list_test

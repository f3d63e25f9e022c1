// SPDX-License-Identifier: Apache-2.0
//
// Entries by operator name: order, look-up, removal, limits.
#include "quantroof/dynamic_quant/operator_list.hpp"

#include <string>

#include "catch.hpp"

namespace operator_list_test {

namespace {

using namespace quantroof;

struct entry {
  operator_name_text operator_name{};
  int value = 0;
};

constexpr int sum_after_changes() {
  detail::operator_list<entry> list;
  for (const char* name : {"q", "a", "z", "m"}) {
    list.put({.operator_name = name, .value = name[0]});
  }
  list.put({.operator_name = "a", .value = 1});  // replaces
  list.erase("q");
  list.erase("not there");
  return list.find("a")->value + (list.find("q") == nullptr ? 10 : 0) +
         (list.find("z")->value == 'z' ? 100 : 0) + (list.find("m")->value == 'm' ? 1000 : 0) +
         static_cast<int>(list.entries().size()) * 10000;
}
static_assert(sum_after_changes() == 31111);

}  // namespace

TEST_CASE("entries keep their order and are found by name") {
  CHECK(sum_after_changes() == 31111);
  detail::operator_list<entry> list;
  for (int i = 0; i < 300; ++i) {  // 7 is prime to 300: every name once, in a mixed order
    list.put(
        {.operator_name = std::string_view{"layer_" + std::to_string(i * 7 % 300)}, .value = i});
  }
  REQUIRE(list.entries().size() == 300);
  CHECK(list.entries()[1].operator_name == "layer_7");
  for (int i = 0; i < 300; i += 3) {
    list.erase("layer_" + std::to_string(i));
  }
  CHECK(list.entries().size() == 200);
  for (int i = 0; i < 300; ++i) {
    const std::string name = "layer_" + std::to_string(i * 7 % 300);
    const entry* const found = list.find(name);
    CAPTURE(name);
    REQUIRE((found == nullptr) == (i * 7 % 300 % 3 == 0));
    CHECK((found == nullptr || found->value == i));
  }
  list.clear();
  CHECK(list.find("layer_1") == nullptr);
}

TEST_CASE("operator list rules") {
  detail::operator_list<entry, 2> list;
  REQUIRE_THROWS_WITH(list.put({}), test::contains("an operator needs a name"));
  const std::string longest(128, 'x');
  list.put({.operator_name = std::string_view{longest}});
  REQUIRE_THROWS_WITH(list.expects_room(longest + "y"),
                      test::contains("a name has at most 128 bytes"));
  list.put({.operator_name = "b"});
  REQUIRE_THROWS_WITH(
      list.put({.operator_name = "k_proj"}),
      test::contains("too many operators; reset() forgets them (operator \"k_proj\")"));
  CHECK(list.entries().size() == 2);
  CHECK_NOTHROW(list.put({.operator_name = "b", .value = 3}));  // a known name needs no room
}

}  // namespace operator_list_test

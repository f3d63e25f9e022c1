// SPDX-License-Identifier: Apache-2.0
#include "quantroof/model/phase.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace phase_test {

namespace {

using namespace quantroof;

struct named_row {
  phase value;
  std::string_view name;  // the specification: phase="decode"
};
constexpr named_row rows[] = {{phase::prefill, "prefill"}, {phase::decode, "decode"}};
constexpr auto is_named = [](const named_row& r) {
  return to_string(r.value) == r.name && parse_phase(r.name) == r.value;
};
static_assert(test::first_failure(rows, is_named) == -1);

TEST_CASE("phases print and parse") {
  for (const named_row& r : test::at_run_time(rows)) {
    CAPTURE(r.name);
    CHECK(is_named(r));
  }
  REQUIRE_THROWS_WITH(
      parse_phase("Decode"),
      test::contains("parse_phase: unknown name \"Decode\"; known: prefill, decode"));
  REQUIRE_THROWS_WITH(to_string(static_cast<phase>(2)),
                      test::contains("to_string: the value is not an enumerator"));
}

}  // namespace

}  // namespace phase_test

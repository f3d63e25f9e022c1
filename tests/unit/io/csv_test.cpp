// SPDX-License-Identifier: Apache-2.0
//
// CSV tables: fields by name, errors with their line.
#include "quantroof/io/csv.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace csv_test {

namespace {

using namespace quantroof;

TEST_CASE("fields are found by the header's names") {
  const io::csv_table t{"gpu,m,time_us\r\nh100_sxm,16,2.5\r\n\r\n\"a,\"\"b\"\"\",1,1e3\n", "t.csv"};
  REQUIRE(t.size() == 2);
  CHECK(t.text(0, "gpu") == "h100_sxm");
  CHECK(t.integer(0, "m") == 16);
  CHECK(t.number(0, "time_us") == 2.5);
  CHECK(t.text(1, "gpu") == "a,\"b\"");
  CHECK(t.number(1, "time_us") == 1000);
  CHECK(t.line(1) == 4);
  CHECK(t.text(0, "nothing").empty());
  CHECK(t.has("m"));
  CHECK_FALSE(t.has("n"));
}

TEST_CASE("what is wrong is named with file, line and column") {
  const auto table = [](std::string_view text) { return io::csv_table{text, "t.csv"}; };
  CHECK_THROWS_WITH(table(""), test::contains("t.csv: is empty: a header line must come first"));
  CHECK_THROWS_WITH(table("a,a\n1,2\n"), test::contains("names the column a twice"));
  CHECK_THROWS_WITH(table("a,b\n1\n"), test::contains("t.csv: line 2: has 1 fields, the header 2"));
  CHECK_THROWS_WITH(table("a\n\"1\n"), test::contains("opens a quote that it does not close"));
  CHECK_THROWS_WITH(table("m\nx\n").integer(0, "m"),
                    test::contains("line 2, column m: \"x\" is not a whole number"));
  CHECK_THROWS_WITH(table("m\n1.5\n").integer(0, "m"), test::contains("is not a whole number"));
  CHECK_THROWS_WITH(table("t\nnan\n").number(0, "t"), test::contains("is not a number"));
  CHECK_THROWS_WITH(table("t\n1\n").number(0, "u"), test::contains("has no column u"));
}

}  // namespace

}  // namespace csv_test

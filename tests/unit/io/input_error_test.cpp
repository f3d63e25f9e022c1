// SPDX-License-Identifier: Apache-2.0
#include "quantroof/io/input_error.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "test_table.hpp"

namespace input_error_test {

namespace {

using quantroof::io::input_error;

TEST_CASE("an input_error says file, place and rule, and keeps them apart") {
  const input_error error{"gpu.json", "/fp8_tflops", "must be a number"};
  CHECK(std::string{error.what()} == "gpu.json: /fp8_tflops: must be a number");
  CHECK(error.file() == "gpu.json");
  CHECK(error.pointer() == "/fp8_tflops");
  CHECK(error.rule() == "must be a number");
}

TEST_CASE("what an input_error does not know is left out") {
  CHECK(std::string{input_error("", "/a", "rule").what()} == "/a: rule");
  CHECK(std::string{input_error("f", "", "rule").what()} == "f: rule");
  const input_error bare{"", "", "rule"};
  CHECK(std::string{bare.what()} == "rule");
  CHECK(bare.file().empty());
  CHECK(bare.pointer().empty());
}

TEST_CASE("the place is put together from the inside out") {
  const input_error error =
      input_error("", "", "rule").under("precision").under(2).under("layer_overrides").in_file("s");
  CHECK(std::string{error.what()} == "s: /layer_overrides/2/precision: rule");
  CHECK(input_error("f", "", "rule").under(0).file() == "f");
}

TEST_CASE("members are escaped as RFC 6901 says") {
  CHECK(input_error("", "", "r").under("a/b~c").pointer() == "/a~1b~0c");  // section 3
  CHECK(input_error("", "", "r").under("").pointer() == "/");
}

TEST_CASE("hostile text neither overflows nor reaches a terminal") {
  const std::string long_key(100000, 'k');
  CHECK(input_error("", "", "r").under(long_key).pointer() == "/" + std::string(80, 'k') + "...");
  CHECK(std::string{input_error("f\n", "/\x1b[2J", "a\tb\x7f").what()} == "f?: /?[2J: a?b?");

  input_error deep{"", "", "rule"};
  for (int i = 0; i < 1000; ++i) {
    deep = deep.under("member");
  }
  CHECK(deep.pointer().size() <= 512);
  CHECK(deep.pointer().substr(deep.pointer().size() - 3) == "...");
  CHECK(deep.rule() == "rule");

  const input_error long_file{std::string(5000, 'd') + "/gpu.json", "/a", "rule"};
  CHECK(long_file.file().substr(0, 3) == "...");
  CHECK(long_file.file().substr(long_file.file().size() - 9) == "/gpu.json");
  CHECK(long_file.pointer() == "/a");
  CHECK(std::string_view{input_error("", "", std::string(9000, 'x')).what()}.size() == 2047);
}

TEST_CASE("a long name is cut between two characters") {
  const std::string euros = "\xE2\x82\xAC\xE2\x82\xAC";  // two characters of three bytes
  CHECK(quantroof::detail::utf8_prefix(euros, 6) == euros);
  CHECK(quantroof::detail::utf8_prefix(euros, 5) == euros.substr(0, 3));
  CHECK(quantroof::detail::utf8_prefix(euros, 3) == euros.substr(0, 3));
  CHECK(quantroof::detail::utf8_prefix(euros, 2).empty());
}

}  // namespace

}  // namespace input_error_test

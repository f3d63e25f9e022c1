// SPDX-License-Identifier: Apache-2.0
//
// Hostile JSON texts, files that are not there or not files, and files that are written whole or not at all.
#include "quantroof/io/json_file.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "quantroof/io/hardware_file.hpp"
#include "quantroof/io/json.hpp"
#include "quantroof/io/quantizer_file.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace json_file_test {

namespace {

using namespace quantroof;
namespace fs = std::filesystem;
using test::content;
using test::error_of;
using test::scratch;

// ---- Texts ---------------------------------------------------------------------------------------------------------------------

std::string repeated(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += part;
  }
  return text;
}

TEST_CASE("hostile texts are refused with one clear error") {
  struct hostile {
    std::string text;
    std::string pointer;
    std::string rule;
  };
  const std::vector<hostile> table = {
      {"", "", "is empty; a JSON value was expected"},
      {" \n\t\r", "", "is empty; a JSON value was expected"},
      {"{", "",
       "line 1, column 2: syntax error while parsing object key - unexpected end of input"},
      {"{\"a\": 1", "", "unexpected end of input; expected '}'"},
      {"{\"a\": {\"b\": [1, 2", "/a/b/2", "unexpected end of input; expected ']'"},
      {"{\"a\": \"tex", "/a", "missing closing quote"},
      {"{\n  \"a\": tru}", "/a", "line 2, column 11"},
      {"{\"a\": 1} {", "", "expected end of input"},
      {"{\"a\": 1}}", "", "expected end of input"},
      {"[1, 2,]", "/2", "unexpected ']'"},
      {"{\"a\": 1,}", "", "unexpected '}'"},
      {"{'a': 1}", "", "invalid literal"},
      {"{a: 1}", "", "invalid literal"},
      {"// comment\n{}", "", "invalid literal"},
      {"{\"a\": NaN}", "/a", "invalid literal"},
      {"{\"a\": [0, -Infinity]}", "/a/1", "invalid number"},
      {"{\"a\": 1e999}", "/a", "byte 11: number overflow parsing '1e999'"},
      {"{\"a\": [-1e400]}", "/a/0", "number overflow"},
      {"{\"a\": 01}", "", "expected '}'"},
      {"{\"a\": 0x10}", "", "expected '}'"},
      {"{\"a\": +1}", "/a", "invalid literal"},
      {"{\"a\": \"\xFF\"}", "/a", "ill-formed UTF-8 byte"},
      {"{\"a\": \"\xC0\xAF\"}", "/a", "ill-formed UTF-8 byte"},      // overlong
      {"{\"a\": \"\xED\xA0\x80\"}", "/a", "ill-formed UTF-8 byte"},  // half of a surrogate pair
      {"{\"a\": \"\\ud800\"}", "/a", "surrogate"},
      {"{\"a\": \"\n\"}", "/a", "control character"},
      {"\xFE\xFF{}", "", "invalid literal"},  // UTF-16
      {std::string("{}\0{", 4), "", "byte 3: a zero byte is not JSON"},
      {"{\"a\": 1, \"a\": 1}", "/a", "is in this object twice"},
      {"{\"x\": [0, {\"b\": {}, \"c/d\": 1, \"c/d\": 2}]}", "/x/1/c~1d", "is in this object twice"},
      {"{\"\": 1, \"\": 2}", "/", "is in this object twice"},
      {repeated("[", 65), repeated("/0", 64), "is nested deeper than 64"},
      {repeated("{\"a\":", 65), repeated("/a", 64), "is nested deeper than 64"},
      {repeated("[", 1000000), repeated("/0", 64), "is nested deeper than 64"},
  };
  for (const hostile& h : table) {
    CAPTURE(h.text.substr(0, 80));
    const io::input_error error =
        error_of([&] { static_cast<void>(io::parse_json(h.text, "f.json")); });
    CHECK(error.file() == "f.json");
    CHECK(error.pointer() == h.pointer);
    CHECK_THAT(std::string{error.rule()}, test::contains(h.rule));
    for (const char c : std::string_view{error.what()}) {
      CHECK(static_cast<unsigned char>(c) < 0x80);
    }
  }
}

TEST_CASE("texts that are unusual but JSON are read") {
  CHECK(io::parse_json(" 1 ") == 1);
  CHECK(io::parse_json("null").is_null());
  CHECK(io::parse_json("\xEF\xBB\xBF{}") == nlohmann::json::object());  // byte order mark
  CHECK(io::parse_json(repeated("[", 64) + repeated("]", 64)).is_array());
  CHECK(io::parse_json(R"({"a": {"a": [{"a": 1}, {"a": 2}]}, "b": {"a": 1}})").dump() ==
        R"({"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}})");
  CHECK(io::parse_json("[1e-999, 18446744073709551615, -9223372036854775808]").dump() ==
        "[0.0,18446744073709551615,-9223372036854775808]");
  CHECK(io::parse_json("\"\\u0000\"") == std::string(1, '\0'));
}

TEST_CASE("a text of more than 64 MiB is not looked at") {
  const std::string big(io::max_json_bytes + 1, ' ');
  REQUIRE_THROWS_WITH(io::parse_json(big, "f"), test::contains("f: is larger than 64 MiB"));
}

TEST_CASE("a text of more than 2^22 values is not built") {
  std::string text = "{\"a\": [0";
  text.reserve(2 * io::max_json_values + 16);
  for (std::size_t i = 3; i < io::max_json_values;
       ++i) {  // the object, its array and the first 0 count
    text += ",0";
  }
  CHECK(io::parse_json(text + "]}").at("a").size() == io::max_json_values - 2);
  REQUIRE_THROWS_WITH(io::parse_json(text + ",0]}", "f"),
                      test::contains("f: /a/4194302: holds more than 4194304 values"));
}

TEST_CASE("parse says what is wrong in a value") {
  CHECK(io::parse<scenario>(R"({"phase": "decode", "seq_len": 7})").seq_len == 7);
  CHECK(io::parse<std::vector<int>>("[1, 2]") == std::vector<int>{1, 2});
  REQUIRE_THROWS_WITH(io::parse<scenario>(R"({"phase": "decode"})", "s.json"),
                      test::contains("s.json: /seq_len: is missing"));
  REQUIRE_THROWS_WITH(io::parse<std::vector<scenario>>(R"([{"phase": 3, "seq_len": 1}])", "s.json"),
                      test::contains("s.json: /0/phase: must be a name, not a number"));
}

// ---- Reading -------------------------------------------------------------------------------------------------------------------

TEST_CASE("what cannot be read is said with its name") {
  const scratch folder;
  const auto message = [](const fs::path& path) {
    return std::string{error_of([&] { static_cast<void>(io::read_json_file(path)); }).what()};
  };
  CHECK_THAT(message(folder / "none.json"), test::contains("none.json: cannot be read: "));
  CHECK_THAT(message(folder / ""), test::contains("is a directory, not a file"));
  CHECK_THAT(message(folder.write("empty.json", "")), test::contains("empty.json: is empty"));
  CHECK_THAT(message(folder.write("cut.json", "{\"a\": [1,")),
             test::contains("cut.json: /a/1: line 1, column 10"));
  fs::create_symlink(folder / "loop", folder / "loop");
  CHECK_THAT(message(folder / "loop"), test::contains("loop: cannot be read: "));
  REQUIRE_THROWS_WITH(
      io::read<hardware_spec>(folder.write("gpu.json", R"({"key": "a", "nmae": "b"})")),
      test::contains("gpu.json: /nmae: is not a known member; known: key, name"));
}

// ---- Writing -------------------------------------------------------------------------------------------------------------------

TEST_CASE("values survive files") {
  const scratch folder;
  for (const hardware_spec* device : list_hardware()) {
    io::write(folder / "gpu.json", *device);
    CHECK(io::read<hardware_spec>(folder / "gpu.json") == *device);
  }
  io::write(folder / "strategy.json", create_layerwise_gradient(32));
  CHECK(io::read<mixed_precision_config>(folder / "strategy.json") ==
        create_layerwise_gradient(32));
  const integrated_quantization_engine engine{hw::b10};
  const auto answer = engine.recommend(models::llama3_8b, {.seq_len = 4096});
  io::write(folder / "answer.json", answer);
  CHECK(io::read<quantization_recommendation>(folder / "answer.json") == answer);
  CHECK(folder.files() == 3);  // nothing lies beside them
  io::write(folder / "scenario.json", scenario{.seq_len = 4096}, -1);
  CHECK(
      content(folder / "scenario.json") ==
      R"({"phase":"decode","seq_len":4096,"batch":1,"enable_dynamic":true,"enable_adaptive":false,)"
      R"("plan":{"tensor":1,"data":1,"expert":1,"pipeline":1,"devices_per_node":8,"network_gb_s":50.0}})"
      "\n");
}

TEST_CASE("a file that cannot be written stays as it was") {
  const scratch folder;
  const fs::path path = folder.write("a.json", "old");
  const auto stays = [&](const nlohmann::json& json, const char* rule) {
    REQUIRE_THROWS_WITH(io::write_json_file(path, json), test::contains(rule));
    CHECK(content(path) == "old");
    CHECK(folder.files() == 1);
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  stays({{"a", {1, infinity}}}, "a.json: /a/1: JSON has no NaN and no infinity");
  stays(-infinity, "a.json: JSON has no NaN and no infinity");
  stays("\xFF", "a.json: [json.exception.type_error.316] invalid UTF-8 byte");
  REQUIRE_THROWS_WITH(io::write(path, work{.flops = infinity}),
                      test::contains("a.json: /flops: JSON has no NaN"));
  CHECK(content(path) == "old");
}

TEST_CASE("targets that are no files are refused") {
  const scratch folder;
  REQUIRE_THROWS_WITH(io::write(folder / "", work{}), test::contains("it is not a regular file"));
  REQUIRE_THROWS_WITH(io::write(folder / "no/such/folder.json", work{}),
                      test::contains("cannot be written: "));
  CHECK(folder.files() == 0);
}

TEST_CASE("a file keeps its permissions and a link its target") {
  const scratch folder;
  const fs::path path = folder.write("a.json", "old");
  constexpr auto mine = fs::perms::owner_read | fs::perms::owner_write;
  fs::permissions(path, mine);
  fs::create_symlink(path, folder / "link.json");
  io::write_json_file(folder / "link.json", nlohmann::ordered_json{{"b", 1}, {"a", 2}}, -1);
  CHECK(fs::is_symlink(folder / "link.json"));
  CHECK(content(path) == "{\"b\":1,\"a\":2}\n");
  CHECK(fs::status(path).permissions() == mine);

  fs::create_symlink(folder / "nothing", folder / "dangling");
  REQUIRE_THROWS_WITH(io::write(folder / "dangling", work{}),
                      test::contains("cannot be written: "));
}

TEST_CASE("an unfinished copy of another writer is left alone") {
  const scratch folder;
  const fs::path other = folder.write("a.json.tmp0", "half");
  io::write_json_file(folder / "a.json", nlohmann::json(1));
  CHECK(content(folder / "a.json") == "1\n");
  CHECK(content(other) == "half");
  for (int i = 1; i < 100; ++i) {
    static_cast<void>(folder.write("a.json.tmp" + std::to_string(i), ""));
  }
  REQUIRE_THROWS_WITH(io::write_json_file(folder / "a.json", nlohmann::json(2)),
                      test::contains("100 unfinished copies"));
  CHECK(content(folder / "a.json") == "1\n");
}

// ---- Devices of your own -------------------------------------------------------------------------------------------------------

constexpr const char* my_gpu =
    R"({"key": "my_gpu", "name": "Mine", "fp16_tflops": 100, "fp8_tflops": null, "memory_gb_s": 1000})";

TEST_CASE("devices come from a file, one or several") {
  const scratch folder;
  hardware_registry registry;
  CHECK(io::add_hardware_from_json(registry, folder.write("one.json", my_gpu)) == 1);
  CHECK(registry.get("my_gpu").memory_gb_s == 1000);
  CHECK(critical_ai(registry.get("my_gpu")) == 100);
  std::string second = my_gpu;
  second.replace(second.find("my_gpu"), 6, "gpu_2");
  std::string third = my_gpu;
  third.replace(third.find("my_gpu"), 6, "gpu_3");
  CHECK(io::add_hardware_from_json(
            registry, folder.write("two.json", "[" + second + "," + third + "]")) == 2);
  CHECK(registry.find("gpu_3") != nullptr);
}

TEST_CASE("a file with one bad device adds none") {
  hardware_registry registry;
  const auto refused = [&](const std::string& text, const char* message) {
    const std::size_t before = registry.size();
    REQUIRE_THROWS_WITH(io::add_hardware_from_json(registry, io::parse_json(text), "gpus.json"),
                        test::contains(message));
    CHECK(registry.size() == before);
  };
  const std::string good = my_gpu;
  refused("[" + good + "," + good + "]",
          "gpus.json: /1/key: hardware_registry: a device with this key");
  refused("[" + good + R"(, {"key": "x", "name": "x", "memory_gb_s": 1, "fp16_tflops": "1"}])",
          "gpus.json: /1/fp16_tflops: ");
  refused(R"({"key": "h100_sxm", "name": "x", "memory_gb_s": 1, "fp16_tflops": 1})",
          "gpus.json: /key: ");
  refused("7", "gpus.json: must be an object (hardware_spec), not a number");
}

// ---- Quantizers ----------------------------------------------------------------------------------------------------------------

TEST_CASE("a quantizer goes on after a restart as if nothing had happened") {
  const scratch folder;
  const std::vector<float> weight(8, 1.0F);
  const auto step = [&](dynamic_quantizer<>& q, float scale) {
    std::vector<float> x(16);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = scale * static_cast<float>(i + 1);
    }
    return q.quantize_dynamic({x.data(), 2, 8}, {weight.data(), 1, 8}, "q_proj").metadata;
  };
  for (const granularity g :
       {granularity::per_tensor, granularity::per_token, granularity::per_channel}) {
    dynamic_quantizer<> running{{.granularity = g, .calibration_mode = calibration::absmax}};
    static_cast<void>(step(running, 0.1F));
    static_cast<void>(step(running, 0.3F));
    io::save_quantizer(folder / "state.json", running);
    auto restarted = io::load_quantizer(folder / "state.json");
    CHECK(restarted.config() == running.config());
    dynamic_quantizer<> restored{running.config()};
    io::restore_quantizer(folder / "state.json", restored);
    const quantization_metadata expected = step(running, 0.7F);
    CHECK(step(restarted, 0.7F) == expected);
    CHECK(step(restored, 0.7F) == expected);
  }
  dynamic_quantizer<> other{{.smoothing = 0.5}};
  REQUIRE_THROWS_WITH(io::restore_quantizer(folder / "state.json", other),
                      test::contains("state.json: /config: must be the options of the quantizer"));
  REQUIRE_THROWS_WITH(io::load_quantizer(folder.write("bad.json", "{}")),
                      test::contains("bad.json: /config: is missing"));
}

}  // namespace

}  // namespace json_file_test

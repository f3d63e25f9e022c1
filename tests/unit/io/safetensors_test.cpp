// SPDX-License-Identifier: Apache-2.0
//
// safetensors headers and indexes: every element type, and files that are wrong. The rules are those of safetensors' Metadata::validate.
#include "quantroof/io/safetensors.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "checkpoint_bytes.hpp"
#include "quantroof/io/safetensors_index.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace safetensors_test {

namespace {

using namespace quantroof;
using dtype = io::safetensors_dtype;
using test::safetensors;

io::safetensors_header parse(const std::string& file) {
  return io::parse_safetensors(test::as_bytes(file));
}
std::string tensor(std::string_view type, std::string_view shape, std::uint64_t begin,
                   std::uint64_t end) {
  return R"({"dtype": ")" + std::string{type} + R"(", "shape": )" + std::string{shape} +
         R"(, "data_offsets": [)" + std::to_string(begin) + ", " + std::to_string(end) + "]}";
}

// Bits of an element, from safetensors' Dtype::bitsize; FNUZ types are bytes.
struct width {
  std::string_view name;
  dtype type;
  unsigned bits;
};
constexpr width widths[] = {
    {"BOOL", dtype::boolean, 8},
    {"F4", dtype::f4, 4},
    {"F6_E2M3", dtype::f6_e2m3, 6},
    {"F6_E3M2", dtype::f6_e3m2, 6},
    {"U8", dtype::u8, 8},
    {"I8", dtype::i8, 8},
    {"F8_E5M2", dtype::f8_e5m2, 8},
    {"F8_E4M3", dtype::f8_e4m3, 8},
    {"F8_E8M0", dtype::f8_e8m0, 8},
    {"F8_E4M3FNUZ", dtype::f8_e4m3fnuz, 8},
    {"F8_E5M2FNUZ", dtype::f8_e5m2fnuz, 8},
    {"I16", dtype::i16, 16},
    {"U16", dtype::u16, 16},
    {"F16", dtype::f16, 16},
    {"BF16", dtype::bf16, 16},
    {"I32", dtype::i32, 32},
    {"U32", dtype::u32, 32},
    {"F32", dtype::f32, 32},
    {"C64", dtype::c64, 64},
    {"F64", dtype::f64, 64},
    {"I64", dtype::i64, 64},
    {"U64", dtype::u64, 64},
};
constexpr auto has_width = [](const width& w) {
  return io::parse_safetensors_dtype(w.name) == w.type && io::to_string(w.type) == w.name &&
         io::bits_per_element(w.type) == w.bits;
};
static_assert(test::first_failure(widths, has_width) == -1);

TEST_CASE("every element type has its bits") {
  for (const width& w : test::at_run_time(widths)) {
    CAPTURE(w.name);
    CHECK(has_width(w));
    const std::uint64_t bytes = std::uint64_t{12} * w.bits / 8;
    const io::safetensors_header h =
        parse(safetensors("{\"a\": " + tensor(w.name, "[4, 3]", 0, bytes) + "}"));
    CHECK(h.tensors.front().dtype == w.type);
    CHECK(h.data_bytes == bytes);
  }
  CHECK_THROWS_WITH(io::parse_safetensors_dtype("BF8"), test::contains("known: BOOL, F4, F6_E2M3"));
}

TEST_CASE("tensors come in the order of their data") {
  const std::string json =
      R"({"__metadata__": {"format": "pt", "by": "me"}, "b": )" + tensor("BF16", "[2, 3]", 4, 16) +
      R"(, "a": )" + tensor("F32", "[]", 0, 4) + R"(, "z": )" + tensor("I64", "[0, 4]", 16, 16) +
      R"(, "c": )" + tensor("F4", "[2, 2]", 16, 18) + "}   ";
  const io::safetensors_header h = parse(safetensors(json));
  REQUIRE(h.tensors.size() == 4);
  CHECK(h.tensors[0].name == "a");
  CHECK(h.tensors[0].shape.empty());
  CHECK(h.tensors[0].bytes() == 4);
  CHECK(h.tensors[1].name == "b");
  CHECK(h.tensors[1].shape == std::vector<std::uint64_t>{2, 3});
  CHECK(h.tensors[1].begin == 4);
  CHECK(h.tensors[2].name == "z");
  CHECK(h.tensors[3].name == "c");
  CHECK(h.data_begin == 8 + json.size());
  CHECK(h.data_bytes == 18);
  CHECK(h.metadata ==
        std::vector<std::pair<std::string, std::string>>{{"by", "me"}, {"format", "pt"}});
  CHECK(h.find("c") == &h.tensors[3]);
  CHECK(h.find("d") == nullptr);
  CHECK(parse(safetensors("{}")).tensors.empty());
  CHECK(parse(safetensors(R"({"__metadata__": null})")).metadata.empty());
}

TEST_CASE("wrong headers are refused by place and rule") {
  struct row {
    std::string file;
    const char* error;
  };
  const auto one = [](const std::string& entry) {
    return safetensors(R"({"a/b": )" + entry + "}");
  };
  const row rows[] = {
      {"", "byte 0: the file ends within the size of its header"},
      {"1234567", "byte 0: the file ends within the size of its header"},
      {test::u64(100'000'001), "it says that its header has 100000001 bytes"},
      {test::u64(~std::uint64_t{0}), "it says that its header has 18446744073709551615 bytes"},
      {test::u64(3) + "{}", "the file ends within its header of 3 bytes"},
      {test::u64(0), "byte 8 must be '{'"},
      {safetensors(" {}"), "byte 8 must be '{'"},
      {safetensors("[]"), "byte 8 must be '{'"},
      {safetensors("{"), "line 1, column 2"},
      {safetensors("{} x"), "line 1, column 4"},
      {safetensors(std::string_view{"{}\0", 3}), "a zero byte is not JSON"},
      {safetensors(R"({"a": 1, "a": 1})"), "/a: is in this object twice"},
      {safetensors(R"({"a": )" + std::string(70, '[')), "is nested deeper than 64"},
      {safetensors(R"({"__metadata__": 1})"), "/__metadata__: must be an object of texts"},
      {safetensors(R"({"__metadata__": {"k": 1}})"), "/__metadata__/k: must be a string"},
      {one("7"), "/a~1b: must be an object with dtype, shape and data_offsets, not a number"},
      {one(R"({"shape": [], "data_offsets": [0, 4]})"), "/a~1b/dtype: is missing"},
      {one(R"({"dtype": "F32", "data_offsets": [0, 4]})"), "/a~1b/shape: is missing"},
      {one(R"({"dtype": "F32", "shape": []})"), "/a~1b/data_offsets: is missing"},
      {one(tensor("F33", "[]", 0, 4)), "/a~1b/dtype: unknown name \"F33\"; known: BOOL, F4"},
      {one(tensor("F32", "4", 0, 4)), "/a~1b/shape: must be an array"},
      {one(tensor("F32", "[-1]", 0, 4)), "/a~1b/shape/0: must not be negative"},
      {one(tensor("F32", "[1.5]", 0, 4)), "/a~1b/shape/0: must be a whole number"},
      {one(tensor("F32", "[1e30]", 0, 4)), "/a~1b/shape/0: is too large"},
      {one(tensor("F32", "[4294967296, 4294967296]", 0, 4)), "/a~1b/shape: has more elements than"},
      {one(tensor("F64", "[576460752303423488]", 0, 4)), "/a~1b/shape: has more elements than"},
      {one(tensor("F4", "[3]", 0, 2)), "/a~1b/shape: has 3 elements of F4, which fill no whole"},
      {one(tensor("F6_E2M3", "[2]", 0, 2)), "/a~1b/shape: has 2 elements of F6_E2M3"},
      {one(tensor("F32", "[2]", 0, 4)), "/a~1b/data_offsets: are 4 bytes; shape and dtype take 8"},
      {one(tensor("F32", "[1]", 4, 0)), "/a~1b/data_offsets: must be [begin, end]"},
      {one(R"({"dtype": "F32", "shape": [], "data_offsets": [0]})"), "must be [begin, end]"},
      {one(R"({"dtype": "F32", "shape": [], "data_offsets": [0, 4, 8]})"), "must be [begin, end]"},
      {one(tensor("F32", "[1]", 4, 8)),
       "/a~1b/data_offsets: leave a hole: the tensor before ends at 0"},
      {safetensors("{\"a\": " + tensor("F32", "[1]", 0, 4) +
                   ", \"b\": " + tensor("F32", "[1]", 8, 12) + "}"),
       "/b/data_offsets: leave a hole: the tensor before ends at 4"},
      {safetensors("{\"a\": " + tensor("F32", "[2]", 0, 8) +
                   ", \"b\": " + tensor("F32", "[1]", 4, 8) + "}"),
       "/b/data_offsets: overlap with the tensor before, which ends at 8"},
      {safetensors("{\"a\": " + tensor("F32", "[2]", 0, 8) +
                   ", \"b\": " + tensor("F32", "[2]", 0, 8) + "}"),
       "/b/data_offsets: overlap"},
  };
  for (const row& r : rows) {
    CAPTURE(r.error);
    const io::input_error error = test::error_of(
        [&] { static_cast<void>(io::parse_safetensors(test::as_bytes(r.file), "m.safetensors")); });
    CHECK(error.file() == "m.safetensors");
    CHECK_THAT(error.what(), test::contains(r.error));
  }
}

TEST_CASE("a header that is cut off anywhere is refused, and no byte beyond it is read") {
  const std::string whole = safetensors("{\"a\": " + tensor("F32", "[2]", 0, 8) + "}");
  CHECK(parse(whole).tensors.size() == 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_WITH(io::parse_safetensors(std::as_bytes(std::span{exact})),
                      test::contains("the file ends within"));
  }
}

TEST_CASE("files must have exactly the bytes of their tensors") {
  const test::scratch folder;
  const std::string json = "{\"a\": " + tensor("BF16", "[2, 2]", 0, 8) + "}";
  const io::safetensors_header h =
      io::read_safetensors(folder.write("m.safetensors", safetensors(json, 8)));
  CHECK(h.tensors.front().bytes() == 8);
  const auto path = [&](std::string_view bytes) { return folder.write("x.safetensors", bytes); };
  CHECK_THROWS_WITH(io::read_safetensors(path(safetensors(json, 7))),
                    test::contains("has 7 bytes of data, its tensors take 8: was it cut off?"));
  CHECK_THROWS_WITH(io::read_safetensors(path(safetensors(json, 9))),
                    Catch::Matchers::EndsWith("has 9 bytes of data, its tensors take 8"));
  CHECK_THROWS_WITH(io::read_safetensors(path(safetensors(json).substr(0, 20))),
                    test::contains("ends within its header of"));
  CHECK_THROWS_WITH(io::read_safetensors(path("short")), test::contains("fewer than 8 bytes"));
  CHECK_THROWS_WITH(io::read_safetensors(path(test::u64(std::uint64_t{1} << 60) + "{")),
                    test::contains("and 100000000 are allowed"));
  CHECK_THROWS_WITH(io::read_safetensors(path(test::u64(99'999'999) + "{")),
                    test::contains("ends within its header of 99999999 bytes"));
  CHECK_THROWS_WITH(io::read_safetensors(folder / "none"), test::contains("cannot be read"));
}

io::safetensors_index index_of(std::string_view json) {
  return io::parse_safetensors_index(io::parse_json(json), "i.json");
}

TEST_CASE("an index says which file has a tensor") {
  const io::safetensors_index index = index_of(R"({"metadata": {"total_size": 1.5e3},
      "weight_map": {"b": "2.safetensors", "a": "1.safetensors", "c": "1.safetensors"}})");
  CHECK(index.files == std::vector<std::string>{"1.safetensors", "2.safetensors"});
  CHECK(index.total_size == 1500);
  CHECK(index.file_of("a") == "1.safetensors");
  CHECK(index.file_of("b") == "2.safetensors");
  CHECK_FALSE(index.file_of("d"));
  CHECK_FALSE(index_of(R"({"metadata": {}, "weight_map": {}})").total_size);
  CHECK_FALSE(index_of(R"({"metadata": {"total_size": null}, "weight_map": {}})").total_size);
}

TEST_CASE("an index that cannot be is refused") {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "i.json: must be an object with weight_map, not an array"},
      {"{}", "i.json: /weight_map: is missing"},
      {R"({"weight_map": []})", "/weight_map: must be an object of tensors and files"},
      {R"({"weight_map": {"a/b": 1}})",
       "/weight_map/a~1b: must be the name of a file, not a number"},
      {R"({"weight_map": {"a": ""}})", "/weight_map/a: must be the name of a file in the folder"},
      {R"({"weight_map": {"a": "../x"}})", "/weight_map/a: must be the name of a file in the"},
      {R"({"weight_map": {"a": ".."}})", "/weight_map/a: must be the name of a file in the"},
      {R"({"weight_map": {"a": "/etc/x"}})", "/weight_map/a: must be the name of a file in the"},
      {R"({"weight_map": {"a": "C:x"}})", "/weight_map/a: must be the name of a file in the"},
      {R"({"weight_map": {"a": "b\\c"}})", "/weight_map/a: must be the name of a file in the"},
      {R"({"weight_map": {"a": "b\u0000c"}})", "/weight_map/a: must be the name of a file in the"},
      {R"({"metadata": {"total_size": "1"}, "weight_map": {}})", "/metadata/total_size: must be a"},
      {R"({"metadata": {"total_size": -1}, "weight_map": {}})", "must not be negative"},
  };
  for (const auto& [json, error] : rows) {
    CAPTURE(json);
    CHECK_THROWS_WITH(index_of(json), test::contains(error));
  }
}

}  // namespace

}  // namespace safetensors_test

// SPDX-License-Identifier: Apache-2.0
//
// GGUF headers: every kind of value, every type of tensor, and files that are wrong. Layouts are those of ggml's docs/gguf.md.
#include "quantroof/io/gguf.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "checkpoint_bytes.hpp"
#include "quantroof/io/gguf_model_keys.hpp"
#include "scratch.hpp"
#include "test_table.hpp"

namespace gguf_test {

namespace {

using namespace quantroof;
using test::gguf_bytes;
using test::u32;
using test::u64;

io::gguf_header parse(const std::string& file) { return io::parse_gguf(test::as_bytes(file)); }

/// "place: rule" of what is wrong with a file.
std::string wrong(const std::string& file) {
  const io::input_error error =
      test::error_of([&] { static_cast<void>(io::parse_gguf(test::as_bytes(file), "x.gguf")); });
  CHECK(error.file() == (error.rule() == "nothing was thrown" ? "" : "x.gguf"));
  return std::string{error.pointer()} + ": " + std::string{error.rule()};
}

// Bits per weight as llama.cpp's tools/quantize/README.md and the pull requests that added the types print them.
struct width {
  std::uint32_t id;
  std::string_view name;
  double bits;
};
constexpr width widths[] = {
    {0, "F32", 32},         {1, "F16", 16},          {30, "BF16", 16},      {2, "Q4_0", 4.5},
    {3, "Q4_1", 5},         {6, "Q5_0", 5.5},        {7, "Q5_1", 6},        {8, "Q8_0", 8.5},
    {9, "Q8_1", 9},         {10, "Q2_K", 2.625},     {11, "Q3_K", 3.4375},  {12, "Q4_K", 4.5},
    {13, "Q5_K", 5.5},      {14, "Q6_K", 6.5625},    {15, "Q8_K", 9.125},   {16, "IQ2_XXS", 2.0625},
    {17, "IQ2_XS", 2.3125}, {18, "IQ3_XXS", 3.0625}, {19, "IQ1_S", 1.5625}, {20, "IQ4_NL", 4.5},
    {21, "IQ3_S", 3.4375},  {22, "IQ2_S", 2.5625},   {23, "IQ4_XS", 4.25},  {29, "IQ1_M", 1.75},
    {34, "TQ1_0", 1.6875},  {35, "TQ2_0", 2.0625},   {39, "MXFP4", 4.25},   {40, "NVFP4", 4.5},
    {41, "Q1_0", 1.125},    {42, "Q2_0", 2.25},      {24, "I8", 8},         {25, "I16", 16},
    {26, "I32", 32},        {27, "I64", 64},         {28, "F64", 64},
};
constexpr auto has_width = [](const width& w) {
  const io::ggml_type* const type = io::find_ggml_type(w.id);
  return type != nullptr && type->name == w.name && 8.0 * type->bytes / type->block == w.bits;
};
static_assert(test::first_failure(widths, has_width) == -1);
static_assert(std::size(widths) == io::ggml_types.size());

TEST_CASE("ggml types take the published bits per weight") {
  for (const width& w : test::at_run_time(widths)) {
    CAPTURE(w.id);
    CHECK(has_width(w));
  }
  for (const std::uint32_t removed : {4U, 5U, 31U, 32U, 33U, 36U, 37U, 38U, 43U, 0xFFFFFFFFU}) {
    CHECK(io::find_ggml_type(removed) == nullptr);
  }
}

TEST_CASE("every kind of value is read") {
  const std::string file =
      gguf_bytes{}
          .value("u8", 0, "\xC8")
          .value("i8", 1, "\xC8")
          .value("u16", 2, std::string_view{"\x01\xFF", 2})
          .value("i16", 3, std::string_view{"\x01\xFF", 2})
          .value("u32", 4, u32(0xFFFFFFFE))
          .value("i32", 5, u32(0xFFFFFFFE))
          .value("f32", 6, u32(std::bit_cast<std::uint32_t>(1.5F)))
          .value("yes", 7, "\x01")
          .value("text", 8, gguf_bytes::text("h\xC3\xA9"))
          .value("u64", 10, u64(std::uint64_t{1} << 40))
          .value("i64", 11, u64(~std::uint64_t{0}))
          .value("f64", 12, u64(std::bit_cast<std::uint64_t>(-0.25)))
          .value("huge", 10, u64(~std::uint64_t{0}))
          .array("layers", 5, 3, u32(8) + u32(0xFFFFFFFF) + u32(4))
          .array("flags", 7, 2, std::string_view{"\x01\x00", 2})
          .array("none", 4, 0, "")
          .array("tokens", 8, 2, gguf_bytes::text("a") + gguf_bytes::text(""))
          .array("nested", 9, 2, u32(8) + u64(1) + gguf_bytes::text("x") + u32(0) + u64(2) + "yz")
          .array("scores", 6, 65537, std::string(4 * 65537, '\0'))
          .name("last", "!")
          .file();
  const io::gguf_header header = parse(file);
  const io::gguf_metadata& m = header.metadata;
  CHECK(m.values().size() == 20);
  CHECK(m.integer("u8") == 200);
  CHECK(m.integer("i8") == -56);
  CHECK(m.integer("u16") == 65281);
  CHECK(m.integer("i16") == -255);
  CHECK(m.integer("u32") == 4294967294);
  CHECK(m.integer("i32") == -2);
  CHECK(m.number("f32") == 1.5);
  CHECK(m.number("i32") == -2.0);
  CHECK(m.integer("yes") == 1);
  CHECK(m.text("text") == "h\xC3\xA9");
  CHECK(m.integer("u64") == std::int64_t{1} << 40);
  CHECK(m.integer("i64") == -1);
  CHECK(m.number("f64") == -0.25);
  CHECK(m.integers("layers") == std::vector<std::int64_t>{8, -1, 4});
  CHECK(m.integers("flags") == std::vector<std::int64_t>{1, 0});
  CHECK(m.integers("none").empty());
  CHECK(m.integers("u8") == std::vector<std::int64_t>{200});
  CHECK(m.length("tokens") == 2);
  CHECK(m.length("nested") == 2);
  CHECK(m.length("scores") == 65537);
  CHECK(m.text("last") == "!");
  CHECK_FALSE(m.integer("absent"));
  CHECK_FALSE(m.number("absent"));
  CHECK_FALSE(m.text("absent"));
  CHECK_FALSE(m.length("absent"));
  CHECK(m.integers("absent").empty());

  CHECK_THROWS_WITH(m.integer("f32"), "key f32: must be a whole number");
  CHECK_THROWS_WITH(m.integer("text"), "key text: must be a whole number");
  CHECK_THROWS_WITH(m.integer("layers"), "key layers: must be one whole number, not an array");
  CHECK_THROWS_WITH(m.integer("huge"), "key huge: is too large");
  CHECK_THROWS_WITH(m.text("u8"), "key u8: must be a text");
  CHECK_THROWS_WITH(m.text("tokens"), "key tokens: must be a text");
  CHECK_THROWS_WITH(m.length("u8"), "key u8: must be an array");
  CHECK_THROWS_WITH(m.number("text"), "key text: must be one number");
  CHECK_THROWS_WITH(m.integers("tokens"), "key tokens: must be a whole number");
  CHECK_THROWS_WITH(m.integers("scores"), test::contains("more than 65536"));
}

TEST_CASE("tensors have their bytes, and unknown types have none") {
  const std::string file = gguf_bytes{}
                               .tensor("token_embd.weight", {256, 10}, 14, 0)
                               .tensor("blk.0.ffn_up_exps.weight", {64, 4, 2}, 40, 2112)
                               .tensor("new", {7, 3}, 99, 2400)
                               .tensor("scalar", {}, 0, 2432)
                               .tensor("empty", {0, 5}, 12, 2464)
                               .file(2468);
  const io::gguf_header header = parse(file);
  REQUIRE(header.tensors.size() == 5);
  CHECK(header.tensors[0].bytes == 10 * 210);              // Q6_K, 210 bytes per 256
  CHECK(header.tensors[1].bytes == 64 * 4 * 2 / 64 * 36);  // NVFP4, 36 bytes per 64
  CHECK(header.tensors[1].elements == 512);
  CHECK(header.tensors[2].elements == 21);
  CHECK_FALSE(header.tensors[2].bytes);
  CHECK(header.tensors[2].extents == std::vector<std::uint64_t>{7, 3});
  CHECK(header.tensors[3].bytes == 4);
  CHECK(header.tensors[4].bytes == 0);
  CHECK(header.data_begin == file.size() - 2468);
  CHECK(header.find("new") == &header.tensors[2]);
  CHECK(header.find("newer") == nullptr);
  CHECK(header.alignment == 32);
}

TEST_CASE("version 2 and other alignments are read") {
  CHECK(parse(gguf_bytes{}.name("k", "v").file(0, 32, 2)).version == 2);
  const std::string file = gguf_bytes{}
                               .number("general.alignment", 8)
                               .tensor("a", {2}, 0, 0)
                               .tensor("b", {2}, 0, 8)
                               .file(16, 8);
  CHECK(parse(file).data_begin == file.size() - 16);
}

TEST_CASE("wrong files are refused by place and rule") {
  const std::string one = u64(1);
  const auto file = [](std::string_view values, std::uint64_t count) {
    return "GGUF" + u32(3) + u64(0) + u64(count) + std::string{values};
  };
  struct row {
    std::string file;
    const char* error;
  };
  const gguf_bytes a = gguf_bytes{}.tensor("a", {8}, 0, 0);
  const row rows[] = {
      {"", "byte 0: the file ends within the magic number"},
      {"PK\x03\x04....", "byte 4: is not a GGUF file: it must begin with the letters GGUF"},
      {"FUGG", "byte 4: is a big-endian GGUF file"},
      {std::string{"GGUF\0\0\0\3", 8}, "byte 8: is a big-endian GGUF file"},
      {"GGUF" + u32(0), "byte 8: is GGUF version 0; known: 2, 3"},
      {"GGUF" + u32(1), "byte 8: is GGUF version 1; known: 2, 3"},
      {"GGUF" + u32(4), "byte 8: is GGUF version 4; known: 2, 3"},
      {"GGUF" + u32(3), "byte 8: the file ends within the number of tensors"},
      {file("", ~std::uint64_t{0}), "byte 24: the file ends within its metadata values, of which"},
      {file(u64(~std::uint64_t{0}) + "k" + u32(0) + "x", 1),
       "byte 32: the file ends within a metadata key"},
      {file(u64(0) + u32(8) + u64(0), 1), "byte 32: is a metadata key without letters"},
      {file(gguf_bytes::text("k") + u32(13) + "abcd", 1), "is a value of type 13; known: 0 to 12"},
      {file(gguf_bytes::text("k") + u32(7) + "\x02", 1), "is a truth value of 2"},
      {gguf_bytes{}.array("k", 4, ~std::uint64_t{0}, "").file(), "within the elements of an array"},
      {gguf_bytes{}.array("k", 4, 100, u32(1)).file(), "within the elements of an array"},
      {gguf_bytes{}.array("k", 8, 1, u64(~std::uint64_t{0})).file(), "within the elements of an"},
      {gguf_bytes{}.array("k", 8, std::uint64_t{1} << 61, "").file(), "within the elements of an"},
      {gguf_bytes{}.array("k", 10, std::uint64_t{1} << 61, "").file(), "within the elements of an"},
      {gguf_bytes{}
           .array("k", 9, 1, u32(9) + u64(1) + u32(9) + u64(1) + u32(9) + u64(1) + u32(0) + u64(0))
           .file(),
       "is an array nested deeper than 4"},
      {gguf_bytes{}.number("k", 1).number("k", 2).file(), "key k: is there twice"},
      {gguf_bytes{}.number("general.alignment", 0).file(),
       "key general.alignment: must be a power of two"},
      {gguf_bytes{}.number("general.alignment", 48).file(),
       "key general.alignment: must be a power of two"},
      {gguf_bytes{}.value("general.alignment", 10, u64(32)).file(),
       "key general.alignment: must be a number of type uint32"},
      {"GGUF" + u32(3) + u64(~std::uint64_t{0}) + u64(0), "the file ends within its tensors"},
      {gguf_bytes{}.tensor("", {8}, 0, 0).file(), "is the name of a tensor of 0 bytes"},
      {gguf_bytes{}.tensor(std::string(65, 'a'), {8}, 0, 0).file(),
       "is the name of a tensor of 65 bytes; it must be 1 to 64"},
      {gguf_bytes{}.tensor("a", {1, 1, 1, 1, 1}, 0, 0).file(), "tensor a: has 5 dimensions"},
      {gguf_bytes{}.tensor("a", {8}, 0, 16).file(),
       "tensor a: has an offset that is not a multiple of general.alignment, 32"},
      {gguf_bytes{}.tensor("a", {std::uint64_t{1} << 32, std::uint64_t{1} << 31}, 0, 0).file(),
       "tensor a: has more than 2^63 - 1 elements"},
      {gguf_bytes{}.tensor("a", {std::uint64_t{1} << 62}, 0, 0).file(),
       "tensor a: ends beyond byte 2^63 - 1"},
      {gguf_bytes{}.tensor("a", {8}, 0, ~std::uint64_t{31}).file(),
       "tensor a: ends beyond byte 2^63 - 1"},
      {gguf_bytes{}.tensor("a", {100}, 12, 0).file(),
       "tensor a: has rows of 100 elements; blocks of Q4_K have 256"},
      {gguf_bytes{}.tensor("a", {}, 2, 0).file(), "tensor a: has rows of 1 elements"},
      {gguf_bytes{a}.tensor("a", {8}, 0, 32).file(), "tensor a: is there twice"},
      {gguf_bytes{a}.tensor("b", {8}, 0, 0).file(), "overlaps with tensor"},
      {gguf_bytes{}.tensor("b", {9}, 0, 0).tensor("c", {8}, 0, 32).file(),
       "tensor c: overlaps with tensor b"},
      {gguf_bytes{}.tensor("b", {9}, 77, 0).tensor("c", {8}, 77, 0).file(), "overlaps with tensor"},
  };
  for (const row& r : rows) {
    CAPTURE(r.error);
    CHECK_THAT(wrong(r.file), test::contains(r.error));
  }
}

TEST_CASE("a file that is cut off anywhere is refused, and no byte beyond it is read") {
  const std::string whole =
      gguf_bytes{}
          .name("general.architecture", "llama")
          .array("llama.attention.head_count_kv", 5, 2, u32(8) + u32(4))
          .array("tokenizer.ggml.tokens", 8, 2, gguf_bytes::text("a") + gguf_bytes::text("b"))
          .tensor("output.weight", {8, 2}, 0, 0)
          .file(0, 1);
  CHECK(parse(whole).tensors.size() == 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_WITH(io::parse_gguf(std::as_bytes(std::span{exact})),
                      test::contains("the file ends within"));
  }
}

TEST_CASE("files are read as far as their header goes") {
  const test::scratch folder;
  // A vocabulary of 3 MB: the first piece that is read does not hold it.
  std::string tokens;
  for (int i = 0; i < 200000; ++i) {
    tokens += gguf_bytes::text("token-x");
  }
  gguf_bytes bytes = gguf_bytes{}
                         .name("general.architecture", "llama")
                         .array("tokenizer.ggml.tokens", 8, 200000, tokens)
                         .tensor("token_embd.weight", {32, 3}, 8, 0);
  const io::gguf_header header = io::read_gguf(folder.write("m.gguf", bytes.file(3 * 34)));
  CHECK(header.metadata.length("tokenizer.ggml.tokens") == 200000);
  CHECK(header.tensors.front().bytes == 3 * 34);

  const auto short_by_one = folder.write("short.gguf", bytes.file(3 * 34 - 1));
  const io::input_error error =
      test::error_of([&] { static_cast<void>(io::read_gguf(short_by_one)); });
  CHECK(error.file() == short_by_one.string());
  CHECK(error.pointer() == "tensor token_embd.weight");
  CHECK_THAT(std::string{error.rule()}, test::contains("ends beyond the file"));

  const auto cut = folder.write("cut.gguf", bytes.file().substr(0, 2'000'000));
  CHECK_THROWS_WITH(io::read_gguf(cut), test::contains("the file ends within the elements"));
  const auto unknown = folder.write("u.gguf", gguf_bytes{}.tensor("a", {8}, 77, 64).file(63));
  CHECK_THROWS_WITH(io::read_gguf(unknown), test::contains("tensor a: ends beyond the file"));
  CHECK_THROWS_WITH(io::read_gguf(folder.write("e.gguf", "")), test::contains("magic number"));
  CHECK_THROWS_WITH(io::read_gguf(folder / "none.gguf"), test::contains("cannot be read"));
  CHECK_THROWS_WITH(io::read_gguf(folder / ""), test::contains("is not a regular file"));
}

io::gguf_model_keys keys_of(const gguf_bytes& bytes) {
  return io::make_gguf_model_keys(parse(bytes.file()), "m.gguf");
}

TEST_CASE("the keys of a model are read under its architecture") {
  const io::gguf_model_keys k =
      keys_of(gguf_bytes{}
                  .name("general.architecture", "deepseek2")
                  .name("general.name", "A model")
                  .number("general.file_type", 15)
                  .number("deepseek2.block_count", 3)
                  .number("deepseek2.context_length", 163840)
                  .number("deepseek2.embedding_length", 7168)
                  .array("deepseek2.feed_forward_length", 5, 3, u32(18432) + u32(0) + u32(2048))
                  .number("deepseek2.attention.head_count", 128)
                  .array("deepseek2.attention.head_count_kv", 4, 3, u32(1) + u32(1) + u32(1))
                  .number("deepseek2.attention.key_length", 576)
                  .number("deepseek2.attention.value_length", 512)
                  .number("deepseek2.attention.key_length_mla", 192)
                  .number("deepseek2.attention.value_length_mla", 128)
                  .number("deepseek2.attention.q_lora_rank", 1536)
                  .number("deepseek2.attention.kv_lora_rank", 512)
                  .number("deepseek2.rope.dimension_count", 64)
                  .number("deepseek2.expert_count", 256)
                  .number("deepseek2.expert_used_count", 8)
                  .number("deepseek2.expert_shared_count", 1)
                  .number("deepseek2.expert_feed_forward_length", 2048)
                  .number("deepseek2.leading_dense_block_count", 1)
                  .array("deepseek2.attention.sliding_window_pattern", 7, 3, "\x01\x01\x01")
                  .number("llama.block_count", 7)
                  .array("tokenizer.ggml.tokens", 8, 2, u64(0) + u64(0))
                  .tensor("token_embd.weight", {8, 5}, 0, 0));
  CHECK(k.architecture == "deepseek2");
  CHECK(k.name == "A model");
  CHECK(k.file_type == 15);
  CHECK(k.block_count == 3);
  CHECK(k.context_length == 163840);
  CHECK(k.embedding_length == 7168);
  CHECK(k.feed_forward_length.values == std::vector<std::int64_t>{18432, 0, 2048});
  CHECK(k.feed_forward_length.at(2) == 2048);
  CHECK_FALSE(k.feed_forward_length.at(3));
  CHECK_FALSE(k.feed_forward_length.is_uniform());
  CHECK(k.head_count.at(60) == 128);
  CHECK(k.head_count_kv.is_uniform());
  CHECK(k.head_count_kv.at(1) == 1);
  CHECK(k.key_length == 576);
  CHECK(k.value_length == 512);
  CHECK(k.key_length_mla == 192);
  CHECK(k.value_length_mla == 128);
  CHECK(k.q_lora_rank == 1536);
  CHECK(k.kv_lora_rank == 512);
  CHECK(k.rope_dimension_count == 64);
  CHECK(k.expert_count == 256);
  CHECK(k.expert_used_count == 8);
  CHECK(k.expert_shared_count == 1);
  CHECK(k.expert_feed_forward_length == 2048);
  CHECK(k.leading_dense_block_count == 1);
  CHECK(k.sliding_window_pattern.values == std::vector<std::int64_t>{1, 1, 1});
  CHECK_FALSE(k.sliding_window);
  CHECK_FALSE(k.ssm_state_size);
  CHECK(k.vocab_size == 2);
  CHECK_FALSE(k.has_output_weight);
}

TEST_CASE("the vocabulary is found in three places") {
  const gguf_bytes base = gguf_bytes{}
                              .name("general.architecture", "llama")
                              .tensor("token_embd.weight", {8, 5}, 0, 0)
                              .tensor("output.weight", {8, 5}, 0, 160);
  CHECK(keys_of(base).vocab_size == 5);
  CHECK(keys_of(base).has_output_weight);
  CHECK(keys_of(gguf_bytes{base}.array("tokenizer.ggml.tokens", 8, 1, u64(0))).vocab_size == 1);
  CHECK(keys_of(gguf_bytes{base}
                    .array("tokenizer.ggml.tokens", 8, 1, u64(0))
                    .number("llama.vocab_size", 9))
            .vocab_size == 9);
  CHECK_FALSE(keys_of(gguf_bytes{}.name("general.architecture", "llama")).vocab_size);
}

TEST_CASE("keys that cannot be are refused") {
  const gguf_bytes base = gguf_bytes{}.name("general.architecture", "llama");
  CHECK_THROWS_WITH(keys_of(gguf_bytes{}), "m.gguf: key general.architecture: is missing");
  CHECK_THROWS_WITH(keys_of(gguf_bytes{}.number("general.architecture", 1)),
                    test::contains("must be a text"));
  CHECK_THROWS_WITH(keys_of(gguf_bytes{base}.value("llama.block_count", 5, u32(0xFFFFFFFF))),
                    "m.gguf: key llama.block_count: must not be negative");
  CHECK_THROWS_WITH(keys_of(gguf_bytes{base}.number("llama.block_count", 0x80000001)),
                    "m.gguf: key llama.block_count: is too large");
  CHECK_THROWS_WITH(keys_of(gguf_bytes{base}.name("llama.block_count", "32")),
                    test::contains("must be a whole number"));
  CHECK_THROWS_WITH(keys_of(gguf_bytes{base}
                                .number("llama.block_count", 3)
                                .array("llama.attention.head_count_kv", 5, 2, u32(8) + u32(8))),
                    "m.gguf: key llama.attention.head_count_kv: is an array of 2, the model has 3 "
                    "layers");
  CHECK_THROWS_WITH(
      keys_of(gguf_bytes{base}.array("llama.attention.head_count_kv", 5, 1, u32(0x80000000))),
      test::contains("must not be negative"));
}

}  // namespace

}  // namespace gguf_test

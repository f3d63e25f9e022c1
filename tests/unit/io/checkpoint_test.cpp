// SPDX-License-Identifier: Apache-2.0
//
// Models on disk: one file, folders, indexes, split files; and what the tensors of published quantized layouts hold.
#include "quantroof/io/checkpoint.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "checkpoint_bytes.hpp"
#include "quantroof/io/checkpoint_summary.hpp"
#include "scratch.hpp"

namespace checkpoint_test {

namespace {

using namespace quantroof;
using content = io::tensor_content;
using test::gguf_bytes;

/// A tensor without data, for what is read off names, types and shapes.
io::checkpoint_tensor tensor(std::string name, std::string dtype,
                             std::vector<std::uint64_t> shape) {
  io::checkpoint_tensor t{.name = std::move(name), .dtype = std::move(dtype), .shape = shape};
  t.elements = *detail::element_count(shape);
  t.bytes = t.elements;
  return t;
}

/// Adds {"name": {...}} of BF16 tensors with two elements each.
std::string shard(const std::vector<std::string>& names) {
  std::string json = "{";
  std::uint64_t at = 0;
  for (const std::string& name : names) {
    json += (at == 0 ? "\"" : ", \"") + name + R"(": {"dtype": "BF16", "shape": [2], )" +
            R"("data_offsets": [)" + std::to_string(at) + ", " + std::to_string(at + 4) + "]}";
    at += 4;
  }
  return test::safetensors(json + "}", at);
}

TEST_CASE("one file, with its tensors in the order of their data") {
  const test::scratch folder;
  const auto path = folder.write("m.safetensors", shard({"b", "a"}));
  const io::checkpoint c = io::read_checkpoint(path);
  CHECK(c.format == io::checkpoint_format::safetensors);
  REQUIRE(c.files.size() == 1);
  CHECK(c.files[0].path == path);
  CHECK(c.files[0].bytes == std::filesystem::file_size(path));
  REQUIRE(c.tensors.size() == 2);
  CHECK(c.tensors[0].name == "b");
  CHECK(c.tensors[0].dtype == "BF16");
  CHECK(c.tensors[0].bytes == 4);
  CHECK(c.tensors[0].elements == 2);
  CHECK(c.tensors[1].name == "a");
  CHECK_FALSE(c.index_total_size);
}

TEST_CASE("the index of a folder decides which files count") {
  const test::scratch folder;
  static_cast<void>(folder.write("model-00001-of-00002.safetensors", shard({"a", "extra"})));
  static_cast<void>(folder.write("consolidated.safetensors", shard({"a", "b"})));
  const auto index = folder.write(
      "model.safetensors.index.json",
      R"({"metadata": {"total_size": 12}, "weight_map": {"a": "model-00001-of-00002.safetensors",
          "b": "model-00002-of-00002.safetensors"}})");
  CHECK_THROWS_WITH(io::read_checkpoint(folder / ""),
                    index.string() +
                        ": /weight_map: names files that are not in its folder: "
                        "model-00002-of-00002.safetensors");
  const auto second = folder.write("model-00002-of-00002.safetensors", shard({"b"}));
  for (const auto& path : {folder / "", index}) {
    const io::checkpoint c = io::read_checkpoint(path);
    CHECK(c.files.size() == 2);
    CHECK(c.tensors.size() == 3);
    CHECK(c.tensors[2].file == 1);
    CHECK(c.index_total_size == 12);
    CHECK(io::summarize(c).tensor_bytes == 12);
  }
  static_cast<void>(folder.write("model-00002-of-00002.safetensors", shard({"c"})));
  CHECK_THROWS_WITH(
      io::read_checkpoint(folder / ""),
      second.string() + ": has no tensor b, which model.safetensors.index.json says it has");
  static_cast<void>(folder.write("model-00002-of-00002.safetensors", shard({"a", "b"})));
  CHECK_THROWS_WITH(io::read_checkpoint(folder / ""),
                    second.string() + ": tensor a: is also in model-00001-of-00002.safetensors");
}

TEST_CASE("a folder without an index") {
  const test::scratch folder;
  CHECK_THROWS_WITH(io::read_checkpoint(folder / ""), test::contains("has no model"));
  const auto first = folder.write("m-00001-of-00003.safetensors", shard({"a"}));
  static_cast<void>(folder.write("m-00003-of-00003.safetensors", shard({"c"})));
  CHECK_THROWS_WITH(io::read_checkpoint(folder / ""),
                    first.string() +
                        ": is one of 3 files, of which 1 are missing: "
                        "m-00002-of-00003.safetensors");
  static_cast<void>(folder.write("m-00002-of-00003.safetensors", shard({"b"})));
  CHECK(io::read_checkpoint(folder / "").tensors.size() == 3);
  CHECK(io::read_checkpoint(first).tensors.size() == 1);  // a shard by its name is itself
  static_cast<void>(folder.write("model.safetensors", shard({"whole"})));
  CHECK(io::read_checkpoint(folder / "").tensors.front().name == "whole");
}

TEST_CASE("GGUF models, split or not") {
  const test::scratch folder;
  const auto part = [](const std::string& name, std::uint32_t type) {
    return gguf_bytes{}.name("general.architecture", "llama").tensor(name, {256, 2}, type, 0);
  };
  const auto first = folder.write("m-00001-of-00002.gguf", part("a", 12).file(2 * 144));
  CHECK_THROWS_WITH(io::read_checkpoint(first), first.string() +
                                                    ": is one of 2 files, of which 1 are missing: "
                                                    "m-00002-of-00002.gguf");
  const auto second = folder.write("m-00002-of-00002.gguf", part("b", 99).file(100));
  for (const auto& path : {folder / "", first, second}) {
    const io::checkpoint c = io::read_checkpoint(path);
    CHECK(c.format == io::checkpoint_format::gguf);
    REQUIRE(c.tensors.size() == 2);
    CHECK(c.tensors[0].dtype == "Q4_K");
    CHECK(c.tensors[0].shape == std::vector<std::uint64_t>{2, 256});  // [out, in]
    CHECK(c.tensors[0].bytes == 2 * 144);
    CHECK(c.tensors[1].dtype == "type 99");
    CHECK_FALSE(c.tensors[1].bytes);
    CHECK(c.tensors[1].elements == 512);
    const io::checkpoint_summary s = io::summarize(c);
    CHECK_FALSE(s.tensor_bytes);
    CHECK(s.known_tensor_bytes == 2 * 144);
    CHECK(s.parameters == 1024);
    CHECK(s.file_bytes == std::filesystem::file_size(first) + std::filesystem::file_size(second));
  }
  const auto other = folder.write("other.gguf", part("a", 12).file(2 * 144));
  CHECK_THROWS_WITH(io::read_checkpoint(folder / ""),
                    test::contains("has more than one GGUF model; name one of: "
                                   "m-00001-of-00002.gguf, m-00002-of-00002.gguf, other.gguf"));
  CHECK(io::read_checkpoint(other).tensors.size() == 1);
}

TEST_CASE("paths that lead to no model") {
  const test::scratch folder;
  CHECK_THROWS_WITH(io::read_checkpoint(folder / "nothing"), test::contains("is not there"));
  CHECK_THROWS_WITH(io::read_checkpoint(folder.write("m.bin", "x")),
                    test::contains("is of no known kind; known: a folder, .safetensors, .gguf"));
  CHECK_THROWS_WITH(io::read_checkpoint(folder.write("m.json", "{}")),
                    test::contains("/weight_map: is missing"));
}

TEST_CASE("names of shards") {
  const auto parts = [](const char* name) {
    const auto shard = detail::parse_shard_name(name);
    return shard ? shard->of(shard->number, ".x") : "none";
  };
  CHECK(parts("a/model-00002-of-00030.gguf") == "model-00002-of-00030.x");
  CHECK(parts("model-00000-of-00030.gguf") == "none");
  CHECK(parts("model-00031-of-00030.gguf") == "none");
  CHECK(parts("model-0002-of-00030.gguf") == "none");
  CHECK(parts("model-+0002-of-00030.gguf") == "none");
  CHECK(parts("-00001-of-00001.gguf") == "none");
  CHECK(parts("00001-of-00001.gguf") == "none");
}

/// A layer of a published layout: what each tensor holds, and the parameters of all.
struct layout {
  const char* name;
  std::vector<io::checkpoint_tensor> tensors;
  std::vector<content> contents;
  std::string_view packing;  // of the packed tensor
  std::optional<std::uint64_t> parameters;
};

TEST_CASE("published layouts of quantized weights, out 256 and in 512") {
  constexpr std::uint64_t n = 256 * 512;
  const layout layouts[] = {
      {"ModelOpt NVFP4",
       {tensor("l.weight", "U8", {256, 256}), tensor("l.weight_scale", "F8_E4M3", {256, 32}),
        tensor("l.weight_scale_2", "F32", {}), tensor("l.input_scale", "F32", {}),
        tensor("l.pre_quant_scale", "BF16", {512}), tensor("l.k_proj.k_scale", "F32", {})},
       {content::packed, content::scales, content::scales, content::scales, content::scales,
        content::scales},
       "NVFP4",
       n},
      {"compressed-tensors NVFP4",
       {tensor("l.weight_packed", "U8", {256, 256}), tensor("l.weight_scale", "F8_E4M3", {256, 32}),
        tensor("l.weight_global_scale", "F32", {1}), tensor("l.input_global_scale", "F32", {1})},
       {content::packed, content::scales, content::scales, content::scales},
       "NVFP4",
       n},
      {"compressed-tensors MXFP4",
       {tensor("l.weight_packed", "U8", {256, 256}), tensor("l.weight_scale", "U8", {256, 16})},
       {content::packed, content::scales},
       "MXFP4",
       n},
      {"compressed-tensors INT4, whose shape is in the data",
       {tensor("l.weight_packed", "I32", {256, 64}), tensor("l.weight_scale", "BF16", {256, 4}),
        tensor("l.weight_shape", "I64", {2}), tensor("l.weight_zero_point", "I32", {32, 4}),
        tensor("l.weight_g_idx", "I32", {512})},
       {content::packed, content::scales, content::scales, content::scales, content::scales},
       "",
       std::nullopt},
      {"gpt-oss",
       {tensor("e.gate_up_proj_blocks", "U8", {2, 128, 16, 16}),
        tensor("e.gate_up_proj_scales", "U8", {2, 128, 16}),
        tensor("e.gate_up_proj_bias", "BF16", {2, 128})},
       {content::packed, content::scales, content::parameters},
       "MXFP4",
       n + 256},
      {"DeepSeek-V4 experts",
       {tensor("l.weight", "I8", {256, 256}), tensor("l.scale", "F8_E8M0", {256, 16})},
       {content::packed, content::scales},
       "MXFP4",
       n},
      {"DeepSeek-V3 FP8",
       {tensor("l.weight", "F8_E4M3", {256, 512}), tensor("l.weight_scale_inv", "F32", {2, 4})},
       {content::parameters, content::scales},
       "",
       n},
      {"INT8 per channel",
       {tensor("l.weight", "I8", {256, 512}), tensor("l.weight_scale", "BF16", {256, 1})},
       {content::parameters, content::scales},
       "",
       n},
      {"GPTQ 4-bit",
       {tensor("l.qweight", "I32", {64, 256}), tensor("l.qzeros", "I32", {4, 32}),
        tensor("l.scales", "F16", {4, 256}), tensor("l.g_idx", "I32", {512})},
       {content::packed, content::scales, content::scales, content::scales},
       "GPTQ 4-bit",
       n},
      {"GPTQ 3-bit",
       {tensor("l.qweight", "I32", {48, 256}), tensor("l.qzeros", "I32", {4, 24}),
        tensor("l.scales", "F16", {4, 256})},
       {content::packed, content::scales, content::scales},
       "GPTQ 3-bit",
       n},
      {"AWQ",
       {tensor("l.qweight", "I32", {512, 32}), tensor("l.qzeros", "I32", {4, 32}),
        tensor("l.scales", "F16", {4, 256})},
       {content::packed, content::scales, content::scales},
       "AWQ 4-bit",
       n},
      {"a qweight that fits neither",
       {tensor("l.qweight", "I32", {512, 31}), tensor("l.qzeros", "I32", {4, 32}),
        tensor("l.scales", "F16", {4, 256})},
       {content::packed, content::scales, content::scales},
       "",
       std::nullopt},
      {"bitsandbytes NF4",
       {tensor("l.weight", "U8", {65536, 1}), tensor("l.weight.absmax", "U8", {2048}),
        tensor("l.weight.quant_map", "F32", {16}), tensor("l.weight.nested_absmax", "F32", {8}),
        tensor("l.weight.quant_state.bitsandbytes__nf4", "U8", {80})},
       {content::packed, content::scales, content::scales, content::scales, content::scales},
       "NF4",
       n},
      {"bitsandbytes INT8",
       {tensor("l.weight", "I8", {256, 512}), tensor("l.SCB", "F32", {256}),
        tensor("l.weight_format", "U8", {})},
       {content::parameters, content::scales, content::scales},
       "",
       n},
      {"MLX 4-bit, whose group is in the config",
       {tensor("l.weight", "U32", {256, 64}), tensor("l.scales", "BF16", {256, 8}),
        tensor("l.biases", "BF16", {256, 8})},
       {content::packed, content::scales, content::scales},
       "",
       std::nullopt},
      {"bytes without scales", {tensor("l.weight", "U8", {256, 256})}, {content::packed}, "", {}},
      {"16 bits, with what no training changed",
       {tensor("l.weight", "BF16", {256, 512}), tensor("l.rotary_emb.inv_freq", "F32", {64}),
        tensor("h.0.attn.bias", "F32", {1, 1, 8, 8}), tensor("l.attn.masked_bias", "F32", {}),
        tensor("l.q.bias", "BF16", {3}), tensor("l.position_ids", "I64", {1, 7}),
        tensor("l.layer_scale", "BF16", {5}), tensor("l.attn.bias", "BF16", {9})},
       {content::parameters, content::buffers, content::buffers, content::buffers,
        content::parameters, content::buffers, content::parameters, content::parameters},
       "",
       n + 3 + 5 + 9},
  };
  for (const layout& l : layouts) {
    CAPTURE(l.name);
    io::checkpoint c;
    c.tensors = l.tensors;
    const std::vector<io::tensor_meaning> meanings = io::tensor_meanings(c);
    for (std::size_t i = 0; i < meanings.size(); ++i) {
      CAPTURE(c.tensors[i].name);
      CHECK(io::to_string(meanings[i].content) == io::to_string(l.contents[i]));
      CHECK(meanings[i].packing == (l.contents[i] == content::packed ? l.packing : ""));
    }
    CHECK(io::summarize(c).parameters == l.parameters);
    CHECK(io::summarize(c).uncounted_tensors == (l.parameters ? 0U : 1U));
  }
}

TEST_CASE("what GGUF tensors hold") {
  io::checkpoint c;
  c.format = io::checkpoint_format::gguf;
  c.tensors = {tensor("blk.0.ffn_up.weight", "NVFP4", {4, 64}),
               tensor("blk.0.ffn_up.scale", "F32", {1}), tensor("rope_freqs.weight", "F32", {64}),
               tensor("blk.0.ids", "I32", {3}), tensor("x", "type 99", {5})};
  c.tensors[4].bytes.reset();
  const io::checkpoint_summary s = io::summarize(c);
  CHECK(s.parameters == 4 * 64 + 5);
  CHECK(s.tensors == 5);
  CHECK(s.rows.size() == 5);
}

TEST_CASE("rows add up to the whole, the largest first") {
  io::checkpoint c;
  c.tensors = {tensor("a", "F32", {2}), tensor("l.weight", "U8", {2, 8}),
               tensor("l.weight_scale", "F8_E4M3", {2, 1}), tensor("b", "F32", {3}),
               tensor("x.weight", "U8", {7, 5})};
  c.files = {{.path = "f", .bytes = 100}, {.path = "g", .bytes = 23}};
  const io::checkpoint_summary s = io::summarize(c);
  REQUIRE(s.rows.size() == 4);
  CHECK(s.rows[0].bytes == 35);  // x.weight: packed, nobody knows how
  CHECK_FALSE(s.rows[0].parameters);
  CHECK(s.rows[1].packing == "NVFP4");
  CHECK(s.rows[1].parameters == 32);
  CHECK(s.rows[2].dtype == "F32");
  CHECK(s.rows[2].tensors == 2);
  CHECK(s.rows[2].parameters == 5);
  CHECK(s.rows[3].content == content::scales);
  CHECK(s.rows[3].parameters == 0);
  CHECK(s.tensor_bytes == 2 + 16 + 2 + 3 + 35);
  CHECK(s.file_bytes == 123);
  CHECK_FALSE(s.parameters);
  CHECK(s.known_parameters == 37);
  CHECK(s.uncounted_tensors == 1);
}

TEST_CASE("totals beyond 64 bits are refused") {
  io::checkpoint c;
  constexpr std::uint64_t much = std::uint64_t{1} << 62;
  for (const char* name : {"a", "b", "c", "d"}) {
    c.tensors.push_back(tensor(name, "I8", {much}));
  }
  CHECK_THROWS_WITH(io::summarize(c), test::contains("more bytes or parameters than 64 bits"));
}

}  // namespace

}  // namespace checkpoint_test

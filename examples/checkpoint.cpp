// SPDX-License-Identifier: Apache-2.0
//
// What does a checkpoint hold? Its tensors by element type: how many, bytes on disk, parameters. Only headers are read.
//
//   checkpoint [PATH] [--tensors] [--json]
//
// PATH is a folder with .safetensors files (an index decides which count), one .safetensors, one .gguf or any part of a split one.
// --tensors adds a line for each tensor. Without a path: a small NVFP4 checkpoint that the program writes first.
// 4-bit weights lie in tensors of bytes; their parameters are counted where names and shapes prove how they are packed.
//
// Exit status: 0 read, 2 unusable arguments, 3 unusable checkpoint.
// arguments: --tensors
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <quantroof/io/checkpoint_summary.hpp>
#include <quantroof/io/gguf_model_keys.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace {

using namespace quantroof;
using arguments::usage_error;

enum class output : std::uint8_t { text, json };
enum class detail_level : std::uint8_t { rows, tensors };

struct options {
  std::filesystem::path path;
  detail_level level = detail_level::rows;
  output form = output::text;
};

options parse(arguments::reader flags) {
  options o;
  for (std::string_view argument = flags.next(); !argument.empty(); argument = flags.next()) {
    if (argument == "--tensors") {
      o.level = detail_level::tensors;
    } else if (argument == "--json") {
      o.form = output::json;
    } else if (argument.starts_with("--") || !o.path.empty()) {
      throw usage_error(
          fmt::format("unusable argument \"{}\"; known: one path, --tensors --json", argument));
    } else {
      o.path = argument;
    }
  }
  return o;
}

// ---- A checkpoint to look at ---------------------------------------------------------------------------------------------------

struct entry {
  const char* name;
  const char* dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t bytes;
};

/// One layer's projection as ModelOpt writes NVFP4, with an embedding and a norm in 16 bits.
void write_small(const std::filesystem::path& path) {
  const std::vector<entry> entries{
      {"model.embed_tokens.weight", "BF16", {320, 64}, 320 * 64 * 2},
      {"model.layers.0.mlp.up_proj.weight", "U8", {256, 32}, 256 * 32},
      {"model.layers.0.mlp.up_proj.weight_scale", "F8_E4M3", {256, 4}, 256 * 4},
      {"model.layers.0.mlp.up_proj.weight_scale_2", "F32", {}, 4},
      {"model.norm.weight", "BF16", {64}, 64 * 2},
  };
  nlohmann::ordered_json header;
  std::uint64_t at = 0;
  for (const entry& e : entries) {
    header[e.name] = {{"dtype", e.dtype}, {"shape", e.shape}, {"data_offsets", {at, at + e.bytes}}};
    at += e.bytes;
  }
  const std::string json = header.dump();
  std::string file;
  for (int i = 0; i < 8; ++i) {
    file += static_cast<char>(json.size() >> (8 * i) & 0xFFU);
  }
  io::write_text_file(path, file + json + std::string(at, '\0'));
}

// ---- Output --------------------------------------------------------------------------------------------------------------------

std::string number(const std::optional<std::uint64_t>& n) {
  return n ? fmt::format("{}", *n) : "unknown";
}
std::string holds(io::tensor_content content, std::string_view packing) {
  return content != io::tensor_content::packed ? std::string{to_string(content)}
         : packing.empty()                     ? "packed, unknown"
                                               : fmt::format("packed {}", packing);
}

void print_text(const io::checkpoint& c, const io::checkpoint_summary& s, const options& o) {
  fmt::print("{}: {} file{}, {} bytes on disk\n\n", to_string(c.format), c.files.size(),
             c.files.size() == 1 ? "" : "s", s.file_bytes);
  fmt::print("{:<12} {:<18} {:>8} {:>16} {:>16}\n", "dtype", "holds", "tensors", "bytes",
             "parameters");
  for (const io::checkpoint_row& r : s.rows) {
    fmt::print("{:<12} {:<18} {:>8} {:>16} {:>16}\n", r.dtype, holds(r.content, r.packing),
               r.tensors, number(r.bytes), number(r.parameters));
  }
  fmt::print("{:<12} {:<18} {:>8} {:>16} {:>16}\n", "all", "", s.tensors, number(s.tensor_bytes),
             number(s.parameters));
  if (s.uncounted_tensors > 0) {
    fmt::print(
        "{} tensors are packed in a way that names and shapes do not tell; {} parameters in "
        "the others\n",
        s.uncounted_tensors, s.known_parameters);
  }
  if (c.index_total_size && c.index_total_size != s.tensor_bytes) {
    fmt::print("the index says {} bytes\n", *c.index_total_size);
  }
  if (o.level == detail_level::tensors) {
    const std::vector<io::tensor_meaning> meanings = io::tensor_meanings(c);
    fmt::print("\n");
    for (std::size_t i = 0; i < c.tensors.size(); ++i) {
      const io::checkpoint_tensor& t = c.tensors[i];
      fmt::print("{:<44} {:<8} [{}] {}, {} bytes\n", t.name, t.dtype, fmt::join(t.shape, ", "),
                 holds(meanings[i].content, meanings[i].packing), number(t.bytes));
    }
  }
}

nlohmann::ordered_json or_null(const std::optional<std::uint64_t>& n) {
  return n ? nlohmann::ordered_json(*n) : nlohmann::ordered_json(nullptr);
}

void print_json(const io::checkpoint& c, const io::checkpoint_summary& s, const options& o) {
  nlohmann::ordered_json json{{"format", to_string(c.format)},
                              {"files", c.files.size()},
                              {"file_bytes", s.file_bytes},
                              {"tensors", s.tensors},
                              {"tensor_bytes", or_null(s.tensor_bytes)},
                              {"parameters", or_null(s.parameters)},
                              {"known_parameters", s.known_parameters},
                              {"uncounted_tensors", s.uncounted_tensors},
                              {"index_total_size", or_null(c.index_total_size)}};
  for (const io::checkpoint_row& r : s.rows) {
    json["rows"].push_back({{"dtype", r.dtype},
                            {"content", to_string(r.content)},
                            {"packing", r.packing},
                            {"tensors", r.tensors},
                            {"bytes", or_null(r.bytes)},
                            {"parameters", or_null(r.parameters)}});
  }
  if (o.level == detail_level::tensors) {
    const std::vector<io::tensor_meaning> meanings = io::tensor_meanings(c);
    for (std::size_t i = 0; i < c.tensors.size(); ++i) {
      const io::checkpoint_tensor& t = c.tensors[i];
      json["list"].push_back({{"name", t.name},
                              {"dtype", t.dtype},
                              {"shape", t.shape},
                              {"content", to_string(meanings[i].content)},
                              {"packing", meanings[i].packing},
                              {"bytes", or_null(t.bytes)},
                              {"parameters", or_null(meanings[i].parameters)}});
    }
  }
  using handler = nlohmann::ordered_json::error_handler_t;  // a file's names may be any bytes
  fmt::print("{}\n", json.dump(2, ' ', false, handler::replace));
}

/// What a GGUF file says about its model.
void print_keys(const io::checkpoint& c) {
  const std::filesystem::path& first = c.files.front().path;
  const io::gguf_model_keys k = io::make_gguf_model_keys(io::read_gguf(first), first.string());
  const auto shown = [](std::optional<std::int64_t> n) { return n ? fmt::format("{}", *n) : "?"; };
  fmt::print("\n{}: {} layers of {}, {} heads, {} KV heads, vocabulary {}\n", k.architecture,
             shown(k.block_count), shown(k.embedding_length), shown(k.head_count.at(0)),
             shown(k.head_count_kv.at(0)), shown(k.vocab_size));
}

int run(const options& o) {
  std::filesystem::path path = o.path;
  if (path.empty()) {
    path = std::filesystem::temp_directory_path() / "quantroof_example.safetensors";
    write_small(path);
  }
  // [read]
  const io::checkpoint c = io::read_checkpoint(path);  // headers only
  const io::checkpoint_summary s = io::summarize(c);   // s.tensor_bytes, s.parameters, s.rows
  // [/read]
  o.form == output::json ? print_json(c, s, o) : print_text(c, s, o);
  if (o.form == output::text && c.format == io::checkpoint_format::gguf) {
    print_keys(c);
  }
  if (o.path.empty()) {
    std::filesystem::remove(path);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return arguments::run_main("checkpoint", argc, argv,
                             [](arguments::reader flags) { return run(parse(std::move(flags))); });
}

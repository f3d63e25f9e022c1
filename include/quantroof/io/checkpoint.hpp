// SPDX-License-Identifier: Apache-2.0
//
// The tensors of a model on disk, whatever its files: one .safetensors, a folder of them with or without an index, one .gguf, a split
// one (model-00001-of-00003.gguf). Of each file only the header is read.
//
//   io::checkpoint c = io::read_checkpoint("models/llama-3.1-8b");      c.tensors[0].bytes
//
// A folder's index decides which files count; without one, model.safetensors, else all .safetensors files, else its one GGUF model.
// Not here: what the tensors hold (checkpoint_summary.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "quantroof/detail/names.hpp"
#include "quantroof/io/gguf.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/safetensors.hpp"
#include "quantroof/io/safetensors_index.hpp"

namespace quantroof {

namespace io {

enum class checkpoint_format : std::uint8_t { safetensors, gguf };

namespace internal {
inline constexpr detail::name_table<checkpoint_format, 2> checkpoint_format_names{{
    {checkpoint_format::safetensors, "safetensors"},
    {checkpoint_format::gguf, "gguf"},
}};
static_assert(detail::names_are_complete(checkpoint_format_names));
}  // namespace internal

[[nodiscard]] constexpr std::string_view to_string(checkpoint_format f) {
  return detail::name_of(internal::checkpoint_format_names, f);
}

/// One tensor of a model.
struct checkpoint_tensor {
  std::string name{};
  std::string dtype{};  // as its format calls it: "BF16", "Q4_K"; "type 99" where it is unknown
  std::vector<std::uint64_t> shape{};  // row-major: [out, in], also of GGUF files
  std::uint64_t elements = 0;
  std::optional<std::uint64_t> bytes{};  // nothing: the type is unknown
  std::size_t file = 0;                  // place in checkpoint::files
};

/// One file of a model.
struct checkpoint_file {
  std::filesystem::path path{};
  std::uint64_t bytes = 0;  // header and padding included
};

/// All tensors of a model.
struct checkpoint {
  checkpoint_format format = checkpoint_format::safetensors;
  std::vector<checkpoint_file> files{};
  std::vector<checkpoint_tensor>
      tensors{};  // file by file, in the order of the data (GGUF: of the header)
  std::optional<std::uint64_t> index_total_size{};  // what the index says that all tensors take
};

}  // namespace io

namespace detail {

[[nodiscard]] inline std::uint64_t size_of_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    file_error(path, "cannot be read", error);
  }
  return size;
}

/// The parts of "model-00002-of-00003.gguf".
struct shard_name {
  std::string stem{};  // "model"
  std::uint32_t number = 0;
  std::uint32_t count = 0;

  /// The name of shard i.
  [[nodiscard]] std::string of(std::uint32_t i, std::string_view extension) const {
    const auto padded = [](std::uint32_t n) {
      const std::string digits = std::to_string(n);
      return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
    };
    return stem + "-" + padded(i) + "-of-" + padded(count) + std::string{extension};
  }
};

/// The parts of a shard's name; nothing where a file is not named as one.
[[nodiscard]] inline std::optional<shard_name> parse_shard_name(const std::filesystem::path& path) {
  constexpr std::size_t digits = 5;
  constexpr std::size_t tail = 1 + digits + 4 + digits;  // "-00002-of-00003"
  const std::string name = path.stem().string();
  if (name.size() <= tail) {
    return std::nullopt;
  }
  const std::size_t first = name.size() - tail;
  if (name[first] != '-' || name.compare(first + 1 + digits, 4, "-of-") != 0) {
    return std::nullopt;
  }
  shard_name shard{.stem = name.substr(0, first)};
  const auto read = [&name](std::size_t at, std::uint32_t& number) {
    const char* const begin = name.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + digits, number);
    return error == std::errc{} && end == begin + digits;
  };
  if (!read(first + 1, shard.number) || !read(name.size() - digits, shard.count) ||
      shard.number == 0 || shard.number > shard.count) {
    return std::nullopt;
  }
  return shard;
}

/// All shards of the model that `path` is one of; refuses with the names of those that are not there.
[[nodiscard]] inline std::vector<std::filesystem::path> all_shards(
    const std::filesystem::path& path) {
  const auto shard = parse_shard_name(path);
  if (!shard) {
    return {path};
  }
  std::vector<std::filesystem::path> files;
  std::string missing;
  std::size_t missing_count = 0;
  for (std::uint32_t i = 1; i <= shard->count; ++i) {
    const auto file = path.parent_path() / shard->of(i, path.extension().string());
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) {
      files.push_back(file);
    } else if (++missing_count <= 20) {
      missing += (missing.empty() ? "" : ", ") + file.filename().string();
    }
  }
  if (missing_count > 0) {
    throw io::input_error{path.string(), "",
                          "is one of " + std::to_string(shard->count) + " files, of which " +
                              std::to_string(missing_count) + " are missing: " + missing +
                              (missing_count > 20 ? ", ..." : "")};
  }
  return files;
}

inline void add_safetensors(io::checkpoint& all, const std::filesystem::path& path) {
  io::safetensors_header header = io::read_safetensors(path);
  all.files.push_back({.path = path, .bytes = header.data_begin + header.data_bytes});
  all.tensors.reserve(all.tensors.size() + header.tensors.size());
  for (io::safetensors_tensor& tensor : header.tensors) {
    all.tensors.push_back({.name = std::move(tensor.name),
                           .dtype = std::string{to_string(tensor.dtype)},
                           .shape = tensor.shape,
                           .elements = *element_count(tensor.shape),
                           .bytes = tensor.bytes(),
                           .file = all.files.size() - 1});
  }
}

inline void add_gguf(io::checkpoint& all, const std::filesystem::path& path) {
  io::gguf_header header = io::read_gguf(path);
  all.files.push_back({.path = path, .bytes = size_of_file(path)});
  all.tensors.reserve(all.tensors.size() + header.tensors.size());
  for (io::gguf_tensor& tensor : header.tensors) {
    const io::ggml_type* const type = io::find_ggml_type(tensor.type);
    all.tensors.push_back(
        {.name = std::move(tensor.name),
         .dtype = type != nullptr ? std::string{type->name} : "type " + std::to_string(tensor.type),
         .shape = {tensor.extents.rbegin(), tensor.extents.rend()},
         .elements = tensor.elements,
         .bytes = tensor.bytes,
         .file = all.files.size() - 1});
  }
}

/// Places of tensors, by name; refuses a tensor in two files.
[[nodiscard]] inline std::vector<std::size_t> tensors_by_name(const io::checkpoint& all) {
  std::vector<std::size_t> order(all.tensors.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  const auto name = [&all](std::size_t i) -> const std::string& { return all.tensors[i].name; };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (name(order[i]) == name(order[i - 1])) {
      const auto file = [&](std::size_t k) -> const std::filesystem::path& {
        return all.files[all.tensors[order[k]].file].path;
      };
      throw io::input_error{file(i).string(), "tensor " + name(order[i]),
                            "is also in " + file(i - 1).filename().string()};
    }
  }
  return order;
}

inline void add_indexed(io::checkpoint& all, const std::filesystem::path& index_file) {
  const io::safetensors_index index = io::read_safetensors_index(index_file);
  const std::filesystem::path folder = index_file.parent_path();
  std::string missing;
  for (const std::string& file : index.files) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / file, ignored)) {
      missing += (missing.empty() ? "" : ", ") + file;
    }
  }
  if (!missing.empty()) {
    throw io::input_error{index_file.string(), "/weight_map",
                          "names files that are not in its folder: " + missing};
  }
  for (const std::string& file : index.files) {
    add_safetensors(all, folder / file);
  }
  all.index_total_size = index.total_size;
  const std::vector<std::size_t> order = tensors_by_name(all);
  auto at = order.begin();
  for (const auto& [name, file] : index.tensors) {  // both are in the order of names
    while (at != order.end() && all.tensors[*at].name < name) {
      ++at;  // a tensor that the index does not know is loaded all the same
    }
    if (at == order.end() || all.tensors[*at].name != name || all.tensors[*at].file != file) {
      throw io::input_error{
          (folder / index.files[file]).string(), "",
          "has no tensor " + name + ", which " + index_file.filename().string() + " says it has"};
    }
  }
}

/// Files of a folder with an extension, by name.
[[nodiscard]] inline std::vector<std::filesystem::path> files_with(
    const std::filesystem::path& folder, std::string_view extension) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == extension) {
      files.push_back(entry->path());
    }
  }
  if (error) {
    file_error(folder, "cannot be read", error);
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline void add_gguf_model(io::checkpoint& all, const std::filesystem::path& path) {
  all.format = io::checkpoint_format::gguf;
  for (const std::filesystem::path& shard : all_shards(path)) {
    add_gguf(all, shard);
  }
}

inline void add_folder(io::checkpoint& all, const std::filesystem::path& folder) {
  std::error_code ignored;
  if (const auto index = folder / "model.safetensors.index.json";
      std::filesystem::exists(index, ignored)) {
    return add_indexed(all, index);
  }
  if (const auto single = folder / "model.safetensors"; std::filesystem::exists(single, ignored)) {
    return add_safetensors(all, single);
  }
  if (const auto files = files_with(folder, ".safetensors"); !files.empty()) {
    for (const std::filesystem::path& file : files) {
      static_cast<void>(all_shards(file));
      add_safetensors(all, file);
    }
    return;
  }
  const auto files = files_with(folder, ".gguf");
  if (files.empty()) {
    throw io::input_error{folder.string(), "",
                          "has no model: no .safetensors and no .gguf file lies in it"};
  }
  const std::vector<std::filesystem::path> model = all_shards(files.front());
  if (model.size() != files.size()) {
    std::string names;
    for (const std::filesystem::path& file : files) {
      names += (names.empty() ? "" : ", ") + file.filename().string();
    }
    throw io::input_error{folder.string(), "",
                          "has more than one GGUF model; name one of: " + names};
  }
  add_gguf_model(all, files.front());
}

}  // namespace detail

namespace io {

/// The tensors of the model at `path`: a folder, an index, a .safetensors or a .gguf file. A .gguf file that is one of several (named
/// as split files are) stands for all of them; a .safetensors file stands for itself.
///
/// errors    io::input_error with the file: nothing there, another kind of file, missing shards with their names, a tensor in two files
/// example   examples/checkpoint.cpp
[[nodiscard]] inline checkpoint read_checkpoint(const std::filesystem::path& path) {
  checkpoint all;
  std::error_code ignored;
  const std::string extension = path.extension().string();
  if (std::filesystem::is_directory(path, ignored)) {
    detail::add_folder(all, path);
  } else if (extension == ".safetensors") {
    detail::add_safetensors(all, path);
  } else if (extension == ".gguf") {
    detail::add_gguf_model(all, path);
  } else if (extension == ".json") {
    detail::add_indexed(all, path);
  } else {
    throw input_error{path.string(), "",
                      std::filesystem::exists(path, ignored)
                          ? "is of no known kind; known: a folder, .safetensors, .gguf, "
                            ".safetensors.index.json"
                          : "is not there"};
  }
  static_cast<void>(detail::tensors_by_name(all));
  return all;
}

}  // namespace io
}  // namespace quantroof

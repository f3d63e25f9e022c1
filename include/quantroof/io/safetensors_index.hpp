// SPDX-License-Identifier: Apache-2.0
//
// The index of a model in several safetensors files: which tensor is in which file.
//
//   model.safetensors.index.json    {"metadata": {"total_size": 16060522496}, "weight_map": {"<tensor>": "<file>", ...}}
//
// Files lie in the folder of the index: a name with a path in it is refused. Source: transformers, "Sharded checkpoints".
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_file.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

namespace io {

/// Which tensor is in which file.
struct safetensors_index {
  std::vector<std::string> files{};                            // each once, by name
  std::vector<std::pair<std::string, std::size_t>> tensors{};  // name and place in files, by name
  std::optional<std::uint64_t> total_size{};  // bytes of all tensors, as the writer counted them

  /// The file that holds a tensor, or nothing.
  [[nodiscard]] std::optional<std::string_view> file_of(std::string_view tensor) const {
    const auto found = std::lower_bound(
        tensors.begin(), tensors.end(), tensor,
        [](const auto& entry, std::string_view name) { return entry.first < name; });
    if (found == tensors.end() || found->first != tensor) {
      return std::nullopt;
    }
    return files[found->second];
  }
};

}  // namespace io

namespace detail {

/// A file of the same folder.
inline void check_file_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/\\:") != name.npos ||
      name.find('\0') != name.npos) {
    throw io::input_error{"", "", "must be the name of a file in the folder of the index"};
  }
}

template <JsonValue Json>
[[nodiscard]] io::safetensors_index read_safetensors_index(const Json& json) {
  if (!json.is_object()) {
    wrong_type(json, "an object with weight_map");
  }
  io::safetensors_index index;
  if (const auto metadata = json.find("metadata");
      metadata != json.end() && metadata->is_object()) {
    if (const auto size = metadata->find("total_size");
        size != metadata->end() && !size->is_null()) {
      read_at("metadata", [&] {
        read_at("total_size", [&] {
          index.total_size = static_cast<std::uint64_t>(
              json_integer(*size, 0, std::numeric_limits<std::int64_t>::max()));
        });
      });
    }
  }
  const auto map = json.find("weight_map");
  if (map == json.end()) {
    throw io::input_error{"", "/weight_map", "is missing"};
  }
  read_at("weight_map", [&] {
    if (!map->is_object()) {
      wrong_type(*map, "an object of tensors and files");
    }
    for (const auto& file : *map) {
      if (file.is_string()) {
        index.files.emplace_back(json_text(file));
      }
    }
    std::sort(index.files.begin(), index.files.end());
    index.files.erase(std::unique(index.files.begin(), index.files.end()), index.files.end());
    index.tensors.reserve(map->size());
    for (auto entry = map->begin(); entry != map->end(); ++entry) {
      read_at(std::string_view{entry.key()}, [&] {
        const std::string_view file = json_text(entry.value(), "the name of a file");
        check_file_name(file);
        const auto at = std::lower_bound(index.files.begin(), index.files.end(), file);
        index.tensors.emplace_back(entry.key(), static_cast<std::size_t>(at - index.files.begin()));
      });
    }
  });
  return index;
}

}  // namespace detail

namespace io {

/// The index in a parsed JSON document; `file_name` is what errors call it.
///
/// errors    io::input_error with the place: no weight_map, a file that is not in the folder, a size that is none
template <JsonValue Json>
[[nodiscard]] safetensors_index parse_safetensors_index(const Json& json,
                                                        std::string_view file_name = "") {
  try {
    return detail::read_safetensors_index(json);
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  }
}

/// The index in a file.
///
/// errors    as parse_safetensors_index and read_json_file
[[nodiscard]] inline safetensors_index read_safetensors_index(const std::filesystem::path& path) {
  return parse_safetensors_index(read_json_file(path), path.string());
}

}  // namespace io
}  // namespace quantroof

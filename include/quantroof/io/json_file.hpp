// SPDX-License-Identifier: Apache-2.0
//
// JSON files: read whole and checked, written whole or not at all.
//
//   auto device = io::read<hardware_spec>("my_gpu.json");      io::write("answer.json", recommendation);
//
// Not here: how a file is replaced (whole_file.hpp), what the members of a type are called (json.hpp has all of them).
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_parser.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/io/whole_file.hpp"

namespace quantroof {

namespace detail {

/// JSON has no NaN and no infinity; nlohmann would write null.
template <JsonValue Json>
void refuse_non_finite(const Json& json) {
  if (json.is_number_float()) {
    if (!is_finite(json.template get<double>())) {
      throw io::input_error{"", "", "JSON has no NaN and no infinity"};
    }
  } else if (json.is_array()) {
    std::size_t index = 0;
    for (const Json& element : json) {
      read_at(index++, [&] { refuse_non_finite(element); });
    }
  } else if (json.is_object()) {
    for (auto member = json.begin(); member != json.end(); ++member) {
      read_at(std::string_view{member.key()}, [&] { refuse_non_finite(member.value()); });
    }
  }
}

}  // namespace detail

namespace io {

/// The document in a JSON file.
///
/// errors    io::input_error with the file, the place in the document, and line and column where the text is not JSON
[[nodiscard]] inline nlohmann::json read_json_file(const std::filesystem::path& path) {
  return parse_json(read_text_file(path), path.string());
}

/// A T from a JSON file.
///
/// errors    io::input_error with the file, the place and what was expected there
/// example   examples/advise.cpp
template <class T>
[[nodiscard]] T read(const std::filesystem::path& path) {
  return parse<T>(read_text_file(path), path.string());
}

/// Replaces a file by a document, or leaves it as it was; `indent` < 0 writes one line.
///
/// errors    io::input_error: NaN or infinity (with its place), text that is not UTF-8, what the system said
template <JsonValue Json>
void write_json_file(const std::filesystem::path& path, const Json& json, int indent = 2) {
  try {
    detail::refuse_non_finite(json);
    write_text_file(path, json.dump(indent) + "\n");
  } catch (const nlohmann::detail::exception& error) {  // text that is not UTF-8
    throw input_error{path.string(), "", error.what()};
  } catch (const input_error& error) {
    throw error.in_file(path.string());
  }
}

/// Replaces a file by a value as JSON, members in the order of the struct.
///
/// errors    as write_json_file
template <class T>
requires(!JsonValue<T>) void write(const std::filesystem::path& path, const T& value,
                                   int indent = 2) {
  nlohmann::ordered_json json;
  try {
    detail::write_value(json, value);
  } catch (const input_error& error) {
    throw error.in_file(path.string());
  }
  write_json_file(path, json, indent);
}

}  // namespace io
}  // namespace quantroof

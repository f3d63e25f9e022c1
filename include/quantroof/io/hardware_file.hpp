// SPDX-License-Identifier: Apache-2.0
//
// Devices of your own from a JSON file: one object, or an array of them (json_hardware.hpp says what a device looks like).
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_file.hpp"
#include "quantroof/io/json_hardware.hpp"

namespace quantroof::io {

/// Adds the device or devices in a document and returns how many; `file_name` is what errors call it.
///
/// requires  keys that the registry does not know; room for all of them
/// errors    io::input_error with the place; nothing has been added then
template <JsonValue Json>
std::size_t add_hardware_from_json(hardware_registry& registry, const Json& json,
                                   std::string_view file_name = "") {
  hardware_registry with_new = registry;
  const auto add = [&with_new](const Json& entry) {
    hardware_spec device;
    from_json(entry, device);
    try {
      with_new.add(device);
    } catch (const domain_error& error) {
      throw input_error{"", "/key", error.what()};
    }
  };
  try {
    std::size_t count = 0;
    if (json.is_array()) {
      for (const Json& entry : json) {
        detail::read_at(count, [&] { add(entry); });
        ++count;
      }
    } else {
      add(json);
      count = 1;
    }
    registry = with_new;
    return count;
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  }
}

/// Adds the device or devices in a file and returns how many.
///
/// errors    io::input_error with the file and the place; nothing has been added then
inline std::size_t add_hardware_from_json(hardware_registry& registry,
                                          const std::filesystem::path& path) {
  return add_hardware_from_json(registry, read_json_file(path), path.string());
}

}  // namespace quantroof::io

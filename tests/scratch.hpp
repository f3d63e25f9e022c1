// SPDX-License-Identifier: Apache-2.0
//
// Files for a test, and what it was told about them: a folder that goes away, the bytes in a file, the error of a reader.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "quantroof/io/input_error.hpp"

namespace test {

/// A folder of its own that goes away with the test.
class scratch {
 public:
  scratch() {
    for (int i = 0;; ++i) {
      folder_ = std::filesystem::temp_directory_path() / ("quantroof_test_" + std::to_string(i));
      if (std::filesystem::create_directory(folder_)) {
        return;
      }
    }
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return folder_ / name;
  }
  [[nodiscard]] std::filesystem::path write(std::string_view name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_),
                                                  std::filesystem::directory_iterator{}));
  }

 private:
  std::filesystem::path folder_;
};

[[nodiscard]] inline std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The exception that `action` throws; a default one when it throws none.
template <class Action>
[[nodiscard]] quantroof::io::input_error error_of(Action action) {
  try {
    action();
  } catch (const quantroof::io::input_error& error) {
    return error;
  }
  return {"", "", "nothing was thrown"};
}

}  // namespace test

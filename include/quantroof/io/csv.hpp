// SPDX-License-Identifier: Apache-2.0
//
// CSV files with a header line: rows whose fields are found by the header's names. Quotes as in RFC 4180; no line breaks inside fields.
//
//   const csv_table table = io::read_csv("gemm.csv");     for (std::size_t i = 0; i < table.size(); ++i) { table.text(i, "gpu"); }
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "quantroof/detail/math.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/whole_file.hpp"

namespace quantroof::io {

/// A CSV file in memory.
class csv_table {
 public:
  /// The table in `text`; `file_name` is what errors call it.
  ///
  /// errors    io::input_error: no header, two columns of one name, a row with more or fewer fields than the header
  explicit csv_table(std::string_view text, std::string_view file_name = "") : file_(file_name) {
    std::size_t line = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view row = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++line;
      if (!row.empty() && row.back() == '\r') {
        row.remove_suffix(1);
      }
      if (row.empty()) {
        continue;
      }
      std::vector<std::string> fields = split(row, line);
      if (columns_.empty()) {
        columns_ = std::move(fields);
        refuse_twins();
      } else if (fields.size() != columns_.size()) {
        throw input_error{file_, place(line),
                          "has " + std::to_string(fields.size()) + " fields, the header " +
                              std::to_string(columns_.size())};
      } else {
        rows_.push_back(std::move(fields));
        lines_.push_back(line);
      }
    }
    if (columns_.empty()) {
      throw input_error{file_, "", "is empty: a header line must come first"};
    }
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::string_view file() const { return file_; }
  /// Line of the file that row i stands on, from 1.
  [[nodiscard]] std::size_t line(std::size_t i) const { return lines_[i]; }
  [[nodiscard]] bool has(std::string_view column) const { return find(column).has_value(); }

  /// A field as it stands; "" where the file has no such column.
  [[nodiscard]] std::string_view text(std::size_t i, std::string_view column) const {
    const auto at = find(column);
    return at ? std::string_view{rows_[i][*at]} : std::string_view{};
  }
  /// A field as a number.
  ///
  /// errors    io::input_error with file, line and column: no such column, not a finite number
  [[nodiscard]] double number(std::size_t i, std::string_view column) const {
    const std::string_view field = needed(i, column);
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc{} || end != field.data() + field.size() || !detail::is_finite(value)) {
      fail(i, column, "is not a number");
    }
    return value;
  }
  /// A field as a whole number.
  ///
  /// errors    io::input_error with file, line and column: no such column, not a whole number
  [[nodiscard]] std::int64_t integer(std::size_t i, std::string_view column) const {
    const std::string_view field = needed(i, column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc{} || end != field.data() + field.size()) {
      fail(i, column, "is not a whole number");
    }
    return value;
  }
  /// Throws io::input_error at a field.
  [[noreturn]] void fail(std::size_t i, std::string_view column, std::string_view rule) const {
    std::string text{"\""};
    text += text_or_empty(i, column).substr(0, 60);
    text += "\" ";
    text += rule;
    throw input_error{file_, place(lines_[i]) + ", column " + std::string{column}, text};
  }

 private:
  [[nodiscard]] std::optional<std::size_t> find(std::string_view column) const {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c] == column) {
        return c;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string_view needed(std::size_t i, std::string_view column) const {
    const auto at = find(column);
    if (!at) {
      throw input_error{file_, "", "has no column " + std::string{column}};
    }
    return rows_[i][*at];
  }
  [[nodiscard]] std::string_view text_or_empty(std::size_t i, std::string_view column) const {
    const auto at = find(column);
    return at ? std::string_view{rows_[i][*at]} : std::string_view{};
  }
  [[nodiscard]] static std::string place(std::size_t line) {
    return "line " + std::to_string(line);
  }
  void refuse_twins() const {
    for (std::size_t a = 0; a < columns_.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        if (columns_[a] == columns_[b]) {
          throw input_error{file_, place(1), "names the column " + columns_[a] + " twice"};
        }
      }
    }
  }
  [[nodiscard]] std::vector<std::string> split(std::string_view row, std::size_t line) const {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const char c = row[i];
      if (quoted && c == '"' && i + 1 < row.size() && row[i + 1] == '"') {
        fields.back() += c;
        ++i;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    if (quoted) {
      throw input_error{file_, place(line), "opens a quote that it does not close"};
    }
    return fields;
  }

  std::string file_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> lines_;
};

/// The table in a file.
///
/// errors    io::input_error with the file: not readable, larger than 64 MiB, not a table
[[nodiscard]] inline csv_table read_csv(const std::filesystem::path& path) {
  return csv_table{read_text_file(path), path.string()};
}

}  // namespace quantroof::io

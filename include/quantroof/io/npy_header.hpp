// SPDX-License-Identifier: Apache-2.0
//
// The header of an .npy file: a Python dictionary of three members, padded with spaces, ended by a newline.
//
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//
// Read strictly: each member once and no other, in any order; nothing is evaluated. Source: NumPy, numpy/lib/format.py.
// Not here: the bytes around it (tensor_file.hpp).
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "quantroof/io/input_error.hpp"

namespace quantroof::detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";
inline constexpr std::uint32_t max_npy_header_bytes = 65535;  // all that version 1.0 can say

/// What the header says about a matrix this library reads.
struct npy_header {
  std::size_t element_bytes = 4;  // 4: float32, 2: float16
  std::uint64_t rows = 0;         // 1 for an array of one dimension
  std::uint64_t cols = 0;
};

/// A reader of the dictionary. All errors are io::input_error at the member concerned.
class npy_dictionary {
 public:
  explicit npy_dictionary(std::string_view text) : text_(text) {}

  [[nodiscard]] npy_header read() {
    bool has_type = false;
    bool has_order = false;
    bool has_shape = false;
    take('{', "");
    while (next() != '}') {
      const std::string_view key = string("", "the header must be a dictionary of names in quotes");
      take(':', "");
      if (key == "descr") {
        once(has_type, "/descr");
        read_type();
      } else if (key == "fortran_order") {
        once(has_order, "/fortran_order");
        read_order();
      } else if (key == "shape") {
        once(has_shape, "/shape");
        read_shape();
      } else {
        refuse("", "the header has a member \"" + shown(key) +
                       "\"; known: descr, fortran_order, shape");
      }
      if (next() != '}') {
        take(',', "");
      }
    }
    take('}', "");
    if (next() != '\0') {
      refuse("", "the header goes on after its dictionary");
    }
    if (!has_type || !has_order || !has_shape) {
      refuse(!has_type    ? "/descr"
             : !has_order ? "/fortran_order"
                          : "/shape",
             "is missing in the header");
    }
    return header_;
  }

 private:
  [[noreturn]] static void refuse(std::string_view place, std::string_view rule) {
    throw io::input_error{"", place, rule};
  }
  [[nodiscard]] static std::string shown(std::string_view text) {
    constexpr std::size_t most = 40;
    return std::string{utf8_prefix(text, most)} + (text.size() > most ? "..." : "");
  }
  static void once(bool& seen, std::string_view place) {
    if (seen) {
      refuse(place, "is in the header twice");
    }
    seen = true;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  /// The next character that is no space; 0 at the end. A zero byte in the text is refused.
  [[nodiscard]] char next() {
    skip_space();
    if (at_ == text_.size()) {
      return '\0';
    }
    if (text_[at_] == '\0') {
      refuse("", "the header has a zero byte");
    }
    return text_[at_];
  }
  void take(char wanted, std::string_view place) {
    if (next() != wanted) {
      refuse(place, at_ == text_.size()
                        ? std::string{"the header ends where '"} + wanted + "' was expected"
                        : std::string{"the header has '"} + text_[at_] + "' where '" + wanted +
                              "' was expected");
    }
    ++at_;
  }
  [[nodiscard]] std::string_view string(std::string_view place, std::string_view rule) {
    const char quote = next();
    if (quote != '\'' && quote != '"') {
      refuse(place, rule);
    }
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) {
      refuse(place, "the header ends within quotes");
    }
    const std::string_view found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }

  void read_type() {
    const std::string_view type =
        string("/descr", "must be the name of one type; structured arrays are not read");
    if (type == "<f4") {
      header_.element_bytes = 4;
    } else if (type == "<f2") {
      header_.element_bytes = 2;
    } else if (type == "<f8") {
      refuse("/descr",
             "must be '<f4' or '<f2', not '<f8': it would be rounded twice; save it as float32");
    } else {
      refuse("/descr", "must be '<f4' or '<f2' (little-endian floats), not '" + shown(type) + "'");
    }
  }

  void read_order() {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (rest.substr(0, 5) == "False") {
      at_ += 5;
    } else if (rest.substr(0, 4) == "True") {
      refuse("/fortran_order",
             "must be False: the array is stored column by column; save "
             "numpy.ascontiguousarray(x)");
    } else {
      refuse("/fortran_order", "must be False or True");
    }
  }

  void read_shape() {
    constexpr std::string_view place = "/shape";
    std::array<std::uint64_t, 2> extents{};
    std::size_t count = 0;
    if (next() != '(') {
      refuse(place, "must be a tuple of whole numbers");
    }
    ++at_;
    bool comma = false;
    while (next() != ')') {
      if (count > 0 && !comma) {
        refuse(place, "must be a tuple of whole numbers");
      }
      if (count == 2) {
        refuse(place, "must have 1 or 2 dimensions, not more; reshape it to (rows, columns)");
      }
      std::uint64_t& extent = extents[count++];
      const char* const end = text_.data() + text_.size();
      const auto [after, error] = std::from_chars(text_.data() + at_, end, extent);
      if (error == std::errc::result_out_of_range) {
        refuse(place, "must have extents below 2^64");
      }
      if (error != std::errc{}) {
        refuse(place, "must be a tuple of whole numbers");
      }
      at_ = static_cast<std::size_t>(after - text_.data());
      comma = next() == ',';
      at_ += comma ? 1 : 0;
    }
    ++at_;
    if (count == 0) {
      refuse(place, "must have 1 or 2 dimensions, not none");
    }
    if (count == 1 && !comma) {
      refuse(place, "must be a tuple of whole numbers");  // (5) is a number in parentheses
    }
    header_.rows = count == 2 ? extents[0] : 1;
    header_.cols = count == 2 ? extents[1] : extents[0];
    if (header_.rows == 0 || header_.cols == 0) {
      refuse(place, "must have no extent of 0: there would be no element");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  npy_header header_{};
};

/// What the text between the header's length and the data says.
///
/// errors    io::input_error with the member and the rule
[[nodiscard]] inline npy_header parse_npy_header(std::string_view text) {
  return npy_dictionary{text}.read();
}

/// All that comes before the data of a float32 matrix: a multiple of 64 bytes, so that mapped data are aligned.
[[nodiscard]] inline std::string make_npy_header(std::size_t rows, std::size_t cols) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) +
                     ", " + std::to_string(cols) + "), }";
  constexpr std::size_t before = 10;  // magic, version 1.0, length
  constexpr std::size_t alignment = 64;
  const std::size_t unpadded = before + text.size() + 1;
  text.append((alignment - unpadded % alignment) % alignment, ' ');
  text += '\n';
  std::string header{npy_magic};
  header += '\1';
  header += '\0';
  header += static_cast<char>(text.size() & 0xFFU);
  header += static_cast<char>(text.size() >> 8U);
  return header + text;
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with something that came from outside, and where: the one exception of files and JSON.
//
//   what()  "my_gpu.json: /fp8_tflops: must be a number, not a string"
//
// The place is a JSON pointer (RFC 6901). A reader of one object reports places within it; whoever called the reader adds the
// member it was reading, and whoever opened the file adds the file.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "quantroof/detail/expects.hpp"

namespace quantroof {

namespace detail {

/// The longest beginning of `text` of at most `most` bytes that does not end inside a UTF-8 character.
[[nodiscard]] constexpr std::string_view utf8_prefix(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) {
    --most;
  }
  return text.substr(0, most);
}

/// A JSON pointer under construction, in place; what does not fit is left out and shown as "...".
class pointer_text {
 public:
  /// One step into an object.
  constexpr pointer_text& member(std::string_view key) {
    constexpr std::size_t shown = 80;
    put("/");
    const std::string_view beginning = utf8_prefix(key, shown);
    for (const char c : beginning) {
      if (c == '~') {
        put("~0");
      } else if (c == '/') {
        put("~1");
      } else {
        put({&c, 1});
      }
    }
    return beginning.size() < key.size() ? put("...") : *this;
  }
  /// One step into an array.
  pointer_text& element(std::size_t index) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), index).ptr;
    return put("/").put({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  /// More of a pointer, as it is.
  constexpr pointer_text& put(std::string_view text) {
    if (full_) {
      return *this;
    }
    if (text.size() + 3 > text_.size() - size_) {
      full_ = true;
      text = "...";
    }
    for (const char c : text) {
      text_[size_++] = c;
    }
    return *this;
  }
  [[nodiscard]] constexpr std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 512> text_{};
  std::size_t size_ = 0;
  bool full_ = false;
};

}  // namespace detail

namespace io {

/// The exception thrown when a file or a JSON text cannot be used.
///
/// ignores   file names beyond 512 bytes (the end is kept), pointers beyond 512 bytes, text beyond 2047 bytes in all; control
///           characters are shown as '?'
class input_error : public domain_error {
 public:
  /// `file` may be empty: JSON that did not come from a file. `pointer` is empty for the whole document.
  input_error(std::string_view file, std::string_view pointer, std::string_view rule)
      : domain_error("") {
    constexpr std::size_t shown = 512;
    if (file.size() > shown) {
      put("...");
      file.remove_prefix(file.size() - shown);
    }
    put(file);
    file_size_ = size_;
    put(file.empty() ? "" : ": ");
    pointer_at_ = size_;
    put(pointer);
    pointer_size_ = size_ - pointer_at_;
    put(pointer.empty() ? "" : ": ");
    rule_at_ = size_;
    put(rule);
  }

  /// The file's name as it was given; empty for JSON that did not come from a file.
  [[nodiscard]] std::string_view file() const noexcept { return {what(), file_size_}; }
  /// Where in the document; empty for the whole of it.
  [[nodiscard]] std::string_view pointer() const noexcept {
    return {what() + pointer_at_, pointer_size_};
  }
  /// What was expected there.
  [[nodiscard]] std::string_view rule() const noexcept { return what() + rule_at_; }

  /// The same error, of `name`.
  [[nodiscard]] input_error in_file(std::string_view name) const {
    return {name, pointer(), rule()};
  }
  /// The same error, found in the member `key` of an object.
  [[nodiscard]] input_error under(std::string_view key) const {
    return {file(), detail::pointer_text{}.member(key).put(pointer()).view(), rule()};
  }
  /// The same error, found in element `index` of an array.
  [[nodiscard]] input_error under(std::size_t index) const {
    return {file(), detail::pointer_text{}.element(index).put(pointer()).view(), rule()};
  }

 private:
  void put(std::string_view text) {
    for (const char c : text) {
      const char shown = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
      add({&shown, 1});
      ++size_;
    }
  }

  std::size_t size_ = 0;
  std::size_t file_size_ = 0;
  std::size_t pointer_at_ = 0;
  std::size_t pointer_size_ = 0;
  std::size_t rule_at_ = 0;
};

}  // namespace io
}  // namespace quantroof

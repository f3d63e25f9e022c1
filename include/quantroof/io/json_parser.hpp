// SPDX-License-Identifier: Apache-2.0
//
// JSON text that nobody has checked yet into a nlohmann::json, in one pass. The only header that includes <nlohmann/json.hpp>.
//
// Refused, each with its place: more than max_json_bytes or max_json_values; nesting deeper than max_json_depth, before anything
// deeper is built; a member twice in one object; numbers beyond the range of double (1e999), NaN and Infinity; text that ends too
// early or goes on after the value; bytes that are not UTF-8; nothing at all. A byte order mark is skipped. Comments are not JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

namespace io {

inline constexpr std::size_t max_json_bytes = std::size_t{64} << 20U;
inline constexpr std::size_t max_json_depth = 64;
inline constexpr std::size_t max_json_values = std::size_t{1} << 22U;

}  // namespace io

namespace detail {

/// Builds the document from the parser's events and knows the place of each.
class json_builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  using json = nlohmann::json;

  json_builder() noexcept(false) = default;
  json_builder(const json_builder&) = delete;
  json_builder& operator=(const json_builder&) = delete;

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }  // not in JSON texts

  bool start_object(std::size_t /*elements*/) override { return open(json::object()); }
  bool start_array(std::size_t /*elements*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    level& here = open_.back();
    const bool twice = here.container->contains(name);
    here.key = std::move(name);
    here.in_member = true;
    if (twice) {
      throw io::input_error{"", place().view(), "is in this object twice"};
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..." without what only a program needs
    std::string_view text = error.what();
    text.remove_prefix(text.find("] ") == text.npos ? 0 : text.find("] ") + 2);
    constexpr std::string_view head = "parse error at ";
    std::string rule = text.substr(0, head.size()) == head
                           ? std::string{text.substr(head.size())}
                           : "byte " + std::to_string(position) + ": " + std::string{text};
    for (char& c : rule) {
      c = static_cast<unsigned char>(c) < 0x80 ? c : '?';  // it may quote half a character
    }
    throw io::input_error{"", place().view(), rule};
  }

  [[nodiscard]] json take() { return std::move(root_); }

 private:
  struct level {
    json* container;
    std::string key{};  // of the member being read
    bool in_member = false;
  };

  template <class Value>
  json* add(Value&& value) {
    if (++values_ > io::max_json_values) {
      throw io::input_error{"", place().view(),
                            "holds more than " + std::to_string(io::max_json_values) + " values"};
    }
    if (open_.empty()) {
      root_ = std::forward<Value>(value);
      return &root_;
    }
    level& here = open_.back();
    if (here.container->is_array()) {
      here.container->push_back(std::forward<Value>(value));
      return &here.container->back();
    }
    here.in_member = false;
    json& member = (*here.container)[here.key];
    member = std::forward<Value>(value);
    return &member;
  }
  template <class Value>
  bool put(Value&& value) {
    add(json(std::forward<Value>(value)));
    return true;
  }
  bool open(json&& container) {
    if (open_.size() == io::max_json_depth) {
      throw io::input_error{"", place().view(),
                            "is nested deeper than " + std::to_string(io::max_json_depth)};
    }
    const bool in_member = !open_.empty() && open_.back().in_member;
    json* const added = add(std::move(container));
    if (!open_.empty()) {
      open_.back().in_member = in_member;  // until the container is closed
    }
    open_.push_back({.container = added});
    return true;
  }
  bool close() {
    open_.pop_back();
    if (!open_.empty()) {
      open_.back().in_member = false;
    }
    return true;
  }

  /// Where the parser is: the member or element that it reads or would read next.
  [[nodiscard]] pointer_text place() const {
    pointer_text pointer;
    for (const level& l : open_) {
      if (l.container->is_array()) {
        const bool inside = &l != &open_.back();  // the last element is open
        pointer.element(l.container->size() - (inside ? 1 : 0));
      } else if (l.in_member) {
        pointer.member(l.key);
      }
    }
    return pointer;
  }

  json root_;
  std::vector<level> open_;
  std::size_t values_ = 0;
};

}  // namespace detail

namespace io {

/// The document in a JSON text; `file_name` is what errors call it.
///
/// errors    io::input_error with the place in the document, and line and column where the text is not JSON
[[nodiscard]] inline nlohmann::json parse_json(std::string_view text,
                                               std::string_view file_name = "") {
  if (text.size() > max_json_bytes) {
    throw input_error{file_name, "", "is larger than 64 MiB, the most that is read as JSON"};
  }
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    throw input_error{file_name, "", "is empty; a JSON value was expected"};
  }
  if (const std::size_t at = text.find('\0');
      at != text.npos) {  // the parser would stop there, content
    throw input_error{file_name, "",
                      "byte " + std::to_string(at + 1) + ": a zero byte is not JSON"};
  }
  detail::json_builder builder;
  try {
    nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  }
  return builder.take();
}

/// A T from a JSON text.
///
/// errors    io::input_error with the place and what was expected there
template <class T>
[[nodiscard]] T parse(std::string_view text, std::string_view file_name = "") {
  const nlohmann::json json = parse_json(text, file_name);
  try {
    T value{};
    detail::read_value(json, value);
    return value;
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  } catch (const domain_error& error) {
    throw input_error{file_name, "", error.what()};
  }
}

}  // namespace io
}  // namespace quantroof

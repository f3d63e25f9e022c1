// SPDX-License-Identifier: Apache-2.0
//
// What happens when a caller breaks a rule: the one error mechanism of the library.
//
// `expects(condition, "function: rule")` throws quantroof::domain_error at run time. In a constant expression the throwing
// function is not constexpr, so compilation stops and the compiler prints the call with the rule's text.
// Below io/ there is no other exception type; io::input_error (file and JSON pointer) derives from this one.
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <string_view>

namespace quantroof {

/// The exception thrown when an argument breaks a documented rule; what() names the function and the rule.
///
/// ignores   text beyond 2047 bytes (a list of known names ends in "...")
class domain_error : public std::exception {
 public:
  explicit domain_error(std::string_view text) { add(text); }

  [[nodiscard]] const char* what() const noexcept override { return text_.data(); }

 protected:
  void add(std::string_view text) {
    for (const char c : text) {
      if (size_ + 4 >= text_.size()) {
        for (std::size_t dots = 0; dots < 3 && size_ + 1 < text_.size(); ++dots) {
          text_[size_++] = '.';
        }
        return;
      }
      text_[size_++] = c;
    }
  }

 private:
  std::array<char, 2048> text_{};  // zero filled, so always terminated
  std::size_t size_ = 0;
};

namespace detail {

[[noreturn]] inline void precondition_failed(const char* rule) { throw domain_error{rule}; }

/// Stops with `rule` unless `ok` holds.
///
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr void expects(bool ok, const char* rule) {
  if (!ok) {
    precondition_failed(rule);
  }
}

/// The error for a name that is not known, listing the known ones.
class unknown_name_error : public domain_error {
 public:
  template <class Range, class NameOf>
  unknown_name_error(std::string_view function, std::string_view name, const Range& known,
                     NameOf name_of)
      : domain_error(function) {
    add(": unknown name \"");
    add(name.substr(0, 80));
    add("\"; known: ");
    bool first = true;
    for (const auto& entry : known) {
      add(first ? "" : ", ");
      add(name_of(entry));
      first = false;
    }
  }
};

/// Throws unknown_name_error: "function: unknown name "x"; known: a, b, c".
template <class Range, class NameOf>
[[noreturn]] void unknown_name(std::string_view function, std::string_view name, const Range& known,
                               NameOf name_of) {
  throw unknown_name_error{function, name, known, name_of};
}

}  // namespace detail
}  // namespace quantroof

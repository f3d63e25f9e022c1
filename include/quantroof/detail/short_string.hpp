// SPDX-License-Identifier: Apache-2.0
//
// Text inside constexpr values: a fixed-capacity string that owns its characters.
//
// Registry entries, strategies and models carry names that may come from a file at run time. A string_view would dangle and
// std::string cannot live in a constexpr object, so names are stored in place. Text that does not fit is refused, not cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"

namespace quantroof {

/// A string of at most N bytes, stored in place; converts to std::string_view.
///
/// requires  text.size() <= N
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <std::size_t N>
class short_string {
 public:
  static_assert(N < 65536, "short_string: capacity must fit 16 bits");

  constexpr short_string() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): names are written as plain literals in registry entries
  constexpr short_string(std::string_view text)
      : text_(stored(text)), size_(static_cast<std::uint16_t>(text.size())) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr short_string(const char* text) : short_string(std::string_view{text}) {}

  constexpr short_string& append(std::string_view text) {
    detail::expects(text.size() <= N - size_,
                    "short_string: the text is longer than the capacity of this field");
    std::size_t end = size_;
    for (const char c : text) {
      text_[end++] = c;
    }
    size_ = static_cast<std::uint16_t>(end);
    return *this;
  }

  [[nodiscard]] constexpr std::string_view view() const { return {text_.data(), size_}; }
  // NOLINTNEXTLINE(google-explicit-constructor)
  [[nodiscard]] constexpr operator std::string_view() const { return view(); }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] static constexpr std::size_t capacity() { return N; }

  friend constexpr bool operator==(const short_string& a, const short_string& b) {
    return a.view() == b.view();
  }
  friend constexpr bool operator==(const short_string& a, std::string_view b) {
    return a.view() == b;
  }
  friend constexpr bool operator==(const short_string& a, const char* b) { return a.view() == b; }

 private:
  // Members are initialized, not assigned: g++ 12 refuses assignments inside const locals of constant expressions.
  [[nodiscard]] static constexpr std::array<char, N> stored(std::string_view text) {
    detail::expects(text.size() <= N,
                    "short_string: the text is longer than the capacity of this field");
    std::array<char, N> copy{};
    for (std::size_t i = 0; i < text.size(); ++i) {
      copy[i] = text[i];
    }
    return copy;
  }

  std::array<char, N> text_{};
  std::uint16_t size_ = 0;
};

}  // namespace quantroof

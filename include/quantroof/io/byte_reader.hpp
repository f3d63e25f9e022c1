// SPDX-License-Identifier: Apache-2.0
//
// Little-endian numbers and texts out of bytes that nobody has checked yet: nothing is read beyond them, no length in them is believed
// before the bytes that are left confirm it. Errors are io::input_error at "byte <position>".
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "quantroof/io/input_error.hpp"

namespace quantroof::detail {

/// a * b, or nothing where 64 bits do not hold it.
[[nodiscard]] constexpr std::optional<std::uint64_t> checked_product(std::uint64_t a,
                                                                     std::uint64_t b) {
  if (a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a) {
    return std::nullopt;
  }
  return a * b;
}

/// Elements of a tensor: 1 without dimensions, 0 where one of them is 0; nothing where 63 bits do not hold the product.
template <class Shape>
[[nodiscard]] constexpr std::optional<std::uint64_t> element_count(const Shape& shape) {
  for (const std::uint64_t extent : shape) {
    if (extent == 0) {
      return 0;
    }
  }
  std::optional<std::uint64_t> count = 1;
  for (const std::uint64_t extent : shape) {
    count = checked_product(*count, extent);
    if (!count || *count > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return std::nullopt;
    }
  }
  return count;
}

/// What a reader throws that came to the end of its bytes: with more of the file it might go on.
class bytes_missing : public io::input_error {
 public:
  using input_error::input_error;
};

class byte_reader {
 public:
  explicit byte_reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  /// Bytes read so far.
  [[nodiscard]] std::uint64_t position() const { return at_; }
  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }

  /// The next number; `what` is what the file ends within where it is not there.
  template <std::unsigned_integral T>
  [[nodiscard]] T number(std::string_view what) {
    require(sizeof(T), what);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= std::to_integer<std::uint64_t>(bytes_[at_ + i]) << (8 * i);
    }
    at_ += sizeof(T);
    return static_cast<T>(value);
  }
  /// The next `size` bytes, as text; valid as long as the bytes are.
  [[nodiscard]] std::string_view text(std::uint64_t size, std::string_view what) {
    require(size, what);
    const void* const first = bytes_.data() + at_;
    at_ += static_cast<std::size_t>(size);
    return {static_cast<const char*>(first), static_cast<std::size_t>(size)};
  }
  void skip(std::uint64_t size, std::string_view what) {
    require(size, what);
    at_ += static_cast<std::size_t>(size);
  }
  /// Refuses to go on unless `size` more bytes are there.
  void require(std::uint64_t size, std::string_view what) const {
    if (size > left()) {
      throw bytes_missing{"", place(), "the file ends within " + std::string{what}};
    }
  }
  /// Refuses to go on unless `count` things of at least `least_bytes` each can still follow.
  void require_room(std::uint64_t count, std::uint64_t least_bytes, std::string_view what) const {
    if (count > left() / least_bytes) {
      throw bytes_missing{"", place(),
                          "the file ends within " + std::string{what} + ", of which there are " +
                              std::to_string(count)};
    }
  }
  [[nodiscard]] std::string place() const { return "byte " + std::to_string(at_); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace quantroof::detail

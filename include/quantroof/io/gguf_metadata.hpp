// SPDX-License-Identifier: Apache-2.0
//
// The keys and values at the head of a GGUF file.
//
//   metadata.text("general.architecture")     metadata.integer("llama.block_count")     metadata.length("tokenizer.ggml.tokens")
//
// Texts and numbers are kept, and so are arrays of at most max_gguf_kept_numbers numbers; of other arrays only the length.
// An absent key is nothing; a key of another kind is an error. Source: ggml, docs/gguf.md.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/input_error.hpp"

namespace quantroof::io {

/// Kinds of values, numbered as files do.
enum class gguf_value_type : std::uint8_t {
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  float32,
  boolean,
  string,
  array,
  uint64,
  int64,
  float64,
};
inline constexpr std::uint32_t gguf_value_type_count = 13;

/// Longer arrays of numbers are skipped: a model has no more layers, a vocabulary does.
inline constexpr std::uint64_t max_gguf_kept_numbers = 65536;

/// One value.
struct gguf_value {
  std::string key{};
  gguf_value_type type = gguf_value_type::uint8;  // of an array: of its elements
  std::optional<std::uint64_t> array_length{};    // nothing: not an array
  std::string text{};                             // of a string
  std::vector<std::uint64_t>
      bits{};  // of numbers: signed ones extended to 64 bits, floats as doubles
};

/// All of a file's values.
class gguf_metadata {
 public:
  gguf_metadata() = default;
  /// requires  no key twice
  /// errors    io::input_error with the key
  explicit gguf_metadata(std::vector<gguf_value> values) : values_(std::move(values)) {
    by_key_.resize(values_.size());
    for (std::size_t i = 0; i < by_key_.size(); ++i) {
      by_key_[i] = i;
    }
    std::sort(by_key_.begin(), by_key_.end(),
              [this](std::size_t a, std::size_t b) { return values_[a].key < values_[b].key; });
    for (std::size_t i = 1; i < by_key_.size(); ++i) {
      if (values_[by_key_[i]].key == values_[by_key_[i - 1]].key) {
        refuse(values_[by_key_[i]].key, "is there twice");
      }
    }
  }

  /// In the order of the file.
  [[nodiscard]] const std::vector<gguf_value>& values() const { return values_; }

  [[nodiscard]] const gguf_value* find(std::string_view key) const {
    const auto found =
        std::lower_bound(by_key_.begin(), by_key_.end(), key,
                         [this](std::size_t i, std::string_view k) { return values_[i].key < k; });
    return found == by_key_.end() || values_[*found].key != key ? nullptr : &values_[*found];
  }

  /// A text.
  ///
  /// errors    io::input_error with the key: not a text
  [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const {
    const gguf_value* const value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (value->type != gguf_value_type::string || value->array_length) {
      refuse(key, "must be a text");
    }
    return value->text;
  }
  /// A whole number.
  ///
  /// errors    io::input_error with the key: not one whole number, or beyond 2^63 - 1
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const {
    const gguf_value* const value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (value->array_length) {
      refuse(key, "must be one whole number, not an array");
    }
    return whole(*value, value->bits.empty() ? 0 : value->bits.front());
  }
  /// Whole numbers: those of an array, or the one that stands for all.
  ///
  /// errors    io::input_error with the key: not whole numbers, beyond 2^63 - 1, more than max_gguf_kept_numbers
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view key) const {
    std::vector<std::int64_t> all;
    if (const gguf_value* const value = find(key); value != nullptr) {
      if (value->array_length.value_or(1) > max_gguf_kept_numbers) {
        refuse(key, "is an array of more than " + std::to_string(max_gguf_kept_numbers) +
                        " numbers, which was not kept");
      }
      static_cast<void>(whole(*value, 0));  // the type, also of an empty array
      all.reserve(value->bits.size());
      for (const std::uint64_t bits : value->bits) {
        all.push_back(whole(*value, bits));
      }
    }
    return all;
  }
  /// A number, whole or not.
  ///
  /// errors    io::input_error with the key: not one number
  [[nodiscard]] std::optional<double> number(std::string_view key) const {
    const gguf_value* const value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (value->array_length || value->bits.size() != 1) {
      refuse(key, "must be one number");
    }
    return is_float(value->type) ? std::bit_cast<double>(value->bits.front())
                                 : static_cast<double>(whole(*value, value->bits.front()));
  }
  /// How many elements an array has.
  ///
  /// errors    io::input_error with the key: not an array
  [[nodiscard]] std::optional<std::uint64_t> length(std::string_view key) const {
    const gguf_value* const value = find(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->array_length) {
      refuse(key, "must be an array");
    }
    return value->array_length;
  }

  /// Throws io::input_error at a key.
  [[noreturn]] static void refuse(std::string_view key, std::string_view rule) {
    throw input_error{"", "key " + std::string{key.substr(0, 80)}, rule};
  }

 private:
  [[nodiscard]] static bool is_float(gguf_value_type type) {
    return type == gguf_value_type::float32 || type == gguf_value_type::float64;
  }
  [[nodiscard]] static std::int64_t whole(const gguf_value& value, std::uint64_t bits) {
    if (is_float(value.type) || value.type == gguf_value_type::string ||
        value.type == gguf_value_type::array) {
      refuse(value.key, "must be a whole number");
    }
    if (value.type == gguf_value_type::uint64 &&
        bits > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      refuse(value.key, "is too large");
    }
    return std::bit_cast<std::int64_t>(bits);
  }

  std::vector<gguf_value> values_;
  std::vector<std::size_t> by_key_;  // places in values_, sorted
};

}  // namespace quantroof::io

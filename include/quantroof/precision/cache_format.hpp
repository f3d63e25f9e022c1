// SPDX-License-Identifier: Apache-2.0
//
// The formats of K and V in a cache: one for both, or one each, as llama.cpp's -ctk and -ctv have them.
#pragma once

#include <optional>

#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// Formats of keys and values; a precision stands for both.
struct cache_format {
  precision key = precision::fp16;
  precision value = precision::fp16;

  constexpr cache_format() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr cache_format(precision both) : key(both), value(both) {}
  constexpr cache_format(precision k, precision v) : key(k), value(v) {}

  [[nodiscard]] constexpr bool is_single() const { return key == value; }
  /// The format of values where it is not that of the keys.
  [[nodiscard]] constexpr std::optional<precision> own_value() const {
    return is_single() ? std::nullopt : std::optional<precision>{value};
  }

  friend constexpr bool operator==(const cache_format&, const cache_format&) = default;
};

}  // namespace quantroof

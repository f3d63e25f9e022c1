// SPDX-License-Identifier: Apache-2.0
//
// Names of enumerators at the edges: one table per enum serves printing, parsing and the list in the error message.
//
// A table is an array of { enumerator, "name" } in enumerator order, checked by static_assert(names_are_complete(table)).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"

namespace quantroof::detail {

template <class Enum>
struct named {
  Enum value;
  std::string_view name;
};

template <class Enum, std::size_t N>
using name_table = std::array<named<Enum>, N>;

/// True when entry i names enumerator i and no two names agree.
template <class Enum, std::size_t N>
[[nodiscard]] constexpr bool names_are_complete(const name_table<Enum, N>& table) {
  for (std::size_t i = 0; i < N; ++i) {
    if (static_cast<std::size_t>(table[i].value) != i || table[i].name.empty()) {
      return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (table[i].name == table[j].name) {
        return false;
      }
    }
  }
  return true;
}

/// The name of `value`; refuses a value outside the enum.
template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view name_of(const name_table<Enum, N>& table, Enum value) {
  expects(static_cast<std::size_t>(value) < N, "to_string: the value is not an enumerator");
  return table[static_cast<std::size_t>(value)].name;
}

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::optional<Enum> find_name(const name_table<Enum, N>& table,
                                                      std::string_view name) {
  for (const auto& entry : table) {
    if (entry.name == name) {
      return entry.value;
    }
  }
  return std::nullopt;
}

/// The enumerator called `name`.
///
/// errors    unknown_name_error "function: unknown name ...; known: ..."
template <class Enum, std::size_t N>
[[nodiscard]] constexpr Enum parse_name(const name_table<Enum, N>& table, std::string_view name,
                                        std::string_view function) {
  if (const auto found = find_name(table, name)) {
    return *found;
  }
  unknown_name(function, name, table, [](const named<Enum>& entry) { return entry.name; });
}

}  // namespace quantroof::detail

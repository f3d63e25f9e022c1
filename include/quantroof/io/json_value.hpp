// SPDX-License-Identifier: Apache-2.0
//
// One JSON value into one C++ value and back, strictly: a number is not a string, true is not 1, 1.5 is not an integer, a number
// that does not fit is refused. No JSON library is included; every function is a template over nlohmann::json or ordered_json.
//
//   bool      true, false                      integers   a number without fraction (4096 or 4096.0), |x| <= 2^53 when written 4096.0
//   double    any finite number                text       a string of at most the member's capacity
//   optional  null means nothing               lists      an array; of at most the list's capacity where it has one
//
// Everything else goes through to_json and from_json of its own type (json_record.hpp).
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/io/input_error.hpp"

namespace quantroof {

/// nlohmann::json, nlohmann::ordered_json, or another basic_json.
template <class Json>
concept JsonValue = requires(const Json& json) {
  typename Json::string_t;
  { json.is_object() } -> std::same_as<bool>;
  { json.is_number_unsigned() } -> std::same_as<bool>;
  { json.type_name() } -> std::convertible_to<std::string_view>;
};

namespace detail {

/// Throws "must be <what>, not <what it is>".
template <JsonValue Json>
[[noreturn]] void wrong_type(const Json& json, std::string_view what) {
  const bool vowel = json.is_array() || json.is_object();
  throw io::input_error{"", "",
                        short_string<160>{"must be "}
                            .append(what)
                            .append(json.is_null() ? ", not "
                                    : vowel        ? ", not an "
                                                   : ", not a ")
                            .append(json.type_name())};
}

/// The text of a JSON string; lives as long as the JSON does.
template <JsonValue Json>
[[nodiscard]] std::string_view json_text(const Json& json, std::string_view what = "a string") {
  if (!json.is_string()) {
    wrong_type(json, what);
  }
  return json.template get_ref<const typename Json::string_t&>();
}

/// A whole number in [least, most].
template <JsonValue Json>
[[nodiscard]] std::int64_t json_integer(const Json& json, std::int64_t least, std::int64_t most) {
  constexpr double exact = 9007199254740992.0;  // 2^53: every integer up to here is a double
  std::int64_t value = 0;
  if (json.is_number_unsigned()) {
    const auto wide = json.template get<std::uint64_t>();
    if (wide > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw io::input_error{"", "", "is too large"};
    }
    value = static_cast<std::int64_t>(wide);
  } else if (json.is_number_integer()) {
    value = json.template get<std::int64_t>();
  } else if (json.is_number_float()) {
    const auto real = json.template get<double>();
    if (!(real >= -exact && real <= exact)) {
      throw io::input_error{"", "",
                            real > exact ? "is too large" : "must be a finite whole number"};
    }
    value = static_cast<std::int64_t>(real);
    if (static_cast<double>(value) != real) {
      throw io::input_error{"", "", "must be a whole number"};
    }
  } else {
    wrong_type(json, "a whole number");
  }
  if (value < least || value > most) {
    throw io::input_error{"", "",
                          value > most ? "is too large"
                          : least >= 0 ? "must not be negative"
                                       : "is too small"};
  }
  return value;
}

/// A finite number.
template <JsonValue Json>
[[nodiscard]] double json_double(const Json& json, std::string_view what = "a number") {
  if (!json.is_number()) {
    wrong_type(json, what);
  }
  const auto value = json.template get<double>();
  if (!is_finite(value)) {
    throw io::input_error{"", "", "must be a finite number"};
  }
  return value;
}

/// Calls `read` and adds the place to whatever it says is wrong.
template <class Place, class Read>
void read_at(Place place, Read read) {
  try {
    read();
  } catch (const io::input_error& error) {
    throw error.under(place);
  } catch (const domain_error& error) {
    throw io::input_error("", "", error.what()).under(place);
  }
}

// Lists and optional values may hold each other, so that their readers and writers have to know of each other.
template <JsonValue Json, class T>
void read_value(const Json& json, std::optional<T>& value);
template <JsonValue Json, class T, std::size_t N>
void read_value(const Json& json, static_vector<T, N>& value);
template <JsonValue Json, class T>
void read_value(const Json& json, std::vector<T>& value);
template <JsonValue Json, class T>
void write_value(Json& json, const std::optional<T>& value);
template <JsonValue Json, class T, std::size_t N>
void write_value(Json& json, const static_vector<T, N>& value);
template <JsonValue Json, class T>
void write_value(Json& json, const std::vector<T>& value);

// ---- Reading -------------------------------------------------------------------------------------------------------------------

/// Types with a from_json of their own.
template <JsonValue Json, class T>
void read_value(const Json& json, T& value) {
  from_json(json, value);
}

template <JsonValue Json>
void read_value(const Json& json, bool& value) {
  if (!json.is_boolean()) {
    wrong_type(json, "true or false");
  }
  value = json.template get<bool>();
}

template <JsonValue Json, std::integral T>
requires(!std::same_as<T, bool>) void read_value(const Json& json, T& value) {
  using limits = std::numeric_limits<T>;
  constexpr auto most = std::numeric_limits<std::int64_t>::max();  // also of 64-bit sizes
  value = static_cast<T>(json_integer(
      json, static_cast<std::int64_t>(limits::min()),
      std::cmp_less(limits::max(), most) ? static_cast<std::int64_t>(limits::max()) : most));
}

template <JsonValue Json>
void read_value(const Json& json, double& value) {
  value = json_double(json);
}

template <JsonValue Json>
void read_value(const Json& json, float& value) {
  const double wide = json_double(json);
  if (abs(wide) > static_cast<double>(std::numeric_limits<float>::max())) {
    throw io::input_error{"", "", "is too large for a 32-bit float"};
  }
  value = static_cast<float>(wide);
}

template <JsonValue Json, std::size_t N>
void read_value(const Json& json, short_string<N>& value) {
  const std::string_view text = json_text(json);
  if (text.size() > N) {
    short_string<64> rule{"must be at most "};
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), N).ptr;
    rule.append({digits.data(), static_cast<std::size_t>(end - digits.data())})
        .append(" bytes long");
    throw io::input_error{"", "", rule};
  }
  value = text;
}

template <JsonValue Json, class T>
void read_value(const Json& json, std::optional<T>& value) {
  if (json.is_null()) {
    value.reset();
  } else {
    T present{};
    read_value(json, present);
    value = present;
  }
}

/// An array of at most `most` values, handed to `take` one by one.
template <class T, JsonValue Json, class Take>
void read_list(const Json& json, std::size_t most, Take take) {
  if (!json.is_array()) {
    wrong_type(json, "an array");
  }
  std::size_t place = 0;
  for (const auto& element : json) {
    read_at(place, [&] {
      if (place == most) {
        throw io::input_error{"", "", "is more than the list has room for"};
      }
      T entry{};
      read_value(element, entry);
      take(entry);
    });
    ++place;
  }
}
template <JsonValue Json, class T, std::size_t N>
void read_value(const Json& json, static_vector<T, N>& value) {
  value.clear();
  read_list<T>(json, N, [&](const T& entry) { value.push_back(entry); });
}
template <JsonValue Json, class T>
void read_value(const Json& json, std::vector<T>& value) {
  value.clear();
  read_list<T>(json, json.size(), [&](const T& entry) { value.push_back(entry); });
}

// ---- Writing -------------------------------------------------------------------------------------------------------------------

/// Types with a to_json of their own.
template <JsonValue Json, class T>
void write_value(Json& json, const T& value) {
  to_json(json, value);
}

template <JsonValue Json, class T>
requires std::is_arithmetic_v<T>
void write_value(Json& json, const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!is_finite(static_cast<double>(value))) {
      throw io::input_error{"", "", "JSON has no NaN and no infinity"};
    }
  }
  json = value;
}

template <JsonValue Json, std::size_t N>
void write_value(Json& json, const short_string<N>& value) {
  json = value.view();
}

template <JsonValue Json, class T>
void write_value(Json& json, const std::optional<T>& value) {
  json = nullptr;
  if (value) {
    write_value(json, *value);
  }
}

template <JsonValue Json, class List>
void write_list(Json& json, const List& list) {
  Json array = Json::array();
  for (const auto& entry : list) {
    Json element;
    read_at(array.size(), [&] { write_value(element, entry); });
    array.push_back(std::move(element));
  }
  json = std::move(array);
}
template <JsonValue Json, class T, std::size_t N>
void write_value(Json& json, const static_vector<T, N>& value) {
  write_list(json, value);
}
template <JsonValue Json, class T>
void write_value(Json& json, const std::vector<T>& value) {
  write_list(json, value);
}

// ---- Enumerators ---------------------------------------------------------------------------------------------------------------

/// An enumerator by its name; an unknown name is refused with the list of the known ones.
template <JsonValue Json, class Enum>
void read_name(const Json& json, Enum& value, Enum (*parse)(std::string_view)) {
  try {
    value = parse(json_text(json, "a name"));
  } catch (const unknown_name_error& error) {
    const std::string_view text = error.what();  // "parse_phase: unknown name ..."
    const std::size_t colon = text.find(": ");
    throw io::input_error{"", "", colon == text.npos ? text : text.substr(colon + 2)};
  }
}

}  // namespace detail
}  // namespace quantroof

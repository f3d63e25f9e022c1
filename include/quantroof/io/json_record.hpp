// SPDX-License-Identifier: Apache-2.0
//
// JSON for a struct from one list of its members: the same list writes the object, reads it, and says which names are known.
//
//   template <>
//   struct detail::json_record<scenario> {
//     static constexpr std::string_view name = "scenario";
//     static void members(auto& m, auto& s) {
//       m.required("seq_len", s.seq_len);    // must be there
//       m.optional("batch", s.batch);        // may be left out: the member's default
//       m.amount("time_us", s.time_us);      // must be there and not negative
//     }
//   };
//
// Reading is strict: an unknown, missing or wrongly typed member is refused by its place, and so is a value that is_valid() of the
// type refuses. On an error nothing is changed. from_json(to_json(x)) == x for every valid x.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

namespace detail {

/// The list of members of T; specialized where T has a JSON form.
template <class T>
struct json_record;

template <class T>
concept JsonRecord = requires {
  json_record<T>::name;
};

/// Writes each member it is shown.
template <JsonValue Json>
struct member_writer {
  Json& object;

  template <class T>
  void required(std::string_view key, const T& value) {
    Json json;
    read_at(key, [&] { write_value(json, value); });
    object[typename Json::string_t(key)] = std::move(json);
  }
  template <class T>
  void optional(std::string_view key, const T& value) {
    required(key, value);
  }
  template <class T>
  void amount(std::string_view key, const T& value) {
    required(key, value);
  }
};

/// Collects the names of the members it is shown.
struct member_names {
  static_vector<std::string_view, 48> known;

  template <class T>
  constexpr void required(std::string_view key, const T& /*value*/) {
    known.push_back(key);
  }
  template <class T>
  constexpr void optional(std::string_view key, const T& /*value*/) {
    known.push_back(key);
  }
  template <class T>
  constexpr void amount(std::string_view key, const T& /*value*/) {
    known.push_back(key);
  }
  [[nodiscard]] constexpr bool contains(std::string_view key) const {
    for (const std::string_view name : known) {
      if (name == key) {
        return true;
      }
    }
    return false;
  }
};

/// Reads each member it is shown.
template <JsonValue Json>
struct member_reader {
  const Json& object;

  template <class T>
  bool optional(std::string_view key, T& value) {
    const auto found = object.find(typename Json::string_t(key));
    if (found == object.end()) {
      return false;
    }
    read_at(key, [&] { read_value(*found, value); });
    return true;
  }
  template <class T>
  void required(std::string_view key, T& value) {
    if (!optional(key, value)) {
      throw io::input_error("", "", "is missing").under(key);
    }
  }
  template <class T>
  void amount(std::string_view key, T& value) {
    required(key, value);
    if (value < 0) {
      throw io::input_error("", "", "must not be negative").under(key);
    }
  }
};

/// Throws "is not known; known: a, b, c" under the first member of `object` that is not in `names`.
template <JsonValue Json>
void refuse_unknown_members(const Json& object, const member_names& names) {
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (!names.contains(member.key())) {
      short_string<1600> rule{"is not a known member; known: "};
      for (std::size_t i = 0; i < names.known.size(); ++i) {
        rule.append(i == 0 ? "" : ", ").append(names.known[i]);
      }
      throw io::input_error("", "", rule).under(std::string_view{member.key()});
    }
  }
}

/// A rule that is_valid() found broken, "type: member rule", as an error at that member where the object has it.
template <JsonValue Json>
[[nodiscard]] io::input_error broken_rule(const Json& object, const member_names& names,
                                          const domain_error& error) {
  io::input_error whole{"", "", error.what()};
  const std::string_view text = whole.rule();
  const std::size_t colon = text.find(": ");
  if (colon != text.npos) {
    const std::string_view rule = text.substr(colon + 2);
    const std::string_view word = rule.substr(0, rule.find_first_of(" ["));
    if (names.contains(word) && object.contains(typename Json::string_t(word))) {
      return whole.under(word);
    }
  }
  return whole;
}

}  // namespace detail

/// A struct as a JSON object; every member is written, std::nullopt as null.
///
/// errors    io::input_error where a number is NaN or infinite
template <JsonValue Json, detail::JsonRecord T>
void to_json(Json& json, const T& value) {
  // Apart from `json`: nlohmann's constructor would leak what it holds when a hook throws.
  Json object = Json::object();
  detail::member_writer<Json> writer{object};
  detail::json_record<T>::members(writer, value);
  json = std::move(object);
}

/// A struct from a JSON object; `value` is changed only when all of it could be read.
///
/// errors    io::input_error with the place and what was expected there
template <JsonValue Json, detail::JsonRecord T>
void from_json(const Json& json, T& value) {
  if (!json.is_object()) {
    detail::wrong_type(
        json, short_string<64>{"an object ("}.append(detail::json_record<T>::name).append(")"));
  }
  T fresh{};
  detail::member_names names;
  detail::json_record<T>::members(names, fresh);
  detail::refuse_unknown_members(json, names);
  detail::member_reader<Json> reader{json};
  detail::json_record<T>::members(reader, fresh);
  if constexpr (requires { is_valid(fresh); }) {
    try {
      is_valid(fresh);
    } catch (const domain_error& error) {
      throw detail::broken_rule(json, names, error);
    }
  }
  value = fresh;
}

}  // namespace quantroof

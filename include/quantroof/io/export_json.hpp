// SPDX-License-Identifier: Apache-2.0
//
// Values of documents that are written back as they were read: members that may be absent or null, texts of any length, names that the file
// chooses, and JSON that nobody here interprets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "quantroof/io/json_value.hpp"

namespace quantroof {

/// A member of a JSON object that may be absent, null or a T.
template <class T>
class json_member {
 public:
  constexpr json_member() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): members are written as plain values
  constexpr json_member(T value) : value_(std::move(value)), state_(state::given) {}
  [[nodiscard]] static constexpr json_member null() {
    json_member m;
    m.state_ = state::null;
    return m;
  }

  [[nodiscard]] constexpr bool is_absent() const { return state_ == state::absent; }
  [[nodiscard]] constexpr bool is_null() const { return state_ == state::null; }
  [[nodiscard]] constexpr bool has_value() const { return state_ == state::given; }
  /// The value, or T{}.
  [[nodiscard]] constexpr const T& value() const { return value_; }

  friend constexpr bool operator==(const json_member& a, const json_member& b) {
    return a.state_ == b.state_ && a.value_ == b.value_;
  }

 private:
  enum class state : std::uint8_t { absent, null, given };
  T value_{};
  state state_ = state::absent;
};

template <JsonValue Json, class T>
void to_json(Json& json, const json_member<T>& member) {
  json = nullptr;
  if (member.has_value()) {
    detail::write_value(json, member.value());
  }
}
template <JsonValue Json, class T>
void from_json(const Json& json, json_member<T>& member) {
  if (json.is_null()) {
    member = json_member<T>::null();
  } else {
    T value{};
    detail::read_value(json, value);
    member = json_member<T>{std::move(value)};
  }
}

/// A text of any length.
struct json_string {
  std::string text;

  friend bool operator==(const json_string&, const json_string&) = default;
};
template <JsonValue Json>
void to_json(Json& json, const json_string& value) {
  json = std::string_view{value.text};
}
template <JsonValue Json>
void from_json(const Json& json, json_string& value) {
  value.text = detail::json_text(json);
}

/// Any JSON value, kept as its text.
struct json_any {
  std::string text = "null";

  friend bool operator==(const json_any&, const json_any&) = default;
};
template <JsonValue Json>
void to_json(Json& json, const json_any& value) {
  json = Json::parse(value.text);
}
template <JsonValue Json>
void from_json(const Json& json, json_any& value) {
  value.text = json.dump();
}

/// Members of one type under names that the file chooses, in the order of the names.
template <class T>
struct json_map {
  std::map<std::string, T, std::less<>> entries;

  friend bool operator==(const json_map&, const json_map&) = default;
};
template <JsonValue Json, class T>
void to_json(Json& json, const json_map<T>& map) {
  Json object = Json::object();
  auto& members = object.template get_ref<typename Json::object_t&>();
  for (const auto& entry : map.entries) {
    detail::read_at(std::string_view{entry.first}, [&] {
      Json member;
      detail::write_value(member, entry.second);
      // ordered_json looks a new name up in the whole list: 20,000 layers would take seconds
      if constexpr (requires { members.emplace_back(entry.first, std::move(member)); }) {
        members.emplace_back(entry.first, std::move(member));
      } else {
        members.emplace(entry.first, std::move(member));
      }
    });
  }
  json = std::move(object);
}
template <JsonValue Json, class T>
void from_json(const Json& json, json_map<T>& map) {
  if (!json.is_object()) {
    detail::wrong_type(json, "an object");
  }
  json_map<T> fresh;
  for (auto member = json.begin(); member != json.end(); ++member) {
    detail::read_at(std::string_view{member.key()}, [&] {
      T value{};
      detail::read_value(member.value(), value);
      fresh.entries.emplace(member.key(), std::move(value));
    });
  }
  map = std::move(fresh);
}

}  // namespace quantroof

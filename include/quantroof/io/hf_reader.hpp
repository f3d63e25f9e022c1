// SPDX-License-Identifier: Apache-2.0
//
// Looks members of a Hugging Face config.json up: in the text_config of a multimodal model first, under any of their names, null as absent,
// numbers in their range, lists with one entry a layer. What is wrong is reported with its JSON pointer.
//
// Not here: what the members of a model type mean (hf_family.hpp and the headers it includes).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof::detail {

inline constexpr std::int64_t hf_narrow = 1 << 12;              // parts of a head
inline constexpr std::int64_t hf_wide = 1 << 24;                // hidden and feed-forward widths
inline constexpr std::int64_t hf_many = 1 << 16;                // layers, heads, experts
inline constexpr std::int64_t hf_long = std::int64_t{1} << 31;  // vocabularies, windows

/// The names a member goes by; the first is the one that errors name.
using hf_names = std::initializer_list<std::string_view>;

template <JsonValue Json>
class hf_reader {
 public:
  explicit hf_reader(const Json& root) : root_(root), object_(&root) {
    if (!root.is_object()) {
      wrong_type(root, "an object (config.json)");
    }
    if (const auto nested = root.find("text_config"); nested != root.end() && nested->is_object()) {
      object_ = &*nested;
      places_[0] = "text_config";
      depth_ = 1;
    }
  }

  /// True where the model is a part of a larger one, which leaves out what is default.
  [[nodiscard]] bool is_nested() const { return object_ != &root_; }

  /// The value of a member, or nullptr.
  [[nodiscard]] const Json* find(std::string_view key) const { return find_in(*object_, key); }
  /// True where the member is there at all, null or not.
  [[nodiscard]] bool has(std::string_view key) const {
    return object_->contains(typename Json::string_t(key));
  }

  /// Refuses with the place of a member, or of an element of it.
  [[noreturn]] void refuse(std::string_view key, std::string_view rule) const {
    throw placed(io::input_error("", "", rule).under(key));
  }
  [[noreturn]] void refuse(std::string_view key, std::size_t index, std::string_view rule) const {
    throw placed(io::input_error("", "", rule).under(index).under(key));
  }

  /// A whole number in [least, most]; names that disagree are refused.
  [[nodiscard]] std::optional<std::int64_t> integer(hf_names names, std::int64_t least,
                                                    std::int64_t most) const {
    std::optional<std::int64_t> result;
    std::string_view found_as;
    for (const std::string_view key : names) {
      const auto read = [=](const Json& json) { return json_integer(json, least, most); };
      if (const auto given = value<std::int64_t>(find(key), key, read)) {
        if (result && *result != *given) {
          refuse(key, short_string<200>{"contradicts "}.append(found_as));
        }
        result = given;
        found_as = result == given && !found_as.empty() ? found_as : key;
      }
    }
    return result;
  }
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                                    std::int64_t most) const {
    return integer({key}, least, most);
  }

  /// A size: at least 1. `class_default` stands in for it inside a multimodal model; 0: it must be there.
  [[nodiscard]] std::int64_t size(hf_names names, std::int64_t most,
                                  std::int64_t class_default = 0) const {
    const auto given = integer(names, 0, most);
    const std::string_view key = present(names);
    if (given == 0) {
      refuse(key, "must be positive");
    }
    if (!given && (!is_nested() || class_default == 0)) {
      refuse(key, "is missing");
    }
    return given.value_or(class_default);
  }
  [[nodiscard]] std::int64_t size(std::string_view key, std::int64_t most,
                                  std::int64_t class_default = 0) const {
    return size({key}, most, class_default);
  }

  /// A size that may be left out anywhere.
  [[nodiscard]] std::int64_t size_or(hf_names names, std::int64_t most, std::int64_t absent) const {
    const auto given = integer(names, 0, most);
    if (given == 0) {
      refuse(present(names), "must be positive");
    }
    return given.value_or(absent);
  }
  [[nodiscard]] std::int64_t size_or(std::string_view key, std::int64_t most,
                                     std::int64_t absent) const {
    return size_or({key}, most, absent);
  }

  /// A count that may be left out or be 0.
  [[nodiscard]] std::int64_t count(std::string_view key, std::int64_t most) const {
    return integer({key}, 0, most).value_or(0);
  }

  [[nodiscard]] bool flag(std::string_view key, bool absent) const {
    return flag_at(find(key), key).value_or(absent);
  }
  /// A flag that may stand beside the text_config as well as in it.
  [[nodiscard]] bool flag_anywhere(std::string_view key, bool absent) const {
    if (const auto own = flag_at(find(key), key)) {
      return *own;
    }
    return is_nested() ? outside().flag(key, absent) : absent;
  }

  /// A text, or an empty one.
  [[nodiscard]] std::string_view text(std::string_view key) const {
    return value<std::string_view>(find(key), key, [](const Json& json) { return json_text(json); })
        .value_or("");
  }
  [[nodiscard]] std::optional<double> number(std::string_view key) const {
    return value<double>(find(key), key, [](const Json& json) { return json_double(json); });
  }

  /// The reader of a member that is an object, which must be there.
  [[nodiscard]] hf_reader member(std::string_view key) const {
    const Json* const json = find(key);
    if (json == nullptr) {
      refuse(key, "is missing");
    }
    if (!json->is_object()) {
      refuse(key, "must be an object");
    }
    expects(depth_ < places_.size(), "hf_reader: too deep");
    hf_reader inner = *this;
    inner.object_ = json;
    inner.places_[depth_] = key;
    ++inner.depth_;
    return inner;
  }
  /// The whole document, for what stands beside the text_config.
  [[nodiscard]] hf_reader outside() const {
    hf_reader whole = *this;
    whole.object_ = &root_;
    whole.depth_ = 0;
    return whole;
  }

  /// A list with one entry for each of `layers` layers, and perhaps for the layers that predict further tokens; empty where absent.
  template <class T, class Read>
  [[nodiscard]] std::vector<T> per_layer(std::string_view key, std::int64_t layers,
                                         Read read) const {
    std::vector<T> list;
    const Json* const json = find(key);
    if (json == nullptr) {
      return list;
    }
    if (!json->is_array()) {
      refuse(key, "must be an array");
    }
    const std::int64_t extra = static_cast<std::int64_t>(json->size()) - layers;
    if (extra != 0 && (extra < 0 || (extra != count("num_nextn_predict_layers", hf_many) &&
                                     extra != count("num_mtp_modules", hf_many)))) {
      refuse(key, "must have one entry for each layer");
    }
    list.reserve(static_cast<std::size_t>(layers));
    for (std::size_t i = 0; i < json->size(); ++i) {
      try {
        const T entry = read((*json)[i]);
        if (i < static_cast<std::size_t>(layers)) {
          list.push_back(entry);
        }
      } catch (const io::input_error& error) {
        throw placed(error.under(i).under(key));
      }
    }
    return list;
  }
  /// A per-layer list of names, each one of `known`.
  [[nodiscard]] std::vector<std::string_view> names_per_layer(std::string_view key,
                                                              std::int64_t layers,
                                                              hf_names known) const {
    return per_layer<std::string_view>(key, layers, [&](const Json& json) {
      const std::string_view name = json_text(json);
      for (const std::string_view one : known) {
        if (one == name) {
          return name;
        }
      }
      short_string<400> rule{"\""};
      rule.append(utf8_prefix(name, 80)).append("\" is not known here; known: ");
      for (const std::string_view& one : known) {
        rule.append(&one == known.begin() ? "" : ", ").append(one);
      }
      throw io::input_error{"", "", rule};
    });
  }
  /// A per-layer list of 0 and 1.
  [[nodiscard]] std::vector<std::int64_t> switches_per_layer(std::string_view key,
                                                             std::int64_t layers) const {
    return per_layer<std::int64_t>(key, layers, [](const Json& json) {
      return json.is_boolean() ? (json.template get<bool>() ? 1 : 0) : json_integer(json, 0, 1);
    });
  }
  /// Which layers a list of layer numbers names, the first layer being number `first`; none where absent.
  [[nodiscard]] std::vector<bool> layer_set(std::string_view key, std::int64_t layers,
                                            std::int64_t first = 0) const {
    std::vector<bool> set(static_cast<std::size_t>(layers), false);
    const Json* const json = find(key);
    if (json == nullptr) {
      return set;
    }
    if (!json->is_array()) {
      refuse(key, "must be an array");
    }
    if (json->size() > set.size()) {
      refuse(key, "names more layers than there are");
    }
    for (std::size_t i = 0; i < json->size(); ++i) {
      try {
        const std::int64_t layer = json_integer((*json)[i], first, first + layers - 1);
        set[static_cast<std::size_t>(layer - first)] = true;
      } catch (const io::input_error& error) {
        throw placed(error.under(i).under(key));
      }
    }
    return set;
  }

 private:
  [[nodiscard]] static const Json* find_in(const Json& object, std::string_view key) {
    const auto found = object.find(typename Json::string_t(key));
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  /// The name a member is there under, the first name where it is not.
  [[nodiscard]] std::string_view present(hf_names names) const {
    for (const std::string_view key : names) {
      if (find(key) != nullptr) {
        return key;
      }
    }
    return *names.begin();
  }
  [[nodiscard]] io::input_error placed(io::input_error error) const {
    for (std::size_t i = depth_; i > 0; --i) {
      error = error.under(places_[i - 1]);
    }
    return error;
  }
  template <class T, class Read>
  [[nodiscard]] std::optional<T> value(const Json* json, std::string_view key, Read read) const {
    if (json == nullptr) {
      return std::nullopt;
    }
    try {
      return read(*json);
    } catch (const io::input_error& error) {
      throw placed(error.under(key));
    }
  }
  [[nodiscard]] std::optional<bool> flag_at(const Json* json, std::string_view key) const {
    return value<bool>(json, key, [](const Json& given) {
      bool flag = false;
      read_value(given, flag);
      return flag;
    });
  }

  const Json& root_;
  const Json* object_;
  std::array<std::string_view, 8> places_{};
  std::size_t depth_ = 0;
};

}  // namespace quantroof::detail

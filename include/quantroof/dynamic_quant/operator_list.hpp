// SPDX-License-Identifier: Apache-2.0
//
// What is kept per operator name, e.g. "layer_3_q_proj": a bounded list in order of first use, found by binary search.
//
// Works in constant expressions. A name takes at most 128 bytes. Not here: what is kept (scale_history.hpp,
// adaptive_precision.hpp). Not thread-safe: one list per thread, or a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"

namespace quantroof {

/// The name of one operator of a model.
using operator_name_text = short_string<128>;

namespace detail {

/// An error about one operator: the rule and the operator's name.
class operator_error : public domain_error {
 public:
  operator_error(std::string_view rule, std::string_view name) : domain_error(rule) {
    add(" (operator \"");
    add(name.substr(0, operator_name_text::capacity()));
    add("\")");
  }
};

[[noreturn]] inline void operator_failed(const char* rule, std::string_view name) {
  throw operator_error{rule, name};
}

/// Stops with `rule` and the name of the operator unless `ok` holds.
constexpr void expects_for(std::string_view name, bool ok, const char* rule) {
  if (!ok) {
    operator_failed(rule, name);
  }
}

/// Entries with a member operator_name, one per name, at most MaxSize of them.
template <class Entry, std::size_t MaxSize = 65536>
class operator_list {
 public:
  static constexpr std::size_t max_size = MaxSize;

  /// The entry of that name, or nullptr.
  [[nodiscard]] constexpr const Entry* find(std::string_view name) const {
    const std::size_t at = lower_bound(name);
    return is_at(at, name) ? &entries_[order_[at]] : nullptr;
  }
  [[nodiscard]] constexpr Entry* find(std::string_view name) {
    const std::size_t at = lower_bound(name);
    return is_at(at, name) ? &entries_[order_[at]] : nullptr;
  }

  /// Stops unless `name` has an entry or can get one.
  constexpr void expects_room(std::string_view name) const {
    expects(!name.empty(), "operator_list: an operator needs a name");
    expects_for(name, name.size() <= operator_name_text::capacity(),
                "operator_list: a name has at most 128 bytes");
    expects_for(name, entries_.size() < max_size || find(name) != nullptr,
                "operator_list: too many operators; reset() forgets them");
  }

  /// Adds an entry, or replaces the one of the same name.
  ///
  /// requires  expects_room(entry.operator_name)
  constexpr Entry& put(Entry entry) {
    const std::string_view name = entry.operator_name.view();
    expects_room(name);
    const std::size_t at = lower_bound(name);
    if (is_at(at, name)) {
      Entry& old = entries_[order_[at]];
      old = std::move(entry);
      return old;
    }
    if (order_.size() == order_.capacity()) {
      order_.reserve(2 * order_.size() + 8);  // so that nothing fails after the entry is in
    }
    entries_.push_back(std::move(entry));
    order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(at),
                  static_cast<std::uint32_t>(entries_.size() - 1));
    return entries_.back();
  }

  constexpr void erase(std::string_view name) {
    const std::size_t at = lower_bound(name);
    if (!is_at(at, name)) {
      return;
    }
    const std::uint32_t gone = order_[at];
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(gone));
    order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(at));
    for (std::uint32_t& position : order_) {
      position -= position > gone ? 1U : 0U;
    }
  }
  constexpr void clear() {
    entries_.clear();
    order_.clear();
  }

  /// In order of first use.
  [[nodiscard]] constexpr const std::vector<Entry>& entries() const { return entries_; }

 private:
  [[nodiscard]] constexpr bool is_at(std::size_t at, std::string_view name) const {
    return at < order_.size() && entries_[order_[at]].operator_name == name;
  }
  [[nodiscard]] constexpr std::size_t lower_bound(std::string_view name) const {
    std::size_t low = 0;
    std::size_t high = order_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (entries_[order_[middle]].operator_name.view() < name) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  std::vector<Entry> entries_{};
  std::vector<std::uint32_t> order_{};  // positions of entries_, sorted by name
};

}  // namespace detail
}  // namespace quantroof

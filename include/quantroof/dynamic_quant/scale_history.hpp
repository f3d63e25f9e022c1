// SPDX-License-Identifier: Apache-2.0
//
// The moving average of scales per operator, kept across calls: what steadies scales from one batch to the next.
//
//   average_t = smoothing * average_(t-1) + (1 - smoothing) * scale_t,   read as average_t / (1 - smoothing^t)
//
// The division corrects the start: the first read is the first scale. Source: Kingma, Ba 2014, arXiv:1412.6980, section 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"

namespace quantroof {

/// The average of one operator; one value per tensor, per channel, or the mean over tokens.
struct scale_average {
  short_string<128> operator_name{};
  std::vector<double> averages{};  // uncorrected
  std::int64_t steps = 0;
  double weight = 0;  // 1 - smoothing^steps

  friend constexpr bool operator==(const scale_average&, const scale_average&) = default;
};

/// Averages of scales by operator name, at most max_operators of them.
class scale_history {
 public:
  static constexpr std::size_t max_operators = 65536;

  /// Takes in the scales of one call and returns the corrected averages.
  ///
  /// requires  as many scales as in earlier calls under this name; smoothing in [0, 1)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  constexpr std::vector<float> update(std::string_view name, const std::vector<float>& scales,
                                      double smoothing) {
    scale_average& entry = find_or_add(name, scales.size());
    detail::expects(
        entry.averages.size() == scales.size(),
        "scale_history: an operator's number of scales changed; reset(name) forgets the old ones");
    entry.weight = smoothing * entry.weight + (1.0 - smoothing);
    ++entry.steps;
    std::vector<float> corrected(scales.size(), 0.0F);
    for (std::size_t i = 0; i < scales.size(); ++i) {
      entry.averages[i] =
          smoothing * entry.averages[i] + (1.0 - smoothing) * static_cast<double>(scales[i]);
      corrected[i] = static_cast<float>(entry.averages[i] / entry.weight);
    }
    return corrected;
  }

  /// The entry of an operator, or nullptr.
  [[nodiscard]] constexpr const scale_average* find(std::string_view name) const {
    for (const scale_average& entry : entries_) {
      if (entry.operator_name == name) {
        return &entry;
      }
    }
    return nullptr;
  }
  /// All entries, in order of first use: what is saved, and what set_entries takes back.
  [[nodiscard]] constexpr const std::vector<scale_average>& entries() const { return entries_; }
  /// Replaces all entries.
  ///
  /// requires  names that are not empty and differ; as many steps as a count; finite positive averages and weights in (0, 1]
  constexpr void set_entries(std::vector<scale_average> entries) {
    detail::expects(entries.size() <= max_operators, "scale_history: at most 65536 operators");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const scale_average& entry = entries[i];
      detail::expects(!entry.operator_name.empty(), "scale_history: an operator needs a name");
      detail::expects(
          entry.steps > 0 && entry.weight > 0 && entry.weight <= 1 && !entry.averages.empty(),
          "scale_history: an entry needs steps > 0, weight in (0, 1] and at least one average");
      for (const double average : entry.averages) {
        detail::expects(average > 0 && detail::is_finite(average),
                        "scale_history: averages must be positive and finite");
      }
      for (std::size_t j = 0; j < i; ++j) {
        detail::expects(!(entries[j].operator_name == entry.operator_name),
                        "scale_history: an operator is listed twice");
      }
    }
    entries_ = std::move(entries);
  }
  constexpr void reset() { entries_.clear(); }
  constexpr void reset(std::string_view name) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].operator_name == name) {
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
  }

 private:
  constexpr scale_average& find_or_add(std::string_view name, std::size_t scales) {
    detail::expects(!name.empty(), "scale_history: an operator needs a name");
    for (scale_average& entry : entries_) {
      if (entry.operator_name == name) {
        return entry;
      }
    }
    detail::expects(entries_.size() < max_operators, "scale_history: at most 65536 operators");
    entries_.push_back({.operator_name = name, .averages = std::vector<double>(scales, 0.0)});
    return entries_.back();
  }

  std::vector<scale_average> entries_{};
};

}  // namespace quantroof

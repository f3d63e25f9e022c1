// SPDX-License-Identifier: Apache-2.0
//
// The moving average of scales per operator, kept across calls: what steadies scales from one batch to the next.
//
//   average_t = smoothing * average_(t-1) + (1 - smoothing) * range_t,   read as average_t / (1 - smoothing^t)
//
// Averaged are ranges, scale * element_max, so that the memory of an operator survives a change of its precision. A group of zeros
// has no range and leaves its average alone. The division corrects the start: the first read is the first range.
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/dynamic_quant/operator_list.hpp"

namespace quantroof {

/// The averages of one operator; one value per tensor, per channel, or the mean over tokens.
struct scale_average {
  operator_name_text operator_name{};
  std::vector<double> averages{};  // of ranges, uncorrected; 0: no range seen yet
  std::int64_t steps = 0;
  double weight = 0;  // 1 - smoothing^steps

  /// The average range of group i; 0 where none was seen.
  [[nodiscard]] constexpr double range(std::size_t i) const {
    return weight > 0 ? averages[i] / weight : 0.0;
  }
  /// The mean of the ranges seen; 0 where there is none.
  [[nodiscard]] constexpr double mean_range() const {
    double sum = 0;
    double seen = 0;
    for (std::size_t i = 0; i < averages.size(); ++i) {
      sum += range(i);
      seen += averages[i] > 0 ? 1.0 : 0.0;
    }
    return seen > 0 ? sum / seen : 0.0;
  }

  friend constexpr bool operator==(const scale_average&, const scale_average&) = default;
};

/// Averages of ranges by operator name, at most max_operators of them.
class scale_history {
 public:
  static constexpr std::size_t max_operators = detail::operator_list<scale_average>::max_size;

  /// What the operator's averages become with the ranges of one call; nothing is stored.
  ///
  /// formula   a range of 0 leaves the average of its group as it was; when all are 0 the entry does not change
  /// requires  a name of 1 to 128 bytes; as many ranges as in earlier calls under this name, finite and not negative; smoothing in [0, 1)
  /// errors    quantroof::domain_error at run time, naming the operator; does not compile in a constant expression
  [[nodiscard]] constexpr scale_average next(std::string_view name, std::span<const double> ranges,
                                             double smoothing) const {
    entries_.expects_room(name);
    detail::expects(smoothing >= 0 && smoothing < 1, "scale_history: smoothing must be in [0, 1)");
    const scale_average* const past = entries_.find(name);
    scale_average entry;
    if (past != nullptr) {
      entry = *past;
    } else {
      entry.operator_name = name;
      entry.averages.assign(ranges.size(), 0.0);
    }
    detail::expects_for(
        name, entry.averages.size() == ranges.size(),
        "scale_history: an operator's number of scales changed; reset(name) forgets the old ones");
    bool seen = false;
    for (const double range : ranges) {
      detail::expects(range >= 0 && detail::is_finite(range),
                      "scale_history: ranges must be finite and not negative");
      seen = seen || range > 0;
    }
    if (!seen) {
      return entry;
    }
    const double past_weight = entry.weight;
    entry.weight = smoothing * past_weight + (1.0 - smoothing);
    ++entry.steps;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      double& average = entry.averages[i];
      if (ranges[i] > 0 && average > 0) {
        average = smoothing * average + (1.0 - smoothing) * ranges[i];
      } else if (ranges[i] > 0) {
        average = ranges[i] * entry.weight;  // the first range of this group
      } else if (past_weight > 0) {
        average *= entry.weight / past_weight;  // reads as before
      }
    }
    return entry;
  }

  /// Keeps what next() returned; an entry that never saw a range is not kept.
  constexpr void store(scale_average entry) {
    if (entry.steps > 0) {
      entries_.put(std::move(entry));
    }
  }

  /// next() and store(); returns the corrected averages, 0 for a group without a range so far.
  constexpr std::vector<double> update(std::string_view name, const std::vector<double>& ranges,
                                       double smoothing) {
    scale_average entry = next(name, ranges, smoothing);
    std::vector<double> corrected(ranges.size(), 0.0);
    for (std::size_t i = 0; i < corrected.size(); ++i) {
      corrected[i] = entry.range(i);
    }
    store(std::move(entry));
    return corrected;
  }

  /// The entry of an operator, or nullptr.
  [[nodiscard]] constexpr const scale_average* find(std::string_view name) const {
    return entries_.find(name);
  }
  /// All entries, in order of first use: what is saved, and what set_entries takes back.
  [[nodiscard]] constexpr const std::vector<scale_average>& entries() const {
    return entries_.entries();
  }
  /// Replaces all entries; on an error the old ones stay.
  ///
  /// requires  names that are not empty and differ; as many steps as a count; finite averages that are not negative, weights in (0, 1]
  /// errors    quantroof::domain_error at run time, naming the operator; does not compile in a constant expression
  constexpr void set_entries(std::vector<scale_average> entries) {
    detail::operator_list<scale_average> list;
    for (scale_average& entry : entries) {
      const operator_name_text name = entry.operator_name;
      detail::expects_for(
          name, entry.steps > 0 && entry.weight > 0 && entry.weight <= 1 && !entry.averages.empty(),
          "scale_history: an entry needs steps > 0, weight in (0, 1] and at least one average");
      for (const double average : entry.averages) {
        detail::expects_for(name, average >= 0 && detail::is_finite(average),
                            "scale_history: averages must be finite and not negative");
      }
      detail::expects_for(name, list.find(name) == nullptr,
                          "scale_history: an operator is listed twice");
      list.put(std::move(entry));
    }
    entries_ = std::move(list);
  }
  constexpr void reset() { entries_.clear(); }
  constexpr void reset(std::string_view name) { entries_.erase(name); }

 private:
  detail::operator_list<scale_average> entries_{};
};

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Which two pairs of weight and input formats a plan may quantize with: bounds on all of them from one knapsack that holds them together, so that
// few need to be searched.
//
//   bound   at the prices of the large problem: sum over decisions of the cheapest choice among the two and 16 bits, less what the limits are
//           worth. No plan with these formats costs less.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_prices.hpp"
#include "quantroof/engine/choice_problem.hpp"
#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/engine/quality_evidence.hpp"

namespace quantroof::detail {

using format_pairs = static_vector<format_pair, max_format_pairs>;

/// Two quantized pairs, or twice the same.
struct format_couple {
  std::size_t first = 0;
  std::size_t second = 0;
  double bound = 0;

  [[nodiscard]] constexpr std::uint32_t pairs() const { return 1U << first | 1U << second; }
};
inline constexpr std::size_t max_format_couples = max_format_pairs * (max_format_pairs - 1) / 2;

/// The pairs below 16 bits that a problem chooses from; ids of its choices are indices of pairs.
[[nodiscard]] constexpr std::uint32_t quantized_pairs(const choice_problem& problem,
                                                      const format_pairs& pairs) {
  std::uint32_t all = 0;
  for (const auto& list : problem.lists) {
    for (const choice& c : list) {
      all |= pairs[c.id].is_16bit() ? 0U : 1U << c.id;
    }
  }
  return all;
}

/// Writes the choices of `whole` with one of `pairs` into a problem; false where a list has none.
constexpr bool keep_pairs(choice_problem& problem, const choice_lists& whole, std::uint32_t pairs) {
  problem.lists.clear();
  bool possible = true;
  for (const auto& list : whole) {
    problem.lists.push_back({});
    auto& kept = problem.lists[problem.lists.size() - 1];
    for (const choice& c : list) {
      if ((pairs >> c.id & 1U) != 0) {
        kept.push_back(c);
      }
    }
    possible = possible && !kept.empty();
  }
  return possible;
}

/// True for pairs that a plan may quantize with side by side: FP8 per tensor beside FP8 in blocks gains nothing that a prediction could tell.
[[nodiscard]] constexpr bool goes_with(const format_pair& a, const format_pair& b) {
  return published_format(a.weight) != published_format(b.weight);
}

/// Every two of `all` with weights of different kinds; one, where there is no second.
[[nodiscard]] constexpr static_vector<format_couple, max_format_couples> all_couples(
    const format_pairs& pairs, std::uint32_t all) {
  static_vector<format_couple, max_format_couples> couples;
  for (std::size_t first = 0; first < pairs.size(); ++first) {
    bool alone = ((all >> first) & 1U) != 0;
    const bool open = alone;
    for (std::size_t second = 0; open && second < pairs.size(); ++second) {
      if (((all >> second) & 1U) != 0 && goes_with(pairs[first], pairs[second])) {
        alone = false;
        if (first < second) {
          couples.push_back({.first = first, .second = second});
        }
      }
    }
    if (alone) {
      couples.push_back({.first = first, .second = first});
    }
  }
  return couples;
}

/// The couples of `all`, the least bound first; without those that cannot cost less than problem.cost_below.
///
/// formula   see the head of this file; a few couples are not worth prices: their bound is what the cheapest choices cost
[[nodiscard]] constexpr static_vector<format_couple, max_format_couples> couples_of(
    const choice_problem& problem, const format_pairs& pairs, std::uint32_t all) {
  constexpr std::size_t few = 3;
  const static_vector<format_couple, max_format_couples> candidates = all_couples(pairs, all);
  static_vector<format_couple, max_format_couples> couples;
  std::array<double, max_resources> prices{};
  double worth = 0;  // of the limits
  if (candidates.size() > few) {
    priced_choices priced{problem};
    if (!priced.is_possible()) {
      return couples;
    }
    priced.find_prices();
    if (priced.bound() >= problem.cost_below) {
      return couples;
    }
    prices = priced.prices_as_given();
    worth = priced.priced_limits();
  }
  constexpr double never = 1e300;
  const std::size_t decisions = problem.lists.size();
  std::array<std::array<double, max_choice_lists>, max_format_pairs> cost{};
  for (std::size_t d = 0; d < decisions; ++d) {
    double wide = never;
    for (std::size_t s = 0; s < pairs.size(); ++s) {
      cost[s][d] = never;
    }
    for (const choice& c : problem.lists[d]) {
      cost[c.id][d] = c.cost;
      for (std::size_t k = 0; k < problem.resources; ++k) {
        cost[c.id][d] += prices[k] * c.use[k];
      }
      wide = pairs[c.id].is_16bit() && cost[c.id][d] < wide ? cost[c.id][d] : wide;
    }
    for (std::size_t s = 0; s < pairs.size(); ++s) {
      cost[s][d] = wide < cost[s][d] ? wide : cost[s][d];
    }
  }
  for (format_couple couple : candidates) {
    couple.bound = -worth;
    for (std::size_t d = 0; d < decisions; ++d) {
      const double a = cost[couple.first][d];
      const double b = cost[couple.second][d];
      couple.bound += a < b ? a : b;
    }
    if (couple.bound >= problem.cost_below) {
      continue;
    }
    couples.push_back(couple);
    for (std::size_t i = couples.size() - 1; i > 0 && couple.bound < couples[i - 1].bound; --i) {
      couples[i] = couples[i - 1];
      couples[i - 1] = couple;
    }
  }
  return couples;
}

}  // namespace quantroof::detail

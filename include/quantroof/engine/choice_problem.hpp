// SPDX-License-Identifier: Apache-2.0
//
// The multiple-choice knapsack: one choice from every list, least cost, uses of several resources within their limits. Solved exactly.
//
//   1  choices that another of their list beats in cost and every use are dropped
//   2  prices of the resources (Lagrangian multipliers) by coordinate ascent: their value is a lower bound
//   3  branch and bound, depth first, by that bound; the incumbent is optimal when the search ends
//
// Nothing is allocated: the search (choice_search.hpp) is a loop over fixed arrays. Where `most_nodes` ends it early, the answer carries the bound, and with it a gap.
// Not here: what costs and uses mean (optimize_space.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/static_vector.hpp"

namespace quantroof {

inline constexpr std::size_t max_choice_lists = 25;
inline constexpr std::size_t max_choices = 16;
inline constexpr std::size_t max_resources = 8;

/// One choice: what it costs and what it uses of each resource; all not negative.
struct choice {
  std::uint8_t id = 0;  // the caller's
  double cost = 0;
  std::array<double, max_resources> use{};
};

using choice_lists = static_vector<static_vector<choice, max_choices>, max_choice_lists>;

/// Lists to choose from and what there is of each resource.
struct choice_problem {
  choice_lists lists{};
  std::size_t resources = 0;                   // of max_resources
  std::array<double, max_resources> limits{};  // of their sums
  double cost_below = 1e300;                   // only solutions cheaper than this are of interest
  std::int64_t most_nodes = std::int64_t{1} << 18;
};

/// The cheapest choice from every list.
struct choice_solution {
  bool found = false;    // false: none within the limits that costs less than cost_below
  bool complete = true;  // false: most_nodes ended the search
  double cost = 0;
  double bound = 0;                                     // nothing within the limits costs less
  std::array<std::uint8_t, max_choice_lists> chosen{};  // ids
  std::int64_t nodes = 0;

  /// How far the answer may be from the optimum, as a share of it; 0 where it is the optimum.
  [[nodiscard]] constexpr double gap() const {
    return !found || complete || cost <= 0 ? 0.0 : (cost - bound) / cost;
  }
};

}  // namespace quantroof

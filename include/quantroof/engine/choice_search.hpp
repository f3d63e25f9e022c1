// SPDX-License-Identifier: Apache-2.0
//
// The search for the best solution of a choice_problem: branch and bound, depth first, by the bound that prices give (choice_prices.hpp).
//
//   tree      lists by how much their second choice costs more, choices by priced cost: where one is too dear, all after it are
//   memory    of partial solutions of each depth: one that costs and uses no less than an earlier one is not followed
//   prices    are found quickly first, and refined where a tree turns out to be large
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_prices.hpp"
#include "quantroof/engine/choice_problem.hpp"

namespace quantroof {

namespace detail {

/// A search for one problem.
class choice_search {
 public:
  constexpr explicit choice_search(const choice_problem& p)
      : choices_(p), best_cost_(p.cost_below) {}

  [[nodiscard]] constexpr choice_solution solve(std::int64_t most_nodes) {
    if (!choices_.is_possible()) {
      solution_.bound = best_cost_;
      return solution_;
    }
    double least = 0;
    for (std::size_t i = 0; i < choices_.lists.size(); ++i) {
      least += choices_.lists[i][choices_.cheapest(i)].cost;
    }
    solution_.bound = least;
    if (least >= best_cost_ || take_cheapest(least)) {
      return solution_;
    }
    choices_.find_prices();
    constexpr std::int64_t small_tree = 1000;
    if (!search(least, most_nodes < small_tree ? most_nodes : small_tree) &&
        most_nodes > small_tree) {
      choices_.refine_prices();
      solution_.complete = true;
      static_cast<void>(search(least, most_nodes));
    }
    if (solution_.complete && solution_.found) {
      solution_.bound = solution_.cost;
    }
    return solution_;
  }

 private:
  using list = priced_choices::list;
  static constexpr std::size_t remembered = 32;  // partial solutions of each depth

  /// Walks the tree at the prices there are; false where most_nodes ended it. What was found before stays the solution to beat.
  constexpr bool search(double least, std::int64_t most_nodes) {
    solution_.bound = choices_.bound() > least ? choices_.bound() : least;
    if (solution_.bound >= best_cost_) {
      return true;
    }
    sort_by_price();
    seen_count_ = {};
    walk(most_nodes);
    return solution_.complete;
  }

  constexpr bool take_cheapest(double cost) {
    std::array<double, max_resources> use{};
    for (std::size_t i = 0; i < choices_.lists.size(); ++i) {
      const choice& c = choices_.lists[i][choices_.cheapest(i)];
      solution_.chosen[i] = c.id;
      for (std::size_t k = 0; k < choices_.resources(); ++k) {
        use[k] += c.use[k];
      }
    }
    for (std::size_t k = 0; k < choices_.resources(); ++k) {
      if (use[k] > choices_.limit(k)) {
        return false;
      }
    }
    solution_.found = true;
    solution_.cost = cost;
    return true;
  }

  /// Lists by the spread of their priced costs, widest first; choices by priced cost.
  constexpr void sort_by_price() {
    for (std::size_t i = 0; i < choices_.lists.size(); ++i) {
      list& l = choices_.lists[i];
      std::array<double, max_choices> cost{};
      for (std::size_t a = 0; a < l.size(); ++a) {
        const choice moved = l[a];
        cost[a] = choices_.priced(moved);
        for (std::size_t b = a; b > 0 && cost[b] < cost[b - 1]; --b) {
          l[b] = l[b - 1];
          l[b - 1] = moved;
          const double dearer = cost[b - 1];
          cost[b - 1] = cost[b];
          cost[b] = dearer;
        }
      }
      order_[i] = i;
    }
    const auto spread = [this](std::size_t i) {
      const list& l = choices_.lists[i];
      return l.size() > 1 ? choices_.priced(l[1]) - choices_.priced(l[0]) : 1e300;
    };
    for (std::size_t a = 1; a < choices_.lists.size(); ++a) {
      for (std::size_t b = a; b > 0 && spread(order_[b]) > spread(order_[b - 1]); --b) {
        const std::size_t moved = order_[b];
        order_[b] = order_[b - 1];
        order_[b - 1] = moved;
      }
    }
    for (std::size_t d = choices_.lists.size(); d > 0; --d) {
      const list& l = choices_.lists[order_[d - 1]];
      rest_[d - 1].value = rest_[d].value + choices_.priced(l[0]);
      for (std::size_t k = 0; k < choices_.resources(); ++k) {
        double least = l[0].use[k];
        for (const choice& c : l) {
          least = c.use[k] < least ? c.use[k] : least;
        }
        rest_[d - 1].use[k] = rest_[d].use[k] + least;
      }
    }
  }

  constexpr void walk(std::int64_t most_nodes) {
    const double offset = choices_.priced_limits();
    const std::size_t n = choices_.lists.size();
    std::array<std::size_t, max_choice_lists + 1> at{};  // the next choice to try at each depth
    std::array<partial, max_choice_lists + 1> sum{};
    std::size_t depth = 0;
    while (true) {
      const list& l = choices_.lists[order_[depth]];
      bool descended = false;
      while (at[depth] < l.size()) {
        const choice& c = l[at[depth]];
        const double priced_sum = sum[depth].priced + choices_.priced(c);
        // dearer choices only follow
        if (priced_sum + rest_[depth + 1].value - offset >= best_cost_ * (1 - 1e-12)) {
          break;
        }
        ++at[depth];
        if (++solution_.nodes > most_nodes) {
          solution_.complete = false;
          return;
        }
        partial next = sum[depth];
        next.priced = priced_sum;
        next.cost += c.cost;
        bool fits = true;
        for (std::size_t k = 0; k < choices_.resources() && fits; ++k) {
          next.use[k] += c.use[k];
          fits = next.use[k] + rest_[depth + 1].use[k] <= choices_.limit(k);
        }
        if (!fits) {
          continue;
        }
        if (depth + 1 < n && was_beaten(depth + 1, next)) {
          continue;
        }
        taken_[order_[depth]] = c.id;
        if (depth + 1 < n) {
          sum[depth + 1] = next;
          at[depth + 1] = 0;
          ++depth;
          descended = true;
          break;
        }
        if (next.cost < best_cost_) {
          best_cost_ = next.cost;
          solution_.found = true;
          solution_.cost = next.cost;
          solution_.chosen = taken_;
        }
      }
      if (!descended) {
        if (depth == 0) {
          return;
        }
        --depth;
      }
    }
  }

  struct partial {
    double cost;
    double priced;
    std::array<double, max_resources> use;
  };
  /// Whether an earlier partial solution of the same depth costs and uses no more: its completions were seen. Remembers this one otherwise.
  constexpr bool was_beaten(std::size_t depth, const partial& now) {
    std::array<partial, remembered>& seen = seen_[depth];
    std::size_t& count = seen_count_[depth];
    for (std::size_t i = 0; i < count && i < seen.size(); ++i) {
      const partial& before = seen[i];
      bool no_worse = before.cost <= now.cost;
      for (std::size_t k = 0; k < choices_.resources() && no_worse; ++k) {
        no_worse = before.use[k] <= now.use[k];
      }
      if (no_worse) {
        return true;
      }
    }
    seen[count++ % seen.size()] = now;  // the oldest makes room
    return false;
  }
  struct remainder {
    double value = 0;
    std::array<double, max_resources> use{};
  };

  priced_choices choices_;
  double best_cost_;
  std::array<std::size_t, max_choice_lists> order_{};
  std::array<remainder, max_choice_lists + 1> rest_{};
  std::array<std::size_t, max_choice_lists> seen_count_{};
  std::array<std::array<partial, remembered>, max_choice_lists> seen_;  // filled as it is counted
  std::array<std::uint8_t, max_choice_lists> taken_{};
  choice_solution solution_{};
};

}  // namespace detail

/// The cheapest choice from every list within the limits.
///
/// formula   see the head of this file; of equal solutions the first that the search meets
/// requires  every list holds a choice; costs and uses not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr choice_solution solve(const choice_problem& p) {
  return detail::choice_search{p}.solve(p.most_nodes);
}

}  // namespace quantroof

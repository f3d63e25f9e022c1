// SPDX-License-Identifier: Apache-2.0
//
// The search for the best solution of a choice_problem: prices of its resources, then branch and bound.
//
//   prices    for each resource the price at which the cheapest choices just fit, one after the other until the bound stops rising
//   tree      lists by how much their second choice costs more, choices by priced cost: where one is too dear, all after it are
//   memory    of partial solutions of each depth: one that costs and uses no less than an earlier one is not followed
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_problem.hpp"

namespace quantroof {

namespace detail {

/// A search for one problem: prices, bounds, the tree.
class choice_search {
 public:
  constexpr explicit choice_search(const choice_problem& p) {
    expects(p.resources <= max_resources, "choice_problem: at most 8 resources");
    best_cost_ = p.cost_below;
    std::array<std::size_t, max_resources> given_as{};
    for (std::size_t k = 0; k < p.resources; ++k) {
      double most = 0;
      for (const auto& given : p.lists) {
        double of_list = 0;
        for (const choice& c : given) {
          of_list = c.use[k] > of_list ? c.use[k] : of_list;
        }
        most += of_list;
      }
      // sums of doubles: the last bits are noise
      const double limit = p.limits[k] + 1e-9 * (p.limits[k] < 0 ? -p.limits[k] : p.limits[k]);
      if (most > limit) {  // a resource that always suffices decides nothing
        limits_[resources_] = limit;
        given_as[resources_++] = k;
      }
    }
    for (const auto& given : p.lists) {
      expects(!given.empty(), "choice_problem: a list needs at least one choice");
      list all;
      for (const choice& c : given) {
        choice kept{.id = c.id, .cost = c.cost};
        for (std::size_t k = 0; k < resources_; ++k) {
          kept.use[k] = c.use[given_as[k]];
        }
        all.push_back(kept);
      }
      lists_.push_back({});
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (!is_beaten(all, i)) {
          lists_[lists_.size() - 1].push_back(all[i]);
        }
      }
    }
  }

  [[nodiscard]] constexpr choice_solution solve(std::int64_t most_nodes) {
    if (!is_possible()) {
      solution_.bound = best_cost_;
      return solution_;
    }
    double least = 0;
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      least += lists_[i][cheapest(i)].cost;
    }
    solution_.bound = least;
    if (least >= best_cost_) {
      return solution_;
    }
    if (take_cheapest(least)) {
      return solution_;
    }
    find_prices();
    solution_.bound = dual_ > least ? dual_ : least;
    if (solution_.bound >= best_cost_) {
      return solution_;
    }
    sort_by_price();
    walk(most_nodes);
    if (solution_.complete && solution_.found) {
      solution_.bound = solution_.cost;
    }
    return solution_;
  }

 private:
  using list = static_vector<choice, max_choices>;
  static constexpr std::size_t remembered = 32;  // partial solutions of each depth

  [[nodiscard]] constexpr bool is_beaten(const list& all, std::size_t i) const {
    for (std::size_t j = 0; j < all.size(); ++j) {
      if (i == j || all[j].cost > all[i].cost) {
        continue;
      }
      bool no_worse = true;
      bool equal = all[j].cost == all[i].cost;
      for (std::size_t k = 0; k < resources_ && no_worse; ++k) {
        no_worse = all[j].use[k] <= all[i].use[k];
        equal = equal && all[j].use[k] == all[i].use[k];
      }
      if (no_worse && (!equal || j < i)) {
        return true;
      }
    }
    return false;
  }

  /// Whether every resource suffices for its least uses.
  [[nodiscard]] constexpr bool is_possible() const {
    for (std::size_t k = 0; k < resources_; ++k) {
      double sum = 0;
      for (const list& l : lists_) {
        double least = l[0].use[k];
        for (const choice& c : l) {
          least = c.use[k] < least ? c.use[k] : least;
        }
        sum += least;
      }
      if (sum > limits_[k]) {
        return false;
      }
    }
    return true;
  }

  /// The choice of list i that costs least at the prices; the first of equals.
  [[nodiscard]] constexpr std::size_t cheapest(std::size_t i) const {
    std::size_t best = 0;
    double least = priced(lists_[i][0]);
    for (std::size_t j = 1; j < lists_[i].size(); ++j) {
      const double cost = priced(lists_[i][j]);
      if (cost < least) {
        best = j;
        least = cost;
      }
    }
    return best;
  }
  [[nodiscard]] constexpr double priced(const choice& c) const {
    double cost = c.cost;
    for (std::size_t k = 0; k < resources_; ++k) {
      cost += prices_[k] * c.use[k];
    }
    return cost;
  }

  constexpr bool take_cheapest(double cost) {
    std::array<double, max_resources> use{};
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      const choice& c = lists_[i][cheapest(i)];
      solution_.chosen[i] = c.id;
      for (std::size_t k = 0; k < resources_; ++k) {
        use[k] += c.use[k];
      }
    }
    for (std::size_t k = 0; k < resources_; ++k) {
      if (use[k] > limits_[k]) {
        return false;
      }
    }
    solution_.found = true;
    solution_.cost = cost;
    return true;
  }

  // ---- Prices ------------------------------------------------------------------------------------------------------------------

  /// What the cheapest choices use of resource k beyond its limit; also their value in `value`.
  [[nodiscard]] constexpr double excess(std::size_t k, double& value) const {
    double used = -limits_[k];
    value = 0;
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      const choice& c = lists_[i][cheapest(i)];
      used += c.use[k];
      value += priced(c);
    }
    for (std::size_t r = 0; r < resources_; ++r) {
      value -= prices_[r] * limits_[r];
    }
    return used;
  }

  constexpr void find_prices() {
    const auto keep_if_higher = [this](double value) {
      if (value > dual_) {
        dual_ = value;
        best_prices_ = prices_;
      }
    };
    const int rounds = resources_ > 1 ? 3 : 1;
    for (int round = 0; round < rounds; ++round) {
      const double before = dual_;
      for (std::size_t k = 0; k < resources_; ++k) {
        double value = 0;
        prices_[k] = 0;
        if (excess(k, value) <= 0) {
          keep_if_higher(value);
          continue;
        }
        double high = first_price(k);
        double low = 0;
        for (int i = 0; i < 200; ++i) {
          prices_[k] = high;
          const bool enough = excess(k, value) <= 0;
          keep_if_higher(value);
          if (enough) {
            break;
          }
          low = high;
          high *= 4;
        }
        for (int i = 0; i < 12; ++i) {
          prices_[k] = 0.5 * (low + high);
          (excess(k, value) > 0 ? low : high) = prices_[k];
          keep_if_higher(value);
        }
        prices_[k] = high;
      }
      if (round > 0 && dual_ <= before * (1 + 1e-6)) {
        break;
      }
    }
    prices_ = best_prices_;
  }

  /// Cost that all cheapest choices have, per unit of the resource's limit: a scale to start from.
  [[nodiscard]] constexpr double first_price(std::size_t k) const {
    double cost = 0;
    for (const list& l : lists_) {
      cost += l[0].cost;
    }
    const double unit = limits_[k] > 1e-12 ? limits_[k] : 1e-12;
    return cost > 0 ? 0.25 * cost / unit : 1.0 / unit;
  }

  // ---- Tree --------------------------------------------------------------------------------------------------------------------

  /// Lists by the spread of their priced costs, widest first; choices by priced cost.
  constexpr void sort_by_price() {
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      list& l = lists_[i];
      for (std::size_t a = 1; a < l.size(); ++a) {
        for (std::size_t b = a; b > 0 && priced(l[b]) < priced(l[b - 1]); --b) {
          const choice moved = l[b];
          l[b] = l[b - 1];
          l[b - 1] = moved;
        }
      }
      order_[i] = i;
    }
    const auto spread = [this](std::size_t i) {
      const list& l = lists_[i];
      return l.size() > 1 ? priced(l[1]) - priced(l[0]) : 1e300;
    };
    for (std::size_t a = 1; a < lists_.size(); ++a) {
      for (std::size_t b = a; b > 0 && spread(order_[b]) > spread(order_[b - 1]); --b) {
        const std::size_t moved = order_[b];
        order_[b] = order_[b - 1];
        order_[b - 1] = moved;
      }
    }
    for (std::size_t d = lists_.size(); d > 0; --d) {
      const list& l = lists_[order_[d - 1]];
      rest_[d - 1].value = rest_[d].value + priced(l[0]);
      for (std::size_t k = 0; k < resources_; ++k) {
        double least = l[0].use[k];
        for (const choice& c : l) {
          least = c.use[k] < least ? c.use[k] : least;
        }
        rest_[d - 1].use[k] = rest_[d].use[k] + least;
      }
    }
  }

  constexpr void walk(std::int64_t most_nodes) {
    double offset = 0;
    for (std::size_t k = 0; k < resources_; ++k) {
      offset += prices_[k] * limits_[k];
    }
    const std::size_t n = lists_.size();
    std::array<std::size_t, max_choice_lists + 1> at{};  // the next choice to try at each depth
    std::array<partial, max_choice_lists + 1> sum{};
    std::size_t depth = 0;
    while (true) {
      const list& l = lists_[order_[depth]];
      bool descended = false;
      while (at[depth] < l.size()) {
        const choice& c = l[at[depth]];
        const double priced_sum = sum[depth].priced + priced(c);
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
        for (std::size_t k = 0; k < resources_ && fits; ++k) {
          next.use[k] += c.use[k];
          fits = next.use[k] + rest_[depth + 1].use[k] <= limits_[k];
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
      for (std::size_t k = 0; k < resources_ && no_worse; ++k) {
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

  std::size_t resources_ = 0;  // that can run short
  std::array<double, max_resources> limits_{};
  static_vector<list, max_choice_lists> lists_{};
  std::array<double, max_resources> prices_{};
  std::array<double, max_resources> best_prices_{};
  double dual_ = 0;
  double best_cost_ = 0;
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

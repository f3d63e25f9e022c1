// SPDX-License-Identifier: Apache-2.0
//
// Choices with prices for what they use (Lagrangian multipliers): the cheapest choices at any prices give a lower bound of all solutions, and the
// best prices give the best bound.
//
//   coordinate ascent   for each resource the price at which the cheapest choices just fit, one after the other until the bound stops rising
//   pattern search      smaller and smaller steps of one price, and of two in opposite directions: where the tree turns out to be large
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_problem.hpp"

namespace quantroof::detail {

/// The lists of a problem without choices that others beat, and without resources that always suffice.
class priced_choices {
 public:
  constexpr explicit priced_choices(const choice_problem& p) {
    expects(p.resources <= max_resources, "choice_problem: at most 8 resources");
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
        given_as_[resources_++] = k;
      }
    }
    for (const auto& given : p.lists) {
      expects(!given.empty(), "choice_problem: a list needs at least one choice");
      lists.push_back({});
      list& kept = lists[lists.size() - 1];
      for (const choice& c : given) {
        if (is_beaten(given, c)) {
          continue;
        }
        choice reduced{.id = c.id, .cost = c.cost};
        for (std::size_t k = 0; k < resources_; ++k) {
          reduced.use[k] = c.use[given_as_[k]];
        }
        kept.push_back(reduced);
      }
    }
  }

  /// Whether every resource suffices for its least uses.
  [[nodiscard]] constexpr bool is_possible() const {
    for (std::size_t k = 0; k < resources_; ++k) {
      double sum = 0;
      for (const list& l : lists) {
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
    std::size_t j = 0;
    double least = 0;
    for (const choice& c : lists[i]) {
      const double cost = priced(c);
      if (j == 0 || cost < least) {
        best = j;
        least = cost;
      }
      ++j;
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

  /// The prices by the numbers of the problem as it was given.
  [[nodiscard]] constexpr std::array<double, max_resources> prices_as_given() const {
    std::array<double, max_resources> prices{};
    for (std::size_t k = 0; k < resources_; ++k) {
      prices[given_as_[k]] = prices_[k];
    }
    return prices;
  }

  /// What the cheapest choices use of resource k beyond its limit; also their value in `value`.
  [[nodiscard]] constexpr double excess(std::size_t k, double& value) const {
    double used = -limits_[k];
    value = -priced_limits();
    for (const list& l : lists) {
      const choice* best = l.begin();
      double least = priced(*best);
      for (const choice* c = best + 1; c != l.end(); ++c) {
        const double cost = priced(*c);
        if (cost < least) {
          best = c;
          least = cost;
        }
      }
      used += best->use[k];
      value += least;
    }
    return used;
  }

  /// Prices by coordinate ascent.
  constexpr void find_prices() {
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
    for (const list& l : lists) {
      cost += l[0].cost;
    }
    const double unit = limits_[k] > 1e-12 ? limits_[k] : 1e-12;
    return cost > 0 ? 0.25 * cost / unit : 1.0 / unit;
  }

  /// Better prices by pattern search.
  constexpr void refine_prices() {
    double value = 0;
    double step = 0.2;
    for (int round = 0; round < 48 && step > 1e-6; ++round) {
      const double before = dual_;
      for (std::size_t k = 0; k < resources_; ++k) {
        for (std::size_t j = 0; j <= k; ++j) {
          for (const double sign : {1.0, -1.0}) {
            prices_ = best_prices_;
            prices_[k] *= 1 + sign * step;
            prices_[j] *= j == k ? 1.0 : 1 - sign * step;
            static_cast<void>(excess(k, value));
            keep_if_higher(value);
          }
        }
      }
      step *= dual_ > before * (1 + 1e-6) ? 1.0 : 0.5;
    }
    prices_ = best_prices_;
  }

  [[nodiscard]] constexpr std::size_t resources() const { return resources_; }
  [[nodiscard]] constexpr double limit(std::size_t k) const { return limits_[k]; }
  /// What all that there is of the resources costs.
  [[nodiscard]] constexpr double priced_limits() const {
    double sum = 0;
    for (std::size_t k = 0; k < resources_; ++k) {
      sum += prices_[k] * limits_[k];
    }
    return sum;
  }
  /// The bound at the best prices.
  [[nodiscard]] constexpr double bound() const { return dual_; }

  using list = static_vector<choice, max_choices>;
  static_vector<list, max_choice_lists> lists{};

 private:
  /// Whether another choice of a list as it was given costs and uses no more; of equals the first stays.
  [[nodiscard]] constexpr bool is_beaten(const list& given, const choice& c) const {
    bool before = true;
    for (const choice& other : given) {
      if (&other == &c) {
        before = false;
        continue;
      }
      if (other.cost > c.cost) {
        continue;
      }
      bool no_worse = true;
      bool equal = other.cost == c.cost;
      for (std::size_t k = 0; k < resources_ && no_worse; ++k) {
        const double others = other.use[given_as_[k]];
        const double own = c.use[given_as_[k]];
        no_worse = others <= own;
        equal = equal && others == own;
      }
      if (no_worse && (!equal || before)) {
        return true;
      }
    }
    return false;
  }

  constexpr void keep_if_higher(double value) {
    if (value > dual_) {
      dual_ = value;
      best_prices_ = prices_;
    }
  }

  std::size_t resources_ = 0;  // that can run short
  std::array<std::size_t, max_resources> given_as_{};
  std::array<double, max_resources> limits_{};
  std::array<double, max_resources> prices_{};
  std::array<double, max_resources> best_prices_{};
  double dual_ = 0;
};

}  // namespace quantroof::detail

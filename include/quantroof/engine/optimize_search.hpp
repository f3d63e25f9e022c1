// SPDX-License-Identifier: Apache-2.0
//
// The search over the tables: for every cache and every engine one knapsack over all decisions, which shares the best answer so far with the
// others.
//
// A plan quantizes with at most two pairs of weight and input formats beside 16 bits, of different kinds, as published checkpoints do: one small
// knapsack for every two that the bound at the prices of the large one leaves over. At least one engine runs all of a plan. Of the attention kernels
// an engine offers, each phase takes the fastest.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_problem.hpp"
#include "quantroof/engine/choice_search.hpp"
#include "quantroof/engine/engine_support.hpp"
#include "quantroof/engine/format_couples.hpp"
#include "quantroof/engine/kernel_choice.hpp"
#include "quantroof/engine/optimize_quality.hpp"
#include "quantroof/engine/optimize_request.hpp"
#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/engine/plan_choice.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof::detail {

/// One search: the tables, the goal and the best plan so far.
class plan_search {
 public:
  constexpr plan_search(const optimize_tables& t, const hardware_spec& hw, const search_goal& goal,
                        const quality_options& quality)
      : t_(t), hw_(hw), goal_(goal), gate_(t, goal.quality, quality) {
    double weights = 0;
    double tokens = 0;
    for (const workload_point& p : t.workload) {
      weights += p.weight;
      tokens += p.phase == phase::decode ? p.weight * static_cast<double>(p.batch) : 0.0;
    }
    const bool per_token =
        goal.goal == objective::max_throughput || goal.goal == objective::min_cost;
    scale_ = per_token && tokens > 0 ? 1.0 / tokens : 1.0 / weights;
    if (goal.goal == objective::min_cost) {
      scale_ *= goal.price_per_hour / 3.6e9 * static_cast<double>(t.plan.devices());
    }
  }

  /// The best plan that scores less than `below`.
  [[nodiscard]] constexpr plan_choice best(double below = 1e300) {
    best_.score = below;
    best_.bound = below;
    for (std::size_t engine = 0; engine < engines::all.size(); ++engine) {
      for (std::size_t cache = 0; t_.engines.contains(engine) && cache < t_.caches.size();
           ++cache) {
        for (const bool fp8 : {false, true}) {
          const kernel_choice kernels = kernels_of(t_, hw_, engine, cache, fp8);
          if (kernels.found && fp8 == kernels.fp8_products && !t_.caches[cache].closed) {
            add_engine(engine, cache, kernels);
          }
        }
      }
    }
    if (best_.complete || best_.bound > best_.score) {
      best_.bound = best_.score;
    }
    return best_;
  }

 private:
  /// Which pairs may be chosen, and with what: what two searches with the same answer share.
  struct tried {
    std::uint32_t pairs = 0;
    std::size_t cache = 0;
    std::array<std::size_t, 2> kernel{};
  };

  /// What one knapsack is about.
  struct setting {
    std::size_t cache = 0;
    kernel_choice kernels{};
    std::optional<double> nats{};                        // limit of the sum
    std::array<std::uint32_t, max_choice_lists> open{};  // pairs of each decision
  };

  constexpr void add_engine(std::size_t engine, std::size_t cache, const kernel_choice& kernels) {
    std::uint32_t mask = 0;
    bool wide = false;
    for (std::size_t s = 0; s < t_.pairs.size(); ++s) {
      if (t_.pairs[s].engines.contains(engine)) {
        mask |= 1U << s;
        wide = wide || t_.pairs[s].is_16bit();
      }
    }
    if (wide && !was_tried({mask, cache, kernels.kernel})) {
      add_pairs_of(mask, cache, kernels);
    }
  }

  /// Plans that mix pairs, by their sum of losses; plans of one class of formats, by what was measured of it.
  constexpr void add_pairs_of(std::uint32_t mask, std::size_t cache, const kernel_choice& kernels) {
    setting now{.cache = cache, .kernels = kernels};
    now.open.fill(mask);
    if (gate_.admits_sums()) {
      now.nats = gate_.nats();
      solve_mixed(now);
    }
    for (std::size_t s = 0; s < t_.pairs.size(); ++s) {
      if (((mask >> s) & 1U) == 0 || gate_.class_of(s) != s) {
        continue;
      }
      now.nats.reset();
      for (std::size_t d = 0; d < t_.decisions.size(); ++d) {
        // published rows keep the LM head in 16 bits: they speak for no other
        now.open[d] =
            t_.decisions[d].group == operator_group::lm_head ? wide_pairs(mask) : members(mask, s);
      }
      if (least_score(now) < best_.score && gate_.admits_class(s, cache)) {
        solve_one(now);
      }
    }
  }

  /// The pairs of a mask with 16-bit weights.
  [[nodiscard]] constexpr std::uint32_t wide_pairs(std::uint32_t mask) const {
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < t_.pairs.size(); ++i) {
      all |= t_.pairs[i].is_16bit() ? 1U << i : 0U;
    }
    return all & mask;
  }
  /// The pairs of a mask in the class of s.
  [[nodiscard]] constexpr std::uint32_t members(std::uint32_t mask, std::size_t s) const {
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < t_.pairs.size(); ++i) {
      all |= gate_.class_of(i) == gate_.class_of(s) ? 1U << i : 0U;
    }
    return all & mask;
  }

  /// As solve_one, without the plans in one class that measured rows forbid: those are cut off, one decision after the other made to differ.
  constexpr void solve_mixed(setting& now) {
    const plan_choice before = best_;
    solve_one(now);
    const auto uniform = class_of_all();
    if (best_.score == before.score || !uniform || !gate_.forbids_class(*uniform, now.cache)) {
      return;
    }
    const std::int64_t nodes = best_.nodes;
    best_ = before;
    best_.nodes = nodes;
    for (std::size_t d = 0; d < t_.decisions.size(); ++d) {
      if (t_.decisions[d].group == operator_group::lm_head) {
        continue;
      }
      const std::uint32_t kept = now.open[d];
      now.open[d] &= ~members(kept, *uniform);
      solve_mixed(now);
      now.open[d] = members(kept, *uniform);  // decided: the rest of the plans with the class here
    }
  }

  /// The class of the best plan's pairs, where all but the LM head have one.
  [[nodiscard]] constexpr std::optional<std::size_t> class_of_all() const {
    std::optional<std::size_t> one;
    for (std::size_t d = 0; best_.found && d < t_.decisions.size(); ++d) {
      if (t_.decisions[d].group == operator_group::lm_head) {
        continue;
      }
      const std::size_t c = gate_.class_of(best_.pair[d]);
      if (one && *one != c) {
        return std::nullopt;
      }
      one = c;
    }
    return one;
  }

  [[nodiscard]] constexpr bool was_tried(const tried& now) {
    for (const tried& t : tried_) {
      // a search among more pairs has found what this one could
      if ((now.pairs & t.pairs) == now.pairs && t.cache == now.cache && t.kernel == now.kernel) {
        return true;
      }
    }
    if (tried_.size() < tried_.capacity()) {
      tried_.push_back(now);
    }
    return false;
  }

  /// Times that no decision changes.
  [[nodiscard]] constexpr std::array<double, max_workload_points> fixed_times(
      const setting& now) const {
    std::array<double, max_workload_points> fixed{};
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      const std::size_t kernel = now.kernels.kernel[static_cast<std::size_t>(t_.workload[p].phase)];
      fixed[p] = t_.fixed_us[p] + t_.attention_us[now.cache][kernel][p];
    }
    return fixed;
  }
  /// What no decision changes, and the part of the objective that is.
  [[nodiscard]] constexpr double fixed_cost(const setting& now) const {
    if (goal_.quality_first) {
      return fixed_nats(now);
    }
    if (goal_.goal == objective::min_memory) {
      return t_.fixed_bytes + t_.caches[now.cache].bytes;
    }
    const auto fixed = fixed_times(now);
    double cost = 0;
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      cost += scale_ * t_.workload[p].weight * fixed[p];
    }
    return cost;
  }
  [[nodiscard]] constexpr double fixed_nats(const setting& now) const {
    return t_.caches[now.cache].nats + (now.kernels.fp8_products ? t_.products_nats : 0.0);
  }
  /// The objective of the cheapest choices, whatever the limits.
  [[nodiscard]] constexpr double least_score(const setting& now) const {
    double score = fixed_cost(now);
    for (std::size_t d = 0; d < t_.decisions.size(); ++d) {
      double least = 1e300;
      for (std::size_t s = 0; s < t_.pairs.size(); ++s) {
        if (((now.open[d] >> s) & 1U) != 0 && !t_.closed[s][d]) {
          const double cost = choice_of(d, s, false).cost;
          least = cost < least ? cost : least;
        }
      }
      score += least;
    }
    return score;
  }

  constexpr void solve_one(const setting& now) {
    const std::array<double, max_workload_points> fixed = fixed_times(now);
    const double fixed_bytes = t_.fixed_bytes + t_.caches[now.cache].bytes;
    const double least = fixed_cost(now);
    if (least >= best_.score) {
      return;
    }

    problem_.resources = 0;
    problem_.cost_below = best_.score - least;
    problem_.most_nodes = goal_.most_nodes;
    const auto add_resource = [this](double limit) {
      problem_.limits[problem_.resources++] = limit;
    };
    if (goal_.bytes) {
      add_resource(*goal_.bytes - fixed_bytes);
    }
    if (now.nats) {
      add_resource(*now.nats - fixed_nats(now));
    }
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      const auto& limit = t_.workload[p].phase == phase::decode ? goal_.tpot_us : goal_.ttft_us;
      if (limit) {
        add_resource(*limit - fixed[p]);
      }
    }
    const bool limited = now.nats.has_value();
    if (!add_lists(now.open, limited)) {
      return;
    }
    const std::uint32_t all = quantized_pairs(problem_, t_.pairs);
    if (std::popcount(all) <= 1) {
      solve_lists(now, fixed, least);
      return;
    }
    const choice_lists whole = problem_.lists;
    for (const format_couple& couple : couples_of(problem_, t_.pairs, all)) {
      problem_.cost_below = best_.score - least;
      if (couple.bound >= problem_.cost_below) {
        return;
      }
      if (keep_pairs(problem_, whole, couple.pairs() | ~all)) {
        solve_lists(now, fixed, least);
      }
    }
  }

  /// Writes the lists of a problem; false where a decision has no choice.
  constexpr bool add_lists(const std::array<std::uint32_t, max_choice_lists>& open, bool limited) {
    problem_.lists.clear();
    for (std::size_t d = 0; d < t_.decisions.size(); ++d) {
      problem_.lists.push_back({});
      for (std::size_t s = 0; s < t_.pairs.size(); ++s) {
        if (((open[d] >> s) & 1U) != 0 && !t_.closed[s][d]) {
          problem_.lists[d].push_back(choice_of(d, s, limited));
        }
      }
      if (problem_.lists[d].empty()) {
        return false;
      }
    }
    return true;
  }

  constexpr void solve_lists(const setting& now,
                             const std::array<double, max_workload_points>& fixed, double least) {
    const choice_solution found = solve(problem_);
    best_.nodes += found.nodes;
    if (!found.complete) {
      best_.complete = false;
      const double bound = least + found.bound;
      best_.bound = bound < best_.bound ? bound : best_.bound;
    }
    if (found.found) {
      keep(found, now, fixed);
    }
  }

  [[nodiscard]] constexpr choice choice_of(std::size_t d, std::size_t s, bool nats_limited) const {
    choice c{.id = static_cast<std::uint8_t>(s)};
    std::size_t k = 0;
    if (goal_.bytes) {
      c.use[k++] = t_.bytes[s][d];
    }
    if (nats_limited) {
      c.use[k++] = t_.nats[s][d];
    }
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      const double time = t_.time_us[s][d][p];
      c.cost += scale_ * t_.workload[p].weight * time;
      if (t_.workload[p].phase == phase::decode ? goal_.tpot_us.has_value()
                                                : goal_.ttft_us.has_value()) {
        c.use[k++] = time;
      }
    }
    if (goal_.goal == objective::min_memory) {
      c.cost = t_.bytes[s][d];
    }
    if (goal_.quality_first) {
      c.cost = t_.nats[s][d];
    }
    return c;
  }

  constexpr void keep(const choice_solution& found, const setting& now,
                      const std::array<double, max_workload_points>& fixed) {
    best_.found = true;
    best_.pair = found.chosen;
    best_.cache = now.cache;
    best_.kernel = now.kernels.kernel;
    best_.fp8_products = now.kernels.fp8_products;
    best_.bytes = t_.fixed_bytes + t_.caches[now.cache].bytes;
    best_.nats = fixed_nats(now);
    best_.time_us = fixed;
    double mean = 0;
    for (std::size_t d = 0; d < t_.decisions.size(); ++d) {
      const std::size_t s = found.chosen[d];
      best_.bytes += t_.bytes[s][d];
      best_.nats += t_.nats[s][d];
      for (std::size_t p = 0; p < t_.workload.size(); ++p) {
        best_.time_us[p] += t_.time_us[s][d][p];
      }
    }
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      mean += scale_ * t_.workload[p].weight * best_.time_us[p];
    }
    best_.score = goal_.quality_first                   ? best_.nats
                  : goal_.goal == objective::min_memory ? best_.bytes
                                                        : mean;
  }

  const optimize_tables& t_;
  const hardware_spec& hw_;
  search_goal goal_;
  quality_gate gate_;
  double scale_ = 1;
  choice_problem problem_{};
  plan_choice best_{};
  static_vector<tried, 96> tried_{};
};

}  // namespace quantroof::detail

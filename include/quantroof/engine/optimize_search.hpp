// SPDX-License-Identifier: Apache-2.0
//
// The search over the tables: for every cache, every activation format and every engine one knapsack over all decisions, which shares the best
// answer so far with the others.
//
// A plan has one activation format for all quantized layers and one cache format for K and V, as mixed_precision_config has them, and at least one
// engine runs all of it. Of the attention kernels an engine offers, each phase takes the fastest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/choice_problem.hpp"
#include "quantroof/engine/choice_search.hpp"
#include "quantroof/engine/engine_support.hpp"
#include "quantroof/engine/optimize_request.hpp"
#include "quantroof/engine/optimize_tables.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof {

/// A plan as indices into its tables.
struct plan_choice {
  bool found = false;
  std::array<std::uint8_t, max_choice_lists> pair{};  // of each decision
  std::size_t cache = 0;
  std::array<std::size_t, 2> kernel{};  // by phase
  bool fp8_products = false;
  precision activation = precision::fp16;
  double score = 0;  // the objective: us, bytes, us or money for a token
  double bytes = 0;  // of the fullest device
  double nats = 0;   // upper end
  std::array<double, max_workload_points> time_us{};
  double bound = 0;  // no plan scores less
  std::int64_t nodes = 0;
  bool complete = true;

  [[nodiscard]] constexpr double gap() const {
    return !found || complete || score <= 0 ? 0.0 : (score - bound) / score;
  }
};

namespace detail {

/// What a search makes small, within which limits; nats, because a sum has to keep to it.
struct search_goal {
  objective goal = objective::min_time;
  std::optional<double> ttft_us{};
  std::optional<double> tpot_us{};
  std::optional<double> nats{};
  std::optional<double> bytes{};
  bool quality_first = false;  // make nats small instead of `goal`
  double price_per_hour = 1;
  std::int64_t most_nodes = 1 << 18;
};

[[nodiscard]] constexpr search_goal goal_of(const optimize_request& r, const optimize_tables& t) {
  search_goal g{.goal = r.goal,
                .ttft_us = r.limits.ttft_us,
                .tpot_us = r.limits.tpot_us,
                .price_per_hour = r.device_price_per_hour,
                .most_nodes = r.most_nodes};
  if (r.limits.quality_loss) {
    g.nats = ln(1 + *r.limits.quality_loss);
  }
  g.bytes = t.usable_bytes;
  if (r.limits.memory_bytes) {
    const auto own = static_cast<double>(*r.limits.memory_bytes);
    g.bytes = g.bytes && *g.bytes < own ? *g.bytes : own;
  }
  return g;
}

/// The attention of both phases in one engine: the fastest kernels that read the cache.
struct kernel_choice {
  bool found = false;
  bool fp8_products = false;
  std::array<std::size_t, 2> kernel{no_flash_attention, no_flash_attention};
};

/// One search: the tables, the goal and the best plan so far.
class plan_search {
 public:
  constexpr plan_search(const optimize_tables& t, const hardware_spec& hw, const search_goal& goal)
      : t_(t), hw_(hw), goal_(goal) {
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
          const kernel_choice kernels = kernels_of(engine, cache, fp8);
          if (kernels.found && (fp8 == kernels.fp8_products)) {
            add_engine(engine, cache, kernels);
          }
        }
      }
    }
    if (best_.complete) {
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

  [[nodiscard]] constexpr kernel_choice kernels_of(std::size_t engine, std::size_t cache,
                                                   bool fp8_allowed) const {
    kernel_choice c;
    const precision kv = t_.caches[cache].kv;
    if (t_.runs[no_flash_attention]) {  // separate kernels read 16 bits
      c.found = format_of(kv).element_bits == 16;
      return c;
    }
    const auto time_of = [&](phase ph, std::size_t kernel) {
      double sum = 0;
      for (std::size_t p = 0; p < t_.workload.size(); ++p) {
        sum += t_.workload[p].phase == ph
                   ? t_.workload[p].weight * t_.attention_us[cache][kernel][p]
                   : 0.0;
      }
      return sum;
    };
    for (const phase ph : {phase::prefill, phase::decode}) {
      std::size_t& kernel = c.kernel[static_cast<std::size_t>(ph)];
      for (const attention_support& row : support::attention) {
        const auto v = static_cast<std::size_t>(row.version);
        if (!row.engines.contains(engine) || !row.devices.contains(hw_.arch) || !t_.runs[v] ||
            !reads_cache(row, kv) || (!fp8_allowed && multiplies_fp8(hw_, kv, v))) {
          continue;
        }
        // decode takes the kernel of prefill where it is no slower
        const bool same = ph == phase::decode && v == c.kernel[0];
        if (kernel == no_flash_attention || time_of(ph, v) < time_of(ph, kernel) ||
            (same && time_of(ph, v) <= time_of(ph, kernel))) {
          kernel = v;
        }
      }
    }
    c.found = c.kernel[0] != no_flash_attention && c.kernel[1] != no_flash_attention;
    c.fp8_products =
        c.found && (multiplies_fp8(hw_, kv, c.kernel[0]) || multiplies_fp8(hw_, kv, c.kernel[1]));
    return c;
  }

  constexpr void add_engine(std::size_t engine, std::size_t cache, const kernel_choice& kernels) {
    for (std::size_t first = 0; first < t_.pairs.size(); ++first) {
      bool seen = false;  // each activation format once
      for (std::size_t i = 0; i < first; ++i) {
        seen = seen || t_.pairs[i].activation == t_.pairs[first].activation;
      }
      if (seen) {
        continue;
      }
      std::uint32_t mask = 0;
      bool wide = false;
      for (std::size_t s = 0; s < t_.pairs.size(); ++s) {
        const format_pair& p = t_.pairs[s];
        if (p.engines.contains(engine) &&
            (p.is_16bit() || p.activation == t_.pairs[first].activation)) {
          mask |= 1U << s;
          wide = wide || p.is_16bit();
        }
      }
      if (wide && !was_tried({mask, cache, kernels.kernel})) {
        solve_one(mask, t_.pairs[first].activation, cache, kernels);
      }
    }
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

  constexpr void solve_one(std::uint32_t mask, precision activation, std::size_t cache,
                           const kernel_choice& kernels) {
    std::array<double, max_workload_points> fixed{};
    double fixed_cost = 0;
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      const std::size_t kernel = kernels.kernel[static_cast<std::size_t>(t_.workload[p].phase)];
      fixed[p] = t_.fixed_us[p] + t_.attention_us[cache][kernel][p];
      fixed_cost += scale_ * t_.workload[p].weight * fixed[p];
    }
    const double fixed_bytes = t_.fixed_bytes + t_.caches[cache].bytes;
    const double fixed_nats =
        t_.caches[cache].nats + (kernels.fp8_products ? t_.products_nats : 0.0);
    if (goal_.goal == objective::min_memory) {
      fixed_cost = fixed_bytes;
    }
    if (goal_.quality_first) {
      fixed_cost = fixed_nats;
    }
    if (fixed_cost >= best_.score) {
      return;
    }

    problem_.lists.clear();
    problem_.resources = 0;
    problem_.cost_below = best_.score - fixed_cost;
    problem_.most_nodes = goal_.most_nodes;
    const auto add_resource = [this](double limit) {
      problem_.limits[problem_.resources++] = limit;
    };
    if (goal_.bytes) {
      add_resource(*goal_.bytes - fixed_bytes);
    }
    if (goal_.nats) {
      add_resource(*goal_.nats - fixed_nats);
    }
    for (std::size_t p = 0; p < t_.workload.size(); ++p) {
      const auto& limit = t_.workload[p].phase == phase::decode ? goal_.tpot_us : goal_.ttft_us;
      if (limit) {
        add_resource(*limit - fixed[p]);
      }
    }
    for (std::size_t d = 0; d < t_.decisions.size(); ++d) {
      problem_.lists.push_back({});
      for (std::size_t s = 0; s < t_.pairs.size(); ++s) {
        if (((mask >> s) & 1U) != 0 && is_open(d, s)) {
          problem_.lists[d].push_back(choice_of(d, s));
        }
      }
    }
    const choice_solution found = solve(problem_);
    best_.nodes += found.nodes;
    if (!found.complete) {
      best_.complete = false;
      const double bound = fixed_cost + found.bound;
      best_.bound = bound < best_.bound ? bound : best_.bound;
    }
    if (found.found) {
      keep(found, activation, cache, kernels, fixed);
    }
  }

  [[nodiscard]] constexpr bool is_open(std::size_t d, std::size_t s) const {
    return !t_.closed[s][d];
  }

  [[nodiscard]] constexpr choice choice_of(std::size_t d, std::size_t s) const {
    choice c{.id = static_cast<std::uint8_t>(s)};
    std::size_t k = 0;
    if (goal_.bytes) {
      c.use[k++] = t_.bytes[s][d];
    }
    if (goal_.nats) {
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

  constexpr void keep(const choice_solution& found, precision activation, std::size_t cache,
                      const kernel_choice& kernels,
                      const std::array<double, max_workload_points>& fixed) {
    best_.found = true;
    best_.pair = found.chosen;
    best_.cache = cache;
    best_.kernel = kernels.kernel;
    best_.fp8_products = kernels.fp8_products;
    best_.activation = activation;
    best_.bytes = t_.fixed_bytes + t_.caches[cache].bytes;
    best_.nats = t_.caches[cache].nats + (kernels.fp8_products ? t_.products_nats : 0.0);
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
  double scale_ = 1;
  choice_problem problem_{};
  plan_choice best_{};
  static_vector<tried, 96> tried_{};
};

}  // namespace detail

}  // namespace quantroof

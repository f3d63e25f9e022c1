// SPDX-License-Identifier: Apache-2.0
//
// The frontier of time, memory and quality: plans of which none is at least as good as another in all three.
//
// Each point is the fastest plan, proven, that keeps to one limit of loss and one of memory; the limits are a ladder, so that the frontier is
// sampled: between two points there may be others, faster than a point within its limits there is none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/optimize_request.hpp"

namespace quantroof {

/// One plan of a frontier.
struct frontier_point {
  double score = 0;  // of min_time: us a step; of throughput and cost: per token
  std::int64_t memory_bytes = 0;
  double quality_loss = 0;  // upper end, a fraction of the metric
  quality_grade grade = quality_grade::c;
  mixed_precision_config config{};
  parallel_plan devices{};

  friend constexpr bool operator==(const frontier_point&, const frontier_point&) = default;
};

/// Losses that the frontier asks for: upper ends, fractions of the metric.
inline constexpr std::array frontier_losses{0.0,  0.001, 0.002, 0.005, 0.01, 0.02,
                                            0.05, 0.1,   0.2,   0.5,   1.0};

using pareto_points = static_vector<frontier_point, 64>;

namespace detail {

[[nodiscard]] constexpr bool dominates(const frontier_point& a, const frontier_point& b) {
  return a.score <= b.score && a.memory_bytes <= b.memory_bytes && a.quality_loss <= b.quality_loss;
}

/// True where a comes so close to being at least as good as b that nobody would look at both.
[[nodiscard]] constexpr bool nearly_dominates(const frontier_point& a, const frontier_point& b) {
  constexpr double close = 1.002;
  return a.score <= close * b.score &&
         static_cast<double>(a.memory_bytes) <= close * static_cast<double>(b.memory_bytes) &&
         a.quality_loss <= 1.02 * b.quality_loss + 1e-5;
}

/// Adds a point unless another is at least nearly as good in all; takes out those that it beats.
constexpr void add_point(pareto_points& points, const frontier_point& now) {
  for (const frontier_point& p : points) {
    if (dominates(p, now) || nearly_dominates(p, now)) {
      return;
    }
  }
  pareto_points kept;
  for (const frontier_point& p : points) {
    if (!dominates(now, p)) {
      kept.push_back(p);
    }
  }
  if (kept.size() < kept.capacity()) {
    kept.push_back(now);
  }
  points = kept;
}

}  // namespace detail

/// The frontier of a question, fastest first; of several plans of devices at most 64 points, the first that were found. Points within 0.2 % of
/// another in time and memory and 2 % in loss are left out.
///
/// formula   for every plan of devices and every loss of frontier_losses within the question's own limit: the fastest plan with the memory there
///           is, and with the least memory plus a third and two thirds of what the fastest takes beyond it
/// requires  optimize's; the goal is not min_memory
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <PerformanceModel M>
[[nodiscard]] constexpr pareto_points pareto_frontier(const M& model, const hardware_spec& hw,
                                                      const model_config& m,
                                                      const optimize_request& r) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {
      return pareto_frontier(textbook_model{}, hw, m, r);
    }
  }
  is_valid(hw);
  is_valid(m);
  is_valid(r, m.num_layers);
  detail::expects(r.goal != objective::min_memory,
                  "pareto_frontier: memory is an axis; ask for time, throughput or cost");
  pareto_points points;
  for (const parallel_plan& plan : r.plans) {
    const optimize_tables t = make_optimize_tables(model, hw, m, r, plan);
    for (const double loss : frontier_losses) {
      if (r.limits.quality_loss && loss > *r.limits.quality_loss) {
        break;
      }
      detail::search_goal goal = detail::goal_of(r, t);
      goal.quality.quality_loss = loss;
      const auto add = [&](const detail::search_goal& g) {
        const plan_choice found = detail::plan_search{t, hw, g, r.quality}.best();
        if (found.found) {
          const optimized_plan p = detail::plan_of(t, hw, m, r, found);
          detail::add_point(points, {.score = p.score,
                                     .memory_bytes = p.memory_bytes,
                                     .quality_loss = p.quality.loss.upper,
                                     .grade = p.quality.grade,
                                     .config = p.config,
                                     .devices = p.devices});
        }
        return found;
      };
      const plan_choice fastest = add(goal);
      if (!fastest.found) {
        continue;
      }
      detail::search_goal smallest = goal;
      smallest.goal = objective::min_memory;
      const plan_choice least = detail::plan_search{t, hw, smallest, r.quality}.best();
      for (const double share : {0.0, 1.0 / 3, 2.0 / 3}) {
        if (least.found && least.bytes < fastest.bytes) {
          goal.bytes = least.bytes + share * (fastest.bytes - least.bytes);
          add(goal);
        }
      }
    }
  }
  for (std::size_t a = 1; a < points.size(); ++a) {
    for (std::size_t b = a; b > 0 && points[b].score < points[b - 1].score; --b) {
      const frontier_point moved = points[b];
      points[b] = points[b - 1];
      points[b - 1] = moved;
    }
  }
  return points;
}

}  // namespace quantroof

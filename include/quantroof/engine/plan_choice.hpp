// SPDX-License-Identifier: Apache-2.0
//
// What a search over tables is asked for, and what it answers: a plan as indices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/engine/choice_problem.hpp"
#include "quantroof/engine/optimize_request.hpp"
#include "quantroof/engine/optimize_tables.hpp"

namespace quantroof {

/// A plan as indices into its tables.
struct plan_choice {
  bool found = false;
  std::array<std::uint8_t, max_choice_lists> pair{};  // of each decision
  std::size_t cache = 0;
  std::array<std::size_t, 2> kernel{};  // by phase
  bool fp8_products = false;
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
  std::optional<double> bytes{};
  optimize_limits quality{};   // of them the loss and the grade
  bool quality_first = false;  // make nats small instead of `goal`
  double price_per_hour = 1;
  std::int64_t most_nodes = 1 << 15;
};

[[nodiscard]] constexpr search_goal goal_of(const optimize_request& r, const optimize_tables& t) {
  search_goal g{.goal = r.goal,
                .ttft_us = r.limits.ttft_us,
                .tpot_us = r.limits.tpot_us,
                .quality = r.limits,
                .price_per_hour = r.device_price_per_hour,
                .most_nodes = r.most_nodes};
  g.bytes = t.usable_bytes;
  if (r.limits.memory_bytes) {
    const auto own = static_cast<double>(*r.limits.memory_bytes);
    g.bytes = g.bytes && *g.bytes < own ? *g.bytes : own;
  }
  return g;
}

}  // namespace detail

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the optimizer: what to make small or large, for which work, within which limits, among which formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/engine/quality.hpp"
#include "quantroof/model/fit.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/roofline/step_estimate.hpp"

namespace quantroof {

/// What the optimizer makes small (time, memory, cost) or large (throughput).
enum class objective : std::uint8_t { min_time, min_memory, max_throughput, min_cost };

namespace detail {
inline constexpr name_table<objective, 4> objective_names{{
    {objective::min_time, "min_time"},
    {objective::min_memory, "min_memory"},
    {objective::max_throughput, "max_throughput"},
    {objective::min_cost, "min_cost"},
}};
static_assert(names_are_complete(objective_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(objective o) {
  return detail::name_of(detail::objective_names, o);
}
[[nodiscard]] constexpr objective parse_objective(std::string_view name) {
  return detail::parse_name(detail::objective_names, name, "parse_objective");
}

/// One kind of step in a mix of work.
struct workload_point {
  quantroof::phase phase = quantroof::phase::decode;
  std::int64_t seq_len = 0;  // decode: tokens in the cache; prefill: tokens of each prompt
  std::int64_t batch = 1;    // sequences
  double weight = 1;         // steps of this kind, relative to the other points'

  friend constexpr bool operator==(const workload_point&, const workload_point&) = default;
};

inline constexpr std::size_t max_workload_points = 6;
inline constexpr std::size_t max_plans = 6;

/// What an answer must keep to. Not set: no limit.
struct optimize_limits {
  std::optional<double> ttft_us{};       // of each prefill point's step
  std::optional<double> tpot_us{};       // of each decode point's step
  std::optional<double> quality_loss{};  // upper end of the band, as a fraction of perplexity: 0.01
  std::optional<std::int64_t> memory_bytes{};  // of the fullest device, beside its own
  quality_grade min_grade = quality_grade::c;  // d also allows what a rule calls risky

  friend constexpr bool operator==(const optimize_limits&, const optimize_limits&) = default;
};

/// A question to the optimizer.
struct optimize_request {
  objective goal = objective::min_time;
  static_vector<workload_point, max_workload_points> workload{};
  optimize_limits limits{};
  static_vector<parallel_plan, max_plans> plans{
      parallel_plan{}};  // the best of them is taken; no pipelines

  // Where to look.
  static_vector<precision, 16> formats{};     // of weights; empty: all that are supported
  static_vector<precision, 6> kv_formats{};   // empty: all that are supported
  static_vector<precision, 8> activations{};  // 16 bits by either name; empty: all
  short_string<32> engine{};                  // empty: whatever runs on at least one
  bool quantize_lm_head = false;              // almost every published checkpoint keeps 16 bits
  static_vector<layer_band, 4> bands{};       // empty: default_bands

  // What it costs.
  std::int64_t largest_batch = 0;  // throughput and cost: decode batches of 1, 2, 4 ... are tried
                                   // up to this; 0: the workload's own
  double device_price_per_hour = 1;
  runtime_memory memory{};
  quality_options quality{};
  std::int64_t most_nodes = std::int64_t{1} << 15;  // of one search tree: 1 ms
};

/// First eighth, middle, last quarter of the layers: their sums come close to any share. One band below eight layers.
[[nodiscard]] constexpr static_vector<layer_band, 4> default_bands(std::int64_t num_layers) {
  static_vector<layer_band, 4> bands;
  if (num_layers < 8) {
    bands.push_back({.first_layer = 0, .count = num_layers});
    return bands;
  }
  const std::int64_t first = num_layers / 8;
  const std::int64_t last = num_layers / 4;
  bands.push_back({.first_layer = 0, .count = first});
  bands.push_back({.first_layer = first, .count = num_layers - first - last});
  bands.push_back({.first_layer = num_layers - last, .count = last});
  return bands;
}

/// Refuses a question that has no answer in principle; returns true otherwise.
///
/// requires  a workload; seq_len in [1, 2^31]; batch in [1, 2^20]; weights positive and finite; limits positive, quality_loss not negative;
///           bands in order that cover [0, num_layers); at least one plan, each valid with pipeline 1; the engine known or empty;
///           a decode point where throughput or cost is asked; device_price_per_hour positive
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const optimize_request& r, std::int64_t num_layers) {
  detail::expects(!r.workload.empty(), "optimize_request: workload needs at least one point");
  bool decodes = false;
  for (const workload_point& p : r.workload) {
    is_valid(step_request{.phase = p.phase, .seq_len = p.seq_len, .batch = p.batch});
    detail::expects(p.weight > 0 && p.weight < 1e12,
                    "optimize_request: weights must be positive and finite");
    decodes = decodes || p.phase == phase::decode;
  }
  detail::expects(decodes || r.goal == objective::min_time || r.goal == objective::min_memory,
                  "optimize_request: throughput and cost need a decode point");
  detail::expects(!r.plans.empty(), "optimize_request: plans needs at least one");
  for (const parallel_plan& plan : r.plans) {
    is_valid(plan);
    detail::expects(plan.pipeline == 1, "optimize_request: plans have no pipeline stages");
  }
  const optimize_limits& l = r.limits;
  detail::expects((!l.ttft_us || *l.ttft_us > 0) && (!l.tpot_us || *l.tpot_us > 0),
                  "optimize_limits: ttft_us and tpot_us must be positive");
  detail::expects(!l.quality_loss || *l.quality_loss >= 0,
                  "optimize_limits: quality_loss must not be negative");
  detail::expects(!l.memory_bytes || *l.memory_bytes > 0,
                  "optimize_limits: memory_bytes must be positive");
  std::int64_t next = 0;
  for (const layer_band& band : r.bands) {
    detail::expects(band.first_layer == next && band.count > 0,
                    "optimize_request: bands follow each other and hold layers");
    next += band.count;
  }
  detail::expects(r.bands.empty() || next == num_layers,
                  "optimize_request: bands must cover all layers");
  detail::expects(r.largest_batch >= 0 && r.largest_batch <= (1 << 20),
                  "optimize_request: largest_batch must be in [0, 2^20]");
  detail::expects(r.device_price_per_hour > 0 && r.device_price_per_hour < 1e9,
                  "optimize_request: device_price_per_hour must be positive");
  detail::expects(r.most_nodes > 0, "optimize_request: most_nodes must be positive");
  if (!r.engine.empty()) {
    static_cast<void>(get_engine(r.engine));
  }
  return true;
}

}  // namespace quantroof

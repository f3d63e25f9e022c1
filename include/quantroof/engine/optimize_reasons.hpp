// SPDX-License-Identifier: Apache-2.0
//
// Why the answer is what it is: what each limit costs, which limit makes a question impossible and how near an answer comes, and what became of
// every format that was not chosen. Each statement is a search of its own with one thing changed, not a guess from prices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/optimize.hpp"

namespace quantroof {

/// The limits of a question.
enum class limit_kind : std::uint8_t { memory, ttft, tpot, quality, grade };

namespace detail {
inline constexpr name_table<limit_kind, 5> limit_kind_names{{
    {limit_kind::memory, "memory"},
    {limit_kind::ttft, "ttft"},
    {limit_kind::tpot, "tpot"},
    {limit_kind::quality, "quality"},
    {limit_kind::grade, "grade"},
}};
static_assert(names_are_complete(limit_kind_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(limit_kind k) {
  return detail::name_of(detail::limit_kind_names, k);
}
[[nodiscard]] constexpr limit_kind parse_limit_kind(std::string_view name) {
  return detail::parse_name(detail::limit_kind_names, name, "parse_limit_kind");
}

/// What one limit costs.
struct limit_price {
  limit_kind kind = limit_kind::memory;
  double limit = 0;          // bytes, us, a fraction; the grade as a number, A 0
  double score_without = 0;  // the objective where this limit alone is lifted
  double price = 0;          // share of the objective that the limit costs: 0.1 is 10 %
  double score_relaxed = 0;  // the objective where it is a tenth wider; the same for the grade

  friend constexpr bool operator==(const limit_price&, const limit_price&) = default;
};
using limit_prices = static_vector<limit_price, 5>;

/// A limit that alone keeps a question from having an answer.
struct limit_conflict {
  limit_kind kind = limit_kind::memory;
  double limit = 0;
  std::optional<double> nearest{};  // the least with which there is an answer, the others kept
  std::optional<double>
      least{};  // the same with all others lifted but the grade: nothing gets below it

  friend constexpr bool operator==(const limit_conflict&, const limit_conflict&) = default;
};
using limit_conflicts = static_vector<limit_conflict, 5>;

namespace detail {

/// The limits that a goal has.
[[nodiscard]] constexpr static_vector<limit_kind, 5> limits_of(const search_goal& g) {
  static_vector<limit_kind, 5> all;
  if (g.bytes) {
    all.push_back(limit_kind::memory);
  }
  if (g.ttft_us) {
    all.push_back(limit_kind::ttft);
  }
  if (g.tpot_us) {
    all.push_back(limit_kind::tpot);
  }
  if (g.quality.quality_loss) {
    all.push_back(limit_kind::quality);
  }
  if (g.quality.min_grade != quality_grade::d) {
    all.push_back(limit_kind::grade);
  }
  return all;
}
[[nodiscard]] constexpr double value_of(const search_goal& g, limit_kind k) {
  switch (k) {
    case limit_kind::memory:
      return g.bytes.value_or(0);
    case limit_kind::ttft:
      return g.ttft_us.value_or(0);
    case limit_kind::tpot:
      return g.tpot_us.value_or(0);
    case limit_kind::quality:
      return g.quality.quality_loss.value_or(0);
    case limit_kind::grade:
      break;
  }
  return static_cast<double>(g.quality.min_grade);
}
constexpr void set_limit(search_goal& g, limit_kind k, std::optional<double> value) {
  switch (k) {
    case limit_kind::memory:
      g.bytes = value;
      break;
    case limit_kind::ttft:
      g.ttft_us = value;
      break;
    case limit_kind::tpot:
      g.tpot_us = value;
      break;
    case limit_kind::quality:
      g.quality.quality_loss = value;
      break;
    case limit_kind::grade:
      g.quality.min_grade = quality_grade::d;
      break;
  }
}

/// The request with the rules off where the grade is lifted: tables close what a rule forbids.
[[nodiscard]] constexpr optimize_request without(const optimize_request& r, limit_kind k) {
  optimize_request other = r;
  if (k == limit_kind::grade) {
    other.limits.min_grade = quality_grade::d;
  }
  return other;
}

/// The value of a limited quantity that a found plan has.
[[nodiscard]] constexpr double reached(const searched& s, limit_kind k, const hardware_spec& hw,
                                       const model_config& m, const optimize_request& r) {
  double slowest = 0;
  switch (k) {
    case limit_kind::memory:
      return s.choice.bytes;
    case limit_kind::quality:
      return plan_of(s.tables, hw, m, r, s.choice).quality.loss.upper;
    case limit_kind::grade:
      return static_cast<double>(plan_of(s.tables, hw, m, r, s.choice).quality.grade);
    default:
      for (std::size_t p = 0; p < s.tables.workload.size(); ++p) {
        const bool counts =
            (s.tables.workload[p].phase == phase::decode) == (k == limit_kind::tpot);
        slowest = counts && s.choice.time_us[p] > slowest ? s.choice.time_us[p] : slowest;
      }
      return slowest;
  }
}

/// The limits of a question as they were asked.
struct asked_limits {
  static_vector<limit_kind, 5> kinds{};
  search_goal goal{};
};

/// Searches a question as it was asked.
template <PerformanceModel M>
[[nodiscard]] constexpr asked_limits search_asked(searched& best, const M& model,
                                                  const hardware_spec& hw, const model_config& m,
                                                  const optimize_request& r) {
  is_valid(hw);
  is_valid(m);
  is_valid(r, m.num_layers);
  asked_limits asked;
  search_all(best, model, hw, m, r, [&asked](search_goal& g) {
    asked.kinds = limits_of(g);
    asked.goal = g;
  });
  return asked;
}

}  // namespace detail

/// What each limit costs: the objective without it, and with a tenth more of it.
///
/// requires  optimize's, and that it is feasible
template <PerformanceModel M>
[[nodiscard]] constexpr limit_prices price_limits(const M& model, const hardware_spec& hw,
                                                  const model_config& m,
                                                  const optimize_request& r) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {
      return price_limits(textbook_model{}, hw, m, r);
    }
  }
  detail::searched best;
  const detail::asked_limits asked = detail::search_asked(best, model, hw, m, r);
  detail::expects(best.choice.found, "price_limits: no plan keeps to the limits; see conflicts");
  limit_prices prices;
  for (const limit_kind k : asked.kinds) {
    detail::searched other;
    detail::search_all(other, model, hw, m, detail::without(r, k),
                       [k](detail::search_goal& g) { detail::set_limit(g, k, std::nullopt); });
    limit_price p{.kind = k,
                  .limit = detail::value_of(asked.goal, k),
                  .score_without = other.choice.score,
                  .price = 1 - other.choice.score / best.choice.score,
                  .score_relaxed = best.choice.score};
    if (k != limit_kind::grade) {
      detail::search_all(other, model, hw, m, r, [k](detail::search_goal& g) {
        detail::set_limit(g, k, 1.1 * detail::value_of(g, k));
      });
      p.score_relaxed = other.choice.score;
    }
    prices.push_back(p);
  }
  return prices;
}

/// Why there is no answer: for each limit, the least of it with which there would be one.
///
/// formula   the limit lifted, its own quantity made small (quality: the sum of losses), the others kept; an empty list where the question has an answer, or where no
///           engine runs the model on the device in any way
/// requires  optimize's
template <PerformanceModel M>
[[nodiscard]] constexpr limit_conflicts find_conflicts(const M& model, const hardware_spec& hw,
                                                       const model_config& m,
                                                       const optimize_request& r) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {
      return find_conflicts(textbook_model{}, hw, m, r);
    }
  }
  detail::searched found;
  const detail::asked_limits asked = detail::search_asked(found, model, hw, m, r);
  limit_conflicts conflicts;
  if (found.choice.found) {
    return conflicts;
  }
  for (const limit_kind k : asked.kinds) {
    optimize_request other = detail::without(r, k);
    // the quantity becomes the objective: times by the weights of their phase alone
    if (k == limit_kind::ttft || k == limit_kind::tpot) {
      other.goal = objective::min_time;
      for (workload_point& p : other.workload) {
        const bool counts = (p.phase == phase::decode) == (k == limit_kind::tpot);
        p.weight = counts ? 1.0 : 1e-9;
      }
    } else if (k == limit_kind::memory) {
      other.goal = objective::min_memory;
    }
    limit_conflict c{.kind = k, .limit = detail::value_of(asked.goal, k)};
    for (const bool alone : {false, true}) {
      detail::search_all(found, model, hw, m, other, [&](detail::search_goal& g) {
        for (const limit_kind each : asked.kinds) {
          if (each == k || (alone && each != limit_kind::grade)) {
            detail::set_limit(g, each, std::nullopt);
          }
        }
        g.quality_first = k == limit_kind::quality;
      });
      if (found.choice.found) {
        (alone ? c.least : c.nearest) = detail::reached(found, k, hw, m, r);
      }
    }
    conflicts.push_back(c);
  }
  return conflicts;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What became of every format, cache and batch that was not chosen: the best plan that has it, and by how much that is worse, or why there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/optimize_reasons.hpp"

namespace quantroof {

/// Why an alternative was not chosen.
enum class rejection_reason : std::uint8_t {
  chosen,         // it was, in some layers at least
  not_on_device,  // no unit multiplies its inputs, or no kernel of the device's architecture was read of
  no_engine,  // no engine that the question is about runs it here
  not_asked,  // the question leaves it out
  rule,       // of quality: grade D
  worse,      // the best plan with it scores worse
  too_large,  // no plan with it keeps to the memory
  too_slow,   // to a time limit
  too_lossy,  // to the quality limit or grade
};

namespace detail {
inline constexpr name_table<rejection_reason, 9> rejection_reason_names{{
    {rejection_reason::chosen, "chosen"},
    {rejection_reason::not_on_device, "not_on_device"},
    {rejection_reason::no_engine, "no_engine"},
    {rejection_reason::not_asked, "not_asked"},
    {rejection_reason::rule, "rule"},
    {rejection_reason::worse, "worse"},
    {rejection_reason::too_large, "too_large"},
    {rejection_reason::too_slow, "too_slow"},
    {rejection_reason::too_lossy, "too_lossy"},
}};
static_assert(names_are_complete(rejection_reason_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(rejection_reason r) {
  return detail::name_of(detail::rejection_reason_names, r);
}
[[nodiscard]] constexpr rejection_reason parse_rejection_reason(std::string_view name) {
  return detail::parse_name(detail::rejection_reason_names, name, "parse_rejection_reason");
}

/// A format of a group of operators, in all bands, or of the cache.
struct alternative {
  std::optional<operator_group> group{};   // nullopt: the cache
  precision weight = precision::fp16;      // of the cache: K
  precision activation = precision::fp16;  // of the cache: V
  rejection_reason reason = rejection_reason::worse;
  double worse_by = 0;  // worse: share of the objective, 0.1 is 10 %
  quality_rule rule = quality_rule::none;

  friend constexpr bool operator==(const alternative&, const alternative&) = default;
};
using alternatives = static_vector<alternative, 200>;

namespace detail {

/// The best plan of tables in which only some choices are open, and why there is none.
[[nodiscard]] constexpr alternative judge(alternative a, const optimize_tables& t,
                                          const hardware_spec& hw, const optimize_request& r,
                                          double best_score) {
  const search_goal goal = goal_of(r, t);
  const plan_choice with = plan_search{t, hw, goal, r.quality}.best();
  if (with.found) {
    a.reason = rejection_reason::worse;
    a.worse_by = with.score / best_score - 1;
    return a;
  }
  const auto possible_without = [&](limit_kind k) {
    search_goal wider = goal;
    set_limit(wider, k, std::nullopt);
    if (k == limit_kind::quality) {  // both say what may be lost
      set_limit(wider, limit_kind::grade, std::nullopt);
    }
    return plan_search{t, hw, wider, r.quality}.best().found;
  };
  a.reason = possible_without(limit_kind::quality)  ? rejection_reason::too_lossy
             : possible_without(limit_kind::memory) ? rejection_reason::too_large
                                                    : rejection_reason::too_slow;
  return a;
}

}  // namespace detail

/// Every format of every group, and every cache, that a table of engines knows.
///
/// formula   for each: the best plan that has it in all layers of the group, all else free
/// requires  optimize's; the first plan of devices is the one that is explained, with the workload's own batch
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <PerformanceModel M>
[[nodiscard]] constexpr alternatives explain_alternatives(const M& model, const hardware_spec& hw,
                                                          const model_config& m,
                                                          const optimize_request& r) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {
      return explain_alternatives(textbook_model{}, hw, m, r);
    }
  }
  is_valid(hw);
  is_valid(m);
  is_valid(r, m.num_layers);
  alternatives all;
  const optimize_tables t = make_optimize_tables(model, hw, m, r, r.plans[0]);
  const plan_choice best = detail::plan_search{t, hw, detail::goal_of(r, t), r.quality}.best();
  if (!best.found) {
    return all;
  }
  const precision half = native_16bit(hw);
  for (std::size_t g = 0; g < detail::operator_group_names.size(); ++g) {
    const auto group = static_cast<operator_group>(g);
    bool has = false;
    for (const decision& d : t.decisions) {
      has = has || d.group == group;
    }
    for (std::size_t row = 0; has && row < support::formats.size(); ++row) {
      const format_support& f = support::formats[row];
      alternative a{.group = group,
                    .weight = f.weight == precision::fp16 ? half : f.weight,
                    .activation = f.activation == precision::fp16 ? half : f.activation};
      bool known = false;  // rows of the same pair for other devices
      for (const alternative& before : all) {
        known = known || (before.group == a.group && before.weight == a.weight &&
                          before.activation == a.activation);
      }
      if (known || all.size() == all.capacity()) {
        continue;
      }
      const engine_set anywhere = engines_with(hw.arch, f.weight, f.activation);
      if (anywhere.empty() ||
          (format_of(a.activation).element_bits < 16 && !supports_natively(hw, a.activation))) {
        a.reason = rejection_reason::not_on_device;
      } else if ((anywhere & t.engines).empty()) {
        a.reason = rejection_reason::no_engine;
      } else {
        optimize_tables only = t;
        a.reason = rejection_reason::not_asked;
        bool open = false;
        for (std::size_t s = 0; s < t.pairs.size(); ++s) {
          const bool same = t.pairs[s].weight == a.weight && t.pairs[s].activation == a.activation;
          for (std::size_t d = 0; d < t.decisions.size(); ++d) {
            if (t.decisions[d].group != group) {
              continue;
            }
            only.closed[s][d] = t.closed[s][d] || !same;
            if (same) {
              open = open || !t.closed[s][d];
              a.rule = t.rule[s][d] != quality_rule::none ? t.rule[s][d] : a.rule;
              if (best.pair[d] == s) {
                a.reason = rejection_reason::chosen;
              }
            }
          }
        }
        if (a.reason != rejection_reason::chosen && open) {
          a = detail::judge(a, only, hw, r, best.score);
        } else if (a.reason != rejection_reason::chosen && a.rule != quality_rule::none) {
          a.reason = rejection_reason::rule;
        }
      }
      all.push_back(a);
    }
  }
  for (std::size_t c = 0; c < t.caches.size() && all.size() < all.capacity(); ++c) {
    alternative a{
        .weight = t.caches[c].kv.key, .activation = t.caches[c].kv.value, .rule = t.caches[c].rule};
    bool read = false;
    for (const attention_support& row : support::attention) {
      for (std::size_t e = 0; e < engines::all.size(); ++e) {
        read = read || (t.engines.contains(e) && row.engines.contains(e) &&
                        row.devices.contains(hw.arch) && reads_cache(row, t.caches[c].kv));
      }
    }
    if (best.cache == c) {
      a.reason = rejection_reason::chosen;
    } else if (t.caches[c].closed) {
      a.reason = rejection_reason::rule;
    } else if (!read) {
      a.reason = rejection_reason::no_engine;
    } else {
      optimize_tables only = t;
      for (std::size_t other = 0; other < t.caches.size(); ++other) {
        only.caches[other].closed = other != c;
      }
      a = detail::judge(a, only, hw, r, best.score);
    }
    all.push_back(a);
  }
  return all;
}

/// An attention kernel for one phase, over the cache of the best plan.
struct kernel_alternative {
  quantroof::phase phase = quantroof::phase::decode;
  flash_attention_version version = flash_attention_version::fa2;
  std::string_view backend{};  // as the engine's flag spells it
  engine_set engines{};        // that were asked for and have it here; empty: not on this device
  bool reads_cache = false;
  bool chosen = false;  // the version that the plan takes
  // of the attention of this phase, a share, for kernels that read the cache; negative: faster in FP8, for more loss
  double slower_by = 0;

  friend constexpr bool operator==(const kernel_alternative&, const kernel_alternative&) = default;
};
using kernel_alternatives = static_vector<kernel_alternative, 48>;

/// Every attention kernel that an engine asked for has on the device, by phase of the workload.
///
/// requires  optimize's; the first plan of devices is the one that is explained
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <PerformanceModel M>
[[nodiscard]] constexpr kernel_alternatives explain_kernels(const M& model, const hardware_spec& hw,
                                                            const model_config& m,
                                                            const optimize_request& r) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {
      return explain_kernels(textbook_model{}, hw, m, r);
    }
  }
  is_valid(hw);
  is_valid(m);
  is_valid(r, m.num_layers);
  kernel_alternatives all;
  const optimize_tables t = make_optimize_tables(model, hw, m, r, r.plans[0]);
  const plan_choice best = detail::plan_search{t, hw, detail::goal_of(r, t), r.quality}.best();
  for (const phase ph : {phase::prefill, phase::decode}) {
    const auto time_of = [&](std::size_t kernel) {
      double sum = 0;
      for (std::size_t p = 0; p < t.workload.size(); ++p) {
        sum += t.workload[p].phase == ph
                   ? t.workload[p].weight * t.attention_us[best.cache][kernel][p]
                   : 0.0;
      }
      return sum;
    };
    const double chosen = best.found ? time_of(best.kernel[static_cast<std::size_t>(ph)]) : 0.0;
    for (const attention_support& row : support::attention) {
      kernel_alternative k{.phase = ph, .version = row.version, .backend = row.backend};
      for (std::size_t e = 0; e < engines::all.size(); ++e) {
        if (row.engines.contains(e) && t.engines.contains(e) && row.devices.contains(hw.arch)) {
          k.engines.add(e);
        }
      }
      const auto kernel = static_cast<std::size_t>(row.version);
      if (chosen <= 0 || k.engines.empty() || !t.runs[kernel] ||
          all.size() == all.capacity()) {  // not a phase of the workload, or not here
        continue;
      }
      k.reads_cache = reads_cache(row, t.caches[best.cache].kv);
      k.chosen = best.kernel[static_cast<std::size_t>(ph)] == kernel && k.reads_cache;
      k.slower_by = k.reads_cache ? time_of(kernel) / chosen - 1 : 0.0;
      all.push_back(k);
    }
  }
  return all;
}

/// The best format for all linear layers from a batch on.
struct batch_winner {
  std::int64_t from_batch = 1;
  precision weight = precision::fp16;
  precision activation = precision::fp16;
  precision kv = precision::fp16;
  std::optional<precision> value_cache{};  // of V where it has a format of its own
  double score = 0;                        // at from_batch

  friend constexpr bool operator==(const batch_winner&, const batch_winner&) = default;
};
using batch_winners = static_vector<batch_winner, 16>;

namespace detail {

/// The best plan with one pair of formats in all linear layers, for decode steps of a batch.
template <PerformanceModel M>
[[nodiscard]] constexpr std::optional<batch_winner> best_uniform(const M& model,
                                                                 const hardware_spec& hw,
                                                                 const model_config& m,
                                                                 const optimize_request& r,
                                                                 std::int64_t batch) {
  const optimize_tables t = make_optimize_tables(model, hw, m, r, r.plans[0], batch);
  const search_goal goal = goal_of(r, t);
  std::optional<batch_winner> best;
  for (std::size_t s = 0; s < t.pairs.size(); ++s) {
    optimize_tables only = t;
    for (std::size_t d = 0; d < t.decisions.size(); ++d) {
      for (std::size_t other = 0; other < t.pairs.size(); ++other) {
        only.closed[other][d] =
            t.closed[other][d] || (other != s && t.decisions[d].group != operator_group::lm_head);
      }
    }
    const plan_choice found =
        plan_search{only, hw, goal, r.quality}.best(best ? best->score : 1e300);
    if (found.found) {
      best = batch_winner{.from_batch = batch,
                          .weight = t.pairs[s].weight,
                          .activation = t.pairs[s].activation,
                          .kv = t.caches[found.cache].kv.key,
                          .value_cache = t.caches[found.cache].kv.own_value(),
                          .score = found.score};
    }
  }
  return best;
}

[[nodiscard]] constexpr bool same_formats(const std::optional<batch_winner>& a,
                                          const std::optional<batch_winner>& b) {
  return a.has_value() == b.has_value() &&
         (!a || (published_format(a->weight) == published_format(b->weight) &&
                 published_format(a->activation) == published_format(b->activation)));
}

}  // namespace detail

/// Which single format is best from which batch on: "INT4_G128 up to 6, FP8_E4M3 from 7".
///
/// formula   batches 1, 2, 4 ... are compared; between two with different winners the first batch with another winner is found by halving
/// ignores   a format that wins only between two powers of two; scales of another shape in the same format, which cost next to nothing
/// requires  optimize's with a decode point; largest in [1, 2^16]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <PerformanceModel M>
[[nodiscard]] constexpr batch_winners batch_crossovers(const M& model, const hardware_spec& hw,
                                                       const model_config& m,
                                                       const optimize_request& r,
                                                       std::int64_t largest) {
  if constexpr (KernelModel<M>) {
    if (M::is_specified_only(hw)) {
      return batch_crossovers(textbook_model{}, hw, m, r, largest);
    }
  }
  is_valid(hw);
  is_valid(m);
  is_valid(r, m.num_layers);
  detail::expects(largest > 0 && largest <= (1 << 16),
                  "batch_crossovers: largest must be in [1, 2^16]");
  batch_winners winners;
  auto before = detail::best_uniform(model, hw, m, r, 1);
  if (before) {
    winners.push_back(*before);
  }
  for (std::int64_t low = 1; low < largest && before;) {
    const std::int64_t next = 2 * low < largest ? 2 * low : largest;
    auto now = detail::best_uniform(model, hw, m, r, next);
    std::int64_t same = low;
    std::int64_t differs = next;
    while (!detail::same_formats(before, now) && differs - same > 1) {
      const std::int64_t middle = same + (differs - same) / 2;
      const auto there = detail::best_uniform(model, hw, m, r, middle);
      if (detail::same_formats(there, before)) {
        same = middle;
      } else {
        differs = middle;
        now = there;
      }
    }
    if (!detail::same_formats(before, now) && now && winners.size() < winners.capacity()) {
      winners.push_back(*now);
      low = differs;
    } else {
      low = next;
    }
    before = now;
  }
  return winners;
}

}  // namespace quantroof

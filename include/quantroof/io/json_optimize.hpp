// SPDX-License-Identifier: Apache-2.0
//
// Answers of the optimizer as JSON. Members have the names of the structs; engines are a list of names; what there is none of is null.
#pragma once

#include <cstddef>
#include <string_view>

#include "quantroof/engine/optimize.hpp"
#include "quantroof/engine/optimize_alternatives.hpp"
#include "quantroof/engine/optimize_reasons.hpp"
#include "quantroof/engine/pareto.hpp"
#include "quantroof/engine/recommendation_distance.hpp"
#include "quantroof/io/json_engine.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_quality.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_roofline.hpp"
#include "quantroof/io/json_value.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, objective o) {
  json = to_string(o);
}
template <JsonValue Json>
void from_json(const Json& json, objective& o) {
  detail::read_name(json, o, &parse_objective);
}
template <JsonValue Json>
void to_json(Json& json, operator_group g) {
  json = to_string(g);
}
template <JsonValue Json>
void from_json(const Json& json, operator_group& g) {
  detail::read_name(json, g, &parse_operator_group);
}
template <JsonValue Json>
void to_json(Json& json, limit_kind k) {
  json = to_string(k);
}
template <JsonValue Json>
void from_json(const Json& json, limit_kind& k) {
  detail::read_name(json, k, &parse_limit_kind);
}
template <JsonValue Json>
void to_json(Json& json, rejection_reason r) {
  json = to_string(r);
}
template <JsonValue Json>
void from_json(const Json& json, rejection_reason& r) {
  detail::read_name(json, r, &parse_rejection_reason);
}

template <JsonValue Json>
void to_json(Json& json, const engine_set& set) {
  json = Json::array();
  for (std::size_t i = 0; i < engines::all.size(); ++i) {
    if (set.contains(i)) {
      json.push_back(engines::all[i].name);
    }
  }
}
/// errors    io::input_error that lists the known engines
template <JsonValue Json>
void from_json(const Json& json, engine_set& set) {
  static_vector<short_string<32>, engines::all.size()> names;
  detail::read_value(json, names);
  engine_set fresh;
  for (std::size_t i = 0; i < names.size(); ++i) {
    detail::read_at(i, [&] {
      const inference_engine* const found = find_engine(names[i].view());
      if (found == nullptr) {
        short_string<160> rule{"is not a known engine; known: "};
        for (const inference_engine& e : engines::all) {
          rule.append(e.name == engines::all[0].name ? "" : ", ").append(e.name);
        }
        throw io::input_error("", "", rule.view());
      }
      fresh = fresh | engine_set{found->name};
    });
  }
  set = fresh;
}

template <>
struct detail::json_record<workload_point> {
  static constexpr std::string_view name = "workload_point";
  static constexpr void members(auto& m, auto& p) {
    m.required("phase", p.phase);
    m.required("seq_len", p.seq_len);
    m.optional("batch", p.batch);
    m.optional("weight", p.weight);
  }
};

template <>
struct detail::json_record<memory_estimate> {
  static constexpr std::string_view name = "memory_estimate";
  static constexpr void members(auto& m, auto& e) {
    m.amount("weight_bytes", e.weight_bytes);
    m.amount("kv_cache_bytes", e.kv_cache_bytes);
    m.amount("activation_bytes", e.activation_bytes);
    m.amount("runtime_bytes", e.runtime_bytes);
    m.amount("total_bytes", e.total_bytes);
    m.amount("usable_bytes", e.usable_bytes);
    m.required("left_bytes", e.left_bytes);
    m.required("fits", e.fits);
    m.amount("largest_batch", e.largest_batch);
    m.amount("largest_context", e.largest_context);
  }
};

template <>
struct detail::json_record<optimized_plan> {
  static constexpr std::string_view name = "optimized_plan";
  static constexpr void members(auto& m, auto& p) {
    m.required("config", p.config);
    m.required("prefill_attention", p.prefill_attention);
    m.required("decode_attention", p.decode_attention);
    m.required("devices", p.devices);
    m.required("engines", p.engines);
    m.required("workload", p.workload);
    m.required("step_us", p.step_us);
    m.amount("score", p.score);
    m.amount("memory_bytes", p.memory_bytes);
    m.amount("nats", p.nats);
    m.required("quality", p.quality);
  }
};

template <>
struct detail::json_record<optimization> {
  static constexpr std::string_view name = "optimization";
  static constexpr void members(auto& m, auto& o) {
    m.required("feasible", o.feasible);
    m.if_any("best", o.best);
    m.if_any("step", o.step);
    m.if_any("memory", o.memory);
    m.amount("bound", o.bound);
    m.amount("gap", o.gap);
    m.amount("nodes", o.nodes);
  }
};

template <>
struct detail::json_record<frontier_point> {
  static constexpr std::string_view name = "frontier_point";
  static constexpr void members(auto& m, auto& p) {
    m.amount("score", p.score);
    m.amount("memory_bytes", p.memory_bytes);
    m.required("quality_loss", p.quality_loss);
    m.required("grade", p.grade);
    m.required("config", p.config);
    m.required("devices", p.devices);
  }
};

template <>
struct detail::json_record<limit_price> {
  static constexpr std::string_view name = "limit_price";
  static constexpr void members(auto& m, auto& p) {
    m.required("kind", p.kind);
    m.required("limit", p.limit);
    m.amount("score_without", p.score_without);
    m.required("price", p.price);
    m.amount("score_relaxed", p.score_relaxed);
  }
};

template <>
struct detail::json_record<limit_conflict> {
  static constexpr std::string_view name = "limit_conflict";
  static constexpr void members(auto& m, auto& c) {
    m.required("kind", c.kind);
    m.required("limit", c.limit);
    m.required("nearest", c.nearest);
    m.required("least", c.least);
  }
};

template <>
struct detail::json_record<alternative> {
  static constexpr std::string_view name = "alternative";
  static constexpr void members(auto& m, auto& a) {
    m.required("group", a.group);
    m.required("weight", a.weight);
    m.required("activation", a.activation);
    m.required("reason", a.reason);
    m.required("worse_by", a.worse_by);
    m.required("rule", a.rule);
  }
};

/// Written only: the names of kernels are the tables'.
template <JsonValue Json>
void to_json(Json& json, const kernel_alternative& k) {
  json = Json::object();
  json["phase"] = to_string(k.phase);
  json["version"] = to_string(k.version);
  json["backend"] = k.backend;
  json["engines"] = k.engines;
  json["reads_cache"] = k.reads_cache;
  json["chosen"] = k.chosen;
  json["slower_by"] = k.slower_by;
}

template <>
struct detail::json_record<batch_winner> {
  static constexpr std::string_view name = "batch_winner";
  static constexpr void members(auto& m, auto& w) {
    m.required("from_batch", w.from_batch);
    m.required("weight", w.weight);
    m.required("activation", w.activation);
    m.required("kv", w.kv);
    m.if_any("value_cache", w.value_cache);
    m.amount("score", w.score);
  }
};

template <>
struct detail::json_record<recommendation_distance> {
  static constexpr std::string_view name = "recommendation_distance";
  static constexpr void members(auto& m, auto& d) {
    m.required("strategy", d.strategy);
    m.amount("recommended_us", d.recommended_us);
    m.amount("optimized_us", d.optimized_us);
    m.required("slower_by", d.slower_by);
    m.required("quality", d.quality);
    m.required("keeps_to_quality", d.keeps_to_quality);
    m.required("is_offered", d.is_offered);
  }
};

}  // namespace quantroof

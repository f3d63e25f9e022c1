// SPDX-License-Identifier: Apache-2.0
//
// Models and mixed-precision strategies as JSON. Precisions, operators and phases are their names.
//
//   {"name": "mine", "operator_precisions": {"ffn_up": "NVFP4", "q_proj": "FP8_E4M3"}, "kv_cache_precision": "NVFP4_KV",
//    "layer_overrides": [{"first_layer": 0, "last_layer": 1, "precision": "FP16"}]}
//
// Left out of a strategy: FP16, no overrides; left out of an override: the linear layers of the block. A model either describes its layers in
// num_heads to qk_norm or lists them in "layers" (json_layer.hpp) with their order in "layer_pattern".
#pragma once

#include <string_view>

#include "quantroof/io/json_layer.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/parallelism.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

template <JsonValue Json>
void to_json(Json& json, precision p) {
  json = to_string(p);
}
template <JsonValue Json>
void from_json(const Json& json, precision& p) {
  detail::read_name(json, p, &parse_precision);
}

template <JsonValue Json>
void to_json(Json& json, operator_type op) {
  json = to_string(op);
}
template <JsonValue Json>
void from_json(const Json& json, operator_type& op) {
  detail::read_name(json, op, &parse_operator_type);
}

template <JsonValue Json>
void to_json(Json& json, phase p) {
  json = to_string(p);
}
template <JsonValue Json>
void from_json(const Json& json, phase& p) {
  detail::read_name(json, p, &parse_phase);
}

/// An array of operator names.
template <JsonValue Json>
void to_json(Json& json, const operator_set& set) {
  json = Json::array();
  for (const operator_type op : operator_types) {
    if (set.contains(op)) {
      json.push_back(to_string(op));
    }
  }
}
template <JsonValue Json>
void from_json(const Json& json, operator_set& set) {
  static_vector<operator_type, operator_count> operators;
  detail::read_value(json, operators);
  set = {};
  for (const operator_type op : operators) {
    set.add(op);
  }
}

/// An object {operator name: precision name}.
template <JsonValue Json>
void to_json(Json& json, const operator_precision_map& map) {
  json = Json::object();
  for (const operator_type op : operator_types) {
    if (const auto precision = map.find(op)) {
      json[typename Json::string_t(to_string(op))] = to_string(*precision);
    }
  }
}
template <JsonValue Json>
void from_json(const Json& json, operator_precision_map& map) {
  if (!json.is_object()) {
    detail::wrong_type(json, "an object of operators and their precisions");
  }
  operator_precision_map fresh;
  for (auto member = json.begin(); member != json.end(); ++member) {
    detail::read_at(std::string_view{member.key()}, [&] {
      operator_type op{};
      from_json(Json(std::string_view{member.key()}), op);
      precision p{};
      from_json(member.value(), p);
      fresh.set(op, p);
    });
  }
  map = fresh;
}

template <>
struct detail::json_record<parallel_plan> {
  static constexpr std::string_view name = "parallel_plan";
  static constexpr void members(auto& m, auto& p) {
    m.optional("tensor", p.tensor);
    m.optional("data", p.data);
    m.optional("expert", p.expert);
    m.optional("pipeline", p.pipeline);
    m.optional("devices_per_node", p.devices_per_node);
    m.optional("network_gb_s", p.network_gb_s);
  }
};

template <>
struct detail::json_record<layer_override> {
  static constexpr std::string_view name = "layer_override";
  static constexpr void members(auto& m, auto& o) {
    m.required("first_layer", o.first_layer);
    m.required("last_layer", o.last_layer);
    m.optional("operators", o.operators);
    m.required("precision", o.precision);
  }
};

template <>
struct detail::json_record<activation_rule> {
  static constexpr std::string_view name = "activation_rule";
  static constexpr void members(auto& m, auto& r) {
    m.required("weight", r.weight);
    m.required("activation", r.activation);
  }
};

template <>
struct detail::json_record<strategy_claims> {
  static constexpr std::string_view name = "strategy_claims";
  static constexpr void members(auto& m, auto& c) {
    m.optional("speedup", c.speedup);
    m.optional("quality_loss", c.quality_loss);
    m.optional("memory_savings_pct", c.memory_savings_pct);
    m.optional("best_for", c.best_for);
  }
};

template <>
struct detail::json_record<mixed_precision_config> {
  static constexpr std::string_view name = "mixed_precision_config";
  static constexpr void members(auto& m, auto& c) {
    m.required("name", c.name);
    m.optional("description", c.description);
    m.optional("operator_precisions", c.operator_precisions);
    m.optional("default_activation_precision", c.default_activation_precision);
    m.optional("kv_cache_precision", c.kv_cache_precision);
    m.if_any("value_cache_precision", c.value_cache_precision);
    m.optional("default_weight_precision", c.default_weight_precision);
    m.optional("layer_overrides", c.layer_overrides);
    m.if_any("activation_rules", c.activation_rules);
    m.optional("claims", c.claims);
  }
};

template <>
struct detail::json_record<model_config> {
  static constexpr std::string_view name = "model_config";
  static constexpr void members(auto& m, auto& c) {
    m.optional("name", c.name);
    m.required("hidden_size", c.hidden_size);
    m.required("num_layers", c.num_layers);
    m.if_any("layers", c.layers);
    m.if_any("layer_pattern", c.layer_pattern);
    if (lists_layers(c)) {
      for (const std::string_view key :
           {"num_heads", "num_kv_heads", "head_dim", "ffn_dim", "gated_ffn", "qkv_bias", "o_bias",
            "ffn_bias", "qk_norm"}) {
        m.absent(key, "must be left out beside layers");
      }
    } else {
      m.required("num_heads", c.num_heads);
      m.required("num_kv_heads", c.num_kv_heads);
      m.required("head_dim", c.head_dim);
      m.required("ffn_dim", c.ffn_dim);
      m.optional("gated_ffn", c.gated_ffn);
      m.optional("qkv_bias", c.qkv_bias);
      m.optional("o_bias", c.o_bias);
      m.optional("ffn_bias", c.ffn_bias);
      m.optional("qk_norm", c.qk_norm);
    }
    m.optional("vocab_size", c.vocab_size);
    m.optional("tie_word_embeddings", c.tie_word_embeddings);
    m.optional("extra_parameters", c.extra_parameters);
  }
};

}  // namespace quantroof

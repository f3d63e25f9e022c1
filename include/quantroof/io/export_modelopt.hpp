// SPDX-License-Identifier: Apache-2.0
//
// A plan as ModelOpt's hf_quant_config.json, which TensorRT-LLM, vLLM and SGLang read, and back.
//
//   modelopt_document d = io::export_modelopt(models::llama3_8b, get_strategy("nvfp4_blackwell"));
//   nlohmann::ordered_json j = d;                                  // hf_quant_config.json
//   io::hf_quantization back = io::plan_from_modelopt(j, models::llama3_8b);
//
// One algorithm for all linear layers but those in exclude_modules, else MIXED_PRECISION with quantized_layers one by one. Names are globs; a
// part of a layer that stays in 16 bits as a whole is one entry, "model.layers.0.self_attn*", as ModelOpt writes it.
// The producer is this library: the file says what a checkpoint shall be, ModelOpt makes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/export_compressed_tensors.hpp"
#include "quantroof/io/export_modules.hpp"
#include "quantroof/io/export_patterns.hpp"
#include "quantroof/io/export_reader.hpp"
#include "quantroof/io/export_record.hpp"
#include "quantroof/io/export_schemes.hpp"
#include "quantroof/io/hf_quantization.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/version.hpp"

namespace quantroof {

namespace detail {

inline constexpr std::string_view modelopt_name = "modelopt";

/// The algorithm for weights of a format with the plan's activations.
[[nodiscard]] inline const modelopt_algorithm& algorithm_for(precision weight,
                                                             const mixed_precision_config& plan,
                                                             io::activation_policy policy) {
  const precision activation = activation_of(plan, weight);
  const modelopt_algorithm* found = find_algorithm(weight, activation);
  if (policy == io::activation_policy::of_algorithm) {
    for (const modelopt_algorithm& a : modelopt_algorithms) {
      found = found == nullptr && a.weight == weight ? &a : found;
    }
  }
  if (found == nullptr) {
    std::string why = "with activations in " +
                      std::string{to_string(plan.get_activation_precision(weight))} +
                      " has no quant_algo; known with these weights: ";
    std::string known;
    for (const modelopt_algorithm& a : modelopt_algorithms) {
      if (a.weight == weight) {
        known.append(known.empty() ? "" : ", ").append(a.name).append(" (activations in ");
        known.append(to_string(a.activation)).append(")");
      }
    }
    cannot_export(modelopt_name, to_string(weight), why + (known.empty() ? "none" : known));
  }
  return *found;
}

[[nodiscard]] inline layer_algorithm entry_of(const modelopt_algorithm& a) {
  layer_algorithm entry{.quant_algo = json_string{std::string{a.name}}};
  if (a.group_size > 0) {
    entry.group_size = a.group_size;
  }
  if (a.awq) {
    entry.has_zero_point = false;
    entry.pre_quant_scale = true;
  }
  return entry;
}

[[nodiscard]] inline json_member<json_string> modelopt_cache(const mixed_precision_config& plan,
                                                             io::kv_cache_place place) {
  const precision cache = single_cache(modelopt_name, plan);
  if (is_unquantized(cache) || place == io::kv_cache_place::at_launch) {
    return json_member<json_string>::null();
  }
  switch (cache) {
    case precision::fp8_e4m3:
      return json_string{"FP8"};
    case precision::int8:
      return json_string{"INT8"};
    case precision::nvfp4_kv:
      return json_string{"NVFP4"};
    default:
      cannot_export(modelopt_name, "kv_cache_quant_algo",
                    std::string{to_string(cache)} +
                        " cannot be said; known: FP8_E4M3, INT8, NVFP4_KV, 16 bits");
  }
}

/// Lists of names for one layer.
class modelopt_layer {
 public:
  modelopt_layer(const export_modules& all, std::size_t layer, io::expert_listing experts)
      : layer_(layer), together_(experts == io::expert_listing::together) {
    prefix_ = all.prefix + "layers." + std::to_string(layer) + ".";
    for (const export_module& m : all.modules) {
      if (m.layers[layer]) {
        present_.push_back(&m);
      }
    }
  }

  /// Names of what stays in 16 bits.
  void add_excluded(std::vector<json_string>& list) const {
    std::vector<std::string> done;
    for (const export_module* const m : present_) {
      if (!is_unquantized(*m->layers[layer_])) {
        continue;
      }
      const std::string parent = parent_of(m->name);
      const bool together = !parent.empty() && is_plain_below(parent);
      std::string entry;
      if (together) {
        entry = parent + "*";
      } else if (m->expert_part.empty()) {
        entry = m->name;
      } else {
        entry = experts_agree(*m) ? m->name + "*" : m->name + ".*." + m->expert_part;
      }
      bool known = false;
      for (const std::string& other : done) {
        known = known || other == entry;
      }
      if (!known) {
        list.push_back({prefix_ + entry});
        done.push_back(entry);
      }
    }
  }

  /// Each quantized module with its algorithm.
  template <class AlgorithmOf>
  void add_quantized(json_map<layer_algorithm>& map, AlgorithmOf algorithm_of) const {
    for (const export_module* const m : present_) {
      const precision format = *m->layers[layer_];
      if (is_unquantized(format)) {
        continue;
      }
      const layer_algorithm entry = entry_of(algorithm_of(format));
      if (m->expert_part.empty() || (together_ && experts_agree(*m))) {
        map.entries.insert_or_assign(prefix_ + m->name, entry);
        continue;
      }
      for (std::int64_t i = 0; i < m->experts; ++i) {
        map.entries.insert_or_assign(
            prefix_ + m->name + "." + std::to_string(i) + "." + m->expert_part, entry);
      }
    }
  }

 private:
  [[nodiscard]] static std::string parent_of(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == name.npos ? std::string{} : name.substr(0, dot);
  }
  /// True where at least two modules stand below a name, all of them in 16 bits.
  [[nodiscard]] bool is_plain_below(std::string_view parent) const {
    std::size_t count = 0;
    for (const export_module* const m : present_) {
      if (std::string_view{m->name}.substr(0, parent.size()) == parent) {
        ++count;
        if (!is_unquantized(*m->layers[layer_])) {
          return false;
        }
      }
    }
    return count > 1;
  }
  /// True where all matrices of the experts have one format.
  [[nodiscard]] bool experts_agree(const export_module& m) const {
    for (const export_module* const other : present_) {
      if (other->name == m.name && other->layers[layer_] != m.layers[layer_]) {
        return false;
      }
    }
    return true;
  }

  std::size_t layer_;
  bool together_;
  std::string prefix_;
  std::vector<const export_module*> present_;
};

[[nodiscard]] inline std::string library_version() {
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

}  // namespace detail

namespace io {

/// A plan as hf_quant_config.json.
///
/// requires  is_valid(m); is_valid(plan)
/// errors    io::input_error that names the format, with its activations, or the cache which ModelOpt cannot say
/// example   examples/export_plan.cpp
[[nodiscard]] inline modelopt_document export_modelopt(const model_config& m,
                                                       const mixed_precision_config& plan,
                                                       const checkpoint_options& options = {}) {
  const detail::export_modules all =
      detail::modules_of_plan(detail::modelopt_name, m, plan, options.naming);
  const auto formats = detail::quantized_formats(all);
  quantization_record q{.kv_cache_quant_algo = detail::modelopt_cache(plan, options.kv_cache)};
  std::vector<json_string> excluded;
  if (detail::is_unquantized(all.head)) {
    excluded.push_back({"lm_head"});
  }
  const auto algorithm_of = [&](precision p) -> const detail::modelopt_algorithm& {
    return detail::algorithm_for(p, plan, options.activations);
  };
  json_map<layer_algorithm> layers;
  for (std::size_t i = 0; i < static_cast<std::size_t>(m.num_layers); ++i) {
    const detail::modelopt_layer layer{all, i, options.experts};
    layer.add_excluded(excluded);
    layer.add_quantized(layers, algorithm_of);
  }
  if (!detail::is_unquantized(all.head)) {
    layers.entries.emplace("lm_head", detail::entry_of(algorithm_of(all.head)));
  }
  if (!detail::is_unquantized(all.embeddings)) {
    layers.entries.emplace(all.prefix + "embed_tokens",
                           detail::entry_of(algorithm_of(all.embeddings)));
  }
  for (const std::string& entry : options.also_ignore) {
    excluded.push_back({entry});
  }
  if (formats.empty()) {
    q.quant_algo = json_member<json_string>::null();
    if (!detail::is_unquantized(detail::without_16bit_kind(plan.default_activation_precision))) {
      detail::cannot_export(detail::modelopt_name, to_string(plan.default_activation_precision),
                            "cannot be said of activations where no weight is quantized");
    }
  } else if (formats.size() == 1 && detail::is_unquantized(all.head) &&
             detail::is_unquantized(all.embeddings) &&
             !detail::quantizes_unusual(all, options.naming.model_type)) {
    const layer_algorithm whole = detail::entry_of(algorithm_of(formats.front()));
    q.quant_algo = whole.quant_algo;
    q.group_size = whole.group_size;
    q.has_zero_point = whole.has_zero_point;
    q.pre_quant_scale = whole.pre_quant_scale;
  } else {
    q.quant_algo = json_string{"MIXED_PRECISION"};
    q.quantized_layers = std::move(layers);
  }
  q.exclude_modules = std::move(excluded);
  return {.producer = document_producer{.name = json_string{"quantroof"},
                                        .version = json_string{detail::library_version()}},
          .quant_method = json_string{std::string{detail::modelopt_name}},
          .quantization = std::move(q)};
}

/// The plan that a hf_quant_config.json describes.
///
/// requires  m is the model of the same checkpoint
/// errors    io::input_error with the place: members or algorithms that are not known here, more ranges of layers than a plan holds
template <JsonValue Json>
[[nodiscard]] hf_quantization plan_from_modelopt(const Json& json, const model_config& m,
                                                 const checkpoint_naming& naming = {},
                                                 std::string_view file_name = "") {
  return detail::plan_of_document(json, m, naming, file_name, [](const Json& document) {
    modelopt_document file;
    from_json(document, file);
    return file.quantization.value();
  });
}

}  // namespace io
}  // namespace quantroof

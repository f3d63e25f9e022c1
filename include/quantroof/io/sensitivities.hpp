// SPDX-License-Identifier: Apache-2.0
//
// A user's own sensitivities as JSON: for each module, what it loses in each format, in nats of dlnPPL or of KL divergence.
//
//   {"model.layers.3.self_attn.v_proj": {"NVFP4": 0.0021, "FP8_E4M3": 0.0002},     a checkpoint's name of a module
//    "layers.3.v_proj": {...}, "layers.0-7.ffn_down": {...},                        an operator of one layer, of each of several
//    "ffn_down": {...}, "lm_head": {...}, "kv_cache": {...}}                        an operator of every layer
//
// or the same under "sensitivities", beside "model", "unit" ("nats") and "source". A fused module (qkv_proj, gate_up_proj) is shared out among its
// operators as ours are; experts of a layer add up. Whatever the model does not have is refused by its name, nothing is dropped.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "quantroof/detail/math.hpp"
#include "quantroof/engine/quality_options.hpp"
#include "quantroof/engine/quality_sensitivity.hpp"
#include "quantroof/io/hf_modules.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

namespace detail {

/// A number at the beginning of `text`, which is shortened by it.
[[nodiscard]] inline std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// "experts.17.up_proj" as "experts.0.up_proj": all experts have the names of the first.
[[nodiscard]] inline std::string as_first_expert(std::string_view module) {
  constexpr std::string_view experts = "experts.";
  std::string text{module};
  const std::size_t at = text.find(experts);
  if (at != std::string::npos) {
    const std::size_t begin = at + experts.size();
    const std::size_t end = text.find_first_not_of("0123456789", begin);
    if (end != begin && end != std::string::npos) {
      text.replace(begin, end - begin, "0");
    }
  }
  return text;
}

/// The operators of a layer that a module's weights are.
[[nodiscard]] inline operator_set operators_of_module(std::string_view module, const layer_shape& l,
                                                      std::int64_t hidden) {
  const std::string name = as_first_expert(module);
  operator_set found;
  for (const weight_matrix& w : weight_matrices(l, hidden)) {
    for (const hf_naming naming :
         {hf_naming::common, hf_naming::block_sparse, hf_naming::feed_forward,
          hf_naming::beside_mlp, hf_naming::mixer}) {
      const module_list modules = hf_modules_of(w.op, l, naming);
      if (std::find(modules.begin(), modules.end(), name) != modules.end()) {
        found.add(w.op);
      }
    }
  }
  return found;
}

/// What a key of the document means.
struct sensitivity_place {
  operator_set operators{};
  std::int64_t first_layer = 0;
  std::int64_t last_layer = 0;
};

class sensitivity_reader {
 public:
  explicit sensitivity_reader(const model_config& m) : model_(m) {}

  template <JsonValue Json>
  void read(const Json& object) {
    if (!object.is_object()) {
      wrong_type(object, "an object of modules and their losses");
    }
    for (auto member = object.begin(); member != object.end(); ++member) {
      read_at(std::string_view{member.key()}, [&] { read_module(member.key(), member.value()); });
    }
  }
  [[nodiscard]] std::vector<operator_loss> result() && { return std::move(losses_); }

 private:
  template <JsonValue Json>
  void read_module(std::string_view key, const Json& formats) {
    const sensitivity_place place = place_of(key);
    if (!formats.is_object()) {
      wrong_type(formats, "an object of formats and their losses");
    }
    double shares = 0;
    for_each(place.operators, [&](operator_type op) { shares += operator_sensitivity(op); });
    for (auto format = formats.begin(); format != formats.end(); ++format) {
      read_at(std::string_view{format.key()}, [&] {
        const precision p = parse_precision(format.key());
        expects(format_of(p).kind != element_kind::scale_only,
                "must be a precision of values, not of scales");
        const double nats = json_double(format.value());
        for_each(place.operators, [&](operator_type op) {
          add({.op = op,
               .first_layer = place.first_layer,
               .last_layer = place.last_layer,
               .precision = p,
               .nats = nats * operator_sensitivity(op) / shares});
        });
      });
    }
  }
  template <class F>
  static void for_each(operator_set ops, F f) {
    for (const operator_type op : operator_types) {
      if (ops.contains(op)) {
        f(op);
      }
    }
  }
  /// Experts of a layer add up.
  void add(const operator_loss& loss) {
    for (operator_loss& known : losses_) {
      if (known.op == loss.op && known.precision == loss.precision &&
          known.first_layer == loss.first_layer && known.last_layer == loss.last_layer) {
        expects(expert_operators.contains(loss.op), "is said twice of one operator of one layer");
        known.nats += loss.nats;
        return;
      }
    }
    losses_.push_back(loss);
  }

  [[nodiscard]] sensitivity_place place_of(std::string_view key) const {
    std::string_view rest = key;
    for (const std::string_view prefix : hf_prefixes) {
      if (rest.starts_with(prefix)) {
        rest.remove_prefix(prefix.size());
        break;
      }
    }
    sensitivity_place place{.last_layer = model_.num_layers - 1};
    constexpr std::string_view layers = "layers.";
    const bool in_layer = rest.starts_with(layers);
    if (in_layer) {
      rest.remove_prefix(layers.size());
      place = layers_of(rest);
      if (!rest.starts_with('.')) {
        throw io::input_error("", "", "must name a module behind its layer");
      }
      rest.remove_prefix(1);
    }
    place.operators = operators_of(rest, in_layer, place);
    return place;
  }
  [[nodiscard]] sensitivity_place layers_of(std::string_view& text) const {
    sensitivity_place place;
    const auto first = take_number(text);
    auto last = first;
    if (first && text.starts_with('-')) {
      text.remove_prefix(1);
      last = take_number(text);
    }
    if (!first || !last || *first > *last) {
      throw io::input_error("", "", "must name a layer (layers.3) or layers (layers.0-7)");
    }
    if (*last >= model_.num_layers) {
      throw io::input_error(
          "", "",
          "names a layer beyond the " + std::to_string(model_.num_layers) + " of the model");
    }
    place.first_layer = *first;
    place.last_layer = *last;
    return place;
  }
  /// An operator by our name, or by a checkpoint's within a layer; refuses what no layer of the range has.
  [[nodiscard]] operator_set operators_of(std::string_view name, bool in_layer,
                                          const sensitivity_place& place) const {
    operator_set found;
    const auto known = find_name(operator_names, name);
    for (std::int64_t i = place.first_layer; i <= place.last_layer; ++i) {
      const layer_shape l = layer_kind(model_, layer_kind_of(model_, i));
      if (known && has(l, *known, in_layer)) {
        found.add(*known);
      } else if (!known && in_layer) {
        const operator_set ops = operators_of_module(name, l, model_.hidden_size);
        for_each(ops, [&](operator_type op) { found.add(op); });
      }
    }
    if (!in_layer && name == "embed_tokens") {
      found.add(operator_type::embeddings);
    }
    if (found.empty()) {
      std::string rule = "names nothing that the model has; known: ";
      for_each(known_operators(),
               [&](operator_type op) { rule += std::string{to_string(op)} + " "; });
      rule += "and modules such as model.layers.0.mlp.down_proj";
      throw io::input_error("", "", rule);
    }
    return found;
  }
  [[nodiscard]] bool has(const layer_shape& l, operator_type op, bool in_layer) const {
    if (op == operator_type::embeddings || op == operator_type::lm_head) {
      return !in_layer && model_.vocab_size.has_value();
    }
    if (op == operator_type::kv_cache || attention_matmuls.contains(op)) {
      return has_cache(l);
    }
    for (const weight_matrix& w : weight_matrices(l, model_.hidden_size)) {
      if (w.op == op) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] operator_set known_operators() const {
    operator_set all;
    for (std::size_t kind = 0; kind < layer_kind_count(model_); ++kind) {
      for (const operator_type op : operator_types) {
        if (has(layer_kind(model_, kind), op, false)) {
          all.add(op);
        }
      }
    }
    return all;
  }

  const model_config& model_;
  std::vector<operator_loss> losses_{};
};

}  // namespace detail

namespace io {

/// A user's sensitivities of a model, for quality_options::sensitivities.
///
/// requires  is_valid(m)
/// errors    io::input_error with the place: a module, layer or format that is not known, a figure that is not finite
template <JsonValue Json>
[[nodiscard]] std::vector<operator_loss> sensitivities_from(const Json& json,
                                                            const model_config& m) {
  is_valid(m);
  detail::sensitivity_reader reader{m};
  if (json.is_object() && json.contains("sensitivities")) {
    quantroof::detail::member_names names;
    for (const std::string_view key : {"sensitivities", "model", "unit", "source"}) {
      names.known.push_back(key);
    }
    detail::refuse_unknown_members(json, names);
    if (const auto unit = json.find("unit"); unit != json.end()) {
      detail::read_at(std::string_view{"unit"}, [&] {
        detail::expects(detail::json_text(*unit) == "nats", "must be \"nats\"");
      });
    }
    detail::read_at(std::string_view{"sensitivities"},
                    [&] { reader.read(*json.find("sensitivities")); });
  } else {
    reader.read(json);
  }
  return std::move(reader).result();
}

/// Sensitivities as the document that sensitivities_from reads.
template <JsonValue Json>
[[nodiscard]] Json sensitivities_to(const std::vector<operator_loss>& losses,
                                    const model_config& m) {
  Json json = Json::object();
  for (const operator_loss& s : losses) {
    std::string key{to_string(s.op)};
    if (s.first_layer > 0 || s.last_layer < m.num_layers - 1) {
      std::string layers = "layers." + std::to_string(s.first_layer);
      if (s.last_layer > s.first_layer) {
        layers.append("-").append(std::to_string(s.last_layer));
      }
      key.insert(0, layers.append("."));
    }
    json[key][typename Json::string_t(to_string(s.precision))] = s.nats;
  }
  return json;
}

}  // namespace io
}  // namespace quantroof

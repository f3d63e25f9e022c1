// SPDX-License-Identifier: Apache-2.0
//
// The plan that a quantization_config describes, whole: the formats of weights, inputs and KV cache as hf_quantization.hpp reads them, unknown members
// refused, and a check that the plan says of every weight what the document says.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/io/export_modules.hpp"
#include "quantroof/io/export_record.hpp"
#include "quantroof/io/hf_module_formats.hpp"
#include "quantroof/io/hf_quantization.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof::detail {

/// True where a quantized module is one that methods for all linear layers leave alone, so that lists must name it.
[[nodiscard]] inline bool quantizes_unusual(const export_modules& all, std::string_view type) {
  for (const export_module& m : all.modules) {
    if (stays_plain(m.op, hf_naming_of(type)) && !m.is_everywhere(precision::fp16)) {
      return true;
    }
  }
  return false;
}

/// True of a document of ModelOpt that quantizes the KV cache at most.
[[nodiscard]] inline bool names_no_weights(const quantization_record& record) {
  return record.quant_algo.is_null() && record.quant_method.is_absent() &&
         !record.quantized_layers.has_value() && !record.config_groups.has_value();
}

/// A module's name below its layer, the numbers of experts as *; with the layer, or -1 beside the layers.
[[nodiscard]] inline std::pair<std::string, std::int64_t> below_layer(std::string_view name) {
  constexpr std::string_view word = "layers.";
  const std::size_t at = name.find(word);
  std::int64_t layer = -1;
  if (at != name.npos) {
    name.remove_prefix(at + word.size());
    const auto end = std::from_chars(name.data(), name.data() + name.size(), layer).ptr;
    name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    name.remove_prefix(name.substr(0, 1) == "." ? 1 : 0);
  }
  std::string rest;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('.'));
    const bool number = part.find_first_not_of("0123456789") == part.npos;
    rest.append(rest.empty() ? "" : ".").append(number ? "*" : part);
    name.remove_prefix(part.size() < name.size() ? part.size() + 1 : part.size());
  }
  return {rest, layer};
}

/// Says of which modules a document names the format without any operator here to have it: layers that predict further tokens, vision towers,
/// projections that the model here does not tell apart.
inline void note_unknown_modules(const hf_module_formats& formats, const model_config& m,
                                 std::string_view model_type, hf_notes& notes) {
  std::set<std::string, std::less<>> known{"lm_head", "model.lm_head"};
  const auto add = [&](std::string_view module) {
    std::string name = below_layer(module).first;
    while (!name.empty()) {  // the module and what it is inside of
      known.insert(name);
      const std::size_t dot = name.rfind('.');
      name.resize(dot == name.npos ? 0 : dot);
    }
  };
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape shape = layer_kind(m, kind);
    for (const weight_matrix& w : weight_matrices(shape, m.hidden_size)) {
      for (const std::string_view module : hf_modules_of(w.op, shape, hf_naming_of(model_type))) {
        add(module);
        for (const companion_module& c : companions_of(w.op, module)) {
          add(c.name);
        }
      }
    }
  }
  std::size_t count = 0;
  std::string first;
  for (const auto& entry : formats.named) {
    const auto [name, layer] = below_layer(entry.first);
    const std::size_t at = entry.first.find("layers.");
    bool of_model = at == entry.first.npos || at == 0;
    for (const std::string_view prefix : hf_prefixes) {
      of_model = of_model || std::string_view{entry.first}.substr(0, at) == prefix;
    }
    const bool ends = layer < 0 && (name.ends_with("embed_tokens") || name.ends_with("embeddings"));
    if (of_model && layer < m.num_layers && (ends || known.contains(name))) {
      continue;
    }
    first = count++ == 0 ? entry.first : first;
  }
  if (count > 0) {
    hf_note(notes,
            std::to_string(count) + " named modules have no operator here; the first: " + first);
  }
}

/// Refuses a plan that says other than the document of some weight.
inline void check_read_plan(const hf_module_formats& formats, const model_config& m,
                            std::string_view model_type, const mixed_precision_config& plan) {
  const hf_naming naming = hf_naming_of(model_type);
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    const layer_shape shape = layer_kind(m, layer_kind_of(m, layer));
    for (const weight_matrix& w : weight_matrices(shape, m.hidden_size)) {
      std::vector<std::string> names;
      for (const std::string_view module : hf_modules_of(w.op, shape, naming)) {
        names.push_back("layers." + std::to_string(layer) + "." + std::string{module});
      }
      if (formats.of(names, !stays_plain(w.op, naming)) != plan.get_precision(w.op, layer)) {
        throw io::input_error{"", "",
                              "changes format more often along the layers than a plan of 16 "
                              "overrides can say; first lost: " +
                                  std::string{to_string(w.op)} + " of layer " +
                                  std::to_string(layer)};
      }
    }
  }
}

/// A plan by way of the typed document, so that unknown members are refused, and of the reader of formats.
template <JsonValue Json, class Read>
[[nodiscard]] io::hf_quantization plan_of_document(const Json& json, const model_config& m,
                                                   const io::checkpoint_naming& naming,
                                                   std::string_view file_name, Read read) {
  try {
    const quantization_record record = read(json);
    const hf_reader<Json> whole{json};
    const hf_reader<Json> inner =
        whole.find("quantization") != nullptr ? whole.member("quantization") : whole;
    hf_module_formats formats;
    if (names_no_weights(record)) {
      formats.name = "modelopt";
      formats.cache = hf_cache_format(inner, formats.notes);
    } else {
      formats = hf_read_formats(inner);
    }
    note_unknown_modules(formats, m, naming.model_type, formats.notes);
    const hf_module_formats document = formats;
    io::hf_quantization q = hf_quantization_of(std::move(formats), naming.model_type, m);
    if (q.config.layer_overrides.size() == q.config.layer_overrides.capacity()) {
      check_read_plan(document, m, naming.model_type, q.config);  // where some may be lost
    }
    return q;
  } catch (const io::input_error& error) {
    throw error.in_file(file_name);
  } catch (const domain_error& error) {
    throw io::input_error{file_name, "", error.what()};
  }
}

}  // namespace quantroof::detail

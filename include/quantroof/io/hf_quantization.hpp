// SPDX-License-Identifier: Apache-2.0
//
// The formats of a quantized checkpoint as a mixed_precision_config: quantization_config in a Hugging Face config.json, or ModelOpt's
// hf_quant_config.json beside it.
//
//   fp8, mxfp4, compressed-tensors, modelopt, awq, gptq, auto-round, bitsandbytes
//
// Every operator of every layer gets the format of its module (hf_modules.hpp): that of the list it is in, or of the whole checkpoint unless
// modules_to_not_convert, ignore or exclude_modules mean it (module_pattern.hpp). Embeddings, routers and the LM head stay in 16 bits unless a
// list names them; in compressed-tensors the head is a module like any other. Inputs have the format that the method or the scheme names, 16 bits
// where it names none. What cannot be said exactly is in the notes; what cannot be said at all is an error.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/hf_module_formats.hpp"
#include "quantroof/io/hf_modules.hpp"
#include "quantroof/io/hf_quant_format.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_file.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"

namespace quantroof {

namespace io {

/// The formats of a checkpoint, and what they leave unsaid.
struct hf_quantization {
  mixed_precision_config config{};
  std::vector<std::string> notes{};
};

}  // namespace io

namespace detail {

/// The format of an operator in each layer that has it.
struct hf_operator_formats {
  operator_type op;
  std::vector<std::optional<precision>> layers;
};

/// The formats of most layers as the operators' own, those of others as overrides of the layers they stand in.
[[nodiscard]] inline mixed_precision_config hf_summed_up(
    mixed_precision_config c, const std::vector<hf_operator_formats>& operators, hf_notes& notes) {
  struct range {
    std::int64_t first;
    std::int64_t last;
    precision format;
    operator_set operators;
  };
  std::vector<range> ranges;
  for (const hf_operator_formats& entry : operators) {
    std::array<std::size_t, precision_formats.size()> count{};
    for (const auto& format : entry.layers) {
      if (format) {
        ++count[static_cast<std::size_t>(*format)];
      }
    }
    const auto most = static_cast<precision>(
        std::distance(count.begin(), std::max_element(count.begin(), count.end())));
    c.operator_precisions.set(entry.op, most);
    std::optional<range> open;
    const auto close = [&] {
      if (open) {
        for (range& r : ranges) {
          if (r.first == open->first && r.last == open->last && r.format == open->format) {
            r.operators.add(entry.op);
            open.reset();
            return;
          }
        }
        ranges.push_back(*open);
        open.reset();
      }
    };
    for (std::size_t i = 0; i < entry.layers.size(); ++i) {
      const auto& format = entry.layers[i];
      const auto layer = static_cast<std::int64_t>(i);
      if (!format) {
        continue;  // the layer lacks the operator: an override may cover it
      }
      if (*format == most || (open && open->format != *format)) {
        close();
      }
      if (*format != most) {
        if (!open) {
          open = range{layer, layer, *format, {entry.op}};
        }
        open->last = layer;
      }
    }
    close();
  }
  for (const range& r : ranges) {
    if (c.layer_overrides.size() == c.layer_overrides.capacity()) {
      hf_note(notes, std::to_string(ranges.size()) +
                         " ranges of layers have other formats; the first 16 are kept");
      break;
    }
    c = c.with_layers(r.first, r.last, r.format, r.operators);
  }
  return c;
}

/// The 16-bit format of what is not quantized.
template <JsonValue Json>
[[nodiscard]] precision hf_plain_format(const hf_reader<Json>& config) {
  for (const hf_reader<Json>& place : {config, config.outside()}) {
    for (const std::string_view key : {"torch_dtype", "dtype"}) {
      const std::string_view type = place.text(key);
      if (type == "bfloat16" || type == "float16" || type == "float32") {
        return type == "bfloat16"  ? precision::bf16
               : type == "float16" ? precision::fp16
                                   : precision::fp32;
      }
      if (!type.empty()) {
        place.refuse(key, "must be bfloat16, float16 or float32");
      }
    }
  }
  return precision::fp16;
}

/// Projections that methods for all linear layers leave alone: routers, which are not linear layers of the model's code, the ways into and out of
/// Kimi-K3's experts, which vLLM reads unquantized though the file's list does not name them, and DeepSeek-V4's compressors, which its code keeps
/// in 32 bits.
[[nodiscard]] constexpr bool stays_plain(operator_type op, hf_naming naming) {
  return op == operator_type::router || op == operator_type::compressor ||
         op == operator_type::stream_mix ||
         (naming == hf_naming::block_sparse &&
          (op == operator_type::latent_in || op == operator_type::latent_out));
}

/// The inputs of most weights as the default, a rule for each other format.
inline void hf_write_inputs(mixed_precision_config& c,
                            const std::vector<hf_operator_formats>& operators,
                            hf_module_formats& formats, precision wide) {
  std::array<std::size_t, precision_count> uses{};
  const auto use = [&](precision p) {
    uses[static_cast<std::size_t>(p)] += format_of(p).element_bits < 16 ? 1U : 0U;
  };
  for (const hf_operator_formats& entry : operators) {
    for (const auto& format : entry.layers) {
      use(format.value_or(precision::fp16));
    }
  }
  use(c.get_precision(operator_type::lm_head));
  const auto input_of = [&](precision weight) {
    const auto found = formats.inputs.find(weight);
    return found == formats.inputs.end() || format_of(found->second).element_bits >= 16
               ? wide
               : found->second;
  };
  const auto most = static_cast<precision>(
      std::distance(uses.begin(), std::max_element(uses.begin(), uses.end())));
  if (uses[static_cast<std::size_t>(most)] == 0) {
    return;
  }
  c.default_activation_precision = input_of(most);
  for (const precision_format& f : precision_formats) {
    if (uses[static_cast<std::size_t>(f.id)] == 0 ||
        input_of(f.id) == c.default_activation_precision) {
      continue;
    }
    if (c.activation_rules.size() == c.activation_rules.capacity()) {
      hf_note(formats.notes,
              "more formats of weights have inputs of their own than a plan can say");
      return;
    }
    c = c.with_activation(f.id, input_of(f.id));
  }
}

/// expert_dtype beside quantization_config: routed experts in FP4 blocks of 32, their inputs as those of the FP8 blocks.
///
/// source    DeepSeek-V4's config.json and inference code
template <JsonValue Json>
void hf_read_expert_format(const hf_reader<Json>& config, hf_module_formats& formats) {
  const std::string_view type = config.text("expert_dtype");
  if (type.empty() || type == "fp8") {
    return;
  }
  if (type != "fp4") {
    config.refuse("expert_dtype", "must be fp4 or fp8");
  }
  formats.groups.push_back({{}, precision::mxfp4});
  formats.groups.back().modules.add("experts", formats.notes);
  formats.add_inputs(precision::mxfp4, precision::fp8_e4m3_group128);
}

[[nodiscard]] inline io::hf_quantization hf_quantization_of(hf_module_formats formats,
                                                            std::string_view model_type,
                                                            const model_config& m) {
  io::hf_quantization result;
  result.config.name = utf8_prefix(formats.name.empty() ? "quantized" : formats.name, 64);
  result.config.default_weight_precision = formats.plain;
  const precision wide = formats.plain == precision::fp32 ? precision::fp16 : formats.plain;
  result.config.default_activation_precision = wide;
  result.config.kv_cache_precision = formats.cache.value_or(wide);
  const hf_naming naming = hf_naming_of(model_type);
  std::vector<hf_operator_formats> operators;
  for (const operator_type op : operator_types) {
    hf_operator_formats entry{
        op, std::vector<std::optional<precision>>(static_cast<std::size_t>(m.num_layers))};
    bool any = false;
    for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
      const layer_shape shape = layer_kind(m, layer_kind_of(m, layer));
      bool has = false;
      for (const weight_matrix& w : weight_matrices(shape, m.hidden_size)) {
        has = has || w.op == op;
      }
      if (has) {
        std::vector<std::string> names;
        for (const std::string_view module : hf_modules_of(op, shape, naming)) {
          names.push_back("layers." + std::to_string(layer) + "." + std::string{module});
        }
        entry.layers[static_cast<std::size_t>(layer)] = formats.of(names, !stays_plain(op, naming));
        any = true;
      }
    }
    if (any) {
      operators.push_back(std::move(entry));
    }
  }
  result.config = hf_summed_up(result.config, operators, formats.notes);
  result.config.operator_precisions.set(operator_type::lm_head,
                                        formats.of({"lm_head"}, formats.head_is_linear));
  result.config.operator_precisions.set(operator_type::embeddings,
                                        formats.of({"embed_tokens", "embeddings"}, false));
  hf_write_inputs(result.config, operators, formats, wide);
  is_valid(result.config);
  result.notes = std::move(formats.notes);
  return result;
}

}  // namespace detail

namespace io {

/// The formats that the quantization_config of a parsed config.json names; nullopt where there is none.
///
/// requires  m is the model of the same file
/// errors    io::input_error with the file and the place: an unknown method, algorithm or scheme, one that no format here says
template <JsonValue Json>
[[nodiscard]] std::optional<hf_quantization> quantization_from_hf_config(
    const Json& json, const model_config& m, std::string_view file_name = "") {
  try {
    const detail::hf_reader<Json> config{json};
    const bool own = config.find("quantization_config") != nullptr;
    const auto place = own ? config : config.outside();
    if (place.find("quantization_config") == nullptr) {
      return std::nullopt;
    }
    auto formats = detail::hf_read_formats(place.member("quantization_config"));
    formats.plain = detail::hf_plain_format(config);
    detail::hf_read_expert_format(config, formats);
    const std::string_view type = config.text("model_type");
    return detail::hf_quantization_of(std::move(formats),
                                      type.empty() ? config.outside().text("model_type") : type, m);
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  } catch (const domain_error& error) {
    throw input_error{file_name, "", error.what()};
  }
}

/// The formats that a parsed hf_quant_config.json of ModelOpt names, for a model of type `model_type` whose other tensors have 16 bits.
///
/// errors    as quantization_from_hf_config
template <JsonValue Json>
[[nodiscard]] hf_quantization quantization_from_hf_quant_config(const Json& json,
                                                                const model_config& m,
                                                                std::string_view model_type,
                                                                std::string_view file_name = "") {
  try {
    const detail::hf_reader<Json> whole{json};
    auto formats = detail::hf_read_formats(
        whole.find("quantization") != nullptr ? whole.member("quantization") : whole);
    formats.plain = precision::bf16;
    return detail::hf_quantization_of(std::move(formats), model_type, m);
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  } catch (const domain_error& error) {
    throw input_error{file_name, "", error.what()};
  }
}

/// The formats of the checkpoint in a folder, or of a config.json: its quantization_config, else hf_quant_config.json beside it; nullopt where
/// neither is there.
///
/// errors    io::input_error with the file and the place
[[nodiscard]] inline std::optional<hf_quantization> quantization_from_hf_config(
    const std::filesystem::path& path, const model_config& m) {
  std::error_code ignored;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, ignored) ? path / "config.json" : path;
  const auto read = [](const std::filesystem::path& name) {
    return parse_json(detail::without_non_finite(read_text_file(name)), name.string());
  };
  const auto json = read(file);
  if (auto own = quantization_from_hf_config(json, m, file.string())) {
    return own;
  }
  const std::filesystem::path beside = file.parent_path() / "hf_quant_config.json";
  if (!std::filesystem::exists(beside, ignored)) {
    return std::nullopt;
  }
  const detail::hf_reader config{json};
  const std::string_view type = config.text("model_type");
  return quantization_from_hf_quant_config(
      read(beside), m, type.empty() ? config.outside().text("model_type") : type, beside.string());
}

}  // namespace io
}  // namespace quantroof

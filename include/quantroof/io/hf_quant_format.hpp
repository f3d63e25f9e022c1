// SPDX-License-Identifier: Apache-2.0
//
// The number format that a quantized checkpoint names: a scheme of compressed-tensors, an algorithm of ModelOpt, the settings of fp8, AWQ, GPTQ,
// bitsandbytes. Names are matched whole: MXFP8 is not FP8.
//
// Source: compressed-tensors' QuantizationArgs, ModelOpt's quant_algo names, transformers' quantization configs (read 2026-08).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/io/export_schemes.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof::detail {

/// What could not be said exactly, in words.
using hf_notes = std::vector<std::string>;

inline void hf_note(hf_notes& notes, std::string_view text) {
  for (const std::string& known : notes) {
    if (known == text) {
      return;
    }
  }
  notes.emplace_back(text);
}

/// The format of a quant_algo at `key`.
template <JsonValue Json>
[[nodiscard]] precision hf_algorithm_format(const hf_reader<Json>& config, std::string_view key,
                                            hf_notes& notes) {
  const std::string_view name = config.text(key);
  for (const modelopt_algorithm& algorithm : modelopt_algorithms) {
    if (algorithm.name == name) {
      const std::int64_t block = format_of(algorithm.weight).scales.block_cols;
      if (const auto group = config.integer("group_size", 0, hf_long);
          group && block > 0 && *group != block) {
        config.refuse("group_size", "is not the group of this quant_algo");
      }
      if (algorithm.awq) {
        hf_note(notes, std::string{name} + ": the scales of the inputs' channels are not counted");
      }
      return algorithm.weight;
    }
  }
  short_string<600> rule{"\""};
  rule.append(utf8_prefix(name, 60)).append("\" is not a known algorithm; known: ");
  for (const modelopt_algorithm& algorithm : modelopt_algorithms) {
    rule.append(algorithm.name).append(", ");
  }
  config.refuse(key, rule.append("MIXED_PRECISION"));
}

/// Two positive numbers at `key`, if it is there.
template <JsonValue Json>
[[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> hf_block(
    const hf_reader<Json>& config, std::string_view key) {
  const Json* const json = config.find(key);
  if (json == nullptr) {
    return std::nullopt;
  }
  if (!json->is_array() || json->size() != 2 || !(*json)[0].is_number_integer() ||
      !(*json)[1].is_number_integer()) {
    config.refuse(key, "must be two whole numbers");
  }
  return std::pair{json_integer((*json)[0], -hf_long, hf_long),
                   json_integer((*json)[1], -hf_long, hf_long)};
}

/// fp8: blocks of 128 x 128, or one scale for a matrix.
template <JsonValue Json>
[[nodiscard]] precision hf_fp8_format(const hf_reader<Json>& config) {
  const std::string_view fmt = config.text("fmt");
  const bool e5m2 = fmt == "e5m2" || fmt == "float8_e5m2";
  if (!fmt.empty() && fmt != "e4m3" && fmt != "float8_e4m3fn" && !e5m2) {
    config.refuse("fmt", "must be e4m3, float8_e4m3fn, e5m2 or float8_e5m2");
  }
  const auto block = hf_block(config, "weight_block_size");
  if (!block) {
    return e5m2 ? precision::fp8_e5m2 : precision::fp8_e4m3;
  }
  if (*block != std::pair<std::int64_t, std::int64_t>{128, 128} || e5m2) {
    config.refuse("weight_block_size", "must be [128, 128] with e4m3; others have no format here");
  }
  return precision::fp8_e4m3_block128;
}

/// Integers of `bits` bits in groups along the columns, 0 for a whole row.
template <JsonValue Json>
[[nodiscard]] precision hf_integer_format(const hf_reader<Json>& config, std::int64_t bits,
                                          std::int64_t group, bool zero_points) {
  struct entry {
    std::int64_t bits;
    std::int64_t group;
    bool zero_points;
    precision format;
  };
  constexpr std::array known = {
      entry{8, 0, false, precision::int8_channel},  entry{8, 32, false, precision::int8_g32},
      entry{4, 0, false, precision::int4_channel},  entry{4, 32, false, precision::int4_g32},
      entry{4, 64, false, precision::int4_g64},     entry{4, 128, false, precision::int4_g128},
      entry{4, 128, true, precision::int4_g128_zp4}};
  for (const entry& e : known) {
    if (e.bits == bits && e.group == group && e.zero_points == zero_points) {
      return e.format;
    }
  }
  config.refuse(
      config.find("group_size") != nullptr ? "group_size" : "num_bits",
      "integers of these bits, this group and with or without zero points have no format "
      "here; known: 4 bits in 32, 64, 128 or a row, in 128 with zero points, 8 bits in 32 "
      "or a row");
}

/// A scheme of weights: num_bits, type, strategy, group_size, symmetric.
template <JsonValue Json>
[[nodiscard]] precision hf_scheme_format(const hf_reader<Json>& scheme,
                                         std::string_view container) {
  const std::int64_t bits = scheme.size("num_bits", 64);
  const std::string_view type = scheme.text("type");
  const auto given_group = scheme.integer("group_size", -1, hf_long);
  std::string_view strategy = scheme.text("strategy");
  if (strategy.empty()) {
    strategy = !given_group ? "tensor" : (*given_group > 0 ? "group" : "channel");
  }
  const std::int64_t group = given_group.value_or(0);
  const std::string_view scales = scheme.text("scale_dtype");
  const bool micro = scales == "torch.uint8" || container == "mxfp4-pack-quantized" ||
                     container == "mxfp8-pack-quantized";
  if (type == "float" && bits == 8) {
    if (strategy == "tensor") {
      return precision::fp8_e4m3;
    }
    if (strategy == "channel") {
      return precision::fp8_e4m3_channel;
    }
    if (strategy == "block" &&
        hf_block(scheme, "block_structure") == std::pair<std::int64_t, std::int64_t>{128, 128}) {
      return precision::fp8_e4m3_block128;
    }
    if (strategy == "group" && (group == 128 || (group == 32 && micro))) {
      return micro ? precision::mxfp8_e4m3 : precision::fp8_e4m3_group128;
    }
  }
  if (type == "float" && bits == 4) {
    if ((strategy == "tensor_group" || strategy == "group") && group == 16) {
      return precision::nvfp4;
    }
    if (strategy == "group" && group == 32 && micro) {
      return precision::mxfp4;
    }
  }
  if (type == "int" && strategy == "tensor" && (bits == 8 || bits == 4)) {
    return bits == 8 ? precision::int8 : precision::int4;
  }
  if (type == "int" && (strategy == "channel" || strategy == "group")) {
    return hf_integer_format(scheme, bits, strategy == "channel" ? 0 : group,
                             !scheme.flag("symmetric", true));
  }
  scheme.refuse("num_bits", "these bits, type and strategy have no format here");
}

/// AWQ, GPTQ and auto-round: integers in groups.
template <JsonValue Json>
[[nodiscard]] precision hf_group_format(const hf_reader<Json>& config, bool zero_points,
                                        hf_notes& notes) {
  const std::int64_t bits = config.size({"bits", "w_bit"}, 64);
  const auto group = config.integer({"group_size", "q_group_size"}, -1, hf_long).value_or(128);
  if (config.flag("desc_act", false)) {
    hf_note(notes, "desc_act: the order of the columns is not counted");
  }
  return hf_integer_format(config, bits, group == -1 ? 0 : group, zero_points);
}

/// bitsandbytes.
template <JsonValue Json>
[[nodiscard]] precision hf_bitsandbytes_format(const hf_reader<Json>& config, hf_notes& notes) {
  const bool four = config.flag("load_in_4bit", false);
  if (four == config.flag("load_in_8bit", false)) {
    config.refuse("load_in_4bit", "must be one of load_in_4bit and load_in_8bit");
  }
  if (!four) {
    return precision::int8_channel;
  }
  const std::string_view type = config.text("bnb_4bit_quant_type");
  if (!type.empty() && type != "fp4" && type != "nf4") {
    config.refuse("bnb_4bit_quant_type", "must be fp4 or nf4");
  }
  // 4 + 32 / 64 bits are those of INT4_G32; with quantized scales 4 + 8 / 64 + 32 / 16384 = 4.127, those of INT4_G128 and 0.05 % more.
  const bool twice = config.flag("bnb_4bit_use_double_quant", false);
  hf_note(notes, twice ? "bitsandbytes: 4.127 bits with quantized scales are taken as INT4_G128"
                       : "bitsandbytes: 4.5 bits with scales are taken as INT4_G32");
  return twice ? precision::int4_g128 : precision::int4_g32;
}

/// A scheme of inputs: num_bits, type, strategy, group_size, dynamic.
template <JsonValue Json>
[[nodiscard]] precision hf_input_format(const hf_reader<Json>& scheme) {
  const Json* const dynamic = scheme.find("dynamic");
  const std::int64_t group = scheme.integer("group_size", -1, hf_long).value_or(0);
  const input_arguments arguments{
      .num_bits = scheme.size("num_bits", 16),
      .type = scheme.text("type"),
      .strategy = scheme.text("strategy"),
      .group_size = group > 0 ? group : 0,
      .is_dynamic =
          dynamic != nullptr && !(dynamic->is_boolean() && !dynamic->template get<bool>())};
  const auto format = activation_format(arguments);
  if (!format) {
    scheme.refuse("num_bits",
                  "with this type, strategy and group size has no format here; known: " +
                      names_in(activation_schemes,
                               [](const tensor_scheme& s) { return to_string(s.format); }));
  }
  return *format;
}

/// The KV cache: a name (older ModelOpt files), an object, or null for 16 bits.
template <JsonValue Json>
[[nodiscard]] std::optional<precision> hf_cache_format(const hf_reader<Json>& config,
                                                       hf_notes& notes) {
  const std::string_view key =
      config.find("kv_cache_scheme") != nullptr ? "kv_cache_scheme" : "kv_cache_quant_algo";
  const Json* const json = config.find(key);
  if (json == nullptr) {
    return std::nullopt;
  }
  if (json->is_object()) {
    const auto scheme = config.member(key);
    const std::string_view type = scheme.text("type");
    const std::int64_t bits = scheme.size("num_bits", 64);
    if (bits == 8 && (type == "float" || type == "int")) {
      return type == "float" ? precision::fp8_e4m3 : precision::int8;
    }
    if (bits == 4 && type == "float") {
      return precision::nvfp4_kv;
    }
    scheme.refuse("num_bits", "a KV cache of these bits and this type has no format here");
  }
  const std::string_view name = config.text(key);
  if (name == "NVFP4_AFFINE") {
    hf_note(notes, "NVFP4_AFFINE: the offsets of the KV cache are not counted");
  }
  if (name == "FP8") {
    return precision::fp8_e4m3;
  }
  if (name == "INT8") {
    return precision::int8;
  }
  if (name == "NVFP4" || name == "NVFP4_AFFINE") {
    return precision::nvfp4_kv;
  }
  config.refuse(key, "is not a known format; known: FP8, INT8, NVFP4, NVFP4_AFFINE");
}

}  // namespace quantroof::detail

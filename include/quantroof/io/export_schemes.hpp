// SPDX-License-Identifier: Apache-2.0
//
// How other tools say a format: the arguments of compressed-tensors for weights and for activations, its presets, ModelOpt's algorithms. One
// line an entry; names are matched whole, in both directions.
//
// Source: compressed-tensors 52792be (QuantizationArgs, PRESET_SCHEMES), llm-compressor ab1ba3e (W4AFP8, MXFP4, MXFP8), Model-Optimizer a2fbac7
// (export/quant_utils.py), all published.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quantroof/io/export_record.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof::detail {

/// A format in compressed-tensors' words.
struct tensor_scheme {
  precision format;
  std::int64_t num_bits;
  std::string_view type;
  std::string_view strategy;
  std::int64_t group_size;  // 0: none
  bool symmetric;
  scale_timing dynamic;
  std::string_view scale_dtype;  // empty: the tensor's own
  std::string_view container;    // "format" of the file; empty for activations
};

// clang-format off
/// Weights. group_size 128 with "block": block_structure [128, 128].
inline constexpr std::array weight_schemes = {
    tensor_scheme{precision::fp8_e4m3,          8, "float", "tensor",       0,   true,  scale_timing::fixed, "",            "float-quantized"},
    tensor_scheme{precision::fp8_e4m3_channel,  8, "float", "channel",      0,   true,  scale_timing::fixed, "",            "float-quantized"},
    tensor_scheme{precision::fp8_e4m3_block128, 8, "float", "block",        0,   true,  scale_timing::fixed, "",            "float-quantized"},
    tensor_scheme{precision::fp8_e4m3_group128, 8, "float", "group",        128, true,  scale_timing::fixed, "",            "float-quantized"},
    tensor_scheme{precision::mxfp8_e4m3,        8, "float", "group",        32,  true,  scale_timing::fixed, "torch.uint8", "mxfp8-pack-quantized"},
    tensor_scheme{precision::nvfp4,             4, "float", "tensor_group", 16,  true,  scale_timing::fixed, "",            "nvfp4-pack-quantized"},
    tensor_scheme{precision::mxfp4,             4, "float", "group",        32,  true,  scale_timing::fixed, "torch.uint8", "mxfp4-pack-quantized"},
    tensor_scheme{precision::int8,              8, "int",   "tensor",       0,   true,  scale_timing::fixed, "",            "int-quantized"},
    tensor_scheme{precision::int8_channel,      8, "int",   "channel",      0,   true,  scale_timing::fixed, "",            "int-quantized"},
    tensor_scheme{precision::int8_g32,          8, "int",   "group",        32,  true,  scale_timing::fixed, "",            "pack-quantized"},
    tensor_scheme{precision::int4,              4, "int",   "tensor",       0,   true,  scale_timing::fixed, "",            "pack-quantized"},
    tensor_scheme{precision::int4_channel,      4, "int",   "channel",      0,   true,  scale_timing::fixed, "",            "pack-quantized"},
    tensor_scheme{precision::int4_g128,         4, "int",   "group",        128, true,  scale_timing::fixed, "",            "pack-quantized"},
    tensor_scheme{precision::int4_g64,          4, "int",   "group",        64,  true,  scale_timing::fixed, "",            "pack-quantized"},
    tensor_scheme{precision::int4_g32,          4, "int",   "group",        32,  true,  scale_timing::fixed, "",            "pack-quantized"},
    tensor_scheme{precision::int4_g128_zp4,     4, "int",   "group",        128, false, scale_timing::fixed, "",            "pack-quantized"},
};
/// Inputs of linear layers; 16 bits are null. FP8_E4M3 and INT8 have one scale, fixed by calibration; *_CHANNEL one scale a token.
inline constexpr std::array activation_schemes = {
    tensor_scheme{precision::fp8_e4m3,          8, "float", "tensor",       0,   true, scale_timing::fixed,   "",            ""},
    tensor_scheme{precision::fp8_e4m3_channel,  8, "float", "token",        0,   true, scale_timing::dynamic, "",            ""},
    tensor_scheme{precision::fp8_e4m3_group128, 8, "float", "group",        128, true, scale_timing::dynamic, "",            ""},
    tensor_scheme{precision::mxfp8_e4m3,        8, "float", "group",        32,  true, scale_timing::dynamic, "torch.uint8", ""},
    tensor_scheme{precision::nvfp4,             4, "float", "tensor_group", 16,  true, scale_timing::local,   "",            ""},
    tensor_scheme{precision::mxfp4,             4, "float", "group",        32,  true, scale_timing::dynamic, "torch.uint8", ""},
    tensor_scheme{precision::int8,              8, "int",   "tensor",       0,   true, scale_timing::fixed,   "",            ""},
    tensor_scheme{precision::int8_channel,      8, "int",   "token",        0,   true, scale_timing::dynamic, "",            ""},
};

/// A preset of llm-compressor: weights and activations by one name.
struct scheme_preset {
  std::string_view name;
  precision weight;
  precision activation;  // FP16: 16 bits
};
inline constexpr std::array scheme_presets = {
    scheme_preset{"FP8",         precision::fp8_e4m3,          precision::fp8_e4m3},
    scheme_preset{"FP8_DYNAMIC", precision::fp8_e4m3_channel,  precision::fp8_e4m3_channel},
    scheme_preset{"FP8_BLOCK",   precision::fp8_e4m3_block128, precision::fp8_e4m3_group128},
    scheme_preset{"MXFP8",       precision::mxfp8_e4m3,        precision::mxfp8_e4m3},
    scheme_preset{"MXFP8A16",    precision::mxfp8_e4m3,        precision::fp16},
    scheme_preset{"NVFP4",       precision::nvfp4,             precision::nvfp4},
    scheme_preset{"NVFP4A16",    precision::nvfp4,             precision::fp16},
    scheme_preset{"MXFP4",       precision::mxfp4,             precision::mxfp4},
    scheme_preset{"MXFP4A16",    precision::mxfp4,             precision::fp16},
    scheme_preset{"W8A8",        precision::int8_channel,      precision::int8_channel},
    scheme_preset{"W8A16",       precision::int8_channel,      precision::fp16},
    scheme_preset{"W4A8",        precision::int4_g128,         precision::int8_channel},
    scheme_preset{"W4AFP8",      precision::int4_g128,         precision::fp8_e4m3_channel},
    scheme_preset{"W4A16",       precision::int4_g128,         precision::fp16},
    scheme_preset{"W4A16_ASYM",  precision::int4_g128_zp4,     precision::fp16},
};

/// One of ModelOpt's algorithms: weights and activations by one name.
struct modelopt_algorithm {
  std::string_view name;
  precision weight;
  precision activation;     // FP16: 16 bits
  std::int64_t group_size;  // 0: the file names none
  bool awq = false;         // scales of the activations' channels beside the weights
};
inline constexpr std::array modelopt_algorithms = {
    modelopt_algorithm{"FP8",                       precision::fp8_e4m3,          precision::fp8_e4m3,         0},
    modelopt_algorithm{"FP8_PER_CHANNEL_PER_TOKEN", precision::fp8_e4m3_channel,  precision::fp8_e4m3_channel, 0},
    modelopt_algorithm{"FP8_PB_WO",                 precision::fp8_e4m3_block128, precision::fp16,             0},
    modelopt_algorithm{"MXFP8",                     precision::mxfp8_e4m3,        precision::mxfp8_e4m3,       0},
    modelopt_algorithm{"NVFP4",                     precision::nvfp4,             precision::nvfp4,            16},
    modelopt_algorithm{"W4A16_NVFP4",               precision::nvfp4,             precision::fp16,             16},
    modelopt_algorithm{"W4A8_NVFP4_FP8",            precision::nvfp4,             precision::fp8_e4m3,         16},
    modelopt_algorithm{"W4A8_MXFP4_FP8",            precision::mxfp4,             precision::fp8_e4m3,         32},
    modelopt_algorithm{"W4A16_AWQ",                 precision::int4_g128,         precision::fp16,             128, true},
    modelopt_algorithm{"W4A8_AWQ",                  precision::int4_g128,         precision::fp8_e4m3,         128, true},
    modelopt_algorithm{"W8A16",                     precision::int8_channel,      precision::fp16,             0},
    modelopt_algorithm{"W8A8_SQ_PER_CHANNEL",       precision::int8_channel,      precision::int8,             0},
    modelopt_algorithm{"NVFP4_AWQ",                 precision::nvfp4,             precision::nvfp4,            16,  true},  // read, not written: NVFP4 says the same formats
};
// clang-format on

template <class Table>
[[nodiscard]] constexpr const tensor_scheme* find_scheme(const Table& table, precision p) {
  for (const tensor_scheme& s : table) {
    if (s.format == p) {
      return &s;
    }
  }
  return nullptr;
}
[[nodiscard]] constexpr const tensor_scheme* find_weight_scheme(precision p) {
  return find_scheme(weight_schemes, p);
}
[[nodiscard]] constexpr const tensor_scheme* find_activation_scheme(precision p) {
  return find_scheme(activation_schemes, p);
}
/// requires  16-bit activations are FP16
[[nodiscard]] constexpr const scheme_preset* find_preset(precision weight, precision activation) {
  for (const scheme_preset& s : scheme_presets) {
    if (s.weight == weight && s.activation == activation) {
      return &s;
    }
  }
  return nullptr;
}
/// requires  16-bit activations are FP16
[[nodiscard]] constexpr const modelopt_algorithm* find_algorithm(precision weight,
                                                                 precision activation) {
  for (const modelopt_algorithm& a : modelopt_algorithms) {
    if (a.weight == weight && a.activation == activation) {
      return &a;
    }
  }
  return nullptr;
}
[[nodiscard]] constexpr const modelopt_algorithm* find_algorithm(std::string_view name) {
  for (const modelopt_algorithm& a : modelopt_algorithms) {
    if (a.name == name) {
      return &a;
    }
  }
  return nullptr;
}

/// The arguments of a scheme, as compressed-tensors writes them.
[[nodiscard]] inline quantization_arguments arguments_of(const tensor_scheme& s) {
  quantization_arguments a{.num_bits = s.num_bits,
                           .type = short_string<8>{s.type},
                           .symmetric = s.symmetric,
                           .strategy = short_string<16>{s.strategy},
                           .dynamic = s.dynamic};
  a.group_size = s.group_size > 0 ? json_member<std::int64_t>{s.group_size}
                                  : json_member<std::int64_t>::null();
  a.block_structure = s.strategy == "block"
                          ? json_member<static_vector<std::int64_t, 2>>{{128, 128}}
                          : json_member<static_vector<std::int64_t, 2>>::null();
  if (!s.scale_dtype.empty()) {
    a.scale_dtype = short_string<32>{s.scale_dtype};
  }
  return a;
}

/// What compressed-tensors says of inputs, as far as their format depends on it.
struct input_arguments {
  std::int64_t num_bits = 0;
  std::string_view type{};
  std::string_view strategy{};  // empty: inferred
  std::int64_t group_size = 0;  // 0: none
  bool is_dynamic = false;
};

/// The format of inputs that arguments describe; nullopt where none here is meant. What is left out is inferred as compressed-tensors does:
/// group_size says tensor, channel or group; 4-bit floats in groups of 16 are NVFP4.
[[nodiscard]] constexpr std::optional<precision> activation_format(const input_arguments& a) {
  std::string_view strategy = a.strategy;
  if (strategy.empty()) {
    const bool blocks = a.num_bits == 4 && a.group_size == 16;
    strategy = blocks             ? "tensor_group"
               : a.group_size > 0 ? "group"
               : a.is_dynamic     ? "token"
                                  : "tensor";
  }
  for (const tensor_scheme& s : activation_schemes) {
    const bool micro = !s.scale_dtype.empty();
    if (s.num_bits == a.num_bits && s.type == a.type && s.strategy == strategy &&
        s.group_size == a.group_size &&
        (strategy != "group" || s.num_bits == 4 || a.group_size != 32 || micro)) {
      return s.format;
    }
  }
  return std::nullopt;
}

/// "FP8_E4M3, NVFP4 ..." of a table's formats.
template <class Table, class Name>
[[nodiscard]] std::string names_in(const Table& table, Name name) {
  std::string list;
  for (const auto& entry : table) {
    list.append(list.empty() ? "" : ", ").append(name(entry));
  }
  return list;
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Types of tensors in GGUF files: how many elements make a block and how many bytes it has.
//
// Source: ggml, ggml-common.h (the block structures) and gguf-py, constants.py (GGML_QUANT_SIZES), read 2026-08; NVFP4, Q1_0 and Q2_0 are
// in the code but not yet in docs/gguf.md. Ids that ggml has removed (4, 5, 31 to 33, 36 to 38) and newer ones are unknown here.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace quantroof::io {

/// What ggml's id of a type means.
struct ggml_type {
  std::uint32_t id = 0;
  std::string_view name{};
  std::uint32_t block = 1;  // elements
  std::uint32_t bytes = 0;  // of a block
};

/// The known types, in the order of their ids.
inline constexpr std::array<ggml_type, 35> ggml_types{{
    {0, "F32", 1, 4},
    {1, "F16", 1, 2},
    {2, "Q4_0", 32, 2 + 16},
    {3, "Q4_1", 32, 2 + 2 + 16},
    {6, "Q5_0", 32, 2 + 4 + 16},
    {7, "Q5_1", 32, 2 + 2 + 4 + 16},
    {8, "Q8_0", 32, 2 + 32},
    {9, "Q8_1", 32, 2 + 2 + 32},
    {10, "Q2_K", 256, 16 + 64 + 2 + 2},
    {11, "Q3_K", 256, 32 + 64 + 12 + 2},
    {12, "Q4_K", 256, 2 + 2 + 12 + 128},
    {13, "Q5_K", 256, 2 + 2 + 12 + 32 + 128},
    {14, "Q6_K", 256, 128 + 64 + 16 + 2},
    {15, "Q8_K", 256, 4 + 256 + 32},
    {16, "IQ2_XXS", 256, 2 + 64},
    {17, "IQ2_XS", 256, 2 + 64 + 8},
    {18, "IQ3_XXS", 256, 2 + 96},
    {19, "IQ1_S", 256, 2 + 32 + 16},
    {20, "IQ4_NL", 32, 2 + 16},
    {21, "IQ3_S", 256, 2 + 64 + 8 + 32 + 4},
    {22, "IQ2_S", 256, 2 + 64 + 8 + 8},
    {23, "IQ4_XS", 256, 2 + 2 + 4 + 128},
    {24, "I8", 1, 1},
    {25, "I16", 1, 2},
    {26, "I32", 1, 4},
    {27, "I64", 1, 8},
    {28, "F64", 1, 8},
    {29, "IQ1_M", 256, 32 + 16 + 8},
    {30, "BF16", 1, 2},
    {34, "TQ1_0", 256, 48 + 4 + 2},
    {35, "TQ2_0", 256, 64 + 2},
    {39, "MXFP4", 32, 1 + 16},
    {40, "NVFP4", 64, 4 + 32},
    {41, "Q1_0", 128, 2 + 16},
    {42, "Q2_0", 64, 2 + 16},
}};

/// The type of an id, or nullptr.
[[nodiscard]] constexpr const ggml_type* find_ggml_type(std::uint32_t id) {
  for (const ggml_type& type : ggml_types) {
    if (type.id == id) {
      return &type;
    }
  }
  return nullptr;
}

}  // namespace quantroof::io

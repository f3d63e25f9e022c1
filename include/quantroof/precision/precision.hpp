// SPDX-License-Identifier: Apache-2.0
//
// What a number looks like in memory: every precision the library knows, by name, with its element, its block of shared scales
// and its exact bytes.
//
//   storage = packed elements + one scale (and zero point) per block + one scale per tensor
//
// Sources: OCP MX v1.0 (MX formats), NVIDIA's NVFP4 (16-element blocks, E4M3 scale, FP32 tensor scale), GGUF block layouts.
// Not here: conversion (minifloat.hpp), choosing scales (scale_choice.hpp, block_format.hpp, mx_scale.hpp, nvfp4_scale.hpp), padded
// hardware layouts of scale factors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/precision/float_format.hpp"

namespace quantroof {

enum class precision : std::uint8_t {
  fp64,
  fp32,
  tf32,
  fp16,
  bf16,
  fp8_e4m3,
  fp8_e5m2,
  fp8_e4m3fnuz,
  fp8_e5m2fnuz,
  fp8_e4m3_ieee,
  fp8_e3m4,
  fp8_e4m3_channel,
  fp8_e4m3_block128,
  fp8_e4m3_group128,
  fp6_e2m3,
  fp6_e3m2,
  fp4_e2m1,
  e8m0,
  mxfp8_e4m3,
  mxfp8_e5m2,
  mxfp6_e2m3,
  mxfp6_e3m2,
  mxfp4,
  mxint8,
  nvfp4,
  nvfp4_kv,
  int8,
  int8_channel,
  int8_g32,
  int4,
  int4_channel,
  int4_g128,
  int4_g128_zp4,
  int4_g128_zp16,
  int4_g64,
  int4_g32,
  gguf_q8_0,
  gguf_q4_0,
  gguf_q4_k,
  gguf_q6_k,
  gguf_mxfp4,
  gguf_nvfp4,
};

/// The arithmetic family of an element; decides which tensor-core rate applies (hardware_spec.hpp).
enum class element_kind : std::uint8_t {
  fp64,
  fp32,
  tf32,
  fp16,
  bf16,
  fp8,
  fp6,
  fp4,
  int8,
  int4,
  scale_only
};

/// How scales are shared: one per block of rows x cols elements; 0 means the whole extent in that direction.
struct scale_layout {
  std::int64_t block_rows = 0;
  std::int64_t block_cols = 0;
  int bits_per_block = 0;     // scale, zero point and sub-scales of one block
  int bits_per_tensor = 0;    // second-level scale
  bool whole_blocks = false;  // a short last block is stored at full length (GGUF)

  friend constexpr bool operator==(const scale_layout&, const scale_layout&) = default;
};

/// Everything the library knows about a precision.
struct precision_format {
  precision id = precision::fp16;
  std::string_view name{};  // as the specification spells it; parses and prints
  element_kind kind = element_kind::fp16;
  int element_bits = 0;
  std::optional<float_format> element{};  // nullopt for integers
  scale_layout scales{};
};

namespace detail {
inline constexpr scale_layout no_scales{};
inline constexpr scale_layout per_tensor_fp32{.bits_per_tensor = 32};
inline constexpr scale_layout per_row_fp32{.block_rows = 1, .bits_per_block = 32};
inline constexpr scale_layout per_row_fp16{.block_rows = 1, .bits_per_block = 16};
inline constexpr scale_layout mx{
    .block_rows = 1, .block_cols = 32, .bits_per_block = 8};  // E8M0 per 32, OCP MX v1.0
inline constexpr scale_layout nvfp4{
    .block_rows = 1, .block_cols = 16, .bits_per_block = 8, .bits_per_tensor = 32};

[[nodiscard]] constexpr scale_layout grouped(std::int64_t group, int bits) {
  return {.block_rows = 1, .block_cols = group, .bits_per_block = bits};
}
[[nodiscard]] constexpr scale_layout gguf(std::int64_t group, int bits) {
  return {.block_rows = 1, .block_cols = group, .bits_per_block = bits, .whole_blocks = true};
}
}  // namespace detail

// Asymptotic bits per element are noted at the right where scales add to the element bits.
inline constexpr std::array precision_formats = {
    precision_format{precision::fp64, "FP64", element_kind::fp64, 64, float64, detail::no_scales},
    precision_format{precision::fp32, "FP32", element_kind::fp32, 32, float32, detail::no_scales},
    precision_format{precision::tf32, "TF32", element_kind::tf32, 32, tensor_float32,
                     detail::no_scales},  // stored as FP32
    precision_format{precision::fp16, "FP16", element_kind::fp16, 16, float16, detail::no_scales},
    precision_format{precision::bf16, "BF16", element_kind::bf16, 16, bfloat16, detail::no_scales},
    precision_format{precision::fp8_e4m3, "FP8_E4M3", element_kind::fp8, 8, float8_e4m3fn,
                     detail::per_tensor_fp32},
    precision_format{precision::fp8_e5m2, "FP8_E5M2", element_kind::fp8, 8, float8_e5m2,
                     detail::per_tensor_fp32},
    precision_format{precision::fp8_e4m3fnuz, "FP8_E4M3FNUZ", element_kind::fp8, 8, float8_e4m3fnuz,
                     detail::per_tensor_fp32},
    precision_format{precision::fp8_e5m2fnuz, "FP8_E5M2FNUZ", element_kind::fp8, 8, float8_e5m2fnuz,
                     detail::per_tensor_fp32},
    precision_format{precision::fp8_e4m3_ieee, "FP8_E4M3_IEEE", element_kind::fp8, 8, float8_e4m3,
                     detail::per_tensor_fp32},
    precision_format{precision::fp8_e3m4, "FP8_E3M4", element_kind::fp8, 8, float8_e3m4,
                     detail::per_tensor_fp32},
    precision_format{precision::fp8_e4m3_channel, "FP8_E4M3_CHANNEL", element_kind::fp8, 8,
                     float8_e4m3fn, detail::per_row_fp32},  // 8 + 32/cols
    precision_format{precision::fp8_e4m3_block128,
                     "FP8_E4M3_BLOCK128",
                     element_kind::fp8,
                     8,
                     float8_e4m3fn,
                     {.block_rows = 128,
                      .block_cols = 128,
                      .bits_per_block = 32}},  // 8 + 32/16384 = 8.00195 (DeepSeek-V3 weights)
    precision_format{precision::fp8_e4m3_group128, "FP8_E4M3_GROUP128", element_kind::fp8, 8,
                     float8_e4m3fn,
                     detail::grouped(128, 32)},  // 8 + 32/128 = 8.25 (DeepSeek-V3 activations)
    precision_format{precision::fp6_e2m3, "FP6_E2M3", element_kind::fp6, 6, float6_e2m3fn,
                     detail::per_tensor_fp32},
    precision_format{precision::fp6_e3m2, "FP6_E3M2", element_kind::fp6, 6, float6_e3m2fn,
                     detail::per_tensor_fp32},
    precision_format{precision::fp4_e2m1, "FP4_E2M1", element_kind::fp4, 4, float4_e2m1fn,
                     detail::per_tensor_fp32},
    precision_format{precision::e8m0, "E8M0", element_kind::scale_only, 8, float8_e8m0fnu,
                     detail::no_scales},
    precision_format{precision::mxfp8_e4m3, "MXFP8", element_kind::fp8, 8, float8_e4m3fn,
                     detail::mx},  // 8.25
    precision_format{precision::mxfp8_e5m2, "MXFP8_E5M2", element_kind::fp8, 8, float8_e5m2,
                     detail::mx},  // 8.25
    precision_format{precision::mxfp6_e2m3, "MXFP6_E2M3", element_kind::fp6, 6, float6_e2m3fn,
                     detail::mx},  // 6.25
    precision_format{precision::mxfp6_e3m2, "MXFP6_E3M2", element_kind::fp6, 6, float6_e3m2fn,
                     detail::mx},  // 6.25
    precision_format{precision::mxfp4, "MXFP4", element_kind::fp4, 4, float4_e2m1fn,
                     detail::mx},  // 4.25
    precision_format{precision::mxint8, "MXINT8", element_kind::int8, 8, std::nullopt,
                     detail::mx},  // 8.25
    precision_format{precision::nvfp4, "NVFP4", element_kind::fp4, 4, float4_e2m1fn,
                     detail::nvfp4},  // 4.5
    precision_format{precision::nvfp4_kv, "NVFP4_KV", element_kind::fp4, 4, float4_e2m1fn,
                     detail::nvfp4},  // 4.5
    precision_format{precision::int8, "INT8", element_kind::int8, 8, std::nullopt,
                     detail::per_tensor_fp32},
    precision_format{precision::int8_channel, "INT8_CHANNEL", element_kind::int8, 8, std::nullopt,
                     detail::per_row_fp32},
    precision_format{precision::int8_g32, "INT8_G32", element_kind::int8, 8, std::nullopt,
                     detail::grouped(32, 16)},  // 8.5
    precision_format{precision::int4, "INT4", element_kind::int4, 4, std::nullopt,
                     detail::per_tensor_fp32},
    precision_format{precision::int4_channel, "INT4_CHANNEL", element_kind::int4, 4, std::nullopt,
                     detail::per_row_fp16},
    precision_format{precision::int4_g128, "INT4_G128", element_kind::int4, 4, std::nullopt,
                     detail::grouped(128, 16)},  // 4.125
    precision_format{precision::int4_g128_zp4, "INT4_G128_ZP4", element_kind::int4, 4, std::nullopt,
                     detail::grouped(128, 20)},  // 4.15625 (AWQ, GPTQ)
    precision_format{precision::int4_g128_zp16, "INT4_G128_ZP16", element_kind::int4, 4,
                     std::nullopt, detail::grouped(128, 32)},  // 4.25 (HQQ)
    precision_format{precision::int4_g64, "INT4_G64", element_kind::int4, 4, std::nullopt,
                     detail::grouped(64, 16)},  // 4.25
    precision_format{precision::int4_g32, "INT4_G32", element_kind::int4, 4, std::nullopt,
                     detail::grouped(32, 16)},  // 4.5
    precision_format{precision::gguf_q8_0, "GGUF_Q8_0", element_kind::int8, 8, std::nullopt,
                     detail::gguf(32, 16)},  // 8.5
    precision_format{precision::gguf_q4_0, "GGUF_Q4_0", element_kind::int4, 4, std::nullopt,
                     detail::gguf(32, 16)},  // 4.5
    precision_format{
        precision::gguf_q4_k, "GGUF_Q4_K", element_kind::int4, 4, std::nullopt,
        detail::gguf(256, 16 + 16 + 8 * 12)},  // d, dmin, 8 x (6-bit scale, 6-bit min): 4.5
    precision_format{
        precision::gguf_q6_k, "GGUF_Q6_K", element_kind::fp6, 6, std::nullopt,
        detail::gguf(256,
                     16 + 16 * 8)},  // d, 16 x 8-bit scale: 6.5625; computes after dequantization
    precision_format{precision::gguf_mxfp4, "GGUF_MXFP4", element_kind::fp4, 4, float4_e2m1fn,
                     detail::gguf(32, 8)},  // 4.25
    precision_format{precision::gguf_nvfp4, "GGUF_NVFP4", element_kind::fp4, 4, float4_e2m1fn,
                     detail::gguf(64, 4 * 8)},  // 4 x E4M3 per 16: 4.5
};

inline constexpr std::size_t precision_count = precision_formats.size();

namespace detail {
[[nodiscard]] constexpr bool precisions_are_complete() {
  for (std::size_t i = 0; i < precision_count; ++i) {
    const precision_format& f = precision_formats[i];
    if (static_cast<std::size_t>(f.id) != i || f.name.empty() || f.element_bits <= 0) {
      return false;
    }
    if (f.element && f.kind != element_kind::tf32 && bits_of(*f.element) != f.element_bits) {
      return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (precision_formats[j].name == f.name) {
        return false;
      }
    }
  }
  return true;
}
}  // namespace detail
static_assert(detail::precisions_are_complete(),
              "precision_formats: one complete entry per enumerator, in order");

/// The description of a precision.
[[nodiscard]] constexpr const precision_format& format_of(precision p) {
  detail::expects(static_cast<std::size_t>(p) < precision_count,
                  "format_of: the value is not a precision");
  return precision_formats[static_cast<std::size_t>(p)];
}

/// The description of a precision as a constant of the type system: constants fold in templates over P.
template <precision P>
inline constexpr const precision_format& format_v = format_of(P);

/// The specification's spelling, e.g. "FP8_E4M3".
[[nodiscard]] constexpr std::string_view to_string(precision p) { return format_of(p).name; }

/// The precision spelled `name`, or nullopt.
[[nodiscard]] constexpr std::optional<precision> find_precision(std::string_view name) {
  for (const precision_format& f : precision_formats) {
    if (f.name == name) {
      return f.id;
    }
  }
  return std::nullopt;
}

/// The precision spelled `name`.
///
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr precision parse_precision(std::string_view name) {
  if (const auto found = find_precision(name)) {
    return *found;
  }
  detail::unknown_name("parse_precision", name, precision_formats,
                       [](const precision_format& f) { return f.name; });
}

/// True where elements share scales within a block of the format's own (MX, NVFP4, grouped integers, GGUF).
[[nodiscard]] constexpr bool has_blocks(precision p) { return format_of(p).scales.block_cols > 1; }

/// Bits one element takes in a large matrix, scales of its block included.
///
/// formula   element bits + block bits / block size; scales per row, channel or tensor vanish in the limit
[[nodiscard]] constexpr double bits_per_element(precision p) {
  const precision_format& f = format_of(p);
  const scale_layout& s = f.scales;
  const double block = static_cast<double>(s.block_rows) * static_cast<double>(s.block_cols);
  return f.element_bits + (block > 0 ? s.bits_per_block / block : 0.0);
}

/// Bytes one element takes in a large matrix, scales of its block included: FP16 2, FP8_E4M3 1, NVFP4 0.5625, INT4_G128 0.515625.
[[nodiscard]] constexpr double bytes_per_element(precision p) { return bits_per_element(p) / 8.0; }

/// Exact bytes of a [rows, cols] matrix in precision p, scales included.
///
/// shapes    [rows, cols]; blocks run along a row
/// units     bytes
/// formula   rows * ceil(cols * element_bits / 8) + ceil(rows / block_rows) * ceil(cols / block_cols) * block_bits / 8 + tensor scale;
///           each row of elements starts on a byte; a short last block has a scale of its own; GGUF stores it at full length
/// requires  rows >= 0; cols >= 0; the result fits 63 bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   the 128 x 4 padding of scale factors in Blackwell's tensor-core layout
/// source    OCP MX v1.0 section 5; NVIDIA NVFP4 (Transformer Engine documentation); ggml-common.h block structs
[[nodiscard]] constexpr std::int64_t storage_bytes(precision p, std::int64_t rows,
                                                   std::int64_t cols) {
  detail::expects(rows >= 0 && cols >= 0, "storage_bytes: rows and cols must not be negative");
  if (rows == 0 || cols == 0) {
    return 0;
  }
  const precision_format& f = format_of(p);
  const scale_layout& s = f.scales;
  const std::int64_t block_cols = s.block_cols > 0 ? s.block_cols : cols;
  const std::int64_t block_rows = s.block_rows > 0 ? s.block_rows : rows;
  const std::int64_t blocks = s.bits_per_block == 0
                                  ? 0
                                  : detail::checked_mul(detail::ceil_div(rows, block_rows),
                                                        detail::ceil_div(cols, block_cols));
  const std::int64_t stored_cols =
      s.whole_blocks ? detail::checked_mul(detail::ceil_div(cols, block_cols), block_cols) : cols;
  const std::int64_t row_bytes =
      detail::ceil_div(detail::checked_mul(stored_cols, f.element_bits), std::int64_t{8});
  const std::int64_t scale_bytes =
      detail::ceil_div(detail::checked_mul(blocks, s.bits_per_block), std::int64_t{8});
  const std::int64_t payload =
      detail::checked_add(detail::checked_mul(rows, row_bytes), scale_bytes);
  return detail::checked_add(payload, s.bits_per_tensor / 8);
}

static_assert(storage_bytes(precision::nvfp4, 1, 16) ==
              8 + 1 + 4);  // 9 bytes per 16 elements, 4 for the tensor
static_assert(bits_per_element(precision::nvfp4) == 4.5 &&
              bits_per_element(precision::mxfp4) == 4.25);

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What a row becomes in a block format, written value by value with the scalar codec: an independent, slow reference for the loops
// of precision/quantize_rows.hpp and quantize_blocks.hpp. The scales are those of block_format.hpp, mx_scale.hpp and nvfp4_scale.hpp, tested by
// hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/mx_scale.hpp"
#include "quantroof/precision/nvfp4_scale.hpp"

namespace test {

using namespace quantroof;
using quantroof::detail::finite_float;
using quantroof::detail::pow2;
using quantroof::detail::product;
using quantroof::detail::quotient;
using quantroof::detail::round_even;

struct block_range {
  float low = 0.0F;      // at most 0
  float high = 0.0F;     // at least 0
  float extreme = 0.0F;  // of largest magnitude, the first of equals, with its sign
  bool finite = true;    // false: the block holds a NaN or an Inf
};

[[nodiscard]] constexpr block_range range_of(std::span<const float> block) {
  block_range r;
  for (const float x : block) {
    if (!quantroof::detail::is_a_number(x)) {
      r.finite = false;
      return r;
    }
    r.low = x < r.low ? x : r.low;
    r.high = x > r.high ? x : r.high;
    r.extreme = quantroof::detail::abs(x) > quantroof::detail::abs(r.extreme) ? x : r.extreme;
  }
  return r;
}

constexpr void round_trip_mx(precision p, float absmax, std::span<const float> in,
                             std::span<float> out) {
  const double unit = format_of(p).element ? 1.0 : 1.0 / 64.0;
  const double scale =
      pow2(mx_scale_code(p, absmax) - 127) * unit;  // a power of two: both steps exact
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::uint32_t code = encode(p, finite_float(static_cast<double>(in[i]) / scale));
    out[i] = finite_float(static_cast<double>(decode(p, code)) * scale);
  }
}

constexpr void round_trip_nvfp4(nvfp4_tensor_scale tensor, float absmax, std::span<const float> in,
                                std::span<float> out) {
  const nvfp4_block_scale block = make_nvfp4_block_scale(tensor, absmax);
  const float scale = decode(float8_e4m3fn, block.code);
  const float multiplier = block.factor;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float element = decode(float4_e2m1fn, encode(float4_e2m1fn, product(in[i], multiplier)));
    out[i] = product(element * scale, tensor.decode);  // element * scale has 6 bits: one rounding
  }
}

constexpr void round_trip_symmetric(precision p, float absmax, std::span<const float> in,
                                    std::span<float> out) {
  const float scale = symmetric_scale(p, absmax);
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = scale > 0.0F ? round_trip(p, in[i], scale) : 0.0F;
  }
}

constexpr void round_trip_zero_point(precision p, const block_range& r, std::span<const float> in,
                                     std::span<float> out) {
  const affine_scale s = zero_point_scale(p, r.low, r.high);
  const auto zero = static_cast<double>(s.zero);
  const bool integer_zero = p == precision::int4_g128_zp4;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (s.scale == 0.0F) {
      out[i] = 0.0F;
      continue;
    }
    double steps = quotient(in[i], s.scale);
    steps =
        steps > 65536.0 ? 65536.0 : (steps < -65536.0 ? -65536.0 : steps);  // far beyond 0 .. 15
    // An integer zero point is added to the rounded value (GPTQ), another one before rounding (HQQ).
    const double code = integer_zero ? round_even(steps) + zero : round_even(steps + zero);
    const double stored = code < 0.0 ? 0.0 : (code > 15.0 ? 15.0 : code);
    out[i] = finite_float((stored - zero) * static_cast<double>(s.scale));
  }
}

constexpr void round_trip_gguf(precision p, float extreme, std::span<const float> in,
                               std::span<float> out) {
  const gguf_scale s = make_gguf_scale(p, extreme);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto scaled = static_cast<double>(product(in[i], s.inverse));
    int code = 0;
    if (p == precision::gguf_q8_0) {
      code =
          static_cast<int>(scaled + (scaled < 0.0 ? -0.5 : 0.5));  // ties away from zero, as roundf
    } else {
      code = static_cast<int>(static_cast<float>(scaled + 8.5));  // one float addition, then cut
      code = (code > 15 ? 15 : code) - 8;
    }
    out[i] = product(static_cast<float>(code), s.stored);
  }
}

/// What a row becomes in a format with blocks along it: quantized with the format's own scales and read back.
///
/// shapes    row, out [cols]; a short last block has a scale of its own; out may be row itself
/// formula   the rules at the head of this file; the codes are those of the sources, the values code * scale with one rounding
/// requires  has_blocks(p) with blocks of one row; not GGUF_Q4_K or GGUF_Q6_K, whose encoders search; out.size() == row.size();
///           tensor_absmax: largest magnitude of the whole tensor, finite and not negative (read by NVFP4 only)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   nothing silently: a NaN or an Inf makes its whole block NaN, in every format (as OCP's scale FF does); the caller counts
constexpr void round_trip_blocks(precision p, std::span<const float> row, std::span<float> out,
                                 float tensor_absmax) {
  const scale_layout& s = format_of(p).scales;
  quantroof::detail::expects(has_blocks(p) && s.block_rows == 1,
                             "round_trip_blocks: the format must have blocks along a row");
  quantroof::detail::expects(
      p != precision::gguf_q4_k && p != precision::gguf_q6_k,
      "round_trip_blocks: GGUF_Q4_K and GGUF_Q6_K are encoded by search, which this "
      "library does not do");
  quantroof::detail::expects(out.size() == row.size(),
                             "round_trip_blocks: out must be as long as row");
  quantroof::detail::expects(tensor_absmax >= 0.0F && quantroof::detail::is_a_number(tensor_absmax),
                             "round_trip_blocks: tensor_absmax must be finite and not negative");
  const nvfp4_tensor_scale tensor = make_nvfp4_tensor_scale(tensor_absmax);
  const auto block = static_cast<std::size_t>(s.block_cols);
  for (std::size_t first = 0; first < row.size(); first += block) {
    const std::size_t count = row.size() - first < block ? row.size() - first : block;
    const std::span<const float> in = row.subspan(first, count);
    const std::span<float> result = out.subspan(first, count);
    const block_range range = range_of(in);
    const float absmax = quantroof::detail::abs(range.extreme);
    if (!range.finite) {
      for (float& x : result) {
        x = std::numeric_limits<float>::quiet_NaN();
      }
      continue;
    }
    switch (p) {
      case precision::nvfp4:
      case precision::nvfp4_kv:
        round_trip_nvfp4(tensor, absmax, in, result);
        break;
      case precision::int4_g128_zp4:
      case precision::int4_g128_zp16:
        round_trip_zero_point(p, range, in, result);
        break;
      case precision::gguf_q8_0:
      case precision::gguf_q4_0:
        round_trip_gguf(p, range.extreme, in, result);
        break;
      default:
        if (s == quantroof::detail::mx) {
          round_trip_mx(p, absmax, in, result);
        } else {
          round_trip_symmetric(p, absmax, in, result);
        }
    }
  }
}

}  // namespace test

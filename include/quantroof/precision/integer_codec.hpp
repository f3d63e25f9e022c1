// SPDX-License-Identifier: Apache-2.0
//
// Integer elements, INT8, INT4 and GGUF's 6 bits: two's complement, symmetric, so that -128 and -8 are read but never written.
//
// Called through encode and decode of minifloat.hpp. Not here: zero points (block_format.hpp).
#pragma once

#include <bit>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/float_bits.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/rounding.hpp"

namespace quantroof::detail {

/// Largest magnitude of a symmetric integer: 127 of 8 bits, 31 of 6, 7 of 4.
[[nodiscard]] constexpr int integer_max(const precision_format& f) {
  return static_cast<int>(low_bits(f.element_bits - 1));
}

/// formula   clamped to +-integer_max, Inf as well, then rounded; NaN -> 0
[[nodiscard]] constexpr std::uint32_t encode_integer(const precision_format& f, float x,
                                                     rounding mode, std::uint32_t random_bits) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & float_magnitude;
  if (magnitude > float_inf) {
    return 0;
  }
  const auto most = std::bit_cast<std::uint32_t>(static_cast<float>(integer_max(f)));
  const std::uint32_t clamped = magnitude < most ? magnitude : most;
  const std::uint32_t rounded = round_fixed(fixed_point(clamped, 0), mode, random_bits);
  return (bits != magnitude ? 0U - rounded : rounded) & low_bits(f.element_bits);
}

[[nodiscard]] constexpr float decode_integer(const precision_format& f, std::uint32_t code) {
  expects(code <= low_bits(f.element_bits), "decode: the code must fit the element");
  const auto value = static_cast<std::int32_t>(code);
  return static_cast<float>(value > integer_max(f) ? value - (integer_max(f) + 1) * 2 : value);
}

// Twice: all ones but the sign, and one less than half of the codes.
static_assert(integer_max(format_of(precision::int8)) == 256 / 2 - 1 &&
              integer_max(format_of(precision::int4)) == 16 / 2 - 1 &&
              integer_max(format_of(precision::gguf_q6_k)) == 64 / 2 - 1);

}  // namespace quantroof::detail

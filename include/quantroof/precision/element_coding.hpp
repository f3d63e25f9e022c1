// SPDX-License-Identifier: Apache-2.0
//
// The conversion of minifloat.hpp in a form that loops over tensors can use: no branches, a dozen integer operations and one float
// addition per value, the same bits from every compiler, at compile time and at run time.
//
//   a = min(|x|, largest)      e = max(exponent of a, lowest)      u = bits(a + 2^(e + 23 - M))      code = u + exponent field of e
//
// The addition rounds to nearest even at the spacing of the format; a carry moves on to the next exponent by itself. It follows an
// integer minimum, so no compiler can fuse it with the multiplication by a scale that comes before.
// Functions of single values are always_inline: a loop that calls one stays scalar.
// Not here: other roundings, overflow to Inf and NaN (minifloat.hpp); loops (element_kernels.hpp).
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// The float nearest a product or quotient of two floats computed in double; beyond the largest float, that one.
/// A product is exact in double, and a quotient has more than twice 24 bits: the result is that of float arithmetic.
[[nodiscard]] constexpr float finite_float(double x) {
  constexpr double most = std::numeric_limits<float>::max();
  return static_cast<float>(x > most ? most : (x < -most ? -most : x));
}
[[nodiscard]] constexpr float product(float a, float b) {
  return finite_float(static_cast<double>(a) * static_cast<double>(b));
}
[[nodiscard]] constexpr float quotient(float a, float b) {
  return finite_float(static_cast<double>(a) / static_cast<double>(b));
}

/// a * b and a / b where an overflow may become Inf (what follows saturates) and a may be NaN. Constant expressions have neither.
[[nodiscard, gnu::always_inline]] constexpr float times(float a, float b) {
  if (std::is_constant_evaluated()) {
    return a == a && b == b ? product(a, b) : std::numeric_limits<float>::quiet_NaN();
  }
  return a * b;
}
[[nodiscard, gnu::always_inline]] constexpr float over(float a, float b) {
  if (std::is_constant_evaluated()) {
    return a == a && b == b ? quotient(a, b) : std::numeric_limits<float>::quiet_NaN();
  }
  return a / b;
}

/// How an element is coded: which of the three conversions, ...
enum class coding_kind : std::uint8_t {
  minifloat,      // sign, exponent, mantissa; finite input to nearest even, saturated
  unsigned_zero,  // the same without a negative zero ("fnuz")
  bfloat16,       // the upper half of a float
  integer,        // two's complement, symmetric range
};

/// ... and its constants.
struct element_coding {
  coding_kind kind = coding_kind::minifloat;
  int bits = 8;
  int mantissa_shift = 0;   // 23 - M
  std::int32_t most = 0;    // bits of the largest finite magnitude
  std::int32_t lowest = 0;  // exponent field of the smallest normal number
  std::int32_t magic =
      0;  // from the exponent field to the number that is added, and what lets code end in zeros above its bits
  std::uint32_t sign = 0;       // the sign bit of a code
  std::uint32_t magnitude = 0;  // the other bits of a code
  std::uint32_t first_nan = 0;  // magnitude codes from here on are NaN ...
  std::uint32_t inf = 0;        // ... but this one; beyond all codes where there is none
  std::uint32_t nan = 0;        // what NaN becomes
};

/// The constants of an element of p.
///
/// requires  has_codes(p); p is not E8M0, which holds scales and no values
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr element_coding make_element_coding(precision p) {
  const precision_format& f = format_of(p);
  expects(has_codes(p) && f.kind != element_kind::scale_only,
          "element_coding: the element must be a value of at most 16 bits");
  element_coding c{.bits = f.element_bits,
                   .sign = std::uint32_t{1} << static_cast<unsigned>(f.element_bits - 1),
                   .magnitude = low_bits(f.element_bits - 1),
                   .first_nan = float_magnitude,
                   .inf = float_magnitude};
  if (!f.element) {
    c.kind = coding_kind::integer;
    c.most = std::bit_cast<std::int32_t>(static_cast<float>(integer_max(f)));
    return c;
  }
  const float_format& e = *f.element;
  c.most = std::bit_cast<std::int32_t>(static_cast<float>(max_value(e)));
  c.nan = encode(p, std::numeric_limits<float>::quiet_NaN());
  c.mantissa_shift = 23 - e.mantissa_bits;
  if (e.specials != special_values::none && e.specials != special_values::nan_is_neg0) {
    c.first_nan = max_code(e) + 1;
    c.inf = e.specials == special_values::ieee ? c.first_nan : float_magnitude;
  }
  if (e == bfloat16) {
    c.kind = coding_kind::bfloat16;
    return c;
  }
  if (e.specials == special_values::nan_is_neg0) {
    c.kind = coding_kind::unsigned_zero;
  }
  c.lowest = (128 - e.bias) << 23;
  // The exponent field of what is added exceeds that of the code by a constant. Its negative goes into the low bits of the number
  // that is added: it is even, so ties still go to even codes, and the sum has room for it.
  const std::uint32_t excess = static_cast<std::uint32_t>(128 - e.bias + c.mantissa_shift)
                               << static_cast<unsigned>(e.mantissa_bits);
  c.magic = (c.mantissa_shift << 23) + static_cast<std::int32_t>((0U - excess) & low_bits(c.bits));
  return c;
}

/// The same as constants of the type system: kernels over static_coding<P> fold them.
template <precision P>
struct static_coding {
  static constexpr element_coding value = make_element_coding(P);
  // NOLINTNEXTLINE(google-explicit-constructor): takes the place of an element_coding
  constexpr operator element_coding() const { return value; }
};

/// Either of the two as values.
[[nodiscard]] constexpr element_coding coding_of(const element_coding& c) { return c; }

/// The code of a number; bits above the code's are not specified, and neither is what NaN becomes.
///
/// post      the low c.bits are those of encode(p, x); Inf saturates (not under unsigned_zero)
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t encode_minifloat(const element_coding& c,
                                                                           float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto magnitude = static_cast<std::int32_t>(bits & float_magnitude);
  const std::int32_t clamped = magnitude < c.most ? magnitude : c.most;
  const std::int32_t exponent = clamped & static_cast<std::int32_t>(float_inf);
  const std::int32_t added = (exponent > c.lowest ? exponent : c.lowest) + c.magic;
  const auto sum =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(clamped) + std::bit_cast<float>(added));
  const std::uint32_t code =
      sum + (static_cast<std::uint32_t>(added) >> static_cast<unsigned>(c.mantissa_shift));
  return code | ((bits >> static_cast<unsigned>(32 - c.bits)) & c.sign);
}

/// The same for a format whose zero has no sign.
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t encode_unsigned_zero(
    const element_coding& c, float x) {
  const std::uint32_t code = encode_minifloat(c, x);
  return (code & c.magnitude) == 0 ? 0U : code;
}

/// The upper half of a float, to nearest even. Not for NaN; Inf saturates.
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t encode_bfloat16(const element_coding& c,
                                                                          float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto magnitude = static_cast<std::int32_t>(bits & float_magnitude);
  const auto clamped = static_cast<std::uint32_t>(magnitude < c.most ? magnitude : c.most);
  return ((clamped + 0x7FFFU + ((clamped >> 16U) & 1U)) >> 16U) | ((bits >> 16U) & c.sign);
}

/// Two's complement of the nearest integer, ties to even, saturated; bits above the code's are not specified.
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t encode_integer(const element_coding& c,
                                                                         float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto magnitude = static_cast<std::int32_t>(bits & float_magnitude);
  const std::int32_t clamped = magnitude < c.most ? magnitude : c.most;
  const std::uint32_t number = static_cast<std::uint32_t>(clamped) | (bits & ~float_magnitude);
  return std::bit_cast<std::uint32_t>(std::bit_cast<float>(number) +
                                      12582912.0F);  // 1.5 * 2^23: integers lie 1 apart
}

/// The value of a code of a floating-point element; its upper bits must be zero.
[[nodiscard, gnu::always_inline]] constexpr float decode_minifloat(const element_coding& c,
                                                                   std::uint32_t code) {
  const std::uint32_t magnitude = code & c.magnitude;
  const auto shift = static_cast<unsigned>(c.mantissa_shift);
  // Without a leading one the code is read as if it had one, and that is subtracted.
  const std::uint32_t subnormal = mask_less(magnitude, std::uint32_t{1} << (23U - shift));
  const std::uint32_t extra = subnormal & 0x00800000U;
  const std::uint32_t leading = subnormal & static_cast<std::uint32_t>(c.lowest);
  const std::uint32_t wide =
      (magnitude << shift) + static_cast<std::uint32_t>(c.lowest) - 0x00800000U + extra;
  const auto value =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(wide) - std::bit_cast<float>(leading));
  const std::uint32_t sign = (code & c.sign) << static_cast<unsigned>(32 - c.bits);
  // Masks, since a condition around the subtraction would keep g++ from making vectors of it.
  const std::uint32_t is_inf = magnitude == c.inf ? ~std::uint32_t{0} : 0U;
  const std::uint32_t special = select(is_inf, float_inf | sign, 0x7FC00000U);
  return std::bit_cast<float>(select(mask_less(c.first_nan - 1, magnitude), special, value | sign));
}

/// The nearest FP16, at most 65504. Not for NaN.
[[nodiscard, gnu::always_inline]] constexpr float nearest_half(float x) {
  constexpr element_coding half = make_element_coding(precision::fp16);
  return decode_minifloat(half, encode_minifloat(half, x) & 0xFFFFU);
}

/// The same where the code of -0 is NaN.
[[nodiscard, gnu::always_inline]] constexpr float decode_unsigned_zero(const element_coding& c,
                                                                       std::uint32_t code) {
  const auto value = std::bit_cast<std::uint32_t>(decode_minifloat(c, code));
  return std::bit_cast<float>(select(mask_less(code ^ c.sign, 1), 0x7FC00000U, value));
}

[[nodiscard, gnu::always_inline]] constexpr float decode_bfloat16(const element_coding& c,
                                                                  std::uint32_t code) {
  return std::bit_cast<float>((code & c.magnitude) > c.inf ? 0x7FC00000U : code << 16U);
}

/// The value of a two's complement code; its upper bits must be zero.
[[nodiscard, gnu::always_inline]] constexpr float decode_integer(const element_coding& c,
                                                                 std::uint32_t code) {
  return static_cast<float>(static_cast<std::int32_t>((code ^ c.sign) - c.sign));
}

}  // namespace quantroof::detail

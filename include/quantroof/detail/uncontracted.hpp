// SPDX-License-Identifier: Apache-2.0
//
// Products that are rounded before they are added to something, whatever the compiler and its flags.
//
// g++ joins a product and a sum into one fused operation wherever the target has one (-ffp-contract=fast is its default), which
// rounds once instead of twice: the bits then differ from those of a constant expression and of other builds. An integer operation
// in between forbids it. A quotient followed by a sum needs no such care.
#pragma once

#include <bit>
#include <cstdint>

namespace quantroof::detail {

inline constexpr std::uint32_t float_all_but_sign = 0x7FFFFFFFU;
inline constexpr std::uint64_t double_all_but_sign = 0x7FFFFFFFFFFFFFFFULL;

/// x * x, rounded.
[[nodiscard]] constexpr float square(float x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x * x) & float_all_but_sign);
}
[[nodiscard]] constexpr double square(double x) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x * x) & double_all_but_sign);
}

/// |a| * |b|, rounded.
[[nodiscard]] constexpr float abs_product(float a, float b) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(a * b) & float_all_but_sign);
}
[[nodiscard]] constexpr double abs_product(double a, double b) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(a * b) & double_all_but_sign);
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Repeatable values for tests: bell-shaped noise, elements of small formats.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace test {

/// A linear congruential generator (Numerical Recipes' constants), the same everywhere.
class generator {
 public:
  constexpr explicit generator(std::uint32_t seed) : state_(seed) {}
  constexpr std::uint32_t bits() {
    state_ = state_ * 1664525U + 1013904223U;
    return state_ >> 8U;  // 24 bits: the lower ones are poor
  }
  /// In [-1/2, 1/2).
  constexpr float uniform() { return static_cast<float>(bits()) / 16777216.0F - 0.5F; }
  /// A sum of four: standard deviation 0.58, exact in FP32 but for the last bit.
  constexpr float bell() {
    const float a = uniform() + uniform();
    const float b = uniform() + uniform();
    return a + b;
  }
  /// An integer of INT8, -128 included.
  constexpr float int8() { return static_cast<float>(static_cast<int>(bits() % 256U) - 128); }
  /// A normal element of E4M3: 4 significant bits, exponents -6 to 8 (0 to 6 here), both signs.
  constexpr float e4m3() {
    const std::uint32_t r = bits();
    const auto magnitude =
        static_cast<float>(8U + (r & 7U)) * static_cast<float>(1U << ((r >> 3U) % 7U));
    return (r & 0x8000U) != 0 ? -magnitude / 8 : magnitude / 8;
  }

 private:
  std::uint32_t state_;
};

template <class Draw>
[[nodiscard]] constexpr std::vector<float> draw(std::size_t n, std::uint32_t seed, Draw one) {
  generator g{seed};
  std::vector<float> x(n, 0.0F);
  for (float& v : x) {
    v = (g.*one)();
  }
  return x;
}

/// FNV-1a over the bits of floats or doubles.
class bit_hash {
 public:
  constexpr void add(double value) {
    auto bits = std::bit_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i, bits >>= 8U) {
      hash_ = (hash_ ^ (bits & 0xFFU)) * 0x100000001B3U;
    }
  }
  constexpr void add(const std::vector<float>& values) {
    for (const float v : values) {
      add(static_cast<double>(v));
    }
  }
  [[nodiscard]] constexpr std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

}  // namespace test

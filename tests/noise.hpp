// SPDX-License-Identifier: Apache-2.0
//
// Repeatable values for tests and benches, and the hash of what became of them.
//
//   generator, draw      constexpr, the same bits from every compiler: bell-shaped noise, elements of small formats
//   uniform_source ...   53 bits a draw and a true Gaussian, through the logarithm and cosine of the C library
//   bit_patterns         every exponent, subnormals, NaN and Inf
//   bit_hash             one number for many
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
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

/// Uniform numbers in (0, 1), by a linear congruential generator of 64 bits (Knuth's MMIX constants).
class uniform_source {
 public:
  explicit uniform_source(std::uint64_t seed = 12345) : state_(seed) {}
  double operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (static_cast<double>(state_ >> 11U) + 0.5) / 9007199254740992.0;
  }
  /// Standard normal, by Box and Muller.
  double normal() {
    const double radius = std::sqrt(-2 * std::log((*this)()));
    return radius * std::cos(6.283185307179586 * (*this)());
  }

 private:
  std::uint64_t state_;
};

/// Gaussian values.
inline std::vector<float> noise(std::size_t n, float sigma, std::uint64_t seed = 12345) {
  uniform_source source{seed};
  std::vector<float> x(n);
  for (float& v : x) {
    v = sigma * static_cast<float>(source.normal());
  }
  return x;
}

/// Gaussian values whose magnitudes run over twelve powers of two, every 16th zero.
inline std::vector<float> wide_noise(std::size_t n, float sigma, std::uint64_t seed = 999) {
  std::vector<float> x = noise(n, sigma, seed);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = i % 16 == 5 ? 0.0F : std::ldexp(x[i], -static_cast<int>(i / 24 % 12));
  }
  return x;
}

/// Floats spread over all bit patterns: subnormals, NaN, Inf and every exponent among them.
inline std::vector<float> bit_patterns(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i * (0xFFFFFFFFU / n)) +
                                static_cast<std::uint32_t>(i % 7));
  }
  x[0] = 0.0F;
  x[1] = -0.0F;
  return x;
}

/// FNV-1a over the bits of floats, doubles and bytes.
class bit_hash {
 public:
  constexpr void add(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
      hash_ = (hash_ ^ byte) * 0x100000001B3U;
    }
  }
  /// The bits of a float, NaN and -0 told apart.
  constexpr void add_bits(float value) {
    auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i, bits >>= 8U) {
      hash_ = (hash_ ^ (bits & 0xFFU)) * 0x100000001B3U;
    }
  }
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

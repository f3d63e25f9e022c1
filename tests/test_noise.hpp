// SPDX-License-Identifier: Apache-2.0
//
// Numbers for tests: the same on every machine, made from a linear congruential generator.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace test {

/// Uniform numbers in (0, 1).
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

}  // namespace test

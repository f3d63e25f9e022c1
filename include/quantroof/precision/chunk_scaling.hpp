// SPDX-License-Identifier: Apache-2.0
//
// Chunks of a row, and what the values of one are multiplied or divided by: one number, one per block, one per element.
//
// All work on tensors is done on chunks of 256 elements in local arrays. A constant trip count over memory that cannot alias is what
// compilers vectorise at -O2; a chunk stays in the first-level cache. A row that ends inside a chunk is filled up with zeros.
#pragma once

#include <array>
#include <cstddef>

#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_coding.hpp"

namespace quantroof::detail {

inline constexpr std::size_t chunk_size = 256;
template <class T>
using chunk = std::array<T, chunk_size>;
/// Codes that one function writes and the next one reads lie in whole lines of the cache: vectors across two wait for each other.
inline constexpr std::size_t line_size = 64;

/// What values go through before they are encoded or after they are decoded: a factor or divisor for all, for each block, or for each
/// element. `block` elements in a row share what at(b) gives.
struct times_one {
  float factor;
  static constexpr std::size_t block = chunk_size;
  [[nodiscard]] constexpr times_one at(std::size_t /*b*/) const { return *this; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t /*i*/ = 0) const {
    return times(x, factor);
  }
};
struct over_one {
  float divisor;
  static constexpr std::size_t block = chunk_size;
  [[nodiscard]] constexpr over_one at(std::size_t /*b*/) const { return *this; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t /*i*/ = 0) const {
    return over(x, divisor);
  }
};
/// Two steps where one factor would be beyond a float, or rounding must wait for the second.
struct times_two {
  float first;
  float second;
  [[gnu::always_inline]] constexpr float operator()(float x) const {
    return times(times(x, first), second);
  }
};

template <std::size_t Block>
struct times_blocks {
  const float* factors;
  static constexpr std::size_t block = Block;
  [[nodiscard]] constexpr float value(std::size_t b) const { return factors[b]; }
  [[nodiscard]] constexpr times_one with(float factor) const { return {factor}; }
  [[nodiscard]] constexpr times_one at(std::size_t b) const { return {factors[b]}; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t i) const {
    return times(x, factors[i / Block]);
  }
};
template <std::size_t Block>
struct over_blocks {
  const float* divisors;
  static constexpr std::size_t block = Block;
  [[nodiscard]] constexpr float value(std::size_t b) const { return divisors[b]; }
  [[nodiscard]] constexpr over_one with(float divisor) const { return {divisor}; }
  [[nodiscard]] constexpr over_one at(std::size_t b) const { return {divisors[b]}; }
  [[gnu::always_inline]] constexpr float operator()(float x, std::size_t i) const {
    return over(x, divisors[i / Block]);
  }
};
template <std::size_t Block>
struct times_blocks_and_one {
  const float* factors;
  float factor;
  static constexpr std::size_t block = Block;
  [[nodiscard]] constexpr float value(std::size_t b) const { return factors[b]; }
  [[nodiscard]] constexpr times_two with(float first) const { return {first, factor}; }
  [[nodiscard]] constexpr times_two at(std::size_t b) const { return {factors[b], factor}; }
  constexpr float operator()(float x, std::size_t i) const { return at(i / Block)(x); }
};

/// value * scale where the largest values must not become Inf.
template <std::size_t Block>
struct saturated_blocks {
  const float* factors;
  float factor;
  static constexpr std::size_t block = Block;
  struct one {
    float scale;
    float factor;
    constexpr float operator()(float x) const {
      if (!is_a_number(x) || !is_a_number(scale)) {
        return times(x, scale);
      }
      return finite_float(static_cast<double>(x) * static_cast<double>(scale) *
                          static_cast<double>(factor));  // rounded and saturated once
    }
  };
  [[nodiscard]] constexpr float value(std::size_t b) const { return factors[b]; }
  [[nodiscard]] constexpr one with(float scale) const { return {scale, factor}; }
  [[nodiscard]] constexpr one at(std::size_t b) const { return {factors[b], factor}; }
};

/// One factor or divisor for each element.
using times_each = times_blocks<1>;
using over_each = over_blocks<1>;

}  // namespace quantroof::detail

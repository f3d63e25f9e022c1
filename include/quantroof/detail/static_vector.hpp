// SPDX-License-Identifier: Apache-2.0
//
// A list with a fixed capacity and no allocation, usable in constant expressions: what results and configurations hold where
// a program would otherwise use std::vector.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

#include "quantroof/detail/expects.hpp"

namespace quantroof {

/// At most N values of T, stored in place.
///
/// requires  size() < N before push_back; index < size()
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <class T, std::size_t N>
class static_vector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  constexpr static_vector() = default;
  constexpr static_vector(std::initializer_list<T> values) {
    for (const T& value : values) {
      push_back(value);
    }
  }

  constexpr void push_back(const T& value) {
    detail::expects(size_ < N, "static_vector: the list is full");
    values_[size_++] = value;
  }
  constexpr void clear() { size_ = 0; }

  [[nodiscard]] constexpr const T& operator[](std::size_t i) const {
    detail::expects(i < size_, "static_vector: index out of range");
    return values_[i];
  }
  [[nodiscard]] constexpr T& operator[](std::size_t i) {
    detail::expects(i < size_, "static_vector: index out of range");
    return values_[i];
  }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] static constexpr std::size_t capacity() { return N; }
  [[nodiscard]] constexpr const T* begin() const { return values_.data(); }
  [[nodiscard]] constexpr const T* end() const { return values_.data() + size_; }
  [[nodiscard]] constexpr T* begin() { return values_.data(); }
  [[nodiscard]] constexpr T* end() { return values_.data() + size_; }
  // NOLINTNEXTLINE(google-explicit-constructor)
  [[nodiscard]] constexpr operator std::span<const T>() const { return {values_.data(), size_}; }

  friend constexpr bool operator==(const static_vector& a, const static_vector& b) {
    if (a.size_ != b.size_) {
      return false;
    }
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a.values_[i] == b.values_[i])) {
        return false;
      }
    }
    return true;
  }

 private:
  std::array<T, N> values_{};
  std::size_t size_ = 0;
};

}  // namespace quantroof

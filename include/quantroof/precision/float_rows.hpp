// SPDX-License-Identifier: Apache-2.0
//
// The rows of a matrix as floats: one by one, or several that lie side by side as one.
//
// Not here: a row chunk by chunk (chunk_reading.hpp).
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof::detail {

/// Codes of any number of bits that take a whole number of bytes.
inline constexpr std::size_t whole_bytes = 8;

template <StoredFloat T>
struct float_rows {
  matrix_view<const T> x;

  /// `count` rows from r on: themselves, or converted into `buffer`.
  ///
  /// requires  count is 1 or at most at_once() of something
  [[nodiscard]] constexpr std::span<const float> read(std::size_t r, std::size_t count,
                                                      std::vector<float>& buffer) const {
    const std::span<const T> values{x.row(r).data(), count * x.cols()};
    if constexpr (std::same_as<std::remove_cv_t<T>, float>) {
      return values;
    } else {
      buffer.resize(values.size(), 0.0F);
      const T* const from = values.data();
      float* const to = buffer.data();
      for (std::size_t i = 0; i < values.size(); ++i) {
        to[i] = quantroof::to_float(from[i]);
      }
      return buffer;
    }
  }

  /// How many rows may be worked on as one where they are made of whole blocks of `block` columns: every row ends in a chunk of its own,
  /// and a batch, which short ones hardly fill.
  [[nodiscard]] constexpr std::size_t at_once(std::size_t block) const {
    constexpr std::size_t long_enough = 4096;
    const bool side_by_side = x.stride() == x.cols() && x.cols() % block == 0;
    return side_by_side && x.cols() < long_enough ? long_enough / x.cols() : 1;
  }
};

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// A rectangular window onto row-major memory: pointer, rows, columns and the distance between rows. What the quantizer takes
// and returns; C++20 has no std::mdspan.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include "quantroof/detail/expects.hpp"

namespace quantroof {

/// A row-major matrix somebody else owns.
///
/// shapes    [rows, cols], element (r, c) at data[r * stride + c]
/// requires  stride >= cols; data not null unless the matrix is empty; rows * stride fits size_t
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <class T>
class matrix_view {
 public:
  using element_type = T;

  constexpr matrix_view() = default;
  constexpr matrix_view(T* data, std::size_t rows, std::size_t cols)
      : matrix_view(data, rows, cols, cols) {}
  constexpr matrix_view(T* data, std::size_t rows, std::size_t cols, std::size_t stride)
      : data_(data), rows_(rows), cols_(cols), stride_(stride) {
    detail::expects(stride >= cols,
                    "matrix_view: the row stride must be at least the number of columns");
    detail::expects(data != nullptr || rows == 0 || cols == 0,
                    "matrix_view: the data pointer is null");
    detail::expects(
        stride == 0 || rows <= std::numeric_limits<std::size_t>::max() / sizeof(T) / stride,
        "matrix_view: rows * stride does not fit size_t");
  }
  /// The whole of `values` as rows of `cols` elements.
  ///
  /// requires  values.size() == rows * cols
  constexpr matrix_view(std::span<T> values, std::size_t rows, std::size_t cols)
      : matrix_view(values.data(), rows, cols) {
    detail::expects(values.size() == rows * cols,
                    "matrix_view: the span must hold rows * cols elements");
  }
  /// A view of mutable elements reads as a view of const elements.
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator matrix_view<const T>() const requires(!std::is_const_v<T>) {
    return {data_, rows_, cols_, stride_};
  }

  [[nodiscard]] constexpr std::size_t rows() const { return rows_; }
  [[nodiscard]] constexpr std::size_t cols() const { return cols_; }
  [[nodiscard]] constexpr std::size_t stride() const { return stride_; }
  [[nodiscard]] constexpr bool empty() const { return rows_ == 0 || cols_ == 0; }
  [[nodiscard]] constexpr std::span<T> row(std::size_t r) const {
    detail::expects(r < rows_, "matrix_view: row out of range");
    return {data_ + r * stride_, cols_};
  }
  [[nodiscard]] constexpr T& operator()(std::size_t r, std::size_t c) const {
    return data_[r * stride_ + c];
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t stride_ = 0;
};

}  // namespace quantroof

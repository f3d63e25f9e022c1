// SPDX-License-Identifier: Apache-2.0
//
// How much work a linear layer is: y[m, n] = x[m, k] * W[n, k]^T, with weight and activation in precisions of their own.
//
//   flops = 2 m n k        bytes = x + W + y
//
// Not here: how long it takes (a performance model: textbook.hpp).
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// One linear layer call: m rows of activations, n outputs, k inputs.
struct gemm_shape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;

  friend constexpr bool operator==(const gemm_shape&, const gemm_shape&) = default;
};

/// Refuses a shape that cannot exist; returns true otherwise.
///
/// requires  m, n, k in [1, 2^31]
constexpr bool is_valid(const gemm_shape& g) {
  const auto in = [](std::int64_t x) { return x > 0 && x <= (std::int64_t{1} << 31); };
  detail::expects(in(g.m) && in(g.n) && in(g.k), "gemm_shape: m, n and k must be in [1, 2^31]");
  return true;
}

/// Multiplications and additions: 2 m n k.
[[nodiscard]] constexpr double gemm_flops(const gemm_shape& g) {
  is_valid(g);
  return 2.0 * static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k);
}

/// Work of one call with a given number of bytes per element.
///
/// units     bytes per element; flops; bytes
/// formula   m k activation + n k weight + m n output
/// requires  is_valid(g); byte counts positive
[[nodiscard]] constexpr work gemm_work(const gemm_shape& g, double weight_bytes,
                                       double activation_bytes, double output_bytes = 2.0) {
  detail::expects(weight_bytes > 0 && activation_bytes > 0 && output_bytes > 0,
                  "gemm_work: bytes per element must be positive");
  const auto m = static_cast<double>(g.m);
  const auto n = static_cast<double>(g.n);
  const auto k = static_cast<double>(g.k);
  return {.flops = gemm_flops(g),
          .bytes = m * k * activation_bytes + n * k * weight_bytes + m * n * output_bytes};
}

}  // namespace quantroof

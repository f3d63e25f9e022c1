// SPDX-License-Identifier: Apache-2.0
//
// GGUF K-quants are encoded by a search that this library does not do.
// expect: quantize: the format must hold values of at most 16 bits that can be encoded
#include "quantroof/precision/quantize.hpp"

constexpr float x[] = {1.0F};
constexpr bool made = quantroof::quantize<quantroof::precision::gguf_q4_k>(
                          quantroof::matrix_view<const float>{x, 1, 1})
                          .rows == 1;

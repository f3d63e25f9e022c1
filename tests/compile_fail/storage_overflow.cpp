// SPDX-License-Identifier: Apache-2.0
//
// 2^80 bytes do not fit 63 bits: refused, not wrapped.
// expect: checked_mul: the product does not fit 63 bits
#include "quantroof/precision/precision.hpp"

static_assert(storage_bytes(quantroof::precision::fp16, std::int64_t{1} << 40,
                            std::int64_t{1} << 39) > 0);

// SPDX-License-Identifier: Apache-2.0
//
// A matrix of minus one row.
// expect: storage_bytes: rows and cols must not be negative
#include "quantroof/precision/precision.hpp"

static_assert(storage_bytes(quantroof::precision::nvfp4, -1, 16) == 0);

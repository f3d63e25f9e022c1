// SPDX-License-Identifier: Apache-2.0
//
// Query heads must share KV heads evenly.
// expect: model_config: num_heads must be a multiple of num_kv_heads
#include "quantroof/model/presets.hpp"

constexpr quantroof::model_config model = [] {
  quantroof::model_config m = quantroof::models::llama3_8b;
  m.num_kv_heads = 5;
  return m;
}();
static_assert(parameter_count(model) > 0);

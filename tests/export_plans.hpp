// SPDX-License-Identifier: Apache-2.0
//
// Plans for the tests of exporters: random ones that a target can say, and what comes back of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "noise.hpp"
#include "quantroof/io/export_modules.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/plan_difference.hpp"
#include "quantroof/model/mixed_precision.hpp"

namespace test {

/// The format of the KV cache goes to the command that starts the engine.
inline constexpr quantroof::io::checkpoint_options at_launch{
    .kv_cache = quantroof::io::kv_cache_place::at_launch};

/// A plan whose weights have formats of `pool`, with 16 bits now and then, and a few overrides.
inline quantroof::mixed_precision_config random_plan(generator& random,
                                                     std::span<const quantroof::precision> pool,
                                                     quantroof::precision activation,
                                                     quantroof::precision cache,
                                                     std::int64_t layers) {
  using namespace quantroof;
  const auto pick = [&] {
    const auto i = random.bits() % (pool.size() + 1);
    return i == pool.size() ? precision::fp16 : pool[i];
  };
  mixed_precision_config plan{
      .name = "random", .default_activation_precision = activation, .kv_cache_precision = cache};
  for (const operator_type op : operator_types) {
    if (weight_operators.contains(op) && op != operator_type::embeddings &&
        !wide_operators.contains(op)) {
      plan.operator_precisions.set(op, pick());
    }
  }
  plan.operator_precisions.set(operator_type::q_proj, pool[0]);  // at least one is quantized
  for (std::uint32_t i = random.bits() % 4; i > 0; --i) {
    const auto first = static_cast<std::int64_t>(random.bits()) % layers;
    const auto last = first + static_cast<std::int64_t>(random.bits()) % (layers - first);
    operator_set ops;
    for (const operator_type op : operator_types) {
      if (weight_operators.contains(op) && random.bits() % 4 == 0 &&
          op != operator_type::embeddings && op != operator_type::lm_head) {
        ops.add(op);
      }
    }
    if (!ops.empty()) {
      plan = plan.with_layers(first, last, pick(), ops);
    }
  }
  return plan;
}

/// "" where two plans give a model the same, else where they differ.
inline std::string difference(const quantroof::model_config& m,
                              const quantroof::mixed_precision_config& a,
                              const quantroof::mixed_precision_config& b) {
  const auto d = quantroof::io::find_plan_difference(m, a, b);
  return !d ? std::string{}
            : std::string{to_string(d->op)} + " of layer " + std::to_string(d->layer) + ": " +
                  std::string{to_string(d->first)} + ", " + std::string{to_string(d->second)};
}

}  // namespace test

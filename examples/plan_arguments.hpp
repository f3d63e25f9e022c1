// SPDX-License-Identifier: Apache-2.0
//
// The flags that say how many devices divide a model, and how.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <quantroof/model/parallelism.hpp>
#include <quantroof/model/transformer.hpp>
#include <utility>

#include "arguments.hpp"

namespace arguments {

/// --gpus, --tp, --pp, --dp, --ep; 0: not given.
struct plan_flags {
  std::int64_t gpus = 0;
  std::int64_t tensor = 0;
  std::int64_t pipeline = 0;
  std::int64_t data = 0;
  std::int64_t expert = 0;

  /// Takes the flag if it is one of these.
  bool take(reader& flags) {
    for (const auto& [name, member] :
         {std::pair{"--gpus", &plan_flags::gpus}, std::pair{"--tp", &plan_flags::tensor},
          std::pair{"--pp", &plan_flags::pipeline}, std::pair{"--dp", &plan_flags::data},
          std::pair{"--ep", &plan_flags::expert}}) {
      if (flags.flag() == name) {
        this->*member = flags.count();
        return true;
      }
    }
    return false;
  }

  /// The plan of a model: devices that no degree names divide its layers, as many as divide its heads; the rest are stages of a pipeline.
  [[nodiscard]] quantroof::parallel_plan plan_of(const quantroof::model_config& m) const {
    const auto or_one = [](std::int64_t n) { return n > 0 ? n : 1; };
    quantroof::parallel_plan plan{.tensor = or_one(tensor),
                                  .data = or_one(data),
                                  .expert = or_one(expert),
                                  .pipeline = or_one(pipeline)};
    if (gpus > 0 && gpus % plan.devices() == 0) {
      std::int64_t rest = gpus / plan.devices();
      if (tensor == 0) {
        plan.tensor = rest;
        while (plan.tensor > 1 && (rest % plan.tensor != 0 || !divides(m, plan))) {
          --plan.tensor;
        }
        rest /= plan.tensor;
      }
      plan.pipeline *= pipeline == 0 ? rest : 1;
    }
    if (gpus > 0 && plan.devices() != gpus) {
      throw usage_error(fmt::format("--gpus {}: --tp {} --pp {} --dp {} make {}", gpus, plan.tensor,
                                    plan.pipeline, plan.data, plan.devices()));
    }
    quantroof::is_dividable(m, plan);
    return plan;
  }

 private:
  static bool divides(const quantroof::model_config& m, const quantroof::parallel_plan& plan) {
    try {
      return quantroof::is_dividable(m, {.tensor = plan.tensor});
    } catch (const quantroof::domain_error&) {
      return false;
    }
  }
};

}  // namespace arguments

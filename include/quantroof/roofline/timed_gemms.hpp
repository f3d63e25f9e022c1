// SPDX-License-Identifier: Apache-2.0
//
// GEMMs of one step that were timed already. Not here: which GEMMs a layer has (layer_step.hpp).
#pragma once

#include <utility>

#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/performance_model.hpp"

namespace quantroof::detail {

/// GEMMs of a step that were timed already: layers of different kinds have most of their linear layers in common.
template <PerformanceModel M>
class timed_gemms {
 public:
  using time = decltype(std::declval<const M&>().gemm(hardware_spec{}, gemm_shape{},
                                                      precision::fp16, precision::fp16));

  constexpr time of(const M& model, const hardware_spec& hw, const gemm_shape& shape,
                    precision weight, precision activation) {
    for (const entry& e : entries_) {
      if (e.shape == shape && e.weight == weight && e.activation == activation) {
        return e.value;
      }
    }
    const time t = model.gemm(hw, shape, weight, activation);
    if (entries_.size() < entries_.capacity()) {
      entries_.push_back({shape, weight, activation, t});
    }
    return t;
  }

 private:
  struct entry {
    gemm_shape shape{};
    precision weight = precision::fp16;
    precision activation = precision::fp16;
    time value{};
  };
  static_vector<entry, 8> entries_{};
};

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// What a step asks of a performance model: the concepts that textbook.hpp and calibrated.hpp satisfy, and that a model of the user's own must.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/textbook.hpp"

namespace quantroof {

/// What can predict the operators of a step on a device.
template <class M>
concept PerformanceModel = requires(const M& m, const hardware_spec& hw, const attention_shape& s,
                                    const flash_attention_config& c, const gemm_shape& g,
                                    precision p) {
  { m.attention(hw, s, c) } -> std::same_as<flash_attention_metrics>;
  { m.standard_attention(hw, s, p) } -> std::same_as<flash_attention_metrics>;
  { m.gemm(hw, g, p, p).time_us } -> std::convertible_to<double>;
  { m.gemm(hw, g, p, p).lower_us } -> std::convertible_to<double>;
  { m.gemm(hw, g, p, p).upper_us } -> std::convertible_to<double>;
  { m.gemm(hw, g, p, p).bottleneck } -> std::convertible_to<bottleneck>;
  { m.work_of(g, p, p) } -> std::same_as<work>;
  { m.scope } -> std::convertible_to<step_scope>;
  { M::name() } -> std::convertible_to<std::string_view>;
};
static_assert(PerformanceModel<textbook_model> && PerformanceModel<calibrated_model>);

/// A model of real kernels: it also knows grouped, latent and small ones, exchange among devices and what the host adds.
template <class M>
concept KernelModel = PerformanceModel<M> &&
    requires(const M& m, const hardware_spec& hw, const moe_shape& x, const mla_shape& l,
             const attention_shape& s, precision p) {
  { m.moe(hw, x, p, p) } -> std::same_as<kernel_estimate>;
  { m.mla_decode(hw, l, attention_width::bits16) } -> std::same_as<kernel_estimate>;
  { m.mla_prefill(hw, s, attention_width::bits16) } -> std::same_as<kernel_estimate>;
  { m.exchange(hw, collective::all_reduce, 2, 1.0) } -> std::same_as<kernel_estimate>;
  { m.elementwise(hw, 1.0, 1.0) } -> std::same_as<kernel_estimate>;
  { m.host_us } -> std::convertible_to<double>;
  { M::is_specified_only(hw) } -> std::same_as<bool>;
};
static_assert(KernelModel<calibrated_model> && !KernelModel<textbook_model>);

}  // namespace quantroof

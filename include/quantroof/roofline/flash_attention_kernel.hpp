// SPDX-License-Identifier: Apache-2.0
//
// FlashAttention 1, 2, 3 and 4 alone, as papers time them: which constants a release has, at which rates its instructions run, how long one
// forward call takes (or forward and backward). The formula is prefill.hpp's; inside a serving engine's call: calibrated.hpp.
#pragma once

#include <array>
#include <cstddef>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/hardware/published_attention.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/prefill.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

namespace detail {

/// The release that a serving kernel belongs to: TensorRT-LLM's and cuDNN's Blackwell kernels are built like FA4, FlashInfer's like FA2.
[[nodiscard]] constexpr flash_attention_version version_of(attention_kernel k) {
  switch (k) {
    case attention_kernel::fa1:
      return flash_attention_version::fa1;
    case attention_kernel::fa3:
      return flash_attention_version::fa3;
    case attention_kernel::trtllm:
    case attention_kernel::fa4:
      return flash_attention_version::fa4;
    default:
      return flash_attention_version::fa2;
  }
}

/// The published constants of a release.
[[nodiscard]] constexpr const prefill_constants& published_constants(flash_attention_version v) {
  constexpr std::array kernels{attention_kernel::fa1, attention_kernel::fa2, attention_kernel::fa3,
                               attention_kernel::fa4};
  for (const prefill_constants& c : published_attention) {
    if (c.kernel == kernels[static_cast<std::size_t>(v)]) {
      return c;
    }
  }
  expects(false, "published_constants: the version is not an enumerator");
  return published_attention.front();
}

/// Rates of the matrix instructions that a release uses: mma.sync up to FA2.
[[nodiscard]] constexpr device_rates rates_of(const hardware_spec& hw, flash_attention_version v) {
  const device_rates rates = quantroof::rates_of(hw);
  return v == flash_attention_version::fa1 || v == flash_attention_version::fa2
             ? with_mma_sync(rates, hw.arch)
             : rates;
}

}  // namespace detail

/// A FlashAttention release alone, as papers time it: no serving engine around it.
///
/// units     microseconds
/// formula   estimate_prefill with the release's published constants; `set` says mask, widths, pass
/// requires  is_valid(s); the device runs the release
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    hardware/published_attention.hpp
/// example   H100, d 128, 16K, FA3: 648 TFLOPS published
[[nodiscard]] constexpr kernel_estimate estimate_flash_attention(const hardware_spec& hw,
                                                                 flash_attention_version release,
                                                                 const attention_shape& s,
                                                                 prefill_setting set = {}) {
  detail::expects(runs_flash_attention(hw, release),
                  "estimate_flash_attention: the device does not run this version");
  set.call = attention_call::kernel_only;
  set.shared_memory_kb = hw.shared_memory_kb.value_or(164);
  return estimate_prefill(detail::rates_of(hw, release), detail::published_constants(release), set,
                          s);
}

}  // namespace quantroof

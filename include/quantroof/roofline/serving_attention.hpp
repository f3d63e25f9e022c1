// SPDX-License-Identifier: Apache-2.0
//
// Attention inside a serving engine, on any device: which kernel runs there, whose constants it takes (its own device's, else the nearest
// kin's, with a wider interval), or what another FlashAttention release would take in its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/calibration_lookup.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/decode.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/flash_attention_kernel.hpp"
#include "quantroof/roofline/prefill.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

namespace detail {

/// The interval of constants measured elsewhere.
constexpr void widen(kernel_estimate& e, const interval_growth& growth) {
  const double below = (e.time_us - e.lower_us) * growth.factor;
  const double above = (e.upper_us - e.time_us) * growth.factor;
  const double least = growth.least * e.time_us;
  e.lower_us = e.time_us - (below > least ? below : least);
  e.lower_us = e.lower_us > 0.1 * e.time_us ? e.lower_us : 0.1 * e.time_us;
  e.upper_us = e.time_us + (above > 1.5 * least ? above : 1.5 * least);
}
constexpr void widen(kernel_estimate& e, calibration_basis basis) {
  if (basis != calibration_basis::measured) {
    widen(e, growth_of(basis));
  }
}

/// A serving call of a device's own kernel.
[[nodiscard]] constexpr kernel_estimate own_prefill(const hardware_spec& hw,
                                                    const attention_shape& s,
                                                    const prefill_setting& set,
                                                    const prefill_constants& constants,
                                                    calibration_basis basis) {
  kernel_estimate e = estimate_prefill(quantroof::rates_of(hw), constants, set, s);
  widen(e, basis);
  return e;
}

/// A serving call with another release's kernel in it: its published constants between this device's fixed costs and writes.
[[nodiscard]] constexpr kernel_estimate other_prefill(
    const hardware_spec& hw, const attention_shape& s, const prefill_setting& set,
    const prefill_constants& serving, calibration_basis basis, flash_attention_version version) {
  prefill_constants c = published_constants(version);
  c.fixed_us = serving.fixed_us;
  c.token_us = serving.token_us;
  c.token_heads_dim = serving.token_heads_dim;
  c.write_share = serving.write_share;
  c.memory_share = serving.memory_share;
  c.l2_speedup = serving.l2_speedup;
  c.l2_share = serving.l2_share;
  c.fit = serving.fit;
  kernel_estimate e = estimate_prefill(rates_of(hw, version), c, set, s);
  const bool near =
      basis == calibration_basis::measured || basis == calibration_basis::architecture;
  widen(e, near ? calibration_basis::generation : basis);
  return e;
}

}  // namespace detail

/// True where a call is a decode: up to eight query tokens over a longer cache.
[[nodiscard]] constexpr bool is_decode(const attention_shape& s) {
  return s.seq_len_q == 1 || (s.seq_len_q <= 8 && s.seq_len_kv > s.seq_len_q);
}

/// Attention of new tokens over a cache by the kernel that serves on this device.
///
/// units     microseconds, bytes
/// formula   estimate_decode with the nearest measured constants; `own` comes first where it is this device's
/// requires  is_valid(hw); is_valid(s)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr kernel_estimate estimate_serving_decode(const hardware_spec& hw,
                                                                const device_calibration* own,
                                                                const attention_shape& s,
                                                                const decode_setting& set) {
  const auto row = static_cast<std::size_t>(set.width);
  const auto found = find_calibration(
      hw, own,
      [row](const device_calibration& c) -> const decode_constants& { return c.decode[row]; },
      kinship::board);
  detail::expects(found.constants != nullptr,
                  "estimate_serving_decode: no decode attention was measured");
  kernel_estimate e = estimate_decode(rates_of(hw), *found.constants, set, s);
  detail::widen(e, found.basis);
  return e;
}

/// Attention over prompts by the kernel that serves on this device, or by another release.
///
/// units     microseconds, bytes
/// formula   estimate_prefill with the nearest measured constants; another release: its published kernel within this device's call. FP8 products
///           where the cache has 8 bits, the device FP8 units and the kernel takes FP8
/// requires  is_valid(hw); is_valid(s); density in (0, 1]
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr kernel_estimate estimate_serving_prefill(
    const hardware_spec& hw, const device_calibration* own, const attention_shape& s,
    attention_width width, double kv_bytes, double density,
    std::optional<flash_attention_version> release) {
  const auto row = static_cast<std::size_t>(width);
  const auto found = find_calibration(
      hw, own,
      [row](const device_calibration& c) -> const prefill_constants& { return c.prefill[row]; },
      kinship::board);
  detail::expects(found.constants != nullptr,
                  "estimate_serving_prefill: no prefill attention was measured");
  const prefill_constants& constants = *found.constants;
  const flash_attention_version serving = detail::version_of(constants.kernel);
  const flash_attention_version runs = release.value_or(serving);
  const bool fp8_products = width == attention_width::bits8 && has_fp8(hw) &&
                            (runs == serving ? constants.kernel != attention_kernel::flashinfer
                                             : takes_precision(runs, precision::fp8_e4m3));
  const prefill_setting set{
      .width = fp8_products ? attention_width::bits8 : attention_width::bits16,
      .query_bytes = fp8_products ? 1.0 : 2.0,
      .kv_bytes = kv_bytes,
      .density = density,
      .shared_memory_kb = hw.shared_memory_kb.value_or(164)};
  // each path is a function with one result, which the compiler builds in place
  return runs == serving ? detail::own_prefill(hw, s, set, constants, found.basis)
                         : detail::other_prefill(hw, s, set, constants, found.basis, runs);
}

}  // namespace quantroof

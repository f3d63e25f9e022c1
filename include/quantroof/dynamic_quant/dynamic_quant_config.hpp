// SPDX-License-Identifier: Apache-2.0
//
// How activations are quantized at run time: the specification's DynamicQuantConfig, and which formats activations can take.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// True for formats a row of activations can be stored in: elements of at most 16 bits with one scale, or with blocks along the row.
///
/// ignores   E8M0 holds scales; FP8_E4M3_BLOCK128 shares scales between rows; GGUF_Q4_K and GGUF_Q6_K are encoded by search
[[nodiscard]] constexpr bool can_hold_activations(precision p) {
  const precision_format& f = format_of(p);
  return f.element_bits <= 16 && f.kind != element_kind::scale_only &&
         (!has_blocks(p) || f.scales.block_rows == 1) && p != precision::gguf_q4_k &&
         p != precision::gguf_q6_k;
}

/// Whether a product is compared with that of the activation as it was.
enum class error_report : std::uint8_t {
  off,
  against_fp32,  // costs a second product
};

namespace detail {
inline constexpr name_table<error_report, 2> error_report_names{{
    {error_report::off, "off"},
    {error_report::against_fp32, "against_fp32"},
}};
static_assert(names_are_complete(error_report_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(error_report r) {
  return detail::name_of(detail::error_report_names, r);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr error_report parse_error_report(std::string_view name) {
  return detail::parse_name(detail::error_report_names, name, "parse_error_report");
}

/// Options of a dynamic_quantizer.
struct dynamic_quant_config {
  quantroof::precision precision =
      quantroof::precision::fp8_e4m3;  // unless a call asks for another
  quantroof::granularity granularity = quantroof::granularity::per_token;
  std::int64_t group_size =
      128;  // neighbours along k under one scale, read by granularity::per_group
  calibration calibration_mode = calibration::percentile;
  double percentile = 99.9;        // read by calibration::percentile
  bool fallback_to_fp16 = true;    // keep 16 bits when outliers are severe
  double outlier_threshold = 2.0;  // outlier_ratio above which they are
  double smoothing = 0.9;  // weight of the past in the moving average of scales; 0: no memory
  quantroof::error_report error_report = quantroof::error_report::off;

  friend constexpr bool operator==(const dynamic_quant_config&,
                                   const dynamic_quant_config&) = default;
};

/// Refuses options that make no sense; returns true otherwise.
///
/// requires  can_hold_activations(precision); group_size > 0; percentile in (0, 100]; outlier_threshold > 0; smoothing in [0, 1)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const dynamic_quant_config& c) {
  detail::expects(format_of(c.precision).element_bits <= 16,
                  "dynamic_quant_config: precision must have elements of at most 16 bits");
  detail::expects(can_hold_activations(c.precision),
                  "dynamic_quant_config: precision must be a format that can_hold_activations");
  detail::expects(c.group_size > 0, "dynamic_quant_config: group_size must be positive");
  detail::expects(c.percentile > 0 && c.percentile <= 100,
                  "dynamic_quant_config: percentile must be in (0, 100]");
  detail::expects(c.outlier_threshold > 0 && detail::is_finite(c.outlier_threshold),
                  "dynamic_quant_config: outlier_threshold must be positive and finite");
  detail::expects(c.smoothing >= 0 && c.smoothing < 1,
                  "dynamic_quant_config: smoothing must be in [0, 1)");
  return true;
}

}  // namespace quantroof

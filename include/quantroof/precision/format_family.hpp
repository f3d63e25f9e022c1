// SPDX-License-Identifier: Apache-2.0
//
// Which formats quantize() writes, into which families they fall, and which options go with which.
#pragma once

#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/scale_rules.hpp"

namespace quantroof {

/// True for precisions that quantize() writes: elements of at most 16 bits that are values. Not FP32, TF32, FP64, E8M0, GGUF K-quants.
[[nodiscard]] constexpr bool is_quantizable(precision p) {
  return has_codes(p) && format_of(p).kind != element_kind::scale_only &&
         p != precision::gguf_q4_k && p != precision::gguf_q6_k;
}

namespace detail {

/// The families, by who writes them: quantize_rows.hpp, quantize_affine.hpp, quantize_blocks.hpp, quantize_gguf.hpp.
enum class format_family : std::uint8_t { scaled, affine, mx_blocks, nvfp4_blocks, gguf_blocks };

[[nodiscard]] constexpr format_family family_of(precision p, symmetry s) {
  const scale_layout& layout = format_of(p).scales;
  if (layout.whole_blocks) {
    return format_family::gguf_blocks;
  }
  if (layout == mx) {
    return format_family::mx_blocks;
  }
  if (layout == nvfp4) {
    return format_family::nvfp4_blocks;
  }
  return p == precision::int4_g128_zp4 || p == precision::int4_g128_zp16 ||
                 s == symmetry::asymmetric
             ? format_family::affine
             : format_family::scaled;
}

constexpr void expects_quantizable(precision p, const quantize_options& o) {
  expects(is_quantizable(p),
          "quantize: the format must hold values of at most 16 bits that can be "
          "encoded without a search (not FP32, E8M0, GGUF_Q4_K, GGUF_Q6_K)");
  expects(o.granularity <= granularity::per_group && o.calibration_mode <= calibration::entropy &&
              o.symmetry <= symmetry::asymmetric && o.scaling <= scaling::division &&
              o.rounding <= rounding::stochastic && o.mx_rule <= mx_scale_rule::ceil &&
              o.nvfp4 <= nvfp4_rule::compressed_tensors &&
              o.four_over_six <= four_over_six::mean_squared_error,
          "quantize: every option must be one of its enumerators");
  const precision_format& f = format_of(p);
  is_valid(o);
  expects(o.symmetry == symmetry::symmetric ||
              (!f.element && f.scales.block_cols == 0 && f.scales.block_rows == 0),
          "quantize: only INT8 and INT4 can be asymmetric (INT4_G128_ZP4 and ZP16 are)");
  expects(o.symmetry == symmetry::symmetric || o.calibration_mode == calibration::absmax,
          "quantize: asymmetric integers take their range from minimum and maximum (calibration "
          "absmax)");
  expects(o.rounding == rounding::nearest_even ||
              (family_of(p, o.symmetry) != format_family::gguf_blocks &&
               family_of(p, o.symmetry) != format_family::affine),
          "quantize: GGUF and asymmetric formats round to nearest only");
  expects(o.four_over_six == four_over_six::off || o.nvfp4 == nvfp4_rule::transformer_engine,
          "quantize: four_over_six goes with nvfp4_rule::transformer_engine");
  expects(o.scales.empty() || family_of(p, o.symmetry) == format_family::scaled,
          "quantize: scales can be given for formats with one FP32 or FP16 scale per cell only");
}

}  // namespace detail
}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of tensors and of what quantization did to them. One line each:
//
//   quantized_storage   NVFP4 64 x 512: 18436 bytes, 4.501 bits an element
//   quantize_options    per_group of 64, percentile 99.9, stochastic with seed 7
//   quantization_error  SQNR 31.4 dB, relative MSE 0.00072, largest error 0.12
//   float16_t           as a float: {:.3f} and the like apply
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"
#include "quantroof/io/format_result.hpp"
#include "quantroof/io/format_text.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/entropy_clip.hpp"
#include "quantroof/precision/mse_clip.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantization_counts.hpp"
#include "quantroof/precision/quantization_error.hpp"
#include "quantroof/precision/quantize_options.hpp"
#include "quantroof/precision/quantized_tensor.hpp"
#include "quantroof/precision/storage_types.hpp"

// ---- Values --------------------------------------------------------------------------------------------------------------------

/// The value, with the format specifications of float
template <>
struct fmt::formatter<quantroof::float16_t> : fmt::formatter<float> {
  auto format(quantroof::float16_t x, auto& context) const {
    return fmt::formatter<float>::format(quantroof::to_float(x), context);
  }
};
template <>
struct fmt::formatter<quantroof::bfloat16_t> : fmt::formatter<float> {
  auto format(quantroof::bfloat16_t x, auto& context) const {
    return fmt::formatter<float>::format(quantroof::to_float(x), context);
  }
};

// ---- Options -------------------------------------------------------------------------------------------------------------------

/// Granularity and calibration, then what is not the default
template <>
struct fmt::formatter<quantroof::quantize_options> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantize_options& o, auto& context) const {
    using quantroof::detail::add_to;
    const quantroof::quantize_options plain;
    memory_buffer line;
    add_to(line, "{}", o.granularity);
    if (o.granularity == quantroof::granularity::per_group) {
      add_to(line, " of {}", o.group_size);
    }
    if (o.scales.empty()) {
      add_to(line, ", {}", o.calibration_mode);
      if (o.calibration_mode == quantroof::calibration::percentile) {
        add_to(line, " {}", o.percentile);
      }
    } else {
      add_to(line, ", {} given scale{}", o.scales.size(), o.scales.size() > 1 ? "s" : "");
    }
    const auto unusual = [&](const auto& value, const auto& usual, const char* before) {
      if (value != usual) {
        add_to(line, ", {}{}", before, value);
      }
    };
    unusual(o.symmetry, plain.symmetry, "");
    unusual(o.scaling, plain.scaling, "by ");
    unusual(o.rounding, plain.rounding, "");
    if (o.rounding == quantroof::rounding::stochastic) {
      add_to(line, " with seed {}", o.seed);
    }
    unusual(o.mx_rule, plain.mx_rule, "MX by ");
    unusual(o.nvfp4, plain.nvfp4, "NVFP4 as ");
    unusual(o.four_over_six, plain.four_over_six, "4 over 6 by ");
    if (o.tensor_absmax) {
      add_to(line, ", tensor absmax {}", *o.tensor_absmax);
    }
    return print(context, line);
  }
};

/// "64 x 32 scales of 1 x 16 elements", "no scales"
template <>
struct fmt::formatter<quantroof::scale_grid> : quantroof::detail::line_formatter {
  auto format(const quantroof::scale_grid& g, auto& context) const {
    return g.size() > 0 ? print(context, "{} x {} scales of {} x {} elements", g.rows, g.cols,
                                g.block_rows, g.block_cols)
                        : print(context, std::string_view{"no scales"});
  }
};

// ---- Tensors -------------------------------------------------------------------------------------------------------------------

template <>
struct fmt::formatter<quantroof::quantized_storage> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantized_storage& q, auto& context) const {
    const double elements = static_cast<double>(q.rows) * static_cast<double>(q.cols);
    return print(context, "{} {} x {}: {} bytes, {:.4g} bits an element", q.format, q.rows, q.cols,
                 q.bytes(), elements > 0 ? 8 * static_cast<double>(q.bytes()) / elements : 0.0);
  }
};
template <quantroof::precision P>
struct fmt::formatter<quantroof::quantized_tensor<P>>
    : fmt::formatter<quantroof::quantized_storage> {};

/// The tensor, then "; " and the metadata
template <>
struct fmt::formatter<quantroof::quantized_activation> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantized_activation& a, auto& context) const {
    return print(context, "{}; {}", a.tensor, a.metadata);
  }
};

// ---- What happened -------------------------------------------------------------------------------------------------------------

/// "3 clipped", "0 clipped, 1 NaN, 2 Inf"
template <>
struct fmt::formatter<quantroof::quantization_counts> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantization_counts& c, auto& context) const {
    return c.nan > 0 || c.inf > 0
               ? print(context, "{} clipped, {} NaN, {} Inf", c.clipped, c.nan, c.inf)
               : print(context, "{} clipped", c.clipped);
  }
};

/// "..., 1 NaN and 2 Inf in one only" where there are such
template <>
struct fmt::formatter<quantroof::quantization_error> : quantroof::detail::line_formatter {
  auto format(const quantroof::quantization_error& e, auto& context) const {
    memory_buffer line;
    quantroof::detail::add_to(line, "SQNR {:.1f} dB, relative MSE {:.3g}, largest error {:.3g}",
                              e.sqnr_db, e.relative_mse, e.max_abs_error);
    if (e.nan_mismatches > 0 || e.inf_mismatches > 0) {
      quantroof::detail::add_to(line, ", {} NaN and {} Inf in one only", e.nan_mismatches,
                                e.inf_mismatches);
    }
    return print(context, line);
  }
};

/// "3.5", "3.5, 1 NaN, 2 Inf"
template <>
struct fmt::formatter<quantroof::absmax_result> : quantroof::detail::line_formatter {
  auto format(const quantroof::absmax_result& a, auto& context) const {
    return a.special_count() > 0
               ? print(context, "{}, {} NaN, {} Inf", a.value, a.nan_count, a.inf_count)
               : print(context, "{}", a.value);
  }
};

/// "clip 2.5, scale 0.0197, MSE 1.2e-05 (absmax 3.4e-05)"
template <>
struct fmt::formatter<quantroof::mse_clip> : quantroof::detail::line_formatter {
  auto format(const quantroof::mse_clip& c, auto& context) const {
    return print(context, "clip {:.4g}, scale {:.4g}, MSE {:.3g} (absmax {:.3g})", c.clip, c.scale,
                 c.mse, c.absmax_mse);
  }
};

/// "clip 2.5, scale 0.0197, divergence 0.01 (absmax 0.02)"
template <>
struct fmt::formatter<quantroof::entropy_clip> : quantroof::detail::line_formatter {
  auto format(const quantroof::entropy_clip& c, auto& context) const {
    return print(context, "clip {:.4g}, scale {:.4g}, divergence {:.3g} (absmax {:.3g})", c.clip,
                 c.scale, c.divergence, c.absmax_divergence);
  }
};

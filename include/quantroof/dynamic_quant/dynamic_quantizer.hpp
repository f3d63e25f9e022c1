// SPDX-License-Identifier: Apache-2.0
//
// Quantizes activations by what they are at this moment and multiplies: the specification's DynamicQuantizer.
//
//   statistics -> severe outliers? keep 16 bits : scales per tensor, token or channel -> round trip -> product with the weight
//
// NaN stays NaN and reaches its own output row only; Inf saturates in a quantized format; neither enters a scale; both are counted.
// Formats with blocks of their own (NVFP4, MXFP8 ...) bring their scales; granularity and calibration do not apply to them.
// Not here: quantized weights, kernels of any speed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/dynamic_quant/gemm_policy.hpp"
#include "quantroof/dynamic_quant/scale_history.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/quantize.hpp"

namespace quantroof {

/// What happened to the activations of one call.
struct quantization_metadata {
  double scale = 1;  // mean of the scales used; 1 for 16 bits and formats with blocks of their own
  std::vector<float> scales{};  // one per tensor, token or channel; empty where scale says 1
  quantroof::precision precision =
      quantroof::precision::fp16;  // what was used: the target, or FP16 after a fallback
  bool fallback = false;
  double outlier_ratio = 0;
  double dynamic_range = 0;
  std::int64_t clipped_count = 0;  // finite values beyond scale * element_max
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;

  friend constexpr bool operator==(const quantization_metadata&,
                                   const quantization_metadata&) = default;
};

/// The product and how it came about.
struct dynamic_quant_result {
  std::vector<float> values{};  // [rows, cols], row-major
  std::size_t rows = 0;
  std::size_t cols = 0;
  quantization_metadata metadata{};

  [[nodiscard]] constexpr matrix_view<const float> matrix() const {
    return {values.data(), rows, cols};
  }
};

/// Quantizes activations call by call and remembers the scales of each operator.
///
/// example   examples/dynamic_quantization.cpp
template <Gemm G = reference_gemm>
class dynamic_quantizer {
 public:
  constexpr explicit dynamic_quantizer(const dynamic_quant_config& config = {}, G gemm = {})
      : config_(config), gemm_(std::move(gemm)) {
    is_valid(config_);
  }

  /// activation * weight^T with the activation quantized.
  ///
  /// shapes    activation [tokens, k]; weight [n, k], as torch.nn.Linear stores it; result [tokens, n]
  /// formula   outlier_ratio > outlier_threshold with fallback_to_fp16: activation in FP16. Else per group: scale by calibration_mode,
  ///           smoothed over calls per operator (per tensor and per channel; each token keeps its own), x -> round(x / scale) * scale
  /// requires  neither matrix empty; equal k; a name; target elements of at most 16 bits; per_channel: the same k under one name
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is remembered of a failed call
  [[nodiscard]] constexpr dynamic_quant_result quantize_dynamic(
      matrix_view<const float> activation, matrix_view<const float> weight,
      std::string_view operator_name, std::optional<precision> target_precision = std::nullopt) {
    detail::expects(!activation.empty(), "quantize_dynamic: the activation must not be empty");
    detail::expects(!weight.empty(), "quantize_dynamic: the weight must not be empty");
    detail::expects(
        activation.cols() == weight.cols(),
        "quantize_dynamic: activation [tokens, k] and weight [n, k] must have the same k");
    detail::expects(!operator_name.empty(), "quantize_dynamic: the operator needs a name");
    dynamic_quant_result result{.rows = activation.rows(), .cols = weight.rows()};
    const std::vector<float> quantized = quantize(
        activation, operator_name, target_precision.value_or(config_.precision), result.metadata);
    result.values.assign(result.rows * result.cols, 0.0F);
    gemm_(matrix_view<const float>{quantized.data(), activation.rows(), activation.cols()}, weight,
          matrix_view<float>{result.values.data(), result.rows, result.cols});
    return result;
  }

  [[nodiscard]] constexpr const dynamic_quant_config& config() const { return config_; }
  /// The smoothed scales, to look at, save and restore.
  [[nodiscard]] constexpr const scale_history& history() const { return history_; }
  [[nodiscard]] constexpr scale_history& history() { return history_; }
  /// Forgets the scales of all operators, or of one.
  constexpr void reset() { history_.reset(); }
  constexpr void reset(std::string_view operator_name) { history_.reset(operator_name); }

 private:
  constexpr std::vector<float> quantize(matrix_view<const float> x, std::string_view name,
                                        precision target, quantization_metadata& meta) {
    const precision_format& format = format_of(target);
    detail::expects(format.element_bits <= 16,
                    "quantize_dynamic: the target's elements must have at most 16 bits");
    const activation_stats stats = compute_activation_stats(x);
    meta.outlier_ratio = stats.outlier_ratio();
    meta.dynamic_range = stats.dynamic_range();
    meta.nan_count = stats.nan_count;
    meta.inf_count = stats.inf_count;
    meta.fallback = config_.fallback_to_fp16 && format.element_bits < 16 &&
                    meta.outlier_ratio > config_.outlier_threshold;
    meta.precision = meta.fallback ? precision::fp16 : target;
    if (format_of(meta.precision).element_bits == 16) {
      return sixteen_bits(x, meta);
    }
    if (has_blocks(target)) {
      return blocks(x, target, static_cast<float>(stats.absmax));
    }
    return scaled(x, name, target, meta);
  }

  constexpr std::vector<float> sixteen_bits(matrix_view<const float> x,
                                            quantization_metadata& meta) const {
    std::vector<float> out(x.rows() * x.cols(), 0.0F);
    const float most = element_max(meta.precision);
    for (std::size_t r = 0; r < x.rows(); ++r) {
      for (std::size_t c = 0; c < x.cols(); ++c) {
        const float v = x(r, c);
        meta.clipped_count += detail::is_finite(v) && detail::abs(v) > most ? 1 : 0;
        out[r * x.cols() + c] = detail::is_nan(v) ? v : round_trip(meta.precision, v, 1.0F);
      }
    }
    return out;
  }

  constexpr std::vector<float> blocks(matrix_view<const float> x, precision target,
                                      float absmax) const {
    std::vector<float> out(x.rows() * x.cols(), 0.0F);
    for (std::size_t r = 0; r < x.rows(); ++r) {
      round_trip_blocks(target, x.row(r), std::span<float>{out}.subspan(r * x.cols(), x.cols()),
                        absmax);
    }
    return out;
  }

  [[nodiscard]] constexpr float scale_of(std::span<const float> group, precision target) const {
    return choose_scale(config_.calibration_mode, group, target, config_.percentile);
  }

  [[nodiscard]] constexpr std::vector<float> fresh_scales(matrix_view<const float> x,
                                                          precision target) const {
    std::vector<float> scales;
    std::vector<float> group;
    switch (config_.granularity) {
      case granularity::per_token:
        for (std::size_t r = 0; r < x.rows(); ++r) {
          scales.push_back(scale_of(x.row(r), target));
        }
        break;
      case granularity::per_channel:
        for (std::size_t c = 0; c < x.cols(); ++c) {
          group.clear();
          for (std::size_t r = 0; r < x.rows(); ++r) {
            group.push_back(x(r, c));
          }
          scales.push_back(scale_of(group, target));
        }
        break;
      case granularity::per_tensor:
        for (std::size_t r = 0; r < x.rows(); ++r) {
          group.insert(group.end(), x.row(r).begin(), x.row(r).end());
        }
        scales.push_back(scale_of(group, target));
        break;
    }
    return scales;
  }

  constexpr std::vector<float> scaled(matrix_view<const float> x, std::string_view name,
                                      precision target, quantization_metadata& meta) {
    meta.scales = fresh_scales(x, target);
    double sum = 0;
    if (config_.granularity == granularity::per_token) {
      for (const float s : meta.scales) {
        sum += static_cast<double>(s);
      }
      static_cast<void>(
          history_.update(name, {static_cast<float>(sum / static_cast<double>(meta.scales.size()))},
                          config_.smoothing));
    } else {
      meta.scales = history_.update(name, meta.scales, config_.smoothing);
      for (const float s : meta.scales) {
        sum += static_cast<double>(s);
      }
    }
    meta.scale = sum / static_cast<double>(meta.scales.size());

    std::vector<float> out(x.rows() * x.cols(), 0.0F);
    const float most = element_max(target);
    for (std::size_t r = 0; r < x.rows(); ++r) {
      for (std::size_t c = 0; c < x.cols(); ++c) {
        const std::size_t group = config_.granularity == granularity::per_token     ? r
                                  : config_.granularity == granularity::per_channel ? c
                                                                                    : 0;
        const float scale = meta.scales[group];
        const float v = x(r, c);
        if (detail::is_nan(v)) {
          out[r * x.cols() + c] = v;
          continue;
        }
        meta.clipped_count += detail::is_finite(v) && detail::abs(v) > scale * most ? 1 : 0;
        const float saturated = detail::is_finite(v) ? v : (v > 0 ? scale * most : -scale * most);
        out[r * x.cols() + c] = round_trip(target, saturated, scale);
      }
    }
    return out;
  }

  dynamic_quant_config config_{};
  [[no_unique_address]] G gemm_{};
  scale_history history_{};
};

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Quantizes activations by what they are at this moment and multiplies: the specification's DynamicQuantizer.
//
//   statistics -> severe outliers? keep 16 bits : scales per tensor, token or channel -> round trip -> product with the weight
//
// NaN stays NaN and reaches its own output row only; Inf saturates: at the range of its group, of its row in formats with blocks,
// at the largest number of a 16-bit format. Neither enters a scale; both are counted. Formats with blocks of their own (NVFP4,
// MXFP8 ...) bring their scales; granularity, calibration and smoothing do not apply to them.
// Not here: quantized weights, kernels of any speed. A scale per channel runs along k: hardware must fold it into the weight.
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
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/dynamic_quant/activation_groups.hpp"
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/dynamic_quant/gemm_policy.hpp"
#include "quantroof/dynamic_quant/scale_history.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_choice.hpp"

namespace quantroof {

/// What happened to the activations of one call.
struct quantization_metadata {
  double scale =
      1;  // mean over groups that hold more than zeros; 1 for 16 bits and formats with blocks of their own
  std::vector<float> scales{};  // one per tensor, token or channel; empty where scale says 1
  quantroof::precision precision =
      quantroof::precision::fp16;  // what was used: the target, or FP16 after a fallback
  bool fallback = false;
  double outlier_ratio = 0;
  double dynamic_range = 0;
  std::int64_t clipped_count =
      0;  // finite values beyond scale * element_max; not counted within blocks
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
/// requires  is_valid(config)
/// ignores   threads: one quantizer per thread, or a lock
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
  /// formula   as quantize_activation, then the product by the Gemm policy; the weight is taken as it is
  /// requires  neither matrix empty; equal k; and what quantize_activation requires
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is remembered of a failed call,
  ///           also when the Gemm policy throws
  [[nodiscard]] constexpr dynamic_quant_result quantize_dynamic(
      matrix_view<const float> activation, matrix_view<const float> weight,
      std::string_view operator_name, std::optional<precision> target_precision = std::nullopt) {
    expects_operands(activation, operator_name, target_precision);
    detail::expects(!weight.empty(), "quantize_dynamic: the weight must not be empty");
    detail::expects(
        activation.cols() == weight.cols(),
        "quantize_dynamic: activation [tokens, k] and weight [n, k] must have the same k");
    dynamic_quant_result result{.rows = activation.rows(), .cols = weight.rows()};
    scale_average learned;
    const std::vector<float> quantized =
        quantize(activation, operator_name, target_precision.value_or(config_.precision),
                 result.metadata, learned);
    result.values.assign(result.rows * result.cols, 0.0F);
    gemm_(matrix_view<const float>{quantized.data(), activation.rows(), activation.cols()}, weight,
          matrix_view<float>{result.values.data(), result.rows, result.cols});
    history_.store(std::move(learned));
    return result;
  }

  /// The activation as the product would see it: quantized and read back.
  ///
  /// shapes    activation, result [tokens, k]
  /// formula   outlier_ratio > outlier_threshold with fallback_to_fp16: FP16, beyond 65504 saturated. Else per group: scale by
  ///           calibration_mode, smoothed over calls per operator (per tensor and per channel; each token keeps its own),
  ///           x -> round(x / scale) * scale. A group of zeros gets its smoothed scale, else 1
  /// requires  activation not empty; a name of 1 to 128 bytes; can_hold_activations(target); per_channel: the same k under one name
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is remembered of a failed call
  [[nodiscard]] constexpr dynamic_quant_result quantize_activation(
      matrix_view<const float> activation, std::string_view operator_name,
      std::optional<precision> target_precision = std::nullopt) {
    expects_operands(activation, operator_name, target_precision);
    dynamic_quant_result result{.rows = activation.rows(), .cols = activation.cols()};
    scale_average learned;
    result.values =
        quantize(activation, operator_name, target_precision.value_or(config_.precision),
                 result.metadata, learned);
    history_.store(std::move(learned));
    return result;
  }

  [[nodiscard]] constexpr const dynamic_quant_config& config() const { return config_; }
  /// The smoothed scale of an operator in a precision (the config's by default), the mean of its channels; nullopt before its first.
  [[nodiscard]] constexpr std::optional<double> scale_of(
      std::string_view operator_name, std::optional<precision> p = std::nullopt) const {
    const scale_average* const entry = history_.find(operator_name);
    if (entry == nullptr) {
      return std::nullopt;
    }
    return entry->mean_range() / static_cast<double>(element_max(p.value_or(config_.precision)));
  }
  /// What is remembered, to look at, save and restore.
  [[nodiscard]] constexpr const scale_history& history() const { return history_; }
  [[nodiscard]] constexpr scale_history& history() { return history_; }
  /// Forgets the scales of all operators, or of one.
  constexpr void reset() { history_.reset(); }
  constexpr void reset(std::string_view operator_name) { history_.reset(operator_name); }

 private:
  static constexpr void expects_operands(matrix_view<const float> activation, std::string_view name,
                                         std::optional<precision> target) {
    detail::expects(!activation.empty(), "quantize_dynamic: the activation must not be empty");
    detail::expects(!name.empty(), "quantize_dynamic: the operator needs a name");
    if (target) {
      detail::expects(format_of(*target).element_bits <= 16,
                      "quantize_dynamic: the target's elements must have at most 16 bits");
      detail::expects(can_hold_activations(*target),
                      "quantize_dynamic: the target must be a format that can_hold_activations");
    }
  }

  // Fills `learned` where the call has something to remember.
  constexpr std::vector<float> quantize(matrix_view<const float> x, std::string_view name,
                                        precision target, quantization_metadata& meta,
                                        scale_average& learned) const {
    const activation_stats stats = compute_activation_stats(x);
    const int bits = format_of(target).element_bits;
    meta.outlier_ratio = stats.outlier_ratio();
    meta.dynamic_range = stats.dynamic_range();
    meta.nan_count = stats.nan_count;
    meta.inf_count = stats.inf_count;
    meta.fallback =
        config_.fallback_to_fp16 && bits < 16 && meta.outlier_ratio > config_.outlier_threshold;
    meta.precision = meta.fallback ? precision::fp16 : target;
    std::vector<float> out(x.rows() * x.cols(), 0.0F);
    const matrix_view<float> result{out.data(), x.rows(), x.cols()};
    if (format_of(meta.precision).element_bits == 16) {
      const float one = 1.0F;
      meta.clipped_count = detail::round_groups(x, result, granularity::per_tensor, meta.precision,
                                                std::span<const float>{&one, 1});
    } else if (has_blocks(target)) {
      detail::round_blocks(x, result, target, stats);
    } else {
      meta.scales = scales_for(x, name, target, meta.scale, learned);
      meta.clipped_count =
          detail::round_groups(x, result, config_.granularity, target, meta.scales);
    }
    return out;
  }

  // The scales to use, and their mean over the groups that have a range.
  constexpr std::vector<float> scales_for(matrix_view<const float> x, std::string_view name,
                                          precision target, double& mean,
                                          scale_average& learned) const {
    std::vector<double> ranges = detail::group_ranges(x, config_, target);
    const bool smoothed = config_.granularity != granularity::per_token;
    double sum = 0;
    double seen = 0;
    if (smoothed) {
      learned = history_.next(name, ranges, config_.smoothing);
      for (std::size_t i = 0; i < ranges.size(); ++i) {
        ranges[i] = learned.range(i);
      }
    }
    for (const double range : ranges) {
      sum += range;
      seen += range > 0 ? 1.0 : 0.0;
    }
    const double mean_range = seen > 0 ? sum / seen : 0.0;
    if (!smoothed) {
      learned = history_.next(name, std::span<const double>{&mean_range, 1}, config_.smoothing);
    }
    const auto top = static_cast<double>(element_max(target));
    mean = seen > 0 ? mean_range / top : 1.0;
    constexpr float smallest = std::numeric_limits<float>::min();
    std::vector<float> scales(ranges.size(), 1.0F);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i] > 0) {
        const float scale = detail::to_float(ranges[i] / top);
        scales[i] = scale > smallest ? scale : smallest;
      }
    }
    return scales;
  }

  dynamic_quant_config config_{};
  [[no_unique_address]] G gemm_{};
  scale_history history_{};
};

}  // namespace quantroof

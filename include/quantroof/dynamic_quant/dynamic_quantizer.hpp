// SPDX-License-Identifier: Apache-2.0
//
// Quantizes activations by what they are at this moment and multiplies: the specification's DynamicQuantizer.
//
//   statistics -> severe outliers? keep 16 bits : scales per tensor, token, channel or group -> codes -> product with the weight
//
// The product is that of the codes, scales applied after it as a device does (quantized_product.hpp). NaN reaches its own output row
// only; Inf saturates at the range of its group, in formats with blocks and FNUZ at that of its row, in 16 bits at the largest
// number. Neither enters a scale; both are counted. Formats with blocks of their own (NVFP4, MXFP8 ...) bring their scales;
// granularity, calibration and smoothing do not apply to them. A scale per channel runs along k: hardware folds it into the weight.
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
#include "quantroof/dynamic_quant/blocked_gemm.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/dynamic_quant/gemm_policy.hpp"
#include "quantroof/dynamic_quant/quantized_product.hpp"
#include "quantroof/dynamic_quant/scale_history.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/dequantize.hpp"
#include "quantroof/precision/executor.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantization_error.hpp"
#include "quantroof/precision/quantize.hpp"
#include "quantroof/precision/quantized_tensor.hpp"

namespace quantroof {

/// What happened to the activations of one call.
struct quantization_metadata {
  double scale =
      1;  // mean over groups that hold more than zeros; 1 for 16 bits and formats with blocks of their own
  std::vector<float> scales{};  // one per tensor, token, channel or group; empty where scale says 1
  quantroof::precision precision =
      quantroof::precision::fp16;  // what was used: the target, or FP16 after a fallback
  bool fallback = false;
  double outlier_ratio = 0;
  double dynamic_range = 0;
  std::int64_t clipped_count =
      0;  // finite values beyond scale * element_max; not counted within blocks
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;
  std::optional<quantization_error> error{};  // of the product, where error_report asks for it

  friend constexpr bool operator==(const quantization_metadata&,
                                   const quantization_metadata&) = default;
};

/// The product, or the activation read back, and how it came about.
struct dynamic_quant_result {
  std::vector<float> values{};  // [rows, cols], row-major
  std::size_t rows = 0;
  std::size_t cols = 0;
  quantization_metadata metadata{};

  [[nodiscard]] constexpr matrix_view<const float> matrix() const {
    return {values.data(), rows, cols};
  }
};

/// An activation as codes and scales. NaN is 0 in the codes; metadata.nan_count tells whether there is any.
struct quantized_activation {
  quantized_storage tensor{};
  quantization_metadata metadata{};
};

/// Quantizes activations call by call and remembers the scales of each operator.
///
/// requires  is_valid(config)
/// ignores   threads: one quantizer per thread, or a lock; a call itself spreads its rows over the executor
/// example   examples/dynamic_quantization.cpp
template <Gemm G = blocked_gemm<>, Executor E = serial_executor>
class dynamic_quantizer {
 public:
  constexpr explicit dynamic_quantizer(const dynamic_quant_config& config = {}, G gemm = {},
                                       E executor = {})
      : config_(config), gemm_(std::move(gemm)), executor_(std::move(executor)) {
    is_valid(config_);
  }

  /// activation * weight^T with the activation quantized, and the weight too where it is a quantized tensor.
  ///
  /// shapes    activation [tokens, k]; weight [n, k], as torch.nn.Linear stores it; result [tokens, n]
  /// formula   encode_activation, then multiply_quantized by the Gemm policy. An output row whose activation holds a NaN is NaN
  /// requires  neither matrix empty; equal k; and what encode_activation requires
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is remembered of a failed call,
  ///           also when the Gemm policy throws
  [[nodiscard]] constexpr dynamic_quant_result quantize_dynamic(
      matrix_view<const float> activation, matrix_view<const float> weight,
      std::string_view operator_name, std::optional<precision> target_precision = std::nullopt) {
    detail::expects(!weight.empty(), "quantize_dynamic: the weight must not be empty");
    return multiply(activation, weight, weight.rows(), weight.cols(), operator_name,
                    target_precision);
  }
  [[nodiscard]] constexpr dynamic_quant_result quantize_dynamic(
      matrix_view<const float> activation, const quantized_storage& weight,
      std::string_view operator_name, std::optional<precision> target_precision = std::nullopt) {
    return multiply(activation, weight, weight.rows, weight.cols, operator_name, target_precision);
  }

  /// The activation as codes and scales.
  ///
  /// shapes    activation [tokens, k]
  /// formula   outlier_ratio > outlier_threshold with fallback_to_fp16: FP16, beyond 65504 saturated. Else per group: scale by
  ///           calibration_mode, smoothed over calls per operator (per tensor and per channel; tokens and groups keep their own),
  ///           then quantize(). A group of zeros gets its smoothed scale, else 1
  /// requires  activation not empty; a name of 1 to 128 bytes; can_hold_activations(target); per_channel: the same k under one name
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression; nothing is remembered of a failed call
  [[nodiscard]] constexpr quantized_activation encode_activation(
      matrix_view<const float> activation, std::string_view operator_name,
      std::optional<precision> target_precision = std::nullopt) {
    scale_average learned;
    quantized_activation result = encode(activation, operator_name, target_precision, learned);
    history_.store(std::move(learned));
    return result;
  }

  /// The activation as the product sees it: quantized and read back, NaN in its place.
  ///
  /// shapes    activation, result [tokens, k]
  /// requires  as encode_activation
  /// errors    as encode_activation
  [[nodiscard]] constexpr dynamic_quant_result quantize_activation(
      matrix_view<const float> activation, std::string_view operator_name,
      std::optional<precision> target_precision = std::nullopt) {
    scale_average learned;
    quantized_activation encoded = encode(activation, operator_name, target_precision, learned);
    dynamic_quant_result result{.values = dequantize(encoded.tensor, executor_),
                                .rows = activation.rows(),
                                .cols = activation.cols(),
                                .metadata = std::move(encoded.metadata)};
    for (std::size_t r = 0; result.metadata.nan_count > 0 && r < result.rows; ++r) {
      for (std::size_t c = 0; c < result.cols; ++c) {
        const float x = activation(r, c);
        result.values[r * result.cols + c] =
            detail::is_nan(x) ? x : result.values[r * result.cols + c];
      }
    }
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
  template <class Weight>
  constexpr dynamic_quant_result multiply(matrix_view<const float> activation, const Weight& weight,
                                          std::size_t n, std::size_t k, std::string_view name,
                                          std::optional<precision> target) {
    expects_operands(activation, name, target);
    detail::expects(
        activation.cols() == k,
        "quantize_dynamic: activation [tokens, k] and weight [n, k] must have the same k");
    scale_average learned;
    quantized_activation encoded = encode(activation, name, target, learned);
    dynamic_quant_result result{.values = std::vector<float>(activation.rows() * n, 0.0F),
                                .rows = activation.rows(),
                                .cols = n,
                                .metadata = std::move(encoded.metadata)};
    const matrix_view<float> out{result.values.data(), result.rows, result.cols};
    multiply_quantized(encoded.tensor, weight, out, gemm_, executor_);
    for (std::size_t r = 0; result.metadata.nan_count > 0 && r < result.rows; ++r) {
      if (absmax(activation.row(r)).nan_count > 0) {
        for (float& x : out.row(r)) {
          x = std::numeric_limits<float>::quiet_NaN();
        }
      }
    }
    if (config_.error_report == error_report::against_fp32) {
      result.metadata.error = compare_with_fp32(activation, weight, result.matrix());
    }
    history_.store(std::move(learned));
    return result;
  }

  constexpr quantization_error compare_with_fp32(matrix_view<const float> activation,
                                                 matrix_view<const float> weight,
                                                 matrix_view<const float> product) {
    std::vector<float> exact(product.rows() * product.cols(), 0.0F);
    gemm_(activation, weight, matrix_view<float>{exact.data(), product.rows(), product.cols()});
    return compare(matrix_view<const float>{exact.data(), product.rows(), product.cols()}, product);
  }
  constexpr quantization_error compare_with_fp32(matrix_view<const float> activation,
                                                 const quantized_storage& weight,
                                                 matrix_view<const float> product) {
    const std::vector<float> values = dequantize(weight, executor_);
    return compare_with_fp32(
        activation, matrix_view<const float>{values.data(), weight.rows, weight.cols}, product);
  }

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
  constexpr quantized_activation encode(matrix_view<const float> x, std::string_view name,
                                        std::optional<precision> asked,
                                        scale_average& learned) const {
    expects_operands(x, name, asked);
    const precision target = asked.value_or(config_.precision);
    const activation_stats stats = compute_activation_stats(x);
    quantized_activation result;
    quantization_metadata& meta = result.metadata;
    meta.outlier_ratio = stats.outlier_ratio();
    meta.dynamic_range = stats.dynamic_range();
    meta.nan_count = stats.nan_count;
    meta.inf_count = stats.inf_count;
    meta.fallback = config_.fallback_to_fp16 && format_of(target).element_bits < 16 &&
                    meta.outlier_ratio > config_.outlier_threshold;
    meta.precision = meta.fallback ? precision::fp16 : target;
    const precision_format& f = format_of(meta.precision);
    const bool own_scales = has_blocks(meta.precision) || f.element_bits == 16;
    const bool keeps_inf = !has_blocks(meta.precision) &&
                           !(f.element && f.element->specials == special_values::nan_is_neg0);
    quantize_options options{.granularity = config_.granularity,
                             .group_size = static_cast<std::size_t>(config_.group_size),
                             .calibration_mode = config_.calibration_mode,
                             .percentile = config_.percentile};
    std::vector<float> clean;
    matrix_view<const float> values = x;
    if (stats.nan_count > 0 || (stats.inf_count > 0 && !keeps_inf)) {
      clean = detail::without_specials(x, static_cast<float>(stats.absmax),
                                       element_max(meta.precision));
      values = {clean.data(), x.rows(), x.cols()};
    }
    std::vector<float> scales;
    const bool smoothed = !own_scales && f.scales.bits_per_block == 0 &&
                          (config_.granularity == granularity::per_tensor ||
                           config_.granularity == granularity::per_channel);
    if (smoothed) {
      scales = smoothed_scales(x, name, target, meta.scale, learned);
      options.scales = scales;
    }
    if (own_scales) {
      options.calibration_mode = calibration::absmax;
    }
    quantize_into(result.tensor, meta.precision, values, options, executor_);
    meta.clipped_count = result.tensor.counts.clipped;
    if (!own_scales) {
      meta.scales = result.tensor.scales;
      if (!smoothed) {
        const double range = mean_range(result.tensor, values, meta.scale);
        learned = history_.next(name, std::span<const double>{&range, 1}, config_.smoothing);
      }
    }
    return result;
  }

  // The scales to use, averaged over calls, and their mean over the groups that have a range.
  constexpr std::vector<float> smoothed_scales(matrix_view<const float> x, std::string_view name,
                                               precision target, double& mean,
                                               scale_average& learned) const {
    const std::vector<double> ranges = detail::group_ranges(x, config_, target);
    learned = history_.next(name, ranges, config_.smoothing);
    const auto top = static_cast<double>(element_max(target));
    constexpr float smallest = std::numeric_limits<float>::min();
    std::vector<float> scales(ranges.size(), 1.0F);
    double sum = 0;
    double seen = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const double range = learned.range(i);
      if (range > 0) {
        const float scale = detail::finite_float(range / top);
        scales[i] = scale > smallest ? scale : smallest;
        sum += range / top;
        seen += 1;
      }
    }
    mean = seen > 0 ? sum / seen : 1.0;
    return scales;
  }

  // The mean range of tokens or groups that hold more than zeros, which have the scale 1; 0 where there is none.
  static constexpr double mean_range(const quantized_storage& q, matrix_view<const float> x,
                                     double& mean) {
    double sum = 0;
    double seen = 0;
    for (std::size_t i = 0; i < q.scales.size(); ++i) {
      const std::size_t first = i % q.grid.cols * q.grid.block_cols;
      const std::span<const float> row = x.row(i / q.grid.cols * q.grid.block_rows);
      const std::size_t left = row.size() - first;
      const std::span<const float> group =
          row.subspan(first, left < q.grid.block_cols ? left : q.grid.block_cols);
      if (q.scales[i] != 1.0F || absmax(group).value > 0.0F) {
        sum += static_cast<double>(q.scales[i]);
        seen += 1;
      }
    }
    mean = seen > 0 ? sum / seen : 1.0;
    return seen > 0 ? mean * static_cast<double>(element_max(q.format)) : 0.0;
  }

  dynamic_quant_config config_{};
  [[no_unique_address]] G gemm_{};
  [[no_unique_address]] E executor_{};
  scale_history history_{};
};

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What each operator of a model costs in each format: terms that a search may add.
//
//   dlnPPL = alpha * D     D = sum over layers and operators of share * (relative error of the weight + relative error of its input)
//
// The sum is additive, so a search may add terms; it is an upper bound of what independent errors do together (60 to 70 % of it was measured).
// alpha is 5 for a model that nobody measured, and known to a factor: the band holds 80 % of what was published.
// Not here: errors of formats (quality_error.hpp), shares of operators (quality_sensitivity.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/engine/quality_error.hpp"
#include "quantroof/engine/quality_options.hpp"
#include "quantroof/engine/quality_sensitivity.hpp"
#include "quantroof/engine/quality_traits.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// A sum of losses is an upper bound of what they do together; measured together, weights, K and V made 60 % of it.
///
/// source    llama.cpp PR #7412, Llama-3-8B: K and V 60 %, weights and cache 69 % of the sum
inline constexpr double composition_floor = 0.6;

/// What each operator of a model costs in each format: additive terms, made once and asked many times.
///
/// ignores   each question runs over all of a user's sensitivities: a search asks once per layer and format and keeps the answer
class quality_model {
 public:
  /// requires  is_valid(m); is_valid(options); sensitivities begin at layers that the model has
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  constexpr explicit quality_model(const model_config& m, const quality_options& options = {})
      : options_(options), pattern_(m.layer_pattern), layers_(m.num_layers) {
    is_valid(m);
    is_valid(options);
    for (const operator_loss& s : options.sensitivities) {
      detail::expects(s.first_layer < m.num_layers,
                      "quality_options: sensitivities must name layers that the model has");
    }
    traits_ = traits_of(m);
    alpha_ = alpha_of(traits_);
    const std::size_t kinds = layer_kind_count(m);
    double total = 0;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      const layer_shape l = layer_kind(m, kind);
      const auto layers = static_cast<double>(count_layers(m, kind));
      for (const weight_matrix& w : weight_matrices(l, m.hidden_size)) {
        double& s = share(kind, w.op);
        if (s == 0) {  // an index has two matrices
          s = operator_sensitivity(w.op) * detail::expert_share(l, w.op);
          total += wide_operators.contains(w.op) ? 0 : layers * s;  // those stay in 16 bits
        }
      }
      if (has_cache(l)) {
        for (const operator_type op :
             {operator_type::qk_matmul, operator_type::sv_matmul, operator_type::kv_cache}) {
          share(kind, op) = operator_sensitivity(op);
        }
      }
    }
    scale_ = total > 0 ? 1 / total : 1;
    const bool has_ends = m.vocab_size.has_value();
    embeddings_ = has_ends ? operator_sensitivity(operator_type::embeddings) : 0;
    lm_head_ = has_ends ? operator_sensitivity(operator_type::lm_head) : 0;
  }

  /// dlnPPL per unit of relative error of this model.
  [[nodiscard]] constexpr double alpha() const { return alpha_; }

  /// What D costs where nobody measured it: the band that alpha leaves.
  [[nodiscard]] constexpr quality_band expected_loss(double divergence) const {
    const double nats = alpha_ * divergence;
    return {nats / alpha_spread, nats, nats * alpha_spread};
  }

  /// D: the share of an operator of a layer times its relative error; 0 where the layer does not have it.
  ///
  /// formula   share * (error of the weight * calibrated factor + error of the input), 0 for formats the model was trained in; embeddings and
  ///           lm_head have no layer; the cache counts K and V in the same format
  [[nodiscard]] constexpr double divergence(operator_type op, std::int64_t layer, precision weight,
                                            precision activation) const {
    if (op == operator_type::kv_cache) {
      return kv_divergence(layer, weight, weight);
    }
    const double s = share_of(op, layer);
    return s == 0 ? 0 : s * (weight_error(op, weight) + input_error(weight, activation));
  }
  [[nodiscard]] constexpr double kv_divergence(std::int64_t layer, precision key,
                                               precision value) const {
    const double s = share_of(operator_type::kv_cache, layer);
    constexpr granularity head = granularity::per_group;  // a scale per token and head
    if (s == 0 || (traits_.fp8_cache_trained && key == precision::fp8_e4m3 && key == value)) {
      return 0;
    }
    return s * (key_part * relative_mse(key, tensor_role::key, head) +
                (1 - key_part) * relative_mse(value, tensor_role::value, head));
  }

  /// What an operator of a layer costs: the user's figure where there is one, else alpha * D.
  ///
  /// units     nats of dlnPPL
  /// formula   a user's figure of the same operator and layer in another format is scaled by the ratio of relative errors
  [[nodiscard]] constexpr quality_band loss(operator_type op, std::int64_t layer, precision weight,
                                            precision activation) const {
    if (share_of(op, layer) == 0) {
      return {};
    }
    const precision format = attention_matmuls.contains(op) ? activation : weight;
    return user_loss(op, layer, format, activation, divergence(op, layer, weight, activation));
  }
  /// What several operators of one layer cost that share formats, as engines fuse them: qkv, gate and up.
  [[nodiscard]] constexpr quality_band loss(operator_set ops, std::int64_t layer, precision weight,
                                            precision activation) const {
    quality_band sum;
    for (const operator_type op : operator_types) {
      if (ops.contains(op)) {
        sum += loss(op, layer, weight, activation);
      }
    }
    return sum;
  }
  /// What the cache of one layer costs; a user's figures are of K and V in one format, and shared out where the plan has two.
  [[nodiscard]] constexpr quality_band kv_loss(std::int64_t layer, precision key,
                                               precision value) const {
    if (share_of(operator_type::kv_cache, layer) == 0) {
      return {};
    }
    if (key == value || !is_measured(operator_type::kv_cache, layer)) {
      return user_loss(operator_type::kv_cache, layer, key, key, kv_divergence(layer, key, value));
    }
    return key_part * kv_loss(layer, key, key) + (1 - key_part) * kv_loss(layer, value, value);
  }
  /// What attention costs in one layer when Q and the probabilities are in `products` as well.
  [[nodiscard]] constexpr quality_band attention_loss(std::int64_t layer,
                                                      precision products) const {
    return loss(operator_type::qk_matmul, layer, precision::fp16, products) +
           loss(operator_type::sv_matmul, layer, precision::fp16, products);
  }

  /// True for operators that count in this layer.
  [[nodiscard]] constexpr bool has(operator_type op, std::int64_t layer) const {
    return op != operator_type::embeddings && op != operator_type::lm_head &&
           share_of(op, layer) > 0;
  }
  [[nodiscard]] constexpr const model_traits& traits() const { return traits_; }
  [[nodiscard]] constexpr const quality_options& options() const { return options_; }
  [[nodiscard]] constexpr std::int64_t num_layers() const { return layers_; }

 private:
  static constexpr double key_part = key_sensitivity / (key_sensitivity + value_sensitivity);

  [[nodiscard]] constexpr double& share(std::size_t kind, operator_type op) {
    return shares_[kind][static_cast<std::size_t>(op)];
  }
  [[nodiscard]] constexpr double share_of(operator_type op, std::int64_t layer) const {
    if (op == operator_type::embeddings) {
      return embeddings_;
    }
    if (op == operator_type::lm_head) {
      return lm_head_;
    }
    const std::size_t kind =
        pattern_.empty() ? 0 : pattern_[static_cast<std::size_t>(layer) % pattern_.size()];
    return scale_ * shares_[kind][static_cast<std::size_t>(op)];
  }
  [[nodiscard]] constexpr double weight_error(operator_type op, precision p) const {
    const int bits = format_of(p).element_bits;
    if (bits >= 16 || is_trained_in(traits_, op, p)) {
      return 0;
    }
    const double kept = traits_.early ? calibrated_early_factor : calibrated_factor;
    return (options_.calibrated && bits < 8 ? kept : 1) * relative_mse(p, tensor_role::weight);
  }
  [[nodiscard]] constexpr double input_error(precision weight, precision activation) const {
    const bool own_weight = weight == precision::fp8_e4m3_block128 ||
                            (traits_.mxfp4_trained && weight == precision::mxfp4);
    const bool trained =
        traits_.fp8_trained && own_weight && activation == precision::fp8_e4m3_group128;
    return trained
               ? 0
               : relative_mse(activation, tensor_role::activation, options_.activation_granularity);
  }
  [[nodiscard]] constexpr bool is_measured(operator_type op, std::int64_t layer) const {
    for (const operator_loss& s : options_.sensitivities) {
      if (s.op == op && layer >= s.first_layer && layer <= s.last_layer) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] constexpr quality_band user_loss(operator_type op, std::int64_t layer, precision p,
                                                 precision activation, double d) const {
    quality_band band = expected_loss(d);
    int nearest = 64;  // bits between the format asked and the one measured
    for (const operator_loss& s : options_.sensitivities) {
      if (s.op != op || layer < s.first_layer || layer > s.last_layer) {
        continue;
      }
      if (s.precision == p) {
        return {composition_floor * s.nats, s.nats, s.nats};
      }
      const int bits = format_of(s.precision).element_bits - format_of(p).element_bits;
      const double measured = attention_matmuls.contains(op)
                                  ? divergence(op, layer, precision::fp16, s.precision)
                                  : divergence(op, layer, s.precision, activation);
      if (measured > 0 && (bits < 0 ? -bits : bits) < nearest) {
        nearest = bits < 0 ? -bits : bits;
        const double nats = s.nats * d / measured;
        band = {nats / alpha_spread, nats, nats * alpha_spread};
      }
    }
    return band;
  }

  quality_options options_;
  model_traits traits_;
  static_vector<std::uint8_t, max_layer_pattern> pattern_;
  std::int64_t layers_ = 0;
  std::array<std::array<double, operator_count>, max_layer_kinds> shares_{};  // times scale_
  double scale_ = 1;
  double embeddings_ = 0;
  double lm_head_ = 0;
  double alpha_ = typical_alpha;
};

}  // namespace quantroof

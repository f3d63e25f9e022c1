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
#include <optional>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/exponential.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/engine/quality_error.hpp"
#include "quantroof/engine/quality_sensitivity.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

/// dlnPPL in nats, or a fraction of a score: a band of 80 % and what is most likely. Additive where its terms share one cause of doubt.
struct quality_band {
  double lower = 0;
  double typical = 0;
  double upper = 0;

  constexpr quality_band& operator+=(const quality_band& other) {
    lower += other.lower;
    typical += other.typical;
    upper += other.upper;
    return *this;
  }
  friend constexpr quality_band operator+(quality_band a, const quality_band& b) { return a += b; }
  friend constexpr quality_band operator*(double k, const quality_band& b) {
    return {k * b.lower, k * b.typical, k * b.upper};
  }
  friend constexpr bool operator==(const quality_band&, const quality_band&) = default;
};

/// What a user measured: what one operator of one layer costs in a format, in place of our estimate.
///
/// units     nats of dlnPPL or of KL divergence, as Model-Optimizer's AutoQuantize or a KL run writes them
struct operator_loss {
  operator_type op = operator_type::q_proj;
  std::int64_t first_layer = 0;
  std::int64_t last_layer = 1 << 16;  // both included; each layer of the range costs `nats`
  quantroof::precision precision =
      quantroof::precision::fp16;  // of the weight; of K and V for kv_cache
  double nats = 0;

  friend constexpr bool operator==(const operator_loss&, const operator_loss&) = default;
};

/// What is done to keep quality, and what is asked of the model.
struct quality_options {
  bool calibrated =
      false;  // weights below 8 bits by GPTQ, AWQ, AutoRound or an importance matrix instead of rounding alone
  bool kv_calibrated = true;  // KV scales from data, not 1.0
  bool long_reasoning =
      false;  // long chains of thought or very long contexts, where 4-bit caches fail
  bool use_evidence = true;  // measured rows, where there are some, in place of the estimate
  granularity activation_granularity = granularity::per_token;  // of INT8 and INT4 inputs
  std::span<const operator_loss> sensitivities{};  // replace ours where they apply; not owned
};

/// dlnPPL per unit of relative error when nothing is known of the model, and the factor to both ends of a band of 80 %.
///
/// source    fitted to 28 published figures: ln alpha has mean ln 5 and deviation 0.75; 80 % lie within exp(1.2816 * 0.75)
inline constexpr double typical_alpha = 5.0;
inline constexpr double alpha_spread = 2.615;
/// A sum of losses is an upper bound of what they do together; measured together, weights, K and V made 60 % of it.
///
/// source    llama.cpp PR #7412, Llama-3-8B: K and V 60 %, weights and cache 69 % of the sum
inline constexpr double composition_floor = 0.6;

/// What each operator of a model costs in each format: additive terms, made once and asked many times.
class quality_model {
 public:
  /// requires  is_valid(m); sensitivities name layers in order and losses that are finite
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  constexpr explicit quality_model(const model_config& m, const quality_options& options = {})
      : options_(options), pattern_(m.layer_pattern), layers_(m.num_layers) {
    is_valid(m);
    for (const operator_loss& s : options.sensitivities) {
      detail::expects(s.first_layer >= 0 && s.first_layer <= s.last_layer,
                      "quality_options: sensitivities need 0 <= first_layer <= last_layer");
      detail::expects(detail::is_finite(s.nats), "quality_options: sensitivities must be finite");
    }
    double total = 0;
    for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
      const layer_shape l = layer_kind(m, kind);
      for (const weight_matrix& w : weight_matrices(l, m.hidden_size)) {
        share(kind, w.op) = operator_sensitivity(w.op) * detail::expert_share(l, w.op);
      }
      if (l.attention || l.latent) {
        for (const operator_type op :
             {operator_type::qk_matmul, operator_type::sv_matmul, operator_type::kv_cache}) {
          share(kind, op) = operator_sensitivity(op);
        }
      }
      total += static_cast<double>(count_layers(m, kind)) * layer_sensitivity(l, m.hidden_size);
    }
    for (auto& kind : shares_) {
      for (double& s : kind) {
        s /= total > 0 ? total : 1;
      }
    }
    const bool has_ends = m.vocab_size.has_value();
    embeddings_ = has_ends ? operator_sensitivity(operator_type::embeddings) : 0;
    lm_head_ = has_ends ? operator_sensitivity(operator_type::lm_head) : 0;
    alpha_ = typical_alpha * alpha_factor(m);
  }

  /// dlnPPL per unit of relative error of this model.
  [[nodiscard]] constexpr double alpha() const { return alpha_; }

  /// D: the share of an operator of a layer times its relative error; 0 where the layer does not have it.
  ///
  /// formula   share * (error of the weight * calibrated factor + error of the input); embeddings and lm_head have no layer; the cache counts
  ///           K and V in the same format
  [[nodiscard]] constexpr double divergence(operator_type op, std::int64_t layer, precision weight,
                                            precision activation) const {
    if (op == operator_type::kv_cache) {
      return kv_divergence(layer, weight, weight);
    }
    const double s = share_of(op, layer);
    return s == 0 ? 0 : s * (weight_error(weight) + input_error(activation));
  }
  [[nodiscard]] constexpr double kv_divergence(std::int64_t layer, precision key,
                                               precision value) const {
    const double s = share_of(operator_type::kv_cache, layer);
    constexpr granularity head = granularity::per_group;  // a scale per token and head
    return s == 0 ? 0
                  : s * (key_part * relative_mse(key, tensor_role::key, head) +
                         (1 - key_part) * relative_mse(value, tensor_role::value, head));
  }

  /// What an operator of a layer costs: the user's figure where there is one, else alpha * D.
  ///
  /// units     nats of dlnPPL
  /// formula   a user's figure of the same operator and layer in another format is scaled by the ratio of relative errors
  [[nodiscard]] constexpr quality_band loss(operator_type op, std::int64_t layer, precision weight,
                                            precision activation) const {
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
  /// What the cache of one layer costs.
  [[nodiscard]] constexpr quality_band kv_loss(std::int64_t layer, precision key,
                                               precision value) const {
    return user_loss(operator_type::kv_cache, layer, key, key, kv_divergence(layer, key, value));
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
    return shares_[kind][static_cast<std::size_t>(op)];
  }
  [[nodiscard]] constexpr double weight_error(precision p) const {
    const double error = relative_mse(p, tensor_role::weight);
    return options_.calibrated && format_of(p).element_bits < 8 ? calibrated_factor * error : error;
  }
  [[nodiscard]] constexpr double input_error(precision activation) const {
    return relative_mse(activation, tensor_role::activation, options_.activation_granularity);
  }
  [[nodiscard]] constexpr double divergence_in(operator_type op, std::int64_t layer, precision p,
                                               precision activation) const {
    return divergence(op, layer, p, p == precision::fp16 ? precision::fp16 : activation);
  }
  [[nodiscard]] constexpr quality_band user_loss(operator_type op, std::int64_t layer, precision p,
                                                 precision activation, double d) const {
    quality_band band{alpha_ * d / alpha_spread, alpha_ * d, alpha_ * d * alpha_spread};
    int nearest = 64;  // bits between the format asked and the one measured
    for (const operator_loss& s : options_.sensitivities) {
      if (s.op != op || layer < s.first_layer || layer > s.last_layer) {
        continue;
      }
      if (s.precision == p) {
        return {composition_floor * s.nats, s.nats, s.nats};
      }
      const int bits = format_of(s.precision).element_bits - format_of(p).element_bits;
      const double measured = divergence_in(op, layer, s.precision, activation);
      if (measured > 0 && (bits < 0 ? -bits : bits) < nearest) {
        nearest = bits < 0 ? -bits : bits;
        const double nats = s.nats * d / measured;
        band = {nats / alpha_spread, nats, nats * alpha_spread};
      }
    }
    return band;
  }

  quality_options options_;
  static_vector<std::uint8_t, max_layer_pattern> pattern_;
  std::int64_t layers_ = 0;
  std::array<std::array<double, operator_count>, max_layer_kinds> shares_{};
  double embeddings_ = 0;
  double lm_head_ = 0;
  double alpha_ = typical_alpha;
};

}  // namespace quantroof

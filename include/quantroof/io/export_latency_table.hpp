// SPDX-License-Identifier: Apache-2.0
//
// Predicted latencies for a search that chooses formats: each distinct linear layer of a model, in each format and for each number of tokens, as
// CSV. It stands in for the table that latency-aware searches (Model-Optimizer's AutoQuantize with a latency cost, proposed) ask somebody to
// measure on the device.
//
//   operators,m,n,k,experts,weight,activation,layers,time_us,lower_us,upper_us,bottleneck,source
//   q_proj+k_proj+v_proj,1,6144,4096,1,FP8_E4M3,FP16,32,15.403,14.522,18.106,memory,predicted (measured)
//
// A row is one kernel as engines call it: q, k and v joined, gate and up joined, all routed experts of a layer. time_us is one call, layers how
// often a step makes it: a step's linear time is the sum of time_us * layers. m is the batch of a decode step, or the tokens of a prefill.
// 80 % of measurements lie between lower_us and upper_us. source says what the constants rest on: this device, its generation, or a data sheet.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/calibration_lookup.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/model/layer_shape.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/model/weight_matrix.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/layer_step.hpp"

namespace quantroof::io {

/// Weights and the activations that they are multiplied with.
struct format_pair {
  precision weight = precision::fp16;
  precision activation = precision::fp16;

  friend constexpr bool operator==(const format_pair&, const format_pair&) = default;
};

/// One kernel in one format for one number of tokens.
struct latency_row {
  static_vector<operator_type, 4> operators{};
  std::int64_t m = 0;  // tokens
  std::int64_t n = 0;  // outputs, of all joined operators
  std::int64_t k = 0;  // inputs
  std::int64_t experts = 1;
  format_pair formats{};
  std::int64_t layers = 0;  // calls a step
  double time_us = 0;
  double lower_us = 0;
  double upper_us = 0;
  quantroof::bottleneck limit = quantroof::bottleneck::memory;
};

/// Numbers of tokens that decode steps and short prefills have.
inline constexpr std::array<std::int64_t, 8> default_latency_tokens{1,   4,    16,   64,
                                                                    256, 1024, 4096, 8192};

}  // namespace quantroof::io

namespace quantroof::detail {

/// Distinct kernels of a model's layers: operators joined as layer_step joins them where their formats are alike.
[[nodiscard]] inline std::vector<io::latency_row> kernels_of(const model_config& m) {
  std::vector<io::latency_row> kernels;
  const auto add = [&](io::latency_row row, std::int64_t layers) {
    for (io::latency_row& known : kernels) {
      if (known.operators == row.operators && known.n == row.n && known.k == row.k &&
          known.experts == row.experts) {
        known.layers += layers;
        return;
      }
    }
    row.layers = layers;
    kernels.push_back(row);
  };
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const std::int64_t layers = count_layers(m, kind);
    const layer_shape shape = layer_kind(m, kind);
    const auto matrices = weight_matrices(shape, m.hidden_size);
    for (std::size_t i = 0; i < matrices.size();) {
      const weight_matrix& first = matrices[i];
      io::latency_row row{
          .operators = {first.op}, .n = first.rows, .k = first.cols, .experts = first.copies};
      std::size_t end = i + 1;
      const bool expert = expert_operators.contains(first.op);
      const int group = joined_group(first.op);
      while (end < matrices.size() &&
             (expert ? expert_operators.contains(matrices[end].op)
                     : group != 0 && joined_group(matrices[end].op) == group &&
                           matrices[end].cols == first.cols)) {
        row.operators.push_back(matrices[end].op);
        row.n += expert ? 0 : matrices[end].rows;
        ++end;
      }
      add(row, layers);
      i = end;
    }
  }
  if (m.vocab_size) {
    add({.operators = {operator_type::lm_head}, .n = *m.vocab_size, .k = m.hidden_size}, 1);
  }
  return kernels;
}

/// The mixture whose experts have these matrices.
[[nodiscard]] inline expert_mixture mixture_with(const model_config& m,
                                                 const io::latency_row& row) {
  for (std::size_t kind = 0; kind < layer_kind_count(m); ++kind) {
    const layer_shape shape = layer_kind(m, kind);
    if (shape.experts && shape.experts->experts == row.experts) {
      const std::int64_t width =
          shape.experts->latent_dim > 0 ? shape.experts->latent_dim : m.hidden_size;
      if (shape.experts->expert_dim == row.n && width == row.k) {
        return *shape.experts;
      }
    }
  }
  expects(false, "latency_table: the model has no such experts");
  return {};
}

[[nodiscard]] inline std::string short_number(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 std::chars_format::fixed, 3)
                       .ptr;
  return {digits.data(), end};
}

}  // namespace quantroof::detail

namespace quantroof::io {

/// The format pairs of a plan for a model, and 16 bits to compare with.
[[nodiscard]] inline std::vector<format_pair> format_pairs_of(const model_config& m,
                                                              const mixed_precision_config& plan,
                                                              const hardware_spec& hw) {
  std::vector<format_pair> pairs{{native_16bit(hw), native_16bit(hw)}};
  const auto add = [&](precision weight) {
    if (format_of(weight).element_bits >= 16) {
      return;
    }
    const format_pair pair{weight, plan.get_activation_precision(weight)};
    for (const format_pair& known : pairs) {
      if (known == pair) {
        return;
      }
    }
    pairs.push_back(pair);
  };
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    const layer_shape shape = layer_kind(m, layer_kind_of(m, layer));
    for (const weight_matrix& w : weight_matrices(shape, m.hidden_size)) {
      add(plan.get_precision(w.op, layer));
    }
  }
  add(plan.get_precision(operator_type::lm_head));
  return pairs;
}

/// Predicted latencies of a model's linear layers.
///
/// units     microseconds a call
/// formula   calibrated_model's gemm and moe (skewed routing), weights cold in cache
/// requires  is_valid(m); is_valid(hw); tokens >= 1
/// errors    quantroof::domain_error: no tokens, or formats that the device cannot compute
/// ignores   attention, small kernels and exchange, which these formats do not change
/// example   examples/export_plan.cpp
[[nodiscard]] inline std::vector<latency_row> latency_table(
    const model_config& m, const hardware_spec& hw, std::span<const format_pair> formats,
    std::span<const std::int64_t> tokens = default_latency_tokens,
    const calibrated_model& model = {}) {
  is_valid(m);
  detail::expects(!formats.empty() && !tokens.empty(),
                  "latency_table: needs formats and numbers of tokens");
  std::vector<latency_row> rows;
  for (const latency_row& kernel : detail::kernels_of(m)) {
    for (const std::int64_t count : tokens) {
      detail::expects(count >= 1, "latency_table: tokens must be positive");
      for (const format_pair& pair : formats) {
        latency_row row = kernel;
        row.m = count;
        row.formats = pair;
        kernel_estimate e;
        if (expert_operators.contains(kernel.operators[0])) {
          const expert_mixture x = detail::mixture_with(m, kernel);
          e = model.moe(hw,
                        {.tokens = count,
                         .hidden = kernel.k,
                         .inter = x.expert_dim,
                         .experts = x.experts,
                         .top_k = x.top_k,
                         .matrices = x.gated ? 3 : 2},
                        pair.weight, pair.activation);
        } else {
          e = model.gemm(hw, {.m = count, .n = kernel.n, .k = kernel.k}, pair.weight,
                         pair.activation);
        }
        row.time_us = e.time_us;
        row.lower_us = e.lower_us;
        row.upper_us = e.upper_us;
        row.limit = e.bottleneck;
        rows.push_back(row);
      }
    }
  }
  return rows;
}

/// The table as CSV, its first line the columns.
[[nodiscard]] inline std::string latency_csv(const std::vector<latency_row>& rows,
                                             const hardware_spec& hw,
                                             const calibrated_model& model = {}) {
  const std::string source = calibrated_model::is_specified_only(hw)
                                 ? "specified"
                                 : "predicted (" + std::string{to_string(model.basis(hw))} + ")";
  std::string text =
      "operators,m,n,k,experts,weight,activation,layers,time_us,lower_us,upper_us,bottleneck,"
      "source\n";
  for (const latency_row& row : rows) {
    for (const operator_type& op : row.operators) {
      text.append(&op == row.operators.begin() ? "" : "+").append(to_string(op));
    }
    for (const std::int64_t number : {row.m, row.n, row.k, row.experts}) {
      text += "," + std::to_string(number);
    }
    text.append(",").append(to_string(row.formats.weight)).append(",");
    text.append(to_string(row.formats.activation)).append("," + std::to_string(row.layers));
    for (const double time : {row.time_us, row.lower_us, row.upper_us}) {
      text += "," + detail::short_number(time);
    }
    text.append(",").append(to_string(row.limit)).append("," + source + "\n");
  }
  return text;
}

/// The latency table of a plan: its own formats and 16 bits.
[[nodiscard]] inline std::string export_latency_table(
    const model_config& m, const mixed_precision_config& plan, const hardware_spec& hw,
    std::span<const std::int64_t> tokens = default_latency_tokens,
    const calibrated_model& model = {}) {
  const std::vector<format_pair> pairs = format_pairs_of(m, plan, hw);
  return latency_csv(latency_table(m, hw, pairs, tokens, model), hw, model);
}

}  // namespace quantroof::io

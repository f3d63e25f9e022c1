// SPDX-License-Identifier: Apache-2.0
//
// The integrated engine: for this model on this device at this phase, context and batch, which precision for which operator, which
// KV-cache format, which attention kernel; what it gains and what it costs.
//
// It follows the rules of selection.hpp, replaces what the device lacks (substitution.hpp), predicts with a performance model
// (step.hpp) and says so in the reason. No allocation; usable in constant expressions.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "quantroof/detail/expects.hpp"
#include "quantroof/engine/quality.hpp"
#include "quantroof/engine/quality_text.hpp"
#include "quantroof/engine/recommendation.hpp"
#include "quantroof/engine/scenario.hpp"
#include "quantroof/engine/selection.hpp"
#include "quantroof/engine/substitution.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/strategies.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/step.hpp"

namespace quantroof {

/// Recommends on one device with one performance model.
///
/// example   examples/complete_recommendation.cpp, examples/compile_time.cpp
template <Hardware H, PerformanceModel M = calibrated_model>
class integrated_quantization_engine {
 public:
  constexpr integrated_quantization_engine() = default;
  constexpr explicit integrated_quantization_engine(H hardware, M model = {})
      : hardware_(std::move(hardware)), model_(model) {}
  constexpr explicit integrated_quantization_engine(
      const hardware_spec& spec, M model = {}) requires std::same_as<H, dynamic_hardware>
      : hardware_{spec}, model_(model) {
    is_valid(spec);
  }

  /// What the specification's rules recommend, with what it gains over the 16-bit baseline.
  ///
  /// requires  is_valid(model); is_valid(workload)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  [[nodiscard]] constexpr quantization_recommendation recommend(const model_config& model,
                                                                const scenario& workload) const {
    const strategy_choice choice = select_strategy(spec(), workload);
    is_valid(model);
    return evaluate(model, workload, get_strategy(choice.strategy, model.num_layers), choice.why);
  }

  /// The same answer for a strategy of the caller's choice.
  ///
  /// requires  is_valid(model); is_valid(workload); is_valid(strategy); why of at most 300 bytes
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  [[nodiscard]] constexpr quantization_recommendation evaluate(
      const model_config& model, const scenario& workload, const mixed_precision_config& strategy,
      std::string_view why = "the strategy was given by the caller") const {
    return evaluate(model, workload, adapt_to(spec(), strategy), why);
  }

  /// The same answer for a checkpoint that exists: its weights stay as they are stored, and what the device does not multiply it dequantizes.
  ///
  /// requires  is_valid(model); is_valid(workload); is_valid(formats); why of at most 300 bytes
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  /// example   examples/advise.cpp
  [[nodiscard]] constexpr quantization_recommendation evaluate_checkpoint(
      const model_config& model, const scenario& workload, const mixed_precision_config& formats,
      std::string_view why = "the formats that the checkpoint has") const {
    return evaluate(model, workload, read_as_stored(spec(), formats), why);
  }

  /// The same answer for formats that were fitted to the device.
  [[nodiscard]] constexpr quantization_recommendation evaluate(const model_config& model,
                                                               const scenario& workload,
                                                               const adapted_strategy& adapted,
                                                               std::string_view why) const {
    is_valid(model);
    is_valid(workload);
    detail::expects(why.size() <= 300, "evaluate: why must be at most 300 bytes");
    const hardware_spec& hw = spec();
    const cache_format kv = adapted.config.get_cache_format();
    const bool shared = has_shared_rows(model);
    if (shared && !holds_shared_rows(kv)) {
      return evaluate(model, workload, with_shared_rows(hw, adapted), why);
    }

    quantization_recommendation rec;
    rec.mixed_precision = adapted.config;
    rec.substitutions = adapted.substitutions;
    rec.fa_config = select_attention(hw, workload, kv);
    if (shared && rec.fa_config) {  // no release skips blocks of these
      rec.fa_config->block_sparse = false;
      rec.fa_config->sparsity_ratio = 0;
    }
    const step_estimate step = predict_step(model_, hw, model, adapted.config,
                                            {.phase = workload.phase,
                                             .seq_len = workload.seq_len,
                                             .batch = workload.batch,
                                             .attention = rec.fa_config,
                                             .plan = workload.plan});
    rec.predicted_time_us = step.time_us;
    rec.lower_us = step.lower_us;
    rec.upper_us = step.upper_us;
    rec.baseline_time_us = baseline(model, workload).time_us;
    rec.predicted_speedup = rec.baseline_time_us / rec.predicted_time_us;
    rec.bottleneck_analysis = step.operators;
    rec.kv_cache_bytes =
        quantroof::kv_cache_bytes(model, kv, workload.seq_len, workload.batch, 1, workload.plan);
    rec.weight_bytes = quantroof::weight_bytes(model, adapted.config, workload.plan);
    rec.memory_savings_pct =
        workload.plan == parallel_plan{}
            ? quantroof::memory_savings_pct(model, rec.weight_bytes, rec.kv_cache_bytes,
                                            workload.seq_len, workload.batch)
            : quantroof::memory_savings_pct(model, adapted.config, workload.seq_len,
                                            workload.batch);
    rec.config = integrated(workload, adapted.config, rec.fa_config);
    rec.expected_quality_loss = quality(model, adapted, rec.fa_config);
    rec.confidence = trust(adapted, rec.fa_config, step);
    rec.reason = explain(why, adapted, rec.fa_config, shared);
    return rec;
  }

  /// The step in 16 bits that speedups refer to.
  [[nodiscard]] constexpr step_estimate baseline(const model_config& model,
                                                 const scenario& workload) const {
    const precision half = native_16bit(spec());
    return predict_step(model_, spec(), model,
                        {.name = "baseline",
                         .default_activation_precision = half,
                         .kv_cache_precision = half,
                         .default_weight_precision = half},
                        {.phase = workload.phase,
                         .seq_len = workload.seq_len,
                         .batch = workload.batch,
                         .attention = baseline_attention(spec()),
                         .plan = workload.plan});
  }

  [[nodiscard]] constexpr const hardware_spec& spec() const { return hardware_.spec(); }
  [[nodiscard]] constexpr const M& model() const { return model_; }

 private:
  using attention_choice = std::optional<flash_attention_config>;

  [[nodiscard]] constexpr integrated_quant_config integrated(
      const scenario& s, const mixed_precision_config& c, const attention_choice& attention) const {
    integrated_quant_config config{.strategy_name = c.name.view(),
                                   .kv_cache_precision = c.kv_cache_precision,
                                   .value_cache_precision = c.value_cache_precision,
                                   .activation_precision = c.default_activation_precision};
    if (attention) {
      config.fa_version = attention->version;
    }
    if (s.enable_dynamic) {
      // The narrowest format the device multiplies that activations survive: 8 bits, one scale per token.
      const precision eight_bit = runnable_precision(spec(), precision::fp8_e4m3);
      config.dynamic = dynamic_quant_config{
          .precision =
              format_of(eight_bit).kind == element_kind::int8 ? precision::int8 : eight_bit,
          .granularity = granularity::per_token};
    }
    if (s.enable_adaptive) {
      adaptive_quant_config adaptive{};
      adaptive.precision_candidates.clear();
      if (has_fp4(spec())) {
        adaptive.precision_candidates.push_back(runnable_precision(spec(), precision::nvfp4));
      }
      if (has_fp8(spec())) {
        adaptive.precision_candidates.push_back(runnable_precision(spec(), precision::fp8_e4m3));
      }
      adaptive.precision_candidates.push_back(native_16bit(spec()));
      config.adaptive = adaptive;
    }
    return config;
  }

  /// The 4-bit format that stands in for NVFP4, which loses more than NVFP4 does.
  [[nodiscard]] static constexpr std::optional<precision> coarser_4bit(
      const adapted_strategy& adapted) {
    for (const substitution& s : adapted.substitutions) {
      if (s.to == precision::int4_g128 || s.to == precision::mxfp4) {
        return s.to;
      }
    }
    return std::nullopt;
  }

  /// What the specification says of the strategy, and beside it what is known: the band, how it is founded, its grade.
  [[nodiscard]] static constexpr short_string<192> quality(const model_config& model,
                                                           const adapted_strategy& adapted,
                                                           const attention_choice& attention) {
    short_string<192> text;
    const std::string_view claim = adapted.config.claims.quality_loss;
    if (const auto coarser = coarser_4bit(adapted)) {
      text.append(create_w4a16_aggressive().claims.quality_loss)
          .append(" perplexity (")
          .append(to_string(*coarser))
          .append(" weights); ");
    } else if (claim != "None" && claim != "unknown") {
      text.append(claim).append(" perplexity; ");
    }
    append_quality(text, estimate_quality(model, adapted.config));
    if (attention && attention->block_sparse) {
      text.append("; skipped blocks not counted");
    }
    return text;
  }

  [[nodiscard]] constexpr confidence trust(const adapted_strategy& adapted,
                                           const attention_choice& attention,
                                           const step_estimate& step) const {
    int level = static_cast<int>(confidence::high);
    level -= adapted.substitutions.empty() ? 0 : 1;
    level -= !attention || attention->block_sparse ? 1 : 0;
    bool unsure = step.upper_us > 1.5 * step.lower_us;
    for (const operator_estimate& part : step.operators) {
      unsure = unsure || part.bottleneck == bottleneck::compute;
    }
    if constexpr (KernelModel<M>) {
      unsure = unsure || (model_.basis(spec()) >= calibration_basis::generation &&
                          !M::is_specified_only(spec()));
    }
    level -= unsure ? 1 : 0;
    return static_cast<confidence>(level > 0 ? level : 0);
  }

  [[nodiscard]] constexpr short_string<512> explain(std::string_view why,
                                                    const adapted_strategy& adapted,
                                                    const attention_choice& attention,
                                                    bool shared) const {
    short_string<512> text{why};
    for (const substitution& s : adapted.substitutions) {
      if (text.size() > 300) {
        text.append("; ...");
        break;
      }
      text.append("; ")
          .append(to_string(s.to))
          .append(" for ")
          .append(to_string(s.from))
          .append(", which it does not run");
    }
    if (shared) {
      text.append("; one cached row serves all heads: a kernel of its own");
    } else if (!attention) {
      text.append("; no FlashAttention release runs here: attention as separate kernels");
    } else if (attention->block_sparse) {
      text.append("; FA4 skips 30 % of the blocks beyond 16K tokens");
    } else {
      text.append("; attention by ").append(to_string(attention->version));
      text.append(attention->use_native_fp8 ? " in FP8" : " in 16 bits");
    }
    return text;
  }

  [[no_unique_address]] H hardware_{};
  [[no_unique_address]] M model_{};
};

integrated_quantization_engine(const hardware_spec&)
    ->integrated_quantization_engine<dynamic_hardware>;
template <PerformanceModel M>
integrated_quantization_engine(const hardware_spec&, M)
    -> integrated_quantization_engine<dynamic_hardware, M>;

}  // namespace quantroof

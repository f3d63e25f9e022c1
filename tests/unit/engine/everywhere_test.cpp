// SPDX-License-Identifier: Apache-2.0
//
// What holds of every recommendation: all devices, all strategies, all presets, both scopes, short and long contexts.
#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "quantroof/engine/engine.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"

namespace everywhere_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

constexpr std::int64_t lengths[] = {1, 1000, 4096, 8192, 8193, 16385, 131072};

enum class predicted_by : std::uint8_t { textbook, calibrated };

bool positive(double x) { return std::isfinite(x) && x > 0; }

/// The first rule that a recommendation breaks, or "".
std::string broken_rule(const hardware_spec& hw, const model_config& m, const scenario& s,
                        const mixed_precision_config& asked, const quantization_recommendation& rec,
                        predicted_by arithmetic) {
  if (!positive(rec.predicted_time_us) || !positive(rec.baseline_time_us)) {
    return "times are finite and positive";
  }
  if (rec.predicted_speedup != rec.baseline_time_us / rec.predicted_time_us) {
    return "speedup is baseline over prediction";
  }
  // real kernels: weight-only formats lose to 16 bits in prefill, as they do on silicon
  if (arithmetic == predicted_by::textbook && rec.predicted_time_us > rec.baseline_time_us * 1.05) {
    return "a recommendation is no slower than the baseline";
  }
  if (!(rec.memory_savings_pct > -1 && rec.memory_savings_pct < 100)) {
    return "memory savings are in (-1, 100)";
  }
  const adapted_strategy adapted = adapt_to(hw, asked);
  if (!(rec.mixed_precision == adapted.config) || !(rec.substitutions == adapted.substitutions)) {
    return "the strategy is the asked one as the device runs it";
  }
  if (rec.weight_bytes != weight_bytes(m, adapted.config)) {
    return "weights have the bytes of model/memory";
  }
  const p cache = rec.config.kv_cache_precision;
  const double elements = 2.0 * static_cast<double>(m.num_layers * m.num_kv_heads * m.head_dim) *
                          static_cast<double>(s.seq_len * s.batch);
  const double bits = 8.0 * static_cast<double>(rec.kv_cache_bytes) / elements;
  if (std::abs(bits - bits_per_element(cache)) > 1e-9) {
    return "the KV cache holds KV heads at the format's bits";
  }
  if (rec.fa_config &&
      (!is_supported(hw, *rec.fa_config) || rec.fa_config->kv_cache_precision != cache)) {
    return "the attention runs on the device and reads the recommended cache";
  }
  double parts = 0;
  int compute_bound = 0;
  for (const operator_estimate& part : rec.bottleneck_analysis) {
    parts += part.time_us;
    compute_bound += part.bottleneck == bottleneck::compute ? 1 : 0;
    if (!positive(part.time_us) || !positive(part.flops) || !positive(part.bytes)) {
      return "operators do some work";
    }
  }
  if (std::abs(parts / rec.predicted_time_us - 1) > 1e-12) {
    return "operators add up to the step";
  }
  if (!(rec.lower_us > 0 && rec.lower_us <= rec.predicted_time_us &&
        rec.upper_us >= rec.predicted_time_us)) {
    return "the prediction lies in its interval";
  }
  const bool borrowed = arithmetic == predicted_by::calibrated &&
                        !calibrated_model::is_specified_only(hw) &&
                        calibrated_model{}.basis(hw) >= calibration_basis::generation;
  const int doubts = (rec.substitutions.empty() ? 0 : 1) +
                     (!rec.fa_config || rec.fa_config->block_sparse ? 1 : 0) +
                     (compute_bound > 0 || rec.upper_us > 1.5 * rec.lower_us || borrowed ? 1 : 0);
  if (static_cast<int>(rec.confidence) != std::max(0, 2 - doubts)) {
    return "confidence is one step down from high for each doubt";
  }
  if (rec.reason.empty() || rec.expected_quality_loss.empty()) {
    return "there is a reason and a quality";
  }
  for (const substitution& each : rec.substitutions) {
    const std::string text =
        std::string(to_string(each.to)) + " for " + std::string(to_string(each.from)) + ", which";
    if (rec.reason.view().find(text) == std::string_view::npos) {
      return "the reason names every replacement";
    }
  }
  return "";
}

std::string at(const hardware_spec& hw, const model_config& m, const scenario& s,
               const mixed_precision_config& c) {
  return std::string(hw.key.view()) + ", " + std::string(m.name.view()) + ", " +
         std::string(to_string(s.phase)) + " " + std::to_string(s.seq_len) + " x " +
         std::to_string(s.batch) + ", " + std::string(c.name.view());
}

/// Calls visit(device, workload) for every device, phase, length and batch.
template <class Visit>
void everywhere(Visit visit) {
  for (const hardware_spec* device : list_hardware()) {
    for (const phase ph : {phase::prefill, phase::decode}) {
      for (const std::int64_t n : lengths) {
        for (const std::int64_t batch : {1, 32}) {
          visit(*device, scenario{.phase = ph, .seq_len = n, .batch = batch});
        }
      }
    }
  }
}

TEST_CASE("every recommendation is sound") {
  int seen = 0;
  for (const step_scope scope : {step_scope::specification, step_scope::whole_step}) {
    everywhere([&](const hardware_spec& device, const scenario& s) {
      const integrated_quantization_engine engine{device, textbook_model{.scope = scope}};
      for (const model_config& m : {models::llama3_8b, models::qwen2_7b}) {
        const mixed_precision_config c =
            get_strategy(select_strategy(device, s).strategy, m.num_layers);
        std::string rule;
        try {
          rule = broken_rule(device, m, s, c, engine.recommend(m, s), predicted_by::textbook);
        } catch (const std::exception& e) {
          rule = e.what();
        }
        if (!rule.empty()) {
          FAIL_CHECK(at(device, m, s, c) << ": " << rule);
        }
        ++seen;
      }
    });
  }
  CHECK(seen == static_cast<int>(2 * 2 * 2 * 2 * std::size(lengths) * known_hardware.size()));
}

template <PerformanceModel M>
void every_strategy_everywhere(predicted_by arithmetic) {
  everywhere([&](const hardware_spec& device, const scenario& s) {
    const integrated_quantization_engine engine{device, M{}};
    const model_config& m = models::qwen3_8b;
    for (const strategy_entry& entry : list_strategies()) {
      const mixed_precision_config c = entry.create(m.num_layers);
      std::string rule;
      try {
        const quantization_recommendation rec = engine.evaluate(m, s, c);
        rule = broken_rule(device, m, s, c, rec, arithmetic);
        // real kernels: the baseline's FA2 may be slower than the device's own attention
        const double gain = std::abs(rec.predicted_speedup - 1);
        if (rule.empty() && entry.name == "fp16_baseline" &&
            ((gain > 1e-12 && arithmetic == predicted_by::textbook) ||
             rec.memory_savings_pct != 0)) {
          rule = "16 bits gain nothing over 16 bits";
        }
      } catch (const std::exception& e) {
        rule = e.what();
      }
      if (!rule.empty()) {
        FAIL_CHECK(at(device, m, s, c) << ": " << rule);
      }
    }
  });
}

TEST_CASE("every strategy can be evaluated everywhere") {
  every_strategy_everywhere<textbook_model>(predicted_by::textbook);
  every_strategy_everywhere<calibrated_model>(predicted_by::calibrated);
}

/// `least` : how much of the time before more work takes at the least. Real kernels compute whole tiles, and a library may pick a faster
/// kernel for two rows than for one: INT4 in 4096 x 12288 on A100 takes 45 us for one row and 36 us for eight.
template <PerformanceModel M>
void more_takes_longer(double least) {
  for (const hardware_spec* device : list_hardware()) {
    const integrated_quantization_engine engine{*device, M{}};
    for (const strategy_entry& entry : list_strategies()) {
      const mixed_precision_config c = entry.create(32);
      quantization_recommendation before{};
      for (const std::int64_t n :
           {1, 100, 4096, 8193, 16384}) {  // below the context where FA4 skips blocks
        const quantization_recommendation rec =
            engine.evaluate(models::llama3_8b, {.seq_len = n}, c);
        const quantization_recommendation more =
            engine.evaluate(models::llama3_8b, {.seq_len = n, .batch = 8}, c);
        const bool grows = rec.predicted_time_us > least * before.predicted_time_us &&
                           rec.kv_cache_bytes > before.kv_cache_bytes &&
                           more.predicted_time_us > least * rec.predicted_time_us &&
                           more.kv_cache_bytes == 8 * rec.kv_cache_bytes &&
                           more.weight_bytes == rec.weight_bytes;
        if (!grows) {
          FAIL_CHECK(device->key.view() << ", " << entry.name << ", " << n << " tokens");
        }
        before = rec;
      }
    }
  }
}

TEST_CASE("more tokens and more sequences never take less time or memory in decode") {
  more_takes_longer<textbook_model>(1.0);
  more_takes_longer<calibrated_model>(0.93);
  SUCCEED("the loops ran");
}

// ---- static devices ---------------------------------------------------------------------------------------------------------

template <const hardware_spec& Spec>
void agrees_with_the_static_engine() {
  constexpr integrated_quantization_engine<static_hardware<Spec>> fixed;
  const integrated_quantization_engine chosen{get_hardware(Spec.key)};
  for (const phase ph : {phase::prefill, phase::decode}) {
    for (const std::int64_t n : lengths) {
      const scenario s{.phase = ph, .seq_len = n, .batch = 2, .enable_adaptive = true};
      CAPTURE(Spec.key.view(), to_string(ph), n);
      CHECK(fixed.recommend(models::llama3_8b, s) == chosen.recommend(models::llama3_8b, s));
      CHECK(fixed.evaluate(models::llama3_8b, s, create_hybrid_long_context()) ==
            chosen.evaluate(models::llama3_8b, s, create_hybrid_long_context()));
    }
  }
}

TEST_CASE("static and dynamic devices give identical recommendations") {
  agrees_with_the_static_engine<hw::b10>();
  agrees_with_the_static_engine<hw::h100_sxm>();
  agrees_with_the_static_engine<hw::mi300x>();
  agrees_with_the_static_engine<hw::tpu_v5e>();
}

}  // namespace

}  // namespace everywhere_test

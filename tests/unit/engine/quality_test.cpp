// SPDX-License-Identifier: Apache-2.0
//
// Terms that add, rules that veto, and the grade of the answer.
#include "quantroof/engine/quality.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#include "catch.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace quality_test {

namespace {

using namespace quantroof;
using enum quality_grade;
using op = operator_type;
using p = precision;
using rule = quality_rule;

constexpr bool near(double a, double b, double tolerance = 1e-9) {
  return detail::abs(a - b) <= tolerance * detail::abs(b);
}
constexpr bool is_ordered(const quality_band& b) {
  return b.lower <= b.typical && b.typical <= b.upper;
}

// ---- sensitivities ----------------------------------------------------------------------------------------------------------

// llama.cpp issue #1256, normalized; the seven sum to 0.988 as published.
constexpr operator_type dense[] = {op::q_proj,   op::k_proj, op::v_proj,  op::o_proj,
                                   op::ffn_gate, op::ffn_up, op::ffn_down};
constexpr double sum_of(const quality_model& q, std::int64_t layers, precision w, precision a) {
  double d = 0;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    for (const operator_type o : operator_types) {
      d += q.has(o, layer) && weight_operators.contains(o) && !wide_operators.contains(o)
               ? q.divergence(o, layer, w, a)
               : 0.0;
    }
  }
  return d;
}
constexpr bool sums_to_the_format(const model_config& m) {
  // with one format everywhere, D is the format's own error
  return near(sum_of(quality_model{m}, m.num_layers, p::nvfp4, p::fp16), relative_mse(p::nvfp4),
              1e-6);
}
static_assert(sums_to_the_format(models::llama3_8b));
static_assert(sums_to_the_format(models::qwen3_30b_a3b));
static_assert(sums_to_the_format(models::deepseek_v3));
static_assert(sums_to_the_format(models::deepseek_v4_flash));
constexpr bool is_ordered_by_sensitivity() {
  return operator_sensitivity(op::ffn_down) > operator_sensitivity(op::v_proj) &&
         operator_sensitivity(op::v_proj) > operator_sensitivity(op::ffn_up) &&
         operator_sensitivity(op::ffn_up) > operator_sensitivity(op::o_proj) &&
         operator_sensitivity(op::q_proj) > operator_sensitivity(op::k_proj) &&
         key_sensitivity > value_sensitivity;
}
static_assert(is_ordered_by_sensitivity());

// ---- additivity -------------------------------------------------------------------------------------------------------------

constexpr bool plan_is_the_sum_of_its_terms() {
  const model_config& m = models::llama3_8b;
  const mixed_precision_config c = create_hybrid_long_context();
  const quality_model q{m};
  quality_band sum;
  for (std::int64_t layer = 0; layer < m.num_layers; ++layer) {
    for (const operator_type o : dense) {
      sum += q.loss(o, layer, c.get_precision(o, layer), p::fp16);
    }
    sum += q.kv_loss(layer, p::nvfp4_kv, p::nvfp4_kv);
  }
  const quality_band whole = estimate_quality(m, c).nats;
  return near(sum.lower, whole.lower, 1e-9) && near(sum.typical, whole.typical, 1e-9) &&
         near(sum.upper, whole.upper, 1e-9);
}
static_assert(plan_is_the_sum_of_its_terms());

constexpr bool groups_are_sums() {
  const quality_model q{models::llama3_8b};
  const quality_band qkv = q.loss({op::q_proj, op::k_proj, op::v_proj}, 3, p::int4_g128, p::fp16);
  const quality_band each = q.loss(op::q_proj, 3, p::int4_g128, p::fp16) +
                            q.loss(op::k_proj, 3, p::int4_g128, p::fp16) +
                            q.loss(op::v_proj, 3, p::int4_g128, p::fp16);
  return near(qkv.typical, each.typical) && is_ordered(qkv) &&
         q.loss(op::expert_up, 3, p::int4_g128, p::fp16) == quality_band{};  // no experts here
}
static_assert(groups_are_sums());

constexpr bool wider_formats_never_lose_more() {
  const quality_model q{models::llama3_8b};
  constexpr precision order[] = {p::int4_channel, p::int4_g128, p::int4_g32,
                                 p::nvfp4,        p::fp8_e4m3,  p::fp16};
  double last = 1e9;
  for (const precision w : order) {
    const double d = q.divergence(op::ffn_down, 0, w, p::fp16);
    if (d > last) {
      return false;
    }
    last = d;
  }
  return last == 0;
}
static_assert(wider_formats_never_lose_more());

// ---- what is known of a model -----------------------------------------------------------------------------------------------

struct alpha_row {
  const model_config& model;
  double alpha;
};
constexpr alpha_row alphas[] = {
    {models::llama3_8b, 5.0},      {models::llama3_70b, 8.5},    // 1.7
    {models::llama3_2_1b, 8.5},    {models::qwen3_0_6b, 8.5},    // 1.7
    {models::mistral_7b_v03, 3.0}, {models::mixtral_8x7b, 3.0},  // 0.6
    {models::deepseek_v3, 5.0},
};
constexpr auto has_alpha = [](const alpha_row& r) {
  return near(quality_model{r.model}.alpha(), r.alpha);
};
static_assert(test::first_failure(alphas, has_alpha) == -1);

// Published in FP8 and MXFP4: nothing is lost by staying there.
constexpr quality_model v4{models::deepseek_v4_flash};
static_assert(v4.divergence(op::expert_up, 5, p::mxfp4, p::fp8_e4m3_group128) == 0);
static_assert(v4.divergence(op::o_a_proj, 5, p::fp8_e4m3_block128, p::fp8_e4m3_group128) == 0);
static_assert(v4.divergence(op::expert_up, 5, p::nvfp4, p::nvfp4) > 0);
static_assert(v4.kv_divergence(5, p::fp8_e4m3, p::fp8_e4m3) == 0);
static_assert(v4.kv_divergence(5, p::fp8_e5m2, p::fp8_e5m2) > 0);
static_assert(quality_model{models::deepseek_v3}.kv_divergence(5, p::fp8_e4m3, p::fp8_e4m3) > 0);
static_assert(quality_model{models::deepseek_v3}.divergence(op::expert_up, 5, p::fp8_e4m3_block128,
                                                            p::fp8_e4m3_group128) == 0);
static_assert(quality_model{models::deepseek_v3}.divergence(op::expert_up, 5, p::fp8_e4m3_block128,
                                                            p::fp8_e4m3) > 0);
static_assert(quality_model{models::llama3_70b}.divergence(op::ffn_up, 5, p::fp8_e4m3_block128,
                                                           p::fp8_e4m3_group128) > 0);
static_assert(quality_model{models::deepseek_v3}.divergence(op::expert_up, 5, p::fp8_e4m3_block128,
                                                            p::fp16) == 0);
static_assert(quality_model{models::gpt_oss_20b}.divergence(op::expert_up, 5, p::mxfp4, p::fp16) ==
              0);
static_assert(quality_model{models::qwen3_30b_a3b}.divergence(op::expert_up, 5, p::mxfp4, p::fp16) >
              0);
// Calibration: fewer losses of 4-bit weights, none the less of FP8's.
constexpr quality_options by_data{.calibrated = true};
static_assert(
    near(quality_model(models::llama3_8b, by_data).divergence(op::ffn_up, 0, p::int4_g128, p::fp16),
         0.6 * quality_model(models::llama3_8b).divergence(op::ffn_up, 0, p::int4_g128, p::fp16)));
static_assert(
    near(quality_model(models::llama3_8b, by_data).divergence(op::ffn_up, 0, p::fp8_e4m3, p::fp16),
         quality_model(models::llama3_8b).divergence(op::ffn_up, 0, p::fp8_e4m3, p::fp16)));

// ---- a user's figures -------------------------------------------------------------------------------------------------------

constexpr std::array own{
    operator_loss{.op = op::ffn_down, .precision = p::nvfp4, .nats = 0.002},
    operator_loss{.op = op::v_proj,
                  .first_layer = 3,
                  .last_layer = 3,
                  .precision = p::int4_g128,
                  .nats = 0.01},
};
constexpr bool own_figures_replace_ours() {
  const quality_model q{models::llama3_8b, {.sensitivities = own}};
  const quality_model ours{models::llama3_8b};
  const quality_band exact = q.loss(op::ffn_down, 7, p::nvfp4, p::fp16);
  const quality_band scaled = q.loss(op::ffn_down, 7, p::int4_g128, p::fp16);
  return exact == quality_band{0.0012, 0.002, 0.002} &&
         near(scaled.typical, 0.002 * relative_mse(p::int4_g128) / relative_mse(p::nvfp4)) &&
         scaled.upper > scaled.typical && q.loss(op::ffn_down, 7, p::fp16, p::fp16).upper == 0 &&
         q.loss(op::v_proj, 3, p::int4_g128, p::fp16).typical == 0.01 &&
         q.loss(op::v_proj, 4, p::int4_g128, p::fp16) ==
             ours.loss(op::v_proj, 4, p::int4_g128, p::fp16);
}
static_assert(own_figures_replace_ours());
constexpr bool own_figures_stand_before_rows() {
  const quality_estimate e =
      estimate_quality(models::llama3_8b, create_w4a16_aggressive(), {.sensitivities = own});
  return e.grade == c && e.rows == 0;
}
static_assert(own_figures_stand_before_rows());

// ---- rules ------------------------------------------------------------------------------------------------------------------

constexpr mixed_precision_config all_in(precision weight, precision activation = p::fp16,
                                        precision kv = p::fp16) {
  mixed_precision_config m{
      .name = "all", .default_activation_precision = activation, .kv_cache_precision = kv};
  detail::set_all(m.operator_precisions, block_linears, weight);
  return m;
}
struct rule_row {
  const model_config& model;
  precision weight;
  precision activation;
  precision kv;
  quality_options options;
  quality_rule rule;
};
constexpr quality_options rtn{};
constexpr rule_row rules[] = {
    {models::llama3_8b, p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3, rtn, rule::none},
    {models::llama3_8b, p::nvfp4, p::nvfp4, p::fp16, rtn, rule::none},
    {models::llama3_70b, p::int4_channel, p::fp16, p::fp16, by_data, rule::int4_channel_llama3_70b},
    {models::llama3_70b, p::int4_g128, p::fp16, p::fp16, by_data, rule::none},
    {models::llama3_70b, p::int8_channel, p::int8, p::fp16, by_data, rule::int8_llama3_70b},
    {models::llama3_8b, p::int8_channel, p::int8, p::fp16, by_data, rule::none},
    {models::llama3_8b, p::int4_channel, p::fp16, p::fp16, rtn, rule::int4_channel_rounded},
    {models::llama3_8b, p::int4_channel, p::fp16, p::fp16, by_data, rule::none},
    {models::llama3_2_3b, p::int4_g128, p::fp16, p::fp16, by_data, rule::small_model_4bit},
    {models::llama3_2_3b, p::gguf_q6_k, p::fp16, p::fp16, rtn, rule::none},
    {models::qwen3_4b, p::int4_g128, p::fp16, p::fp16, rtn, rule::none},
    {models::llama3_8b, p::mxfp4, p::mxfp4, p::fp16, rtn, rule::mxfp4_rounded},
    {models::llama3_8b, p::mxfp4, p::mxfp4, p::fp16, by_data, rule::none},
    {models::llama3_8b, p::int4_g128, p::int4, p::fp16, by_data, rule::int4_activations},
    {models::llama3_8b,
     p::int8_channel,
     p::int8,
     p::fp16,
     {.activation_granularity = granularity::per_tensor},
     rule::bulk_erased},
    {models::deepseek_v3, p::nvfp4, p::fp16, p::fp16, rtn, rule::latent_factors},
    {models::deepseek_v3, p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3, rtn, rule::none},
    {models::mixtral_8x7b,
     p::fp8_e4m3,
     p::fp8_e4m3,
     p::fp16,
     {.activation_granularity = granularity::per_tensor},
     rule::moe_per_tensor_fp8},
    {models::llama3_8b,
     p::fp16,
     p::fp16,
     p::nvfp4_kv,
     {.long_reasoning = true},
     rule::kv4_long_reasoning},
    {models::llama3_8b, p::fp16, p::fp16, p::nvfp4_kv, rtn, rule::none},
    {models::qwen3_0_6b, p::fp16, p::fp16, p::int4_g32, rtn, rule::kv4_small_model},
    {models::gpt_oss_120b, p::fp16, p::fp16, p::nvfp4_kv, rtn, rule::kv4_sinks},
    {models::llama3_8b,
     p::fp16,
     p::fp16,
     p::fp8_e4m3,
     {.kv_calibrated = false},
     rule::kv_fp8_scale_one},
    {models::qwen3_8b, p::fp16, p::fp16, p::fp8_e4m3, {.kv_calibrated = false}, rule::none},
    {models::deepseek_v3, p::fp16, p::fp16, p::fp8_e4m3, {.kv_calibrated = false}, rule::none},
    {models::llama3_8b, p::fp4_e2m1, p::fp16, p::fp16, rtn, rule::beyond_linear},
    {models::llama3_8b,
     p::nvfp4,
     p::fp16,
     p::fp16,
     {.metric = quality_metric::reasoning_score},
     rule::reasoning_unmeasured},
};
constexpr auto is_ruled = [](const rule_row& r) {
  const quality_estimate e =
      estimate_quality(r.model, all_in(r.weight, r.activation, r.kv), r.options);
  return e.rule == r.rule && (e.grade == d) == (r.rule != rule::none) && is_ordered(e.loss);
};
static_assert(test::first_failure(rules, is_ruled) == -1);

// A quantized router, whatever the experts are.
static_assert(estimate_quality(models::mixtral_8x7b,
                               all_in(p::fp8_e4m3).with(op::router, p::fp8_e4m3))
                  .rule == rule::router_quantized);

// ---- grades -----------------------------------------------------------------------------------------------------------------

struct grade_row {
  const model_config& model;
  const char* strategy;
  quality_options options;
  quality_grade grade;
  double typical;  // per cent, 0: any
};
constexpr grade_row grades[] = {
    {models::llama3_8b, "fp16_baseline", rtn, a, 0},
    {models::llama3_8b, "fp8_balanced", rtn, a, 0.73},          // vLLM blog, with its KV cache
    {models::llama3_8b, "w4a16_aggressive", rtn, a, 10.89},     // llm-compressor, torchao
    {models::llama3_8b, "w4a16_aggressive", by_data, a, 6.51},  // DeepCompressor's AWQ among 9
    {models::qwen3_8b, "w4a16_aggressive", rtn, b, 10.89},
    {models::llama3_8b, "nvfp4_blackwell", rtn, c, 6.31},
    {models::llama3_8b, "hybrid_long_context", rtn, c, 4.53},
    {models::llama3_8b, "layerwise_gradient", rtn, c, 1.60},
    {models::llama3_2_1b, "nvfp4_blackwell", rtn, d, 0},
};
constexpr auto is_graded = [](const grade_row& r) {
  const quality_estimate e =
      estimate_quality(r.model, get_strategy(r.strategy, r.model.num_layers), r.options);
  return e.grade == r.grade && is_ordered(e.loss) &&
         (r.typical == 0 || detail::abs(100 * e.loss.typical - r.typical) < 0.01) &&
         (e.rows > 0) == (e.evidence != nullptr) && (r.grade != c || e.rows == 0);
};
static_assert(test::first_failure(grades, is_graded) == -1);

// Without rows: the estimate, and never a grade that needs them.
constexpr auto estimated =
    estimate_quality(models::llama3_8b, create_fp8_balanced(), {.use_evidence = false});
static_assert(estimated.grade == c && estimated.loss.lower < 0.0091 &&
              estimated.loss.upper > 0.0091);  // torchao: 7.3315 to 7.4197 of a word

// ---- metrics ----------------------------------------------------------------------------------------------------------------

constexpr quality_band nats{0.01, 0.026, 0.068};
static_assert(near(metric_loss(nats, quality_metric::perplexity).typical, 0.026341, 1e-4));
static_assert(metric_loss(nats, quality_metric::word_perplexity).typical >
              metric_loss(nats, quality_metric::perplexity).typical);
static_assert(near(metric_loss(nats, quality_metric::general_score).typical, 0.27 * 0.026));
static_assert(is_ordered(metric_loss(nats, quality_metric::general_score)) &&
              is_ordered(metric_loss(nats, quality_metric::math_score)));
static_assert(metric_loss({}, quality_metric::math_score) == quality_band{});
static_assert(metric_loss({1, 20, 400}, quality_metric::perplexity).upper == 1e3);
static_assert(metric_loss({1, 20, 400}, quality_metric::reasoning_score).upper == 1);

}  // namespace

TEST_CASE("what is known of a model decides its alpha") {
  for (const alpha_row& r : test::at_run_time(alphas)) {
    CAPTURE(r.model.name.view());
    CHECK(has_alpha(r));
  }
}

TEST_CASE("a plan is the sum of its terms") {
  CHECK(plan_is_the_sum_of_its_terms());
  CHECK(groups_are_sums());
  CHECK(own_figures_replace_ours());
  for (const model_config& m : models::all) {
    CAPTURE(m.name.view());
    CHECK(sums_to_the_format(m));
  }
}

TEST_CASE("rules veto what failed elsewhere") {
  for (const rule_row& r : test::at_run_time(rules)) {
    CAPTURE(r.model.name.view(), to_string(r.weight), to_string(r.kv), to_string(r.rule));
    CHECK(is_ruled(r));
  }
  for (const quality_rule_text& text : detail::quality_rules) {
    CHECK(parse_quality_rule(text.name) == text.value);
  }
  CHECK_THROWS_WITH(parse_quality_rule("nothing"), test::contains("kv4_sinks"));
}

TEST_CASE("answers say how well they are founded") {
  for (const grade_row& r : test::at_run_time(grades)) {
    CAPTURE(r.model.name.view(), r.strategy);
    CHECK(is_graded(r));
  }
}

TEST_CASE("every preset and strategy has an answer") {
  for (const model_config& m : models::all) {
    for (const strategy_entry& s : list_strategies()) {
      const quality_estimate e = estimate_quality(m, s.create(m.num_layers));
      CAPTURE(m.name.view(), s.name);
      CHECK(is_ordered(e.loss));
      CHECK(is_ordered(e.nats));
      CHECK((e.divergence > 0) == (s.name != "fp16_baseline"));
      CHECK((e.grade == d) == (e.rule != rule::none));
    }
  }
}

TEST_CASE("measurements that make no sense are refused") {
  const std::array backwards{operator_loss{.first_layer = 3, .last_layer = 2}};
  CHECK_THROWS_WITH(quality_model(models::llama3_8b, {.sensitivities = backwards}),
                    test::contains("0 <= first_layer <= last_layer"));
  const std::array beyond{operator_loss{.first_layer = 32}};
  CHECK_THROWS_WITH(quality_model(models::llama3_8b, {.sensitivities = beyond}),
                    test::contains("layers that the model has"));
  const std::array scales{operator_loss{.precision = p::e8m0}};
  CHECK_THROWS_AS(quality_model(models::llama3_8b, {.sensitivities = scales}), domain_error);
}

}  // namespace quality_test

// SPDX-License-Identifier: Apache-2.0
//
// The optimizer against every plan there is, on models small enough to try them all, each judged by predict_step, estimate_memory and
// estimate_quality alone; and what must hold of every answer.
#include "quantroof/engine/optimize.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "quantroof/engine/pareto.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "test_table.hpp"

namespace optimize_test {

namespace {

using namespace quantroof;
using p = precision;

constexpr calibrated_model calibrated{};

constexpr optimize_request decode_of(std::int64_t tokens, std::int64_t batch = 1) {
  optimize_request r;
  r.workload.push_back({.phase = phase::decode, .seq_len = tokens, .batch = batch});
  return r;
}

// ---- at compile time ------------------------------------------------------------------------------------------------------------

constexpr optimize_request small_space() {
  optimize_request r = decode_of(4096);
  r.formats = {p::fp8_e4m3, p::int4_g128};
  r.kv_formats = {p::fp16, p::fp8_e4m3};
  r.engine = "vllm";
  r.limits.quality_loss = 0.04;
  return r;
}
constexpr optimization answer =
    optimize(calibrated, hw::h100_sxm, models::llama3_8b, small_space());
static_assert(answer.feasible && answer.gap == 0);
static_assert(answer.best.quality.loss.upper <= 0.04);
static_assert(answer.best.engines.contains("vllm"));

TEST_CASE("an answer at compile time is the answer at run time") {
  const optimization again = optimize(calibrated, get_hardware("h100_sxm"),
                                      test::at_run_time_value(models::llama3_8b), small_space());
  CHECK(again.best.config == answer.best.config);
  CHECK(again.best.score == Approx(answer.best.score).epsilon(1e-12));
}

// ---- every plan -----------------------------------------------------------------------------------------------------------------

struct plan {
  double score = 0;
  mixed_precision_config config{};
};

/// True where one of the engines asked runs a weight format with an input format, and an attention version with a cache.
bool runs(std::string_view engine, const hardware_spec& hw, p weight, p activation) {
  return engines_with(hw.arch, weight, activation).contains(engine);
}
bool reads(std::string_view engine, const hardware_spec& hw, flash_attention_version v, p kv) {
  for (const attention_support& row : support::attention) {
    if (row.engines.contains(engine) && row.devices.contains(hw.arch) && row.version == v &&
        reads_cache(row, kv)) {
      return true;
    }
  }
  return false;
}

/// Every way of giving each format that the engine runs one format of inputs.
std::vector<std::vector<activation_rule>> input_choices(const hardware_spec& hw,
                                                        const optimize_request& r) {
  std::vector<std::vector<activation_rule>> all{{}};
  for (const p weight : r.formats) {
    std::vector<std::vector<activation_rule>> longer;
    for (const p activation : r.activations) {
      if (runs(r.engine.view(), hw, weight, activation)) {
        for (std::vector<activation_rule> rules : all) {
          rules.push_back({.weight = weight, .activation = activation});
          longer.push_back(rules);
        }
      }
    }
    all = longer.empty() ? all : longer;
  }
  return all;
}

/// Tries all plans of a model with one band of layers.
std::optional<plan> best_of_all(const hardware_spec& hw, const model_config& m,
                                const optimize_request& r) {
  using enum operator_type;
  const p half = native_16bit(hw);
  const bool moe = weight_shape_of(m, expert_up).has_value();
  std::optional<plan> best;
  for (const std::vector<activation_rule>& inputs : input_choices(hw, r)) {
    std::vector<p> weights{half};
    for (const activation_rule& rule : inputs) {
      weights.push_back(rule.weight);
    }
    const std::size_t n = weights.size();
    const std::size_t groups = moe ? 3 : 4;
    std::size_t combinations = 1;
    for (std::size_t g = 0; g < groups; ++g) {
      combinations *= n;
    }
    for (std::size_t combination = 0; combination < combinations; ++combination) {
      mixed_precision_config c{
          .name = "tried", .default_activation_precision = half, .default_weight_precision = half};
      for (const activation_rule& rule : inputs) {
        c = c.with_activation(rule.weight, rule.activation);
      }
      std::vector<bool> used(n);
      for (std::size_t g = 0, rest = combination; g < groups; ++g, rest /= n) {
        used[rest % n] = true;
      }
      bool alike = false;  // no plan has two formats of a kind, or more than two
      for (std::size_t a = 1; a < n; ++a) {
        for (std::size_t b = 1; b < a; ++b) {
          alike = alike || (used[a] && used[b] &&
                            published_format(weights[a]) == published_format(weights[b]));
        }
      }
      if (alike || std::count(used.begin() + 1, used.end(), true) > 2) {
        continue;
      }
      std::size_t rest = combination;
      const auto set = [&](std::initializer_list<operator_type> ops) {
        for (const operator_type op : ops) {
          c.operator_precisions.set(op, weights[rest % n]);
        }
        rest /= n;
      };
      set({q_proj, k_proj, v_proj});
      set({o_proj});
      if (moe) {
        set({expert_gate, expert_up, expert_down});
      } else {
        set({ffn_gate, ffn_up});
        set({ffn_down});
      }
      c.operator_precisions.set(lm_head, half);
      for (const p kv : r.kv_formats) {
        c.kv_cache_precision = kv;
        for (const flash_attention_version v : flash_attention_versions) {
          if (!runs_flash_attention(hw, v) || !reads(r.engine.view(), hw, v, kv)) {
            continue;
          }
          const bool fp8 = format_of(kv).element_bits <= 8 && takes_precision(v, p::fp8_e4m3) &&
                           supports_natively(hw, p::fp8_e4m3);
          const p product = fp8 ? p::fp8_e4m3 : half;
          c.operator_precisions.set(qk_matmul, product);
          c.operator_precisions.set(sv_matmul, product);
          const flash_attention_config attention{.version = v,
                                                 .qkv_precision = product,
                                                 .kv_cache_precision = kv,
                                                 .use_native_fp8 = fp8};
          double score = 0;
          double weight = 0;
          bool keeps = true;
          for (const workload_point& point : r.workload) {
            const double us = predict_engine_step(calibrated, hw, m, c,
                                                  {.phase = point.phase,
                                                   .seq_len = point.seq_len,
                                                   .batch = point.batch,
                                                   .attention = attention},
                                                  get_engine(r.engine.view()))
                                  .time_us;
            const auto& limit = point.phase == phase::decode ? r.limits.tpot_us : r.limits.ttft_us;
            keeps = keeps && (!limit || us <= *limit * (1 + 1e-9));
            score += point.weight * us;
            weight += point.weight;
          }
          std::int64_t bytes = 0;
          for (const workload_point& point : r.workload) {
            const memory_estimate e =
                estimate_memory(m, c, hw, {}, point.batch, point.seq_len, r.memory);
            keeps = keeps && e.fits;
            bytes = e.total_bytes > bytes ? e.total_bytes : bytes;
          }
          keeps = keeps && (!r.limits.memory_bytes ||
                            static_cast<double>(bytes) <=
                                static_cast<double>(*r.limits.memory_bytes) * (1 + 1e-9));
          if (!keeps) {
            continue;
          }
          score = r.goal == objective::min_memory ? static_cast<double>(bytes) : score / weight;
          if (best && score >= best->score) {
            continue;
          }
          const quality_estimate q = estimate_quality(m, c, r.quality);
          if (static_cast<int>(q.grade) <= static_cast<int>(r.limits.min_grade) &&
              (!r.limits.quality_loss || q.loss.upper <= *r.limits.quality_loss * (1 + 1e-9))) {
            best = plan{.score = score, .config = c};
          }
        }
      }
    }
  }
  return best;
}

struct random_case {
  hardware_spec hw{};
  model_config model{};
  optimize_request request{};
};

random_case make_case(std::mt19937& random) {
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  constexpr std::array<std::string_view, 5> devices{"h100_sxm", "b200_sxm", "a100_sxm_80gb", "l40s",
                                                    "rtx_pro_6000_server"};
  random_case c{.hw = get_hardware(devices[static_cast<std::size_t>(below(5))])};
  if (below(4) == 0) {
    c.model = models::qwen3_30b_a3b;
    c.model.num_layers = 1 + below(7);
  } else {
    const int kv_heads = 1 << below(4);
    c.model = {.name = "random",
               .hidden_size = 512 * (1 + below(12)),
               .num_layers = 1 + below(7),
               .num_heads = kv_heads * (1 + below(6)),
               .num_kv_heads = kv_heads,
               .head_dim = below(2) == 0 ? 64 : 128,
               .ffn_dim = 512 * (1 + below(24)),
               .vocab_size = 32000,
               .qk_norm = below(2) == 0};
    if (below(3) == 0) {
      c.model = models::llama3_8b;  // evidence knows it
      c.model.num_layers = 7;
      c.model.name = "llama3_8b";
    }
  }
  optimize_request& r = c.request;
  r.workload.push_back({.phase = phase::decode,
                        .seq_len = 1 << (8 + below(8)),
                        .batch = 1 << below(8),
                        .weight = 1.0 + below(3)});
  if (below(2) == 0) {
    r.workload.push_back({.phase = phase::prefill, .seq_len = 1 << (7 + below(6)), .weight = 0.5});
  }
  r.engine = below(2) == 0 ? "vllm" : "tensorrt_llm";
  constexpr std::array<p, 8> weights{
      p::fp8_e4m3, p::fp8_e4m3_channel, p::int8_channel, p::int4_g128, p::int4_g128_zp4,
      p::nvfp4,    p::mxfp8_e4m3,       p::mxfp4};
  const std::size_t first = static_cast<std::size_t>(below(8));
  r.formats = {weights[first], weights[(first + 1 + static_cast<std::size_t>(below(6))) % 8]};
  if (r.formats[1] == r.formats[0]) {
    r.formats = {weights[first]};
  } else if (below(4) == 0 && r.formats[1] != weights[(first + 6) % 8]) {
    r.formats.push_back(weights[(first + 6) % 8]);
  }
  const p half = native_16bit(c.hw);
  r.activations = {half,     p::fp8_e4m3,     p::fp8_e4m3_channel,
                   p::nvfp4, p::int8_channel, p::mxfp8_e4m3};
  r.kv_formats = {half, p::fp8_e4m3, p::nvfp4_kv};
  r.goal = below(4) == 0 ? objective::min_memory : objective::min_time;
  r.limits.min_grade = static_cast<quality_grade>(below(4));
  if (below(2) == 0) {
    constexpr std::array<double, 7> losses{0, 0.001, 0.005, 0.01, 0.03, 0.1, 0.5};
    r.limits.quality_loss = losses[static_cast<std::size_t>(below(7))];
  }
  r.quality.calibrated = below(2) == 0;
  r.quality.kv_calibrated = below(3) != 0;
  return c;
}

TEST_CASE("no plan is better than the optimizer's") {
  std::mt19937 random{6};
  int feasible = 0;
  int limited = 0;
  int mixed = 0;  // answers whose weights have inputs of different formats
  for (int i = 0; i < 120; ++i) {
    random_case c = make_case(random);
    // limits that bind: shares of what is best without them
    const optimization free = optimize(calibrated, c.hw, c.model, c.request);
    if (free.feasible && random() % 2 == 0) {
      const double share = 0.9 + 0.02 * static_cast<double>(random() % 20);
      if (random() % 2 == 0) {
        c.request.limits.memory_bytes =
            static_cast<std::int64_t>(share * static_cast<double>(free.best.memory_bytes));
      } else {
        c.request.limits.tpot_us = share * free.best.step_us[0];
      }
      ++limited;
    }
    const optimization found = optimize(calibrated, c.hw, c.model, c.request);
    const std::optional<plan> best = best_of_all(c.hw, c.model, c.request);
    CAPTURE(i, std::string(c.hw.key.view()), std::string(c.request.engine.view()),
            to_string(c.request.goal), to_string(c.request.formats[0]), c.model.num_layers);
    REQUIRE(found.feasible == best.has_value());
    REQUIRE(found.gap == 0);
    if (best) {
      ++feasible;
      mixed += found.best.config.activation_rules.empty() ? 0 : 1;
      REQUIRE(found.best.score == Approx(best->score).epsilon(1e-9));
      REQUIRE(static_cast<int>(found.best.quality.grade) <=
              static_cast<int>(c.request.limits.min_grade));
    }
  }
  CHECK(feasible > 15);
  CHECK(limited > 5);
  CHECK(mixed > 0);
}

TEST_CASE("no division of the layers is better than the optimizer's") {
  const model_config& m = models::llama3_8b;
  optimize_request r = decode_of(4096, 2);
  r.bands = {layer_band{.first_layer = 0, .count = 5}, layer_band{.first_layer = 5, .count = 27}};
  r.formats = {p::int8_channel};
  r.activations = {p::fp16};
  r.kv_formats = {p::fp16};
  r.engine = "sglang";
  r.quality.use_evidence = false;
  constexpr operator_set groups[] = {
      {operator_type::q_proj, operator_type::k_proj, operator_type::v_proj},
      {operator_type::o_proj},
      {operator_type::ffn_gate, operator_type::ffn_up},
      {operator_type::ffn_down}};
  const flash_attention_config fa3{.version = flash_attention_version::fa3};
  for (const double loss : {0.0002, 0.0005, 0.0008, 0.0012, 0.0016, 0.002}) {
    r.limits.quality_loss = loss;
    double best = 1e300;
    for (unsigned combination = 0; combination < 256; ++combination) {
      mixed_precision_config c{.name = "tried"};
      c.operator_precisions.set(operator_type::qk_matmul, p::fp16);
      for (unsigned band = 0; band < 2; ++band) {
        for (unsigned g = 0; g < 4; ++g) {
          if (((combination >> (4 * band + g)) & 1U) != 0) {
            c = c.with_layers(band == 0 ? 0 : 5, band == 0 ? 4 : 31, p::int8_channel, groups[g]);
          }
        }
      }
      if (estimate_quality(m, c, r.quality).loss.upper > loss) {
        continue;
      }
      const double us =
          predict_engine_step(calibrated, hw::h100_sxm, m, c,
                              {.seq_len = 4096, .batch = 2, .attention = fa3}, engines::sglang)
              .time_us;
      best = us < best ? us : best;
    }
    const optimization a = optimize(calibrated, hw::h100_sxm, m, r);
    CAPTURE(loss);
    REQUIRE(a.feasible);
    CHECK(a.best.score == Approx(best).epsilon(1e-9));
    CHECK(a.gap == 0);
  }
}

// ---- what holds of every answer -------------------------------------------------------------------------------------------------

TEST_CASE("the tables add up to predict_step, the bytes to estimate_memory") {
  for (const std::string_view device : {"b10", "gb10", "h100_sxm", "b200_sxm", "mi300x"}) {
    for (const std::string_view name :
         {"llama3_8b", "qwen3_30b_a3b", "gpt_oss_20b", "gemma3_27b"}) {
      for (const bool prefill : {false, true}) {
        const hardware_spec& hw = get_hardware(device);
        const model_config& m = get_model(name);
        optimize_request r = decode_of(4096, 3);
        if (prefill) {
          r.workload[0] = {.phase = phase::prefill, .seq_len = 1000, .batch = 2};
        }
        r.limits.quality_loss = 0.05;
        const optimization a = optimize(calibrated, hw, m, r);
        CAPTURE(device, name, prefill);
        if (!a.feasible) {
          continue;
        }
        CHECK(a.best.step_us[0] == Approx(a.step.time_us).epsilon(1e-12));
        CHECK(a.best.nats == Approx(a.best.quality.nats.upper).epsilon(1e-9).margin(1e-12));
        CHECK_FALSE(a.best.engines.empty());
        if (a.memory) {
          CHECK(a.best.memory_bytes == a.memory->total_bytes);
          CHECK(a.memory->fits);
        }
      }
    }
  }
}

TEST_CASE("every answer keeps to its limits, whatever is asked") {
  std::mt19937 random{20};
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  int feasible = 0;
  for (int i = 0; i < 150; ++i) {
    const hardware_spec& hw =
        *known_hardware[static_cast<std::size_t>(below(static_cast<int>(known_hardware.size())))];
    const model_config& m =
        models::all[static_cast<std::size_t>(below(static_cast<int>(models::all.size())))];
    optimize_request r;
    for (int points = 1 + below(3); points > 0; --points) {
      r.workload.push_back({.phase = points == 1 ? phase::decode : phase::prefill,
                            .seq_len = 1 << (4 + below(10)),
                            .batch = 1 << below(6),
                            .weight = 0.1 + below(5)});
    }
    r.goal = static_cast<objective>(below(4));
    r.limits.min_grade = static_cast<quality_grade>(below(4));
    r.quality.metric = static_cast<quality_metric>(below(5));
    r.quality.calibrated = below(2) == 0;
    r.quantize_lm_head = below(2) == 0;
    if (below(2) == 0) {
      r.limits.quality_loss = below(40) / 400.0;
    }
    if (below(3) == 0) {
      r.limits.tpot_us = 1000.0 * (1 + below(50));
    }
    if (below(3) == 0) {
      r.largest_batch = 1 + below(300);
    }
    if (below(3) == 0) {
      r.engine = engines::all[static_cast<std::size_t>(below(5))].name;
    }
    const optimization a = optimize(calibrated, hw, m, r);
    if (!a.feasible) {
      continue;
    }
    ++feasible;
    CAPTURE(i, std::string(hw.key.view()), std::string(m.name.view()));
    CHECK(a.best.step_us[0] == Approx(a.step.time_us).epsilon(1e-12));
    CHECK((!a.memory || (a.memory->fits && a.memory->total_bytes == a.best.memory_bytes)));
    CHECK(a.best.nats == Approx(a.best.quality.nats.upper).epsilon(1e-9).margin(1e-12));
    CHECK(static_cast<int>(a.best.quality.grade) <= static_cast<int>(r.limits.min_grade));
    CHECK((!r.limits.quality_loss ||
           a.best.quality.loss.upper <= *r.limits.quality_loss * (1 + 1e-6)));
    CHECK((!r.limits.tpot_us ||
           a.best.step_us[a.best.step_us.size() - 1] <= *r.limits.tpot_us * (1 + 1e-6)));
    CHECK_FALSE(a.best.engines.empty());
    CHECK((r.engine.empty() || a.best.engines.contains(r.engine.view())));
    CHECK(is_valid(a.best.config));
  }
  CHECK(feasible > 40);
}

TEST_CASE("a latent model on eight devices") {
  optimize_request r = decode_of(8192, 32);
  r.plans = {parallel_plan{.tensor = 8, .expert = 8}};
  r.limits.quality_loss = 0.05;
  const optimization a = optimize(calibrated, hw::b200_sxm, models::deepseek_v3, r);
  REQUIRE(a.feasible);
  CHECK(a.best.step_us[0] == Approx(a.step.time_us).epsilon(1e-12));
  CHECK(a.best.memory_bytes == a.memory->total_bytes);
  CHECK(format_of(a.best.config.get_precision(operator_type::kv_b_proj, 30)).element_bits >= 8);
  r.plans = {parallel_plan{}};
  CHECK_FALSE(optimize(calibrated, hw::b200_sxm, models::deepseek_v3, r).feasible);
}

TEST_CASE("more quality is never slower to give up, tighter limits never help") {
  const model_config& m = models::llama3_8b;
  for (const hardware_spec* hw : {&hw::h100_sxm, &hw::b200_sxm, &hw::a100_sxm_80gb}) {
    double before = 1e300;
    for (const double loss : {0.0, 0.002, 0.01, 0.03, 0.1, 0.3}) {
      optimize_request r = decode_of(4096, 4);
      r.limits.quality_loss = loss;
      const optimization a = optimize(calibrated, *hw, m, r);
      REQUIRE(a.feasible);
      CHECK(a.best.score <= before * (1 + 1e-12));
      CHECK(a.best.quality.loss.upper <= loss * (1 + 1e-9));
      before = a.best.score;
      for (const double share : {1.0, 0.9, 0.8}) {
        r.limits.memory_bytes =
            static_cast<std::int64_t>(share * static_cast<double>(a.best.memory_bytes));
        const optimization smaller = optimize(calibrated, *hw, m, r);
        CHECK((!smaller.feasible || smaller.best.score >= a.best.score * (1 - 1e-12)));
      }
    }
  }
}

TEST_CASE("a user's sensitivities decide where the wide layers go") {
  std::vector<operator_loss> own;
  for (const operator_type op : operator_types) {
    if (block_linears.contains(op)) {  // the last quarter does not mind, the rest does
      own.push_back(
          {.op = op, .first_layer = 0, .last_layer = 23, .precision = p::int4_g128, .nats = 0.1});
      own.push_back(
          {.op = op, .first_layer = 24, .last_layer = 31, .precision = p::int4_g128, .nats = 1e-5});
    }
  }
  optimize_request r = decode_of(4096);
  r.formats = {p::int4_g128};
  r.activations = {p::fp16};
  r.limits.quality_loss = 0.01;
  r.quality.sensitivities = own;
  const optimization a = optimize(calibrated, hw::h100_sxm, models::llama3_8b, r);
  REQUIRE(a.feasible);
  CHECK(a.best.config.get_precision(operator_type::ffn_up, 31) == p::int4_g128);
  CHECK(a.best.config.get_precision(operator_type::ffn_up, 10) == p::fp16);
}

TEST_CASE("throughput takes the batch that memory and the limit on tokens allow") {
  optimize_request r = decode_of(4096);
  r.goal = objective::max_throughput;
  r.largest_batch = 512;
  r.limits.quality_loss = 0.02;
  const optimization most = optimize(calibrated, hw::h100_sxm, models::llama3_8b, r);
  REQUIRE(most.feasible);
  CHECK(most.best.workload[0].batch >= 64);
  r.limits.tpot_us = 8000;
  const optimization quick = optimize(calibrated, hw::h100_sxm, models::llama3_8b, r);
  REQUIRE(quick.feasible);
  CHECK(quick.best.workload[0].batch < most.best.workload[0].batch);
  CHECK(quick.best.step_us[0] <= 8000 * (1 + 1e-9));
  CHECK(quick.best.score >= most.best.score);
  r.goal = objective::min_cost;
  r.plans = {parallel_plan{}, parallel_plan{.tensor = 2}, parallel_plan{.tensor = 4}};
  const optimization cheap = optimize(calibrated, hw::h100_sxm, models::llama3_8b, r);
  REQUIRE(cheap.feasible);
  // money a token is devices * price * time a token
  CHECK(cheap.best.score ==
        Approx(static_cast<double>(cheap.best.devices.devices()) * cheap.best.step_us[0] / 3.6e9 /
               static_cast<double>(cheap.best.workload[0].batch)));
}

TEST_CASE("points of the frontier do not beat each other") {
  optimize_request r = decode_of(4096, 8);
  const pareto_points points = pareto_frontier(calibrated, hw::h100_sxm, models::llama3_8b, r);
  CHECK(points.size() >= 8);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < points.size(); ++j) {
      CHECK((i == j || !detail::dominates(points[i], points[j])));
    }
    CHECK((i == 0 || points[i - 1].score <= points[i].score));
  }
  CHECK(points[0].score ==
        Approx(optimize(calibrated, hw::h100_sxm, models::llama3_8b, r).best.score).epsilon(0.002));
  CHECK(points[points.size() - 1].quality_loss == 0);
  r.goal = objective::min_memory;
  CHECK_THROWS_AS(pareto_frontier(calibrated, hw::h100_sxm, models::llama3_8b, r), domain_error);
}

TEST_CASE("questions that have no answer in principle are refused") {
  const auto refused = [](auto change) {
    optimize_request r = decode_of(4096);
    change(r);
    CHECK_THROWS_AS(optimize(calibrated, hw::h100_sxm, models::llama3_8b, r), domain_error);
  };
  refused([](optimize_request& r) { r.workload.clear(); });
  refused([](optimize_request& r) { r.workload[0].weight = 0; });
  refused([](optimize_request& r) { r.workload[0].seq_len = 0; });
  refused([](optimize_request& r) { r.plans.clear(); });
  refused([](optimize_request& r) { r.plans = {parallel_plan{.pipeline = 2}}; });
  refused([](optimize_request& r) { r.plans = {parallel_plan{.tensor = 3}}; });
  refused([](optimize_request& r) { r.engine = "no such engine"; });
  refused([](optimize_request& r) { r.limits.quality_loss = -1; });
  refused([](optimize_request& r) { r.limits.tpot_us = 0; });
  refused([](optimize_request& r) { r.bands.push_back({.first_layer = 0, .count = 31}); });
  refused([](optimize_request& r) { r.bands.push_back({.first_layer = 1, .count = 31}); });
  refused([](optimize_request& r) {
    r.workload[0].phase = phase::prefill;
    r.goal = objective::max_throughput;
  });
}

}  // namespace

}  // namespace optimize_test

// SPDX-License-Identifier: Apache-2.0
//
// What a device runs instead of what it lacks.
#include "quantroof/engine/substitution.hpp"

#include "catch.hpp"
#include "quantroof/engine/engine.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace substitution_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

// ---- one format at a time ---------------------------------------------------------------------------------------------------

struct row {
  std::string_view device;
  p asked;
  p weight;  // as a weight or activation
  p cache;   // as KV cache
};
constexpr row rows[] = {
    {"b10", p::nvfp4, p::nvfp4, p::nvfp4},
    {"b10", p::nvfp4_kv, p::nvfp4_kv, p::nvfp4_kv},
    {"b10", p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3},
    {"b10", p::mxfp4, p::mxfp4, p::mxfp4},
    {"h100_sxm", p::nvfp4, p::int4_g128, p::fp8_e4m3},
    {"h100_sxm", p::nvfp4_kv, p::int4_g128, p::fp8_e4m3},
    {"h100_sxm", p::fp8_e5m2, p::fp8_e5m2, p::fp8_e5m2},
    {"h100_sxm", p::fp8_e4m3fnuz, p::fp8_e4m3, p::fp8_e4m3},  // AMD's patterns on NVIDIA
    {"h100_sxm", p::mxfp8_e4m3, p::fp8_e4m3, p::fp8_e4m3},    // no block scales in the unit
    {"h100_sxm", p::int4_g128, p::int4_g128, p::int4_g128},
    {"h100_sxm", p::bf16, p::bf16, p::bf16},
    {"a100_sxm_80gb", p::fp8_e4m3, p::int8_channel, p::int8},
    {"a100_sxm_80gb", p::nvfp4_kv, p::int4_g128, p::int8},
    {"a100_sxm_80gb", p::gguf_q4_k, p::gguf_q4_k, p::gguf_q4_k},
    {"mi300x", p::fp8_e4m3, p::fp8_e4m3fnuz, p::fp8_e4m3fnuz},
    {"mi300x", p::fp8_e5m2, p::fp8_e5m2fnuz, p::fp8_e5m2fnuz},
    {"mi300x", p::nvfp4_kv, p::int4_g128, p::fp8_e4m3fnuz},
    {"mi355x", p::nvfp4, p::mxfp4, p::fp8_e4m3},  // MX blocks only
    {"mi355x", p::mxfp4, p::mxfp4, p::fp8_e4m3},
    {"mi355x", p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3},
    {"v100_sxm2_32gb", p::fp8_e4m3, p::fp16, p::int8},  // neither FP8 nor INT8 units
    {"v100_sxm2_32gb", p::bf16, p::fp16, p::fp16},
    {"t4", p::fp8_e4m3, p::int8_channel, p::int8},
    {"t4", p::bf16, p::fp16, p::fp16},
    {"tpu_v5e", p::fp16, p::bf16, p::bf16},
    {"gaudi3", p::fp16, p::bf16, p::bf16},  // has FP16 at a quarter of the BF16 rate
    {"b200_sxm", p::fp16, p::fp16, p::fp16},
};
constexpr auto replaced = [](const row& r) {
  const hardware_spec& device = get_hardware(r.device);
  return runnable_precision(device, r.asked) == r.weight &&
         runnable_kv_precision(device, r.asked) == r.cache;
};
static_assert(test::first_failure(rows, replaced) == -1);

TEST_CASE("a format that a device lacks is replaced") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.device, to_string(r.asked));
    CHECK(replaced(r));
  }
}

/// FP8, FP4 and 16-bit formats need a unit; the others are stored, and dequantized where there is none.
bool runs_or_dequantizes(const hardware_spec& hw, p format) {
  switch (format_of(format).kind) {
    case element_kind::fp8:
    case element_kind::fp16:
    case element_kind::bf16:
      return supports_natively(hw, format);
    case element_kind::fp4:
      return supports_natively(hw, format == p::nvfp4_kv ? p::nvfp4 : format);
    default:
      return true;
  }
}

TEST_CASE("every format on every device becomes one that runs, once and for all") {
  int failures = 0;
  for (const hardware_spec* device : list_hardware()) {
    for (const precision_format& f : precision_formats) {
      const p weight = runnable_precision(*device, f.id);
      const p cache = runnable_kv_precision(*device, f.id);
      failures +=
          runs_or_dequantizes(*device, weight) && runs_or_dequantizes(*device, cache) ? 0 : 1;
      failures += runnable_precision(*device, weight) == weight ? 0 : 1;  // no chains
      failures += runnable_kv_precision(*device, cache) == cache ? 0 : 1;
      const bool slow = f.id == p::fp16 && native_16bit(*device) != p::fp16;
      const bool needless = runs_or_dequantizes(*device, f.id) && !slow && weight != f.id;
      failures += needless ? 1 : 0;
    }
  }
  CHECK(failures == 0);
}

// ---- a whole strategy -------------------------------------------------------------------------------------------------------

static_assert(adapt_to(hw::b10, create_nvfp4_blackwell()).config == create_nvfp4_blackwell());
static_assert(adapt_to(hw::b10, create_nvfp4_blackwell()).substitutions.empty());

TEST_CASE("a strategy keeps its order and its name, and lists each replacement once") {
  const adapted_strategy a = adapt_to(hw::a100_sxm_80gb, create_hybrid_long_context());
  const substitution expected[] = {
      {p::fp8_e4m3, p::int8_channel}, {p::nvfp4, p::int4_g128}, {p::nvfp4_kv, p::int8}};
  REQUIRE(a.substitutions.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(a.substitutions[i] == expected[i]);
  }
  CHECK(a.config.name == "hybrid_long_context");
  CHECK(a.config.claims == create_hybrid_long_context().claims);
  CHECK(a.config.get_precision(op::q_proj) == p::int8_channel);
  CHECK(a.config.get_precision(op::ffn_up) == p::int4_g128);
  CHECK(a.config.get_precision(op::kv_cache) == p::int8);
  CHECK(a.config.get_precision(op::lm_head) == p::fp16);
}

TEST_CASE("layers, defaults and the entry of the KV cache are replaced too") {
  const mixed_precision_config asked =
      mixed_precision_config{.name = "asked",
                             .default_activation_precision = p::fp8_e4m3,
                             .default_weight_precision = p::nvfp4}
          .with(op::kv_cache, p::nvfp4_kv)
          .with(op::softmax, p::fp8_e4m3)
          .with_layers(3, 7, p::nvfp4)
          .with_layers(4, 5, p::fp8_e4m3, {op::o_proj})
          .with_activation(p::nvfp4, p::fp16)
          .with_activation(p::int4_g128, p::fp8_e4m3)
          .with_activation(p::fp8_e4m3, p::fp8_e4m3);
  const adapted_strategy a = adapt_to(hw::mi300x, asked);
  CHECK(a.config.default_activation_precision == p::fp8_e4m3fnuz);
  CHECK(a.config.default_weight_precision == p::int4_g128);
  CHECK(a.config.get_precision(op::softmax) == p::fp8_e4m3fnuz);
  CHECK(a.config.get_precision(op::ffn_up, 3) == p::int4_g128);
  CHECK(a.config.get_precision(op::o_proj, 4) == p::fp8_e4m3fnuz);
  CHECK(a.config.get_precision(op::kv_cache) == p::fp8_e4m3fnuz);
  CHECK(a.config.get_activation_precision(p::int4_g128) == p::fp16);  // NVFP4's, which came first
  CHECK(a.config.get_activation_precision(p::fp8_e4m3fnuz) == p::fp8_e4m3fnuz);
  CHECK(a.config.activation_rules.size() == 2);
  CHECK(is_valid(a.config));
  CHECK(a.substitutions.size() == 3);  // NVFP4 -> INT4_G128, FP8 -> FNUZ, NVFP4_KV -> FNUZ
}

static_assert(runnable_input(hw::h100_sxm, p::nvfp4) == p::fp16);  // its weights become INT4_G128
static_assert(runnable_input(hw::b200_sxm, p::nvfp4) == p::nvfp4);
static_assert(runnable_input(hw::a100_sxm_80gb, p::fp8_e4m3) == p::int8_channel);
static_assert(runnable_input(hw::a100_sxm_80gb, p::int4) == p::int4);

TEST_CASE("inputs do not become INT4 with the weights that do") {
  const adapted_strategy a =
      adapt_to(test::at_run_time_value(hw::h100_sxm), {.name = "w4a4",
                                                       .default_activation_precision = p::nvfp4,
                                                       .default_weight_precision = p::nvfp4});
  CHECK(a.config.default_weight_precision == p::int4_g128);
  CHECK(a.config.default_activation_precision == p::fp16);
  CHECK(a.substitutions.size() == 2);
}

TEST_CASE("one 16-bit format for another is no replacement worth a word") {
  const adapted_strategy a = adapt_to(hw::tpu_v5e, create_fp16_baseline());
  CHECK(a.substitutions.empty());
  CHECK(a.config.get_precision(op::q_proj) == p::bf16);
  CHECK(a.config.get_precision(op::kv_cache) == p::bf16);
}

TEST_CASE("every strategy on every device is made of formats that run") {
  int failures = 0;
  for (const hardware_spec* device : list_hardware()) {
    for (const strategy_entry& entry : list_strategies()) {
      const mixed_precision_config asked = entry.create(32);
      const adapted_strategy a = adapt_to(*device, asked);
      failures += is_valid(a.config) ? 0 : 1;
      for (const op each : operator_types) {
        for (std::int64_t layer = 0; layer < 32; ++layer) {
          const p before = asked.get_precision(each, layer);
          const p after = a.config.get_precision(each, layer);
          failures +=
              runs_or_dequantizes(*device, after) || !weight_operators.contains(each) ? 0 : 1;
          const bool wide = format_of(before).element_bits == 16;
          bool listed = before == after || (wide && format_of(after).element_bits == 16);
          for (const substitution& s : a.substitutions) {
            listed = listed || s == substitution{before, after};
          }
          failures += listed ? 0 : 1;
        }
      }
      failures += runs_or_dequantizes(*device, a.config.kv_cache_precision) ? 0 : 1;
      failures += runs_or_dequantizes(*device, a.config.default_activation_precision) ? 0 : 1;
      failures += adapt_to(*device, a.config).config == a.config ? 0 : 1;
    }
  }
  CHECK(failures == 0);
}

struct stored_row {
  const hardware_spec& device;
  p weight;
  p input;
  p computed;  // what becomes of the input
};
constexpr stored_row stored[] = {
    {hw::b200_sxm, p::nvfp4, p::nvfp4, p::nvfp4},
    {hw::h200_sxm, p::nvfp4, p::nvfp4, p::fp16},
    {hw::h200_sxm, p::mxfp4, p::bf16, p::bf16},
    {hw::h200_sxm, p::fp8_e4m3_block128, p::fp8_e4m3_group128, p::fp8_e4m3_group128},
    {hw::a100_sxm_80gb, p::fp8_e4m3, p::fp8_e4m3, p::fp16},
    {hw::a100_sxm_80gb, p::int8_channel, p::int8_channel, p::int8_channel},
    {hw::mi300x, p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3fnuz},
};
constexpr auto keeps_weights = [](const stored_row& r) {
  const adapted_strategy a = read_as_stored(r.device, {.name = "stored",
                                                       .default_activation_precision = r.input,
                                                       .default_weight_precision = r.weight});
  return a.config.get_precision(op::ffn_up) == r.weight &&
         a.config.get_activation_precision(r.weight) == r.computed &&
         a.substitutions.size() == (r.input == r.computed ? 0 : 1) && is_valid(a.config);
};
static_assert(test::first_failure(stored, keeps_weights) == -1);

TEST_CASE("a checkpoint's weights stay, and are dequantized where the device does not multiply") {
  for (const stored_row& r : stored) {
    CAPTURE(r.device.key.view(), to_string(r.weight));
    CHECK(keeps_weights(r));
  }
  const adapted_strategy a =
      read_as_stored(hw::a100_sxm_80gb, mixed_precision_config{.name = "cache"}
                                            .with(op::kv_cache, p::fp8_e4m3)
                                            .with(op::ffn_up, p::nvfp4)
                                            .with_activation(p::nvfp4, p::nvfp4));
  CHECK(a.config.get_precision(op::kv_cache) == p::int8);
  CHECK(a.config.get_precision(op::ffn_up) == p::nvfp4);
  CHECK(a.config.get_activation_precision(p::nvfp4) == p::fp16);
  const quantization_recommendation rec =
      integrated_quantization_engine{hw::h200_sxm}.evaluate_checkpoint(
          models::gpt_oss_20b, {.phase = phase::decode, .seq_len = 4096},
          mixed_precision_config{.name = "mxfp4"}.with(op::expert_up, p::mxfp4));
  CHECK(rec.substitutions.empty());
  CHECK(rec.mixed_precision.get_precision(op::expert_up) == p::mxfp4);
}

// ---- rows that all heads share --------------------------------------------------------------------------------------------------

struct shared_row {
  hardware_spec device;
  cache_format asked;
  cache_format got;
};
constexpr shared_row shared_rows[] = {
    {hw::b200_sxm, p::nvfp4_kv, p::fp8_e4m3},
    {hw::b200_sxm, p::fp16, p::fp16},
    {hw::b200_sxm, p::fp8_e5m2, p::fp8_e5m2},
    {hw::h100_sxm, p::int4_g128, p::fp8_e4m3},
    {hw::h100_sxm, {p::gguf_q8_0, p::gguf_q4_0}, p::fp8_e4m3},
    {hw::h100_sxm, p::gguf_q8_0, p::gguf_q8_0},
    {hw::a100_sxm_80gb, p::int8, p::fp16},
    {hw::mi300x, p::int8, p::fp8_e4m3fnuz},
};
constexpr auto is_held = [](const shared_row& r) {
  const adapted_strategy a = with_shared_rows(
      r.device, {.config = mixed_precision_config{.name = "rows"}.with_cache(r.asked)});
  return a.config.get_cache_format() == r.got && holds_shared_rows(r.got) &&
         a.substitutions.size() == (r.asked == r.got ? 0 : 1) && is_valid(a.config);
};
static_assert(test::first_failure(shared_rows, is_held) == -1);

TEST_CASE("rows that are key and value of all heads stay in formats that their kernels read") {
  for (const shared_row& r : test::at_run_time(shared_rows)) {
    CAPTURE(r.device.key.view(), to_string(r.asked.key));
    CHECK(is_held(r));
  }
  for (const model_config& m : {models::deepseek_v3, models::deepseek_v4_flash}) {
    const quantization_recommendation rec = integrated_quantization_engine{hw::b200_sxm}.recommend(
        m, {.phase = phase::decode, .seq_len = 32768, .plan = {.tensor = 8}});
    CHECK(rec.config.kv_cache_precision == p::fp8_e4m3);
    REQUIRE(rec.fa_config);
    CHECK_FALSE(rec.fa_config->block_sparse);
    CHECK_THAT(std::string{rec.reason.view()},
               test::contains("one cached row serves all heads: a kernel of its own"));
  }
}

TEST_CASE("a broken strategy is refused") {
  CHECK_THROWS_WITH(adapt_to(hw::b10, {}),
                    test::contains("mixed_precision_config: name must not be empty"));
}

}  // namespace

}  // namespace substitution_test

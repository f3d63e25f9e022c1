// SPDX-License-Identifier: Apache-2.0
//
// Which precision an operator of a layer has: the order of the rules, the specification's example, the bands of equal layers.
#include "quantroof/model/mixed_precision.hpp"

#include <limits>

#include "catch.hpp"
#include "test_table.hpp"

namespace mixed_precision_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

// ---- get_precision ----------------------------------------------------------------------------------------------------------

constexpr mixed_precision_config layered{
    .name = "layered",
    .operator_precisions = {{op::q_proj, p::fp8_e4m3},
                            {op::softmax, p::fp32},
                            {op::qk_matmul, p::bf16}},
    .default_activation_precision = p::fp8_e5m2,
    .kv_cache_precision = p::int8,
    .default_weight_precision = p::int4_g128,
    .layer_overrides = {
        {.first_layer = 2, .last_layer = 5, .precision = p::fp16},
        {.first_layer = 4,
         .last_layer = 4,
         .operators = {op::q_proj, op::softmax},
         .precision = p::nvfp4},
        {.first_layer = 5, .last_layer = 9, .operators = {op::lm_head}, .precision = p::mxfp4}}};
static_assert(is_valid(layered));

struct rule_row {
  op of;
  std::int64_t layer;
  p expected;
  std::string_view rule;
};
constexpr rule_row rules[] = {
    {op::q_proj, 0, p::fp8_e4m3, "own entry"},
    {op::softmax, 0, p::fp32, "own entry"},
    {op::qk_matmul, 0, p::bf16, "own entry before the activation default"},
    {op::k_proj, 0, p::int4_g128, "default of weights"},
    {op::embeddings, 0, p::int4_g128, "default of weights"},
    {op::lm_head, 0, p::int4_g128, "default of weights"},
    {op::kv_cache, 0, p::int8, "default of the KV cache"},
    {op::sv_matmul, 0, p::fp8_e5m2, "default of activations"},
    {op::rmsnorm, 0, p::fp16, "vector operators"},
    {op::rope, 99, p::fp16, "vector operators"},
    {op::q_proj, 1, p::fp8_e4m3, "below the override"},
    {op::q_proj, 2, p::fp16, "first layer of an override"},
    {op::k_proj, 5, p::fp16, "last layer of an override"},
    {op::q_proj, 6, p::fp8_e4m3, "above the override"},
    {op::q_proj, 4, p::nvfp4, "the last override wins"},
    {op::softmax, 4, p::nvfp4, "an override covers what it lists"},
    {op::v_proj, 4, p::fp16, "an override leaves what it does not list"},
    {op::softmax, 3, p::fp32, "block_linears is an override's default set"},
    {op::lm_head, 5, p::mxfp4, "two overrides of other operators in one layer"},
    {op::kv_cache, 4, p::int8, "overrides leave the KV cache"},
};
constexpr auto follows = [](const rule_row& r) {
  return layered.get_precision(r.of, r.layer) == r.expected;
};
static_assert(test::first_failure(rules, follows) == -1);

TEST_CASE("precision of an operator: override, entry, default") {
  const mixed_precision_config config = test::at_run_time_value(layered);
  for (const rule_row& r : test::at_run_time(rules)) {
    CAPTURE(to_string(r.of), r.layer, r.rule);
    CHECK(config.get_precision(r.of, r.layer) == r.expected);
  }
  REQUIRE_THROWS_WITH(config.get_precision(op::q_proj, -1),
                      test::contains("get_precision: layer must not be negative"));
  REQUIRE_THROWS_WITH(config.get_precision(static_cast<op>(operator_count)),
                      test::contains("operator_precisions: the value is not an operator"));
}

TEST_CASE("a configuration without entries is FP16 throughout") {
  for (const op each : operator_types) {
    CHECK(mixed_precision_config{}.get_precision(each, 7) == p::fp16);
  }
}

// ---- the specification's custom strategy ----------------------------------------------------------------------------------

constexpr mixed_precision_config custom{.name = "Custom Strategy",
                                        .description = "Aggressive FFN, conservative attention",
                                        .operator_precisions = {{op::q_proj, p::fp8_e4m3},
                                                                {op::k_proj, p::fp8_e4m3},
                                                                {op::v_proj, p::fp8_e4m3},
                                                                {op::o_proj, p::fp8_e4m3},
                                                                {op::ffn_gate, p::nvfp4},
                                                                {op::ffn_up, p::nvfp4},
                                                                {op::ffn_down, p::nvfp4},
                                                                {op::kv_cache, p::nvfp4_kv}},
                                        .default_activation_precision = p::fp16,
                                        .kv_cache_precision = p::nvfp4_kv};
static_assert(is_valid(custom));

constexpr mixed_precision_config built =
    mixed_precision_config{.name = "Custom Strategy",
                           .description = "Aggressive FFN, conservative attention"}
        .with(op::q_proj, p::fp8_e4m3)
        .with(op::k_proj, p::fp8_e4m3)
        .with(op::v_proj, p::fp8_e4m3)
        .with(op::o_proj, p::fp8_e4m3)
        .with(op::ffn_gate, p::nvfp4)
        .with(op::ffn_up, p::nvfp4)
        .with(op::ffn_down, p::nvfp4)
        .with(op::kv_cache, p::nvfp4_kv);
static_assert(built == custom, "the builder's form and the aggregate are one value");
static_assert(built.kv_cache_precision == p::nvfp4_kv);

TEST_CASE("the builder leaves its source alone and chains") {
  const mixed_precision_config base = test::at_run_time_value(custom);
  const mixed_precision_config wider = base.with_layers(0, 1, p::fp16)
                                           .with_layers(31, 31, p::fp8_e5m2, {op::ffn_down})
                                           .with(op::lm_head, p::fp8_e4m3);
  CHECK(base == custom);
  CHECK_FALSE(wider == custom);
  CHECK(is_valid(wider));
  CHECK(wider.get_precision(op::ffn_gate, 1) == p::fp16);
  CHECK(wider.get_precision(op::ffn_gate, 2) == p::nvfp4);
  CHECK(wider.get_precision(op::ffn_down, 31) == p::fp8_e5m2);
  CHECK(wider.get_precision(op::ffn_up, 31) == p::nvfp4);
  CHECK(wider.get_precision(op::lm_head) == p::fp8_e4m3);
  CHECK(base.with(op::q_proj, p::fp8_e4m3) == base);
}

// ---- get_activation_precision -----------------------------------------------------------------------------------------------

constexpr mixed_precision_config mixed =
    mixed_precision_config{.name = "mixed", .default_activation_precision = p::fp8_e4m3}
        .with_activation(p::nvfp4, p::nvfp4)
        .with_activation(p::int4_g128, p::bf16);
static_assert(is_valid(mixed));

struct input_row {
  p weight;
  p input;
};
constexpr input_row inputs[] = {{p::nvfp4, p::nvfp4},       {p::int4_g128, p::bf16},
                                {p::fp8_e4m3, p::fp8_e4m3}, {p::int8, p::fp8_e4m3},
                                {p::fp16, p::fp16},         {p::bf16, p::bf16}};
constexpr auto has_input = [](const input_row& r) {
  return mixed.get_activation_precision(r.weight) == r.input;
};
static_assert(test::first_failure(inputs, has_input) == -1);

TEST_CASE("inputs of a weight format: its rule, else the default; 16 bits stay") {
  for (const input_row& r : test::at_run_time(inputs)) {
    CAPTURE(to_string(r.weight));
    CHECK(has_input(r));
  }
  const mixed_precision_config again = mixed.with_activation(p::nvfp4, p::fp8_e4m3);
  CHECK(again.activation_rules.size() == 2);
  CHECK(again.get_activation_precision(p::nvfp4) == p::fp8_e4m3);
}

TEST_CASE("entries: found, replaced, listed once") {
  operator_precision_map map{{op::q_proj, p::fp64}, {op::lm_head, p::gguf_q6_k}};
  CHECK(map.find(op::q_proj) == p::fp64);  // the first enumerator is not taken for "not listed"
  CHECK(map.find(op::lm_head) == p::gguf_q6_k);
  CHECK(map.find(op::k_proj) == std::nullopt);
  map.set(op::q_proj, p::int8);
  CHECK(map.find(op::q_proj) == p::int8);
  REQUIRE_THROWS_WITH((operator_precision_map{{op::q_proj, p::fp16}, {op::q_proj, p::fp16}}),
                      test::contains("operator_precisions: an operator is listed twice"));
  REQUIRE_THROWS_WITH(map.set(static_cast<op>(99), p::fp16),
                      test::contains("operator_precisions: the value is not an operator"));
  REQUIRE_THROWS_WITH(map.set(op::q_proj, static_cast<p>(precision_count)),
                      test::contains("format_of: the value is not a precision"));
}

// ---- is_valid ---------------------------------------------------------------------------------------------------------------

struct broken_row {
  mixed_precision_config config;
  std::string message;
};

TEST_CASE("a configuration that contradicts itself is refused") {
  const mixed_precision_config base{.name = "base"};
  const auto other = [&base](auto change) {
    mixed_precision_config c = base;
    change(c);
    return c;
  };
  const auto bad = static_cast<p>(precision_count);
  const broken_row broken[] = {
      {mixed_precision_config{}, "mixed_precision_config: name must not be empty"},
      {other([](auto& c) { c.operator_precisions.set(op::kv_cache, p::fp8_e4m3); }),
       "mixed_precision_config: operator_precisions[kv_cache] and kv_cache_precision must agree"},
      {base.with_layers(5, 4, p::fp16),
       "mixed_precision_config: a layer override needs 0 <= first_layer <= last_layer"},
      {base.with_layers(-1, 4, p::fp16),
       "mixed_precision_config: a layer override needs 0 <= first_layer <= last_layer"},
      {base.with_layers(0, 4, p::fp16, operator_set{}),
       "mixed_precision_config: a layer override needs at least one operator"},
      {base.with_layers(0, 4, p::fp16, {op::q_proj, op::kv_cache}),
       "mixed_precision_config: the KV cache has one precision in all layers; set "
       "kv_cache_precision"},
      {other([bad](auto& c) { c.default_activation_precision = bad; }), "format_of: the value"},
      {other([bad](auto& c) { c.kv_cache_precision = bad; }), "format_of: the value"},
      {other([bad](auto& c) { c.default_weight_precision = bad; }), "format_of: the value"},
      {base.with_layers(0, 0, bad), "format_of: the value is not a precision"},
      {base.with_activation(p::bf16, p::fp8_e4m3),
       "mixed_precision_config: activation_rules are of weights below 16 bits"},
      {base.with_activation(p::nvfp4, bad), "format_of: the value is not a precision"},
      {other([](auto& c) {
         c.activation_rules = {{.weight = p::nvfp4}, {.weight = p::nvfp4}};
       }),
       "mixed_precision_config: activation_rules name a weight format twice"},
  };
  CHECK(is_valid(base));
  for (const broken_row& r : broken) {
    CAPTURE(r.message);
    CHECK_THROWS_WITH(is_valid(r.config), test::contains(r.message));
  }
}

TEST_CASE("there is room for 16 layer overrides") {
  mixed_precision_config c{.name = "many"};
  for (std::int64_t layer = 0; layer < 16; ++layer) {
    c = c.with_layers(layer, layer, p::fp8_e4m3);
  }
  CHECK(is_valid(c));
  REQUIRE_THROWS_WITH(c.with_layers(16, 16, p::fp16),
                      test::contains("static_vector: the list is full"));
}

// ---- layer_bands ------------------------------------------------------------------------------------------------------------

struct band_row {
  mixed_precision_config config;
  std::int64_t layers;
  std::int64_t bands;
};
constexpr mixed_precision_config plain{.name = "plain"};
constexpr band_row band_counts[] = {
    {plain, 1, 1},
    {plain, 80, 1},
    {plain.with_layers(0, 31, p::nvfp4), 32, 1},
    {plain.with_layers(0, 100, p::nvfp4), 32, 1},   // reaches beyond the model
    {plain.with_layers(40, 100, p::nvfp4), 32, 1},  // lies beyond the model
    {plain.with_layers(0, 0, p::nvfp4), 32, 2},
    {plain.with_layers(31, 31, p::nvfp4), 32, 2},
    {plain.with_layers(1, 1, p::nvfp4), 3, 3},
    {plain.with_layers(4, 20, p::nvfp4).with_layers(8, 9, p::fp8_e4m3), 32, 5},
    {plain.with_layers(0, std::numeric_limits<std::int64_t>::max(), p::nvfp4), 32, 1},
};
constexpr auto has_bands = [](const band_row& r) {
  return static_cast<std::int64_t>(layer_bands(r.config, r.layers).size()) == r.bands;
};
static_assert(test::first_failure(band_counts, has_bands) == -1);

TEST_CASE("bands are cut where an override starts or ends") {
  for (const band_row& r : test::at_run_time(band_counts)) {
    CAPTURE(r.layers, r.bands);
    CHECK(has_bands(r));
  }
  REQUIRE_THROWS_WITH(layer_bands(plain, 0),
                      test::contains("layer_bands: num_layers must be positive"));
}

/// A small generator, so that the test says the same everywhere.
class generator {
 public:
  explicit generator(std::uint64_t seed) : state_(seed) {}
  std::int64_t below(std::int64_t n) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX constants
    return static_cast<std::int64_t>((state_ >> 33U) % static_cast<std::uint64_t>(n));
  }

 private:
  std::uint64_t state_;
};

/// Layer by layer: the bands cover every layer once, in order, and every operator is the same within a band.
bool bands_are_right(const mixed_precision_config& c, std::int64_t layers) {
  std::int64_t next = 0;
  for (const layer_band& band : layer_bands(c, layers)) {
    if (band.first_layer != next || band.count <= 0) {
      return false;
    }
    for (std::int64_t layer = next; layer < next + band.count; ++layer) {
      for (const op each : operator_types) {
        if (c.get_precision(each, layer) != c.get_precision(each, band.first_layer)) {
          return false;
        }
      }
    }
    next += band.count;
  }
  return next == layers;
}

TEST_CASE("bands agree with a layer-by-layer look at random configurations") {
  generator random{1};
  int failures = 0;
  for (int round = 0; round < 2000; ++round) {
    mixed_precision_config c{.name = "random"};
    const std::int64_t overrides = random.below(17);
    for (std::int64_t i = 0; i < overrides; ++i) {
      const std::int64_t first = random.below(44);
      const operator_set which = random.below(2) == 0 ? block_linears : operator_set{op::ffn_up};
      c = c.with_layers(first, first + random.below(44 - first),
                        static_cast<p>(random.below(precision_count)), which);
    }
    failures += bands_are_right(c, 1 + random.below(40)) ? 0 : 1;
  }
  CHECK(failures == 0);

  mixed_precision_config most = plain;  // every second layer: the most bands there can be
  for (std::int64_t i = 0; i < 16; ++i) {
    most = most.with_layers(2 * i + 1, 2 * i + 1, p::nvfp4);
  }
  CHECK(layer_bands(most, 33).size() == 33);
  CHECK(bands_are_right(most, 33));
}

// ---- operators of other blocks ------------------------------------------------------------------------------------------------

// The experts in MXFP4, attention FP8, the shared experts listed apart; layers 0 to 2 in 16 bits.
constexpr mixed_precision_config sparse{
    .name = "sparse",
    .operator_precisions = {{operator_type::q_proj, precision::fp8_e4m3},
                            {operator_type::ffn_up, precision::mxfp4},
                            {operator_type::shared_up, precision::fp8_e4m3}},
    .default_weight_precision = precision::int8,
    .layer_overrides = {{.first_layer = 0, .last_layer = 2, .precision = precision::bf16}}};

struct following_row {
  operator_type op;
  std::int64_t layer;
  precision expected;
};
constexpr following_row following[] = {
    {operator_type::q_a_proj, 3, precision::fp8_e4m3},
    {operator_type::linear_in, 3, precision::fp8_e4m3},
    {operator_type::expert_up, 3, precision::mxfp4},
    {operator_type::latent_in, 3, precision::mxfp4},
    {operator_type::shared_up, 3, precision::fp8_e4m3},  // its own entry
    {operator_type::expert_down, 3, precision::int8},    // nobody decides: the default of weights
    {operator_type::router, 3, precision::fp16},         // never quantized unless listed
    {operator_type::index_proj, 3, precision::fp16},
    {operator_type::compressor, 3, precision::fp16},
    {operator_type::stream_mix, 3, precision::fp16},
    {operator_type::expert_up, 2, precision::bf16},      // an override of ffn_up covers experts
    {operator_type::shared_up, 2, precision::fp8_e4m3},  // but not what is listed apart
    {operator_type::router, 2, precision::fp16},
};
constexpr auto is_followed = [](const following_row& r) {
  return sparse.get_precision(r.op, r.layer) == r.expected;
};
static_assert(test::first_failure(following, is_followed) == -1);

TEST_CASE("operators of other blocks take the precision of the one that decides for them") {
  for (const following_row& r : test::at_run_time(following)) {
    CAPTURE(to_string(r.op), r.layer);
    CHECK(is_followed(r));
  }
}

}  // namespace

}  // namespace mixed_precision_test

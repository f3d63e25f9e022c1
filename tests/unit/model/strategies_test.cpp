// SPDX-License-Identifier: Apache-2.0
//
// The six strategies: what the specification's table says of each, and what they make of every operator.
#include "quantroof/model/strategies.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace strategies_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

// ---- the specification's table "Available Strategies" -----------------------------------------------------------------------

struct claim_row {
  std::string_view name;
  double speedup;
  std::string_view quality_loss;
  double memory_savings_pct;
  std::string_view best_for;
};
constexpr claim_row claims[] = {
    {"fp16_baseline", 1.0, "None", 0, "Accuracy reference"},
    {"fp8_balanced", 2.0, "<1%", 50, "Hopper/Blackwell, balanced"},
    {"w4a16_aggressive", 4.0, "2-5%", 75, "Max speed, decode"},
    {"nvfp4_blackwell", 4.0, "<1%", 72, "GB10/B200, best accuracy/speed"},
    {"hybrid_long_context", 3.0, "1-2%", 60, ">8K context, aggressive KV cache"},
    {"layerwise_gradient", 2.5, "0.5-1%", 55, "Progressive quantization"},
};
static_assert(std::size(claims) == strategies.size(), "every strategy has a row");

constexpr auto claims_agree = [](const claim_row& r) {
  const mixed_precision_config c = get_strategy(r.name);
  return is_valid(c) && c.name == r.name && !c.description.empty() &&
         c.claims.speedup == r.speedup && c.claims.quality_loss == r.quality_loss &&
         c.claims.memory_savings_pct == r.memory_savings_pct && c.claims.best_for == r.best_for;
};
static_assert(test::first_failure(claims, claims_agree) == -1);

TEST_CASE("strategies carry what the specification's table claims") {
  std::size_t next = 0;
  for (const claim_row& r : test::at_run_time(claims)) {
    CAPTURE(r.name);
    CHECK(claims_agree(r));
    CHECK(list_strategies()[next].name == r.name);
    CHECK(list_strategies()[next].create(32) == get_strategy(r.name, 32));
    ++next;
  }
}

// ---- what each operator gets ------------------------------------------------------------------------------------------------

struct content_row {
  std::string_view name;
  p projections;  // q, k, v, o
  p ffn;          // gate, up, down
  p products;     // qk_matmul, sv_matmul
  p cache;
  p embeddings;
};
// Specification: FP8 Balanced; W4A16; "All weights: NVFP4, Activations: FP16, KV cache: NVFP4_KV"; long context with NVFP4_KV.
constexpr content_row contents[] = {
    {"fp16_baseline", p::fp16, p::fp16, p::fp16, p::fp16, p::fp16},
    {"fp8_balanced", p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3, p::fp16},
    {"w4a16_aggressive", p::int4_g128, p::int4_g128, p::fp16, p::fp16, p::fp16},
    {"nvfp4_blackwell", p::nvfp4, p::nvfp4, p::fp16, p::nvfp4_kv, p::nvfp4},
    {"hybrid_long_context", p::fp8_e4m3, p::nvfp4, p::fp16, p::nvfp4_kv, p::fp16},
};
constexpr auto contents_agree = [](const content_row& r) {
  const mixed_precision_config c = get_strategy(r.name);
  for (const op each : operator_types) {
    p expected = p::fp16;  // vector operators and the LM head, in every strategy
    switch (decided_by(each)) {
      case op::q_proj:
      case op::k_proj:
      case op::v_proj:
      case op::o_proj:
        expected = r.projections;
        break;
      case op::ffn_gate:
      case op::ffn_up:
      case op::ffn_down:
        expected = r.ffn;
        break;
      case op::qk_matmul:
      case op::sv_matmul:
        expected = r.products;
        break;
      case op::kv_cache:
        expected = r.cache;
        break;
      case op::embeddings:
        expected = r.embeddings;
        break;
      default:
        break;
    }
    if (c.get_precision(each, 0) != expected || c.get_precision(each, 31) != expected) {
      return false;
    }
  }
  return c.default_activation_precision == r.products;
};
static_assert(test::first_failure(contents, contents_agree) == -1);

TEST_CASE("strategies give every operator the specified precision") {
  for (const content_row& r : test::at_run_time(contents)) {
    CAPTURE(r.name);
    CHECK(contents_agree(r));
  }
}

// ---- the layer-wise gradient ------------------------------------------------------------------------------------------------

struct gradient_row {
  std::int64_t layers;
  std::int64_t fp16;  // layers in FP16, then FP8_E4M3, then NVFP4
  std::int64_t fp8;
  std::int64_t nvfp4;
};
// 32: the specification's layers 0-10, 11-21, 22-31. The others by its rule of thirds, rounded up: cuts at n/3 and 2n/3.
constexpr gradient_row gradients[] = {
    {1, 1, 0, 0},     {2, 1, 1, 0},     {3, 1, 1, 1},      {4, 2, 1, 1},
    {5, 2, 2, 1},     {6, 2, 2, 2},     {31, 11, 10, 10},  {32, 11, 11, 10},
    {33, 11, 11, 11}, {80, 27, 27, 26}, {126, 42, 42, 42}, {65536, 21846, 21845, 21845},
};
constexpr p gradient_at(const gradient_row& r, std::int64_t layer) {
  return layer < r.fp16 ? p::fp16 : layer < r.fp16 + r.fp8 ? p::fp8_e4m3 : p::nvfp4;
}
constexpr auto gradient_agrees = [](const gradient_row& r) {
  const mixed_precision_config c = create_layerwise_gradient(r.layers);
  const auto agrees_at = [&](std::int64_t layer) {
    for (const op each : operator_types) {
      const p otherwise = each == op::kv_cache ? p::fp8_e4m3 : p::fp16;
      if (c.get_precision(each, layer) !=
          (block_linears.contains(decided_by(each)) ? gradient_at(r, layer) : otherwise)) {
        return false;
      }
    }
    return true;
  };
  if (r.fp16 + r.fp8 + r.nvfp4 != r.layers || !is_valid(c)) {
    return false;
  }
  for (std::int64_t layer = 0; layer < r.layers && layer < 200; ++layer) {
    if (!agrees_at(layer)) {
      return false;
    }
  }
  const std::int64_t first_fp8 = r.fp16 < r.layers ? r.fp16 : 0;
  const std::int64_t first_nvfp4 = r.fp16 + r.fp8 < r.layers ? r.fp16 + r.fp8 : 0;
  return agrees_at(r.fp16 - 1) && agrees_at(first_fp8) && agrees_at(first_nvfp4) &&
         agrees_at(first_nvfp4 > 0 ? first_nvfp4 - 1 : 0) && agrees_at(r.layers - 1);
};
constexpr gradient_row specified[] = {{32, 11, 11, 10}};
static_assert(test::first_failure(specified, gradient_agrees) == -1);
static_assert(create_layerwise_gradient(32).get_precision(op::q_proj, 10) == p::fp16);
static_assert(create_layerwise_gradient(32).get_precision(op::q_proj, 11) == p::fp8_e4m3);
static_assert(create_layerwise_gradient(32).get_precision(op::q_proj, 21) == p::fp8_e4m3);
static_assert(create_layerwise_gradient(32).get_precision(op::q_proj, 22) == p::nvfp4);

TEST_CASE("the gradient cuts the layers in thirds") {
  for (const gradient_row& r : test::at_run_time(gradients)) {
    CAPTURE(r.layers);
    CHECK(gradient_agrees(r));
    CHECK(get_strategy("layerwise_gradient", r.layers) == create_layerwise_gradient(r.layers));
  }
}

TEST_CASE("the gradient never gets more precise from one layer to the next") {
  for (std::int64_t n = 1; n <= 200; ++n) {
    const mixed_precision_config c = create_layerwise_gradient(n);
    int falls = 0;
    for (std::int64_t layer = 1; layer < n; ++layer) {
      const double before = bits_per_element(c.get_precision(op::q_proj, layer - 1));
      const double here = bits_per_element(c.get_precision(op::q_proj, layer));
      falls += here > before ? 100 : here < before ? 1 : 0;
    }
    CAPTURE(n);
    CHECK(falls == (n < 3 ? n - 1 : 2));
  }
}

// ---- errors -----------------------------------------------------------------------------------------------------------------

TEST_CASE("an unknown strategy is refused with the list of the known ones") {
  REQUIRE_THROWS_WITH(
      get_strategy("nvfp5"),
      test::contains("get_strategy: unknown name \"nvfp5\"; known: fp16_baseline, fp8_balanced, "
                     "w4a16_aggressive, nvfp4_blackwell, hybrid_long_context, layerwise_gradient"));
}

TEST_CASE("a gradient needs layers") {
  const std::string rule = "create_layerwise_gradient: num_layers must be in [1, 2^16]";
  REQUIRE_THROWS_WITH(create_layerwise_gradient(0), test::contains(rule));
  REQUIRE_THROWS_WITH(create_layerwise_gradient(-1), test::contains(rule));
  REQUIRE_THROWS_WITH(create_layerwise_gradient(65537), test::contains(rule));
  REQUIRE_THROWS_WITH(get_strategy("layerwise_gradient", 0), test::contains(rule));
}

}  // namespace

}  // namespace strategies_test

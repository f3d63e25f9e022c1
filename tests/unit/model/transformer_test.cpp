// SPDX-License-Identifier: Apache-2.0
//
// The shape of a transformer: weight shapes, parameter counts with every switch, the rules of is_valid.
#include "quantroof/model/transformer.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace transformer_test {

namespace {

using namespace quantroof;
using op = operator_type;

// Small primes, so that a swapped factor shows.
constexpr model_config tiny{.name = "tiny",
                            .hidden_size = 7,
                            .num_layers = 3,
                            .num_heads = 4,
                            .num_kv_heads = 2,
                            .head_dim = 5,
                            .ffn_dim = 11,
                            .vocab_size = 13};

constexpr model_config with(model_config m, bool model_config::*flag, bool value) {
  m.*flag = value;
  return m;
}

// ---- shapes -----------------------------------------------------------------------------------------------------------------

struct shape_row {
  op of;
  std::optional<weight_shape> shape;
};
constexpr shape_row shapes[] = {
    {op::q_proj, weight_shape{20, 7}},   {op::k_proj, weight_shape{10, 7}},
    {op::v_proj, weight_shape{10, 7}},   {op::o_proj, weight_shape{7, 20}},
    {op::ffn_gate, weight_shape{11, 7}}, {op::ffn_up, weight_shape{11, 7}},
    {op::ffn_down, weight_shape{7, 11}}, {op::embeddings, weight_shape{13, 7}},
    {op::lm_head, weight_shape{13, 7}},  {op::qk_matmul, std::nullopt},
    {op::kv_cache, std::nullopt},        {op::rmsnorm, std::nullopt},
};
constexpr auto has_shape = [](const shape_row& r) {
  return weight_shape_of(tiny, r.of) == r.shape;
};
static_assert(test::first_failure(shapes, has_shape) == -1);
static_assert(!weight_shape_of(with(tiny, &model_config::gated_ffn, false), op::ffn_gate));

TEST_CASE("weights have the shape that checkpoints store") {
  for (const shape_row& r : test::at_run_time(shapes)) {
    CAPTURE(to_string(r.of));
    CHECK(has_shape(r));
  }
  for (const op each : operator_types) {
    const bool in_dense_model =
        block_linears.contains(each) || each == op::embeddings || each == op::lm_head;
    CHECK(weight_shape_of(tiny, each).has_value() == in_dense_model);
  }
  model_config headless = tiny;
  headless.vocab_size = std::nullopt;
  CHECK_FALSE(weight_shape_of(headless, op::embeddings));
  CHECK_FALSE(weight_shape_of(headless, op::lm_head));
}

// ---- parameters by hand -----------------------------------------------------------------------------------------------------

struct count_row {
  model_config model;
  std::int64_t vectors;  // per layer
  std::int64_t parameters;
};
// Matrices of one layer: q 140 + k 70 + v 70 + o 140 + gate 77 + up 77 + down 77 = 651. Norms 14. Final norm 7. Ends 91 each.
constexpr std::int64_t blocks = 3 * (651 + 14);
constexpr count_row counts[] = {
    {tiny, 14, blocks + 7 + 182},
    {with(tiny, &model_config::tie_word_embeddings, true), 14, blocks + 7 + 91},
    {with(tiny, &model_config::gated_ffn, false), 14, blocks - 3 * 77 + 7 + 182},
    {with(tiny, &model_config::qkv_bias, true), 14 + 40, blocks + 3 * 40 + 7 + 182},
    {with(tiny, &model_config::o_bias, true), 14 + 7, blocks + 3 * 7 + 7 + 182},
    {with(tiny, &model_config::ffn_bias, true), 14 + 29, blocks + 3 * 29 + 7 + 182},
    {with(with(tiny, &model_config::ffn_bias, true), &model_config::gated_ffn, false), 14 + 18,
     blocks + 3 * (18 - 77) + 7 + 182},
    {with(tiny, &model_config::qk_norm, true), 14 + 10, blocks + 3 * 10 + 7 + 182},
};
constexpr auto counted = [](const count_row& r) {
  return layer_kind(r.model, 0).vector_parameters == r.vectors &&
         parameter_count(r.model) == r.parameters;
};
static_assert(test::first_failure(counts, counted) == -1);
static_assert(kv_elements_per_token(tiny) == 2 * 3 * 2 * 5);

TEST_CASE("parameters are counted with every switch") {
  for (const count_row& r : test::at_run_time(counts)) {
    CAPTURE(r.parameters);
    CHECK(counted(r));
  }
  model_config headless = test::at_run_time_value(tiny);
  headless.vocab_size = std::nullopt;
  CHECK(parameter_count(headless) == blocks + 7);
}

// ---- is_valid ---------------------------------------------------------------------------------------------------------------

struct broken_row {
  std::int64_t model_config::*field;
  std::int64_t value;
  std::string message;
};

TEST_CASE("a model that cannot exist is refused") {
  const std::int64_t big = std::int64_t{1} << 16;
  const std::int64_t huge = std::int64_t{1} << 24;
  const broken_row broken[] = {
      {&model_config::hidden_size, 0, "model_config: hidden_size must be in [1, 2^24]"},
      {&model_config::hidden_size, huge + 1, "model_config: hidden_size must be in [1, 2^24]"},
      {&model_config::num_layers, 0, "model_config: num_layers must be in [1, 2^16]"},
      {&model_config::num_layers, big + 1, "model_config: num_layers must be in [1, 2^16]"},
      {&model_config::num_heads, -4, "model_config: num_heads must be in [1, 2^16]"},
      {&model_config::num_heads, big + 2, "model_config: num_heads must be in [1, 2^16]"},
      {&model_config::num_kv_heads, 0, "model_config: num_kv_heads must be in [1, 2^16]"},
      {&model_config::num_kv_heads, big + 1, "model_config: num_kv_heads must be in [1, 2^16]"},
      {&model_config::num_kv_heads, 3,
       "model_config: num_heads must be a multiple of num_kv_heads"},
      {&model_config::num_kv_heads, 8,
       "model_config: num_heads must be a multiple of num_kv_heads"},
      {&model_config::head_dim, 0, "model_config: head_dim must be in [1, 2^16]"},
      {&model_config::head_dim, big + 1, "model_config: head_dim must be in [1, 2^16]"},
      {&model_config::num_heads, big, "model_config: num_heads * head_dim must be at most 2^24"},
      {&model_config::ffn_dim, 0, "model_config: ffn_dim must be in [1, 2^24]"},
      {&model_config::ffn_dim, huge + 1, "model_config: ffn_dim must be in [1, 2^24]"},
  };
  CHECK(is_valid(tiny));
  for (const broken_row& r : broken) {
    model_config m = tiny;
    m.head_dim = 512;
    CHECK(is_valid(m));
    m.*r.field = r.value;
    CAPTURE(r.message, r.value);
    CHECK_THROWS_WITH(is_valid(m), test::contains(r.message));
    CHECK_THROWS_WITH(parameter_count(m), test::contains(r.message));
  }
  model_config m = tiny;
  m.vocab_size = 0;
  CHECK_THROWS_WITH(is_valid(m), test::contains("model_config: vocab_size must be in [1, 2^31]"));
  m.vocab_size = (std::int64_t{1} << 31) + 1;
  CHECK_THROWS_WITH(is_valid(m), test::contains("model_config: vocab_size must be in [1, 2^31]"));
}

TEST_CASE("the largest model that is accepted does not overflow") {
  const model_config largest{.hidden_size = 1 << 24,
                             .num_layers = 1 << 16,
                             .num_heads = 256,
                             .num_kv_heads = 256,
                             .head_dim = 1 << 16,
                             .ffn_dim = 1 << 24,
                             .vocab_size = std::int64_t{1} << 31,
                             .qkv_bias = true,
                             .o_bias = true,
                             .ffn_bias = true,
                             .qk_norm = true};
  // layers * (7 matrices of 2^48 + vectors) = 2^16 * (7 * 2^48 + ...) is beyond 2^63: refused, not wrapped.
  CHECK(is_valid(largest));
  REQUIRE_THROWS_WITH(parameter_count(largest),
                      test::contains("checked_mul: the product does not fit 63 bits"));
}

}  // namespace

}  // namespace transformer_test

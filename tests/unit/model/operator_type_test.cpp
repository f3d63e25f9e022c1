// SPDX-License-Identifier: Apache-2.0
//
// Operators: their names, and the sets they form.
#include "quantroof/model/operator_type.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace operator_type_test {

namespace {

using namespace quantroof;
using enum operator_type;

struct named_row {
  operator_type op;
  std::string_view name;
  bool in_block;  // a linear layer of the block
  bool weight;    // holds a weight matrix
  bool product;   // one of attention's two products
};
// The first thirteen: the specification's OperatorType, in its order.
constexpr named_row rows[] = {
    {q_proj, "q_proj", true, true, false},
    {k_proj, "k_proj", true, true, false},
    {v_proj, "v_proj", true, true, false},
    {o_proj, "o_proj", true, true, false},
    {qk_matmul, "qk_matmul", false, false, true},
    {sv_matmul, "sv_matmul", false, false, true},
    {softmax, "softmax", false, false, false},
    {ffn_gate, "ffn_gate", true, true, false},
    {ffn_up, "ffn_up", true, true, false},
    {ffn_down, "ffn_down", true, true, false},
    {kv_cache, "kv_cache", false, false, false},
    {rmsnorm, "rmsnorm", false, false, false},
    {embeddings, "embeddings", false, true, false},
    {silu, "silu", false, false, false},
    {gelu, "gelu", false, false, false},
    {layernorm, "layernorm", false, false, false},
    {rope, "rope", false, false, false},
    {lm_head, "lm_head", false, true, false},
    {q_a_proj, "q_a_proj", false, true, false},
    {kv_a_proj, "kv_a_proj", false, true, false},
    {kv_b_proj, "kv_b_proj", false, true, false},
    {index_proj, "index_proj", false, true, false},
    {linear_in, "linear_in", false, true, false},
    {linear_out, "linear_out", false, true, false},
    {router, "router", false, true, false},
    {expert_gate, "expert_gate", false, true, false},
    {expert_up, "expert_up", false, true, false},
    {expert_down, "expert_down", false, true, false},
    {shared_gate, "shared_gate", false, true, false},
    {shared_up, "shared_up", false, true, false},
    {shared_down, "shared_down", false, true, false},
    {latent_in, "latent_in", false, true, false},
    {latent_out, "latent_out", false, true, false},
    {linear_state, "linear_state", false, false, false},
    {exchange, "exchange", false, false, false},
    {o_a_proj, "o_a_proj", false, true, false},
    {compressor, "compressor", false, true, false},
    {stream_mix, "stream_mix", false, true, false},
};
static_assert(std::size(rows) == operator_count, "every operator has a row");

constexpr auto is_named = [](const named_row& r) {
  return to_string(r.op) == r.name && parse_operator_type(r.name) == r.op;
};
constexpr auto is_in_its_sets = [](const named_row& r) {
  return block_linears.contains(r.op) == r.in_block &&
         weight_operators.contains(r.op) == r.weight &&
         attention_matmuls.contains(r.op) == r.product;
};
static_assert(test::first_failure(rows, is_named) == -1);
static_assert(test::first_failure(rows, is_in_its_sets) == -1);

struct deciding_row {
  operator_type op;
  operator_type decides;
};
constexpr deciding_row deciding[] = {
    {q_a_proj, q_proj},       {kv_a_proj, k_proj},      {kv_b_proj, v_proj},
    {index_proj, index_proj}, {linear_in, q_proj},      {linear_out, o_proj},
    {router, router},         {expert_gate, ffn_gate},  {expert_up, ffn_up},
    {expert_down, ffn_down},  {shared_gate, ffn_gate},  {shared_up, ffn_up},
    {shared_down, ffn_down},  {latent_in, ffn_up},      {latent_out, ffn_down},
    {o_a_proj, o_proj},       {compressor, compressor}, {stream_mix, stream_mix},
    {q_proj, q_proj},         {ffn_up, ffn_up},         {kv_cache, kv_cache},
};
constexpr auto is_decided = [](const deciding_row& r) {
  return decided_by(r.op) == r.decides && decided_by(r.decides) == r.decides;
};
static_assert(test::first_failure(deciding, is_decided) == -1);

TEST_CASE("operators of other blocks follow one of the dense block") {
  for (const deciding_row& r : test::at_run_time(deciding)) {
    CAPTURE(to_string(r.op));
    CHECK(is_decided(r));
  }
}

constexpr operator_type outside = static_cast<operator_type>(operator_count);

TEST_CASE("operators print and parse by the specification's names") {
  std::size_t next = 0;
  for (const named_row& r : test::at_run_time(rows)) {
    CAPTURE(r.name);
    CHECK(is_named(r));
    CHECK(is_in_its_sets(r));
    CHECK(operator_types[next++] == r.op);
  }
  CHECK(next == operator_types.size());
}

TEST_CASE("an unknown operator is refused with the list of the known ones") {
  REQUIRE_THROWS_WITH(parse_operator_type("Q_PROJ"),
                      test::contains("parse_operator_type: unknown name \"Q_PROJ\"; known: q_proj, "
                                     "k_proj") &&
                          test::contains("lm_head"));
  REQUIRE_THROWS_AS(parse_operator_type(""), domain_error);
  REQUIRE_THROWS_WITH(to_string(outside),
                      test::contains("to_string: the value is not an enumerator"));
}

TEST_CASE("a set of operators holds what was put in") {
  operator_set set;
  CHECK(set.empty());
  for (const operator_type op : operator_types) {
    CHECK_FALSE(set.contains(op));
    set.add(op);
    CHECK(set.contains(op));
    set.add(op);  // once more changes nothing
  }
  CHECK_FALSE(set.empty());
  CHECK(operator_set{q_proj, lm_head} == operator_set{lm_head, q_proj, q_proj});
  CHECK_FALSE(operator_set{q_proj} == operator_set{k_proj});
  CHECK_FALSE(set.contains(outside));
  CHECK_FALSE(set.contains(static_cast<operator_type>(200)));
  REQUIRE_THROWS_WITH(set.add(outside),
                      test::contains("operator_set: the value is not an operator"));
}

}  // namespace

}  // namespace operator_type_test

// SPDX-License-Identifier: Apache-2.0
//
// Plans as torchao's FqnToConfig: configs by weights and activations, names, refusals.
#include "quantroof/io/export_torchao.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "export_plans.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace export_torchao_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

constexpr auto is_imported = [](const detail::torchao_config& c) {
  return c.expression.starts_with(c.imports.substr(0, c.imports.find(',')));
};
static_assert(test::first_failure(detail::torchao_configs, is_imported) == -1);

TEST_CASE("each config is imported by its name") {
  for (const auto& c : test::at_run_time(detail::torchao_configs)) {
    CAPTURE(c.expression);
    CHECK(is_imported(c));
  }
}

TEST_CASE("a plan is a map of patterns") {
  auto plan =
      get_strategy("fp16_baseline").with(op::ffn_down, p::nvfp4).with(op::o_proj, p::int4_g64);
  CHECK(io::export_torchao(models::qwen3_0_6b, plan, {.also_ignore = {"visual"}}) ==
        "import torch\n"
        "from torchao.quantization import FqnToConfig, quantize_\n"
        "from torchao.quantization import Int4WeightOnlyConfig\n"
        "from torchao.prototype.mx_formats import NVFP4WeightOnlyConfig\n"
        "\n"
        "config = FqnToConfig({\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.self_attn\\\\.o_proj$\": "
        "Int4WeightOnlyConfig(group_size=64),  # and a zero point a group\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.mlp\\\\.down_proj$\": NVFP4WeightOnlyConfig(),\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.self_attn\\\\.q_proj$\": None,\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.self_attn\\\\.k_proj$\": None,\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.self_attn\\\\.v_proj$\": None,\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.mlp\\\\.gate_proj$\": None,\n"
        "    \"re:model\\\\.layers\\\\.\\\\d+\\\\.mlp\\\\.up_proj$\": None,\n"
        "    \"lm_head\": None,\n"
        "    \"visual\": None,\n"
        "})\n"
        "quantize_(model, config, filter_fn=None)\n");
  CHECK_THAT(io::export_torchao(models::llama3_8b, get_strategy("fp8_balanced"), test::at_launch),
             test::contains("Float8DynamicActivationFloat8WeightConfig(granularity=PerTensor())"));
}

TEST_CASE("what torchao cannot say is named") {
  const model_config& m = models::llama3_8b;
  CHECK_THROWS_WITH(io::export_torchao(m, get_strategy("fp8_balanced")),
                    test::contains("torchao: kv_cache: FP8_E4M3 cannot be said"));
  CHECK_THROWS_WITH(io::export_torchao(m, get_strategy("nvfp4_blackwell"), test::at_launch),
                    test::contains("torchao: embeddings: NVFP4 cannot be said"));
  CHECK_THROWS_WITH(
      io::export_torchao(m, get_strategy("hybrid_long_context"), test::at_launch),
      test::contains(
          "torchao: FP8_E4M3: with activations in FP16 has no config; known weights with "
          "activations: FP8_E4M3 with FP8_E4M3"));
  int said = 0;
  for (const model_config& model : models::all) {
    for (const strategy_entry& entry : list_strategies()) {
      try {
        said +=
            io::export_torchao(model, entry.create(model.num_layers).with(op::embeddings, p::fp16),
                               test::at_launch)
                    .empty()
                ? 0
                : 1;
      } catch (const io::input_error& error) {
        CHECK(error.file() == "torchao");
      }
    }
  }
  CHECK(said == 4 * static_cast<int>(models::all.size()));
}

}  // namespace

}  // namespace export_torchao_test

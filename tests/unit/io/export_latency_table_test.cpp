// SPDX-License-Identifier: Apache-2.0
//
// Latency tables: rows are the kernels of a step, their times add up to the step's, the CSV reads back.
#include "quantroof/io/export_latency_table.hpp"

#include <array>
#include <string>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "quantroof/io/csv.hpp"

namespace export_latency_table_test {

namespace {

using namespace quantroof;
using p = precision;

constexpr std::array<std::int64_t, 2> few{1, 64};

TEST_CASE("rows add up to the linear time of a step") {
  for (const model_config* m :
       {&models::llama3_8b, &models::qwen3_30b_a3b, &models::gemma2_9b, &models::deepseek_v3}) {
    for (const std::string_view name : {"fp16_baseline", "fp8_balanced", "w4a16_aggressive"}) {
      CAPTURE(m->name.view(), name);
      const auto plan = get_strategy(name);
      const hardware_spec& hw = hw::h100_sxm;
      // Routers and the LM head stay in 16 bits.
      const auto pairs = io::format_pairs_of(*m, plan, hw);
      CHECK(pairs.size() == (name == "fp16_baseline" ? 1U : 2U));
      const auto rows = io::latency_table(*m, hw, pairs, few);
      for (const std::int64_t batch : few) {
        double sum = 0;
        for (const io::latency_row& row : rows) {
          const bool wide = row.operators[0] == operator_type::router ||
                            row.operators[0] == operator_type::lm_head;
          if (row.m == batch && row.formats == (wide ? pairs.front() : pairs.back())) {
            sum += row.time_us * static_cast<double>(row.layers);
          }
          CHECK(row.lower_us <= row.time_us);
          CHECK(row.time_us <= row.upper_us);
        }
        const step_estimate step =
            predict_step(calibrated_model{}, hw, *m, plan,
                         {.phase = phase::decode, .seq_len = 1024, .batch = batch});
        double linear = 0;
        for (const operator_estimate& o : step.operators) {
          linear +=
              weight_operators.contains(o.op) && o.op != operator_type::embeddings ? o.time_us : 0;
        }
        CHECK(sum == Approx(linear).epsilon(0.01));
      }
    }
  }
}

TEST_CASE("the table is CSV that says where its numbers come from") {
  const std::string text =
      io::export_latency_table(models::llama3_8b, get_strategy("fp8_balanced"), hw::h100_sxm, few);
  const io::csv_table table{text, "latency.csv"};
  CHECK(table.size() == 5 * 2 * 2);
  CHECK(table.text(0, "operators") == "q_proj+k_proj+v_proj");
  CHECK(table.integer(0, "n") == 6144);
  CHECK(table.integer(0, "k") == 4096);
  CHECK(table.integer(0, "layers") == 32);
  CHECK(table.text(1, "weight") == "FP8_E4M3");
  CHECK(table.text(0, "source") == "predicted (measured)");
  CHECK(table.number(1, "time_us") < table.number(0, "time_us"));
  const std::string other =
      io::export_latency_table(models::qwen3_30b_a3b, get_strategy("fp8_balanced"), hw::b10, few);
  CHECK_THAT(other, test::contains("expert_gate+expert_up+expert_down,1,768,2048,128,") &&
                        test::contains(",specified\n"));
}

TEST_CASE("tables need formats and tokens") {
  const std::array<io::format_pair, 1> pair{};
  const std::array<std::int64_t, 1> zero{0};
  CHECK_THROWS_WITH(io::latency_table(models::llama3_8b, hw::h100_sxm, {}),
                    test::contains("latency_table: needs formats"));
  CHECK_THROWS_WITH(io::latency_table(models::llama3_8b, hw::h100_sxm, pair, zero),
                    test::contains("latency_table: tokens must be positive"));
}

}  // namespace

}  // namespace export_latency_table_test

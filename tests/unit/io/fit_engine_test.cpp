// SPDX-License-Identifier: Apache-2.0
//
// Host times of engines from served models: what made the rows is found again, models are held back whole, and the constants that the library
// ships are those of the collection at hand.
#include "quantroof/io/fit_engine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <string>

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/model/presets.hpp"

namespace fit_engine_test {

namespace {

using namespace quantroof;

mixed_precision_config bf16() {
  mixed_precision_config c{.name = "bf16"};
  c.default_weight_precision = precision::bf16;
  c.default_activation_precision = precision::bf16;
  c.kv_cache_precision = precision::bf16;
  return c;
}

/// What an engine with this host time would measure, `off` times as long.
io::step_measurement row_of(const model_config& model, const inference_engine& engine,
                            double step_us, std::int64_t concurrency, double off = 1) {
  io::step_measurement row;
  row.file = "e2e_serving.csv";
  row.gpu = "h200_sxm";
  row.model_name = model.name.view();
  row.device = &hw::h200_sxm;
  row.model = &model;
  row.engine = &engine;
  row.precisions = bf16();
  row.served = true;
  row.request = {.isl = 1024, .osl = 512, .concurrency = concurrency};
  row.time_us = off * io::internal::serve({}, row, step_us, 0).tpot_us;
  return row;
}

constexpr std::array concurrencies{1, 4, 16, 64};

io::step_measurement_set rows_of(const inference_engine& engine, double step_us,
                                 std::initializer_list<const model_config*> models) {
  io::step_measurement_set set;
  for (const model_config* model : models) {
    for (const int concurrency : concurrencies) {
      set.rows.push_back(row_of(*model, engine, step_us, concurrency));
    }
  }
  return set;
}

TEST_CASE("the host time that made the rows is found again") {
  for (const inference_engine* engine :
       {&engines::tensorrt_llm, &engines::vllm, &engines::sglang}) {
    for (const double step_us : {0.0, 50.0, 450.0, 1200.0}) {
      CAPTURE(engine->name, step_us);
      const io::engine_fit_report report = io::fit_engines(rows_of(
          *engine, step_us, {&models::llama3_8b, &models::qwen3_8b, &models::qwen3_30b_a3b}));
      REQUIRE(report.engines.size() == 1);
      const io::engine_fit& fit = report.engines[0];
      CHECK(fit.engine == engine);
      CHECK(fit.step_us == step_us);
      CHECK(fit.fit.rows == 12);
      CHECK(fit.fit.error < 1e-9);
      REQUIRE(fit.models.size() == 3);
      for (const io::held_out_model& m : fit.models) {
        CHECK(m.step_us == step_us);
        CHECK(m.held_out.rows == 4);
        CHECK(m.held_out.error < 1e-9);
      }
      CHECK(fit.dense.rows == 8);
      CHECK(fit.dense.spread == 0.0);
      CHECK(fit.dense.held_out == 1.0);
      CHECK(fit.experts.rows == 4);
      CHECK_FALSE(fit.experts.held_out);  // one model
      CHECK(report.skipped.empty());
    }
  }
}

TEST_CASE("a host time between two that are tried is found at one of them") {
  const io::engine_fit_report report =
      io::fit_engines(rows_of(engines::vllm, 330, {&models::llama3_8b, &models::qwen3_8b}));
  CHECK(report.engines[0].step_us == 350);
  CHECK(report.engines[0].fit.error > 0);
}

TEST_CASE("a model is predicted with what the others tell") {
  io::step_measurement_set set =
      rows_of(engines::vllm, 600, {&models::qwen3_8b, &models::qwen3_30b_a3b});
  const io::step_measurement_set odd = rows_of(engines::vllm, 200, {&models::llama3_8b});
  set.rows.insert(set.rows.end(), odd.rows.begin(), odd.rows.end());
  const io::engine_fit_report report = io::fit_engines(set);
  const auto& models = report.engines[0].models;
  const auto held_out = std::find_if(models.begin(), models.end(),
                                     [](const auto& m) { return m.name == "llama38b"; });
  REQUIRE(held_out != models.end());
  CHECK(held_out->step_us == 600);
  double expected = 0;
  for (const io::step_measurement& row : odd.rows) {
    inference_engine engine = engines::vllm;
    engine.step_us = 600;
    expected +=
        std::abs(predict_serving({}, *row.device, *row.model, row.precisions, row.request, engine)
                         .tpot_us /
                     row.time_us -
                 1) /
        concurrencies.size();
  }
  CHECK(held_out->held_out.error == Approx(expected));
  CHECK(expected > 0.02);
}

TEST_CASE("held-out rows are told apart by kind of model, requests and engine") {
  io::step_measurement_set set =
      rows_of(engines::vllm, 300, {&models::llama3_8b, &models::qwen3_30b_a3b});
  const io::step_measurement_set other =
      rows_of(engines::sglang, 700, {&models::qwen3_8b, &models::qwen3_30b_a3b});
  set.rows.insert(set.rows.end(), other.rows.begin(), other.rows.end());
  // one model alone: fitted, not held out
  const io::step_measurement_set alone = rows_of(engines::tensorrt_llm, 100, {&models::qwen3_8b});
  set.rows.insert(set.rows.end(), alone.rows.begin(), alone.rows.end());
  const io::engine_fit_report report = io::fit_engines(set);
  REQUIRE(report.engines.size() == 3);
  CHECK(report.engines[0].step_us == 700);  // by name: sglang
  CHECK(report.engines[1].step_us == 100);
  CHECK(report.engines[1].models.empty());
  CHECK(report.engines[1].dense.rows == 0);
  CHECK_FALSE(report.engines[1].dense.spread);
  CHECK(report.engines[2].step_us == 300);
  const std::array<std::size_t, 6> rows{6, 3, 3, 8, 8, 16};
  REQUIRE(report.cells.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(report.cells[i].name);
    CHECK(report.cells[i].name == io::held_out_cells[i].name);
    CHECK(report.cells[i].held_out.rows == rows[i]);
    CHECK(report.cells[i].held_out.error < 1e-9);
  }
}

TEST_CASE("a prediction is a line in the host time") {
  for (const inference_engine* engine : {&engines::vllm, &engines::sglang}) {
    const io::step_measurement row = row_of(models::qwen3_30b_a3b, *engine, 0, 32);
    const auto line = io::internal::line_of({}, row);
    REQUIRE(line);
    CHECK(line->error(0) < 1e-12);
    for (int step_us = 0; step_us <= io::most_step_us; step_us += io::step_us_grain) {
      CHECK(line->at_0 + line->slope * step_us ==
            Approx(io::internal::serve({}, row, step_us, 0).tpot_us).epsilon(1e-12));
    }
  }
}

TEST_CASE("a spread is the least whose intervals hold 80 % of the rows") {
  const io::step_measurement twice = row_of(models::llama3_8b, engines::vllm, 300, 4, 1.5);
  const double needed = io::internal::needed_spread({}, twice, 300);
  CHECK(needed > 0.3);
  CHECK(needed <= 0.5);
  const auto upper = [&](double spread) {
    return io::internal::serve({}, twice, 300, spread).tpot_upper_us;
  };
  CHECK(twice.time_us <= upper(needed));
  CHECK(twice.time_us > upper(needed - 0.01));
  CHECK(io::internal::needed_spread({}, row_of(models::llama3_8b, engines::vllm, 300, 4), 300) ==
        0);
  CHECK(std::isinf(
      io::internal::needed_spread({}, row_of(models::llama3_8b, engines::vllm, 300, 4, 3), 300)));

  std::array<io::internal::served_line, 10> lines{};
  io::internal::line_list list;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].model = i < 5 ? "a" : "b";
    lines[i].needed_spread = static_cast<double>(i) / 100;
    list.push_back(&lines[i]);
  }
  const io::spread_fit fit = io::internal::fit_spread(list);
  CHECK(fit.rows == 10);
  CHECK(fit.spread == 0.07);                // eight of ten
  CHECK(fit.held_out == Approx(5.0 / 10));  // all of a with b's 0.08, none of b with a's 0.03
  for (std::size_t i = 5; i < 8; ++i) {
    lines[i].needed_spread = std::numeric_limits<double>::infinity();
  }
  CHECK_FALSE(io::internal::fit_spread(list).spread);
  CHECK_FALSE(io::internal::fit_spread(list).held_out);  // b's has no end
  list.resize(1);
  CHECK(io::internal::fit_spread(list).spread == 0.0);
  lines[0].needed_spread = std::numeric_limits<double>::infinity();
  CHECK_FALSE(io::internal::fit_spread(list).spread);
}

TEST_CASE("rows that no engine serves are left out and counted") {
  io::step_measurement_set set = rows_of(engines::vllm, 300, {&models::llama3_8b});
  io::step_measurement large = set.rows[0];
  large.model = &models::llama3_70b;
  large.model_name = "llama3_70b";
  set.rows.push_back(large);  // 141 GB on a device of 141
  io::step_measurement impossible = set.rows[0];
  impossible.request.plan.tensor = 7;
  set.rows.push_back(impossible);
  io::step_measurement single = set.rows[0];
  single.served = false;
  set.rows.push_back(single);
  const io::engine_fit_report report = io::fit_engines(set);
  CHECK(report.engines[0].fit.rows == 4);
  REQUIRE(report.skipped.size() == 2);
  CHECK(report.skipped[0].reason == "does not fit: llama3_70b on h200_sxm");
  CHECK(report.skipped[0].n == 1);
  CHECK(report.skipped[1].reason.find("h200_sxm") == 0);

  const io::engine_fit_report none = io::fit_engines({});
  CHECK(none.engines.empty());
  CHECK(none.cells.back().held_out.rows == 0);
  CHECK(none.cells.back().held_out.error == 0);
}

TEST_CASE("the engines are as the collection at hand says, and hold for models held back") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::filesystem::path folder{data != nullptr ? data : "../shared/data"};
  if (!std::filesystem::exists(folder / "measured" / "e2e_serving.csv")) {
    WARN("no table at " << folder);
    return;
  }
  io::model_library library{folder / "hf_configs"};
  const io::engine_fit_report report =
      io::fit_engines(io::read_step_measurements(folder / "measured", library));
  REQUIRE(report.engines.size() == 3);
  for (const io::engine_fit& fit : report.engines) {
    CAPTURE(fit.engine->name);
    CHECK(fit.step_us == fit.engine->step_us);
    CHECK(fit.dense.spread == fit.engine->dense_spread);
    CHECK(fit.experts.spread == fit.engine->expert_spread);
    CHECK(fit.fit.rows >= 300);
    CHECK(fit.models.size() >= 4);
  }
  const std::array<double, 6> most{0.07, 0.13, 0.18, 0.10, 0.14, 0.11};
  const std::array<std::size_t, 6> fewest{150, 250, 100, 500, 700, 1300};
  REQUIRE(report.cells.size() == most.size());
  for (std::size_t i = 0; i < most.size(); ++i) {
    CAPTURE(report.cells[i].name);
    CHECK(report.cells[i].held_out.rows >= fewest[i]);
    CHECK(report.cells[i].held_out.error < most[i]);
  }
}

}  // namespace

}  // namespace fit_engine_test

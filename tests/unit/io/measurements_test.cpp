// SPDX-License-Identifier: Apache-2.0
//
// Measured rows: what is read, what is left out and why; validation, lint, and calibration from few rows.
#include "quantroof/io/measurements.hpp"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "quantroof/io/calibrate.hpp"
#include "quantroof/io/json_calibration.hpp"
#include "quantroof/io/published.hpp"
#include "quantroof/io/validation.hpp"
#include "test_table.hpp"

namespace measurements_test {

namespace {

using namespace quantroof;

io::measurement_set gemm_rows(std::string_view rows) {
  io::measurement_set set;
  const std::string text =
      "gpu,source,kernel,precision,m,n,k,time_us,act_quant_included\n" + std::string{rows};
  add_measurements(set, io::csv_table{text, "gemm.csv"}, io::measurement_kind::gemm, "gemm.csv");
  return set;
}

TEST_CASE("rows of unknown devices and formats are counted and named") {
  const io::measurement_set set = gemm_rows(
      "a100_sxm,s,k,bf16,1,4096,4096,20,0\n"
      "my_gpu,s,k,bf16,1,4096,4096,20,0\nmy_gpu,s,k,bf16,2,4096,4096,20,0\n"
      "h100_sxm,s,k,bf4,1,4096,4096,20,0\nh100_sxm,s,k,bf16,1,4096,4096,0,0\n");
  REQUIRE(set.rows.size() == 1);
  CHECK(set.rows[0].device == &hw::a100_sxm_80gb);
  REQUIRE(set.skipped.size() == 3);
  CHECK(set.skipped[0].reason == "unknown device my_gpu");
  CHECK(set.skipped[0].n == 2);
  CHECK(set.skipped[1].reason == "unknown precision bf4");
  CHECK(set.skipped[2].reason == "time_us is not positive");
}

TEST_CASE("rows that contradict themselves are errors with their line") {
  CHECK_THROWS_WITH(
      gemm_rows("h100_sxm,s,k,bf16,0,4096,4096,20,0\n"),
      test::contains("gemm.csv: line 2") && test::contains("m, n and k must be in [1, 2^31]"));
  CHECK_THROWS_WITH(gemm_rows("h100_sxm,s,k,bf16,one,4096,4096,20,0\n"),
                    test::contains("column m: \"one\" is not a whole number"));
  CHECK_THROWS_WITH(io::read_measurements("no such folder"), test::contains("is not a folder"));
  CHECK_THROWS_WITH(io::read_measurements("tests/unit"),
                    test::contains("has none of the known files: gemm.csv"));
}

TEST_CASE("layers, messages and kernels that cannot be are errors, not overflow") {
  const auto add = [](io::measurement_kind kind, std::string_view text) {
    io::measurement_set set;
    add_measurements(set, io::csv_table{text, "x.csv"}, kind, "x.csv");
  };
  const auto moe = [](std::string_view numbers) {
    return "gpu,precision,time_us,num_tokens,hidden,inter,topk,num_experts,moe_tp,moe_ep\n"
           "h100_sxm,fp8,20," +
           std::string{numbers} + "\n";
  };
  using kind = io::measurement_kind;
  CHECK_NOTHROW(add(kind::moe, moe("64,4096,1024,2,8,1,8")));
  // found by fuzzing: tokens * top_k was computed before it was checked
  CHECK_THROWS_WITH(add(kind::moe, moe("9223372036854775807,4096,1024,16,16,1,1")),
                    test::contains("moe_shape: tokens must be in [1, 2^31]"));
  CHECK_THROWS_WITH(add(kind::moe, moe("64,4096,1024,9,8,1,1")),
                    test::contains("moe_shape: top_k must be in [1, experts]"));
  CHECK_THROWS_WITH(add(kind::moe, moe("64,4096,1024,2,8,0,1")), test::contains("line 2"));
  const std::string message = "gpu,time_us,impl,op,num_gpus,message_bytes\nh100_sxm,9,nccl,x,";
  CHECK_NOTHROW(add(kind::collective, message + "8,1024\n"));
  CHECK_THROWS_WITH(add(kind::collective, message + "0,1024\n"),
                    test::contains("column num_gpus: \"0\" must be in [1, 65536]"));
  CHECK_THROWS_WITH(add(kind::collective, message + "8,-1\n"),
                    test::contains("column message_bytes: \"-1\" must be in [0, 1e18)"));
  const std::string kernel = "gpu,time_us,op,rows,cols,bytes_est\nh100_sxm,9,rmsnorm,";
  CHECK_NOTHROW(add(kind::elementwise, kernel + "8,4096,\n"));
  CHECK_THROWS_WITH(add(kind::elementwise, kernel + "-8,4096,\n"),
                    test::contains("must be in [1, 2^31]"));
  CHECK_THROWS_WITH(add(kind::elementwise, kernel + "8,4096,1e30\n"),
                    test::contains("column bytes_est: \"1e30\" must be in [0, 1e18)"));
}

TEST_CASE("lint finds rows that no hardware could have produced") {
  // 2 x 4096^3 FLOP at 989 TFLOPS are 139 us; 2 GiB of weights beyond L2 take 625 us
  const io::measurement_set set = gemm_rows(
      "h100_sxm,s,k,bf16,4096,4096,4096,174,0\nh100_sxm,s,k,bf16,4096,4096,4096,100,0\n"
      "h100_sxm,s,k,bf16,1,32768,32768,700,0\nh100_sxm,s,k,bf16,1,32768,32768,300,0\n"
      "a100_sxm,s,k,fp8,1,4096,4096,20,0\n");
  const std::vector<io::lint_finding> found = io::lint(set);
  REQUIRE(found.size() == 3);
  CHECK(found[0].line == 3);
  CHECK(found[0].reason.find("dense peak") != std::string::npos);
  CHECK(found[0].factor == Approx(1.39).epsilon(0.01));
  CHECK(found[1].line == 5);
  CHECK(found[1].reason.find("DRAM bandwidth") != std::string::npos);
  CHECK(found[2].reason.find("cannot run this format") != std::string::npos);
}

TEST_CASE("lint finds a table that was copied from another device") {
  std::string rows;
  for (int m = 1; m <= 24; ++m) {
    for (const char* gpu : {"b300_sxm", "gb300"}) {
      rows += std::string{gpu} + ",s,k,bf16," + std::to_string(m) + ",4096,4096,1" +
              std::to_string(m) + ",0\n";
    }
  }
  const std::vector<io::lint_finding> found = io::lint(gemm_rows(rows));
  REQUIRE(found.size() == 1);
  CHECK(found[0].gpu == "b300_sxm and gb300");
  CHECK(found[0].reason.find("copied") != std::string::npos);
}

TEST_CASE("a validation sums up what it is given") {
  const calibrated_model m{.residency = l2_residency::benchmark_loop};
  const double time = m.gemm(hw::h100_sxm, {1, 4096, 4096}, gemm_kernel::dense16).time_us;
  const io::validation_report report =
      io::validate(gemm_rows("h100_sxm,s,k,bf16,1,4096,4096," + std::to_string(time / 1.1) +
                             ",0\nh100_sxm,s,k,bf16,1,4096,4096," + std::to_string(time / 0.9) +
                             ",0\na100_sxm,s,k,fp8,1,4096,4096,20,0\n"),
                   calibrated_model{});
  REQUIRE(report.summaries.size() == 1);
  const io::validation_summary& s = report.summaries[0];
  CHECK(s.n == 2);
  CHECK(s.mape == Approx(0.1).epsilon(1e-3));
  CHECK(s.median == Approx(0.1).epsilon(1e-3));
  CHECK(s.bias == Approx(std::sqrt(1.1 * 0.9) - 1).epsilon(1e-3));
  REQUIRE(report.skipped.size() == 1);
  CHECK(report.skipped[0].reason.find("no matrix unit") != std::string::npos);
}

/// Rows as the model itself predicts them for another set of constants: what a fit must find again.
io::measurement_set rows_of(const gemm_constants& truth, const hardware_spec& hw) {
  std::string rows;
  gemm_setting s = gemm_setting_of(hw, gemm_kernel::dense16);
  s.residency = l2_residency::benchmark_loop;
  for (const auto& [n, k] :
       {std::pair{4096, 4096}, {8192, 2048}, {2048, 8192}, {16384, 4096}, {4096, 14336}}) {
    for (const int m : {1, 8, 32, 100, 512, 2000, 8192, 16384}) {
      rows += std::string{hw.key.view()} + ",mine,k,bf16," + std::to_string(m) + "," +
              std::to_string(n) + "," + std::to_string(k) + "," +
              std::to_string(estimate_gemm(rates_of(hw), truth, s, {m, n, k}).time_us) + ",0\n";
    }
  }
  return gemm_rows(rows);
}

TEST_CASE("forty rows of one's own give a usable calibration") {
  gemm_constants truth = measured::l40s.gemm[0];
  truth.matrix_share = 0.6;
  truth.memory_share = 0.7;
  truth.fixed_us = 5;
  const device_calibration c = io::calibrate(rows_of(truth, hw::l4), hw::l4, "2026-11-24");
  CHECK(is_valid(c));
  CHECK(c.device == "l4");
  REQUIRE(c.gemm[0].fit.is_measured());
  CHECK(c.gemm[0].fit.rows == 40);
  CHECK(c.gemm[0].fit.error < 0.01);
  CHECK(c.gemm[0].memory_share == Approx(0.7).epsilon(0.02));
  CHECK(c.gemm[0].matrix_share == Approx(0.6).epsilon(0.02));
  CHECK(c.gemm[0].fixed_us == Approx(5).epsilon(0.02));
  CHECK(c.gemm[0].feed_bytes_per_clock == truth.feed_bytes_per_clock);  // as L4 inherits it
  CHECK_FALSE(c.decode[0].fit.is_measured());

  // a device unlike its relatives in what few rows do not move
  truth.feed_bytes_per_clock *= 1.4;
  truth.soft_waves = 0.9;
  truth.epilogue_gb_s *= 0.7;
  const device_calibration other = io::calibrate(rows_of(truth, hw::l4), hw::l4, "2026-11-24");
  CHECK(other.gemm[0].fit.error < 0.1);
  CHECK(other.gemm[0].fit.error > c.gemm[0].fit.error);

  nlohmann::json json = c;
  CHECK(json.at("gemm_fp8").is_null());
  CHECK(json.get<device_calibration>() == c);
  json["gemm_dense16"]["matrix_share"] = 7;
  CHECK_THROWS_WITH(json.get<device_calibration>(), test::contains("shares must be in (0, 2]"));
}

std::filesystem::path shared_data() {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  return data != nullptr ? data : "../shared/data";
}

TEST_CASE("the shipped constants are what a fit to the measurements gives") {
  const std::filesystem::path folder = shared_data() / "measured";
  if (!std::filesystem::exists(folder / "gemm.csv")) {
    WARN("no measurements at " << folder);
    return;
  }
  io::measurement_set set;
  add_measurements(set, io::read_csv(folder / "gemm.csv"), io::measurement_kind::gemm, "gemm.csv");
  io::row_list rows;
  for (const io::measurement& row : set.rows) {
    if (row.device == &hw::a100_sxm_80gb && row.gemm == gemm_kernel::int8) {
      rows.push_back(&row);
    }
  }
  const gemm_constants fitted =
      io::fit_gemm(io::internal::reference_rows(rows, io::measurement_kind::gemm));
  const gemm_constants& shipped = measured::a100_sxm_80gb.gemm[4];
  CHECK(fitted.fit.rows == shipped.fit.rows);
  CHECK(fitted.fit.error == Approx(shipped.fit.error).epsilon(0.05));
  // compilers may round the search differently: the same predictions, to a half per cent
  const gemm_setting s = gemm_setting_of(hw::a100_sxm_80gb, gemm_kernel::int8);
  const device_rates rates = rates_of(hw::a100_sxm_80gb);
  for (const io::measurement* row : rows) {
    CHECK(estimate_gemm(rates, fitted, s, row->shape).time_us ==
          Approx(estimate_gemm(rates, shipped, s, row->shape).time_us).epsilon(0.005));
  }
}

TEST_CASE("published FlashAttention figures are met version by version") {
  const std::filesystem::path file = shared_data() / "fa_published.csv";
  if (!std::filesystem::exists(file)) {
    WARN("no published figures at " << file);
    return;
  }
  std::map<std::string, std::pair<double, int>> groups;
  for (const io::published_row& row : io::read_published(io::read_csv(file))) {
    if (row.kernel == attention_kernel::cudnn) {
      continue;
    }
    for (const prefill_constants& c : published_attention) {
      if (c.kernel == row.kernel) {
        const double time =
            estimate_prefill(io::published_rates(row), c, row.setting, row.shape).time_us;
        auto& [error, n] = groups[row.version + " on " + row.gpu];
        error += std::abs(time / row.time_us - 1);
        ++n;
      }
    }
  }
  int checked = 0;
  for (const auto& [name, sum] : groups) {
    const auto& [error, n] = sum;
    if (n < 10 || name == "FA2 on B200") {  // whose two sources disagree by 20 %
      continue;
    }
    CAPTURE(name, n);
    CHECK(error / n <= 0.06);
    ++checked;
  }
  CHECK(checked >= 7);
}

}  // namespace

}  // namespace measurements_test

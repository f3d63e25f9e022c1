// SPDX-License-Identifier: Apache-2.0
//
// Measured steps: names of models, what a row means, which rows are left out and why, and the accuracy promised for the collection at hand.
#include "quantroof/io/step_measurements.hpp"

#include <cstdlib>

#include "catch.hpp"
#include "quantroof/io/step_validation.hpp"
#include "test_table.hpp"

namespace step_measurements_test {

namespace {

using namespace quantroof;

std::string why(const io::step_measurement_set& set) {
  std::string all;
  for (const io::skipped_rows& s : set.skipped) {
    all += std::to_string(s.n) + " " + s.reason + "\n";
  }
  return all;
}

TEST_CASE("models are found whatever a benchmark calls them") {
  for (const auto& [name, plain] :
       {std::pair{"nvidia/Llama-3.1-8B-Instruct-FP8", "llama318b"},
        std::pair{"meta-llama--Meta-Llama-3-8B", "llama38b"}, std::pair{"llama3_8b", "llama38b"},
        std::pair{"Qwen/Qwen3-30B-A3B-FP8", "qwen330ba3b"}, std::pair{"qwen3-8b", "qwen38b"},
        std::pair{"openai/gpt-oss-120b", "gptoss120b"}, std::pair{"", ""}}) {
    CHECK(io::plain_model_name(name) == plain);
  }
  static io::model_library library;  // rows point into it
  std::string reason;
  REQUIRE(library.find("Qwen/Qwen3-8B-FP8", reason) != nullptr);
  CHECK(library.find("Qwen/Qwen3-8B-FP8", reason)->num_layers == 36);
  CHECK(library.find("nobody/knows-1b", reason) == nullptr);
  CHECK(reason == "unknown model nobody/knows-1b");
  CHECK_THROWS_WITH(io::model_library{"/does/not/exist"}, test::contains("is not a folder"));
}

constexpr std::string_view decode_header =
    "gpu,n_gpus,source,engine,model,quantization,phase,batch,context_tokens,tokens_per_s,ms_per_"
    "step\n";

io::step_measurement_set decode_rows(const std::string& rows) {
  static io::model_library library;  // rows point into it
  io::step_measurement_set set;
  io::add_step_measurements(set, io::csv_table{std::string{decode_header} + rows, "e2e_decode.csv"},
                            false, "e2e_decode.csv", library);
  return set;
}

TEST_CASE("a decode row is a step of an engine") {
  const io::step_measurement_set set = decode_rows(
      "h100,2,s,gpt-fast torch.compile,llama-3-8b,int8_wo,decode,1,,200,\n"
      "a100_sxm_330W,1,s,llama-bench,llama-3-8b,Q4_0,decode,1,512,,12.5\n");
  REQUIRE(set.rows.size() == 2);
  CHECK(set.rows[0].device == &hw::h100_sxm);
  CHECK(set.rows[0].engine == &engines::torch_compile);
  CHECK(set.rows[0].step.plan.tensor == 2);
  CHECK(set.rows[0].precisions.get_precision(operator_type::ffn_up) == precision::int8_channel);
  CHECK(set.rows[0].precisions.get_precision(operator_type::embeddings) == precision::fp16);
  CHECK(set.rows[0].time_us == Approx(5000));
  CHECK(set.rows[1].engine == &engines::llama_cpp);
  CHECK(set.rows[1].step.seq_len == 512);
  CHECK(set.rows[1].time_us == Approx(12500));
  for (const io::validated_step& v : io::validate(set, calibrated_model{}).rows) {
    CHECK(v.predicted_us > v.textbook_us);
    CHECK(v.lower_us < v.predicted_us);
    CHECK(v.predicted_us < v.upper_us);
  }
}

TEST_CASE("rows that are left out are counted under their rule") {
  const std::string said =
      why(decode_rows("my_gpu,1,s,llama-bench,llama-3-8b,Q4_0,decode,1,512,,12.5\n"
                      "h100,1,s,my engine,llama-3-8b,Q4_0,decode,1,512,,12.5\n"
                      "h100,1,s,llama-bench,my-model,Q4_0,decode,1,512,,12.5\n"
                      "h100,1,s,llama-bench,llama-3-8b,Q99,decode,1,512,,12.5\n"
                      "h100,1,s,llama-bench,llama-3-8b,Q4_0,prefill,1,512,,12.5\n"
                      "h100,1,s,llama-bench,llama-3-8b,Q4_0,decode,8,512,,12.5\n"
                      "h100,1,s,llama-bench,llama-3-8b,Q4_0,decode,1,512,,0\n"));
  for (const std::string_view reason :
       {"unknown device my_gpu", "unknown engine my engine", "unknown model my-model",
        "unknown quantization Q99", "not a decode step: prefill", "several sequences",
        "the time is not positive"}) {
    CAPTURE(said);
    CHECK(said.find(std::string{"1 "} + std::string{reason}) != std::string::npos);
  }
  CHECK_THROWS_WITH(decode_rows("h100,x,s,llama-bench,llama-3-8b,Q4_0,decode,1,512,,12.5\n"),
                    test::contains("n_gpus"));
}

constexpr std::string_view served_header =
    "gpu,source,engine,engine_version,model,quantization,gemm_quant,moe_quant,concurrency,isl,osl,"
    "tp,pp,"
    "attn_dp,moe_tp,moe_ep,ttft_ms,tpot_ms\n";

io::step_measurement_set served_rows(const std::string& rows) {
  static io::model_library library;  // rows point into it
  io::step_measurement_set set;
  io::add_step_measurements(set,
                            io::csv_table{std::string{served_header} + rows, "e2e_serving.csv"},
                            true, "e2e_serving.csv", library);
  return set;
}

TEST_CASE("a served row is a steady state") {
  const io::step_measurement_set set = served_rows(
      "h100_sxm,x-gap,vllm,1,meta-llama/Meta-Llama-3-8B,fp8,fp8,fp8,8,1024,128,2,1,,1,1,100,7\n"
      "h100_sxm,db,sglang,1,meta-llama/Meta-Llama-3-8B,unspecified,,,8,1024,128,4,1,2,1,1,,9\n");
  REQUIRE(set.rows.size() == 2);
  CHECK(set.rows[0].request.lengths == request_lengths::equal);
  CHECK(set.rows[0].request.plan.tensor == 2);
  CHECK(set.rows[0].precisions.get_precision(operator_type::ffn_up) == precision::fp8_e4m3);
  CHECK(set.rows[0].precisions.get_precision(operator_type::lm_head) == precision::fp16);
  CHECK(set.rows[0].first_token_us == Approx(1e5));
  CHECK(set.rows[1].request.lengths == request_lengths::drawn);
  CHECK(set.rows[1].request.plan.tensor == 2);
  CHECK(set.rows[1].request.plan.data == 2);
  CHECK(set.rows[1].precisions.get_precision(operator_type::ffn_up) == precision::bf16);
}

TEST_CASE("served rows that cannot be what they say are left out by rule") {
  const std::string row =
      "h100_sxm,x-gap,vllm,1,meta-llama/Meta-Llama-3-8B,fp8,fp8,fp8,64,4096,128,1,1,,1,1,";
  const std::string said = why(served_rows(
      row + "100,60\n" + row + "100,60\n" +  // stored twice
      "l40s" + row.substr(8) + "100,90\nl40s" + row.substr(8) +
      "100,80\n" +  // contradict each other
      "h100_sxm,t,vllm,1,meta-llama/Meta-Llama-3-8B,fp8,fp8,fp8,8,1024,128,16,1,,1,1,100,7\n"
      "gb200,t,vllm,1,meta-llama/Meta-Llama-3-8B,unspecified,,,8,1024,128,4,1,,1,1,100,7\n"));
  CAPTURE(said);
  CHECK(said.find("1 stored twice") != std::string::npos);
  CHECK(said.find("2 a row of the same settings differs by over a tenth") != std::string::npos);
  CHECK(said.find("1 more than 8 devices") != std::string::npos);
  CHECK(said.find("1 the precision is not stated") != std::string::npos);

  // 64 prompts of 4096 tokens for each 128 written: 30 ms of FP8 arithmetic a token that the first row leaves out; its table goes with it
  const io::step_measurement_set spread = served_rows(row + "100,9\n" + row + "101,60\n");
  CAPTURE(why(spread));
  CHECK(spread.rows.empty());
  CHECK(why(spread).find("1 faster than one replica") != std::string::npos);
  CHECK(why(spread).find("1 of a table a fifth of whose rows") != std::string::npos);
}

TEST_CASE("whole steps of the collection at hand are as accurate as promised") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::filesystem::path folder{data != nullptr ? data : "../shared/data"};
  if (!std::filesystem::exists(folder / "measured" / "e2e_serving.csv")) {
    WARN("no tables at " << folder);
    return;
  }
  io::model_library library{folder / "hf_configs"};
  const io::step_measurement_set set = io::read_step_measurements(folder / "measured", library);
  struct mean {
    double sum = 0;
    int n = 0;
    void add(double predicted, double measured) {
      sum += std::abs(predicted / measured - 1);
      ++n;
    }
    [[nodiscard]] double value() const { return sum / n; }
  };
  mean compiled;
  mean llama;
  mean dense;
  mean experts;
  mean sglang_experts;
  mean all;
  mean first;
  double inside = 0;
  for (const io::validated_step& v : io::validate(set, calibrated_model{}).rows) {
    const io::step_measurement& row = *v.row;
    if (!row.served) {
      if (row.engine == &engines::torch_compile || row.engine == &engines::llama_cpp) {
        (row.engine == &engines::llama_cpp ? llama : compiled).add(v.predicted_us, row.time_us);
      }
      continue;
    }
    all.add(v.predicted_us, row.time_us);
    inside += row.time_us >= v.lower_us && row.time_us <= v.upper_us ? 1 : 0;
    if (row.request.concurrency <= 16) {
      mean& family = !has_experts(*row.model)         ? dense
                     : row.engine == &engines::sglang ? sglang_experts
                                                      : experts;
      family.add(v.predicted_us, row.time_us);
      if (v.first_token_us && row.first_token_us > 0) {
        first.add(*v.first_token_us, row.first_token_us);
      }
    }
  }
  REQUIRE(compiled.n >= 20);
  REQUIRE(llama.n >= 15);
  REQUIRE(dense.n >= 150);
  REQUIRE(experts.n >= 300);
  REQUIRE(sglang_experts.n >= 100);
  REQUIRE(first.n >= 200);
  CHECK(compiled.value() < 0.06);
  CHECK(llama.value() < 0.065);
  CHECK(dense.value() < 0.07);
  CHECK(experts.value() < 0.13);
  CHECK(sglang_experts.value() < 0.18);
  CHECK(all.value() < 0.11);
  CHECK(first.value() < 0.20);
  CHECK(inside / all.n > 0.79);
  CHECK(inside / all.n < 0.86);
}

}  // namespace

}  // namespace step_measurements_test

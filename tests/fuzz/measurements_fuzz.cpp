// SPDX-License-Identifier: Apache-2.0
//
// Any text as a CSV of measured times, and rows of the right columns with odd values: only domain_error may come out, what is read has
// a device and a time, and every prediction of it is a number.
#include "quantroof/io/measurements.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz_input.hpp"
#include "quantroof/io/validation.hpp"

namespace {

using namespace quantroof;
using fuzz::must;

void check(std::string_view text, io::measurement_kind kind) {
  io::measurement_set set;
  const io::csv_table table{text, "fuzz.csv"};
  io::add_measurements(set, table, kind, "fuzz.csv");
  std::size_t skipped = 0;
  for (const io::skipped_rows& s : set.skipped) {
    skipped += s.n;
  }
  must(set.rows.size() + skipped == table.size());
  for (const io::measurement& row : set.rows) {
    must(row.device != nullptr && row.time_us > 0 && std::isfinite(row.time_us));
  }
  const io::validation_report report = io::validate(set, calibrated_model{});
  for (const io::validated_row& row : report.rows) {
    must(row.estimate.time_us > 0 && std::isfinite(row.estimate.time_us));
    must(!std::isnan(row.error));
  }
  static_cast<void>(io::lint(set));
}

/// Every column of every kind.
constexpr std::string_view columns[] = {"gpu",
                                        "source",
                                        "kernel",
                                        "time_us",
                                        "precision",
                                        "m",
                                        "n",
                                        "k",
                                        "act_quant_included",
                                        "batch",
                                        "heads_q",
                                        "heads_kv",
                                        "heads_local",
                                        "seq_q",
                                        "seq_kv",
                                        "head_dim",
                                        "causal",
                                        "attn_dtype",
                                        "q_dtype",
                                        "kv_dtype",
                                        "mla_dtype",
                                        "phase",
                                        "num_tokens",
                                        "hidden",
                                        "inter",
                                        "topk",
                                        "num_experts",
                                        "moe_tp",
                                        "moe_ep",
                                        "distribution",
                                        "num_gpus",
                                        "message_bytes",
                                        "impl",
                                        "op",
                                        "rows",
                                        "cols",
                                        "bytes_est"};

constexpr std::string_view words[] = {"h100_sxm",
                                      "a100_sxm",
                                      "b200_sxm",
                                      "gb200",
                                      "l40s",
                                      "my_gpu",
                                      "bf16",
                                      "bfloat16",
                                      "fp16",
                                      "fp8",
                                      "fp8_block",
                                      "fp8_block128",
                                      "nvfp4",
                                      "w4a16",
                                      "w4a16_mxfp4",
                                      "w4a8_mxfp4_mxfp8",
                                      "int8",
                                      "int8_w8a8",
                                      "context",
                                      "generation",
                                      "power_law_1.2",
                                      "balanced",
                                      "all_reduce",
                                      "all_gather",
                                      "all_to_all",
                                      "nccl",
                                      "flashinfer",
                                      "rmsnorm",
                                      "quant_fp8_dynamic_minus_static",
                                      "1e308",
                                      "1e-308",
                                      "-1",
                                      "0",
                                      "9223372036854775807",
                                      "nan",
                                      "inf",
                                      "",
                                      "\"a,b\"",
                                      "2147483648",
                                      "4096"};

std::string odd_table(fuzz::input& in) {
  std::string text;
  for (const std::string_view column : columns) {
    text += (text.empty() ? "" : ",") + std::string{column};
  }
  const std::array<std::string_view, 5> gpus{words[0], words[1], words[2], words[3], words[4]};
  for (int rows = 1 + in.byte() % 3; rows > 0; --rows) {
    text += "\n" + std::string{gpus[in.byte() % gpus.size()]};
    for (std::size_t c = 1; c < std::size(columns); ++c) {
      const std::uint8_t kind = in.byte();
      text += ",";
      text += kind < 96    ? std::string{words[in.byte() % std::size(words)]}
              : kind < 160 ? std::to_string(std::uint64_t{1} << kind % 32)
                           : std::to_string(1 + kind % 16);
    }
  }
  return text + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const auto kind = static_cast<io::measurement_kind>(data[0] / 2 % 7);
  const std::span<const std::uint8_t> rest{data + 1, size - 1};
  try {
    if (data[0] % 2 == 0) {
      check(std::string{rest.begin(), rest.end()}, kind);
    } else {
      fuzz::input in{rest};
      check(odd_table(in), kind);
    }
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Measured steps of whole models from CSV files, as questions to a model of steps:
//
//   e2e_decode.csv    gpu n_gpus source engine model quantization phase batch context_tokens tokens_per_s ms_per_step
//   e2e_serving.csv   gpu source engine engine_version model quantization gemm_quant moe_quant concurrency isl osl tp pp attn_dp moe_tp moe_ep
//                     ttft_ms tpot_ms
//
// Rows that cannot be what they say are left out by rule and counted: single streams only, one prompt of one sequence; tensor parallelism
// beyond a node; a precision that is not stated on a device whose models are quantized; engine versions that speculate without saying so;
// the same measurement stored twice; rows of the same settings that differ by over a tenth; a token faster than one replica's weights and
// cache can be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "quantroof/engine/inference_engine.hpp"
#include "quantroof/engine/serving.hpp"
#include "quantroof/io/csv.hpp"
#include "quantroof/io/measurements.hpp"
#include "quantroof/io/model_library.hpp"
#include "quantroof/io/step_names.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/mixed_precision.hpp"

namespace quantroof::io {

/// One measured step or served configuration.
struct step_measurement {
  std::string file;
  std::size_t line = 0;
  std::string gpu;
  std::string source;
  std::string engine_name;
  std::string model_name;
  std::string format;
  std::string settings;  // all that the table says of how the row came about
  const hardware_spec* device = nullptr;
  const model_config* model = nullptr;
  const inference_engine* engine = nullptr;
  mixed_precision_config precisions{.name = "measured"};
  bool served = false;        // serving: request; else one decode step
  serving_request request{};  // served
  step_request step{};        // not served
  double time_us = 0;         // a token of one sequence
  double first_token_us = 0;  // served; 0: not stated
};

/// All measured steps of a folder. Models live in the library.
struct step_measurement_set {
  std::vector<step_measurement> rows;
  std::vector<skipped_rows> skipped;

  void skip(std::string_view file, std::string reason) {
    measurement_set counter;
    counter.skipped = std::move(skipped);
    counter.skip(file, std::move(reason));
    skipped = std::move(counter.skipped);
  }
};

namespace internal {

/// Sets what a row's device, model and engine are; the reason where one is unknown, else "".
inline std::string read_who(const csv_table& t, std::size_t i, model_library& library,
                            step_measurement& row) {
  row.gpu = t.text(i, "gpu");
  row.source = t.text(i, "source");
  row.engine_name = t.text(i, "engine");
  row.model_name = t.text(i, "model");
  std::string key = row.gpu;
  if (const auto at = key.rfind('_'); at != std::string::npos && key.back() == 'W') {
    key.resize(at);  // a power limit: "a100_sxm_330W"
  }
  row.device = find_measured_device(key);
  row.device = row.device == nullptr ? find_measured_device(key + "_sxm") : row.device;
  if (row.device == nullptr) {
    return "unknown device " + row.gpu;
  }
  row.engine = find_step_engine(row.engine_name);
  if (row.engine == nullptr) {
    return "unknown engine " + row.engine_name;
  }
  std::string why;
  row.model = library.find(row.model_name, why);
  return row.model == nullptr ? why : std::string{};
}

/// "" or why the formats are unknown. Single-stream engines quantize the LM head too, servers neither it nor routers.
inline std::string read_formats(const csv_table& t, std::size_t i, step_measurement& row) {
  const auto all = t.text(i, "quantization");
  const auto format_or = [&](std::string_view column) {
    return find_step_format(t.text(i, column).empty() ? all : t.text(i, column));
  };
  row.format = all;
  const step_format* dense = format_or("gemm_quant");
  const step_format* experts = format_or("moe_quant");
  if (dense == nullptr || experts == nullptr) {
    return "unknown quantization " + row.format;
  }
  mixed_precision_config& c = row.precisions;
  const precision half = native_16bit(*row.device);
  c.default_weight_precision = dense->weight;
  c.default_activation_precision = dense->activation;
  c.operator_precisions.set(operator_type::embeddings, half);
  precision cache = half;
  if (row.served) {
    c.operator_precisions.set(operator_type::lm_head, half);
    if (has_experts(*row.model)) {
      precision weight = experts->weight;
      if (plain_model_name(row.model_name).starts_with("gptoss") && weight == precision::nvfp4) {
        weight = precision::mxfp4;  // what gpt-oss is released in, and only its experts are
        c.default_weight_precision = half;
      } else if (dense->name == "int4_wo") {
        c.default_weight_precision = half;  // Kimi's INT4 release: experts only
      }
      for (const operator_type op : operator_types) {
        if (expert_operators.contains(op)) {
          c.operator_precisions.set(op, weight);
        }
      }
      if (weight == precision::nvfp4) {
        // published lists of NVFP4 models with experts leave attention in 16 bits (hf_quant_config.json of DeepSeek, Kimi, MiniMax, GLM, Qwen3.5)
        for (const operator_type op : {operator_type::q_proj, operator_type::k_proj,
                                       operator_type::v_proj, operator_type::o_proj}) {
          c.operator_precisions.set(op, half);
        }
      }
      c.default_activation_precision =
          weight == precision::mxfp4 && !has_fp4(*row.device)
              ? half
              : (weight == precision::mxfp4 ? precision::mxfp4 : experts->activation);
    }
    // engines keep the cache in FP8 where the checkpoint is quantized and attention of the device reads it
    const bool fp8_cache = all == "fp8" || all == "fp4";
    const bool hopper_vllm =
        row.device->arch == architecture::hopper && row.engine != &engines::tensorrt_llm;
    cache = fp8_cache && !hopper_vllm ? precision::fp8_e4m3 : half;
  } else if (row.engine != &engines::torch_compile && row.engine != &engines::llama_cpp) {
    c.operator_precisions.set(operator_type::lm_head, half);
  } else if (dense->weight == precision::gguf_mxfp4) {
    // llama.cpp's MXFP4 files: the experts; all else in Q8_0 (12.1 GB of gpt-oss-20b, whose experts take 10.2)
    c.default_weight_precision = precision::gguf_q8_0;
    for (const operator_type op : operator_types) {
      if (expert_operators.contains(op)) {
        c.operator_precisions.set(op, precision::gguf_mxfp4);
      }
    }
  }
  c.kv_cache_precision = cache;
  c.operator_precisions.set(operator_type::kv_cache, cache);
  return {};
}

/// The least time of a token: one replica's weights that it passes through and the cache of all sequences at the data sheet's bandwidth, and the
/// prompts that others bring meanwhile at 0.8 of its peak, more than any measured GEMM of a prompt reaches.
[[nodiscard]] inline double least_token_us(const step_measurement& row) {
  const serving_request& r = row.request;
  const auto devices = static_cast<double>(r.plan.stage_devices());
  model_config passed = *row.model;
  passed.vocab_size = std::nullopt;
  for (layer_shape& l : passed.layers) {
    if (l.experts) {
      l.experts->experts = l.experts->top_k;
    }
  }
  const std::int64_t isl = quantroof::detail::mean_length(r.isl, r.lengths);
  const auto bytes = static_cast<double>(
      weight_bytes(passed, row.precisions) +
      kv_cache_bytes(*row.model, row.precisions.kv_cache_precision, isl, r.concurrency));
  const precision weight = row.precisions.get_precision(
      has_experts(*row.model) ? operator_type::expert_up : operator_type::ffn_up);
  const double rate =
      0.8e6 * compute_tflops(*row.device, weight, row.precisions.default_activation_precision);
  const double prompt = 2.0 * static_cast<double>(parameter_count(passed)) *
                        static_cast<double>(isl) / (rate * devices);
  const bool waves =
      row.engine->order == scheduling::prefill_first && r.lengths == request_lengths::equal;
  const double others =
      (waves ? 0.5 : 1.0) * static_cast<double>(r.concurrency - 1) / static_cast<double>(r.osl);
  return bytes / (row.device->memory_gb_s * 1e3 * devices) + others * prompt;
}

inline std::string read_decode(const csv_table& t, std::size_t i, step_measurement& row) {
  if (t.text(i, "phase") != "decode") {
    return "not a decode step: " + std::string{t.text(i, "phase")};
  }
  if (t.integer(i, "batch") != 1) {
    return "several sequences of a benchmark that makes them alike";
  }
  if (row.format.starts_with("fp6")) {
    return "FP6 rows contradict each other between models of one size";
  }
  const std::int64_t context =
      t.text(i, "context_tokens").empty() ? 0 : t.integer(i, "context_tokens");
  row.step = {.phase = phase::decode,
              .seq_len = context > 0 ? context : 256,  // not stated: a short prompt
              .attention = select_attention(*row.device, {.phase = phase::decode, .seq_len = 1},
                                            row.precisions.kv_cache_precision),
              .plan = {.tensor = t.integer(i, "n_gpus")}};
  row.time_us = t.text(i, "ms_per_step").empty() ? 1e6 / t.number(i, "tokens_per_s")
                                                 : 1e3 * t.number(i, "ms_per_step");
  return {};
}

inline constexpr std::string_view impossible_token =
    "faster than one replica can read its weights and cache and take its prompts in: its requests "
    "are "
    "spread over several";

inline std::string read_served(const csv_table& t, std::size_t i, step_measurement& row) {
  const auto degree = [&](std::string_view column) {
    const std::int64_t n = t.text(i, column).empty() ? 1 : t.integer(i, column);
    return n > 0 ? n : std::int64_t{1};
  };
  const std::int64_t devices = degree("tp");
  const std::int64_t groups = degree("attn_dp");
  if (devices > 8) {
    return "more than 8 devices a replica: the column multiplies the axes of the experts";
  }
  if (devices % groups != 0) {
    return "attention groups that do not divide the devices";
  }
  if (t.text(i, "quantization") == "unspecified" && row.device->key.view() == "gb200") {
    return "the precision is not stated";
  }
  const std::string_view version = t.text(i, "engine_version");
  if (row.engine == &engines::tensorrt_llm &&
      (version == "1.2.0rc6.post3" || version == "1.1.0rc2.post2") && has_experts(*row.model)) {
    return "an engine version that speculates without saying so";
  }
  row.request = {.isl = t.integer(i, "isl"),
                 .osl = t.integer(i, "osl"),
                 .concurrency = t.integer(i, "concurrency"),
                 .plan = {.tensor = devices / groups,
                          .data = groups,
                          .expert = has_experts(*row.model) ? degree("moe_ep") : 1,
                          .pipeline = degree("pp")},
                 .lengths = t.text(i, "source").find("gap") != std::string_view::npos
                                ? request_lengths::equal
                                : request_lengths::drawn};
  row.time_us = 1e3 * t.number(i, "tpot_ms");
  row.first_token_us = t.text(i, "ttft_ms").empty() ? 0 : 1e3 * t.number(i, "ttft_ms");
  return least_token_us(row) > 1.05 * row.time_us ? std::string{impossible_token} : std::string{};
}

/// Everything but the times and where the row was found.
inline std::string settings_of(const csv_table& t, std::size_t i) {
  std::string all;
  for (const std::string_view column :
       {"gpu", "engine", "engine_version", "model", "quantization", "gemm_quant", "moe_quant",
        "concurrency", "isl", "osl", "tp", "pp", "attn_dp", "moe_tp", "moe_ep"}) {
    all += std::string{t.text(i, column)} + ",";
  }
  return all;
}

/// Leaves out rows, from `first` on, of the same settings whose times differ by more than runs do: what sets them apart was not written down.
inline void leave_out_contradictions(step_measurement_set& set, std::size_t first,
                                     std::string_view file) {
  constexpr double most = 1.1;
  std::map<std::string_view, std::pair<double, double>> range;  // fastest, slowest
  for (std::size_t i = first; i < set.rows.size(); ++i) {
    const double time = set.rows[i].time_us;
    auto& [fast, slow] = range.try_emplace(set.rows[i].settings, time, time).first->second;
    fast = std::min(fast, time);
    slow = std::max(slow, time);
  }
  std::set<std::string> contradicted;
  for (const auto& [settings, times] : range) {
    if (times.second > most * times.first) {
      contradicted.emplace(settings);
    }
  }
  for (std::size_t i = set.rows.size(); i > first; --i) {
    if (contradicted.contains(set.rows[i - 1].settings)) {
      set.skip(file, "a row of the same settings differs by over a tenth");
      set.rows.erase(set.rows.begin() + static_cast<std::ptrdiff_t>(i - 1));
    }
  }
}

}  // namespace internal

/// Adds the rows of one table; rows that are left out go to `set.skipped` with the rule.
///
/// errors    io::input_error with file, line and column
inline void add_step_measurements(step_measurement_set& set, const csv_table& table, bool served,
                                  std::string_view file, model_library& library) {
  using identity = std::tuple<std::string, std::string, std::string, std::int64_t, std::int64_t,
                              std::int64_t, double, double>;
  std::set<identity> seen;
  const std::size_t before = set.rows.size();
  std::map<std::string, std::pair<std::size_t, std::size_t>> impossible;  // by source: rows, of all
  for (std::size_t i = 0; i < table.size(); ++i) {
    step_measurement row;
    row.file = file;
    row.line = table.line(i);
    row.served = served;
    row.settings = served ? internal::settings_of(table, i) : std::string{};
    std::string why = internal::read_who(table, i, library, row);
    why = why.empty() ? internal::read_formats(table, i, row) : why;
    if (why.empty()) {
      try {
        why = served ? internal::read_served(table, i, row) : internal::read_decode(table, i, row);
      } catch (const input_error&) {
        throw;
      } catch (const domain_error& error) {
        why = error.what();
      }
    }
    if (why.empty() && !(row.time_us > 0)) {
      why = "the time is not positive";
    }
    if (why.empty() && served &&
        !seen.insert({row.gpu, row.engine_name, row.format, row.request.concurrency,
                      row.request.isl, row.request.osl, row.first_token_us, row.time_us})
             .second) {
      why = "stored twice";
    }
    if (why.empty() || why == internal::impossible_token) {
      auto& [rows, all] = impossible[row.source + " " + row.model_name];
      rows += why.empty() ? 0U : 1U;
      ++all;
    }
    if (why.empty()) {
      set.rows.push_back(std::move(row));
    } else {
      set.skip(file, std::move(why));
    }
  }
  for (const auto& [source, count] : impossible) {  // the rest of such a table is no better
    if (5 * count.first < count.second) {
      continue;
    }
    for (std::size_t i = set.rows.size(); i > before; --i) {
      const step_measurement& row = set.rows[i - 1];
      if (row.source + " " + row.model_name == source) {
        set.skip(file, "of a table a fifth of whose rows is faster than possible");
        set.rows.erase(set.rows.begin() + static_cast<std::ptrdiff_t>(i - 1));
      }
    }
  }
  if (served) {
    internal::leave_out_contradictions(set, before, file);
  }
}

/// The step measurements of a folder; none where it has neither file.
///
/// errors    io::input_error where a file is not a table of its kind
[[nodiscard]] inline step_measurement_set read_step_measurements(
    const std::filesystem::path& folder, model_library& library) {
  step_measurement_set set;
  std::error_code error;
  for (const bool served : {false, true}) {
    const std::string_view name = served ? "e2e_serving.csv" : "e2e_decode.csv";
    if (const std::filesystem::path path = folder / name; std::filesystem::exists(path, error)) {
      add_step_measurements(set, read_csv(path), served, name, library);
    }
  }
  return set;
}

}  // namespace quantroof::io

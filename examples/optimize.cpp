// SPDX-License-Identifier: Apache-2.0
//
// The planner's question: of all formats, caches and kernels that this device runs and an engine offers, which plan is best within these limits?
// The answer says what the limits cost, why the others lose, from which batch on another format wins, and how to measure what was estimated.
//
//   optimize --model PATH|PRESET --gpu KEY [--context N] [--batch N] [--phase decode|prefill | --mix PHASE:TOKENS:BATCH:WEIGHT[,...]]
//            [--objective min_time|min_memory|max_throughput|min_cost] [--largest-batch N] [--price PER_HOUR] [--gpus N[,N...]]
//            [--max-quality-loss 1%] [--min-grade A|B|C|D] [--metric NAME] [--calibrated] [--long-reasoning] [--sensitivities FILE.json]
//            [--ttft-ms X] [--tpot-ms X] [--memory-gb X] [--engine NAME] [--formats A,B] [--kv-formats A,B] [--quantize-lm-head]
//            [--device FILE.json] [--pareto] [--why] [--crossovers N] [--json]
//            [--export plan|vllm|sglang|trtllm|llama.cpp|compressed-tensors|llm-compressor|modelopt|torchao|latency-csv]
//
// Exit status: 0 answered, 2 unusable arguments, 3 unusable input or a plan that the target cannot express, 4 no plan keeps to the limits.
// arguments: --model llama3_8b --gpu h100_sxm --context 4096 --batch 8 --max-quality-loss 2% --crossovers 64
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <quantroof/engine/optimize.hpp>
#include <quantroof/engine/optimize_alternatives.hpp>
#include <quantroof/engine/optimize_reasons.hpp>
#include <quantroof/engine/pareto.hpp>
#include <quantroof/engine/recommendation_distance.hpp>
#include <quantroof/io/export_compressed_tensors.hpp>
#include <quantroof/io/export_latency_table.hpp>
#include <quantroof/io/export_launch.hpp>
#include <quantroof/io/export_llama_cpp.hpp>
#include <quantroof/io/export_modelopt.hpp>
#include <quantroof/io/export_plan.hpp>
#include <quantroof/io/export_recipe.hpp>
#include <quantroof/io/export_torchao.hpp>
#include <quantroof/io/format_optimize.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/io/json_optimize.hpp>
#include <quantroof/io/model_source.hpp>
#include <quantroof/io/sensitivities.hpp>
#include <quantroof/quantroof.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace {

using namespace quantroof;
using arguments::usage_error;

struct options {
  model_config model{};
  std::string model_name;
  hardware_spec gpu{};
  optimize_request request{};
  std::vector<operator_loss> sensitivities;
  std::string export_to;
  std::int64_t crossovers = 0;  // largest batch; 0: not asked
  bool pareto = false;
  bool why = false;
  bool json = false;
};

// ---- Arguments -----------------------------------------------------------------------------------------------------------------

double number(std::string_view flag, std::string_view value) {
  const std::string text{value};
  char* end = nullptr;
  const double x = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(x >= 0) || x > 1e15) {
    throw usage_error(fmt::format("{}: \"{}\" is not a number of at least 0", flag, value));
  }
  return x;
}

double share(std::string_view flag, std::string_view value) {
  const bool percent = !value.empty() && value.back() == '%';
  return percent ? number(flag, value.substr(0, value.size() - 1)) / 100 : number(flag, value);
}

workload_point point(std::string_view text) {
  const auto parts = arguments::split(text, ":");
  if (parts.size() != 4) {
    throw usage_error(fmt::format("--mix: \"{}\" is not PHASE:TOKENS:BATCH:WEIGHT", text));
  }
  return {.phase = parse_phase(parts[0]),
          .seq_len = arguments::count_of("--mix", parts[1]),
          .batch = arguments::count_of("--mix", parts[2]),
          .weight = number("--mix", parts[3])};
}

/// Fills a list of the request, which has a capacity.
template <class List>
void fill(List& list, std::string_view flag, std::string_view value, auto parse) {
  list.clear();
  for (const std::string_view part : arguments::split(value, ",")) {
    if (list.size() == List::capacity()) {
      throw usage_error(fmt::format("{}: at most {} values", flag, List::capacity()));
    }
    list.push_back(parse(part));
  }
}

/// Where a plan goes to an engine, only what that engine runs is looked at.
struct exported_engine {
  std::string_view target;
  std::string_view engine;
};
constexpr std::array exported_engines{
    exported_engine{"vllm", "vllm"}, exported_engine{"sglang", "sglang"},
    exported_engine{"trtllm", "tensorrt_llm"}, exported_engine{"llama.cpp", "llama_cpp"},
    exported_engine{"torchao", "torch_compile"}};

options parse(arguments::reader flags) {
  options o;
  optimize_request& r = o.request;
  hardware_registry registry;
  std::string_view model;
  std::string_view gpu;
  std::string_view mix;
  std::string_view sensitivities;
  workload_point single{.phase = phase::decode, .seq_len = 4096};
  for (std::string_view flag = flags.next(); !flag.empty(); flag = flags.next()) {
    if (flag == "--model") {
      model = flags.value();
    } else if (flag == "--gpu") {
      gpu = flags.value();
    } else if (flag == "--mix") {
      mix = flags.value();
    } else if (flag == "--phase") {
      single.phase = flags.value(&parse_phase);
    } else if (flag == "--context") {
      single.seq_len = flags.count();
    } else if (flag == "--batch") {
      single.batch = flags.count();
    } else if (flag == "--objective") {
      r.goal = flags.value(&parse_objective);
    } else if (flag == "--largest-batch") {
      r.largest_batch = flags.count();
    } else if (flag == "--price") {
      r.device_price_per_hour = number(flag, flags.value());
    } else if (flag == "--gpus") {
      fill(r.plans, flag, flags.value(), [&](std::string_view n) {
        return parallel_plan{.tensor = arguments::count_of(flag, n)};
      });
    } else if (flag == "--max-quality-loss") {
      r.limits.quality_loss = share(flag, flags.value());
    } else if (flag == "--min-grade") {
      r.limits.min_grade = flags.value(&parse_quality_grade);
    } else if (flag == "--metric") {
      r.quality.metric = flags.value(&parse_quality_metric);
    } else if (flag == "--calibrated") {
      r.quality.calibrated = true;
    } else if (flag == "--long-reasoning") {
      r.quality.long_reasoning = true;
    } else if (flag == "--sensitivities") {
      sensitivities = flags.value();
    } else if (flag == "--ttft-ms") {
      r.limits.ttft_us = 1e3 * number(flag, flags.value());
    } else if (flag == "--tpot-ms") {
      r.limits.tpot_us = 1e3 * number(flag, flags.value());
    } else if (flag == "--memory-gb") {
      r.limits.memory_bytes = static_cast<std::int64_t>(1e9 * number(flag, flags.value()));
    } else if (flag == "--engine") {
      r.engine = flags.value(&get_engine).name;
    } else if (flag == "--formats") {
      fill(r.formats, flag, flags.value(), [](std::string_view n) { return parse_precision(n); });
    } else if (flag == "--kv-formats") {
      fill(r.kv_formats, flag, flags.value(),
           [](std::string_view n) { return parse_precision(n); });
    } else if (flag == "--quantize-lm-head") {
      r.quantize_lm_head = true;
    } else if (flag == "--device") {
      registry.add(io::read<hardware_spec>(std::string{flags.value()}));
    } else if (flag == "--crossovers") {
      o.crossovers = flags.count();
    } else if (flag == "--export") {
      o.export_to = flags.value();
      for (const auto& [target, engine] : exported_engines) {
        r.engine = o.export_to == target && r.engine.empty() ? engine : r.engine.view();
      }
    } else if (flag == "--pareto") {
      o.pareto = true;
    } else if (flag == "--why") {
      o.why = true;
    } else if (flag == "--json") {
      o.json = true;
    } else {
      throw usage_error(fmt::format(
          "unknown argument \"{}\"; known: --model --gpu --context --batch --phase --mix "
          "--objective --largest-batch --price --gpus --max-quality-loss --min-grade --metric "
          "--calibrated --long-reasoning --sensitivities --ttft-ms --tpot-ms --memory-gb --engine "
          "--formats --kv-formats --quantize-lm-head --device --pareto --why --crossovers --export "
          "--json",
          flag));
    }
  }
  if (model.empty() || gpu.empty()) {
    throw usage_error("--model and --gpu are needed (advise --list-models, --list-gpus)");
  }
  o.model_name = model;
  o.model = io::read_model(model).model;
  o.gpu = registry.get(gpu);
  if (mix.empty()) {
    r.workload.push_back(single);
  } else {
    fill(r.workload, "--mix", mix, [](std::string_view p) { return point(p); });
  }
  if (!sensitivities.empty()) {
    const std::filesystem::path file{sensitivities};
    try {
      o.sensitivities = io::sensitivities_from(io::read_json_file(file), o.model);
    } catch (const io::input_error& error) {
      throw error.in_file(file.string());
    }
    r.quality.sensitivities = o.sensitivities;
  }
  return o;
}

// ---- The answer in words -------------------------------------------------------------------------------------------------------

double ms(double us) { return us / 1e3; }
double gb(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

std::string score_in_words(const options& o, double score) {
  switch (o.request.goal) {
    case objective::min_memory:
      return fmt::format("{:.2f} GB", score / 1e9);
    case objective::max_throughput:
      return fmt::format("{:.0f} tokens/s", 1e6 / score);
    case objective::min_cost:
      return fmt::format("{:.3f} per million tokens", 1e6 * score);
    case objective::min_time:
      break;
  }
  return fmt::format("{:.2f} ms a step", ms(score));
}

void print_question(const options& o) {
  const optimize_request& r = o.request;
  fmt::print("{} on {} ({})\n", o.model.name, o.gpu.key, o.gpu.name);
  for (const workload_point& p : r.workload) {
    fmt::print("  work         {} at {} tokens, batch {}", p.phase, p.seq_len, p.batch);
    if (r.workload.size() > 1) {
      fmt::print(", weight {:g}", p.weight);
    }
    fmt::print("\n");
  }
  fmt::print("  objective    {}\n", to_string(r.goal));
  std::string limits;
  if (r.limits.quality_loss) {
    limits += fmt::format("loss of {} at most {:g} % at the upper end, ", r.quality.metric,
                          100 * *r.limits.quality_loss);
  }
  if (r.limits.ttft_us) {
    limits += fmt::format("first token within {:g} ms, ", ms(*r.limits.ttft_us));
  }
  if (r.limits.tpot_us) {
    limits += fmt::format("each token within {:g} ms, ", ms(*r.limits.tpot_us));
  }
  if (r.limits.memory_bytes) {
    limits += fmt::format("{:.1f} GB, ", gb(*r.limits.memory_bytes));
  }
  limits += fmt::format("grade {} or better", r.limits.min_grade);
  fmt::print("  limits       {}\n", limits);
}

/// "FP8_E4M3, of INT4_G128 weights FP16"
std::string inputs_of(const mixed_precision_config& c) {
  std::string text = fmt::format("{}", c.default_activation_precision);
  for (const activation_rule& rule : c.activation_rules) {
    text += fmt::format(", of {} weights {}", rule.weight, rule.activation);
  }
  return text;
}

/// The operators that one line of the plan speaks of.
struct shown {
  operator_type op;
  std::string_view name;
};
constexpr std::array shown_operators{shown{operator_type::q_proj, "q k v"},
                                     shown{operator_type::linear_in, "linear in"},
                                     shown{operator_type::o_proj, "o"},
                                     shown{operator_type::linear_out, "linear out"},
                                     shown{operator_type::ffn_up, "gate up"},
                                     shown{operator_type::ffn_down, "down"},
                                     shown{operator_type::expert_up, "experts"},
                                     shown{operator_type::shared_up, "shared up"},
                                     shown{operator_type::shared_down, "shared down"}};

void print_plan(const options& o, const optimization& a) {
  const optimized_plan& best = a.best;
  const step_estimate baseline =
      integrated_quantization_engine<dynamic_hardware, calibrated_model>{dynamic_hardware{o.gpu}}
          .baseline(o.model, {.phase = best.workload[0].phase,
                              .seq_len = best.workload[0].seq_len,
                              .batch = best.workload[0].batch,
                              .plan = best.devices});
  fmt::print("\nBest plan: {}", score_in_words(o, best.score));
  fmt::print("{}\n", a.gap == 0 ? ", proven: no plan within the limits is better"
                                : fmt::format(", at most {:.2f} % from the best", 100 * a.gap));
  fmt::print("  step         {:.2f} ms, 80 % between {:.2f} and {:.2f}", ms(a.step.time_us),
             ms(a.step.lower_us), ms(a.step.upper_us));
  if (o.request.engine.empty()) {
    fmt::print("; {:.2f} ms in 16 bits: {:.2f}x", ms(baseline.time_us),
               baseline.time_us / a.step.time_us);
  }
  fmt::print("\n");
  if (best.devices.devices() > 1) {
    fmt::print("  devices      {}, each layer divided among them\n", best.devices.devices());
  }
  if (o.request.largest_batch > 0) {
    fmt::print("  batch        {}\n", best.workload[0].batch);
  }
  const mixed_precision_config& c = best.config;
  for (const layer_band& band : layer_bands(c, o.model.num_layers)) {
    fmt::print("  layers {:>2}-{:<3}", band.first_layer, band.first_layer + band.count - 1);
    std::string_view separator = "";
    for (const shown& s : shown_operators) {
      if (weight_shape_of(o.model, s.op)) {
        fmt::print("{}{} {}", separator, s.name, c.get_precision(s.op, band.first_layer));
        separator = ", ";
      }
    }
    fmt::print("\n");
  }
  fmt::print("  LM head      {}\n", c.get_precision(operator_type::lm_head));
  fmt::print("  inputs       {} where the weight is quantized\n", inputs_of(c));
  fmt::print("  KV cache     {}\n", c.get_cache_format());
  const auto attention = [](const std::optional<flash_attention_config>& f) {
    return f ? fmt::format("{} in {}", f->version, f->qkv_precision)
             : std::string{"separate kernels"};
  };
  for (const phase ph : {phase::prefill, phase::decode}) {
    for (const workload_point& p : best.workload) {
      if (p.phase == ph) {
        fmt::print("  attention    {}: {}\n", ph,
                   attention(ph == phase::decode ? best.decode_attention : best.prefill_attention));
        break;
      }
    }
  }
  if (a.memory) {
    fmt::print(
        "  memory       {:.2f} of {:.1f} GB: weights {:.2f}, cache {:.2f}; up to {} sequences "
        "of this length\n",
        gb(a.memory->total_bytes), gb(a.memory->usable_bytes), gb(a.memory->weight_bytes),
        gb(a.memory->kv_cache_bytes), a.memory->largest_batch);
  } else {
    fmt::print("  memory       {:.2f} GB; the device's is not known\n", gb(best.memory_bytes));
  }
  fmt::print("  quality      {}\n", best.quality);
  fmt::print("  runs on      {}\n", best.engines);
}

void print_prices(const options& o, const limit_prices& prices) {
  fmt::print("\nWhat the limits cost\n");
  for (const limit_price& p : prices) {
    fmt::print("  {}", p);
    if (p.price > 0) {
      fmt::print("; without it {}", score_in_words(o, p.score_without));
      if (p.kind != limit_kind::grade) {
        fmt::print(", a tenth wider {}", score_in_words(o, p.score_relaxed));
      }
    }
    fmt::print("\n");
  }
}

/// All reasons, or, unless --why asks for all, those of formats that could have been chosen.
void print_alternatives(const options& o, const alternatives& all,
                        const kernel_alternatives& kernels) {
  fmt::print("\nWhy not another format\n");
  std::size_t left_out = 0;
  for (const alternative& a : all) {
    const bool possible =
        a.reason != rejection_reason::not_on_device && a.reason != rejection_reason::no_engine &&
        a.reason != rejection_reason::not_asked && a.reason != rejection_reason::chosen;
    const bool telling =
        !a.group || a.group == operator_group::ffn_out || a.group == operator_group::experts;
    if (o.why || (possible && telling)) {
      fmt::print("  {}\n", a);
    } else {
      ++left_out;
    }
  }
  for (const kernel_alternative& k : kernels) {
    if (!k.chosen) {
      fmt::print("  {}\n", k);
    }
  }
  if (left_out > 0) {
    fmt::print("  and {} more: --why\n", left_out);
  }
}

void print_crossovers(const options& o, const batch_winners& winners) {
  fmt::print("\nOne format for all layers, by batch (up to {})\n", o.crossovers);
  for (std::size_t i = 0; i < winners.size(); ++i) {
    const std::int64_t last = i + 1 < winners.size() ? winners[i + 1].from_batch - 1 : o.crossovers;
    fmt::print("  {:>4}-{:<5} {} with inputs in {}\n", winners[i].from_batch, last,
               winners[i].weight, winners[i].activation);
  }
}

void print_frontier(const options& o, const pareto_points& points) {
  fmt::print("\nFrontier of time, memory and quality ({} points)\n", points.size());
  fmt::print("  {:>22} {:>9} {:>10} {:>6}  {:<18} {}\n", "objective", "GB", "loss up to", "grade",
             "inputs", "KV cache");
  for (const frontier_point& p : points) {
    fmt::print("  {:>22} {:>9.2f} {:>8.2f} % {:>6}  {:<18} {}\n", score_in_words(o, p.score),
               gb(p.memory_bytes), 100 * p.quality_loss, to_string(p.grade), inputs_of(p.config),
               p.config.get_cache_format());
  }
}

void print_distance(const recommendation_distance& d) {
  fmt::print("\nThe specification's rules would take {}: {:.2f} ms a step, {:.1f} % {}", d.strategy,
             ms(d.recommended_us), 100 * std::abs(d.slower_by),
             d.slower_by >= 0 ? "slower" : "faster");
  if (!d.keeps_to_quality) {
    fmt::print(", which breaks the quality limits ({:.1f} % at the upper end, grade {})",
               100 * d.quality.loss.upper, d.quality.grade);
  }
  if (!d.is_offered) {
    fmt::print(", which no engine asked for runs here");
  }
  fmt::print("\n");
}

/// The engines whose launch line can be written.
std::optional<serving_engine> launchable(const engine_set& engines) {
  if (engines.contains("vllm")) {
    return serving_engine::vllm;
  }
  if (engines.contains("sglang")) {
    return serving_engine::sglang;
  }
  return engines.contains("tensorrt_llm") ? std::optional{serving_engine::tensorrt_llm}
                                          : std::nullopt;
}

io::launch_options launch_of(const options& o, const optimized_plan& p, serving_engine engine) {
  std::int64_t longest = 0;
  std::int64_t most = 0;
  for (const workload_point& w : p.workload) {
    longest = w.seq_len > longest ? w.seq_len : longest;
    most = w.batch > most ? w.batch : most;
  }
  bool latent = false;  // kernels for latents have names of their own
  for (std::size_t kind = 0; kind < layer_kind_count(o.model); ++kind) {
    latent = latent || layer_kind(o.model, kind).latent.has_value();
  }
  const bool prefills = p.workload[p.workload.size() - 1].phase == phase::prefill;
  const auto& attention = prefills ? p.prefill_attention : p.decode_attention;
  io::launch_options launch{.tensor_parallel = p.devices.tensor,
                            .context = longest + longest / 8 + 16,  // room for what the load writes
                            .batch = most};
  if (attention && !latent) {
    launch.attention_backend = attention_backend_name(
        to_string(engine), o.gpu.arch, attention->version, p.config.get_cache_format());
  }
  return launch;
}

/// What turns the estimate into a measurement: a launch line with a load, and an evaluation of quality.
void print_measurement(const options& o, const optimization& a) {
  fmt::print("\nTo measure what is estimated here\n");
  const workload_point& p = a.best.workload[0];
  if (const auto engine = launchable(a.best.engines)) {
    try {
      fmt::print("  {}\n", io::export_launch(*engine, o.model, a.best.checkpoint(), o.gpu,
                                             launch_of(o, a.best, *engine))
                               .command);
    } catch (const io::input_error& error) {
      fmt::print("  serve it by hand: {}\n", error.what());
    }
    if (*engine == serving_engine::vllm) {
      fmt::print(
          "  vllm bench serve --model MODEL --random-input-len {} --random-output-len {} "
          "--max-concurrency {}\n",
          p.phase == phase::decode ? p.seq_len - p.seq_len / 8 : p.seq_len,
          p.phase == phase::decode ? p.seq_len / 4 : 1, p.batch);
    }
    fmt::print(
        "  lm_eval --model {} --model_args pretrained=MODEL --tasks wikitext,gsm8k,mmlu_pro\n",
        *engine == serving_engine::sglang ? "sglang" : "vllm");
  } else {
    fmt::print("  llama-bench -m model.gguf -p 0 -n 128 -d {} -fa 1\n", p.seq_len);
    fmt::print(
        "  llama-perplexity -m model.gguf -f wiki.test.raw --kl-divergence "
        "--kl-divergence-base base.kld\n");
  }
}

// ---- Handing it over -----------------------------------------------------------------------------------------------------------

void print_export(const options& o, const optimized_plan& p) {
  const mixed_precision_config plan = p.checkpoint();
  const io::checkpoint_options at_launch{.kv_cache = io::kv_cache_place::at_launch};
  const auto launch = [&](serving_engine engine) {
    const io::launch_line l =
        io::export_launch(engine, o.model, plan, o.gpu, launch_of(o, p, engine));
    fmt::print("{}\n", l.command);
    if (!l.file_name.empty()) {
      fmt::print("\n# {}\n{}", l.file_name, l.file_text);
    }
    for (const std::string& note : l.notes) {
      fmt::print("# {}\n", note);
    }
  };
  if (o.export_to == "plan") {
    const nlohmann::ordered_json json = io::export_plan(o.model, plan, &o.gpu);
    fmt::print("{}\n", json.dump(2));
  } else if (o.export_to == "vllm") {
    launch(serving_engine::vllm);
  } else if (o.export_to == "sglang") {
    launch(serving_engine::sglang);
  } else if (o.export_to == "trtllm") {
    launch(serving_engine::tensorrt_llm);
  } else if (o.export_to == "llama.cpp") {
    const io::llama_cpp_commands c = io::export_llama_cpp(o.model, plan);
    fmt::print("{}\n{}\n", c.quantize, c.serve);
    for (const std::string& note : c.notes) {
      fmt::print("# {}\n", note);
    }
  } else if (o.export_to == "compressed-tensors") {
    const nlohmann::ordered_json json = io::export_compressed_tensors(o.model, plan);
    fmt::print("{}\n", json.dump(2));
  } else if (o.export_to == "llm-compressor") {
    fmt::print("{}", io::export_recipe(o.model, plan));
  } else if (o.export_to == "modelopt") {
    const nlohmann::ordered_json json = io::export_modelopt(o.model, plan);
    fmt::print("{}\n", json.dump(2));
  } else if (o.export_to == "torchao") {
    fmt::print("{}", io::export_torchao(o.model, plan, at_launch));
  } else if (o.export_to == "latency-csv") {
    fmt::print("{}", io::export_latency_table(o.model, plan, o.gpu));
  } else {
    throw usage_error(
        fmt::format("--export: \"{}\" is not known; known: plan, vllm, sglang, trtllm, llama.cpp, "
                    "compressed-tensors, llm-compressor, modelopt, torchao, latency-csv",
                    o.export_to));
  }
}

// ---- Everything together -------------------------------------------------------------------------------------------------------

template <class List>
nlohmann::ordered_json array_of(const List& list) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const auto& each : list) {
    json.push_back(each);
  }
  return json;
}

int run(arguments::reader flags) {
  const options o = parse(std::move(flags));
  const calibrated_model model;
  const optimize_request& r = o.request;
  const optimization a = optimize(model, o.gpu, o.model, r);
  if (!a.feasible) {
    const limit_conflicts conflicts = find_conflicts(model, o.gpu, o.model, r);
    if (o.json) {
      nlohmann::ordered_json json;
      json["answer"] = a;
      json["conflicts"] = array_of(conflicts);
      fmt::print("{}\n", json.dump(2));
      return 4;
    }
    print_question(o);
    fmt::print("\nNo plan keeps to these limits.\n");
    bool alone = false;
    for (const limit_conflict& c : conflicts) {
      alone = alone || c.nearest.has_value();
    }
    for (const limit_conflict& c : conflicts) {
      if (c.nearest || !alone) {
        fmt::print("  {}\n", c);
      }
    }
    return 4;
  }
  if (!o.export_to.empty()) {
    print_export(o, a.best);
    return 0;
  }
  const limit_prices prices = price_limits(model, o.gpu, o.model, r);
  optimize_request taken = r;  // reasons are about the devices and the batch that were taken
  taken.plans = {a.best.devices};
  taken.workload = a.best.workload;
  taken.largest_batch = 0;
  const alternatives reasons = explain_alternatives(model, o.gpu, o.model, taken);
  const kernel_alternatives kernels = explain_kernels(model, o.gpu, o.model, taken);
  const recommendation_distance distance = distance_of_recommendation(model, o.gpu, o.model, r, a);
  batch_winners winners;
  if (o.crossovers > 0) {
    winners = batch_crossovers(model, o.gpu, o.model, taken, o.crossovers);
  }
  pareto_points frontier;
  if (o.pareto) {
    frontier = pareto_frontier(model, o.gpu, o.model, r);
  }
  if (o.json) {
    nlohmann::ordered_json json;
    json["gpu"] = std::string{o.gpu.key.view()};
    json["model"] = o.model;
    json["answer"] = a;
    json["prices"] = array_of(prices);
    json["alternatives"] = array_of(reasons);
    json["kernels"] = array_of(kernels);
    json["recommendation"] = distance;
    json["crossovers"] = array_of(winners);
    json["frontier"] = array_of(frontier);
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  print_question(o);
  print_plan(o, a);
  print_prices(o, prices);
  print_alternatives(o, reasons, kernels);
  if (o.crossovers > 0) {
    print_crossovers(o, winners);
  }
  if (o.pareto) {
    print_frontier(o, frontier);
  }
  print_distance(distance);
  print_measurement(o, a);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return arguments::run_main("optimize", argc, argv, &run); }

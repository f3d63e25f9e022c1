// SPDX-License-Identifier: Apache-2.0
//
// The main job: which precision for which operator, which KV-cache format and which attention kernel, for a real model on one or many GPUs; what it
// takes in memory, how long a step lasts, what bounds it, and what changes with the next batch or context.
//
//   advise --model PATH|PRESET --gpu KEY[,KEY] [--phase decode|prefill] [--context N] [--batch N] [--scenario PHASE:N[,PHASE:N]]
//          [--gpus N] [--tp N] [--pp N] [--dp N] [--ep N] [--strategy NAME|FILE.json|checkpoint] [--kv FORMAT|K,V]
//          [--device FILE.json] [--calibration FILE.json] [--textbook] [--json | --csv]
//   advise --list-gpus | --list-models | --list-strategies
//
// PATH is a config.json, a folder with one (and safetensors headers), or a .gguf file. N may be a list, "1,2,4..256" (ranges double): a line for each
// question instead of a report. --strategy checkpoint: the formats that the checkpoint has. --textbook: the specification's arithmetic in place of
// what real kernels do.
//
// Exit status: 0 answered, 2 unusable arguments, 3 unusable input, 4 nothing asked for fits the device's memory.
// arguments: --model examples/data/llama-3.1-8b/config.json --gpu b10,gb10,h100_sxm --scenario decode:4096,decode:32768,prefill:2048
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <quantroof/io/json_calibration.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/io/model_source.hpp>
#include <quantroof/quantroof.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "plan_arguments.hpp"

namespace {

using namespace quantroof;
using arguments::usage_error;

enum class output : std::uint8_t { report, table, csv, json };

struct options {
  io::model_source source;
  std::vector<hardware_spec> gpus;
  std::vector<scenario> scenarios;
  std::string strategy;  // empty: the engine's rules decide
  std::optional<cache_format> kv;
  std::optional<device_calibration> calibration;
  bool textbook = false;
  output form = output::report;
};

/// One format for K and V, or two: "GGUF_Q8_0,GGUF_Q4_0".
cache_format parse_cache(std::string_view text) {
  const std::size_t comma = text.find(',');
  return comma == text.npos ? cache_format{parse_precision(text)}
                            : cache_format{parse_precision(text.substr(0, comma)),
                                           parse_precision(text.substr(comma + 1))};
}

options parse(arguments::reader flags) {
  options o;
  hardware_registry registry;
  std::string_view model;
  std::string_view gpus;
  std::string_view scenarios;
  phase asked = phase::decode;
  std::vector<std::int64_t> contexts{4096};
  std::vector<std::int64_t> batches{1};
  arguments::plan_flags plan;
  bool json = false;
  bool csv = false;
  for (std::string_view flag = flags.next(); !flag.empty(); flag = flags.next()) {
    if (plan.take(flags)) {
      continue;
    }
    if (flag == "--model") {
      model = flags.value();
    } else if (flag == "--gpu") {
      gpus = flags.value();
    } else if (flag == "--scenario") {
      scenarios = flags.value();
    } else if (flag == "--phase") {
      asked = flags.value(&parse_phase);
    } else if (flag == "--context") {
      contexts = flags.counts();
    } else if (flag == "--batch") {
      batches = flags.counts();
    } else if (flag == "--strategy") {
      o.strategy = flags.value();
    } else if (flag == "--kv") {
      o.kv = flags.value(&parse_cache);
    } else if (flag == "--device") {
      registry.add(io::read<hardware_spec>(std::string{flags.value()}));
    } else if (flag == "--calibration") {
      o.calibration = io::read<device_calibration>(std::string{flags.value()});
    } else if (flag == "--textbook") {
      o.textbook = true;
    } else if (flag == "--json") {
      json = true;
    } else if (flag == "--csv") {
      csv = true;
    } else {
      throw usage_error(
          fmt::format("unknown argument \"{}\"; known: --model --gpu --phase --context --batch "
                      "--scenario --gpus --tp --pp --dp --ep --strategy --kv --device "
                      "--calibration --textbook --json --csv --list-gpus --list-models "
                      "--list-strategies",
                      flag));
    }
  }
  if (model.empty() || gpus.empty()) {
    throw usage_error("--model and --gpu are needed (see --list-models, --list-gpus)");
  }
  o.source = io::read_model(model);
  for (const std::string_view key : arguments::split(gpus, ",")) {
    o.gpus.push_back(registry.get(key));
  }
  const parallel_plan devices = plan.plan_of(o.source.model);
  const auto ask = [&](phase p, std::int64_t tokens, std::int64_t batch) {
    o.scenarios.push_back({.phase = p, .seq_len = tokens, .batch = batch, .plan = devices});
  };
  if (scenarios.empty()) {
    for (const std::int64_t context : contexts) {
      for (const std::int64_t batch : batches) {
        ask(asked, context, batch);
      }
    }
  } else {
    for (const std::string_view item : arguments::split(scenarios, ",")) {
      const auto parts = arguments::split(item, ":");
      if (parts.size() != 2) {
        throw usage_error(fmt::format("--scenario: \"{}\" is not PHASE:TOKENS", item));
      }
      ask(parse_phase(parts[0]), arguments::count_of("--scenario", parts[1]), batches.front());
    }
  }
  o.form = json                                   ? output::json
           : csv                                  ? output::csv
           : contexts.size() * batches.size() > 1 ? output::table
                                                  : output::report;
  return o;
}

// ---- Answers -------------------------------------------------------------------------------------------------------------------

struct answer {
  hardware_spec gpu{};
  scenario workload{};
  quantization_recommendation rec{};
  std::optional<memory_estimate> memory{};  // nothing: the device's memory is not known

  [[nodiscard]] bool fits() const { return !memory || memory->fits; }
  /// Tokens written (decode) or read (prefill) in a second by all sequences.
  [[nodiscard]] double tokens_per_s() const {
    const std::int64_t tokens =
        workload.batch * (workload.phase == phase::decode ? 1 : workload.seq_len);
    return static_cast<double>(tokens) / rec.predicted_time_us * 1e6;
  }
  /// The operator that takes longest.
  [[nodiscard]] const operator_estimate& longest() const {
    const operator_estimate* most = &rec.bottleneck_analysis[0];
    for (const operator_estimate& op : rec.bottleneck_analysis) {
      most = op.time_us > most->time_us ? &op : most;
    }
    return *most;
  }
};

mixed_precision_config strategy_of(const options& o, const hardware_spec& gpu,
                                   const scenario& workload, std::string_view& why) {
  const model_config& m = o.source.model;
  why = "the strategy was given by the caller";
  if (o.strategy.empty()) {
    const strategy_choice choice = select_strategy(gpu, workload);
    why = choice.why;
    return get_strategy(choice.strategy, m.num_layers);
  }
  if (o.strategy == "checkpoint") {
    if (!o.source.formats) {
      throw usage_error("--strategy checkpoint: no formats are stated where --model points");
    }
    why = "the formats that the checkpoint has";
    return *o.source.formats;
  }
  return io::is_model_path(o.strategy) ? io::read<mixed_precision_config>(o.strategy)
                                       : get_strategy(o.strategy, m.num_layers);
}

template <PerformanceModel M>
answer ask(const options& o, const M& model, const hardware_spec& gpu, const scenario& workload) {
  const integrated_quantization_engine engine{gpu, model};
  std::string_view why;
  mixed_precision_config strategy = strategy_of(o, gpu, workload, why);
  if (o.kv) {
    strategy = strategy.with_cache(*o.kv);
  }
  answer a{.gpu = gpu, .workload = workload};
  a.rec = o.strategy == "checkpoint"
              ? engine.evaluate_checkpoint(o.source.model, workload, strategy, why)
              : engine.evaluate(o.source.model, workload, strategy, why);
  if (gpu.memory_gb) {
    a.memory = estimate_memory(o.source.model, a.rec.mixed_precision, gpu, workload.plan,
                               workload.batch, workload.seq_len);
  }
  return a;
}

answer ask(const options& o, const hardware_spec& gpu, const scenario& workload) {
  if (o.textbook) {
    return ask(o, textbook_model{}, gpu, workload);
  }
  calibrated_model model;
  model.own = o.calibration ? &*o.calibration : nullptr;
  if (calibrated_model::is_specified_only(gpu)) {  // the specification's device, its whole step
    return ask(o, textbook_model{.scope = step_scope::whole_step}, gpu, workload);
  }
  return ask(o, model, gpu, workload);
}

// ---- A report ------------------------------------------------------------------------------------------------------------------

std::string_view name_of(const operator_estimate& op) {
  return op.op == operator_type::qk_matmul ? "attention" : to_string(op.op);
}

double gb(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

std::string milliseconds(double us) {
  return us < 1e3 ? fmt::format("{:.3f} ms", us / 1e3) : fmt::format("{:.2f} ms", us / 1e3);
}

void print_memory(const answer& a) {
  if (!a.memory) {
    fmt::print(
        "  memory          {:.2f} GB of weights, {:.3f} GB of cache; the device's is not known\n",
        gb(a.rec.weight_bytes), gb(a.rec.kv_cache_bytes));
    return;
  }
  const memory_estimate& m = *a.memory;
  constexpr int width = 40;
  std::string bar;
  const auto fill = [&](char c, std::int64_t bytes) {
    const double all = *a.gpu.memory_gb * 1e9;
    const auto cells = static_cast<std::size_t>(static_cast<double>(bytes) / all * width + 0.5);
    bar.append(std::min(cells, width - std::min<std::size_t>(bar.size(), width)), c);
  };
  fill('W', m.weight_bytes);
  fill('K', m.kv_cache_bytes);
  fill('a', m.activation_bytes + m.runtime_bytes);
  bar.resize(width, '.');
  fmt::print("  memory          [{}] {:.0f} GB a device\n", bar, *a.gpu.memory_gb);
  fmt::print(
      "                  W {:.2f} GB weights, K {:.3f} GB cache, a {:.2f} GB activations and "
      "runtime\n",
      gb(m.weight_bytes), gb(m.kv_cache_bytes), gb(m.activation_bytes + m.runtime_bytes));
  if (m.fits) {
    fmt::print(
        "  fits            yes, {:.1f} GB are left; up to batch {} at this context, {} tokens at "
        "this batch\n",
        gb(m.left_bytes), m.largest_batch, m.largest_context);
  } else {
    fmt::print("  fits            NO, {:.1f} GB too much; {}\n", gb(-m.left_bytes),
               m.largest_batch > 0     ? fmt::format("batch {} would", m.largest_batch)
               : m.largest_context > 0 ? fmt::format("{} tokens would", m.largest_context)
                                       : "no batch and no context does");
  }
}

/// What another batch or context does.
void print_next(const options& o, const answer& now, const char* what, const scenario& next) {
  const answer then = ask(o, now.gpu, next);
  std::string text;
  if (!then.fits()) {
    text = fmt::format("does not fit, {:.1f} GB too much", gb(-then.memory->left_bytes));
  } else {
    text = fmt::format("{} ({:+.0f} %), {:.0f} tokens/s ({:+.0f} %)",
                       milliseconds(then.rec.predicted_time_us),
                       100 * (then.rec.predicted_time_us / now.rec.predicted_time_us - 1),
                       then.tokens_per_s(), 100 * (then.tokens_per_s() / now.tokens_per_s() - 1));
    if (then.rec.config.strategy_name != now.rec.config.strategy_name) {
      text += fmt::format("; {}", then.rec.config.strategy_name.view());
    }
    if (then.longest().op != now.longest().op ||
        then.longest().bottleneck != now.longest().bottleneck) {
      text += fmt::format("; longest: {}, {} bound", name_of(then.longest()),
                          to_string(then.longest().bottleneck));
    }
  }
  fmt::print("  at {:<12} {}\n", what, text);
}

std::string attention_of(const options& o, const quantization_recommendation& r) {
  if (has_shared_rows(o.source.model)) {
    return "the engine's kernel for rows that all heads share";
  }
  if (!r.fa_config) {
    return "separate kernels";
  }
  const std::string skipped =
      r.fa_config->block_sparse
          ? fmt::format(", {:.0f} % of the blocks skipped", 100 * r.fa_config->sparsity_ratio)
          : "";
  return fmt::format("{} in {}{}", to_string(r.fa_config->version),
                     to_string(r.fa_config->qkv_precision), skipped);
}

void print(const options& o, const answer& a) {
  const quantization_recommendation& r = a.rec;
  const parallel_plan& plan = a.workload.plan;
  fmt::print("\n{} ({}){}: {} at {} tokens, batch {}\n", a.gpu.key.view(), a.gpu.name.view(),
             plan.devices() == 1 ? ""
                                 : fmt::format(" x {} (tp {} pp {} dp {} ep {})", plan.devices(),
                                               plan.tensor, plan.pipeline, plan.data, plan.expert),
             to_string(a.workload.phase), a.workload.seq_len, a.workload.batch);
  fmt::print("  strategy        {}\n", r.config.strategy_name.view());
  fmt::print("  attention       {}\n", attention_of(o, r));
  fmt::print("  KV cache        {}\n", r.config.cache());
  print_memory(a);
  fmt::print("  saved           {:.1f} % of weights and cache in 16 bits\n", r.memory_savings_pct);
  if (a.fits()) {
    fmt::print("  step            {} [{}, {}], {:.0f} tokens/s; {} in 16 bits: {:.2f}x\n",
               milliseconds(r.predicted_time_us), milliseconds(r.lower_us),
               milliseconds(r.upper_us), a.tokens_per_s(), milliseconds(r.baseline_time_us),
               r.predicted_speedup);
  }
  fmt::print("  quality loss    {}\n", r.expected_quality_loss.view());
  fmt::print("  confidence      {}\n", to_string(r.confidence));
  fmt::print("  because         {}\n", r.reason.view());
  if (!a.fits()) {
    return;
  }
  scenario more = a.workload;
  more.batch *= 2;
  print_next(o, a, fmt::format("batch {}", more.batch).c_str(), more);
  more = a.workload;
  more.seq_len *= 2;
  print_next(o, a, fmt::format("{} tokens", more.seq_len).c_str(), more);
  fmt::print("  operator         share   bound    FLOP/byte\n");
  for (const operator_estimate& op : r.bottleneck_analysis) {
    fmt::print("    {:<12} {:>6.1f} %   {:<7} {:>9.1f}\n", name_of(op),
               100 * op.time_us / r.predicted_time_us, to_string(op.bottleneck),
               op.arithmetic_intensity());
  }
}

// ---- Tables and JSON -----------------------------------------------------------------------------------------------------------

constexpr const char* columns =
    "gpu,devices,phase,context,batch,strategy,kv_cache,fits,weights_bytes,kv_cache_bytes,time_us,"
    "lower_us,upper_us,"
    "tokens_per_s,speedup,bound";

void print_row(const answer& a, output form) {
  const quantization_recommendation& r = a.rec;
  const std::int64_t weights = a.memory ? a.memory->weight_bytes : r.weight_bytes;
  const std::int64_t cache = a.memory ? a.memory->kv_cache_bytes : r.kv_cache_bytes;
  const std::string_view phase = to_string(a.workload.phase);
  const cache_format formats = r.config.cache();
  const std::string kv = formats.is_single() ? fmt::format("{}", formats.key)
                                             : fmt::format("{}/{}", formats.key, formats.value);
  if (form == output::csv) {
    fmt::print("{},{},{},{},{},{},{},{},{},{},", a.gpu.key.view(), a.workload.plan.devices(), phase,
               a.workload.seq_len, a.workload.batch, r.config.strategy_name.view(), kv,
               !a.memory ? "unknown" : (a.fits() ? "yes" : "no"), weights, cache);
    fmt::print("{}\n",
               a.fits() ? fmt::format("{:.3f},{:.3f},{:.3f},{:.1f},{:.3f},{}", r.predicted_time_us,
                                      r.lower_us, r.upper_us, a.tokens_per_s(), r.predicted_speedup,
                                      to_string(a.longest().bottleneck))
                        : ",,,,,");
    return;
  }
  fmt::print("{:<20} {:<8} {:>8} {:>6}  {:<20} {:<10} {:>8.2f} {:>9.2f}  {}\n", a.gpu.key.view(),
             phase, a.workload.seq_len, a.workload.batch, r.config.strategy_name.view(), kv,
             gb(weights), gb(cache),
             a.fits() ? fmt::format("{:>9.2f} {:>9.2f} {:>9.2f} {:>10.0f} {:>7.2f}x  {}",
                                    r.predicted_time_us / 1e3, r.lower_us / 1e3, r.upper_us / 1e3,
                                    a.tokens_per_s(), r.predicted_speedup,
                                    to_string(a.longest().bottleneck))
                      : "does not fit");
}

nlohmann::ordered_json to_object(const answer& a) {
  using json = nlohmann::ordered_json;
  const quantization_recommendation& r = a.rec;
  json object;
  object["gpu"] = std::string{a.gpu.key.view()};
  object["scenario"] = a.workload;
  object["fits"] = a.memory ? json(a.fits()) : json(nullptr);
  json& memory = object["memory"];
  memory["weights_bytes"] = a.memory ? a.memory->weight_bytes : r.weight_bytes;
  memory["kv_cache_bytes"] = a.memory ? a.memory->kv_cache_bytes : r.kv_cache_bytes;
  memory["fits"] = object["fits"];
  if (a.memory) {
    memory["activation_bytes"] = a.memory->activation_bytes;
    memory["runtime_bytes"] = a.memory->runtime_bytes;
    memory["total_bytes"] = a.memory->total_bytes;
    memory["usable_bytes"] = a.memory->usable_bytes;
    memory["left_bytes"] = a.memory->left_bytes;
    memory["largest_batch"] = a.memory->largest_batch;
    memory["largest_context"] = a.memory->largest_context;
  }
  if (a.fits()) {
    json& step = object["step"];
    step["time_us"] = r.predicted_time_us;
    step["lower_us"] = r.lower_us;
    step["upper_us"] = r.upper_us;
    step["tokens_per_s"] = a.tokens_per_s();
    step["operators"] = json::array();
    for (const operator_estimate& op : r.bottleneck_analysis) {
      json one = op;
      one["bound"] = to_string(op.bottleneck);
      if (weight_operators.contains(op.op)) {
        one["precision"] = to_string(r.mixed_precision.get_precision(op.op));
      }
      step["operators"].push_back(one);
    }
  } else {
    object["step"] = nullptr;  // no speed of what does not fit
  }
  object["recommendation"] = r;
  return object;
}

void print_json(const options& o, const std::vector<answer>& answers) {
  nlohmann::ordered_json all;
  all["model"] = o.source.model;
  all["model"]["parameters"] = {{"total", parameter_count(o.source.model)},
                                {"active", active_parameter_count(o.source.model)}};
  all["model"]["kv_elements_per_token"] = kv_elements_per_token(o.source.model);
  if (o.source.checkpoint) {
    const io::checkpoint_summary& c = *o.source.checkpoint;
    nlohmann::ordered_json& checkpoint = all["checkpoint"];
    checkpoint["file_bytes"] = c.file_bytes;
    checkpoint["tensor_bytes"] = c.known_tensor_bytes;
    checkpoint["parameters"] =
        c.parameters ? nlohmann::ordered_json(*c.parameters) : nlohmann::ordered_json(nullptr);
    checkpoint["expected_bytes"] = io::expected_weight_bytes(o.source);
  }
  all["notes"] = o.source.notes;
  if (answers.size() == 1) {  // one question: its members at the top too
    all.update(to_object(answers.front()));
  }
  all["answers"] = nlohmann::ordered_json::array();
  for (const answer& a : answers) {
    all["answers"].push_back(to_object(a));
  }
  fmt::print("{}\n", all.dump(2));
}

void print_model(const options& o) {
  const model_config& m = o.source.model;
  const auto billions = [](std::int64_t n) { return static_cast<double>(n) / 1e9; };
  fmt::print("{}: {:.2f} B parameters", m.name.view(), billions(parameter_count(m)));
  if (has_experts(m)) {
    fmt::print(" ({:.2f} B active)", billions(active_parameter_count(m)));
  }
  fmt::print(", {} layers, {} KV elements a token; {}\n", m.num_layers, kv_elements_per_token(m),
             o.textbook ? "the specification's textbook roofline of attention and FFN"
                        : "what real kernels take");
  if (o.source.checkpoint) {
    const io::checkpoint_summary& c = *o.source.checkpoint;
    const std::int64_t expected = io::expected_weight_bytes(o.source);
    fmt::print(
        "checkpoint: {} bytes of tensors on disk, {} expected ({:+.2f} %)\n", c.known_tensor_bytes,
        expected,
        100 * (static_cast<double>(expected) / static_cast<double>(c.known_tensor_bytes) - 1));
  }
  if (o.source.formats && o.strategy.empty()) {
    fmt::print("the checkpoint is quantized ({}): --strategy checkpoint asks for its formats\n",
               o.source.formats->name.view());
  }
  for (const std::string& note : o.source.notes) {
    fmt::print("note: {}\n", note);
  }
}

bool list(std::string_view flag) {
  if (flag == "--list-gpus") {
    for (const hardware_spec* gpu : list_hardware()) {
      fmt::print("{:<20} {}\n", gpu->key.view(), gpu->name.view());
    }
  } else if (flag == "--list-models") {
    for (const model_config& m : models::all) {
      fmt::print("{:<20} {:.2f} B parameters\n", m.name.view(),
                 static_cast<double>(parameter_count(m)) / 1e9);
    }
  } else if (flag == "--list-strategies") {
    for (const strategy_entry& entry : list_strategies()) {
      fmt::print("{:<20} {}\n", entry.name, get_strategy(entry.name).description.view());
    }
  } else {
    return false;
  }
  return true;
}

int run(arguments::reader flags) {
  arguments::reader first = flags;
  if (list(first.next()) && first.next().empty()) {
    return 0;
  }
  const options o = parse(flags);
  if (o.form == output::report || o.form == output::table) {
    print_model(o);
  }
  if (o.form == output::csv) {
    fmt::print("{}\n", columns);
  } else if (o.form == output::table) {
    fmt::print(
        "\n{:<20} {:<8} {:>8} {:>6}  {:<20} {:<10} {:>8} {:>9}  {:>9} {:>9} {:>9} {:>10} {:>8}  "
        "{}\n",
        "gpu", "phase", "context", "batch", "strategy", "KV cache", "W GB", "KV GB", "ms", "from",
        "to", "tokens/s", "speedup", "bound");
  }
  bool any_fits = false;
  std::vector<answer> answers;
  arguments::progress counter{"advise", o.gpus.size() * o.scenarios.size()};
  for (const hardware_spec& gpu : o.gpus) {
    for (const scenario& workload : o.scenarios) {
      const answer a = ask(o, gpu, workload);
      any_fits = any_fits || a.fits();
      if (o.form == output::json) {
        answers.push_back(a);
      } else if (o.form == output::report) {
        print(o, a);
      } else {
        print_row(a, o.form);
      }
      counter.step();
    }
  }
  if (o.form == output::json) {
    print_json(o, answers);
  }
  return any_fits ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) { return arguments::run_main("advise", argc, argv, &run); }

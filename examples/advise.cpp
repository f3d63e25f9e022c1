// SPDX-License-Identifier: Apache-2.0
//
// The main job: which precision for which operator, which KV-cache format and which attention kernel, for a real model on a GPU.
//
//   advise --model PATH|PRESET --gpu KEY[,KEY] [--phase decode|prefill --context N --batch N | --scenario PHASE:N[,PHASE:N]]
//          [--strategy NAME|FILE.json] [--device FILE.json] [--textbook] [--json]
//   advise --list-gpus | --list-models | --list-strategies
//
// Exit status: 0 answered, 2 unusable arguments, 3 unusable input, 4 nothing asked for fits the device's memory.
// arguments: --model examples/data/llama-3.1-8b/config.json --gpu b10,gb10,h100_sxm --scenario decode:4096,decode:32768,prefill:2048
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <quantroof/io/hf_config.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/quantroof.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace quantroof;

struct usage_error : std::exception {
  explicit usage_error(std::string what_happened) : text(std::move(what_happened)) {}
  [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
  std::string text;
};

struct options {
  model_config model{};
  std::vector<hardware_spec> gpus;
  std::vector<scenario> scenarios;
  std::string strategy;  // empty: the engine's rules decide
  step_scope scope = step_scope::whole_step;
  bool json = false;
};

// ---- Arguments -----------------------------------------------------------------------------------------------------------------

std::vector<std::string_view> split(std::string_view list, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = list.find(separator);
    parts.push_back(list.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    list.remove_prefix(at + 1);
  }
}

std::int64_t count(std::string_view flag, std::string_view value) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (error != std::errc{} || end != value.data() + value.size() || n <= 0) {
    throw usage_error(fmt::format("{}: \"{}\" is not a positive whole number", flag, value));
  }
  return n;
}

bool is_path(std::string_view name) {
  return name.find('/') != std::string_view::npos ||
         (name.size() > 5 && name.substr(name.size() - 5) == ".json");
}

model_config load_model(std::string_view name) {
  return is_path(name) ? io::model_from_hf_config(std::filesystem::path{name}) : get_model(name);
}

options parse(const std::vector<std::string_view>& arguments) {
  options o;
  hardware_registry registry;
  std::string_view model;
  std::string_view gpus;
  std::string_view scenarios;
  scenario single{.phase = phase::decode, .seq_len = 4096};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view flag = arguments[i];
    const auto value = [&] {
      if (i + 1 >= arguments.size()) {
        throw usage_error(fmt::format("{}: a value must follow", flag));
      }
      return arguments[++i];
    };
    if (flag == "--model") {
      model = value();
    } else if (flag == "--gpu") {
      gpus = value();
    } else if (flag == "--scenario") {
      scenarios = value();
    } else if (flag == "--phase") {
      single.phase = parse_phase(value());
    } else if (flag == "--context") {
      single.seq_len = count(flag, value());
    } else if (flag == "--batch") {
      single.batch = count(flag, value());
    } else if (flag == "--strategy") {
      o.strategy = value();
    } else if (flag == "--device") {
      registry.add(io::read<hardware_spec>(std::string{value()}));
    } else if (flag == "--textbook") {
      o.scope = step_scope::specification;
    } else if (flag == "--json") {
      o.json = true;
    } else {
      throw usage_error(
          fmt::format("unknown argument \"{}\"; known: --model --gpu --phase --context --batch "
                      "--scenario --strategy --device "
                      "--textbook --json --list-gpus --list-models --list-strategies",
                      flag));
    }
  }
  if (model.empty() || gpus.empty()) {
    throw usage_error("--model and --gpu are needed (see --list-models, --list-gpus)");
  }
  o.model = load_model(model);
  for (const std::string_view key : split(gpus, ',')) {
    o.gpus.push_back(registry.get(key));
  }
  if (scenarios.empty()) {
    o.scenarios.push_back(single);
  } else {
    for (const std::string_view item : split(scenarios, ',')) {
      const auto parts = split(item, ':');
      if (parts.size() != 2) {
        throw usage_error(fmt::format("--scenario: \"{}\" is not PHASE:TOKENS", item));
      }
      o.scenarios.push_back({.phase = parse_phase(parts[0]),
                             .seq_len = count("--scenario", parts[1]),
                             .batch = single.batch});
    }
  }
  return o;
}

// ---- Answers -------------------------------------------------------------------------------------------------------------------

struct answer {
  hardware_spec gpu{};
  scenario workload{};
  quantization_recommendation rec{};
  bool fits = true;  // weights and KV cache in the device's memory, where that is known
};

answer ask(const options& o, const hardware_spec& gpu, const scenario& workload) {
  const integrated_quantization_engine engine{gpu, textbook_model{.scope = o.scope}};
  answer a{.gpu = gpu, .workload = workload};
  if (o.strategy.empty()) {
    a.rec = engine.recommend(o.model, workload);
  } else {
    a.rec = engine.evaluate(o.model, workload,
                            is_path(o.strategy) ? io::read<mixed_precision_config>(o.strategy)
                                                : get_strategy(o.strategy, o.model.num_layers));
  }
  a.fits = !gpu.memory_gb ||
           static_cast<double>(a.rec.weight_bytes + a.rec.kv_cache_bytes) <= *gpu.memory_gb * 1e9;
  return a;
}

void print(const answer& a) {
  const quantization_recommendation& r = a.rec;
  const auto gb = [](std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; };
  fmt::print("\n{} ({}): {} at {} tokens, batch {}\n", a.gpu.key.view(), a.gpu.name.view(),
             to_string(a.workload.phase), a.workload.seq_len, a.workload.batch);
  fmt::print("  strategy        {}\n", r.config.strategy_name.view());
  fmt::print("  attention       {}\n",
             r.fa_config ? fmt::format("{} in {}{}", to_string(r.fa_config->version),
                                       to_string(r.fa_config->qkv_precision),
                                       r.fa_config->block_sparse
                                           ? fmt::format(", {:.0f} % of the blocks skipped",
                                                         100 * r.fa_config->sparsity_ratio)
                                           : "")
                         : "separate kernels");
  fmt::print("  KV cache        {}, {:.3f} GB\n", to_string(r.config.kv_cache_precision),
             gb(r.kv_cache_bytes));
  fmt::print("  weights         {:.3f} GB; with the cache {:.1f} % less memory than in 16 bits\n",
             gb(r.weight_bytes), r.memory_savings_pct);
  if (a.gpu.memory_gb) {
    fmt::print("  fits            {}, {:.1f} of {:.0f} GB for weights and cache\n",
               a.fits ? "yes" : "NO", gb(r.weight_bytes + r.kv_cache_bytes), *a.gpu.memory_gb);
  }
  if (a.fits) {
    fmt::print("  step            {:.2f} ms predicted, {:.2f} ms in 16 bits: {:.2f}x\n",
               r.predicted_time_us / 1e3, r.baseline_time_us / 1e3, r.predicted_speedup);
  }
  fmt::print("  quality loss    {}\n", r.expected_quality_loss.view());
  fmt::print("  confidence      {}\n", to_string(r.confidence));
  fmt::print("  because         {}\n", r.reason.view());
  if (a.fits) {
    fmt::print("  operator         share   bound    FLOP/byte\n");
    for (const operator_estimate& op : r.bottleneck_analysis) {
      fmt::print("    {:<12} {:>6.1f} %   {:<7} {:>9.1f}\n",
                 op.op == operator_type::qk_matmul ? "attention" : to_string(op.op),
                 100 * op.time_us / r.predicted_time_us, to_string(op.bottleneck),
                 op.arithmetic_intensity());
    }
  }
}

nlohmann::ordered_json to_object(const answer& a) {
  nlohmann::ordered_json object;
  object["gpu"] = std::string{a.gpu.key.view()};
  object["scenario"] = a.workload;
  object["fits"] =
      a.gpu.memory_gb ? nlohmann::ordered_json(a.fits) : nlohmann::ordered_json(nullptr);
  object["recommendation"] = a.rec;
  return object;
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

int run(const std::vector<std::string_view>& arguments) {
  if (arguments.size() == 1 && list(arguments[0])) {
    return 0;
  }
  const options o = parse(arguments);
  bool any_fits = false;
  nlohmann::ordered_json answers = nlohmann::ordered_json::array();
  if (!o.json) {
    fmt::print(
        "{}: {:.2f} B parameters, {} layers, {} heads on {} KV heads of {}; textbook roofline of "
        "{}\n",
        o.model.name.view(), static_cast<double>(parameter_count(o.model)) / 1e9,
        o.model.num_layers, o.model.num_heads, o.model.num_kv_heads, o.model.head_dim,
        o.scope == step_scope::whole_step ? "the whole step" : "attention and FFN");
  }
  for (const hardware_spec& gpu : o.gpus) {
    for (const scenario& workload : o.scenarios) {
      const answer a = ask(o, gpu, workload);
      any_fits = any_fits || a.fits;
      if (o.json) {
        answers.push_back(to_object(a));
      } else {
        print(a);
      }
    }
  }
  if (o.json) {
    nlohmann::ordered_json all;
    all["model"] = o.model;
    all["model"]["parameters"] = parameter_count(o.model);
    all["answers"] = answers;
    fmt::print("{}\n", all.dump(2));
  }
  return any_fits ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const usage_error& error) {
    fmt::print(stderr, "advise: {}\n", error.what());
    return 2;
  } catch (const io::input_error& error) {
    fmt::print(stderr, "advise: {}\n", error.what());
    return 3;
  } catch (const domain_error& error) {
    fmt::print(stderr, "advise: {}\n", error.what());
    return 2;
  }
}

// SPDX-License-Identifier: Apache-2.0
//
// How does a plan reach a real engine? The same plan as neutral JSON, compressed-tensors, llm-compressor recipe, ModelOpt, torchao, llama.cpp,
// launch lines and latency table, or the reason why a target cannot say it.
//
//   export_plan --model PATH|PRESET (--strategy NAME|FILE.json | --from FILE.json) [--gpu KEY] [--to TARGET] [--tokens N[,N]]
//               [--cache-at-launch] [--own-activations] [--each-expert] [--nearest]
//
//   --from     a plan in another tool's words: quantroof.plan (which holds its model), quantization_config of compressed-tensors, hf_quant_config.json
//   --to       plan, compressed-tensors, recipe, modelopt, torchao, llama.cpp, vllm, sglang, tensorrt_llm, latency-csv: that text alone;
//              without it: what each target makes of the plan
//
// Exit status: 0 said, 2 unusable arguments, 3 unusable input, 4 the target cannot say the plan.
// arguments: --model llama3_8b --strategy hybrid_long_context --gpu b200_sxm --tokens 1,64 --cache-at-launch
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <quantroof/io/export_compressed_tensors.hpp>
#include <quantroof/io/export_latency_table.hpp>
#include <quantroof/io/export_launch.hpp>
#include <quantroof/io/export_llama_cpp.hpp>
#include <quantroof/io/export_modelopt.hpp>
#include <quantroof/io/export_plan.hpp>
#include <quantroof/io/export_recipe.hpp>
#include <quantroof/io/export_torchao.hpp>
#include <quantroof/io/hf_config.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/quantroof.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arguments.hpp"

namespace {

using namespace quantroof;
using arguments::usage_error;

struct options {
  model_config model{};
  std::string model_type;
  mixed_precision_config plan{};
  const hardware_spec* gpu = nullptr;
  std::string target;
  std::vector<std::int64_t> tokens{1, 4, 16, 64, 256, 1024};
  io::checkpoint_options checkpoint{};
  io::llama_cpp_options llama{};
};

bool is_path(std::string_view name) {
  return name.find('/') != std::string_view::npos || name.ends_with(".json");
}

void read_model(options& o, std::string_view name) {
  if (!is_path(name)) {
    o.model = get_model(name);
    return;
  }
  const std::filesystem::path path{name};
  o.model = io::model_from_hf_config(path);
  const std::filesystem::path file = is_directory(path) ? path / "config.json" : path;
  const auto json =
      io::parse_json(detail::without_non_finite(io::read_text_file(file)), file.string());
  o.model_type = json.value("model_type", "");
}

void read_plan(options& o, const std::string& file) {
  const nlohmann::json json = io::read_json_file(file);
  if (json.contains("schema")) {
    const auto document = io::read<plan_document>(file);
    if (o.model.num_layers != 0 && !(o.model == document.model)) {
      throw usage_error("--model: is not the model that the plan is for");
    }
    o.plan = document.plan;
    o.model = document.model;
    return;
  }
  if (o.model.num_layers == 0) {
    throw usage_error("--from: a file that does not hold its model needs --model");
  }
  const auto read =
      json.contains("quantization")
          ? io::plan_from_modelopt(json, o.model, o.checkpoint.naming, file)
          : io::plan_from_compressed_tensors(json, o.model, o.checkpoint.naming, file);
  o.plan = read.config;
  for (const std::string& note : read.notes) {
    fmt::print(stderr, "{}: {}\n", file, note);
  }
}

std::vector<std::int64_t> numbers(std::string_view list) {
  std::vector<std::int64_t> result;
  while (true) {
    const std::string_view one = list.substr(0, list.find(','));
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), n);
    if (error != std::errc{} || end != one.data() + one.size() || n <= 0) {
      throw usage_error(fmt::format("--tokens: \"{}\" is not a positive whole number", one));
    }
    result.push_back(n);
    if (one.size() == list.size()) {
      return result;
    }
    list.remove_prefix(one.size() + 1);
  }
}

options parse(arguments::reader flags) {
  options o;
  std::string_view model;
  std::string_view strategy;
  std::string_view from;
  for (std::string_view flag = flags.next(); !flag.empty(); flag = flags.next()) {
    const auto value = [&flags] { return flags.value(); };
    if (flag == "--model") {
      model = value();
    } else if (flag == "--strategy") {
      strategy = value();
    } else if (flag == "--from") {
      from = value();
    } else if (flag == "--gpu") {
      o.gpu = &get_hardware(value());
    } else if (flag == "--to") {
      o.target = value();
    } else if (flag == "--tokens") {
      o.tokens = numbers(value());
    } else if (flag == "--cache-at-launch") {
      o.checkpoint.kv_cache = io::kv_cache_place::at_launch;
    } else if (flag == "--own-activations") {
      o.checkpoint.activations = io::activation_policy::of_algorithm;
    } else if (flag == "--each-expert") {
      o.checkpoint.experts = io::expert_listing::each;
    } else if (flag == "--nearest") {
      o.llama.types = io::gguf_types::nearest;
    } else {
      throw usage_error(fmt::format(
          "unknown argument \"{}\"; known: --model --strategy --from --gpu --to --tokens "
          "--cache-at-launch --own-activations --each-expert --nearest",
          flag));
    }
  }
  if ((model.empty() && from.empty()) || strategy.empty() == from.empty()) {
    throw usage_error("--model and one of --strategy and --from are needed");
  }
  if (!model.empty()) {
    read_model(o, model);
  }
  o.checkpoint.naming.model_type = o.model_type;
  if (!from.empty()) {
    read_plan(o, std::string{from});
  } else if (is_path(strategy)) {
    o.plan = io::read<mixed_precision_config>(std::string{strategy});
  } else {
    o.plan = get_strategy(strategy, o.model.num_layers);
  }
  return o;
}

const hardware_spec& gpu_of(const options& o) {
  if (o.gpu == nullptr) {
    throw usage_error("this target needs --gpu");
  }
  return *o.gpu;
}

std::string launch(const options& o, serving_engine engine) {
  const io::launch_line line =
      io::export_launch(engine, o.model, o.plan, gpu_of(o), {.naming = o.checkpoint.naming});
  std::string text = line.command + "\n";
  text += fmt::format("# checkpoint: {}\n", line.checkpoint);
  if (!line.file_name.empty()) {
    text += fmt::format("# {}:\n{}", line.file_name, line.file_text);
  }
  for (const std::string& note : line.notes) {
    text += fmt::format("# {}\n", note);
  }
  return text;
}

std::string llama_cpp(const options& o) {
  const io::llama_cpp_commands c = io::export_llama_cpp(o.model, o.plan, o.llama);
  std::string text = (c.quantize.empty() ? "" : c.quantize + "\n") + c.serve + "\n";
  for (const std::string& note : c.notes) {
    text += fmt::format("# {}\n", note);
  }
  return text;
}

struct target {
  std::string_view name;
  std::string (*write)(const options&);
};
const std::vector<target> targets = {
    {"plan",
     [](const options& o) {
       return nlohmann::ordered_json(io::export_plan(o.model, o.plan, o.gpu)).dump(2) + "\n";
     }},
    {"compressed-tensors",
     [](const options& o) {
       const nlohmann::ordered_json j =
           io::export_compressed_tensors(o.model, o.plan, o.checkpoint);
       return j.dump(2) + "\n";
     }},
    {"recipe", [](const options& o) { return io::export_recipe(o.model, o.plan, o.checkpoint); }},
    {"modelopt",
     [](const options& o) {
       return nlohmann::ordered_json(io::export_modelopt(o.model, o.plan, o.checkpoint)).dump(2) +
              "\n";
     }},
    {"torchao", [](const options& o) { return io::export_torchao(o.model, o.plan, o.checkpoint); }},
    {"llama.cpp", [](const options& o) { return llama_cpp(o); }},
    {"vllm", [](const options& o) { return launch(o, serving_engine::vllm); }},
    {"sglang", [](const options& o) { return launch(o, serving_engine::sglang); }},
    {"tensorrt_llm", [](const options& o) { return launch(o, serving_engine::tensorrt_llm); }},
    {"latency-csv",
     [](const options& o) {
       return io::export_latency_table(o.model, o.plan, gpu_of(o), o.tokens);
     }},
};

/// The first lines of a text, and how many more there are.
void print_beginning(const std::string& text) {
  constexpr std::size_t shown = 6;
  constexpr std::size_t width = 132;
  std::size_t lines = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (lines < shown) {
      fmt::print("    {}{}\n", line.substr(0, width), line.size() > width ? " ..." : "");
    }
    ++lines;
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  if (lines > shown) {
    fmt::print("    ... {} lines\n", lines);
  }
}

int run(arguments::reader flags) {
  const options o = parse(std::move(flags));
  for (const target& t : targets) {
    if (t.name == o.target) {
      try {
        fmt::print("{}", t.write(o));
        return 0;
      } catch (const io::input_error& error) {
        fmt::print(stderr, "export_plan: {}\n", error.what());
        return 4;
      }
    }
  }
  if (!o.target.empty()) {
    std::string known;
    for (const target& t : targets) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", t.name);
    }
    throw usage_error(fmt::format("--to: \"{}\" is not known; known: {}", o.target, known));
  }
  fmt::print("{} for {}{}\n", o.plan.name.view(), o.model.name.view(),
             o.gpu == nullptr ? "" : fmt::format(" on {}", o.gpu->key.view()));
  for (const target& t : targets) {
    const bool needs_gpu = t.name == "vllm" || t.name == "sglang" || t.name == "tensorrt_llm" ||
                           t.name == "latency-csv";
    if (needs_gpu && o.gpu == nullptr) {
      continue;
    }
    fmt::print("\n{}\n", t.name);
    try {
      print_beginning(t.write(o));
    } catch (const io::input_error& error) {
      fmt::print("    cannot say it: {}\n", error.what());
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return arguments::run_main("export_plan", argc, argv, &run); }

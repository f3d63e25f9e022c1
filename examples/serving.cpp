// SPDX-License-Identifier: Apache-2.0
//
// What do users of a served model see? Time to the first token, time per token and throughput over the number of requests under way.
//
//   serving --model PATH|PRESET --gpu KEY [--engine NAME] [--isl N] [--osl N] [--concurrency N,N..N] [--strategy NAME|FILE.json|checkpoint]
//           [--gpus N] [--tp N] [--pp N] [--dp N] [--ep N] [--draft PATH|PRESET [--drafted N] [--acceptance A]] [--csv | --json]
//
// isl, osl: tokens of a prompt, tokens written. --draft: another model drafts tokens, which this one verifies; its line says what a token then takes.
//
// Exit status: 0 answered, 2 unusable arguments, 3 unusable input, 4 the model does not fit.
// arguments: --model llama3_8b --gpu h100_sxm --engine vllm --isl 2048 --osl 256 --concurrency 1..128 --draft llama3_2_1b
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <quantroof/engine/speculative.hpp>
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

enum class output : std::uint8_t { text, csv, json };

struct options {
  io::model_source source;
  hardware_spec gpu{};
  inference_engine engine = engines::vllm;
  serving_request request{};
  std::vector<std::int64_t> concurrency{1, 4, 16, 64};
  mixed_precision_config formats{};
  std::optional<model_config> draft{};
  speculation drafts{};
  output form = output::text;
};

/// A number in [0, 1].
double share(std::string_view flag, std::string_view text) {
  double x = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (error != std::errc{} || end != text.data() + text.size() || !(x >= 0 && x <= 1)) {
    throw usage_error(fmt::format("{}: \"{}\" is not a number in [0, 1]", flag, text));
  }
  return x;
}

options parse(arguments::reader flags) {
  options o;
  std::string_view model;
  std::string_view gpu;
  std::string strategy;
  arguments::plan_flags plan;
  for (std::string_view flag = flags.next(); !flag.empty(); flag = flags.next()) {
    if (plan.take(flags)) {
      continue;
    }
    if (flag == "--model") {
      model = flags.value();
    } else if (flag == "--gpu") {
      gpu = flags.value();
    } else if (flag == "--engine") {
      o.engine = flags.value(&get_engine);
    } else if (flag == "--isl") {
      o.request.isl = flags.count();
    } else if (flag == "--osl") {
      o.request.osl = flags.count();
    } else if (flag == "--concurrency") {
      o.concurrency = flags.counts();
    } else if (flag == "--strategy") {
      strategy = flags.value();
    } else if (flag == "--draft") {
      o.draft = io::read_model(flags.value()).model;
    } else if (flag == "--drafted") {
      o.drafts.drafted = flags.count();
    } else if (flag == "--acceptance") {
      o.drafts.acceptance = share(flag, flags.value());
    } else if (flag == "--csv") {
      o.form = output::csv;
    } else if (flag == "--json") {
      o.form = output::json;
    } else {
      throw usage_error(
          fmt::format("unknown argument \"{}\"; known: --model --gpu --engine --isl --osl "
                      "--concurrency --strategy --gpus --tp --pp --dp --ep --draft --drafted "
                      "--acceptance --csv --json",
                      flag));
    }
  }
  if (model.empty() || gpu.empty()) {
    throw usage_error("--model and --gpu are needed (advise --list-models, --list-gpus)");
  }
  o.source = io::read_model(model);
  o.gpu = get_hardware(gpu);
  o.request.plan = plan.plan_of(o.source.model);
  if (strategy.empty() || strategy == "checkpoint") {
    if (!strategy.empty() && !o.source.formats) {
      throw usage_error("--strategy checkpoint: no formats are stated where --model points");
    }
    o.formats = o.source.formats ? *o.source.formats : create_fp16_baseline();
  } else {
    o.formats = io::is_model_path(strategy) ? io::read<mixed_precision_config>(strategy)
                                            : get_strategy(strategy, o.source.model.num_layers);
  }
  o.formats = adapt_to(o.gpu, o.formats).config;
  is_valid(o.drafts);
  return o;
}

std::string seconds(const std::optional<double>& us) {
  return us ? fmt::format("{:.3f}", *us / 1e6) : "no claim";
}

nlohmann::ordered_json to_object(std::int64_t concurrency, const serving_estimate& e) {
  using json = nlohmann::ordered_json;
  return {{"concurrency", concurrency},
          {"fits", e.fits},
          {"batch", e.batch},
          {"ttft_us", e.ttft_us ? json(*e.ttft_us) : json(nullptr)},
          {"tpot_us", e.tpot_us},
          {"tpot_lower_us", e.tpot_lower_us},
          {"tpot_upper_us", e.tpot_upper_us},
          {"prefill_us", e.prefill_us},
          {"decode_us", e.decode_us},
          {"tokens_per_s", e.tokens_per_s}};
}

void print_row(const options& o, std::int64_t concurrency, const serving_estimate& e) {
  if (o.form == output::csv) {
    fmt::print("{},{},{},{:.1f},{:.1f},{:.1f},{:.1f}\n", concurrency, e.batch,
               e.ttft_us ? fmt::format("{:.1f}", *e.ttft_us) : "", e.tpot_us, e.tpot_lower_us,
               e.tpot_upper_us, e.tokens_per_s);
  } else if (o.form == output::text) {
    fmt::print("{:>11} {:>6} {:>10} {:>9.2f} {:>9.2f} {:>9.2f} {:>10.0f} {:>12.0f}\n", concurrency,
               e.batch, seconds(e.ttft_us), e.tpot_us / 1e3, e.tpot_lower_us / 1e3,
               e.tpot_upper_us / 1e3, e.tokens_per_s,
               e.tokens_per_s / static_cast<double>(o.request.plan.devices()));
  }
}

std::optional<speculative_estimate> draft(const options& o) {
  if (!o.draft) {
    return std::nullopt;
  }
  const mixed_precision_config half = adapt_to(o.gpu, create_fp16_baseline()).config;
  const step_request decode{
      .seq_len = o.request.isl + o.request.osl / 2,
      .batch = o.concurrency.front(),
      .attention = select_attention(o.gpu, {.phase = phase::decode, .seq_len = 1},
                                    o.formats.get_precision(operator_type::kv_cache)),
      .plan = o.request.plan};
  return predict_speculative({}, o.gpu, {o.source.model, o.formats}, {*o.draft, half}, decode,
                             o.drafts, o.engine);
}

int run(arguments::reader flags) {
  const options o = parse(std::move(flags));
  if (o.form == output::text) {
    fmt::print("{} as {} on {} x {}, {}: prompts of {} tokens, {} written\n\n",
               o.source.model.name.view(), o.formats.name.view(), o.request.plan.devices(),
               o.gpu.key.view(), o.engine.name, o.request.isl, o.request.osl);
    fmt::print("{:>11} {:>6} {:>10} {:>9} {:>9} {:>9} {:>10} {:>12}\n", "concurrency", "batch",
               "TTFT s", "TPOT ms", "from", "to", "tokens/s", "a device");
  } else if (o.form == output::csv) {
    fmt::print("concurrency,batch,ttft_us,tpot_us,tpot_lower_us,tpot_upper_us,tokens_per_s\n");
  }
  bool fits = false;
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const std::int64_t concurrency : o.concurrency) {
    serving_request request = o.request;
    request.concurrency = concurrency;
    const serving_estimate e =
        predict_serving({}, o.gpu, o.source.model, o.formats, request, o.engine);
    fits = fits || e.fits;
    rows.push_back(to_object(concurrency, e));
    if (e.fits) {
      print_row(o, concurrency, e);
    }
  }
  const auto drafted = draft(o);
  if (o.form == output::json) {
    nlohmann::ordered_json all{{"model", o.source.model.name.view()},
                               {"gpu", o.gpu.key.view()},
                               {"engine", o.engine.name},
                               {"plan", o.request.plan},
                               {"rows", rows}};
    if (drafted) {
      all["speculative"] = {{"tokens", drafted->tokens},       {"draft_us", drafted->draft_us},
                            {"verify_us", drafted->verify_us}, {"token_us", drafted->token_us},
                            {"plain_us", drafted->plain_us},   {"speedup", drafted->speedup}};
    }
    fmt::print("{}\n", all.dump(2));
  } else if (o.form == output::text && !fits) {
    fmt::print("does not fit\n");
  } else if (o.form == output::text && drafted) {
    fmt::print(
        "\n{} drafts {} tokens, {:.0f} % of them kept: {:.2f} tokens a round of {:.2f} ms drafts "
        "and {:.2f} ms to verify,\n{:.2f} ms a token in place of {:.2f}: {:.2f}x\n",
        o.draft->name.view(), o.drafts.drafted, 100 * o.drafts.acceptance, drafted->tokens,
        drafted->draft_us / 1e3, drafted->verify_us / 1e3, drafted->token_us / 1e3,
        drafted->plain_us / 1e3, drafted->speedup);
  }
  return fits ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) { return arguments::run_main("serving", argc, argv, &run); }

// SPDX-License-Identifier: Apache-2.0
//
// How far are the predictions from measured kernel times?
//
//   validate --data DIR [--models DIR] [--calibration FILE.json] [--gpu KEY] [--worst N] [--lint] [--json]
//
// One line per file, device, format and source: how many rows, the mean, median and 90th percentile of |predicted / measured - 1|, the bias,
// the share of rows inside the 80 % interval, and the textbook roofline's mean error on the same rows. --worst N adds the N kernels and the
// N steps that were missed most; --models names a folder of config.json files for whole steps (e2e_decode.csv, e2e_serving.csv), DIR/../hf_configs where it is
// left out and there; --lint rows that no hardware could have produced; --json prints one object instead. Files and columns: README.md,
// "Your own measurements".
//
// Exit status: 0 done, 2 unusable arguments, 3 unusable input.
// arguments: --data examples/data/measured --worst 3 --lint
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <quantroof/io/json_calibration.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/io/step_validation.hpp>
#include <quantroof/io/validation.hpp>
#include <quantroof/quantroof.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace {

using namespace quantroof;
using arguments::usage_error;

enum class output : std::uint8_t { text, json };

struct options {
  std::string data;
  std::string models;
  std::string calibration;
  std::string gpu;
  std::size_t worst = 0;
  bool lint = false;
  output form = output::text;
};

options parse(arguments::reader flags) {
  options o;
  for (std::string_view flag = flags.next(); !flag.empty(); flag = flags.next()) {
    const auto value = [&flags] { return flags.value(); };
    if (flag == "--data") {
      o.data = value();
    } else if (flag == "--models") {
      o.models = value();
    } else if (flag == "--calibration") {
      o.calibration = value();
    } else if (flag == "--gpu") {
      o.gpu = value();
      if (io::find_measured_device(o.gpu) == nullptr) {
        static_cast<void>(get_hardware(o.gpu));  // lists the known ones
      }
    } else if (flag == "--worst") {
      const std::string_view n = value();
      const auto [end, error] = std::from_chars(n.data(), n.data() + n.size(), o.worst);
      if (error != std::errc{} || end != n.data() + n.size()) {
        throw usage_error(fmt::format("--worst: \"{}\" is not a whole number", n));
      }
    } else if (flag == "--lint") {
      o.lint = true;
    } else if (flag == "--json") {
      o.form = output::json;
    } else {
      throw usage_error(
          fmt::format("unknown argument \"{}\"; known: --data --models --calibration --gpu --worst "
                      "--lint --json",
                      flag));
    }
  }
  if (o.data.empty()) {
    throw usage_error("--data DIR is needed: a folder with gemm.csv, attention_prefill.csv, ...");
  }
  return o;
}

std::string shape_of(const io::measurement& row) {
  if (row.kind == io::measurement_kind::gemm) {
    return fmt::format("m {} n {} k {}", row.shape.m, row.shape.n, row.shape.k);
  }
  if (row.kind == io::measurement_kind::moe) {
    return fmt::format("tokens {} hidden {} inter {} experts {} of {}", row.tokens, row.hidden,
                       row.inter, row.top_k, row.experts);
  }
  if (row.kind == io::measurement_kind::collective) {
    return fmt::format("{} devices {} bytes", row.devices, row.bytes);
  }
  if (row.kind == io::measurement_kind::elementwise) {
    return fmt::format("{} x {}", row.shape.m, row.shape.n);
  }
  return fmt::format("batch {} heads {}/{} q {} kv {} d {}", row.attention.batch,
                     row.attention.num_heads, row.attention.num_kv_heads, row.attention.seq_len_q,
                     row.attention.seq_len_kv, row.attention.head_dim);
}

std::string question_of(const io::step_measurement& row) {
  if (!row.served) {
    return fmt::format("batch {} context {}", row.step.batch, row.step.seq_len);
  }
  return fmt::format("{} requests of {} + {} tokens", row.request.concurrency, row.request.isl,
                     row.request.osl);
}

/// The N rows that were missed most.
template <class Row, class Error, class Print>
void print_worst(std::vector<Row> rows, std::size_t n, Error error, Print print) {
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return error(a) > error(b); });
  rows.resize(std::min(rows.size(), n));
  for (const Row& row : rows) {
    print(row);
  }
}

void print_text(const io::validation_report& report, const std::vector<io::validated_step>& steps,
                const std::vector<io::lint_finding>& findings, const options& o) {
  fmt::print("{:<22} {:<20} {:<28} {:<22} {:>5} {:>6} {:>6} {:>6} {:>6} {:>7} {:>8}\n", "file",
             "gpu", "format", "source", "n", "MAPE", "median", "p90", "bias", "in 80 %",
             "textbook");
  for (const io::validation_summary& s : report.summaries) {
    fmt::print(
        "{:<22} {:<20} {:<28} {:<22} {:>5} {:>6.1f} {:>6.1f} {:>6.1f} {:>+6.1f} {:>7.0f} "
        "{:>8.0f}\n",
        s.file, s.gpu, s.format, s.source.substr(0, 22), s.n, 100 * s.mape, 100 * s.median,
        100 * s.p90, 100 * s.bias, 100 * s.coverage80, 100 * s.textbook_mape);
  }
  for (const io::skipped_rows& s : report.skipped) {
    fmt::print("{}: {} rows left out: {}\n", s.file, s.n, s.reason);
  }
  print_worst(
      report.rows, o.worst,
      [](const io::validated_row& w) { return std::abs(std::log1p(w.error)); },
      [](const io::validated_row& w) {
        fmt::print(
            "{} line {}: {} {} {}: measured {:.1f} us, predicted {:.1f} [{:.1f}, {:.1f}], {} "
            "bound\n",
            w.row->file, w.row->line, w.row->gpu, w.row->format, shape_of(*w.row), w.row->time_us,
            w.estimate.time_us, w.estimate.lower_us, w.estimate.upper_us,
            to_string(w.estimate.bottleneck));
      });
  print_worst(
      steps, o.worst,
      [](const io::validated_step& w) {
        return std::abs(std::log(w.predicted_us / w.row->time_us));
      },
      [](const io::validated_step& w) {
        fmt::print(
            "{} line {}: {} {} {} {} on {} devices, {}: measured {:.2f} ms, predicted {:.2f} "
            "[{:.2f}, {:.2f}]\n",
            w.row->file, w.row->line, w.row->gpu, w.row->engine_name, w.row->model_name,
            w.row->format, (w.row->served ? w.row->request.plan : w.row->step.plan).devices(),
            question_of(*w.row), w.row->time_us / 1e3, w.predicted_us / 1e3, w.lower_us / 1e3,
            w.upper_us / 1e3);
      });
  for (const io::lint_finding& f : findings) {
    fmt::print("lint: {}{}: {} {} {}: {} ({:.2f} x)\n", f.file,
               f.line > 0 ? fmt::format(" line {}", f.line) : "", f.gpu, f.format, f.source,
               f.reason, f.factor);
  }
  if (o.lint && findings.empty()) {
    fmt::print("lint: no row is faster than its data sheet allows\n");
  }
}

void print_json(const io::validation_report& report,
                const std::vector<io::lint_finding>& findings) {
  nlohmann::ordered_json json;
  json["rows"] = nlohmann::ordered_json::array();
  json["skipped"] = nlohmann::ordered_json::array();
  json["lint"] = nlohmann::ordered_json::array();
  for (const io::validation_summary& s : report.summaries) {
    json["rows"].push_back({{"file", s.file},
                            {"gpu", s.gpu},
                            {"format", s.format},
                            {"source", s.source},
                            {"n", s.n},
                            {"mape", s.mape},
                            {"median", s.median},
                            {"p90", s.p90},
                            {"bias", s.bias},
                            {"coverage80", s.coverage80},
                            {"textbook_mape", s.textbook_mape}});
  }
  for (const io::skipped_rows& s : report.skipped) {
    json["skipped"].push_back({{"file", s.file}, {"reason", s.reason}, {"n", s.n}});
  }
  for (const io::lint_finding& f : findings) {
    json["lint"].push_back({{"file", f.file},
                            {"line", f.line},
                            {"gpu", f.gpu},
                            {"format", f.format},
                            {"source", f.source},
                            {"reason", f.reason},
                            {"factor", f.factor}});
  }
  fmt::print("{}\n", json.dump(2));
}

/// The measured steps of the folder.
io::step_measurement_set read_steps(const options& o, io::model_library& models) {
  const std::filesystem::path beside = std::filesystem::path{o.data} / ".." / "hf_configs";
  if (!o.models.empty() || std::filesystem::is_directory(beside)) {
    models = io::model_library{o.models.empty() ? beside : std::filesystem::path{o.models}};
  }
  io::step_measurement_set steps = io::read_step_measurements(o.data, models);
  if (!o.gpu.empty()) {
    const hardware_spec* device = io::find_measured_device(o.gpu);
    std::erase_if(steps.rows, [&](const io::step_measurement& r) { return r.device != device; });
  }
  return steps;
}

int run(const options& o) {
  io::measurement_set set = io::read_measurements(o.data);
  if (!o.gpu.empty()) {
    const hardware_spec* device = io::find_measured_device(o.gpu);
    std::erase_if(set.rows, [&](const io::measurement& row) { return row.device != device; });
  }
  device_calibration own;
  calibrated_model model;
  if (!o.calibration.empty()) {
    own = io::read<device_calibration>(o.calibration);
    model.own = &own;
  }
  io::validation_report report = io::validate(set, model);
  io::model_library models;
  const io::step_measurement_set steps = read_steps(o, models);
  const io::step_validation_report whole = io::validate(steps, model);
  report.summaries.insert(report.summaries.end(), whole.summaries.begin(), whole.summaries.end());
  report.skipped.insert(report.skipped.end(), whole.skipped.begin(), whole.skipped.end());
  const std::vector<io::lint_finding> findings =
      o.lint ? io::lint(set) : std::vector<io::lint_finding>{};
  o.form == output::json ? print_json(report, findings)
                         : print_text(report, whole.rows, findings, o);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return arguments::run_main("validate", argc, argv,
                             [](arguments::reader flags) { return run(parse(std::move(flags))); });
}

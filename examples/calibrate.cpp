// SPDX-License-Identifier: Apache-2.0
//
// Which constants do measured kernel times give a device, and how sure are they?
//
//   calibrate --data DIR [--gpu KEY[,KEY]] [--date YYYY-MM-DD] [--output FILE.json]
//             [--published FILE.csv] [--write-headers DIR] [--models DIR] [--engines]
//
// Prints a report: each family's constants, how many measurements they rest on, from which kernels, and the error on shapes held back.
// --output writes one device's calibration, which `validate --calibration` and calibrated_model take; --write-headers the files
// include/quantroof/hardware/measured_*.hpp. Where the folder has e2e_serving.csv it adds the constants of engines
// (include/quantroof/engine/inference_engine.hpp) and the errors on models held back, predicted with the kernels that the library ships; --models
// names a folder of config.json files, DIR/../hf_configs where it is left out and there; --engines prints nothing else. Files and columns:
// README.md, "Your own measurements".
//
// Exit status: 0 done, 2 unusable arguments, 3 unusable input, 4 no family with enough measurements, with --engines no served model.
// arguments: --data examples/data/measured
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <quantroof/io/calibrate.hpp>
#include <quantroof/io/calibration_text.hpp>
#include <quantroof/io/fit_engine.hpp>
#include <quantroof/io/json_calibration.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/io/published.hpp>
#include <quantroof/quantroof.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace {

using namespace quantroof;
using arguments::usage_error;

struct options {
  std::string data;
  std::vector<std::string> gpus;
  std::string output;
  std::string date;
  std::string headers;
  std::string published;
  std::string models;
  bool engines = false;
};

options parse(arguments::reader flags) {
  options o;
  for (std::string_view flag = flags.next(); !flag.empty(); flag = flags.next()) {
    const auto value = [&flags] { return std::string{flags.value()}; };
    if (flag == "--data") {
      o.data = value();
    } else if (flag == "--gpu") {
      for (const std::string_view key : arguments::split(flags.value(), ",")) {
        o.gpus.emplace_back(key);
      }
    } else if (flag == "--output") {
      o.output = value();
    } else if (flag == "--published") {
      o.published = value();
    } else if (flag == "--date") {
      o.date = value();
    } else if (flag == "--write-headers") {
      o.headers = value();
    } else if (flag == "--models") {
      o.models = value();
    } else if (flag == "--engines") {
      o.engines = true;
    } else {
      throw usage_error(
          fmt::format("unknown argument \"{}\"; known: --data --gpu --date --output "
                      "--write-headers --published --models --engines",
                      flag));
    }
  }
  if (o.data.empty()) {
    throw usage_error("--data DIR is needed: a folder with gemm.csv, attention_prefill.csv, ...");
  }
  if (o.engines && !(o.output.empty() && o.published.empty() && o.headers.empty())) {
    throw usage_error(
        "--engines writes nothing and reads no kernels: without --output, --published "
        "and --write-headers");
  }
  return o;
}

void report(std::string_view family, const fit_record& fit, const std::string& constants) {
  if (fit.is_measured()) {
    fmt::print("  {:<17} {:>5} rows  error {:>5.1f} %   {}\n", family, fit.rows, 100 * fit.error,
               constants);
  }
}

void report(const device_calibration& c) {
  fmt::print("{}\n", c.device.view());
  for (std::size_t i = 0; i < gemm_kernel_count; ++i) {
    const gemm_constants& g = c.gemm[i];
    report(to_string(static_cast<gemm_kernel>(i)), g.fit,
           fmt::format("matrix {:.2f} of peak, memory {:.2f} of bandwidth, fixed {:.1f} us, feed "
                       "{:.0f} B/clock/SM",
                       g.matrix_share, g.memory_share, g.fixed_us, g.feed_bytes_per_clock));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const prefill_constants& p = c.prefill[i];
    report(i == 0 ? "prefill 16" : "prefill 8", p.fit,
           fmt::format("{}: products x {:.2f}, exponentials x {:.2f}, fixed {:.1f} us",
                       to_string(p.kernel), p.matmul, p.softmax, p.fixed_us));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const decode_constants& d = c.decode[i];
    report(i == 0 ? "decode 16" : "decode 8", d.fit,
           fmt::format("{}: memory {:.2f} of bandwidth, fixed {:.1f} us, {:.2f} us an item",
                       to_string(d.kernel), d.memory_share, d.fixed_us, d.item_us));
  }
}

void report_others(const device_calibration& c) {
  for (std::size_t i = 0; i < moe_kernel_count; ++i) {
    const moe_constants& m = c.moe[i];
    report(fmt::format("moe {}", to_string(static_cast<moe_kernel>(i))), m.fit,
           fmt::format("matrix {:.2f} of peak, memory {:.2f} of bandwidth, fixed {:.1f} us",
                       m.matrix_share, m.memory_share, m.fixed_us));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string_view bits = i == 0 ? "16" : "8";
    const prefill_constants& p = c.mla_prefill[i];
    report(fmt::format("mla prefill {}", bits), p.fit,
           fmt::format("products x {:.2f}, fixed {:.1f} us", p.matmul, p.fixed_us));
    const mla_constants& d = c.mla_decode[i];
    report(fmt::format("mla decode {}", bits), d.fit,
           fmt::format("matrix {:.2f} of peak, memory {:.2f} of bandwidth, fixed {:.1f} us",
                       d.matrix_share, d.memory_share, d.fixed_us));
  }
  report("elementwise", c.elementwise[0].fit,
         fmt::format("fixed {:.1f} us, {:.1f} Gelem/s/SM, memory {:.2f} of bandwidth",
                     c.elementwise[0].fixed_us, c.elementwise[0].gelem_s,
                     c.elementwise[0].memory_share));
  for (std::size_t i = 0; i < 2; ++i) {
    const collective_constants& x = c.collectives[i];
    report(i == 0 ? "custom" : "nccl", x.fit,
           fmt::format("latency {:.1f} us + {:.2f} a device, {:.0f} GB/s", x.latency_us,
                       x.latency_per_device_us, x.bandwidth_gb_s));
  }
}

void report(std::string_view models, const io::spread_fit& s) {
  if (s.rows == 0) {
    return;
  }
  fmt::print("    spread {:<15} {:>5} rows  ", models, s.rows);
  fmt::print("{}", s.spread ? fmt::format("{:.2f}", *s.spread) : std::string{"none up to 1"});
  if (s.held_out) {
    fmt::print(", that of other models holds {:.0f} %", 100 * *s.held_out);
  }
  fmt::print("\n");
}

void report(const io::engine_fit_report& all) {
  fmt::print("engines\n");
  for (const io::engine_fit& e : all.engines) {
    fmt::print("  {:<24} {:>5} rows  error {:>5.1f} %   step {:.0f} us\n", e.engine->name,
               e.fit.rows, 100 * e.fit.error, e.step_us);
    for (const io::held_out_model& m : e.models) {
      fmt::print("    without {:<14} {:>5} rows  error {:>5.1f} %   step {:.0f} us\n", m.name,
                 m.held_out.rows, 100 * m.held_out.error, m.step_us);
    }
    report("dense", e.dense);
    report("MoE", e.experts);
  }
  fmt::print("models held back\n");
  for (const io::held_out_cell& c : all.cells) {
    if (c.held_out.rows > 0) {
      fmt::print("  {:<24} {:>5} rows  error {:>5.1f} %\n", c.name, c.held_out.rows,
                 100 * c.held_out.error);
    }
  }
}

void report(const std::vector<io::skipped_rows>& skipped) {
  for (const io::skipped_rows& s : skipped) {
    fmt::print("{}: {} rows left out: {}\n", s.file, s.n, s.reason);
  }
}

/// The constants of engines, where the folder has served models; false where it has none.
bool report_engines(const options& o) {
  constexpr std::string_view name = "e2e_serving.csv";
  const std::filesystem::path folder{o.data};
  std::error_code none;
  if (!std::filesystem::exists(folder / name, none)) {
    return false;
  }
  io::model_library models;
  const std::filesystem::path beside = folder / ".." / "hf_configs";
  if (!o.models.empty() || std::filesystem::is_directory(beside, none)) {
    models = io::model_library{o.models.empty() ? beside : std::filesystem::path{o.models}};
  }
  io::step_measurement_set set;
  io::add_step_measurements(set, io::read_csv(folder / name), true, name, models);
  std::erase_if(set.rows, [&](const io::step_measurement& row) {
    return !o.gpus.empty() && std::none_of(o.gpus.begin(), o.gpus.end(), [&](const auto& gpu) {
      return io::find_measured_device(gpu) == row.device;
    });
  });
  const io::engine_fit_report fits = io::fit_engines(set);
  if (!fits.engines.empty()) {
    report(fits);
  }
  report(set.skipped);
  report(fits.skipped);
  return !fits.engines.empty();
}

bool is_empty(const device_calibration& c) {
  bool any = c.elementwise[0].fit.is_measured();
  for (const gemm_constants& g : c.gemm) {
    any = any || g.fit.is_measured();
  }
  for (std::size_t i = 0; i < 2; ++i) {
    any = any || c.prefill[i].fit.is_measured() || c.decode[i].fit.is_measured() ||
          c.mla_prefill[i].fit.is_measured() || c.mla_decode[i].fit.is_measured() ||
          c.collectives[i].fit.is_measured();
  }
  for (const moe_constants& m : c.moe) {
    any = any || m.fit.is_measured();
  }
  return !any;
}

int run(const options& o) {
  if (o.engines) {
    if (report_engines(o)) {
      return 0;
    }
    fmt::print(stderr, "calibrate: no served model of known shape in {}/e2e_serving.csv\n", o.data);
    return 4;
  }
  const io::measurement_set set = io::read_measurements(o.data);
  std::vector<const hardware_spec*> devices;
  for (const hardware_spec* known : list_hardware()) {
    bool wanted = o.gpus.empty();
    for (const std::string& gpu : o.gpus) {
      wanted = wanted || io::find_measured_device(gpu) == known;
    }
    bool present = false;
    for (const io::measurement& row : set.rows) {
      present = present || row.device == known;
    }
    if (wanted && present) {
      devices.push_back(known);
    }
  }
  std::vector<device_calibration> calibrations;
  for (const hardware_spec* device : devices) {
    if (device_calibration c = io::calibrate(set, *device, o.date); !is_empty(c)) {
      calibrations.push_back(c);
    }
  }
  if (calibrations.empty()) {
    fmt::print(stderr, "calibrate: no device with {} or more measurements of one family in {}\n",
               io::fewest_rows, o.data);
    return 4;
  }
  std::vector<prefill_constants> kernels;
  if (!o.published.empty()) {
    kernels = io::fit_published(io::read_published(io::read_csv(o.published)));
    fmt::print("published kernels alone\n");
    for (const prefill_constants& c : kernels) {
      report(to_string(c.kernel), c.fit,
             fmt::format("products x {:.2f}, exponentials x {:.2f}, block {:.0f} cycles", c.matmul,
                         c.softmax, c.block_cycles));
    }
  }
  if (!o.headers.empty()) {
    for (const device_calibration& c : calibrations) {
      io::write_text_file(fmt::format("{}/measured_{}.hpp", o.headers, c.device.view()),
                          io::to_header(c));
    }
    io::write_text_file(o.headers + "/calibration_data.hpp", io::to_index_header(calibrations));
    if (!kernels.empty()) {
      io::write_text_file(o.headers + "/published_attention.hpp", io::to_published_header(kernels));
    }
  }
  for (const device_calibration& c : calibrations) {
    report(c);
    report_others(c);
  }
  report(set.skipped);
  report_engines(o);
  if (!o.output.empty()) {
    if (calibrations.size() != 1) {
      throw usage_error("--output takes one device: name it with --gpu");
    }
    io::write(o.output, calibrations.front());
    fmt::print("written: {}\n", o.output);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return arguments::run_main("calibrate", argc, argv,
                             [](arguments::reader flags) { return run(parse(std::move(flags))); });
}

// SPDX-License-Identifier: Apache-2.0
//
// Which format is good enough for this tensor? Its statistics, then every format by granularity and calibration: size and error; then
// the smallest one within an error budget and the most accurate one within a budget of bits.
//
//   quantize_tensor [--input FILE.npy | --input FILE.f32 [--cols N]] [--min-sqnr-db X | --max-relative-error X] [--bits B]
//                   [--threads N] [--json]
//
// Without a file: activations of 64 tokens and 512 channels, 8 of which are 20 times as large as the others.
// --max-relative-error is the root of the relative MSE: 0.1 is 20 dB. --bits counts scales; it is compared to two decimals.
// Exit status: 0 answered, 2 unusable arguments, 3 unusable input, 4 no format keeps within one of the budgets.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <quantroof/io/tensor_file.hpp>
#include <quantroof/precision/thread_executor.hpp>
#include <quantroof/quantroof.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace quantroof;
using json = nlohmann::ordered_json;

struct usage_error : std::exception {
  explicit usage_error(std::string what_happened) : text(std::move(what_happened)) {}
  [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
  std::string text;
};

// ---- Arguments -----------------------------------------------------------------------------------------------------------------

struct budgets {
  double min_sqnr_db = 30;
  double bits = 4.5;
};
struct arguments {
  std::string input;  // empty: generated
  std::size_t cols = 0;
  budgets limits{};
  std::size_t threads = 1;
  bool json = false;
};

std::size_t count(std::string_view flag, std::string_view value) {
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (error != std::errc{} || end != value.data() + value.size() || n == 0) {
    throw usage_error(fmt::format("{}: \"{}\" is not a positive whole number", flag, value));
  }
  return n;
}

double number(std::string_view flag, const std::string& value) {
  char* end = nullptr;
  const double x = std::strtod(value.c_str(), &end);
  if (value.empty() || end != value.c_str() + value.size() || !std::isfinite(x)) {
    throw usage_error(fmt::format("{}: \"{}\" is not a finite number", flag, value));
  }
  return x;
}
double positive(std::string_view flag, const std::string& value) {
  const double x = number(flag, value);
  if (x <= 0) {
    throw usage_error(fmt::format("{}: {} is not positive", flag, value));
  }
  return x;
}

arguments parse(const std::vector<std::string_view>& given) {
  arguments a;
  std::string_view error_budget;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string_view flag = given[i];
    const auto value = [&] {
      if (i + 1 >= given.size()) {
        throw usage_error(fmt::format("{}: a value must follow", flag));
      }
      return std::string{given[++i]};
    };
    if (flag == "--min-sqnr-db" || flag == "--max-relative-error") {
      if (!error_budget.empty()) {
        throw usage_error(
            fmt::format("{}: {} is already given; the budget is one of --min-sqnr-db "
                        "and --max-relative-error",
                        flag, error_budget));
      }
      error_budget = flag;
      a.limits.min_sqnr_db = flag == "--min-sqnr-db" ? number(flag, value())
                                                     : -20 * std::log10(positive(flag, value()));
    } else if (flag == "--input") {
      a.input = value();
    } else if (flag == "--cols") {
      a.cols = count(flag, value());
    } else if (flag == "--bits") {
      a.limits.bits = positive(flag, value());
    } else if (flag == "--threads") {
      a.threads = count(flag, value());
    } else if (flag == "--json") {
      a.json = true;
    } else {
      throw usage_error(fmt::format(
          "unknown argument \"{}\"; known: --input --cols --min-sqnr-db --max-relative-error "
          "--bits --threads --json",
          flag));
    }
  }
  if (a.cols > 0 && !a.input.ends_with(".f32")) {
    throw usage_error("--cols: goes with --input FILE.f32, which does not know its shape");
  }
  return a;
}

// ---- Tensors -------------------------------------------------------------------------------------------------------------------

io::float_matrix generated() {
  io::float_matrix x{.rows = 64, .cols = 512};
  std::mt19937 random{1};  // its numbers are the same on every platform
  for (std::size_t i = 0; i < x.rows * x.cols; ++i) {
    float sum = -6;
    for (int n = 0; n < 12; ++n) {  // nearly Gaussian, variance 1
      sum += static_cast<float>(random() >> 8) * 0x1p-24F;
    }
    x.values.push_back(i % 64 == 5 ? 20 * sum : sum);
  }
  return x;
}

io::float_matrix load(const arguments& a) {
  if (a.input.empty()) {
    return generated();
  }
  if (a.input.ends_with(".npy")) {
    return io::read_npy(a.input);
  }
  if (a.input.ends_with(".f32")) {
    return io::read_f32(a.input, a.cols);
  }
  throw usage_error(fmt::format("--input: \"{}\" is of no known kind; known: .npy .f32", a.input));
}

// ---- Candidates ----------------------------------------------------------------------------------------------------------------

struct candidate {
  precision format{};
  quantize_options options{};
  std::string rule;  // how a scale is chosen
};

std::vector<candidate> candidates() {
  std::vector<candidate> all{{precision::fp16, {}, "-"}, {precision::bf16, {}, "-"}};
  for (const precision p :
       {precision::fp8_e4m3, precision::int8, precision::fp6_e2m3, precision::int4}) {
    for (const granularity g : {granularity::per_tensor, granularity::per_token,
                                granularity::per_channel, granularity::per_group}) {
      for (const calibration c : {calibration::absmax, calibration::percentile,
                                  calibration::mse_optimal, calibration::entropy}) {
        if (c != calibration::entropy || g == granularity::per_tensor) {  // needs a histogram
          all.push_back({p, {.granularity = g, .calibration_mode = c}, fmt::format("{}", c)});
        }
      }
    }
  }
  for (const precision p :
       {precision::mxfp8_e4m3, precision::mxint8, precision::mxfp6_e2m3, precision::mxfp4}) {
    for (const mx_scale_rule r : {mx_scale_rule::floor, mx_scale_rule::rceil}) {
      all.push_back({p, {.mx_rule = r}, fmt::format("{}", r)});
    }
  }
  all.push_back({precision::nvfp4, {}, "six"});
  all.push_back(
      {precision::nvfp4, {.four_over_six = four_over_six::mean_squared_error}, "four over six"});
  for (const precision p : {precision::int8_g32, precision::int4_g128, precision::int4_g32}) {
    for (const calibration c : {calibration::absmax, calibration::mse_optimal}) {
      all.push_back({p, {.calibration_mode = c}, fmt::format("{}", c)});
    }
  }
  for (const precision p : {precision::int4_g128_zp4, precision::gguf_q8_0, precision::gguf_q4_0}) {
    all.push_back({p, {}, p == precision::int4_g128_zp4 ? "min .. max" : "absmax"});
  }
  return all;
}

struct outcome {
  candidate what;
  std::string scales;  // who shares one
  std::size_t bytes = 0;
  double bits = 0;  // an element takes, scales included
  quantization_counts counts{};
  quantization_error error{};
  bool on_frontier = false;  // nothing smaller is as accurate
};

std::string name(const outcome& o) {
  return o.scales == "-" ? fmt::format("{}", o.what.format)
                         : fmt::format("{} {} {}", o.what.format, o.scales, o.what.rule);
}

outcome measure(matrix_view<const float> x, const candidate& c, const thread_executor& threads) {
  // [measure]
  const quantized_storage q = quantize(c.format, x, c.options, threads);
  const std::vector<float> back = dequantize(q, threads);
  const quantization_error error = compare(x, {back.data(), q.rows, q.cols});
  // [/measure]
  const bool own_blocks = format_of(c.format).scales.bits_per_block > 0;
  return {.what = c,
          .scales = q.grid.size() == 0 ? "-"
                    : own_blocks ? fmt::format("{} x {}", q.grid.block_rows, q.grid.block_cols)
                                 : fmt::format("{}", c.options.granularity),
          .bytes = q.bytes(),
          .bits = 8 * static_cast<double>(q.bytes()) /
                  (static_cast<double>(q.rows) * static_cast<double>(q.cols)),
          .counts = q.counts,
          .error = error};
}

void mark_frontier(std::vector<outcome>& all) {
  for (outcome& o : all) {
    o.on_frontier = std::none_of(all.begin(), all.end(), [&](const outcome& other) {
      return (other.bytes < o.bytes && other.error.sqnr_db >= o.error.sqnr_db) ||
             (other.bytes == o.bytes && other.error.sqnr_db > o.error.sqnr_db);
    });
  }
}

// ---- Choices -------------------------------------------------------------------------------------------------------------------

struct choice {
  const outcome* best = nullptr;
  std::string why;
};

bool more_accurate(const outcome& a, const outcome& b) {
  return a.error.sqnr_db != b.error.sqnr_db ? a.error.sqnr_db > b.error.sqnr_db : a.bytes < b.bytes;
}
bool smaller(const outcome& a, const outcome& b) {
  return a.bytes != b.bytes ? a.bytes < b.bytes : more_accurate(a, b);
}

/// The first of those for which `holds`, in the order of `before`.
template <class Holds, class Before>
const outcome* first_of(const std::vector<outcome>& all, Holds holds, Before before) {
  const outcome* best = nullptr;
  for (const outcome& o : all) {
    if (holds(o) && (best == nullptr || before(o, *best))) {
      best = &o;
    }
  }
  return best;
}

choice smallest_within_error(const std::vector<outcome>& all, double min_sqnr_db) {
  const auto meets = [&](const outcome& o) { return o.error.sqnr_db >= min_sqnr_db; };
  choice c;
  c.best = first_of(all, meets, smaller);
  const auto rival = [&](const outcome& o) { return c.best == nullptr || o.bytes < c.best->bytes; };
  const outcome* const next = first_of(all, rival, more_accurate);
  c.why = next == nullptr ? "nothing is smaller"
                          : fmt::format("the best of all {}, {}, has {:.1f} dB",
                                        c.best == nullptr ? "candidates" : "smaller ones",
                                        name(*next), next->error.sqnr_db);
  return c;
}

choice best_within_bits(const std::vector<outcome>& all, double bits) {
  const auto fits = [&](const outcome& o) { return o.bits < bits + 0.005; };
  choice c;
  c.best = first_of(all, fits, more_accurate);
  const outcome* const next = first_of(
      all, [&](const outcome& o) { return fits(o) == (c.best != nullptr) && &o != c.best; },
      c.best != nullptr ? more_accurate : smaller);
  if (c.best == nullptr) {
    c.why = fmt::format("the smallest of all, {}, takes {:.2f}", name(*next), next->bits);
  } else if (next != nullptr) {
    c.why = fmt::format("the next best, {}, has {:.1f} dB", name(*next), next->error.sqnr_db);
  } else {
    c.why = "nothing else fits";
  }
  return c;
}

// ---- Output --------------------------------------------------------------------------------------------------------------------

void print_table(const std::vector<outcome>& all) {
  fmt::print("\n  {:<14} {:<12} {:<14} {:>6} {:>9} {:>9} {:>8} {:>10} {:>8}\n", "format", "scales",
             "chosen by", "bits", "bytes", "rel. MSE", "SQNR dB", "max error", "clipped");
  for (const outcome& o : all) {
    fmt::print("{} {:<14} {:<12} {:<14} {:>6.2f} {:>9} {:>9.1e} {:>8.1f} {:>10.2g} {:>8}\n",
               o.on_frontier ? '*' : ' ', o.what.format, o.scales, o.what.rule, o.bits, o.bytes,
               o.error.relative_mse, o.error.sqnr_db, o.error.max_abs_error, o.counts.clipped);
  }
  fmt::print("* nothing smaller is as accurate\n");
}

void print(const choice& c, const std::string& question) {
  fmt::print("\n{}: {}\n", question, c.best == nullptr ? "none" : name(*c.best));
  if (c.best != nullptr) {
    fmt::print("  {:.2f} bits an element, {}\n", c.best->bits, c.best->error);
    if (c.best->scales == to_string(granularity::per_channel)) {
      fmt::print("  (these scales lie along k: a product folds them into its other operand)\n");
    }
  }
  fmt::print("  {}\n", c.why);
}

json to_object(const outcome& o) {
  json object;
  object["format"] = o.what.format;
  object["scales"] = o.scales;
  object["chosen_by"] = o.what.rule;
  object["options"] = o.what.options;
  object["bits_per_element"] = o.bits;
  object["bytes"] = o.bytes;
  object["error"] = o.error;
  object["counts"] = o.counts;
  object["on_frontier"] = o.on_frontier;
  return object;
}
json to_object(const choice& c) {
  json object;
  object["best"] = c.best == nullptr ? json(nullptr) : to_object(*c.best);
  object["why"] = c.why;
  return object;
}

int run(const arguments& a) {
  const io::float_matrix tensor = load(a);
  const matrix_view<const float> x = tensor.matrix();
  const activation_stats stats = compute_activation_stats(x);
  if (stats.nan_count + stats.inf_count == stats.rows * stats.cols) {
    throw io::input_error{a.input, "", "holds no finite value"};
  }
  const thread_executor threads{.threads = a.threads};
  std::vector<outcome> all;
  for (const candidate& c : candidates()) {
    all.push_back(measure(x, c, threads));
  }
  mark_frontier(all);
  const choice smallest = smallest_within_error(all, a.limits.min_sqnr_db);
  const choice best = best_within_bits(all, a.limits.bits);
  if (a.json) {
    json answer;
    answer["input"] = a.input.empty() ? json(nullptr) : json(a.input);
    answer["stats"] = stats;
    answer["rows"] = json::array();
    for (const outcome& o : all) {
      answer["rows"].push_back(to_object(o));
    }
    answer["min_sqnr_db"] = a.limits.min_sqnr_db;
    answer["smallest_within_error"] = to_object(smallest);
    answer["bits"] = a.limits.bits;
    answer["best_within_bits"] = to_object(best);
    fmt::print("{}\n", answer.dump(2));
  } else {
    fmt::print("{}: {}\n", a.input.empty() ? "generated activations" : a.input, stats);
    print_table(all);
    print(smallest, fmt::format("Fewest bits for at least {:.1f} dB", a.limits.min_sqnr_db));
    print(best, fmt::format("Least error within {:.2f} bits", a.limits.bits));
  }
  return smallest.best != nullptr && best.best != nullptr ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse({argv + 1, argv + argc}));
  } catch (const io::input_error& error) {
    fmt::print(stderr, "quantize_tensor: {}\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    fmt::print(stderr, "quantize_tensor: {}\n", error.what());
    return 2;
  }
}

// SPDX-License-Identifier: Apache-2.0
//
// Published rows: that they are what the file of figures says, what is found for a question, and how often the estimate without them holds.
#include "quantroof/engine/quality_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "quantroof/engine/quality.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace quality_evidence_test {

namespace {

using namespace quantroof;
using enum quality_metric;

// ---- names ------------------------------------------------------------------------------------------------------------------

struct name_row {
  std::string_view name;
  std::string_view canonical;
};
constexpr name_row names[] = {
    {"llama3_8b", "llama38b"},
    {"meta-llama/Meta-Llama-3-8B-Instruct", "llama38b"},
    {"models--openai--gpt-oss-20b", "gptoss20b"},
    {"meta-llama/Llama-3.1-8B", "llama318b"},
    {"Qwen/Qwen3-30B-A3B-Instruct-2507-FP8", "qwen330ba3b"},
    {"openai/gpt-oss-120b", "gptoss120b"},
    {"google/gemma-3-4b-it", "gemma34b"},
    {"it", "it"},
    {"", ""},
};
constexpr auto shortens = [](const name_row& r) {
  return canonical_model_name(r.name) == r.canonical;
};
static_assert(test::first_failure(names, shortens) == -1);

constexpr auto model_named(const model_config& like, std::string_view name) {
  model_config m = like;
  m.name = name;
  return m;
}
static_assert(find_measured_model(traits_of(models::llama3_8b)) == measured_model::llama3_8b);
static_assert(find_measured_model(traits_of(models::qwen3_235b_a22b)) ==
              measured_model::qwen3_235b_a22b);
static_assert(find_measured_model(traits_of(models::gpt_oss_120b)) == measured_model::gpt_oss_120b);
static_assert(find_measured_model(traits_of(models::mistral_7b_v03)) ==
              measured_model::mistral_7b_v03);
static_assert(!find_measured_model(traits_of(models::deepseek_v3)));  // R1 is another model
// a name is not enough: the size must agree
static_assert(!find_measured_model(traits_of(model_named(models::llama3_2_1b, "Llama-3-8B"))));

// ---- schemes ----------------------------------------------------------------------------------------------------------------

constexpr auto scheme_of(const char* strategy, bool calibrated = false) {
  return uniform_scheme(models::llama3_8b, get_strategy(strategy), calibrated);
}
static_assert(!scheme_of("fp16_baseline"));
static_assert(!scheme_of("hybrid_long_context") && !scheme_of("layerwise_gradient"));
static_assert(scheme_of("fp8_balanced") == quality_scheme{.weight = precision::fp8_e4m3,
                                                          .activation = precision::fp8_e4m3,
                                                          .kv = precision::fp8_e4m3});
static_assert(scheme_of("w4a16_aggressive", true) ==
              quality_scheme{.weight = precision::int4_g128, .method = weight_method::calibrated});
static_assert(scheme_of("fp8_balanced", true)->method == weight_method::rounded);

// Every format of a row stands for itself, so that schemes find it.
constexpr auto is_listed_form = [](const quality_row& r) {
  const quality_scheme s = detail::as_listed({.weight = published_format(r.weight),
                                              .activation = published_format(r.activation),
                                              .kv = published_format(r.kv)});
  return r.weight == s.weight && r.activation == s.activation && r.kv == s.kv && r.baseline > 0 &&
         r.quantized > 0;
};
static_assert(test::first_failure(detail::quality_data::perplexities, is_listed_form) == -1);
static_assert(test::first_failure(detail::quality_data::scores, is_listed_form) == -1);

// ---- what is found ----------------------------------------------------------------------------------------------------------

constexpr auto llama = traits_of(models::llama3_8b);
constexpr quality_scheme awq{.weight = precision::int4_g128, .method = weight_method::calibrated};
constexpr auto same = find_same(llama, awq, perplexity);
static_assert(same && same->rows == 9 && same->loss.lower > 0.03 && same->loss.upper < 0.12);
static_assert(same->row->model == measured_model::llama3_8b);
constexpr auto word = find_same(llama, awq, word_perplexity);
static_assert(word && word->rows == 9 && word->loss.typical > same->loss.typical);
static_assert(!find_same(llama, {.weight = precision::mxint8}, perplexity));
constexpr auto alike = find_similar(traits_of(models::qwen2_7b), awq, perplexity);
static_assert(alike && alike->rows >= 9 && alike->loss.upper >= same->loss.typical);
static_assert(!find_similar(traits_of(models::qwen2_7b), {.weight = precision::mxint8},
                            perplexity));

// ---- against the file of figures --------------------------------------------------------------------------------------------

/// The fields of a line, quotes as in RFC 4180.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields{""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

// ---- how often the estimate holds -------------------------------------------------------------------------------------------

/// A dense model of that name and size.
model_config stand_in(measured_model which) {
  const measured_model_entry& entry = detail::measured_models[static_cast<std::size_t>(which)];
  model_config m = models::llama3_8b;
  m.name = entry.keys[0];
  const double other = static_cast<double>(parameter_count(m)) - 32.0 * 3 * 4096 * 14336;
  m.ffn_dim = 1;
  if (entry.billions * 1e9 > other) {
    m.ffn_dim = static_cast<std::int64_t>((entry.billions * 1e9 - other) / (32.0 * 3 * 4096));
  } else {
    m.num_layers = 8;
    m.ffn_dim = 4096;
  }
  return m;
}

mixed_precision_config plan_of(const quality_row& r) {
  mixed_precision_config c{
      .name = "row", .default_activation_precision = r.activation, .kv_cache_precision = r.kv};
  for (const operator_type op : operator_types) {
    if (block_linears.contains(op)) {
      c.operator_precisions.set(op, r.weight);
    }
  }
  return c;
}

struct coverage {
  std::size_t rows = 0;
  std::size_t inside = 0;
  std::vector<double> predicted{};
  std::vector<double> measured{};

  [[nodiscard]] double share() const {
    return static_cast<double>(inside) / static_cast<double>(rows);
  }
  /// Spearman's rank correlation.
  [[nodiscard]] double rank_correlation() const {
    const std::vector<double> a = ranks(predicted);
    const std::vector<double> b = ranks(measured);
    const double mean = 0.5 * static_cast<double>(rows - 1);
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      ab += (a[i] - mean) * (b[i] - mean);
      aa += (a[i] - mean) * (a[i] - mean);
      bb += (b[i] - mean) * (b[i] - mean);
    }
    return ab / std::sqrt(aa * bb);
  }

 private:
  static std::vector<double> ranks(const std::vector<double>& x) {
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto i, auto j) { return x[i] < x[j]; });
    std::vector<double> rank(x.size());
    for (std::size_t i = 0; i < order.size();) {
      std::size_t end = i;
      while (end < order.size() && x[order[end]] == x[order[i]]) {
        ++end;
      }
      for (std::size_t j = i; j < end; ++j) {
        rank[order[j]] = 0.5 * static_cast<double>(i + end - 1);
      }
      i = end;
    }
    return rank;
  }
};

/// Whether a row lies in the band: of the sum of errors, or of what other models showed.
template <class Rows, class Wanted>
coverage cover(const Rows& rows, bool similar, Wanted wanted) {
  coverage c;
  for (const quality_row& r : rows) {
    if (!wanted(r)) {
      continue;
    }
    const model_config m = stand_in(r.model);
    const quality_options options{.metric = r.metric,
                                  .calibrated = r.method == weight_method::calibrated,
                                  .use_evidence = false};
    quality_band band = estimate_quality(m, plan_of(r), options).loss;
    if (similar) {
      const auto found =
          find_similar(traits_of(m), *uniform_scheme(m, plan_of(r), options.calibrated), r.metric);
      if (!found) {
        continue;
      }
      band = found->loss;
    }
    ++c.rows;
    c.inside += r.loss() >= band.lower - 0.001 && r.loss() <= band.upper + 0.001 ? 1U : 0U;
    c.predicted.push_back(band.typical);
    c.measured.push_back(r.loss());
  }
  return c;
}

}  // namespace

TEST_CASE("names of models are told apart by what tells models apart") {
  for (const name_row& r : test::at_run_time(names)) {
    CAPTURE(r.name);
    CHECK(shortens(r));
  }
}

TEST_CASE("rows are those of the published figures") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  const std::filesystem::path file =
      std::filesystem::path{data != nullptr ? data : "../shared/data"} / "quality_evidence.csv";
  if (!std::filesystem::exists(file)) {
    WARN("no published figures at " << file);
    return;
  }
  std::ifstream stream(file);
  std::vector<std::pair<double, double>> figures;
  for (std::string line; std::getline(stream, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() == 10) {
      figures.emplace_back(number(fields[6]), number(fields[7]));
    }
  }
  REQUIRE(figures.size() > 1000);
  const auto is_in_file = [&](const quality_row& r) {
    return std::any_of(figures.begin(), figures.end(), [&](const auto& f) {
      // some sources print the increase in per cent instead of both figures
      return (std::abs(f.first - r.baseline) <= 1e-5 * r.baseline &&
              std::abs(f.second - r.quantized) <= 1e-5 * r.quantized) ||
             (f.first == 0 && r.baseline == 100 && std::abs(f.second + 100 - r.quantized) <= 1e-3);
    });
  };
  for (const quality_row& r : detail::quality_data::perplexities) {
    CAPTURE(to_string(r.model), r.baseline, r.quantized);
    CHECK(is_in_file(r));
  }
  for (const quality_row& r : detail::quality_data::scores) {
    CAPTURE(to_string(r.model), r.baseline, r.quantized);
    CHECK(is_in_file(r));
  }
}

TEST_CASE("the band of the estimate holds what was published") {
  const auto not_broken = [](const quality_row& r) { return r.loss() < 1; };
  const coverage ppl = cover(detail::quality_data::perplexities, false, not_broken);
  CAPTURE(ppl.rows, ppl.share(), ppl.rank_correlation());
  CHECK(ppl.rows >= 120);
  CHECK(ppl.share() >= 0.8);
  CHECK(ppl.rank_correlation() >= 0.85);
  // what a search compares: formats of one model
  const coverage one = cover(detail::quality_data::perplexities, false, [](const quality_row& r) {
    return r.model == measured_model::llama3_8b;
  });
  CAPTURE(one.rows, one.share(), one.rank_correlation());
  CHECK(one.rows >= 30);
  CHECK(one.share() >= 0.8);
  CHECK(one.rank_correlation() >= 0.85);
  // scores served no constant but beta, from other rows
  const coverage general = cover(detail::quality_data::scores, false,
                                 [](const quality_row& r) { return r.metric == general_score; });
  CAPTURE(general.rows, general.share(), general.rank_correlation());
  CHECK(general.rows >= 140);
  CHECK(general.share() >= 0.8);
  CHECK(general.rank_correlation() >= 0.5);
  const coverage math = cover(detail::quality_data::scores, false,
                              [](const quality_row& r) { return r.metric == math_score; });
  CAPTURE(math.rows, math.share(), math.rank_correlation());
  CHECK(math.share() >= 0.75);
  CHECK(math.rank_correlation() >= 0.5);
  // and this is why reasoning is never estimated without a warning
  const coverage reasoning = cover(detail::quality_data::scores, false, [](const quality_row& r) {
    return r.metric == reasoning_score;
  });
  CAPTURE(reasoning.rows, reasoning.share());
  CHECK(reasoning.share() < 0.75);
}

TEST_CASE("models that are alike hold what was published of another") {
  const coverage ppl = cover(detail::quality_data::perplexities, true,
                             [](const quality_row& r) { return r.loss() < 1; });
  const coverage scores = cover(detail::quality_data::scores, true,
                                [](const quality_row& r) { return r.metric == general_score; });
  CAPTURE(ppl.rows, ppl.share(), scores.rows, scores.share());
  CHECK(ppl.rows >= 40);
  CHECK(ppl.share() >= 0.6);
  CHECK(scores.share() >= 0.6);
}

}  // namespace quality_evidence_test

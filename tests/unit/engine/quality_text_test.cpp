// SPDX-License-Identifier: Apache-2.0
//
// Estimates in few words: what recommendations print.
#include "quantroof/engine/quality_text.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "test_table.hpp"

namespace quality_text_test {

namespace {

using namespace quantroof;

struct percent_row {
  double fraction;
  std::string_view text;
};
constexpr percent_row percents[] = {
    {0, "0.0"},       {0.0004, "0.0"}, {0.0006, "+0.1"}, {0.0449, "+4.5"}, {-0.0123, "-1.2"},
    {0.0994, "+9.9"}, {0.0996, "+10"}, {0.105, "+10"},   {0.115, "+12"},   {-0.5, "-50"},
    {9.994, "+999"},  {10, "+>1000"},  {1e3, "+>1000"},
};
constexpr auto prints = [](const percent_row& r) {
  short_string<16> text;
  detail::append_percent(text, r.fraction);
  return text == r.text;
};
static_assert(test::first_failure(percents, prints) == -1);

struct words_row {
  const model_config& model;
  const char* strategy;
  quality_options options;
  std::string_view words;
};
constexpr words_row rows[] = {
    {models::llama3_8b, "fp16_baseline", {}, "none"},
    {models::llama3_8b, "fp8_balanced", {}, "measured +0.4..+1.1 % perplexity, grade A"},
    {models::qwen3_8b, "w4a16_aggressive", {}, "similar models +5.7..+21 % perplexity, grade B"},
    {models::llama3_8b, "nvfp4_blackwell", {}, "estimated +2.4..+17 % perplexity, grade C"},
    {models::gpt_oss_120b,
     "nvfp4_blackwell",
     {},
     "risky: kv4_sinks, +2.4..+17 % perplexity, grade D"},
    {models::llama3_8b,
     "nvfp4_blackwell",
     {.metric = quality_metric::general_score},
     "estimated 0.0..-6.2 % general_score, grade C"},
};
constexpr auto says = [](const words_row& r) {
  return quality_words(estimate_quality(r.model, get_strategy(r.strategy, r.model.num_layers),
                                        r.options)) == r.words;
};

}  // namespace

TEST_CASE("per cent are printed with what is known of them") {
  for (const percent_row& r : test::at_run_time(percents)) {
    CAPTURE(r.fraction);
    CHECK(prints(r));
  }
}

TEST_CASE("estimates in few words") {
  for (const words_row& r : test::at_run_time(rows)) {
    const auto words = quality_words(
        estimate_quality(r.model, get_strategy(r.strategy, r.model.num_layers), r.options));
    CAPTURE(r.words, words.view());
    CHECK(words == r.words);
    CHECK(says(r));
  }
}

TEST_CASE("every metric has a command that measures it") {
  for (const auto& metric : detail::quality_metric_names) {
    CAPTURE(metric.name);
    CHECK(!measuring_command(metric.value).empty());
  }
  CHECK(measuring_command(quality_metric::math_score).ends_with("--tasks gsm8k"));
}

TEST_CASE("the longest words have room") {
  quality_estimate e{.grade = quality_grade::d,
                     .metric = quality_metric::word_perplexity,
                     .loss = {1e3, 1e3, 1e3},
                     .nats = {1, 1, 1},
                     .divergence = 1};
  for (const quality_rule_text& rule : detail::quality_rules) {
    e.rule = rule.value;
    CHECK(quality_words(e).size() <= 96);
  }
}

}  // namespace quality_text_test

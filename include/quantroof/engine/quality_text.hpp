// SPDX-License-Identifier: Apache-2.0
//
// A quality estimate in few words, without allocation: what recommendations say beside the specification's wording.
//
//   "measured +0.5..1.1 % perplexity, grade A"        "similar models +5.7..21 % perplexity, grade B"
//   "estimated +2.4..17 % perplexity, grade C"        "risky: kv4_sinks, +2.4..17 % perplexity, grade D"
//
// Not here: sentences with sources (io/format_quality.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/engine/quality.hpp"

namespace quantroof {

namespace detail {

/// A fraction in per cent with its sign: one decimal below 10 %, none from there, at most 1000.
template <std::size_t N>
constexpr void append_percent(short_string<N>& text, double fraction) {
  const double percent = 100 * abs(fraction);
  const bool decimal = percent < 9.95;
  const double scaled = percent < 1000 ? round_even(decimal ? 10 * percent : percent) : 1000;
  auto digits = static_cast<std::int64_t>(scaled);
  text.append(digits == 0 ? "" : fraction < 0 ? "-" : "+");
  text.append(percent < 1000 ? "" : ">");
  std::array<char, 8> reversed{};
  std::size_t size = 0;
  for (int place = 0; digits > 0 || place < (decimal ? 2 : 1); ++place, digits /= 10) {
    if (decimal && place == 1) {
      reversed[size++] = '.';
    }
    reversed[size++] = static_cast<char>('0' + digits % 10);
  }
  for (; size > 0; --size) {
    text.append(std::string_view{&reversed[size - 1], 1});
  }
}

}  // namespace detail

/// How the grade is founded: "measured", "similar models", "estimated", "risky: <rule>,".
///
/// requires  room for the longest: 96 bytes
template <std::size_t N>
constexpr void append_quality(short_string<N>& text, const quality_estimate& e) {
  if (e.nats.upper == 0 && e.divergence == 0) {
    text.append("none");
    return;
  }
  constexpr std::array<std::string_view, 3> founded{"measured ", "similar models ", "estimated "};
  if (e.grade == quality_grade::d) {
    text.append("risky: ").append(to_string(e.rule)).append(", ");
  } else {
    text.append(founded[static_cast<std::size_t>(e.grade)]);
  }
  const double sign = e.metric <= quality_metric::word_perplexity ? 1 : -1;
  detail::append_percent(text, sign * e.loss.lower);
  text.append("..");
  detail::append_percent(text, sign * e.loss.upper);
  text.append(" % ").append(to_string(e.metric)).append(", grade ").append(to_string(e.grade));
}

/// The words alone.
[[nodiscard]] constexpr short_string<96> quality_words(const quality_estimate& e) {
  short_string<96> text;
  append_quality(text, e);
  return text;
}

/// The command that would turn an estimate into a measurement: run it on the 16-bit checkpoint and on the quantized one.
///
/// source    lm-evaluation-harness' task names; llama.cpp's perplexity tool, which compares paired KL divergences, 100 times finer than scores
[[nodiscard]] constexpr std::string_view measuring_command(quality_metric m) {
  constexpr std::array<std::string_view, 5> commands{
      "llama-perplexity -m <model>.gguf -f wiki.test.raw --kl-divergence --kl-divergence-base "
      "<16 bit>.kld",
      "lm_eval --model vllm --model_args pretrained=<checkpoint> --tasks wikitext",
      "lm_eval --model vllm --model_args pretrained=<checkpoint> --tasks mmlu,arc_challenge,"
      "hellaswag,winogrande",
      "lm_eval --model vllm --model_args pretrained=<checkpoint> --tasks gsm8k",
      "lm_eval --model vllm --model_args pretrained=<checkpoint> --tasks "
      "mmlu_pro,gpqa_diamond_cot_zeroshot",
  };
  detail::expects(static_cast<std::size_t>(m) < commands.size(),
                  "measuring_command: the value is not a quality_metric");
  return commands[static_cast<std::size_t>(m)];
}

}  // namespace quantroof

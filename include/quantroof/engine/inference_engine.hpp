// SPDX-License-Identifier: Apache-2.0
//
// What an inference engine adds to the kernels it runs: host time a step, how prompts and decoding share steps, how memory is used. One entry an
// engine; kernels, attention and links belong to the device.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/hardware/kernel_structure.hpp"
#include "quantroof/model/fit.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/elementwise.hpp"
#include "quantroof/roofline/gemm.hpp"

namespace quantroof {

/// Requests of a benchmark: all of the same lengths, or drawn from 0.8 to 1 of the nominal ones.
enum class request_lengths : std::uint8_t { equal, drawn };

namespace detail {
inline constexpr name_table<request_lengths, 2> request_lengths_names{
    {{request_lengths::equal, "equal"}, {request_lengths::drawn, "drawn"}}};
static_assert(names_are_complete(request_lengths_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(request_lengths x) {
  return detail::name_of(detail::request_lengths_names, x);
}
[[nodiscard]] constexpr request_lengths parse_request_lengths(std::string_view name) {
  return detail::parse_name(detail::request_lengths_names, name, "parse_request_lengths");
}

/// Time to first token = own * prefill + others * concurrency * prefill + steps * decode step + fixed.
struct first_token_rule {
  double own_prefills = 0;
  double other_prefills = 0;
  double steps = 0;
  double fixed_us = 0;
};

/// How an engine orders prompts and decoding: in the same steps, or prompts first.
enum class scheduling : std::uint8_t { mixed, prefill_first };

/// An engine as benchmarks of it behave.
struct inference_engine {
  std::string_view name{};
  double step_us = 0;      // host, scheduler and sampling a step
  double sequence_us = 0;  // and a sequence
  double layer_us = 0;     // and a layer: engines that launch each kernel from the host
  launch_mode launches = launch_mode::graph;
  activation_quantization quantization = activation_quantization::fused;
  scheduling order = scheduling::mixed;
  grouped_weight_only weight_only_experts = grouped_weight_only::as_dense16;
  double hopper_slowdown = 1;  // of weight passes by kernels that use nothing newer than Ampere
  std::array<std::optional<first_token_rule>, 2>
      first_token{};  // by request_lengths; nullopt: no claim
  runtime_memory memory{};
  double dense_spread = 0.1;  // beside the kernels' own interval, 80 % of the steps of dense models
  double expert_spread = 0.2;  // and of models with experts lie within this share of the prediction
};

namespace engines {

// step_us and spreads of the three served engines: output of `calibrate --engines` (io/fit_engine.hpp) on 1,371 served rows. step_us: the smallest
// mean error of TPOT over all rows of the engine, in steps of 50 us. Errors of models predicted with the step_us of the others, over all engines: up to
// 16 requests dense 5.6 %, with experts 9.8 % (SGLang 15.8 %); any number of them dense 8.6 %, with experts 12.5 %. Fitted without one of the models,
// step_us is 0 to 200 (TensorRT-LLM), 200 to 400 (vLLM), 550 to 950 (SGLang). Spreads: the least hundredth whose intervals hold 80 % of the rows so
// predicted (580 dense, 791 with experts). sequence_us: 10 for all of them.
// first_token of vLLM: fitted to its served rows; a burst at the start waits concurrency / 2 prefills in the first of about ten waves, equal lengths
// wait for the mixed step under way. TensorRT-LLM's and SGLang's do not carry over to models that they were not fitted to: no claim.
inline constexpr inference_engine tensorrt_llm{.name = "tensorrt_llm",
                                               .step_us = 50,
                                               .sequence_us = 10,
                                               .weight_only_experts = grouped_weight_only::measured,
                                               .dense_spread = 0.12,
                                               .expert_spread = 0.23};
inline constexpr inference_engine vllm{
    .name = "vllm",
    .step_us = 300,
    .sequence_us = 10,
    .first_token =
        {first_token_rule{.own_prefills = 2.5, .other_prefills = 0.075, .fixed_us = 9000},
         first_token_rule{
             .own_prefills = 1.35, .other_prefills = 0.075, .steps = 1, .fixed_us = 20000}},
    .dense_spread = 0.14,
    .expert_spread = 0.07};
inline constexpr inference_engine sglang{.name = "sglang",
                                         .step_us = 750,
                                         .sequence_us = 10,
                                         .order = scheduling::prefill_first,
                                         .dense_spread = 0.15,
                                         .expert_spread = 0.20};

// Single streams. step_us of torch_compile: sampling from the most likely tokens and the host, fitted to 13 rows of gpt-fast on A100 (error on 12 rows
// of torchao that had no part in it: 6.4 % in place of 7.5). gpt-fast and torchao: torch.compile in a CUDA graph, activations quantized by kernels of their own. Triton's GEMV on H100 reaches
// 0.82 of what its libraries do (six formats of one model, measured: torchao README).
inline constexpr inference_engine torch_compile{.name = "torch_compile",
                                                .step_us = 200,
                                                .quantization = activation_quantization::separate,
                                                .hopper_slowdown = 1.22,
                                                .dense_spread = 0.05};
inline constexpr inference_engine llama_cpp{.name = "llama_cpp"};

inline constexpr std::array all{tensorrt_llm, vllm, sglang, torch_compile, llama_cpp};

}  // namespace engines

/// The engine called `name`, or nullptr.
[[nodiscard]] constexpr const inference_engine* find_engine(std::string_view name) {
  for (const inference_engine& e : engines::all) {
    if (e.name == name) {
      return &e;
    }
  }
  return nullptr;
}

/// The engine called `name`.
///
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr const inference_engine& get_engine(std::string_view name) {
  for (const inference_engine& e : engines::all) {
    if (e.name == name) {
      return e;
    }
  }
  detail::unknown_name("get_engine", name, engines::all,
                       [](const inference_engine& e) { return e.name; });
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Plans as commands of llama.cpp: types bit for bit, replacements that are said, names of tensors.
#include "quantroof/io/export_llama_cpp.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace export_llama_cpp_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;

const io::llama_cpp_options nearest{.types = io::gguf_types::nearest};

// Exact types take the same bits an element in a large matrix.
constexpr auto is_exact = [](const detail::gguf_type_name& t) {
  return !t.exact || (t.weights == "Q8_0"    ? bits_per_element(t.format) == 8.5
                      : t.weights == "Q4_0"  ? bits_per_element(t.format) == 4.5
                      : t.weights == "MXFP4" ? bits_per_element(t.format) == 4.25
                      : t.weights == "NVFP4" ? bits_per_element(t.format) == 4.5
                      : t.weights == "Q6_K"  ? bits_per_element(t.format) == 6.5625
                                             : true);
};
static_assert(test::first_failure(detail::gguf_type_names, is_exact) == -1);

TEST_CASE("types have the bits of their formats") {
  for (const auto& t : test::at_run_time(detail::gguf_type_names)) {
    CAPTURE(to_string(t.format), t.weights);
    CHECK(is_exact(t));
  }
}

TEST_CASE("a plan in GGUF's own formats is said as it is") {
  auto plan = get_strategy("fp16_baseline")
                  .with(op::ffn_up, p::gguf_q4_k)
                  .with(op::ffn_gate, p::gguf_q4_k)
                  .with(op::ffn_down, p::gguf_q6_k)
                  .with(op::kv_cache, p::gguf_q8_0)
                  .with_layers(0, 1, p::int8_g32, {op::ffn_up});
  const auto c =
      io::export_llama_cpp(models::qwen3_0_6b, plan, {.source = "a.gguf", .target = "b.gguf"});
  CHECK(c.quantize ==
        "llama-quantize --tensor-type 'blk\\.\\d+\\.attn_q\\.weight=F16'"
        " --tensor-type 'blk\\.\\d+\\.attn_k\\.weight=F16'"
        " --tensor-type 'blk\\.\\d+\\.attn_v\\.weight=F16'"
        " --tensor-type 'blk\\.\\d+\\.attn_output\\.weight=F16'"
        " --tensor-type 'blk\\.\\d+\\.ffn_gate\\.weight=Q4_K'"
        " --tensor-type 'blk\\.[0-1]\\.ffn_up\\.weight=Q8_0'"
        " --tensor-type 'blk\\.([2-9]|1[0-9]|2[0-7])\\.ffn_up\\.weight=Q4_K'"
        " --tensor-type 'blk\\.\\d+\\.ffn_down\\.weight=Q6_K'"
        " --output-tensor-type F16 --token-embedding-type F16 a.gguf b.gguf Q4_K");
  CHECK(c.serve == "llama-server -m b.gguf -ctk q8_0 -ctv q8_0 -fa on");
  CHECK(c.notes.empty());
  const auto apart =
      io::export_llama_cpp(models::qwen3_0_6b, plan.with_cache({p::gguf_q8_0, p::gguf_q4_0}));
  CHECK_THAT(apart.serve, test::contains("-ctk q8_0 -ctv q4_0 -fa on"));
  REQUIRE(apart.notes.size() == 1);
  CHECK_THAT(apart.notes[0], test::contains("GGML_CUDA_FA_ALL_QUANTS"));
  const auto plain = io::export_llama_cpp(models::qwen3_0_6b, get_strategy("fp16_baseline"));
  CHECK(plain.quantize.empty());
  CHECK(plain.serve == "llama-server -m model-f16.gguf -ctk f16 -ctv f16");
}

TEST_CASE("other formats are refused, or replaced and said") {
  CHECK_THROWS_WITH(
      io::export_llama_cpp(models::llama3_8b, get_strategy("hybrid_long_context")),
      test::contains(
          "llama.cpp: weights: FP8_E4M3 has no GGUF type; known: FP32, FP16, BF16, GGUF_Q8_0"));
  CHECK_THROWS_WITH(io::export_llama_cpp(models::llama3_8b, get_strategy("fp8_balanced")),
                    test::contains("llama.cpp: activations: FP8_E4M3 cannot be said"));
  CHECK_THROWS_WITH(
      io::export_llama_cpp(models::llama3_8b,
                           get_strategy("fp16_baseline").with(op::kv_cache, p::fp8_e4m3)),
      test::contains("llama.cpp: kv_cache: FP8_E4M3 has no GGUF type; known: FP32, FP16, BF16, "
                     "GGUF_Q8_0, GGUF_Q4_0"));
  CHECK_THROWS_WITH(
      io::export_llama_cpp(models::llama3_8b,
                           get_strategy("fp16_baseline").with(op::o_proj, p::mxfp6_e2m3), nearest),
      test::contains("has no GGUF type"));
  const auto c = io::export_llama_cpp(models::mixtral_8x7b, get_strategy("fp8_balanced"), nearest);
  CHECK_THAT(c.quantize, test::contains("'blk\\.\\d+\\.ffn_down_exps\\.weight=Q8_0'") &&
                             !test::contains("ffn_gate_inp"));
  CHECK(c.notes.size() == 3);
  CHECK_THAT(c.notes[1], test::contains("weights: FP8_E4M3 is replaced by GGUF's Q8_0"));
  for (const model_config& m : models::all) {
    for (const strategy_entry& entry : list_strategies()) {
      CAPTURE(m.name.view(), entry.name);
      if (m.name.view().starts_with("deepseek_v4")) {
        CHECK_THROWS_WITH(
            io::export_llama_cpp(m, entry.create(m.num_layers), nearest),
            test::contains("llama.cpp: ") && test::contains("has no name of a tensor here"));
        continue;
      }
      const auto each = io::export_llama_cpp(m, entry.create(m.num_layers), nearest);
      CHECK(each.quantize.empty() == (entry.name == "fp16_baseline"));
      CHECK_THAT(each.serve, test::contains(" -ctk "));
    }
  }
  const auto latent =
      io::export_llama_cpp(models::deepseek_v3, get_strategy("w4a16_aggressive"), nearest);
  CHECK_THAT(latent.quantize, test::contains("attn_q_b\\.weight=Q4_K") &&
                                  test::contains("attn_kv_a_mqa\\.weight=") &&
                                  test::contains("ffn_up_shexp\\.weight="));
}

}  // namespace

}  // namespace export_llama_cpp_test

// SPDX-License-Identifier: Apache-2.0
//
// Launch lines: which attention kernel reads which KV cache on which device, commands as engines take them, refusals by name.
#include "quantroof/io/export_launch.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace export_launch_test {

namespace {

using namespace quantroof;
using op = operator_type;
using p = precision;
using engine = serving_engine;
using kind = attention_kind;

struct backend_row {
  engine of;
  kind layers;
  int capability;
  p cache;
  std::string_view wanted;
  std::string_view taken;  // empty: refused
};
// vLLM docs/design/attention_backends.md (0013943): priorities, KV dtypes, capabilities; SGLang's and TensorRT-LLM's pages.
constexpr backend_row backends[] = {
    {engine::vllm, kind::heads, 80, p::fp16, "", "FLASH_ATTN"},
    {engine::vllm, kind::heads, 80, p::fp8_e4m3, "", "FLASHINFER"},
    {engine::vllm, kind::heads, 80, p::fp8_e4m3, "FLASH_ATTN", ""},
    {engine::vllm, kind::heads, 89, p::fp8_e4m3, "FLASH_ATTN", ""},
    {engine::vllm, kind::heads, 90, p::fp8_e4m3, "", "FLASH_ATTN"},
    {engine::vllm, kind::heads, 90, p::fp8_e5m2, "FLASH_ATTN", "FLASH_ATTN"},
    {engine::vllm, kind::heads, 100, p::fp16, "", "FLASHINFER"},
    {engine::vllm, kind::heads, 100, p::fp16, "FLASH_ATTN", "FLASH_ATTN"},
    {engine::vllm, kind::heads, 100, p::fp8_e4m3, "", "FLASHINFER"},
    {engine::vllm, kind::heads, 100, p::fp8_e4m3, "FLASH_ATTN", ""},
    {engine::vllm, kind::heads, 103, p::nvfp4_kv, "", "FLASHINFER"},
    {engine::vllm, kind::heads, 120, p::nvfp4_kv, "", ""},
    {engine::vllm, kind::heads, 120, p::fp8_e4m3, "", "FLASHINFER"},
    {engine::vllm, kind::heads, 120, p::fp8_e4m3, "FLASH_ATTN", ""},
    {engine::vllm, kind::heads, 100, p::fp8_e4m3, "FLEX_ATTENTION", ""},
    {engine::vllm, kind::latent, 90, p::fp16, "", "FLASH_ATTN_MLA"},
    {engine::vllm, kind::latent, 90, p::fp8_e4m3, "", "FLASHMLA"},
    {engine::vllm, kind::latent, 90, p::fp8_e4m3, "FLASH_ATTN_MLA", ""},
    {engine::vllm, kind::latent, 100, p::fp8_e4m3, "", "FLASHINFER_MLA"},
    {engine::vllm, kind::latent, 89, p::fp8_e4m3, "", "TRITON_MLA"},
    {engine::vllm, kind::sparse_latent, 100, p::fp8_e4m3, "", "FLASHINFER_MLA_SPARSE"},
    {engine::vllm, kind::sparse_latent, 90, p::fp8_e4m3, "", ""},
    {engine::vllm, kind::sparse_latent, 90, p::fp16, "", "FLASHMLA_SPARSE"},
    {engine::sglang, kind::heads, 90, p::fp8_e4m3, "", "fa3"},
    {engine::sglang, kind::heads, 80, p::fp8_e4m3, "fa3", ""},
    {engine::sglang, kind::heads, 90, p::fp8_e4m3, "triton", ""},
    {engine::sglang, kind::heads, 100, p::nvfp4_kv, "", "trtllm_mha"},
    {engine::sglang, kind::latent, 100, p::fp8_e4m3, "", "trtllm_mla"},
    {engine::tensorrt_llm, kind::heads, 90, p::fp8_e4m3, "", "TRTLLM"},
    {engine::tensorrt_llm, kind::heads, 90, p::nvfp4_kv, "", ""},
    {engine::tensorrt_llm, kind::heads, 100, p::nvfp4_kv, "", "TRTLLM"},
};
constexpr auto is_taken = [](const backend_row& r) {
  const attention_backend* const b = find_attention_backend({.engine = r.of,
                                                             .kind = r.layers,
                                                             .capability = r.capability,
                                                             .cache = r.cache,
                                                             .head_dims = {128}},
                                                            r.wanted);
  return r.taken.empty() ? b == nullptr : b != nullptr && b->name == r.taken;
};
static_assert(test::first_failure(backends, is_taken) == -1);

TEST_CASE("kernels read caches as engines document") {
  for (const backend_row& r : test::at_run_time(backends)) {
    CAPTURE(to_string(r.of), r.capability, to_string(r.cache), r.wanted, r.taken);
    CHECK(is_taken(r));
  }
  // Heads of another width fall to a kernel that takes any.
  CHECK(
      find_attention_backend({.capability = 100, .cache = p::fp8_e4m3, .head_dims = {192}})->name ==
      "TRITON_ATTN");
  CHECK(parse_serving_engine("tensorrt_llm") == engine::tensorrt_llm);
  CHECK_THROWS_WITH(parse_serving_engine("trtllm"),
                    test::contains("known: vllm, sglang, tensorrt_llm"));
}

TEST_CASE("commands name cache and kernel") {
  const auto fp8 = get_strategy("fp8_balanced");
  const model_config& m = models::llama3_8b;
  CHECK(io::export_launch(engine::vllm, m, fp8, hw::b200_sxm).command ==
        "vllm serve MODEL --kv-cache-dtype fp8_e4m3 --attention-backend FLASHINFER");
  CHECK(io::export_launch(engine::vllm, m, fp8, hw::h100_sxm,
                          {.model = "./llama-fp8",
                           .version = flash_attention_version::fa3,
                           .tensor_parallel = 2,
                           .context = 32768,
                           .batch = 64})
            .command ==
        "vllm serve ./llama-fp8 --tensor-parallel-size 2 --max-model-len 32768 --max-num-seqs 64 "
        "--kv-cache-dtype fp8_e4m3 --attention-backend FLASH_ATTN "
        "--attention-config.flash_attn_version=3");
  CHECK(io::export_launch(engine::sglang, m, fp8, hw::h100_sxm,
                          {.tensor_parallel = 2, .context = 8192, .batch = 4})
            .command ==
        "python3 -m sglang.launch_server --model-path MODEL --tp 2 --context-length 8192 "
        "--max-running-requests 4 --kv-cache-dtype fp8_e4m3 --attention-backend fa3");
  const io::launch_line t =
      io::export_launch(engine::tensorrt_llm, m, fp8, hw::h100_sxm, {.tensor_parallel = 2});
  CHECK(t.command == "trtllm-serve MODEL --backend pytorch --tp_size 2 --config trtllm.yaml");
  CHECK(t.file_name == "trtllm.yaml");
  CHECK(t.file_text == "attn_backend: TRTLLM\nkv_cache_config:\n  dtype: fp8\n");
  CHECK(t.checkpoint == "modelopt");
  const io::launch_line plain =
      io::export_launch(engine::vllm, m, get_strategy("fp16_baseline"), hw::a100_sxm_80gb);
  CHECK(plain.command == "vllm serve MODEL --kv-cache-dtype auto --attention-backend FLASH_ATTN");
  CHECK(plain.checkpoint == "unquantized");
  CHECK(plain.notes.empty());
  const io::launch_line marlin = io::export_launch(engine::vllm, m, fp8, hw::a100_sxm_80gb);
  CHECK(marlin.attention_backend == "FLASHINFER");
  CHECK_THAT(marlin.notes.at(0), test::contains("dequantized and multiplied in 16 bits"));
  CHECK_THAT(marlin.notes.at(1), test::contains("calibrate them"));
}

TEST_CASE("every engine, device and strategy gets a command or a reason") {
  int commands = 0;
  int reasons = 0;
  for (const engine e : {engine::vllm, engine::sglang, engine::tensorrt_llm}) {
    for (const hardware_spec* const device : list_hardware()) {
      for (const strategy_entry& entry : list_strategies()) {
        CAPTURE(to_string(e), device->key.view(), entry.name);
        const auto plan = entry.create(32).with(op::embeddings, p::fp16);
        try {
          const io::launch_line l = io::export_launch(e, models::llama3_2_1b, plan, *device);
          CHECK_FALSE(l.command.empty());
          CHECK_FALSE(l.attention_backend.empty());
          ++commands;
        } catch (const io::input_error& error) {
          CHECK(error.file() == to_string(e));
          CHECK(error.rule().size() > 20);
          ++reasons;
        }
      }
    }
  }
  CHECK(commands > 150);
  CHECK(reasons > 150);
}

TEST_CASE("what an engine rejects is named, with what it takes") {
  const model_config& m = models::llama3_8b;
  const auto fp8 = get_strategy("fp8_balanced");
  struct row {
    engine of;
    const hardware_spec* device;
    mixed_precision_config plan;
    std::string_view backend;
    std::string_view text;
  };
  for (const row& r : {
           row{engine::vllm, &hw::b200_sxm, fp8, "FLASH_ATTN",
               "vllm: attention_backend: FLASH_ATTN does not take FP8_E4M3 KV cache on compute "
               "capability 10.0; use FLASHINFER, TRITON_ATTN"},
           row{engine::vllm, &hw::a100_sxm_80gb, fp8, "FLASH_ATTN",
               "on compute capability 8.0; use FLASHINFER, TRITON_ATTN"},
           row{engine::vllm, &hw::b200_sxm, fp8, "FLASHMLA",
               "\"FLASHMLA\" is not known for these layers; known: FLASHINFER"},
           row{engine::vllm, &hw::h100_sxm, fp8.with(op::kv_cache, p::nvfp4_kv), "",
               "no kernel takes NVFP4_KV KV cache on compute capability 9.0"},
           row{engine::vllm, &hw::h100_sxm, fp8.with_cache({p::fp16, p::fp8_e4m3}), "",
               "vllm: kv_cache: K in FP16 and V in FP8_E4M3 cannot be said"},
           row{engine::vllm, &hw::h100_sxm, fp8.with(op::kv_cache, p::int8), "",
               "vllm: kv_cache: INT8 is not a format of its cache; known: 16 bits, FP8_E4M3"},
           row{engine::tensorrt_llm, &hw::a100_sxm_80gb, fp8, "", "need compute capability 8.9"},
           row{engine::tensorrt_llm, &hw::b200_sxm,
               get_strategy("nvfp4_blackwell").with(op::embeddings, p::fp16), "",
               "NVFP4 weights with activations in FP16 are not multiplied; known activations for "
               "these weights: NVFP4, FP8_E4M3"},
           row{engine::vllm, &hw::b200_sxm, get_strategy("nvfp4_blackwell"), "",
               "embeddings: NVFP4: the engine reads them in 16 bits"},
           row{engine::vllm, &hw::h100_sxm, fp8.with(op::k_proj, p::fp16), "",
               "k_proj: FP16 beside q_proj in FP8_E4M3 (layer 0): the engine holds both in one "
               "matrix"},
           row{engine::sglang, &hw::h100_sxm, fp8.with(op::ffn_up, p::fp8_e4m3_channel), "",
               "ffn_up: FP8_E4M3_CHANNEL beside ffn_gate"},
           row{engine::sglang, &hw::b10, fp8, "", "sglang: b10: has no compute capability"},
       }) {
    CAPTURE(r.text);
    CHECK_THROWS_WITH(
        io::export_launch(r.of, m, r.plan, *r.device, {.attention_backend = r.backend}),
        test::contains(std::string{r.text}));
  }
  CHECK_THROWS_WITH(
      io::export_launch(engine::vllm, m, fp8, hw::b200_sxm,
                        {.version = flash_attention_version::fa4}),
      test::contains("vllm: version: fa4 is a choice of vLLM's FLASH_ATTN, not of FLASHINFER"));
  CHECK_THROWS_WITH(io::export_launch(engine::vllm, m, fp8, hw::h100_sxm,
                                      {.version = flash_attention_version::fa4}),
                    test::contains("fa4 does not run on this device"));
  CHECK_THROWS_WITH(io::export_launch(engine::vllm, m, fp8, hw::h100_sxm, {.tensor_parallel = 0}),
                    test::contains("launch_options: tensor_parallel must be positive"));
}

}  // namespace

}  // namespace export_launch_test

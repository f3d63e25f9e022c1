// SPDX-License-Identifier: Apache-2.0
//
// The calibrated model: attention against measured calls and published kernels, what it says on devices that nobody measured, and the
// specification's own device.
#include "quantroof/roofline/calibrated.hpp"

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/roofline/step.hpp"
#include "test_table.hpp"

namespace calibrated_test {

namespace {

using namespace quantroof;
using enum flash_attention_version;

// ---- published kernels: the ratios come out of the physics ---------------------------------------------------------------------

constexpr attention_shape prompt(std::int64_t tokens, std::int64_t d, bool causal,
                                 std::int64_t total = 16384) {
  const std::int64_t heads = 2048 / d;
  return {.batch = total / tokens,
          .num_heads = heads,
          .num_kv_heads = heads,
          .seq_len_q = tokens,
          .seq_len_kv = tokens,
          .head_dim = d,
          .causal = causal};
}
constexpr double tflops(const hardware_spec& hw, flash_attention_version v,
                        const attention_shape& s, const prefill_setting& set = {}) {
  const double n = static_cast<double>(s.seq_len_q);
  const double flops = 4 * n * n * static_cast<double>(s.head_dim * s.num_heads * s.batch) *
                       (s.causal ? 0.5 : 1.0) * (set.pass == attention_pass::forward ? 1.0 : 3.5);
  return flops / (estimate_flash_attention(hw, v, s, set).time_us * 1e6);
}
constexpr bool between(double x, double low, double high) { return x >= low && x <= high; }

// FA3 paper and repository (assets/flash3_fp16_fwd.png): H100 SXM, FP16, forward, 16K tokens in all
static_assert(between(tflops(hw::h100_sxm, fa3, prompt(16384, 128, false)), 648 * 0.94,
                      648 * 1.06));
static_assert(between(tflops(hw::h100_sxm, fa3, prompt(8192, 64, false)), 496 * 0.94, 496 * 1.06));
static_assert(between(tflops(hw::h100_sxm, fa3, prompt(512, 128, true)), 292 * 0.92, 292 * 1.08));
// "FlashAttention-2 on H100 reaches 35 % of peak": 370 of 989
static_assert(between(tflops(hw::h100_sxm, fa2, prompt(16384, 128, false)) / 989, 0.34, 0.39));
// "FA3 1.5-2.0 x FA2"
static_assert(between(tflops(hw::h100_sxm, fa3, prompt(8192, 128, false)) /
                          tflops(hw::h100_sxm, fa2, prompt(8192, 128, false)),
                      1.5, 2.0));
static_assert(between(tflops(hw::h100_sxm, fa3, prompt(8192, 64, false)) /
                          tflops(hw::h100_sxm, fa2, prompt(8192, 64, false)),
                      1.4, 2.0));
// "FA2 1.7-3.0 x FA1" on A100
static_assert(between(tflops(hw::a100_sxm_80gb, fa2, prompt(4096, 128, false)) /
                          tflops(hw::a100_sxm_80gb, fa1, prompt(4096, 128, false)),
                      1.7, 3.0));
static_assert(between(tflops(hw::a100_sxm_80gb, fa2, prompt(4096, 64, false)) /
                          tflops(hw::a100_sxm_80gb, fa1, prompt(4096, 64, false)),
                      1.6, 3.0));

constexpr attention_shape ablated{.batch = 4,
                                  .num_heads = 16,
                                  .num_kv_heads = 16,
                                  .seq_len_q = 8448,
                                  .seq_len_kv = 8448,
                                  .head_dim = 128};
// FA3 paper, table 2: without warp specialization 570 TFLOPS, with it 661
static_assert(between(tflops(hw::h100_sxm, fa3, ablated) /
                          tflops(hw::h100_sxm, fa3, ablated, {.overlap = softmax_overlap::none}),
                      1.14, 1.18));

TEST_CASE("FA3's ablation: without overlap 570 TFLOPS, with it 661") {
  const double released = tflops(hw::h100_sxm, fa3, ablated);
  const double alone = tflops(hw::h100_sxm, fa3, ablated, {.overlap = softmax_overlap::none});
  CHECK(released == Approx(661).epsilon(0.04));
  CHECK(alone == Approx(570).epsilon(0.04));
  CHECK(released / alone == Approx(661.0 / 570).epsilon(0.01));
}

TEST_CASE("GeForce boards issue products like the workstation board and wait for half the units") {
  // ROCm/flash-attention issue 27: FA2 on RTX 4090, d 64, no mask
  CHECK(tflops(hw::rtx4090, fa2, prompt(512, 64, false)) == Approx(150.9).epsilon(0.05));
  CHECK(tflops(hw::rtx4090, fa2, prompt(16384, 64, false)) == Approx(173).epsilon(0.05));
}

TEST_CASE("twice the exponential rate is what sets GB300 apart from GB200") {
  // cudnn-frontend d48a60e: causal 16K, 128 query and 8 KV heads, d 128: bf16 1978 over 1668, fp8 2809 over 2033
  const attention_shape s{.batch = 1,
                          .num_heads = 128,
                          .num_kv_heads = 8,
                          .seq_len_q = 16384,
                          .seq_len_kv = 16384,
                          .head_dim = 128,
                          .causal = true};
  const auto time = [&s](const hardware_spec& hw, attention_width width) {
    const prefill_constants& cudnn = published_attention.back();
    return estimate_prefill(rates_of(hw), cudnn,
                            {.width = width, .call = attention_call::kernel_only}, s)
        .time_us;
  };
  CHECK(time(hw::gb200, attention_width::bits16) / time(hw::gb300, attention_width::bits16) ==
        Approx(1.19).epsilon(0.04));
  CHECK(time(hw::gb200, attention_width::bits8) / time(hw::gb300, attention_width::bits8) ==
        Approx(1.38).epsilon(0.04));
  const kernel_estimate fp8 =
      estimate_prefill(rates_of(hw::gb200), published_attention.back(),
                       {.width = attention_width::bits8, .call = attention_call::kernel_only}, s);
  CHECK(fp8.bottleneck == bottleneck::exponential);
}

TEST_CASE("FA4 at d 64 is bound by exponentials, at d 128 by both units alike") {
  CHECK(tflops(hw::b200_sxm, fa4, prompt(16384, 64, false, 32768)) == Approx(878).epsilon(0.1));
  CHECK(tflops(hw::b200_sxm, fa4, prompt(16384, 128, false, 32768)) == Approx(1401).epsilon(0.1));
  CHECK(tflops(hw::b200_sxm, fa4, prompt(16384, 128, false, 32768)) /
            tflops(hw::b200_sxm, fa4, prompt(16384, 64, false, 32768)) ==
        Approx(1401.0 / 878).epsilon(0.07));
  CHECK(estimate_flash_attention(hw::b200_sxm, fa4, prompt(16384, 64, false)).bottleneck ==
        bottleneck::exponential);
}

// ---- serving calls --------------------------------------------------------------------------------------------------------------

struct measured_prompt {
  const hardware_spec* hw;
  attention_width width;
  std::int64_t batch;
  std::int64_t tokens;
  double time_us;
};
// aiconfigurator: vLLM 0.24.0 (A100 0.14.0), GB200 SGLang 0.5.14; causal, 32 query and 8 KV heads, d 128
constexpr measured_prompt measured_prompts[] = {
    {&hw::a100_sxm_80gb, attention_width::bits16, 8, 4096, 6813.8},
    {&hw::h100_sxm, attention_width::bits16, 1, 1024, 35.52},
    {&hw::h100_sxm, attention_width::bits16, 8, 4096, 1983.6},
    {&hw::gb200, attention_width::bits8, 1, 1024, 35.18},
    {&hw::gb200, attention_width::bits8, 8, 4096, 915.57},
    {&hw::l40s, attention_width::bits16, 8, 16384, 105590},
};
constexpr auto is_near = [](const measured_prompt& r) {
  const attention_shape s{.batch = r.batch,
                          .num_heads = 32,
                          .num_kv_heads = 8,
                          .seq_len_q = r.tokens,
                          .seq_len_kv = r.tokens,
                          .head_dim = 128,
                          .causal = true};
  const double bytes = r.width == attention_width::bits8 ? 1 : 2;
  const double time = calibrated_model{}.serving_attention(*r.hw, s, r.width, bytes, 1).time_us;
  return between(time / r.time_us, 0.92, 1.08);
};
static_assert(test::first_failure(measured_prompts, is_near) == -1);

TEST_CASE("prompts take what engines measure, long ones on a throttling board included") {
  for (const measured_prompt& r : test::at_run_time(measured_prompts)) {
    CAPTURE(r.hw->key.view(), r.batch, r.tokens);
    CHECK(is_near(r));
  }
}

TEST_CASE("FA3's items on an 8-bit cache cost as much as V is wide") {
  const calibrated_model m;
  const auto time = [&m](std::int64_t d) {
    return m
        .serving_attention(hw::h200_sxm,
                           {.batch = 256,
                            .num_heads = 32,
                            .num_kv_heads = 8,
                            .seq_len_q = 1,
                            .seq_len_kv = 2,
                            .head_dim = d},
                           attention_width::bits8, 1, 1)
        .time_us;
  };
  CHECK(time(64) == Approx(52.45).epsilon(0.1));  // aiconfigurator, vLLM 0.24.0; at d 128 71.97
  CHECK(time(128) > 1.3 * time(64));
}

TEST_CASE("decode reads whole tiles: as long for 2 keys as for 128") {
  const calibrated_model m;
  const auto time = [&m](std::int64_t keys) {
    return m
        .serving_attention(hw::h100_sxm,
                           {.batch = 1024,
                            .num_heads = 32,
                            .num_kv_heads = 8,
                            .seq_len_q = 1,
                            .seq_len_kv = keys,
                            .head_dim = 128},
                           attention_width::bits16, 2, 1)
        .time_us;
  };
  CHECK(time(128) == Approx(time(2)).epsilon(0.25));  // measured 318 and 298 us
  CHECK(time(4096) > 5 * time(128));
}

TEST_CASE("FP8 halves the cache that decode reads") {
  const calibrated_model m;
  const attention_shape s{.batch = 64,
                          .num_heads = 32,
                          .num_kv_heads = 8,
                          .seq_len_q = 1,
                          .seq_len_kv = 32768,
                          .head_dim = 128};
  for (const hardware_spec* hw : {&hw::b200_sxm, &hw::l40s, &hw::rtx_pro_6000_server}) {
    const double wide = m.serving_attention(*hw, s, attention_width::bits16, 2, 1).time_us;
    const double narrow = m.serving_attention(*hw, s, attention_width::bits8, 1, 1).time_us;
    CAPTURE(hw->key.view());
    CHECK(wide / narrow == Approx(2.0).epsilon(0.15));
  }
}

TEST_CASE("block-sparse attention scales with the density, and its index costs 5 %") {
  const calibrated_model m;
  const attention_shape s{.batch = 8,
                          .num_heads = 32,
                          .num_kv_heads = 8,
                          .seq_len_q = 1,
                          .seq_len_kv = 131072,
                          .head_dim = 128};
  flash_attention_config c{.version = fa4};
  const double dense = m.attention(hw::b200_sxm, s, c).predicted_time_us;
  c.block_sparse = true;
  c.sparsity_ratio = 0.3;
  CHECK(m.attention(hw::b200_sxm, s, c).predicted_time_us ==
        Approx(dense * 0.7 * 1.05).epsilon(0.02));
}

// ---- devices nobody measured, and the one that cannot be ------------------------------------------------------------------------

TEST_CASE(
    "where nobody measured, constants are borrowed from the nearest kin and the interval grows") {
  const calibrated_model m;
  CHECK(m.basis(hw::h100_sxm) == calibration_basis::measured);
  CHECK(m.basis(hw::gb300) == calibration_basis::architecture);
  CHECK(m.basis(hw::h100_pcie) == calibration_basis::architecture);
  CHECK(m.basis(hw::gb10) == calibration_basis::generation);
  CHECK(m.basis(hw::mi300x) == calibration_basis::related);
  const gemm_shape g{512, 4096, 4096};
  const auto width = [&](const hardware_spec& hw) {
    const kernel_estimate e = m.gemm(hw, g, gemm_kernel::dense16);
    return (e.upper_us - e.lower_us) / e.time_us;
  };
  CHECK(width(hw::gb300) > width(hw::b300_sxm));
  CHECK(width(hw::mi300x) > width(hw::gb300));
  const auto found = find_calibration(
      hw::gb300, nullptr,
      [](const device_calibration& c) -> const gemm_constants& { return c.gemm[0]; });
  CHECK(found.constants == &measured::b300_sxm.gemm[0]);
  const auto attention = find_calibration(
      hw::gb300, nullptr,
      [](const device_calibration& c) -> const decode_constants& { return c.decode[0]; },
      kinship::board);
  CHECK(attention.constants == &measured::gb200.decode[0]);
  CHECK(attention.basis == calibration_basis::architecture);
}

TEST_CASE("a calibration of one's own comes first on its device") {
  device_calibration own = measured::h100_sxm;
  own.gemm[0].fixed_us += 100;
  calibrated_model m;
  const gemm_shape g{1, 4096, 4096};
  const double before = m.gemm(hw::h100_sxm, g, gemm_kernel::dense16).time_us;
  m.own = &own;
  CHECK(m.gemm(hw::h100_sxm, g, gemm_kernel::dense16).time_us > before + 90);
  CHECK(m.gemm(hw::h200_sxm, g, gemm_kernel::dense16).time_us ==
        calibrated_model{}.gemm(hw::h200_sxm, g, gemm_kernel::dense16).time_us);
}

TEST_CASE("the specification's device is answered with the specification's arithmetic") {
  const attention_shape s{.batch = 1,
                          .num_heads = 32,
                          .num_kv_heads = 32,
                          .seq_len_q = 4096,
                          .seq_len_kv = 4096,
                          .head_dim = 128};
  const flash_attention_config c{.version = fa1};
  CHECK(calibrated_model{}.attention(hw::b10, s, c) == textbook_model{}.attention(hw::b10, s, c));
  const gemm_shape g{1, 4096, 4096};
  CHECK(calibrated_model{}.gemm(hw::b10, g, precision::fp16, precision::fp16).time_us ==
        textbook_model{}.gemm(hw::b10, g, precision::fp16, precision::fp16).time_us);
}

// ---- the other families ---------------------------------------------------------------------------------------------------------

TEST_CASE("distinct experts: none twice for one token, all of them for many") {
  CHECK(distinct_experts({.tokens = 1, .hidden = 1, .inter = 1, .experts = 128, .top_k = 8}) ==
        Approx(8));
  CHECK(distinct_experts({.tokens = 10000, .hidden = 1, .inter = 1, .experts = 128, .top_k = 8}) ==
        Approx(128));
  CHECK(distinct_experts({.tokens = 16, .hidden = 1, .inter = 1, .experts = 128, .top_k = 8}) ==
        Approx(128 * (1 - std::pow(1 - 8.0 / 128, 16))));
}

TEST_CASE("an MoE layer of few tokens reads the experts they chose") {
  const calibrated_model m;
  moe_shape s{.tokens = 1, .hidden = 4096, .inter = 1536, .experts = 128, .top_k = 8};
  const double one = m.moe(hw::h100_sxm, s, moe_kernel::fp8).time_us;
  s.tokens = 64;
  const double many = m.moe(hw::h100_sxm, s, moe_kernel::fp8).time_us;
  CHECK(many > 4 * one);
  CHECK(one == Approx(78.3).epsilon(0.35));  // aiconfigurator, TensorRT-LLM 1.3.0rc20
  s.top_k = 129;
  CHECK_THROWS_WITH(m.moe(hw::h100_sxm, s, moe_kernel::fp8),
                    test::contains("moe_shape: top_k must be in [1, experts]"));
}

TEST_CASE("all-reduce: latency for small messages, the links for large ones") {
  const calibrated_model m;
  const auto time = [&m](double bytes, collective_library library) {
    return m.exchange(hw::h100_sxm, collective::all_reduce, 8, bytes, library).time_us;
  };
  CHECK(time(8192, collective_library::custom) == Approx(3.2).epsilon(0.2));
  CHECK(time(8192, collective_library::nccl) == Approx(15.7).epsilon(0.35));
  // 1 GiB at 469 GB/s of bus bandwidth
  CHECK(time(1073741824, collective_library::custom) ==
        Approx(2.0 * 7 / 8 * 1073741824 / 469e3).epsilon(0.2));
  CHECK(wire_bytes(collective::all_gather, 4, 1000) == 750);
  CHECK_THROWS_WITH(m.exchange(hw::h100_sxm, collective::all_reduce, 1, 1),
                    test::contains("devices must be in [2, 1024]"));
}

TEST_CASE("MLA decode reads the latents once for all heads") {
  const calibrated_model m;
  const double few = m.mla_decode(hw::h100_sxm, {.batch = 64, .heads = 16, .seq_len_kv = 4096},
                                  attention_width::bits16)
                         .time_us;
  const double more = m.mla_decode(hw::h100_sxm, {.batch = 64, .heads = 64, .seq_len_kv = 4096},
                                   attention_width::bits16)
                          .time_us;
  CHECK(few == Approx(more).epsilon(0.01));
  CHECK(few > 64 * 4096 * 576 * 2.0 / 3350e3);
}

TEST_CASE("MLA decode on workstation Blackwell walks a sequence in one CTA") {
  // aiconfigurator, TensorRT-LLM 1.3.0rc20, 16 heads, 64K keys in 16 bits: 5550 us for one sequence, 8394 for 64; B200 37 us
  const calibrated_model m;
  const auto time = [&m](const hardware_spec& hw, std::int64_t batch, std::int64_t keys) {
    return m
        .mla_decode(hw, {.batch = batch, .heads = 16, .seq_len_kv = keys}, attention_width::bits16)
        .time_us;
  };
  CHECK(time(hw::rtx_pro_6000_server, 1, 65536) == Approx(5550).epsilon(0.05));
  CHECK(time(hw::rtx_pro_6000_server, 64, 65536) == Approx(8394).epsilon(0.08));
  CHECK(time(hw::rtx_pro_6000_server, 1, 65536) > 1.9 * time(hw::rtx_pro_6000_server, 1, 32768));
  CHECK(time(hw::b200_sxm, 1, 65536) < 50);
  // its kernels for an 8-bit cache follow no one rule: the interval says so
  const kernel_estimate e =
      m.mla_decode(hw::rtx_pro_6000_server, {.batch = 1, .heads = 16, .seq_len_kv = 65536},
                   attention_width::bits8);
  CHECK(e.upper_us > 2 * e.time_us);
  CHECK(e.lower_us < 0.7 * e.time_us);
}

TEST_CASE("MLA prompts write latents, not keys of every head") {
  // aiconfigurator, TensorRT-LLM 1.3.0rc20: 16 x 512 tokens, 128 heads
  const attention_shape s{.batch = 16,
                          .num_heads = 128,
                          .num_kv_heads = 128,
                          .seq_len_q = 512,
                          .seq_len_kv = 512,
                          .head_dim = 192,
                          .causal = true};
  CHECK(calibrated_model{}.mla_prefill(hw::h100_sxm, s, attention_width::bits16).time_us ==
        Approx(691.6).epsilon(0.06));
}

}  // namespace

}  // namespace calibrated_test

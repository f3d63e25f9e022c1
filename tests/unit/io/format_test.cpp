// SPDX-License-Identifier: Apache-2.0
//
// What the formatters print. Figures come from the library's own types; the lines are ours, so the expectations stand here in full.
#include "quantroof/io/format.hpp"

#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "quantroof/core.hpp"
#include "test_table.hpp"

namespace format_test {

namespace {

using namespace quantroof;

TEST_CASE("enumerators print the name they parse from") {
  for (const precision_format& f : precision_formats) {
    CHECK(fmt::format("{}", f.id) == f.name);
    CHECK(parse_precision(fmt::format("{}", f.id)) == f.id);
  }
  for (const operator_type op : operator_types) {
    CHECK(parse_operator_type(fmt::format("{}", op)) == op);
  }
  const auto all = [](const auto& table) {
    for (const auto& entry : table) {
      CHECK(fmt::format("{}", entry.value) == entry.name);
    }
  };
  all(detail::vendor_names);
  all(detail::architecture_names);
  all(detail::fp8_kind_names);
  all(detail::element_kind_names);
  all(detail::special_values_names);
  all(detail::flash_attention_version_names);
  all(detail::phase_names);
  all(detail::bottleneck_names);
  all(detail::step_scope_names);
  all(detail::granularity_names);
  all(detail::calibration_names);
  all(detail::rounding_names);
  all(detail::overflow_names);
  all(detail::special_rule_names);
  all(detail::mx_scale_rule_names);
  all(detail::nvfp4_rule_names);
  all(detail::four_over_six_names);
  all(detail::symmetry_names);
  all(detail::scaling_names);
  all(detail::error_report_names);
  all(detail::accumulation_names);
  all(detail::scale_arithmetic_names);
  all(detail::smooth_factor_names);
  all(detail::hadamard_signs_names);
  all(detail::confidence_names);
}

TEST_CASE("width, fill and alignment work as for strings") {
  CHECK(fmt::format("[{:<9}]", phase::decode) == "[decode   ]");
  CHECK(fmt::format("[{:>9}]", phase::decode) == "[   decode]");
  CHECK(fmt::format("[{:*^10}]", phase::decode) == "[**decode**]");
  CHECK(fmt::format("[{:{}}]", precision::nvfp4, 7) == "[NVFP4  ]");
  CHECK(fmt::format("[{:.3}]", precision::nvfp4) == "[NVF]");
  CHECK(fmt::format("[{:<6}]", short_string<8>{"abc"}) == "[abc   ]");
  CHECK(fmt::format("[{:>33}]", scenario{.seq_len = 4096}) ==
        "[   decode at 4096 tokens, batch 1]");
}

TEST_CASE("a value outside its enum is refused") {
  REQUIRE_THROWS_WITH(fmt::format("{}", static_cast<phase>(7)),
                      test::contains("not an enumerator"));
}

TEST_CASE("formats") {
  CHECK(fmt::format("{}", float8_e4m3fn) == "E4M3, bias 7, nan_only");
  CHECK(fmt::format("{}", float8_e8m0fnu) == "E8M0, bias 127, nan_only, unsigned");
  CHECK(fmt::format("{}", format_of(precision::nvfp4)) ==
        "NVFP4: 4-bit fp4 elements, 4.5 bits with scales");
  CHECK(fmt::format("{}", format_of(precision::nvfp4).scales) ==
        "8 bits per 1 x 16, 32 per tensor");
  CHECK(fmt::format("{}", format_of(precision::fp8_e4m3).scales) == "32 bits per tensor");
  CHECK(fmt::format("{}", format_of(precision::int8_channel).scales) == "32 bits per 1 x whole");
  CHECK(fmt::format("{}", format_of(precision::fp16).scales) == "no scales");
  CHECK(fmt::format("{}", version_number{1, 2, 3}) == "1.2.3");
}

TEST_CASE("devices") {
  CHECK(fmt::format("{}", peak_rate{989.5}) == "989.5");
  CHECK(fmt::format("{}", peak_rate::unknown()) == "unknown");
  CHECK(fmt::format("{}", peak_rate::no_unit()) == "none");
  CHECK(fmt::format("{}", hardware_spec{.key = "a",
                                        .name = "An A",
                                        .bf16_tflops = 100,
                                        .fp8_tflops = 200.5,
                                        .memory_gb_s = 1000,
                                        .memory_gb = 80}) ==
        "a (An A): 100 TFLOPS BF16, 200.5 FP8, 1000 GB/s, 80 GB");
  CHECK(fmt::format("{}", hardware_spec{.key = "a", .name = "b", .memory_gb_s = 1}) ==
        "a (b): 1 GB/s");
  for (const hardware_spec* device : list_hardware()) {
    CHECK_THAT(fmt::format("{}", *device), test::contains(std::string{device->name.view()}));
  }
}

TEST_CASE("models and strategies") {
  CHECK(fmt::format("{}", models::llama3_8b) ==
        "llama3_8b: 32 layers, hidden 4096, 32 heads on 8 KV heads of 128, FFN 14336, vocabulary "
        "128256");
  CHECK(fmt::format("{}", weight_shape{14336, 4096}) == "14336 x 4096");
  const layer_shape dense{
      .latent =
          latent_attention{.num_heads = 4, .kv_rank = 16, .nope_dim = 8, .rope_dim = 4, .v_dim = 8},
      .ffn = feed_forward{.ffn_dim = 96}};
  const layer_shape sparse{
      .attention =
          attention_block{
              .num_heads = 4, .num_kv_heads = 2, .head_dim = 8, .v_head_dim = 4, .window = 64},
      .experts = expert_mixture{.experts = 8, .top_k = 2, .expert_dim = 24, .shared_dim = 48}};
  const layer_shape state{.linear = linear_attention{.projected = 32, .inner = 16, .state = 256}};
  CHECK(fmt::format("{}", state) == "linear attention 16 wide, state 256");
  CHECK(
      fmt::format(
          "{}", model_config{.name = "m", .hidden_size = 64, .num_layers = 5, .layers = {dense}}) ==
      "m: 5 layers, hidden 64, 4 latent heads on 16+4, FFN 96");
  CHECK(fmt::format("{}", model_config{.name = "m",
                                       .hidden_size = 64,
                                       .num_layers = 5,
                                       .vocab_size = 128,
                                       .layers = {dense, sparse},
                                       .layer_pattern = {0, 1, 1}}) ==
        "m: 5 layers, hidden 64, 2 of (4 latent heads on 16+4, FFN 96), 3 of (4 heads on 2 KV "
        "heads of 8 and 4, window 64, "
        "2 of 8 experts of 24 and shared 48), vocabulary 128");
  layer_shape selecting = dense;
  selecting.latent->selected = 2048;
  CHECK(fmt::format("{}", selecting) == "4 latent heads on 16+4, 2048 tokens selected, FFN 96");
  CHECK(fmt::format("{}", *models::deepseek_v4_flash.layers.begin()) ==
        "64 heads on one KV row of 512, window 128, 6 of 256 experts of 2048 and shared 2048");
  CHECK(fmt::format("{}", layer_kind(models::deepseek_v4_flash, 1)) ==
        "64 heads on one KV row of 512, window 128 and an entry for 4 tokens, 512 entries "
        "selected, 6 of 256 experts of 2048 and shared 2048");
  CHECK(fmt::format("{}", operator_set{}) == "none");
  CHECK(fmt::format("{}", attention_matmuls) == "qk_matmul+sv_matmul");
  CHECK(fmt::format("{}", operator_precision_map{}) == "none");
  CHECK(fmt::format("{}", layer_band{.first_layer = 11, .count = 11}) == "layers 11-21");
  CHECK(fmt::format("{}", create_fp16_baseline()) ==
        "fp16_baseline: weights FP16, activations FP16, KV cache FP16");
  CHECK(fmt::format("{}", create_hybrid_long_context()) ==
        "hybrid_long_context: weights FP16 but q_proj+k_proj+v_proj+o_proj FP8_E4M3, "
        "ffn_gate+ffn_up+ffn_down NVFP4, activations FP16, KV cache NVFP4_KV");
  CHECK_THAT(fmt::format("{}", create_layerwise_gradient(32)),
             test::contains(", 3 layer overrides"));
  CHECK_THAT(fmt::format("{}", create_fp16_baseline().with_layers(0, 1, precision::nvfp4)),
             test::contains(", 1 layer override"));
  CHECK(fmt::format(
            "{}",
            layer_override{.first_layer = 0, .last_layer = 10, .operators = attention_matmuls}) ==
        "layers 0-10: qk_matmul+sv_matmul FP16");
  CHECK(fmt::format("{}", create_fp8_balanced().claims) ==
        "2x, 50 % less memory, quality loss <1%, best for Hopper/Blackwell, balanced");
}

TEST_CASE("shapes and options") {
  CHECK(fmt::format("{}", gemm_shape{1, 14336, 4096}) == "m 1, n 14336, k 4096");
  CHECK(fmt::format("{}", attention_shape{.num_heads = 32,
                                          .num_kv_heads = 8,
                                          .seq_len_q = 1,
                                          .seq_len_kv = 4096,
                                          .head_dim = 128,
                                          .causal = true}) ==
        "batch 1, 32 heads on 8 KV heads of 128, 1 x 4096 tokens, causal");
  const flash_attention_config sparse{.version = flash_attention_version::fa4,
                                      .qkv_precision = precision::fp8_e4m3,
                                      .kv_cache_precision = precision::nvfp4_kv,
                                      .use_native_fp8 = true,
                                      .block_sparse = true,
                                      .sparsity_ratio = 0.3,
                                      .participation = 0.125};
  CHECK(fmt::format("{}", sparse) ==
        "fa4, QKV FP8_E4M3 on FP8 units, KV cache NVFP4_KV, 30 % of the blocks skipped, 12.5 % of "
        "the tokens take part");
  CHECK(fmt::format("{}", flash_attention_config{}) == "fa2, QKV FP16, KV cache FP16");
  CHECK(fmt::format("{}", step_request{.seq_len = 5}) ==
        "decode at 5 tokens, batch 1, attention as separate kernels");
  CHECK(fmt::format("{}", step_request{.phase = phase::prefill,
                                       .seq_len = 5,
                                       .attention = flash_attention_config{}}) ==
        "prefill at 5 tokens, batch 1, fa2, QKV FP16, KV cache FP16");
  CHECK(fmt::format("{}", dynamic_quant_config{}) ==
        "FP8_E4M3 per_token, percentile 99.9, FP16 above outlier ratio 2, smoothing 0.9");
  CHECK(fmt::format("{}", dynamic_quant_config{.calibration_mode = calibration::absmax,
                                               .fallback_to_fp16 = false}) ==
        "FP8_E4M3 per_token, absmax, smoothing 0.9");
  CHECK(fmt::format("{}", adaptive_quant_config{}) ==
        "NVFP4 FP8_E4M3 FP16 at outlier ratios 1, 1.5, 2");
  CHECK(fmt::format("{}", adaptive_context{.seq_len = 9000, .is_kv_cache = true}) ==
        "decode at 9000 tokens, KV cache");
}

TEST_CASE("predictions") {
  CHECK(fmt::format("{}", work{.flops = 2e9, .bytes = 1e8}) ==
        "2e+09 FLOP, 1e+08 bytes, 20.0 FLOP/byte");
  CHECK(fmt::format("{}", roofline(work{.flops = 2e9, .bytes = 1e8}, 100, 1000)) ==
        "100.0 us, memory bound");
  CHECK(fmt::format("{}", flash_attention_metrics{.version = flash_attention_version::fa3,
                                                  .predicted_time_us = 15361.62,
                                                  .arithmetic_intensity = 57.24}) ==
        "fa3: 15361.6 us, memory bound, 57.2 FLOP/byte");
  CHECK(fmt::format("{}", fa_comparison{}) == "no version runs");
  CHECK(fmt::format("{}", fa_comparison{.versions = {flash_attention_metrics{},
                                                     flash_attention_metrics{}}}) ==
        "fa2: 0.0 us, memory bound, 0.0 FLOP/byte; fa2: 0.0 us, memory bound, 0.0 FLOP/byte");
  // The specification's memory comparison: 1 GiB against 64 MiB.
  CHECK(fmt::format("{}", compare_attention_memory({.num_heads = 32,
                                                    .num_kv_heads = 32,
                                                    .seq_len_q = 4096,
                                                    .seq_len_kv = 4096,
                                                    .head_dim = 128})) ==
        "1.074e+09 bytes with the score matrix, 6.711e+07 without: 16.0x");
  const operator_estimate ffn{.op = operator_type::ffn_up,
                              .time_us = 300,
                              .flops = 20,
                              .bytes = 10,
                              .bottleneck = bottleneck::compute};
  CHECK(fmt::format("{}", ffn) == "ffn_up: 300.0 us, compute bound, 2.0 FLOP/byte");
  CHECK(fmt::format("{}", step_estimate{.time_us = 400, .operators = {ffn, {.time_us = 100}}}) ==
        "400.0 us: ffn_up 75.0 %, q_proj 25.0 %");
  CHECK(fmt::format("{}", step_estimate{}) == "0.0 us");
}

TEST_CASE("activations") {
  const std::vector<float> x{1.0F, -2.0F, std::numeric_limits<float>::quiet_NaN(), 4.0F};
  CHECK(fmt::format("{}", compute_activation_stats(x)) ==
        "1 x 4: absmax 4, mean 1, std 2.449, p99 3.96, p99.9 3.996, outlier ratio 0.479, 1 NaN, 0 "
        "Inf");
  CHECK(fmt::format(
            "{}", quantization_metadata{.scale = 0.25, .outlier_ratio = 2.5, .clipped_count = 3}) ==
        "FP16, scale 0.25, outlier ratio 2.5, 3 clipped");
  CHECK(fmt::format("{}",
                    dynamic_quant_result{
                        .rows = 2, .cols = 3, .metadata = {.fallback = true, .inf_count = 4}}) ==
        "2 x 3: FP16 (fallback), scale 1, outlier ratio 0, 0 clipped, 0 NaN, 4 Inf");
  CHECK(fmt::format("{}", precision_decision{.operator_name = "q_proj", .outlier_ratio = 1.7}) ==
        "q_proj: FP16 at outlier ratio 1.7");
  precision_distribution d{.operator_name = "q_proj"};
  CHECK(fmt::format("{}", d) == "q_proj");
  d.counts[static_cast<std::size_t>(precision::fp16)] = 12;
  d.counts[static_cast<std::size_t>(precision::nvfp4)] = 3;
  CHECK(fmt::format("{}", d) == "q_proj: 12 FP16, 3 NVFP4");
  CHECK(fmt::format("{}", scale_average{.operator_name = "q", .averages = {1, 2}, .steps = 1}) ==
        "q: 2 scales after 1 step");
}

TEST_CASE("values of 16 bits are formatted as floats") {
  CHECK(fmt::format("{} {}", float16_t{0x3E00}, bfloat16_t{0xC020}) == "1.5 -2.5");
  CHECK(fmt::format("[{:>8.3f}]", float16_t{0x3555}) == "[   0.333]");
  CHECK(fmt::format("{:.2e}", bfloat16_t{0x7F7F}) == "3.39e+38");
  CHECK(fmt::format("{} {} {}", float16_t{0x8000}, float16_t{0xFC00}, bfloat16_t{0x7FC0}) ==
        "-0 -inf nan");
}

TEST_CASE("options of quantization") {
  CHECK(fmt::format("{}", quantize_options{}) == "per_tensor, absmax");
  CHECK(fmt::format("{}", quantize_options{.granularity = granularity::per_group,
                                           .group_size = 64,
                                           .calibration_mode = calibration::percentile,
                                           .rounding = rounding::stochastic,
                                           .seed = 7}) ==
        "per_group of 64, percentile 99.9, stochastic with seed 7");
  CHECK(fmt::format("{}", quantize_options{.symmetry = symmetry::asymmetric,
                                           .scaling = scaling::division,
                                           .mx_rule = mx_scale_rule::rceil,
                                           .nvfp4 = nvfp4_rule::torchao,
                                           .four_over_six = four_over_six::mean_squared_error,
                                           .tensor_absmax = 2.5F}) ==
        "per_tensor, absmax, asymmetric, by division, MX by rceil, NVFP4 as torchao, 4 over 6 by "
        "mean_squared_error, tensor absmax 2.5");
  const std::vector<float> scales{1, 2};
  CHECK(fmt::format("{}", quantize_options{.granularity = granularity::per_token,
                                           .scales = scales}) == "per_token, 2 given scales");
  CHECK(fmt::format("{}", make_scale_grid(precision::nvfp4, 64, 512)) ==
        "64 x 32 scales of 1 x 16 elements");
  CHECK(fmt::format("{}", make_scale_grid(precision::fp16, 64, 512)) == "no scales");
}

TEST_CASE("quantized tensors") {
  const std::vector<float> x(64, 1.0F);
  const matrix_view<const float> matrix{x.data(), 2, 32};
  // 2 x 16 bytes of codes, 4 scales, the tensor's scale of 4: storage_bytes(nvfp4, 2, 32).
  CHECK(fmt::format("{}", quantize<precision::nvfp4>(matrix)) ==
        "NVFP4 2 x 32: 40 bytes, 5 bits an element");
  CHECK(fmt::format("{}", quantize(precision::int4, matrix)) ==
        "INT4 2 x 32: 36 bytes, 4.5 bits an element");
  CHECK(fmt::format("[{:>45}]", quantize(precision::bf16, matrix)) ==
        "[   BF16 2 x 32: 128 bytes, 16 bits an element]");
  CHECK(fmt::format("{}", quantized_storage{}) == "FP16 0 x 0: 0 bytes, 0 bits an element");
  dynamic_quantizer<> quantizer{{.calibration_mode = calibration::absmax}};
  CHECK(fmt::format("{}", quantizer.encode_activation(matrix, "q")) ==
        "FP8_E4M3 2 x 32: 72 bytes, 9 bits an element; FP8_E4M3, scale 0.002232, outlier ratio 1, "
        "0 clipped");
}

TEST_CASE("what quantization did") {
  CHECK(fmt::format("{}", quantization_counts{.clipped = 3}) == "3 clipped");
  CHECK(fmt::format("{}", quantization_counts{.nan = 1, .inf = 2}) == "0 clipped, 1 NaN, 2 Inf");
  const std::vector<float> exact{1, 2, -2, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<float> rounded{1, 2.5F, -2, 0};
  // d^2 = 0.25 of 9: 10 log10(36) = 15.56 dB.
  CHECK(fmt::format("{}", compare(exact, rounded)) ==
        "SQNR 15.6 dB, relative MSE 0.0278, largest error 0.5, 1 NaN and 0 Inf in one only");
  CHECK(fmt::format("{}", quantization_error{}) == "SQNR inf dB, relative MSE 0, largest error 0");
  CHECK(fmt::format("{}", quantization_metadata{.error = quantization_error{.sqnr_db = 31.44}}) ==
        "FP16, scale 1, outlier ratio 0, 0 clipped, SQNR 31.4 dB");
  CHECK(fmt::format("{}", absmax(exact)) == "2, 1 NaN, 0 Inf");
  CHECK(fmt::format("{}", absmax(rounded)) == "2.5");
  CHECK(fmt::format("{}", mse_clip{.scale = 0.5F, .clip = 3.5F, .mse = 0.01, .absmax_mse = 0.02}) ==
        "clip 3.5, scale 0.5, MSE 0.01 (absmax 0.02)");
  CHECK(fmt::format(
            "{}",
            entropy_clip{
                .scale = 0.5F, .clip = 3.5F, .divergence = 0.01, .absmax_divergence = 0.02}) ==
        "clip 3.5, scale 0.5, divergence 0.01 (absmax 0.02)");
}

TEST_CASE("recommendations") {
  CHECK(fmt::format("{}", substitution{.from = precision::nvfp4, .to = precision::int4_g128}) ==
        "INT4_G128 for NVFP4");
  CHECK(fmt::format("{}", strategy_choice{"a", "because"}) == "a: because");
  CHECK(fmt::format("{}", adapted_strategy{.config = create_fp16_baseline(),
                                           .substitutions = {{.from = precision::fp16,
                                                              .to = precision::bf16}}}) ==
        "fp16_baseline: weights FP16, activations FP16, KV cache FP16; BF16 for FP16");
  CHECK(fmt::format("{}", integrated_quant_config{.strategy_name = "mine"}) ==
        "mine with separate attention kernels, KV cache FP16, activations FP16");
  quantization_recommendation r{.predicted_speedup = 2.5,
                                .predicted_time_us = 100,
                                .baseline_time_us = 250,
                                .memory_savings_pct = 71.74,
                                .expected_quality_loss = "<1% perplexity"};
  r.config = {.strategy_name = "mine",
              .fa_version = flash_attention_version::fa3,
              .kv_cache_precision = precision::nvfp4_kv};
  CHECK(fmt::format("{}", r) ==
        "mine with fa3, KV cache NVFP4_KV: 2.50x (100.0 us against 250.0 us), 71.7 % less memory, "
        "quality loss <1% perplexity, confidence high");
}

}  // namespace

}  // namespace format_test

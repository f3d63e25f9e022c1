// SPDX-License-Identifier: Apache-2.0
//
// The GEMM formula against measured kernels that its constants were fitted beside, and what must hold of it everywhere.
#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "test_table.hpp"

namespace gemm_kernel_test {

namespace {

using namespace quantroof;

constexpr calibrated_model as_benchmarked{.residency = l2_residency::benchmark_loop,
                                          .quantization = activation_quantization::separate};

struct measured_row {
  std::string_view device;
  gemm_kernel kernel;
  gemm_shape shape;
  double time_us;  // measured
  double within;   // of the prediction
};
// aiconfigurator at 095f58a, TensorRT-LLM 1.3.0rc20 (A100 1.0.0): CUDA graphs, CUDA events
constexpr measured_row measured_rows[] = {
    {"h100_sxm", gemm_kernel::dense16, {1, 4096, 4096}, 16.6, 0.1},
    {"h100_sxm", gemm_kernel::dense16, {256, 4096, 4096}, 18.7, 0.1},
    {"h100_sxm", gemm_kernel::dense16, {4096, 4096, 4096}, 174.3, 0.1},
    {"h100_sxm", gemm_kernel::dense16, {32768, 4096, 4096}, 1427.1, 0.1},
    {"h100_sxm", gemm_kernel::fp8_block128, {1, 4096, 16384}, 32.3, 0.15},
    {"h100_sxm", gemm_kernel::fp8_block128, {2048, 4096, 4096}, 73.9, 0.1},
    {"h100_sxm",
     gemm_kernel::fp8_block128,
     {129, 4096, 4096},
     24.2,
     0.25},  // a tile that m does not fill
    {"b200_sxm", gemm_kernel::dense16, {1024, 4096, 4096}, 24.7, 0.1},
    {"b200_sxm", gemm_kernel::nvfp4, {1, 4096, 4096}, 13.7, 0.1},
    {"b200_sxm", gemm_kernel::nvfp4, {1024, 4096, 4096}, 18.6, 0.1},
    {"b200_sxm", gemm_kernel::nvfp4, {32768, 4096, 4096}, 370.5, 0.1},
    {"b300_sxm", gemm_kernel::nvfp4, {8192, 4096, 4096}, 93.0, 0.1},
    {"l40s",
     gemm_kernel::dense16,
     {1, 4096, 16384},
     140.3,
     0.5},  // a GEMV kernel that keeps weights in L2
    {"l40s", gemm_kernel::dense16, {512, 4096, 16384}, 329.4, 0.15},
    {"rtx_pro_6000_server", gemm_kernel::nvfp4, {1, 4096, 4096}, 19.4, 0.1},
};
constexpr auto predicted = [](const measured_row& r) {
  const kernel_estimate e = as_benchmarked.gemm(get_hardware(r.device), r.shape, r.kernel);
  const double error = e.time_us / r.time_us - 1;
  return error < r.within && error > -r.within && e.lower_us < e.time_us && e.time_us < e.upper_us;
};
static_assert(test::first_failure(measured_rows, predicted) == -1);

TEST_CASE("GEMMs take what was measured") {
  for (const measured_row& r : test::at_run_time(measured_rows)) {
    CAPTURE(r.device, to_string(r.kernel), r.shape.m, r.shape.n, r.shape.k, r.time_us);
    CAPTURE(as_benchmarked.gemm(get_hardware(r.device), r.shape, r.kernel).time_us);
    CHECK(predicted(r));
  }
}

// ---- weight-only formats: bytes saved, arithmetic not -----------------------------------------------------------------------

double gain(const hardware_spec& hw, const gemm_shape& g) {
  const calibrated_model m;
  return m.gemm(hw, g, precision::bf16, precision::bf16).time_us /
         m.gemm(hw, g, precision::int4_channel, precision::bf16).time_us;
}

struct measured_gain {
  gemm_shape shape;
  double bf16_us;
  double int4_us;
};
// A100, aiconfigurator at 095f58a, TensorRT-LLM 1.0.0: cuBLAS beside INT4 weights with a scale a column
constexpr measured_gain measured_gains[] = {
    {{1, 4096, 4096}, 26.2, 20.5},      {{8, 4096, 4096}, 24.1, 26.6},
    {{16, 4096, 4096}, 26.6, 26.6},     {{32, 4096, 4096}, 27.2, 30.7},
    {{64, 4096, 4096}, 27.5, 37.9},     {{512, 4096, 4096}, 90.6, 95.2},
    {{1, 16384, 16384}, 320.7, 93.2},   {{16, 16384, 16384}, 326.5, 101.4},
    {{64, 16384, 16384}, 353.8, 170.0}, {{256, 16384, 16384}, 548.5, 597.0},
    {{1, 65536, 4096}, 306.6, 89.1},    {{8, 65536, 8192}, 658.6, 177.2},
};
constexpr auto gains_as_measured = [](const measured_gain& r) {
  const calibrated_model m;
  const double gain =
      m.gemm(hw::a100_sxm_80gb, r.shape, precision::bf16, precision::bf16).time_us /
      m.gemm(hw::a100_sxm_80gb, r.shape, precision::int4_channel, precision::bf16).time_us;
  const double measured = r.bf16_us / r.int4_us;
  return gain < 1.25 * measured && measured < 1.25 * gain;
};
static_assert(test::first_failure(measured_gains, gains_as_measured) == -1);

TEST_CASE("INT4 weights gain in a big matrix and lose from m = 8 on in a small one") {
  for (const measured_gain& r : test::at_run_time(measured_gains)) {
    CAPTURE(r.shape.m, r.shape.n, r.shape.k, r.bf16_us / r.int4_us);
    CAPTURE(gain(hw::a100_sxm_80gb, r.shape));
    CHECK(gains_as_measured(r));
  }
  // 3.4 x at m 1 with 2^28 weights; in 4096 x 4096 the gain ends between m = 4 and m = 8
  CHECK(gain(hw::a100_sxm_80gb, {1, 65536, 4096}) > 3.2);
  CHECK(gain(hw::a100_sxm_80gb, {1, 16384, 16384}) > 3.0);
  CHECK(gain(hw::a100_sxm_80gb, {1, 4096, 4096}) > 1.2);
  CHECK(gain(hw::a100_sxm_80gb, {4, 4096, 4096}) > 1.15);
  for (const std::int64_t m : {8, 16, 32, 64, 128, 256, 512, 1024, 4096}) {
    CAPTURE(m);
    CHECK(gain(hw::a100_sxm_80gb, {m, 4096, 4096}) < 1.005);
  }
}

// ---- kernels without matrix units for a few rows ----------------------------------------------------------------------------

TEST_CASE("a kernel for a few rows ends where the library's rule ends") {
  // L40S, TensorRT-LLM 1.3.0rc20: FP8 in 4096 x 4096 takes 25.3 us for 8 rows and 17.8 us for 9
  const auto us = [](std::int64_t m) {
    return as_benchmarked.gemm(hw::l40s, {m, 4096, 4096}, gemm_kernel::fp8).time_us;
  };
  CHECK(us(8) / us(9) == Approx(25.3 / 17.8).epsilon(0.15));
  CHECK(us(2) < us(4));
  CHECK(us(4) < us(8));
  // H200: INT4 weights cost arithmetic on vector units, 43.3 us for 1 row of 65536 x 4096, 71.5 us for 4 and for 8
  const auto int4_us = [](std::int64_t m) {
    return as_benchmarked.gemm(hw::h200_sxm, {m, 65536, 4096}, gemm_kernel::w4a16).time_us;
  };
  CHECK(int4_us(1) == Approx(43.3).epsilon(0.1));
  CHECK(int4_us(4) == Approx(71.5).epsilon(0.1));
  CHECK(int4_us(8) == Approx(71.9).epsilon(0.1));
  const kernel_estimate few =
      as_benchmarked.gemm(hw::h200_sxm, {4, 65536, 4096}, gemm_kernel::w4a16);
  CHECK(few.bottleneck == bottleneck::compute);
}

TEST_CASE("along k one CTA works alone: few columns take longer than their bytes") {
  // A100, TensorRT-LLM 1.0.0, INT4 weights, m 1: 49.2 us for 4096 x 16384 and 28.7 us for 16384 x 4096, the same bytes
  const auto us = [](std::int64_t n, std::int64_t k) {
    return as_benchmarked.gemm(hw::a100_sxm_80gb, {1, n, k}, gemm_kernel::w4a16).time_us;
  };
  CHECK(us(4096, 16384) == Approx(49.2).epsilon(0.1));
  CHECK(us(16384, 4096) == Approx(28.7).epsilon(0.12));
}

TEST_CASE("a big matrix on a big L2 is read at DRAM's speed when its weights are cold") {
  const calibrated_model cold{};
  for (const hardware_spec* hw : {&hw::l40s, &hw::rtx_pro_6000_server}) {
    const gemm_shape g{1, 4096, 4096};  // 32 MiB: three copies fill the L2, one does not
    const double warm_us = as_benchmarked.gemm(*hw, g, gemm_kernel::dense16).time_us;
    const double cold_us = cold.gemm(*hw, g, gemm_kernel::dense16).time_us;
    CAPTURE(hw->key.view());
    CHECK(cold_us > warm_us);
    CHECK(cold_us > 2.0 * 4096 * 4096 / (hw->memory_gb_s * 1e3));
  }
}

// ---- everywhere ---------------------------------------------------------------------------------------------------------------

TEST_CASE("no GEMM beats its data sheet when weights are cold, on any device") {
  const calibrated_model m;
  for (const hardware_spec* device : list_hardware()) {
    for (const std::int64_t rows : {1, 7, 128, 1000, 16384}) {
      for (const precision p : {precision::bf16, precision::fp8_e4m3, precision::int4_g128}) {
        const precision activation = format_of(p).element_bits == 4 ? precision::bf16 : p;
        const gemm_shape g{rows, 6144, 4096};
        const kernel_estimate e = m.gemm(*device, g, p, activation);
        const double bound = roofline(m.work_of(g, p, activation),
                                      compute_tflops(*device, p, activation), device->memory_gb_s)
                                 .time_us;
        // outputs and inputs may stay in L2: only the weights must pass
        const double weights = 6144.0 * 4096 * bytes_per_element(p) / (device->memory_gb_s * 1e3);
        CAPTURE(device->key.view(), rows, to_string(p), bound);
        CHECK(e.time_us >= 0.999 * weights);
        CHECK(e.lower_us > 0);
        CHECK(e.lower_us <= e.time_us);
        CHECK(e.upper_us >= e.time_us);
        CHECK(e.achieved > 0);
      }
    }
  }
}

TEST_CASE("a faster memory or more SMs never make a GEMM slower by more than rounding waves") {
  const gemm_setting s = gemm_setting_of(hw::h100_sxm, gemm_kernel::dense16);
  const gemm_constants& c = measured::h100_sxm.gemm[0];
  const device_rates rates = rates_of(hw::h100_sxm);
  device_rates faster = rates;
  faster.bytes_us *= 2;
  for (const std::int64_t m : {1, 64, 1000, 8192}) {
    CHECK(estimate_gemm(faster, c, s, {m, 4096, 4096}).time_us <=
          estimate_gemm(rates, c, s, {m, 4096, 4096}).time_us);
  }
}

TEST_CASE("a prediction refuses what cannot be") {
  const gemm_setting s = gemm_setting_of(hw::h100_sxm, gemm_kernel::dense16);
  const device_rates rates = rates_of(hw::h100_sxm);
  CHECK_THROWS_WITH(estimate_gemm(rates, measured::h100_sxm.gemm[0], s, {0, 1, 1}),
                    test::contains("gemm_shape: m, n and k must be in [1, 2^31]"));
  CHECK_THROWS_WITH(estimate_gemm(rates, gemm_constants{}, s, {1, 1, 1}),
                    test::contains("estimate_gemm: the constants must have been measured"));
  CHECK_THROWS_WITH(gemm_setting_of(hw::a100_sxm_80gb, gemm_kernel::fp8),
                    test::contains("the device has no matrix unit for this kernel"));
  constexpr std::int64_t most = std::int64_t{1} << 31;
  const double time =
      estimate_gemm(rates, measured::h100_sxm.gemm[0], s, {most, most, most}).time_us;
  CHECK(detail::is_finite(time));
}

TEST_CASE("fused quantization costs less than a pass of its own") {
  const calibrated_model fused{};
  calibrated_model separate{};
  separate.quantization = activation_quantization::separate;
  for (const std::int64_t m : {1, 256, 8192}) {
    const gemm_shape g{m, 4096, 4096};
    CHECK(fused.gemm(hw::h100_sxm, g, gemm_kernel::fp8).time_us <
          separate.gemm(hw::h100_sxm, g, gemm_kernel::fp8).time_us);
  }
}

}  // namespace

}  // namespace gemm_kernel_test

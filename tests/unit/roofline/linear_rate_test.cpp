// SPDX-License-Identifier: Apache-2.0
//
// A linear layer in the specification's model: at which rate weight and activation are multiplied, and how long that takes.
#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/roofline/textbook.hpp"
#include "test_table.hpp"

namespace linear_rate_test {

namespace {

using namespace quantroof;
using p = precision;

struct rate_row {
  std::string_view device;
  p weight;
  p activation;
  p multiplied_in;
  double tflops;
};
// Dense peaks of the data sheets. A weight-only format is dequantized and multiplied at the activation's rate; a low-precision rate needs
// both operands (NVIDIA Model Optimizer's scheme table).
constexpr rate_row rates[] = {
    {"h100_sxm", p::fp16, p::fp16, p::fp16, 989},
    {"h100_sxm", p::int4_g128, p::fp16, p::fp16, 989},
    {"h100_sxm", p::int4_g128, p::bf16, p::bf16, 989},
    {"h100_sxm", p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3, 1979},
    {"h100_sxm", p::fp8_e4m3, p::fp16, p::fp16, 989},
    {"h100_sxm", p::int8_channel, p::int8_channel, p::int8_channel, 1979},
    {"h100_sxm", p::int4_g128, p::fp8_e4m3, p::fp8_e4m3, 1979},  // W4A8
    {"h100_sxm", p::nvfp4, p::nvfp4, p::fp16, 989},              // no FP4 units
    {"h100_sxm", p::gguf_q4_k, p::fp16, p::fp16, 989},
    {"a100_sxm_80gb", p::fp8_e4m3, p::fp8_e4m3, p::fp16, 312},
    {"a100_sxm_80gb", p::int8_channel, p::int8_channel, p::int8_channel, 624},
    {"a100_sxm_80gb", p::nvfp4, p::fp16, p::fp16, 312},
    {"b200_sxm", p::nvfp4, p::fp16, p::fp16, 2250},
    {"b200_sxm", p::nvfp4, p::nvfp4, p::nvfp4, 9000},
    {"b200_sxm", p::mxfp4, p::mxfp4, p::mxfp4, 9000},
    {"b200_sxm", p::nvfp4, p::fp8_e4m3, p::fp8_e4m3, 4500},
    {"b200_sxm", p::fp8_e4m3, p::nvfp4, p::fp8_e4m3, 4500},
    {"b10", p::nvfp4, p::nvfp4, p::nvfp4, 1000},  // the specification: 1000, 124 and 62 TFLOPS
    {"b10", p::fp8_e4m3, p::fp8_e4m3, p::fp8_e4m3, 124},
    {"b10", p::nvfp4, p::fp16, p::fp16, 62},
    {"mi300x", p::fp8_e4m3, p::fp8_e4m3, p::fp16, 1307.4},  // OCP bit patterns on FNUZ units
    {"mi300x", p::fp8_e4m3fnuz, p::fp8_e4m3fnuz, p::fp8_e4m3fnuz, 2614.9},
    {"t4", p::int4_g128, p::fp16, p::fp16, 65},
    {"tpu_v5e", p::fp16, p::fp16, p::bf16, 197},  // no FP16 units
    {"tpu_v5e", p::int4_g128, p::bf16, p::bf16, 197},
};
constexpr auto multiplies = [](const rate_row& r) {
  const hardware_spec& device = get_hardware(r.device);
  return compute_precision(device, r.weight, r.activation) == r.multiplied_in &&
         compute_tflops(device, r.weight, r.activation) == r.tflops;
};
static_assert(test::first_failure(rates, multiplies) == -1);

TEST_CASE("weight and activation are multiplied at the expected rate") {
  constexpr gemm_shape g{.m = 4096, .n = 512, .k = 1024};
  for (const rate_row& r : test::at_run_time(rates)) {
    CAPTURE(r.device, to_string(r.weight), to_string(r.activation));
    CHECK(multiplies(r));
    const roofline_time t =
        textbook_model{}.gemm(get_hardware(r.device), g, r.weight, r.activation);
    CHECK(t.compute_time_us == Approx(2.0 * 4096 * 512 * 1024 / (r.tflops * 1e6)).epsilon(1e-12));
  }
}

TEST_CASE(
    "every pair of formats has a rate on every device, no slower than 16 bits where the formats "
    "agree") {
  int failures = 0;
  for (const hardware_spec* device : list_hardware()) {
    const double wide = compute_tflops(*device, p::fp16, p::fp16);
    for (const precision_format& w : precision_formats) {
      for (const precision_format& a : precision_formats) {
        failures += compute_tflops(*device, w.id, a.id) > 0 ? 0 : 1;
      }
      // Narrower units of the same device are at least as fast, but for what B300 all but removed (INT8).
      const bool narrow = w.element_bits < 16 && w.kind != element_kind::int8;
      failures += !narrow || compute_tflops(*device, w.id, w.id) >= wide ? 0 : 1;
    }
  }
  CHECK(failures == 0);
}

TEST_CASE("a device without a 16-bit peak is refused") {
  REQUIRE_THROWS_WITH(compute_tflops(hardware_spec{}, p::fp16, p::fp16),
                      test::contains("compute_tflops: the device's 16-bit peak must be known"));
}

// ---- time of a linear layer -------------------------------------------------------------------------------------------------

constexpr textbook_model spec_scope{};
constexpr textbook_model whole_step{.scope = step_scope::whole_step};

TEST_CASE(
    "bytes of a linear layer: inputs at the weight's precision in the specification's scope, at "
    "their own in a whole step") {
  constexpr gemm_shape g{.m = 3, .n = 32, .k = 64};
  CHECK(spec_scope.work_of(g, p::fp8_e4m3, p::fp16).bytes == 3 * 64 * 1 + 32 * 64 * 1 + 3 * 32 * 2);
  CHECK(whole_step.work_of(g, p::fp8_e4m3, p::fp16).bytes == 3 * 64 * 2 + 32 * 64 * 1 + 3 * 32 * 2);
  CHECK(spec_scope.work_of(g, p::nvfp4, p::fp16).bytes == (3 + 32) * 64 * 4.53125 / 8 + 3 * 32 * 2);
  CHECK(whole_step.work_of(g, p::nvfp4, p::fp8_e4m3).bytes ==
        3 * 64 + 32 * 64 * 4.53125 / 8 + 3 * 32 * 2);
  CHECK(whole_step.work_of(g, p::int4_g128, p::fp16).bytes ==
        3 * 64 * 2 + 32 * 64 * 4.125 / 8 + 3 * 32 * 2);
  CHECK(whole_step.work_of(g, p::fp16, p::fp16).flops == 2 * 3 * 32 * 64);
}

TEST_CASE("a linear layer takes the longer of its two times") {
  const gemm_shape decode{.m = 1, .n = 14336, .k = 4096};
  const roofline_time t = whole_step.gemm(hw::h100_sxm, decode, p::fp16, p::fp16);
  CHECK(t.bottleneck == bottleneck::memory);
  CHECK(t.time_us == Approx((4096 * 2 + 14336.0 * 4096 * 2 + 14336 * 2) / 3350e3).epsilon(1e-12));
  const gemm_shape prefill{.m = 8192, .n = 14336, .k = 4096};
  const roofline_time u = whole_step.gemm(hw::h100_sxm, prefill, p::fp16, p::fp16);
  CHECK(u.bottleneck == bottleneck::compute);
  CHECK(u.time_us == Approx(2.0 * 8192 * 14336 * 4096 / 989e6).epsilon(1e-12));
  CHECK_THROWS_WITH(whole_step.gemm(hw::h100_sxm, {0, 1, 1}, p::fp16, p::fp16),
                    test::contains("gemm_shape: m, n and k must be in [1, 2^31]"));
}

TEST_CASE("fewer bits per weight never take more time in decode") {
  const gemm_shape decode{.m = 1, .n = 4096, .k = 4096};
  for (const hardware_spec* device : list_hardware()) {
    CAPTURE(device->key.view());
    double before = whole_step.gemm(*device, decode, p::fp16, p::fp16).time_us;
    for (const p weight : {p::int8_channel, p::int4_g32, p::int4_g128}) {
      const double t = whole_step.gemm(*device, decode, weight, p::fp16).time_us;
      CHECK(t < before);
      before = t;
    }
  }
}

}  // namespace

}  // namespace linear_rate_test

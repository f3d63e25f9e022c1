// SPDX-License-Identifier: Apache-2.0
#include "quantroof/hardware/hardware_spec.hpp"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "test_table.hpp"

namespace hardware_spec_test {

namespace hw = quantroof::hw;
using quantroof::architecture;
using quantroof::element_kind;
using quantroof::fp8_kind;
using quantroof::hardware_spec;
using quantroof::peak_rate;
using quantroof::precision;

namespace {

// ---- peak_rate ------------------------------------------------------------------------------------

static_assert(peak_rate{}.tflops() == std::nullopt && !peak_rate{}.is_known() &&
              !peak_rate{}.is_absent());
static_assert(peak_rate::no_unit().is_absent() && !peak_rate::no_unit().is_known());
static_assert(peak_rate{62}.tflops() == 62.0);
static_assert(peak_rate{} == peak_rate::unknown() && peak_rate{} != peak_rate::no_unit());

// ---- native support -------------------------------------------------------------------------------

// What the matrix units of an architecture multiply. NVIDIA: PTX ISA and the white papers; AMD: CDNA instruction set references.
// CDNA3 takes FP8 in the FNUZ patterns only, CDNA4 takes MX blocks and no NVFP4, Hopper dropped INT4.
struct support_row {
  architecture arch;
  bool fp16, bf16, tf32, fp64, int8, int4, fp8, fp8_fnuz, mxfp8, mxfp6, mxfp4, nvfp4;
};
constexpr bool Y = true;
constexpr bool n = false;
// clang-format off
constexpr support_row support[] = {
    //                             f16 b16 t32 f64  i8  i4  f8 fnz mx8 mx6 mx4 nv4
    {architecture::volta,           Y,  n,  n,  n,  n,  n,  n,  n,  n,  n,  n,  n},
    {architecture::turing,          Y,  n,  n,  n,  Y,  Y,  n,  n,  n,  n,  n,  n},
    {architecture::ampere_ga100,    Y,  Y,  Y,  Y,  Y,  Y,  n,  n,  n,  n,  n,  n},
    {architecture::ampere_ga102,    Y,  Y,  Y,  n,  Y,  Y,  n,  n,  n,  n,  n,  n},
    {architecture::ampere_ga10b,    Y,  Y,  Y,  n,  Y,  Y,  n,  n,  n,  n,  n,  n},
    {architecture::ada,             Y,  Y,  Y,  n,  Y,  Y,  Y,  n,  n,  n,  n,  n},
    {architecture::hopper,          Y,  Y,  Y,  Y,  Y,  n,  Y,  n,  n,  n,  n,  n},
    {architecture::blackwell,       Y,  Y,  Y,  Y,  Y,  n,  Y,  n,  Y,  Y,  Y,  Y},
    {architecture::blackwell_ultra, Y,  Y,  Y,  Y,  Y,  n,  Y,  n,  Y,  Y,  Y,  Y},
    {architecture::blackwell_sm110, Y,  Y,  Y,  n,  Y,  n,  Y,  n,  Y,  Y,  Y,  Y},
    {architecture::blackwell_sm120, Y,  Y,  Y,  n,  Y,  n,  Y,  n,  Y,  Y,  Y,  Y},
    {architecture::blackwell_sm121, Y,  Y,  Y,  n,  Y,  n,  Y,  n,  Y,  Y,  Y,  Y},
    {architecture::cdna2,           Y,  Y,  n,  Y,  Y,  n,  n,  n,  n,  n,  n,  n},
    {architecture::cdna3,           Y,  Y,  Y,  Y,  Y,  n,  n,  Y,  n,  n,  n,  n},
    {architecture::cdna4,           Y,  Y,  n,  Y,  Y,  n,  Y,  n,  Y,  Y,  Y,  n},
    {architecture::intel_gaudi2,    Y,  Y,  Y,  n,  Y,  n,  Y,  n,  n,  n,  n,  n},
    {architecture::intel_gaudi3,    Y,  Y,  Y,  n,  Y,  n,  Y,  n,  n,  n,  n,  n},
    {architecture::intel_xe2,       Y,  Y,  Y,  n,  Y,  Y,  n,  n,  n,  n,  n,  n},
    {architecture::tpu_v5e,         n,  Y,  n,  n,  Y,  n,  n,  n,  n,  n,  n,  n},
    {architecture::tpu_v5p,         n,  Y,  n,  n,  Y,  n,  n,  n,  n,  n,  n,  n},
    {architecture::tpu_v6e,         n,  Y,  n,  n,  Y,  n,  Y,  n,  n,  n,  n,  n},
    {architecture::apple_m3,        Y,  Y,  n,  n,  n,  n,  n,  n,  n,  n,  n,  n},
    {architecture::apple_m4,        Y,  Y,  n,  n,  n,  n,  n,  n,  n,  n,  n,  n},
};
// clang-format on

// A kind that the architecture has may be unknown on a device, never absent; one that it lacks is never known.
constexpr bool agrees(const hardware_spec& device, precision p, bool has_unit) {
  const peak_rate rate = matrix_rate(device, quantroof::format_of(p).kind);
  return supports_natively(device, p) == (has_unit && rate.is_known()) &&
         peak_tflops(device, p).has_value() == supports_natively(device, p) &&
         !(has_unit && rate.is_absent());
}
constexpr bool supports_as_listed(const hardware_spec& d, const support_row& r) {
  return agrees(d, precision::fp16, r.fp16) && agrees(d, precision::bf16, r.bf16) &&
         agrees(d, precision::tf32, r.tf32) && agrees(d, precision::fp64, r.fp64) &&
         agrees(d, precision::int8, r.int8) && agrees(d, precision::int4, r.int4) &&
         agrees(d, precision::fp8_e4m3, r.fp8) && agrees(d, precision::fp8_e5m2, r.fp8) &&
         agrees(d, precision::fp8_e4m3fnuz, r.fp8_fnuz) &&
         agrees(d, precision::fp8_e5m2fnuz, r.fp8_fnuz) &&
         agrees(d, precision::mxfp8_e4m3, r.mxfp8) && agrees(d, precision::mxfp8_e5m2, r.mxfp8) &&
         agrees(d, precision::mxfp6_e2m3, r.mxfp6) && agrees(d, precision::mxfp6_e3m2, r.mxfp6) &&
         agrees(d, precision::mxfp4, r.mxfp4) && agrees(d, precision::nvfp4, r.nvfp4);
}
constexpr auto device_agrees = [](const hardware_spec* device) {
  for (const support_row& r : support) {
    if (r.arch == device->arch) {
      return supports_as_listed(*device, r);
    }
  }
  return device->arch == architecture::spec_blackwell;
};
static_assert(test::first_failure(quantroof::list_hardware(), device_agrees) == -1);

// The specification's device: FP16, FP8 and FP4 are given, nothing else.
static_assert(supports_natively(hw::b10, precision::fp16) &&
              supports_natively(hw::b10, precision::fp8_e4m3));
static_assert(supports_natively(hw::b10, precision::nvfp4) &&
              supports_natively(hw::b10, precision::mxfp4));
static_assert(!supports_natively(hw::b10, precision::bf16) &&
              !supports_natively(hw::b10, precision::int8));

// Formats that no matrix unit takes, whatever the device.
struct storage_row {
  precision p;
};
constexpr storage_row storage_only[] = {
    {precision::fp32},          {precision::e8m0},           {precision::fp8_e4m3_ieee},
    {precision::fp8_e3m4},      {precision::mxint8},         {precision::nvfp4_kv},
    {precision::int4_g128_zp4}, {precision::int4_g128_zp16}, {precision::gguf_q8_0},
    {precision::gguf_q4_0},     {precision::gguf_q4_k},      {precision::gguf_q6_k},
};
constexpr auto nobody_multiplies = [](const storage_row& r) {
  for (const hardware_spec* device : quantroof::list_hardware()) {
    if (supports_natively(*device, r.p)) {
      return false;
    }
  }
  return true;
};
static_assert(test::first_failure(storage_only, nobody_multiplies) == -1);

// Block and channel scales are applied around the plain FP8 and integer products.
static_assert(supports_natively(hw::h100_sxm, precision::fp8_e4m3_block128));
static_assert(!supports_natively(hw::mi300x, precision::fp8_e4m3_block128));
static_assert(supports_natively(hw::a100_sxm_80gb, precision::int8_channel));
static_assert(supports_natively(hw::b200_sxm, precision::fp4_e2m1) &&
              supports_natively(hw::b200_sxm, precision::fp6_e3m2));

static_assert(has_fp8(hw::h100_sxm) && has_fp8(hw::mi300x) && !has_fp8(hw::a100_sxm_80gb) &&
              !has_fp8(hw::arc_pro_b60));
static_assert(has_fp4(hw::b200_sxm) && has_fp4(hw::mi355x) && has_fp4(hw::b10) &&
              !has_fp4(hw::h100_sxm));
static_assert(native_16bit(hw::h100_sxm) == precision::fp16 &&
              native_16bit(hw::tpu_v5e) == precision::bf16);
static_assert(native_16bit(hw::gaudi3) == precision::bf16);  // FP16 runs at a quarter of the rate
static_assert(native_16bit(hw::b10) == precision::fp16);
static_assert(runs_flash_attention(hw::h100_sxm, quantroof::flash_attention_version::fa3));
static_assert(!runs_flash_attention(hw::gb10, quantroof::flash_attention_version::fa4));

// ---- matrix_rate ----------------------------------------------------------------------------------

constexpr hardware_spec distinct{
    .key = "distinct",
    .fp64_tflops = 1,
    .tf32_tflops = 2,
    .fp16_tflops = 3,
    .bf16_tflops = 4,
    .fp8_tflops = 5,
    .fp6_tflops = 6,
    .fp4_tflops = 7,
    .int8_tops = 8,
    .int4_tops = 9,
    .fp8 = fp8_kind::ocp,
    .memory_gb_s = 10,
};
struct rate_row {
  element_kind kind;
  peak_rate rate;
};
constexpr rate_row rates[] = {
    {element_kind::fp64, 1},
    {element_kind::fp32, peak_rate::no_unit()},
    {element_kind::tf32, 2},
    {element_kind::fp16, 3},
    {element_kind::bf16, 4},
    {element_kind::fp8, 5},
    {element_kind::fp6, 6},
    {element_kind::fp4, 7},
    {element_kind::int8, 8},
    {element_kind::int4, 9},
    {element_kind::scale_only, peak_rate::no_unit()},
};
constexpr auto rate_is_listed = [](const rate_row& r) {
  return matrix_rate(distinct, r.kind) == r.rate;
};
static_assert(test::first_failure(rates, rate_is_listed) == -1);

// ---- critical_ai ----------------------------------------------------------------------------------

struct ridge_row {
  const hardware_spec* device;
  precision p;
  double flop_per_byte;
};
constexpr ridge_row ridges[] = {
    {&hw::b10, precision::fp16, 216.03},            // the specification prints 216
    {&hw::b10, precision::nvfp4, 3484.32},          // 1000e12 / 287e9
    {&hw::h100_sxm, precision::fp16, 295.22},       // 989e12 / 3.35e12
    {&hw::h100_sxm, precision::fp8_e4m3, 590.75},   // 1979e12 / 3.35e12
    {&hw::a100_sxm_80gb, precision::bf16, 153.02},  // 312e12 / 2.039e12
    {&hw::b200_sxm, precision::fp16, 281.25},       // 2250e12 / 8e12
    {&hw::mi300x, precision::fp16, 246.68},         // 1307.4e12 / 5.3e12
    {&hw::tpu_v5e, precision::bf16, 240.54},        // 197e12 / 819e9
};
constexpr auto ridge_is_listed = [](const ridge_row& r) {
  return quantroof::detail::abs(critical_ai(*r.device, r.p) - r.flop_per_byte) < 0.01;
};
static_assert(test::first_failure(ridges, ridge_is_listed) == -1);

constexpr auto more_bandwidth_lowers_the_ridge = [](const hardware_spec* device) {
  hardware_spec faster = *device;
  faster.memory_gb_s *= 2;
  const precision p = native_16bit(*device);
  return critical_ai(faster, p) * 2 == critical_ai(*device, p);
};
static_assert(test::first_failure(quantroof::list_hardware(), more_bandwidth_lowers_the_ridge) ==
              -1);

// ---- devices behind a concept ---------------------------------------------------------------------

static_assert(quantroof::Hardware<quantroof::static_hardware<hw::h100_sxm>>);
static_assert(quantroof::Hardware<quantroof::dynamic_hardware>);
static_assert(!quantroof::Hardware<hardware_spec>);
static_assert(std::is_empty_v<quantroof::static_hardware<hw::h100_sxm>>);
static_assert(&quantroof::static_hardware<hw::h100_sxm>::spec() == &hw::h100_sxm);
static_assert(quantroof::dynamic_hardware{hw::h100_sxm}.spec() == hw::h100_sxm);

// ---- rules ----------------------------------------------------------------------------------------

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

constexpr hardware_spec with(void (*change)(hardware_spec&)) {
  hardware_spec device = hw::h100_sxm;
  change(device);
  return device;
}

struct broken_rule {
  void (*change)(hardware_spec&);
  const char* message;
};
const broken_rule broken_rules[] = {
    {[](hardware_spec& d) { d.key = ""; }, "hardware_spec: key must not be empty"},
    {[](hardware_spec& d) { d.key = "H100"; }, "hardware_spec: key may hold a-z, 0-9 and '_' only"},
    {[](hardware_spec& d) { d.key = "h100-sxm"; },
     "hardware_spec: key may hold a-z, 0-9 and '_' only"},
    {[](hardware_spec& d) { d.memory_gb_s = 0; },
     "hardware_spec: memory_gb_s must be positive and finite"},
    {[](hardware_spec& d) { d.memory_gb_s = inf; },
     "hardware_spec: memory_gb_s must be positive and finite"},
    {[](hardware_spec& d) { d.memory_gb_s = not_a_number; },
     "hardware_spec: memory_gb_s must be positive and finite"},
    {[](hardware_spec& d) { d.fp16_tflops = d.bf16_tflops = peak_rate::unknown(); },
     "hardware_spec: fp16_tflops or bf16_tflops must be known"},
    {[](hardware_spec& d) { d.fp16_tflops = d.bf16_tflops = peak_rate::no_unit(); },
     "hardware_spec: fp16_tflops or bf16_tflops must be known"},
    {[](hardware_spec& d) { d.memory_gb = -80; },
     "hardware_spec: memory_gb must be positive and finite"},
    {[](hardware_spec& d) { d.l2_mb = 0; }, "hardware_spec: l2_mb must be positive and finite"},
    {[](hardware_spec& d) { d.sm_count = 0; }, "hardware_spec: sm_count must be positive"},
    {[](hardware_spec& d) { d.compute_capability = -90; },
     "hardware_spec: compute_capability must be positive"},
    {[](hardware_spec& d) { d.tensor_clock_mhz = 0; },
     "hardware_spec: clocks must be positive and finite"},
    {[](hardware_spec& d) { d.boost_clock_mhz = inf; },
     "hardware_spec: clocks must be positive and finite"},
    {[](hardware_spec& d) { d.shared_memory_kb = not_a_number; },
     "hardware_spec: shared_memory_kb must be positive and finite"},
    {[](hardware_spec& d) { d.exp_per_clock_per_sm = 0; },
     "hardware_spec: exp_per_clock_per_sm must be positive and finite"},
    {[](hardware_spec& d) { d.link_gb_s = 0; },
     "hardware_spec: link_gb_s must be positive and finite"},
    {[](hardware_spec& d) { d.tdp_w = -1; }, "hardware_spec: tdp_w must be positive and finite"},
    {[](hardware_spec& d) { d.fp8 = fp8_kind::none; },
     "hardware_spec: fp8 and fp8_tflops must agree"},
    {[](hardware_spec& d) { d.fp8_tflops = peak_rate::no_unit(); },
     "hardware_spec: fp8 and fp8_tflops must agree"},
};

// What a device may leave open.
static_assert(is_valid(hardware_spec{.key = "a_1", .bf16_tflops = 1, .memory_gb_s = 1}));
static_assert(is_valid(with([](hardware_spec& d) { d.sm_count = {}; })));

}  // namespace

TEST_CASE("a peak is positive and finite, or says why there is none") {
  REQUIRE(test::at_run_time_value(peak_rate{2.5}).tflops() == 2.5);
  for (const double bad : {0.0, -1.0, inf, not_a_number}) {
    CAPTURE(bad);
    REQUIRE_THROWS_WITH(
        peak_rate{bad},
        test::contains(
            "peak_rate: a peak must be positive and finite; use no_unit() or unknown()"));
  }
}

TEST_CASE("the matrix units of every device multiply what its architecture says") {
  for (const hardware_spec* device : test::at_run_time(quantroof::list_hardware())) {
    CAPTURE(device->key.view());
    CHECK(device_agrees(device));
    CHECK(more_bandwidth_lowers_the_ridge(device));
  }
  for (const storage_row& r : test::at_run_time(storage_only)) {
    CAPTURE(to_string(r.p));
    CHECK(nobody_multiplies(r));
  }
}

TEST_CASE("each element kind reads its own peak") {
  for (const rate_row& r : test::at_run_time(rates)) {
    CAPTURE(static_cast<int>(r.kind));
    CHECK(rate_is_listed(r));
  }
}

TEST_CASE("the ridge point of known devices") {
  for (const ridge_row& r : test::at_run_time(ridges)) {
    CAPTURE(r.device->key.view(), to_string(r.p), critical_ai(*r.device, r.p));
    CHECK(ridge_is_listed(r));
  }
  const char* rule =
      "critical_ai: the device has no matrix unit for this precision, or its peak is unknown";
  REQUIRE_THROWS_WITH(critical_ai(hw::a100_sxm_80gb, precision::fp8_e4m3), test::contains(rule));
  REQUIRE_THROWS_WITH(critical_ai(hw::tpu_v5e), test::contains(rule));
}

TEST_CASE("a device that contradicts itself is refused with the rule") {
  for (const broken_rule& r : broken_rules) {
    CAPTURE(r.message);
    const hardware_spec device = with(r.change);
    REQUIRE_THROWS_AS(is_valid(device), quantroof::domain_error);
    REQUIRE_THROWS_WITH(is_valid(device), test::contains(r.message));
  }
}

TEST_CASE("vendors print what they parse") {
  for (const auto& entry : test::at_run_time(quantroof::detail::vendor_names)) {
    CHECK(quantroof::parse_vendor(entry.name) == entry.value);
    CHECK(to_string(entry.value) == entry.name);
  }
  REQUIRE_THROWS_WITH(quantroof::parse_vendor("Nvidia"),
                      test::contains("parse_vendor: unknown name \"Nvidia\"; known: nvidia, amd, "
                                     "intel, google, apple, other"));
}

}  // namespace hardware_spec_test

// SPDX-License-Identifier: Apache-2.0
//
// Attention as a shape and as a configuration: what is accepted, what a version takes, what a device runs, and the memory comparison.
#include "quantroof/roofline/attention.hpp"

#include <limits>

#include "catch.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "test_table.hpp"

namespace attention_test {

namespace {

using namespace quantroof;
using enum flash_attention_version;
using p = precision;

constexpr attention_shape shape{.batch = 1,
                                .num_heads = 32,
                                .num_kv_heads = 8,
                                .seq_len_q = 4096,
                                .seq_len_kv = 4096,
                                .head_dim = 128};
static_assert(is_valid(shape));

// ---- which precision a version takes: the specification's version table ----------------------------------------------------

struct version_row {
  p format;
  bool by_all;  // FA1 and FA2
  bool from_fa3;
};
constexpr version_row versions[] = {
    {p::fp16, true, true},
    {p::bf16, true, true},
    {p::fp8_e4m3, false, true},
    {p::fp8_e5m2, false, true},
    {p::fp32, false, false},
    {p::nvfp4, false, false},
    {p::nvfp4_kv, false, false},
    {p::int8, false, false},
    {p::fp8_e4m3fnuz, false, false},
    {p::mxfp8_e4m3, false, false},
    {p::fp8_e4m3_block128, false, false},
};
constexpr auto takes = [](const version_row& r) {
  return takes_precision(fa1, r.format) == r.by_all && takes_precision(fa2, r.format) == r.by_all &&
         takes_precision(fa3, r.format) == r.from_fa3 &&
         takes_precision(fa4, r.format) == r.from_fa3;
};
static_assert(test::first_failure(versions, takes) == -1);

TEST_CASE("16 bits in all versions, FP8 from FA3") {
  for (const version_row& r : test::at_run_time(versions)) {
    CAPTURE(to_string(r.format));
    CHECK(takes(r));
  }
}

// ---- share of the score matrix ----------------------------------------------------------------------------------------------

/// Counts the scores that a causal mask with the queries at the end of the keys leaves.
constexpr double counted_share(std::int64_t q, std::int64_t kv) {
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < q; ++i) {
    for (std::int64_t j = 0; j < kv; ++j) {
      kept += j <= kv - q + i ? 1 : 0;
    }
  }
  return static_cast<double>(kept) / static_cast<double>(q * kv);
}

TEST_CASE("a causal mask leaves the counted share of the scores") {
  for (std::int64_t q = 1; q <= 12; ++q) {
    for (std::int64_t kv = q; kv <= 20; ++kv) {
      attention_shape s = shape;
      s.seq_len_q = q;
      s.seq_len_kv = kv;
      CHECK(attended_share(s) == 1.0);
      s.causal = true;
      CAPTURE(q, kv);
      CHECK(attended_share(s) == Approx(counted_share(q, kv)).epsilon(1e-12));
    }
  }
}

// ---- rules ------------------------------------------------------------------------------------------------------------------

struct shape_row {
  std::int64_t attention_shape::*field;
  std::int64_t value;
  std::string message;
};

TEST_CASE("a shape that cannot be is refused") {
  const std::int64_t heads = (1 << 20) + 1;
  const std::int64_t length = (std::int64_t{1} << 31) + 1;
  const shape_row broken[] = {
      {&attention_shape::batch, 0, "attention_shape: batch must be in [1, 2^20]"},
      {&attention_shape::batch, heads, "attention_shape: batch must be in [1, 2^20]"},
      {&attention_shape::num_heads, 0, "attention_shape: num_heads must be in [1, 2^20]"},
      {&attention_shape::num_heads, heads, "attention_shape: num_heads must be in [1, 2^20]"},
      {&attention_shape::num_kv_heads, 0, "attention_shape: num_kv_heads must be in [1, 2^20]"},
      {&attention_shape::num_kv_heads, heads, "attention_shape: num_kv_heads must be in [1, 2^20]"},
      {&attention_shape::num_kv_heads, 5,
       "attention_shape: num_heads must be a multiple of num_kv_heads"},
      {&attention_shape::seq_len_q, 0, "attention_shape: seq_len_q must be in [1, 2^31]"},
      {&attention_shape::seq_len_q, length, "attention_shape: seq_len_q must be in [1, 2^31]"},
      {&attention_shape::seq_len_kv, -1, "attention_shape: seq_len_kv must be in [1, 2^31]"},
      {&attention_shape::seq_len_kv, length, "attention_shape: seq_len_kv must be in [1, 2^31]"},
      {&attention_shape::head_dim, 0, "attention_shape: head_dim must be in [1, 2^16]"},
      {&attention_shape::head_dim, 65537, "attention_shape: head_dim must be in [1, 2^16]"},
  };
  for (const shape_row& r : broken) {
    attention_shape s = shape;
    s.*r.field = r.value;
    CAPTURE(r.message, r.value);
    CHECK_THROWS_WITH(is_valid(s), test::contains(r.message));
    CHECK_THROWS_WITH(compare_attention_memory(s), test::contains(r.message));
  }
  attention_shape s = shape;
  s.seq_len_kv = 4095;
  CHECK(is_valid(s));
  s.causal = true;
  CHECK_THROWS_WITH(
      is_valid(s),
      test::contains("attention_shape: causal attention needs seq_len_q <= seq_len_kv"));
}

struct config_row {
  flash_attention_config config;
  std::string message;
};

TEST_CASE("a configuration that no release computes is refused") {
  const std::string takes_rule =
      "flash_attention_config: FA1 and FA2 take FP16 and BF16; FA3 and FA4 also FP8_E4M3 and "
      "FP8_E5M2";
  const std::string tile_rule = "flash_attention_config: tile_q and tile_kv must be in [1, 65536]";
  const std::string ratio_rule = "flash_attention_config: sparsity_ratio must be in [0, 1)";
  const std::string part_rule = "flash_attention_config: participation must be in (0, 1]";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const config_row broken[] = {
      {{.version = fa1, .qkv_precision = p::fp8_e4m3}, takes_rule},
      {{.version = fa2, .qkv_precision = p::fp8_e5m2}, takes_rule},
      {{.version = fa3, .qkv_precision = p::nvfp4}, takes_rule},
      {{.version = fa3, .use_native_fp8 = true},
       "flash_attention_config: use_native_fp8 needs an FP8 qkv_precision"},
      {{.version = fa3, .block_sparse = true}, "flash_attention_config: block_sparse needs FA4"},
      {{.version = fa4, .block_sparse = true, .sparsity_ratio = 1.0}, ratio_rule},
      {{.version = fa4, .block_sparse = true, .sparsity_ratio = -0.1}, ratio_rule},
      {{.version = fa4, .block_sparse = true, .sparsity_ratio = nan}, ratio_rule},
      {{.version = fa4, .sparsity_ratio = 0.3},
       "flash_attention_config: sparsity_ratio needs block_sparse"},
      {{.participation = 0}, part_rule},
      {{.participation = 1.01}, part_rule},
      {{.participation = nan}, part_rule},
      {{.tile_q = 0}, tile_rule},
      {{.tile_kv = -1}, tile_rule},
      {{.tile_q = 65537}, tile_rule},
      {{.tile_kv = 65537}, tile_rule},
      {{.kv_cache_precision = static_cast<p>(200)}, "format_of: the value is not a precision"},
  };
  for (const config_row& r : broken) {
    CAPTURE(r.message);
    CHECK_THROWS_WITH(is_valid(r.config), test::contains(r.message));
    CHECK_THROWS_WITH(is_supported(hw::b10, r.config), test::contains(r.message));
  }
  CHECK(is_valid(flash_attention_config{}));
  CHECK(is_valid(
      flash_attention_config{.version = fa4, .block_sparse = true, .sparsity_ratio = 0.99}));
}

// ---- what a device runs -----------------------------------------------------------------------------------------------------

struct device_row {
  std::string_view device;
  bool runs[4];     // FA1 to FA4
  bool native_fp8;  // OCP FP8 matrix units
};
// Sources: flash-attention's README (FA1: Turing to Hopper; FA2: Ampere and newer; FA3: H100; FA4: B200); NVIDIA and AMD data sheets.
constexpr device_row devices[] = {
    {"b10", {true, true, true, true}, true},
    {"v100_sxm2_32gb", {false, false, false, false}, false},
    {"t4", {true, false, false, false}, false},
    {"a100_sxm_80gb", {true, true, false, false}, false},
    {"rtx4090", {true, true, false, false}, true},
    {"h100_sxm", {true, true, true, false}, true},
    {"b200_sxm", {false, true, false, true}, true},
    {"b300_sxm", {false, true, false, true}, true},
    {"gb10", {false, true, false, false}, true},
    {"rtx5090", {false, true, false, false}, true},
    {"mi300x", {false, true, false, false}, false},  // FNUZ, not OCP
    {"mi355x", {false, true, false, false}, true},
    {"tpu_v5p", {false, false, false, false}, false},
    {"m4_max", {false, false, false, false}, false},
};
constexpr auto runs = [](const device_row& r) {
  const hardware_spec& device = get_hardware(r.device);
  for (std::size_t i = 0; i < 4; ++i) {
    if (runs_flash_attention(device, flash_attention_versions[i]) != r.runs[i]) {
      return false;
    }
  }
  return supports_natively(device, p::fp8_e4m3) == r.native_fp8;
};
static_assert(test::first_failure(devices, runs) == -1);

TEST_CASE("is_supported accepts what the device runs and names the rule otherwise") {
  const std::string rules[] = {
      "flash_attention: FA1 runs on Turing, Ampere, Ada and Hopper only",
      "flash_attention: FA2 runs on NVIDIA Ampere and newer and on AMD CDNA2-4 only",
      "flash_attention: FA3 runs on Hopper only (it needs wgmma)",
      "flash_attention: FA4 runs on data-centre Blackwell only (it needs tcgen05)"};
  for (const device_row& r : test::at_run_time(devices)) {
    CAPTURE(r.device);
    CHECK(runs(r));
    const hardware_spec& device = get_hardware(r.device);
    for (std::size_t i = 0; i < 4; ++i) {
      CAPTURE(i);
      const flash_attention_config config{.version = flash_attention_versions[i]};
      if (r.runs[i]) {
        CHECK(is_supported(device, config));
      } else {
        CHECK_THROWS_WITH(is_supported(device, config), test::contains(rules[i]));
      }
    }
  }
}

TEST_CASE("native FP8 needs FP8 matrix units") {
  const flash_attention_config fp8{
      .version = fa3, .qkv_precision = p::fp8_e4m3, .use_native_fp8 = true};
  CHECK(is_supported(hw::h100_sxm, fp8));
  hardware_spec without = hw::h100_sxm;
  without.fp8 = fp8_kind::none;
  without.fp8_tflops = peak_rate::no_unit();
  REQUIRE_THROWS_WITH(
      is_supported(without, fp8),
      test::contains("flash_attention: the device has no FP8 matrix units for use_native_fp8"));
}

// ---- memory -----------------------------------------------------------------------------------------------------------------

// The specification: "For 4K context: 1 x 32 x 4096 x 4096 x 2 = 1 GB" against "~64 MB (16x less!)".
static_assert(compare_attention_memory(shape).standard_bytes == 1024.0 * 1024 * 1024);
static_assert(compare_attention_memory(shape).flash_bytes == 64.0 * 1024 * 1024);
static_assert(compare_attention_memory(shape).ratio == 16.0);

TEST_CASE("the score matrix against partial outputs") {
  attention_shape s = test::at_run_time_value(shape);
  CHECK(compare_attention_memory(s).ratio == 16.0);
  CHECK(compare_attention_memory(s, p::fp8_e4m3).ratio == 8.0);
  s.seq_len_kv *= 4;  // the score matrix grows with the context, FlashAttention's memory does not
  CHECK(compare_attention_memory(s).ratio == 64.0);
  CHECK(compare_attention_memory(s).flash_bytes == compare_attention_memory(shape).flash_bytes);
  s.batch = 3;
  CHECK(compare_attention_memory(s).ratio == 64.0);
  CHECK(compare_attention_memory(s).flash_bytes == 3 * compare_attention_memory(shape).flash_bytes);
}

}  // namespace

}  // namespace attention_test

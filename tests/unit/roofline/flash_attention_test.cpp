// SPDX-License-Identifier: Apache-2.0
//
// The roofline object: devices of both kinds, own models, and the comparison of the versions.
#include "quantroof/roofline/flash_attention.hpp"

#include "catch.hpp"
#include "test_table.hpp"

namespace flash_attention_test {

namespace {

using namespace quantroof;
using enum flash_attention_version;
using p = precision;

constexpr flash_attention_config decode_fp8{.version = fa3,
                                            .qkv_precision = p::fp8_e4m3,
                                            .kv_cache_precision = p::nvfp4_kv,
                                            .use_native_fp8 = true};

// ---- one answer, whichever way the device comes -----------------------------------------------------------------------------

constexpr flash_attention_roofline<static_hardware<hw::h100_sxm>> at_compile_time;
static_assert(sizeof(at_compile_time) == sizeof(calibrated_model),
              "a static device costs no storage");
static_assert(std::is_same_v<decltype(flash_attention_roofline{get_hardware("b10")}),
                             flash_attention_roofline<dynamic_hardware>>);
static_assert(flash_attention_roofline{hw::b10}.predict(1, 32, 1, 4096, 128, decode_fp8) ==
              flash_attention_roofline<static_hardware<hw::b10>>{}.predict(1, 32, 1, 4096, 128,
                                                                           decode_fp8));

TEST_CASE("static and dynamic devices give the same answer") {
  const flash_attention_roofline dynamic{get_hardware("h100_sxm")};
  CHECK(dynamic.spec() == at_compile_time.spec());
  for (const std::int64_t tokens : {1, 128, 4096, 100000}) {
    CHECK(dynamic.predict(2, 32, 8, 1, tokens, 128, decode_fp8) ==
          at_compile_time.predict(2, 32, 8, 1, tokens, 128, decode_fp8));
  }
}

TEST_CASE("the forms of predict agree with the model") {
  const flash_attention_roofline roofline{get_hardware("b10")};
  const attention_shape shape{.batch = 2,
                              .num_heads = 32,
                              .num_kv_heads = 8,
                              .seq_len_q = 16,
                              .seq_len_kv = 1024,
                              .head_dim = 64};
  const flash_attention_metrics expected = textbook_model{}.attention(hw::b10, shape, decode_fp8);
  CHECK(roofline.predict(shape, decode_fp8) == expected);
  CHECK(roofline.predict(2, 32, 8, 16, 1024, 64, decode_fp8) == expected);
  CHECK(roofline.predict(2, 32, 16, 1024, 64, decode_fp8) ==
        roofline.predict(2, 32, 32, 16, 1024, 64, decode_fp8));
  CHECK(roofline.predict(shape, decode_fp8).predicted_time_us <
        roofline.predict(2, 32, 16, 1024, 64, decode_fp8).predicted_time_us);
}

TEST_CASE("the specification's decode example is memory bound") {
  const flash_attention_metrics m =
      flash_attention_roofline{get_hardware("b10")}.predict(1, 32, 1, 4096, 128, decode_fp8);
  CHECK(m.bottleneck == bottleneck::memory);
  CHECK(m.predicted_time_us > 0);
  CHECK(m.arithmetic_intensity < critical_ai(hw::b10));
}

TEST_CASE("predict refuses what the device does not run") {
  const flash_attention_roofline a100{get_hardware("a100_sxm_80gb")};
  CHECK_THROWS_WITH(a100.predict(1, 32, 1, 4096, 128, decode_fp8),
                    test::contains("flash_attention: FA3 runs on Hopper only (it needs wgmma)"));
  CHECK_THROWS_WITH(
      a100.predict(1, 32, 5, 1, 4096, 128, {}),
      test::contains("attention_shape: num_heads must be a multiple of num_kv_heads"));
}

// ---- a model of one's own ---------------------------------------------------------------------------------------------------

struct one_microsecond {
  double per_call = 1;
  [[nodiscard]] constexpr flash_attention_metrics attention(const hardware_spec&,
                                                            const attention_shape&,
                                                            const flash_attention_config& c) const {
    return {.version = c.version, .predicted_time_us = per_call};
  }
};
struct no_model {};
static_assert(AttentionModel<one_microsecond> && AttentionModel<textbook_model>);
static_assert(!AttentionModel<no_model>);
static_assert(flash_attention_roofline{hw::b10, one_microsecond{3}}
                  .predict(1, 1, 1, 1, 1, {})
                  .predicted_time_us == 3);

TEST_CASE("a model of one's own takes the textbook's place") {
  const fa_comparison mine = compare_fa_versions(1, 32, 4096, 128, "h100_sxm", one_microsecond{5});
  REQUIRE(mine.versions.size() == 3);
  for (const flash_attention_metrics& m : mine.versions) {
    CHECK(m.predicted_time_us == 5);
  }
}

// ---- comparison of the versions ---------------------------------------------------------------------------------------------

struct comparison_row {
  std::string_view device;
  bool runs[4];
  bool fp8;  // FA3 and FA4 in FP8
};
constexpr comparison_row comparisons[] = {
    {"b10", {true, true, true, true}, true},
    {"h100_sxm", {true, true, true, false}, true},
    {"a100_sxm_80gb", {true, true, false, false}, false},
    {"gb10", {false, true, false, false}, false},
    {"b200_sxm", {false, true, false, true}, true},
    {"t4", {true, false, false, false}, false},
    {"mi300x", {false, true, false, false}, false},
    {"v100_sxm2_32gb", {false, false, false, false}, false},
};
constexpr auto compared = [](const comparison_row& r) {
  const fa_comparison c = compare_fa_versions(1, 32, 4096, 128, r.device, textbook_model{});
  std::size_t count = 0;
  for (const flash_attention_version v : flash_attention_versions) {
    const flash_attention_metrics* m = c.find(v);
    if ((m != nullptr) != r.runs[static_cast<std::size_t>(v)]) {
      return false;
    }
    if (m != nullptr) {
      if (m->version != v || m != &c.versions[count++] || !(m->predicted_time_us > 0)) {
        return false;
      }
      const bool fp8 = r.fp8 && (v == fa3 || v == fa4);
      const double q_bytes = 32.0 * 4096 * 128 * (fp8 ? 1 : 2) * 32;
      if (m->q_bytes != q_bytes || best_config(get_hardware(r.device), v).use_native_fp8 != fp8) {
        return false;
      }
    }
  }
  return count == c.versions.size();
};
static_assert(test::first_failure(comparisons, compared) == -1);

TEST_CASE("versions that run are compared, oldest first, each at its best") {
  for (const comparison_row& r : test::at_run_time(comparisons)) {
    CAPTURE(r.device);
    CHECK(compared(r));
  }
}

TEST_CASE("the specification's comparison on b10") {
  const fa_comparison c = compare_fa_versions(1, 32, 4096, 128);  // b10 by default
  CHECK(c == compare_fa_versions(1, 32, 4096, 128, "b10"));
  CHECK(c == compare_fa_versions(1, 32, 4096, 128, hw::b10));
  REQUIRE(c.versions.size() == 4);
  const double ms[] = {33.8, 29.4, 15.4, 15.4};  // "Example results (GB10, 4K context)"
  const double speedups[] = {1.0, 1.15, 2.20, 2.20};
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(c.versions[i].predicted_time_us / 1000 == Approx(ms[i]).epsilon(0.005));
    CHECK(c.versions[0].predicted_time_us / c.versions[i].predicted_time_us ==
          Approx(speedups[i]).epsilon(0.005));
  }
  const fa_comparison longer = compare_fa_versions(1, 32, 8192, 128);
  for (std::size_t i = 0; i < 4; ++i) {  // twice the tokens: four times the tiles' traffic
    CHECK(longer.versions[i].predicted_time_us / c.versions[i].predicted_time_us ==
          Approx(4.0).epsilon(0.01));
    CHECK(longer.versions[i].bottleneck == bottleneck::memory);
  }
}

TEST_CASE("a configuration is best where the device runs it") {
  for (const hardware_spec* device : list_hardware()) {
    for (const flash_attention_version v : flash_attention_versions) {
      const flash_attention_config c = best_config(*device, v);
      CAPTURE(device->key.view(), to_string(v));
      CHECK(is_valid(c));
      CHECK(c.version == v);
      CHECK(c.kv_cache_precision == c.qkv_precision);
      CHECK_FALSE(c.block_sparse);
      if (runs_flash_attention(*device, v)) {
        CHECK(is_supported(*device, c));
      }
    }
  }
}

TEST_CASE("a comparison refuses an unknown device and an impossible shape") {
  CHECK_THROWS_WITH(compare_fa_versions(1, 32, 4096, 128, "b9"),
                    test::contains("get_hardware: unknown name \"b9\"; known: b10"));
  CHECK_THROWS_WITH(compare_fa_versions(1, 32, 0, 128),
                    test::contains("attention_shape: seq_len_q must be in [1, 2^31]"));
  CHECK_THROWS_WITH(compare_fa_versions(0, 32, 1, 128, "v100_sxm2_32gb"),
                    test::contains("attention_shape: batch must be in [1, 2^20]"));
}

}  // namespace

}  // namespace flash_attention_test

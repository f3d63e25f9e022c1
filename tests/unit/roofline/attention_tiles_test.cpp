// SPDX-License-Identifier: Apache-2.0
//
// Tiles, splits and counts of attention kernels against loops that count one by one.
#include "quantroof/roofline/attention_tiles.hpp"

#include "catch.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/roofline/decode.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/prefill.hpp"
#include "test_table.hpp"

namespace attention_tiles_test {

namespace {

using namespace quantroof;
using enum attention_kernel;

struct tile_row {
  attention_kernel kernel;
  std::int64_t head_dim;
  bool causal;
  attention_width width;
  double shared_memory_kb;
  attention_tile tile;
};
// flash-attention at 0251105: flash_fwd_launch_template.h, hopper/tile_size.h, flash_attn/cute
constexpr tile_row tile_rows[] = {
    {fa1, 64, false, attention_width::bits16, 164, {128, 256}},
    {fa2, 128, false, attention_width::bits16, 164, {128, 64}},
    {fa2, 128, true, attention_width::bits16, 100, {64, 64}},
    {fa2, 128, false, attention_width::bits16, 100, {128, 32}},
    {fa2, 256, false, attention_width::bits16, 228, {64, 64}},
    {fa3, 64, false, attention_width::bits16, 228, {192, 192}},
    {fa3, 128, true, attention_width::bits16, 228, {128, 128}},
    {fa3, 128, false, attention_width::bits16, 228, {128, 176}},
    {fa3, 256, false, attention_width::bits16, 228, {128, 80}},
    {fa3, 64, false, attention_width::bits8, 228, {192, 160}},
    {fa4, 128, false, attention_width::bits16, 228, {256, 128}},
};
constexpr auto has_tile = [](const tile_row& r) {
  return prefill_tile(r.kernel, r.head_dim, 4096, r.causal, r.width, r.shared_memory_kb) == r.tile;
};
static_assert(test::first_failure(tile_rows, has_tile) == -1);

TEST_CASE("tiles are those of the releases") {
  for (const tile_row& r : test::at_run_time(tile_rows)) {
    CAPTURE(to_string(r.kernel), r.head_dim, r.causal);
    CHECK(has_tile(r));
  }
  CHECK(decode_rows(fa3, 8) == 64);
  CHECK(decode_rows(trtllm, 8) == 16);
  CHECK(decode_rows(trtllm, 17) == 32);
  CHECK(decode_rows(flashinfer, 65) == 128);
  CHECK(decode_cols(fa2, 64) == 256);
  CHECK(paged_tile(128) == attention_tile{64, 128});
  CHECK(paged_tile(256) == attention_tile{64, 64});
}

TEST_CASE("tiles of a causal mask are counted as a loop counts them") {
  for (const std::int64_t q : {1, 64, 100, 128, 1000, 4096}) {
    for (const std::int64_t ahead : {0, 1, 777}) {
      for (const std::int64_t group : {1, 4, 7}) {
        for (const attention_tile tile : {attention_tile{128, 64}, {64, 64}, {192, 128}}) {
          const attention_shape s{.batch = 1,
                                  .num_heads = group,
                                  .num_kv_heads = 1,
                                  .seq_len_q = q,
                                  .seq_len_kv = q + ahead,
                                  .head_dim = 128,
                                  .causal = true};
          const std::int64_t rows = q * group;
          double sum = 0;
          for (std::int64_t first = 0; first < rows; first += tile.rows) {
            const std::int64_t last = std::min(first + tile.rows, rows);
            const std::int64_t keys = ahead + detail::ceil_div(last, group);
            sum += static_cast<double>(detail::ceil_div(keys, tile.cols));
          }
          CAPTURE(q, ahead, group, tile.rows, tile.cols);
          CHECK(detail::count_tiles(s, rows, group, tile).sum == sum);
        }
      }
    }
  }
}

TEST_CASE("keys are divided as FlashAttention's heuristic divides them") {
  CHECK(detail::fullest_split(120, 132, 64) == 1);  // 80 % of the slots are taken
  CHECK(detail::fullest_split(8, 132, 4) ==
        4);  // as many as there may be: 85 % of 4 is more than 3
  CHECK(detail::fullest_split(100, 132, 64) ==
        5);  // 1, 2, 3, 4 parts fill 76 % of their last wave, 5 fill 95 %
  CHECK(decode_splits(fa2, 8, 1, 8192, 64, 108) == 1);  // vLLM's paged FA2 does not split MHA
  CHECK(decode_splits(trtllm, 8, 8, 8192, 64, 148) == 16);
  CHECK(decode_splits(flashinfer, 8, 8, 512, 4, 142) == 4);
}

TEST_CASE("as few parts as fill their waves nearly as well as any number does") {
  for (const int slots : {66, 132, 216, 296}) {
    for (int items = 1; 5 * items < 4 * slots; ++items) {
      for (const int most : {2, 5, 16, 128}) {
        const auto full = [=](int parts) {
          const double waves = static_cast<double>(items) * parts / slots;
          return waves / detail::ceil(waves);
        };
        const int eight_waves = 8 * slots / items;
        double best = 0;
        for (int parts = 1; parts <= std::min(most, eight_waves); ++parts) {
          best = std::max(best, full(parts));
        }
        int fewest = 1;
        while (full(fewest) < 0.85 * 0.98 * best - 1e-9) {  // 98 % full is as good as full
          ++fewest;
        }
        int enough = fewest;
        while (full(enough) < 0.85 * best - 1e-9) {
          ++enough;
        }
        const double parts = detail::fullest_split(items, slots, most);
        CAPTURE(slots, items, most);
        CHECK(parts >= fewest);
        CHECK(parts <= enough);
      }
    }
  }
}

TEST_CASE("a hypotenuse is the same at compile time and at run time") {
  constexpr double folded = detail::hypotenuse(3.1, 4.7);
  volatile double a = 3.1;
  volatile double b = 4.7;
  CHECK(detail::hypotenuse(a, b) == folded);
  CHECK(detail::hypotenuse(0, 0) == 0);
  static_assert(detail::hypotenuse(3, 4) == 5);
  static_assert(detail::exact_sqrt(2) == 1.4142135623730951);
  static_assert(detail::exact_sqrt(1e-300) == 1e-150);
  CHECK(detail::small_exp(0.5) == Approx(1.6487212707).epsilon(1e-9));
  CHECK(detail::coarse_log2(1024) == 10);
}

TEST_CASE("what a data sheet leaves open gets a stated stand-in") {
  const device_rates h100 = rates_of(hw::h100_sxm);
  CHECK(h100.sm_count == 132);
  CHECK(h100.flop_per_clock_sm == Approx(4096).epsilon(0.01));
  CHECK(with_mma_sync(h100, architecture::hopper).flop_per_clock_sm == 2300);
  for (const hardware_spec* device : list_hardware()) {
    const device_rates r = rates_of(*device);
    CAPTURE(device->key.view());
    CHECK(r.sm_count >= 1);
    CHECK(r.clock_mhz > 0);
    CHECK(r.l2_bytes > 0);
    CHECK(r.flop_per_clock_sm > 0);
    CHECK(r.exp_per_clock_sm > 0);
  }
}

}  // namespace

}  // namespace attention_tiles_test

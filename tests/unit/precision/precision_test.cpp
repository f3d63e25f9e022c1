// SPDX-License-Identifier: Apache-2.0
//
// Names, bits and bytes of every precision.
#include "quantroof/precision/precision.hpp"

#include <limits>

#include "catch.hpp"
#include "test_table.hpp"

namespace precision_test {

namespace {

using namespace quantroof;
using enum precision;

struct format_row {
  precision p;
  std::string_view name;
  double bits;  // per element of a large matrix, scales included
  std::int64_t bytes_1x4096;
  std::int64_t bytes_3x100;  // tails: rows of 100 elements
};
// Bits: OCP MX v1.0 (element + 8/32), NVIDIA NVFP4 (4 + 8/16), AWQ / GPTQ packing (4 + (16 + 4)/128), ggml-common.h block structs.
// Bytes by hand: rows on whole bytes, a scale per started block, a scale per tensor.
constexpr format_row rows[] = {
    {fp64, "FP64", 64, 32768, 2400},
    {fp32, "FP32", 32, 16384, 1200},
    {tf32, "TF32", 32, 16384, 1200},
    {fp16, "FP16", 16, 8192, 600},
    {bf16, "BF16", 16, 8192, 600},
    {fp8_e4m3, "FP8_E4M3", 8, 4096 + 4, 300 + 4},
    {fp8_e5m2, "FP8_E5M2", 8, 4096 + 4, 300 + 4},
    {fp8_e4m3fnuz, "FP8_E4M3FNUZ", 8, 4096 + 4, 300 + 4},
    {fp8_e5m2fnuz, "FP8_E5M2FNUZ", 8, 4096 + 4, 300 + 4},
    {fp8_e4m3_ieee, "FP8_E4M3_IEEE", 8, 4096 + 4, 300 + 4},
    {fp8_e3m4, "FP8_E3M4", 8, 4096 + 4, 300 + 4},
    {fp8_e4m3_channel, "FP8_E4M3_CHANNEL", 8, 4096 + 4, 300 + 12},
    {fp8_e4m3_block128, "FP8_E4M3_BLOCK128", 8 + 32.0 / 16384, 4096 + 32 * 4, 300 + 4},
    {fp8_e4m3_group128, "FP8_E4M3_GROUP128", 8.25, 4096 + 32 * 4, 300 + 12},
    {fp6_e2m3, "FP6_E2M3", 6, 3072 + 4, 3 * 75 + 4},
    {fp6_e3m2, "FP6_E3M2", 6, 3072 + 4, 3 * 75 + 4},
    {fp4_e2m1, "FP4_E2M1", 4, 2048 + 4, 150 + 4},
    {e8m0, "E8M0", 8, 4096, 300},
    {mxfp8_e4m3, "MXFP8", 8.25, 4096 + 128, 300 + 12},
    {mxfp8_e5m2, "MXFP8_E5M2", 8.25, 4096 + 128, 300 + 12},
    {mxfp6_e2m3, "MXFP6_E2M3", 6.25, 3072 + 128, 225 + 12},
    {mxfp6_e3m2, "MXFP6_E3M2", 6.25, 3072 + 128, 225 + 12},
    {mxfp4, "MXFP4", 4.25, 2048 + 128, 150 + 12},
    {mxint8, "MXINT8", 8.25, 4096 + 128, 300 + 12},
    {nvfp4, "NVFP4", 4.5, 2048 + 256 + 4, 150 + 21 + 4},
    {nvfp4_kv, "NVFP4_KV", 4.5, 2048 + 256 + 4, 150 + 21 + 4},
    {int8, "INT8", 8, 4096 + 4, 300 + 4},
    {int8_channel, "INT8_CHANNEL", 8, 4096 + 4, 300 + 12},
    {int8_g32, "INT8_G32", 8.5, 4096 + 256, 300 + 24},
    {int4, "INT4", 4, 2048 + 4, 150 + 4},
    {int4_channel, "INT4_CHANNEL", 4, 2048 + 2, 150 + 6},
    {int4_g128, "INT4_G128", 4.125, 2048 + 64, 150 + 6},
    {int4_g128_zp4, "INT4_G128_ZP4", 4.15625, 2048 + 80,
     150 + 8},  // 60 bits of scales and zeros: 8 bytes
    {int4_g128_zp16, "INT4_G128_ZP16", 4.25, 2048 + 128, 150 + 12},
    {int4_g64, "INT4_G64", 4.25, 2048 + 128, 150 + 12},
    {int4_g32, "INT4_G32", 4.5, 2048 + 256, 150 + 24},
    {gguf_q8_0, "GGUF_Q8_0", 8.5, 128 * 34, 3 * 4 * 34},
    {gguf_q4_0, "GGUF_Q4_0", 4.5, 128 * 18, 3 * 4 * 18},
    {gguf_q4_k, "GGUF_Q4_K", 4.5, 16 * 144, 3 * 144},
    {gguf_q6_k, "GGUF_Q6_K", 6.5625, 16 * 210, 3 * 210},
    {gguf_mxfp4, "GGUF_MXFP4", 4.25, 128 * 17, 3 * 4 * 17},
    {gguf_nvfp4, "GGUF_NVFP4", 4.5, 64 * 36, 3 * 2 * 36},
};
static_assert(std::size(rows) == precision_count, "a new precision needs a row");

constexpr auto agrees = [](const format_row& r) {
  return to_string(r.p) == r.name && parse_precision(r.name) == r.p &&
         bits_per_element(r.p) == r.bits && bytes_per_element(r.p) == r.bits / 8 &&
         storage_bytes(r.p, 1, 4096) == r.bytes_1x4096 &&
         storage_bytes(r.p, 3, 100) == r.bytes_3x100;
};
static_assert(test::first_failure(rows, agrees) == -1);

}  // namespace

TEST_CASE("every precision has its name, bits and bytes") {
  for (const format_row& r : test::at_run_time(rows)) {
    CAPTURE(r.name, storage_bytes(r.p, 1, 4096), storage_bytes(r.p, 3, 100), bits_per_element(r.p));
    CHECK(agrees(r));
  }
}

TEST_CASE("storage grows with the matrix and approaches the bits per element") {
  for (const precision_format& f : precision_formats) {
    CAPTURE(f.name);
    CHECK(storage_bytes(f.id, 0, 5) == 0);
    CHECK(storage_bytes(f.id, 5, 0) == 0);
    CHECK(storage_bytes(f.id, 2, 64) >= storage_bytes(f.id, 1, 64));
    CHECK(static_cast<double>(storage_bytes(f.id, 16384, 16384)) / (16384.0 * 16384.0) ==
          Approx(bytes_per_element(f.id)).epsilon(1e-3));
  }
}

TEST_CASE("precision rules") {
  CHECK(!find_precision("FP9"));
  REQUIRE_THROWS_WITH(parse_precision("fp16"),
                      test::contains("parse_precision: unknown name \"fp16\"; known: FP64, FP32"));
  REQUIRE_THROWS_WITH(format_of(static_cast<precision>(200)),
                      test::contains("format_of: the value is not a precision"));
  REQUIRE_THROWS_WITH(storage_bytes(fp16, -1, 2),
                      test::contains("storage_bytes: rows and cols must not be negative"));
  REQUIRE_THROWS_WITH(storage_bytes(fp16, std::numeric_limits<std::int64_t>::max(), 2),
                      test::contains("does not fit 63 bits"));
}

}  // namespace precision_test

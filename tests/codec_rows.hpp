// SPDX-License-Identifier: Apache-2.0
//
// Who writes which code for NaN, Inf, overflow and -0, cell by cell, and the exhaustive run list that proves it where one was taken.
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/precision/minifloat.hpp"
#include "reference_codec.hpp"

namespace test {

/// One way to convert, with rounding to nearest even.
struct conversion {
  std::string_view name;
  quantroof::float_format format;
  quantroof::special_rule rule;
  quantroof::overflow policy;
  special_codes codes;  // NaN -NaN, Inf -Inf, overflow of either sign, -0, what rounds to -0
  std::string_view
      golden{};  // name of the run list over all 2^32 inputs, taken from the producer's own code
  std::uint64_t golden_hash = 0;  // run_hash of it
};

namespace rows {
using namespace quantroof;
using enum special_rule;
using enum overflow;

// float8_e4m3b11fnuz of ml_dtypes: a format this library has no name for.
inline constexpr float_format e4m3b11fnuz{4, 3, 11, special_values::nan_is_neg0};
}  // namespace rows

// CUDA: CUDA 13.0 headers, SATFINITE and NOSAT. ml_dtypes: b793a6e, default and kSaturate. PyTorch: c10/util. Run lists: each
// converter called with all 2^32 floats. "ours": CUDA has no such conversion; the codes are those that rounding.hpp states.
inline constexpr conversion conversions[] = {
    // clang-format off
    {"E4M3 cuda satfinite",   rows::float8_e4m3fn, rows::cuda, rows::saturate,        {{0x7F, 0x7F}, {0x7E, 0xFE}, {0x7E, 0xFE}, 0x80, 0x80}, "cuda_e4m3_sat",    0x962A0ADD04B94385},
    {"E4M3 cuda nosat",       rows::float8_e4m3fn, rows::cuda, rows::to_special,      {{0x7F, 0x7F}, {0x7F, 0xFF}, {0x7F, 0xFF}, 0x80, 0x80}, "cuda_e4m3_nosat",  0xB9BCFC0D737DB18E},
    {"E4M3 ml_dtypes",        rows::float8_e4m3fn, rows::ml_dtypes, rows::to_special, {{0x7F, 0xFF}, {0x7F, 0xFF}, {0x7F, 0xFF}, 0x80, 0x80}, "ml_e4m3",          0xB3BE950608C97F6D},
    {"E4M3 ml_dtypes sat",    rows::float8_e4m3fn, rows::ml_dtypes, rows::saturate,   {{0x7F, 0xFF}, {0x7F, 0xFF}, {0x7E, 0xFE}, 0x80, 0x80}, "ml_e4m3_sat",      0x5A6A9BD4B72B7271},
    {"E4M3 pytorch",          rows::float8_e4m3fn, rows::pytorch, rows::to_special,   {{0x7F, 0xFF}, {0x7F, 0xFF}, {0x7F, 0xFF}, 0x80, 0x80}},  // Float8_e4m3fn.h 0316fdc
    {"E5M2 cuda satfinite",   rows::float8_e5m2, rows::cuda, rows::saturate,          {{0x7F, 0x7F}, {0x7B, 0xFB}, {0x7B, 0xFB}, 0x80, 0x80}, "cuda_e5m2_sat",    0x58D44B82FDBB858D},
    {"E5M2 cuda nosat",       rows::float8_e5m2, rows::cuda, rows::to_special,        {{0x7F, 0x7F}, {0x7C, 0xFC}, {0x7C, 0xFC}, 0x80, 0x80}, "cuda_e5m2_nosat",  0x55845227F6362C01},
    {"E5M2 ml_dtypes",        rows::float8_e5m2, rows::ml_dtypes, rows::to_special,   {{0x7E, 0xFE}, {0x7C, 0xFC}, {0x7C, 0xFC}, 0x80, 0x80}, "ml_e5m2",          0xEDAE30FABB634051},
    {"E5M2 ml_dtypes sat",    rows::float8_e5m2, rows::ml_dtypes, rows::saturate,     {{0x7E, 0xFE}, {0x7C, 0xFC}, {0x7B, 0xFB}, 0x80, 0x80}, "ml_e5m2_sat",      0xDBF5E1D9729FA1F1},
    {"E5M2 pytorch",          rows::float8_e5m2, rows::pytorch, rows::to_special,     {{0x7F, 0xFF}, {0x7C, 0xFC}, {0x7C, 0xFC}, 0x80, 0x80}},  // Float8_e5m2.h 1239cc5
    {"E2M3 cuda",             rows::float6_e2m3fn, rows::cuda, rows::saturate,        {{0x1F, 0x1F}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}, "cuda_e2m3_rn",     0x8AF72D3F3D0C680E},
    {"E2M3 cuda, no special", rows::float6_e2m3fn, rows::cuda, rows::to_special,      {{0x1F, 0x1F}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}},  // the header has no NOSAT form
    {"E2M3 ml_dtypes",        rows::float6_e2m3fn, rows::ml_dtypes, rows::to_special, {{0x20, 0x00}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}, "ml_e2m3",          0x8AED30231E3A52AD},
    {"E2M3 ml_dtypes sat",    rows::float6_e2m3fn, rows::ml_dtypes, rows::saturate,   {{0x20, 0x00}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}, "ml_e2m3_sat",      0x8AED30231E3A52AD},
    {"E3M2 cuda",             rows::float6_e3m2fn, rows::cuda, rows::saturate,        {{0x1F, 0x1F}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}, "cuda_e3m2_rn",     0xAB2A9E033621CC5E},
    {"E3M2 ml_dtypes",        rows::float6_e3m2fn, rows::ml_dtypes, rows::to_special, {{0x20, 0x00}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}, "ml_e3m2",          0x35E341CFC6607341},
    {"E3M2 ml_dtypes sat",    rows::float6_e3m2fn, rows::ml_dtypes, rows::saturate,   {{0x20, 0x00}, {0x1F, 0x3F}, {0x1F, 0x3F}, 0x20, 0x20}, "ml_e3m2_sat",      0x35E341CFC6607341},
    {"E2M1 cuda",             rows::float4_e2m1fn, rows::cuda, rows::saturate,        {{0x7, 0x7}, {0x7, 0xF}, {0x7, 0xF}, 0x8, 0x8},         "cuda_e2m1_rn",     0x94C3F8D427AE91AE},
    {"E2M1 ml_dtypes",        rows::float4_e2m1fn, rows::ml_dtypes, rows::to_special, {{0x8, 0x0}, {0x7, 0xF}, {0x7, 0xF}, 0x8, 0x8},         "ml_e2m1",          0x4587445619CB73B9},
    {"E2M1 ml_dtypes sat",    rows::float4_e2m1fn, rows::ml_dtypes, rows::saturate,   {{0x8, 0x0}, {0x7, 0xF}, {0x7, 0xF}, 0x8, 0x8},         "ml_e2m1_sat",      0x4587445619CB73B9},
    {"E2M1 modelopt",         rows::float4_e2m1fn, rows::modelopt, rows::saturate,    {{0x7, 0x7}, {0x7, 0xF}, {0x7, 0xF}, 0x0, 0x8}},          // a2fbac7 _cast_fp4: sign of x < 0
    {"E4M3FNUZ ml_dtypes",    rows::float8_e4m3fnuz, rows::ml_dtypes, rows::to_special, {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}, "ml_e4m3fnuz",    0x56788247B49DA06D},
    {"E4M3FNUZ ml_dtypes sat", rows::float8_e4m3fnuz, rows::ml_dtypes, rows::saturate,  {{0x80, 0x80}, {0x80, 0x80}, {0x7F, 0xFF}, 0x00, 0x00}, "ml_e4m3fnuz_sat", 0xA550C206495250D5},
    {"E4M3FNUZ cuda",         rows::float8_e4m3fnuz, rows::cuda, rows::to_special,      {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}},  // ours: as ml_dtypes
    {"E4M3FNUZ cuda sat",     rows::float8_e4m3fnuz, rows::cuda, rows::saturate,        {{0x80, 0x80}, {0x80, 0x80}, {0x7F, 0xFF}, 0x00, 0x00}},  // ours: as ml_dtypes
    {"E4M3FNUZ pytorch",      rows::float8_e4m3fnuz, rows::pytorch, rows::to_special,   {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}},  // Float8_e4m3fnuz.h 0697b0b
    {"E5M2FNUZ ml_dtypes",    rows::float8_e5m2fnuz, rows::ml_dtypes, rows::to_special, {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}, "ml_e5m2fnuz",    0xF850049382ECFD8D},
    {"E5M2FNUZ ml_dtypes sat", rows::float8_e5m2fnuz, rows::ml_dtypes, rows::saturate,  {{0x80, 0x80}, {0x80, 0x80}, {0x7F, 0xFF}, 0x00, 0x00}, "ml_e5m2fnuz_sat", 0x11FBC14F587E60DD},
    {"E5M2FNUZ cuda",         rows::float8_e5m2fnuz, rows::cuda, rows::to_special,      {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}},  // ours: as ml_dtypes
    {"E5M2FNUZ cuda sat",     rows::float8_e5m2fnuz, rows::cuda, rows::saturate,        {{0x80, 0x80}, {0x80, 0x80}, {0x7F, 0xFF}, 0x00, 0x00}},  // ours: as ml_dtypes
    {"E5M2FNUZ pytorch",      rows::float8_e5m2fnuz, rows::pytorch, rows::to_special,   {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}},  // Float8_e5m2fnuz.h 0697b0b
    {"E4M3B11FNUZ ml_dtypes", rows::e4m3b11fnuz, rows::ml_dtypes, rows::to_special,     {{0x80, 0x80}, {0x80, 0x80}, {0x80, 0x80}, 0x00, 0x00}, "ml_e4m3b11fnuz", 0x19124822B3E361C5},
    {"E4M3B11FNUZ ml_dtypes sat", rows::e4m3b11fnuz, rows::ml_dtypes, rows::saturate,   {{0x80, 0x80}, {0x80, 0x80}, {0x7F, 0xFF}, 0x00, 0x00}, "ml_e4m3b11fnuz_sat", 0xEC90DBF7B1C04F3D},
    {"E4M3 IEEE ml_dtypes",   rows::float8_e4m3, rows::ml_dtypes, rows::to_special,   {{0x7C, 0xFC}, {0x78, 0xF8}, {0x78, 0xF8}, 0x80, 0x80}, "ml_e4m3_ieee",     0x6833DDCB1F222099},
    {"E4M3 IEEE ml_dtypes sat", rows::float8_e4m3, rows::ml_dtypes, rows::saturate,   {{0x7C, 0xFC}, {0x78, 0xF8}, {0x77, 0xF7}, 0x80, 0x80}, "ml_e4m3_ieee_sat", 0xB744D47D497F0631},
    {"E4M3 IEEE cuda",        rows::float8_e4m3, rows::cuda, rows::to_special,        {{0x7F, 0x7F}, {0x78, 0xF8}, {0x78, 0xF8}, 0x80, 0x80}},  // ours: as E5M2
    {"E4M3 IEEE cuda sat",    rows::float8_e4m3, rows::cuda, rows::saturate,          {{0x7F, 0x7F}, {0x77, 0xF7}, {0x77, 0xF7}, 0x80, 0x80}},  // ours: as E5M2
    {"E3M4 ml_dtypes",        rows::float8_e3m4, rows::ml_dtypes, rows::to_special,   {{0x78, 0xF8}, {0x70, 0xF0}, {0x70, 0xF0}, 0x80, 0x80}, "ml_e3m4",          0x5E33CACBADAF8D25},
    {"E3M4 ml_dtypes sat",    rows::float8_e3m4, rows::ml_dtypes, rows::saturate,     {{0x78, 0xF8}, {0x70, 0xF0}, {0x6F, 0xEF}, 0x80, 0x80}, "ml_e3m4_sat",      0xB1FC80FC4C6BB121},
    {"E3M4 cuda",             rows::float8_e3m4, rows::cuda, rows::to_special,        {{0x7F, 0x7F}, {0x70, 0xF0}, {0x70, 0xF0}, 0x80, 0x80}},  // ours: as E5M2
    {"E3M4 cuda sat",         rows::float8_e3m4, rows::cuda, rows::saturate,          {{0x7F, 0x7F}, {0x6F, 0xEF}, {0x6F, 0xEF}, 0x80, 0x80}},  // ours: as E5M2
    {"FP16 cuda",             rows::float16, rows::cuda, rows::to_special,  {{0x7FFF, 0x7FFF}, {0x7C00, 0xFC00}, {0x7C00, 0xFC00}, 0x8000, 0x8000}, "enc_cuda_half_rn.bin", 0xB6F234A4A6F5FACD},
    {"FP16 cuda sat",         rows::float16, rows::cuda, rows::saturate,    {{0x7FFF, 0x7FFF}, {0x7BFF, 0xFBFF}, {0x7BFF, 0xFBFF}, 0x8000, 0x8000}},  // ours: as E5M2
    {"FP16 ml_dtypes",        rows::float16, rows::ml_dtypes, rows::to_special, {{0x7E00, 0xFE00}, {0x7C00, 0xFC00}, {0x7C00, 0xFC00}, 0x8000, 0x8000}},  // Eigen half
    {"FP16 pytorch",          rows::float16, rows::pytorch, rows::to_special, {{0x7E00, 0xFE00}, {0x7C00, 0xFC00}, {0x7C00, 0xFC00}, 0x8000, 0x8000}},  // Half.h 01055e8
    {"BF16 cuda",             rows::bfloat16, rows::cuda, rows::to_special, {{0x7FFF, 0x7FFF}, {0x7F80, 0xFF80}, {0x7F80, 0xFF80}, 0x8000, 0x8000}, "enc_cuda_bf16_rn.bin", 0xCEB599207CF3C6C1},
    {"BF16 cuda sat",         rows::bfloat16, rows::cuda, rows::saturate,   {{0x7FFF, 0x7FFF}, {0x7F7F, 0xFF7F}, {0x7F7F, 0xFF7F}, 0x8000, 0x8000}},  // ours: as E5M2
    {"BF16 ml_dtypes",        rows::bfloat16, rows::ml_dtypes, rows::to_special, {{0x7FC0, 0xFFC0}, {0x7F80, 0xFF80}, {0x7F80, 0xFF80}, 0x8000, 0x8000}},  // Eigen bfloat16
    {"BF16 pytorch",          rows::bfloat16, rows::pytorch, rows::to_special, {{0x7FC0, 0x7FC0}, {0x7F80, 0xFF80}, {0x7F80, 0xFF80}, 0x8000, 0x8000}},  // BFloat16.h 00b01c1
    // clang-format on
};

}  // namespace test

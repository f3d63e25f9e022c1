// SPDX-License-Identifier: Apache-2.0
//
// Every format, scaling, granularity, calibration and rule of quantize(), dequantize() of it all, and the statistics it rests on, as one
// number, which every build must reproduce, with one thread and with three; and the part of it that the compiler works out itself must be
// what the program finds. Prints it; fails when it is not the expected one.
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "noise.hpp"
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/precision/dequantize.hpp"
#include "quantroof/precision/entropy_clip.hpp"
#include "quantroof/precision/mse_clip.hpp"
#include "quantroof/precision/percentile.hpp"
#include "quantroof/precision/quantize.hpp"
#include "quantroof/precision/thread_executor.hpp"

namespace {

using namespace quantroof;
using test::generator;

constexpr void add(test::bit_hash& hash, const quantized_storage& q) {
  hash.add(q.codes);
  hash.add(q.scale_codes);
  for (const float scale : q.scales) {
    hash.add_bits(scale);
  }
  for (const float zero : q.zeros) {
    hash.add_bits(zero);
  }
  hash.add_bits(q.tensor_scale);
  for (const std::int64_t count : {q.counts.nan, q.counts.inf, q.counts.clipped}) {
    hash.add(static_cast<double>(count));
  }
  for (const float value : dequantize(q)) {
    hash.add_bits(value == value ? value : 0.0F);  // the bits of a computed NaN are not specified
  }
}

// ---- the part that constant expressions share: every format on one short row ----

constexpr std::uint64_t short_hash(precision p, scaling how) {
  const std::vector<float> x = test::draw(40, 21, &generator::bell);
  test::bit_hash hash;
  add(hash, quantize(p, matrix_view<const float>{x.data(), 1, x.size()}, {.scaling = how}));
  return hash.value();
}
template <precision P, scaling How>
constexpr std::uint64_t compiled = short_hash(P, How);  // one constant each: clang counts steps

template <precision... P>
bool compiled_like_run() {
  bool same = true;
  for (const scaling how : {scaling::reciprocal, scaling::division}) {
    ((same = same &&
             short_hash(P, how) == (how == scaling::division ? compiled<P, scaling::division>
                                                             : compiled<P, scaling::reciprocal>)),
     ...);
  }
  return same;
}

// ---- the whole ----

constexpr std::size_t rows = 70;
constexpr std::size_t cols = 1030;  // four parts of rows, whole chunks and a tail

struct digest {
  const std::vector<float>& x;
  test::bit_hash serial{};
  test::bit_hash threaded{};

  void quantized(precision p, const quantize_options& options) {
    const matrix_view<const float> view{x.data(), rows, cols};
    add(serial, quantize(p, view, options));
    add(threaded, quantize(p, view, options, thread_executor{.threads = 3}));
  }
  void figure(double value) {
    serial.add(value);
    threaded.add(value);
  }
};

void add_formats(digest& d) {
  for (const precision_format& f : precision_formats) {
    if (!is_quantizable(f.id)) {
      continue;
    }
    for (const scaling how : {scaling::reciprocal, scaling::division}) {
      d.quantized(f.id, {.scaling = how});
    }
  }
}

void add_options(digest& d) {
  for (const precision p : {precision::fp8_e4m3, precision::int8}) {
    for (const granularity g : {granularity::per_tensor, granularity::per_token,
                                granularity::per_channel, granularity::per_group}) {
      for (const calibration how :
           {calibration::absmax, calibration::percentile, calibration::mse_optimal}) {
        for (const scaling way : {scaling::reciprocal, scaling::division}) {
          d.quantized(p, {.granularity = g,
                          .group_size = 96,
                          .calibration_mode = how,
                          .percentile = 99.0,
                          .scaling = way});
        }
      }
      d.quantized(p, {.granularity = g, .rounding = rounding::stochastic, .seed = 5});
    }
    d.quantized(p, {.calibration_mode = calibration::entropy});
  }
  d.quantized(precision::int8,
              {.granularity = granularity::per_channel, .symmetry = symmetry::asymmetric});
  for (const mx_scale_rule rule :
       {mx_scale_rule::rceil, mx_scale_rule::even, mx_scale_rule::ceil}) {
    d.quantized(precision::mxfp8_e4m3, {.mx_rule = rule});
  }
  for (const nvfp4_rule rule : {nvfp4_rule::torchao, nvfp4_rule::torchao_single_level,
                                nvfp4_rule::modelopt, nvfp4_rule::compressed_tensors}) {
    d.quantized(precision::nvfp4, {.nvfp4 = rule});
  }
  for (const auto kind : {four_over_six::mean_absolute_error, four_over_six::mean_squared_error}) {
    d.quantized(precision::nvfp4, {.four_over_six = kind});
  }
}

void add_statistics(digest& d) {
  for (const double q : {1.0, 50.0, 99.0, 99.9, 100.0}) {
    d.figure(abs_percentile(d.x, q));
  }
  const activation_stats s =
      compute_activation_stats(matrix_view<const float>{d.x.data(), rows, cols});
  for (const double figure : {s.absmax, s.mean, s.std, s.percentile_99, s.percentile_999}) {
    d.figure(figure);
  }
  for (const precision p : {precision::fp8_e4m3, precision::fp4_e2m1, precision::int4}) {
    const mse_clip clip = find_mse_clip(d.x, p);
    d.figure(static_cast<double>(clip.scale));
    d.figure(clip.mse);
    d.figure(clip.absmax_mse);
    d.figure(static_cast<double>(entropy_scale(d.x, p)));
  }
}

}  // namespace

int main() {
  constexpr unsigned long long expected =
      0x76cae0ea41478c50;  // measured: g++ 12.2 and clang 14, -O0 to -O3, x86-64, -v3 and native
  std::vector<float> x = test::draw(rows * cols, 31, &generator::bell);
  x[3 * cols + 5] = 700.0F;                                // an outlier, ...
  x[9 * cols + 1029] = 0x1p-140F;                          // ... a subnormal,
  x[20 * cols + 300] = std::bit_cast<float>(0x7F800000U);  // Inf
  x[40 * cols + 512] = std::bit_cast<float>(0x7FC00001U);  // and NaN
  digest d{.x = x};
  add_formats(d);
  add_options(d);
  add_statistics(d);
  const unsigned long long found = d.serial.value();
  std::printf("%016llx, expected %016llx\n", found, expected);
  if (d.threaded.value() != d.serial.value()) {
    std::puts("three threads find other bits than one");
    return 1;
  }
  if (!compiled_like_run<precision::bf16, precision::fp8_e4m3, precision::fp8_e5m2fnuz,
                         precision::fp6_e3m2, precision::int8_channel, precision::int4_g32,
                         precision::int4_g128_zp16, precision::mxfp8_e4m3, precision::mxint8,
                         precision::nvfp4, precision::gguf_q8_0, precision::gguf_nvfp4>()) {
    std::puts("the compiler finds other bits than the program");
    return 1;
  }
  return found == expected ? 0 : 1;
}

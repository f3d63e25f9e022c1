// SPDX-License-Identifier: Apache-2.0
//
// What must hold for quantize() and dequantize() whatever the numbers: nearest elements, codes that come back, powers of two, better
// scales where they are finer or searched for, the same bits from any number of threads; and the corners a fuzzer found.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "noise.hpp"
#include "quantroof/precision/dequantize.hpp"
#include "quantroof/precision/quantize.hpp"
#include "quantroof/precision/thread_executor.hpp"
#include "test_table.hpp"

namespace quantize_property_test {

namespace {

using namespace quantroof;

constexpr float inf = std::numeric_limits<float>::infinity();

constexpr granularity granularities[] = {granularity::per_tensor, granularity::per_token,
                                         granularity::per_channel, granularity::per_group};

/// One precision for each element that is a number.
constexpr precision elements[] = {
    precision::fp16,         precision::bf16,         precision::fp8_e4m3,      precision::fp8_e5m2,
    precision::fp8_e4m3fnuz, precision::fp8_e5m2fnuz, precision::fp8_e4m3_ieee, precision::fp8_e3m4,
    precision::fp6_e2m3,     precision::fp6_e3m2,     precision::fp4_e2m1,      precision::int8,
    precision::int4};

std::vector<precision> quantizable() {
  std::vector<precision> all;
  for (const precision_format& f : precision_formats) {
    if (is_quantizable(f.id)) {
      all.push_back(f.id);
    }
  }
  return all;
}

matrix_view<const float> view(const std::vector<float>& x, std::size_t rows) {
  return {x.data(), rows, x.size() / rows};
}

/// Code i of a row, out of its packed bytes.
std::uint32_t code_at(const quantized_storage& q, std::size_t i) {
  const auto bits = static_cast<std::size_t>(format_of(q.format).element_bits);
  std::uint32_t window = 0;
  for (std::size_t byte = 0; byte < 3; ++byte) {
    const std::size_t at = i * bits / 8 + byte;
    window |= (at < q.codes.size() ? static_cast<std::uint32_t>(q.codes[at]) : 0U) << (8 * byte);
  }
  return (window >> (i * bits % 8)) & ((1U << bits) - 1U);
}

/// All codes that are numbers and that encoding gives: not -128 and -8, integers are symmetric.
std::vector<std::uint32_t> number_codes(precision p) {
  const precision_format& f = format_of(p);
  std::vector<std::uint32_t> codes;
  for (std::uint32_t c = 0; c < 1U << static_cast<unsigned>(f.element_bits); ++c) {
    const bool lowest = !f.element && c == 1U << static_cast<unsigned>(f.element_bits - 1);
    if (std::isfinite(decode(p, c)) && !lowest) {
      codes.push_back(c);
    }
  }
  return codes;
}

double squared_error(precision p, const std::vector<float>& x, std::size_t rows,
                     const quantize_options& options) {
  const std::vector<float> back = dequantize(quantize(p, view(x, rows), options));
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = static_cast<double>(back[i]) - static_cast<double>(x[i]);
    sum += d * d;
  }
  return sum;
}

template <class Quantize>
bool is_equivariant(const std::vector<float>& x, int exponent, Quantize round_trip) {
  std::vector<float> scaled(x);
  for (float& v : scaled) {
    v = std::ldexp(v, exponent);
  }
  std::vector<float> expected = round_trip(x);
  for (float& v : expected) {
    v = std::ldexp(v, exponent);
  }
  return round_trip(scaled) == expected;
}

}  // namespace

TEST_CASE("each element is the nearest value of its format, ties to the even code") {
  for (const precision p : elements) {
    const std::vector<std::uint32_t> codes = number_codes(p);
    std::vector<double> values;
    for (const std::uint32_t c : codes) {
      values.push_back(static_cast<double>(decode(p, c)));
    }
    // Noise over twelve powers of two, and midpoints with their neighbours, which are where it can go wrong.
    const bool wide = format_of(p).element_bits == 16;
    std::vector<float> x = test::wide_noise(wide ? 100 : 1000, element_max(p) / 4);
    test::generator pick{7};
    for (int i = 0; i < (wide ? 50 : 400); ++i) {
      const std::size_t at = pick.bits() % codes.size();
      const float middle = (decode(p, codes[at]) + decode(p, codes[(at + 1) % codes.size()])) / 2;
      for (const float v : {middle, std::nextafter(middle, inf), std::nextafter(middle, -inf)}) {
        x.push_back(v);
      }
    }
    for (const float scale : {1.0F, 0.37F, 1e-20F}) {
      if (wide && scale != 1.0F) {
        continue;  // has no scale
      }
      std::vector<float> scaled(x);
      for (float& v : scaled) {
        v *= scale;
      }
      quantize_options options{.scaling = scaling::division};
      options.scales = wide ? std::span<const float>{} : std::span<const float>{&scale, 1};
      const quantized_storage q = quantize(p, view(scaled, 1), options);
      const std::vector<float> back = dequantize(q);
      int not_nearest = 0;
      int odd_ties = 0;
      int not_the_value = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto wanted = static_cast<double>(scaled[i] / scale);
        const std::uint32_t code = code_at(q, i);
        const auto value = static_cast<double>(decode(p, code));
        double least = std::numeric_limits<double>::infinity();
        int nearest = 0;
        for (const double v : values) {
          const double distance = std::fabs(v - wanted);
          nearest = distance < least ? 1 : nearest + (distance == least ? 1 : 0);
          least = std::min(least, distance);
        }
        not_nearest += std::fabs(value - wanted) != least ? 1 : 0;
        // Two zeros are as near as each other and no tie.
        odd_ties += nearest == 2 && value != 0.0 && least > 0.0 && code % 2 != 0 ? 1 : 0;
        not_the_value += back[i] != static_cast<float>(value) * scale ? 1 : 0;
      }
      CAPTURE(to_string(p), scale);
      CHECK(not_nearest == 0);
      CHECK(odd_ties == 0);
      CHECK(not_the_value == 0);
    }
  }
}

TEST_CASE("every code that is a number comes back as itself") {
  const float one = 1.0F;
  for (const precision p : elements) {
    const std::vector<std::uint32_t> codes = number_codes(p);
    std::vector<float> x;
    for (const std::uint32_t c : codes) {
      x.push_back(decode(p, c));
    }
    const bool wide = format_of(p).element_bits == 16;
    for (const scaling how : {scaling::reciprocal, scaling::division}) {
      quantize_options options{.scaling = how};
      options.scales = wide ? std::span<const float>{} : std::span<const float>{&one, 1};
      const quantized_storage q = quantize(p, view(x, 1), options);
      int different = 0;
      for (std::size_t i = 0; i < codes.size(); ++i) {
        different += code_at(q, i) != codes[i] ? 1 : 0;
      }
      CAPTURE(to_string(p), to_string(how));
      CHECK(different == 0);
      CHECK(q.counts == quantization_counts{});
      CHECK(dequantize(q) == x);
    }
  }
}

TEST_CASE("powers of two pass through every format") {
  const std::size_t rows = 3;
  const std::vector<float> x = test::noise(rows * 300, 1.0F);
  for (const precision p : quantizable()) {
    // FP16, in the element or the scale, ends at 2^-14; the FP8 scales of GGUF_NVFP4, which has none per tensor, at 2^-6.
    const scale_layout& s = format_of(p).scales;
    const bool half = p == precision::fp16 || s.bits_per_block == 16 || s.bits_per_block == 20 ||
                      p == precision::int4_g128_zp16;
    const bool one_level = p == precision::gguf_nvfp4;
    for (const int exponent : {-60, -3, 1, 4, 60}) {
      if ((half && (exponent < -3 || exponent > 4)) || (one_level && exponent != 1)) {
        continue;
      }
      CAPTURE(to_string(p), exponent);
      for (const granularity g : granularities) {
        for (const scaling how : {scaling::reciprocal, scaling::division}) {
          const auto round_trip = [&](const std::vector<float>& v) {
            return dequantize(
                quantize(p, view(v, rows), {.granularity = g, .group_size = 48, .scaling = how}));
          };
          if (p == precision::fp16) {  // no scale: its small elements lose bits on the way down
            CHECK((exponent < 0 || is_equivariant(x, exponent, round_trip)));
          } else {
            CHECK(is_equivariant(x, exponent, round_trip));
          }
        }
      }
    }
  }
  for (const mx_scale_rule rule :
       {mx_scale_rule::floor, mx_scale_rule::rceil, mx_scale_rule::even, mx_scale_rule::ceil}) {
    for (const int exponent : {-90, -1, 1, 90}) {
      CAPTURE(to_string(rule), exponent);
      CHECK(is_equivariant(x, exponent, [&](const std::vector<float>& v) {
        return dequantize(quantize(precision::mxfp4, view(v, rows), {.mx_rule = rule}));
      }));
    }
  }
  for (const nvfp4_rule rule : {nvfp4_rule::transformer_engine, nvfp4_rule::torchao,
                                nvfp4_rule::modelopt, nvfp4_rule::compressed_tensors}) {
    for (const int exponent : {-30, -1, 1, 30}) {
      CAPTURE(to_string(rule), exponent);
      CHECK(is_equivariant(x, exponent, [&](const std::vector<float>& v) {
        return dequantize(quantize(precision::nvfp4, view(v, rows), {.nvfp4 = rule}));
      }));
    }
  }
  for (const auto kind : {four_over_six::mean_absolute_error, four_over_six::mean_squared_error}) {
    CHECK(is_equivariant(x, 5, [&](const std::vector<float>& v) {
      return dequantize(quantize(precision::nvfp4, view(v, rows), {.four_over_six = kind}));
    }));
  }
}

TEST_CASE("a scale per token is no worse than one per tensor") {
  const std::size_t rows = 16;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    std::vector<float> x = test::noise(rows * 512, 1.0F, seed);
    for (std::size_t c = 0; c < 512; ++c) {
      x[5 * 512 + c] *= 1e5F;  // one token of outliers: for the others E4M3 is left with subnormals
    }
    for (const precision p : {precision::int8, precision::fp8_e4m3}) {
      CAPTURE(to_string(p), seed);
      const double token = squared_error(
          p, x, rows, {.granularity = granularity::per_token, .scaling = scaling::division});
      const double tensor = squared_error(p, x, rows, {.scaling = scaling::division});
      CHECK(token <= tensor);
      CHECK(token > 0);
      // Without the outliers themselves, which have the same scale either way, it is another world.
      const auto others = [&](granularity g) {
        const std::vector<float> back = dequantize(quantize(p, view(x, rows), {.granularity = g}));
        double sum = 0;
        for (std::size_t i = 0; i < 5 * 512; ++i) {
          const double d = static_cast<double>(back[i]) - static_cast<double>(x[i]);
          sum += d * d;
        }
        return sum;
      };
      CHECK(10 * others(granularity::per_token) < others(granularity::per_tensor));
    }
  }
}

TEST_CASE("the MSE clip is no worse than absmax when it is used") {
  const std::size_t rows = 4;
  std::vector<float> tails = test::noise(rows * 640, 1.0F, 5);
  for (float& v : tails) {
    v = v * v * v;
  }
  std::vector<float> outlier = test::noise(rows * 640, 1.0F, 6);
  outlier[77] = 60.0F;
  double won = 0;
  for (const std::vector<float>& x :
       {test::noise(rows * 640, 1.0F), tails, outlier, test::wide_noise(rows * 640, 1e-20F)}) {
    for (const precision p : elements) {
      if (format_of(p).element_bits == 16) {
        continue;
      }
      for (const granularity g : granularities) {
        const auto error = [&](calibration how) {
          return squared_error(p, x, rows,
                               {.granularity = g,
                                .group_size = 128,
                                .calibration_mode = how,
                                .scaling = scaling::division});
        };
        const double best = error(calibration::mse_optimal);
        const double absmax = error(calibration::absmax);
        CAPTURE(to_string(p), to_string(g), best, absmax);
        // The search adds up in float within 1024 values: its sums are good to 1e-7 (clip_scale.hpp).
        CHECK(best <= absmax * (1 + 1e-6));
        won += best < 0.8 * absmax ? 1 : 0;
      }
    }
  }
  CHECK(won >= 20);  // and it does find better ones
}

TEST_CASE("any number of threads gives the same bits") {
  const std::size_t rows = 300;  // five parts of 256 KiB
  std::vector<float> x = test::noise(rows * 1030, 1.0F);
  x[1030 * 77 + 3] = inf;
  x[1030 * 200 + 1029] = std::numeric_limits<float>::quiet_NaN();
  struct run {
    precision p;
    quantize_options options;
  };
  std::vector<run> runs;
  for (const granularity g : granularities) {
    for (const precision p : {precision::int8, precision::fp8_e4m3, precision::fp6_e2m3}) {
      runs.push_back({p, {.granularity = g, .group_size = 96}});
    }
    runs.push_back(
        {precision::int8, {.granularity = g, .group_size = 96, .symmetry = symmetry::asymmetric}});
    runs.push_back(
        {precision::int8,
         {.granularity = g, .group_size = 96, .calibration_mode = calibration::percentile}});
    runs.push_back(
        {precision::fp8_e4m3, {.granularity = g, .rounding = rounding::stochastic, .seed = 12}});
  }
  for (const precision p :
       {precision::fp8_e4m3_block128, precision::int8_channel, precision::bf16, precision::mxfp4,
        precision::nvfp4, precision::int4_g128_zp16, precision::gguf_q8_0, precision::gguf_nvfp4}) {
    runs.push_back({p, {}});
  }
  for (const precision p : {precision::nvfp4, precision::mxfp4, precision::int4_g64}) {
    runs.push_back({p, {.rounding = rounding::stochastic, .seed = 3}});
  }
  for (const run& r : runs) {
    const quantized_storage serial = quantize(r.p, view(x, rows), r.options);
    const std::vector<float> back = dequantize(serial);
    CHECK(serial.counts.nan == 1);
    CHECK(serial.counts.inf == 1);
    for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
      CAPTURE(to_string(r.p), to_string(r.options.granularity), threads);
      const thread_executor executor{.threads = threads};
      CHECK(quantize(r.p, view(x, rows), r.options, executor) == serial);
      const std::vector<float> threaded = dequantize(serial, executor);
      int different = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        different +=
            std::bit_cast<std::uint32_t>(threaded[i]) != std::bit_cast<std::uint32_t>(back[i]) ? 1
                                                                                               : 0;
      }
      CHECK(different == 0);
    }
  }
}

TEST_CASE("short rows that lie side by side give what rows apart do") {
  constexpr std::size_t rows = 77;
  constexpr std::size_t between = 3;
  std::vector<quantize_options> variants{{.seed = 5},
                                         {.rounding = rounding::stochastic, .seed = 5}};
  for (const granularity g : granularities) {
    variants.push_back({.granularity = g, .group_size = 32});
  }
  variants.push_back({.granularity = granularity::per_group, .group_size = 24});
  variants.push_back({.four_over_six = four_over_six::mean_squared_error});
  for (const std::size_t cols : {3U, 8U, 16U, 40U, 64U, 96U, 128U, 272U}) {
    std::vector<float> x = test::noise(rows * cols, 1.0F);
    x[7 * cols + 1] = inf;
    x[30 * cols + 2] = std::numeric_limits<float>::quiet_NaN();
    x[31 * cols] = 1e30F;
    std::vector<float> apart(rows * (cols + between), inf);
    for (std::size_t r = 0; r < rows; ++r) {
      std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(r * cols), cols,
                  apart.begin() + static_cast<std::ptrdiff_t>(r * (cols + between)));
    }
    const matrix_view<const float> spread{apart.data(), rows, cols, cols + between};
    for (const precision p : quantizable()) {
      for (const quantize_options& options : variants) {
        const bool by_blocks = format_of(p).scales.whole_blocks || p == precision::int4_g128_zp4 ||
                               p == precision::int4_g128_zp16;
        if (by_blocks && options.rounding != rounding::nearest_even) {
          continue;  // these round to nearest only
        }
        CAPTURE(to_string(p), to_string(options.granularity), cols);
        const quantized_storage q = quantize(p, view(x, rows), options);
        CHECK(q == quantize(p, spread, options));
        const std::vector<float> back = dequantize(q);
        std::vector<float> back_apart(apart.size(), 0.0F);
        dequantize_into(q, matrix_view<float>{back_apart.data(), rows, cols, cols + between});
        int different = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          const float other = back_apart[i / cols * (cols + between) + i % cols];
          different +=
              std::bit_cast<std::uint32_t>(back[i]) != std::bit_cast<std::uint32_t>(other) ? 1 : 0;
        }
        CHECK(different == 0);
      }
    }
  }
}

// ---- corners that a fuzzer found; the constant expressions fail to compile where the arithmetic is undefined ----

namespace {

struct corner {
  granularity g;
  std::size_t group_size;
  std::size_t rows;
  std::size_t cols;
};
// One column, one row, groups of one: cells of one column that are not columns.
constexpr corner corners[] = {
    {granularity::per_token, 1, 4, 1},   {granularity::per_channel, 1, 1, 4},
    {granularity::per_group, 1, 2, 2},   {granularity::per_token, 1, 1, 1},
    {granularity::per_channel, 1, 1, 1}, {granularity::per_group, 5, 4, 1}};
constexpr bool every_value_is_its_scale(const corner& c) {
  constexpr std::array<float, 4> x{1.0F, -20.0F, 300.0F, -4000.0F};
  const std::size_t count = c.rows * c.cols;
  for (const calibration how : {calibration::absmax, calibration::percentile}) {
    for (const scaling way : {scaling::reciprocal, scaling::division}) {
      const quantized_storage q =
          quantize(precision::int8, matrix_view<const float>{x.data(), c.rows, c.cols},
                   {.granularity = c.g,
                    .group_size = c.group_size,
                    .calibration_mode = how,
                    .scaling = way});
      if (q.scales.size() != count) {
        return false;
      }
      const std::vector<float> back = dequantize(q);
      for (std::size_t i = 0; i < count; ++i) {
        const float magnitude = x[i] < 0 ? -x[i] : x[i];
        if (q.scales[i] != magnitude / 127.0F || q.codes[i] != (x[i] < 0 ? 0x81 : 0x7F) ||
            detail::abs(back[i] - x[i]) > magnitude * 1e-6F) {
          return false;
        }
      }
    }
  }
  return true;
}
static_assert(every_value_is_its_scale(corners[0]));  // one by one: clang counts the steps of each
static_assert(every_value_is_its_scale(corners[1]));
static_assert(every_value_is_its_scale(corners[2]));

// NaN with all bits set beside a number, under every rule: the sums that round the exponent pass 2^31.
constexpr mx_scale_rule mx_rules[] = {mx_scale_rule::floor, mx_scale_rule::rceil,
                                      mx_scale_rule::even, mx_scale_rule::ceil};
constexpr bool nan_spoils_its_block(mx_scale_rule rule) {
  const std::array<float, 2> x{std::bit_cast<float>(0x7FFFFFFFU), 1.0F};
  const quantized_storage q =
      quantize(precision::mxfp8_e4m3, matrix_view<const float>{x.data(), 1, 2}, {.mx_rule = rule});
  return q.scale_codes[0] == 0xFF && q.counts.nan == 1;
}
// At run time: clang has no NaN from arithmetic in constant expressions, but sums it has.
static_assert(detail::mx_code<mx_scale_rule::ceil>(detail::make_mx_rule(precision::mxfp4,
                                                                        mx_scale_rule::ceil),
                                                   0x7FFFFFFF) == 0xFF);
static_assert(detail::mx_code<mx_scale_rule::even>(detail::make_mx_rule(precision::mxfp4,
                                                                        mx_scale_rule::even),
                                                   0x7FFFFFFF) == 0xFF);

// What fills up the last chunk is not divided by the scale of a group that does not exist.
constexpr std::size_t group_sizes[] = {3, 36, 45};
constexpr bool nothing_is_clipped(std::size_t group_size) {
  std::array<float, 46> x{};
  x[1] = 1.0F;
  return quantize(precision::int8, matrix_view<const float>{x.data(), 1, x.size()},
                  {.granularity = granularity::per_group,
                   .group_size = group_size,
                   .scaling = scaling::division})
             .counts == quantization_counts{};
}
static_assert(test::first_failure(group_sizes, nothing_is_clipped) == -1);

}  // namespace

TEST_CASE("cells of one column that are not columns have scales of their own") {
  for (const corner& c : test::at_run_time(corners)) {
    CAPTURE(to_string(c.g), c.rows, c.cols);
    CHECK(every_value_is_its_scale(c));
  }
}

TEST_CASE("a long row has the codes, scales and counts of its parts") {
  constexpr std::size_t part = 128;  // a multiple of every block
  constexpr std::size_t cols = 17 * part + 45;
  std::vector<float> x = test::draw(cols, 77, &test::generator::bell);
  for (const auto& [column, value] : {std::pair{3, inf},
                                      {300, std::numeric_limits<float>::quiet_NaN()},
                                      {511, 3e38F},
                                      {1024, -inf},
                                      {1500, 1e5F},
                                      {2047, 1e-42F},
                                      {2210, -inf}}) {
    x[static_cast<std::size_t>(column)] = value;
  }
  std::fill(x.begin() + 640, x.begin() + 900, 0.0F);
  std::fill(x.begin() + 1600, x.begin() + 1728, 1e-9F);  // below what a scale in FP16 holds
  std::vector<quantize_options> variants{{}};
  variants.push_back({.scaling = scaling::division});
  for (const nvfp4_rule rule :
       {nvfp4_rule::torchao, nvfp4_rule::modelopt, nvfp4_rule::compressed_tensors}) {
    variants.push_back({.nvfp4 = rule});
  }
  variants.push_back({.four_over_six = four_over_six::mean_squared_error});
  for (const mx_scale_rule rule : {mx_scale_rule::rceil, mx_scale_rule::even}) {
    variants.push_back({.mx_rule = rule});
  }
  for (const precision p : {precision::mxfp8_e4m3, precision::mxfp6_e2m3, precision::mxfp4,
                            precision::mxint8, precision::nvfp4, precision::int8_g32,
                            precision::int4_g128, precision::int4_g64, precision::int4_g32}) {
    for (quantize_options options : variants) {
      options.tensor_absmax = 1e5F;
      const quantized_storage whole = quantize(p, view(x, 1), options);
      std::vector<std::uint8_t> codes;
      std::vector<std::uint8_t> scale_codes;
      std::vector<float> scales;
      quantization_counts counts;
      for (std::size_t first = 0; first < cols; first += part) {
        const std::size_t size = std::min(part, cols - first);
        const quantized_storage q =
            quantize(p, matrix_view<const float>{x.data() + first, 1, size}, options);
        codes.insert(codes.end(), q.codes.begin(), q.codes.end());
        scale_codes.insert(scale_codes.end(), q.scale_codes.begin(), q.scale_codes.end());
        scales.insert(scales.end(), q.scales.begin(), q.scales.end());
        counts.add(q.counts);
      }
      CAPTURE(to_string(p));
      CHECK(whole.codes == codes);
      CHECK(whole.scale_codes == scale_codes);
      CHECK(whole.scales == scales);
      CHECK(whole.counts.nan == counts.nan);
      CHECK(whole.counts.inf == counts.inf);
      CHECK(whole.counts.clipped == counts.clipped);
    }
  }
}

TEST_CASE("a NaN of any bits spoils its block under every MX rule") {
  for (const mx_scale_rule rule : test::at_run_time(mx_rules)) {
    CAPTURE(to_string(rule));
    CHECK(nan_spoils_its_block(rule));
  }
}

TEST_CASE("what fills up a chunk is not counted") {
  for (const std::size_t size : test::at_run_time(group_sizes)) {
    CAPTURE(size);
    CHECK(nothing_is_clipped(size));
  }
}

TEST_CASE("MXINT8 reads large blocks as they are") {
  // 72 * 2^125 is beyond float, 72 / 64 * 2^125 is not.
  const std::vector<float> x{0x1.2p125F, -0x1.2p125F, 0x1p120F};
  CHECK(dequantize(quantize(precision::mxint8, view(x, 1))) == x);
}

TEST_CASE("values far beyond the scale saturate in every rounding") {
  const std::vector<float> x{
      3e38F, -3e38F};  // x / scale is beyond float; FNUZ has one code for Inf and NaN
  const float scale = 1e-15F;
  for (const precision p : elements) {
    if (format_of(p).element_bits == 16) {
      continue;
    }
    for (const rounding mode :
         {rounding::nearest_even, rounding::toward_zero, rounding::stochastic}) {
      for (const scaling how : {scaling::reciprocal, scaling::division}) {
        CAPTURE(to_string(p), to_string(mode), to_string(how));
        const quantized_storage q = quantize(
            p, view(x, 1),
            {.scaling = how, .rounding = mode, .scales = std::span<const float>{&scale, 1}});
        CHECK(dequantize(q) == std::vector<float>{element_max(p) * scale, -element_max(p) * scale});
        CHECK(q.counts.clipped == 2);
      }
    }
  }
}

TEST_CASE("sizes, null views and values that are no enumerators are refused by name") {
  const std::vector<float> x(512, 1.0F);
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  REQUIRE_THROWS_WITH((matrix_view<const float>{nullptr, 1, 1}),
                      test::contains("matrix_view: the data pointer is null"));
  REQUIRE_THROWS_WITH((matrix_view<const float>{x.data(), huge / 8, 4}),
                      test::contains("matrix_view: rows * stride does not fit size_t"));
  REQUIRE_THROWS_WITH((matrix_view<const float>{x.data(), 2, huge / 4}),
                      test::contains("matrix_view: rows * stride does not fit size_t"));
  REQUIRE_THROWS_WITH((matrix_view<const float>{x.data(), 2, 4, 3}),
                      test::contains("matrix_view: the row stride must be at least"));
  for (const precision p : quantizable()) {
    CAPTURE(to_string(p));
    REQUIRE_THROWS_WITH(quantize(p, matrix_view<const float>{x.data(), 3, 0}),
                        test::contains("quantize: the matrix must not be empty"));
    REQUIRE_THROWS_WITH(quantize(p, matrix_view<const float>{nullptr, 0, 3}),
                        test::contains("quantize: the matrix must not be empty"));
  }
  const float tiny = 0x1p-130F;  // its reciprocal is beyond float, and 0 times that is no number
  REQUIRE_THROWS_WITH(
      quantize(precision::int8, view(x, 2), {.scales = std::span<const float>{&tiny, 1}}),
      test::contains("quantize: scales must be positive and finite, and normal numbers"));
  const auto out_of_range = [](auto value) { return static_cast<decltype(value)>(200); };
  quantize_options options[8];
  options[0].granularity = out_of_range(granularity{});
  options[1].calibration_mode = out_of_range(calibration{});
  options[2].symmetry = out_of_range(symmetry{});
  options[3].scaling = out_of_range(scaling{});
  options[4].rounding = out_of_range(rounding{});
  options[5].mx_rule = out_of_range(mx_scale_rule{});
  options[6].nvfp4 = out_of_range(nvfp4_rule{});
  options[7].four_over_six = out_of_range(four_over_six{});
  for (const quantize_options& o : options) {
    REQUIRE_THROWS_WITH(quantize(precision::int8, view(x, 2), o),
                        test::contains("quantize: every option must be one of its enumerators"));
  }
  REQUIRE_THROWS_WITH(quantize(out_of_range(precision{}), view(x, 2)),
                      test::contains("format_of: the value is not a precision"));
  // Storage as a file could claim it: blocks of another size, so that scales would be read beyond the last; more than memory holds.
  for (const precision p : {precision::mxfp4, precision::nvfp4, precision::gguf_q8_0,
                            precision::int4_g32, precision::fp8_e4m3_channel}) {
    CAPTURE(to_string(p));
    quantized_storage q = quantize(p, view(x, 1));
    q.grid = {.block_rows = 1, .block_cols = 511, .rows = 1, .cols = 2};
    q.scales.resize(q.scales.empty() ? 0 : 2);
    q.scale_codes.resize(q.scale_codes.empty() ? 0 : 2);
    REQUIRE_THROWS_WITH(
        dequantize(q), test::contains("dequantize: the grid of scales must be that of the format"));
  }
  quantized_storage q{.format = precision::fp16, .rows = 1, .cols = huge / 16 + 1};
  REQUIRE_THROWS_WITH(dequantize(q),
                      test::contains("dequantize: the size of the codes does not fit size_t"));
}

}  // namespace quantize_property_test

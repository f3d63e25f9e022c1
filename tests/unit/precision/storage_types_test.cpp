// SPDX-License-Identifier: Apache-2.0
//
// FP16 and BF16 in memory: all 65,536 codes of both, against the codec and back. All floats: golden_codec_test.cpp.
#include "quantroof/precision/storage_types.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "catch.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "test_table.hpp"

namespace storage_types_test {

namespace {

using namespace quantroof;

static_assert(sizeof(float16_t) == 2 && sizeof(bfloat16_t) == 2);
static_assert(std::is_aggregate_v<float16_t> && std::is_trivial_v<float16_t> &&
              std::is_aggregate_v<bfloat16_t> && std::is_trivial_v<bfloat16_t>);
static_assert(StoredFloat<float> && StoredFloat<const float16_t> && StoredFloat<bfloat16_t> &&
              !StoredFloat<double> && !StoredFloat<std::uint16_t>);
static_assert(float16_t{0x7E00} == float16_t{0x7E00} && !(float16_t{0} == float16_t{0x8000}));

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct row {
  float value;
  std::uint16_t half;
  std::uint16_t bfloat;
};
// IEEE 754 binary16 and the upper half of binary32; NaN as CUDA 13.0 __float2half_rn and __float2bfloat16_rn.
constexpr row rows[] = {
    {0.0F, 0x0000, 0x0000},
    {-0.0F, 0x8000, 0x8000},
    {1.0F, 0x3C00, 0x3F80},
    {-2.0F, 0xC000, 0xC000},
    {65504.0F, 0x7BFF, 0x4780},      // BF16: 0x1.FFCp15 is nearer to 2^16
    {65519.996F, 0x7BFF, 0x4780},    // just below the midpoint to 2^16
    {65520.0F, 0x7C00, 0x4780},      // the midpoint: to Inf, the even code
    {0x1p-14F, 0x0400, 0x3880},      // smallest normal half
    {0x1.FF8p-15F, 0x03FF, 0x3880},  // largest subnormal half
    {0x1.FFCp-15F, 0x0400, 0x3880},  // halfway from there to 2^-14: even
    {0x1p-24F, 0x0001, 0x3380},      // smallest half
    {0x1p-25F, 0x0000, 0x3300},      // half of it: even
    {0x1.000002p-25F, 0x0001, 0x3300},
    {0x1p-133F, 0x0000, 0x0001},       // smallest BF16, a subnormal float
    {0x1p-134F, 0x0000, 0x0000},       // half of it: even
    {0x1.8p-133F, 0x0000, 0x0002},     // 1.5 of it: even
    {1.0F + 0x1p-8F, 0x3C04, 0x3F80},  // BF16 tie to even
    {1.0F + 0x3p-8F, 0x3C0C, 0x3F82},
    {0x1.FEp127F, 0x7C00, 0x7F7F},  // largest BF16
    {0x1.FFp127F, 0x7C00, 0x7F80},  // the midpoint beyond it: to Inf
    {-0x1.FEFFFEp127F, 0xFC00, 0xFF7F},
    {inf, 0x7C00, 0x7F80},
    {-inf, 0xFC00, 0xFF80},
    {not_a_number, 0x7FFF, 0x7FFF},
    {-not_a_number, 0x7FFF, 0x7FFF},
};
constexpr auto converts = [](const row& r) {
  return from_float<float16_t>(r.value) == float16_t{r.half} &&
         from_float<bfloat16_t>(r.value) == bfloat16_t{r.bfloat};
};
static_assert(test::first_failure(rows, converts) == -1);

constexpr bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// The value of the codec, and back: to the code itself, or for NaN to 7FFF.
template <class T>
constexpr bool returns(const float_format& f, std::uint32_t code) {
  const T stored{static_cast<std::uint16_t>(code)};
  const float value = to_float(stored);
  const T back = from_float<T>(value);
  return same_bits(value, decode(f, code)) && back == (detail::is_nan(value) ? T{0x7FFF} : stored);
}
template <class T>
constexpr bool codes_return(const float_format& f, std::uint32_t first, std::uint32_t last,
                            std::uint32_t stride) {
  for (std::uint32_t code = first; code <= last; code += stride) {
    if (!returns<T>(f, code)) {
      return false;
    }
  }
  return true;
}
// At compile time around 0, the subnormal numbers, Inf and NaN, and every 251st code (a prime); all of them at run time.
static_assert(codes_return<float16_t>(float16, 0, 0xFFFF, 251) &&
              codes_return<bfloat16_t>(bfloat16, 0, 0xFFFF, 251));
static_assert(codes_return<float16_t>(float16, 0x03F0, 0x0410, 1) &&
              codes_return<float16_t>(float16, 0x7BF0, 0x7C10, 1) &&
              codes_return<float16_t>(float16, 0xFBF0, 0xFC10, 1));
static_assert(codes_return<bfloat16_t>(bfloat16, 0x0070, 0x0090, 1) &&
              codes_return<bfloat16_t>(bfloat16, 0x7F70, 0x7F90, 1) &&
              codes_return<bfloat16_t>(bfloat16, 0xFF70, 0xFF90, 1));

template <StoredFloat T>
constexpr float sum(matrix_view<const T> m) {
  float total = 0.0F;
  for (std::size_t r = 0; r < m.rows(); ++r) {
    for (const T& x : m.row(r)) {
      total += to_float(x);
    }
  }
  return total;
}
constexpr std::array<float16_t, 4> halves{{{0x3C00}, {0x4000}, {0x4200}, {0x7E00}}};  // 1 2 3 NaN
constexpr std::array<bfloat16_t, 4> brains{{{0x3F80}, {0x4000}, {0x4040}, {0x7FC0}}};
constexpr std::array<float, 4> floats{1.0F, 2.0F, 3.0F, not_a_number};
static_assert(sum(matrix_view<const float16_t>(halves.data(), 1, 3)) == 6.0F &&
              sum(matrix_view<const bfloat16_t>(brains.data(), 1, 3)) == 6.0F &&
              sum(matrix_view<const float>(floats.data(), 1, 3)) == 6.0F);
static_assert(sum(matrix_view<const float16_t>(halves.data(), 2, 1, 2)) == 4.0F,
              "rows two elements apart");

}  // namespace

TEST_CASE("floats become the nearest stored value") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.value, r.half, r.bfloat);
    CHECK(converts(r));
  }
}

TEST_CASE("all 65,536 codes have the codec's value and return") {
  std::uint32_t wrong_half = 0;
  std::uint32_t wrong_bfloat = 0;
  for (std::uint32_t code = 0; code <= 0xFFFF; ++code) {
    wrong_half += returns<float16_t>(float16, code) ? 0U : 1U;
    wrong_bfloat += returns<bfloat16_t>(bfloat16, code) ? 0U : 1U;
  }
  CHECK(wrong_half == 0);
  CHECK(wrong_bfloat == 0);
}

TEST_CASE("a float is stored as itself") {
  const float x = test::at_run_time_value(-0.0F);
  CHECK(same_bits(to_float(x), x));
  CHECK(same_bits(from_float<float>(x), x));
}

}  // namespace storage_types_test

// SPDX-License-Identifier: Apache-2.0
//
// The codec against a slow reference, and the reference against the run lists that CUDA's and ml_dtypes' own code gave for all 2^32
// floats: by their hashes always, entry by entry where the data are at hand. All 2^32 floats: run with "[.exhaustive]", built with -O2 or more.
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "codec_rows.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/storage_types.hpp"
#include "reference_codec.hpp"
#include "test_table.hpp"

namespace golden_codec_test {

namespace {

using namespace quantroof;
using test::reference_codec;
using test::round_to;
using enum rounding;
using enum overflow;

constexpr std::uint64_t sampled = 65521;  // a prime, so that all exponents and mantissas are met
constexpr std::uint64_t all = 1;

reference_codec reference(const test::conversion& c) {
  return {test::counted_values(c.format), test::sign_as::top_bit, bits_of(c.format), c.codes};
}
reference_codec e8m0_reference(overflow policy) {
  const std::uint32_t top = policy == saturate ? 0xFE : 0xFF;
  return {test::counted_powers(),
          test::sign_as::nothing,
          8,
          {{0xFF, 0xFF}, {top, top}, {top, top}, 0, 0}};
}
reference_codec integer_reference(precision p) {
  const int bits = format_of(p).element_bits;
  const std::uint32_t most = (1U << static_cast<unsigned>(bits - 1)) - 1;
  return {test::counted_integers(bits),
          test::sign_as::twos_complement,
          bits,
          {{0, 0}, {most, most + 2}, {most, most + 2}, 0, 0}};
}

// Data that come with the project's measurements, not with its sources; tests that need them pass without.
std::string golden(const std::string& name) {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  return std::string{data != nullptr ? data : "../shared/data"} + "/golden/" + name;
}

using run_lists = std::map<std::string, std::vector<test::run>>;

/// Lines "name,first input,code", the last two in hexadecimal, after a heading.
run_lists read_lists(std::istream& file) {
  run_lists lists;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto a = line.find(',');
    const auto b = line.find(',', a + 1);
    lists[line.substr(0, a)].push_back(
        {static_cast<std::uint32_t>(std::stoul(line.substr(a + 1, b - a - 1), nullptr, 16)),
         static_cast<std::uint32_t>(std::stoul(line.substr(b + 1), nullptr, 16))});
  }
  return lists;
}

/// Records of 6 bytes, low byte first: first input of the run, its code.
std::vector<test::run> read_records(std::istream& file) {
  std::vector<test::run> list;
  for (std::array<char, 6> record{}; file.read(record.data(), 6);) {
    const auto byte = [&record](std::size_t i) {
      return std::uint32_t{static_cast<unsigned char>(record[i])};
    };
    list.push_back(
        {byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U, byte(4) | byte(5) << 8U});
  }
  return list;
}

run_lists golden_lists() {
  run_lists lists;
  if (std::ifstream file(golden("golden_small_formats.csv")); file) {
    lists = read_lists(file);
  } else {
    WARN("golden_small_formats.csv is not at hand");
  }
  for (const char* name : {"enc_cuda_half_rn.bin", "enc_cuda_bf16_rn.bin"}) {
    if (std::ifstream file(golden(name), std::ios::binary); file) {
      lists[name] = read_records(file);
    } else {
      WARN(name << " is not at hand");
    }
  }
  return lists;
}

// Run lists beside those of the conversions to nearest even.
struct other_list {
  const char* name;
  std::uint64_t hash;
  reference_codec codec;
  round_to mode;
};
std::vector<other_list> other_lists() {
  const auto cuda = [](const float_format& f) {
    for (const test::conversion& c : test::conversions) {
      if (c.format == f && c.rule == special_rule::cuda && c.policy == saturate) {
        return reference(c);
      }
    }
    throw domain_error("no such conversion");
  };
  return {
      {"cuda_e2m1_rz", 0x442928A457B8370E, cuda(float4_e2m1fn), round_to::zero},
      {"cuda_e2m3_rz", 0xA37B8DE31B5A382E, cuda(float6_e2m3fn), round_to::zero},
      {"cuda_e3m2_rz", 0xC22C8A9F14A35686, cuda(float6_e3m2fn), round_to::zero},
      {"cuda_e8m0_rz_sat", 0x6EF1030BC5119B25, e8m0_reference(saturate), round_to::zero},
      {"cuda_e8m0_rz_nosat", 0x876677FE64545925, e8m0_reference(to_special), round_to::zero},
      {"cuda_e8m0_rp_sat", 0xFD863AE15153EC25, e8m0_reference(saturate), round_to::infinity},
  };
}

/// The whole of the codec against the reference.
void check_conversions(std::uint64_t stride) {
  for (const test::conversion& c : test::conversions) {
    const reference_codec slow = reference(c);
    for (const rounding mode : {nearest_even, toward_zero}) {
      CAPTURE(c.name, to_string(mode));
      const auto list = slow.runs(mode == nearest_even ? round_to::nearest : round_to::zero);
      CHECK(test::disagreements(list, stride, [&c, mode](float x) {
              return encode(c.format, x, mode, c.policy, c.rule);
            }) == 0);
    }
  }
}

/// P as a constant.
template <precision P>
void check_constant(std::uint64_t stride) {
  CAPTURE(to_string(P));
  for (const test::conversion& c : test::conversions) {
    if (format_of(P).element == c.format && c.rule == special_rule::cuda) {
      const reference_codec slow = reference(c);
      const overflow policy = c.policy;
      CHECK(test::disagreements(slow.runs(), stride, [policy](float x) {
              return encode<P>(x, nearest_even, policy);
            }) == 0);
      if (policy == saturate) {  // toward zero only Inf overflows
        CHECK(test::disagreements(slow.runs(round_to::zero), stride,
                                  [](float x) { return encode<P>(x, toward_zero); }) == 0);
      }
    }
  }
}
void check_constants(std::uint64_t stride) {
  check_constant<precision::fp8_e4m3>(stride);
  check_constant<precision::fp8_e5m2>(stride);
  check_constant<precision::fp8_e4m3fnuz>(stride);
  check_constant<precision::fp8_e5m2fnuz>(stride);
  check_constant<precision::fp8_e4m3_ieee>(stride);
  check_constant<precision::fp8_e3m4>(stride);
  check_constant<precision::fp6_e2m3>(stride);
  check_constant<precision::fp6_e3m2>(stride);
  check_constant<precision::fp4_e2m1>(stride);
  check_constant<precision::fp16>(stride);
  check_constant<precision::bf16>(stride);
}

template <precision P>
void check_integer(std::uint64_t stride) {
  CAPTURE(to_string(P));
  const reference_codec slow = integer_reference(P);
  CHECK(test::disagreements(slow.runs(), stride, [](float x) { return encode<P>(x); }) == 0);
  CHECK(test::disagreements(slow.runs(round_to::zero), stride,
                            [](float x) { return encode<P>(x, toward_zero); }) == 0);
}

void check_integers_and_scales(std::uint64_t stride) {
  check_integer<precision::int8>(stride);
  check_integer<precision::int4>(stride);
  check_integer<precision::gguf_q6_k>(stride);
  for (const overflow policy : {saturate, to_special}) {
    CAPTURE(to_string(policy));
    const auto list = e8m0_reference(policy).runs(round_to::zero);
    for (const rounding mode : {nearest_even, toward_zero}) {
      CHECK(test::disagreements(list, stride, [mode, policy](float x) {
              return encode<precision::e8m0>(x, mode, policy);
            }) == 0);
    }
  }
  CHECK(test::disagreements(e8m0_reference(saturate).runs(round_to::infinity), stride,
                            [](float x) { return encode_e8m0_up(x); }) == 0);
}

void check_storage_types(std::uint64_t stride) {
  for (const test::conversion& c : test::conversions) {
    if (c.name == "FP16 cuda") {
      CHECK(test::disagreements(reference(c).runs(), stride,
                                [](float x) { return from_float<float16_t>(x).bits; }) == 0);
    }
    if (c.name == "BF16 cuda") {
      CHECK(test::disagreements(reference(c).runs(), stride,
                                [](float x) { return from_float<bfloat16_t>(x).bits; }) == 0);
    }
  }
}

}  // namespace

TEST_CASE("the reference gives the run lists of CUDA and ml_dtypes") {
  run_lists lists = golden_lists();
  int compared = 0;
  const auto check = [&lists, &compared](const std::string& name, std::uint64_t hash,
                                         const std::vector<test::run>& ours) {
    CAPTURE(name);
    CHECK(test::run_hash(ours) == hash);
    if (lists.count(name) != 0) {
      CHECK(lists[name] == ours);
    }
    ++compared;
  };
  for (const test::conversion& c : test::conversions) {
    if (!c.golden.empty()) {
      check(std::string{c.golden}, c.golden_hash, reference(c).runs());
    }
  }
  for (const other_list& o : other_lists()) {
    check(o.name, o.hash, o.codec.runs(o.mode));
  }
  CHECK(compared == 35);
}

TEST_CASE("the codec agrees with the reference") { check_conversions(sampled); }
TEST_CASE("the codec of a constant precision agrees with the reference") {
  check_constants(sampled);
}
TEST_CASE("integers and E8M0 agree with the reference") { check_integers_and_scales(sampled); }
TEST_CASE("float16_t and bfloat16_t agree with the reference") { check_storage_types(sampled); }

TEST_CASE("all 2^32 floats: E4M3 and E5M2", "[.exhaustive]") {
  check_constant<precision::fp8_e4m3>(all);
  check_constant<precision::fp8_e5m2>(all);
}
TEST_CASE("all 2^32 floats: FNUZ", "[.exhaustive]") {
  check_constant<precision::fp8_e4m3fnuz>(all);
  check_constant<precision::fp8_e5m2fnuz>(all);
}
TEST_CASE("all 2^32 floats: IEEE-like E4M3 and E3M4", "[.exhaustive]") {
  check_constant<precision::fp8_e4m3_ieee>(all);
  check_constant<precision::fp8_e3m4>(all);
}
TEST_CASE("all 2^32 floats: FP6 and FP4", "[.exhaustive]") {
  check_constant<precision::fp6_e2m3>(all);
  check_constant<precision::fp6_e3m2>(all);
  check_constant<precision::fp4_e2m1>(all);
}
TEST_CASE("all 2^32 floats: FP16 and BF16", "[.exhaustive]") {
  check_constant<precision::fp16>(all);
  check_constant<precision::bf16>(all);
}
TEST_CASE("all 2^32 floats: integers and E8M0", "[.exhaustive]") { check_integers_and_scales(all); }
TEST_CASE("all 2^32 floats: float16_t and bfloat16_t", "[.exhaustive]") {
  check_storage_types(all);
}

TEST_CASE("E8M0 as ml_dtypes rounds it") {
  const run_lists lists = golden_lists();
  const auto differences = [&lists](const char* name, rounding mode, overflow policy) {
    const auto list = lists.find(name);
    return list == lists.end()
               ? 0
               : test::disagreements(list->second, sampled, [mode, policy](float x) {
                   return encode(float8_e8m0fnu, x, mode, policy, special_rule::ml_dtypes);
                 });
  };
  CHECK(differences("ml_e8m0", nearest_even, to_special) == 0);
  CHECK(differences("ml_e8m0_sat", nearest_even, saturate) == 0);
  CHECK(differences("ml_e8m0_trunc_sat", toward_zero, saturate) == 0);
}

TEST_CASE("decoding agrees with CUDA and ml_dtypes") {
  const std::map<std::string, float_format> names = {{"e4m3", float8_e4m3fn},
                                                     {"e5m2", float8_e5m2},
                                                     {"e2m3", float6_e2m3fn},
                                                     {"e3m2", float6_e3m2fn},
                                                     {"e2m1", float4_e2m1fn},
                                                     {"e8m0", float8_e8m0fnu},
                                                     {"e4m3fnuz", float8_e4m3fnuz},
                                                     {"e5m2fnuz", float8_e5m2fnuz},
                                                     {"e4m3_ieee", float8_e4m3},
                                                     {"e3m4", float8_e3m4},
                                                     {"e4m3b11fnuz", test::rows::e4m3b11fnuz}};
  for (const auto& [name, count] :
       {std::pair{"dec_cuda.csv", 912}, std::pair{"dec_ml_dtypes.csv", 2192}}) {
    std::ifstream file(golden(name));
    if (!file) {
      WARN(name << " is not at hand");
      continue;
    }
    int read = 0;
    int different = 0;
    for (const auto& [format, rows] : read_lists(file)) {
      for (const test::run& row : rows) {  // here: a code and the bits of its value
        const float ours = decode(names.at(format), row.first);
        const bool same = (row.code & 0x7FFFFFFFU) > 0x7F800000U
                              ? detail::is_nan(ours)
                              : std::bit_cast<std::uint32_t>(ours) == row.code;
        different += same ? 0 : 1;
        ++read;
      }
    }
    CAPTURE(name);
    CHECK(read == count);
    CHECK(different == 0);
  }
}

}  // namespace golden_codec_test

// SPDX-License-Identifier: Apache-2.0
#include "quantroof/hardware/flash_attention_version.hpp"

#include <array>
#include <cstddef>
#include <string>

#include "catch.hpp"
#include "test_table.hpp"

namespace flash_attention_version_test {

using quantroof::architecture;
using quantroof::flash_attention_version;

namespace {

// Which released kernels run where. github.com/Dao-AILab/flash-attention at 0251105: README, csrc/flash_attn (FA2), hopper/ (FA3),
// flash_attn/cute (FA4); FA1 from the last 1.x release. The specification's device runs all four because the specification says so.
struct row {
  architecture arch;
  std::array<bool, 4> runs;  // FA1, FA2, FA3, FA4
};
constexpr row rows[] = {
    {architecture::spec_blackwell, {true, true, true, true}},
    {architecture::volta, {false, false, false, false}},
    {architecture::turing, {true, false, false, false}},
    {architecture::ampere_ga100, {true, true, false, false}},
    {architecture::ampere_ga102, {true, true, false, false}},
    {architecture::ampere_ga10b, {true, true, false, false}},
    {architecture::ada, {true, true, false, false}},
    {architecture::hopper, {true, true, true, false}},
    {architecture::blackwell, {false, true, false, true}},
    {architecture::blackwell_ultra, {false, true, false, true}},
    {architecture::blackwell_sm110, {false, true, false, true}},
    {architecture::blackwell_sm120, {false, true, false, false}},
    {architecture::blackwell_sm121, {false, true, false, false}},
    {architecture::cdna2, {false, true, false, false}},
    {architecture::cdna3, {false, true, false, false}},
    {architecture::cdna4, {false, true, false, false}},
    {architecture::intel_gaudi2, {false, false, false, false}},
    {architecture::intel_gaudi3, {false, false, false, false}},
    {architecture::intel_xe2, {false, false, false, false}},
    {architecture::tpu_v5e, {false, false, false, false}},
    {architecture::tpu_v5p, {false, false, false, false}},
    {architecture::tpu_v6e, {false, false, false, false}},
    {architecture::apple_m3, {false, false, false, false}},
    {architecture::apple_m4, {false, false, false, false}},
    {architecture::other, {false, false, false, false}},
};

constexpr auto runs_as_listed = [](const row& r) {
  for (std::size_t v = 0; v < r.runs.size(); ++v) {
    if (runs_flash_attention(r.arch, quantroof::flash_attention_versions[v]) != r.runs[v]) {
      return false;
    }
  }
  return true;
};
static_assert(test::first_failure(rows, runs_as_listed) == -1);

// Every enumerator has a row, in order.
constexpr bool rows_are_complete() {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (static_cast<std::size_t>(rows[i].arch) != i) {
      return false;
    }
  }
  return std::size(rows) == quantroof::detail::architecture_names.size();
}
static_assert(rows_are_complete());

constexpr auto architecture_round_trips = [](const auto& entry) {
  return quantroof::parse_architecture(entry.name) == entry.value &&
         to_string(entry.value) == entry.name;
};
static_assert(test::first_failure(quantroof::detail::architecture_names,
                                  architecture_round_trips) == -1);

constexpr auto version_round_trips = [](flash_attention_version v) {
  return quantroof::parse_flash_attention_version(to_string(v)) == v;
};
static_assert(test::first_failure(quantroof::flash_attention_versions, version_round_trips) == -1);
static_assert(to_string(flash_attention_version::fa3) == "fa3");

}  // namespace

TEST_CASE("a FlashAttention version runs where its release says") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(to_string(r.arch));
    CHECK(runs_as_listed(r));
  }
}

TEST_CASE("architectures and versions print what they parse") {
  for (const auto& entry : test::at_run_time(quantroof::detail::architecture_names)) {
    CAPTURE(entry.name);
    CHECK(architecture_round_trips(entry));
  }
  for (const flash_attention_version v : test::at_run_time(quantroof::flash_attention_versions)) {
    CHECK(version_round_trips(v));
  }
}

TEST_CASE("an unknown name is answered with the known ones") {
  REQUIRE_THROWS_WITH(
      quantroof::parse_flash_attention_version("fa5"),
      test::contains(
          "parse_flash_attention_version: unknown name \"fa5\"; known: fa1, fa2, fa3, fa4"));
  REQUIRE_THROWS_WITH(
      quantroof::parse_architecture("Hopper"),
      test::contains("parse_architecture: unknown name \"Hopper\"; known: spec_blackwell, volta"));
  REQUIRE_THROWS_WITH(to_string(static_cast<architecture>(200)),
                      test::contains("to_string: the value is not an enumerator"));
}

}  // namespace flash_attention_version_test

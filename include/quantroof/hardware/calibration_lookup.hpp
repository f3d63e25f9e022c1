// SPDX-License-Identifier: Apache-2.0
//
// Whose measured constants a device uses: its own, else its architecture's, else the nearest architecture's, and how much wider the
// interval becomes on the way. Families are looked up one by one: a device may have GEMMs of its own and borrow the rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/names.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/calibration_data.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/hardware/kernel_structure.hpp"

namespace quantroof {

/// How near the measured device is to the one asked about.
enum class calibration_basis : std::uint8_t { measured, architecture, generation, related };

/// What makes devices of one generation alike. GEMMs follow the architecture: B300 and GB300 share matrix units that B200 lacks. Attention is
/// bound by cycles of products and exponentials, which the data sheet tells apart, so that the board decides: GB300 runs at GB200's clock
/// with as many SMs.
enum class kinship : std::uint8_t { architecture, board };

namespace detail {
inline constexpr name_table<calibration_basis, 4> calibration_basis_names{{
    {calibration_basis::measured, "measured"},
    {calibration_basis::architecture, "architecture"},
    {calibration_basis::generation, "generation"},
    {calibration_basis::related, "related"},
}};
static_assert(names_are_complete(calibration_basis_names));

/// Which generation to borrow from, nearest first: 0 itself.
inline constexpr std::array<std::array<int, 5>, 5> generation_distance{{
    // ampere ada hopper blackwell blackwell_rtx
    {0, 2, 1, 3, 4},  // ampere
    {2, 0, 3, 4, 1},  // ada
    {2, 3, 0, 1, 4},  // hopper
    {3, 4, 1, 0, 2},  // blackwell
    {3, 1, 4, 2, 0},  // blackwell_rtx
}};

/// 0: this device; 1: its nearest kin; 2, 3: further; from 4: another generation.
[[nodiscard]] constexpr int calibration_distance(const hardware_spec& hw,
                                                 const device_calibration& c, kinship kin) {
  const bool same = hw.arch == c.arch;
  if (same && hw.key.view() == c.device.view()) {
    return 0;
  }
  const int generations = generation_distance[static_cast<std::size_t>(generation_of(hw.arch))]
                                             [static_cast<std::size_t>(generation_of(c.arch))];
  if (generations > 0) {
    return 3 + generations;
  }
  const bool board = c.sm_count > 0 && hw.sm_count.value_or(-1) == c.sm_count &&
                     hw.tensor_clock_mhz.value_or(-1) == c.clock_mhz;
  if (kin == kinship::board && board) {
    return 1;
  }
  return same ? (kin == kinship::board ? 2 : 1) : 3;
}

}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(calibration_basis b) {
  return detail::name_of(detail::calibration_basis_names, b);
}
[[nodiscard]] constexpr calibration_basis parse_calibration_basis(std::string_view name) {
  return detail::parse_name(detail::calibration_basis_names, name, "parse_calibration_basis");
}

/// Constants found for a device.
template <class Constants>
struct calibration_match {
  const Constants* constants = nullptr;  // nullptr: nobody measured this family
  calibration_basis basis = calibration_basis::related;
};

/// How an interval grows where its constants were measured elsewhere.
struct interval_growth {
  double factor = 1;  // each side reaches this many times as far
  double least = 0;   // and at least this share of the prediction below, half as much again above
};

/// How much wider an interval becomes on a device that was not measured itself.
///
/// source    leave-one-device-out on the shipped measurements: siblings of one chip are 0 to 3 points worse, other generations miss by
///           11 to 25 % (16-bit and FP8) or more
[[nodiscard]] constexpr interval_growth growth_of(calibration_basis b) {
  switch (b) {
    case calibration_basis::measured:
      return {};
    case calibration_basis::architecture:
      return {.factor = 1.3, .least = 0.05};
    case calibration_basis::generation:
      return {.factor = 1.8, .least = 0.15};
    case calibration_basis::related:
      break;
  }
  return {.factor = 3.0, .least = 0.35};
}

/// The constants of one family for a device; `family` picks them from a device_calibration. `own` comes first where it is this device's.
///
/// example   find_calibration(hw, own, [](const device_calibration& c) -> const gemm_constants& { return c.gemm[0]; })
template <class Pick>
[[nodiscard]] constexpr auto find_calibration(const hardware_spec& hw,
                                              const device_calibration* own, Pick family,
                                              kinship kin = kinship::architecture) {
  using constants = std::remove_cvref_t<decltype(family(*device_calibrations.front()))>;
  calibration_match<constants> match;
  if (own != nullptr && own->device.view() == hw.key.view() && family(*own).fit.is_measured()) {
    match.constants = &family(*own);
    match.basis = calibration_basis::measured;
    return match;
  }
  for (const device_calibration* c : device_calibrations) {  // most questions end here
    if (c->arch == hw.arch && c->device.view() == hw.key.view() && family(*c).fit.is_measured()) {
      match.constants = &family(*c);
      match.basis = calibration_basis::measured;
      return match;
    }
  }
  int nearest = 1 << 20;
  for (const device_calibration* c : device_calibrations) {
    const constants& candidate = family(*c);
    if (!candidate.fit.is_measured()) {
      continue;
    }
    const int distance = detail::calibration_distance(hw, *c, kin);
    if (distance < nearest) {
      nearest = distance;
      match.constants = &candidate;
    }
  }
  if (hw.vendor == vendor::nvidia && nearest <= 3) {
    match.basis = nearest <= 2 ? calibration_basis::architecture : calibration_basis::generation;
  } else {
    match.basis = calibration_basis::related;
  }
  return match;
}

}  // namespace quantroof

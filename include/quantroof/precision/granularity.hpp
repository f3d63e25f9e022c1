// SPDX-License-Identifier: Apache-2.0
//
// The vocabulary of scales: which values share one (granularity) and how it is chosen (calibration).
//
// Not here: the choice itself (scale_choice.hpp), scales that a format brings (block_format.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"

namespace quantroof {

/// Which elements of a [tokens, channels] matrix share one scale: all of them, those of a row, those of a column, or neighbours in a
/// row, whose number is an option beside this one.
enum class granularity : std::uint8_t { per_tensor, per_token, per_channel, per_group };

/// How the scale of a group is chosen.
enum class calibration : std::uint8_t { absmax, percentile, mse_optimal, entropy };

namespace detail {
inline constexpr name_table<granularity, 4> granularity_names{{
    {granularity::per_tensor, "per_tensor"},
    {granularity::per_token, "per_token"},
    {granularity::per_channel, "per_channel"},
    {granularity::per_group, "per_group"},
}};
inline constexpr name_table<calibration, 4> calibration_names{{
    {calibration::absmax, "absmax"},
    {calibration::percentile, "percentile"},
    {calibration::mse_optimal, "mse_optimal"},
    {calibration::entropy, "entropy"},
}};
static_assert(names_are_complete(granularity_names) && names_are_complete(calibration_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(granularity g) {
  return detail::name_of(detail::granularity_names, g);
}
[[nodiscard]] constexpr std::string_view to_string(calibration c) {
  return detail::name_of(detail::calibration_names, c);
}
[[nodiscard]] constexpr std::optional<granularity> find_granularity(std::string_view name) {
  return detail::find_name(detail::granularity_names, name);
}
[[nodiscard]] constexpr std::optional<calibration> find_calibration(std::string_view name) {
  return detail::find_name(detail::calibration_names, name);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr granularity parse_granularity(std::string_view name) {
  return detail::parse_name(detail::granularity_names, name, "parse_granularity");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr calibration parse_calibration(std::string_view name) {
  return detail::parse_name(detail::calibration_names, name, "parse_calibration");
}

}  // namespace quantroof

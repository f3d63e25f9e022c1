// SPDX-License-Identifier: Apache-2.0
//
// The two phases of generation: prefill reads the prompt in one pass, decode adds one token per sequence and step.
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/detail/names.hpp"

namespace quantroof {

enum class phase : std::uint8_t { prefill, decode };

namespace detail {
inline constexpr name_table<phase, 2> phase_names{
    {{phase::prefill, "prefill"}, {phase::decode, "decode"}}};
static_assert(names_are_complete(phase_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(phase p) {
  return detail::name_of(detail::phase_names, p);
}
[[nodiscard]] constexpr phase parse_phase(std::string_view name) {
  return detail::parse_name(detail::phase_names, name, "parse_phase");
}

}  // namespace quantroof

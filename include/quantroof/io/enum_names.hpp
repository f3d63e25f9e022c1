// SPDX-License-Identifier: Apache-2.0
//
// Names of the enumerators that only the edges print and parse: which FP8 patterns a device takes, families of elements, what a
// format's top codes mean. The other enums have theirs beside them.
#pragma once

#include <string_view>

#include "quantroof/detail/names.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/precision/float_format.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

namespace detail {
inline constexpr name_table<fp8_kind, 3> fp8_kind_names{{
    {fp8_kind::none, "none"},
    {fp8_kind::ocp, "ocp"},
    {fp8_kind::fnuz, "fnuz"},
}};
inline constexpr name_table<element_kind, 11> element_kind_names{{
    {element_kind::fp64, "fp64"},
    {element_kind::fp32, "fp32"},
    {element_kind::tf32, "tf32"},
    {element_kind::fp16, "fp16"},
    {element_kind::bf16, "bf16"},
    {element_kind::fp8, "fp8"},
    {element_kind::fp6, "fp6"},
    {element_kind::fp4, "fp4"},
    {element_kind::int8, "int8"},
    {element_kind::int4, "int4"},
    {element_kind::scale_only, "scale_only"},
}};
inline constexpr name_table<special_values, 4> special_values_names{{
    {special_values::ieee, "ieee"},
    {special_values::nan_only, "nan_only"},
    {special_values::nan_is_neg0, "nan_is_neg0"},
    {special_values::none, "none"},
}};
static_assert(names_are_complete(fp8_kind_names) && names_are_complete(element_kind_names) &&
              names_are_complete(special_values_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(fp8_kind k) {
  return detail::name_of(detail::fp8_kind_names, k);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr fp8_kind parse_fp8_kind(std::string_view name) {
  return detail::parse_name(detail::fp8_kind_names, name, "parse_fp8_kind");
}
[[nodiscard]] constexpr std::string_view to_string(element_kind k) {
  return detail::name_of(detail::element_kind_names, k);
}
[[nodiscard]] constexpr std::string_view to_string(special_values s) {
  return detail::name_of(detail::special_values_names, s);
}

}  // namespace quantroof

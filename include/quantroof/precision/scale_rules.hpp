// SPDX-License-Identifier: Apache-2.0
//
// The choices that producers of block formats make differently, by name: which rule gives an MX block its power of two, whose order
// of operations an NVFP4 tensor follows, whether integers get a zero point, how a scale is applied.
//
// Not here: the rules themselves (mx_scale.hpp, nvfp4_scale.hpp, block_format.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/names.hpp"

namespace quantroof {

/// How the power of two of an MX block follows from its largest magnitude; formulas at mx_scale_code.
enum class mx_scale_rule : std::uint8_t {
  floor,  // OCP MX v1.0; torchao's default, microxcaling, ggml
  rceil,  // TransformerEngine, torchao RCEIL, cuBLAS; with a true division ModelOpt: the codes are the same
  even,  // torchao EVEN
  ceil,  // torchao CEIL
};

/// Whose NVFP4 it is; formulas at make_nvfp4_tensor_scale and make_nvfp4_block_scale.
enum class nvfp4_rule : std::uint8_t {
  transformer_engine,
  torchao,
  torchao_single_level,  // no scale per tensor
  modelopt,
  compressed_tensors,  // vLLM
};

/// NVFP4's option to put the largest magnitude of a block on 4 instead of 6 where that has the smaller error.
enum class four_over_six : std::uint8_t { off, mean_absolute_error, mean_squared_error };

/// Whether integers are centred on zero or have a zero point of their own.
enum class symmetry : std::uint8_t { symmetric, asymmetric };

/// How values are brought to the range of the element: x * (1 / scale) or x / scale, each operation rounded to float.
enum class scaling : std::uint8_t {
  reciprocal,  // what kernels do (TransformerEngine, FBGEMM, vLLM's static scales); a value within 2^-23 of a tie may go the other way
  division,  // what PyTorch code does (torchao, compressed-tensors, DeepSeek): the nearest element of x / scale
};

namespace detail {
inline constexpr name_table<mx_scale_rule, 4> mx_scale_rule_names{{
    {mx_scale_rule::floor, "floor"},
    {mx_scale_rule::rceil, "rceil"},
    {mx_scale_rule::even, "even"},
    {mx_scale_rule::ceil, "ceil"},
}};
inline constexpr name_table<nvfp4_rule, 5> nvfp4_rule_names{{
    {nvfp4_rule::transformer_engine, "transformer_engine"},
    {nvfp4_rule::torchao, "torchao"},
    {nvfp4_rule::torchao_single_level, "torchao_single_level"},
    {nvfp4_rule::modelopt, "modelopt"},
    {nvfp4_rule::compressed_tensors, "compressed_tensors"},
}};
inline constexpr name_table<four_over_six, 3> four_over_six_names{{
    {four_over_six::off, "off"},
    {four_over_six::mean_absolute_error, "mean_absolute_error"},
    {four_over_six::mean_squared_error, "mean_squared_error"},
}};
inline constexpr name_table<symmetry, 2> symmetry_names{{
    {symmetry::symmetric, "symmetric"},
    {symmetry::asymmetric, "asymmetric"},
}};
inline constexpr name_table<scaling, 2> scaling_names{{
    {scaling::reciprocal, "reciprocal"},
    {scaling::division, "division"},
}};
static_assert(names_are_complete(mx_scale_rule_names) && names_are_complete(nvfp4_rule_names) &&
              names_are_complete(four_over_six_names) && names_are_complete(symmetry_names) &&
              names_are_complete(scaling_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(mx_scale_rule r) {
  return detail::name_of(detail::mx_scale_rule_names, r);
}
[[nodiscard]] constexpr std::string_view to_string(nvfp4_rule r) {
  return detail::name_of(detail::nvfp4_rule_names, r);
}
[[nodiscard]] constexpr std::string_view to_string(four_over_six f) {
  return detail::name_of(detail::four_over_six_names, f);
}
[[nodiscard]] constexpr std::string_view to_string(symmetry s) {
  return detail::name_of(detail::symmetry_names, s);
}
[[nodiscard]] constexpr std::string_view to_string(scaling s) {
  return detail::name_of(detail::scaling_names, s);
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr mx_scale_rule parse_mx_scale_rule(std::string_view name) {
  return detail::parse_name(detail::mx_scale_rule_names, name, "parse_mx_scale_rule");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr nvfp4_rule parse_nvfp4_rule(std::string_view name) {
  return detail::parse_name(detail::nvfp4_rule_names, name, "parse_nvfp4_rule");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr four_over_six parse_four_over_six(std::string_view name) {
  return detail::parse_name(detail::four_over_six_names, name, "parse_four_over_six");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr symmetry parse_symmetry(std::string_view name) {
  return detail::parse_name(detail::symmetry_names, name, "parse_symmetry");
}
/// errors    domain_error that lists the known names
[[nodiscard]] constexpr scaling parse_scaling(std::string_view name) {
  return detail::parse_name(detail::scaling_names, name, "parse_scaling");
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters of names: every enumerator prints as the name it parses from, every short_string as its text. Width, fill and
// alignment work as for strings: fmt::format("{:<12}", phase::decode).
//
// line_formatter is what the formatters of structs are made of: one readable line, padded as a whole.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>

#include "quantroof/detail/short_string.hpp"
#include "quantroof/dynamic_quant/dynamic_quant_config.hpp"
#include "quantroof/dynamic_quant/gemm_policy.hpp"
#include "quantroof/dynamic_quant/gemm_scales.hpp"
#include "quantroof/dynamic_quant/hadamard.hpp"
#include "quantroof/dynamic_quant/smooth_quant.hpp"
#include "quantroof/engine/recommendation.hpp"
#include "quantroof/hardware/flash_attention_version.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/io/enum_names.hpp"
#include "quantroof/model/operator_type.hpp"
#include "quantroof/model/phase.hpp"
#include "quantroof/precision/granularity.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/rounding.hpp"
#include "quantroof/precision/scale_rules.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/textbook.hpp"

namespace quantroof::detail {

/// The enums of this library: those that quantroof::to_string names.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) {
  {
    to_string(e)
    } -> std::same_as<std::string_view>;  // unqualified: also declared after this header
};

/// The name of an enumerator.
template <NamedEnum E>
[[nodiscard]] constexpr std::string_view printed_name(E e) {
  return to_string(e);
}

/// Prints one line of text with the width, fill and alignment that the format string asks for.
struct line_formatter : fmt::formatter<fmt::string_view> {
  template <class Context, class... Args>
  auto print(Context& context, fmt::format_string<const Args&...> text, const Args&... args) const {
    fmt::memory_buffer line;
    fmt::format_to(std::back_inserter(line), text, args...);
    return print(context, line);
  }
  template <class Context>
  auto print(Context& context, const fmt::memory_buffer& line) const {
    return print(context, std::string_view{line.data(), line.size()});
  }
  template <class Context>
  auto print(Context& context, std::string_view line) const {
    return fmt::formatter<fmt::string_view>::format({line.data(), line.size()}, context);
  }
};

/// Adds to a line.
template <class... Args>
void add_to(fmt::memory_buffer& line, fmt::format_string<const Args&...> text,
            const Args&... args) {
  fmt::format_to(std::back_inserter(line), text, args...);
}

}  // namespace quantroof::detail

template <quantroof::detail::NamedEnum E>
struct fmt::formatter<E> : quantroof::detail::line_formatter {
  auto format(E value, auto& context) const {
    return print(context, quantroof::detail::printed_name(value));
  }
};

template <std::size_t N>
struct fmt::formatter<quantroof::short_string<N>> : quantroof::detail::line_formatter {
  auto format(const quantroof::short_string<N>& text, auto& context) const {
    return print(context, text.view());
  }
};

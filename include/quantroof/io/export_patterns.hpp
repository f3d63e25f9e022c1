// SPDX-License-Identifier: Apache-2.0
//
// Patterns for lists of modules: layers as regular expressions, names with their dots escaped, texts quoted for YAML and Python.
//
//   layers 0-10             ([0-9]|10)         layers 11-21   (1[1-9]|2[0-1])        all layers   \d+
//   mlp.experts, down_proj  mlp\.experts\.\d+\.down_proj
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/export_modules.hpp"

namespace quantroof::detail {

/// Adds patterns for the numbers of `first.size()` digits from `first` to `last`, each after `before`.
inline void add_digit_patterns(std::vector<std::string>& patterns, const std::string& before,
                               std::string_view first, std::string_view last) {
  if (first.size() == 1) {
    patterns.push_back(before + (first == last
                                     ? std::string{first}
                                     : "[" + std::string{first} + "-" + std::string{last} + "]"));
    return;
  }
  const std::string zeros(first.size() - 1, '0');
  const std::string nines(first.size() - 1, '9');
  char low = first.front();
  char high = last.front();
  if (low == high) {
    add_digit_patterns(patterns, before + low, first.substr(1), last.substr(1));
    return;
  }
  const bool whole_low = first.substr(1) == zeros;
  const bool whole_high = last.substr(1) == nines;
  if (!whole_low) {
    add_digit_patterns(patterns, before + low, first.substr(1), nines);
    ++low;
  }
  if (!whole_high) {
    --high;
  }
  if (low <= high) {
    std::string middle = before;
    middle += low == high ? std::string(1, low) : std::string{'[', low, '-', high, ']'};
    for (std::size_t i = 1; i < first.size(); ++i) {
      middle += "[0-9]";
    }
    patterns.push_back(middle);
  }
  if (!whole_high) {
    add_digit_patterns(patterns, before + last.front(), zeros, last.substr(1));
  }
}

/// Patterns that together match the decimal numbers of a range and no others.
///
/// requires  0 <= r.first <= r.last
[[nodiscard]] inline std::vector<std::string> number_patterns(layer_range r) {
  std::vector<std::string> patterns;
  std::string first = std::to_string(r.first);
  const std::string last = std::to_string(r.last);
  while (first.size() < last.size()) {
    add_digit_patterns(patterns, "", first, std::string(first.size(), '9'));
    first = "1" + std::string(first.size(), '0');
  }
  add_digit_patterns(patterns, "", first, last);
  return patterns;
}

/// A name in which dots are dots.
[[nodiscard]] inline std::string escaped_dots(std::string_view name) {
  std::string text;
  for (const char c : name) {
    text += c == '.' ? "\\." : std::string(1, c);
  }
  return text;
}

/// The layers in which a module has a format: \d+ for all, else alternatives; several where one would be longer than readers here take.
[[nodiscard]] inline std::vector<std::string> layer_patterns(const export_module& m, precision p) {
  if (m.is_everywhere(p)) {
    return {"\\d+"};
  }
  constexpr std::size_t most = 150;
  std::vector<std::string> lists;
  std::string list;
  const auto close = [&] {
    if (!list.empty()) {
      const bool single = list.find('|') == list.npos;
      lists.push_back(single ? list : "(" + list + ")");
      list.clear();
    }
  };
  for (const layer_range& range : ranges_with(m, p)) {
    for (const std::string& numbers : number_patterns(range)) {
      if (list.size() + numbers.size() > most) {
        close();
      }
      list += (list.empty() ? "" : "|") + numbers;
    }
  }
  close();
  return lists;
}

/// Regular expressions that match the full names of a module in the layers in which it has a format.
[[nodiscard]] inline std::vector<std::string> module_patterns_with(const export_modules& all,
                                                                   const export_module& m,
                                                                   precision p) {
  std::vector<std::string> patterns;
  for (const std::string& layers : layer_patterns(m, p)) {
    std::string& pattern = patterns.emplace_back(escaped_dots(all.prefix));
    pattern.append(R"(layers\.)").append(layers).append(R"(\.)").append(escaped_dots(m.name));
    if (!m.expert_part.empty()) {
      pattern.append(R"(\.\d+\.)").append(escaped_dots(m.expert_part));
    }
    pattern.append("$");
  }
  return patterns;
}

/// The formats of all modules and the ends, each once, in the order in which they first come; 16 bits left out.
[[nodiscard]] inline std::vector<precision> quantized_formats(const export_modules& all) {
  std::vector<precision> formats;
  const auto add = [&](precision p) {
    for (const precision known : formats) {
      if (known == p) {
        return;
      }
    }
    if (!is_unquantized(p)) {
      formats.push_back(p);
    }
  };
  for (const export_module& m : all.modules) {
    for (const auto& format : m.layers) {
      if (format) {
        add(*format);
      }
    }
  }
  add(all.head);
  add(all.embeddings);
  return formats;
}

/// Text in double quotes, as JSON, YAML and Python read it.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  std::string result{"\""};
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result += '"';
}

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Whether the name of a module, "model.layers.3.mlp.gate", is meant by an entry of a quantized checkpoint's lists.
//
//   lm_head, model.layers.*.self_attn, model.layers.0*   a name or a glob: meant are modules some consecutive parts of whose dotted name it
//                                                        matches, and what is inside them ("gate" is not "gate_proj")
//   re:.*mlp\.(gate|up)_proj.*                           a regular expression that the name begins with
//
// Regular expressions: characters, ., [...], \d \w, groups and alternatives, * + ?, ^ and $. Others are refused by name; the effort of one
// match is bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "quantroof/detail/expects.hpp"

namespace quantroof::detail {

/// True where `glob`, in which * stands for any text, matches all of `text`.
[[nodiscard]] constexpr bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = glob.npos;  // the last * and where its text would end
  std::size_t resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != glob.npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') {
    ++g;
  }
  return g == glob.size();
}

/// Calls f with "a", "a.b", "a.b.c", "b", "b.c", "c" for "a.b.c".
template <class F>
constexpr void for_each_part(std::string_view name, F f) {
  for (std::size_t first = 0; first != name.npos;) {
    for (std::size_t last = first; last != name.npos;) {
      last = name.find('.', last);
      f(name.substr(first, last == name.npos ? last : last - first));
      last = last == name.npos ? last : last + 1;
    }
    first = name.find('.', first);
    first = first == name.npos ? first : first + 1;
  }
}

/// True where `entry` matches consecutive whole parts of a dotted name.
[[nodiscard]] constexpr bool names_part_of(std::string_view entry, std::string_view name) {
  bool found = false;
  for_each_part(name, [&](std::string_view part) { found = found || glob_matches(entry, part); });
  return found;
}

/// A regular expression of the kind above.
class small_regex {
 public:
  /// requires  at most 256 characters, groups at most 8 deep
  /// errors    quantroof::domain_error where the text is not one that is understood here
  explicit small_regex(std::string_view text) : text_(text) {
    expects(text.size() <= 256, "pattern: must be at most 256 characters");
    std::size_t at = 0;
    check_alternatives(at, 0);
    expects(at == text_.size(), "pattern: a group is closed that was not opened");
  }

  /// True where some beginning of `name` matches.
  ///
  /// errors    quantroof::domain_error where the expression takes too long
  [[nodiscard]] bool matches(std::string_view name) const {
    effort spent;
    const auto done = [](std::size_t /*end*/) { return true; };
    return alternatives({name, 0, spent}, 0, text_.size(), continuation{done});
  }

 private:
  struct effort {
    int steps = 0;
    int depth = 0;
  };
  /// Counts one step of a match, and how deep it is in others.
  class step {
   public:
    explicit step(effort& spent) : spent_(spent) {
      expects(++spent.steps < 20000 && spent.depth < 600, "pattern: takes too long to match");
      ++spent.depth;
    }
    step(const step&) = delete;
    step(step&&) = delete;
    step& operator=(const step&) = delete;
    step& operator=(step&&) = delete;
    ~step() { --spent_.depth; }

   private:
    effort& spent_;
  };
  struct state {
    std::string_view name;
    std::size_t at;
    effort& spent;
  };
  /// What has to match after a part, given where the part ended.
  class continuation {
   public:
    template <class F>
    explicit continuation(const F& f)
        : object_(&f), call_([](const void* object, std::size_t end) {
            return (*static_cast<const F*>(object))(end);
          }) {}
    bool operator()(std::size_t end) const { return call_(object_, end); }

   private:
    const void* object_;
    bool (*call_)(const void*, std::size_t);
  };

  [[nodiscard]] char look(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  void check_alternatives(std::size_t& at, int depth) const {
    expects(depth <= 8, "pattern: groups must be at most 8 deep");
    while (at < text_.size() && text_[at] != ')') {
      if (text_[at] == '|') {
        ++at;
        continue;
      }
      expects(text_[at] != '*' && text_[at] != '+' && text_[at] != '?' && text_[at] != '{',
              "pattern: a repetition has nothing to repeat");
      if (text_[at] == '(') {
        at += look(at + 1) == '?' && look(at + 2) == ':' ? 3U : 1U;
        expects(look(at) != '?', "pattern: groups of this kind are not understood");
        check_alternatives(at, depth + 1);
        expects(look(at) == ')', "pattern: a group is not closed");
        ++at;
      } else {
        at = end_of_atom(at);
      }
      const char repeat = look(at);
      expects(repeat != '{', "pattern: counted repetitions are not understood");
      at += repeat == '*' || repeat == '+' || repeat == '?' ? 1U : 0U;
    }
  }
  /// The end of the atom that begins at `at`.
  [[nodiscard]] std::size_t end_of_atom(std::size_t at) const {
    if (text_[at] == '\\') {
      const char c = look(at + 1);
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\0';
      expects(!letter || c == 'd' || c == 'w', "pattern: the escape is not understood");
      return at + 2;
    }
    if (text_[at] == '[') {
      std::size_t end = at + 1;
      end += look(end) == '^' ? 1U : 0U;
      end += look(end) == ']' ? 1U : 0U;
      while (end < text_.size() && text_[end] != ']') {
        expects(text_[end] != '\\', "pattern: escapes in [] are not understood");
        ++end;
      }
      expects(end < text_.size(), "pattern: a [ is not closed");
      return end + 1;
    }
    if (text_[at] != '(') {
      return at + 1;
    }
    int depth = 0;
    do {
      if (text_[at] == '(' || text_[at] == ')') {
        depth += text_[at] == '(' ? 1 : -1;
        ++at;
      } else {
        at = end_of_atom(at);
      }
    } while (depth > 0);
    return at;
  }
  [[nodiscard]] bool atom_matches(std::size_t at, std::size_t end, char c) const {
    if (text_[at] == '\\') {
      const bool digit = c >= '0' && c <= '9';
      const bool word = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      return text_[at + 1] == 'd' ? digit : (text_[at + 1] == 'w' ? word : c == text_[at + 1]);
    }
    if (text_[at] == '[') {
      std::size_t i = at + 1;
      const bool negated = text_[i] == '^';
      bool inside = false;
      for (i += negated ? 1U : 0U; i + 1 < end; ++i) {
        if (i + 3 < end && text_[i + 1] == '-') {
          inside = inside || (c >= text_[i] && c <= text_[i + 2]);
          i += 2;
        } else {
          inside = inside || c == text_[i];
        }
      }
      return inside != negated;
    }
    return text_[at] == '.' || text_[at] == c;
  }

  /// Matches text_[at, end), alternatives of sequences.
  [[nodiscard]] bool alternatives(state s, std::size_t at, std::size_t end,
                                  const continuation& rest) const {
    std::size_t first = at;
    while (true) {
      std::size_t last = first;
      while (last < end && text_[last] != '|') {
        last = end_of_atom(last);
      }
      if (sequence(s, first, last, rest)) {
        return true;
      }
      if (last >= end) {
        return false;
      }
      first = last + 1;
    }
  }
  [[nodiscard]] bool sequence(state s, std::size_t at, std::size_t end,
                              const continuation& rest) const {
    const step here{s.spent};
    if (at >= end) {
      return rest(s.at);
    }
    if (text_[at] == '^' || text_[at] == '$') {
      const bool holds = text_[at] == '^' ? s.at == 0 : s.at == s.name.size();
      return holds && sequence(s, at + 1, end, rest);
    }
    const std::size_t atom = end_of_atom(at);
    const char repeat = atom < end ? text_[atom] : '\0';
    if (repeat != '*' && repeat != '+' && repeat != '?') {
      const auto then = [&](std::size_t to) {
        return sequence({s.name, to, s.spent}, atom, end, rest);
      };
      return once(s, at, atom, continuation{then});
    }
    return repeated(s, at, atom, end, repeat == '+' ? 1 : 0, repeat == '?', rest);
  }
  /// At least `least` times the atom, as often as possible, then what follows it.
  [[nodiscard]] bool repeated(state s, std::size_t at, std::size_t atom, std::size_t end, int least,
                              bool single, const continuation& rest) const {
    const step here{s.spent};
    const auto again = [&](std::size_t to) {
      if (to == s.at) {
        return false;  // nothing matched: no use in repeating it
      }
      const state next{s.name, to, s.spent};
      return single ? sequence(next, atom + 1, end, rest)
                    : repeated(next, at, atom, end, 0, false, rest);
    };
    if (once(s, at, atom, continuation{again})) {
      return true;
    }
    return least == 0 && sequence(s, atom + 1, end, rest);
  }
  [[nodiscard]] bool once(state s, std::size_t at, std::size_t atom,
                          const continuation& rest) const {
    if (text_[at] == '(') {
      const std::size_t inside = at + (look(at + 1) == '?' ? 3U : 1U);
      return alternatives(s, inside, atom - 1, rest);
    }
    return s.at < s.name.size() && atom_matches(at, atom, s.name[s.at]) && rest(s.at + 1);
  }

  std::string text_;
};

}  // namespace quantroof::detail

// SPDX-License-Identifier: Apache-2.0
//
// Names of modules against the entries of quantized checkpoints' lists.
#include "quantroof/io/module_pattern.hpp"

#include <string>

#include "catch.hpp"
#include "test_table.hpp"

namespace module_pattern_test {

namespace {

using namespace quantroof;

struct name_row {
  std::string_view entry;
  std::string_view name;
  bool meant;
};
// Entries as they stand in published files.
constexpr name_row names[] = {
    {"lm_head", "language_model.lm_head", true},
    {"gate", "model.layers.0.block_sparse_moe.gate", true},
    {"gate", "model.layers.0.mlp.gate_proj", false},
    {"model.layers.*.self_attn", "model.layers.12.self_attn.q_proj", true},
    {"model.layers.*.self_attn", "model.layers.12.mlp.up_proj", false},
    {"model.layers.0*", "model.layers.0.mlp.up_proj", true},
    {"model.layers.0*", "model.layers.10.mlp.up_proj", false},
    {"model.layers.1.*", "model.layers.1.mlp.up_proj", true},
    {"model.layers.1.*", "model.layers.11.mlp.up_proj", false},
    {"model.layers.3.mlp.gate", "language_model.model.layers.3.mlp.gate", true},
    {"*.mlp.shared_expert.*", "model.layers.3.mlp.shared_expert.up_proj", true},
    {"*.mlp.shared_expert.*", "model.layers.3.mlp.shared_experts.up_proj", false},
    {"mtp*", "model.layers.3.mlp.up_proj", false},
    {"*", "a.b", true},
    {"", "a.b", false},
    {"a.b.c", "a.b", false},
    {"a*c*e", "abcde", true},
    {"a*c*e", "abcdef", false},
    {"***", "", true},
};
constexpr auto decided = [](const name_row& r) {
  return detail::names_part_of(r.entry, r.name) == r.meant;
};
static_assert(test::first_failure(names, decided) == -1);

TEST_CASE("names and globs mean whole parts of a name") {
  for (const name_row& r : test::at_run_time(names)) {
    CAPTURE(r.entry, r.name);
    CHECK(decided(r));
  }
}

TEST_CASE("regular expressions match the beginning of a name") {
  const name_row rows[] = {
      {".*self_attn.*", "model.layers.0.self_attn.q_proj", true},
      {R"(.*mlp\.(gate|up|gate_up|down)_proj.*)", "model.layers.0.mlp.up_proj", true},
      {R"(.*mlp\.(gate|up|gate_up|down)_proj.*)", "model.layers.0.mlp.gate_up_proj", true},
      {R"(.*mlp\.(gate|up|gate_up|down)_proj.*)", "model.layers.0.mlp.experts.0.up_proj", false},
      {R"(.*mlp\.gate$)", "model.layers.0.mlp.gate", true},
      {R"(.*mlp\.gate$)", "model.layers.0.mlp.gate_proj", false},
      {R"(model\.layers\.(0|1|2)\..*)", "model.layers.2.mlp", true},
      {R"(model\.layers\.(0|1|2)\..*)", "model.layers.12.mlp", false},
      {R"(^model\.layers\.\d+\.mlp)", "model.layers.123.mlp.up_proj", true},
      {R"(layers\.[0-2]\.)", "layers.3.", false},
      {R"(layers\.[^0-2]\.)", "layers.3.", true},
      {"vision", "model.vision", false},
      {"(?:ab)+c", "ababc", true},
      {"(?:ab)?c", "abc", true},
      {"(?:ab)?c", "c", true},
      {"(a|b*)*c", "abbac", true},
      {"a|b", "b", true},
      {"", "x", true},
      {"a.?", "a", true},
      {R"(\w+\.x)", "ab_1.x", true},
      {"[]]x", "]x", true},
  };
  for (const name_row& r : rows) {
    CAPTURE(r.entry, r.name);
    CHECK(detail::small_regex{r.entry}.matches(r.name) == r.meant);
  }
}

TEST_CASE("regular expressions that are not understood are refused") {
  struct row {
    std::string text;
    const char* rule;
  };
  const row rows[] = {
      {"(a", "a group is not closed"},
      {"a)", "closed that was not opened"},
      {"*a", "nothing to repeat"},
      {"a**", "nothing to repeat"},
      {"a{2}", "counted repetitions"},
      {"(?!a)b", "groups of this kind"},
      {"(?<n>a)", "groups of this kind"},
      {"a\\", "escape is not understood"},
      {"a\\b", "escape is not understood"},
      {"[a", "a [ is not closed"},
      {"[\\d]", "escapes in []"},
      {std::string(257, 'a'), "at most 256 characters"},
      {std::string(9, '(') + std::string(9, ')'), "at most 8 deep"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    CHECK_THROWS_WITH(detail::small_regex{r.text}, test::contains(r.rule));
  }
}

TEST_CASE("the effort of a match is bounded") {
  const detail::small_regex hard{"(a|a)*(a|a)*(a|a)*b"};
  CHECK_THROWS_WITH(hard.matches(std::string(60, 'a')), test::contains("takes too long"));
  const detail::small_regex deep{"(" + std::string(250, 'a') + ")*"};
  CHECK_NOTHROW(deep.matches(std::string(250, 'a')));
}

}  // namespace

}  // namespace module_pattern_test

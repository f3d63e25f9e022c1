// SPDX-License-Identifier: Apache-2.0
//
// Tables of expectations, checked twice: by the compiler and by the compiled program.
//
//   constexpr row rows[] = {{1, 2}, {3, 4}};                          // with the source of each number
//   constexpr auto holds = [](const row& r) { return f(r.in) == r.out; };
//   static_assert(test::first_failure(rows, holds) == -1);            // the compiler prints the index of the bad row
//   TEST_CASE("f matches the table") {
//     for (const row& r : test::at_run_time(rows)) {
//       CAPTURE(r.in);
//       CHECK(holds(r));
//     }
//   }
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <vector>

namespace test {

/// The index of the first row that `holds` is false for, -1 when there is none.
template <class Rows, class Predicate>
[[nodiscard]] constexpr int first_failure(const Rows& rows, Predicate holds) {
  int index = 0;
  for (const auto& row : rows) {
    if (!holds(row)) {
      return index;
    }
    ++index;
  }
  return -1;
}

/// A copy of the rows that the compiler cannot see through, so that the code under test runs instead of being folded.
template <class Rows>
[[nodiscard]] auto at_run_time(const Rows& rows) {
  using row = std::remove_cvref_t<decltype(*std::begin(rows))>;
  const row* volatile first =
      std::data(rows);  // a volatile pointer may point anywhere, so nothing behind it is known
  const volatile std::size_t count = std::size(rows);
  const row* begin = first;
  return std::vector<row>(begin, begin + count);
}

/// The same for a single value.
template <class T>
[[nodiscard]] T at_run_time_value(const T& value) {
  const T* volatile address = &value;
  return *address;
}

}  // namespace test

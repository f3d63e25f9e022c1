// SPDX-License-Identifier: Apache-2.0
//
// Who runs the parts of a computation: the caller, threads (thread_executor.hpp) or a pool of the user's.
//
// What the parts compute must not depend on who runs them: a function of this library that takes an executor cuts its work by its
// shapes alone and lets no two parts write the same place, so its results have the same bits with any number of threads.
#pragma once

#include <cstddef>

#include "quantroof/detail/expects.hpp"

namespace quantroof {

namespace detail {
struct any_part {
  constexpr void operator()(std::size_t /*index*/) const {}
};
}  // namespace detail

/// executor(count, function) calls function(i) once for each i in [0, count), in any order, perhaps at the same time, and returns when
/// all calls are done. If calls throw, the exception of the lowest index that threw leaves; calls of higher indices may be left out.
template <class E>
concept Executor = requires(const E& executor, std::size_t count,
                            const detail::any_part& function) {
  executor(count, function);
};

/// Everything in the calling thread, in order of the index.
struct serial_executor {
  template <class Function>
  constexpr void operator()(std::size_t count, Function&& function) const {
    for (std::size_t i = 0; i < count; ++i) {
      function(i);
    }
  }
};
static_assert(Executor<serial_executor>);

/// Calls function(first, last) for consecutive ranges that together are [0, count), each `part` long but perhaps the last.
///
/// requires  part > 0
/// errors    quantroof::domain_error at run time; does not compile in a constant expression; and what function throws
template <Executor E, class Function>
constexpr void for_each_range(const E& executor, std::size_t count, std::size_t part,
                              Function&& function) {
  detail::expects(part > 0, "for_each_range: part must be positive");
  const std::size_t parts = count / part + (count % part != 0 ? 1 : 0);
  executor(parts, [&](std::size_t i) {
    const std::size_t first = i * part;
    function(first, count - first < part ? count : first + part);
  });
}

/// How many rows make a part worth a thread's while: 256 KiB of them, at least one.
[[nodiscard]] constexpr std::size_t rows_per_part(std::size_t row_bytes) {
  constexpr std::size_t part_bytes = 262144;
  return row_bytes == 0 || row_bytes >= part_bytes ? 1 : part_bytes / row_bytes;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Threads: every index once, exceptions by index and not by time, nested calls, small work.
#include "quantroof/precision/thread_executor.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"

namespace thread_executor_test {

using namespace quantroof;

namespace {

struct numbered {
  std::size_t index;
};

}  // namespace

TEST_CASE("every index is called once") {
  for (const std::size_t threads : {0U, 1U, 2U, 7U}) {
    for (const std::size_t grain : {1U, 3U, 1000U}) {
      for (const std::size_t count : {0U, 1U, 2U, 5U, 997U}) {
        std::vector<std::atomic<int>> hits(count);
        thread_executor{threads, grain}(count, [&](std::size_t i) { ++hits[i]; });
        bool once = true;
        for (const auto& h : hits) {
          once = once && h == 1;
        }
        CAPTURE(threads, grain, count);
        CHECK(once);
      }
    }
  }
}

TEST_CASE("several threads work, small work stays in the caller") {
  const std::thread::id self = std::this_thread::get_id();
  std::atomic<int> others{0};
  std::atomic<int> arrived{0};
  thread_executor{2}(
      2, [&](std::size_t) {  // each call waits for the other: one thread alone would hang
        ++arrived;
        while (arrived < 2) {
          std::this_thread::yield();
        }
        others += std::this_thread::get_id() != self ? 1 : 0;
      });
  CHECK(others == 1);
  others = 0;
  thread_executor{4, 10}(
      10, [&](std::size_t) { others += std::this_thread::get_id() != self ? 1 : 0; });
  CHECK(others == 0);
}

TEST_CASE("the exception of the lowest index leaves, whatever the timing") {
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::size_t caught = 0;
    std::atomic<std::size_t> low_calls{0};
    try {
      thread_executor{4, 2}(400, [&](std::size_t i) {
        low_calls += i < 37 ? 1 : 0;
        if (i == 37) {
          std::this_thread::yield();
        }
        if (i >= 37 && i % 4 != 2) {
          throw numbered{i};
        }
      });
    } catch (const numbered& e) {
      caught = e.index;
    }
    CHECK(caught == 37);
    CHECK(low_calls == 37);
  }
  std::atomic<int> calls{0};  // and the executor works on
  thread_executor{4}(100, [&](std::size_t) { ++calls; });
  CHECK(calls == 100);
}

TEST_CASE("a call from inside a call stays in its thread") {
  std::atomic<int> calls{0};
  std::atomic<int> strangers{0};
  thread_executor{3}(6, [&](std::size_t) {
    const std::thread::id here = std::this_thread::get_id();
    thread_executor{3}(10, [&](std::size_t) {
      ++calls;
      strangers += std::this_thread::get_id() != here ? 1 : 0;
    });
  });
  CHECK(calls == 60);
  CHECK(strangers == 0);
}

TEST_CASE("thread executor rules") {
  REQUIRE_THROWS_WITH((thread_executor{2, 0}(1, [](std::size_t) {})),
                      test::contains("thread_executor: grain must be positive"));
}

}  // namespace thread_executor_test

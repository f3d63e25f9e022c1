// SPDX-License-Identifier: Apache-2.0
//
// An executor of std::threads. Apart from executor.hpp and not in core.hpp: <thread> costs 630 kB of include.
//
// Where the platform keeps threads in a library of their own, link it (CMake: find_package(Threads), Threads::Threads).
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/executor.hpp"

namespace quantroof {

namespace detail {

// True in a thread that works for a thread_executor: what it starts itself stays in it.
inline thread_local bool works_for_thread_executor = false;

struct part_failure {
  std::size_t index = 0;
  std::exception_ptr what{};
};

/// One call's work, shared by its threads. Chunks are handed out in order, so when an index throws, all lower ones have been handed
/// out and will be finished: the lowest index that throws does not depend on timing.
template <class Function>
class shared_work {
 public:
  shared_work(std::size_t count, std::size_t grain, Function& function)
      : count_(count), grain_(grain), chunks_((count - 1) / grain + 1), function_(function) {}

  void run(part_failure& failure) noexcept {
    works_for_thread_executor = true;
    for (std::size_t chunk = next_.fetch_add(1); chunk < chunks_; chunk = next_.fetch_add(1)) {
      const std::size_t first = chunk * grain_;
      const std::size_t last = count_ - first < grain_ ? count_ : first + grain_;
      for (std::size_t i = first; i < last; ++i) {
        try {
          function_(i);
        } catch (...) {
          failure = {i, std::current_exception()};
          next_.store(chunks_);  // nothing further is handed out
          works_for_thread_executor = false;
          return;
        }
      }
    }
    works_for_thread_executor = false;
  }

 private:
  std::size_t count_;
  std::size_t grain_;
  std::size_t chunks_;
  Function& function_;
  std::atomic<std::size_t> next_{0};
};

/// Threads that are waited for, whatever happens.
class joined_threads {
 public:
  explicit joined_threads(std::size_t capacity) { threads_.reserve(capacity); }
  joined_threads(const joined_threads&) = delete;
  joined_threads& operator=(const joined_threads&) = delete;
  ~joined_threads() {
    for (std::thread& t : threads_) {
      t.join();
    }
  }
  template <class Function>
  void start(Function function) {
    threads_.emplace_back(function);
  }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace detail

/// Shares the indices among threads that live for one call; the caller is one of them.
///
/// requires  grain > 0
/// errors    quantroof::domain_error; std::bad_alloc before any call; and of the calls that throw, the exception of the lowest index
/// ignores   threads the system refuses: the others do their share. A call from inside a call stays in its thread
/// example   blocked_gemm<thread_executor>{}(a, b, out)
struct thread_executor {
  std::size_t threads =
      0;  // at most this many, the caller included; 0: as many as the hardware runs at once
  std::size_t grain = 1;  // indices handed out together: no thread starts for less

  template <class Function>
  void operator()(std::size_t count, Function&& function) const {
    detail::expects(grain > 0, "thread_executor: grain must be positive");
    const std::size_t chunks = count / grain + (count % grain != 0 ? 1 : 0);
    const std::size_t wanted = threads > 0 ? threads : std::thread::hardware_concurrency();
    const std::size_t workers = wanted < chunks ? wanted : chunks;
    if (workers <= 1 || detail::works_for_thread_executor) {
      serial_executor{}(count, function);
      return;
    }
    std::vector<detail::part_failure> failures(workers);
    {
      detail::shared_work work{count, grain, function};
      detail::joined_threads pool{workers - 1};
      try {
        for (std::size_t w = 1; w < workers; ++w) {
          pool.start([&work, &failure = failures[w]] { work.run(failure); });
        }
      } catch (...) {  // the system has no more threads: those that started and this one suffice
      }
      work.run(failures[0]);
    }
    const detail::part_failure* first = nullptr;
    for (const detail::part_failure& failure : failures) {
      if (failure.what && (first == nullptr || failure.index < first->index)) {
        first = &failure;
      }
    }
    if (first != nullptr) {
      std::rethrow_exception(first->what);
    }
  }
};
static_assert(Executor<thread_executor>);

}  // namespace quantroof

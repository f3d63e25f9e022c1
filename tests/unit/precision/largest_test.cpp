// SPDX-License-Identifier: Apache-2.0
//
// The k-th largest by each method, and tails that keep it while values pass, against sorting.
#include "quantroof/precision/largest.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace largest_test {

namespace {

using namespace quantroof;

struct row {
  std::size_t k;
  std::int32_t kth, above;
};
constexpr std::int32_t keys[] = {5, -1, 9, 5, 7, 9};  // 9 9 7 5 5 -1
constexpr row rows[] = {{1, 9, 9}, {2, 9, 9}, {3, 7, 9}, {4, 5, 7}, {5, 5, 5}, {6, -1, 5}};
constexpr auto picks = [](const row& r) {
  const detail::neighbours n = detail::pick_largest(keys, r.k);
  return n.kth == r.kth && n.above == r.above && detail::kth_by_bisection(keys, r.k) == r.kth;
};
static_assert(test::first_failure(rows, picks) == -1);

std::vector<float> values(std::size_t n, int kind) {
  std::vector<float> x(n);
  std::uint32_t state = 11;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525U + 1013904223U;
    const float u = static_cast<float>(state >> 8U) / 16777216.0F - 0.5F;
    switch (kind) {
      case 0:  // uniform
        x[i] = u;
        break;
      case 1:  // constant
        x[i] = -2.5F;
        break;
      case 2:  // ramps, down and up
        x[i] = static_cast<float>(n - i);
        break;
      case 3:
        x[i] = static_cast<float>(i);
        break;
      case 4:  // few distinct values
        x[i] = static_cast<float>(state >> 29U);
        break;
      case 5:  // all outliers in one place, where a guess cannot see them
        x[i] = i >= n / 2 && i < n / 2 + n / 90 ? 100.0F + u : u;
        break;
      case 6:  // all outliers in one channel of 64
        x[i] = i % 64 == 7 ? 50.0F * u : u;
        break;
      default:  // heavy tail
        x[i] = u / (0.5001F - std::fabs(u));
    }
  }
  return x;
}

}  // namespace

TEST_CASE("the k-th largest by hand") {
  for (const row& r : test::at_run_time(rows)) {
    CAPTURE(r.k);
    CHECK(picks(r));
  }
}

TEST_CASE("each method finds the k-th largest") {
  for (const std::size_t n : {1U, 7U, 64U, 100U, 2048U, 5000U}) {
    std::vector<std::int32_t> keys_of(n);
    std::uint32_t state = static_cast<std::uint32_t>(n);
    for (std::int32_t& key : keys_of) {
      state = state * 1664525U + 1013904223U;
      key = static_cast<std::int32_t>(state >> (state % 3 == 0 ? 28U : 1U)) - 1;
    }
    std::vector<std::int32_t> sorted = keys_of;
    std::sort(sorted.begin(), sorted.end(), std::greater<>{});
    for (const std::size_t k : {std::size_t{1}, std::size_t{8}, n / 100 + 1, n / 2 + 1, n}) {
      if (k > n) {
        continue;
      }
      CAPTURE(n, k);
      CHECK(detail::kth_by_bisection(keys_of, k) == std::min(sorted[k - 1], detail::inf_bits));
      CHECK(detail::kth_by_counting(keys_of, k) == sorted[k - 1]);
      if (k <= 8) {
        CHECK(detail::kth_by_insertion(keys_of, k) == sorted[k - 1]);
      }
    }
  }
}

TEST_CASE("a tail keeps the largest, whatever the values, the cuts and the guess") {
  constexpr std::size_t n = 150000;
  for (int kind = 0; kind < 8; ++kind) {
    std::vector<float> x = values(n, kind);
    x[n / 3] = std::nanf("");
    x[n / 3 + 1] = std::numeric_limits<float>::infinity();
    std::vector<std::int32_t> sorted;
    for (const float v : x) {
      sorted.push_back(detail::magnitude_key(v));
    }
    std::sort(sorted.begin(), sorted.end(), std::greater<>{});
    for (const std::size_t k : {std::size_t{1}, std::size_t{20}, n / 1000, n / 100}) {
      CAPTURE(kind, k);
      const auto is_right = [&](const detail::magnitude_tail& tail) {
        for (const std::size_t place : {k, k / 2 + 1}) {
          const detail::neighbours found = tail.largest(place);
          if (found.kth != sorted[place - 1] || found.above != sorted[place > 1 ? place - 2 : 0]) {
            return false;
          }
        }
        return tail.is_exact(k) && tail.size() == n && tail.finite_count() == n - 2 &&
               tail.range() == absmax(x);
      };
      detail::magnitude_tail whole{k};
      whole.add(x);
      CHECK(is_right(whole));

      detail::magnitude_tail guessed{k, detail::guess_tail_bound(x, k)};
      guessed.add(x);
      CHECK((is_right(guessed) || !guessed.is_exact(k)));

      const std::span<const float> all{x};
      detail::magnitude_tail first{k};
      detail::magnitude_tail second{k};
      first.add(all.subspan(90001));
      second.add(all.first(333));
      second.add(all.subspan(333, 90001 - 333));
      first.merge(second);
      CHECK(is_right(first));
    }
  }
}

TEST_CASE("a guess that is too high is found out") {
  const std::vector<float> x(20000, 1.0F);
  detail::magnitude_tail tail{10, detail::magnitude_bits(2.0F)};
  tail.add(x);
  CHECK_FALSE(tail.is_exact(10));
}

}  // namespace largest_test

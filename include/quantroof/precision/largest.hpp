// SPDX-License-Identifier: Apache-2.0
//
// The largest magnitudes of a stream: what exact high percentiles need, without sorting and without keeping the stream.
//
// magnitude_tail keeps the values above a bound that is known to lie at or below the k-th largest. Values pass in blocks of 1024;
// the maxima of 64 interleaved columns of 16 tell which columns hold a value above the bound, and only those are looked at again,
// in the L1 cache. When the kept values number 2 k, the k-th largest of them becomes the bound. Exact, with ties; O(k) memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/absmax.hpp"

namespace quantroof::detail {

inline constexpr std::size_t tail_block = 1024;  // values: 64 lanes of 16

/// For few of few: the k largest in order, by insertion.
///
/// requires  1 <= k <= 8; k <= keys.size()
[[nodiscard]] constexpr std::int32_t kth_by_insertion(std::span<const std::int32_t> keys,
                                                      std::size_t k) {
  std::array<std::int32_t, 8> best{};
  for (std::int32_t& b : best) {
    b = std::numeric_limits<std::int32_t>::min();
  }
  std::int32_t least = best[0];
  for (const std::int32_t key : keys) {
    if (key > least) {
      std::size_t i = k - 1;
      for (; i > 0 && best[i - 1] < key; --i) {
        best[i] = best[i - 1];
      }
      best[i] = key;
      least = best[k - 1];
    }
  }
  return least;
}

/// How many keys exceed a limit.
[[nodiscard]] constexpr std::size_t count_above(std::span<const std::int32_t> keys,
                                                std::int32_t limit) {
  const std::int32_t* const key = keys.data();
  const std::size_t whole = keys.size() / lane_count * lane_count;
  lane_bits lanes{};
  for (std::size_t first = 0; first < whole; first += lane_count) {
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      lanes[lane] += key[first + lane] > limit ? 1 : 0;
    }
  }
  std::int32_t count = 0;
  for (std::size_t lane = 0; whole > 0 && lane < lane_count; ++lane) {
    count += lanes[lane];
  }
  for (std::size_t i = whole; i < keys.size(); ++i) {
    count += key[i] > limit ? 1 : 0;
  }
  return static_cast<std::size_t>(count);
}

/// The smallest key that exceeds a limit; the largest integer when none does.
[[nodiscard]] constexpr std::int32_t least_above(std::span<const std::int32_t> keys,
                                                 std::int32_t limit) {
  const std::int32_t* const key = keys.data();
  const std::size_t whole = keys.size() / lane_count * lane_count;
  constexpr std::int32_t none = std::numeric_limits<std::int32_t>::max();
  const auto lower = [limit](std::int32_t least, std::int32_t candidate) {
    const std::int32_t other = candidate > limit ? candidate : none;
    return other < least ? other : least;
  };
  std::int32_t least = none;
  if (whole > 0) {
    lane_bits lanes{};
    for (std::int32_t& lane : lanes) {
      lane = none;
    }
    for (std::size_t first = 0; first < whole; first += lane_count) {
      for (std::size_t lane = 0; lane < lane_count; ++lane) {
        lanes[lane] = lower(lanes[lane], key[first + lane]);
      }
    }
    for (const std::int32_t lane : lanes) {
      least = lower(least, lane);
    }
  }
  for (std::size_t i = whole; i < keys.size(); ++i) {
    least = lower(least, key[i]);
  }
  return least;
}

/// By halving the range of keys.
[[nodiscard]] constexpr std::int32_t kth_by_bisection(std::span<const std::int32_t> keys,
                                                      std::size_t k) {
  std::int32_t low = -1;  // at least k keys are not below
  std::int32_t high = inf_bits;
  while (low < high) {
    const std::int32_t middle = low + (high - low) / 2;
    if (count_above(keys, middle) >= k) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// By counting: the bin of the leading 12 bits that holds the k-th, then of the next 12 and 8 bits among its own.
[[nodiscard]] constexpr std::int32_t kth_by_counting(std::span<const std::int32_t> keys,
                                                     std::size_t k) {
  constexpr std::array<unsigned, 3> shifts{20, 8, 0};
  std::vector<std::int32_t> storage;
  std::span<const std::int32_t> rest = keys;
  std::array<std::uint32_t, 4096> counts{};
  std::uint32_t prefix = 0;
  for (std::size_t level = 0; level < shifts.size(); ++level) {
    const unsigned shift = shifts[level];
    const std::uint32_t mask = level < 2 ? 0xFFFU : 0xFFU;
    counts = {};
    for (const std::int32_t key : rest) {
      ++counts[(static_cast<std::uint32_t>(key + 1) >> shift) & mask];  // -1 becomes 0
    }
    std::uint32_t digit = mask;
    while (counts[digit] < k) {
      k -= counts[digit--];
    }
    prefix |= digit << shift;
    std::vector<std::int32_t> same(counts[digit] + 1, 0);
    std::size_t found = 0;
    for (const std::int32_t key : rest) {
      same[found] = key;
      found += ((static_cast<std::uint32_t>(key + 1) >> shift) & mask) == digit ? 1U : 0U;
    }
    same.resize(found);
    storage.swap(same);
    rest = storage;
  }
  return static_cast<std::int32_t>(prefix) - 1;
}

/// The k-th largest key. In place of std::nth_element, whose header costs every includer of the library 600 kB.
///
/// requires  1 <= k <= keys.size() < 2^31; keys are those of magnitudes, -1 or larger
[[nodiscard]] constexpr std::int32_t kth_largest(std::span<const std::int32_t> keys,
                                                 std::size_t k) {
  if (k <= 8) {
    return kth_by_insertion(keys, k);
  }
  return keys.size() <= 2048 ? kth_by_bisection(keys, k) : kth_by_counting(keys, k);
}

/// The k-th largest key and the one above it (the same key when k == 1).
struct neighbours {
  std::int32_t kth = -1;
  std::int32_t above = -1;
};

/// requires  1 <= k <= keys.size()
[[nodiscard]] constexpr neighbours pick_largest(std::span<const std::int32_t> keys, std::size_t k) {
  const std::int32_t kth = kth_largest(keys, k);
  if (k == 1 || count_above(keys, kth) != k - 1) {
    return {kth, kth};
  }
  return {kth, least_above(keys, kth)};
}

/// The maxima of 64 interleaved columns of a block, NaN and Inf included: lane l of values l, l + 64, l + 128 ...
///
/// requires  size <= tail_block
[[nodiscard]] constexpr lane_bits column_maxima(const float* x, std::size_t size) {
  lane_bits lanes{};
  const std::size_t whole = size / lane_count * lane_count;
  raise_lanes(lanes, x, whole);
  for (std::size_t i = whole; i < size; ++i) {
    lanes[i - whole] = higher(lanes[i - whole], magnitude_bits(x[i]));
  }
  return lanes;
}

/// 1 when a > b, without a branch that nobody could predict.
///
/// requires  keys: -1 or larger
[[nodiscard]] constexpr std::size_t one_if_above(std::int32_t a, std::int32_t b) {
  return static_cast<std::uint32_t>(b - a) >> 31U;
}

/// Writes the finite keys above `bound` of a block with these column maxima to `out`; returns how many. Writes one key beyond them.
constexpr std::size_t gather_above(const float* x, std::size_t size, const lane_bits& maxima,
                                   std::int32_t bound, std::int32_t* out) {
  const std::array<std::int32_t, 16> folded = fold_lanes(maxima);
  std::array<std::uint32_t, 17> fold{};
  std::size_t folds = 0;
  for (std::size_t lane = 0; lane < 16; ++lane) {
    fold[folds] = static_cast<std::uint32_t>(lane);
    folds += one_if_above(folded[lane], bound);
  }
  std::array<std::uint32_t, lane_count + 1> hit{};
  std::size_t hits = 0;
  for (std::size_t f = 0; f < folds; ++f) {
    for (std::uint32_t lane = fold[f]; lane < lane_count; lane += 16) {
      hit[hits] = lane;
      hits += one_if_above(maxima[lane], bound);
    }
  }
  std::size_t count = 0;
  for (std::size_t h = 0; h < hits; ++h) {
    if (size == tail_block && maxima[hit[h]] < inf_bits) {
      const float* const column = x + hit[h];
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 16  // -O2 keeps the loop if not told
#endif
      for (std::size_t i = 0; i < tail_block; i += lane_count) {
        const std::int32_t key = magnitude_bits(column[i]);
        out[count] = key;
        count += one_if_above(key, bound);
      }
      continue;
    }
    for (std::size_t i = hit[h]; i < size; i += lane_count) {
      const std::int32_t key = magnitude_key(x[i]);
      out[count] = key;
      count += one_if_above(key, bound);
    }
  }
  return count;
}

/// The k largest finite magnitudes of what was added, and how many values were NaN or Inf.
class magnitude_tail {
 public:
  /// `hint` is a guess of a number below the k-th largest; a wrong one is found out by is_exact, -1 is never wrong.
  constexpr explicit magnitude_tail(std::size_t k, std::int32_t hint = -1) : k_(k), bound_(hint) {}

  /// Takes a block in; true when it holds NaN or Inf.
  ///
  /// requires  size <= tail_block
  constexpr bool add_block(const float* x, std::size_t size) {
    const lane_bits maxima = column_maxima(x, size);
    const std::int32_t highest = highest_lane(maxima);
    const bool special = highest >= inf_bits;
    if (special) {
      range_.merge(absmax_with_specials(x, size));
    } else {
      range_.merge({.value = magnitude_of(highest)});
    }
    size_ += size;
    if (highest > bound_) {
      make_room(size);
      count_ += gather_above(x, size, maxima, bound_, kept_.data() + count_);
    }
    return special;
  }

  constexpr void add(std::span<const float> values) {
    for (std::size_t first = 0; first < values.size(); first += tail_block) {
      const std::size_t rest = values.size() - first;
      add_block(values.data() + first, rest < tail_block ? rest : tail_block);
    }
  }

  /// Takes in what another one has seen; the result is that of one tail that has seen both.
  ///
  /// requires  the same k
  constexpr void merge(const magnitude_tail& other) {
    range_.merge(other.range_);
    size_ += other.size_;
    if (other.bound_ > bound_) {
      proven_ = other.proven_;
      raise_bound(other.bound_);
    }
    for (std::size_t first = 0; first < other.count_; first += tail_block) {
      const std::size_t rest = other.count_ - first;
      const std::size_t size = rest < tail_block ? rest : tail_block;
      make_room(size);
      for (std::size_t i = first; i < first + size; ++i) {
        kept_[count_] = other.kept_[i];
        count_ += other.kept_[i] > bound_ ? 1U : 0U;
      }
    }
  }

  /// The k-th largest finite magnitude and its upper neighbour, as keys.
  ///
  /// requires  1 <= k <= the k of the constructor; k <= finite_count(); is_exact(k)
  [[nodiscard]] constexpr neighbours largest(std::size_t k) const {
    const std::span<const std::int32_t> kept{kept_.data(), count_};
    if (count_ >= k) {
      return pick_largest(kept, k);
    }
    return {bound_, k > 1 && count_ + 1 == k ? kth_largest(kept, count_) : bound_};
  }
  /// False when the hint was above the k-th largest magnitude.
  [[nodiscard]] constexpr bool is_exact(std::size_t k) const { return proven_ || count_ >= k; }

  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr const absmax_result& range() const { return range_; }
  [[nodiscard]] constexpr std::size_t finite_count() const {
    return size_ - static_cast<std::size_t>(range_.special_count());
  }

 private:
  // Room for `more` keys and the one that gather_above writes beyond them.
  constexpr void make_room(std::size_t more) {
    if (count_ + more < kept_.size()) {
      return;
    }
    if (count_ > 2 * k_ + tail_block) {
      proven_ = true;
      raise_bound(kth_largest({kept_.data(), count_}, k_));
    }
    if (count_ + more >= kept_.size()) {
      const std::size_t doubled = 2 * kept_.size();
      const std::size_t most = 2 * k_ + 3 * tail_block;
      const std::size_t least = bound_ > 0 ? k_ + k_ / 2 : 0;  // of a guess: what it lets through
      const std::size_t wanted = doubled < most ? (doubled > least ? doubled : least) : most;
      const std::size_t needed = count_ + more + 1;
      kept_.resize(wanted > needed ? wanted : needed, 0);
    }
  }

  constexpr void raise_bound(std::int32_t bound) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::int32_t key = kept_[i];
      kept_[count] = key;
      count += key > bound ? 1U : 0U;
    }
    count_ = count;
    bound_ = bound;
  }

  std::size_t k_;
  std::int32_t bound_;          // kept: every magnitude above it
  bool proven_ = bound_ == -1;  // at least k magnitudes are not below it, or it bounds nothing
  std::size_t count_ = 0;
  std::vector<std::int32_t> kept_{};
  std::size_t size_ = 0;
  absmax_result range_{};
};

/// A guess of a bound for a magnitude_tail over all of `values`: from up to 64 blocks spread over them; -1 for less than 16 blocks.
///
/// formula   with m of n values seen, the (s + 3 sqrt(s) + 4)-th largest column maximum, s = k m / n: too high once in some thousand
///           tensors whose blocks are alike, and then the work is done again without it
[[nodiscard]] constexpr std::int32_t guess_tail_bound(std::span<const float> values,
                                                      std::size_t k) {
  const std::size_t blocks = values.size() / tail_block;
  if (blocks < 16) {
    return -1;
  }
  const std::size_t wanted = blocks / 16 < 64 ? blocks / 16 : 64;
  const std::size_t seen = wanted < 4 ? 4 : wanted;
  std::vector<std::int32_t> maxima(seen * lane_count, 0);
  for (std::size_t b = 0; b < seen; ++b) {
    const std::size_t block = b * (blocks / seen) + scattered(b, blocks / seen);
    const lane_bits lanes = column_maxima(values.data() + block * tail_block, tail_block);
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      const std::int32_t best = lanes[lane];
      maxima[b * lane_count + lane] = best < inf_bits ? best : -1;
    }
  }
  const double expected = static_cast<double>(k) * static_cast<double>(seen * tail_block) /
                          static_cast<double>(values.size());
  const double rank = expected + 3.0 * sqrt(expected) + 4.0;
  if (rank >= static_cast<double>(maxima.size())) {
    return -1;
  }
  const std::int32_t bound = kth_largest(maxima, static_cast<std::size_t>(rank));
  return bound > 0 ? bound - 1 : -1;
}

}  // namespace quantroof::detail

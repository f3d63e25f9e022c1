// SPDX-License-Identifier: Apache-2.0
//
// How large are the large values of a tensor: exact percentiles of |x| for clipping and for outlier statistics.
//
//   rank = (n - 1) * q / 100; the result interpolates linearly between the two neighbouring order statistics (numpy's default)
//
// High percentiles need only the few largest values, which largest.hpp finds in one pass; several percentiles share it. Exact with
// ties, deterministic. NaN and Inf are left out. Not here: percentiles of signed values, weighted percentiles.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/uncontracted.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/largest.hpp"

namespace quantroof {
namespace detail {

/// Where a percentile lies: between the k-th largest of n values and the one above it.
struct percentile_place {
  std::size_t k = 1;
  double weight = 0;  // of the one above
};

/// requires  count > 0; 0 <= q <= 100
[[nodiscard]] constexpr percentile_place place_of(double q, std::size_t count) {
  const double rank = static_cast<double>(count - 1) * (q / 100.0);
  const auto below = static_cast<std::size_t>(rank);
  return {count - below, rank - static_cast<double>(below)};
}

/// Between two neighbours, counted from the nearer one.
[[nodiscard]] constexpr double between(neighbours pair, double weight) {
  const double low = magnitude_of(pair.kth);
  const double high = magnitude_of(pair.above);
  return weight < 0.5 ? low + abs_product(high - low, weight)
                      : high - abs_product(high - low, 1.0 - weight);
}

/// The q-th percentile of what a tail has seen; 0 when nothing was finite.
///
/// requires  the tail's k is at least that of the place; is_exact
[[nodiscard]] constexpr double percentile_of(const magnitude_tail& tail, double q) {
  const std::size_t finite = tail.finite_count();
  if (finite == 0) {
    return 0.0;
  }
  const percentile_place place = place_of(q, finite);
  return between(tail.largest(place.k), place.weight);
}

/// A tail that holds the k largest of `values`, whose guess was right.
[[nodiscard]] constexpr magnitude_tail tail_of(std::span<const float> values, std::size_t k) {
  magnitude_tail tail{k, guess_tail_bound(values, k)};
  tail.add(values);
  const std::size_t finite = tail.finite_count();
  if (!tail.is_exact(finite < k ? finite : k)) {
    tail = magnitude_tail{k};
    tail.add(values);
  }
  return tail;
}

inline constexpr std::size_t short_row = 4096;  // what largest_of_short_row takes

/// The k-th largest of a row and its upper neighbour; nullopt when the row holds NaN or Inf.
/// The k-th largest column maximum bounds the k-th largest value, so fewer than k columns are looked at again; no allocation.
///
/// requires  k <= Most; k <= values.size() <= short_row
template <std::size_t Most>
[[nodiscard]] constexpr std::optional<neighbours> largest_of_short_row(
    std::span<const float> values, std::size_t k) {
  std::array<lane_bits, short_row / tail_block> lanes;
  std::array<std::int32_t, short_row / tail_block * lane_count> maxima;
  std::size_t blocks = 0;
  std::int32_t highest = 0;
  for (std::size_t first = 0; first < values.size(); first += tail_block, ++blocks) {
    const std::size_t rest = values.size() - first;
    lanes[blocks] = column_maxima(values.data() + first, rest < tail_block ? rest : tail_block);
    highest = higher(highest, highest_lane(lanes[blocks]));
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      maxima[blocks * lane_count + lane] = lanes[blocks][lane];
    }
  }
  if (highest >= inf_bits) {
    return std::nullopt;
  }
  const std::int32_t bound = kth_largest({maxima.data(), blocks * lane_count}, k);
  std::array<std::int32_t, Most * tail_block / lane_count> above;  // one key is written beyond them
  std::size_t count = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t rest = values.size() - b * tail_block;
    count += gather_above(values.data() + b * tail_block, rest < tail_block ? rest : tail_block,
                          lanes[b], bound, above.data() + count);
  }
  const std::span<const std::int32_t> kept{above.data(), count};
  if (count >= k) {
    return pick_largest(kept, k);
  }
  return neighbours{bound, k > 1 && count + 1 == k ? kth_largest(kept, count) : bound};
}
[[nodiscard]] constexpr std::optional<neighbours> largest_of_short_row(
    std::span<const float> values, std::size_t k) {
  return k <= 8 ? largest_of_short_row<8>(values, k) : largest_of_short_row<64>(values, k);
}

}  // namespace detail

/// The percentiles of |x| over the finite values, in one pass; 0 when no value is finite.
///
/// shapes    qs and the result: one element per percentile
/// formula   order statistic at rank (n - 1) * q / 100, linear between neighbours: numpy.percentile's default "linear"
/// requires  values not empty; 0 <= q <= 100
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    Hyndman and Fan 1996, definition 7
template <std::size_t Count>
[[nodiscard]] constexpr std::array<double, Count> abs_percentiles(
    std::span<const float> values, const std::array<double, Count>& qs) {
  detail::expects(!values.empty(), "abs_percentile: the span is empty");
  std::size_t most = 1;
  for (const double q : qs) {
    detail::expects(q >= 0.0 && q <= 100.0, "abs_percentile: q must be in [0, 100]");
    const std::size_t k = detail::place_of(q, values.size()).k;
    most = k > most ? k : most;
  }
  std::array<double, Count> result{};
  bool done = values.size() <= detail::short_row && most <= 64;
  for (std::size_t i = 0; i < Count && done; ++i) {
    const detail::percentile_place place = detail::place_of(qs[i], values.size());
    const auto pair = detail::largest_of_short_row(values, place.k);
    result[i] = pair ? detail::between(*pair, place.weight) : 0.0;
    done = pair.has_value();
  }
  if (done) {
    return result;
  }
  const std::size_t k =
      most < values.size() ? most + 1 : most;  // one to spare: fewer may be finite
  const detail::magnitude_tail tail = detail::tail_of(values, k);
  for (std::size_t i = 0; i < Count; ++i) {
    result[i] = detail::percentile_of(tail, qs[i]);
  }
  return result;
}

/// The q-th percentile of |x| over the finite values; 0 when no value is finite.
///
/// formula, requires, errors, source  as abs_percentiles
[[nodiscard]] constexpr double abs_percentile(std::span<const float> values, double q) {
  return abs_percentiles(values, std::array<double, 1>{q})[0];
}

}  // namespace quantroof

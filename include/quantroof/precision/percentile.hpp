// SPDX-License-Identifier: Apache-2.0
//
// How large are the large values of a tensor: exact percentiles of |x| for clipping and for outlier statistics.
//
//   rank = (n - 1) * q / 100; the result interpolates linearly between the two neighbouring order statistics (numpy's default)
//
// High percentiles need only the few largest values: the k-th largest of the maxima of 64 neighbours is a lower bound of the
// k-th largest value, so only the fewer than k groups above it are read again. Exact, deterministic, no sampling.
// NaN and Inf are left out. Not here: percentiles of signed values, weighted percentiles.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"

namespace quantroof {
namespace detail {

/// |x| as an integer that orders as |x| does; -1 for NaN and Inf. Integer maxima vectorise where float maxima do not.
[[nodiscard]] constexpr std::int32_t magnitude_key(float x) {
  const auto bits = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU);
  return bits < 0x7F800000 ? bits : -1;
}

[[nodiscard]] constexpr float magnitude_of(std::int32_t key) {
  return key < 0 ? 0.0F : std::bit_cast<float>(static_cast<std::uint32_t>(key));
}

[[nodiscard]] constexpr std::size_t count_finite(std::span<const float> values) {
  const float* const x = values.data();
  std::size_t finite = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    finite += magnitude_key(x[i]) >= 0 ? 1U : 0U;
  }
  return finite;
}

/// Largest finite |x|; 0 when there is none.
[[nodiscard]] constexpr float finite_absmax(std::span<const float> values) {
  const float* const x = values.data();
  std::int32_t best = -1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int32_t key = magnitude_key(x[i]);
    best = key > best ? key : best;
  }
  return magnitude_of(best);
}

/// The k-th largest key and the one above it (the same key when k == 1).
struct neighbours {
  std::int32_t kth = -1;
  std::int32_t above = -1;
};

/// The k-th largest by counting: four passes over eight bits each, the most significant first. In place of std::nth_element, whose
/// header costs every includer of the library 600 kB.
///
/// requires  1 <= k <= keys.size()
[[nodiscard]] constexpr std::int32_t kth_largest(std::span<const std::int32_t> keys,
                                                 std::size_t k) {
  std::uint32_t prefix = 0;
  std::uint32_t mask = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto digit_at = static_cast<unsigned>(shift);
    std::array<std::size_t, 256> count{};
    for (const std::int32_t key : keys) {
      const std::uint32_t bits = static_cast<std::uint32_t>(key + 1);  // -1 becomes 0
      if ((bits & mask) == prefix) {
        ++count[(bits >> digit_at) & 0xFFU];
      }
    }
    std::uint32_t digit = 255;
    while (count[digit] < k) {
      k -= count[digit--];
    }
    prefix |= digit << digit_at;
    mask |= std::uint32_t{0xFF} << digit_at;
  }
  return static_cast<std::int32_t>(prefix) - 1;
}

/// requires  1 <= k <= keys.size()
[[nodiscard]] constexpr neighbours pick_largest(std::span<const std::int32_t> keys, std::size_t k) {
  const std::int32_t kth = kth_largest(keys, k);
  std::size_t larger = 0;
  std::int32_t next = std::numeric_limits<std::int32_t>::max();
  for (const std::int32_t key : keys) {
    if (key > kth) {
      ++larger;
      next = key < next ? key : next;
    }
  }
  return {kth, k > 1 && larger == k - 1 ? next : kth};
}

[[nodiscard]] constexpr neighbours largest_by_selection(std::span<const float> values,
                                                        std::size_t k) {
  std::vector<std::int32_t> keys(values.size(), 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    keys[i] = magnitude_key(values[i]);
  }
  return pick_largest(keys, k);
}

/// The same by pruning: groups whose maximum does not exceed the k-th largest group maximum cannot hold more than ties.
///
/// requires  1 <= k <= number of groups
template <std::size_t Group>
[[nodiscard]] constexpr neighbours largest_by_pruning(std::span<const float> values,
                                                      std::size_t k) {
  const float* const x = values.data();
  const std::size_t n = values.size();
  std::vector<std::int32_t> maxima((n + Group - 1) / Group, 0);
  for (std::size_t g = 0; g < n / Group; ++g) {
    std::int32_t best = -1;
    for (std::size_t i = 0; i < Group; ++i) {
      const std::int32_t key = magnitude_key(x[g * Group + i]);
      best = key > best ? key : best;
    }
    maxima[g] = best;
  }
  for (std::size_t i = n / Group * Group; i < n; ++i) {
    const std::int32_t key = magnitude_key(x[i]);
    maxima.back() = key > maxima.back() ? key : maxima.back();
  }
  const std::int32_t bound = kth_largest(maxima, k);
  std::vector<std::int32_t> above;
  for (std::size_t g = 0; g < maxima.size(); ++g) {
    if (maxima[g] > bound) {
      for (std::size_t i = g * Group; i < n && i < (g + 1) * Group; ++i) {
        const std::int32_t key = magnitude_key(x[i]);
        if (key > bound) {
          above.push_back(key);
        }
      }
    }
  }
  if (above.size() >= k) {
    return pick_largest(above, k);
  }
  if (k > 1 && above.size() + 1 == k) {
    return {bound, kth_largest(above, above.size())};
  }
  return {bound, bound};
}

[[nodiscard]] constexpr neighbours largest_magnitudes(std::span<const float> values,
                                                      std::size_t k) {
  if (k <= values.size() / 256) {
    return largest_by_pruning<64>(values, k);
  }
  if (k <= values.size() / 64) {
    return largest_by_pruning<16>(values, k);
  }
  return largest_by_selection(values, k);
}

}  // namespace detail

/// The q-th percentile of |x| over the finite values; 0 when no value is finite.
///
/// formula   order statistic at rank (n - 1) * q / 100, linear between neighbours: numpy.percentile's default "linear"
/// requires  values not empty; 0 <= q <= 100
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    Hyndman and Fan 1996, definition 7
[[nodiscard]] constexpr double abs_percentile(std::span<const float> values, double q) {
  detail::expects(!values.empty(), "abs_percentile: the span is empty");
  detail::expects(q >= 0.0 && q <= 100.0, "abs_percentile: q must be in [0, 100]");
  const std::size_t finite = detail::count_finite(values);
  if (finite == 0) {
    return 0.0;
  }
  const double rank = static_cast<double>(finite - 1) * (q / 100.0);
  const auto below = static_cast<std::size_t>(rank);
  const double weight = rank - static_cast<double>(below);
  const detail::neighbours pair = detail::largest_magnitudes(values, finite - below);
  const double low = detail::magnitude_of(pair.kth);
  const double high = detail::magnitude_of(pair.above);
  return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1.0 - weight);
}

}  // namespace quantroof

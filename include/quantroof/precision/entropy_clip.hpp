// SPDX-License-Identifier: Apache-2.0
//
// The clip that keeps most of the information in the distribution of |x|: the least Kullback-Leibler divergence of what the
// elements can tell from what there was.
//
//   histogram of |x| in 2048 bins; for a clip of i bins:
//   P = the first i bins, what lies beyond added to the last; Q = each code's share of them, spread evenly over its bins that hold
//   something; both normalised; the clip with the least sum of P log(P / Q) wins, the larger one of equals
//
// Source: Migacz, "8-bit Inference with TensorRT", GTC 2017, with the details of NVIDIA's pytorch-quantization
// (calib/histogram.py, TensorRT 1637a26): bin 0 counts as bin 1, empty bins stay empty, a clip whose last bin is empty before what
// lies beyond is added is out of the question. There codes are 128 equal intervals; here a bin belongs to the code its middle
// rounds to in the target format, so that float formats are judged by their own uneven codes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/uncontracted.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/clip_scale.hpp"
#include "quantroof/precision/element_rounder.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// The histogram and the clips tried on it.
struct entropy_options {
  std::size_t bins = 2048;   // of |x| between 0 and absmax
  std::size_t fewest = 128;  // bins of the smallest clip
  std::size_t every =
      8;  // distance of clips in bins; 1 is TensorRT's, eight times the work for clips 0.05 % apart
};

/// A clip and its divergence in bits.
struct entropy_clip {
  float scale = 1.0F;
  float clip = 0.0F;
  double divergence = 0;
  double absmax_divergence = 0;

  friend constexpr bool operator==(const entropy_clip&, const entropy_clip&) = default;
};

namespace detail {

/// Binary logarithm, within 2^-46; the same bits in every build: each product is divided before it is added to something.
///
/// requires  x >= 1, finite
[[nodiscard]] constexpr double log2_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<int>(bits >> 52U) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFULL) | 0x3FF0000000000000ULL);
  if (m > 1.4142135623730951) {  // sqrt 2
    m /= 2;
    ++exponent;
  }
  const double f = (m - 1) / (m + 1);  // log m = 2 atanh f, by its continued fraction
  const double f2 = f * f;
  double rest = 13.0;
  for (int i = 6; i >= 1; --i) {
    rest = (2 * i - 1) - f2 * (i * i) / rest;
  }
  return exponent + f / rest / 0.34657359027997264;  // log(2) / 2
}

/// How often |x| falls into each of the bins between 0 and absmax. NaN, Inf and 0 fall into the first.
[[nodiscard]] constexpr std::vector<std::int64_t> magnitude_histogram(std::span<const float> values,
                                                                      float absmax,
                                                                      std::size_t bins) {
  std::vector<std::int64_t> counts(bins, 0);
  const double factor = static_cast<double>(bins) / static_cast<double>(absmax);
  const auto last = static_cast<std::int32_t>(bins) - 1;
  std::array<float, lane_count> x{};
  std::array<std::int32_t, lane_count> bin{};
  for (std::size_t first = 0; first < values.size(); first += lane_count) {
    const std::size_t rest = values.size() - first;
    const std::size_t count = rest < lane_count ? rest : lane_count;
    copy_finite_magnitudes(values.subspan(first, count), x.data());
    for (std::size_t i = 0; i < lane_count; ++i) {
      const auto index = static_cast<std::int32_t>(static_cast<double>(x[i]) * factor);
      bin[i] = index < last ? index : last;
    }
    for (std::size_t i = 0; i < count; ++i) {
      ++counts[static_cast<std::size_t>(bin[i])];
    }
  }
  return counts;
}

/// The histogram and its sums up to each bin.
class entropy_search {
 public:
  constexpr entropy_search(std::vector<std::int64_t> counts, precision p)
      : grid_(rounding_grid_of(p)),
        rounder_(p, 1.0F),
        top_(static_cast<double>(element_max(p))),
        counts_(std::move(counts)) {
    if (counts_.size() > 1) {
      counts_[0] = counts_[1];
    }
    sums_.push_back({});
    for (const std::int64_t c : counts_) {
      up_to next = sums_.back();
      next.count += c;
      next.occupied += c > 0 ? 1 : 0;
      next.logs += with_log(c);
      sums_.push_back(next);
    }
  }

  /// Divergence in bits of a clip of so many bins; infinite for one that is out of the question.
  [[nodiscard]] constexpr double divergence(std::size_t bins) const {
    const std::int64_t all = sums_.back().count;
    const std::int64_t within = sums_[bins].count;
    const std::int64_t beyond = all - within;
    const std::int64_t last = counts_[bins - 1];
    if (last == 0 && beyond > 0) {
      return std::numeric_limits<double>::infinity();
    }
    const double p_logs = sums_[bins].logs - with_log(last) + with_log(last + beyond);
    double q_logs = 0;
    for (std::size_t first = 0; first < bins;) {
      const std::size_t next = next_code(first, bins);
      const std::int64_t mass = sums_[next].count - sums_[first].count;
      const std::int64_t occupied = sums_[next].occupied - sums_[first].occupied;
      if (mass > 0) {
        const double log = log2_of(static_cast<double>(mass) / static_cast<double>(occupied));
        q_logs += abs_product(static_cast<double>(next == bins ? mass + beyond : mass), log);
      }
      first = next;
    }
    const auto total = static_cast<double>(all);
    return (p_logs - q_logs) / total - log2_of(total / static_cast<double>(within));
  }

 private:
  struct up_to {
    std::int64_t count = 0;
    std::int64_t occupied = 0;  // bins that hold something
    double logs = 0;            // sum of c log c
  };

  [[nodiscard]] static constexpr double with_log(std::int64_t count) {
    const auto c = static_cast<double>(count);
    return count > 1 ? abs_product(c, log2_of(c)) : 0.0;
  }

  // The first bin after `bin` whose middle rounds to another element when `bins` of them reach up to the largest one.
  [[nodiscard]] constexpr std::size_t next_code(std::size_t bin, std::size_t bins) const {
    const auto count = static_cast<double>(bins);
    const auto element_of = [&](std::size_t b) {
      return rounder_(static_cast<float>((static_cast<double>(b) + 0.5) * top_ / count));
    };
    const float element = element_of(bin);
    const auto code = std::bit_cast<std::int32_t>(element);
    if (code >= grid_.most) {
      return bins;
    }
    const double half_gap = static_cast<double>(grid_.spacing(code)) / 16777216.0;  // 2^-24
    const double edge = (static_cast<double>(element) + half_gap) * count / top_ - 0.5;
    std::size_t next = static_cast<std::size_t>(edge > 0 ? edge : 0.0) + 1;
    next = next <= bin ? bin + 1 : (next < bins ? next : bins);
    while (next > bin + 1 && element_of(next - 1) != element) {  // a tie that goes up
      --next;
    }
    return next;
  }

  rounding_grid grid_;
  element_rounder rounder_;
  double top_;
  std::vector<std::int64_t> counts_;
  std::vector<up_to> sums_{};
};

}  // namespace detail

/// The clip of least divergence.
///
/// formula   as at the head of this file; clips absmax * i / bins for i = bins, bins - every ... fewest
/// requires  1 <= fewest <= bins < 2^31; every > 0; elements of at most 16 bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   BF16, which reaches as far as float: absmax. Short inputs: a histogram of a few thousand values has holes, and percentile
///           or mse_optimal know better
[[nodiscard]] constexpr entropy_clip find_entropy_clip(std::span<const float> values, precision p,
                                                       const entropy_options& options = {}) {
  detail::expects(
      options.fewest > 0 && options.fewest <= options.bins && options.bins <= 0x7FFFFFFFU,
      "find_entropy_clip: needs 1 <= fewest <= bins < 2^31");
  detail::expects(options.every > 0, "find_entropy_clip: every must be positive");
  const float top = absmax(values).value;
  entropy_clip result{.scale = scale_for_clip(top, p), .clip = top};
  if (top == 0.0F || !detail::rounding_grid_of(p).by_addition) {
    return result;
  }
  const detail::entropy_search search{detail::magnitude_histogram(values, top, options.bins), p};
  result.absmax_divergence = search.divergence(options.bins);
  result.divergence = result.absmax_divergence;
  std::size_t best = options.bins;
  for (std::size_t i = options.bins; i >= options.fewest; i -= options.every) {
    const double divergence = search.divergence(i);
    if (divergence < result.divergence) {
      result.divergence = divergence;
      best = i;
    }
    if (i - options.fewest < options.every) {
      break;
    }
  }
  result.clip = static_cast<float>(static_cast<double>(top) * static_cast<double>(best) /
                                   static_cast<double>(options.bins));
  result.scale = scale_for_clip(result.clip, p);
  return result;
}

/// The scale of find_entropy_clip.
[[nodiscard]] constexpr float entropy_scale(std::span<const float> values, precision p) {
  return find_entropy_clip(values, p).scale;
}

}  // namespace quantroof

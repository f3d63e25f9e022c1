// SPDX-License-Identifier: Apache-2.0
//
// What a tensor of activations looks like: range, spread, tail, outliers. The specification's ActivationStats.
//
//   one pass over blocks of 4096 values in the L1 cache: range and tail by largest.hpp, sums of values and squares in double,
//   blocks joined by Chan, Golub and LeVeque's formula
//
// NaN and Inf are counted and left out of every other figure. Mean and standard deviation are the population's (divided by n:
// numpy's default; torch.std divides by n - 1). Percentiles of |x| are exact. Same bits in every build.
// Not here: what follows from the figures (adaptive_precision.hpp, dynamic_quantizer.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/matrix_view.hpp"
#include "quantroof/detail/uncontracted.hpp"
#include "quantroof/precision/largest.hpp"
#include "quantroof/precision/percentile.hpp"

namespace quantroof {

/// Figures of one tensor of activations, over its finite values.
struct activation_stats {
  double absmax = 0;
  double mean = 0;
  double std = 0;
  double percentile_99 = 0;   // of |x|
  double percentile_999 = 0;  // of |x|: the 99.9th
  std::int64_t rows = 1;      // tokens
  std::int64_t cols = 0;      // channels
  std::int64_t nan_count = 0;
  std::int64_t inf_count = 0;

  /// How far the largest value stands out: absmax / (|mean| + 3 std); 0 where absmax is 0.
  ///
  /// formula   about 1.7 for a million Gaussian values; above 2 the specification calls outliers severe
  [[nodiscard]] constexpr double outlier_ratio() const {
    const double spread = detail::abs(mean) + 3.0 * std;
    return spread > 0 ? absmax / spread : 0.0;
  }
  /// The effective range: the 99.9th percentile of |x|.
  [[nodiscard]] constexpr double dynamic_range() const { return percentile_999; }

  friend constexpr bool operator==(const activation_stats&, const activation_stats&) = default;
};

namespace detail {

/// Count, mean and sum of squared deviations from it.
struct moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  /// Those of both. Products here are divided before they are added, so that no build fuses them.
  constexpr void merge(const moments& other) {
    if (other.count == 0) {
      return;
    }
    const double both = count + other.count;
    const double gap = other.mean - mean;
    squares += other.squares + gap * gap * count * other.count / both;
    mean += gap * other.count / both;
    count = both;
  }
};

struct sums_and_squares {
  double sum = 0;
  double squares = 0;
};
/// Sums of d and of its square over d = deviation(x), in 32 partial sums each.
template <class Deviation, class Square>
[[nodiscard]] constexpr sums_and_squares sum_up(const float* x, std::size_t size,
                                                Deviation deviation, Square squared) {
  constexpr std::size_t lanes = 32;
  constexpr std::size_t half_lanes = lanes / 2;
  const std::size_t whole = size / lanes * lanes;
  std::array<double, lanes> sums{};
  std::array<double, lanes> squares{};
  // Half the lanes at a time: what 16 registers hold.
  for (std::size_t part = 0; part < lanes; part += half_lanes) {
    std::array<double, half_lanes> part_sums{};
    std::array<double, half_lanes> part_squares{};
    for (std::size_t i = part; i < whole; i += lanes) {
      for (std::size_t lane = 0; lane < half_lanes; ++lane) {
        const double d = deviation(x[i + lane]);
        part_sums[lane] += d;
        part_squares[lane] += squared(d);
      }
    }
    for (std::size_t lane = 0; lane < half_lanes; ++lane) {
      sums[part + lane] = part_sums[lane];
      squares[part + lane] = part_squares[lane];
    }
  }
  for (std::size_t i = whole; i < size; ++i) {
    const double d = deviation(x[i]);
    sums[i - whole] += d;
    squares[i - whole] += squared(d);
  }
  for (std::size_t half = lanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      sums[lane] += sums[lane + half];
      squares[lane] += squares[lane + half];
    }
  }
  return {sums[0], squares[0]};
}

/// Moments of finite values.
///
/// formula   squares = sum(x^2) - sum(x)^2 / n; where that loses more than 6 binary digits, around d = x - x[0] instead, which loses at
///           most the factor n: among the d^2 are those between x[0] and all others
[[nodiscard]] constexpr moments moments_of(const float* x, std::size_t size) {
  if (size == 0) {
    return {};
  }
  const auto n = static_cast<double>(size);
  // The square of a float is exact in double, so it does not matter whether it is fused with the sum.
  const auto plain = sum_up(
      x, size, [](float v) { return static_cast<double>(v); }, [](double d) { return d * d; });
  const double spread = plain.squares - plain.sum * plain.sum / n;
  if (spread * 64 >= plain.squares) {
    return {n, plain.sum / n, spread};
  }
  const auto first = static_cast<double>(x[0]);
  const auto near = sum_up(
      x, size, [first](float v) { return static_cast<double>(v) - first; },
      [](double d) { return square(d); });
  const double rest = near.squares - near.sum * near.sum / n;
  return {n, first + near.sum / n, rest > 0 ? rest : 0.0};
}

/// The elements of a matrix one after the other: the matrix itself where its rows touch, else a copy in `storage`.
[[nodiscard]] constexpr std::span<const float> contiguous(matrix_view<const float> x,
                                                          std::vector<float>& storage) {
  if (x.rows() == 1 || x.stride() == x.cols()) {
    return {x.row(0).data(), x.rows() * x.cols()};
  }
  storage.reserve(x.rows() * x.cols());
  for (std::size_t r = 0; r < x.rows(); ++r) {
    for (const float v : x.row(r)) {
      storage.push_back(v);
    }
  }
  return storage;
}

}  // namespace detail

/// Takes activations in as they come and tells their statistics.
///
/// formula   counts, absmax and percentiles depend on the values only: any chunks, any order, any threads merged in any order.
///           Mean and std depend on the values and their order, not on how add() cuts them; joined by merge() they agree to about
///           1e-15 (mean: of the largest magnitude, std: relative), with the same bits when merged in the same order
/// requires  no more values than expected_count, all merged ones together: exact percentiles need the top 1 % of them, which takes up to
///           8 bytes * expected_count / 100 for the 99th, on demand
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// example   activation_accumulator a{n}; a.add(chunk); a.merge(of_another_thread); a.stats().absmax
class activation_accumulator {
 public:
  constexpr explicit activation_accumulator(std::size_t expected_count)
      : activation_accumulator(expected_count, -1) {}

  constexpr void add(std::span<const float> values) {
    detail::expects(values.size() <= expected_ - size(),
                    "activation_accumulator: more values than expected_count");
    std::size_t first = 0;
    if (!pending_.empty()) {
      const std::size_t room = block - pending_.size();
      first = values.size() < room ? values.size() : room;
      pending_.insert(pending_.end(), values.begin(),
                      values.begin() + static_cast<std::ptrdiff_t>(first));
      if (pending_.size() < block) {
        return;
      }
      take(pending_.data(), block);
      pending_.clear();
    }
    for (; values.size() - first >= block; first += block) {
      take(values.data() + first, block);
    }
    pending_.insert(pending_.end(), values.begin() + static_cast<std::ptrdiff_t>(first),
                    values.end());
  }
  constexpr void add(matrix_view<const float> x) {
    if (!x.empty() && x.stride() == x.cols()) {
      return add(std::span<const float>{x.row(0).data(), x.rows() * x.cols()});
    }
    detail::expects(x.empty() || x.rows() <= (expected_ - size()) / x.cols(),
                    "activation_accumulator: more values than expected_count");
    for (std::size_t r = 0; r < x.rows(); ++r) {
      add(x.row(r));
    }
  }

  /// Adds what another one has seen.
  ///
  /// requires  not this one; the same expected_count
  constexpr void merge(const activation_accumulator& other) {
    detail::expects(&other != this, "activation_accumulator: merge needs another one");
    detail::expects(other.expected_ == expected_,
                    "activation_accumulator: merge needs the same expected_count");
    detail::expects(other.size() <= expected_ - size(),
                    "activation_accumulator: more values than expected_count");
    flush();
    tail_.merge(other.tail_);
    moments_.merge(other.moments_);
    take(other.pending_.data(), other.pending_.size());
  }

  /// Values added so far, NaN and Inf included.
  [[nodiscard]] constexpr std::size_t size() const { return tail_.size() + pending_.size(); }

  /// The figures so far, as of one row; 0 everywhere when no value is finite.
  [[nodiscard]] constexpr activation_stats stats() const {
    if (pending_.empty()) {
      return flushed_stats();
    }
    activation_accumulator whole = *this;
    whole.flush();
    return whole.flushed_stats();
  }

 private:
  friend constexpr activation_stats compute_activation_stats(matrix_view<const float> x);
  static constexpr std::size_t block = 4096;  // 16 KiB: half an L1 cache

  constexpr activation_accumulator(std::size_t expected_count, std::int32_t hint)
      : expected_(expected_count), tail_(wanted(expected_count), hint) {}

  // How many of the largest the 99th percentile needs, and one to spare: fewer values may be finite.
  static constexpr std::size_t wanted(std::size_t count) {
    return count > 0 ? detail::place_of(99.0, count).k + 1 : 1;
  }

  constexpr void take(const float* x, std::size_t size) {
    bool special = false;
    for (std::size_t first = 0; first < size; first += detail::tail_block) {
      const std::size_t rest = size - first;
      special |= tail_.add_block(x + first, rest < detail::tail_block ? rest : detail::tail_block);
    }
    if (!special) {
      moments_.merge(detail::moments_of(x, size));
      return;
    }
    std::array<float, block> finite{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < size; ++i) {
      finite[count] = x[i];
      count += detail::magnitude_key(x[i]) >= 0 ? 1U : 0U;
    }
    moments_.merge(detail::moments_of(finite.data(), count));
  }

  constexpr void flush() {
    take(pending_.data(), pending_.size());
    pending_.clear();
  }

  [[nodiscard]] constexpr bool is_exact() const {
    const std::size_t finite = tail_.finite_count();
    return finite == 0 || tail_.is_exact(detail::place_of(99.0, finite).k);
  }

  [[nodiscard]] constexpr activation_stats flushed_stats() const {
    activation_stats s{.cols = static_cast<std::int64_t>(tail_.size()),
                       .nan_count = tail_.range().nan_count,
                       .inf_count = tail_.range().inf_count};
    if (moments_.count > 0) {
      s.absmax = static_cast<double>(tail_.range().value);
      s.mean = moments_.mean;
      s.std = detail::sqrt(moments_.squares / moments_.count);
      s.percentile_99 = detail::percentile_of(tail_, 99.0);
      s.percentile_999 = detail::percentile_of(tail_, 99.9);
    }
    return s;
  }

  std::size_t expected_;
  detail::magnitude_tail tail_;
  detail::moments moments_{};
  std::vector<float>
      pending_{};  // less than a block: blocks lie the same however the values are cut
};

/// Statistics of a row-major matrix, in one pass.
///
/// shapes    [tokens, channels]
/// formula   percentiles as numpy.percentile's default (linear between order statistics); 0 everywhere when no value is finite
/// requires  at least one element
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// example   examples/dynamic_quant_demo.cpp
[[nodiscard]] constexpr activation_stats compute_activation_stats(matrix_view<const float> x) {
  detail::expects(!x.empty(), "compute_activation_stats: the activation must not be empty");
  const std::size_t size = x.rows() * x.cols();
  const bool touching = x.rows() == 1 || x.stride() == x.cols();
  const std::int32_t hint =
      touching
          ? detail::guess_tail_bound({x.row(0).data(), size}, activation_accumulator::wanted(size))
          : -1;
  activation_accumulator all{size, hint};
  all.add(x);
  all.flush();
  if (!all.is_exact()) {  // the guess was too high
    all = activation_accumulator{size};
    all.add(x);
    all.flush();
  }
  activation_stats s = all.flushed_stats();
  s.rows = static_cast<std::int64_t>(x.rows());
  s.cols = static_cast<std::int64_t>(x.cols());
  return s;
}
/// Statistics of one row.
[[nodiscard]] constexpr activation_stats compute_activation_stats(std::span<const float> x) {
  return compute_activation_stats(matrix_view<const float>{x, 1, x.size()});
}

}  // namespace quantroof

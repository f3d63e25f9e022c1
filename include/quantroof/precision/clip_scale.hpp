// SPDX-License-Identifier: Apache-2.0
//
// A clip as a scale, and what a scale costs: the two measures by which scales are chosen (scale_choice.hpp).
//
//   scale = clip / element_max(precision); values beyond the clip saturate; x is stored as round(x / scale)
//
// NaN and Inf never enter a scale or an error. Not here: formats that bring scales of their own per block (block_format.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/uncontracted.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_rounder.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// The scale that puts `clip` on the largest element of the format.
///
/// formula   clip / element_max(p), at least the smallest normal float, and such that scale * element_max(p) stays finite;
///           1 when clip is 0: a group without information is stored as it is
/// requires  clip finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr float scale_for_clip(float clip, precision p) {
  detail::expects(clip >= 0.0F && clip <= std::numeric_limits<float>::max(),
                  "scale_for_clip: the clip must be finite and not negative");
  if (clip == 0.0F) {
    return 1.0F;
  }
  const float top = element_max(p);
  float scale = clip / top;
  if (scale < std::numeric_limits<float>::min()) {
    return std::numeric_limits<float>::min();
  }
  while (static_cast<double>(scale) * static_cast<double>(top) >
         static_cast<double>(std::numeric_limits<float>::max())) {
    scale = std::bit_cast<float>(std::bit_cast<std::uint32_t>(scale) -
                                 1U);  // the next float towards zero
  }
  return scale;
}

/// The scale that clips nothing: largest finite |x| on the largest element.
[[nodiscard]] constexpr float absmax_scale(std::span<const float> values, precision p) {
  return scale_for_clip(absmax(values).value, p);
}

namespace detail {

/// |x|, or 0, which has no error, for NaN and Inf.
[[nodiscard]] constexpr float finite_magnitude(float x) {
  const std::int32_t bits = magnitude_bits(x);
  return std::bit_cast<float>(bits & finite_mask(bits));
}

constexpr void copy_finite_magnitudes(std::span<const float> values, float* out) {
  const float* const x = values.data();
  const std::size_t whole = values.size() / lane_count * lane_count;
  for (std::size_t first = 0; first < whole; first += lane_count) {
    for (std::size_t i = 0; i < lane_count; ++i) {
      out[first + i] = finite_magnitude(x[first + i]);
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    out[i] = finite_magnitude(x[i]);
  }
}

inline constexpr std::size_t error_tile = 1024;   // 4 KiB: a fraction of an L1 cache
inline constexpr std::size_t error_sample = 256;  // 1 KiB

/// Adds up the squared errors of round trips, tile by tile.
class error_sum {
  template <class Round>
  static constexpr void add(const float* x, std::size_t size, Round round,
                            std::array<double, 16>& sums) {
    const auto squared = [round](float magnitude) {
      // The mask keeps the product inside and the difference from being fused.
      const float rounded = std::bit_cast<float>(magnitude_bits(round.up_to_ties(magnitude)));
      return square(rounded - magnitude);
    };
    std::array<float, lane_count> lanes{};
    std::size_t first = 0;
    for (; first + 4 * lane_count <= size; first += 4 * lane_count) {
      for (std::size_t lane = 0; lane < lane_count; ++lane) {
        const float* const column = x + first + lane;
        lanes[lane] += (squared(column[0]) + squared(column[64])) +
                       (squared(column[128]) + squared(column[192]));
      }
    }
    for (; first < size; first += lane_count) {
      for (std::size_t lane = 0; lane < lane_count; ++lane) {
        lanes[lane] += squared(x[first + lane]);
      }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += static_cast<double>((lanes[i] + lanes[i + 32]) + (lanes[i + 16] + lanes[i + 48]));
    }
  }

 public:
  constexpr error_sum() = default;
  constexpr error_sum(precision p, float scale) : rounder_(p, scale) {}

  /// An empty sum of the same precision at another scale.
  [[nodiscard]] constexpr error_sum at(float scale) const {
    error_sum other;
    other.rounder_ = rounder_.at(scale);
    return other;
  }

  /// Takes in finite magnitudes; in float within the tile, in double from tile to tile.
  ///
  /// requires  size <= error_tile, a multiple of 64
  constexpr void add(const float* x, std::size_t size) {
    rounder_.visit([&](auto round) { add(x, size, round, sums_); });
  }

  [[nodiscard]] constexpr double total() const {
    double sum = 0.0;
    for (std::size_t i = 0; i < 8; ++i) {
      sum += sums_[i] + sums_[i + 8];
    }
    return sum;
  }

 private:
  element_rounder rounder_{};
  std::array<double, 16> sums_{};
};

/// Appends 0 up to a multiple of 64; returns the new size.
constexpr std::size_t fill_up(std::array<float, error_tile>& tile, std::size_t size) {
  for (; size % lane_count != 0; ++size) {
    tile[size] = 0.0F;
  }
  return size;
}

/// Calls use(magnitudes, size) for tiles of at most error_tile values, NaN and Inf as 0 and filled up with 0 to a multiple of 64. Of
/// every n samples of 256 values one is read, which one is scattered; the last n may be fewer. Returns how many values were read.
template <class Use>
constexpr std::size_t for_each_tile(std::span<const float> values, std::size_t every, Use use) {
  std::array<float, error_tile> tile{};
  std::size_t read = 0;
  std::size_t size = 0;
  const std::size_t wanted = every == 1 ? error_tile : error_sample;
  const std::size_t tiles = values.size() / wanted + (values.size() % wanted != 0 ? 1 : 0);
  for (std::size_t run = 0; run * every < tiles; ++run) {
    const std::size_t left = tiles - run * every;
    const std::size_t first = (run * every + scattered(run, left < every ? left : every)) * wanted;
    const std::size_t rest = values.size() - first;
    const std::size_t count = rest < wanted ? rest : wanted;
    copy_finite_magnitudes(values.subspan(first, count), tile.data() + size);
    size += count;
    read += count;
    if (size == error_tile) {
      use(tile.data(), size);
      size = 0;
    }
  }
  if (size > 0) {
    use(tile.data(), fill_up(tile, size));
  }
  return read;
}

}  // namespace detail

/// Sum of squared differences between the finite values and their round trip through p.
///
/// formula   sum over i of (round_trip(p, x_i, scale) - x_i)^2, in float within 1024 values (64 partial sums) and in double beyond: to
///           about 1e-7 of itself, the same bits in every build; of a value within an ulp of a tie either neighbour is taken
/// requires  scale positive and finite; elements of at most 16 bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
[[nodiscard]] constexpr double round_trip_error(std::span<const float> values, precision p,
                                                float scale) {
  detail::error_sum sum{p, scale};
  detail::for_each_tile(values, 1, [&](const float* x, std::size_t size) { sum.add(x, size); });
  return sum.total();
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The clip with the least squared error of a round trip, by search: never worse than absmax.
//
//   76 clips 1/8 octave apart, absmax * 2^(7/8) ... absmax / 362; then 24 clips 1/104 octave apart around the best of them
//
// Coarse clips above absmax are for float elements only: a maximum that lands on a lower code can sit better on a coarse grid, as
// NVFP4's "4 over 6" shows. Fine ones may pass absmax in every format: few values can sit better on a slightly wider grid. All clips are
// tried on a tile of 4 KiB while it is in the L1 cache. A clip whose error has passed the final error of another one is dropped; which wins
// does not change. Same bits in every build.
// A sample sees few of the largest values, which decide how deep to clip. Measured on 16.8 million values, one in 16 read: the error
// is 0 to 0.2 % above that of the full search for Gaussian values, up to 2.6 % with outlier channels or 30-fold outliers, 13 % for
// INT8 of Student-t values (5 degrees of freedom), where absmax is 7 times as bad.
// Sources: derived; searches of the same kind: llm-compressor's mse observer, NVIDIA ModelOpt.
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
#include "quantroof/precision/clip_scale.hpp"
#include "quantroof/precision/element_rounder.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// How thoroughly a clip is searched.
struct mse_options {
  // 1 KiB tiles the search reads: 1 all; 16 one of each 16, scattered, of which the coarse clips read one in 8 where that leaves
  // 65536 values
  std::size_t sample_every = 1;
};

/// A clip and what it is worth. `mse` and `absmax_mse` are of all values whatever the sample, so that the penalty of a sample is the
/// ratio of its mse to that of a search without one.
struct mse_clip {
  float scale = 1.0F;
  float clip = 0.0F;
  double mse = 0;                  // mean over the finite values, at `scale`
  double absmax_mse = 0;           // the same at the scale of absmax: mse <= absmax_mse
  double sample_mse = 0;           // mean over the values the search read, at `scale`
  std::int64_t sampled_count = 0;  // how many that were, NaN and Inf included

  friend constexpr bool operator==(const mse_clip&, const mse_clip&) = default;
};

namespace detail {

inline constexpr double eighth_octave = 1.0905077326652577;  // 2^(1/8)
inline constexpr double fine_step = 1.0066871364523837;      // 2^(1/104): 13 of them are an eighth
inline constexpr std::size_t coarse_clips = 76;
inline constexpr int clips_below = 68;  // absmax, of the coarse ones
inline constexpr int clips_above = 7;
inline constexpr int fine_clips = 12;  // to either side
inline constexpr std::size_t pilot_values = 65536;
static_assert(clips_above + 1 + clips_below == coarse_clips);
[[nodiscard]] constexpr bool is_root_of_two(double x, int exponent) {
  double power = 1.0;
  for (int i = 0; i < exponent; ++i) {
    power *= x;
  }
  return power > 2.0 - 1e-13 && power < 2.0 + 1e-13;
}
static_assert(is_root_of_two(eighth_octave, 8) && is_root_of_two(fine_step, 104));

/// One clip on trial.
struct clip_candidate {
  double clip = 0;
  float scale = 1.0F;
  error_sum error{};
  std::size_t read = 0;  // values that made the error
};

/// The search for one tensor and one precision.
class clip_search {
  constexpr void add(std::span<clip_candidate> all, std::size_t& count, double clip) const {
    if (!(clip > 0.0) || clip > static_cast<double>(std::numeric_limits<float>::max())) {
      return;
    }
    const float scale = scale_for_clip(static_cast<float>(clip), p_);
    all[count] = {clip, scale, none_.at(scale)};
    ++count;
  }

  // An error that the best candidate does not exceed: on long inputs that of the winner of a sixteenth of the tiles.
  template <std::size_t Size>
  [[nodiscard]] constexpr double pilot(const std::array<clip_candidate, Size>& all,
                                       std::size_t count, std::size_t every) const {
    if (values_.size() / every < pilot_values) {
      return std::numeric_limits<double>::infinity();
    }
    std::array<clip_candidate, Size> trial = all;
    std::array<clip_candidate, 1> winner{
        best_of({trial.data(), count}, every * 16, std::numeric_limits<double>::infinity())};
    winner[0].error = none_.at(winner[0].scale);
    return best_of(winner, every, std::numeric_limits<double>::infinity()).error.total();
  }

  // The first of the candidates with the least error; those that pass `limit` on the way are left behind.
  [[nodiscard]] constexpr clip_candidate best_of(std::span<clip_candidate> all, std::size_t every,
                                                 double limit) const {
    std::array<std::size_t, coarse_clips> running{};
    std::size_t count = all.size();
    for (std::size_t i = 0; i < count; ++i) {
      running[i] = i;
    }
    std::size_t tiles = 0;
    const std::size_t read =
        for_each_tile(values_, every, [&](const float* tile, std::size_t size) {
          for (std::size_t i = 0; i < count; ++i) {
            all[running[i]].error.add(tile, size);
          }
          if (++tiles % 8 != 0) {
            return;
          }
          std::size_t kept = 0;
          for (std::size_t i = 0; i < count; ++i) {
            running[kept] = running[i];
            kept += all[running[i]].error.total() <= limit ? 1U : 0U;
          }
          count = kept;
        });
    std::size_t best = running[0];
    for (std::size_t i = 1; i < count; ++i) {
      best = all[running[i]].error.total() < all[best].error.total() ? running[i] : best;
    }
    all[best].read = read;
    return all[best];
  }

 public:
  constexpr clip_search(std::span<const float> values, precision p, float absmax)
      : values_(values), p_(p), absmax_(absmax), none_(p, 1.0F) {}

  /// The best of all candidates on every n-th tile; `absmax` itself where nothing is better.
  [[nodiscard]] constexpr clip_candidate best(std::size_t every) const {
    const bool is_float = format_of(p_).element.has_value();
    std::array<clip_candidate, coarse_clips> coarse{};
    std::size_t count = 0;
    double clip = static_cast<double>(absmax_);
    for (int i = 0; i <= clips_below; ++i, clip /= eighth_octave) {
      add(coarse, count, clip);
    }
    clip = static_cast<double>(absmax_) * eighth_octave;
    for (int i = 1; is_float && i <= clips_above; ++i, clip *= eighth_octave) {
      add(coarse, count, clip);
    }
    const bool many = every > 1 && values_.size() / every >= 8 * pilot_values;
    const std::size_t seldom = many ? 8 * every : every;
    const clip_candidate found =
        best_of({coarse.data(), count}, seldom, pilot(coarse, count, seldom));
    std::array<clip_candidate, 2 * static_cast<std::size_t>(fine_clips) + 1> fine{};
    count = 0;
    add(fine, count, found.clip);
    double up = found.clip;
    double down = found.clip;
    for (int i = 1; i <= fine_clips; ++i) {
      up *= fine_step;
      down /= fine_step;
      add(fine, count, down);
      add(fine, count, up);
    }
    return best_of({fine.data(), count}, every, std::numeric_limits<double>::infinity());
  }

 private:
  std::span<const float> values_;
  precision p_;
  float absmax_;
  error_sum none_;
};

}  // namespace detail

/// The scale with the least squared round-trip error among the clips searched; never worse than absmax.
///
/// formula   the clips at the head of this file by round_trip_error; the winner is compared with absmax on all values
/// requires  sample_every > 0; elements of at most 16 bits
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// ignores   optima below absmax / 362 and between grid points narrower than 1/104 octave (0.67 %)
[[nodiscard]] constexpr mse_clip find_mse_clip(std::span<const float> values, precision p,
                                               const mse_options& options = {}) {
  detail::expects(options.sample_every > 0, "find_mse_clip: sample_every must be positive");
  const absmax_result range = absmax(values);
  mse_clip result{.scale = scale_for_clip(range.value, p), .clip = range.value};
  if (range.value == 0.0F) {
    return result;
  }
  const detail::clip_candidate best =
      detail::clip_search{values, p, range.value}.best(options.sample_every);
  detail::error_sum at_absmax{p, result.scale};
  detail::error_sum at_best{p, best.scale};
  detail::for_each_tile(values, 1, [&](const float* x, std::size_t size) {
    at_absmax.add(x, size);
    if (options.sample_every > 1) {
      at_best.add(x, size);
    }
  });
  if (options.sample_every == 1) {
    at_best = best.error;
  }
  const auto finite =
      static_cast<double>(static_cast<std::int64_t>(values.size()) - range.special_count());
  result.absmax_mse = at_absmax.total() / finite;
  result.mse = result.absmax_mse;
  if (at_best.total() < at_absmax.total()) {
    result.scale = best.scale;
    result.clip = static_cast<float>(best.clip);
    result.mse = at_best.total() / finite;
  }
  result.sampled_count = static_cast<std::int64_t>(best.read);
  result.sample_mse = best.error.total() / static_cast<double>(result.sampled_count);
  return result;
}

/// The scale of find_mse_clip over all values.
[[nodiscard]] constexpr float mse_optimal_scale(std::span<const float> values, precision p) {
  return find_mse_clip(values, p).scale;
}

}  // namespace quantroof

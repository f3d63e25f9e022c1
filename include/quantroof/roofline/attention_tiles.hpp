// SPDX-License-Identifier: Apache-2.0
//
// How attention kernels cut their work: the tile of queries x keys of each kernel as published, and into how many parts each divides the
// keys when there are too few tiles to fill the device.
//
// Sources: flash-attention at 0251105 (csrc/flash_attn/src/flash_fwd_launch_template.h, hopper/tile_size.h, hopper/heuristics.h,
// flash_attn/cute), FlashInfer, TensorRT-LLM; arXiv:2205.14135, 2307.08691, 2407.08608, 2603.05451.
#pragma once

#include <cstdint>

#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/calibration.hpp"

namespace quantroof {

/// Rows of queries x columns of keys that one CTA works on at a time.
struct attention_tile {
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  friend constexpr bool operator==(const attention_tile&, const attention_tile&) = default;
};

/// The tile of a kernel over whole prompts.
///
/// formula   FA1: 16 rows at a time under 256 (d <= 64) or 128 columns of keys. FA2: by shared memory and head_dim. FA3: by head_dim, mask and
///           width. TensorRT-LLM, cuDNN, FA4: two tiles of 128 rows; one for prompts of up to 128 rows and for d 256 (TensorRT-LLM)
/// source    as at the head of this file
[[nodiscard]] constexpr attention_tile prefill_tile(attention_kernel kernel, std::int64_t head_dim,
                                                    std::int64_t rows, bool causal,
                                                    attention_width width,
                                                    double shared_memory_kb) {
  const std::int64_t d = head_dim;
  switch (kernel) {
    case attention_kernel::fa1:
      return {128, d <= 64 ? 256 : 128};
    case attention_kernel::fa2:
      if (shared_memory_kb <= 100) {  // cc 8.6, 8.9, 12.x
        if (causal || d > 128) {
          return {64, 64};
        }
        return {128, d <= 64 ? 128 : 32};
      }
      return {d > 192 && shared_memory_kb > 200 ? 64 : 128, d <= 64 && !causal ? 128 : 64};
    case attention_kernel::flashinfer:
      return {128, 64};
    case attention_kernel::fa3:
      if (width == attention_width::bits8) {
        return d <= 64 ? attention_tile{192, 160} : attention_tile{128, d <= 192 ? 160 : 128};
      }
      if (d <= 64) {
        return {192, causal ? 128 : 192};
      }
      if (d <= 128) {
        return {128, causal ? 128 : 176};
      }
      return {128, d <= 192 ? 112 : 80};
    case attention_kernel::trtllm:
      return {rows <= 128 || d > 192 ? 128 : 256, 128};
    case attention_kernel::fa4:
    case attention_kernel::cudnn:
      return {256, 128};
  }
  return {128, 64};
}

/// Query rows that a kernel computes for one token of `group` heads that share their keys: whole tiles.
///
/// formula   FA2, FA3: multiples of 64. TensorRT-LLM, FA4: a power of two, at least 16. FlashInfer: 16, 64, then multiples of 128
[[nodiscard]] constexpr std::int64_t decode_rows(attention_kernel kernel, std::int64_t group) {
  switch (kernel) {
    case attention_kernel::flashinfer:
      return group <= 16 ? 16
                         : (group <= 64 ? 64 : detail::ceil_div(group, std::int64_t{128}) * 128);
    case attention_kernel::trtllm:
    case attention_kernel::cudnn:
    case attention_kernel::fa4: {
      std::int64_t rows = 16;
      while (rows < group) {
        rows *= 2;
      }
      return rows;
    }
    default:
      return detail::ceil_div(group, std::int64_t{64}) * 64;
  }
}

/// Columns of keys in one tile of a decode kernel.
[[nodiscard]] constexpr std::int64_t decode_cols(attention_kernel kernel, std::int64_t head_dim) {
  return kernel == attention_kernel::fa2 && head_dim <= 64 ? 256 : 128;
}

namespace detail {

/// FlashAttention's num_splits_heuristic: 1 where the items fill 80 % of the slots, else the fewest parts whose last wave is at least 85 %
/// as full as the fullest, among at most `most`.
///
/// ignores   beyond eight waves the search for the fullest stops: it is within 2 % of full by then
[[nodiscard]] constexpr double fullest_split(double items, double slots, double most) {
  if (items >= 0.8 * slots || most <= 1) {
    return 1;
  }
  const double inverse = 1.0 / items;
  const double per_wave = slots * inverse;  // parts that one wave holds
  double best = 0;
  for (int wave = 1; wave <= 8; ++wave) {
    double parts = floor(wave * per_wave);
    parts = parts < most ? parts : most;
    const double full = items * parts / (slots * wave);
    best = full > best ? full : best;
    if (best >= 0.98 || parts >= most) {
      break;
    }
  }
  for (int wave = 1; wave <= 8; ++wave) {
    const double parts = ceil(0.85 * best * wave * per_wave - 1e-9);
    if (parts <= floor(wave * per_wave) && parts <= most) {
      return parts < 1 ? 1 : parts;
    }
  }
  return 1;
}

/// Sum over i in [0, n) of floor((a i + b) / m), as a double.
///
/// requires  n >= 0; m > 0; a, b >= 0; a n + b < 2^62
[[nodiscard]] constexpr double floor_sum(std::int64_t n, std::int64_t m, std::int64_t a,
                                         std::int64_t b) {
  double sum = 0;
  while (n > 0) {
    const auto count = static_cast<double>(n);
    if (a >= m) {
      const std::int64_t whole = a / m;
      sum += 0.5 * count * (count - 1) * static_cast<double>(whole);
      a %= m;
    }
    if (b >= m) {
      const std::int64_t whole = b / m;
      sum += count * static_cast<double>(whole);
      b %= m;
    }
    const std::int64_t top = a * n + b;
    if (top < m) {
      break;
    }
    n = top / m;
    b = top % m;
    const std::int64_t old = m;
    m = a;
    a = old;
  }
  return sum;
}

}  // namespace detail

}  // namespace quantroof

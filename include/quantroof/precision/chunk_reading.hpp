// SPDX-License-Identifier: Apache-2.0
//
// A row chunk by chunk: once, or four chunks at a time in two passes, with the memory asked for that comes after.
//
// Not here: what is done with a chunk (element_writer.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "quantroof/precision/chunk_scaling.hpp"

namespace quantroof::detail {

/// How many floats further on the memory is asked for while a chunk is encoded: 8 KiB.
///
/// source    measured, 64 MiB on one core of a Zen 5 server, g++ 12 -march=native, of a plain loop's speed: INT8 with a given scale 0.78 without,
///           0.93 with 8 KiB, 0.86 with 16 KiB; in huge pages 0.74 to 0.77, 0.87 to 0.97, 0.82 to 0.95
inline constexpr std::size_t read_ahead = 2048;
/// Conversions to 16 bits wait for what they write: reading ahead makes them slower (FP16 0.96 without, 0.89 with).
inline constexpr std::size_t no_read_ahead = 0;

/// While a row is encoded that is in the cache, having been looked at: the next one may come meanwhile.
[[nodiscard]] constexpr std::size_t next_row_ahead(std::size_t cols) {
  const std::size_t most = cols < 4 * read_ahead ? cols : 4 * read_ahead;
  return most > read_ahead ? most : read_ahead;
}

/// Asks for the lines of a chunk that lies `ahead` floats behind x, in this row or what follows it: a hint, no access. No result depends on it.
inline void prefetch_chunk(const float* x, std::size_t ahead) {
#if defined(__GNUC__)
  const auto from = reinterpret_cast<std::uintptr_t>(x) + ahead * sizeof(float);
// -O2 keeps the loop if not told: a tenth of the time of formats with scales of blocks.
#if !defined(__clang__)
#pragma GCC unroll 16
#endif
  for (std::size_t line = 0; line < chunk_size * sizeof(float); line += 64) {
    __builtin_prefetch(
        reinterpret_cast<const void*>(from + line));  // NOLINT(performance-no-int-to-ptr)
  }
#else
  static_cast<void>(x);
  static_cast<void>(ahead);
#endif
}

/// A chunk from `count` values, filled up with zeros.
[[gnu::noinline]] constexpr void fill_up(const float* row, std::size_t count,
                                         chunk<float>& buffer) {
  for (std::size_t i = 0; i < chunk_size; ++i) {
    buffer[i] = i < count ? row[i] : 0.0F;
  }
}

/// Calls work(256 values, how many of them are the row's, the column of the first) for all chunks, the last one filled up with zeros; asks
/// for what lies `ahead` of each.
template <class Work>
constexpr void for_chunks(std::span<const float> row, std::size_t ahead, Work work) {
  const std::size_t whole = row.size() / chunk_size * chunk_size;
  for (std::size_t first = 0; first < whole; first += chunk_size) {
    const float* const x = row.data() + first;
    if (!std::is_constant_evaluated() && ahead != no_read_ahead) {
      prefetch_chunk(x, ahead);
    }
    work(x, chunk_size, first);
  }
  if (const std::size_t left = row.size() - whole; left > 0) {
    chunk<float> buffer;
    fill_up(row.data() + whole, left, buffer);
    work(buffer.data(), left, whole);
  }
}

/// How many chunks get their scales side by side: one by one, each would wait for its divisions.
inline constexpr std::size_t batch_chunks = 4;
inline constexpr std::size_t batch_size = batch_chunks * chunk_size;
/// How many batches are looked at before they are encoded: their divisions overlap, and they stay in the first-level cache.
///
/// source    measured as read_ahead was, 1 MiB, GB/s for 1, 2 and 4: INT4 in groups of 128 35, 41, 41; INT8 in groups of 32 33, 38, 35
inline constexpr std::size_t batches_at_once = 2;
/// They are read twice, so what is asked for must lie beyond them.
///
/// source    the same, 64 MiB, of a plain loop's speed with 2048, 3072 and 4096 floats: INT4 0.78, 0.90, 0.84; NVFP4 0.65, 0.77, 0.79
inline constexpr std::size_t read_ahead_of_batches = 3 * batch_size;

/// Calls, for two batches at a time, look(x, count, batch, k) for chunk k of each, choose(the batch's first column, its size, batch), and
/// write(x, count, first, batch, k) for the same chunks.
template <class Look, class Choose, class Write>
constexpr void for_batches(std::span<const float> row, Look look, Choose choose, Write write) {
  constexpr std::size_t most = batches_at_once * batch_size;
  for (std::size_t start = 0; start < row.size(); start += most) {
    const std::size_t left = row.size() - start;
    const std::span<const float> part = row.subspan(start, left < most ? left : most);
    for_chunks(part, no_read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
      look(x, count, first / batch_size, first % batch_size / chunk_size);
    });
    for (std::size_t first = 0; first < part.size(); first += batch_size) {
      const std::size_t rest = part.size() - first;
      choose(start + first, rest < batch_size ? rest : batch_size, first / batch_size);
    }
    for_chunks(
        part, read_ahead_of_batches, [&](const float* x, std::size_t count, std::size_t first) {
          write(x, count, start + first, first / batch_size, first % batch_size / chunk_size);
        });
  }
}

/// Writes the first `count` of what a batch has one of for each block.
template <class T, std::size_t N>
[[gnu::always_inline]] constexpr void store_batch(const std::array<T, N>& values, std::size_t count,
                                                  T* out) {
  if (count == N) {
    for (std::size_t i = 0; i < N; ++i) {
      out[i] = values[i];
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = values[i];
  }
}

}  // namespace quantroof::detail

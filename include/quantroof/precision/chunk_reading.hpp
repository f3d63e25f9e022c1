// SPDX-License-Identifier: Apache-2.0
//
// A row chunk by chunk: once, or four chunks at a time in two passes, with the memory asked for that comes after.
//
// Not here: what is done with a chunk (element_writer.hpp).
#pragma once

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

/// How many chunks are looked at before their scales are worked out side by side and they are encoded: one by one, each would wait for its
/// divisions.
inline constexpr std::size_t batch_chunks = 4;
inline constexpr std::size_t batch_size = batch_chunks * chunk_size;

/// Calls look(x, count, k) for the chunks k of a batch, choose(the batch's first column, its size), and write(x, count, first, k) for the same
/// chunks; then for the next batch.
template <class Look, class Choose, class Write>
constexpr void for_batches(std::span<const float> row, Look look, Choose choose, Write write) {
  for (std::size_t start = 0; start < row.size(); start += batch_size) {
    const std::size_t left = row.size() - start;
    const std::span<const float> batch = row.subspan(start, left < batch_size ? left : batch_size);
    for_chunks(batch, no_read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
      look(x, count, first / chunk_size);
    });
    choose(start, batch.size());
    for_chunks(batch, read_ahead, [&](const float* x, std::size_t count, std::size_t first) {
      write(x, count, start + first, first / chunk_size);
    });
  }
}

}  // namespace quantroof::detail

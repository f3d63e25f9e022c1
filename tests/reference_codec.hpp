// SPDX-License-Identifier: Apache-2.0
//
// A slow codec that shares nothing with the library's: the values of a format are counted up from 0 in double, a float becomes the
// nearest of them by exact midpoints, ties to the even code, and NaN, Inf, overflow and -0 become codes that a table gives.
//
// A codec is constant between its rounding points. The list of runs, (first input, code) in the order of the bits, tells all 2^32
// results; run_hash makes one number of it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "quantroof/precision/float_format.hpp"

namespace test {

/// The codes of what is no number, and of numbers too large. Positive before negative.
struct special_codes {
  std::uint32_t nan[2];
  std::uint32_t inf[2];
  std::uint32_t over[2];  // finite, beyond the largest number
  std::uint32_t minus_zero;
  std::uint32_t rounded_to_minus_zero;  // a negative number of a magnitude that rounds to 0
};

/// The numbers of a format without their sign: entry i is what magnitude code i stands for. One more stands behind the largest:
/// where the next one would be.
///
/// formula   start at 0, 2^M + 2^M steps of the smallest number (subnormal and first normal binade), then twice the step every 2^M codes
[[nodiscard]] constexpr std::vector<double> counted_values(const quantroof::float_format& f) {
  std::size_t per_binade = 1;
  double step = 1.0;
  for (int i = 0; i < f.mantissa_bits; ++i) {
    per_binade *= 2;
    step /= 2;
  }
  for (int i = 1; i < f.bias; ++i) {
    step /= 2;
  }
  std::size_t count = per_binade;
  for (int i = 0; i < f.exponent_bits; ++i) {
    count *= 2;
  }
  if (f.specials == quantroof::special_values::ieee) {
    count -= per_binade;
  }
  if (f.specials == quantroof::special_values::nan_only) {
    count -= 1;
  }
  std::vector<double> values(1, 0.0);
  while (values.size() <= count) {
    const std::size_t code = values.size() - 1;
    if (code >= 2 * per_binade && code % per_binade == 0) {
      step *= 2;
    }
    values.push_back(values.back() + step);
  }
  return values;
}

/// 0, 1, 2 .. 2^(bits - 1).
[[nodiscard]] constexpr std::vector<double> counted_integers(int bits) {
  std::vector<double> values(1, 0.0);
  for (int i = 0; i < (1 << (bits - 1)); ++i) {
    values.push_back(values.back() + 1.0);
  }
  return values;
}

/// 2^-127 and twice as much with every code, 255 of them; 2^128 would be next.
[[nodiscard]] constexpr std::vector<double> counted_powers() {
  double value = 1.0;
  for (int i = 0; i < 127; ++i) {
    value /= 2;
  }
  std::vector<double> values(1, value);
  for (int i = 0; i < 255; ++i) {
    values.push_back(values.back() * 2);
  }
  return values;
}

enum class round_to { nearest, zero, infinity };
enum class sign_as { top_bit, twos_complement, nothing };

struct run {
  std::uint32_t first;
  std::uint32_t code;

  friend bool operator==(const run&, const run&) = default;
};

class reference_codec {
 public:
  reference_codec(std::vector<double> values, sign_as sign, int bits, special_codes specials)
      : values_(std::move(values)), sign_(sign), bits_(bits), specials_(specials) {}

  /// The code of a magnitude before overflow is dealt with: values().size() - 1 and more mean overflow.
  [[nodiscard]] std::size_t magnitude_code(double magnitude, round_to mode) const {
    const auto above = std::upper_bound(values_.begin(), values_.end(), magnitude);
    if (above == values_.begin()) {
      return 0;  // E8M0 has no zero
    }
    const auto i = static_cast<std::size_t>(above - values_.begin()) - 1;
    return i + (goes_above(i, magnitude, mode) ? 1 : 0);
  }

  [[nodiscard]] std::uint32_t code(float x, round_to mode = round_to::nearest) const {
    const std::size_t s = std::bit_cast<std::uint32_t>(x) >> 31U;
    if (x != x) {
      return specials_.nan[s];
    }
    if (x - x != 0.0F) {
      return specials_.inf[s];
    }
    const double magnitude = s != 0 ? -static_cast<double>(x) : static_cast<double>(x);
    std::size_t i = magnitude_code(magnitude, mode);
    if (i >= values_.size() - 1) {
      if (mode != round_to::zero) {
        return specials_.over[s];
      }
      i = values_.size() - 2;
    }
    if (i == 0 && s != 0 && sign_ == sign_as::top_bit) {
      return magnitude == 0.0 ? specials_.minus_zero : specials_.rounded_to_minus_zero;
    }
    return with_sign(i, s);
  }

  [[nodiscard]] std::vector<run> runs(round_to mode = round_to::nearest) const {
    std::vector<run> list;
    const auto add = [&list](std::uint32_t first, std::uint32_t c) {
      if (list.empty() || list.back().code != c) {
        list.push_back({first, c});
      }
    };
    const auto at = [](std::uint32_t bits) { return std::bit_cast<float>(bits); };
    for (const std::uint32_t sign : {0U, 0x80000000U}) {
      add(sign, code(at(sign), mode));
      std::uint32_t first = 1;
      while (true) {
        const std::size_t here = magnitude_code(static_cast<double>(at(first)), mode);
        add(sign | first, code(at(sign | first), mode));
        std::uint32_t low = first;         // has the code of `first`
        std::uint32_t high = 0x7F800000U;  // Inf: has another one
        while (high - low > 1) {
          const std::uint32_t middle = low + (high - low) / 2;
          (goes_above(here, static_cast<double>(at(middle)), mode) ? high : low) = middle;
        }
        if (high == 0x7F800000U) {
          break;
        }
        first = high;
      }
      add(sign | 0x7F800000U, code(at(sign | 0x7F800000U), mode));
      add(sign | 0x7F800001U, code(at(sign | 0x7F800001U), mode));
    }
    return list;
  }

  /// The numbers, and the one that would be next.
  [[nodiscard]] const std::vector<double>& values() const { return values_; }

 private:
  /// True when a magnitude not below number i is rounded to one beyond it.
  [[nodiscard]] bool goes_above(std::size_t i, double magnitude, round_to mode) const {
    if (i + 1 >= values_.size()) {
      return false;
    }
    if (mode == round_to::zero) {
      return magnitude >= values_[i + 1];
    }
    if (mode == round_to::infinity) {
      return magnitude > values_[i];
    }
    const double middle = (values_[i] + values_[i + 1]) / 2;  // exact: one bit more than a value
    return magnitude > middle || (magnitude == middle && i % 2 == 1);
  }

  [[nodiscard]] std::uint32_t with_sign(std::size_t magnitude, std::size_t s) const {
    const auto m = static_cast<std::uint32_t>(magnitude);
    switch (sign_) {
      case sign_as::top_bit:
        return m | (s != 0 ? 1U << static_cast<unsigned>(bits_ - 1) : 0U);
      case sign_as::twos_complement:
        return (s != 0 ? 0U - m : m) & ((1U << static_cast<unsigned>(bits_)) - 1);
      default:
        return m;
    }
  }

  std::vector<double> values_;
  sign_as sign_;
  int bits_;
  special_codes specials_;
};

/// FNV-1a, 64 bits, over 4 bytes of the first input and 2 of the code of each run, low byte first.
[[nodiscard]] inline std::uint64_t run_hash(const std::vector<run>& list) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const run& r : list) {
    const std::uint64_t record = std::uint64_t{r.first} | std::uint64_t{r.code} << 32U;
    for (unsigned byte = 0; byte < 6; ++byte) {
      hash = (hash ^ ((record >> (8 * byte)) & 0xFFU)) * 0x100000001B3U;
    }
  }
  return hash;
}

/// How many inputs of a run list get another code: of the first three and last two of each run, and of every `stride`th of all 2^32.
template <class Encode>
[[nodiscard]] std::uint64_t disagreements(const std::vector<run>& list, std::uint64_t stride,
                                          Encode encode_one) {
  std::uint64_t different = 0;
  const auto check = [&different, &encode_one](std::uint64_t bits, std::uint32_t code) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    different += std::uint32_t{encode_one(x)} == code ? 0U : 1U;
  };
  for (std::size_t r = 0; r < list.size(); ++r) {
    const std::uint64_t first = list[r].first;
    const std::uint64_t next = r + 1 < list.size() ? list[r + 1].first : std::uint64_t{1} << 32U;
    const std::uint32_t code = list[r].code;
    for (std::uint64_t bits = first; bits < next && bits < first + 3; ++bits) {
      check(bits, code);
    }
    for (std::uint64_t bits = next - 1; bits >= first && bits + 3 > next; --bits) {
      check(bits, code);
      if (bits == 0) {
        break;
      }
    }
    for (std::uint64_t bits = (first + stride - 1) / stride * stride; bits < next; bits += stride) {
      check(bits, code);
    }
  }
  return different;
}

}  // namespace test

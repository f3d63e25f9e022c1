// SPDX-License-Identifier: Apache-2.0
//
// A fuzzer's bytes as numbers, enumerators and floats. Bytes that are missing read as zeros.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <type_traits>
#include <vector>

namespace fuzz {

/// Stops the program, and with it the fuzzer, unless `holds`; says where it was asked.
inline void must(bool holds, int line = __builtin_LINE()) {
  if (!holds) {
    std::fprintf(stderr, "must, line %d\n", line);
    std::abort();
  }
}

class input {
 public:
  explicit input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint8_t byte() { return at_ < bytes_.size() ? bytes_[at_++] : std::uint8_t{0}; }
  template <class T>
  T raw() {
    static_assert(std::is_trivially_copyable_v<T>);
    std::array<std::uint8_t, sizeof(T)> parts{};
    for (std::uint8_t& part : parts) {
      part = byte();
    }
    return std::bit_cast<T>(parts);
  }
  /// In [0, limit).
  std::size_t below(std::size_t limit) { return raw<std::uint16_t>() % limit; }
  /// One of the first `count` enumerators; one time in 64 any value at all, which need not be one.
  template <class Enum>
  Enum enumerator(std::size_t count) {
    const std::uint8_t choice = byte();
    return static_cast<Enum>(choice < 252 ? choice % count : byte());
  }
  /// Floats out of all that is left, over and over: raw bits, or integers times a power of two so that most are ordinary.
  std::vector<float> floats(std::size_t count) {
    const std::uint8_t kind = byte();
    const std::span<const std::uint8_t> rest = bytes_.subspan(at_ < bytes_.size() ? at_ : 0);
    std::vector<float> x(count, 0.0F);
    for (std::size_t i = 0; i < count && !rest.empty(); ++i) {
      const auto at = [&](std::size_t k) { return rest[k % rest.size()]; };
      if (kind % 4 == 0) {
        const std::array<std::uint8_t, 4> bits{at(4 * i), at(4 * i + 1), at(4 * i + 2),
                                               at(4 * i + 3)};
        x[i] = std::bit_cast<float>(bits);
      } else {
        // Three bytes: 16 bits of number, 8 of exponent, which kind narrows to 2 or 6 bits around 1 or leaves alone.
        const auto number = static_cast<std::int16_t>(at(3 * i) | at(3 * i + 1) << 8);
        const int exponent = kind % 4 == 1
                                 ? at(3 * i + 2) % 4 - 15
                                 : (kind % 4 == 2 ? at(3 * i + 2) % 64 - 47 : at(3 * i + 2) - 142);
        const double power = exponent < 0
                                 ? 1.0 / static_cast<double>(std::uint64_t{1} << (-exponent % 64))
                                 : static_cast<double>(std::uint64_t{1} << (exponent % 64));
        const double scale =
            exponent < -63 ? power * 0x1p-64 : (exponent > 63 ? power * 0x1p64 : power);
        x[i] = static_cast<float>(static_cast<double>(number) * scale);
      }
    }
    return x;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace fuzz

// SPDX-License-Identifier: Apache-2.0
//
// Bytes of safetensors and GGUF files, written as the formats say and not as the readers read them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test {

[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

/// The `count` lowest bytes of a number, the lowest first.
[[nodiscard]] inline std::string little_endian(std::uint64_t value, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += static_cast<char>(value >> (8 * i) & 0xFFU);
  }
  return text;
}
[[nodiscard]] inline std::string u32(std::uint64_t value) { return little_endian(value, 4); }
[[nodiscard]] inline std::string u64(std::uint64_t value) { return little_endian(value, 8); }

/// A safetensors file: its header, and zeros for data.
[[nodiscard]] inline std::string safetensors(std::string_view json, std::size_t data = 0) {
  return u64(json.size()) + std::string{json} + std::string(data, '\0');
}

/// A GGUF file, piece by piece.
struct gguf_bytes {
  std::string values{};
  std::uint64_t value_count = 0;
  std::string tensors{};
  std::uint64_t tensor_count = 0;

  [[nodiscard]] static std::string text(std::string_view s) {
    return u64(s.size()) + std::string{s};
  }
  gguf_bytes& value(std::string_view key, std::uint32_t type, std::string_view bits) {
    values += text(key) + u32(type) + std::string{bits};
    ++value_count;
    return *this;
  }
  gguf_bytes& number(std::string_view key, std::uint32_t x) { return value(key, 4, u32(x)); }
  gguf_bytes& name(std::string_view key, std::string_view s) { return value(key, 8, text(s)); }
  gguf_bytes& array(std::string_view key, std::uint32_t type, std::uint64_t length,
                    std::string_view bits) {
    return value(key, 9, u32(type) + u64(length) + std::string{bits});
  }
  gguf_bytes& tensor(std::string_view name, const std::vector<std::uint64_t>& extents,
                     std::uint32_t type, std::uint64_t offset) {
    tensors += text(name) + u32(extents.size());
    for (const std::uint64_t extent : extents) {
      tensors += u64(extent);
    }
    tensors += u32(type) + u64(offset);
    ++tensor_count;
    return *this;
  }
  /// Header, padding and `data` zeros.
  [[nodiscard]] std::string file(std::size_t data = 0, std::size_t alignment = 32,
                                 std::uint32_t version = 3) const {
    std::string all =
        "GGUF" + u32(version) + u64(tensor_count) + u64(value_count) + values + tensors;
    all.append((alignment - all.size() % alignment) % alignment, '\0');
    return all + std::string(data, '\0');
  }
};

}  // namespace test

// SPDX-License-Identifier: Apache-2.0
//
// The header of a GGUF file in memory: metadata, and each tensor's name, shape, type and bytes.
//
//   "GGUF" | u32 version | u64 tensors | u64 values | values: text key, u32 type, value | tensors: text name, u32 n, u64 extents[n],
//   u32 type, u64 offset | padding to general.alignment (32) | data
//
// Read are versions 2 and 3, little-endian. Offsets are multiples of the alignment; tensors do not overlap. The size of a tensor whose
// type is not in ggml_types is unknown. No count in a file is believed before the bytes that are left confirm it.
// Source: ggml, docs/gguf.md and src/gguf.cpp. Not here: files (gguf.hpp), tensor data.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/byte_reader.hpp"
#include "quantroof/io/ggml_type.hpp"
#include "quantroof/io/gguf_metadata.hpp"
#include "quantroof/io/input_error.hpp"

namespace quantroof {

namespace io {

/// One tensor of a GGUF file.
struct gguf_tensor {
  std::string name{};
  std::vector<std::uint64_t>
      extents{};  // as the file has them: the fastest axis first, in_features before out_features
  std::uint32_t type = 0;
  std::uint64_t offset = 0;              // from the start of the data
  std::uint64_t elements = 0;            // the product of the extents
  std::optional<std::uint64_t> bytes{};  // nothing: find_ggml_type does not know the type
};

/// All but the data.
struct gguf_header {
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::uint64_t data_begin = 0;  // byte of the file
  gguf_metadata metadata{};
  std::vector<gguf_tensor> tensors{};  // in the order of the file

  [[nodiscard]] const gguf_tensor* find(std::string_view name) const {
    for (const gguf_tensor& tensor : tensors) {
      if (tensor.name == name) {
        return &tensor;
      }
    }
    return nullptr;
  }
};

}  // namespace io

namespace detail {

inline constexpr std::size_t max_gguf_name = 64;  // docs/gguf.md
inline constexpr std::uint32_t max_gguf_rank = 4;
inline constexpr int max_gguf_nesting = 4;  // arrays in arrays

/// Reads a header once, from its beginning. Errors have no file name yet.
class gguf_parser {
 public:
  explicit gguf_parser(std::span<const std::byte> bytes) : in_(bytes) {}

  [[nodiscard]] io::gguf_header read() {
    read_version();
    const auto tensors = in_.number<std::uint64_t>("the number of tensors");
    const auto values = in_.number<std::uint64_t>("the number of metadata values");
    read_metadata(values);
    read_alignment();
    read_tensors(tensors);
    const std::uint64_t beyond = in_.position() % header_.alignment;
    header_.data_begin = in_.position() + (beyond == 0 ? 0 : header_.alignment - beyond);
    return std::move(header_);
  }

 private:
  using value_type = io::gguf_value_type;

  [[noreturn]] void refuse(std::string_view rule) const {
    throw io::input_error{"", in_.place(), rule};
  }
  [[noreturn]] static void refuse_tensor(const io::gguf_tensor& tensor, std::string_view rule) {
    throw io::input_error{"", "tensor " + tensor.name, rule};
  }

  void read_version() {
    const std::string_view magic = in_.text(4, "the magic number");
    if (magic == "FUGG") {
      refuse("is a big-endian GGUF file; only little-endian ones are read");
    }
    if (magic != "GGUF") {
      refuse("is not a GGUF file: it must begin with the letters GGUF");
    }
    header_.version = in_.number<std::uint32_t>("the version");
    if (header_.version != 0 && (header_.version & 0xFFFFU) == 0) {
      refuse("is a big-endian GGUF file; only little-endian ones are read");
    }
    if (header_.version != 2 && header_.version != 3) {
      refuse("is GGUF version " + std::to_string(header_.version) + "; known: 2, 3");
    }
  }

  /// A text with its length before it.
  [[nodiscard]] std::string_view text(std::string_view what) {
    return in_.text(in_.number<std::uint64_t>(what), what);
  }
  [[nodiscard]] value_type type() {
    const auto id = in_.number<std::uint32_t>("the type of a value");
    if (id >= io::gguf_value_type_count) {
      refuse("is a value of type " + std::to_string(id) + "; known: 0 to 12");
    }
    return static_cast<value_type>(id);
  }
  /// Bytes of a number; 0 for texts and arrays.
  [[nodiscard]] static std::uint64_t bytes_of(value_type type) {
    switch (type) {
      case value_type::uint8:
      case value_type::int8:
      case value_type::boolean:
        return 1;
      case value_type::uint16:
      case value_type::int16:
        return 2;
      case value_type::uint32:
      case value_type::int32:
      case value_type::float32:
        return 4;
      case value_type::uint64:
      case value_type::int64:
      case value_type::float64:
        return 8;
      case value_type::string:
      case value_type::array:
        break;
    }
    return 0;
  }
  [[nodiscard]] std::uint64_t signed_bits(std::int64_t value) const {
    return std::bit_cast<std::uint64_t>(value);
  }
  /// The bits of a number, as gguf_value keeps them.
  [[nodiscard]] std::uint64_t bits(value_type type) {
    constexpr std::string_view what = "a value";
    switch (type) {
      case value_type::boolean: {
        const auto flag = in_.number<std::uint8_t>(what);
        if (flag > 1) {
          refuse("is a truth value of " + std::to_string(flag) + "; it must be 0 or 1");
        }
        return flag;
      }
      case value_type::uint8:
        return in_.number<std::uint8_t>(what);
      case value_type::uint16:
        return in_.number<std::uint16_t>(what);
      case value_type::uint32:
        return in_.number<std::uint32_t>(what);
      case value_type::int8:
        return signed_bits(static_cast<std::int8_t>(in_.number<std::uint8_t>(what)));
      case value_type::int16:
        return signed_bits(static_cast<std::int16_t>(in_.number<std::uint16_t>(what)));
      case value_type::int32:
        return signed_bits(static_cast<std::int32_t>(in_.number<std::uint32_t>(what)));
      case value_type::float32:
        return std::bit_cast<std::uint64_t>(
            static_cast<double>(std::bit_cast<float>(in_.number<std::uint32_t>(what))));
      default:
        return in_.number<std::uint64_t>(what);
    }
  }

  void read_metadata(std::uint64_t count) {
    constexpr std::uint64_t least = 8 + 1 + 4 + 1;  // a key of one letter, a type, a byte
    in_.require_room(count, least, "its metadata values");
    std::vector<io::gguf_value> values;
    for (std::uint64_t i = 0; i < count; ++i) {
      io::gguf_value value;
      value.key = text("a metadata key");
      if (value.key.empty()) {
        refuse("is a metadata key without letters");
      }
      value.type = type();
      if (value.type == value_type::array) {
        value.type = type();
        value.array_length = in_.number<std::uint64_t>("the length of an array");
        read_array(value);
      } else if (value.type == value_type::string) {
        value.text = text("a text");
      } else {
        value.bits.push_back(bits(value.type));
      }
      values.push_back(std::move(value));
    }
    header_.metadata = io::gguf_metadata{std::move(values)};
  }

  void read_array(io::gguf_value& value) {
    const bool kept = bytes_of(value.type) > 0 && *value.array_length <= io::max_gguf_kept_numbers;
    if (!kept) {
      skip_array(value.type, *value.array_length, 1);
      return;
    }
    in_.require_room(*value.array_length, bytes_of(value.type), "the elements of an array");
    value.bits.reserve(static_cast<std::size_t>(*value.array_length));
    for (std::uint64_t i = 0; i < *value.array_length; ++i) {
      value.bits.push_back(bits(value.type));
    }
  }
  void skip_array(value_type element, std::uint64_t length, int depth) {
    constexpr std::string_view what = "the elements of an array";
    const std::uint64_t size = bytes_of(element);
    if (size > 0) {
      in_.require_room(length, size, what);
      in_.skip(length * size, what);
    } else if (element == value_type::string) {
      in_.require_room(length, 8, what);
      for (std::uint64_t i = 0; i < length; ++i) {
        in_.skip(in_.number<std::uint64_t>(what), what);
      }
    } else {
      if (depth == max_gguf_nesting) {
        refuse("is an array nested deeper than " + std::to_string(max_gguf_nesting));
      }
      in_.require_room(length, 12, what);
      for (std::uint64_t i = 0; i < length; ++i) {
        const value_type inner = type();
        skip_array(inner, in_.number<std::uint64_t>(what), depth + 1);
      }
    }
  }

  void read_alignment() {
    constexpr std::string_view key = "general.alignment";
    const io::gguf_value* const value = header_.metadata.find(key);
    if (value == nullptr) {
      return;
    }
    if (value->type != value_type::uint32 || value->array_length) {
      io::gguf_metadata::refuse(key, "must be a number of type uint32");
    }
    header_.alignment = value->bits.front();
    if (!std::has_single_bit(header_.alignment)) {
      io::gguf_metadata::refuse(key, "must be a power of two");
    }
  }

  void read_tensors(std::uint64_t count) {
    constexpr std::uint64_t least = 8 + 1 + 4 + 4 + 8;  // a name of one letter, no extents
    in_.require_room(count, least, "its tensors");
    header_.tensors.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      header_.tensors.push_back(read_tensor());
    }
    refuse_twins();
    refuse_overlap();
  }
  [[nodiscard]] io::gguf_tensor read_tensor() {
    io::gguf_tensor tensor;
    const auto length = in_.number<std::uint64_t>("the name of a tensor");
    if (length == 0 || length > max_gguf_name) {
      refuse("is the name of a tensor of " + std::to_string(length) + " bytes; it must be 1 to " +
             std::to_string(max_gguf_name));
    }
    tensor.name = in_.text(length, "the name of a tensor");
    const auto rank = in_.number<std::uint32_t>("the shape of a tensor");
    if (rank > max_gguf_rank) {
      refuse_tensor(tensor, "has " + std::to_string(rank) + " dimensions; at most 4 are allowed");
    }
    for (std::uint32_t i = 0; i < rank; ++i) {
      tensor.extents.push_back(in_.number<std::uint64_t>("the shape of a tensor"));
    }
    tensor.type = in_.number<std::uint32_t>("the type of a tensor");
    tensor.offset = in_.number<std::uint64_t>("the offset of a tensor");
    if (tensor.offset % header_.alignment != 0) {
      refuse_tensor(tensor, "has an offset that is not a multiple of general.alignment, " +
                                std::to_string(header_.alignment));
    }
    const auto elements = element_count(tensor.extents);
    if (!elements) {
      refuse_tensor(tensor, "has more than 2^63 - 1 elements");
    }
    tensor.elements = *elements;
    if (const io::ggml_type* const type = io::find_ggml_type(tensor.type); type != nullptr) {
      const std::uint64_t row = tensor.extents.empty() ? 1 : tensor.extents.front();
      if (row % type->block != 0) {
        refuse_tensor(tensor, "has rows of " + std::to_string(row) + " elements; blocks of " +
                                  std::string{type->name} + " have " + std::to_string(type->block));
      }
      tensor.bytes = checked_product(tensor.elements / type->block, type->bytes);
      constexpr std::uint64_t most = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
      if (!tensor.bytes || *tensor.bytes > most || tensor.offset > most - *tensor.bytes) {
        refuse_tensor(tensor, "ends beyond byte 2^63 - 1");
      }
    }
    return tensor;
  }

  void refuse_twins() const {
    std::vector<std::string_view> names;
    names.reserve(header_.tensors.size());
    for (const io::gguf_tensor& tensor : header_.tensors) {
      names.push_back(tensor.name);
    }
    std::sort(names.begin(), names.end());
    if (const auto twin = std::adjacent_find(names.begin(), names.end()); twin != names.end()) {
      throw io::input_error{"", "tensor " + std::string{*twin}, "is there twice"};
    }
  }
  void refuse_overlap() const {
    std::vector<const io::gguf_tensor*> sorted;
    sorted.reserve(header_.tensors.size());
    for (const io::gguf_tensor& tensor : header_.tensors) {
      if (tensor.bytes.value_or(1) > 0) {
        sorted.push_back(&tensor);
      }
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->offset < b->offset; });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      const io::gguf_tensor& before = *sorted[i - 1];
      if (sorted[i]->offset - before.offset < before.bytes.value_or(1)) {
        refuse_tensor(*sorted[i], "overlaps with tensor " + before.name);
      }
    }
  }

  byte_reader in_;
  io::gguf_header header_{};
};

}  // namespace detail
}  // namespace quantroof

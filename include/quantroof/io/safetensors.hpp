// SPDX-License-Identifier: Apache-2.0
//
// What a safetensors file holds, without its data: each tensor's name, element type, shape and bytes.
//
//   u64 N | N bytes of JSON, spaces after it allowed | data
//   {"__metadata__": {"format": "pt"}, "<name>": {"dtype": "BF16", "shape": [out, in], "data_offsets": [begin, end]}, ...}
//
// Offsets count from the start of the data, cover it without holes or overlap, and end - begin is what shape and element type take.
// Source: safetensors 0.6, tensor.rs (dtypes, Metadata::validate) and README, "Format"; FNUZ types: safetensors 0.8.
// Not here: tensor data; models in several files (safetensors_index.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/names.hpp"
#include "quantroof/io/byte_reader.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_parser.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/io/whole_file.hpp"

namespace quantroof {

namespace io {

/// The longest header that the format allows.
inline constexpr std::uint64_t max_safetensors_header_bytes = 100'000'000;

/// Types of elements.
enum class safetensors_dtype : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

}  // namespace io

namespace detail {
inline constexpr name_table<io::safetensors_dtype, 22> safetensors_dtype_names{{
    {io::safetensors_dtype::boolean, "BOOL"},
    {io::safetensors_dtype::f4, "F4"},
    {io::safetensors_dtype::f6_e2m3, "F6_E2M3"},
    {io::safetensors_dtype::f6_e3m2, "F6_E3M2"},
    {io::safetensors_dtype::u8, "U8"},
    {io::safetensors_dtype::i8, "I8"},
    {io::safetensors_dtype::f8_e5m2, "F8_E5M2"},
    {io::safetensors_dtype::f8_e4m3, "F8_E4M3"},
    {io::safetensors_dtype::f8_e8m0, "F8_E8M0"},
    {io::safetensors_dtype::f8_e4m3fnuz, "F8_E4M3FNUZ"},
    {io::safetensors_dtype::f8_e5m2fnuz, "F8_E5M2FNUZ"},
    {io::safetensors_dtype::i16, "I16"},
    {io::safetensors_dtype::u16, "U16"},
    {io::safetensors_dtype::f16, "F16"},
    {io::safetensors_dtype::bf16, "BF16"},
    {io::safetensors_dtype::i32, "I32"},
    {io::safetensors_dtype::u32, "U32"},
    {io::safetensors_dtype::f32, "F32"},
    {io::safetensors_dtype::c64, "C64"},
    {io::safetensors_dtype::f64, "F64"},
    {io::safetensors_dtype::i64, "I64"},
    {io::safetensors_dtype::u64, "U64"},
}};
static_assert(names_are_complete(safetensors_dtype_names));
}  // namespace detail

namespace io {

[[nodiscard]] constexpr std::string_view to_string(safetensors_dtype dtype) {
  return detail::name_of(detail::safetensors_dtype_names, dtype);
}
/// errors    quantroof::domain_error with the list of known names
[[nodiscard]] constexpr safetensors_dtype parse_safetensors_dtype(std::string_view name) {
  return detail::parse_name(detail::safetensors_dtype_names, name, "parse_safetensors_dtype");
}

/// Bits of one element; elements smaller than a byte lie side by side.
[[nodiscard]] constexpr unsigned bits_per_element(safetensors_dtype dtype) {
  switch (dtype) {
    case safetensors_dtype::f4:
      return 4;
    case safetensors_dtype::f6_e2m3:
    case safetensors_dtype::f6_e3m2:
      return 6;
    case safetensors_dtype::boolean:
    case safetensors_dtype::u8:
    case safetensors_dtype::i8:
    case safetensors_dtype::f8_e5m2:
    case safetensors_dtype::f8_e4m3:
    case safetensors_dtype::f8_e8m0:
    case safetensors_dtype::f8_e4m3fnuz:
    case safetensors_dtype::f8_e5m2fnuz:
      return 8;
    case safetensors_dtype::i16:
    case safetensors_dtype::u16:
    case safetensors_dtype::f16:
    case safetensors_dtype::bf16:
      return 16;
    case safetensors_dtype::i32:
    case safetensors_dtype::u32:
    case safetensors_dtype::f32:
      return 32;
    case safetensors_dtype::c64:
    case safetensors_dtype::f64:
    case safetensors_dtype::i64:
    case safetensors_dtype::u64:
      return 64;
  }
  return 0;
}

/// One tensor of a safetensors file.
struct safetensors_tensor {
  std::string name{};
  safetensors_dtype dtype = safetensors_dtype::bf16;
  std::vector<std::uint64_t> shape{};  // row-major, [out, in]; empty: one element
  std::uint64_t begin = 0;             // from the start of the data
  std::uint64_t end = 0;

  [[nodiscard]] std::uint64_t bytes() const { return end - begin; }
};

/// All but the data.
struct safetensors_header {
  std::uint64_t data_begin = 0;                                 // byte of the file
  std::uint64_t data_bytes = 0;                                 // of all tensors
  std::vector<safetensors_tensor> tensors{};                    // in the order of their data
  std::vector<std::pair<std::string, std::string>> metadata{};  // by key

  [[nodiscard]] const safetensors_tensor* find(std::string_view name) const {
    for (const safetensors_tensor& tensor : tensors) {
      if (tensor.name == name) {
        return &tensor;
      }
    }
    return nullptr;
  }
};

}  // namespace io

namespace detail {

template <JsonValue Json>
[[nodiscard]] const Json& needed_member(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    throw io::input_error("", "", "is missing").under(key);
  }
  return *found;
}

/// Bytes of a tensor by its type and shape.
///
/// errors    io::input_error at /shape
[[nodiscard]] inline std::uint64_t stored_bytes(const io::safetensors_tensor& tensor) {
  const auto elements = element_count(tensor.shape);
  const auto bits =
      elements ? checked_product(*elements, io::bits_per_element(tensor.dtype)) : std::nullopt;
  if (!bits) {
    throw io::input_error{"", "/shape", "has more elements than 64 bits can address"};
  }
  if (*bits % 8 != 0) {
    throw io::input_error{"", "/shape",
                          "has " + std::to_string(*elements) + " elements of " +
                              std::string{to_string(tensor.dtype)} + ", which fill no whole bytes"};
  }
  return *bits / 8;
}

template <JsonValue Json>
[[nodiscard]] io::safetensors_tensor read_safetensors_tensor(std::string_view name,
                                                             const Json& json) {
  if (!json.is_object()) {
    wrong_type(json, "an object with dtype, shape and data_offsets");
  }
  io::safetensors_tensor tensor;
  tensor.name = name;
  const Json& dtype = needed_member(json, "dtype");
  const Json& shape = needed_member(json, "shape");
  const Json& offsets = needed_member(json, "data_offsets");
  read_at("dtype", [&] { read_name(dtype, tensor.dtype, io::parse_safetensors_dtype); });
  read_at("shape", [&] { read_value(shape, tensor.shape); });
  read_at("data_offsets", [&] {
    std::vector<std::uint64_t> both;
    read_value(offsets, both);
    if (both.size() != 2 || both[0] > both[1]) {
      throw io::input_error{"", "", "must be [begin, end]"};
    }
    tensor.begin = both[0];
    tensor.end = both[1];
  });
  if (const std::uint64_t wanted = stored_bytes(tensor); tensor.bytes() != wanted) {
    throw io::input_error{"", "/data_offsets",
                          "are " + std::to_string(tensor.bytes()) +
                              " bytes; shape and dtype take " + std::to_string(wanted)};
  }
  return tensor;
}

/// Brings tensors into the order of their data, which they must cover from its beginning.
inline void order_by_offset(io::safetensors_header& header) {
  std::sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
    return a.begin != b.begin ? a.begin < b.begin
           : a.end != b.end   ? a.end < b.end
                              : a.name < b.name;
  });
  for (const io::safetensors_tensor& tensor : header.tensors) {
    if (tensor.begin != header.data_bytes) {
      throw io::input_error{
          "", pointer_text{}.member(tensor.name).member("data_offsets").view(),
          tensor.begin < header.data_bytes
              ? "overlap with the tensor before, which ends at " + std::to_string(header.data_bytes)
              : "leave a hole: the tensor before ends at " + std::to_string(header.data_bytes)};
    }
    header.data_bytes = tensor.end;
  }
}

/// The number of bytes of JSON, which follow the first eight.
inline std::uint64_t safetensors_json_bytes(std::span<const std::byte> first_eight) {
  const auto size = byte_reader{first_eight}.number<std::uint64_t>("the size of its header");
  if (size > io::max_safetensors_header_bytes) {
    throw io::input_error{"", "",
                          "is not a safetensors file: it says that its header has " +
                              std::to_string(size) + " bytes, and 100000000 are allowed"};
  }
  return size;
}

inline io::safetensors_header read_safetensors_header(std::span<const std::byte> bytes) {
  const std::uint64_t size =
      safetensors_json_bytes(bytes.first(std::min<std::size_t>(8, bytes.size())));
  byte_reader in{bytes.subspan(8)};
  const std::string_view text = in.text(size, "its header of " + std::to_string(size) + " bytes");
  if (text.substr(0, 1) != "{") {
    throw io::input_error{"", "", "is not a safetensors file: byte 8 must be '{'"};
  }
  const nlohmann::json json = io::parse_json(text, "", io::max_safetensors_header_bytes);
  io::safetensors_header header;
  header.data_begin = 8 + size;
  header.tensors.reserve(json.size());
  for (auto member = json.begin(); member != json.end(); ++member) {
    const std::string_view name = member.key();
    read_at(name, [&] {
      if (name != "__metadata__") {
        header.tensors.push_back(read_safetensors_tensor(name, member.value()));
      } else if (member->is_object()) {
        for (auto entry = member->begin(); entry != member->end(); ++entry) {
          read_at(std::string_view{entry.key()},
                  [&] { header.metadata.emplace_back(entry.key(), json_text(entry.value())); });
        }
      } else if (!member->is_null()) {
        wrong_type(member.value(), "an object of texts");
      }
    });
  }
  order_by_offset(header);
  return header;
}

}  // namespace detail

namespace io {

/// The header of a safetensors file of which `bytes` are the beginning; data need not follow. `file_name` is what errors call it.
///
/// errors    io::input_error with a place in the JSON: cut off, longer than allowed, not JSON, a name twice, an unknown dtype, offsets
///           with holes or overlap, or that are not what shape and dtype take
[[nodiscard]] inline safetensors_header parse_safetensors(std::span<const std::byte> bytes,
                                                          std::string_view file_name = "") {
  try {
    return detail::read_safetensors_header(bytes);
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  }
}

/// The header of a safetensors file, of which no more than that is read.
///
/// errors    as parse_safetensors; a file that has fewer or more bytes than its tensors take
/// example   examples/checkpoint.cpp
[[nodiscard]] inline safetensors_header read_safetensors(const std::filesystem::path& path) {
  detail::sized_file file{path};
  const std::uint64_t file_bytes = file.left();
  std::vector<std::byte> bytes(8);
  file.read(bytes.data(), 8, "is not a safetensors file: it has fewer than 8 bytes");
  try {
    const std::uint64_t size = detail::safetensors_json_bytes(bytes);
    if (size > file.left()) {
      throw input_error{"", "", "ends within its header of " + std::to_string(size) + " bytes"};
    }
    bytes.resize(8 + static_cast<std::size_t>(size));
    file.read(bytes.data() + 8, static_cast<std::size_t>(size), "changed while it was read");
    safetensors_header header = detail::read_safetensors_header(bytes);
    if (header.data_bytes != file_bytes - header.data_begin) {
      throw input_error{
          "", "",
          "has " + std::to_string(file_bytes - header.data_begin) +
              " bytes of data, its tensors take " + std::to_string(header.data_bytes) +
              (header.data_bytes > file_bytes - header.data_begin ? ": was it cut off?" : "")};
    }
    return header;
  } catch (const input_error& error) {
    throw error.in_file(path.string());
  }
}

}  // namespace io
}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// What a GGUF file holds, without its data: metadata, and each tensor's name, shape, type and bytes (gguf_header.hpp).
//
//   auto file = io::read_gguf("model.gguf");      file.metadata.integer("llama.block_count");      file.tensors[0].bytes
//
// Not here: tensor data, models split over several files (checkpoint.hpp), what the metadata say about a model (gguf_model_keys.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/io/byte_reader.hpp"
#include "quantroof/io/gguf_header.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/whole_file.hpp"

namespace quantroof {

namespace detail {

/// Refuses a file that ends before its tensors do.
inline void refuse_truncated(const io::gguf_header& header, std::uint64_t file_bytes) {
  for (const io::gguf_tensor& tensor : header.tensors) {
    const std::uint64_t room = file_bytes < header.data_begin ? 0 : file_bytes - header.data_begin;
    const std::uint64_t bytes = tensor.bytes.value_or(0);
    if (bytes > room || tensor.offset > room - bytes) {
      throw io::input_error{"", "tensor " + tensor.name,
                            "ends beyond the file, which has " + std::to_string(file_bytes) +
                                " bytes: was it cut off?"};
    }
  }
}

}  // namespace detail

namespace io {

/// More of a file is not read to find the end of its header; published vocabularies take some 10 MB.
inline constexpr std::uint64_t max_gguf_header_bytes = std::uint64_t{256} << 20U;

/// The header of a GGUF file of which `bytes` are the beginning; data need not follow. `file_name` is what errors call it.
///
/// errors    io::input_error with "byte <position>", "key <key>" or "tensor <name>": not GGUF, version 1 or 4, big-endian, cut off, keys or
///           tensors twice, an alignment that is no power of two, offsets that are no multiples of it, overlap
[[nodiscard]] inline gguf_header parse_gguf(std::span<const std::byte> bytes,
                                            std::string_view file_name = "") {
  try {
    return detail::gguf_parser{bytes}.read();
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  }
}

/// The header of a GGUF file, of which no more than that is read.
///
/// errors    as parse_gguf; a file that ends before its tensors do; a header of more than max_gguf_header_bytes
/// example   examples/checkpoint.cpp
[[nodiscard]] inline gguf_header read_gguf(const std::filesystem::path& path) {
  detail::sized_file file{path};
  const std::uint64_t file_bytes = file.left();
  std::vector<std::byte> bytes;
  std::uint64_t wanted = std::uint64_t{1} << 20U;
  try {
    for (;;) {
      const std::uint64_t more = std::min<std::uint64_t>(wanted, file_bytes) - bytes.size();
      const std::size_t old = bytes.size();
      bytes.resize(old + static_cast<std::size_t>(more));
      file.read(bytes.data() + old, static_cast<std::size_t>(more), "changed while it was read");
      try {
        gguf_header header = detail::gguf_parser{bytes}.read();
        detail::refuse_truncated(header, file_bytes);
        return header;
      } catch (const detail::bytes_missing&) {
        if (bytes.size() == file_bytes) {
          throw;
        }
        if (wanted == max_gguf_header_bytes) {
          throw input_error{"", "", "has a header of more than 256 MiB, the most that is read"};
        }
        wanted *= 4;
      }
    }
  } catch (const input_error& error) {
    throw error.in_file(path.string());
  }
}

}  // namespace io
}  // namespace quantroof

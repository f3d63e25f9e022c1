// SPDX-License-Identifier: Apache-2.0
//
// How many bytes and parameters a checkpoint has, by element type and by what its tensors hold (packed_weights.hpp): what a prediction
// from config.json is compared with.
//
//   io::checkpoint_summary s = io::summarize(io::read_checkpoint(path));      s.tensor_bytes      s.parameters
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/io/checkpoint.hpp"
#include "quantroof/io/packed_weights.hpp"

namespace quantroof::io {

/// Tensors of one element type that hold the same.
struct checkpoint_row {
  std::string dtype{};
  tensor_content content = tensor_content::parameters;
  std::string_view packing{};  // "NVFP4" ...
  std::uint64_t tensors = 0;
  std::optional<std::uint64_t> bytes = 0;       // nothing: the type is unknown
  std::optional<std::uint64_t> parameters = 0;  // nothing: packed in a way that is not known
};

/// All of a checkpoint.
struct checkpoint_summary {
  std::vector<checkpoint_row> rows{};  // the most bytes first
  std::uint64_t tensors = 0;
  std::uint64_t file_bytes = 0;                 // headers and padding included
  std::optional<std::uint64_t> tensor_bytes{};  // nothing: a tensor's type is unknown
  std::uint64_t known_tensor_bytes = 0;         // of the tensors whose type is known
  std::optional<std::uint64_t>
      parameters{};                     // nothing: a tensor is packed in a way that is not known
  std::uint64_t known_parameters = 0;   // in the tensors that can be counted
  std::uint64_t uncounted_tensors = 0;  // that hold parameters, nobody knows how many
};

/// Adds up the tensors of a checkpoint. A weight that two operators share is stored, and counted, once.
///
/// errors    io::input_error: a tensor in two files, more bytes or parameters than 64 bits can count
/// example   examples/checkpoint.cpp
[[nodiscard]] inline checkpoint_summary summarize(const checkpoint& all) {
  const auto add = [](std::uint64_t& total, std::uint64_t more) {
    if (total + more < total) {
      throw input_error{"", "", "has more bytes or parameters than 64 bits can count"};
    }
    total += more;
  };
  const std::vector<tensor_meaning> meanings = tensor_meanings(all);
  checkpoint_summary s;
  bool has_unknown_bytes = false;
  for (std::size_t i = 0; i < meanings.size(); ++i) {
    const checkpoint_tensor& tensor = all.tensors[i];
    const tensor_meaning& meaning = meanings[i];
    auto row = std::find_if(s.rows.begin(), s.rows.end(), [&](const checkpoint_row& r) {
      return r.dtype == tensor.dtype && r.content == meaning.content &&
             r.packing == meaning.packing;
    });
    if (row == s.rows.end()) {
      s.rows.push_back(
          {.dtype = tensor.dtype, .content = meaning.content, .packing = meaning.packing});
      row = s.rows.end() - 1;
    }
    ++row->tensors;
    ++s.tensors;
    has_unknown_bytes = has_unknown_bytes || !tensor.bytes;
    add(s.known_tensor_bytes, tensor.bytes.value_or(0));
    row->bytes =
        tensor.bytes && row->bytes ? std::optional{*row->bytes + *tensor.bytes} : std::nullopt;
    add(s.known_parameters, meaning.parameters.value_or(0));
    s.uncounted_tensors += meaning.parameters ? 0U : 1U;
    row->parameters = meaning.parameters && row->parameters
                          ? std::optional{*row->parameters + *meaning.parameters}
                          : std::nullopt;
  }
  for (const checkpoint_file& file : all.files) {
    add(s.file_bytes, file.bytes);
  }
  if (!has_unknown_bytes) {
    s.tensor_bytes = s.known_tensor_bytes;
  }
  if (s.uncounted_tensors == 0) {
    s.parameters = s.known_parameters;
  }
  std::stable_sort(s.rows.begin(), s.rows.end(), [](const auto& a, const auto& b) {
    return a.bytes.value_or(0) > b.bytes.value_or(0);
  });
  return s;
}

}  // namespace quantroof::io

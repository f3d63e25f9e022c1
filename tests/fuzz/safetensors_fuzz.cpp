// SPDX-License-Identifier: Apache-2.0
//
// Any bytes at all as a safetensors header and as an index, and headers of odd tensors: only domain_error may come out, and what is
// read covers its data, adds up, and has a meaning.
#include "quantroof/io/safetensors.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz_input.hpp"
#include "quantroof/io/checkpoint_summary.hpp"
#include "quantroof/io/safetensors_index.hpp"

namespace {

using namespace quantroof;
using fuzz::must;

void check_header(std::span<const std::byte> bytes) {
  const io::safetensors_header header = io::parse_safetensors(bytes, "fuzz.safetensors");
  must(header.data_begin <= bytes.size());
  std::uint64_t at = 0;
  io::checkpoint all;
  for (const io::safetensors_tensor& t : header.tensors) {
    must(t.begin == at && t.end >= t.begin);
    at = t.end;
    const auto elements = detail::element_count(t.shape);
    must(elements && *elements * io::bits_per_element(t.dtype) / 8 == t.bytes());
    all.tensors.push_back({.name = t.name,
                           .dtype = std::string{to_string(t.dtype)},
                           .shape = t.shape,
                           .elements = *elements,
                           .bytes = t.bytes()});
  }
  must(at == header.data_bytes);
  const io::checkpoint_summary s = io::summarize(all);
  must(s.tensor_bytes == header.data_bytes && s.tensors == header.tensors.size());
  std::uint64_t row_tensors = 0;
  for (const io::checkpoint_row& row : s.rows) {
    row_tensors += row.tensors;
  }
  must(row_tensors == s.tensors && s.parameters.has_value() == (s.uncounted_tensors == 0));
}

/// A header whose tensors have names that belong together, and shapes and offsets that nearly do.
std::string odd_header(fuzz::input& in) {
  static constexpr std::string_view names[] = {"l.weight",
                                               "l.weight_scale",
                                               "l.weight_packed",
                                               "l.weight_scale_2",
                                               "l.qweight",
                                               "l.qzeros",
                                               "l.scales",
                                               "l.g_idx",
                                               "e.up_blocks",
                                               "e.up_scales",
                                               "l.scale",
                                               "l.weight.absmax",
                                               "l.weight.quant_state.bitsandbytes__nf4",
                                               "l.weight_shape",
                                               "x"};
  std::string json = "{";
  std::uint64_t at = 0;
  for (int count = in.byte() % 6; count >= 0; --count) {
    const auto dtype = in.enumerator<io::safetensors_dtype>(detail::safetensors_dtype_names.size());
    const bool known = static_cast<std::size_t>(dtype) < detail::safetensors_dtype_names.size();
    std::string shape;
    std::uint64_t elements = 1;
    for (int rank = in.byte() % 4; rank > 0; --rank) {
      const std::uint8_t kind = in.byte();
      const std::uint64_t extent = kind < 250 ? kind % 65 : in.raw<std::uint64_t>();
      elements *= extent;
      shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    }
    const std::uint64_t bytes = in.byte() < 250 && known
                                    ? elements * io::bits_per_element(dtype) / 8
                                    : in.raw<std::uint64_t>();
    json += json.size() == 1 ? "\"" : ",\"";
    json += names[in.byte() % std::size(names)];
    json += "\":{\"dtype\":\"" + std::string{known ? to_string(dtype) : "F9"} + "\",\"shape\":[" +
            shape + "],\"data_offsets\":[" + std::to_string(at) + "," + std::to_string(at + bytes) +
            "]}";
    at += bytes;
  }
  json += "}";
  std::string file;
  for (int i = 0; i < 8; ++i) {
    file += static_cast<char>(json.size() >> (8 * i) & 0xFFU);
  }
  return file + json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::span<const std::uint8_t> rest{data + 1, size - 1};
  try {
    switch (data[0] % 4) {
      case 0:
        check_header(std::as_bytes(rest));
        break;
      case 1: {  // bytes as the JSON of a header
        std::string file{rest.begin(), rest.end()};
        for (int i = 7; i >= 0; --i) {
          file.insert(file.begin(), static_cast<char>(rest.size() >> (8 * i) & 0xFFU));
        }
        check_header(std::as_bytes(std::span{file}));
        break;
      }
      case 2: {
        const io::safetensors_index index = io::parse_safetensors_index(
            io::parse_json(std::string{rest.begin(), rest.end()}), "fuzz.index.json");
        for (const auto& [name, file] : index.tensors) {
          must(index.file_of(name) == index.files.at(file));
        }
        break;
      }
      default: {
        fuzz::input in{rest};
        const std::string file = odd_header(in);
        check_header(std::as_bytes(std::span{file}));
      }
    }
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
  return 0;
}

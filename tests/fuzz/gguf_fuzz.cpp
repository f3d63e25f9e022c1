// SPDX-License-Identifier: Apache-2.0
//
// Any bytes at all as a GGUF header, and headers that are nearly right: only domain_error may come out, and the tensors that are read
// lie side by side, the metadata answer every question about every key, and the keys of a model are sizes.
#include "quantroof/io/gguf.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_input.hpp"
#include "quantroof/io/gguf_model_keys.hpp"

namespace {

using namespace quantroof;
using fuzz::must;

/// Calls what may refuse, and nothing else.
template <class Ask>
void ask(Ask question) {
  try {
    question();
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
}

void check_metadata(const io::gguf_metadata& metadata) {
  for (const io::gguf_value& value : metadata.values()) {
    must(metadata.find(value.key) == &value);
    const std::string_view key = value.key;
    ask([&] { static_cast<void>(metadata.text(key)); });
    ask([&] { static_cast<void>(metadata.integer(key)); });
    ask([&] { static_cast<void>(metadata.number(key)); });
    ask([&] { must(metadata.length(key) == value.array_length); });
    ask([&] { must(metadata.integers(key).size() == value.array_length.value_or(1)); });
  }
}

void check_keys(const io::gguf_header& header) {
  const io::gguf_model_keys keys = io::make_gguf_model_keys(header);
  must(!keys.architecture.empty());
  for (const auto& size : {keys.block_count, keys.embedding_length, keys.kv_lora_rank}) {
    must(!size || (*size >= 0 && *size <= std::int64_t{1} << 31));
  }
  for (const auto& sizes : {keys.head_count, keys.head_count_kv, keys.feed_forward_length}) {
    must(sizes.is_given() == sizes.at(0).has_value());
    must(std::all_of(sizes.values.begin(), sizes.values.end(), [](auto x) { return x >= 0; }));
  }
}

void check(std::span<const std::byte> bytes) {
  const io::gguf_header header = io::parse_gguf(bytes, "fuzz.gguf");
  must(header.version == 2 || header.version == 3);
  must(header.data_begin % header.alignment == 0);
  must(header.data_begin < bytes.size() + header.alignment);
  std::vector<const io::gguf_tensor*> sorted;
  for (const io::gguf_tensor& t : header.tensors) {
    must(t.offset % header.alignment == 0 && t.extents.size() <= 4);
    const io::ggml_type* const type = io::find_ggml_type(t.type);
    must(t.bytes.has_value() == (type != nullptr));
    if (type != nullptr) {
      must(t.elements / type->block * type->bytes == *t.bytes && t.elements % type->block == 0);
      if (*t.bytes > 0) {
        sorted.push_back(&t);
      }
    }
  }
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    must(sorted[i - 1]->offset + *sorted[i - 1]->bytes <= sorted[i]->offset);
  }
  ask([&] { detail::refuse_truncated(header, bytes.size()); });
  check_metadata(header.metadata);
  check_keys(header);
}

void put(std::string& to, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) {
    to += static_cast<char>(value >> (8 * i) & 0xFFU);
  }
}
void put_text(std::string& to, std::string_view text) {
  put(to, text.size(), 8);
  to += text;
}
/// A number that is mostly small, sometimes any.
std::uint64_t some(fuzz::input& in, std::size_t limit) {
  const std::uint8_t kind = in.byte();
  return kind < 248 ? kind % limit : in.raw<std::uint64_t>();
}

void put_value(std::string& to, fuzz::input& in, std::uint32_t type, int depth) {
  static constexpr int sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  if (type == 8) {
    put_text(to, in.byte() % 2 == 0 ? "llama" : "");
  } else if (type == 9) {
    const auto element = static_cast<std::uint32_t>(some(in, depth > 5 ? 8 : 13));
    const std::uint64_t length = some(in, 6);
    put(to, element, 4);
    put(to, length, 8);
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(length, 6); ++i) {
      put_value(to, in, element % 13, depth + 1);
    }
  } else {
    put(to, type == 7 ? in.byte() % 2 : some(in, 64), sizes[type % 13]);
  }
}

std::string odd_header(fuzz::input& in) {
  static constexpr std::string_view keys[] = {"general.alignment",
                                              "llama.block_count",
                                              "llama.attention.head_count_kv",
                                              "llama.feed_forward_length",
                                              "llama.attention.kv_lora_rank",
                                              "tokenizer.ggml.tokens",
                                              "llama.vocab_size",
                                              "llama.embedding_length",
                                              "x"};
  static constexpr std::string_view names[] = {"token_embd.weight", "output.weight", "a", "b", ""};
  std::string values;
  std::string tensors;
  put_text(values, "general.architecture");
  put(values, 8, 4);
  put_text(values, "llama");
  const int value_count = in.byte() % 8;
  for (int i = 0; i < value_count; ++i) {
    put_text(values, keys[in.byte() % std::size(keys)]);
    const auto type = static_cast<std::uint32_t>(in.byte() < 128 ? 4 : some(in, 13));
    put(values, type, 4);
    put_value(values, in, type % 13, 0);
  }
  const int tensor_count = in.byte() % 5;
  std::uint64_t at = 0;
  for (int i = 0; i < tensor_count; ++i) {
    put_text(tensors, names[in.byte() % std::size(names)]);
    const auto rank = static_cast<std::uint32_t>(in.byte() < 250 ? in.byte() % 5 : in.byte());
    put(tensors, rank, 4);
    for (std::uint32_t r = 0; r < std::min(rank, 6U); ++r) {
      put(tensors, r == 0 ? 256 * some(in, 3) : some(in, 9), 8);
    }
    put(tensors, some(in, 43), 4);
    put(tensors, in.byte() < 200 ? at : some(in, 64) * 32, 8);
    at += 32 * some(in, 256);
  }
  std::string file = "GGUF";
  put(file, in.byte() < 250 ? 3 : in.byte(), 4);
  put(file, static_cast<std::uint64_t>(tensor_count), 8);
  put(file, static_cast<std::uint64_t>(value_count) + 1, 8);
  return file + values + tensors;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::span<const std::uint8_t> rest{data + 1, size - 1};
  ask([&] {
    if (data[0] % 2 == 0) {
      check(std::as_bytes(rest));
    } else {
      fuzz::input in{rest};
      const std::string file = odd_header(in);
      check(std::as_bytes(std::span{file}));
    }
  });
  return 0;
}

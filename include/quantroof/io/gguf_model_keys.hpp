// SPDX-License-Identifier: Apache-2.0
//
// What a GGUF file says about its model, as it says it: sizes by the names that ggml gives them, nothing filled in.
//
//   io::gguf_model_keys keys = io::make_gguf_model_keys(io::read_gguf("model.gguf"));     keys.block_count      keys.head_count_kv.at(3)
//
// Keys are "<architecture>.<member>", with the "attention." and so on that the lines below show. block_count includes the layers that
// predict further tokens (nextn_predict_layers). Source: llama.cpp, gguf-py/gguf/constants.py, class Keys. Not here: a model_config.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/io/gguf.hpp"
#include "quantroof/io/gguf_metadata.hpp"
#include "quantroof/io/input_error.hpp"

namespace quantroof {

namespace io {

/// Sizes that may differ from layer to layer: none where the file does not say, one for all layers, or one per layer.
struct gguf_layer_sizes {
  std::vector<std::int64_t> values{};

  [[nodiscard]] bool is_given() const { return !values.empty(); }
  [[nodiscard]] bool is_uniform() const {
    for (const std::int64_t value : values) {
      if (value != values.front()) {
        return false;
      }
    }
    return true;
  }
  /// The size in a layer; nothing where the file does not say.
  [[nodiscard]] std::optional<std::int64_t> at(std::size_t layer) const {
    if (values.size() == 1) {
      return values.front();
    }
    return layer < values.size() ? std::optional{values[layer]} : std::nullopt;
  }
};

/// The keys of a language model. Absent ones are nothing.
struct gguf_model_keys {
  using size = std::optional<std::int64_t>;

  std::string architecture{};  // "llama", "qwen3moe", ...
  std::string name{};          // general.name
  size file_type{};            // general.file_type: what most tensors have
  size context_length{};
  size embedding_length{};
  size block_count{};
  size
      vocab_size{};  // its own key, else the length of tokenizer.ggml.tokens, else the columns of token_embd.weight
  bool has_output_weight =
      false;  // output.weight is there; without it the head is token_embd.weight
  gguf_layer_sizes feed_forward_length{};

  gguf_layer_sizes head_count{};     // attention.head_count
  gguf_layer_sizes head_count_kv{};  // attention.head_count_kv; 0 in layers without attention
  size key_length{};                 // attention.key_length, and so on
  size value_length{};
  size key_length_swa{};  // in layers with a sliding window, where they differ
  size value_length_swa{};
  size sliding_window{};
  gguf_layer_sizes
      sliding_window_pattern{};  // one: every n-th layer is full; per layer: 1 where the window slides
  size shared_kv_layers{};
  size q_lora_rank{};
  size kv_lora_rank{};
  size key_length_mla{};
  size value_length_mla{};
  size rope_dimension_count{};  // rope.dimension_count

  size expert_count{};
  size expert_used_count{};
  size expert_shared_count{};
  size expert_feed_forward_length{};
  size expert_shared_feed_forward_length{};
  size leading_dense_block_count{};
  size interleave_moe_layer_step{};
  size nextn_predict_layers{};

  size ssm_conv_kernel{};  // ssm.conv_kernel, and so on
  size ssm_inner_size{};
  size ssm_state_size{};
  size ssm_time_step_rank{};
  size ssm_group_count{};
};

}  // namespace io

namespace detail {

/// Reads sizes under one architecture's prefix.
class gguf_key_reader {
 public:
  gguf_key_reader(const io::gguf_metadata& metadata, std::string_view architecture)
      : metadata_(metadata), prefix_(std::string{architecture} + ".") {}

  [[nodiscard]] std::optional<std::int64_t> size(std::string_view member) const {
    const std::string key = prefix_ + std::string{member};
    const auto value = metadata_.integer(key);
    if (value) {
      check(key, *value);
    }
    return value;
  }
  /// One size, or one per layer.
  [[nodiscard]] io::gguf_layer_sizes sizes(std::string_view member,
                                           std::optional<std::int64_t> layers) const {
    const std::string key = prefix_ + std::string{member};
    io::gguf_layer_sizes all{.values = metadata_.integers(key)};
    for (const std::int64_t value : all.values) {
      check(key, value);
    }
    const io::gguf_value* const found = metadata_.find(key);
    if (found != nullptr && found->array_length && layers &&
        *found->array_length != static_cast<std::uint64_t>(*layers)) {
      io::gguf_metadata::refuse(key, "is an array of " + std::to_string(*found->array_length) +
                                         ", the model has " + std::to_string(*layers) + " layers");
    }
    return all;
  }

 private:
  static void check(std::string_view key, std::int64_t value) {
    if (value < 0 || value > (std::int64_t{1} << 31)) {
      io::gguf_metadata::refuse(key, value < 0 ? "must not be negative" : "is too large");
    }
  }

  const io::gguf_metadata& metadata_;
  std::string prefix_;
};

[[nodiscard]] inline std::optional<std::int64_t> gguf_vocab_size(const io::gguf_header& file,
                                                                 const gguf_key_reader& keys) {
  if (const auto size = keys.size("vocab_size")) {
    return size;
  }
  if (const auto tokens = file.metadata.length("tokenizer.ggml.tokens")) {
    return static_cast<std::int64_t>(*tokens);
  }
  const io::gguf_tensor* const embedding = file.find("token_embd.weight");
  if (embedding != nullptr && embedding->extents.size() == 2) {
    return static_cast<std::int64_t>(embedding->extents[1]);
  }
  return std::nullopt;
}

}  // namespace detail

namespace io {

/// The keys of the model in a GGUF file; `file_name` is what errors call it. Of a split model the first file has them.
///
/// errors    io::input_error with the key: no general.architecture, a size that is no whole number in [0, 2^31], an array that is not as
///           long as the model has layers
[[nodiscard]] inline gguf_model_keys make_gguf_model_keys(const gguf_header& file,
                                                          std::string_view file_name = "") {
  try {
    gguf_model_keys m;
    const auto architecture = file.metadata.text("general.architecture");
    if (!architecture || architecture->empty()) {
      gguf_metadata::refuse("general.architecture", "is missing");
    }
    m.architecture = *architecture;
    m.name = file.metadata.text("general.name").value_or("");
    m.file_type = file.metadata.integer("general.file_type");

    const detail::gguf_key_reader keys{file.metadata, m.architecture};
    m.context_length = keys.size("context_length");
    m.embedding_length = keys.size("embedding_length");
    m.block_count = keys.size("block_count");
    m.vocab_size = detail::gguf_vocab_size(file, keys);
    m.has_output_weight = file.find("output.weight") != nullptr;
    m.feed_forward_length = keys.sizes("feed_forward_length", m.block_count);

    m.head_count = keys.sizes("attention.head_count", m.block_count);
    m.head_count_kv = keys.sizes("attention.head_count_kv", m.block_count);
    m.key_length = keys.size("attention.key_length");
    m.value_length = keys.size("attention.value_length");
    m.key_length_swa = keys.size("attention.key_length_swa");
    m.value_length_swa = keys.size("attention.value_length_swa");
    m.sliding_window = keys.size("attention.sliding_window");
    m.sliding_window_pattern = keys.sizes("attention.sliding_window_pattern", m.block_count);
    m.shared_kv_layers = keys.size("attention.shared_kv_layers");
    m.q_lora_rank = keys.size("attention.q_lora_rank");
    m.kv_lora_rank = keys.size("attention.kv_lora_rank");
    m.key_length_mla = keys.size("attention.key_length_mla");
    m.value_length_mla = keys.size("attention.value_length_mla");
    m.rope_dimension_count = keys.size("rope.dimension_count");

    m.expert_count = keys.size("expert_count");
    m.expert_used_count = keys.size("expert_used_count");
    m.expert_shared_count = keys.size("expert_shared_count");
    m.expert_feed_forward_length = keys.size("expert_feed_forward_length");
    m.expert_shared_feed_forward_length = keys.size("expert_shared_feed_forward_length");
    m.leading_dense_block_count = keys.size("leading_dense_block_count");
    m.interleave_moe_layer_step = keys.size("interleave_moe_layer_step");
    m.nextn_predict_layers = keys.size("nextn_predict_layers");

    m.ssm_conv_kernel = keys.size("ssm.conv_kernel");
    m.ssm_inner_size = keys.size("ssm.inner_size");
    m.ssm_state_size = keys.size("ssm.state_size");
    m.ssm_time_step_rank = keys.size("ssm.time_step_rank");
    m.ssm_group_count = keys.size("ssm.group_count");
    return m;
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  }
}

}  // namespace io
}  // namespace quantroof

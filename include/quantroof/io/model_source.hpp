// SPDX-License-Identifier: Apache-2.0
//
// A model by what a user has of it: the name of a preset, a config.json, the folder of a checkpoint, or a GGUF file; with the formats and the bytes of
// the checkpoint where there is one.
//
//   io::model_source s = io::read_model("models/llama-3.1-8b");      s.model      s.formats      s.checkpoint->tensor_bytes
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "quantroof/io/checkpoint.hpp"
#include "quantroof/io/checkpoint_summary.hpp"
#include "quantroof/io/gguf_model.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/hf_quantization.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace io {

/// A model and what is known of its checkpoint.
struct model_source {
  model_config model{};
  std::optional<mixed_precision_config> formats{};  // nothing: no quantization is stated
  std::optional<checkpoint_summary> checkpoint{};   // nothing: no tensors lie there
  std::vector<std::string> notes{};                 // what could not be said exactly
};

/// True for what is meant as a path: with a slash, an extension of a model's files, or the name of a folder.
[[nodiscard]] inline bool is_model_path(std::string_view name) {
  std::error_code ignored;
  return name.find('/') != std::string_view::npos || name.ends_with(".json") ||
         name.ends_with(".gguf") || std::filesystem::is_directory(name, ignored);
}

/// Bytes that the formats say the weights take; 16 bits where a checkpoint states none.
[[nodiscard]] inline std::int64_t expected_weight_bytes(const model_source& s) {
  return weight_bytes(s.model, s.formats ? *s.formats : create_fp16_baseline());
}

}  // namespace io

namespace detail {

[[nodiscard]] inline bool has_file(const std::filesystem::path& folder,
                                   std::string_view extension) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == extension) {
      return true;
    }
  }
  return false;
}

/// A difference between what the tensors hold and what the model has, told.
inline void compare_parameters(io::model_source& s) {
  const auto counted = static_cast<std::uint64_t>(parameter_count(s.model));
  if (s.checkpoint && s.checkpoint->parameters && *s.checkpoint->parameters != counted) {
    s.notes.push_back("the tensors hold " + std::to_string(*s.checkpoint->parameters) +
                      " parameters, the model has " + std::to_string(counted));
  }
}

[[nodiscard]] inline io::model_source read_gguf_source(const std::filesystem::path& path) {
  io::gguf_model read = io::read_gguf_model(path);
  return {.model = read.model,
          .formats = read.formats,
          .checkpoint = io::summarize(io::read_checkpoint(path)),
          .notes = std::move(read.notes)};
}

[[nodiscard]] inline io::model_source read_hf_source(const std::filesystem::path& path) {
  io::model_source s{.model = io::model_from_hf_config(path)};
  if (auto formats = io::quantization_from_hf_config(path, s.model)) {
    s.formats = formats->config;
    s.notes = std::move(formats->notes);
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored) && has_file(path, ".safetensors")) {
    s.checkpoint = io::summarize(io::read_checkpoint(path));
    compare_parameters(s);
  }
  return s;
}

}  // namespace detail

namespace io {

/// The model called `name`: a preset, or a path to a config.json, a folder with one (and safetensors headers), a folder with one GGUF model, or a
/// .gguf file.
///
/// errors    quantroof::domain_error that lists the presets; io::input_error with the file and the place
/// example   examples/advise.cpp
[[nodiscard]] inline model_source read_model(std::string_view name) {
  if (!is_model_path(name)) {
    return {.model = get_model(name)};
  }
  const std::filesystem::path path{name};
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  const bool config = folder && std::filesystem::exists(path / "config.json", ignored);
  if (path.extension() == ".gguf" || (folder && !config && detail::has_file(path, ".gguf"))) {
    return detail::read_gguf_source(path);
  }
  if (folder && !config) {
    throw input_error{path.string(), "",
                      "has no model: neither config.json nor a .gguf file lies in it"};
  }
  return detail::read_hf_source(path);
}

}  // namespace io
}  // namespace quantroof

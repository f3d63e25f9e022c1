// SPDX-License-Identifier: Apache-2.0
//
// A model_config from a Hugging Face config.json.
//
// The model type decides which members are read and what an absent one means (hf_family.hpp); a null member is absent; a multimodal model's
// text_config is the model. A type that is not in the table, a member that contradicts another or asks for what model_config cannot say is
// refused with its place: nothing is guessed.
//
// Read over: rotary embeddings, activation functions, dtypes, vision and audio towers, layers that predict further tokens.
// Not here: quantization_config (hf_quantization.hpp), tensors on disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/io/hf_family.hpp"
#include "quantroof/io/hf_reader.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_file.hpp"
#include "quantroof/io/json_value.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof {

namespace detail {

/// "llama-3.1-8b" for ".../llama-3.1-8b/config.json", the name without extension for other files.
[[nodiscard]] inline short_string<64> model_name(std::string_view file_name,
                                                 std::string_view fallback) {
  const std::filesystem::path path{file_name};
  // A dot may be part of a name: only .json is an extension.
  const auto own = path.extension() == ".json" ? path.stem() : path.filename();
  const std::string name = (path.stem() == "config" ? path.parent_path().filename() : own).string();
  return utf8_prefix(name.empty() ? fallback : name, 64);
}

/// The text with null in place of NaN and infinity, which Python writes and JSON does not have.
[[nodiscard]] inline std::string without_non_finite(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool quoted = false;
  while (!text.empty()) {
    std::size_t taken = 1;
    if (quoted) {
      quoted = text.front() != '"';
      taken = text.front() == '\\' && text.size() > 1 ? 2 : 1;
    } else {
      quoted = text.front() == '"';
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
        if (text.substr(0, word.size()) == word) {
          result.append("null");
          text.remove_prefix(word.size());
          taken = 0;
          break;
        }
      }
    }
    result.append(text.substr(0, taken));
    text.remove_prefix(taken);
  }
  return result;
}

}  // namespace detail

namespace io {

/// The model in a parsed config.json. Its name is the file's folder ("config.json") or stem, else the model type.
///
/// requires  sizes in [1, 2^24] (layers, heads and experts 2^16, vocabulary 2^31); heads a multiple of KV heads; a count of parameters that fits
///           63 bits; at most 12 distinct layers
/// errors    io::input_error with the file and the place
/// example   examples/advise.cpp
template <JsonValue Json>
[[nodiscard]] model_config model_from_hf_config(const Json& json, std::string_view file_name = "") {
  try {
    const detail::hf_reader<Json> config{json};
    const detail::hf_family<Json>& family = detail::hf_family_of(config);
    model_config m = family.build(config, family.defaults);
    m.name = detail::model_name(file_name, family.types[0]);
    static_cast<void>(parameter_count(m));
    return m;
  } catch (const input_error& error) {
    throw error.in_file(file_name);
  } catch (const domain_error& error) {
    throw input_error{file_name, "", error.what()};
  }
}

/// The model in a config.json, or in the folder that holds one. NaN and infinity, which Python writes, count as null.
///
/// errors    io::input_error with the file and the place
[[nodiscard]] inline model_config model_from_hf_config(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, ignored) ? path / "config.json" : path;
  return model_from_hf_config(
      parse_json(detail::without_non_finite(read_text_file(file)), file.string()), file.string());
}

}  // namespace io
}  // namespace quantroof

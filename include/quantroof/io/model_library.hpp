// SPDX-License-Identifier: Apache-2.0
//
// Models by the names that people write: presets, and the config.json files of folders, whose names are the hub's ("Qwen--Qwen3-8B.json", or
// a folder of that name with a config.json).
//
// Names agree where they say the same model: without organisation, case, punctuation, and what names a release of the same shape: instruct,
// chat, it, hf, fp8, nvfp4 and the like.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/transformer.hpp"

namespace quantroof::io {

/// A model's name without what does not change its shape: "nvidia/Llama-3.1-8B-Instruct-FP8" and "llama3.1_8b" both give "llama318b".
[[nodiscard]] inline std::string plain_model_name(std::string_view name) {
  for (const std::string_view separator : {"/", "--"}) {
    if (const auto at = name.rfind(separator); at != std::string_view::npos) {
      name.remove_prefix(at + separator.size());
    }
  }
  constexpr std::array<std::string_view, 18> silent = {
      "meta", "instruct", "chat", "it",   "hf",   "fp8",  "nvfp4", "fp4",      "bf16",
      "qat",  "base",     "awq",  "gptq", "int4", "int8", "v1",    "thinking", "coder"};
  std::string plain;
  std::string word;
  const auto close = [&] {
    if (std::find(silent.begin(), silent.end(), word) == silent.end()) {
      plain += word;
    }
    word.clear();
  };
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else {
      close();
    }
  }
  close();
  return plain;
}

/// Presets and folders of configurations, read when first asked for.
class model_library {
 public:
  model_library() = default;
  /// errors    io::input_error where `folder` is none
  explicit model_library(const std::filesystem::path& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
      throw input_error{folder.string(), "", "is not a folder"};
    }
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".json") {
        found.push_back(entry.path());
      }
    }
    std::sort(found.begin(), found.end());
    for (const std::filesystem::path& path : found) {
      const std::string stem = path.stem().string();
      files_.try_emplace(
          plain_model_name(stem == "config" ? path.parent_path().filename().string() : stem), path);
    }
  }

  /// The model called `name`, or why there is none.
  ///
  /// returns   a model, or nullptr and the reason in `why`
  [[nodiscard]] const model_config* find(std::string_view name, std::string& why) {
    const std::string plain = plain_model_name(name);
    if (const auto known = models_.find(plain); known != models_.end()) {
      why = known->second.second;
      return known->second.first ? &*known->second.first : nullptr;
    }
    auto& [model, reason] = models_[plain];
    for (const model_config& preset : models::all) {
      if (plain_model_name(preset.name.view()) == plain) {
        model = preset;
        return &*model;
      }
    }
    if (const auto file = files_.find(plain); file != files_.end()) {
      try {
        model = model_from_hf_config(file->second);
        return &*model;
      } catch (const input_error& error) {
        reason = error.what();
      }
    } else {
      reason = "unknown model " + std::string{name};
    }
    why = reason;
    return nullptr;
  }

 private:
  std::map<std::string, std::filesystem::path> files_;
  std::map<std::string, std::pair<std::optional<model_config>, std::string>> models_;
};

}  // namespace quantroof::io

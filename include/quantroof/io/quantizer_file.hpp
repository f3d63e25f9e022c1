// SPDX-License-Identifier: Apache-2.0
//
// Keeps what a dynamic_quantizer has learned over a restart: options and smoothed scales in one JSON file, written whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"
#include "quantroof/io/json_dynamic_quant.hpp"
#include "quantroof/io/json_file.hpp"

namespace quantroof::io {

/// Replaces the file by the state of the quantizer.
///
/// errors    io::input_error with the file
template <Gemm G, Executor E>
void save_quantizer(const std::filesystem::path& path, const dynamic_quantizer<G, E>& quantizer) {
  write(path, quantizer, -1);
}

/// A quantizer as it was saved: the same options, the same scales from here on.
///
/// errors    io::input_error with the file and the place
template <Gemm G = blocked_gemm<>, Executor E = serial_executor>
[[nodiscard]] dynamic_quantizer<G, E> load_quantizer(const std::filesystem::path& path, G gemm = {},
                                                     E executor = {}) {
  auto state = read<quantizer_state>(path);
  dynamic_quantizer<G, E> quantizer{state.config, std::move(gemm), std::move(executor)};
  quantizer.history() = std::move(state.history);
  return quantizer;
}

/// Puts saved scales into a quantizer that has the same options.
///
/// errors    io::input_error with the file and the place; the quantizer is then as it was
template <Gemm G, Executor E>
void restore_quantizer(const std::filesystem::path& path, dynamic_quantizer<G, E>& quantizer) {
  try {
    from_json(read_json_file(path), quantizer);
  } catch (const input_error& error) {
    throw error.in_file(path.string());
  }
}

}  // namespace quantroof::io

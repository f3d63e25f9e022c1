// SPDX-License-Identifier: Apache-2.0
//
// Files that are written whole or not at all, and what readers and writers share: streams that close themselves, errors with the
// file's name.
//
// A file is written beside its target and then takes its place, so that a reader sees the old file or the new one. The new one keeps
// the old one's permissions; a symbolic link is followed. Not here: locking against other writers; what is in the file.
#pragma once

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "quantroof/io/input_error.hpp"

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace quantroof {

namespace detail {

/// A C stream that closes itself.
class file_stream {
 public:
  file_stream(const std::filesystem::path& path, const char* mode)
      : file_(std::fopen(path.string().c_str(), mode)) {}
  file_stream(const file_stream&) = delete;
  file_stream& operator=(const file_stream&) = delete;
  ~file_stream() { close(); }

  [[nodiscard]] bool is_open() const { return file_ != nullptr; }
  [[nodiscard]] std::FILE* get() const { return file_; }
  /// False when what was written did not reach the file.
  bool close() { return file_ == nullptr || std::fclose(std::exchange(file_, nullptr)) == 0; }

 private:
  std::FILE* file_;
};

[[noreturn]] inline void file_error(const std::filesystem::path& path, std::string_view what,
                                    const std::error_code& error) {
  throw io::input_error{path.string(), "", std::string{what} + ": " + error.message()};
}
[[nodiscard]] inline std::error_code last_error() { return {errno, std::generic_category()}; }

/// Hands what was written to the disk, where the system has a call for it.
[[nodiscard]] inline bool flush_to_disk(std::FILE* file) {
  if (std::fflush(file) != 0) {
    return false;
  }
#if __has_include(<unistd.h>)
  return fsync(fileno(file)) == 0;
#else
  return true;
#endif
}

[[nodiscard]] inline bool write_bytes(std::FILE* file, const void* bytes, std::size_t size) {
  return std::fwrite(bytes, 1, size, file) == size;
}

/// Replaces a file by what write(std::FILE*) puts there, or leaves it as it was. `write` throws nothing and returns false where the
/// system refused; errno then says why.
///
/// errors    io::input_error with the file and what the system said
template <class Write>
void replace_file(const std::filesystem::path& path, Write write) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path target = fs::is_symlink(path, error) ? fs::canonical(path, error) : path;
  if (target.empty()) {
    file_error(path, "cannot be written", error);
  }
  const fs::file_status before = fs::status(target, error);
  if (fs::exists(before) && !fs::is_regular_file(before)) {
    throw io::input_error{path.string(), "", "cannot be written: it is not a regular file"};
  }
  fs::path beside;
  const auto fail = [&](const std::error_code& why) {
    fs::remove(beside, error);
    file_error(path, "cannot be written", why);
  };
  for (int attempt = 0; attempt < 100; ++attempt) {
    beside = target;
    beside += ".tmp" + std::to_string(attempt);
    file_stream stream(beside, "wbx");  // x: refuses a file that is there
    if (!stream.is_open()) {
      if (errno == EEXIST) {
        continue;
      }
      file_error(path, "cannot be written", last_error());
    }
    if (!write(stream.get()) || !flush_to_disk(stream.get()) || !stream.close()) {
      fail(last_error());
    }
    if (fs::exists(before)) {
      fs::permissions(beside, before.permissions(), error);
      if (error) {
        fail(error);
      }
    }
    fs::rename(beside, target, error);
    if (error) {
      fail(error);
    }
    return;
  }
  throw io::input_error{path.string(), "",
                        "cannot be written: 100 unfinished copies lie beside it"};
}

}  // namespace detail

namespace io {

/// Replaces a file by `text`, or leaves it as it was.
///
/// errors    io::input_error with the file and what the system said
inline void write_text_file(const std::filesystem::path& path, std::string_view text) {
  detail::replace_file(path, [text](std::FILE* file) {
    return detail::write_bytes(file, text.data(), text.size());
  });
}

}  // namespace io
}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Files that are written whole or not at all, and what readers and writers share: streams that close themselves, files with their
// size, errors with the file's name.
//
// A file is written beside its target and then takes its place, so that a reader sees the old file or the new one. The new one keeps
// the old one's permissions; a symbolic link is followed. Not here: locking against other writers; what is in the file.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
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

/// A regular file that is read from its beginning, with its size.
class sized_file {
 public:
  explicit sized_file(const std::filesystem::path& path)
      : path_(path), stream_(opened(path), "rb") {
    if (!stream_.is_open()) {
      file_error(path, "cannot be read", last_error());
    }
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    if (error) {
      file_error(path, "cannot be read", error);
    }
    if (size_ > std::numeric_limits<std::size_t>::max()) {
      refuse("is larger than the memory that can be addressed");
    }
  }

  /// Bytes not read yet.
  [[nodiscard]] std::uintmax_t left() const { return size_ - read_; }
  /// The next bytes; `rule` is what a file that does not have them breaks.
  void read(void* to, std::size_t size, std::string_view rule) {
    if (size > left() || std::fread(to, 1, size, stream_.get()) != size) {
      if (std::ferror(stream_.get()) != 0) {
        file_error(path_, "cannot be read", last_error());
      }
      refuse(rule);
    }
    read_ += size;
  }
  /// Refuses a file that has grown since its size was taken.
  void expect_end() {
    if (std::fgetc(stream_.get()) != EOF) {
      refuse("changed while it was read");
    }
  }
  [[noreturn]] void refuse(std::string_view rule) const {
    throw io::input_error{path_.string(), "", rule};
  }

 private:
  [[nodiscard]] static const std::filesystem::path& opened(const std::filesystem::path& path) {
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(path, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      throw io::input_error{path.string(), "", "is not a regular file"};
    }
    return path;
  }

  std::filesystem::path path_;
  file_stream stream_;
  std::uintmax_t size_ = 0;
  std::uintmax_t read_ = 0;
};

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

inline constexpr std::size_t max_text_bytes = std::size_t{64} << 20U;

/// The whole of a file of text.
///
/// errors    io::input_error: no such file, a directory, more than max_text_bytes
[[nodiscard]] inline std::string read_text_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw input_error{path.string(), "", "is a directory, not a file"};
  }
  const detail::file_stream stream(path, "rb");
  if (!stream.is_open()) {
    detail::file_error(path, "cannot be read", detail::last_error());
  }
  std::string text;
  std::array<char, 16384> chunk{};
  while (const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), stream.get())) {
    text.append(chunk.data(), got);
    if (text.size() > max_text_bytes) {
      throw input_error{path.string(), "", "is larger than 64 MiB, the most that is read as text"};
    }
  }
  if (std::ferror(stream.get()) != 0) {
    detail::file_error(path, "cannot be read", detail::last_error());
  }
  return text;
}

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

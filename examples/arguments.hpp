// SPDX-License-Identifier: Apache-2.0
//
// The command lines of the example programs: flags with values, lists and ranges of numbers.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <quantroof/io/input_error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arguments {

/// Arguments that cannot be used: exit status 2.
struct usage_error : std::exception {
  explicit usage_error(std::string what_happened) : text(std::move(what_happened)) {}
  [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
  std::string text;
};

/// Flags one after the other; what follows a flag is its value.
class reader {
 public:
  explicit reader(std::vector<std::string_view> all) : all_(std::move(all)) {}

  /// The next flag, or "" after the last.
  std::string_view next() {
    flag_ = at_ < all_.size() ? all_[at_++] : std::string_view{};
    return flag_;
  }
  std::string_view value() {
    if (at_ >= all_.size()) {
      throw usage_error(fmt::format("{}: a value must follow", flag_));
    }
    return all_[at_++];
  }
  /// What `parse` makes of the value; its error names the flag.
  template <class Parse>
  auto value(Parse parse) {
    const std::string_view text = value();
    try {
      return parse(text);
    } catch (const quantroof::io::input_error&) {
      throw;
    } catch (const quantroof::domain_error& error) {
      throw usage_error(fmt::format("{} {}: {}", flag_, text, error.what()));
    }
  }
  std::int64_t count();
  std::vector<std::int64_t> counts();
  [[nodiscard]] std::string_view flag() const { return flag_; }

 private:
  std::vector<std::string_view> all_;
  std::size_t at_ = 0;
  std::string_view flag_{};
};

inline std::vector<std::string_view> split(std::string_view list, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = list.find(separator);
    parts.push_back(list.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    list.remove_prefix(at + separator.size());
  }
}

inline std::int64_t count_of(std::string_view flag, std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size() || n <= 0) {
    throw usage_error(fmt::format("{}: \"{}\" is not a positive whole number", flag, text));
  }
  return n;
}

inline std::int64_t reader::count() { return count_of(flag_, value()); }

/// "1,2,4..256": numbers, and ranges that double from their first to their last.
inline std::vector<std::int64_t> reader::counts() {
  std::vector<std::int64_t> all;
  for (const std::string_view part : split(value(), ",")) {
    const auto ends = split(part, "..");
    if (ends.size() > 2) {
      throw usage_error(fmt::format("{}: \"{}\" is not FIRST..LAST", flag_, part));
    }
    const std::int64_t first = count_of(flag_, ends.front());
    const std::int64_t last = count_of(flag_, ends.back());
    if (last < first) {
      throw usage_error(fmt::format("{}: \"{}\" ends before it begins", flag_, part));
    }
    for (std::int64_t n = first; n < last; n *= 2) {
      all.push_back(n);
    }
    all.push_back(last);
  }
  return all;
}

/// A line on stderr that counts, from the second second on.
class progress {
 public:
  progress(std::string_view program, std::size_t all) : program_(program), all_(all) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() {
    if (shown_) {
      fmt::print(stderr, "\n");
    }
  }
  void step() {
    ++done_;
    const auto now = clock::now();
    if (now - begin_ > std::chrono::seconds{1} && now - last_ > std::chrono::milliseconds{200}) {
      fmt::print(stderr, "\r{}: {} of {}", program_, done_, all_);
      std::fflush(stderr);
      last_ = now;
      shown_ = true;
    }
  }

 private:
  using clock = std::chrono::steady_clock;
  std::string_view program_;
  std::size_t all_;
  std::size_t done_ = 0;
  bool shown_ = false;
  clock::time_point begin_ = clock::now();
  clock::time_point last_ = begin_;
};

/// Runs a program: 2 for arguments that cannot be used, 3 for input that cannot be read.
template <class Run>
int run_main(std::string_view program, int argc, char** argv, Run run) {
  try {
    return run(reader{{argv + 1, argv + argc}});
  } catch (const usage_error& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 2;
  } catch (const quantroof::io::input_error& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 3;
  } catch (const quantroof::domain_error& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 3;
  }
}

}  // namespace arguments

// SPDX-License-Identifier: Apache-2.0
//
// The command lines of the example programs: flags with values, lists and ranges of numbers, how models, devices and plans are named.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <quantroof/io/input_error.hpp>
#include <quantroof/io/json_file.hpp>
#include <quantroof/io/model_source.hpp>
#include <quantroof/model/parallelism.hpp>
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

/// --gpus, --tp, --pp, --dp, --ep; 0: not given.
struct plan_flags {
  std::int64_t gpus = 0;
  std::int64_t tensor = 0;
  std::int64_t pipeline = 0;
  std::int64_t data = 0;
  std::int64_t expert = 0;

  /// Takes the flag if it is one of these.
  bool take(reader& flags) {
    for (const auto& [name, member] :
         {std::pair{"--gpus", &plan_flags::gpus}, std::pair{"--tp", &plan_flags::tensor},
          std::pair{"--pp", &plan_flags::pipeline}, std::pair{"--dp", &plan_flags::data},
          std::pair{"--ep", &plan_flags::expert}}) {
      if (flags.flag() == name) {
        this->*member = flags.count();
        return true;
      }
    }
    return false;
  }

  /// The plan of a model: devices that no degree names divide its layers, as many as divide its heads; the rest are stages of a pipeline.
  [[nodiscard]] quantroof::parallel_plan plan_of(const quantroof::model_config& m) const {
    const auto or_one = [](std::int64_t n) { return n > 0 ? n : 1; };
    quantroof::parallel_plan plan{.tensor = or_one(tensor),
                                  .data = or_one(data),
                                  .expert = or_one(expert),
                                  .pipeline = or_one(pipeline)};
    if (gpus > 0 && gpus % plan.devices() == 0) {
      std::int64_t rest = gpus / plan.devices();
      if (tensor == 0) {
        plan.tensor = rest;
        while (plan.tensor > 1 && (rest % plan.tensor != 0 || !divides(m, plan))) {
          --plan.tensor;
        }
        rest /= plan.tensor;
      }
      plan.pipeline *= pipeline == 0 ? rest : 1;
    }
    if (gpus > 0 && plan.devices() != gpus) {
      throw usage_error(fmt::format("--gpus {}: --tp {} --pp {} --dp {} make {}", gpus, plan.tensor,
                                    plan.pipeline, plan.data, plan.devices()));
    }
    quantroof::is_dividable(m, plan);
    return plan;
  }

 private:
  static bool divides(const quantroof::model_config& m, const quantroof::parallel_plan& plan) {
    try {
      return quantroof::is_dividable(m, {.tensor = plan.tensor});
    } catch (const quantroof::domain_error&) {
      return false;
    }
  }
};

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
  }
}

}  // namespace arguments

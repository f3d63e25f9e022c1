// SPDX-License-Identifier: Apache-2.0
//
// What the numerics cost: GB/s of the float side, beside a plain loop that moves the same bytes, in the same run.
//
//   quantize_bench [--json] [--pairs N] [--only TEXT] [--small-pages]
//
// One thread, pinned where the system lets it; 4 KiB, 1 MiB and 64 MiB of floats in rows of 4096 (4 KiB: 1024) or of 128; standard normal, every
// 997th value times 30. Large arrays lie in huge pages where the system has them: how 4 KiB pages happen to lie changes a ratio by up to 0.2
// from process to process. Every sample is followed by one of the plain loop; the ratio is the median of the ratios of at least 11 such
// pairs, which holds when the machine's speed drifts. Built with -march=native where the compiler knows it.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "noise.hpp"
#include "quantroof/core.hpp"

#if defined(__linux__)
#include <sched.h>
#include <sys/mman.h>
#endif

namespace {

bool huge_pages = true;

// Where malloc puts it, as a user's vectors have it: only the pages are larger.
void* allocate(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) {
    throw std::bad_alloc{};
  }
#if defined(__linux__)
  constexpr std::size_t page = 4096;
  if (size >= (std::size_t{1} << 21) && huge_pages) {
    const std::size_t inside = reinterpret_cast<std::uintptr_t>(memory) % page;
    static_cast<void>(madvise(static_cast<char*>(memory) - inside, size + inside, MADV_HUGEPAGE));
  }
#endif
  return memory;
}

}  // namespace

// For the vectors inside the library as well.
void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace {

using namespace quantroof;

constexpr std::size_t chunk = 256;

// ---- the same traffic, done plainly: floats in, Num / Den of a byte out per float ----

template <std::size_t Bytes>  // per chunk of 256 floats
[[gnu::noinline]] void plain_encode(std::span<const float> x, std::uint8_t* out) {
  for (std::size_t first = 0; first + chunk <= x.size(); first += chunk, out += Bytes) {
    std::array<std::uint32_t, chunk> bits;
    for (std::size_t i = 0; i < chunk; ++i) {
      bits[i] = std::bit_cast<std::uint32_t>(x[first + i]);
    }
    std::array<std::uint8_t, Bytes> bytes;
    if constexpr (Bytes == 512) {
      std::array<std::uint16_t, chunk> halves;
      for (std::size_t i = 0; i < chunk; ++i) {
        halves[i] = static_cast<std::uint16_t>(bits[i] >> 16U);
      }
      std::memcpy(bytes.data(), halves.data(), Bytes);
    } else if constexpr (Bytes == 256) {
      for (std::size_t i = 0; i < chunk; ++i) {
        bytes[i] = static_cast<std::uint8_t>(bits[i] >> 24U);
      }
    } else {  // the first half and what is left of the second, folded
      for (std::size_t i = 0; i < Bytes; ++i) {
        bytes[i] = static_cast<std::uint8_t>((bits[i] ^ bits[chunk - Bytes + i]) >> 24U);
      }
    }
    std::memcpy(out, bytes.data(), Bytes);
  }
}

// Straight to y: copied there from an array on the stack, the same loop runs at half its speed where the two lie alike modulo 1 KiB.
template <std::size_t Bytes>
[[gnu::noinline]] void plain_decode(const std::uint8_t* in, std::span<float> y) {
  for (std::size_t first = 0; first + chunk <= y.size(); first += chunk, in += Bytes) {
    std::array<std::uint8_t, Bytes> bytes;
    std::memcpy(bytes.data(), in, Bytes);
    float* const to = y.data() + first;
    for (std::size_t i = 0; i < Bytes; ++i) {
      to[i] = std::bit_cast<float>(std::uint32_t{bytes[i]});
    }
    for (std::size_t i = Bytes; i < chunk; ++i) {
      to[i] = std::bit_cast<float>(std::uint32_t{bytes[i - Bytes]});
    }
  }
}

[[gnu::noinline]] std::uint32_t plain_read(std::span<const float> x) {
  std::array<std::uint32_t, 64> lanes{};
  const float* const data = x.data();
  for (std::size_t first = 0; first + 64 <= x.size(); first += 64) {
    for (std::size_t i = 0; i < 64; ++i) {
      lanes[i] ^= std::bit_cast<std::uint32_t>(data[first + i]);
    }
  }
  std::uint32_t all = 0;
  for (const std::uint32_t lane : lanes) {
    all ^= lane;
  }
  return all;
}

// ---- measuring ----

volatile std::uint32_t sink = 0;

struct sample {
  std::string op;
  std::string format;
  std::size_t bytes = 0;  // of floats
  double gb_s = 0;
  double bound_gb_s = 0;
  double ratio = 0;
};

double seconds(const std::function<void()>& work, int times) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) {
    work();
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  return spent.count() / times;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct bench {
  std::vector<float> x;
  std::vector<float> y;
  std::vector<std::uint8_t> bytes;
  int pairs = 11;
  std::string_view only{};
  std::vector<sample> samples{};

  [[nodiscard]] matrix_view<const float> rows(std::size_t n, std::size_t most) const {
    const std::size_t cols = n < most ? n : most;
    return {x.data(), n / cols, cols};
  }
  [[nodiscard]] matrix_view<float> results(std::size_t n, std::size_t most) {
    const std::size_t cols = n < most ? n : most;
    return {y.data(), n / cols, cols};
  }

  void compare(std::string op, std::string format, std::size_t n, const std::function<void()>& work,
               const std::function<void()>& plain) {
    const int times = static_cast<int>(std::max<std::size_t>(1, (std::size_t{1} << 21) / n));
    work();
    plain();
    std::vector<double> speeds;
    std::vector<double> bounds;
    std::vector<double> ratios;
    for (int i = 0; i < pairs; ++i) {
      const double ours = seconds(work, times);
      const double theirs = seconds(plain, times);
      speeds.push_back(static_cast<double>(4 * n) / ours * 1e-9);
      bounds.push_back(static_cast<double>(4 * n) / theirs * 1e-9);
      ratios.push_back(theirs / ours);
    }
    samples.push_back(
        {std::move(op), std::move(format), 4 * n, median(speeds), median(bounds), median(ratios)});
  }

  [[nodiscard]] bool skip(const std::string& op, precision p) const {
    return (op + " " + std::string{to_string(p)}).find(only) == std::string::npos;
  }

  static constexpr std::array<std::size_t, 3> sizes{1024, 262144, 16777216};

  template <precision P, std::size_t PlainBytes>
  void encode(const std::string& op, const quantize_options& options, std::size_t cols = 4096) {
    if (skip(op, P)) {
      return;
    }
    quantized_tensor<P> q;
    for (const std::size_t n : sizes) {
      compare(
          op, std::string{to_string(P)}, n, [&] { quantize_into(q, rows(n, cols), options); },
          [&] {
            plain_encode<PlainBytes>({x.data(), n}, bytes.data());
          });
    }
  }
  template <precision P, std::size_t PlainBytes>
  void decode(const std::string& op, const quantize_options& options = {},
              std::size_t cols = 4096) {
    if (skip(op, P)) {
      return;
    }
    for (const std::size_t n : sizes) {
      const quantized_tensor<P> q = quantize<P>(rows(n, cols), options);
      compare(
          op, std::string{to_string(P)}, n, [&] { dequantize_into(q, results(n, cols)); },
          [&] {
            plain_decode<PlainBytes>(bytes.data(), {y.data(), n});
          });
    }
  }
  void read(const std::string& op, const std::function<void(std::size_t)>& work) {
    if (skip(op, precision::fp32)) {
      return;
    }
    for (const std::size_t n : sizes) {
      compare(
          op, "FP32", n, [&] { work(n); },
          [&] {
            sink = plain_read({x.data(), n});
          });
    }
  }

  void run() {
    float largest = 0;
    for (const float v : x) {
      largest = std::max(largest, std::fabs(v));
    }
    const auto unit = [&](float top) { return largest / top; };
    const float e4m3 = unit(448);
    const float e5m2 = unit(57344);
    const float e2m3 = unit(7.5F);
    const float e2m1 = unit(6);
    const float int8 = unit(127);
    const auto with = [](const float& scale) {
      return quantize_options{.scales = std::span<const float>{&scale, 1}};
    };
    encode<precision::fp8_e4m3, 256>("given scale", with(e4m3));
    encode<precision::fp8_e5m2, 256>("given scale", with(e5m2));
    encode<precision::fp6_e2m3, 192>("given scale", with(e2m3));
    encode<precision::fp4_e2m1, 128>("given scale", with(e2m1));
    encode<precision::int8, 256>("given scale", with(int8));
    const quantize_options by_token{.granularity = granularity::per_token};
    encode<precision::int8, 256>("per token", by_token);
    encode<precision::fp8_e4m3, 256>("per token", by_token);
    encode<precision::nvfp4, 128>("blocks", {.tensor_absmax = largest});
    encode<precision::mxfp4, 128>("blocks", {});
    encode<precision::mxfp8_e4m3, 256>("blocks", {});
    encode<precision::int4_g128, 128>("groups", {});
    encode<precision::int8_g32, 256>("groups", {});
    encode<precision::int4_g128_zp4, 128>("zero points", {});
    encode<precision::gguf_q8_0, 256>("GGUF", {});
    encode<precision::gguf_q4_0, 128>("GGUF", {});
    // Heads of a KV cache.
    encode<precision::nvfp4, 128>("rows of 128", {.tensor_absmax = largest}, 128);
    encode<precision::int8, 256>("rows of 128", by_token, 128);
    encode<precision::bf16, 512>("convert", {});
    encode<precision::fp16, 512>("convert", {});
    decode<precision::fp8_e4m3, 256>("dequantize");
    decode<precision::int8, 256>("dequantize");
    decode<precision::nvfp4, 128>("dequantize");
    decode<precision::mxfp4, 128>("dequantize");
    decode<precision::int4_g128, 128>("dequantize");
    decode<precision::int4_g128_zp4, 128>("dequantize");
    decode<precision::gguf_q8_0, 256>("dequantize");
    decode<precision::gguf_q4_0, 128>("dequantize");
    decode<precision::nvfp4, 128>("read rows of 128", {}, 128);
    decode<precision::int8, 256>("read rows of 128", by_token, 128);
    read("absmax", [&](std::size_t n) {
      sink = std::bit_cast<std::uint32_t>(absmax(std::span<const float>{x.data(), n}).value);
    });
    read("percentile 99.9", [&](std::size_t n) {
      sink = static_cast<std::uint32_t>(abs_percentile(std::span<const float>{x.data(), n}, 99.9));
    });
    read("activation_stats", [&](std::size_t n) {
      sink = static_cast<std::uint32_t>(compute_activation_stats(rows(n, 4096)).absmax);
    });
  }

  /// Seconds of a clip search over 64 MiB, all of it and every 16th tile, and how much larger the sample's error is.
  [[nodiscard]] nlohmann::json clip_search() const {
    nlohmann::json list = nlohmann::json::array();
    for (const precision p : {precision::int8, precision::fp8_e4m3, precision::fp4_e2m1}) {
      mse_clip exact;
      mse_clip sampled;
      const double whole = seconds([&] { exact = find_mse_clip(x, p); }, 1);
      const double sample =
          median({seconds([&] { sampled = find_mse_clip(x, p, {.sample_every = 16}); }, 1),
                  seconds([&] { sampled = find_mse_clip(x, p, {.sample_every = 16}); }, 1),
                  seconds([&] { sampled = find_mse_clip(x, p, {.sample_every = 16}); }, 1)});
      list.push_back({{"format", std::string{to_string(p)}},
                      {"bytes", 4 * x.size()},
                      {"exact_s", whole},
                      {"sampled_s", sample},
                      {"mse_over_absmax_mse", exact.mse / exact.absmax_mse},
                      {"sample_penalty", sampled.mse / exact.mse - 1}});
    }
    return list;
  }
};

void pin_to_one_processor() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  sched_setaffinity(0, sizeof(set), &set);  // where it is not allowed, the thread stays free
#endif
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  bench b;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--json") {
      json = true;
    } else if (flag == "--small-pages") {
      huge_pages = false;
    } else if (flag == "--pairs" && i + 1 < argc) {
      b.pairs = std::max(1, std::atoi(argv[++i]));
    } else if (flag == "--only" && i + 1 < argc) {
      b.only = argv[++i];
    } else {
      fmt::print(
          stderr,
          "quantize_bench: unknown flag {}; known: --json, --pairs N, --only TEXT, --small-pages\n",
          flag);
      return 2;
    }
  }
  pin_to_one_processor();
  b.x = test::noise(bench::sizes.back(), 1.0F);
  for (std::size_t i = 0; i < b.x.size(); i += 997) {
    b.x[i] *= 30;
  }
  b.y.assign(b.x.size(), 0.0F);
  b.bytes.assign(2 * b.x.size(), 1);
  b.run();
  const nlohmann::json searches = b.only.empty() ? b.clip_search() : nlohmann::json::array();
  if (json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const sample& s : b.samples) {
      rows.push_back({{"op", s.op},
                      {"format", s.format},
                      {"bytes", s.bytes},
                      {"gb_s", s.gb_s},
                      {"bound_gb_s", s.bound_gb_s},
                      {"ratio", s.ratio}});
    }
    fmt::print("{}\n", nlohmann::json{{"rows", rows}, {"clip_search", searches}}.dump(2));
    return 0;
  }
  fmt::print("{:<18} {:<12} {:>22} {:>22} {:>22}\n", "", "", "4 KiB", "1 MiB", "64 MiB");
  fmt::print("{:<18} {:<12} {:>22} {:>22} {:>22}\n", "op", "format", "GB/s (of the bound)", "", "");
  for (std::size_t i = 0; i + 2 < b.samples.size(); i += 3) {
    fmt::print("{:<18} {:<12}", b.samples[i].op, b.samples[i].format);
    for (std::size_t k = 0; k < 3; ++k) {
      fmt::print(" {:>14.1f} ({:.2f})", b.samples[i + k].gb_s, b.samples[i + k].ratio);
    }
    fmt::print("\n");
  }
  for (const auto& s : searches) {
    fmt::print(
        "mse clip {:<9} 64 MiB in {:.3f} s, every 16th tile {:.4f} s; error {:.3f} of absmax's, "
        "sample {:.5f} % worse\n",
        s["format"].get<std::string>(), s["exact_s"].get<double>(), s["sampled_s"].get<double>(),
        s["mse_over_absmax_mse"].get<double>(), 100 * s["sample_penalty"].get<double>());
  }
}

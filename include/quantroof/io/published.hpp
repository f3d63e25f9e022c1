// SPDX-License-Identifier: Apache-2.0
//
// Published TFLOPS of attention kernels as rows, and the constants of FlashAttention 1-4 and cuDNN that they give.
//
//   columns   version gpu precision pass head_dim seq_len batch heads causal tflops   ("128/8" heads: 128 query, 8 KV)
//
// Convention of the papers: FLOPs = 4 N^2 d heads batch, half of it for a causal mask; forward and backward together 3.5 times as many.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/io/csv.hpp"
#include "quantroof/io/fit.hpp"
#include "quantroof/io/fit_family.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/prefill.hpp"

namespace quantroof::io {

/// One published figure.
struct published_row {
  std::string version;  // as printed: "FA2", "FA2(torch)", "cuDNN", ...
  std::string gpu;
  const hardware_spec* device = nullptr;
  attention_kernel kernel = attention_kernel::fa2;
  prefill_setting setting{};
  attention_shape shape{};
  double tflops = 0;
  double time_us = 0;  // derived from tflops
};

namespace internal {

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 11> published_devices{{
    {"A100-80GB-SXM4", "a100_sxm_80gb"},
    {"A100(inferred)", "a100_sxm_80gb"},
    {"H100-80GB-SXM5", "h100_sxm"},
    {"H100", "h100_sxm"},
    {"H100-PCIe", "h100_pcie"},
    {"H200-class(not named in csv)", "h200_sxm"},
    {"RTX4090", "rtx4090"},
    {"B200", "b200_sxm"},
    {"GB200", "gb200"},
    {"GB300", "gb300"},
    {"Blackwell-2500TF-peak(GB200/GB300/B300; not named)", "gb300"},
}};

inline constexpr std::array<std::pair<std::string_view, attention_kernel>, 7> published_kernels{{
    {"FA1", attention_kernel::fa1},
    {"FA2", attention_kernel::fa2},
    {"FA2(torch)", attention_kernel::fa2},
    {"FA3", attention_kernel::fa3},
    {"FA3-no-overlap", attention_kernel::fa3},
    {"FA4", attention_kernel::fa4},
    {"cuDNN", attention_kernel::cudnn},
}};

/// "128/8" as 128 and 8; "16" as 16 and 16.
[[nodiscard]] inline std::pair<std::int64_t, std::int64_t> number_pair(std::string_view text) {
  std::pair<std::int64_t, std::int64_t> n{};
  const auto first = std::from_chars(text.data(), text.data() + text.size(), n.first);
  n.second = n.first;
  if (first.ptr != text.data() + text.size()) {
    std::from_chars(first.ptr + 1, text.data() + text.size(), n.second);
  }
  return n;
}

template <class Value>
const Value* find_published(const auto& table, std::string_view name) {
  for (const auto& [key, value] : table) {
    if (key == name) {
      return &value;
    }
  }
  return nullptr;
}

}  // namespace internal

/// The rows of kernels and devices that the library knows, with a whole shape; backward passes alone, windows and MX formats are left
/// out.
///
/// errors    io::input_error with file, line and column
[[nodiscard]] inline std::vector<published_row> read_published(const csv_table& t) {
  std::vector<published_row> rows;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const auto* kernel = internal::find_published<attention_kernel>(internal::published_kernels,
                                                                    t.text(i, "version"));
    const auto* key =
        internal::find_published<std::string_view>(internal::published_devices, t.text(i, "gpu"));
    const std::string_view pass = t.text(i, "pass");
    const std::string_view heads = t.text(i, "heads");
    if (kernel == nullptr || key == nullptr || pass == "bwd" || heads.empty() ||
        t.text(i, "seq_len").empty() || t.text(i, "causal").empty() ||
        t.text(i, "precision").substr(0, 2) == "mx" ||  // block scales: another kernel
        t.text(i, "source").find("sliding_window") != std::string_view::npos) {
      continue;
    }
    published_row row;
    row.version = t.text(i, "version");
    row.gpu = t.text(i, "gpu");
    row.device = find_hardware(*key);
    row.kernel = *kernel;
    const auto [query_heads, kv_heads] = internal::number_pair(heads);
    const auto [key_dim, value_dim] = internal::number_pair(t.text(i, "head_dim"));
    row.shape = {.batch = t.integer(i, "batch"),
                 .num_heads = query_heads,
                 .num_kv_heads = kv_heads,
                 .seq_len_q = t.integer(i, "seq_len"),
                 .seq_len_kv = t.integer(i, "seq_len"),
                 .head_dim = key_dim,
                 .causal = t.text(i, "causal") == "1"};
    internal::check_shape(t, i, row.shape);
    const bool fp8 = t.text(i, "precision").substr(0, 3) == "fp8";
    row.setting = {
        .width = fp8 ? attention_width::bits8 : attention_width::bits16,
        .query_bytes = fp8 ? 1.0 : 2.0,
        .kv_bytes = fp8 ? 1.0 : 2.0,
        .value_dim = value_dim,
        .call = attention_call::kernel_only,
        .pass = pass == "fwd" ? attention_pass::forward : attention_pass::forward_backward,
        .overlap =
            row.version == "FA3-no-overlap" ? softmax_overlap::none : softmax_overlap::as_released,
        .shared_memory_kb = row.device->shared_memory_kb.value_or(164)};
    row.tflops = t.number(i, "tflops");
    const double n = static_cast<double>(row.shape.seq_len_q);
    double flops = 2.0 * n * n * static_cast<double>(key_dim + value_dim) *
                   static_cast<double>(row.shape.batch) * static_cast<double>(query_heads);
    flops *= row.shape.causal ? 0.5 : 1.0;
    flops *= pass == "fwd" ? 1.0 : 3.5;
    row.time_us = flops / (row.tflops * 1e6);
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The rates a published kernel runs at on its device.
[[nodiscard]] inline device_rates published_rates(const published_row& row) {
  const device_rates rates = rates_of(*row.device);
  const bool mma_sync = row.kernel == attention_kernel::fa1 || row.kernel == attention_kernel::fa2;
  return mma_sync ? with_mma_sync(rates, row.device->arch) : rates;
}

/// Constants of FA1, FA2, FA3, FA4 and cuDNN from published figures. FA1 is FA2 and its accumulator's way to memory and back: one more
/// constant. FA3's softmax without overlap comes from its ablation.
[[nodiscard]] inline std::vector<prefill_constants> fit_published(
    const std::vector<published_row>& rows) {
  using c = prefill_constants;
  const double inf = internal::unbounded;
  const auto predict = [](const c& constants, const published_row& row) {
    return estimate_prefill(published_rates(row), constants, row.setting, row.shape).time_us;
  };
  const auto time_of = [](const published_row& row) { return row.time_us; };
  const auto pick = [&rows](attention_kernel kernel, auto wanted) {
    std::vector<const published_row*> some;
    for (const published_row& row : rows) {
      if (row.kernel == kernel && row.setting.overlap == softmax_overlap::as_released &&
          wanted(row)) {
        some.push_back(&row);
      }
    }
    return some;
  };
  const auto finish = [&](c& constants, const std::vector<const published_row*>& some,
                          std::string_view source) {
    std::vector<double> logs;
    double error = 0;
    for (const published_row* row : some) {
      const double p = predict(constants, *row);
      logs.push_back(std::log(row->time_us / p));
      error += std::abs(p / row->time_us - 1);
    }
    constants.fit.source = source;
    constants.fit.rows = static_cast<std::int64_t>(some.size());
    constants.fit.error = some.empty() ? 0 : rounded(error / static_cast<double>(some.size()));
    constants.fit.overhead = constants.fit.memory = constants.fit.compute = internal::band_of(logs);
  };
  const auto structure = [](attention_kernel kernel) {
    c constants{.kernel = kernel, .write_share = 1, .memory_share = 1, .l2_share = 1};
    constants.fit.rows = 1;
    return constants;
  };
  std::vector<free_constant<c>> products{{"matmul", &c::matmul, 1.2, 0, inf},
                                         {"softmax", &c::softmax, 0.7, 0, inf},
                                         {"block_cycles", &c::block_cycles, 4000, 0, inf},
                                         {"tail", &c::tail, 0.7, 0, 1.2}};
  const auto fit = [&](const c& from, const std::vector<free_constant<c>>& free,
                       const std::vector<const published_row*>& some) {
    return fit_constants<c, published_row>(from, free, some, predict, time_of, {{}}, 600);
  };
  const auto datacentre = [](const published_row& r) {
    return r.version != "FA2(torch)" && r.device->arch != architecture::blackwell &&
           r.device->arch != architecture::ada;
  };

  auto free2 = products;
  free2.push_back({"wide_head", &c::wide_head, 1.1, 0, inf});
  free2.push_back({"backward_softmax", &c::backward_softmax, 4, 0, 8});
  const auto rows2 = pick(attention_kernel::fa2, datacentre);
  c fa2 = fit(structure(attention_kernel::fa2), free2, rows2);
  finish(fa2, rows2, "flash-attention assets, issue 307: A100, H100");

  const auto rows1 = pick(attention_kernel::fa1, datacentre);
  c fa1 = fa2;
  fa1.kernel = attention_kernel::fa1;
  fa1 = fit(fa1, {{"accumulator_cycles", &c::accumulator_cycles, 0.1, 0, inf}}, rows1);
  finish(fa1, rows1, "flash-attention assets (FA2 paper): A100, H100");

  auto free3 = products;
  free3.push_back({"fixed_us", &c::fixed_us, 10, 0, 30});
  const auto rows3 = pick(attention_kernel::fa3, [](const published_row& r) {
    return r.gpu == "H100-80GB-SXM5" && r.setting.width == attention_width::bits16;
  });
  c fa3 = fit(structure(attention_kernel::fa3), free3, rows3);
  std::vector<const published_row*> alone;
  for (const published_row& row : rows) {
    if (row.setting.overlap == softmax_overlap::none) {
      alone.push_back(&row);
    }
  }
  if (!alone.empty()) {
    fa3 = fit(fa3, {{"softmax_alone", &c::softmax_alone, 1.2, 0, inf}}, alone);
  }
  finish(fa3, rows3, "flash-attention assets (FA3 paper): H100 SXM");

  auto free4 = free3;
  free4.push_back({"softmax_fixed", &c::softmax_fixed, 0.02, 0, inf});
  const auto rows4 = pick(attention_kernel::fa4, [](const published_row&) { return true; });
  c fa4 = fit(structure(attention_kernel::fa4), free4, rows4);
  finish(fa4, rows4, "flash-attention PR 2605, 2280: B200, a 2500 TFLOPS part");

  const auto rows5 = pick(attention_kernel::cudnn, [](const published_row& r) {
    return r.shape.head_dim == 128 && (r.gpu == "GB200" || r.gpu == "GB300");
  });
  c cudnn = fit(structure(attention_kernel::cudnn), free4, rows5);
  finish(cudnn, rows5, "cudnn-frontend benchmark: GB200, GB300, d 128");
  return {fa1, fa2, fa3, fa4, cudnn};
}

}  // namespace quantroof::io

// SPDX-License-Identifier: Apache-2.0
//
// Measured kernel times from CSV files, as rows that a model can be asked about. One file a kind, by name; columns by name, in any order,
// others are ignored (README.md, "Your own measurements"):
//
//   gemm.csv                              gpu source precision m n k time_us [act_quant_included]
//   attention_prefill.csv or prefill.csv  gpu source kernel attn_dtype kv_dtype batch heads_q heads_kv seq_q seq_kv head_dim causal time_us
//   attention_decode.csv or decode.csv    the same without causal
//   moe.csv                               gpu source precision num_tokens hidden inter topk num_experts moe_tp moe_ep distribution time_us
//   mla.csv                               gpu source phase mla_dtype kv_dtype batch heads_local seq_q seq_kv time_us
//   collectives.csv                       gpu source impl op dtype num_gpus message_bytes time_us
//   elementwise.csv                       gpu source op dtype rows cols bytes_est time_us
//
// A row of a device or format that the library does not know is counted under its reason, never dropped silently. A row that contradicts
// itself (m = 0, text for a number) is an error with its line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantroof/detail/names.hpp"
#include "quantroof/hardware/calibration.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/io/csv.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/gemm.hpp"

namespace quantroof::io {

enum class measurement_kind : std::uint8_t {
  gemm,
  prefill,
  decode,
  moe,
  mla,
  collective,
  elementwise
};

namespace internal {
inline constexpr quantroof::detail::name_table<measurement_kind, 7> measurement_kind_names{{
    {measurement_kind::gemm, "gemm"},
    {measurement_kind::prefill, "prefill"},
    {measurement_kind::decode, "decode"},
    {measurement_kind::moe, "moe"},
    {measurement_kind::mla, "mla"},
    {measurement_kind::collective, "collective"},
    {measurement_kind::elementwise, "elementwise"},
}};
static_assert(names_are_complete(measurement_kind_names));

struct measurement_file {
  std::string_view name;
  measurement_kind kind;
};
inline constexpr std::array<measurement_file, 9> measurement_files{{
    {"gemm.csv", measurement_kind::gemm},
    {"attention_prefill.csv", measurement_kind::prefill},
    {"prefill.csv", measurement_kind::prefill},
    {"attention_decode.csv", measurement_kind::decode},
    {"decode.csv", measurement_kind::decode},
    {"moe.csv", measurement_kind::moe},
    {"mla.csv", measurement_kind::mla},
    {"collectives.csv", measurement_kind::collective},
    {"elementwise.csv", measurement_kind::elementwise},
}};

/// Keys that measurement collections use for a device of the registry.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 3> device_aliases{{
    {"a100_sxm", "a100_sxm_80gb"},
    {"a100_pcie", "a100_pcie_80gb"},
    {"rtx_5090", "rtx5090"},
}};
}  // namespace internal

[[nodiscard]] constexpr std::string_view to_string(measurement_kind k) {
  return quantroof::detail::name_of(internal::measurement_kind_names, k);
}

/// The device that a CSV's gpu column means, or nullptr.
[[nodiscard]] inline const hardware_spec* find_measured_device(std::string_view gpu) {
  for (const auto& [alias, key] : internal::device_aliases) {
    if (gpu == alias) {
      return find_hardware(key);
    }
  }
  return find_hardware(gpu);
}

/// The kind of GEMM kernel that a CSV's precision column means, or nothing.
[[nodiscard]] inline std::optional<gemm_kernel> find_gemm_kernel(std::string_view precision) {
  using named = std::pair<std::string_view, gemm_kernel>;
  for (const auto& [name, kernel] :
       {named{"bf16", gemm_kernel::dense16}, named{"fp16", gemm_kernel::dense16},
        named{"fp8", gemm_kernel::fp8}, named{"fp8_rowwise", gemm_kernel::fp8},
        named{"fp8_block128", gemm_kernel::fp8_block128}, named{"nvfp4", gemm_kernel::nvfp4},
        named{"int8_w8a8", gemm_kernel::int8}, named{"w8a16", gemm_kernel::w8a16},
        named{"w4a16", gemm_kernel::w4a16}}) {
    if (precision == name) {
      return kernel;
    }
  }
  return std::nullopt;
}

/// One measured call. Which members are set depends on the kind.
struct measurement {
  measurement_kind kind = measurement_kind::gemm;
  const hardware_spec* device = nullptr;
  std::string file;
  std::string gpu;  // as the CSV spells it
  std::string source;
  std::string kernel;
  std::string format;  // precision, or attn_dtype/kv_dtype
  std::size_t line = 0;
  double time_us = 0;
  gemm_kernel gemm = gemm_kernel::dense16;  // gemm, moe
  gemm_shape shape{};                       // gemm; elementwise: m rows, n cols
  bool quantization_included = false;
  attention_shape attention{};  // prefill, decode, mla (heads_local heads)
  attention_width width = attention_width::bits16;
  bool fp8_cache = false;
  std::int64_t tokens = 0;  // moe
  std::int64_t hidden = 0;
  std::int64_t inter = 0;
  std::int64_t top_k = 0;
  std::int64_t experts = 0;
  std::int64_t tensor_parallel = 1;
  std::int64_t expert_parallel = 1;
  bool skewed_routing = false;
  std::int64_t devices = 1;  // collective
  double bytes = 0;          // collective: message; elementwise: moved
  std::string op;            // collective, elementwise; mla: phase
};

/// Rows that no model was asked about, by reason.
struct skipped_rows {
  std::string file;
  std::string reason;
  std::size_t n = 0;
};

/// All of a folder.
struct measurement_set {
  std::vector<measurement> rows;
  std::vector<skipped_rows> skipped;
  std::vector<std::string> files;  // that were read

  void skip(std::string_view file, std::string reason) {
    for (skipped_rows& s : skipped) {
      if (s.file == file && s.reason == reason) {
        ++s.n;
        return;
      }
    }
    skipped.push_back({std::string{file}, std::move(reason), 1});
  }
};

namespace internal {

/// True for kernels that a framework offers beside the device's usual ones, under the same source: FlashInfer's own attention where there are
/// kernels made for the device, the low-latency MoE kernels, MXFP4 weights with MXFP8 activations beside NVFP4.
[[nodiscard]] inline bool is_bundled(const measurement& row) {
  if (row.kind == measurement_kind::moe) {
    return row.kernel == "moe_torch_flow_min_latency" || row.format == "w4a8_mxfp4_mxfp8";
  }
  return row.kernel == "flashinfer" && row.device->arch != architecture::ada &&
         row.device->arch != architecture::blackwell_sm120;
}

/// Checks a shape and says on which line it stands.
template <class Shape>
void check_shape(const csv_table& t, std::size_t i, const Shape& shape) {
  try {
    is_valid(shape);
  } catch (const domain_error& error) {
    t.fail(i, "time_us", std::string{"is the time of a shape that cannot be: "} + error.what());
  }
}

inline void read_shape(const csv_table& t, std::size_t i, measurement& row) {
  switch (row.kind) {
    case measurement_kind::gemm:
      row.shape = {t.integer(i, "m"), t.integer(i, "n"), t.integer(i, "k")};
      row.quantization_included = t.text(i, "act_quant_included") == "1";
      check_shape(t, i, row.shape);
      break;
    case measurement_kind::prefill:
    case measurement_kind::decode:
      row.attention = {.batch = t.integer(i, "batch"),
                       .num_heads = t.integer(i, "heads_q"),
                       .num_kv_heads = t.integer(i, "heads_kv"),
                       .seq_len_q = t.integer(i, "seq_q"),
                       .seq_len_kv = t.integer(i, "seq_kv"),
                       .head_dim = t.integer(i, "head_dim"),
                       .causal = t.text(i, "causal") == "1"};
      check_shape(t, i, row.attention);
      break;
    case measurement_kind::mla:
      row.attention = {.batch = t.integer(i, "batch"),
                       .num_heads = t.integer(i, "heads_local"),
                       .num_kv_heads = t.integer(i, "heads_local"),
                       .seq_len_q = t.integer(i, "seq_q"),
                       .seq_len_kv = t.integer(i, "seq_kv"),
                       .head_dim = 192,
                       .causal = t.text(i, "phase") == "context"};
      row.op = t.text(i, "phase");
      check_shape(t, i, row.attention);
      break;
    case measurement_kind::moe:
      row.tokens = t.integer(i, "num_tokens");
      row.hidden = t.integer(i, "hidden");
      row.inter = t.integer(i, "inter");
      row.top_k = t.integer(i, "topk");
      row.experts = t.integer(i, "num_experts");
      row.tensor_parallel = t.integer(i, "moe_tp");
      row.expert_parallel = t.integer(i, "moe_ep");
      row.skewed_routing = t.text(i, "distribution").substr(0, 5) == "power";
      break;
    case measurement_kind::collective:
      row.devices = t.integer(i, "num_gpus");
      row.bytes = t.number(i, "message_bytes");
      row.op = t.text(i, "op");
      break;
    case measurement_kind::elementwise:
      row.shape = {t.integer(i, "rows"), t.integer(i, "cols"), 1};
      row.bytes = t.text(i, "bytes_est").empty() ? 0 : t.number(i, "bytes_est");
      row.op = t.text(i, "op");
      break;
  }
}

/// The reason why a row cannot be predicted for want of a known format; "" where it can. Sets the row's format and widths.
inline std::string read_format(const csv_table& t, std::size_t i, measurement& row) {
  const auto cache = [&row, &t, i] {
    const std::string_view kv = t.text(i, "kv_dtype");
    row.fp8_cache = kv == "fp8" || kv == "int8";
    const bool known = row.fp8_cache || kv == "bf16" || kv == "fp16" || kv == "bfloat16";
    row.width = row.fp8_cache ? attention_width::bits8 : attention_width::bits16;
    return known ? std::string{} : "unknown kv_dtype " + std::string{kv};
  };
  switch (row.kind) {
    case measurement_kind::gemm: {
      row.format = t.text(i, "precision");
      const auto kernel = find_gemm_kernel(row.format);
      row.gemm = kernel.value_or(gemm_kernel::dense16);
      return kernel ? std::string{} : "unknown precision " + row.format;
    }
    case measurement_kind::prefill:
      row.format = std::string{t.text(i, "attn_dtype")} + "/" + std::string{t.text(i, "kv_dtype")};
      return cache();
    case measurement_kind::decode:
      row.format = std::string{t.text(i, "q_dtype").empty() ? t.text(i, "attn_dtype")
                                                            : t.text(i, "q_dtype")} +
                   "/" + std::string{t.text(i, "kv_dtype")};
      return cache();
    case measurement_kind::mla:
      row.format = std::string{t.text(i, "mla_dtype")} + "/" + std::string{t.text(i, "kv_dtype")};
      return cache();
    case measurement_kind::moe: {
      row.format = t.text(i, "precision");
      using named = std::pair<std::string_view, gemm_kernel>;
      for (const auto& [name, kernel] :
           {named{"bfloat16", gemm_kernel::dense16}, named{"fp8", gemm_kernel::fp8},
            named{"fp8_block", gemm_kernel::fp8_block128}, named{"nvfp4", gemm_kernel::nvfp4},
            named{"w4a16_mxfp4", gemm_kernel::w4a16},
            named{"w4a8_mxfp4_mxfp8", gemm_kernel::nvfp4}}) {
        if (row.format == name) {
          row.gemm = kernel;
          return {};
        }
      }
      return "unknown precision " + row.format;
    }
    case measurement_kind::collective:
      row.format = std::string{t.text(i, "impl")} + "/" + std::string{t.text(i, "op")};
      return {};
    case measurement_kind::elementwise:
      row.format = t.text(i, "op");
      return {};
  }
  return "unknown kind";
}

}  // namespace internal

/// Adds the rows of one table; rows of unknown devices and formats go to `set.skipped`.
///
/// errors    io::input_error with file, line and column
inline void add_measurements(measurement_set& set, const csv_table& table, measurement_kind kind,
                             std::string_view file) {
  set.files.emplace_back(file);
  for (std::size_t i = 0; i < table.size(); ++i) {
    measurement row;
    row.kind = kind;
    row.file = file;
    row.line = table.line(i);
    row.gpu = table.text(i, "gpu");
    row.source = table.text(i, "source");
    row.kernel = table.text(i, kind == measurement_kind::collective ? "impl" : "kernel");
    row.time_us = table.number(i, "time_us");
    if (!(row.time_us > 0)) {  // timers round, and some rows are differences of two times
      set.skip(file, "time_us is not positive");
      continue;
    }
    row.device = find_measured_device(row.gpu);
    if (row.device == nullptr) {
      set.skip(file, "unknown device " + row.gpu);
      continue;
    }
    if (std::string why = internal::read_format(table, i, row); !why.empty()) {
      set.skip(file, std::move(why));
      continue;
    }
    internal::read_shape(table, i, row);
    set.rows.push_back(std::move(row));
  }
}

/// Every known CSV file of a folder.
///
/// errors    io::input_error: not a folder, no known file in it, a file that is not a table of its kind
[[nodiscard]] inline measurement_set read_measurements(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    throw input_error{folder.string(), "", "is not a folder"};
  }
  measurement_set set;
  for (const internal::measurement_file& file : internal::measurement_files) {
    const std::filesystem::path path = folder / file.name;
    if (std::filesystem::exists(path, error)) {
      add_measurements(set, read_csv(path), file.kind, file.name);
    }
  }
  if (set.files.empty()) {
    std::string known;
    for (const internal::measurement_file& file : internal::measurement_files) {
      known += (known.empty() ? "" : ", ") + std::string{file.name};
    }
    throw input_error{folder.string(), "", "has none of the known files: " + known};
  }
  return set;
}

}  // namespace quantroof::io

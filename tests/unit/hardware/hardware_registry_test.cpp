// SPDX-License-Identifier: Apache-2.0
#include "quantroof/hardware/hardware_registry.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "test_table.hpp"

namespace hardware_registry_test {

namespace hw = quantroof::hw;
using quantroof::architecture;
using quantroof::hardware_registry;
using quantroof::hardware_spec;
using quantroof::peak_rate;

namespace {

// ---- look-up --------------------------------------------------------------------------------------

constexpr auto is_found_by_its_key = [](const hardware_spec* device) {
  return quantroof::find_hardware(device->key) == device &&
         &quantroof::get_hardware(device->key) == device;
};
static_assert(test::first_failure(quantroof::list_hardware(), is_found_by_its_key) == -1);
static_assert(&quantroof::get_hardware("h100_sxm") == &hw::h100_sxm);
static_assert(&quantroof::get_hardware("b10") == &hw::b10);
static_assert(quantroof::find_hardware("H100_SXM") == nullptr &&
              quantroof::find_hardware("") == nullptr);
static_assert(quantroof::find_hardware("h100") == nullptr);  // no prefixes
static_assert(quantroof::list_hardware().size() == quantroof::known_hardware.size());

// ---- figures of well-known devices ----------------------------------------------------------------

struct known_row {
  const hardware_spec* device;
  double tflops_16bit, gb_s, gb;
};
constexpr known_row known_rows[] = {
    {&hw::v100_sxm2_32gb, 125, 900, 32},   // NVIDIA V100 data sheet
    {&hw::t4, 65, 320, 16},                // NVIDIA T4 data sheet
    {&hw::a100_sxm_80gb, 312, 2039, 80},   // NVIDIA A100 data sheet
    {&hw::a100_pcie_40gb, 312, 1555, 40},  // NVIDIA A100 data sheet
    {&hw::l40s, 362.05, 864, 48},          // NVIDIA L40S data sheet
    {&hw::h100_sxm, 989, 3350, 80},        // NVIDIA H100 data sheet, 1979 sparse
    {&hw::h200_sxm, 989, 4800, 141},       // NVIDIA H200 data sheet, 1979 sparse
    {&hw::b200_sxm, 2250, 8000, 180},      // NVIDIA HGX B200 data sheet
    {&hw::rtx4090, 165.2, 1008, 24},       // NVIDIA Ada white paper, FP32 accumulate
    {&hw::rtx5090, 209.5, 1792, 32},       // NVIDIA RTX Blackwell white paper, FP32 accumulate
    {&hw::gb10, 125, 273, 128},            // NVIDIA DGX Spark, 1000 sparse FP4 / 8
    {&hw::mi300x, 1307.4, 5300, 192},      // AMD MI300X data sheet
    {&hw::mi355x, 2516.6, 8000, 288},      // AMD MI355X data sheet
    {&hw::tpu_v5p, 459, 2765, 95},         // Google Cloud TPU documentation
};
constexpr auto known_figures_hold = [](const known_row& r) {
  const std::optional<double> peak = quantroof::peak_tflops(*r.device, native_16bit(*r.device));
  return peak == r.tflops_16bit && r.device->memory_gb_s == r.gb_s && r.device->memory_gb == r.gb;
};
static_assert(test::first_failure(known_rows, known_figures_hold) == -1);

// The specification's device: 62 / 124 / 1000 TFLOPS and nothing that the specification does not say.
static_assert(hw::b10.fp16_tflops == peak_rate{62} && hw::b10.fp8_tflops == peak_rate{124});
static_assert(hw::b10.fp4_tflops == peak_rate{1000} && hw::b10.memory_gb_s == 287);
static_assert(!hw::b10.memory_gb && !hw::b10.compute_capability && !hw::b10.sm_count &&
              !hw::b10.l2_mb);
static_assert(hw::b10.bf16_tflops == peak_rate::unknown() &&
              hw::b10.int8_tops == peak_rate::unknown());

// ---- the peaks agree with the units and the clock -------------------------------------------------

constexpr bool near(double actual, double expected, double relative) {
  return quantroof::detail::abs(actual - expected) <= relative * expected;
}
// GeForce cards run 16-bit and FP8 products at half rate when they accumulate in FP32, the rest at full rate.
constexpr bool is_geforce(const hardware_spec& d) {
  return d.key == "rtx3090" || d.key == "rtx4090" || d.key == "rtx5090";
}

// 16-bit FLOP per clock and SM (CU, matrix engine, Xe core), and each other rate over the 16-bit one; 0: no unit.
struct arch_row {
  architecture arch;
  bool geforce;
  double flop_per_clock, tf32, fp8, fp6, fp4, int8, int4;
};
constexpr double unchecked = -1;
constexpr arch_row arch_rows[] = {
    {architecture::volta, false, 1024, 0, 0, 0, 0, 0, 0},
    {architecture::turing, false, 1024, 0, 0, 0, 0, 2, 4},
    {architecture::ampere_ga100, false, 2048, 0.5, 0, 0, 0, 2, 4},
    {architecture::ampere_ga102, false, 1024, 0.5, 0, 0, 0, 2, 4},
    {architecture::ampere_ga102, true, 512, 0.5, 0, 0, 0, 4, 8},
    {architecture::ampere_ga10b, false, 2048, 0.5, 0, 0, 0, 2, 4},
    {architecture::ada, false, 1024, 0.5, 2, 0, 0, 2, unchecked},  // L40S: INT4 = INT8, L4: 4
    {architecture::ada, true, 512, 0.5, 2, 0, 0, 4, 8},
    {architecture::hopper, false, 4096, 0.5, 2, 0, 0, 2, 0},
    {architecture::blackwell, false, 8192, 0.5, 2, 2, 4, 2, 0},
    {architecture::blackwell_ultra, false, 8192, 0.5, 2, 2, unchecked, 1.0 / 15,
     0},  // FP4: 6.2 and 6
    {architecture::blackwell_sm110, false, 8192, 0.5, 2, 2, 4, 2, 0},
    {architecture::blackwell_sm120, false, 1024, 0.5, 2, 2, 4, 2, 0},
    {architecture::blackwell_sm120, true, 512, 0.5, 2, 2, 8, 4, 0},
    {architecture::blackwell_sm121, false, 1024, 0.5, 2, 2, 4, 2, 0},
    {architecture::cdna2, false, 1024, 0, 0, 0, 0, 1, 0},
    {architecture::cdna3, false, 2048, 0.5, 2, 0, 0, 2, 0},
    {architecture::cdna4, false, 4096, 0, 2, 4, 4, 2, 0},
    {architecture::intel_gaudi2, false, 131072, unchecked, 2, 0, 0, unchecked, unchecked},
    {architecture::intel_gaudi3, false, 131072, unchecked, 1, 0, 0, unchecked, unchecked},
    {architecture::intel_xe2, false, 2048, unchecked, 0, 0, 0, 2, unchecked},
    {architecture::tpu_v5e, false, unchecked, unchecked, 0, 0, 0, 2, unchecked},
    {architecture::tpu_v5p, false, unchecked, unchecked, 0, 0, 0, 2, unchecked},
    {architecture::tpu_v6e, false, unchecked, unchecked, 1, 0, 0, 2, unchecked},
    {architecture::apple_m3, false, unchecked, unchecked, 0, 0, 0, 0, 0},
    {architecture::apple_m4, false, unchecked, unchecked, 0, 0, 0, 0, 0},
};
constexpr const arch_row* row_of(const hardware_spec& d) {
  for (const arch_row& r : arch_rows) {
    if (r.arch == d.arch && r.geforce == is_geforce(d)) {
      return &r;
    }
  }
  return nullptr;
}

constexpr std::optional<double> peak_16bit(const hardware_spec& d) {
  return quantroof::peak_tflops(d, native_16bit(d));
}
// SMs x FLOP per clock x clock, in TFLOPS, where all three are known.
constexpr std::optional<double> computed_peak(const hardware_spec& d) {
  const arch_row* r = row_of(d);
  if (r == nullptr || r->flop_per_clock == unchecked || !d.sm_count || !d.tensor_clock_mhz) {
    return std::nullopt;
  }
  return *d.sm_count * r->flop_per_clock * *d.tensor_clock_mhz / 1e6;
}
constexpr auto peak_follows_from_the_clock = [](const hardware_spec* d) {
  const std::optional<double> computed = computed_peak(*d);
  return !computed || near(*computed, *peak_16bit(*d), 0.02);
};
static_assert(test::first_failure(quantroof::list_hardware(), peak_follows_from_the_clock) == -1);

constexpr int devices_with_computed_peak() {
  int count = 0;
  for (const hardware_spec* d : quantroof::list_hardware()) {
    count += computed_peak(*d) ? 1 : 0;
  }
  return count;
}
// All but b10, b100, h20 (no clock), three TPUs and two Apple GPUs.
static_assert(devices_with_computed_peak() ==
              static_cast<int>(quantroof::known_hardware.size()) - 8);

constexpr bool ratio_holds(const peak_rate& rate, double peak, double ratio) {
  if (ratio == unchecked || rate == peak_rate::unknown()) {
    return true;
  }
  return ratio == 0 ? rate.is_absent()
                    : rate.is_known() && near(*rate.tflops(), ratio * peak, 0.025);
}
constexpr auto rates_keep_their_ratio = [](const hardware_spec* d) {
  const arch_row* r = row_of(*d);
  if (r == nullptr) {
    return d->arch == architecture::spec_blackwell;
  }
  const double peak = *peak_16bit(*d);
  return ratio_holds(d->tf32_tflops, peak, r->tf32) && ratio_holds(d->fp8_tflops, peak, r->fp8) &&
         ratio_holds(d->fp6_tflops, peak, r->fp6) && ratio_holds(d->fp4_tflops, peak, r->fp4) &&
         ratio_holds(d->int8_tops, peak, r->int8) && ratio_holds(d->int4_tops, peak, r->int4) &&
         (d->bf16_tflops == d->fp16_tflops || !d->bf16_tflops.is_known() ||
          !d->fp16_tflops.is_known() ||
          d->arch == architecture::intel_gaudi3);  // FP16 at a quarter
};
static_assert(test::first_failure(quantroof::list_hardware(), rates_keep_their_ratio) == -1);

// What every entry says: a readable name, the FP8 patterns of its architecture, NVIDIA's compute capability.
constexpr auto entry_is_complete = [](const hardware_spec* d) {
  const bool nvidia =
      d->vendor == quantroof::vendor::nvidia && d->arch != architecture::spec_blackwell;
  return !d->name.empty() && d->arch != architecture::other &&
         d->vendor != quantroof::vendor::other && d->compute_capability.has_value() == nvidia &&
         (d->fp8 == quantroof::fp8_kind::fnuz) == (d->arch == architecture::cdna3) &&
         d->block_scaled_mma == d->fp4_tflops.is_known();
};
static_assert(test::first_failure(quantroof::list_hardware(), entry_is_complete) == -1);

// ---- devices of one's own -------------------------------------------------------------------------

constexpr hardware_spec mine{.key = "mine", .name = "Mine", .fp16_tflops = 10, .memory_gb_s = 100};

constexpr hardware_registry with_mine = [] {
  hardware_registry registry;
  registry.add(mine);
  return registry;
}();
static_assert(with_mine.size() == quantroof::known_hardware.size() + 1);
static_assert(with_mine.get("mine") == mine && with_mine.find("mine") != &mine);  // a copy
static_assert(&with_mine.get("h100_sxm") == &hw::h100_sxm);
static_assert(with_mine.list()[with_mine.size() - 1] == with_mine.find("mine"));
static_assert(hardware_registry{}.find("mine") == nullptr);

// ---- reading files --------------------------------------------------------------------------------

std::filesystem::path source_directory() {
  const std::filesystem::path here =
      __FILE__;  // <source>/tests/unit/hardware/hardware_registry_test.cpp
  return here.is_absolute() ? here.parent_path() / "../../.." : std::filesystem::path{"."};
}

// The identifiers of all `inline constexpr hardware_spec <identifier>{` under include/quantroof/hardware.
std::vector<std::string> devices_in_headers() {
  std::vector<std::string> found;
  for (const auto& entry :
       std::filesystem::directory_iterator{source_directory() / "include/quantroof/hardware"}) {
    std::ifstream file{entry.path()};
    const std::string start = "inline constexpr hardware_spec ";
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(start)) {
        found.push_back(
            line.substr(start.size(), line.find_first_of("{ =", start.size()) - start.size()));
      }
    }
  }
  return found;
}

}  // namespace

TEST_CASE("every device is found by its key and agrees with its architecture") {
  for (const hardware_spec* device : test::at_run_time(quantroof::list_hardware())) {
    CAPTURE(device->key.view());
    CHECK(is_found_by_its_key(device));
    CHECK(peak_follows_from_the_clock(device));
    CHECK(rates_keep_their_ratio(device));
    CHECK(entry_is_complete(device));
    CHECK(is_valid(*device));
  }
}

TEST_CASE("the figures of well-known devices") {
  for (const known_row& r : test::at_run_time(known_rows)) {
    CAPTURE(r.device->key.view());
    CHECK(known_figures_hold(r));
  }
}

TEST_CASE("keys and names are unique") {
  std::set<std::string_view> keys;
  std::set<std::string_view> names;
  for (const hardware_spec* device : quantroof::list_hardware()) {
    CHECK(keys.insert(device->key).second);
    CHECK(names.insert(device->name).second);
  }
}

TEST_CASE("no device in the headers is forgotten, and each is called by its key") {
  const std::vector<std::string> found = devices_in_headers();
  for (const std::string& identifier : found) {
    CAPTURE(identifier);
    CHECK(quantroof::find_hardware(identifier) !=
          nullptr);  // else add &identifier to the list of its file
  }
  CHECK(found.size() == quantroof::known_hardware.size());
}

TEST_CASE("an unknown key is answered with every known one") {
  std::string text;
  try {
    static_cast<void>(quantroof::get_hardware("h100"));
  } catch (const quantroof::domain_error& e) {
    text = e.what();
  }
  REQUIRE(text.starts_with("get_hardware: unknown name \"h100\"; known: b10, "));
  for (const hardware_spec* device : quantroof::list_hardware()) {
    CHECK_THAT(text, test::contains(std::string{device->key.view()}));
  }
}

TEST_CASE("a registry takes devices of one's own") {
  hardware_registry registry;
  REQUIRE(registry.size() == quantroof::known_hardware.size());
  registry.add(mine);
  CHECK(registry.get("mine").memory_gb_s == 100);
  CHECK(registry.list().size() == registry.size());

  const hardware_registry copy = registry;  // owns its devices
  CHECK(copy.find("mine") != registry.find("mine"));
  CHECK(copy.get("mine") == mine);

  SECTION("not a key twice") {
    const char* rule = "hardware_registry: a device with this key is already registered";
    REQUIRE_THROWS_WITH(registry.add(mine), test::contains(rule));
    REQUIRE_THROWS_WITH(registry.add(hw::h100_sxm), test::contains(rule));
    CHECK(registry.size() == quantroof::known_hardware.size() + 1);
  }
  SECTION("nothing that contradicts itself") {
    hardware_spec broken = mine;
    broken.key = "broken";
    broken.memory_gb_s = 0;
    REQUIRE_THROWS_WITH(registry.add(broken),
                        test::contains("hardware_spec: memory_gb_s must be positive"));
    CHECK(registry.find("broken") == nullptr);
  }
  SECTION("no more than it holds") {
    hardware_spec next = mine;
    for (std::size_t i = 1; i < hardware_registry::own_capacity; ++i) {
      const std::string key = "own_" + std::to_string(i);
      next.key = std::string_view{key};
      registry.add(next);
    }
    next.key = "one_too_many";
    REQUIRE_THROWS_WITH(
        registry.add(next),
        test::contains("hardware_registry: there is no room for another device of your own"));
    CHECK(registry.get("own_7").key == "own_7");
    CHECK(registry.list().size() ==
          quantroof::known_hardware.size() + hardware_registry::own_capacity);
  }
  SECTION("an unknown key is answered with the known ones and one's own") {
    REQUIRE_THROWS_WITH(
        registry.get("yours"),
        test::contains("hardware_registry::get: unknown name \"yours\"; known: b10, "));
    REQUIRE_THROWS_WITH(registry.get("yours"), test::contains(", mine"));
  }
}

// The table the registry was first filled from, where it is at hand: every row and every column.
namespace {

struct table_row {
  std::string_view name;
  const hardware_spec* device;
};
const table_row table_rows[] = {
    {"V100-SXM2-32GB", &hw::v100_sxm2_32gb},
    {"V100-SXM2-16GB", &hw::v100_sxm2_16gb},
    {"V100-PCIe-32GB", &hw::v100_pcie_32gb},
    {"T4", &hw::t4},
    {"A100-SXM4-80GB", &hw::a100_sxm_80gb},
    {"A100-SXM4-40GB", &hw::a100_sxm_40gb},
    {"A100-PCIe-80GB", &hw::a100_pcie_80gb},
    {"A100-PCIe-40GB", &hw::a100_pcie_40gb},
    {"A10", &hw::a10},
    {"A40", &hw::a40},
    {"RTX3090", &hw::rtx3090},
    {"JetsonAGXOrin64", &hw::jetson_agx_orin_64gb},
    {"L4", &hw::l4},
    {"L40S", &hw::l40s},
    {"RTX4090", &hw::rtx4090},
    {"H100-SXM5-80GB", &hw::h100_sxm},
    {"H100-PCIe-80GB", &hw::h100_pcie},
    {"H100-NVL-94GB", &hw::h100_nvl},
    {"H200-SXM-141GB", &hw::h200_sxm},
    {"H800-SXM5-80GB", &hw::h800_sxm},
    {"H20-96GB", &hw::h20},
    {"B100-192GB", &hw::b100},
    {"B200-SXM-180GB", &hw::b200_sxm},
    {"GB200-per-GPU", &hw::gb200},
    {"B300-SXM-288GB", &hw::b300_sxm},
    {"GB300-per-GPU", &hw::gb300},
    {"GB10-DGX-Spark", &hw::gb10},
    {"RTX5090", &hw::rtx5090},
    {"RTX-PRO-6000-Blackwell", &hw::rtx_pro_6000},
    {"JetsonThor-T5000", &hw::jetson_thor},
    {"MI210", &hw::mi210},
    {"MI250X", &hw::mi250x},
    {"MI300X", &hw::mi300x},
    {"MI325X", &hw::mi325x},
    {"MI350X", &hw::mi350x},
    {"MI355X", &hw::mi355x},
    {"Gaudi2", &hw::gaudi2},
    {"Gaudi3", &hw::gaudi3},
    {"TPU-v5e", &hw::tpu_v5e},
    {"TPU-v5p", &hw::tpu_v5p},
    {"TPU-v6e", &hw::tpu_v6e},
    {"Apple-M3-Ultra-80", &hw::m3_ultra},
    {"Apple-M4-Max-40", &hw::m4_max},
};

struct rate_column {
  std::string_view name;
  peak_rate hardware_spec::*member;
};
const rate_column rate_columns[] = {
    {"fp64_vector", &hardware_spec::fp64_vector_tflops},
    {"fp64_matrix", &hardware_spec::fp64_tflops},
    {"fp32_vector", &hardware_spec::fp32_vector_tflops},
    {"tf32", &hardware_spec::tf32_tflops},
    {"fp16", &hardware_spec::fp16_tflops},
    {"bf16", &hardware_spec::bf16_tflops},
    {"fp8", &hardware_spec::fp8_tflops},
    {"fp6", &hardware_spec::fp6_tflops},
    {"fp4", &hardware_spec::fp4_tflops},
    {"int8", &hardware_spec::int8_tops},
    {"int4", &hardware_spec::int4_tops},
};
struct number_column {
  std::string_view name;
  std::optional<double> hardware_spec::*member;
};
const number_column number_columns[] = {
    {"tensor_clock_mhz", &hardware_spec::tensor_clock_mhz},
    {"boost_clock_mhz", &hardware_spec::boost_clock_mhz},
    {"mem_gb", &hardware_spec::memory_gb},
    {"smem_kb_per_sm", &hardware_spec::shared_memory_kb},
    {"link_gbs_bidir", &hardware_spec::link_gb_s},
    {"tdp_w", &hardware_spec::tdp_w},
    {"exp_per_clk_sm", &hardware_spec::exp_per_clock_per_sm},
};
// Columns without a field in hardware_spec, or compared by hand below.
const std::string_view other_columns[] = {"name",     "vendor",       "arch",       "compute_cap",
                                          "sm_or_cu", "fp16_fp16acc", "mem_bw_gbs", "mem_type",
                                          "l2_mb",    "llc_mb",       "confidence", "notes"};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}
std::optional<double> number(const std::string& cell) {
  return cell.empty() ? std::nullopt : std::optional<double>{std::stod(cell)};
}
peak_rate rate(const std::string& cell) {
  const std::optional<double> x = number(cell);
  return !x ? peak_rate::unknown() : *x == 0 ? peak_rate::no_unit() : peak_rate{*x};
}

}  // namespace

TEST_CASE("the registry agrees with its source table") {
  const char* data = std::getenv("QUANTROOF_SHARED_DATA");
  std::ifstream file{std::string{data != nullptr ? data : "../shared/data"} + "/hardware.csv"};
  if (!file) {
    return;  // not at hand
  }
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> header = cells_of(line);
  CHECK(header.size() ==
        std::size(rate_columns) + std::size(number_columns) + std::size(other_columns));

  std::size_t rows = 0;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = cells_of(line);
    REQUIRE(cells.size() == header.size());
    const auto cell = [&](std::string_view column) -> const std::string& {
      const auto at = std::find(header.begin(), header.end(), column);
      REQUIRE(at != header.end());
      return cells[static_cast<std::size_t>(at - header.begin())];
    };
    CAPTURE(cells[0]);
    const auto row = std::find_if(std::begin(table_rows), std::end(table_rows),
                                  [&](const table_row& r) { return r.name == cells[0]; });
    REQUIRE(row != std::end(table_rows));
    const hardware_spec& device = *row->device;
    ++rows;

    for (const rate_column& column : rate_columns) {
      CAPTURE(column.name);
      if (device.key == "a10" && column.name == "fp64_vector") {
        CHECK(device.fp64_vector_tflops ==
              peak_rate{0.49});  // the table says 0.98: 1/32 of FP32, GA102 has 1/64
        continue;
      }
      CHECK(device.*column.member == rate(cell(column.name)));
    }
    for (const number_column& column : number_columns) {
      CAPTURE(column.name);
      CHECK(device.*column.member == number(cell(column.name)));
    }
    CHECK(device.memory_gb_s == number(cell("mem_bw_gbs")));
    CHECK(
        device.l2_mb ==
        number(cell("llc_mb").empty() ? cell("l2_mb") : cell("llc_mb")));  // the last shared level
    const std::optional<double> units = number(cell("sm_or_cu"));
    CHECK(device.sm_count == (units ? std::optional<int>{static_cast<int>(*units)} : std::nullopt));
    const std::string& capability = cell("compute_cap");  // "9.0", or "gfx942", or nothing
    const bool numeric = capability.find('.') != std::string::npos;
    CHECK(device.compute_capability ==
          (numeric ? std::optional<int>{static_cast<int>(std::stod(capability) * 10 + 0.5)}
                   : std::nullopt));
    std::string vendor = cell("vendor");
    std::transform(vendor.begin(), vendor.end(), vendor.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    CHECK(to_string(device.vendor) == vendor);
  }
  CHECK(rows == std::size(table_rows));
}

}  // namespace hardware_registry_test

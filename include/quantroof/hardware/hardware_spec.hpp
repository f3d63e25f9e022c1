// SPDX-License-Identifier: Apache-2.0
//
// What a GPU can do: a device as plain data, and the rules that read it (dense peak for a precision, native support, ridge).
//
// Peaks are dense. `unknown()` and std::nullopt mean that no source gives the value; `no_unit()` says that the device has no
// tensor-core (matrix) unit for that precision. Sources stand on the line of each value in nvidia.hpp, amd.hpp, ...
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/hardware/flash_attention_version.hpp"
#include "quantroof/precision/precision.hpp"

namespace quantroof {

/// A dense peak in TFLOPS (TOPS for integers): a number, "no such unit", or unknown.
class peak_rate {
 public:
  constexpr peak_rate() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): peaks are written as plain numbers in registry entries
  constexpr peak_rate(double tflops) : tflops_(tflops), state_(state::known) {
    detail::expects(tflops > 0 && detail::is_finite(tflops),
                    "peak_rate: a peak must be positive and finite; use no_unit() or unknown()");
  }
  [[nodiscard]] static constexpr peak_rate unknown() { return {}; }
  [[nodiscard]] static constexpr peak_rate no_unit() {
    peak_rate r;
    r.state_ = state::none;
    return r;
  }

  [[nodiscard]] constexpr bool is_known() const { return state_ == state::known; }
  [[nodiscard]] constexpr bool is_absent() const { return state_ == state::none; }
  [[nodiscard]] constexpr std::optional<double> tflops() const {
    return is_known() ? std::optional<double>{tflops_} : std::nullopt;
  }
  friend constexpr bool operator==(const peak_rate&, const peak_rate&) = default;

 private:
  enum class state : std::uint8_t { unknown, none, known };
  double tflops_ = 0;
  state state_ = state::unknown;
};

enum class vendor : std::uint8_t { nvidia, amd, intel, google, apple, other };

namespace detail {
inline constexpr name_table<vendor, 6> vendor_names{{
    {vendor::nvidia, "nvidia"},
    {vendor::amd, "amd"},
    {vendor::intel, "intel"},
    {vendor::google, "google"},
    {vendor::apple, "apple"},
    {vendor::other, "other"},
}};
static_assert(names_are_complete(vendor_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(vendor v) {
  return detail::name_of(detail::vendor_names, v);
}
[[nodiscard]] constexpr vendor parse_vendor(std::string_view name) {
  return detail::parse_name(detail::vendor_names, name, "parse_vendor");
}

/// Which FP8 bit patterns the matrix units take.
enum class fp8_kind : std::uint8_t { none, ocp, fnuz };

/// One device. `key` is what a user types ("h100_sxm"), `name` what a person reads.
struct hardware_spec {
  short_string<32> key{};
  short_string<64> name{};
  quantroof::vendor vendor = vendor::other;
  architecture arch = architecture::other;
  std::optional<int> compute_capability{};  // NVIDIA: 10 * major + minor; others: nullopt

  // Dense peaks of the matrix units, FP32 accumulation unless said otherwise, TFLOPS or TOPS.
  peak_rate fp64_tflops{};
  peak_rate tf32_tflops{};
  peak_rate fp16_tflops{};
  peak_rate bf16_tflops{};
  peak_rate fp8_tflops{};
  peak_rate fp6_tflops{};
  peak_rate fp4_tflops{};
  peak_rate int8_tops{};
  peak_rate int4_tops{};
  // The vector units, which take over what the matrix units lack.
  peak_rate fp64_vector_tflops{};
  peak_rate fp32_vector_tflops{};
  fp8_kind fp8 = fp8_kind::none;
  bool block_scaled_mma = false;  // MX and NVFP4 scales are applied inside the matrix unit

  double memory_gb_s = 0;             // DRAM bandwidth, 10^9 bytes per second
  std::optional<double> memory_gb{};  // DRAM capacity, 10^9 bytes, as sold
  std::optional<double>
      l2_mb{};  // last cache shared by all SMs, as vendors print it (they count 2^20 bytes)
  std::optional<int> sm_count{};             // SMs, CUs, cores
  std::optional<double> tensor_clock_mhz{};  // the clock that reproduces the published peak
  std::optional<double> boost_clock_mhz{};
  std::optional<double> shared_memory_kb{};      // per SM, maximum
  std::optional<double> exp_per_clock_per_sm{};  // exponential results per clock and SM
  std::optional<double> link_gb_s{};  // NVLink / Infinity Fabric / ICI, both directions, per device
  std::optional<double> tdp_w{};

  friend constexpr bool operator==(const hardware_spec&, const hardware_spec&) = default;
};

/// Dense peak of the unit that multiplies elements of this kind; unknown() where no source says.
[[nodiscard]] constexpr peak_rate matrix_rate(const hardware_spec& hw, element_kind kind) {
  switch (kind) {
    case element_kind::fp64:
      return hw.fp64_tflops;
    case element_kind::fp32:
      return peak_rate::no_unit();  // matrix units round FP32 inputs to TF32
    case element_kind::tf32:
      return hw.tf32_tflops;
    case element_kind::fp16:
      return hw.fp16_tflops;
    case element_kind::bf16:
      return hw.bf16_tflops;
    case element_kind::fp8:
      return hw.fp8_tflops;
    case element_kind::fp6:
      return hw.fp6_tflops;
    case element_kind::fp4:
      return hw.fp4_tflops;
    case element_kind::int8:
      return hw.int8_tops;
    case element_kind::int4:
      return hw.int4_tops;
    case element_kind::scale_only:
      break;
  }
  return peak_rate::no_unit();
}

/// True where the device's matrix units take operands of precision p directly.
///
/// formula   the unit exists; FP8 bit patterns agree (OCP or FNUZ); block scales of MX and NVFP4 need block-scaled MMA
/// ignores   formats that are dequantized before the multiplication (see compute_precision)
[[nodiscard]] constexpr bool supports_natively(const hardware_spec& hw, precision p) {
  const precision_format& f = format_of(p);
  if (!matrix_rate(hw, f.kind).is_known()) {
    return false;
  }
  switch (p) {
    case precision::fp8_e4m3fnuz:
    case precision::fp8_e5m2fnuz:
      return hw.fp8 == fp8_kind::fnuz;
    case precision::fp8_e4m3_ieee:
    case precision::fp8_e3m4:
      return false;
    case precision::mxfp8_e4m3:
    case precision::mxfp8_e5m2:
    case precision::mxfp6_e2m3:
    case precision::mxfp6_e3m2:
    case precision::mxfp4:
      return hw.block_scaled_mma;
    case precision::nvfp4:  // AMD's matrix units know MX blocks of 32 only
      return hw.block_scaled_mma && hw.vendor != vendor::amd;
    case precision::fp6_e2m3:
    case precision::fp6_e3m2:
    case precision::fp4_e2m1:
      return true;
    case precision::nvfp4_kv:  // a storage format: read back as FP8 before the attention product
    case precision::mxint8:    // no unit applies E8M0 scales to integers
    case precision::int4_g128_zp4:
    case precision::int4_g128_zp16:
    case precision::gguf_q8_0:
    case precision::gguf_q4_0:
    case precision::gguf_q4_k:
    case precision::gguf_q6_k:
      return false;
    default:
      return f.kind == element_kind::fp8 ? hw.fp8 == fp8_kind::ocp : true;
  }
}

/// Dense peak in TFLOPS for operands of precision p on the matrix units; nullopt where the device has no such unit or it is unknown.
[[nodiscard]] constexpr std::optional<double> peak_tflops(const hardware_spec& hw, precision p) {
  return supports_natively(hw, p) ? matrix_rate(hw, format_of(p).kind).tflops() : std::nullopt;
}

/// True where the device has FP8 matrix units (either bit pattern).
[[nodiscard]] constexpr bool has_fp8(const hardware_spec& hw) {
  return hw.fp8 != fp8_kind::none && hw.fp8_tflops.is_known();
}
/// True where the device multiplies FP4 with block scales (MXFP4; NVFP4 too except on AMD).
[[nodiscard]] constexpr bool has_fp4(const hardware_spec& hw) {
  return hw.block_scaled_mma && hw.fp4_tflops.is_known();
}
/// True where a released FlashAttention kernel of this version runs on the device.
[[nodiscard]] constexpr bool runs_flash_attention(const hardware_spec& hw,
                                                  flash_attention_version v) {
  return runs_flash_attention(hw.arch, v);
}

/// The faster 16-bit precision of the device's matrix units: FP16 where both are equal, BF16 on TPU and Gaudi.
[[nodiscard]] constexpr precision native_16bit(const hardware_spec& hw) {
  const double fp16 = hw.fp16_tflops.tflops().value_or(0);
  return hw.bf16_tflops.tflops().value_or(0) > fp16 ? precision::bf16 : precision::fp16;
}

/// The ridge point: arithmetic intensity in FLOP per byte above which a kernel of precision p can be compute bound.
///
/// units     FLOP / byte
/// formula   peak_tflops * 1000 / memory_gb_s
/// requires  a known peak for p
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    Williams, Waterman, Patterson 2009 (roofline); H100 SXM FP16: 989e12 / 3.35e12 = 295
[[nodiscard]] constexpr double critical_ai(const hardware_spec& hw, precision p = precision::fp16) {
  const std::optional<double> peak = peak_tflops(hw, p);
  detail::expects(
      peak.has_value(),
      "critical_ai: the device has no matrix unit for this precision, or its peak is unknown");
  return *peak * 1000.0 / hw.memory_gb_s;
}

/// Refuses a device that contradicts itself; returns true otherwise. Registry entries are static_asserted with it.
///
/// requires  key is lower-case letters, digits and '_'; a 16-bit peak; bandwidth, capacity, clocks positive and finite
constexpr bool is_valid(const hardware_spec& hw) {
  const auto positive = [](const std::optional<double>& x) {
    return !x || (*x > 0 && detail::is_finite(*x));
  };
  detail::expects(!hw.key.empty(), "hardware_spec: key must not be empty");
  for (const char c : hw.key.view()) {
    detail::expects((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_',
                    "hardware_spec: key may hold a-z, 0-9 and '_' only");
  }
  detail::expects(hw.memory_gb_s > 0 && detail::is_finite(hw.memory_gb_s),
                  "hardware_spec: memory_gb_s must be positive and finite");
  detail::expects(hw.fp16_tflops.is_known() || hw.bf16_tflops.is_known(),
                  "hardware_spec: fp16_tflops or bf16_tflops must be known");
  detail::expects(positive(hw.memory_gb), "hardware_spec: memory_gb must be positive and finite");
  detail::expects(positive(hw.l2_mb), "hardware_spec: l2_mb must be positive and finite");
  detail::expects(!hw.sm_count || *hw.sm_count > 0, "hardware_spec: sm_count must be positive");
  detail::expects(!hw.compute_capability || *hw.compute_capability > 0,
                  "hardware_spec: compute_capability must be positive");
  detail::expects(positive(hw.tensor_clock_mhz) && positive(hw.boost_clock_mhz),
                  "hardware_spec: clocks must be positive and finite");
  detail::expects(positive(hw.shared_memory_kb),
                  "hardware_spec: shared_memory_kb must be positive and finite");
  detail::expects(positive(hw.exp_per_clock_per_sm),
                  "hardware_spec: exp_per_clock_per_sm must be positive and finite");
  detail::expects(positive(hw.link_gb_s), "hardware_spec: link_gb_s must be positive and finite");
  detail::expects(positive(hw.tdp_w), "hardware_spec: tdp_w must be positive and finite");
  detail::expects((hw.fp8 == fp8_kind::none) == !hw.fp8_tflops.is_known(),
                  "hardware_spec: fp8 and fp8_tflops must agree");
  return true;
}

// ---- Compile-time and run-time devices behind one concept --------------------------------------------------------------------

/// A device known at compile time: empty, and every value folds.
template <const hardware_spec& Spec>
struct static_hardware {
  static constexpr bool is_static = true;
  [[nodiscard]] static constexpr const hardware_spec& spec() { return Spec; }
};

/// A device chosen at run time.
struct dynamic_hardware {
  hardware_spec device;
  static constexpr bool is_static = false;
  [[nodiscard]] constexpr const hardware_spec& spec() const { return device; }
};

template <class H>
concept Hardware = requires(const H& h) {
  { h.spec() } -> std::same_as<const hardware_spec&>;
  { H::is_static } -> std::convertible_to<bool>;
};

}  // namespace quantroof

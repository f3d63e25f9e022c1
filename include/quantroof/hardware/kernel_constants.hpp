// SPDX-License-Identifier: Apache-2.0
//
// What measurements say of a kernel family on a device beyond the data sheet: how much of a peak it reaches, what a launch costs, which tiles it uses.
// A few constants per device and family, never one per shape; each family carries how many measurements it rests on, from which kernels, and how far
// it was off on shapes that it was not fitted to.
//
// The formulas that read them: roofline/gemm.hpp, roofline/prefill.hpp, roofline/decode.hpp, ... Shares refer to the data sheet's dense peak and
// bandwidth (hardware_spec.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/names.hpp"
#include "quantroof/detail/short_string.hpp"
#include "quantroof/detail/static_vector.hpp"

namespace quantroof {

// ---- What a fit knows about itself ---------------------------------------------------------------------------------------------

/// How far measurements lie from a prediction: 80 % of them between lower * prediction and upper * prediction.
struct error_band {
  double lower = 0;
  double upper = 0;

  friend constexpr bool operator==(const error_band&, const error_band&) = default;
};

/// Where a set of constants comes from and how good it is.
struct fit_record {
  short_string<96> source{};  // the CSV's sources, e.g. "aic:trtllm-1.3.0rc20"
  std::int64_t rows = 0;      // measurements; 0: this family was not measured on this device
  double error = 0;       // mean |predicted / measured - 1| on shapes not fitted (cross-validation)
  error_band overhead{};  // where fixed costs are more than half of the time
  error_band memory{};    // where moving bytes sets the time
  error_band compute{};   // where the matrix units set it

  [[nodiscard]] constexpr bool is_measured() const { return rows > 0; }
  friend constexpr bool operator==(const fit_record&, const fit_record&) = default;
};

// ---- GEMM ----------------------------------------------------------------------------------------------------------------------

/// The kinds of kernels that compute linear layers.
enum class gemm_kernel : std::uint8_t { dense16, fp8, fp8_block128, nvfp4, int8, w8a16, w4a16 };

inline constexpr std::size_t gemm_kernel_count = 7;

namespace detail {
inline constexpr name_table<gemm_kernel, gemm_kernel_count> gemm_kernel_names{{
    {gemm_kernel::dense16, "dense16"},
    {gemm_kernel::fp8, "fp8"},
    {gemm_kernel::fp8_block128, "fp8_block128"},
    {gemm_kernel::nvfp4, "nvfp4"},
    {gemm_kernel::int8, "int8"},
    {gemm_kernel::w8a16, "w8a16"},
    {gemm_kernel::w4a16, "w4a16"},
}};
static_assert(names_are_complete(gemm_kernel_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(gemm_kernel k) {
  return detail::name_of(detail::gemm_kernel_names, k);
}
[[nodiscard]] constexpr gemm_kernel parse_gemm_kernel(std::string_view name) {
  return detail::parse_name(detail::gemm_kernel_names, name, "parse_gemm_kernel");
}

/// One tile shape: rows of the activations x columns of the output, powers of two. In a cluster of CTAs operands arrive once for all:
/// each SM then loads only a share of its rows or columns.
struct gemm_tile {
  int rows = 0;
  int cols = 0;
  double rows_loaded = 1;
  double cols_loaded = 1;

  friend constexpr bool operator==(const gemm_tile&, const gemm_tile&) = default;
};

/// Whether a kernel family divides k among CTAs when there are too few tiles to fill the device, and how the parts come together:
/// each adds its FP32 sums to memory (fills_device), or one CTA waits for another behind a semaphore (serial).
enum class split_k : std::uint8_t { never, fills_device, serial };

namespace detail {
inline constexpr name_table<split_k, 3> split_k_names{{{split_k::never, "never"},
                                                       {split_k::fills_device, "fills_device"},
                                                       {split_k::serial, "serial"}}};
static_assert(names_are_complete(split_k_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(split_k s) {
  return detail::name_of(detail::split_k_names, s);
}
[[nodiscard]] constexpr split_k parse_split_k(std::string_view name) {
  return detail::parse_name(detail::split_k_names, name, "parse_split_k");
}

/// Corners of the grid of gemm_constants::correction: log2 m and log2 (n k).
inline constexpr std::array<double, 4> correction_log2_m{3, 6, 8, 11};
inline constexpr std::array<double, 2> correction_log2_nk{22.5, 27};

/// A family of GEMM kernels on a device; 0 switches a term off.
struct gemm_constants {
  static_vector<gemm_tile, 6> tiles{};  // structure, not fitted
  quantroof::split_k split = split_k::never;
  double l2_share = 0;      // of the L2 that keeps data between calls; per architecture
  double clock_loss = 0;    // of the matrix rate in calls of several milliseconds; per architecture
  double matrix_share = 0;  // of the dense peak
  double memory_share = 0;  // of the DRAM bandwidth
  double fixed_us = 0;      // of a call inside a CUDA graph
  double feed_bytes_per_clock = 0;  // operands into one SM
  double soft_waves = 0;            // 0: whole waves of CTAs, 1: no rounding
  double epilogue_gb_s = 0;         // output out of one SM
  double quantize_gelem_s =
      0;  // 10^9 activations per second and SM, where they are quantized in a pass of their own
  double quantize_row_us = 0;  // of that pass, per row
  double dequantize_us = 0;    // per 10^6 weights in one CTA
  int overlap_power = 2;       // time = (tiles^p + memory^p)^(1/p), p 2 or 4; structure, not fitted
  int vector_rows =
      0;  // calls of so few rows run a kernel without matrix units; structure, not fitted
  double vector_l2_share = 0;  // of the L2 that keeps the end of such a call's weights; structure
  double vector_us = 0;        // fixed time of that kernel
  double vector_memory_share = 0;  // of the DRAM bandwidth
  double vector_k_us = 0;          // one CTA's way along k, per 1000 inputs
  double vector_share = 0;         // of the FP32 rate of the vector units; 0: no bound
  double ragged =
      0;  // extra time of a last tile that m does not fill, as a share of the tile's time
  std::array<double, 8>
      correction{};  // measured / predicted - 1 at correction_log2_m x correction_log2_nk
  fit_record fit{};

  friend constexpr bool operator==(const gemm_constants&, const gemm_constants&) = default;
};

// ---- Attention -----------------------------------------------------------------------------------------------------------------

/// The kernels that compute attention; each has its tiles and its rule for splitting the keys.
enum class attention_kernel : std::uint8_t { fa1, fa2, flashinfer, fa3, trtllm, fa4, cudnn };

namespace detail {
inline constexpr name_table<attention_kernel, 7> attention_kernel_names{{
    {attention_kernel::fa1, "fa1"},
    {attention_kernel::fa2, "fa2"},
    {attention_kernel::flashinfer, "flashinfer"},
    {attention_kernel::fa3, "fa3"},
    {attention_kernel::trtllm, "trtllm"},
    {attention_kernel::fa4, "fa4"},
    {attention_kernel::cudnn, "cudnn"},
}};
static_assert(names_are_complete(attention_kernel_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(attention_kernel k) {
  return detail::name_of(detail::attention_kernel_names, k);
}
[[nodiscard]] constexpr attention_kernel parse_attention_kernel(std::string_view name) {
  return detail::parse_name(detail::attention_kernel_names, name, "parse_attention_kernel");
}

/// The width of K and V that selects a row of attention constants.
enum class attention_width : std::uint8_t { bits16, bits8 };

/// Attention over whole prompts; 0 switches a term off.
struct prefill_constants {
  attention_kernel kernel = attention_kernel::fa2;
  double token_heads_dim =
      0;  // KV heads * head_dim at which a token costs token_us in full; 0: always. Structure, not fitted
  double fixed_us = 0;            // of a serving call
  double matmul = 0;              // cycles of both products, 1: the data sheet's
  double softmax = 0;             // cycles of a score on the exponential unit, 1: one exponential
  double softmax_fixed = 0;       // cycles of a score elsewhere
  double wide_head = 1;           // matmul at head_dim 256 is this much slower
  double block_cycles = 0;        // of a block of rows: prologue, epilogue
  double tail = 0;                // share of the longest block that is waited for at the end
  double token_us = 0;            // writing one token's K and V: per token
  double write_share = 0;         // of the bandwidth, writing K and V into the cache
  double memory_share = 0;        // of the bandwidth, reading
  double l2_speedup = 1;          // of the bandwidth, from L2
  double l2_share = 0;            // 1 / the share of the L2 that is usable
  double merge_us = 0;            // per work item where keys are split (FlashInfer)
  double accumulator_cycles = 0;  // of a byte of FA1's FP32 accumulator, per SM
  double backward_softmax = 1;    // softmax of forward and backward together, forward: 1
  double softmax_alone = 0;   // softmax where nothing overlaps it (FA3's ablation); 0: not known
  double quantize_bytes = 0;  // moved per element of Q, where it is quantized before the call
  double clock_loss = 0;      // how much longer the products take in calls of milliseconds (power)
  fit_record fit{};

  friend constexpr bool operator==(const prefill_constants&, const prefill_constants&) = default;
};

/// Attention of one new token per sequence over a KV cache; 0 switches a term off.
struct decode_constants {
  attention_kernel kernel = attention_kernel::fa2;
  double fixed_us = 0;
  double memory_share = 0;  // of the bandwidth
  double l2_speedup = 1;    // of the bandwidth, from L2
  double l2_share = 0;      // 1 / the share of the L2 that is usable
  double item_us = 0;       // per work item beyond the first on an SM
  double matmul = 0;        // cycles of the products on padded query rows, 1: the data sheet's
  double combine_us = 0;    // joining the parts of split keys: fixed
  double split_us = 0;      // ... and per part
  double head_us = 0;       // per query head of a work item: its statistics, its row of the output
  double swap_us = 0;       // two copies around FA2's trick of taking query heads for rows
  fit_record fit{};

  friend constexpr bool operator==(const decode_constants&, const decode_constants&) = default;
};

// ---- Mixtures of experts, MLA, small kernels, collectives ------------------------------------------------------------------------

/// The kernels that compute mixtures of experts.
enum class moe_kernel : std::uint8_t {
  dense16,
  fp8,
  fp8_block128,
  nvfp4,
  w4a16,              // MXFP4 weights, 16-bit activations
  nvfp4_low_latency,  // NVFP4 by kernels made for few tokens, as engines serve it
  mxfp4_mxfp8,        // MXFP4 weights, MXFP8 activations
};

inline constexpr std::size_t moe_kernel_count = 7;

namespace detail {
inline constexpr name_table<moe_kernel, moe_kernel_count> moe_kernel_names{{
    {moe_kernel::dense16, "dense16"},
    {moe_kernel::fp8, "fp8"},
    {moe_kernel::fp8_block128, "fp8_block128"},
    {moe_kernel::nvfp4, "nvfp4"},
    {moe_kernel::w4a16, "w4a16"},
    {moe_kernel::nvfp4_low_latency, "nvfp4_low_latency"},
    {moe_kernel::mxfp4_mxfp8, "mxfp4_mxfp8"},
}};
static_assert(names_are_complete(moe_kernel_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(moe_kernel k) {
  return detail::name_of(detail::moe_kernel_names, k);
}
[[nodiscard]] constexpr moe_kernel parse_moe_kernel(std::string_view name) {
  return detail::parse_name(detail::moe_kernel_names, name, "parse_moe_kernel");
}

/// A fused mixture-of-experts layer: routing, two grouped GEMMs, un-permutation.
struct moe_constants {
  double fixed_us = 0;
  double matrix_share = 0;  // of the dense peak, balanced routing
  double memory_share = 0;  // of the bandwidth, reading expert weights
  double token_bytes = 0;  // moved per token, chosen expert and hidden element, beside the products
  double skew = 1;         // how much longer the products take when some experts get most tokens
  double distinct_skew = 1;  // share of the experts that such routing hits, against balanced
  fit_record fit{};

  friend constexpr bool operator==(const moe_constants&, const moe_constants&) = default;
};

/// MLA attention of new tokens over a cache of latents.
struct mla_constants {
  double part_keys =
      0;  // fewest keys of a part where a kernel divides a sequence; 0: it does not. Structure, not fitted
  double fixed_us = 0;
  double memory_share = 0;
  double matrix_share = 0;
  double l2_speedup = 1;
  double l2_share = 0;  // 1 / the share of the L2 that is usable
  double item_us = 0;   // per work item beyond one on each SM
  double split_us = 0;  // joining the parts of divided keys: per part
  fit_record fit{};

  friend constexpr bool operator==(const mla_constants&, const mla_constants&) = default;
};

/// Elementwise kernels.
struct elementwise_constants {
  double fixed_us = 0;
  double gelem_s = 0;       // 10^9 elements per second and SM
  double memory_share = 0;  // of the bandwidth, where a tensor does not fit L2
  fit_record fit{};

  friend constexpr bool operator==(const elementwise_constants&,
                                   const elementwise_constants&) = default;
};

/// How devices exchange data: an engine's own one-shot and two-shot all-reduce, or NCCL.
enum class collective_library : std::uint8_t { custom, nccl };

/// Exchange among the devices of one node.
struct collective_constants {
  double latency_us = 0;
  double latency_per_device_us = 0;  // and per device beyond two
  double bandwidth_gb_s = 0;         // on the wire, two devices
  double growth = 0;                 // bandwidth * (devices / 2)^growth
  double ramp_us = 0;  // * sqrt(wire bytes / MB) * log2(devices): the way to full bandwidth
  fit_record fit{};

  friend constexpr bool operator==(const collective_constants&,
                                   const collective_constants&) = default;
};

}  // namespace quantroof

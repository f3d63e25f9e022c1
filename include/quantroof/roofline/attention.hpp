// SPDX-License-Identifier: Apache-2.0
//
// One attention call as a shape, how it is to be computed as a configuration, and what a prediction says of it.
//
// Configuration fields are the specification's FlashAttentionConfig. Which precisions a version takes is its version table; which
// device runs which version is hardware/flash_attention_version.hpp.
#pragma once

#include <cstdint>
#include <optional>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/precision/cache_format.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// softmax(Q K^T / sqrt(d)) V.
///
/// shapes    q, o [batch, num_heads, seq_len_q, head_dim]   k, v [batch, num_kv_heads, seq_len_kv, head_dim]
struct attention_shape {
  std::int64_t batch = 1;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t seq_len_q = 0;
  std::int64_t seq_len_kv = 0;
  std::int64_t head_dim = 0;
  bool causal = false;

  friend constexpr bool operator==(const attention_shape&, const attention_shape&) = default;
};

/// Refuses a shape that cannot exist; returns true otherwise.
///
/// requires  dimensions positive; num_heads a multiple of num_kv_heads; causal: seq_len_q <= seq_len_kv; sizes bounded so that no count
///           overflows (batch, heads <= 2^20; lengths <= 2^31; head_dim <= 2^16)
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const attention_shape& s) {
  const auto in = [](std::int64_t x, std::int64_t most) { return x > 0 && x <= most; };
  detail::expects(in(s.batch, 1 << 20), "attention_shape: batch must be in [1, 2^20]");
  detail::expects(in(s.num_heads, 1 << 20), "attention_shape: num_heads must be in [1, 2^20]");
  detail::expects(in(s.num_kv_heads, 1 << 20),
                  "attention_shape: num_kv_heads must be in [1, 2^20]");
  detail::expects(s.num_heads % s.num_kv_heads == 0,
                  "attention_shape: num_heads must be a multiple of num_kv_heads");
  detail::expects(in(s.seq_len_q, std::int64_t{1} << 31),
                  "attention_shape: seq_len_q must be in [1, 2^31]");
  detail::expects(in(s.seq_len_kv, std::int64_t{1} << 31),
                  "attention_shape: seq_len_kv must be in [1, 2^31]");
  detail::expects(in(s.head_dim, 1 << 16), "attention_shape: head_dim must be in [1, 2^16]");
  detail::expects(!s.causal || s.seq_len_q <= s.seq_len_kv,
                  "attention_shape: causal attention needs seq_len_q <= seq_len_kv");
  return true;
}

/// Share of the score matrix that is computed: 1, or for a causal mask with the queries at the end of the keys
/// 1 - (seq_len_q - 1) / (2 seq_len_kv), about one half for a whole prompt.
[[nodiscard]] constexpr double attended_share(const attention_shape& s) {
  return s.causal ? 1.0 - static_cast<double>(s.seq_len_q - 1) /
                              (2.0 * static_cast<double>(s.seq_len_kv))
                  : 1.0;
}

/// How attention is computed.
struct flash_attention_config {
  flash_attention_version version = flash_attention_version::fa2;
  precision qkv_precision = precision::fp16;
  precision kv_cache_precision = precision::fp16;    // of K, and of V but where it has its own
  std::optional<precision> value_cache_precision{};  // of V
  bool use_native_fp8 = false;                       // multiply Q, K, V on FP8 matrix units
  bool block_sparse = false;                         // skip whole blocks of the score matrix
  double sparsity_ratio = 0.0;  // share of blocks skipped, used with block_sparse
  double participation = 1.0;   // mixture-of-depths: share of tokens that take part in the block
  std::int64_t tile_q = 32;     // rows of Q per tile; the specification's figures use 32 x 128
  std::int64_t tile_kv = 128;   // rows of K and V per tile

  [[nodiscard]] constexpr cache_format cache() const {
    return {kv_cache_precision, value_cache_precision.value_or(kv_cache_precision)};
  }

  friend constexpr bool operator==(const flash_attention_config&,
                                   const flash_attention_config&) = default;
};

/// True where a FlashAttention version multiplies Q, K and V in precision p: FP16 and BF16 in all, FP8 E4M3 and E5M2 from FA3.
///
/// source    the specification's version table; flash-attention README
[[nodiscard]] constexpr bool takes_precision(flash_attention_version v, precision p) {
  const bool fp8 = p == precision::fp8_e4m3 || p == precision::fp8_e5m2;
  const bool from_fa3 = v == flash_attention_version::fa3 || v == flash_attention_version::fa4;
  return p == precision::fp16 || p == precision::bf16 || (fp8 && from_fa3);
}

/// Refuses a configuration that no release computes; returns true otherwise.
///
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_valid(const flash_attention_config& c) {
  detail::expects(takes_precision(c.version, c.qkv_precision),
                  "flash_attention_config: FA1 and FA2 take FP16 and BF16; FA3 and FA4 also "
                  "FP8_E4M3 and FP8_E5M2");
  detail::expects(!c.use_native_fp8 || format_of(c.qkv_precision).kind == element_kind::fp8,
                  "flash_attention_config: use_native_fp8 needs an FP8 qkv_precision");
  detail::expects(!c.block_sparse || c.version == flash_attention_version::fa4,
                  "flash_attention_config: block_sparse needs FA4");
  detail::expects(c.sparsity_ratio >= 0 && c.sparsity_ratio < 1,
                  "flash_attention_config: sparsity_ratio must be in [0, 1)");
  detail::expects(c.block_sparse || c.sparsity_ratio == 0,
                  "flash_attention_config: sparsity_ratio needs block_sparse");
  detail::expects(c.participation > 0 && c.participation <= 1,
                  "flash_attention_config: participation must be in (0, 1]");
  detail::expects(c.tile_q > 0 && c.tile_kv > 0 && c.tile_q <= 65536 && c.tile_kv <= 65536,
                  "flash_attention_config: tile_q and tile_kv must be in [1, 65536]");
  static_cast<void>(format_of(c.cache().key));
  static_cast<void>(format_of(c.cache().value));
  return true;
}

/// Refuses a configuration that this device does not run; returns true otherwise.
///
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
constexpr bool is_supported(const hardware_spec& hw, const flash_attention_config& c) {
  is_valid(c);
  detail::expects(runs_flash_attention(hw, flash_attention_version::fa1) ||
                      c.version != flash_attention_version::fa1,
                  "flash_attention: FA1 runs on Turing, Ampere, Ada and Hopper only");
  detail::expects(runs_flash_attention(hw, flash_attention_version::fa2) ||
                      c.version != flash_attention_version::fa2,
                  "flash_attention: FA2 runs on NVIDIA Ampere and newer and on AMD CDNA2-4 only");
  detail::expects(runs_flash_attention(hw, flash_attention_version::fa3) ||
                      c.version != flash_attention_version::fa3,
                  "flash_attention: FA3 runs on Hopper only (it needs wgmma)");
  detail::expects(runs_flash_attention(hw, flash_attention_version::fa4) ||
                      c.version != flash_attention_version::fa4,
                  "flash_attention: FA4 runs on data-centre Blackwell only (it needs tcgen05)");
  detail::expects(!c.use_native_fp8 || supports_natively(hw, c.qkv_precision),
                  "flash_attention: the device has no FP8 matrix units for use_native_fp8");
  return true;
}

/// What a prediction says of one attention call.
struct flash_attention_metrics {
  flash_attention_version version = flash_attention_version::fa2;
  double predicted_time_us = 0;
  double lower_us =
      0;  // 80 % of measurements lie between lower_us and upper_us; a model without an error says predicted_time_us
  double upper_us = 0;
  double memory_time_us = 0;   // all bytes at DRAM bandwidth, before the version's factor
  double compute_time_us = 0;  // all FLOPs at the matrix rate, before the version's factor
  double qk_time_us = 0;       // stages of compute_time_us
  double softmax_time_us = 0;
  double sv_time_us = 0;
  double q_bytes = 0;  // bytes per stream
  double kv_bytes = 0;
  double o_bytes = 0;
  double statistics_bytes = 0;
  double total_bytes = 0;
  double flops = 0;
  double arithmetic_intensity = 0;  // flops / total_bytes
  quantroof::bottleneck bottleneck = quantroof::bottleneck::memory;

  friend constexpr bool operator==(const flash_attention_metrics&,
                                   const flash_attention_metrics&) = default;
};

/// Memory that attention needs beside Q, K and V, with the score matrix stored and with FlashAttention.
struct attention_memory {
  double standard_bytes = 0;  // the score matrix: B nh Sq Skv elements
  double flash_bytes = 0;     // partial outputs of one pass: B nh Sq dh in FP32
  double ratio = 0;           // standard / flash

  friend constexpr bool operator==(const attention_memory&, const attention_memory&) = default;
};

/// The specification's comparison: 1 GiB against 64 MiB for 1 x 32 heads x 4096 x 4096, d 128, in FP16.
///
/// units     bytes
/// formula   B nh Sq Skv e   against   B nh Sq dh * 4 (one FP32 partial output per row)
/// ignores   re-reads of tiles: predict() reports that traffic. The specification prints a factor num_tiles in its formula that its own
///           figure, 64 MB, does not contain
/// requires  is_valid(s)
[[nodiscard]] constexpr attention_memory compare_attention_memory(const attention_shape& s,
                                                                  precision p = precision::fp16) {
  is_valid(s);
  const double rows = static_cast<double>(s.batch) * static_cast<double>(s.num_heads) *
                      static_cast<double>(s.seq_len_q);
  const double standard = rows * static_cast<double>(s.seq_len_kv) * bytes_per_element(p);
  const double flash = rows * static_cast<double>(s.head_dim) * 4.0;
  return {.standard_bytes = standard, .flash_bytes = flash, .ratio = standard / flash};
}

}  // namespace quantroof

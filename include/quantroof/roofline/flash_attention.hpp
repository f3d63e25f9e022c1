// SPDX-License-Identifier: Apache-2.0
//
// FlashAttention 1-4 on a device: predict one call, compare the versions. Two parameters of the type say which device and whose
// arithmetic: flash_attention_roofline<static_hardware<hw::h100_sxm>>, flash_attention_roofline{get_hardware("b10")}.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/calibrated.hpp"

namespace quantroof {

template <class M>
concept AttentionModel = requires(const M& m, const hardware_spec& hw, const attention_shape& s,
                                  const flash_attention_config& c) {
  { m.attention(hw, s, c) } -> std::same_as<flash_attention_metrics>;
};

/// Predicts FlashAttention on one device.
template <Hardware H, AttentionModel M = calibrated_model>
class flash_attention_roofline {
 public:
  constexpr flash_attention_roofline() = default;
  constexpr explicit flash_attention_roofline(H hardware, M model = {})
      : hardware_(std::move(hardware)), model_(model) {}
  constexpr explicit flash_attention_roofline(
      const hardware_spec& spec, M model = {}) requires std::same_as<H, dynamic_hardware>
      : hardware_{spec}, model_(model) {}

  /// Time, bytes per stream, FLOPs and bottleneck of one call.
  ///
  /// shapes    q, o [batch, num_heads, seq_len_q, head_dim]   k, v [batch, num_kv_heads, seq_len_kv, head_dim]
  /// requires  is_valid(shape); the device runs the version and its FP8 (is_supported)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  /// example   examples/flash_attention_demo.cpp
  [[nodiscard]] constexpr flash_attention_metrics predict(
      const attention_shape& shape, const flash_attention_config& config) const {
    return model_.attention(hardware_.spec(), shape, config);
  }
  /// The specification's call: as many KV heads as query heads.
  [[nodiscard]] constexpr flash_attention_metrics predict(
      std::int64_t batch, std::int64_t num_heads, std::int64_t seq_len_q, std::int64_t seq_len_kv,
      std::int64_t head_dim, const flash_attention_config& config) const {
    return predict(batch, num_heads, num_heads, seq_len_q, seq_len_kv, head_dim, config);
  }
  /// Grouped-query attention: num_kv_heads K/V heads, each shared by num_heads / num_kv_heads query heads.
  [[nodiscard]] constexpr flash_attention_metrics predict(
      std::int64_t batch, std::int64_t num_heads, std::int64_t num_kv_heads, std::int64_t seq_len_q,
      std::int64_t seq_len_kv, std::int64_t head_dim, const flash_attention_config& config) const {
    return predict({.batch = batch,
                    .num_heads = num_heads,
                    .num_kv_heads = num_kv_heads,
                    .seq_len_q = seq_len_q,
                    .seq_len_kv = seq_len_kv,
                    .head_dim = head_dim},
                   config);
  }

  [[nodiscard]] constexpr const hardware_spec& spec() const { return hardware_.spec(); }

 private:
  [[no_unique_address]] H hardware_{};
  [[no_unique_address]] M model_{};
};

flash_attention_roofline(const hardware_spec&)->flash_attention_roofline<dynamic_hardware>;
template <AttentionModel M>
flash_attention_roofline(const hardware_spec&, M) -> flash_attention_roofline<dynamic_hardware, M>;

/// The configuration in which a version runs best on a device: FP8 on FA3 and FA4 where the matrix units take it, else 16 bits.
[[nodiscard]] constexpr flash_attention_config best_config(const hardware_spec& hw,
                                                           flash_attention_version v) {
  const bool fp8 =
      takes_precision(v, precision::fp8_e4m3) && supports_natively(hw, precision::fp8_e4m3);
  const precision p = fp8 ? precision::fp8_e4m3 : native_16bit(hw);
  return {.version = v, .qkv_precision = p, .kv_cache_precision = p, .use_native_fp8 = fp8};
}

/// Predictions of the versions that run on a device, oldest first.
struct fa_comparison {
  static_vector<flash_attention_metrics, 4> versions{};

  /// The metrics of one version, or nullptr where it does not run.
  [[nodiscard]] constexpr const flash_attention_metrics* find(flash_attention_version v) const {
    for (const flash_attention_metrics& m : versions) {
      if (m.version == v) {
        return &m;
      }
    }
    return nullptr;
  }
  friend constexpr bool operator==(const fa_comparison&, const fa_comparison&) = default;
};

/// FlashAttention 1-4 on one shape, each in best_config; versions that the device does not run are left out.
///
/// requires  positive dimensions; a known hardware key
/// errors    quantroof::domain_error at run time (listing the known devices); does not compile in a constant expression
/// example   examples/compare_fa_versions.cpp
template <AttentionModel M = calibrated_model>
[[nodiscard]] constexpr fa_comparison compare_fa_versions(
    std::int64_t batch, std::int64_t num_heads, std::int64_t seq_len, std::int64_t head_dim,
    const hardware_spec& hw, const M& model = {}) {
  fa_comparison result;
  const attention_shape shape{.batch = batch,
                              .num_heads = num_heads,
                              .num_kv_heads = num_heads,
                              .seq_len_q = seq_len,
                              .seq_len_kv = seq_len,
                              .head_dim = head_dim};
  is_valid(shape);
  for (const flash_attention_version v : flash_attention_versions) {
    if (runs_flash_attention(hw, v)) {
      result.versions.push_back(model.attention(hw, shape, best_config(hw, v)));
    }
  }
  return result;
}
template <AttentionModel M = calibrated_model>
[[nodiscard]] constexpr fa_comparison compare_fa_versions(
    std::int64_t batch, std::int64_t num_heads, std::int64_t seq_len, std::int64_t head_dim,
    std::string_view hardware_key = "b10", const M& model = {}) {
  return compare_fa_versions(batch, num_heads, seq_len, head_dim, get_hardware(hardware_key),
                             model);
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// The specification's own performance model: a textbook roofline in which every re-read of a tile reaches DRAM, peaks are the
// datasheet's, and FlashAttention versions differ by constant factors. Its published tables can be reproduced with it and read.
//
// Known to be far from silicon: against 65,000 measured kernels a textbook roofline misses GEMMs by 28-80 % and attention by 49-89 %.
#pragma once

#include <cstdint>
#include <string_view>

#include "quantroof/detail/math.hpp"
#include "quantroof/hardware/compute_precision.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/roofline.hpp"

namespace quantroof {

/// Which operators of a step a model counts.
enum class step_scope : std::uint8_t {
  specification,  // attention with all query heads + three FFN products at the gate's precision, as in the specification's tables
  whole_step,     // every linear layer, attention with KV heads and a causal mask, LM head
};

namespace detail {
inline constexpr name_table<step_scope, 2> step_scope_names{
    {{step_scope::specification, "specification"}, {step_scope::whole_step, "whole_step"}}};
static_assert(names_are_complete(step_scope_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(step_scope s) {
  return detail::name_of(detail::step_scope_names, s);
}
[[nodiscard]] constexpr step_scope parse_step_scope(std::string_view name) {
  return detail::parse_name(detail::step_scope_names, name, "parse_step_scope");
}

/// The specification's arithmetic as a PerformanceModel (step.hpp).
struct textbook_model {
  step_scope scope = step_scope::specification;

  // The specification's constants.
  static constexpr double fa2_speedup = 1.15;  // "FA1 -> FA2: 1.15x (better scheduling)"
  static constexpr double fp8_overlap_speedup =
      1.1;  // "async copy/compute overlap (+10% speedup)" of FP8 FA3 and FA4
  static constexpr double sparse_index_overhead = 1.05;  // "Overhead: ~5% for sparsity indexing"
  static constexpr double softmax_flops_per_score =
      5.0;  // max, subtract, exp, sum, scale: "4 + 5/d" FLOPs per score and dimension
  static constexpr double nvfp4_bits =
      4.53125;  // 4 + 8/16 + 32/1024: savings of 72 %, as its strategy table prints

  /// Bytes per element in this model: exact formats, but NVFP4 with the specification's 4.53125 bits.
  [[nodiscard]] static constexpr double bytes_per_element(precision p) {
    return p == precision::nvfp4 || p == precision::nvfp4_kv ? nvfp4_bits / 8.0
                                                             : quantroof::bytes_per_element(p);
  }
  [[nodiscard]] static constexpr double mean_bytes(cache_format kv) {
    return 0.5 * (bytes_per_element(kv.key) + bytes_per_element(kv.value));
  }

  /// One FlashAttention call.
  ///
  /// units     microseconds, bytes, FLOPs
  /// formula   Q re-read for every KV tile, K and V for every Q tile, O once, 8 bytes of statistics per row;
  ///           (4 d + 5) FLOPs per score; roofline time, then / 1.15 (16-bit, from FA2), / 1.1 (FP8), x density x 1.05 (block sparse).
  ///           Batch 1, 32 heads, 4096 x 4096, d 128 on b10: FA1 33,792 us, FA2 29,384, FA3 and FA4 in FP8 15,362
  /// requires  is_valid(s); is_supported(hw, c)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  /// ignores   L2 hits, launch, occupancy, the exponential unit
  [[nodiscard]] constexpr flash_attention_metrics attention(const hardware_spec& hw,
                                                            const attention_shape& s,
                                                            const flash_attention_config& c) const {
    is_valid(s);
    is_supported(hw, c);
    const auto tokens =
        [&c](std::int64_t n) {  // mixture-of-depths: tokens that take part, at least one
          const auto taking_part = static_cast<std::int64_t>(
              detail::round_even(static_cast<double>(n) * c.participation));
          return taking_part > 0 ? taking_part : std::int64_t{1};
        };
    const std::int64_t q_rows = tokens(s.seq_len_q);
    const std::int64_t kv_rows = tokens(s.seq_len_kv);
    const double share = attended_share(s);
    const auto q_tiles = static_cast<double>(detail::ceil_div(q_rows, c.tile_q));
    const auto kv_tiles = static_cast<double>(detail::ceil_div(kv_rows, c.tile_kv));
    const auto heads = static_cast<double>(s.batch) * static_cast<double>(s.num_heads);
    const auto kv_heads = static_cast<double>(s.batch) * static_cast<double>(s.num_kv_heads);
    const auto d = static_cast<double>(s.head_dim);
    const double scores =
        heads * static_cast<double>(q_rows) * static_cast<double>(kv_rows) * share;
    const double q_elements = heads * static_cast<double>(q_rows) * d;

    flash_attention_metrics m{.version = c.version};
    m.q_bytes = q_elements * bytes_per_element(c.qkv_precision) * kv_tiles * share;
    m.kv_bytes =
        2.0 * kv_heads * static_cast<double>(kv_rows) * d * mean_bytes(c.cache()) * q_tiles * share;
    m.o_bytes = q_elements * bytes_per_element(c.qkv_precision);
    m.statistics_bytes = heads * static_cast<double>(q_rows) * 8.0;
    m.total_bytes = m.q_bytes + m.kv_bytes + m.o_bytes + m.statistics_bytes;
    m.flops = scores * (4.0 * d + softmax_flops_per_score);
    m.arithmetic_intensity = m.flops / m.total_bytes;

    const precision multiply = c.use_native_fp8 ? c.qkv_precision : native_16bit(hw);
    const double peak = compute_tflops(hw, multiply, multiply);
    const roofline_time t =
        roofline({.flops = m.flops, .bytes = m.total_bytes}, peak, hw.memory_gb_s);
    m.memory_time_us = t.memory_time_us;
    m.compute_time_us = t.compute_time_us;
    m.qk_time_us = scores * 2.0 * d / (peak * 1e6);
    m.softmax_time_us = scores * softmax_flops_per_score / (peak * 1e6);
    m.sv_time_us = m.qk_time_us;
    m.bottleneck = t.bottleneck;
    m.predicted_time_us = t.time_us * version_factor(c);
    m.lower_us = m.upper_us = m.predicted_time_us;
    return m;
  }

  /// Attention as four separate kernels that store the score matrix: what runs where no FlashAttention release does.
  ///
  /// formula   Q, K, V read once; scores written, read, written as probabilities, read (16 bits each); O written
  /// source    Dao et al. 2022, arXiv:2205.14135, algorithm 0
  [[nodiscard]] constexpr flash_attention_metrics standard_attention(const hardware_spec& hw,
                                                                     const attention_shape& s,
                                                                     cache_format kv_cache) const {
    is_valid(s);
    const auto heads = static_cast<double>(s.batch) * static_cast<double>(s.num_heads);
    const auto kv_heads = static_cast<double>(s.batch) * static_cast<double>(s.num_kv_heads);
    const auto d = static_cast<double>(s.head_dim);
    const double scores =
        heads * static_cast<double>(s.seq_len_q) * static_cast<double>(s.seq_len_kv);
    flash_attention_metrics m{};
    m.q_bytes = heads * static_cast<double>(s.seq_len_q) * d * 2.0;
    m.kv_bytes = 2.0 * kv_heads * static_cast<double>(s.seq_len_kv) * d * mean_bytes(kv_cache);
    m.o_bytes = m.q_bytes;
    m.statistics_bytes = 4.0 * scores * 2.0;
    m.total_bytes = m.q_bytes + m.kv_bytes + m.o_bytes + m.statistics_bytes;
    m.flops = scores * (4.0 * d + softmax_flops_per_score);
    m.arithmetic_intensity = m.flops / m.total_bytes;
    const double peak = compute_tflops(hw, native_16bit(hw), native_16bit(hw));
    const roofline_time t =
        roofline({.flops = m.flops, .bytes = m.total_bytes}, peak, hw.memory_gb_s);
    m.memory_time_us = t.memory_time_us;
    m.compute_time_us = t.compute_time_us;
    m.qk_time_us = scores * 2.0 * d / (peak * 1e6);
    m.softmax_time_us = scores * softmax_flops_per_score / (peak * 1e6);
    m.sv_time_us = m.qk_time_us;
    m.bottleneck = t.bottleneck;
    m.predicted_time_us = t.time_us;
    m.lower_us = m.upper_us = m.predicted_time_us;
    return m;
  }

  /// One linear layer.
  ///
  /// units     microseconds
  /// formula   roofline of 2 m n k FLOPs and x + W + y bytes at datasheet peak and bandwidth; y in 2 bytes
  /// requires  is_valid(g)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  /// ignores   tiles, waves, L2, launch, the cost of dequantization
  [[nodiscard]] constexpr roofline_time gemm(const hardware_spec& hw, const gemm_shape& g,
                                             precision weight, precision activation) const {
    return roofline(work_of(g, weight, activation), compute_tflops(hw, weight, activation),
                    hw.memory_gb_s);
  }

  /// Work of one linear layer as this model counts it. In the specification's scope inputs are read at the weight's precision.
  [[nodiscard]] constexpr work work_of(const gemm_shape& g, precision weight,
                                       precision activation) const {
    return gemm_work(g, bytes_per_element(weight),
                     bytes_per_element(scope == step_scope::specification ? weight : activation));
  }

  [[nodiscard]] static constexpr std::string_view name() { return "textbook"; }

 private:
  [[nodiscard]] static constexpr double version_factor(const flash_attention_config& c) {
    double factor = 1.0;
    if (c.use_native_fp8) {
      factor /= fp8_overlap_speedup;
    } else if (c.version != flash_attention_version::fa1) {
      factor /= fa2_speedup;  // a 16-bit FA3 or FA4 schedules at least as well as FA2
    }
    return c.block_sparse ? factor * (1.0 - c.sparsity_ratio) * sparse_index_overhead : factor;
  }
};

}  // namespace quantroof

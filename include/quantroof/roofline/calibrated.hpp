// SPDX-License-Identifier: Apache-2.0
//
// The calibrated performance model: what real kernels take, with an interval and a reason. It joins the formulas of this folder with the
// measured constants of hardware/ and answers for every device: where nobody measured one, its architecture's constants are scaled by
// its data sheet and the interval is wider.
//
// The textbook model (textbook.hpp) stays beside it; both are PerformanceModels (step.hpp). The specification's own device, hw::b10, exists
// in no silicon that anybody could measure: for it this model answers with the specification's arithmetic, the textbook model's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/calibration_lookup.hpp"
#include "quantroof/hardware/compute_precision.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/collective.hpp"
#include "quantroof/roofline/device_rates.hpp"
#include "quantroof/roofline/elementwise.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/gemm_settings.hpp"
#include "quantroof/roofline/mla.hpp"
#include "quantroof/roofline/moe.hpp"
#include "quantroof/roofline/prefill.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/serving_attention.hpp"
#include "quantroof/roofline/textbook.hpp"

namespace quantroof {

/// The grouped kernels of weight-only experts: those measured (TensorRT-LLM's), slow for few tokens, or ones that read narrow weights as the
/// 16-bit kernel reads its own (Marlin in vLLM and SGLang, llama.cpp).
enum class grouped_weight_only : std::uint8_t { measured, as_dense16 };

/// Real kernels as a PerformanceModel.
///
/// example   flash_attention_roofline{get_hardware("h100_sxm"), calibrated_model{}}, examples/validate.cpp
struct calibrated_model {
  step_scope scope = step_scope::whole_step;
  const device_calibration* own =
      nullptr;  // a calibration of the caller's, for the device it names
  l2_residency residency = l2_residency::cold;
  activation_quantization quantization = activation_quantization::fused;
  launch_mode launches = launch_mode::graph;
  moe_routing expert_routing = moe_routing::skewed;  // as real text routes
  grouped_weight_only weight_only_experts = grouped_weight_only::as_dense16;
  double host_us = 0;  // scheduler, sampling and host per step; of engines: inference_engine.hpp

  [[nodiscard]] static constexpr std::string_view name() { return "calibrated"; }

  /// One linear layer.
  ///
  /// units     microseconds
  /// formula   estimate_gemm with the constants of the kernel that choose_gemm names. With fused quantization the fixed time is that of a
  ///           16-bit kernel + 2 us: the launches of the quantizer belong to the kernel before
  /// requires  is_valid(g); is_valid(hw)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  [[nodiscard]] constexpr kernel_estimate gemm(const hardware_spec& hw, const gemm_shape& g,
                                               precision weight, precision activation) const {
    if (is_specified_only(hw)) {
      return as_estimate(textbook_model{}.gemm(hw, g, weight, activation),
                         work_of(g, weight, activation));
    }
    gemm_choice choice = choose_gemm(hw, weight, activation);
    return run(hw, choice.kernel, choice.setting, g);
  }

  /// One linear layer by the kernel that was measured under that name, with the formats of the measurement.
  [[nodiscard]] constexpr kernel_estimate gemm(const hardware_spec& hw, const gemm_shape& g,
                                               gemm_kernel kernel) const {
    gemm_setting setting = gemm_setting_of(hw, kernel);
    return run(hw, kernel, setting, g);
  }

  /// Norms, RoPE, activation, residuals: `kernels` small kernels that move `bytes` together.
  [[nodiscard]] constexpr kernel_estimate elementwise(const hardware_spec& hw, double kernels,
                                                      double bytes) const {
    return estimate_elementwise(hw, kernels, bytes, launches);
  }

  /// One attention call.
  ///
  /// units     microseconds, bytes, FLOPs
  /// formula   up to eight query tokens over a longer cache: estimate_decode, else estimate_prefill. The version's own serving kernel where the
  ///           device was measured with it; another version by its published constants within the device's serving call. Block-sparse: computed
  ///           and read blocks scale with the density, times 1.05 for the index
  /// requires  is_valid(s); is_supported(hw, c)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  /// ignores   tile_q, tile_kv: the tiles are the kernel's
  [[nodiscard]] constexpr flash_attention_metrics attention(const hardware_spec& hw,
                                                            const attention_shape& s,
                                                            const flash_attention_config& c) const {
    is_valid(s);
    is_supported(hw, c);
    if (is_specified_only(hw)) {
      return textbook_model{}.attention(hw, s, c);
    }
    attention_shape taking_part = s;
    taking_part.seq_len_q = participating(s.seq_len_q, c.participation);
    taking_part.seq_len_kv = participating(s.seq_len_kv, c.participation);
    const double kv_bytes = mean_bytes(c.cache());
    const bool narrow = c.use_native_fp8 || kv_bytes <= 1.0625;
    const double density = c.block_sparse ? 1.0 - c.sparsity_ratio : 1.0;
    const kernel_estimate e = serving_attention(
        hw, taking_part, narrow ? attention_width::bits8 : attention_width::bits16, kv_bytes,
        density, c.version);
    return metrics_of(hw, taking_part, c, e, kv_bytes, density);
  }

  /// One routed mixture-of-experts layer whose experts have weights of a kind.
  ///
  /// requires  is_valid(s); is_valid(hw)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  [[nodiscard]] constexpr kernel_estimate moe(const hardware_spec& hw, const moe_shape& s,
                                              moe_kernel kernel,
                                              moe_routing routing = moe_routing::balanced) const {
    const auto found = find_moe(hw, kernel);
    detail::expects(found.constants != nullptr,
                    "calibrated_model: no mixture of experts of this kind was measured");
    kernel_estimate e = estimate_moe(rates_of(hw), *found.constants,
                                     gemm_setting_of(hw, gemm_kernel_of(kernel)), s, routing);
    detail::widen(e, found.basis);
    return e;
  }

  /// One routed mixture-of-experts layer in given formats, by the kernels that engines serve them with.
  ///
  /// formula   estimate_moe with the constants of the kernel for these formats; NVFP4: the faster of both. Weights narrower than what they are
  ///           multiplied in: weight_only_experts. Formats whose grouped kernels nobody measured (8-bit integers): the 16-bit layer's constants
  ///           with their own bytes and rate
  /// requires  is_valid(s); is_valid(hw)
  /// errors    quantroof::domain_error at run time; does not compile in a constant expression
  [[nodiscard]] constexpr kernel_estimate moe(const hardware_spec& hw, const moe_shape& s,
                                              precision weight, precision activation) const {
    const gemm_choice choice = choose_gemm(hw, weight, activation);
    const bool mxfp4 = format_of(weight).kind == element_kind::fp4 &&
                       format_of(weight).scales.block_cols == 32 && has_fp4(hw) &&
                       format_of(activation).element_bits <= 8;
    if (mxfp4) {
      return moe(hw, s, moe_kernel::mxfp4_mxfp8, expert_routing);
    }
    if (choice.kernel == gemm_kernel::nvfp4) {
      const kernel_estimate plain = moe(hw, s, moe_kernel::nvfp4, expert_routing);
      const kernel_estimate quick = moe(hw, s, moe_kernel::nvfp4_low_latency, expert_routing);
      return quick.time_us < plain.time_us ? quick : plain;
    }
    moe_kernel kernel = moe_kernel::dense16;
    if (choice.kernel == gemm_kernel::fp8) {
      kernel = moe_kernel::fp8;
    } else if (choice.kernel == gemm_kernel::fp8_block128) {
      kernel = moe_kernel::fp8_block128;
    } else if (choice.kernel == gemm_kernel::w4a16 &&
               weight_only_experts == grouped_weight_only::measured) {
      kernel = moe_kernel::w4a16;
    }
    const auto found = find_moe(hw, kernel);
    kernel_estimate e =
        estimate_moe(rates_of(hw), *found.constants, choice.setting, s, expert_routing);
    detail::widen(e, kernel == moe_kernel::dense16 && choice.kernel != gemm_kernel::dense16
                         ? calibration_basis::generation
                         : found.basis);
    return e;
  }

  /// MLA attention of one new token a sequence over a cache of latents.
  ///
  /// requires  is_valid(s); is_valid(hw)
  [[nodiscard]] constexpr kernel_estimate mla_decode(const hardware_spec& hw, const mla_shape& s,
                                                     attention_width width) const {
    const auto row = static_cast<std::size_t>(width);
    const auto found = find_calibration(
        hw, own,
        [row](const device_calibration& c) -> const mla_constants& { return c.mla_decode[row]; });
    kernel_estimate e = estimate_mla_decode(rates_of(hw), *found.constants, width,
                                            width == attention_width::bits8 ? 1.0 : 2.0, s);
    detail::widen(e, found.basis);
    return e;
  }

  /// MLA attention over prompts: heads of 192 for Q and K, 128 for V.
  ///
  /// requires  is_valid(s), head_dim 192; is_valid(hw)
  [[nodiscard]] constexpr kernel_estimate mla_prefill(const hardware_spec& hw,
                                                      const attention_shape& s,
                                                      attention_width width) const {
    const auto row = static_cast<std::size_t>(width);
    const auto found =
        find_calibration(hw, own, [row](const device_calibration& c) -> const prefill_constants& {
          return c.mla_prefill[row];
        });
    const double bytes = width == attention_width::bits8 ? 1.0 : 2.0;
    kernel_estimate e = estimate_prefill(rates_of(hw), *found.constants,
                                         {.width = width,
                                          .query_bytes = bytes,
                                          .kv_bytes = bytes,
                                          .value_dim = 128,
                                          .latent_dim = 576,
                                          .shared_memory_kb = hw.shared_memory_kb.value_or(164)},
                                         s);
    detail::widen(e, found.basis);
    return e;
  }

  /// A collective among the devices of one node.
  ///
  /// requires  devices in [2, 1024]; bytes > 0; is_valid(hw)
  [[nodiscard]] constexpr kernel_estimate exchange(
      const hardware_spec& hw, collective op, std::int64_t devices, double bytes,
      collective_library library = collective_library::custom) const {
    const auto row = static_cast<std::size_t>(library);
    const auto found = find_calibration(
        hw, own, [row](const device_calibration& c) -> const collective_constants& {
          return c.collectives[row];
        });
    kernel_estimate e = estimate_collective(*found.constants, op, devices, bytes);
    detail::widen(e, found.basis);
    return e;
  }

  /// One elementwise kernel alone: elements that it computes, bytes that it moves.
  [[nodiscard]] constexpr kernel_estimate elementwise_kernel(const hardware_spec& hw,
                                                             double elements, double bytes) const {
    const auto found =
        find_calibration(hw, own, [](const device_calibration& c) -> const elementwise_constants& {
          return c.elementwise[0];
        });
    kernel_estimate e = estimate_elementwise(rates_of(hw), *found.constants, elements, bytes);
    detail::widen(e, found.basis);
    return e;
  }

  /// Attention as four separate kernels that store the score matrix: what runs where no FlashAttention release does.
  ///
  /// formula   two batched products at the device's GEMM shares, scores written and read twice each in 16 bits, four launches; not below the fused
  ///           call and three launches, as the same products and bytes are in both
  [[nodiscard]] constexpr flash_attention_metrics standard_attention(const hardware_spec& hw,
                                                                     const attention_shape& s,
                                                                     cache_format kv_cache) const {
    flash_attention_metrics m = textbook_model{}.standard_attention(hw, s, kv_cache);
    if (is_specified_only(hw)) {
      return m;
    }
    const auto found = find_calibration(
        hw, own, [](const device_calibration& c) -> const gemm_constants& { return c.gemm[0]; });
    const gemm_constants& dense = *found.constants;
    const double memory = m.memory_time_us / dense.memory_share;
    const double compute = m.compute_time_us / dense.matrix_share;
    const double apart = 4 * dense.fixed_us + (memory > compute ? memory : compute);
    const double kv_bytes = mean_bytes(kv_cache);
    const double fused = serving_attention(hw, s, attention_width::bits16, kv_bytes, 1.0).time_us +
                         3 * dense.fixed_us;
    m.predicted_time_us = apart > fused ? apart : fused;
    m.lower_us = 0.6 * m.predicted_time_us;  // not measured: a guess that says so
    m.upper_us = 2.0 * m.predicted_time_us;
    return m;
  }

  /// Work of one linear layer: its own bytes, weights and activations in their exact formats.
  [[nodiscard]] constexpr work work_of(const gemm_shape& g, precision weight,
                                       precision activation) const {
    return gemm_work(g, detail::element_bytes[static_cast<std::size_t>(weight)],
                     detail::element_bytes[static_cast<std::size_t>(activation)]);
  }

  /// A serving call of the kernel that a device runs, or of another version.
  ///
  /// requires  is_valid(s); density in (0, 1]
  [[nodiscard]] constexpr kernel_estimate serving_attention(
      const hardware_spec& hw, const attention_shape& s, attention_width width, double kv_bytes,
      double density, std::optional<flash_attention_version> release = std::nullopt) const {
    const double computed = density < 1 ? density * 1.05 : 1.0;
    return is_decode(s) ? estimate_serving_decode(hw, own, s,
                                                  {.width = width,
                                                   .kv_bytes = kv_bytes,
                                                   .density = computed,
                                                   .residency = residency})
                        : estimate_serving_prefill(hw, own, s, width, kv_bytes, computed, release);
  }

  /// How near to this device the GEMMs were measured that its predictions rest on.
  [[nodiscard]] constexpr calibration_basis basis(const hardware_spec& hw) const {
    return find_calibration(
               hw, own,
               [](const device_calibration& c) -> const gemm_constants& { return c.gemm[0]; })
        .basis;
  }

  /// True for the specification's assumed device, which nobody can measure.
  [[nodiscard]] static constexpr bool is_specified_only(const hardware_spec& hw) {
    return hw.arch == architecture::spec_blackwell;
  }

 private:
  /// Bytes of an element in the mean of K and V.
  [[nodiscard]] static constexpr double mean_bytes(cache_format kv) {
    return 0.5 * (detail::element_bytes[static_cast<std::size_t>(kv.key)] +
                  detail::element_bytes[static_cast<std::size_t>(kv.value)]);
  }
  [[nodiscard]] constexpr calibration_match<moe_constants> find_moe(const hardware_spec& hw,
                                                                    moe_kernel kernel) const {
    const auto index = static_cast<std::size_t>(kernel);
    return find_calibration(hw, own, [index](const device_calibration& c) -> const moe_constants& {
      return c.moe[index];
    });
  }

  [[nodiscard]] static constexpr kernel_estimate as_estimate(const roofline_time& t,
                                                             const work& w) {
    return {.time_us = t.time_us,
            .lower_us = t.lower_us,
            .upper_us = t.upper_us,
            .bottleneck = t.bottleneck,
            .flops = w.flops,
            .dram_bytes = w.bytes,
            .achieved = 1};
  }

  [[nodiscard]] static constexpr std::int64_t participating(std::int64_t tokens, double share) {
    if (share == 1.0) {
      return tokens;
    }
    const auto n =
        static_cast<std::int64_t>(detail::round_even(static_cast<double>(tokens) * share));
    return n > 0 ? n : 1;
  }

  [[nodiscard]] constexpr kernel_estimate run(const hardware_spec& hw, gemm_kernel kernel,
                                              gemm_setting& setting, const gemm_shape& g) const {
    const auto index = static_cast<std::size_t>(kernel);
    const auto found = find_calibration(
        hw, own,
        [index](const device_calibration& c) -> const gemm_constants& { return c.gemm[index]; });
    detail::expects(found.constants != nullptr,
                    "calibrated_model: no GEMM of this kind was measured");
    setting.residency = residency;
    setting.quantization = quantization;
    if (quantization == activation_quantization::fused && found.constants->quantize_gelem_s > 0) {
      // the quantizer's launches lie in fixed_us; fused into the kernel before, 2 us of them stay
      const auto dense = [](const device_calibration& c) -> const gemm_constants& {
        return c.gemm[0];
      };
      const bool same =
          found.basis == calibration_basis::measured && dense(*found.device).fit.is_measured();
      const gemm_constants& plain =
          same ? dense(*found.device) : *find_calibration(hw, own, dense).constants;
      setting.fused_fixed_us = plain.fixed_us + 2.0;
    }
    kernel_estimate e = estimate_gemm(rates_of(hw), *found.constants, setting, g);
    if (found.basis != calibration_basis::measured) {
      detail::widen(e, found.basis);
    }
    return e;
  }

  [[nodiscard]] static constexpr flash_attention_metrics metrics_of(
      const hardware_spec& hw, const attention_shape& s, const flash_attention_config& c,
      const kernel_estimate& e, double kv_bytes, double density) {
    const device_rates rates = rates_of(hw);
    const auto tokens = static_cast<double>(s.batch) * static_cast<double>(s.num_heads) *
                        static_cast<double>(s.seq_len_q);
    const auto d = static_cast<double>(s.head_dim);
    flash_attention_metrics m{.version = c.version, .predicted_time_us = e.time_us};
    m.lower_us = e.lower_us;
    m.upper_us = e.upper_us;
    m.q_bytes = tokens * d * detail::element_bytes[static_cast<std::size_t>(c.qkv_precision)];
    m.kv_bytes = 2.0 * static_cast<double>(s.batch) * static_cast<double>(s.num_kv_heads) *
                 static_cast<double>(s.seq_len_kv) * d * kv_bytes * density;
    m.o_bytes = tokens * d * 2.0;
    m.statistics_bytes = tokens * 4.0;
    m.total_bytes = m.q_bytes + m.kv_bytes + m.o_bytes + m.statistics_bytes;
    m.flops = e.flops;
    m.arithmetic_intensity = m.flops / m.total_bytes;
    const double peak_us =
        c.use_native_fp8 ? hw.fp8_tflops.tflops().value_or(1) * 1e6 : rates.dense16_flop_us;
    m.memory_time_us = m.total_bytes / rates.bytes_us;
    m.compute_time_us = m.flops / peak_us;
    m.qk_time_us = 0.5 * m.compute_time_us;
    m.sv_time_us = 0.5 * m.compute_time_us;
    m.softmax_time_us =
        m.flops / (4.0 * d * rates.exp_per_clock_sm * rates.sm_count * rates.clock_mhz);
    m.bottleneck = e.bottleneck;
    return m;
  }
};

}  // namespace quantroof

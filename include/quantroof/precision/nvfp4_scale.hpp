// SPDX-License-Identifier: Apache-2.0
//
// The scales of NVFP4, one FP32 per tensor and one E4M3 per block of 16, in each producer's order of operations.
//
// Sources: TransformerEngine d0067d0; torchao 36027d8; Model-Optimizer a2fbac7; compressed-tensors ac8e2ba. Not here: elements
// (quantize_blocks.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "quantroof/detail/expects.hpp"
#include "quantroof/precision/absmax.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/element_coding.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/scale_rules.hpp"
#include "quantroof/precision/storage_types.hpp"

namespace quantroof {

/// The second level of NVFP4: what values are multiplied by before, and after, the block scale is taken.
struct nvfp4_tensor_scale {
  float encode = 1.0F;  // 448 * 6 / absmax, 256 * 6 / absmax for "4 over 6"
  float decode =
      1.0F;  // the FP32 that belongs to the tensor: value = element * block scale * decode
};

/// The tensor scale that puts the largest block scale on 448 when the largest element is on 6.
///
/// formula   transformer_engine   encode = min(2688 / absmax, largest float); decode = 1 / encode
///           torchao, modelopt    decode = absmax / 2688; encode = 1 / decode
///           compressed_tensors   encode = 2688 / max(absmax, smallest normal float), 1 where that is Inf; decode = 1 / encode
///           torchao_single_level 1 and 1
///           a tensor of zeros: 1 and 1 (torchao and modelopt would divide by zero)
/// requires  absmax finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    TransformerEngine d0067d0 compute_global_encode_scaling_factor_FP4; torchao 36027d8 per_tensor_amax_to_scale; Model-Optimizer
///           a2fbac7 NVFP4QTensor; compressed-tensors ac8e2ba generate_gparam
[[nodiscard]] constexpr nvfp4_tensor_scale make_nvfp4_tensor_scale(
    float absmax, nvfp4_rule rule = nvfp4_rule::transformer_engine,
    four_over_six candidates = four_over_six::off) {
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "make_nvfp4_tensor_scale: absmax must be finite and not negative");
  const float most = (candidates == four_over_six::off ? 448.0F : 256.0F) * 6.0F;
  if (absmax == 0.0F || rule == nvfp4_rule::torchao_single_level) {
    return {};
  }
  if (rule == nvfp4_rule::torchao || rule == nvfp4_rule::modelopt) {
    const float decode = absmax / most;
    // Below 2^-149 * 2688 the quotient is 0; the smallest float keeps it usable.
    const float stored = decode > 0.0F ? decode : std::numeric_limits<float>::denorm_min();
    return {.encode = detail::quotient(1.0F, stored), .decode = stored};
  }
  const float floor =
      rule == nvfp4_rule::compressed_tensors && absmax < std::numeric_limits<float>::min()
          ? std::numeric_limits<float>::min()
          : absmax;
  const float encode = detail::quotient(most, floor);
  return {.encode = encode, .decode = 1.0F / encode};
}

/// One NVFP4 block: the E4M3 code of its scale, and what its values are multiplied by or divided by.
struct nvfp4_block_scale {
  std::uint32_t code = 0;
  float factor = 1.0F;
};

namespace detail {

[[nodiscard, gnu::always_inline]] constexpr float bits_max(float a,
                                                           float b) {  // of positive numbers
  const auto x = std::bit_cast<std::int32_t>(a);
  const auto y = std::bit_cast<std::int32_t>(b);
  return std::bit_cast<float>(x > y ? x : y);
}

inline constexpr std::uint32_t e4m3_nan = 0x7F;

/// The E4M3 code of a positive number, and its value (not of e4m3_nan).
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t scale_code_e4m3(float wanted) {
  constexpr element_coding c = make_element_coding(precision::fp8_e4m3);
  return encode_minifloat(c, wanted) & c.magnitude;
}
[[nodiscard, gnu::always_inline]] constexpr float scale_value_e4m3(std::uint32_t code) {
  const std::uint32_t extra = code < 8 ? 0x00800000U : 0U;  // read as if there were a leading one,
  const std::uint32_t leading = code < 8 ? 0x3C800000U : 0U;  // 2^-6, which is taken off again
  return std::bit_cast<float>((code << 20U) + (120U << 23U) + extra) -
         std::bit_cast<float>(leading);
}

/// The scale a code stands for, whose sign is ignored; 7F is NaN.
[[nodiscard, gnu::always_inline]] constexpr float nvfp4_scale_value(std::uint32_t code) {
  const std::uint32_t magnitude = code & 0x7FU;
  return magnitude == e4m3_nan ? std::bit_cast<float>(float_quiet_nan)
                               : scale_value_e4m3(magnitude);
}

/// True for producers that divide by the scale; the others multiply by its inverse.
[[nodiscard]] constexpr bool divides(nvfp4_rule rule) {
  return rule == nvfp4_rule::modelopt || rule == nvfp4_rule::compressed_tensors;
}

/// The scale code of a block whose largest magnitude is absmax.
template <nvfp4_rule Rule>
[[nodiscard, gnu::always_inline]] constexpr std::uint32_t nvfp4_code(nvfp4_tensor_scale tensor,
                                                                     float absmax) {
  if constexpr (Rule == nvfp4_rule::transformer_engine) {
    return scale_code_e4m3(times(absmax, tensor.encode * (1.0F / 6.0F)));
  } else if constexpr (Rule == nvfp4_rule::torchao || Rule == nvfp4_rule::torchao_single_level) {
    return scale_code_e4m3(bits_max(over(absmax / 6.0F, tensor.decode), 0.015625F));
  } else if constexpr (Rule == nvfp4_rule::modelopt) {
    const float wanted = over(absmax, 6.0F * tensor.decode);
    const float lifted = bits_max(wanted, 0.001953125F);
    return scale_code_e4m3(std::bit_cast<std::int32_t>(wanted) == 0 ? 1.0F : lifted);
  } else {
    const std::uint32_t code = scale_code_e4m3(times(tensor.encode, absmax / 6.0F));
    return code == 0 ? 0x20U : code;
  }
}

/// What the values of a block are multiplied by, or divided by where divides(Rule).
template <nvfp4_rule Rule>
[[nodiscard, gnu::always_inline]] constexpr float nvfp4_factor(nvfp4_tensor_scale tensor,
                                                               std::uint32_t code) {
  const float scale = scale_value_e4m3(code);
  if constexpr (Rule == nvfp4_rule::transformer_engine) {
    // min(1 / step, largest float) without a division by zero: below, the inverse is beyond a float.
    constexpr float shortest = 0x1.000008p-128F;
    const float step = scale * tensor.decode;
    const auto inverse = std::bit_cast<std::uint32_t>(1.0F / bits_max(step, shortest));
    const std::uint32_t tiny =
        mask_less(std::bit_cast<std::uint32_t>(step), std::bit_cast<std::uint32_t>(shortest));
    constexpr auto largest = static_cast<std::uint32_t>(inf_bits - 1);
    return std::bit_cast<float>(select(tiny, largest, inverse));
  } else if constexpr (Rule == nvfp4_rule::torchao || Rule == nvfp4_rule::torchao_single_level) {
    return tensor.encode / scale;
  } else if constexpr (Rule == nvfp4_rule::modelopt) {
    return scale * tensor.decode;
  } else {
    return scale / tensor.encode;
  }
}

/// Both for the blocks of a chunk by their largest magnitude_bits; the code of NaN where those are of no number.
template <nvfp4_rule Rule, std::size_t N>
constexpr void nvfp4_scales(nvfp4_tensor_scale tensor, const std::array<std::int32_t, N>& absmax,
                            std::array<std::uint32_t, N>& codes, std::array<float, N>& factors) {
  std::array<std::uint32_t, N> code;  // locals cannot alias each other
  std::array<float, N> factor;
// g++ -O2 makes vectors of these loops, and passes them on through memory if it is not told to unroll.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (std::size_t i = 0; i < N; ++i) {
    const std::int32_t finite = absmax[i] < inf_bits ? absmax[i] : 0;
    code[i] = nvfp4_code<Rule>(tensor, std::bit_cast<float>(finite));
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (std::size_t i = 0; i < N; ++i) {
    factor[i] = nvfp4_factor<Rule>(tensor, code[i]);
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (std::size_t i = 0; i < N; ++i) {
    code[i] = absmax[i] < inf_bits ? code[i] : e4m3_nan;
  }
  codes = code;
  factors = factor;
}
template <std::size_t N>
constexpr void nvfp4_scales(nvfp4_rule rule, nvfp4_tensor_scale tensor,
                            const std::array<std::int32_t, N>& absmax,
                            std::array<std::uint32_t, N>& codes, std::array<float, N>& factors) {
  switch (rule) {
    case nvfp4_rule::transformer_engine:
      return nvfp4_scales<nvfp4_rule::transformer_engine>(tensor, absmax, codes, factors);
    case nvfp4_rule::torchao:
      return nvfp4_scales<nvfp4_rule::torchao>(tensor, absmax, codes, factors);
    case nvfp4_rule::torchao_single_level:
      return nvfp4_scales<nvfp4_rule::torchao_single_level>(tensor, absmax, codes, factors);
    case nvfp4_rule::modelopt:
      return nvfp4_scales<nvfp4_rule::modelopt>(tensor, absmax, codes, factors);
    case nvfp4_rule::compressed_tensors:
      return nvfp4_scales<nvfp4_rule::compressed_tensors>(tensor, absmax, codes, factors);
  }
}

}  // namespace detail

/// The scale of an NVFP4 block, and what its values go through before they are rounded to E2M1.
///
/// formula   transformer_engine    code of absmax * (encode * (1 / 6)), 00 for a tiny block; x * min(1 / (scale * decode), largest float)
///           torchao, single level code of max((absmax / 6) / decode, 2^-6); x * (encode / scale)
///           modelopt              code of max(absmax / (6 * decode), 2^-9), 1.0 for a block of zeros; x / (scale * decode)
///           compressed_tensors    code of encode * (absmax / 6), 0.125 where that is 00; x / (scale / encode)
///           codes to nearest, at most 448. Each product and quotient is one float operation, in the order written
/// requires  absmax finite and not negative
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// source    as make_nvfp4_tensor_scale
[[nodiscard]] constexpr nvfp4_block_scale make_nvfp4_block_scale(
    nvfp4_tensor_scale tensor, float absmax, nvfp4_rule rule = nvfp4_rule::transformer_engine) {
  detail::expects(absmax >= 0.0F && detail::is_a_number(absmax),
                  "make_nvfp4_block_scale: absmax must be finite and not negative");
  const std::array<std::int32_t, 1> bits{detail::magnitude_bits(absmax)};
  std::array<std::uint32_t, 1> code{};
  std::array<float, 1> factor{};
  detail::nvfp4_scales(rule, tensor, bits, code, factor);
  return {code[0], factor[0]};
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// How the kernels of each architecture are built, as far as the time formulas need it: tile shapes, split-K, which terms exist, which
// attention kernel serves. Structure is chosen once per architecture and never fitted to a device; examples/calibrate fits the numbers.
//
// Tiles: found by search over powers of two with sight of all rows (aiconfigurator's TensorRT-LLM tables), so that cross-validated
// errors, which refit the constants only, are a little too good. They act as effective shapes, e.g. a pair of CTAs that share operands
// on Blackwell.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof {

/// Architectures whose kernels are built alike.
enum class kernel_generation : std::uint8_t { ampere, ada, hopper, blackwell, blackwell_rtx };

/// The generation whose kernels an architecture runs; where nobody measured it, the nearest one.
[[nodiscard]] constexpr kernel_generation generation_of(architecture a) {
  switch (a) {
    case architecture::hopper:
    case architecture::cdna2:
    case architecture::cdna3:
    case architecture::cdna4:
    case architecture::intel_gaudi2:
    case architecture::intel_gaudi3:
    case architecture::tpu_v5e:
    case architecture::tpu_v5p:
    case architecture::tpu_v6e:
      return kernel_generation::hopper;
    case architecture::blackwell:
    case architecture::blackwell_ultra:
    case architecture::blackwell_sm110:
      return kernel_generation::blackwell;
    case architecture::blackwell_sm120:
    case architecture::blackwell_sm121:
    case architecture::spec_blackwell:
      return kernel_generation::blackwell_rtx;
    case architecture::ada:
    case architecture::ampere_ga102:
    case architecture::ampere_ga10b:
    case architecture::intel_xe2:
    case architecture::apple_m3:
    case architecture::apple_m4:
      return kernel_generation::ada;
    default:
      return kernel_generation::ampere;
  }
}

namespace detail {

using gemm_tiles = static_vector<gemm_tile, 6>;

[[nodiscard]] constexpr gemm_tiles tiles_of(kernel_generation g, gemm_kernel k) {
  using enum kernel_generation;
  switch (k) {
    case gemm_kernel::dense16:
      switch (g) {
        case ampere:
          return {{64, 64}, {16, 256}, {128, 256}};
        case ada:
          return {{64, 64}, {128, 128}, {16, 256}, {64, 32}, {128, 64}};
        case hopper:
          return {{64, 64}};
        case blackwell:
          return {{64, 64}, {128, 64}, {128, 128}};
        case blackwell_rtx:
          return {{64, 64}, {256, 64}, {128, 256}, {16, 256}};
      }
      break;
    case gemm_kernel::fp8:
      switch (g) {
        case ampere:
        case hopper:
          return {{64, 64}, {32, 256, 1, 0.5}};
        case ada:
          return {{64, 64}, {256, 64}, {32, 256}, {64, 32}};
        case blackwell:
          return {{64, 64}, {64, 256, 0.5, 1}};
        case blackwell_rtx:
          return {{64, 64}, {256, 128}, {16, 64}};
      }
      break;
    case gemm_kernel::fp8_block128:
      switch (g) {
        case ampere:
        case hopper:
          return {{64, 32}, {64, 64}, {128, 64}, {128, 128}, {16, 64}, {32, 32}};
        case ada:
        case blackwell_rtx:
          return {{16, 128}, {32, 128}, {64, 128}};
        case blackwell:
          return {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}};
      }
      break;
    case gemm_kernel::nvfp4:
      return g == blackwell_rtx ? gemm_tiles{{256, 32}, {256, 64}}
                                : gemm_tiles{{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}};
    case gemm_kernel::int8:
      if (g == ampere) {
        return {{32, 128}, {64, 64}, {128, 256}};
      }
      return g == ada || g == blackwell_rtx
                 ? gemm_tiles{{128, 32}, {256, 128}}
                 : gemm_tiles{{128, 256}, {32, 256, 1, 0.25}, {32, 128, 1, 0.25}, {256, 128}};
    case gemm_kernel::w8a16:
      if (g == ampere) {
        return {{16, 64}, {32, 128}, {64, 128}, {256, 256}};
      }
      return g == ada || g == blackwell_rtx
                 ? gemm_tiles{{16, 32}, {32, 64}, {64, 64}}
                 : gemm_tiles{{32, 256, 0.5, 0.5}, {256, 64, 0.5, 1}, {64, 64}, {128, 128}};
    case gemm_kernel::w4a16:
      if (g == ampere) {
        return {{16, 64}, {32, 64}, {64, 64}, {256, 128}};
      }
      return g == ada || g == blackwell_rtx
                 ? gemm_tiles{{32, 32}, {32, 64}, {64, 64}, {256, 256}}
                 : gemm_tiles{
                       {256, 64, 0.5, 0.5}, {32, 32}, {64, 64, 1, 0.25}, {64, 128}, {128, 128}};
  }
  return {{128, 128}};
}

}  // namespace detail

/// The structure of a family of GEMM kernels on an architecture, every fitted number 0.
///
/// formula   l2_share: two-partition L2s keep a bit over half of their size, monolithic ones all of it; integer kernels were measured with
///           cold weights. clock_loss: what long calls lose to power
/// source    exploration on aiconfigurator's tables, by architecture
[[nodiscard]] constexpr gemm_constants gemm_structure(architecture arch, gemm_kernel kernel) {
  using enum kernel_generation;
  const kernel_generation g = generation_of(arch);
  const bool integer =
      kernel == gemm_kernel::int8 || kernel == gemm_kernel::w8a16 || kernel == gemm_kernel::w4a16;
  gemm_constants c{.tiles = detail::tiles_of(g, kernel)};
  const bool library = kernel == gemm_kernel::dense16 ||
                       (kernel == gemm_kernel::fp8 && (g == ada || g == blackwell_rtx));
  c.split = library ? split_k::fills_device : split_k::never;
  switch (g) {
    case ampere:
      c.l2_share = 0.30;
      c.clock_loss = 0.05;
      break;
    case ada:
      c.l2_share = 1.03;
      c.clock_loss = 0.32;
      break;
    case hopper:
      c.l2_share = 0.42;
      c.clock_loss = 0.13;
      break;
    case blackwell:
      c.l2_share = 0.61;
      c.clock_loss = 0.08;
      break;
    case blackwell_rtx:
      c.l2_share = 1.01;
      c.clock_loss = 0.02;
      break;
  }
  if (integer) {
    c.l2_share = 0.05;
    c.clock_loss = 0;
  }
  return c;
}

/// The kernel that serves attention on an architecture.
///
/// source    vLLM 0.24.0, 0.14.0 and SGLang 0.5.14 as measured by aiconfigurator
[[nodiscard]] constexpr attention_kernel serving_kernel(architecture arch, attention_width width) {
  switch (generation_of(arch)) {
    case kernel_generation::hopper:
      return attention_kernel::fa3;
    case kernel_generation::blackwell:
      return attention_kernel::trtllm;
    case kernel_generation::ada:
    case kernel_generation::blackwell_rtx:
      return width == attention_width::bits16 ? attention_kernel::fa2
                                              : attention_kernel::flashinfer;
    case kernel_generation::ampere:
      break;
  }
  return attention_kernel::fa2;
}

}  // namespace quantroof

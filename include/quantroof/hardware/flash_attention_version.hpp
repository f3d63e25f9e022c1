// SPDX-License-Identifier: Apache-2.0
//
// Which FlashAttention release runs on which GPU architecture: the architectures by name, the versions by name, one rule.
//
// Sources: Dao et al. arXiv:2205.14135 (1), arXiv:2307.08691 (2), Shah et al. arXiv:2407.08608 (3), arXiv:2603.05451 (4), and the
// architecture checks of github.com/Dao-AILab/flash-attention (read 2026-08).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "quantroof/detail/names.hpp"

namespace quantroof {

enum class flash_attention_version : std::uint8_t { fa1, fa2, fa3, fa4 };

inline constexpr std::array flash_attention_versions = {
    flash_attention_version::fa1, flash_attention_version::fa2, flash_attention_version::fa3,
    flash_attention_version::fa4};

enum class architecture : std::uint8_t {
  spec_blackwell,  // the specification's "Blackwell B10": an assumed device on which every FlashAttention version runs
  volta,            // cc 7.0
  turing,           // cc 7.5
  ampere_ga100,     // cc 8.0
  ampere_ga102,     // cc 8.6
  ampere_ga10b,     // cc 8.7, Orin
  ada,              // cc 8.9
  hopper,           // cc 9.0
  blackwell,        // cc 10.0
  blackwell_ultra,  // cc 10.3
  blackwell_sm110,  // cc 11.0, Thor
  blackwell_sm120,  // cc 12.0, GB202
  blackwell_sm121,  // cc 12.1, GB10
  cdna2,
  cdna3,
  cdna4,
  intel_gaudi2,
  intel_gaudi3,
  intel_xe2,
  tpu_v5e,
  tpu_v5p,
  tpu_v6e,
  apple_m3,
  apple_m4,
  other,
};

namespace detail {
inline constexpr name_table<flash_attention_version, 4> flash_attention_version_names{{
    {flash_attention_version::fa1, "fa1"},
    {flash_attention_version::fa2, "fa2"},
    {flash_attention_version::fa3, "fa3"},
    {flash_attention_version::fa4, "fa4"},
}};
static_assert(names_are_complete(flash_attention_version_names));

inline constexpr name_table<architecture, 25> architecture_names{{
    {architecture::spec_blackwell, "spec_blackwell"},
    {architecture::volta, "volta"},
    {architecture::turing, "turing"},
    {architecture::ampere_ga100, "ampere_ga100"},
    {architecture::ampere_ga102, "ampere_ga102"},
    {architecture::ampere_ga10b, "ampere_ga10b"},
    {architecture::ada, "ada"},
    {architecture::hopper, "hopper"},
    {architecture::blackwell, "blackwell"},
    {architecture::blackwell_ultra, "blackwell_ultra"},
    {architecture::blackwell_sm110, "blackwell_sm110"},
    {architecture::blackwell_sm120, "blackwell_sm120"},
    {architecture::blackwell_sm121, "blackwell_sm121"},
    {architecture::cdna2, "cdna2"},
    {architecture::cdna3, "cdna3"},
    {architecture::cdna4, "cdna4"},
    {architecture::intel_gaudi2, "intel_gaudi2"},
    {architecture::intel_gaudi3, "intel_gaudi3"},
    {architecture::intel_xe2, "intel_xe2"},
    {architecture::tpu_v5e, "tpu_v5e"},
    {architecture::tpu_v5p, "tpu_v5p"},
    {architecture::tpu_v6e, "tpu_v6e"},
    {architecture::apple_m3, "apple_m3"},
    {architecture::apple_m4, "apple_m4"},
    {architecture::other, "other"},
}};
static_assert(names_are_complete(architecture_names));
}  // namespace detail

[[nodiscard]] constexpr std::string_view to_string(flash_attention_version v) {
  return detail::name_of(detail::flash_attention_version_names, v);
}
[[nodiscard]] constexpr flash_attention_version parse_flash_attention_version(
    std::string_view name) {
  return detail::parse_name(detail::flash_attention_version_names, name,
                            "parse_flash_attention_version");
}
[[nodiscard]] constexpr std::string_view to_string(architecture a) {
  return detail::name_of(detail::architecture_names, a);
}
[[nodiscard]] constexpr architecture parse_architecture(std::string_view name) {
  return detail::parse_name(detail::architecture_names, name, "parse_architecture");
}

/// True where a released kernel of that version runs on the architecture.
///
/// formula   FA1: Turing, Ampere, Ada, Hopper. FA2: Ampere and newer NVIDIA, CDNA2-4 (Composable Kernel build). FA3: Hopper only
///           (TMA and wgmma). FA4: data-centre Blackwell, sm100, sm103 and sm110 (tcgen05). sm120 and sm121 have neither.
///           The specification's device runs all four, as the specification says.
/// ignores   FA4's slower sm90 and sm120 paths, which are other algorithms under the same name
/// source    flash-attention README and csrc/flash_attn, hopper/, flash_attn/cute at 0251105 (2026-08-15)
[[nodiscard]] constexpr bool runs_flash_attention(architecture a, flash_attention_version v) {
  const bool ampere_to_hopper =
      a == architecture::ampere_ga100 || a == architecture::ampere_ga102 ||
      a == architecture::ampere_ga10b || a == architecture::ada || a == architecture::hopper;
  const bool blackwell_tcgen05 = a == architecture::blackwell ||
                                 a == architecture::blackwell_ultra ||
                                 a == architecture::blackwell_sm110;
  const bool blackwell_mma_sync =
      a == architecture::blackwell_sm120 || a == architecture::blackwell_sm121;
  const bool cdna =
      a == architecture::cdna2 || a == architecture::cdna3 || a == architecture::cdna4;
  if (a == architecture::spec_blackwell) {
    return true;
  }
  switch (v) {
    case flash_attention_version::fa1:
      return a == architecture::turing || ampere_to_hopper;
    case flash_attention_version::fa2:
      return ampere_to_hopper || blackwell_tcgen05 || blackwell_mma_sync || cdna;
    case flash_attention_version::fa3:
      return a == architecture::hopper;
    case flash_attention_version::fa4:
      return blackwell_tcgen05;
  }
  return false;
}

}  // namespace quantroof

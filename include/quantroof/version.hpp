// SPDX-License-Identifier: Apache-2.0
//
// Which release this is. The three macros are the only ones in the library, and the only place where the
// version is written: CMake reads them from here, and a test compares them with CHANGELOG.md.
#pragma once

// clang-format off
#define QUANTROOF_VERSION_MAJOR 0
#define QUANTROOF_VERSION_MINOR 1
#define QUANTROOF_VERSION_PATCH 0
// clang-format on

namespace quantroof {

/// A release number.
struct version_number {
  int major = 0;
  int minor = 0;
  int patch = 0;

  [[nodiscard]] constexpr bool operator==(const version_number&) const = default;
};

/// The release of the headers that were included.
inline constexpr version_number version{QUANTROOF_VERSION_MAJOR, QUANTROOF_VERSION_MINOR,
                                        QUANTROOF_VERSION_PATCH};

}  // namespace quantroof

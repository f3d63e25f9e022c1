// SPDX-License-Identifier: Apache-2.0
//
// Lists of devices: every file of devices ends with one, the registry joins them.
//
// A list holds pointers to the constants hw::<key>, so that joining lists copies no device.
#pragma once

#include <array>
#include <cstddef>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof {

template <std::size_t N>
using device_list = std::array<const hardware_spec*, N>;

/// Refuses a list with a device that contradicts itself or with two devices of one key; returns true otherwise.
///
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <std::size_t N>
constexpr bool is_valid(const device_list<N>& devices) {
  for (std::size_t i = 0; i < N; ++i) {
    is_valid(*devices[i]);
    for (std::size_t j = 0; j < i; ++j) {
      detail::expects(devices[i]->key != devices[j]->key,
                      "device_list: two devices have the same key");
    }
  }
  return true;
}

/// One list after the other.
template <std::size_t... N>
[[nodiscard]] constexpr device_list<(N + ... + 0)> join(const device_list<N>&... lists) {
  device_list<(N + ... + 0)> all{};
  std::size_t next = 0;
  const auto append = [&](const auto& list) {
    for (const hardware_spec* device : list) {
      all[next++] = device;
    }
  };
  (append(lists), ...);
  return all;
}

}  // namespace quantroof

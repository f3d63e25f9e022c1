// SPDX-License-Identifier: Apache-2.0
//
// Lists of devices: every file of devices ends with one, the registry joins them. A list holds
// pointers to the constants hw::<key>, so that joining lists copies no device.
//
// In those files each figure is tagged on its line; [x] is a source listed at the head of the file:
//   published [x]   x states it; most data sheets and white papers were read through the collections
//                   that quote them (TechPowerUp, ml-engineering, aiconfigurator)
//   derived         computed here: the arithmetic follows
//   measured [x]    x measured it
//   unverified      no source was read that settles it: general knowledge, or sources disagree
// Peaks are dense. An omitted field is unknown.
#pragma once

#include <array>
#include <cstddef>

#include "quantroof/detail/expects.hpp"
#include "quantroof/hardware/hardware_spec.hpp"

namespace quantroof {

template <std::size_t N>
using device_list = std::array<const hardware_spec*, N>;

/// True when no two devices have the same key.
template <std::size_t N>
[[nodiscard]] constexpr bool has_unique_keys(const device_list<N>& devices) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (devices[i]->key == devices[j]->key) {
        return false;
      }
    }
  }
  return true;
}

/// Refuses a list with a device that contradicts itself or with two devices of one key; returns true
/// otherwise. Every file of devices static_asserts it for its own list.
///
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
template <std::size_t N>
constexpr bool is_valid(const device_list<N>& devices) {
  for (const hardware_spec* device : devices) {
    is_valid(*device);
  }
  detail::expects(has_unique_keys(devices), "device_list: two devices have the same key");
  return true;
}

/// One list after the other.
template <std::size_t... N>
[[nodiscard]] constexpr device_list<(N + ... + 0)> join(const device_list<N>&... lists) {
  device_list<(N + ... + 0)> all{};
  std::size_t next = 0;
  [[maybe_unused]] const auto append = [&](const auto& list) {
    for (const hardware_spec* device : list) {
      all[next++] = device;
    }
  };
  (append(lists), ...);
  return all;
}

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Every device by its key: get, find and list the known ones, and add your own.
//
// A new device is one constant and one name in the list at the end of its file; a new vendor is one
// more list here. Keys are matched exactly.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "quantroof/detail/expects.hpp"
#include "quantroof/detail/static_vector.hpp"
#include "quantroof/hardware/amd.hpp"
#include "quantroof/hardware/apple.hpp"
#include "quantroof/hardware/device_list.hpp"
#include "quantroof/hardware/google.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/hardware/intel.hpp"
#include "quantroof/hardware/nvidia.hpp"
#include "quantroof/hardware/spec_device.hpp"

namespace quantroof {

/// Every device the library knows: pointers to the constants in namespace hw.
inline constexpr auto known_hardware =
    join(hw::spec_devices, hw::nvidia_devices, hw::amd_devices, hw::intel_devices,
         hw::google_devices, hw::apple_devices);
static_assert(has_unique_keys(known_hardware), "two files of devices use the same key");

/// The known devices, for a range-for: `for (const hardware_spec* device : list_hardware())`.
[[nodiscard]] constexpr std::span<const hardware_spec* const> list_hardware() {
  return known_hardware;
}

namespace detail {
/// The place of the device with this key, devices.size() if there is none.
///
/// An index and not a pointer: g++ with -fsanitize=undefined takes no address of an inline constant
/// as different from null in a constant expression.
[[nodiscard]] constexpr std::size_t place_of(std::span<const hardware_spec* const> devices,
                                             std::string_view key) {
  std::size_t place = 0;
  while (place < devices.size() && devices[place]->key != key) {
    ++place;
  }
  return place;
}

/// Throws unknown_name_error with every key of `devices`.
[[noreturn]] inline void unknown_device(std::string_view function, std::string_view key,
                                        std::span<const hardware_spec* const> devices) {
  unknown_name(function, key, devices,
               [](const hardware_spec* device) { return device->key.view(); });
}
}  // namespace detail

/// The known device with this key, or nullptr. Keys are case-sensitive.
[[nodiscard]] constexpr const hardware_spec* find_hardware(std::string_view key) {
  const std::size_t place = detail::place_of(known_hardware, key);
  return place < known_hardware.size() ? known_hardware[place] : nullptr;
}

/// The known device with this key.
///
/// errors    domain_error at run time that lists the known keys; does not compile in a constant
///           expression
/// example   examples/engine_demo.cpp
[[nodiscard]] constexpr const hardware_spec& get_hardware(std::string_view key) {
  const std::size_t place = detail::place_of(known_hardware, key);
  if (place == known_hardware.size()) {
    detail::unknown_device("get_hardware", key, known_hardware);
  }
  return *known_hardware[place];
}

/// The known devices and your own, at run time and at compile time.
///
/// Own devices are copied into the registry, which has room for `own_capacity` of them: so it needs
/// no allocation and can be a constant. To change a known device, add a copy under another key.
///
/// requires  the registry outlives the pointers and references it hands out
/// errors    quantroof::domain_error at run time; does not compile in a constant expression
/// example   examples/own_device.cpp
class hardware_registry {
 public:
  static constexpr std::size_t own_capacity = 32;
  using device_pointers = static_vector<const hardware_spec*, known_hardware.size() + own_capacity>;

  /// Adds a copy of `device`.
  ///
  /// requires  is_valid(device); a key that find() does not know; size() below the capacity
  constexpr void add(const hardware_spec& device) {
    is_valid(device);
    detail::expects(place_of(device.key) == size(),
                    "hardware_registry: a device with this key is already registered");
    detail::expects(own_.size() < own_.capacity(),
                    "hardware_registry: there is no room for another device of your own");
    own_.push_back(device);
  }

  /// The device with this key, or nullptr.
  [[nodiscard]] constexpr const hardware_spec* find(std::string_view key) const {
    const std::size_t place = place_of(key);
    return place < size() ? &at(place) : nullptr;
  }

  /// The device with this key.
  ///
  /// errors    domain_error at run time that lists the known keys and your own
  [[nodiscard]] constexpr const hardware_spec& get(std::string_view key) const {
    const std::size_t place = place_of(key);
    if (place == size()) {
      const device_pointers all = list();
      detail::unknown_device("hardware_registry::get", key, {all.begin(), all.size()});
    }
    return at(place);
  }

  /// The known devices, then your own in the order they were added.
  [[nodiscard]] constexpr device_pointers list() const {
    device_pointers all;
    for (std::size_t place = 0; place < size(); ++place) {
      all.push_back(&at(place));
    }
    return all;
  }

  [[nodiscard]] constexpr std::size_t size() const { return known_hardware.size() + own_.size(); }

 private:
  // Places count the known devices first, then the own ones.
  [[nodiscard]] constexpr const hardware_spec& at(std::size_t place) const {
    return place < known_hardware.size() ? *known_hardware[place]
                                         : own_[place - known_hardware.size()];
  }
  [[nodiscard]] constexpr std::size_t place_of(std::string_view key) const {
    std::size_t place = detail::place_of(known_hardware, key);
    while (place >= known_hardware.size() && place < size() && at(place).key != key) {
      ++place;
    }
    return place;
  }

  static_vector<hardware_spec, own_capacity> own_;
};

}  // namespace quantroof

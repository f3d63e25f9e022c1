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
[[nodiscard]] constexpr const hardware_spec* find_device(
    std::span<const hardware_spec* const> devices, std::string_view key) {
  for (const hardware_spec* device : devices) {
    if (device->key == key) {
      return device;
    }
  }
  return nullptr;
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
  return detail::find_device(known_hardware, key);
}

/// The known device with this key.
///
/// errors    domain_error at run time that lists the known keys; does not compile in a constant
///           expression
/// example   examples/engine_demo.cpp
[[nodiscard]] constexpr const hardware_spec& get_hardware(std::string_view key) {
  const hardware_spec* device = find_hardware(key);
  if (device == nullptr) {
    detail::unknown_device("get_hardware", key, known_hardware);
  }
  return *device;
}

/// The known devices and your own, at run time and at compile time.
///
/// Own devices are copied into the registry, which has room for `own_capacity` of them: so it needs
/// no allocation and can be a constant. To change a known device, add a copy under another key.
///
/// requires  the registry outlives the pointers and references it hands out, and is not moved away
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
    detail::expects(find(device.key) == nullptr,
                    "hardware_registry: a device with this key is already registered");
    detail::expects(own_.size() < own_.capacity(),
                    "hardware_registry: there is no room for another device of your own");
    own_.push_back(device);
  }

  /// The device with this key, or nullptr.
  [[nodiscard]] constexpr const hardware_spec* find(std::string_view key) const {
    for (const hardware_spec& device : own_) {
      if (device.key == key) {
        return &device;
      }
    }
    return find_hardware(key);
  }

  /// The device with this key.
  ///
  /// errors    domain_error at run time that lists the known keys and your own
  [[nodiscard]] constexpr const hardware_spec& get(std::string_view key) const {
    const hardware_spec* device = find(key);
    if (device == nullptr) {
      const device_pointers all = list();
      detail::unknown_device("hardware_registry::get", key, {all.begin(), all.size()});
    }
    return *device;
  }

  /// The known devices, then your own in the order they were added.
  [[nodiscard]] constexpr device_pointers list() const {
    device_pointers all;
    for (const hardware_spec* device : known_hardware) {
      all.push_back(device);
    }
    for (const hardware_spec& device : own_) {
      all.push_back(&device);
    }
    return all;
  }

  [[nodiscard]] constexpr std::size_t size() const { return known_hardware.size() + own_.size(); }

 private:
  static_vector<hardware_spec, own_capacity> own_;
};

}  // namespace quantroof

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes at all, as every kind of document the library reads: only domain_error (input_error among it) may come out, and what is
// read must be valid, print, and survive being written. The first byte chooses the kind.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "quantroof/core.hpp"
#include "quantroof/io/format.hpp"
#include "quantroof/io/hardware_file.hpp"
#include "quantroof/io/hf_config.hpp"
#include "quantroof/io/json.hpp"
#include "quantroof/io/json_file.hpp"

namespace {

using namespace quantroof;

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <class T>
void round_trip(const nlohmann::json& json) {
  const auto value = json.get<T>();
  const nlohmann::ordered_json written = value;
  must(written.get<T>() == value);
  static_cast<void>(fmt::format("{}", value));
}

void read_as(unsigned kind, const nlohmann::json& json) {
  switch (kind % 8) {
    case 0:
      return round_trip<hardware_spec>(json);
    case 1:
      return round_trip<mixed_precision_config>(json);
    case 2:
      return round_trip<model_config>(json);
    case 3: {
      const model_config m = io::model_from_hf_config(json, "config.json");
      must(parameter_count(m) > 0 && kv_elements_per_token(m) >= 0);
      return;
    }
    case 4:
      return round_trip<quantization_recommendation>(json);
    case 5: {
      const auto state = json.get<quantizer_state>();
      dynamic_quantizer<> quantizer{state.config};
      json.get_to(quantizer);
      must(quantizer.history().entries() == state.history.entries());
      return;
    }
    case 6: {
      hardware_registry registry;
      must(io::add_hardware_from_json(registry, json) + list_hardware().size() == registry.size());
      return;
    }
    default:
      return round_trip<activation_stats>(json);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  try {
    read_as(data[0], io::parse_json(text, "fuzz.json"));
  } catch (const domain_error& error) {
    must(*error.what() != '\0');
  }
  return 0;
}

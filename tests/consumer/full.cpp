// SPDX-License-Identifier: Apache-2.0
//
// A user of quantroof::quantroof: text from the fmt formatters, JSON from nlohmann_json with our hooks.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <quantroof/quantroof.hpp>

int main() {
  const nlohmann::json json = quantroof::get_hardware("h100_sxm");
  fmt::print("quantroof::quantroof: {}, {} fields\n", quantroof::phase::decode, json.size());
  return json.empty() ? 1 : 0;
}

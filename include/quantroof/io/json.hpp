// SPDX-License-Identifier: Apache-2.0
//
// Every specification, configuration and result as JSON, both ways: to_json and from_json that nlohmann::json and ordered_json find
// by themselves once <nlohmann/json.hpp> is included. This header does not include it.
//
//   nlohmann::json j = get_hardware("h100_sxm");        auto device = j.get<hardware_spec>();
//
// Reading is strict and says where something is wrong (json_record.hpp). Files: json_file.hpp.
#pragma once

// IWYU pragma: begin_exports
#include "quantroof/io/enum_names.hpp"
#include "quantroof/io/input_error.hpp"
#include "quantroof/io/json_dynamic_quant.hpp"
#include "quantroof/io/json_engine.hpp"
#include "quantroof/io/json_hardware.hpp"
#include "quantroof/io/json_model.hpp"
#include "quantroof/io/json_quality.hpp"
#include "quantroof/io/json_quantize.hpp"
#include "quantroof/io/json_record.hpp"
#include "quantroof/io/json_roofline.hpp"
#include "quantroof/io/json_value.hpp"
// IWYU pragma: end_exports

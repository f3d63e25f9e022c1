// SPDX-License-Identifier: Apache-2.0
//
// The whole library: core.hpp, fmt formatters and the JSON hooks. Files are read by io/json_file.hpp and io/hf_config.hpp, which
// include nlohmann/json.hpp and cost more to compile.
#pragma once

// IWYU pragma: begin_exports
#include "quantroof/core.hpp"
#include "quantroof/io/format.hpp"
#include "quantroof/io/json.hpp"
// IWYU pragma: end_exports

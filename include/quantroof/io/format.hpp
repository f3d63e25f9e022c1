// SPDX-License-Identifier: Apache-2.0
//
// fmt formatters for every public enum and struct: fmt::print("{}", engine.recommend(model, workload)).
//
// Enumerators print the name they parse from, structs one readable line; both take width, fill and alignment as strings do. What
// each line looks like stands at its formatter. To print all members, use JSON (json.hpp).
#pragma once

// IWYU pragma: begin_exports
#include "quantroof/io/format_model.hpp"
#include "quantroof/io/format_quality.hpp"
#include "quantroof/io/format_result.hpp"
#include "quantroof/io/format_spec.hpp"
#include "quantroof/io/format_tensor.hpp"
#include "quantroof/io/format_text.hpp"
// IWYU pragma: end_exports

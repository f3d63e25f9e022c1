// SPDX-License-Identifier: Apache-2.0
//
// Everything that needs the standard library only: precisions, devices, models, rooflines, dynamic quantization, the engine.
#pragma once

// IWYU pragma: begin_exports
#include "quantroof/dynamic_quant/activation_stats.hpp"
#include "quantroof/dynamic_quant/adaptive_precision.hpp"
#include "quantroof/dynamic_quant/dynamic_quantizer.hpp"
#include "quantroof/engine/engine.hpp"
#include "quantroof/engine/recommendation.hpp"
#include "quantroof/engine/scenario.hpp"
#include "quantroof/engine/selection.hpp"
#include "quantroof/engine/substitution.hpp"
#include "quantroof/hardware/compute_precision.hpp"
#include "quantroof/hardware/hardware_registry.hpp"
#include "quantroof/hardware/hardware_spec.hpp"
#include "quantroof/model/memory.hpp"
#include "quantroof/model/mixed_precision.hpp"
#include "quantroof/model/presets.hpp"
#include "quantroof/model/strategies.hpp"
#include "quantroof/model/transformer.hpp"
#include "quantroof/precision/block_format.hpp"
#include "quantroof/precision/minifloat.hpp"
#include "quantroof/precision/precision.hpp"
#include "quantroof/precision/quantize.hpp"
#include "quantroof/roofline/attention.hpp"
#include "quantroof/roofline/calibrated.hpp"
#include "quantroof/roofline/collective.hpp"
#include "quantroof/roofline/elementwise.hpp"
#include "quantroof/roofline/flash_attention.hpp"
#include "quantroof/roofline/gemm.hpp"
#include "quantroof/roofline/mla.hpp"
#include "quantroof/roofline/moe.hpp"
#include "quantroof/roofline/roofline.hpp"
#include "quantroof/roofline/step.hpp"
#include "quantroof/roofline/textbook.hpp"
#include "quantroof/version.hpp"
// IWYU pragma: end_exports

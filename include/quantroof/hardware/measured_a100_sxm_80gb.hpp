// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration a100_sxm_80gb{.device = "a100_sxm_80gb", .arch = architecture::ampere_ga100,
.date = "2026-11-24",
.sm_count = 108, .clock_mhz = 1410,
.gemm = {{
{.tiles = {{64, 64}, {16, 256}, {128, 256}}, .split = split_k::fills_device, .l2_share = 0.3, .clock_loss = 0.05,
.matrix_share = 0.9594, .memory_share = 0.8343, .fixed_us = 3.936, .feed_bytes_per_clock = 49.95,
.soft_waves = 0.5841, .epilogue_gb_s = 6.996, .correction = {0.0176, 0.0052, -0.0023, -0.0226, 0.0322, -0.0505,
-0.0224, 0.0419}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 400, .error = 0.05635, .overhead = {0.9104, 1.106},
.memory = {0.9289, 1.109}, .compute = {0.9073, 1.106}}},
{},
{},
{},
{.tiles = {{32, 128}, {64, 64}, {128, 256}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.9685,
.memory_share = 0.9131, .fixed_us = 10.95, .feed_bytes_per_clock = 45.19, .soft_waves = 0.1193,
.epilogue_gb_s = 11.45, .dequantize_us = 0.2307, .vector_us = 8.999, .correction = {-0.0023, 0.0059, 0.0276, -0.0496,
-0.0212, 0.0016, 0.0065, 0.002}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 380, .error = 0.06269,
.overhead = {0.8759, 1.147}, .memory = {0.9216, 1.114}, .compute = {0.9353, 1.131}}},
{.tiles = {{16, 64}, {32, 128}, {64, 128}, {256, 256}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.8797, .memory_share = 0.8565, .fixed_us = 12.72, .feed_bytes_per_clock = 36.36,
.soft_waves = 0.934, .epilogue_gb_s = 26.45, .dequantize_us = 4.147, .vector_us = 11.89, .correction = {-0.0029,
-0.0165, 0.0406, -0.0849, 0.0376, -0.0011, -0.0057, 0.0024}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 380,
.error = 0.08344, .overhead = {0.7052, 1.428}, .memory = {0.9122, 1.131}, .compute = {0.9494, 1.184}}},
{.tiles = {{16, 64}, {32, 64}, {64, 64}, {256, 128}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.8467, .memory_share = 0.8359, .fixed_us = 15.52, .feed_bytes_per_clock = 32.78,
.soft_waves = 0.5942, .epilogue_gb_s = 52.24, .dequantize_us = 3.392, .vector_us = 15.31, .correction = {-0.0066,
-0.0413, 0.0462, -0.0277, 0.0115, 0.0141, -0.0093, -0.0106}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 380,
.error = 0.1076, .overhead = {0.6555, 1.288}, .memory = {0.8426, 1.234}, .compute = {0.9308, 1.167}}},
}},
.prefill = {{
{.kernel = attention_kernel::fa2, .token_heads_dim = 512, .fixed_us = 4.151, .matmul = 1.492, .softmax = 0.5886,
.block_cycles = 4840, .tail = 0.4614, .token_us = 0.008099, .write_share = 1.12, .memory_share = 0.64,
.l2_speedup = 6.875, .l2_share = 0.3103, .fit = {.source = "aic:vllm-0.14.0", .rows = 178, .error = 0.04082,
.overhead = {0.9458, 1.064}, .memory = {0.9458, 1.064}, .compute = {0.9501, 1.058}}},
{},
}},
.decode = {{
{.kernel = attention_kernel::fa2, .fixed_us = 10.04, .memory_share = 0.9367, .l2_speedup = 1.136, .l2_share = 0.5725,
.item_us = 1.132, .matmul = 1.896, .combine_us = 4.462, .split_us = 0.2227, .swap_us = 6.338,
.fit = {.source = "aic:vllm-0.14.0", .rows = 177, .error = 0.06161, .overhead = {0.891, 1.092}, .memory = {0.9392,
1.175}, .compute = {0.9047, 1.07}}},
{},
}},
.collectives = {{
{.latency_us = 3.715, .latency_per_device_us = 0.05482, .bandwidth_gb_s = 199.7, .growth = 0.1782, .ramp_us = 5.139,
.fit = {.source = "aic:trtllm-1.0.0", .rows = 36, .error = 0.1203, .overhead = {0.8275, 1.245}, .memory = {0.8275,
1.245}, .compute = {0.8275, 1.245}}},
{.latency_us = 10.89, .latency_per_device_us = 0.599, .bandwidth_gb_s = 172.8, .growth = 0.2559, .ramp_us = 4.333,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1145, .overhead = {0.8198, 1.328}, .memory = {0.869,
1.246}, .compute = {0.8445, 1.272}}},
}},
};
// clang-format on
static_assert(is_valid(a100_sxm_80gb));

}  // namespace quantroof::measured

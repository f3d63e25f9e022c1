// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration b200_sxm{.device = "b200_sxm", .arch = architecture::blackwell,
.date = "2026-11-24",
.gemm = {{
{.tiles = {{64, 64}, {128, 64}, {128, 128}}, .split = split_k::fills_device, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.737, .memory_share = 0.7935, .fixed_us = 2.208, .feed_bytes_per_clock = 113.3,
.soft_waves = 0.9527, .epilogue_gb_s = 155.1, .correction = {0.0559, -0.0175, -0.0208, 0.0259, 0.0021, -0.0377,
0.0159, 0.0193}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.0682, .overhead = {0.8239, 1.403},
.memory = {0.9154, 1.101}, .compute = {0.9012, 1.174}}},
{.tiles = {{64, 64}, {64, 256, 0.5, 1}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.8013, .memory_share = 0.8002, .fixed_us = 14.32, .feed_bytes_per_clock = 103.9,
.soft_waves = 0.6351, .epilogue_gb_s = 211.8, .quantize_gelem_s = 5.378, .correction = {-0.0189, -0.0185, -0.0215,
0.0379, 0.0407, -0.0201, -0.0179, 0.0089}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04239,
.overhead = {0.9445, 1.091}, .memory = {0.9256, 1.077}, .compute = {0.9404, 1.099}}},
{.tiles = {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}}, .split = split_k::never, .l2_share = 0.61,
.clock_loss = 0.08, .matrix_share = 0.7142, .memory_share = 0.807, .fixed_us = 5.922, .feed_bytes_per_clock = 96.55,
.soft_waves = 0.9085, .epilogue_gb_s = 108.4, .quantize_gelem_s = 12.64, .correction = {-0.0437, -0.0073, 0.0247,
0.0257, 0.0081, -0.0223, -0.0165, 0.0248}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03619,
.overhead = {0.9433, 1.09}, .memory = {0.9513, 1.061}, .compute = {0.9449, 1.055}}},
{.tiles = {{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.5804, .memory_share = 0.8141, .fixed_us = 6.402, .feed_bytes_per_clock = 32.23,
.soft_waves = 0.06386, .epilogue_gb_s = 40.6, .quantize_gelem_s = 9.544, .correction = {-0.0032, 0.0328, -0.0067,
-0.0111, 0.0026, -0.0172, 0.0045, 0.0095}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.02701,
.overhead = {0.9681, 1.041}, .memory = {0.9626, 1.044}, .compute = {0.961, 1.038}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 6.325, .matmul = 1.01, .softmax = 0.8739, .softmax_fixed = 0.02,
.wide_head = 1.366, .block_cycles = 6129, .tail = 0.578, .token_us = 6.751e-05, .write_share = 0.8258,
.memory_share = 0.7011, .l2_speedup = 1.251, .l2_share = 0.5683, .fit = {.source = "aic:sglang-0.5.14", .rows = 236,
.error = 0.04217, .overhead = {0.9472, 1.098}, .memory = {0.9472, 1.098}, .compute = {0.9464, 1.095}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 13.3, .matmul = 1.996, .softmax = 0.6667, .softmax_fixed = 0.02,
.wide_head = 1.04, .block_cycles = 7724, .tail = 0.6446, .token_us = 0.000563, .write_share = 0.6039,
.memory_share = 0.699, .l2_speedup = 1.531, .l2_share = 0.6545, .fit = {.source = "aic:sglang-0.5.14", .rows = 236,
.error = 0.05833, .overhead = {0.8986, 1.109}, .memory = {0.9062, 1.108}, .compute = {0.9081, 1.103}}},
}},
.decode = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 9.038, .memory_share = 0.9217, .l2_speedup = 5.353,
.l2_share = 0.5722, .item_us = 1.277, .matmul = 3.994, .combine_us = 0.05811, .split_us = 0.1478,
.fit = {.source = "aic:sglang-0.5.14", .rows = 296, .error = 0.06046, .overhead = {0.8919, 1.132}, .memory = {0.9609,
1.043}, .compute = {0.8958, 1.118}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 16.06, .memory_share = 0.9272, .l2_speedup = 7.864,
.l2_share = 0.5768, .item_us = 1.034, .matmul = 7.493, .combine_us = 0.1295, .split_us = 0.1257,
.fit = {.source = "aic:sglang-0.5.14", .rows = 296, .error = 0.05733, .overhead = {0.8843, 1.102}, .memory = {0.9431,
1.08}, .compute = {0.8897, 1.093}}},
}},
};
// clang-format on
static_assert(is_valid(b200_sxm));

}  // namespace quantroof::measured

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
.sm_count = 148, .clock_mhz = 1856,
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
.moe = {{
{.fixed_us = 32.03, .matrix_share = 0.8041, .memory_share = 0.8328, .token_bytes = 18.89, .skew = 1.441,
.distinct_skew = 0.9552, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2105, .overhead = {0.5482,
1.926}, .memory = {0.903, 1.548}, .compute = {0.7193, 2.622}}},
{.fixed_us = 32.82, .matrix_share = 0.7603, .memory_share = 0.8042, .token_bytes = 25.16, .skew = 2.011,
.distinct_skew = 0.8767, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.241, .overhead = {0.7206,
1.546}, .memory = {0.8491, 1.915}, .compute = {0.5493, 2.728}}},
{.fixed_us = 42.62, .matrix_share = 0.6686, .memory_share = 0.7025, .token_bytes = 19.24, .skew = 1.528,
.distinct_skew = 0.8767, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 272, .error = 0.169, .overhead = {0.7171,
1.53}, .memory = {0.8618, 1.405}, .compute = {0.8116, 2.016}}},
{.fixed_us = 51.6, .matrix_share = 0.3809, .memory_share = 0.4161, .token_bytes = 27.78, .skew = 1.592,
.distinct_skew = 0.9781, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 288, .error = 0.2311, .overhead = {0.6088,
1.346}, .memory = {0.6038, 1.377}, .compute = {0.6857, 1.904}}},
{},
{},
{.fixed_us = 44.34, .matrix_share = 0.1568, .memory_share = 0.1912, .token_bytes = 49.09, .skew = 2.397,
.distinct_skew = 0.6688, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.1733, .overhead = {0.774,
1.276}, .memory = {0.774, 1.276}, .compute = {0.5589, 1.322}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 11.13, .matmul = 1.404, .softmax = 0.8, .block_cycles = 1663,
.tail = 0.5, .token_us = 0.0001715, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.05691, .overhead = {0.9161, 1.122},
.memory = {0.9161, 1.122}, .compute = {0.9173, 1.11}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 9.091, .matmul = 1.909, .softmax = 0.8, .block_cycles = 1.753e+04,
.tail = 0.5, .token_us = 0.0005148, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.04288, .overhead = {0.9438, 1.093},
.memory = {0.9438, 1.093}, .compute = {0.9709, 1.097}}},
}},
.mla_decode = {{
{.fixed_us = 13.92, .memory_share = 0.7338, .matrix_share = 1.179, .l2_speedup = 7.801, .l2_share = 0.05826,
.item_us = 10.97, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1408, .overhead = {0.6933, 1.523},
.memory = {0.927, 1.127}, .compute = {0.766, 1.302}}},
{.fixed_us = 13.5, .memory_share = 0.9462, .matrix_share = 0.7167, .l2_speedup = 5.106, .l2_share = 0.0344,
.item_us = 13.45, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1577, .overhead = {0.7002, 1.635},
.memory = {0.7675, 1.363}, .compute = {0.7675, 1.363}}},
}},
.elementwise = {{
{.fixed_us = 1.977, .gelem_s = 11.34, .memory_share = 0.5666, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.06231, .overhead = {0.8953, 1.087}, .memory = {0.8981, 1.102}, .compute = {0.8981, 1.102}}},
}},
.collectives = {{
{.latency_us = 4.554, .latency_per_device_us = 0.05694, .bandwidth_gb_s = 550.4, .growth = 0.2795, .ramp_us = 2.259,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1489, .overhead = {0.7106, 1.207},
.memory = {0.7106, 1.207}, .compute = {0.7106, 1.207}}},
{.latency_us = 9.012, .latency_per_device_us = 1.074, .bandwidth_gb_s = 476.4, .growth = 0.4345, .ramp_us = 2.45,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1531, .overhead = {0.8608, 1.339}, .memory = {0.7986,
1.421}, .compute = {0.8253, 1.417}}},
}},
};
// clang-format on
static_assert(is_valid(b200_sxm));

}  // namespace quantroof::measured

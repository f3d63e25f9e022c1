// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration rtx_pro_6000_server{.device = "rtx_pro_6000_server",
.arch = architecture::blackwell_sm120, .date = "2026-11-24",
.sm_count = 188, .clock_mhz = 2430,
.gemm = {{
{.tiles = {{64, 64}, {256, 64}, {128, 256}, {16, 256}}, .split = split_k::fills_device, .l2_share = 1.01,
.clock_loss = 0.02, .matrix_share = 0.9433, .memory_share = 0.8641, .fixed_us = 1.867, .feed_bytes_per_clock = 24.68,
.soft_waves = 0.4609, .epilogue_gb_s = 7.802, .correction = {0.0793, 0.0055, -0.0532, -0.018, 0.0471, -0.0475,
-0.0224, 0.026}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07688, .overhead = {0.8797,
1.141}, .memory = {0.8852, 1.193}, .compute = {0.8781, 1.106}}},
{.tiles = {{64, 64}, {256, 128}, {16, 64}}, .split = split_k::fills_device, .l2_share = 1.01, .clock_loss = 0.02,
.matrix_share = 0.9073, .memory_share = 0.8575, .fixed_us = 11.57, .feed_bytes_per_clock = 22.18,
.soft_waves = 0.235, .epilogue_gb_s = 19.93, .quantize_gelem_s = 4.409, .correction = {-0.034, -0.0045, 0.0041,
0.0206, 0.0186, -0.0087, -0.0044, -0.0003}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07498,
.overhead = {0.8862, 1.156}, .memory = {0.7826, 1.231}, .compute = {0.8864, 1.076}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}}, .split = split_k::never, .l2_share = 1.01, .clock_loss = 0.02,
.matrix_share = 0.7999, .memory_share = 0.8712, .fixed_us = 4.059, .feed_bytes_per_clock = 15.88,
.soft_waves = 0.2285, .epilogue_gb_s = 12.69, .quantize_gelem_s = 5.023, .quantize_row_us = 0.02294,
.correction = {0.0089, 0.0063, -0.0155, -0.029, -0.0024, -0.0176, 0.0317, 0.0018},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06598, .overhead = {0.899, 1.117},
.memory = {0.8176, 1.139}, .compute = {0.9163, 1.128}}},
{.tiles = {{256, 32}, {256, 64}}, .split = split_k::never, .l2_share = 1.01, .clock_loss = 0.02,
.matrix_share = 0.8317, .memory_share = 0.8914, .fixed_us = 4.14, .feed_bytes_per_clock = 18.38,
.soft_waves = 0.1054, .epilogue_gb_s = 23.32, .quantize_gelem_s = 9.802, .correction = {0.0006, 0.1292, 0.0029,
-0.0915, 0.0008, -0.0142, 0.0269, -0.0128}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07142,
.overhead = {0.9787, 1.121}, .memory = {0.8852, 1.115}, .compute = {0.8825, 1.115}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::fa2, .token_heads_dim = 512, .fixed_us = 3.593, .matmul = 1.289, .softmax = 1.348,
.block_cycles = 7890, .tail = 0.6423, .token_us = 0.002111, .write_share = 0.8474, .memory_share = 0.7793,
.l2_speedup = 6.525, .l2_share = 1.605, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.02739,
.overhead = {0.9673, 1.056}, .memory = {0.9673, 1.056}, .compute = {0.9677, 1.051}}},
{.kernel = attention_kernel::flashinfer, .token_heads_dim = 512, .fixed_us = 7.781, .matmul = 1.559,
.softmax = 0.3875, .block_cycles = 3949, .tail = 1.032, .token_us = 0.002962, .write_share = 0.9433,
.memory_share = 0.7597, .l2_speedup = 19.07, .l2_share = 0.8394, .merge_us = 0.235,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.03634, .overhead = {0.9304, 1.076}, .memory = {0.9304,
1.076}, .compute = {0.9556, 1.057}}},
}},
.decode = {{
{.kernel = attention_kernel::fa2, .fixed_us = 6.628, .memory_share = 0.8752, .l2_speedup = 2.995, .l2_share = 1.38,
.item_us = 2.401, .matmul = 1.38, .combine_us = 3.29, .split_us = 0.1788, .swap_us = 4.848,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.06386, .overhead = {0.9244, 1.17}, .memory = {0.9277,
1.033}, .compute = {0.8974, 1.227}}},
{.kernel = attention_kernel::flashinfer, .fixed_us = 11.72, .memory_share = 0.8565, .l2_speedup = 3.592,
.l2_share = 1.15, .item_us = 2.103, .matmul = 2.133, .combine_us = 0.2248, .split_us = 0.009681,
.fit = {.source = "aic:vllm-0.24.0", .rows = 217, .error = 0.07613, .overhead = {0.8485, 1.136}, .memory = {0.8843,
1.089}, .compute = {0.8566, 1.135}}},
}},
.moe = {{
{.fixed_us = 20.84, .matrix_share = 0.7077, .memory_share = 0.8207, .token_bytes = 6.837, .skew = 1.383,
.distinct_skew = 0.9584, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.1946, .overhead = {0.7192,
1.558}, .memory = {0.765, 1.517}, .compute = {0.8121, 2.018}}},
{.fixed_us = 17.39, .matrix_share = 0.7109, .memory_share = 0.8009, .token_bytes = 7.23, .skew = 1.217,
.distinct_skew = 0.9552, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.1981, .overhead = {0.7148,
1.562}, .memory = {0.6512, 1.423}, .compute = {0.841, 2.057}}},
{.fixed_us = 37.14, .matrix_share = 0.206, .memory_share = 0.5928, .token_bytes = 1.297, .skew = 1.06,
.distinct_skew = 0.9143, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 224, .error = 0.2795, .overhead = {0.75,
5.335}, .memory = {0.6965, 1.931}, .compute = {0.9067, 9.27}}},
{.fixed_us = 46.39, .matrix_share = 0.7049, .memory_share = 0.7652, .token_bytes = 5.895, .skew = 1.358,
.distinct_skew = 0.915, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 288, .error = 0.1531, .overhead = {0.6595,
1.776}, .memory = {0.8373, 1.276}, .compute = {0.825, 1.772}}},
{},
{},
{},
}},
.mla_prefill = {{
{.kernel = attention_kernel::fa2, .fixed_us = 6.603, .matmul = 1.559, .softmax = 0.8, .block_cycles = 60.26,
.tail = 0.5, .token_us = 3.79e-05, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.1074, .overhead = {0.7103, 1.063},
.memory = {0.7103, 1.063}, .compute = {0.8975, 1.064}}},
{.kernel = attention_kernel::fa2, .fixed_us = 2.957, .matmul = 1.868, .softmax = 0.8, .block_cycles = 1.177e+04,
.tail = 0.5, .token_us = 0.0001872, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.09313, .overhead = {0.8597, 1.087},
.memory = {0.8597, 1.087}, .compute = {0.9038, 1.063}}},
}},
.mla_decode = {{
{.fixed_us = 166.4, .memory_share = 0.3712, .matrix_share = 0.9756, .l2_speedup = 4.219, .l2_share = 0.02929,
.item_us = 0.7371, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 1.48, .overhead = {0.0756, 6.466},
.memory = {0.5346, 10.98}, .compute = {0.1239, 8.481}}},
{.fixed_us = 63.38, .memory_share = 0.4053, .matrix_share = 1.173, .l2_speedup = 4.945, .l2_share = 0.01127,
.item_us = 0.576, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.9247, .overhead = {0.1595, 7.161},
.memory = {0.5378, 5.981}, .compute = {0.3161, 6.907}}},
}},
.elementwise = {{
{.fixed_us = 1.568, .gelem_s = 9.543, .memory_share = 0.8205, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.06251, .overhead = {0.9024, 1.124}, .memory = {0.9024, 1.129}, .compute = {0.9024, 1.129}}},
}},
.collectives = {{
{.latency_us = 6.065, .latency_per_device_us = 2.834, .bandwidth_gb_s = 38.35, .growth = -0.3194, .ramp_us = 9.657,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.08861, .overhead = {0.9147, 1.233},
.memory = {0.9147, 1.233}, .compute = {0.9147, 1.233}}},
{.latency_us = 5.724, .latency_per_device_us = 1.315, .bandwidth_gb_s = 31.61, .growth = -0.2065, .ramp_us = 9.227,
.fit = {.source = "aic:nccl-2.29.2", .rows = 132, .error = 0.1178, .overhead = {0.8423, 1.308}, .memory = {0.8797,
1.336}, .compute = {0.8543, 1.334}}},
}},
};
// clang-format on
static_assert(is_valid(rtx_pro_6000_server));

}  // namespace quantroof::measured

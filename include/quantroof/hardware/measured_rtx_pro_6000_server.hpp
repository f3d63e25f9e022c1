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
{.kernel = attention_kernel::fa2, .token_heads_dim = 512, .fixed_us = 3.869, .matmul = 1.321, .softmax = 1.102,
.block_cycles = 6344, .tail = 0.6527, .token_us = 0.00188, .write_share = 0.8161, .memory_share = 0.9022,
.l2_speedup = 5.418, .l2_share = 1.476, .clock_loss = 0.009849, .fit = {.source = "aic:vllm-0.24.0", .rows = 207,
.error = 0.02666, .overhead = {0.9719, 1.049}, .memory = {0.9719, 1.049}, .compute = {0.9724, 1.042}}},
{.kernel = attention_kernel::flashinfer, .token_heads_dim = 512, .fixed_us = 7.733, .matmul = 1.557,
.softmax = 0.3709, .block_cycles = 4007, .tail = 1.037, .token_us = 0.00296, .write_share = 0.9428,
.memory_share = 0.76, .l2_speedup = 19.71, .l2_share = 0.8336, .merge_us = 0.235, .clock_loss = 0.01526,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.03663, .overhead = {0.9252, 1.077}, .memory = {0.9252,
1.077}, .compute = {0.955, 1.056}}},
}},
.decode = {{
{.kernel = attention_kernel::fa2, .fixed_us = 6.452, .memory_share = 0.8767, .l2_speedup = 3.148, .l2_share = 1.362,
.item_us = 1.994, .matmul = 1.402, .combine_us = 2.86, .split_us = 0.1632, .head_us = 0.03409, .swap_us = 4.808,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.0545, .overhead = {0.9379, 1.126}, .memory = {0.9751,
1.025}, .compute = {0.9005, 1.186}}},
{.kernel = attention_kernel::flashinfer, .fixed_us = 11.85, .memory_share = 0.84, .l2_speedup = 2.913,
.l2_share = 1.146, .item_us = 2.37, .matmul = 0.9678, .combine_us = 0.08361, .split_us = 0.006372, .head_us = 0.1048,
.fit = {.source = "aic:vllm-0.24.0", .rows = 217, .error = 0.07021, .overhead = {0.8695, 1.11}, .memory = {0.8754,
1.096}, .compute = {0.871, 1.112}}},
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
{.kernel = attention_kernel::fa2, .fixed_us = 6.008, .matmul = 1.564, .softmax = 0.8, .block_cycles = 1.709e+04,
.tail = 0.5, .token_us = 9.567e-05, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .clock_loss = 0.08192,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.03548, .overhead = {0.9445, 1.073},
.memory = {0.9445, 1.073}, .compute = {0.9445, 1.073}}},
{.kernel = attention_kernel::fa2, .fixed_us = 2.275, .matmul = 1.835, .softmax = 0.8, .block_cycles = 1.154e+04,
.tail = 0.5, .token_us = 0.0001453, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .quantize_bytes = 3,
.clock_loss = 0.02602, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.09764, .overhead = {0.8604,
1.116}, .memory = {0.8604, 1.116}, .compute = {0.8972, 1.07}}},
}},
.mla_decode = {{
{.fixed_us = 6.591, .memory_share = 0.949, .matrix_share = 0.6629, .l2_speedup = 1.927, .l2_share = 0.4202,
.item_us = 13.86, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.05777, .overhead = {0.8861,
1.067}, .memory = {0.8861, 1.067}, .compute = {0.8358, 1.068}}},
{.fixed_us = 11.24, .memory_share = 0.4719, .matrix_share = 1.178, .l2_speedup = 1.825, .l2_share = 0.6171,
.item_us = 29.84, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.5099, .overhead = {0.4575, 2.266},
.memory = {0.4377, 1.037}, .compute = {0.6068, 2.4}}},
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

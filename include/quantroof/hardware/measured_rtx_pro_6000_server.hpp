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
.clock_loss = 0.02, .matrix_share = 0.9447, .memory_share = 0.8575, .fixed_us = 2.197, .feed_bytes_per_clock = 26.22,
.soft_waves = 0.3803, .epilogue_gb_s = 8.408, .vector_rows = 1, .vector_l2_share = 0.29, .vector_us = 4.921,
.vector_memory_share = 0.8247, .correction = {0.0556, 0.0167, -0.1062, -0.0316, 0.0417, -0.0828, 0.0076, 0.013},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07561, .overhead = {0.8873, 1.108},
.memory = {0.8537, 1.076}, .compute = {0.8975, 1.122}}},
{.tiles = {{64, 64}, {256, 128}, {16, 64}}, .split = split_k::fills_device, .l2_share = 1.01, .clock_loss = 0.02,
.matrix_share = 0.9041, .memory_share = 0.8566, .fixed_us = 11.76, .feed_bytes_per_clock = 22.42,
.soft_waves = 0.3135, .epilogue_gb_s = 20.85, .quantize_gelem_s = 4.284, .vector_rows = 8, .vector_us = 12.32,
.vector_memory_share = 0.8595, .vector_share = 0.285, .correction = {0.0126, 0.0559, -0.0158, -0.004, 0.0144,
-0.0298, 0.0046, 0.0033}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06114,
.overhead = {0.9348, 1.103}, .memory = {0.8071, 1.11}, .compute = {0.9016, 1.098}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}}, .split = split_k::never, .l2_share = 1.01, .clock_loss = 0.02,
.matrix_share = 0.7977, .memory_share = 0.8199, .fixed_us = 4.088, .feed_bytes_per_clock = 15.69,
.soft_waves = 0.1639, .epilogue_gb_s = 12.63, .quantize_gelem_s = 2.806, .quantize_row_us = 0.02257,
.overlap_power = 4, .correction = {-0.0012, 0.0172, -0.0368, 0.0283, 0.0075, 0.0004, 0.0097, -0.0128},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06138, .overhead = {0.8984, 1.126},
.memory = {0.8981, 1.188}, .compute = {0.9239, 1.134}}},
{.tiles = {{256, 32}, {256, 64}}, .split = split_k::never, .l2_share = 1.01, .clock_loss = 0.02,
.matrix_share = 0.8335, .memory_share = 0.9213, .fixed_us = 4.157, .feed_bytes_per_clock = 18.42,
.soft_waves = 0.1329, .epilogue_gb_s = 21.97, .quantize_gelem_s = 10.26, .correction = {-0.001, 0.1041, 0.0059,
-0.1276, -0.0041, -0.0495, 0.025, -0.0012}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06992,
.overhead = {0.9751, 1.14}, .memory = {0.88, 1.103}, .compute = {0.877, 1.102}}},
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

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
{.fixed_us = 63.43, .matrix_share = 0.304, .memory_share = 0.8065, .token_bytes = 0.6757, .skew = 1.266,
.distinct_skew = 0.9732, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.1397, .overhead = {0.8045,
1.198}, .memory = {0.9243, 1.196}, .compute = {0.8045, 1.198}}},
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

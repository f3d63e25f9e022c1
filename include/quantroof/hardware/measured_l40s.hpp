// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration l40s{.device = "l40s", .arch = architecture::ada, .date = "2026-11-24",
.sm_count = 142, .clock_mhz = 2490,
.gemm = {{
{.tiles = {{64, 64}, {128, 128}, {16, 256}, {64, 32}, {128, 64}}, .split = split_k::fills_device, .l2_share = 1.03,
.clock_loss = 0.32, .matrix_share = 0.8287, .memory_share = 0.8158, .fixed_us = 1.27, .feed_bytes_per_clock = 13.2,
.soft_waves = 0.2764, .epilogue_gb_s = 9.697, .vector_rows = 1, .vector_l2_share = 0.29, .vector_us = 2.48,
.vector_memory_share = 0.8725, .vector_gmac_s = 7.636, .correction = {0.0696, -0.0211, -0.0159, 0.0552, -0.0534,
-0.0214, 0.0094, 0.0072}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.08294,
.overhead = {0.8781, 1.213}, .memory = {0.9364, 1.136}, .compute = {0.8557, 1.226}}},
{.tiles = {{64, 64}, {256, 64}, {32, 256}, {64, 32}}, .split = split_k::fills_device, .l2_share = 1.03,
.clock_loss = 0.32, .matrix_share = 0.7265, .memory_share = 0.7872, .fixed_us = 11.72, .feed_bytes_per_clock = 18.05,
.soft_waves = 0.06759, .epilogue_gb_s = 11.04, .quantize_gelem_s = 4.655, .vector_rows = 8, .vector_us = 13.27,
.vector_memory_share = 0.8747, .vector_gmac_s = 71.2, .correction = {-0.0401, 0.0152, 0.0082, 0.0212, -0.0034,
-0.0102, -0.0097, -0.002}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.0585,
.overhead = {0.9158, 1.11}, .memory = {0.9096, 1.058}, .compute = {0.8939, 1.151}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}}, .split = split_k::never, .l2_share = 1.03, .clock_loss = 0.32,
.matrix_share = 0.3537, .memory_share = 0.791, .fixed_us = 3.232, .feed_bytes_per_clock = 18.46,
.soft_waves = 0.2664, .epilogue_gb_s = 17.18, .quantize_gelem_s = 6.28, .correction = {-0.0077, 0.0119, -0.0082,
-0.074, 0.0047, 0.0036, 0.0177, -0.0118}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06647,
.overhead = {0.9776, 1.067}, .memory = {0.8456, 1.062}, .compute = {0.8859, 1.16}}},
{},
{.tiles = {{128, 32}, {256, 128}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.8771,
.memory_share = 0.8451, .fixed_us = 5.196, .feed_bytes_per_clock = 35.28, .soft_waves = 0.8561,
.epilogue_gb_s = 486.4, .dequantize_us = 0.9549, .vector_rows = 4, .vector_us = 3.98, .vector_memory_share = 0.8621,
.vector_gmac_s = 54.64, .correction = {-0.0043, 0.0138, 0.0096, 0.0288, -0.0352, -0.0483, -0.0426, 0.0131},
.fit = {.source = "aic:trtllm-1.0.0", .rows = 350, .error = 0.05666, .overhead = {0.9778, 1.201}, .memory = {0.8797,
1.043}, .compute = {0.8814, 1.188}}},
{.tiles = {{16, 32}, {32, 64}, {64, 64}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.8043,
.memory_share = 0.8412, .fixed_us = 4.638, .feed_bytes_per_clock = 17.02, .soft_waves = 0.974, .epilogue_gb_s = 56.5,
.dequantize_us = 2.118, .vector_rows = 4, .vector_us = 3.674, .vector_memory_share = 0.8656, .vector_k_us = 1.353,
.vector_gmac_s = 25.54, .fit = {.source = "aic:trtllm-1.0.0", .rows = 350, .error = 0.05283, .overhead = {0.8854,
1.062}, .memory = {0.9081, 1.062}, .compute = {0.8743, 1.051}}},
{.tiles = {{32, 32}, {32, 64}, {64, 64}, {256, 256}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.7323, .memory_share = 0.8914, .fixed_us = 5.394, .feed_bytes_per_clock = 22.88,
.soft_waves = 0.789, .epilogue_gb_s = 78.44, .dequantize_us = 4.634, .vector_rows = 4, .vector_us = 4.085,
.vector_memory_share = 0.8653, .vector_k_us = 1.026, .vector_gmac_s = 68.64, .fit = {.source = "aic:trtllm-1.0.0",
.rows = 350, .error = 0.05302, .overhead = {0.8652, 1.2}, .memory = {0.9014, 1.068}, .compute = {0.9091, 1.067}}},
}},
.prefill = {{
{.kernel = attention_kernel::fa2, .token_heads_dim = 512, .fixed_us = 3.964, .matmul = 1.394, .softmax = 2.181,
.block_cycles = 5524, .tail = 0.5635, .token_us = 0.001578, .write_share = 0.7564, .memory_share = 0.679,
.l2_speedup = 13.74, .l2_share = 1.652, .clock_loss = 0.2714, .fit = {.source = "aic:vllm-0.24.0", .rows = 207,
.error = 0.04389, .overhead = {0.9406, 1.099}, .memory = {0.9406, 1.099}, .compute = {0.9377, 1.099}}},
{.kernel = attention_kernel::flashinfer, .token_heads_dim = 512, .fixed_us = 5.704, .matmul = 1.993,
.softmax = 0.3181, .block_cycles = 7360, .tail = 0.5374, .token_us = 0.001271, .write_share = 0.7041,
.memory_share = 0.7468, .l2_speedup = 6.622, .l2_share = 1.204, .merge_us = 0.3256, .clock_loss = 0.1094,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04894, .overhead = {0.9269, 1.086}, .memory = {0.9269,
1.086}, .compute = {0.9307, 1.087}}},
}},
.decode = {{
{.kernel = attention_kernel::fa2, .fixed_us = 6.525, .memory_share = 0.7638, .l2_speedup = 6.229, .l2_share = 0.9498,
.item_us = 2.138, .matmul = 1.359, .combine_us = 2.095, .split_us = 0.1228, .head_us = 0.02103, .swap_us = 4.263,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.05896, .overhead = {0.9111, 1.093}, .memory = {0.8842,
1.042}, .compute = {0.9373, 1.079}}},
{.kernel = attention_kernel::flashinfer, .fixed_us = 10.38, .memory_share = 0.7768, .l2_speedup = 5.938,
.l2_share = 1.138, .item_us = 1.974, .matmul = 2.637, .combine_us = 0.1072, .split_us = 0.008826, .head_us = 0.1435,
.fit = {.source = "aic:vllm-0.24.0", .rows = 217, .error = 0.06025, .overhead = {0.8974, 1.157}, .memory = {0.957,
1.081}, .compute = {0.937, 1.05}}},
}},
.moe = {{
{.fixed_us = 8.774, .matrix_share = 0.5086, .memory_share = 0.7626, .token_bytes = 6.979, .skew = 1.512,
.distinct_skew = 0.9469, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.3087, .overhead = {0.6294,
1.668}, .memory = {0.693, 1.582}, .compute = {0.6893, 2.778}}},
{.fixed_us = 14.17, .matrix_share = 0.4669, .memory_share = 0.757, .token_bytes = 7.271, .skew = 1.426,
.distinct_skew = 0.9336, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.3096, .overhead = {0.5939,
1.512}, .memory = {0.4636, 1.444}, .compute = {0.7565, 1.817}}},
{},
{},
{},
{},
{},
}},
.elementwise = {{
{.fixed_us = 2.662, .gelem_s = 19.23, .memory_share = 0.7861, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.1053, .overhead = {0.9229, 1.124}, .memory = {0.8819, 1.12}, .compute = {0.8819, 1.12}}},
}},
.collectives = {{
{.latency_us = 6.531, .latency_per_device_us = 2.062, .bandwidth_gb_s = 20.33, .growth = -1.8, .ramp_us = 13.54,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1621, .overhead = {0.7984, 1.452},
.memory = {0.7416, 1.455}, .compute = {0.7984, 1.452}}},
{.latency_us = 6.053, .latency_per_device_us = 0.9713, .bandwidth_gb_s = 20.5, .growth = -2.031, .ramp_us = 14.23,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1454, .overhead = {0.7558, 1.362}, .memory = {0.8091,
1.373}, .compute = {0.7686, 1.37}}},
}},
};
// clang-format on
static_assert(is_valid(l40s));

}  // namespace quantroof::measured

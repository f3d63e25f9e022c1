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
.soft_waves = 0.2764, .epilogue_gb_s = 9.697, .vector_rows = 1, .vector_l2_share = 0.29, .vector_us = 3.448,
.vector_memory_share = 0.8726, .correction = {0.0696, -0.0211, -0.0159, 0.0552, -0.0534, -0.0214, 0.0094, 0.0072},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.08504, .overhead = {0.877, 1.216},
.memory = {0.9338, 1.132}, .compute = {0.8553, 1.227}}},
{.tiles = {{64, 64}, {256, 64}, {32, 256}, {64, 32}}, .split = split_k::fills_device, .l2_share = 1.03,
.clock_loss = 0.32, .matrix_share = 0.7265, .memory_share = 0.7872, .fixed_us = 11.72, .feed_bytes_per_clock = 18.05,
.soft_waves = 0.06759, .epilogue_gb_s = 11.04, .quantize_gelem_s = 4.655, .vector_rows = 8, .vector_us = 13.27,
.vector_memory_share = 0.8747, .vector_share = 0.2209, .correction = {-0.0401, 0.0152, 0.0082, 0.0212, -0.0034,
-0.0102, -0.0097, -0.002}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.05849,
.overhead = {0.9158, 1.11}, .memory = {0.9096, 1.058}, .compute = {0.8939, 1.151}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}}, .split = split_k::never, .l2_share = 1.03, .clock_loss = 0.32,
.matrix_share = 0.3507, .memory_share = 0.7692, .fixed_us = 3.236, .feed_bytes_per_clock = 18.47,
.soft_waves = 0.05634, .epilogue_gb_s = 16.93, .quantize_gelem_s = 6.26, .overlap_power = 4, .correction = {-0.003,
0.0096, -0.0064, -0.0233, -0.0138, 0.087, 0.0064, -0.0249}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624,
.error = 0.06263, .overhead = {0.9928, 1.057}, .memory = {0.9381, 1.073}, .compute = {0.9051, 1.18}}},
{},
{.tiles = {{128, 32}, {256, 128}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.8951,
.memory_share = 0.8031, .fixed_us = 4.982, .feed_bytes_per_clock = 28.81, .soft_waves = 0.1985,
.epilogue_gb_s = 68.76, .dequantize_us = 1.05, .overlap_power = 4, .vector_rows = 4, .vector_us = 3.981,
.vector_memory_share = 0.8621, .vector_share = 0.1704, .correction = {-0.0065, 0.0066, 0.0187, 0.0131, -0.0302,
-0.0202, -0.0141, 0.016}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 350, .error = 0.04276, .overhead = {0.9808,
1.166}, .memory = {0.9324, 1.042}, .compute = {0.9233, 1.113}}},
{.tiles = {{16, 32}, {32, 64}, {64, 64}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.8215,
.memory_share = 0.7892, .fixed_us = 4.507, .feed_bytes_per_clock = 20.07, .soft_waves = 0.7323,
.epilogue_gb_s = 20.02, .dequantize_us = 13.9, .overlap_power = 4, .vector_rows = 4, .vector_us = 3.674,
.vector_memory_share = 0.8656, .vector_k_us = 1.353, .vector_share = 0.07917, .fit = {.source = "aic:trtllm-1.0.0",
.rows = 350, .error = 0.04481, .overhead = {0.9077, 1.064}, .memory = {0.9225, 1.072}, .compute = {0.8971, 1.041}}},
{.tiles = {{32, 32}, {32, 64}, {64, 64}, {256, 256}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.7448, .memory_share = 0.7998, .fixed_us = 5.437, .feed_bytes_per_clock = 21.92,
.soft_waves = 0.593, .epilogue_gb_s = 21.89, .dequantize_us = 6.38, .overlap_power = 4, .vector_rows = 4,
.vector_us = 4.085, .vector_memory_share = 0.8653, .vector_k_us = 1.026, .vector_share = 0.2128,
.fit = {.source = "aic:trtllm-1.0.0", .rows = 350, .error = 0.04613, .overhead = {0.8469, 1.192}, .memory = {0.9424,
1.066}, .compute = {0.9329, 1.078}}},
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

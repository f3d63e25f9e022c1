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
.clock_loss = 0.32, .matrix_share = 0.8348, .memory_share = 0.802, .fixed_us = 1.583, .feed_bytes_per_clock = 15.61,
.soft_waves = 0.1979, .epilogue_gb_s = 7.646, .correction = {0.0384, -0.0471, 0.0256, 0.0358, -0.0065, -0.0245,
-0.0122, 0.0212}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.09984, .overhead = {0.8466,
1.192}, .memory = {0.8454, 1.14}, .compute = {0.8469, 1.208}}},
{.tiles = {{64, 64}, {256, 64}, {32, 256}, {64, 32}}, .split = split_k::fills_device, .l2_share = 1.03,
.clock_loss = 0.32, .matrix_share = 0.7249, .memory_share = 0.7996, .fixed_us = 11.66, .feed_bytes_per_clock = 17.87,
.soft_waves = 0.06469, .epilogue_gb_s = 11.11, .quantize_gelem_s = 4.53, .correction = {-0.0242, -0.0711, 0.0047,
0.045, 0.0016, 0.0263, -0.0136, -0.0228}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06875,
.overhead = {0.9069, 1.18}, .memory = {0.8629, 1.094}, .compute = {0.8903, 1.128}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}}, .split = split_k::never, .l2_share = 1.03, .clock_loss = 0.32,
.matrix_share = 0.3586, .memory_share = 0.7891, .fixed_us = 3.26, .feed_bytes_per_clock = 18.63,
.soft_waves = 0.2728, .epilogue_gb_s = 13.22, .quantize_gelem_s = 6.09, .correction = {-0.0068, 0.0267, -0.0061,
-0.0539, 0.0076, 0.0197, 0.0083, -0.0059}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.07136,
.overhead = {0.9746, 1.072}, .memory = {0.8041, 1.077}, .compute = {0.8956, 1.162}}},
{},
{.tiles = {{128, 32}, {256, 128}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.9219,
.memory_share = 0.8623, .fixed_us = 5.128, .feed_bytes_per_clock = 32.81, .soft_waves = 0.3656, .epilogue_gb_s = 413,
.dequantize_us = 0.8046, .vector_us = 4.096, .correction = {-0.0108, 0.0069, 0.0053, 0.0379, -0.0601, -0.0917,
-0.0371, 0.0874}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 350, .error = 0.05102, .overhead = {0.9764, 1.226},
.memory = {0.8941, 1.04}, .compute = {0.9046, 1.159}}},
{.tiles = {{16, 32}, {32, 64}, {64, 64}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.801,
.memory_share = 0.8538, .fixed_us = 4.643, .feed_bytes_per_clock = 17.12, .soft_waves = 0.9696,
.epilogue_gb_s = 58.79, .dequantize_us = 2.67, .vector_us = 4.577, .fit = {.source = "aic:trtllm-1.0.0", .rows = 350,
.error = 0.05891, .overhead = {0.8848, 1.077}, .memory = {0.9094, 1.082}, .compute = {0.8752, 1.051}}},
{.tiles = {{32, 32}, {32, 64}, {64, 64}, {256, 256}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.7233, .memory_share = 0.878, .fixed_us = 5.349, .feed_bytes_per_clock = 21.99,
.soft_waves = 0.8331, .epilogue_gb_s = 69.1, .dequantize_us = 3.703, .vector_us = 5.017,
.fit = {.source = "aic:trtllm-1.0.0", .rows = 350, .error = 0.05878, .overhead = {0.8457, 1.243}, .memory = {0.888,
1.063}, .compute = {0.9071, 1.067}}},
}},
.prefill = {{
{.kernel = attention_kernel::fa2, .token_heads_dim = 512, .fixed_us = 3.359, .matmul = 1.331, .softmax = 3.657,
.block_cycles = 6808, .tail = 0.4754, .token_us = 0.00161, .write_share = 0.7895, .memory_share = 0.6608,
.l2_speedup = 10.49, .l2_share = 1.7, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.05694,
.overhead = {0.9182, 1.147}, .memory = {0.9182, 1.147}, .compute = {0.9166, 1.149}}},
{.kernel = attention_kernel::flashinfer, .token_heads_dim = 512, .fixed_us = 5.673, .matmul = 2.135,
.softmax = 0.1564, .block_cycles = 6318, .tail = 0.4578, .token_us = 0.001345, .write_share = 0.7299,
.memory_share = 0.7297, .l2_speedup = 5.474, .l2_share = 1.259, .merge_us = 0.3327,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04981, .overhead = {0.9231, 1.095}, .memory = {0.9231,
1.095}, .compute = {0.9259, 1.096}}},
}},
.decode = {{
{.kernel = attention_kernel::fa2, .fixed_us = 6.852, .memory_share = 0.7633, .l2_speedup = 5.696, .l2_share = 0.9447,
.item_us = 2.268, .matmul = 1.33, .combine_us = 2.151, .split_us = 0.1357, .swap_us = 4.137,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.06361, .overhead = {0.8963, 1.115}, .memory = {0.8863,
1.064}, .compute = {0.9194, 1.094}}},
{.kernel = attention_kernel::flashinfer, .fixed_us = 10.37, .memory_share = 0.7817, .l2_speedup = 7.953,
.l2_share = 1.135, .item_us = 1.804, .matmul = 3.244, .combine_us = 0.2056, .split_us = 0.011,
.fit = {.source = "aic:vllm-0.24.0", .rows = 217, .error = 0.06795, .overhead = {0.8699, 1.176}, .memory = {0.9535,
1.087}, .compute = {0.9417, 1.069}}},
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

// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration h200_sxm{.device = "h200_sxm", .arch = architecture::hopper, .date = "2026-11-24",
.sm_count = 132, .clock_mhz = 1830,
.gemm = {{
{.tiles = {{64, 64}, {64, 128}, {16, 64}}, .split = split_k::fills_device, .l2_share = 0.42, .clock_loss = 0.13,
.matrix_share = 0.8818, .memory_share = 0.8796, .fixed_us = 3.046, .feed_bytes_per_clock = 88.3,
.soft_waves = 0.9796, .epilogue_gb_s = 49.34, .correction = {0.0367, 0.0072, 0.0087, -0.024, -0.0084, -0.0789,
-0.003, 0.0309}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04793, .overhead = {0.8697,
1.131}, .memory = {0.939, 1.104}, .compute = {0.9276, 1.081}}},
{.tiles = {{64, 64}, {32, 256, 1, 0.5}}, .split = split_k::never, .l2_share = 0.42, .clock_loss = 0.13,
.matrix_share = 0.8461, .memory_share = 0.8523, .fixed_us = 12.2, .feed_bytes_per_clock = 99.87,
.soft_waves = 0.9451, .epilogue_gb_s = 41.59, .quantize_gelem_s = 3.561, .correction = {-0.0028, -0.0026, 0.0161,
0.0083, -0.0117, -0.0501, -0.0039, 0.0114}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.0298,
.overhead = {0.9413, 1.037}, .memory = {0.9491, 1.051}, .compute = {0.9601, 1.053}}},
{.tiles = {{64, 32}, {64, 64}, {128, 64}, {128, 128}, {16, 64}, {32, 32}}, .split = split_k::never, .l2_share = 0.42,
.clock_loss = 0.13, .matrix_share = 0.7484, .memory_share = 0.9404, .fixed_us = 4.395, .feed_bytes_per_clock = 48.79,
.soft_waves = 0.2314, .epilogue_gb_s = 17.08, .quantize_gelem_s = 4.547, .ragged = 0.75, .correction = {-0.0063,
-0.0025, 0.0945, -0.0039, -0.0425, -0.0142, -0.0034, 0.0085}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624,
.error = 0.05921, .overhead = {0.9382, 1.153}, .memory = {0.9281, 1.12}, .compute = {0.9105, 1.104}}},
{},
{.tiles = {{128, 256}, {32, 256, 1, 0.25}, {32, 128, 1, 0.25}, {256, 128}}, .split = split_k::never,
.l2_share = 0.05, .matrix_share = 0.8025, .memory_share = 0.8782, .fixed_us = 8.378, .feed_bytes_per_clock = 28.64,
.soft_waves = 0.054, .epilogue_gb_s = 18.7, .dequantize_us = 3.975, .overlap_power = 4, .vector_rows = 4,
.vector_us = 6.408, .vector_memory_share = 0.8857, .vector_share = 0.6246, .correction = {0.0396, -0.0006, 0.0156,
0.006, -0.0039, -0.0146, -0.0195, 0.0081}, .fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364, .error = 0.05122,
.overhead = {0.8957, 1.225}, .memory = {0.9502, 1.058}, .compute = {0.9484, 1.064}}},
{.tiles = {{32, 256, 0.5, 0.5}, {256, 64, 0.5, 1}, {64, 64}, {128, 128}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.9765, .memory_share = 0.7935, .fixed_us = 8.903, .feed_bytes_per_clock = 51.65,
.soft_waves = 0.312, .epilogue_gb_s = 44.6, .dequantize_us = 4.125, .overlap_power = 4, .vector_rows = 4,
.vector_us = 6.984, .vector_memory_share = 0.8955, .vector_k_us = 0.6509, .vector_share = 0.4933,
.fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364, .error = 0.07604, .overhead = {0.866, 1.177}, .memory = {0.956,
1.135}, .compute = {0.9181, 1.163}}},
{.tiles = {{256, 64, 0.5, 0.5}, {32, 32}, {64, 64, 1, 0.25}, {64, 128}, {128, 128}}, .split = split_k::never,
.l2_share = 0.05, .matrix_share = 0.9723, .memory_share = 0.6446, .fixed_us = 9.802, .feed_bytes_per_clock = 33.04,
.soft_waves = 0.07496, .epilogue_gb_s = 27.51, .dequantize_us = 2.694, .overlap_power = 4, .vector_rows = 4,
.vector_us = 7.498, .vector_memory_share = 0.8235, .vector_k_us = 0.05829, .vector_share = 0.4616,
.fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364, .error = 0.06844, .overhead = {0.8104, 1.248},
.memory = {0.892, 1.165}, .compute = {0.9349, 1.132}}},
}},
.prefill = {{
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 9.137, .matmul = 1.028, .softmax = 0.8068,
.block_cycles = 6924, .tail = 0.1091, .token_us = 0.003528, .write_share = 0.9436, .memory_share = 0.5214,
.l2_speedup = 6.373, .l2_share = 0.6904, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04147,
.overhead = {0.9359, 1.136}, .memory = {0.9393, 1.103}, .compute = {0.9456, 1.1}}},
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 12.08, .matmul = 2.574, .softmax = 0.3327,
.block_cycles = 4864, .tail = 0.206, .token_us = 0.006137, .write_share = 0.527, .memory_share = 0.6991,
.l2_speedup = 4.892, .l2_share = 0.6301, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04249,
.overhead = {0.931, 1.099}, .memory = {0.9348, 1.074}, .compute = {0.9447, 1.066}}},
}},
.decode = {{
{.kernel = attention_kernel::fa3, .fixed_us = 11.46, .memory_share = 0.8227, .l2_speedup = 1.475, .l2_share = 0.8798,
.item_us = 3.705, .matmul = 0.7482, .combine_us = 0.8413, .split_us = 0.06754, .fit = {.source = "aic:vllm-0.24.0",
.rows = 232, .error = 0.06177, .overhead = {0.9225, 1.078}, .memory = {0.8808, 1.084}, .compute = {0.893, 1.086}}},
{.kernel = attention_kernel::fa3, .fixed_us = 13.43, .memory_share = 0.6243, .l2_speedup = 1.741,
.l2_share = 0.03825, .item_us = 4.749, .matmul = 1.648, .combine_us = 0.2298, .split_us = 0.08211,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.08174, .overhead = {0.8943, 1.096}, .memory = {0.9011,
1.149}, .compute = {0.6653, 1.307}}},
}},
.moe = {{
{.fixed_us = 29.72, .matrix_share = 0.8678, .memory_share = 0.8676, .token_bytes = 15.71, .skew = 1.718,
.distinct_skew = 0.9436, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2007, .overhead = {0.7165,
2.786}, .memory = {0.8917, 1.488}, .compute = {0.6676, 2.355}}},
{.fixed_us = 31.21, .matrix_share = 0.7945, .memory_share = 0.8655, .token_bytes = 19.54, .skew = 1.447,
.distinct_skew = 0.9846, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2111, .overhead = {0.8023,
1.693}, .memory = {0.8709, 1.755}, .compute = {0.6432, 1.877}}},
{.fixed_us = 30.28, .matrix_share = 0.5152, .memory_share = 0.8602, .token_bytes = 43.87, .skew = 1.226,
.distinct_skew = 0.9697, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 272, .error = 0.1628, .overhead = {0.6851,
1.735}, .memory = {0.8777, 1.393}, .compute = {0.8515, 2.131}}},
{},
{},
{},
{.fixed_us = 71.7, .matrix_share = 0.7807, .memory_share = 0.685, .token_bytes = 123.4, .skew = 2.283,
.distinct_skew = 0.6667, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.2297, .overhead = {0.8077,
1.286}, .memory = {0.7654, 1.784}, .compute = {0.543, 2.131}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::fa3, .fixed_us = 11.49, .matmul = 1.129, .softmax = 0.8, .block_cycles = 27.62,
.tail = 0.5, .token_us = 2.574e-05, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.07786, .overhead = {0.8885, 1.133},
.memory = {0.8885, 1.133}, .compute = {0.9055, 1.121}}},
{.kernel = attention_kernel::fa3, .fixed_us = 20.81, .matmul = 2.015, .softmax = 0.8, .block_cycles = 4344,
.tail = 0.5, .token_us = 0.0005908, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.02091, .overhead = {0.9771, 1.025},
.memory = {0.9771, 1.025}, .compute = {0.9866, 1.021}}},
}},
.mla_decode = {{
{.fixed_us = 17.56, .memory_share = 1.195, .matrix_share = 0.7267, .l2_speedup = 4.544, .l2_share = 0.1141,
.item_us = 5.485, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.09174, .overhead = {0.7757,
1.154}, .memory = {0.8503, 1.151}, .compute = {0.9543, 1.207}}},
{.fixed_us = 17.44, .memory_share = 1.194, .matrix_share = 0.3851, .l2_speedup = 2.213, .l2_share = 0.0965,
.item_us = 0.3033, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1084, .overhead = {0.7959,
1.213}, .memory = {0.8649, 1.191}, .compute = {0.8925, 1.133}}},
}},
.elementwise = {{
{.fixed_us = 1.342, .gelem_s = 12.14, .memory_share = 0.8638, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.02813, .overhead = {0.9698, 1.024}, .memory = {0.968, 1.086}, .compute = {0.968, 1.086}}},
}},
.collectives = {{
{.latency_us = 2.598, .latency_per_device_us = 0.04953, .bandwidth_gb_s = 317.6, .growth = 0.2243, .ramp_us = 2.357,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1243, .overhead = {0.7829, 1.19}, .memory = {0.7829,
1.19}, .compute = {0.7829, 1.19}}},
{.latency_us = 5.97, .latency_per_device_us = 0.684, .bandwidth_gb_s = 263.6, .growth = 0.4019, .ramp_us = 2.615,
.fit = {.source = "aic:nccl-2.26.2", .rows = 132, .error = 0.1253, .overhead = {0.8546, 1.483}, .memory = {0.8669,
1.219}, .compute = {0.8561, 1.32}}},
}},
};
// clang-format on
static_assert(is_valid(h200_sxm));

}  // namespace quantroof::measured

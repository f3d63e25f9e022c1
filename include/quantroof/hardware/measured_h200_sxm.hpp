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
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 9.312, .matmul = 0.9346, .softmax = 0.8179,
.block_cycles = 6938, .tail = 0.1828, .token_us = 0.003531, .write_share = 0.7714, .memory_share = 0.6058,
.l2_speedup = 16.23, .l2_share = 0.7836, .clock_loss = 0.3357, .fit = {.source = "aic:vllm-0.24.0", .rows = 207,
.error = 0.0369, .overhead = {0.9302, 1.118}, .memory = {0.9409, 1.068}, .compute = {0.9425, 1.057}}},
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 12.27, .matmul = 2.509, .softmax = 0.339,
.block_cycles = 4848, .tail = 0.2693, .token_us = 0.006137, .write_share = 0.5232, .memory_share = 0.7013,
.l2_speedup = 5.447, .l2_share = 0.6926, .quantize_bytes = 3, .clock_loss = 0.05638,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04177, .overhead = {0.9324, 1.079}, .memory = {0.9379,
1.073}, .compute = {0.9413, 1.068}}},
}},
.decode = {{
{.kernel = attention_kernel::fa3, .fixed_us = 11.51, .memory_share = 0.8263, .l2_speedup = 1.535, .l2_share = 0.8785,
.item_us = 3.787, .matmul = 0.6661, .combine_us = 0.6688, .split_us = 0.06023, .head_us = 0.007354,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.06049, .overhead = {0.9214, 1.08}, .memory = {0.8851,
1.094}, .compute = {0.908, 1.091}}},
{.kernel = attention_kernel::fa3, .fixed_us = 13.17, .memory_share = 0.6278, .l2_speedup = 1.289,
.l2_share = 0.05773, .item_us = 4.819, .matmul = 1.686, .combine_us = 0.3848, .split_us = 0.07069, .head_us = 0.0103,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.06957, .overhead = {0.8969, 1.079}, .memory = {0.8785,
1.171}, .compute = {0.8883, 1.128}}},
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
{.fixed_us = 71.7, .matrix_share = 0.7807, .memory_share = 0.685, .token_bytes = 123.4, .skew = 2.283,
.distinct_skew = 0.6667, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.2297, .overhead = {0.8077,
1.286}, .memory = {0.7654, 1.784}, .compute = {0.543, 2.131}}},
{},
{},
}},
.mla_prefill = {{
{.kernel = attention_kernel::fa3, .fixed_us = 15.27, .matmul = 1.151, .softmax = 0.8, .block_cycles = 6576,
.tail = 0.5, .token_us = 4.736e-05, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .clock_loss = 0.2318,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.02151, .overhead = {0.9657, 1.04},
.memory = {0.9657, 1.04}, .compute = {0.9654, 1.04}}},
{.kernel = attention_kernel::fa3, .fixed_us = 20.45, .matmul = 1.963, .softmax = 0.8, .block_cycles = 4485,
.tail = 0.5, .token_us = 0.0003557, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .quantize_bytes = 3,
.clock_loss = 0.04784, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.02009, .overhead = {0.9815,
1.029}, .memory = {0.9815, 1.029}, .compute = {0.9898, 1.022}}},
}},
.mla_decode = {{
{.part_keys = 256, .fixed_us = 12.71, .memory_share = 1.193, .matrix_share = 0.7527, .l2_speedup = 1.936,
.l2_share = 0.1431, .item_us = 17.51, .split_us = 0.08712, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.0928, .overhead = {0.817, 1.248}, .memory = {0.8826, 1.191}, .compute = {0.9444, 1.198}}},
{.part_keys = 256, .fixed_us = 12.71, .memory_share = 1.19, .matrix_share = 0.3949, .l2_speedup = 1.786,
.l2_share = 0.1105, .item_us = 20.21, .split_us = 0.07072, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1031, .overhead = {0.7952, 1.267}, .memory = {0.8415, 1.22}, .compute = {0.8918, 1.152}}},
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

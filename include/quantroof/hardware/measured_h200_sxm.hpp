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
{.tiles = {{64, 64}}, .split = split_k::fills_device, .l2_share = 0.42, .clock_loss = 0.13, .matrix_share = 0.879,
.memory_share = 0.8836, .fixed_us = 3.044, .feed_bytes_per_clock = 112, .soft_waves = 0.9229, .epilogue_gb_s = 50.3,
.correction = {0.0197, -0.0063, 0.0254, -0.0104, 0.0153, -0.0277, -0.0124, 0.0328},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.05414, .overhead = {0.8404, 1.029},
.memory = {0.9264, 1.093}, .compute = {0.9155, 1.088}}},
{.tiles = {{64, 64}, {32, 256, 1, 0.5}}, .split = split_k::never, .l2_share = 0.42, .clock_loss = 0.13,
.matrix_share = 0.846, .memory_share = 0.851, .fixed_us = 12.19, .feed_bytes_per_clock = 100.1, .soft_waves = 0.9461,
.epilogue_gb_s = 41.98, .quantize_gelem_s = 3.554, .correction = {-0.0074, -0.0042, 0.016, -0.0013, -0.0284, -0.005,
0.0057, 0.0035}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03117, .overhead = {0.9391, 1.04},
.memory = {0.9412, 1.052}, .compute = {0.95, 1.055}}},
{.tiles = {{64, 32}, {64, 64}, {128, 64}, {128, 128}, {16, 64}, {32, 32}}, .split = split_k::never, .l2_share = 0.42,
.clock_loss = 0.13, .matrix_share = 0.7484, .memory_share = 0.9408, .fixed_us = 4.381, .feed_bytes_per_clock = 48.73,
.soft_waves = 0.2332, .epilogue_gb_s = 17.08, .quantize_gelem_s = 4.546, .ragged = 0.7522, .correction = {-0.0299,
-0.0134, 0.0844, 0.0032, -0.0561, 0.009, 0.0107, 0.0029}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624,
.error = 0.05818, .overhead = {0.9229, 1.134}, .memory = {0.933, 1.119}, .compute = {0.9107, 1.108}}},
{},
{.tiles = {{128, 256}, {32, 256, 1, 0.25}, {32, 128, 1, 0.25}, {256, 128}}, .split = split_k::never,
.l2_share = 0.05, .matrix_share = 0.8044, .memory_share = 0.9095, .fixed_us = 8.297, .feed_bytes_per_clock = 28.04,
.soft_waves = 0.07191, .epilogue_gb_s = 19.77, .dequantize_us = 2.709, .vector_us = 6.576, .correction = {0.025,
-0.0088, 0.04, -0.0641, -0.0047, -0.0176, -0.0099, 0.0151}, .fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364,
.error = 0.0572, .overhead = {0.8907, 1.207}, .memory = {0.9339, 1.086}, .compute = {0.9406, 1.104}}},
{.tiles = {{32, 256, 0.5, 0.5}, {256, 64, 0.5, 1}, {64, 64}, {128, 128}}, .split = split_k::never, .l2_share = 0.05,
.matrix_share = 0.9767, .memory_share = 0.8658, .fixed_us = 8.567, .feed_bytes_per_clock = 50.66,
.soft_waves = 0.2997, .epilogue_gb_s = 35.98, .dequantize_us = 2.437, .vector_us = 7.437,
.fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364, .error = 0.07883, .overhead = {0.8719, 1.287},
.memory = {0.9467, 1.134}, .compute = {0.8934, 1.169}}},
{.tiles = {{256, 64, 0.5, 0.5}, {32, 32}, {64, 64, 1, 0.25}, {64, 128}, {128, 128}}, .split = split_k::never,
.l2_share = 0.05, .matrix_share = 0.9489, .memory_share = 0.6884, .fixed_us = 9.485, .feed_bytes_per_clock = 32.81,
.soft_waves = 0.1018, .epilogue_gb_s = 27.51, .dequantize_us = 0.2982, .vector_us = 7.693,
.fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364, .error = 0.08514, .overhead = {0.8207, 1.359},
.memory = {0.8374, 1.518}, .compute = {0.9173, 1.139}}},
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
{},
{},
{.fixed_us = 71.7, .matrix_share = 0.7807, .memory_share = 0.685, .token_bytes = 123.4, .skew = 2.283,
.distinct_skew = 0.6667, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 64, .error = 0.2297, .overhead = {0.8077,
1.286}, .memory = {0.7654, 1.784}, .compute = {0.543, 2.131}}},
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

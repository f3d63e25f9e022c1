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

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
.soft_waves = 0.07191, .epilogue_gb_s = 19.77, .dequantize_us = 2.709, .vector_us = 6.576, .correction = {-0.006,
0.0274, 0.0482, -0.0669, -0.0053, -0.0175, -0.0098, 0.0151}, .fit = {.source = "aic:trtllm-1.2.0rc5", .rows = 364,
.error = 0.0568, .overhead = {0.885, 1.205}, .memory = {0.926, 1.074}, .compute = {0.9407, 1.104}}},
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
};
// clang-format on
static_assert(is_valid(h200_sxm));

}  // namespace quantroof::measured

// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration b300_sxm{.device = "b300_sxm", .arch = architecture::blackwell_ultra,
.date = "2026-11-24",
.sm_count = 148, .clock_mhz = 1856,
.gemm = {{
{.tiles = {{64, 64}, {128, 64}, {128, 128}}, .split = split_k::fills_device, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.7867, .memory_share = 0.7378, .fixed_us = 1.989, .feed_bytes_per_clock = 122, .soft_waves = 0.9671,
.epilogue_gb_s = 100.2, .correction = {0.0447, -0.0361, -0.0206, 0.0496, -0.0093, -0.0561, -0.0128, 0.0293},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06967, .overhead = {0.7569, 1.39},
.memory = {0.9072, 1.083}, .compute = {0.8928, 1.144}}},
{.tiles = {{64, 64}, {64, 256, 0.5, 1}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.8152, .memory_share = 0.7582, .fixed_us = 13.55, .feed_bytes_per_clock = 110.2, .soft_waves = 0.63,
.epilogue_gb_s = 130.2, .quantize_gelem_s = 5.596, .correction = {-0.0055, -0.0214, -0.0283, 0.0434, 0.03, 0.007,
-0.0001, -0.0035}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04541, .overhead = {0.932,
1.083}, .memory = {0.9191, 1.087}, .compute = {0.9328, 1.118}}},
{.tiles = {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}}, .split = split_k::never, .l2_share = 0.61,
.clock_loss = 0.08, .matrix_share = 0.8094, .memory_share = 0.7692, .fixed_us = 5.341, .feed_bytes_per_clock = 98.04,
.soft_waves = 0.8653, .epilogue_gb_s = 85.9, .quantize_gelem_s = 12.71, .correction = {-0.0327, 0.009, 0.0276,
0.0254, -0.0018, -0.0245, -0.0013, 0.0085}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.0377,
.overhead = {0.9456, 1.084}, .memory = {0.9398, 1.079}, .compute = {0.939, 1.067}}},
{.tiles = {{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.8049, .memory_share = 0.6112, .fixed_us = 7.128, .feed_bytes_per_clock = 40.82,
.soft_waves = 0.04045, .epilogue_gb_s = 22.1, .quantize_gelem_s = 9.184, .correction = {-0.0618, 0.023, -0.0065,
0.0005, 0.0897, 0.0448, 0.0069, -0.0345}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03962,
.overhead = {0.9575, 1.089}, .memory = {0.9297, 1.047}, .compute = {0.9376, 1.094}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::trtllm, .token_heads_dim = 512, .fixed_us = 7.323, .matmul = 0.8166, .softmax = 1.052,
.softmax_fixed = 0.02, .wide_head = 1.3, .block_cycles = 5542, .tail = 0.651, .token_us = 0.001664,
.write_share = 0.5354, .memory_share = 0.5177, .l2_speedup = 2.34, .l2_share = 0.665, .clock_loss = 0.6113,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.03559, .overhead = {0.9202, 1.123}, .memory = {0.9487,
1.076}, .compute = {0.9519, 1.058}}},
{.kernel = attention_kernel::trtllm, .token_heads_dim = 512, .fixed_us = 8.409, .matmul = 0.5005, .softmax = 1.07,
.softmax_fixed = 0.02, .wide_head = 1.2, .block_cycles = 3270, .tail = 0.6415, .token_us = 0.004052,
.write_share = 0.2259, .memory_share = 0.691, .l2_speedup = 1.362, .l2_share = 0.8488, .quantize_bytes = 0.6135,
.clock_loss = 0.2579, .fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.04023, .overhead = {0.9366,
1.067}, .memory = {0.9411, 1.078}, .compute = {0.9452, 1.108}}},
}},
.decode = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 8.861, .memory_share = 0.8797, .l2_speedup = 3.172,
.l2_share = 0.597, .item_us = 1.411, .matmul = 1.548, .combine_us = 0.3577, .split_us = 0.1363, .head_us = 0.02163,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.05195, .overhead = {0.9189, 1.1}, .memory = {0.9559,
1.155}, .compute = {0.9317, 1.112}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 8.851, .memory_share = 0.8594, .l2_speedup = 2.211,
.l2_share = 0.6597, .item_us = 1.11, .matmul = 2.629, .combine_us = 0.7833, .split_us = 0.1325, .head_us = 0.02116,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.05633, .overhead = {0.9113, 1.131}, .memory = {0.941,
1.092}, .compute = {0.9195, 1.121}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 6.668, .matmul = 1.21, .softmax = 0.8, .block_cycles = 1.461e+04,
.tail = 0.5, .token_us = 0.0004233, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .clock_loss = 0.3822,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.04342, .overhead = {0.9232, 1.071},
.memory = {0.9232, 1.071}, .compute = {0.9232, 1.071}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 9.55, .matmul = 1.533, .softmax = 0.8, .block_cycles = 1.606e+04,
.tail = 0.5, .token_us = 0.0002805, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .quantize_bytes = 3,
.clock_loss = 0.3019, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.03747, .overhead = {0.9295,
1.059}, .memory = {0.9295, 1.059}, .compute = {0.9577, 1.061}}},
}},
.mla_decode = {{
{.part_keys = 512, .fixed_us = 9.844, .memory_share = 0.7185, .matrix_share = 1.185, .l2_speedup = 1.088,
.l2_share = 0.6722, .item_us = 7.029, .split_us = 0.1323, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1139, .overhead = {0.8131, 1.524}, .memory = {0.8912, 1.13}, .compute = {0.8437, 1.231}}},
{.part_keys = 512, .fixed_us = 9.812, .memory_share = 0.8864, .matrix_share = 0.796, .l2_speedup = 1.299,
.l2_share = 0.4985, .item_us = 11.93, .split_us = 0.1998, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1295, .overhead = {0.7855, 1.354}, .memory = {0.7869, 1.282}, .compute = {0.7869, 1.282}}},
}},
.elementwise = {{
{.fixed_us = 1.723, .gelem_s = 11.46, .memory_share = 0.7113, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.04059, .overhead = {0.9392, 1.031}, .memory = {0.9428, 1.089}, .compute = {0.9428, 1.089}}},
}},
.collectives = {{
{.latency_us = 4.306, .latency_per_device_us = 0.05663, .bandwidth_gb_s = 578.6, .growth = 0.2496, .ramp_us = 2.17,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1471, .overhead = {0.7092, 1.234},
.memory = {0.7092, 1.234}, .compute = {0.7092, 1.234}}},
{.latency_us = 9.133, .latency_per_device_us = 1.088, .bandwidth_gb_s = 481.8, .growth = 0.4044, .ramp_us = 2.272,
.fit = {.source = "aic:nccl-2.27", .rows = 132, .error = 0.1417, .overhead = {0.8053, 1.336}, .memory = {0.8457,
1.366}, .compute = {0.8364, 1.364}}},
}},
};
// clang-format on
static_assert(is_valid(b300_sxm));

}  // namespace quantroof::measured

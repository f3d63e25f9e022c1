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
.matrix_share = 0.7867, .memory_share = 0.7378, .fixed_us = 1.989, .feed_bytes_per_clock = 122, .soft_waves = 0.967,
.epilogue_gb_s = 100, .correction = {0.0521, -0.0483, -0.0185, 0.0346, -0.0073, -0.0379, -0.0132, 0.047},
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.06997, .overhead = {0.7637, 1.386},
.memory = {0.9018, 1.08}, .compute = {0.8866, 1.147}}},
{.tiles = {{64, 64}, {64, 256, 0.5, 1}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.8136, .memory_share = 0.7577, .fixed_us = 13.55, .feed_bytes_per_clock = 110, .soft_waves = 0.6468,
.epilogue_gb_s = 138.1, .quantize_gelem_s = 5.576, .correction = {-0.0017, -0.0355, -0.0245, 0.0376, 0.0464, -0.0052,
-0.017, -0.003}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04456, .overhead = {0.9368,
1.074}, .memory = {0.9294, 1.085}, .compute = {0.9349, 1.119}}},
{.tiles = {{16, 128, 0.5, 1}, {64, 256, 0.25, 1}, {64, 128}, {128, 256}}, .split = split_k::never, .l2_share = 0.61,
.clock_loss = 0.08, .matrix_share = 0.8074, .memory_share = 0.7718, .fixed_us = 5.375, .feed_bytes_per_clock = 97.56,
.soft_waves = 0.8657, .epilogue_gb_s = 89.43, .quantize_gelem_s = 12.89, .correction = {-0.0493, 0.0029, 0.0154,
0.0231, 0.0103, -0.023, -0.0137, 0.0185}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03716,
.overhead = {0.9444, 1.084}, .memory = {0.9431, 1.084}, .compute = {0.9427, 1.065}}},
{.tiles = {{128, 128, 1, 0.5}, {128, 256, 0.5, 0.5}}, .split = split_k::never, .l2_share = 0.61, .clock_loss = 0.08,
.matrix_share = 0.4958, .memory_share = 0.6093, .fixed_us = 7.136, .feed_bytes_per_clock = 40.95,
.soft_waves = 0.03777, .epilogue_gb_s = 22.13, .quantize_gelem_s = 9.15, .correction = {-0.0714, 0.0241, -0.0041,
0.0109, 0.0784, 0.0243, -0.0167, -0.068}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.04061,
.overhead = {0.9517, 1.103}, .memory = {0.9251, 1.053}, .compute = {0.9507, 1.091}}},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::trtllm, .token_heads_dim = 512, .fixed_us = 7.318, .matmul = 0.8699, .softmax = 1.08,
.softmax_fixed = 0.02, .wide_head = 1.4, .block_cycles = 5520, .tail = 0.6066, .token_us = 0.00155,
.write_share = 0.5035, .memory_share = 0.7091, .l2_speedup = 2.406, .l2_share = 0.6747,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.03866, .overhead = {0.9436, 1.129}, .memory = {0.9546,
1.096}, .compute = {0.9589, 1.076}}},
{.kernel = attention_kernel::trtllm, .token_heads_dim = 512, .fixed_us = 9.746, .matmul = 0.6906, .softmax = 1.014,
.softmax_fixed = 0.02, .wide_head = 1.04, .block_cycles = 94.06, .tail = 0.5679, .token_us = 0.005597,
.write_share = 0.4798, .memory_share = 0.7698, .l2_speedup = 1.743, .l2_share = 0.2816,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.06632, .overhead = {0.8717, 1.148}, .memory = {0.9061,
1.16}, .compute = {0.9333, 1.16}}},
}},
.decode = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 8.853, .memory_share = 0.8851, .l2_speedup = 2.943,
.l2_share = 0.6174, .item_us = 1.344, .matmul = 3.449, .combine_us = 0.05348, .split_us = 0.1377,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.05302, .overhead = {0.9054, 1.107}, .memory = {0.9496,
1.153}, .compute = {0.9215, 1.135}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 8.901, .memory_share = 0.8892, .l2_speedup = 2.405,
.l2_share = 0.6832, .item_us = 1.062, .matmul = 5.436, .combine_us = 0.6702, .split_us = 0.1386,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.05563, .overhead = {0.9141, 1.127}, .memory = {0.9316,
1.091}, .compute = {0.9266, 1.114}}},
}},
.mla_prefill = {{
{.kernel = attention_kernel::trtllm, .fixed_us = 9.067, .matmul = 1.305, .softmax = 0.8, .block_cycles = 697.8,
.tail = 0.5, .token_us = 0.000175, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.06664, .overhead = {0.921, 1.174}, .memory = {0.921,
1.174}, .compute = {0.9421, 1.189}}},
{.kernel = attention_kernel::trtllm, .fixed_us = 9.414, .matmul = 1.696, .softmax = 0.8, .block_cycles = 1.567e+04,
.tail = 0.5, .token_us = 0.0004204, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.04601, .overhead = {0.9077, 1.065},
.memory = {0.9077, 1.065}, .compute = {0.9437, 1.066}}},
}},
.mla_decode = {{
{.fixed_us = 12.89, .memory_share = 0.7248, .matrix_share = 1.181, .l2_speedup = 7.32, .l2_share = 0.04969,
.item_us = 8.706, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1396, .overhead = {0.7086, 1.572},
.memory = {0.906, 1.139}, .compute = {0.8002, 1.358}}},
{.fixed_us = 12.85, .memory_share = 0.9111, .matrix_share = 0.7426, .l2_speedup = 4.983, .l2_share = 0.03412,
.item_us = 13.78, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80, .error = 0.1597, .overhead = {0.6646, 1.593},
.memory = {0.7855, 1.4}, .compute = {0.7855, 1.4}}},
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

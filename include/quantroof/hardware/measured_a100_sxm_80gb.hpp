// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration a100_sxm_80gb{.device = "a100_sxm_80gb", .arch = architecture::ampere_ga100,
.date = "2026-11-24",
.sm_count = 108, .clock_mhz = 1410,
.gemm = {{
{.tiles = {{64, 64}, {16, 256}, {128, 256}}, .split = split_k::fills_device, .l2_share = 0.3, .clock_loss = 0.05,
.matrix_share = 0.9589, .memory_share = 0.8344, .fixed_us = 3.937, .feed_bytes_per_clock = 49.91,
.soft_waves = 0.5829, .epilogue_gb_s = 7.042, .correction = {0.0164, 0.0044, -0.0071, -0.0231, 0.0298, -0.0849,
-0.0092, 0.0241}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 400, .error = 0.0557, .overhead = {0.9116, 1.112},
.memory = {0.9307, 1.105}, .compute = {0.9082, 1.119}}},
{},
{},
{},
{.tiles = {{32, 128}, {64, 64}, {128, 256}}, .split = split_k::never, .l2_share = 0.05, .matrix_share = 0.9682,
.memory_share = 0.8662, .fixed_us = 10.86, .feed_bytes_per_clock = 39.27, .soft_waves = 0.1697,
.epilogue_gb_s = 10.45, .dequantize_us = 0.4043, .overlap_power = 4, .vector_rows = 4, .vector_us = 7.951,
.vector_memory_share = 0.8547, .vector_share = 1.427, .correction = {0.0048, 0.0098, 0.0172, 0.0016, -0.0174, 0.005,
-0.0117, 0.0026}, .fit = {.source = "aic:trtllm-1.0.0", .rows = 380, .error = 0.06093, .overhead = {0.8794, 1.146},
.memory = {0.9444, 1.088}, .compute = {0.9103, 1.132}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}, {128, 128}}, .split = split_k::serial, .l2_share = 0.05,
.matrix_share = 0.8699, .memory_share = 0.8476, .fixed_us = 12.14, .feed_bytes_per_clock = 26.9,
.soft_waves = 0.6287, .epilogue_gb_s = 19.92, .dequantize_us = 1.205, .overlap_power = 4, .vector_rows = 4,
.vector_us = 9.058, .vector_memory_share = 0.8044, .vector_k_us = 2.408, .vector_share = 1.341,
.correction = {-0.0088, 0.001, 0.0347, -0.0047, 0.007, 0.008, 0.0099, -0.0025}, .fit = {.source = "aic:trtllm-1.0.0",
.rows = 380, .error = 0.07137, .overhead = {0.7209, 1.118}, .memory = {0.9426, 1.117}, .compute = {0.918, 1.145}}},
{.tiles = {{16, 128}, {32, 128}, {64, 128}, {128, 128}}, .split = split_k::serial, .l2_share = 0.05,
.matrix_share = 0.8917, .memory_share = 0.8855, .fixed_us = 13.3, .feed_bytes_per_clock = 25.18,
.soft_waves = 0.6168, .epilogue_gb_s = 21.05, .dequantize_us = 7.793, .overlap_power = 4, .vector_rows = 4,
.vector_us = 9.654, .vector_memory_share = 0.7982, .vector_k_us = 2.364, .vector_share = 1.576,
.correction = {-0.0168, -0.0359, 0.0351, 0.0221, 0.0154, 0.0208, 0.0011, -0.0094},
.fit = {.source = "aic:trtllm-1.0.0", .rows = 380, .error = 0.08159, .overhead = {0.7451, 1.201}, .memory = {0.9271,
1.183}, .compute = {0.9141, 1.147}}},
}},
.prefill = {{
{.kernel = attention_kernel::fa2, .token_heads_dim = 512, .fixed_us = 7.852, .matmul = 1.396, .softmax = 0.797,
.block_cycles = 2363, .tail = 0.8852, .token_us = 0.008453, .write_share = 1.085, .memory_share = 0.7569,
.l2_speedup = 7.847, .l2_share = 0.7177, .clock_loss = 0.09028, .fit = {.source = "aic:vllm-0.14.0", .rows = 178,
.error = 0.02377, .overhead = {0.9533, 1.04}, .memory = {0.9533, 1.04}, .compute = {0.9566, 1.034}}},
{},
}},
.decode = {{
{.kernel = attention_kernel::fa2, .fixed_us = 9.507, .memory_share = 0.9393, .l2_speedup = 1.186, .l2_share = 0.562,
.item_us = 0.9378, .matmul = 1.902, .combine_us = 2.97, .split_us = 0.208, .head_us = 0.04589, .swap_us = 6.708,
.fit = {.source = "aic:vllm-0.14.0", .rows = 177, .error = 0.0559, .overhead = {0.8939, 1.107}, .memory = {0.9438,
1.093}, .compute = {0.9065, 1.103}}},
{},
}},
.collectives = {{
{.latency_us = 3.715, .latency_per_device_us = 0.05482, .bandwidth_gb_s = 199.7, .growth = 0.1782, .ramp_us = 5.139,
.fit = {.source = "aic:trtllm-1.0.0", .rows = 36, .error = 0.1203, .overhead = {0.8275, 1.245}, .memory = {0.8275,
1.245}, .compute = {0.8275, 1.245}}},
{.latency_us = 10.89, .latency_per_device_us = 0.599, .bandwidth_gb_s = 172.8, .growth = 0.2559, .ramp_us = 4.333,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1145, .overhead = {0.8198, 1.328}, .memory = {0.869,
1.246}, .compute = {0.8445, 1.272}}},
}},
};
// clang-format on
static_assert(is_valid(a100_sxm_80gb));

}  // namespace quantroof::measured

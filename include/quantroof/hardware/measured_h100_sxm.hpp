// SPDX-License-Identifier: Apache-2.0
//
// Measured constants, as `calibrate --write-headers` prints them: do not edit, run it again. What each means: calibration.hpp.
// Every number is measured: fitted to the kernels that `source` names, of github.com/ai-dynamo/aiconfigurator at 095f58a
// (2026-08-21, Apache-2.0); `error` is the mean error on shapes held back.
#pragma once

#include "quantroof/hardware/calibration.hpp"

namespace quantroof::measured {

// clang-format off
inline constexpr device_calibration h100_sxm{.device = "h100_sxm", .arch = architecture::hopper, .date = "2026-11-24",
.sm_count = 132, .clock_mhz = 1830,
.gemm = {{
{.tiles = {{64, 64}, {64, 128}, {16, 64}}, .split = split_k::fills_device, .l2_share = 0.42, .clock_loss = 0.13,
.matrix_share = 0.891, .memory_share = 0.8581, .fixed_us = 3.023, .feed_bytes_per_clock = 85.19,
.soft_waves = 0.9649, .epilogue_gb_s = 49.59, .correction = {0.0256, 0.004, -0.0134, -0.0066, -0.0141, -0.1233,
-0.008, 0.0283}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.03803, .overhead = {0.9283,
1.024}, .memory = {0.944, 1.066}, .compute = {0.9471, 1.097}}},
{.tiles = {{64, 64}, {32, 256, 1, 0.5}}, .split = split_k::never, .l2_share = 0.42, .clock_loss = 0.13,
.matrix_share = 0.8574, .memory_share = 0.8524, .fixed_us = 12.35, .feed_bytes_per_clock = 99.83,
.soft_waves = 0.962, .epilogue_gb_s = 46.34, .quantize_gelem_s = 3.13, .correction = {0.0005, 0.0015, 0.0106, 0.02,
-0.0311, -0.0767, -0.0029, 0.0133}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624, .error = 0.02947,
.overhead = {0.9338, 1.04}, .memory = {0.9685, 1.048}, .compute = {0.9584, 1.068}}},
{.tiles = {{64, 32}, {64, 64}, {128, 64}, {128, 128}, {16, 64}, {32, 32}}, .split = split_k::never, .l2_share = 0.42,
.clock_loss = 0.13, .matrix_share = 0.7481, .memory_share = 0.9253, .fixed_us = 4.641, .feed_bytes_per_clock = 51.31,
.soft_waves = 0.06194, .epilogue_gb_s = 18.13, .quantize_gelem_s = 4.644, .ragged = 0.8205, .correction = {-0.0095,
0.0015, 0.0549, 0.0043, -0.0303, -0.0059, 0.0003, 0.0109}, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 624,
.error = 0.05241, .overhead = {0.925, 1.14}, .memory = {0.9444, 1.073}, .compute = {0.9276, 1.161}}},
{},
{},
{},
{},
}},
.prefill = {{
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 9.159, .matmul = 0.947, .softmax = 0.7568,
.block_cycles = 7464, .tail = 0.1539, .token_us = 0.003146, .write_share = 0.7826, .memory_share = 0.7301,
.l2_speedup = 2.895, .l2_share = 0.7712, .clock_loss = 0.2696, .fit = {.source = "aic:vllm-0.24.0", .rows = 207,
.error = 0.03871, .overhead = {0.9329, 1.119}, .memory = {0.9339, 1.061}, .compute = {0.9357, 1.059}}},
{.kernel = attention_kernel::fa3, .token_heads_dim = 512, .fixed_us = 13, .matmul = 2.461, .softmax = 0.3684,
.block_cycles = 4045, .tail = 0.232, .token_us = 0.005658, .write_share = 0.5926, .memory_share = 0.7646,
.l2_speedup = 4.412, .l2_share = 0.708, .quantize_bytes = 3, .clock_loss = 0.01571,
.fit = {.source = "aic:vllm-0.24.0", .rows = 207, .error = 0.046, .overhead = {0.9184, 1.101}, .memory = {0.9287,
1.084}, .compute = {0.9367, 1.053}}},
}},
.decode = {{
{.kernel = attention_kernel::fa3, .fixed_us = 11.43, .memory_share = 0.8795, .l2_speedup = 1.85, .l2_share = 0.8633,
.item_us = 3.747, .matmul = 0.664, .combine_us = 0.5934, .split_us = 0.06268, .head_us = 0.01044,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.05857, .overhead = {0.9321, 1.082}, .memory = {0.9268,
1.161}, .compute = {0.9278, 1.124}}},
{.kernel = attention_kernel::fa3, .fixed_us = 13.3, .memory_share = 0.7737, .l2_speedup = 1.167, .l2_share = 0.6806,
.item_us = 4.805, .matmul = 1.589, .combine_us = 0.4575, .split_us = 0.05961, .head_us = 0.01475,
.fit = {.source = "aic:vllm-0.24.0", .rows = 232, .error = 0.06864, .overhead = {0.9032, 1.083}, .memory = {0.8951,
1.152}, .compute = {0.8931, 1.118}}},
}},
.moe = {{
{.fixed_us = 27.02, .matrix_share = 0.8471, .memory_share = 0.8721, .token_bytes = 12.17, .skew = 1.791,
.distinct_skew = 0.9596, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2043, .overhead = {0.8276,
1.945}, .memory = {0.8945, 1.699}, .compute = {0.6646, 1.947}}},
{.fixed_us = 28.91, .matrix_share = 0.7898, .memory_share = 0.844, .token_bytes = 14.49, .skew = 1.525,
.distinct_skew = 0.9597, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 240, .error = 0.2036, .overhead = {0.8455,
2.006}, .memory = {0.8907, 1.447}, .compute = {0.647, 2.067}}},
{.fixed_us = 31.32, .matrix_share = 0.4148, .memory_share = 0.8957, .token_bytes = 31.9, .skew = 1.329,
.distinct_skew = 0.9412, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 272, .error = 0.1575, .overhead = {0.6739,
1.832}, .memory = {0.8666, 1.334}, .compute = {0.8242, 1.882}}},
{},
{.fixed_us = 78.9, .matrix_share = 0.4617, .memory_share = 1.199, .token_bytes = 146.9, .skew = 2.57,
.distinct_skew = 0.5, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48, .error = 0.351, .overhead = {0.5182,
1.713}, .memory = {0.5182, 1.713}, .compute = {0.4926, 1.961}}},
{},
{},
}},
.mla_prefill = {{
{.kernel = attention_kernel::fa3, .fixed_us = 14.63, .matmul = 1.103, .softmax = 0.8, .block_cycles = 8061,
.tail = 0.5, .token_us = 0.000246, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .clock_loss = 0.3026,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.02871, .overhead = {0.9581, 1.044},
.memory = {0.9581, 1.044}, .compute = {0.9575, 1.044}}},
{.kernel = attention_kernel::fa3, .fixed_us = 15.42, .matmul = 1.923, .softmax = 0.8, .block_cycles = 5501,
.tail = 0.5, .token_us = 0.0004425, .write_share = 0.8, .memory_share = 0.7, .l2_share = 0.7, .quantize_bytes = 3,
.clock_loss = 0.03442, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 32, .error = 0.0639, .overhead = {0.9672,
1.055}, .memory = {0.9672, 1.055}, .compute = {0.9672, 1.055}}},
}},
.mla_decode = {{
{.part_keys = 256, .fixed_us = 13.5, .memory_share = 0.9935, .matrix_share = 0.9337, .l2_speedup = 2.346,
.l2_share = 0.08871, .item_us = 20.31, .split_us = 0.08104, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.08789, .overhead = {0.8205, 1.289}, .memory = {0.9417, 1.221}, .compute = {0.8974, 1.23}}},
{.part_keys = 256, .fixed_us = 13.06, .memory_share = 1.193, .matrix_share = 0.416, .l2_speedup = 1.793,
.l2_share = 0.09314, .item_us = 22.97, .split_us = 0.066, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 80,
.error = 0.1138, .overhead = {0.8017, 1.313}, .memory = {0.8653, 1.245}, .compute = {0.8794, 1.204}}},
}},
.elementwise = {{
{.fixed_us = 1.392, .gelem_s = 12.5, .memory_share = 0.9144, .fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 48,
.error = 0.04146, .overhead = {0.9714, 1.023}, .memory = {0.975, 1.105}, .compute = {0.975, 1.105}}},
}},
.collectives = {{
{.latency_us = 2.599, .latency_per_device_us = 0.05135, .bandwidth_gb_s = 317.2, .growth = 0.2262, .ramp_us = 2.38,
.fit = {.source = "aic:trtllm-1.3.0rc20", .rows = 36, .error = 0.1284, .overhead = {0.7835, 1.194},
.memory = {0.7835, 1.194}, .compute = {0.7835, 1.194}}},
{.latency_us = 6.191, .latency_per_device_us = 0.6587, .bandwidth_gb_s = 261.1, .growth = 0.376, .ramp_us = 2.534,
.fit = {.source = "aic:nccl-2.27.3", .rows = 132, .error = 0.1202, .overhead = {0.809, 1.401}, .memory = {0.8826,
1.239}, .compute = {0.8403, 1.299}}},
}},
};
// clang-format on
static_assert(is_valid(h100_sxm));

}  // namespace quantroof::measured
